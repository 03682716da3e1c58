"""Digits: a step that has none before it uses no recurrent weight, rows do."""

import json
import re

import edits
import numpy as np
import pytest
import tensorflow_datasets as tfds
from pictures import assert_shows_data
from PIL import Image

import zoo

RECIPE = "one_to_one_digits"


@pytest.mark.parametrize("cell", (pytest.param("lstm", marks=pytest.mark.slow), "gru"))
def test_digits_need_no_flag(run, cell, data_dir, tmp_path, ask):
    words = ["--cell", cell, "--data-dir", data_dir, "--output"]
    printed = run("--smoke", *words, tmp_path / "model")
    assert "200 train, 144 validation, 200 test images of 8 rows of 8, 10 classes" in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    for name, row in metrics.items():
        cells = re.search(rf"^{name}  +(.*)$", printed, re.M).group(1).split()
        assert [float(cell) for cell in cells] == [round(value, 4) for value in row.values()]
    one_step, by_row, regression = metrics.values()
    gates = {"lstm": 4, "gru": 3}[cell]
    assert one_step["of these in U"] == by_row["of these in U"] == gates * 8 * 8
    assert one_step["accuracy"] == one_step["with U = 0"]
    assert regression["parameters"] == 650 and regression["accuracy"] > 0.8
    files = [tmp_path / f"{i}.png" for i in range(20)]
    rows = zoo.datasets.load("digits", "test", data_dir).take(20).as_numpy_iterator()
    for file, row in zip(files, rows, strict=True):
        gray = np.rint(row["image"][..., 0] / 16 * 255).astype("uint8")
        Image.fromarray(gray).save(file)
    likeliest = [next(iter(answer)) for answer in ask("predict", tmp_path / "model", *files)]
    assert re.search(r"^one step +\[(.*)\]$", printed, re.M).group(1).split() == likeliest
    assert_shows_data(tmp_path / "model" / "mistakes.png")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(assert_same_numbers, data_dir):
    assert_same_numbers("--smoke", "--seed", "3", "--data-dir", data_dir)


@pytest.mark.parametrize("cell", ("simple_rnn", "lstm", "gru"))
def test_recurrent_weights_matter_from_the_second_step_on(recipe, cell):
    images = np.random.default_rng(0).random((5, 8, 8), "float32")
    one_step = zoo.build("one_to_one", cell=cell, input_shape=(8, 8), units=8)
    by_row = zoo.build("many_to_one", cell=cell, num_features=8, num_classes=10, units=8)
    for model, differs in ((one_step, False), (by_row, True)):
        before = model.predict(images, verbose=0)
        after, _ = recipe["without_recurrence"](model, images)
        assert (np.abs(before - after).max() > 1e-3) == differs
        np.testing.assert_array_equal(before, model.predict(images, verbose=0))  # itself untouched


def test_one_step_of_a_simple_rnn_is_a_dense_layer_with_tanh():
    images = np.random.default_rng(0).random((5, 8, 8), "float32")
    model = zoo.build("one_to_one", cell="simple_rnn", input_shape=(8, 8), units=8)
    kernel, _, bias, head, head_bias = model.get_weights()
    scores = np.tanh(images.reshape(5, 64) @ kernel + bias) @ head + head_bias
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "rows"), [("mnist", "28 of 28"), ("cifar10", "32 of 96")])
def test_other_images_of_tfds(run, dataset, rows, tmp_path):
    with tfds.testing.mock_data(num_examples=50):
        printed = run("--smoke", "--dataset", dataset, "--data-dir", tmp_path)
    assert f"images of {rows.replace(' of', ' rows of')}, " in printed


def test_two_classes_are_too_few(run, tmp_path, capfd):
    with tfds.testing.mock_data(num_examples=50), pytest.raises(SystemExit):
        run("--smoke", "--dataset", "patch_camelyon", "--data-dir", tmp_path)
    assert "Images of three classes or more are needed. Received: 2" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset sunspots", "has no images of one size, or no labels. Received: date, sunspots"),
        ("--dataset digit", "Did you mean 'digits'?"),
        ("--cell gruu", "invalid choice: 'gruu'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data_dir, tmp_path, assert_refused):
    (tmp_path / "something").write_text("else")
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", edits.ONE)
def test_a_changed_model(edit, run, data_dir, monkeypatch):
    def build(name, *, num_classes, **others):
        return edits.make(edit, num_classes, features=8)

    monkeypatch.setattr(zoo, "build", build)
    printed = run("--smoke", "--data-dir", data_dir)
    rows = re.findall(rf"^{edits.CELLS[edit]}, .* (\d+)$", printed, re.M)  # of these in U
    num_recurrent = {"lstm": 4 * 6 * 6, "gru": 3 * 6 * 6}.get(edits.CELLS[edit], 0)
    assert rows == [str(num_recurrent)] * 2
