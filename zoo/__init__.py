"""A reference zoo of recurrent networks on Keras 3.

    import zoo

    model = zoo.build("many_to_one", cell="gru")

Keras and TensorFlow are imported on first use, so `import zoo` is fast. If your program imports Keras
first, the zoo registers its classes, so that `keras.saving.load_model` opens saved models.
"""

import importlib
import sys

from zoo.errors import InputError
from zoo.flags import flag, run
from zoo.recipe import Config, apply_config
from zoo.registry import build, list_models, register, register_classes
from zoo.tasks import list_presets, load, save
from zoo.verdict import print_verdict

__all__ = [
    "Config",
    "InputError",
    "apply_config",
    "audio",
    "build",
    "cells",
    "code",
    "databases",
    "datasets",
    "decoding",
    "diagnostics",
    "distribution",
    "exporting",
    "flag",
    "images",
    "layers",
    "list_models",
    "list_presets",
    "load",
    "metrics",
    "music",
    "plots",
    "print_verdict",
    "recipe",
    "register",
    "resuming",
    "run",
    "save",
    "tasks",
    "text",
    "training",
    "transfer",
    "video",
]
__version__ = "0.1.0"
FUNCTIONS = {"code": "zoo.copying.code", "transfer": "zoo.transferring"}  # and their modules


def __getattr__(name):
    """Imports a module such as `zoo.datasets`, or a function of `FUNCTIONS`, on first use."""
    if name in FUNCTIONS:
        return getattr(importlib.import_module(FUNCTIONS[name]), name)
    if name in __all__:
        return importlib.import_module(f"zoo.{name}")
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


if "keras" in sys.modules:
    register_classes()
