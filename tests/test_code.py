"""`zoo.code`: the programs make the same models, without the zoo."""

import os
import pathlib
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest
from test_architectures import ALL_CELLS, CASES, CELLS, encoder, make_data
from test_architectures import build as build_case

import zoo
from zoo.copying.code import as_function

ROOT = pathlib.Path(__file__).parent.parent
RUFF = [sys.executable, "-m", "ruff"]
VECTORS = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
SIZES = ("vocabulary_size", "source_vocabulary_size", "target_vocabulary_size", "units")
PAIRS = [(-1, 2), (0, 2), (1, 0), (2, 3)]
ALL_PAIRS = [(i, j) for i in (-1, 0, 1, 2, 3) for j in (1, 3)]
WEIGHTS = {"weight_dropout": 0.5}
FAST = {  # a name -> the case, the cell and other arguments
    "digits": ("one_to_one", "lstm", {}),
    "caption": ("one_to_many, grid of an image", "gru", {}),
    "text": ("one_to_many, no context", "gru", {"num_layers": 2}),
    "language": ("one_to_many, tied", "lstm", {"dropout": 0.5, "variational_dropout": True, **WEIGHTS}),
    "two-layers": ("many_to_one, bidirectional", "simple_rnn", {"dropout": 0.5}),
    "pooling": ("many_to_one, attention", "lstm", {}),
    "vectors": ("many_to_one, max", "gru", {"embeddings": VECTORS, "trainable_embeddings": False}),
    "values": ("many_to_one, values", "gru", {"pooling": "mean"}),
    "frames": ("many_to_one, frames", "gru", {}),
    "crf": ("many_to_many, crf and characters", "gru", {"forbidden_transitions": ALL_PAIRS}),
    "translation": ("encoder_decoder, additive", "lstm", {"end_token": 4}),
}
SLOW = {  # each type with each cell, the other cases with one cell. Every other one has dropout.
    f"{case}, {cell}".replace(" ", "_").replace(",", ""): (
        case,
        cell,
        {"dropout": 0.5} if (i + j) % 2 and case != "one_to_one" else {},
    )
    for i, case in enumerate(CASES)
    for j, cell in enumerate(CELLS)
    if case in ALL_CELLS or j == i % 3
}
MORE = {
    "both-vectors": (
        "encoder_decoder, dot",
        "lstm",
        {"source_embeddings": VECTORS, "target_embeddings": VECTORS[:15, :2], "num_layers": 2},
    ),
    "one-table": ("one_to_many, vector", "gru", {"embeddings": VECTORS}),
    "tied-vectors": ("one_to_many, tied", "gru", {"embeddings": VECTORS, "units": 3}),
    "weights": ("one_to_many, grid", "simple_rnn", {"weight_dropout": 0.5}),
    "tagged-vectors": ("many_to_many, characters", "lstm", {"embeddings": VECTORS}),
    "many-sizes": ("many_to_many, crf", "gru", {"units": 11, "embedding_dim": 13, "num_tags": 17}),
    "few-pairs": ("many_to_many, crf", "gru", {"forbidden_transitions": PAIRS}),
    "a-prime-table": ("many_to_one, last", "gru", {"embeddings": VECTORS.repeat(11, axis=1)[:, :11]}),
    "mean-of-tokens": ("many_to_one, mean", "lstm", {"bidirectional": True}),
}


