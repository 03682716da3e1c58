"""Readers of clips with labels."""


def drafts(arguments, result):
    """Yields no draft: clips are in a plain file next to the copy, see `plain_files`."""
    yield from ()
