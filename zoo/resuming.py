"""What the flag --resume turns on: a training that was interrupted goes on, with the same numbers.

After each epoch, the state of the training is written to a file beside the output: to
FOLDER.resume/training-001.npz for the first training of a recipe, to training-002.npz for the second.
If the recipe is started again, a training that had ended is not repeated, because its file has the
result. The training that was interrupted goes on after its last complete epoch. When the recipe has
ended, the files are deleted.

The state has all that later numbers depend on:

- the variables of the model: its weights, and the seeds of its dropout layers
- the variables of the optimizer. From the number of its steps, a schedule computes the learning rate.
- what the callbacks have noted, such as the best weights of EarlyStopping, and the history
- the random numbers of Python, NumPy, Keras and PyTorch, and those that choose the order of the data

TensorFlow's own random numbers, as in `tf.random.normal` and `tf.data.Dataset.shuffle`, cannot be
restored. In recipes, only `fit` uses them, to shuffle arrays. It begins with the same ones in each
epoch.

The method `fit` of all models is replaced while the recipe runs. So a recipe needs no line for this,
and it works for models that somebody adds. A loop that does not call `fit` must use `epochs` instead
of `range`.

A file is written under another name, and renamed when it is complete and on the disk. So whatever
happens, there is a complete file: of this epoch or of the one before.
"""

import contextlib
import copy
import dataclasses
import functools
import inspect
import json
import os
import pathlib
import random
import re

import keras
import numpy as np

from zoo import flags
from zoo.distribution import changed, check_same
from zoo.errors import InputError
from zoo.storage import state_files
from zoo.storage.hashes import hash_of
from zoo.tasks.cards import CARD_FILE

_NOT_RESTORED = ("min_delta",)  # of callbacks: Keras changes its sign once in each `fit`
_run = None  # the `_Run` of the recipe that runs now, or None without --resume


@dataclasses.dataclass
class _Run:
    folder: pathlib.Path
    settings: dict
    writes: bool
    number: int = 0  # of trainings that have begun
    sources: list = dataclasses.field(default_factory=list)  # see `note_random` and `repeatable`


@contextlib.contextmanager
def resumable(folder, settings, writes=True):
    """Makes the trainings in a `with` block go on where an earlier run of the same block ended.

    After Ctrl-C, it prints how to go on. If the block ends without an error, the files are deleted.

    Args:
        folder: a `pathlib.Path`, for the states. Its parent must exist.
        settings: the fields of the config, a dict. A state that was written with other settings is
            refused. So is one if a file that a setting names has changed. Of a trained model, only its
            `task.json` is compared. Folders with data are not compared.
        writes: whether this process writes the states. If several processes train one model, only one
            of them writes, and all read the same folder.

    Raises:
        InputError: the states have other settings, or one of them is damaged. Or another process is
            training with the same folder.
        OSError: the folder cannot be made.

    Example:

    >>> import tempfile
    >>> x = np.ones((4, 1))
    >>> def train(epochs):
    ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    ...     model.compile("sgd", "mse")
    ...     return model.fit(x, x, epochs=epochs, verbose=0).epoch
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = pathlib.Path(parent) / "mine.resume"
    ...     with contextlib.suppress(OSError), resumable(folder, {}):
    ...         print(train(epochs=2))
    ...         raise OSError("a power cut")
    ...     with resumable(folder, {}):
    ...         print(train(epochs=2))  # reads the result
    ...     print(folder.exists())
    [0, 1]
    Training 1 had ended. Its result was read from ...mine.resume.
    [0, 1]
    False
    """
    global _run
    settings = {"KERAS_BACKEND": keras.backend.backend(), **_with_hashes(settings)}
    settings = json.loads(json.dumps(settings, default=str))
    files = list_states(folder)
    if files:
        _check_settings(folder, state_files.read(files[0])["settings"], settings)
    last = state_files.read(files[-1])["epoch"] if files else 0
    check_same([len(files), last], f"All processes need the same folder {folder}, on a shared disk.")
    with contextlib.ExitStack() as stack:
        if writes:
            folder.mkdir(exist_ok=True)  # now, because it may not be possible
            stack.enter_context(_lock(folder))
        _run = _Run(folder, settings, writes)
        try:
            with changed("fit", _with_state):
                yield
        except KeyboardInterrupt:
            if list_states(folder):
                print(
                    "\nInterrupted. To go on after the last complete epoch, start the same command "
                    f"again. To begin anew, delete {folder}."
                )
            raise
        else:
            for file in sorted(folder.glob("training-*"), reverse=True) if writes else []:
                file.unlink()  # the first one stays longest, if somebody presses Ctrl-C now
        finally:
            _run = None
            if writes:
                with contextlib.suppress(OSError):  # it is not empty
                    folder.rmdir()


