"""From next-token probabilities to whole sequences: greedy, sampling and beam search.

Each strategy repeats a step function, `(tokens, states) -> (log_probabilities, states)`, with tokens
`[rows]`, log-probabilities `[rows, vocabulary]` and states a list of tensors whose first axis is rows.
The loop is written in keras.ops and handles a whole batch at once. `Generator.generate` compiles it
together with the model.

One call of the loop does CHUNK steps at most. Between two calls Python is in control, so Ctrl-C stops a
long generation, and its time grows in proportion to its length.
"""

import collections
import functools
import inspect
import re
import threading

import keras
import numpy as np
from keras import ops

from zoo import arguments
from zoo.compiling import compiled
from zoo.errors import InputError, check_choice
from zoo.layers import PerStepModel
from zoo.lengths import by_length

IMPOSSIBLE = -1e9  # stands for log 0; it is finite, because inf - inf is NaN
CHUNK = 32  # steps, about half a second of a large batch
LOOPS = 6  # compiled functions that a model keeps; the one used least recently is dropped


def greedy(step, tokens, states, *, max_length, end_token=3):
    """Takes the most probable token at every step.

    Args:
        step: `(tokens, states) -> (log_probabilities, states)`, see above.
        tokens: the first token of each row `[batch]`, usually the start token.
        states: list of tensors, the first axis of each is batch.
        max_length: number of tokens at most.
        end_token: the token after which a row is finished.

    Returns:
        A NumPy array of integers `[batch, max_length]`: without the first token, with the end token, 0
        after it.

    Raises:
        ValueError: max_length is not an integer above 0, or a log-probability is NaN.

    Example: after token t comes t + 1, until the end token 7.

    >>> def step(tokens, states):
    ...     return ops.log(ops.one_hot(tokens + 1, 9) + 1e-9), states
    >>> greedy(step, ops.array([5, 2]), [], max_length=4, end_token=7)
    array([[6, 7, 0, 0],
           [3, 4, 5, 6]], dtype=int32)
    """
    _check_options(max_length)
    generated = _one_by_one(_calls(step), tokens, states, max_length, end_token, top_k=1, seed=0)
    return _pad(generated, max_length)


