"""Lengths rounded up to a few sizes, and rows put into batches by their length."""


def few_lengths(length):
    """The length rounded up to the next of 8, 12, 16, 24, 32, 48, 64...

    Each length costs a compilation where XLA compiles.

    Example:

    >>> [few_lengths(length) for length in (0, 8, 9, 100, 400)]
    [8, 8, 12, 128, 512]
    """
    longer = 8
    while longer < length:
        longer = longer * 3 // 2 if longer.bit_count() == 1 else longer * 4 // 3
    return longer


def in_order(lengths, batch_size, most_steps=2**16):
    """Batches of rows in their order, as lists of indexes.

    Rows are padded to the longest of their batch. So a batch has fewer rows where one is long, because
    its padding must not fill the memory.

    Args:
        lengths: of the rows, a list of integers.
        batch_size: rows in a batch, at most.
        most_steps: rows times the longest length, at most. A longer row has a batch of its own.

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
    """Batches of rows of similar length, the shortest first; see `in_order`.

    Example:

    >>> by_length([3, 900, 2, 1], batch_size=3, most_steps=1000)
    [[3, 2, 0], [1]]
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = in_order([lengths[i] for i in order], batch_size, most_steps)
    return [[order[i] for i in batch] for batch in batches]
