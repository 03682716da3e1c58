import copy
import csv
import hashlib
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import time
import types
import zipfile

import keras
import numpy as np
import pytest

import zoo

TASK = {
    "task": "forecasting",
    "dataset": "sunspots",
    "config": {"window": 2, "segment": 1},
    "preprocessing": {"mean": 1.0, "std": 2.0},
    "labels": ["neg", "pos"],
}
REST = {"task": TASK, "metrics": {"test": 0.5}, "figures": {}}


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
    assert task["versions"]["rnn-zoo"] == zoo.__version__
    assert task["licence"] == "public domain"
    assert (task["format"], task["backend"]) == (2, keras.backend.backend())
    assert task["build"] is None  # zoo.build did not make this model
    rows = list(csv.reader((folder / "history.csv").open()))
    assert rows == [["epoch", "loss", "val_loss"], ["1", "2.0", "3.0"], ["2", "1.0", "4.0"]]
    assert keras.saving.load_model(folder / "model.keras").count_params() == 3


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_weights_are_kept(path, model):
    again = keras.models.clone_model(model)
    again.load_weights(path)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        assert (ours == theirs).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"task": TASK | {"labels": object()}}, r"task\['labels'\] cannot be written as JSON"),
        ({"task": TASK | {"labels": {1, 2}}}, r"task\['labels'\] cannot be written as JSON"),
        ({"task": TASK | {"labels": {("a", "b"): 1}}}, r"task\['labels'\] must have texts as keys"),
        ({"task": {"dataset": "sunspots"}}, "The task lacks config, task"),
        ({"task": TASK | {"config": None}}, "The config must be a dict"),
        ({"files": {"../x": b""}}, "name of a file must be plain, such as words.tsv. Received: '../x'"),
        ({"files": {"/x": b""}}, "must be plain"),
        ({"files": {"a\\x": b""}}, "must be plain"),
        ({"files": {"..": b""}}, "must be plain"),
        ({"files": {".task.json": b""}}, "must be plain"),
        ({"files": {"": b""}}, "must be plain"),
        ({"files": {"x" * 250: b""}}, "must be plain"),
        ({"files": {1: b""}}, "must be plain"),
        ({"files": {"Task.json": b""}}, "taken already. Received: 'Task.json'"),
        ({"files": {"model.keras": b""}}, "taken already"),
        ({"files": {"history.csv": b""}}, "taken already"),
        (
            {"files": {"plot.png": b""}, "figures": {"plot": None}},
            "taken already. Received: 'plot.png'",
        ),
        ({"figures": {"../plot": None}}, "must be plain"),
        ({"files": {"words.tsv": "a text"}}, "bytes-like object"),
    ],
)
def test_a_failure_loses_neither_the_earlier_folder_nor_the_weights(wrong, message, model, tmp_path):
    folder = tmp_path / "runs" / "mine"
    folder.parent.mkdir()
    zoo.save(folder, model, history={}, **REST)
    before = contents(folder)
    for number in ("", "-2"):
        with pytest.raises(zoo.InputError, match=message) as caught:
            zoo.save(folder, model, **REST | {"history": {}} | wrong)
        kept = folder.parent / f"mine{number}.weights.h5"
        assert f"model.load_weights({str(kept)!r})" in str(caught.value)
        assert_weights_are_kept(kept, model)
        kept.with_name("mine.weights.h5").touch()
    assert contents(folder) == before
    names = ["mine", "mine-2.weights.h5", "mine.weights.h5"]
    assert sorted(path.name for path in folder.parent.iterdir()) == names
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    zoo.save(folder, model, history={"loss": [1.0]}, **REST)
    assert (folder / "history.csv").read_bytes() != before["history.csv"]


