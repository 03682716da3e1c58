"""Reads video files."""

import io
import itertools

import numpy as np
import tensorflow as tf

from zoo.datasets.files import read_bytes
from zoo.datasets.folders import folders_in, list_folder, walk
from zoo.datasets.image_files import decode_image, resize_image
from zoo.datasets.image_folders import NEARLY_GRAY, is_image
from zoo.datasets.packages import import_extra
from zoo.errors import InputError, one_line

ENDINGS = {  # of video files
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp"),
    *(".ogv", ".gif"),
}
LARGEST = 192  # pixels of a side: larger frames are made smaller while they are read
MOST_FRAMES = 10_000  # in a clip


def is_clip(path):
    """Whether a path is that of a clip: a video file, or a folder of frames without another folder."""
    if path.is_dir():
        files = [] if folders_in(path) else walk(path)
        return sum(map(is_frame, files)) > sum(map(is_clip, files))  # videos may have thumbnails
    return path.suffix.lower() in ENDINGS and path.is_file()


def is_frame(path):
    """Whether a path is that of an image. A GIF is a clip of its own."""
    return is_image(path) and path.suffix.lower() not in ENDINGS


def read_video(path, image_size, frame_step=1, center=True):
    """Reads the frames of a clip.

    Args:
        path: a video file (MP4, AVI, GIF and others that FFmpeg reads), or a folder of images, which
            are the frames in the order of their names.
        image_size: the height and the width of the frames in pixels, to which they are resized.
        frame_step: 2 keeps every second frame, 3 every third, and so on.
        center: whether to follow silhouettes, see `follow_silhouette`. Other clips stay as they are.

    Returns:
        Integers `[time, image_size, image_size, 2 * channels]` from 0 to 255: each frame and the one
        before it, see `fit_frames`. And when each begins, in seconds `[time]`, or None for a folder.

    Raises:
        ValueError: the file is missing, damaged or no video, or it has too many frames.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for i in range(4):
    ...     image = tf.io.encode_png(np.full((6, 8, 1), 60 * i, "uint8"))
    ...     _ = (folder / f"{i}.png").write_bytes(image.numpy())
    >>> frames, seconds = read_video(folder, image_size=2, frame_step=2)
    >>> frames[:, 0, 0, 0].tolist(), frames.shape, seconds
    ([0, 120], (2, 2, 2, 2), None)
    """
    frames = (_read_folder if path.is_dir() else _read_file)(path)
    kept, seconds = [], []
    for frame, second in itertools.islice(frames, 0, None, frame_step):  # frame [height, width, 3]
        if len(kept) == MOST_FRAMES:
            raise InputError(f"{path} has more than {MOST_FRAMES:,} frames. Add a larger --frame-step.")
        kept.append(_shrink(frame, max(LARGEST, image_size)))
        seconds.append(second)
    if not kept:
        raise InputError(f"{path} has no frame. Delete it, or repair it.")
    if len({frame.shape for frame in kept}) > 1:
        raise InputError(
            f"{path} has frames of different sizes. Make all of the same size. Received: "
            + " and ".join(f"{w} x {h}" for h, w, _ in sorted({frame.shape for frame in kept})[:2])
        )
    seconds = None if None in seconds else np.array(seconds) - seconds[0]
    return fit_frames(np.stack(kept), image_size, center), seconds


def fit_frames(frames, image_size, center=True):
    """Makes frames ready for a network: gray if they can be, centered if they are silhouettes, square.

    Each frame is joined to the one before it, at the same place. So what moves over the ground can be
    seen, even if the picture follows it.

    Args:
        frames: integers `[time, height, width, channels]` from 0 to 255.
        image_size: the new height and width.
        center: see `read_video`.

    Returns:
        Integers `[time, image_size, image_size, 2 * channels]`. The last half of the channels is the
        frame before. Before the first frame, that is the first frame itself. There is one channel for
        gray frames, and three for frames in color.

    Example:

    >>> frames = np.array([10, 20, 30], "uint8").repeat(75).reshape(3, 5, 5, 3)
    >>> fit_frames(frames, image_size=1)[:, 0, 0].tolist()
    [[10, 10], [20, 10], [30, 20]]
    """
    if frames.shape[-1] == 3 and np.ptp(frames, axis=-1).max() <= NEARLY_GRAY:
        frames = frames[..., 1:2]  # green is nearly the brightness
    before = np.concatenate([frames[:1], frames[:-1]])
    pairs = np.concatenate([frames, before], axis=-1)
    if center and is_silhouette(frames):
        pairs = follow_silhouette(pairs)
    if pairs.shape[1:3] == (image_size, image_size):
        return pairs
    resized = []
    for i in range(0, len(pairs), 500):  # in parts, because the floats of a long video fill the memory
        part = tf.image.resize(pairs[i : i + 500], (image_size, image_size), antialias=True)
        resized.append(np.rint(part.numpy()).clip(0, 255).astype("uint8"))
    return np.concatenate(resized)


