"""The checks of the notebooks' exercises accept the solutions, and nothing else."""

import pathlib
import re
import symtable

import jupytext
import matplotlib
import pytest

matplotlib.use("agg")
NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


def code_of(solution):
    """Returns the Python code in a folded solution."""
    return re.search(r"```python\n(.*?)```", solution, re.DOTALL)[1]


def names_in(code):
    """Returns the names that a cell defines, and those that it takes from other cells."""
    table = symtable.symtable(code, "cell", "exec")
    defined = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    used, tables = set(), [table]
    while tables:
        table = tables.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return defined, used - defined


def read(path):
    """Returns the exercises of a notebook: the code before them, the task, the check, the solution."""
    cells = jupytext.read(path).cells
    places = [i for i, cell in enumerate(cells) if "<summary>Solution</summary>" in cell.source]
    exercises = []
    for place in places:
        assert [cell.cell_type for cell in cells[place - 2 : place]] == ["code", "code"]
        before = [cell.source for cell in cells[: place - 2] if cell.cell_type == "code"]
        exercises.append((before, *(cell.source for cell in cells[place - 2 : place + 1])))
    return exercises


EXERCISES = {
    (path.stem[:2], number): exercise
    for path in sorted(NOTEBOOKS.glob("*.py"))
    for number, exercise in enumerate(read(path), start=1)
}


def prepare(exercise):
    """Runs the imports of the notebook, and the cells before an exercise that define what it needs."""
    (imports, *before), task, check, solution = exercise
    needed, used = set(), []
    for code in (task, check, code_of(solution)):
        needed |= names_in(code)[1]
    for code in reversed(before):
        defined, taken = names_in(code)
        if needed & defined:
            needed = (needed - defined) | taken
            used.insert(0, code)
    scope = {"__name__": "__main__"}
    for code in (re.sub(r"tf\.config\.threading.*", "", imports), *used):  # TensorFlow has begun already
        exec(code, scope)
    return scope


def said_by(check, answer, scope, capsys):
    """Runs an answer to an exercise. Returns what the check says."""
    exec(answer, scope)
    capsys.readouterr()
    exec(check, scope)
    return capsys.readouterr().out
