"""What is copied from one model into another, what is new, and what is left out."""

import itertools
import re
import typing

import keras
import numpy as np

from zoo.architectures.one_to_many import OneToMany
from zoo.errors import counted
from zoo.transferring.networks import CELLS, SPELLINGS, core_of, kind_of, units_of, wrappers_of

# Settings that do not change what a trained cell computes.
NO_MATTER = re.compile(
    "^(name|dtype|trainable|units|seed|unit_forget_bias|implementation|module|registered_name)$"
    "|^(build_config|compile_config|shared_object_id)$|dropout|initializer|regularizer|constraint"
)


class Item(typing.NamedTuple):
    """A line of the report."""

    status: str  # "copied", "new" or "left_out"
    target: str  # name of a layer, or of one direction of it
    source: str
    weights: int  # how many numbers
    note: str
    variables: typing.Sequence = ()  # of the target
    origins: typing.Sequence = ()  # the variables of the source
    values: typing.Sequence = ()  # the new values of the variables, if it is copied


def match_tokens(source, target):
    """Finds the same tokens in two vocabularies.

    A space before a word counts only if both vocabularies have such spaces.

    Args:
        source, target: each a `Network`.

    Returns:
        The rows of the source and the rows of the target that they go to, each integers `[tokens]`. Or
        None if no vector is copied. Then a note that says what is copied, or why nothing is.
    """
    sizes = [network.table.shape for network in (source, target)]
    if sizes[0][1] != sizes[1][1]:
        return None, f"vectors of {sizes[0][1]} numbers, not {sizes[1][1]}"
    arguments = ("source_vocabulary", source), ("target_vocabulary", target)
    missing = " and ".join(name for name, network in arguments if not network.vocabulary)
    if missing and sizes[0][0] != sizes[1][0]:
        return None, f"{sizes[0][0]:,} tokens, not {sizes[1][0]:,}: pass {missing}"
    if missing:
        rows = np.arange(sizes[0][0])
        return (rows, rows), f"all, by number, without {missing}"
    index = {}
    for row, token in enumerate(source.vocabulary):
        index.setdefault(token, row)
    spaced = [any(token[:1] == " " for token in tokens) for tokens in (index, target.vocabulary)]
    special, pairs = {*SPELLINGS.values()}, []
    for row, token in enumerate(target.vocabulary):
        forms = [token]
        if spaced == [True, False] and token not in special:
            forms = [f" {token}", token]
        elif spaced == [False, True] and token[:1] == " ":
            forms = [token, token[1:] or token]
        pairs += [(index[form], row, token) for form in forms if form in index][:1]
    if all(token in special for *_, token in pairs):
        return None, "the vocabularies have no token in common"
    rows = tuple(np.array([pair[i] for pair in pairs]) for i in (0, 1))
    return rows, f"{len(pairs):,} of {counted(sizes[1][0], 'token')}"


def token_items(names, weights, rows, note, axis=0):
    """The items of two layers that have numbers for each token: embeddings or output layers.

    Args:
        names: the names of the layers, of the source and of the target.
        weights: the same for their variables.
        rows, note: what `match_tokens` returned.
        axis: the axis of the tokens, 0 or -1.

    Returns:
        A list of `Item`.
    """
    (source, target), (origins, variables) = names, weights
    sizes = [[(*np.delete(x.shape, axis),) for x in some] for some in weights]
    if rows is not None and sizes[0] != sizes[1]:
        rows, note = None, "its weights have other shapes"
    if rows is None:
        return [
            Item("new", target, "", count(variables), f"{source} does not fit", variables),
            Item("left_out", "", source, count(origins), note, (), origins),
        ]
    values = []
    for origin, variable in zip(origins, variables, strict=True):
        old, new = (np.array(keras.ops.convert_to_numpy(x)) for x in (origin, variable))
        np.moveaxis(new, axis, 0)[rows[1]] = np.moveaxis(old, axis, 0)[rows[0]]
        values.append(new)
    copied, used = len(rows[1]), len({*rows[0].tolist()})
    each = count(variables) // variables[0].shape[axis]  # numbers for a token
    new, left = variables[0].shape[axis] - copied, origins[0].shape[axis] - used
    items = [Item("copied", target, source, copied * each, note, variables, origins, values)]
    if new:
        items.append(Item("new", target, "", new * each, f"{counted(new, 'token')} not in the source"))
    if left:
        note = f"{counted(left, 'token')} not in the target"
        items.append(Item("left_out", "", source, left * each, note))
    return items


