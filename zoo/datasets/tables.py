"""Reads tables: TSV, CSV, and JSON with an object for each row."""

import csv
import io
import itertools
import json
import pathlib
import re
import typing

from zoo.datasets.files import decode, ending_of
from zoo.datasets.json_files import read_entries
from zoo.datasets.packages import import_extra
from zoo.errors import InputError

JSON_ENDINGS = (".json", ".jsonl", ".ndjson", ".jl")
TABLE_ENDINGS = (".tsv", ".tab", ".csv", *JSON_ENDINGS)
SEPARATORS = {",": "CSV", "|": "CSV with |", "\t": "TSV", ";": "CSV with semicolons"}
OTHER_FORMS = (
    *(".xlsx", ".xls", ".ods", ".parquet", ".arrow", ".feather"),
    *(".pkl", ".docx"),
)
ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar")
CELL = 2**31 - 1  # characters; the default of csv is 131,072
WELL_QUOTED = re.compile(r'"(?:[^"]|"")*"', re.DOTALL)


class Table(typing.NamedTuple):
    """A table as it is in its file.

    `names` has the names of the columns of a JSON file. It is None for other files, whose names may be
    in the first row, see `zoo.datasets.columns.choose_columns`.
    """

    path: pathlib.Path
    form: str  # "TSV", "CSV", "CSV with semicolons", "JSON lines", "JSON" or "lines"
    names: list | None  # of the columns
    rows: list  # of lists of cells; a cell of JSON may be a list or a dict, all others are texts
    lines: list  # the line number of each row


def read_table(path, encoding="utf-8", ending=None, skip=0):
    """Reads the rows of a TSV, CSV or JSON file.

    The ending of the name decides: `.tsv` and `.tab`, `.csv`, `.json` and `.jsonl`. A file with another
    ending may be JSON too. Otherwise, a tab in its first line means TSV. If all of its first lines have
    the same number of semicolons or `|`, it is read as CSV. Otherwise each line is a row of one cell.
    CSV may have commas, semicolons, tabs or `|` between its columns. `.gz`, `.bz2` and `.xz` at the end
    of the name mean a compressed file. Empty rows are left out.

    Quotes around a cell of a CSV are removed. In a TSV they are removed only if they are used as in a
    CSV: around all cells of a column, or with each quote inside a cell written twice. Otherwise a quote
    is a part of the text.

    Args:
        path: the path of the file.
        encoding: its encoding.
        ending: reads the file as if its name had this ending, such as `".csv"`.
        skip: the number of lines to leave out at the beginning of a TSV or CSV.

    Returns:
        A `Table`.

    Raises:
        ValueError: the file is missing, damaged or empty, or is not in this encoding. A row has another
            number of columns than the first one. The message names the line.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text('label,text\\ngood,"warm, quiet"\\n')
    >>> table = read_table(path)
    >>> table.form, table.rows, table.lines
    ('CSV', [['label', 'text'], ['good', 'warm, quiet']], [1, 2])
    """
    path = pathlib.Path(path)
    ending = ending or ending_of(path)
    if ending in OTHER_FORMS:
        raise InputError(f"{path} cannot be read, because it is a {ending} file. Save it as CSV first.")
    if ending in ARCHIVES:
        raise InputError(f"{path} is an archive. Unpack it, and give a file or a folder from it.")
    text = decode(path, encoding)
    if not text.strip():
        raise InputError(f"{path} is empty.")
    if ending in JSON_ENDINGS or (ending not in (".csv", ".tsv", ".tab") and _begins_with_object(text)):
        return _read_json(path, text)
    csv.field_size_limit(CELL)
    text, skipped, separator = _find_separator(text.split("\n", skip)[-1], ending)
    skipped += skip
    if separator is None:
        rows = [[line.removeprefix("\ufeff")] for line in text.split("\n")]
        form, starts = "lines", range(1 + skipped, 1 + skipped + len(rows))
    else:
        form = SEPARATORS[separator]
        rows, starts = _parse(path, text, separator, skipped)
    kept = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not kept:
        raise InputError(f"{path} is empty: it has only separators.")
    return Table(path, form, None, [rows[i] for i in kept], [starts[i] for i in kept])


