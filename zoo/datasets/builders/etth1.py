"""TFDS builder: the hourly oil temperature and loads of an electricity transformer."""

import csv

import numpy as np
import tensorflow_datasets as tfds

URL = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv"
COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MONTH = 30 * 24  # hours, as in the Informer paper
SPLITS = {"train": (0, 12), "validation": (12, 16), "test": (16, 20), "rest": (20, None)}  # months


class Etth1(tfds.core.GeneratorBasedBuilder):
    """ETTh1: 17,420 hours of oil temperature (OT) and six loads of one transformer."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        numbers = {column: tfds.features.Scalar(np.float32) for column in COLUMNS}
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "July 2016 to June 2018 in China. The rows are in order of time. The splits are the "
                "same as in the Informer paper: 12 months of 30 days for training, 4 for validation "
                "and 4 for testing (8,640/2,880/2,880 hours). The paper leaves out the last 3,020 "
                "hours, which are the split `rest`."
            ),
            features=tfds.features.FeaturesDict({"date": tfds.features.Text(), **numbers}),
            supervised_keys=("date", "OT"),
            homepage="https://github.com/zhouhaoyi/ETDataset",
            license="CC BY-ND 4.0",
            citation=(
                "Zhou et al. 2021, Informer: Beyond Efficient Transformer for Long Sequence "
                "Time-Series Forecasting, AAAI"
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.download(URL)
        return {split: self._generate_examples(path, *months) for split, months in SPLITS.items()}

    def _generate_examples(self, path, begin, end):
        with open(path, encoding="utf-8", newline="") as file:
            for i, row in enumerate(csv.DictReader(file)):
                if begin * MONTH <= i and (end is None or i < end * MONTH):
                    yield i, {"date": row["date"], **{column: float(row[column]) for column in COLUMNS}}