def level_items(source, target, reverse):
    """The items of the recurrent layers, from the bottom.

    Args:
        source, target, reverse: each a `Network`. The last one, which read backward, may be None.

    Returns:
        A list of `Item`, and whether both models have the same recurrent layers, all of them copied.
    """
    items, is_whole = [], True
    for i in range(max(len(source.levels), len(target.levels))):
        givers, takers = ([*itertools.chain(*x.levels[i : i + 1])] for x in (source, target))
        if reverse and givers:
            parts = [level[0] for level in reverse.levels[i : i + 1]]
            givers[1:] = [part._replace(name=f"{part.name} of backward") for part in parts]
        copied = 0
        for giver, taker in itertools.zip_longest(givers, takers):
            if giver is None:
                note = "needs a source for this direction" if givers else "the source has fewer layers"
            elif taker is None:
                note = "the target reads forward only" if takers else "the target has fewer layers"
            else:
                note = difference(giver, taker) or ("" if is_whole else "the layer below is new")
            origins, variables = (part.layer.weights if part else () for part in (giver, taker))
            values = giver.layer.get_weights() if not note else widen(giver, taker)
            if values:
                names, size, others = (taker.name, giver.name), count(origins), count(variables)
                around = wrappers_differ(giver.layer.cell, taker.layer.cell)
                items.append(Item("copied", *names, size, around, variables, origins, values))
                if others > size:
                    ours = f"0 for the other {taker.features - giver.features} numbers a step"
                    items.append(Item("new", taker.name, "", others - size, ours))
                copied += 1
                continue
            if taker:
                ours = f"{giver.name} does not fit" if giver else note
                items.append(Item("new", taker.name, "", count(variables), ours, variables))
            if giver:
                items.append(Item("left_out", "", giver.name, count(origins), note, (), origins))
        is_whole = is_whole and copied == len(givers) == len(takers)
    return items, is_whole


def difference(giver, taker):
    """Says how two recurrent layers differ. The text is empty if their weights mean the same.

    Args:
        giver, taker: each a `Part`.
    """
    cells = giver.layer.cell, taker.layer.cell
    shapes = [[tuple(x.shape) for x in part.layer.weights] for part in (giver, taker)]
    is_same = kind_of(cells[0]) == kind_of(cells[1])
    settings = [(f"{name} {{}}, not {{}}", *both) for name, both in settings_of(*cells).items()]
    if is_same and shapes[0] == shapes[1] and not settings:
        return ""
    found = [
        ("{}, not {}", *map(kind_of, cells)),
        *(settings if is_same else ()),
        ("{} units, not {}", *map(units_of, cells)),
        ("reads {} numbers a step, not {}", giver.features, taker.features),
    ]
    texts = [text.format(one, other) for text, one, other in found if one != other]
    return "; ".join(texts) or "its weights have other shapes"


def settings_of(cell, other):
    """The settings that change what the weights of two cells mean, a dict of name to both values.

    These are all settings in which the configs of the cells differ, except for those that only matter
    before or during training, such as an initializer or dropout.

    Example:

    >>> settings_of(keras.layers.LSTMCell(8), keras.layers.LSTMCell(8, activation="relu", dropout=0.5))
    {'activation': ('tanh', 'relu')}
    """
    return _compare(core_of(cell), core_of(other))


def wrappers_differ(cell, other):
    """Says how the layers around two cells differ, such as Zoneout. They have no weights."""
    if None in map(_config_of, (cell, other)):
        return "settings not compared, because get_config is incomplete"
    names = {"source": wrappers_of(cell), "target": wrappers_of(other)}
    if names["source"] != names["target"]:
        some = [
            f"the {role} is wrapped in {' and '.join(name)}" for role, name in names.items() if name
        ]
        return "; ".join(some)
    return "; ".join(f"{name} {one}, not {its}" for name, (one, its) in _compare(cell, other).items())


