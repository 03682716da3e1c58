"""The steps of a recurrent layer, one by one."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from zoo.errors import InputError, check_choice


@dataclasses.dataclass
class Trace:
    """The steps of one direction of a recurrent layer, in the order in which it reads."""

    layer: object
    cell: object
    is_backward: bool
    x: object  # inputs of the cell: [batch, time, features]
    mask: object  # [batch, time, 1], false at padding, where the state stays the same
    states: object  # before the first step and after each: [batch, time + 1, state]
    outputs: list  # of the layer, with both directions

    def step(self, x, states):
        """The next states, from inputs `[rows, features]` and states `[rows, state]`."""
        sizes = self.cell.state_size
        sizes = [sizes] if isinstance(sizes, int) else list(sizes)
        _, new = self.cell(x, tf.split(states, sizes, axis=-1), training=False)
        return tf.concat(tf.nest.flatten(new), axis=-1)

    def rows(self):
        """The inputs of all steps in all sequences and the states before: `[batch * time, ...]`."""
        before = self.states[:, :-1]
        return [tf.reshape(values, (-1, values.shape[-1])) for values in (self.x, before)]

    def in_time(self, values):
        """Converts values `[batch, time, ...]` to NumPy, in the order of the sequence."""
        return np.asarray(values)[:, ::-1] if self.is_backward else np.asarray(values)


def trace_layer(model, inputs, layer, backward):
    """Runs one recurrent layer of a model step by step.

    Args and errors: see `zoo.diagnostics.hidden_states`.

    Returns:
        A `Trace`.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "Diagnostics need the tensorflow backend: set KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
    kinds = (keras.layers.RNN, keras.layers.Bidirectional)
    choices = [one.name for one in model.layers if isinstance(one, kinds)]
    if layer is None and len(choices) != 1:
        raise InputError(f"Which recurrent layer? Give layer, one of {', '.join(choices)}.")
    layer = layer or choices[0]
    check_choice("recurrent layer", layer, choices)
    layer = model.get_layer(layer)
    is_bidirectional = isinstance(layer, keras.layers.Bidirectional)
    if backward and not is_bidirectional:
        raise InputError(f"{layer.name} reads forward only. Received: backward=True")

    parts = keras.Model(model.inputs, [as_list(layer.input), as_list(layer.output)])
    read, outputs = parts(as_list(inputs))
    outputs = [tf.identity(one) for one in outputs]  # without the mask that Keras attaches
    x, *rest = read
    masks, initial = [t for t in rest if t.dtype == tf.bool], [t for t in rest if t.dtype != tf.bool]
    mask = masks[0] if masks else tf.ones(x.shape[:2], tf.bool)
    reader = layer
    if is_bidirectional:
        reader = layer.backward_layer if backward else layer.forward_layer
        initial = initial[len(initial) // 2 :] if backward else initial[: len(initial) // 2]
    if backward:
        x, mask = tf.reverse(x, [1]), tf.reverse(mask, [1])
    initial = initial or tf.nest.flatten(reader.cell.get_initial_state(x.shape[0]))
    trace = Trace(layer, reader.cell, backward, x, mask[:, :, None], None, outputs)
    states = [tf.concat(initial, axis=-1)]
    for t in range(x.shape[1]):
        states.append(tf.where(trace.mask[:, t], trace.step(x[:, t], states[-1]), states[-1]))
    trace.states = tf.stack(states, axis=1)
    return trace


def as_list(tensors):
    """Converts one or several tensors or arrays to a list of tensors."""
    tensors = tensors if isinstance(tensors, list | tuple) else [tensors]
    return [one if keras.utils.is_keras_tensor(one) else ops.convert_to_tensor(one) for one in tensors]