def _with_hashes(settings):
    """Adds its hash to each setting that names a file, because somebody may change the file."""
    settings = dict(settings)
    for name, value in settings.items():
        if isinstance(value, str):
            path = os.path.expanduser(re.sub(r"\.py:\w+$", ".py", value))  # of a cell
            path = os.path.join(path, CARD_FILE) if os.path.isdir(path) else path
            if value and os.path.isfile(path):
                settings[name] = f"{value} (SHA-256 {hash_of(path)})"
    return settings


@contextlib.contextmanager
def _lock(folder):
    """Raises an error if another process is in this context with the same folder.

    Some systems have no such locks (Windows, some network drives).
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            lock = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"Another process is training with the states in {folder}. Wait until it has "
                    "ended, or stop it."
                ) from None
        yield


def list_states(folder):
    """The files with states in a folder, in the order of the trainings. The folder need not exist."""
    return sorted(folder.glob("training-*.npz"))


def _check_settings(folder, before, now):
    """Raises an error that names the flags that differ."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        earlier, received = (
            ", ".join(_words(name, some.get(name)) for name in names) for some in (before, now)
        )
        raise InputError(
            f"{folder} has a training that was interrupted, with {earlier}. To go on, start the same "
            "command again, with the same files. To begin anew, delete this folder. "
            f"Received: {received}"
        )


def _words(name, value):
    """A setting as on the command line."""
    if name.isupper():
        return f"{name}={value}"
    if value is None or value is False or value == "":
        return f"no {flags.name_of(name)}"
    return flags.name_of(name) + ("" if value is True else f" {value}")


def note_random(rng):
    """Makes the state of a random generator a part of the states that `resumable` writes.

    Args:
        rng: a `numpy.random.Generator` that goes on from epoch to epoch.

    Example:

    >>> note_random(np.random.default_rng(0))
    """
    if _run is not None:
        bits = rng.bit_generator
        _run.sources.append((lambda: bits.state, lambda state: setattr(bits, "state", state)))


def repeatable(function):
    """Makes a function resumable that has random numbers which nobody can read, as in SentencePiece.

    Before its first call after an interruption, it is called as often as before the interruption.

    Args:
        function: any function.

    Returns:
        A function with the same arguments and results.

    Example:

    >>> repeatable(len)("abc")
    3
    """
    if _run is None:
        return function
    done = wanted = 0

    def call(*args):
        nonlocal done
        for _ in range(done, wanted):
            function(*copy.deepcopy(args))  # copies, because it may change them
        done = max(done, wanted) + 1
        return function(*args)

    def set_calls(number):
        nonlocal wanted
        wanted = number

    _run.sources.append((lambda: max(done, wanted), set_calls))
    return call


def epochs(number, model, optimizer, *results):
    """The epochs of a training that does not call `fit`, so that `--resume` works for it, too.

    Without `--resume` it does the same as `range(number)`. With it, the state is written after each
    epoch, and an interrupted training goes on. If the loop ends early with `break`, and the recipe is
    interrupted later, then its last epoch is repeated.

    Args:
        number: the number of epochs.
        model: the `keras.Model` that is trained.
        optimizer: its `keras.optimizers.Optimizer`.
        *results: dicts that the loop changes. They have numbers, texts, NumPy arrays, and lists of
            these. After an interruption they get the values that they had after the last epoch.

    Yields:
        The number of each epoch, from 0.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> history = {"loss": []}
    >>> for epoch in epochs(2, model, keras.optimizers.SGD(), history):
    ...     history["loss"].append(1 / (1 + epoch))
    >>> history
    {'loss': [1.0, 0.5]}
    """
    if _run is None:
        yield from range(number)
        return
    training = _Training(model, optimizer)
    if training.state:
        training.restore(results)
    for epoch in range(training.epoch, number):
        yield epoch
        training.write(epoch + 1, results)


