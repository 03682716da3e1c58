"""Composition: first chords to pieces of music for one to four voices."""

import re

import numpy as np

from zoo import arguments, decoding, music, recipe
from zoo.errors import InputError
from zoo.tasks import checks, running


def defaults(num_pieces, batch_size):
    """Chooses the flags of both recipes for music that depend on the number of training pieces.

    Args:
        num_pieces: the number of training pieces.
        batch_size: the pieces in a batch.

    Returns:
        A dict from the name of a flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {name: value for name, (value, _) in defaults(229, batch_size=8).items()}
    {'dropout': 0.2, 'epochs': 60}
    """
    dropout = 0.2 if num_pieces >= 100 else 0.5
    return {
        "dropout": (dropout, f"there are {num_pieces:,} training pieces"),
        "epochs": recipe.epochs_for(num_pieces, batch_size, 1750, least=10, most=200),
    }


def tips(dropout):
    """What to try if the network does not beat the baseline, for `zoo.print_verdict`.

    Example:

    >>> tips(dropout=0.2), tips(dropout=0.5)
    (['more music', '--dropout 0.5'], ['more music'])
    """
    return ["more music"] + ["--dropout 0.5"] * (dropout < 0.5)


def choose_chord(pieces, vocabulary):
    """Chooses a chord to begin with, the flag `chord` of the recipe.

    Args:
        pieces: test pieces, each integers `[steps, voices]`.
        vocabulary: list of symbols.

    Returns:
        The chord, a str such as `"72,67,64,48"`, and the reason, for `zoo.recipe.choose`.

    Example:

    >>> choose_chord([np.array([[0], [62], [74]])], ["|", "S0", "S74"])
    ('74', 'it is the first known chord of the test split')
    """
    usual = [72, 67, 64, 48]
    if set(music.to_symbols(np.array([usual]))) <= set(vocabulary):
        return ",".join(map(str, usual)), "all voices sing these notes in training"
    chords = [chord for notes in pieces for chord in notes if chord.any()]
    known = [chord for chord in chords if set(music.to_symbols(np.array([chord]))) <= set(vocabulary)]
    if not known:
        raise InputError("No chord of the test split occurs in training. Give one with --chord.")
    return ",".join(map(str, known[0])), "it is the first known chord of the test split"


def beat_size(num_voices):
    """The number of tokens in a beat: a mark, and four steps with a note for each voice.

    Example:

    >>> beat_size(4), beat_size(1)
    (17, 5)
    """
    return 1 + 4 * num_voices


def count_voices(vocabulary):
    """The number of voices of a vocabulary.

    Example:

    >>> count_voices(["", "|", "S72", "A67"])
    2
    """
    used = {symbol[:1] for symbol in vocabulary}
    return max([1, *(i for i, voice in enumerate(music.VOICES, start=1) if voice in used)])


def encode(notes, index, shift=0):
    """Converts notes to tokens: a mark at each beat, and a note of each voice for each step.

    Args:
        notes: integers `[steps, voices]`, MIDI pitches, 0 where a voice is silent.
        index: dict of symbol to token. See `zoo.music.to_symbols`.
        shift: semitones to move the notes by.

    Returns:
        A list of integers, 1 for an unknown symbol.

    Example:

    >>> encode(np.array([[72, 67, 64, 48]]), {"|": 4, "S72": 5, "A67": 6, "T64": 7})
    [4, 5, 6, 7, 1]
    """
    return [index.get(symbol, 1) for symbol in music.to_symbols(notes, shift)]


def check_chord(chord, vocabulary):
    """Raises an `InputError` unless a chord has a note for each voice that it sings in training.

    Args:
        chord: integers, the MIDI pitches of soprano, alto, tenor and bass, or of the first ones of
            these.
        vocabulary: list of symbols. See `zoo.music.to_symbols`.

    Example:

    >>> check_chord([72, 67], ["|", "S72", "S74"])
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: A chord must have 1 MIDI pitch that ... Received: [72, 67]
    """
    voices = [*music.VOICES][: count_voices(vocabulary)]
    is_chord = np.shape(chord) == (len(voices),) and np.asarray(chord).dtype.kind in "iu"
    if not is_chord or not set(music.to_symbols(np.array([chord]))) <= set(vocabulary):
        sung = [[int(symbol[1:]) for symbol in vocabulary if symbol[:1] == voice] for voice in voices]
        example = ",".join(str(sorted(pitches)[len(pitches) // 2]) for pitches in sung if pitches)
        raise InputError(
            f"A chord must have {len(voices)} MIDI pitch{'es' * (len(voices) > 1)} that occur in "
            f"training, one for each of: {', '.join(music.VOICES[voice] for voice in voices)}. "
            f"For example {example}. Received: {chord!r:.80}"
        )


def decode(tokens, vocabulary):
    """Converts tokens to notes.

    Args:
        tokens: list of integers.
        vocabulary: list of symbols. See `zoo.music.to_symbols`.

    Returns:
        Integers `[steps, voices]`, MIDI pitches, 0 where a voice is silent.

    Example:

    >>> decode([1, 2, 3, 4, 5], ["", "|", "S72", "A67", "T64", "B48"]).tolist()
    [[72, 67, 64, 48]]
    """
    symbols = [vocabulary[token] for token in tokens]
    return music.from_symbols(symbols, count_voices(vocabulary))


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None)])
    outputs = checks.output_size(model, 3)
    symbols = checks.check_vocabulary(card, model, "vocabulary", "embedding", outputs)
    if not all(re.fullmatch(r"[SATB]\d{1,3}|(?![SATB]).*", symbol, re.DOTALL) for symbol in symbols):
        checks.refuse(card, ("vocabulary",), "symbols of zoo.music, such as S72")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of first chords and returns a list of pieces.

    A piece is integers `[steps, voices]`.

    Options: beats (48); strategy ("sample", with top_p=0.95); and others of
    `zoo.decoding.Generator.generate`, except max_length.
    """
    index = {symbol: i for i, symbol in enumerate(card["vocabulary"])}
    beat = beat_size(count_voices(card["vocabulary"]))

    def answer(chords, /, beats=48, **options):
        arguments.check("beats", beats)
        if "max_length" in options:
            raise InputError(
                "The length of music is counted in beats. Give beats instead of max_length. "
                f"Received: max_length={options['max_length']!r}"
            )
        for chord in chords:
            check_chord(chord, card["vocabulary"])
        firsts = [encode(np.array([chord]), index) for chord in chords]  # each a mark and the notes
        running.check_options(options)
        options = {"strategy": "sample", **options}
        if options["strategy"] == "sample":
            options = {"top_p": 0.95, **options}
        max_length = beats * beat - len(firsts[0])
        beginnings = [[model.start_token, *first] for first in firsts]
        rows = decoding.generate_in_batches(model, beginnings, max_length, **options)
        return [
            decode([*first, *row], card["vocabulary"]) for first, row in zip(firsts, rows, strict=True)
        ]

    return answer
