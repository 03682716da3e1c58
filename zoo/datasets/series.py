"""`load_series`, `load_many_series`: numbers at even steps of time, from TFDS or your own file."""

import collections
import typing

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import steps, times
from zoo.datasets.files import print_reading
from zoo.datasets.frames import last_column, read_frame, refuse_numbered, refuse_several
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.numbers import GAPS, read_numbers
from zoo.datasets.splitting import SPLITS
from zoo.errors import InputError, check_choice, counted


class Series(typing.NamedTuple):
    """One series of numbers, in order of time."""

    name: str  # such as the store, or "" if the data have only one series
    parts: dict  # "train", "validation" and "test" to floats [steps, columns]
    times: np.ndarray | None  # of all steps: datetime64, or floats if the steps are numbered
    step: steps.Step | None  # the time from one row to the next


def load_series(name, column="", data_dir=None, **options):
    """Reads one series of numbers, for forecasting. `load_many_series` reads more than one.

    Args:
        name: a dataset or a file, see `load_many_series`.
        column: the name of the column to forecast. `""` means the last one with numbers.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        **options: fill, split and encoding, see `load_many_series`.

    Returns:
        A dict with floats `[steps]` for each of `"train"`, `"validation"` and `"test"`, which follow
        each other in time. And the name of the column.

    Raises:
        ValueError: see `load_many_series`.

    Example:

    >>> parts, column = load_series("sunspots")  # doctest: +SKIP
    >>> {split: len(values) for split, values in parts.items()}, column  # doctest: +SKIP
    ({'train': 216, 'validation': 31, 'test': 62}, 'sunspots')
    """
    series, outputs, others = load_many_series(name, column, data_dir, **options)
    if len(series) > 1 or len(outputs + others) > 1:
        raise InputError(
            "load_series reads one column of one series. Use load_many_series. "
            f"Received: {len(series)} series of {len(outputs + others)} columns"
        )
    return {split: part[:, 0] for split, part in series[0].parts.items()}, outputs[0]


def load_many_series(
    name,
    column="",
    data_dir=None,
    *,
    inputs="",
    series_column="",
    fill="",
    split="",
    encoding="utf-8",
):
    """Reads series of numbers, for forecasting.

    `name` may be a dataset of TFDS or of the zoo whose rows are in order of time, such as `"sunspots"`,
    `"co2"` or `"etth1"`. Or it may be a file of your own with names of columns in its first line:

    - CSV or TSV with a row for each step. A CSV with semicolons may have decimal commas. Lines above
      the names, such as a title, are left out.

          date,sales,price
          2024-01-01,120,9.99
          2024-01-02,135,9.49

          Datum;Umsatz
          01.01.2024;1.250,5
          02.01.2024;1.301,0

    - such a file with several series.

          year,month,store,sales
          2024,1,north,120
          2024,1,south,95

    - JSON with an object for each row, on a line each or in one list.

          {"date": "2024-01-01", "sales": 120}
          {"date": "2024-01-02", "sales": 135}
          {"date": "2024-01-03", "sales": 128}

    - a table with a row for each year and a column for each month.

          YEAR,JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC
          2022,23,24,24,23,22,21,21,20,20,20,21,22
          2023,24,25,26,25,24,24,23,22,22,22,22,23

    A file whose name ends with `.gz`, `.bz2` or `.xz` is decompressed.

    The rows are sorted by the column with their times. It is found by its name or its cells. Dates may
    be written in many ways, such as `2024-12-31`, `31.12.2024 18:30`, `12/31/24`, `31-Dec-24`,
    `Dec 2024`, `2024Q4`, `2024-W52`, `20241231`, or seconds since 1970. Parts of a date may be in
    columns of their own, such as year and month, or date and hour. Years and step numbers count as
    times, too. Without such a column the rows are taken in the order of the file.

    The steps must be even. Months, quarters, years and working days count as even. So do the days on
    which clocks change. Working days may lack a few holidays: they are left out. A time that occurs
    twice, a missing row and a missing value are errors, unless `fill` is given.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file. One printed line says how it was read.

    Each series is cut in order of time (70/10/20), unless the dataset has three splits. Splits by
    chance or by a hash would train a model on the future of its test data.

    Args:
        name: see above.
        column: the name of the column to forecast, or several, as in `"sales,returns"`. `""` means the
            last column with numbers that change.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        inputs: the names of other columns to read, as in `"price,temperature"`.
        series_column: the name of the column that tells several series apart, such as `"store"`, or the
            names of several, as in `"store,item"`.
        fill: what to put in place of missing rows and values. `"interpolate"` draws a line between its
            neighbors, `"previous"` repeats the last value, and `"zero"` means 0. If a time occurs
            twice, the last row in the file counts. `""` means that nothing may be missing.
        split: the shares of the parts, as in `"0.8,0.1,0.1"`.
        encoding: the encoding of the file.

    Returns:
        A list of `Series`. The names of the columns to forecast, and the names of the other inputs. The
        columns of the numbers are in this order.

    Raises:
        ValueError: the dataset or a column is unknown, or two columns have that name. The file is
            missing, empty or damaged, or has no line with names. A value is missing or is not a number.
            A time occurs twice or cannot be read, or rows are missing. The message names the line. A
            part of a series is empty.

    Example:

    >>> (etth1,), outputs, inputs = load_many_series("etth1", inputs="LULL")  # doctest: +SKIP
    >>> etth1.parts["test"].shape, str(etth1.step), outputs, inputs  # doctest: +SKIP
    ((2880, 2), 'hour', ['OT'], ['LULL'])
    """
    path = own_path(name)
    if path:
        rows, outputs, others = _read_file(path, column, inputs, series_column, fill, encoding)
    else:
        rows, outputs, others = _read_tfds(name, column, inputs, data_dir)
        if series_column or fill:
            flag = f"--series-column {series_column}" if series_column else f"--fill {fill}"
            raise InputError(
                f"{name} is one series without gaps. Leave out --series-column and --fill, which are "
                f"for your own files. Received: {flag}"
            )
    shares = _read_shares(split)
    series = []
    for key, parts, moments, step in rows:
        if split or set(parts) != set(SPLITS):
            values = np.concatenate([parts[split] for split in SPLITS if split in parts])
            cuts = [int(len(values) * share + 1e-9) for share in np.cumsum(shares[:2])]
            parts = dict(zip(SPLITS, np.split(values, cuts), strict=True))
        empty = [split for split, part in parts.items() if not len(part)]
        if empty:
            total = counted(sum(map(len, parts.values())), "step")
            whose = f" of {key}" if key else ""
            leave_out = "leave this series out, or " if len(rows) > 1 else ""
            raise InputError(
                f"The {empty[0]} part{whose} has 0 of {total}. Give more rows, or {leave_out}give "
                "other shares with --split."
            )
        series.append(Series(key, parts, moments, step))
    return series, outputs, others


