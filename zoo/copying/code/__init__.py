"""Writes models as plain Keras."""

from zoo.copying.code.writing import as_function, code

__all__ = ["as_function", "code"]
