"""One rule that says which split a text belongs to."""

import hashlib


def split_by_hash(text):
    """`"train"`, `"validation"` or `"test"`, 80/10/10, by the SHA-256 of the text.

    The same text always falls into the same split, whatever else is in the data, so a text that
    occurs twice cannot be in training and test.

    Example:

    >>> split_by_hash("dog bites man")
    'train'
    """
    tenth = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
