"""Checks that the rows of a series have even steps of time."""

import re
import warnings

import numpy as np

from zoo.errors import InputError

DATE_NAMES = ("date", "datetime", "timestamp", "ds", "datum", "fecha")
CYCLES = {  # numbers that start again, and the highest of them
    **dict.fromkeys(("month", "monat", "mois", "mes"), 12),
    **dict.fromkeys(("hour", "stunde", "heure", "hora"), 24),
    **dict.fromkeys(("day", "tag", "jour", "dia", "día"), 31),
    **dict.fromkeys(("week", "woche", "semaine", "semana"), 53),
    "minute": 60,
}
NUMBER_NAMES = (
    *DATE_NAMES,
    *CYCLES,
    *("", "t", "time", "step", "index", "period", "year"),
    *("zeit", "schritt", "jahr", "temps", "année", "annee", "tiempo", "año", "ano"),
)
FORMATS = (  # in addition to those that pandas guesses
    *("%d/%m/%Y", "%Y %m %d", "%Y %m %d %H:%M", "%Y %b %d", "%Y %B %d", "%b %Y", "%B %Y", "%Y %b"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%b-%y", "%Y-%b", "%m/%Y", "%m.%Y"),
    "%G-W%V-%u",
)
ZONE = r"(?:Z|UTC|[+-]\d\d:?\d\d)$"
HOUR, DAY = 3_600_000, 24 * 3_600_000  # in milliseconds, like all times in this file
UNITS = ((DAY, "day"), (HOUR, "hour"), (60_000, "minute"), (1000, "second"), (1, "millisecond"))


def runs_backward(path, columns, lines):
    """Says whether the rows of a file run from the newest to the oldest.

    Args:
        path: the path of the file, for messages.
        columns: a dict of the name of each column to its cells, a list of str, without the column to
            forecast.
        lines: the line number of each row.

    Returns:
        True if the newest row comes first. False if the oldest does, or if no column has times.

    Raises:
        ValueError: a time occurs twice or cannot be read, or rows are out of order or missing. The
            message names the line.
    """
    found = _find_times(path, columns, lines)
    if found is None:
        return False
    name, cells, readings, are_dates = found
    errors = []
    for times in readings:  # 01/02/2024 has two readings: the even one is right
        try:
            return _check(path, name, cells, lines, times, are_dates)
        except InputError as error:
            errors.append(error)
    raise errors[0]


def _check(path, name, cells, lines, times, are_dates):
    """Whether the times run backward. Raises an `InputError` if they are not evenly spaced."""
    steps = np.diff(times)
    backward = bool((steps < 0).sum() > (steps > 0).sum())
    if backward:
        cells, lines, times = cells[::-1], lines[::-1], times[::-1]
    zones = {match and match[0] for match in (re.search(ZONE, cell) for cell in cells)}
    if are_dates and (len(zones) > 1 or None in zones):  # in a fixed time zone, clocks never change
        times = _without_summer_time(times)
    _refuse_repeated(path, name, cells, lines, times)

    def say(i):
        first, second = (i + 1, i) if backward else (i, i + 1)
        return (
            f"{path}, lines {lines[first]} and {lines[second]}: {name} goes from {cells[first]!r} to "
            f"{cells[second]!r}"
        )

    is_back = np.diff(times) < 0
    if is_back.any():
        where = say(int(np.argmax(is_back)))
        raise InputError(f"{where}, against the order of the other rows. Sort the rows by time.")
    is_even, usual = _check_dates(times) if are_dates else _check_numbers(times)
    if not is_even.all():
        raise InputError(
            f"{say(int(np.argmin(is_even)))}, but the usual step is {usual}. Add the missing rows, "
            "or delete all rows before the gap."
        )
    return backward


def _find_times(path, columns, lines):
    """The column with the times: its name, its cells, their readings, and whether they are dates."""
    columns = {name.lower(): cells for name, cells in columns.items()}
    if {"year", "month"} <= set(columns):  # the parts of a date
        parts = [columns["year"], columns["month"], columns.get("day", ["1"] * len(lines))]
        columns["date"] = [" ".join(some) for some in zip(*parts, strict=True)]
    date = next((name for name in columns if name in DATE_NAMES), None)
    for part in ("time", "hour"):
        if date and part in columns and len({*columns[date]}) < len(lines):
            pairs = zip(columns[date], columns[part], strict=True)
            columns[date] = [
                f"{day} {time.zfill(2)}{'' if ':' in time else ':00'}" for day, time in pairs
            ]
    for name in sorted(columns, key=lambda name: name != date):  # the date first
        cells = columns[name]
        readings = _as_dates(cells, name)
        whole = [times for times in readings if not np.isnan(times).any()]
        if whole:
            return name, cells, whole, True
        if name in DATE_NAMES and _as_numbers(cells) is None:
            i = int(np.argmax(np.isnan(readings[0]))) if readings else 0
            raise InputError(
                f"{path}, line {lines[i]}: cannot read the time in {name}. Write it as 2024-12-31 or "
                f"2024-12-31 18:30. Received: {cells[i]!r:.60}"
            )
    for i, (name, cells) in enumerate(columns.items()):
        times = _as_numbers(cells)
        if times is None or _is_cycle(name, times):
            continue
        are_years = i == 0 and ((times >= 1000) & (times < 3000)).all() and len({*np.diff(times)}) == 1
        if name in NUMBER_NAMES or are_years:
            return name or "the first column", cells, [times], False
    _refuse_unread(path, columns, lines)
    return None


def _refuse_unread(path, columns, lines):
    """Raises an `InputError` if a column seems to have times in an unknown form."""
    for name, cells in columns.items():
        numbers = _as_numbers(cells)
        column = name or "the first column"
        if numbers is not None and len(numbers) > 2 and (np.diff(numbers) < 0).all():
            raise InputError(
                f"{path}: {column} falls from each row to the next. Does the file begin with the "
                "newest row? Sort it from the oldest to the newest, or delete that column."
            )
        have_digits = sum(bool(re.search(r"\d", cell)) for cell in cells) > 0.9 * len(cells)
        if numbers is None and have_digits and len({*cells}) > 0.9 * len(cells) > 1:
            raise InputError(
                f"{path}, line {lines[0]}: if {column} has the times of the rows, write them as "
                "2024-12-31 or 2024-12-31 18:30, so that the order of the rows can be checked. If "
                f"not, delete that column. Received: {cells[0]!r:.60}"
            )


def _as_numbers(cells):
    try:
        numbers = np.array(cells, "float64")
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _is_cycle(name, numbers):
    """Whether numbers, such as months, start again after the highest one."""
    falls = np.flatnonzero(np.diff(numbers) < 0)
    most = CYCLES.get(name, -1)
    if not len(falls) or numbers.max() > most:
        return False
    is_through = numbers[falls] >= most - (3 if most == 31 else 1)  # counted from 0; February
    return is_through.all() and {*numbers[falls + 1]} == {numbers.min()}


def _as_dates(cells, name):
    """The possible readings of cells as dates, the most likely one first.

    A reading is an array of milliseconds since 1970, local time, with NaN for a cell that is not a
    date. There is no reading if most cells are not dates.
    """
    if all(re.fullmatch(r"(1[5-9]|2[0-2])\d\d(0[1-9]|1[012])([0-3]\d)?", cell) for cell in cells):
        if len(cells[0]) == 6 and name not in NUMBER_NAMES:
            return []
        cells = ["-".join(filter(None, (cell[:4], cell[4:6], cell[6:]))) for cell in cells]
    elif not re.search(r"\d", cells[0]) or _as_numbers(cells) is not None:
        return []
    try:
        import pandas as pd
        from pandas.tseries.api import guess_datetime_format
    except ModuleNotFoundError:
        raise InputError(
            "Dates in a CSV need the package pandas: install rnn-zoo with its extra 'recipes'."
        ) from None
    cells = [re.sub(rf"(:\d\d(?:\.\d+)?) ?{ZONE}", r"\1", cell) for cell in cells]
    cells = [re.sub(r"^(\d{4})[ -]?W(\d\d)$", r"\1-W\2-1", cell) for cell in cells]
    cells = [re.sub(r"^(\d{4})[ -]?Q([1-4])$", _first_month, cell) for cell in cells]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning that the day is not first
        orders = (False,) if re.match(r"\d{4}", cells[0]) else (False, True)  # the month follows a year
        guesses = [guess_datetime_format(cells[0], dayfirst=order) for order in orders]
    readings = []
    for form in dict.fromkeys((*filter(None, guesses), *FORMATS)):
        if pd.isna(pd.to_datetime(cells[0], format=form, errors="coerce")):
            continue
        dates = pd.to_datetime(pd.Series(cells), format=form, errors="coerce")
        if dates.notna().mean() > 0.5:
            times = dates.to_numpy("datetime64[ms]").astype("float64")
            readings.append(np.where(dates.isna(), np.nan, times))
    return sorted(readings, key=_is_unlikely)


def _is_unlikely(times):
    steps = np.diff(times)
    return np.isnan(times).sum(), -(steps == _usual(steps)).sum()


def _first_month(quarter):
    return f"{quarter[1]}-{3 * int(quarter[2]) - 2:02d}"


def _usual(steps):
    """The most frequent of some numbers."""
    if not len(steps):
        return 0
    values, counts = np.unique(steps, return_counts=True)
    return values[counts.argmax()]


def _say(number, word):
    return f"{number:g} {word}{'' if number == 1 else 's'}"


def _without_summer_time(times):
    """Undoes daylight saving time: the hour missing in spring, and the one counted twice in fall.

    Clocks change on a Sunday in March, April, September, October or November, before 4 o'clock.
    """
    steps = np.diff(times)
    usual = _usual(steps)
    moments = times[:-1].astype("datetime64[ms]")
    month = moments.astype("datetime64[M]").astype(int) % 12 + 1
    is_sunday = (times[:-1] // DAY + 4) % 7 == 0  # 1970 began on a Thursday
    may_change = is_sunday & (times[:-1] % DAY < 4 * HOUR) & np.isin(month, (3, 4, 9, 10, 11))
    change = np.where(may_change & (np.abs(steps - usual) == HOUR) & (usual < DAY), steps - usual, 0)
    return times - np.concatenate([[0], np.cumsum(change)])


def _refuse_repeated(path, name, cells, lines, times):
    _, first, counts = np.unique(times, return_index=True, return_counts=True)
    if (counts == 1).all():
        return
    i = first[np.argmax(counts > 1)]
    i, j = np.flatnonzero(times == times[i])[:2]
    first, second = sorted((lines[i], lines[j]))
    hint = "Give each time one row."
    if counts.mean() >= 1.5:
        hint = "The file seems to have several series. Keep the rows of one."
    raise InputError(f"{path}, lines {first} and {second}: {name} is {cells[i]!r} in both. {hint}")


def _check_numbers(times):
    steps = np.diff(times)
    usual = np.median(steps) if len(steps) else 1
    return np.abs(steps - usual) <= 0.01 * usual, f"{usual:g}"


def _check_dates(times):
    """Which steps have the usual length, by the calendar that fits best, and that length in words."""
    if len(times) < 3:
        return np.array([True]), ""
    import pandas as pd

    steps = np.diff(times)
    length = _usual(steps)
    unit, word = next((unit, word) for unit, word in UNITS if length % unit == 0)
    answers = [(steps == length, _say(length // unit, word))]
    dates = times.astype("datetime64[ms]")
    days, months = dates.astype("datetime64[D]"), dates.astype("datetime64[M]")
    if length >= 28 * DAY:  # months, quarters or years, on the same day or on the last one
        last = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
        day = (days - months.astype("datetime64[D]")).astype(int) + 1
        on_day = (day == np.minimum(day.max(), last)) & (times % DAY == times[0] % DAY)
        number = np.diff(months).astype(int)
        answers.append(((number == _usual(number)) & on_day[1:], _say(_usual(number), "month")))
    if np.is_busday(days).all():  # Monday to Friday
        number = np.busday_count(days[:-1], days[1:])
        is_even = (number == _usual(number)) & (np.diff(times % DAY) == 0)
        answers.append((is_even, _say(_usual(number), "working day")))
    number = np.diff(months).astype(int)
    if (number == number[0]).all() and pd.infer_freq(pd.DatetimeIndex(dates)):
        return np.ones(len(steps), bool), ""  # the last working day, the third Friday
    return max(answers, key=lambda answer: answer[0].sum())
