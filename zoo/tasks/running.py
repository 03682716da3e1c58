"""Runs a model on any number of rows."""

import keras
import numpy as np

from zoo import decoding
from zoo.compiling import compiled
from zoo.errors import InputError
from zoo.lengths import by_length, pad


def compile_model(model):
    """Compiles a model to a function of its inputs. Several threads may call the function.

    Args:
        model: a `keras.Model`.

    Returns:
        A function. It takes one array for each input of the model.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> keras.ops.convert_to_numpy(compile_model(model)(np.ones((1, 2), "float32")))
    array([[3., 3.]], dtype=float32)
    """

    def predict(*inputs):
        return model(inputs if len(inputs) > 1 else inputs[0], training=False)

    return compiled(model, predict, [tensor.shape for tensor in model.inputs])


def predict_rows(predict, rows, batch_size=64):
    """Computes the output of a model for each row. Rows of similar length share a batch.

    Args:
        predict: what `compile_model` returned.
        rows: list of tuples. Each has an array for each input of the model, without the batch axis.
        batch_size: the largest number of rows in a batch.

    Returns:
        A list of arrays, in the order of the rows. An output with a time axis is as long as its batch.

    Raises:
        ValueError: see `finite`.

    Example:

    >>> rows = [(np.array([5, 6]),), (np.array([7]),)]
    >>> [int(answer) for answer in predict_rows(lambda tokens: tokens.sum(axis=1), rows)]
    [11, 7]
    """
    answers = [None] * len(rows)
    for batch in by_length([len(row[0]) for row in rows], batch_size):
        columns = [pad(*column) for column in zip(*(rows[i] for i in batch), strict=True)]
        for i, answer in zip(batch, finite(predict(*columns)), strict=True):
            answers[i] = answer
    return answers


def finite(outputs):
    """Converts the outputs of a model to a NumPy array.

    Raises:
        ValueError: an output is infinite or not a number.
    """
    outputs = keras.ops.convert_to_numpy(outputs)
    if not np.isfinite(outputs).all():
        raise InputError(
            "The answers of the model are not all numbers, because its weights are not all numbers. "
            "Train it again, or load other weights."
        )
    return outputs


def check_options(options):
    """Raises an `InputError` if the options of a user ask for several answers."""
    if "n_best" in options:
        raise InputError(
            "There is one answer for each input. For more, call model.generate, which takes n_best and "
            f"also returns the scores. Received: n_best={options['n_best']}"
        )


def generate_rows(model, sources, beam_width, options, n_best=None):
    """Generates tokens for each source, by beam search unless the options say otherwise.

    Args:
        model: a `zoo.decoding.Generator`.
        sources: list of rows of tokens, or an array of contexts. An empty source gets no tokens.
        beam_width: how many hypotheses beam search keeps, if the options do not say it.
        options: dict of options of `zoo.decoding.Generator.generate`.
        n_best: how many answers each source gets, see `zoo.decoding.generate_in_batches`.

    Returns:
        A list of lists of tokens, in the order of the sources.

    Raises:
        ValueError: `n_best` is among the options.
    """
    check_options(options)
    options = {"strategy": "beam", **options}
    if options["strategy"] == "beam":
        options = {"beam_width": beam_width, **options}
    filled = [i for i, source in enumerate(sources) if len(source)]
    answers = [[] for _ in sources]
    if filled:
        if not isinstance(sources, np.ndarray):
            sources = [sources[i] for i in filled]
        rows = decoding.generate_in_batches(model, sources, n_best=n_best, **options)
        for i, row in zip(filled, rows, strict=True):
            answers[i] = row
    return answers
