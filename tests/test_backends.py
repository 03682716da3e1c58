"""A model trained on TensorFlow gives the same answers on JAX and PyTorch, and the other way round."""

import os
import pathlib
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest
from other_backend import answer, open_model, save
from test_architectures import build, compile_model, make_data

import zoo

ROOT = pathlib.Path(__file__).parent.parent
NAMES = {  # one of each type, and what computes in its own way
    case: case.replace(", ", "-").replace(" ", "_")
    for case in (
        "one_to_one",
        "one_to_many, grid of an image",
        "one_to_many, no context",
        "one_to_many, tied",
        "many_to_one, bidirectional",
        "many_to_one, attention",
        "many_to_one, concat",
        "many_to_one, values",
        "many_to_many, crf and characters",
        "encoder_decoder, additive",
    )
}


def models():
    """A model for each name, trained for a step, and its inputs; and some that were changed by hand."""
    keras.utils.set_random_seed(0)
    for case, name in NAMES.items():
        config = {"dropout": 0.5, "variational_dropout": True, "weight_dropout": 0.5}
        config = config if "tied" in case else {}
        model = build(case, "lstm" if "attention" in case else "gru", **config)
        for variable in model.trainable_variables:  # so that one token is far likelier than others
            variable.assign(3 * variable)
        compile_model(model, run_eagerly=True)
        inputs, answers, _ = make_data(model, padding=2)
        model.train_on_batch(inputs, answers)
        yield name, model, inputs if isinstance(inputs, list) else [inputs]
    values = [np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")]
    inputs = keras.Input((None, 2))
    yield "sequential", keras.Sequential([inputs, keras.layers.LSTM(3), keras.layers.Dense(1)]), values
    x = zoo.layers.PerWord(keras.layers.GRU(3))(keras.ops.expand_dims(inputs, -1))
    tags = zoo.layers.CRF(3)(keras.layers.SimpleRNN(3, return_sequences=True)(x))
    yield "own_crf", zoo.layers.CRFTagger(inputs, tags), values


@pytest.mark.slow
@needs.tensorflow_backend
@needs.jax
@needs.torch
def test_saved_models_open_on_other_backends_and_back(tmp_path):
    for name in ("tensorflow", "jax", "torch"):
        (tmp_path / name).mkdir()
    expected, inputs_of = {}, {}
    for name, model, inputs in models():
        save(tmp_path / "tensorflow" / name, model)
        is_built = zoo.tasks.find(tmp_path / "tensorflow" / name)[1]["build"] is not None
        assert is_built == (name in NAMES.values())
        np.savez(tmp_path / f"{name}.npz", *inputs)
        model.run_eagerly = True
        expected |= {f"{name}/{key}": array for key, array in answer(model, inputs).items()}
        inputs_of[name] = inputs
    processes = {}
    for backend in ("jax", "torch"):
        variables = {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
        environment = os.environ | needs.QUICK_JAX | variables
        command = [sys.executable, ROOT / "tests" / "other_backend.py", tmp_path]
        processes[backend] = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)
    for backend, process in processes.items():
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        answers = np.load(tmp_path / backend / "answers.npz")
        assert set(answers) == set(expected)
        for name, array in expected.items():
            np.testing.assert_allclose(answers[name], array, rtol=1e-4, atol=1e-4, err_msg=name)
        for name, inputs in inputs_of.items():
            assert zoo.tasks.find(tmp_path / backend / name)[1]["backend"] == backend
            model = open_model(tmp_path / backend / name)
            outputs = model(inputs if len(inputs) > 1 else inputs[0])
            np.testing.assert_allclose(outputs, expected[f"{name}/outputs"], rtol=1e-4, atol=1e-4)
