"""Compares what two readers return."""

import pathlib

import numpy as np


def same(one, other):
    """Whether two results have the same types, rows and order.

    Of two named tuples, only the fields of the first one count, because a series needs no step.
    Datasets of `tf.data` are compared row by row. Paths of two databases with the same content are the
    same.

    Example:

    >>> same({"train": (["a"], np.array([1]))}, {"train": (["a"], np.array([1]))})
    True
    >>> same([1], [1.0]), same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    (False, False)
    """
    if hasattr(one, "element_spec") and hasattr(other, "element_spec"):
        rows = zip(one.as_numpy_iterator(), other.as_numpy_iterator(), strict=True)
        return len(one) == len(other) and all(same(*pair) for pair in rows)
    if hasattr(one, "_fields") and hasattr(other, "_fields"):
        return all(same(getattr(one, name), getattr(other, name)) for name in one._fields)
    if isinstance(one, str | bool | int | float | np.generic | bytes) or one is None:
        return type(one) is type(other) and (one == other or _same_file(one, other))
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return len(one) == len(other) and all(map(same, one, other))


def _same_file(one, other):
    """Whether two texts are paths of databases with the same content."""
    ends = isinstance(one, str) and one.endswith(".sqlite") and other.endswith(".sqlite")
    return ends and pathlib.Path(one).read_bytes() == pathlib.Path(other).read_bytes()
