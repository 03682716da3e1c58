"""Writes the README's tables of results from results.csv, between the marks that stand there.

    python benchmarks/tables.py

A test fails where the README and results.csv differ.
"""

import statistics

from run import CELLS, DEFAULTS, REFERENCES, RESULTS, ROOT, read_results

README = ROOT / "README.md"
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
# The best number of a purely recurrent model that we know of on the same test split.
PUBLISHED = {
    "one_to_many_music": "8.43 (GRU, Bai et al. 2018)",
    "many_to_many_ner": "0.419 (UH-RiTUAL, Derczynski et al. 2017)",
    "encoder_decoder_pronunciation": "0.202 (five models, Toshniwal & Livescu 2016, split otherwise)",
    "sst2": "0.880 (Tree-LSTM), 0.849 (LSTM, Tai et al. 2015)",
    "imdb": "0.865 (LSTM, Dai & Le 2015)",
    "conll2003": "0.909 (Lample et al. 2016), 0.910 (delft)",
    "flickr8k": "16.0 (NeuralTalk, Karpathy & Fei-Fei 2015)",
    "jsb_chorales": "8.43 (GRU, Bai et al. 2018)",
    "cmudict": "0.202 (five models, Toshniwal & Livescu 2016, split otherwise)",
}


def number(text):
    """Three digits after the point below 10, one from there on."""
    value = float(text)
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def spread(values):
    """The mean, and with more values than one their standard deviation and number."""
    values = [float(value) for value in values]
    if len(values) < 2:
        return number(values[0])
    return f"{number(statistics.mean(values))} ± {number(statistics.stdev(values))} ({len(values)})"


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
        cells = [spread(row["value"] for row in of[name, c]) if of[name, c] else "" for c in CELLS]
        of_seeds = {row["seed"]: row["baseline_value"] for row in of_all}  # the same for each cell
        baseline = f"{spread(of_seeds.values())}, {of_all[0]['baseline']}"
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
    for name, (_, cell) in REFERENCES.items():
        for row in of[name, cell]:
            columns = [
                f"`{row['command']}`",
                row["metric"],
                number(row["value"]),
                f"{number(row['baseline_value'])}, {row['baseline']}",
                PUBLISHED.get(name, ""),
                f"{float(row['seconds']) / 60:.0f}, {row['cores']}",
            ]
            references.append(f"| {' | '.join(columns)} |")
    parts = [results, costs] + ([references] if len(references) > 2 else [])
    return "\n\n".join("\n".join(part) for part in parts)


def main():
    text = README.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    new = README.with_name(".README.md")
    new.write_text(f"{before}{BEGIN}\n{make_tables(read_results(RESULTS))}\n{END}{after}", "utf-8")
    new.replace(README)


if __name__ == "__main__":
    main()
