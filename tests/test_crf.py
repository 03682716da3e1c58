"""The CRF against all sequences of tags written out, and as the head of a tagger."""

import itertools

import keras
import needs
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

import zoo
from zoo.datasets import to_iob2, to_iobes
from zoo.layers import CRF, CRFTagger, PerWord, forbidden_transitions

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
LENGTHS = np.array([4, 1, 3, 2, 4, 4, 3, 4])  # words of each sentence
MASK = np.arange(4) < LENGTHS[:, None]  # [batch, time]
FORBIDDEN = ([], [(-1, 2), (0, 2), (1, 1), (2, 0)])
each_forbidden = pytest.mark.parametrize("forbidden", FORBIDDEN, ids=("free", "forbidden"))


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def make_crf(forbidden=(), num_tags=3):
    """A CRF with random weights, and random scores of the sentences."""
    crf = CRF(num_tags, forbidden)
    crf.build((None, None, num_tags))
    rng = np.random.default_rng(0)
    crf.set_weights([rng.normal(size=w.shape, scale=3.0) for w in crf.get_weights()])
    return crf, rng.normal(size=(*MASK.shape, num_tags), scale=2.0).astype("float32")


def brute_force(crf, scores):
    """All allowed tags of one sentence `[time, num_tags]`, and the score of each, by the definition."""
    transitions, first, last = (w.astype("float64") for w in crf.get_weights())
    forbidden = {tuple(pair) for pair in crf.forbidden_transitions}
    paths = [
        path
        for path in itertools.product(range(crf.num_tags), repeat=len(scores))
        if not forbidden & {*itertools.pairwise((-1, *path))}
    ]
    of_paths = [
        first[path[0]]
        + sum(scores[t, tag] for t, tag in enumerate(path))
        + sum(transitions[pair] for pair in itertools.pairwise(path))
        + last[path[-1]]
        for path in paths
    ]
    return np.array(paths), np.array(of_paths)


def padded(tags, fill):
    return np.array([[*row, *[fill] * (4 - len(row))] for row in tags])


@pytest.mark.every(2)
@each_forbidden
def test_likelihood_against_all_sequences(forbidden):
    crf, scores = make_crf(forbidden)
    sentences = [brute_force(crf, rows[:length]) for rows, length in zip(scores, LENGTHS, strict=True)]
    for pick in (0, -1):  # the likelihoods of two different sequences
        tags = padded([paths[pick] for paths, _ in sentences], fill=-7)
        loss = crf.negative_log_likelihood(scores, tags, MASK)
        expected = [np.log(np.exp(values).sum()) - values[pick] for _, values in sentences]
        np.testing.assert_allclose(to_numpy(loss), expected, rtol=1e-5, atol=1e-5)
    total = sum(
        np.exp(-to_numpy(crf.negative_log_likelihood(scores[:1], path[None])))
        for path in sentences[0][0]
    )
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)  # the probabilities of all that is allowed


@each_forbidden
def test_viterbi_against_all_sequences(forbidden):
    crf, scores = make_crf(forbidden)
    sentences = [brute_force(crf, rows[:length]) for rows, length in zip(scores, LENGTHS, strict=True)]
    tags, score = map(to_numpy, crf.viterbi(scores, MASK))
    best = padded([paths[values.argmax()] for paths, values in sentences], fill=0)
    np.testing.assert_array_equal(tags, best)
    np.testing.assert_allclose(score, [values.max() for _, values in sentences], rtol=1e-5)
    one_hot = to_numpy(crf(scores, mask=MASK))
    np.testing.assert_array_equal(one_hot.argmax(axis=-1), best)
    np.testing.assert_array_equal(one_hot.sum(axis=-1), MASK)


