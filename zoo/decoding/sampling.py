"""Greedy decoding and sampling, which choose one token after the other."""

import numpy as np
from keras import ops

from zoo.decoding import loops


def greedy(step, tokens, states, *, max_length, end_token=3):
    """Takes the most probable token at every step.

    Args:
        step: `(tokens, states) -> (log_probabilities, states)`, see `zoo.decoding`.
        tokens: the first token of each row `[batch]`, usually the start token.
        states: list of tensors, the first axis of each is batch.
        max_length: the largest number of tokens.
        end_token: the token that finishes a row.

    Returns:
        A NumPy array of integers `[batch, max_length]`. It does not include the first token. It
        includes the end token, with 0 after it.

    Raises:
        ValueError: max_length is not an integer above 0, or a log-probability is NaN.

    Example: token t + 1 follows token t, until the end token 7.

    >>> def step(tokens, states):
    ...     return ops.log(ops.one_hot(tokens + 1, 9) + 1e-9), states
    >>> greedy(step, ops.array([5, 2]), [], max_length=4, end_token=7)
    array([[6, 7, 0, 0],
           [3, 4, 5, 6]], dtype=int32)
    """
    loops.check_options(max_length)
    generated = one_by_one(
        loops.not_compiled(step), tokens, states, max_length, end_token, top_k=1, seed=0
    )
    return loops.pad(generated, max_length)


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
    """Draws every token at random from the distribution of the model.

    The tokens are sorted by probability. Unlikely ones are removed, see top_k and top_p, and the others
    are renormalized. Then one random number from 0 to 1 picks the token (inverse transform sampling).
    NumPy draws these numbers, so a seed gives the same text on every backend. A larger `max_length`
    only makes the text longer.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`.
        temperature: divides the log-probabilities. Below 1 it makes the likely tokens likelier.
        top_k: draws only from the k most probable tokens (Fan et al. 2018). None draws from all.
        top_p: draws from the fewest tokens that together have this probability (nucleus sampling,
            Holtzman et al. 2020). It is applied after temperature and top_k.
        seed: an integer from 0, or None for a new text each time.

    Returns:
        A NumPy array of integers `[batch, max_length]`, see `greedy`.

    Raises:
        ValueError: max_length, temperature, top_k, top_p or seed is out of range, or a log-probability
            is NaN.

    Example: if half of the probability is kept, only the likeliest token remains.

    >>> def step(tokens, states):
    ...     return ops.log(ops.array([[0.1, 0.1, 0.1, 0.1, 0.6]])), states
    >>> sample(step, ops.array([2]), [], max_length=3, top_p=0.5, seed=0)
    array([[4, 4, 4]], dtype=int32)
    """
    loops.check_options(max_length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)
    options = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    generated = one_by_one(loops.not_compiled(step), tokens, states, max_length, end_token, **options)
    return loops.pad(generated, max_length)


def one_by_one(
    run, tokens, states, max_length, end_token, top_k=None, temperature=1.0, top_p=1.0, seed=None
):
    """Samples tokens `[batch, time]`. Greedy decoding is sampling with `top_k=1`.

    Args:
        run: calls the loop, see `loops.not_compiled`.
        tokens, states, max_length, end_token, top_k, temperature, top_p, seed: see `sample`.
    """
    seed = np.random.randint(2**31) if seed is None else seed
    rng = np.random.default_rng(seed)
    tokens = ops.cast(tokens, "int32")
    is_done, chunks = np.zeros(len(tokens), bool), []
    scalars = [np.float32(temperature), np.float32(top_p), np.int32(end_token)]
    for start in range(0, max_length, loops.CHUNK):
        limit = min(loops.CHUNK, max_length - start)
        uniform = rng.random((len(is_done), loops.CHUNK), "float32")
        chunk, is_nan, tokens, is_done, states = run(
            _sample_loop, np.int32(limit), uniform, *scalars, tokens, is_done, states, top_k=top_k
        )
        loops.check_not_nan(is_nan)
        chunks.append(ops.convert_to_numpy(chunk)[:, :limit])
        if ops.convert_to_numpy(is_done).all():
            break
    return np.concatenate(chunks, axis=1)


def _sample_loop(
    step, limit, uniform, temperature, top_p, end_token, tokens, is_done, states, *, top_k
):
    """Draws at most `limit` tokens for each row, with random numbers `[batch, CHUNK]`."""

    def choose(log_p, t):
        if top_k == 1:
            return ops.argmax(log_p, axis=-1)
        vocabulary_size = log_p.shape[-1]
        # An impossible token stays impossible at any temperature.
        log_p = ops.where(log_p > loops.IMPOSSIBLE / 2, log_p / temperature, loops.IMPOSSIBLE)
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
        chunk = ops.where(ops.arange(loops.CHUNK) == t, tokens[:, None], chunk)
        is_done = ops.logical_or(is_done, tokens == end_token)
        return t + 1, chunk, loops.has_nan(log_p), tokens, is_done, states

    chunk = ops.repeat(ops.zeros_like(tokens)[:, None], loops.CHUNK, axis=1)  # [batch, CHUNK]
    loop = (ops.array(0), chunk, ops.array(False), tokens, is_done, list(states))
    return ops.while_loop(some_go_on, one_token, loop)[1:]
