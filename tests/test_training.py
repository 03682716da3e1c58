"""Training stops if it diverges, and mistakes in a model are found before it starts."""

import contextlib
import random

import edits
import keras
import needs
import numpy as np
import pytest
import tensorflow as tf

import zoo

X = np.array([[5, 6, 7, 0], [8, 9, 0, 0], [4, 4, 5, 6]] * 3)
Y = np.array([1, 0, 1] * 3)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return X[3 * i : 3 * i + 3], Y[3 * i : 3 * i + 3]


def endless():
    while True:
        yield X[:3], Y[:3]


def loader():
    import torch

    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(rows, batch_size=3)


def make_model(kind="plain"):
    keras.utils.set_random_seed(0)
    if kind == "plain":  # which compiles fast
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    outputs = keras.layers.Dense(1, name="sum")(a + b)
    if kind == "two outputs":
        outputs = {"sum": outputs, "difference": keras.layers.Dense(1, name="difference")(a - b)}
    return keras.Model({"a": a, "b": b} if kind == "dict" else [a, b], outputs)


FLOATS = X.astype("float32")
DATA = {  # arguments of fit, and the kind of model
    "arrays": ((X, Y), {}, "plain"),
    "arrays of floats": ((X.astype("float64"), Y.astype("float64")), {}, "plain"),
    "tensors": ((tf.constant(X), tf.constant(Y)), {}, "plain"),
    "dataset": ((tf.data.Dataset.from_tensor_slices((X, Y)).batch(4),), {}, "plain"),
    "PyDataset": ((Batches(),), {}, "plain"),
    "generator": ((endless,), {"steps_per_epoch": 2}, "plain"),
    "torch": ((loader,), {}, "plain"),
    "validation split": ((X, Y), {"validation_split": 0.4}, "plain"),
    "validation data": ((X, Y), {"validation_data": (X[:2], Y[:2], np.ones(2))}, "plain"),
    "sample weight": ((X, Y), {"sample_weight": np.arange(9.0)}, "plain"),
    "class weight": ((X, Y), {"class_weight": {0: 1.0, 1: 5.0}}, "plain"),
    "by position": ((X, Y, 2, 3, 0), {}, "plain"),
    "by name": ((), {"x": X, "y": Y}, "plain"),
    "list": (([FLOATS, 2 * FLOATS], Y), {}, "list"),
    "dict": (({"a": FLOATS, "b": 2 * FLOATS}, Y), {}, "dict"),
    "two outputs": (([FLOATS, FLOATS], {"sum": Y, "difference": Y}), {}, "two outputs"),
    "one callback": ((X, Y), {"callbacks": keras.callbacks.LambdaCallback()}, "plain"),
    "a tuple of callbacks": ((X, Y), {"callbacks": (keras.callbacks.LambdaCallback(),) * 2}, "plain"),
}


QUICK = ("arrays", "dataset", "PyDataset", "generator", "by position", "two outputs")


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            name,
            marks=[needs.torch] * (name == "torch") + [pytest.mark.exhaustive] * (name not in QUICK),
        )
        for name in DATA
    ],
)
def test_fit_takes_the_same_data_on_all_devices(data):
    arguments, options, kind = DATA[data]
    histories = []
    for context in (contextlib.nullcontext, zoo.distribution.all_devices):
        with context():
            model = make_model(kind)
            loss = "binary_crossentropy" if kind == "plain" else "mse"
            model.compile("adam", loss, metrics=None if kind == "two outputs" else ["mae"])
            given = [x() if callable(x) and not isinstance(x, Batches) else x for x in arguments]
            quiet = {} if len(arguments) > 4 else {"verbose": 0}
            quiet["shuffle"] = False  # a strategy of TensorFlow draws another order
            histories.append(model.fit(*given, **options, **quiet).history)
    assert histories[0].keys() == histories[1].keys()
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-5, err_msg=name)


def test_outside_of_the_context_keras_is_as_before():
    names = ("_compute_loss", "train_step", "test_step")
    before = [getattr(keras.Model, name) for name in names]
    with pytest.raises(ArithmeticError), zoo.distribution.all_devices():
        raise ArithmeticError
    assert [getattr(keras.Model, name) for name in names] == before
    assert keras.distribution.distribution() is None


def test_the_callback_changes_no_number():
    histories = []
    for callbacks in ([], [zoo.training.RaiseOnNaN()]):
        model = make_model()
        model.compile("adam", "binary_crossentropy", metrics=["mae"])
        options = {"validation_data": (X, Y), "callbacks": callbacks}
        histories.append(model.fit(X, Y, 3, 2, 0, **options).history)
    assert histories[0] == histories[1]


