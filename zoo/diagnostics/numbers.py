"""What happens inside a recurrent network: its states, gates, Jacobians and gradients.

The numbers come from backpropagation through time, step by step (Werbos 1990; Pascanu et al. 2013, "On
the difficulty of training Recurrent Neural Networks", equations 3 to 5). Let s_t be the state of a
layer after step t (h_t, or for an LSTM h_t and c_t side by side), L the loss, and W_h the recurrent
kernel (of your own cell, the weight named recurrent_kernel):

    J_t    = d s_t / d s_{t-1}                               `jacobians`
    g_t    = dL / d s_t = direct_t + J_{t+1}^T g_{t+1}       `gradient_norms`
    dL/dW_h = sum over t of (d s_t / d W_h)^T g_t            `step_gradients`

Here direct_t is the gradient that reaches s_t from the outputs of the layer, and d s_t / d W_h counts
only the use of W_h in step t. All numbers are exact, for every model of the zoo. They need the
tensorflow backend.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from zoo.diagnostics.trace import as_list, trace_layer
from zoo.errors import InputError


def _jacobians(trace):
    x, before = trace.rows()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(before)
        _, after = trace.step(x, before)
    size = after.shape[-1]
    each = tf.stack(  # one row of the Jacobian after another, for all steps at once
        [tape.gradient(after, before, tf.broadcast_to(pick, after.shape)) for pick in tf.eye(size)],
        axis=1,
    )
    each = tf.reshape(each, (*trace.x.shape[:2], size, size))
    return tf.where(trace.mask[..., None], each, tf.eye(size))  # padding keeps the state


def _direct_gradients(model, inputs, targets, trace):
    """The gradient that reaches each state from the outputs of the layer, not through later states."""
    if not model.compiled:
        raise InputError(
            'Compile the model first, because its own loss is used: model.compile(loss="...")'
        )
    rest = keras.Model([*model.inputs, *as_list(trace.layer.output)], model.outputs[0])
    mask = getattr(model.outputs[0], "_keras_mask", None)  # the loss ignores padding
    if mask is not None:
        mask = keras.Model(model.inputs, mask)(as_list(inputs))
    with tf.GradientTape() as tape:
        tape.watch(trace.outputs)
        y = rest([*as_list(inputs), *trace.outputs])
        y._keras_mask = mask
        loss = model.compute_loss(x=inputs, y=ops.convert_to_tensor(targets), y_pred=y, training=False)
    output, *states = tape.gradient(loss, trace.outputs, unconnected_gradients="zero")
    if isinstance(trace.layer, keras.layers.Bidirectional):
        first, second = tf.split(output, 2, axis=-1)
        half = len(states) // 2
        output, states = (second, states[half:]) if trace.is_backward else (first, states[:half])
        if len(output.shape) == 3:  # its outputs at padding are zeros
            output *= trace.in_time(tf.cast(trace.mask, "float32"))
    batch, time, _ = trace.x.shape
    size = trace.states.shape[-1]
    direct = np.zeros((batch, time, size), "float32")
    first, last = trace.place_of_output()
    if len(output.shape) == 3:
        direct[:, :, first:last] = trace.in_time(output)  # in the order in which the cell reads
    else:  # only the last step has an output
        direct[:, -1, first:last] = output
    if states:  # the layer has return_state=True
        direct[:, -1] += tf.concat(states, axis=-1)
    return direct


def _total_gradients(direct, jacobians):
    """dL/ds_t `[batch, time, state]`: the gradient of each state, directly and through later ones."""
    total = np.array(direct)
    for t in range(total.shape[1] - 2, -1, -1):
        total[:, t] += np.einsum("bi,bij->bj", total[:, t + 1], jacobians[:, t + 1])
    return total


def _kernel_gradient(trace, gradients, steps):
    """The sum of (d s_t / d W_h)^T g_t over some steps and the batch, in the shape of W_h."""
    gradients = tf.where(trace.mask, gradients, 0.0)[:, steps]
    size = trace.states.shape[-1]
    with tf.GradientTape() as tape:
        x = tf.reshape(trace.x[:, steps], (-1, trace.x.shape[-1]))
        before = tf.reshape(trace.states[:, :-1][:, steps], (-1, size))
        _, after = trace.step(x, before)
    kernel = trace.recurrent_kernel()
    gradients = tf.reshape(gradients, (-1, size))
    return tape.gradient(after, kernel, output_gradients=gradients).numpy()


def hidden_states(model, inputs, layer=None, backward=False):
    """The state h_t of a recurrent layer after each step, which is its output.

    Args:
        model: a model of `zoo.build`, or any functional model with Keras's recurrent layers.
        inputs: the inputs of the model, an array or a list of arrays.
        layer: the name of a recurrent layer. It is optional if the model has only one.
        backward: True for the direction of a bidirectional layer that reads from the end.

    Returns:
        Floats `[batch, time, units]`.

    Raises:
        ValueError: the model has several recurrent layers and you gave no name, or an unknown one. The
            layer does not read backward. The backend is not tensorflow.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="gru", units=8)
    >>> hidden_states(model, np.array([[5, 6, 7]])).shape
    (1, 3, 8)
    """
    trace = trace_layer(model, inputs, layer, backward)
    return trace.in_time(trace.h)


def gate_activations(model, inputs, layer=None, backward=False):
    """The gates of an LSTM or GRU at each step, by the equations in `zoo.cells`.

    Args:
        model, inputs, layer, backward: see `hidden_states`.

    Returns:
        A dict of floats `[batch, time, units]`. For an LSTM: the gates `"input"`, `"forget"` and
        `"output"`, and also `"candidate"` and `"cell_state"`. For a GRU: the gates `"update"` (1 keeps
        the state, in Keras) and `"reset"`, and also `"candidate"`.

    Raises:
        ValueError: the layer is a SimpleRNN, which has no gates, or has a cell of your own. It is an
            LSTM or a GRU without a bias, or a GRU with reset_after=False. And see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="lstm", units=8)
    >>> sorted(gate_activations(model, np.array([[5, 6, 7]])))
    ['candidate', 'cell_state', 'forget', 'input', 'output']
    """
    trace = trace_layer(model, inputs, layer, backward)
    cell, h = trace.cell, trace.states[:, :-1, : trace.h.shape[-1]]
    is_known = type(cell) in (keras.layers.LSTMCell, keras.layers.GRUCell)
    if not is_known or not cell.use_bias or not getattr(cell, "reset_after", True):
        raise InputError(
            "Gates are known only for Keras's LSTM and GRU, with a bias and with reset_after=True. "
            f"Received: layer {trace.layer.name!r} with the cell {type(cell).__name__}"
        )
    gate, candidate = cell.recurrent_activation, cell.activation
    if isinstance(cell, keras.layers.LSTMCell):
        z = trace.x @ cell.kernel.value + h @ cell.recurrent_kernel.value + cell.bias.value
        i, f, g, o = tf.split(z, 4, axis=-1)
        gates = {"input": gate(i), "forget": gate(f), "output": gate(o)}
        gates |= {"candidate": candidate(g), "cell_state": trace.states[:, 1:, cell.units :]}
    else:
        bias, recurrent_bias = tf.unstack(cell.bias.value)
        z, r, n = tf.split(trace.x @ cell.kernel.value + bias, 3, axis=-1)
        hz, hr, hn = tf.split(h @ cell.recurrent_kernel.value + recurrent_bias, 3, axis=-1)
        gates = {"update": gate(z + hz), "reset": gate(r + hr)}
        gates["candidate"] = candidate(n + gates["reset"] * hn)
    return {name: trace.in_time(values) for name, values in gates.items()}


def jacobians(model, inputs, layer=None, backward=False):
    """J_t = d s_t / d s_{t-1} of each step. The state s_t is h_t, or for an LSTM h_t and c_t.

    For a SimpleRNN this is diag(1 - h_t^2) W_h^T, where W_h is Keras's recurrent kernel.

    Args:
        model, inputs, layer, backward: see `hidden_states`.

    Returns:
        Floats `[batch, time, state, state]`. Row i is the gradient of the i-th number of the state. The
        first Jacobian is with respect to the initial state. At padding it is the identity.

    Raises:
        ValueError: see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="lstm", units=8)
    >>> jacobians(model, np.array([[5, 6, 7]])).shape
    (1, 3, 16, 16)
    """
    trace = trace_layer(model, inputs, layer, backward)
    return trace.in_time(_jacobians(trace))


def singular_values(jacobians):
    """Singular values of Jacobians, and of their products J_T ... J_t.

    The largest singular value of a product limits how much a gradient at the last state can grow on its
    way back to the state before step t (Pascanu et al. 2013, section 2.2).

    Args:
        jacobians: `[batch, time, state, state]`, see `jacobians`. Reverse the Jacobians of a backward
            direction first (`[:, ::-1]`), so that they are in the order in which it reads.

    Returns:
        Two arrays `[batch, time, state]`, the largest value first: for J_t, and for J_T ... J_t, which
        is d s_T / d s_{t-1}.

    Example:

    >>> each, together = singular_values(np.full((1, 20, 1, 1), 0.5))
    >>> each[0, 0], together[0, 0]
    (array([0.5]), array([9.53674316e-07]))
    """
    products = np.array(jacobians, "float64")
    for t in range(products.shape[1] - 2, -1, -1):
        products[:, t] = products[:, t + 1] @ products[:, t]
    return tuple(np.linalg.svd(some, compute_uv=False) for some in (jacobians, products))


def gradient_norms(model, inputs, targets, layer=None, backward=False):
    """How large the gradient of the loss is at the state of each step: the norm of dL/ds_t.

    Args:
        model: see `hidden_states`. It must be compiled. Its own loss is used, without dropout.
        inputs, layer, backward: see `hidden_states`.
        targets: the targets, as for `model.fit`.

    Returns:
        Floats `[batch, time]`.

    Raises:
        ValueError: the model is not compiled. The output of your own cell is none of its states. And
            see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="gru", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> gradient_norms(model, np.array([[5, 6, 7]]), np.array([[1.0]])).shape
    (1, 3)
    """
    trace = trace_layer(model, inputs, layer, backward)
    direct = _direct_gradients(model, inputs, targets, trace)
    return trace.in_time(np.linalg.norm(_total_gradients(direct, _jacobians(trace).numpy()), axis=-1))


def step_gradients(model, inputs, targets, layer=None, backward=False):
    """How much each step adds to dL/dW_h, the gradient of the recurrent kernel.

    The sum over time is the gradient that Keras computes.

    Args:
        model, inputs, targets, layer, backward: see `gradient_norms`.

    Returns:
        Floats `[time, *W_h.shape]`, summed over the batch.

    Raises:
        ValueError: your own cell has no weight named recurrent_kernel. And see `gradient_norms`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="simple_rnn", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> step_gradients(model, np.array([[5, 6, 7]]), np.array([[1.0]])).shape
    (3, 8, 8)
    """
    trace = trace_layer(model, inputs, layer, backward)
    direct = _direct_gradients(model, inputs, targets, trace)
    total = _total_gradients(direct, _jacobians(trace).numpy())
    parts = [_kernel_gradient(trace, total, slice(t, t + 1)) for t in range(total.shape[1])]
    return np.stack(parts[::-1] if backward else parts)


def truncated_gradients(model, inputs, targets, num_steps, layer=None, backward=False):
    """dL/dW_h if the gradient goes back at most k steps: truncated backpropagation through time.

    The gradient of each output reaches W_h in the same step and in the k - 1 steps before it (Williams
    & Peng 1990). This holds for every step. Cutting a text into windows of k steps loses more of the
    gradient, because it goes back less far at the beginning of each window.

    Args:
        model, inputs, targets, layer, backward: see `gradient_norms`.
        num_steps: a list of k, each at least 1.

    Returns:
        Floats `[len(num_steps), *W_h.shape]`. For k = time, this is the gradient that Keras computes.

    Raises:
        ValueError: a k is below 1. And see `gradient_norms`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="simple_rnn", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> truncated_gradients(model, np.array([[5, 6, 7]]), np.array([[1.0]]), [1, 3]).shape
    (2, 8, 8)
    """
    if min(num_steps) < 1:
        raise InputError(f"num_steps must be at least 1. Received: {list(num_steps)}")
    trace = trace_layer(model, inputs, layer, backward)
    each = _jacobians(trace).numpy()
    late = np.array(_direct_gradients(model, inputs, targets, trace))  # not carried back yet
    total, found = np.zeros_like(late), {}
    for k in range(1, max(num_steps) + 1):
        total += late
        if k in num_steps:
            found[k] = _kernel_gradient(trace, total, slice(None))
        late[:, :-1] = np.einsum("bti,btij->btj", late[:, 1:], each[:, 1:])
        late[:, -1] = 0
    return np.stack([found[k] for k in num_steps])