def make(folder, name, case, cell, config):
    """Writes the program and the arrays of a model. Returns what the model answers."""
    keras.utils.set_random_seed(0)
    model = build_case(case, cell, **config)
    first = model.get_weights()
    (folder / f"{name}.py").write_text(zoo.code(model))
    for variable in model.trainable_variables:  # so that one token is far likelier than others
        variable.assign(3 * variable)
    given, targets, _ = make_data(model, padding=2)
    inputs = given if isinstance(given, list) else [given]
    arrays = {f"input_{i}": x for i, x in enumerate(inputs)}
    arrays |= {f"weights_{i}": x for i, x in enumerate(model.get_weights())}
    answers = {"output_0": keras.ops.convert_to_numpy(model(given))}
    if not any(key.endswith("embeddings") for key in config):  # these are zeros in the program
        answers |= {f"first_{i}": weights for i, weights in enumerate(first)}
    if hasattr(model, "generate") and name != "caption":  # it takes seconds to compile
        answers["greedy"] = model.generate(inputs[0], 5)
        arrays["max_length"] = 5
    if "crf" in case:
        arrays["answers"] = targets
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=keras.backend.backend() != "jax")
        losses = [model.train_on_batch(given, targets) for _ in range(2)]
        answers["losses"] = np.array(losses, "float32")
    np.savez(folder / f"{name}.npz", **arrays)
    return answers


def assert_same(folder, runs, backend=None):
    """Compares the models of the programs with those of `zoo.build`."""
    expected = {name: make(folder, name, *run) for name, run in runs.items()}
    environment = os.environ | needs.QUICK_JAX | ({"KERAS_BACKEND": backend} if backend else {})
    command = [sys.executable, ROOT / "tests" / "code_without_zoo.py", folder]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert result.returncode == 0, result.stderr
    found = dict(np.load(folder / "answers.npz"))
    for name, answers in expected.items():
        for key, array in answers.items():
            if key.startswith("first_") and backend:
                continue  # each backend has its own random numbers
            if key == "greedy":
                np.testing.assert_array_equal(found[f"{name}/{key}"], array, err_msg=name)
            else:
                tolerance = {"rtol": 1e-4, "atol": 1e-4} if backend else {"rtol": 1e-5, "atol": 1e-6}
                np.testing.assert_allclose(
                    found[f"{name}/{key}"], array, **tolerance, err_msg=f"{name}/{key}"
                )


