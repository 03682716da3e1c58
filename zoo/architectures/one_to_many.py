"""One-to-many: one thing in, a sequence out."""

import keras
import numpy as np
from keras import layers

from zoo.cells import attend, dropout_layer, embedding_layer, mark_tokens, recurrent_stack
from zoo.decoding import Generator, check_tokens
from zoo.decoding.decoder import all_steps
from zoo.errors import InputError, shown
from zoo.own_cells import sizes_of
from zoo.registry import register


@register
def one_to_many(
    *,
    cell="lstm",
    context_shape=(1280,),
    encoder=None,
    vocabulary_size=10000,
    embedding_dim=256,
    embeddings=None,
    trainable_embeddings=True,
    units=256,
    num_layers=1,
    tie_embeddings=False,
    dropout=0.0,
    variational_dropout=False,
    weight_dropout=0.0,
    start_token=2,
    end_token=3,
):
    """A sequence from one thing: captions for an image, music from a note, text from nothing.

               y1     y2     y3
               |      |      |
        [c] -> [h] -> [h] -> [h]
               |      |      |
              start   y1     y2

    A dense layer turns the context c into the initial states. Each step reads the previous token and
    returns the probabilities of the next token. The context may be

    - a vector, such as the features of an image (Vinyals et al. 2015, who use it as the first input
      instead of the initial state).
    - a grid of vectors, such as the features of the regions of an image. The mean of the vectors sets
      the initial states, and every state attends to the grid, as in Xu et al. 2015. Their attended
      vector goes into the next step. Here it goes into the output of the same step, as in Luong et al.
      2015, so that the recurrent layers run in one call.
    - None, for a language model (Mikolov et al. 2010).

    With an `encoder`, the context is the input of the encoder, such as an image. The output of the
    encoder is the vector or the grid. Both models are trained together.

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell, see `zoo.own_cells`.
        context_shape: `(features,)` for a vector, `(items, features)` for a grid to attend to, None for
            no context. It is ignored if `encoder` is given.
        encoder: a `keras.Model` from a context to a vector or a grid, or None for the context itself.
        vocabulary_size: number of tokens, including padding (0) and unknown (1).
        embedding_dim: size of the token vectors.
        embeddings: pretrained token vectors `[vocabulary_size, dim]`, or None.
        trainable_embeddings: whether training changes the token vectors.
        units: size of the state of each layer.
        num_layers: number of recurrent layers.
        tie_embeddings: whether the output layer uses the matrix of token vectors, without a bias (Press
            & Wolf 2017; Inan et al. 2017). Then `units` must be the size of a token vector.
        dropout: share that is dropped from the token vectors, between layers and before the output.
        variational_dropout: whether `dropout` drops the same features at all steps of a sequence (Gal &
            Ghahramani 2016), instead of other ones at each step.
        weight_dropout: share of the recurrent weights that is dropped, other ones in each batch
            (DropConnect in the AWD-LSTM of Merity et al. 2018). `recurrent_dropout` of Keras's layers
            is something else, because it drops numbers of the state. Not for a cell of your own.
        start_token: the token that `generate` begins with if it gets no tokens.
        end_token: the token that ends a sequence.

    Call arguments:
        context: floats `[batch, *context_shape]`, or the input of the encoder.
        tokens: integers `[batch, time]`, the sequence so far, with a start token first and with 0 as
            padding.
        With a context the inputs are `[context, tokens]`, otherwise `tokens`. Put padding on the right,
        because cuDNN and `generate` need that. In training, other padding gives the same loss, but it
        is slower on a GPU.

    Returns:
        A `keras.Model` that returns the probabilities of the next token `[batch, time,
        vocabulary_size]`. Its method `generate(inputs, max_length, strategy)` (see
        `zoo.decoding.Generator`) takes the context, the tokens so far, or `[context, tokens so far]`.
        Train the model with `"sparse_categorical_crossentropy"` on the tokens shifted by one (teacher
        forcing). The loss leaves out padding. Keras's metrics do not do that by themselves. Pass
        `sample_weight` (1.0 at tokens, 0.0 at padding), and name the metrics in `weighted_metrics`.

    Raises:
        ValueError: the cell is unknown or cannot drop weights, the context has another rank, or the
            embeddings do not fit, or they are tied and have another size than the state.

    Number of parameters, not counting an encoder (R: see `zoo.cells`; features: the last size of the
    vector or grid, or -1 if there is no context; states: 2 for an LSTM, else 1; grid: 1 for a grid,
    else 0):
        vocabulary_size * embedding_dim + R(embedding_dim) + (num_layers - 1) * R(units)
        + num_layers * states * (features + 1) * units
        + (1 - tie_embeddings) * (units + 1) * vocabulary_size
        + grid * (features + units + 1 + features + units) * units

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("one_to_many", cell="gru", context_shape=(64,), vocabulary_size=50)
    >>> model([np.zeros((1, 64)), np.array([[2, 8, 9]])]).shape
    TensorShape([1, 3, 50])
    """
    features_shape = context_shape
    if encoder is not None:
        context_shape, features_shape = encoder.input_shape[1:], encoder.output_shape[1:]
    if context_shape is not None and (len(features_shape) not in (1, 2) or None in features_shape):
        raise InputError(
            "context_shape, or the output of the encoder, must be (features,), (items, features) or "
            f"None. Received: {features_shape}"
        )
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = embedding_layer(
        vocabulary_size=vocabulary_size,
        embedding_dim=embedding_dim,
        embeddings=embeddings,
        trainable_embeddings=trainable_embeddings,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3 if tie_embeddings else 1.0),
        tied=tie_embeddings,
    )
    if tie_embeddings and embedding.output_dim != units:
        raise InputError(
            "With tie_embeddings, the state is compared with the token vectors, so both need the same "
            f"size. Set units={embedding.output_dim}, or give token vectors of size {units}. "
            f"Received: units={units}, token vectors of size {embedding.output_dim}"
        )
    marked = mark_tokens(
        tokens, start_token=start_token, end_token=end_token, vocabulary_size=vocabulary_size
    )
    x, mask = embedding(marked), embedding.compute_mask(marked)  # x: [batch, time, embedding_dim]
    x = dropout_layer(dropout, variational_dropout, name="input_dropout")(x)
    inputs, initial_state = tokens, None
    if context_shape is not None:
        context = keras.Input(context_shape, name="context")
        inputs = [context, tokens]
        features = context if encoder is None else encoder(context)
        summary = features
        if len(features_shape) == 2:
            summary = layers.GlobalAveragePooling1D(dtype="float32", name="context_mean")(features)
        initial_state = [
            layers.Dense(size, activation="tanh", name=f"initial_state_{i}")(summary)
            for i, size in enumerate(num_layers * sizes_of(cell, units))
        ]  # each [batch, size], and the size is units except in some cells of your own
    x, _ = recurrent_stack(
        x,
        cell=cell,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        variational_dropout=variational_dropout,
        weight_dropout=weight_dropout,
        mask=mask,
        initial_state=initial_state,
    )  # [batch, time, units]
    if context_shape is not None and len(features_shape) == 2:
        x = attend(x, features, attention="additive", units=units, mask=mask)
    x = dropout_layer(dropout, variational_dropout, name="output_dropout")(x)
    if tie_embeddings:
        scores = embedding(x, reverse=True)  # [batch, time, vocabulary_size]
        outputs = layers.Activation("softmax", dtype="float32", name="probabilities")(scores)
    else:
        outputs = layers.Dense(vocabulary_size, "softmax", dtype="float32", name="probabilities")(x)
    return OneToMany(inputs, outputs, name="one_to_many")