class Broken:
    def savefig(self, *args, **options):
        raise RuntimeError("no font")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"figures": {"plot": Broken(), "other": None}}, r"plot.png \(no font\); other.png \("),
        ({"metrics": {"test": object()}}, r"metrics.json \(metrics\['test'\] cannot be written"),
        ({"metrics": {"test": 1.0, (1, 2): 2.0}}, "metrics.json"),
        ({"history": {"loss": 1.0}}, "history.csv"),
        ({"history": None}, "history.csv"),
    ],
)
def test_what_only_informs_may_fail_alone(wrong, message, model, tmp_path):
    with pytest.raises(zoo.InputError, match=f"mine was written, but without {message}"):
        zoo.save(tmp_path / "mine", model, **REST | {"history": {}} | wrong)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]
    assert keras.saving.load_model(tmp_path / "mine" / "model.keras").count_params() == 3
    zoo.save(tmp_path / "mine", model, history={}, **REST)  # all of it is ours


def test_numbers_of_numpy_and_what_json_lacks(model, tmp_path):
    metrics = {
        "test": {"f1": np.float32(0.5), "none": float("nan"), "hits": np.int64(3), 7: np.bool_(True)},
        "by class": np.array([[1.0, np.inf]]),
    }
    history = {"loss": [np.float32(2.0), 1.0], "val_loss": [3.0]}
    task = TASK | {"labels": ("neg", "pos"), "config": {"path": tmp_path, "sizes": np.arange(2)}}
    zoo.save(tmp_path / "mine", model, **REST | {"task": task, "metrics": metrics, "history": history})
    card = zoo.tasks.find(tmp_path / "mine")[1]
    expected = {
        "test": {"f1": 0.5, "none": None, "hits": 3, "7": True},
        "by class": [[1.0, None]],
    }
    assert card["metrics"] == json.loads((tmp_path / "mine" / "metrics.json").read_text()) == expected
    assert card["config"] == {"path": str(tmp_path), "sizes": [0, 1]}
    rows = list(csv.reader((tmp_path / "mine" / "history.csv").open()))
    assert rows == [["epoch", "loss", "val_loss"], ["1", "2.0", "3.0"], ["2", "1.0", ""]]


def test_a_command_in_another_encoding(model, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["recipe.py", "caf\udce9"])
    zoo.save(tmp_path / "mine", model, history={}, **REST)
    assert zoo.tasks.find(tmp_path / "mine")[1]["command"].endswith("caf\udce9'")


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return inputs


class CannotSaveWeights(Unregistered):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=(2,), initializer="ones")

    def save_own_variables(self, store):
        raise RuntimeError("not yet written")


@pytest.mark.parametrize("layer", [Unregistered, CannotSaveWeights])
def test_a_model_that_cannot_be_saved_leaves_its_weights(layer, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), layer()])
    with pytest.raises(zoo.InputError, match=r"The model cannot be saved: .*The weights are kept in"):
        zoo.save(tmp_path / "mine", model, history={}, **REST)
    (kept,) = tmp_path.iterdir()
    if layer is Unregistered:
        assert kept.name == "mine.weights.h5"
        return assert_weights_are_kept(kept, model)
    assert kept.name == "mine.weights.npz"
    for ours, theirs in zip(np.load(kept).values(), model.get_weights(), strict=True):
        assert (ours == theirs).all()


