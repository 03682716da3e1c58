"""Plots of clips as strips of frames."""

from zoo.fonts import with_letters

NUM_FRAMES = 16  # in a strip


@with_letters
def plot_strips(clips, titles, labels=None, label_names=()):
    """Plots clips as strips of frames, from left to right in time.

    Args:
        clips: a list of arrays `[time, height, width, channels]`, numbers from 0 to 1.
        titles: a str for each clip.
        labels: for each clip a dict from a name, such as `"true"`, to a label for each frame, integers
            `[time]`. They become colored bars below the strip. None for no bars.
        label_names: list of str, the names of the labels, for the legend.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> clip, true = np.zeros((20, 8, 8, 1)), np.repeat([0, 1], 10)
    >>> figure = plot_strips([clip], ["ada"], [{"true": true}], ["walk", "jump"])
    >>> [axis.get_title() for axis in figure.axes], len(figure.legends)
    (['ada', ''], 1)
    """
    import matplotlib.pyplot as plt
    import numpy as np

    num_bars = len(labels[0]) if labels else 0
    heights = [3, *[0.5] * num_bars] * len(clips)
    figure, axes = plt.subplots(
        len(heights),
        1,
        figsize=(12, 0.5 + len(clips) * (1.1 + 0.3 * num_bars)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    rows = iter(axes[:, 0])
    colors = plt.get_cmap("tab20", max(2, len(label_names)))
    for i, (clip, title) in enumerate(zip(clips, titles, strict=True)):
        axis = next(rows)
        chosen = np.linspace(0, len(clip) - 1, NUM_FRAMES).round().astype(int)
        strip = np.concatenate(clip[chosen], axis=1)  # [height, NUM_FRAMES * width, channels]
        axis.imshow(strip, cmap="gray", vmin=0, vmax=1, aspect="auto")
        axis.set_title(title, fontsize=9)
        axis.axis("off")
        for name, its_labels in (labels[i] if labels else {}).items():
            axis = next(rows)
            bar = np.asarray(its_labels)[None]  # [1, time]
            axis.imshow(bar, cmap=colors, vmin=-0.5, vmax=max(2, len(label_names)) - 0.5, aspect="auto")
            axis.set_yticks([0], [name])
            axis.set_xticks([])
    if labels:
        patches = [plt.Rectangle((0, 0), 1, 1, color=colors(i)) for i in range(len(label_names))]
        figure.legend(patches, label_names, loc="outside right center", fontsize=8)
    return figure
