"""Captioning: images to captions."""

import re

import numpy as np

from zoo import metrics, recipe, verdict
from zoo.datasets.files import read_bytes
from zoo.errors import counted
from zoo.images import describe, read_image
from zoo.tasks import checks, running
from zoo.text import WORD

START, END = 2, 3
TIPS = ("more images with captions", "--baseline, to see whether attention helps")


def defaults(num_captions, are_photographs, batch_size=None):
    """Chooses the flags that fit the data.

    Args:
        num_captions: the number of training captions.
        are_photographs: whether the images are photographs, described by a network that was trained on
            others, or small drawings.
        batch_size: the number of captions in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, see `zoo.recipe.choose`.

    Example:

    >>> {name: value for name, (value, _) in defaults(500, True).items()}
    {'batch_size': 16, 'epochs': 40, 'min_count': 1, 'dropout': 0.5, 'learning_rate': 0.001}
    """
    captions = f"there are {num_captions:,} captions"
    what = "photographs" if are_photographs else "drawings"
    batch_size = batch_size or (64 if num_captions >= 5000 else 16)
    updates = 2800 if are_photographs else 3500
    min_count = 4 if num_captions >= 20_000 else 2 if num_captions >= 5000 else 1
    return {
        "batch_size": (batch_size, captions),
        "epochs": recipe.epochs_for(num_captions, batch_size, updates, least=4, most=40),
        "min_count": (min_count, captions),
        "dropout": (0.4 if num_captions >= 5000 else 0.5, captions),
        "learning_rate": (0.001 if are_photographs else 0.002, f"the images are {what}"),
    }


def split_words(captions):
    """Splits captions into words in lower case, without punctuation.

    Args:
        captions: for each image a list of str.

    Returns:
        For each image a list of lists of words.

    Example:

    >>> split_words([["A dog runs!"]])
    [[['a', 'dog', 'runs']]]
    """
    return [[WORD.findall(text.lower()) for text in some] for some in captions]


def encode(words, index, max_length):
    """Converts the words of a caption to tokens, with a start token and an end token around them.

    Args:
        words: list of str.
        index: dict of word to token.
        max_length: how many tokens to keep after the start token.

    Returns:
        Integers `[time]`, 1 for an unknown word.

    Example:

    >>> encode(["a", "dog", "runs"], {"a": 4, "dog": 5}, max_length=9).tolist()
    [2, 4, 5, 1, 3]
    """
    tokens = [START, *(index.get(word, 1) for word in words), END]
    return np.array(tokens[: max_length + 1], "int32")


def print_words(captions, words, max_length):
    """Prints what a network with these words can see of the captions.

    Args:
        captions: a dict of split to a list with the captions of each image, each a list of words.
        words: a list of the words that the network knows.
        max_length: the length at which captions are cut.

    Example:

    >>> print_words({"train": [[["a", "dog"]]], "test": [[["a", "cat"]]]}, ["a", "dog"], max_length=24)
    2 words; 0.0% of the test images have a caption of them
    First row, as the network sees it: an image -> <s> a dog </s>
    """
    known, (first, *_) = set(words), (words for some in captions["train"] for words in some)
    can_be_told = [any(map(known.issuperset, some)) for some in captions["test"]]
    print(f"{len(words)} words; {np.mean(can_be_told):.1%} of the test images have a caption of them")
    tokens = ["<s>", *(word if word in known else "[UNK]" for word in first), "</s>"]
    print(f"First row, as the network sees it: an image -> {' '.join(tokens[: max_length + 1])}")
    num_long = sum(len(words) >= max_length for some in captions["train"] for words in some)
    if num_long:
        print(f"Cut {counted(num_long, 'caption')} after {max_length} words: see --max-length")


def make_score(systems, references):
    """Makes the function that scores systems for a verdict, by BLEU-4.

    If most references are shorter than four words, it is BLEU with shorter n-grams. It prints a line
    about each system that has written nothing but empty captions.

    Args:
        systems: a dict of the name of a system to its captions, each a list of words.
        references: for each image a list of captions, each a list of words.

    Returns:
        A function for `zoo.print_verdict`.

    Example:

    >>> references = [[["a", "red", "field"]], [["all", "red"]]]
    >>> score = make_score({"gru": [["a", "red"], ["red"]], "rnn": [[], []]}, references)
    All captions of rnn are empty. Train longer: give a larger --epochs.
    >>> score("gru", [0, 1]) == metrics.score_captions([["a", "red"], ["red"]], references)["BLEU-2"]
    True
    """
    lengths = [len(words) for some in references for words in some]
    key = f"BLEU-{min(4, max(1, int(np.median(lengths))))}"
    for name, captions in systems.items():
        verdict.note_empty(captions, f"captions of {name}")

    def score(name, rows):
        captions, references_of_rows = [systems[name][i] for i in rows], [references[i] for i in rows]
        return metrics.score_captions(captions, references_of_rows)[key] or 0.0

    return score


def decode(tokens, vocabulary):
    """Converts tokens to the words of a caption.

    Args:
        tokens: list of integers.
        vocabulary: list of words.

    Returns:
        A list of str.

    Example:

    >>> decode([4, 5], ["", "[UNK]", "<s>", "</s>", "a", "dog"])
    ['a', 'dog']
    """
    return [vocabulary[token] for token in tokens]


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    shape = checks.check_shape(card, "preprocessing", "context")
    network = checks.get(card, "preprocessing", "network")
    if network is not None and not (isinstance(network, str) and re.fullmatch("[0-9a-f]{64}", network)):
        checks.refuse(card, ("preprocessing", "network"), "the SHA-256 of a network, or null")
    if len(shape) != (3 if network is None else 2):
        allowed = "three integers, or two for the features of a network"
        checks.refuse(card, ("preprocessing", "context"), allowed)
    checks.check_generator(model, [(None, *shape), (None, None)])
    checks.check_vocabulary(card, model, "vocabulary", "embedding", checks.output_size(model, 3))
    checks.check_integer(card, "config", "max_length")
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of image files and returns a list of captions.

    Options: max_length, and others of `zoo.decoding.Generator.generate`. For photographs also
    cnn_weights: `"imagenet"`, or the file that the recipe used.
    """
    shape, network = card["preprocessing"]["context"], card["preprocessing"]["network"]

    def answer(images, /, cnn_weights="imagenet", **options):
        if network is None:
            contexts = [read_image(image, shape) for image in images]
        else:
            contents = [read_bytes(image) for image in images]
            contexts = describe(contents, cnn_weights, network)
        options = {"max_length": card["config"]["max_length"], **options}
        beam_width = card["config"]["beam_width"]
        rows = running.generate_rows(model, np.array(contexts), beam_width, options)
        return [" ".join(decode(row, card["vocabulary"])) for row in rows]

    return answer
