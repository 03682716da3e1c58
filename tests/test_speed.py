"""The speed benchmark: what it compares is the same arithmetic, and what it writes is whole."""

import csv
import pathlib
import runpy
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "speed.py"
sys.path.insert(0, str(SCRIPT.parent))  # it reads run.py
speed = runpy.run_path(str(SCRIPT))
KINDS = list(speed["TASKS"].values())
SIZES = {"units": 5, "embedding_dim": 4, "vocabulary_size": 20}


def make_model_and_batch(kind, cell, longest=8):
    sizes = speed["Sizes"](batch_size=6, steps=1)
    lengths = np.random.default_rng(0).integers(1, longest + 1, (6, 2))
    (batch,) = speed["make_batches"](speed["make_data"](kind, lengths, 20), sizes, False)
    keras.utils.set_random_seed(0)
    model = speed["build_ours"](kind, cell, *SIZES.values())
    rng = np.random.default_rng(0)  # biases are zero at first, which would hide a mistake in them
    model.set_weights([rng.normal(size=w.shape, scale=0.5) for w in model.get_weights()])
    return model, batch


@pytest.mark.every(4)
@needs.torch
@pytest.mark.parametrize("cell", speed["GATES"])
@pytest.mark.parametrize("longest", [8, 1])  # one word: tags look like labels
@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_does_the_same_arithmetic(kind, longest, cell):
    """With the same weights the same loss, and the same gradients' sizes."""
    model, (x, y) = make_model_and_batch(kind, cell, longest)
    modules = speed["build_torch"](model, cell)
    *batch, answers = speed["torch_batch"](kind, x, y)
    losses = [
        speed["torch_loss"](kind, speed["torch_logits"](kind, modules, *batch, packed), answers)
        for packed in (True, False)
    ]
    model.compile("sgd", speed["LOSSES"][kind], run_eagerly=True)  # compiling takes longer
    expected = float(model.test_on_batch(x, y))
    assert [loss.item() for loss in losses] == pytest.approx([expected, expected], abs=1e-4)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.train_on_batch(x, y)  # by -0.01 times the gradient
    for loss in losses:
        modules.zero_grad()
        loss.backward()
        for name, module in modules.items():
            for parameter, old, new in zip(
                module.parameters(), before[name], model.get_layer(name).get_weights(), strict=False
            ):
                if parameter.ndim == 2:  # the norm does not depend on the order of gates
                    norm = np.linalg.norm(np.subtract(old, new)) / 0.01
                    assert parameter.grad.norm().item() == pytest.approx(norm, rel=1e-3, abs=1e-5)


@pytest.mark.every(3)
@needs.torch
@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_takes_the_same_step(kind):
    """Adam's first: by the learning rate, less where gradients are near Keras's larger epsilon."""
    _, batch = make_model_and_batch(kind, "gru")
    model = speed["build_ours"](kind, "gru", *SIZES.values())  # as Keras starts, nothing saturated
    modules = speed["build_torch"](model, "gru")
    ours = {layer.name: layer.get_weights() for layer in model.layers}
    theirs = {name: [p.detach().clone() for p in m.parameters()] for name, m in modules.items()}
    model.compile("adam", speed["LOSSES"][kind])
    speed["train_keras"](model, [batch])
    optimizer, batches = speed["make_adam"](modules), [speed["torch_batch"](kind, *batch)]
    speed["train_torch"](kind, modules, optimizer, batches, packed=True)
    for name, module in modules.items():
        moved = [
            np.concatenate([np.abs(new - old).ravel() for new, old in zip(*weights, strict=True)])
            for weights in (
                (model.get_layer(name).get_weights(), ours[name]),
                ([p.detach().numpy() for p in module.parameters()], [w.numpy() for w in theirs[name]]),
            )
        ]
        steps = [np.median(some[some > 0]) for some in moved]
        assert all(0.0007 < step < 0.0011 for step in steps)


@needs.torch
@pytest.mark.parametrize("cell", speed["GATES"])
def test_the_answers_of_latency_are_the_same(cell):
    model = speed["build_ours"]("many_to_one", cell, *SIZES.values())
    tokens = np.random.default_rng(0).integers(4, 20, (1, 6)).astype("int32")
    variants = speed["answerers"](model, cell, tokens)
    assert {"ours", "predict", "eager", "PyTorch"} <= set(variants)
    answers = [np.ravel(run()) for some in variants.values() for run in some.values()]
    np.testing.assert_allclose(answers, np.broadcast_to(answers[0], np.shape(answers)), atol=1e-5)


@pytest.mark.every(4)
@needs.torch
@pytest.mark.parametrize(
    ("cell", "attention"),
    [("simple_rnn", "dot"), ("lstm", "none"), ("lstm", "additive"), ("gru", "additive")],
)
def test_pytorch_translates_alike(cell, attention):
    keras.utils.set_random_seed(0)
    sizes = {f"{side}_vocabulary_size": 30 for side in ("source", "target")}
    model = speed["zoo"].build("encoder_decoder", cell=cell, attention=attention, units=8, **sizes)
    model.set_weights([2 * w for w in model.get_weights()])
    source = np.random.default_rng(0).integers(4, 30, (3, 5))
    programs = speed["translators"](model, cell, source, speed["Sizes"](max_length=4))
    tokens = model.generate(source, 4)
    for name in ("predict", "PyTorch"):
        for translate in programs[name].values():
            found = translate()[:, : tokens.shape[1]]
            assert (found == tokens)[tokens != 0].all()


