"""Readers of series of numbers."""

import contextlib
import re
import warnings

import numpy as np
import pandas as pd

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.tables import is_utf8, write_table
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets import series as loader
from zoo.datasets import times as zoo_times
from zoo.datasets.frames import read_frame
from zoo.datasets.loading import own_path
from zoo.datasets.numbers import as_numbers, read_numbers
from zoo.datasets.tables import SEPARATORS

SUNSPOTS = '''
def load_many_series(split):
    """Reads the number of sunspots in each year: a list of one series, and the names of its columns."""
    table = sm.datasets.sunspots.load_pandas().data
    times = pd.to_datetime(table["YEAR"].astype(int), format="%Y").to_numpy("datetime64[ms]")
    values = table[["SUNACTIVITY"]].to_numpy("float32").astype("float64")  # [years, 1]
    return [Series("", cut_series(values, split), times)], ["sunspots"], []
'''
CO2 = '''
def load_many_series(split):
    """Reads the carbon dioxide in the air in each week: a list of one series, and its columns."""
    table = sm.datasets.co2.load_pandas().data.ffill()  # a missing week repeats the week before
    values = table[["co2"]].to_numpy("float32").astype("float64")  # [weeks, 1]
    return [Series("", cut_series(values, split), table.index.to_numpy("datetime64[ms]"))], ["co2"], []
'''
ETTH1 = '''
def load_many_series(column, inputs, split, DATA_DIR):
    """Reads the hours of a power transformer: a list of one series, and the names of its columns."""
    url = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv"
    month = 30 * 24  # hours, as in the Informer paper
    table = pd.read_csv(fetch(url, DATA_DIR))[: 20 * month]
    outputs, others = column.split(","), OTHERS
    values = table[outputs + others].to_numpy("float32").astype("float64")  # [hours, columns]
    parts = PARTS
    times = pd.to_datetime(table["date"]).to_numpy("datetime64[ms]")
    return [Series("", parts, times)], outputs, others
'''
PARTS = "dict(zip(SPLITS, np.split(values, [12 * month, 16 * month]), strict=True))"
ONE = '''
def load_many_series(PARAMETERS):
    """Reads a series of numbers: a list of it, the columns to forecast, and the other columns."""
    table = READ
    outputs, others = OUTPUTS, OTHERS
    INDEX
    table = table.sort_index()
    values = table[outputs + others]
    FILL
    parts = cut_series(values.to_numpy("float64"), split)  # each [steps, columns]
    return [Series("", parts, TIMES)], outputs, others
'''
SEVERAL = '''
def load_many_series(PARAMETERS):
    """Reads series of numbers: a list of them, the columns to forecast, and the other columns."""
    KEYS
    table = READ
    outputs, others = OUTPUTS, OTHERS
    INDEX
    series = []
    for name, rows in table.groupby(GROUP, sort=False):
        rows = rows.sort_index()
        values = rows[outputs + others]
        FILL
        parts = cut_series(values.to_numpy("float64"), split)  # each [steps, columns]
        series.append(Series(NAME, parts, TIMES))
    return series, outputs, others
'''
SORT = r" *(table|rows) = (table|rows).sort_index\(\)\n"
CLOCKS = "", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", "T%H:%M:%SZ", " %H:%M:%SZ", "T%H:%M:%S%z"
CLOCKS = *CLOCKS, " %H:%M:%S%z", " %I:%M %p", ", %H:%M", "T%H:%M:%S.%fZ", " %H", "T%H:%MZ"
DAYS = "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y"
DAYS = *DAYS, "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"
DAYS = *DAYS, "%b %d %Y", "%d-%B-%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y.%m.%d"
MONTHS = "%Y-%m", "%Y", "%b %Y", "%B %Y", "%m/%Y", "%Y/%m", "%Y%m", "%m-%Y", "%b-%y", "%b-%Y", "%m.%Y"
PARTS_OF_DATES = (  # of columns of their own
    *("%Y-%m-%d-%H", "%Y-%m-%d-%H-%M", "%Y-%m-%d-%H:%M", "%Y-%m-%d %H %M", "%Y%m%d%H"),
    *("%Y-%b", "%Y-%B"),
)
FORMATS = *MONTHS, *PARTS_OF_DATES, *(day + clock for clock in CLOCKS for day in DAYS)
CALLS = (  # ways to read the texts of times
    *(f'pd.to_datetime({{}}, format="{form}")' for form in FORMATS),
    *('pd.to_datetime({}, unit="s")', 'pd.to_datetime({}, unit="ms")', "pd.to_datetime({})"),
    *("pd.to_datetime({}).dt.tz_localize(None)", "pd.to_datetime({}, utc=True).dt.tz_localize(None)"),
    'pd.PeriodIndex({}, freq="Q").to_timestamp()',  # 2024Q4
)
FREQUENCIES = {"millisecond": "ms", "second": "s", "minute": "min", "hour": "h", "day": "D"}
FREQUENCIES |= {"week": "W", "month": "MS", "quarter": "QS", "year": "YS", "working day": "B"}
FILLS = {
    "interpolate": 'interpolate(limit_area="inside")',
    "previous": "ffill()",
    "zero": "fillna(0.0)",
}
MISSING = {  # to pandas
    *("", "#N/A", "#NA", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan"),
    *("null", "#N/A N/A", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"),
}


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if path is not None:
        yield from _drafts_own(path, arguments, result)
        return
    split = arguments.get("split") or ""
    shares, columns = {"split": split or "0.7,0.1,0.2"}, {"column": ",".join(result[1])}
    settings, data_dir = folder_of(arguments)
    if name == "sunspots":
        yield SUNSPOTS, shares
    if name == "co2":
        yield CO2, shares
    if name == "etth1":
        inputs = {"inputs": ",".join(result[2])} if result[2] else {}
        source = ETTH1.replace("PARTS", "cut_series(values, split)" if split else PARTS)
        source = source if split else source.replace("split, DATA", "DATA")
        source = source.replace("OTHERS", 'inputs.split(",")' if inputs else "[]")
        source = source if inputs else source.replace("inputs, ", "")
        yield with_folder(source, data_dir), columns | inputs | (shares if split else {}) | settings


def _drafts_own(path, arguments, result):
    encoding, fill = arguments.get("encoding") or "utf-8", arguments.get("fill") or ""
    (first, *_), outputs, others = result
    frame, form, above = read_frame(path, encoding)
    names = list(frame.columns)
    keys = loader._split_names(path, arguments.get("series_column"), names)
    settings = {"name": str(path), "column": ",".join(outputs)}
    settings |= {"inputs": ",".join(others)} if others else {}
    settings |= {"series_column": ",".join(keys)} if keys else {}
    settings["split"] = arguments.get("split") or "0.7,0.1,0.2"
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    used = {*outputs, *keys, *(name for name in others if name.lower() not in zoo_times.CYCLES)}
    found = zoo_times.find_times(path, frame[[name for name in names if name not in used]])
    lines = {
        "PARAMETERS": ", ".join(["path", *[*settings][1:]]),
        "OUTPUTS": "[column]" if outputs == [settings["column"]] else 'column.split(",")',
        "OTHERS": 'inputs.split(",")' if others else "[]",
        "KEYS": 'keys = series_column.split(",")' if len(keys) > 1 else "",
        "GROUP": "series_column" if len(keys) == 1 else "keys",
        "NAME": "name" if len(keys) == 1 else '" ".join(name)',
        "TIMES": "None",
    }
    if found:
        kind = "datetime64[ms]" if found[2].dtype.kind == "M" else "float64"
        lines["TIMES"] = f'values.index.to_numpy("{kind}")'
    source = SEVERAL if keys else ONE
    source = source if found else re.sub(SORT, "", source)
    for columns, index in _plan_index(found, frame):
        for read in _plan_table(path, frame[outputs + others], form, above, encoding, keys, columns):
            for filling in _plan_filling(fill, first):
                draft = source.replace("    table = READ\n", write_table(read))
                yield _fill_in(draft, {**lines, "INDEX": index, "FILL": filling}), settings


def _fill_in(source, lines):
    """Writes lines for the words in capital letters. An empty line is left out with its whole line."""
    for word, line in lines.items():
        if not line:
            source = re.sub(rf"^ *{word}\n", "", source, flags=re.MULTILINE)
        indent = re.search(rf"^ *(?={word}$)", source, flags=re.MULTILINE)
        source = source.replace(word, line.replace("\n", "\n" + (indent[0] if indent else "")))
    return source


def _plan_index(found, frame):
    """The columns of the times, and lines that put the times into the index."""
    if not found:
        yield [], ""
        return
    name, cells, moments, _ = found
    names = list(frame.columns)
    whole = {one.lower(): one for one in names}  # of columns with the same name, the last
    parts = [names[0]]
    if name != "the first column":
        parts = [whole[one] for one in ([name] if name in whole else name.split(" and "))]
    if len(parts) > 1:
        join = "-".join if parts[0].lower() in zoo_times.PARTS["year"][0] else " ".join
        cells = frame[parts].agg(join, axis=1)
    # pandas calls a column without a name "Unnamed: 0".
    parts = [part or f"Unnamed: {names.index(part)}" for part in parts]
    text = f"table[{write_value(parts[0], 0)}]"
    if len(parts) > 1:
        text = f'table[{write_value(parts, 0)}].astype(str).agg("{join("12")[1:-1]}".join, axis=1)'
    if moments.dtype.kind != "M":
        yield [], f"table.index = {text}"
        return
    for call in CALLS:
        if _reads(call, cells, moments):
            line = f"table.index = {call.format(text)}"
            if len(line) > 98:
                line = f"times = {text}\ntable.index = {call.format('times')}"
            yield parts, line


def _reads(call, cells, moments):
    """Whether a call of pandas reads these times."""
    values = as_numbers(cells) if "unit" in call else cells
    with warnings.catch_warnings(), contextlib.suppress(ValueError, TypeError, AttributeError, Warning):
        warnings.simplefilter("error")  # pandas warns if it guesses
        times = eval(call.format("values"), {"pd": pd, "values": values})
        return np.array_equal(times.to_numpy("datetime64[ms]"), moments)
    return False


def _plan_table(path, chosen, form, above, encoding, keys, times):
    """Calls of pandas that read the table."""
    values, commas = read_numbers(path, chosen, form)
    cells = chosen.to_numpy().ravel()
    missing = sorted({cell for cell in cells[np.isnan(values.ravel())]} - MISSING)
    thousands = "." if commas else ","
    has_thousands = any(thousands in cell for cell in cells)
    texts = ["series_column: str"] * (len(keys) == 1)
    if has_thousands:  # so that the points of 31.12.2024 stay
        texts += [f"{write_value(one, 0)}: str" for one in times]
    types = f"{{{', '.join(texts)}}}"
    if len(keys) > 1:
        types = "dict.fromkeys(keys, str)" + f" | {types}" * bool(texts)
    parts = [f"dtype={types}"] if texts or keys else []
    parts += [] if is_utf8(encoding) else ["encoding=encoding"]
    if form.startswith("JSON"):
        parts = ["lines=True"] * (form == "JSON lines") + [*parts, "convert_dates=False"]
        yield f"pd.read_json({', '.join(['path', *parts])})"
        return
    separator = next(one for one, its in SEPARATORS.items() if its == form)
    parts += [] if separator == "," else [f'sep="{separator}"'.replace("\t", "\\t")]
    parts += [f"skiprows={above}"] if above else []
    parts += [f"na_values={write_value(missing, 0)}"] if missing else []
    parts += ['decimal=","'] if commas else []
    parts += [f'thousands="{thousands}"'] if has_thousands else []
    yield f"pd.read_csv({', '.join(['path', *parts])})"


def _plan_filling(fill, first):
    """Lines that fill what is missing."""
    if not fill:
        yield ""
        return
    how = FILLS[fill]
    if first.step is None:
        yield f"values = values.{how}"
        yield f"values = values.{how}.dropna()"
        return
    number = "" if first.step.number == 1 else f"{first.step.number:g}"
    step = f"{number}{FREQUENCIES.get(first.step.unit, '')}"
    ends = 'values = values[~values.index.duplicated(keep="last")]\n'
    for start in ("", ends):
        yield f'{start}values = values.asfreq("{step}").{how}'
        yield f'{start}values = values.asfreq("{step}").{how}.dropna()'
