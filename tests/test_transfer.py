"""`zoo.transfer`: the layers compute what they computed in the source, and the report is true."""

import math
import re

import keras
import numpy as np
import pytest
from cells import Three, Two
from test_architectures import CELLS

import zoo
from zoo.example_cells.zoneout import Zoneout

SIZES = {"units": 5, "embedding_dim": 4}
OLD = ["", "[UNK]", "[START]", "[END]", "a", "b", "c", "d"]
NEW = ["", "[UNK]", "x", "d", "b", "a", "y"]
VOCABULARIES = {"source_vocabulary": OLD, "target_vocabulary": NEW}
COMMON = {1: 1, 4: 5, 5: 4, 7: 3}  # from the tokens of OLD to those of NEW, besides padding
TOKENS = np.array([[4, 5, 7, 1, 5], [7, 7, 4, 0, 0]])  # of OLD
AS_NEW = np.array([[5, 4, 3, 1, 4], [3, 3, 5, 0, 0]])
NO_VOCABULARY = "all, by number, without source_vocabulary and target_vocabulary"


def randomize(model, seed=9):
    """Gives a model random weights, so that no two numbers are equal. Another seed gives others."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=x.shape, scale=0.5) for x in model.get_weights()])
    return model


def language_model(cell="lstm", vocabulary_size=8, seed=0, **config):
    sizes = {"vocabulary_size": vocabulary_size, **SIZES, **config}
    return randomize(zoo.build("one_to_many", cell=cell, context_shape=None, **sizes), seed)


def classifier(cell="lstm", vocabulary_size=7, seed=9, **config):
    sizes = {"vocabulary_size": vocabulary_size, **SIZES, **config}
    return randomize(zoo.build("many_to_one", cell=cell, pooling="concat", **sizes), seed)


def assert_same(some, others):
    """The numbers are the same. JAX and PyTorch may round in another way in another program."""
    is_exact = keras.backend.backend() == "tensorflow"
    np.testing.assert_allclose(
        some, others, **({"rtol": 0} if is_exact else {"rtol": 1e-4, "atol": 1e-6})
    )


def outputs_of(model, layer, tokens):
    """The outputs of a layer at all steps `[batch, time, units]`, from the first input of the model."""
    inputs = [tokens, *(np.ones((len(tokens), 3), "int32") for _ in model.inputs[1:])]
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    outputs = part(inputs if len(inputs) > 1 else tokens)
    return keras.ops.convert_to_numpy(outputs[0] if isinstance(outputs, list | tuple) else outputs)


def places(model):
    """The weights of each layer, or of each direction of it, by the name that the report uses."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.Bidirectional):
            found[f"{layer.name}, forward"] = layer.forward_layer.get_weights()
            found[f"{layer.name}, backward"] = layer.backward_layer.get_weights()
        elif layer.weights:
            found[layer.name] = layer.get_weights()
    return found


def transfer(source, target, **options):
    """Calls `zoo.transfer`, and compares its report with what changed. Returns the names."""
    models = [source, target, *([options["backward"]] if "backward" in options else [])]
    before = [places(model) for model in models]
    report = zoo.transfer(source, target, **options)
    after = [places(model) for model in models]
    for i in (0, 2):
        for one, other in zip(before[i : i + 1], after[i : i + 1], strict=True):
            keras.tree.map_structure(np.testing.assert_array_equal, one, other)
    changed, kept = {}, {}
    for name in before[1]:
        for one, other in zip(before[1][name], after[1][name], strict=True):
            changed[name] = changed.get(name, 0) + int((one != other).sum())
            kept[name] = kept.get(name, 0) + int((one == other).sum())
    for status, numbers in (("copied", changed), ("new", kept)):
        found = {item["target"]: item["weights"] for item in report[status]}
        assert len(found) == len(report[status])
        assert found == {name: number for name, number in numbers.items() if number}, status
    left = sum(item["weights"] for item in report["left_out"])
    given = sum(item["weights"] for item in report["copied"])
    assert left + given == sum(model.count_params() for model in (models[0], *models[2:]))
    return [(item["target"], item["source"]) for item in report["copied"]]


