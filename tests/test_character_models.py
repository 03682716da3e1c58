"""character_models.py gives each word the states of two character models."""

import pathlib
import runpy

import keras
import numpy as np
import pytest

import zoo
from zoo.architectures import many_to_many

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "character_models.py"
NAME = "text-shakespeare-lstm"  # a model of characters


@pytest.fixture
def script():
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize(
    ("backward", "read"),  # what the model has read when it is at each of the words
    [
        (False, [["To", "To be,", "To be, or"], ["Nay"]]),
        (True, [["ro ,eb oT", "ro ,eb", "ro"], ["yaN"]]),
    ],
)
def test_the_state_of_a_word_is_that_of_a_model_that_has_read_up_to_it(script, backward, read):
    task = zoo.load(NAME)
    task.card["preprocessing"]["backward"] = backward
    states = script["word_states"](task, [["To", "be,", "or"], ["Nay"]])
    vocabulary = task.card["vocabulary"]
    network = keras.Model(task.model.inputs[0], task.model.get_layer("output_dropout").output)
    for rows, texts in zip(states, read, strict=True):
        for row, text in zip(rows, texts, strict=True):
            expected = network(np.array([[vocabulary.index(c) for c in text]]))[0, -1]
            np.testing.assert_allclose(row, keras.ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-5)


def test_a_model_of_words_is_refused(script):
    with pytest.raises(zoo.InputError, match="Received: a model of words"):
        script["word_states"](zoo.load("text-imdb-lstm"), [["To", "be"]])


@pytest.mark.exhaustive
@pytest.mark.parametrize(("models", "others"), [([], 0), ([NAME, NAME], 1)])
def test_the_recipe_reads_the_states(script, models, others, tmp_path, monkeypatch):
    own, read, fit, layers = tmp_path / "own.conll", many_to_many._read_characters, keras.Model.fit, []
    own.write_text("".join(f"Ada B-PER\nsaw{i} O\n\n" for i in range(40)))
    monkeypatch.setattr(
        keras.Model, "fit", lambda model, *a, **b: layers.extend(model.layers) or fit(model, *a, **b)
    )
    score = script["best_score"]("many_to_many_ner", models, seed=0, smoke=True, dataset=str(own))
    assert 0 <= score <= 1
    fixed = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
    assert [layer.trainable for layer in fixed].count(False) == others
    assert many_to_many._read_characters is read
