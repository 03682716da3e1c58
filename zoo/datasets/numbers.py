"""Reads numbers as people write them."""

import re

import numpy as np

from zoo.errors import InputError

GAPS = ("", "-", "--", ".", "..", ":", "?", "na", "n/a", "#n/a", "nan", "none", "null", "missing")
NUMBER = r"[-+]?(\d{1,3}([.,' ]\d{3})+|\d*)([.,]\d+)?(e[-+]?\d+)?"  # with either decimal mark
BLANKS = str.maketrans("\u2212\u2019", "-'", " \t\u00a0\u202f\u2009$€£¥%")  # a minus, an apostrophe


def read_numbers(path, frame, form="CSV"):
    """Reads the cells of some columns as numbers.

    A number may be written as 1234.5, 1,234.5, 1'234.5 or 1 234.5, with a currency or a percent sign.
    If other cells, such as 1.234,5 or 2,75, show that commas are decimal, points separate thousands.
    True is 1, False is 0. A value such as -999 or -200, far below all others, counts as missing.

    Args:
        path: the path of the file, for messages.
        frame: a `pandas.DataFrame` of texts. Its index has the line numbers.
        form: how the file separates columns, see `zoo.datasets.tables.Table`. If no cell helps, commas
            are decimal in a file with semicolons, and separate thousands in others.

    Returns:
        Floats `[rows, columns]`, with NaN for missing values. And whether commas are decimal.

    Raises:
        ValueError: a cell is not a number. The message names the line. Or all numbers are like 1,234,
            in a file with tabs or `|`.

    Example:

    >>> import pandas as pd
    >>> values, _ = read_numbers("mine.csv", pd.DataFrame({"sales": ["1.250,5", "3,75", "?"]}))
    >>> values.tolist()
    [[1250.5], [3.75], [nan]]
    """
    import pandas as pd

    text = frame.apply(lambda cells: cells.str.translate(BLANKS).str.lower())
    text = text.replace({"true": "1", "false": "0"})
    decimal_commas = _commas_are_decimal(path, [text.iloc[:, i] for i in range(text.shape[1])], form)
    point, thousands = (",", ".") if decimal_commas else (".", ",")
    number = rf"[-+]?(\d{{1,3}}([{thousands}']\d{{3}})+|\d*)([{point}]\d*)?(e[-+]?\d+)?"
    values = np.empty(text.shape)
    for i, name in enumerate(frame.columns):
        cells = text.iloc[:, i]
        plain = cells.str.replace(rf"[{thousands}']", "", regex=True).str.replace(point, ".")
        column = pd.to_numeric(plain.where(cells.str.fullmatch(number), ""), errors="coerce").to_numpy()
        is_bad = ~np.isfinite(column) & ~cells.isin(GAPS).to_numpy()
        if is_bad.any():
            row = np.argmax(is_bad)
            raise InputError(
                f"{path}, line {frame.index[row]}: expected a number in {name}. "
                f"Received: {frame.iloc[row, i].strip()[:60]!r} ({is_bad.sum():,} of {len(is_bad):,} "
                f"cells {'is no number' if is_bad.sum() == 1 else 'are no numbers'})"
            )
        values[:, i] = _without_codes(column)
    return values, decimal_commas


def as_numbers(cells):
    """Cells as an array of floats, or None if some are no finite numbers.

    Example:

    >>> import pandas as pd
    >>> as_numbers(pd.Series(["1", "2.5"])).tolist(), as_numbers(pd.Series(["1", ""]))
    ([1.0, 2.5], None)
    """
    try:
        numbers = cells.to_numpy("float64")
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _commas_are_decimal(path, columns, form):
    """Whether numbers are written as 1.234,5, and not as 1,234.5."""
    columns = [cells[cells.str.fullmatch(r"[-+]?[\d.,]*\d")].unique() for cells in columns]
    cells = np.concatenate(columns)
    if any(re.search(r"\.\d{3}[,.]|,\d{1,2}$|,\d{4,}$|^[-+]?0?,", cell) for cell in cells):
        return True
    if any(re.search(r",\d{3}[.,]|\.\d{1,2}$|\.\d{4,}$|^[-+]?0?\.", cell) for cell in cells):
        return False
    with_commas = [cell for cell in cells if "," in cell]
    if form == "CSV with semicolons":
        return bool(with_commas) or _some_have(".", columns)
    if with_commas and form in ("TSV", "CSV with |") and not _some_have(",", columns):
        raise InputError(
            f"{path} leaves open whether {with_commas[0]} means {with_commas[0].replace(',', '')} or "
            f"{with_commas[0].replace(',', '.')}. Write the numbers in one of these two ways."
        )
    return False


def _some_have(mark, columns):
    """Whether a column has numbers with and without a mark. Then it separates thousands: 999, 1.012."""
    return any(0 < sum(mark in cell for cell in cells) < len(cells) for cells in columns)


def _without_codes(column):
    """A column with NaN in place of a number that some programs write for a missing value."""
    known = column[~np.isnan(column)]
    if not len(known) or known.min() == known.max():
        return column
    least, next_least = np.unique(known)[:2]
    is_code = re.fullmatch(r"-(99+(\.9+)?|200)", f"{least:g}")
    enough = 1 if least < -900 else 2
    if is_code and next_least > least / 3 and (known == least).sum() >= enough:
        return np.where(column == least, np.nan, column)
    return column
