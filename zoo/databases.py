"""SQLite databases: the texts in them, and the answers to queries."""

import contextlib
import pathlib
import sqlite3
import time

from zoo.errors import InputError, one_line

MOST_TEXTS = 100_000  # different texts of a column; a column with more is left out
LONGEST_TEXT = 60  # characters; longer ones are no names that a question repeats
MOST_CHARACTERS = 10_000_000  # of all texts of an answer
ALLOWED = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def read_values(path):
    """Reads the texts in a database that a question may name, such as the names of places.

    Columns with more than 100,000 different texts are left out. So are texts of more than 60
    characters, and texts without a letter, such as numbers. A virtual table of an extension that is not
    installed is left out too, because no query could read it.

    Args:
        path: the path of an SQLite database. It is opened for reading only.

    Returns:
        A dict of text to the names of its columns, a list such as `["city.city_name",
        "state.capital"]`, in order. The names have small letters.

    Raises:
        ValueError: the file is missing or damaged, or is not an SQLite database.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "geography.sqlite"
    >>> with sqlite3.connect(path) as database:
    ...     _ = database.execute("create table city (name, state, population)")
    ...     _ = database.execute("insert into city values ('Austin', 'Texas', 345496)")
    >>> read_values(path)
    {'Austin': ['city.name'], 'Texas': ['city.state']}
    """
    columns_of = {}
    with contextlib.closing(_connect(path)) as database:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        for (table,) in _rows(path, database, tables + " ESCAPE '\\'"):
            columns = _rows(path, database, f"SELECT name FROM pragma_table_info({_quote(table)})")
            for (column,) in columns:
                texts = _rows(
                    path,
                    database,
                    f"SELECT DISTINCT {_quote(column)} COLLATE BINARY FROM {_quote(table)} WHERE "
                    f"typeof({_quote(column)}) = 'text' AND length({_quote(column)}) <= {LONGEST_TEXT} "
                    f"LIMIT {MOST_TEXTS + 1}",
                )
                if len(texts) <= MOST_TEXTS:
                    for (text,) in texts:
                        if any(map(str.isalpha, text)):
                            columns_of.setdefault(text, set()).add(f"{table}.{column}".lower())
    return {text: sorted(columns) for text, columns in sorted(columns_of.items())}


def _rows(path, database, query):
    """The rows of a query of our own. None at all if it needs an extension that is not installed."""
    try:
        return database.execute(query).fetchall()
    except sqlite3.Error as error:
        if str(error).startswith("no such module"):
            return []
        raise _problem(path, error) from None


def run_query(path, query, seconds=2.0, most_rows=10_000):
    """Runs a query that nobody has checked, such as one that a network wrote.

    The database is opened for reading only. A query may read its tables and call functions. It may not
    write, attach another file, or change a setting. It is stopped after `seconds`. SQLite looks at the
    clock between its steps, so a single function on a very long text may take longer.

    Args:
        path: the path of an SQLite database.
        query: one SQL statement, a str.
        seconds: the longest time that it may take, in seconds of a processor.
        most_rows: the largest number of rows that it may return.

    Returns:
        The answer, a list of rows, and "". A row is a tuple of numbers, texts and None. If there is no
        answer: None, and the reason, such as a syntax error.

    Raises:
        ValueError: the file is missing, or is not an SQLite database.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "geography.sqlite"
    >>> with sqlite3.connect(path) as database:
    ...     _ = database.execute("create table city (name, state, population)")
    ...     _ = database.execute("insert into city values ('Austin', 'Texas', 345496)")
    >>> run_query(path, "select population from city where name = 'Austin'")
    ([(345496,)], '')
    >>> run_query(path, "delete from city")
    (None, 'not authorized')
    """
    with contextlib.closing(_connect(path)) as database:
        end = time.thread_time() + seconds  # a busy machine changes no answer
        database.set_progress_handler(lambda: time.thread_time() > end, 1000)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CHARACTERS)  # of each text
        database.set_authorizer(_authorize)
        rows, size = [], 0
        try:
            cursor = database.execute(query)
            if cursor.description is None:
                return None, "it is no SELECT"
            for row in cursor:
                rows.append(row)
                size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
                if len(rows) > most_rows or size > MOST_CHARACTERS:
                    return None, f"over {most_rows:,} rows or {MOST_CHARACTERS:,} characters"
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError) as error:
            is_slow = str(error) == "interrupted"
            return None, f"it takes over {seconds:g} seconds" if is_slow else str(error)
    return rows, ""


def _authorize(action, *names):
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY


def _connect(path):
    """Opens a database for reading only."""
    path = pathlib.Path(path).expanduser()
    if not path.is_file():
        raise InputError(f"There is no database of that name. Received: {path}")
    address = f"{path.resolve().as_uri()}?mode=ro"
    for options in ("", "&immutable=1"):
        try:
            database = sqlite3.connect(address + options, uri=True)
            database.text_factory = lambda text: text.decode(errors="replace")
            database.execute("SELECT count(*) FROM sqlite_master")  # reads the file for the first time
            return database
        except sqlite3.Error as error:
            problem = error
        # In WAL mode, SQLite writes files beside the database, even to read it. If that is not allowed
        # and no earlier ones are there, the database is complete in itself.
        is_complete = not pathlib.Path(f"{path.resolve()}-wal").exists()
        reason = getattr(problem, "sqlite_errorname", "")
        if reason not in ("SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN") or not is_complete:
            break
    raise _problem(path, problem)


def _problem(path, error):
    """The `InputError` for a database that SQLite cannot read."""
    if "not a database" in str(error):
        return InputError(
            f"{path} is not an SQLite database. To make one from a file of SQL commands, run: sqlite3 "
            "new.sqlite < commands.sql"
        )
    return InputError(f"The database {path} cannot be read: {one_line(error)}.")


def _quote(name):
    return '"' + name.replace('"', '""') + '"'
