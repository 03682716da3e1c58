"""Reads a table as a `pandas.DataFrame` with names of columns."""

import itertools
import re

import numpy as np

from zoo.datasets.numbers import GAPS, NUMBER
from zoo.datasets.packages import import_extra
from zoo.datasets.tables import read_table
from zoo.datasets.times import read_dates
from zoo.errors import InputError

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def read_frame(path, encoding="utf-8"):
    """Reads a CSV, TSV or JSON file whose first line has the names of the columns.

    A table with a row for each year and a column for each month gets a row for each month instead.

    Args:
        path: the path of the file.
        encoding: its encoding.

    Returns:
        A `pandas.DataFrame` of texts, whose index has the line numbers. And the form of the file, such
        as "CSV".

    Raises:
        ValueError: the file cannot be read, has no names or no rows, or has times as names of columns.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("date,sales\\n2024-01-01,120\\n")
    >>> frame, form = read_frame(path)
    >>> frame.to_dict("records"), frame.index.tolist(), form
    ([{'date': '2024-01-01', 'sales': '120'}], [2], 'CSV')
    """
    pd = import_extra("pandas", "Tables")
    table = read_table(path, encoding)
    names, rows, lines = table.names, table.rows, table.lines
    if names is None:
        names, rows, lines = [name.strip() for name in rows[0]], rows[1:], lines[1:]
        is_index = names[0] == "" and names[1:] == [str(i) for i in range(len(names) - 1)]  # of pandas
        is_decimal = re.search(r"\d[.,]\d|^-\d", names[-1]) and _is_data(names[-1])
        if not is_index and (is_decimal or all(map(_is_data, names))):
            raise InputError(
                f"{table.path}, line {table.lines[0]}: expected the names of the columns, such as "
                f"date,sales. Add a line with them. Received: {','.join(names)[:60]!r}"
            )
    if not rows:
        raise InputError(
            f"{table.path} is empty: expected a line of column names, then a row for each step."
        )
    frame = pd.DataFrame([[str(cell) for cell in row] for row in rows], lines, names, dtype=str)
    return _make_long(path, frame), table.form


def _is_data(cell):
    """Whether a cell of the first line is a number, a gap or a date, and not a name."""
    import pandas as pd

    is_number = re.fullmatch(NUMBER, cell.lower()) and re.search(r"\d", cell)
    return is_number or cell.lower() in GAPS or bool(read_dates(pd.Series([cell])))


def _make_long(path, frame):
    """Makes a row for each month of a table with a column for each month. Refuses other wide tables."""
    names = [name.lower() for name in frame.columns]
    if len(names) == 13 and [name[:3] for name in names[1:]] == MONTHS:
        long = frame.iloc[:, 1:].stack()
        years = frame.iloc[:, 0].str.replace(r"\.0+$", "", regex=True)
        if not years.str.fullmatch(r"\d{4}").all():
            raise InputError(
                f"{path}: expected years in the first column, before the columns of months."
            )
        months = [f"{year}-{month}" for year in years for month in range(1, 13)]
        long = long.reset_index(level=1, drop=True).to_frame("value")
        long.insert(0, "date", months)
        known = ~long["value"].str.strip().str.lower().isin(GAPS).to_numpy()
        return long.iloc[np.argmax(known) : len(long) - np.argmax(known[::-1])]
    dates = [name for name in frame.columns if re.search(r"\d", name) and _is_data(name)]
    if len(dates) > 4 and 2 * len(dates) > len(names):
        rest = [name for name in frame.columns if name not in dates]
        raise InputError(
            f"{path} has times as names of columns: {', '.join(dates[:3])}, and so on. Write them as "
            f"rows: pandas.read_csv({str(path)!r}).melt({rest}, var_name='date').to_csv('long.csv', "
            "index=False). Then name the column that tells the rows apart with --series-column."
        )
    return frame


def refuse_several(path, frame, found):
    """Raises an `InputError` if a file seems to have several series. It names the right column.

    Args:
        path: the path of the file, for the message.
        frame: a `pandas.DataFrame` of texts.
        found: what `zoo.datasets.times.find_times` returned.
    """
    name, cells, moments, _ = found
    repeated = cells.duplicated(keep=False)
    if len(moments) < 1.5 * len(np.unique(moments)):
        return
    keys = [one for one in dict.fromkeys(frame.columns) if 1 < frame[one].nunique() < len(frame) / 2]
    pairs = [[one] for one in keys] + [list(pair) for pair in itertools.combinations(keys, 2)]
    right = (some for some in pairs if not frame[some].assign(**{"time ": moments}).duplicated().any())
    hint = f"--series-column {','.join(next(right, ['NAME']))}"
    first, second = np.flatnonzero(moments == moments[np.argmax(repeated)])[:2]
    raise InputError(
        f"{path}, lines {cells.index[first]} and {cells.index[second]}: {name} is "
        f"{cells.iloc[first]!r} in both. The file seems to have several series. Name the column that "
        f"tells them apart with {hint}, or keep the rows of one."
    )
