"""Which splits of a dataset of TFDS a reader needs."""

import tensorflow_datasets as tfds

from zoo.copying.readers.splits import choose_parts
from zoo.datasets.loading import split_names
from zoo.datasets.splitting import SPLITS


def find_splits(name, data_dir, usable=SPLITS):
    """The builder of a dataset, and a dict of our names of its splits to its own.

    Its validation split becomes the test split if it has no other.

    Args:
        name: the name of the dataset.
        data_dir: the folder of TFDS.
        usable: the names of ours of the splits that can be used.
    """
    builder = tfds.builder(name, data_dir=data_dir)
    names = split_names(builder)
    return builder, choose_parts({split: names[split] for split in names if split in usable})


def folder_of(arguments):
    """The setting of TFDS's folder if the user gave one, as a dict, and the name of its parameter."""
    folder = arguments.get("data_dir")
    return ({"data_dir": str(folder)}, "data_dir") if folder else ({}, "")


def with_folder(source, parameter):
    """Writes the parameter `data_dir` for each `DATA_DIR` in a source, or leaves it out.

    Example:

    >>> with_folder("tfds.load(name, data_dir=DATA_DIR)", "")
    'tfds.load(name)'
    """
    source = source.replace("data_dir=DATA_DIR", parameter and f"data_dir={parameter}")
    return source.replace("DATA_DIR", parameter).replace(", )", ")")
