"""The parts of every architecture: embedded tokens, stacked recurrent layers, attention.

They use Keras's own layers, and pass on the mask and the states. Let x_t be the input and h_t the state
at step t, and W, U and b the kernel, the recurrent kernel and the bias. Then the cells compute

    simple_rnn  h_t = tanh(W x_t + U h_{t-1} + b)                          Elman 1990

    lstm        f, i, o = sigmoid(W x_t + U h_{t-1} + b), W, U, b for each  Hochreiter &
                g   = tanh(W_g x_t + U_g h_{t-1} + b_g)                    Schmidhuber 1997,
                c_t = f * c_{t-1} + i * g                                  Gers et al. 2000
                h_t = o * tanh(c_t)

    gru         z, r = sigmoid(W x_t + U h_{t-1} + b), W, U, b for each  Cho et al. 2014
                n   = tanh(W_n x_t + b_n + r * (U_n h_{t-1} + d_n))
                h_t = z * h_{t-1} + (1 - z) * n

Textbooks often write the GRU as h_t = (1 - z) * h_{t-1} + z * n. That is the same cell, because
1 - sigmoid(a) = sigmoid(-a). To turn one into the other, negate W_z, U_z and b_z. Keras (like PyTorch
and cuDNN) applies r after the product with U_n, so a GRU has two biases.

A recurrent layer with inputs of size n has this number of parameters, which the docstrings of the types
call R(n). A bidirectional layer has twice as many:

    simple_rnn: units * (n + units + 1)
    lstm: 4 * units * (n + units + 1)
    gru: 3 * units * (n + units + 2)

A cell may also be one of your own, see `zoo.own_cells`. The files in `zoo/example_cells` are examples.

With mixed precision (`keras.config.set_dtype_policy("mixed_float16")`, or the flag --precision of a
recipe) weights are float32 and most layers compute in half precision. Means over time, attention and
the last layer of each type compute in float32, because they sum over many steps or exponentiate.
"""

import keras
import numpy as np
from keras import layers, ops

from zoo import own_cells
from zoo.errors import InputError, shown
from zoo.layers import (
    StartAndEnd,
    TiedEmbedding,
    WeightDropoutGRU,
    WeightDropoutLSTM,
    WeightDropoutSimpleRNN,
)

CELLS = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
WEIGHT_DROPOUT_CELLS = {
    "simple_rnn": WeightDropoutSimpleRNN,
    "lstm": WeightDropoutLSTM,
    "gru": WeightDropoutGRU,
}


def mark_tokens(tokens, *, start_token, end_token, vocabulary_size):
    """Returns the tokens unchanged, through a `StartAndEnd` layer.

    Args:
        tokens: integers `[batch, time]`.
        start_token: the token that every sequence begins with.
        end_token: the token that ends a sequence.
        vocabulary_size: both tokens must be below this number.

    Raises:
        ValueError: the start token or the end token is not in the vocabulary.
    """
    for name, token in (("start_token", start_token), ("end_token", end_token)):
        if token >= vocabulary_size:
            raise InputError(
                f"{name} must be below the size of the vocabulary, {vocabulary_size}. "
                f"Received: {name}={token}"
            )
    return StartAndEnd(start_token, end_token, name="start_and_end")(tokens)


def embed(tokens, **options):
    """Looks up a vector for each token.

    Args:
        tokens: integers `[batch, time]`. 0 is padding, on the right.
        **options: see `embedding_layer`.

    Returns:
        Vectors `[batch, time, dim]`, and the mask `[batch, time]`, true where there is a token. Pass
        the mask to every layer that takes one, because Keras's automatic mask gets lost. For example,
        a recurrent layer that is called with `initial_state=` drops it.

    Raises:
        ValueError: see `embedding_layer`.

    Example:

    >>> import keras, numpy as np
    >>> tokens = keras.Input((None,), dtype="int32")
    >>> x, mask = embed(tokens, vocabulary_size=3, embedding_dim=None, embeddings=np.eye(3))
    >>> keras.Model(tokens, x).predict(np.array([[2, 1, 0]]), verbose=0)[0, 0]
    array([0., 0., 1.], dtype=float32)
    """
    layer = embedding_layer(**options)
    return layer(tokens), layer.compute_mask(tokens)


