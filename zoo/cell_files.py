"""Finds the class of a cell in a Python file of yours, as in `--cell my_cells.py:MyCell`."""

import contextlib
import inspect
import pathlib
import sys
import types

from zoo.errors import InputError, one_line
from zoo.storage.hashes import hash_of

EXAMPLES = pathlib.Path(__file__).parent / "example_cells"
_LATEST = {}  # for each path that was run: its content and its module


def is_file(cell):
    """Says whether a text names a file, and not one of the cells of the zoo.

    Args:
        cell: str, as given to `--cell`.

    Returns:
        bool.

    Example:

    >>> is_file("my_cells.py:MyCell"), is_file("gru")
    (True, False)
    """
    return ":" in cell or cell.endswith(".py")


def load(text):
    """Runs a Python file and returns the cell in it.

    If there is no such file, it may be one of the zoo's own in `zoo/example_cells`. So
    `minimal_gated_unit.py:MinimalGatedUnit` always works. A copy of that file in the current folder
    comes first.

    Args:
        text: `"FILE.py:NAME"`. NAME is a class, or an object that was made from one. It may be left out
            if the file has only one class of layers.

    Returns:
        What the file calls NAME. The same file gives the same class again, as long as it has not
        changed.

    Raises:
        ValueError: there is no such file, it has a mistake, or it has no such class.

    Example:

    >>> load("minimal_gated_unit.py:MinimalGatedUnit").__name__
    'MinimalGatedUnit'
    """
    name_of_file, name = (text, "") if text.endswith(".py") else text.rsplit(":", 1)
    if not name_of_file.endswith(".py") or not (name.isidentifier() or text.endswith(".py")):
        raise InputError(
            f"Name a Python file and a class in it, such as my_cells.py:MyCell. Received: {text!r:.200}"
        )
    path = pathlib.Path(name_of_file)
    try:
        path = path.expanduser()
        if not path.exists() and (EXAMPLES / name_of_file).is_file():
            path = EXAMPLES / name_of_file
        content = path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:  # no such user; a name that no file can have
        examples = ", ".join(sorted(one.name for one in EXAMPLES.glob("[!_]*.py")))
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"Cannot read the file of the cell, {path}: {reason}. It must be in the current folder, or "
            f"be given with its folder. Example cells: {examples}. Received: {text!r:.200}"
        ) from None
    module = _run(path.resolve(), content)
    choices = _layers_of(module)
    listed = ", ".join(choices) or "none"
    if not name:
        if len(choices) != 1:
            raise InputError(
                f"Say which class in {path} is the cell, such as {path.name}:{[*choices, 'MyCell'][0]}."
                f" Classes of layers in this file: {listed}. Received: {text!r:.200}"
            )
        return next(iter(choices.values()))
    if not hasattr(module, name):
        raise InputError(
            f"There is no {name} in {path}. Classes of layers in this file: {listed}. "
            f"Received: {text!r:.200}"
        )
    return getattr(module, name)


def source_of(its_class):
    """Finds the file that a class was written in.

    Args:
        its_class: a class.

    Returns:
        A `pathlib.Path`, or None if there is no file, as in a notebook.

    Example:

    >>> source_of(load("minimal_gated_unit.py")).name
    'minimal_gated_unit.py'
    """
    file = getattr(sys.modules.get(its_class.__module__), "__file__", None)
    return pathlib.Path(file) if file and file.endswith(".py") else None


def _run(path, content):
    """Runs a file as a module, unless its content is the same as the last time."""
    latest, module = _LATEST.get(path, (None, None))
    if content == latest:
        return module
    name = path.stem
    before = sys.modules.get(name)
    if before is not None and not (hasattr(before, "_is_cell_file") and before.__file__ == str(path)):
        name = f"{path.stem}_{hash_of(path)[:8]}"  # another module has its name
    module = types.ModuleType(name)
    module.__file__, module._is_cell_file = str(path), True
    sys.modules[name] = module  # so that Python finds the source of the class
    sys.path.insert(0, str(path.parent))  # for what it imports from its own folder
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:  # whatever is wrong in the file
        del sys.modules[name]
        raise InputError(
            f"{path} cannot be run{line_of(error, path)}: {type(error).__name__}: "
            f"{one_line(error, 300)}"
        ) from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(path.parent))
    _LATEST[path] = content, module
    return module


def line_of(error, path):
    """Finds the line of a file in which an error was raised.

    Args:
        error: an exception.
        path: the file, a `pathlib.Path`.

    Returns:
        A text such as `", line 12"`, or `""` if the error was raised elsewhere.
    """
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}" if error.lineno else ""
    line, frame = "", error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = f", line {frame.tb_lineno}"
        frame = frame.tb_next
    return line


def _layers_of(module):
    """The classes of layers that a module defines itself, by name."""
    import keras

    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, keras.layers.Layer)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
