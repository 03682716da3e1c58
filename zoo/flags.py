"""The command line of a recipe: each field of a dataclass becomes a flag."""

import argparse
import dataclasses
import math
import numbers
import os
import re
import sys
import types
import typing

from zoo import arguments, own_cells
from zoo.console import ends_in_one_line, ipython_shell, open_streams
from zoo.errors import InputError, shown

MOST = 2**32 - 1  # the largest whole number of a flag, because it is the largest seed NumPy takes
TYPES = {  # of fields: what a value must be, and the words for it
    bool: (bool, "True or False"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a number"),
    str: (str | os.PathLike, "a text"),
}


def flag(default, help, choices=None):
    """A field of a recipe's Config.

    Args:
        default: its default value. None means that the recipe chooses a value that fits the data, see
            `zoo.recipe.choose`.
        help: one line for `--help`.
        choices: the values that are allowed, or None for any.

    Returns:
        A `dataclasses.Field`.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     units: int = flag(64, "size of the state")
    >>> Config().units, Config(units=128).units
    (64, 128)
    """
    return dataclasses.field(default=default, metadata={"help": help, "choices": choices})


def run(main, config_class, description, argv=None):
    """Reads the flags of a recipe and calls `main(config)`.

    Each field becomes a flag: `batch_size` becomes `--batch-size`. A field that is True or False, such
    as `smoke`, becomes two flags, `--smoke` and `--no-smoke`. `--help` lists keyword-only fields last.

    All values are checked before `main` is called, see `check`.

    If the program cannot go on, it ends with one line and exit status 2. This happens with an unknown
    flag, a value that is not allowed, an `InputError` and an `OSError`. After Ctrl-C the status is 130.

    In a notebook and in IPython, `%run recipe.py --epochs 1` reads the flags too. If the recipe is
    pasted into a cell, there is no command line, so all flags have their defaults. If the program
    cannot go on, the cell fails with one line, and the kernel lives on.

    Args:
        main: function of one argument, the config.
        config_class: a dataclass whose fields are made with `flag`. A field may be a `bool`, `int`,
            `float` or `str`, or one of these or None, such as `str | None`.
        description: text for `--help`. A recipe passes its docstring.
        argv: the words of the command line. None means the command line of this process.

    Raises:
        TypeError: a field has another type.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     cell: str = flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    ...     units: int = flag(64, "size of the state")
    >>> run(print, Config, "A recipe.", ["--units", "128"])
    Config(cell='gru', units=128)
    """
    open_streams()
    is_pasted = _is_of_ipython(sys.argv[1:])
    parser = argparse.ArgumentParser(
        prog="recipe" if is_pasted else None,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.error = refuse_words
    add_flags(parser, config_class)
    if argv is None:
        argv = [] if is_pasted else sys.argv[1:]
    words = join_negative_numbers(argv)
    if ipython_shell() and {"-h", "--help"} & {*words}:
        return parser.print_help()  # without SystemExit, which looks like an error in a notebook
    with ends_in_one_line(parser.prog):
        config = config_class(**vars(parser.parse_args(words)))
        check(config)
        main(config)


def add_flags(parser, config_class, hidden=()):
    """Adds a flag for each field of a config to a parser. Fields that are not given get no value.

    Args:
        parser: an `argparse.ArgumentParser`, or a group of its arguments.
        config_class: a dataclass whose fields are made with `flag`.
        hidden: the names of fields whose flags the help does not list.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     units: int = flag(64, "size of the state")
    ...     smoke: bool = flag(False, "a few rows")
    >>> parser = argparse.ArgumentParser()
    >>> add_flags(parser, Config)
    >>> vars(parser.parse_args(["--units", "128"]))
    {'units': 128}
    """
    fields = _fields(config_class)
    for field, type_, _ in sorted(fields, key=lambda row: row[0].kw_only):  # in order otherwise
        default = {"": "''", None: "from the data"}.get(field.default, field.default)
        help_text = f"{field.metadata.get('help', '')} (default: {default})".replace("%", "%%")
        if field.name in hidden:
            help_text = argparse.SUPPRESS
        options = {"default": argparse.SUPPRESS, "help": help_text}
        if type_ is bool:
            options |= {"action": argparse.BooleanOptionalAction}
        else:
            options |= {"type": type_, "choices": field.metadata.get("choices")}
        parser.add_argument(name_of(field.name), **options)


def _is_of_ipython(words):
    """Whether the command line is the one that started a kernel or IPython, not that of a recipe."""
    if not ipython_shell():
        return False
    from traitlets.config import Application  # IPython depends on it

    is_kernel = re.search(r"^--?f[=\n].*\.json$", "\n".join(words), re.MULTILINE)
    started = Application.initialized() and Application.instance().argv == words
    return bool(is_kernel or started)


def refuse_words(message):
    """Raises an `InputError`, for the `error` of a parser, which would end the program."""
    raise InputError(message)


def check(config):
    """Checks the values of a config, however it was made.

    A value must have the type of its field, and be one of its choices if it has some. Numbers must be
    finite. They may be negative only if the default is negative. A whole number whose default is above
    0 counts something, so it must be at least 1. The same holds if the default is None. A field named
    in `zoo.arguments`, such as `dropout`, must be in the range given there. The default is always
    allowed. A field named `cell` without choices may have everything that `zoo.build` takes, see
    `zoo.own_cells`.

    Args:
        config: a dataclass whose fields are made with `flag`.

    Raises:
        InputError: a value is not allowed. The message names the flag.
        TypeError: a field has a type that cannot be a flag.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     units: int = flag(64, "size of the state")
    >>> check(Config(units=128))
    >>> check(Config(units="128"))
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: argument --units: must be a whole number. Received: '128'
    """
    for field, type_, may_be_none in _fields(type(config)):
        value, choices = getattr(config, field.name), field.metadata.get("choices")
        if value is None and may_be_none:
            continue
        if field.name == "cell" and not choices:
            try:
                own_cells.find(value)
            except InputError as error:
                _refuse(field.name, error)
            continue
        allowed, words = TYPES[type_]
        if not isinstance(value, allowed) or (isinstance(value, bool) and type_ is not bool):
            _refuse(field.name, f"must be {words}. Received: {shown(value)}")
        if choices and value not in choices:
            _refuse(
                field.name, f"must be one of {', '.join(map(str, choices))}. Received: {shown(value)}"
            )
        check_number(field.name, type_, value, field.default)


def _fields(config_class):
    """Lists each field with its type (str for `str | None`) and whether it may be None."""
    name = config_class.__name__
    if any(isinstance(value, dataclasses.Field) for value in vars(config_class).values()):
        raise TypeError(f"Write @dataclasses.dataclass above the class {name}.")
    hints, found = typing.get_type_hints(config_class), []
    for field in dataclasses.fields(config_class):
        hint = hints[field.name]
        is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
        choices = [one for one in typing.get_args(hint) if one is not types.NoneType]
        choices = choices if is_union else [hint]
        if len(choices) != 1 or choices[0] not in TYPES:
            raise TypeError(f"A flag is a bool, int, float or str. Received: {field.name}: {hint}")
        if field.default is dataclasses.MISSING:
            raise TypeError(f"A flag needs a default value. Received: {name}.{field.name} without one")
        found.append((field, choices[0], is_union or field.default is None))
    return found


def name_of(field):
    """The flag of a field: `--batch-size` for `batch_size`."""
    return "--" + field.replace("_", "-")


def _refuse(name, reason):
    raise InputError(f"argument {name_of(name)}: {reason}")


def join_negative_numbers(words):
    """Turns `--bias -1e-3` into `--bias=-1e-3`, because argparse would read `-1e-3` as a flag."""
    joined = []
    for word in words:
        is_number = word.startswith("-")
        try:
            float(word)
        except ValueError:
            is_number = False
        if is_number and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def check_number(name, type_, value, default):
    """Raises an `InputError` if a flag may not have this number, see `check`.

    Args:
        name: name of the field.
        type_: int or float. Values of other types are not checked.
        value: the value given, or None.
        default: default of the field. It is always allowed.

    Example:

    >>> check_number("units", int, 128, default=64)
    >>> check_number("units", int, 0, default=64)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: argument --units: must be at least 1. Received: 0
    """
    if type_ not in (int, float) or value == default or value is None:
        return
    counts = type_ is int and (default is None or default > 0)
    least = -MOST if (default or 0) < 0 else 1 if counts else 0
    if not math.isfinite(value):
        _refuse(name, f"must be a finite number. Received: {value}")
    if value < least:
        _refuse(name, f"must be at least {least}. Received: {value}")
    if type_ is int and value > MOST:
        _refuse(name, f"must be at most {MOST}. Received: {value}")
    try:
        arguments.check(name, value)
    except InputError as error:
        _refuse(name, error)
