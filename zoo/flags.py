"""The command line of a recipe: a dataclass whose fields are its flags."""

import argparse
import dataclasses
import sys

from zoo import training
from zoo.errors import InputError


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
    `--smoke` and `--no-smoke`. No number may be negative, and a whole number whose default is
    positive counts something, so it must be at least 1. What cannot be used (an unknown flag, a value
    that is not allowed, any `InputError` or `OSError`) is reported in one line, and the program ends
    with exit status 2.

    Two fields have a meaning here. `precision` is the policy of Keras in `main`: `"float32"`, or
    `"mixed_float16"` or `"mixed_bfloat16"`, with which layers compute in half precision and weights
    stay in float32. `distribute` lets `zoo.fit` train on all devices.

    Args:
        main: function of one argument, the filled-in config.
        config_class: a dataclass whose fields are made with `flag`.
        description: shown by `--help`; a recipe gives its docstring.
        argv: the words of the command line; those of the process if None.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     cell: str = flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    ...     units: int = flag(64, "size of the state")
    >>> run(print, Config, "A recipe.", ["--units", "128"])
    Config(cell='gru', units=128)
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.error = lambda message: parser.exit(2, f"{parser.prog}: error: {message}\n")
    for field in dataclasses.fields(config_class):
        name = "--" + field.name.replace("_", "-")
        help_text = f"{field.metadata['help']} (default: {field.default})".replace("%", "%%")
        if field.type is bool:
            parser.add_argument(
                name, action=argparse.BooleanOptionalAction, default=field.default, help=help_text
            )
        else:
            parser.add_argument(
                name,
                type=field.type,
                default=field.default,
                choices=field.metadata["choices"],
                help=help_text,
            )
    config = config_class(**vars(parser.parse_args(argv)))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        least = 1 if field.type is int and field.default > 0 else 0
        if field.type in (int, float) and not least <= value < 2**32:
            name = field.name.replace("_", "-")
            parser.error(f"argument --{name}: must be at least {least}. Received: {value}")
    try:
        with training.options(config) as config:
            main(config)
    except (InputError, OSError) as error:  # OSError: a file that cannot be read or written
        parser.error(" ".join(str(error).split()))
    except KeyboardInterrupt:
        sys.exit(130)
