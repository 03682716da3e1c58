"""Plots of clips as strips of frames."""

from zoo.fonts import with_letters

NUM_FRAMES = 16  # in a strip


@with_letters
def plot_strips(clips, titles):
    """Plots clips as strips of frames, from left to right in time.

    Args:
        clips: a list of arrays `[time, height, width, channels]`, numbers from 0 to 1.
        titles: a str for each clip.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> figure = plot_strips([np.zeros((20, 8, 8, 1))], ["predicted walk, true run"])
    >>> figure.axes[0].get_title()
    'predicted walk, true run'
    """
    import matplotlib.pyplot as plt

    size = (12, 0.5 + 1.1 * len(clips))
    figure, axes = plt.subplots(len(clips), figsize=size, squeeze=False, layout="constrained")
    for axis, clip, title in zip(axes[:, 0], clips, titles, strict=True):
        draw_strip(axis, clip, title)
    return figure


@with_letters
def plot_labels(clip, labels, label_names, num_frames=160):
    """Plots a clip as strips of frames, with the label of each frame below them.

    Args:
        clip: numbers from 0 to 1 `[time, height, width, channels]`.
        labels: a dict from a name, such as `"true"`, to a label for each frame, integers `[time]`. Each
            becomes a bar of colors below the strips.
        label_names: list of str, the names of the labels.
        num_frames: the number of frames in a strip. The first six strips are plotted.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> true = np.repeat([0, 1], 100)
    >>> figure = plot_labels(np.zeros((200, 8, 8, 1)), {"true": true}, ["walk", "jump"])
    >>> [axis.get_title() for axis in figure.axes], len(figure.legends)
    (['from frame 0', '', 'from frame 160', ''], 1)
    """
    import matplotlib.pyplot as plt

    starts = range(0, min(len(clip), 6 * num_frames), num_frames)
    heights = [3, *[0.5 for _ in labels]] * len(starts)
    size = (12, 0.5 + len(starts) * (1.1 + 0.3 * len(labels)))
    options = {"squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(len(heights), figsize=size, height_ratios=heights, **options)
    axes = axes.reshape(len(starts), -1)  # a strip and its bars in each row
    num_colors = max(2, len(label_names))
    colors = plt.get_cmap("tab20", num_colors)
    for start, (axis, *others) in zip(starts, axes, strict=True):
        part = slice(start, start + num_frames)
        draw_strip(axis, clip[part], f"from frame {start}")
        for bar, (name, its_labels) in zip(others, labels.items(), strict=True):
            row = its_labels[part][None]  # [1, time]
            bar.imshow(row, cmap=colors, vmin=-0.5, vmax=num_colors - 0.5, aspect="auto")
            bar.set_yticks([0], [name])
            bar.set_xticks([])
    patches = [plt.Rectangle((0, 0), 1, 1, color=colors(i)) for i in range(len(label_names))]
    figure.legend(patches, label_names, loc="outside right center", fontsize=8)
    return figure


def draw_strip(axis, clip, title):
    """Draws frames of a clip side by side, at even steps of time."""
    import numpy as np

    chosen = np.linspace(0, len(clip) - 1, NUM_FRAMES).round().astype(int)
    strip = np.concatenate(clip[chosen], axis=1)  # [height, NUM_FRAMES * width, channels]
    axis.imshow(strip, cmap="gray", vmin=0, vmax=1, aspect="auto")
    axis.set_title(title, fontsize=9)
    axis.axis("off")
