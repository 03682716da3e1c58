"""Every type with cells of one's own, of one to three states: what holds for a GRU holds for them."""

import json
import os
import pathlib
import random
import subprocess
import sys
import types

import cells
import keras
import numpy as np
import pytest
from cells import One, Three, Two
from needs import QUICK_JAX
from other_backend import TASK
from test_architectures import build, compile_model, make_data
from test_generator import assert_likeliest

import zoo
from zoo.example_cells.zoneout import Zoneout
from zoo.storage import model_files

exhaustive = pytest.mark.exhaustive

LARGEST = "encoder_decoder, additive"
each_cell = pytest.mark.parametrize(
    "cell", [Two, *(pytest.param(x, marks=exhaustive) for x in (One, Three))]
)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def answers_of(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs))


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("case", "cell"),
    [
        ("one_to_one", Two),
        (LARGEST, Two),
        pytest.param("one_to_many, grid", Three, marks=exhaustive),
        pytest.param("many_to_one, bidirectional", One, marks=exhaustive),
        pytest.param("many_to_many, crf and characters", Two, marks=exhaustive),
        pytest.param(LARGEST, One, marks=exhaustive),
        pytest.param(LARGEST, Three, marks=exhaustive),
    ],
)
def test_padding_training_and_saving(case, cell, tmp_path):
    model = build(case, cell)
    assert zoo.training.cells_of(model) == cell.__name__
    compile_model(model, learning_rate=0.05, run_eagerly=True)
    outputs, losses = [], []
    for padding in (0, 2) if case != "one_to_one" else (0,):
        inputs, answers, mask = make_data(model, padding)
        is_step = mask > 0 if len(model.output_shape) == 3 else slice(None)
        outputs.append(answers_of(model, inputs)[is_step])
        losses.append(model.test_on_batch(inputs, answers)[0])
    np.testing.assert_allclose(outputs[-1], outputs[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(losses[-1], losses[0], rtol=1e-5)
    model.train_on_batch(inputs, answers)
    assert model.test_on_batch(inputs, answers)[0] < losses[0]

    expected = answers_of(model, inputs)
    record = model_files.write(model, tmp_path / "zoo.keras")
    assert json.loads(json.dumps(record))["arguments"]["cell"]["keras"]["class_name"] == cell.__name__
    model.save(tmp_path / "keras.keras")
    copies = [
        model_files.read(tmp_path / "zoo.keras", record),
        keras.saving.load_model(tmp_path / "keras.keras", compile=False),
        keras.models.clone_model(model),
    ]
    copies[-1].set_weights(model.get_weights())
    for copy in copies:
        np.testing.assert_allclose(answers_of(copy, inputs), expected, rtol=1e-5, atol=1e-6)
    assert zoo.registry.build_arguments(copies[0]) == record


@pytest.mark.parametrize(
    ("name", "config", "cell"),
    [
        ("encoder_decoder", {}, Two),
        ("one_to_many", {"context_shape": (7,), "num_layers": 2}, Two),
        pytest.param("encoder_decoder", {"num_layers": 2}, One, marks=exhaustive),
        pytest.param(
            "encoder_decoder", {"bidirectional": False, "attention": "none"}, Three, marks=exhaustive
        ),
        pytest.param("one_to_many", {"context_shape": (7,), "num_layers": 2}, Three, marks=exhaustive),
        pytest.param("one_to_many", {"context_shape": None}, One, marks=exhaustive),
    ],
)
def test_generation_is_what_the_model_says_token_by_token(name, config, cell):
    sizes = {"vocabulary_size": 12}
    if name == "encoder_decoder":
        sizes = {"source_vocabulary_size": 20, "target_vocabulary_size": 12}
    model = zoo.build(name, cell=cell, embedding_dim=6, units=5, **sizes, **config)
    for variable in model.trainable_variables:
        if "recurrent" not in variable.path:  # states without a bound would become too large
            variable.assign(variable * (8 if "embedding" in variable.path else 1.5))
    rng, tokens = np.random.default_rng(1), np.full((3, 1), 2)
    first = [rng.integers(4, 20, (3, 6)) if name == "encoder_decoder" else rng.normal(size=(3, 7))]
    first = first if len(model.inputs) == 2 else []
    generated = model.generate(first[0] if first else tokens, max_length=6)
    beams, _ = model.generate(first[0] if first else tokens, 6, "beam", beam_width=1, n_best=1)
    assert_likeliest(model, first, tokens, generated, 6)
    np.testing.assert_array_equal(beams[:, 0], generated)


@each_cell
def test_windows_with_their_states_handed_over_equal_one_long_pass(cell):
    sizes = {"vocabulary_size": 12, "embedding_dim": 3, "units": 4, "num_layers": 2}
    model = zoo.build("one_to_many", cell=cell, context_shape=None, **sizes)
    tokens = np.random.default_rng(0).integers(1, 12, (2, 7))
    network = model.with_states()
    *states, windows = *(np.zeros((2, n)) for _, n in (x.shape for x in network.inputs[1:])), []
    for window in np.split(tokens, [3], axis=1):
        outputs, *states = network.predict_on_batch([window, *states])
        windows.append(outputs)
    whole = answers_of(model, tokens)
    np.testing.assert_allclose(np.concatenate(windows, axis=1), whole, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max", "concat", "attention"])
def test_pooling_leaves_out_padding(pooling):
    """A state of this cell may be far below -1, where a state of Keras never is."""
    model = build("many_to_one, max", Two, pooling=pooling)
    model.get_layer("rnn_0").cell.kernel.assign(np.full((6, 10), -40.0))
    tokens, _, _ = make_data(model)
    padded = np.pad(tokens, ((0, 0), (0, 3)))
    np.testing.assert_allclose(answers_of(model, padded), answers_of(model, tokens), rtol=1e-5)
    assert np.isfinite(answers_of(model, 0 * tokens)).all()


def test_the_classes_of_keras_are_their_names():
    pairs = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
    tokens = np.array([[5, 6, 7]])
    for name, class_name in pairs.items():
        answers = []
        for cell in (
            name,
            getattr(keras.layers, class_name),
            getattr(keras.layers, f"{class_name}Cell"),
        ):
            keras.utils.set_random_seed(1)
            model = zoo.build("many_to_one", cell=cell, units=4, vocabulary_size=9)
            answers.append(answers_of(model, tokens))
            assert zoo.registry.build_arguments(model)["arguments"]["cell"] == name
        assert answers[0] == answers[1] == answers[2]


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "template",
    [
        lambda: keras.layers.LSTM(1, recurrent_activation="hard_sigmoid", use_bias=False),
        lambda: keras.layers.LSTMCell(1, recurrent_activation="hard_sigmoid", use_bias=False),
        lambda: keras.layers.RNN(Two(3, decay=0.5)),
        lambda: Two(units=3, decay=0.5),
        lambda: keras.layers.StackedRNNCells([keras.layers.GRUCell(3), keras.layers.LSTMCell(2)]),
    ],
)
def test_a_template_keeps_its_settings_and_gets_the_units(template, tmp_path):
    cell = template()
    sizes = {"vocabulary_size": 9, "units": 4, "embedding_dim": 3}
    model = zoo.build("many_to_one", cell=cell, bidirectional=True, num_layers=2, **sizes)
    reader = model.get_layer("rnn_0")
    for layer in (reader.forward_layer, reader.backward_layer, model.get_layer("rnn_1").forward_layer):
        made = layer.cell
        assert made is not getattr(cell, "cell", cell)
        assert layer.compute_output_shape((2, 5, 3))[0][-1] == 4
        if isinstance(made, Two):
            assert (made.units, made.decay) == (4, 0.5)
        elif isinstance(made, keras.layers.LSTMCell):
            assert (made.units, made.use_bias) == (4, False)
            assert made.recurrent_activation is keras.activations.hard_sigmoid
    assert not cell.built
    inputs = np.array([[5, 6, 0]])
    expected = answers_of(model, inputs)
    record = model_files.write(model, tmp_path / "model.keras")
    again = model_files.read(tmp_path / "model.keras", record)
    np.testing.assert_allclose(answers_of(again, inputs), expected, rtol=1e-6)
    again = zoo.build("many_to_many", cell=cell, bidirectional=False, units=6, vocabulary_size=9)
    assert again.get_layer("rnn_0").compute_output_shape((2, 5, 3))[0] == (2, 5, 6)


@pytest.mark.parametrize("template", [None, lambda: Zoneout(keras.layers.LSTMCell(1), 0.2)])
def test_the_same_seed_gives_the_weights_of_plain_keras(template):
    cell = template() if template else Two
    weights = []
    for is_plain in (True, False):
        keras.utils.set_random_seed(1)
        for _ in range(2):  # the first must take no other random numbers than those of its layers
            if is_plain:
                made = Zoneout(keras.layers.LSTMCell(3), 0.2) if template else Two(3)
                inputs = keras.Input((None, 4))
                x = keras.layers.RNN(made)(inputs)
                model = keras.Model(inputs, keras.layers.Dense(1)(x))
            else:
                model = zoo.build("many_to_one", cell=cell, num_features=4, num_outputs=1, units=3)
            weights.append([w for w in model.get_weights() if w.dtype == "float32"])
    for one, other in zip(weights[:2], weights[2:], strict=True):
        for pair in zip(one, other, strict=True):
            np.testing.assert_array_equal(*pair)
    state = random.getstate()
    zoo.own_cells.sizes_of(cell, 3)
    assert random.getstate() == state


def test_half_precision_reaches_the_cell():
    cell = Two(1)  # made in float32
    with zoo.registry.dtype_policy("mixed_bfloat16"):
        model = zoo.build("many_to_one", cell=cell, units=4, vocabulary_size=9)
    assert model.get_layer("rnn_0").cell.compute_dtype == "bfloat16"
    assert np.isfinite(answers_of(model, np.array([[5, 6]]))).all()


class Unregistered(One):
    pass


def test_a_class_that_is_not_registered_works_until_it_is_saved(tmp_path):
    model = zoo.build(
        "encoder_decoder",
        cell=Unregistered,
        units=3,
        source_vocabulary_size=9,
        target_vocabulary_size=9,
    )
    assert model.generate([[5, 6]], 3).shape[0] == 1
    assert zoo.registry.build_arguments(model) is None
    with pytest.raises(
        zoo.InputError, match=r"needs Unregistered, which will not be found. Write @keras"
    ):
        zoo.tasks.check_output(tmp_path / "mine", model)


class Odd(One):
    """A cell with one mistake."""

    def __init__(self, units, mistake="", **kwargs):
        super().__init__(units, **kwargs)
        sizes = {"no state": [], "matrix": [(units, units)], "text": "4", "zero": [0]}
        self.state_size = sizes.get(mistake, [units])
        self.size, self.mistake = units, mistake
        if mistake == "output size":
            self.output_size = units + 1
        if mistake == "init":
            raise TypeError("no such thing")

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.size + (self.mistake == "wide")))

    def call(self, x, states):
        h = keras.ops.matmul(x, self.kernel)
        results = {
            "one result": h,
            "two states": (h, [h, h]),
            "raises": lambda: keras.ops.matmul(h, x),
            "other state": (h, [keras.ops.concatenate([h, h])]),
            "numbers": (h, [1.0]),
        }
        result = results.get(self.mistake, (h, [h]))
        return result() if callable(result) else result


