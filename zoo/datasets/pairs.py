"""`load_pairs`: texts with their translations, from TFDS or from your own files."""

import re

import tensorflow_datasets as tfds

from zoo.datasets.columns import choose_columns
from zoo.datasets.files import print_reading
from zoo.datasets.folders import find_splits
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.parallel import find_parallel, read_parallel
from zoo.datasets.splitting import (
    SPLITS,
    check_filled,
    check_variety,
    fill_splits,
    sort_by_hash,
)
from zoo.datasets.tables import TABLE_ENDINGS, read_table
from zoo.errors import InputError, check_choice, counted
from zoo.text import normalize

ENDINGS = (".txt", ".dict", *TABLE_ENDINGS)
NUMBER = re.compile(r"[-+]?[\d.,]+")


def load_pairs(name, data_dir=None, source=None, target=None, encoding="utf-8"):
    """Reads pairs of texts, for translation.

    `name` may be a translation dataset of TFDS or of the zoo, such as `"multi30k"` or
    `"ted_hrlr_translate/pt_to_en"`. Or it may be a file of your own:

    - TSV, with or without a line for the names of the columns. Columns of numbers, as in files of
      Tatoeba, are left out. So is a column that says who wrote the pair, as in files of ManyThings.

          1276<tab>Let's try!<tab>3091<tab>Essayons !
          1277<tab>I have to sleep.<tab>5350<tab>Je dois dormir.
          1280<tab>Today is June 18th.<tab>3095<tab>Nous sommes le 18 juin.

          Who?<tab>Qui ?<tab>CC-BY 2.0 (France) Attribution: tatoeba.org #2083030
          Run!<tab>Cours !<tab>CC-BY 2.0 (France) Attribution: tatoeba.org #906328
          Wait!<tab>Attends !<tab>CC-BY 2.0 (France) Attribution: tatoeba.org #1744314

    - CSV, with quotes where a text has a comma.

          en,fr
          "Yes, please.","Oui, merci."
          Good morning.,Bonjour.

    - JSON with an object for each row, on a line each or in one list, with or without `translation`.

          {"translation": {"en": "Good morning.", "fr": "Bonjour."}}
          {"translation": {"en": "Thank you.", "fr": "Merci."}}
          {"translation": {"en": "How are you?", "fr": "Comment allez-vous ?"}}

          {"en": "Good morning.", "fr": "Bonjour."}
          {"en": "Thank you.", "fr": "Merci."}
          {"en": "How are you?", "fr": "Comment allez-vous ?"}

    Or `name` may be a folder:

    - with one such file for each split. Their names say the split: `train.tsv`, `pairs-dev.tsv`,
      `test.tsv`.
    - with parallel files, such as `train.en` and `train.fr`, `dev.en` and `dev.fr`. Or with just one
      pair of them, such as `europarl.de-en.de` and `europarl.de-en.en`. Line n of one file is the
      translation of line n of the other.

          train.en                train.fr
          Good morning.           Bonjour.
          Thank you.              Merci.
          How are you?            Comment allez-vous ?

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Texts are normalized (see `zoo.text.normalize`).

    A missing split is cut from the training split by a hash of the source (80/10/10), and never from
    the test split. So all translations of a source are in one split. If there is no test split, the
    validation split becomes the test split. In files of your own, pairs with an empty side are left
    out. If two of your own splits share a source, its pairs are left out of training, or out of
    validation if it is also in test. Capital letters and spaces do not matter here. One printed line
    says how the file was read and how many pairs were left out. The order of the rows does not depend
    on the format.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        source: the language to translate from. In a file of your own: the name of its column, or the
            number of the column, counted from 1. In a folder of parallel files: the ending of their
            names. None or "" means that it is guessed. If the names and the contents of the columns
            leave a doubt, an error asks.
        target: the same for the language to translate to.
        encoding: the encoding of your own files.

    Returns:
        A dict with a pair (sources, targets) for each of `"train"`, `"validation"` and `"test"`. Both
        are lists of str.

    Raises:
        ValueError: the dataset, the language or the column is unknown. A file is missing, empty or
            damaged; the message names the line. Parallel files have unequal numbers of lines. A split
            is empty.

    Example:

    >>> splits = load_pairs("multi30k", source="de")  # doctest: +SKIP
    >>> {split: len(sources) for split, (sources, _) in splits.items()}  # doctest: +SKIP
    {'train': 29000, 'validation': 1014, 'test': 1000}
    """
    path = own_path(name)
    if path is None:
        rows = _read_tfds(name, data_dir, source, target)
        fill_splits(name, rows, key=lambda row: row[0])
    else:
        rows, how = read_own_pairs(path, source, target, encoding)
        print_reading(path, how)
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


