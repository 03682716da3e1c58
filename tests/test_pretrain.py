"""Training on a GPU with JAX does the same as the recipe does with TensorFlow."""

import json
import os
import pathlib
import runpy
import subprocess
import sys

import keras
import needs
import numpy as np
import pytest
from conftest import RECIPES

import zoo

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "pretrain.py"
FLAGS = {"vocabulary_size": 30, "embedding_dim": 4, "units": 4, "bptt_steps": 5, "batch_size": 3}
FLAGS |= {"dropout": 0.0, "weight_dropout": 0.0, "learning_rate": 0.02}
PROGRAM = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import keras, numpy as np, pretrain
pretrain.FLAGS.update(FLAGS)
pretrain.MOST_EPOCHS = 2
folder, build = pathlib.Path(sys.argv[2]), pretrain.build

def build_and_save(embeddings):
    model = build(embeddings)
    np.savez(folder / "start.npz", *model.get_weights())
    return model

pretrain.build = build_and_save
pretrain.train(folder, "forward", 1000)
"""


def read(path):
    """The arrays of an .npz file whose names end with a number, in order."""
    with np.load(path) as file:
        names = [name for name in file.files if name[-1].isdigit()]
        return [file[name] for name in sorted(names, key=lambda name: int(name.split("_")[1]))]


def test_cut():
    tokens = np.arange(1, 40)
    windows = runpy.run_path(str(SCRIPT))["cut"](tokens, 3, 6)
    for ours, expected in zip(windows, zoo.datasets.streams(tokens[:37], 3, 6), strict=True):
        np.testing.assert_array_equal(ours, expected)


@needs.tensorflow_backend
@pytest.mark.exhaustive
def test_the_same_losses_and_weights(tmp_path):
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    tokens = {split: rng.integers(3, 9, 121) for split in ("train", "validation")}  # 8 windows
    np.savez(tmp_path / "tokens.npz", **{f"forward {split}": x for split, x in tokens.items()})
    program = PROGRAM.replace("FLAGS)", f"{FLAGS})")
    command = [sys.executable, "-c", program, SCRIPT.parent, tmp_path]
    done = subprocess.run(
        command, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(tmp_path / "forward.npz") as file:
        history = json.loads(str(file["report"]))["history"]

    recipe, script = runpy.run_path(str(RECIPES / "one_to_many_text.py")), runpy.run_path(str(SCRIPT))
    flags = script["FLAGS"] | FLAGS
    script["FLAGS"].update(flags)
    model = script["build"]()
    model.set_weights(read(tmp_path / "start.npz"))
    data = {split: zoo.datasets.streams(tokens[split], 3, 5) for split in tokens}
    network, num_steps = model.with_states(), 2 * len(data["train"][0])
    rate = keras.optimizers.schedules.CosineDecay(flags["learning_rate"], num_steps)
    optimizer = keras.optimizers.AdamW(rate, flags["weight_decay"], global_clipnorm=1.0)
    learn, evaluate = recipe["make_step"](network, optimizer), recipe["make_step"](network)
    for epoch in range(2):
        losses = [recipe["read"](learn, network, *data["train"])[0]]
        losses.append(recipe["read"](evaluate, network, *data["validation"])[0])
        expected = [history["loss"][epoch], history["val_loss"][epoch]]
        assert losses == pytest.approx(expected, rel=1e-4)
        if history["val_loss"][epoch] == min(history["val_loss"]):
            best = model.get_weights()
    for ours, theirs in zip(read(tmp_path / "forward.npz"), best, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
