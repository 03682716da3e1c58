"""Puts the rows of a series into even steps of time."""

import typing

import numpy as np

from zoo.errors import InputError, counted

FILLS = ("interpolate", "previous", "zero")
HOUR, DAY = 3_600_000, 24 * 3_600_000  # in milliseconds
UNITS = {"week": 7 * DAY, "day": DAY, "hour": HOUR, "minute": 60_000, "second": 1000, "millisecond": 1}
MONTHS = {"year": 12, "quarter": 3, "month": 1}
SEVERAL_SERIES = (  # advice if times occur again and again
    "Give each time one row, such as the sum of its rows. Or name the column that tells several series "
    "apart with --series-column NAME."
)


class Step(typing.NamedTuple):
    """The time from one row to the next, such as 15 minutes: `Step(15, "minute")`.

    The unit is "" if the rows are only numbered.
    """

    number: float
    unit: str

    def __str__(self):
        unit = self.unit if self.number == 1 else f"{self.number:g} {self.unit}s"
        return unit if self.unit else f"{self.number:g}"


def usual(steps):
    """The most frequent of some numbers, or 0 if there are none.

    Example:

    >>> int(usual(np.array([1, 1, 3])))
    1
    """
    values, counts = np.unique(steps, return_counts=True)
    return values[counts.argmax()] if len(values) else 0


class Even(typing.NamedTuple):
    """Rows in even steps of time."""

    rows: np.ndarray  # the index of the row of each step, -1 for a step without a row
    times: np.ndarray  # of each step
    step: Step
    notes: list  # of texts: what was done to the rows


def make_even(where, name, cells, times, in_zone, fill=""):
    """Sorts rows by time, and finds their step.

    Months, quarters and years count as even steps. So do working days, without a few holidays, and the
    days on which clocks change.

    Args:
        where: the path of the file, for messages.
        name: the name of the column with the times.
        cells: the texts of the times, a `pandas.Series`. Its index has the line numbers.
        times: the times of the rows, datetime64 or floats.
        in_zone: whether the times have a time zone, so that their clocks never change.
        fill: how missing rows will be filled, one of `FILLS`, or "" if they are not allowed.

    Returns:
        An `Even`.

    Raises:
        ValueError: a time occurs twice, or the steps are uneven. The message names the lines.

    Example:

    >>> import pandas as pd
    >>> days = pd.Series(["2024-01", "2024-03", "2024-02", "2024-05"], index=[2, 3, 4, 5])
    >>> times = days.to_numpy("datetime64[ms]")
    >>> make_even("a.csv", "month", days, times, in_zone=False)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: a.csv, lines 3 and 5: month goes from '2024-03' to '2024-05', but the ...
    >>> even = make_even("a.csv", "month", days, times, in_zone=False, fill="previous")
    >>> even.rows.tolist(), str(even.step)
    ([0, 2, 1, -1, 3], 'month')
    """
    rows, times, notes = _sort(times, in_zone, cells.index, name)
    rows, times, copies = _drop_copies(where, name, cells, rows, times, fill)
    notes += copies
    step, ticks = find_step(times)
    if fill:
        if np.abs(ticks - np.round(ticks)).max() > 0.01:
            notes.append(f"moved some rows to even steps of {step}")
        ticks = np.round(ticks)
        is_last = np.append(np.diff(ticks) > 0, True)  # of the rows that belong to one step
        if not is_last.all():
            notes.append(
                f"left out {counted((~is_last).sum(), 'row')} less than one step before the next"
            )
        rows, times, ticks = rows[is_last], times[is_last], ticks[is_last]
        num_steps = int(ticks[-1]) + 1
        if num_steps > 10 * len(rows) + 10:
            raise InputError(
                f"{where}: too much is missing. {name} has {len(rows):,} rows, but there are "
                f"{num_steps:,} steps of {_length_of(step)} from the first to the last. Correct the "
                "times that are far from the others, or delete their rows."
            )
    elif step.unit.endswith("working day") and _are_holidays(ticks):
        missing = int(ticks[-1]) + 1 - len(ticks)
        if missing:
            first = np.argmax(np.diff(ticks) > 1)
            notes.append(
                f"left out {counted(missing, 'working day')} without a row as holidays, the first one "
                f"after {cells.iloc[rows[first]]} (or use --fill previous)"
            )
        ticks = np.arange(len(ticks))
    else:
        _refuse_uneven(where, name, cells, rows, ticks, step)
    places = ticks.astype("int64")
    found = np.full(places[-1] + 1, -1)
    found[places] = rows
    numbers = np.interp(np.arange(len(found)), places, times.astype("float64"))
    return Even(found, numbers.astype(times.dtype), step, notes)


