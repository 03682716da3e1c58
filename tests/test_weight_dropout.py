"""DropConnect on recurrent weights: the equations, one mask for each call, and none at inference."""

import keras
import numpy as np
import pytest
from keras import ops
from test_cells import EQUATIONS

import zoo
from zoo.cells import CELLS, recurrent_layer, recurrent_stack

RATE = 0.4
EAGER = {"run_eagerly": keras.backend.backend() != "jax"}  # it compiles either way
each_cell = pytest.mark.parametrize("cell", CELLS)


class OwnCell(keras.layers.GRUCell):
    pass


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def make(cell, **options):
    """A layer with its weights, which are not 0, and inputs `[batch, time, features]`."""
    layer = recurrent_layer(cell, 3, 4, weight_dropout=RATE, return_sequences=True, **options)
    layer.build((None, None, 4))
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=x.shape, scale=0.5) for x in layer.get_weights()]
    layer.set_weights(weights)
    return layer, weights, rng.normal(size=(5, 7, 4)).astype("float32")


@pytest.fixture
def masks(monkeypatch):
    """A list that gets the mask `[units, ...]` of each call in training: 0 for a dropped weight."""
    masks, dropout = [], keras.random.dropout

    def record(kernel, *args, **options):
        dropped = dropout(kernel, *args, **options)
        masks.append(ops.convert_to_numpy(dropped) / ops.convert_to_numpy(kernel))
        return dropped

    monkeypatch.setattr(keras.random, "dropout", record)
    return masks


@each_cell
def test_training_against_the_equations(cell, masks):
    """One mask for all steps and all sequences, and another one in the next call."""
    layer, (kernel, recurrent_kernel, bias), x = make(cell)
    for _ in range(2):
        outputs = ops.convert_to_numpy(layer(x, training=True))
        is_dropped = masks[-1] == 0
        assert masks[-1].shape == recurrent_kernel.shape and 0 < is_dropped.sum() < is_dropped.size
        np.testing.assert_allclose(masks[-1][~is_dropped], 1 / (1 - RATE), rtol=1e-6)
        expected = np.stack([*EQUATIONS[cell](x, kernel, recurrent_kernel * masks[-1], bias)], axis=1)
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-6)
    assert len(masks) == 2 and (masks[0] != masks[1]).any()


@each_cell
def test_inference_is_that_of_the_plain_layer(cell):
    layer, weights, x = make(cell)
    plain = CELLS[cell](3, return_sequences=True)
    plain.build(x.shape)
    plain.set_weights(weights)
    layer(x, training=True)  # leaves nothing behind
    for training in (False, None):
        outputs = ops.convert_to_numpy(layer(x, training=training))
        np.testing.assert_array_equal(outputs, ops.convert_to_numpy(plain(x)))
    for one, weight in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, weight.astype("float32"))


@each_cell
def test_nothing_dropped_is_a_layer_of_keras(cell):
    layer = zoo.build("one_to_many", cell=cell, units=3, dropout=0.5).get_layer("rnn_0")
    assert type(layer) is CELLS[cell]


def test_the_mean_of_a_weight_stays_the_same():
    """From the states that are the rows of a unit matrix, one step returns the recurrent kernel."""
    layer = recurrent_layer("simple_rnn", 100, 1, weight_dropout=RATE)
    layer.cell.activation = keras.activations.linear
    x = ops.zeros((100, 1, 1))
    layer(x)
    layer.cell.recurrent_kernel.assign(np.ones((100, 100)))
    draws = [
        ops.convert_to_numpy(layer(x, initial_state=ops.eye(100), training=True)) for _ in range(2)
    ]
    for kernel in draws:
        assert {*np.unique(kernel.round(4))} == {np.float32(0), np.float32(1.6667)}
        assert kernel.mean() == pytest.approx(1, abs=0.05)  # the deviation of such a mean is 0.008
    both = ((draws[0] == 0) & (draws[1] == 0)).mean()
    assert both == pytest.approx(RATE**2, abs=0.03)  # the draws are independent


