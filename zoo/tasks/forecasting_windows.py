"""Windows of series, to train and score a forecasting model."""

import numpy as np

from zoo.errors import InputError
from zoo.tasks import forecasting


def mean_and_std(series, columns, num_outputs=1):
    """The mean and the standard deviation of each column in the training part, for `scale`.

    An input that never changes in training gets the standard deviation 1.

    Args:
        series: a `zoo.datasets.Series`.
        columns: the names of the columns, for messages. The ones to forecast come first.
        num_outputs: the number of columns to forecast.

    Returns:
        Floats `[2, columns]`.

    Raises:
        ValueError: a column to forecast never changes in training, or cannot be scaled.

    Example:

    >>> from zoo.datasets import Series
    >>> parts = {"train": np.array([[90.0], [110.0]]), "test": np.array([[120.0]])}
    >>> mean_and_std(Series("", parts, None, None), ["sales"]).tolist()
    [[100.0], [10.0]]
    """
    train, values = series.parts["train"], np.concatenate(list(series.parts.values()))
    means, stds = np.empty(len(columns)), np.empty(len(columns))
    whose = f" of {series.name}" if series.name else ""
    for i, name in enumerate(columns):
        part, whole = np.ascontiguousarray(train[:, i]), values[:, i]
        if np.ptp(part) == 0:
            if i < num_outputs:
                raise InputError(
                    f"The training part of {name}{whose} never changes. Name another column with "
                    f"--column. Received: {part[0]} at every step"
                )
            means[i], stds[i] = part[0], 1
            continue
        with np.errstate(all="ignore"):  # no warnings, even for huge numbers
            means[i], stds[i] = part.mean(), part.std()
            scaled = forecasting.scale(whole, means[i], stds[i])
            spread = scaled[: len(part)].std()  # 1, unless squares are 0 or infinite
        if not (0.99 < spread < 1.01 and (np.abs(scaled) < 1e9).all()):
            raise InputError(
                f"The series cannot be scaled: the numbers of {name}{whose} are too small, too large, "
                f"or far from the training part. Received: a mean of {means[i]:.3g} and a standard "
                f"deviation of {stds[i]:.3g}"
            )
    return np.array([means, stds])


def make_windows(series, scales, window, horizon, num_outputs=1):
    """Windows of each part of each series, and the values after them. All are scaled.

    All values after a window of a part lie in this part. The window may begin in the part before.

    Args:
        series: a list of `zoo.datasets.Series`.
        scales: for each series, what `mean_and_std` returns.
        window: number of steps in a window.
        horizon: number of steps after it.
        num_outputs: the number of columns to forecast, which come first.

    Returns:
        A dict of split to three arrays: windows `[windows, window, columns]`, the values after them
        `[windows, horizon, num_outputs]`, and the index of the series of each window.

    Example:

    >>> from zoo.datasets import Series
    >>> parts = {"train": np.array([[1.0], [2.0], [3.0]]), "test": np.array([[4.0]])}
    >>> data = make_windows([Series("", parts, None, None)], [(0.0, 1.0)], window=2, horizon=1)
    >>> [array.tolist() for array in data["test"]]
    [[[[2.0], [3.0]]], [[[4.0]]], [0]]
    """
    data = {split: [] for split in series[0].parts}
    for i, (one, (mean, std)) in enumerate(zip(series, scales, strict=True)):
        values, end = forecasting.scale(np.concatenate(list(one.parts.values())), mean, std), 0
        for split, part in one.parts.items():
            begin, end = max(0, end - window), end + len(part)
            rows = np.lib.stride_tricks.sliding_window_view(values[begin:end], window + horizon, axis=0)
            rows = rows.swapaxes(1, 2)  # [windows, window + horizon, columns]
            data[split].append(
                (rows[:, :window], rows[:, window:, :num_outputs], np.full(len(rows), i))
            )
    return {split: tuple(map(np.concatenate, zip(*rows, strict=True))) for split, rows in data.items()}


def naive_errors(series, lag, num_outputs=1):
    """The mean absolute error in training of a forecast that repeats the value of some steps before.

    MASE divides by it, see `score`.

    Args:
        series: a list of `zoo.datasets.Series`.
        lag: how many steps before.
        num_outputs: the number of columns to forecast, which come first.

    Returns:
        Floats `[series, num_outputs]`, in the units of the series.

    Example:

    >>> from zoo.datasets import Series
    >>> train = np.array([[0.0], [1.0], [3.0], [2.0]])
    >>> naive_errors([Series("", {"train": train}, None, None)], lag=2).tolist()
    [[2.0]]
    """
    trains = [one.parts["train"][:, :num_outputs].T for one in series]  # [outputs, steps]
    return np.array([np.abs(part[:, lag:] - part[:, :-lag]).mean(axis=1) for part in trains])


def score(forecast, truth, owner, std, naive, names):
    """Scores a forecast by its errors.

    MAE is the mean absolute error, and RMSE the root of the mean squared error, in the units of the
    series. MASE divides the MAE by that of a naive forecast in training (Hyndman & Koehler 2006). MASE
    and the scaled MSE are means over all series and columns.

    Args:
        forecast: scaled values `[windows, horizon, outputs]`.
        truth: the scaled values that came, in the same shape.
        owner: the index of the series of each window `[windows]`.
        std: the standard deviation of each column to forecast, `[series, outputs]`.
        naive: a dict from the name of a naive forecast to what `naive_errors` returned.
        names: the names of the columns to forecast.

    Returns:
        A dict of numbers. MASE is None if the naive forecast makes no errors in training.

    Example:

    >>> truth, forecast = np.array([[[1.0], [2.0]]]), np.array([[[1.0], [4.0]]])
    >>> std, naive = np.array([[10.0]]), {"step": np.array([[5.0]])}
    >>> scores = score(forecast, truth, np.array([0]), std, naive, ["sales"])
    >>> {name: round(float(value), 2) for name, value in scores.items()}
    {'MAE': 10.0, 'RMSE': 14.14, 'MASE, step': 2.0, 'scaled MSE': 2.0}
    """
    error = np.moveaxis(forecast - truth, -1, 0)  # [outputs, windows, horizon]
    errors = [error[:, owner == i].reshape(len(names), -1) for i in range(len(std))]
    mae = np.array([np.abs(one).mean(axis=1) for one in errors]) * std  # [series, outputs]
    mse = np.array([(one**2).mean(axis=1) for one in errors])
    rmse, row = np.sqrt(mse) * std, {}
    for j, name in enumerate(names):
        of = f" of {name}" if len(names) > 1 else ""
        row |= {f"MAE{of}": mae[:, j].mean(), f"RMSE{of}": rmse[:, j].mean()}
    for lag, simple in naive.items():
        row[f"MASE, {lag}"] = (mae / simple).mean() if simple.all() else None  # all seasons equal
    return row | {"scaled MSE": mse.mean()}
