"""Tagging: texts to spans with a label, such as names of persons or parts of speech."""

import numpy as np

from zoo import datasets, recipe, text
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts

LEAST_UPDATES, MOST_UPDATES = 1200, 9000  # of the weights


def defaults(num_sentences, usual_epochs, batch_size=None):
    """Chooses the settings that the user left open, from the number of training sentences.

    A small training split gets small batches and more epochs, so that there are enough updates. A very
    large one gets fewer epochs.

    Args:
        num_sentences: the number of training sentences.
        usual_epochs: the number of epochs for a few thousand sentences.
        batch_size: the number of sentences in a batch, if the user chose it.

    Returns:
        A dict for `zoo.recipe.choose`.

    Example:

    >>> defaults(12_544, usual_epochs=10)["epochs"]
    (10, '12,544 rows in batches of 32 then give 3,920 updates')
    >>> defaults(500, usual_epochs=10)
    {'batch_size': (8, 'there are only 500 training sentences'),
     'epochs': (19, '500 rows in batches of 8 then give 1,197 updates')}
    """
    size = 8 if num_sentences < 1000 else 16 if num_sentences < 3000 else 32
    only = "only " if size < 32 else ""
    updates = usual_epochs * -(-num_sentences // (batch_size or size))
    updates = min(max(updates, LEAST_UPDATES), MOST_UPDATES)
    return {
        "batch_size": (size, f"there are {only}{num_sentences:,} training sentences"),
        "epochs": recipe.epochs_for(num_sentences, batch_size or size, updates, 3, 5 * usual_epochs),
    }


def list_words(counts, glove="", dim=100, tokenizer=None):
    """Lists the words that have a vector, and finds their pretrained vectors.

    Args:
        counts: a dict of the training words, in the form of `zoo.text.normalize_word`.
        glove: a file of pretrained vectors, or `""` for none. Its words get vectors too, even if
            training does not have them.
        dim: the size of a vector.
        tokenizer: the `zoo.tasks.language_model.Tokenizer` whose words to take instead, or None.

    Returns:
        A list of str: padding, [UNK], and the words. And an array `[words, dim]`, or None.

    Example:

    >>> list_words({"the": 2, "can": 1})
    (['', '[UNK]', 'can', 'the'], None)
    """
    if tokenizer:
        return tokenizer.vocabulary, None
    if not glove:
        return ["", "[UNK]", *sorted(counts)], None
    words, vectors, found = text.glove_vocabulary(glove, counts, dim)
    print(f"pretrained vectors for {found} of {len(counts)} training words")
    return words, vectors


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


def mark(words, tags):
    """Puts the chunks of a sentence in brackets.

    Example:

    >>> mark(["Ada", "Lovelace", "saw", "London"], ["B-PER", "I-PER", "O", "B-LOC"])
    '[Ada Lovelace PER] saw [London LOC]'
    """
    words = list(words)
    for first, end, label in chunks(tags):
        words[first] = "[" + words[first]
        words[end - 1] += f" {label}]"
    return " ".join(words)


def tips(pretrained):
    """What to try if a tagger does not beat the baseline, for `zoo.print_verdict`.

    Args:
        pretrained: the file of pretrained word vectors or the pretrained model, or `""` for none.

    Example:

    >>> tips("glove.6B.zip")
    ['more training sentences']
    """
    vectors = [] if pretrained else ["--glove glove.6B.zip, word vectors from more text"]
    return [*vectors, "more training sentences"]


def print_first_row(row, words, labels):
    """Prints a sentence as the network sees it.

    Args:
        row: a tuple, first the numbers of the words `[time]`, last those of the tags `[time]`.
        words: a list of str, a name for each number of a word.
        labels: a list of str, a name for each tag.

    Example:

    >>> print_first_row(([3, 1], [0, 1]), ["", "[UNK]", "can", "the"], ["DET", "NOUN"])
    First row, as the network sees it: the/DET [UNK]/NOUN
    """
    line = join([words[i] for i in row[0]], [labels[i] for i in row[-1]])
    print(f"First row, as the network sees it: {line}")


def join(words, tags):
    """Writes the tag of each word behind it.

    Example:

    >>> join(["the", "cat"], ["DET", "NOUN"])
    'the/DET cat/NOUN'
    """
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))


def note_empty(predicted):
    """Says it if a network found no chunk at all.

    Args:
        predicted: a list of lists of tags in IOB2.

    Example:

    >>> note_empty([["O", "O"], ["O"]])
    The network found nothing in the test split: it answers O for each word.
    """
    if all(tag == "O" for tags in predicted for tag in tags):
        print("The network found nothing in the test split: it answers O for each word.")


def print_examples(show, tagged):
    """Prints a few sentences with their predicted tags. A line with ! shows what is right.

    Args:
        show: a function that makes a line of words and tags, such as `mark`.
        tagged: a list of tuples: the words of a sentence, its right tags and its predicted tags.

    Example:

    >>> print_examples(join, [(["the", "can"], ["DET", "NOUN"], ["DET", "AUX"])])
    <BLANKLINE>
    Sentences of the test split. A line with ! shows what is right:
      the/DET can/AUX
    ! the/DET can/NOUN
    """
    print("\nSentences of the test split. A line with ! shows what is right:")
    for i in recipe.pick_examples([right == found for _, right, found in tagged], number=8):
        sentence, its_tags, found = tagged[i]
        print("  " + show(sentence, found))
        if found != its_tags:
            print("! " + show(sentence, its_tags))


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
    if not isinstance(card["preprocessing"].get("separate", False), bool):
        checks.refuse(card, ("preprocessing", "separate"), "true or false")
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
    separate = card["preprocessing"].get("separate", False)
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
            encoded = text.encode_words(words, vocabulary, characters, separate)
            rows.append(encoded if reads_characters else encoded[:1])
        answers = [[] for _ in split]
        for i, p in zip(filled, running.predict_rows(predict, rows), strict=True):
            tags = decode(p[: len(split[i])], card["labels"])
            iob2 = datasets.to_iob2(tags) if is_iobes else [f"B-{tag}" for tag in tags]
            answers[i] = spans(texts[i], iob2)
        return answers

    return answer
