"""Question answering: questions to the SQL queries that answer them."""

import json
import os
import pathlib

import numpy as np

from zoo import databases, recipe
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts
from zoo.tasks.placeholders import fill_query, hide_values, index_values


def encode(tokens, index):
    """Converts words of a question, or tokens of a query, to integers.

    Args:
        tokens: a list of str.
        index: dict of word to integer.

    Returns:
        Integers `[time]`, 1 for an unknown word.

    Example:

    >>> encode(["how", "big"], {"how": 2}).tolist()
    [2, 1]
    """
    return np.array([index.get(token, 1) for token in tokens], "int32")


def make_rows(pairs, words, names):
    """Makes rows for teacher forcing.

    Args:
        pairs: what `zoo.tasks.placeholders.hide_pairs` returned.
        words: dict of token of a question to integer.
        names: dict of token of a query to integer, with `"[START]"` and `"[END]"`.

    Returns:
        A list of rows: (question, query so far), and the query shifted by one. All are integers
        `[time]`.
    """
    rows = []
    for question, query, _ in pairs:
        target = encode(["[START]", *query, "[END]"], names)
        rows.append(((encode(question, words), target[:-1]), target[1:]))
    return rows


def defaults(num_rows, batch_size=None):
    """Chooses settings that fit the number of training rows.

    Args:
        num_rows: the number of questions in the training split.
        batch_size: the number of rows in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {flag: value for flag, (value, _) in defaults(549).items()}
    {'batch_size': 16, 'epochs': 86}
    """
    batch_size = batch_size or (16 if num_rows < 5_000 else 32)
    return {
        "batch_size": (batch_size, f"there are {num_rows:,} questions"),
        "epochs": recipe.epochs_for(num_rows, batch_size, 48_000 / batch_size, least=10),
    }


def choose_query(queries, database):
    """Chooses the first query that the database can run.

    See Wang et al. 2018, "Robust Text-to-SQL Generation with Execution-Guided Decoding". They do this
    in each step of the search. We do it at its end.

    Args:
        queries: a list of str, the best one first, such as the hypotheses of a beam search.
        database: the path of an SQLite database, or None if there is none.

    Returns:
        A str. If none of the queries runs, or without a database, the first one. `""` for no queries.

    Example:

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as empty:
    ...     choose_query(["select 1 from", "select 1", "select 2"], empty.name)
    'select 1'
    """
    for query in queries if database and len(queries) > 1 else ():  # one alone is no choice
        _, reason = databases.run_query(database, query)
        if not reason:
            return query
    return queries[0] if queries else ""


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None), (None, None)])
    checks.check_vocabulary(card, model, "source_vocabulary", "source_embedding")
    outputs = checks.output_size(model, 3)
    checks.check_vocabulary(card, model, "target_vocabulary", "target_embedding", outputs)
    checks.check_integer(card, "config", "beam_width")
    checks.check_integer(card, "preprocessing", "max_length")
    for names in (("database",), *(("config", one) for one in ("dataset", "database", "data_dir"))):
        if not isinstance(checks.get(card, *names), str):
            checks.refuse(card, names, "a text")


def find_database(card):
    """The path of the database that a model was trained with, or None if it is not on this machine.

    Args:
        card: the content of `task.json`. `database` is the name of the file. It is looked for where
            training found it, beside the questions, and in the folder of TFDS.
    """
    name, config = pathlib.Path(card["database"]).name, card["config"]
    questions = pathlib.Path(config["dataset"])
    places = [pathlib.Path(config["database"] or name), questions / name, questions.parent / name]
    places = [pathlib.Path(os.path.expanduser(place)) for place in places]
    for folder in (config["data_dir"], os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")):
        if folder:
            folder = pathlib.Path(folder).expanduser()
            places += [*folder.glob(f"geoquery/*/*/{name}"), folder / "downloads" / "manual" / name]
    return next((place for place in places if place.is_file()), None)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of questions.

    For each question it returns a dict: `"query"`, a str, and `"answer"`, a list of rows. If there is
    no answer, it is None, and `"reason"` says why.

    Options: database, max_length, and others of `zoo.decoding.Generator.generate`. `database` is the
    path of the SQLite database to ask. Then the names to look for in the questions come from there.
    Otherwise they are those of training, and the database of training answers if it is on this machine.
    """
    saved = index_values(_read_saved(files))
    words = {token: i for i, token in enumerate(card["source_vocabulary"])}
    names = card["target_vocabulary"]

    def answer(questions, /, database=None, **options):
        index = index_values(databases.read_values(database)) if database else saved
        database = database or find_database(card)
        hidden = [hide_values(question, index) for question in normalize_texts(questions)]
        sources = [encode(tokens, words) for tokens, _ in hidden]
        options = {"max_length": card["preprocessing"]["max_length"], **options}
        beam_width = options.get("beam_width", card["config"]["beam_width"])
        n_best = beam_width if options.get("strategy", "beam") == "beam" else None
        answers = []
        generated = running.generate_rows(model, sources, beam_width, options, n_best)
        for rows, (_, found) in zip(generated, hidden, strict=True):
            rows = rows if n_best else [rows]
            queries = [fill_query([names[token] for token in row], found) for row in rows]
            answers.append(_run(database, choose_query(queries, database)))
        return answers

    return answer


def _read_saved(files):
    """The names of the database that training used, from the files of the folder."""
    if "values.json" not in files:
        raise InputError(f"sha256 must name values.json. Received: {', '.join(files) or 'none'}")
    try:
        values = json.loads(files["values.json"])
        columns = [column for names in values.values() for column in names]
        if all(isinstance(names, list) for names in values.values()):
            "".join(columns)
            return values
    except (ValueError, TypeError, AttributeError):
        pass
    raise InputError("values.json must be a dict of texts to lists of columns.")


def _run(database, query):
    if database is None:
        rows, reason = None, "the database is not on this machine: give --database FILE"
    else:
        rows, reason = databases.run_query(database, query)
    return {"query": query, "answer": rows} | ({"reason": reason} if reason else {})