def _find_separator(text, ending):
    """The text, the number of lines left out before it, and its separator, or None."""
    first, _, rest = text.lstrip("\n").partition("\n")
    skipped = len(text) - len(text.lstrip("\n"))
    if re.fullmatch(r"sep=[,;\t|]", first.strip()):  # Excel writes this line
        return rest, skipped + 1, first.strip()[-1]
    text = text.lstrip("\n")
    anki = re.match(r"#separator:.*\n(#[a-z ]+:.*\n)*", text)  # Anki writes these lines
    if anki:
        text, skipped = text[anki.end() :], skipped + anki[0].count("\n")
        first = text.partition("\n")[0]
    if ending in (".tsv", ".tab") or (ending != ".csv" and "\t" in first):
        return text, skipped, "\t"
    start = text[:100_000].split("\n")[:50]
    if ending != ".csv":
        lines = [line for line in start[:-1] if line.strip()]  # the last one may be cut off
        for separator in ";|":  # not the comma, which is common in texts
            numbers = {line.count(separator) for line in lines}
            if len(numbers) == 1 and 0 not in numbers:
                return text, skipped, separator
        return text, skipped, None
    widths = {separator: _widths(start, separator) for separator in SEPARATORS}
    # The separator that cuts the first rows into the same number of columns. The comma comes last,
    # because it is also common inside of texts and numbers.
    even = [s for s in reversed(SEPARATORS) if len({*widths[s]}) == 1 < widths[s][0]]
    best = even[0] if even else max(SEPARATORS, key=lambda s: widths[s][0])
    return text, skipped, best


def _widths(lines, separator):
    """The number of columns of each row, without the last one, which may be cut off."""
    try:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return [1]
    return [len(row) for row in (rows[:-1] or rows) if row] or [1]


def _parse(path, text, separator, skipped):
    """The rows of a TSV or CSV, and the line on which each begins."""
    attempts = [{"quoting": csv.QUOTE_MINIMAL}, {"skipinitialspace": True}, {"escapechar": "\\"}]
    if separator == "\t":
        attempts = [{"quoting": csv.QUOTE_NONE}, *attempts[:2]]
    reasons = []
    for options in attempts:
        try:
            rows = _parse_with_pandas(text, separator, options)
        except csv.Error as error:
            reasons.append(str(error))
            continue
        if options == {"quoting": csv.QUOTE_NONE} and has_quotes(rows):
            continue
        if options == {"quoting": csv.QUOTE_MINIMAL} and _has_spaces_before_quotes(rows):
            continue
        # A line break inside quotes makes a row longer than a line.
        heights = [1 + sum(cell.count("\n") for cell in row if cell is not None) for row in rows]
        starts = [1 + skipped + n for n in itertools.accumulate(heights[:-1], initial=0)]
        for row, line in zip(rows, starts, strict=True):
            missing = row.count(None)
            row[0] = (row[0] or "").removeprefix("\ufeff")  # of a second file that was appended
            if missing and any(row):
                raise InputError(
                    f"{path}, line {line}: expected {len(row)} columns, as in the first row. "
                    f"Received: {len(row) - missing}, {separator.join(row[:-missing])[:60]!r}"
                )
        rows = [[cell or "" for cell in row] for row in rows]
        while len(rows[0]) > 1 and not any(row[-1] for row in rows):  # a comma at the end of each line
            rows = [row[:-1] for row in rows]
        return rows, starts
    match = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reasons[0])
    if match:
        expected, line, received = map(int, match.groups())
        line_text = text.split("\n")[line - 1][:60]
        if expected == 1:
            raise InputError(
                f"{path}, line {skipped + 1}: expected columns with a separator between them, as in "
                f"line {line + skipped}, {line_text!r}. Received: {text.split(chr(10))[0][:60]!r}. If "
                "this is a title or a comment, delete it."
            )
        raise InputError(
            f"{path}, line {line + skipped}: expected {expected} columns, as in the first row. "
            f"Received: {received}, {line_text!r}. Put quotes around a cell that has the separator."
        )
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    line, what = 1, "a quote opens a cell and never closes it"
    try:
        for _ in reader:
            line = reader.line_num + 1  # where the next row begins
    except csv.Error as error:
        if "expected after" in str(error):
            what = "text follows the quote that closes a cell. Write each quote inside a cell twice"
    raise InputError(
        f"{path}, line {line + skipped}: {what}. Received: {text.split(chr(10))[line - 1][:60]!r}"
    )


