"""The command line of `zoo code`."""

import argparse
import inspect
import os

import zoo
from zoo import arguments, registry
from zoo.copying.code.writing import code
from zoo.errors import InputError, check_choice

NO_FLAG = ("encoder", "forbidden_transitions")  # and all embeddings: these are for Python


def code_from_words(name, words):
    """Writes the code that `zoo code` prints.

    Args:
        name: a type, a trained model, or a folder that a recipe's `--output` wrote.
        words: the flags, a list of str.

    Returns:
        The code, a str.

    Raises:
        ValueError: there is no such type or trained model, or a value is not allowed.
        SystemExit: a flag is unknown, or `--help` is one of the words.

    Example:

    >>> program = code_from_words("one_to_one", ["--cell", "gru", "--units", "16"])
    >>> program.splitlines()[3:6]
    ['input_shape = (8, 8)', 'num_classes = 10', 'units = 16']
    """
    if name in zoo.list_models():
        return code(name, **vars(make_parser(name).parse_args(words)))
    if not os.path.exists(name):
        known = [*zoo.list_models(), *zoo.list_presets()]
        check_choice("type or trained model, and no folder of that name", name, known)
    if words:
        raise InputError(
            "A trained model has its arguments already. Flags are for a type, such as "
            f"{', '.join(zoo.list_models())}. Received: {name} {' '.join(words)}"
        )
    return code(zoo.load(name).model)


def make_parser(name):
    """The parser of the flags of a type. Each argument of its builder is a flag."""
    parser = argparse.ArgumentParser(
        prog=f"zoo code {name}",
        description=f"Prints a {name} model as plain Keras.",
        allow_abbrev=False,
    )
    for key, parameter in inspect.signature(registry.own_builder(name)).parameters.items():
        if key in NO_FLAG or (key.endswith("embeddings") and parameter.default is None):
            continue
        default = parameter.default
        options = {"default": argparse.SUPPRESS, "help": f"default: {shown(default)}"}
        if key in arguments.SHAPES:
            options |= {"type": shape, "metavar": "SIZES"}
        elif isinstance(default, bool):
            options |= {"action": argparse.BooleanOptionalAction}
        else:
            type_ = float if key in arguments.RANGES else str if isinstance(default, str) else int
            options |= {"type": type_, "metavar": type_.__name__.upper()}
        parser.add_argument(f"--{key.replace('_', '-')}", **options)
    return parser


def shape(text):
    """Reads the sizes of a flag, such as `5,64`, or `none`.

    Example:

    >>> shape("5,64"), shape("64"), shape("none")
    ((5, 64), (64,), None)
    """
    if text == "none":
        return None
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"give sizes with commas, such as 64 or 5,64, or none. Received: {text}"
        ) from None


def shown(default):
    """A default as it would be on the command line."""
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "none" if default is None else default
