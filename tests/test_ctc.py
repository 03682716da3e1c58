"""CTC: the head, its loss and its decoders, against all ways to write short texts."""

import itertools
import math
import os
import pathlib
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest

import zoo

SIZES = {"num_features": 3, "mask_value": -1.0, "num_tags": 4, "units": 5, "head": "ctc"}
LENGTHS = (7, 4, 2)
TEXTS = ([1, 1, 2], [3], [])


def build(cell="gru", **config):
    keras.utils.set_random_seed(0)
    return zoo.build("many_to_many", cell=cell, **{**SIZES, **config})


def make_inputs(padding=0):
    values = np.random.default_rng(0).normal(size=(3, 7, 3)).astype("float32")
    values = np.pad(values, ((0, 0), (0, padding), (0, 0)))
    mask = np.arange(7 + padding) < np.array(LENGTHS)[:, None]
    return np.where(mask[:, :, None], values, -1.0).astype("float32")


def make_targets():
    return np.array([text + [0] * (4 - len(text)) for text in TEXTS])


def outputs_of(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs))


def collapse(path):
    return tuple(label for label, _ in itertools.groupby(path) if label)


def all_texts(log_p):
    """The log-probability of each text, from all ways through the steps."""
    found = {}
    for path in itertools.product(range(log_p.shape[1]), repeat=len(log_p)):
        total = sum(float(step[label]) for step, label in zip(log_p, path, strict=True))
        text = collapse(path)
        found[text] = np.logaddexp(found.get(text, -np.inf), total)
    return found


def random_log_p(steps, labels, seed=0):
    scores = np.random.default_rng(seed).normal(size=(steps, labels)) * 2
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