def embedding_layer(
    *,
    vocabulary_size,
    embedding_dim,
    embeddings=None,
    trainable_embeddings=True,
    embeddings_initializer="uniform",
    tied=False,
    name="embedding",
):
    """Makes the layer that looks up a vector for each token.

    Args:
        vocabulary_size: number of rows of the table. All tokens are below it.
        embedding_dim: size of a vector, ignored if `embeddings` is given.
        embeddings: pretrained vectors `[vocabulary_size, dim]` to start from, or None for random ones.
        trainable_embeddings: whether training changes the vectors.
        embeddings_initializer: initializer of the random vectors. Keras's default, with numbers up to
            0.05, is right for classes and tags. A model that predicts tokens learns much faster from
            larger numbers: `RandomNormal(stddev=1.0)` in a language model, and 0.3 in an encoder and
            decoder.
        tied: whether the layer also computes the scores of the next token, see `TiedEmbedding`.
        name: name of the layer.

    Returns:
        A `keras.layers.Embedding`. Token 0 is masked.

    Raises:
        ValueError: `embeddings` is not a matrix of finite numbers with one row for each token.

    Example:

    >>> import numpy as np
    >>> layer = embedding_layer(vocabulary_size=3, embedding_dim=5, tied=True)
    >>> layer(layer(np.array([[2, 1]])), reverse=True).shape
    TensorShape([1, 2, 3])
    """
    if embeddings is not None:
        embeddings = _check_embeddings(f"{name}s", embeddings, vocabulary_size)
        embedding_dim = embeddings.shape[1]
    layer = (TiedEmbedding if tied else layers.Embedding)(
        vocabulary_size,
        embedding_dim,
        mask_zero=True,
        trainable=trainable_embeddings,
        embeddings_initializer=embeddings_initializer,
        dtype="float32" if tied else None,  # as in other layers that come before a softmax
        name=name,
    )
    if embeddings is not None:
        # An initializer would write the matrix into the saved config.
        layer.build((None, None))
        layer.set_weights([embeddings])
    return layer


def _check_embeddings(name, embeddings, vocabulary_size):
    try:
        embeddings = ops.convert_to_numpy(embeddings)
    except (TypeError, ValueError):  # rows of different lengths
        embeddings = np.array(None)
    is_matrix = embeddings.ndim == 2 and embeddings.size and embeddings.dtype.kind in "fiu"
    if not is_matrix or len(embeddings) != vocabulary_size:
        raise InputError(
            f"{name} must have one row of numbers for each token: a matrix of shape "
            f"({vocabulary_size}, dim). Received: {embeddings.dtype}, shape {embeddings.shape}"
        )
    with np.errstate(over="ignore"):  # numbers too large for float32 become infinite
        embeddings = embeddings.astype("float32")
    wrong = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if wrong.size:
        raise InputError(
            f"{name} must be finite numbers. Received: row {wrong[0]} has "
            f"{embeddings[wrong[0]][~np.isfinite(embeddings[wrong[0]])][0]}"
        )
    return embeddings


def recurrent_layer(cell, units, features, bidirectional=False, weight_dropout=0.0, **options):
    """Makes one recurrent layer.

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own, see `zoo.own_cells`.
        units: size of the output of each direction.
        features: size of the inputs at each step.
        bidirectional: whether the layer reads the sequence in both directions.
        weight_dropout: share of the recurrent weights that is dropped, see
            `zoo.layers.WeightDropout`. Not for a cell of your own.
        **options: arguments of `keras.layers.RNN`, such as `return_sequences` and `name`.

    Returns:
        A `keras.layers.RNN` or a `keras.layers.Bidirectional`.

    Raises:
        ValueError: there is no such cell, or it does not work, or it cannot drop weights.

    Example:

    >>> import keras
    >>> layer = recurrent_layer(keras.layers.LSTMCell(1, use_bias=False), units=8, features=5)
    >>> layer(keras.Input((None, 5))).shape
    (None, 8)
    """
    cell = own_cells.find(cell)
    if isinstance(cell, str) and weight_dropout:
        layer = WEIGHT_DROPOUT_CELLS[cell](units, weight_dropout, **options)
    elif isinstance(cell, str):
        layer = CELLS[cell](units, **options)
    elif weight_dropout:
        raise InputError(
            "weight_dropout is for 'simple_rnn', 'lstm' and 'gru'. In a cell of your own, drop weights "
            f"yourself. Received: weight_dropout={weight_dropout}, cell={shown(cell)}"
        )
    else:
        layer = own_cells.make_layer(cell, units, features, **options)
    return own_cells.in_both_directions(layer, options.get("name")) if bidirectional else layer


