"""Greedy, sampling and beam search: against plain loops, exhaustive search and the model itself."""

import concurrent.futures
import itertools
import os
import signal
import threading
import unittest.mock

import keras
import needs
import numpy as np
import pytest
from keras import ops

import zoo
from zoo import decoding
from zoo.decoding import generator, loops

START, END, SIZE = 2, 3, 6
RNG = np.random.default_rng(0)
# log p(next token | last two tokens): the state of the toy step is the token before the last.
TABLE = np.log(RNG.dirichlet(np.full(SIZE, 0.4), (SIZE, SIZE)) + 1e-6).astype("float32")
MODELS = {
    "none": ("encoder_decoder", {"attention": "none", "bidirectional": False}),
    "dot": ("encoder_decoder", {"attention": "dot"}),
    "additive": ("encoder_decoder", {"attention": "additive", "num_layers": 2}),
    "vector": ("one_to_many", {"context_shape": (7,), "num_layers": 2}),
    "grid": ("one_to_many", {"context_shape": (4, 7)}),
    "grid of an image": ("one_to_many", {"encoder": (4, 7)}),
    "vector of an image": ("one_to_many", {"encoder": (28,)}),
    "no context": ("one_to_many", {"context_shape": None}),
}


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


def build(name, cell="gru"):
    """A small model with large weights, so that its probabilities are far from equal."""
    keras.utils.set_random_seed(0)
    kind, config = MODELS[name]
    if "encoder" in config:
        image = keras.Input((2, 2, 3))
        x = keras.layers.Reshape(config["encoder"])(keras.layers.Conv2D(7, 1)(image))
        config = {"encoder": keras.Model(image, x)}
    sizes = {"vocabulary_size": 12}
    if kind == "encoder_decoder":
        sizes = {"source_vocabulary_size": 20, "target_vocabulary_size": 12}
    model = zoo.build(kind, cell=cell, embedding_dim=6, units=5, **sizes, **config)
    for variable in model.trainable_variables:
        variable.assign(variable * (8 if "embedding" in variable.path else 2.5))
    return model


def make_inputs(model, padding=0):
    """What `generate` takes, and the same as the model's first inputs and first tokens."""
    rng = np.random.default_rng(1)
    if model.name == "encoder_decoder":
        source = rng.integers(4, 20, (5, 6)) * (np.arange(6) < np.array([6, 3, 1, 5, 6])[:, None])
        source = np.pad(source, [(0, 0), (0, padding)])
        return source, [source], np.full((5, 1), START)
    if len(model.inputs) == 1:
        tokens = np.concatenate([np.full((5, 1), START), rng.integers(4, 12, (5, 3))], axis=1)
        return tokens, [], tokens
    context = rng.normal(size=(5, *model.inputs[0].shape[1:])).astype("float32")
    return context, [context], np.full((5, 1), START)


def next_log_p(model, first_inputs, tokens):
    padded = np.pad(tokens, [(0, 0), (0, 11 - tokens.shape[1])])  # one length, to compile once
    p = model.predict_on_batch([*first_inputs, padded] if first_inputs else padded)
    p = p[:, : tokens.shape[1]].astype("float64")
    p[:, :, :2] = 0  # padding is no token, and [UNK] no word
    p /= p.sum(axis=-1, keepdims=True)
    return np.log(np.maximum(p, 1e-37))  # [batch, time, vocabulary]


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize("name", MODELS)
def test_generation_is_what_the_model_says_token_by_token(name, cell):
    model = build(name, cell)
    inputs, first_inputs, first_tokens = make_inputs(model)
    tokens = first_tokens
    is_done = np.zeros(5, bool)
    while tokens.shape[1] < first_tokens.shape[1] + 7 and not is_done.all():
        best = next_log_p(model, first_inputs, tokens)[:, -1].argmax(axis=-1)
        tokens = np.concatenate([tokens, np.where(is_done, 0, best)[:, None]], axis=1)
        is_done |= best == END
    generated = model.generate(inputs, max_length=7)
    np.testing.assert_array_equal(generated, tokens[:, first_tokens.shape[1] :])


