import csv
import hashlib
import json

import keras
import pytest

import zoo

REST = {"task": {"labels": ["neg", "pos"]}, "metrics": {"test": 0.5}, "figures": {}}


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def test_save_writes_all_that_belongs_to_a_model(model, tmp_path):
    folder = tmp_path / "mine"
    history = {"loss": [2.0, 1.0], "val_loss": [3.0, 4.0]}
    zoo.tasks.save(folder, model, history=history, files={"target.spm": b"\0pieces"}, **REST)
    task = json.loads((folder / "task.json").read_text())
    weights = (folder / "model.keras").read_bytes()
    assert task["sha256"]["model.keras"] == hashlib.sha256(weights).hexdigest()
    assert (folder / "target.spm").read_bytes() == b"\0pieces"
    assert task["sha256"]["target.spm"] == hashlib.sha256(b"\0pieces").hexdigest()
    assert task["labels"] == ["neg", "pos"]
    assert task["versions"]["keras"] == keras.__version__
    rows = list(csv.reader((folder / "history.csv").open()))
    assert rows == [["epoch", "loss", "val_loss"], ["1", "2.0", "3.0"], ["2", "1.0", "4.0"]]
    assert keras.saving.load_model(folder / "model.keras").count_params() == 3


def test_a_failure_leaves_the_earlier_folder_and_nothing_else(model, tmp_path):
    folder = tmp_path / "mine"
    zoo.tasks.save(folder, model, history={}, **REST)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TypeError):
        zoo.tasks.save(folder, model, history={}, **REST | {"task": {"labels": object()}})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]
    zoo.tasks.save(folder, model, history={"loss": [1.0]}, **REST)
    assert (folder / "history.csv").read_bytes() != before["history.csv"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_through_a_link_and_an_empty_one(model, tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for _ in range(2):
        zoo.tasks.save(tmp_path / "link", model, history={}, **REST)
    assert (tmp_path / "real" / "task.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    zoo.tasks.save(".", model, history={}, **REST)
    assert (tmp_path / "empty" / "task.json").exists()


def test_other_peoples_folders_are_not_overwritten(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(ValueError, match="holds something else"):
        zoo.tasks.save(tmp_path, model, history={}, **REST)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"