@pytest.mark.every(4)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("cell", [*CELLS, Two])
def test_the_hidden_states_are_those_of_the_source(cell, num_layers, bidirectional):
    source = language_model(cell, num_layers=num_layers)
    target = classifier(cell, num_layers=num_layers, bidirectional=bidirectional)
    first = target.get_layer("embedding").get_weights()[0]
    copied = transfer(source, target, **VOCABULARIES)
    table = target.get_layer("embedding").get_weights()[0]
    expected = {0: 0, **COMMON}
    for token in range(len(OLD)):
        if token in expected:
            row = source.get_layer("embedding").get_weights()[0][token]
            np.testing.assert_array_equal(table[expected[token]], row)
    others = [token for token in range(len(NEW)) if token not in expected.values()]
    np.testing.assert_array_equal(table[others], first[others])
    forward = ", forward" if bidirectional else ""
    fits = 1 if bidirectional else num_layers
    expected = [(f"rnn_{i}{forward}", f"rnn_{i}") for i in range(fits)]
    assert copied == [("embedding", "embedding"), *expected]
    for i in range(fits):
        states = outputs_of(target, f"rnn_{i}", AS_NEW)[:, :, :5]
        theirs = outputs_of(source, f"rnn_{i}", TOKENS)
        is_token = TOKENS != 0
        assert_same(states[is_token], theirs[is_token])


@pytest.mark.parametrize("cell", CELLS)
def test_a_source_that_reads_backward(cell):
    source, reverse = language_model(cell), language_model(cell, seed=1)
    reverse.get_layer("embedding").set_weights(source.get_layer("embedding").get_weights())
    target = classifier(cell, bidirectional=True)
    assert ("rnn_0, backward", "rnn_0 of backward") in transfer(
        source, target, backward=reverse, **VOCABULARIES
    )
    states = outputs_of(target, "rnn_0", AS_NEW[:1])
    assert_same(states[:, :, :5], outputs_of(source, "rnn_0", TOKENS[:1]))
    backward = outputs_of(reverse, "rnn_0", TOKENS[:1, ::-1])[:, ::-1]
    assert_same(states[:, :, 5:], backward)
    is_token = TOKENS[1] != 0
    states = outputs_of(target, "rnn_0", AS_NEW[1:])[:, is_token, 5:]
    backward = outputs_of(reverse, "rnn_0", TOKENS[1:, is_token][:, ::-1])[:, ::-1]
    np.testing.assert_allclose(states, backward, rtol=1e-5)


def test_other_vectors_of_the_source_that_reads_backward(capsys):
    target = classifier(bidirectional=True)
    transfer(language_model(), target, backward=language_model(seed=1), **VOCABULARIES)
    assert (
        "embedding of backward           32  not the same vectors as in the source"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("name", "config", "prefix"),
    [
        ("many_to_many", {"head": "crf", "num_tags": 3, "bidirectional": False}, "rnn"),
        ("one_to_many", {"context_shape": (3,), "start_token": 2, "end_token": 3}, "rnn"),
        ("encoder_decoder", {"bidirectional": False, "attention": "additive"}, "encoder"),
    ],
)
def test_other_types(name, config, prefix):
    size = {"vocabulary_size": len(NEW)}
    if name == "encoder_decoder":
        size = {"source_vocabulary_size": len(NEW), "target_vocabulary_size": len(NEW)}
    target = randomize(zoo.build(name, cell="gru", num_layers=2, **SIZES, **size, **config), seed=9)
    source = language_model("gru", num_layers=2)
    copied = transfer(source, target, **VOCABULARIES)
    table = "source_embedding" if prefix == "encoder" else "embedding"
    assert copied == [(table, "embedding"), *((f"{prefix}_{i}", f"rnn_{i}") for i in (0, 1))]
    if name != "one_to_many":  # whose states begin with the context
        states = outputs_of(target, f"{prefix}_1", AS_NEW)
        is_token = TOKENS != 0
        theirs = outputs_of(source, "rnn_1", TOKENS)[is_token]
        assert_same(states[is_token], theirs)


