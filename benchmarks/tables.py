"""Writes the README's tables from results.csv and speed.csv, between the marks that stand there.

    python benchmarks/tables.py

A test fails where the README and the two files differ.
"""

import collections
import itertools
import json
import statistics
import sys

from run import (
    CELLS,
    DEFAULTS,
    REFERENCES,
    RESULTS,
    ROOT,
    SCORES,
    SPEED,
    SPEED_CHECKS,
    read_results,
    recipe_of,
)

README = ROOT / "README.md"
DETAILED = (*DEFAULTS, "flickr8k")  # have a table of all their metrics
# Of recurrent models that are trained on the same labels and scored on the same test split.
PUBLISHED = {
    "one_to_many_music": "8.43 (GRU, Bai et al. 2018)",
    "many_to_many_ner": "0.419 (UH-RiTUAL, Derczynski et al. 2017)",
    "many_to_many_pos": "0.951 (with a CRF, an earlier release of the treebank, Tang 2018)",
    "encoder_decoder_pronunciation": "0.202 (five models, Toshniwal & Livescu 2016, split otherwise)",
    "sst2": "0.880 (Tree-LSTM), 0.849 (LSTM, Tai et al. 2015)",
    "imdb": "0.865 (LSTM, Dai & Le 2015)",
    "conll2003": "0.909 (Lample et al. 2016), 0.910 (delft)",
    "flickr8k": "16.0 (NeuralTalk, Karpathy & Fei-Fei 2015)",
    "cmudict": "0.202 (five models, Toshniwal & Livescu 2016, split otherwise)",
}


def spread(values):
    """The mean, and the standard deviation where values differ, in 3 decimals below 10, else 2."""
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


def make_tables(rows):
    """The tables in Markdown: the recipes as they are, what they cost, longer configurations."""
    of = {
        (name, cell): [row for row in rows if (row["name"], row["cell"]) == (name, cell)]
        for name in (*DEFAULTS, *REFERENCES)
        for cell in CELLS
    }
    results = [
        f"| recipe | metric | {' | '.join(CELLS)} | without recurrence | published |",
        f"|---|---|{'---|' * len(CELLS)}---|---|",
    ]
    costs = [
        "| recipe | cell | parameters | epochs | seconds | of the processor | MB at most | cores |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in DEFAULTS:
        of_all = [row for cell in CELLS for row in of[name, cell]]
        if not of_all:
            continue
        cells = [
            f"{spread(row['value'] for row in of[name, cell])} ({len(of[name, cell])})"
            if of[name, cell]
            else ""
            for cell in CELLS
        ]
        baselines = {row["seed"]: row["baseline_value"] for row in of_all}  # the same for each cell
        baseline = f"{spread(baselines.values())}, {of_all[0]['baseline']}"
        metric = of_all[0]["metric"]
        columns = [name, metric, *cells, baseline, PUBLISHED.get(name, "")]
        results.append(f"| {' | '.join(columns)} |")
        for cell in CELLS:
            if of[name, cell]:
                columns = [name if cell == of_all[0]["cell"] else "", cell]
                for column in ("parameters", "epochs", "seconds", "cpu_seconds", "peak_mb", "cores"):
                    columns.append(middle(row[column] for row in of[name, cell]))
                costs.append(f"| {' | '.join(columns)} |")
    references = [
        "| command | metric | result | without recurrence | published | minutes, cores |",
        "|---|---|---|---|---|---|",
    ]
    for name, (_, cell, _) in REFERENCES.items():
        for row in of[name, cell]:
            columns = [
                f"`{row['command']}`",
                row["metric"],
                spread([row["value"]]),
                f"{spread([row['baseline_value']])}, {row['baseline']}",
                PUBLISHED.get(name, ""),
                f"{float(row['seconds']) / 60:.0f}, {row['cores']}",
            ]
            references.append(f"| {' | '.join(columns)} |")
    parts = [results, costs] + ([references] if len(references) > 2 else [])
    return "\n\n".join("\n".join(part) for part in parts)


def make_details(rows):
    """A table in Markdown of all metrics of a recipe on the test split, of each of its models."""
    if not rows:
        return "Not measured yet."
    values = collections.defaultdict(lambda: collections.defaultdict(dict))
    for row in rows:
        split = SCORES[recipe_of(row["name"])].split
        for model, metrics in json.loads(row["metrics"])[split].items():
            if model.startswith(("attention", "composer")):  # of the cell, and do not say so
                model = f"{row['cell']}, {model}"
            for key, value in metrics.items():
                if value is not None:  # a ratio to nothing
                    values[model][key][row["seed"]] = value  # a baseline's for each cell again
    keys = list(dict.fromkeys(key for of_model in values.values() for key in of_model))
    cell_of = {model: model.split(",")[0] for model in values}
    models = sorted(values, key=lambda model: [*CELLS, cell_of[model]].index(cell_of[model]))
    lines = [f"| | {' | '.join(keys)} |", "|---" * (1 + len(keys)) + "|"]
    for model in models:
        columns = (spread(values[model][key].values()) if key in values[model] else "" for key in keys)
        lines.append(f"| {model} | {' | '.join(columns)} |")
    return "\n".join(lines)


def make_speed_tables(rows):
    """A table of each part and backend: ours, and how many times as long the others take."""
    lines = []
    for (part, backend), some in itertools.groupby(rows, lambda row: (row["part"], row["backend"])):
        some = list(some)
        names = list(dict.fromkeys(row["what"] for row in some))
        heads = [next(heading(row) for row in some if row["what"] == name) for name in names]
        columns = [f"{part}, {backend}", "cell", "units", *heads]
        lines += ["", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        for key, of_key in itertools.groupby(
            some, lambda row: (row["dataset"], row["cell"], row["units"])
        ):
            cell_of = {row["what"]: figure(row) for row in of_key}
            lines.append(f"| {' | '.join([*key, *(cell_of.get(name, '') for name in names)])} |")
        ratios = [
            [float(row["times ours"]) for row in some if row["what"] == name and is_ratio(row)]
            for name in names
        ]
        means = [f"{statistics.geometric_mean(of_name):.4g}" if of_name else "" for of_name in ratios]
        if any(means):
            lines.append(f"| geometric mean | | | {' | '.join(means)} |")
    return "\n".join(lines[1:])


def is_ratio(row):
    return row["what"] != "ours" and row["times ours"] != ""


def heading(row):
    return f"{row['what']}, {'times as long' if is_ratio(row) else row['unit']}"


def figure(row):
    columns = ("times ours", "times ours, least", "times ours, most")
    median, least, most = (
        row[name].replace("inf", "not reached")
        for name in (columns if is_ratio(row) else ("median", "least", "most"))
    )
    return median if least == median == most else f"{median} ({least} to {most})"


def put(text, name, tables):
    """The text with these tables between the marks of that name."""
    begin, end = f"<!-- {name}:begin -->\n", f"\n<!-- {name}:end -->"
    if begin not in text or end not in text:
        sys.exit(f"README.md lacks a line {begin.strip()} or {end.strip()}")
    before, rest = text.split(begin)
    return before + begin + tables + end + rest.split(end)[1]


def main():
    rows = read_results(RESULTS)
    text = put(README.read_text("utf-8"), "results", make_tables(rows))
    for name in DETAILED:
        text = put(text, name, make_details([row for row in rows if row["name"] == name]))
    text = put(text, "speed", make_speed_tables(read_results(SPEED, SPEED_CHECKS)))
    new = README.with_name(".README.md")
    new.write_text(text, "utf-8")
    new.replace(README)


if __name__ == "__main__":
    main()
