"""Composition: first chords to pieces of music for four voices."""

import re

import numpy as np

from zoo import arguments, decoding, music
from zoo.errors import InputError
from zoo.tasks import checks

BEAT = 17  # tokens in a beat: a mark, and 4 steps of 4 notes each


def encode(notes, index, shift=0):
    """Converts notes to tokens: a mark at each beat, and four notes for each step.

    Args:
        notes: integers `[steps, 4]`, MIDI pitches, 0 where a voice is silent.
        index: dict of symbol to token. See `zoo.music.to_symbols`.
        shift: semitones to move the notes by.

    Returns:
        A list of integers, 1 for an unknown symbol.

    Example:

    >>> encode(np.array([[72, 67, 64, 48]]), {"|": 4, "S72": 5, "A67": 6, "T64": 7})
    [4, 5, 6, 7, 1]
    """
    return [index.get(symbol, 1) for symbol in music.to_symbols(notes, shift)]


def check_chord(chord, index):
    """Raises an `InputError` unless a chord has four notes that the same voices sing in training.

    Args:
        chord: four integers, the MIDI pitches of soprano, alto, tenor and bass.
        index: dict of symbol to token.

    Example:

    >>> check_chord([72, 67, 64], {"|": 4, "S72": 5})
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: A chord must be four MIDI pitches that ... Received: [72, 67, 64]
    """
    is_chord = np.shape(chord) == (4,) and np.asarray(chord).dtype.kind in "iu"
    if not is_chord or not set(music.to_symbols(np.array([chord]))) <= set(index):
        raise InputError(
            "A chord must be four MIDI pitches that soprano, alto, tenor and bass sing in training, "
            f"such as 72,67,64,48. Received: {chord!r:.80}"
        )


def decode(tokens, vocabulary):
    """Converts tokens to notes.

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
    """Makes the function that answers. It takes a list of first chords and returns a list of pieces.

    A piece is integers `[steps, 4]`.

    Options: beats (48); strategy ("sample", with top_p=0.95); and others of
    `zoo.decoding.Generator.generate`, except max_length.
    """
    index = {symbol: i for i, symbol in enumerate(card["vocabulary"])}

    def answer(chords, /, beats=48, **options):
        arguments.check("beats", beats)
        if "max_length" in options:
            raise InputError("The length of music is beats, not max_length.")
        for chord in chords:
            check_chord(chord, index)
        firsts = [encode(np.array([chord]), index) for chord in chords]  # each five tokens
        options = {"strategy": "sample", **options}
        if options["strategy"] == "sample":
            options = {"top_p": 0.95, **options}
        beginnings = [[model.start_token, *first] for first in firsts]
        rows = decoding.generate_in_batches(model, beginnings, beats * BEAT - 5, **options)
        return [
            decode([*first, *row], card["vocabulary"]) for first, row in zip(firsts, rows, strict=True)
        ]

    return answer
