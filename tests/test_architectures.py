"""Every type with every cell: shapes, masks, saving, training, parameters, errors."""

import functools
import inspect
import json
import math
import re

import keras
import needs
import numpy as np
import pytest

import zoo

CELLS = ("simple_rnn", "lstm", "gru")
SIZES = {"units": 5, "num_layers": 1}
TWO_LAYERS = {"num_layers": 2}
TEXT = {"vocabulary_size": 20, "embedding_dim": 6, **SIZES}
CHARACTERS = {"characters": True, "character_embedding_dim": 4, "character_units": 3}
PAIR = {"source_vocabulary_size": 20, "target_vocabulary_size": 15, "embedding_dim": 6, **SIZES}


def encoder(shape):
    """A small network from an image of 4 x 6 pixels to features of a shape."""
    x = image = keras.Input((4, 6, 1))
    x = keras.layers.Conv2D(7, (2, 3), strides=(2, 3))(x)  # [batch, 2, 2, 7]
    x = keras.layers.Reshape((4, 7))(keras.layers.BatchNormalization()(x))
    if len(shape) == 1:
        x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(image, x)


CASES = {
    "one_to_one": ("one_to_one", {"input_shape": (3, 4), "num_classes": 4, **SIZES}),
    "one_to_many, vector": ("one_to_many", {"context_shape": (7,), **TEXT, **TWO_LAYERS}),
    "one_to_many, grid": ("one_to_many", {"context_shape": (4, 7), **TEXT}),
    "one_to_many, vector of an image": ("one_to_many", {"encoder": (7,), **TEXT}),
    "one_to_many, grid of an image": ("one_to_many", {"encoder": (4, 7), **TEXT, **TWO_LAYERS}),
    "one_to_many, no context": ("one_to_many", {"context_shape": None, **TEXT}),
    "one_to_many, tied": (
        "one_to_many",
        {"context_shape": None, **TEXT, "embedding_dim": 5, "tie_embeddings": True},
    ),
    "many_to_one, last": ("many_to_one", {**TEXT}),
    "many_to_one, bidirectional": ("many_to_one", {"bidirectional": True, **TEXT, **TWO_LAYERS}),
    "many_to_one, mean": ("many_to_one", {"pooling": "mean", "num_classes": 3, **TEXT}),
    "many_to_one, max": ("many_to_one", {"pooling": "max", **TEXT}),
    "many_to_one, attention": ("many_to_one", {"pooling": "attention", **TEXT}),
    "many_to_one, concat": (
        "many_to_one",
        {"pooling": "concat", "bidirectional": True, "num_classes": 3, **TEXT},
    ),
    "many_to_one, values": (
        "many_to_one",
        {"num_features": 3, "mask_value": -1.0, "num_outputs": 2, **SIZES},
    ),
    "many_to_one, frames": (
        "many_to_one",
        {"encoder": (7,), "mask_value": -1.0, "num_classes": 3, **SIZES},
    ),
    "many_to_many": ("many_to_many", {"num_tags": 4, **TEXT, **TWO_LAYERS}),
    "many_to_many, forward": ("many_to_many", {"num_tags": 4, "bidirectional": False, **TEXT}),
    "many_to_many, crf": ("many_to_many", {"head": "crf", "num_tags": 4, **TEXT, **TWO_LAYERS}),
    "many_to_many, characters": ("many_to_many", {"num_tags": 4, **CHARACTERS, **TEXT}),
    "many_to_many, crf and characters": (
        "many_to_many",
        {"head": "crf", "num_tags": 4, **CHARACTERS, **TEXT},
    ),
    "many_to_many, values": (
        "many_to_many",
        {"num_features": 3, "mask_value": -1.0, "head": "sigmoid", "num_tags": 4, **SIZES},
    ),
    "many_to_many, frames": (
        "many_to_many",
        {"encoder": (7,), "mask_value": -1.0, "num_tags": 4, **SIZES},
    ),
    "encoder_decoder, none": ("encoder_decoder", {"attention": "none", **PAIR}),
    "encoder_decoder, dot": ("encoder_decoder", {"attention": "dot", **PAIR}),
    "encoder_decoder, additive": (
        "encoder_decoder",
        {"attention": "additive", **PAIR, **TWO_LAYERS},
    ),
    "encoder_decoder, forward": ("encoder_decoder", {"bidirectional": False, **PAIR}),
}
ALL_CELLS = (  # one case of each type
    "one_to_one",
    "one_to_many, grid",
    "many_to_one, bidirectional",
    "many_to_many, crf and characters",
    "encoder_decoder, additive",
)
PADDED = [case for case in CASES if case != "one_to_one"]  # its one step cannot be padded
each_case = pytest.mark.parametrize("case", CASES)
RUNS = [  # those with each cell, the others with a GRU
    (case, cell) for case in CASES for cell in CELLS if case in ALL_CELLS or cell == "gru"
]
each_run = pytest.mark.parametrize(("case", "cell"), RUNS)
each_cell = pytest.mark.parametrize("cell", CELLS)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def build(case, cell, **config):
    name, defaults = CASES[case]
    if "encoder" in defaults:  # each model trains its own
        config = {"encoder": encoder(defaults["encoder"]), **config}
    return zoo.build(name, cell=cell, **{**defaults, **config})