def test_a_place_that_goes_away_while_training(model, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    with pytest.raises(zoo.InputError, match=r"there is no folder .*The weights are kept in"):
        zoo.save(tmp_path / "runs" / "mine", model, history={}, **REST)
    assert_weights_are_kept(tmp_path / "elsewhere" / "mine.weights.h5", model)


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


def own_card(folder):
    (folder / "task.json").write_text('{"mine": true}')


@pytest.mark.parametrize(
    ("add", "names"),
    [
        (lambda folder: (folder / "thesis.txt").write_text("mine"), "thesis.txt"),
        (lambda folder: (folder / "extra.png").write_bytes(b"mine"), "extra.png"),
        (lambda folder: (folder / ".hidden").write_text("mine"), ".hidden"),
        (lambda folder: (folder / "gru").mkdir(), "gru"),
        (lambda folder: (folder / "link").symlink_to(folder), "link"),
        (lambda folder: (folder / "history.csv").write_text("changed"), "history.csv"),
        (lambda folder: (folder / "samples.txt").write_text("changed"), "samples.txt"),
        (lambda folder: (folder / "model.keras").write_bytes(b"other"), "model.keras"),
        (own_card, "history.csv, metrics.json, model.keras, samples.txt, task.json"),
        (lambda folder: (folder / "task.json").unlink(), "history.csv, metrics.json, model.keras"),
        (lambda folder: change_card(folder, format=3), "history.csv"),
        (lambda folder: [(folder / f"{i}").touch() for i in range(9)], "0, 1, 2, 3, 4 and 4 more"),
    ],
)
def test_what_save_did_not_write_is_not_overwritten(add, names, model, tmp_path):
    folder = tmp_path / "mine"
    zoo.save(folder, model, history={}, files={"samples.txt": b"text"}, **REST)
    add(folder)
    before = sorted(folder.rglob("*"))
    for refuse in (
        lambda: zoo.tasks.check_output(folder),
        lambda: zoo.save(folder, model, history={}, **REST),
    ):
        with pytest.raises(zoo.InputError, match="holds something else: ") as caught:
            refuse()
        assert f"holds something else: {names}" in str(caught.value)
    assert sorted(folder.rglob("*")) == before
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "mine.weights.h5"}