def test_another_language_model_gets_the_output_layer():
    source, order = language_model(num_layers=2), [0, 1, 2, 3, 7, 4, 6, 5]
    target = language_model(num_layers=2, seed=9)
    shuffled = [OLD[i] for i in order]
    copied = transfer(source, target, source_vocabulary=OLD, target_vocabulary=shuffled)
    assert copied[-1] == ("probabilities", "probabilities")
    tokens = np.array([[order.index(token) for token in TOKENS[0]]])
    p = keras.ops.convert_to_numpy(target(tokens))
    theirs = keras.ops.convert_to_numpy(source(TOKENS[:1]))
    np.testing.assert_allclose(p, theirs[:, :, order], rtol=1e-6)

    smaller = language_model(vocabulary_size=len(NEW), num_layers=2, seed=9)
    transfer(source, smaller, **VOCABULARIES)
    kernel, bias = smaller.get_layer("probabilities").get_weights()
    their_kernel, their_bias = source.get_layer("probabilities").get_weights()
    for old, new in COMMON.items():
        np.testing.assert_array_equal(kernel[:, new], their_kernel[:, old])
        assert bias[new] == their_bias[old]
    # With another number of layers, the output layer reads other states.
    deeper = language_model(num_layers=3, seed=9)
    assert ("probabilities", "probabilities") not in transfer(source, deeper)


@pytest.mark.parametrize(
    ("old", "new", "expected"),  # expected: pairs of tokens
    [
        (OLD, NEW, {0: 0, 1: 1, 7: 3, 5: 4, 4: 5}),
        (["", "[UNK]", " the", " .", "[END]"], ["", "[UNK]", "[END]", "the", "."], {2: 3, 3: 4, 4: 2}),
        (["", "[UNK]", "the", "."], ["", "[UNK]", " .", " the"], {2: 3, 3: 2}),
        (["", "[UNK]", " ", "a", "b"], ["", "[UNK]", "b", " "], {4: 2, 2: 3}),
        (["", "[UNK]", "the", " the"], ["", "[UNK]", " the", "the"], {3: 2, 2: 3}),
        (["<pad>", "<unk>", "<s>", "</s>", "\u2581a"], ["", "[UNK]", "[END]", "a"], {3: 2, 4: 3}),
        (["none", "a", "[PAD]"], ["", "[UNK]", "none", "a"], {1: 3}),  # the first one is padding
    ],
)
def test_which_tokens_are_the_same(old, new, expected):
    source = language_model(vocabulary_size=len(old), start_token=2, end_token=2)
    target = classifier(vocabulary_size=len(new))
    first = target.get_layer("embedding").get_weights()[0]
    transfer(source, target, source_vocabulary=old, target_vocabulary=np.array(new))
    table, theirs = (model.get_layer("embedding").get_weights()[0] for model in (target, source))
    expected = {0: 0, 1: 1, **expected} if "[UNK]" in old or "<unk>" in old else {0: 0, **expected}
    for row in range(len(new)):
        origin = [k for k, v in expected.items() if v == row]
        np.testing.assert_array_equal(table[row], theirs[origin[0]] if origin else first[row])


