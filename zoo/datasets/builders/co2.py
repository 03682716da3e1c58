"""TFDS builder: weekly carbon dioxide in the air, from a package, so without a download."""

import csv

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package

PACKAGE, VERSION = "statsmodels", "0.15.0"
FILE = "statsmodels/datasets/co2/co2.csv"
SHA256 = "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f"


class Co2(tfds.core.GeneratorBasedBuilder):
    """Carbon dioxide at Mauna Loa, Hawaii, in each of 2,284 weeks from 1958 to 2001."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Parts per million by volume, with a rising trend and a yearly season. The rows are in "
                f"order of time, in one split. The data come with the package {PACKAGE}. 59 weeks "
                "have no measurement and repeat the week before. Interpolation would reveal the future."
            ),
            features=tfds.features.FeaturesDict(
                {"date": tfds.features.Text(), "co2": tfds.features.Scalar(np.float32)}
            ),
            supervised_keys=("date", "co2"),
            homepage="https://www.statsmodels.org/stable/datasets/generated/co2.html",
            license="public domain",
            citation=(
                "Keeling and Whorf 2004, Atmospheric CO2 concentrations derived from flask air samples "
                "at sites in the SIO network, Carbon Dioxide Information Analysis Center"
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = find_in_package(PACKAGE, VERSION, FILE, SHA256)
        return {"train": self._generate_examples(path)}

    def _generate_examples(self, path):
        last = None
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                last = float(row["co2"]) if row["co2"] else last
                yield int(row["date"]), {"date": row["date"], "co2": last}
