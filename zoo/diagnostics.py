"""What a recurrent network does inside, as numbers and as pictures.

The numbers follow backpropagation through time by hand (Werbos 1990; Pascanu et al. 2013, "On the
difficulty of training Recurrent Neural Networks", equations 3 to 5). With s_t the state of a layer
after step t (h_t; of an LSTM h_t and c_t side by side), L the loss, W_h the recurrent kernel:

    J_t    = d s_t / d s_{t-1}                               `jacobians`
    g_t    = dL / d s_t = direct_t + J_{t+1}^T g_{t+1}       `gradient_norms`
    dL/dW_h = sum over t of (d s_t / d W_h)^T g_t            `step_gradients`

where direct_t is what reaches s_t from the layer's outputs, and d s_t / d W_h is that of the step
alone. All of it is exact, for any model of the zoo, and needs the tensorflow backend.
"""

import dataclasses
import textwrap

import keras
import matplotlib.pyplot as plt
import matplotlib.ticker
import numpy as np
import tensorflow as tf
from keras import ops

from zoo.errors import InputError, check_choice


@dataclasses.dataclass
class Trace:
    """One direction of a recurrent layer while it reads: step by step, in the order of its reading."""

    layer: object
    cell: object
    is_backward: bool
    x: object  # what the cell reads: [batch, time, features]
    mask: object  # [batch, time, 1], false where a step changes nothing
    states: object  # before the first step and after each: [batch, time + 1, state]
    outputs: list  # of the layer, both directions, as the rest of the model gets them

    def step(self, x, states):
        """The cell's next states, for rows of inputs `[rows, features]` and states `[rows, state]`."""
        sizes = self.cell.state_size
        sizes = [sizes] if isinstance(sizes, int) else list(sizes)
        _, new = self.cell(x, tf.split(states, sizes, axis=-1), training=False)
        return tf.concat(tf.nest.flatten(new), axis=-1)

    def rows(self):
        """Inputs and states before each step, of all steps of all sequences: `[batch * time, ...]`."""
        before = self.states[:, :-1]
        return [tf.reshape(values, (-1, values.shape[-1])) for values in (self.x, before)]

    def in_time(self, values):
        """Values of each step `[batch, time, ...]` as NumPy, in the order of the sequence."""
        return np.asarray(values)[:, ::-1] if self.is_backward else np.asarray(values)


def _trace(model, inputs, layer, backward):
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

    parts = keras.Model(model.inputs, [_as_list(layer.input), _as_list(layer.output)])
    read, outputs = parts(_as_list(inputs))
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


def _as_list(tensors):
    """Tensors, one or several, of a layer or in NumPy, as a list."""
    tensors = tensors if isinstance(tensors, list | tuple) else [tensors]
    return [one if keras.utils.is_keras_tensor(one) else ops.convert_to_tensor(one) for one in tensors]


def _jacobians(trace):
    x, before = trace.rows()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(before)
        after = trace.step(x, before)
    size = after.shape[-1]
    each = tf.stack(  # one number of the state after another, of all rows at once
        [tape.gradient(after, before, tf.broadcast_to(pick, after.shape)) for pick in tf.eye(size)],
        axis=1,
    )
    each = tf.reshape(each, (*trace.x.shape[:2], size, size))
    return tf.where(trace.mask[..., None], each, tf.eye(size))  # padding hands the state on


def _direct_gradients(model, inputs, targets, trace):
    """What reaches the state of each step from the outputs of the layer, not through later states."""
    if not model.compiled:
        raise InputError('Compile the model first: the loss is that of model.compile(loss="...").')
    rest = keras.Model([*model.inputs, *_as_list(trace.layer.output)], model.outputs[0])
    mask = getattr(model.outputs[0], "_keras_mask", None)  # the loss leaves out what is padding
    if mask is not None:
        mask = keras.Model(model.inputs, mask)(_as_list(inputs))
    with tf.GradientTape() as tape:
        tape.watch(trace.outputs)
        y = rest([*_as_list(inputs), *trace.outputs])
        y._keras_mask = mask
        loss = model.compute_loss(x=inputs, y=ops.convert_to_tensor(targets), y_pred=y, training=False)
    output, *states = tape.gradient(loss, trace.outputs, unconnected_gradients="zero")
    if isinstance(trace.layer, keras.layers.Bidirectional):
        first, second = tf.split(output, 2, axis=-1)
        half = len(states) // 2
        output, states = (second, states[half:]) if trace.is_backward else (first, states[:half])
        if len(output.shape) == 3:  # there, outputs at padding are zeros
            output *= trace.in_time(tf.cast(trace.mask, "float32"))
    batch, time, _ = trace.x.shape
    size = trace.states.shape[-1]
    direct = np.zeros((batch, time, size), "float32")
    if len(output.shape) == 3:
        direct[:, :, : output.shape[-1]] = trace.in_time(output)  # turned round: as the cell reads
    else:  # of the last step alone
        direct[:, -1, : output.shape[-1]] = output
    if states:  # a layer of return_state=True
        direct[:, -1] += tf.concat(states, axis=-1)
    return direct


