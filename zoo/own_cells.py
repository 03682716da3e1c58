"""Your own cell: what the argument `cell` may be, and the recurrent layers that are made from it.

A cell computes one step. It is a Keras layer with

    __init__(self, units, **kwargs)
    state_size              the size n of its state [batch, n], or a list with the size of each state
    call(inputs, states)    returns the output [batch, units] and the new states

Wherever the zoo takes `cell`, it may be

- one of the names `"simple_rnn"`, `"lstm"` and `"gru"`.
- the class of a cell, or the class of a recurrent layer that has such a cell. Each layer of the model
  gets a new one, made with `units=`. Keras's own classes, such as `keras.layers.GRUCell` and
  `keras.layers.GRU`, are the same as their names.
- an object of such a class. It is a template: each layer gets a copy that is made from its
  `get_config`, without its weights, name and dtype. If the config has `units`, they are set to the
  number that the model asks for. If it has none, they are set in each layer inside of the config. So
  `Zoneout(keras.layers.LSTMCell(1), 0.1)` wraps an LSTM of any size.
- a text that names a file and a class in it, `"my_cells.py:MyCell"`. See `zoo.cell_files`.

The first state should be the output, as in Keras's own cells: `return h, [h, c]`. On the jax backend
this is a must, because Keras returns the first state in place of the output at padded steps.

To save a model, write `@keras.saving.register_keras_serializable()` above your class. If it has other
arguments than `units`, `get_config` must return them, too.
"""

import inspect

from zoo import cell_files
from zoo.cell_checks import check_step, failure, state_sizes
from zoo.cell_configs import config_of, known_classes, unused_cells
from zoo.configs import arguments_of
from zoo.errors import InputError, check_choice, one_line, shown

NAMES = ("simple_rnn", "lstm", "gru")
HOW_TO = "For a cell of your own, give its file and class, such as my_cells.py:MyCell."
ADVICE = (
    "Its __init__ must take **kwargs and pass them to super().__init__, and its get_config must return "
    "all other arguments"
)


def find(cell):
    """Finds out what `cell` means, and checks it.

    Args:
        cell: a name, a class, an object or a text, as above.

    Returns:
        One of `NAMES`, a class, or a template.

    Raises:
        ValueError: it is not a cell, its class has no argument `units`, or its config is incomplete.

    Example:

    >>> import keras
    >>> find("gru"), find(keras.layers.LSTMCell)
    ('gru', 'lstm')
    """
    if isinstance(cell, str):
        if not cell_files.is_file(cell):
            try:
                check_choice("cell", cell, NAMES)
            except InputError as error:
                raise InputError(f"{error}. {HOW_TO}") from None
            return cell
        cell = cell_files.load(cell)

    import keras

    layers, its_class = keras.layers, cell if inspect.isclass(cell) else type(cell)
    if issubclass(its_class, layers.Bidirectional):
        raise InputError(
            "cell must be the layer inside of the Bidirectional. Where a type can read in both "
            f"directions, it has the argument bidirectional=True. Received: {shown(cell)}"
        )
    if not issubclass(its_class, layers.Layer):
        try:
            check_choice("cell", cell, NAMES)
        except InputError as error:
            raise InputError(f"{error}. A cell of your own must be a class of layers.") from None
    if inspect.isclass(cell):
        own = ((layers.SimpleRNN, layers.SimpleRNNCell), (layers.LSTM, layers.LSTMCell))
        for name, classes in zip(NAMES, (*own, (layers.GRU, layers.GRUCell)), strict=True):
            if cell in classes:
                return name
        if not _takes_units(cell):
            raise InputError(
                f"The class {cell.__name__} has no argument units. Write def __init__(self, units, "
                f"**kwargs), or give an object of the class, such as {cell.__name__}(...). "
                f"Received: {shown(cell)}"
            )
        return cell
    if not hasattr(cell, "state_size"):
        raise InputError(
            f"{its_class.__name__} is not a cell, because it has no state_size. See "
            f"help('zoo.own_cells') for what a cell needs. Received: {shown(cell)}"
        )
    if isinstance(cell, layers.RNN):
        for option in ("go_backwards", "stateful"):
            if getattr(cell, option):
                raise InputError(
                    f"A layer with {option}=True cannot be the cell of a model. Make it without "
                    f"{option}. Received: {shown(cell)}"
                )
        if its_class is layers.RNN:
            return find(cell.cell)
    try:
        missing = arguments_of(its_class) - set(cell.get_config())
    except NotImplementedError as error:
        raise InputError(
            f"get_config of {its_class.__name__} must return its arguments: {one_line(error, 200)}"
        ) from None
    if missing:
        raise InputError(
            f"get_config of {its_class.__name__} must return {', '.join(sorted(missing))}. Each layer "
            "gets a copy that is made from the config."
        )
    return cell


