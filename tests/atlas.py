"""A small database, with questions and queries, for the tests of question answering."""

import csv
import itertools
import sqlite3

CITIES = [
    (f"{a}{b}", country, 1000 * i)
    for i, (a, b, country) in enumerate(
        (a, b, country)
        for a, b in itertools.product(
            ("Or", "Bel", "Tam", "Win", "Kal"), ("ton", "burg", "sk", "ville")
        )
        for country in ("Norland",)
    )
]
QUESTIONS = {
    "How many people live in {}?": "SELECT people FROM city WHERE name = '{}';",
    "In which country is {}?": "SELECT country FROM city WHERE name = '{}';",
    "Is {} a large city?": "SELECT people > 9000 FROM city WHERE name = '{}';",
    "Which cities are as large as {}?": "SELECT name FROM city WHERE people = "
    "(SELECT people FROM city WHERE name = '{}');",
}


def write_database(folder):
    """Writes `atlas.sqlite` into a folder, and returns its path."""
    path = folder / "atlas.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE city (name TEXT, country TEXT, people INT)")
        database.executemany("INSERT INTO city VALUES (?, ?, ?)", CITIES)
    database.close()
    return path


def rows():
    """Pairs of a question and its query."""
    pairs = itertools.product(QUESTIONS.items(), CITIES)
    return [(question.format(name), query.format(name)) for (question, query), (name, *_) in pairs]


def write_questions(folder):
    """Writes the database and `questions.csv` into a folder, and returns the path of the questions."""
    write_database(folder)
    with open(folder / "questions.csv", "w", newline="") as file:
        csv.writer(file).writerows([("question", "query"), *rows()])
    return folder / "questions.csv"
