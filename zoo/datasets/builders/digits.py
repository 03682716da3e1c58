"""TFDS builder: small images of handwritten digits, from a package, so without a download."""

import csv
import gzip

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package
from zoo.datasets.splitting import split_by_hash

PACKAGE, VERSION = "scikit-learn", "1.9.1"
FILE = "sklearn/datasets/data/digits.csv.gz"
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


class Digits(tfds.core.GeneratorBasedBuilder):
    """1,797 images of 8 x 8 pixels: the digits 0 to 9, written by 13 people."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Pixels are from 0 to 16. Features and splits are the same as in `mnist`, so one "
                f"program can read both. The data come with the package {PACKAGE}. A hash of the image "
                "puts one fifth into the test split. Digits of one person are in both splits."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            license="CC BY 4.0",
            citation=(
                "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine "
                "Learning Repository"
            ),
        )

    def _split_generators(self, dl_manager):
        path = find_in_package(PACKAGE, VERSION, FILE, SHA256)
        return {split: self._generate_examples(path, split) for split in ("train", "test")}

    def _generate_examples(self, path, split):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for i, (*pixels, label) in enumerate(csv.reader(file)):
                is_test = split_by_hash(",".join(pixels), parts=5) == "test"
                if is_test == (split == "test"):
                    image = np.array(pixels, "float").astype("uint8").reshape(8, 8, 1)
                    yield i, {"image": image, "label": int(float(label))}
