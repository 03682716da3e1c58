"""Reads the entries of JSON lines, or of a list in JSON."""

import json
import re

from zoo.errors import InputError


def read_entries(path, text):
    """Reads JSON values that follow each other, or those of one list.

    Args:
        path: the path of the file, for messages.
        text: its text. A value may take one line or many. A file that begins with a list of objects, or
            with a list of lists, is read as this list.

    Returns:
        A list of pairs: the line on which a value begins, and the value.

    Raises:
        ValueError: this is not JSON. The message names the line.

    Example:

    >>> read_entries("mine.jsonl", '{"text": "a"}\\n{"text": "b"}\\n')
    [(1, {'text': 'a'}), (2, {'text': 'b'})]
    >>> read_entries("mine.json", '[\\n {"text": "a"},\\n {"text": "b"}\\n]\\n')
    [(2, {'text': 'a'}), (3, {'text': 'b'})]
    """
    decoder = json.JSONDecoder()
    is_list = re.match(r"\s*\[(?=\s*[{\[])", text)
    gap = re.compile(r"\s*,?\s*" if is_list else r"\s*")
    entries, start, line, counted = [], is_list.end() if is_list else 0, 1, 0
    while True:
        start = gap.match(text, start).end()
        line, counted = line + text.count("\n", counted, start), start
        if start == len(text) or (is_list and text[start] == "]"):
            break
        try:
            entry, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{path}, line {line}: this is not JSON, {error.msg} in line {error.lineno}, column "
                f"{error.colno}. Received: {text[start : start + 60]!r}"
            ) from None
        entries.append((line, entry))
        start = end
    if is_list and text[start:].strip() != "]":
        raise InputError(f"{path}, line {line}: the list must end with ], with nothing after it.")
    return entries