@pytest.mark.parametrize("name", ["runs", "runs/mine/task.json"])
def test_other_peoples_folders_are_not_overwritten(name, model, tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    zoo.save(folder / "mine", model, history={}, **REST)
    with pytest.raises(zoo.InputError, match=r"something else: mine\.|is a file: choose another name"):
        zoo.save(tmp_path / name, model, history={}, **REST)
    assert (folder / "mine" / "model.keras").is_file()


def test_files_that_a_system_adds_are_nobodys(model, tmp_path):
    folder = tmp_path / "mine"
    zoo.save(folder, model, history={}, **REST)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._model.keras"):
        (folder / name).write_bytes(b"system")
    zoo.save(folder, model, history={}, **REST)
    names = ["history.csv", "metrics.json", "model.keras", "task.json"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_a_folder_of_an_earlier_version_can_be_replaced(model, tmp_path):
    folder = tmp_path / "mine"
    zoo.save(folder, model, history={}, files={"words.tsv": b"text"}, **REST)
    card = json.loads((folder / "task.json").read_text())
    del card["also_written"]
    (folder / "task.json").write_text(json.dumps(card))
    (folder / "confusion.png").write_bytes(b"a plot that recipes wrote")
    zoo.tasks.check_output(folder)
    (folder / "holiday.png").write_bytes(b"mine")
    with pytest.raises(zoo.InputError, match=r"something else: holiday.png"):
        zoo.tasks.check_output(folder)
    (folder / "holiday.png").unlink()
    zoo.save(folder, model, history={}, **REST)
    assert not (folder / "confusion.png").exists()


@pytest.mark.parametrize("name", ["m" * 255, "ä" * 127, "\N{GRINNING FACE}" * 63])
def test_the_longest_names(name, model, tmp_path):
    zoo.tasks.check_output(tmp_path / name, model)
    assert not list(tmp_path.iterdir())
    for _ in range(2):
        zoo.save(tmp_path / name, model, history={}, **REST)
    assert zoo.tasks.find(tmp_path / name)[1]["task"] == "forecasting"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["m" * 256, "ä" * 128, "a\0b", "deep/" * 1000 + "x", b"bytes", 3, ["a"]]
)
def test_names_that_no_folder_can_have_are_found_before_training(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(zoo.InputError, match=r"Cannot write|Give the name of a folder"):
        zoo.tasks.check_output(name)
    assert not list(tmp_path.iterdir())


def test_a_path_whose_files_would_have_too_long_a_path(tmp_path, monkeypatch):
    parent = tmp_path
    while len(str(parent)) < 4096 - 250:
        parent = parent / ("d" * 120)
    parent.mkdir(parents=True)
    left = 4096 - len(str(parent)) - 2
    with pytest.raises(zoo.InputError, match=r"Cannot write .*too long"):
        zoo.tasks.check_output(parent / ("m" * min(left - 20, 255)))
    assert not list(parent.iterdir())


def test_places_that_cannot_be_replaced(tmp_path, monkeypatch):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(zoo.InputError, match="Cannot write"):
        zoo.tasks.check_output(tmp_path / "circle")
    (tmp_path / "volume").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path / "volume")
    with pytest.raises(zoo.InputError, match="is a mount point"):
        zoo.tasks.check_output(tmp_path / "volume")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(zoo.InputError, match="no permission"):
        zoo.tasks.check_output(tmp_path / "mine")
    for nowhere in ("", None):
        zoo.tasks.check_output(nowhere)


def test_what_cannot_be_saved(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("", None, 3, b"mine"):
        with pytest.raises(zoo.InputError, match="Give a folder to save to"):
            zoo.save(folder, model, history={}, **REST)
    with pytest.raises(zoo.InputError, match=r"Give a keras.Model to save. Received: 'model'"):
        zoo.save("mine", "model", history={}, **REST)
    assert not list(tmp_path.iterdir())
    zoo.save("mine", model, history={}, **REST | {"task": TASK | {"dataset": "no such: data"}})
    assert zoo.tasks.find("mine")[1]["licence"] == "not stated: your own data"


FLAGS = {"cell": "gru", "units": 4, "pooling": "last", "window": 2, "segment": 1, "vocabulary_size": 9}


def card_of(model, folder):
    task = TASK | {"type": "many_to_one", "cell": "gru", "config": FLAGS}
    zoo.save(folder, model, **REST | {"task": task, "history": {}})
    return zoo.tasks.find(folder)[1]


def test_the_card_says_what_was_trained(tmp_path):
    arguments = {"num_features": 1, "num_outputs": 1}
    as_flags = zoo.build("many_to_one", cell="gru", units=4, **arguments)
    assert card_of(as_flags, tmp_path / "mine")["config"] == FLAGS
    other = zoo.build("many_to_one", cell="lstm", units=5, pooling="max", **arguments)
    card = card_of(other, tmp_path / "mine")
    assert card["config"] == FLAGS | {"cell": "lstm", "units": 5, "pooling": "max"}
    assert (card["type"], card["cell"]) == ("many_to_one", "lstm")
    by_hand = keras.Sequential([keras.Input((None, 1)), keras.layers.LSTM(3), keras.layers.Dense(1)])
    card = card_of(by_hand, tmp_path / "mine")
    assert card["config"] == {"window": 2, "segment": 1, "vocabulary_size": 9}
    assert card["build"] is None and card["parameters"] == by_hand.count_params()
    assert zoo.load(tmp_path / "mine").predict([5.0, 7.0, 3.0])


def test_a_preset_comes_before_a_folder_of_its_name(saved, monkeypatch):
    folder, _ = saved
    folder.rename(folder.with_name("digits-gru"))
    monkeypatch.chdir(folder.parent)
    assert zoo.load("digits-gru").card["task"] == "image_classification"
    for own in ("./digits-gru", folder.with_name("digits-gru"), zoo.tasks.find("./digits-gru")[0]):
        assert zoo.load(own).card["task"] == "forecasting"


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "mine"
    model = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((4, 2, 1)), np.ones((4, 1)))  # so there is an optimizer's state
    zoo.save(folder, model, history={}, **REST)
    return folder, model


@pytest.fixture
def saved(saved_once, tmp_path):
    """A folder to change, and the model in it."""
    folder, model = saved_once
    return shutil.copytree(folder, tmp_path / "mine"), model


def test_load_gives_what_was_saved(saved):
    folder, model = saved
    task = zoo.load(folder)
    for ours, theirs in zip(task.model.get_weights(), model.get_weights(), strict=True):
        assert (ours == theirs).all()
    (answer,) = task.predict([5.0, 7.0, 3.0])
    expected = model.predict_on_batch(np.array([[[2.0], [0.0]]], "float32"))[0, 0] * 2 + 3
    assert answer == pytest.approx(float(expected))
    assert task.card["labels"] == ["neg", "pos"]
    assert task.predict(iter([5.0, 7.0, 3.0])) == [answer]
    with pytest.raises(zoo.InputError, match=r"has predict\(inputs\), not generate"):
        task.generate(["a"])
    with pytest.raises(zoo.InputError, match="Give a list of inputs"):
        task.predict("5 7 3")


def change_card(folder, **changes):
    card = json.loads((folder / "task.json").read_text())
    (folder / "task.json").write_text(json.dumps(card | changes))


def change_build(folder, **arguments):
    build = json.loads((folder / "task.json").read_text())["build"]
    change_card(folder, build=build | {"arguments": build["arguments"] | arguments})


def change_config(folder, change):
    """Applies a function to the text of the config in `model.keras`."""
    with zipfile.ZipFile(folder / "model.keras") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["config.json"] = change(contents["config.json"].decode())
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    sha256 = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    change_card(folder, sha256={"model.keras": sha256})


def test_a_model_of_the_zoo_opens_without_its_config(saved):
    """So it does not matter how another version of Keras has spelled it."""
    folder, model = saved
    build = zoo.tasks.find(folder)[1]["build"]
    assert (build["type"], build["precision"]) == ("many_to_one", "float32")
    assert {"cell": "gru", "units": 4, "pooling": "last"}.items() <= build["arguments"].items()
    change_config(folder, lambda text: text.replace("glorot", "").replace('"units"', '"unit_count"'))
    for ours, theirs in zip(zoo.load(folder).model.weights, model.weights, strict=True):
        assert (keras.ops.convert_to_numpy(ours) == keras.ops.convert_to_numpy(theirs)).all()


@keras.saving.register_keras_serializable("test_tasks")
class Double(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

    def compute_output_shape(self, input_shape):
        return input_shape


def changed_models():
    inputs = keras.Input((None, 1))
    x = keras.layers.GRU(4)(inputs)
    wrapped = keras.layers.TimeDistributed(Double())(inputs)
    built = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    frozen = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    frozen.get_layer("rnn_0").trainable = False
    return {
        "by hand": keras.Model(inputs, keras.layers.Dense(1)(x)),
        "custom layer": keras.Model(inputs, Double()(keras.layers.Dense(1)(x))),
        "wrapped": keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(wrapped)),
        "Sequential": keras.Sequential([inputs, keras.layers.LSTM(3), keras.layers.Dense(1)]),
        "more layers": keras.Model(built.inputs, keras.layers.Dense(1)(built.outputs[0])),
        "frozen": frozen,
    }


@pytest.mark.parametrize("name", changed_models())
def test_a_changed_model_is_saved_and_loaded_by_its_config(name, tmp_path):
    model = changed_models()[name]
    zoo.save(tmp_path / "mine", model, history={}, **REST)
    assert zoo.tasks.find(tmp_path / "mine")[1]["build"] is None
    loaded = zoo.load(tmp_path / "mine").model
    assert zoo.configs.structure(loaded) == zoo.configs.structure(model)
    x = np.array([[[1.0], [-2.0]], [[3.0], [0.5]]], "float32")
    assert (loaded.predict_on_batch(x) == model.predict_on_batch(x)).all()


def test_what_another_version_of_keras_may_not_know_is_left_out(tmp_path):
    image = keras.Input((4, 4, 1))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(2, 3, strides=(2, 1))(image))
    x = keras.layers.Rescaling(2.0)(keras.layers.Flatten()(x))
    model = keras.Model(image, keras.layers.Dense(3, "tanh", kernel_initializer="zeros")(x))
    zoo.save(tmp_path / "mine", model, history={}, **REST)
    with zipfile.ZipFile(tmp_path / "mine" / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))
    layers = {layer["class_name"]: layer["config"] for layer in config["config"]["layers"]}
    given = {
        class_name: {name for name in config if not name.endswith("_initializer")}
        for class_name, config in layers.items()
    }
    assert given["BatchNormalization"] == {"name", "dtype"}
    assert given["Dense"] == {"name", "dtype", "units", "activation"}
    assert layers["Dense"]["kernel_initializer"]["class_name"] == "Zeros"
    assert layers["Conv2D"]["strides"] == [2, 1] and "groups" not in layers["Conv2D"]
    loaded = keras.saving.load_model(tmp_path / "mine" / "model.keras")
    assert zoo.configs.structure(loaded) == zoo.configs.structure(model)