@pytest.fixture(scope="module")
def build_once():
    """Does what `build` does, but once for each case and cell. For tests that change no weights."""
    return functools.cache(build)


def has_sigmoids(model):
    return getattr(model.get_layer(index=-1), "activation", None) is keras.activations.sigmoid


def make_data(model, padding=0):
    """Inputs and targets that fit a model: 4 rows of 1 to 4 steps, and `padding` steps more.

    Each step has 1 to 3 characters, and `padding` more, which are padding.
    """
    rng = np.random.default_rng(0)
    mask = np.arange(4 + padding) < np.arange(1, 5)[:, None]  # [batch, time]
    inputs = []
    for tensor in model.inputs:
        if tensor.name in ("tokens", "source", "target"):
            tokens = rng.integers(1, 15, (4, 4))
            inputs.append(np.where(mask, np.pad(tokens, ((0, 0), (0, padding))), 0))
        elif tensor.name == "characters":
            characters = rng.integers(1, 15, (4, 4, 3))
            lengths = np.pad(rng.integers(1, 4, (4, 4)), ((0, 0), (0, padding)))
            is_character = (np.arange(3 + padding) < lengths[:, :, None]) & mask[:, :, None]
            padded = np.pad(characters, ((0, 0), (0, padding), (0, padding)))
            inputs.append(np.where(is_character, padded, 0))
        elif tensor.name == "values":
            values = np.pad(rng.normal(size=(4, 4, 3)), ((0, 0), (0, padding), (0, 0)))
            inputs.append(np.where(mask[..., None], values, -1.0))
        elif tensor.name == "frames":
            shape = tensor.shape[2:]  # height, width, channels
            frames = np.pad(rng.normal(size=(4, 4, *shape)), ((0, 0), (0, padding), *[(0, 0)] * 3))
            inputs.append(np.where(mask[:, :, None, None, None], frames, -1.0))
        else:
            inputs.append(rng.normal(size=(4, *tensor.shape[1:])))
    width = model.output_shape[-1]
    if len(model.output_shape) == 3:  # an answer a step
        answers = np.pad(rng.integers(0, width, (4, 4)), ((0, 0), (0, padding)))
        if has_sigmoids(model):
            answers = np.eye(width)[answers]
    elif model.get_layer(index=-1).name == "numbers":
        answers = rng.normal(size=(4, width))
    else:
        answers = rng.integers(0, max(width, 2), (4, 1))
    return (inputs if len(inputs) > 1 else inputs[0]), answers, mask.astype("float32")


