"""`load_questions`: questions with their SQL queries, from geoquery or from your own files."""

import pathlib
import re

from zoo.databases import run_query
from zoo.datasets.builders import geoquery
from zoo.datasets.files import decode, print_reading
from zoo.datasets.folders import visible
from zoo.datasets.json_files import read_entries
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.pairs import read_own_pairs, read_pairs
from zoo.datasets.splitting import SPLITS, check_filled, check_variety
from zoo.datasets.tables import read_table
from zoo.datasets.text2sql import read_variants
from zoo.errors import InputError, check_choice, counted
from zoo.text import normalize

NAMES = ("geoquery", "geoquery/question", "geoquery/query")
SQL = re.compile(r"[\s(]*(select|with)\b", re.IGNORECASE)
MOST_CHECKED = 1000  # queries
DATABASE_ENDINGS = (".sqlite", ".sqlite3", ".db", ".db3")


def load_questions(name, database=None, data_dir=None, source=None, target=None, encoding="utf-8"):
    """Reads questions with the SQL queries that answer them, and finds their database.

    `name` may be `"geoquery"`, split by questions, or `"geoquery/query"`, split by queries. Or it may
    be a file or folder of your own:

    - TSV, CSV or JSON, as `load_pairs` reads them, with a question and a query in each row.

          question,query
          How many customers are there?,SELECT COUNT(*) FROM customers
          "Which customers live in Oslo, Norway?",SELECT name FROM customers WHERE city = 'Oslo'
          How old is Ada?,SELECT age FROM customers WHERE name = 'Ada'

    - a JSON file of Spider or BIRD, or a table with such columns. The name of the database, without its
      ending, chooses the rows with this `db_id`.

          [{"db_id": "shop", "question": "How old is Ada?", "query": "SELECT age FROM ..."}, ...]

    - a JSON file of text2sql-data, such as `restaurants.json`. If it has a split by questions, that
      is used.

          [{"sql": ["SELECT ..."], "query-split": "train", "variables": [...], "sentences": [...]}, ...]

    - a folder with one such file for each split, such as `train.csv`, `dev.csv` and `test.csv`.

    The database is an SQLite file. It may lie beside the file, or in the folder. Other splits are cut
    and kept apart as in `load_pairs`. One printed line says how your file was read. Another one says if
    training queries do not run in the database.

    Args:
        name: see above.
        database: the path of the SQLite database. None or "" means the only one beside the file.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        source: the column with the questions, see `load_pairs`. It is for your own files only.
        target: the column with the queries.
        encoding: the encoding of your own files.

    Returns:
        A dict with a pair (questions, queries) for each of `"train"`, `"validation"` and `"test"`, both
        lists of str. And the path of the database, a str.

    Raises:
        ValueError: there is no database, or more than one. Or most queries are no SQL. Also see
            `load_pairs`.

    Example:

    >>> splits, database = load_questions("geoquery")  # doctest: +SKIP
    >>> {split: len(questions) for split, (questions, _) in splits.items()}  # doctest: +SKIP
    {'train': 549, 'validation': 49, 'test': 279}
    """
    path = own_path(name)
    if path is None:
        if database or source or target:
            raise InputError(
                "database, source and target are for your own files, and this is a dataset. "
                f"Received: {name}, {database=}, {source=}, {target=}"
            )
        check_choice("dataset of questions, and no file or folder of that name", name, NAMES)
        builder = prepare(name, data_dir)
        rows = {
            split: [(normalize(question.decode()), query.decode()) for question, query in pairs]
            for split, pairs in read_splits(builder, "question", "query").items()
        }
        database = builder.data_path / geoquery.DATABASE
    else:
        database = find_database(path, database)
        chosen = {"source": source, "target": target}

        def read_file(file):
            pairs, how = _read_file(file, database.stem, chosen, encoding)
            if isinstance(pairs, dict) and path.is_dir():
                raise InputError(f"{file} has splits of its own: give this file, not its folder.")
            return pairs, how

        rows, how = read_own_pairs(path, source, target, encoding, read_file)
        print_reading(path, f"{how}. Database: {database}")
    check_filled(name, rows)
    check_variety(name, [query for _, query in rows["train"]], "queries")
    others = [query for _, query in rows["train"] if not SQL.match(query)]
    if 2 * len(others) > len(rows["train"]):
        raise InputError(
            f"{name}: most queries are no SQL that begins with SELECT or WITH. Choose the columns with "
            f"--source and --target. Received: {others[0]!r:.60}"
        )
    if path is not None:
        _check_queries(database, [query for _, query in rows["train"]])
    return {
        split: ([question for question, _ in rows[split]], [query for _, query in rows[split]])
        for split in SPLITS
    }, str(database)


