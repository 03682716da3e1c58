"""Videos: from files to the inputs of a network."""

import numpy as np

from zoo.datasets.video_files import fit_frames, follow_silhouette, is_silhouette, read_video
from zoo.datasets.videos import Clip

__all__ = [
    "Clip",
    "add_motion",
    "fit_frames",
    "follow_silhouette",
    "is_silhouette",
    "read_video",
    "scale",
]


def scale(frames):
    """Scales pixels to numbers above 0, because 0 is padding: a black pixel becomes 1/256.

    Args:
        frames: integers `[time, height, width, channels]` from 0 to 255.

    Returns:
        Floats of the same shape, from 1/256 to 1.

    Example:

    >>> import numpy as np
    >>> scale(np.array([[[[0], [255]]]], "uint8"))[0, 0, :, 0].tolist()
    [0.00390625, 1.0]
    """
    return (frames.astype("float32") + 1) / 256


def add_motion(frames):
    """Adds to each frame its difference from the frame before, so that a network sees motion.

    Args:
        frames: floats `[time, height, width, channels]`.

    Returns:
        Floats `[time, height, width, 2 * channels]`. The second half of the channels are the
        differences. They are 0 in the first frame.

    Example:

    >>> add_motion(np.array([0.25, 1.0, 0.5]).reshape(3, 1, 1, 1))[:, 0, 0].tolist()
    [[0.25, 0.0], [1.0, 0.75], [0.5, -0.5]]
    """
    return np.concatenate([frames, np.diff(frames, axis=0, prepend=frames[:1])], axis=-1)
