"""Speech recognition: recordings to texts."""

import itertools
import json
import os

import numpy as np

from zoo import audio, decoding, recipe, text
from zoo.errors import InputError
from zoo.tasks import checks, running

SHORTEST = 0.85  # training may make a recording this much shorter


def encode(text, letters):
    """Converts a text to labels. Letters that the model does not know are left out.

    Args:
        text: str.
        letters: dict of letter to label. Label 0 is the blank.

    Returns:
        Integers `[letters]`.

    Example:

    >>> encode("zoo", {"": 0, "o": 1, "z": 2}).tolist()
    [2, 1, 1]
    """
    return np.array([letters[letter] for letter in text if letter in letters], "int32")


def decode(labels, letters):
    """Converts labels to a text.

    Args:
        labels: a list of integers above 0.
        letters: a list of str. The first one is the blank.

    Returns:
        str, with one space between words.

    Example:

    >>> decode([1, 3, 2, 2, 1, 1], ["", " ", "o", "z"])
    'zoo'
    """
    return " ".join("".join(letters[label] for label in labels).split())


def transcribe(log_p, letters, beam_width, language_model=None, weight=0.0, bonus=0.0):
    """Finds what was said in some recordings.

    Args:
        log_p: a list of log-probabilities `[time, labels]`.
        letters: a list of str. The first one is the blank.
        beam_width: how many beginnings beam search keeps. 1 takes the likeliest letter at each step.
        language_model, weight, bonus: see `zoo.decoding.ctc_beam_search`. The bonus counts only with a
            language model.

    Returns:
        A list of str.

    Example:

    >>> log_p = np.log(np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]))
    >>> transcribe([log_p], ["", "n", "o"], beam_width=1), transcribe([log_p], ["", "n", "o"], 8)
    (['no'], ['no'])
    """
    if language_model is None:
        bonus = 0.0  # it only makes up for the language model, which makes long texts unlikely
    if beam_width == 1:
        return [decode(decoding.ctc_greedy(one[None])[0], letters) for one in log_p]
    options = {"language_model": language_model, "weight": weight, "bonus": bonus}
    rows = (decoding.ctc_beam_search(one, beam_width=beam_width, **options) for one in log_p)
    return [decode(row, letters) for row in rows]


def fits(features, labels, subsampling):
    """Whether a recording has enough steps for its text, also if it is made faster.

    Each letter needs a step. Between two equal letters there must be a blank.

    Args:
        features: `[frames, num_mels]`.
        labels: integers `[letters]`.
        subsampling: how many frames become one step.

    Example:

    >>> fits(np.zeros((20, 64)), np.array([2, 1, 1]), subsampling=3)
    True
    >>> fits(np.zeros((12, 64)), np.array([2, 1, 1]), subsampling=3)
    False
    """
    repeats = sum(one == other for one, other in itertools.pairwise(labels))
    return int(SHORTEST * len(features)) // subsampling >= len(labels) + int(repeats)


def keep_fitting(rows, subsampling, split="training"):
    """Leaves out recordings that are silent or too short for their text, and says how many.

    Without any sound, a text would be impossible, and its loss so large that it hides the others.

    Args:
        rows: a list of pairs (features, labels).
        subsampling: how many frames become one step.
        split: the name of the split, for messages.

    Returns:
        A list of pairs.

    Raises:
        ValueError: no recording is left.

    Example:

    >>> rows = [(np.ones((50, 64)), np.array([1, 2])), (np.ones((3, 64)), np.array([1, 2]))]
    >>> len(keep_fitting(rows, subsampling=3))
    1 of 2 training recordings are silent or too short for their text, and are left out.
    1
    """
    # The features of silence are 0, or nearly 0 because of rounding.
    loud = [(x, y) for x, y in rows if np.abs(x).max() > 1e-6]
    if not loud:
        raise InputError(
            f"All {split} recordings are silent. Listen to one. Received: {len(rows)} recordings"
        )
    kept = [(x, y) for x, y in loud if fits(x, y, subsampling)]
    if not kept:
        raise InputError(
            f"No {split} recording is long enough for its text. Does each file have its own text? If "
            f"so, try a smaller --subsampling. Received: {len(loud)} recordings, the first one with "
            f"{len(loud[0][0])} frames of 10 ms for {len(loud[0][1])} letters"
        )
    if len(kept) < len(rows):
        print(
            f"{len(rows) - len(kept)} of {len(rows)} {split} recordings are silent or too short for "
            "their text, and are left out."
        )
    return kept


