"""A layer that makes a sequence shorter."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class JoinSteps(keras.layers.Layer):
    """Joins neighboring steps to one, so that a recurrent layer has fewer steps to take.

    Speech has about 100 steps a second, many more than letters. Joined steps keep all features (Sak et
    al. 2015, "Fast and Accurate Recurrent Neural Network Acoustic Models for Speech Recognition",
    section 2.3).

    Args:
        number: how many steps become one. If they do not divide the length, zeros are added on the
            right.

    Call arguments:
        inputs: `[batch, time, features]`.
        mask: booleans `[batch, time]`, true at real steps, or None. Padding must be on the right.

    Returns:
        `[batch, time / number, number * features]`. A step is real if its first part is real. Parts
        that are padding are 0.

    Example:

    >>> import numpy as np
    >>> joined = JoinSteps(2)(np.arange(1.0, 6.0).reshape(1, 5, 1))
    >>> keras.ops.convert_to_numpy(joined)[0].tolist()
    [[1.0, 2.0], [3.0, 4.0], [5.0, 0.0]]
    """

    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is not None:
            inputs = ops.where(ops.expand_dims(mask, -1), inputs, 0.0)
        inputs = ops.pad(inputs, ((0, 0), (0, self.number - 1), (0, 0)))
        batch, time, features = ops.shape(inputs)
        inputs = inputs[:, : time // self.number * self.number]
        return ops.reshape(inputs, (batch, time // self.number, self.number * features))

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[:, :: self.number]  # [batch, time / number]

    def compute_output_shape(self, input_shape):
        batch, time, features = input_shape
        time = None if time is None else -(-time // self.number)
        return batch, time, self.number * features

    def get_config(self):
        return super().get_config() | {"number": self.number}
