"""What a recurrent network does inside, as numbers and as pictures."""

import keras
import matplotlib.pyplot as plt


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
