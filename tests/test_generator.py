"""What `generate` returns, compared with the probabilities of the model itself."""

import concurrent.futures
import functools
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

START, END = 2, 3
MODELS = {
    "none": ("encoder_decoder", {"attention": "none", "bidirectional": False}),
    "dot": ("encoder_decoder", {"attention": "dot"}),
    "additive": ("encoder_decoder", {"attention": "additive", "num_layers": 2}),
    "vector": ("one_to_many", {"context_shape": (7,), "num_layers": 2}),
    "grid": ("one_to_many", {"context_shape": (4, 7)}),
    "grid of an image": ("one_to_many", {"encoder": (4, 7)}),
    "vector of an image": ("one_to_many", {"encoder": (28,)}),
    "no context": ("one_to_many", {"context_shape": None}),
    "regularized": (
        "one_to_many",
        {
            "context_shape": None,
            "embedding_dim": 5,
            "tie_embeddings": True,
            "dropout": 0.5,
            "variational_dropout": True,
            "weight_dropout": 0.5,
        },
    ),
}


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
    model = zoo.build(kind, cell=cell, **{"embedding_dim": 6, "units": 5, **sizes, **config})
    for variable in model.trainable_variables:
        variable.assign(variable * (8 if "embedding" in variable.path else 2.5))
    return model


@pytest.fixture(scope="module")
def build_once():
    """Does what `build` does, but once for each name. For tests that change no weights."""
    return functools.cache(build)


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
    p = keras.ops.convert_to_numpy(model([*first_inputs, padded] if first_inputs else padded))
    p = p[:, : tokens.shape[1]].astype("float64")
    p[:, :, :2] = 0  # padding is no token, and [UNK] no word
    p /= p.sum(axis=-1, keepdims=True)
    return np.log(np.maximum(p, 1e-37))  # [batch, time, vocabulary]


def assert_likeliest(model, first_inputs, first_tokens, generated, max_length):
    """Checks that each token is the likeliest one after those before it, until the end."""
    begin = first_tokens.shape[1]
    whole = np.concatenate([first_tokens, generated], axis=1)
    best = next_log_p(model, first_inputs, whole)[:, begin - 1 : -1].argmax(axis=-1)
    is_end = generated == END
    is_done = (is_end.cumsum(axis=1) - is_end) > 0  # after the end
    np.testing.assert_array_equal(generated, np.where(is_done, 0, best))
    assert generated.shape[1] == max_length or is_end.any(axis=1).all()
    assert not is_done.all(axis=0).any()


@pytest.mark.every(4)
@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize("name", MODELS)
def test_generation_is_what_the_model_says_token_by_token(name, cell):
    model = build(name, cell)
    inputs, first_inputs, first_tokens = make_inputs(model)
    generated = model.generate(inputs, max_length=7)
    assert_likeliest(model, first_inputs, first_tokens, generated, 7)


@pytest.mark.every(4)
@pytest.mark.parametrize("name", MODELS)
def test_beams_score_what_the_model_scores_and_survive_saving(name, tmp_path):
    model = build(name)
    inputs, first_inputs, first_tokens = make_inputs(model)
    n, t = 3, first_tokens.shape[1]
    options = {"beam_width": 4, "n_best": n, "length_penalty": 0.6}
    tokens, scores = model.generate(inputs, 7, "beam", **options)
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
    np.testing.assert_array_equal(loaded.generate(inputs, 7, "beam", **options)[0], tokens)


@pytest.mark.every(3)
@pytest.mark.parametrize("strategy", decoding.STRATEGIES)
def test_each_strategy_is_that_of_a_model_that_reads_the_whole_prefix(strategy):
    model = build("regularized")
    tokens, _, _ = make_inputs(model)

    def step(token, states):
        prefix, t = states  # [rows, 12] and [rows, 1]
        prefix = ops.where(ops.arange(12) == t, token[:, None], prefix)
        p = ops.take_along_axis(model(prefix), t[:, :, None], axis=1)[:, 0]  # [rows, vocabulary]
        p = ops.where(ops.arange(12) < 2, 1e-37, p)
        return ops.log(p / ops.sum(p, axis=-1, keepdims=True)), [prefix, t + 1]

    options = {"greedy": {}, "sample": {"seed": 3}, "beam": {"beam_width": 3, "n_best": 3}}[strategy]
    so_far = [np.pad(tokens[:, :-1], ((0, 0), (0, 9))).astype("int32"), np.full((5, 1), 3, "int32")]
    expected = decoding.STRATEGIES[strategy](step, tokens[:, -1], so_far, max_length=5, **options)
    generated = model.generate(tokens, 5, strategy, **options)
    if strategy == "beam":
        np.testing.assert_allclose(generated[1], expected[1], rtol=1e-4)
        generated, expected = generated[0], expected[0]
    padded = np.zeros_like(expected)
    padded[..., : generated.shape[-1]] = generated
    np.testing.assert_array_equal(padded, expected)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("name", "strategy"), [("none", "greedy"), ("dot", "beam"), ("additive", "greedy")]
)
def test_padding_of_the_source_changes_nothing(name, strategy, build_once):
    model = build_once(name)
    one, _, _ = make_inputs(model)
    more, _, _ = make_inputs(model, padding=4)
    np.testing.assert_array_equal(model.generate(one, 7, strategy), model.generate(more, 7, strategy))
    row = one[1:2, :3]  # alone, without any padding
    alone = model.generate(row, 7, strategy)
    np.testing.assert_array_equal(alone, model.generate(one, 7, strategy)[1:2, : alone.shape[1]])