@pytest.mark.every(2)
@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize("subsampling", [1, 3])
def test_padding_changes_neither_the_answers_nor_the_loss_nor_the_text(cell, subsampling):
    model = build(cell, subsampling=subsampling, num_layers=2)
    model.compile("sgd", "ctc", run_eagerly=keras.backend.backend() != "jax")
    short, long = (outputs_of(model, make_inputs(padding)) for padding in (0, 5))
    steps = [-(-length // subsampling) for length in LENGTHS]
    assert short.shape[1] == steps[0] and long.shape[1] == -(-12 // subsampling)
    for one, other, n in zip(short, long, steps, strict=True):
        np.testing.assert_allclose(one[:n], other[:n], atol=1e-5)
        np.testing.assert_allclose(np.exp(one).sum(axis=-1), 1.0, atol=1e-5)
        assert (other[n:, 0] == 0).all() and (other[n:, 1:] < -1e8).all()  # certainly a blank
    targets = make_targets()[1:] if subsampling == 3 else make_targets()
    losses = [model.test_on_batch(make_inputs(n)[-len(targets) :], targets) for n in (0, 5)]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert zoo.decoding.ctc_greedy(short) == zoo.decoding.ctc_greedy(long)
    for one, other in zip(short, long, strict=True):
        texts = [zoo.decoding.ctc_beam_search(log_p, beam_width=50) for log_p in (one, other)]
        assert texts[0] == texts[1]


def test_the_loss_is_that_of_all_ways_to_write_the_text():
    model = build()
    log_p = outputs_of(model, make_inputs(padding=3))
    losses = keras.ops.convert_to_numpy(keras.losses.ctc(make_targets(), log_p))
    for loss, one, n, text in zip(losses, log_p, LENGTHS, TEXTS, strict=True):
        assert loss == pytest.approx(-all_texts(one[:n])[tuple(text)], rel=1e-5)


@needs.torch
def test_the_loss_is_that_of_pytorch_with_the_real_lengths():
    import torch

    model = build(subsampling=1)
    log_p = outputs_of(model, make_inputs(padding=3))
    losses = keras.ops.convert_to_numpy(keras.losses.ctc(make_targets(), log_p))
    expected = torch.nn.functional.ctc_loss(
        torch.tensor(log_p).transpose(0, 1),
        torch.tensor(make_targets()),
        LENGTHS,
        [len(text) for text in TEXTS],
        reduction="none",
    )
    np.testing.assert_allclose(losses, expected.numpy(), rtol=1e-5)


BACKEND = """
import sys
import keras, numpy as np
sys.path.insert(0, sys.argv[1])
import test_ctc
model = test_ctc.build(subsampling=2)
model.set_weights([*np.load(sys.argv[2]).values()])
model.compile(keras.optimizers.SGD(0.1), "ctc")
x, y = test_ctc.make_inputs(3), test_ctc.make_targets()
first = test_ctc.outputs_of(model, x)
losses = [model.train_on_batch(x[1:], y[1:]) for _ in range(2)]
np.savez(sys.argv[3], first=first, losses=losses, last=test_ctc.outputs_of(model, x))
"""


@pytest.mark.exhaustive
@needs.tensorflow_backend
@needs.jax
@needs.torch
def test_three_backends_train_alike(tmp_path):
    np.savez(tmp_path / "weights.npz", *build(subsampling=2).get_weights())
    (tmp_path / "program.py").write_text(BACKEND)
    results = {}
    for backend in ("tensorflow", "jax", "torch"):
        here = pathlib.Path(__file__).parent
        words = [tmp_path / "program.py", here, tmp_path / "weights.npz", tmp_path / f"{backend}.npz"]
        environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(here.parent)}
        done = subprocess.run([sys.executable, *words], capture_output=True, env=environment, text=True)
        assert done.returncode == 0, done.stderr
        results[backend] = dict(np.load(tmp_path / f"{backend}.npz"))
    for backend in ("jax", "torch"):
        for name, array in results["tensorflow"].items():
            np.testing.assert_allclose(results[backend][name], array, rtol=1e-4, atol=1e-4)
    assert results["jax"]["losses"][1] < results["jax"]["losses"][0]


def test_log_probabilities_and_masks_survive_saving(tmp_path):
    model = build("lstm", subsampling=2, dropout=0.5)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    again = zoo.registry.rebuild(zoo.registry.build_arguments(model))
    again.set_weights(model.get_weights())
    for padding in (0, 5):
        expected = outputs_of(model, make_inputs(padding))
        assert (expected[2, 1:, 0] == 0).all()  # padding
        for other in (reloaded, again):
            np.testing.assert_allclose(outputs_of(other, make_inputs(padding)), expected, atol=1e-6)


def test_weights_are_for_texts():
    model = build()
    model.compile("sgd", "ctc", run_eagerly=keras.backend.backend() != "jax")
    x, y = make_inputs(), make_targets()
    losses = [model.test_on_batch(x[i : i + 1], y[i : i + 1]) for i in range(3)]
    weighted = model.test_on_batch(x, y, sample_weight=np.array([1.0, 0.0, 3.0]))
    assert weighted == pytest.approx((losses[0] + 3 * losses[2]) / 3, rel=1e-4)
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(zoo.InputError, match="class_weight cannot weight the labels of a text"):
            train(x, y, class_weight={1: 5.0})


def test_the_code_of_the_head_makes_the_same_model():
    model = build("lstm", subsampling=2, mask_value=0.5, num_layers=2)
    program = zoo.code(model)
    names = {}
    exec(program, names)
    names["model"].set_weights(model.get_weights())
    inputs = np.where(make_inputs(4) == -1.0, 0.5, make_inputs(4))
    np.testing.assert_allclose(outputs_of(names["model"], inputs), outputs_of(model, inputs), atol=1e-6)
    assert "subsampling = 2" in program and "mask[:, ::subsampling]" in program
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length=104", "-"]
    assert subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0


def test_tokens_may_be_the_inputs():
    model = zoo.build("many_to_many", vocabulary_size=9, num_tags=4, head="ctc", subsampling=2, units=3)
    log_p = outputs_of(model, np.array([[5, 6, 7, 8], [5, 6, 0, 0]]))
    alone = outputs_of(model, np.array([[5, 6]]))
    np.testing.assert_allclose(log_p[1, :1], alone[0], atol=1e-6)


def test_silence_between_sounds_is_not_padding():
    model = build(mask_value=0.0, subsampling=2)
    values = np.abs(make_inputs()[:1]) + 0.1
    values[:, 2:5] = 0
    log_p = outputs_of(model, values)
    assert (log_p[0, :, 0] < 0).all() and log_p.shape == (1, 4, 4)


def test_joined_steps_carry_the_mask():
    layer = zoo.layers.JoinSteps(3)
    values = np.arange(1.0, 15.0, dtype="float32").reshape(1, 7, 2)
    mask = np.arange(7)[None] < 4
    joined = keras.ops.convert_to_numpy(layer(values, mask=mask))
    assert joined.tolist() == [[[1, 2, 3, 4, 5, 6], [7, 8, 0, 0, 0, 0], [0] * 6]]
    assert keras.ops.convert_to_numpy(layer.compute_mask(values, mask)).tolist() == [
        [True, True, False]
    ]
    assert layer.compute_mask(values) is None
    assert layer.compute_output_shape((None, 7, 2)) == (None, 3, 6)
    assert layer.compute_output_shape((2, None, 2)) == (2, None, 6)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"head": "softmax", "subsampling": 2}, "subsampling=2 needs head='ctc'"),
        ({"subsampling": 0}, "subsampling must be an integer from 1"),
        ({"head": "ctcc"}, "Did you mean 'ctc'?"),
        ({"forbidden_transitions": [(0, 1)]}, "Received: head='ctc'"),
    ],
)
def test_errors(config, message):
    with pytest.raises(ValueError) as error:
        build(**config)
    assert message in str(error.value)


