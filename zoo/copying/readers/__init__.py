"""Short plain readers of data, for copies of recipes that run without the zoo."""

from zoo.copying.readers.choosing import Reader, reader_code

__all__ = ["Reader", "reader_code"]