@pytest.mark.every(2)
@each_forbidden
def test_gradient_is_marginals_minus_the_true_tags(forbidden):
    crf, scores = make_crf(forbidden)
    scores, mask = scores[:1], np.array([[True, True, True, False]])  # one sentence of 3 words
    tags = np.array([[0, 0, 1, 2]])
    bias = keras.layers.Dense(12, kernel_initializer="zeros")  # whose gradient is that by the scores
    inputs, words = keras.Input((4, 3)), keras.Input((4,), dtype="bool")
    shift = keras.layers.Reshape((4, 3))(bias(keras.layers.Flatten()(inputs)))
    model = CRFTagger([inputs, words], crf(keras.layers.Add()([inputs, shift]), mask=words))
    model.compile(keras.optimizers.SGD(1.0))
    before = [*crf.get_weights(), bias.get_weights()[1]]
    model.fit([scores, mask], tags, verbose=0)
    after = [*crf.get_weights(), bias.get_weights()[1]]
    gradients = [3 * (old - new) for old, new in zip(before, after, strict=True)]  # of 3 words

    crf.set_weights(before[:3])
    paths, values = brute_force(crf, scores[0, :3])
    p = np.exp(values) / np.exp(values).sum()
    expected = [np.zeros(w.shape) for w in before[:3]] + [np.zeros((4, 3))]
    for path, weight in [*zip(paths, p, strict=True), (tags[0, :3], -1.0)]:
        for pair in itertools.pairwise(path):
            expected[0][pair] += weight
        expected[1][path[0]] += weight
        expected[2][path[-1]] += weight
        expected[3][np.arange(3), path] += weight
    for gradient, right in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, right.reshape(gradient.shape), atol=1e-4)


def test_padding_changes_nothing():
    crf, scores = make_crf(FORBIDDEN[1])
    tags = to_numpy(crf.viterbi(scores, MASK)[0])
    more = np.pad(scores, ((0, 0), (0, 5), (0, 0)), constant_values=99.0)
    more_mask = np.pad(MASK, ((0, 0), (0, 5)))
    more_tags, score = map(to_numpy, crf.viterbi(more, more_mask))
    np.testing.assert_array_equal(more_tags[:, :4], tags)
    loss = to_numpy(crf.negative_log_likelihood(more, more_tags, more_mask))
    for i, length in enumerate(LENGTHS):
        alone = scores[i : i + 1, :length]
        own_tags, own_score = map(to_numpy, crf.viterbi(alone))
        np.testing.assert_array_equal(own_tags[0], more_tags[i, :length])
        np.testing.assert_allclose(own_score[0], score[i], rtol=1e-6)
        own_loss = to_numpy(crf.negative_log_likelihood(alone, own_tags))
        np.testing.assert_allclose(own_loss[0], loss[i], rtol=1e-5, atol=1e-6)


def test_a_tag_out_of_range_is_no_number():
    crf, scores = make_crf()
    tags = np.zeros(MASK.shape, int)
    tags[0, 1], tags[3, 0], tags[1, 3] = 3, -1, -100  # the last one is at padding
    loss = to_numpy(crf.negative_log_likelihood(scores, tags, MASK))
    assert np.isnan(loss).tolist() == [i in (0, 3) for i in range(len(loss))]


def test_extreme_scores_stay_finite():
    crf, scores = make_crf([(-1, 2), (0, 2)])
    tags = np.tile([0, 2, 1, 1], (len(scores), 1))  # not allowed: 2 after 0
    assert np.all(to_numpy(crf.negative_log_likelihood(scores, tags)) > 0.9e9)
    huge = to_numpy(crf.negative_log_likelihood(1e5 * scores, np.ones(MASK.shape)))
    assert np.all(np.isfinite(huge)) and np.all(huge >= 0)
    empty = to_numpy(crf.negative_log_likelihood(scores, tags, np.zeros(MASK.shape, bool)))
    np.testing.assert_array_equal(empty, 0.0)


SIZES = {"vocabulary_size": 20, "num_tags": 5, "embedding_dim": 6, "units": 8}


