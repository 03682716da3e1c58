"""The minimal gated unit: a GRU with one gate instead of two.

Zhou, Wu, Zhang & Zhou 2016, "Minimal gated unit for recurrent neural networks", International Journal
of Automation and Computing 13(3). Let x_t be the input and h_t the state at step t. Then

    f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)            the forget gate
    n_t = tanh(W_n x_t + U_n (f_t * h_{t-1}) + b_n)       the candidate
    h_t = (1 - f_t) * h_{t-1} + f_t * n_t

The forget gate does the work of both gates of the GRU. So the cell has two thirds of the weights of a
GRU, 2 * units * (features + units + 1).
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class MinimalGatedUnit(keras.layers.Layer):
    """The cell of a minimal gated unit.

    Args:
        units: size of the state.

    Call arguments:
        inputs: `[batch, features]`.
        states: a list of the state h `[batch, units]`.

    Returns:
        The output, which is the new state, and a list of the new state.

    Example:

    >>> layer = keras.layers.RNN(MinimalGatedUnit(8))
    >>> layer(keras.Input((None, 5))).shape
    (None, 8)
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    def build(self, input_shape):
        n = self.units  # the columns of each weight: n for the gate, n for the candidate
        self.kernel = self.add_weight(shape=(input_shape[-1], 2 * n), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(n, 2 * n), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(2 * n,), initializer="zeros", name="bias")

    def call(self, inputs, states):
        (h,) = states
        x_f, x_n = ops.split(ops.matmul(inputs, self.kernel) + self.bias, 2, axis=-1)
        u_f, u_n = ops.split(self.recurrent_kernel, 2, axis=-1)
        f = ops.sigmoid(x_f + ops.matmul(h, u_f))
        n = ops.tanh(x_n + ops.matmul(f * h, u_n))
        h = (1 - f) * h + f * n
        return h, [h]
