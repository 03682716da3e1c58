"""Captioning: images to captions."""

import re

import numpy as np

from zoo.datasets.files import read_bytes
from zoo.images import describe, read_image
from zoo.tasks import checks, running


def decode(tokens, vocabulary):
    """Converts tokens to the words of a caption.

    Args:
        tokens: list of integers.
        vocabulary: list of words.

    Returns:
        A list of str.

    Example:

    >>> decode([4, 5], ["", "[UNK]", "<s>", "</s>", "a", "dog"])
    ['a', 'dog']
    """
    return [vocabulary[token] for token in tokens]


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    shape = checks.check_shape(card, "preprocessing", "context")
    network = checks.get(card, "preprocessing", "network")
    if network is not None and not (isinstance(network, str) and re.fullmatch("[0-9a-f]{64}", network)):
        checks.refuse(card, ("preprocessing", "network"), "the SHA-256 of a network, or null")
    if len(shape) != (3 if network is None else 2):
        allowed = "three integers, or two for the features of a network"
        checks.refuse(card, ("preprocessing", "context"), allowed)
    checks.check_generator(model, [(None, *shape), (None, None)])
    checks.check_vocabulary(card, model, "vocabulary", "embedding", checks.output_size(model, 3))
    checks.check_integer(card, "config", "max_length")
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of image files and returns a list of captions.

    Options: max_length, and others of `zoo.decoding.Generator.generate`. For photographs also
    cnn_weights: `"imagenet"`, or the file that the recipe used.
    """
    shape, network = card["preprocessing"]["context"], card["preprocessing"]["network"]

    def answer(images, /, cnn_weights="imagenet", **options):
        if network is None:
            contexts = [read_image(image, shape) for image in images]
        else:
            contents = [read_bytes(image) for image in images]
            contexts = describe(contents, cnn_weights, network)
        options = {"max_length": card["config"]["max_length"], **options}
        beam_width = card["config"]["beam_width"]
        rows = running.generate_rows(model, np.array(contexts), beam_width, options)
        return [" ".join(decode(row, card["vocabulary"])) for row in rows]

    return answer
