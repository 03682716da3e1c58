"""Reading the beginning of a sequence, which a strategy then continues."""

import numpy as np
from keras import ops

from zoo.decoding import loops


def read(step, tokens, states):
    """Steps through the beginning of a sequence, so that a strategy can continue it.

    Args:
        step: `(tokens, states) -> (log_probabilities, states)`, see `zoo.decoding`.
        tokens: the known tokens `[batch, time]`. Each row has at least one, and 0 as padding on the
            right.
        states: the states before the first token, a list of tensors whose first axis is batch.

    Returns:
        The last known token of each row `[batch]`, and the states before it.

    Example: a state that adds up the tokens.

    >>> def step(tokens, states):
    ...     return None, [states[0] + ops.cast(tokens, "float32")[:, None]]
    >>> last, (total,) = read(step, ops.array([[2, 5, 6], [2, 8, 0]]), [ops.zeros((2, 1))])
    >>> last, ops.convert_to_numpy(total)[:, 0]
    (array([6, 8], dtype=int32), array([7., 2.], dtype=float32))
    """
    return read_with(loops.not_compiled(step), tokens, states)


def read_with(run, tokens, states):
    """Does what `read` does. `run` calls the loop, see `loops.not_compiled`."""
    tokens = ops.convert_to_numpy(tokens).astype("int32")
    lengths = (tokens != 0).sum(axis=1).astype("int32")  # [batch]
    for start in range(0, lengths.max() - 1, loops.CHUNK):
        window = tokens[:, start : start + loops.CHUNK]
        window = np.pad(window, ((0, 0), (0, loops.CHUNK - window.shape[1])))
        states = run(_read_loop, window, lengths - np.int32(1 + start), list(states))
    return tokens[np.arange(len(tokens)), lengths - 1], states


def _read_loop(step, tokens, counts, states):
    """Steps through tokens `[batch, CHUNK]`. Each row has its own number of steps, `counts`."""

    def one_token(t, states):
        _, new_states = step(ops.take(tokens, t, axis=1), states)
        return t + 1, [
            ops.where(ops.reshape(t < counts, (-1, *[1] * (len(old.shape) - 1))), new, old)
            for new, old in zip(new_states, states, strict=True)
        ]

    limit = ops.minimum(ops.max(counts), loops.CHUNK)
    return ops.while_loop(lambda t, states: t < limit, one_token, (ops.array(0), states))[1]
