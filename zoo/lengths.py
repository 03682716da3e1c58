"""Batches of rows of different lengths."""

import numpy as np

from zoo.errors import InputError


def few_lengths(length):
    """Rounds a length up to 8, 12, 16, 24, 32, 48, 64...

    XLA compiles once for each length, so a few lengths save time.

    Example:

    >>> [few_lengths(length) for length in (0, 8, 9, 100, 400)]
    [8, 8, 12, 128, 512]
    """
    longer = 8
    while longer < length:
        longer = longer * 3 // 2 if longer.bit_count() == 1 else longer * 4 // 3
    return longer


def in_order(lengths, batch_size, most_steps=2**16):
    """Puts rows into batches without changing their order.

    All rows of a batch are padded to the longest one. A batch with a long row has fewer rows, so that
    the padding does not fill the memory.

    Args:
        lengths: the length of each row, a list of integers.
        batch_size: the largest number of rows in a batch.
        most_steps: the largest size of a batch, which is its number of rows times its longest length. A
            longer row gets a batch of its own.

    Returns:
        A list of batches. Each is a list of the indexes of its rows.

    Example:

    >>> in_order([3, 2, 900, 1], batch_size=3, most_steps=1000)
    [[0, 1], [2], [3]]
    """
    batches, longest = [], 0
    for i, length in enumerate(lengths):
        longest = max(longest, length)
        is_full = not batches or len(batches[-1]) == batch_size
        if is_full or (len(batches[-1]) + 1) * longest > most_steps:
            batches.append([])
            longest = length
        batches[-1].append(i)
    return batches


def by_length(lengths, batch_size, most_steps=2**14):
    """Puts rows of similar length into the same batch, the shortest first. See `in_order`.

    Example:

    >>> by_length([3, 900, 2, 1], batch_size=3, most_steps=1000)
    [[3, 2, 0], [1]]
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = in_order([lengths[i] for i in order], batch_size, most_steps)
    return [[order[i] for i in batch] for batch in batches]


def pad(*arrays, limit=(), dtype=None):
    """Puts arrays of different shapes into one batch, padded with 0 at the end of each axis.

    Args:
        *arrays: arrays with the same number of axes.
        limit: for each axis, the length up to which `few_lengths` may round up.
        dtype: the dtype of the batch. None means the dtype of the first array.

    Returns:
        An array `[len(arrays), ...]`.

    Raises:
        ValueError: an array has floats, but the dtype is one of integers.

    Example:

    >>> pad([5, 6], [7]).tolist()
    [[5, 6], [7, 0]]
    """
    shape = np.max([np.shape(array) for array in arrays], axis=0).astype(int)
    for axis, most in enumerate(limit):
        shape[axis] = max(shape[axis], min(few_lengths(shape[axis]), most))
    batch = np.zeros((len(arrays), *shape), dtype or np.asarray(arrays[0]).dtype)
    for i, array in enumerate(arrays):
        array = np.asarray(array)
        if array.size and not np.can_cast(array.dtype, batch.dtype, "same_kind"):
            raise InputError(f"A batch of {batch.dtype} cannot hold {array.dtype}.")
        batch[(i, *map(slice, array.shape))] = array
    return batch
