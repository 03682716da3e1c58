"""Readers of questions with their SQL queries."""

import json

from zoo.copying.readers import pairs
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets.loading import own_path

GEOQUERY = '''
def load_questions(DATA_DIR):
    """Reads questions: {split: (questions, queries)}, and the path of their database."""
    url = "https://raw.githubusercontent.com/jkkummerfeld/text2sql-data/"
    url += "5050bad2309a93636ea4788d3660c9202bf11e0e/data/geography"
    rows = []
    for entry in json.loads(pathlib.Path(fetch(url + ".json", DATA_DIR)).read_text("utf-8")):
        for sentence in entry["sentences"]:
            question, query = sentence["text"], entry["sql"][0].replace('"', "'")
            for name, text in sentence["variables"].items():
                question, query = question.replace(name, text), query.replace(name, text)
            rows.append((len(rows), question, query, SPLIT))
    splits = {}
    for split, name in {"train": "train", "validation": "dev", "test": "test"}.items():
        some = shuffled([row for row in rows if row[3] == name], split)
        splits[split] = [row[1] for row in some], [row[2] for row in some]
    return splits, str(fetch(url + "-db.added-in-2020.sqlite", DATA_DIR))
'''
SPLIT_BY = {
    "geoquery": 'sentence["question-split"]',
    "geoquery/question": 'sentence["question-split"]',
    "geoquery/query": 'entry["query-split"]',
}
PLAIN = '''
def load_questions(path):
    """Reads questions from lines of JSON: {split: (questions, queries)}, and their database."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    splits = {}
    for split in SPLITS:
        some = [row for row in rows if row["split"] == split]
        splits[split] = [row["question"] for row in some], [row["query"] for row in some]
    return splits, DATABASE
'''


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if path is None:
        settings, data_dir = folder_of(arguments)
        yield with_folder(GEOQUERY.replace("SPLIT)", f"{SPLIT_BY[name]})"), data_dir), settings
        return
    for source, settings in pairs.drafts_own(path, arguments):
        source = source.replace(
            '"""Reads pairs of texts: {split: (sources, targets)}."""',
            '"""Reads questions: {split: (questions, queries)}, and the path of their database."""',
        )
        before, _, reader = source.rpartition("def load_pairs(")
        reader = reader.replace("):\n", ", database):\n", 1)
        reader = reader.replace("    return splits\n", "    return splits, database\n")
        yield f"{before}def load_questions({reader}", settings | {"database": str(result[1])}


def write_plain(result):
    """A reader of rows from a plain file, and these rows."""
    splits, database = result
    return PLAIN.replace("DATABASE", json.dumps(database)), [
        {"split": split, "question": question, "query": query}
        for split, columns in splits.items()
        for question, query in zip(*columns, strict=True)
    ]
