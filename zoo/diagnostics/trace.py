"""The steps of a recurrent layer, one by one."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from zoo.cell_checks import state_sizes
from zoo.errors import InputError, check_choice


@dataclasses.dataclass
class Trace:
    """The steps of one direction of a recurrent layer, in the order in which it reads."""

    layer: object
    cell: object
    is_backward: bool
    x: object  # inputs of the cell: [batch, time, features]
    mask: object  # [batch, time, 1], false at padding, where the state stays the same
    states: object  # before the first step and after each, side by side: [batch, time + 1, state]
    h: object  # the output of the cell at each step, at padding the one before: [batch, time, units]
    outputs: list  # of the layer, with both directions

    def step(self, x, states):
        """The output and the next states, from inputs `[rows, features]` and states `[rows, state]`."""
        sizes = tf.split(states, state_sizes(self.cell), axis=-1)
        structure = self.cell.state_size
        structure = list(structure) if isinstance(structure, list | tuple) else [structure]
        output, new = self.cell(x, tf.nest.pack_sequence_as(structure, sizes), training=False)
        return output, tf.concat(tf.nest.flatten(new), axis=-1)

    def place_of_output(self):
        """Where the output is in the state: the first and the last index + 1.

        Raises:
            ValueError: the output of the cell is none of its states.
        """
        size, begin = self.h.shape[-1], 0
        for n in state_sizes(self.cell):
            if n == size and np.allclose(self.states[:, 1:, begin : begin + n], self.h, atol=1e-6):
                return begin, begin + n
            begin += n
        raise InputError(
            f"The gradient at a state needs a cell whose output is one of its states. The output of "
            f"{type(self.cell).__name__} in layer {self.layer.name!r} is not. Add it to the states: "
            "return h, [h, c]."
        )

    def recurrent_kernel(self):
        """The weight W_h of the cell, or of the cell inside of it.

        Raises:
            ValueError: there is none, or there are several.
        """
        found = [one for one in self.cell.weights if one.name == "recurrent_kernel"]
        if len(found) != 1:
            raise InputError(
                "The gradient of W_h needs a cell with one weight named recurrent_kernel, as in "
                "self.add_weight(name='recurrent_kernel', ...). Received: "
                f"{type(self.cell).__name__} with {', '.join(one.name for one in self.cell.weights)}"
            )
        return found[0].value

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
    initial = initial or tf.nest.flatten(reader.get_initial_state(x.shape[0]))
    trace = Trace(layer, reader.cell, backward, x, mask[:, :, None], None, None, outputs)
    states, h = [tf.concat(initial, axis=-1)], []
    for t in range(x.shape[1]):
        output, state = trace.step(x[:, t], states[-1])
        same_size = output.shape == initial[0].shape
        before = h[-1] if h else initial[0] if same_size else tf.zeros_like(output)
        h.append(tf.where(trace.mask[:, t], output, before))
        states.append(tf.where(trace.mask[:, t], state, states[-1]))
    trace.states, trace.h = tf.stack(states, axis=1), tf.stack(h, axis=1)
    return trace


def as_list(tensors):
    """Converts one or several tensors or arrays to a list of tensors."""
    tensors = tensors if isinstance(tensors, list | tuple) else [tensors]
    return [one if keras.utils.is_keras_tensor(one) else ops.convert_to_tensor(one) for one in tensors]
