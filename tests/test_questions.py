"""Questions with queries: the files that `load_questions` reads, and the placeholders for names."""

import json
import re
import sqlite3

import atlas
import needs
import pytest
from requests import ConnectionError as NoConnection

from zoo import databases, datasets
from zoo.copying.readers import reader_code
from zoo.datasets.builders import geoquery
from zoo.tasks import placeholders

SPLITS = ("train", "validation", "test")


def pairs_of(splits):
    return sorted(pair for columns in splits.values() for pair in zip(*columns, strict=True))


def json_of(rows, **more):
    return json.dumps([{"question": q, "query": query, **more} for q, query in rows])


FORMS = {
    "questions.csv": lambda: None,
    "own.tsv": lambda: "".join(
        f"{i}\t{query}\t{question}\n"
        for i, (question, query) in zip(
            ["id", *range(99)], [("text", "sql"), *atlas.rows()], strict=False
        )
    ),
    "own.jsonl": lambda: "".join(json.dumps({"question": q, "sql": s}) + "\n" for q, s in atlas.rows()),
    "spider.json": lambda: (
        json_of(atlas.rows(), db_id="atlas", query_toks=["a"], sql={"a": 1})[:-1]
        + ", "
        + json_of([("Of another database?", "SELECT 1")], db_id="shop", query_toks=[], sql={})[1:]
    ),
    "bird.json": lambda: json_of(atlas.rows(), db_id="atlas").replace('"query"', '"SQL"'),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_questions_in_any_format_give_the_same_splits(name, tmp_path, capsys):
    own = atlas.write_questions(tmp_path)
    expected, _ = datasets.load_questions(own)
    content = FORMS[name]()
    if content is not None:
        (tmp_path / name).write_text(content)
    splits, database = datasets.load_questions(tmp_path / name)
    assert splits == expected and list(splits) == list(SPLITS)
    assert database == str(tmp_path / "atlas.sqlite")
    assert pairs_of(splits) == sorted(atlas.rows())
    assert f"Database: {tmp_path / 'atlas.sqlite'}." in capsys.readouterr().out


def test_a_folder_with_a_file_for_each_split(tmp_path):
    rows = atlas.rows()
    atlas.write_database(tmp_path)
    for other in ("atlas.sqlite-shm", "atlas.sqlite-wal", "atlas.sql"):  # an app has it open
        (tmp_path / other).write_bytes(b"\0\xff")
    parts = {"train.csv": rows[:60], "dev.csv": rows[60:70], "test.csv": rows[70:]}
    for name, some in parts.items():
        lines = "".join(f'"{question}","{query}"\n' for question, query in some)
        (tmp_path / name).write_text("question,query\n" + lines)
    splits, _ = datasets.load_questions(tmp_path)
    found = [sorted(zip(*columns, strict=True)) for columns in splits.values()]
    assert found == [sorted(some) for some in parts.values()]


@pytest.mark.parametrize("name", ["questions.csv", "spider.json"])
def test_a_reader_for_copies_without_the_zoo(name, tmp_path, monkeypatch):
    path = atlas.write_questions(tmp_path)
    if name != "questions.csv":
        path = tmp_path / name
        path.write_text(FORMS[name]())
    result = datasets.load_questions(path)
    reader = reader_code("load_questions", {"name": path, "names": {"name": "DATASET"}}, result)
    assert reader.call.startswith("load_questions(DATASET")
    assert [*reader.files] == ([] if name == "questions.csv" else ["spider-plain.jsonl"])
    for file, content in reader.files.items():
        (tmp_path / file).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "reader"}
    exec(reader.code, namespace)
    assert namespace["load_questions"](*reader.settings.values()) == result


@pytest.fixture
def geography(tmp_path):
    """A data_dir with a few questions and a database in the place of the real ones."""
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    with sqlite3.connect(manual / geoquery.DATABASE) as database:
        database.execute("CREATE TABLE state (name TEXT, area INT)")
        database.execute("INSERT INTO state VALUES ('ohara', 5), ('iowa', 56)")
    database.close()
    splits = {"train": "dev", "dev": "test", "test": "train"}
    entries = [
        {
            "sql": [f'SELECT {i} FROM STATE WHERE NAME = "name0" ;', "SELECT another"],
            "query-split": splits[split],
            "variables": [{"name": "name0", "example": "ohio", "type": "name", "location": "both"}],
            "sentences": [
                {"text": f"how big is name0 {i}", "question-split": split, "variables": {"name0": name}}
                for name in ("iowa", "ohara", "ohio")
            ],
        }
        for i, split in enumerate(splits)
    ]
    (manual / geoquery.QUESTIONS).write_text(json.dumps(entries))
    return tmp_path