def sample(
    step,
    tokens,
    states,
    *,
    max_length,
    end_token=3,
    temperature=1.0,
    top_k=None,
    top_p=1.0,
    seed=None,
):
    """Draws every token at random from the model's distribution.

    One random number from 0 to 1 picks each token from the sorted, cut and renormalized distribution
    (inverse transform sampling). NumPy draws these numbers. So a seed gives the same text on every
    backend, and a larger `max_length` only makes the text longer.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`.
        temperature: divides the log-probabilities; below 1 the likely tokens become likelier.
        top_k: draws from the k most probable tokens only (Fan et al. 2018); None for all.
        top_p: draws from the fewest tokens that together have this probability (nucleus sampling,
            Holtzman et al. 2020), after temperature and top_k.
        seed: an integer from 0, or None for another text each time.

    Returns:
        A NumPy array of integers `[batch, max_length]`, see `greedy`.

    Raises:
        ValueError: max_length, temperature, top_k, top_p or seed out of range, or a log-probability is
            NaN.

    Example: with half the probability kept, only the likeliest token remains.

    >>> def step(tokens, states):
    ...     return ops.log(ops.array([[0.1, 0.1, 0.1, 0.1, 0.6]])), states
    >>> sample(step, ops.array([2]), [], max_length=3, top_p=0.5, seed=0)
    array([[4, 4, 4]], dtype=int32)
    """
    _check_options(max_length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
    options = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    generated = _one_by_one(_calls(step), tokens, states, max_length, end_token, **options)
    return _pad(generated, max_length)


def _pad(tokens, max_length):
    """Zeros after the tokens `[..., time]`, up to `max_length`."""
    before = [(0, 0)] * (tokens.ndim - 1)
    return np.pad(tokens, [*before, (0, max_length - tokens.shape[-1])])


def _calls(step):
    """How a strategy calls a loop of this module: with a step function, and not compiled."""

    def run(loop, *tensors, **fixed):
        return loop(step, *keras.tree.map_structure(ops.convert_to_tensor, tensors), **fixed)

    return run


def _one_by_one(
    run, tokens, states, max_length, end_token, top_k=None, temperature=1.0, top_p=1.0, seed=None
):
    """Greedy (the sampling from the one best token) and sampling, for `run` see `_calls`."""
    seed = np.random.randint(2**31) if seed is None else seed
    rng = np.random.default_rng(seed)
    tokens = ops.cast(tokens, "int32")
    is_done, chunks = np.zeros(len(tokens), bool), []
    scalars = [np.float32(temperature), np.float32(top_p), np.int32(end_token)]
    for start in range(0, max_length, CHUNK):
        limit = min(CHUNK, max_length - start)
        uniform = rng.random((len(is_done), CHUNK), "float32")
        chunk, is_nan, tokens, is_done, states = run(
            _sample_loop, np.int32(limit), uniform, *scalars, tokens, is_done, states, top_k=top_k
        )
        _check_not_nan(is_nan)
        chunks.append(ops.convert_to_numpy(chunk)[:, :limit])
        if ops.convert_to_numpy(is_done).all():
            break
    return np.concatenate(chunks, axis=1)


def _sample_loop(
    step, limit, uniform, temperature, top_p, end_token, tokens, is_done, states, *, top_k
):
    """The next tokens of each row, `limit` at most, with random numbers `[batch, CHUNK]`."""

    def choose(log_p, t):
        if top_k == 1:
            return ops.argmax(log_p, axis=-1)
        vocabulary_size = log_p.shape[-1]
        # What is impossible stays so at any temperature.
        log_p = ops.where(log_p > IMPOSSIBLE / 2, log_p / temperature, IMPOSSIBLE)
        log_p, order = ops.top_k(log_p, min(top_k or vocabulary_size, vocabulary_size))
        p = ops.softmax(log_p, axis=-1)  # [batch, k], falling
        before = ops.cumsum(p, axis=-1) - p
        p = ops.where(before < top_p, p, 0.0)
        cumulative = ops.cumsum(p, axis=-1)
        threshold = ops.take(uniform, t, axis=1)[:, None] * cumulative[:, -1:]
        rank = ops.sum(ops.cast(cumulative <= threshold, "int32"), axis=-1)  # [batch]
        rank = ops.minimum(rank, ops.sum(ops.cast(p > 0, "int32"), axis=-1) - 1)  # against rounding
        return ops.take_along_axis(order, rank[:, None], axis=-1)[:, 0]

    def some_go_on(t, chunk, is_nan, tokens, is_done, states):
        is_over = ops.logical_or(is_nan, ops.all(is_done))
        return ops.logical_and(t < limit, ops.logical_not(is_over))

    def one_token(t, chunk, is_nan, tokens, is_done, states):
        log_p, states = step(tokens, states)
        log_p = ops.cast(log_p, "float32")
        tokens = ops.where(is_done, 0, ops.cast(choose(log_p, t), "int32"))
        chunk = ops.where(ops.arange(CHUNK) == t, tokens[:, None], chunk)
        is_done = ops.logical_or(is_done, tokens == end_token)
        return t + 1, chunk, _has_nan(log_p), tokens, is_done, states

    chunk = ops.repeat(ops.zeros_like(tokens)[:, None], CHUNK, axis=1)  # [batch, CHUNK]
    loop = (ops.array(0), chunk, ops.array(False), tokens, is_done, list(states))
    return ops.while_loop(some_go_on, one_token, loop)[1:]


def _has_nan(log_p):
    return ops.any(ops.isnan(ops.sum(log_p, axis=-1)))


def _check_not_nan(is_nan):
    if is_nan:
        raise InputError(
            "The model gives no probabilities: its weights are not all numbers, or what it computes in "
            "half precision is too large. Train it again, or load other weights."
        )


def beam_search(
    step,
    tokens,
    states,
    *,
    max_length,
    end_token=3,
    beam_width=5,
    length_penalty=1.0,
    n_best=1,
):
    """Keeps the `beam_width` most probable prefixes of each row, instead of one.

    At every step each prefix is continued with every token. The best that end are finished
    hypotheses, the best that do not live on. A hypothesis y is ranked by

        score(y) = log p(y) / ((5 + length) / 6) ** length_penalty       Wu et al. 2016, equation 14

    with its end token counted in its length. The search stops when no living prefix can overtake
    the `n_best` finished ones, which changes nothing in the result; a hypothesis that `max_length`
    cuts off ranks with the others. As wide as there are hypotheses it is an exhaustive search; of
    width 1, without length penalty, it is greedy.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`. `step` is called with
            `batch * beam_width` rows, those of one sentence next to each other.
        beam_width: number of prefixes and of finished hypotheses kept.
        length_penalty: 0 ranks by probability, which favors short ones; above 0 less so.
        n_best: number of hypotheses returned, at most `beam_width`.

    Returns:
        NumPy arrays: integers `[batch, n_best, max_length]` as of `greedy`, best first, and their
        scores `[batch, n_best]`, below -1e8 where there are no more hypotheses.

    Raises:
        ValueError: max_length, beam_width, length_penalty or n_best out of range, or a log-probability
            is NaN.

    Example: token 4 begins the best path though 5 is likelier at first.

    >>> p = np.full((6, 6), 1e-9)
    >>> p[2, 4], p[2, 5], p[4, 3], p[5, 4], p[5, 5] = 0.4, 0.6, 1.0, 0.5, 0.5
    >>> def step(tokens, states):
    ...     return ops.take(ops.array(np.log(p), "float32"), tokens, axis=0), states
    >>> beam_search(step, ops.array([2]), [], max_length=2, beam_width=2)[0]
    array([[[4, 3]]], dtype=int32)
    """
    _check_options(max_length, beam_width=beam_width, length_penalty=length_penalty, n_best=n_best)
    options = {"beam_width": beam_width, "length_penalty": length_penalty, "n_best": n_best}
    best, scores = _beam_search(_calls(step), tokens, states, max_length, end_token, **options)
    return _pad(best, max_length), scores


def _beam_search(
    run, tokens, states, max_length, end_token, beam_width=5, length_penalty=1.0, n_best=1
):
    """Beam search, for `run` see `_calls`.

    A hypothesis is not kept as a sequence, because copying sequences at every step takes time that
    grows with the square of their length. Each step notes the token of each beam and the beam that it
    continues. A finished hypothesis is its number of tokens and its last beam.
    """
    tokens = ops.repeat(ops.cast(tokens, "int32")[:, None], beam_width, axis=1)  # [batch, beam_width]
    shape = tuple(tokens.shape)
    beams = (
        tokens,
        # At first the beams of a row are equal: all but one are impossible.
        np.full(shape, [0.0] + [IMPOSSIBLE] * (beam_width - 1), "float32"),
        np.full(shape, 2 * IMPOSSIBLE, "float32"),  # scores of the finished hypotheses
        np.full(shape, -1, "int32"),  # their lengths, without the end token
        np.zeros(shape, "int32"),  # their last beams
        [ops.repeat(state, beam_width, axis=0) for state in states],
    )
    scalars = [np.int32(max_length), np.float32(length_penalty), np.int32(n_best), np.int32(end_token)]
    chunks, t, is_over = [], 0, False
    while t < max_length and not is_over:
        limits = np.int32(t), np.int32(min(t + CHUNK, max_length))
        new_t, is_over, is_nan, token_of, parent_of, *beams = run(
            _beam_loop, *limits, *scalars, *beams, beam_width=beam_width
        )
        _check_not_nan(is_nan)
        notes = [ops.convert_to_numpy(note)[:, :, : int(new_t) - t] for note in (token_of, parent_of)]
        chunks.append(notes)
        t = int(new_t)
    token_of, parent_of = (np.concatenate(notes, axis=2) for notes in zip(*chunks, strict=True))

    # What still lives is cut off, and ranks with what is finished.
    _, live_log_p, *finished = map(ops.convert_to_numpy, beams[:-1])
    living = (
        live_log_p / np.float32(((5 + t) / 6) ** length_penalty),
        np.full(shape, t),
        np.full(shape, np.arange(beam_width)),
    )
    scores, lengths, last = (
        np.concatenate(pair, axis=1) for pair in zip(finished, living, strict=True)
    )
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n_best]
    scores, lengths, last = (np.take_along_axis(x, order, axis=1) for x in (scores, lengths, last))
    is_ended = (order < beam_width) & (lengths >= 0)
    best = np.where(is_ended[:, :, None] & (np.arange(t) == lengths[:, :, None]), end_token, 0)
    rows = np.arange(shape[0])[:, None]
    for position in reversed(range(t)):  # from the end to the beginning, from beam to beam
        is_inside = position < lengths  # [batch, n_best]
        best[:, :, position] += np.where(is_inside, token_of[rows, last, position], 0)
        last = np.where(is_inside, parent_of[rows, last, position], last)
    return best.astype("int32"), scores


