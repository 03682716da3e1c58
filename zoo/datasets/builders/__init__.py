"""TFDS builders for datasets that TFDS lacks. Importing this package registers them with TFDS.

Each file is one builder. TFDS reads the SHA-256 of each download from `checksums.tsv` in this folder.
"""

from zoo.datasets.builders import (
    an4,
    chatterbot_english,
    cmudict,
    co2,
    dakshina_hin,
    digits,
    etth1,
    flickr8k,
    geoquery,
    jsb_chorales,
    movie_reviews,
    multi30k,
    sst_binary,
    sunspots,
    tatoeba_hin,
    unicode_glyphs,
    weizmann_actions,
    wnut17,
)

__all__ = [
    "an4",
    "chatterbot_english",
    "cmudict",
    "co2",
    "dakshina_hin",
    "digits",
    "etth1",
    "flickr8k",
    "geoquery",
    "jsb_chorales",
    "movie_reviews",
    "multi30k",
    "sst_binary",
    "sunspots",
    "tatoeba_hin",
    "unicode_glyphs",
    "weizmann_actions",
    "wnut17",
]