def is_silhouette(frames):
    """Whether frames `[time, height, width, channels]` show something white on a black ground.

    Example:

    >>> is_silhouette(np.array([[[[0], [0], [255]]]])), is_silhouette(np.array([[[[0], [99], [255]]]]))
    (True, False)
    """
    black, white = (frames < 64).mean(), (frames > 191).mean()
    return bool(frames.shape[-1] == 1 and black + white > 0.95 and 0.5 > white > 0)


def follow_silhouette(frames):
    """Cuts a square out of each frame that follows a silhouette from left to right.

    The square has the same size and height in all frames, so that a jump still goes up and down.

    Args:
        frames: integers `[time, height, width, channels]`, white on black. The first channel says where
            the silhouette is.

    Returns:
        Integers `[time, side, side, channels]`. The side is the largest height or width of the
        silhouette.

    Example:

    >>> frames = np.zeros((2, 3, 9, 1), "uint8")
    >>> frames[0, :, 0] = frames[1, :, 7] = 255  # a line goes to the right
    >>> follow_silhouette(frames)[..., 0].tolist()
    [[[0, 255, 0], [0, 255, 0], [0, 255, 0]], [[0, 255, 0], [0, 255, 0], [0, 255, 0]]]
    """
    white = frames[..., 0] > 127  # [time, height, width]
    rows = np.flatnonzero(white.any(axis=(0, 2)))
    top, bottom = rows[0], rows[-1] + 1
    columns = [np.flatnonzero(one) for one in white.any(axis=1)]  # of each frame
    ends = [(some[0], some[-1] + 1) if len(some) else None for some in columns]
    last = next(end for end in ends if end)  # where it is in frames without it
    side = int(max(bottom - top, *(right - left for left, right in filter(None, ends))))
    padded = np.pad(frames, ((0, 0), (side, side), (side, side), (0, 0)))
    y = side + (top + bottom - side) // 2
    squares = []
    for frame, end in zip(padded, ends, strict=True):
        last = end or last
        x = side + (sum(last) - side) // 2
        squares.append(frame[y : y + side, x : x + side])
    return np.stack(squares)


def _shrink(frame, largest):
    height, width, _ = frame.shape
    if max(height, width) <= largest:
        return frame
    scale = largest / max(height, width)
    size = (max(1, round(scale * height)), max(1, round(scale * width)))
    return np.rint(resize_image(frame, size)).clip(0, 255).astype("uint8")


def _read_folder(path):
    """Yields the images in a folder, with None as their time."""
    if not is_clip(path):
        raise InputError(
            f"{path} is no clip: expected the images of one clip, and no folders. "
            f"Received: {list_folder(path)}"
        )
    for file in filter(is_frame, walk(path)):
        try:
            yield decode_image(read_bytes(file), channels=3), None
        except InputError as error:
            raise InputError(f"{file}: {error}") from None


def _read_file(path):
    """Yields the frames of a video file, with the time of each in seconds, or None if it has none."""
    av = import_extra("av", "Videos")
    content = io.BytesIO(read_bytes(path))
    try:
        with av.open(content) as container:
            for frame in container.decode(video=0):
                num_turns = round(frame.rotation / 90)  # as the camera was held
                yield np.rot90(frame.to_ndarray(format="rgb24"), num_turns), frame.time
    except IndexError:
        raise InputError(f"{path} cannot be read as a video: it has no pictures.") from None
    except (av.FFmpegError, ValueError) as error:
        reason = one_line(getattr(error, "strerror", None) or error, 150)
        raise InputError(f"{path} cannot be read as a video: {reason}.") from None