def compile_model(model, learning_rate=0.01, run_eagerly=False, optimizer=None):
    if model.get_layer(index=-1).name == "numbers":
        loss, metrics = "mse", ["mae"]
    elif model.get_layer(index=-1).name == "crf":
        loss, metrics = None, ["accuracy"]  # a loss of its own
    else:
        binary = model.output_shape[-1] == 1 or has_sigmoids(model)
        loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
    optimizer = optimizer or keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss, weighted_metrics=metrics, run_eagerly=run_eagerly)


@pytest.mark.every(4)
@pytest.mark.parametrize(("case", "cell"), [run for run in RUNS if run[0] in PADDED])
def test_more_right_padding_changes_nothing(case, cell, build_once):
    model = build_once(case, cell)
    compile_model(model, run_eagerly=keras.backend.backend() != "jax")  # it compiles either way
    results = []
    for padding in (0, 2):
        inputs, answers, mask = make_data(model, padding)
        outputs = keras.ops.convert_to_numpy(model(inputs))
        is_a_step = len(model.output_shape) == 3
        if is_a_step:
            outputs = outputs[mask > 0]
        weight = {"sample_weight": mask} if is_a_step else {}
        loss, metric = model.test_on_batch(inputs, answers, **weight)
        results.append((outputs, loss, metric))
    for unpadded, padded in zip(*results, strict=True):
        np.testing.assert_allclose(padded, unpadded, rtol=1e-5, atol=1e-6)
    if is_a_step:  # the mask alone leaves padding out of the loss
        by_mask_alone = model.test_on_batch(inputs, answers)[0]
        np.testing.assert_allclose(by_mask_alone, loss, rtol=1e-5)


def move_padding(x, mask, place):
    """The rows `[batch, time, ...]` with their padding, which is on the right, in another place."""
    last = mask.sum(axis=1, keepdims=True) - 1
    steps = np.arange(mask.shape[1])
    places = {
        "left": np.where(mask, 1, 0),
        "middle": np.where(mask, np.where(steps == last, 2, 0), 1),
    }
    order = np.argsort(places[place], axis=1, kind="stable")
    return np.take_along_axis(x, order.reshape(*order.shape, *[1] * (x.ndim - 2)), axis=1)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("case", "cell"),
    [
        pytest.param(case, cell, marks=[] if cell == "gru" else pytest.mark.exhaustive)
        for i, case in enumerate(PADDED)
        for cell in (CELLS if case in ALL_CELLS else CELLS[i % 2 : i % 2 + 1])  # a GRU: see above
    ],
)
def test_padding_may_be_anywhere(case, cell):
    """The same answers, the same loss and the same step of training as with padding on the right."""
    model = build(case, cell)
    for variable in model.trainable_variables:
        if "transitions" in variable.path:  # they are zeros at first
            variable.assign(np.random.default_rng(0).normal(size=variable.shape))
    sgd = keras.optimizers.SGD(1.0)
    compile_model(model, run_eagerly=keras.backend.backend() != "jax", optimizer=sgd)
    weights = model.get_weights()
    inputs, answers, mask = make_data(model, padding=2)
    is_step = mask > 0
    runs = [(inputs, answers, is_step)]
    for place in ("left", "middle"):
        moved = keras.tree.map_structure(
            lambda x, place=place: (
                move_padding(x, is_step, place) if x.shape[:2] == is_step.shape else x
            ),
            inputs,
        )
        if "characters" in case:  # of each word too
            tokens, characters = moved
            words = characters.reshape(-1, characters.shape[-1])
            moved = [tokens, move_padding(words, words != 0, place).reshape(characters.shape)]
        moved_answers, moved_mask = answers, is_step
        if len(model.output_shape) == 3:
            moved_answers, moved_mask = (move_padding(x, is_step, place) for x in (answers, is_step))
        runs.append((moved, moved_answers, moved_mask))
    results = []
    for x, y, here in runs:
        model.set_weights(weights)
        outputs = keras.ops.convert_to_numpy(model(x))
        outputs = outputs[here] if outputs.ndim == 3 else outputs
        results.append([outputs, model.train_on_batch(x, y)[0], *model.get_weights()])
    for right, *others in zip(*results, strict=True):
        for other in others:
            np.testing.assert_allclose(other, right, rtol=1e-4, atol=1e-5)


