"""Turns the scripts in notebooks/ into executed notebooks.

    python benchmarks/notebooks.py [NAME ...]

Change the script, not the notebook. Then run this: it executes the script and writes the notebook,
with outputs and pictures, next to it. Without a name, it does this for all scripts.
"""

import argparse
import pathlib
import tempfile
import time

import jupytext
import nbformat
from nbclient import NotebookClient

import zoo

FOLDER = pathlib.Path(__file__).parent.parent / "notebooks"
DATASETS = ("digits", "movie_reviews/rotten_tomatoes", "sunspots")


def run(script):
    """Executes a script as a notebook, in an empty folder.

    Args:
        script: path of the script.

    Returns:
        The notebook, with its outputs.
    """
    notebook = jupytext.read(script)
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"  # jupytext's ids are random, so they would change in every run
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,  # otherwise the text of a cell can be in several pieces
            resources={"metadata": {"path": folder}},
            # Otherwise the first cell shows what TensorFlow's C++ code writes during import.
            extra_arguments=["--IPKernelApp.capture_fd_output=False"],
        ).execute()
    return notebook


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted(path.stem for path in FOLDER.glob("*.py"))
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *names], default=[])
    options = parser.parse_args()
    for dataset in DATASETS:
        zoo.datasets.load(dataset)  # prepares it now, so that no notebook shows a progress bar
    for name in options.names or names:
        begin = time.perf_counter()
        notebook = run(FOLDER / f"{name}.py")
        new = FOLDER / f".{name}.ipynb"
        nbformat.write(notebook, new)
        new.replace(FOLDER / f"{name}.ipynb")
        print(f"{name}: {time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
