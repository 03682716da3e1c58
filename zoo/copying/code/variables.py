"""Chooses names for the tensors of a program."""

import itertools
import keyword
import re

import keras

MASKS = {"tokens": "mask", "values": "mask", "characters": "character_mask"}  # by the input
NAMES = {  # by the layer
    "attention_hidden": "hidden",
    "attention_scores": "scores",
    "character_embedding": "y",
    "character_rnn": "y",
    "context_mean": "mean",
    "max": "largest",  # max is a function of Python
}
ATTENTION = (keras.layers.Attention, keras.layers.AdditiveAttention)


def identifier(name):
    """Turns the name of a layer into a name of Python.

    Example:

    >>> identifier("my-layer/1"), identifier("lambda")
    ('my_layer_1', 'lambda_')
    """
    name = re.sub(r"\W", "_", name)
    name = f"_{name}" if not name or name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def is_numbered(layer):
    """Whether Keras has chosen the name of a layer, such as `dense_3`. The zoo has chosen `rnn_0`.

    Example:

    >>> is_numbered(keras.layers.ReLU(name="re_lu_1")), is_numbered(keras.layers.ReLU(name="relu"))
    (True, False)
    """
    own = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", type(layer).__name__)
    own = re.sub("([a-z])([A-Z])", r"\1_\2", own).lower()
    return own != "rnn" and bool(re.fullmatch(rf"{own}_\d+", layer.name))


def roles(call, resolve):
    """What the tensors in the arguments of a call are, by their id.

    Args:
        call: a `Call`.
        resolve: a function that returns the tensor to use in place of another.

    Returns:
        A dict from the id of a tensor to a name.
    """
    pairs = []
    if isinstance(call.operation, ATTENTION):
        pairs = [*zip(call.args[0], ("query", "memory", "keys"), strict=False)]
        pairs += zip(call.kwargs.get("mask") or (), ("mask", "memory_mask"), strict=False)
    elif isinstance(call.operation, keras.layers.RNN | keras.layers.Bidirectional):
        states = call.kwargs.get("initial_state") or ()
        pairs = zip(states, state_names(call.operation), strict=False)
    return {id(resolve(x)): name for x, name in pairs}


def candidates(call, k, x, inputs, its_roles):
    """Names for an output of a call, best first.

    Args:
        call: a `Call`.
        k: number of the output.
        x: the output, a symbolic tensor.
        inputs: names of the inputs of the model that the call reads.
        its_roles: what other calls take the output for, see `roles`.
    """
    operation = call.operation
    if x.dtype == "bool":
        of_inputs = [MASKS.get(name, f"{name}_mask") for name in inputs]
        return [*of_inputs[:1], *its_roles, "mask"][:1]
    if isinstance(operation, ATTENTION):
        return ["context", "attended"] if k == 0 else ["weights"]
    if its_roles:
        return its_roles
    if isinstance(operation, keras.layers.RNN | keras.layers.Bidirectional) and k:
        name = state_names(operation)[k - 1]
        return [name, f"new_{name}"] if call.kwargs.get("initial_state") else [name]
    if isinstance(operation, keras.Model):
        return ["features"]
    if isinstance(operation, keras.layers.Softmax):
        return ["weights"]
    own = identifier(NAMES.get(operation.name, operation.name))
    own = "y" if is_numbered(operation) or not isinstance(operation, keras.layers.Layer) else own
    return ["x", own] if k == 0 else [f"{own}_{k}"]


def state_names(layer):
    """Names of the states of a recurrent layer.

    Example:

    >>> state_names(keras.layers.Bidirectional(keras.layers.LSTM(3)))
    ['forward_h', 'forward_c', 'backward_h', 'backward_c']
    """
    if isinstance(layer, keras.layers.Bidirectional):
        names = state_names(layer.forward_layer)
        names = [""] if names == ["state"] else [f"_{name}" for name in names]
        return [f"{direction}{name}" for direction in ("forward", "backward") for name in names]
    size = keras.tree.flatten(layer.state_size)
    if isinstance(layer, keras.layers.LSTM):
        return ["h", "c"]
    return ["state"] if len(size) == 1 else [f"state_{i}" for i in range(len(size))]


class Variables:
    """The variables of a program. A name is used again when its tensor is not needed anymore.

    Args:
        last_use: a dict from the id of a tensor to the number of the last statement that reads it.
        taken: names that mean something else.
    """

    def __init__(self, last_use, taken):
        self.last_use, self.taken, self.names, self.owners = last_use, taken, {}, {}

    def __getitem__(self, tensor):
        return self.names[id(tensor)]

    def name(self, tensor, candidates, now):
        """Gives a tensor the first free name.

        Args:
            tensor: a symbolic tensor, or another object.
            candidates: names, best first. If none is free, the last one gets a number.
            now: number of the statement that makes the tensor.

        Returns:
            The name.
        """
        numbered = (f"{candidates[-1]}_{i}" for i in itertools.count(1))
        for name in itertools.chain(candidates, numbered):
            owner = self.owners.get(name)
            if name not in self.taken and (owner is None or self.last_use.get(owner, -1) <= now):
                self.owners[name] = id(tensor)
                self.names[id(tensor)] = name
                return name
