"""Reads image files."""

import io

import numpy as np
import tensorflow as tf

from zoo.datasets.files import read_bytes
from zoo.errors import InputError, one_line


def read_image(path, shape):
    """Reads an image file and resizes it.

    Args:
        path: the path of an image file, see `decode_image`.
        shape: height, width and channels.

    Returns:
        Floats of this shape, from 0 to 255.

    Raises:
        ValueError: the file is missing or is not an image.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "white.png"
    >>> _ = path.write_bytes(tf.io.encode_png(np.full((4, 4, 1), 255, "uint8")).numpy())
    >>> read_image(path, (2, 2, 1)).shape
    (2, 2, 1)
    """
    try:
        image = decode_image(read_bytes(path), shape[2])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return resize_image(image, shape[:2])


def decode_image(content, channels=None):
    """Decodes an image. Transparent parts become white. Of an animation, the first picture counts.

    Args:
        content: bytes of a JPEG, PNG, GIF or BMP. With the package Pillow, also WebP, TIFF and others.
        channels: 1 for gray, 3 for color, None for what the image has.

    Returns:
        Integers `[height, width, channels]` from 0 to 255.

    Raises:
        ValueError: this is not an image, or it is damaged.

    Example:

    >>> half_transparent_black = np.array([[[0, 128]]], "uint8")
    >>> decode_image(tf.io.encode_png(half_transparent_black).numpy(), channels=3).tolist()
    [[[127, 127, 127]]]
    """
    try:
        image = tf.io.decode_image(content, expand_animations=False).numpy()
    except tf.errors.InvalidArgumentError:
        image = _decode_with_pillow(content)
    if image.shape[2] in (2, 4):  # the last channel says how opaque the pixel is
        opacity = image[:, :, -1:] / 255
        image = np.rint(image[:, :, :-1] * opacity + 255 * (1 - opacity)).astype("uint8")
    if channels == 1:
        return to_gray(image)
    return np.repeat(image, 3, axis=2) if channels == 3 and image.shape[2] == 1 else image


def to_gray(image):
    """Makes an image gray.

    Args:
        image: integers `[height, width, channels]`, with one or three channels.

    Returns:
        Integers `[height, width, 1]`.

    Example:

    >>> to_gray(np.array([[[255, 0, 0]]])).tolist()
    [[[76]]]
    """
    if image.shape[2] == 1:
        return image
    return np.rint(image @ np.array([[0.299], [0.587], [0.114]])).astype("uint8")


def _decode_with_pillow(content):
    reason = "it is no JPEG, PNG, GIF or BMP, and other kinds need the package Pillow"
    try:
        from PIL import Image

        with Image.open(io.BytesIO(content)) as image:
            if image.mode.startswith("I;16"):
                return (np.asarray(image)[:, :, None] >> 8).astype("uint8")
            has_alpha = "A" in image.mode or "transparency" in image.info
            is_gray = image.mode in ("1", "L")
            pixels = np.asarray(image.convert("RGBA" if has_alpha else "L" if is_gray else "RGB"))
            return pixels.reshape(*pixels.shape[:2], -1)
    except ModuleNotFoundError:
        pass
    except Exception as error:  # Pillow may raise anything for a damaged file
        reason = "it is no image" if "cannot identify" in str(error) else one_line(error, 100)
    raise InputError(f"this cannot be read as an image: {reason}.") from None


def resize_image(image, size):
    """Resizes an image.

    Args:
        image: numbers `[height, width, channels]`.
        size: the new height and width.

    Returns:
        Floats `[height, width, channels]`.

    Example:

    >>> resize_image(np.array([[[0], [8]]]), (1, 1)).tolist()
    [[[4.0]]]
    """
    if image.shape[:2] == tuple(size):
        return np.asarray(image, "float32")
    return tf.image.resize(image, size, antialias=True).numpy()
