"""Finds the recipes and copies them."""

import contextlib
import os
import pathlib

import zoo
from zoo.copying.flat import flatten
from zoo.copying.notebook import to_notebook
from zoo.copying.settings import seen_from
from zoo.errors import InputError, check_choice
from zoo.storage.new_file import check_new_file, write_new_file


def find_recipes():
    """A dict of name to path. The recipes are in the installed package, or next to it in a clone."""
    package = pathlib.Path(zoo.__file__).parent
    folder = package / "recipes"
    folder = folder if folder.is_dir() else package.parent / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.py"))}


def read_recipe(name):
    """The source of a recipe, as str.

    Args:
        name: the name of a recipe, such as `"many_to_one_sentiment"`.

    Raises:
        ValueError: the recipe is unknown.
    """
    recipes = find_recipes()
    check_choice("recipe", name, recipes)
    return recipes[name].read_text("utf-8")


def copy_recipe(name, dest=".", *, notebook=False, standalone=False, settings=None):
    """Copies a recipe to a new file: as it is, as a notebook, or as a file that does not need the zoo.

    Args:
        name: the name of a recipe, such as `"many_to_one_sentiment"`.
        dest: the new file, or a folder for it.
        notebook: True writes a Jupyter notebook. What the recipe does in `main` is in its cells.
        standalone: True writes a copy that does not need the zoo, see `zoo.copying.standalone`.
        settings: for a notebook or a standalone copy, a dict of fields of the recipe's `Config` to
            values, such as `{"cell": "lstm", "epochs": 2}`. The others keep their defaults. A
            relative path starts at the current folder. The copy has it as seen from its own folder.

    Returns:
        The path of the new file.

    Raises:
        ValueError: the recipe is unknown, the file exists already, its folder does not exist, its name
            has the wrong ending, or a setting is not allowed.
    """
    source, files, settings = read_recipe(name), {}, settings or {}
    ending = ".ipynb" if notebook else ".py"
    target = pathlib.Path(dest)
    if target.is_dir() or str(dest).endswith(os.sep):
        target = target / f"{name}{ending}"
    check_new_file(target)
    if target.suffix != ending:
        raise InputError(
            "With --notebook, the name of the new file ends with .ipynb. Without it, the copy is a "
            f"Python file, such as {name}.py. Received: {target.name}"
        )
    if target.parent.resolve() != pathlib.Path.cwd():  # the copy runs in its own folder
        settings = seen_from(target.parent, settings)
    if standalone:
        from zoo.datasets.packages import import_extra  # imports TensorFlow

        for package in ("libcst", "ruff"):
            import_extra(package, "Standalone copies")
        from zoo.copying.standalone import write_standalone  # imports Keras

        with contextlib.chdir(target.parent):
            content, files, notes = write_standalone(name, find_recipes()[name], settings)
        for file, data in [*files.items()]:
            path, top = target.parent / file, target.with_name(file.split("/")[0])
            if path.is_file() and path.read_bytes() == data:  # another copy has the same data
                del files[file]
            else:
                check_new_file(path if top.is_dir() else top)
        print(*notes, sep="\n", end="\n" * bool(notes))
        if notebook:
            content = to_notebook(content, name)
    elif notebook:
        with contextlib.chdir(target.parent):
            content = to_notebook(flatten(source, settings), name)
    elif settings:
        flags = ", ".join(map(zoo.flags.name_of, settings))
        raise InputError(
            f"A copy as it is takes its flags when you run it: python {target.name} --cell lstm. Only "
            f"--notebook and --standalone write them into the copy. Received: {flags}"
        )
    else:
        content = f"# Recipe {name} of rnn-zoo {zoo.__version__}, Apache-2.0.\n{source}"
    for file, data in files.items():
        path = target.parent / file
        path.parent.mkdir(exist_ok=True)
        write_new_file(path, data)
    write_new_file(target, content.encode())
    return target
