"""Video tagging: clips to parts of them, each with a label."""

import numpy as np

from zoo import recipe
from zoo.tasks import checks, running
from zoo.tasks.video_classification import check_frames, encode


def defaults(num_frames, window, batch_size):
    """Chooses the flags that fit the data.

    Args:
        num_frames: the number of training frames.
        window: the frames in a row.
        batch_size: the rows in a batch.

    Returns:
        A dict of flag to its value and the reason, see `zoo.recipe.choose`.

    Example:

    >>> defaults(4424, window=64, batch_size=8)
    {'epochs': (67, '70 rows in batches of 8 then give 603 updates')}
    """
    num_rows = -(-num_frames // window)
    return {"epochs": recipe.epochs_for(num_rows, batch_size, updates=600, least=5, most=100)}


def spans(labels, frame_step=1):
    """The parts of a clip with the same label.

    Args:
        labels: list of str, one for each frame.
        frame_step: 2 if there is a label for every second frame, and so on.

    Returns:
        A list of dicts of label, start and end. Start is the number of the first frame, counted from 0.
        End is the number of the first frame after the part.

    Example:

    >>> spans(["walk", "walk", "jump"])
    [{'label': 'walk', 'start': 0, 'end': 2}, {'label': 'jump', 'start': 2, 'end': 3}]
    """
    found = []
    for i, label in enumerate(labels):
        if not found or found[-1]["label"] != label:
            found.append({"label": label, "start": i * frame_step})
        found[-1]["end"] = (i + 1) * frame_step
    return found


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    check_frames(card, model)
    checks.check_labels(card, checks.output_size(model, 3))


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of clips, see `video_classification.encode`.

    For each clip it returns a list of spans.
    """
    predict = running.compile_model(model)

    def answer(clips):
        rows = [(encode(one, card["preprocessing"]),) for one in clips]
        outputs = running.predict_rows(predict, rows, batch_size=8)
        return [
            spans(
                [card["labels"][i] for i in np.argmax(p[: len(row[0])], axis=-1)],
                card["preprocessing"]["frame_step"],
            )
            for p, row in zip(outputs, rows, strict=True)
        ]

    return answer
