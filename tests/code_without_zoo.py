"""What test_code runs in a new process that cannot import zoo.

    python tests/code_without_zoo.py FOLDER

FOLDER/NAME.py is a program that `zoo.code` wrote. FOLDER/NAME.npz has the inputs of its model and the
weights to copy. It also has the answers to train with, if the model has a loss of its own, and the
length to generate. This writes what the models answer to FOLDER/answers.npz.
"""

import pathlib
import sys

import keras
import numpy as np


def numbered(arrays, name):
    """The arrays `name_0`, `name_1` and so on, as a list."""
    return [arrays[f"{name}_{i}"] for i in range(sum(key.startswith(f"{name}_") for key in arrays))]


def answer(source, arrays):
    """What a program's model answers, as a dict of arrays."""
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    program = {"__name__": "program"}
    exec(source, program)
    model, inputs = program["model"], numbered(arrays, "input")
    given = inputs if len(inputs) > 1 else inputs[0]
    answers = {f"first_{i}": weights for i, weights in enumerate(model.get_weights())}
    model.set_weights(numbered(arrays, "weights"))
    outputs = keras.tree.flatten(model(given))
    answers |= {f"output_{i}": keras.ops.convert_to_numpy(x) for i, x in enumerate(outputs)}
    model.run_eagerly = keras.backend.backend() != "jax"  # compiling takes longer
    if "max_length" in arrays:
        answers["greedy"] = program["generate"](model, inputs[0], int(arrays["max_length"]))
    if "answers" in arrays:
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=keras.backend.backend() != "jax")
        losses = [model.train_on_batch(given, arrays["answers"]) for _ in range(2)]
        answers["losses"] = np.array(losses, "float32")
    return answers


def main(folder):
    answers = {}
    for path in sorted(folder.glob("*.py")):
        arrays = dict(np.load(path.with_suffix(".npz")))
        found = answer(path.read_text("utf-8"), arrays)
        answers |= {f"{path.stem}/{name}": array for name, array in found.items()}
    np.savez(folder / "answers.npz", **answers)


if __name__ == "__main__":
    sys.modules["zoo"] = None  # an import of it, or of a part of it, now fails
    main(pathlib.Path(sys.argv[1]))
