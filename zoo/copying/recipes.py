"""Finds the recipes and copies them."""

import os
import pathlib

import zoo
from zoo.errors import check_choice
from zoo.storage.new_file import check_new_file, write_new_file


def find_recipes():
    """A dict of name to path. The recipes are in the installed package, or next to it in a clone."""
    package = pathlib.Path(zoo.__file__).parent
    folder = package / "recipes"
    folder = folder if folder.is_dir() else package.parent / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.py"))}


def copy_recipe(name, dest="."):
    """Copies a recipe to a new file, as it is.

    Args:
        name: the name of a recipe, such as `"many_to_one_sentiment"`.
        dest: the new file, or a folder for it.

    Returns:
        The path of the new file.

    Raises:
        ValueError: the recipe is unknown, the file exists already, or its folder does not exist.
    """
    recipes = find_recipes()
    check_choice("recipe", name, recipes)
    target = pathlib.Path(dest)
    if target.is_dir() or str(dest).endswith(os.sep):
        target = target / f"{name}.py"
    check_new_file(target)
    stamp = f"# Recipe {name} of rnn-zoo {zoo.__version__}, Apache-2.0.\n"
    write_new_file(target, stamp.encode() + recipes[name].read_bytes())
    return target
