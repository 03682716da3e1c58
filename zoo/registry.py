"""`build` a model by its type, list the types that there are, and `rebuild` a saved model.

A model remembers what `build` was called with. `build_arguments` returns this as a dict that can be
written as JSON, and `rebuild` makes the same model from it. That works with any supported version of
Keras, on any backend. A file `model.keras` cannot promise that, because it stores the layers in the
form of the version of Keras that wrote it.
"""

import collections.abc
import contextlib
import copy
import fnmatch
import importlib
import inspect
import json
import pkgutil
import re

from zoo import architectures, arguments
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
    if name in _BUILDERS or (name in list_models() and not _is_ours(builder)):
        raise ValueError(f"A builder of this name is registered already. Received: {name!r}")
    _BUILDERS[name] = builder
    return builder


def register_classes():
    """Makes Keras know the zoo's own layers and models, so that it opens saved ones."""
    for module in (
        "layers",
        "architectures.encoder_decoder",
        "architectures.one_to_many",
        "storage.h5",
    ):
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
    signature = inspect.signature(builder)
    config = arguments.plain_numbers(config)
    for argument in config:
        check_choice(f"argument of {name}", argument, signature.parameters)
        if _is_ours(builder):
            arguments.check(argument, config[argument])
    try:
        model = builder(cell=cell, **config)
    except ValueError as error:  # Keras refused a value, such as a dropout of 2
        raise InputError(str(error)) from error
    if _is_ours(builder):
        import keras

        # With the defaults, which a later version may change.
        given = {key: value.default for key, value in signature.parameters.items()}
        given |= {"cell": cell, **config}
        # As text, because Keras would track a dict and save it with the weights.
        model._zoo_build = json.dumps(
            {
                "type": name,
                "precision": keras.config.dtype_policy().name,
                "arguments": {key: _to_json(key, value) for key, value in given.items()},
            }
        )
    return model


def build_arguments(model):
    """What `build` was called with to make a model, for `rebuild`.

    Args:
        model: a `keras.Model`.

    Returns:
        A dict that can be written as JSON: the type, the precision and all arguments. Of pretrained
        embeddings it has only the shape, because the values are among the weights. None if `build` did
        not make the model, or if it has been changed since.

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
    return record if structure(rebuild(record)) == structure(model) else None


def rebuild(record):
    """Builds a model from what `build_arguments` has returned, with new weights.

    Args:
        record: the dict, which may have been written as JSON and read again.

    Returns:
        A `keras.Model`, as `build` made it.

    Raises:
        ValueError: see `build`.

    Example:

    >>> rebuild(build_arguments(build("one_to_one", units=8))).count_params()
    2426
    """
    given = {key: _from_json(value) for key, value in record["arguments"].items()}
    with dtype_policy(record["precision"]):
        return build(record["type"], **given)


@contextlib.contextmanager
def dtype_policy(name):
    """Keras's dtype policy, such as `"mixed_float16"`, for the layers that are made in the block."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _is_ours(builder):
    return builder.__module__ == f"{architectures.__name__}.{builder.__name__}"


def _to_json(name, value):
    """An argument of a builder in a form that can be written as JSON."""
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
    """The argument that `_to_json` was given, with tuples for lists and zeros for embeddings."""
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


def without_defaults(config):
    """The config of a Keras object without the arguments that have their default value.

    Each version of Keras adds arguments, and older ones refuse those they lack. What is left out gets
    the default of the version that reads the config.

    Args:
        config: what `keras.saving.serialize_keras_object` has returned, or a part of it.

    Returns:
        The config, shorter.

    Example:

    >>> import keras
    >>> config = keras.saving.serialize_keras_object(keras.layers.ReLU(name="relu"))
    >>> sorted(config["config"])
    ['dtype', 'max_value', 'name', 'negative_slope', 'threshold', 'trainable']
    >>> sorted(without_defaults(config)["config"])
    ['dtype', 'name']
    """
    if isinstance(config, list):
        return [without_defaults(one) for one in config]
    if not isinstance(config, dict):
        return config
    config = {key: without_defaults(value) for key, value in config.items()}
    inner, module = config.get("config"), str(config.get("module"))
    is_model = isinstance(inner, dict) and "layers" in inner  # has no defaults to leave out
    if isinstance(inner, dict) and module.split(".")[0] == "keras" and not is_model:
        its_class = getattr(importlib.import_module(module), config["class_name"])
        defaults = {
            name: json.loads(json.dumps(parameter.default, default=str))
            for base in reversed(its_class.__mro__)
            for name, parameter in inspect.signature(base.__init__).parameters.items()
        }
        shorter = {
            name: value
            for name, value in inner.items()
            if name not in defaults or value != defaults[name]
        }
        # Some classes require their defaults, and a wrapper may contain a layer that Keras cannot make.
        with contextlib.suppress(KeyError, TypeError, ValueError):
            its_class.from_config(copy.deepcopy(shorter))
            config["config"] = shorter
    return config


def structure(model):
    """The config of a model as text, the same for two models that compute the same from their weights.

    It lacks how the weights are initialized, and the numbers that Keras appends to names (`any_3`).

    Example:

    >>> structure(build("one_to_one", units=8)) == structure(build("one_to_one", units=8))
    True
    """

    def keep(some):
        dropped = ("_initializer", "shared_object_id")
        return {name: value for name, value in some.items() if not name.endswith(dropped)}

    config = json.loads(json.dumps(model.get_config(), default=str), object_hook=keep)
    return re.sub(r'_\d+"', '"', json.dumps(config, sort_keys=True))
