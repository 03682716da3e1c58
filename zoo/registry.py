"""The registry of types: `build` makes a model from the name of its type.

A model remembers the arguments of `build`. `build_arguments` returns them as a dict that can be written
as JSON, and `rebuild` makes the same model from it, on any backend and with any supported version of
Keras. A `.keras` file cannot promise that, because it stores the layers in the form of the version of
Keras that wrote it.
"""

import collections.abc
import contextlib
import copy
import fnmatch
import importlib
import inspect
import json
import pathlib
import pkgutil
import warnings

from zoo import arguments, cell_configs, own_cells
from zoo.configs import structure, without_defaults
from zoo.errors import InputError, check_choice, shown

_BUILDERS = {}  # the user's own, by name


def register(builder):
    """Registers a function under its own name, so that `zoo.build` finds it.

    The function takes keyword arguments, including `cell`, and returns a `keras.Model`. Each file of
    `zoo/architectures` has one such function. You can copy one of these files into your script or
    notebook and edit it. Your function then replaces the zoo's own until your program ends. You can
    change it and register it again at any time.

    If the function that it replaces came from another module, there is a warning.

    A saved model of your function stores all its layers. To load it, a program needs the zoo and your
    own layers, but not your function. Models that the zoo's own function made are always loaded with
    that function.

    Args:
        builder: the function.

    Returns:
        The same function.

    Raises:
        ValueError: the builder is not a function that has a name.

    Example:

    >>> @register
    ... def echo(*, cell="lstm", units=64):
    ...     return f"{units} units of {cell}"
    >>> build("echo", cell="gru")
    '64 units of gru'
    """
    name = getattr(builder, "__name__", "")
    if not callable(builder) or not name.isidentifier():
        raise InputError(
            "zoo.register takes a function that was made with def. Its name becomes the name of the "
            f"type. Received: {shown(builder)}"
        )
    own = f"zoo.architectures.{name}"
    if builder.__module__ == own:
        return builder
    if name in list_models():
        before = _BUILDERS[name].__module__ if name in _BUILDERS else own
        if before != builder.__module__:
            warnings.warn(
                f"zoo.build({name!r}) now calls your function in {builder.__module__}, not the one in "
                f"{before}.",
                stacklevel=2,
            )
    _BUILDERS[name] = builder
    return builder


def register_classes():
    """Registers the zoo's own layers and models with Keras, so that it can open saved models.

    A class that you registered under the same name stays registered.
    """
    _import("layers", "architectures.encoder_decoder", "architectures.one_to_many", "storage.h5")


def list_models(pattern="*"):
    """Lists the types that `build` can make, sorted. This does not import Keras.

    Args:
        pattern: a shell pattern for the names, as in `fnmatch`.

    Returns:
        A list of str.

    Example:

    >>> list_models("*to_many")
    ['many_to_many', 'one_to_many']
    """
    return sorted(fnmatch.filter(own_types() | _BUILDERS.keys(), pattern))


def build(name, *, cell="lstm", **config):
    """Builds a recurrent network of a type. It is not compiled, as in `keras.applications`.

    Args:
        name: the type, one of `list_models()`.
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell: a class or an object of a class, or a
            text such as `"my_cells.py:MyCell"`. See `zoo.own_cells`.
        **config: the arguments of the type. Each has a default. They are documented with the type, for
            instance in `help("zoo.architectures.many_to_one")`.

    Returns:
        A `keras.Model`. Its outputs are probabilities, or numbers for regression.

    Raises:
        ValueError: the type, the cell or an argument is unknown, or a value is out of range. The
            message names what exists, the nearest match and what was received.

    Example:

    >>> model = build("many_to_one", cell="gru", vocabulary_size=100, units=8)
    >>> model.output_shape
    (None, 1)
    """
    check_choice("type", name, list_models())
    return _build(_BUILDERS.get(name) or own_builder(name), {"cell": cell, **config})


def own_types():
    """The names of the types of the zoo itself."""
    folder = pathlib.Path(__file__).parent / "architectures"
    return {module.name for module in pkgutil.iter_modules([str(folder)])}


def own_builder(name):
    """The builder of a type of the zoo itself, even if another one is registered under its name."""
    (module,) = _import(f"architectures.{name}")
    return getattr(module, name)