def _beam_loop(
    step,
    t,
    limit,
    max_length,
    length_penalty,
    n_best,
    end_token,
    tokens,
    live_log_p,
    scores,
    lengths,
    last,
    states,
    *,
    beam_width,
):
    """The steps of beam search from t to `limit` at most, see `_beam_search`."""
    start, own_beam = t, ops.arange(beam_width)

    def rank(log_p, length):
        return log_p / ((5.0 + ops.cast(length, "float32")) / 6.0) ** length_penalty

    def can_improve(live_log_p, scores):  # log p only falls, the divisor only grows
        return ops.any(rank(live_log_p[:, 0], max_length) > ops.take(scores, n_best - 1, axis=1))

    def some_go_on(t, is_nan, token_of, parent_of, tokens, live_log_p, scores, *rest):
        goes_on = ops.logical_and(can_improve(live_log_p, scores), ops.logical_not(is_nan))
        return ops.logical_and(t < limit, goes_on)

    def one_token(t, is_nan, token_of, parent_of, tokens, live_log_p, scores, lengths, last, states):
        log_p, states = step(ops.reshape(tokens, (-1,)), states)
        log_p = ops.cast(log_p, "float32")
        is_nan, vocabulary_size = _has_nan(log_p), log_p.shape[-1]
        log_p = ops.reshape(log_p, (-1, beam_width, vocabulary_size))

        # Each prefix continued by each token but the end: the best of all live on. They are among
        # the beam_width best of each prefix, or one more if the end is among these.
        best, token = ops.top_k(log_p, min(beam_width + 1, vocabulary_size))
        best = ops.where(token == end_token, IMPOSSIBLE, best) + live_log_p[:, :, None]
        ended = ops.take(log_p, end_token, axis=2) + live_log_p  # [batch, beam_width]
        live_log_p, index = ops.top_k(ops.reshape(best, (-1, beam_width * best.shape[-1])), beam_width)
        parent = ops.cast(index, "int32") // best.shape[-1]
        token = ops.cast(ops.reshape(token, (-1, beam_width * best.shape[-1])), "int32")
        tokens = ops.take_along_axis(token, index, axis=1)  # [batch, beam_width]
        # Each prefix ended: finished, if it ranks among the beam_width best of both kinds.
        worst, _ = ops.top_k(ops.concatenate([ended, live_log_p], axis=1), beam_width)
        ended = ops.where(ended >= worst[:, -1:], rank(ended, t + 1), 2 * IMPOSSIBLE)
        scores, order = ops.top_k(ops.concatenate([scores, ended], axis=1), beam_width)

        def choose(finished, new):
            both = ops.concatenate([finished, ops.zeros_like(finished) + new], axis=1)
            return ops.take_along_axis(both, order, axis=1)

        lengths, last = choose(lengths, t), choose(last, own_beam)
        is_here = ops.arange(CHUNK) == t - start
        token_of = ops.where(is_here, tokens[:, :, None], token_of)
        parent_of = ops.where(is_here, parent[:, :, None], parent_of)
        rows = ops.reshape(parent + beam_width * ops.arange(ops.shape(parent)[0])[:, None], (-1,))
        states = [ops.take(state, rows, axis=0) for state in states]
        return (t + 1, is_nan, token_of, parent_of, tokens, live_log_p, scores, lengths, last, states)

    notes = ops.repeat(ops.zeros_like(tokens)[:, :, None], CHUNK, axis=2)  # [batch, beam_width, CHUNK]
    loop = (t, ops.array(False), notes, notes, tokens, live_log_p, scores, lengths, last, list(states))
    t, is_nan, token_of, parent_of, *beams = ops.while_loop(some_go_on, one_token, loop)
    is_over = ops.logical_not(can_improve(*beams[1:3]))
    return t, is_over, is_nan, token_of, parent_of, *beams


