"""Averages the probabilities of classifiers of texts, such as one that reads forward and one backward.

    python benchmarks/averaging.py FOLDER FOLDER ...

A folder is what recipes/many_to_one_sentiment.py wrote with --output, or the name of a trained model of
the package. All of them must have the same labels. The program prints the accuracy of each one, and of
the average, on the validation split and on the test split of the first one's dataset.
"""

import argparse
import pathlib
import sys

if __name__ == "__main__":
    root = pathlib.Path(__file__).parent.parent
    sys.path.insert(0, str(root))  # the zoo need not be installed

import numpy as np

import zoo


def average(folders):
    """Prints a table with the accuracy of each classifier and of their average. Returns it, a dict."""
    tasks = {folder: zoo.load(folder) for folder in folders}
    for folder, task in tasks.items():
        if task.card["task"] != "text_classification":
            raise zoo.InputError(
                "Give classifiers of texts, from recipes/many_to_one_sentiment.py. "
                f"Received: {folder}, a model for {task.card['task']}"
            )
    card = tasks[folders[0]].card
    names = "data_dir", "text_column", "label_column", "encoding"
    options = {name: card["config"][name] for name in names if card["config"].get(name)}
    splits, labels = zoo.datasets.load_texts(card["dataset"], **options)
    for folder, task in tasks.items():
        if task.card["labels"] != labels:
            raise zoo.InputError(
                f"The labels must be those of {card['dataset']}, {', '.join(labels)}. "
                f"Received: {folder} with {', '.join(task.card['labels'])}"
            )
    accuracy = {name: {} for name in [*folders, "average"]}
    for split in ("validation", "test"):
        texts, truth = splits[split]
        answers = {
            folder: np.array([[answer[label] for label in labels] for answer in task.predict(texts)])
            for folder, task in tasks.items()
        }  # [texts, classes]
        answers["average"] = np.mean([*answers.values()], axis=0)
        for name, probabilities in answers.items():
            accuracy[name][split] = np.mean(probabilities.argmax(axis=1) == truth)
    zoo.recipe.print_table("Accuracy", accuracy)
    return accuracy


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a trained classifier")
    options = parser.parse_args()
    try:
        average(list(dict.fromkeys(options.folders)))
    except zoo.InputError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
