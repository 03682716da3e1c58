"""Forecasting: windows that never see the future, and the recipe from a series to its table."""

import json
import re

import edits
import keras
import needs
import numpy as np
import pytest
import statsmodels.datasets
from pictures import assert_shows_data

import zoo

RECIPE = "many_to_one_forecasting"
ROWS = ("gru", "last value", "one season ago", "linear regression", "linear regression on differences")


def write(path, values):
    path.write_text("day,sales\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    return path


def cut(values, *where):
    return dict(zip(("train", "validation", "test"), np.split(values, where), strict=True))


def numbered_parts():
    return cut(np.arange(100.0), 60, 80)


def test_windows_lie_in_their_part_and_reach_back_only(recipe):
    data, mean, std = recipe["make_windows"](numbered_parts(), 12, 3)
    assert (mean, std) == (np.arange(60).mean(), np.arange(60).std())
    parts = numbered_parts()
    for split, (inputs, targets) in data.items():
        inputs, targets = inputs * std + mean, targets * std + mean
        first, last = parts[split][[0, -1]]
        np.testing.assert_allclose(targets[:, 0] - inputs[:, -1], 1)  # what follows right after
        np.testing.assert_allclose(np.diff(np.hstack([inputs, targets])), 1)
        expected = first + 12 if split == "train" else first  # no part before to reach back into
        np.testing.assert_allclose([targets.min(), targets.max()], [expected, last])


@pytest.mark.parametrize("changed", ("validation", "test"))
def test_nothing_of_the_future_leaks_into_scaling_or_windows(recipe, changed):
    before, *scale_before = recipe["make_windows"](numbered_parts(), 12, 3)
    parts = numbered_parts()
    parts[changed] = np.full_like(parts[changed], 1e6)
    after, *scale_after = recipe["make_windows"](parts, 12, 3)
    assert scale_before == scale_after
    for split in before:
        if split == changed:
            break
        for x, y in zip(before[split], after[split], strict=True):
            np.testing.assert_array_equal(x, y)
    # Of the changed part itself, the first window still ends before it begins.
    np.testing.assert_array_equal(before[changed][0][0], after[changed][0][0])
    assert not np.allclose(before[changed][1][0], after[changed][1][0])


def test_what_the_network_reads_does_not_depend_on_the_level(recipe):
    inputs = np.random.default_rng(0).normal(size=(5, 12))
    x = recipe["differences"](inputs, 4)
    assert x.shape == (5, 3, 4)
    np.testing.assert_allclose(x, recipe["differences"](inputs + 7, 4), atol=1e-12)
    np.testing.assert_allclose(x.reshape(5, 12) + inputs[:, -1:], inputs)


def test_windows_are_those_of_informer(recipe):
    """Its Dataset_ETT_hour, written out: borders that overlap by a window, every window of them."""
    values = np.random.default_rng(0).normal(size=14400)
    data, _, _ = recipe["make_windows"](cut(values, 12 * 30 * 24, 16 * 30 * 24), 96, 24)
    scaled = (values - values[:8640].mean()) / values[:8640].std()
    borders = {"train": (0, 8640), "validation": (8640 - 96, 8640 + 2880), "test": (11520 - 96, 14400)}
    for split, (begin, end) in borders.items():
        part = scaled[begin:end]
        starts = range(len(part) - 96 - 24 + 1)
        np.testing.assert_allclose(data[split][0], [part[i : i + 96] for i in starts])
        np.testing.assert_allclose(data[split][1], [part[i + 96 : i + 120] for i in starts])
    assert [len(targets) for _, targets in data.values()] == [8521, 2857, 2857]


def test_scores(recipe):
    train = np.array([0.0, 1, 3, 2])  # mean absolute step 4/3, mean absolute change over two steps 2
    row = recipe["score"](np.array([[1.0, 2]]), np.array([[2.0, 4]]), 2.0, train, 2)
    assert row["MAE"] == 3 and row["scaled MSE"] == 2.5
    assert row["RMSE"] == pytest.approx(2 * 2.5**0.5)
    assert row["MASE, step"] == pytest.approx(3 / (4 / 3)) and row["MASE, season"] == 1.5


def test_sunspots_need_no_flag(run, data_dir, tmp_path, ask):
    cell = "gru"
    printed = run("--smoke", "--data-dir", data_dir, "--output", tmp_path / "model")
    assert "sunspots: 183 train, 31 validation, 62 test windows of 33 values, 1 ahead" in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert list(metrics) == [cell, *ROWS[1:]]
    for name, row in metrics.items():
        printed_row = re.search(rf"^{name}  +(.*)$", printed, re.M).group(1)
        assert printed_row.split() == [f"{value:.4f}" for value in row.values()]
    assert metrics["linear regression on differences"]["MAE"] < metrics["last value"]["MAE"]
    task = json.loads((tmp_path / "model" / "task.json").read_text())
    series = statsmodels.datasets.sunspots.load_pandas().data["SUNACTIVITY"]
    assert task["preprocessing"]["mean"] == pytest.approx(series[:216].mean())
    ((follows,),) = ask("predict", tmp_path / "model", *series)
    assert re.search(r"^what follows +(.*)$", printed, re.M).group(1) == f"{follows:.2f}"
    assert_shows_data(tmp_path / "model" / "forecast.png")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(assert_same_numbers, data_dir):
    assert_same_numbers("--smoke", "--cell", "lstm", "--seed", "3", "--data-dir", data_dir)


def test_own_series_with_a_horizon_of_many(run, tmp_path):
    path = write(tmp_path / "mine.csv", [(i % 7) ** 2 for i in range(300)])
    words = ["--csv", path, "--column", "sales", "--horizon", "9", "--output", tmp_path / "model"]
    printed = run("--smoke", *words)
    assert "sales: 172 train, 22 validation, 52 test windows of 30 values, 9 ahead" in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert metrics["one season ago"]["MAE"] == pytest.approx(0, abs=1e-6)  # it repeats itself
    assert metrics["last value"]["MASE, season"] is None
    assert metrics["last value"]["MAE"] > 5
    what_follows = re.search(r"^what follows +(.*)$", printed, re.M).group(1)
    assert len(what_follows.split()) == 9


@pytest.mark.slow
@needs.data
def test_etth1_has_the_baselines_known_for_it(run, tmp_path):
    run("--smoke", "--dataset", "etth1", "--output", tmp_path / "model", "--batch-size", 512)
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    errors = [round(metrics[name]["scaled MSE"], 4) for name in ROWS[1:]]
    assert errors == [0.0343, 0.0458, 0.0276, 0.0264]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--csv {tmp}/gap.csv --column sales", "gap.csv, line 4: sales has a gap"),
        ("--csv {tmp}/text.csv", "text.csv, line 3: expected a number in sales. Received: 'few'"),
        (
            "--csv {tmp}/short.csv",
            "train part is too short for a window of 30 and a horizon of 1.",
        ),
        ("--csv {tmp}/one.csv", "train part is too short"),
        ("--csv {tmp}/flat.csv", "never changes. Received: 3.3 at every step"),
        ("--csv {tmp}/flat.csv --column sale", "Did you mean 'sales'?"),
        ("--csv {tmp}/nothing.csv", "No file or folder of that name"),
        (
            "--csv {tmp}/flat.csv --window 3",
            "span a season of 7, and whole segments of 1. Received: --window 3",
        ),
        ("--dataset sunspot", "Did you mean 'sunspots'?"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, assert_refused):
    write(tmp_path / "gap.csv", [1, 2, "", 4])
    write(tmp_path / "text.csv", [1, "few", 3])
    write(tmp_path / "short.csv", range(20))
    write(tmp_path / "flat.csv", [3.3] * 300)  # of which the standard deviation is not quite 0
    write(tmp_path / "one.csv", [1])
    assert_refused(message, "--smoke", *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", edits.ONE)
def test_a_changed_model(edit, run, tmp_path, monkeypatch):
    def build(name, *, num_features, num_outputs, **others):
        return edits.make(edit, num_outputs, None, features=num_features)

    monkeypatch.setattr(zoo, "build", build)
    printed = run("--smoke", "--csv", write(tmp_path / "mine.csv", range(200)), "--horizon", "2")
    assert (
        re.findall(rf"^({edits.CELLS[edit]}|last value) +\d+\.", printed, re.M)[0] == edits.CELLS[edit]
    )


def test_a_model_of_one_step_for_two_is_refused(tmp_path, monkeypatch, assert_refused):
    """Its error against two steps would be computed all the same, by broadcasting."""
    model = edits.make("sequential", 1, None, features=1)
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    path = write(tmp_path / "mine.csv", range(200))
    assert_refused("the shape [rows, 2]", "--smoke", "--csv", path, "--horizon", "2")


@pytest.mark.parametrize(
    "values",
    [
        [f"{i}e-320" for i in range(1, 201)],
        [f"{int(i == 4)}e-300" for i in range(200)],
        [f"1.{i % 7}e308" for i in range(200)],
        [f"{i % 7}e200" for i in range(200)],
        [f"{i % 7}e-162" for i in range(200)],
        [*(i % 5 for i in range(199)), "1e300"],
        [*(i % 5 for i in range(199)), "-1e20"],
    ],
)
def test_series_that_cannot_be_scaled_are_refused(values, tmp_path, monkeypatch, assert_refused):
    monkeypatch.setattr(keras.Model, "fit", None)
    path = write(tmp_path / "mine.csv", values)
    assert_refused("The series cannot be scaled", "--smoke", "--csv", path)


@pytest.mark.parametrize("unit", ["e-100", "e-30", "e30", "e100"])
def test_units_do_not_matter(unit, recipe):
    windows = []
    for text in (unit, ""):
        values = np.array([float(f"{i * 7 % 13}{text}") for i in range(200)])
        windows.append(recipe["make_windows"](cut(values, 140, 160), 5, 1)[0]["test"][0])
    np.testing.assert_allclose(*windows)
