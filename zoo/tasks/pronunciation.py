"""Pronunciation: words to phonemes."""

import numpy as np

from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def encode(symbols, index):
    """Converts letters or phonemes to tokens.

    Args:
        symbols: str, or a list of str.
        index: dict of letter or phoneme to token.

    Returns:
        Integers `[time]`, 1 for an unknown symbol.

    Example:

    >>> encode("zoo", {"o": 2, "p": 3}).tolist()
    [1, 2, 2]
    """
    return np.array([index.get(symbol, 1) for symbol in symbols], "int32")


def decode(tokens, vocabulary):
    """Converts tokens to phonemes.

    Args:
        tokens: list of integers.
        vocabulary: list of phonemes.

    Returns:
        A tuple of str.

    Example:

    >>> decode([4, 5], ["", "[UNK]", "[START]", "[END]", "Z", "UW"])
    ('Z', 'UW')
    """
    return tuple(vocabulary[token] for token in tokens)


def check_letters(words, letters):
    """Raises an `InputError` if a word has a letter that the model has not learned.

    Args:
        words: list of str.
        letters: the vocabulary of letters. The first two tokens are padding and unknown.

    Example:

    >>> check_letters(["zoo", "zoé"], ["", "[UNK]", "o", "z"])
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Words may have the characters oz. Received: 'é'
    """
    known = list(letters)[2:]
    unknown = sorted(set("".join(words)) - set(known))
    if unknown:
        raise InputError(
            f"Words may have the characters {''.join(known)}. Received: {''.join(unknown)!r}"
        )


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None), (None, None)])
    checks.check_vocabulary(card, model, "source_vocabulary", "source_embedding")
    outputs = checks.output_size(model, 3)
    checks.check_vocabulary(card, model, "target_vocabulary", "target_embedding", outputs)
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of words.

    For each word it returns the phonemes in one str, separated by spaces.

    Options: max_length, and others of `zoo.decoding.Generator.generate`.
    """
    index = {letter: i for i, letter in enumerate(card["source_vocabulary"])}

    def answer(words, /, **options):
        words = [word.strip().lower() for word in normalize_texts(words)]
        check_letters(words, card["source_vocabulary"])
        sources = [encode(word, index) for word in words]
        options = {"max_length": 40, **options}
        rows = running.generate_rows(model, sources, card["config"]["beam_width"], options)
        return [" ".join(decode(row, card["target_vocabulary"])) for row in rows]

    return answer
