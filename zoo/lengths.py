"""Lengths rounded up to a few sizes, and rows put into batches by their length."""

MOST_STEPS = 2**14  # of a batch, padding included


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


def by_length(lengths, batch_size, most_steps=MOST_STEPS):
    """Batches of rows of similar length, as lists of indexes. The shortest rows come first.

    Rows are padded to the longest of their batch. So a batch has fewer rows where they are long: one
    long text must not fill the memory with padding.

    Args:
        lengths: of the rows, a list of integers.
        batch_size: rows in a batch, at most.
        most_steps: rows times the longest length, at most. A longer row has a batch of its own.

    Example:

    >>> by_length([3, 900, 2, 1], batch_size=3, most_steps=1000)
    [[3, 2, 0], [1]]
    """
    batches = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        is_full = not batches or len(batches[-1]) == batch_size
        if is_full or (len(batches[-1]) + 1) * lengths[i] > most_steps:
            batches.append([])
        batches[-1].append(i)
    return batches
