"""Next chord: pieces of music to the notes that may sound next."""

import numpy as np

from zoo import music, recipe
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.text_classification import decode

TIPS = ["more music", "--dropout 0.5"]


def defaults(num_pieces, batch_size):
    """Chooses the flags of the recipe that depend on the number of training pieces.

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


def encode(notes):
    """Converts chords to the inputs of the model: the keys of a piano, and a 1.

    The 1 tells a silent chord from padding, which is all 0.

    Args:
        notes: integers `[steps, voices]`, MIDI pitches, 0 where a voice is silent.

    Returns:
        Floats `[steps, 89]`.

    Example:

    >>> encode(np.array([[60, 64], [0, 0]])).sum(axis=1).tolist()
    [3.0, 1.0]
    """
    return np.pad(music.piano_roll(notes), ((0, 0), (0, 1)), constant_values=1)


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_inputs(model, [(None, None, music.NUM_KEYS + 1)])
    checks.check_labels(card, music.NUM_KEYS)
    size = checks.output_size(model, 3)
    if size not in (None, music.NUM_KEYS):
        raise InputError(f"The model must have {music.NUM_KEYS} outputs. Received: {size}")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of pieces.

    For each piece it returns a dict of note to probability.

    A piece is a list of chords, one for each quarter note. A chord is a list of MIDI pitches, 0 for a
    silent voice. The probability says whether the note sounds in the next chord. The likeliest note
    comes first.
    """
    predict = running.compile_model(model)
    allowed = [0, *range(music.LOWEST, music.LOWEST + music.NUM_KEYS)]

    def answer(pieces):
        rows = []
        for piece in pieces:
            try:
                notes = np.asarray(piece)
            except ValueError:  # chords of different sizes
                notes = np.array(())
            is_piece = notes.ndim == 2 and notes.size and notes.dtype.kind in "iu"
            if not is_piece or not np.isin(notes, allowed).all():
                raise InputError(
                    "A piece is a list of chords, such as [[72, 67, 64, 48]]. All chords must have the "
                    "same number of MIDI pitches, which are from 21 to 108, or 0 for a silent voice. "
                    f"Received: {piece!r:.80}"
                )
            rows.append((encode(notes),))
        outputs = running.predict_rows(predict, rows)  # for each piece [padded steps, 88]
        return [decode(p[len(x) - 1], card["labels"]) for p, (x,) in zip(outputs, rows, strict=True)]

    return answer
