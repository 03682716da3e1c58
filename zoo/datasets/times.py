"""When each row of a series was: which column says so, and whether the rows are evenly spaced."""

import collections
import re

import numpy as np

from zoo.errors import InputError

DATE_NAMES = ("date", "datetime", "timestamp", "ds", "datum", "fecha", "data")
NUMBER_NAMES = (
    *DATE_NAMES,
    *("", "t", "time", "step", "index", "period", "year", "month", "week", "day", "hour", "minute"),
    *("zeit", "schritt", "jahr", "monat", "woche", "tag", "stunde"),
    *("temps", "année", "annee", "mois", "semaine", "jour", "heure"),
    *("tiempo", "año", "ano", "mes", "semana", "dia", "día", "hora"),
)
CYCLE = 60  # numbers up to 60 that begin again and again: hours of the day, days of the month
FORMATS = (  # beside those that pandas guesses
    *("%Y %m %d", "%Y %b %d", "%Y %B %d", "%b %Y", "%B %Y", "%Y %b", "%Y %B", "%G-W%V-%u"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%b-%y"),
)
DAY = 24 * 3600


def runs_backward(path, columns, lines):
    """Whether the rows of a file run from the newest to the oldest.

    Args:
        path: of the file, for messages.
        columns: a dict of name to the cells of the column, str, without the column to forecast.
        lines: the number of each row's line in the file.

    Returns:
        A bool; False too if no column says when a row was.

    Raises:
        ValueError: a time that is there twice, rows that are out of order or missing, or a time that
            cannot be read, with its line.
    """
    found = _find_times(path, columns, lines)
    if found is None or len(lines) < 3:
        return False
    name, cells, times, is_date = found
    steps = np.diff(times)
    backward = bool((steps < 0).sum() > (steps > 0).sum())
    if backward:
        cells, lines, times = cells[::-1], lines[::-1], times[::-1]
    if is_date:
        times = _without_summer_time(times)
    _refuse_repeated(path, name, cells, lines, times)
    steps = np.diff(times)
    if (steps < 0).any():
        i = int(np.argmax(steps < 0))
        first, second = sorted((i, i + 1), key=lambda i: lines[i])
        raise InputError(
            f"{path}, line {lines[second]}: {name} {cells[second]!r} is out of order after "
            f"{cells[first]!r}. Sort the rows by time."
        )
    is_even, usual = _even_dates(times) if is_date else _even_numbers(times)
    if not is_even.all():
        i = int(np.argmin(is_even))
        raise InputError(
            f"{path}, line {lines[i + 1]}: {name} goes from {cells[i]!r} (line {lines[i]}) to "
            f"{cells[i + 1]!r}, while the usual step is {usual}. Add the rows that are missing, or "
            "leave out what is before."
        )
    return backward


def _find_times(path, columns, lines):
    """The column of the times: its name, its cells, its times as numbers, and whether they are dates."""
    columns = {name.lower(): cells for name, cells in columns.items()}
    if {"year", "month"} <= set(columns):  # the parts of a date in columns of their own
        parts = [columns["year"], columns["month"], columns.get("day", ["1"] * len(lines))]
        cells = [" ".join(some) for some in zip(*parts, strict=True)]
        hours = columns.get("hour")
        if hours:
            cells = [f"{cell} {int(hour):02d}" if hour.isdigit() else cell for cell, hour in zip(cells, hours, strict=True)]
        times = _parse_dates(cells)
        if times is not None and not np.isnan(times).any():
            return "the time", cells, times, True
    for name in sorted(columns, key=lambda name: name not in DATE_NAMES):  # stable
        cells = columns[name]
        for other in ("time", "hour"):
            if name in DATE_NAMES and other in columns and other != name:
                cells = [f"{a} {b.zfill(2)}" + ":00" * (":" not in b) for a, b in zip(cells, columns[other], strict=True)]
                break
        if _parse_numbers(cells) is not None and not _are_compact_dates(cells, name):
            continue
        times = _parse_dates(cells)
        if times is None:
            if name in DATE_NAMES and _parse_numbers(cells) is None:
                raise InputError(
                    f"{path}, line {lines[0]}: cannot read the time in {name!r}. Write it as 2024-12-31 "
                    f"or 2024-12-31 18:30. Received: {cells[0]!r:.60}"
                )
            continue
        if np.isnan(times).any():
            if name not in DATE_NAMES:
                continue
            i = int(np.argmax(np.isnan(times)))
            raise InputError(
                f"{path}, line {lines[i]}: cannot read the time in {name!r}, as in the rows before. "
                f"Received: {cells[i]!r:.60}"
            )
        return name, cells, times, True
    for i, (name, cells) in enumerate(columns.items()):
        times = _parse_numbers(cells)
        if times is None or _is_cycle(times):
            continue
        are_years = i == 0 and ((times >= 1000) & (times < 3000) & (times == np.round(times))).all()
        if name in NUMBER_NAMES or (are_years and len({*np.diff(times)}) == 1):
            return name or "the first column", cells, times, False
    return None


def _parse_numbers(cells):
    try:
        numbers = np.array(cells, "float64")
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _is_cycle(numbers):
    begins = numbers[1:][np.diff(numbers) < 0]  # where it falls back
    return len(begins) > 0 and numbers.max() <= CYCLE and set(begins) <= {numbers.min()}


def _are_compact_dates(cells, name):
    """Whether numbers are dates: 20241231, or 202412 in a column that is called so."""
    if all(re.fullmatch(r"(1[5-9]|2[0-2])\d\d(0[1-9]|1[012])[0-3]\d", cell) for cell in cells):
        return True
    is_month = all(re.fullmatch(r"(1[5-9]|2[0-2])\d\d(0[1-9]|1[012])", cell) for cell in cells)
    return is_month and name in NUMBER_NAMES


def _parse_dates(cells):
    """Seconds since 1970 by the clock on the wall, NaN for a cell that is no date; None if most are."""
    if not re.search(r"\d", cells[0]):
        return None
    try:
        import pandas as pd
        from pandas.tseries.api import guess_datetime_format
    except ModuleNotFoundError:
        raise InputError(
            "Dates in a CSV need the package pandas: install rnn-zoo with its extra 'recipes'."
        ) from None
    cells = [re.sub(r"(:\d\d(?:\.\d+)?) ?(?:Z|UTC|[+-]\d\d:?\d\d)$", r"\1", cell) for cell in cells]
    cells = [re.sub(r"^(\d{4})[ -]?W(\d\d?)$", r"\1-W\2-1", cell) for cell in cells]
    quarter = [re.fullmatch(r"(?:(\d{4})[ -]?)?Q([1-4])(?:[ -/]?(\d{4}))?", cell) for cell in cells]
    if all(quarter):
        cells = [f"{m[1] or m[3]}-{3 * int(m[2]) - 2:02d}" for m in quarter]
    if re.fullmatch(r"\d{6}", cells[0]):
        cells = [f"{cell[:4]}-{cell[4:]}" for cell in cells]
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a date is not day first
        guesses = [guess_datetime_format(cells[0], dayfirst=first) for first in (False, True)]
    best = None
    for form in dict.fromkeys((*guesses, "%d/%m/%Y", "%Y %m %d %H", *FORMATS)):
        if form is None:
            continue
        found = pd.to_datetime(pd.Series(cells), format=form, errors="coerce")
        if best is None or found.isna().sum() < best.isna().sum():
            best = found
        if not best.isna().any():
            break
    if best.isna().sum() > len(cells) / 2:
        return None
    seconds = best.to_numpy("datetime64[ms]").astype("float64") / 1000
    return np.where(best.isna(), np.nan, seconds)
