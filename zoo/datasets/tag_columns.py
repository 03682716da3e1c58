"""Finds the column of the tokens and the column of the tags in a file of tagged sentences."""

import collections

from zoo.datasets.chunks import CHUNK, PHRASES
from zoo.errors import InputError

KINDS = ("ner", "upos", "xpos")  # of tags
TOKEN_NAMES = ("form", "token", "tokens", "word", "words", "text")
UPOS = {  # of Universal Dependencies
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X", "_"),
}


def choose_tag_columns(path, names, sentences, feature):
    """Finds the column of the tokens and the column of the tags.

    The names and the contents of the columns decide. If they leave a doubt, an error asks.

    Args:
        path: the path of the file, for messages.
        names: the names of the columns in lower case, or None.
        sentences: a list of sentences, see `zoo.datasets.conll.read_columns`.
        feature: `"ner"` for tags of chunks, such as names. `"upos"` or `"xpos"` for parts of speech.
            Or the column of the tags: its name, or its number, counted from 1.

    Returns:
        A pair of indices of columns: the tokens, and the tags.

    Raises:
        ValueError: there is no such column, or several columns may have the tags.

    Example:

    >>> rows = [(1, ["Ada", "NNP", "B-NP", "B-PER"]), (2, ["saw", "VBD", "B-VP", "O"])]
    >>> choose_tag_columns("mine.conll", None, [rows], "ner")
    (0, 3)
    >>> choose_tag_columns("mine.conll", None, [rows], "upos")
    (0, 1)
    """
    rows = [columns for sentence in sentences for _, columns in sentence]
    counts = [collections.Counter(cells) for cells in zip(*rows, strict=True)]
    names = names or [""] * len(counts)
    described = [_describe(i, *pair) for i, pair in enumerate(zip(names, counts, strict=True))]
    columns = "; ".join(described[:14]) + "; and more" * (len(described) > 14)
    tag = names.index(feature.lower()) if feature.lower() in names else None
    if tag is None and feature not in KINDS:
        tag = int(feature) - 1 if feature.isdecimal() else -1
        if not 0 <= tag < len(counts):
            raise InputError(f"{path} has no column {feature!r} for --tag. It has {columns}")
    token = next((names.index(name) for name in TOKEN_NAMES if name in names), None)
    if token is None:
        token = _find_token(counts, tag)
    if token in (None, tag):
        raise InputError(
            f"{path}: which columns have the tokens and their tags? Put a line with their names above "
            f"them, such as token tag, or choose the tags with --tag. It has {columns}"
        )
    if tag is None:
        found = _find_ner(counts, token) if feature == "ner" else _find_pos(counts, token, feature)
        if len(found) > 1:
            raise InputError(
                f"{path}: which column has the tags? Choose one, such as --tag "
                f"{names[found[0]] or found[0] + 1}. It has {columns}"
            )
        if not found and not any(type(value) is int for its in counts for value in its):
            raise InputError(
                f"{path} has no tags of names, such as B-PER, I-PER and O. For other tags use "
                f"many_to_many_pos, or choose a column with --tag. It has {columns}"
            )
        tag = found[0] if found else None
    if tag is None or any(type(value) is int for value in counts[tag]):
        raise InputError(
            f"{path}: the tags are numbers. Write their names instead, or put the names into a file "
            f'label.json beside it, such as {{"O": 0, "B-PER": 1}}. It has {columns}'
        )
    return token, tag


def _describe(i, name, counts):
    some = ", ".join(str(value) for value, _ in counts.most_common(3))
    return f"column {i + 1}{name and f' {name!r}'} ({some:.60})"


def _find_token(counts, tag):
    """The first column that may have the tokens. It has many values, which are not tags or numbers."""
    may_be = [i for i in range(len(counts)) if i != tag and not _is_number(counts[i])]
    may_be = [i for i in may_be if not has_chunks(counts[i])]
    most = max((len(counts[i]) for i in may_be), default=0)
    return next((i for i in may_be if 2 * len(counts[i]) >= most), None)


def _find_ner(counts, token):
    """The columns that may have the tags of names."""
    chunks = [
        i for i in range(len(counts)) if i != token and (has_chunks(counts[i]) or is_bare(counts[i]))
    ]
    others = [i for i in chunks if not {str(tag)[2:] for tag in counts[i]} - {""} <= PHRASES]
    is_type = [  # O, or just the type of the chunk
        i
        for i in range(len(counts))
        if i != token and 2 * counts[i]["O"] > counts[i].total() and len(counts[i]) > 1
    ]
    return others or chunks or is_type


def _find_pos(counts, token, feature):
    """The columns that may have parts of speech."""
    others = [i for i in range(len(counts)) if i != token]
    words = [i for i in others if not has_chunks(counts[i]) and not _is_number(counts[i])]
    words = [i for i in words if len(counts[i]) > 1]
    universal = [i for i in words if {*counts[i]} <= UPOS]
    if len(words) > 1 and len(universal) == 1:
        words = universal if feature == "upos" else [i for i in words if i not in universal]
    found = [i for i in words if 2 * len(counts[i]) <= len(counts[token])] or words  # not lemmas
    return found or [i for i in others if has_chunks(counts[i])] or others


def _is_number(counts):
    return all(str(value).isdecimal() for value in counts)


def is_bare(counts):
    """Whether tags are the letters of a chunk's parts without a type, such as B, I and O."""
    return {"B", "O"} <= {*counts} <= {*"OBIESLUM"}


def has_chunks(counts):
    """Whether most tags of a column are those of chunks, so that the others are mistakes."""
    chunks = {tag: counts[tag] for tag in counts if CHUNK.fullmatch(str(tag))}
    return 10 * sum(chunks.values()) >= 9 * counts.total() and {*chunks} != {"O"}
