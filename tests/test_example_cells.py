"""Each example cell against its equations in NumPy, over several steps and with masks."""

import ast
import pathlib
import re

import keras
import numpy as np
import pytest

import zoo
from zoo.cell_files import EXAMPLES
from zoo.example_cells.layer_norm_lstm import LayerNormLSTM
from zoo.example_cells.minimal_gated_unit import MinimalGatedUnit
from zoo.example_cells.peephole_lstm import PeepholeLSTM
from zoo.example_cells.zoneout import Zoneout, zoneout_lstm

MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 1, 0]], bool)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def minimal_gated_unit(x, h, kernel, recurrent_kernel, bias):
    (w_f, w_n), (u_f, u_n), (b_f, b_n) = (
        np.split(w, 2, axis=-1) for w in (kernel, recurrent_kernel, bias)
    )
    f = sigmoid(x @ w_f + h @ u_f + b_f)
    n = np.tanh(x @ w_n + (f * h) @ u_n + b_n)
    return [(1 - f) * h + f * n]


def peephole_lstm(x, h, c, kernel, recurrent_kernel, bias, peepholes):
    w, u, b = (np.split(one, 4, axis=-1) for one in (kernel, recurrent_kernel, bias))
    i = sigmoid(x @ w[0] + h @ u[0] + peepholes[0] * c + b[0])
    f = sigmoid(x @ w[1] + h @ u[1] + peepholes[1] * c + b[1])
    c = f * c + i * np.tanh(x @ w[2] + h @ u[2] + b[2])
    o = sigmoid(x @ w[3] + h @ u[3] + peepholes[2] * c + b[3])
    return [o * np.tanh(c), c]


def layer_norm_lstm(x, h, c, kernel, recurrent_kernel, bias, scales, cell_scale, cell_bias):
    def norm(a, scale, shift):
        mean = a.mean(axis=1, keepdims=True)
        deviation = np.sqrt(((a - mean) ** 2).mean(axis=1, keepdims=True) + 1e-5)
        return scale * (a - mean) / deviation + shift

    z = norm(h @ recurrent_kernel, scales[0], 0) + norm(x @ kernel, scales[1], 0) + bias
    f, i, o, g = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(norm(c, cell_scale, cell_bias)), c]


def lstm(x, h, c, kernel, recurrent_kernel, bias):
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def zoneout_of_an_lstm(x, h, c, *weights):
    new_h, new_c = lstm(x, h, c, *weights)
    return [0.05 * h + 0.95 * new_h, 0.5 * c + 0.5 * new_c]


CELLS = {  # the cell, its equations, the number of its states
    "minimal_gated_unit": (MinimalGatedUnit, minimal_gated_unit, 1),
    "peephole_lstm": (PeepholeLSTM, peephole_lstm, 2),
    "layer_norm_lstm": (LayerNormLSTM, layer_norm_lstm, 2),
    "zoneout": (zoneout_lstm, zoneout_of_an_lstm, 2),
}
each_cell = pytest.mark.parametrize("name", CELLS)


def run(equations, x, mask, num_states, weights, units=3):
    """The states h after each step, `[batch, time, units]`. At padding nothing changes."""
    states, outputs = [np.zeros((len(x), units)) for _ in range(num_states)], []
    for t in range(x.shape[1]):
        new = equations(x[:, t], *states, *weights)
        states = [np.where(mask[:, t, None], *pair) for pair in zip(new, states, strict=True)]
        outputs.append(states[0])
    return np.stack(outputs, axis=1), states


def make(cell, seed=0, **options):
    """A model of one layer with large weights, from values to all outputs and the states."""
    inputs, mask = keras.Input((None, 4)), keras.Input((None,), dtype="bool")
    layer = zoo.cells.recurrent_layer(cell, 3, 4, return_sequences=True, return_state=True, **options)
    model = keras.Model([inputs, mask], layer(inputs, mask=mask))
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.7))
    return model, [np.asarray(w, "float64") for w in model.trainable_weights]


