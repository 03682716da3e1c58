import json
import os
import subprocess
import sys

import filelock
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # as many test processes as cores


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory, worker_id):
    """Where datasets are prepared: once for all test processes, outside a person's own folders."""
    import tensorflow_datasets as tfds

    root = tmp_path_factory.getbasetemp()
    folder = (root if worker_id == "master" else root.parent) / "data"
    prepare = tfds.core.DatasetBuilder.download_and_prepare

    def prepare_alone(builder, **options):
        with filelock.FileLock(folder.with_name(f"{builder.name}.lock")):
            prepare(builder, **options)
            builder.info.read_from_directory(builder.data_dir)  # another process may have prepared it

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", prepare_alone)
        yield str(folder)


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
