"""The verdict: one sentence on whether a network beat its baselines."""

import numpy as np
import pytest

import zoo

RNG = np.random.default_rng(0)
GOOD, BAD = RNG.random(1000) < 0.9, RNG.random(1000) < 0.8


def say(capsys, network, baseline, **options):
    rows = {"gru": network, "bag of words": baseline, "majority": baseline * 0}

    def score(name, some):
        return np.mean(rows[name][some])

    zoo.print_verdict("gru", ["majority", "bag of words"], score, len(network), **options)
    return capsys.readouterr().out


def test_a_clear_difference(capsys):
    text = say(capsys, GOOD, BAD, tips=["more data"])
    assert "Verdict: gru beats the best baseline, bag of words: 0.9" in text
    assert "times its spread" in text
    assert "Try" not in text


def test_a_defeat_comes_with_advice(capsys):
    history = {"val_accuracy": [0.5, 0.7, 0.8]}
    text = say(capsys, BAD, GOOD, history=history, monitor="val_accuracy", tips=["more data"])
    assert "gru does not beat the best baseline, bag of words" in text
    assert text.endswith(
        "Try first: --epochs 6, because validation was still improving. Then: more data.\n"
    )
    history = {"val_accuracy": [0.5, 0.8, 0.7]}
    assert say(capsys, BAD, GOOD, history=history, monitor="val_accuracy", tips=["more data"]).endswith(
        "Try first: more data.\n"
    )


def test_a_difference_that_may_be_chance(capsys):
    text = say(capsys, GOOD, RNG.permutation(GOOD))
    assert "gru is about as good as the best baseline" in text
    text = say(capsys, GOOD, GOOD ^ (np.arange(1000) % 500 == 0))
    assert "less than twice its spread" in text


def test_a_few_rows(capsys):
    text = say(capsys, np.array([0.0, 0.0]), np.array([0.0, 1.0]))
    assert "gru does not beat the best baseline, bag of words: 0.000 to 0.500. " in text
    assert "measured on 2 test rows only" in text


def test_less_may_be_better(capsys):
    assert "gru beats the best baseline, majority" in say(
        capsys, 0.0 * GOOD - 1, 1.0 * GOOD, lower_is_better=True
    )


def test_the_spread_is_the_standard_error_of_the_difference(capsys):
    """Compared with the formula for the mean of paired differences."""
    difference = GOOD.astype(float) - BAD
    exact = difference.std(ddof=1) / len(difference) ** 0.5
    text = say(capsys, GOOD, BAD)
    assert float(text.split("spread (")[1].split(")")[0]) == pytest.approx(exact, rel=0.5)


def test_few_rows(capsys):
    assert "measured on 4 test rows only" in say(capsys, GOOD[:4], BAD[:4])
    with pytest.raises(zoo.InputError, match="needs test rows"):
        say(capsys, GOOD[:0], BAD[:0])


def test_equal_answers(capsys):
    text = say(capsys, GOOD, GOOD)
    assert "gru is about as good as the best baseline, bag of words" in text
    assert "There is no difference, in any part of the test split." in text


def test_all_scores_have_the_same_number_of_decimals(capsys):
    assert "31.78 to 9.88. The difference of 21.90" in say(capsys, GOOD * 0 + 31.78, BAD * 0 + 9.88)
    assert "0.897 to 0.050. The" in say(capsys, GOOD * 0 + 0.897, BAD * 0 + 0.05)


def test_rounding_errors_are_no_spread(capsys):
    noise = 1e-14 * np.arange(1000)
    assert "The difference of 100.00 is the same in all parts." in say(
        capsys, GOOD * 0 + 100 + noise, BAD * 0.0
    )
