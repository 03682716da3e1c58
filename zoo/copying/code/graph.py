"""The calls of a functional model, in the order in which they were made."""

import heapq
import re
import typing

import keras

from zoo.errors import InputError

AXES = {  # names of the unknown sizes of an input after the batch, by the name of the input
    "source": ("source time",),
    "target": ("target time",),
    "characters": ("time", "length"),
}
UNKNOWN = ("time", "length", "depth")  # the same for other inputs


class Call(typing.NamedTuple):
    """A call of a layer, or of an operation of `keras.ops`."""

    operation: object
    args: tuple
    kwargs: dict
    outputs: list  # symbolic tensors


def tensors_in(structure):
    """The symbolic tensors in nested arguments, as a list."""
    return [x for x in keras.tree.flatten(structure) if isinstance(x, keras.KerasTensor)]


def calls_of(model):
    """Lists the calls that compute the outputs of a functional model from its inputs.

    Keras sorts the layers of a model by their distance from the output. Here they have the order of the
    program that called them.

    Args:
        model: a functional `keras.Model`, or a `keras.Sequential` that is built.

    Returns:
        A list of `Call`. Inputs are not calls.

    Raises:
        ValueError: the model is not functional.

    Example:

    >>> x = keras.Input((3,))
    >>> model = keras.Model(x, keras.layers.ReLU()(keras.layers.Dense(2)(x)))
    >>> [type(call.operation).__name__ for call in calls_of(model)]
    ['Dense', 'ReLU']
    """
    try:
        inputs, outputs = model.inputs, model.outputs
    except (AttributeError, ValueError):  # ValueError: a Sequential that is not built
        inputs = outputs = None
    if not inputs or not outputs:
        raise InputError(
            "zoo.code writes functional models, made with keras.Model(inputs, outputs). "
            f"Received: a {type(model).__name__} without inputs or outputs"
        )
    # Find the calls, from the outputs to the inputs.
    known, calls, made_by, waiting = {id(x) for x in inputs}, [], {}, list(outputs)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in known or id(tensor) in made_by:
            continue
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        call = Call(operation, node.arguments.args, node.arguments.kwargs, node.output_tensors)
        made_by |= {id(x): len(calls) for x in call.outputs}
        calls.append(call)
        waiting += tensors_in((call.args, call.kwargs))
    # Keras numbers its tensors in the order in which they were made. So of the calls whose inputs are
    # there, the one with the lowest number is next.
    needs = [
        {made_by[id(x)] for x in tensors_in((call.args, call.kwargs)) if id(x) in made_by}
        for call in calls
    ]
    readers = [[j for j, some in enumerate(needs) if i in some] for i in range(len(calls))]
    ready = [(_number(call), i) for i, call in enumerate(calls) if not needs[i]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, i = heapq.heappop(ready)
        ordered.append(calls[i])
        for j in readers[i]:
            needs[j].discard(i)
            if not needs[j]:
                heapq.heappush(ready, (_number(calls[j]), j))
    return ordered


def _number(call):
    found = re.fullmatch(r"keras_tensor_(\d+)", call.outputs[0].name)
    return int(found[1]) if found else 0


def axes_of(tensor):
    """The name of each unknown size of an input, or None for a known one.

    Example:

    >>> axes_of(keras.Input((None, 3), name="values"))
    ['batch', 'time', None]
    """
    names = iter(["batch", *AXES.get(tensor.name, UNKNOWN)])
    return [None if size is not None else next(names, "size") for size in tensor.shape]


def shapes_of(model, calls, axes):
    """Computes the shapes of all tensors, if the unknown sizes of the inputs have given values.

    Args:
        model: a functional `keras.Model`.
        calls: as `calls_of` returns them.
        axes: a dict from the names of `axes_of` to integers.

    Returns:
        A dict from the id of a symbolic tensor to a tuple of integers. If a layer cannot tell a shape,
        unknown sizes are None.

    Example:

    >>> x = keras.Input((None, 3))
    >>> model = keras.Model(x, keras.layers.Dense(2)(x))
    >>> shapes = shapes_of(model, calls_of(model), {"batch": 7, "time": 5})
    >>> shapes[id(model.outputs[0])]
    (7, 5, 2)
    """
    values = {}
    for x in model.inputs:
        shape = [axes[name] if name else size for name, size in zip(axes_of(x), x.shape, strict=True)]
        values[id(x)] = keras.KerasTensor(shape, x.dtype)

    def with_values(x):
        return values.get(id(x), x)

    for call in calls:
        args, kwargs = keras.tree.map_structure(with_values, (tuple(call.args), dict(call.kwargs)))
        try:  # this calls no layer, so a model of the user stays as it is
            results = keras.tree.flatten(call.operation.compute_output_spec(*args, **kwargs))
        except Exception:  # a layer of the user may raise anything
            results = call.outputs
        values |= {id(x): result for x, result in zip(call.outputs, results, strict=False)}
    return {key: tuple(x.shape) for key, x in values.items()}


def order_of_weights(calls, outputs, same_as):
    """Lists the layers with weights in the order in which Keras lists their weights.

    Args:
        calls: as `calls_of` returns them.
        outputs: the outputs of the model, symbolic tensors.
        same_as: from the id of a tensor to the tensor that takes its place. The calls that made such
            tensors are left out.

    Returns:
        A list of layers.

    Example:

    >>> x = keras.Input((3,))
    >>> model = keras.Model(x, keras.layers.Dense(1)(keras.layers.ReLU()(keras.layers.Dense(2)(x))))
    >>> layers = order_of_weights(calls_of(model), model.outputs, {})
    >>> [layer.units for layer in layers]
    [2, 1]
    """
    made_by = {id(x): call for call in calls for x in call.outputs}
    done, started, places = [], set(), {}
    waiting = [(same_as.get(id(x), x), False) for x in reversed(outputs)]
    while waiting:  # depth first, as in Keras
        x, is_done = waiting.pop()
        call = made_by.get(id(x))
        if is_done:
            done.append(call)
        elif call is not None and id(call) not in started:
            started.add(id(call))
            places.setdefault(id(call.operation), len(places))
            waiting.append((x, True))
            read = tensors_in((call.args, call.kwargs))
            waiting += [(same_as.get(id(y), y), False) for y in reversed(read)]
    depths, of_layers = {}, {}  # the longest way to an output
    for call in reversed(done):
        depth = max(depths.get(id(call), 0), of_layers.get(id(call.operation), 0))
        of_layers[id(call.operation)] = depth
        for x in tensors_in((call.args, call.kwargs)):
            before = made_by.get(id(same_as.get(id(x), x)))
            depths[id(before)] = max(depth + 1, depths.get(id(before), 0))
    layers = {id(call.operation): call.operation for call in done}
    order = sorted(layers, key=lambda key: (-of_layers[key], places[key]))
    return [layers[key] for key in order if getattr(layers[key], "weights", None)]