def assert_formatted(folder):
    for words in (["format", "--diff"], ["check"]):
        command = [*RUFF, *words, "--no-cache", "--config", ROOT / "pyproject.toml", folder]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def fast(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    assert_same(folder, FAST)
    return folder


@pytest.mark.slow
def test_the_programs_make_the_same_models_without_the_zoo(fast):
    assert_formatted(fast)
    for name in FAST:
        assert "zoo" not in (fast / f"{name}.py").read_text()


@pytest.mark.exhaustive
@needs.tensorflow_backend
def test_every_type_and_option(tmp_path):
    assert_same(tmp_path, SLOW | MORE)
    assert_formatted(tmp_path)


@pytest.mark.exhaustive
@needs.tensorflow_backend
@pytest.mark.parametrize(
    "backend", [pytest.param("jax", marks=needs.jax), pytest.param("torch", marks=needs.torch)]
)
def test_on_other_backends(backend, tmp_path):
    assert_same(tmp_path, FAST, backend)


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_programs_are_short(name):
    sizes = {key: 20 if "vocabulary" in key else 5 for key in small(name) if key in SIZES}
    model, _, generate = zoo.code(name, **sizes).partition("\n\n\ndef generate")
    assert len(model[model.index("keras.Input") :].splitlines()) <= 40
    assert len([line for line in model.splitlines() if line]) <= 41  # with imports and sizes
    assert generate.count("\n") <= 25
    assert bool(generate) == (name in ("one_to_many", "encoder_decoder"))


def run(source):
    program = {"__name__": "program"}
    exec(source, program)
    return program


@pytest.mark.parametrize(
    "name", ["one_to_one", "many_to_one", "many_to_many", "one_to_many", "encoder_decoder"]
)
def test_sizes_may_be_changed_at_the_top(name):
    """A program with other sizes makes the model that `zoo.build` makes with these sizes."""
    sizes = {key: value for key, value in small(name).items() if key != "characters"}
    source = zoo.code(name, **small(name))
    changed = {}
    for key, value in sizes.items():
        if f"\n{key} = " in source:
            changed[key] = tuple(2 * size for size in value) if isinstance(value, tuple) else value + 3
            source = source.replace(f"\n{key} = {value}\n", f"\n{key} = {changed[key]}\n")
    assert len(changed) == len(sizes)
    model = zoo.build(name, **small(name) | changed)
    same = run(source)["model"]
    assert [x.shape for x in same.get_weights()] == [x.shape for x in model.get_weights()]


def small(name):
    sizes = {"vocabulary_size": 20, "embedding_dim": 6, "units": 5}
    return {
        "one_to_one": {"input_shape": (3, 4), "num_classes": 4, "units": 5},
        "many_to_one": {**sizes, "num_classes": 3},
        "many_to_many": {
            **sizes,
            "num_tags": 4,
            "characters": True,
            "character_vocabulary_size": 9,
            "character_embedding_dim": 7,
            "character_units": 8,
        },
        "one_to_many": {**sizes, "context_shape": (4, 7)},
        "encoder_decoder": {
            "source_vocabulary_size": 20,
            "target_vocabulary_size": 15,
            "embedding_dim": 6,
            "units": 5,
        },
    }[name]


def test_the_mask_of_the_loss_is_there():
    """Padding has no part in the loss of a program's model, as in the zoo's."""
    config = {"vocabulary_size": 20, "embedding_dim": 3, "units": 4, "num_tags": 4}
    losses = []
    for model in (
        zoo.build("many_to_many", **config),
        run(zoo.code("many_to_many", **config))["model"],
    ):
        model.set_weights([np.full(x.shape, 0.1) for x in model.get_weights()])
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        inputs, targets, _ = make_data(model, padding=2)
        losses.append(model.test_on_batch(inputs, targets))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_model_that_you_have_changed():
    model = zoo.build("many_to_one", cell="gru", pooling="mean", vocabulary_size=20, units=5)
    assert "units = 5" in zoo.code(model)
    x = keras.layers.LayerNormalization()(model.get_layer("mean").output)
    x = keras.layers.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L2(0.1))(2.0 * x + 1)
    changed = keras.Model(model.input, x)
    same = run(zoo.code(changed))["model"]
    same.set_weights(changed.get_weights())
    tokens = np.array([[5, 6, 0], [7, 8, 9]])
    np.testing.assert_allclose(same(tokens), changed(tokens), atol=1e-6)
    assert same.losses[0] == changed.losses[0]
    model.get_layer("embedding").trainable = False
    assert not run(zoo.code(model))["model"].get_layer("embedding").trainable


def test_layers_that_are_called_twice_and_several_outputs():
    one, other = (keras.Input((None,), dtype="int32", name=name) for name in ("a", "b"))
    embedding, rnn = keras.layers.Embedding(7, 5), keras.layers.LSTM(4)
    x, y = rnn(embedding(one)), rnn(embedding(other))
    parts = keras.ops.concatenate([x, y], axis=-1)[:, 1:3]
    model = keras.Model({"a": one, "b": other}, [keras.layers.Dot(axes=1)([x, y]), parts])
    source = zoo.code(model)
    assert source.count("layers.LSTM") == source.count("layers.Embedding") == 1
    same = run(source)["model"]
    same.set_weights(model.get_weights())
    inputs = {"a": np.array([[5, 6, 4]]), "b": np.array([[1, 2]])}
    for x, y in zip(same(inputs), model(inputs), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-6)


OWN_CELL = '''
import math
import keras
import needs
from keras import ops as K

HALF = math.sin(math.pi / 6)

def gate(x):
    return HALF * K.sigmoid(x)

def unused(x):
    return x

@keras.saving.register_keras_serializable("mine")
class OwnCell(keras.layers.Layer):
    """A cell.

    With two paragraphs.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")

    def call(self, x, states):
        h = gate(K.matmul(x, self.w)) + states[0]
        return h, [h]

    def get_config(self):
        return super().get_config() | {"units": self.units}
'''


