"""Many-to-many: a sequence in, an answer for each step out."""

import keras
from keras import layers, ops

from zoo.cells import embed, recurrent_layer, recurrent_stack
from zoo.errors import InputError, check_choice, shown
from zoo.layers import CRF, CRFTagger, CTCModel, JoinSteps, PerFrame, PerStepModel, PerWord
from zoo.registry import register


@register
def many_to_many(
    *,
    cell="lstm",
    vocabulary_size=10000,
    num_features=None,
    encoder=None,
    mask_value=None,
    num_tags=9,
    embedding_dim=100,
    embeddings=None,
    trainable_embeddings=True,
    units=64,
    num_layers=1,
    bidirectional=True,
    dropout=0.0,
    subsampling=1,
    head="softmax",
    forbidden_transitions=(),
    characters=False,
    character_vocabulary_size=128,
    character_embedding_dim=25,
    character_units=25,
):
    """A tag for every token or step: named entities, parts of speech, the keys of a next chord.

         y1      y2      y3
         |       |       |
        [h] <-> [h] <-> [h]
         |       |       |
         x1      x2      x3

    Embedded tokens -> recurrent layers -> a softmax at each step (Graves & Schmidhuber 2005), or a
    conditional random field that chooses all tags of a sentence together (Huang et al. 2015). By
    default the layers read in both directions, because the next word says as much as the previous one.

    With characters, another recurrent layer reads each word in both directions. Its last states are
    joined to the word vector (Lample et al. 2016), because capitals and endings say much about unknown
    words. The inputs may be values instead of tokens, such as frames of a video, or chords. A step may
    have several tags at once if sigmoids replace the softmax (Boulanger-Lewandowski et al. 2012, with
    `bidirectional=False`).

    Args:
        cell: `"simple_rnn"`, `"lstm"`, `"gru"`, or your own cell, see `zoo.own_cells`.
        vocabulary_size: number of tokens, including padding (0) and unknown (1).
        num_features: number of values at each step, or None for tokens.
        encoder: a `keras.Model` that turns a frame of a clip into a vector, for frames instead of
            tokens or values, or None. Both models are trained together.
        mask_value: the number that fills padded steps of values or frames (all of their numbers), or
            None if nothing is padded.
        num_tags: number of tags.
        embedding_dim: size of the word vectors.
        embeddings: pretrained word vectors `[vocabulary_size, dim]`, or None.
        trainable_embeddings: whether training changes the word vectors.
        units: size of the state of each layer (and direction).
        num_layers: number of recurrent layers.
        bidirectional: whether the sequence is read in both directions.
        dropout: share that is dropped from the inputs, between layers and before the output. With
            `head="ctc"` nothing is dropped from the inputs, see `zoo.audio.spec_augment` instead.
        subsampling: for `head="ctc"`, how many steps are joined to one before the recurrent layers.
        head: `"softmax"` chooses each tag by itself. `"crf"` chooses all tags of a sentence together.
            `"sigmoid"` gives each step any number of tags. `"ctc"` is for a text that is shorter than
            the sequence, without a tag for each step. Then tag 0 is the blank.
        forbidden_transitions: for the CRF, pairs (i, j) of tags. Tag j may not follow tag i. If i is
            -1, tag j may not be the first. `zoo.layers.forbidden_transitions` lists them for IOB2 and
            IOBES.
        characters: whether to read the characters of each word, too.
        character_vocabulary_size: number of characters, including padding (0) and unknown (1).
        character_embedding_dim: size of the character vectors.
        character_units: size of the state of the layer that reads characters, in each direction.

    Call arguments:
        tokens: integers `[batch, time]`, with 0 as padding.
        values: floats `[batch, time, num_features]`, with `mask_value` as padding. They take the place
            of the tokens if num_features is given.
        frames: floats `[batch, time, ...]`, such as `[batch, time, height, width, channels]`, with
            `mask_value` as padding. They take the place of the tokens if an encoder is given.
        characters: with `characters=True`, integers `[batch, time, length of the longest word]`, with 0
            as padding. Then the inputs are `[tokens, characters]`.
        Put padding on the right, because cuDNN needs that. With padding on the left or in the middle
        the answers and the loss are the same, but it is slower on a GPU. With `head="ctc"` it must be
        on the right.

    Returns:
        A `keras.Model` with outputs `[batch, time, num_tags]`. They are tag probabilities, or with a
        CRF 1 at the best tag and 0 elsewhere. In both cases `model.predict(x).argmax(-1)` returns the
        tags. Train a softmax with `"sparse_categorical_crossentropy"` and sigmoids with
        `"binary_crossentropy"`. A CRF has its own loss: `model.compile("adam")`, see
        `zoo.layers.CRFTagger`. All these losses leave out padding. Keras's metrics do not do that by
        themselves. Pass `sample_weight` (1.0 at tokens, 0.0 at padding), and name the metrics in
        `weighted_metrics`. To weight classes, use `sample_weight` too, because `class_weight` is
        refused (see `zoo.layers.PerStepModel`).

        With `head="ctc"` the outputs are log-probabilities `[batch, time / subsampling, num_tags]`, and
        time / subsampling is rounded up. Train with `"ctc"`, Keras's own loss. Its targets are
        `[batch, length of the longest text]`, with 0 as padding. At padded steps, the blank has
        probability 1. So padding changes neither the loss nor the text. `class_weight` is refused, see
        `zoo.layers.CTCModel`.

    Raises:
        ValueError: the cell or head is unknown, the embeddings do not fit, there are forbidden
            transitions without a CRF or with a tag that does not exist, there is subsampling without
            CTC, there are characters for values or frames, or the encoder does not turn a frame into
            one vector.

    Number of parameters, not counting an encoder (R: see `zoo.cells`; C: R with character_units; n:
    embedding_dim, num_features or the size of the encoder's vector; directions: 2 if bidirectional,
    else 1; width = directions * units):
        (num_features is None and encoder is None) * vocabulary_size * embedding_dim
        + characters * character_vocabulary_size * character_embedding_dim
        + characters * 2 * C(character_embedding_dim)
        + directions * R(subsampling * (n + characters * 2 * character_units))
        + directions * (num_layers - 1) * R(width)
        + (width + 1) * num_tags + (head == "crf") * (num_tags + 2) * num_tags

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("many_to_many", cell="gru", vocabulary_size=50, num_tags=9)
    >>> model(np.array([[7, 8, 9, 0, 0]])).shape
    TensorShape([1, 5, 9])
    """
    check_choice("head", head, ("softmax", "crf", "sigmoid", "ctc"))
    if len(forbidden_transitions) and head != "crf":
        raise InputError(f"forbidden_transitions need head='crf'. Received: head={head!r}")
    if subsampling != 1 and head != "ctc":  # the others have an answer for each step
        raise InputError(
            f"subsampling={subsampling} needs head='ctc', because other heads give each step a tag. "
            f"Received: head={head!r}"
        )
    if characters and (encoder is not None or num_features is not None):
        raise InputError(
            "Only tokens have characters. "
            f"Received: num_features={num_features}, encoder={shown(encoder)}"
        )
    if encoder is not None:
        frames = PerFrame(encoder, mask_value, name="frame_encoder")
        inputs = keras.Input((None, *encoder.input_shape[1:]), name="frames")
        x, mask = frames(inputs), frames.compute_mask(inputs)  # [batch, time, features]
    elif num_features is None:
        inputs = tokens = keras.Input((None,), dtype="int32", name="tokens")
        x, mask = embed(
            tokens,
            vocabulary_size=vocabulary_size,
            embedding_dim=embedding_dim,
            embeddings=embeddings,
            trainable_embeddings=trainable_embeddings,
        )  # [batch, time, embedding_dim]
    else:
        inputs = x = keras.Input((None, num_features), name="values")
        mask = None
        if mask_value is not None:  # a layer, and not an operation, so that the loss sees the mask
            masking = layers.Masking(mask_value, dtype="float32", name="masking")
            x, mask = masking(inputs), masking.compute_mask(inputs)
            if head == "ctc":  # a step between others may be silence
                mask = _until_last(mask)
    if characters:
        spelling = keras.Input((None, None), dtype="int32", name="characters")
        inputs = [tokens, spelling]
        y = _read_characters(
            spelling, cell, character_vocabulary_size, character_embedding_dim, character_units
        )
        x = layers.Concatenate(name="word_and_characters")([x, y])
    x = layers.Dropout(0.0 if head == "ctc" else dropout, name="input_dropout")(x)
    if subsampling > 1:
        join = JoinSteps(subsampling, name="join_steps")
        x, mask = join(x, mask=mask), join.compute_mask(x, mask)  # [batch, time / subsampling, ...]
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
    if head == "ctc":
        outputs = _ctc_log_p(x, mask, num_tags)
        return CTCModel(inputs, outputs, name="many_to_many")
    if head != "crf":
        outputs = layers.Dense(num_tags, activation=head, dtype="float32", name="probabilities")(x)
        return PerStepModel(inputs, outputs, name="many_to_many")
    scores = layers.Dense(num_tags, dtype="float32", name="scores")(x)  # [batch, time, num_tags]
    outputs = CRF(num_tags, forbidden_transitions, name="crf")(scores, mask=mask)
    return CRFTagger(inputs, outputs, name="many_to_many")


