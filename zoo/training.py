"""Half precision, and training on more than one device: what --precision and --distribute turn on.

Keras is imported on first use, because `zoo.run` reads its flags without it.
"""

import contextlib
import dataclasses
import os

from zoo.errors import InputError
from zoo.registry import dtype_policy

_devices = None  # of JAX, while --distribute is on


@contextlib.contextmanager
def options(config):
    """What the fields `precision` and `distribute` of a recipe's config ask for, while it runs.

    Args:
        config: the dataclass that the flags have filled in.

    Returns:
        A context manager that gives the config to run with: of several processes only the first prints
        and writes, so the others have no `output`.

    Raises:
        ValueError: `distribute` with a backend that cannot.

    Example:

    >>> import keras, types
    >>> with options(types.SimpleNamespace(precision="mixed_bfloat16")):
    ...     layer = keras.layers.GRU(8)
    >>> layer.compute_dtype, layer.variable_dtype
    ('bfloat16', 'float32')
    """
    with contextlib.ExitStack() as stack:
        if getattr(config, "precision", None):
            stack.enter_context(dtype_policy(config.precision))
        if getattr(config, "distribute", False) and stack.enter_context(_all_devices()) > 0:
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
            if hasattr(config, "output"):
                config = dataclasses.replace(config, output="")
        yield config


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


def fit(model, x, y=None, **options):
    """`model.fit(x, y, **options)`, on all devices where a recipe runs with --distribute.

    A batch is then that of all devices together, and gives the same loss and the same step as on one
    device. With JAX every process has to be given the same batches, that is the same data and seed:
    each device computes its share of the rows, and all add up their gradients. With TensorFlow the loss
    of each device counts by its number of tokens (or rows), because sentences differ in length, and the
    mean of the means would not be the mean.

    On one device TensorFlow traces a step once; by `model.fit` alone it does so twice.

    Args:
        model: a compiled `keras.Model`, built where it is trained, that is in a recipe's `main`.
        x, y: arrays, or a `tf.data.Dataset` of batches and no `y`.
        **options: the others of `keras.Model.fit`.

    Returns:
        What `keras.Model.fit` returns, a `keras.callbacks.History`.

    Example:

    >>> import keras, numpy as np
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> len(fit(model, np.ones((6, 2)), np.ones((6, 1)), epochs=2, verbose=0).history["loss"])
    2
    """
    import keras

    if _devices:
        _share_out(model)
    elif keras.backend.backend() == "tensorflow" and model.distribute_strategy.num_replicas_in_sync > 1:
        model.compute_loss = _of_all_devices(model.compute_loss)
    else:
        is_traced = keras.backend.backend() == "tensorflow" and model.compiled and not model.run_eagerly
        if is_traced and not model.optimizer.built:
            _make_variables(model, x, y)
        return model.fit(x, y, **options)
    try:
        return model.fit(x, y, **options)
    finally:
        vars(model).pop("compute_loss", None)
        model.train_function = model.test_function = None  # from here on as on one device
        if _devices:  # and each process may go its own way, such as to save the model
            variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
            for variable in variables:
                variable.assign(keras.ops.convert_to_numpy(variable))


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
        mask = getattr(y_pred, "_keras_mask", None)
        mask = tf.ones_like(y_pred[..., :1]) if mask is None else tf.cast(mask, "float32")
        here = tf.reduce_sum(mask)
        total = replica.all_reduce(tf.distribute.ReduceOp.SUM, here)
        return loss * tf.math.divide_no_nan(here, total) * replica.num_replicas_in_sync

    return of_all_devices