def read(step, tokens, states):
    """Steps through the beginning of a sequence, so that a strategy can go on with it.

    Args:
        step: see above.
        tokens: the known tokens `[batch, time]`, at least one in each row, 0 as padding on the right.
        states: the states before the first of them, a list of tensors whose first axis is batch.

    Returns:
        The last known token of each row `[batch]`, and the states before it.

    Example: a state that sums the tokens that it has read.

    >>> def step(tokens, states):
    ...     return None, [states[0] + ops.cast(tokens, "float32")[:, None]]
    >>> last, (total,) = read(step, ops.array([[2, 5, 6], [2, 8, 0]]), [ops.zeros((2, 1))])
    >>> last, ops.convert_to_numpy(total)[:, 0]
    (array([6, 8], dtype=int32), array([7., 2.], dtype=float32))
    """
    return _read(_calls(step), tokens, states)


def _read(run, tokens, states):
    tokens = ops.convert_to_numpy(tokens).astype("int32")
    lengths = (tokens != 0).sum(axis=1).astype("int32")  # [batch]
    for start in range(0, lengths.max() - 1, CHUNK):
        window = tokens[:, start : start + CHUNK]
        window = np.pad(window, ((0, 0), (0, CHUNK - window.shape[1])))
        states = run(_read_loop, window, lengths - np.int32(1 + start), list(states))
    return tokens[np.arange(len(tokens)), lengths - 1], states


