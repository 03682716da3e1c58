"""What numbers may be, by the name of an argument: the same for `zoo.build` and for flags."""

import math
import numbers

from zoo.errors import InputError

LEAST = {  # of whole numbers
    "batch_size": 1,
    "beam_width": 1,
    "embedding_dim": 1,
    "max_length": 1,
    "num_layers": 1,
    "seed": 0,
    "top_k": 1,
    "units": 1,
    "vocabulary_size": 2,  # padding and [UNK]
}


def check(name, value):
    """Raises an `InputError` if an argument of this name cannot have this value.

    Args:
        name: such as `"units"`. A name that is not known here may have any value.
        value: what was given.

    Example:

    >>> check("dropout", 0.5)
    >>> check("dropout", 1.5)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: dropout must be at least 0 and below 1. Received: 1.5
    """
    if name in LEAST:
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < LEAST[name]:
            raise InputError(
                f"{name} must be a whole number, at least {LEAST[name]}. Received: {value!r}"
            )
    elif name in ("learning_rate", "temperature"):
        if not 0 < value < math.inf:
            raise InputError(f"{name} must be above 0 and finite. Received: {value!r}")
    elif name == "dropout":
        if not 0 <= value < 1:
            raise InputError(f"{name} must be at least 0 and below 1. Received: {value!r}")
    elif name == "top_p" and not 0 < value <= 1:
        raise InputError(f"{name} must be above 0 and at most 1. Received: {value!r}")