def test_batches_of_similar_length_come_back_in_order(build_once):
    model = build_once("dot")
    source, _, _ = make_inputs(model)
    rows = [row[row != 0].tolist() for row in source]
    generated = decoding.generate_in_batches(model, rows, 7, batch_size=2)
    expected = [row[~np.isin(row, (0, END))].tolist() for row in model.generate(source, 7)]
    assert generated == expected


def test_batches_of_several_hypotheses(build_once):
    model = build_once("dot")
    source, _, _ = make_inputs(model)
    rows, beams = [row[row != 0].tolist() for row in source], {"strategy": "beam", "beam_width": 3}
    for max_length in (1, 7):
        generated = decoding.generate_in_batches(
            model, rows, max_length, batch_size=2, n_best=3, **beams
        )
        best = decoding.generate_in_batches(model, rows, max_length, batch_size=2, **beams)
        assert [some[0] for some in generated] == best
        tokens, _ = model.generate(source, max_length, n_best=3, **beams)
        assert generated == [[row[~np.isin(row, (0, END))].tolist() for row in some] for some in tokens]
    assert all(len({*map(tuple, some)}) == 3 for some in generated)


def test_batches_draw_different_samples_and_name_an_empty_source(build_once):
    model = build_once("dot")
    generated = zoo.decoding.generate_in_batches(
        model, [[4, 5]] * 4, 12, batch_size=2, strategy="sample", seed=0
    )
    assert generated[:2] != generated[2:]
    with pytest.raises(zoo.InputError, match="source 1: no tokens"):
        zoo.decoding.generate_in_batches(model, [[4], [], [5]], 3)
    with pytest.raises(zoo.InputError, match="n_best"):
        zoo.decoding.generate_in_batches(model, [[4]], 3, n_best=2)  # greedy search has one hypothesis


def test_batches_of_contexts_come_back_in_order(build_once):
    model = build_once("grid")
    contexts, _, _ = make_inputs(model)
    generated = decoding.generate_in_batches(model, contexts, 7, batch_size=2, strategy="beam")
    rows = model.generate(contexts, 7, "beam")
    assert generated == [row[~np.isin(row, (0, END))].tolist() for row in rows]


def test_tokens_so_far_may_have_different_lengths(build_once):
    model = build_once("no context")
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
def test_weights_that_are_no_numbers_are_named(strategy):
    model = build("dot")
    for wrong in (np.nan, np.inf):
        model.get_layer("probabilities").bias.assign(np.where(np.arange(12) == 7, wrong, 0.0))
        with pytest.raises(zoo.InputError, match="not all numbers"):
            model.generate([[4, 5]], 3, strategy)


def generate_all_ways(model, inputs, max_length=9):
    ways = {"greedy": {}, "sample": {"seed": 1}, "beam": {"beam_width": 3, "n_best": 2}}
    return [model.generate(inputs, max_length, way, **options) for way, options in ways.items()]


@pytest.mark.parametrize("name", ["dot", pytest.param("no context", marks=pytest.mark.exhaustive)])
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


def test_a_longer_sample_goes_on_with_the_same_text(build_once):
    model = build_once("no context")
    long = model.generate([[START]] * 4, 150, "sample", seed=5)
    short = model.generate([[START]] * 4, 70, "sample", seed=5)
    np.testing.assert_array_equal(short, long[:, : short.shape[1]])


@pytest.mark.every(2)
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


@pytest.mark.every(2)
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


def test_no_temperature_draws_what_is_no_token(build_once):
    model = build_once("no context")
    assert model.generate([[START]] * 500, 3, "sample", temperature=1e6, seed=0)[:, 0].min() == 2
    cold = model.generate([[START]], 9, "sample", temperature=1e-6, seed=0)
    np.testing.assert_array_equal(cold, model.generate([[START]], 9))


def test_the_seed_decides_what_is_sampled(build_once):
    model = build_once("vector")
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
def test_errors_say_what_was_received(arguments, message, build_once):
    with pytest.raises(zoo.InputError, match=message):
        build_once("dot").generate(**{"inputs": [[4, 5]], "max_length": 3, **arguments})


def test_batches_refuse_what_is_no_token_and_no_size(build_once):
    model = build_once("dot")
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


def test_a_long_source_has_a_batch_of_its_own(build_once):
    model = build_once("none")
    sources = [[4, 5]] * 5 + [[6] * 5000]
    with unittest.mock.patch.object(model, "generate", wraps=model.generate) as generate:
        decoding.generate_in_batches(model, sources, 2)
    assert [len(call.args[0]) for call in generate.call_args_list] == [5, 1]


def test_a_context_of_another_shape_or_number_is_refused(build_once):
    model = build_once("vector")
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