def _total_gradients(direct, jacobians):
    """dL/ds_t, `[batch, time, state]`: what reaches each state, directly and through later ones."""
    total = np.array(direct)
    for t in range(total.shape[1] - 2, -1, -1):
        total[:, t] += np.einsum("bi,bij->bj", total[:, t + 1], jacobians[:, t + 1])
    return total


def _kernel_gradient(trace, gradients, steps):
    """(d s_t / d W_h)^T g_t, added up over some steps and the batch: the shape of W_h."""
    gradients = tf.where(trace.mask, gradients, 0.0)[:, steps]
    size = trace.states.shape[-1]
    with tf.GradientTape() as tape:
        x = tf.reshape(trace.x[:, steps], (-1, trace.x.shape[-1]))
        before = tf.reshape(trace.states[:, :-1][:, steps], (-1, size))
        after = trace.step(x, before)
    kernel = trace.cell.recurrent_kernel.value
    gradients = tf.reshape(gradients, (-1, size))
    return tape.gradient(after, kernel, output_gradients=gradients).numpy()


def hidden_states(model, inputs, layer=None, backward=False):
    """The state h_t of a recurrent layer after each step.

    Args:
        model: of `zoo.build`, or any functional model with Keras's recurrent layers.
        inputs: as the model takes them: an array, or a list of arrays.
        layer: name of a recurrent layer; may be left out if there is one alone.
        backward: of a bidirectional layer, the direction that reads from the end.

    Returns:
        Floats `[batch, time, units]`.

    Raises:
        ValueError: several recurrent layers and no name, an unknown name, a layer without the other
            direction, or a backend other than tensorflow.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="gru", units=8)
    >>> hidden_states(model, np.array([[5, 6, 7]])).shape
    (1, 3, 8)
    """
    trace = _trace(model, inputs, layer, backward)
    return trace.in_time(trace.states[:, 1:, : trace.cell.units])


def gate_activations(model, inputs, layer=None, backward=False):
    """The gates of an LSTM or GRU at each step, from the equations in `zoo.cells`.

    Args:
        model, inputs, layer, backward: see `hidden_states`.

    Returns:
        A dict of floats `[batch, time, units]`. LSTM: `"input"`, `"forget"` and `"output"` gates,
        `"candidate"` and `"cell_state"`. GRU: `"update"` (1 keeps the state, in Keras) and `"reset"`
        gates, and `"candidate"`.

    Raises:
        ValueError: a SimpleRNN, which has no gates; and see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="lstm", units=8)
    >>> sorted(gate_activations(model, np.array([[5, 6, 7]])))
    ['candidate', 'cell_state', 'forget', 'input', 'output']
    """
    trace = _trace(model, inputs, layer, backward)
    cell, h = trace.cell, trace.states[:, :-1, : trace.cell.units]
    if isinstance(cell, keras.layers.LSTMCell):
        z = trace.x @ cell.kernel.value + h @ cell.recurrent_kernel.value + cell.bias.value
        i, f, g, o = tf.split(z, 4, axis=-1)
        gates = {"input": tf.sigmoid(i), "forget": tf.sigmoid(f), "output": tf.sigmoid(o)}
        gates |= {"candidate": tf.tanh(g), "cell_state": trace.states[:, 1:, cell.units :]}
    elif isinstance(cell, keras.layers.GRUCell):
        bias, recurrent_bias = tf.unstack(cell.bias.value)
        z, r, n = tf.split(trace.x @ cell.kernel.value + bias, 3, axis=-1)
        hz, hr, hn = tf.split(h @ cell.recurrent_kernel.value + recurrent_bias, 3, axis=-1)
        gates = {"update": tf.sigmoid(z + hz), "reset": tf.sigmoid(r + hr)}
        gates["candidate"] = tf.tanh(n + gates["reset"] * hn)
    else:
        raise InputError(f"An LSTM or a GRU has gates. Received: {trace.layer.name} without any")
    return {name: trace.in_time(values) for name, values in gates.items()}


