"""The source of classes and functions that a model needs and Keras lacks."""

import ast
import importlib
import importlib.util
import inspect
import linecache
import symtable
import sys
import sysconfig
import textwrap

from zoo.copying.code.layout import WIDTH

REPLACED = {  # in the zoo's own classes
    "(PerStepModel)": "(keras.Model)",  # without checks, and without weights of whole sequences
    'register_keras_serializable("zoo")': "register_keras_serializable()",
}


def write_sources(objects, imports):
    """Writes the definitions of classes and functions, and of all that they need from their modules.

    The source of the zoo's own classes becomes shorter. It loses the checks of bad input, and all of a
    docstring but its first paragraph. Your own classes stay as they are. A class is imported if it
    belongs to another package, or if its source cannot be found.

    Args:
        objects: a dict from names to classes or functions.
        imports: an `Imports`, to which the needed modules are added.

    Returns:
        A list of str, one for each definition.

    Example:

    >>> from zoo.copying.code.imports import Imports
    >>> from zoo.layers import StartAndEnd
    >>> imports = Imports()
    >>> print(write_sources({"StartAndEnd": StartAndEnd}, imports)[0][:61])
    @keras.saving.register_keras_serializable()
    class StartAndEnd
    >>> imports.lines()
    ['import keras']
    """
    sources, needed = {}, {}
    for name, one in objects.items():
        source = None if _is_installed(one.__module__) else _source(one)
        if source is None or name not in _statements(source):
            imports.add(one.__module__, name)
        else:
            _collect(name, one.__module__, source, imports, sources, needed)
    definitions = []
    for module, source in sources.items():
        texts = {
            node.lineno: needed[module, name]
            for name, node in _statements(source).items()
            if (module, name) in needed
        }
        definitions += [texts[line] for line in sorted(texts)]
    return definitions


def _is_installed(module):
    """Whether a module belongs to an installed package other than the zoo."""
    path = getattr(sys.modules.get(module), "__file__", None) or ""
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}
    return module.split(".")[0] != "zoo" and any(path.startswith(folder) for folder in folders)


def _source(one):
    """The source of the module, or of the cell of a notebook, that defines a class or a function."""
    try:
        return inspect.getsource(sys.modules[one.__module__])
    except (KeyError, OSError, TypeError):
        pass
    functions = [one, *vars(one).values()] if inspect.isclass(one) else [one]
    files = [f.__code__.co_filename for f in functions if inspect.isfunction(f)]
    return "".join(linecache.getlines(files[0])) or None if files else None


def _statements(source):
    """The definitions at the top level of a module, by name."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {name.id: node for name in node.targets if isinstance(name, ast.Name)}
    return found


def _imported(source, module):
    """What a module imports: a dict from its name there to (module, name or None)."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for one in node.names:
                name = one.asname or one.name.split(".")[0]
                found[name] = (one.name if one.asname else name, None)
        elif isinstance(node, ast.ImportFrom):
            package = getattr(sys.modules.get(module), "__package__", None)
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {one.asname or one.name: (origin, one.name) for one in node.names}
    return found


def _collect(name, module, source, imports, sources, needed):
    """Adds a definition and what it needs to `needed`, and the modules to `sources`, in order."""
    if (module, name) in needed:
        return
    statements, imported = _statements(source), _imported(source, module)
    shorten = _shorten if module.split(".")[0] == "zoo" else _text
    needed[module, name] = shorten(source.splitlines(), statements[name])
    for other in sorted(_free_names(needed[module, name]) - {name}):
        if other in statements:
            _collect(other, module, source, imports, sources, needed)
        elif other in imported:
            origin, original = imported[other]
            if origin.split(".")[0] == "zoo":
                inner = inspect.getsource(importlib.import_module(origin))
                _collect(original, origin, inner, imports, sources, needed)
            else:
                imports.add(origin, original, alias=other)
        elif inspect.ismodule(getattr(sys.modules.get(module), other, None)):  # of another cell
            imports.add(getattr(sys.modules[module], other).__name__, alias=other)
    sources.setdefault(module, source)  # after the modules that it needs


def _free_names(code):
    """The names that some code takes from its module or from Python."""
    waiting, names = [symtable.symtable(code, "", "exec")], set()
    while waiting:
        table = waiting.pop()
        names |= {
            one.get_name()
            for one in table.get_symbols()
            if one.is_global() or table.get_type() == "module"
        }
        waiting += table.get_children()
    return names


def _text(lines, node, dropped=()):
    """The lines of a definition, with its decorators."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    kept = [i for i in range(first, node.end_lineno + 1) if i not in dropped]
    return "\n".join(lines[i - 1] for i in kept)


def _shorten(lines, node):
    """The lines of a definition of the zoo, without checks and with short docstrings."""
    lines, dropped = list(lines), set()
    for one in ast.walk(node):
        if isinstance(one, ast.If) and _is_check(one):
            dropped.update(range(one.lineno, one.end_lineno + 1))
        if isinstance(one, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(one):
            first, last = one.body[0].lineno, one.body[0].end_lineno
            blank = next((i for i in range(first, last) if not lines[i - 1].strip()), None)
            if blank:
                dropped.update(range(blank, last))
            if blank == first + 1:  # a paragraph of one line
                if len(lines[first - 1]) <= WIDTH - 3:
                    dropped.add(last)
                    lines[first - 1] += '"""'
                else:
                    margin = " " * one.body[0].col_offset
                    lines[first - 1] = textwrap.fill(
                        lines[first - 1], WIDTH - 4, initial_indent="", subsequent_indent=margin
                    )
    text = _text(lines, node, dropped)
    for old, new in REPLACED.items():
        text = text.replace(old, new)
    return text


def _is_check(node):
    """Whether an `if` only raises an InputError."""
    error = node.body[0].exc if len(node.body) == 1 and isinstance(node.body[0], ast.Raise) else None
    return isinstance(error, ast.Call) and ast.unparse(error.func) == "InputError" and not node.orelse
