import json
import os
import subprocess
import sys

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # as many test processes as cores


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory, worker_id):
    """Where datasets are prepared: once in each test process, outside a person's own folders."""
    root = tmp_path_factory.getbasetemp()
    return str((root if worker_id == "master" else root.parent) / f"data-{worker_id}")


@pytest.fixture(scope="session", autouse=True)
def small_graphs():
    """TensorFlow optimises no graph: with models this small it takes longer than it saves."""
    import tensorflow as tf  # here: not in the process that starts the others

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session")
def ask():
    """A function that runs the `zoo` command in a new process and gives its answers."""

    def ask(verb, folder, *inputs, options=()):
        program = "from zoo.cli import main; main()"
        command = [sys.executable, "-c", program, verb, "--json", *options, "--", folder, *inputs]
        result = subprocess.run([*map(str, command)], capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, "")
        return [json.loads(line)["output"] for line in result.stdout.splitlines()]

    return ask