def test_subwords():
    texts = ["a dog runs", "two dogs run", "the dog ran"] * 9
    old, new = zoo.text.train_subwords(texts, 24), zoo.text.train_subwords(texts[1:2] * 9, 14)
    source = language_model(vocabulary_size=old.get_piece_size())
    target = classifier(vocabulary_size=new.get_piece_size())
    transfer(source, target, source_vocabulary=old, target_vocabulary=new)
    numbers = {old.id_to_piece(i): i for i in range(old.get_piece_size())}
    pieces = new.encode("two dogs", out_type=str)
    assert set(pieces) <= set(numbers)
    states = outputs_of(target, "rnn_0", np.array([new.encode("two dogs")]))
    theirs = outputs_of(source, "rnn_0", np.array([[numbers[piece] for piece in pieces]]))
    assert_same(states, theirs)


def test_without_vocabularies():
    source, same, other = language_model(), classifier(vocabulary_size=len(OLD)), classifier()
    report = zoo.transfer(source, same)
    assert report["copied"][0]["note"] == NO_VOCABULARY
    assert_same(outputs_of(same, "rnn_0", TOKENS[:1]), outputs_of(source, "rnn_0", TOKENS[:1]))
    assert transfer(source, other) == [("rnn_0", "rnn_0")]
    report = zoo.transfer(source, other, target_vocabulary=NEW)
    assert report["left_out"][0]["note"] == "8 tokens, not 7: pass source_vocabulary"


def test_trained_models_know_their_vocabulary(tmp_path, capsys):
    card = {"task": "language_model", "type": "one_to_many", "dataset": "mine", "config": {}}
    card |= {"preprocessing": {"level": "word"}, "vocabulary": [*OLD[:4], " a", " b", " c", " d"]}
    source = language_model()
    zoo.save(tmp_path / "mine", source, task=card, metrics={}, history={}, figures={})
    opened = zoo.load(tmp_path / "mine")
    expected = [("embedding", "embedding"), ("rnn_0", "rnn_0")]
    for given in (str(tmp_path / "mine"), opened):
        target = classifier()
        report = zoo.transfer(given, target, target_vocabulary=NEW)
        assert [(item["target"], item["source"]) for item in report["copied"]] == expected
        states = outputs_of(target, "rnn_0", AS_NEW[:1])
        assert_same(states, outputs_of(source, "rnn_0", TOKENS[:1]))
    assert capsys.readouterr().out.splitlines()[:3] == [
        "          target         source         weights  note",
        "copied    embedding      embedding           20  5 of 7 tokens",
        "copied    rnn_0          rnn_0              200",
    ]
    report = zoo.transfer(randomize(classifier(vocabulary_size=8)), opened)  # a task gets weights, too
    assert report["copied"][0]["note"] == "all, by number, without source_vocabulary"


class OwnLSTM(keras.layers.LSTM):
    """As a layer with dropped connections would be."""


class Around(keras.layers.Wrapper):
    """A layer around a recurrent layer."""

    def call(self, inputs, mask=None):
        return self.layer(inputs, mask=mask)


def own_model(*layers, size=7, seed=9):
    inputs = keras.Input((None,))
    x = keras.layers.Embedding(size, 4, mask_zero=True, name="words")(inputs)
    for layer in layers:
        x = layer(x)
    return randomize(keras.Model(inputs, keras.layers.Dense(2, name="end")(x)), seed)


def rnn(its_class=keras.layers.LSTM, **options):
    options = {"name": f"{its_class.__name__}_5", "return_sequences": True, **options}
    return its_class(5, **options)


