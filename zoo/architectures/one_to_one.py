"""One-to-one: one input, one output."""

import keras
from keras import layers

from zoo.cells import recurrent_stack
from zoo.registry import register


@register
def one_to_one(*, cell="lstm", input_shape=(8, 8), num_classes=10, units=64, num_layers=1):
    """One vector or image in, one class out. The network reads a sequence of one step.

        y
        |
       [h]
        |
        x

    This is the degenerate case that textbooks begin with. It is here for comparison, not for use. With
    one step the state h_0 = 0 contributes nothing, so the recurrent weights U do not matter. A
    SimpleRNN is exactly a dense layer with tanh. LSTM and GRU add gates, but there is nothing to
    remember. For the types see Goodfellow et al. 2016, "Deep Learning", chapter 10.

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell, see `zoo.own_cells`.
        input_shape: shape of one input, which is flattened to a vector.
        num_classes: number of classes.
        units: size of the state.
        num_layers: number of recurrent layers.

    Call arguments:
        inputs: floats `[batch, *input_shape]`.

    Returns:
        A `keras.Model` that returns class probabilities `[batch, num_classes]`. Train it with
        `"sparse_categorical_crossentropy"`.

    Number of parameters (R: see `zoo.cells`):
        R(math.prod(input_shape)) + (num_layers - 1) * R(units) + (units + 1) * num_classes

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("one_to_one", cell="simple_rnn", input_shape=(8, 8), num_classes=10)
    >>> model(np.zeros((2, 8, 8))).shape
    TensorShape([2, 10])
    """
    inputs = keras.Input(input_shape, name="inputs")
    x = layers.Reshape((1, -1), name="one_step")(inputs)  # [batch, 1, features]
    x, _ = recurrent_stack(
        x, cell=cell, units=units, num_layers=num_layers, return_sequences=False
    )  # [batch, units]
    outputs = layers.Dense(num_classes, "softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="one_to_one")