def _takes_units(its_class):
    for base in its_class.__mro__:
        parameters = inspect.signature(base.__init__).parameters
        if "units" in parameters:
            return True
        if not any(one.kind == inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
            break
    return False


def sizes_of(cell, units):
    """The sizes of the states of one recurrent layer, in one direction.

    Args:
        cell: what `cell` may be, as above.
        units: size of the output.

    Returns:
        A list of integers, in the order in which the layer returns its states.

    Raises:
        ValueError: there is no such cell, or it cannot be made.

    Example:

    >>> sizes_of("lstm", 8)
    [8, 8]
    """
    cell = find(cell)
    if isinstance(cell, str):
        return [units] * (2 if cell == "lstm" else 1)  # h and c; h
    with unused_cells():
        return state_sizes(_make(cell, units))


def make_layer(cell, units, features, **options):
    """Makes a recurrent layer from a cell of your own, and checks the cell on two rows of numbers.

    Args:
        cell: a class or a template, as `find` returns them.
        units: the size of the output.
        features: the size of the inputs at each step.
        **options: arguments of `keras.layers.RNN`, such as `return_sequences`.

    Returns:
        A `keras.layers.RNN`.

    Raises:
        ValueError: the cell raises an error, or returns something else than an output `[batch, units]`
            and the states that `state_size` announces.
    """
    layer = _make(cell, units, **options)
    with unused_cells():
        check_step(_make(cell, units).cell, units, features)
    return layer


def _make(cell, units, **options):
    import keras

    is_class = inspect.isclass(cell)
    its_class = cell if is_class else type(cell)
    of_layer = options if issubclass(its_class, keras.layers.RNN) else {}
    try:
        if is_class:
            made = cell(units=units, **of_layer)
        else:
            config = config_of(cell, units)["config"]
            with known_classes(cell):
                made = its_class.from_config({**config, **of_layer})
    except Exception as error:  # whatever the class raises
        what = "cannot be made" if is_class else f"cannot be made from its config. {ADVICE}"
        raise InputError(failure(its_class, what, error)) from error
    if not hasattr(made, "state_size"):
        raise InputError(
            f"{its_class.__name__} is not a cell, because it has no state_size. See "
            f"help('zoo.own_cells') for what a cell needs. Received: {shown(cell)}"
        )
    state_sizes(made)
    return made if isinstance(made, keras.layers.RNN) else keras.layers.RNN(made, **options)


def in_both_directions(layer, name=None):
    """Makes a layer that reads in both directions.

    Args:
        layer: a `keras.layers.RNN`. Both directions are copies that are made from its config.
        name: the name of the new layer, or None.

    Returns:
        A `keras.layers.Bidirectional`.

    Raises:
        ValueError: the cell of the layer cannot be made from its config.

    Example:

    >>> import keras
    >>> layer = in_both_directions(keras.layers.GRU(8))
    >>> layer(keras.Input((None, 5))).shape
    (None, 16)
    """
    import keras

    try:
        with known_classes(layer):
            return keras.layers.Bidirectional(layer, name=name)
    except Exception as error:  # whatever the class of the cell raises
        what = f"cannot be made from its config. {ADVICE}"
        raise InputError(failure(type(layer.cell), what, error)) from error
