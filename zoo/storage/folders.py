"""Writes a folder completely or not at all, even if the process is interrupted.

A new folder is first filled under a hidden name next to its final place. Then the earlier folder, if
there is one, gets a hidden name, and the new folder gets the final name. A killed process leaves one of
these states:

- Killed before the first rename: the earlier folder, and a hidden folder that is not finished.
- Killed between the two renames: the earlier and the new folder. Both are complete, and both are
  hidden. `finish` gives the new one its name.
- Killed after the second rename: the new folder, and the earlier one, hidden.

The next `work_folder` for the same name deletes the hidden folders.
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import tempfile

from zoo.errors import InputError


def check_parent(path):
    """Raises an `InputError` unless something new can be written in the parent of a path.

    Args:
        path: a `pathlib.Path` of a file or folder.

    Raises:
        ValueError: there is no such parent folder, or nobody may write to it.

    Example:

    >>> check_parent(pathlib.Path("no/such/place"))
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Cannot write no/such/place: there is no folder no/such. Create it first.
    """
    if not path.parent.is_dir():
        raise InputError(f"Cannot write {path}: there is no folder {path.parent}. Create it first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {path}: no permission in {path.parent}.")


@contextlib.contextmanager
def work_folder(folder):
    """Creates an empty hidden folder next to another one. Fill it, then call `replace`.

    If the folder still has its hidden name at the end, it is deleted.

    At the start, hidden folders that killed processes left for the same name are deleted. This never
    deletes the work of a running process: a process holds a shared lock on the parent folder while it
    writes, and old folders are deleted only under an exclusive lock. Some systems have no such locks
    (Windows, some network drives). There, old folders stay.

    Args:
        folder: an absolute `pathlib.Path`. Its parent must exist. The folder itself need not exist.

    Yields:
        The hidden folder, a `pathlib.Path`.

    Raises:
        OSError: the parent cannot be written to.

    Example:

    >>> parent = pathlib.Path(tempfile.mkdtemp())
    >>> with work_folder(parent / "mine") as new:
    ...     (new / "notes.txt").touch()
    ...     replace(new, parent / "mine")
    >>> [path.name for path in parent.rglob("*")]
    ['mine', 'notes.txt']
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            lock = os.open(folder.parent, os.O_RDONLY)
            stack.callback(os.close, lock)
            with contextlib.suppress(BlockingIOError):  # another process is writing now
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for path in _hidden(folder):
                    shutil.rmtree(path, ignore_errors=True)
            fcntl.flock(lock, fcntl.LOCK_SH)
        new = tempfile.mkdtemp(prefix=f".{_short(folder)}-", suffix=".zoo", dir=folder.parent)
        stack.callback(shutil.rmtree, new, ignore_errors=True)
        yield pathlib.Path(new)


def replace(new, folder):
    """Gives a hidden folder from `work_folder` its final name, and deletes the earlier folder.

    Args:
        new: the hidden folder, complete.
        folder: the final name, a `pathlib.Path`.

    Raises:
        OSError: the system refuses to rename. The earlier folder is back in its place.
    """
    old = new.with_name(f"{new.name}-old")
    try:
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
    except BaseException as error:  # Ctrl-C too
        is_finished = isinstance(error, OSError) and folder.exists() and not new.exists()
        if not is_finished:  # another process did not call `finish`
            if not os.path.lexists(folder):
                with contextlib.suppress(OSError):
                    old.rename(folder)
            raise
    shutil.rmtree(old, ignore_errors=True)


def finish(folder):
    """Completes a `replace` that was killed between its two renames. Otherwise does nothing.

    Args:
        folder: the final name, an absolute `pathlib.Path`.
    """
    with contextlib.suppress(OSError):  # there is no parent, or it cannot be written to
        if not os.path.lexists(folder):
            for old in _hidden(folder):
                if old.name.endswith("-old"):
                    new = old.with_name(old.name.removesuffix("-old"))
                    (new if new.is_dir() else old).rename(folder)
                    return


def _short(folder):
    """The name of a folder. For a very long name, a hash, so that the hidden name is not too long."""
    name = os.fsencode(folder.name)
    return folder.name if len(name) <= 200 else hashlib.sha256(name).hexdigest()[:16]


def _hidden(folder):
    """The hidden folders that `work_folder` and `replace` made for a name.

    Earlier versions did not add the ending `.zoo`. A folder without it counts only if `save` may have
    written every file in it.
    """
    files = (
        r"model\.keras|task\.json|metrics\.json|history\.csv|samples\.txt|wrong_words\.tsv|chorale\.mid"
    )
    ours = re.compile(rf"\.?({files}|(source|target)\.spm|\w+\.png)")
    pattern = re.compile(rf"\.{re.escape(_short(folder))}-[a-z0-9_]{{8}}(\.zoo)?(-old)?")
    for path in sorted(folder.parent.iterdir()):
        match = pattern.fullmatch(path.name)
        if not match or not path.is_dir() or path.is_symlink():
            continue
        names = [child.name for child in path.iterdir()]
        if match[1] or ("model.keras" in names and all(map(ours.fullmatch, names))):
            yield path