def old_format(folder):
    card = json.loads((folder / "task.json").read_text())
    (folder / "task.json").write_text(json.dumps({k: v for k, v in card.items() if k != "build"}))
    change_card(folder, format=1, backend="jax")


def test_a_folder_of_format_1_loads_and_can_be_converted(saved):
    folder, _ = saved
    build = zoo.tasks.find(folder)[1]["build"]
    old_format(folder)
    answer = zoo.load(folder).predict([5.0, 7.0, 3.0])
    with pytest.raises(zoo.InputError, match="another model than build makes"):
        zoo.tasks.convert(folder, zoo.registry.build_arguments(zoo.build("one_to_one", units=4)))
    assert zoo.tasks.find(folder)[1]["format"] == 1
    for arguments in (None, build):
        zoo.tasks.convert(folder, arguments)
        card = zoo.tasks.find(folder)[1]
        assert (card["format"], card["build"]) == (2, arguments)
        assert zoo.load(folder).predict([5.0, 7.0, 3.0]) == answer
    assert sorted(path.name for path in folder.iterdir()) == [
        *("history.csv", "metrics.json", "model.keras", "task.json")
    ]


def test_a_folder_of_another_version_says_what_to_do(saved):
    folder, _ = saved
    change_config(folder, lambda text: text.replace('"units"', '"unit_count"'))
    change_card(folder, build=None, versions={"keras": "3.99.0"})
    with pytest.raises(zoo.InputError, match=r"Install the version that wrote it: keras==3\.99\.0\."):
        zoo.load(folder)
    old_format(folder)
    with pytest.raises(zoo.InputError, match=r"keras==3\.99\.0 and run python -c .*convert"):
        zoo.load(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.keras").write_bytes(b"other"), "not the file that was saved"),
        (lambda f: (f / "model.keras").unlink(), "lacks model.keras"),
        (lambda f: (f / "task.json").unlink(), "has no task.json"),
        (lambda f: (f / "task.json").write_text('{"task": '), "is damaged"),
        (lambda f: (f / "task.json").write_text("[]"), "is not a task.json"),
        (lambda f: (f / "task.json").write_text("[" * 100_000), "is damaged"),
        (lambda f: change_card(f, sha256={}), "no sha256 of model.keras"),
        (lambda f: change_card(f, sha256=[]), "is not a task.json"),
        (lambda f: change_card(f, format=3, versions=None), "has format 3"),
        (lambda f: change_build(f, units=5), "cannot be opened with Keras"),
        (lambda f: change_build(f, unit=5), "Did you mean 'units'?"),
        (lambda f: change_card(f, task="forecast"), "Did you mean 'forecasting'?"),
        (lambda f: change_card(f, config={}), "'window'"),
    ],
)
def test_a_folder_that_cannot_be_used(damage, message, saved):
    folder, _ = saved
    damage(folder)
    with pytest.raises(zoo.InputError) as caught:
        zoo.load(folder)
    assert message in str(caught.value)


