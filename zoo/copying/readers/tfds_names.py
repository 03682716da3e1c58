"""Which splits of a dataset of TFDS a reader needs."""

import tensorflow_datasets as tfds

from zoo.datasets.loading import split_names


def find_splits(name, data_dir, usable=lambda split: True):
    """The builder of a dataset, and a dict of our names of its splits to its own.

    Its validation split becomes the test split if it has no other.

    Args:
        name: the name of the dataset.
        data_dir: the folder of TFDS.
        usable: a function that takes a name of ours, and returns whether this split can be used.
    """
    builder = tfds.builder(name, data_dir=data_dir)
    ours = {split: its for split, its in split_names(builder).items() if usable(split)}
    if "test" not in ours and "validation" in ours:
        ours["test"] = ours.pop("validation")
    order = [split for split in ("train", "validation", "test") if split in ours]
    return builder, {split: ours[split] for split in order}


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
