"""Recipes in Jupyter: with %run, pasted into a cell, and called as a function."""

import pathlib
import re

import nbformat
import pytest
from nbclient import NotebookClient

RECIPE = pathlib.Path(__file__).parent.parent / "recipes" / "many_to_one_forecasting.py"
INTERRUPT = """
import _thread, threading, time
threading.Timer(0.5, _thread.interrupt_main).start()
zoo.run(lambda config: time.sleep(20), Config, "")
"""


def text_of(cell):
    return "".join(output.get("text", "") for output in cell.outputs if output.get("name") == "stdout")


@pytest.mark.slow
def test_all_ways_to_run_a_recipe_do_the_same(tmp_path, data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", data_dir)  # the kernel reads it
    source = RECIPE.read_text("utf-8")
    (tmp_path / "recipe.py").write_text(source)
    default = "epochs: int | None = zoo.flag("
    pasted = source.replace(default + "None", default + "1")  # fewer epochs, but no flags
    cells = [
        "%run recipe.py --epochs 1 --output saved",
        pasted,
        "main(Config(epochs=1))",
        "main(Config(epochs=1))",
        "%run recipe.py --epochs 0",
        "main(Config(epochs=0))",
        "zoo.run(main, Config, __doc__, ['--dataset', 'no/such/file.csv'])",
        INTERRUPT,
        "print('alive')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, resources=place).execute()

    *runs, end = [text_of(cell) for cell in notebook.cells]
    tables = [re.search(r"^Test part .*?\n\n", run, re.MULTILINE | re.DOTALL)[0] for run in runs[:4]]
    assert len(set(tables)) == 1 and "linear regression" in tables[0]
    for cell, run in zip(notebook.cells[:4], runs, strict=False):
        assert "━━━━" in run  # Keras's progress bar
        assert sum("image/png" in output.get("data", {}) for output in cell.outputs) == 1
    errors = [output for cell in notebook.cells[4:8] for output in cell.outputs]
    lines = [line for output in errors for line in output.get("traceback", [])]
    beginnings = [
        "recipe.py: error: argument --epochs: must be at least 1. Received: 0",
        "InputError: argument --epochs: must be at least 1. Received: 0",
        "recipe: error: No file or folder of that name",
        "recipe: interrupted",
    ]
    assert len(lines) == len(errors) == 4
    assert all(map(str.startswith, lines, beginnings))
    assert end == "alive\n"