def test_nothing_in_a_folder_is_run(saved):
    folder, _ = saved
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)]).save(
        folder / "model.keras"
    )
    sha256 = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    change_card(folder, sha256={"model.keras": sha256}, build=None)
    with pytest.raises(zoo.InputError, match=r"cannot be opened.*Lambda.* never run"):
        zoo.load(folder)


@pytest.mark.slow
def test_a_saver_that_is_killed_leaves_a_whole_folder(tmp_path):
    program = (
        "import itertools, keras, sys, zoo\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(300)])\n"
        "task = {'task': 'forecasting', 'dataset': 'sunspots', 'config': {}}\n"
        "for i in itertools.count():\n"
        "    zoo.save(sys.argv[1], model, task=task, metrics={}, history={}, figures={})\n"
        "    print(i, flush=True)\n"
    )
    rng = random.Random(0)
    for _ in range(3):
        command = [sys.executable, "-c", program, str(tmp_path / "mine")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()  # one is written, the next begun
            time.sleep(rng.uniform(0, 0.2))
            process.kill()
        folder, card = zoo.tasks.find(tmp_path / "mine")
        weights = (folder / "model.keras").read_bytes()
        assert hashlib.sha256(weights).hexdigest() == card["sha256"]["model.keras"]
    with zoo.storage.folders.work_folder(tmp_path / "mine"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


@pytest.mark.parametrize("name", [None, 3, "", b"mine", [], 2.5, True])
def test_names_of_no_folder(name):
    for open_it in (zoo.load, zoo.tasks.find):
        with pytest.raises(zoo.InputError, match="Give a folder, or a name"):
            open_it(name)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "no/such", "~", "\udce9", "sentiment-imdb"])
