"""What a recipe leaves behind: a folder with a trained model and all that is needed to use it."""

import csv
import hashlib
import importlib.metadata
import json
import os
import pathlib
import shlex
import shutil
import sys
import tempfile

from zoo import __version__
from zoo.errors import InputError

TASK_FILE = "task.json"


def check_output(folder):
    """Makes sure, before hours of training, that `save` will be able to write a folder.

    Args:
        folder: where a model is to be saved; `""` for nowhere, which is always fine.

    Raises:
        ValueError: there is something else of that name, which saving would destroy, or the folder
            that is to hold it does not exist.

    Example:

    >>> check_output("")
    >>> check_output("no/such/place")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Cannot write ...: there is no folder .../no/such. Create it first.
    """
    if not folder:
        return
    folder = pathlib.Path(folder).resolve()
    if not folder.parent.is_dir():
        raise InputError(f"Cannot write {folder}: there is no folder {folder.parent}. Create it first.")
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {folder}: no permission in {folder.parent}.")
    is_empty = folder.is_dir() and not any(folder.iterdir())
    if folder.exists() and not is_empty and not (folder / TASK_FILE).is_file():
        raise InputError(
            f"{folder} exists and holds something else (no {TASK_FILE}): choose another name."
        )


def save(folder, model, *, task, metrics, history, figures, files=None):
    """Writes a trained model and what belongs to it into a folder, whole or not at all.

    Everything is written beside the folder first and renamed into its place at the end, so an
    interruption while writing leaves an earlier folder of that name as it was. Between the two last
    renames the earlier folder has a hidden name ending in `-old`.

    Args:
        folder: where to; an earlier folder that `save` wrote is replaced.
        model: the trained `keras.Model`, written as `model.keras`.
        task: dict for `task.json`: the type, the cell, preprocessing, vocabulary, labels, config and
            dataset. The metrics, the command, versions and the SHA-256 of model and files are added.
        metrics: dict of numbers by split, written as `metrics.json`.
        history: dict of lists, one number an epoch, written as `history.csv`.
        figures: dict of file names (without ending) to matplotlib figures, written as PNG.
        files: dict of file names to bytes, for what JSON cannot hold, such as a tokenizer.

    Raises:
        ValueError: see `check_output`.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "mine"
    >>> save(folder, model, task={"type": "dense"}, metrics={}, history={"loss": [1.0]}, figures={})
    >>> sorted(path.name for path in folder.iterdir())
    ['history.csv', 'metrics.json', 'model.keras', 'task.json']
    """
    check_output(folder)
    folder = pathlib.Path(folder).resolve()
    new = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        model.save(new / "model.keras")
        for name, content in (files or {}).items():
            (new / name).write_bytes(content)
        sha256 = {
            name: hashlib.sha256((new / name).read_bytes()).hexdigest()
            for name in ("model.keras", *(files or {}))
        }
        packages = ("keras", "tensorflow", "numpy")
        versions = {package: importlib.metadata.version(package) for package in packages}
        task = {
            **task,
            "metrics": metrics,
            "command": shlex.join(sys.argv),
            "versions": {"rnn-zoo": __version__, **versions},
            "sha256": sha256,
        }
        (new / TASK_FILE).write_text(json.dumps(task, indent=1, ensure_ascii=False), "utf-8")
        (new / "metrics.json").write_text(json.dumps(metrics, indent=1))
        with open(new / "history.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["epoch", *history])
            writer.writerows(
                [i, *row] for i, row in enumerate(zip(*history.values(), strict=True), start=1)
            )
        for name, figure in figures.items():
            figure.savefig(new / f"{name}.png", dpi=150, bbox_inches="tight")
        new.chmod(0o755)
        old = None
        if folder.exists():
            old = folder.rename(folder.with_name(f"{new.name}-old"))
        new.rename(folder)
        if old:
            shutil.rmtree(old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
