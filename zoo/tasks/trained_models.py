"""The trained models that come with the package."""

import fnmatch
import pathlib

from zoo.tasks.cards import CARD_FILE

FOLDER = pathlib.Path(__file__).parent.parent / "presets"


def list_presets(pattern="*"):
    """Names of the trained models that come with the package.

    Args:
        pattern: a shell pattern, as in `fnmatch`. `*` matches anything, `?` matches one character.

    Returns:
        A sorted list of str.

    Example:

    >>> list_presets("*sentiment*")
    ['sentiment-imdb-gru', 'sentiment-sst2-lstm']
    """
    names = sorted(path.parent.name for path in FOLDER.glob(f"*/{CARD_FILE}"))
    return fnmatch.filter(names, pattern)
