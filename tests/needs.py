"""Marks for tests that need what a plain installation lacks. Each says how to get it."""

import importlib.util
import os

import keras
import pytest


def package(name, module):
    return pytest.mark.skipif(
        not importlib.util.find_spec(module), reason=f"{name}: python -m pip install {module}"
    )


jax = package("JAX", "jax")
torch = package("PyTorch", "torch")
data = pytest.mark.skipif(
    "TFDS_DATA_DIR" not in os.environ,
    reason="datasets that are not in a package: set TFDS_DATA_DIR to a folder that has them",
)
tensorflow_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the tensorflow backend: unset KERAS_BACKEND"
)
