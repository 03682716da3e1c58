"""Reads the times of the rows of a table."""

import numpy as np

from zoo.datasets.numbers import as_numbers
from zoo.datasets.steps import find_step
from zoo.errors import InputError

DATE_NAMES = (
    *("date", "datetime", "timestamp", "ds", "datum", "fecha", "data", "dateday", "dteday"),
    *("time", "zeit", "zeitstempel", "period", "mtu"),
)
PARTS = {  # names of columns with a part of a date, and its largest number
    "year": (("year", "jahr", "année", "annee", "año", "ano", "anno", "yr"), 0),
    "quarter": (("quarter", "quartal", "trimestre", "qtr"), 4),
    "month": (("month", "monat", "mois", "mes", "mese", "mnth", "mo", "period"), 12),
    "week": (("week", "woche", "semaine", "semana", "settimana"), 53),
    "day": (("day", "tag", "jour", "dia", "día", "giorno"), 31),
    "hour": (("hour", "stunde", "heure", "hora", "ora", "hr"), 24),
    "minute": (("minute", "min"), 60),
}
CYCLES = {name: most for names, most in PARTS.values() for name in names}
STEP_NAMES = ("", "t", "step", "index", "schritt", "temps", "tiempo", "no", "row", "rownames")
# What is rewritten before a date is read, in this order.
REWRITE = {
    r" (?:-|\u2013|to) \d.*$": "",  # a range: its beginning counts
    r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]? ": "",
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*": r"\1",
    r"(?<=\d)(?:st|nd|rd|th)\b": "",
    r"^(\d{4})[- :]?m(\d\d?)$": r"\1-\2",  # 2024M05
    r"^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)": r"\1-\2-\3 \4:\5",
    r"^(\d\d[a-z]{3}\d{4}):": r"\1 ",  # of SAS
    r" \([^()]+\)$": "",  # the name of a zone
    r"^(\d{4})(\d\d)(\d\d)(?=[ :]\d)": r"\1-\2-\3",  # 20240131 18:30
    r"^(\d{4}-\d\d-\d\d):(?=\d)": r"\1 ",
    r"^(\d{4}-\d\d-\d\d) (\d\d)(\d\d)$": r"\1 \2:\3",  # 2024-01-31 1830
}
LATEST = 2040  # the first year that two digits cannot mean
YEAR_TO_SECOND = r"^(1[5-9]\d\d|2[0-2]\d\d)(0[1-9]|1[012])([0-3]\d)?([0-2]\d)?([0-5]\d)?([0-5]\d)?$"
IN_ZONE = r":\d\d(?:\.\d+)? ?(?:z|utc|gmt|[+-]\d\d:?\d\d)$"
CLOCK = r"(?P<clock>\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?|(?<=t)\d\d|\d\d(?=$))"
ZONE = r"(?P<zone>z|[a-z]{3,4}|(?:utc|gmt)?[+-]\d\d(?::?\d\d)?)"
DATE_AND_CLOCK = rf"^(?P<date>.*?)(?:(?:(?<=\d)t|,? +(?:at )?){CLOCK} ?{ZONE}?)?$"
SEPARATOR = r"[^a-z0-9]+|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)"
QUARTER = (
    r"^(?:(?P<y>\d{4})-q-(?P<q>[1-4])|q-(?P<q2>[1-4])-(?P<y2>\d{4})|(?P<q3>[1-4])-q-(?P<y3>\d{4}))$",
    lambda m: f"{m['y'] or m['y2'] or m['y3']}-{3 * int(m['q'] or m['q2'] or m['q3']) - 2:02d}",
)
WEEK = (r"^(\d{4})-w-(\d\d?)$", lambda m: f"{m[1]}-W{int(m[2]):02d}-1")
DATES = (
    *("%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%Y-%m", "%m-%Y"),
    *("%Y-%b-%d", "%d-%b-%Y", "%b-%d-%Y", "%d-%b-%y", "%Y-%b", "%b-%Y", "%b-%y", "%y-%b", "%G-W%V-%u"),
)


