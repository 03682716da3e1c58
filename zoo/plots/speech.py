"""Plots of speech."""

import numpy as np

from zoo.fonts import with_letters


@with_letters
def plot_spikes(features, log_p, letters, titles, subsampling=1):
    """Plots recordings, and below them when a model with CTC writes which letter.

    The probabilities of letters are spikes, and between them the blank is likely (Graves et al. 2006,
    figure 1).

    Args:
        features: a list of arrays `[frames, num_mels]`, 100 frames a second.
        log_p: a list of log-probabilities `[time, labels]`. Label 0 is the blank. Steps after the end
            of the recording are left out.
        letters: a list of str. The first one is the blank.
        titles: a str for each recording, such as what was said.
        subsampling: how many frames became one step.

    Returns:
        A `matplotlib.figure.Figure` with a column for each recording.

    Example:

    >>> log_p = np.log(np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]))
    >>> figure = plot_spikes([np.zeros((9, 64))], [log_p], ["", "n", "o"], ["no"], 3)
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['n', 'o']
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2,
        len(features),
        figsize=(7 * len(features), 5),
        height_ratios=(3, 2),
        squeeze=False,
        layout="constrained",
    )
    for (above, below), x, rows, title in zip(axes.T, features, log_p, titles, strict=True):
        seconds = len(x) / 100
        above.imshow(x.T, origin="lower", aspect="auto", extent=(0, seconds, 0, x.shape[1]))
        above.set_title(title)
        p = np.exp(rows[: -(-len(x) // subsampling)])  # [time, labels], without padding
        places = (np.arange(len(p)) + 0.5) * subsampling / 100
        below.plot(places, p[:, 0], color="0.7", linestyle=":")
        best = p.argmax(axis=1)
        for label in sorted(set(best.tolist()) - {0}):
            below.plot(places, p[:, label])
        starts = [i for i in np.flatnonzero(best) if i == 0 or best[i] != best[i - 1]]
        for i in starts:
            letter = letters[best[i]].replace(" ", "␣")
            below.annotate(letter, (places[i], p[i, best[i]]), ha="center", va="bottom")
        below.set_xlim(0, seconds)
        below.set_ylim(0, 1.2)
        below.set_xlabel("seconds")
    axes[0][0].set_ylabel("band of pitches")
    axes[1][0].set_ylabel("probability (dotted: blank)")
    return figure
