"""Writes the folder of a trained model."""

import contextlib
import csv
import functools
import importlib
import importlib.metadata
import inspect
import itertools
import json
import os
import pathlib
import re
import shlex
import sys
import tempfile

from zoo import cell_configs, cell_files
from zoo.errors import InputError, one_line
from zoo.registry import own_builder, own_types
from zoo.storage import folders, model_files
from zoo.storage.hashes import hash_of
from zoo.tasks.cards import CARD_FILE, FORMAT, MODEL_FILE, plain, write_card
from zoo.tasks.output import output_folder


def save(folder, model, *, task, metrics, history, figures, files=None):
    """Writes the folder of a trained model, completely or not at all.

    Everything is first written next to the folder. At the end it gets the folder's name, see
    `zoo.storage.folders`. If the process is interrupted, either the earlier folder or the new one
    exists, and the next `load` or `save` finds it.

    The trained model is never lost. If a plot, the metrics or the history cannot be written, the folder
    is written without them, and then an error says so. If something else fails, the weights are written
    next to the folder, and the error says where.

    You may have changed the recipe, so that the flags do not describe the model. Then the card follows
    the model: a flag that contradicts the model gets the model's value. If you made the model by hand,
    the card leaves out the flags that are arguments of `zoo.build`.

    Args:
        folder: the folder to write. An earlier folder that `save` wrote is replaced, see
            `check_output`.
        model: the trained `keras.Model`. It is written as `model.keras`, without its optimizer.
        task: the card, a dict: the name of the task (see `zoo.tasks`), the type, the cell, the
            dataset, config, preprocessing, vocabulary and labels. Some fields are added: the arguments
            of `zoo.build`, the license of the dataset, the metrics, the command, the versions and the
            SHA-256 of all files.
        metrics: dict of numbers by split. Written as `metrics.json`. NumPy's numbers become Python's.
            NaN and infinity, which JSON lacks, become null.
        history: dict of lists with one number for each epoch. Written as `history.csv`.
        figures: dict of file names (without ending) to matplotlib figures. Written as PNG.
        files: dict of file names to bytes, for what JSON cannot hold, such as a tokenizer.

    Raises:
        ValueError: there is no folder; the task lacks its name, dataset or config, or has something
            that JSON cannot hold; a file name is not plain; or see `check_output`.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "mine"
    >>> task = {"task": "forecasting", "dataset": "sunspots", "config": {}}
    >>> save(folder, model, task=task, metrics={}, history={"loss": [1.0]}, figures={})
    >>> sorted(path.name for path in folder.iterdir())
    ['history.csv', 'metrics.json', 'model.keras', 'task.json']
    """
    import keras

    if not isinstance(folder, str | os.PathLike) or not str(folder):
        raise InputError(f"Give a folder to save to. Received: {folder!r:.80}")
    if not isinstance(model, keras.Model):
        raise InputError(f"Give a keras.Model to save. Received: {model!r:.80}")
    try:
        place = output_folder(folder)
        with folders.work_folder(place) as new:
            left_out = _write(new, model, task, metrics, history, figures or {}, files or {})
            new.chmod(0o755)
            folders.replace(new, place)
    except Exception as error:  # whatever it is, the model must not be lost
        raise InputError(f"{one_line(error, 1000).rstrip('.')}. {_rescue(folder, model)}") from error
    if left_out:
        raise InputError(f"{place} was written, but without {'; '.join(left_out)}.")


