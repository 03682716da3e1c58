"""TFDS builder: English descriptions of photographs with German translations."""

import gzip

import tensorflow_datasets as tfds

URL = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"
FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
LANGUAGES = ("en", "de")


class Multi30k(tfds.core.GeneratorBasedBuilder):
    """Multi30k, task 1: English descriptions of Flickr photographs and their German translations."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Sentence pairs (29,000/1,014/1,000), translated by professionals. The test split is "
                "the Flickr test set of 2016. Texts are raw, neither tokenized nor in lower case."
            ),
            features=tfds.features.Translation(languages=LANGUAGES),
            supervised_keys=LANGUAGES,
            homepage="https://github.com/multi30k/dataset",
            license="CC BY-SA 4.0",
            citation=(
                "Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions, "
                "Workshop on Vision and Language"
            ),
        )

    def _split_generators(self, dl_manager):
        urls = {
            split: {language: f"{URL}{file}.{language}.gz" for language in LANGUAGES}
            for split, file in FILES.items()
        }
        paths = dl_manager.download(urls)
        return {split: self._generate_examples(paths[split]) for split in urls}

    def _generate_examples(self, paths):
        with (
            gzip.open(paths["en"], "rt", encoding="utf-8") as english,
            gzip.open(paths["de"], "rt", encoding="utf-8") as german,
        ):
            for i, (en, de) in enumerate(zip(english, german, strict=True)):
                yield i, {"en": en.rstrip("\n"), "de": de.rstrip("\n")}