@pytest.mark.every(3)
@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("many_to_")])
def test_a_row_without_a_step_harms_nothing(case):
    model = build(case, "gru")
    compile_model(model, run_eagerly=keras.backend.backend() != "jax")
    inputs, answers, _ = make_data(model)
    empty = keras.tree.map_structure(
        lambda x: np.concatenate([np.full_like(x[:1], -1 if x.dtype.kind == "f" else 0), x[1:]]), inputs
    )
    outputs = keras.ops.convert_to_numpy(model(empty))
    assert np.isfinite(outputs).all()
    expected = keras.ops.convert_to_numpy(model(inputs))
    np.testing.assert_allclose(outputs[1:], expected[1:], rtol=1e-5, atol=1e-6)
    assert np.isfinite(model.train_on_batch(empty, answers)[0])
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


@pytest.mark.parametrize("case", ["many_to_many", "many_to_many, crf", "one_to_many, vector"])
def test_a_weight_for_each_sequence_counts_for_all_its_steps(case):
    """Also where batch and time are equal, as here: Keras would take the weights for those of steps."""
    model = build(case, "gru")
    compile_model(model, run_eagerly=keras.backend.backend() != "jax")
    inputs, answers, mask = make_data(model)
    weights = np.array([1.0, 5.0, 0.0, 2.0])
    of_rows = model.test_on_batch(inputs, answers, sample_weight=weights)
    of_steps = model.test_on_batch(inputs, answers, sample_weight=weights[:, None] * np.ones_like(mask))
    np.testing.assert_allclose(of_rows, of_steps, rtol=1e-6)
    assert abs(of_rows[0] - model.test_on_batch(inputs, answers)[0]) > 1e-3


@pytest.mark.parametrize("case", ["many_to_many", "many_to_many, crf", "encoder_decoder, dot"])
def test_class_weight_is_refused_where_each_step_has_an_answer(case):
    model = build(case, "gru")
    compile_model(model)
    inputs, answers, _ = make_data(model)
    weights = {0: 1.0, 1: 5.0}
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(zoo.InputError, match="Pass a weight for each step: sample_weight="):
            train(inputs, answers, class_weight=weights)
    with pytest.raises(zoo.InputError, match="Pass a weight for each step"):  # by position
        model.train_on_batch(inputs, answers, None, weights)


@pytest.mark.every(4)
@each_run
def test_saved_and_reloaded_gives_the_same(case, cell, tmp_path):
    model = build(case, cell, **({} if case == "one_to_one" else {"dropout": 0.5}))
    inputs, _, _ = make_data(model, padding=2)
    model.run_eagerly = keras.backend.backend() != "jax"  # it compiles either way
    outputs = model.predict(inputs, verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    reloaded.run_eagerly = model.run_eagerly
    if case in PADDED:  # the masks have survived too
        inputs, _, mask = make_data(model, padding=4)
    again = reloaded.predict(inputs, verbose=0)
    if len(model.output_shape) == 3:
        again, outputs = again[mask > 0], outputs[mask[:, : outputs.shape[1]] > 0]
    np.testing.assert_allclose(again, outputs, rtol=1e-5, atol=1e-6)


@pytest.mark.every(2)
@needs.tensorflow_backend  # test_backends.py: from one to the other
@each_case
def test_built_again_from_json_gives_the_same(case, build_once):
    others = {  # arguments that JSON has no word for
        "many_to_one, max": {"embeddings": np.ones((20, 3)), "trainable_embeddings": False},
        "many_to_one, last": {"dropout": np.float32(0.5)},
        "many_to_many, crf": {"forbidden_transitions": {(-1, 1), (0, 2)}},
        "many_to_many, crf and characters": {"forbidden_transitions": np.array([[-1, 1], [0, 2]])},
    }
    model = build(case, "lstm", **others[case]) if case in others else build_once(case, "lstm")
    record = json.loads(json.dumps(zoo.registry.build_arguments(model)))
    again = zoo.registry.rebuild(record)
    again.set_weights(model.get_weights())
    inputs, _, _ = make_data(model, padding=2)
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(m(inputs)) for m in (model, again)))
    assert zoo.registry.build_arguments(again) == record