def test_names_that_do_not_exist(name):
    with pytest.raises(zoo.InputError, match="Unknown trained model, and no folder of that name"):
        zoo.load(name)


def test_a_file_is_no_folder(saved):
    folder, _ = saved
    with pytest.raises(zoo.InputError, match="is a file: give a folder"):
        zoo.load(folder / "model.keras")


def test_an_interrupted_save_is_finished_by_who_looks_first(saved, model):
    folder, _ = saved
    for look in (
        lambda: zoo.load(folder),
        lambda: zoo.tasks.check_output(folder),
        lambda: zoo.save(folder, model, history={}, **REST),
    ):
        shutil.copytree(folder, folder.with_name(".mine-abcd_123.zoo-old"))
        folder.rename(folder.with_name(".mine-abcd_123.zoo"))
        look()
        assert (folder / "model.keras").is_file()
        shutil.rmtree(folder.with_name(".mine-abcd_123.zoo-old"), ignore_errors=True)
    assert list(folder.parent.iterdir()) == [folder]


def test_names_in_a_card_that_are_no_files_of_the_folder(saved):
    folder, _ = saved
    (folder.parent / "secret").write_text("secret")
    sha256 = zoo.tasks.find(folder)[1]["sha256"]
    for name in ("../secret", "..", ".", "", "/etc/passwd", "a/b"):
        change_card(folder, sha256=sha256 | {name: "0" * 64})
        with pytest.raises(zoo.InputError, match="must name files in the folder"):
            zoo.load(folder)
    change_card(folder, sha256={"model.keras": 3})
    with pytest.raises(zoo.InputError, match="its sha256 differs"):
        zoo.load(folder)
    change_card(folder, sha256=sha256 | {"words": "0" * 64})
    (folder / "words").mkdir()
    with pytest.raises(zoo.InputError, match="words cannot be read"):
        zoo.load(folder)


@pytest.mark.parametrize("name", ["metrics", "measured", "versions", "also_written"])
def test_fields_that_are_shown(name, saved):
    folder, _ = saved
    change_card(folder, **{name: ["a list"]})
    with pytest.raises(zoo.InputError, match=f"{name} in .* must be a dict"):
        zoo.tasks.find(folder)


