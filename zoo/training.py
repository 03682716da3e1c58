"""What surrounds `model.fit`: checks before it, callbacks during it, the cells of a model after it."""

import math
import random
import re

import keras
import tensorflow as tf

from zoo import tasks
from zoo.errors import InputError


def check_model(model, data, output="", num_classes=None, method=None, log_probabilities=False):
    """Checks, before training, that a model fits the data and can be saved.

    If you change the model of a recipe, this finds a mistake at once, and not after hours of training.
    A model without weights, such as a `keras.Sequential` without an `Input`, is built here.

    Args:
        model: any `keras.Model`.
        data: the validation data: a `tf.data.Dataset` of batches (inputs, targets), or two arrays.
        output: the folder to save the model to, or `""` for none. See `zoo.tasks.check_output`.
        num_classes: the number of classes, tags or tokens, if the model must return a probability for
            each of them. If each row has one of two classes, the model may return only the probability
            of the second class. None if the outputs must have the shape of the targets.
        method: another method that the recipe calls, such as `"generate"`.
        log_probabilities: whether the model returns log-probabilities `[batch, steps, num_classes]`,
            for CTC. The number of steps may be any.

    Raises:
        ValueError: the model lacks the method, cannot read the data, returns outputs of another shape,
            returns something other than probabilities, or cannot be saved.

    Example:

    >>> import numpy as np
    >>> layers = [keras.layers.Embedding(10, 4), keras.layers.LSTM(8), keras.layers.Dense(3, "softmax")]
    >>> model = keras.Sequential(layers)
    >>> tokens, labels = np.array([[5, 6, 7], [8, 9, 0]]), np.array([0, 2])
    >>> check_model(model, (tokens, labels), num_classes=3)
    >>> model.count_params()
    483
    >>> check_model(model, (tokens, labels), num_classes=4)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The outputs of the model must have the shape [rows, 4]. ...
    """
    if method and not hasattr(model, method):
        raise InputError(
            f"This recipe needs a model with the method {method}(). Keep zoo.build, and change its "
            f"arguments. Received: a {type(model).__name__} without {method}()"
        )
    outputs, targets = _predict_first_rows(model, data)
    expected = targets.shape if num_classes is None else (*targets.shape, num_classes)
    if log_probabilities:
        expected = (len(targets), outputs.shape[1] if outputs.ndim == 3 else "steps", num_classes)
    is_second_alone = num_classes == 2 and outputs.shape == (*targets.shape, 1) and targets.ndim == 1
    if outputs.shape != expected and not is_second_alone:
        raise InputError(
            f"The outputs of the model must have the shape {_shape_text(expected)}. "
            f"{_advice(outputs, expected)} Received: {_shape_text(outputs.shape)}"
        )
    if log_probabilities and not (outputs <= 0).all():
        raise InputError(
            "The outputs of the model must be log-probabilities. Use keras.ops.log_softmax for them. "
            f"Received: numbers from {outputs.min():.3g} to {outputs.max():.3g}"
        )
    are_probabilities = num_classes is not None and not log_probabilities
    if are_probabilities and not (outputs.min() >= 0 and outputs.max() <= 1):
        raise InputError(
            "The outputs of the model must be probabilities. Use "
            f"activation={'sigmoid' if is_second_alone else 'softmax'!r} in its last layer. "
            f"Received: numbers from {outputs.min():.3g} to {outputs.max():.3g}"
        )
    if is_second_alone and (outputs == 1).all():
        raise InputError(
            "The model has one output, and a softmax of one number is always 1. Use "
            "activation='sigmoid' in its last layer. Received: outputs that are all 1"
        )
    state = random.getstate()  # saving makes a copy of the model, which draws seeds for its weights
    tasks.check_output(output, model)
    random.setstate(state)


def _shape_text(shape):
    return f"[{', '.join(map(str, ('rows', *shape[1:])))}]"


def _advice(outputs, expected):
    """How to change a model whose outputs have the wrong shape."""
    if outputs.ndim > len(expected):
        return "Its last recurrent layer must not return sequences."
    if outputs.ndim < len(expected):
        return "Its recurrent layers need return_sequences=True."
    return f"End it with a layer such as Dense({expected[-1]})."


def output_shape(model, data):
    """Returns the shape of a model's outputs. It works for any kind of Keras model.

    Args:
        model: any `keras.Model`. It is built here if it has no weights yet.
        data: a `tf.data.Dataset` of batches (inputs, targets), or a pair of arrays.

    Returns:
        A tuple. Its first entry is None, because the number of rows may vary.

    Raises:
        ValueError: the model cannot read the data.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> output_shape(model, (np.ones((6, 2)), np.ones((6, 1))))
    (None, 1)
    """
    outputs, _ = _predict_first_rows(model, data)
    return (None, *outputs.shape[1:])


