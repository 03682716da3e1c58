"""What a recipe leaves behind: a folder with a trained model and all that is needed to use it.

`save` writes it, `load` opens it, or one of those that come with the package, see `list_presets`.
"""

import collections.abc
import contextlib
import csv
import dataclasses
import fnmatch
import functools
import hashlib
import importlib
import importlib.metadata
import inspect
import itertools
import json
import math
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile

from zoo import architectures, cards, folders, model_files
from zoo.errors import InputError, check_choice
from zoo.registry import rebuild, structure

TASK_FILE = "task.json"
FORMAT = 2  # of that file; one more when an older `load` could not use it
MODEL_FILE = "model.keras"
PRESETS = pathlib.Path(__file__).parent / "presets"
NOBODYS_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}  # which macOS and Windows write
EARLIER_FILES = {  # of folders whose card does not name all their files
    *("metrics.json", "history.csv", "attention.png", "captions.png", "chorale.png", "confusion.png"),
    *("f1_by_type.png", "forecast.png", "loss.png", "mistakes.png"),
}


def check_output(folder, model=None):
    """Makes sure, before hours of training, that `save` will be able to write a folder.

    Only an empty folder or one that `save` wrote will be replaced. A file that somebody added to it or
    changed since is theirs, and so is any folder in it. A change to `task.json` itself goes unnoticed,
    because its hash is not stored. Files that a system writes by itself, such as `.DS_Store` and
    `Thumbs.db`, do not count: they are deleted with the folder.

    Args:
        folder: where a model is to be saved; `""` or None for nowhere, which is always fine.
        model: the `keras.Model`, before it is trained. It is saved beside the folder and opened again,
            and what was written is deleted.

    Raises:
        ValueError: there is something else of that name, which saving would destroy; the folder
            that is to hold it does not exist or cannot be written to; the system refuses the name; or
            the model cannot be saved or not opened again. The message says what to do.

    Example:

    >>> check_output("")
    >>> check_output("no/such/place")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Cannot write ...: there is no folder .../no/such. Create it first.
    """
    if folder is None or folder == "":
        return
    folder = _place(folder)
    try:
        with folders.work_folder(folder) as work:
            if not folder.exists():
                with contextlib.suppress(FileExistsError, FileNotFoundError):  # another run is checking
                    folder.mkdir()
                    folder.rmdir()
            with contextlib.suppress(FileNotFoundError):
                os.lstat(folder / ("x" * 64))  # whether a file in it would have too long a path
            if model is not None:
                model_files.write(model, work / MODEL_FILE)
    except OSError as error:
        raise InputError(f"Cannot write {folder}: {error.strerror or error}.") from None


def _place(folder):
    """The absolute path of a folder to be written, if `save` may write there; see `check_output`."""
    if not isinstance(folder, str | os.PathLike):
        raise InputError(f"Give the name of a folder to save to. Received: {folder!r:.80}")
    try:
        folder = pathlib.Path(folder).resolve()
        folders.finish(folder)
        if not folder.parent.is_dir():
            raise InputError(
                f"Cannot write {folder}: there is no folder {folder.parent}. Create it first."
            )
        if not os.access(folder.parent, os.W_OK | os.X_OK):
            raise InputError(f"Cannot write {folder}: no permission in {folder.parent}.")
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file: choose another name.")
        if os.path.ismount(folder):
            raise InputError(
                f"{folder} is a mount point, which cannot be replaced: name a folder in it."
            )
        theirs = _not_ours(folder) if folder.exists() else []
    except InputError:
        raise
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # too long, links in a circle
        raise InputError(f"Cannot write {str(folder)!r:.200}: {error}") from None
    if theirs:
        names = ", ".join(theirs[:5]) + (f" and {len(theirs) - 5} more" if len(theirs) > 5 else "")
        raise InputError(
            f"{folder} holds something else: {names}. It is not from save, or has changed since. "
            "Choose another name, or move it away."
        )
    return folder


def _not_ours(folder):
    """Names of what is in a folder and was not written by `save`, or has changed since."""
    names = sorted(
        path.name
        for path in folder.iterdir()
        if not path.is_file() or (path.name not in NOBODYS_FILES and not path.name.startswith("._"))
    )
    try:
        card = find(folder)[1] if names else {}
    except InputError:
        return names
    ours = {TASK_FILE} if "also_written" in card else {TASK_FILE, *EARLIER_FILES}
    sha256 = card.get("sha256", {}) | card.get("also_written", {})

    def is_ours(name):
        path = folder / name
        if not path.is_file():
            return False
        return hash_of(path) == sha256[name] if name in sha256 else name in ours

    return [name for name in names if not is_ours(name)]