def test_models_of_the_user():
    layers = keras.layers
    targets = {
        "functional": own_model(rnn()),
        "a subclass": own_model(layers.Dropout(0.5), rnn(OwnLSTM)),
        "a cell": own_model(layers.RNN(layers.LSTMCell(5), return_sequences=True, name="LSTM_5")),
        "in a wrapper": own_model(Around(rnn(), name="LSTM_5")),
        "zoneout": own_model(
            layers.RNN(Zoneout(layers.LSTMCell(5), 0.0), return_sequences=True, name="LSTM_5")
        ),
        "sequential": randomize(
            keras.Sequential(
                [
                    keras.Input((None,)),
                    layers.Embedding(len(NEW), 4, name="words"),
                    rnn(),
                    layers.Dense(2),
                ]
            )
        ),
    }
    source = language_model()
    expected = outputs_of(source, "rnn_0", TOKENS[:1])
    for name, target in targets.items():
        copied = transfer(source, target, **VOCABULARIES)
        its_name = "OwnLSTM_5" if name == "a subclass" else "LSTM_5"
        assert copied == [("words", "embedding"), (its_name, "rnn_0")], name
        assert_same(outputs_of(target, its_name, AS_NEW[:1]), expected)
    # As a source, too, with a projection between its recurrent layers.
    source = own_model(rnn(), keras.layers.Dense(5), rnn(OwnLSTM), size=8, seed=1)
    target = classifier(num_layers=3)
    copied = transfer(source, target, **VOCABULARIES)
    assert copied[1:] == [("rnn_0", "LSTM_5"), ("rnn_1", "OwnLSTM_5")]
    states = outputs_of(target, "rnn_0", AS_NEW[:1])
    assert_same(states, outputs_of(source, "LSTM_5", TOKENS[:1]))


def test_which_layers_are_above_each_other():
    """A layer that also reads the vectors of the tokens; and others beside it, one of them backward."""
    inputs = keras.Input((None,))
    x = keras.layers.Embedding(len(NEW), 5, mask_zero=True, name="words")(inputs)
    beside = [rnn(go_backwards=True, name="beside")(x)]
    first = rnn(keras.layers.LSTM)(x)
    second = rnn(OwnLSTM)(keras.layers.add([x, first]))
    beside.append(rnn(keras.layers.GRU)(second))
    third = rnn(keras.layers.SimpleRNN)(keras.layers.concatenate([second, *beside]))
    target = randomize(keras.Model(inputs, third), seed=9)
    copied = transfer(language_model(num_layers=3, embedding_dim=5), target, **VOCABULARIES)
    assert copied == [("words", "embedding"), ("LSTM_5", "rnn_0"), ("OwnLSTM_5", "rnn_1")]


def test_a_bidirectional_source_gives_both_directions():
    source = classifier(vocabulary_size=len(OLD), seed=1, num_layers=2, bidirectional=True)
    target = randomize(
        zoo.build("many_to_many", vocabulary_size=len(NEW), num_tags=3, num_layers=2, **SIZES), seed=5
    )
    copied = transfer(source, target, **VOCABULARIES)
    names = [f"rnn_{i}, {direction}" for i in (0, 1) for direction in ("forward", "backward")]
    assert copied == [("embedding", "embedding"), *zip(names, names, strict=True)]
    states, theirs = (
        outputs_of(*some) for some in ((target, "rnn_1", AS_NEW), (source, "rnn_1", TOKENS))
    )
    assert_same(states[TOKENS != 0], theirs[TOKENS != 0])
    copied = transfer(source, classifier(), **VOCABULARIES)
    assert copied == [("embedding", "embedding"), ("rnn_0", "rnn_0, forward")]


def tagger(cell="lstm", **config):
    sizes = {"vocabulary_size": len(NEW), "num_tags": 3, **SIZES, **config}
    return randomize(zoo.build("many_to_many", cell=cell, dropout=0.5, **sizes), seed=5)