@pytest.mark.parametrize("name", MODELS)
def test_beams_score_what_the_model_scores_and_survive_saving(name, tmp_path):
    model = build(name)
    inputs, first_inputs, first_tokens = make_inputs(model)
    n, t = 3, first_tokens.shape[1]
    tokens, scores = model.generate(inputs, 7, "beam", beam_width=4, n_best=n, length_penalty=0.6)
    assert (np.diff(scores, axis=1) <= 0).all()
    whole = np.concatenate([np.repeat(first_tokens, n, axis=0), tokens.reshape(5 * n, -1)], axis=1)
    log_p = next_log_p(model, [np.repeat(x, n, axis=0) for x in first_inputs], whole)
    log_p = np.take_along_axis(log_p[:, t - 1 : -1], whole[:, t:, None], axis=-1)[:, :, 0]
    is_token = whole[:, t:] != 0
    expected = (log_p * is_token).sum(axis=1) / ((5 + is_token.sum(axis=1)) / 6) ** 0.6
    np.testing.assert_allclose(scores.reshape(-1), expected, rtol=1e-4)
    assert len({tuple(row) for row in tokens[0]}) == n  # the hypotheses differ

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for strategy in ("greedy", "beam"):
        np.testing.assert_array_equal(
            loaded.generate(inputs, 7, strategy), model.generate(inputs, 7, strategy)
        )


@pytest.mark.parametrize("strategy", ["greedy", "beam"])
@pytest.mark.parametrize("name", ["none", "dot", "additive"])
def test_padding_of_the_source_changes_nothing(name, strategy):
    model = build(name)
    one, _, _ = make_inputs(model)
    more, _, _ = make_inputs(model, padding=4)
    np.testing.assert_array_equal(model.generate(one, 7, strategy), model.generate(more, 7, strategy))
    row = one[1:2, :3]  # alone, without any padding
    alone = model.generate(row, 7, strategy)
    np.testing.assert_array_equal(alone, model.generate(one, 7, strategy)[1:2, : alone.shape[1]])


def test_batches_of_similar_length_come_back_in_order():
    model = build("dot")
    source, _, _ = make_inputs(model)
    rows = [row[row != 0].tolist() for row in source]
    generated = decoding.generate_in_batches(model, rows, 7, batch_size=2)
    expected = [row[~np.isin(row, (0, END))].tolist() for row in model.generate(source, 7)]
    assert generated == expected


def test_batches_draw_different_samples_and_name_an_empty_source():
    model = build("dot")
    generated = zoo.decoding.generate_in_batches(
        model, [[4, 5]] * 4, 12, batch_size=2, strategy="sample", seed=0
    )
    assert generated[:2] != generated[2:]
    with pytest.raises(zoo.InputError, match="source 1: no tokens"):
        zoo.decoding.generate_in_batches(model, [[4], [], [5]], 3)
    with pytest.raises(zoo.InputError, match="n_best"):
        zoo.decoding.generate_in_batches(model, [[4]], 3, strategy="beam", n_best=2)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 3, 4)])
def test_read_takes_states_of_any_rank(shape):
    def step(tokens, states):
        tokens = ops.reshape(ops.cast(tokens, "float32"), (-1, *[1] * (len(shape) - 1)))
        return None, [states[0] + tokens]

    last, (state,) = decoding.read(step, ops.array([[2, 5, 6], [2, 8, 0]]), [ops.zeros(shape)])
    assert ops.convert_to_numpy(last).tolist() == [6, 8] and state.shape == shape
    assert ops.convert_to_numpy(state).reshape(2, -1)[:, 0].tolist() == [7, 2]


def test_batches_of_contexts_come_back_in_order():
    model = build("grid")
    contexts, _, _ = make_inputs(model)
    generated = decoding.generate_in_batches(model, contexts, 7, batch_size=2, strategy="beam")
    rows = model.generate(contexts, 7, "beam")
    assert generated == [row[~np.isin(row, (0, END))].tolist() for row in rows]


def test_tokens_so_far_may_have_different_lengths():
    model = build("no context")
    tokens = np.array([[START, 5, 6, 7], [START, 8, 0, 0]])
    both = model.generate(tokens, 5)
    alone = model.generate(tokens[1:, :2], 5)
    np.testing.assert_array_equal(both[1:, : alone.shape[1]], alone)


def test_new_weights_are_used_by_the_compiled_loop():
    model = build("dot")
    inputs, _, _ = make_inputs(model)
    before = model.generate(inputs, 5)
    model.get_layer("probabilities").bias.assign(np.eye(12)[7] * 1e3)
    assert not np.array_equal(before, model.generate(inputs, 5))
    assert (model.generate(inputs, 5) == 7).all()


