"""Public datasets through TFDS, with builders for what TFDS lacks, and a person's own files.

`load` reads any dataset by its TFDS name. The others read one from TFDS or from a person's own files,
into three splits: `load_texts` labelled texts, `load_tagged` sentences with a tag for each token,
`load_pairs` sentences with their translations, `load_captions` images with their captions,
`load_corpus` texts without labels, and `load_series` numbers in order of time. `batches` makes batches
with little padding of rows, `streams` windows of one long text; `to_iob2` and `to_iobes` convert tags,
`image_features` describes photographs by a trained convolutional network, `read_text` reads a file.
"""

from zoo.datasets.batching import batches, streams
from zoo.datasets.captions import load_captions
from zoo.datasets.corpus import load_corpus
from zoo.datasets.features import image_features, network_sha256
from zoo.datasets.files import read_text
from zoo.datasets.loading import load
from zoo.datasets.pairs import load_pairs
from zoo.datasets.series import load_series
from zoo.datasets.tagged import load_tagged, to_iob2, to_iobes
from zoo.datasets.texts import load_texts

__all__ = [
    "batches",
    "image_features",
    "load",
    "load_captions",
    "load_corpus",
    "load_pairs",
    "load_series",
    "load_tagged",
    "load_texts",
    "network_sha256",
    "read_text",
    "streams",
    "to_iob2",
    "to_iobes",
]