def test_geoquery_takes_files_in_place_and_has_two_splits(geography):
    splits, database = datasets.load_questions("geoquery", data_dir=str(geography))
    assert sorted(zip(*splits["test"], strict=True)) == [
        ("how big is iowa 2", "SELECT 2 FROM STATE WHERE NAME = 'iowa' ;"),
        ("how big is ohara 2", "SELECT 2 FROM STATE WHERE NAME = 'ohara' ;"),
        ("how big is ohio 2", "SELECT 2 FROM STATE WHERE NAME = 'ohio' ;"),
    ]
    assert databases.run_query(database, "SELECT area FROM STATE WHERE NAME = 'ohara'")[0] == [(5,)]
    by_query, _ = datasets.load_questions("geoquery/query", data_dir=str(geography))
    assert pairs_of({"": by_query["train"]}) == pairs_of({"": splits["test"]})
    for name, expected in (("geoquery", splits), ("geoquery/query", by_query)):
        arguments = {"name": name, "data_dir": str(geography)}
        reader = reader_code("load_questions", arguments, datasets.load_questions(**arguments))
        assert not reader.files and len(reader.code.splitlines()) <= 50
        namespace = {"__name__": "reader"}
        exec(reader.code, namespace)
        read, path = namespace["load_questions"](*reader.settings.values())
        assert read == expected
        assert path == str(geography / "downloads" / "manual" / geoquery.DATABASE)
    own = geography / "downloads" / "manual" / geoquery.QUESTIONS
    assert pairs_of(datasets.load_questions(own)[0]) == pairs_of(splits)


def test_the_file_of_geoquery_in_a_folder_or_damaged(geography):
    path = geography / "downloads" / "manual" / geoquery.QUESTIONS
    whole = path.read_text()
    path.rename(path.with_name("train.json"))
    with pytest.raises(ValueError, match=r"train.json has splits of its own: give this file"):
        datasets.load_questions(path.parent)
    for content in (whole[:300], '[{"sql": []}]', "[1]"):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"geography.json is not the whole file of GeoQuery"):
            datasets.load_questions("geoquery", data_dir=str(geography))


def test_geoquery_without_a_network(tmp_path, monkeypatch):
    def refuse(session, request, **kwargs):
        raise NoConnection("no network", request=request)

    monkeypatch.setattr("requests.Session.send", refuse)
    with pytest.raises(ValueError) as error:
        datasets.load_questions("geoquery", data_dir=str(tmp_path))
    assert f"{tmp_path / 'downloads' / 'manual'} as {geoquery.QUESTIONS}" in str(error.value)


@needs.files(needs.MANUAL / geoquery.QUESTIONS, needs.MANUAL / geoquery.DATABASE)
def test_geoquery_as_published():
    sizes = {}
    for name in ("geoquery", "geoquery/query"):
        splits, database = datasets.load_questions(name)
        sizes[name] = [len(questions) for questions, _ in splits.values()]
    assert sizes == {"geoquery": [549, 49, 279], "geoquery/query": [536, 159, 182]}
    assert not {*splits["train"][1]} & {*splits["test"][1]}
    index = placeholders.index_values(databases.read_values(database))
    query = "select population from state where state_name = 'texas'"
    assert databases.run_query(database, query) == ([(14229000,)], "")
    assert index["texas"] == {"texas": ["state.state_name"]}, "five other columns refer to this one"
    tokens, found = placeholders.hide_values("rivers in new york and Mississippi river?", index)
    assert found == ["new york", "mississippi river", "mississippi"]
    assert tokens[-3:] == ["[2]", "river", "?"]