@pytest.mark.parametrize("strategy", decoding.STRATEGIES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_named(strategy, wrong):
    model = build("dot")
    model.get_layer("probabilities").bias.assign(np.where(np.arange(12) == 7, wrong, 0.0))
    with pytest.raises(zoo.InputError, match="not all numbers"):
        model.generate([[4, 5]], 3, strategy)


def generate_all_ways(model, inputs, max_length=9):
    ways = {"greedy": {}, "sample": {"seed": 1}, "beam": {"beam_width": 3, "n_best": 2}}
    return [model.generate(inputs, max_length, way, **options) for way, options in ways.items()]


@pytest.mark.parametrize("name", ["dot", "no context"])
def test_chunks_of_any_size_give_the_same(name, monkeypatch):
    monkeypatch.setattr(loops, "CHUNK", 64)
    model = build(name)
    inputs, _, _ = make_inputs(model)
    tokens, _, (beams, scores) = generate_all_ways(model, inputs)
    for size in (1, 4):
        monkeypatch.setattr(loops, "CHUNK", size)
        again = build(name)
        other_tokens, _, (other_beams, other_scores) = generate_all_ways(again, inputs)
        np.testing.assert_array_equal(other_tokens, tokens)
        np.testing.assert_array_equal(other_beams, beams)
        np.testing.assert_allclose(other_scores, scores, rtol=1e-5)


@needs.tensorflow_backend  # JAX compiles for each shape
def test_numbers_and_lengths_are_inputs_of_what_is_compiled():
    model = build("additive")
    model.generate([[4, 5, 6]], 7, "sample")
    model.generate([[4, 5, 6]], 7, "beam", beam_width=3)
    step = type(model).step
    with unittest.mock.patch.object(type(model), "step", autospec=True, side_effect=step) as step:
        for source in ([[4]], [[4, 5], [6, 0]]):
            for temperature, top_p, max_length, seed in ((0.5, 1.0, 200, 9), (2.0, 0.5, 1, 3)):
                options = {"temperature": temperature, "top_p": top_p, "seed": seed}
                model.generate(source, max_length, "sample", **options)
            for length_penalty, n_best in ((0.0, 1), (2.0, 3)):
                options = {"length_penalty": length_penalty, "n_best": n_best}
                model.generate(source, 5, "beam", beam_width=3, **options)
    assert step.call_count == 0  # it is called when it is traced
    assert len(model._loops) == 3  # the beginning and two strategies


def test_only_the_last_compiled_loops_are_kept():
    model = build("no context")
    for top_k in range(1, 10):
        model.generate([[START]], 2, "sample", top_k=top_k)
    assert len(model._loops) == generator.LOOPS


def test_a_longer_sample_goes_on_with_the_same_text():
    model = build("no context")
    long = model.generate([[START]] * 4, 150, "sample", seed=5)
    short = model.generate([[START]] * 4, 70, "sample", seed=5)
    np.testing.assert_array_equal(short, long[:, : short.shape[1]])


@pytest.mark.parametrize("name", ["dot", "no context"])
def test_threads_give_what_one_after_the_other_gives(name):
    model = build(name)
    inputs, _, _ = make_inputs(model)

    def draw(seed):
        return model.generate(inputs, 20, "sample", seed=seed, temperature=1 + seed / 10).tolist()

    expected = [draw(seed) for seed in range(8)]
    for tested in (model, build(name)):  # the second one is compiled while threads wait
        model = tested
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            assert list(threads.map(draw, range(8))) == expected


def test_ctrl_c_stops_a_long_generation():
    model = build("no context")
    model.get_layer("probabilities").bias.assign(np.where(np.arange(12) == END, -1e3, 0.0))  # no end
    model.generate([[START]], 10)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    chunks = 5000  # a minute or more
    with (
        unittest.mock.patch.object(model, "_run", wraps=model._run) as run,
        pytest.raises(KeyboardInterrupt),
    ):
        model.generate([[START]], chunks * loops.CHUNK)
    assert run.call_count < chunks / 2


@pytest.mark.parametrize("name", ["additive", "vector"])
def test_a_clone_knows_its_start_and_end_tokens(name):
    kind, config = MODELS[name]
    sizes = {"vocabulary_size": 12}
    if kind == "encoder_decoder":
        sizes = {"source_vocabulary_size": 20, "target_vocabulary_size": 12}
    model = zoo.build(kind, cell="gru", units=5, start_token=4, end_token=5, **sizes, **config)
    inputs, _, _ = make_inputs(model)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert (clone.start_token, clone.end_token) == (4, 5)
    np.testing.assert_array_equal(clone.generate(inputs, 9), model.generate(inputs, 9))


INSERTED = {
    "dense": lambda: keras.layers.Dense(6, "tanh"),
    "normalization": keras.layers.LayerNormalization,
    "gru": lambda: keras.layers.GRU(4, return_sequences=True),
    "two cells": lambda: keras.layers.RNN(
        [keras.layers.LSTMCell(4), keras.layers.GRUCell(3)], return_sequences=True
    ),
}
COMBINES_STEPS = {
    "convolution": lambda: keras.layers.Conv1D(5, 3, padding="causal"),
    "both directions": lambda: keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True), merge_mode="sum"
    ),
    "backward": lambda: keras.layers.GRU(5, return_sequences=True, go_backwards=True),
    "mean": lambda: Mean(),
}