def _read_loop(step, tokens, counts, states):
    """Steps through a window of tokens `[batch, CHUNK]`, in each row as far as `counts` say."""

    def one_token(t, states):
        _, new_states = step(ops.take(tokens, t, axis=1), states)
        return t + 1, [
            ops.where(ops.reshape(t < counts, (-1, *[1] * (len(old.shape) - 1))), new, old)
            for new, old in zip(new_states, states, strict=True)
        ]

    limit = ops.minimum(ops.max(counts), CHUNK)
    return ops.while_loop(lambda t, states: t < limit, one_token, (ops.array(0), states))[1]


def _check_options(max_length, *, beam_width=5, n_best=1, **others):
    options = {"max_length": max_length, "beam_width": beam_width, "n_best": n_best, **others}
    for name, value in options.items():
        arguments.check(name, value)
    if n_best > beam_width:
        raise InputError(
            f"n_best is at most beam_width. Received: n_best={n_best}, beam_width={beam_width}"
        )


STRATEGIES = {"greedy": greedy, "sample": sample, "beam": beam_search}


def check_tokens(tokens, vocabulary_size, what="tokens"):
    """The tokens as an int32 array `[batch, time]`, if an embedding can read them.

    Args:
        tokens: integers `[batch, time]`, 0 as padding on the right.
        vocabulary_size: what all tokens are below.
        what: their name in an error.

    Returns:
        The same as a NumPy array of int32.

    Raises:
        ValueError: no rows, rows of different lengths, no integers, a token out of range, a row
            without a token, or padding before a token.

    Example:

    >>> check_tokens([[2, 9]], vocabulary_size=9)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: tokens must be from 0 to 8 (the vocabulary has 9). Received: 9
    """
    try:
        tokens = np.asarray(tokens)
    except ValueError:
        raise InputError(
            f"The rows of {what} must have one length: keras.utils.pad_sequences(rows, padding='post') "
            f"pads them. Received: {len(tokens)} rows of different lengths"
        ) from None
    if tokens.ndim != 2 or not tokens.size or not np.issubdtype(tokens.dtype, np.integer):
        raise InputError(
            f"{what} must be integers [batch, time]. Received: {tokens.dtype}, shape {tokens.shape}"
        )
    wrong = tokens[(tokens < 0) | (tokens >= vocabulary_size)]
    if wrong.size:
        raise InputError(
            f"{what} must be from 0 to {vocabulary_size - 1} (the vocabulary has {vocabulary_size}). "
            f"Received: {wrong[0]}"
        )
    is_token = tokens != 0
    wrong = np.flatnonzero(~is_token[:, 0] | (is_token[:, 1:] > is_token[:, :-1]).any(axis=1))
    if wrong.size:
        raise InputError(
            f"Each row of {what} must begin with a token and have its padding (0) on the right. "
            f"Received: row {wrong[0]}: {tokens[wrong[0]][:10].tolist()}"
        )
    return tokens.astype("int32")