def test_a_model_without_weights_is_trained():
    model = edits.make("sequential", 1, "sigmoid", tokens=10)
    model.compile("adam", "binary_crossentropy")
    history = model.fit(X, Y, verbose=0, callbacks=[zoo.training.RaiseOnNaN()]).history
    assert len(history["loss"]) == 1


def values(wrong, n=6):
    """Rows of which one has a wrong number."""
    x = np.ones((2 * n, 2), "float32")
    x[n, 0] = wrong
    return x, np.ones((2 * n, 1))


def linear(optimizer="sgd"):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_fit_stops_at_once_if_the_loss_is_not_a_number(wrong):
    x, y = values(wrong)
    seen = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    callbacks = [zoo.training.RaiseOnNaN(), count]
    with pytest.raises(zoo.InputError, match=r"The loss is (nan|inf) in epoch 1, batch 4. .*diverged"):
        linear().fit(x, y, 2, 5, 0, callbacks, shuffle=False)
    assert seen == [0, 1, 2]


def test_fit_stops_if_the_validation_or_the_last_step_is_not_a_number():
    x, y = values(1.0)
    options = {"verbose": 0, "callbacks": [zoo.training.RaiseOnNaN()]}
    with pytest.raises(zoo.InputError, match="The loss is nan in the validation after epoch 1"):
        linear().fit(x, y, validation_data=values(np.nan), **options)
    model = linear(keras.optimizers.SGD(1e38))
    with pytest.raises(zoo.InputError, match="The loss is nan in the last step"):
        model.fit(100 * x, y, batch_size=12, **options)


def test_a_step_that_half_precision_skips_is_no_divergence():
    """The first scale of the loss is too large: its gradients are infinite, the loss is a number."""

    with zoo.registry.dtype_policy("mixed_float16"):
        model = make_model()
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), initial_scale=1e38)
        model.compile(optimizer, "binary_crossentropy")
        before = model.get_weights()
        losses = model.fit(X, Y, 3, 2, 0, [zoo.training.RaiseOnNaN()]).history["loss"]
    assert np.isfinite(losses).all()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("one_to_one", "simple_rnn"),
        ("one_to_many", "lstm"),
        ("many_to_one", "gru"),
        *(("many_to_many", cell) for cell in ("simple_rnn", "lstm", "gru")),
        ("encoder_decoder", "lstm"),
    ],
)
def test_cells_of_zoo_models(name, cell):
    options = {"characters": True} if name == "many_to_many" else {}
    assert zoo.training.cells_of(zoo.build(name, cell=cell, units=4, **options)) == cell


def test_cells_of_other_models():
    layers = keras.layers
    x = keras.Input((None, 3))
    cells = [layers.LSTMCell(2), layers.GRUCell(2), edits.Slow()]
    both = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True))(x)
    for model, expected in (
        (keras.Model(x, layers.RNN(cells)(x)), "lstm, gru, Slow"),
        (keras.Model(x, layers.GRU(2)(both)), "simple_rnn, gru"),
        (keras.Model(x, keras.Sequential([layers.LSTM(2)])(x)), "lstm"),
        (keras.Model(x, edits.Double()(x)), "Double"),
        (keras.Model(x, layers.Dense(2)(x)), "no recurrent layer"),
    ):
        assert zoo.training.cells_of(model) == expected


@pytest.mark.parametrize("edit", edits.CELLS)
def test_check_model_builds_any_model(edit):
    """Also one of tokens above 2048, which half precision cannot tell apart."""

    with zoo.registry.dtype_policy("mixed_float16"):
        model = edits.make(edit, 3, tokens=5000)
        zoo.training.check_model(model, (X, Y), num_classes=3)
        p = [keras.ops.convert_to_numpy(model(np.array([[token]]))) for token in (2048, 2049)]
    assert zoo.training.cells_of(model) == edits.CELLS[edit]
    assert zoo.training.output_shape(model, (X, Y)) == (None, 3)
    assert model.count_params() > 0 and np.abs(p[0] - p[1]).max() > 0
    assert model(np.array([[5] * 20])).shape == (1, 3)  # of any length


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: edits.make("sequential", 2, tokens=10), r"\[rows, 3\]. End it with .* Dense\(3\)"),
        (lambda: edits.make("subclass", 1, tokens=10), r"Received: \[rows, 1\]"),
        (lambda: edits.make("sequential", 3, None, tokens=10), "probabilities. .*'softmax'"),
        (lambda: edits.make("sequential", 3, tokens=10, per_step=True), "must not return sequences"),
        (lambda: edits.make("sequential", 3, features=4), r"begins with keras.Input\(\(None,\)\)"),
        (lambda: keras.Sequential([keras.Input((9,)), keras.layers.Dense(3)]), "cannot read the data"),
        (lambda: zoo.build("many_to_one", num_classes=4, units=4), r"Received: \[rows, 4\]"),
        (lambda: make_model("two outputs"), "cannot read the data"),
    ],
)
def test_check_model_refuses(make, message):
    with pytest.raises(zoo.InputError, match=message):
        zoo.training.check_model(make(), (X, Y), num_classes=3)


