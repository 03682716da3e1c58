"""Plots of attention weights."""

import keras
import numpy as np

from zoo.errors import InputError
from zoo.fonts import with_letters


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
