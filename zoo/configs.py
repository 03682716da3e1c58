"""Configs of Keras objects: shorter, for other versions of Keras, or as text, to compare two models."""

import contextlib
import copy
import importlib
import inspect
import json
import re


def without_defaults(config):
    """Removes the arguments that have their default value from the config of a Keras object.

    New versions of Keras add arguments, and old versions refuse arguments that they do not have. A
    missing argument gets the default of the version that reads the config.

    Args:
        config: the result of `keras.saving.serialize_keras_object`, or a part of it.

    Returns:
        The shorter config.

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
    is_model = isinstance(inner, dict) and "layers" in inner  # a model has no defaults
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
        # Some classes need their defaults, and a wrapper may have a layer that Keras cannot make.
        with contextlib.suppress(KeyError, TypeError, ValueError):
            its_class.from_config(copy.deepcopy(shorter))
            config["config"] = shorter
    return config


def structure(model):
    """Converts the config of a model to text, which is equal for two models with the same layers.

    It leaves out the initializers of the weights, and the numbers that Keras appends to names
    (`any_3`).

    Args:
        model: a `keras.Model`.

    Returns:
        str.

    Example:

    >>> import zoo
    >>> one, other = (zoo.build("one_to_one", units=8) for _ in range(2))
    >>> structure(one) == structure(other)
    True
    """

    def keep(some):
        dropped = ("_initializer", "shared_object_id")
        return {name: value for name, value in some.items() if not name.endswith(dropped)}

    config = json.loads(json.dumps(model.get_config(), default=str), object_hook=keep)
    return re.sub(r'_\d+"', '"', json.dumps(config, sort_keys=True))


def arguments_of(its_class):
    """The arguments of a user's own layer. Its `get_config` must return all of them.

    Args:
        its_class: a class.

    Returns:
        A set of names. It is empty for other classes, and for a class with its own `from_config`.

    Example:

    >>> import keras
    >>> class Scale(keras.layers.Layer):
    ...     def __init__(self, factor, **kwargs):
    ...         super().__init__(**kwargs)
    >>> arguments_of(Scale)
    {'factor'}
    """
    import keras

    is_layer = inspect.isclass(its_class) and issubclass(its_class, keras.layers.Layer)
    if not is_layer or issubclass(its_class, keras.Model):
        return set()
    if its_class.from_config.__func__ is not keras.layers.Layer.from_config.__func__:
        return set()  # its own from_config may not need them
    parameters = list(inspect.signature(its_class.__init__).parameters.values())[1:]
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {parameter.name for parameter in parameters if parameter.kind not in several}
