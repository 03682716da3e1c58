"""Compiles a function that uses a model's layers, on every backend."""

import threading

import keras

_TRACING = threading.Lock()  # TensorFlow's threads trace one after the other


def compiled(model, function, shapes=None):
    """A compiled form of `function(*tensors)`, which reads the model's weights anew in each call.

    It may be called from several threads. TensorFlow traces it once for all lengths, JAX once for each
    shape. PyTorch runs it as it is, without gradients.

    Args:
        model: the `keras.Model` whose layers the function calls.
        function: takes nested structures of tensors and returns such a structure.
        shapes: what TensorFlow may take as fixed: for each argument its shape, None where a size may
            differ from call to call. If None, the first axis may differ, and so may the second one
            of integers, of booleans and of tensors with three axes.

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
                signature = keras.tree.map_structure(spec, tensors)
                if shapes:
                    signature = [
                        tf.TensorSpec(shape, tensor.dtype)
                        for shape, tensor in zip(shapes, tensors, strict=True)
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