def _predict_first_rows(model, data):
    """Builds the model. Returns the outputs and targets of two rows, with at most eight steps each."""
    is_dataset = isinstance(data, tf.data.Dataset)
    x, y, *_ = next(data.as_numpy_iterator()) if is_dataset else data

    def shorten(array):
        is_tokens = array.ndim > 1 and array.dtype.kind in "iu"
        are_frames = array.ndim == 5  # [batch, time, height, width, channels]
        return array[:2, :8] if is_tokens or are_frames else array[:2]

    x, y = keras.tree.map_structure(shorten, (x, y))
    inputs = keras.tree.flatten(x)
    has_any_length = inputs[0].dtype.kind in "iu" or (is_dataset and inputs[0].ndim > 2)
    shape = (None, *inputs[0].shape[2:]) if has_any_length else inputs[0].shape[1:]
    mistakes = (ValueError, tf.errors.InvalidArgumentError)  # other errors keep their traceback
    mistakes += (AttributeError, TypeError) if len(inputs) > 1 else ()
    try:
        if isinstance(model, keras.Sequential) and not model.built and len(inputs) == 1:
            _add_input(model, keras.Input(shape, dtype=inputs[0].dtype.name))
        outputs = model(x)
    except mistakes as error:
        reason = re.sub(r"\x1b\[\d*m", "", str(error)).split("Arguments received")[0]  # no colors
        if len(inputs) > 1:
            hint = f"There are {len(inputs)} inputs. Read all of them, or see --help to leave one out."
        else:
            hint = f"A model for this data begins with keras.Input({shape})."
        raise InputError(
            f"The model cannot read the data. {hint} Received: inputs "
            f"{', '.join(_shape_text(one.shape) for one in inputs)}, and this error from Keras: "
            f"{' '.join(reason.split())[:300]}"
        ) from error
    if not hasattr(outputs, "shape"):
        raise InputError(f"The model must have one output. Received: {len(outputs)}")
    return keras.ops.convert_to_numpy(outputs), y


def _add_input(model, inputs):
    """Gives a `keras.Sequential` its input. Keras alone would expect floats, even for tokens."""
    layers = model.layers
    for _ in layers:
        model.pop(rebuild=False)
    for layer in [inputs, *layers]:
        model.add(layer)


def cells_of(model):
    """Returns the names of the recurrent cells in a model, for a table or for the model's card.

    Args:
        model: any `keras.Model` that has been built.

    Returns:
        Names separated by commas: the names that `zoo.build` uses, or the class of your own cell. If
        the model has no recurrent layer from Keras, the classes of your own layers. If it has no layers
        of your own either, "no recurrent layer".

    Example:

    >>> import zoo
    >>> cells_of(zoo.build("many_to_one", cell="gru"))
    'gru'
    """
    known = {
        keras.layers.SimpleRNNCell: "simple_rnn",
        keras.layers.LSTMCell: "lstm",
        keras.layers.GRUCell: "gru",
    }
    layers = model._flatten_layers()  # includes the layers inside other layers
    rnns = [layer for layer in layers if isinstance(layer, keras.layers.RNN)]
    cells = [cell for rnn in rnns for cell in getattr(rnn.cell, "cells", [rnn.cell])]
    names = [known.get(type(cell), type(cell).__name__) for cell in cells]
    own = [type(one) for one in layers if type(one).__module__.split(".")[0] not in ("keras", "zoo")]
    names = names or [one.__name__ for one in own] or ["no recurrent layer"]
    return ", ".join(dict.fromkeys(names))


def check_loss(loss, where):
    """Raises an error if a loss is infinite or not a number, because training cannot recover from that.

    Args:
        loss: a number.
        where: for the message, such as `"epoch 2, batch 17"`.

    Raises:
        ValueError: the loss is infinite or not a number.

    Example:

    >>> check_loss(0.5, "epoch 1, batch 3")
    >>> check_loss(float("nan"), "epoch 1, batch 4")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The loss is nan in epoch 1, batch 4. ... Try a smaller --learning-rate.
    """
    if not math.isfinite(loss):
        raise InputError(
            f"The loss is {loss} in {where}. The training has diverged and was stopped. Try a smaller "
            "--learning-rate."
        )


