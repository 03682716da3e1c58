"""Writing a folder whole or not at all, whatever interrupts it.

A new folder is filled under a hidden name beside the place where it shall be. Then the earlier folder,
if there is one, gets a hidden name, and the new one takes its place. A kill leaves this:

- Before the first rename: the earlier folder, and an unfinished hidden one.
- Between the two: the earlier and the new folder, both whole, both hidden. `finish` gives the new one
  its name.
- After the second rename: the new folder, and a hidden earlier one.

The next `work_folder` for the same name deletes the hidden folders that are left.
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import tempfile


@contextlib.contextmanager
def work_folder(folder):
    """An empty hidden folder beside another one, to be filled and handed to `replace`.

    It is deleted at the end if it still has its hidden name. Before that, the hidden folders that
    killed processes have left for the same name are deleted. While a process writes, it holds a shared
    lock on the parent folder. Leftovers are deleted only under an exclusive lock. So nobody deletes
    the work of a running process. Where the system has no such locks (Windows, some network
    drives), leftovers stay.

    Args:
        folder: an absolute `pathlib.Path`. Its parent must exist. The folder itself need not.

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
    """Gives a hidden folder of `work_folder` its name, in place of an earlier folder, which is deleted.

    Args:
        new: the hidden folder, complete.
        folder: the name that it gets.

    Raises:
        OSError: the system refuses; the earlier folder is where it was.
    """
    old = new.with_name(f"{new.name}-old")
    try:
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
    except BaseException as error:  # Ctrl-C too
        is_finished = isinstance(error, OSError) and folder.exists() and not new.exists()
        if not is_finished:  # by `finish` in another process
            if not os.path.lexists(folder):
                with contextlib.suppress(OSError):
                    old.rename(folder)
            raise
    shutil.rmtree(old, ignore_errors=True)


def finish(folder):
    """Completes what a kill has interrupted in the middle of `replace`; else does nothing.

    Args:
        folder: `pathlib.Path`, absolute.
    """
    with contextlib.suppress(OSError):  # no such parent, or it cannot be written to
        if not os.path.lexists(folder):
            for old in _hidden(folder):
                if old.name.endswith("-old"):
                    new = old.with_name(old.name.removesuffix("-old"))
                    (new if new.is_dir() else old).rename(folder)
                    return


def _short(folder):
    """The name of a folder, or a hash of one so long that a hidden name would be too long."""
    name = os.fsencode(folder.name)
    return folder.name if len(name) <= 200 else hashlib.sha256(name).hexdigest()[:16]


def _hidden(folder):
    """The hidden folders of `work_folder` and `replace` for a name.

    Earlier versions gave them no ending `.zoo`: those count if `save` may have written all in them.
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