def hash_of(path):
    """The SHA-256 of a file, as 64 hexadecimal digits.

    Example:

    >>> hash_of(pathlib.Path(os.devnull))[:16]
    'e3b0c44298fc1c14'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(folder, model, *, task, metrics, history, figures, files=None):
    """Writes a trained model and what belongs to it into a folder, whole or not at all.

    Everything is written beside the folder first and takes its name at the end, see `zoo.folders`. So
    whatever interrupts it, there is an earlier folder of that name or the new one, and the next `load`
    or `save` finds it.

    No error loses the model. If a plot, the metrics or the history cannot be written, the folder is
    written without them, and then an error says so. If anything else fails, the weights are written
    beside the folder, and the error says where.

    If the model is not what `zoo.build` makes of the flags, because the recipe was changed, the card
    describes the model: flags that the model contradicts get its value, and for a model made by hand
    they are left out.

    Args:
        folder: where to; an earlier folder that `save` wrote is replaced, see `check_output`.
        model: the trained `keras.Model`, written as `model.keras`, without its optimizer.
        task: dict for `task.json`: the kind of task (a function of `zoo.pipelines`), the type, the
            cell, the dataset, config, preprocessing, vocabulary and labels. What `zoo.build` was called
            with, the licence of the dataset, the metrics, the command, versions and the SHA-256 of
            all files are added.
        metrics: dict of numbers by split, written as `metrics.json`. NumPy's numbers become Python's;
            NaN and infinity, which JSON lacks, become null.
        history: dict of lists, one number an epoch, written as `history.csv`.
        figures: dict of file names (without ending) to matplotlib figures, written as PNG.
        files: dict of file names to bytes, for what JSON cannot hold, such as a tokenizer.

    Raises:
        ValueError: no folder, a task without its kind, dataset or config, what JSON cannot hold in it,
            names that are no plain file names; or see `check_output`.

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
        place = _place(folder)
        with folders.work_folder(place) as new:
            left_out = _write(new, model, task, metrics, history, figures or {}, files or {})
            new.chmod(0o755)
            folders.replace(new, place)
    except Exception as error:  # whatever it is, the model must not be lost
        reason = " ".join(str(error).split())[:1000] or type(error).__name__
        raise InputError(f"{reason.rstrip('.')}. {_rescue(folder, model)}") from error
    if left_out:
        raise InputError(f"{place} was written, but without {'; '.join(left_out)}.")


def _write(new, model, task, metrics, history, figures, files):
    """Fills a new folder, and returns what could not be written, one text for each."""
    import keras

    from zoo.datasets.loading import licence

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
        except Exception as error:  # of whatever library draws the plot
            (new / name).unlink(missing_ok=True)
            left_out.append(f"{name} ({' '.join(str(error).split())[:200]})")
    also_written = {name: hash_of(new / name) for name in side_files if (new / name).exists()}
    card = {
        "format": FORMAT,
        **_as_trained(plain("task", task), build),
        "licence": licence(task["dataset"]),
        "build": build,
        "backend": keras.backend.backend(),
        "parameters": model.count_params(),
        "metrics": plain("metrics", metrics) if "metrics.json" in also_written else {},
        "command": shlex.join(["python", *sys.argv]),
        "versions": _versions(),
        "sha256": {name: hash_of(new / name) for name in (MODEL_FILE, *files)},
        "also_written": also_written,
    }
    _write_card(new, card)
    return left_out


def _check_names(files, figures):
    """Refuses names of files that would not stay in the folder, or be those of other files in it."""
    taken = {MODEL_FILE, TASK_FILE, "metrics.json", "history.csv"}
    for name in (*files, *(f"{name}.png" for name in figures)):
        is_plain = isinstance(name, str) and name.isprintable() and len(os.fsencode(name)) <= 200
        if not is_plain or not re.fullmatch(r'\w[^/\\:*?"<>|]*', name):
            raise InputError(f"The name of a file must be plain, such as words.tsv. Received: {name!r}")
        if name.lower() in taken:
            raise InputError(f"The name of a file is taken already. Received: {name!r}")
        taken.add(name.lower())


def _as_trained(task, build):
    """The task with type, cell and flags as they are in the model, if a changed recipe built another.

    Vocabulary sizes stay: as a flag they are a limit, and the model has as many words as there were.
    """
    if not isinstance(task["config"], dict):
        raise InputError(f"The config must be a dict. Received: {task['config']!r:.80}")
    if build:
        arguments = build["arguments"]
        task = task | {"type": build["type"], "cell": arguments["cell"]}
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
    """Names of the arguments that a type of the zoo has."""
    if f"{type}.py" not in {path.name for path in pathlib.Path(architectures.__path__[0]).glob("*.py")}:
        return ()
    module = importlib.import_module(f"zoo.architectures.{type}")
    return inspect.signature(getattr(module, type)).parameters