@pytest.mark.every(4)
@each_run
def test_training_lowers_the_loss(case, cell):
    model = build(case, cell)
    # Compiling takes longer. The tests of the recipes compile the other types.
    quickly_compiled = cell == "gru" and case in ("one_to_one", "one_to_many, grid")
    is_compiled = quickly_compiled or keras.backend.backend() == "jax"
    compile_model(model, learning_rate=0.05, run_eagerly=not is_compiled)
    inputs, answers, _ = make_data(model)
    if is_compiled:
        loss = model.fit(inputs, answers, epochs=3, verbose=0).history["loss"]
    else:
        loss = [model.train_on_batch(inputs, answers)[0] for _ in range(3)]
    assert loss[-1] < 0.98 * loss[0]


def formula(builder):
    """The expression under "Number of parameters" in a builder's docstring."""
    doc = inspect.getdoc(builder)
    paragraph = doc[doc.index("Number of parameters") :].split("\n\n")[0]
    return " ".join(re.findall(r"^ {4}(.*)$", paragraph, re.MULTILINE))


def recurrent_formula(cell, units):
    line = re.search(rf"^    {cell}: (.*)$", zoo.cells.__doc__, re.MULTILINE).group(1)
    return lambda n: eval(line, {"units": units, "n": n})


@each_cell
@each_case
def test_number_of_parameters_is_the_docstrings_formula(case, cell, build_once):
    model = build_once(case, cell)
    name, config = CASES[case]
    builder = getattr(__import__(f"zoo.architectures.{name}", fromlist=[name]), name)
    names = {key: p.default for key, p in inspect.signature(builder).parameters.items()} | config
    context_shape = config.get("encoder") or names.get("context_shape")
    inner = [getattr(layer, "layer", layer) for layer in model.layers]  # in PerFrame too
    encoders = [layer for layer in inner if isinstance(layer, keras.Model)]
    directions = 2 if names.get("bidirectional") else 1
    classes = names.get("num_classes")
    names |= {
        "math": math,
        "R": recurrent_formula(cell, names["units"]),
        "C": recurrent_formula(cell, names.get("character_units")),
        "n": config.get("encoder", [names.get("num_features") or names.get("embedding_dim")])[-1],
        "directions": directions,
        "width": directions * names["units"],
        "states": 2 if cell == "lstm" else 1,
        "features": context_shape[-1] if context_shape else -1,
        "grid": context_shape is not None and len(context_shape) == 2,
        "outputs": names.get("num_outputs") or (1 if classes == 2 else classes),
    }
    of_encoder = sum(encoder.count_params() for encoder in encoders)
    assert model.count_params() - of_encoder == eval(formula(builder), names)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES.values()}))
def test_defaults_build(name):
    model = zoo.build(name)
    assert model.name == name
    assert zoo.build(name, cell="gru").count_params() < model.count_params()