@pytest.mark.parametrize("cell", CELLS)
def test_characters_of_words_change_nothing_at_first(cell):
    source, reverse = language_model(cell), language_model(cell, seed=1)
    reverse.get_layer("embedding").set_weights(source.get_layer("embedding").get_weights())
    target = tagger(cell, characters=True, character_units=3)
    others = places(target)
    report = zoo.transfer(source, target, backward=reverse, **VOCABULARIES)
    names = ["embedding", "rnn_0, forward", "rnn_0, backward"]
    assert [item["target"] for item in report["copied"]] == names
    size = sum(x.size for x in source.get_layer("rnn_0").get_weights())
    assert [item["weights"] for item in report["copied"][1:]] == [size, size]
    new = {item["target"]: (item["weights"], item["note"]) for item in report["new"]}
    extra = sum(x.size for x in others["rnn_0, forward"]) - size
    for name in names[1:]:
        assert new[name] == (extra, "0 for the other 6 numbers a step")
    for characters in (1, 2):
        inputs = [AS_NEW[:1], np.full((1, 5, 3), characters)]
        part = keras.Model(target.inputs, target.get_layer("rnn_0").output)
        states = keras.ops.convert_to_numpy(part(inputs)[0])
        assert_same(states[:, :, :5], outputs_of(source, "rnn_0", TOKENS[:1]))
        backward = outputs_of(reverse, "rnn_0", TOKENS[:1, ::-1])[:, ::-1]
        assert_same(states[:, :, 5:], backward)
    for name, weights in places(target).items():  # the characters and the output layer stay
        if name not in names:
            keras.tree.map_structure(np.testing.assert_array_equal, weights, others[name])


def test_characters_learn_all_the_same():
    keras.utils.set_random_seed(0)
    target = tagger(characters=True, character_units=3)
    zoo.transfer(language_model(), target, **VOCABULARIES)
    before = target.get_layer("character_embedding").get_weights()[0]
    target.compile(
        "adam",
        "sparse_categorical_crossentropy",
        run_eagerly=keras.backend.backend() != "jax",
    )
    inputs, tags = [AS_NEW, np.ones((2, 5, 3), "int32")], np.ones((2, 5), "int32")
    for _ in range(2):  # in the first step, the weights that read them are 0
        target.train_on_batch(inputs, tags)
    kernel = target.get_layer("rnn_0").forward_layer.get_weights()[0]
    assert (kernel[4:] != 0).mean() > 0.9  # a gradient may be 0 by chance
    assert (target.get_layer("character_embedding").get_weights()[0][1] != before[1]).any()


@pytest.mark.parametrize("options", [{"units": 6}, {"embedding_dim": 3}, {"cell": "gru"}])
def test_characters_do_not_hide_another_difference(options):
    target = tagger(**{"characters": True, "cell": "lstm", **options})
    copied = [] if "embedding_dim" in options else [("embedding", "embedding")]
    if copied:
        assert transfer(language_model(), target, **VOCABULARIES) == copied
    else:
        with pytest.raises(zoo.InputError, match="Nothing fits"):
            zoo.transfer(language_model(), target, **VOCABULARIES)


class OwnLSTMCell(keras.layers.LSTMCell):
    """As a cell with the same weights that computes something else."""


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        (keras.layers.LSTMCell(5, activation="relu"), "activation tanh, not relu"),
        (
            keras.layers.LSTMCell(5, recurrent_activation="hard_sigmoid"),
            "recurrent_activation sigmoid, not hard_sigmoid",
        ),
        (OwnLSTMCell(5), "lstm, not OwnLSTMCell"),
        (Zoneout(keras.layers.LSTMCell(5, activation="relu"), 0.0), "activation tanh, not relu"),
    ],
    ids=["activation", "recurrent activation", "subclass", "inside"],
)
def test_cells_that_compute_something_else_do_not_fit(cell, note, capsys):
    target = own_model(keras.layers.RNN(cell, return_sequences=True))
    before = target.get_weights()
    assert transfer(language_model(), target, **VOCABULARIES) == [("words", "embedding")]
    assert note in capsys.readouterr().out
    for value, same in zip(target.get_weights()[1:], before[1:], strict=True):
        assert_same(value, same)


class Leaky(keras.layers.Layer):
    """An own cell with a setting that has no weights."""

    def __init__(self, units, leak=0.5, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units
        self.leak, self.dropout = leak, dropout

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))

    def call(self, inputs, states):
        h = self.leak * states[0] + (1 - self.leak) * inputs @ self.kernel
        return h, [h]


