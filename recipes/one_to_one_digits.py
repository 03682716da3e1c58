"""Which digit is this? One-to-one: one image in, one class out.

     seven                                    seven
       ^                                        ^
      [h]          or        [h] -> [h] ... -> [h]
       ^                      ^      ^          ^
    the image               row 1  row 2      row 8

Data: by default digits, 1,797 images of 8 x 8 pixels that come with scikit-learn (CC BY 4.0). No
download is needed. A hash of the image decides whether it belongs to the test split, which has a fifth
of the images. You can also use mnist or fashion_mnist from TFDS (TensorFlow Datasets), or any other
dataset of TFDS with an image and a label.

Your own images: --dataset photos, a folder with a folder of images for each class (photos/cat/1.jpg),
or with such folders in train and test. The images may have any size and format. Or a CSV with a label
and all pixels of an image in each row, as on Kaggle.

In textbooks, one-to-one is the first type of network: a sequence of one step. There is no earlier step,
so the state is zero and the recurrent weights U have no effect. A SimpleRNN is then a dense layer with
tanh. An LSTM or a GRU is then a dense layer with gates, and the gates have nothing to remember. To show
this, the table scores each network twice: first as trained, then with U set to zero.

The same cell can also read the image row by row (many-to-one). Then U carries everything that the cell
knows about the earlier rows. The baseline, a simple model to compare with, is logistic regression.

Expect these test accuracies after half a minute on one CPU core (means of three seeds): 0.980 in one
step, 0.970 row by row, and 0.989 for logistic regression.

No paper introduced one-to-one. The list of types is from Karpathy 2015, "The Unreasonable
Effectiveness of Recurrent Neural Networks". Reading images as sequences is from Le et al. 2015, "A
Simple Way to Initialize Recurrent Networks of Rectified Linear Units". Difference from that paper: the
network reads rows, not single pixels.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

import zoo
from zoo.tasks import image_classification
from zoo.tasks.text_classification import class_probabilities


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("digits", "digits, mnist, another name of TFDS, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own CSV of pixels")
    image_size: int | None = zoo.flag(None, "height and width of the images in pixels")
    units: int = zoo.flag(64, "size of the state")
    learning_rate: float = zoo.flag(0.003, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int = zoo.flag(32, "images in a batch")


def likeliest(outputs):
    """The likeliest class of each image `[images]`."""
    return class_probabilities(outputs).argmax(axis=1)


def without_recurrence(model, images):
    """The model's predictions with all recurrent weights U set to zero, and how many these are."""
    weights = model.get_weights()
    kernels = [variable for variable in model.variables if variable.path.endswith("recurrent_kernel")]
    for kernel in kernels:
        kernel.assign(np.zeros(kernel.shape))
    answers = model.predict(images, verbose=0)
    model.set_weights(weights)
    return answers, sum(int(np.prod(kernel.shape)) for kernel in kernels)


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)

    # Data: images as rows of numbers.
    splits, label_names, white = zoo.datasets.load_images(
        config.dataset, config.data_dir or None, config.image_size, config.encoding
    )
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:
        splits = {split: (images[:200], labels[:200]) for split, (images, labels) in splits.items()}
    data = {
        split: (image_classification.encode(images, white), labels)
        for split, (images, labels) in splits.items()
    }
    images, labels = data["train"]  # [images, height, width * channels], [images]
    num_classes = len(label_names)
    sizes = ", ".join(f"{len(labels)} {split}" for split, (_, labels) in data.items())
    print(f"{sizes} images of {images.shape[1]} rows of {images.shape[2]}, {num_classes} classes")
    row = " ".join(f"{number:.2f}" for number in images[0, len(images[0]) // 2, :12])
    print(f"First row, as the network sees it: ... {row} ... -> {label_names[labels[0]]}")
    config = zoo.recipe.choose(config, image_classification.defaults(len(images), config.batch_size))

    # Model: one reads the image in one step, the other row by row.
    shared = {"cell": config.cell, "units": config.units, "num_classes": num_classes}
    models = {
        "one step": zoo.build("one_to_one", input_shape=images.shape[1:], **shared),
        "row by row": zoo.build("many_to_one", num_features=images.shape[2], **shared),
    }
    for model in models.values():
        zoo.training.check_model(model, data["validation"], config.output, num_classes=num_classes)
        model.summary()

    # Training: Adam. The epoch with the best validation accuracy is kept.
    histories = {}
    for name, model in models.items():
        print(f"\n{zoo.training.cells_of(model)}, {name}:")
        num_steps = config.epochs * -(-len(images) // config.batch_size)
        learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
        adam = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
        binary = zoo.training.output_shape(model, data["validation"])[-1] == 1  # of two classes
        loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
        model.compile(adam, loss, metrics=["accuracy"])
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
    model, history = models["one step"], histories["one step"]

    # Baseline: logistic regression, without recurrence.
    flat = images.reshape(len(images), -1)  # [images, height * width * channels]
    regression = LogisticRegression(max_iter=200).fit(flat, labels)

    # Scores: the test split, used once.
    (test_images, test_labels), metrics, predicted = data["test"], {}, {}
    for name, its_model in models.items():
        predicted[name] = likeliest(its_model.predict(test_images, verbose=0))
        without, num_recurrent = without_recurrence(its_model, test_images)
        metrics[f"{zoo.training.cells_of(its_model)}, {name}"] = {
            "accuracy": np.mean(predicted[name] == test_labels),
            "with U = 0": np.mean(likeliest(without) == test_labels),
            "parameters": its_model.count_params(),
            "of these in U": num_recurrent,
        }
    predicted["logistic regression"] = regression.predict(test_images.reshape(len(test_images), -1))
    accuracy = np.mean(predicted["logistic regression"] == test_labels)
    metrics["logistic regression"] = {
        "accuracy": accuracy,
        "with U = 0": accuracy,
        "parameters": regression.coef_.size + regression.intercept_.size,
        "of these in U": 0,
    }
    zoo.recipe.print_table("Test split", metrics)
    zoo.print_verdict(
        "one step",
        ["logistic regression"],
        lambda name, rows: np.mean(predicted[name][rows] == test_labels[rows]),
        len(test_labels),
        history=history,
        monitor="val_accuracy",
        tips=[f"--units {4 * config.units}, a larger state", "more images"],
    )

    # Examples: predictions to judge by eye, and a picture of the images that the network gets wrong.
    right = predicted["one step"] == test_labels
    print()
    for i in zoo.recipe.pick_examples(right):
        answers = [f"{name} {label_names[classes[i]]}" for name, classes in predicted.items()]
        print(f"truth {label_names[test_labels[i]]}: {', '.join(answers)}")
    # If there are few wrong ones, right ones fill the rest of the picture.
    shown = [*np.flatnonzero(~right), *np.flatnonzero(right)][:16]
    figure = zoo.plots.plot_images(
        [splits["test"][0][i] / white for i in shown],
        [f"{label_names[predicted['one step'][i]]}, {label_names[test_labels[i]]}" for i in shown],
        "one step: predicted class, true class",
    )

    # Saving: the trained model that reads in one step, and what is needed to use it.
    card = {
        "task": "image_classification",
        "type": "one_to_one",
        "dataset": config.dataset,
        "labels": label_names,
        "preprocessing": {"shape": list(splits["test"][0].shape[1:]), "divide_by": white},
    }
    figures = {"mistakes": figure}
    zoo.recipe.save(config, model, card, metrics={"test": metrics}, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