def find_times(path, frame):
    """Finds the column with the times of the rows.

    Parts of a date may be in columns of their own: year, month and day, or date and hour.

    Args:
        path: the path of the file, for messages.
        frame: a `pandas.DataFrame` of texts, without the columns to forecast. Its index has the line
            numbers.

    Returns:
        The name of the column, its texts (a `pandas.Series`), its times, and whether they are in a
        fixed time zone, where clocks never change. Times are datetime64, or floats if the rows are
        numbered. None if no column has times.

    Raises:
        ValueError: a time cannot be read, or a column seems to have times in an unknown form.
    """
    columns = _join_parts({str(name).lower(): frame.iloc[:, i] for i, name in enumerate(frame.columns)})
    named = [name for name in columns if name.split(" and ")[0] in DATE_NAMES]
    refused = None
    for name in sorted(columns, key=lambda name: name not in named):  # the date first
        cells, is_named = columns[name], name in named
        if not is_named and len(cells) > 1 == cells.nunique():  # such as the day of the last update
            continue
        readings = read_dates(cells, is_named or name in CYCLES)
        whole = [times for times in readings if not np.isnat(times).any()]
        if whole:
            in_zone = cells.str.contains(IN_ZONE, case=False).all()
            return name or "the first column", cells, whole[0], in_zone
        if is_named and as_numbers(cells) is None:
            bad = int(np.argmax(np.isnat(readings[0]))) if readings else 0
            refused = refused or InputError(
                f"{path}, line {cells.index[bad]}: cannot read the time in {name}. Write it as "
                "2024-12-31 or 2024-12-31 18:30, or delete the line if it is no row of data. "
                f"Received: {cells.iloc[bad]!r:.60}"
            )
            if readings:  # the others are dates
                break
    if refused:
        raise refused
    are_years = PARTS["year"][0]
    for name in sorted(columns, key=lambda name: name not in (*DATE_NAMES, *are_years)):
        cells, i = columns[name], list(columns).index(name)
        numbers = as_numbers(cells)
        if numbers is None or _is_cycle(name, numbers):
            continue
        is_named = name in (*STEP_NAMES, *DATE_NAMES, *CYCLES)
        steps, years = {*np.diff(numbers)}, _years(numbers)
        is_even = i == 0 and len(numbers) > 2 and len(steps) == 1
        if is_named or (is_even and (years is not None or min(steps) > 0)):
            return name or "the first column", cells, numbers if years is None else years, True
    _refuse_unread(path, columns)
    return None


def read_dates(cells, is_named=True):
    """The possible readings of cells as dates, the likeliest first.

    01/02/2024 has two readings. The one with more equal steps between the rows comes first.

    Args:
        cells: a `pandas.Series` of texts.
        is_named: whether the column has a common name of a date. Then numbers may be dates, too, such
            as 202401. In other columns only 20240131 is one, or whole minutes since 1970 in seconds.

    Returns:
        A list of arrays of datetime64, with NaT for a cell that is not a date. It is empty if most
        cells are not dates.

    Example:

    >>> import pandas as pd
    >>> [reading[0].item().isoformat() for reading in read_dates(pd.Series(["5 Jan 2024, 18:30"]))]
    ['2024-01-05T18:30:00']
    >>> len(read_dates(pd.Series(["01/02/2024"])))
    2
    """
    import pandas as pd

    text = cells.str.strip().str.lower()
    if as_numbers(text) is not None:
        text = _read_digits(text, is_named)
        if not isinstance(text, pd.Series):
            return text
    if not text.str.contains(r"\d").mean() > 0.5:
        return []
    for pattern, words in REWRITE.items():
        text = text.str.replace(pattern, words, regex=True)
    found = text.str.extract(DATE_AND_CLOCK)
    dates = found["date"].str.replace(SEPARATOR, "-", regex=True).str.strip("-")
    for pattern, words in (QUARTER, WEEK):
        dates = dates.str.replace(pattern, words, regex=True)
    clock = _read_clock(found["clock"])
    zone = found["zone"].str.replace(r"^(z|utc|gmt)$", "+00:00", regex=True)
    zone = zone.str.replace(r"^(utc|gmt)(?=[+-])", "", regex=True)
    zone = zone.str.replace(r"^([+-]\d\d)$", r"\1:00", regex=True)
    readings = []
    for form in DATES:
        if pd.isna(pd.to_datetime(dates.iloc[0], format=form, errors="coerce")):
            continue
        times = pd.to_datetime(dates, format=form, errors="coerce") + clock
        if "%y" in form:  # with two digits, Jan-49 is in 1949
            times = times.where(~(times.dt.year >= LATEST), times - pd.DateOffset(years=100))
        if times.notna().mean() > 0.5:
            readings.append(times)
            if zone.str.match(r"[+-]\d\d").all():  # in UTC, clocks never change
                readings.append(times - pd.to_timedelta(zone.str[:3] + ":" + zone.str[-2:] + ":00"))
    readings = [times.to_numpy("datetime64[ms]") for times in readings]
    return sorted(readings, key=_is_unlikely)


