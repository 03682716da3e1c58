"""What a student may put in the place of `zoo.build` in a copied recipe."""

import keras
import pytest
from keras import layers, ops

CELLS = {  # of the models that `make` makes
    "sequential": "lstm",
    "sequential with input": "lstm",
    "another layer": "gru",
    "subclass": "lstm",
    "no recurrence": "no recurrent layer",
    "own layer": "lstm",
    "own cell": "Slow",
}


def some(*slow):
    """Parameters: one edit that is quick, and a few that are slow.

    Each recipe tries some, and each edit is tried in several recipes. `test_training` tries them all.
    """
    return ["sequential", *(pytest.param(edit, marks=pytest.mark.exhaustive) for edit in slow)]


class Double(layers.Layer):
    def call(self, x):
        return 2 * x


class Slow(layers.Layer):
    """A cell whose state moves a tenth of the way to its input at each step."""

    state_size = output_size = 6

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 6))

    def call(self, x, states):
        state = 0.9 * states[0] + 0.1 * ops.matmul(x, self.kernel)
        return state, [state]


class Chain(keras.Model):
    def __init__(self, stack):
        super().__init__()
        self.stack = stack

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


def make(edit, size, activation="softmax", tokens=None, features=None, per_step=False):
    """A small model.

    Args:
        edit: one of `CELLS`.
        size: of the outputs.
        activation: of the last layer.
        tokens: number of tokens, or None for values.
        features: number of values at each step.
        per_step: whether it answers at each step.
    """
    front = [layers.Embedding(tokens, 4, mask_zero=True)] if tokens else []
    shape, dtype = ((None,), "int32") if tokens else ((None, features), "float32")
    rnn = layers.LSTM(6, return_sequences=per_step)
    if edit == "another layer":
        rnn = layers.GRU(6, return_sequences=per_step)
    if edit == "no recurrence":
        rnn = layers.Dense(6) if per_step else layers.GlobalAveragePooling1D()
    if edit == "own cell":
        rnn = layers.RNN(Slow(), return_sequences=per_step)
    stack = [*front, rnn, layers.Dense(size, activation, dtype="float32")]
    if edit in ("own layer", "another layer"):
        stack.insert(-1, Double() if edit == "own layer" else layers.Dense(5, "relu"))
    if edit == "subclass":
        return Chain(stack)
    if edit == "another layer":
        inputs = keras.Input(shape, dtype=dtype)
        return keras.Model(inputs, Chain(stack).call(inputs))
    if edit == "sequential with input":
        stack.insert(0, keras.Input(shape, dtype=dtype))
    return keras.Sequential(stack)