def plain(name, value):
    """What JSON can hold: NumPy's numbers as Python's, NaN and infinity, which JSON lacks, as None.

    Args:
        name: of the value, for the error.
        value: dicts, lists, tuples, texts, numbers, arrays, None.

    Raises:
        ValueError: something else in it.

    Example:

    >>> import numpy as np
    >>> plain("metrics", {"loss": [np.float32(0.5), float("nan")], "by class": np.arange(2)})
    {'loss': [0.5, None], 'by class': [0, 1]}
    """
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int | float):
                raise InputError(f"{name} must have texts as keys. Received: {key!r:.80}")
        return {key: plain(f"{name}[{key!r}]", one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(f"{name}[{i}]", one) for i, one in enumerate(value)]
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return plain(name, value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if value is None or isinstance(value, str | int):
        return value
    raise InputError(f"{name} cannot be written as JSON. Received: {value!r:.80}")


def _versions():
    """The versions of what a model depends on, without those that the system does not tell."""
    versions = {}
    for package in ("rnn-zoo", "keras", "tensorflow", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # such as tensorflow-cpu
            versions[package] = importlib.metadata.version(package)
    return versions


def _write_card(folder, card):
    text = json.dumps(card, indent=1, ensure_ascii=False)
    try:
        content = text.encode()
    except UnicodeEncodeError:  # a file name of another encoding in the command
        content = json.dumps(card, indent=1).encode()
    (folder / TASK_FILE).write_bytes(content)


def _rescue(folder, model):
    """Writes the weights beside a folder that could not be written, and says where they are."""
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
            except Exception:  # a layer of somebody's own, or the disk is full: the next way
                continue
            how = advice.format(str(path))
            return f"The weights are kept in {path}: build the model again and call {how}."
    return "The weights could not be written either."


@dataclasses.dataclass(frozen=True)
class Task:
    """A trained model that takes raw input and gives readable output, see `load`.

    Attributes:
        model: the `keras.Model`.
        card: the content of `task.json`: what it was trained on and how, its metrics and labels.

    A task can be pickled and copied, with the weights that its model has then. A model with classes of
    your own can be unpickled where these are registered.
    """

    model: object
    card: dict = dataclasses.field(repr=False)
    answer: object = dataclasses.field(repr=False)
    files: dict = dataclasses.field(repr=False, default_factory=dict)

    def __reduce__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / MODEL_FILE
            build = model_files.write(self.model, path)
            return _from_bytes, (path.read_bytes(), build, self.card, self.files)

    def predict(self, inputs):
        """Answers for inputs, by what the kind of task is, see `zoo.pipelines`.

        - text_classification, image_classification: texts, or images (arrays, files); for each a dict
          of label to probability, the likeliest first.
        - tagging: texts, or lists of words; for each a list of spans, dicts of text, label, start, end.
        - punctuation: texts; for each the text with capitals and marks.
        - forecasting: the numbers of one series, the newest last; the numbers that follow.
        - next_chord: pieces, each a list of chords, which are lists of MIDI pitches; for each a dict of
          note to the probability that it sounds next, the most likely first.

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
        if hasattr(inputs, "columns"):
            raise InputError(
                "Give one column of the table, such as table['text']. "
                f"Received: a table of the columns {', '.join(map(str, inputs.columns))[:200]}"
            )
        # A dict would be its keys, and a set has no order. np.ndim: an array of one text is no list.
        is_list = isinstance(inputs, collections.abc.Iterable) and getattr(inputs, "ndim", 1) > 0
        if not is_list or isinstance(inputs, str | bytes | dict | set | frozenset):
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
    if not isinstance(name_or_folder, str | os.PathLike) or not str(name_or_folder):
        raise InputError(
            f"Give a folder, or a name out of list_presets(). Received: {name_or_folder!r:.80}"
        )
    folder = PRESETS / name_or_folder
    if name_or_folder not in list_presets():
        folder = pathlib.Path(name_or_folder)
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # no name that a folder can have
            folders.finish(folder.resolve())
        if os.path.isfile(folder):
            raise InputError(f"{folder} is a file: give a folder that a recipe's --output wrote.")
        if not os.path.isdir(folder):
            check_choice("preset, and no folder of that name", str(name_or_folder), list_presets())
    path = folder / TASK_FILE
    if not os.path.isfile(path):
        raise InputError(
            f"{folder} has no {TASK_FILE}: it is no folder that a recipe's --output wrote."
        )
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise InputError(f"{path} is damaged: {error}") from None
    is_card = isinstance(card, dict) and {"format", "task", "dataset", "backend"} <= set(card)
    if not is_card or not all(isinstance(card.get(name), dict) for name in ("config", "sha256")):
        raise InputError(f"{path} is not a {TASK_FILE} of a trained model.")
    if card["format"] not in range(1, FORMAT + 1):
        raise InputError(
            f"{path} has format {card['format']!r:.80}, this version of rnn-zoo reads 1 to {FORMAT}: "
            "install the version that wrote it."
        )
    for name in ("metrics", "measured", "versions", "also_written"):
        if not isinstance(card.get(name, {}), dict):
            raise InputError(f"{name} in {path} must be a dict. Received: {card[name]!r:.80}")
    if MODEL_FILE not in card["sha256"]:
        raise InputError(f"{path} has no sha256 of {MODEL_FILE}: copy or train it again.")
    for name in card["sha256"]:
        if name != pathlib.Path(name).name or name in ("", ".", ".."):
            raise InputError(f"sha256 in {path} must name files in the folder. Received: {name!r:.80}")
    return folder, card


def load(name_or_folder):
    """Opens a trained model with all that it takes to use it.

    A model that `zoo.build` made is built again and gets the saved weights. So it opens with every
    supported version of Keras, on every backend, whatever it was trained with. A model that was changed
    by hand is made from the config in `model.keras`, which another version of Keras may refuse.

    Only files whose SHA-256 is that in `task.json` are opened, by Keras in safe mode: nothing in the
    folder is run, neither code nor patterns. Layers of your own are made only of classes that your
    program has registered before, by importing the module that defines them.

    Args:
        name_or_folder: one of `list_presets()`, or a folder that a recipe's `--output` has written. For
            a folder that has the name of a preset, give a `pathlib.Path` or `"./name"`.

    Returns:
        A `Task`, with `predict(inputs)` or `generate(inputs)`.

    Raises:
        ValueError: no such preset or folder; a file is missing, damaged or changed; `task.json` is of
            a newer version, of an unknown kind of task, or does not fit the model; this version of
            Keras cannot make the model.

    Example:

    >>> task = load("sentiment-sst2-lstm")
    >>> task.predict(["The food is not good"])
    [{'negative': 0.81..., 'positive': 0.18...}]
    """
    folder, card = find(name_or_folder)
    files = {}
    for name, sha256 in card["sha256"].items():
        path = folder / name
        try:
            files[name] = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{folder} lacks {name}: copy or train it again.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise InputError(f"{path} is not the file that was saved (its sha256 differs).")
    check_choice(f"kind of task in {folder / TASK_FILE}", card["task"], cards.KINDS)

    import keras

    try:
        return _from_bytes(files.pop(MODEL_FILE), card.get("build"), card, files)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{folder} needs the package {error.name}: install rnn-zoo with its extra 'recipes'."
        ) from None
    except InputError as error:
        raise InputError(f"{folder} cannot be opened: {error}") from None
    except Exception as error:  # a damaged file makes Keras and HDF5 raise almost anything
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"{folder} cannot be opened with Keras {keras.__version__}. {_advice(folder, card)}{reason}"
        ) from error


def _make(model, card, files):
    from zoo import pipelines

    try:
        cards.check(card, model)
        answer = pipelines.PIPELINES[card["task"]](model, card, files)
    except InputError as error:
        raise InputError(f"{TASK_FILE} does not fit the model: {error}") from None
    return Task(model, card, answer, files)


def _from_bytes(content, build, card, files):
    """The task that `Task.__reduce__` has taken apart."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / MODEL_FILE
        path.write_bytes(content)
        return _make(model_files.read(path, build), card, files)


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


def convert(folder, build=None):
    """Changes a folder of format 1 into one that more versions of Keras can open.

    Run it with the version of Keras that wrote the folder. The folder is replaced by a changed copy, so
    that whatever interrupts it, one of the two is there.

    Args:
        folder: a folder that an earlier version of `save` wrote.
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
    folder = folder.resolve()
    with folders.work_folder(folder) as new:
        shutil.copytree(folder, new, symlinks=True, dirs_exist_ok=True)
        model_files.leave_out_defaults(new / MODEL_FILE)
        card |= {"format": FORMAT, "build": build}
        card["sha256"][MODEL_FILE] = hash_of(new / MODEL_FILE)
        _write_card(new, card)
        folders.replace(new, folder)