def recurrent_stack(
    inputs,
    *,
    cell,
    units,
    num_layers=1,
    bidirectional=False,
    dropout=0.0,
    variational_dropout=False,
    weight_dropout=0.0,
    mask=None,
    initial_state=None,
    return_sequences=True,
    name="rnn",
):
    """Stacks recurrent layers on top of each other.

    Args:
        inputs: `[batch, time, features]`.
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own, see `zoo.own_cells`.
        units: size of the output of each layer (and direction).
        num_layers: number of layers.
        bidirectional: whether each layer reads the sequence in both directions. Then the outputs have
            `2 * units` features.
        dropout: share of the features that is dropped between two layers.
        variational_dropout: whether the same features are dropped at all steps of a sequence.
        weight_dropout: share of the recurrent weights that is dropped, see `recurrent_layer`.
        mask: booleans `[batch, time]`. A step that is false does not change the state.
        initial_state: a flat list in the order of the returned states, or None for zeros.
        return_sequences: whether to return the outputs of all steps, or of the last step only.
        name: prefix of the names of the layers.

    Returns:
        The outputs `[batch, time, units]` or `[batch, units]`, and the states after the last step. The
        states are one flat list of `[batch, units]`. They are ordered by layer, then forward and
        backward, then h and c (only an LSTM has c). The states of a cell of your own have the sizes and
        the order of its `state_size`.

    Raises:
        ValueError: there is no such cell, or it does not work, or it cannot drop weights, or there is
            no layer.

    Example:

    >>> import keras
    >>> x = keras.Input((None, 5))
    >>> outputs, states = recurrent_stack(x, cell="lstm", units=8, num_layers=2, bidirectional=True)
    >>> outputs.shape, len(states), states[0].shape
    ((None, None, 16), 8, (None, 8))
    """
    if num_layers < 1:
        raise InputError(f"num_layers must be at least 1. Received: num_layers={num_layers}")
    x, states = inputs, []
    for i in range(num_layers):
        is_last = i == num_layers - 1
        if dropout and i > 0:
            x = dropout_layer(dropout, variational_dropout, name=f"{name}_{i}_dropout")(x)
        layer = recurrent_layer(
            cell,
            units,
            x.shape[-1],
            bidirectional,
            weight_dropout,
            return_sequences=return_sequences or not is_last,
            return_state=True,
            name=f"{name}_{i}",
        )
        directions = [layer.forward_layer, layer.backward_layer] if bidirectional else [layer]
        structure = [size for direction in directions for size in direction.state_size]
        n = len(keras.tree.flatten(structure))
        layer_state = initial_state and keras.tree.pack_sequence_as(
            structure, initial_state[i * n : (i + 1) * n]
        )
        x, *new_state = layer(x, mask=mask, initial_state=layer_state)
        states += keras.tree.flatten(new_state)
    return x, states


def dropout_layer(rate, variational=False, name=None):
    """Makes a dropout layer for inputs `[batch, time, features]`.

    Args:
        rate: share of the features that is dropped.
        variational: whether the same features are dropped at all steps of a sequence (Gal & Ghahramani
            2016). Otherwise each step drops other ones (Zaremba et al. 2014).
        name: name of the layer.

    Returns:
        A `keras.layers.Dropout`, which `keras.layers.SpatialDropout1D` is, too.

    Example:

    >>> import keras
    >>> x = dropout_layer(0.5, variational=True)(keras.ops.ones((1, 2, 8)), training=True)
    >>> bool(keras.ops.all(x[:, 0] == x[:, 1]))
    True
    """
    return (layers.SpatialDropout1D if variational else layers.Dropout)(rate, name=name)


