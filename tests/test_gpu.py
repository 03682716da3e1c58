"""The GPU benchmark on a CPU: equal arithmetic, errors that are seen, and a whole CSV."""

import csv
import importlib.util
import os
import pathlib
import re
import runpy
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "gpu.py"
sys.path.insert(0, str(SCRIPT.parent))  # it reads run.py
gpu = runpy.run_path(str(SCRIPT))
TYPES, CELLS, SMOKE, Sizes = (gpu[name] for name in ("TYPES", "CELLS", "SMOKE", "Sizes"))
BACKEND = next((name for name in ("jax", "torch") if importlib.util.find_spec(name)), None)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("sizes", [SMOKE, Sizes()])
def test_batches_are_padded_on_the_right_to_few_lengths(sizes, kind):
    batches = gpu["make_batches"](kind, sizes)
    assert len(batches) == sizes.steps
    padded = set()
    for x, y in batches:
        columns = keras.tree.flatten(x)
        for tokens in columns:
            assert tokens.shape[0] == len(y) == sizes.batch_size and tokens.dtype == "int32"
            lengths = (tokens != 0).sum(axis=1)
            assert (
                lengths.min() > 0 and tokens.max() < sizes.vocabulary_size
            )  # cuDNN wants no empty row
            assert (tokens[:, 1:][tokens[:, :-1] == 0] == 0).all()
            padded.add(tokens.shape[1])
        if kind == "encoder_decoder":
            assert ((y != 0) == (columns[-1] != 0)).all()
        else:
            assert 0 < y.mean() < 0.5
    assert padded == set(sizes.lengths[TYPES.index(kind)])


def test_lengths_are_those_of_the_data():
    """The median of IMDb is 208 tokens, and a fifth is cut to 400."""
    batches = gpu["make_batches"]("many_to_one", Sizes())
    lengths = np.concatenate([(x != 0).sum(axis=1) for x, _ in batches])
    assert np.median(lengths) == pytest.approx(208, abs=1)
    assert (lengths == 400).mean() == pytest.approx(0.19, abs=0.01)


def make_model_and_batch(kind, cell):
    sizes = SMOKE._replace(batch_size=6)
    x, y = gpu["make_batches"](kind, sizes)[0]
    model = gpu["build_ours"](kind, cell, 5, "float32", sizes)
    rng = np.random.default_rng(0)  # biases are zero at first, which would hide a mistake in them
    model.set_weights([rng.normal(size=w.shape, scale=0.5) for w in model.get_weights()])
    return model, x, y


@needs.torch
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", TYPES)
def test_pytorch_does_the_same_arithmetic(kind, cell, packed):
    model, x, y = make_model_and_batch(kind, cell)
    modules, batch = gpu["build_torch"](model, cell), gpu["torch_batch"](kind, x, y)
    how = (kind, modules, "cpu", "float32", packed, batch)
    expected = keras.ops.convert_to_numpy(model(x))
    found = gpu["torch_outputs"](*how)
    real = x[1] != 0 if kind == "encoder_decoder" else ...
    np.testing.assert_allclose(found[real], expected[real], atol=1e-5)
    assert gpu["measure_error"](x, found, expected) < 1e-4
    model.compile("sgd", gpu["LOSSES"][kind], run_eagerly=True)
    loss = gpu["torch_loss"](kind, *gpu["run_torch"](*how))
    assert loss.item() == pytest.approx(float(model.test_on_batch(x, y)), abs=1e-4)


@needs.torch
def test_pytorch_trains():
    import torch

    model, x, y = make_model_and_batch("encoder_decoder", "gru")
    head = model.get_layer("probabilities")
    head.set_weights([10 * w for w in head.get_weights()])  # so that gradients have to be clipped
    modules = gpu["build_torch"](model, "gru")
    before = [parameter.detach().clone() for parameter in modules.parameters()]
    gpu["train_torch"](
        "encoder_decoder",
        modules,
        torch.optim.SGD(modules.parameters(), lr=1.0),
        *("cpu", "float32", True, [gpu["torch_batch"]("encoder_decoder", x, y)]),
    )
    moved = [new.detach() - old for new, old in zip(modules.parameters(), before, strict=True)]
    norm = sum(float((change**2).sum()) for change in moved) ** 0.5
    assert norm == pytest.approx(1, abs=1e-3) and all(change.abs().max() > 0 for change in moved)


