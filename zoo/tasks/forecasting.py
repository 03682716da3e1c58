"""Forecasting: the numbers of a series to the numbers that follow."""

import math
import re

import numpy as np

from zoo.errors import InputError, check_choice
from zoo.tasks import checks, running


def scale(values, mean, std):
    """Converts values to units of the standard deviation, counted from the mean of the training part.

    Args:
        values: floats of any shape.
        mean: the mean of the training part.
        std: the standard deviation of the training part.

    Returns:
        Floats of the same shape.

    Example:

    >>> scale(np.array([100.0, 120.0]), mean=100.0, std=10.0).tolist()
    [0.0, 2.0]
    """
    return (values - mean) / std


def unscale(values, mean, std):
    """Converts scaled values back to the units of the series.

    Args:
        values, mean, std: see `scale`.

    Returns:
        Floats of the same shape.

    Example:

    >>> unscale(np.array([0.0, 2.0]), mean=100.0, std=10.0).tolist()
    [100.0, 120.0]
    """
    return values * std + mean


def encode(windows, segment, num_outputs=1):
    """Converts windows to inputs.

    A value of a column to forecast becomes its difference from the last value of its window. The
    values of other columns stay as they are.

    Args:
        windows: scaled values `[windows, window, columns]`.
        segment: number of values of each column that the network reads in one step.
        num_outputs: the number of columns to forecast, which come first.

    Returns:
        Floats `[windows, steps, segment * columns]`, where steps = window / segment.

    Example:

    >>> encode(np.array([[[1.0], [4.0], [2.0], [3.0]]]), segment=2).tolist()
    [[[-2.0, 1.0], [-1.0, 0.0]]]
    """
    inputs = np.array(windows)
    inputs[..., :num_outputs] -= windows[:, -1:, :num_outputs]
    return inputs.reshape(len(windows), -1, segment * windows.shape[-1])


def decode(outputs, windows, num_outputs=1):
    """Converts outputs to scaled values. The outputs are differences from the last value of a window.

    Args:
        outputs: floats `[windows, horizon * num_outputs]`.
        windows: scaled values `[windows, window, columns]`.
        num_outputs: the number of columns to forecast, which come first.

    Returns:
        Floats `[windows, horizon, num_outputs]`.

    Example:

    >>> decode(np.array([[1.0, -0.5]]), np.array([[[1.0], [2.0]]])).tolist()
    [[[3.0], [1.5]]]
    """
    return outputs.reshape(len(windows), -1, num_outputs) + windows[:, -1:, :num_outputs]


