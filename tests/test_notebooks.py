"""The notebooks run from top to bottom, match their scripts, and print the figures of their README."""

import os
import pathlib
import re
import runpy
from decimal import Decimal

import jupytext
import pytest

import zoo

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "notebooks" / "README.md"
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
each = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def test_there_are_eleven():
    assert [script.name[:2] for script in SCRIPTS] == [f"{i:02d}" for i in range(1, 12)]


@each
def test_script_and_notebook_agree(script):
    saved, written = jupytext.read(script.with_suffix(".ipynb")), jupytext.read(script)
    for name in ("cell_type", "source"):
        assert [cell[name] for cell in saved.cells] == [cell[name] for cell in written.cells]
    texts = [cell.source for cell in saved.cells if cell.cell_type == "markdown"]
    assert not any(line.startswith("+ ") for text in texts for line in text.splitlines())  # is a bullet
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    pictures = [o for cell in code for o in cell.outputs if "image/png" in o.get("data", {})]
    assert pictures
    assert sum(cell.source.count("<details>") for cell in saved.cells) == 6  # 3 answers, 3 solutions


def printed_by(name):
    """Returns all text that a notebook prints."""
    cells = jupytext.read(ROOT / "notebooks" / f"{name}.ipynb").cells
    return "\n".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_notebooks_print_the_figures_that_the_readme_takes_from_them():
    claims = README.read_text("utf-8").split("\n### 1.")[1]
    checked = set()
    for paragraph in re.split(r"\n### |\n- ", claims):
        if not (name := re.search(r"\((\d\d_\w+)\.ipynb\)", paragraph)):
            continue
        printed = [Decimal(number) for number in re.findall(NUMBER, printed_by(name[1]))]
        for figure, unit in re.findall(rf"({NUMBER})( %| ms)?(?!\w|\.\d)", paragraph):
            if not unit and figure.isdigit():
                continue  # a number of steps, letters or units
            exact = Decimal(figure).scaleb(-2 if unit == " %" else 0)
            half = Decimal(5).scaleb(exact.as_tuple().exponent - 1)  # of the last digit
            assert any(abs(number - exact) <= half for number in printed), (name[1], figure)
            checked.add(name[1][:2])
    assert checked == {"01", "05", "06", "07", "08", "09"}


def test_means_and_spreads_of_the_readme_are_those_of_the_tables():
    readmes = [ROOT / "README.md", *ROOT.glob("benchmarks/README.md"), *ROOT.glob("recipes/README.md")]
    known = "\n".join([*(path.read_text("utf-8") for path in readmes), printed_by("01_why_sequences")])
    figures = re.findall(rf"{NUMBER} ± {NUMBER}", README.read_text("utf-8"))
    assert figures
    assert [figure for figure in figures if figure not in known] == []


QUICK = ("02_forward_pass_by_hand", "03_five_types")
SHORT = {  # changes that make a notebook faster, from old text to new, or let it share a kernel
    "01_why_sequences": {
        "for seed in (0, 1, 2):": "for seed in (0, 1):",
        "epochs=5": "epochs=1",
        "epochs=6": "epochs=1",
    },
    "03_five_types": {"epochs=20": "epochs=2", "epochs=40": "epochs=2"},
    "04_sequence_to_sequence": {"epochs=16": "epochs=3", "epochs=8": "epochs=1"},
    "05_backpropagation_through_time": {
        "num_steps = [1, 2, 5, 10, 20, 40, before": "num_steps = [1, 40, before",
        "seeds = 30, (0, 1, 2)": "seeds = 30, (0, 1)",
        "(trained, 250)": "(trained, 25)",
        "updates=400": "updates=100",
        "windows = [1, 5, 6, 10, 20, 40]": "windows = [1, 6, 20]",
    },
    "06_vanishing_gradients": {
        "tf.config.threading": "# tf.config.threading",
        "SEEDS = (0, 1, 2)": "SEEDS = (0, 1)",
        "draw(32 * updates,": "draw(128,",
        "jit_compile=True": "jit_compile=False",
    },
    "07_exploding_gradients": {
        "tf.config.threading": "# tf.config.threading",
        "SEEDS = (0, 1, 2)": "SEEDS = (0, 1)",
        "wrong[:3]": "wrong[:2]",
        "wrong[3:]": "wrong[2:]",
        "delays = (10, 20, 40)": "delays = (10, 20)",
        "draw(32 * updates,": "draw(128,",
        "updates=200": "updates=50",
        "jit_compile=True": "jit_compile=False",
    },
    "08_gates": {"range(17)": "range(4)"},
    "09_attention": {"size=19200": "size=1920"},
    "10_use_a_recipe": {"--epochs 20": "--epochs 2"},
    "11_pretrain_then_fine_tune": {"epochs=8": "epochs=1"},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            script, marks=[pytest.mark.exhaustive] * (script.stem not in QUICK), id=script.stem
        )
        for script in SCRIPTS
    ],
)
def test_it_runs(script, data_dir, execute, tmp_path):
    datasets = runpy.run_path(str(ROOT / "benchmarks" / "notebooks.py"))["DATASETS"]
    for dataset in datasets:  # or two notebooks may prepare it at once
        zoo.datasets.loading.prepare(dataset, os.environ.get("TFDS_DATA_DIR", data_dir))
    source = script.read_text("utf-8")
    for old, new in SHORT.get(script.stem, {}).items():
        assert old in source
        source = source.replace(old, new)
    notebook = jupytext.reads(source, fmt="py:percent")
    execute(notebook, tmp_path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
