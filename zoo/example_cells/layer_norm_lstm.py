"""The LSTM with layer normalization: the sums inside of each gate are brought to one scale.

Ba, Kiros & Hinton 2016, "Layer normalization", arXiv:1607.06450, equations 20 to 22 (supplement). Let
x_t be the input, h_t the output and c_t the cell state at step t. LN brings a vector a to mean 0 and
standard deviation 1, and then scales and shifts it. Then

    LN(a; s, b) = s * (a - mean(a)) / std(a) + b
    [f, i, o, g] = LN(U h_{t-1}; s_1, b_1) + LN(W x_t; s_2, b_2) + b
    c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
    h_t = sigmoid(o) * tanh(LN(c_t; s_3, b_3))

The vectors b, b_1 and b_2 are only used as a sum. So here there is one vector b instead. The bias of
the forget gate starts at 1, as in Keras's LSTM. The scales s start at 1.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class LayerNormLSTM(keras.layers.Layer):
    """The cell of an LSTM with layer normalization.

    Args:
        units: size of each state.
        epsilon: a small number that is added to the variance, so that no division is by 0.

    Call arguments:
        inputs: `[batch, features]`.
        states: a list of the states h and c, each `[batch, units]`.

    Returns:
        The output, which is the new h, and a list of the new h and c.

    Example:

    >>> layer = keras.layers.RNN(LayerNormLSTM(8))
    >>> layer(keras.Input((None, 5))).shape
    (None, 8)
    """

    def __init__(self, units, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.units, self.epsilon = units, epsilon
        self.state_size = [units, units]  # h, c

    def get_config(self):
        return {**super().get_config(), "units": self.units, "epsilon": self.epsilon}

    def build(self, input_shape):
        n = self.units  # the columns of each weight: n for each of f, i, o, g
        self.kernel = self.add_weight(shape=(input_shape[-1], 4 * n), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(n, 4 * n), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(4 * n,), initializer="zeros", name="bias")
        self.bias.assign([1.0] * n + [0.0] * 3 * n)  # 1 for the forget gate
        self.scales = self.add_weight(shape=(2, 4 * n), initializer="ones", name="scales")
        self.cell_scale = self.add_weight(shape=(n,), initializer="ones", name="cell_scale")
        self.cell_bias = self.add_weight(shape=(n,), initializer="zeros", name="cell_bias")

    def normalize(self, a):
        mean, variance = ops.moments(a, axes=-1, keepdims=True)
        return (a - mean) / ops.sqrt(variance + self.epsilon)

    def call(self, inputs, states):
        h, c = states
        z = self.scales[0] * self.normalize(ops.matmul(h, self.recurrent_kernel))
        z += self.scales[1] * self.normalize(ops.matmul(inputs, self.kernel))
        f, i, o, g = ops.split(z + self.bias, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(self.cell_scale * self.normalize(c) + self.cell_bias)
        return h, [h, c]