class Unknown(Leaky):
    """An own cell that Keras cannot save, because its config lacks an argument."""

    def __init__(self, units, activation):
        super().__init__(units)
        self.activation = activation


def two_cells(**options):
    return [keras.layers.GRUCell(5), keras.layers.GRUCell(5, **options)]


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ((Leaky(5, 0.1), Leaky(5, 0.9)), "leak 0.1, not 0.9"),
        ((Leaky(5), Leaky(5, dropout=0.2)), ""),
        ((Leaky(5, [0.1, 0.2]), Leaky(5, [0.1, 0.3])), "leak 0.2, not 0.3"),
        ((Leaky(5, math.nan), Leaky(5, math.nan)), ""),
        ((two_cells(), two_cells(activation="relu")), "activation tanh, not relu"),
        ((two_cells(), two_cells(dropout=0.2)), ""),
    ],
    ids=["own cell", "own cell, dropout", "list", "nan", "stack", "stack, dropout"],
)
def test_settings_of_own_cells_and_of_stacks(cells, note, capsys):
    layers = (keras.layers.RNN(cell, name="rnn") for cell in cells)
    source, target = (own_model(layer, seed=seed) for seed, layer in enumerate(layers))
    assert (("rnn", "rnn") in transfer(source, target)) == (not note)
    assert note in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (
            (Zoneout(keras.layers.LSTMCell(5), 0.1), keras.layers.LSTMCell(5)),
            "the source is wrapped in Zoneout",
        ),
        (
            (keras.layers.LSTMCell(5), Zoneout(keras.layers.LSTMCell(5), 0.1)),
            "the target is wrapped in Zoneout",
        ),
        (
            (Zoneout(keras.layers.LSTMCell(5), 0.1), Zoneout(keras.layers.LSTMCell(5), 0.2)),
            "0.1, not 0.2",
        ),
        ((Zoneout(keras.layers.LSTMCell(5), 0.1), Zoneout(keras.layers.LSTMCell(5), 0.1)), ""),
        ((Unknown(5, keras.layers.ReLU()), Unknown(5, keras.layers.ELU())), "settings not compared"),
    ],
    ids=["outside of the source", "outside of the target", "settings", "same", "unknown"],
)
def test_a_copied_cell_has_a_note_if_it_computes_something_else(cells, note, capsys):
    layers = (keras.layers.RNN(cell, name="rnn") for cell in cells)
    source, target = (own_model(layer, seed=seed) for seed, layer in enumerate(layers))
    assert ("rnn", "rnn") in transfer(source, target)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if re.search("copied +rnn", line))
    assert note in line if note else re.search(r"\d$", line.rstrip())  # it ends with the weights


def test_numbers_before_the_vectors_do_not_fit():
    """The weights of the vectors would be in other rows."""
    tokens, values = keras.Input((None,)), keras.Input((None, 2))
    x = keras.layers.Embedding(len(NEW), 4, mask_zero=True, name="words")(tokens)
    x = keras.layers.Concatenate()([values, x])
    target = randomize(keras.Model([tokens, values], rnn()(x)), seed=9)
    assert transfer(language_model(), target, **VOCABULARIES) == [("words", "embedding")]


