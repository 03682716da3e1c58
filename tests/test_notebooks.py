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


SHORT = {  # what takes longest, done less often: from old text to new
    "01_why_sequences": {
        "for seed in (0, 1, 2):": "for seed in (0, 1):",
        "epochs=5": "epochs=1",
        "epochs=6": "epochs=1",
    },
    "03_five_types": {"epochs=16": "epochs=3"},
    "04_backpropagation_through_time": {
        "num_steps = [1, 2, 5, 10, 20, 40, before": "num_steps = [1, 40, before",
        "seeds = 30, (0, 1, 2)": "seeds = 30, (0, 1)",
        "updates=400": "updates=100",
        "windows = [1, 5, 6, 10, 20, 40]": "windows = [1, 6, 20]",
    },
    "05_vanishing_and_exploding": {
        "SEEDS = (0, 1, 2)": "SEEDS = (0, 1)",
        "wrong[:3]": "wrong[:2]",
        "wrong[3:]": "wrong[2:]",
        "delays = (10, 20, 40)": "delays = (10, 20)",
        "draw(32 * updates,": "draw(128,",
        "updates=200": "updates=50",
        "jit_compile=True": "jit_compile=False",
    },
    "06_gates": {"range(17)": "range(4)"},
    "07_attention": {"size=19200": "size=1920"},
    "08_use_a_recipe": {"--epochs 20": "--epochs 2"},
}


@pytest.mark.slow
@each
def test_it_runs(script, data_dir, monkeypatch):
    folder = os.environ.get("TFDS_DATA_DIR", data_dir)
    monkeypatch.setenv("TFDS_DATA_DIR", folder)  # for the notebook: here TFDS has read it already
    notebooks = runpy.run_path(str(ROOT / "benchmarks" / "notebooks.py"))
    for dataset in notebooks["DATASETS"]:
        zoo.datasets.loading.prepare(dataset, folder)  # else two notebooks prepare it at once
    for cell in notebooks["run"](script, SHORT.get(script.stem, {})).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