def read_own_pairs(path, source, target, encoding, read_file=None):
    """Reads the pairs of a user's own file or folder.

    Args:
        path: a `pathlib.Path` of a file or a folder.
        source, target, encoding: see `load_pairs`.
        read_file: a function that takes the path of a file and returns its pairs, and how it was read.
            If `path` is a file with splits of its own, a dict of split to pairs. None means
            `read_pairs`.

    Returns:
        A dict with a list of pairs (source, target) for each split. No two splits share a source. And a
        text that says how the file was read.
    """
    chosen = {"source": source, "target": target}
    read_file = read_file or (lambda file: read_pairs(file, chosen, encoding))
    parallel = find_parallel(path, source, target) if path.is_dir() else {}
    if parallel:
        rows = {split: read_parallel(files, encoding) for split, files in parallel.items()}
        first, second = parallel.get("train") or next(iter(parallel.values()))
        how = f"parallel files, source in {first.name}, target in {second.name}"
    elif path.is_dir():
        read = {split: read_file(file) for split, file in find_splits(path, ENDINGS).items()}
        rows = {split: pairs for split, (pairs, _) in read.items()}
        how = read["train"][1]
    else:
        pairs, how = read_file(path)
        rows = pairs if isinstance(pairs, dict) else {"train": pairs}
    filled = {split: [row for row in rows[split] if all(map(str.strip, row))] for split in rows}
    num_empty = sum(len(rows[split]) - len(filled[split]) for split in rows)
    rows = {split: sort_by_hash(filled[split], "\t".join) for split in filled}
    fill_splits(path, rows, key=lambda row: _fold(row[0]))
    notes = [f"Skipped {counted(num_empty, 'pair')} with an empty side"] if num_empty else []
    return rows, ". ".join([how, *notes, *_keep_apart(rows)])


def _fold(text):
    """A text without capital letters, and with one space between its words."""
    return " ".join(text.casefold().split())


def _keep_apart(rows):
    """Leaves out the pairs of a split whose source is in a later split too. Says how many."""
    notes, later = [], set()
    for split in reversed(SPLITS):
        kept = [row for row in rows[split] if _fold(row[0]) not in later]
        num_shared = len(rows[split]) - len(kept)
        if num_shared:
            others = " or ".join(SPLITS[SPLITS.index(split) + 1 :])
            notes.append(
                f"Left out {counted(num_shared, 'pair')} of {split} with a source that is in {others}"
            )
        rows[split] = kept
        later |= {_fold(source) for source, _ in kept}
    return notes


