"""Reads your own texts with labels, for `load_texts`."""

import collections
import re

from zoo.datasets.column_names import check_first_label, is_header
from zoo.datasets.columns import choose_columns
from zoo.datasets.files import ending_of, print_reading, read_text
from zoo.datasets.folders import (
    find_splits,
    folders_in,
    list_folder,
    split_of,
    splits_in,
    visible,
)
from zoo.datasets.splitting import SPLITS, note_shared, sort_by_hash
from zoo.datasets.tables import TABLE_ENDINGS, read_table
from zoo.errors import InputError, counted
from zoo.text import normalize

NO_LABEL = {"unsup", "unsupervised", "unlabeled", "unlabelled"}  # folders of texts without a label
HIDDEN = {"", "-1", "?", "nan", "NaN", "None", "null"}  # what stands in the place of a hidden label
FASTTEXT = "__label__"


def read_own_texts(path, encoding, chosen):
    """Reads a file or a folder of texts with labels, and prints how.

    The formats are those of `zoo.datasets.load_texts`.

    Args:
        path: a `pathlib.Path`.
        encoding: the encoding of the files.
        chosen: a dict of the columns of tables that the user chose, see
            `zoo.datasets.columns.choose_columns`.

    Returns:
        A dict with a list of rows `(text, label)` for each split that exists. The rows are sorted by a
        hash of the text.

    Raises:
        ValueError: a file or a folder cannot be read. The message names the line.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("label,text\\ngood,I like it.\\n")
    >>> read_own_texts(path, "utf-8", {})
    Read ...mine.csv: CSV with a header, label in column 'label', text in column 'text'.
    {'train': [('I like it.', 'good')]}
    """
    if path.is_file():
        rows, how, notes = _read_files({"train": path}, encoding, chosen)
    elif files := _find_files(path):
        rows, how, notes = _read_files(files, encoding, chosen)
        how = f"{', '.join(file.name for file in files.values())}. {how[0].upper()}{how[1:]}"
    else:
        rows, how, notes = _read_folders(path, encoding)
    num_rows = sum(map(len, rows.values()))
    rows = {split: [(text, label) for text, label in rows[split] if text] for split in rows}
    num_empty = num_rows - sum(map(len, rows.values()))
    if num_empty:
        notes = [f"Skipped {counted(num_empty, 'empty text')}", *notes]
    if not rows["train"]:
        raise InputError(f"{path} is empty: it has no text to train with.")
    notes += note_shared(rows, lambda row: row[0], "texts")
    print_reading(path, ". ".join([how, *notes]))
    return {split: sort_by_hash(sorted(rows[split]), key=lambda row: row[0]) for split in rows}


# One file for each split.


def _find_files(folder):
    """A dict of split to file. It is empty if the folder has folders of classes instead."""
    if _has_folders_of_splits(folder):
        return {}
    files = [child for child in _parts_to_train(folder) if child.is_file()]
    if not files:
        return {}
    endings, names = [ending_of(file) for file in files], [file.name for file in files]
    kinds = [{*re.findall("text|label", name.lower())} for name in names]
    if {"text"} in kinds and {"label"} in kinds:
        raise InputError(
            f"{folder} has texts and labels in two files. Put them into one, with a label, a tab and a "
            f"text on each line. Received: {', '.join(names)}"
        )
    is_table = any(ending in TABLE_ENDINGS for ending in endings)
    found = find_splits(folder, TABLE_ENDINGS if is_table else endings[:1])
    for file in visible(folder):
        if file.suffix.lower() == ".txt" and split_of(file) in {*SPLITS} - {*found}:
            raise InputError(
                f"{file} would not be read, because {found['train'].name} has another ending. Give "
                "both the same ending, or move the file out of the folder."
            )
    return found


def _parts_to_train(folder):
    """The files and folders with train in their names."""
    return [child for child in visible(folder) if "train" in splits_in(child.name)]


def _has_folders_of_splits(folder):
    """Whether there is a folder with folders of classes to train with. A class may be called train."""
    return any(child.is_dir() and folders_in(child) for child in _parts_to_train(folder))


def _read_files(files, encoding, chosen):
    """The rows of each split, how they were read, and a list of notes."""
    rows, notes, how = {}, [], ""
    for split, path in files.items():
        table = read_table(path, encoding)
        if table.form == "lines":
            rows[split], how_here = _cut_lines(table), "lines of a label, a space and a text"
        else:
            names = table.names or [cell.strip() for cell in table.rows[0]]
            if chosen.get("text") in names and chosen.get("label") not in names and how:
                notes.append(f"{path.name} is not used, because it has no column {chosen['label']!r}")
                continue
            if how:
                _check_columns(table, chosen, files["train"])
            table, columns, how_here = choose_columns(table, ("label", "text"), chosen)
            # The other files must have the same columns.
            chosen = {role: table.names[i] if table.names else i + 1 for role, i in columns.items()}
            rows[split] = _cut_rows(table, columns)
        how = how or how_here
        labels = {label for text, label in rows[split] if text}
        if split != "train" and labels <= HIDDEN - {label for _, label in rows["train"]}:
            notes.append(f"{path.name} is not used, because its labels are hidden")
            del rows[split]
        elif "" in labels:
            i = next(i for i, (text, label) in enumerate(rows[split]) if text and not label)
            raise InputError(
                f"{path}, line {table.lines[i]}: a text without a label. Received: "
                f"{rows[split][i][0][:60]!r}. Add its label, or delete the line."
            )
    return rows, how, notes


