"""Public datasets through TFDS, with builders for what TFDS lacks, and a person's own texts.

`load` reads any dataset by its TFDS name; `load_texts` reads labelled texts, from TFDS or from a
person's own files, into the three splits that a classifier needs.
"""

from zoo.datasets.loading import load
from zoo.datasets.texts import load_texts

__all__ = ["load", "load_texts"]