def attend(query, memory, *, attention, units, mask, memory_mask=None):
    """Lets each decoder state attend to a memory (Bahdanau et al. 2015, Luong et al. 2015).

    Let s_t be the state at step t and m_j an item of the memory. Then

        "dot"       score_tj = s_t . W m_j                        Luong's "general", section 3.1
        "additive"  score_tj = v . tanh(W m_j + Q s_t)            Bahdanau, appendix A.1.2
        a_t = softmax over j of score_tj,  c_t = sum over j of a_tj m_j
        output_t = tanh(C [c_t; s_t])                             Luong, equation 5

    The layer named `attention` also returns the weights a_t. To plot them, use
    `keras.Model(model.inputs, model.get_layer("attention").output[1])`.

    Args:
        query: the states `[batch, time, units]`.
        memory: the items to attend to `[batch, items, features]`.
        attention: `"dot"` or `"additive"`.
        units: size of the state, and of the output.
        mask: booleans `[batch, time]`, true at real steps of the query.
        memory_mask: booleans `[batch, items]`, or None if all items are real.

    Returns:
        `[batch, time, units]`.

    Example:

    >>> import keras
    >>> states, grid = keras.Input((None, 8)), keras.Input((25, 1280))
    >>> attend(states, grid, attention="additive", units=8, mask=None).shape
    (None, None, 8)
    """
    keys = layers.Dense(units, use_bias=False, name="attention_keys")(memory)
    if attention == "dot":
        scored, layer = query, layers.Attention(dtype="float32", name="attention")
    else:
        scored = layers.Dense(units, use_bias=False, name="attention_query")(query)
        layer = layers.AdditiveAttention(dtype="float32", name="attention")
    if memory_mask is not None:  # older versions of Keras do not add the axis of the query's steps
        memory_mask = ops.expand_dims(memory_mask, 1)  # [batch, 1, items]
    context, _ = layer(
        [scored, memory, keys],
        mask=[mask, memory_mask],
        return_attention_scores=True,  # [batch, time, items]
    )
    # Both parts have the mask of the query. If one had none, the joined mask would be all true.
    x = layers.Concatenate(name="attention_concatenate")([context, query])
    return layers.Dense(units, activation="tanh", use_bias=False, name="attention_output")(x)


def last_outputs(outputs, mask, bidirectional=False):
    """Takes the output of each direction after the last step that it reads.

    At padded steps the outputs differ between backends, so they are not used.

    Args:
        outputs: `[batch, time, features]`, the outputs of a recurrent layer at all steps.
        mask: booleans `[batch, time]`, true at real steps, or None if all steps are real.
        bidirectional: whether the second half of the features comes from a layer that reads backward,
            whose last step is the first one.

    Returns:
        A list of `[batch, features]`, or two of `[batch, features / 2]`.

    Example:

    >>> import numpy as np
    >>> outputs = np.array([[[1.0], [2.0], [3.0]]])  # one row of three steps
    >>> last_outputs(outputs, np.array([[True, True, False]]))[0].numpy()
    array([[2.]])
    """
    parts = ops.split(outputs, 2, axis=-1) if bidirectional else [outputs]
    if mask is None:
        return [part[:, step] for part, step in zip(parts, (-1, 0), strict=False)]
    is_step = ops.cast(mask, "int32")
    last = ops.cumsum(is_step, axis=1)  # [batch, time]; argmax finds the first of the largest numbers
    steps = [ops.argmax(x, axis=1, keepdims=True) for x in (last, is_step)]  # [batch, 1]
    return [
        ops.squeeze(ops.take_along_axis(part, ops.expand_dims(step, -1), axis=1), axis=1)
        for part, step in zip(parts, steps, strict=False)
    ]
