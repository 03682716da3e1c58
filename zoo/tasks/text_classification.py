"""Text classification: texts to label probabilities."""

import numpy as np

from zoo import text
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def split_words(texts):
    """Splits texts into words and punctuation marks, in lower case. See `zoo.text.standardize`.

    Args:
        texts: list of str.

    Returns:
        A list of lists of str.

    Example:

    >>> split_words(["The food isn't good!"])
    [['the', 'food', 'is', "n't", 'good', '!']]
    """
    lines = text.standardize(texts).numpy()
    return [line.decode().split() for line in lines]


def encode(words, index, keep_last):
    """Converts the words of a text to tokens.

    Args:
        words: list of str.
        index: dict of word to token.
        keep_last: how many words to keep, from the end of the text.

    Returns:
        Integers `[time]`, 1 for an unknown word.

    Example:

    >>> encode(["the", "food", "is", "good"], {"is": 2, "good": 3}, keep_last=3).tolist()
    [1, 2, 3]
    """
    return np.array([index.get(word, 1) for word in words[-keep_last:]], "int32")


def class_probabilities(outputs):
    """Returns the probability of each class, also for a model with one output.

    One output is the probability of class 1.

    Args:
        outputs: floats `[texts, classes]`, or `[texts, 1]`.

    Returns:
        Floats `[texts, classes]`.

    Example:

    >>> class_probabilities(np.array([[0.25]])).tolist()
    [[0.75, 0.25]]
    """
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def decode(probabilities, labels):
    """Pairs the labels with their probabilities, the likeliest first.

    Args:
        probabilities: floats `[classes]`.
        labels: list of str, a name for each class.

    Returns:
        A dict of label to probability.

    Example:

    >>> decode([0.25, 0.75], ["negative", "positive"])
    {'positive': 0.75, 'negative': 0.25}
    """
    pairs = zip(labels, map(float, probabilities), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_vocabulary(card, model, "vocabulary", "embedding")
    checks.check_integer(card, "preprocessing", "keep_last")
    checks.check_inputs(model, [(None, None)])
    checks.check_classes(card, model)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts.

    For each text it returns a dict of label to probability.
    """
    predict = running.compile_model(model)
    index = {word: i for i, word in enumerate(card["vocabulary"])}
    keep_last = card["preprocessing"]["keep_last"]

    def answer(texts):
        texts = normalize_texts(texts)
        if not texts:
            return []
        rows = [(encode(words, index, keep_last),) for words in split_words(texts)]
        outputs = np.stack(running.predict_rows(predict, rows))  # [texts, classes] or [texts, 1]
        return [decode(p, card["labels"]) for p in class_probabilities(outputs)]

    return answer
