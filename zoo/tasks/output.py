"""Checks before training that a model can be saved."""

import contextlib
import os
import pathlib

from zoo.errors import InputError
from zoo.storage import folders, model_files
from zoo.storage.hashes import hash_of
from zoo.tasks.cards import CARD_FILE, MODEL_FILE, read_card

SYSTEM_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}  # macOS and Windows write them
EARLIER_FILES = {  # files in folders of earlier versions, whose card does not name all files
    *("metrics.json", "history.csv", "attention.png", "captions.png", "chorale.png", "confusion.png"),
    *("f1_by_type.png", "forecast.png", "loss.png", "mistakes.png"),
}


def check_output(folder, model=None):
    """Checks, before hours of training, that `save` will be able to write a folder.

    `save` replaces only an empty folder or one that it wrote itself. It does not replace a folder with
    files that somebody added or changed, or with folders in it. A change to `task.json` goes unnoticed,
    because its hash is not stored. Files that the system adds, such as `.DS_Store` and `Thumbs.db`, do
    not count: they are deleted with the folder.

    Args:
        folder: where a model is to be saved. With `""` or None, nothing is to be saved, and this
            function does nothing.
        model: the `keras.Model`, before it is trained. As a test, it is saved next to the folder and
            opened again. Then this copy is deleted.

    Raises:
        ValueError: saving would destroy something else with this name; the parent folder does not exist
            or cannot be written to; the system refuses the name; or the model cannot be saved or cannot
            be opened again. The message says what to do.

    Example:

    >>> check_output("")
    >>> check_output("no/such/place")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Cannot write ...: there is no folder .../no/such. Create it first.
    """
    if folder is None or folder == "":
        return
    folder = output_folder(folder)
    try:
        with folders.work_folder(folder) as work:
            if not folder.exists():
                with contextlib.suppress(FileExistsError, FileNotFoundError):  # another run is checking
                    folder.mkdir()
                    folder.rmdir()
            with contextlib.suppress(FileNotFoundError):
                os.lstat(folder / ("x" * 64))  # fails if the path of a file in it would be too long
            if model is not None:
                model_files.write(model, work / MODEL_FILE)
    except OSError as error:
        raise InputError(f"Cannot write {folder}: {error.strerror or error}.") from None


def output_folder(folder):
    """The absolute path of a folder that `save` may write.

    Args:
        folder: str or path.

    Returns:
        A `pathlib.Path`.

    Raises:
        ValueError: `save` may not write there. See `check_output`.
    """
    if not isinstance(folder, str | os.PathLike):
        raise InputError(f"Give the name of a folder to save to. Received: {folder!r:.80}")
    try:
        folder = pathlib.Path(folder).resolve()
        folders.finish(folder)
        folders.check_parent(folder)
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file: choose another name.")
        if os.path.ismount(folder):
            raise InputError(
                f"{folder} is a mount point, which cannot be replaced. Name a folder inside it."
            )
        theirs = _not_ours(folder) if folder.exists() else []
    except InputError:
        raise
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # too long, a circle of links
        raise InputError(f"Cannot write {str(folder)!r:.200}: {error}") from None
    if theirs:
        names = ", ".join(theirs[:5]) + (f" and {len(theirs) - 5} more" if len(theirs) > 5 else "")
        raise InputError(
            f"{folder} holds something else: {names}. It was not written by save, or it was changed "
            "since. Choose another name, or move it away."
        )
    return folder


def _not_ours(folder):
    """Names in a folder that `save` did not write, or that were changed since."""
    names = sorted(
        path.name
        for path in folder.iterdir()
        if not path.is_file() or (path.name not in SYSTEM_FILES and not path.name.startswith("._"))
    )
    try:
        card = read_card(folder) if names else {}
    except InputError:
        return names
    ours = {CARD_FILE} if "also_written" in card else {CARD_FILE, *EARLIER_FILES}
    sha256 = card.get("sha256", {}) | card.get("also_written", {})

    def is_ours(name):
        path = folder / name
        if not path.is_file():
            return False
        return hash_of(path) == sha256[name] if name in sha256 else name in ours

    return [name for name in names if not is_ours(name)]
