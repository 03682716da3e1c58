"""Question answering: the recipe trains, scores answers, and its model asks the database."""

import json
import re

import atlas
import pytest
from pictures import assert_shows_data

from zoo import commands, databases
from zoo.tasks import question_answering

RECIPE = "encoder_decoder_questions"
BASELINES = ["nearest question", "nearest question, its names replaced"]


@pytest.fixture
def own(tmp_path):
    atlas.write_questions(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("cell", "attention"),
    [
        ("gru", "dot"),
        pytest.param("lstm", "additive", marks=pytest.mark.exhaustive),
        pytest.param("simple_rnn", "none", marks=pytest.mark.exhaustive),
    ],
)
def test_own_questions(run, cell, attention, own):
    folder = own / "model"
    words = ["--cell", cell, "--attention", attention, "--beam-width", "2"]
    printed = run("--smoke", "--dataset", own / "questions.csv", "--output", folder, *words)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics) == ["validation", "test"]
    for split, rows in metrics.items():
        assert list(rows) == [cell, *BASELINES]
        for name, scores in rows.items():
            assert 0 <= scores["exact match"] <= scores["same answer"] <= 1
            percents = rf"{100 * scores['exact match']:.1f}% +{100 * scores['same answer']:.1f}%"
            assert re.search(rf"^{split}, {name} +{percents}$", printed, re.M)
    assert "First row, as the network sees it: " in printed and "Norton" not in printed.split("->")[0]
    card = json.loads((folder / "task.json").read_text())
    assert card["database"] == "atlas.sqlite" and card["source_vocabulary"][:2] == ["", "[UNK]"]
    assert {"[0]", "city.name"} <= {*card["source_vocabulary"]}
    assert not {name.lower() for name, *_ in atlas.CITIES} & {*card["source_vocabulary"]}
    if attention == "none":
        assert not (folder / "attention.png").exists()
    else:
        assert_shows_data(folder / "attention.png")


@pytest.mark.exhaustive
def test_it_learns(run, own, ask, zoo_command):
    words = "--epochs 30 --batch-size 8 --units 32 --learning-rate 0.01 --dropout 0 --seed 3"
    folder = own / "model"
    printed = run("--dataset", own / "questions.csv", *words.split(), "--output", folder)
    scores = json.loads((folder / "metrics.json").read_text())["test"]
    assert scores["gru"]["same answer"] == 1 > scores["nearest question"]["same answer"]
    assert "right" in printed
    (said,) = ask("generate", folder, "how many people live in BELBURG")
    assert said == {"query": "select people from city where name = 'Belburg'", "answer": [[5000]]}
    status, output, _ = zoo_command("generate", folder, "How many people live in Belburg?")
    assert (status, output) == (0, "select people from city where name = 'Belburg'\n5000\n")
    # Another database of the same tables has other names.
    with databases.sqlite3.connect(own / "other.db") as database:
        database.execute(
            "CREATE TABLE city AS SELECT 'Xanadu' AS name, 'Norland' AS country, 7 AS people"
        )
    database.close()
    question = "How many people live in Xanadu?"
    (said,) = ask("generate", folder, question, options=["--database", own / "other.db"])
    assert said == {"query": "select people from city where name = 'Xanadu'", "answer": [[7]]}


@pytest.mark.exhaustive
def test_without_its_database_it_says_so(run, own, ask, zoo_command, monkeypatch):
    run("--smoke", "--dataset", own / "questions.csv", "--output", own / "model")
    (own / "atlas.sqlite").rename(own / "moved.db")
    monkeypatch.setenv("TFDS_DATA_DIR", str(own))
    (said,) = ask("generate", own / "model", "How many people live in Orton?")
    assert said["answer"] is None and "give --database FILE" in said["reason"]
    status, output, _ = zoo_command("generate", own / "model", "How many people live in Orton?")
    assert status == 0 and "\nNo answer: the database is not on this machine" in output
    status, _, errors = zoo_command("generate", own / "model", "Hm?", "--database", own / "no.db")
    assert status == 2 and "There is no database of that name" in errors


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ({"answer": [(1, "a"), (None, "b")]}, ["1, a", "None, b"]),
        ({"answer": []}, ["The answer is empty."]),
        ({"answer": [(i,) for i in range(22)]}, [*map(str, range(20)), "... and 2 more rows"]),
        ({"answer": None, "reason": "it takes too long"}, ["No answer: it takes too long"]),
    ],
)
def test_the_lines_of_an_answer(answer, lines):
    assert commands.answer_lines(answer) == lines


def test_bytes_of_a_database_can_be_printed_as_json(capsys):
    commands.print_json({"output": {"answer": [(b"\0\xff", "é", None)]}})
    assert capsys.readouterr().out == '{"output": {"answer": [["00ff", "é", null]]}}\n'


def test_the_database_of_training_is_found(own, monkeypatch):
    monkeypatch.setenv("HOME", str(own))
    monkeypatch.setenv("TFDS_DATA_DIR", str(own / "none"))
    for name in ("dataset", "database"):
        config = {"dataset": "questions.csv", "database": "", "data_dir": ""}
        path = {"dataset": "~/questions.csv", "database": "~/atlas.sqlite"}[name]
        card = {"database": "atlas.sqlite", "config": config | {name: path}}
        assert question_answering.find_database(card) == own / "atlas.sqlite"


def test_defaults_fit_the_questions():
    few, many = (
        {name: value for name, (value, _) in question_answering.defaults(number).items()}
        for number in (500, 20_000)
    )
    assert few["epochs"] > many["epochs"] and few["batch_size"] < many["batch_size"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset geoquerry", "Did you mean 'geoquery'?"),
        ("--database {tmp}/none.sqlite", "There is no database of that name"),
        ("--database {tmp}/questions.csv", "is not an SQLite database"),
        ("--source 7", "no column '7'"),
        ("--attention dott", "invalid choice: 'dott'"),
        ("--dropout 2", "argument --dropout: dropout must be"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    path = own / "questions.csv"
    assert_refused(message, "--smoke", "--dataset", path, *words.format(tmp=own).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, own, assert_needs_generate):
    assert_needs_generate(edit, "--dataset", own / "questions.csv")
