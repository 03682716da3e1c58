"""Each cell against its equations in NumPy, against PyTorch, and against the textbook's example."""

import keras
import needs
import numpy as np
import pytest

import zoo
from zoo.cells import CELLS, recurrent_stack


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_rnn(x, kernel, recurrent_kernel, bias):
    h = np.zeros((len(x), len(recurrent_kernel)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
        yield h


def lstm(x, kernel, recurrent_kernel, bias):
    h = c = np.zeros((len(x), len(recurrent_kernel)))
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        yield h


def gru(x, kernel, recurrent_kernel, bias):
    h = np.zeros((len(x), len(recurrent_kernel)))
    for t in range(x.shape[1]):
        z_x, r_x, n_x = np.split(x[:, t] @ kernel + bias[0], 3, axis=-1)
        z_h, r_h, n_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
        z, r = sigmoid(z_x + z_h), sigmoid(r_x + r_h)
        h = z * h + (1 - z) * np.tanh(n_x + r * n_h)
        yield h


def gru_of_the_textbooks(x, kernel, recurrent_kernel, bias):
    """h = (1 - z) h + z n: the same cell once the weights of z are negated."""
    units = len(recurrent_kernel)
    kernel, recurrent_kernel, bias = (w.copy() for w in (kernel, recurrent_kernel, bias))
    for w in (kernel, recurrent_kernel, bias):
        w[..., :units] *= -1
    h = np.zeros((len(x), units))
    for t in range(x.shape[1]):
        z_x, r_x, n_x = np.split(x[:, t] @ kernel + bias[0], 3, axis=-1)
        z_h, r_h, n_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
        z, r = sigmoid(z_x + z_h), sigmoid(r_x + r_h)
        h = (1 - z) * h + z * np.tanh(n_x + r * n_h)
        yield h


EQUATIONS = {"simple_rnn": simple_rnn, "lstm": lstm, "gru": gru}


def one_layer(cell, weights=None, features=4, units=3):
    inputs = keras.Input((None, features))
    outputs, _ = recurrent_stack(inputs, cell=cell, units=units)
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(0)
    if weights is None:  # biases are zero at first, which would hide a mistake in them
        weights = [rng.normal(size=w.shape, scale=0.5) for w in model.get_weights()]
    model.set_weights(weights)
    return model, [np.asarray(w, "float64") for w in weights]


@pytest.mark.parametrize("cell", CELLS)
def test_against_the_equations(cell):
    model, weights = one_layer(cell)
    x = np.random.default_rng(1).normal(size=(2, 7, 4))
    expected = np.stack(list(EQUATIONS[cell](x, *weights)), axis=1)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)


def test_the_gru_of_the_textbooks_is_keras_with_the_update_gate_negated():
    model, weights = one_layer("gru")
    x = np.random.default_rng(1).normal(size=(2, 7, 4))
    expected = np.stack(list(gru_of_the_textbooks(x, *weights)), axis=1)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)


