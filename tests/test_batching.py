"""Batches with little padding: nothing lost, nothing twice, the same seed the same order."""

import itertools

import numpy as np
import pytest

from zoo.datasets import batches, streams

RNG = np.random.default_rng(0)
ROWS = [
    ({"tokens": np.arange(1, n + 1), "spelling": np.full((n, 1 + n % 3), i + 1)}, np.full(n, i))
    for i, n in enumerate(RNG.integers(1, 30, size=103))
]


def ids(dataset):
    return [batch["spelling"][:, 0, 0].tolist() for batch, _ in dataset.as_numpy_iterator()]


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


def test_in_order_and_padded_on_the_right():
    dataset = batches(ROWS, 10)
    assert len(dataset) == 11
    assert flat(ids(dataset)) == list(range(1, 104))
    (inputs, tags), *_ = dataset.as_numpy_iterator()
    longest = max(len(tags) for _, tags in ROWS[:10])
    assert inputs["tokens"].shape == tags.shape == (10, longest)
    for i, row in enumerate(inputs["tokens"]):
        n = len(ROWS[i][1])
        assert row.tolist() == [*range(1, n + 1), *[0] * (longest - n)]


def test_shuffled_by_length_anew_each_epoch():
    dataset = batches(ROWS, 10, seed=0)
    first, second = ids(dataset), ids(dataset)
    assert first != second
    assert sorted(flat(first)) == sorted(flat(second)) == list(range(1, 104))
    assert [len(batch) for batch in first] == [10] * 10 + [3]
    padded = sum(inputs["tokens"].size for inputs, _ in dataset.as_numpy_iterator())
    real = sum(len(tags) for _, tags in ROWS)
    in_order = sum(inputs["tokens"].size for inputs, _ in batches(ROWS, 10).as_numpy_iterator())
    assert real <= padded < 1.15 * real < in_order
    again = batches(ROWS, 10, seed=0)
    assert [ids(again), ids(again)] == [first, second]
    assert ids(batches(ROWS, 10, seed=1)) != first


def test_few_shapes():
    exact, few = (batches(ROWS, 5, seed=0, few_shapes=few) for few in (False, True))
    assert ids(exact) == ids(few)
    lengths = {tags.shape[1] for _, tags in few.as_numpy_iterator()}
    longest = max(len(tags) for _, tags in ROWS)
    assert lengths <= {8, 12, 16, 24, longest}
    assert len(lengths) < len({tags.shape[1] for _, tags in exact.as_numpy_iterator()})
    for (inputs, tags), (padded_inputs, padded_tags) in zip(
        batches(ROWS, 5, seed=1, few_shapes=False).as_numpy_iterator(),
        batches(ROWS, 5, seed=1, few_shapes=True).as_numpy_iterator(),
        strict=True,
    ):
        time, width = tags.shape[1], inputs["spelling"].shape[2]
        assert padded_inputs["spelling"].shape[2] == 3  # the longest of all, with less than 8
        assert (padded_inputs["spelling"][:, :time, :width] == inputs["spelling"]).all()
        assert not padded_inputs["spelling"][:, time:].any() and not padded_tags[:, time:].any()
    one_label = batches([(np.ones(5), np.ones(1))], 1, few_shapes=True)
    assert [y.shape for _, y in one_label.as_numpy_iterator()] == [(1, 1)]


def test_rows_may_be_drawn_for_each_epoch():
    def draw(rng):
        return [np.full(rng.integers(1, 9), i + 1) for i in range(20)]

    dataset = batches(draw, 5, seed=0)
    first, second = ([batch.tolist() for batch in dataset.as_numpy_iterator()] for _ in range(2))
    assert len(dataset) == len(first) == 4
    for epoch in (first, second):
        assert sorted(row[0] for batch in epoch for row in batch) == list(range(1, 21))
    assert sorted(map(str, flat(first))) != sorted(map(str, flat(second)))


def test_numbers_stand_beside_sequences():
    rows = [(np.arange(1, n + 1), n % 2) for n in (3, 1, 4, 2)]
    labels = [(x[:, 0].tolist(), y.tolist()) for x, y in batches(rows, 3, seed=0).as_numpy_iterator()]
    assert labels == [([1, 1, 1], labels[0][1]), ([1], [0])]
    assert sorted(labels[0][1]) == [0, 1, 1]


