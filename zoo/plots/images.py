"""Plots of images with texts."""

import textwrap

from zoo.fonts import with_letters


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