def make_data(rows=32, time=7, length=4):
    """Tokens, characters, tags that follow from the token and the one before, and word weights."""
    rng = np.random.default_rng(0)
    mask = np.arange(time) < rng.integers(1, time + 1, rows)[:, None]
    tokens = np.where(mask, rng.integers(1, 20, (rows, time)), 0)
    tags = np.where((tokens % 2 == 0) & np.roll(tokens % 2 == 1, 1, axis=1), 2, tokens % 2)
    lengths = rng.integers(1, length + 1, (rows, time, 1))
    is_character = (np.arange(length) < lengths) & mask[..., None]
    characters = np.where(is_character, rng.integers(1, 128, (rows, time, length)), 0)
    return tokens, characters, np.where(mask, tags, -1), mask.astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", (pytest.param("int8", marks=pytest.mark.exhaustive), "int64"))
def test_fit_evaluate_predict(dtype):
    tokens, _, tags, weight = make_data()
    tags = tags.astype(dtype)
    model = zoo.build("many_to_many", head="crf", **SIZES)
    model.compile(keras.optimizers.Adam(0.05), weighted_metrics=["accuracy"])
    history = model.fit(
        tokens, tags, sample_weight=weight, validation_data=(tokens, tags, weight), epochs=15, verbose=0
    ).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    loss, accuracy = model.evaluate(tokens, tags, sample_weight=weight, verbose=0)
    np.testing.assert_allclose(history["val_loss"][-1], loss, rtol=1e-5)
    outputs = model.predict(tokens, verbose=0)
    assert accuracy == pytest.approx(np.mean((outputs.argmax(-1) == tags)[weight > 0]), abs=1e-6)
    assert accuracy > 0.95
    np.testing.assert_array_equal(outputs.sum(axis=-1), weight)

    crf = model.get_layer("crf")
    scores = keras.Model(model.inputs, model.get_layer("scores").output).predict(tokens, verbose=0)
    losses = to_numpy(crf.negative_log_likelihood(scores, tags, weight > 0))
    np.testing.assert_allclose(loss, losses.sum() / weight.sum(), rtol=1e-4)
    of_sentences = np.linspace(0, 2, len(tokens))
    for weights in (of_sentences, of_sentences[:, None] * weight):  # of words: their mean counts
        plain = CRFTagger(model.inputs, model.outputs[0])  # without Keras's metrics: they take no
        plain.compile()  # weights of sentences if there is a mask
        weighted = plain.evaluate(tokens, tags, sample_weight=weights, verbose=0)
        np.testing.assert_allclose(weighted, (losses * of_sentences).sum() / weight.sum(), rtol=1e-4)


def test_loss_of_regularizers_is_added():
    inputs = keras.Input((3, 2))
    dense = keras.layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2")
    model = CRFTagger(inputs, CRF(2)(dense(inputs)))
    model.compile("sgd")
    loss = model.evaluate(np.zeros((1, 3, 2)), np.zeros((1, 3), int), verbose=0)
    np.testing.assert_allclose(loss, np.log(2) + 0.01 * 4, rtol=1e-5)


def test_forbidden_transitions_are_never_predicted():
    forbidden = forbidden_transitions(TAGS)
    tokens = make_data()[0]
    broken = {}
    for name, pairs in (("free", ()), ("iob2", forbidden)):
        model = zoo.build("many_to_many", head="crf", forbidden_transitions=pairs, **SIZES)
        scores = model.get_layer("scores")
        scores.set_weights([3.0 * scores.get_weights()[0], np.array([0.0, 0, 1, 0, 1])])
        predicted = model.predict(tokens, verbose=0).argmax(axis=-1)
        lengths = (tokens > 0).sum(axis=1)
        rows = [(-1, *row[:length]) for row, length in zip(predicted, lengths, strict=True)]
        broken[name] = sum(pair in forbidden for row in rows for pair in itertools.pairwise(row))
    assert broken["free"] > 10
    assert broken["iob2"] == 0


