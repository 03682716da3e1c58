"""TFDS builder: tweets and comments with new and rare named entities."""

import tensorflow_datasets as tfds

URL = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/"
FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}
ENTITIES = ("corporation", "creative-work", "group", "location", "person", "product")


class Wnut17(tfds.core.GeneratorBasedBuilder):
    """WNUT-17: entities of six types. Most test entities are not in the training split."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        tags = ["O", *(f"{prefix}-{entity}" for entity in ENTITIES for prefix in "BI")]
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Sentences (3,394/1,009/1,287) of tweets, YouTube and Reddit comments and "
                "StackExchange posts, tagged in IOB2. Hardly any entity of the test split occurs in "
                "training, so a tagger cannot rely on memory."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "tokens": tfds.features.Sequence(tfds.features.Text()),
                    "ner": tfds.features.Sequence(tfds.features.ClassLabel(names=tags)),
                }
            ),
            supervised_keys=("tokens", "ner"),
            homepage="https://github.com/leondz/emerging_entities_17",
            license="CC BY 4.0",
            citation=(
                "Derczynski et al. 2017, Results of the WNUT2017 Shared Task on Novel and Emerging "
                "Entity Recognition, Workshop on Noisy User-generated Text"
            ),
        )

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({split: URL + file for split, file in FILES.items()})
        return {split: self._generate_examples(path) for split, path in paths.items()}

    def _generate_examples(self, path):
        with open(path, encoding="utf-8") as file:
            tokens, tags, key = [], [], 0
            for line in [*file, ""]:
                if line.strip():
                    token, tag = line.rstrip("\n").split("\t")
                    tokens.append(token)
                    tags.append(tag)
                elif tokens:  # lines between sentences are empty or, in the train file, a tab
                    yield key, {"tokens": tokens, "ner": tags}
                    tokens, tags, key = [], [], key + 1
