"""The LSTM with peephole connections: its gates also see the cell state.

Gers & Schmidhuber 2000, "Recurrent nets that time and count", IJCNN. Let x_t be the input, h_t the
output and c_t the cell state at step t. The peephole weights p are vectors, because each gate only sees
the cell state of its own unit. Then

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)      the input gate
    f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)      the forget gate
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)                         the candidate
    c_t = f_t * c_{t-1} + i_t * g_t
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)          the output gate sees the new c_t
    h_t = o_t * tanh(c_t)

The paper uses scaled sigmoids in place of the two tanh. Here they are tanh, as in Keras's LSTM. The
cell has 3 * units more weights than an LSTM. The bias of the forget gate starts at 1, as in Keras.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class PeepholeLSTM(keras.layers.Layer):
    """The cell of an LSTM with peephole connections.

    Args:
        units: size of each state.

    Call arguments:
        inputs: `[batch, features]`.
        states: a list of the states h and c, each `[batch, units]`.

    Returns:
        The output, which is the new h, and a list of the new h and c.

    Example:

    >>> layer = keras.layers.RNN(PeepholeLSTM(8))
    >>> layer(keras.Input((None, 5))).shape
    (None, 8)
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]  # h, c

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    def build(self, input_shape):
        n = self.units  # the columns of each weight: n for each of i, f, g, o
        self.kernel = self.add_weight(shape=(input_shape[-1], 4 * n), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(n, 4 * n), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(4 * n,), initializer="zeros", name="bias")
        self.bias.assign([0.0] * n + [1.0] * n + [0.0] * 2 * n)  # 1 for the forget gate
        self.peepholes = self.add_weight(shape=(3, n), initializer="zeros", name="peepholes")

    def call(self, inputs, states):
        h, c = states
        z = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel) + self.bias
        i, f, g, o = ops.split(z, 4, axis=-1)
        i = ops.sigmoid(i + self.peepholes[0] * c)
        f = ops.sigmoid(f + self.peepholes[1] * c)
        c = f * c + i * ops.tanh(g)
        o = ops.sigmoid(o + self.peepholes[2] * c)
        h = o * ops.tanh(c)
        return h, [h, c]
