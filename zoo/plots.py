"""Plots of losses, scores, series, attention weights and captions."""

import textwrap

import keras
import numpy as np

from zoo.errors import InputError
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
def plot_attention(model, inputs, labels):
    """Plots the attention weights of a model as heat maps, one for each example.

    Args:
        model: a model of the type `encoder_decoder` or `one_to_many` with attention.
        inputs: a list with the inputs of the model for each example, each a batch of one row.
        labels: a list with a pair of lists of str for each example: the items that the model can attend
            to, and the steps of the output.

    Returns:
        A `matplotlib.figure.Figure` with a row for each step and a column for each item.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> inputs = [np.array([[7, 8]]), np.array([[2, 5, 6]])]
    >>> figure = plot_attention(model, [inputs], [(["a", "dog"], ["ein", "Hund", "."])])
    >>> figure.axes[0].get_xticklabels()[1].get_text()
    'dog'
    """
    import matplotlib.pyplot as plt

    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    figure, axes = plt.subplots(
        1, len(inputs), figsize=(6 * len(inputs), 5), squeeze=False, layout="constrained"
    )
    for axis, one, (items, steps) in zip(axes[0], inputs, labels, strict=True):
        image = axis.imshow(weights.predict_on_batch(one)[0], cmap="Greys", vmin=0, vmax=1)
        axis.set_xticks(range(len(items)), items, rotation=0 if max(map(len, items)) < 3 else 90)
        axis.set_yticks(range(len(steps)), steps)
        axis.set_xlabel("attended to")
    axes[0][0].set_ylabel("steps of the output, downwards")
    figure.colorbar(image, ax=axes, label="attention weight")
    return figure


@with_letters
def plot_captions(images, captions, references):
    """Plots images with the caption of a model and the caption of a person.

    Args:
        images: a list of arrays `[height, width, channels]`.
        captions: a str for each image, from the model.
        references: a str for each image, from a person. It appears in parentheses below the caption.

    Returns:
        A `matplotlib.figure.Figure` with four images in each row.

    Example:

    >>> import numpy as np
    >>> figure = plot_captions([np.zeros((32, 32, 1))], ["two dots"], ["three dots"])
    >>> figure.axes[0].get_title()
    'two dots\\n(three dots)'
    """
    import matplotlib.pyplot as plt

    rows = -(-len(images) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(14, 4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, *texts in zip(axes.flat, images, captions, references, strict=False):
        axis.imshow(image, cmap="gray")
        caption, reference = (textwrap.fill(text, 36) for text in texts)
        axis.set_title(f"{caption}\n({reference})", fontsize=9)
    return figure


@with_letters
def plot_images(images, titles, title):
    """Plots images with a title over each.

    Args:
        images: a list of arrays `[height, width, channels]`, of numbers from 0 to 1.
        titles: a str for each image.
        title: text above the plot.

    Returns:
        A `matplotlib.figure.Figure` with eight images in each row.

    Example:

    >>> import numpy as np
    >>> figure = plot_images([np.zeros((8, 8, 1))], ["dog, cat"], "predicted class, true class")
    >>> figure.axes[0].get_title()
    'dog, cat'
    """
    import matplotlib.pyplot as plt

    rows = -(-len(images) // 8)
    figure, axes = plt.subplots(
        rows, 8, figsize=(10, 0.5 + 1.5 * rows), squeeze=False, layout="constrained"
    )
    figure.suptitle(title)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, text in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axis.set_title(textwrap.fill(text, 16))
    return figure


@with_letters
def plot_attention_over_images(model, contexts, images, captions, vocabulary):
    """Plots where in an image the model looked for each word, as in figure 3 of Xu et al. 2015.

    Args:
        model: a model of the type `one_to_many` with attention to a square grid of places.
        contexts: an array `[images, ...]`, the first input of the model.
        images: a list of arrays `[height, width, channels]`.
        captions: a list of words for each image.
        vocabulary: a list of words. The token of a word is its index.

    Returns:
        A `matplotlib.figure.Figure` with a row for each image, and a column for each word and for the
        end token. It is bright where the model looked.

    Raises:
        ValueError: the places are not a square grid.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("one_to_many", context_shape=(25, 8), vocabulary_size=6, units=8)
    >>> words = ["", "[UNK]", "<s>", "</s>", "a", "dog"]
    >>> figure = plot_attention_over_images(
    ...     model, np.zeros((1, 25, 8)), [np.zeros((160, 160, 3))], [["a", "dog"]], words
    ... )
    >>> [axis.get_title() for axis in figure.axes]
    ['a', 'dog', '</s>']
    """
    import matplotlib.pyplot as plt

    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    num_places = weights.output_shape[-1]
    side = round(num_places**0.5)
    if side * side != num_places:
        raise InputError(f"The places must be a square grid. Received: {num_places} places")
    shape = (len(images), max(map(len, captions)) + 1)
    figure, axes = plt.subplots(
        *shape, figsize=(1.5 * shape[1], 1.8 * shape[0]), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.axis("off")
    box = {"extent": (0, side, side, 0), "cmap": "gray"}
    for row, context, image, words in zip(axes, contexts, images, captions, strict=True):
        tokens = np.array([[model.start_token, *map(vocabulary.index, words)]])
        grids = weights.predict_on_batch([context[None], tokens])[0]  # [time, places]
        titles = [*words, vocabulary[model.end_token]]
        for axis, grid, title in zip(row, grids.reshape(-1, side, side), titles, strict=False):
            axis.set_title(title, fontsize=8)
            axis.imshow(image, **box)
            axis.imshow(grid, alpha=0.6, vmin=0, vmax=grids.max(), interpolation="bilinear", **box)
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
