"""Metrics against their definitions."""

import collections
import math
import random

import numpy as np
import pytest

from zoo import metrics

WORDS = ["a", "dog", "runs", "on", "the", "grass", "and", "two", "cats", "sleep"]


def n_grams(words, n):
    return collections.Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu(captions, references, order):
    """Papineni et al. 2002, sections 2.1 to 2.3."""
    log_p = 0
    for n in range(1, order + 1):
        hits = total = 0
        for caption, some in zip(captions, references, strict=True):
            counts = n_grams(caption, n)
            most = collections.Counter()
            for reference in some:
                most |= n_grams(reference, n)
            hits += sum((counts & most).values())
            total += sum(counts.values())
        log_p += math.log(hits / total) / order
    length = sum(map(len, captions))
    nearest = sum(
        min(map(len, some), key=lambda x, c=caption: (abs(x - len(c)), x))
        for caption, some in zip(captions, references, strict=True)
    )
    return 100 * math.exp(log_p + min(0, 1 - nearest / length))


@pytest.mark.parametrize("longest", [6, 12])  # with and without the penalty for short captions
def test_bleu_is_that_of_the_paper(longest):
    rng = np.random.default_rng(0)

    def draw(longest):
        return rng.choice(WORDS, rng.integers(5, longest + 1)).tolist()

    captions = [draw(longest) for _ in range(60)]
    references = [[draw(10) for _ in range(rng.integers(1, 6))] for _ in captions]
    for caption, some in zip(captions[:20], references, strict=False):
        some[0] = caption[:5] + some[0][:1]
    scores = metrics.score_captions(captions, references)
    for n in (1, 2, 3, 4):
        assert scores[f"BLEU-{n}"] == pytest.approx(bleu(captions, references, n))
    is_one = [caption in some for caption, some in zip(captions, references, strict=True)]
    assert scores["exact"] == pytest.approx(100 * np.mean(is_one))


def test_a_match_is_exact_if_it_is_any_reference():
    captions = [["a"], ["b", "c"], [], ["d"]]
    references = [[["x"], ["a"]], [["b"], ["c"]], [["a"]], [["d"]]]
    assert metrics.score_captions(captions, references)["exact"] == 50
    assert metrics.score_captions([["x"]] * 4, references)["BLEU-1"] == pytest.approx(25)


@pytest.mark.parametrize(("shorter", "longest"), [("captions", 2), ("references", 2), ("captions", 0)])
def test_captions_without_n_words_have_no_bleu_n(shorter, longest):
    long, short = [["a", "dog", "runs", "fast", "."]], [["a", "dog"][:longest]]
    captions, references = (short, [long]) if shorter == "captions" else (long, [short])
    scores = metrics.score_captions(captions, references)
    missing = [name for name, score in scores.items() if score is None]
    assert missing == [f"BLEU-{n}" for n in range(longest + 1, 5)]


def spans(tags):
    """(type, start, end) of each entity, by trying all of them."""
    n = len(tags)
    begins = [
        tag != "O" and (tag[0] == "B" or i == 0 or tags[i - 1][1:] != tag[1:])
        for i, tag in enumerate(tags)
    ]
    return {
        (tags[i][2:], i, j)
        for i in range(n)
        for j in range(i, n)
        if begins[i]
        and all(tags[k] == f"I-{tags[i][2:]}" for k in range(i + 1, j + 1))
        and (j + 1 == n or tags[j + 1] == "O" or begins[j + 1])
    }


def test_entities_count_if_exact():
    rng = random.Random(0)
    names = ["O", "B-a", "I-a", "B-b", "I-b"]  # in any order: a softmax forbids none
    true, wild = ([rng.choices(names, k=9) for _ in range(300)] for _ in range(2))
    predicted = [  # mostly right
        [t if rng.random() < 0.8 else w for t, w in zip(*row, strict=True)]
        for row in zip(true, wild, strict=True)
    ]
    scores = metrics.score_entities(true, predicted, ["a", "b", "unseen"])
    for name in ("all", "a", "b"):
        found, right = (
            {
                (n, *span)
                for n, tags in enumerate(rows)
                for span in spans(tags)
                if name in ("all", span[0])
            }
            for rows in (predicted, true)
        )
        assert scores[name] == pytest.approx(2 * len(found & right) / (len(found) + len(right)))
    assert scores["unseen"] == 0
    assert metrics.score_entities(true, true, ["a", "b"]) == {"all": 1, "a": 1, "b": 1}
