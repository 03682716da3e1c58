"""The allowed values of arguments, by the name of the argument.

The same rules hold for `zoo.build`, for generation, for training, and for the flags of the recipes.
"""

import numbers

from zoo.errors import InputError, shown

LEAST = {  # integers, and the smallest allowed value
    "units": 1,
    "num_layers": 1,
    "num_features": 1,
    "num_outputs": 1,
    "num_classes": 2,
    "num_tags": 1,
    "subsampling": 1,
    "vocabulary_size": 2,  # padding (0) and unknown (1)
    "source_vocabulary_size": 2,
    "target_vocabulary_size": 2,
    "character_vocabulary_size": 2,
    "embedding_dim": 1,
    "character_embedding_dim": 1,
    "character_units": 1,
    "start_token": 1,
    "end_token": 2,  # generation never returns a token below 2
    "max_length": 1,
    "beam_width": 1,
    "n_best": 1,
    "top_k": 1,
    "batch_size": 1,
    "steps": 1,
    "beats": 1,
}
LARGEST = 2**31 - 1  # of an int32 tensor
MOST = {"beam_width": 1000}  # a smaller limit than LARGEST
RANGES = {  # numbers: a check, and the same in words
    "dropout": (lambda number: 0 <= number < 1, "a number from 0 to below 1"),
    "weight_dropout": (lambda number: 0 <= number < 1, "a number from 0 to below 1"),
    "learning_rate": (lambda number: 0 < number < 3e38, "a number above 0"),
    "temperature": (lambda number: 1e-6 <= number <= 1e6, "a number from 0.000001 to 1000000"),
    "top_p": (lambda number: 1e-6 <= number <= 1, "a number from 0.000001 to 1"),
    "length_penalty": (lambda number: 0 <= number <= 100, "a number from 0 to 100"),
    "mask_value": (lambda number: abs(number) < 3e38, "a finite number of float32"),
}
SWITCHES = (
    "bidirectional",
    "characters",
    "tie_embeddings",
    "trainable_embeddings",
    "variational_dropout",
)
SHAPES = ("input_shape", "context_shape")
MAY_BE_NONE = ("num_features", "num_outputs", "mask_value", "context_shape", "encoder", "top_k", "seed")


def check(name, value):
    """Raises an `InputError` if an argument cannot have a value.

    Args:
        name: the name of the argument. A name without a rule is not checked.
        value: the value of the argument.

    Raises:
        ValueError: see above.

    Example:

    >>> check("units", 64)
    >>> check("units", "64")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: units must be an integer from 1 to 2147483647. Received: units='64'
    """
    allowed = _allowed(name, value)
    if allowed and not (value is None and name in MAY_BE_NONE):
        allowed += " or None" * (name in MAY_BE_NONE)
        raise InputError(f"{name} must be {allowed}. Received: {name}={shown(value)}")


def _allowed(name, value):
    """The allowed values in words, or None if the value is allowed."""
    if name in LEAST:
        most = MOST.get(name, LARGEST)
        if not is_integer(value, LEAST[name], most):
            return f"an integer from {LEAST[name]} to {most}"
    elif name in SWITCHES:
        if type(value).__name__ not in ("bool", "bool_"):  # bool_ is NumPy's
            return "True or False"
    elif name in RANGES:
        is_in_range, words = RANGES[name]
        if not is_number(value) or not is_in_range(value):  # NaN is in no range
            return words
    elif name == "seed":
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 0:
            return "an integer from 0"
    elif name in SHAPES:
        if not isinstance(value, tuple | list) or not all(is_integer(size, 1) for size in value):
            return "a tuple of integers above 0"
        if not value:
            return "a tuple of one size or more"
    elif name == "encoder" and not _is_encoder(value):
        return "a keras.Model with one input"
    elif name == "forbidden_transitions" and not _is_pairs(value):
        return "a list of pairs of tags (i, j), both integers"
    return None


def plain_numbers(options):
    """Converts NumPy's single numbers in a dict of arguments to Python's.

    Keras does not accept NumPy's integers as sizes, and small integer types overflow.

    Example:

    >>> import numpy as np
    >>> plain_numbers({"units": np.int8(64), "cell": "gru"})
    {'units': 64, 'cell': 'gru'}
    """
    return {
        name: value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value
        for name, value in options.items()
    }


def is_integer(value, least, most=LARGEST):
    """Whether a value is an integer from `least` to `most`. True and False do not count.

    Example:

    >>> [is_integer(value, 1) for value in (1, 0, 1.0, "1", True, 10**12)]
    [True, False, False, False, False, False]
    """
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return is_int and least <= value <= most


def is_number(value):
    """Whether a value is one real number, and not True or False.

    Example:

    >>> [is_number(value) for value in (1, 0.5, "0.5", True, None, 1j)]
    [True, True, False, False, False, False]
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_encoder(value):
    import keras

    if isinstance(value, keras.Sequential) and not value.built:
        return False
    return isinstance(value, keras.Model) and len(value.inputs or ()) == 1


def _is_pairs(value):
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__len__"):
        return False
    try:
        return all(len(pair) == 2 and all(is_integer(tag, -1) for tag in pair) for pair in value)
    except TypeError:
        return False
