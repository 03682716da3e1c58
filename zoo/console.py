"""How a program uses the terminal or the notebook, from its first line to its exit status."""

import contextlib
import io
import os
import sys

from zoo.errors import InputError, one_line


def ipython_shell():
    """The running shell of IPython, which also runs the cells of Jupyter. None in plain Python."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def open_streams():
    """Makes sure that the standard streams work, however the program was started.

    A stream can be closed, with `>&-` in a shell. Without this function, the next file that the program
    opens would get the number of the closed stream, and printed text would end up in that file. Here a
    closed stream is connected to the null device.

    A character that the encoding of the output lacks, such as an emoji on a Windows console, is
    printed as `?`.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # this was the number of a closed stream
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # a test or a notebook may put something else there
        sys.stdout.reconfigure(errors="replace")


@contextlib.contextmanager
def ends_in_one_line(program):
    """If the block fails, ends the program with one line on standard error and no traceback.

    The exit status is 2 after an `InputError` or an `OSError`, and 130 after Ctrl-C. It is 141 if
    nobody reads the output anymore, as after `| head`. Any other exception is a bug and keeps its
    traceback.

    In a notebook and in IPython, nothing ends. The exception is raised again, so that the cell fails,
    and one line takes the place of its traceback.

    Args:
        program: the name of the program. The line starts with it.

    Example:

    >>> with ends_in_one_line("zoo"):
    ...     raise InputError("No such cell. Received: 'gruu'")
    Traceback (most recent call last):
    ...
    SystemExit: 2
    """
    try:
        yield
        sys.stdout.flush()  # now, so that a full disk or a closed pipe can still be reported
    except BrokenPipeError as error:
        problem, status, line = error, 141, ""
    except (InputError, OSError) as error:  # OSError: a file that cannot be read or written
        problem, status, line = error, 2, f"{program}: error: {one_line(error)}\n"
    except KeyboardInterrupt as error:
        problem, status, line = error, 130, f"{program}: interrupted\n"
    else:
        return
    if ipython_shell():
        problem._render_traceback_ = lambda: [line.rstrip()]  # IPython shows these lines
        raise problem
    try:
        sys.stdout.flush()
    except OSError:  # or Python would try again when it exits, and print a second error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with contextlib.suppress(OSError):
        sys.stderr.write(line)
    sys.exit(status)
