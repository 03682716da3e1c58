"""The config of a cell of your own: how a template is copied, and what a saved model stores."""

import copy
import inspect
import json

from zoo import cell_files
from zoo.configs import without_defaults

NOT_COPIED = ("build_config", "compile_config", "dtype", "shared_object_id")


def config_of(cell, units):
    """The config of a class or template, as `keras.saving.serialize_keras_object` writes it.

    Example:

    >>> import keras
    >>> config_of(keras.layers.LSTMCell(1, activation="relu"), units=8)["config"]["units"]
    8
    """
    import keras

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
    """A context in which Keras finds the classes of a layer, even if they are not registered."""
    import keras

    classes = {type(one) for one in layer._flatten_layers()}
    names = {keras.saving.get_registered_name(one): one for one in classes}
    return keras.saving.custom_object_scope({**names, **{one.__name__: one for one in classes}})


def text_of(cell):
    """A cell as a text that the flag --cell takes, for the card of a trained model.

    Example:

    >>> text_of("gru"), text_of(cell_files.load("minimal_gated_unit.py"))
    ('gru', 'minimal_gated_unit.py:MinimalGatedUnit')
    """
    if not inspect.isclass(cell):
        return cell if isinstance(cell, str) else type(cell).__name__
    path = cell_files.source_of(cell)
    return f"{path.name}:{cell.__name__}" if path else cell.__name__


def to_json(cell, units):
    """What a saved model stores about a cell: a name, or `{"keras": config}`.

    None if the cell cannot be made from its config, or if the config cannot be written as JSON.
    """
    if isinstance(cell, str):
        return cell
    try:
        cell = cell(units=units) if inspect.isclass(cell) else cell
        config = json.loads(json.dumps(config_of(cell, units)))
        with known_classes(cell):
            type(cell).from_config(copy.deepcopy(config["config"]))
    except Exception:  # whatever the class raises
        return None
    return {"keras": config}


def are_registered(config):
    """Whether Keras finds all classes that are named in the result of `to_json`.

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