def read_pairs(path, chosen, encoding="utf-8"):
    """Reads the pairs of one TSV, CSV or JSON file.

    Args:
        path: the path of the file.
        chosen: a dict of `"source"` and `"target"` to a column or to None, see `load_pairs`.
        encoding: its encoding.

    Returns:
        A list of pairs of str. A side may be empty. And a text that says how the file was read.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.tsv"
    >>> _ = path.write_text("1276\\tLet's try!\\t3091\\tEssayons !\\n1280\\tHi.\\t3095\\tSalut.\\n")
    >>> read_pairs(path, {})
    ([("Let's try!", 'Essayons !'), ('Hi.', 'Salut.')], 'TSV without a header, source in column 2, ...)
    """
    table = _open_translations(read_table(path, encoding))
    if table.form == "lines":
        raise InputError(
            f"{path}, line {table.lines[0]}: expected a source and a target with a tab between them. "
            "For parallel files, such as train.en and train.fr, give their folder. "
            f"Received: {table.rows[0][0]!r:.60}"
        )
    table, chosen = _choose_texts(table, {role: name for role, name in chosen.items() if name})
    table, columns, how = choose_columns(table, ("source", "target"), chosen)
    sides = [[row[i] for i in columns.values()] for row in table.rows]
    for pair, line in zip(sides, table.lines, strict=True):
        for side in pair:
            if not isinstance(side, str):
                raise InputError(f"{path}, line {line}: expected texts. Received: {side!r:.60}")
    pairs = [(normalize(source).strip(), normalize(target).strip()) for source, target in sides]
    if not chosen and len(pairs) > 9:
        is_number = [NUMBER.fullmatch(source.strip()) for source, _ in pairs]
        if sum(map(bool, is_number)) > 0.9 * len(pairs):
            raise InputError(
                f"{path}, line {table.lines[0]}: the source is a number in most rows. If that is "
                f"right, add --source and --target. Received: {pairs[0][0]!r:.60}"
            )
    return pairs, how


def _open_translations(table):
    """Turns the column `translation` of a JSON file into a column for each language."""
    if table.names is None or "translation" not in table.names:
        return table
    cells = [row[table.names.index("translation")] for row in table.rows]
    if not isinstance(cells[0], dict):
        return table
    names = list(cells[0])
    for cell, line in zip(cells, table.lines, strict=True):
        if not isinstance(cell, dict) or set(cell) != set(names):
            raise InputError(
                f"{table.path}, line {line}: expected a translation with {' and '.join(names)}, as in "
                f"the first row. Received: {cell!r:.60}"
            )
    rows = [[cell[name] or "" for name in names] for cell in cells]
    return table._replace(names=names, rows=rows)


def _choose_texts(table, chosen):
    """Chooses the only two columns with texts, if other columns have numbers or attributions.

    If one column is chosen and only one other column has texts, it is the other side.
    """
    width = len(table.rows[0])
    columns = [[row[i] for row in table.rows] for i in range(width)]
    texts = [i for i in range(width) if width == 2 or not _is_extra(columns[i][1:] or columns[i])]
    # A word above numbers, or above many equal cells, is the name of a column.
    extras = [columns[i] for i in range(width) if i not in texts]
    tests = (_are_notes, _are_equal)
    has_header = any(test(cells[1:]) and not test(cells) for cells in extras for test in tests)
    if table.names is None and has_header and not chosen:
        names = [cell.strip(" \"'") for cell in table.rows[0]]
        table = table._replace(names=names, rows=table.rows[1:], lines=table.lines[1:])
    first = [str(cell).strip(" \"'") for cell in table.names or table.rows[0]]
    if len(chosen) == 1:
        (name,) = chosen.values()
        texts = [i for i in texts if name not in (first[i], str(i + 1))]
        missing = "target" if "source" in chosen else "source"
        if len(texts) == 1:
            i = texts[0]
            chosen = {**chosen, missing: first[i] if name in first else str(i + 1)}
    elif not chosen and len(texts) == 2 < width and table.names is None:
        chosen = {"source": str(texts[0] + 1), "target": str(texts[1] + 1)}
    elif not chosen and 2 <= len(texts) < width and table.names is not None:
        # Their names or their order decide.
        names, *rows = ([row[i] for i in texts] for row in [table.names, *table.rows])
        table = table._replace(names=names, rows=rows)
    return table, chosen


def _is_extra(cells):
    """Whether cells of a column are notes, or few different values, and so not texts."""
    return _are_notes(cells) or _are_equal(cells) or 20 * len({*map(str, cells)}) <= len(cells)


def _are_notes(cells):
    cells = [str(cell).strip() for cell in cells]
    return all(NUMBER.fullmatch(cell) or cell.startswith("CC-BY") or not cell for cell in cells)


def _are_equal(cells):
    return len(cells) > 9 and len({*map(str, cells)}) == 1
