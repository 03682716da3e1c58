"""Models that can be saved open again, others are refused; files that are damaged or hostile, too."""

import json
import random
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import zoo
from zoo.storage import model_files
from zoo.storage.hashes import hash_of

REGISTER = keras.saving.register_keras_serializable("test_model_files")


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


@REGISTER
class Scale(keras.layers.Layer):
    def __init__(self, factor=3.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs


@REGISTER
class ForgetsItsFactor(Scale):
    def get_config(self):
        return keras.layers.Layer.get_config(self)


class Base(Scale):  # whose get_config says all
    def get_config(self):
        return {**keras.layers.Layer.get_config(self), "factor": self.factor}


@REGISTER
class Says(Base):
    pass


@REGISTER
class TakesAnObject(keras.layers.Layer):
    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


@REGISTER
class RaisesInGetConfig(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    def get_config(self):
        raise RuntimeError("not yet written")


@REGISTER
class TwoLayers(keras.Model):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.first, self.second = keras.layers.GRU(units), keras.layers.Dense(1)

    def call(self, inputs):
        return self.second(self.first(inputs))


def unknown(x):
    return x


def model_of(*layers):
    return keras.Sequential([keras.Input((None, 1)), keras.layers.GRU(2, name="rnn"), *layers])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: Unregistered(name="mine"), "layer 'mine' needs Unregistered, which will not be found"),
        (lambda: keras.layers.Lambda(lambda x: x + 1, name="plus"), "'plus' has a Python lambda"),
        (lambda: keras.layers.Lambda(unknown, name="mine"), "layer 'mine' needs unknown, which"),
        (lambda: keras.layers.Dense(1, activation=unknown, name="mine"), "'mine' needs unknown, which"),
        (lambda: ForgetsItsFactor(2.0, name="mine"), "'mine' needs factor, which get_config of"),
        (lambda: TakesAnObject(keras.ops.tanh), "TakesAnObject"),
        (RaisesInGetConfig, "not yet written"),
        (lambda: keras.Sequential([Unregistered(name="inner")]), "'inner' needs Unregistered"),
    ],
)
def test_a_model_that_cannot_be_saved_is_found_before_training(layer, message, tmp_path):
    with pytest.raises(zoo.InputError, match="The model cannot be saved: ") as caught:
        zoo.tasks.check_output(tmp_path / "mine", model_of(layer()))
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["Sequential", "unbuilt", "own layers", "subclass", "built", "changed"]
)
def test_a_model_that_can_be_saved(name, tmp_path):
    models = {
        "Sequential": lambda: model_of(keras.layers.Dense(1)),
        "unbuilt": lambda: keras.Sequential([keras.layers.GRU(2), keras.layers.Dense(1)]),
        "own layers": lambda: model_of(Scale(2.0), Says(0.5), keras.layers.Dense(1)),
        "subclass": TwoLayers,
        "built": lambda: zoo.build("many_to_one", num_features=1, num_outputs=1, units=2),
        "changed": lambda: zoo.build("many_to_one", num_features=1, num_outputs=1, units=2),
    }
    model = models[name]()
    zoo.tasks.check_output(tmp_path / "mine", model)
    assert not list(tmp_path.iterdir())
    x = np.array([[[1.0], [-2.0]]], "float32")
    model(x)
    if name == "changed":
        model.get_layer("rnn_0").trainable = False
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)  # its state is as large as the model
    optimizer = model.optimizer
    build = model_files.write(model, tmp_path / "model.keras")
    assert (build is None) == (name != "built")
    assert model.optimizer is optimizer and model.compiled
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        assert b"optimizer" not in file.read("model.weights.h5")
    again = model_files.read(tmp_path / "model.keras", build)
    assert (again.predict_on_batch(x) == model.predict_on_batch(x)).all()
    assert not again.compiled


def test_what_a_layer_has_learnt_without_weights_is_kept(tmp_path):
    words = keras.layers.StringLookup()
    words.adapt(["one", "two"])
    inputs = keras.Input((), dtype="string")
    model_files.write(keras.Model(inputs, words(inputs)), tmp_path / "model.keras")
    again = model_files.read(tmp_path / "model.keras")
    assert again.layers[-1].get_vocabulary() == words.get_vocabulary()


def test_a_class_that_the_program_has_not_imported(tmp_path, monkeypatch):
    model_files.write(model_of(Says(2.0, name="mine")), tmp_path / "model.keras")
    monkeypatch.delitem(keras.saving.get_custom_objects(), "test_model_files>Says")
    with pytest.raises(zoo.InputError, match="'mine' needs Says: first import the module"):
        model_files.read(tmp_path / "model.keras")


