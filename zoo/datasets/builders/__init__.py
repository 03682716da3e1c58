"""TFDS builders for datasets that TFDS lacks. Importing this package registers them with TFDS.

Each file is one builder. TFDS reads the SHA-256 of each download from `checksums.tsv` in this folder.
"""

from zoo.datasets.builders import (
    chatterbot_english,
    cmudict,
    co2,
    dakshina_hin,
    digits,
    etth1,
    flickr8k,
    jsb_chorales,
    movie_reviews,
    multi30k,
    sst_binary,
    sunspots,
    tatoeba_hin,
    unicode_glyphs,
    wnut17,
)

__all__ = [
    "chatterbot_english",
    "cmudict",
    "co2",
    "dakshina_hin",
    "digits",
    "etth1",
    "flickr8k",
    "jsb_chorales",
    "movie_reviews",
    "multi30k",
    "sst_binary",
    "sunspots",
    "tatoeba_hin",
    "unicode_glyphs",
    "wnut17",
]
