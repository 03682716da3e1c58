"""Beam search, which keeps several prefixes of each sequence."""

import numpy as np
from keras import ops

from zoo.decoding import loops


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

    At every step each prefix is continued with every token. The best sequences with an end token become
    finished hypotheses. The best sequences without one are the next prefixes. The score of a hypothesis
    y is

        score(y) = log p(y) / ((5 + length) / 6) ** length_penalty       Wu et al. 2016, equation 14

    where the length includes the end token. The search stops when no prefix can still overtake the
    `n_best` finished hypotheses. Stopping early never changes the result. A hypothesis that
    `max_length` cuts off is ranked with the others.

    If the beam is as wide as the number of hypotheses, this is an exhaustive search. With width 1 and
    no length penalty it is greedy decoding.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`. `step` is called with
            `batch * beam_width` rows. The rows of one sequence are next to each other.
        beam_width: how many prefixes and how many finished hypotheses are kept.
        length_penalty: 0 ranks by probability, which favors short hypotheses. A larger penalty favors
            them less.
        n_best: how many hypotheses are returned, at most `beam_width`.

    Returns:
        Two NumPy arrays. The first has the tokens `[batch, n_best, max_length]`, best hypothesis first,
        see `greedy`. The second has their scores `[batch, n_best]`. A score is below -1e8 if there are
        no more hypotheses.

    Raises:
        ValueError: max_length, beam_width, length_penalty or n_best is out of range, or a
            log-probability is NaN.

    Example: the best sequence begins with token 4, although token 5 is likelier at first.

    >>> p = np.full((6, 6), 1e-9)
    >>> p[2, 4], p[2, 5], p[4, 3], p[5, 4], p[5, 5] = 0.4, 0.6, 1.0, 0.5, 0.5
    >>> def step(tokens, states):
    ...     return ops.take(ops.array(np.log(p), "float32"), tokens, axis=0), states
    >>> beam_search(step, ops.array([2]), [], max_length=2, beam_width=2)[0]
    array([[[4, 3]]], dtype=int32)
    """
    loops.check_options(max_length, beam_width=beam_width, length_penalty=length_penalty, n_best=n_best)
    options = {"beam_width": beam_width, "length_penalty": length_penalty, "n_best": n_best}
    best, scores = search(loops.not_compiled(step), tokens, states, max_length, end_token, **options)
    return loops.pad(best, max_length), scores


def search(run, tokens, states, max_length, end_token, beam_width=5, length_penalty=1.0, n_best=1):
    """Searches with beams. Returns tokens `[batch, n_best, time]` and their scores `[batch, n_best]`.

    The beams are not stored as sequences. To copy sequences at every step takes time that grows with
    the square of their length. Instead, each step stores two numbers for each beam: its token, and the
    beam that it continues. A finished hypothesis is stored as its number of tokens and its last beam.

    Args:
        run: calls the loop, see `loops.not_compiled`.
        tokens, states, max_length, end_token, beam_width, length_penalty, n_best: see `beam_search`.
    """
    tokens = ops.repeat(ops.cast(tokens, "int32")[:, None], beam_width, axis=1)  # [batch, beam_width]
    shape = tuple(tokens.shape)
    beams = (
        tokens,
        # At first all beams of a row are equal, so all but one are made impossible.
        np.full(shape, [0.0] + [loops.IMPOSSIBLE] * (beam_width - 1), "float32"),
        np.full(shape, 2 * loops.IMPOSSIBLE, "float32"),  # scores of the finished hypotheses
        np.full(shape, -1, "int32"),  # their lengths, without the end token
        np.zeros(shape, "int32"),  # their last beams
        [ops.repeat(state, beam_width, axis=0) for state in states],
    )
    scalars = [np.int32(max_length), np.float32(length_penalty), np.int32(n_best), np.int32(end_token)]
    chunks, t, is_over = [], 0, False
    while t < max_length and not is_over:
        limits = np.int32(t), np.int32(min(t + loops.CHUNK, max_length))
        new_t, is_over, is_nan, token_of, parent_of, *beams = run(
            _beam_loop, *limits, *scalars, *beams, beam_width=beam_width
        )
        loops.check_not_nan(is_nan)
        notes = [ops.convert_to_numpy(note)[:, :, : int(new_t) - t] for note in (token_of, parent_of)]
        chunks.append(notes)
        t = int(new_t)
    token_of, parent_of = (np.concatenate(notes, axis=2) for notes in zip(*chunks, strict=True))

    # The remaining prefixes are cut off here, and are ranked with the finished hypotheses.
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
    for position in reversed(range(t)):  # from the end to the beginning
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
    """Takes the steps of beam search from t to at most `limit`, see `search`."""
    start, own_beam = t, ops.arange(beam_width)

    def rank(log_p, length):
        return log_p / ((5.0 + ops.cast(length, "float32")) / 6.0) ** length_penalty

    def can_improve(live_log_p, scores):  # log p only falls, and the divisor only grows
        return ops.any(rank(live_log_p[:, 0], max_length) > ops.take(scores, n_best - 1, axis=1))

    def some_go_on(t, is_nan, token_of, parent_of, tokens, live_log_p, scores, *rest):
        goes_on = ops.logical_and(can_improve(live_log_p, scores), ops.logical_not(is_nan))
        return ops.logical_and(t < limit, goes_on)

    def one_token(t, is_nan, token_of, parent_of, tokens, live_log_p, scores, lengths, last, states):
        log_p, states = step(ops.reshape(tokens, (-1,)), states)
        log_p = ops.cast(log_p, "float32")
        is_nan, vocabulary_size = loops.has_nan(log_p), log_p.shape[-1]
        log_p = ops.reshape(log_p, (-1, beam_width, vocabulary_size))

        # Continue each prefix with each token except the end token, and keep the best. They are among
        # the beam_width best of each prefix, or the best beam_width + 1 if these include the end token.
        best, token = ops.top_k(log_p, min(beam_width + 1, vocabulary_size))
        best = ops.where(token == end_token, loops.IMPOSSIBLE, best) + live_log_p[:, :, None]
        ended = ops.take(log_p, end_token, axis=2) + live_log_p  # [batch, beam_width]
        live_log_p, index = ops.top_k(ops.reshape(best, (-1, beam_width * best.shape[-1])), beam_width)
        parent = ops.cast(index, "int32") // best.shape[-1]
        token = ops.cast(ops.reshape(token, (-1, beam_width * best.shape[-1])), "int32")
        tokens = ops.take_along_axis(token, index, axis=1)  # [batch, beam_width]
        # End each prefix. It is finished if it is among the beam_width best of both kinds.
        worst, _ = ops.top_k(ops.concatenate([ended, live_log_p], axis=1), beam_width)
        ended = ops.where(ended >= worst[:, -1:], rank(ended, t + 1), 2 * loops.IMPOSSIBLE)
        scores, order = ops.top_k(ops.concatenate([scores, ended], axis=1), beam_width)

        def choose(finished, new):
            both = ops.concatenate([finished, ops.zeros_like(finished) + new], axis=1)
            return ops.take_along_axis(both, order, axis=1)

        lengths, last = choose(lengths, t), choose(last, own_beam)
        is_here = ops.arange(loops.CHUNK) == t - start
        token_of = ops.where(is_here, tokens[:, :, None], token_of)
        parent_of = ops.where(is_here, parent[:, :, None], parent_of)
        rows = ops.reshape(parent + beam_width * ops.arange(ops.shape(parent)[0])[:, None], (-1,))
        states = [ops.take(state, rows, axis=0) for state in states]
        return (t + 1, is_nan, token_of, parent_of, tokens, live_log_p, scores, lengths, last, states)

    notes = ops.zeros_like(tokens)[:, :, None]
    notes = ops.repeat(notes, loops.CHUNK, axis=2)  # [batch, beam_width, CHUNK]
    loop = (t, ops.array(False), notes, notes, tokens, live_log_p, scores, lengths, last, list(states))
    t, is_nan, token_of, parent_of, *beams = ops.while_loop(some_go_on, one_token, loop)
    is_over = ops.logical_not(can_improve(*beams[1:3]))
    return t, is_over, is_nan, token_of, parent_of, *beams