def _write(new, model, task, metrics, history, figures, files):
    """Fills a new folder. Returns a list of texts about files that could not be written."""
    import keras

    from zoo.datasets.loading import license_of
    from zoo.tasks import own_classes

    missing = {"task", "dataset", "config"} - set(task)
    if missing:
        raise InputError(f"The task lacks {', '.join(sorted(missing))}. Received: {', '.join(task)}")
    _check_names(files, figures)
    build = model_files.write(model, new / MODEL_FILE)
    for name, content in files.items():
        (new / name).write_bytes(content)

    def write_metrics():
        (new / "metrics.json").write_text(json.dumps(plain("metrics", metrics), indent=1))

    def write_history():
        with open(new / "history.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["epoch", *history])
            rows = itertools.zip_longest(*history.values(), fillvalue="")
            writer.writerows([i, *row] for i, row in enumerate(rows, start=1))

    def write_figure(name):
        figures[name].savefig(new / f"{name}.png", dpi=150, bbox_inches="tight")

    side_files = {"metrics.json": write_metrics, "history.csv": write_history}
    side_files |= {f"{name}.png": functools.partial(write_figure, name) for name in figures}
    left_out = []
    for name, write in side_files.items():
        try:
            write()
        except Exception as error:  # the library that draws the plot may raise anything
            (new / name).unlink(missing_ok=True)
            left_out.append(f"{name} ({one_line(error, 200)})")
    copies = own_classes.copy_sources(model, new)
    also_written = {
        name: hash_of(new / name) for name in (*side_files, *copies) if (new / name).exists()
    }
    if isinstance(task["config"], dict) and "cell" in task["config"]:
        cell = cell_configs.text_of(task["config"]["cell"])
        task = {**task, "config": {**task["config"], "cell": cell}}
    card = {
        "format": FORMAT,
        **_as_trained(plain("task", task), build),
        "licence": license_of(task["dataset"]),
        "build": build,
        **({"needs": needs} if (needs := own_classes.list_needed(model)) else {}),
        "backend": keras.backend.backend(),
        "parameters": model.count_params(),
        "metrics": plain("metrics", metrics) if "metrics.json" in also_written else {},
        "command": _command(),
        "versions": _versions(),
        "sha256": {name: hash_of(new / name) for name in (MODEL_FILE, *files)},
        "also_written": also_written,
    }
    write_card(new, card)
    return left_out


def _command():
    """The command that started this program."""
    program = pathlib.Path(sys.argv[0] if sys.argv else "").name
    if program.endswith("kernel_launcher.py"):  # its arguments are those of Jupyter
        return "in a notebook, with the config of this file"
    return shlex.join(["python", *sys.argv])


def _check_names(files, figures):
    """Refuses file names that would leave the folder, or that are taken."""
    taken = {MODEL_FILE, CARD_FILE, "metrics.json", "history.csv"}
    for name in (*files, *(f"{name}.png" for name in figures)):
        is_plain = isinstance(name, str) and name.isprintable() and len(os.fsencode(name)) <= 200
        if not is_plain or not re.fullmatch(r'\w[^/\\:*?"<>|]*', name):
            raise InputError(f"The name of a file must be plain, such as words.tsv. Received: {name!r}")
        if name.lower() in taken:
            raise InputError(f"The name of a file is taken already. Received: {name!r}")
        taken.add(name.lower())


def _as_trained(task, build):
    """Returns the card with the type, cell and flags that the model really has.

    A changed recipe may have built another model than its flags say.

    Vocabulary sizes stay as they are, because as a flag a size is an upper limit. The model has only as
    many words as the data.
    """
    if not isinstance(task["config"], dict):
        raise InputError(f"The config must be a dict. Received: {task['config']!r:.80}")
    if build:
        arguments = build["arguments"]
        cell = arguments["cell"]
        if isinstance(cell, dict):  # of your own
            cell = task.get("cell") or cell["keras"]["class_name"]
            given = str(task["config"].get("cell"))
            arguments = arguments | {"cell": given if cell_files.is_file(given) else cell}
        task = task | {"type": build["type"], "cell": cell}
    else:
        arguments = _builder_arguments(task.get("type"))
    config = {}
    for name, value in task["config"].items():
        if name not in arguments or name.endswith("vocabulary_size"):
            config[name] = value
        elif build:
            config[name] = arguments[name]
    return task | {"config": config}


def _builder_arguments(type):
    """The arguments of a type of the zoo, by name. Empty for another type."""
    return inspect.signature(own_builder(type)).parameters if type in own_types() else ()


def _versions():
    """The versions of the packages that a model depends on, if they are installed under these names."""
    versions = {}
    for package in ("rnn-zoo", "keras", "tensorflow", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # such as tensorflow-cpu
            versions[package] = importlib.metadata.version(package)
    return versions


def _rescue(folder, model):
    """Writes the weights next to a folder that could not be written. Says where they are."""
    import numpy as np

    folder = pathlib.Path(folder).resolve()
    ways = (
        ("weights.h5", model.save_weights, "model.load_weights({!r})"),
        (
            "weights.npz",
            lambda path: np.savez(path, *model.get_weights()),
            "model.set_weights([*numpy.load({!r}).values()])",
        ),
    )
    for parent in (folder.parent, pathlib.Path(tempfile.gettempdir())):
        for ending, write, advice in ways:
            try:
                with tempfile.TemporaryDirectory(prefix=".", dir=parent) as work:
                    write(pathlib.Path(work) / f"new.{ending}")
                    path, number = parent / f"{folder.name[:50]}.{ending}", 1
                    while os.path.lexists(path):
                        number += 1
                        path = parent / f"{folder.name[:50]}-{number}.{ending}"
                    (pathlib.Path(work) / f"new.{ending}").rename(path)
            except Exception:  # a layer of the user fails, or the disk is full: try the next way
                continue
            how = advice.format(str(path))
            return f"The weights are kept in {path}: build the model again and call {how}."
    return "The weights could not be written either."
