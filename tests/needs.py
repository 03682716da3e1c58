"""Marks for tests that need what a plain installation lacks. Each says how to get it."""

import importlib.util
import os
import pathlib

import keras
import pytest


def package(name, module):
    return pytest.mark.skipif(
        not importlib.util.find_spec(module), reason=f"{name}: python -m pip install {module}"
    )


jax = package("JAX", "jax")
QUICK_JAX = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # JAX spends most of its time on compiling
torch = package("PyTorch", "torch")
NO_DATA = "datasets that are not in a package: set TFDS_DATA_DIR to a folder that has them"
data = pytest.mark.skipif("TFDS_DATA_DIR" not in os.environ, reason=NO_DATA)
DATA = pathlib.Path(os.environ.get("TFDS_DATA_DIR", "no data"))
MANUAL = DATA / "downloads" / "manual"


def files(*paths):
    return pytest.mark.skipif(not all(path.exists() for path in paths), reason=NO_DATA)


tensorflow_backend = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the tensorflow backend: unset KERAS_BACKEND"
)
