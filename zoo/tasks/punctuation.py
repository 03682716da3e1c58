"""Punctuation: texts without capitals and marks to texts that have them."""

import re

import numpy as np

from zoo import recipe, text
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts

CASES = {"lower": str.lower, "Capital": str.capitalize, "UPPER": str.upper}
# What the card says about words. The second text is in older cards, and means the same.
PATTERNS = ("zoo.text.WORD", r"[^\W_]+(?:['-][^\W_]+)*")


def defaults(num_words, window, batch_size=None):
    """Chooses the flags of the recipe that depend on the length of the training text.

    Args:
        num_words: the number of words in the training text.
        window: the number of words that the model sees at once.
        batch_size: the number of windows in a batch, if the user chose it.

    Returns:
        A dict from the name of a flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {name: value for name, (value, _) in defaults(4_600_000, window=64).items()}
    {'batch_size': 64, 'dropout': 0.2, 'epochs': 2}
    >>> {name: value for name, (value, _) in defaults(115_000, window=64).items()}
    {'batch_size': 16, 'dropout': 0.5, 'epochs': 15}
    """
    reason = f"training has {num_words:,} words"
    usual = 64 if num_words >= 2_000_000 else 32 if num_words >= 500_000 else 16
    batch_size = batch_size or usual
    dropout = 0.2 if num_words >= 500_000 else 0.5
    epochs = recipe.epochs_for(-(-num_words // window), batch_size, 2250, most=15)
    return {"batch_size": (batch_size, reason), "dropout": (dropout, reason), "epochs": epochs}


def to_paragraphs(texts):
    """Cuts texts into paragraphs: the lines with a word, without HTML's line breaks.

    Args:
        texts: list of str.

    Returns:
        A list of str.

    Example:

    >>> to_paragraphs(["Good. <br /><br />Very good.", "Well...\\n\\n...\\nYes!"])
    ['Good. Very good.', 'Well...', 'Yes!']
    """
    texts = [re.sub(r"\s*<br\s*/?>\s*", " ", one) for one in texts]
    return [line for one in texts for line in one.split("\n") if text.WORD.search(line)]


def pick_sentences(paragraphs, limit=300):
    """The first sentences of 4 to 15 words. If there are none, the first paragraphs.

    Args:
        paragraphs: list of str.
        limit: how many sentences to return.

    Returns:
        A list of str.

    Example:

    >>> pick_sentences(["Well, it is good! Or is it? I am not sure."])
    ['Well, it is good!', 'I am not sure.']
    """
    sentences = [one for some in paragraphs for one in re.split(r"(?<=[.?!])\s+", some)]
    short = [one for one in sentences if 4 <= len(text.WORD.findall(one)) <= 15]
    return short[:limit] or paragraphs[:6]


def split_words(one):
    """Splits a text into words, and into what stands between each word and the next.

    Args:
        one: str, normalized by `zoo.text.normalize`.

    Returns:
        Two lists of str of the same length. Apostrophes in words are straight.

    Example:

    >>> split_words("Well, don’t!")
    (['Well', "don't"], [', ', '!'])
    """
    one = one.replace("’", "'")
    return text.WORD.findall(one), text.WORD.split(one)[1:]


def encode(words, index):
    """Converts words to tokens. Capitals make no difference.

    Args:
        words: list of str.
        index: dict of word in lower case to token.

    Returns:
        Integers `[time]`, 1 for an unknown word.

    Example:

    >>> encode(["Well", "yes"], {"yes": 2}).tolist()
    [1, 2]
    """
    return np.array([index.get(word.lower(), 1) for word in words], "int32")


def decode(words, tags):
    """Writes words with their cases and marks.

    Args:
        words: list of str.
        tags: for each word a pair: its case, a key of `CASES`, and the mark after it.

    Returns:
        str.

    Example:

    >>> decode(["well", "yes"], [("Capital", ","), ("lower", "!")])
    'Well, yes!'
    """
    pairs = zip(words, tags, strict=True)
    return " ".join(CASES[case](word) + mark for word, (case, mark) in pairs)


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_vocabulary(card, model, "vocabulary", "embedding")
    checks.check_inputs(model, [(None, None)])
    labels = checks.get(card, "labels")
    is_list = isinstance(labels, list) and all(isinstance(pair, list) for pair in labels)
    is_pairs = is_list and all(
        len(pair) == 2 and pair[0] in list(CASES) and isinstance(pair[1], str) for pair in labels
    )
    size = checks.output_size(model, 3)
    if not is_pairs or len(labels) != (size or len(labels)):
        allowed = f"{size or 'some'} pairs of a case ({', '.join(CASES)}) and a mark"
        checks.refuse(card, ("labels",), allowed)
    if checks.get(card, "preprocessing", "word") not in PATTERNS:
        allowed = f"{PATTERNS[0]!r}, because no other pattern is run"
        checks.refuse(card, ("preprocessing", "word"), allowed)


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts.

    It returns the texts with capitals and punctuation marks.

    Marks in the input are dropped, and capitals in it make no difference.
    """
    predict = running.compile_model(model)
    index = {word: i for i, word in enumerate(card["vocabulary"])}

    def answer(texts):
        words = [split_words(one)[0] for one in normalize_texts(texts)]
        filled = [i for i, some in enumerate(words) if some]
        rows = [(encode(words[i], index),) for i in filled]
        answers = [""] * len(words)
        for i, p in zip(filled, running.predict_rows(predict, rows), strict=True):
            best = p[: len(words[i])].argmax(axis=-1)  # [time]
            answers[i] = decode(words[i], [card["labels"][tag] for tag in best])
        return answers

    return answer
