import csv
import hashlib
import json
import random
import shutil
import subprocess
import sys
import time
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


def test_a_failure_leaves_the_earlier_folder_and_nothing_else(model, tmp_path):
    folder = tmp_path / "mine"
    zoo.tasks.save(folder, model, history={}, **REST)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TypeError):
        zoo.tasks.save(folder, model, history={}, **REST | {"task": TASK | {"labels": object()}})
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


def test_what_cannot_be_saved(model, tmp_path, monkeypatch):
    (tmp_path / "thesis.txt").write_text("three years of work")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(zoo.InputError, match="Give a folder to save to"):
        zoo.save("", model, history={}, **REST)
    with pytest.raises(zoo.InputError, match="The task lacks config, task"):
        zoo.save("mine", model, history={}, **REST | {"task": {"dataset": "sunspots"}})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    zoo.save("mine", model, history={}, **REST | {"task": TASK | {"dataset": "no such: data"}})
    assert zoo.tasks.find("mine")[1]["licence"] == "not stated: your own data"


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
    built = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    frozen = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    frozen.get_layer("rnn_0").trainable = False
    return {
        "by hand": keras.Model(inputs, keras.layers.Dense(1)(x)),
        "custom layer": keras.Model(inputs, Double()(keras.layers.Dense(1)(x))),
        "wrapped": keras.Model(inputs, keras.layers.TimeDistributed(Double())(inputs)),
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
    assert zoo.registry.structure(loaded) == zoo.registry.structure(model)
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
    assert zoo.registry.structure(loaded) == zoo.registry.structure(model)


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
    with pytest.raises(zoo.InputError, match=r"cannot be opened.*Lambda"):
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


def test_two_folders_change_places_in_one_step(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert zoo.tasks._swap(tmp_path / "a", tmp_path / "b") == sys.platform.startswith("linux")
    if sys.platform.startswith("linux"):
        assert (tmp_path / "a" / "b").exists() and (tmp_path / "b" / "a").exists()