def _import(*names):
    """Imports modules of the zoo. What the user registered with Keras under the same names stays."""
    import keras

    registered = keras.saving.get_custom_objects()
    of_the_user = dict(registered)
    modules = [importlib.import_module(f"zoo.{name}") for name in names]
    registered.update(of_the_user)
    return modules


def _build(builder, config):
    """Calls a builder. If the builder is one of the zoo's own, the model remembers the arguments."""
    import keras

    name, parameters = builder.__name__, inspect.signature(builder).parameters
    is_own = builder.__module__ == f"zoo.architectures.{name}"
    config = arguments.plain_numbers(config)
    if "cell" in config and is_own:
        config["cell"] = own_cells.find(config["cell"])
    for argument, value in config.items():
        check_choice(f"argument of {name}", argument, parameters)
        if is_own:
            arguments.check(argument, value)
    try:
        model = builder(**config)
    except ValueError as error:  # Keras refused a value, such as a dropout of 2
        raise InputError(str(error)) from error
    if is_own:
        # The defaults are stored too, because a later version may change them.
        given = {key: value.default for key, value in parameters.items()} | config
        record = {
            "type": name,
            "precision": keras.config.dtype_policy().name,
            "arguments": {key: _to_json(key, value) for key, value in given.items()},
        }
        record["arguments"]["cell"] = cell_configs.to_json(given["cell"], given["units"])
        # As text, because Keras would track a dict and save it with the weights.
        model._zoo_build = json.dumps(record)
    return model


def build_arguments(model):
    """The arguments of `build` that made a model, for `rebuild`.

    Args:
        model: a `keras.Model`.

    Returns:
        A dict that can be written as JSON: the type, the precision and all arguments. For pretrained
        embeddings it has only the shape, because the values are in the weights of the model. For your
        own cell it has the config, as Keras writes it. None if the model does not come from one of the
        zoo's own functions, if it was changed later, or if your own cell is not registered with Keras.

    Example:

    >>> model = build("one_to_one", cell="gru", units=8)
    >>> build_arguments(model)["arguments"]["units"]
    8
    >>> model.get_layer("rnn_0").trainable = False
    >>> build_arguments(model) is None
    True
    """
    if not hasattr(model, "_zoo_build"):
        return None
    record = json.loads(model._zoo_build)
    cell = record["arguments"]["cell"]
    if cell is None or not cell_configs.are_registered(cell):
        return None
    return record if structure(rebuild(record)) == structure(model) else None


def rebuild(record):
    """Builds the same model again, with new weights.

    This always uses the zoo's own function, even if you have registered another one for its type.

    Args:
        record: the dict that `build_arguments` returned, also after it was written as JSON and read.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: see `build`.

    Example:

    >>> rebuild(build_arguments(build("one_to_one", units=8))).count_params()
    2426
    """
    check_choice("type", record["type"], sorted(own_types()))
    given = {key: _from_json(value) for key, value in record["arguments"].items()}
    if isinstance(given.get("cell"), str):  # the text may come from a file, and names no other file
        check_choice("cell", given["cell"], own_cells.NAMES)
    with dtype_policy(record["precision"]):
        return _build(own_builder(record["type"]), given)


@contextlib.contextmanager
def dtype_policy(name):
    """Sets Keras's dtype policy for the layers made in a `with` block.

    Args:
        name: the name of the policy, such as `"mixed_float16"`.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _to_json(name, value):
    """Converts an argument of a builder to a form that can be written as JSON."""
    import keras

    if value is not None and name.endswith("embeddings") and hasattr(value, "shape"):
        return {"zeros": list(value.shape)}
    if isinstance(value, keras.Model):
        return {"keras": without_defaults(keras.saving.serialize_keras_object(value))}
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return value.tolist()
    if isinstance(value, collections.abc.Iterable) and not isinstance(value, str):
        return [_to_json("", one) for one in value]
    return value


def _from_json(value):
    """Reverses `_to_json`. Lists become tuples, and embeddings become zeros."""
    import keras
    import numpy as np

    if isinstance(value, list):
        return tuple(map(_from_json, value))
    if isinstance(value, dict) and "zeros" in value:
        return np.zeros(value["zeros"], "float32")
    if isinstance(value, dict):
        config = copy.deepcopy(value["keras"])  # Keras empties what it reads
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    return value
