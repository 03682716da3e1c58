"""Cells with one, two and three states, as a student may write them."""

import keras
from keras import ops

REGISTER = keras.saving.register_keras_serializable("tests")


@REGISTER
class One(keras.layers.Layer):
    """The fewest lines that make a cell. It returns its state outside of a list."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.state_size))
        self.recurrent_kernel = self.add_weight(
            shape=(self.state_size, self.state_size), name="recurrent_kernel"
        )

    def call(self, x, states):
        h = ops.matmul(states[0], self.recurrent_kernel) + 0.5 * states[0]
        h = ops.softplus(ops.matmul(x, self.kernel) + h) - 1.5
        return h, h


@REGISTER
class Two(One):
    """Its second state has twice as many numbers as its output."""

    def __init__(self, units, decay=0.9, **kwargs):
        super().__init__(units, **kwargs)
        self.units, self.decay = units, decay
        self.state_size, self.output_size = (units, 2 * units), units

    def get_config(self):
        return {**super().get_config(), "units": self.units, "decay": self.decay}

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 2 * self.units))
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, 2 * self.units), name="recurrent_kernel"
        )

    def call(self, x, states):
        h, c = states
        z = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        c = self.decay * c + (1 - self.decay) * z
        h = ops.tanh(c[:, : self.units] * ops.sigmoid(z[:, self.units :]))
        return h, [h, c]


@REGISTER
class Three(Two):
    """A cell with dropout in training, whose third state counts the steps."""

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [units, 2 * units, 1]

    def call(self, x, states, training=False):
        h, (_, c) = super().call(x, states[:2])
        return h, [h, c, states[2] + 1]


CELLS = (One, Two, Three)
