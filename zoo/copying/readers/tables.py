"""How pandas reads a table of the user as the zoo does."""

import codecs
import csv

from zoo.datasets.tables import SEPARATORS, read_table

OPTIONS = (  # in the order of preference
    {},
    {"quoting": csv.QUOTE_NONE},
    {"skipinitialspace": True},
    {"escapechar": "\\"},
)


def is_utf8(encoding):
    """Whether an encoding is UTF-8, by any of its names."""
    return codecs.lookup(encoding).name == "utf-8"


def plan_table(path, encoding, choose, ending=None):
    """Finds how pandas can read a table, and which of its columns have the data.

    Args:
        path: the path of the table.
        encoding: its encoding.
        choose: a function that takes a `zoo.datasets.tables.Table`. It returns the table without its
            header, and a dict of each role to the index of its column.
        ending: see `zoo.datasets.tables.read_table`.

    Returns:
        The call that reads the table, as source, in which the path is called `path` and the encoding
        `encoding`. And a dict of each role to the name of its column. If the columns have no names,
        they are numbers, counted from 0.

    Raises:
        ValueError: pandas reads other cells.
    """
    table = read_table(path, encoding, ending)
    rest, columns = choose(table)
    if table.form.startswith("JSON"):
        return _read_json(table, encoding), {role: rest.names[i] for role, i in columns.items()}
    header = table.rows[0] if rest.names is not None else None
    # The columns may have other places in the whole table.
    whole = [*zip(*(row for row in table.rows if row != header), strict=True)]
    cells = [*zip(*rest.rows, strict=True)]
    places = {role: whole.index(cells[i]) for role, i in columns.items()}
    call = _read_csv(table, encoding, header, [*places.values()])
    if header is None:
        return call, places
    return call, {role: header[i] for role, i in places.items()}


def write_table(call):
    """The lines that read a table, with an indent of four.

    Example:

    >>> print(write_table("pd.read_csv(path, header=None, dtype=str)"))
        # The columns have no names, so they are counted from 0.
        table = pd.read_csv(path, header=None, dtype=str)
    <BLANKLINE>
    """
    comment = "    # The columns have no names, so they are counted from 0.\n" * ("header=None" in call)
    line = f"    table = {call}\n"
    if len(line) > 105:
        name, arguments = call.split("(", 1)
        line = f"    table = {name}(\n        {arguments[:-1]}\n    )\n"
    return comment + line


def _read_json(table, encoding):
    parts = ["path", "lines=True"] if table.form == "JSON lines" else ["path"]
    parts += [] if is_utf8(encoding) else ["encoding=encoding"]
    return f"pd.read_json({', '.join([*parts, 'dtype=str'])})"


def _read_csv(table, encoding, header, places):
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
        has_names = header is None or all(frame.columns[i] == header[i] for i in places)
        if _clean(rows) == _clean(expected) and has_names:
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
