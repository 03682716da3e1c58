"""Training: checks of a model before it, `fit`, and what --distribute turns on.

Keras is imported on first use, because `zoo.run` reads its flags without it.
"""

import contextlib
import math
import os
import random
import re

from zoo import tasks
from zoo.errors import InputError

_devices = None  # of JAX, while --distribute is on


@contextlib.contextmanager
def _all_devices():
    """Lets `fit` use all devices; gives the number of this process, 0 if it is the only one."""
    global _devices
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.distribute.MirroredStrategy().scope():
            yield 0
        return
    if backend != "jax":
        raise InputError(
            "--distribute needs Keras's jax backend, or tensorflow for the GPUs of one host: set "
            f"KERAS_BACKEND. Received: {backend}"
        )
    import jax

    names = [f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")]
    missing = [name for name in names if name not in os.environ]
    if 0 < len(missing) < len(names):  # else each would train alone and write the same files
        raise InputError(f"Several processes need {', '.join(names)}. Missing: {', '.join(missing)}")
    if not missing and not jax.distributed.is_initialized():
        try:
            keras.distribution.initialize()
        except (RuntimeError, ValueError) as error:
            raise InputError(f"The processes did not find each other: {error}") from error
    _devices = jax.devices()
    try:
        yield jax.process_index()
    finally:
        _devices = None


def check_model(model, data, output="", num_classes=None, method=None):
    """Makes sure, before training, that a model fits the data and can be saved.

    Whoever changes the model of a recipe learns of a mistake at once, and not after hours of training.
    A model without weights, such as a `keras.Sequential` without an `Input`, gets them here.

    Args:
        model: any `keras.Model`.
        data: what it is validated on: a `tf.data.Dataset` of batches (inputs, targets), or a pair of
            arrays.
        output: the folder to save the model to, see `zoo.tasks.check_output`; `""` for none.
        num_classes: the number of classes, tags or tokens, if the outputs are to be a probability for
            each of them. (If each row has one of two classes, the probability of the second is
            enough.) None if the outputs are to have the shape of the targets.
        method: another method that the recipe calls, such as `"generate"`.

    Raises:
        ValueError: the model lacks the method, cannot read the data, gives outputs of another shape or
            no probabilities, or cannot be saved.

    Example:

    >>> import keras, numpy as np
    >>> layers = [keras.layers.Embedding(10, 4), keras.layers.LSTM(8), keras.layers.Dense(3, "softmax")]
    >>> model = keras.Sequential(layers)
    >>> tokens, labels = np.array([[5, 6, 7], [8, 9, 0]]), np.array([0, 2])
    >>> check_model(model, (tokens, labels), num_classes=3)
    >>> model.count_params()
    483
    >>> check_model(model, (tokens, labels), num_classes=4)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The model must give outputs [rows, 4]: ... Received: [rows, 3]
    """
    if method and not hasattr(model, method):
        raise InputError(
            f"This recipe needs a model with {method}(), as zoo.build makes it: keep zoo.build, and "
            f"change its arguments. Received: a {type(model).__name__} without {method}()"
        )
    outputs, targets = _answer_first_rows(model, data)
    expected = targets.shape if num_classes is None else (*targets.shape, num_classes)
    is_second_alone = num_classes == 2 and outputs.shape == (*targets.shape, 1) and targets.ndim == 1
    if outputs.shape != expected and not is_second_alone:
        raise InputError(
            f"The model must give outputs {_in_brackets(expected)}: {_advice(outputs, expected)}. "
            f"Received: {_in_brackets(outputs.shape)}"
        )
    if num_classes is not None and not (outputs.min() >= 0 and outputs.max() <= 1):
        raise InputError(
            "The outputs of the model must be probabilities: give its last layer "
            f"activation={'sigmoid' if is_second_alone else 'softmax'!r}. "
            f"Received: numbers from {outputs.min():.3g} to {outputs.max():.3g}"
        )
    if is_second_alone and (outputs == 1).all():
        raise InputError("A softmax of one output is always 1: give it activation='sigmoid'.")
    state = random.getstate()  # a copy that is saved draws seeds for its weights
    tasks.check_output(output, model)
    random.setstate(state)


def _in_brackets(shape):
    return f"[{', '.join(map(str, ('rows', *shape[1:])))}]"


def _advice(outputs, expected):
    """What to change in a model with outputs of the wrong shape."""
    if outputs.ndim > len(expected):
        return "its last recurrent layer must not return sequences"
    if outputs.ndim < len(expected):
        return "its recurrent layers need return_sequences=True"
    return f"end it with a layer such as Dense({expected[-1]})"


def output_shape(model, data):
    """The shape of a model's outputs, of any kind of model; see `check_model` for the arguments.

    Example:

    >>> import keras, numpy as np
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> output_shape(model, (np.ones((6, 2)), np.ones((6, 1))))
    (None, 1)
    """
    outputs, _ = _answer_first_rows(model, data)
    return (None, *outputs.shape[1:])


def _answer_first_rows(model, data):
    """Outputs and targets of two rows, of tokens the first eight; builds the model."""
    import keras
    import tensorflow as tf

    is_dataset = isinstance(data, tf.data.Dataset)
    x, y, *_ = next(data.as_numpy_iterator()) if is_dataset else data

    def shorten(array):
        is_tokens = array.ndim > 1 and array.dtype.kind in "iu"
        return array[:2, :8] if is_tokens else array[:2]

    x, y = keras.tree.map_structure(shorten, (x, y))
    inputs = keras.tree.flatten(x)
    has_any_length = inputs[0].dtype.kind in "iu" or (is_dataset and inputs[0].ndim > 2)
    shape = (None, *inputs[0].shape[2:]) if has_any_length else inputs[0].shape[1:]
    mistakes = (ValueError, tf.errors.InvalidArgumentError)  # others keep their traceback
    mistakes += (AttributeError, TypeError) if len(inputs) > 1 else ()
    try:
        if isinstance(model, keras.Sequential) and not model.built and len(inputs) == 1:
            _add_input(model, keras.Input(shape, dtype=inputs[0].dtype.name))
        outputs = model(x)
    except mistakes as error:
        reason = re.sub(r"\x1b\[\d*m", "", str(error)).split("Arguments received")[0]  # no colors
        if len(inputs) > 1:
            hint = f"There are {len(inputs)} inputs: read all, or see --help for how to leave one out."
        else:
            hint = f"A model of this data begins with keras.Input({shape})."
        raise InputError(
            f"The model cannot read the data. {hint} Received: inputs "
            f"{', '.join(_in_brackets(one.shape) for one in inputs)}, and from Keras: "
            f"{' '.join(reason.split())[:300]}"
        ) from error
    if not hasattr(outputs, "shape"):
        raise InputError(f"The model must have one output. Received: {len(outputs)}")
    return keras.ops.convert_to_numpy(outputs), y


def _add_input(model, inputs):
    """Gives a `keras.Sequential` its input; it would take one of floats, even for tokens."""
    layers = model.layers
    for _ in layers:
        model.pop(rebuild=False)
    for layer in [inputs, *layers]:
        model.add(layer)


def cells_of(model):
    """Which recurrent cells a model has, for a table or for the card of a saved model.

    Args:
        model: any `keras.Model` that has been built.

    Returns:
        Names with commas between: those of `zoo.build`, or the class of your own cell. If there is no
        recurrent layer that Keras knows: your own classes of layers, or "no recurrent layer".

    Example:

    >>> import zoo
    >>> cells_of(zoo.build("many_to_one", cell="gru"))
    'gru'
    """
    import keras

    known = {
        keras.layers.SimpleRNNCell: "simple_rnn",
        keras.layers.LSTMCell: "lstm",
        keras.layers.GRUCell: "gru",
    }
    layers = model._flatten_layers()  # all of them, also inside of others
    rnns = [layer for layer in layers if isinstance(layer, keras.layers.RNN)]
    cells = [cell for rnn in rnns for cell in getattr(rnn.cell, "cells", [rnn.cell])]
    names = [known.get(type(cell), type(cell).__name__) for cell in cells]
    own = [type(one) for one in layers if type(one).__module__.split(".")[0] not in ("keras", "zoo")]
    names = names or [one.__name__ for one in own] or ["no recurrent layer"]
    return ", ".join(dict.fromkeys(names))


def check_loss(loss, where):
    """Stops a training whose loss is not a number any more, which nothing can mend.

    Args:
        loss: a number.
        where: for the message, such as `"epoch 2, batch 17"`.

    Raises:
        ValueError: it is infinite or not a number.

    Example:

    >>> check_loss(0.5, "epoch 1, batch 3")
    >>> check_loss(float("nan"), "epoch 1, batch 4")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The loss is nan in epoch 1, batch 4: ... Try a smaller --learning-rate.
    """
    if not math.isfinite(loss):
        raise InputError(
            f"The loss is {loss} in {where}: the training has diverged and was stopped. Try a smaller "
            "--learning-rate."
        )


def fit(
    model, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, *args, **options
):
    """`model.fit(x, y, ...)`, on all devices where a recipe runs with --distribute.

    It stops at once if the loss is not a number any more. That costs no time.

    A batch is that of all devices together, and gives the same loss and the same step as on one device.
    With JAX every process has to be given the same batches, that is the same data and seed: each device
    computes its share of the rows, and all add up their gradients. With TensorFlow the loss of each
    device is weighted by its number of tokens or rows. A plain average would be wrong, because
    sentences differ in length.

    On one device TensorFlow traces a step once; by `model.fit` alone it does so twice.

    Args:
        model: a compiled `keras.Model`. With `--distribute`, build it inside the recipe's `main`.
        x, y, batch_size, epochs, verbose, callbacks, *args, **options: all that `keras.Model.fit`
            takes.

    Returns:
        What `keras.Model.fit` returns, a `keras.callbacks.History`.

    Raises:
        ValueError: the loss, or a weight after the last step, is not a number.

    Example:

    >>> import keras, numpy as np
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> len(fit(model, np.ones((6, 2)), np.ones((6, 1)), epochs=2, verbose=0).history["loss"])
    2
    """
    import keras

    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.callbacks.append(_loss_check())
    else:
        callbacks = [_loss_check(), *keras.tree.flatten(callbacks or [])]
    if _devices:
        _share_out(model)
    elif keras.backend.backend() == "tensorflow":
        if model.distribute_strategy.num_replicas_in_sync > 1:
            model.compute_loss = _of_all_devices(model.compute_loss)
        elif _can_trace(model, x, y):
            _make_variables(model, x, y)
    try:
        history = model.fit(x, y, batch_size, epochs, verbose, callbacks, *args, **options)
    finally:
        if "compute_loss" in vars(model) or _devices:  # from here on as on one device
            vars(model).pop("compute_loss", None)
            model.train_function = model.test_function = None
        if _devices:  # and each process may go its own way, such as to save the model
            variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
            for variable in variables:
                variable.assign(keras.ops.convert_to_numpy(variable))
    # The last step comes after the last loss.
    if not all(keras.ops.all(keras.ops.isfinite(one)) for one in model.trainable_variables):
        check_loss(math.nan, "the last step")
    return history


def _loss_check():
    """A callback that stops a training that has diverged; it reads what Keras has computed anyway."""
    import keras

    epochs = []

    def after_batch(batch, logs):
        check_loss(logs.get("loss", 0.0), f"epoch {epochs[-1]}, batch {batch + 1}")

    def after_epoch(epoch, logs):
        check_loss(logs.get("val_loss", 0.0), f"the validation after epoch {epoch + 1}")

    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: epochs.append(epoch + 1),
        on_train_batch_end=after_batch,
        on_epoch_end=after_epoch,
    )
    callback.async_safe = True  # so that Keras need not wait for it
    return callback


