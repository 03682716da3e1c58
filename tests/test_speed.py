"""The speed benchmark: what it compares is the same arithmetic, and what it writes is whole."""

import csv
import importlib.util
import pathlib
import runpy
import subprocess
import sys

import keras
import numpy as np
import pytest

import zoo

ROOT = pathlib.Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "speed.py"
sys.path.insert(0, str(SCRIPT.parent))  # it reads run.py
speed = runpy.run_path(str(SCRIPT))
needs_torch = pytest.mark.skipif(
    not importlib.util.find_spec("torch"), reason="PyTorch is not installed"
)
KINDS = list(speed["TASKS"].values())
SIZES = {"units": 5, "embedding_dim": 4, "vocabulary_size": 20}


def make_model_and_batch(kind, cell, longest=8):
    config = speed["Config"](vocabulary_size=20, batch_size=6, steps=1)
    lengths = np.random.default_rng(0).integers(1, longest + 1, (6, 2))
    (batch,) = speed["make_batches"](speed["make_data"](kind, lengths, config), config, False)
    keras.utils.set_random_seed(0)
    model = speed["build_ours"](kind, cell, *SIZES.values())
    rng = np.random.default_rng(0)  # biases are zero at first, which would hide a mistake in them
    model.set_weights([rng.normal(size=w.shape, scale=0.5) for w in model.get_weights()])
    return model, batch


@needs_torch
@pytest.mark.parametrize("cell", speed["GATES"])
@pytest.mark.parametrize("longest", [8, 1])  # one word: tags look like labels
@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_does_the_same_arithmetic(kind, longest, cell):
    """With the same weights the same loss, and the same gradients' sizes."""
    model, (x, y) = make_model_and_batch(kind, cell, longest)
    modules = speed["build_torch"](model, cell)
    losses = [
        speed["torch_loss"](kind, modules, *speed["torch_batch"](kind, x, y), packed)
        for packed in (True, False)
    ]
    model.compile("sgd", speed["LOSSES"][kind])
    inputs = list(x) if isinstance(x, tuple) else x
    expected = float(model.test_on_batch(inputs, y))
    assert [loss.item() for loss in losses] == pytest.approx([expected, expected], abs=1e-4)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.train_on_batch(inputs, y)  # by -0.01 times the gradient
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


@needs_torch
@pytest.mark.parametrize("attention", ["none", "dot", "additive"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_pytorch_translates_alike(cell, attention):
    keras.utils.set_random_seed(0)
    sizes = {f"{side}_vocabulary_size": 30 for side in ("source", "target")}
    model = speed["zoo"].build("encoder_decoder", cell=cell, attention=attention, units=8, **sizes)
    model.set_weights([2 * w for w in model.get_weights()])
    source = np.random.default_rng(0).integers(4, 30, (3, 5))
    config = speed["Config"](max_length=4)
    programs = speed["translators"](model, cell, source, config)
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
    x = (tokens, target) if kind == "encoder_decoder" else tokens
    y = np.ones((2, 1)) if kind == "many_to_one" else target
    assert speed["count_flops"](kind, "lstm", 5, 4, 20, [(x, y)]) == by_hand


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


def test_other_sizes_do_not_go_into_the_file():
    with pytest.raises(zoo.InputError, match=r"need an --output. Received: --batch-size"):
        speed["main"](speed["Config"](batch_size=8))


def test_smoke(tmp_path):
    path = tmp_path / "speed.csv"
    result = subprocess.run(
        [sys.executable, SCRIPT, "--smoke", "--cell", "lstm", "--output", path],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(path.open()))
    assert {row["part"] for row in rows} == set(speed["PARTS"])
    assert {row["cell"] for row in rows} == {"lstm"}
    assert "--smoke" in rows[0]["command"] and str(tmp_path) not in path.read_text()
    assert all(row["median"] and row["machine"] and row["date"] for row in rows)