class NoUnits(keras.layers.Layer):
    def __init__(self, size=4, **kwargs):
        super().__init__(**kwargs)
        self.state_size = 4

    def call(self, x, states):
        return states[0], states


class Forgets(One):
    def __init__(self, units, decay, **kwargs):
        super().__init__(units, **kwargs)

    def get_config(self):
        return {"units": 1}


@keras.saving.register_keras_serializable("tests")
class NoKeywords(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.state_size = units

    def call(self, x, states):
        return states[0], states


def test_a_cell_that_cannot_be_copied_works_forward_and_is_a_clear_error_otherwise(tmp_path):
    sizes = {"num_features": 2, "num_outputs": 1, "units": 3}
    model = zoo.build("many_to_one", cell=NoKeywords, **sizes)
    for make in (
        lambda: zoo.build("many_to_one", cell=NoKeywords, bidirectional=True, **sizes),
        lambda: zoo.build("many_to_one", cell=NoKeywords(3), **sizes),
    ):
        with pytest.raises(
            zoo.InputError, match=r"NoKeywords cannot be made from its config\. Its __init"
        ):
            make()
    with pytest.raises(
        zoo.InputError, match=r"The model cannot be saved: NoKeywords\.__init__\(\) got"
    ):
        zoo.tasks.check_output(tmp_path / "mine", model)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (lambda: Odd(1, "no state"), r"must be an integer or a list of integers.*state_size=\[\]"),
        (lambda: Odd(1, "matrix"), r"each state is \[batch, n\]"),
        (lambda: Odd(1, "zero"), "must be an integer or a list of integers"),
        (lambda: Odd(1, "output size"), "has the size 5, but units=4"),
        (lambda: Odd(1, "wide"), r"of shape \(2, 4\) .* Received: \(2, 5\) and \(2, 5\)"),
        (lambda: Odd(1, "one result"), "must return the output and the new states"),
        (lambda: Odd(1, "two states"), r"Received: \(2, 4\) and \(2, 4\), \(2, 4\)"),
        (lambda: Odd(1, "other state"), r"Received: \(2, 4\) and \(4, 4\)"),
        (lambda: Odd(1, "numbers"), "no tensor"),
        (lambda: Odd(1, "raises"), r"Odd fails on inputs \[2, 3\] and .*test_own_cells.py, line \d+: "),
        (lambda: keras.layers.Dense(4), "Dense is not a cell, because it has no state_size"),
        (lambda: keras.layers.Dense, "Dense is not a cell, because it has no state_size"),
        (lambda: keras.layers.Bidirectional(keras.layers.GRU(4)), "bidirectional=True"),
        (lambda: keras.layers.GRU(4, go_backwards=True), "go_backwards=True cannot be the cell"),
        (lambda: keras.layers.GRU(4, stateful=True), "stateful=True cannot be the cell"),
        (lambda: keras.layers.ConvLSTM1D(4, 3), "each state is"),
        (lambda: keras.layers.ConvLSTM1D, "ConvLSTM1D has no argument units"),
        (lambda: keras.layers.RNN, "RNN has no argument units"),
        (lambda: NoUnits, "NoUnits has no argument units"),
        (lambda: Forgets(3, 0.5), "get_config of Forgets must return decay"),
        (lambda: print, "Unknown cell.*must be a class of layers"),
        (lambda: 3, "Unknown cell"),
        (lambda: None, "Unknown cell"),
        (lambda: "gruu", "Did you mean 'gru'.*my_cells.py:MyCell"),
    ],
)
def test_a_bad_cell_is_a_clear_error(cell, message):
    with pytest.raises(zoo.InputError, match=message) as error:
        zoo.build("one_to_many", cell=cell(), units=4, embedding_dim=3, vocabulary_size=9)
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)


