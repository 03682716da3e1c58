import keras
import numpy as np
import pytest
import tensorflow as tf
from cells import One, Two

import zoo
from zoo import diagnostics
from zoo.example_cells.zoneout import zoneout_lstm

SIZES = {"units": 5, "embedding_dim": 4}
TOKENS = np.array([[5, 6, 7, 8, 5, 9], [9, 8, 7, 0, 0, 0]])
TARGET = np.array([[2, 5, 6, 7], [2, 8, 0, 0]])
NEXT = np.array([[5, 6, 7, 3], [8, 3, 0, 0]])
TAGS = np.array([[0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 0, 0]])
VALUES = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
CONTEXT = np.random.default_rng(0).normal(size=(2, 9, 4)).astype("float32")
TAGGER = {"vocabulary_size": 10, "num_tags": 3, **SIZES}
TRANSLATOR = {"source_vocabulary_size": 10, "target_vocabulary_size": 10, **SIZES}
CAPTIONER = {"context_shape": (9, 4), "vocabulary_size": 10, **SIZES}
CASES = [  # type, its config, inputs, targets, layer, backward
    ("one_to_one", {"input_shape": (4, 3), "units": 5}, VALUES[:, :4, :3], [[1], [2]], "rnn_0", False),
    ("many_to_one", {"vocabulary_size": 10, **SIZES}, TOKENS, [[1], [0]], None, False),
    ("many_to_one", {"num_features": 4, "num_outputs": 1, "units": 5}, VALUES, [[1], [0]], None, False),
    (
        "many_to_one",
        {"vocabulary_size": 10, "pooling": "mean", **SIZES},
        TOKENS,
        [[1], [0]],
        None,
        False,
    ),
    (
        "many_to_one",
        {"vocabulary_size": 10, "num_layers": 2, **SIZES},
        TOKENS,
        [[1], [0]],
        "rnn_0",
        False,
    ),
    ("many_to_many", TAGGER, TOKENS, TAGS, "rnn_0", False),
    ("many_to_many", TAGGER, TOKENS, TAGS, "rnn_0", True),
    ("many_to_many", {"head": "crf", **TAGGER}, TOKENS, TAGS, "rnn_0", True),
    ("encoder_decoder", TRANSLATOR, [TOKENS, TARGET], NEXT, "encoder_0", False),
    ("encoder_decoder", TRANSLATOR, [TOKENS, TARGET], NEXT, "encoder_0", True),
    ("encoder_decoder", TRANSLATOR, [TOKENS, TARGET], NEXT, "decoder_0", False),
    ("one_to_many", CAPTIONER, [CONTEXT, TARGET], NEXT, None, False),
]
each_cell = pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])


def make(cell, case):
    """A compiled model with large weights, its inputs and targets, and how a layer is named."""
    name, config, inputs, targets, layer, backward = case
    keras.utils.set_random_seed(0)
    model = zoo.build(name, cell=cell, **config)
    for weights in model.trainable_weights:
        weights.assign(1.5 * weights + 0.05 * keras.random.normal(weights.shape))
    loss = "mse" if "num_outputs" in config else "sparse_categorical_crossentropy"
    if model.output_shape[-1] == 1 and loss != "mse":
        loss = "binary_crossentropy"
    model.compile("sgd", **({} if config.get("head") == "crf" else {"loss": loss}))
    return model, inputs, np.array(targets), {"layer": layer, "backward": backward}