def _read_shares(split):
    """The shares of training, validation and test."""
    try:
        shares = [float(share) for share in (split or "0.7,0.1,0.2").split(",")]
    except ValueError:
        shares = []
    if len(shares) != 3 or not all(share > 0 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        raise InputError(
            "--split must be the shares of training, validation and test, which add up to 1, such as "
            f"0.8,0.1,0.1. Received: {split!r:.60}"
        )
    return shares


def _read_tfds(name, column, inputs, data_dir):
    import pandas as pd

    builder = prepare(name, data_dir)
    features = builder.info.features
    numbers = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Scalar) and np.issubdtype(feature.np_dtype, np.number)
    ]
    if not numbers or not builder.info.disable_shuffling:
        raise InputError(f"{name} has no numbers in order of time. Received: {', '.join(features)}")
    outputs = _split_names(name, column, numbers) or numbers[-1:]
    others = [one for one in _split_names(name, inputs, numbers) if one not in outputs]
    splits = read_splits(builder, *outputs, *others)
    parts = {split: np.array(values, "float64") for split, values in splits.items()}
    moments = step = None
    if "date" in features:
        dates = read_splits(builder, "date")
        texts = [row[0].decode() for split in SPLITS if split in dates for row in dates[split]]
        try:
            _, _, readings, _ = times.find_times(name, pd.DataFrame({"date": texts}))
            moments, (step, _) = readings, steps.find_step(readings)
        except InputError:  # the plot has no dates
            pass
    return [("", parts, moments, step)], outputs, others


def _split_names(where, text, names):
    """The names of columns in a text such as "sales,returns"."""
    if not text:
        return []
    chosen = [text] if text in names else [name.strip() for name in text.split(",") if name.strip()]
    for name in chosen:
        check_choice(f"column of {where}", name, list(dict.fromkeys(names)))
        if names.count(name) > 1:
            raise InputError(
                f"{where} has {names.count(name)} columns with the name {name!r}: rename one."
            )
    return list(dict.fromkeys(chosen))


