"""`load_texts`: labelled texts in three splits, from TFDS or from a person's own files."""

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.files import (
    check_first_label,
    find_splits,
    is_header,
    list_folder,
    read_files,
    read_text,
    visible,
)
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, check_variety, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_texts(name, data_dir=None):
    """Reads labelled texts, for sentiment or document classes.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` with one text (or one that it names as its input) and
      one label, such as `"movie_reviews/imdb"` or `"ag_news_subset"`;
    - a TSV file, each line a label, a tab and a text. A first line with the names of the columns is
      skipped if they are common ones, such as `label<tab>text` or `sentiment<tab>review`. With other
      names it is refused;
    - a folder with `train.tsv` and, if you like, `validation.tsv` and `test.tsv`;
    - a folder with a folder of `.txt` files for each class, or such a folder for each split
      (`train/good/1.txt`). Names that begin with `.` or `_` are skipped, and so is the folder `unsup`
      beside `pos` and `neg`, as in aclImdb, because its texts have no label. Other files than `.txt`
      in the folder of a class are refused.

    A name that is both a dataset and a file or folder here means the dataset: write `./name`, or give
    a `pathlib.Path`, for the file or folder. Texts and labels are normalized, see
    `zoo.text.normalize`.

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
            training never sees; an empty split; one label only, or the same text in all rows.

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
            f"Nearly every row of {name} has a label of its own: is the label the first column? "
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
        texts = [supervised_keys[0]]  # what the dataset itself calls its input
    if len(texts) != 1 or len(labels) != 1:
        raise InputError(
            f"{name} has not one text and one label. Received: texts {texts}, labels {labels}"
        )
    names = features[labels[0]].names
    rows = {}
    for split, pairs in read_splits(builder, texts[0], labels[0]).items():
        pairs = [(normalize(text.decode()), int(label)) for text, label in pairs]
        if all(label >= 0 for _, label in pairs):  # TFDS gives -1 where labels are hidden
            rows[split] = [(text, names[label]) for text, label in pairs]
    if name.split(":")[0] == "glue/sst2":  # the same sentences, with the labels that GLUE hides
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
    if parts and any(child.is_dir() for child in visible(parts[0])):  # else "train" is a class
        return {split: _read_classes(folder) for split, folder in find_splits(path).items()}
    return {"train": _read_classes(path)}


def _read_tsv(path):
    rows, header = [], None
    for i, line in enumerate(read_text(path).split("\n"), start=1):
        columns = line.split("\t")
        if not rows and header is None and is_header(columns, "label", "text"):
            header = line
        if not line.strip() or line == header:
            continue
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
