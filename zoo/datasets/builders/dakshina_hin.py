"""TFDS builder: Hindi words in Latin letters and in Devanagari."""

import re

import tensorflow_datasets as tfds

from zoo.errors import InputError

URL = "https://storage.googleapis.com/gresearch/dakshina/dakshina_dataset_v1.0.tar"
FOLDER = "dakshina_dataset_v1.0/hi/lexicons"  # in this archive of 2 GB
FILES = {
    "train": "hi.translit.sampled.train.tsv",
    "validation": "hi.translit.sampled.dev.tsv",
    "test": "hi.translit.sampled.test.tsv",
}
SCRIPTS = ("latin", "devanagari")


class DakshinaHin(tfds.core.GeneratorBasedBuilder):
    """Dakshina: 30,000 Hindi words, each as several people write it in Latin letters."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Pairs of a word in Latin letters and the same word in Devanagari: 44,204, 4,358 and "
                "4,502 of them. The splits are the official ones, and no word in Devanagari is in two "
                "of them. Two such words may be written with the same Latin letters, so 460 words in "
                "Latin letters are in training and in test. The files are in a large archive with "
                "other data. So you put them into downloads/manual, and they are not checked."
            ),
            features=tfds.features.Translation(languages=SCRIPTS),
            supervised_keys=SCRIPTS,
            homepage="https://github.com/google-research-datasets/dakshina",
            license="CC BY-SA 4.0",
            citation=(
                "Roark et al. 2020, Processing South Asian Languages Written in the Latin Script: the "
                "Dakshina Dataset, LREC"
            ),
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.download_dir / "manual"
        missing = [file for file in FILES.values() if not (folder / file).exists()]
        if missing:
            raise InputError(
                f"{' and '.join(missing)} must be in {folder}. Download {URL} (2 GB), and take the "
                f"files from its folder {FOLDER}."
            )
        return {split: self._generate_examples(folder / file) for split, file in FILES.items()}

    def _generate_examples(self, path):
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is not UTF-8: {error}") from None
        for i, line in enumerate(lines, start=1):
            words = [cell.strip() for cell in line.split("\t")[:2]]
            words.sort(key=lambda word: re.match("[\u0900-\u097f]", word) is not None)
            latin, devanagari = words if len(words) == 2 else ("", "")
            # Some copies have the two columns the other way around.
            if not re.match("[a-z]", latin) or not re.match("[\u0900-\u097f]", devanagari):
                raise InputError(
                    f"{path}, line {i}: expected a word in Devanagari, a tab, and the word in Latin "
                    f"letters. Received: {line!r:.60}"
                )
            yield i, {"latin": latin, "devanagari": devanagari}