@keras.saving.register_keras_serializable("zoo")
class StartAndEnd(keras.layers.Layer):
    """Gives back its inputs, and remembers which tokens begin and end a sequence.

    `keras.models.clone_model` copies the layers of a model and nothing else that the model knows.

    Args:
        start_token, end_token: see `Generator`.

    Example:

    >>> layer = StartAndEnd(start_token=2, end_token=3)
    >>> ops.convert_to_numpy(layer(np.array([[2, 5]])))
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


def mark_tokens(tokens, *, start_token, end_token, vocabulary_size):
    """The tokens that a model reads, through a `StartAndEnd` layer.

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


class Generator(PerStepModel):
    """A functional model of next-token probabilities that generates sequences.

    The types that generate are built of it, see `zoo.architectures.encoder_decoder` and `one_to_many`:
    they say how a sequence begins and how the layers are named that go on with it.

    Args:
        inputs, outputs, name: as of a functional `keras.Model`.
        start_token: the token that every sequence begins with; if None, what the layer `StartAndEnd`
            among the model's layers says.
        end_token: the token that ends one, likewise.
    """

    embedding_name = rnn_name = None

    # With *args, because older versions of Keras make a functional model from its config only then.
    def __init__(self, *args, start_token=None, end_token=None, **kwargs):
        super().__init__(*args, **kwargs)
        for layer in self.layers:
            if isinstance(layer, StartAndEnd) and start_token is None:
                start_token, end_token = layer.start_token, layer.end_token
        self.start_token, self.end_token = start_token, end_token
        # Keras would track what it sees as an attribute.
        object.__setattr__(self, "_loops", collections.OrderedDict())
        object.__setattr__(self, "_loops_lock", threading.Lock())

    def get_config(self):
        return super().get_config() | {"start_token": self.start_token, "end_token": self.end_token}

    def check_inputs(self, inputs):
        """The inputs of `generate` as a list of arrays, the known tokens `[batch, time]` last."""
        raise NotImplementedError

    def begin(self, inputs):
        """The states before the first token, and the memory to attend to, a tuple of tensors.

        Args:
            inputs: what `check_inputs` returns, but of the known tokens only the first `[batch, 1]`.
        """
        raise NotImplementedError

    def step(self, tokens, states, memory=()):
        """One step of the model, in the form that the functions of this module take.

        Args:
            tokens: integers `[rows]`.
            states: flat list of `[rows, units]`, layer by layer.
            memory: what to attend to, from `begin`: nothing, or the items `[batch, items, features]`,
                their keys `[batch, items, units]` and, if some are padding, a mask `[batch, items]`.
                With beams there are several rows for each of the batch, next to each other.

        Returns:
            Log-probabilities of the next token `[rows, vocabulary]`, of all but padding (0) and the
            unknown word (1), and the new states.
        """
        embedding = self.get_layer(self.embedding_name)
        x = ops.take(embedding.embeddings, tokens, axis=0)  # [rows, embedding_dim]
        x = ops.cast(x, embedding.compute_dtype)
        rnns = self.numbered_layers(self.rnn_name)
        num_states = len(states) // len(rnns)
        new_states = []
        for i, rnn in enumerate(rnns):
            x, state = rnn.cell(x, states[i * num_states : (i + 1) * num_states])  # [rows, units]
            new_states += state
        if memory:
            x = self._attend(x, *memory)
        head = self.get_layer("probabilities")
        # Padding is no token, training never teaches its probability; and nobody can read [UNK].
        bias = ops.where(ops.arange(head.units) < 2, IMPOSSIBLE, ops.convert_to_tensor(head.bias))
        logits = ops.matmul(ops.cast(x, "float32"), head.kernel) + bias  # [rows, vocabulary]
        return ops.log_softmax(logits), new_states

    def _attend(self, x, items, keys, mask=None):
        """`zoo.cells.attend` for one step: the rows of one batch entry are its queries."""
        query = ops.reshape(x, (ops.shape(items)[0], -1, x.shape[-1]))  # [batch, beams, units]
        additive = any(layer.name == "attention_query" for layer in self.layers)
        scored = self.get_layer("attention_query")(query) if additive else query
        if mask is not None:
            mask = ops.expand_dims(mask, 1)  # [batch, 1, items]
        context, _ = self.get_layer("attention")(
            [scored, items, keys], mask=[None, mask], return_attention_scores=True
        )
        x = self.get_layer("attention_output")(ops.concatenate([context, query], axis=-1))
        return ops.reshape(x, (-1, x.shape[-1]))

    def numbered_layers(self, prefix):
        """The layers named `prefix_0`, `prefix_1`, ... in this order."""
        found = [layer for layer in self.layers if re.fullmatch(rf"{prefix}_\d+", layer.name)]
        return sorted(found, key=lambda layer: int(layer.name.rsplit("_", 1)[1]))

    def generate(self, inputs, max_length, strategy="greedy", **options):
        """Generates a sequence for each row of the inputs.

        The first call with a strategy compiles it, which takes seconds. So does the first with another
        beam_width or top_k. Several threads may call this.

        Args:
            inputs: what the sequences are made from: the source tokens of encoder_decoder; of
                one_to_many the context, the tokens so far, or `[context, tokens so far]`.
            max_length: number of tokens at most, the end token included.
            strategy: `"greedy"`, `"sample"` or `"beam"`.
            **options: of `"sample"`: temperature, top_k, top_p, see `sample`, and seed, an integer, or
                None to take one from NumPy (see `keras.utils.set_random_seed`); of `"beam"`:
                beam_width, length_penalty and n_best, see `beam_search`.

        Returns:
            An integer array `[batch, time]`, without the start token, with the end token, 0 after it;
            time is that of the longest row. If `n_best` is given: the n best hypotheses of each row
            `[batch, n_best, time]`, best first, and their scores `[batch, n_best]`.

        Raises:
            ValueError: an unknown strategy, an option that it does not take or that is out of range, or
                inputs that the model cannot read.

        Example:

        >>> import zoo
        >>> model = zoo.build("encoder_decoder", cell="gru", units=16)
        >>> model.generate([[7, 8, 9], [5, 6, 0]], max_length=4, strategy="beam", beam_width=2).shape
        (2, 4)
        """
        check_choice("strategy", strategy, STRATEGIES)
        keywords = inspect.getfullargspec(STRATEGIES[strategy]).kwonlyargs
        allowed = [keyword for keyword in keywords if keyword not in ("max_length", "end_token")]
        for option in options:
            check_choice(f"option of strategy {strategy!r}", option, allowed or ["none"])
        _check_options(max_length, **options)
        options = arguments.plain_numbers(options)
        max_length = int(max_length)
        *first_inputs, tokens = self.check_inputs(inputs)
        shapes = [(None, *tensor.shape[1:]) for tensor in self.inputs]
        begin = self._compiled("begin", lambda *inputs: self.begin(inputs), shapes)
        states, memory = begin(*first_inputs, tokens[:, :1])
        run = functools.partial(self._run, memory)
        tokens, states = _read(run, tokens, states)
        search = _beam_search if strategy == "beam" else _one_by_one
        fixed = {"top_k": 1, "seed": 0} if strategy == "greedy" else {}  # a seed, to draw none
        result = search(run, tokens, states, max_length, self.end_token, **fixed, **options)
        tokens, scores = result if strategy == "beam" else (result, None)
        is_used = tokens.any(axis=tuple(range(tokens.ndim - 1)))  # [time]
        tokens = tokens[..., : np.flatnonzero(is_used)[-1] + 1]
        if scores is None:
            return tokens
        return (tokens, scores) if "n_best" in options else tokens[:, 0]

    def _run(self, memory, loop, *tensors, **fixed):
        """Calls a loop of this module with this model's step, compiled."""

        def with_memory(memory, *tensors):
            return loop(lambda *now: self.step(*now, memory), *tensors, **fixed)

        name = " ".join(map(str, (loop.__name__, *fixed.items())))
        return self._compiled(name, with_memory)(memory, *tensors)

    def _compiled(self, name, function, shapes=None):
        """The function compiled, or what was compiled before by that name."""
        with self._loops_lock:
            loops = self._loops
            if name not in loops:
                loops[name] = compiled(self, function, shapes)
            loops.move_to_end(name)
            if len(loops) > LOOPS:
                loops.popitem(last=False)
            return loops[name]


