"""TFDS builder: people who spell names and say numbers and dates, with what they said."""

import hashlib
import re
import tarfile

import numpy as np
import tensorflow_datasets as tfds

from zoo.errors import InputError

URL = "http://www.speech.cs.cmu.edu/databases/an4/an4_raw.bigendian.tar.gz"
FILES = {URL: "an4_raw.bigendian.tar.gz"}  # accepted in downloads/manual without a check
NUM_UTTERANCES = {"train": 948, "test": 130}
VALIDATION_SPEAKERS = 8  # of the 74 in training; two speakers with the same initials stay together


class An4(tfds.core.GeneratorBasedBuilder):
    """AN4: names and addresses spelled letter by letter, numbers, dates and commands."""

    VERSION = tfds.core.Version("1.0.0")
    taken_as_they_are = FILES

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Utterances (846/102/130) of 66, 8 and 10 speakers, 48 minutes at 16 kHz. No speaker "
                "is in two splits. The archive has a training and a test part. The validation split "
                "is cut from the training part by speaker. CMU publishes no checksum, so the archive "
                "is not checked, but all utterances must be there."
            ),
            features=tfds.features.FeaturesDict(
                {
                    # tfds.features.Audio would store each sample in up to 10 bytes.
                    "audio": tfds.features.Tensor(shape=(None,), dtype=np.int16, encoding="bytes"),
                    "text": tfds.features.Text(),
                    "speaker": tfds.features.Text(),
                    "id": tfds.features.Text(),
                }
            ),
            supervised_keys=("audio", "text"),
            homepage="http://www.speech.cs.cmu.edu/databases/an4/",
            license="BSD-like, in the file LICENSE of the archive",
            citation=(
                "Acero & Stern 1990, Environmental Robustness in Automatic Speech Recognition, "
                "International Conference on Acoustics, Speech, and Signal Processing"
            ),
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.download_dir / "manual" / FILES[URL]
        path = path if path.exists() else dl_manager.download(URL)
        return {
            split: self._generate_examples(path, split) for split in ("train", "validation", "test")
        }

    def _generate_examples(self, path, split):
        part = "test" if split == "test" else "train"
        try:
            with tarfile.open(path) as archive:
                lines = {
                    kind: archive.extractfile(f"an4/etc/an4_{part}.{kind}").read().decode().splitlines()
                    for kind in ("fileids", "transcription")
                }
                rows = list(zip(lines["fileids"], lines["transcription"], strict=True))
                chosen = _validation_speakers(name.split("/")[1] for name, _ in rows)
                if len(rows) != NUM_UTTERANCES[part]:
                    raise ValueError(f"{len(rows)} of {NUM_UTTERANCES[part]} utterances")
                for name, line in rows:
                    _, speaker, key = name.split("/")
                    if split != "test" and (_initials(speaker) in chosen) != (split == "validation"):
                        continue
                    text = re.fullmatch(rf"(?:<s> )?(.*?)(?: </s>)? *\({key}\)", line.strip())[1]
                    content = archive.extractfile(f"an4/wav/{name}.raw").read()
                    audio = np.frombuffer(content, ">i2").astype("int16")  # big-endian
                    yield key, {"audio": audio, "text": text, "speaker": speaker, "id": key}
        except (tarfile.TarError, EOFError, KeyError, OSError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not the whole archive of AN4: {error}") from None


def _initials(speaker):
    return speaker.rstrip("0123456789")


def _validation_speakers(speakers):
    """The initials that come first by their SHA-256."""
    initials = sorted({*map(_initials, speakers)}, key=lambda s: hashlib.sha256(s.encode()).digest())
    return set(initials[:VALIDATION_SPEAKERS])
