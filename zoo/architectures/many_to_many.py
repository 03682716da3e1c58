"""Many-to-many: a sequence in, an answer for each step out."""

import keras
from keras import layers

from zoo.cells import embed, recurrent_stack
from zoo.errors import check_choice
from zoo.registry import register


@register
def many_to_many(
    *,
    cell="lstm",
    vocabulary_size=10000,
    num_tags=9,
    embedding_dim=100,
    embeddings=None,
    trainable_embeddings=True,
    units=64,
    num_layers=1,
    bidirectional=True,
    dropout=0.0,
    head="softmax",
):
    """A tag for every token: named entities, parts of speech.

         y1      y2      y3
         |       |       |
        [h] <-> [h] <-> [h]
         |       |       |
         x1      x2      x3

    Embedded tokens -> recurrent layers, in both directions by default because the word after tells as
    much as the word before -> a softmax at each step. Graves & Schmidhuber 2005; Huang et al. 2015 for
    tagging.

    Args:
        cell: `"simple_rnn"`, `"lstm"` or `"gru"`.
        vocabulary_size: number of tokens, padding (0) and unknown (1) included.
        num_tags: number of tags.
        embedding_dim: size of the word vectors.
        embeddings: pretrained word vectors `[vocabulary_size, dim]`, or None.
        trainable_embeddings: whether training changes the word vectors.
        units: size of the state of each layer (and direction).
        num_layers: number of recurrent layers.
        bidirectional: whether the sequence is read in both directions.
        dropout: share dropped of the inputs, between layers and before the output.
        head: `"softmax"`: each tag is chosen by itself.

    Call arguments:
        tokens: integers `[batch, time]`, 0 as padding on the right.

    Returns:
        A `keras.Model` that gives tag probabilities `[batch, time, num_tags]`. Train it with
        `"sparse_categorical_crossentropy"`: the loss follows the mask. Keras's metrics do not by
        themselves: pass `sample_weight` (1.0 at tokens, 0.0 at padding) and name them in
        `weighted_metrics`.

    Raises:
        ValueError: an unknown cell or head, or embeddings that do not fit.

    Number of parameters (R: see `zoo.cells`; directions: 2 if bidirectional, else 1;
    width = directions * units):
        vocabulary_size * embedding_dim
        + directions * (R(embedding_dim) + (num_layers - 1) * R(width)) + (width + 1) * num_tags

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("many_to_many", cell="gru", vocabulary_size=50, num_tags=9)
    >>> model(np.array([[7, 8, 9, 0, 0]])).shape
    TensorShape([1, 5, 9])
    """
    check_choice("head", head, ("softmax",))
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x, mask = embed(
        tokens,
        vocabulary_size=vocabulary_size,
        embedding_dim=embedding_dim,
        embeddings=embeddings,
        trainable_embeddings=trainable_embeddings,
    )  # [batch, time, embedding_dim]
    x = layers.Dropout(dropout, name="input_dropout")(x)
    x, _ = recurrent_stack(
        x,
        cell=cell,
        units=units,
        num_layers=num_layers,
        bidirectional=bidirectional,
        dropout=dropout,
        mask=mask,
    )  # [batch, time, width]
    x = layers.Dropout(dropout, name="output_dropout")(x)
    outputs = layers.Dense(num_tags, activation="softmax", name="probabilities")(x)
    return keras.Model(tokens, outputs, name="many_to_many")
