"""Which digit is this? One-to-one: one image in, one class out, and why nobody uses an RNN for it.

     seven                                    seven
       ^                                        ^
      [h]        beside      [h] -> [h] ... -> [h]
       ^                      ^      ^          ^
    the image               row 1  row 2      row 8

Data: by default digits, 1,797 images of 8 x 8 pixels that scikit-learn carries (CC BY 4.0), a fifth of
them the test split, by a hash of the image; no network is needed. Other choices: mnist and
fashion_mnist of TFDS, or another dataset there of images of one size.

Textbooks begin their list of types with one-to-one: a sequence of one step. There is no step before it,
so its state is zero, whatever the recurrent weights U would have made of it: a SimpleRNN is a dense
layer with tanh, and LSTM and GRU are one with gates that have nothing to remember. To show it, the
table has each network twice, as trained and with U set to zero. The same cell may instead read the
image as a sequence of rows (many-to-one), where U carries all that it knows of the rows above. Beside
both, logistic regression, which has neither steps nor a hidden layer. To expect, in half a minute:
0.980 in one step, 0.970 row by row (means of three seeds), 0.989 by logistic regression.

One-to-one is no paper's model, see Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural
Networks", for the list. Reading images in sequence follows Le et al. 2015, "A Simple Way to Initialize
Recurrent Networks of Rectified Linear Units". Different here: rows instead of single pixels.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

import zoo

SPLITS = {"train": "train[:90%]", "validation": "train[90%:]", "test": "test"}
EPOCHS = {"digits": 30}  # small; 4 for others


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("digits", "digits, mnist, fashion_mnist, or others of TFDS with images")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    units: int = zoo.flag(64, "size of the state")
    learning_rate: float = zoo.flag(0.003, "of Adam, at first; it falls to 0 along a cosine")
    epochs: int = zoo.flag(0, "passes over the training split, 0 for what suits the dataset")
    batch_size: int = zoo.flag(32, "images in a batch")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "train on all devices, and with JAX in all processes")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a few rows and one epoch, to see that everything runs")


def read_images(name, split, data_dir):
    """Images `[rows, height, features of a row]` as they are, and their labels `[rows]`."""
    dataset = zoo.datasets.load(name, split, data_dir)
    spec = dataset.element_spec
    shape = getattr(spec.get("image"), "shape", (None,))
    if None in shape or "label" not in spec:
        raise zoo.InputError(
            f"{name} has no images of one size, or no labels. Received: {', '.join(spec)}"
        )
    rows = list(dataset.as_numpy_iterator())
    images = np.array([row["image"].reshape(shape[0], -1) for row in rows], "float32")
    return images, np.array([row["label"] for row in rows])


def without_recurrence(model, images):
    """What the model answers if its recurrent weights U are zero, and how many these are."""
    weights = model.get_weights()
    kernels = [variable for variable in model.variables if variable.path.endswith("recurrent_kernel")]
    for kernel in kernels:
        kernel.assign(np.zeros(kernel.shape))
    answers = model.predict(images, verbose=0)
    model.set_weights(weights)
    return answers, sum(int(np.prod(kernel.shape)) for kernel in kernels)


def main(config):
    zoo.tasks.check_output(config.output)
    config = dataclasses.replace(config, epochs=config.epochs or EPOCHS.get(config.dataset, 4))
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)

    # Data.
    data = {
        split: read_images(config.dataset, part, config.data_dir or None)
        for split, part in SPLITS.items()
    }
    keras.utils.set_random_seed(config.seed)  # now: preparing a dataset draws random numbers
    num_classes = 1 + max(int(labels.max()) for _, labels in data.values())
    if num_classes < 3:
        raise zoo.InputError(f"Images of three classes or more are needed. Received: {num_classes}")
    if config.smoke:
        data = {split: (images[:200], labels[:200]) for split, (images, labels) in data.items()}
    brightest = data["train"][0].max()
    data = {split: (images / brightest, labels) for split, (images, labels) in data.items()}
    images, labels = data["train"]  # [rows, height, features], [rows]
    sizes = ", ".join(f"{len(labels)} {split}" for split, (_, labels) in data.items())
    print(f"{sizes} images of {images.shape[1]} rows of {images.shape[2]}, {num_classes} classes")

    # The models: the image in one step, and row by row.
    sizes = {"cell": config.cell, "units": config.units, "num_classes": num_classes}
    models = {
        "one step": zoo.build("one_to_one", input_shape=images.shape[1:], **sizes),
        "row by row": zoo.build("many_to_one", num_features=images.shape[2], **sizes),
    }
    for model in models.values():
        zoo.training.check_model(model, data["validation"], config.output, num_classes=num_classes)
    histories, metrics, predicted = {}, {}, {}
    for name, model in models.items():
        print(f"\n{zoo.training.cells_of(model)}, {name}:")
        num_steps = config.epochs * -(-len(images) // config.batch_size)
        learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        best = keras.callbacks.EarlyStopping(
            "val_accuracy", patience=config.epochs, restore_best_weights=True
        )
        fitted = model.fit(
            images,
            labels,
            validation_data=data["validation"],
            epochs=config.epochs,
            batch_size=config.batch_size,
            callbacks=[best, zoo.training.RaiseOnNaN()],
        )
        histories[name] = fitted.history

    # The test split, once, beside a baseline without recurrence.
    test_images, test_labels = data["test"]
    for name, model in models.items():
        predicted[name] = model.predict(test_images, verbose=0).argmax(axis=1)
        without, num_recurrent = without_recurrence(model, test_images)
        metrics[f"{zoo.training.cells_of(model)}, {name}"] = {
            "accuracy": np.mean(predicted[name] == test_labels),
            "with U = 0": np.mean(without.argmax(axis=1) == test_labels),
            "parameters": model.count_params(),
            "of these in U": num_recurrent,
        }
    flat = images.reshape(len(images), -1)  # [rows, height * features]
    regression = LogisticRegression(max_iter=200).fit(flat, labels)
    accuracy = regression.score(test_images.reshape(len(test_images), -1), test_labels)
    metrics["logistic regression"] = {
        "accuracy": accuracy,
        "with U = 0": accuracy,
        "parameters": regression.coef_.size + regression.intercept_.size,
        "of these in U": 0,
    }
    print(f"\n{'Test split':24s}" + "".join(f"{n:>15s}" for n in metrics["logistic regression"]))
    for name, row in metrics.items():
        cells = (f"{x:15.4f}" if isinstance(x, float) else f"{x:15d}" for x in row.values())
        print(f"{name:24s}" + "".join(cells))

    # A few predictions to judge by eye.
    print(f"\n{'truth':24s}{test_labels[:20]}")
    for name, classes in predicted.items():
        print(f"{name:24s}{classes[:20]}")

    if not config.output:
        print("\nNothing was written; --output DIR keeps the model.")
        return
    wrong = np.flatnonzero(predicted["one step"] != test_labels)
    figure, axes = plt.subplots(2, 8, figsize=(10, 3.5), layout="constrained")
    figure.suptitle("one step: the class it gives, and the right one")
    for axis, i in zip(axes.flat, [*wrong, *range(len(test_labels))], strict=False):
        axis.imshow(test_images[i], cmap="gray_r")
        axis.set_title(f"{predicted['one step'][i]}, {test_labels[i]}")
        axis.axis("off")
    rows = zoo.datasets.load(config.dataset, "test", config.data_dir or None)
    task = {
        "task": "image_classification",
        "type": "one_to_one",
        "cell": zoo.training.cells_of(models["one step"]),
        "dataset": config.dataset,
        "labels": [str(i) for i in range(num_classes)],
        "preprocessing": {
            "shape": list(rows.element_spec["image"].shape),
            "divide_by": float(brightest),
        },
        "config": dataclasses.asdict(config),
    }
    results = {"metrics": {"test": metrics}, "history": histories["one step"]}
    zoo.save(config.output, models["one step"], task=task, figures={"mistakes": figure}, **results)
    print(f"\nWritten to {config.output}: model, metrics, history and a picture of mistakes.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
