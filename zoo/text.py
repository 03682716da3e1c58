"""Text in: standardised words, and pretrained vectors for them."""

import pathlib
import zipfile
import zlib

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import InputError


@keras.saving.register_keras_serializable("zoo")
def standardize(text):
    """Prepares raw text to be split at white space, for `keras.layers.TextVectorization`.

    Lower case; line-break tags removed; punctuation apart from words; "n't", "'s" and the like as
    words of their own, as in the Penn Treebank and in GloVe's vocabulary, because "not" decides what
    a sentence says. A text without any word becomes an unknown word: no row may be wholly padding.

    Args:
        text: string tensor of any shape.

    Returns:
        String tensor of the same shape.

    Example:

    >>> standardize(tf.constant("The food isn't good.<br />It's 'cold'!")).numpy().decode()
    "the food is n't good . it 's ' cold ' !"
    """
    text = tf.strings.lower(text, encoding="utf-8")
    for pattern, replacement in (
        (r"<br\s*/?>", " "),
        ("’", "'"),
        (r"(n't|'(?:s|m|re|ve|ll|d))\b", r" \1 "),
        (r"([^\pL\pM\pN\s'])", r" \1 "),
        (r"'(\pL{3})", r" ' \1"),  # an opening quote
        (r"'(\s|$)", r" ' \1"),  # a closing quote
        (r"\s+", " "),
    ):
        text = tf.strings.regex_replace(text, pattern, replacement)
    text = tf.strings.strip(text)
    return tf.where(text == "", "[unk]", text)


def load_glove(path, vocabulary, dim=100):
    """Reads pretrained word vectors for a vocabulary (Pennington et al. 2014).

    Args:
        path: a text file in GloVe's format (a word and its numbers on each line), or a zip that has
            one ending in `.<dim>d.txt`, such as `glove.6B.zip`.
        vocabulary: list of words; the first is padding.
        dim: size of the vectors.

    Returns:
        Floats `[len(vocabulary), dim]`, and how many of the words were found. Padding gets zeros;
        words not found get small random vectors (normal, with the standard deviation of those found,
        always the same).

    Raises:
        ValueError: no such file, no vectors of that size in it, a damaged line, or no word found.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
    >>> _ = path.write_text("good 0.5 1.5\\nbad -0.5 -1.5\\n")
    >>> vectors, found = load_glove(path, ["", "[UNK]", "bad"], dim=2)
    >>> vectors[2], found
    (array([-0.5, -1.5], dtype=float32), 1)
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"No file of word vectors. Received: {path}")
    index = {word.encode(): i for i, word in enumerate(vocabulary) if i > 0}
    vectors = np.zeros((len(vocabulary), dim), "float32")
    found = np.zeros(len(vocabulary), bool)
    try:
        with _open_vectors(path, dim) as file:
            for number, line in enumerate(file, start=1):
                word, *values = line.rstrip().rsplit(b" ", dim)  # a word may have spaces in it
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
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"{path} is not a whole zip file: fetch it again. {error}") from None
    if not found.any():
        raise InputError(
            f"{path} has a vector of {dim} numbers for none of the {len(vocabulary)} words: is that "
            "the size of its vectors?"
        )
    missing = ~found
    missing[0] = False
    random = np.random.default_rng(0).normal(scale=vectors[found].std(), size=(missing.sum(), dim))
    vectors[missing] = random
    return vectors, int(found.sum())


def _open_vectors(path, dim):
    if path.suffix != ".zip":
        return open(path, "rb")
    archive = zipfile.ZipFile(path)
    names = archive.namelist()
    for name in names:
        if name.endswith(f".{dim}d.txt"):
            return archive.open(name)
    raise InputError(f"{path} has no vectors of {dim} numbers. Received: {', '.join(names)}")
