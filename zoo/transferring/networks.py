"""The parts of a model of tokens: its embedding and its recurrent layers."""

import os
import typing

import keras
import numpy as np

from zoo import tasks
from zoo.errors import InputError, counted, shown
from zoo.layers import PerFrame, PerWord

CELLS = {
    "simple_rnn": keras.layers.SimpleRNNCell,
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
}
# Layers that apply a recurrent layer to each step, such as the characters of each word.
IN_STEPS = (keras.layers.TimeDistributed, PerFrame, PerWord)
# Other spellings of special tokens. A padding token has no name.
SPELLINGS = {"[PAD]": "", "<pad>": "", "<unk>": "[UNK]", "<s>": "[START]", "</s>": "[END]"}


class Part(typing.NamedTuple):
    """One direction of a recurrent layer."""

    name: str
    layer: object  # a `keras.layers.RNN`
    features: int  # the size of its inputs at each step
    vectors: int = 0  # how many of these numbers, the first ones, are the vector of a token


class Network(typing.NamedTuple):
    """The parts of a model of tokens."""

    model: object
    embedding: object  # the layer
    levels: list  # for each recurrent layer, from the bottom: a list of one or two `Part`
    vocabulary: list | None  # of str

    @property
    def table(self):
        """The variable with a vector for each token."""
        return self.embedding.weights[0]


def open_network(argument, given, vocabulary=None):
    """Finds the parts of a model.

    Args:
        argument: the name of the argument of `transfer`, for messages.
        given: its value.
        vocabulary: the vocabulary that the user gave, or None.

    Returns:
        A `Network`.

    Raises:
        ValueError: see `transfer`.
    """
    if argument != "target" and isinstance(given, str | os.PathLike):
        given = tasks.load(given)
    model = given.model if isinstance(given, tasks.Task) else given
    if not isinstance(model, keras.Model):
        allowed = "a keras.Model or a task that zoo.load returned"
        allowed += "" if argument == "target" else ", or the name or folder of a trained model"
        raise InputError(f"{argument} must be {allowed}. Received: {shown(given)}")
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):  # ValueError: a Sequential that is not built
        inputs = None
    if not inputs:
        raise InputError(
            f"{argument} must be a functional model, made with keras.Model(inputs, outputs), or a "
            f"Sequential that is built. Received: a {type(model).__name__} without inputs"
        )
    embedding = _embedding(model)
    levels = _levels(model, embedding) if embedding else []
    if not levels:
        raise InputError(
            f"{argument} must have a keras.layers.Embedding and a recurrent layer that reads it. If it "
            "has them in a model inside of it, give that one: model.get_layer(name). "
            f"Received: the layers {', '.join(layer.name for layer in model.layers)}"
        )
    if vocabulary is None and isinstance(given, tasks.Task):
        vocabulary = given.card.get("vocabulary") or given.card.get("source_vocabulary")
        if vocabulary and isinstance(vocabulary[0], list):  # of the source and the target
            vocabulary = vocabulary[0]
    if vocabulary is not None:
        vocabulary = _tokens(f"{argument}_vocabulary", vocabulary, embedding)
    return Network(model, embedding, levels, vocabulary)


def _embedding(model):
    """The embedding of the first input that has one, or None."""
    tables = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    for tensor in model.inputs:
        for layer in tables:
            if tensor._keras_history.operation in _sources(layer, keras.layers.InputLayer):
                return layer
    return None


def _levels(model, embedding):
    """The recurrent layers on top of an embedding, each on top of the one before."""
    levels, below = [], embedding
    waiting = [layer for layer in model.layers if _directions(layer)]
    while below is not None:
        above = None
        for layer in waiting:
            directions = _directions(layer)
            is_backward = len(directions) == 1 and directions[0].go_backwards
            if not is_backward and below in _sources(layer, keras.layers.Embedding):
                above = layer
                break
        if above is not None:
            ends = [", forward", ", backward"] if len(directions) == 2 else [""]
            sizes = above._inbound_nodes[0].input_tensors[0].shape[-1], _vector_size(above, embedding)
            pairs = zip(ends, directions, strict=True)
            levels.append([Part(above.name + end, layer, *sizes) for end, layer in pairs])
            waiting.remove(above)
        below = above
    return levels


