"""What a recipe leaves behind: a folder with a trained model and all that is needed to use it.

`save` writes it, `load` opens it, or one of those that come with the package, see `list_presets`.
"""

import collections.abc
import csv
import ctypes
import dataclasses
import fnmatch
import hashlib
import importlib.metadata
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import zipfile

from zoo.errors import InputError, check_choice
from zoo.registry import build_arguments, rebuild, register_classes, structure, without_defaults

TASK_FILE = "task.json"
FORMAT = 2  # of that file; one more when an older `load` could not use it
PRESETS = pathlib.Path(__file__).parent / "presets"


def check_output(folder, model=None):
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

    Everything is written beside the folder first and takes its name at the end, so whatever interrupts
    it leaves an earlier folder of that name as it was. (Where the system cannot swap two folders in
    one step, which Linux can, the earlier one has a hidden name ending in `-old` for an instant.)

    Args:
        folder: where to; an earlier folder that `save` wrote is replaced.
        model: the trained `keras.Model`, written as `model.keras`, without its optimizer.
        task: dict for `task.json`: the kind of task (a function of `zoo.pipelines`), the type, the
            cell, the dataset, config, preprocessing, vocabulary and labels. What `zoo.build` was called
            with, the licence of the dataset, the metrics, the command, versions and the SHA-256 of
            model and files are added.
        metrics: dict of numbers by split, written as `metrics.json`.
        history: dict of lists, one number an epoch, written as `history.csv`.
        figures: dict of file names (without ending) to matplotlib figures, written as PNG.
        files: dict of file names to bytes, for what JSON cannot hold, such as a tokenizer.

    Raises:
        ValueError: no folder, a task without its kind, dataset or config, or see `check_output`.

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

    from zoo.datasets.loading import licence

    if not str(folder):
        raise InputError("Give a folder to save to. Received: ''")
    missing = {"task", "dataset", "config"} - set(task)
    if missing:
        raise InputError(f"The task lacks {', '.join(sorted(missing))}. Received: {', '.join(task)}")
    check_output(folder)
    folder = pathlib.Path(folder).resolve()
    new = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        build = build_arguments(model)
        # A copy, to save the model without the state of its optimizer.
        copy = rebuild(build) if build else type(model).from_config(model.get_config())
        copy.set_weights(model.get_weights())
        copy.save(new / "model.keras")
        _leave_out_defaults(new / "model.keras")
        for name, content in (files or {}).items():
            (new / name).write_bytes(content)
        sha256 = {
            name: hashlib.sha256((new / name).read_bytes()).hexdigest()
            for name in ("model.keras", *(files or {}))
        }
        packages = ("rnn-zoo", "keras", "tensorflow", "numpy")
        task = {
            "format": FORMAT,
            **task,
            "licence": licence(task["dataset"]),
            "build": build,
            "backend": keras.backend.backend(),
            "parameters": model.count_params(),
            "metrics": metrics,
            "command": shlex.join(["python", *sys.argv]),
            "versions": {package: importlib.metadata.version(package) for package in packages},
            "sha256": sha256,
        }
        _write_card(new, task)
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
        if not folder.exists():
            new.rename(folder)
        elif not _swap(new, folder):
            old = folder.rename(folder.with_name(f"{new.name}-old"))
            new.rename(folder)
            shutil.rmtree(old)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _swap(first, second):
    """Swaps the names of two folders in one step, and says whether the system could do that."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        here, swap = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
        return libc.renameat2(here, os.fsencode(first), here, os.fsencode(second), swap) == 0
    except (AttributeError, OSError, TypeError):  # another system
        return False


@dataclasses.dataclass(frozen=True)
class Task:
    """A trained model that takes raw input and gives readable output, see `load`.

    Attributes:
        model: the `keras.Model`.
        card: the content of `task.json`: what it was trained on and how, its metrics and labels.
    """

    model: object
    card: dict = dataclasses.field(repr=False)
    answer: object = dataclasses.field(repr=False)

    def predict(self, inputs):
        """Answers for inputs, by what the kind of task is, see `zoo.pipelines`.

        - text_classification, image_classification: texts, or images (arrays, files); for each a dict
          of label to probability, the likeliest first.
        - tagging: texts, or lists of words; for each a list of spans, dicts of text, label, start, end.
        - punctuation: texts; for each the text with capitals and marks.
        - forecasting: the numbers of one series, the newest last; the numbers that follow.

        Args:
            inputs: a list of them, or what can be made one, such as a column of a table.

        Returns:
            A list, in the order of the inputs.

        Raises:
            ValueError: inputs of another kind, or a task that generates.

        Example:

        >>> [round(number) for number in load("forecasting-sunspots-gru").predict([30.0] * 33)]
        [34]
        """
        return self._answer("predict", inputs)

    def generate(self, inputs, **options):
        """Sequences written for inputs, by what the kind of task is, see `zoo.pipelines`.

        - translation: texts; the translations.
        - pronunciation: words; their phonemes.
        - captioning: image files; captions. For photographs the option cnn_weights.
        - language_model: beginnings; the texts. The option max_length, 200 if not given.
        - composition: first chords, each four MIDI pitches; the notes, integers `[steps, voices]`, for
          `zoo.music`. The option beats, 48 if not given.

        Args:
            inputs: a list of them.
            **options: of `zoo.decoding.Generator.generate`: strategy, beam_width, temperature, seed...

        Returns:
            A list, in the order of the inputs.

        Raises:
            ValueError: inputs of another kind, a task that predicts, or an option out of range.

        Example:

        >>> load("pronunciation-cmudict-gru").generate(["hello"])
        ['HH EH L OW']
        """
        return self._answer("generate", inputs, **options)

    def _answer(self, verb, inputs, **options):
        right = self.answer.__name__
        if verb != right:
            raise InputError(f"A task of {self.card['task']} has {right}(inputs), not {verb}.")
        if isinstance(inputs, str | bytes) or not isinstance(inputs, collections.abc.Iterable):
            raise InputError(f"Give a list of inputs, such as [one, two]. Received: {inputs!r:.80}")
        inputs = list(inputs)
        if not inputs and verb == "generate":
            return []
        return self.answer(inputs, **options)


def list_presets(pattern="*"):
    """Names of the trained models that come with the package.

    Args:
        pattern: as in `fnmatch`: `*` is anything, `?` one character.

    Returns:
        A sorted list of str.

    Example:

    >>> list_presets("*sentiment*")
    ['sentiment-imdb-gru', 'sentiment-sst2-lstm']
    """
    names = sorted(path.parent.name for path in PRESETS.glob(f"*/{TASK_FILE}"))
    return fnmatch.filter(names, pattern)


def find(name_or_folder):
    """The folder of a preset, or a folder that `save` wrote, without opening the model.

    Returns:
        The folder, a `pathlib.Path`, and the content of its `task.json`.

    Raises:
        ValueError: see `load`.
    """
    folder = PRESETS / name_or_folder
    if name_or_folder not in list_presets():
        folder = pathlib.Path(name_or_folder)
        if not folder.is_dir():
            check_choice("preset, and no folder of that name", str(name_or_folder), list_presets())
    path = folder / TASK_FILE
    if not path.is_file():
        raise InputError(
            f"{folder} has no {TASK_FILE}: it is no folder that a recipe's --output wrote."
        )
    try:
        card = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise InputError(f"{path} is damaged: {error}") from None
    is_card = isinstance(card, dict) and {"format", "task", "dataset", "backend"} <= set(card)
    if not is_card or not all(isinstance(card.get(name), dict) for name in ("config", "sha256")):
        raise InputError(f"{path} is not a {TASK_FILE} of a trained model.")
    if card["format"] not in range(1, FORMAT + 1):
        raise InputError(
            f"{path} has format {card['format']}, this version of rnn-zoo reads 1 to {FORMAT}: install "
            "the version that wrote it."
        )
    if "model.keras" not in card["sha256"]:
        raise InputError(f"{path} has no sha256 of model.keras: copy or train it again.")
    return folder, card


def load(name_or_folder):
    """Opens a trained model with all that it takes to use it.

    A model that `zoo.build` made is built again and gets the saved weights. So it opens with every
    supported version of Keras, on every backend, whatever it was trained with. A model that was changed
    by hand is made from the config in `model.keras`, which another version of Keras may refuse.

    Only files whose SHA-256 is that in `task.json` are opened, by Keras in safe mode: nothing in the
    folder is run as code.

    Args:
        name_or_folder: one of `list_presets()`, or a folder that a recipe's `--output` has written. For
            a folder that has the name of a preset, give a `pathlib.Path` or `"./name"`.

    Returns:
        A `Task`, with `predict(inputs)` or `generate(inputs)`.

    Raises:
        ValueError: no such preset or folder; a file is missing, damaged or changed; `task.json` is of
            a newer version or of an unknown kind of task; this version of Keras cannot make the model.

    Example:

    >>> task = load("sentiment-sst2-lstm")
    >>> task.predict(["The food is not good"])
    [{'negative': 0.81..., 'positive': 0.18...}]
    """
    folder, card = find(name_or_folder)
    for name, sha256 in card["sha256"].items():
        path = folder / pathlib.Path(name).name
        if not path.is_file():
            raise InputError(f"{folder} lacks {name}: copy or train it again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise InputError(f"{path} is not the file that was saved (its sha256 differs).")

    import keras

    from zoo import pipelines

    register_classes()
    check_choice(f"kind of task in {folder / TASK_FILE}", card["task"], pipelines.PIPELINES)
    try:
        model = _open_model(folder / "model.keras", card.get("build"))
        answer = pipelines.PIPELINES[card["task"]](model, card, folder)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{folder} needs the package {error.name}: install rnn-zoo with its extra 'recipes'."
        ) from None
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        OSError,
        re.error,
        zipfile.BadZipFile,
    ) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{folder} cannot be opened with Keras {keras.__version__}. {_advice(folder, card)}{reason}"
        ) from error
    return Task(model, card, answer)


def _advice(folder, card):
    """What to do about a folder that this version of Keras cannot open, and another one wrote."""
    import keras

    wrote = (card.get("versions") or {}).get("keras", keras.__version__)
    if wrote == keras.__version__:
        return ""
    if card["format"] > 1:
        return f"Install the version that wrote it: keras=={wrote}. "
    command = f'python -c "import zoo; zoo.tasks.convert({str(folder)!r})"'
    return f"Convert it with the version that wrote it: install keras=={wrote} and run {command}. "


def _open_model(path, build):
    """The model of a `.keras` file: built again if `build` is known, else as its own config says."""
    import keras

    if not build:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    model = rebuild(build)
    model.load_weights(path)
    return model


def convert(folder, build=None):
    """Changes a folder of format 1 into one that more versions of Keras can open.

    Run it with the version of Keras that wrote the folder.

    Args:
        folder: a folder that an earlier version of `save` wrote; it is changed in place.
        build: what `zoo.build` was called with, as `zoo.registry.build_arguments` returns it. None if
            that is not known. Then only the arguments that have their default value are removed from
            the config in `model.keras`, because other versions of Keras may not know them.

    Raises:
        ValueError: see `load`, or `build` gives another model than the one in the folder.

    Example:

    >>> convert("my-model")  # doctest: +SKIP
    """
    folder, card = find(folder)
    model = load(folder).model
    if build and structure(rebuild(build)) != structure(model):
        raise InputError(f"{folder} holds another model than build makes. Received: {build}")
    path = folder / "model.keras"
    _leave_out_defaults(path)
    card |= {"format": FORMAT, "build": build}
    card["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    _write_card(folder, card)


def _leave_out_defaults(path):
    """Shortens the config in a `.keras` file, so that more versions of Keras can read it."""
    new = path.with_name(f".{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w") as file:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(without_defaults(json.loads(content)))
            file.writestr(name, content)
    new.replace(path)


def _write_card(folder, card):
    new = folder / f".{TASK_FILE}"
    new.write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")
    new.replace(folder / TASK_FILE)