def defaults(num_rows, batch_size=None):
    """Chooses settings that fit the number of training recordings.

    Args:
        num_rows: the number of recordings in the training split.
        batch_size: the number of recordings in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {flag: value for flag, (value, _) in defaults(846).items()}
    {'batch_size': 16, 'epochs': 100}
    """
    size = 16 if num_rows >= 400 else 8
    return {
        "batch_size": (size, f"there are {num_rows:,} recordings"),
        "epochs": recipe.epochs_for(num_rows, batch_size or size, 5300, most=150),
    }


def print_examples(texts, said):
    """Prints what was said, and below it what the model heard if that differs.

    Args:
        texts: a list of str, what was said.
        said: a list of str, what the model heard.

    Example:

    >>> print_examples(["YES", "NO"], ["YES", "GO"])
    <BLANKLINE>
    Recordings of the test split. A line with ! shows what was really said:
      YES
      GO
    ! NO
    """
    print("\nRecordings of the test split. A line with ! shows what was really said:")
    for i in recipe.pick_examples([one == other for one, other in zip(texts, said, strict=True)], 8):
        print(f"  {said[i]}")
        if said[i] != texts[i]:
            print(f"! {texts[i]}")


def write_ngrams(counts):
    """Writes what `zoo.text.count_ngrams` returned as the bytes of a JSON file.

    Example:

    >>> write_ngrams({(): {1: 2, 0: 1}, (0, 1): {2: 3}})
    b'{"": {"1": 2, "0": 1}, "0 1": {"2": 3}}'
    """
    return json.dumps({" ".join(map(str, context)): seen for context, seen in counts.items()}).encode()


def _read_ngrams(files, num_labels):
    """The n-grams of the language model, from the files of the folder."""
    if "ngrams.json" not in files:
        raise InputError("the model lacks ngrams.json, the counts of its language model")
    try:
        counts = {
            tuple(map(int, context.split())): {int(label): count for label, count in seen.items()}
            for context, seen in json.loads(files["ngrams.json"]).items()
        }
        if all(
            label in range(num_labels) and isinstance(count, int) and count > 0
            for seen in counts.values()
            for label, count in seen.items()
        ):
            return counts
    except (ValueError, AttributeError):
        pass
    raise InputError("ngrams.json must be a dict of contexts to dicts of labels to their counts.")


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_inputs(model, [(None, None, card_mels(card))])
    checks.check_labels(card, checks.output_size(model, 3))
    checks.check_integer(card, "config", "beam_width")
    checks.check_number(card, "config", "weight")
    checks.check_number(card, "config", "bonus")
    if not isinstance(checks.get(card, "config", "ngram"), int):
        checks.refuse(card, ("config", "ngram"), "an integer")


def card_mels(card):
    """The number of bands in the features of a model."""
    return checks.check_integer(card, "preprocessing", "num_mels")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of audio files.

    In place of a file, an item may be integers of 16 bits `[samples]`, 16,000 a second. For each item
    it returns what was said, a str.
    """
    letters, config, num_mels = card["labels"], card["config"], card_mels(card)
    predict, language_model = running.compile_model(model), None
    if config["ngram"] > 1 and config["beam_width"] > 1:
        language_model = text.ngram_model(_read_ngrams(files, len(letters)), len(letters))

    def answer(recordings):
        rows = []
        for one in recordings:
            if isinstance(one, str | os.PathLike):
                one = audio.read_audio(one)
            samples = np.asarray(one) if hasattr(one, "shape") else one  # log_mel refuses the others
            rows.append((audio.log_mel(samples, num_mels),))
        log_p = running.predict_rows(predict, rows, batch_size=16)
        options = (language_model, config["weight"], config["bonus"])
        return transcribe(log_p, letters, config["beam_width"], *options)

    return answer
