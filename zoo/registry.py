"""`build` a model by its type, and list the types that there are."""

import fnmatch
import importlib
import inspect
import pkgutil

from zoo import architectures
from zoo.errors import InputError, check_choice

_BUILDERS = {}


def register(builder):
    """Registers a function under its own name, so that `zoo.build` finds it.

    The function takes keyword arguments, `cell` among them, and returns a `keras.Model`. The zoo's
    own builders are the files of `zoo/architectures`, one file a builder of the same name.

    Raises:
        ValueError: a builder of that name exists already.

    Example:

    >>> @register
    ... def echo(*, cell="lstm", units=64):
    ...     return f"{units} units of {cell}"
    >>> build("echo", cell="gru")
    '64 units of gru'
    """
    name = builder.__name__
    is_ours = builder.__module__ == f"{architectures.__name__}.{name}"
    if name in _BUILDERS or (name in list_models() and not is_ours):
        raise ValueError(f"A builder of this name is registered already. Received: {name!r}")
    _BUILDERS[name] = builder
    return builder


def register_classes():
    """Makes Keras know the zoo's own layers and models, so that it opens saved ones."""
    for module in ("layers", "architectures.encoder_decoder", "architectures.one_to_many"):
        importlib.import_module(f"zoo.{module}")


def list_models(pattern="*"):
    """The types that `build` knows, sorted; Keras is not imported for it.

    Args:
        pattern: a shell pattern that the names must match, as in `fnmatch`.

    Example:

    >>> list_models("*to_many")
    ['many_to_many', 'one_to_many']
    """
    files = {module.name for module in pkgutil.iter_modules(architectures.__path__)}
    return sorted(fnmatch.filter(files | _BUILDERS.keys(), pattern))


def build(name, *, cell="lstm", **config):
    """Builds the recurrent network of a type, uncompiled, as `keras.applications` does.

    Args:
        name: the type, one of `list_models()`.
        cell: `"simple_rnn"`, `"lstm"` or `"gru"`.
        **config: the type's own arguments, each with a default; its builder documents them, for
            instance `help("zoo.architectures.many_to_one")`.

    Returns:
        A `keras.Model`. Its outputs are probabilities, or numbers for regression.

    Raises:
        ValueError: an unknown type, cell or argument, or a value out of range. The message names
            what exists, the nearest match and what was received.

    Example:

    >>> model = build("many_to_one", cell="gru", vocabulary_size=100, units=8)
    >>> model.output_shape
    (None, 1)
    """
    check_choice("type", name, list_models())
    if name not in _BUILDERS:
        importlib.import_module(f"zoo.architectures.{name}")
    builder = _BUILDERS[name]
    for argument in config:
        check_choice(f"argument of {name}", argument, inspect.signature(builder).parameters)
    try:
        return builder(cell=cell, **config)
    except ValueError as error:  # Keras refused a value, such as a dropout of 2
        raise InputError(str(error)) from error
