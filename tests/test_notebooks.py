"""The notebooks run from top to bottom, and what is saved of them is what their scripts say."""

import os
import pathlib
import runpy

import jupytext
import pytest

import zoo

ROOT = pathlib.Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
each = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def test_there_are_eight():
    assert [script.name[:2] for script in SCRIPTS] == [f"{i:02d}" for i in range(1, 9)]


@each
def test_script_and_notebook_agree(script):
    saved, written = jupytext.read(script.with_suffix(".ipynb")), jupytext.read(script)
    for name in ("cell_type", "source"):
        assert [cell[name] for cell in saved.cells] == [cell[name] for cell in written.cells]
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    pictures = [o for cell in code for o in cell.outputs if "image/png" in o.get("data", {})]
    assert pictures
    assert sum(cell.source.count("<details>") for cell in saved.cells) == 3  # questions, answered


SHORT = {  # some code to run first: the many networks of this notebook see 128 rows, without XLA
    "05_vanishing_and_exploding": """
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # before TensorFlow is imported

import keras


def compile(model, *words, compile=keras.Model.compile, **options):
    compile(model, *words, **options | {"jit_compile": False})


def fit(model, x, y, sample_weight=None, fit=keras.Model.fit, **options):
    weight = None if sample_weight is None else sample_weight[:128]
    return fit(model, x[:128], y[:128], sample_weight=weight, **options)


keras.Model.compile, keras.Model.fit = compile, fit
"""
}


@each
def test_it_runs(script, data_dir, monkeypatch):
    folder = os.environ.get("TFDS_DATA_DIR", data_dir)
    monkeypatch.setenv("TFDS_DATA_DIR", folder)  # for the notebook: here TFDS has read it already
    notebooks = runpy.run_path(str(ROOT / "benchmarks" / "notebooks.py"))
    for dataset in notebooks["DATASETS"]:
        zoo.datasets.loading.prepare(dataset, folder)  # else two notebooks prepare it at once
    for cell in notebooks["run"](script, first=SHORT.get(script.stem)).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