def test_check_model_of_two_classes():
    for size, activation in ((1, "sigmoid"), (2, "softmax")):
        model = edits.make("sequential", size, activation, tokens=10)
        zoo.training.check_model(model, (X, Y), num_classes=2)
    with pytest.raises(zoo.InputError, match="softmax of one number is always 1"):
        model = edits.make("sequential", 1, "softmax", tokens=10)
        zoo.training.check_model(model, (X, Y), num_classes=2)
    with pytest.raises(zoo.InputError, match=r"\[rows, 4, 2\]"):  # for tags one output is not enough
        model = edits.make("sequential", 1, "sigmoid", tokens=10, per_step=True)
        zoo.training.check_model(model, (X, np.minimum(X, 1)), num_classes=2)


def test_check_model_of_steps_of_numbers_and_of_two_inputs():
    x, y = np.ones((5, 4, 3), "float32"), np.ones((5, 2))
    zoo.training.check_model(edits.make("sequential", 2, None, features=3), (x, y))
    flat = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    zoo.training.check_model(flat, (x, y))  # the length of arrays of numbers is fixed
    with pytest.raises(zoo.InputError, match=r"\[rows, 2\]. End it with .* Received: \[rows, 1\]"):
        zoo.training.check_model(edits.make("sequential", 1, None, features=3), (x, y))
    with pytest.raises(zoo.InputError, match="return_sequences=True"):
        zoo.training.check_model(edits.make("sequential", 2, None, features=3), (x, np.ones((5, 4, 2))))
    for edit in ("sequential", "subclass", "another layer"):
        with pytest.raises(zoo.InputError, match=r"There are 2 inputs\. Read all"):
            zoo.training.check_model(edits.make(edit, 3, tokens=10), ((X, X), Y), num_classes=3)


def test_check_model_wants_what_the_recipe_calls_and_what_can_be_saved(monkeypatch):
    model = edits.make("sequential", 10, tokens=10, per_step=True)
    with pytest.raises(zoo.InputError, match=r"the method generate\(\). .* a Sequential"):
        zoo.training.check_model(model, (X, X), num_classes=10, method="generate")
    saved = []

    def check_output(folder, model=None):
        saved.append((folder, model))
        zoo.build("one_to_one")  # draws random numbers

    monkeypatch.setattr(zoo.tasks, "check_output", check_output)
    model = make_model()
    state = random.getstate()
    zoo.training.check_model(model, (X, Y), "folder", 2)
    assert saved == [("folder", model)]
    assert random.getstate() == state  # so that a recipe's numbers do not depend on --output


def test_an_own_mistake_keeps_its_traceback():
    class Wrong(keras.layers.Layer):
        def call(self, x):
            return x.no_such_thing

    model = keras.Sequential([keras.layers.Embedding(10, 4), Wrong()])
    with pytest.raises(AttributeError, match="no_such_thing"):
        zoo.training.check_model(model, (X, Y), num_classes=2)


def test_a_score_of_ours_is_in_the_history_and_stops_early():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    scores = iter([0.5, 0.7, 0.6, 0.6])
    callbacks = [
        zoo.training.AddScore("val_f1", lambda: next(scores)),
        keras.callbacks.EarlyStopping("val_f1", mode="max", patience=1),
    ]
    x = np.ones((4, 1))
    history = model.fit(x, x, epochs=4, verbose=0, callbacks=callbacks).history
    assert history["val_f1"] == [0.5, 0.7, 0.6]


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
@pytest.mark.parametrize("has_schedule", [False, True])
def test_smaller_steps_in_some_variables(kind, has_schedule):
    """As two optimizers, each with its own learning rate. Smaller gradients would not do for Adam."""

    def start(rate):
        if has_schedule:
            rate = keras.optimizers.schedules.CosineDecay(rate, 9)
        more = {"weight_decay": 0.3} if kind == "AdamW" else {}
        return getattr(keras.optimizers, kind)(rate, **more)

    starts = [np.array([[1.0, 2.0]], "float32"), np.array([3.0], "float32")]
    slow, fast, *others = (keras.Variable(x) for x in (*starts, *starts))
    optimizer = zoo.training.slow_down(start(0.5), [{"variables": [slow]}], 0.1)
    two = start(0.05), start(0.5)
    for step in range(3):
        gradients = [keras.ops.convert_to_tensor((step + 1) * x) for x in starts]
        optimizer.apply(gradients, [slow, fast])
        for one, gradient, variable in zip(two, gradients, others, strict=True):
            one.apply([gradient], [variable])
    for one, other in zip((slow, fast), others, strict=True):
        np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (one, other)), rtol=1e-5)