def test_mixed_precision_computes_the_crf_in_float32():
    tokens, characters, tags, _ = make_data()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = zoo.build("many_to_many", head="crf", characters=True, **SIZES)
        model.compile(keras.optimizers.Adam(0.01), run_eagerly=keras.backend.backend() != "jax")
        loss = [model.train_on_batch([tokens, characters], tags) for _ in range(3)]
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.all(np.isfinite(loss)) and loss[-1] < loss[0]
    assert model.get_layer("rnn_0").compute_dtype == "float16"
    for name in ("scores", "crf"):
        assert model.get_layer(name).compute_dtype == "float32"
    assert model.predict([tokens, characters], verbose=0).dtype == np.float32


@pytest.mark.exhaustive
@needs.tensorflow_backend  # XLA by a flag is TensorFlow's
def test_xla_gives_the_same_loss():
    tokens, characters, tags, _ = make_data()
    losses = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        model = zoo.build("many_to_many", head="crf", characters=True, **SIZES)
        model.compile("adam", jit_compile=jit_compile)
        losses.append(
            model.fit([tokens, characters], tags, epochs=2, shuffle=False, verbose=0).history["loss"]
        )
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_characters_are_read_word_by_word():
    layer = PerWord(keras.layers.Bidirectional(keras.layers.GRU(3)))
    _, characters, _, weight = make_data(rows=3)
    vectors = np.random.default_rng(0).normal(size=(128, 5)).astype("float32")[characters]
    outputs = to_numpy(layer(vectors, mask=characters > 0))
    assert outputs.shape == (3, 7, 6) and np.all(np.isfinite(outputs))
    for i, t in np.argwhere(weight):
        word = vectors[i, t, : (characters[i, t] > 0).sum()]
        alone = to_numpy(layer.layer(word[None]))[0]
        np.testing.assert_allclose(outputs[i, t], alone, rtol=1e-4, atol=1e-6)


def test_no_row_of_characters_is_wholly_masked():  # cuDNN allows none
    class AnyCharacter(keras.layers.Layer):
        def call(self, inputs, mask):
            return keras.ops.cast(keras.ops.any(mask, axis=1, keepdims=True), "float32")

    mask = np.array([[[True, True], [True, False], [False, False]]])
    found = PerWord(AnyCharacter())(np.zeros((1, 3, 2, 1), "float32"), mask=mask)
    np.testing.assert_array_equal(to_numpy(found), np.ones((1, 3, 1)))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: CRF(3, [(0, 3)]), "j from 0 to 2. Received: (0, 3)"),
        (lambda: CRF(3, [(-2, 0)]), "Received: (-2, 0)"),
        (lambda: CRF(3)(np.zeros((1, 4, 5))), "With num_tags=3 the scores must be [batch, time, 3]"),
        (lambda: CRF(3).negative_log_likelihood(None, np.zeros((1, 4, 1))), "integers [batch, time]"),
        (lambda: forbidden_transitions(["O", "PER"]), "Received: 'PER'"),
        (
            lambda: zoo.build("many_to_many", forbidden_transitions=[(0, 1)]),
            "need head='crf'. Received: head='softmax'",
        ),
        (
            lambda: zoo.build("many_to_many", head="crf").compile("adam", "mse"),
            "its own loss, the negative log-likelihood. Compile without a loss",
        ),
    ],
)
def test_errors_say_what_was_received(act, message):
    with pytest.raises(zoo.InputError) as error:
        act()
    assert message in str(error.value)


def test_what_is_forbidden_is_what_no_sentence_contains():
    iobes = ["O", *(f"{prefix}-{type}" for type in ("PER", "LOC") for prefix in "BIES")]
    sentences = [to_iob2(tags) for tags in itertools.product(TAGS, repeat=4)]
    for names, rows in ((TAGS, sentences), (iobes, map(to_iobes, sentences))):
        seen = {pair for row in rows for pair in itertools.pairwise([-1, *map(names.index, row)])}
        all_pairs = set(itertools.product(range(-1, len(names)), range(len(names))))
        assert set(forbidden_transitions(names)) == all_pairs - seen
