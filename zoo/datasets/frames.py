"""Reads a table as a `pandas.DataFrame` with names of columns."""

import collections
import csv
import itertools
import re

import numpy as np

from zoo.datasets.files import decode, ending_of
from zoo.datasets.numbers import GAPS, NUMBER, as_numbers
from zoo.datasets.packages import import_extra
from zoo.datasets.steps import SEVERAL_SERIES
from zoo.datasets.tables import JSON_ENDINGS, OTHER_FORMS, SEPARATORS, read_table
from zoo.datasets.times import CYCLES, DATE_NAMES, STEP_NAMES, read_dates
from zoo.errors import InputError

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def read_frame(path, encoding="utf-8"):
    """Reads a CSV, TSV or JSON file whose first line has the names of the columns.

    A table with a row for each year and a column for each month gets a row for each month instead.

    Args:
        path: the path of the file.
        encoding: its encoding.

    Returns:
        A `pandas.DataFrame` of texts, whose index has the line numbers. The form of the file, such as
        "CSV". And how many lines above the names were left out, such as a title or comments.

    Raises:
        ValueError: the file cannot be read, has no names or no rows, or has times as names of columns.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("date,sales\\n2024-01-01,120\\n")
    >>> frame, form, above = read_frame(path)
    >>> frame.to_dict("records"), frame.index.tolist(), form, above
    ([{'date': '2024-01-01', 'sales': '120'}], [2], 'CSV', 0)
    """
    pd = import_extra("pandas", "Tables")
    above = _count_above(path, encoding)
    table = read_table(path, encoding, skip=above)
    if table.form == "lines" and "," in table.rows[-1][0]:
        table = read_table(path, encoding, ".csv", above)
    names, rows, lines = table.names, table.rows, table.lines
    if names is None:
        names, rows, lines = [name.strip() for name in rows[0]], rows[1:], lines[1:]
        is_index = names[0] == "" and names[1:] == [str(i) for i in range(len(names) - 1)]  # of pandas
        is_decimal = re.search(r"\d[.,]\d|^-\d", names[-1]) and _is_data(names[-1])
        has_dates = all(_is_date(row[0]) for row in [names, *rows[:5]])  # also in the first row
        if not is_index and (is_decimal or has_dates or all(map(_is_data, names))):
            raise InputError(
                f"{table.path}, line {table.lines[0]}: expected the names of the columns, such as "
                f"date,sales. Add a line with them. Received: {','.join(names)[:60]!r}"
            )
    if not rows:
        raise InputError(
            f"{table.path} is empty: expected a line of column names, then a row for each step."
        )
    if len(names) == 1 and all(len(row[0].split()) > 1 for row in rows[-9:]):
        raise InputError(
            f"{table.path} has only one column. If its columns are separated by spaces, write commas: "
            f"pandas.read_csv({str(path)!r}, sep=r'\\s+', comment='#').to_csv('mine.csv', index=False)"
        )
    frame = pd.DataFrame([[str(cell) for cell in row] for row in rows], lines, names, dtype=str)
    return _make_long(path, frame, table.form), table.form, above


def _count_above(path, encoding):
    """The number of lines above the names of columns, which have fewer columns than most lines."""
    if ending_of(path) in (*JSON_ENDINGS, *OTHER_FORMS):
        return 0
    lines = decode(path, encoding).split("\n")[:2000]
    number = above = usual = 0
    for separator in SEPARATORS:
        rows = [next(csv.reader([line], delimiter=separator), []) for line in lines]
        widths = [max((i for i, cell in enumerate(row, start=1) if cell), default=0) for row in rows]
        width, count = (collections.Counter(filter(None, widths)).most_common(1) or [(0, 0)])[0]
        if width > 1 and count > number:
            number, usual, above = count, width, widths.index(width)
            header, longest = rows[above], max(widths[:above], default=0)
    if not above or lines[0].startswith("sep=") or longest > usual:  # read_table knows sep=
        return 0
    return 0 if any(_is_data(cell) and not _is_date(cell) for cell in header) else above


def _is_data(cell):
    """Whether a cell of the first line is a number, a gap or a date, and not a name."""
    is_number = re.fullmatch(NUMBER, cell.lower()) and re.search(r"\d", cell)
    return is_number or cell.lower() in GAPS or _is_date(cell)


def _is_date(cell):
    import pandas as pd

    return bool(read_dates(pd.Series([cell])))


def _make_long(path, frame, form):
    """Makes a row for each month of a table with a column for each month. Refuses other wide tables."""
    names = [name.lower() for name in frame.columns]
    if len(names) == 13 and [name[:3] for name in names[1:]] == MONTHS:
        long = frame.iloc[:, 1:].stack()
        years = frame.iloc[:, 0].str.replace(r"\.0+$", "", regex=True)
        is_year = years.str.fullmatch(r"\d{4}")
        if not is_year.all():
            bad = int(np.argmin(is_year))
            raise InputError(
                f"{path}, line {frame.index[bad]}: expected a year in the first column, before the "
                "columns of months. Delete the line if it has no year. "
                f"Received: {years.iloc[bad]!r:.60}"
            )
        months = [f"{year}-{month}" for year in years for month in range(1, 13)]
        long = long.reset_index(level=1, drop=True).to_frame("value")
        long.insert(0, "date", months)
        known = ~long["value"].str.strip().str.lower().isin(GAPS).to_numpy()
        return long.iloc[np.argmax(known) : len(long) - np.argmax(known[::-1])]
    dates = [name for name in frame.columns if re.search(r"\d", name) and _is_data(name)]
    if len(dates) > 4 and 2 * len(dates) > len(names):
        _refuse_wide(path, frame, form, dates, "times as names of columns")
    return frame


