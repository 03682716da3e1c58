"""Videos: from files to the inputs of a network."""

import numpy as np

from zoo.datasets.video_files import fit_frames, follow_silhouette, is_silhouette, read_video
from zoo.datasets.videos import Clip

__all__ = ["Clip", "fit_frames", "follow_silhouette", "is_silhouette", "pixels", "read_video", "scale"]


def scale(frames):
    """Scales pixels, and turns the frames before into differences, so that a network sees motion.

    Pixels become numbers above 0, because 0 is padding: a black pixel becomes 1/256.

    Args:
        frames: integers `[time, height, width, 2 * channels]` from 0 to 255: each frame, and the one
            before it, see `fit_frames`.

    Returns:
        Floats of the same shape: pixels from 1/256 to 1, and how much each differs from the frame
        before at the same place.

    Example:

    >>> scale(np.array([[[[0, 0], [255, 127]]]], "uint8"))[0, 0].tolist()
    [[0.00390625, 0.0], [1.0, 0.5]]
    """
    now, before = np.split((frames.astype("float32") + 1) / 256, 2, axis=-1)
    return np.concatenate([now, now - before], axis=-1)


def pixels(frames):
    """The frames alone, without the motion, for pictures and for models without recurrence.

    Args:
        frames: see `scale`.

    Returns:
        Floats `[time, height, width, channels]`, from 1/256 to 1.

    Example:

    >>> pixels(np.array([[[[0, 0], [255, 127]]]], "uint8"))[0, 0].tolist()
    [[0.00390625], [1.0]]
    """
    return np.split(scale(frames), 2, axis=-1)[0]
