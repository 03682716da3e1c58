"""What a recurrent network does inside, as numbers and as pictures."""

import textwrap

import keras
import matplotlib.pyplot as plt
import numpy as np

from zoo.errors import InputError


def plot_attention(model, inputs, labels):
    """Heat maps of where a model with attention looked, for each step of its output.

    Args:
        model: of `encoder_decoder` or `one_to_many` with attention.
        inputs: a list of the model's inputs, one for each picture, a batch of one row each.
        labels: for each picture a pair of lists of str: what was attended to, and the steps.

    Returns:
        A `matplotlib.figure.Figure`: a row for each step, a column for each item attended to.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> inputs = [np.array([[7, 8]]), np.array([[2, 5, 6]])]
    >>> figure = plot_attention(model, [inputs], [(["a", "dog"], ["ein", "Hund", "."])])
    >>> figure.axes[0].get_xticklabels()[1].get_text()
    'dog'
    """
    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    figure, axes = plt.subplots(
        1, len(inputs), figsize=(6 * len(inputs), 5), squeeze=False, layout="constrained"
    )
    for axis, one, (items, steps) in zip(axes[0], inputs, labels, strict=True):
        image = axis.imshow(weights.predict_on_batch(one)[0], cmap="Greys", vmin=0, vmax=1)
        axis.set_xticks(range(len(items)), items, rotation=90)
        axis.set_yticks(range(len(steps)), steps)
    figure.colorbar(image, ax=axes, label="attention weight")
    return figure


def plot_captions(images, captions, references):
    """Images with what a model says of them, and what a person said.

    Args:
        images: list of arrays `[height, width, channels]`.
        captions: for each a str.
        references: for each a str, written below in brackets.

    Returns:
        A `matplotlib.figure.Figure` of four images a row.

    Example:

    >>> import numpy as np
    >>> figure = plot_captions([np.zeros((32, 32, 1))], ["two dots"], ["three dots"])
    >>> figure.axes[0].get_title()
    'two dots\\n(three dots)'
    """
    rows = -(-len(images) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(14, 4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, *texts in zip(axes.flat, images, captions, references, strict=False):
        axis.imshow(image, cmap="gray")
        caption, reference = (textwrap.fill(text, 36) for text in texts)
        axis.set_title(f"{caption}\n({reference})", fontsize=9)
    return figure


def plot_attention_over_images(model, contexts, images, captions, vocabulary):
    """Where a captioner looked in its images for each word, as in Xu et al. 2015, figure 3.

    Args:
        model: of `one_to_many` with attention to a square grid of places.
        contexts: array `[images, ...]`, the model's first input.
        images: list of arrays `[height, width, channels]`.
        captions: for each image the list of its words.
        vocabulary: list of words; the token of a word is its place.

    Returns:
        A `matplotlib.figure.Figure`: a row for each image, a column for each word and the end, bright
        where the model looked.

    Raises:
        ValueError: the places are no square grid.

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