def last_column(path, frame, series_column):
    """The name of the last column that has mostly numbers, and no times by its name.

    A column that never changes is taken only if all are like that.

    Args:
        path: the path of the file, for the message.
        frame: a `pandas.DataFrame` of texts.
        series_column: the name of a column that does not count, or "".

    Raises:
        ValueError: no column has numbers, and the last one has no name.

    Example:

    >>> import pandas as pd
    >>> last_column("a.csv", pd.DataFrame({"price": ["1.5", "2"], "tax": ["0", "0"]}), "")
    'price'
    """
    taken = {*DATE_NAMES, *CYCLES, *STEP_NAMES, series_column.lower()}
    found = []
    for i in reversed(range(len(frame.columns))):
        name = frame.columns[i]
        cells = frame.iloc[:, i].str.strip(" $€£%").str.lower()
        if len(frame.columns) == 1 or name.lower() not in taken:
            known = cells[~cells.isin(GAPS)]
            if known.str.fullmatch(NUMBER).mean() > 0.5:
                found.append((known.nunique() == 1, name))
    if found:
        return min(found, key=lambda one: one[0])[1]
    name = frame.columns[-1]
    if not name:
        raise InputError(f"The last column of {path} has no name: give it one in line 1.")
    return name


def refuse_numbered(path, frame, form):
    """Raises an `InputError` if a table without times has columns such as V1, V2, V3, as M4 has.

    Args:
        path: the path of the file, for the message.
        frame: a `pandas.DataFrame` of texts.
        form: the form of the file, such as "CSV".
    """
    first = dict(zip(frame.columns, frame.iloc[0].str.strip().str.lower(), strict=True))
    numbered = [name for name in frame.columns if re.fullmatch(r"\D*\d+", name)]
    numbered = [name for name in numbered if re.fullmatch(NUMBER, first[name]) or first[name] in GAPS]
    numbers = [int(re.sub(r"\D", "", name)) for name in numbered]
    others = [frame.iloc[:, i] for i, name in enumerate(frame.columns) if name not in numbered]
    if any(as_numbers(cells) is not None or read_dates(cells) for cells in others):
        return
    if len(numbers) > 9 and 2 * len(numbers) > len(frame.columns) and (np.diff(numbers) == 1).all():
        what = "no times, and its steps as names of columns"
        hint = " If each row is a step, name the column to forecast with --column."
        _refuse_wide(path, frame, form, numbered, what, "step", hint)


def _refuse_wide(path, frame, form, steps, what, name="date", hint=""):
    rest = [name for name in frame.columns if name not in steps]
    separator = {"TSV": ", sep='\\t'", "CSV with semicolons": ", sep=';'"}.get(form, "")
    raise InputError(
        f"{path} seems to have {what}: {', '.join(steps[:3])}, and so on. Write them as rows: "
        f"pandas.read_csv({str(path)!r}{separator}).melt({rest}, var_name={name!r}).dropna()"
        ".to_csv('long.csv', index=False). Then name the column that tells the rows apart with "
        f"--series-column.{hint}"
    )


def refuse_several(path, frame, found):
    """Raises an `InputError` if a file seems to have several series. It names the right column.

    Args:
        path: the path of the file, for the message.
        frame: a `pandas.DataFrame` of texts.
        found: what `zoo.datasets.times.find_times` returned.
    """
    name, cells, moments, _ = found
    repeated, mean = cells.duplicated(keep=False), len(moments) / len(np.unique(moments))
    if repeated.mean() < 0.1:
        return
    frame = frame.loc[:, ~frame.columns.duplicated()]
    keys = [one for one in frame.columns if 1 < frame[one].nunique() < len(frame) / 2]
    pairs = [[one] for one in keys] + [list(pair) for pair in itertools.combinations(keys, 2)]
    right = (some for some in pairs if not frame[some].assign(**{"time ": moments}).duplicated().any())
    key = ",".join(next(right, []))
    if not key and mean < 1.5:  # copies of rows
        return
    hint = SEVERAL_SERIES
    if key:
        hint = (
            "The file seems to have several series. Name the column that tells them apart with "
            f"--series-column {key}, or keep the rows of one."
        )
    first, second = np.flatnonzero(moments == moments[np.argmax(repeated)])[:2]
    raise InputError(
        f"{path}, lines {cells.index[first]} and {cells.index[second]}: {name} is "
        f"{cells.iloc[first]!r} in both. {hint}"
    )
