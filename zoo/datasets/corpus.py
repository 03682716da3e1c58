"""`load_corpus`: texts without labels, for language models."""

import tensorflow_datasets as tfds

from zoo.datasets.files import read_text
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_corpus(name, data_dir=None):
    """Reads texts to learn a language from.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` with one text a row, such as `"tiny_shakespeare"` or
      `"movie_reviews/imdb"`; a split that is missing is cut from the training part, see `load_texts`;
    - a plain text file. It is cut where it stands: the first 90 % to train, the next 5 % to validate,
      the rest to test.

    A name that is both a dataset and a file here means the dataset: write `./name`, or give a
    `pathlib.Path`, for the file. Texts are normalized, see `zoo.text.normalize`.

    Args:
        name: see above.
        data_dir: where TFDS keeps its files; its default if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each a list of str.

    Raises:
        ValueError: an unknown dataset, or one without one text; an empty or damaged file; an empty
            split.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_text("Once upon a time there was a king.")
    >>> load_corpus(path)
    {'train': ['Once upon a time there was a k'], 'validation': ['in'], 'test': ['g.']}
    """
    path = own_path(name)
    if path:
        text = read_text(path)
        if not text.strip():
            raise InputError(f"{path} is empty: expected a text.")
        cuts = [0, len(text) * 90 // 100, len(text) * 95 // 100, len(text)]
        texts = {split: [text[cuts[i] : cuts[i + 1]]] for i, split in enumerate(SPLITS)}
    else:
        builder = prepare(name, data_dir)
        features = builder.info.features
        keys = [key for key, value in features.items() if isinstance(value, tfds.features.Text)]
        if len(keys) != 1:
            raise InputError(f"{name} has not one text. Received: {', '.join(features)}")
        texts = {
            split: [normalize(text.decode()) for (text,) in rows]
            for split, rows in read_splits(builder, keys[0]).items()
        }
        fill_splits(name, texts, key=lambda text: text)
    texts = {split: [text for text in texts[split] if text.strip()] for split in SPLITS}
    check_filled(name, texts)
    check_variety(name, [*"".join(texts["train"])], "characters")
    return texts
