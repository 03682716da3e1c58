"""Input from a user, checked before a model reads it."""

import tensorflow as tf

from zoo import text
from zoo.datasets.files import read_bytes
from zoo.errors import InputError


def normalize_texts(texts):
    """Removes differences in texts that nobody can see, see `zoo.text.normalize`.

    Args:
        texts: list of str.

    Returns:
        A list of str.

    Raises:
        ValueError: there is something else than texts in the list, or a text is not Unicode.

    Example:

    >>> normalize_texts(["not\\u200b good"])
    ['not good']
    """
    if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
        raise InputError(f"Give a list of texts, such as ['one', 'two']. Received: {texts!r:.80}")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:  # the text came from a file in another encoding
        raise InputError(f"A text must be Unicode. Received: {error.object[:80]!r}") from None
    return [text.normalize(one) for one in texts]


def read_image(path, shape):
    """Reads an image file and changes its size and channels.

    Args:
        path: path of a JPEG, PNG, GIF or BMP file.
        shape: height, width and channels of the array.

    Returns:
        Floats `[height, width, channels]`, from 0 to 255.

    Raises:
        ValueError: the file cannot be read, or it is not an image.
    """
    try:
        image = tf.io.decode_image(read_bytes(path), channels=shape[2], expand_animations=False)
    except tf.errors.InvalidArgumentError:
        raise InputError(f"{path} cannot be read as an image (JPEG, PNG, GIF or BMP).") from None
    if image.shape[:2] == tuple(shape[:2]):
        return image.numpy().astype("float32")
    return tf.image.resize(image, shape[:2], antialias=True).numpy()
