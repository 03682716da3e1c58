"""Reads the entries of JSON files."""

import json
import re

from zoo.errors import InputError, one_line


def read_entries(path, text, is_entry):
    """Reads JSON lines, a list, or an object with one list of entries, such as `{"data": [...]}`.

    Args:
        path: the path of the file, for messages.
        text: the text of the file.
        is_entry: a function that takes the only object of a file. It returns whether that is an entry,
            so that a list in it is not the data.

    Returns:
        `"JSON lines"` or `"JSON"`, and a list of pairs: the number of a line, and the entry that begins
        there.

    Raises:
        ValueError: the text is not JSON. The message names the line.

    Example:

    >>> text = '{"data": [{"text": "good"},\\n{"text": "bad"}]}'
    >>> read_entries("mine.json", text, lambda entry: "text" in entry)
    ('JSON', [(1, {'text': 'good'}), (2, {'text': 'bad'})])
    """
    whole = re.match(r"\s*\[(?=\s*[{\[])", text)  # a list of objects or of lists
    if whole:
        return "JSON", [*_read_from(path, text, whole.end())]
    entries = [*_read_from(path, text)]
    if len(entries) == 1 and isinstance(entries[0][1], dict) and not is_entry(entries[0][1]):
        lists = [name for name, value in entries[0][1].items() if _is_list_of_entries(value)]
        inner = re.search(rf"{re.escape(json.dumps(lists[0]))}\s*:\s*\[", text) if lists else None
        if len(lists) == 1 and inner:
            return "JSON", [*_read_from(path, text, inner.end(), is_inner=True)]
    return "JSON lines", entries


def _is_list_of_entries(value):
    return isinstance(value, list) and value and all(isinstance(one, dict | list) for one in value)


def _read_from(path, text, start=0, is_inner=False):
    """Yields the entries from a place on, until the end of the text or of the list."""
    is_list = start > 0
    gap = re.compile(r"\s*,?\s*" if is_list else r"\s*")
    decoder, line, counted = json.JSONDecoder(), 1, 0
    while True:
        start = gap.match(text, start).end()
        line, counted = line + text.count("\n", counted, start), start
        if start == len(text) or (is_list and text[start] == "]"):
            break
        try:
            entry, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:  # also a number of 5,000 digits
            reason, place = one_line(error), ""
            if isinstance(error, json.JSONDecodeError):
                reason, place = error.msg, f" in line {error.lineno}, column {error.colno}"
            raise InputError(
                f"{path}, line {line}: this is not JSON, {reason}{place}. Expected one object on each "
                f"line, or a list of objects. Received: {text[start : start + 60]!r}"
            ) from None
        yield line, entry
        start = end
    if is_list and not is_inner and text[start:].strip() != "]":
        raise InputError(f"{path}, line {line}: the list must end with ], with nothing after it.")
