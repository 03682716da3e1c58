"""`load_pairs`: sentences and their translations, from TFDS or from a person's own files."""

import tensorflow_datasets as tfds

from zoo.datasets.files import is_header, read_files, read_text
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits
from zoo.errors import InputError, check_choice
from zoo.text import normalize


def load_pairs(name, data_dir=None, source=None, target=None):
    """Reads pairs of texts, for translation.

    What `name` may be:

    - a translation dataset of TFDS or of `zoo.datasets`, such as `"multi30k"` or
      `"ted_hrlr_translate/pt_to_en"`;
    - a TSV file, each line a source, a tab and a target, as Tatoeba and ManyThings have them: a third
      column with the attribution, which begins with `CC-BY`, is skipped. A first line with the names
      of the columns is skipped if they are common ones, such as `source<tab>target` or
      `english<tab>german`. It is refused if only one of them is;
    - a folder with `train.tsv` and, if you like, `validation.tsv` and `test.tsv`.

    A name that is both a dataset and a file or folder here means the dataset: write `./name`, or give
    a `pathlib.Path`, for the file or folder. Texts are normalized, see `zoo.text.normalize`.

    A split that is missing is cut from the training part by a hash of the source (80/10/10), so that
    all translations of a source stay together, and never from the test part; without a test split the
    validation split becomes it. Pairs of TFDS with an empty side are left out.

    Args:
        name: see above.
        data_dir: where TFDS keeps its files; its default if None.
        source: the language to translate from; what the dataset itself names first if None.
        target: the language to translate to; the other one if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each a pair (sources, targets) of lists of
        str.

    Raises:
        ValueError: an unknown dataset or language; a missing, empty or damaged file, with its line; an
            empty split.

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
            f"The columns of {name} say what is translated: a source, a tab and a target. Received: "
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
        raise InputError(f"{name} is no translation dataset. Received: {', '.join(features)}")
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
    rows, header = [], None
    for i, line in enumerate(read_text(path).split("\n"), start=1):
        columns = line.split("\t")
        texts = columns[:2] if len(columns) == 3 and columns[2].startswith("CC-BY") else columns
        if not rows and header is None and is_header(columns, "source", "target"):
            header = line
        if not line.strip() or line == header:
            continue
        if len(texts) != 2 or not all(text.strip() for text in texts):
            number = f"{len(columns)} column{'s' * (len(columns) != 1)}"
            what = number if len(texts) != 2 else "an empty side"
            raise InputError(
                f"{path}, line {i}: expected a source, a tab and a target. Received: {what}, "
                f"{line[:60]!r}"
            )
        if not rows and header is None and _may_be_header(texts):
            raise InputError(
                f"{path}, line {i} may be the names of the columns. If so, delete the line, or call "
                "them source<tab>target. If it is a pair, move it further down. "
                f"Received: {line[:60]!r}"
            )
        rows.append(tuple(texts))
    if len(rows) > 9 and sum(source.strip().isdigit() for source, _ in rows) > 0.9 * len(rows):
        raise InputError(
            f"The first column of {path} has numbers: expected a source, a tab and a target. "
            f"Received: {rows[0][0]!r:.60}"
        )
    if not rows:
        raise InputError(f"{path} is empty: expected lines of a source, a tab and a target.")
    return rows


def _may_be_header(texts):
    """Whether one of two words is the name of a column, such as "english", and the other may be."""
    source, target = texts
    known = is_header([source], "source") or is_header([target], "target")
    are_both = is_header(texts, "source", "target")
    return are_both or (known and not any(" " in text.strip() for text in texts))
