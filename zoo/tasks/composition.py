"""Composition: first chords to pieces of music for four voices."""

import re

import numpy as np

from zoo import arguments, decoding, music
from zoo.errors import InputError
from zoo.tasks import checks

BEAT = 17  # tokens: a mark, and 4 steps of 4 notes each


def encode(chord, index):
    """The tokens of a first chord: the mark of a beat, then four notes.

    Args:
        chord: four integers, the MIDI pitches of soprano, alto, tenor and bass.
        index: dict of symbol to token. See `zoo.music.to_symbols`.

    Returns:
        A list of five integers.

    Raises:
        ValueError: this is not a chord, or a voice never sings its note in training.

    Example:

    >>> encode([72, 67, 64, 48], {"|": 4, "S72": 5, "A67": 6, "T64": 7, "B48": 8})
    [4, 5, 6, 7, 8]
    """
    is_chord = np.shape(chord) == (4,) and np.asarray(chord).dtype.kind in "iu"
    symbols = music.to_symbols(np.array([chord])) if is_chord else []
    if not symbols or not set(symbols) <= set(index):
        raise InputError(
            "A chord must be four MIDI pitches that soprano, alto, tenor and bass sing in training, "
            f"such as [72, 67, 64, 48]. Received: {chord!r:.80}"
        )
    return [index[symbol] for symbol in symbols]


def decode(tokens, vocabulary):
    """The notes of tokens.

    Args:
        tokens: list of integers.
        vocabulary: list of symbols. See `zoo.music.to_symbols`.

    Returns:
        Integers `[steps, 4]`, MIDI pitches, 0 where a voice is silent.

    Example:

    >>> decode([1, 2, 3, 4, 5], ["", "|", "S72", "A67", "T64", "B48"]).tolist()
    [[72, 67, 64, 48]]
    """
    return music.from_symbols([vocabulary[token] for token in tokens])


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None)])
    outputs = checks.output_size(model, 3)
    symbols = checks.check_vocabulary(card, model, "vocabulary", "embedding", outputs)
    if not all(re.fullmatch(r"[SATB]\d{1,3}|(?![SATB]).*", symbol, re.DOTALL) for symbol in symbols):
        checks.refuse(card, ("vocabulary",), "symbols of zoo.music, such as S72")


def make_answer(model, card, files):
    """The function that answers: a list of first chords to a list of pieces, integers `[steps, 4]`.

    Options: beats (48); strategy ("sample", with top_p=0.95); and others of
    `zoo.decoding.Generator.generate`, except max_length.
    """
    index = {symbol: i for i, symbol in enumerate(card["vocabulary"])}

    def answer(chords, /, beats=48, **options):
        arguments.check("beats", beats)
        if "max_length" in options:
            raise InputError("The length of music is beats, not max_length.")
        firsts = [encode(chord, index) for chord in chords]
        options = {"strategy": "sample", **options}
        if options["strategy"] == "sample":
            options = {"top_p": 0.95, **options}
        beginnings = [[model.start_token, *first] for first in firsts]
        max_length = beats * BEAT - 5  # the chord has five tokens
        rows = decoding.generate_in_batches(model, beginnings, max_length, **options)
        return [
            decode([*first, *row], card["vocabulary"]) for first, row in zip(firsts, rows, strict=True)
        ]

    return answer
