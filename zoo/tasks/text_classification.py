"""Text classification: texts to label probabilities."""

import collections
import textwrap

import numpy as np

from zoo import recipe, text
from zoo.errors import InputError
from zoo.tasks import checks, language_model, running
from zoo.tasks.inputs import normalize_texts

FEW_TEXTS = 10000  # with fewer of them, other flags are better


def split_words(texts, tokenizer=None):
    """Splits texts into words and punctuation marks, in lower case, or into subwords.

    Args:
        texts: list of str, normalized (see `zoo.text.normalize`).
        tokenizer: a `zoo.tasks.language_model.Tokenizer` of words or subwords, or None for words.

    Returns:
        A list of lists of str, in reading order. None of them is empty.

    Example:

    >>> split_words(["The food isn't good!"])
    [['the', 'food', 'is', "n't", 'good', '!']]
    """
    if tokenizer and tokenizer.level == "subword":
        forward = tokenizer._replace(backward=False)
        return [one or ["[UNK]"] for one in language_model.tokenize(texts, forward)]
    lines = text.separate_words(texts).numpy()
    return [line.decode().split() for line in lines]


def list_words(word_lists, vocabulary_size, glove="", dim=100, tokenizer=None):
    """Lists the words that have a vector, and finds their pretrained vectors.

    Args:
        word_lists: the words of the training texts, a list of lists of str.
        vocabulary_size: how many of the most frequent words are known.
        glove: a file of pretrained vectors, or `""` for none. Its words get vectors too, even if
            training does not have them.
        dim: the size of a vector.
        tokenizer: the `zoo.tasks.language_model.Tokenizer` whose words to take instead, or None.

    Returns:
        A list of str: padding, [UNK], and the words. And an array `[words, dim]`, or None.

    Example:

    >>> list_words([["not", "good"], ["not", "bad"]], vocabulary_size=4)
    (['', '[UNK]', 'not', 'good'], None)
    """
    if tokenizer:
        return tokenizer.vocabulary, None
    counts = collections.Counter(word for words in word_lists for word in words)
    most_frequent = sorted(counts, key=lambda word: (counts[word], word), reverse=True)
    names = ["", "[UNK]", *most_frequent][:vocabulary_size]
    if not glove:
        return names, None
    names, vectors, found = text.glove_vocabulary(glove, names[2:], dim)
    print(f"pretrained vectors for {found} of the training words")
    return names, vectors


def encode(words, index, keep_last, backward=False):
    """Converts the words of a text to tokens.

    Args:
        words: list of str, in reading order.
        index: dict of word to token.
        keep_last: how many words to keep, from the end of the text.
        backward: whether the last word comes first, for a network that starts from a language model
            that reads backward.

    Returns:
        Integers `[time]`, 1 for an unknown word.

    Example:

    >>> words, index = ["the", "food", "is", "good"], {"is": 2, "good": 3}
    >>> encode(words, index, keep_last=3).tolist()
    [1, 2, 3]
    >>> encode(words, index, keep_last=3, backward=True).tolist()
    [3, 2, 1]
    """
    tokens = np.array([index.get(word, 1) for word in words[-keep_last:]], "int32")
    return tokens[::-1] if backward else tokens


