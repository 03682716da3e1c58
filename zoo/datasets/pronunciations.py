"""`load_pronunciations`: words with their phonemes, from cmudict or from your own file."""

import re

from zoo.datasets.loading import load
from zoo.datasets.pairs import load_pairs


def load_pronunciations(name, data_dir=None):
    """Reads a dictionary of pronunciations.

    `name` is `"cmudict"`, or a file or folder that `load_pairs` can read. Its lines have a word, a tab
    and a pronunciation, with spaces between the phonemes. A word may have several lines.

    Stress marks are removed: `AH0` becomes `AH`. Pronunciations of a word that are then equal become
    one.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a dict for each of `"train"`, `"validation"` and `"test"`. Each has a list of
        pronunciations for every word. A pronunciation is a tuple of phonemes.

    Raises:
        ValueError: see `load_pairs`.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "own.tsv"
    >>> lines = [f"{a}{b}{c}\\tX {a} {b}\\n" for a in "bdkmst" for b in "aeiou" for c in "lnp"]
    >>> _ = path.write_text("".join(lines) + "zoo\\tZ UW1\\nzoo\\tZ OW1\\nzoo\\tZ UW0\\n")
    >>> splits = load_pronunciations(path)
    >>> [listed["zoo"] for listed in splits.values() if "zoo" in listed]
    [[('Z', 'UW'), ('Z', 'OW')]]
    """
    if name == "cmudict":
        pairs = {split: _pairs(rows) for split, rows in load(name, data_dir=data_dir).items()}
    else:
        splits = load_pairs(name, data_dir)
        pairs = {split: zip(*columns, strict=True) for split, columns in splits.items()}
    dictionaries = {split: {} for split in pairs}
    for split, dictionary in dictionaries.items():
        for word, pronunciation in pairs[split]:
            phonemes = tuple(re.sub(r"(?<=[A-Z])[012]\b", "", pronunciation).split())  # no stress
            if phonemes not in dictionary.setdefault(word, []):
                dictionary[word].append(phonemes)
    return dictionaries


def _pairs(rows):
    """Yields each word of cmudict with each of its pronunciations."""
    for batch in rows.ragged_batch(1024):  # row by row takes three times as long
        columns = batch["word"].numpy(), batch["pronunciations"].numpy()
        for word, pronunciations in zip(*columns, strict=True):
            for pronunciation in pronunciations:
                yield word.decode(), pronunciation.decode()
