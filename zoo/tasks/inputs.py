"""Input from a user, checked before a model reads it."""

from zoo import text
from zoo.errors import InputError


def normalize_texts(texts):
    """Removes invisible differences from texts.

    Args:
        texts: list of str.

    Returns:
        A list of str, see `zoo.text.normalize`.

    Raises:
        ValueError: the list has something other than texts, or a text is not Unicode.

    Example:

    >>> normalize_texts(["not\\u200b good"])
    ['not good']
    """
    if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
        raise InputError(f"Give a list of texts, such as ['one', 'two']. Received: {texts!r:.80}")
    for one in texts:
        try:
            one.encode()
        except UnicodeEncodeError:  # the text came from a file in another encoding
            raise InputError(f"A text must be Unicode. Received: {one[:80]!r}") from None
    return [text.normalize(one) for one in texts]
