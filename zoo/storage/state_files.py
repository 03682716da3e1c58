"""Files with the state of a training: numbers, texts and arrays, nested in dicts and lists."""

import json
import os

import numpy as np

from zoo.errors import InputError, one_line

_ARRAY = "array number"  # stands in place of an array


def write(path, state):
    """Writes a state, completely or not at all, also if there is a power cut.

    Args:
        path: a `pathlib.Path` that ends with `.npz`. An earlier file is replaced.
        state: a dict of numbers, texts, None, NumPy's arrays and numbers, and lists and dicts of these.
            Tuples come back as lists.

    Raises:
        OSError: the file cannot be written. The earlier file is still there.
        TypeError: there is something else in the state.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "state.npz"
    >>> write(path, {"epoch": 3, "weights": [np.ones(2)]})
    >>> read(path)
    {'epoch': 3, 'weights': [array([1., 1.])]}
    """
    arrays = []

    def number(value):
        if not isinstance(value, np.ndarray | np.generic):
            raise TypeError(f"A state has numbers, texts and arrays. Received: {value!r:.80}")
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}

    text = json.dumps(state, default=number).encode()
    part = path.with_suffix(".part")
    try:
        with open(part, "wb") as file:
            np.savez(file, *arrays, state=np.frombuffer(text, "uint8"))
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave an empty file under the new name
        part.replace(path)
    except BaseException:  # Ctrl-C, or a full disk
        part.unlink(missing_ok=True)
        raise


def read(path):
    """Reads a file that `write` wrote.

    Args:
        path: a `pathlib.Path`.

    Returns:
        The state, a dict.

    Raises:
        InputError: the file is damaged.
    """

    def array(value):
        return file[f"arr_{value[_ARRAY]}"][()] if [*value] == [_ARRAY] else value

    try:
        with np.load(path, allow_pickle=False) as file:
            return json.loads(bytes(file["state"]), object_hook=array)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # NumPy, zipfile and json have many names for damage
        raise InputError(
            f"{path} is damaged ({one_line(error, 100)}). To repeat this training, delete this file."
        ) from error
