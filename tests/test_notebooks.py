"""The notebooks run from top to bottom, and what is saved of them is what their scripts say."""

import os
import pathlib
import runpy

import jupytext
import pytest

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


@each
def test_it_runs(script, data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", os.environ.get("TFDS_DATA_DIR", data_dir))
    run = runpy.run_path(str(ROOT / "benchmarks" / "notebooks.py"))["run"]
    for cell in run(script).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