def test_tied_embeddings_and_kinds_of_dropout():
    """Equal sizes have one name. The program trains with the same dropout."""
    sizes = {"vocabulary_size": 20, "embedding_dim": 5, "units": 5}
    drops = {"dropout": 0.5, "weight_dropout": 0.5, "variational_dropout": True}
    model = zoo.build("one_to_many", context_shape=None, tie_embeddings=True, **sizes, **drops)
    source = zoo.code(model)
    assert "\nembedding_dim = 5\ndropout = 0.5\nweight_dropout = 0.5\n" in source
    assert "units = 5" not in source and "WeightDropoutGRU" not in source
    tokens, outputs = np.array([[5, 6, 7]]), []
    same = run(source.replace("embedding_dim = 5", "embedding_dim = 8"))["model"]
    assert same.count_params() == 20 * 8 + 4 * 8 * (8 + 8 + 1)
    for one in (model, run(source)["model"]):
        one.set_weights(model.get_weights())
        runs = [keras.ops.convert_to_numpy(one(tokens, training=True)) for _ in range(2)]
        assert abs(runs[0] - runs[1]).max() > 1e-4
        outputs.append(one(tokens))
    np.testing.assert_allclose(*outputs, atol=1e-6)
    vectors = {"vocabulary_size": 20, "units": 3, "embeddings": VECTORS}
    with_vectors = zoo.code("one_to_many", tie_embeddings=True, **vectors)
    assert with_vectors.count("embeddings.shape[1]") > 2 and "set_weights([embeddings])" in with_vectors


def test_a_cell_of_your_own(tmp_path, monkeypatch):
    (tmp_path / "own_cell_of_code.py").write_text(OWN_CELL)
    monkeypatch.syspath_prepend(tmp_path)
    import own_cell_of_code

    inputs = keras.Input((None, 3))
    rnn = keras.layers.RNN(
        [own_cell_of_code.OwnCell(4), keras.layers.GRUCell(2)], return_sequences=True
    )
    x = keras.layers.Bidirectional(rnn)(inputs)
    model = keras.Model(inputs, keras.layers.RNN(own_cell_of_code.OwnCell(5))(x))
    source = zoo.code(model)
    assert "layers.RNN(OwnCell(5)" in source and "unused" not in source
    assert "With two paragraphs." in source
    same = run(source)["model"]
    same.set_weights(model.get_weights())
    values = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    np.testing.assert_allclose(same(values), model(values), atol=1e-6)