@each_cell
def test_dropped_weights_are_not_trained(cell, monkeypatch):
    layer, (_, recurrent_kernel, _), x = make(cell)
    mask = np.random.default_rng(1).integers(0, 2, recurrent_kernel.shape).astype("float32")
    monkeypatch.setattr(keras.random, "dropout", lambda x, *args, **options: ops.multiply(x, mask))
    model = keras.Sequential([keras.Input((None, 4)), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse", **EAGER)
    model.train_on_batch(x, np.ones((5, 7, 3)))
    change = layer.get_weights()[1] - recurrent_kernel.astype("float32")
    np.testing.assert_array_equal(change != 0, mask == 1)


def test_with_a_compiled_step_each_batch_draws_another_mask():
    layer, _, x = make("gru")
    model = keras.Sequential([keras.Input((None, 4)), layer])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    losses = [model.train_on_batch(x, np.ones((5, 7, 3))) for _ in range(3)]
    assert len({*map(float, losses)}) == 3
    np.testing.assert_array_equal(*(model.predict_on_batch(x) for _ in range(2)))


def test_padding(masks):
    layer, (kernel, recurrent_kernel, bias), x = make("gru", return_state=True)
    mask = np.arange(7) < np.array([7, 3, 5, 1, 4])[:, None]
    outputs, state = layer(x, mask=mask, training=True)
    dropped = recurrent_kernel * masks[0]
    expected = np.stack([*EQUATIONS["gru"](x, kernel, dropped, bias)], axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(outputs)[mask], expected[mask], rtol=1e-4)
    last = expected[np.arange(5), mask.sum(axis=1) - 1]
    np.testing.assert_allclose(ops.convert_to_numpy(state), last, rtol=1e-4)


def test_states_that_are_handed_over(masks):
    layer, (kernel, recurrent_kernel, bias), x = make("simple_rnn")
    h = np.ones((5, 3))
    outputs = layer(x[:, :2], initial_state=[ops.array(h, "float32")], training=True)
    dropped = recurrent_kernel * masks[0]
    for t in range(2):
        h = np.tanh(x[:, t] @ kernel + h @ dropped + bias)
        np.testing.assert_allclose(ops.convert_to_numpy(outputs[:, t]), h, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy, masks):
    layer, (kernel, recurrent_kernel, bias), x = make("lstm", dtype=policy)
    outputs = layer(x, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == policy.removeprefix("mixed_")
    assert layer.cell.recurrent_kernel.dtype == "float32"
    dropped = np.where(masks[0], recurrent_kernel / (1 - RATE), 0)
    expected = np.stack([*EQUATIONS["lstm"](x, kernel, dropped, bias)], axis=1)
    outputs = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    np.testing.assert_allclose(outputs, expected, atol=0.03)


def test_both_directions_and_saving(tmp_path):
    inputs = keras.Input((None, 4))
    x, _ = recurrent_stack(inputs, cell="lstm", units=3, bidirectional=True, weight_dropout=RATE)
    model = keras.Model(inputs, x)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    values = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    outputs = ops.convert_to_numpy(model(values))
    np.testing.assert_allclose(ops.convert_to_numpy(loaded(values)), outputs, rtol=1e-6)
    for one in (model, loaded):
        layer = one.get_layer("rnn_0")
        assert layer.forward_layer.weight_dropout == layer.backward_layer.weight_dropout == RATE
        difference = abs(ops.convert_to_numpy(one(values, training=True)) - outputs)
        assert difference[..., :3].max() > 1e-3 and difference[..., 3:].max() > 1e-3


@pytest.mark.parametrize("cell", [keras.layers.LSTMCell(1, use_bias=False), OwnCell])
def test_a_cell_of_your_own_is_refused(cell):
    with pytest.raises(zoo.InputError, match=r"'lstm' and 'gru'.* Received: weight_dropout=0.4, cell="):
        recurrent_layer(cell, 3, 4, weight_dropout=RATE)