def _sources(layer, kinds):
    """The nearest layers that a layer reads: recurrent ones, and those of some classes.

    The first input counts, such as the sequence. Masks and initial states do not.
    """
    found, seen = [], set()
    waiting = [node.input_tensors[0] for node in layer._inbound_nodes]
    while waiting:
        tensor = waiting.pop()
        operation, index, _ = tensor._keras_history
        if isinstance(operation, kinds) or _directions(operation):
            found.append(operation)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            waiting += operation._inbound_nodes[index].input_tensors
    return found


def _vector_size(layer, embedding):
    """How many of the numbers that a layer reads, the first ones, are the vector of a token."""
    tensor = layer._inbound_nodes[0].input_tensors[0]
    operation, index, _ = tensor._keras_history
    while isinstance(operation, keras.layers.Dropout | keras.layers.Concatenate):
        tensor = operation._inbound_nodes[index].input_tensors[0]
        operation, index, _ = tensor._keras_history
    return tensor.shape[-1] if operation is embedding else 0


def _directions(layer):
    """The `keras.layers.RNN` in a layer, as a list: none, forward, or forward and backward."""
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    if isinstance(layer, keras.layers.RNN):
        return [layer]
    is_around = isinstance(layer, keras.layers.Wrapper) and not isinstance(layer, IN_STEPS)
    return _directions(layer.layer) if is_around else []


def _tokens(argument, vocabulary, embedding):
    """The vocabulary as a list of str, with one spelling for special tokens and for word beginnings."""
    if hasattr(vocabulary, "id_to_piece"):  # of SentencePiece
        vocabulary = [vocabulary.id_to_piece(i) for i in range(vocabulary.get_piece_size())]
    is_list = isinstance(vocabulary, list | tuple | np.ndarray)
    if not is_list or not all(isinstance(token, str) for token in vocabulary):
        raise InputError(
            f"{argument} must be a list of str or a SentencePieceProcessor. "
            f"Received: {shown(vocabulary)}"
        )
    size = embedding.weights[0].shape[0]
    if len(vocabulary) != size:
        raise InputError(
            f"{argument} must have a token for each of the {size:,} vectors in {embedding.name!r}, "
            f"including padding. Received: {counted(len(vocabulary), 'token')}"
        )
    tokens = [SPELLINGS.get(token, str(token)) for token in vocabulary]
    if embedding.mask_zero:
        tokens[0] = ""
    # SentencePiece marks the space before a word. Language models of words keep the space itself.
    return [f" {token[1:]}" if token[:1] == "\u2581" else token for token in tokens]


def core_of(cell):
    """The cell inside of a cell that has no other weights, as in Zoneout. Otherwise the cell itself."""
    inside = cell._flatten_layers(include_self=False, recursive=False)
    inside = [layer for layer in inside if hasattr(layer, "state_size")]
    if len(inside) == 1 and len(inside[0].weights) == len(cell.weights):
        return core_of(inside[0])
    return cell


def wrappers_of(cell):
    """The names of the classes around the core of a cell, from the outside, a list of str."""
    layers = [cell, *cell._flatten_layers(include_self=False)]
    return [type(layer).__name__ for layer in layers[: layers.index(core_of(cell))]]


def kind_of(cell):
    """The name of a cell for `zoo.build`, or the name of its class.

    A subclass of a cell of Keras may compute something else. So it has its own name.

    Example:

    >>> kind_of(keras.layers.LSTMCell(8))
    'lstm'
    """
    its_class = type(core_of(cell))
    names = [name for name, known in CELLS.items() if known is its_class]
    return names[0] if names else its_class.__name__


def units_of(cell):
    """The number of units of a cell.

    Example:

    >>> units_of(keras.layers.LSTMCell(8))
    8
    """
    return getattr(cell, "units", None) or keras.tree.flatten(cell.state_size)[0]
