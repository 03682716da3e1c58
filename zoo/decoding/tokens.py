"""Checks of the tokens that a model reads."""

import numpy as np

from zoo.errors import InputError


def check_tokens(tokens, vocabulary_size, what="tokens"):
    """Returns the tokens as an int32 array, if a model can read them.

    Args:
        tokens: integers `[batch, time]`, with 0 as padding on the right.
        vocabulary_size: all tokens must be below this number.
        what: the name of the tokens in an error.

    Returns:
        The tokens as a NumPy array of int32, `[batch, time]`.

    Raises:
        ValueError: there are no rows, the rows have different lengths, the tokens are not integers, a
            token is out of range, a row has no token, or padding comes before a token.

    Example:

    >>> check_tokens([[2, 9]], vocabulary_size=9)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: tokens must be from 0 to 8 (the vocabulary has 9). Received: 9
    """
    try:
        tokens = np.asarray(tokens)
    except ValueError:
        raise InputError(
            f"The rows of {what} must all have the same length. Pad them with "
            f"keras.utils.pad_sequences(rows, padding='post'). Received: {len(tokens)} rows of "
            "different lengths"
        ) from None
    if tokens.ndim != 2 or not tokens.size or not np.issubdtype(tokens.dtype, np.integer):
        raise InputError(
            f"{what} must be integers [batch, time]. Received: {tokens.dtype}, shape {tokens.shape}"
        )
    wrong = tokens[(tokens < 0) | (tokens >= vocabulary_size)]
    if wrong.size:
        raise InputError(
            f"{what} must be from 0 to {vocabulary_size - 1} (the vocabulary has {vocabulary_size}). "
            f"Received: {wrong[0]}"
        )
    is_token = tokens != 0
    wrong = np.flatnonzero(~is_token[:, 0] | (is_token[:, 1:] > is_token[:, :-1]).any(axis=1))
    if wrong.size:
        raise InputError(
            f"Each row of {what} must begin with a token and have its padding (0) on the right. "
            f"Received: row {wrong[0]}: {tokens[wrong[0]][:10].tolist()}"
        )
    return tokens.astype("int32")