@pytest.mark.parametrize(
    ("case", "config"),
    [("many_to_one, last", {"dropout": 0.3}), ("many_to_one, max", {"embeddings": VECTORS})],
)
def test_a_function_of_the_sizes(case, config, tmp_path):
    name, defaults = CASES[case]
    keras.utils.set_random_seed(0)
    model = zoo.build(name, cell="gru", **defaults | config)
    imports, source, generate, arguments = as_function(name, {"cell": "gru", **defaults, **config})
    assert generate == ""
    text = "\n".join([*imports, "", "", source, ""])
    (tmp_path / "program.py").write_text(text)
    assert_formatted(tmp_path)
    program = run(text)
    keras.utils.set_random_seed(0)
    same = program["build_model"](**arguments)
    for x, y in zip(same.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
    assert program["build_model"](**arguments | {"units": 9}).get_layer("rnn_0").units == 9


def test_a_function_that_carries_states():
    config = {"cell": "lstm", "context_shape": None, "vocabulary_size": 20, "units": 5}
    _, source, _, arguments = as_function("one_to_many", config, "build", lambda m: m.with_states())
    program = run("import keras\nfrom keras import layers, ops\n" + source)
    model = zoo.build("one_to_many", **config).with_states()
    same = program["build"](**arguments)
    same.set_weights(model.get_weights())
    inputs = [np.array([[5, 6]]), *np.ones((2, 1, 5), "float32")]
    for x, y in zip(same(inputs), model(inputs), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-6)


def test_mixed_precision():
    with zoo.registry.dtype_policy("mixed_float16"):
        model = zoo.build("many_to_one", pooling="attention", vocabulary_size=20, units=5)
        source = zoo.code(model)
        same = run(source)["model"]
    assert source == zoo.code(model)  # also while the policy is another
    assert 'keras.config.set_dtype_policy("mixed_float16")' in source
    for name in ("rnn_0", "attention", "probabilities"):
        assert same.get_layer(name).dtype_policy.name == model.get_layer(name).dtype_policy.name


def test_the_seed_of_the_user_stays():
    keras.utils.set_random_seed(0)
    expected = zoo.build("one_to_one", units=3).get_weights()
    model = zoo.build("one_to_many", context_shape=None, vocabulary_size=9, units=3)
    keras.utils.set_random_seed(0)
    zoo.code(model)
    for x, y in zip(zoo.build("one_to_one", units=3).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(x, y)


def test_the_command(zoo_command):
    words = "--context-shape 5,7 --cell gru --units 8 --dropout 0.5 --vocabulary-size 20 --end-token 9"
    config = {"context_shape": (5, 7), "cell": "gru", "units": 8, "dropout": 0.5}
    expected = zoo.code("one_to_many", **config, vocabulary_size=20, end_token=9)
    assert zoo_command("code", "one_to_many", *words.split()) == (0, expected, "")
    words = "--no-bidirectional --num-features 3 --mask-value -1 --num-outputs 2"
    expected = zoo.code("many_to_one", num_features=3, mask_value=-1.0, num_outputs=2)
    assert zoo_command("code", "many_to_one", *words.split()) == (0, expected, "")
    words = "--context-shape none --vocabulary-size 20"
    expected = zoo.code("one_to_many", context_shape=None, vocabulary_size=20)
    assert zoo_command("code", "one_to_many", *words.split()) == (0, expected, "")
    assert zoo_command("code", "digits-gru")[1] == zoo.code(zoo.load("digits-gru").model)
    status, output, _ = zoo_command("code", "encoder_decoder", "--help")
    assert status == 0 and "--attention" in output and "default: additive" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("many_to_won", "Did you mean 'many_to_one'?"),
        ("no/such/folder", "Unknown type or trained model, and no folder of that name"),
        ("many_to_one --cell gruu", "Did you mean 'gru'?"),
        ("many_to_one --units 0", "units must be an integer from 1"),
        ("many_to_one --units many", "argument --units: invalid int value: 'many'"),
        ("many_to_one --unit 3", "unrecognized arguments: --unit 3"),
        ("many_to_one 3", "unrecognized arguments: 3"),
        ("one_to_many --context-shape 5x3", "--context-shape: give sizes with commas"),
        ("one_to_many --context-shape 5,0", "context_shape must be a tuple of integers above 0"),
        ("digits-gru --units 3", "Flags are for a type"),
        ("", "the following arguments are required: name"),
    ],
)
def test_bad_words_are_told_and_end_with_status_2(words, message, zoo_command):
    status, output, errors = zoo_command("code", *words.split())
    assert (status, output) == (2, "")
    assert message in errors and "Traceback" not in errors


def test_models_that_cannot_be_written():
    class Own(keras.Model):
        pass

    x = keras.Input((3,))
    for model, message in (
        (Own(), "zoo.code writes functional models"),
        (keras.Sequential([keras.layers.Dense(3)]), "zoo.code writes functional models"),
        (keras.Model(x, keras.layers.Lambda(lambda x: x + 1)(x)), "Lambda"),
    ):
        with pytest.raises(zoo.InputError, match=message):
            zoo.code(model)
    with pytest.raises(zoo.InputError, match="A model takes no other arguments"):
        zoo.code(keras.Model(x, keras.layers.Dense(3)(x)), units=3)
    with pytest.raises(zoo.InputError, match="Unknown type"):
        zoo.code("many_to_won")


def test_an_image_encoder_is_a_function():
    source = zoo.code("one_to_many", encoder=encoder((7,)), vocabulary_size=20)
    assert source.index("def build_encoder():") < source.index("encoder = build_encoder()")
