"""Tasks: how a trained model gets from raw input to a readable answer.

`save` writes the folder of a trained model. `load` opens it. `list_presets` lists the trained models
that come with the package.

Each task has a module of its name, such as `zoo.tasks.text_classification`. Recipes call its functions
to encode data and to decode the outputs of a model. A loaded model calls the same functions to answer.
`load` needs two functions in each of these modules:

- `check_card(card, model)` raises an `InputError` unless the content of `task.json` fits the model.
- `make_answer(model, card, files)` returns the function that `predict` or `generate` calls. `files` are
  the other files in the folder, a dict of names to bytes.
"""

import importlib

from zoo.tasks.loading import Task, convert, find, load
from zoo.tasks.names import TASKS
from zoo.tasks.output import check_output
from zoo.tasks.saving import save
from zoo.tasks.trained_models import list_presets

__all__ = ["TASKS", "Task", "check_output", "convert", "find", "list_presets", "load", "save"]


def __getattr__(name):
    """Imports the module of a task when it is first used."""
    if name in TASKS:
        return importlib.import_module(f"zoo.tasks.{name}")
    raise AttributeError(f"module 'zoo.tasks' has no attribute {name!r}")