def _read_characters(spelling, cell, vocabulary_size, embedding_dim, units):
    """A vector for each word, from its characters (Lample et al. 2016)."""
    y, mask = embed(
        spelling,
        vocabulary_size=vocabulary_size,
        embedding_dim=embedding_dim,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
        name="character_embedding",
    )  # [batch, time, length, embedding_dim]
    reader = recurrent_layer(cell, units, embedding_dim, bidirectional=True)
    return PerWord(reader, name="character_rnn")(y, mask=mask)  # [batch, time, 2 * units]


def _until_last(mask):
    """A mask `[batch, time]` that is true up to the last true step of each row."""
    later = ops.cumsum(ops.flip(ops.cast(mask, "int32"), axis=1), axis=1)
    return ops.cast(ops.flip(later, axis=1), "bool")


def _ctc_log_p(x, mask, num_tags):
    """Log-probabilities `[batch, time, num_tags]`. At padding, the blank (0) is certain."""
    scores = layers.Dense(num_tags, dtype="float32", name="scores")(x)
    if mask is not None:  # so padding has no letters and no loss
        letters = ops.where(ops.expand_dims(mask, -1), scores[:, :, 1:], -1e9)
        scores = ops.concatenate([scores[:, :, :1], letters], axis=-1)
    return ops.log_softmax(scores, axis=-1)
