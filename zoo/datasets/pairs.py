"""`load_pairs`: texts with their translations, from TFDS or from your own files."""

import tensorflow_datasets as tfds

from zoo.datasets.files import is_header, read_files, read_text, read_tsv
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits
from zoo.errors import InputError, check_choice
from zoo.text import normalize


def load_pairs(name, data_dir=None, source=None, target=None):
    """Reads pairs of texts, for translation.

    `name` may be:

    - a translation dataset of TFDS or of the zoo, such as `"multi30k"` or
      `"ted_hrlr_translate/pt_to_en"`.
    - a TSV file. Each line has a source, a tab and a target, as in the files of Tatoeba and ManyThings.
      Their third column, which begins with `CC-BY`, is skipped. A first line with the names of the
      columns is skipped if both names are common, such as `source<tab>target` or
      `english<tab>german`. If only one is common, it raises an error.
    - a folder with `train.tsv`. It may also have `validation.tsv` and `test.tsv`.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Texts are normalized (see `zoo.text.normalize`).

    A missing split is cut from the training split by a hash of the source (80/10/10), and never from
    the test split. So all translations of a source are in one split. If there is no test split, the
    validation split becomes the test split. Pairs of TFDS with an empty side are left out.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        source: the language to translate from. None or "" means the one that the dataset names first.
        target: the language to translate to. None or "" means the other one.

    Returns:
        A dict with a pair (sources, targets) for each of `"train"`, `"validation"` and `"test"`. Both
        are lists of str.

    Raises:
        ValueError: the dataset or the language is unknown. A file is missing, empty or damaged; the
            message names the line. A split is empty.

    Example:

    >>> splits = load_pairs("multi30k", source="de")  # doctest: +SKIP
    >>> {split: len(sources) for split, (sources, _) in splits.items()}  # doctest: +SKIP
    {'train': 29000, 'validation': 1014, 'test': 1000}
    """
    path = own_path(name)
    if path is None:
        rows = _read_tfds(name, data_dir, source, target)
    elif source or target:
        raise InputError(
            f"source and target choose languages of a dataset. In {name} the first column is the "
            "source and the second the target. Received: "
            f"source={source!r}, target={target!r}"
        )
    else:
        rows = read_files(path, ".tsv", _read_tsv)
    fill_splits(name, rows, key=lambda row: row[0])
    check_filled(name, rows)
    check_variety(name, [target for _, target in rows["train"]], "targets")
    return {
        split: ([text for text, _ in rows[split]], [text for _, text in rows[split]])
        for split in SPLITS
    }


def _read_tfds(name, data_dir, source, target):
    builder = prepare(name, data_dir)
    features = builder.info.features
    if not isinstance(features, tfds.features.Translation):
        raise InputError(f"{name} is not a translation dataset. Received: {', '.join(features)}")
    for language in filter(None, (source, target)):
        check_choice(f"language of {name}", language, features)
    languages = builder.info.supervised_keys or list(features)
    source = source or next(language for language in languages if language != target)
    target = target or next(language for language in languages if language != source)
    if source == target:
        raise InputError(f"source and target must differ. Received: {source!r} and {target!r}")
    rows = {
        split: [(normalize(one.decode()), normalize(other.decode())) for one, other in pairs]
        for split, pairs in read_splits(builder, source, target).items()
    }
    return {split: [row for row in rows[split] if all(map(str.strip, row))] for split in rows}


def _read_tsv(path):
    has_names, rows = read_tsv(path, read_text(path), "source", "target")
    line, source, target = rows[0]
    if not has_names and _may_be_names(source, target):
        raise InputError(
            f"{path}, line {line} may be the names of the columns. If so, delete the line, or call "
            "them source<tab>target. If it is a pair, move it further down. "
            f"Received: {source + chr(9) + target:.60}"
        )
    if len(rows) > 9 and sum(source.strip().isdigit() for _, source, _ in rows) > 0.9 * len(rows):
        raise InputError(
            f"The first column of {path} has numbers: expected a source, a tab and a target. "
            f"Received: {source!r:.60}"
        )
    return [(source, target) for _, source, target in rows]


def _may_be_names(source, target):
    """Whether two texts look like names of columns: both are common ones, or one of two words is."""
    if is_header([source, target], "source", "target"):
        return True
    is_known = is_header([source], "source") or is_header([target], "target")
    return is_known and not any(" " in text.strip() for text in (source, target))
