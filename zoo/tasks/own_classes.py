"""The classes of your own that a trained model needs, such as a cell."""

import shutil
import sys
import warnings

import keras

from zoo import cell_files
from zoo.errors import InputError
from zoo.storage.hashes import hash_of
from zoo.storage.model_files import REGISTER

LARGEST = 10**6  # bytes of a file that is copied


def list_needed(model):
    """Lists the classes in a model that are not from Keras or the zoo.

    Args:
        model: a `keras.Model`.

    Returns:
        A list of dicts for the card: the class, the name under which it is registered with Keras, its
        module, and its file (None if there is none, as in a notebook).

    Example:

    >>> import zoo
    >>> list_needed(zoo.build("many_to_one", cell="gru"))
    []
    >>> model = zoo.build("many_to_one", cell="minimal_gated_unit.py:MinimalGatedUnit")
    >>> [one["class"] for one in list_needed(model)]
    ['MinimalGatedUnit']
    """
    classes = dict.fromkeys(type(one) for one in (model, *model._flatten_layers()))
    return [
        {
            "class": one.__name__,
            "registered_name": keras.saving.get_registered_name(one),
            "module": _module_of(one, path),
            "file": path and path.name,
        }
        for one in classes
        if _is_own(one)
        for path in [cell_files.source_of(one)]
    ]


def _module_of(its_class, path):
    """The module from which another program can import a class."""
    if path and path.parent == cell_files.EXAMPLES:
        return f"zoo.example_cells.{path.stem}"
    module = its_class.__module__
    was_run = module == "__main__" or hasattr(sys.modules.get(module), "_is_cell_file")
    return path.stem if path and was_run else module


def _is_own(its_class):
    package, _, rest = its_class.__module__.partition(".")
    return package != "keras" and (package != "zoo" or rest.startswith("example_cells"))


def copy_sources(model, folder):
    """Copies the files of these classes into a folder, as a record. `zoo.load` never runs them.

    A file of an installed package, a large one, and one whose name is taken are left out.

    Args:
        model: a `keras.Model`.
        folder: a `pathlib.Path`.

    Returns:
        The names of the copies, a list of str.
    """
    classes = dict.fromkeys(type(one) for one in (model, *model._flatten_layers()))
    paths = dict.fromkeys(cell_files.source_of(one) for one in classes if _is_own(one))
    copied = []
    for path in filter(None, paths):
        is_small = path.is_file() and path.stat().st_size <= LARGEST
        is_installed = "site-packages" in path.parts or "dist-packages" in path.parts
        if is_small and not is_installed and not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
            copied.append(path.name)
    return copied


def check_needed(folder, card):
    """Checks that the running program has all classes that a trained model needs.

    There is a warning if the file of a class has changed since.

    Args:
        folder: the folder of the model, a `pathlib.Path`.
        card: the content of its `task.json`.

    Raises:
        ValueError: a class is not registered with Keras.
    """
    for one in card.get("needs", []):
        file, its_class = one.get("file"), keras.saving.get_registered_object(one["registered_name"])
        if its_class is None:
            place = file or f"the module {one['module']}"
            copy = f" {folder / file} is a copy, as a record." if file else ""
            first = f"Import it first, as in: from {one['module']} import {one['class']}."
            if file:
                first += f" A recipe does so with --cell {file}:{one['class']}."
            if one["module"] == "__main__":  # it was written in a notebook
                place, first = "a notebook", "First run the cell that defines it."
            raise InputError(
                f"{folder} needs your class {one['class']} from {place}, which Keras must know as "
                f"{one['registered_name']!r}. {first} The line {REGISTER} must stand above the "
                f"class.{copy}"
            )
        path, sha256 = cell_files.source_of(its_class), card.get("also_written", {}).get(file)
        if path and sha256 and path.is_file() and hash_of(path) != sha256:
            warnings.warn(
                f"{path} has changed since {one['class']} was trained, so the answers may differ. "
                f"{folder / file} is the file at that time.",
                stacklevel=3,
            )