def _read_clock(clock):
    """The time of the day, as a `pandas.Series` of timedelta64."""
    import pandas as pd

    clock = clock.fillna("00:00").str.replace(",", ".").str.replace(r"\.?m\.?$", "m", regex=True)
    clock = clock.str.replace(r"^(\d\d)$", r"\1:00", regex=True)
    clock = clock.str.replace(r"^(\d+:\d\d)(?!:)(?=$|\D)", r"\1:00", regex=True)  # with seconds
    is_noon = clock.str.match(r"12:.*m$")
    times = pd.to_timedelta(clock.str.replace(r" ?[ap]m$", "", regex=True), errors="coerce")
    half = pd.Timedelta(hours=12)
    return times + half * (clock.str.endswith("pm").astype(int) - is_noon.astype(int))


def _read_digits(text, is_named):
    """Dates that are written as numbers, such as 20241231, as texts, such as "2024-12-31 00:00:00".

    If the numbers count seconds, it returns a list of one array of datetime64. If they are no dates, it
    returns an empty list.
    """
    import pandas as pd

    if is_named and text.str.fullmatch(r"(0?[1-9]|1[012])\.(1[5-9]|2[0-2])\d\d").all():
        return text  # 12.2024
    text = text.str.replace(r"\.0+$", "", regex=True)
    parts = text.str.extract(YEAR_TO_SECOND)
    is_whole = parts.notna().all()
    if is_whole[0] and (is_whole[2] or is_named):
        parts = parts.fillna({2: "01", 3: "00", 4: "00", 5: "00"})
        clock = parts[3] + ":" + parts[4] + ":" + parts[5]
        return parts[0] + "-" + parts[1] + "-" + parts[2] + " " + clock
    numbers = pd.to_numeric(text)
    for size, unit in ((1e9, "s"), (1e12, "ms"), (1e15, "us"), (1e18, "ns")):
        are_minutes = len(numbers) > 2 and (numbers % (60 * size / 1e9) == 0).all()
        if (is_named or are_minutes) and numbers.between(0.3 * size, 3 * size).all():
            return [pd.to_datetime(numbers, unit=unit).to_numpy("datetime64[ms]")]
    return []


def _is_unlikely(times):
    """Sorts readings: the one with the fewest cells unread and the most even steps comes first."""
    is_unread = np.isnat(times)
    if is_unread.all():
        return len(times), 0
    _, ticks = find_step(np.unique(times[~is_unread]))
    return is_unread.sum(), -(np.diff(ticks) == 1).sum()