@keras.saving.register_keras_serializable("zoo")
class OneToMany(Generator):
    """The class of the models that `one_to_many` builds."""

    def with_states(self):
        """Makes a model with the same layers that takes states and returns states.

        It reads a long text in windows. Pass the states that one call returns to the next call. Then
        the windows give the same result as one long pass. Gradients do not go from window to window, so
        training with it is truncated BPTT (Williams & Peng 1990). It only works for language models,
        which have no context.

        Returns:
            A `keras.Model` with the inputs `[tokens, *states]` and the outputs `[probabilities,
            *states]`. Tokens are `[batch, time]`. Each state is `[batch, units]`. Begin with zeros. The
            states have the order in which `zoo.cells.recurrent_stack` returns them. The weights are
            shared with this model.

        Raises:
            ValueError: the model has a context, or a recurrent layer does not return its states.

        Example:

        >>> import zoo
        >>> model = zoo.build("one_to_many", cell="lstm", context_shape=None, units=8)
        >>> h, c = np.zeros((2, 1, 8))
        >>> p, h, c = model.with_states()([np.array([[5, 6, 7]]), h, c])
        >>> p.shape, h.shape
        (TensorShape([1, 3, 10000]), TensorShape([1, 8]))
        """
        if len(self.inputs) == 2:
            raise InputError(
                "with_states is for language models, built with context_shape=None. "
                f"Received: a context of shape {self.inputs[0].shape[1:]}"
            )
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        decoder = self.decoder()
        zeros, _ = decoder.begin([np.ones((1, 1), "int32")])
        states = [
            keras.Input(state.shape[1:], dtype=keras.backend.standardize_dtype(state.dtype))
            for state in zeros
        ]  # each [batch, units]
        outputs, new_states = decoder.run(tokens, states, (), all_steps)
        return keras.Model([tokens, *states], [outputs, *new_states], name="one_to_many_with_states")

    def check_inputs(self, inputs):
        context, tokens = None, inputs
        if len(self.inputs) == 2:
            context, tokens = inputs, None
            if isinstance(inputs, (list, tuple)):
                if len(inputs) != 2:
                    raise InputError(
                        "inputs must be the contexts in one array, or [contexts, tokens so far]. "
                        f"Received: a list of {len(inputs)}"
                    )
                context, tokens = inputs
            try:
                with np.errstate(over="ignore"):  # numbers too large for float32 become infinite
                    context = np.asarray(context, "float32")
            except (TypeError, ValueError):  # texts, or rows of different lengths
                raise InputError(
                    f"The context must be numbers in one array. Received: {shown(context)}"
                ) from None
            shape = self.inputs[0].shape[1:]
            if not context.size or context.shape[1:] != shape:
                raise InputError(
                    f"The context must have the shape {('batch', *shape)}. Received: {context.shape}"
                )
            wrong = np.flatnonzero(~np.isfinite(context.reshape(len(context), -1)).all(axis=1))
            if wrong.size:
                raise InputError(
                    "The context must be finite numbers. "
                    f"Received: row {wrong[0]} has NaN or infinity, or numbers too large for float32"
                )
            if tokens is None:
                tokens = np.full((len(context), 1), self.start_token)
        tokens = check_tokens(tokens, self.outputs[0].shape[-1])
        if context is None:
            return [tokens]
        if len(tokens) != len(context):
            raise InputError(
                "There must be a context for each row of tokens. "
                f"Received: {len(context)} contexts, {len(tokens)} rows"
            )
        return [context, tokens]
