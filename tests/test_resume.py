"""--resume: a training that was interrupted goes on, and gives the numbers of one that was not."""

import contextlib
import functools
import io
import os
import pathlib
import random
import re
import runpy
import signal
import subprocess
import sys
import time
import unittest.mock

import keras
import numpy as np
import pytest
from test_standalone import SMALL, names, novel, pairs, sales

import zoo
from zoo import resuming
from zoo.copying import find_recipes
from zoo.storage import state_files

NOISE = np.random.default_rng(0).normal(size=(14, 3)).astype("float32")
ROWS = [(x, np.float32(x.sum() > 0)) for x in NOISE]
NEVER = 10**6


class Draws(keras.callbacks.Callback):
    """Adds a score from the global random numbers of Python, NumPy and Keras, and counts the epochs."""

    number = 0

    def on_epoch_end(self, epoch, logs=None):
        Draws.number += 1
        logs["drawn"] = random.random() + np.random.random() + float(keras.random.uniform(()))


def make_model(units=4):
    layers = [keras.layers.Dense(units, "tanh"), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((3,)), *layers])


def fit(model, epochs, callback):
    def draw(rng):  # other rows in each epoch
        return [(x + rng.normal(size=3).astype("float32"), y) for x, y in ROWS]

    result = model.fit(
        zoo.datasets.batches(draw, 8, seed=0),
        validation_data=zoo.datasets.batches(ROWS, 8),
        epochs=epochs,
        callbacks=[Draws(), callback, zoo.training.RaiseOnNaN()],
        shuffle=False,
        verbose=0,
    )
    keys = ("best", "best_epoch", "stopped_epoch", "wait", "cooldown_counter")
    state = {key: vars(callback)[key] for key in keys if key in vars(callback)}
    steps = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
    return result.history, result.epoch, state, model.get_weights(), steps, random.random()


def train(optimizer=keras.optimizers.Adam, patience=3, epochs=4, plateau=False, units=4):
    keras.utils.set_random_seed(0)
    model = make_model(units)
    model.compile(optimizer(), "mse", run_eagerly=True)  # compiling would take longer
    options = {"monitor": "drawn", "mode": "min", "patience": patience, "min_delta": 0.4}
    if plateau:
        return fit(model, epochs, keras.callbacks.ReduceLROnPlateau(**options))
    return fit(model, epochs, keras.callbacks.EarlyStopping(**options, restore_best_weights=True))


def train_two():
    keras.utils.set_random_seed(0)
    results = []
    for units in (4, 5):
        model = make_model(units)
        model.compile("adam", "mse", run_eagerly=True)
        results.append(fit(model, 2, keras.callbacks.EarlyStopping(patience=2)))
    results.append(fit(model, 2, keras.callbacks.EarlyStopping(patience=2)))  # the same one goes on
    return results


def train_in_a_loop(stop_after=None):
    keras.utils.set_random_seed(0)
    model, adam = make_model(), keras.optimizers.Adam(0.01)
    model.compile(adam, "mse", run_eagerly=True)
    history, best = {"loss": []}, {}
    for epoch in resuming.epochs(4, model, adam, history, best):
        history["loss"].append(model.train_on_batch(NOISE, NOISE[:, :1]))
        best.update(epoch=epoch, weights=model.get_weights())
        if epoch == stop_after:
            break
    return history, best, model.get_weights()


def cosine():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 12)
    return keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=0.8)


def scaled():  # the scale of the loss doubles after two steps
    adam = keras.optimizers.Adam(0.05)
    return keras.optimizers.LossScaleOptimizer(adam, initial_scale=2.0, dynamic_growth_steps=2)


@contextlib.contextmanager
def interrupted(number):
    """Somebody presses Ctrl-C when a state is to be written for this time."""
    write, left = state_files.write, iter(range(number - 1))

    def write_or_stop(path, state):
        if next(left, None) is None:
            raise KeyboardInterrupt
        write(path, state)

    with unittest.mock.patch.object(state_files, "write", write_or_stop):
        yield


