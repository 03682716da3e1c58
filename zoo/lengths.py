"""Lengths rounded up to a few sizes, because each size costs a compilation."""


def few_lengths(length):
    """The length rounded up to the next of 8, 12, 16, 24, 32, 48, 64...

    Example:

    >>> [few_lengths(length) for length in (0, 8, 9, 100, 400)]
    [8, 8, 12, 128, 512]
    """
    longer = 8
    while longer < length:
        longer = longer * 3 // 2 if longer.bit_count() == 1 else longer * 4 // 3
    return longer
