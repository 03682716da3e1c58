"""Punctuation: marks and capitals off, and on again."""

import json
import random
import re

import edits
import keras
import numpy as np
import pytest
from pictures import assert_shows_data

import zoo

RECIPE = "many_to_many_punctuation"


@pytest.fixture
def own(tmp_path):
    rng = random.Random(0)
    sentences = ("Is it good?", "Well, it's good.", "I saw NBC!")
    paragraphs = [" ".join(rng.choices(sentences, k=30)) for _ in range(60)]
    (tmp_path / "own.txt").write_text("\n\n".join(paragraphs))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("Well, it's GOOD! Is it?", "Well, it's GOOD! Is it?"),
        ('(It "ended"), then: nothing...', "It ended, then, nothing."),
        ("What?! No way!!! A 10/10 - I'd say", "What? No way! A 10 10 I'd say"),
        ("A well-made film by McDonald; of the 80s", "A well-made film by Mcdonald, of the 80s"),
        ("Café 'Übermut'… ça va", "Café Übermut. ça va"),
        ("  . ", ""),
    ],
)
def test_tags_off_and_on_again(recipe, text, restored):
    words, tags = recipe["take_tags_off"]([text])
    assert words == re.findall(r"[\w'-]+", restored.lower())
    tags = [recipe["TAGS"][tag] for tag in tags]
    assert zoo.tasks.punctuation.decode(words, tags) == restored


def test_tags_are_case_and_mark(recipe):
    words, tags = recipe["take_tags_off"](["I saw NBC?"])
    assert words == ["i", "saw", "nbc"]
    assert [recipe["TAGS"][tag] for tag in tags] == [("Capital", ""), ("lower", ""), ("UPPER", "?")]


def test_score_is_the_f1_of_each_mark_and_case(recipe):
    tag = {name: number for number, name in enumerate(recipe["TAGS"])}
    true = [tag["lower", ","], tag["Capital", ","], tag["UPPER", "."], tag["lower", ""]]
    predicted = [tag["Capital", ","], tag["Capital", ""], tag["UPPER", "?"], tag["lower", ""]]
    scores = recipe["score"](np.array(true), np.array(predicted))
    expected = {",": 2 / 3, ".": 0, "?": 0, "!": 0, "Capital": 2 / 3, "UPPER": 1, "accuracy": 1 / 4}
    assert scores == pytest.approx(expected)


@pytest.mark.slow
def test_own_text(run, own, ask):
    output, cell = own / "model", "lstm"
    printed = run("--smoke", "--dataset", own / "own.txt", "--cell", cell, "--output", output)
    assert re.search(r"^train: 5\d paragraphs.*\n.*\ntest: [234] paragraphs", printed, re.M)
    rows = re.findall(rf"^({cell}|most frequent tag|nothing restored) +([01]\.\d+) ", printed, re.M)
    assert len(rows) == 6
    task = json.loads((output / "task.json").read_text())
    accuracy = {name: f"{row['accuracy']:.4f}" for name, row in task["metrics"]["test"].items()}
    assert accuracy == dict(rows[3:])
    # One word here has its own tag, NBC!, so a baseline that sees words alone finds it.
    assert task["metrics"]["test"]["most frequent tag"]["UPPER"] == 1
    assert task["metrics"]["test"]["nothing restored"]["UPPER"] == 0
    assert len(task["vocabulary"]) == 10 and len(task["labels"]) == 15
    assert_shows_data(output / "confusion.png")
    assert re.search(r"^Verdict: .*(most frequent tag|nothing restored)", printed, re.M)
    assert "First row, as the network sees it: " in printed
    examples = printed.split("Verdict")[1].split("\n\n")[1:-1]
    for example in examples:
        restored, true = re.fullmatch("restored  (.*)\ntruth     (.*)", example.strip()).groups()
        assert true in (own / "own.txt").read_text()
        assert re.sub("[,.?!]", "", restored).lower() == re.sub("[,.?!]", "", true).lower()
        assert ask("predict", output, true) == [restored]
    assert examples


@pytest.mark.exhaustive
def test_it_learns(run, own):
    words = "--epochs 12 --units 16 --batch-size 8 --learning-rate 0.01 --seed 7"
    folder = own / "model"
    run("--dataset", own / "own.txt", *words.split(), "--output", folder)
    scores = json.loads((folder / "metrics.json").read_text())["test"]
    # "good" ends a question or a statement, which a word alone does not tell.
    assert scores["gru"]["accuracy"] > 0.95 > scores["most frequent tag"]["accuracy"]
    assert scores["gru"]["?"] > 0.9


@pytest.mark.exhaustive
def test_the_default_is_restored_from_real_reviews(run, data_dir):
    printed = run("--smoke", "--data-dir", data_dir)
    assert "train: 200 paragraphs" in printed and "test: 200 paragraphs" in printed
    assert "<br" not in printed
    scores = re.findall(r"^most frequent tag +(.*)$", printed, re.M)[1].split()
    assert 0.7 < float(scores[0]) < 0.9 and float(scores[5]) > 0.1  # accuracy, and F1 of Capital


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/missing.txt", "No file or folder of that name"),
        ("--dataset {tmp}/empty.txt", "empty.txt is empty: expected a text"),
        ("--dataset {tmp}/short.txt", "The validation split of {tmp}/short.txt has fewer words than"),
        ("--dataset {tmp}/latin.txt", "Name the encoding of the file with --encoding"),
        ("--cell gruu", "argument --cell: Unknown cell. Did you mean 'gru'?"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    (own / "empty.txt").write_text("\n \n")
    (own / "short.txt").write_text(("A word. " * 99 + "\n") * 3)
    (own / "latin.txt").write_bytes("Café".encode("latin-1"))
    assert_refused(message.format(tmp=own), "--smoke", *words.format(tmp=own).split())


@pytest.mark.parametrize("edit", edits.some("subclass", "own layer"))
def test_a_changed_model(edit, run_changed_tagger, own):
    printed = run_changed_tagger(edit, "--dataset", own / "own.txt")
    assert len(re.findall(rf"^{edits.CELLS[edit]} +[01]\.\d+", printed, re.M)) == 2


def test_a_model_of_windows_alone_is_refused(own, monkeypatch, assert_refused):
    """A paragraph to judge by eye has another length: it would fail after the training."""
    window = keras.Input((64,))
    p = keras.layers.Dense(15, "softmax")(keras.layers.Embedding(500, 4)(window))
    model = keras.Model(window, p)
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    message = "A model for this data begins with keras.Input((None,))"
    assert_refused(message, "--smoke", "--dataset", own / "own.txt")
