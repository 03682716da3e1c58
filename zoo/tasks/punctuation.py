"""Punctuation: texts without capitals and marks to texts that have them."""

import numpy as np

from zoo import text
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts

CASES = {"lower": str.lower, "Capital": str.capitalize, "UPPER": str.upper}
# What the card says about words. The second text is in older cards, and means the same.
PATTERNS = ("zoo.text.WORD", r"[^\W_]+(?:['-][^\W_]+)*")


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
