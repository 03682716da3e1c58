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
from zoo.datasets import Series
from zoo.datasets.steps import Step
from zoo.tasks import forecasting, forecasting_defaults, forecasting_windows

RECIPE = "many_to_one_forecasting"
ROWS = ("gru", "last value", "one season ago", "linear regression", "linear regression on differences")


def write(path, values):
    path.write_text("day,sales\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    return path


def cut(values, *where):
    parts = np.split(np.reshape(values, (len(values), -1)), where)
    return Series("", dict(zip(("train", "validation", "test"), parts, strict=True)), None, None)


def windows_of(series, window, horizon, num_outputs=1):
    columns = [f"column {i}" for i in range(series[0].parts["train"].shape[1])]
    scales = [forecasting_windows.mean_and_std(one, columns, num_outputs) for one in series]
    return forecasting_windows.make_windows(series, scales, window, horizon, num_outputs), scales


def test_windows_lie_in_their_part_and_reach_back_only():
    series = cut(np.arange(100.0), 60, 80)
    data, [(mean, std)] = windows_of([series], 12, 3)
    assert (mean, std) == (np.arange(60).mean(), np.arange(60).std())
    for split, (inputs, targets, owner) in data.items():
        inputs, targets = inputs * std + mean, targets * std + mean
        first, last = series.parts[split][[0, -1], 0]
        np.testing.assert_allclose(targets[:, 0] - inputs[:, -1], 1)  # what follows right after
        np.testing.assert_allclose(np.diff(np.hstack([inputs, targets]), axis=1), 1)
        expected = first + 12 if split == "train" else first  # no part before to reach back into
        np.testing.assert_allclose([targets.min(), targets.max()], [expected, last])
        assert (owner == 0).all()


@pytest.mark.parametrize("changed", ("validation", "test"))
def test_nothing_of_the_future_leaks_into_scaling_or_windows(changed):
    before, scales_before = windows_of([cut(np.arange(100.0), 60, 80)], 12, 3)
    series = cut(np.arange(100.0), 60, 80)
    series.parts[changed] = np.full_like(series.parts[changed], 1e6)
    after, scales_after = windows_of([series], 12, 3)
    np.testing.assert_array_equal(scales_before, scales_after)
    for split in before:
        if split == changed:
            break
        for x, y in zip(before[split], after[split], strict=True):
            np.testing.assert_array_equal(x, y)
    # Of the changed part itself, the first window still ends before it begins.
    np.testing.assert_array_equal(before[changed][0][0], after[changed][0][0])
    assert not np.allclose(before[changed][1][0], after[changed][1][0])


def test_several_series_are_scaled_and_cut_by_themselves():
    """Nothing of a series depends on another one, and no window has steps of two."""
    values = np.random.default_rng(0).normal(size=(100, 3))  # two columns to forecast, one input
    first, second = cut(values, 60, 80), cut(1000 * values[:70], 40, 55)
    data, scales = windows_of([first, second], 12, 3, num_outputs=2)
    for i, one in enumerate((first, second)):
        alone, [scale] = windows_of([one], 12, 3, num_outputs=2)
        np.testing.assert_array_equal(scale, scales[i])
        for split, (inputs, targets, owner) in data.items():
            np.testing.assert_array_equal(inputs[owner == i], alone[split][0])
            np.testing.assert_array_equal(targets[owner == i], alone[split][1])
            assert targets.shape[1:] == (3, 2) and inputs.shape[1:] == (12, 3)


def test_what_the_network_reads_does_not_depend_on_the_level():
    inputs = np.random.default_rng(0).normal(size=(5, 12, 1))
    x = forecasting.encode(inputs, 4)
    assert x.shape == (5, 3, 4)
    np.testing.assert_allclose(x, forecasting.encode(inputs + 7, 4), atol=1e-12)
    np.testing.assert_allclose(x.reshape(5, 12, 1) + inputs[:, -1:], inputs)


def test_only_columns_to_forecast_become_differences():
    inputs = np.random.default_rng(0).normal(size=(5, 12, 3))
    x = forecasting.encode(inputs, 4, num_outputs=2)
    assert x.shape == (5, 3, 4 * 3)
    x = x.reshape(5, 12, 3)
    np.testing.assert_allclose(x[..., :2] + inputs[:, -1:, :2], inputs[..., :2])
    np.testing.assert_array_equal(x[..., 2], inputs[..., 2])
    targets = np.random.default_rng(1).normal(size=(5, 4, 2))
    outputs = (targets - inputs[:, -1:, :2]).reshape(5, -1)  # as the recipe trains
    np.testing.assert_allclose(forecasting.decode(outputs, inputs, 2), targets)


def test_windows_are_those_of_informer():
    """Its Dataset_ETT_hour, written out: borders that overlap by a window, every window of them."""
    values = np.random.default_rng(0).normal(size=14400)
    data, _ = windows_of([cut(values, 12 * 30 * 24, 16 * 30 * 24)], 96, 24)
    scaled = (values - values[:8640].mean()) / values[:8640].std()
    borders = {"train": (0, 8640), "validation": (8640 - 96, 8640 + 2880), "test": (11520 - 96, 14400)}
    for split, (begin, end) in borders.items():
        part = scaled[begin:end]
        starts = range(len(part) - 96 - 24 + 1)
        np.testing.assert_allclose(data[split][0][..., 0], [part[i : i + 96] for i in starts])
        np.testing.assert_allclose(data[split][1][..., 0], [part[i + 96 : i + 120] for i in starts])
    assert [len(targets) for _, targets, _ in data.values()] == [8521, 2857, 2857]


def test_scores():
    train = np.array([0.0, 1, 3, 2])  # mean absolute step 4/3, mean absolute change over two steps 2
    series = [Series("", {"train": train[:, None]}, None, None)]
    naive = {
        name: forecasting_windows.naive_errors(series, n) for name, n in (("step", 1), ("season", 2))
    }
    forecast, truth = np.array([[[1.0], [2]]]), np.array([[[2.0], [4]]])  # [window, horizon, output]
    row = forecasting_windows.score(forecast, truth, np.array([0]), np.array([[2.0]]), naive, ["sales"])
    assert row["MAE"] == 3 and row["scaled MSE"] == 2.5
    assert row["RMSE"] == pytest.approx(2 * 2.5**0.5)
    assert row["MASE, step"] == pytest.approx(3 / (4 / 3)) and row["MASE, season"] == 1.5


def test_scores_are_means_over_series_and_columns():
    error = np.arange(24.0).reshape(3, 4, 2)  # three windows, four ahead, two columns
    owner, std = np.array([0, 1, 1]), np.array([[1.0, 10.0], [2.0, 20.0]])
    naive = {"step": np.array([[1.0, 2.0], [3.0, 4.0]])}
    row = forecasting_windows.score(error, np.zeros((3, 4, 2)), owner, std, naive, ["a", "b"])
    mae = [[error[owner == i][..., j].mean() * std[i, j] for j in range(2)] for i in range(2)]
    assert list(row) == ["MAE of a", "RMSE of a", "MAE of b", "RMSE of b", "MASE, step", "scaled MSE"]
    assert row["MAE of b"] == pytest.approx((mae[0][1] + mae[1][1]) / 2)
    assert row["MASE, step"] == pytest.approx((np.array(mae) / naive["step"]).mean())


MONTHS, HOURS, YEARS = Step(1, "month"), Step(1, "hour"), Step(1, "year")


@pytest.mark.parametrize(
    ("num_steps", "step", "given", "expected"),
    [
        (600, MONTHS, {}, {"season": 12, "horizon": 12, "window": 36, "segment": 1}),
        (600, MONTHS, {"horizon": 3}, {"season": 12, "horizon": 12, "window": 36}),
        (600, MONTHS, {"window": 6}, {"season": 1, "horizon": 1}),  # which holds no season
        (600, MONTHS, {"segment": 5}, {"window": 40}),  # whole segments
        (60, MONTHS, {}, {"season": 12, "horizon": 3, "window": 12}),  # 6 steps of validation
        (30, MONTHS, {}, {"season": 1, "horizon": 1, "window": 10}),  # too short for a season
        (3000, HOURS, {}, {"season": 24, "horizon": 24, "window": 168, "segment": 6}),
        (3000, Step(15, "minute"), {}, {"season": 96, "horizon": 96, "window": 288, "segment": 8}),
        (300, Step(1, "working day"), {}, {"season": 5, "horizon": 5, "window": 20}),
        (3000, Step(1, "minute"), {}, {"season": 60, "horizon": 60, "window": 180, "segment": 5}),
        (600, Step(7, "hour"), {}, {"season": 12, "window": 84}),  # by the autocorrelation
        (600, None, {}, {"season": 12, "horizon": 1, "window": 36}),
        (600, YEARS, {"window": 37}, {"season": 12, "horizon": 1, "segment": 1}),
        (10, None, {}, {"season": 1, "horizon": 1, "window": 3, "segment": 1}),
    ],
)
def test_settings_fit_the_series(num_steps, step, given, expected):
    values = np.sin(np.arange(num_steps) * np.pi / 6) + 0.01 * np.arange(num_steps)
    series = [cut(values, num_steps * 7 // 10, num_steps * 8 // 10)._replace(step=step)]
    choices = forecasting_defaults.defaults(series, given)
    values = {name: value for name, (value, _) in choices.items()}
    assert {name: values[name] for name in expected} == expected
    values |= given
    forecasting_defaults.check(
        series, *(values[name] for name in ("window", "horizon", "season", "segment"))
    )


@pytest.mark.parametrize(
    ("sizes", "window", "horizon", "message"),
    [
        ((70, 10, 20), 60, 12, "train part has 70 of 100 steps.*--window 58 or less"),
        ((70, 10, 20), 24, 12, "validation part .* Use --horizon 10 or less, or --split 0.7,0.15,0.15"),
        ((70, 10, 20), 24, 40, "validation part .* Use --horizon 10 or less\\."),
        ((70, 20, 0), 24, 12, "test part has 0 of 90 steps.* or --split 0.7,0.15,0.15"),
        ((5, 1, 2), 1, 5, "train part has 5 of 8 .* Give more rows"),
        (
            (70, 10, 20),
            10,
            5,
            "must span a season of 12, and whole segments of 2. Received: --window 10",
        ),
    ],
)
def test_a_part_that_is_too_short_says_what_to_change(sizes, window, horizon, message):
    series = cut(np.arange(float(sum(sizes))), sizes[0], sizes[0] + sizes[1])
    with pytest.raises(zoo.InputError, match=message):
        forecasting_defaults.check(
            [series], window, horizon, 12 if window == 10 else 1, 2 if window == 10 else 1
        )


def test_sunspots_need_no_flag(run, data_dir, tmp_path, ask):
    cell = "gru"
    printed = run("--smoke", "--data-dir", data_dir, "--output", tmp_path / "model")
    assert "sunspots: 183 train, 31 validation, 62 test windows of 33 values, 1 ahead" in printed
    assert "--window 33, because we chose it for sunspots" in printed
    assert re.search(
        r"^First row, as the network sees it: \.\.\. (-?\d+\.\d\d ){9}-> -?\d+\.\d\d$", printed, re.M
    )
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert list(metrics) == [cell, *ROWS[1:]]
    for name, row in metrics.items():
        printed_row = re.search(rf"^{name}  +(.*)$", printed, re.M).group(1)
        assert printed_row.split() == [f"{value:.4f}" for value in row.values()]
    assert metrics["linear regression on differences"]["MAE"] < metrics["last value"]["MAE"]
    assert "Verdict: gru does not beat the best baseline, linear regression on differences" in printed
    task = json.loads((tmp_path / "model" / "task.json").read_text())
    series = statsmodels.datasets.sunspots.load_pandas().data["SUNACTIVITY"]
    assert task["preprocessing"]["mean"] == [[pytest.approx(series[:216].mean())]]
    ((follows,),) = ask("predict", tmp_path / "model", *series)
    assert re.search(r"^what follows +(.*)$", printed, re.M).group(1) == f"{follows:.5g}"
    assert_shows_data(tmp_path / "model" / "forecast.png")


@pytest.mark.slow
def test_several_series_inputs_and_outputs(run, tmp_path, zoo_command):
    rows = [
        f"{2000 + i // 12},{i % 12 + 1},{store},{i % 12 + 5 * j + (i * i % 7) / 5},{i * i % 11},{i % 3}"
        for i in range(120)
        for j, store in enumerate(("north", "south"))
    ]
    (tmp_path / "a.csv").write_text("\n".join(["year,month,store,sales,returns,promo", *rows]))
    words = ["--dataset", tmp_path / "a.csv", "--column", "sales,returns", "--inputs", "promo"]
    printed = run("--smoke", *words, "--series-column", "store", "--output", tmp_path / "model")
    assert "2 series by store, one row every month, by 'year and month'" in printed
    assert "--season 12, because a year has 12 months" in printed
    assert "what follows" in printed and "returns of south: the last values" in printed
    assert "Verdict: gru" in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert list(metrics) == list(ROWS) and {"MAE of sales", "MAE of returns"} < set(metrics["gru"])
    assert_shows_data(tmp_path / "model" / "forecast.png")
    task = zoo.load(tmp_path / "model")
    numbers = [[float(n) for n in row.split(",")[3:]] for row in rows[1::2]]  # of the south
    answer = task.predict(["south", *numbers])
    horizon = task.card["config"]["horizon"]
    assert np.shape(answer) == (horizon, 2)
    follows = re.findall(r"^what follows +(.*)$", printed, re.M)[2:]  # sales and returns of the south
    assert [line.split() for line in follows] == [
        [f"{n:.5g}" for n in column] for column in zip(*answer, strict=True)
    ]
    words = [",".join(map(str, row)) for row in numbers]
    status, output, _ = zoo_command("predict", tmp_path / "model", "south", *words)
    assert status == 0 and [[float(n) for n in step.split(",")] for step in output.split()] == [
        [float(f"{n:.6g}") for n in step] for step in answer
    ]
    for wrong, message in (
        (numbers, "Unknown series"),
        (["east", *numbers], "Available: 'north', 'south'. Received: 'east'"),
        (["south", 1.0, 2.0], r"rows of 3 numbers \(sales, returns, promo\)"),
    ):
        with pytest.raises(zoo.InputError, match=message):
            task.predict(wrong)
    status, _, errors = zoo_command("predict", tmp_path / "model", "south", "1,2", "3,4")
    assert status == 2 and "Give rows of 3 numbers, for sales, returns, promo" in errors


def test_own_series_with_a_horizon_of_many(run, tmp_path):
    path = write(tmp_path / "mine.csv", [(i % 7) ** 2 for i in range(300)])
    words = ["--dataset", path, "--column", "sales", "--horizon", "9", "--output", tmp_path / "model"]
    printed = run("--smoke", *words, "--window", "30")
    assert "--season 7, because the training part repeats itself after about 7 steps" in printed
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
        ("--dataset {tmp}/gap.csv --column sales", "gap.csv, line 4: sales has a gap"),
        ("--dataset {tmp}/text.csv", "text.csv, line 3: expected a number in sales. Received: 'few'"),
        (
            "--dataset {tmp}/short.csv --window 30",
            "The train part has 14 of 20 steps, too short for a window of 30 and a horizon of 1.",
        ),
        ("--dataset {tmp}/one.csv", "train part has 0 of 1 step. Give more rows, or give other shares"),
        ("--dataset {tmp}/late.csv --series-column s", "Give more rows, or leave this series out"),
        ("--dataset {tmp}/flat.csv", "Name another column with --column. Received: 3.3 at every step"),
        ("--dataset {tmp}/flat.csv --column sale", "Did you mean 'sales'?"),
        ("--dataset {tmp}/nothing.csv", "No file or folder of that name"),
        ("--window 3", "span a season of 11, and whole segments of 1. Received: --window 3"),
        ("--dataset co2 --split 0.9,0.2", "--split must be the shares"),
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
    rows = [f"{i},{i},{'A' if i < 97 else 'B'}" for i in range(100)]
    (tmp_path / "late.csv").write_text("\n".join(["day,sales,s", *rows]))
    assert_refused(message, "--smoke", *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", edits.some("subclass", "own cell"))
def test_a_changed_model(edit, run, tmp_path, monkeypatch):
    def build(name, *, num_features, num_outputs, **others):
        return edits.make(edit, num_outputs, None, features=num_features)

    monkeypatch.setattr(zoo, "build", build)
    printed = run("--smoke", "--dataset", write(tmp_path / "mine.csv", range(200)), "--horizon", "2")
    assert (
        re.findall(rf"^({edits.CELLS[edit]}|last value) +\d+\.", printed, re.M)[0] == edits.CELLS[edit]
    )


def test_a_model_of_one_step_for_two_is_refused(tmp_path, monkeypatch, assert_refused):
    """Its error against two steps would be computed all the same, by broadcasting."""
    model = edits.make("sequential", 1, None, features=1)
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    path = write(tmp_path / "mine.csv", range(200))
    assert_refused("must have the shape [rows, 2]", "--smoke", "--dataset", path, "--horizon", "2")


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
    assert_refused("The series cannot be scaled", "--smoke", "--dataset", path)


@pytest.mark.parametrize("unit", ["e-100", "e-30", "e30", "e100"])
def test_units_do_not_matter(unit):
    windows = []
    for text in (unit, ""):
        values = np.array([float(f"{i * 7 % 13}{text}") for i in range(200)])
        windows.append(windows_of([cut(values, 140, 160)], 5, 1)[0]["test"][0])
    np.testing.assert_allclose(*windows)
