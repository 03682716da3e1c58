"""Video classification: clips to label probabilities."""

import os
import pathlib

import numpy as np

from zoo import recipe, video
from zoo.errors import InputError, shown
from zoo.tasks import checks, running
from zoo.tasks.text_classification import class_probabilities, decode

TIPS = ("--units 128, a larger state", "more clips, of more people")


def defaults(num_clips, batch_size):
    """Chooses the flags that fit the data.

    Args:
        num_clips: the number of training clips.
        batch_size: the clips in a batch.

    Returns:
        A dict of flag to its value and the reason, see `zoo.recipe.choose`.

    Example:

    >>> defaults(83, batch_size=8)
    {'epochs': (60, '83 rows in batches of 8 then give 660 updates')}
    """
    return {"epochs": recipe.epochs_for(num_clips, batch_size, updates=660, least=5, most=100)}


def encode(one, preprocessing):
    """Reads a clip and makes it ready for a network.

    Args:
        one: the path of a video file or of a folder of images, or frames: integers from 0 to 255
            `[time, height, width, channels]`. Or the frames of a `zoo.video.Clip`, which are ready.
        preprocessing: a dict: shape (of what the network reads at a step), frame_step and center, see
            `zoo.video.read_video`.

    Returns:
        Floats `[time, height, width, 2 * channels]`, see `zoo.video.scale`.

    Raises:
        ValueError: the clip cannot be read, is empty, or has frames of different sizes.

    Example:

    >>> preprocessing = {"shape": [4, 4, 2], "frame_step": 2, "center": False}
    >>> encode(np.zeros((3, 8, 8, 1), "uint8"), preprocessing).shape
    (2, 4, 4, 2)
    """
    size, _, channels = preprocessing["shape"]
    options = size, preprocessing["frame_step"], preprocessing["center"]
    if isinstance(one, str | os.PathLike):
        frames, _ = video.read_video(pathlib.Path(one), *options)
    else:
        try:
            frames = np.asarray(one)
        except ValueError:
            raise InputError(
                f"The frames of a clip must have the same size. Received: {shown(one)}"
            ) from None
        is_ready = frames.ndim == 4 and frames.size and frames.shape[1:] == (size, size, channels)
        is_clip = is_ready or (frames.ndim == 4 and frames.size and frames.shape[-1] in (1, 3))
        if not is_clip or frames.dtype.kind not in "iu" or frames.min() < 0 or frames.max() > 255:
            raise InputError(
                "A clip must be a file, a folder of images, or integers from 0 to 255 [time, height, "
                f"width, 1 or 3]. Received: {frames.dtype} {frames.shape}"
            )
        if not is_ready:
            frames = video.fit_frames(frames[:: options[1]].astype("uint8"), size, options[2])
    if frames.shape[-1] < channels:  # gray, for a network that reads color
        frames = np.repeat(frames, 3, axis=-1)
    elif frames.shape[-1] > channels:  # as ITU-R BT.601 weighs red, green and blue
        colors = frames.reshape(*frames.shape[:-1], 2, 3) @ np.array([0.299, 0.587, 0.114])
        frames = np.rint(colors).astype("uint8")
    return video.scale(frames)


def check_frames(card, model):
    """Raises an `InputError` unless the preprocessing in the card fits the model."""
    shape = checks.check_shape(card, "preprocessing", "shape")
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] not in (2, 6):
        checks.refuse(card, ("preprocessing", "shape"), "height, the same width, and 2 or 6 channels")
    checks.check_integer(card, "preprocessing", "frame_step")
    if not isinstance(checks.get(card, "preprocessing", "center"), bool):
        checks.refuse(card, ("preprocessing", "center"), "true or false")
    checks.check_inputs(model, [(None, None, *shape)])


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    check_frames(card, model)
    checks.check_classes(card, model)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of clips, see `encode`.

    For each clip it returns a dict of label to probability.
    """
    predict = running.compile_model(model)

    def answer(clips):
        rows = [(encode(one, card["preprocessing"]),) for one in clips]
        if not rows:
            return []
        outputs = np.stack(running.predict_rows(predict, rows, batch_size=8))
        return [decode(p, card["labels"]) for p in class_probabilities(outputs)]

    return answer
