"""Models that were changed by hand: generation uses their new layers, or refuses them."""

import keras
import numpy as np
import pytest
from keras import ops
from test_generator import START, build, make_inputs, next_log_p

import zoo

INSERTED = {
    "dense": lambda: keras.layers.Dense(6, "tanh"),
    "normalization": keras.layers.LayerNormalization,
    "dense at each step": lambda: keras.layers.TimeDistributed(keras.layers.Dense(6, "tanh")),
    "gru": lambda: keras.layers.GRU(4, return_sequences=True),
    "two cells": lambda: keras.layers.RNN(
        [keras.layers.LSTMCell(4), keras.layers.GRUCell(3)], return_sequences=True
    ),
}
COMBINES_STEPS = {
    "convolution": lambda: keras.layers.Conv1D(5, 3, padding="causal"),
    "both directions": lambda: keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True), merge_mode="sum"
    ),
    "backward": lambda: keras.layers.GRU(5, return_sequences=True, go_backwards=True),
    "mean": lambda: Mean(),
}


class Mean(keras.layers.Layer):
    def call(self, x):
        return x + ops.mean(x, axis=1, keepdims=True)


def insert(model, layer):
    """A copy of a model with another layer before the last one."""

    def call(old, *args, **kwargs):
        x = old(*args, **kwargs)
        return layer(x) if old.name == "output_dropout" else x

    changed = keras.models.clone_model(model, call_function=call)
    for variable in changed.trainable_variables:
        variable.assign(variable * (8 if "embedding" in variable.path else 2.5))
    return changed


@pytest.mark.every(3)
@pytest.mark.parametrize("layer", INSERTED)
@pytest.mark.parametrize(
    "name", [pytest.param("additive", marks=pytest.mark.exhaustive), "grid of an image", "no context"]
)
def test_generation_uses_a_layer_that_was_inserted(name, layer, tmp_path):
    model = build(name)
    changed = insert(model, INSERTED[layer]())
    inputs, first_inputs, tokens = make_inputs(changed)
    generated, scores = changed.generate(inputs, 5, "beam", beam_width=3, n_best=1, length_penalty=0)
    whole = np.concatenate([tokens, generated[:, 0]], axis=1)
    after = next_log_p(changed, first_inputs, whole)
    log_p = after[:, tokens.shape[1] - 1 : -1]
    log_p = np.take_along_axis(log_p, generated[:, 0, :, None], axis=-1)[:, :, 0]
    expected = (log_p * (generated[:, 0] != 0)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    assert len(changed.layers) == len(model.layers) + 1
    changed.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(next_log_p(loaded, first_inputs, whole), after, rtol=1e-5, atol=1e-5)
    if layer == "two cells":  # it takes seconds to compile
        np.testing.assert_array_equal(loaded.generate(inputs, 5), changed.generate(inputs, 5))


@pytest.mark.every(2)
@pytest.mark.parametrize("layer", COMBINES_STEPS)
@pytest.mark.parametrize("name", ["dot", "no context"])
def test_a_layer_that_combines_steps_is_refused(name, layer):
    changed = insert(build(name), COMBINES_STEPS[layer]())
    inputs, _, _ = make_inputs(changed)
    with pytest.raises(zoo.InputError, match=r"one at a time.* Received: .*dropout"):
        changed.generate(inputs, 5)


def test_outputs_that_are_no_probabilities_are_refused():
    model = build("no context")
    model.get_layer("probabilities").activation = keras.activations.linear
    with pytest.raises(zoo.InputError, match=r"activation='softmax'\. Received: outputs with the sum"):
        model.generate([[START]], 5)


@pytest.mark.parametrize("wrap", [lambda p: [p, p], lambda p: {"p": p}])
def test_a_model_of_several_outputs_is_refused(wrap):
    model = build("no context")
    changed = type(model)(model.inputs, wrap(model.outputs[0]))
    with pytest.raises(zoo.InputError, match=r"with one output.* Received: a (list|tuple|dict) of"):
        changed.generate([[START]], 5)


def test_layers_may_have_other_names():
    model = build("no context")

    def rename(layer):
        return type(layer).from_config(layer.get_config() | {"name": f"my_{layer.name}"})

    changed = keras.models.clone_model(model, clone_function=rename)
    assert changed.generate([[START]], 5).shape[0] == 1
    with pytest.raises(zoo.InputError, match="the vocabulary has"):
        changed.generate([[START, 10_000]], 5)
