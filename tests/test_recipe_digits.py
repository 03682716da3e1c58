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
from zoo.tasks import image_classification

RECIPE = "one_to_one_digits"


@pytest.mark.slow
def test_digits_need_no_flag(run, data_dir, tmp_path, ask):
    words = ["--cell", "gru", "--data-dir", data_dir, "--output"]
    printed = run("--smoke", *words, tmp_path / "model")
    assert "200 train, 144 validation, 200 test images of 8 rows of 8, 10 classes" in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    for name, row in metrics.items():
        cells = re.search(rf"^{name}  +(.*)$", printed, re.M).group(1).split()
        assert [float(cell) for cell in cells] == [round(value, 4) for value in row.values()]
    one_step, by_row, regression = metrics.values()
    assert one_step["of these in U"] == by_row["of these in U"] == 3 * 8 * 8
    assert one_step["accuracy"] == one_step["with U = 0"]
    assert regression["parameters"] == 650 and regression["accuracy"] > 0.8
    files = [tmp_path / f"{i}.png" for i in range(20)]
    rows = zoo.datasets.load("digits", "test", data_dir).take(20).as_numpy_iterator()
    for file, row in zip(files, rows, strict=True):
        gray = np.rint(row["image"][..., 0] / 16 * 255).astype("uint8")
        Image.fromarray(gray).save(file)
    answers = ask("predict", tmp_path / "model", *files)
    assert all(list(answer) and sum(answer.values()) == pytest.approx(1) for answer in answers)
    examples = re.findall(r"^truth (\d): one step (\d), row by row \d, log", printed, re.M)
    assert len(examples) == 6 and sum(truth == answer for truth, answer in examples) == 3
    assert re.search(r"^First row, as the network sees it: [\d. ]+ -> \d$", printed, re.M)
    assert "Verdict: one step does not beat the best baseline, logistic regression: " in printed
    assert_shows_data(tmp_path / "model" / "mistakes.png")


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


@pytest.mark.exhaustive
@pytest.mark.parametrize(("dataset", "rows"), [("mnist", "28 of 28"), ("cifar10", "32 of 96")])
def test_other_images_of_tfds(run, dataset, rows, tmp_path):
    with tfds.testing.mock_data(num_examples=50):
        printed = run("--smoke", "--dataset", dataset, "--data-dir", tmp_path)
    assert f"images of {rows.replace(' of', ' rows of')}, " in printed


@pytest.fixture(params=["RGB", pytest.param("L", marks=pytest.mark.exhaustive)])
def photos(request, tmp_path):
    """Images of two classes and different sizes. Those of one class are darker."""
    rng = np.random.default_rng(0)
    for name, level in (("day", 128), ("night", 0)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(60):
            pixels = level + rng.integers(0, 127, (*rng.integers(6, 12, 2), 3))
            image = Image.fromarray(pixels.astype("uint8")).convert(request.param)
            image.save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def test_own_images_of_two_classes(run, photos, tmp_path, ask):
    words = ["--dataset", photos, "--epochs", "3", "--units", "16", "--learning-rate", "0.03"]
    printed = run(*words, "--output", tmp_path / "model")
    assert f"Read {photos}: 2 classes, 120 " in printed and "resized to 8 x 8." in printed
    assert "images of 8 rows of " in printed and "--epochs 100" not in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert [row["accuracy"] for row in metrics.values()] == [1, 1, 1]
    assert_shows_data(tmp_path / "model" / "mistakes.png")
    files = [photos / name / f"{i}.png" for name in ("day", "night") for i in range(3)]  # of any size
    answers = ask("predict", tmp_path / "model", *files)
    assert [next(iter(answer)) for answer in answers] == ["day"] * 3 + ["night"] * 3
    model, (image,) = zoo.load(tmp_path / "model").model, files[:1]
    channels = model.input_shape[2] // 8
    pixels = zoo.images.read_image(image, (8, 8, channels)).reshape(1, 8, -1) / 255
    night = float(model.predict(pixels, verbose=0)[0, -1])  # as in training
    assert answers[0]["night"] == pytest.approx(night, abs=1e-5)


def test_defaults_that_fit_the_data():
    epochs = {n: image_classification.defaults(n, 32)["epochs"][0] for n in (100, 1299, 54000)}
    assert epochs == {100: 100, 1299: 30, 54000: 4}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset sunspots", "has no images with a label each. Received: date, sunspots"),
        ("--dataset digit", "Did you mean 'digits'?"),
        ("--cell gruu", "argument --cell: Unknown cell. Did you mean 'gru'?"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data_dir, tmp_path, assert_refused):
    (tmp_path / "something").write_text("else")
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.exhaustive
@pytest.mark.parametrize("edit", ["another layer", "no recurrence", "own cell"])
def test_a_changed_model(edit, run, data_dir, monkeypatch):
    def build(name, *, num_classes, **others):
        return edits.make(edit, num_classes, features=8)

    monkeypatch.setattr(zoo, "build", build)
    printed = run("--smoke", "--data-dir", data_dir)
    rows = re.findall(rf"^{edits.CELLS[edit]}, .* (\d+)$", printed, re.M)  # of these in U
    num_recurrent = {"lstm": 4 * 6 * 6, "gru": 3 * 6 * 6}.get(edits.CELLS[edit], 0)
    assert rows == [str(num_recurrent)] * 2
