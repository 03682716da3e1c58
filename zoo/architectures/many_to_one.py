"""Many-to-one: a sequence in, one answer out."""

import keras
from keras import layers, ops

from zoo.cells import embed, last_outputs, recurrent_stack
from zoo.errors import check_choice
from zoo.layers import PerFrame
from zoo.own_cells import find
from zoo.registry import register


@register
def many_to_one(
    *,
    cell="lstm",
    vocabulary_size=10000,
    num_features=None,
    encoder=None,
    mask_value=None,
    num_classes=2,
    num_outputs=None,
    embedding_dim=100,
    embeddings=None,
    trainable_embeddings=True,
    units=64,
    num_layers=1,
    bidirectional=False,
    pooling="last",
    dropout=0.0,
):
    """A sequence in, one class or number out: sentiment, document classes, forecasting, video.

                      y
                      |
        [h] -> [h] -> [h]
         |      |      |
         x1     x2     x3

    Embedded tokens (or plain values, or encoded frames) -> recurrent layers -> one vector by pooling ->
    a dense layer. See Graves 2012, "Supervised Sequence Labelling with Recurrent Neural Networks",
    section 2.3 ("sequence classification"), for text Dai & Le 2015, and for video Donahue et al. 2015.
    `pooling="attention"` is the word attention of Yang et al. 2016, equations 5 to 7, and
    `pooling="concat"` the concat pooling of Howard & Ruder 2018, section 3.3.

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell, see `zoo.own_cells`.
        vocabulary_size: number of tokens, including padding (0) and unknown (1).
        num_features: number of values at each step, or None for tokens.
        encoder: a `keras.Model` that turns a frame of a clip into a vector, for frames instead of
            tokens or values, or None. Both models are trained together.
        mask_value: the number that fills padded steps of values or frames (all of their numbers), or
            None if nothing is padded.
        num_classes: number of classes. With 2 there is one sigmoid output, the probability of class 1.
            With more there is a softmax over the classes.
        num_outputs: for regression, how many numbers to predict. None to classify.
        embedding_dim: size of the word vectors.
        embeddings: pretrained word vectors `[vocabulary_size, dim]`, or None.
        trainable_embeddings: whether training changes the word vectors.
        units: size of the state of each layer (and direction).
        num_layers: number of recurrent layers.
        bidirectional: whether the sequence is read in both directions.
        pooling: `"last"`, the final state: if bidirectional, the forward state after the last step
            joined with the backward state after the first step. Or `"mean"`, `"max"` or `"attention"`
            over all states. Or `"concat"`: last, max and mean joined, three times as many numbers.
        dropout: share that is dropped from the word vectors, between layers and before the output. In
            the word vectors it drops the same features at every step, as in Gal & Ghahramani 2016.

    Call arguments:
        tokens: integers `[batch, time]`, with 0 as padding.
        values: floats `[batch, time, num_features]`, with `mask_value` as padding. They take the place
            of the tokens if num_features is given.
        frames: floats `[batch, time, ...]`, such as `[batch, time, height, width, channels]`, with
            `mask_value` as padding. They take the place of the tokens if an encoder is given.
        Put padding on the right, because cuDNN needs that. With padding on the left or in the middle
        the answers are the same, but it is slower on a GPU. A row that is all padding gets the answer
        for an empty sequence.

    Returns:
        A `keras.Model`. It returns probabilities `[batch, 1]` (train with `"binary_crossentropy"`),
        probabilities `[batch, num_classes]` (`"sparse_categorical_crossentropy"`), or numbers
        `[batch, num_outputs]` (`"mse"`).

    Raises:
        ValueError: the cell or pooling is unknown, the embeddings do not fit, or the encoder does not
            turn a frame into one vector.

    Number of parameters, not counting an encoder (R: see `zoo.cells`; n: embedding_dim, num_features or
    the size of the encoder's vector; directions: 2 if bidirectional, else 1; width = directions *
    units; outputs: num_outputs for regression, 1 for two classes, else num_classes):
        (num_features is None and encoder is None) * vocabulary_size * embedding_dim
        + directions * (R(n) + (num_layers - 1) * R(width)) + (width + 1) * outputs
        + (pooling == "attention") * (width + 2) * units
        + (pooling == "concat") * 2 * width * outputs

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("many_to_one", cell="gru", vocabulary_size=50, num_classes=3)
    >>> model(np.array([[7, 8, 9, 0, 0]])).shape
    TensorShape([1, 3])
    """
    check_choice("pooling", pooling, ("last", "mean", "max", "concat", "attention"))
    if encoder is not None:
        frames = PerFrame(encoder, mask_value, name="frame_encoder")
        inputs = keras.Input((None, *encoder.input_shape[1:]), name="frames")
        x, mask = frames(inputs), frames.compute_mask(inputs)  # [batch, time, features]
    elif num_features is None:
        inputs = keras.Input((None,), dtype="int32", name="tokens")
        x, mask = embed(
            inputs,
            vocabulary_size=vocabulary_size,
            embedding_dim=embedding_dim,
            embeddings=embeddings,
            trainable_embeddings=trainable_embeddings,
        )  # [batch, time, embedding_dim]
        x = layers.SpatialDropout1D(dropout, name="input_dropout")(x)
    else:
        inputs = keras.Input((None, num_features), name="values")
        x, mask = inputs, None
        if mask_value is not None:
            mask = ops.any(ops.not_equal(inputs, mask_value), axis=-1)  # [batch, time]
    x, _ = recurrent_stack(
        x,
        cell=cell,
        units=units,
        num_layers=num_layers,
        bidirectional=bidirectional,
        dropout=dropout,
        mask=mask,
        return_sequences=pooling != "last",
    )  # [batch, time, width], or [batch, width] for the last state
    pooled = [] if pooling != "concat" else last_outputs(x, mask, bidirectional)
    if pooling in ("max", "concat"):
        kept = x
        if mask is not None:  # GlobalMaxPooling1D ignores masks; a state of Keras is never below -1
            lowest = -1.0 if isinstance(find(cell), str) else ops.min(x, axis=1, keepdims=True)
            kept = ops.where(ops.expand_dims(mask, -1), x, lowest)
        pooled.append(layers.GlobalMaxPooling1D(name="max")(kept))
    if pooling in ("mean", "concat"):
        if mask is not None:  # a row without tokens must not be divided by 0; all its states are 0
            mask = ops.where(ops.any(mask, axis=1, keepdims=True), mask, True)
        pooled.append(layers.GlobalAveragePooling1D(dtype="float32", name="mean")(x, mask=mask))
    if pooling == "attention":
        scores = layers.Dense(units, activation="tanh", name="attention_hidden")(x)
        scores = layers.Dense(1, use_bias=False, name="attention_scores")(scores)
        if mask is not None:
            mask = ops.expand_dims(mask, -1)
        weights = layers.Softmax(axis=1, dtype="float32", name="attention")(scores, mask=mask)
        x = ops.sum(weights * x, axis=1)  # weights [batch, time, 1]
    if pooled:  # last, max and mean, or one of them
        x = layers.Concatenate(name="concat")(pooled) if len(pooled) > 1 else pooled[0]
    x = layers.Dropout(dropout, name="output_dropout")(x)  # [batch, width], or three times that
    if num_outputs is not None:
        outputs = layers.Dense(num_outputs, dtype="float32", name="numbers")(x)
    else:
        size, activation = (1, "sigmoid") if num_classes == 2 else (num_classes, "softmax")
        outputs = layers.Dense(size, activation, dtype="float32", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="many_to_one")
