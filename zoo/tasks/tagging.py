"""Tagging: texts to spans with a label, such as names of persons or parts of speech."""

import numpy as np

from zoo import datasets, text
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def decode(probabilities, labels):
    """Finds the likeliest tag of each word.

    Args:
        probabilities: floats `[words, tags]`, without padding.
        labels: list of str, a name for each tag.

    Returns:
        A list of str.

    Example:

    >>> decode(np.array([[0.9, 0.1], [0.2, 0.8]]), ["O", "B-LOC"])
    ['O', 'B-LOC']
    """
    return [labels[best] for best in probabilities.argmax(axis=-1)]


def chunks(iob2):
    """Where the chunks of a sentence are.

    Args:
        iob2: list of tags in IOB2.

    Returns:
        A list of tuples: the index of the first word, the index after the last word, and the type.

    Example:

    >>> chunks(["B-PER", "I-PER", "O", "B-LOC"])
    [(0, 2, 'PER'), (3, 4, 'LOC')]
    """
    found, last = [], "O"
    for i, tag in enumerate(iob2):
        if tag.startswith("I-") and tag[2:] == last[2:]:  # continues the last chunk
            found[-1] = (found[-1][0], i + 1, tag[2:])
        elif tag != "O":
            found.append((i, i + 1, tag[2:]))
        last = tag
    return found


def spans(one, iob2):
    """Finds the spans that tags mark in a text.

    Args:
        one: str, or a list of words.
        iob2: list of tags in IOB2, one for each word of `zoo.text.split_tokens`.

    Returns:
        A list of dicts of text, label, start and end. They refer to the text before it was
        normalized.

    Example:

    >>> spans(["In", "New", "York"], ["O", "B-LOC", "I-LOC"])
    [{'text': 'New York', 'label': 'LOC', 'start': 3, 'end': 11}]
    """
    whole, words = text.split_tokens(one)
    found = []
    for first, end, label in chunks(iob2):
        start, end = words[first][1], words[end - 1][2]
        found.append({"text": whole[start:end], "label": label, "start": start, "end": end})
    return found


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_vocabulary(card, model, "vocabulary", "embedding")
    checks.check_inputs(model, [(None, None)], [(None, None), (None, None, None)])
    if len(getattr(model, "inputs", None) or []) == 2:
        checks.check_vocabulary(card, model, "characters", "character_embedding")
    else:
        checks.check_texts(card, "characters", 0, 1_000_000)
    labels = checks.check_labels(card, checks.output_size(model, 3))
    scheme = checks.get(card, "preprocessing", "tags")
    if scheme not in ("IOBES", "one a word"):
        checks.refuse(card, ("preprocessing", "tags"), "'IOBES' or 'one a word'")
    is_iobes = all(label == "O" or label[:2] in ("B-", "I-", "E-", "S-") for label in labels)
    if scheme == "IOBES" and not is_iobes:
        checks.refuse(card, ("labels",), "O, or B-, I-, E- or S- and a type")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts, or of lists of words.

    For each text it returns a list of spans.
    """
    vocabulary, characters = (
        {name: i for i, name in enumerate(card[part])} for part in ("vocabulary", "characters")
    )
    reads_characters, is_iobes = len(model.inputs) > 1, card["preprocessing"]["tags"] == "IOBES"
    predict = running.compile_model(model)

    def answer(texts):
        for one in texts:
            if not isinstance(one, str | list | tuple | np.ndarray):
                raise InputError(
                    f"Give a list of texts, or of lists of words. Received: {one!r:.80} in it"
                )
            normalize_texts([one] if isinstance(one, str) else one)  # refuses what is not a text
        split = [text.split_tokens(one)[1] for one in texts]
        filled = [i for i, words in enumerate(split) if words]
        rows = []
        for i in filled:
            words = [word.replace("’", "'") for word, *_ in split[i]]
            encoded = text.encode_words(words, vocabulary, characters)
            rows.append(encoded if reads_characters else encoded[:1])
        answers = [[] for _ in split]
        for i, p in zip(filled, running.predict_rows(predict, rows), strict=True):
            tags = decode(p[: len(split[i])], card["labels"])
            iob2 = datasets.to_iob2(tags) if is_iobes else [f"B-{tag}" for tag in tags]
            answers[i] = spans(texts[i], iob2)
        return answers

    return answer
