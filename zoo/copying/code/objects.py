"""Writes layers and operations as the calls that make them."""

import copy
import importlib
import inspect
import re

import keras
import numpy as np

from zoo.copying.code.layout import Group, call, quoted
from zoo.errors import InputError

OPERATORS = {
    "Add": "+",
    "Subtract": "-",
    "Multiply": "*",
    "TrueDivide": "/",
    "Divide": "/",
    "Power": "**",
    "Greater": ">",
    "GreaterEqual": ">=",
    "Less": "<",
    "LessEqual": "<=",
}


class Objects:
    """Writes the objects of one program.

    Args:
        sizes: a `Sizes`, which knows the names of the numbers.

    Attributes:
        own: classes and functions outside Keras that the program needs, by name.
    """

    def __init__(self, sizes):
        self.sizes, self.own = sizes, {}

    def layer(self, layer, other, keep_name, changes):
        """The class of a layer, and the arguments that make it.

        Args:
            layer: a `keras.layers.Layer`.
            other: the same layer in the model with changed sizes.
            keep_name: whether the name is an argument.
            changes: a dict of values for the config in place of the layer's own.

        Returns:
            The name of the class, and a list of pairs (keyword or "", expression).
        """
        config, other = (_config(one, changes) for one in (layer, other))
        name = [("name", [quoted(layer.name)])] if keep_name else []
        return self._name_of(type(layer)), [*self._arguments(type(layer), config, other), *name]

    def _arguments(self, its_class, config, other):
        """The arguments that make an object. Those with their default are left out."""
        parameters = {}
        for base in reversed(its_class.__mro__):
            if issubclass(base, keras.Operation) or base is its_class:
                parameters |= {
                    name: parameter
                    for name, parameter in inspect.signature(base.__init__).parameters.items()
                    if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
                }
        own = [name for name in inspect.signature(its_class.__init__).parameters if name in parameters]
        required = [
            name
            for name in own
            if name in config and parameters[name].default is parameters[name].empty
        ]
        defaults = _defaults(its_class, {name: config[name] for name in required})
        positional = [
            name for name, other_name in zip(own[1:], required, strict=False) if name == other_name
        ]
        if positional and own[len(positional) + 1 :][:1] == ["activation"]:
            positional.append("activation")  # layers.Dense(10, "softmax")
        arguments = []
        for name in dict.fromkeys((*required, *own, *parameters)):
            if name not in config or name == "name":
                continue
            if name in required or config[name] != defaults.get(name, parameters[name].default):
                value = self.value(config[name], other[name])
                arguments.append(("" if name in positional else name, value))
        return arguments

    def _name_of(self, its_class):
        """The name of a class in the program."""
        name = its_class.__name__
        for module, shown in ((keras.layers, "layers"), (keras, "keras")):
            if getattr(module, name, None) is its_class:
                return f"{shown}.{name}"
        for part in ("initializers", "regularizers", "constraints", "activations"):
            if getattr(getattr(keras, part), name, None) is its_class:
                return f"keras.{part}.{name}"
        self.own[name] = its_class
        return name

    def value(self, one, other):
        """The expression of a value in a config."""
        if isinstance(one, dict) and one.get("class_name") == "__tuple__":
            return self.value(tuple(one["items"]), tuple(other["items"]))
        if isinstance(one, dict) and "class_name" in one:
            return self._object(one, other)
        if isinstance(one, str):
            return [quoted(one)]
        if isinstance(one, dict):
            items = [[quoted(key), ": ", *self.value(one[key], other[key])] for key in one]
            return [Group("{", items, "}")]
        if isinstance(one, list | tuple):
            name = self.sizes.text(one, other)
            if name:
                return [name]
            brackets = "()" if isinstance(one, tuple) else "[]"
            items = [self.value(*pair) for pair in zip(one, other, strict=True)]
            return [Group(brackets[0], items, brackets[1])]
        if isinstance(one, np.ndarray):
            return call(["np.array"], [("", self.value(one.tolist(), other.tolist()))])
        if one is None or isinstance(one, bool | int | float):
            return [self.sizes.text(one, other) or repr(one)]
        raise InputError(f"zoo.code cannot write this argument of a layer. Received: {one!r:.100}")

    def _object(self, one, other):
        """The expression of an object that Keras has turned into a dict."""
        if one["class_name"] == "DTypePolicy":
            return [quoted(one["config"]["name"])]
        if one["class_name"] == "__lambda__":
            raise InputError(
                "zoo.code cannot write a Lambda layer, because Keras does not keep its source. Write a "
                "layer of your own instead."
            )
        if one["class_name"] == "function":
            found = _registered(one)
            self.own[found.__name__] = found
            return [found.__name__]
        if not isinstance(one["config"], dict):
            raise InputError(f"zoo.code cannot write this argument of a layer. Received: {one!r:.100}")
        its_class = _registered(one)
        arguments = self._arguments(its_class, one["config"], other["config"])
        return call([self._name_of(its_class)], arguments)

    def operation(self, one, other, write):
        """The expression of a call of an operation.

        Args:
            one: the `Call`.
            other: the same call in the model with changed sizes.
            write: turns an argument of both calls into an expression.
        """
        operation, kind = one.operation, type(one.operation).__name__
        given, others = (
            inspect.signature(call.operation.call).bind(*call.args, **call.kwargs).arguments
            for call in (one, other)
        )
        given = {name: (value, others[name]) for name, value in given.items()}
        if kind in OPERATORS:
            left, right = (_in_brackets(write(*pair)) for pair in given.values())
            return [*left, f" {OPERATORS[kind]} ", *right]
        if kind == "GetItem":
            return [*write(*given["x"]), self._key(*given["key"])]
        name = re.sub("([a-z0-9])([A-Z])", r"\1_\2", kind).lower()
        function = getattr(keras.ops, name, None)
        if function is None:
            raise InputError(f"zoo.code cannot write this operation. Received: {kind}")
        arguments, keyword = [], ""
        for name, parameter in inspect.signature(function).parameters.items():
            pair = given.get(name)
            if pair is None and hasattr(operation, name):
                pair = getattr(operation, name), getattr(other.operation, name)
                if name == "axis" and isinstance(pair[0], list) and len(pair[0]) == 1:
                    pair = pair[0][0], pair[1][0]  # as the program wrote it
            if pair is None or (name not in given and pair[0] == parameter.default):
                keyword = "needed"
            elif parameter.kind is parameter.VAR_POSITIONAL:
                arguments += [("", write(*both)) for both in zip(*pair, strict=True)]
            else:
                is_positional = not keyword and (name in given or parameter.default is parameter.empty)
                arguments.append(("" if is_positional else name, write(*pair)))
        return call([f"ops.{function.__name__}"], arguments)

    def _key(self, one, other):
        """An index or a slice, such as `[:, 0]`."""

        def write(one, other):
            if isinstance(one, slice):
                ends = ((one.start, other.start), (one.stop, other.stop), (one.step, other.step))
                *ends, step = ["" if pair[0] is None else write(*pair) for pair in ends]
                return ":".join(ends) + (f":{step}" if step else "")
            return "..." if one is Ellipsis else self.sizes.text(one, other) or repr(one)

        if isinstance(one, tuple):
            return f"[{', '.join(map(write, one, other))}]"
        return f"[{write(one, other)}]"