class _Training:
    """A training of the run: its model and optimizer, its file, and the state that was in this file."""

    def __init__(self, model, optimizer):
        _run.number += 1
        self.model, self.optimizer = model, optimizer
        self.path = _run.folder / f"training-{_run.number:03}.npz"
        self.state = state_files.read(self.path) if self.path.exists() else None
        self.number, self.epoch = _run.number, self.state["epoch"] if self.state else 0

    def restore(self, results):
        """Restores the state. `results` are dicts, which get the entries that they had."""
        state, optimizer = self.state, self.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        shapes = [[tuple(x.shape) for x in one] for one in (self.model.variables, optimizer.variables)]
        found = [[x.shape for x in state[one]] for one in ("model", "optimizer")]
        counts = [len(results), len(_run.sources)]
        if found != shapes or counts != [len(state["results"]), len(state["random"]["data"])]:
            raise InputError(
                f"The state in {self.path} is of another model, because the program or the data have "
                f"been changed since. To begin anew, delete the folder {_run.folder}."
            )
        if state["has_ended"]:
            print(f"Training {self.number} had ended. Its result was read from {_run.folder}.")
        else:
            print(f"Going on after epoch {self.epoch}, with the state in {_run.folder}.")
        for variable, array in zip(
            [*self.model.variables, *optimizer.variables],
            [*state["model"], *state["optimizer"]],
            strict=True,
        ):
            variable.assign(array)
        for result, saved in zip(results, state["results"], strict=True):
            result.update(saved)
        _set_random(state["random"])

    def write(self, epoch, results, has_ended=False):
        """Writes the state after an epoch, or the result of the whole training."""
        if not _run.writes:
            return
        state = {
            "settings": _run.settings,
            "epoch": epoch,
            "has_ended": has_ended,
            "is_stopped": getattr(self.model, "stop_training", False),
            "model": [*map(_to_numpy, self.model.variables)],
            "optimizer": [*map(_to_numpy, self.optimizer.variables)],
            "results": results,
            "random": _get_random(),
        }
        state_files.write(self.path, state)


class _StateWriter(keras.callbacks.Callback):
    """Restores the state when the training begins, and writes it after each epoch.

    It stands behind the other callbacks, because they forget what they know when a training begins.
    """

    def __init__(self, training, callbacks):
        super().__init__()
        self.training, self.callbacks = training, callbacks

    def on_train_begin(self, logs=None):
        if self.training.state:
            self.training.restore([*map(vars, self.callbacks)])

    def on_epoch_end(self, epoch, logs=None):
        self.training.write(epoch + 1, _notes(self.callbacks))


def _with_state(fit):
    """The method `fit` of a model, which goes on after an interruption."""
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def fit_with_state(model, *args, **kwargs):
        if not model.built:  # so it has no variables that a state could be restored to
            raise InputError(
                "With --resume, a model must be built before fit. Let it begin with keras.Input, or "
                "call zoo.training.check_model(model, data)."
            )
        bound = signature.bind(model, *args, **kwargs)
        bound.apply_defaults()
        options = bound.arguments
        callbacks = keras.tree.flatten(options["callbacks"] or [])
        history = next((x for x in callbacks if isinstance(x, keras.callbacks.History)), None)
        if history is None:
            history = keras.callbacks.History()
            callbacks.append(history)
        training = _Training(model, model.optimizer)
        state = training.state
        if state and state["has_ended"]:
            training.restore([*map(vars, callbacks)])
            history.set_model(model)
            model.history = history
            return history
        if state:
            is_last = state["is_stopped"]  # by EarlyStopping
            options["initial_epoch"] = options["epochs"] if is_last else training.epoch
        options["callbacks"] = [*callbacks, _StateWriter(training, callbacks)]
        fit(*bound.args, **bound.kwargs)
        training.write(options["epochs"], _notes(callbacks, has_ended=True), has_ended=True)
        return history

    return fit_with_state


def _notes(callbacks, has_ended=False):
    """What callbacks have noted: their attributes that are numbers, texts, arrays, or lists of them."""
    skipped = (*_NOT_RESTORED, *["best_weights"] * has_ended)  # the model has them in the end
    return [
        {name: value for name, value in vars(one).items() if name not in skipped and _is_plain(value)}
        for one in callbacks
    ]


def _is_plain(value):
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(part) for name, part in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype != object
    return value is None or isinstance(value, bool | int | float | str)


def _to_numpy(variable):
    array = keras.ops.convert_to_numpy(variable)
    return array.astype("float32") if array.dtype.name == "bfloat16" else array  # NumPy lacks it


def _keras_seeds():
    """Keras's own random generator, or None if nothing has used it yet."""
    from keras.src.backend.common import global_state  # Keras has no public name for it

    return global_state.get_global_attribute("global_seed_generator")


def _get_random():
    states = {"python": random.getstate(), "numpy": np.random.get_state(legacy=False)}
    states["keras"] = _keras_seeds() and _to_numpy(_keras_seeds().state)
    states["data"] = [get() for get, _ in _run.sources]
    if keras.backend.backend() == "torch":
        import torch

        states["torch"] = torch.get_rng_state().numpy()
    return states


def _set_random(states):
    if states["keras"] is not None:
        if _keras_seeds() is None:
            keras.random.uniform(())  # makes it
        _keras_seeds().state.assign(states["keras"])
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(states["numpy"])
    for (_, set_state), state in zip(_run.sources, states["data"], strict=True):
        set_state(state)
    if "torch" in states:
        import torch

        torch.set_rng_state(torch.from_numpy(states["torch"]))
