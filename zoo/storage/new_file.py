"""Writes a new file completely or not at all."""

import os

from zoo.errors import InputError
from zoo.storage.folders import check_parent


def check_new_file(path):
    """Raises an `InputError` unless a new file with this name can be written.

    Args:
        path: a `pathlib.Path`.

    Example:

    >>> import pathlib
    >>> check_new_file(pathlib.Path(__file__))
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: ...new_file.py exists already: name another file or folder.
    """
    if path.exists():
        raise InputError(f"{path} exists already: name another file or folder.")
    check_parent(path)


def write_new_file(path, content):
    """Writes bytes to a new file, completely or not at all.

    Args:
        path: a `pathlib.Path`.
        content: bytes.
    """
    part = path.with_name(f".zoo-{os.getpid()}")
    try:
        part.write_bytes(content)
        check_new_file(path)  # again, because somebody may have written the file since
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