class Mean(keras.layers.Layer):
    def call(self, x):
        return x + ops.mean(x, axis=1, keepdims=True)


def insert(model, layer):
    """A copy of a model with another layer before the last one."""

    def call(old, *args, **kwargs):
        x = old(*args, **kwargs)
        return layer(x) if old.name == "output_dropout" else x

    changed = keras.models.clone_model(model, call_function=call)
    for variable in changed.trainable_variables:
        variable.assign(variable * (8 if "embedding" in variable.path else 2.5))
    return changed


@pytest.mark.parametrize("layer", INSERTED)
@pytest.mark.parametrize("name", ["additive", "grid of an image", "no context"])
def test_generation_uses_a_layer_that_was_inserted(name, layer, tmp_path):
    model = build(name)
    changed = insert(model, INSERTED[layer]())
    inputs, first_inputs, tokens = make_inputs(changed)
    generated, scores = changed.generate(inputs, 5, "beam", beam_width=3, n_best=1, length_penalty=0)
    whole = np.concatenate([tokens, generated[:, 0]], axis=1)
    log_p = next_log_p(changed, first_inputs, whole)[:, tokens.shape[1] - 1 : -1]
    log_p = np.take_along_axis(log_p, generated[:, 0, :, None], axis=-1)[:, :, 0]
    expected = (log_p * (generated[:, 0] != 0)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    assert len(changed.layers) == len(model.layers) + 1
    changed.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(inputs, 5), changed.generate(inputs, 5))


@pytest.mark.parametrize("layer", COMBINES_STEPS)
@pytest.mark.parametrize("name", ["dot", "no context"])
def test_a_layer_that_combines_steps_is_refused(name, layer):
    changed = insert(build(name), COMBINES_STEPS[layer]())
    inputs, _, _ = make_inputs(changed)
    with pytest.raises(zoo.InputError, match=r"one at a time.* Received: .*dropout"):
        changed.generate(inputs, 5)


def test_outputs_that_are_no_probabilities_are_refused():
    model = build("no context")
    model.get_layer("probabilities").activation = keras.activations.linear
    with pytest.raises(zoo.InputError, match=r"activation='softmax'\. Received: outputs with the sum"):
        model.generate([[START]], 5)


def test_no_temperature_draws_what_is_no_token():
    model = build("no context")
    assert model.generate([[START]] * 500, 3, "sample", temperature=1e6, seed=0)[:, 0].min() == 2
    cold = model.generate([[START]], 9, "sample", temperature=1e-6, seed=0)
    np.testing.assert_array_equal(cold, model.generate([[START]], 9))


