"""Checks that a cell of your own does what Keras expects of it at each step."""

import re

from zoo import cell_files
from zoo.errors import InputError, one_line, shown


def state_sizes(cell):
    """Lists the sizes of the states of a cell.

    Args:
        cell: an object with `state_size`: a cell, or a recurrent layer.

    Returns:
        A flat list of integers.

    Raises:
        ValueError: a state is not `[batch, n]`.

    Example:

    >>> import keras
    >>> state_sizes(keras.layers.LSTMCell(8))
    [8, 8]
    """
    import keras

    sizes = cell.state_size
    parts = sizes if isinstance(sizes, list | tuple) else [sizes]
    if isinstance(getattr(cell, "cell", cell), keras.layers.StackedRNNCells):
        parts = keras.tree.flatten(sizes)
    if not parts or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in parts):
        raise InputError(
            f"state_size of {type(cell).__name__} must be an integer or a list of integers, because "
            f"each state is [batch, n]. Received: state_size={shown(sizes)}"
        )
    return list(parts)


def check_step(cell, units, features):
    """Calls a cell once on two rows of numbers, as Keras does at each step.

    Args:
        cell: a new cell. It is built here.
        units: the size that its output must have.
        features: the size of its inputs.

    Raises:
        ValueError: the cell raises an error, or returns something else than an output `[batch, units]`
            and the states that `state_size` announces.

    Example:

    >>> import keras
    >>> check_step(keras.layers.GRUCell(8), units=8, features=5)
    """
    import keras
    import numpy as np

    name, sizes = type(cell).__name__, state_sizes(cell)
    output_size = getattr(cell, "output_size", None) or keras.tree.flatten(cell.state_size)[0]
    if output_size != units:
        raise InputError(
            f"The output of the cell {name} has the size {output_size}, but units={units}. Its first "
            "state is its output, or else it needs an attribute output_size. If its size is fixed, "
            "ask for that number of units."
        )
    rng = np.random.default_rng(0)
    x, *states = (rng.normal(size=(2, n)).astype("float32") for n in (features, *sizes))
    given = f"inputs [2, {features}] and states {', '.join(f'[2, {n}]' for n in sizes)}"
    packed = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
    states = keras.tree.pack_sequence_as(list(packed), states)
    try:
        result = cell(x, states, training=False)
    except Exception as error:  # whatever the class raises
        raise InputError(failure(type(cell), f"fails on {given}", error)) from error
    if not isinstance(result, list | tuple) or len(result) != 2:
        raise InputError(
            f"call of {name} must return the output and the new states: return h, [h]. "
            f"Received: {shown(type(result))}"
        )
    output, new = result[0], keras.tree.flatten(result[1])
    shapes = [tuple(getattr(one, "shape", ("no tensor",))) for one in (output, *new)]
    expected = [(2, units), *((2, n) for n in sizes)]
    if shapes != expected:
        raise InputError(
            f"For {given}, the cell {name} must return an output of shape {expected[0]} and states of "
            f"shapes {', '.join(map(str, expected[1:]))}. Received: {shapes[0]} and "
            f"{', '.join(map(str, shapes[1:])) or 'no state'}"
        )
    if keras.backend.backend() == "jax" and isinstance(result[1], tuple):
        raise InputError(
            f"On the jax backend, call of {name} must return its states in a list: return h, [h, c]. "
            "Received: a tuple"
        )
    is_stacked = isinstance(packed[-1], list | tuple)
    first = keras.tree.flatten(result[1][-1])[0] if is_stacked else new[0]
    pair = [keras.ops.convert_to_numpy(one).astype("float32") for one in (output, first)]
    is_first = pair[0].shape == pair[1].shape and np.allclose(*pair)
    if keras.backend.backend() == "jax" and not is_first:
        raise InputError(
            f"On the jax backend, the first state of the cell {name} must be its output, because Keras "
            "returns the first state at padded steps. Add it to the states: return h, [h, c]."
        )


def failure(its_class, what, error):
    """Writes a message about an error that the code of a cell raised.

    Args:
        its_class: the class of the cell.
        what: what went wrong, to follow the name of the class.
        error: the exception.

    Returns:
        One line, with the file and the line in it if they are known.

    Example:

    >>> import keras
    >>> failure(keras.layers.GRUCell, "cannot be made", ValueError("units must be positive"))
    'The cell GRUCell cannot be made. gru.py: ValueError: units must be positive'
    """
    path = cell_files.source_of(its_class)
    where = f"{path.name}{cell_files.line_of(error, path)}: " if path else ""
    reason = re.sub(r"\x1b\[\d*m", "", one_line(error))  # Keras adds colors, a prefix and the inputs
    reason = re.sub(r"^Exception encountered when calling \S+ | Arguments received by.*", "", reason)
    reason = reason.rsplit("Exception encountered: ", 1)[-1]  # that of the cell itself
    return f"The cell {its_class.__name__} {what}. {where}{type(error).__name__}: {reason[:300]}"
