"""The config of a cell of your own: how a template is copied, and what a saved model stores."""

import contextlib
import copy
import inspect
import json
import random

from zoo import cell_files
from zoo.configs import without_defaults

NOT_COPIED = ("build_config", "compile_config", "dtype", "shared_object_id")


@contextlib.contextmanager
def unused_cells():
    """Makes a context for cells that are only made to look at them.

    Each new layer takes seeds from Python's random numbers. Here they are put back. So a model starts
    with the same weights as one that is made from the same layers in plain Keras.

    Example:

    >>> random.seed(0)
    >>> with unused_cells():
    ...     before = random.random()
    >>> random.random() == before
    True
    """
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def config_of(cell, units):
    """Makes the config of a class or template, as `keras.saving.serialize_keras_object` writes it.

    Args:
        cell: a class, or an object that serves as a template.
        units: the size of the output.

    Returns:
        A dict, without the name and the dtype, and without arguments that have their default value.

    Example:

    >>> import keras
    >>> config_of(keras.layers.LSTMCell(1, activation="relu"), units=8)["config"]["units"]
    8
    """
    import keras

    with unused_cells():
        cell = cell(units=units) if inspect.isclass(cell) else cell
        config = _copied(keras.saving.serialize_keras_object(cell))
        config["config"].pop("name", None)
        _set_units(config["config"], units)
        return without_defaults(config)


def _copied(config):
    if isinstance(config, list | tuple):
        return [_copied(one) for one in config]
    if isinstance(config, dict):
        return {key: _copied(value) for key, value in config.items() if key not in NOT_COPIED}
    return config


def _set_units(config, units):
    """Sets `units` in a config or, if it has none, in the configs of the layers inside of it."""
    if isinstance(config, dict) and "units" in config:
        config["units"] = units
    elif isinstance(config, dict | list):
        for one in config.values() if isinstance(config, dict) else config:
            _set_units(one, units)


def known_classes(layer):
    """Makes a context in which Keras finds the classes of a layer, even if they are not registered.

    Args:
        layer: a layer or a cell. The classes of the layers inside of it are found, too.

    Returns:
        A context, for `with`.
    """
    import keras

    classes = {type(one) for one in layer._flatten_layers()}
    names = {keras.saving.get_registered_name(one): one for one in classes}
    return keras.saving.custom_object_scope({**names, **{one.__name__: one for one in classes}})


def text_of(cell):
    """Writes a cell as text, for the card of a trained model.

    Args:
        cell: a name, a class or an object.

    Returns:
        The text that the flag --cell takes, if there is one. Otherwise the name of the class.

    Example:

    >>> text_of("gru"), text_of(cell_files.load("minimal_gated_unit.py"))
    ('gru', 'minimal_gated_unit.py:MinimalGatedUnit')
    """
    if not inspect.isclass(cell):
        return cell if isinstance(cell, str) else type(cell).__name__
    path = cell_files.source_of(cell)
    return f"{path.name}:{cell.__name__}" if path else cell.__name__


def to_json(cell, units):
    """Converts a cell to what a saved model stores about it.

    Args:
        cell: a name, a class, or an object that serves as a template.
        units: the size of the output.

    Returns:
        The name, or `{"keras": config}`. None if the cell cannot be made from its config, or if the
        config cannot be written as JSON.

    Example:

    >>> to_json("gru", 8), to_json(cell_files.load("minimal_gated_unit.py"), 8)["keras"]["class_name"]
    ('gru', 'MinimalGatedUnit')
    """
    if isinstance(cell, str):
        return cell
    try:
        with unused_cells():
            cell = cell(units=units) if inspect.isclass(cell) else cell
            config = json.loads(json.dumps(config_of(cell, units)))
            with known_classes(cell):
                type(cell).from_config(copy.deepcopy(config["config"]))
    except Exception:  # whatever the class raises
        return None
    return {"keras": config}


def are_registered(config):
    """Says whether Keras finds all classes of a config.

    Args:
        config: the result of `to_json`, or a part of it.

    Returns:
        bool.

    Example:

    >>> are_registered("gru"), are_registered({"class_name": "Mine", "registered_name": "Mine"})
    (True, False)
    """
    import keras

    if isinstance(config, list):
        return all(map(are_registered, config))
    if not isinstance(config, dict):
        return True
    name = config.get("registered_name") if "class_name" in config else None
    is_known = name is None or keras.saving.get_registered_object(name) is not None
    is_known = is_known or str(config.get("module")).split(".")[0] in ("keras", "builtins")
    return is_known and all(map(are_registered, config.values()))
