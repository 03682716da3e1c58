"""TFDS builder: yearly sunspot numbers, from a package, so without a download."""

import csv

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package

PACKAGE, VERSION = "statsmodels", "0.15.0"
FILE = "statsmodels/datasets/sunspots/sunspots.csv"
SHA256 = "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b"


class Sunspots(tfds.core.GeneratorBasedBuilder):
    """The mean sunspot number of each of the 309 years from 1700 to 2008."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "They rise and fall in a cycle of about 11 years. The rows are in order of time, in "
                f"one split. The data come with the package {PACKAGE}."
            ),
            features=tfds.features.FeaturesDict(
                {"date": tfds.features.Text(), "sunspots": tfds.features.Scalar(np.float32)}
            ),
            supervised_keys=("date", "sunspots"),
            homepage="https://www.statsmodels.org/stable/datasets/generated/sunspots.html",
            license="public domain",
            citation="National Geophysical Data Center, Yearly sunspot numbers",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = find_in_package(PACKAGE, VERSION, FILE, SHA256)
        return {"train": self._generate_examples(path)}

    def _generate_examples(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield int(row["YEAR"]), {"date": row["YEAR"], "sunspots": float(row["SUNACTIVITY"])}