def test_a_cell_of_a_fixed_size_works_with_that_size():
    model = zoo.build("many_to_one", cell=NoUnits(), units=4, vocabulary_size=9)
    assert answers_of(model, np.array([[5, 6]])).shape == (1, 1)
    with pytest.raises(zoo.InputError, match="has the size 4, but units=5"):
        zoo.build("many_to_one", cell=NoUnits(), units=5, vocabulary_size=9)


def test_a_folder_says_which_class_it_needs(tmp_path, monkeypatch):
    model = zoo.build("many_to_one", cell=Three, num_features=1, num_outputs=1, units=3)
    task = {**TASK, "config": {**TASK["config"], "cell": Three}}
    zoo.save(tmp_path / "mine", model, task=task, metrics={}, history={}, figures={})
    assert (tmp_path / "mine" / "cells.py").read_bytes() == pathlib.Path(cells.__file__).read_bytes()
    opened = zoo.load(tmp_path / "mine")
    assert (opened.card["cell"], opened.card["config"]["cell"]) == ("Three", "cells.py:Three")
    (needed,) = opened.card["needs"]
    assert needed == {
        "class": "Three",
        "registered_name": "tests>Three",
        "module": "cells",
        "file": "cells.py",
    }
    zoo.save(tmp_path / "mine", opened.model, task=task, metrics={}, history={}, figures={})  # replaced
    monkeypatch.delitem(keras.saving.get_custom_objects(), "tests>Three")
    with pytest.raises(zoo.InputError) as error:
        zoo.load(tmp_path / "mine")
    for words in (
        "class Three from cells.py",
        "from cells import Three",
        "@keras.saving.register_keras",
    ):
        assert words in str(error.value)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("train.py", "from train.py, which .* Import it first, as in: from train import Mine"),
        (None, "from a notebook, which .* First run the cell that defines it"),
    ],
)
def test_a_class_of_the_program_that_was_run(file, place, tmp_path, monkeypatch):
    program = types.ModuleType("__main__")
    program.__file__ = file and str(tmp_path / file)
    monkeypatch.setitem(sys.modules, "__main__", program)
    Mine = keras.saving.register_keras_serializable("tests")(
        type("Mine", (One,), {"__module__": "__main__"})
    )
    model = zoo.build("many_to_one", cell=Mine, num_features=1, num_outputs=1, units=3)
    card = {"needs": zoo.tasks.own_classes.list_needed(model)}
    assert card["needs"][0]["module"] == ("train" if file else "__main__")
    monkeypatch.delitem(keras.saving.get_custom_objects(), "tests>Mine")
    with pytest.raises(zoo.InputError, match=place):
        zoo.tasks.own_classes.check_needed(tmp_path, card)
    del card["needs"][0]["file"]
    with pytest.raises(zoo.InputError, match="needs your class Mine"):
        zoo.tasks.own_classes.check_needed(tmp_path, card)