def _sort(times, in_zone, lines, name):
    """The order of the rows, their times in this order, and notes."""
    order, notes, steps = np.arange(len(times)), [], np.diff(times.astype("float64"))
    if (steps < 0).sum() > (steps > 0).sum():
        order, steps = order[::-1], -steps[::-1]
        notes = ["the newest row came first"]
    times = times[order]
    are_dates, longest = times.dtype.kind == "M", -steps.min(initial=0)
    if are_dates and not in_zone and longest <= HOUR:  # only clocks may have been turned back
        times = _without_summer_time(times)
    if (np.diff(times.astype("float64")) < 0).any():
        line = lines[order[np.argmax(np.diff(times.astype("float64")) < 0) + 1]]
        notes = [f"sorted the rows by {name}, because line {line} is older than the one before it"]
        again = np.argsort(times, kind="stable")
        order, times = order[again], times[again]
        if are_dates and not in_zone:
            times = _without_summer_time(times)
    return order, times, notes


def _without_summer_time(times):
    """Undoes daylight saving time: the hour missing in spring, and the one counted twice in fall.

    Clocks change on a Sunday in March, April, September, October or November, before 4 o'clock.
    """
    numbers = times.astype("int64")
    steps = np.diff(numbers)
    length = usual(steps)
    month = times[:-1].astype("datetime64[M]").astype(int) % 12 + 1
    is_sunday = (numbers[:-1] // DAY + 4) % 7 == 0  # 1970 began on a Thursday
    may_change = is_sunday & (numbers[:-1] % DAY < 4 * HOUR) & np.isin(month, (3, 4, 9, 10, 11))
    is_change = may_change & (np.abs(steps - length) == HOUR) & (length < DAY)
    change = np.where(is_change, steps - length, 0)
    return times - np.append(0, np.cumsum(change)).astype("timedelta64[ms]")


def _drop_copies(where, name, cells, rows, times, fill):
    """Refuses two rows of one time. With a way to fill, the last one of them in the file counts."""
    _, first, counts = np.unique(times, return_index=True, return_counts=True)
    if (counts == 1).all():
        return rows, times, []
    i = first[np.argmax(counts > 1)]
    lines = sorted(cells.index[rows[i : i + 2]])
    if not fill or counts.mean() >= 1.5:
        hint = "Give each time one row, or use --fill previous to keep only the last one of them."
        if counts.mean() >= 1.5:
            hint = SEVERAL_SERIES
        raise InputError(
            f"{where}, lines {lines[0]} and {lines[1]}: {name} is {cells.iloc[rows[i]]!r} in both. "
            + hint
        )
    last = np.maximum.reduceat(rows, first)  # of the rows of each time
    note = (
        f"left out {counted(len(rows) - len(last), 'row')} whose {name} occurs again later in the file"
    )
    return last, times[first], [note]


def find_step(times):
    """Finds the usual step of sorted times, and how many steps each one is after the first.

    Args:
        times: datetime64 or floats `[rows]`, sorted.

    Returns:
        A `Step`, and floats `[rows]`. They are 0, 1, 2, ... if the steps are even.

    Example:

    >>> step, ticks = find_step(np.array(["2024-01", "2024-02", "2024-03", "2024-05"], "datetime64[M]"))
    >>> str(step), ticks.tolist()
    ('month', [0.0, 1.0, 2.0, 4.0])
    """
    if times.dtype.kind != "M":
        numbers = times.astype("float64")
        length = np.median(np.diff(numbers)) if len(numbers) > 1 else 1
        ticks = (numbers - numbers[0]) / length
        return Step(float(length), ""), np.where(
            np.abs(ticks - np.round(ticks)) < 0.01, np.round(ticks), ticks
        )
    numbers = times.astype("datetime64[ms]").astype("int64")
    diffs = np.diff(numbers)
    if not len(diffs):  # one row
        return Step(1.0, ""), np.zeros(len(numbers))
    length = int(usual(diffs)) or 1
    if 2 * (diffs == length).sum() < len(diffs):  # a little beside even steps, such as 10:05:02
        middle = np.median(diffs)
        near = (size * round(middle / size) for size in UNITS.values())
        length = next(int(one) for one in near if abs(one - middle) <= 0.05 * middle) or 1
    unit = next(unit for unit in UNITS if length % UNITS[unit] == 0)
    calendars = [(Step(length // UNITS[unit], unit), (numbers - numbers[0]) / length)]
    if length >= 28 * DAY:
        months = times.astype("datetime64[M]").astype("int64")
        number = int(usual(np.diff(months))) or 1
        unit = next(unit for unit in MONTHS if number % MONTHS[unit] == 0)
        calendars.append((Step(number // MONTHS[unit], unit), (months - months[0]) / number))
    days = times.astype("datetime64[D]")
    weekdays = np.unique((days.astype("int64") + 3) % 7)  # 0 is a Monday
    if length == DAY and len(weekdays) < 7 and (numbers % DAY == numbers[0] % DAY).all():
        mask = np.isin(np.arange(7), weekdays)
        calendars.append((Step(1, "working day"), np.busday_count(days[0], days, weekmask=mask) * 1.0))
    return max(calendars, key=lambda calendar: (np.diff(calendar[1]) == 1).sum())


def _are_holidays(ticks):
    """Whether missing working days are few enough, and in short enough rows, to be holidays."""
    steps = np.diff(ticks)
    missing = ticks[-1] + 1 - len(ticks)
    return (steps >= 1).all() and missing <= 0.1 * len(ticks) and steps.max(initial=1) <= 8


def _refuse_uneven(where, name, cells, rows, ticks, step):
    steps = np.diff(ticks)
    if (steps == 1).all():
        return
    i = int(np.argmax(steps != 1))
    lines = sorted(cells.index[rows[i : i + 2]])
    texts = [cells.iloc[row] for row in rows[i : i + 2]]
    hint = "add the missing rows, or use --fill interpolate, --fill previous or --fill zero"
    is_near = len(np.unique(np.round(ticks))) == len(ticks) and ticks[-1] < 2 * len(ticks)
    if not is_near:
        hint = "give the file one row for each step, such as the sum of each day"
    raise InputError(
        f"{where}, lines {lines[0]} and {lines[1]}: {name} goes from {texts[0]!r} to {texts[1]!r}, but "
        f"the usual step is {_length_of(step)}. {counted((steps != 1).sum(), 'step')} "
        f"{'is' if (steps != 1).sum() == 1 else 'are'} uneven. To go on, {hint}."
    )


def _length_of(step):
    """A step with its number, also if it is 1, for a message: "1 hour"."""
    return f"1 {step}" if step.number == 1 and step.unit else str(step)


def fill_values(values, fill):
    """Fills missing values, as far as there are values to fill them from.

    Args:
        values: floats `[steps, columns]`, with NaN for a missing one.
        fill: one of `FILLS`, or "" to leave them.

    Returns:
        Floats of the same shape.

    Example:

    >>> fill_values(np.array([[np.nan], [1.0], [np.nan], [3.0]]), "interpolate").tolist()
    [[nan], [1.0], [2.0], [3.0]]
    """
    import pandas as pd

    frame = pd.DataFrame(values)
    if fill == "interpolate":
        frame = frame.interpolate(limit_area="inside")
    elif fill == "previous":
        frame = frame.ffill()
    elif fill == "zero":
        frame = frame.fillna(0.0)
    return frame.to_numpy()
