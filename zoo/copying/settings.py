"""Reads the settings of a recipe without running it."""

import argparse
import ast
import dataclasses
import os

import zoo

LEFT_OUT = ("distribute", "resume")  # settings that only `main` can honor
PATHS = (  # settings that can be the path of a file or of a folder
    *("cell", "cnn_weights", "data_dir", "database", "dataset", "glove", "pretrained"),
    "pretrained_backward",
)


def config_class(source):
    """The class `Config` of a recipe. The libraries that the recipe imports are not needed.

    Args:
        source: the Python source of a recipe.

    Returns:
        A dataclass whose fields are the recipe's flags.

    Example:

    >>> source = '''
    ... import keras
    ... CELLS = ("lstm", "gru")
    ... @dataclasses.dataclass
    ... class Config(zoo.Config):
    ...     cell: str = zoo.flag("gru", "recurrent cell", choices=CELLS)
    ... '''
    >>> config_class(source)(cell="lstm").cell
    'lstm'
    """
    body = ast.parse(source).body
    (config,) = (one for one in body if isinstance(one, ast.ClassDef) and one.name == "Config")
    used = {one.id for one in ast.walk(config) if isinstance(one, ast.Name)}
    constants = [
        one
        for one in body
        if isinstance(one, ast.Assign) and used & {ast.unparse(target) for target in one.targets}
    ]
    names = {"__name__": "recipe", "dataclasses": dataclasses, "zoo": zoo}
    exec(compile(ast.Module([*constants, config], []), "recipe", "exec"), names)
    return names["Config"]


def seen_from(folder, settings):
    """Writes relative paths in settings as they are for a program that runs in another folder.

    Args:
        folder: the path of the folder.
        settings: a dict of fields of a recipe's `Config` to values.

    Returns:
        A new dict.

    Example:

    >>> seen_from("copies", {"data_dir": ".", "dataset": "digits", "glove": "/vectors.zip", "units": 8})
    {'data_dir': '..', 'dataset': 'digits', 'glove': '/vectors.zip', 'units': 8}
    """
    from zoo.datasets import loading  # imports TensorFlow

    moved, presets = dict(settings), zoo.list_presets()
    names = {"cnn_weights": ["imagenet"], "pretrained": presets, "pretrained_backward": presets}
    for key in PATHS:
        path, *class_name = str(settings.get(key) or "").rsplit(":", maxsplit=key == "cell")
        exists = os.path.exists(path) or (path and key == "data_dir")  # which can be new
        is_name = path in names.get(key, ()) or (key == "cell" and not path.endswith(".py"))
        if not exists or is_name or os.path.isabs(path):
            continue
        if key != "dataset" or loading.own_path(settings[key]):  # a name is not the folder of that name
            path = os.path.relpath(os.path.abspath(path), os.path.realpath(folder))
            moved[key] = ":".join([path, *class_name])
    return moved


def read_words(name, source, words):
    """Reads the words after `zoo copy NAME`.

    Args:
        name: the name of the recipe.
        source: the Python source of the recipe.
        words: list of str.

    Returns:
        A dict with the arguments of `zoo.copying.copy_recipe`, except the name.

    Raises:
        InputError: a word is not known, or a value is not allowed.

    Example:

    >>> source = '''
    ... @dataclasses.dataclass
    ... class Config(zoo.Config):
    ...     units: int = zoo.flag(64, "size of the state")
    ... '''
    >>> read_words("mine", source, ["--notebook", "--units", "8"])
    {'dest': '.', 'notebook': True, 'standalone': False, 'settings': {'units': 8}}
    """
    parser = argparse.ArgumentParser(
        prog=f"zoo copy {name}",
        description="Copies this recipe. A copy as it is takes its flags when you run it.",
    )
    parser.error = zoo.flags.refuse_words
    parser.add_argument("dest", nargs="?", default=".", help="folder or new file for the copy")
    parser.add_argument("--notebook", action="store_true", help="write a notebook for Jupyter")
    parser.add_argument("--standalone", action="store_true", help="write a file that runs without zoo")
    flags = parser.add_argument_group("settings of the notebook or the standalone file")
    zoo.flags.add_flags(flags, config_class(source), hidden=LEFT_OUT)
    settings = vars(parser.parse_intermixed_args(zoo.flags.join_negative_numbers(words)))
    options = {option: settings.pop(option) for option in ("dest", "notebook", "standalone")}
    return {**options, "settings": settings}