def test_a_cell_may_need_the_argument_training():
    class Strict(One):
        def call(self, x, states, training):
            return super().call(x, states)

    sizes = {"source_vocabulary_size": 9, "target_vocabulary_size": 9, "units": 3}
    model = zoo.build("encoder_decoder", cell=Strict, **sizes)
    assert model.generate([[5, 6]], 3).shape[0] == 1


@pytest.mark.parametrize("needs", [3, [3], [{"class": "X"}], [{"class": 1, "registered_name": "a"}]])
def test_a_card_with_damaged_needs(needs, tmp_path):
    model = zoo.build("many_to_one", cell=One, num_features=1, num_outputs=1, units=3)
    zoo.save(tmp_path / "mine", model, task=TASK, metrics={}, history={}, figures={})
    card = json.loads((tmp_path / "mine" / "task.json").read_text())
    (tmp_path / "mine" / "task.json").write_text(json.dumps({**card, "needs": needs}))
    with pytest.raises(zoo.InputError, match=r"needs in .* must be a list of classes"):
        zoo.load(tmp_path / "mine")


def test_a_file_that_a_card_names_is_never_run(tmp_path):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')")
    model = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=3)
    record = zoo.registry.build_arguments(model)
    record["arguments"]["cell"] = f"{tmp_path / 'evil.py'}:Evil"
    with pytest.raises(zoo.InputError, match="Unknown cell"):
        zoo.registry.rebuild(record)
    assert not (tmp_path / "was_run").exists()


