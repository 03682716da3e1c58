"""Encoder-decoder: a sequence in, a sequence of another length out."""

import keras
import numpy as np
from keras import layers

from zoo.cells import attend, embed, mark_tokens, recurrent_stack
from zoo.decoding import Generator, check_tokens
from zoo.errors import check_choice
from zoo.lengths import few_lengths
from zoo.own_cells import sizes_of
from zoo.registry import register


@register
def encoder_decoder(
    *,
    cell="lstm",
    source_vocabulary_size=10000,
    target_vocabulary_size=10000,
    embedding_dim=256,
    source_embeddings=None,
    target_embeddings=None,
    trainable_embeddings=True,
    units=256,
    num_layers=1,
    bidirectional=True,
    attention="additive",
    dropout=0.0,
    start_token=2,
    end_token=3,
):
    """A sequence from a sequence: translation, pronunciation, answers to questions.

                                 y1     y2
                                 |      |
        [h] <-> [h] <-> [h] ===> [s] -> [s]
         |       |       |       |      |
         x1      x2      x3    start    y1

    The final states of the encoder become the initial states of the decoder. Each step of the decoder
    reads the previous token, may attend to all states of the encoder, and returns the probabilities of
    the next token.

    Without attention this is the model of Sutskever et al. 2014 and Cho et al. 2014. The attention
    follows Bahdanau et al. 2015 (`"additive"`) or Luong et al. 2015 (`"dot"`). In both cases the
    attended vector joins the output of the same step, as in Luong et al. Bahdanau et al. feed it into
    the next step instead, so their decoder must run step by step in training, too.

    A bidirectional encoder has twice as many states as the decoder takes. So a dense layer with tanh
    turns each pair into one state (Bahdanau et al., appendix A.2.2, use the backward state only).

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell, see `zoo.own_cells`.
        source_vocabulary_size: number of source tokens, including padding (0) and unknown (1).
        target_vocabulary_size: number of target tokens, including padding (0) and unknown (1).
        embedding_dim: size of the source vectors and of the target vectors.
        source_embeddings: pretrained vectors `[source_vocabulary_size, dim]`, or None.
        target_embeddings: pretrained vectors `[target_vocabulary_size, dim]`, or None.
        trainable_embeddings: whether training changes the vectors.
        units: size of the state of each layer (and direction).
        num_layers: number of recurrent layers in the encoder, and in the decoder.
        bidirectional: whether the encoder reads the source in both directions.
        attention: `"none"`, `"dot"` or `"additive"`.
        dropout: share that is dropped from the token vectors, between layers and before the output.
        start_token: the target token that `generate` begins with.
        end_token: the target token that ends a sequence.

    Call arguments:
        source: integers `[batch, source time]`, with 0 as padding.
        target: integers `[batch, target time]`, the target so far, with a start token first and with 0
            as padding.
        The inputs are `[source, target]`. Put padding on the right, because cuDNN and `generate` need
        that. In training, other padding gives the same loss, but it is slower on a GPU.

    Returns:
        A `keras.Model` that returns the probabilities of the next token `[batch, target time,
        target_vocabulary_size]`. For its method `generate(source, max_length, strategy)` see
        `zoo.decoding.Generator`. Train the model with `"sparse_categorical_crossentropy"` on the target
        shifted by one (teacher forcing). The loss leaves out padding. Keras's metrics do not do that by
        themselves. Pass `sample_weight` (1.0 at tokens, 0.0 at padding), and name the metrics in
        `weighted_metrics`. To plot the attention weights, use
        `keras.Model(model.inputs, model.get_layer("attention").output[1])`.

    Raises:
        ValueError: the cell or attention is unknown, or the embeddings do not fit.

    Number of parameters (R: see `zoo.cells`; directions: 2 if bidirectional, else 1;
    width = directions * units; states: 2 for an LSTM, else 1):
        (source_vocabulary_size + target_vocabulary_size) * embedding_dim
        + directions * (R(embedding_dim) + (num_layers - 1) * R(width))
        + R(embedding_dim) + (num_layers - 1) * R(units) + (units + 1) * target_vocabulary_size
        + bidirectional * num_layers * states * (width + 1) * units
        + (attention != "none") * (width + width + units) * units
        + (attention == "additive") * (units + 1) * units

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("encoder_decoder", cell="gru", target_vocabulary_size=50, units=16)
    >>> model([np.array([[7, 8, 9, 0]]), np.array([[2, 5]])]).shape
    TensorShape([1, 2, 50])
    """
    check_choice("attention", attention, ("none", "dot", "additive"))
    stack = {"cell": cell, "units": units, "num_layers": num_layers, "dropout": dropout}

    source = keras.Input((None,), dtype="int32", name="source")
    x, source_mask = embed(
        source,
        vocabulary_size=source_vocabulary_size,
        embedding_dim=embedding_dim,
        embeddings=source_embeddings,
        trainable_embeddings=trainable_embeddings,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
        name="source_embedding",
    )  # [batch, source time, embedding_dim]
    x = layers.Dropout(dropout, name="source_dropout")(x)
    memory, states = recurrent_stack(
        x, mask=source_mask, bidirectional=bidirectional, name="encoder", **stack
    )  # [batch, source time, width]
    if bidirectional:
        # The states of a layer are h (and c) forward, then h (and c) backward. Bridge each pair.
        sizes = sizes_of(cell, units)
        n = len(sizes)
        pairs = [
            (states[2 * n * layer + k], states[2 * n * layer + n + k])
            for layer in range(num_layers)
            for k in range(n)
        ]
        states = [
            layers.Dense(sizes[i % n], activation="tanh", name=f"bridge_{i}")(
                layers.Concatenate(name=f"bridge_{i}_concatenate")(pair)
            )
            for i, pair in enumerate(pairs)
        ]  # each [batch, size], and the size is units except in some cells of your own

    target = keras.Input((None,), dtype="int32", name="target")
    tokens = mark_tokens(
        target,
        start_token=start_token,
        end_token=end_token,
        vocabulary_size=target_vocabulary_size,
    )
    y, target_mask = embed(
        tokens,
        vocabulary_size=target_vocabulary_size,
        embedding_dim=embedding_dim,
        embeddings=target_embeddings,
        trainable_embeddings=trainable_embeddings,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
        name="target_embedding",
    )  # [batch, target time, embedding_dim]
    y = layers.Dropout(dropout, name="target_dropout")(y)
    y, _ = recurrent_stack(y, mask=target_mask, initial_state=states, name="decoder", **stack)
    if attention != "none":
        y = attend(
            y,
            memory,
            attention=attention,
            units=units,
            mask=target_mask,
            memory_mask=source_mask,
        )
    y = layers.Dropout(dropout, name="output_dropout")(y)  # [batch, target time, units]
    outputs = layers.Dense(target_vocabulary_size, "softmax", dtype="float32", name="probabilities")(y)
    return EncoderDecoder([source, target], outputs, name="encoder_decoder")


@keras.saving.register_keras_serializable("zoo")
class EncoderDecoder(Generator):
    """The class of the models that `encoder_decoder` builds."""

    def check_inputs(self, inputs):
        source = check_tokens(inputs, self.get_layer("source_embedding").input_dim, "the source")
        if keras.backend.backend() == "jax":  # it compiles for each length
            length = few_lengths(source.shape[1])
            source = np.pad(source, ((0, 0), (0, length - source.shape[1])))
        return [source, np.full((len(source), 1), self.start_token, "int32")]
