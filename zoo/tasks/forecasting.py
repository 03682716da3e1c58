"""Forecasting: the numbers of a series to the numbers that follow."""

import numpy as np

from zoo.errors import InputError
from zoo.tasks import checks, running


def mean_and_std(train, values):
    """The mean and the standard deviation of the training part, for `scale` and `unscale`.

    Args:
        train: the values of the training part, floats `[steps]`.
        values: the whole series, floats. The training part comes first.

    Returns:
        Two floats.

    Raises:
        ValueError: the training part never changes, or the series cannot be scaled.

    Example:

    >>> mean_and_std(np.array([90.0, 110.0]), np.array([90.0, 110.0, 120.0]))
    (100.0, 10.0)
    """
    if np.ptp(train) == 0:
        raise InputError(f"The training part never changes. Received: {values[0]} at every step")
    with np.errstate(all="ignore"):  # what cannot be scaled is refused below
        mean, std = float(train.mean()), float(train.std())
        scaled = scale(values, mean, std)
        spread = scaled[: len(train)].std()  # 1, unless squares are 0 or infinite
    if not (0.99 < spread < 1.01 and (np.abs(scaled) < 1e9).all()):
        raise InputError(
            "The series cannot be scaled: its numbers are too small, too large, or far from the "
            f"training part. Received: a mean of {mean:.3g} and a standard deviation of {std:.3g}"
        )
    return mean, std


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


def encode(windows, segment):
    """Converts windows to inputs: the difference between each value and the last one of its window.

    Args:
        windows: scaled values `[windows, window]`.
        segment: number of values that the network reads in one step.

    Returns:
        Floats `[windows, steps, segment]`, where steps = window / segment.

    Example:

    >>> encode(np.array([[1.0, 4.0, 2.0, 3.0]]), segment=2).tolist()
    [[[-2.0, 1.0], [-1.0, 0.0]]]
    """
    return (windows - windows[:, -1:]).reshape(len(windows), -1, segment)


def decode(outputs, windows):
    """Converts outputs to scaled values. The outputs are differences from the last value of a window.

    Args:
        outputs: floats `[windows, horizon]`.
        windows: scaled values `[windows, window]`.

    Returns:
        Floats `[windows, horizon]`.

    Example:

    >>> decode(np.array([[1.0, -0.5]]), np.array([[1.0, 2.0]])).tolist()
    [[3.0, 1.5]]
    """
    return outputs + windows[:, -1:]


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    window = checks.check_integer(card, "config", "window")
    segment = checks.check_integer(card, "config", "segment")
    if window % segment:
        checks.refuse(card, ("config", "window"), f"a multiple of the segment, which is {segment}")
    checks.check_number(card, "preprocessing", "mean")
    checks.check_number(card, "preprocessing", "std", above=0)
    checks.check_inputs(model, [(None, window // segment, segment)])


def make_answer(model, card, files):
    """Makes the function that answers. It takes the numbers of a series and returns the next ones."""
    predict = running.compile_model(model)
    window, segment = card["config"]["window"], card["config"]["segment"]
    mean, std = card["preprocessing"]["mean"], card["preprocessing"]["std"]

    def answer(numbers):
        try:
            values = np.asarray(numbers, "float64")
        except (OverflowError, TypeError, ValueError):  # a text, None, lists of different lengths
            values = np.array(np.nan)
        if values.ndim != 1 or len(values) < window or not np.isfinite(values).all():
            raise InputError(
                f"Give {window} numbers or more, the newest last. Received: {numbers!r:.200}"
            )
        windows = scale(values[None, -window:], mean, std)  # [1, window]
        inputs = encode(windows, segment)  # [1, steps, segment]
        if not (np.abs(inputs) < 1e30).all():
            raise InputError(
                "The numbers are too far from the series that the model was trained on. "
                f"Received: {np.abs(numbers).max():.3g}"
            )
        outputs = running.finite(predict(inputs.astype("float32")))  # [1, horizon]
        return unscale(decode(outputs, windows)[0], mean, std).tolist()

    return answer
