"""How pandas reads a table of the user as the zoo does."""

import codecs
import csv

from zoo.datasets.columns import choose_columns
from zoo.datasets.tables import SEPARATORS, read_table

OPTIONS = (  # in the order of preference
    {},
    {"quoting": csv.QUOTE_NONE},
    {"skipinitialspace": True},
    {"escapechar": "\\"},
)


def is_utf8(encoding):
    return codecs.lookup(encoding).name == "utf-8"


def plan_table(path, encoding, roles, chosen, prepare=lambda table: table):
    """Finds how pandas can read a table, and which of its columns have the data.

    Args:
        path: the path of the table.
        encoding: its encoding.
        roles: what the columns hold, see `zoo.datasets.columns.choose_columns`.
        chosen: the columns that the user chose, as there.
        prepare: a function that changes the `zoo.datasets.tables.Table` before that.

    Returns:
        The call that reads the table, as source, in which the path is called `path` and the encoding
        `encoding`. And a dict of each role to the name of its column.

    Raises:
        ValueError: pandas reads other cells.
    """
    table = read_table(path, encoding)
    whole, columns, _ = choose_columns(prepare(table), roles, chosen)
    if table.form.startswith("JSON"):
        names = {role: whole.names[i] for role, i in columns.items()}
        return _read_json(table, encoding), names
    header = table.rows[0] if whole.names is not None else None
    call = _read_csv(table, encoding, header)
    if header is None:
        return call, columns  # pandas counts them from 0
    return call, {role: header[i] for role, i in columns.items()}


def _read_json(table, encoding):
    parts = ["path", "lines=True"] if table.form == "JSON lines" else ["path"]
    parts += [] if is_utf8(encoding) else ["encoding=encoding"]
    return f"pd.read_json({', '.join([*parts, 'dtype=str'])})"


def _read_csv(table, encoding, header):
    import pandas as pd

    separator = next(one for one, form in SEPARATORS.items() if form == table.form)
    expected = [row for row in table.rows if row != header]
    parts = [] if separator == "," else [f'sep="{separator}"'.replace("\t", "\\t")]
    keywords = {"sep": separator, "dtype": str, "keep_default_na": False}
    if not is_utf8(encoding):
        parts.append("encoding=encoding")
        keywords["encoding"] = encoding
    if table.lines[0] > 1:
        parts.append(f"skiprows={table.lines[0] - 1}")
        keywords["skiprows"] = table.lines[0] - 1
    if header is None:
        parts.append("header=None")
        keywords["header"] = None
    for options in OPTIONS:
        try:
            frame = pd.read_csv(table.path, **keywords, **options)
        except (ValueError, pd.errors.ParserError):
            continue
        width = len(expected[0])
        rows = frame.iloc[:, :width].to_numpy().tolist()
        rows = [row for row in rows if any(cell.strip() for cell in row)]
        if _clean(rows) == _clean(expected) and (header is None or [*frame.columns[:width]] == header):
            parts += [
                "quoting=csv.QUOTE_NONE" if name == "quoting" else f"{name}={_quote(value)}"
                for name, value in options.items()
            ]
            parts = ["path", *parts, "dtype=str", "keep_default_na=False"]
            return f"pd.read_csv({', '.join(parts)})"
    raise ValueError("pandas reads other cells")


def _quote(value):
    return '"\\\\"' if value == "\\" else repr(value)


def _clean(rows):
    """Rows with the line breaks that the zoo writes."""
    return [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