def _read_file(path, column, inputs, series_column, fill, encoding):
    if fill:
        check_choice("--fill", fill, steps.FILLS)
    frame, form, above = read_frame(path, encoding)
    places = {name: i for i, name in enumerate(frame.columns)}  # of two columns with one name, the last
    names = list(frame.columns)
    outputs = _split_names(path, column, names) or [last_column(path, frame, series_column)]
    others = [name for name in _split_names(path, inputs, names) if name not in outputs]
    keys = _split_names(path, series_column, names)
    # A part of a date, such as the hour, may be an input, too.
    used = {*outputs, *keys, *(name for name in others if name.lower() not in times.CYCLES)}
    rest = frame.iloc[:, [i for i, name in enumerate(names) if name not in used or i != places[name]]]
    if not column:
        refuse_numbered(path, frame, form)
    found = times.find_times(path, rest)
    groups = {"": np.arange(len(frame))}
    if keys:
        labels = frame[keys].apply(lambda cells: cells.str.strip()).agg(" ".join, axis=1)
        groups = dict(labels.groupby(labels, sort=False).indices)
    elif found:
        refuse_several(path, rest, found)
    chosen = frame.iloc[:, [places[name] for name in outputs + others]]
    values, commas = read_numbers(path, chosen, form)
    if not fill:
        _refuse_gaps(path, chosen, values)
    rows, notes = [], collections.defaultdict(list)
    for key, indices in groups.items():
        where = f"{path}, series {key}" if keys else str(path)
        row, done = _put_in_order(where, values, found, indices, fill)
        rows.append((key, *row))
        for note in done:
            notes[note].append(key)
    units = {str(step): key for key, *_, step in rows}
    if len(units) > 1:
        received = ", ".join(f"{step} in {key}" for step, key in sorted(units.items())[:5])
        raise InputError(
            f"{path}: all series must have the same step. Give them the same, or delete the rows of "
            f"some. Received: {received}"
        )
    how = [form + " with decimal commas" * commas]
    how += [f"{len(rows)} series by {' and '.join(keys)}"] if keys else []
    how.append(_describe_times(found, rows[0][-1]))
    reason = "" if column else " (the last column with numbers, --column names another)"
    how.append(f"to forecast: {', '.join(outputs)}{reason}")
    how += [f"other inputs: {', '.join(others)}"] if others else []
    done = [f"left out {counted(above, 'line')} above the names of the columns"] if above else []
    for note, some in notes.items():
        if keys:
            note += f", in {len(some)} series ({', '.join(some[:2])}{', ...' * (len(some) > 2)})"
        done.append(note)
    if len(done) > 4:
        done = [*done[:3], f"and {len(done) - 3} more such notes"]
    print_reading(path, ". ".join([", ".join(how), *(note[0].upper() + note[1:] for note in done)]))
    return rows, outputs, others


def _describe_times(found, step):
    if not found:
        return "rows in the order of the file, without times"
    return f"one row every {step}, by {found[0]!r}" if step.unit else f"rows by {found[0]!r}"


def _refuse_gaps(path, cells, values):
    """Raises an `InputError` if a value is missing."""
    gaps = np.argwhere(np.isnan(values))
    if not len(gaps):
        return
    row, i = gaps[0]
    cell = cells.iloc[row, i].strip()
    is_code = cell.lower() not in GAPS
    raise InputError(
        f"{path}, line {cells.index[row]}: {cells.columns[i]} has a gap, the first of {len(gaps)}. "
        "Fill in the value, or use --fill interpolate, --fill previous or --fill zero. "
        f"Received: {cell!r:.60}" + ", which seems to stand for a missing value" * is_code
    )


def _put_in_order(where, values, found, indices, fill):
    """The rows of one series in order of time: parts, times and step. And notes about what was done."""
    even = steps.Even(np.arange(len(indices)), None, None, [])
    if found:
        name, cells, moments, in_zone = found
        even = steps.make_even(where, name, cells.iloc[indices], moments[indices], in_zone, fill)
    # A step without a row is -1 in even.rows: it gets the last row here, of NaN.
    part = np.append(values[indices], [[np.nan] * values.shape[1]], axis=0)[even.rows]
    filled, notes = steps.fill_values(part, fill), [*even.notes]
    kept = ~np.isnan(filled).any(axis=1)  # without values at the ends that cannot be filled
    if not kept.any():
        raise InputError(
            f"{where}: no step has a value in all columns. Add --fill to fill the gaps, or choose "
            "fewer columns."
        )
    if not kept.all():
        notes.append(
            f"left out {counted((~kept).sum(), 'step')} before the first value or after the last"
        )
    if np.isnan(part[kept]).any():
        notes.append(f"filled {counted(np.isnan(part[kept]).sum(), 'missing value')}, --fill {fill}")
    return ({"train": filled[kept]}, None if even.times is None else even.times[kept], even.step), notes