def test_number_of_parameters():
    model = build("gru", subsampling=3, num_layers=2)
    r = lambda n: 3 * 5 * (n + 5 + 2)  # noqa: E731, the formula of zoo.cells
    assert model.count_params() == 2 * r(3 * 3) + 2 * r(10) + 11 * 4


@pytest.mark.parametrize("seed", range(4))
def test_beam_search_finds_the_likeliest_of_all_texts(seed):
    log_p = random_log_p(5, 3, seed)
    texts = all_texts(log_p)
    best = max(texts, key=texts.get)
    assert zoo.decoding.ctc_beam_search(log_p, beam_width=1000) == list(best)
    greedy = zoo.decoding.ctc_greedy(log_p[None])[0]
    assert greedy == list(collapse(log_p.argmax(axis=1)))


@pytest.mark.parametrize(("weight", "bonus"), [(0.7, 0.0), (1.5, 2.0), (0.0, -1.0)])
def test_beam_search_with_a_language_model_finds_the_best_of_all_texts(weight, bonus):
    model = zoo.text.ngram_model(
        zoo.text.count_ngrams([[1, 2, 1], [2, 2], [1]], n=3), vocabulary_size=3
    )
    for seed in range(3):
        log_p = random_log_p(5, 3, seed)
        scores = {}
        for text, score in all_texts(log_p).items():
            language = sum(model(text[:i])[label] for i, label in enumerate(text)) + model(text)[0]
            scores[text] = score + weight * language + bonus * len(text)
        found = zoo.decoding.ctc_beam_search(
            log_p, beam_width=1000, language_model=model, weight=weight, bonus=bonus
        )
        assert found == list(max(scores, key=scores.get))


def test_a_network_may_be_the_language_model():
    keras.utils.set_random_seed(0)
    network = zoo.build("one_to_many", context_shape=None, vocabulary_size=6, units=3, embedding_dim=3)

    def language_model(labels):  # the network's tokens are 2 to begin, 3 to end, and label + 3
        p = outputs_of(network, np.array([[2, *(label + 3 for label in labels)]]))[0, -1]
        return np.log(np.append(p[3], p[4:]))

    log_p = random_log_p(4, 3)
    found = zoo.decoding.ctc_beam_search(log_p, beam_width=1000, language_model=language_model)
    scores = {
        text: score
        + sum(language_model(text[:i])[label] for i, label in enumerate(text))
        + language_model(text)[0]
        for text, score in all_texts(log_p).items()
    }
    assert found == list(max(scores, key=scores.get))


def test_a_narrow_beam_is_nearly_as_good():
    scores = []
    for width in (1, 4, 200):
        found = [
            zoo.decoding.ctc_beam_search(random_log_p(6, 3, seed), beam_width=width)
            for seed in range(9)
        ]
        totals = [all_texts(random_log_p(6, 3, seed))[tuple(text)] for seed, text in enumerate(found)]
        scores.append(sum(totals))
    assert scores[0] <= scores[1] <= scores[2]


def test_no_step_is_no_text():
    assert zoo.decoding.ctc_greedy(np.zeros((2, 0, 3))) == [[], []]
    assert zoo.decoding.ctc_beam_search(np.zeros((0, 3))) == []


@pytest.mark.parametrize(
    ("decode", "log_p", "options", "message"),
    [
        ("ctc_greedy", np.zeros((2, 3)), {}, r"must be \[batch, time, labels\]. Received: float64"),
        ("ctc_beam_search", np.zeros((1, 2, 3)), {}, r"must be \[time, labels\]"),
        ("ctc_beam_search", np.full((2, 3), np.nan), {}, "not all numbers"),
        ("ctc_beam_search", np.zeros((2, 3)), {"beam_width": 0}, "beam_width must be an integer"),
    ],
)
def test_errors_of_the_decoders(decode, log_p, options, message):
    with pytest.raises(zoo.InputError, match=message):
        getattr(zoo.decoding, decode)(log_p, **options)


def test_an_ngram_model_interpolates_between_shorter_and_longer_contexts():
    texts = [[1, 2, 1, 2, 2], [2, 1], [1]]
    model = zoo.text.ngram_model(zoo.text.count_ngrams(texts, n=3), vocabulary_size=4)

    def p(label, context):  # Witten & Bell, straight from the formula
        shorter = p(label, context[1:]) if context else 1 / 4
        size, next_labels = len(context), []
        for text in ([0, *text, 0] for text in texts):
            next_labels += [
                text[i] for i in range(max(1, size), len(text)) if text[i - size : i] == context
            ]
        if not next_labels:
            return shorter
        kinds = len(set(next_labels))
        return (next_labels.count(label) + kinds * shorter) / (len(next_labels) + kinds)

    for prefix in ((), (1,), (2, 2), (1, 2, 1), (1, 1, 1)):
        expected = [p(label, [0, *prefix][-2:]) for label in range(4)]
        np.testing.assert_allclose(np.exp(model(prefix)), expected)
        assert math.isclose(sum(expected), 1.0)
