"""What test_backends runs in a new process, on another backend of Keras.

    python tests/other_backend.py FOLDER

Loads each model in FOLDER/tensorflow, saves it once more in FOLDER/BACKEND, and writes what it answers
to answers.npz there.
"""

import pathlib
import sys

import keras
import numpy as np

import zoo
from zoo.storage import model_files

TASK = {
    "task": "forecasting",  # most models here are not for it: `open_model` opens them all the same
    "dataset": "sunspots",
    "config": {"window": 2, "segment": 1},
    "preprocessing": {"mean": 0.0, "std": 1.0},
}


def save(folder, model):
    zoo.save(folder, model, task=TASK, metrics={}, history={}, figures={})


def open_model(folder):
    """The model of a folder, whether or not it fits its card."""
    folder, card = zoo.tasks.find(folder)
    return model_files.read(folder / "model.keras", card["build"])


def answer(model, inputs):
    """Outputs of a model, and what it generates from its first input, as a dict of arrays."""
    answers = {"outputs": model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])}
    if hasattr(model, "generate"):
        answers["greedy"] = model.generate(inputs[0], 5)
        answers["beam"], answers["scores"] = model.generate(inputs[0], 5, "beam", n_best=1)
    return answers


def main(folder):
    answers, target = {}, folder / keras.backend.backend()
    for path in sorted((folder / "tensorflow").iterdir()):
        model = open_model(path)
        inputs = [*np.load(folder / f"{path.name}.npz").values()]
        found = answer(model, inputs)
        answers |= {f"{path.name}/{name}": array for name, array in found.items()}
        save(target / path.name, model)
    np.savez(target / "answers.npz", **answers)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
