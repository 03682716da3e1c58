"""The trained models that come with the package are what their cards say."""

import os
import pathlib
import runpy
import shlex

import needs
import pytest
import tensorflow_datasets as tfds

import zoo

ROOT = pathlib.Path(__file__).parent.parent
NAMES = zoo.list_presets()
WITHOUT_NETWORK = {"sunspots", "digits"}  # their data comes with a package and is ready in a second
each = pytest.mark.parametrize("name", NAMES)


def test_there_is_one_of_each_type():
    assert {zoo.tasks.find(name)[1]["type"] for name in NAMES} == set(zoo.list_models())
    assert zoo.list_presets("*sentiment*") == ["sentiment-imdb-gru", "sentiment-sst2-lstm"]


@each
def test_card(name):
    folder, card = zoo.tasks.find(name)
    task = zoo.load(name)  # compares the SHA-256 of each file
    assert set(card["sha256"]) == {path.name for path in folder.iterdir()} - {"task.json"}
    counted = sum(weights.numpy().size for weights in task.model.weights)
    assert counted == card["parameters"]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4_000_000
    assert {"dataset", "licence", "limits", "metrics", "measured", "versions"} <= set(card)
    program, recipe, *flags = shlex.split(card["command"])
    assert program == "python" and (ROOT / recipe).is_file()
    assert flags[-2:] == ["--output", name]
    for value in (*flags, *card["config"].values()):
        assert not pathlib.PurePath(str(value)).is_absolute()


@each
def test_measured_again_on_its_first_rows(name, data_dir, monkeypatch):
    task = zoo.load(name)
    if "TFDS_DATA_DIR" not in os.environ:
        if task.card["dataset"] not in WITHOUT_NETWORK:
            pytest.skip(needs.NO_DATA)
        monkeypatch.setattr(tfds.core.constants, "DATA_DIR", data_dir)
    try:
        zoo.datasets.loading.prepare(task.card["dataset"])
    except zoo.InputError:
        pytest.skip(needs.NO_DATA)
    presets = runpy.run_path(str(ROOT / "benchmarks" / "presets.py"))
    again = presets["measure"](task, presets["SAMPLE"])
    card = task.card["measured"][f"first {presets['SAMPLE']} rows of test"]
    assert again == pytest.approx(card, rel=0.02)  # other processors round otherwise


def test_one_answer_is_one_call_of_the_model_without_padding(monkeypatch):
    task, calls = zoo.load("sentiment-sst2-lstm"), []
    call = task.model.predict_on_batch
    monkeypatch.setattr(task.model, "predict_on_batch", lambda x: calls.append(x) or call(x))
    monkeypatch.setattr(task.model, "predict", None)  # it makes a dataset and a loop anew each time
    task.predict(["The food is not good"])
    assert [x.shape for x in calls] == [(1, 5)]


def test_the_answers_that_the_readme_promises():
    (answer,) = zoo.load("sentiment-sst2-lstm").predict(["The food is not good"])
    assert next(iter(answer)) == "negative"
    (spans,) = zoo.load("ner-conll2003-lstm").predict(["John lives in Paris"])
    assert [(span["text"], span["label"]) for span in spans] == [("John", "PER"), ("Paris", "LOC")]


def test_the_table_of_the_readme_is_that_of_the_cards():
    presets = runpy.run_path(str(ROOT / "benchmarks" / "presets.py"))
    assert presets["table"]() in (ROOT / "README.md").read_text()
