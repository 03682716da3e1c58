"""Training on two devices gives the same losses, weights and files as training on one device."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import needs
import numpy as np
import pytest

import zoo

ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = ROOT / "tests" / "distributed.py"
JAX = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiles faster

pytestmark = pytest.mark.slow  # all tests start processes


def start(path, *words, **environment):
    return subprocess.Popen(
        [sys.executable, str(path), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_two(path, *words, **environment):
    """Starts a program in two processes of JAX, as on two hosts."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = one.getsockname()[1]
    shared = {"NUM_PROCESSES": "2", "JOB_ADDRESSES": f"localhost:{port}"}
    each = [{**shared, "PROCESS_ID": str(i)} for i in range(2)]
    named = [{f"KERAS_DISTRIBUTION_{name}": one[name] for name in one} for one in each]
    return [start(path, *words, **{**JAX, **environment, **one}) for one in named]


def read(process):
    try:
        output, errors = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, errors
    return "\n".join(line for line in output.splitlines() if not line.startswith("[Gloo]"))


def assert_equal(one, other):
    for name, expected in one.items():
        assert set(expected["history"]) == set(other[name]["history"])
        for quantity, values in expected["history"].items():
            np.testing.assert_allclose(other[name]["history"][quantity], values, rtol=1e-5)
        np.testing.assert_allclose(other[name]["weights"], expected["weights"], rtol=1e-4)


@pytest.mark.exhaustive
@needs.jax
def test_two_processes_of_jax_equal_one_and_share_the_work(tmp_path):
    words = ("--rows", "21", "--dropout", "0.2")  # the last batch has 5 rows, an odd number
    alone = start(PROGRAM, *words, **JAX)
    dump = f"{JAX['XLA_FLAGS']} --xla_dump_to={tmp_path} --xla_dump_hlo_module_re=.*(train|test)_step.*"
    first, second = start_two(PROGRAM, *words, "--distribute", XLA_FLAGS=dump)
    assert_equal(*(json.loads(read(process)) for process in (alone, first)))
    assert read(second) == ""  # only the first one prints
    compiled = [path.read_text() for path in tmp_path.glob("*after_optimizations.txt")]
    states = [set(re.findall(r"f32\[8,(\d),6\]", text)) for text in compiled]  # [time, batch, units]
    assert set.union(*states) >= {"4"} and not any("8" in found for found in states)  # half of 8 rows


def test_two_devices_of_tensorflow_equal_one():
    backend = {"KERAS_BACKEND": "tensorflow"}
    alone = start(PROGRAM, **backend)
    mirrored = start(PROGRAM, "--distribute", **backend, LOGICAL_DEVICES="2")
    assert_equal(*(json.loads(read(process)) for process in (alone, mirrored)))


@pytest.mark.exhaustive
@needs.jax
def test_a_recipe_in_two_processes_writes_one_model(data_dir, tmp_path):
    zoo.datasets.load("sunspots", data_dir=data_dir)  # else both would prepare it at once
    recipe = ROOT / "recipes" / "many_to_one_forecasting.py"
    words = ("--smoke", "--distribute", "--data-dir", data_dir, "--output")
    first, second = start_two(recipe, *words, str(tmp_path / "model"))
    assert "Written to" in read(first)
    assert read(second) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    task = json.loads((tmp_path / "model" / "task.json").read_text())
    assert task["backend"] == "jax" and task["config"]["distribute"]


@pytest.mark.exhaustive
@needs.jax
def test_a_forgotten_variable_is_one_line():
    environment = {"KERAS_BACKEND": "jax", "KERAS_DISTRIBUTION_PROCESS_ID": "1"}
    process = start(ROOT / "recipes" / "many_to_one_forecasting.py", "--distribute", **environment)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2 and "Traceback" not in errors
    assert "Missing: KERAS_DISTRIBUTION_JOB_ADDRESSES, KERAS_DISTRIBUTION_NUM_PROCESSES" in errors


@needs.torch
def test_what_cannot_be_distributed_is_one_line():
    recipe = ROOT / "recipes" / "many_to_one_forecasting.py"
    process = start(recipe, "--distribute", KERAS_BACKEND="torch")
    _, errors = process.communicate(timeout=300)
    last = errors.splitlines()[-1]
    assert process.returncode == 2 and "Traceback" not in errors
    assert re.match(r"many_to_one_forecasting\.py: error: .*Received: torch", last)


DIVERGES = """
import dataclasses, os, keras, numpy as np, zoo

@dataclasses.dataclass
class Config(zoo.Config):
    distribute: bool = zoo.flag(True, "on all devices")

@zoo.apply_config
def main(config):
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    x, y = np.ones((16, 3), "float32"), np.ones((16, 1))
    zoo.training.check_model(model, (x, y))
    model.compile("sgd", "mse")
    x[9] = np.nan  # one row, of one device
    stop = zoo.training.RaiseOnNaN()
    model.fit(x, y, batch_size=4, verbose=0, shuffle=False, callbacks=[stop])

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
zoo.run(main, Config, "")
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=needs.jax)])
def test_a_training_that_diverges_on_one_device_stops_on_all(backend, tmp_path):
    (tmp_path / "diverges.py").write_text(DIVERGES)
    flags = "--xla_force_host_platform_device_count=2"
    process = start(tmp_path / "diverges.py", KERAS_BACKEND=backend, XLA_FLAGS=flags)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2 and "Traceback" not in errors
    assert "The loss is nan in epoch 1, batch 3" in errors.splitlines()[-1]
