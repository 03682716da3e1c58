"""Plots of scores, losses and series of numbers."""

import numpy as np

from zoo.fonts import with_letters


@with_letters
def plot_scores(rows, title, ylabel, style="o"):
    """Plots a table of scores: the columns from left to right, and a color for each row.

    Args:
        rows: a dict from the name of each row to a dict of column to score. All rows have the same
            columns.
        title: text above the plot.
        ylabel: what the scores are.
        style: format of matplotlib, such as `"o"` for points, or `"o-"` for points and lines.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> rows = {"gru": {"short": 0.9, "long": 0.8}, "baseline": {"short": 0.7, "long": 0.6}}
    >>> figure = plot_scores(rows, "reviews", "accuracy")
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['gru', 'baseline']
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5))
    for name, scores in rows.items():
        axes.plot(list(scores), list(scores.values()), style, label=name)
    axes.set(ylabel=ylabel, title=title)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure


@with_letters
def plot_series(panels, xlabel):
    """Plots series of numbers over each other, in one or more panels. The first one of each is black.

    Args:
        panels: a dict from the title of each panel to a tuple: the times of the steps (datetime64,
            numbers, or None to count them), and a dict from the name of each series to its numbers.
        xlabel: what the steps are.

    Returns:
        A `matplotlib.figure.Figure`, with the panels from top to bottom.

    Example:

    >>> figure = plot_series({"sunspots": (None, {"truth": [1, 2, 3], "gru": [1, 2, 2]})}, "year")
    >>> [line.get_color() for line in figure.axes[0].lines]
    ['black', 'C1']
    """
    import matplotlib.pyplot as plt
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    size = (11, 1.5 + 3 * len(panels))
    figure, axes = plt.subplots(len(panels), figsize=size, squeeze=False, layout="constrained")
    for axis, (title, (times, series)) in zip(axes[:, 0], panels.items(), strict=True):
        for i, (name, values) in enumerate(series.items()):
            steps = range(len(values)) if times is None else times[: len(values)]
            axis.plot(steps, values, color=f"C{i}" if i > 0 else "black", linewidth=1, label=name)
        if times is not None and np.asarray(times).dtype.kind == "M":
            locator = AutoDateLocator()
            axis.xaxis.set_major_locator(locator)
            axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # its labels do not overlap
        axis.set(ylabel=title)
        axis.legend()
        axis.grid(alpha=0.3)
    axes[-1, 0].set(xlabel=xlabel)
    return figure


@with_letters
def plot_confusion(parts):
    """Plots which class a model took for which. A row is a true class, and its shares add up to 100 %.

    Args:
        parts: a list with a tuple for each matrix to plot: the names of the true classes, an array of
            str; the names of the classes that the model chose, an array of the same length; and a list
            with the names of all classes.

    Returns:
        A `matplotlib.figure.Figure`, with the matrices from left to right.

    Example:

    >>> names = ["noun", "verb"]
    >>> figure = plot_confusion([(["noun", "verb", "verb"], ["noun", "verb", "noun"], names)])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['100%', '0%', '50%', '50%']
    """
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay  # of the extra "recipes"

    size = max(5, *(len(names) / 2 for _, _, names in parts))
    sizes = {"figsize": (size * len(parts), size), "layout": "constrained"}
    figure, axes = plt.subplots(1, len(parts), squeeze=False, **sizes)
    for axis, (truth, predicted, names) in zip(axes[0], parts, strict=True):
        ConfusionMatrixDisplay.from_predictions(
            truth,
            predicted,
            labels=names,
            normalize="true",
            values_format=".0%",
            xticks_rotation=45,
            text_kw={"fontsize": 7},
            cmap="Blues",
            colorbar=False,
            ax=axis,
        )
    return figure


@with_letters
def plot_losses(history, baselines, title, ylabel="loss"):
    """Plots losses after each epoch, with a dashed line for each baseline.

    Args:
        history: a dict of names to lists of numbers, one for each epoch.
        baselines: a dict of names to numbers.
        title: text above the plot.
        ylabel: what the numbers are.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = plot_losses({"loss": [2.0, 1.5]}, {"5-gram": 1.75}, "Shakespeare")
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['loss', '5-gram']
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, values in history.items():
        axes.plot(range(1, len(values) + 1), values, marker="o", label=name)
    for name, value in baselines.items():
        axes.axhline(value, color="grey", linestyle="--", label=name)
    axes.set(xlabel="epoch", ylabel=ylabel, title=title)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure
