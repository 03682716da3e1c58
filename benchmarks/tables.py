"""Writes the tables in the README files, and labels.svg, a plot of one of them.

    python benchmarks/tables.py

The figures come from results.csv, speed.csv and gpu.csv, and from the cards of the trained models in
zoo/presets. A table stands between two marks, `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
Everything between them is replaced. A test fails if a README differs from what this program would
write.
"""

import collections
import contextlib
import io
import json
import re
import statistics
import sys
import typing

from run import (
    CELLS,
    DATASETS,
    DEFAULTS,
    LM_OPTIONS,
    LM_TEXTS,
    LOWER,
    PRETRAINED,
    REFERENCES,
    RESULTS,
    ROOT,
    SCORES,
    SPEED,
    SPEED_CHECKS,
    read_results,
    recipe_of,
    score_of,
    without_recurrence,
)

import zoo.recipe

READMES = (ROOT / "README.md", *sorted(ROOT.glob("*/README.md")))
CARDS = ROOT / "zoo" / "presets"
FITTED = RESULTS.with_name("defaults.csv")
FITTED_CHECKS = dict.fromkeys(("dataset", "recipe", "metric", "fixed", "fitted", "baseline_value"), str)
BACKENDS = ("tensorflow", "jax", "torch")
LABELS = RESULTS.with_name("labels.svg")
GPU = RESULTS.with_name("gpu.csv")
GPU_KEY = ("type", "cell", "units", "precision")
GPU_CHECKS = {**dict.fromkeys((*GPU_KEY, "backend", "what"), str), "median": float}
SPEED_KEY = ("part", "dataset", "cell", "units", "backend")
MARK = re.compile(r"<!-- [\w-]+:(?:begin|end) -->")
MARKED = re.compile(r"<!-- (?P<name>[\w-]+):begin -->\n.*?<!-- (?P=name):end -->", re.DOTALL)


class Recipe(typing.NamedTuple):
    """What the tables say about a recipe, apart from its results."""

    task: str
    data: str  # * if it needs no download
    cell: str  # the default of --cell
    title: str  # how the recipe begins its table of test scores
    figure: str = ".4f"  # how the recipe prints a score
    row: str = "{}"  # how the recipe prints the name of a model


RECIPES = {
    "one_to_one_digits": Recipe("which digit is in the image", "digits *", "gru", "Test split"),
    "one_to_many_captioning": Recipe(
        "describe an image in words", "unicode_glyphs *", "gru", "Test", ".2f"
    ),
    "one_to_many_music": Recipe(
        "which notes sound next in a chorale by Bach", "jsb_chorales", "lstm", "", row="test, {}"
    ),
    "one_to_many_composer": Recipe(
        "compose a chorale in the style of Bach", "jsb_chorales", "lstm", "", row="test, {}"
    ),
    "one_to_many_text": Recipe("continue a text", "tiny_shakespeare", "lstm", "", row="test, {}"),
    "many_to_one_sentiment": Recipe(
        "is a review positive or negative", "movie_reviews/imdb *", "gru", "Test accuracy"
    ),
    "many_to_one_forecasting": Recipe("forecast a time series", "sunspots *", "gru", "Test part"),
    "many_to_one_video": Recipe(
        "what does the person in a clip do", "weizmann_actions", "gru", "Test clips"
    ),
    "many_to_many_ner": Recipe("find names of persons, places, products", "wnut17", "lstm", "test F1"),
    "many_to_many_pos": Recipe(
        "noun, verb or adjective: tag each word",
        "universal_dependencies/en_ewt",
        "lstm",
        "test accuracy",
    ),
    "many_to_many_punctuation": Recipe(
        "put commas, periods and capitals back", "movie_reviews/imdb *", "gru", "test F1"
    ),
    "many_to_many_speech": Recipe("what somebody said", "an4", "gru", "Error rates", ".2%", "test, {}"),
    "many_to_many_video": Recipe(
        "what does the person in each frame do", "weizmann_actions", "gru", "Test frames"
    ),
    "encoder_decoder_translation": Recipe(
        "translate English to German", "multi30k", "gru", "test", ".2f"
    ),
    "encoder_decoder_chatbot": Recipe(
        "reply to a turn of a conversation", "chatterbot_english *", "gru", "", row="test, {}"
    ),
    "encoder_decoder_pronunciation": Recipe(
        "how a word is pronounced", "cmudict *", "gru", "Error rates", ".2%", "test, {}"
    ),
    "encoder_decoder_questions": Recipe(
        "answer a question with SQL", "geoquery", "gru", "Share of questions", ".1%", "test, {}"
    ),
}
SHORT_RESULTS = (  # one recipe of each type
    "one_to_one_digits",
    "one_to_many_text",
    "many_to_one_sentiment",
    "many_to_many_pos",
    "encoder_decoder_translation",
)
# Scores of recurrent models that were trained on the same labels and scored on the same test split,
# unless the text says otherwise.
PUBLISHED = {
    "one_to_many_music": "8.43 (GRU, Bai et al. 2018)",
    "many_to_many_ner": "0.419 (UH-RiTUAL, Derczynski et al. 2017)",
    "many_to_many_pos": "0.951 (with a CRF, an earlier release of the treebank, Tang 2018)",
    "many_to_many_speech": "0.105 (five GRU layers of 800 units, deepspeech.pytorch)",
    "encoder_decoder_pronunciation": "0.202 (five models, other split, Toshniwal & Livescu 2016)",
    "dakshina_hin": "0.394 (a Transformer, 26 million pairs of words, Madhani et al. 2022)",
    "sst2": "0.880 (Tree-LSTM), 0.849 (LSTM, Tai et al. 2015)",
    "imdb": "0.865 (LSTM, Dai & Le 2015)",
    "imdb_pretrained": "0.928 (Dai & Le 2015), 0.954 (Howard & Ruder 2018), both from more text",
    "conll2003": "0.909 (Lample et al. 2016), 0.910 (delft)",
    "flickr8k": "16.0 (NeuralTalk, Karpathy & Fei-Fei 2015)",
    "cmudict": "0.202 (five models, other split, Toshniwal & Livescu 2016)",
}


def make_table(header, rows):
    """A table in Markdown from a list of column names and an iterable of rows, all of strings."""
    lines = [f"| {' | '.join(line)} |" for line in (header, *rows)]
    return "\n".join([lines[0], "|---" * len(header) + "|", *lines[1:]])


def spread(values):
    """The mean, and the standard deviation if values differ: 3 decimals below 10, otherwise 2."""
    values = list(values)
    is_count = all(isinstance(value, int) for value in values)
    values = [float(value) for value in values]
    mean = statistics.mean(values)
    decimals = 0 if is_count else 3 if abs(mean) < 10 else 2
    if len(set(values)) == 1:
        return f"{mean:,.{decimals}f}"
    return f"{mean:,.{decimals}f} ± {statistics.stdev(values):,.{decimals}f}"


def middle(values):
    return f"{statistics.median(map(float, values)):,.0f}"


def short(number):
    """A number in about three digits."""
    if number == float("inf"):
        return "not reached"
    return f"{number:,.{2 if number < 10 else 1 if number < 100 else 0}f}"


def select(rows, **wanted):
    """The rows that have these values."""
    return [row for row in rows if all(row[column] == value for column, value in wanted.items())]


def make_recipes(rows):
    """The recipes: what each does, on which data, its score and how long it takes."""
    lines = []
    for name, recipe in RECIPES.items():
        some = select(rows, name=name, cell=recipe.cell)
        score = minutes = ""
        if some:
            score = f"{spread(row['value'] for row in some).split(' ± ')[0]} {some[0]['metric']}"
            minutes = statistics.median(float(row["seconds"]) for row in some) / 60
            minutes = f"{minutes:.{1 if minutes < 1 else 0}f}"
        link = f"[{name}](recipes/README.md#{name})"
        lines.append([link, recipe.task, recipe.data, score, minutes])
    return make_table(["recipe", "task", "dataset", "test score", "minutes"], lines)


def make_short_results(rows):
    """One recipe of each type with each cell, beside a model without recurrence."""
    lines = []
    for name in SHORT_RESULTS:
        some = select(rows, name=name)
        if some:
            cells = [spread(row["value"] for row in select(some, cell=cell)) for cell in CELLS]
            lines.append([name, some[0]["metric"], *cells, baseline_of(some)])
    return make_table(["recipe", "test score", *CELLS, "without recurrence"], lines)


def baseline_of(rows):
    """The best model without recurrence, with its score. It is the same for each cell."""
    score, values = score_of(rows[0]["name"]), collections.defaultdict(dict)
    for row in rows:
        cell = row["cell"].split(":")[-1]
        for model, value in without_recurrence(scores_of(row), cell, score.key).items():
            values[model][row["seed"]] = value
    means = {model: statistics.mean(of_seeds.values()) for model, of_seeds in values.items()}
    best = (min if score.metric in LOWER else max)(means, key=means.get)
    return f"{spread(values[best].values())}, {best}"


def make_results(rows):
    """The recipes with their default flags: the score of each cell."""
    lines = []
    for name in DEFAULTS:
        of_all = select(rows, name=name)
        if not of_all:
            continue
        cells = []
        for cell in CELLS:
            some = select(of_all, cell=cell)
            cells.append(f"{spread(row['value'] for row in some)} ({len(some)})" if some else "")
        columns = [name, of_all[0]["metric"], *cells, baseline_of(of_all), PUBLISHED.get(name, "")]
        lines.append(columns)
    return make_table(["recipe", "metric", *CELLS, "without recurrence", "published"], lines)


def make_own_cells(rows):
    """Cells that are not Keras's own, next to the GRU, with the same flags and seeds."""
    lines = []
    for name, cell in dict.fromkeys((row["name"], row["cell"]) for row in rows):
        if cell not in CELLS:
            metric = select(rows, name=name, cell=cell)[0]["metric"]
            columns = [f"`{cell.split(':')[-1]}`", name, metric]
            for one in (cell, "gru"):
                some = select(rows, name=name, cell=one)
                columns += [
                    spread(row["value"] for row in some),
                    middle(row["parameters"] for row in some),
                ]
            lines.append(columns)
    header = ["cell", "recipe", "test score", "its score", "parameters", "GRU", "parameters"]
    return make_table(header, lines)


def make_costs(rows):
    """What the same runs cost: medians over the seeds."""
    header = ["recipe", "cell", "parameters", "epochs", "seconds", "CPU seconds", "peak MB", "cores"]
    keys = ("parameters", "epochs", "seconds", "cpu_seconds", "peak_mb", "cores")
    lines = []
    for name in DEFAULTS:
        for cell in CELLS:
            some = select(rows, name=name, cell=cell)
            if some:
                lines.append([name, cell, *(middle(row[key] for row in some) for key in keys)])
    return make_table(header, lines)


def make_references(rows):
    """Other data or longer training."""
    lines = []
    for name, (_, cell, _) in REFERENCES.items():
        for row in select(rows, name=name, cell=cell):
            columns = [f"`{row['command']}`", row["metric"], spread([row["value"]])]
            columns += [baseline_of([row]), PUBLISHED.get(name, "")]
            columns += [f"{float(row['seconds']) / 60:.0f}", row["cores"]]
            lines.append(columns)
    header = ["command", "metric", "result", "without recurrence", "published", "minutes", "cores"]
    return make_table(header, lines)


def make_pretrained(rows):
    """Classifiers that start from nothing, and from a language model."""
    lines = []
    for name in [*PRETRAINED][::2]:  # each is followed by the same with a language model
        groups = [select(rows, name=one) for one in (name, f"{name}_pretrained")]
        if not all(groups):
            continue
        columns = [f"`{PRETRAINED[name].flags}`"]
        for group in groups:
            seconds = statistics.median(float(row["seconds"]) for row in group)
            columns += [spread([row["value"] for row in group]), f"{seconds / 60:.0f}"]
        for baseline in ("bag of words", "mean of word vectors"):
            scores = {row["seed"]: scores_of(row)[baseline]["all"] for row in groups[0]}
            columns.append(spread(scores.values()))
        lines.append(columns)
    header = [
        "flags",
        "GRU",
        "minutes",
        "pretrained LSTM",
        "minutes",
        "bag of words",
        "mean of vectors",
    ]
    return make_table(header, lines)


def points_of_labels(rows):
    """The mean accuracy of classifiers for each number of labels.

    Returns:
        A dict of dataset to a dict of model to a list of (number of labels, accuracy).
    """
    points = {}
    for dataset in ("rotten_tomatoes", "imdb"):
        lines = points[dataset] = collections.defaultdict(list)
        for number in (100, 500, 2000):
            for end, model in (("_pretrained", "LSTM from a language model"), ("", "GRU")):
                some = select(rows, name=f"{dataset}_{number}{end}")
                if some:
                    lines[model].append((number, statistics.mean(float(x["value"]) for x in some)))
            for baseline in ("mean of word vectors", "bag of words"):
                scores = [scores_of(row)[baseline]["all"] for row in some]
                if scores:
                    lines[baseline].append((number, statistics.mean(scores)))
    return {dataset: dict(lines) for dataset, lines in points.items()}


def plot_labels(points, path):
    """Plots `points_of_labels` as SVG. The description has the points, so that a test can read them."""
    import matplotlib
    from matplotlib.figure import Figure

    names = {"rotten_tomatoes": "Rotten Tomatoes", "imdb": "IMDb"}
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, (dataset, lines) in zip(figure.subplots(1, 2, sharey=True), points.items(), strict=True):
        for model, line in lines.items():
            axes.plot(*zip(*line, strict=True), "o-", label=model)
        axes.set(title=names[dataset], xlabel="labeled training reviews", xscale="log")
        axes.set_xticks([100, 500, 2000], ["100", "500", "2,000"], minor=False)
        axes.set_xticks([], minor=True)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("test accuracy")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    with matplotlib.rc_context({"svg.hashsalt": "rnn-zoo"}):
        figure.savefig(path, metadata={"Date": None, "Description": json.dumps(points)})


def make_options(rows):
    """Options of a language model: its test loss and its size on each text that was measured."""
    groups = {
        (text, option): select(rows, name=f"{text}_{option}")
        for text in LM_TEXTS
        for option in LM_OPTIONS
    }
    texts = [text for text in LM_TEXTS if any(groups[text, option] for option in LM_OPTIONS)]
    lines = []
    for option, flags in LM_OPTIONS.items():
        columns = [f"`{flags}`"]
        for text in texts:
            some = groups[text, option]
            columns.append(f"{spread(row['value'] for row in some)} ({len(some)})" if some else "")
            columns.append(middle(row["parameters"] for row in some) if some else "")
        if any(columns[1:]):
            lines.append(columns)
    baselines = ["without recurrence"]
    for text in texts:
        some = [row for option in LM_OPTIONS for row in groups[text, option]]
        baselines += [baseline_of(some), ""]
    if texts:
        lines.append(baselines)
    return make_table(["flags", *(name for text in texts for name in (text, "parameters"))], lines)


def scores_of(row):
    """The scores on the test split of a run: a dict of each model to its dict of scores."""
    return json.loads(row["metrics"])[SCORES[recipe_of(row["name"])].split]


def make_details(rows):
    """All scores of a recipe on the test split: each cell and each baseline."""
    if not rows:
        return "Not measured yet."
    values, keys = collections.defaultdict(lambda: collections.defaultdict(dict)), {}
    for row in rows:
        for model, scores in scores_of(row).items():
            keys |= dict.fromkeys(scores)
            if model.startswith("attention"):  # the name does not say which cell it is
                model = f"{row['cell'].split(':')[-1]}, {model}"
            for key, value in scores.items():
                if value is not None:  # no score, such as a ratio to 0
                    values[model][key][row["seed"]] = value  # a baseline is the same for each cell
    keys = [key for key in keys if any(key in of_model for of_model in values.values())]
    cell_of = {model: model.split(",")[0] for model in values}
    models = sorted(values, key=lambda model: [*CELLS, cell_of[model]].index(cell_of[model]))
    lines = [
        [model, *(spread(values[model][key].values()) if key in values[model] else "" for key in keys)]
        for model in models
    ]
    return make_table(["", *keys], lines)


def make_output(name, rows):
    """The table of test scores as the recipe prints it with its default flags, and how long it took."""
    recipe = RECIPES[name]
    rows = select(rows, name=name, cell=recipe.cell, seed="0")
    if not rows:
        return "Not measured yet."
    scores = {recipe.row.format(model): row for model, row in scores_of(rows[0]).items()}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        zoo.recipe.print_table(recipe.title, scores, recipe.figure)
    table = printed.getvalue().strip("\n")
    seconds = float(rows[0]["seconds"])
    time = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    cores = "one core" if rows[0]["cores"] == "1" else f"{rows[0]['cores']} cores"
    return "\n".join([f"Test scores, after {time} on {cores}:", "", "```text", table, "```"])


def make_trained_models():
    """The trained models in the package, from their cards."""
    lines = []
    for path in sorted(CARDS.glob("*/task.json")):
        card = json.loads(path.read_text("utf-8"))
        size = sum(file.stat().st_size for file in path.parent.iterdir()) / 1e6
        scores = ", ".join(f"{key} {value:.4g}" for key, value in card["measured"]["test"].items())
        task = card["task"].replace("_", " ")
        lines.append([f"`{path.parent.name}`", task, f"{card['parameters']:,}", f"{size:.1f}", scores])
    return make_table(["name", "task", "parameters", "MB", "test split"], lines)


def ratio_of(rows):
    """How many times as long as the zoo another program takes: the geometric mean, as text."""
    ratios = [float(row["times ours"]) for row in rows if row["times ours"]]
    return short(statistics.geometric_mean(ratios)) if ratios else ""


def make_defaults(rows):
    """Fixed flags beside those that a recipe chooses from the data, see defaults.py."""
    lines = []
    for name in dict.fromkeys(row["dataset"] for row in rows):
        some = select(rows, dataset=name)
        scores = [spread(row[key] for row in some) for key in ("fixed", "fitted")]
        about = name, some[0]["recipe"], some[0]["metric"], str(len(some))
        best = " or ".join(dict.fromkeys(row["baseline"] for row in some))  # it can depend on the seed
        lines.append([*about, *scores, f"{spread(row['baseline_value'] for row in some)}, {best}"])
    columns = ["data", "recipe", "score", "seeds", "fixed", "from the data", "without recurrence"]
    return make_table(columns, lines)


def make_speed_ratios(rows):
    """How many times as long as the zoo the other programs take, on each backend."""
    steps = {tuple(row[key] for key in SPEED_KEY): row for row in select(rows, what="ours")}
    beside_tensorflow = []
    for (part, dataset, cell, units, _), row in steps.items():
        if part == "training":
            on_tensorflow = steps[part, dataset, cell, units, "tensorflow"]
            ratio = float(row["median"]) / float(on_tensorflow["median"])
            beside_tensorflow.append(row | {"what": "the zoo on tensorflow", "times ours": ratio})
    others = [row for row in rows if row["what"] != "ours" and row["times ours"]]
    rows = beside_tensorflow + others
    lines = []
    for part, what in dict.fromkeys((row["part"], row["what"]) for row in rows):
        some = select(rows, part=part, what=what)
        datasets = dict.fromkeys(row["dataset"] for row in some)
        groups = {dataset: select(some, dataset=dataset) for dataset in datasets}
        if len(groups) > 1:
            groups["all"] = some
        for name, group in groups.items():
            ratios = [ratio_of(select(group, backend=backend)) for backend in BACKENDS]
            lines.append([part, what, name, *ratios])
    return make_table(["part", "compared with", "data", *BACKENDS], lines)


def make_training_speed(rows):
    """Steps a second of the zoo, and its share of the operations that the processor can do."""
    header = ["data", "cell", "units"]
    for backend in BACKENDS:
        header += [f"{backend}, steps/s", "% of peak"]
    settings = [(row["dataset"], row["cell"], row["units"]) for row in select(rows, part="training")]
    lines = []
    for dataset, cell, units in dict.fromkeys(settings):
        line = [dataset, cell, units]
        for backend in BACKENDS:
            some = select(rows, dataset=dataset, cell=cell, units=units, backend=backend)
            line.append(median_of(select(some, part="training", what="ours")))
            line.append(median_of(select(some, part="peak", what="share")))
        lines.append(line)
    return make_table(header, lines)


def make_other_speed(rows):
    """The medians of the parts other than training."""
    rows = [row for row in rows if row["part"] not in ("training", "peak")]
    lines = []
    for part, what, unit in dict.fromkeys((row["part"], row["what"], row["unit"]) for row in rows):
        some = select(rows, part=part, what=what)
        medians = [median_of(select(some, cell=cell)) for cell in CELLS]
        lines.append([part, what, unit, *medians])
    return make_table(["part", "program", "unit", *CELLS], lines)


def make_gpu_speed(rows):
    """Training steps a second on a GPU: PyTorch, and the zoo on each backend that was measured."""
    backends = [name for name in BACKENDS if select(rows, backend=name)]
    header = ["type", "cell", "units", "precision"]
    for name in backends:
        header += [f"zoo on {name}", "PyTorch", "times PyTorch"]
    lines = []
    for key in dict.fromkeys(tuple(row[name] for name in GPU_KEY) for row in rows):
        line = [*key]
        for name in backends:
            some = select(rows, backend=name, **dict(zip(GPU_KEY, key, strict=True)))
            both = [select(some, what=what) for what in ("ours", "PyTorch")]
            line += [median_of(one) for one in both]
            speeds = [float(one[0]["median"]) for one in both if one]
            line.append(f"{speeds[0] / speeds[1]:.2g}" if len(speeds) == 2 else "")
        lines.append(line)
    return make_table(header, lines)


def median_of(rows):
    """The figure of a row of speed.csv or gpu.csv, or nothing if there is no such row."""
    return short(float(rows[0]["median"])) if rows else ""


def make_all():
    """All tables: a dict of the name between the marks to the text."""
    rows = read_results(RESULTS)
    speed = read_results(SPEED, SPEED_CHECKS)
    tables = {
        "recipes": make_recipes(rows),
        "short-results": make_short_results(rows),
        "defaults": make_defaults(read_results(FITTED, FITTED_CHECKS)),
        "results": make_results(rows),
        "costs": make_costs(rows),
        "own-cells": make_own_cells(rows),
        "references": make_references(rows),
        "pretrained": make_pretrained(rows),
        "options": make_options(rows),
        "trained-models": make_trained_models(),
        "speed-ratios": make_speed_ratios(speed),
        "training-speed": make_training_speed(speed),
        "other-speed": make_other_speed(speed),
        "gpu-speed": make_gpu_speed(read_results(GPU, GPU_CHECKS)),
        "flickr8k-scores": make_details(select(rows, name="flickr8k")),
        **{f"{name}-scores": make_details(select(rows, name=name)) for name in DATASETS},
    }
    for name in RECIPES:
        tables[f"{name}-output"] = make_output(name, rows)
        tables[f"{name}-scores"] = make_details(select(rows, name=name))
    return tables


def fill(path, tables):
    """The text of a README with the tables between their marks."""

    def replace(match):
        name = match["name"]
        if name not in tables:
            sys.exit(f"{path}: there is no table {name}. Available: {', '.join(tables)}")
        return f"<!-- {name}:begin -->\n{tables[name]}\n<!-- {name}:end -->"

    text = path.read_text("utf-8")
    filled, count = MARKED.subn(replace, text)
    if 2 * count != len(MARK.findall(text)):
        sys.exit(
            f"{path}: each mark NAME:begin needs a mark NAME:end after it, and each end needs a begin"
        )
    return filled


def main():
    tables = make_all()
    texts = {path: fill(path, tables) for path in READMES}
    for path, text in texts.items():
        new = path.with_name(f".{path.name}")
        new.write_text(text, "utf-8")
        new.replace(path)
    plot_labels(points_of_labels(read_results(RESULTS)), LABELS)


if __name__ == "__main__":
    main()
