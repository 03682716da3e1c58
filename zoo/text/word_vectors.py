"""Pretrained word vectors in the format of GloVe."""

import contextlib
import pathlib
import zipfile
import zlib

import numpy as np

from zoo.errors import InputError


def load_glove(path, vocabulary, dim=100):
    """Reads pretrained word vectors for a vocabulary (Pennington et al. 2014).

    Args:
        path: the path of a text file in GloVe's format, which has a word and its numbers on each line.
            Or the path of a zip with such a file that ends in `.<dim>d.txt`, such as `glove.6B.zip`.
        vocabulary: a list of words. The first is padding.
        dim: the size of the vectors.

    Returns:
        Floats `[len(vocabulary), dim]`, and the number of words that were found. Padding gets zeros. A
        word that is not found gets a random vector from a normal distribution, with the same standard
        deviation as the vectors that were found. The random vectors are always the same.

    Raises:
        ValueError: the file does not exist, has no vectors of this size or no word of the vocabulary,
            or a line is damaged.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
    >>> _ = path.write_text("good 0.5 1.5\\nbad -0.5 -1.5\\n")
    >>> vectors, found = load_glove(path, ["", "[UNK]", "bad"], dim=2)
    >>> vectors[2], found
    (array([-0.5, -1.5], dtype=float32), 1)
    """
    index = {word.encode(): i for i, word in enumerate(vocabulary) if i > 0}
    vectors = np.zeros((len(vocabulary), dim), "float32")
    found = np.zeros(len(vocabulary), bool)
    for number, (word, *values) in enumerate(_read_vectors(path, dim), start=1):
        if word not in index:
            continue
        try:
            vector = np.array(values, "float32")
        except ValueError:
            vector = np.array(np.nan)
        if vector.shape != (dim,) or not np.isfinite(vector).all():
            raise InputError(
                f"{path}, line {number}: expected a word and {dim} numbers. Received: "
                f"{len(values)} values after {word.decode(errors='replace')!r}"
            )
        vectors[index[word]] = vector
        found[index[word]] = True
    if not found.any():
        raise InputError(
            f"{path} has no vector of {dim} numbers for any of the {len(vocabulary)} words. Is {dim} "
            "the size of its vectors?"
        )
    missing = ~found
    missing[0] = False
    random = np.random.default_rng(0).normal(scale=vectors[found].std(), size=(missing.sum(), dim))
    vectors[missing] = random
    return vectors, int(found.sum())


def glove_vocabulary(path, words, dim=100):
    """Makes a vocabulary of all training words and all words with a pretrained vector.

    So a word that is not in the training split still has its own vector, and not the vector of [UNK].

    Args:
        path: see `load_glove`.
        words: the words of the training split, each once.
        dim: the size of the vectors.

    Returns:
        The vocabulary, a sorted list that begins with padding (0) and unknown (1). The vectors, floats
        `[len(vocabulary), dim]`, see `load_glove`. And the number of training words that were found.

    Raises:
        ValueError: see `load_glove`.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
    >>> _ = path.write_text("good 0.5 1.5\\nbad -0.5 -1.5\\n")
    >>> vocabulary, vectors, found = glove_vocabulary(path, ["ugly", "good"], dim=2)
    >>> vocabulary, vectors.shape, found
    (['', '[UNK]', 'bad', 'good', 'ugly'], (5, 2), 1)
    """
    _, found = load_glove(path, ["", *words], dim)  # raises an error if the size is wrong
    lines = _read_vectors(path, dim)
    known = {word.decode(errors="replace") for word, *values in lines if len(values) == dim}
    vocabulary = ["", "[UNK]", *sorted({*words, *known})]
    return vocabulary, load_glove(path, vocabulary, dim)[0], found


def _read_vectors(path, dim):
    """Yields each line as a list: the word, then its numbers, all as bytes."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"No file of word vectors. Received: {path}")
    try:
        with contextlib.ExitStack() as stack:
            if path.suffix != ".zip":
                file = stack.enter_context(open(path, "rb"))
            else:
                archive = stack.enter_context(zipfile.ZipFile(path))
                names = [name for name in archive.namelist() if name.endswith(f".{dim}d.txt")]
                if not names:
                    raise InputError(
                        f"{path} has no vectors of {dim} numbers. "
                        f"Received: {', '.join(archive.namelist())}"
                    )
                file = stack.enter_context(archive.open(names[0]))
            for line in file:
                yield line.rstrip().rsplit(b" ", dim)  # a word may contain spaces
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"{path} is not a complete zip file: download it again. {error}") from None