def resume(function, folder, *numbers):
    """Calls a function again and again until it is not interrupted any more. Returns its result."""
    for number in numbers:
        with interrupted(number), pytest.raises(KeyboardInterrupt), resuming.resumable(folder, {}):
            function()
    with resuming.resumable(folder, {}):
        result = function()
    assert not folder.exists()
    return result


def assert_equal(one, other):
    keras.tree.assert_same_structure(one, other)
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({}, [5]),  # after the last epoch
        ({"optimizer": cosine}, [3, 3]),
        ({"optimizer": scaled}, [3]),
        ({"plateau": True, "patience": 1}, [3]),
    ],
    ids=["often", "at the end", "averages and a schedule", "a scaled loss", "a plateau"],
)
def test_the_numbers_are_those_of_a_training_without_interruption(settings, numbers, tmp_path):
    function = functools.partial(train, **settings)
    assert_equal(resume(function, tmp_path / "x.resume", *numbers), function())


def test_early_stopping_is_not_forgotten(tmp_path):
    function = functools.partial(train, epochs=20, patience=2)
    expected = function()
    num_epochs = len(expected[1])
    assert 3 <= num_epochs < 20
    for number in (num_epochs, num_epochs + 1):
        assert_equal(resume(function, tmp_path / "x.resume", number), expected)


def test_what_had_ended_is_not_trained_again(tmp_path):
    expected = train_two()
    Draws.number = 0
    result = resume(train_two, tmp_path / "x.resume", 5, 4)  # in the second model, and in its last fit
    assert Draws.number == 3 * 2 + 2  # two epochs were repeated
    assert_equal(result, expected)


@pytest.mark.parametrize("stop_after", [None, 2])
def test_a_loop_without_fit(stop_after, tmp_path):
    function = functools.partial(train_in_a_loop, stop_after)
    assert_equal(resume(function, tmp_path / "x.resume", 1, 2), function())


def test_random_numbers_that_nobody_can_read(tmp_path):
    def run():
        hidden, seen = iter(range(100)), {"numbers": []}
        draw = resuming.repeatable(lambda rng: [next(hidden), rng.random()])
        for epoch in resuming.epochs(4, make_model(), keras.optimizers.SGD(), seen):
            seen["numbers"].append(draw(np.random.default_rng(epoch)))
        return seen["numbers"]

    expected = run()
    assert [number for number, _ in expected] == [0, 1, 2, 3]
    assert resume(run, tmp_path / "x.resume", 3, 1, 2) == expected


def test_a_state_is_written_completely_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    state_files.write(path, {"epoch": 1, "weights": [NOISE, np.float32(0.1)]})

    def stop(number):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fsync", stop)
        state_files.write(path, {"epoch": 2})
    assert [*tmp_path.iterdir()] == [path]
    state = state_files.read(path)
    assert_equal(state, {"epoch": 1, "weights": [NOISE, np.float32(0.1)]})
    assert type(state["weights"][1]) is np.float32  # so history.csv has the same digits


def test_damage_is_noticed(tmp_path):
    with interrupted(2), pytest.raises(KeyboardInterrupt), resuming.resumable(tmp_path / "x", {}):
        train()
    (path,) = resuming.list_states(tmp_path / "x")
    content, state, num_noticed = path.read_bytes(), state_files.read(path), 0
    for position in np.linspace(0, len(content) - 1, 50).astype(int):
        flipped = bytearray(content)
        flipped[position] ^= 255
        for damaged in (bytes(flipped), content[:position]):
            path.write_bytes(damaged)
            try:
                assert_equal(state_files.read(path), state)  # nobody reads that byte
            except zoo.InputError as error:
                assert "training-001.npz is damaged (" in str(error)
                num_noticed += 1
    assert num_noticed > 80
    message = r"training-001\.npz is damaged .*\. To repeat this training, delete this file\."
    with pytest.raises(zoo.InputError, match=message), resuming.resumable(tmp_path / "x", {}):
        raise AssertionError("a damaged state was read")


