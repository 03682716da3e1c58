"""What the search strategies share."""

import keras
import numpy as np
from keras import ops

from zoo import arguments
from zoo.errors import InputError

IMPOSSIBLE = -1e9  # stands for log 0; it is finite, because inf - inf is NaN
CHUNK = 32  # steps in one call of a loop, about half a second for a large batch


def not_compiled(step):
    """Makes the function with which a strategy runs its loop, for a step that is not compiled.

    A strategy calls `run(loop, *tensors, **fixed)`. `Generator` has another `run`, which compiles the
    loop.

    Args:
        step: `(tokens, states) -> (log_probabilities, states)`, see `zoo.decoding`.

    Returns:
        The function `run`.
    """

    def run(loop, *tensors, **fixed):
        return loop(step, *keras.tree.map_structure(ops.convert_to_tensor, tensors), **fixed)

    return run


def pad(tokens, max_length):
    """Appends zeros to the tokens `[..., time]`, up to `max_length`."""
    before = [(0, 0)] * (tokens.ndim - 1)
    return np.pad(tokens, [*before, (0, max_length - tokens.shape[-1])])


def has_nan(log_p):
    """Whether a log-probability `[rows, vocabulary]` is NaN, as a tensor."""
    return ops.any(ops.isnan(ops.sum(log_p, axis=-1)))


def check_not_nan(is_nan):
    """Raises an `InputError` if a loop has seen a log-probability that is NaN."""
    if is_nan:
        raise InputError(
            "The model gives no probabilities. Either its weights are not all numbers, or it computes "
            "numbers that are too large for half precision. Train it again, or load other weights."
        )


def check_options(max_length, *, beam_width=5, n_best=1, **others):
    """Raises an `InputError` if an option of a strategy is out of range."""
    options = {"max_length": max_length, "beam_width": beam_width, "n_best": n_best, **others}
    for name, value in options.items():
        arguments.check(name, value)
    if n_best > beam_width:
        raise InputError(
            f"n_best is at most beam_width. Received: n_best={n_best}, beam_width={beam_width}"
        )