@each_cell
def test_against_the_equations(name):
    cell, equations, num_states = CELLS[name]
    model, weights = make(cell)
    x = np.random.default_rng(1).normal(size=(3, 5, 4))
    outputs, *states = model([x, MASK])
    expected, expected_states = run(equations, x, MASK, num_states, weights)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    for one, other in zip(states, expected_states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_zoneout_keeps_each_number_with_its_rate_in_training():
    keras.utils.set_random_seed(0)
    cell = Zoneout(keras.layers.LSTMCell(200), [0.2, 0.6], seed=1)
    x, h, c = (np.random.default_rng(i).normal(size=(50, 200)).astype("float32") for i in range(3))
    _, new = cell.cell(x, [h, c])
    draws = [cell(x, [h, c], training=True)[1] for _ in range(2)]
    for k, (old, rate) in enumerate(zip((h, c), (0.2, 0.6), strict=True)):
        kept = [np.isclose(draw[k], old, atol=1e-6) for draw in draws]
        changed = [np.isclose(draw[k], new[k], atol=1e-6) for draw in draws]
        assert all(np.logical_or(*pair).all() for pair in zip(kept, changed, strict=True))
        assert kept[0].mean() == pytest.approx(rate, abs=0.02)
        assert (kept[0] & kept[1]).mean() == pytest.approx(rate**2, abs=0.02)  # drawn anew


def test_zoneout_draws_other_numbers_at_each_step():
    """The first state only counts the steps in which it was not kept."""

    class Count(keras.layers.Layer):
        state_size = units = 400

        def call(self, x, states):
            h = states[0] + 1
            return h, [h]

    layer = keras.layers.RNN(Zoneout(Count(), 0.5, seed=0))
    counts = np.asarray(layer(np.zeros((10, 30, 1)), training=True))
    assert counts.mean() == pytest.approx(15, abs=0.3)
    assert counts.var() == pytest.approx(30 / 4, rel=0.15)  # binomial, so steps are independent


def test_zoneout_around_a_stack_is_refused():
    """The output of a stack is the state of its last cell."""
    stack = keras.layers.StackedRNNCells([keras.layers.GRUCell(3), keras.layers.GRUCell(3)])
    with pytest.raises(zoo.InputError, match=r"In a stack, wrap each cell\. Received: Stacked"):
        zoo.build("many_to_one", cell=Zoneout(stack), units=3, vocabulary_size=9)
    stack = keras.layers.StackedRNNCells([Zoneout(keras.layers.GRUCell(3)) for _ in range(2)])
    zoo.build("many_to_one", cell=stack, units=3, vocabulary_size=9)


@pytest.mark.parametrize("rate", [1.0, -0.1, [0.1], [0.1, 0.2, 0.3]])
def test_a_wrong_rate_is_refused(rate):
    with pytest.raises(ValueError, match=r"one for each of the 2 states\. Received: rate="):
        Zoneout(keras.layers.LSTMCell(1), rate)


@pytest.mark.every(2)
@each_cell
def test_training_and_saving(name, tmp_path):
    keras.utils.set_random_seed(0)
    model = zoo.build("many_to_one", cell=CELLS[name][0], num_features=4, num_outputs=1, units=3)
    model.compile(keras.optimizers.Adam(0.05), "mse", run_eagerly=True)
    x, y = np.random.default_rng(0).normal(size=(8, 5, 4)), np.ones((8, 1))
    loss = model.fit(x, y, epochs=3, verbose=0).history["loss"]
    assert loss[-1] < 0.9 * loss[0]
    record = zoo.storage.model_files.write(model, tmp_path / "model.keras")
    again = zoo.storage.model_files.read(tmp_path / "model.keras", record)
    np.testing.assert_allclose(again(x), model(x), rtol=1e-5)


@each_cell
def test_each_file_stands_alone_and_names_its_paper(name):
    tree = ast.parse((EXAMPLES / f"{name}.py").read_text("utf-8"))
    imported = {
        getattr(node, "module", None) or node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {"keras", "numpy"}
    assert re.search(r"(19|20)\d\d,", ast.get_docstring(tree))
    assert "_t = " in ast.get_docstring(tree)


def test_every_example_is_tested():
    assert {path.stem for path in pathlib.Path(EXAMPLES).glob("[!_]*.py")} == set(CELLS)


@each_cell
def test_number_of_parameters_that_the_file_tells(name):
    layer = zoo.cells.recurrent_layer(CELLS[name][0], 8, 5)
    layer.build((None, None, 5))
    lstm = 4 * 8 * (5 + 8 + 1)
    expected = {
        "minimal_gated_unit": 2 * 8 * (5 + 8 + 1),
        "peephole_lstm": lstm + 3 * 8,
        "layer_norm_lstm": lstm + 2 * 4 * 8 + 2 * 8,
        "zoneout": lstm,
    }
    assert sum(w.numpy().size for w in layer.trainable_weights) == expected[name]
