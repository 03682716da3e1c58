"""An embedding layer whose matrix also computes the scores of the next token."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class TiedEmbedding(keras.layers.Embedding):
    """Looks up token vectors. With `reverse=True`, it compares states with the vectors of all tokens.

    A language model that calls one such layer at both ends has one matrix in place of two (Press & Wolf
    2017, "Using the Output Embedding to Improve Language Models"; Inan et al. 2017, "Tying Word Vectors
    and Word Classifiers"). As in both papers, the scores have no bias. Newer versions of Keras have
    this layer as `keras.layers.ReversibleEmbedding`.

    Args:
        input_dim: number of tokens.
        output_dim: size of a vector.
        **kwargs: other arguments of `keras.layers.Embedding`.

    Call arguments:
        inputs: tokens `[batch, time]`. With `reverse=True`: states `[batch, time, output_dim]`.
        reverse: whether to go from states to scores.

    Returns:
        Token vectors `[batch, time, output_dim]`. With `reverse=True`: scores `[batch, time,
        input_dim]`, to which a softmax is to be applied.

    Example:

    >>> import numpy as np
    >>> layer = TiedEmbedding(50, 8)
    >>> x = layer(np.array([[3, 7, 7]]))
    >>> x.shape, layer(x, reverse=True).shape
    (TensorShape([1, 3, 8]), TensorShape([1, 3, 50]))
    """

    def call(self, inputs, reverse=False):
        if reverse:
            return ops.matmul(inputs, ops.transpose(self.embeddings))
        return super().call(inputs)

    def compute_mask(self, inputs, mask=None):
        if len(inputs.shape) > 2:  # states; their dtype would not tell, because tokens may be floats
            return mask
        return super().compute_mask(inputs, mask)

    def compute_output_spec(self, inputs, reverse=False):
        shape = (*inputs.shape[:-1], self.input_dim) if reverse else (*inputs.shape, self.output_dim)
        return keras.KerasTensor(shape, self.compute_dtype)