@pytest.mark.parametrize("kind", TYPES)
def test_the_check_sees_a_wrong_weight(kind):
    """Of outputs alone, and of a step alone; padding does not count."""
    model, x, _ = make_model_and_batch(kind, "gru")
    expected = keras.ops.convert_to_numpy(model(x))
    measure, allowed = gpu["measure_error"], gpu["tolerance"]("bfloat16", x)
    moved = [np.full(7, 0.001), np.full(3, -0.001)]
    assert measure(x, expected, expected, moved, moved) == 0
    assert measure(x, expected, expected, [moved[0], -moved[1]], moved) == pytest.approx(2)
    assert not measure(x, expected, expected, [moved[0] * np.nan], moved[:1]) <= allowed
    (rnn,) = [layer for layer in model.layers if layer.name in ("rnn_0", "decoder_0")]
    kernel, *others = rnn.get_weights()
    rnn.set_weights([np.roll(kernel, 1, axis=-1), *others])
    wrong = keras.ops.convert_to_numpy(model(x))
    assert measure(x, wrong, expected) > allowed
    if kind == "encoder_decoder":
        padded = np.where((x[1] != 0)[..., None], expected, 7.0)
        assert (padded != expected).any() and measure(x, padded, expected) == 0


def test_the_tolerance_by_hand():
    x = np.zeros((2, 16))
    assert gpu["tolerance"]("float32", x) == 4 * 4 / 2048
    assert gpu["tolerance"]("bfloat16", [x, np.zeros((2, 9))]) == 4 * 5 / 256


def test_cudnn_is_found_by_name():
    assert gpu["has_cudnn"]({"aten::lstm", "aten::_cudnn_rnn"})
    assert not gpu["has_cudnn"]({"aten::lstm", "aten::mkldnn_rnn_layer", "aten::cudnn_convolution"})


@needs.torch
def test_a_profile_names_the_operators():
    import torch

    layer = torch.nn.LSTM(2, 3)
    assert "aten::lstm" in gpu["profile"](lambda: layer(torch.zeros(4, 1, 2)))


def test_turns_and_slow_programs(monkeypatch):
    """With a clock that only the programs move."""
    clock, calls = [0.0], []
    monkeypatch.setattr(gpu["time"], "perf_counter", lambda: clock[0])

    def program(name, seconds):
        def run():
            calls.append(name)
            clock[0] += seconds

        return run

    fast = gpu["alternate"]({"a": program("a", 0.1), "b": program("b", 0.2)}, 5)
    assert calls == ["a", "b"] * 5 and fast["b"] == pytest.approx([0.2] * 5)
    slow = gpu["alternate"]({"a": program("a", 2)}, 5)
    assert slow["a"] == pytest.approx([2] * 3)


def make_row(median, **changes):
    row = dict.fromkeys(gpu["COLUMNS"], "x") | {"median": str(median), "max error": "0.001"}
    row |= {"type": "many_to_one", "cell": "gru", "units": "128", "precision": "float32"}
    return row | {"what": "ours", "tolerance": "0.01"} | changes


def test_what_was_not_measured_stays_and_an_interrupted_write_leaves_the_old(tmp_path):
    path = tmp_path / "gpu.csv"
    others = [make_row(1, device="y"), make_row(2, backend="y"), make_row(3, units="1024")]
    gpu["write"]([*others, make_row(4)], path)
    gpu["write"]([make_row(5), make_row(6, what="PyTorch")], path)
    medians = [row["median"] for row in csv.DictReader(path.open())]
    assert medians == ["5", "6", "3", "2", "1"]
    old = path.read_text()
    with pytest.raises(ValueError, match="other"):
        gpu["write"]([make_row(7) | {"other": 1}], path)
    assert path.read_text() == old and [file.name for file in tmp_path.iterdir()] == ["gpu.csv"]


def test_all_combinations_are_asked_for_and_the_command_says_which():
    arguments, combinations = gpu["arguments"], gpu["combinations"]
    everything = combinations(arguments([]), Sizes())
    assert len(set(everything)) == len(everything) == 2 * 3 * 2 * 2
    some = combinations(arguments(["--cell", "gru", "--units", "7", "--precision", "float32"]), Sizes())
    assert some == [(kind, "gru", 7, "float32") for kind in TYPES]
    smoke = combinations(arguments(["--smoke"]), SMOKE)
    assert {(c.type, c.precision) for c in smoke} == {(t, p) for t in TYPES for p in gpu["POLICIES"]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "must run on jax or torch.* Received: 'numpy'"),
        (["--seconds", "0"], "--seconds: must be above 0. Received: 0"),
        (["--units", "0"], "--units: must be at least 1. Received: 0"),
        (["--cell", "lstn"], "lstn.*lstm"),
        (["--output", "no/such/gpu.csv"], "no folder no/such"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch, capsys, words, message):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(SystemExit) as stop:
        gpu["main"](words)
    said = capsys.readouterr().err + str(stop.value.code)
    assert stop.value.code and re.search(message, said, re.DOTALL)