def _can_trace(model, x, y):
    """Whether `_make_variables` can tell from the data what a batch will be."""
    import keras
    import numpy as np
    import tensorflow as tf

    if not (model.built and model.compiled) or model.run_eagerly or model.optimizer.built:
        return False
    arrays = keras.tree.flatten((x, y))
    return isinstance(x, tf.data.Dataset) or all(isinstance(a, np.ndarray | tf.Tensor) for a in arrays)


def _make_variables(model, x, y):
    """Makes the variables of the optimizer and the metrics by a trace that no batch goes through.

    `model.fit` makes them in the first step, and then TensorFlow traces the whole step twice.
    """
    import keras
    import tensorflow as tf

    @tf.function(autograph=False)
    def trace(batch):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        outputs = model(x)
        model.compute_loss(x, y, outputs, sample_weight)
        model.compute_metrics(x, y, outputs, sample_weight)

    model.optimizer.build(model.trainable_variables)
    if isinstance(x, tf.data.Dataset):
        trace.get_concrete_function(x.element_spec)
    else:
        trace.get_concrete_function(tf.nest.map_structure(lambda array: array[:1], (x, y)))


def _share_out(model):
    """Compiles the model's steps so that each of JAX's devices computes some rows of a batch."""
    import jax
    import numpy as np
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    mesh = Mesh(_devices, ("rows",))
    by_rows = NamedSharding(mesh, PartitionSpec("rows"))
    everywhere = NamedSharding(mesh, PartitionSpec())

    def share_out(step):
        def shared_out(state, batch):
            # From these two lines XLA finds what is computed where, and that gradients are added up.
            # It is written as for one device, so a mean is the mean over the whole batch.
            batch = jax.lax.with_sharding_constraint(batch, by_rows)
            return jax.lax.with_sharding_constraint(step(state, batch), everywhere)

        return shared_out

    def put_everywhere(x):  # before the call, or it compiles once more for weights that are here alone
        if x.sharding == everywhere:
            return x
        return jax.make_array_from_process_local_data(everywhere, np.asarray(x))

    for name in ("train", "test"):
        setattr(model, f"{name}_step", share_out(getattr(model, f"{name}_step")))
        getattr(model, f"make_{name}_function")(force=True)
        delattr(model, f"{name}_step")
        compiled = getattr(model, f"{name}_function")

        def function(state, batches, compiled=compiled):
            return compiled(jax.tree.map(put_everywhere, state), batches)

        setattr(model, f"{name}_function", function)


def _of_all_devices(compute_loss):
    """A loss that adds up over TensorFlow's replicas to that of the whole batch."""
    import tensorflow as tf

    def of_all_devices(x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = compute_loss(x, y, y_pred, sample_weight, training)  # divided by the number of replicas
        replica = tf.distribute.get_replica_context()
        if replica is None:  # while Keras only asks for shapes
            return loss
        first = tf.nest.flatten(y_pred)[0]  # of several outputs
        mask = getattr(first, "_keras_mask", None)
        mask = tf.ones_like(first[..., :1]) if mask is None else tf.cast(mask, "float32")
        here = tf.reduce_sum(mask)
        total = replica.all_reduce(tf.distribute.ReduceOp.SUM, here)
        return loss * tf.math.divide_no_nan(here, total) * replica.num_replicas_in_sync

    return of_all_devices