def test_another_model_is_refused(tmp_path):
    with interrupted(2), pytest.raises(KeyboardInterrupt), resuming.resumable(tmp_path / "x", {}):
        train()
    for settings in ({"units": 5}, {"optimizer": keras.optimizers.SGD}):
        with (
            pytest.raises(zoo.InputError, match="is of another model, because the program or the"),
            resuming.resumable(tmp_path / "x", {}),
        ):
            train(**settings)


def test_another_backend_is_refused(tmp_path):
    with interrupted(2), pytest.raises(KeyboardInterrupt), resuming.resumable(tmp_path / "x", {}):
        train()
    message = f"with KERAS_BACKEND={keras.backend.backend()}. .* Received: KERAS_BACKEND=other"
    with (
        pytest.raises(zoo.InputError, match=message),
        resuming.resumable(tmp_path / "x", {"KERAS_BACKEND": "other"}),
    ):
        pass


def test_a_model_must_be_built(tmp_path):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(zoo.InputError, match="a model must be built before fit"):
        resume(lambda: model.fit(NOISE, NOISE, verbose=0), tmp_path / "x.resume")
    assert [*tmp_path.iterdir()] == []


# Recipes.

RUNS = {  # a recipe -> its data, settings, and when it is interrupted
    "many_to_one_forecasting": (sales, SMALL | {"epochs": 3}, [3, 2]),
    "many_to_many_ner": (names, SMALL, [2]),  # each epoch has other rows, and there is a score
    "encoder_decoder_translation": (pairs, SMALL | {"max_length": 40, "baseline": True}, [5]),
    "one_to_many_text": (novel, {"epochs": 3, "units": 8, "bptt_steps": 50}, [2, 2]),
}


def run_recipe(recipe, settings, output, number=NEVER, **options):
    """Runs a recipe, and interrupts it. Returns what it printed."""
    printed = io.StringIO()
    config = recipe["Config"](**settings, output=str(output), **options)
    with contextlib.redirect_stdout(printed), interrupted(number), contextlib.ExitStack() as stack:
        if number < NEVER:
            stack.enter_context(pytest.raises(KeyboardInterrupt))
        recipe["main"](config)
    return printed.getvalue()


def weights_of(output):
    return zoo.load(output).model.get_weights()


@pytest.mark.every(6)
@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_an_interrupted_recipe_saves_what_it_saves_without(name, tmp_path):
    make, settings, numbers = RUNS[name]
    settings = settings | {"dataset": make(tmp_path)}
    recipe = runpy.run_path(str(find_recipes()[name]))
    (tmp_path / "out").mkdir()
    whole, parts = tmp_path / "out" / "whole", tmp_path / "out" / "parts"
    run_recipe(recipe, settings, whole)
    assert [path.name for path in whole.parent.iterdir()] == ["whole"]  # nothing else without the flag
    for number in numbers:
        printed = run_recipe(recipe, settings, parts, number, resume=True)
        assert printed.count("start the same command again") == (number > 1)
    printed = run_recipe(recipe, settings, parts, resume=True)
    assert re.search("Going on after epoch|Training 1 had ended", printed)
    assert sorted(path.name for path in whole.parent.iterdir()) == ["parts", "whole"]
    for file in ("metrics.json", "history.csv"):
        assert (parts / file).read_text() == (whole / file).read_text()
    assert_equal(weights_of(parts), weights_of(whole))
    with pytest.raises(zoo.InputError, match="already has a trained model"):
        run_recipe(recipe, settings, parts, resume=True)


@pytest.fixture(scope="module")
def sales_file(tmp_path_factory):
    return sales(tmp_path_factory.mktemp("sales"))