def jacobians(model, inputs, layer=None, backward=False):
    """J_t = d s_t / d s_{t-1} of each step, with s_t the state: h_t, of an LSTM h_t and c_t.

    For a SimpleRNN that is diag(1 - h_t^2) W_h^T, if W_h is Keras's recurrent kernel.

    Args:
        model, inputs, layer, backward: see `hidden_states`.

    Returns:
        Floats `[batch, time, state, state]`; row i is the gradient of the state's i-th number. The
        first is with respect to the initial state. At padding it is the identity.

    Raises:
        ValueError: see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="lstm", units=8)
    >>> jacobians(model, np.array([[5, 6, 7]])).shape
    (1, 3, 16, 16)
    """
    trace = _trace(model, inputs, layer, backward)
    return trace.in_time(_jacobians(trace))


def singular_values(jacobians):
    """Singular values of Jacobians, and of what they do together: the products J_T ... J_t.

    The greatest singular value of a product is the most by which a gradient at the last state can grow
    on its way back to the state before step t; Pascanu et al. 2013, section 2.2.

    Args:
        jacobians: `[batch, time, state, state]`, see `jacobians`; those of a backward direction turned
            round before, `[:, ::-1]`, into the order of its reading.

    Returns:
        Two arrays `[batch, time, state]`, in falling order: of J_t, and of J_T ... J_t, which is
        d s_T / d s_{t-1}.

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
    """How much of the loss's gradient arrives at the state of each step: the norm of dL/ds_t.

    Args:
        model: as for `hidden_states`, compiled: its own loss is taken, without dropout.
        inputs, layer, backward: see `hidden_states`.
        targets: as for `model.fit`.

    Returns:
        Floats `[batch, time]`.

    Raises:
        ValueError: a model that was not compiled; and see `hidden_states`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="gru", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> gradient_norms(model, np.array([[5, 6, 7]]), np.array([[1.0]])).shape
    (1, 3)
    """
    trace = _trace(model, inputs, layer, backward)
    direct = _direct_gradients(model, inputs, targets, trace)
    return trace.in_time(np.linalg.norm(_total_gradients(direct, _jacobians(trace).numpy()), axis=-1))


def step_gradients(model, inputs, targets, layer=None, backward=False):
    """What the use of the recurrent kernel W_h at each step adds to dL/dW_h.

    The sum over time is the gradient that Keras computes.

    Args:
        model, inputs, targets, layer, backward: see `gradient_norms`.

    Returns:
        Floats `[time, *W_h.shape]`, added up over the batch.

    Raises:
        ValueError: see `gradient_norms`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="simple_rnn", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> step_gradients(model, np.array([[5, 6, 7]]), np.array([[1.0]])).shape
    (3, 8, 8)
    """
    trace = _trace(model, inputs, layer, backward)
    direct = _direct_gradients(model, inputs, targets, trace)
    total = _total_gradients(direct, _jacobians(trace).numpy())
    parts = [_kernel_gradient(trace, total, slice(t, t + 1)) for t in range(total.shape[1])]
    return np.stack(parts[::-1] if backward else parts)


def truncated_gradients(model, inputs, targets, num_steps, layer=None, backward=False):
    """dL/dW_h if the gradient goes back k steps at most: truncated backpropagation through time.

    What a step's output adds to the loss is followed to the uses of W_h in that step and the k - 1
    before (Williams & Peng 1990), whichever step it is. To cut a text into windows of k steps loses
    more at their beginnings.

    Args:
        model, inputs, targets, layer, backward: see `gradient_norms`.
        num_steps: list of k, each at least 1.

    Returns:
        Floats `[len(num_steps), *W_h.shape]`; for k = time, the gradient that Keras computes.

    Raises:
        ValueError: a k below 1; and see `gradient_norms`.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="simple_rnn", units=8)
    >>> model.compile(loss="binary_crossentropy")
    >>> truncated_gradients(model, np.array([[5, 6, 7]]), np.array([[1.0]]), [1, 3]).shape
    (2, 8, 8)
    """
    if min(num_steps) < 1:
        raise InputError(f"num_steps must be at least 1. Received: {list(num_steps)}")
    trace = _trace(model, inputs, layer, backward)
    each = _jacobians(trace).numpy()
    late = np.array(_direct_gradients(model, inputs, targets, trace))  # carried back by no step yet
    total, found = np.zeros_like(late), {}
    for k in range(1, max(num_steps) + 1):
        total += late
        if k in num_steps:
            found[k] = _kernel_gradient(trace, total, slice(None))
        late[:, :-1] = np.einsum("bti,btij->btj", late[:, 1:], each[:, 1:])
        late[:, -1] = 0
    return np.stack([found[k] for k in num_steps])


def plot_states(states, labels=None):
    """States over time as a heat map: a column for each step, a row for each unit.

    Args:
        states: `[time, units]`, of one sequence, see `hidden_states`.
        labels: for each step a str, such as its word; None for numbers.

    Returns:
        A `matplotlib.figure.Figure`: red above 0, blue below.

    Example:

    >>> plot_states(np.zeros((2, 8)), ["not", "good"]).axes[0].get_xlabel()
    'step'
    """
    return _heat_maps({"state": states}, "hidden state", labels, vmin=-1, vmax=1, cmap="RdBu_r")


def plot_gates(gates, labels=None):
    """Gates over time as heat maps: dark where a gate is open.

    Args:
        gates: dict of name to `[time, units]`, all between 0 and 1, of one sequence, see
            `gate_activations`.
        labels: for each step a str; None for numbers.

    Returns:
        A `matplotlib.figure.Figure` with a panel for each gate.

    Example:

    >>> figure = plot_gates({"update": np.ones((2, 8)), "reset": np.ones((2, 8))}, ["not", "good"])
    >>> [axis.get_title() for axis in figure.axes[:2]]
    ['update', 'reset']
    """
    return _heat_maps(gates, "gate: 0 shut, 1 open", labels, vmin=0, vmax=1, cmap="Greys")


def _heat_maps(panels, meaning, labels, **colours):
    size = (2 + 5 * len(panels), 4.5)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, layout="constrained")
    for axis, (name, values) in zip(axes[0], panels.items(), strict=True):
        image = axis.imshow(np.transpose(values), aspect="auto", interpolation="nearest", **colours)
        axis.set(title=name, xlabel="step", ylabel="unit")
        axis.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
        if labels is not None:
            axis.set_xticks(range(len(labels)), labels, rotation=90)
    figure.colorbar(image, ax=axes, label=meaning)
    return figure


def plot_gradient_norms(norms):
    """The gradient's norm at the state of each step, on a logarithmic axis.

    Args:
        norms: dict of name, such as that of a cell, to `[time]`, see `gradient_norms`.

    Returns:
        A `matplotlib.figure.Figure`: a curve for each name. What is 0 is left out.

    Example:

    >>> figure = plot_gradient_norms({"gru": 0.9 ** np.arange(20, 0, -1)})
    >>> figure.axes[0].get_yscale()
    'log'
    """
    figure, axis = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, values in norms.items():
        axis.plot(range(1, len(values) + 1), values, label=name, linewidth=2)
    axis.set(xlabel="step t", ylabel="norm of dL/ds at step t", yscale="log")
    axis.legend()
    return figure


def plot_singular_values(jacobians):
    """The greatest singular value of each J_t, and of all from there to the end, J_T ... J_t.

    Args:
        jacobians: dict of name, such as that of a cell, to `[time, state, state]`, see `jacobians`.

    Returns:
        A `matplotlib.figure.Figure` of two panels with a curve for each name; a line at 1, below
        which a gradient shrinks.

    Example:

    >>> figure = plot_singular_values({"0.5": np.full((20, 1, 1), 0.5)})
    >>> [axis.get_title() for axis in figure.axes]
    ['one step, $J_t$', 'all steps to the end, $J_T ... J_t$']
    """
    figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    titles = ("one step, $J_t$", "all steps to the end, $J_T ... J_t$")
    for name, values in jacobians.items():
        for axis, some in zip(axes, singular_values(values[None]), strict=True):
            axis.plot(range(1, len(values) + 1), some[0, :, 0], label=name, linewidth=2)
    for axis, title in zip(axes, titles, strict=True):
        axis.axhline(1, color="grey", linestyle="dotted")
        axis.set(title=title, xlabel="step t", ylabel="greatest singular value")
    axes[0].set_ylim(0, None)
    axes[1].set_yscale("log")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def plot_attention(model, inputs, labels):
    """Heat maps of where a model with attention looked, for each step of its output.

    Args:
        model: of `encoder_decoder` or `one_to_many` with attention.
        inputs: a list of the model's inputs, one for each picture, a batch of one row each.
        labels: for each picture a pair of lists of str: what was attended to, and the steps.

    Returns:
        A `matplotlib.figure.Figure`: a row for each step, a column for each item attended to.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> inputs = [np.array([[7, 8]]), np.array([[2, 5, 6]])]
    >>> figure = plot_attention(model, [inputs], [(["a", "dog"], ["ein", "Hund", "."])])
    >>> figure.axes[0].get_xticklabels()[1].get_text()
    'dog'
    """
    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    figure, axes = plt.subplots(
        1, len(inputs), figsize=(6 * len(inputs), 5), squeeze=False, layout="constrained"
    )
    for axis, one, (items, steps) in zip(axes[0], inputs, labels, strict=True):
        image = axis.imshow(weights.predict_on_batch(one)[0], cmap="Greys", vmin=0, vmax=1)
        axis.set_xticks(range(len(items)), items, rotation=0 if max(map(len, items)) < 3 else 90)
        axis.set_yticks(range(len(steps)), steps)
        axis.set_xlabel("attended to")
    axes[0][0].set_ylabel("steps of the output, downwards")
    figure.colorbar(image, ax=axes, label="attention weight")
    return figure


def plot_captions(images, captions, references):
    """Images with what a model says of them, and what a person said.

    Args:
        images: list of arrays `[height, width, channels]`.
        captions: for each a str.
        references: for each a str, written below in brackets.

    Returns:
        A `matplotlib.figure.Figure` of four images a row.

    Example:

    >>> import numpy as np
    >>> figure = plot_captions([np.zeros((32, 32, 1))], ["two dots"], ["three dots"])
    >>> figure.axes[0].get_title()
    'two dots\\n(three dots)'
    """
    rows = -(-len(images) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(14, 4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, *texts in zip(axes.flat, images, captions, references, strict=False):
        axis.imshow(image, cmap="gray")
        caption, reference = (textwrap.fill(text, 36) for text in texts)
        axis.set_title(f"{caption}\n({reference})", fontsize=9)
    return figure


def plot_attention_over_images(model, contexts, images, captions, vocabulary):
    """Where a captioner looked in its images for each word, as in Xu et al. 2015, figure 3.

    Args:
        model: of `one_to_many` with attention to a square grid of places.
        contexts: array `[images, ...]`, the model's first input.
        images: list of arrays `[height, width, channels]`.
        captions: for each image the list of its words.
        vocabulary: list of words; the token of a word is its place.

    Returns:
        A `matplotlib.figure.Figure`: a row for each image, a column for each word and the end, bright
        where the model looked.

    Raises:
        ValueError: the places are no square grid.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("one_to_many", context_shape=(25, 8), vocabulary_size=6, units=8)
    >>> words = ["", "[UNK]", "<s>", "</s>", "a", "dog"]
    >>> figure = plot_attention_over_images(
    ...     model, np.zeros((1, 25, 8)), [np.zeros((160, 160, 3))], [["a", "dog"]], words
    ... )
    >>> [axis.get_title() for axis in figure.axes]
    ['a', 'dog', '</s>']
    """
    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    num_places = weights.output_shape[-1]
    side = round(num_places**0.5)
    if side * side != num_places:
        raise InputError(f"The places must be a square grid. Received: {num_places} places")
    shape = (len(images), max(map(len, captions)) + 1)
    figure, axes = plt.subplots(
        *shape, figsize=(1.5 * shape[1], 1.8 * shape[0]), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.axis("off")
    box = {"extent": (0, side, side, 0), "cmap": "gray"}
    for row, context, image, words in zip(axes, contexts, images, captions, strict=True):
        tokens = np.array([[model.start_token, *map(vocabulary.index, words)]])
        grids = weights.predict_on_batch([context[None], tokens])[0]  # [time, places]
        titles = [*words, vocabulary[model.end_token]]
        for axis, grid, title in zip(row, grids.reshape(-1, side, side), titles, strict=False):
            axis.set_title(title, fontsize=8)
            axis.imshow(image, **box)
            axis.imshow(grid, alpha=0.6, vmin=0, vmax=grids.max(), interpolation="bilinear", **box)
    return figure
