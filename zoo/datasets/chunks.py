"""Schemes of tags for chunks of words, such as names: IOB1, IOB2, IOBES and their relatives."""

import itertools
import re

from zoo.errors import InputError

CHUNK = re.compile(r"O|[BIESLUM]-.+")  # begin, inside, end, single; last, unit (BILOU); middle (BMES)
PHRASES = {  # syntactic phrases, as in CoNLL-2000 and in the third column of CoNLL-2003
    *("NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"),
    *("NC", "VC", "PC"),
}


def are_chunks(tags):
    """Whether all tags are O, or the letter of a chunk's part and its type.

    Example:

    >>> are_chunks({"O", "B-PER"}), are_chunks({"O", "PER"}), are_chunks({"O"})
    (True, False, True)
    """
    return all(CHUNK.fullmatch(tag) for tag in tags)


def to_iob2(tags):
    """Converts the tags of one sentence to IOB2, where every chunk begins with B-.

    In IOB1, the scheme of the CoNLL-2003 files, a chunk begins with I-. It begins with B- only right
    after another chunk of the same type (Tjong Kim Sang & Veenstra 1999, "Representing Text Chunks").
    IOBES marks the last token of a chunk with E-, and a chunk of one token with S-. BILOU writes L- and
    U- for these two. BMES writes M- for I-. Tags in IOB2 stay the same.

    Args:
        tags: a list of O, and of B-X, I-X and so on, where X is the type of the chunk.

    Returns:
        A list of the same length.

    Example:

    >>> to_iob2(["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG"])
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC', 'B-ORG']
    >>> to_iob2(["B-PER", "E-PER", "O", "S-LOC"])
    ['B-PER', 'I-PER', 'O', 'B-LOC']
    """
    parts = {"S": "B", "U": "B", "E": "I", "L": "I", "M": "I"}
    without_ends = [parts.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    return [
        f"B-{tag[2:]}" if tag.startswith("I-") and last[1:] != tag[1:] else tag
        for last, tag in itertools.pairwise(["O", *without_ends])
    ]


def to_iobes(tags):
    """Converts the tags of one sentence from IOB2 to IOBES.

    IOBES also marks the end of each chunk, which makes models a little better (Ratinov & Roth 2009,
    "Design Challenges and Misconceptions in Named Entity Recognition", where it is called BILOU).

    Args:
        tags: a list of O, B-X and I-X, where X is the type of the chunk.

    Returns:
        A list of the same length.

    Raises:
        ValueError: there is another tag.

    Example:

    >>> to_iobes(["B-PER", "I-PER", "O", "B-LOC"])
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    for tag in tags:
        if tag != "O" and not tag.startswith(("B-", "I-")):
            raise InputError(f"A tag of IOB2 is O, or B- or I- and a type. Received: {tag!r}")
    last_of_chunk = {"B": "S", "I": "E", "O": "O"}
    return [
        tag if after == f"I-{tag[2:]}" else last_of_chunk[tag[0]] + tag[1:]
        for tag, after in itertools.pairwise([*tags, "O"])
    ]


def mark_spans(text, spans, words):
    """Turns the spans of a text into a tag for each of its words, in IOB2.

    Args:
        text: str.
        spans: a list of tuples (start, end, label), as places in the text. Spaces at the ends of a span
            do not matter.
        words: the words of the text with their places, see `zoo.text.split_tokens`.

    Returns:
        A list of tags, one for each word.

    Raises:
        ValueError: a span is outside of the text, has no word, overlaps another span, or its ends are
            inside a word.

    Example:

    >>> mark_spans("In New York.", [(3, 11, "LOC")], [("In", 0, 2), ("New", 3, 6), ("York", 7, 11)])
    ['O', 'B-LOC', 'I-LOC']
    """
    tags = ["O"] * len(words)
    for start, end, label in sorted(set(spans)):
        span = f"the span {start} to {end} ({label})"
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"{span} is not inside the text, which has {len(text)} characters. Places count "
                "characters from 0, and the end is the place after the last character"
            )
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        inside = [i for i, (_, first, last) in enumerate(words) if first < end and last > start]
        if not inside:
            raise InputError(f"{span}, {piece!r:.60}, has no word")
        first, last = words[inside[0]], words[inside[-1]]
        if first[1] < start or last[2] > end:
            cut = first if first[1] < start else last
            raise InputError(
                f"{span}, {piece!r:.60}, cuts the word {cut[0]!r:.60}, which is from {cut[1]} to "
                f"{cut[2]}. Move its ends to the ends of words"
            )
        if any(tags[i] != "O" for i in inside):
            raise InputError(
                f"{span}, {piece!r:.60}, overlaps another span. Keep one of them, because a word can "
                "have only one tag"
            )
        for i in inside:
            tags[i] = f"I-{label}"
        tags[inside[0]] = f"B-{label}"
    return tags
