"""Image classification: images to label probabilities."""

import pathlib

import numpy as np

from zoo import recipe
from zoo.errors import InputError
from zoo.images import read_image
from zoo.tasks import checks, running
from zoo.tasks.text_classification import class_probabilities, decode


def defaults(num_images, batch_size):
    """Chooses the flags that fit the data.

    Args:
        num_images: the number of training images.
        batch_size: the images in a batch.

    Returns:
        A dict of flag to its value and the reason, see `zoo.recipe.choose`.

    Example:

    >>> defaults(1299, batch_size=32)
    {'epochs': (30, '1,299 rows in batches of 32 then give 1,230 updates')}
    """
    return {"epochs": recipe.epochs_for(num_images, batch_size, updates=1230, least=4, most=100)}


def encode(images, brightest):
    """Converts images to rows of pixels from 0 to 1.

    Args:
        images: numbers `[images, height, width]` or `[images, height, width, channels]`.
        brightest: the largest possible pixel in the training data.

    Returns:
        Floats `[images, height, width * channels]`.

    Example:

    >>> encode(np.full((1, 2, 3, 1), 4), brightest=16).tolist()
    [[[0.25, 0.25, 0.25], [0.25, 0.25, 0.25]]]
    """
    images = np.asarray(images)
    return images.reshape(*images.shape[:2], -1).astype("float32") / brightest


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    shape = checks.check_shape(card, "preprocessing", "shape")
    if len(shape) != 3:
        checks.refuse(card, ("preprocessing", "shape"), "three integers")
    checks.check_number(card, "preprocessing", "divide_by", above=0)
    checks.check_inputs(model, [(None, shape[0], shape[1] * shape[2])])
    checks.check_classes(card, model)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of images.

    For each image it returns a dict of label to probability.

    An image is an array or a file. An array must have the shape and the range of the training data. A
    file is converted to them.
    """
    predict = running.compile_model(model)
    shape, brightest = card["preprocessing"]["shape"], card["preprocessing"]["divide_by"]

    def answer(images):
        rows = []
        for image in images:
            if isinstance(image, str | pathlib.Path):
                image = read_image(image, shape) / 255 * brightest
            if np.shape(image)[:2] != tuple(shape[:2]) or np.size(image) != np.prod(shape):
                raise InputError(f"An image must be {shape}. Received: an array of {np.shape(image)}")
            try:
                (image,) = encode([image], brightest)  # [height, width * channels]
            except (TypeError, ValueError):  # texts, None
                image = np.array(np.nan)
            if not np.isfinite(image).all():
                raise InputError(
                    "An image must have finite numbers only. Received: NaN, infinity or no numbers in "
                    f"image {len(rows)} (the first is 0)"
                )
            rows.append((image,))
        if not rows:
            return []
        outputs = np.stack(running.predict_rows(predict, rows))  # [images, classes] or [images, 1]
        return [decode(p, card["labels"]) for p in class_probabilities(outputs)]

    return answer
