"""One matrix for token vectors and scores."""

import keras
import numpy as np
import pytest
from keras import ops
from test_architectures import make_data

import zoo
from zoo.layers import TiedEmbedding

SIZES = {"context_shape": None, "vocabulary_size": 20, "embedding_dim": 5, "units": 5}
EAGER = {"run_eagerly": keras.backend.backend() != "jax"}  # it compiles either way


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def both(**config):
    """A tied model, and one with the same numbers in separate matrices."""
    tied = zoo.build("one_to_many", cell="gru", tie_embeddings=True, **SIZES, **config)
    separate = zoo.build("one_to_many", cell="gru", **SIZES, **config)
    table, *others = tied.get_weights()
    separate.set_weights([table, *others, table.T, np.zeros(20)])
    return tied, separate


def test_scores_against_numpy():
    layer = TiedEmbedding(7, 4)
    tokens = np.array([[1, 6, 0]])
    x = layer(tokens)
    table = layer.get_weights()[0]
    np.testing.assert_array_equal(ops.convert_to_numpy(x), table[tokens])
    states = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    scores = ops.convert_to_numpy(layer(states, reverse=True))
    np.testing.assert_allclose(scores, states @ table.T, rtol=1e-5, atol=1e-6)
    assert len(layer.weights) == 1


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_padding_is_masked(dtype):
    tokens = np.array([[3, 4, 0, 0]], dtype)
    embedding, rnn = TiedEmbedding(7, 4, mask_zero=True), keras.layers.LSTM(4)
    states = [ops.convert_to_numpy(rnn(embedding(x))) for x in (tokens, tokens[:, :2])]
    np.testing.assert_allclose(*states, rtol=1e-5, atol=1e-6)
    inputs = keras.Input((None,), dtype=dtype)
    states = keras.layers.LSTM(4, return_sequences=True)(embedding(inputs))
    assert embedding(states, reverse=True)._keras_mask.shape == (None, None)


@pytest.mark.parametrize("num_layers", [1, 2])
def test_the_gradient_is_the_sum_of_both_sides(num_layers):
    tied, separate = both(num_layers=num_layers)
    inputs, targets, mask = make_data(tied, padding=2)
    changes = []
    for model in (tied, separate):
        before = model.get_weights()
        model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy", **EAGER)
        model.train_on_batch(inputs, targets)
        changes.append([new - old for new, old in zip(model.get_weights(), before, strict=True)])
    (table, *others), (of_vectors, *separate_others, of_scores, _) = changes
    np.testing.assert_allclose(table, of_vectors + of_scores.T, rtol=1e-4, atol=1e-6)
    for one, other in zip(others, separate_others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    is_read = np.isin(np.arange(20), inputs[mask > 0])
    assert (abs(of_vectors).max(axis=1) > 0).tolist() == is_read.tolist()
    assert (abs(of_scores).max(axis=0) > 0).all()


def test_outputs_are_those_of_separate_matrices():
    tied, separate = both()
    inputs, _, mask = make_data(tied, padding=2)
    outputs, expected = (ops.convert_to_numpy(model(inputs))[mask > 0] for model in (tied, separate))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    assert tied.count_params() == separate.count_params() - 20 * 5 - 20


def test_pretrained_vectors_stay_if_they_are_not_trained(tmp_path):
    vectors = np.random.default_rng(1).normal(size=(20, 5)).astype("float32")
    config = {**SIZES, "embedding_dim": 64, "embeddings": vectors, "trainable_embeddings": False}
    model = zoo.build("one_to_many", tie_embeddings=True, **config)
    inputs, targets, _ = make_data(model)
    model.compile("sgd", "sparse_categorical_crossentropy", **EAGER)
    model.train_on_batch(inputs, targets)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        (table,) = one.get_layer("embedding").get_weights()
        np.testing.assert_array_equal(table, vectors)


def test_the_first_loss_is_near_that_of_guessing():
    """As with separate matrices: the token vectors are not too large for a softmax."""
    model = zoo.build("one_to_many", context_shape=None, vocabulary_size=1000, tie_embeddings=True)
    model.compile(loss="sparse_categorical_crossentropy", **EAGER)
    tokens = np.random.default_rng(0).integers(4, 1000, (4, 20))
    assert model.test_on_batch(tokens[:, :-1], tokens[:, 1:]) == pytest.approx(np.log(1000), rel=0.02)


def test_half_precision():
    with zoo.registry.dtype_policy("mixed_bfloat16"):
        model = zoo.build("one_to_many", tie_embeddings=True, **SIZES)
        layers = {layer.name: layer.compute_dtype for layer in model.layers}
        assert layers["embedding"] == layers["probabilities"] == "float32"
        assert layers["rnn_0"] == layers["input_dropout"] == "bfloat16"
        p = model(np.array([[5, 6, 7]]))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.sum(p, axis=-1)), 1.0, rtol=1e-6)


@pytest.mark.parametrize("config", [{"embedding_dim": 6}, {"embeddings": np.ones((20, 6))}])
def test_vectors_of_another_size_than_the_state(config):
    with pytest.raises(zoo.InputError, match=r"Set units=6, or .* Received: units=5, token vectors of"):
        zoo.build("one_to_many", tie_embeddings=True, **SIZES | config)


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_it_is_a_switch(value):
    with pytest.raises(zoo.InputError, match="tie_embeddings must be True or False"):
        zoo.build("one_to_many", tie_embeddings=value, **SIZES)
