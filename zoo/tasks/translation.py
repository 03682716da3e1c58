"""Translation: texts to texts in another language."""

import itertools

import numpy as np

from zoo import recipe
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts
from zoo.text import train_subwords

START, END = 2, 3


def defaults(sources, targets, batch_size=None):
    """Chooses settings that fit the training pairs.

    A subword should occur often enough to be learned, so there are fewer of them if there are fewer
    pairs. Few pairs need more dropout, and more passes over them.

    Args:
        sources: a list of str.
        targets: a list of str, of the same length.
        batch_size: the number of pairs in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> for flag, (value, reason) in defaults(["a dog runs"] * 2000, ["ein Hund läuft"] * 2000).items():
    ...     print(flag, value, reason)
    vocabulary_size 500 ...
    """
    number = len(sources)
    num_characters = max(len(set("".join(texts))) for texts in (sources, targets))
    vocabulary_size = min(max(number // 4, 200), 3000)
    reason = f"each subword should occur often in {number:,} pairs"
    if vocabulary_size < 2 * num_characters:
        vocabulary_size = 2 * num_characters
        reason = f"one language has {num_characters} different characters"
    batch_size = batch_size or (32 if number >= 2_000 else 16)
    dropout = 0.2 if number >= 10_000 else 0.4
    count = f"there are {'' if number >= 10_000 else 'only '}{number:,} pairs"
    return {
        "vocabulary_size": (vocabulary_size, reason),
        "dropout": (dropout, count),
        "batch_size": (batch_size, count),
        "epochs": recipe.epochs_for(number, batch_size, 145_000 / batch_size, most=40),
    }


def train_tokenizers(pair, vocabulary_size):
    """Learns subwords of two languages, and says so if there are fewer than wanted.

    Args:
        pair: the sources and the targets of the training split, two lists of str.
        vocabulary_size: the number of subwords of each language.

    Returns:
        Two `sentencepiece.SentencePieceProcessor`, see `zoo.text.train_subwords`.

    Example:

    >>> pair = ["a dog runs", "two dogs run"] * 9, ["ein Hund rennt", "zwei Hunde rennen"] * 9
    >>> [len(tokenizer) for tokenizer in train_tokenizers(pair, 30)]
    The texts are too short for 30 subwords: ... for the target.
    [..., ...]
    """
    tokenizers = [train_subwords(texts, vocabulary_size) for texts in pair]
    note_few(tokenizers, vocabulary_size)
    return tokenizers


def note_few(tokenizers, vocabulary_size):
    """Says it if there are fewer subwords than wanted.

    Args:
        tokenizers: two `sentencepiece.SentencePieceProcessor`, of the sources and of the targets.
        vocabulary_size: the wanted number of subwords of each language.
    """
    sizes = [len(tokenizer) for tokenizer in tokenizers]
    if min(sizes) < vocabulary_size:
        print(
            f"The texts are too short for {vocabulary_size} subwords: "
            f"{sizes[0]} for the source, {sizes[1]} for the target."
        )


def leave_out_long(pairs, tokenizers, max_length):
    """Leaves out the training pairs in which a text has `max_length` or more tokens.

    Args:
        pairs: the sources and the targets, two lists of str.
        tokenizers: what `train_tokenizers` returned.
        max_length: a number of tokens.

    Returns:
        The sources and the targets that are left. It prints how many were left out, if any.

    Raises:
        ValueError: nothing is left.
    """
    cut = [t.encode(list(texts)) for t, texts in zip(tokenizers, pairs, strict=True)]
    is_short = [max(map(len, row)) < max_length for row in zip(*cut, strict=True)]
    if not all(is_short):
        print(f"Left out training pairs of {max_length} or more tokens: {is_short.count(False):,}")
    if not any(is_short):
        raise InputError(
            f"No training pair has fewer than {max_length} tokens: give a larger --max-length."
        )
    return [list(itertools.compress(texts, is_short)) for texts in pairs]


def encode(sources, targets, tokenizers, **options):
    """Converts pairs to rows for teacher forcing.

    Args:
        sources: a list of str.
        targets: a list of str.
        tokenizers: what `train_tokenizers` returned.
        **options: of `sentencepiece.SentencePieceProcessor.encode`.

    Returns:
        A list of rows: (source, target so far), and the target shifted by one. All are integers
        `[time]`.
    """
    rows = []
    for texts in zip(sources, targets, strict=True):
        source, target = (t.encode(x, **options) for t, x in zip(tokenizers, texts, strict=True))
        target = np.array([START, *target, END], "int32")
        rows.append(((np.array(source, "int32"), target[:-1]), target[1:]))
    return rows


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None), (None, None)])
    checks.check_integer(card, "config", "max_length")
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts and returns their translations.

    Options: max_length, and others of `zoo.decoding.Generator.generate`.
    """
    import sentencepiece  # of the extra "recipes"

    names = ("source.spm", "target.spm")
    if not set(names) <= set(files):
        raise InputError(
            f"sha256 must name {' and '.join(names)}. Received: {', '.join(files) or 'none'}"
        )
    source, target = (sentencepiece.SentencePieceProcessor(model_proto=files[name]) for name in names)
    for name, processor in zip(names, (source, target), strict=True):
        size = model.get_layer(f"{name.removesuffix('.spm')}_embedding").input_dim
        if len(processor) != size:
            raise InputError(
                f"{name} must have {size} tokens, as the model has. Received: {len(processor)}"
            )

    def answer(texts, /, **options):
        tokens = source.encode(normalize_texts(texts))
        options = {"max_length": card["config"]["max_length"], **options}
        return target.decode(
            running.generate_rows(model, tokens, card["config"]["beam_width"], options)
        )

    return answer