def slow_down(optimizer, copied, factor):
    """Makes an optimizer that takes smaller steps in pretrained layers.

    It is the discriminative fine-tuning of Howard & Ruder 2018, with two learning rates. Smaller
    gradients would not have this effect, because Adam divides each gradient by its usual size. Weight
    decay becomes weaker in these layers, too, because Keras multiplies it by the learning rate.

    Args:
        optimizer: a `keras.optimizers.Optimizer`. It stays as it is.
        copied: the list `"copied"` of the report of `zoo.transfer`: dicts with the key `"variables"`.
        factor: the learning rate of these variables is the optimizer's times this.

    Returns:
        A `keras.optimizers.Optimizer` of the same class, with the same settings. A model that was
        compiled with it can be saved, but without the factor: after loading, all layers learn at the
        same rate.

    Raises:
        ValueError: the optimizer comes from this function already.

    Example:

    >>> a, b = keras.Variable([1.0]), keras.Variable([1.0])
    >>> optimizer = slow_down(keras.optimizers.SGD(0.5), [{"variables": [a]}], factor=0.5)
    >>> optimizer.apply([keras.ops.ones(1), keras.ops.ones(1)], [a, b])
    >>> float(a[0]), float(b[0])
    (0.75, 0.5)
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        scale, steps = optimizer.initial_scale, optimizer.dynamic_growth_steps
        inner = slow_down(optimizer.inner_optimizer, copied, factor)
        return keras.optimizers.LossScaleOptimizer(inner, scale, steps)
    if "update_step" in vars(optimizer):
        raise InputError(
            "This optimizer takes smaller steps in some layers already. Put all of them into one list "
            "copied, and start from a new optimizer."
        )
    kind, config = type(optimizer), optimizer.get_config()
    if not isinstance(config["learning_rate"], float | int):  # a schedule, maybe the user's own
        config["learning_rate"] = optimizer._learning_rate
    slower = kind.from_config(config)
    for name, value in vars(optimizer).items():
        if name.startswith("_exclude_from_weight_decay"):
            setattr(slower, name, value)
    if kind.__module__.startswith("keras."):
        # With PyTorch, Keras replaces its optimizers by others, which ignore `update_step`.
        slower.__class__ = getattr(keras.optimizers, kind.__name__)
    slow = {id(variable) for item in copied for variable in item["variables"]}
    full_step, full_decay = slower.update_step, slower._apply_weight_decay

    def step(gradient, variable, learning_rate):
        own = slower._trainable_variables[slower._get_variable_index(variable)]
        full_step(gradient, variable, learning_rate * factor if id(own) in slow else learning_rate)

    def decay(variables):
        full = slower.weight_decay
        for is_slow, amount in ((False, full), (True, full and full * factor)):
            some = [one for one in variables if (id(one) in slow) is is_slow]
            if any(map(slower._use_weight_decay, some)):  # on PyTorch, Keras fails if there are none
                slower.weight_decay = amount
                full_decay(some)
        slower.weight_decay = full

    # Changed in this object, not in a class of its own, which a saved model would need to load.
    slower.update_step, slower._apply_weight_decay = step, decay
    return slower


class RaiseOnNaN(keras.callbacks.Callback):
    """Stops the training with an error if the loss is infinite or not a number.

    It checks the loss after each batch, the validation loss after each epoch, and the weights after the
    last step. `keras.callbacks.TerminateOnNaN` stops without an error, so a recipe would go on and save
    a useless model.

    Raises:
        ValueError: from `model.fit`. The message names the epoch and the batch.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.array([[1.0], [np.nan]]), np.ones((2, 1))
    >>> model.fit(x, y, batch_size=1, shuffle=False, verbose=0, callbacks=[RaiseOnNaN()])
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The loss is nan in epoch 1, batch 2. ... Try a smaller --learning-rate.
    """

    def __init__(self):
        super().__init__()
        self.async_safe = True  # so Keras need not wait for this callback after each batch
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        check_loss(logs.get("loss", 0.0), f"epoch {self.epoch}, batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        check_loss(logs.get("val_loss", 0.0), f"the validation after epoch {epoch + 1}")

    def on_train_end(self, logs=None):  # the last step comes after the last loss
        weights = self.model.trainable_variables
        if not all(keras.ops.all(keras.ops.isfinite(weight)) for weight in weights):
            check_loss(math.nan, "the last step")


class AddScore(keras.callbacks.Callback):
    """Adds a score to the results of each epoch, so that the history has it and early stopping sees it.

    Put it before other callbacks that read the score.

    Args:
        name: name of the score in the history, such as `"val_f1"`.
        score: function without arguments that returns the score. It is called after each epoch.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> seven = AddScore("val_f1", lambda: 0.7)
    >>> model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0, callbacks=[seven]).history["val_f1"]
    [0.7]
    """

    def __init__(self, name, score):
        super().__init__()
        self.name, self.score = name, score

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.score()
