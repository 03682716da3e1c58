"""The standard streams of a program, and the one line with which it ends if it cannot go on."""

import contextlib
import io
import os
import sys

from zoo.errors import InputError


def open_streams():
    """Makes the standard streams usable, whatever the program was started with.

    A stream that is closed (`>&-` in a shell) leads nowhere. Otherwise the next file that is opened
    would get its number, and what is printed would end up in that file. A character that the output's
    encoding lacks, such as an emoji on a Windows console, is printed as `?`.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # this was the number of a closed stream
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # not what a test or a notebook puts there
        sys.stdout.reconfigure(errors="replace")


@contextlib.contextmanager
def ends_in_one_line(program):
    """Ends the program if the block cannot go on: one line on standard error, and no traceback.

    The exit status is 2 after an `InputError` or an `OSError`, 130 after Ctrl-C, and 141 if nobody
    reads the output any more, as after `| head`. Any other exception is a bug and keeps its traceback.

    Args:
        program: its name, with which the line begins.

    Example:

    >>> with ends_in_one_line("zoo"):
    ...     raise InputError("No such cell. Received: 'gruu'")
    Traceback (most recent call last):
    ...
    SystemExit: 2
    """
    try:
        yield
        sys.stdout.flush()  # now, while a full disk or a closed pipe can still be told
    except BrokenPipeError:
        status, line = 141, ""
    except (InputError, OSError) as error:  # OSError: a file that cannot be read or written
        status, line = 2, f"{program}: error: {' '.join(str(error).split())}\n"
    except KeyboardInterrupt:
        status, line = 130, f"{program}: interrupted\n"
    else:
        return
    try:
        sys.stdout.flush()
    except OSError:  # Python would try again at its end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with contextlib.suppress(OSError):
        sys.stderr.write(line)
    sys.exit(status)
