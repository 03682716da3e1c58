"""The card of a trained model: the file `task.json` in its folder."""

import json
import math
import os
import pathlib

from zoo.errors import InputError

CARD_FILE = "task.json"
MODEL_FILE = "model.keras"
FORMAT = 2  # of the card. It goes up when an earlier version of `load` could not read a new card.


def read_card(folder):
    """Reads the card in a folder that `save` wrote, and checks the fields that every task needs.

    Args:
        folder: a `pathlib.Path`.

    Returns:
        The content of `task.json`, a dict.

    Raises:
        ValueError: the folder has no card, or the card is damaged, incomplete, or of a later version.
    """
    path = folder / CARD_FILE
    if not os.path.isfile(path):
        raise InputError(f"{folder} has no {CARD_FILE}. It is not a folder that --output wrote.")
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # not JSON, or not UTF-8
        raise InputError(f"{path} is damaged: {error}") from None
    is_card = isinstance(card, dict) and {"format", "task", "dataset", "backend"} <= set(card)
    if not is_card or not all(isinstance(card.get(name), dict) for name in ("config", "sha256")):
        raise InputError(f"{path} is not a {CARD_FILE} of a trained model.")
    if card["format"] not in range(1, FORMAT + 1):
        raise InputError(
            f"{path} has format {card['format']!r:.80}. This version of rnn-zoo reads 1 to {FORMAT}. "
            "Install the version that wrote it."
        )
    for name in ("metrics", "measured", "versions", "also_written"):
        if not isinstance(card.get(name, {}), dict):
            raise InputError(f"{name} in {path} must be a dict. Received: {card[name]!r:.80}")
    needs, fields = card.get("needs", []), ("class", "registered_name", "module")
    if not isinstance(needs, list) or not all(
        isinstance(one, dict)
        and all(isinstance(one.get(name), str) for name in fields)
        and isinstance(one.get("file"), str | None)
        for one in needs
    ):
        raise InputError(f"needs in {path} must be a list of classes. Received: {needs!r:.80}")
    if MODEL_FILE not in card["sha256"]:
        raise InputError(f"{path} has no sha256 of {MODEL_FILE}. Copy or train the model again.")
    for name in card["sha256"]:
        if name != pathlib.Path(name).name or name in ("", ".", ".."):
            raise InputError(f"sha256 in {path} must name files in the folder. Received: {name!r:.80}")
    return card


def write_card(folder, card):
    """Writes `task.json` into a folder.

    Args:
        folder: a `pathlib.Path`.
        card: a dict of what JSON can hold.
    """
    text = json.dumps(card, indent=1, ensure_ascii=False)
    try:
        content = text.encode()
    except UnicodeEncodeError:  # the command has a file name in another encoding
        content = json.dumps(card, indent=1).encode()
    (folder / CARD_FILE).write_bytes(content)


def plain(name, value):
    """Converts a value to one that JSON can hold.

    NumPy's numbers become Python's. NaN and infinity, which JSON lacks, become None.

    Args:
        name: name of the value, for the error.
        value: dicts, lists, tuples, texts, numbers, arrays, None.

    Returns:
        Dicts, lists, texts, numbers, None.

    Raises:
        ValueError: something else is in the value.

    Example:

    >>> import numpy as np
    >>> plain("metrics", {"loss": [np.float32(0.5), float("nan")], "by class": np.arange(2)})
    {'loss': [0.5, None], 'by class': [0, 1]}
    """
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int | float):
                raise InputError(f"{name} must have texts as keys. Received: {key!r:.80}")
        return {key: plain(f"{name}[{key!r}]", one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(f"{name}[{i}]", one) for i, one in enumerate(value)]
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return plain(name, value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if value is None or isinstance(value, str | int):
        return value
    raise InputError(f"{name} cannot be written as JSON. Received: {value!r:.80}")