def test_a_conversion_that_is_interrupted_changes_nothing(saved, monkeypatch):
    folder, _ = saved
    old_format(folder)
    (folder / "notes.txt").write_text("mine")
    before = contents(folder)
    monkeypatch.setattr(zoo.tasks.loading, "write_card", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        zoo.tasks.convert(folder)
    assert contents(folder) == before and list(folder.parent.iterdir()) == [folder]
    monkeypatch.undo()
    zoo.tasks.convert(folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_task_can_be_pickled_and_copied(saved):
    folder, _ = saved
    task = zoo.load(folder)
    task.model.set_weights([array + 1 for array in task.model.get_weights()])  # trained on
    answer = task.predict([5.0, 7.0, 3.0])
    shutil.rmtree(folder)
    for again in (pickle.loads(pickle.dumps(task)), copy.deepcopy(task), copy.copy(task)):
        assert again.predict([5.0, 7.0, 3.0]) == answer
        assert again.card == task.card and again.model is not task.model
        assert zoo.registry.build_arguments(again.model) == task.card["build"]


def test_a_task_of_a_model_made_by_hand_can_be_pickled(tmp_path):
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, Double()(keras.layers.Dense(1)(keras.layers.GRU(3)(inputs))))
    zoo.save(tmp_path / "mine", model, history={}, **REST)
    task = zoo.load(tmp_path / "mine")
    again = pickle.loads(pickle.dumps(task))
    assert again.predict([5.0, 7.0, 3.0]) == task.predict([5.0, 7.0, 3.0])


@pytest.mark.slow
def test_tasks_go_to_another_process():
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer)"
    for name, ask in (
        ("pronunciation-cmudict-gru", ".generate(['hello']))"),
        ("translation-multi30k-en-de-gru", ".generate(['A man is riding a bicycle.']))"),
    ):
        sent = pickle.dumps(zoo.load(name))
        end = subprocess.run([sys.executable, "-c", program + ask], input=sent, capture_output=True)
        assert end.stdout.decode().strip() in ("['HH EH L OW']", "['Ein Mann fährt Fahrrad.']")


@pytest.mark.slow
def test_two_processes_save_to_the_same_name_at_once(tmp_path):
    program = (
        "import keras, sys, zoo\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])\n"
        "task = {'task': 'forecasting', 'dataset': 'sunspots', 'config': {}}\n"
        "for _ in range(20):\n"
        "    try:\n"
        "        zoo.save(sys.argv[1], model, task=task, metrics={}, history={}, figures={})\n"
        "    except zoo.InputError as error:\n"  # the other was quicker, by less than a millisecond
        "        assert 'The weights are kept in' in str(error), error\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "mine")]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert zoo.tasks.find(tmp_path / "mine")
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith("mine")}
    assert not names


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({1900: 30.0, 1901: 31.0, 1902: 30.0}, "Give a list of inputs"),
        ({30.0, 31.0}, "Give a list of inputs"),
        (np.array("x"), "Give a list of inputs"),
        (types.SimpleNamespace(columns=["year", "sales"]), "table of the columns year, sales"),
    ],
)
def test_what_is_no_list_of_inputs(inputs, message, saved):
    with pytest.raises(zoo.InputError, match=message):
        zoo.load(saved[0]).predict(inputs)


def test_folders_with_names_of_files_that_a_system_writes_are_kept(model, tmp_path):
    folder = tmp_path / "mine"
    zoo.save(folder, model, history={}, **REST)
    for name in ("._notes", ".DS_Store"):
        (folder / name).mkdir()
        (folder / name / "thesis").write_text("three years of work")
    with pytest.raises(zoo.InputError, match=r"holds something else: \.DS_Store, \._notes"):
        zoo.save(folder, model, history={}, **REST)
    assert (folder / "._notes" / "thesis").exists()
