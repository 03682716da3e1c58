"""A layer that stores the start token and the end token of a model."""

import keras


@keras.saving.register_keras_serializable("zoo")
class StartAndEnd(keras.layers.Layer):
    """Returns its inputs, and stores which tokens begin and end a sequence.

    `keras.models.clone_model` copies the layers of a model and nothing else. So the two tokens are
    stored in a layer.

    Args:
        start_token: the token that every sequence begins with.
        end_token: the token that ends a sequence.

    Example:

    >>> import numpy as np
    >>> layer = StartAndEnd(start_token=2, end_token=3)
    >>> keras.ops.convert_to_numpy(layer(np.array([[2, 5]])))
    array([[2, 5]])
    """

    def __init__(self, start_token, end_token, **kwargs):
        super().__init__(**kwargs)
        self.start_token, self.end_token = start_token, end_token
        self.supports_masking = True

    def call(self, inputs):
        return inputs

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def get_config(self):
        return super().get_config() | {"start_token": self.start_token, "end_token": self.end_token}