def test_flags_that_differ_are_named(sales_file, tmp_path, capsys):
    @zoo.apply_config
    def main(config):
        train()

    class Config(zoo.Config):
        pass

    words = ["--resume", "--output", str(tmp_path / "model"), "--seed", "3"]
    with interrupted(2), pytest.raises(SystemExit) as end:
        zoo.run(main, Config, "", words)
    assert end.value.code == 130
    assert f"To begin anew, delete {tmp_path / 'model.resume'}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        zoo.run(main, Config, "", [*words[:3], "--smoke", "--data-dir", "x"])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "interrupted, with no --data-dir, --seed 3, no --smoke. To go on, start the same" in line
    assert line.endswith("Received: --data-dir x, --seed 0, --smoke")
    zoo.run(main, Config, "", words)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", ["table.csv", "my_cells.py", "a model"])
def test_files_that_have_changed_are_noticed(name, tmp_path):
    path, value = tmp_path / name, str(tmp_path / name)
    if name == "a model":
        path.mkdir()
        path /= "task.json"
    value += ":MyCell" * name.endswith(".py")
    path.write_text("old")
    settings = {"file": value, "empty": "", "text": "long " * 999}
    with interrupted(2), pytest.raises(KeyboardInterrupt), resuming.resumable(tmp_path / "x", settings):
        train()
    path.write_text("new")
    message = rf"with --file {re.escape(value)} \(SHA-256 \w+\)\. .* with the same files\."
    with pytest.raises(zoo.InputError, match=message), resuming.resumable(tmp_path / "x", settings):
        raise AssertionError("it went on with another file")
    path.write_text("old")
    with resuming.resumable(tmp_path / "x", settings):
        train()


def test_one_process_at_a_time(tmp_path):
    message = f"Another process is training with the states in {re.escape(str(tmp_path / 'x'))}"
    with resuming.resumable(tmp_path / "x", {}):
        with pytest.raises(zoo.InputError, match=message), resuming.resumable(tmp_path / "x", {}):
            raise AssertionError("two processes wrote the same files")
        assert (tmp_path / "x").exists()
    assert not (tmp_path / "x").exists()


def test_resume_needs_an_output(tmp_path):
    main = zoo.apply_config(lambda config: "trained")
    with pytest.raises(zoo.InputError, match="--resume needs --output FOLDER"):
        main(zoo.Config(resume=True))
    (tmp_path / "model.resume").write_text("a file")
    with pytest.raises(OSError, match=r"model\.resume"):
        main(zoo.Config(resume=True, output=str(tmp_path / "model")))
    assert main(zoo.Config(resume=True, output=str(tmp_path / "other"))) == "trained"
    assert [path.name for path in tmp_path.iterdir()] == ["model.resume"]


@pytest.mark.exhaustive
def test_a_killed_process_goes_on(sales_file, tmp_path):
    name = "many_to_one_forecasting"
    command = [sys.executable, find_recipes()[name], "--dataset", sales_file, "--units", "8"]
    command += ["--epochs", "40", "--output"]
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(zoo.__file__).parent.parent)}
    options = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    subprocess.run([*command, tmp_path / "whole"], **options, check=True)
    state, epochs = tmp_path / "parts.resume" / "training-001.npz", [0]
    for one in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen([*command, tmp_path / "parts", "--resume"], **options)
        while process.poll() is None:  # until it has trained a few epochs more
            if state.exists() and state_files.read(state)["epoch"] > epochs[-1] + 2:
                break
            time.sleep(0.02)
        process.send_signal(one)
        output, errors = process.communicate(timeout=60)
        epochs.append(state_files.read(state)["epoch"])
        assert epochs[-2] < epochs[-1] < 40
    assert process.returncode == 130 and errors.endswith("interrupted\n")
    assert "Going on after epoch" in output and "start the same command again" in output
    subprocess.run([*command, tmp_path / "parts", "--resume"], **options, check=True)
    for file in ("metrics.json", "history.csv"):
        assert (tmp_path / "parts" / file).read_text() == (tmp_path / "whole" / file).read_text()
    assert_equal(weights_of(tmp_path / "parts"), weights_of(tmp_path / "whole"))