def _config(layer, changes):
    """The config of a layer, with changes. In `Bidirectional`, its layers are changed, too."""
    whole = {"class_name": type(layer).__name__, "config": layer.get_config()}
    config = _without_extras(whole)["config"]
    inner = [config[name]["config"] for name in ("layer", "backward_layer") if name in config]
    for some in (config, *inner):
        some |= {name: value for name, value in changes.items() if name in some}
    return config


def _without_extras(value):
    """Removes from a config what Keras adds: builds, and what `Bidirectional` sets in its layers."""
    if isinstance(value, list):
        return [_without_extras(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: _without_extras(one) for key, one in value.items() if key != "build_config"}
    config = value.get("config")
    if value.get("class_name") == "Bidirectional" and "backward_layer" in config:
        forward, backward = config["layer"]["config"], config["backward_layer"]["config"]
        for some in (forward, backward):
            some.pop("name", None)
            if some.get("return_sequences"):
                some["zero_output_for_mask"] = False
        if backward == forward | {"go_backwards": not forward.get("go_backwards")}:
            del config["backward_layer"]
    return value


def _defaults(its_class, required):
    """The config of an object that is made with the required arguments only."""
    try:
        made = its_class.from_config(copy.deepcopy(required))
        config = _config(made, {}) if isinstance(made, keras.Operation) else made.get_config()
    except Exception:  # a class of the user may raise anything
        config = {}
    return config


def _registered(config):
    """The class or function that Keras has turned into a dict."""
    found = keras.saving.get_registered_object(config.get("registered_name"))
    if found is None and config["class_name"] != "function" and config.get("module"):
        module = importlib.import_module(config["module"])
        found = getattr(module, config["class_name"], None)
    if found is None:
        raise InputError(
            f"zoo.code cannot find {config.get('registered_name') or config['class_name']}. Write "
            "@keras.saving.register_keras_serializable() above its definition."
        )
    return found


def _in_brackets(expression):
    """An operand: in brackets if it has an operator itself."""
    is_simple = all(isinstance(part, Group) or " " not in part for part in expression)
    return expression if is_simple else ["(", *expression, ")"]