def _check_queries(database, queries):
    """Says how many of the first queries do not run in a database. Raises an error if none does."""
    queries = list(dict.fromkeys(queries))[:MOST_CHECKED]
    reasons = [run_query(database, f"EXPLAIN {query}")[1] for query in queries]
    wrong = [(query, reason) for query, reason in zip(queries, reasons, strict=True) if reason]
    if not wrong:
        return
    query, reason = wrong[0]
    if len(wrong) == len(queries):
        raise InputError(
            f"No query runs in the database {database}: give the right one with --database, and write "
            f"the queries for SQLite. The first one fails: {reason}. Received: {query!r:.200}"
        )
    print(
        f"Of {counted(len(queries), 'different training query', 'different training queries')}, "
        f"{len(wrong):,} cannot run in the database, such as {query!r:.200}: {reason}."
    )


def find_database(path, database=None):
    """The path of the database for a file or folder of questions.

    Args:
        path: a `pathlib.Path`.
        database: what the user gave, or None.

    Raises:
        ValueError: nothing was given, and there is not exactly one database beside the questions.
    """
    if database:
        database = pathlib.Path(database).expanduser()
        if not database.is_file():
            raise InputError(f"There is no database of that name. Received: --database {database}")
        return database
    folder = path if path.is_dir() else path.parent
    found = [file for file in visible(folder) if file.suffix.lower() in DATABASE_ENDINGS]
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise InputError(
            "Give the SQLite database that answers the questions: add --database FILE. "
            f"Databases in {folder}: {names}"
        )
    return found[0]


def _read_file(file, db_id, chosen, encoding):
    """The pairs of one file, or a dict of split to pairs. And a text that says how it was read."""
    text = decode(file, encoding)
    if text.lstrip()[:1] in ("[", "{"):
        form, entries = read_entries(file, text, lambda entry: "question" in entry)
        entries = [entry for _, entry in entries]
    else:
        table = read_table(file, encoding)
        if "db_id" not in table.rows[0]:
            return read_pairs(file, chosen, encoding)
        form, (names, *rows) = table.form, table.rows
        entries = [dict(zip(names, row, strict=True)) for row in rows]
    names = set(entries[0]) if entries and isinstance(entries[0], dict) else set()
    if "sentences" in names:
        return _split_variants([(normalize(one), *rest) for one, *rest in read_variants(entries)])
    if "db_id" not in names:
        return read_pairs(file, chosen, encoding)
    source = chosen["source"] or "question"
    usual = [name for name in ("query", "SQL", "sql") if name in names] or ["query"]
    target = chosen["target"] or usual[0]
    try:
        pairs = [
            (normalize(entry[source]).strip(), entry[target].strip())
            for entry in entries
            if entry["db_id"] == db_id
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file}: expected rows with db_id, {source} and {target}, as in Spider. "
            f"Received: a row where this is missing or of another kind: {error}"
        ) from None
    if not pairs:
        others = ", ".join(sorted({str(entry["db_id"]) for entry in entries})[:9])
        raise InputError(f"{file} has no question about the database {db_id}. It has: {others}")
    return pairs, f"{form}, rows with the db_id {db_id}"


def _split_variants(rows):
    """Sorts the rows of a file of text2sql-data into its splits, if it has all three."""
    if {split for *_, split in rows} >= {*SPLITS}:
        splits = {one: [(q, query) for q, query, split in rows if split == one] for one in SPLITS}
        return splits, "JSON of text2sql-data, with its split by questions"
    return [(question, query) for question, query, _ in rows], "JSON of text2sql-data"
