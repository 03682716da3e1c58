"""Reads image files."""

import io

import numpy as np
import tensorflow as tf

from zoo.datasets.files import read_bytes
from zoo.errors import InputError, one_line

ORIENTATION = 0x0112  # the number of this tag in Exif


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

    A photo from a phone is turned as the camera was held (see `turn_upright`).

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
        image = turn_upright(image, content)
    except tf.errors.InvalidArgumentError:
        image = _decode_with_pillow(content)
    if image.shape[2] in (2, 4):  # the last channel says how opaque the pixel is
        opacity = image[:, :, -1:] / 255
        image = np.rint(image[:, :, :-1] * opacity + 255 * (1 - opacity)).astype("uint8")
    if channels == 1:
        return to_gray(image)
    return np.repeat(image, 3, axis=2) if channels == 3 and image.shape[2] == 1 else image


def turn_upright(image, content):
    """Turns an image as its file says. Phones store photos lying on a side, and note how to turn them.

    Args:
        image: integers `[height, width, channels]`, as they are in the file.
        content: the bytes of the file. Its note is the tag Orientation of Exif, which Pillow reads.

    Returns:
        Integers `[height, width, channels]`.

    Example:

    >>> turn_upright(np.zeros((2, 3, 1)), b"a file without a note").shape
    (2, 3, 1)
    """
    if b"exif" not in content.lower():  # WebP and PNG write it in other capitals
        return image
    try:
        from PIL import Image

        orientation = Image.open(io.BytesIO(content)).getexif().get(ORIENTATION, 1)
    except Exception:  # no Pillow, or a damaged note: the image itself was decoded
        return image
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image[::-1] if orientation in (3, 4, 7, 8) else image


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
        from PIL import Image, ImageOps

        with ImageOps.exif_transpose(Image.open(io.BytesIO(content))) as image:
            if image.mode.startswith("I;16"):
                return (np.asarray(image)[:, :, None] >> 8).astype("uint8")
            has_alpha = "A" in image.mode or "transparency" in image.info
            is_gray = image.mode in ("1", "L")
            pixels = np.asarray(image.convert("RGBA" if has_alpha else "L" if is_gray else "RGB"))
            return pixels.reshape(*pixels.shape[:2], -1)
    except ModuleNotFoundError:
        pass
    except Exception as error:  # Pillow may raise anything for a damaged file
        reason = one_line(error, 100)
        if "cannot identify" in reason:
            reason = "it is no image, or of a kind that Pillow does not know, such as HEIC or SVG"
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