def test_the_seed_decides_what_is_sampled():
    model = build("vector")
    inputs, _, _ = make_inputs(model)

    def draw(seed=None):
        return model.generate(inputs, 12, "sample", seed=seed).tolist()

    assert draw(1) == draw(1) != draw(2)
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        draws.append([draw(), draw()])
    assert draws[0] == draws[1] and draws[0][0] != draws[0][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": "bem"}, "Did you mean 'beam'?"),
        ({"strategy": "greedy", "temperature": 0.5}, "option of strategy 'greedy'"),
        ({"strategy": "beam", "beam_with": 3}, "Did you mean 'beam_width'?"),
        ({"strategy": "beam", "beam_width": 2, "n_best": 3}, "n_best=3"),
        ({"strategy": "beam", "length_penalty": -1}, "length_penalty"),
        ({"strategy": "sample", "temperature": 0}, "temperature must be a number from 0.000001"),
        ({"strategy": "sample", "top_p": 0}, "top_p"),
        ({"strategy": "sample", "top_k": 0}, "top_k"),
        ({"strategy": "sample", "temperature": float("nan")}, "temperature=nan"),
        ({"strategy": "sample", "temperature": float("inf")}, "temperature=inf"),
        ({"strategy": "sample", "temperature": "1"}, "temperature='1'"),
        ({"strategy": "sample", "top_p": float("nan")}, "top_p=nan"),
        ({"strategy": "sample", "seed": 2.5}, "seed must be an integer from 0 or None"),
        ({"strategy": "sample", "seed": -1}, "seed=-1"),
        ({"strategy": "beam", "length_penalty": float("nan")}, "length_penalty=nan"),
        ({"strategy": "beam", "length_penalty": None}, "length_penalty=None"),
        ({"strategy": ["beam"]}, "Unknown strategy"),
        ({"max_length": 0}, "max_length"),
        ({"max_length": 2.0}, "max_length=2.0"),
        ({"max_length": "9"}, "max_length='9'"),
        ({"max_length": None}, "max_length=None"),
        ({"inputs": None}, "integers"),
        ({"inputs": [["a"]]}, "integers"),
        ({"strategy": "sample", "top_k": 2.5}, "top_k must be an integer from 1"),
        ({"strategy": "beam", "beam_width": 0}, "beam_width must be an integer"),
        ({"inputs": np.zeros((0, 3), int)}, r"shape \(0, 3\)"),
        ({"inputs": [[4, 5], [6]]}, "must all have the same length"),
        ({"inputs": [[4, 20]]}, "from 0 to 19"),
        ({"inputs": [[4, -1]]}, "from 0 to 19"),
        ({"inputs": [[4, 5], [0, 0]]}, "row 1"),
        ({"inputs": [[4, 0, 5]]}, "row 0"),
        ({"inputs": [[0.5, 1.5]]}, "integers"),
    ],
)
def test_errors_say_what_was_received(arguments, message):
    with pytest.raises(zoo.InputError, match=message):
        build("dot").generate(**{"inputs": [[4, 5]], "max_length": 3, **arguments})


def test_batches_refuse_what_is_no_token_and_no_size():
    model = build("dot")
    for wrong, message in (
        ([[4], [5.7]], r"source 1: \[5.7\]"),
        ([["a"]], "integers"),
        ([[4], [25]], "from 0 to 19"),
        ([[4], 5], "source 1: 5"),
    ):
        with pytest.raises(zoo.InputError, match=message):
            decoding.generate_in_batches(model, wrong, 3)
    for batch_size in (-1, 0, 2.5, None, "2"):
        with pytest.raises(zoo.InputError, match="batch_size must be an integer"):
            decoding.generate_in_batches(model, [[4]], 3, batch_size=batch_size)


def test_a_long_source_has_a_batch_of_its_own():
    model = build("none")
    sources = [[4, 5]] * 5 + [[6] * 5000]
    with unittest.mock.patch.object(model, "generate", wraps=model.generate) as generate:
        decoding.generate_in_batches(model, sources, 2)
    assert [len(call.args[0]) for call in generate.call_args_list] == [5, 1]


def test_a_context_of_another_shape_or_number_is_refused():
    model = build("vector")
    for wrong in (np.nan, np.inf, 1e300):
        with pytest.raises(zoo.InputError, match="Received: row 1 has"):
            model.generate(np.where(np.arange(3)[:, None] == 1, wrong, np.zeros((3, 7))), 3)
    with pytest.raises(zoo.InputError, match="must be numbers"):
        model.generate(np.array([["a"] * 7]), 3)
    with pytest.raises(zoo.InputError, match=r"\(3, 6\)"):
        model.generate(np.zeros((3, 6)), 3)
    with pytest.raises(zoo.InputError, match="3 contexts, 1 rows"):
        model.generate([np.zeros((3, 7)), [[START]]], 3)
    with pytest.raises(zoo.InputError, match="a list of 3"):
        model.generate([np.zeros(7)] * 3, 3)
    with pytest.raises(zoo.InputError, match="context_shape"):
        zoo.build("one_to_many", context_shape=(None, 7))