def _join_parts(columns):
    """Adds a column for a date whose parts are in several columns."""
    columns = dict(columns)
    parts = {part: next((n for n in names if n in columns), None) for part, (names, _) in PARTS.items()}
    text = {
        part: columns[name].str.strip().str.replace(r"\.0+$", "", regex=True)
        for part, name in parts.items()
        if name
    }
    name = next((n for n in DATE_NAMES if n in columns and read_dates(columns[n], False)), None)
    if name is None and "year" in text and {"month", "quarter", "week"} & set(text):
        date = text["year"]
        if "month" in text:
            date = date + "-" + text["month"] + ("-" + text["day"] if "day" in text else "")
        else:
            date = date + "-" + ("q" + text["quarter"] if "quarter" in text else "w" + text["week"])
        used = [n for part, n in parts.items() if n and part not in ("hour", "minute")]
        columns = {" and ".join(used): date} | {n: columns[n] for n in columns if n not in used}
        name = next(iter(columns))
    else:
        name = name or next((n for n in columns if read_dates(columns[n], False)), None)
    clock = next((n for n in ("time", "zeit", "uhrzeit", "heure") if n in columns and n != name), None)
    if name and columns[name].duplicated().any() and (clock or "hour" in text):
        used = [name, clock or parts["hour"]]
        if clock:
            hours = columns[clock].str.strip().str.replace(".", ":")
        elif "minute" in text:
            used.append(parts["minute"])
            hours = text["hour"].str.replace(r":00$", "", regex=True)
            hours = hours + ":" + text["minute"].str.zfill(2)
        else:
            hours = text["hour"].where(text["hour"].str.contains(":"), text["hour"] + ":00")
        both = columns.pop(name).str.strip() + " " + hours
        columns = {" and ".join(used): both} | columns
    return columns


def _years(numbers):
    """Years as dates. 1949.25 is the second quarter of 1949. None if the numbers are not years."""
    steps = np.diff(np.unique(numbers))
    if not ((numbers >= 1000) & (numbers < 3000)).all() or not len(steps):
        return None
    if (numbers % 1 == 0).all():
        months = 12 * numbers
    else:
        per_year = next((n for n in (1, 2, 4, 12) if abs(np.median(steps) - 1 / n) < 0.01 / n), None)
        if per_year is None:
            return None
        months = np.floor(numbers * per_year + 0.05) * (12 / per_year)
    return (months.astype("int64") - 12 * 1970).astype("datetime64[M]").astype("datetime64[ms]")


def _is_cycle(name, numbers):
    """Whether numbers, such as months, start again after the highest one."""
    falls = np.flatnonzero(np.diff(numbers) < 0)
    most = CYCLES.get(name, -1)
    if not len(falls) or numbers.max() > most:
        return False
    is_through = numbers[falls] >= most - (3 if most == 31 else 1)  # counted from 0; February
    return is_through.all() and {*numbers[falls + 1]} == {numbers.min()}


def _refuse_unread(path, columns):
    """Raises an `InputError` if a column seems to have times in an unknown form."""
    for name, cells in columns.items():
        numbers, column = as_numbers(cells), name or "the first column"
        if numbers is not None and len(numbers) > 2 and (np.diff(numbers) < 0).all():
            raise InputError(
                f"{path}: {column} falls from each row to the next. Does the file begin with the "
                "newest row? Sort it from the oldest to the newest, or delete that column."
            )
        have_digits = cells.str.contains(r"\d").mean() > 0.9
        if numbers is None and have_digits and len(cells) > 1 and cells.nunique() > 0.9 * len(cells):
            is_number = cells.str.fullmatch(r"\s*\d+(\.\d+)?\s*")
            if is_number.mean() > 0.9:  # such as years, and a line with their mean
                bad = int(np.argmin(is_number))
                raise InputError(
                    f"{path}, line {cells.index[bad]}: expected a number in {column}, as in the other "
                    "lines. Correct it, or delete the line if it is no row of data. "
                    f"Received: {cells.iloc[bad]!r:.60}"
                )
            readings = read_dates(cells)
            bad = int(np.argmax(np.isnat(readings[0]))) if readings else 0
            raise InputError(
                f"{path}, line {cells.index[bad]}: if {column} has the times of the rows, write them "
                "as 2024-12-31 or 2024-12-31 18:30, so that the order of the rows can be checked. If "
                f"not, delete that column. Received: {cells.iloc[bad]!r:.60}"
            )
