"""Checks what students write in the exercises of the notebooks."""

import numpy as np


def check(function, cases, tolerance=1e-4):
    """Prints whether a function returns what it should.

    The first words are "Not yet" if the function still has to be written, "Not right" if it returns
    something else in one of the cases, and "Right" otherwise.

    Args:
        function: the function to check. It is not written yet if it raises NotImplementedError.
        cases: a list of `(arguments, expected)`. `arguments` is a tuple. `expected` is a number, an
            array, text, a list, or a tuple of these. A list, a tuple and an array with the same items
            are the same answer. It can also be a function that takes the result and returns a text
            that says what is wrong with it, or None.
        tolerance: how far a number may be off: this share of the number plus this much.

    Example:

    >>> def double(x):
    ...     return x + 2
    >>> check(double, [((2,), 4), ((3,), 6)])
    Not right: double(3)
    It returns 5, and 6 is expected.
    """
    name = function.__name__
    for arguments, expected in cases:
        call = f"{name}({', '.join(_describe(argument) for argument in arguments)})"
        try:
            result = function(*arguments)
            wrong = _difference(result, expected, tolerance)
        except NotImplementedError:
            print(f"Not yet: {name} still has to be written. Replace `raise NotImplementedError`,")
            print("run its cell, and then run this cell again.")
            return
        except Exception as error:  # whatever a student's code may raise
            print(f"Not right: {call}\nIt raises {type(error).__name__}: {error}")
            return
        if wrong:
            print(f"Not right: {call}\nIt {wrong}")
            return
    print(f"Right: {name} returns what is expected in all {len(cases)} cases.")


def _describe(value):
    """Returns a short text for an argument: its value, or its shape, or only its type."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 and " at 0x" not in text else type(value).__name__


def _difference(result, expected, tolerance):
    """Says how a result differs from what is expected. Returns None if it does not differ."""
    if result is None:
        return "returns None. Is a `return` missing?"
    if callable(expected):
        return expected(result)
    if isinstance(expected, (tuple, list)) and isinstance(result, (tuple, np.ndarray)):
        result = result.tolist() if isinstance(result, np.ndarray) else list(result)
    if isinstance(expected, tuple):
        if not isinstance(result, list) or len(result) != len(expected):
            return f"should return {len(expected)} things, separated by commas."
        for i, (one, other) in enumerate(zip(result, expected, strict=True)):
            if wrong := _difference(one, other, tolerance):
                return f"{wrong} (This is about thing {i + 1} of {len(expected)}.)"
        return None
    if isinstance(expected, (str, list)):
        same = isinstance(result, type(expected)) and result == expected
        return None if same else f"returns {result!r}, and {expected!r} is expected."
    expected = np.asarray(expected, float)
    try:
        numbers = np.asarray(result, float)
    except (TypeError, ValueError):
        return f"returns something that is not an array of numbers: {_describe(result)}"
    if numbers.shape != expected.shape:
        wanted = expected.shape or "a single number"
        return f"returns the shape {numbers.shape}, and {wanted} is expected."
    differs = ~np.isclose(numbers, expected, rtol=tolerance, atol=tolerance)
    if not differs.any():
        return None
    first = tuple(int(i) for i in np.argwhere(differs)[0])
    place = f" at {list(first)}" if first else ""
    return f"returns {numbers[first]:.6g}{place}, and {expected[first]:.6g} is expected."