@pytest.mark.parametrize(
    ("kind", "by_hand"),
    [
        # 5 tokens in 2 rows. LSTM: 4 gates of [4 + 5] x 5 numbers; a product and a sum; three times.
        ("many_to_one", 6 * (5 * 4 * 9 * 5 + 2 * 5)),
        ("many_to_many", 6 * (5 * 4 * 9 * 5 + 5 * 5 * 9)),
        ("encoder_decoder", 6 * ((5 + 3) * 4 * 9 * 5 + 3 * 5 * 20)),
    ],
)
def test_flops_by_hand(kind, by_hand):
    tokens = np.array([[7, 8, 9, 0], [5, 6, 0, 0]])
    target = np.array([[2, 7], [2, 0]])
    x = [tokens, target] if kind == "encoder_decoder" else tokens
    y = np.ones((2, 1)) if kind == "many_to_one" else target
    assert speed["count_flops"](kind, "lstm", 5, 4, 20, [(x, y)]) == by_hand


def test_the_plain_script_pads_to_the_longest_of_all_on_the_left():
    lengths, tokens = np.array([[2, 3], [4, 6]]), np.array([[7, 8]])
    ((x, y),) = speed["pad_left"]("encoder_decoder", [([tokens, tokens], tokens)], lengths)
    assert [column.tolist() for column in (*x, y)] == [
        [[0, 0, 7, 8]],
        [[0, 0, 0, 0, 7, 8]],
        [[0, 0, 0, 0, 7, 8]],
    ]
    ((x, y),) = speed["pad_left"]("many_to_one", [(tokens, np.ones((1, 1)))], lengths[:, :1])
    assert x.tolist() == [[0, 0, 7, 8]] and y.shape == (1, 1)


def test_turns_and_the_fastest_variant(monkeypatch):
    """With a clock that only the programs move."""
    clock, calls = [0.0], []

    def program(name, seconds):
        def run():
            calls.append(name)
            clock[0] += seconds

        return run

    monkeypatch.setattr(speed["time"], "perf_counter", lambda: clock[0])
    monkeypatch.setattr(speed["time"], "sleep", lambda seconds: None)
    variants = {"a": {"slow": program("a1", 2), "fast": program("a2", 1)}, "b": {"": program("b", 3)}}
    programs, settings = speed["choose"](variants, speed["Sizes"]())
    assert settings == {"a": "fast", "b": ""}
    calls.clear()
    seconds = speed["alternate"](programs, 2, 1.5)  # two runs of the first fill it
    assert calls == ["a2", "a2", "b"] * 2
    assert {name: list(values) for name, values in seconds.items()} == {"a": [1, 1], "b": [3, 3]}


def test_ratios_are_taken_round_by_round():
    seconds = {"ours": np.array([1.0, 2, 4]), "other": np.array([3.0, 4, 4])}
    settings = {"ours": "XLA", "other": "as it is"}
    ours, other = speed["make_rows"](("latency", "x", "gru", 8), "ms", seconds, seconds, settings)
    names = ("times ours", "times ours, least", "times ours, most")
    assert [ours[name] for name in names] == ["1", "1", "1"]
    assert [other[name] for name in names] == ["2", "1", "3"] and other["setting"] == "as it is"


def make_row(part, what, median):
    numbers = np.full(3, float(median))
    row = speed["make_row"]((part, "IMDb", "gru", 8), what, "XLA", "steps/s", numbers, numbers / 2)
    return row | {"versions": "", "machine": "", "command": "", "date": ""}


def test_what_was_not_measured_stays_and_an_interrupted_write_leaves_the_old(tmp_path):
    path = tmp_path / "speed.csv"
    speed["write"]([make_row("training", "ours", 1), make_row("latency", "ours", 2)], path)
    speed["write"]([make_row("training", "ours", 3)], path)
    assert [row["median"] for row in csv.DictReader(path.open())] == ["3", "2"]
    old = path.read_text()
    with pytest.raises(ValueError, match="other"):
        speed["write"]([make_row("training", "ours", 4), make_row("peak", "x", 1) | {"other": 1}], path)
    assert path.read_text() == old
    assert [file.name for file in tmp_path.iterdir()] == ["speed.csv"]


@pytest.mark.exhaustive
def test_smoke(tmp_path):
    path = tmp_path / "speed.csv"
    result = subprocess.run(
        [sys.executable, SCRIPT, "--smoke", "--cell", "lstm", "--output", path],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(path.open()))
    assert {row["part"] for row in rows} == {*speed["PARTS"], "peak"}
    assert {row["cell"] for row in rows} == {"lstm"}
    assert "--smoke" in rows[0]["command"] and str(tmp_path) not in path.read_text()
    for row in rows:
        assert float(row["median"]) > 0 and row["machine"] and row["date"]
        assert np.isfinite(float(row["median"])) or row["part"] == "accuracy"  # not reached