def archive(path, **changes):
    """Writes a file `model.keras` with other members; None leaves one out."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members |= {name.replace("_", "."): content for name, content in changes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            if content is not None:
                file.writestr(name, content)


def test_no_module_is_imported_because_a_file_names_it(tmp_path):
    """Older versions of Keras would import it."""
    path = tmp_path / "model.keras"
    model_files.write(model_of(Says(2.0)), path)
    with zipfile.ZipFile(path) as file:
        config = json.loads(file.read("config.json"))
    assert "antigravity" not in sys.modules
    for class_name in ("Layer", "function"):
        config["config"]["layers"][-1] |= {"module": "antigravity", "class_name": class_name}
        config["config"]["layers"][-1] |= {"registered_name": "Layer", "config": "fly"}
        archive(path, config_json=json.dumps(config))
        with pytest.raises(zoo.InputError, match="first import the module"):
            model_files.read(path)
    build = {"type": "one_to_many", "precision": "float32", "arguments": {}}
    build["arguments"]["encoder"] = {"keras": {"module": "antigravity", "class_name": "Layer"}}
    build["arguments"]["encoder"]["keras"]["config"] = {}
    with pytest.raises(zoo.InputError, match="first import the module"):
        model_files.read(path, build)
    assert "antigravity" not in sys.modules


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two files `model.keras`, with what is needed to read them."""
    folder = tmp_path_factory.mktemp("files")
    built = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=4)
    by_hand = model_of(keras.layers.Dense(1))
    return [
        (path, model_files.write(model, path))
        for model, path in ((built, folder / "built.keras"), (by_hand, folder / "by_hand.keras"))
    ]


def save_folder(folder, path, build):
    """A folder whose sha256 are those of its files."""
    folder.mkdir(exist_ok=True)
    (folder / "model.keras").write_bytes(path.read_bytes())
    card = {
        "format": 2,
        "task": "forecasting",
        "dataset": "sunspots",
        "backend": "tensorflow",
        "config": {"window": 2, "segment": 1},
        "preprocessing": {"mean": 1.0, "std": 2.0},
        "build": build,
        "sha256": {"model.keras": hash_of(path)},
    }
    (folder / "task.json").write_text(json.dumps(card))
    return folder


def assert_refused_or_works(folder):
    try:
        task = zoo.load(folder)
    except zoo.InputError as error:
        assert "\n" not in str(error)
        return
    assert np.isfinite(task.predict([5.0, 7.0, 3.0])).all()


def test_a_damaged_file_with_the_right_sha256(files, tmp_path):
    rng = random.Random(0)
    for path, build in files:
        whole = path.read_bytes()
        with zipfile.ZipFile(path) as file:
            members = {name: file.read(name) for name in file.namelist()}
        for _ in range(8):
            start = rng.randrange(len(whole))
            (tmp_path / "bytes").write_bytes(
                rng.choice(
                    [
                        whole[:start],  # cut off
                        whole[:start] + bytes([255 - whole[start]]) + whole[start + 1 :],
                        whole[:start] + whole[start + rng.randrange(1, 99) :],
                    ]
                )
            )
            assert_refused_or_works(save_folder(tmp_path / "mine", tmp_path / "bytes", build))
            # The same inside of the archive, whose checksums are then right.
            name = rng.choice(list(members))
            start = rng.randrange(len(members[name]))
            content = members[name][:start] + bytes([rng.randrange(256)]) + members[name][start + 1 :]
            (tmp_path / "bytes").write_bytes(whole)
            archive(tmp_path / "bytes", **{name.replace(".", "_"): content})
            assert_refused_or_works(save_folder(tmp_path / "mine", tmp_path / "bytes", build))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config_json": b"[" * 100_000}, "recursion"),
        ({"config_json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000}, "recursion"),
        ({"config_json": None}, "config.json"),
        ({"model_weights_h5": None}, "model.weights.h5"),
        ({"model_weights_h5": b""}, "cannot be opened"),
        ({"config_json": b" " * 200_000_000}, "would unpack to 200000000 bytes"),
    ],
)
def test_a_hostile_file(changes, message, files, tmp_path):
    for path, build in files:
        (tmp_path / "bytes").write_bytes(path.read_bytes())
        archive(
            tmp_path / "bytes",
            **changes,
        )
        with pytest.raises(zoo.InputError, match=message):
            zoo.load(save_folder(tmp_path / "mine", tmp_path / "bytes", build))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 10**9}, "units=1000000000, but there are"),
        ({"units": 30_000}, "units=30000, num_layers=1, but there are"),
        ({"num_layers": 10**9}, "num_layers=1000000000"),
        ({"num_layers": 1000}, "num_layers=1000, but"),
        ({"vocabulary_size": 10**9}, "vocabulary_size"),
        ({"num_features": 10**12}, "num_features"),
        ({"embeddings": {"zeros": [10**9, 10**9]}}, "embeddings"),
        ({"units": "4"}, "cannot be opened"),
        ({"cell": ["gru"]}, "cannot be opened"),
    ],
)
def test_sizes_that_the_weights_cannot_have_take_no_memory(arguments, message, files, tmp_path):
    path, build = files[0]
    build = build | {"arguments": build["arguments"] | arguments}
    with pytest.raises(zoo.InputError, match=message):
        zoo.load(save_folder(tmp_path / "mine", path, build))


