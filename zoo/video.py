"""Videos: from files to the inputs of a network."""

from zoo.datasets.video_files import fit_frames, follow_silhouette, is_silhouette, read_video
from zoo.datasets.videos import Clip

__all__ = ["Clip", "fit_frames", "follow_silhouette", "is_silhouette", "read_video", "scale"]


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
