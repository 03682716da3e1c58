"""`load_series`: numbers evenly spaced in time, from TFDS or from a person's own CSV."""

import csv
import io
import math
import pathlib

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.files import read_text
from zoo.datasets.loading import prepare, read_splits
from zoo.datasets.splitting import SPLITS
from zoo.errors import InputError, check_choice

GAPS = ("", "-", "?", "na", "n/a", "nan", "none", "null")


def load_series(name, column="", data_dir=None):
    """Reads one series of numbers, for forecasting.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` whose rows are in order of time, such as `"sunspots"`,
      `"co2"` or `"etth1"`;
    - a CSV file whose first line names its columns, a row for each step, none left out.

    Where there are not all three splits, they are cut from the whole series in order of time
    (70/10/20): by chance, or by a hash, a model would be trained on the future of what it is tested on.

    Args:
        name: see above.
        column: which numbers; if `""`, the last column of a CSV, the last numbers of a dataset.
        data_dir: where TFDS keeps its files; its default if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each floats `[steps]` that follow on the ones
        before, and the name of the column.

    Raises:
        ValueError: an unknown dataset or column; a missing, empty or damaged file; a gap, or a text in
            the place of a number, with its line.

    Example:

    >>> parts, column = load_series("sunspots")  # doctest: +SKIP
    >>> {split: len(values) for split, values in parts.items()}, column  # doctest: +SKIP
    ({'train': 216, 'validation': 31, 'test': 62}, 'sunspots')
    """
    path = pathlib.Path(name)
    if path.exists():
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
    reader = csv.reader(io.StringIO(read_text(path).rstrip("\r\n"), newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if column:
            check_choice(f"column of {path}", column, names)
        column = column or "".join(names[-1:])
        values = [_read_number(row, names, column, f"{path}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: this is no CSV: {error}") from None
    if not values:
        raise InputError(f"{path} is empty: expected a line of column names, then a row for each step.")
    return {"train": np.array(values)}, column


def _read_number(row, names, column, where):
    if len(row) != len(names):
        raise InputError(f"{where}: expected {len(names)} columns, as in line 1. Received: {len(row)}")
    cell = row[names.index(column)].strip()
    if cell.lower() in GAPS:
        raise InputError(
            f"{where}: {column} has a gap; fill it, or leave out what is before. Received: {cell!r}"
        )
    try:
        value = float(cell)
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError(f"{where}: expected a number in {column}. Received: {cell[:60]!r}")
    return value