@needs.torch
@pytest.mark.parametrize("cell", CELLS)
def test_against_pytorch(cell):
    import torch

    model, weights = one_layer(cell)
    kernel, recurrent_kernel, bias = weights
    if cell == "gru":  # Keras orders the gates z, r, n; PyTorch r, z, n
        order = np.r_[3:6, 0:3, 6:9]
        kernel, recurrent_kernel, bias = (w[..., order] for w in weights)
        bias_input, bias_hidden = bias
    else:
        bias_input, bias_hidden = bias, np.zeros_like(bias)
    layer = {"simple_rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    layer = layer(4, 3, batch_first=True)
    values = (kernel.T, recurrent_kernel.T, bias_input, bias_hidden)
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
        x = np.random.default_rng(1).normal(size=(2, 7, 4)).astype("float32")
        expected, _ = layer(torch.tensor(x))
    np.testing.assert_allclose(model.predict(x, verbose=0), expected.numpy(), rtol=1e-4, atol=1e-6)


def test_the_worked_example():
    """A forward pass of two steps as the textbook works it, rounding to two digits on the way."""
    x = np.array([[[0.2, -0.1, 0.4, 0.6], [0.7, 0.5, -0.3, 0.1]]])
    w = np.array([[0.1, 0.2, 0, -0.1], [-0.3, 0, 0.2, 0.1], [0.05, -0.2, 0.1, 0.2]])
    u = np.array([[0.1, 0, 0.2], [0, 0.3, -0.1], [-0.2, 0.1, 0]])
    b = np.array([0.01, -0.02, 0.03])
    # The textbook multiplies from the left, W x; Keras from the right, x W: hence the transposes.
    model, _ = one_layer("simple_rnn", [w.T, u.T, b])
    h1, h2 = model.predict(x, verbose=0)[0]
    np.testing.assert_allclose(h1, [-0.0499584, 0.0599281, 0.2165181], atol=5e-8)
    np.testing.assert_allclose(h2, [0.2053462, -0.2763015, -0.0290074], atol=5e-8)
    h1_rounded = np.round(h1, 2)
    np.testing.assert_allclose(h1_rounded, [-0.05, 0.06, 0.22], atol=1e-7)
    by_hand = np.tanh(w @ x[0, 1] + u @ h1_rounded + b)
    np.testing.assert_allclose(by_hand, [0.206, -0.277, -0.029], atol=5e-4)


@pytest.mark.parametrize("padded", (False, True))
@pytest.mark.parametrize("bidirectional", (False, True))
@pytest.mark.parametrize("cell", CELLS)
def test_concat_pooling_against_numpy(cell, bidirectional, padded):
    """Each row by itself and without padding: the last states, the largest ones and their mean."""
    sizes = {"vocabulary_size": 9, "embedding_dim": 4, "units": 3, "num_classes": 5}
    model = zoo.build("many_to_one", cell=cell, pooling="concat", bidirectional=bidirectional, **sizes)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    vectors, *layers, kernel, bias = (np.asarray(w, "float64") for w in model.get_weights())
    rows = (
        [[5, 0, 0, 0], [0, 0, 3, 7], [0, 8, 0, 2], [4, 0, 6, 1]] if padded else [[5, 3, 8], [2, 1, 7]]
    )
    outputs = keras.ops.convert_to_numpy(model(np.array(rows)))
    for row, output in zip(rows, outputs, strict=True):
        x = vectors[[token for token in row if token]][None]  # [1, time, 4]
        h = last = np.concatenate([*EQUATIONS[cell](x, *layers[:3])])  # [time, 3]
        if bidirectional:
            backward = np.concatenate([*EQUATIONS[cell](x[:, ::-1], *layers[3:])])[::-1]
            h = np.concatenate([h, backward], axis=1)  # [time, 6]
            last = np.concatenate([last[-1], backward[0]])[None]
        scores = np.concatenate([last[-1], h.max(axis=0), h.mean(axis=0)]) @ kernel + bias
        np.testing.assert_allclose(output, np.exp(scores) / np.exp(scores).sum(), rtol=1e-4, atol=1e-6)


@pytest.mark.every(3)
@pytest.mark.parametrize("cell", CELLS)
def test_a_bidirectional_stack_takes_its_own_states(cell):
    inputs = keras.Input((None, 4))
    stack = {"cell": cell, "units": 3, "num_layers": 2, "bidirectional": True}
    _, states = recurrent_stack(inputs, **stack)
    given = [keras.Input((3,)) for _ in states]
    outputs, _ = recurrent_stack(inputs, initial_state=given, **stack)
    model = keras.Model([inputs, *given], outputs)
    x = np.random.default_rng(1).normal(size=(2, 5, 4))
    zeros = [np.zeros((2, 3)) for _ in given]
    expected = model.predict([x, *zeros], verbose=0)
    for i in range(len(given)):  # every one of them matters
        other = [state + (k == i) for k, state in enumerate(zeros)]
        assert np.abs(model.predict([x, *other], verbose=0) - expected).max() > 1e-3


@pytest.mark.every(3)
@pytest.mark.parametrize("cell", CELLS)
def test_states_are_flat_and_carry_a_sequence_on(cell):
    """The second half from the first half's states gives what the whole gives."""
    inputs = keras.Input((None, 4))
    outputs, states = recurrent_stack(inputs, cell=cell, units=3, num_layers=2, name="rnn")
    whole = keras.Model(inputs, [outputs, *states])
    given = [keras.Input((3,)) for _ in states]
    outputs, states = recurrent_stack(
        inputs, cell=cell, units=3, num_layers=2, initial_state=given, name="rnn"
    )
    carried_on = keras.Model([inputs, *given], [outputs, *states])
    carried_on.set_weights(whole.get_weights())
    x = np.random.default_rng(1).normal(size=(2, 8, 4)).astype("float32")
    expected, *_ = whole.predict(x, verbose=0)
    first, *states = whole.predict(x[:, :5], verbose=0)
    second, *_ = carried_on.predict([x[:, 5:], *states], verbose=0)
    actual = np.concatenate([first, second], axis=1)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