def _parse_with_pandas(text, separator, options):
    """Lists of cells, with None for each cell that a row lacks."""
    pd = import_extra("pandas", "Tables")
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,  # "NA" is a text
            skip_blank_lines=False,
            engine="python",  # the other engine does not tell a missing cell from an empty one
            **options,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise csv.Error(str(error).strip()) from None
    return [[cell if isinstance(cell, str) else None for cell in row] for row in frame.to_numpy()]


def has_quotes(rows):
    """Whether a TSV has quotes around its cells in the way of CSV. `without_quotes` removes them.

    Example:

    >>> has_quotes([["pos", '"fine"'], ["neg", '"bad"']]), has_quotes([["pos", '"fine" film']])
    (True, False)
    """
    rows = [row for row in rows if any(row)]
    cells = [cell for row in rows for cell in row if cell and cell.startswith('"')]
    if not all(map(WELL_QUOTED.fullmatch, cells)):
        # Rows of different lengths: there may be line breaks inside of quotes.
        return bool(cells) and any(None in row for row in rows)
    if any('""' in cell[1:-1] for cell in cells):
        return True
    columns = itertools.zip_longest(*rows[1:] or rows, fillvalue="")
    return any(all(cell and cell[0] == '"' for cell in column) for column in columns)


def without_quotes(cell):
    """A cell of a TSV without the quotes around it, if there are any.

    Example:

    >>> without_quotes('"Ada"'), without_quotes('5" disk')
    ('Ada', '5" disk')
    """
    return cell[1:-1].replace('""', '"') if WELL_QUOTED.fullmatch(cell) else cell


def _has_spaces_before_quotes(rows):
    """Whether a space stands before the quotes around cells, as in `good, "warm, quiet"`."""
    cells = [cell.strip() for row in rows for cell in row if cell and re.match(' +"', cell)]
    return bool(cells) and all(WELL_QUOTED.fullmatch(cell) or '"' not in cell[1:] for cell in cells)


def _read_json(path, text):
    """Rows of JSON: one object on each line, a list of objects, or an object with such a list."""
    form, entries = read_entries(path, text, _is_row)
    for line, entry in entries:
        if not isinstance(entry, dict):
            raise InputError(
                f'{path}, line {line}: expected a JSON object with names, such as {{"text": "..."}}. '
                f"Received: {json.dumps(entry, ensure_ascii=False)[:60]}"
            )
    if len(entries) == 1 and not _is_row(entries[0][1]):
        raise InputError(
            f"{path} has only one JSON object, with {', '.join(map(repr, [*entries[0][1]][:5]))}. "
            'Expected an object for each row, such as {"text": "..."}. In pandas this is '
            'frame.to_json("mine.jsonl", orient="records", lines=True).'
        )
    names = list(dict.fromkeys(name for _, entry in entries for name in entry))
    if not names:
        raise InputError(f"{path} is empty: its objects have no names.")
    rows = [[_as_text(entry.get(name)) for name in names] for _, entry in entries]
    return Table(path, form, names, rows, [line for line, _ in entries])


def _begins_with_object(text):
    try:
        json.JSONDecoder().raw_decode(text.lstrip("[ \n"))
        return text.lstrip("[ \n").startswith("{")
    except (ValueError, RecursionError):
        return False


def _is_row(entry):
    """Whether an object is a row, not a whole table."""
    return "translation" in entry or not any(isinstance(cell, list | dict) for cell in entry.values())


def _as_text(value):
    """A cell of JSON as a text, or as it is if it is a list or a dict."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, str | list | dict):
        return value
    return json.dumps(value)