@pytest.mark.parametrize(
    ("content", "database", "message"),
    [
        ("question,query\n", None, "no other row"),
        ("".join(f"Who is {i}?,SELECT 1\n" for i in range(50)), None, "All queries"),
        ("".join(f"SELECT {i},Who is {i}?\n" for i in range(50)), None, "--source and --target"),
        ("Who?,SELECT 1\n", "none.sqlite", "There is no database of that name"),
        (None, None, "Databases in .*: atlas.sqlite, other.db"),
    ],
)
def test_what_cannot_be_read(content, database, message, tmp_path):
    path = atlas.write_questions(tmp_path)
    if content is None:
        (tmp_path / "other.db").touch()
    else:
        path.write_text(content)
    with pytest.raises(ValueError, match=message):
        datasets.load_questions(path, database)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"db_id": "shop", "question": "Who?", "query": "SELECT 1"}]', "It has: shop"),
        ('[{"db_id": "atlas", "question": "Who?", "query": 1}]', "as in Spider"),
        ('[{"db_id": "atlas", "question": "Who?", "query": "x"}, {"db_id": "atlas"}]', "as in Spider"),
        ('[{"sql": "SELECT 1", "sentences": 5}]', "as in text2sql-data. Received: entry 1"),
    ],
)
def test_json_of_another_form(content, message, tmp_path):
    atlas.write_database(tmp_path)
    (tmp_path / "own.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        datasets.load_questions(tmp_path / "own.json")


def test_a_dataset_has_its_own_database():
    with pytest.raises(ValueError, match=r"are for your own files"):
        datasets.load_questions("geoquery", "own.sqlite")
    with pytest.raises(ValueError, match=r"Did you mean 'geoquery'\?"):
        datasets.load_questions("geoquerry")


INDEX = placeholders.index_values(
    {
        "New York": ["city.name", "state.name"],
        "Ohio": ["state.name"],
        "new york": ["state.capital"],
        "York": ["city.name"],
        "O'Brien": ["mayor.name"],
        "東京": ["city.name"],
        "": ["city.note"],
        "to be or not to be that is it": ["city.motto"],
        "50%": ["city.share"],
    }
)


@pytest.mark.parametrize(
    ("question", "tokens", "found"),
    [
        (
            "Is NEW YORK larger than York?",
            "is city.name state.name [0] state.capital [1] new city.name [2] "
            "larger than city.name [2] ?",
            ["New York", "new york", "York"],
        ),
        ("Who is O'Brien?", "who is mayor.name [0] ?", ["O'Brien"]),
        ("¿Who is “O’Brien”—him?", "¿ who is “ mayor.name [0] ” — him ?", ["O'Brien"]),
        ("東京は?", "city.name [0] は ?", ["東京"]),
        ("More than 3.5 or 10?", "more than number [0] or number [1] ?", ["3.5", "10"]),
        ("10 of 10", "number [0] of number [0]", ["10"]),
        ("50%", "city.share [0] number [1] %", ["50%", "50"]),
        ("new yorker [0]", "new yorker [ number [0] ]", ["0"]),
        ("", "", []),
    ],
)
def test_names_become_placeholders(question, tokens, found):
    assert placeholders.hide_values(question, INDEX) == (tokens.split(), found)


def test_columns_that_repeat_another_one_are_left_out():
    index = placeholders.index_values(
        {
            "A": ["x.of", "y.at", "z.name"],
            "B": ["x.of", "y.at"],
            "C": ["y.at"],
            "a": ["x.of"],
            "D": ["u", "t"],
        }
    )
    columns = {text: columns for texts in index.values() for text, columns in texts.items()}
    assert columns == {
        "A": ["x.of", "y.at"],
        "B": ["x.of", "y.at"],
        "C": ["y.at"],
        "a": ["x.of"],
        "D": ["t"],
    }


@pytest.mark.parametrize(
    "query",
    [
        "select name from city where name = 'New York' and state <> 'york' limit 10",
        "select a.name , \"b c\" . d from city as a where x like '%York%' or y = 'O''Brien'",
        "select [a b] , `c d` , 1.5 , 1e-3 , count ( * ) , a.* from t where not a >= 5 or '' = 'it''s'",
    ],
)
def test_a_query_survives_its_placeholders(query):
    found = ["New York", "York", "O'Brien", "10", "5"]
    tokens = placeholders.hide_in_query(query + " ;", found)
    filled = placeholders.fill_query(tokens, found)
    assert filled.lower() == query.lower()
    assert filled == query.replace("'york'", "'York'")  # the spelling of the database
    assert ("'[0]'" in tokens) == ("'New York'" in query)
    assert placeholders.fill_query([*tokens, ""], found) == f"{filled} "  # a card may have this token


def test_a_query_keeps_its_meaning():
    query = """SELECT Größe, हिंदी, a->>'$.b', x'AB', 0x1F, 1 << .5 -- why
        FROM t /* not
        this */; ;"""
    tokens = placeholders.split_query(query)
    assert " ".join(tokens) == "select Größe , हिंदी , a ->> '$.b' , x'ab' , 0x1f , 1 << .5 from t"


def test_each_spelling_has_its_own_placeholder():
    found = ["Volvo", "volvo", "[0]"]
    query = "select * from a where b = 'Volvo' and c = 'volvo' and d = 'VOLVO' and e = '[0]'"
    tokens = placeholders.hide_in_query(query, found)
    assert [token for token in tokens if "[" in token] == ["'[0]'", "'[1]'", "'[1]'", "'[2]'"]
    assert placeholders.fill_query(tokens, found) == query.replace("VOLVO", "volvo")


def test_queries_that_do_not_run_are_counted(tmp_path, capsys):
    path = atlas.write_questions(tmp_path)
    with open(path, "a") as file:
        file.writelines(f"Who is {i}?,SELECT TOP {i} name FROM people\n" for i in range(20))
    datasets.load_questions(path)
    printed = r"Of \d+ different training queries, 1\d cannot run in the database, such as 'SELECT TOP "
    assert re.search(printed, capsys.readouterr().out)
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE other (name)")
    database.close()
    with pytest.raises(ValueError, match=r"No query runs in .*other.db.* no such table"):
        datasets.load_questions(path, tmp_path / "other.db")


def test_a_table_about_several_databases(tmp_path):
    path = atlas.write_questions(tmp_path)
    lines = path.read_text().splitlines()
    others = [f"other,Who is {i}?,SELECT {i}" for i in range(20)]
    path.write_text("\n".join(["db_id,question,sql", *(f"atlas,{one}" for one in lines[1:]), *others]))
    splits, _ = datasets.load_questions(path)
    assert sum(len(questions) for questions, _ in splits.values()) == len(lines) - 1


def test_numbers_inside_names_and_texts_stay():
    tokens = placeholders.hide_in_query("SELECT b5 FROM t5 WHERE x5.y = 'about 5' LIMIT 5", ["5"])
    assert tokens == ["select", "b5", "from", "t5", "where", "x5.y", "=", "'about 5'", "limit", "[0]"]
