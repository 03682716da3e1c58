"""`export`: writes a trained model for programs without Keras."""

import contextlib
import io
import pathlib
import shutil
import tempfile

import keras
import numpy as np
import tensorflow as tf

from zoo import text
from zoo.errors import InputError, check_choice
from zoo.layers import CRF


def export(task, path, format="saved_model", length=None):
    """Writes a model for TensorFlow Serving, ONNX Runtime or LiteRT.

    Args:
        task: a task that `zoo.load` returned, or a `keras.Model` of the zoo.
        path: the path of the file, or of the folder of a SavedModel. It must not exist yet. It gets its
            name only when it is complete.
        format: `"saved_model"` has the endpoint `serve`, from tokens to probabilities. For a task that
            classifies texts by their words it also has `from_strings`. `"onnx"` takes any length and
            any number of rows, and needs the package tf2onnx. `"litert"` takes one row of a fixed
            length.
        length: for `"litert"`, the number of tokens or values, with padding.

    Raises:
        ValueError: the format is unknown. The path exists already. The length for LiteRT is missing.
            The format does not support the model: a model with a CRF can only become a SavedModel.

    Example:

    >>> import zoo
    >>> model = zoo.build("many_to_one", cell="gru", units=8)
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "served"
    >>> export(model, folder)
    >>> served = tf.saved_model.load(folder)
    >>> served.serve(tf.constant([[5, 6, 7]])).shape
    TensorShape([1, 1])
    """
    check_choice("format", format, ("saved_model", "onnx", "litert"))
    path = pathlib.Path(path)
    if path.exists():
        raise InputError(f"{path} exists already: choose another name.")
    if keras.backend.backend() != "tensorflow":
        raise InputError(f"Export needs the tensorflow backend. Received: {keras.backend.backend()}")
    model = getattr(task, "model", task)
    if not isinstance(model, keras.Model):
        raise InputError(
            f"Give a task that zoo.load returned, or a keras.Model. Received: {task!r:.80}"
        )
    if length is not None and (not isinstance(length, int) or length < 1):
        raise InputError(f"length must be an integer of at least 1. Received: length={length!r}")
    if format != "saved_model" and any(isinstance(x, CRF) for x in model.layers):
        raise InputError(
            f"A model with a CRF can only be exported as a SavedModel. Received: {format!r}"
        )
    temporary = pathlib.Path(tempfile.mkdtemp(dir=path.absolute().parent))
    try:
        new = temporary / path.name
        if format == "saved_model":
            _saved_model(task, model, new)
        elif format == "onnx":
            examples = [np.zeros([n or 1 for n in x.shape], x.dtype) for x in model.inputs]
            model(examples if len(examples) > 1 else examples[0])  # Keras learns the inputs from a call
            try:
                model.export(new, format="onnx", verbose=False)
            except ModuleNotFoundError as error:
                raise InputError(
                    f"ONNX needs the package {error.name}: install rnn-zoo with its extra 'export'."
                ) from None
        else:
            new.write_bytes(_litert(model, length))
        new.rename(path)
    finally:
        shutil.rmtree(temporary)


def _saved_model(task, model, path):
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec(x.shape, x.dtype, name=x.name) for x in model.inputs]

    def serve(*inputs):
        return model(inputs if len(inputs) > 1 else inputs[0])

    archive.add_endpoint("serve", serve, input_signature=signature)
    card = getattr(task, "card", {})
    is_classifier = card.get("task") == "text_classification"
    if is_classifier and card["preprocessing"].get("level", "word") == "word":
        vectorizer = keras.layers.TextVectorization(
            vocabulary=task.card["vocabulary"], standardize=text.standardize, ragged=True
        )
        vectorizer(tf.constant([""]))  # this builds it
        archive.track(vectorizer)
        length = task.card["preprocessing"]["keep_last"]

        def from_strings(texts):
            tokens = vectorizer(texts)[:, -length:]
            if card["preprocessing"].get("backward"):
                tokens = tokens[:, ::-1]
            return model(tf.cast(tokens.to_tensor(), "int32"))  # [batch, time]

        strings = [tf.TensorSpec((None,), "string", name="texts")]
        archive.add_endpoint("from_strings", from_strings, input_signature=strings)
    archive.write_out(path, verbose=False)


def _litert(model, length):
    if not length and any(None in x.shape[1:] for x in model.inputs):
        raise InputError("LiteRT needs a fixed length: give length, the number of tokens.")
    config = keras.tree.map_structure(lambda x: x, model.get_config())  # a copy that we can change
    for layer in config["layers"]:
        if layer["class_name"] == "InputLayer":
            _, *rest = layer["config"]["batch_shape"]
            layer["config"]["batch_shape"] = [1, *(length if n is None else n for n in rest)]
    fixed = type(model).from_config(config)
    fixed.set_weights(model.get_weights())
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it captures
        return tf.lite.TFLiteConverter.from_keras_model(fixed).convert()
