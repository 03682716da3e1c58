"""A layer that turns each frame of a clip into a vector."""

import keras
from keras import ops

from zoo.errors import InputError


@keras.saving.register_keras_serializable("zoo")
class PerFrame(keras.layers.Wrapper):
    """Applies a model to each frame of a clip.

    See Donahue et al. 2015, "Long-term Recurrent Convolutional Networks for Visual Recognition and
    Description", section 3.

    All frames of all clips become one batch, so the model reads them all at once.
    `keras.layers.TimeDistributed` would read one step after the other.

    In training, batch normalization in the model would also count padded frames. Other layers see each
    frame by itself.

    Args:
        layer: a model from a frame to a vector.
        mask_value: the number that fills padded frames, or None if there are none.

    Call arguments:
        inputs: `[batch, time, ...]`, such as `[batch, time, height, width, channels]`.

    Returns:
        `[batch, time, features]`.

    Raises:
        ValueError: the model does not turn a frame into one vector.

    Example:

    >>> import numpy as np
    >>> encoder = keras.Sequential([keras.Input((8, 6, 1)), keras.layers.Flatten()])
    >>> layer = PerFrame(encoder, mask_value=0.0)
    >>> frames = np.concatenate([np.ones((1, 3, 8, 6, 1)), np.zeros((1, 2, 8, 6, 1))], axis=1)
    >>> layer(frames).shape
    TensorShape([1, 5, 48])
    >>> layer.compute_mask(frames).numpy().tolist()
    [[True, True, True, False, False]]
    """

    def __init__(self, layer, mask_value=None, **kwargs):
        super().__init__(layer, **kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def build(self, input_shape):
        super().build((None, *input_shape[2:]))
        if len(self.layer.compute_output_shape((None, *input_shape[2:]))) != 2:
            raise InputError(
                "encoder must turn each frame into one vector, [frames, features]. Received: outputs "
                f"{self.layer.compute_output_shape((None, *input_shape[2:]))}"
            )

    def call(self, inputs):
        batch, time, *shape = ops.shape(inputs)
        outputs = self.layer(ops.reshape(inputs, (-1, *shape)))  # [frames, features]
        return ops.reshape(outputs, (batch, time, outputs.shape[-1]))

    def compute_mask(self, inputs, mask=None):
        if self.mask_value is None:
            return mask
        axes = tuple(range(2, len(inputs.shape)))  # all numbers of a frame
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=axes)  # [batch, time]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self.layer.compute_output_shape((None, *input_shape[2:]))[-1])

    def get_config(self):
        return super().get_config() | {"mask_value": self.mask_value}
