"""Datasets: public ones through TFDS, and your own files.

`load` reads a dataset by its TFDS name, as `tfds.load` does. The folder `builders` has TFDS builders
for datasets that TFDS lacks. Each of these loaders reads one kind of data, from TFDS or from your own
files, in three splits:

- `load_texts`: texts with a label each
- `load_tagged`: sentences with a tag for each token
- `load_pairs`: texts with their translations
- `load_pronunciations`: words with their phonemes, or in another script
- `load_dialogues`: conversations
- `load_questions`: questions with their SQL queries, and the database
- `load_images`: images with a label each
- `load_captions`: images with their captions
- `load_corpus`: texts without labels
- `load_music`: pieces of music as notes
- `load_speech`: recordings with what was said
- `load_series`, `load_many_series`: numbers at even steps of time
- `load_videos`, `load_tagged_videos`: clips with a label each, or with a label for each frame

`batches` makes batches of rows with little padding. `streams` cuts one long text into windows.
"""

from zoo.datasets.batching import batches, streams
from zoo.datasets.captions import load_captions
from zoo.datasets.chunks import to_iob2, to_iobes
from zoo.datasets.corpus import load_corpus
from zoo.datasets.dialogues import load_dialogues
from zoo.datasets.files import read_text
from zoo.datasets.images import load_images
from zoo.datasets.loading import load
from zoo.datasets.music import load_music
from zoo.datasets.pairs import load_pairs
from zoo.datasets.pronunciations import load_pronunciations
from zoo.datasets.questions import load_questions
from zoo.datasets.series import Series, load_many_series, load_series
from zoo.datasets.speech import load_speech
from zoo.datasets.tagged import load_tagged
from zoo.datasets.texts import load_texts
from zoo.datasets.videos import load_tagged_videos, load_videos

__all__ = [
    "Series",
    "batches",
    "load",
    "load_captions",
    "load_corpus",
    "load_dialogues",
    "load_images",
    "load_many_series",
    "load_music",
    "load_pairs",
    "load_pronunciations",
    "load_questions",
    "load_series",
    "load_speech",
    "load_tagged",
    "load_tagged_videos",
    "load_texts",
    "load_videos",
    "read_text",
    "streams",
    "to_iob2",
    "to_iobes",
]
