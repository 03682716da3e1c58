"""Pronunciation: words to phonemes, or to any other symbols."""

import numpy as np

from zoo import recipe
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def encode(symbols, index):
    """Converts letters, or the symbols of an answer, to tokens.

    Args:
        symbols: str, or a list of str.
        index: dict of letter or symbol to token.

    Returns:
        Integers `[time]`, 1 for an unknown symbol.

    Example:

    >>> encode("zoo", {"o": 2, "p": 3}).tolist()
    [1, 2, 2]
    """
    return np.array([index.get(symbol, 1) for symbol in symbols], "int32")


def decode(tokens, vocabulary):
    """Converts tokens to the symbols of an answer.

    Args:
        tokens: list of integers.
        vocabulary: list of phonemes or characters.

    Returns:
        A tuple of str.

    Example:

    >>> decode([4, 5], ["", "[UNK]", "[START]", "[END]", "Z", "UW"])
    ('Z', 'UW')
    """
    return tuple(vocabulary[token] for token in tokens)


def make_rows(dictionary, letters, symbols):
    """Makes a row for each right answer to each word, for teacher forcing.

    Args:
        dictionary: a dict of word to a list of answers, each a list of phonemes or characters.
        letters: dict of letter to token.
        symbols: dict of phoneme or character to token, with `"[START]"` and `"[END]"`.

    Returns:
        A list of rows: (word, symbols so far), and the symbols that follow. All are integers `[time]`.
    """
    rows = []
    for word, listed in dictionary.items():
        source = encode(word, letters)
        for right in listed:
            target = encode(["[START]", *right, "[END]"], symbols)
            rows.append(((source, target[:-1]), target[1:]))
    return rows


def kind_of(vocabulary):
    """What the symbols of the answers are called: characters if each of them is one, else phonemes.

    Args:
        vocabulary: the symbols, after four special tokens.

    Example:

    >>> kind_of(["", "[UNK]", "[START]", "[END]", "Z", "UW"])
    'phonemes'
    >>> kind_of(["", "[UNK]", "[START]", "[END]", "अ", "क"])
    'characters'
    """
    return "phonemes" if any(len(symbol) > 1 for symbol in list(vocabulary)[4:]) else "characters"


def separator(vocabulary):
    """What to write between the symbols of an answer: a space between phonemes, else nothing.

    Args:
        vocabulary: the symbols, after four special tokens.

    Example:

    >>> separator(["", "[UNK]", "[START]", "[END]", "Z", "UW"])
    ' '
    """
    return " " if kind_of(vocabulary) == "phonemes" else ""


def defaults(num_rows, batch_size=None):
    """Chooses settings that fit the number of training rows.

    Args:
        num_rows: the number of rows in the training split, one for each answer to each word.
        batch_size: the number of rows in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {flag: value for flag, (value, _) in defaults(2000).items()}
    {'units': 128, 'dropout': 0.4, 'batch_size': 32, 'epochs': 40}
    """
    rows = f"there are {num_rows:,} rows"
    units = 256 if num_rows >= 10_000 else 128
    dropout = 0.2 if num_rows >= 50_000 else 0.3 if num_rows >= 10_000 else 0.4
    batch_size = batch_size or (64 if num_rows >= 10_000 else 32)
    return {
        "units": (units, rows),
        "dropout": (dropout, rows),
        "batch_size": (batch_size, rows),
        "epochs": recipe.epochs_for(num_rows, batch_size, 365_000 / batch_size, most=40),
    }


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
    if checks.get(card, "preprocessing", "max_length") is not checks.NOTHING:
        checks.check_integer(card, "preprocessing", "max_length")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of words.

    For each word it returns one str. It has spaces between phonemes, but none between characters.

    Options: max_length, and others of `zoo.decoding.Generator.generate`.
    """
    index = {letter: i for i, letter in enumerate(card["source_vocabulary"])}
    max_length = checks.get(card, "preprocessing", "max_length")
    max_length = 40 if max_length is checks.NOTHING else max_length  # in a card of an older version
    join = separator(card["target_vocabulary"]).join

    def answer(words, /, **options):
        words = [word.strip().lower() for word in normalize_texts(words)]
        check_letters(words, card["source_vocabulary"])
        sources = [encode(word, index) for word in words]
        options = {"max_length": max_length, **options}
        rows = running.generate_rows(model, sources, card["config"]["beam_width"], options)
        return [join(decode(row, card["target_vocabulary"])) for row in rows]

    return answer
