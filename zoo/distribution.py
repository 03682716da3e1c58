"""Training on several devices, which is what the flag --distribute turns on.

On TensorFlow, MirroredStrategy uses all GPUs of one host. On JAX, `keras.distribution.DataParallel`
uses all devices of one process, or of several processes on one host or many.

With Keras alone, several devices do not give the same results as one device. These additions make the
results equal:

- On JAX, Keras wants each process to supply its own rows of a batch, and the number of rows must be
  divisible by the number of devices. We could fill up the last batch with rows of weight 0. But Keras
  counts these rows in the mean of the loss and in the metrics. So each process supplies the whole batch
  instead (`_WholeBatches`).
- Then each device would compute all rows. So the steps of `fit` and `evaluate` tell JAX to divide the
  rows among the devices (`_divide_rows`). The step of `predict` is not changed. A process cannot read
  outputs that are on the devices of another process.
- On TensorFlow, Keras computes the mean loss on each device, and then takes the mean over the devices.
  That is wrong, because sentences differ in length and the devices have different numbers of tokens. So
  the loss of each device is weighted (`_weight_by_tokens`).
"""

import contextlib
import functools
import os

import keras
import numpy as np

from zoo.errors import InputError

_VARIABLES = [f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")]


@contextlib.contextmanager
def all_devices():
    """Makes `model.fit` and `model.evaluate` use all devices, with the same results as on one device.

    Build, compile and train the model in this context.

    On JAX, several processes can train one model. Start the same program in each process, and set the
    three environment variables that `keras.distribution.initialize` reads. All processes must build,
    train and save the same models in the same order, because JAX makes them wait for each other. So
    give them the same data and the same seed. Process 0 can print for all of them. The others can save
    to a temporary folder.

    Returns:
        A context manager. Its value is the number of this process, or 0 if there is only one.

    Raises:
        ValueError: the backend is torch; only some of the environment variables are set; or the
            processes did not find each other.

    Example:

    >>> import numpy as np
    >>> with all_devices() as process:
    ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    ...     model.compile("sgd", "mse")
    ...     history = model.fit(np.ones((6, 2)), np.ones((6, 1)), verbose=0)
    >>> process
    0
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.distribute.MirroredStrategy().scope(), changed("_compute_loss", _weight_by_tokens):
            yield 0
    elif backend == "jax":
        import jax

        _join_processes()
        distribution = _WholeBatches()
        divide_rows = functools.partial(_divide_rows, distribution.device_mesh)
        with (
            distribution.scope(),
            changed("train_step", divide_rows),
            changed("test_step", divide_rows),
        ):
            yield jax.process_index()
    else:
        raise InputError(
            "--distribute needs the jax backend, or the tensorflow backend for the GPUs of one host. "
            f"Set the environment variable KERAS_BACKEND. Received: {backend}"
        )


def _join_processes():
    """Connects the processes of JAX, if the environment variables say that there are several."""
    import jax

    missing = [name for name in _VARIABLES if name not in os.environ]
    if len(missing) == len(_VARIABLES) or jax.distributed.is_initialized():
        return
    if missing:  # without this check, each process would train alone and write the same files
        raise InputError(
            f"Several processes need {', '.join(_VARIABLES)}. Missing: {', '.join(missing)}"
        )
    try:
        keras.distribution.initialize()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"The processes did not find each other: {error}") from error


class _WholeBatches(keras.distribution.DataParallel):
    """Takes the same whole batch from each process, with any number of rows."""

    def __init__(self):
        super().__init__(auto_shard_dataset=False)
        self._is_multi_process = False  # else Keras 3.10 refuses arrays

    def get_data_layout(self, data_shape):
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


def _divide_rows(device_mesh, step):
    """A training or evaluation step in which each device of JAX computes some rows of the batch."""
    import jax

    by_rows = jax.sharding.NamedSharding(
        device_mesh.backend_mesh, jax.sharding.PartitionSpec(*device_mesh.axis_names)
    )

    @functools.wraps(step)
    def divided_step(model, state, batch):
        # This line is enough for XLA to divide the work and to add up the gradients. The step is still
        # written for the whole batch, so a mean is the mean over the whole batch.
        return step(model, state, jax.lax.with_sharding_constraint(batch, by_rows))

    return divided_step


def _weight_by_tokens(compute_loss):
    """A loss whose sum over the devices of TensorFlow is the loss of the whole batch."""
    import tensorflow as tf

    @functools.wraps(compute_loss)
    def weighted_loss(model, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = compute_loss(model, x, y, y_pred, sample_weight, training)  # divided by the devices
        device = tf.distribute.get_replica_context()
        if device is None:  # Keras only asks for shapes
            return loss
        output = tf.nest.flatten(y_pred)[0]  # the first one, if there are several
        mask = getattr(output, "_keras_mask", None)
        mask = tf.ones_like(output[..., :1]) if mask is None else mask
        num_tokens = tf.reduce_sum(tf.cast(mask, "float32"))
        total = device.all_reduce(tf.distribute.ReduceOp.SUM, num_tokens)
        return loss * tf.math.divide_no_nan(num_tokens, total) * device.num_replicas_in_sync

    return weighted_loss


def check_same(numbers, message):
    """Raises an error if there are several processes of JAX, and not all have the same numbers.

    Args:
        numbers: a list of integers.
        message: of the error.

    Raises:
        InputError: some process has other numbers.

    Example:

    >>> check_same([1, 2], "Start the same program in all processes.")
    """
    if keras.backend.backend() != "jax":
        return
    import jax
    from jax.experimental import multihost_utils

    if jax.process_count() > 1:
        of_all = multihost_utils.process_allgather(np.array(numbers))  # [processes, numbers]
        if (of_all != of_all[0]).any():
            raise InputError(f"{message} Received: {of_all.tolist()}")


@contextlib.contextmanager
def changed(name, change):
    """Replaces a method of all Keras models by `change(method)`, in a `with` block.

    Args:
        name: the name of the method, such as `"fit"`.
        change: a function that takes the method and returns another one.
    """
    method = getattr(keras.Model, name)
    setattr(keras.Model, name, change(method))
    try:
        yield
    finally:
        setattr(keras.Model, name, method)
