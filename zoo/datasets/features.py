"""`image_features`: photographs as a convolutional network trained on ImageNet sees them."""

import functools
import hashlib
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import InputError, one_line

SIZE, GRID, CHANNELS = 160, 25, 1280  # pixels a side; 5 x 5 places; numbers at each
BATCH = 32  # images that the network sees at once
NETWORK = f"mobilenet_v2 {SIZE} out_relu"  # change it with whatever changes the features


def image_features(images, data_dir=None, weights="imagenet"):
    """Features of each image on a grid, by MobileNetV2 (Sandler et al. 2018), computed once.

    They are written to a file in the folder `image_features` of `data_dir` and read from it the next
    time. The name of the file is a hash of the images and of the network's weights, and it gets that
    name when it is whole: a file never holds anything but what would be computed.

    Args:
        images: a `tf.data.Dataset` of encoded images, as `load_captions` gives them; each is resized
            to 160 x 160 pixels.
        data_dir: where TFDS keeps its files; its default if None.
        weights: `"imagenet"`, which Keras downloads, or the path of a file that
            `keras.applications.MobileNetV2(include_top=False)` has saved.

    Returns:
        Floats `[images, 25, 1280]` in half precision, read from the disk as they are needed. The places
        are row by row, from top left; their mean is one vector for the whole image.

    Raises:
        ValueError: the weights cannot be fetched, or the file is missing or of another network.

    Example:

    >>> splits = load_captions("flickr8k")  # doctest: +SKIP
    >>> image_features(splits["test"][0]).shape  # doctest: +SKIP
    (1000, 25, 1280)
    """
    network, key = _build(weights)
    key = key.copy()
    for image in images.as_numpy_iterator():
        key.update(hashlib.sha256(image).digest())
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")
    folder = pathlib.Path(data_dir).expanduser() / "image_features"
    path = folder / f"{key.hexdigest()[:32]}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        try:
            shape = (len(images), GRID, CHANNELS)
            features = np.lib.format.open_memmap(unfinished, "w+", "float16", shape)
            for i, grid in enumerate(_compute(network, images)):
                features[i * BATCH : (i + 1) * BATCH] = grid.reshape(-1, GRID, CHANNELS)
            features.flush()
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def network_sha256(weights="imagenet"):
    """Which network `image_features` would use: a hash of its weights, for a model to remember.

    Args and errors: see `image_features`.

    Returns:
        A str of 64 hexadecimal digits.

    Example:

    >>> network_sha256("no.weights.h5")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: No file of MobileNetV2's weights. Received: no.weights.h5
    """
    return _build(weights)[1].hexdigest()


def describe(images, weights, sha256):
    """`image_features` of a few images, and nothing is kept.

    Args:
        images: list of bytes, each an encoded image.
        weights: see `image_features`.
        sha256: what `network_sha256` must be.

    Returns:
        Floats `[images, 25, 1280]`.

    Raises:
        ValueError: as `image_features`, and an image that cannot be read, or other weights.
    """
    network, key = _build(weights)
    if key.hexdigest() != sha256:
        raise InputError(
            "The model was trained on the features of other weights of MobileNetV2: give the file that "
            f"it was trained with. Received: {weights}"
        )
    try:
        batch = np.stack([_decode(image) for image in images])
    except tf.errors.InvalidArgumentError:
        raise InputError("An image cannot be read (JPEG, PNG, GIF or BMP).") from None
    grids = network.predict_on_batch(batch).reshape(-1, GRID, CHANNELS)
    return grids.astype("float16").astype("float32")  # as precise as those that it was trained on


@functools.lru_cache(maxsize=1)
def _build(weights):
    """The network, and the beginning of a hash: that of its weights."""
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise InputError(f"No file of MobileNetV2's weights. Received: {weights}")
    try:
        network = keras.applications.MobileNetV2((SIZE, SIZE, 3), include_top=False, weights=weights)
    except Exception as error:  # so does Keras report both a failed download and a wrong file
        advice = "give the file of the weights" if weights == "imagenet" else "fetch it again"
        reason = one_line(error, 200)
        raise InputError(f"MobileNetV2's weights cannot be read: {advice}. {reason}") from error
    key = hashlib.sha256(NETWORK.encode())
    for values in network.get_weights():
        key.update(values.tobytes())
    return network, key


def _decode(image):
    image = tf.io.decode_image(image, channels=3, expand_animations=False)
    image = tf.image.resize(image, (SIZE, SIZE))  # [height, width, 3], 0 to 255
    return keras.applications.mobilenet_v2.preprocess_input(image)


def _compute(network, images):
    """Yields the features of the images, batch by batch."""
    batches = images.map(_decode, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(2)
    progress = keras.utils.Progbar(len(batches))
    for batch in batches.as_numpy_iterator():
        yield network.predict_on_batch(batch)  # [batch, 5, 5, 1280]
        progress.add(1)
