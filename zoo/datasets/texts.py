"""`load_texts`: texts with a label each, from TFDS or from your own files."""

import re

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.own_texts import read_own_texts
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, check_variety, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_texts(name, data_dir=None, *, encoding="utf-8", text_column="", label_column=""):
    """Reads texts with a label each, for sentiment or topics.

    `name` may be a dataset of TFDS or of the zoo with one text and one label, such as
    `"movie_reviews/imdb"` or `"ag_news_subset"`. If it has several texts, it must name one of them as
    its input. `name` may also be a file of your own:

    - A CSV or TSV file, with or without a line for the names of the columns, and with any number of
      columns. If it is not clear which columns to use, an error asks.

          id,review,sentiment
          1,"Warm, quiet and funny.",positive
          2,I fell asleep.,negative

          positive<tab>Warm, quiet and funny.
          negative<tab>I fell asleep.
          positive<tab>Go and see it!

    - JSON with an object for each row, on a line each or in one list.

          {"text": "Warm, quiet and funny.", "label": "positive"}
          {"text": "I fell asleep.", "label": "negative"}
          {"text": "Go and see it!", "label": "positive"}

    - Lines of a label, a space and a text, in a file without one of these endings. The label may begin
      with `__label__`, as in fastText.

          positive Warm, quiet and funny.
          negative I fell asleep.
          positive Go and see it!

    Or `name` may be a folder:

    - with one such file for each split. Their names say the split: `train.csv`, `reviews-dev.csv`,
      `test.csv`.
    - with a folder for each class, and in it a file for each text. The names of the files do not
      matter. Folders of texts without a label, such as `unsup`, are left out.

          positive/1.txt
          positive/2.txt
          negative/1.txt

    - with a folder for each split, such as `train` or `20news-bydate-train`, that has a folder for each
      class.

          20news-bydate-train/sci.space/60151
          20news-bydate-train/sci.med/58045
          20news-bydate-test/sci.space/61197

    A file whose name ends with `.gz`, `.bz2` or `.xz` is decompressed. If a dataset and a file have the
    same name, you get the dataset. Write `./name` or pass a `pathlib.Path` to get the file or folder.

    Texts and labels are normalized (see `zoo.text.normalize`). Empty texts are left out. The rows of
    your own files are sorted by a hash of their texts, so the format does not change the order. One
    printed line says how they were read, and how many texts of your own splits are in two of them.

    A missing split is cut from the training split by a hash of the text (80/10/10), and never from the
    test split. Rows of a label that training would lack stay in training. If there is no test split, or
    its labels are hidden, the validation split becomes the test split, and a new validation split is
    cut from the training split. For `"glue/sst2"` the test split comes from `"sst_binary"`, which has
    the labels that GLUE hides.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.
        text_column: the name of the column with the text, in your own CSV, TSV or JSON file. A number
            counts columns from 1, for files without names. `""` finds the column.
        label_column: the same for the label.

    Returns:
        A dict with a pair for each of `"train"`, `"validation"` and `"test"`: the texts, a list of str,
        and the labels, integers `[rows]`. And a list of the labels' names.

    Raises:
        ValueError: the dataset is unknown. A file is missing, empty or damaged; the message names the
            line. It is not clear which columns to use. The training split lacks a label, or has only
            one. A split is empty. All texts are the same.

    Example:

    >>> splits, label_names = load_texts("movie_reviews/rotten_tomatoes")  # doctest: +SKIP
    >>> {split: len(texts) for split, (texts, _) in splits.items()}  # doctest: +SKIP
    {'train': 6834, 'validation': 821, 'test': 875}
    """
    path = own_path(name)
    if path:
        rows = read_own_texts(path, encoding, {"text": text_column, "label": label_column})
    else:
        rows = _read_tfds(name, data_dir)
    _cut_splits(name, rows)
    label_names = sorted({label for split in SPLITS for _, label in rows[split]})
    num_rows = sum(map(len, rows.values()))
    if len(label_names) > max(10, num_rows / 2):
        raise InputError(
            f"Almost every row of {name} has a different label. Choose the columns with --text-column "
            f"and --label-column. Received: {len(label_names)} labels in {num_rows} rows, the first "
            f"{label_names[0][:60]!r}"
        )
    check_filled(name, rows)
    texts = [text for text, _ in rows["train"]]
    check_variety(name, texts, "texts")
    if not any(re.search(r"\w\w", text) for text in texts):
        raise InputError(f"The texts of {name} have no word of two letters. Received: {texts[0]!r:.60}")
    check_labels(name, {split: {label for _, label in rows[split]} for split in SPLITS})
    numbers = {label: i for i, label in enumerate(label_names)}
    return {
        split: (
            [text for text, _ in rows[split]],
            np.array([numbers[label] for _, label in rows[split]]),
        )
        for split in SPLITS
    }, label_names


def _cut_splits(name, rows):
    """Fills the missing splits in place, so that training keeps some row of each of its labels."""
    given = {"train", *rows}
    if "test" not in given and "validation" in given:
        given = {"train", "test"}  # see `fill_splits`
    fill_splits(name, rows, key=lambda row: row[0])
    seen = {label for _, label in rows["train"]}
    for split in (one for one in SPLITS if one not in given):  # always in the same order
        rows["train"] += [row for row in rows[split] if row[1] not in seen]
        rows[split] = [row for row in rows[split] if row[1] in seen]


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
