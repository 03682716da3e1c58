"""`load_series`: numbers at even steps of time, from TFDS or from your own CSV file."""

import csv
import io
import math
import re

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import times
from zoo.datasets.files import read_text
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS
from zoo.errors import InputError, check_choice

GAPS = ("", "-", "?", "na", "n/a", "nan", "none", "null")


def load_series(name, column="", data_dir=None):
    """Reads one series of numbers, for forecasting.

    `name` may be:

    - a dataset of TFDS or of the zoo whose rows are in order of time, such as `"sunspots"`, `"co2"` or
      `"etth1"`.
    - a CSV file. Its first line has the names of the columns. It has a row for each step, with no step
      missing.

    If a column of the CSV has the time of each row, the steps must be even: no time may be missing or
    occur twice. If the newest row comes first, the rows are reversed. Months, quarters, years and
    working days (Monday to Friday) count as even. So do the two days on which clocks change. The column
    may have dates or times. It may also have years or step numbers, if it has a common name such as
    `year`, `step` or `t`. Without such a column the rows are taken in the order of the file. A column
    that seems to have times in an unknown form raises an error.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file.

    If the dataset does not have all three splits, they are cut from the whole series in order of time
    (70/10/20). Splits by chance or by a hash would train a model on the future of its test data.

    Args:
        name: see above.
        column: the name of the column to forecast. `""` means the last column of a CSV, or the last
            numbers of a dataset.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with floats `[steps]` for each of `"train"`, `"validation"` and `"test"`, which follow
        each other in time. And the name of the column.

    Raises:
        ValueError: the dataset or the column is unknown, or two columns have that name. The file is
            missing, empty or damaged, or has no line with names. A value is missing or is not a number;
            a time occurs twice; rows are missing or out of order. The message names the line.

    Example:

    >>> parts, column = load_series("sunspots")  # doctest: +SKIP
    >>> {split: len(values) for split, values in parts.items()}, column  # doctest: +SKIP
    ({'train': 216, 'validation': 31, 'test': 62}, 'sunspots')
    """
    path = own_path(name)
    if path:
        parts, column = _read_csv(path, column)
    else:
        parts, column = _read_tfds(name, column, data_dir)
    if set(parts) != set(SPLITS):
        values = np.concatenate([parts[split] for split in SPLITS if split in parts])
        cuts = [len(values) * 7 // 10, len(values) * 8 // 10]
        parts = dict(zip(SPLITS, np.split(values, cuts), strict=True))
    return parts, column


def _read_tfds(name, column, data_dir):
    builder = prepare(name, data_dir)
    features = builder.info.features
    numbers = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Scalar) and np.issubdtype(feature.np_dtype, np.number)
    ]
    if not numbers or not builder.info.disable_shuffling:
        raise InputError(f"{name} has no numbers in order of time. Received: {', '.join(features)}")
    if column:
        check_choice(f"column of {name}", column, numbers)
    column = column or numbers[-1]
    parts = {
        split: np.array(values, "float64")[:, 0]
        for split, values in read_splits(builder, column).items()
    }
    return parts, column


def _read_csv(path, column):
    reader = csv.reader(io.StringIO(read_text(path).rstrip("\n"), newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        rows, lines = [], []
        for row in reader:
            rows.append([cell.strip() for cell in row])
            lines.append(reader.line_num)
            if len(row) != len(names):
                raise InputError(
                    f"{path}, line {lines[-1]}: expected {len(names)} columns, as in line 1. "
                    f"Received: {len(row)}"
                )
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: this is not CSV: {error}") from None
    if not rows:
        raise InputError(f"{path} is empty: expected a line of column names, then a row for each step.")
    while names[-1:] == [""] and not any(row[-1] for row in rows):  # a comma at the end of each line
        names, rows = names[:-1], [row[:-1] for row in rows]
    chosen = _choose(path, names, column)
    values = [
        _read_number(row[chosen], names[chosen], f"{path}, line {line}")
        for line, row in zip(lines, rows, strict=True)
    ]
    others = {}
    for i, name in enumerate(names):
        if i != chosen:
            others.setdefault(name, [row[i] for row in rows])
    if times.runs_backward(path, others, lines):
        values.reverse()
    return {"train": np.array(values)}, names[chosen]


def _choose(path, names, column):
    """The index of the column to forecast."""
    if column:
        check_choice(f"column of {path}", column, names)
        if names.count(column) > 1:
            raise InputError(
                f"{path} has {names.count(column)} columns with the name {column!r}: rename one."
            )
        return names.index(column)
    if not names or not names[-1]:
        raise InputError(f"The last column of {path} has no name: give it one in line 1.")
    if len(names) > 1 and names[-1].lower() in (*times.DATE_NAMES, *times.CYCLES, "year", "time"):
        raise InputError(
            f"The last column of {path}, {names[-1]}, has the times of the rows. Name the column to "
            f"forecast. Available: {', '.join(names[:-1])}"
        )
    if re.fullmatch(r"[-+]?[\d.,]*\d[\d.,]*(e[-+]?\d+)?|nan?|null", names[-1].lower()):
        raise InputError(
            f"{path}, line 1: expected the names of the columns, such as date,sales. Add a line with "
            f"them, or name a column. Received: {','.join(names)[:60]!r}"
        )
    return len(names) - 1


def _read_number(cell, column, where):
    if cell.lower() in GAPS:
        raise InputError(
            f"{where}: {column} has a gap. Fill in the value, or delete all rows up to this one. "
            f"Received: {cell!r}"
        )
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError(f"{where}: expected a number in {column}. Received: {cell[:60]!r}")
    return value
