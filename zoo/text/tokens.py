"""Splits texts into words and punctuation marks."""

import re

import numpy as np

from zoo.text.normalizing import JOINERS, MARKS, normalize, normalize_with_places

_ALONE = "\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese and Japanese
_WORD = rf"[^\W{_ALONE}]+(?:[{MARKS}{JOINERS}][^\W{_ALONE}]*)*"  # with combining marks, in any script
TOKEN = re.compile(  # words as in the Penn Treebank, numbers, addresses, punctuation marks
    rf"""[{_ALONE}][{MARKS}]*                                          # no spaces between words
    | (?:[^\W\d_][{MARKS}]*\.){{2,}}                           # U.S.
    | {_WORD}(?=n['’]t\b) | n['’]t\b | ['’](?:s|m|d|re|ve|ll)\b     # do n't, it 's
    | [@#]?{_WORD}(?:(?!['’](?:s|m|d|re|ve|ll)\b)
        (?:[-'’/@]|(?<=\d)[.,:](?=\d)|\.(?=[a-z])){_WORD})*
    | [^\w\s](?:[{MARKS}]|\u200d[^\w\s])*                     # a mark, or a whole emoji""",
    re.VERBOSE,
)


def separate_characters(one):
    """Puts spaces around each Chinese or Japanese character, because each of them is a word.

    Args:
        one: str.

    Returns:
        str.

    Example:

    >>> separate_characters("Tokyo is 東京.")
    'Tokyo is  東  京 .'
    """
    return re.sub(f"[{_ALONE}]", r" \g<0> ", one)


def split_tokens(one):
    """Splits a text into words and punctuation marks. A list of words stays as it is.

    Words are normalized, see `zoo.text.normalize`. A word without a visible character is left out.
    Chinese and Japanese have no spaces between words, so each of their characters is a word.

    Args:
        one: str, or a list of words.

    Returns:
        The whole text, in which a list of words has a space between two words. And a list of words,
        each a tuple (normalized word, start, end). Start and end are places in the whole text.

    Example:

    >>> split_tokens("In  Paris.")
    ('In  Paris.', [('In', 0, 2), ('Paris', 4, 9), ('.', 9, 10)])
    """
    if isinstance(one, str):
        clean, starts, ends = one, range(len(one)), range(1, len(one) + 1)
        if normalize(one) != one:
            clean, starts, ends = normalize_with_places(one)
        matches = TOKEN.finditer(clean)
        return one, [(m.group(), starts[m.start()], ends[m.end() - 1]) for m in matches]
    ends = np.cumsum([len(word) + 1 for word in one]) - 1
    words = [
        (normalize(word).strip(), int(end) - len(word), int(end))
        for word, end in zip(one, ends, strict=True)
    ]
    return " ".join(one), [word for word in words if word[0]]
