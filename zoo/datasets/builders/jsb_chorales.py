"""TFDS builder: Bach's four-part chorales, as pitches at even steps of time."""

import json

import numpy as np
import tensorflow_datasets as tfds

URL = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/"
SPLITS = {"train": "train", "validation": "valid", "test": "test"}
VOICES = 4


class JsbChorales(tfds.core.GeneratorBasedBuilder):
    """JSB chorales: 382 chorales by Johann Sebastian Bach, four notes at each step."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(
            name="quarter",
            description="A step is a quarter note. Pitches go from low to high. Papers use this.",
        ),
        tfds.core.BuilderConfig(
            name="16th",
            description=(
                "A step is a 16th note. Pitches are soprano, alto, tenor and bass. For composing. If a "
                "voice is silent, which is rare, the voices below it move up by one place."
            ),
        ),
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Each row is a chorale (229/76/77), with the MIDI pitches of four voices at each step, "
                "or 0 for a silent voice. The two configs have the same chorales in different keys. A "
                "note that is held looks the same as a note that is repeated."
            ),
            features=tfds.features.FeaturesDict(
                {"notes": tfds.features.Tensor(shape=(None, VOICES), dtype=np.int32)}
            ),
            homepage="https://github.com/czhuang/JSB-Chorales-dataset",
            license="not stated; the music is in the public domain",
            citation=(
                "Boulanger-Lewandowski et al. 2012, Modeling Temporal Dependencies in High-Dimensional "
                "Sequences: Application to Polyphonic Music Generation and Transcription, ICML"
            ),
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.download(f"{URL}jsb-chorales-{self.builder_config.name}.json")
        return {split: self._generate_examples(path, key) for split, key in SPLITS.items()}

    def _generate_examples(self, path, key):
        with open(path, encoding="utf-8") as file:
            chorales = json.load(file)[key]
        for i, chorale in enumerate(chorales):
            steps = [[int(pitch) for pitch in chord] for chord in chorale]
            yield i, {"notes": [chord + [0] * (VOICES - len(chord)) for chord in steps]}
