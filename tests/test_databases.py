"""Databases: queries that nobody has checked run read-only, with limits."""

import os
import re
import sqlite3
import time

import atlas
import pytest

from zoo import databases, metrics
from zoo.errors import InputError


@pytest.fixture
def database(tmp_path):
    return atlas.write_database(tmp_path)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("INSERT INTO city VALUES ('x', 'y', 1)", "not authorized"),
        ("UPDATE city SET people = 0", "not authorized"),
        ("DROP TABLE city", "not authorized"),
        ("CREATE TEMP TABLE copy AS SELECT * FROM city", "not authorized"),
        ("ATTACH '{folder}/new.sqlite' AS other", "not authorized"),
        ("VACUUM INTO '{folder}/new.sqlite'", "authorization denied|not authorized"),
        ("PRAGMA query_only = 0", "not authorized"),
        ("SELECT * FROM pragma_table_info('city')", "not authorized"),
        ("SELECT load_extension('{folder}/x.so')", "not authorized|no such function"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("BEGIN", "not authorized"),
        ("SELECT zeroblob(1000000000)", "too big"),
        ("SELECT hex(zeroblob(4000000)) FROM city", "over .* characters"),
        ("SELECT a.name FROM city a, city b, city c, city d", "over 10,000 rows"),
        ("selec nothing", "syntax error"),
        ("SELECT height FROM city", "no such column"),
        ("", "no SELECT"),
        ("SELECT 'a\0b'", "null character"),
        ("SELECT '\ud800'", "surrogates"),
        ("SELECT interrupted", "no such column: interrupted"),
    ],
)
def test_a_query_that_is_not_a_plain_question_is_refused(query, message, database, tmp_path):
    before = database.read_bytes()
    answer, reason = databases.run_query(database, query.format(folder=tmp_path))
    assert answer is None and re.search(message, reason)
    assert database.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["atlas.sqlite"]


def test_an_endless_query_is_stopped(database):
    start = time.thread_time()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    answer, reason = databases.run_query(database, endless, seconds=0.05)
    assert (answer, reason) == (None, "it takes over 0.05 seconds")
    assert time.thread_time() - start < 0.5


def test_a_query_may_read_and_count(database):
    counted = databases.run_query(database, "SELECT country, count(*) FROM city GROUP BY 1")
    assert counted == ([("Norland", len(atlas.CITIES))], "")
    assert databases.run_query(database, "SELECT name FROM city WHERE people < 0") == ([], "")


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0 and no more"])
def test_a_file_that_is_no_database(content, tmp_path):
    path = tmp_path / "no%20database?.sqlite"
    if content is not None:
        path.write_bytes(content)
    if content == b"":  # an empty file is an empty database
        assert databases.read_values(path) == {}
        return
    for use in (databases.read_values, lambda path: databases.run_query(path, "SELECT 1")):
        with pytest.raises(
            InputError, match=r"no database of that name|is not an SQLite database|cannot be read"
        ):
            use(path)


def test_values_of_unusual_tables(tmp_path):
    path = tmp_path / "a b#?%.sqlite"
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE "my ""table"" [1]" ("the name" TEXT, n INT, text)')
        rows = [("Åse", 1, b"bytes"), ("Åse", 2, "x" * 61), (None, 3, "Åse"), ("", 4, "5.5")]
        database.executemany('INSERT INTO "my ""table"" [1]" VALUES (?, ?, ?)', rows)
        database.execute('INSERT INTO "my ""table"" [1]" VALUES (CAST(x\'ff41\' AS TEXT), 5, NULL)')
    database.close()
    table = 'my "table" [1]'
    assert databases.read_values(path) == {
        "Åse": [f"{table}.text", f"{table}.the name"],
        "\ufffdA": [f"{table}.the name"],
    }


def test_a_damaged_database(tmp_path):
    path = tmp_path / "own.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE city (name)")
        database.executemany(
            "INSERT INTO city VALUES (?)", [(f"{i}".ljust(50, "x"),) for i in range(999)]
        )
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:4196] = content[8192:8292] = bytes(range(100))
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"own.sqlite cannot be read: .*malformed"):
        databases.read_values(path)


def test_tables_that_need_what_is_not_installed(tmp_path):
    path = tmp_path / "own.sqlite"
    with sqlite3.connect(path) as database:
        database.create_collation("own", lambda a, b: (a > b) - (a < b))
        database.execute("CREATE TABLE city (name COLLATE own, state COLLATE NOCASE)")
        database.execute("INSERT INTO city VALUES ('Åse', 'Texas'), ('Åse', 'TEXAS')")
        database.execute("CREATE TABLE sqlites (name)")
        database.execute("INSERT INTO sqlites VALUES ('fans')")
        database.execute("PRAGMA writable_schema = 1")
        virtual = "'table', 'no', 'no', 0, 'CREATE VIRTUAL TABLE no USING missing(name)'"
        database.execute(f"INSERT INTO sqlite_master VALUES ({virtual})")
    database.close()
    assert databases.read_values(path) == {
        "TEXAS": ["city.state"],
        "Texas": ["city.state"],
        "fans": ["sqlites.name"],
        "Åse": ["city.name"],
    }


@pytest.mark.parametrize("reason", ["SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN", "SQLITE_BUSY"])
def test_a_folder_where_sqlite_may_not_write(reason, database, monkeypatch):
    connect, opened = sqlite3.connect, []

    def refuse(address, **options):
        opened.append(address)
        if "immutable" not in address:
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorname = reason
            raise error
        return connect(address, **options)

    monkeypatch.setattr(sqlite3, "connect", refuse)
    pending = database.with_name("atlas.sqlite-wal")
    if reason == "SQLITE_BUSY":
        pending = database.with_name("other")
    else:
        assert databases.run_query(database, "SELECT 1") == ([(1,)], "")
    pending.touch()  # changes that are not in the database yet
    with pytest.raises(InputError, match=r"atlas.sqlite cannot be read: attempt to write"):
        databases.run_query(database, "SELECT 1")


def test_a_database_that_may_not_be_written(database):
    os.chmod(database, 0o400)
    assert databases.run_query(database, "SELECT max(people) FROM city")[0] == [(19000,)]


@pytest.mark.parametrize(
    ("query", "right", "is_same"),
    [
        ("select name from city order by 1 desc", "select name from city", True),  # any order
        ("select name from city", "select name from city order by name", False),
        (
            "select name from city",
            "select name from ( select * from city order by people )",
            True,
        ),
        ("select country from city", "select distinct country from city", False),  # how many
        ("select 'b' union all select ' order by '", "select ' order by ' union all select 'b'", True),
        ("select count ( * ) from city", "select 20", True),
        ("select count ( * ) from city", "select 20.0", True),
        ("select 1 where 0", "select name from city where people < 0", True),  # both empty
        ("select nothing", "select nothing at all", False),  # neither can be run
        ("select nothing", "select nothing", True),  # equal, although it cannot be run
        ("select ((( 1", "select 1", False),
    ],
)
def test_the_same_answer(query, right, is_same, database):
    judged = metrics.judge_queries(database, [query, right], [right, right])
    assert judged["same answer"].tolist() == [is_same, True]
    assert judged["exact match"].tolist() == [query == right, True]