@pytest.mark.parametrize("build", ["x", {"type": "x"}, {"type": "many_to_one", "arguments": []}, [1]])
def test_a_build_that_is_none(build, files, tmp_path):
    with pytest.raises(zoo.InputError, match="build must have a type, precision and arguments"):
        zoo.load(save_folder(tmp_path / "mine", files[0][0], build))


def test_a_build_of_an_unknown_type(files, tmp_path):
    path, build = files[0]
    with pytest.raises(zoo.InputError, match="Did you mean 'many_to_one'"):
        zoo.load(save_folder(tmp_path / "mine", path, build | {"type": "many_to_ones"}))


def test_units_in_a_config_that_the_weights_cannot_have(files, tmp_path):
    (tmp_path / "bytes").write_bytes(files[1][0].read_bytes())
    with zipfile.ZipFile(files[1][0]) as file:
        config = file.read("config.json").replace(b'"units": 2', b'"units": 2000000000')
    archive(tmp_path / "bytes", config_json=config)
    with pytest.raises(zoo.InputError, match="units=2000000000, but there are"):
        zoo.load(save_folder(tmp_path / "mine", tmp_path / "bytes", None))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(value, tmp_path):
    model = model_of(keras.layers.Dense(1))
    model.set_weights([np.full_like(array, value) for array in model.get_weights()])
    model_files.write(model, tmp_path / "model.keras")
    with pytest.raises(zoo.InputError, match="its weights are not all numbers"):
        zoo.load(save_folder(tmp_path / "mine", tmp_path / "model.keras", None))


TEXT = {"vocabulary_size": 9, "embedding_dim": 3}
PAIR = {"source_vocabulary_size": 9, "target_vocabulary_size": 8, "embedding_dim": 3}
H5 = [
    ("one_to_one", {}),
    ("one_to_many", {"context_shape": (3, 2), **TEXT}),
    ("one_to_many", {"context_shape": None, "end_token": 4, **TEXT}),
    ("many_to_one", {"pooling": "max", **TEXT}),
    ("many_to_one", {"pooling": "concat", "bidirectional": True, **TEXT}),
    ("many_to_one", {"pooling": "concat", "num_features": 2}),
    ("many_to_one", {"num_features": 2, "mask_value": 0.0}),
    ("many_to_many", {"head": "crf", "characters": True, **TEXT}),
    ("encoder_decoder", {"attention": "additive", **PAIR}),
]


@pytest.mark.every(5)
@pytest.mark.parametrize(("name", "arguments"), H5)
def test_an_old_h5_of_each_type_opens(name, arguments, tmp_path):
    model = zoo.build(name, units=4, **arguments)
    model.save(tmp_path / "model.h5")
    model.save_weights(tmp_path / "model.weights.h5")
    again = keras.saving.load_model(tmp_path / "model.h5")
    assert zoo.configs.structure(again) == zoo.configs.structure(model)
    by_weights, by_old_weights = (zoo.build(name, units=4, **arguments) for _ in range(2))
    by_weights.load_weights(tmp_path / "model.weights.h5")
    by_old_weights.load_weights(tmp_path / "model.h5")
    for one in (again, by_weights, by_old_weights):
        for ours, theirs in zip(one.get_weights(), model.get_weights(), strict=True):
            assert (ours == theirs).all()


@pytest.mark.slow
def test_an_old_h5_opens_in_another_process(tmp_path):
    zoo.build("many_to_many", units=4, head="crf").save(tmp_path / "model.h5")
    program = "import keras, sys, zoo; print(type(keras.saving.load_model(sys.argv[1])).__name__)"
    command = [sys.executable, "-c", program, str(tmp_path / "model.h5")]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "CRFTagger\n"


@keras.saving.register_keras_serializable("test_model_files")
class Forgets(keras.layers.Layer):
    """A layer that draws a number when it is built, and does not save it."""

    def build(self, input_shape):
        self.number = float(np.random.default_rng().random())

    def call(self, inputs):
        return inputs * self.number


@keras.saving.register_keras_serializable("test_model_files")
class Noise(keras.layers.Layer):
    """A layer that draws other numbers in each call, as dropout does that stays on."""

    def call(self, inputs):
        return inputs + keras.random.normal((1,))


def test_a_model_that_gives_other_numbers_when_it_is_opened_is_refused(tmp_path):
    inputs = keras.Input((None, 2))
    x = keras.layers.GRU(3)(inputs)
    with pytest.raises(zoo.InputError, match="opened again, it gives different numbers"):
        zoo.tasks.check_output(tmp_path / "mine", keras.Model(inputs, Forgets()(x)))
    zoo.tasks.check_output(tmp_path / "mine", keras.Model(inputs, Noise()(x)))
    assert not list(tmp_path.iterdir())
