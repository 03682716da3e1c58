"""TFDS builder: questions about the geography of the USA with their SQL queries, and the database."""

import json
import shutil

import tensorflow_datasets as tfds

from zoo.datasets.splitting import SPLITS
from zoo.datasets.text2sql import read_variants
from zoo.errors import InputError

COMMIT = "5050bad2309a93636ea4788d3660c9202bf11e0e"
URL = f"https://raw.githubusercontent.com/jkkummerfeld/text2sql-data/{COMMIT}/data/"
QUESTIONS, DATABASE = "geography.json", "geography-db.added-in-2020.sqlite"
FILES = {URL + file: file for file in (QUESTIONS, DATABASE)}  # taken from downloads/manual unchecked


class Geoquery(tfds.core.GeneratorBasedBuilder):
    """GeoQuery: 877 questions about the geography of the USA, and the queries that answer them."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = (
        tfds.core.BuilderConfig(
            name="question", description="Split by questions (549/49/279). The splits share queries."
        ),
        tfds.core.BuilderConfig(
            name="query", description="Split by queries (536/159/182). The splits share no query."
        ),
    )
    taken_as_they_are = FILES

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Questions by students, and SQL queries for SQLite. The database lies beside the "
                f"prepared files as {DATABASE}. Texts in the queries have single quotes, as in "
                "standard SQL. Five of the queries do not run in SQLite. Files that you put into "
                "downloads/manual are not checked. Downloaded files are checked by their SHA-256."
            ),
            features=tfds.features.FeaturesDict(
                {"question": tfds.features.Text(), "query": tfds.features.Text()}
            ),
            supervised_keys=("question", "query"),
            homepage="https://github.com/jkkummerfeld/text2sql-data",
            license="no license stated; for research",
            citation=(
                "Zelle and Mooney 1996, Learning to Parse Database Queries Using Inductive Logic "
                "Programming, AAAI; Iyer et al. 2017, Learning a Neural Semantic Parser from User "
                "Feedback, ACL; Finegan-Dollak et al. 2018, Improving Text-to-SQL Evaluation "
                "Methodology, ACL"
            ),
        )

    def _split_generators(self, dl_manager):
        manual = dl_manager.download_dir / "manual"
        questions, database = (
            manual / file if (manual / file).exists() else dl_manager.download(url)
            for url, file in FILES.items()
        )
        self.data_path.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(database, self.data_path / DATABASE)
        return {split: self._generate_examples(questions, split) for split in SPLITS}

    def _generate_examples(self, path, split):
        try:
            entries = json.loads(path.read_text("utf-8"))
            rows = read_variants(entries, self.builder_config.name)
        except ValueError as error:
            raise InputError(f"{path} is not the whole file of GeoQuery: {error}") from None
        for i, (question, query, part) in enumerate(rows):
            if part == split:
                yield i, {"question": question, "query": query}
