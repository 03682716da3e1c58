"""`zoo.code`: the programs make the same models, without the zoo."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from test_architectures import CASES, make_data
from test_architectures import build as build_case

import zoo

ROOT = pathlib.Path(__file__).parent.parent
DROPOUT = {"dropout": 0.5}
MORE = {  # configurations that CASES lacks
    "many_to_one, embeddings": ("many_to_one, last", {"embeddings": np.ones((20, 3))}),
}
RUNS = {}  # name -> (case, cell, other arguments)
for case in CASES:
    for cell in ("lstm" if "vector" in case or "additive" in case else "gru",):
      for d in (0.0,):
        RUNS[f"{case}, {cell} {d}"] = (case, cell, {"dropout": d} if d else {})


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    expected = {}
    import time
    for name, (case, cell, config) in RUNS.items():
        keras.utils.set_random_seed(0)
        model = build_case(case, cell, **config)
        t=time.time()
        first = model.get_weights()
        source = zoo.code(model)
        t1=time.time()-t
        for variable in model.trainable_variables:
            variable.assign(3 * variable)
        inputs, targets, _ = make_data(model, padding=2)
        inputs = inputs if isinstance(inputs, list) else [inputs]
        arrays = {f"input_{i}": x for i, x in enumerate(inputs)}
        arrays |= {f"weights_{i}": x for i, x in enumerate(model.get_weights())}
        found = {f"first_{i}": x for i, x in enumerate(first)}
        found["output_0"] = keras.ops.convert_to_numpy(model(inputs if len(inputs) > 1 else inputs[0]))
        if hasattr(model, "generate"):
            found["greedy"] = model.generate(inputs[0], 5)
        if "crf" in case:
            arrays["answers"] = targets
            model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
            losses = [model.train_on_batch(inputs if len(inputs) > 1 else inputs[0], targets) for _ in range(2)]
            found["losses"] = np.array(losses, "float32")
        print(name, t1, time.time()-t, flush=True)
        stem = name.replace(", ", "-").replace(" ", "_")
        np.savez(folder / f"{stem}.npz", **arrays)
        (folder / f"{stem}.py").write_text(source)
        expected[name] = (stem, source, found)
    command = [sys.executable, ROOT / "tests" / "code_without_zoo.py", folder]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 0, result.stderr
    answers = dict(np.load(folder / "answers.npz"))
    subprocess.run(["ruff", "format", "--check", "--diff", "--config", ROOT/"pyproject.toml", folder])
    subprocess.run(["ruff", "check", "--config", ROOT/"pyproject.toml", folder])
    return expected, answers


@pytest.mark.parametrize("name", RUNS)
def test_same(name, answers):
    expected, found = answers
    stem, source, arrays = expected[name]
    for key, array in arrays.items():
        got = found[f"{stem}/{key}"]
        if key == "greedy":
            np.testing.assert_array_equal(got, array)
        else:
            np.testing.assert_allclose(got, array, atol=1e-6, rtol=1e-5, err_msg=key)
