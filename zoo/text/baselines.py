"""Baselines without a network: n-grams, the most frequent tag of a word, the most similar text."""

import collections

import numpy as np


def ngram_losses(train, texts, n, vocabulary_size):
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
        For each text, -log p of each token after the first, in nats. A list of floats `[time - 1]`.

    Example:

    >>> ngram_losses([[5, 6, 5, 6, 5]], [[6, 5, 6]], n=2, vocabulary_size=10)[0].round(3).tolist()
    [0.2, 0.26]
    """
    lengths = np.array([len(text) for text in [*train, *texts]])
    tokens = np.concatenate([*train, *texts]).astype("int64")
    place = np.concatenate([np.arange(length) for length in lengths])  # of each token in its text
    is_train = np.arange(len(tokens)) < lengths[: len(train)].sum()
    asked = np.flatnonzero(~is_train & (place > 0))  # the tokens to predict
    p = np.full(len(asked), 1 / vocabulary_size)
    context = np.zeros(len(tokens), "int64")  # a number for the k tokens before each token
    is_known = np.ones(len(asked), bool)
    for k in range(n):
        if k > 0:
            longer = np.append(0, context[:-1] * vocabulary_size + tokens[:-1])
            context = np.unique(longer, return_inverse=True)[1]
        grams = context * vocabulary_size + tokens
        seen, counts = np.unique(grams[is_train & (place >= k)], return_counts=True)
        if not len(seen):
            break  # all training texts are shorter
        kinds = np.bincount(seen // vocabulary_size, minlength=context.max() + 1)[context[asked]]
        totals = np.bincount(seen // vocabulary_size, counts, context.max() + 1)[context[asked]]
        is_known &= (place[asked] >= k) & (totals > 0)
        i = np.searchsorted(seen, grams[asked]).clip(max=len(seen) - 1)
        count = np.where(seen[i] == grams[asked], counts[i], 0)
        p = np.where(is_known, (count + kinds * p) / np.maximum(totals + kinds, 1), p)
    ends = np.cumsum(np.maximum(lengths[len(train) :] - 1, 0))
    return np.split(-np.log(p), ends[:-1])


def count_ngrams(texts, n):
    """Counts which tokens follow each context of up to `n` - 1 tokens.

    Each text gets a 0 before it and after it, so the counts tell how texts begin and end. The 0 before
    a text follows nothing, and is not counted.

    Args:
        texts: the training texts, a list of lists of integers above 0.
        n: number of tokens in an n-gram.

    Returns:
        A dict of context, a tuple, to a dict of token to its count.

    Example:

    >>> count_ngrams([[1, 2, 1, 2]], n=2)
    {(): {1: 2, 2: 2, 0: 1}, (0,): {1: 1}, (1,): {2: 2}, (2,): {1: 1, 0: 1}}
    """
    counts = collections.defaultdict(collections.Counter)
    for text in texts:
        text = (0, *text, 0)
        for i in range(1, len(text)):
            for k in range(min(i, n - 1) + 1):
                counts[text[i - k : i]][text[i]] += 1
    return {context: dict(seen) for context, seen in counts.items()}


def ngram_model(counts, vocabulary_size):
    """Makes an n-gram model that says what comes next, with the formula of `ngram_losses`.

    It is meant for `zoo.decoding.ctc_beam_search`.

    Args:
        counts: what `count_ngrams` returned.
        vocabulary_size: number of different tokens, with 0.

    Returns:
        A function. It takes the tokens of a text so far, a tuple, and returns the log-probability of
        each token to come next `[vocabulary_size]`. That of 0 is for the end of the text.

    Example:

    >>> after = ngram_model(count_ngrams([[1, 2, 1, 2]], n=2), vocabulary_size=3)
    >>> np.exp(after((1,))).round(2).tolist()
    [0.08, 0.13, 0.79]
    """
    longest = max(map(len, counts), default=0)

    def log_p(tokens):
        text = (0, *tokens)
        p = np.full(vocabulary_size, 1 / vocabulary_size)
        for k in range(min(len(text), longest) + 1):
            seen = counts.get(text[len(text) - k :])
            if seen is None:
                break
            count = np.zeros(vocabulary_size)
            count[list(seen)] = list(seen.values())
            p = (count + len(seen) * p) / (count.sum() + len(seen))
        return np.log(p)

    return log_p


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
    """Finds the most similar known text for each text. Its known answer is a simple baseline.

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
