"""Turns a recipe into a flat script, which has no main function."""

import ast
import dataclasses
import json
import re
import textwrap

from zoo.copying.settings import LEFT_OUT, config_class
from zoo.errors import InputError

SECTION = re.compile(r"# (Data|Model|Training|Baseline|Scores|Examples|Saving): \S")
SETTINGS = "# Settings: change them here. With None, the recipe chooses a value that fits the data.\n"
WIDTH = 104  # of a line


def flatten(source, settings=None):
    """Turns the source of a recipe into a flat script: what `main` does stands at the top level.

    The script has the docstring, the imports and the constants of the recipe. Then it has a section for
    each comment such as `# Data: ...` in `main`, and before them the section `# Settings: ...` with the
    config. A function stands at the beginning of the first section that needs it.

    Args:
        source: the Python source of a recipe. It has the class `Config`, and a function `main(config)`
            whose comments begin the sections.
        settings: a dict of values that differ from the defaults of `Config`.

    Returns:
        str. The script does what `main(Config(**settings))` does, on one device.

    Raises:
        InputError: a setting is not allowed, or is `distribute` or `resume`.

    Example:

    >>> import zoo.copying
    >>> source = zoo.copying.find_recipes()["many_to_one_sentiment"].read_text("utf-8")
    >>> script = flatten(source, {"cell": "lstm"})
    >>> re.findall(r"^# (\\w+): ", script, re.MULTILINE)
    ['Settings', 'Data', 'Model', 'Training', 'Baseline', 'Scores', 'Examples', 'Saving']
    >>> 'cell="lstm",' in script
    True
    """
    body, lines = ast.parse(source).body, source.splitlines(keepends=True)
    functions = {one.name: one for one in body if isinstance(one, ast.FunctionDef)}
    (config,) = (one for one in body if isinstance(one, ast.ClassDef) and one.name == "Config")
    sections = _split(functions.pop("main"), lines)
    before = "".join(lines[: _first_line(config) - 1]).rstrip()  # docstring, imports, constants
    values = config_class(source)(**(settings or {}))
    if values.distribute:
        raise InputError("A notebook trains on one device. Leave out --distribute.")
    if values.resume:
        raise InputError("A notebook does not go on after an interruption. Leave out --resume.")
    chosen = _write_config(values)
    parts = [before, SETTINGS + _text(config, lines), chosen + sections.pop(0)]
    for section in sections:
        comment, code = section.split("\n", 1)
        helpers = [_text(functions.pop(name), lines) for name in _needed(code, functions)]
        parts += [comment, *helpers, code] if helpers else [section]
    return "\n\n\n".join(part.strip() for part in parts) + "\n"


def _first_line(node):
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _text(node, lines):
    """The source of a function or class, with its decorators."""
    return "".join(lines[_first_line(node) - 1 : node.end_lineno])


def _split(main, lines):
    """The body of `main` without its indentation: what is before the sections, then each section."""
    code = textwrap.dedent("".join(lines[main.body[0].lineno - 1 : main.end_lineno]))
    sections = [""]
    for line in code.splitlines(keepends=True):
        if SECTION.match(line):
            sections.append("")
        sections[-1] += line
    return sections


def _needed(code, functions):
    """The names of the functions that some code calls, also through each other, in their order."""
    found, codes = set(), [code]
    while codes:
        used = {one.id for one in ast.walk(ast.parse(codes.pop())) if isinstance(one, ast.Name)}
        new = (used & set(functions)) - found
        codes += [ast.unparse(functions[name]) for name in new]
        found |= new
    return [name for name in functions if name in found]


def _write_config(config):
    """The call that makes this config, with the help of each setting as a comment."""
    lines = []
    fields = [one for one in dataclasses.fields(config) if one.name not in LEFT_OUT]
    for field in sorted(fields, key=lambda one: one.kw_only):  # the recipe's own settings first
        value, choices = getattr(config, field.name), field.metadata.get("choices")
        if isinstance(value, str):
            value = json.dumps(value, ensure_ascii=not value.isprintable())  # with double quotes
        comment = f"# {field.metadata['help']}" + (f": {', '.join(choices)}" if choices else "")
        line = f"    {field.name}={value},"
        fits = len(line) + 2 + len(comment) <= WIDTH
        lines += [f"{line}  {comment}"] if fits else [f"    {comment}", line]
    policy = "keras.config.set_dtype_policy(config.precision)"
    return "\n".join(["config = Config(", *lines, ")", "", policy, ""])