def generate_in_batches(model, sources, max_length, batch_size=64, strategy="greedy", **options):
    """`model.generate` for any number of sources, those of similar length together.

    Args:
        model: what `encoder_decoder` or `one_to_many` builds.
        sources: a list of lists of tokens, without padding; for `one_to_many` an array of contexts.
        max_length, strategy, options: see `Generator.generate`; without `n_best`.
        batch_size: number of sources that are generated from at once.

    Returns:
        A list of lists of tokens in the order of the sources, without the end token.

    Raises:
        ValueError: as `Generator.generate`, and a source without tokens.

    Example:

    >>> import zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> len(generate_in_batches(model, [[7, 8], [5], [9, 6, 4]], max_length=3, batch_size=2))
    3
    """
    if "n_best" in options:
        raise InputError("n_best needs model.generate, which gives scores too.")
    arguments.check("batch_size", batch_size)
    is_context = isinstance(sources, np.ndarray)  # contexts are of one length
    if not is_context:
        sources = list(sources)
        _check_rows(sources)
    lengths = [1 if is_context else len(source) for source in sources]
    generated = [[]] * len(sources)
    for number, batch in enumerate(by_length(lengths, batch_size)):
        if is_context:
            source = sources[batch]
        else:
            source = keras.utils.pad_sequences([sources[i] for i in batch], padding="post")
        if options.get("seed") is not None and number:  # each batch has its own
            options = options | {"seed": options["seed"] + 1}
        tokens = model.generate(source, max_length, strategy, **options)  # [batch, time]
        for i, row in zip(batch, tokens.tolist(), strict=True):
            generated[i] = [token for token in row if token not in (0, model.end_token)]
    return generated


def _check_rows(sources):
    for i, source in enumerate(sources):
        tokens = np.array(source, object)
        if tokens.shape == (0,):
            raise InputError(f"A source must have a token. Received: source {i}: no tokens")
        if tokens.ndim != 1 or not all(arguments.is_integer(token, 0) for token in tokens):
            raise InputError(
                f"A source must be a list of integers from 0. Received: source {i}: {source!r:.80}"
            )
