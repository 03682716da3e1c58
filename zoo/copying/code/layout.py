"""Breaks lines of Python where `ruff format` would break them."""

import json
import typing

WIDTH = 104


class Group(typing.NamedTuple):
    """Items in brackets, such as the arguments of a call. A line can be broken between them."""

    opening: str
    items: list  # expressions
    closing: str


def call(function, arguments):
    """The expression of a call.

    Args:
        function: an expression, which is a list of texts and groups.
        arguments: a list of pairs (keyword or "", expression).

    Returns:
        An expression.

    Example:

    >>> flat(call(["layers.Dense"], [("", ["units"]), ("use_bias", ["False"])]))
    'layers.Dense(units, use_bias=False)'
    """
    items = [[f"{keyword}=" if keyword else "", *value] for keyword, value in arguments]
    return [*function, Group("(", items, ")")]


def quoted(text):
    """A text as a literal of Python, in the quotes that ruff prefers.

    Example:

    >>> print(quoted("it's"), quoted('say "yes"'))
    "it's" 'say "yes"'
    """
    return repr(text) if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def flat(expression):
    """Writes an expression as one line.

    Example:

    >>> flat(["x = ", Group("(", [["None"]], ")")]), flat(["f", Group("(", [["x"]], ")")])
    ('x = (None,)', 'f(x)')
    """
    text = ""
    for part in expression:
        if isinstance(part, Group):
            comma = "," if len(part.items) == 1 and _is_tuple(text, part) else ""
            part = part.opening + ", ".join(map(flat, part.items)) + comma + part.closing
        text += part
    return text


def fits(expression, indent=0, end=""):
    """Whether an expression fits in a line, see `lines`."""
    return indent + len(flat(expression) + end) <= WIDTH


def _is_tuple(before, group):
    """Whether a group is a tuple, and not the arguments of a call."""
    return group.opening == "(" and (not before or before[-1] in "=( ")


def lines(expression, indent=0, end=""):
    """Writes an expression as lines of at most `WIDTH` characters.

    Args:
        expression: a list of texts and groups.
        indent: number of spaces before each line.
        end: what follows in the last line, such as a comment.

    Returns:
        A list of str.

    Example:

    >>> names = [[f"number_{i}"] for i in range(20)]
    >>> print(*lines(["total = add", Group("(", names[:9], ")")], end="  # of nine"), sep="\\n")
    total = add(
        number_0, number_1, number_2, number_3, number_4, number_5, number_6, number_7, number_8
    )  # of nine
    """
    margin = " " * indent
    if fits(expression, indent, end):
        return [margin + flat(expression) + end]
    done, line = [], margin
    for i, part in enumerate(expression):
        if isinstance(part, str):
            line += part
            continue
        # A group stays in one line if there is room for it and for what follows, up to the next group.
        rest = expression[i + 1 :]
        following = next((j for j, other in enumerate(rest) if isinstance(other, Group)), None)
        after = flat(rest) + end if following is None else flat(rest[:following]) + rest[following][0]
        together = flat([line, part])
        if not part.items or len(together + after) <= WIDTH:
            line = together
            continue
        done.append(line + part.opening)
        inside = [" " * (indent + 4) + ", ".join(map(flat, part.items))]
        if len(inside[0]) > WIDTH or (len(part.items) == 1 and _is_tuple(line, part)):
            inside = [line for item in part.items for line in lines(item, indent + 4, ",")]
        done += inside
        line = margin + part.closing
    return [*done, line + end]
