"""Reads sentences with tags from JSON, as Hugging Face, Doccano and spaCy write it."""

import collections
import json
import pathlib
import re

from zoo.datasets.chunks import mark_spans
from zoo.datasets.files import decode
from zoo.datasets.json_files import read_entries
from zoo.errors import InputError
from zoo.text import split_tokens

TOKENS = ("tokens", "words", "token", "word")
TEXT = ("text", "data", "sentence", "content")
SPANS = ("label", "labels", "spans", "entities")
EXPECTED = (
    'a line such as {"tokens": ["Ada", "saw"], "ner_tags": ["B-PER", "O"]}, '
    '{"text": "Ada saw", "label": [[0, 3, "PER"]]} or ["Ada saw", {"entities": [[0, 3, "PER"]]}]'
)


def is_json(path, encoding="utf-8"):
    """Whether a file has JSON in it, whatever its name is."""
    text = decode(path, encoding).lstrip()
    if not text.startswith(("{", "[")):
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text)
        return bool(re.match(r"[ \t]*(\n|$)", text[end:]))  # {} may be a token, with a tag behind it
    except RecursionError:
        return True
    except ValueError:
        return bool(re.search(r"\.(json|jsonl|ndjson)(\.gz)?$", str(path).lower()))


def read_annotations(path, encoding="utf-8"):
    """Reads JSON lines, or a JSON array, with a sentence in each entry, see `read_entries`.

    An entry has one of these forms:

    - an object with `tokens` and lists of tags of the same length, as on Hugging Face
    - an object with `text` and its spans, as Doccano writes it. They are in `label`, `labels`, `spans`
      or `entities`. A span is `[start, end, label]`, or an object with these names.
    - an array of a text and `{"entities": [[start, end, label], ...]}`, as in spaCy

    A text is split into words and punctuation marks (see `zoo.text.split_tokens`). Spans become tags in
    IOB2.

    Args:
        path: the path of the file.
        encoding: the encoding of the file.

    Returns:
        The same as `zoo.datasets.conll.read_columns`. Tags of Hugging Face may be integers.

    Raises:
        ValueError: the file is empty or not JSON, an entry has another form than the first one, its
            lists do not have the same length, or its spans do not fit the text. The message names the
            line.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = path.write_text('{"text": "Ada saw", "label": [[0, 3, "PER"]]}')
    >>> read_annotations(path)
    (['token', 'tag'], [[(1, ['Ada', 'B-PER']), (1, ['saw', 'O'])]], {})
    """
    _, entries = read_entries(path, decode(path, encoding), _is_sentence)
    entries = [(f"{path}, line {line}", line, entry) for line, entry in entries]
    columns = [_columns_of(where, entry) for where, _, entry in entries]
    filled = [its for its in columns if any(its.values())]
    counts = collections.Counter(name for its in filled for name in its)
    names = [name for name in counts if counts[name] > 0.9 * len(filled)]
    sentences = []
    for (where, line, entry), its in zip(entries, columns, strict=True):
        missing = [name for name in names if name not in its]
        if missing and its in filled:
            raise InputError(
                f"{where}: expected a list of {missing[0]} with an entry for each token, as in the "
                f"other lines. Received: {json.dumps(entry.get(missing[0]))[:60]}"
            )
        rows = [(line, list(cells)) for cells in zip(*(its[name] for name in names), strict=True)]
        sentences += [rows] if rows else []
    if not sentences:
        raise InputError(f"{path} is empty: expected {EXPECTED}.")
    num_empty = len(entries) - len(sentences)
    return names, sentences, {"empty sentence{}": num_empty} if num_empty else {}


def name_numbers(path, names, sentences):
    """Writes names for tags that are numbers, from the file `label.json` beside the data.

    Args:
        path: the path of the data.
        names: the names of the columns.
        sentences: a list of sentences, see `read_annotations`.

    Returns:
        The sentences with names, or as they were if there is no such file.

    Raises:
        ValueError: the file has something other than numbers for names.
    """
    file = pathlib.Path(path).with_name("label.json")
    if not file.exists():
        return sentences
    try:
        numbers = json.loads(decode(file))
        names_of = {number: name for name, number in numbers.items()}
    except (json.JSONDecodeError, AttributeError, TypeError):
        raise InputError(
            f'{file}: expected numbers for names, such as {{"O": 0, "B-PER": 1}}.'
        ) from None
    columns = [
        i
        for i in range(1, len(names))
        if all(row[i] in names_of for rows in sentences for _, row in rows)
    ]
    return [
        [
            (line, [names_of[cell] if i in columns else cell for i, cell in enumerate(row)])
            for line, row in rows
        ]
        for rows in sentences
    ]


def _is_sentence(entry):
    return any(name in entry for name in TOKENS) or any(type(entry.get(name)) is str for name in TEXT)


def _columns_of(where, entry):
    """The lists of an entry as a dict, the tokens first. All have the same length."""
    if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict):  # as in spaCy
        entry = {"text": entry[0], **entry[1]}
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected {EXPECTED}. Received: {json.dumps(entry)[:60]}")
    key = next((key for key in TOKENS if _is_list_of(entry.get(key), str)), None)
    if key:
        size = len(entry[key])
        tags = {
            name.lower(): values
            for name, values in entry.items()
            if name != key and _is_list_of(values, str, int) and len(values) == size
        }
        if tags:
            return {key: entry[key], **tags}
    text = next((entry[name] for name in TEXT if isinstance(entry.get(name), str)), None)
    spans = [entry[name] for name in SPANS if isinstance(entry.get(name), list)]
    if text is not None and spans:
        _, words = split_tokens(text)
        try:
            tags = mark_spans(text, [_read_span(span) for span in max(spans, key=len)], words)
        except InputError as error:
            raise InputError(f"{where}: {error}.") from None
        return {"token": [word for word, *_ in words], "tag": tags}
    expected = f"a list of {size} tags, one for each of the {key}" if key else EXPECTED
    raise InputError(f"{where}: expected {expected}. Received: {json.dumps(entry)[:200]}")


def _is_list_of(values, *types):
    return isinstance(values, list) and all(type(value) in types for value in values)


def _read_span(span):
    if isinstance(span, dict):
        start, end = (span.get(key, span.get(f"{key}_offset")) for key in ("start", "end"))
        label = span.get("label", span.get("labels"))  # a list in Label Studio
        span = [start, end, label[0] if isinstance(label, list) and len(label) == 1 else label]
    types = [type(part) for part in span] if isinstance(span, list) else []
    if types != [int, int, str] or not span[2].strip():
        raise InputError(
            f'a span is [start, end, "LABEL"], with whole numbers. Received: {json.dumps(span)[:60]}'
        )
    return tuple(span)
