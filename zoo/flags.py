"""The command line of a recipe: a dataclass whose fields are its flags."""

import argparse
import contextlib
import dataclasses
import math
import os
import pathlib
import sys
import tempfile
import types
import typing

from zoo import arguments
from zoo.console import ends_in_one_line, open_streams
from zoo.errors import InputError
from zoo.registry import dtype_policy

MOST = 2**32 - 1  # of whole numbers: the greatest seed that NumPy takes


def flag(default, help, choices=None):
    """A field of a recipe's Config: its default, one line of help, and the values allowed.

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

    Each field becomes a flag: `batch_size` is `--batch-size`, and a field that is True or False gets
    `--smoke` and `--no-smoke`. A field may be a `bool`, `int`, `float` or `str`, or one of these or
    None, as in `str | None`.

    All values are checked before `main` is called. Numbers must be finite. They may be negative only
    if the default is. A whole number whose default is positive counts something, so it must be at
    least 1. A field with a name that `zoo.arguments` knows, such as `dropout`, has its range.

    What cannot be used (an unknown flag, a value that is not allowed, any `InputError` or `OSError`) is
    reported in one line, and the program ends with exit status 2. After Ctrl-C the status is 130.

    Two fields have a meaning here. `precision` is the policy of Keras in `main`: `"float32"`, or
    `"mixed_float16"` or `"mixed_bfloat16"`, with which layers compute in half precision and weights
    stay in float32. `distribute` lets `model.fit` use all devices.

    Args:
        main: function of one argument, the filled-in config.
        config_class: a dataclass whose fields are made with `flag`.
        description: shown by `--help`; a recipe gives its docstring.
        argv: the words of the command line; those of the process if None.

    Raises:
        TypeError: a field of another type.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     cell: str = flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    ...     units: int = flag(64, "size of the state")
    >>> run(print, Config, "A recipe.", ["--units", "128"])
    Config(cell='gru', units=128)
    """
    open_streams()
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.error = lambda message: parser.exit(2, f"{parser.prog}: error: {message}\n")
    type_of = _types(config_class)
    for field, type_ in type_of.items():
        help_text = f"{field.metadata.get('help', '')} (default: {field.default})".replace("%", "%%")
        options = {"default": field.default, "help": help_text}
        if type_ is bool:
            options |= {"action": argparse.BooleanOptionalAction}
        else:
            options |= {"type": type_, "choices": field.metadata.get("choices")}
        parser.add_argument(_flag_of(field.name), **options)
    words = _join_negative_numbers(sys.argv[1:] if argv is None else argv)
    with ends_in_one_line(parser.prog):
        config = config_class(**vars(parser.parse_args(words)))
        for field, type_ in type_of.items():
            check_number(field.name, type_, getattr(config, field.name), field.default)
        with applied(config) as config:
            main(config)


@contextlib.contextmanager
def applied(config):
    """Applies the fields `precision` and `distribute` of a recipe's config while the recipe runs.

    Args:
        config: the dataclass that the flags have filled in.

    Returns:
        A context manager. Its value is the config to run with. If there are several processes, only the
        first one prints. The others save to a temporary folder.

    Raises:
        ValueError: `distribute` is on and the backend does not support it.

    Example:

    >>> import keras, types
    >>> with applied(types.SimpleNamespace(precision="mixed_bfloat16")):
    ...     layer = keras.layers.GRU(8)
    >>> layer.compute_dtype, layer.variable_dtype
    ('bfloat16', 'float32')
    """
    with contextlib.ExitStack() as stack:
        if getattr(config, "precision", None):
            stack.enter_context(dtype_policy(config.precision))
        process = 0
        if getattr(config, "distribute", False):
            from zoo import distribution  # here, because it imports Keras

            process = stack.enter_context(distribution.all_devices())
        if process > 0:
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
            if getattr(config, "output", ""):
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                config = dataclasses.replace(config, output=str(pathlib.Path(folder, "model")))
        yield config


def _types(config_class):
    """A dict of each field to its type, which is str for `str | None`."""
    hints, found = typing.get_type_hints(config_class), {}
    for field in dataclasses.fields(config_class):
        choices = [hints[field.name]]
        if typing.get_origin(choices[0]) in (typing.Union, types.UnionType):
            choices = [one for one in typing.get_args(choices[0]) if one is not types.NoneType]
        if len(choices) != 1 or choices[0] not in (bool, int, float, str):
            raise TypeError(
                f"A flag is a bool, int, float or str. Received: {field.name}: {hints[field.name]}"
            )
        (found[field],) = choices
    return found


def _flag_of(name):
    return "--" + name.replace("_", "-")


def _join_negative_numbers(words):
    """`--bias -1e-3` as `--bias=-1e-3`, because argparse takes `-1e-3` for a flag."""
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
    """Raises an `InputError` if a flag cannot have this number, see `run`.

    Args:
        name: of the field.
        type_: int or float; others are not checked.
        value: what was given, or None.
        default: of the field; it is always allowed.

    Example:

    >>> check_number("units", int, 128, default=64)
    >>> check_number("units", int, 0, default=64)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: argument --units: must be at least 1. Received: 0
    """

    def refuse(reason):
        raise InputError(f"argument {_flag_of(name)}: {reason}")

    if type_ not in (int, float) or value == default or value is None:
        return
    least = -MOST if (default or 0) < 0 else 1 if type_ is int and (default or 0) > 0 else 0
    if not math.isfinite(value):
        refuse(f"must be a finite number. Received: {value}")
    if value < least:
        refuse(f"must be at least {least}. Received: {value}")
    if type_ is int and value > MOST:
        refuse(f"must be at most {MOST}. Received: {value}")
    try:
        arguments.check(name, value)
    except InputError as error:
        refuse(error)