def cell_of(model, layer, backward):
    layer = model.get_layer(layer or "rnn_0")
    if isinstance(layer, keras.layers.Bidirectional):
        layer = layer.backward_layer if backward else layer.forward_layer
    return layer.cell


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("case", "cell"),
    [
        pytest.param(case, cell, id=f"{case[0]}-{case[4]}-{case[5]}-{cell}")
        for i, case in enumerate(CASES)
        for cell in ("lstm", ("simple_rnn", "gru")[i % 2])
    ],
)
def test_states_are_the_outputs_and_steps_add_up_to_the_gradient_of_keras(cell, case):
    model, inputs, targets, where = make(cell, case)
    with tf.GradientTape() as tape:
        y = model(inputs)
        loss = model.compute_loss(x=inputs, y=tf.constant(targets), y_pred=y)
    expected = tape.gradient(loss, cell_of(model, **where).recurrent_kernel.value).numpy()
    steps = diagnostics.step_gradients(model, inputs, targets, **where)
    if case[0] != "one_to_one":  # one step from a state of zeros: no gradient
        assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(steps.sum(axis=0), expected, rtol=1e-4, atol=1e-6)
    length = len(steps)
    full, same, short = diagnostics.truncated_gradients(
        model, inputs, targets, [length, length + 3, 1], **where
    )
    np.testing.assert_allclose(full, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(same, expected, rtol=1e-4, atol=1e-6)
    if case[0] != "one_to_one":
        assert np.abs(short - expected).max() > 1e-4

    states = diagnostics.hidden_states(model, inputs, **where)
    layer = model.get_layer(where["layer"] or "rnn_0")
    output = np.asarray(keras.Model(model.input, layer.output)(inputs)[0])
    if output.ndim == 2:
        np.testing.assert_allclose(states[:, -1], output, atol=1e-6)
        return
    first, last = (5, None) if where["backward"] else (0, 5)
    for row, length in enumerate((4, 2)):  # of a Bidirectional layer, outputs at padding are zeros
        expected = output[row, :length, first:last]
        np.testing.assert_allclose(states[row, :length], expected, atol=1e-6)


@pytest.mark.parametrize("return_sequences", (False, True))
def test_a_model_of_keras_without_returned_states(return_sequences):
    layers = [
        keras.layers.Embedding(10, 4, mask_zero=True),
        keras.layers.LSTM(5, return_sequences=return_sequences),
        keras.layers.Dense(3, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile(loss="sparse_categorical_crossentropy")
    targets = TAGS if return_sequences else TAGS[:, :1]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=TOKENS, y=tf.constant(targets), y_pred=model(TOKENS))
    expected = tape.gradient(loss, layers[1].cell.recurrent_kernel.value).numpy()
    steps = diagnostics.step_gradients(model, TOKENS, targets)
    np.testing.assert_allclose(steps.sum(axis=0), expected, rtol=1e-4, atol=1e-6)


@each_cell
def test_jacobians_are_finite_differences(cell):
    model, inputs, _, where = make(cell, CASES[1])
    cell_layer, each = cell_of(model, **where), diagnostics.jacobians(model, inputs)
    x = keras.Model(model.input, model.get_layer("rnn_0").input[0])(inputs)
    size, half = each.shape[-1], 1e-3
    states = [tf.zeros((1, 5)) for _ in range(size // 5)]
    for t in range(6):  # the first row, which has no padding
        found = np.empty((size, size))
        for j in range(size):
            moved = []
            for sign in (half, -half):
                step = sign * tf.one_hot([j], size)
                start = [a + b for a, b in zip(states, tf.split(step, size // 5, -1), strict=True)]
                _, new = cell_layer(x[:1, t], start)
                moved.append(np.concatenate(tf.nest.flatten(new), axis=-1)[0])
            found[:, j] = (moved[0] - moved[1]) / (2 * half)
        np.testing.assert_allclose(each[0, t], found, atol=2e-4)
        states = tf.nest.flatten(cell_layer(x[:1, t], states)[1])
    np.testing.assert_array_equal(each[1, 3:], np.broadcast_to(np.eye(size), (3, size, size)))


def test_jacobians_of_a_simple_rnn_by_its_equation():
    model, inputs, _, where = make("simple_rnn", CASES[1])
    (kernel,) = cell_of(model, **where).get_weights()[1:2]
    h = diagnostics.hidden_states(model, inputs)
    each = diagnostics.jacobians(model, inputs)
    for t in range(6):
        np.testing.assert_allclose(each[0, t], np.diag(1 - h[0, t] ** 2) @ kernel.T, atol=1e-6)
    values, products = diagnostics.singular_values(each)
    assert values[0, 2, 0] == pytest.approx(np.linalg.norm(each[0, 2], 2), rel=1e-5)
    product = each[0, 5] @ each[0, 4] @ each[0, 3]
    assert products[0, 3, 0] == pytest.approx(np.linalg.norm(product, 2), rel=1e-5)
    np.testing.assert_allclose(products[:, 5], values[:, 5], rtol=1e-5)


@each_cell
def test_norms_and_truncation_against_an_unrolled_network(cell):
    model, inputs, targets, where = make(cell, CASES[1])
    inputs, targets, one = inputs[:1], targets[:1], cell_of(model, **where)
    x = keras.Model(model.input, model.get_layer("rnn_0").input[0])(inputs)
    rest = model.get_layer("probabilities")

    def unroll(stop):
        """The loss and the states, which hand no gradient back at step `stop`."""
        states, seen = [tf.zeros((1, 5))] * (2 if cell == "lstm" else 1), []
        for t in range(6):
            _, new = one(x[:, t], states)
            states = [tf.identity(state) for state in tf.nest.flatten(new)]
            seen.append(states)
            if t + 1 == stop:
                states = [tf.stop_gradient(state) for state in states]
        return keras.losses.BinaryCrossentropy()(targets, rest(states[0])), seen

    with tf.GradientTape() as tape:
        loss, seen = unroll(None)
    expected = [tf.concat(tf.nest.flatten(g), -1) for g in tape.gradient(loss, seen, None, "zero")]
    norms = diagnostics.gradient_norms(model, inputs, targets)
    np.testing.assert_allclose(norms[0], [np.linalg.norm(g) for g in expected], rtol=1e-4)
    for k in (1, 2, 5):
        with tf.GradientTape() as tape:
            loss, _ = unroll(6 - k)
        expected = tape.gradient(loss, one.recurrent_kernel.value)
        (found,) = diagnostics.truncated_gradients(model, inputs, targets, [k])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_make_the_states(cell, backward):
    case = (*CASES[5][:4], "rnn_0", backward)
    model, inputs, _, where = make(cell, case)
    gates = diagnostics.gate_activations(model, inputs, **where)
    h = diagnostics.hidden_states(model, inputs, **where)
    if backward:
        gates, h = {name: gate[:, ::-1] for name, gate in gates.items()}, h[:, ::-1]
    before, c = np.zeros((5,)), np.zeros((5,))
    for t in range(6):
        now = {name: gate[0, t] for name, gate in gates.items()}  # of the row without padding
        if cell == "lstm":
            c = now["forget"] * c + now["input"] * now["candidate"]
            np.testing.assert_allclose(now["cell_state"], c, atol=1e-6)
            expected = now["output"] * np.tanh(c)
        else:
            expected = now["update"] * before + (1 - now["update"]) * now["candidate"]
        np.testing.assert_allclose(h[0, t], expected, atol=1e-6)
        before = h[0, t]


def test_bad_input():
    model = zoo.build("encoder_decoder", units=4)
    with pytest.raises(zoo.InputError, match="Give layer, one of encoder_0, decoder_0"):
        diagnostics.hidden_states(model, [TOKENS, TARGET])
    with pytest.raises(zoo.InputError, match="Did you mean 'encoder_0'"):
        diagnostics.hidden_states(model, [TOKENS, TARGET], layer="encoder")
    with pytest.raises(zoo.InputError, match="decoder_0 reads forward only"):
        diagnostics.hidden_states(model, [TOKENS, TARGET], layer="decoder_0", backward=True)
    model = zoo.build("many_to_one", cell="simple_rnn", units=4)
    with pytest.raises(zoo.InputError, match="layer 'rnn_0' with the cell SimpleRNNCell"):
        diagnostics.gate_activations(model, TOKENS)
    with pytest.raises(zoo.InputError, match="Compile the model first"):
        diagnostics.gradient_norms(model, TOKENS, np.array([[1], [0]]))
    with pytest.raises(zoo.InputError, match=r"at least 1\. Received: \[0\]"):
        diagnostics.truncated_gradients(model, TOKENS, np.array([[1], [0]]), [0])


@pytest.mark.every(2)
@pytest.mark.parametrize("cell", [Two(1, decay=0.2), zoneout_lstm], ids=["Two", "zoneout"])
@pytest.mark.parametrize("case", [CASES[1], CASES[6], CASES[10]], ids=lambda case: case[0])
def test_the_gradient_of_cells_of_your_own(cell, case):
    model, inputs, targets, where = make(cell, case)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=inputs, y=tf.constant(targets), y_pred=model(inputs))
    one = cell_of(model, **where)
    kernel = one.cell.recurrent_kernel if cell is zoneout_lstm else one.recurrent_kernel
    expected = tape.gradient(loss, kernel.value).numpy()
    steps = diagnostics.step_gradients(model, inputs, targets, **where)
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(steps.sum(axis=0), expected, rtol=1e-4, atol=1e-6)
    layer = model.get_layer(where["layer"] or "rnn_0")
    output = np.asarray(keras.Model(model.input, layer.output)(inputs)[0])
    states = diagnostics.hidden_states(model, inputs, **where)
    expected = output[0, :4, 5:] if where["backward"] else output[0, :4] if output.ndim == 3 else output
    actual = states[:, -1] if output.ndim == 2 else states[0, :4]
    np.testing.assert_allclose(actual, expected, atol=1e-6)


class OutputAlone(One):
    """A cell whose output is none of its states."""

    def call(self, x, states):
        h, state = super().call(x, states)
        return 2 * h, state


def test_what_a_cell_of_your_own_lacks():
    model, inputs, targets, _ = make(OutputAlone, CASES[1])
    states = diagnostics.hidden_states(model, inputs)
    output = keras.Model(model.input, model.get_layer("rnn_0").output[0])(inputs)
    np.testing.assert_allclose(states[:, -1], output, atol=1e-6)
    assert diagnostics.jacobians(model, inputs).shape == (2, 6, 5, 5)
    with pytest.raises(zoo.InputError, match=r"OutputAlone in layer 'rnn_0' is not\. Add it"):
        diagnostics.gradient_norms(model, inputs, targets)
    with pytest.raises(zoo.InputError, match="with the cell OutputAlone"):
        diagnostics.gate_activations(model, inputs)
    model, inputs, targets, _ = make(Two, CASES[1])
    model.get_layer("rnn_0").cell.recurrent_kernel._name = "mine"
    assert diagnostics.gradient_norms(model, inputs, targets).shape == (2, 6)
    with pytest.raises(zoo.InputError, match=r"one weight named recurrent_kernel.* Two with .*mine"):
        diagnostics.step_gradients(model, inputs, targets)