def test_lengths_are_few_on_jax(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    rows = [(np.ones((n, 89)), np.ones((n, n % 3 + 1)), n) for n in range(1, 30)]
    shapes = [[x.shape for x in batch] for batch in batches(rows, 1).as_numpy_iterator()]
    assert {shape for shape, *_ in shapes} == {(1, n, 89) for n in (8, 12, 16, 24, 29)}
    assert {shape for _, shape, _ in shapes} == {(1, n, 3) for n in (8, 12, 16, 24, 29)}
    assert {shape for *_, shape in shapes} == {(1,)}
    assert all(len(row) <= shape[0][1] for (row, *_), shape in zip(rows, shapes, strict=True))


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 7), (4, 1), (4, 10), (7, 13), (60, 3), (500, 2)])
def test_streams_have_every_token_once_in_order(batch_size, steps):
    tokens = np.arange(2, 204)
    inputs, targets = streams(tokens, batch_size, steps)
    assert inputs.shape == targets.shape
    assert inputs.shape[1:] == ({60: 51, 500: 101}.get(batch_size, batch_size), steps)
    rows = inputs.swapaxes(0, 1).reshape(inputs.shape[1], -1)  # [streams, time]
    followers = targets.swapaxes(0, 1).reshape(rows.shape)
    assert rows[followers > 0].tolist() == list(range(2, 203))
    assert followers[followers > 0].tolist() == list(range(3, 204))
    assert (rows[followers == 0] == 1).all()  # no row of a window is padding alone
    for row in followers:  # it ends on the right, and there is a token in every stream
        assert row[0] > 0 and (np.diff(np.flatnonzero(row > 0)) == 1).all()
    assert (rows.max(axis=1)[:-1] + 1 == rows[1:, 0]).all()  # each goes on where the one before ends


def test_streams_of_a_short_text():
    inputs, targets = streams([5, 6, 7], batch_size=32, steps=100)
    assert inputs.shape == (1, 1, 100) and targets[0, 0, :3].tolist() == [6, 7, 0]
    with pytest.raises(ValueError, match=r"at least two tokens\. Received: 1"):
        streams([5], batch_size=32, steps=100)


def test_numbers_keep_their_value_whatever_the_first_row_has():
    rows = [(np.array([1, 2]), 1), (np.array([2.5]), 0.5), (np.array([], "int32"), True)]
    (x, y), *_ = batches(rows, 3).as_numpy_iterator()
    assert x.tolist() == [[1, 2], [2.5, 0], [0, 0]] and y.tolist() == [1, 0.5, 1]
    for kind in ("int32", "float32", "bool"):  # one dtype stays as it is, with empty rows too
        (x,) = batches([np.ones(2, kind), np.array([])], 2).as_numpy_iterator()
        assert x.dtype == kind
    (x,) = batches([np.ones(2, "int32"), np.full(1, 2**40)], 2).as_numpy_iterator()
    assert x.max() == 2**40
    (labels,) = batches(["a", "bcd"], 2).as_numpy_iterator()
    assert labels.tolist() == [b"a", b"bcd"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([1, "a"], r"all numbers, or all texts\. Received: <U1, int64"),
        ([np.ones(2), np.ones((2, 2))], r"same number of axes\. Received: \[1, 2\]"),
        ([(np.ones(2), 1), (np.ones(2),)], "same structure"),
        ([{"a": np.ones(2)}, {"b": np.ones(2)}], "same structure"),
        ([np.array([None, 1])] * 2, r"Received: object"),
        ([np.ones(2), np.ones(2) * 1j], r"Received: complex128, float64"),
        ([], "no rows"),
    ],
)
def test_rows_that_make_no_batch(rows, message):
    with pytest.raises(ValueError, match=message) as error:
        batches(rows, 2)
    assert "\n" not in str(error.value)


def test_rows_that_are_drawn_may_not_become_floats():
    draws = iter([[np.array([1])], [np.array([2.5])]])
    dataset = batches(lambda rng: next(draws), 1)
    with pytest.raises(Exception, match="A batch of int64 cannot hold float64"):
        list(dataset)


@pytest.mark.parametrize("bad", [0, -1, 2.5, None, "2", True])
def test_numbers_that_must_be_whole(bad):
    rows = [np.ones(3, "int32")] * 4
    with pytest.raises(ValueError, match="batch_size must be an integer from 1"):
        batches(rows, bad)
    with pytest.raises(ValueError, match="batch_size must be an integer from 1"):
        streams(range(9), bad, 2)
    with pytest.raises(ValueError, match="steps must be an integer from 1"):
        streams(range(9), 2, bad)
    if bad not in (0, None):
        with pytest.raises(ValueError, match="seed must be an integer from 0"):
            batches(rows, 2, seed=bad)
    assert len(batches(rows, np.int64(2), seed=np.int32(0))) == 2


@pytest.mark.parametrize("tokens", [[1.5, 2.5, 3], [[1, 2], [3, 4]], "abc", ["a", "b"], 5])
def test_streams_are_of_integers(tokens):
    with pytest.raises(ValueError, match=r"Tokens must be integers \[time\]"):
        streams(tokens, 2, 2)


def test_one_long_row_does_not_fill_the_memory_with_padding():
    rows = [np.ones(n) for n in (3, 2, 30000, 40000, 1, 5)]
    dataset = batches(rows, batch_size=64)
    shapes = [batch.shape for batch in dataset.as_numpy_iterator()]
    assert shapes == [(2, 3), (1, 30000), (1, 40000), (2, 5)] and len(dataset) == 4
