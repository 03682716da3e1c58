import collections
import contextlib
import gc
import io
import json
import os
import pathlib
import runpy
import signal
import sys

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # as many test processes as cores
RECIPES = pathlib.Path(__file__).parent.parent / "recipes"


# A shell lets the programs in its background ignore Ctrl-C, and these pass that on to what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before -m is applied
def pytest_collection_modifyitems(items):
    """Of the cases of a test with `every(n)`, keeps each n-th. The others get the mark `exhaustive`."""
    counts = collections.Counter()
    for item in items:
        if marker := item.get_closest_marker("every"):
            test = item.nodeid.partition("[")[0]
            if counts[test] % marker.args[0]:
                item.add_marker(pytest.mark.exhaustive)
            counts[test] += 1


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keeps the garbage collector away from the 700,000 objects that imports make."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_terminal_summary(terminalreporter):
    """Prints what the skipped tests need, with one line for each need."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = collections.Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    reasons.pop("all tests skipped by +SKIP option", None)  # examples that need a download
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: they need {reason}")


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory, worker_id):
    """The folder where datasets are prepared, once for all test processes. It is a temporary one."""
    root = tmp_path_factory.getbasetemp()
    return str((root if worker_id == "master" else root.parent) / "data")


@pytest.fixture(scope="session")
def execute(data_dir):
    """A function that executes a notebook. All share a kernel, because one takes seconds to start."""
    import nbformat
    from nbclient import NotebookClient

    quiet = ["--IPKernelApp.capture_fd_output=False"]  # as in benchmarks/notebooks.py
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=600, extra_arguments=quiet)
    environment = {"TFDS_DATA_DIR": data_dir, **os.environ}

    def execute(notebook, folder):
        notebook.cells.insert(0, nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {folder}"))
        client.nb = notebook
        client.execute(cleanup_kc=False, env=environment)
        del notebook.cells[0]

    yield execute
    client.nb = nbformat.v4.new_notebook()
    client.execute()  # ends the kernel


@pytest.fixture(scope="session", autouse=True)
def small_graphs():
    """Turns off TensorFlow's graph optimizer. For models this small, it takes longer than it saves."""
    import tensorflow as tf  # not at the top, because the process that starts the others needs no TF

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session", autouse=True)
def built_optimizers():
    """Builds each optimizer before the first step. Otherwise TensorFlow traces the step twice."""
    import keras

    make = keras.Model.make_train_function

    def build_and_make(model, force=False):
        if model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        return make(model, force)

    keras.Model.make_train_function = build_and_make


@pytest.fixture(scope="module")
def recipe(request):
    """The functions of the recipe that the test module names in RECIPE, as a dict."""
    return runpy.run_path(str(RECIPES / f"{request.module.RECIPE}.py"))


@pytest.fixture(scope="module")
def run(recipe):
    """A function that runs the recipe with the words of a command line, and returns what it prints."""
    import zoo

    def run(*words):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            zoo.run(recipe["main"], recipe["Config"], "", [str(word) for word in words])
        return printed.getvalue()

    return run


@pytest.fixture
def assert_refused(run, capsys):
    """A function that checks that the recipe ends with status 2 and one line about bad input."""

    def assert_refused(message, *words):
        with pytest.raises(SystemExit) as end:
            run(*words)
        assert end.value.code == 2
        errors = capsys.readouterr().err.splitlines()
        assert len([line for line in errors if "error:" in line]) == 1
        assert message in errors[-1]

    return assert_refused


@pytest.fixture
def assert_needs_generate(monkeypatch, assert_refused):
    """A function that checks that the recipe refuses a model without `generate`, before it trains."""
    import edits
    import keras

    import zoo

    def assert_needs_generate(edit, *words):
        model = edits.make(edit, 9, tokens=99, per_step=True)
        monkeypatch.setattr(zoo, "build", lambda name, **others: model)
        monkeypatch.setattr(keras.Model, "fit", None)
        assert_refused("needs a model with the method generate(). Keep zoo.build", "--smoke", *words)

    return assert_needs_generate


@pytest.fixture
def run_changed_tagger(run, monkeypatch):
    """A function that runs the recipe of a tagger with another model, and returns what it prints."""
    import edits

    import zoo

    def run_changed_tagger(edit, *words):
        def build(name, *, vocabulary_size, num_tags, **others):
            return edits.make(edit, num_tags, tokens=vocabulary_size, per_step=True)

        monkeypatch.setattr(zoo, "build", build)
        return run("--smoke", *words)

    return run_changed_tagger


@pytest.fixture
def chorales(request, tmp_path, monkeypatch):
    """A data_dir with a few chorales made of the test module's CHORDS, in place of the real ones."""
    import numpy as np
    import tensorflow_datasets as tfds

    from zoo.datasets.builders import jsb_chorales

    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    rng, infos = np.random.default_rng(0), {}
    for grid, repeats in (("quarter", 1), ("16th", 4)):
        splits = {
            split: [
                [request.module.CHORDS[i] for i in rng.integers(0, 4, size) for _ in range(repeats)]
                for size in rng.integers(6, 30, num_rows)
            ]
            for split, num_rows in (("train", 24), ("valid", 5), ("test", 5))
        }
        file = manual / f"jsb-chorales-{grid}.json"
        file.write_text(json.dumps(splits))
        infos[jsb_chorales.URL + file.name] = tfds.core.download.checksums.compute_url_info(file)
    monkeypatch.setattr(jsb_chorales.JsbChorales, "url_infos", infos)
    return tmp_path


@pytest.fixture
def zoo_command(capfd, monkeypatch):
    """A function that calls the `zoo` command and returns its status, its output and its errors."""
    from zoo import cli

    def zoo_command(*words, stdin=""):
        monkeypatch.setattr(
            sys,
            "stdin",
            io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin)),
        )
        capfd.readouterr()
        status = 0
        try:
            cli.main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
        return status, *capfd.readouterr()

    return zoo_command


@pytest.fixture
def ask(zoo_command):
    """A function that sends inputs to a saved model with the `zoo` command and returns the answers."""

    def ask(verb, folder, *inputs, options=()):
        status, output, errors = zoo_command(verb, "--json", *options, "--", folder, *inputs)
        assert (status, errors) == (0, "")
        return [json.loads(line)["output"] for line in output.splitlines()]

    return ask
