"""Errors that the user can fix: they say what was received, what is allowed and what to do next."""

import difflib


class InputError(ValueError):
    """A name, a flag or a file from the user is not valid. The message says what is allowed.

    A recipe prints it in one line and ends with exit status 2. In a notebook, the cell fails and shows
    only this line. Any other exception is a bug, and shows its traceback.
    """

    def _render_traceback_(self):  # IPython shows these lines in place of the traceback
        return [f"InputError: {one_line(self)}"]


def check_choice(what, received, allowed):
    """Raises an `InputError` unless `received` is one of `allowed`.

    Args:
        what: what the value is called in the message, such as `"cell"`.
        received: the value that the user gave.
        allowed: the names that exist.

    Example:

    >>> check_choice("cell", "gru", ("simple_rnn", "lstm", "gru"))
    >>> check_choice("cell", "gruu", ("simple_rnn", "lstm", "gru"))
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Unknown cell. Did you mean 'gru'? Available: ... Received: 'gruu'
    """
    allowed = list(allowed)
    if isinstance(received, str) and received in allowed:
        return
    nearest = difflib.get_close_matches(str(received), map(str, allowed), n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    names = ", ".join(map(repr, allowed))
    raise InputError(f"Unknown {what}.{hint} Available: {names}. Received: {shown(received)}")


def shown(value):
    """Converts a value to one line of at most 200 characters, for a message.

    Example:

    >>> shown([[1, 2], "three"]), len(shown(list(range(1000))))
    ("[[1, 2], 'three']", 200)
    """
    return " ".join(repr(value).split())[:200]


def counted(number, one, more=None):
    """Writes a number and its noun, for a message.

    Args:
        number: a whole number.
        one: the noun for 1.
        more: the noun for other numbers. None means `one` with an s.

    Returns:
        str.

    Example:

    >>> counted(1, "pair"), counted(1200, "copy", "copies")
    ('1 pair', '1,200 copies')
    """
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def one_line(error, max_length=None):
    """The message of an error as one line. An error without a message gets the name of its class.

    Args:
        error: an exception.
        max_length: the largest number of characters. None for no limit.

    Returns:
        str.

    Example:

    >>> one_line(OSError("disk\\n  is full")), one_line(ValueError("abcdef"), 3), one_line(KeyError())
    ('disk is full', 'abc', 'KeyError')
    """
    return " ".join(str(error).split())[:max_length] or type(error).__name__