def test_a_cell_with_few_weights_can_be_opened(tmp_path):
    """Its units squared are more than all weights of the model."""

    @keras.saving.register_keras_serializable("tests")
    class Diagonal(One):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], self.state_size))
            self.recurrent_kernel = self.add_weight(shape=(self.state_size,))

        def call(self, x, states):
            h = keras.ops.tanh(keras.ops.matmul(x, self.kernel) + states[0] * self.recurrent_kernel)
            return h, [h]

    model = zoo.build("many_to_one", cell=Diagonal, num_features=1, num_outputs=1, units=64)
    zoo.save(tmp_path / "mine", model, task=TASK, metrics={}, history={}, figures={})
    assert len(zoo.load(tmp_path / "mine").predict([5.0, 7.0, 3.0])) == 1


PROGRAM = """
import keras, numpy as np, sys, zoo
from cells import CELLS, Two
from zoo.example_cells.zoneout import Zoneout
tokens = np.array([[5, 6, 7, 0], [8, 9, 0, 0]])
sizes = {"units": 4, "embedding_dim": 3, "source_vocabulary_size": 12, "target_vocabulary_size": 12}
for cell in (CELLS[0], CELLS[2], Zoneout(Two(1), 0.5)):
    model = zoo.build("encoder_decoder", cell=cell, **sizes)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit([tokens, tokens], tokens, verbose=0)
    short = model.predict([tokens, tokens], verbose=0)
    padded = np.pad(tokens, ((0, 0), (0, 2)))
    more = model.predict([padded, tokens], verbose=0)
    np.testing.assert_allclose(more[tokens > 0], short[tokens > 0], rtol=1e-4, atol=1e-5)
    assert model.generate(tokens, 4).shape[0] == 2
    again = zoo.registry.rebuild(zoo.registry.build_arguments(model))
    again.set_weights(model.get_weights())
    same = keras.ops.convert_to_numpy(again([tokens, tokens]))
    np.testing.assert_allclose(same, short, rtol=1e-4, atol=1e-5)
class Count(keras.layers.Layer):
    state_size = units = 400
    def call(self, x, states):
        h = states[0] + 1
        return h, [h]
layer = keras.layers.RNN(Zoneout(Count(), 0.5, seed=0))
counts = keras.ops.convert_to_numpy(layer(np.zeros((10, 30, 1)), training=True))
assert abs(counts.mean() - 15) < 0.3 and abs(counts.var() - 7.5) < 1  # binomial: steps differ
print("all of them")
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.exhaustive), "torch"])
def test_on_other_backends(backend):
    root = pathlib.Path(__file__).parent
    path = os.pathsep.join(map(str, (root.parent, root)))
    environment = os.environ | QUICK_JAX | {"KERAS_BACKEND": backend, "PYTHONPATH": path}
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.stdout == "all of them\n", result.stderr