def test_the_report_has_the_variables():
    target = classifier(bidirectional=True)
    report = zoo.transfer(language_model(), target, **VOCABULARIES)
    found = [variable for item in report["copied"] for variable in item["variables"]]
    layer = target.get_layer("rnn_0").forward_layer
    assert [*map(id, found)] == [*map(id, [*target.get_layer("embedding").weights, *layer.weights])]
    assert all("variables" not in item for name in ("new", "left_out") for item in report[name])


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (
            {"num_layers": 2},
            {"cell": "gru", "units": 6, "embedding_dim": 3},
            "Nothing fits. source has 2 lstm layers of 5 units on token vectors of 4 numbers, the "
            "target has 1 gru layer of 6 units on token vectors of 3 numbers: build the target with "
            "cell='lstm', units=5, embedding_dim=4.",
        ),
        (
            {"cell": Two},
            {"cell": Three, "embedding_dim": 3},
            "build the target with cell=Two, embedding_dim=4.",
        ),
        ({}, {"units": 6, "embedding_dim": 3}, "build the target with units=5, embedding_dim=4."),
        (
            {},
            {"cell": keras.layers.LSTMCell(1, use_bias=False)},
            "The layers: use_bias True, not False: make them equal. The token vectors: 8 tokens, "
            "not 7: pass source_vocabulary and target_vocabulary.",
        ),
    ],
)
def test_nothing_fits(source, target, message):
    source, target = language_model(**source), classifier(**target)
    before = target.get_weights()
    with pytest.raises(zoo.InputError) as error:
        zoo.transfer(source, target)
    assert message in str(error.value)
    keras.tree.map_structure(np.testing.assert_array_equal, target.get_weights(), before)


def test_bad_input():
    source, target = language_model(), classifier()
    tail = [keras.layers.Embedding(9, 4), keras.layers.LSTM(5)]
    for arguments, options, message in (
        ((3, target), {}, "source must be a keras.Model or a task that zoo.load returned, or the name"),
        (("text-shakespear", target), {}, "Did you mean 'text-shakespeare-lstm'?"),
        (
            (source, "digits-gru"),
            {},
            "target must be a keras.Model or a task that zoo.load returned. Rec",
        ),
        ((source, keras.Sequential(tail)), {}, "a Sequential that is built. Received: a Sequential"),
        (
            (source, zoo.build("one_to_one", units=5)),
            {},
            "target must have a keras.layers.Embedding and",
        ),
        ((source, target), {"source_vocabulary": "abc"}, "must be a list of str or a SentencePiece"),
        ((source, target), {"target_vocabulary": NEW[2:]}, "for each of the 7 vectors in 'embedding'"),
        (
            (source, target),
            {"backward": source},
            "backward needs a target that reads in both directions",
        ),
        (
            (source, classifier(bidirectional=True)),
            {"backward": language_model("gru")},
            "Nothing fits. backward has 1 gru layer of 5 units",
        ),
        (
            (source, classifier(bidirectional=True)),
            {"backward": language_model(units=7)},
            "the target has 1 lstm layer of 5 units on token vectors of 4 numbers: train backward with "
            "units=5.",
        ),
        (
            (source, target),
            {"source_vocabulary": [*"?123abcd"], "target_vocabulary": [*"?uvwxyz"]},
            None,  # the layers fit all the same
        ),
    ):
        if message is None:
            report = zoo.transfer(*arguments, **options)
            assert report["left_out"][0]["note"] == "the vocabularies have no token in common"
            continue
        with pytest.raises(zoo.InputError) as error:
            zoo.transfer(*arguments, **options)
        assert message in str(error.value)


def test_the_optimizer_keeps_its_state_and_training_goes_on():
    target = classifier("gru")
    target.compile("adam", "binary_crossentropy", run_eagerly=keras.backend.backend() != "jax")
    target.train_on_batch(AS_NEW, np.array([[0.0], [1.0]]))
    before = [keras.ops.convert_to_numpy(x) for x in target.optimizer.variables]
    transfer(language_model("gru"), target, **VOCABULARIES)
    after = [keras.ops.convert_to_numpy(x) for x in target.optimizer.variables]
    keras.tree.map_structure(np.testing.assert_array_equal, after, before)
    source = language_model("gru").get_layer("rnn_0").get_weights()
    losses = [target.train_on_batch(AS_NEW, np.array([[0.0], [1.0]])) for _ in range(2)]
    assert losses[1] < losses[0]
    trained = target.get_layer("rnn_0").get_weights()
    for one, other in zip(trained, source, strict=True):  # it went on from the copied weights
        assert 0 < np.abs(one - other).max() < 0.01
