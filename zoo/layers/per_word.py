"""A layer that reads the characters of each word."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class PerWord(keras.layers.Wrapper):
    """Applies a recurrent layer to the characters of each word (Lample et al. 2016, section 4.1).

    All words of all sentences become one batch, so the recurrent layer reads them all at once.
    `keras.layers.TimeDistributed` would read one word after the other.

    Args:
        layer: a recurrent layer that only returns its last output.

    Call arguments:
        inputs: `[batch, time, characters, features]`.
        mask: booleans `[batch, time, characters]`, true at characters.

    Returns:
        `[batch, time, units]`.

    Example:

    >>> import numpy as np
    >>> layer = PerWord(keras.layers.Bidirectional(keras.layers.LSTM(25)))
    >>> layer(np.zeros((2, 7, 12, 25)), mask=np.ones((2, 7, 12), bool)).shape
    TensorShape([2, 7, 50])
    """

    def build(self, input_shape):
        super().build((None, *input_shape[2:]))

    def call(self, inputs, mask=None):
        batch, time, length, features = ops.shape(inputs)
        if mask is not None:
            # A word that is padding has no characters, but cuDNN does not allow an empty row. So the
            # first one is read. This changes nothing, because the word itself is masked later.
            is_read = ops.logical_and(~ops.any(mask, axis=-1, keepdims=True), ops.arange(length) == 0)
            mask = ops.reshape(ops.logical_or(mask, is_read), (-1, length))  # [words, characters]
        words = ops.reshape(inputs, (-1, length, features))  # [words, characters, features]
        outputs = self.layer(words, mask=mask)  # [words, units]
        return ops.reshape(outputs, (batch, time, outputs.shape[-1]))

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else ops.any(mask, axis=-1)  # [batch, time]

    def compute_output_shape(self, input_shape):
        units = self.layer.compute_output_shape((None, *input_shape[2:]))[-1]
        return (*input_shape[:2], units)