@pytest.mark.every(4)
@pytest.mark.parametrize("trainable", (True, False))
@pytest.mark.parametrize("case", ("one_to_many, vector", "many_to_one, last", "many_to_many"))
def test_pretrained_embeddings_are_used(case, trainable, tmp_path):
    vectors = np.random.default_rng(1).normal(size=(20, 8)).astype("float32")
    model = build(case, "gru", embeddings=vectors, trainable_embeddings=trainable)
    table = model.get_layer("embedding")
    np.testing.assert_array_equal(table.get_weights()[0], vectors)
    compile_model(model, run_eagerly=True)
    inputs, answers, _ = make_data(model)
    model.fit(inputs, answers, epochs=2, verbose=0)
    assert np.array_equal(table.get_weights()[0], vectors) != trainable
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        reloaded.get_layer("embedding").get_weights()[0], table.get_weights()[0]
    )


REGULARIZED = {
    "embedding_dim": 5,
    "tie_embeddings": True,
    "dropout": 0.5,
    "variational_dropout": True,
    "weight_dropout": 0.5,
}


@pytest.mark.every(4)
@each_cell
@pytest.mark.parametrize("config", ({}, REGULARIZED))
def test_windows_with_their_states_handed_over_equal_one_long_pass(cell, config, tmp_path):
    sizes = {**TEXT, **TWO_LAYERS, **config}
    model = zoo.build("one_to_many", cell=cell, context_shape=None, **sizes)
    tokens = np.random.default_rng(0).integers(1, 20, (3, 12))
    whole = model.predict(tokens, verbose=0)
    network = model.with_states()
    states = [np.zeros((3, 5)) for _ in network.inputs[1:]]
    assert len(states) == (4 if cell == "lstm" else 2)
    windows = []
    for window in np.split(tokens, [1, 5, 10], axis=1):
        probabilities, *states = network.predict([window, *states], verbose=0)
        windows.append(probabilities)
    np.testing.assert_allclose(np.concatenate(windows, axis=1), whole, rtol=1e-5, atol=1e-7)
    # Padding changes no state, and the model itself is saved as if nothing had happened.
    padded = np.pad(tokens[:, 10:], ((0, 0), (0, 3)))
    before = network.predict([tokens[:, :10], *(np.zeros((3, 5)) for _ in states)], verbose=0)[1:]
    after = network.predict([padded, *before], verbose=0)[1:]
    for one, other in zip(after, states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(reloaded.predict(tokens, verbose=0), whole, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("variational", (True, False))
def test_variational_dropout_has_one_mask_for_all_steps(variational):
    """And another one for each sequence and each batch. The mean of a number stays the same."""
    sizes = {**TEXT, **TWO_LAYERS, "units": 40, "embedding_dim": 40, "context_shape": None}
    model = zoo.build("one_to_many", dropout=0.4, variational_dropout=variational, **sizes)
    dropouts = [model.get_layer(f"{place}_dropout") for place in ("input", "rnn_1", "output")]
    network = keras.Model(model.inputs[0], [(layer.input, layer.output) for layer in dropouts])
    tokens = np.random.default_rng(0).integers(1, 20, (20, 3))
    runs = [
        [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(network(tokens, training=training))]
        for training in (True, True, False)
    ]
    for first, second, inference in zip(
        *(zip(x[::2], x[1::2], strict=True) for x in runs), strict=True
    ):
        mask, other = (dropped != 0 for _, dropped in (first, second))  # [batch, time, features]
        np.testing.assert_allclose(first[1], np.where(mask, first[0] / 0.6, 0), rtol=1e-5)
        assert mask.mean() == pytest.approx(0.6, abs=0.06)
        assert (mask == mask[:, :1]).all() == variational
        for others in (np.roll(mask, 1, axis=0), np.roll(mask, 1, axis=2), other):
            assert (mask == others).mean() < 0.65  # 0.52 if they are independent
        np.testing.assert_array_equal(*inference)


@each_cell
def test_training_with_states_handed_over_uses_all_kinds_of_dropout(cell):
    """Each of them changes the outputs of a step of training, and the states are those of the mask."""
    for kind in ({"dropout": 0.5, "variational_dropout": True}, {"weight_dropout": 0.5}):
        model = zoo.build("one_to_many", cell=cell, context_shape=None, **{**TEXT, **kind})
        network = model.with_states()
        tokens = np.random.default_rng(0).integers(1, 20, (3, 4))
        inputs = [tokens, *(np.ones((3, 5), "float32") for _ in network.inputs[1:])]
        runs = [network(inputs, training=training)[0] for training in (False, False, True, True)]
        runs = [keras.ops.convert_to_numpy(run) for run in runs]
        np.testing.assert_array_equal(runs[0], runs[1])
        for one, other in ((0, 2), (2, 3)):
            assert abs(runs[one] - runs[other]).max() > 1e-4


def test_states_are_for_language_models():
    with pytest.raises(ValueError, match=r"context_shape=None. Received: a context of shape \(7,\)"):
        zoo.build("one_to_many", context_shape=(7,), **TEXT).with_states()


def test_pretrained_embeddings_of_a_pair_are_used():
    vectors = {f"{side}_embeddings": np.ones((n, 4)) for side, n in (("source", 20), ("target", 15))}
    model = build("encoder_decoder, dot", "gru", **vectors)
    for side in ("source", "target"):
        table = model.get_layer(f"{side}_embedding").get_weights()[0]
        np.testing.assert_array_equal(table, vectors[f"{side}_embeddings"])


@pytest.mark.parametrize("case", ("encoder_decoder, dot", "encoder_decoder, additive"))
def test_attention_weights_are_a_distribution_over_the_real_source(case):
    model = build(case, "lstm")
    (source, target), _, mask = make_data(model, padding=3)
    attention = keras.Model(model.inputs, model.get_layer("attention").output[1])
    weights = attention.predict([source, target], verbose=0)  # [batch, target time, source time]
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)
    assert np.all(weights[np.broadcast_to(mask[:, None, :] == 0, weights.shape)] == 0)
    assert weights[3, 0, :4].std() > 1e-6  # and not uniform, beyond rounding


def test_additive_attention_against_numpy():
    model = build("encoder_decoder, additive", "gru")
    (source, target), _, mask = make_data(model, padding=2)
    attention = model.get_layer("attention")
    memory, query = (
        keras.Model(model.inputs, model.get_layer(name).output[0]).predict([source, target], verbose=0)
        for name in ("encoder_1", "decoder_1")
    )
    w, q = (model.get_layer(f"attention_{name}").get_weights()[0] for name in ("keys", "query"))
    v = attention.get_weights()[0]
    score = np.tanh((query @ q)[:, :, None] + (memory @ w)[:, None]) @ v
    score = np.where(mask[:, None] > 0, score, -np.inf)
    expected = np.exp(score) / np.exp(score).sum(axis=-1, keepdims=True)
    weights = keras.Model(model.inputs, attention.output[1]).predict([source, target], verbose=0)
    np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-6)