@pytest.mark.parametrize(
    "words", ["", " --cell gru --units 8 --units 16 --smoke", " --seconds 150", " --type many_to_one"]
)
def test_a_row_has_the_command_that_makes_it(words, monkeypatch):
    monkeypatch.setitem(gpu["describe"].__globals__, "device_name", lambda: "cpu")
    command = gpu["describe"](gpu["arguments"](words.split()))["command"]
    assert command.split("benchmarks/gpu.py")[1] == words


@pytest.fixture
def run_main(monkeypatch, tmp_path):
    """A function that runs `main` with made-up figures: (status, rows of the CSV)."""
    about = {"device": "cpu", "backend": "jax", "versions": "", "command": "", "date": ""}
    names, clock = gpu["main"].__globals__, [0.0]
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(gpu["time"], "perf_counter", lambda: clock[0])
    monkeypatch.setitem(names, "describe", lambda options: about)
    monkeypatch.setitem(names, "torch_device", lambda: "cpu")

    def run(measure, *words):
        def measured(combination, sizes):
            clock[0] += 30
            columns = {k: str(v) for k, v in combination._asdict().items()}
            row = make_row(1) | columns | measure(combination)
            return [{k: v for k, v in row.items() if k not in about}]

        monkeypatch.setitem(names, "measure", measured)
        path = tmp_path / "gpu.csv"
        with pytest.raises(SystemExit) as stop:
            gpu["main"]([*words, "--output", str(path)])
        return stop.value.code, list(csv.DictReader(path.open()))

    return run


@needs.jax
def test_an_error_beyond_the_tolerance_is_written_and_fails(run_main, capsys):
    status, rows = run_main(lambda combination: {}, "--smoke")
    assert status == 0 and len(rows) == 4
    for error in ("0.5", "nan"):
        status, rows = run_main(
            lambda c, error=error: {"max error": error} if c.precision == "bfloat16" else {}, "--smoke"
        )
        assert status == 1 and [row["max error"] for row in rows].count(error) == 2
        said = capsys.readouterr().err
        assert f"many_to_one lstm 8 bfloat16, ours: differs from the CPU by {error}" in said
        assert "float32" not in said


@needs.jax
def test_what_fails_does_not_stop_the_others(run_main, capsys):
    def measure(combination):
        if combination.type == "many_to_one":
            raise RuntimeError("out of memory")
        return {}

    status, rows = run_main(measure, "--smoke")
    assert status == 1 and {row["type"] for row in rows} == {"encoder_decoder"}
    assert "out of memory" in (said := capsys.readouterr().err)
    assert "Failed, see above: many_to_one lstm 8 float32; many_to_one lstm 8 bfloat16." in said


@needs.jax
def test_what_does_not_fit_into_the_time_is_named(run_main, capsys):
    """Each takes 30 s, so that a fourth would end after 100."""
    status, rows = run_main(lambda combination: {}, "--seconds", "100")
    assert status == 0 and len(rows) == 3
    left = capsys.readouterr().out.partition("Left out, because 100 s were up: ")[2]
    assert left.count(";") == 20 and "simple_rnn 1024 bfloat16" in left and "--seconds" in left


@pytest.mark.exhaustive
@pytest.mark.skipif(not BACKEND, reason="JAX or PyTorch: python -m pip install jax")
def test_smoke_without_tensorflow(tmp_path):
    program = (
        "import runpy, sys; "
        "sys.modules['tensorflow'] = sys.modules['tensorflow_datasets'] = None; "  # not to be imported
        "sys.argv = sys.argv[1:]; sys.path[0] = sys.argv.pop(0); "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    path = tmp_path / "gpu.csv"
    command = [sys.executable, "-c", program, SCRIPT.parent, SCRIPT, "--smoke", "--output", path]
    settings = {"KERAS_BACKEND": BACKEND, "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    # One thread, and programs that XLA compiles quickly: nothing here depends on the speed.
    settings |= {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    result = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=300, env=os.environ | settings
    )
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(path.open()))
    whats = ["ours", "PyTorch"] if importlib.util.find_spec("torch") else ["ours"]
    found = {(row["type"], row["precision"], row["what"]) for row in rows}
    assert found == {(t, p, what) for t in TYPES for p in gpu["POLICIES"] for what in whats}
    assert len(rows) == len(found) and str(tmp_path) not in path.read_text()
    for row in rows:
        assert (row["device"], row["backend"], row["cudnn"]) == ("cpu", BACKEND, "no")
        assert 0 < float(row["least"]) <= float(row["median"]) <= float(row["most"])
        assert float(row["warm-up seconds"]) > 0 and int(row["rounds"]) == SMOKE.rounds
        assert float(row["max error"]) <= float(row["tolerance"])
        if row["precision"] == "float32":  # the CPU beside itself
            assert float(row["max error"]) < 1e-4
        else:
            assert float(row["max error"]) > 1e-4  # it did compute in bfloat16
        assert "--smoke" in row["command"] and f"keras {keras.__version__}" in row["versions"]
