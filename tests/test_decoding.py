"""Search strategies with a toy step function, compared with plain loops and exhaustive search."""

import itertools

import numpy as np
import pytest
from keras import ops

from zoo import decoding

END, SIZE = 3, 6
RNG = np.random.default_rng(0)
# log p(next token | last two tokens): the state of the toy step is the token before the last.
TABLE = np.log(RNG.dirichlet(np.full(SIZE, 0.4), (SIZE, SIZE)) + 1e-6).astype("float32")


def toy_step(tokens, states):
    before = ops.cast(states[0][:, 0], "int32")
    return ops.take(ops.reshape(TABLE, (-1, SIZE)), before * SIZE + tokens, axis=0), [
        ops.cast(tokens[:, None], "float32")
    ]


def begin(tokens):
    return ops.array(tokens, "int32"), [ops.ones((len(tokens), 1))]


def toy_log_p(first, sequence):
    history = [1, first, *sequence]
    return sum(TABLE[history[i], history[i + 1], history[i + 2]] for i in range(len(sequence)))


def test_greedy_is_a_loop_over_the_step():
    tokens = decoding.greedy(toy_step, *begin(range(SIZE)), max_length=7, end_token=END)
    for first, row in enumerate(ops.convert_to_numpy(tokens)):
        history = [1, first]
        while len(history) < 9 and END not in history[2:]:
            history.append(TABLE[history[-2], history[-1]].argmax())
        assert row.tolist() == history[2:] + [0] * (9 - len(history))


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_beam_as_wide_as_all_hypotheses_is_an_exhaustive_search(length_penalty):
    max_length, firsts, n_best = 3, [2, 4, 5], 10
    not_end = [token for token in range(SIZE) if token != END]
    tokens, scores = decoding.beam_search(
        toy_step,
        *begin(firsts),
        max_length=max_length,
        end_token=END,
        beam_width=5**3 + 5**2 + 5 + 1,
        length_penalty=length_penalty,
        n_best=n_best,
    )
    for first, found, score in zip(
        firsts, ops.convert_to_numpy(tokens), ops.convert_to_numpy(scores), strict=True
    ):
        hypotheses = [
            (*body, END)[:max_length]
            for length in range(max_length + 1)
            for body in itertools.product(not_end, repeat=length)
        ]
        ranked = sorted(
            ((toy_log_p(first, h) / ((5 + len(h)) / 6) ** length_penalty, h) for h in hypotheses),
            reverse=True,
        )[:n_best]
        np.testing.assert_allclose(score, [value for value, _ in ranked], rtol=1e-5)
        assert [tuple(row[row != 0]) for row in found] == [
            tuple(token for token in h if token) for _, h in ranked
        ]


def test_beams_of_width_one_are_greedy_and_wider_ones_do_not_find_less():
    firsts = [0, 2, 4, 5]
    greedy = decoding.greedy(toy_step, *begin(firsts), max_length=6, end_token=END)
    results = {
        width: decoding.beam_search(
            toy_step,
            *begin(firsts),
            max_length=6,
            end_token=END,
            beam_width=width,
            length_penalty=0.0,
        )
        for width in (1, 5, 500)
    }
    np.testing.assert_array_equal(results[1][0][:, 0], greedy)
    best = ops.convert_to_numpy(results[500][1])
    assert (ops.convert_to_numpy(results[5][1]) <= best + 1e-5).all()
    assert (ops.convert_to_numpy(results[1][1]) < best - 0.1).any()  # greedy misses something


def test_samples_follow_the_distribution():
    first, rows = 4, 20000
    expected = np.exp(TABLE[1, first])

    def frequencies(**options):
        tokens = decoding.sample(toy_step, *begin([first] * rows), max_length=1, seed=1, **options)
        return np.bincount(ops.convert_to_numpy(tokens)[:, 0], minlength=SIZE) / rows

    tolerance = 4 * np.sqrt(0.25 / rows)  # four standard deviations at the most
    np.testing.assert_allclose(frequencies(), expected, atol=tolerance)
    warm = expected**0.5 / (expected**0.5).sum()
    np.testing.assert_allclose(frequencies(temperature=2.0), warm, atol=tolerance)
    top = np.where(expected >= np.sort(expected)[-2], expected, 0)
    np.testing.assert_allclose(frequencies(top_k=2), top / top.sum(), atol=tolerance)
    order = np.argsort(-expected)
    kept = np.searchsorted(np.cumsum(expected[order]), 0.9) + 1  # the fewest that reach 0.9
    nucleus = np.zeros(SIZE)
    nucleus[order[:kept]] = expected[order[:kept]]
    assert 1 < kept < SIZE
    np.testing.assert_allclose(frequencies(top_p=0.9), nucleus / nucleus.sum(), atol=tolerance)
    # Two tokens in a row: the second is drawn anew, from the distribution after the first.
    tokens = decoding.sample(toy_step, *begin([first] * rows), max_length=2, end_token=END, seed=1)
    tokens = ops.convert_to_numpy(tokens)
    for token in range(SIZE):
        second = np.eye(SIZE)[0] if token == END else np.exp(TABLE[first, token])
        both = np.bincount(tokens[tokens[:, 0] == token, 1], minlength=SIZE) / rows
        np.testing.assert_allclose(both, expected[token] * second, atol=tolerance)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 3, 4)])
def test_read_takes_states_of_any_rank(shape):
    def step(tokens, states):
        tokens = ops.reshape(ops.cast(tokens, "float32"), (-1, *[1] * (len(shape) - 1)))
        return None, [states[0] + tokens]

    last, (state,) = decoding.read(step, ops.array([[2, 5, 6], [2, 8, 0]]), [ops.zeros(shape)])
    assert ops.convert_to_numpy(last).tolist() == [6, 8] and state.shape == shape
    assert ops.convert_to_numpy(state).reshape(2, -1)[:, 0].tolist() == [7, 2]
