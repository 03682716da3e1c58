"""Baselines without a network: n-grams, the most frequent tag of a word, the most similar text."""

import collections
import math

import numpy as np


def ngram_loss(train, texts, n, vocabulary_size):
    """Computes how well an n-gram model, which only counts tokens, predicts some texts.

    It is an interpolated model (Witten & Bell 1991, "The Zero-Frequency Problem"). Let c be the last k
    tokens, and d the last k - 1 tokens:

        p(t | c) = (count(c t) + kinds(c) p(t | d)) / (count(c) + kinds(c))

    Here kinds(c) is the number of different tokens that follow c in training. Below k = 0 all tokens
    have the same probability. The largest k is n - 1, or less if training does not have c.

    Args:
        train: the training texts, a list of lists of integers.
        texts: the texts to predict, a list of lists of integers. The first token of each is given.
        n: number of tokens in an n-gram: a token and the n - 1 tokens before it.
        vocabulary_size: number of different tokens.

    Returns:
        The mean of -log p, in nats.

    Example:

    >>> round(ngram_loss([[5, 6, 5, 6, 5]], [[6, 5, 6]], n=2, vocabulary_size=10), 3)
    0.23
    """
    counts = collections.defaultdict(collections.Counter)
    for text in train:
        for k in range(n):
            for i in range(k, len(text)):
                counts[tuple(text[i - k : i])][text[i]] += 1
    totals = {context: counter.total() for context, counter in counts.items()}
    losses = []
    for text in texts:
        for i in range(1, len(text)):
            p = 1 / vocabulary_size
            for k in range(min(n, i + 1)):
                context = tuple(text[i - k : i])
                if context not in counts:
                    break
                kinds = len(counts[context])
                p = (counts[context][text[i]] + kinds * p) / (totals[context] + kinds)
            losses.append(-math.log(p))
    return float(np.mean(losses))


def most_frequent_tags(words, tags):
    """Finds the most frequent tag of each word, as a baseline for tagging.

    Args:
        words: the words of the training texts, a list of str.
        tags: their tags, a list of the same length.

    Returns:
        A dict of word to tag. If two tags are equally frequent, it is the one that comes first.

    Example:

    >>> most_frequent_tags(["the", "can", "can", "can"], ["DET", "AUX", "NOUN", "AUX"])
    {'the': 'DET', 'can': 'AUX'}
    """
    tags_of = collections.defaultdict(collections.Counter)
    for word, tag in zip(words, tags, strict=True):
        tags_of[word][tag] += 1
    return {word: counter.most_common(1)[0][0] for word, counter in tags_of.items()}


def nearest(texts, known, scorer="Indel"):
    """Finds the most similar known text for each text, as a baseline for everything that is looked up.

    Args:
        texts: a list of str.
        known: a list of str, from the training split.
        scorer: `"Indel"` counts the characters to remove and to add. `"Levenshtein"` also counts
            characters to replace, and takes five times as long for sentences.

    Returns:
        A list with the index of a known text for each text. If several are equally similar, it is the
        first of them.

    Example:

    >>> nearest(["a dog runs", "three cats"], ["two cats", "the dog runs"])
    [1, 0]
    """
    from rapidfuzz import distance, process  # of the extra "recipes"

    found = []
    for i in range(0, len(texts), 100):
        compare = getattr(distance, scorer).distance
        distances = process.cdist(texts[i : i + 100], known, scorer=compare, workers=-1)
        found += distances.argmin(axis=1).tolist()  # of [100, known]
    return found
