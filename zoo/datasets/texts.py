"""`load_texts`: texts with a label each, from TFDS or from your own files."""

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.files import (
    check_first_label,
    find_splits,
    list_folder,
    read_files,
    read_text,
    read_tsv,
    visible,
)
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, check_variety, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_texts(name, data_dir=None):
    """Reads texts with a label each, for sentiment or topics.

    `name` may be:

    - a dataset of TFDS or of the zoo with one text and one label, such as `"movie_reviews/imdb"` or
      `"ag_news_subset"`. If it has several texts, it must name one of them as its input.
    - a TSV file. Each line has a label, a tab and a text. A first line with the names of the columns is
      skipped if the names are common, such as `label<tab>text` or `sentiment<tab>review`. Other names
      raise an error.
    - a folder with `train.tsv`. It may also have `validation.tsv` and `test.tsv`.
    - a folder with a folder of `.txt` files for each class, or with such a folder for each split
      (`train/good/1.txt`). Names that begin with `.` or `_` are skipped. The folder `unsup` beside
      `pos` and `neg`, as in aclImdb, is skipped too, because its texts have no label. Any other kind of
      file in the folder of a class raises an error.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Texts and labels are normalized (see
    `zoo.text.normalize`).

    A missing split is cut from the training split by a hash of the text (80/10/10), and never from the
    test split. If there is no test split, or its labels are hidden, the validation split becomes the
    test split, and a new validation split is cut from the training split. For `"glue/sst2"` the test
    split comes from `"sst_binary"`, which has the labels that GLUE hides.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a pair for each of `"train"`, `"validation"` and `"test"`: the texts, a list of str,
        and the labels, integers `[rows]`. And a list of the labels' names.

    Raises:
        ValueError: the dataset is unknown. A file is missing, empty or damaged; the message names the
            line. The training split lacks a label, or has only one. A split is empty. All texts are the
            same.

    Example:

    >>> splits, label_names = load_texts("movie_reviews/rotten_tomatoes")  # doctest: +SKIP
    >>> {split: len(texts) for split, (texts, _) in splits.items()}  # doctest: +SKIP
    {'train': 6834, 'validation': 821, 'test': 875}
    """
    path = own_path(name)
    rows = _read_own(path) if path else _read_tfds(name, data_dir)
    fill_splits(name, rows, key=lambda row: row[0])
    label_names = sorted({label for split in SPLITS for _, label in rows[split]})
    num_rows = sum(map(len, rows.values()))
    if len(label_names) > max(10, num_rows / 2):
        raise InputError(
            f"Almost every row of {name} has a different label. Is the label in the first column? "
            f"Received: {len(label_names)} labels in {num_rows} rows, the first {label_names[0][:60]!r}"
        )
    check_filled(name, rows)
    texts = [text for text, _ in rows["train"]]
    check_variety(name, texts, "texts")
    if not any(any(map(str.isalnum, text)) for text in texts):
        raise InputError(f"The texts of {name} have no letter and no digit. Received: {texts[0]!r:.60}")
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
        texts = [supervised_keys[0]]  # the one that the dataset names as its input
    if len(texts) != 1 or len(labels) != 1:
        raise InputError(
            f"{name} does not have one text and one label. Received: texts {texts}, labels {labels}"
        )
    names = features[labels[0]].names
    rows = {}
    for split, pairs in read_splits(builder, texts[0], labels[0]).items():
        pairs = [(normalize(text.decode()), int(label)) for text, label in pairs]
        if all(label >= 0 for _, label in pairs):  # -1 is a hidden label
            rows[split] = [(text, names[label]) for text, label in pairs]
    if name.split(":")[0] == "glue/sst2":  # GLUE hides these labels
        rows["test"] = _read_tfds("sst_binary", data_dir)["test"]
    return rows


def _read_own(path):
    if path.is_file() or any(child.name.lower() == "train.tsv" for child in visible(path)):
        rows = read_files(path, ".tsv", _read_tsv)
        labels = {split: [label for _, label in rows[split]] for split in rows}
        check_first_label(path, labels, "label<tab>text")
        return rows
    folders = [child for child in visible(path) if child.is_dir()]
    parts = [child for child in folders if child.name.lower() == "train"]
    if parts and any(child.is_dir() for child in visible(parts[0])):  # otherwise "train" is a class
        return {split: _read_classes(folder) for split, folder in find_splits(path).items()}
    return {"train": _read_classes(path)}


def _read_tsv(path):
    _, rows = read_tsv(path, read_text(path), "label", "text")
    return [(text, label.strip()) for _, label, text in rows]


def _read_classes(folder):
    classes = [child for child in visible(folder) if child.is_dir()]
    if {"pos", "neg", "unsup"} <= {child.name for child in classes}:
        classes = [child for child in classes if child.name != "unsup"]
    if not classes:
        raise InputError(
            f"{folder} has no classes: expected a folder of .txt files for each class "
            f"({folder / 'good' / '1.txt'}), or train.tsv. Received: "
            f"{list_folder(folder)}"
        )
    rows = []
    for class_ in classes:
        files = visible(class_)
        if not files:
            raise InputError(f"The folder of a class, {class_}, has no .txt file. Received: no file")
        for file in files:
            if file.suffix.lower() != ".txt":
                raise InputError(
                    f"{file}, in the folder of a class, is no .txt file: convert it or move it away."
                )
            text = read_text(file)
            if not text.strip():
                raise InputError(f"{file} is empty: expected a text.")
            rows.append((text, normalize(class_.name)))
    return rows
