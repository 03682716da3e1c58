"""Holds a conversation with a chatbot, in the terminal or through a pipe."""

import sys

from zoo.errors import InputError


def read_turns():
    """Yields what a person says: each line of the terminal, or of standard input, in UTF-8.

    Raises:
        ValueError: standard input is closed, or it is not UTF-8.
    """
    if sys.stdin is None:
        raise InputError("Standard input is closed, so there is nothing to reply to.")
    is_terminal = sys.stdin.isatty()
    while True:
        try:
            if is_terminal:  # `input` would write the prompt to standard error, which is hidden
                print("you: ", end="", flush=True)
            line = input() if is_terminal else sys.stdin.buffer.readline().decode("utf-8-sig")
        except EOFError:  # Ctrl-D
            print()
            return
        except UnicodeDecodeError as error:
            raise InputError(f"Standard input must be UTF-8: {error}") from None
        if not is_terminal and not line:
            return
        yield line.strip()


def hold(reply, show=None):
    """Holds a conversation until there is nothing more to read. An empty line begins a new one.

    Args:
        reply: a function that takes the turns so far, a list of str, and returns the reply to the last.
        show: a function that prints a turn and its reply. None prints the reply alone, or in a terminal
            "bot: " before it.

    Example:

    >>> import io
    >>> from unittest import mock
    >>> with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hi\\nHo\\n\\nHa\\n"))):
    ...     hold(lambda turns: str(turns))
    ['Hi']
    ['Hi', "['Hi']", 'Ho']
    ['Ha']
    """
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    if is_terminal:
        print("An empty line begins a new conversation. Ctrl-D ends the program.")
    turns = []
    for line in read_turns():
        if not line:
            turns = []
            continue
        turns += [line, reply([*turns, line])]
        if show:
            show(*turns[-2:])
        else:
            print(f"bot: {turns[-1]}" if is_terminal else turns[-1])
        sys.stdout.flush()
