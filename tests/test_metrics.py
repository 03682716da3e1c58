"""BLEU of captions against its definition."""

import collections
import math

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