def _check_columns(table, chosen, train):
    """Raises an `InputError` if a file lacks a column of the training file."""
    names = table.names or [cell.strip(" \"'") for cell in table.rows[0]]
    known = {name.lower() for name in names} | {*range(1, len(names) + 1)}
    for name in filter(None, chosen.values()):
        if (name if isinstance(name, int) else name.lower()) not in known:
            raise InputError(
                f"{table.path} has no column {name!r}, as {train.name} has. Give it the same columns "
                f"and names, or move it out of the folder. Received: {', '.join(names):.60}"
            )


def _cut_rows(table, columns):
    rows = []
    for cells, line in zip(table.rows, table.lines, strict=True):
        row = [cells[columns[role]] for role in ("text", "label")]
        if isinstance(row[1], list) and len(row[1]) == 1:  # as Doccano writes a label
            row = [row[0], row[1][0]]
        for cell in row:
            if not isinstance(cell, str):
                raise InputError(
                    f"{table.path}, line {line}: expected one text and one label. "
                    f"Received: {cell!r:.60}"
                )
        rows.append(tuple(normalize(cell).strip() for cell in row))
    return rows


def _cut_lines(table):
    """Cuts each line at its first space."""
    lines = [normalize(cell).strip() for (cell,) in table.rows]
    if is_header(lines[0].split(), "label", "text"):
        lines = lines[1:]
    is_fasttext = any(line.startswith(FASTTEXT) for line in lines)
    rows = []
    for text, number in zip(lines, table.lines[len(table.lines) - len(lines) :], strict=True):
        label, _, text = text.partition(" ")
        if is_fasttext and (not label.startswith(FASTTEXT) or text.lstrip().startswith(FASTTEXT)):
            raise InputError(
                f"{table.path}, line {number}: expected one {FASTTEXT} and a text, as in the other "
                f"lines. Received: {f'{label} {text}'[:60]!r}"
            )
        if label.startswith("("):
            raise InputError(
                f"{table.path}, line {number}: expected a label, a space and a text. "
                f"Received a tree: {f'{label} {text}'[:60]!r}"
            )
        rows.append((text.strip(), label.removeprefix(FASTTEXT)))
    if all(label.endswith((",", ":")) for _, label in rows):  # good, or good:
        rows = [(text, label[:-1]) for text, label in rows]
    counts = collections.Counter(label for _, label in rows)
    num_rare = sum(count == 1 for count in counts.values())
    if len(counts) > 10 and 3 * num_rare > len(counts):  # so are the first words of plain sentences
        raise InputError(
            f"{table.path}: the first words of the lines do not look like labels, because {num_rare} "
            f"of {len(counts)} occur only once. Expected lines of a label, a space and a text, or a "
            f"file whose name ends with .csv, .tsv or .jsonl. Received: {lines[0][:60]!r}"
        )
    if not is_fasttext:
        check_first_label(table.path, {"train": [label for _, label in rows]}, "label text")
    return rows


# One folder for each class.


def _read_folders(path, encoding):
    """The rows of each split, how they were read, and a list of notes."""
    has_splits = _has_folders_of_splits(path)
    parts = find_splits(path) if has_splits else {"train": path}
    rows, left_out = {}, set()
    for split, folder in parts.items():
        classes = folders_in(folder)
        if len(classes) > 1 and all(map(split_of, classes)):
            raise InputError(
                f"{folder} has a folder for each split, but these have no folders of classes. Expected "
                f"{classes[0] / 'good' / '1.txt'}, or a file for each split: {folder / 'train.csv'}."
            )
        labelled = [child for child in classes if child.name.lower() not in NO_LABEL]
        if len(labelled) > 1:
            left_out |= {child.name for child in classes if child not in labelled}
            classes = labelled
        if not classes:
            raise InputError(
                f"{folder} has no classes: expected a folder of texts for each class "
                f"({folder / 'good' / '1.txt'}), or a file with train in its name. Or give a file "
                f"instead of the folder. Received: {list_folder(folder)}"
            )
        rows[split] = [row for class_ in classes for row in _read_class(class_, encoding)]
    number = len({label for _, label in rows["train"]})
    how = f"a folder for each of {counted(number, 'class', 'classes')}"
    how += " and each split" if has_splits else ""
    notes = [f"The texts in {name} have no label and are not used" for name in sorted(left_out)]
    return rows, how, notes


def _read_class(folder, encoding):
    files = visible(folder)
    if not files:
        raise InputError(
            f"The folder of a class, {folder}, has no file. Put its texts there, or delete the folder."
        )
    inner = [child for child in files if child.is_dir()]
    if inner:
        raise InputError(
            f"{inner[0]} is a folder inside the folder of a class. Expected only files, one for each "
            f"text. If the folders of the classes are in {folder}, give that folder."
        )
    label = normalize(folder.name)
    return [(read_text(file, encoding).strip(), label) for file in files]