def test_the_context_and_the_source_are_used():
    for case in CASES:
        if case.startswith(("one_to_many, v", "one_to_many, g", "encoder")):
            model = build(case, "gru")
            inputs, _, _ = make_data(model)
            other = [np.roll(inputs[0], 1, axis=0), inputs[1]]
            difference = model.predict(inputs, verbose=0) - model.predict(other, verbose=0)
            assert np.abs(difference).max() > 1e-4, case


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "many_to_on"}, "Unknown type. Did you mean 'many_to_one'?"),
        ({"cell": "gruu"}, "Unknown cell. Did you mean 'gru'?"),
        ({"unit": 3}, "Unknown argument of many_to_one. Did you mean 'units'?"),
        ({"pooling": "first"}, "'last', 'mean', 'max', 'concat', 'attention'. Received: 'first'"),
        ({"name": "many_to_many", "head": "sofmax"}, "Did you mean 'softmax'?"),
        ({"name": "many_to_many", "forbidden_transitions": [(0, 1)]}, "Received: head='softmax'"),
        ({"name": "many_to_many", "num_features": 3, "characters": True}, "Received: num_features=3"),
        ({"name": "encoder_decoder", "attention": "additve"}, "Did you mean 'additive'?"),
        ({"name": "encoder_decoder", "cell": "LSTM"}, "Received: 'LSTM'"),
        ({"name": "one_to_many", "cell": "rnn"}, "'simple_rnn', 'lstm', 'gru'. Received: 'rnn'"),
        ({"name": "one_to_many", "context_shape": (8, 8, 3)}, "Received: (8, 8, 3)"),
        ({"num_layers": 0}, "Received: num_layers=0"),
        ({"units": "64"}, "units must be an integer from 1 to 2147483647. Received: units='64'"),
        ({"units": [64, 32]}, "Received: units=[64, 32]"),
        ({"vocabulary_size": 1}, "vocabulary_size must be an integer from 2"),
        ({"bidirectional": "no"}, "bidirectional must be True or False. Received: bidirectional='no'"),
        ({"num_features": 0}, "num_features must be an integer from 1 to 2147483647 or None"),
        ({"num_features": 1, "mask_value": "x"}, "Received: mask_value='x'"),
        ({"num_features": 1, "mask_value": float("nan")}, "Received: mask_value=nan"),
        ({"embeddings": "glove"}, "embeddings must have one row of numbers for each token"),
        ({"embeddings": [[1.0], [2.0, 3.0]]}, "one row of numbers for each token"),
        ({"vocabulary_size": 2, "embeddings": [[0.0], [np.nan]]}, "Received: row 1 has nan"),
        ({"vocabulary_size": 2, "embeddings": [[1e300], [0.0]]}, "Received: row 0 has inf"),
        ({"vocabulary_size": 2, "embeddings": [[1j], [0.0]]}, "Received: complex128"),
        ({"cell": ["gru"]}, "Unknown cell"),
        ({"pooling": np.ones(3)}, "Unknown pooling"),
        ({"name": None}, "Unknown type"),
        ({"name": "one_to_one", "input_shape": 8}, "input_shape must be a tuple"),
        ({"name": "one_to_many", "context_shape": "3"}, "context_shape must be a tuple"),
        ({"name": "one_to_many", "encoder": "resnet"}, "encoder must be a keras.Model with one input"),
        ({"encoder": encoder((4, 7))}, "encoder must turn each frame into one vector"),
        ({"encoder": keras.Sequential([keras.layers.Flatten()])}, "encoder must be a keras.Model"),
        ({"name": "many_to_many", "encoder": encoder((7,)), "characters": True}, "Only tokens have"),
        ({"name": "one_to_many", "end_token": 10000}, "end_token must be below"),
        ({"name": "one_to_many", "start_token": -1}, "start_token must be an integer from 1"),
        (
            {"name": "encoder_decoder", "target_vocabulary_size": 3},
            "end_token must be below the size of the vocabulary, 3. Received: end_token=3",
        ),
        (
            {"name": "encoder_decoder", "source_embeddings": np.ones((3, 2))},
            "source_embeddings must have one row",
        ),
        (
            {"name": "many_to_many", "head": "crf", "forbidden_transitions": [(0.5, 1)]},
            "forbidden_transitions must be a list of pairs",
        ),
        ({"dropout": 2.0}, "dropout must be a number from 0 to below 1. Received: dropout=2.0"),
        (
            {"name": "one_to_many", "weight_dropout": 1},
            "weight_dropout must be a number from 0 to below",
        ),
        (
            {"name": "one_to_many", "variational_dropout": 0.5},
            "variational_dropout must be True or Fal",
        ),
        ({"weight_dropout": 0.5}, "Unknown argument of many_to_one"),
        ({"vocabulary_size": 9, "embeddings": np.ones((8, 4))}, "Received: float64, shape (8, 4)"),
    ],
)
def test_errors_say_what_exists_and_what_was_received(arguments, message):
    with pytest.raises(ValueError) as error:
        zoo.build(**{"name": "many_to_one", **arguments})
    assert message in str(error.value)
