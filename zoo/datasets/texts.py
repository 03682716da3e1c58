"""`load_texts`: labelled texts in three splits, from TFDS or from a person's own files."""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.files import list_folder, read_files, read_text
from zoo.datasets.loading import prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, fill_splits
from zoo.errors import InputError


def load_texts(name, data_dir=None):
    """Reads labelled texts, for sentiment or document classes.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` with one text (or one that it names as its input) and
      one label, such as `"movie_reviews/imdb"` or `"ag_news_subset"`;
    - a TSV file, each line a label, a tab and a text (a first line `label<tab>text` is skipped);
    - a folder with `train.tsv` and, if you like, `validation.tsv` and `test.tsv`;
    - a folder with a folder of `.txt` files for each class, or such a folder for each split
      (`train/good/1.txt`).

    A split that is missing is cut from the training part by a hash of the text (80/10/10), never from
    the test part. Where the labels of the test split are hidden, or there is none, the validation
    split becomes the test split and a new validation split is cut from the training part; the test
    split of `"glue/sst2"` is that of `"sst_binary"`, which has the labels that GLUE hides.

    Args:
        name: see above.
        data_dir: where TFDS keeps its files; its default if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each a pair (texts: list of str, labels: int
        array `[rows]`), and the list of the labels' names.

    Raises:
        ValueError: an unknown dataset; a missing, empty or damaged file, with its line; a label that
            training never sees; an empty split.

    Example:

    >>> splits, label_names = load_texts("movie_reviews/rotten_tomatoes")  # doctest: +SKIP
    >>> {split: len(texts) for split, (texts, _) in splits.items()}  # doctest: +SKIP
    {'train': 6834, 'validation': 821, 'test': 875}
    """
    path = pathlib.Path(name)
    rows = _read_own(path) if path.exists() else _read_tfds(name, data_dir)
    fill_splits(name, rows, key=lambda row: row[0])
    label_names = sorted({label for split in SPLITS for _, label in rows[split]})
    num_rows = sum(map(len, rows.values()))
    if len(label_names) > max(10, num_rows / 2):
        raise InputError(
            f"Nearly every row of {name} has a label of its own: is the label the first column? "
            f"Received: {len(label_names)} labels in {num_rows} rows, the first {label_names[0][:60]!r}"
        )
    check_filled(name, rows)
    check_labels(name, {split: {label for _, label in rows[split]} for split in SPLITS})
    return {
        split: (
            [text for text, _ in rows[split]],
            np.array([label_names.index(label) for _, label in rows[split]]),
        )
        for split in SPLITS
    }, label_names


def _read_tfds(name, data_dir):
    builder = prepare(name, data_dir)
    features = builder.info.features
    texts = [key for key, value in features.items() if isinstance(value, tfds.features.Text)]
    labels = [key for key, value in features.items() if isinstance(value, tfds.features.ClassLabel)]
    supervised_keys = builder.info.supervised_keys or ()
    if len(texts) > 1 and supervised_keys[:1] and supervised_keys[0] in texts:
        texts = [supervised_keys[0]]  # what the dataset itself calls its input
    if len(texts) != 1 or len(labels) != 1:
        raise InputError(
            f"{name} has not one text and one label. Received: texts {texts}, labels {labels}"
        )
    names = features[labels[0]].names
    rows = {}
    for split, pairs in read_splits(builder, texts[0], labels[0]).items():
        pairs = [(text.decode(), int(label)) for text, label in pairs]
        if all(label >= 0 for _, label in pairs):  # TFDS gives -1 where labels are hidden
            rows[split] = [(text, names[label]) for text, label in pairs]
    if name.split(":")[0] == "glue/sst2":  # the same sentences, with the labels that GLUE hides
        rows["test"] = _read_tfds("sst_binary", data_dir)["test"]
    return rows


def _read_own(path):
    if path.is_file() or (path / "train.tsv").is_file():
        return read_files(path, ".tsv", _read_tsv)
    if (path / "train").is_dir():
        folders = {split: path / split for split in SPLITS}
        return {split: _read_classes(f) for split, f in folders.items() if f.is_dir()}
    return {"train": _read_classes(path)}


def _read_tsv(path):
    rows = []
    for i, line in enumerate(read_text(path).split("\n"), start=1):
        if not line or (i == 1 and line.lower() == "label\ttext"):
            continue
        columns = line.split("\t")
        if len(columns) != 2 or not all(column.strip() for column in columns):
            raise InputError(
                f"{path}, line {i}: expected a label, a tab and a text. Received: {len(columns)} "
                f"column{'s' * (len(columns) != 1)}, {line[:60]!r}"
            )
        label, text = columns
        rows.append((text, label.strip()))
    if not rows:
        raise InputError(f"{path} is empty: expected lines of a label, a tab and a text.")
    return rows


def _read_classes(folder):
    files = sorted(folder.glob("*/*.txt"))
    if not files:
        raise InputError(
            f"{folder} has no classes: expected a folder of .txt files for each class "
            f"({folder / 'good' / '1.txt'}), or train.tsv. Received: "
            f"{list_folder(folder)}"
        )
    rows = [(read_text(file), file.parent.name) for file in files]
    for file, (text, _) in zip(files, rows, strict=True):
        if not text.strip():
            raise InputError(f"{file} is empty: expected a text.")
    return rows