def _compare(cell, other):
    """The settings in which two configs differ, a dict of name to both values."""
    one, its = map(_config_of, (cell, other))
    if one is None or its is None:
        return {} if one is its else {"config": tuple("known" if x else "unknown" for x in (one, its))}
    one, its = map(_flatten, (one, its))
    paths = [path for path in one | its if repr(one.get(path)) != repr(its.get(path))]
    return {path[-1]: (one.get(path), its.get(path)) for path in paths}


def _config_of(cell):
    """The config of a cell as Keras writes it, or None if it cannot be written."""
    try:
        return keras.saving.serialize_keras_object(cell)
    except Exception:  # whatever the class raises
        return None


def _flatten(config, path=("config",)):
    """The settings of a config, a dict of the path in the config to the value."""
    if isinstance(config, dict) and config.get("class_name") == "function":
        config = config["config"]
    if isinstance(config, dict):
        # A setting inside of another one has its own name. One in a list has the name of the list.
        parts = [(path if key == "config" else (*path, key), x) for key, x in config.items()]
        parts = [(path, x) for path, x in parts if not NO_MATTER.search(path[-1])]
    elif isinstance(config, list | tuple):
        parts = [((*path[:-1], f"{i}", path[-1]), x) for i, x in enumerate(config)]
    else:
        return {path: config}
    return {key: value for inner, x in parts for key, value in _flatten(x, inner).items()}


def widen(giver, taker):
    """Pads the weights of a layer, so that they fit one that reads more numbers after a token vector.

    The weights of these numbers are 0. So the wider layer computes the same, whatever they are.

    Args:
        giver, taker: each a `Part`, or None.

    Returns:
        A list of arrays in the shapes of the taker's weights. None if something else differs, too.
    """
    if not giver or not taker or kind_of(giver.layer.cell) not in CELLS:
        return None
    cells = giver.layer.cell, taker.layer.cell
    if kind_of(cells[0]) != kind_of(cells[1]) or settings_of(*cells):
        return None
    kernel, *others = giver.layer.get_weights()
    wider, *same = (np.zeros(x.shape, "float32") for x in taker.layer.weights)
    shapes = [[x.shape for x in some] for some in (others, same)]
    reads_vector = giver.features == giver.vectors == taker.vectors
    if not reads_vector or kernel.shape[1:] != wider.shape[1:] or shapes[0] != shapes[1]:
        return None
    wider[: len(kernel)] = kernel
    return [wider, *others]


def output_layer(network):
    """The output layer of a language model, and its variables with numbers for each token.

    A layer that is tied to the embedding shares its table, which is left out here. For other models
    there is no layer and no variable.
    """
    layer = None
    if isinstance(network.model, OneToMany) and len(network.model.inputs) == 1:
        layer, index, _ = network.model.outputs[0]._keras_history
        while not getattr(layer, "weights", ()):  # such as a softmax
            tensor = layer._inbound_nodes[index].input_tensors[0]
            layer, index, _ = tensor._keras_history
    weights = [x for x in getattr(layer, "weights", ()) if x is not network.table]
    is_by_token = all(x.shape[-1] == network.table.shape[0] for x in weights)
    return layer, weights if is_by_token else []


def other_items(source, target, reverse, items):
    """The items of all weights that are in none of the given items."""
    listed = {id(x) for item in items for x in (*item.variables, *item.origins)}
    others = []
    for network in (target, source, *([reverse] if reverse else ())):
        for layer in network.model.layers:
            weights = [x for x in layer.weights if id(x) not in listed]
            listed.update(map(id, weights))
            if not weights:
                continue
            if network is target:
                others.append(Item("new", layer.name, "", count(weights), "", weights))
                continue
            name, note = layer.name, ""
            if network is reverse:
                name = f"{name} of backward"
                if layer is reverse.embedding:
                    note = _compared(source, reverse)
            others.append(Item("left_out", "", name, count(weights), note, (), weights))
    return others


def _compared(source, reverse):
    """Whether two models have the same token vectors. Their layers only fit together if they do."""
    one, other = (keras.ops.convert_to_numpy(network.table) for network in (source, reverse))
    same = "the same" if np.array_equal(one, other) else "not the same"
    return f"{same} vectors as in the source"


def count(variables):
    """The number of numbers in some variables."""
    return sum(int(np.prod(x.shape)) for x in variables)
