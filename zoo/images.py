"""Images: from files to features of a convolutional network trained on ImageNet."""

import functools
import hashlib
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

from zoo.datasets.image_files import decode_image, read_image, resize_image
from zoo.errors import InputError, one_line

__all__ = [
    "decode_image",
    "describe",
    "find_nearest",
    "image_features",
    "look_up",
    "network_sha256",
    "pick",
    "read_image",
    "resize_image",
]

SIZE, GRID, CHANNELS = 160, 25, 1280  # pixels of a side, places (5 x 5), numbers at each place
BATCH = 32  # images in a batch of the network
NETWORK = f"mobilenet_v2 {SIZE} out_relu"  # change this with everything that changes the features


def image_features(images, data_dir=None, weights="imagenet"):
    """Computes features of images on a grid with MobileNetV2 (Sandler et al. 2018), or reads them.

    The features are written to a file in the folder `image_features` of `data_dir`, and read from it
    the next time. The name of the file is a hash of the images and of the network's weights. The file
    gets this name only when it is complete.

    Args:
        images: a `tf.data.Dataset` of encoded images, as `zoo.datasets.load_captions` returns them.
            Each is resized to 160 x 160 pixels.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        weights: `"imagenet"`, which Keras downloads, or the path of a file that
            `keras.applications.MobileNetV2(include_top=False)` has saved.

    Returns:
        Floats `[images, 25, 1280]` in half precision, read from the disk as they are needed. The places
        go row by row from the top left. Their mean is one vector for the whole image.

    Raises:
        ValueError: the weights cannot be downloaded, or the file is missing or for another network.

    Example:

    >>> splits = zoo.datasets.load_captions("flickr8k")  # doctest: +SKIP
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


def find_nearest(known, images):
    """Finds the most similar of some known images, by the cosine of the angle between them.

    Args:
        known: images `[known, height, width, channels]`, or features `[known, places, channels]`, of
            which the mean over the places counts.
        images: images or features like these.

    Returns:
        Integers `[images]`, each the index of a known image.

    Example:

    >>> known = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> find_nearest(known, np.array([[[0.1, 0.9]]])).tolist()
    [1]
    """
    from sklearn.neighbors import NearestNeighbors  # of the extra "recipes"

    known, images = (
        x.mean(axis=1, dtype="float32") if x.ndim == 3 else x.reshape(len(x), -1).astype("float32")
        for x in (known, images)
    )  # [images, channels or pixels]
    neighbors = NearestNeighbors(n_neighbors=1, metric="cosine").fit(known)
    return neighbors.kneighbors(images, return_distance=False)[:, 0]


def pick(images, indices):
    """Decodes some images of a dataset.

    Args:
        images: a `tf.data.Dataset` of encoded images.
        indices: which images to decode, integers in rising order.

    Returns:
        A list of integers `[height, width, 3]`, from 0 to 255.

    Example:

    >>> png = tf.io.encode_png(np.zeros((4, 6, 1), "uint8"))
    >>> [image.shape for image in pick(tf.data.Dataset.from_tensors(png), [0])]
    [(4, 6, 3)]
    """
    encoded = [image for i, image in enumerate(images.as_numpy_iterator()) if i in indices]
    return [decode_image(image, channels=3) for image in encoded]


def look_up(contexts, batches):
    """Puts the context of each row into batches. Rows may share a context, which may be on disk.

    Args:
        contexts: an array `[images, ...]`, such as the result of `image_features`.
        batches: a `tf.data.Dataset` of `((index, tokens), targets)`. The index of a context is
            `[batch, 1]`.

    Returns:
        A `tf.data.Dataset` of `((context, tokens), targets)`. The context is floats `[batch, ...]`.

    Example:

    >>> indices, tokens, targets = np.array([[1], [0]]), np.array([[2], [2]]), np.array([[3], [3]])
    >>> batches = tf.data.Dataset.from_tensors(((indices, tokens), targets))
    >>> for (context, _), _ in look_up(np.array([[0.5], [0.75]]), batches):
    ...     print(context.numpy().tolist())
    [[0.75], [0.5]]
    """

    def replace(inputs, targets):
        index, tokens = inputs
        context = tf.numpy_function(
            lambda index: contexts[index].astype("float32"), [index[:, 0]], tf.float32
        )
        return (tf.ensure_shape(context, (None, *contexts.shape[1:])), tokens), targets

    return batches.map(replace).prefetch(2)


def network_sha256(weights="imagenet"):
    """The SHA-256 of the weights that `image_features` uses, to be stored with a model.

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
    """Computes the features of a few images without writing them to a file.

    Args:
        images: a list of bytes, each an encoded image.
        weights: see `image_features`.
        sha256: the expected result of `network_sha256`.

    Returns:
        Floats `[images, 25, 1280]`, see `image_features`.

    Raises:
        ValueError: see `image_features`. Also if an image cannot be read, or if the weights are not the
            expected ones.
    """
    network, key = _build(weights)
    if key.hexdigest() != sha256:
        raise InputError(
            "The model was trained on the features of other weights of MobileNetV2: give the file that "
            f"it was trained with. Received: {weights}"
        )
    batch = np.stack([_prepare(decode_image(image, channels=3)) for image in images])
    grids = network.predict_on_batch(batch).reshape(-1, GRID, CHANNELS)
    return grids.astype("float16").astype("float32")  # the same precision as in training


@functools.lru_cache(maxsize=1)
def _build(weights):
    """The network, and a hash object that has read its weights."""
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise InputError(f"No file of MobileNetV2's weights. Received: {weights}")
    try:
        network = keras.applications.MobileNetV2((SIZE, SIZE, 3), include_top=False, weights=weights)
    except Exception as error:  # Keras raises it for a failed download and for a wrong file
        advice = "give the file of the weights" if weights == "imagenet" else "fetch it again"
        reason = one_line(error, 200)
        raise InputError(f"MobileNetV2's weights cannot be read: {advice}. {reason}") from error
    key = hashlib.sha256(NETWORK.encode())
    for values in network.get_weights():
        key.update(values.tobytes())
    return network, key


def _decode(image):
    image = tf.numpy_function(functools.partial(decode_image, channels=3), [image], tf.uint8)
    return _prepare(tf.ensure_shape(image, (None, None, 3)))


def _prepare(image):
    image = tf.image.resize(image, (SIZE, SIZE))  # [height, width, 3], 0 to 255
    return keras.applications.mobilenet_v2.preprocess_input(image)


def _compute(network, images):
    """Yields the features of the images, batch by batch."""
    batches = images.map(_decode, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(2)
    progress = keras.utils.Progbar(len(batches))
    for batch in batches.as_numpy_iterator():
        yield network.predict_on_batch(batch)  # [batch, 5, 5, 1280]
        progress.add(1)
