"""The SHA-256 of a file."""

import hashlib


def hash_of(path):
    """The SHA-256 of a file, as 64 hexadecimal digits.

    Args:
        path: path of the file.

    Returns:
        str.

    Example:

    >>> import os
    >>> hash_of(os.devnull)[:16]
    'e3b0c44298fc1c14'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
