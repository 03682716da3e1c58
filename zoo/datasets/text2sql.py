"""Reads questions with their queries from the JSON files of text2sql-data and of Spider."""

import re

from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError


def read_variants(entries, split_by="question"):
    """Reads the entries of a file of text2sql-data (Finegan-Dollak et al. 2018).

    An entry has a query, and questions that ask for it. Names such as `city_name0` stand for texts and
    numbers, which each question gives. If an entry has several queries, the first one counts.

    Args:
        entries: a list of dicts, the content of the file.
        split_by: `"question"` or `"query"`, which of the two splits is meant. With the first, training
            and test share queries. With the second they do not.

    Returns:
        A list of tuples: question, query, split. The split is None if the file has none, or numbers for
        a cross-validation.

    Raises:
        ValueError: an entry has another form.

    Example:

    >>> entry = {"sql": ['SELECT area FROM state WHERE name = "name0" ;'], "query-split": "train"}
    >>> sentence = {"text": "how big is name0", "question-split": "dev", "variables": {"name0": "iowa"}}
    >>> read_variants([entry | {"variables": [], "sentences": [sentence]}])
    [('how big is iowa', "SELECT area FROM state WHERE name = 'iowa' ;", 'validation')]
    """
    rows = []
    for number, entry in enumerate(entries, start=1):
        try:
            examples = {variable["name"]: variable["example"] for variable in entry["variables"]}
            for sentence in entry["sentences"]:
                given = {name: text for name, text in sentence["variables"].items() if text}
                texts = {**examples, **given}
                query = re.sub(
                    r'"([^"]*)"', lambda m: "'" + m[1].replace("'", "''") + "'", entry["sql"][0]
                )
                split = entry["query-split"] if split_by == "query" else sentence["question-split"]
                quoted = {name: text.replace("'", "''") for name, text in texts.items()}
                row = _fill(sentence["text"], texts), _fill(query, quoted), SPLIT_NAMES.get(split)
                rows.append(row)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise InputError(
                "Expected entries with sql, variables and sentences, as in text2sql-data. "
                f"Received: entry {number}, where this is missing or of another kind: {error}"
            ) from None
    return rows


def _fill(text, variables):
    for name, value in variables.items():
        text = re.sub(rf"\b{re.escape(name)}\b", lambda match, value=value: value, text)
    return text