def sample(texts, labels, number, seed):
    """Draws some rows of a split.

    Args:
        texts: list of str.
        labels: integers `[texts]`.
        number: how many rows to draw. If there are fewer, all are drawn.
        seed: int, for the random numbers.

    Returns:
        The texts and the labels, in the same order as before.

    Raises:
        ValueError: the drawn rows lack a label.

    Example:

    >>> sample(["bad", "poor", "fine", "good"], np.array([0, 0, 1, 1]), 2, seed=0)
    (['bad', 'fine'], array([0, 1]))
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(texts))[:number])
    counts = [len(np.unique(some)) for some in (labels[rows], labels)]
    if counts[0] < counts[1]:
        raise InputError(
            f"The texts that were drawn have only {counts[0]} of {counts[1]} labels: give a larger "
            f"--train-texts. Received: {number}"
        )
    return [texts[row] for row in rows], labels[rows]


def as_seen(words, vocabulary, keep_last, backward=False):
    """A text as the network sees it, for people to read. Only its beginning, if it is long.

    Args:
        words: list of str.
        vocabulary: list of str, the words that the network knows.
        keep_last, backward: see `encode`.

    Returns:
        str, with `[UNK]` for each unknown word.

    Example:

    >>> as_seen(["the", "food", "is", "good"], ["", "[UNK]", "is", "good"], keep_last=3)
    '[UNK] is good'
    """
    index = {word: i for i, word in enumerate(vocabulary)}
    seen = " ".join(vocabulary[i] for i in encode(words, index, keep_last, backward))
    return textwrap.shorten(seen, 200, placeholder=" ...")


def defaults(num_rows, batch_size=None, pretrained=""):
    """Chooses flags that fit the number of texts.

    Many texts are read in few epochs, and the last state decides. With few texts the maximum over all
    states decides, because then every word has a short way to the answer. Smaller batches and larger
    steps of Adam make up for the few updates in an epoch.

    Args:
        num_rows: the number of training texts.
        batch_size: the number of texts in a batch, if it is chosen already.
        pretrained: the language model that the network starts from, or `""` for none.

    Returns:
        A dict of flags for `zoo.recipe.choose`.

    Example:

    >>> {name: value for name, (value, _) in defaults(5452).items()}
    {'pooling': 'max', 'learning_rate': 0.002, 'batch_size': 32, 'epochs': 12}
    >>> {name: value for name, (value, _) in defaults(19902).items()}
    {'pooling': 'last', 'learning_rate': 0.001, 'batch_size': 64, 'epochs': 4}
    >>> defaults(19902, pretrained="my-language-model")["pooling"][0]
    'concat'
    """
    count = f"{num_rows:,} training texts"
    if num_rows < FEW_TEXTS:
        updates = 2000
        chosen = {
            "pooling": ("max", f"with {count} it learns faster than the last state does"),
            "learning_rate": (0.002, f"{count} give few updates, so they should be large"),
            "batch_size": (32, f"larger batches of {count} would give too few updates"),
        }
    else:
        updates = 1250
        chosen = {
            "pooling": ("last", f"{count} are enough for the last state to learn what matters"),
            "learning_rate": (0.001, f"{count} give many updates, so they can be small"),
            "batch_size": (64, f"{count} give many updates, also in larger batches"),
        }
    if pretrained:
        reason = "the states of a language model say something at each word (Howard & Ruder 2018)"
        chosen["pooling"] = ("concat", reason)
    batch_size = batch_size or chosen["batch_size"][0]
    chosen["epochs"] = recipe.epochs_for(num_rows, batch_size, updates, least=4, most=40)
    return chosen


def tips(pretrained, pooling, num_rows):
    """What to try if a network does not beat the baselines, for `zoo.print_verdict`.

    Args:
        pretrained: the file of pretrained word vectors or the pretrained model, or `""` for none.
        pooling: how the states become one vector.
        num_rows: the number of training texts.

    Example:

    >>> tips("glove.6B.zip", "max", 500)
    ['--pooling attention', 'more than 500 training texts']
    >>> tips("", "last", 500)[1]
    '--pretrained text-imdb-lstm, a language model that has read film reviews'
    """
    other = "attention" if pooling == "max" else "max"
    found = [f"--pooling {other}", f"more than {num_rows:,} training texts"]
    if pretrained:
        return found
    return [
        "--glove glove.6B.zip, for word vectors from more English text",
        "--pretrained text-imdb-lstm, a language model that has read film reviews",
        *found,
    ]


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


def print_answer(text, probabilities, labels, truth=None):
    """Prints a text, the likeliest label, and whether it is the right one.

    Args:
        text: str. Only its beginning is printed.
        probabilities: floats `[classes]`.
        labels: list of str, a name for each class.
        truth: the number of the right class, or None if there is none.

    Example:

    >>> print_answer("The food is good", [0.25, 0.75], ["negative", "positive"])
    The food is good                                             positive (0.75)
    >>> print_answer("The food is bad", [0.25, 0.75], ["negative", "positive"], truth=0)
    The food is bad                                              positive (0.75), wrong: it is negative
    """
    best = int(np.argmax(probabilities))
    label, probability = labels[best], probabilities[best]
    is_right = truth in (None, best)
    comment = "" if is_right else f", wrong: it is {labels[truth]}"
    print(f"{textwrap.shorten(text, 60, placeholder=' ...'):60s} {label} ({probability:.2f}){comment}")


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_vocabulary(card, model, "vocabulary", "embedding")
    checks.check_integer(card, "preprocessing", "keep_last")
    checks.check_inputs(model, [(None, None)])
    checks.check_classes(card, model)
    if checks.get(card, "preprocessing", "level") not in (checks.NOTHING, "subword", "word"):
        checks.refuse(card, ("preprocessing", "level"), "'subword' or 'word'")
    language_model.check_backward(card)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts.

    For each text it returns a dict of label to probability.
    """
    predict = running.compile_model(model)
    index = {word: i for i, word in enumerate(card["vocabulary"])}
    keep_last = card["preprocessing"]["keep_last"]
    tokenizer = language_model.read_tokenizer(card, files)

    def answer(texts):
        texts = normalize_texts(texts)
        if not texts:
            return []
        words = split_words(texts, tokenizer)
        rows = [(encode(some, index, keep_last, tokenizer.backward),) for some in words]
        outputs = np.stack(running.predict_rows(predict, rows))  # [texts, classes] or [texts, 1]
        return [decode(p, card["labels"]) for p in class_probabilities(outputs)]

    return answer