def forecast(predict, values, scales, window, segment, num_outputs=1):
    """Forecasts what follows after the last value of a series.

    Args:
        predict: a function from inputs to outputs of the model.
        values: floats `[steps, columns]`, at least as many steps as the window has.
        scales: the mean and the standard deviation of each column, `[2, columns]`.
        window, segment, num_outputs: see `encode`.

    Returns:
        Floats `[horizon, num_outputs]`, in the units of the series.

    Example:

    >>> values, scales = np.array([[100.0], [120.0]]), [[100.0], [10.0]]
    >>> forecast(lambda inputs: np.array([[0.5]]), values, scales, window=2, segment=1).tolist()
    [[125.0]]
    """
    mean, std = np.asarray(scales, "float64")
    windows = scale(values[None, -window:], mean, std)  # [1, window, columns]
    inputs = encode(windows, segment, num_outputs)  # [1, steps, segment * columns]
    if not (np.abs(inputs) < 1e30).all():
        raise InputError(
            "The numbers are too far from the series that the model was trained on. Are they in the "
            f"same unit? That series had a mean of {mean[0]:.3g} and a standard deviation of "
            f"{std[0]:.3g}. Received: {np.abs(values).max():.3g}"
        )
    outputs = running.finite(predict(inputs.astype("float32")))  # [1, horizon * num_outputs]
    return unscale(decode(outputs, windows, num_outputs)[0], mean[:num_outputs], std[:num_outputs])


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    window = checks.check_integer(card, "config", "window")
    segment = checks.check_integer(card, "config", "segment")
    if window % segment:
        checks.refuse(card, ("config", "window"), f"a multiple of the segment, which is {segment}")
    for field, least, most in (("columns", 1, 10_000), ("inputs", 0, 10_000), ("series", 0, 10**6)):
        if field in card:
            checks.check_texts(card, field, least, most)
    num_columns, num_outputs = _count_columns(card)
    for name, least in (("mean", -math.inf), ("std", 0)):
        numbers = _flatten(checks.get(card, "preprocessing", name))
        for number in numbers:
            checks.check_number({"preprocessing": {name: number}}, "preprocessing", name, above=least)
        if len(numbers) != num_columns * max(1, len(card.get("series", []))):
            checks.refuse(card, ("preprocessing", name), "a number for each column of each series")
    checks.check_inputs(model, [(None, window // segment, segment * num_columns)])
    size = checks.output_size(model, 2)
    if size and size % num_outputs:
        raise InputError(
            f"The model must have outputs for {num_outputs} columns. Received: {size} outputs"
        )


def _flatten(numbers):
    """The numbers in a number, a list of numbers, or a list of lists of them."""
    return [n for one in numbers for n in _flatten(one)] if isinstance(numbers, list) else [numbers]


def _count_columns(card):
    """The number of all columns, and of those to forecast. Cards of earlier versions have one."""
    num_outputs = len(card.get("columns", [""]))
    return num_outputs + len(card.get("inputs", [])), num_outputs


def _names_of_columns(card):
    return ", ".join([*card.get("columns", []), *card.get("inputs", [])])


def parse_words(card, words):
    """Converts the words of a command line to the input of a model.

    Args:
        card: the content of `task.json`.
        words: a list of str. With several series, the first one is the name of the series. The others
            have numbers. With several columns, the numbers are row after row.

    Returns:
        A list, see `make_answer`.

    Raises:
        ValueError: a word is not a number, or the last row is not complete.

    Example:

    >>> card = {"columns": ["sales"], "inputs": ["price"], "series": ["A"]}
    >>> parse_words(card, ["A", "90,1.5", "95,1.6"])
    ['A', [90.0, 1.5], [95.0, 1.6]]
    """
    num_columns, _ = _count_columns(card)
    name, words = (words[:1], words[1:]) if card.get("series") else ([], words)
    if num_columns == 1 and any(re.search(r"\d,\d", word) for word in words):  # 1,234 or 30,5?
        raise InputError("Write 30.5 for a number with decimals, and a space between two numbers.")
    try:
        numbers = [float(number) for number in " ".join(words).replace(",", " ").split()]
    except ValueError:
        raise InputError(f"Give numbers. Received: {' '.join(words)!r:.60}") from None
    if len(numbers) % num_columns:
        raise InputError(
            f"Give rows of {num_columns} numbers, for {_names_of_columns(card)}. "
            f"Received: {len(numbers)} numbers"
        )
    rows = numbers if num_columns == 1 else np.reshape(numbers, (-1, num_columns)).tolist()
    return [*name, *rows]


def make_answer(model, card, files):
    """Makes the function that answers.

    It takes the numbers of a series, the newest last, and returns the next ones. With several columns,
    it takes a list of numbers for each step. If several columns are forecast, it returns a list of
    numbers for each step. If the model was trained on several series, the first item is the name of
    one.
    """
    predict = running.compile_model(model)
    window, segment = card["config"]["window"], card["config"]["segment"]
    (num_columns, num_outputs), names = _count_columns(card), card.get("series", [])
    numbers = [_flatten(card["preprocessing"][name]) for name in ("mean", "std")]
    scales = np.reshape(numbers, (2, -1, num_columns)).astype("float64")  # [2, series, columns]
    each = "numbers"
    if num_columns > 1:
        each = f"rows of {num_columns} numbers ({_names_of_columns(card)})"

    def answer(numbers):
        i = 0
        if names:
            check_choice("series (the first input is its name)", *numbers[:1] or [""], names)
            i, numbers = names.index(numbers[0]), numbers[1:]
        try:
            values = np.asarray(numbers, "float64")
        except (OverflowError, TypeError, ValueError):  # a text, None, lists of different lengths
            values = np.array(np.nan)
        if num_columns == 1 and values.ndim == 1:
            values = values[:, None]
        if (
            values.ndim != 2
            or values.shape[1] != num_columns
            or len(values) < window
            or not np.isfinite(values).all()
        ):
            raise InputError(
                f"Give {window} {each} or more, the newest last. Received: {numbers!r:.200}"
            )
        follows = forecast(predict, values, scales[:, i], window, segment, num_outputs)
        return (follows[:, 0] if num_outputs == 1 else follows).tolist()

    return answer
