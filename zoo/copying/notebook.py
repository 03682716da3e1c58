"""Turns a flat script into a notebook."""

import ast
import itertools
import json
import pathlib
import re
import textwrap

import zoo

SECTION = re.compile(
    r"^# (Settings|Data|Model|Training|Baseline|Scores|Examples|Saving): (.+)\n", re.MULTILINE
)
INSTALL = """\
import importlib.util

# If rnn-zoo is not installed, as on Colab, write the address of its repository between the quotes,
# such as git+https://github.com/NAME/rnn-zoo.
ADDRESS = ""
if not importlib.util.find_spec("zoo"):
    assert ADDRESS, "rnn-zoo is not installed. Write its address above, and run this cell again."
    %pip install --quiet "rnn-zoo[recipes] @ {ADDRESS}"
"""
PLOTS = {  # after which section, the text above the plot, the function, and its call
    "Model": ("The layers and how they are connected:", "plot_model", "picture = {}(model)"),
    "Training": ("The curves of the training:", "plot_history", "curves = {}(history)"),
}


def to_notebook(script, recipe, install=INSTALL):
    """Turns a flat script into a notebook.

    The docstring becomes the text at the top, and a picture in it becomes a code block. A comment such
    as `# Data: the vocabulary comes from the training split.` in the first column begins a section: it
    becomes a heading and the text below it. The code of a section becomes cells: a function is a cell,
    and a cell ends at an empty line, and after it has printed. The section Model also gets a picture of
    `model`, and Training the curves of `history`. If the script does not import zoo, the functions that
    draw them are copied from it.

    Args:
        script: the Python source: a docstring, imports, and sections.
        recipe: the name of the recipe, for its three tasks at the end.
        install: the code of the first cell, which installs what the script imports.

    Returns:
        The notebook as JSON, in the format nbformat 4.5.

    Example:

    >>> script = '"Which digit?"\\nimport zoo\\n\\n# Data: images.\\nx = 1\\n'
    >>> text = to_notebook(script, "one_to_one_digits")
    >>> [cell["source"][0] for cell in json.loads(text)["cells"]][-3:-1]
    ['## Data\\n', 'x = 1']
    """
    first = ast.parse(script).body[0]
    docstring = ast.get_docstring(ast.parse(script))
    setup, *sections = SECTION.split("\n".join(script.splitlines()[first.end_lineno :]) + "\n")
    has_zoo = "zoo" in _imports(script)
    cells = [_markdown(_describe(docstring) + "\n\n" + _origin(recipe, has_zoo))]
    cells += [_markdown("## Setup\n\nInstall what is needed, and import it."), _code(install)]
    cells += _split(setup)
    for name, text, code in zip(sections[::3], sections[1::3], sections[2::3], strict=True):
        cells.append(_markdown(f"## {name}\n\n{text[0].upper()}{text[1:]}"))
        cells += _split(code)
        if name in PLOTS:
            title, function, call = PLOTS[name]
            cells += [_markdown(title), _code(_plot(function, call, has_zoo))]
    cells.append(_markdown(_tasks(recipe)))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _markdown(text):
    return {
        "cell_type": "markdown",
        "metadata": {},
        "source": text.strip().splitlines(keepends=True),
    }


def _code(text):
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text.strip().splitlines(keepends=True),
    }


def _describe(docstring):
    """A docstring as Markdown. Its first sentence is the title, and an indented part is a picture."""
    title, rest = re.match(r"(.*?[.?!](?=\s|$)|.*)(.*)", docstring, re.DOTALL).groups()
    parts = [f"# {title}"]
    for part in re.split(r"\n\s*\n", rest):
        if all(line.startswith("    ") for line in part.strip("\n").splitlines()):
            picture = textwrap.dedent(part.strip("\n"))
            parts.append(f"```text\n{picture}\n```")
        else:
            parts.append(" ".join(part.split()).replace("<", "&lt;"))
    return "\n\n".join(parts)


def _origin(recipe, has_zoo):
    """Where the notebook is from, and how to use it."""
    return (
        f"This notebook is the recipe `{recipe}` of rnn-zoo {zoo.__version__} (Apache-2.0). Run its "
        "cells from top to bottom. Then change something, and run the cells below it again. If you run "
        "all cells again, the random numbers are the same again. Where a text names a flag such as "
        f"`--epochs`, change the setting `{'epochs' if has_zoo else 'EPOCHS'}`."
    )


def _split(code):
    """The code of a section as a list of cells."""
    lines, body, cells, begin = code.splitlines(keepends=True), ast.parse(code).body, [], 0
    imports = [one.end_lineno for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
    for previous, node in itertools.pairwise(body):
        if node.lineno <= max(imports, default=0):  # all imports are one cell
            continue
        start = previous.end_lineno  # comments belong to the statement after them
        has_gap = any(not line.strip() for line in lines[start : node.lineno - 1])
        is_definition = any(isinstance(x, ast.FunctionDef | ast.ClassDef) for x in (previous, node))
        if has_gap or is_definition or (_prints(previous) and not _prints(node)):
            cells.append("".join(lines[begin:start]))
            begin = start
    cells.append("".join(lines[begin:]))
    return [_code(cell) for cell in cells if cell.strip()]


def _prints(node):
    """Whether a statement prints results: `print_table(...)`, but not `print("A title:")`."""
    if isinstance(node, ast.For):
        return _prints(node.body[-1])
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    name = ast.unparse(node.value.func).split(".")[-1]
    is_title = name == "print" and all(isinstance(one, ast.Constant) for one in node.value.args)
    return name == "summary" or (name.startswith("print") and not is_title)


def _imports(script):
    """The names of the modules that a script imports."""
    imports = [one for one in ast.walk(ast.parse(script)) if isinstance(one, ast.Import)]
    return {alias.name for one in imports for alias in one.names}


def _plot(function, call, has_zoo):
    """The code that draws a plot."""
    if has_zoo:
        return call.format(f"zoo.plots.{function}")
    source = pathlib.Path(zoo.__file__).with_name("plots").joinpath("models.py").read_text("utf-8")
    (node,) = (one for one in ast.parse(source).body if getattr(one, "name", "") == function)
    lines, doc = source.splitlines(), node.body[0]
    first = ast.get_docstring(node).splitlines()[0]
    short = [*lines[node.lineno - 1 : doc.lineno - 1], f'    """{first}"""']
    return "\n".join([*short, *lines[doc.end_lineno : node.end_lineno], "", "", call.format(function)])


def _tasks(recipe):
    """The tasks at the end of the notebook, as Markdown."""
    tasks = json.loads(pathlib.Path(__file__).with_name("tasks.json").read_text("utf-8"))[recipe]
    lines = [f"{i}. {one['task']}\n\n   *Hint:* {one['hint']}" for i, one in enumerate(tasks, start=1)]
    return "\n".join(["## Now change it", "", *lines])
