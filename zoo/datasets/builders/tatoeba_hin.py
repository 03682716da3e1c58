"""TFDS builder: English sentences of Tatoeba with Hindi translations."""

import hashlib
import zipfile

import tensorflow_datasets as tfds

from zoo.datasets.splitting import SPLITS, split_by_hash
from zoo.errors import InputError

URL = "https://www.manythings.org/anki/hin-eng.zip"
FILE = "hin.txt"  # in this archive
FILES = {URL: FILE}  # accepted in downloads/manual without a check
SHA256 = "d67859600040fd07f9c61351d3e508e9e5bea928fc0a3bede75e1aaefda4f3c4"
LANGUAGES = ("en", "hi")


class TatoebaHin(tfds.core.GeneratorBasedBuilder):
    """Tatoeba: 3,117 pairs of an English sentence and a Hindi translation, by volunteers."""

    VERSION = tfds.core.Version("1.0.0")
    taken_as_they_are = FILES

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Short sentences, as ManyThings publishes them for Anki. 2,862 different English "
                "sentences have 3,117 translations. They are split 80/10/10 by a hash of the English "
                "sentence, in which capital letters and spaces do not matter. So all translations of a "
                f"sentence are in one split. ManyThings adds new sentences to its file. So a {FILE} "
                "that you put into downloads/manual is not checked, and a newer one has other scores."
            ),
            features=tfds.features.Translation(languages=LANGUAGES),
            supervised_keys=LANGUAGES,
            homepage="https://www.manythings.org/anki/",
            license="CC BY 2.0 FR",
            citation="Tatoeba, https://tatoeba.org; each line of the file names its authors",
        )

    def _split_generators(self, dl_manager):
        text = _read(dl_manager)
        return {split: self._generate_examples(text, split) for split in SPLITS}

    def _generate_examples(self, text, split):
        for i, line in enumerate(text.splitlines(), start=1):
            english, _, rest = line.partition("\t")
            hindi, _, _ = rest.partition("\t")  # the third column names the authors
            if not english.strip() or not hindi.strip():
                raise InputError(
                    f"{FILE}, line {i}: expected an English sentence, a tab and a Hindi sentence. "
                    f"Received: {line!r:.60}"
                )
            if split_by_hash(" ".join(english.casefold().split())) == split:
                yield i, {"en": english, "hi": hindi}


def _read(dl_manager):
    """The text of the file in downloads/manual, or of the one in the archive."""
    path = dl_manager.download_dir / "manual" / FILE
    if path.exists():
        content = path.read_bytes()
    else:
        archive = dl_manager.download(URL)
        try:
            with zipfile.ZipFile(archive) as opened:
                content = opened.read(FILE)
        except (zipfile.BadZipFile, KeyError) as error:
            raise InputError(f"{archive}, from {URL}, is damaged: delete it. {error}") from None
        received = hashlib.sha256(content).hexdigest()
        if received != SHA256:
            raise InputError(
                f"{URL} has another version of {FILE} than the one that the zoo knows. To use it "
                f"anyway, unpack it and put it into {path.parent}. Expected sha256 {SHA256}. "
                f"Received: {received}"
            )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not the file of Tatoeba, because it is not UTF-8: {error}"
        ) from None
