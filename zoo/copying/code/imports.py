"""The import statements of a program."""

import ast
import collections
import sys

OF_KERAS = {  # what the statements of a model may use
    "keras": ("keras", None),
    "layers": ("keras", "layers"),
    "ops": ("keras", "ops"),
    "np": ("numpy", None),
}


class Imports:
    """Import statements, sorted as ruff sorts them.

    Example:

    >>> imports = Imports()
    >>> imports.add("keras", "ops")
    >>> imports.add("numpy", alias="np")
    >>> imports.add("types")
    >>> print(*imports.lines(), sep="\\n")
    import types
    <BLANKLINE>
    import numpy as np
    from keras import ops
    """

    def __init__(self):
        self.modules, self.names = set(), collections.defaultdict(set)

    def add(self, module, name=None, alias=None):
        """Adds `import module as alias` or `from module import name as alias`."""
        as_alias = f" as {alias}" if alias and alias != (name or module) else ""
        if name is None:
            self.modules.add(f"{module}{as_alias}")
        else:
            self.names[module].add(f"{name}{as_alias}")

    def add_used(self, code):
        """Adds the modules that some code uses under the names in `OF_KERAS`."""
        for name in used_names(code) & OF_KERAS.keys():
            self.add(*OF_KERAS[name], alias=name)

    def lines(self):
        """The statements as a list of lines."""
        statements = [(module.split()[0], f"import {module}") for module in sorted(self.modules)]
        for module, names in sorted(self.names.items()):
            together = ", ".join(sorted((name for name in names if " as " not in name), key=_order))
            alone = sorted(name for name in names if " as " in name)
            statements += [(module, f"from {module} import {x}") for x in (together, *alone) if x]
        of_python = [line for module, line in statements if _is_of_python(module)]
        others = [line for module, line in statements if not _is_of_python(module)]
        return [*of_python, *[""] * bool(of_python and others), *others]


def used_names(code):
    """The names that some code reads, as a set."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _is_of_python(module):
    return module.split(".")[0] in sys.stdlib_module_names


def _order(name):
    """Constants come first, then classes, then functions and modules."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name