def test_smaller_steps_leave_out_what_has_no_weight_decay():
    weight, bias = keras.Variable([1.0], name="weight"), keras.Variable([1.0], name="bias")
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer = zoo.training.slow_down(optimizer, [{"variables": [weight]}], 0.1)
    optimizer.apply([keras.ops.zeros(1)] * 2, [weight, bias])
    np.testing.assert_allclose([float(weight[0]), float(bias[0])], [0.995, 1.0], rtol=1e-6)


def test_smaller_steps_of_an_optimizer_of_the_user():
    class Adam(keras.optimizers.SGD):  # with the name of one of Keras's optimizers
        pass

    slow = keras.Variable([1.0])
    optimizer = zoo.training.slow_down(Adam(0.5), [{"variables": [slow]}], 0.5)
    optimizer.apply([keras.ops.ones(1)], [slow])
    assert isinstance(optimizer, Adam) and float(slow[0]) == 0.75


@pytest.mark.parametrize("is_scaled", [False, True])
def test_a_model_with_smaller_steps_can_be_saved(is_scaled, tmp_path):
    model, optimizer = make_model(), keras.optimizers.Adam(0.1, weight_decay=0.01)
    if is_scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    copied = [{"variables": model.trainable_variables[:1]}]
    model.compile(zoo.training.slow_down(optimizer, copied, 0.01), "binary_crossentropy")
    model.fit(X[:3], Y[:3], verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is type(optimizer)
    np.testing.assert_array_equal(loaded.predict(X[:3], verbose=0), model.predict(X[:3], verbose=0))


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of the user, which Keras cannot find by its name."""

    def __call__(self, step):
        return 0.5 / (1.0 + keras.ops.cast(step, "float32"))

    def get_config(self):
        return {}


@pytest.mark.parametrize("rate", [Falling(), lambda: keras.ops.convert_to_tensor(0.5)])
def test_smaller_steps_with_a_rate_of_the_user(rate):
    slow, fast = keras.Variable([1.0]), keras.Variable([1.0])
    optimizer = zoo.training.slow_down(keras.optimizers.SGD(rate), [{"variables": [slow]}], 0.5)
    optimizer.apply([keras.ops.ones(1)] * 2, [slow, fast])
    assert (float(slow[0]), float(fast[0])) == (0.75, 0.5)


def test_smaller_steps_twice_are_refused():
    copied = [{"variables": [keras.Variable([1.0])]}]
    optimizer = zoo.training.slow_down(keras.optimizers.SGD(0.5), copied, 0.5)
    with pytest.raises(zoo.InputError, match="takes smaller steps in some layers already"):
        zoo.training.slow_down(optimizer, copied, 0.5)


def test_smaller_steps_with_a_scaled_loss():
    slow, fast = keras.Variable([1.0]), keras.Variable([1.0])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=4.0)
    optimizer = zoo.training.slow_down(optimizer, [{"variables": [slow]}], 0.5)
    assert float(optimizer.scale_loss(1.0)) == 4
    optimizer.apply([keras.ops.convert_to_tensor([4.0])] * 2, [slow, fast])
    assert (float(slow[0]), float(fast[0])) == (0.75, 0.5)


def test_smaller_steps_in_fit():
    """The first step of Adam has the size of its learning rate, whatever the gradient is."""
    model = make_model()
    before = model.get_weights()
    optimizer = keras.optimizers.Adam(0.1, global_clipnorm=1.0)
    copied = [{"variables": model.trainable_variables[:1]}]
    optimizer = zoo.training.slow_down(optimizer, copied, 0.01)
    assert optimizer.global_clipnorm == 1.0
    model.compile(optimizer, "binary_crossentropy")
    model.fit(X[:3], Y[:3], batch_size=3, verbose=0)
    steps = [np.abs(one - other) for one, other in zip(before, model.get_weights(), strict=True)]
    np.testing.assert_allclose(steps[0], 0.001, rtol=0.02)
    np.testing.assert_allclose(steps[1], 0.1, rtol=0.02)
