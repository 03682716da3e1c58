"""Compiles a function that uses the layers of a model, on every backend."""

import threading

import keras

_TRACING = threading.Lock()  # TensorFlow's threads trace one after the other


def compiled(model, function, shapes=()):
    """Compiles `function(*tensors)` so that every call reads the current weights of the model.

    You may call the result from several threads. TensorFlow traces the function once for all lengths.
    JAX traces it once for each shape. PyTorch runs it without compiling it, and without gradients.

    Args:
        model: the `keras.Model` whose layers the function calls.
        function: a function that takes nested structures of tensors and returns one.
        shapes: shapes of the first arguments, for TensorFlow, with None where a size may differ from
            call to call. In all other tensors the first axis may differ. The second axis may differ
            too if they are integers or booleans, or if they have three axes.

    Returns:
        A function of arrays or tensors.

    Example:

    >>> import numpy as np
    >>> layer = keras.layers.Dense(3, kernel_initializer="ones")
    >>> model = keras.Sequential([keras.Input((2,)), layer])
    >>> double = compiled(model, lambda x: 2 * layer(x))
    >>> keras.ops.convert_to_numpy(double(np.ones((1, 2), "float32")))
    array([[4., 4., 4.]], dtype=float32)
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _with_tensorflow(function, shapes)
    if backend == "jax":
        return _with_jax(model, function)
    import torch

    return torch.no_grad()(lambda *tensors: function(*_as_tensors(tensors)))


def _as_tensors(tensors):
    return keras.tree.map_structure(keras.ops.convert_to_tensor, tensors)


def _with_tensorflow(function, shapes):
    import tensorflow as tf

    traced = []

    def spec(tensor):
        shape = list(tensor.shape)
        varies = 2 if len(shape) == 3 or not tensor.dtype.is_floating else 1
        return tf.TensorSpec([None] * min(varies, len(shape)) + shape[varies:], tensor.dtype)

    def call(*tensors):
        tensors = _as_tensors(tensors)
        with _TRACING:
            if not traced:
                first, others = tensors[: len(shapes)], tensors[len(shapes) :]
                signature = [
                    *(tf.TensorSpec(shape, x.dtype) for shape, x in zip(shapes, first, strict=True)),
                    *keras.tree.map_structure(spec, others),
                ]
                whole = tf.function(function, input_signature=signature, autograph=False)
                traced.append(whole.get_concrete_function())
        return traced[0](*tensors)

    return call


def _with_jax(model, function):
    import jax

    @jax.jit
    def with_weights(weights, *tensors):
        with keras.StatelessScope(state_mapping=list(zip(model.variables, weights, strict=True))):
            return function(*tensors)

    def call(*tensors):
        return with_weights([variable.value for variable in model.variables], *_as_tensors(tensors))

    return call
