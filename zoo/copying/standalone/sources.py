"""Finds the source of functions and constants, with their comments, and the names that they use."""

import functools
import importlib
import pathlib
import sys
import types

import libcst as cst

from zoo.copying.standalone.trees import dotted, names_in


@functools.cache
def parse(path):
    """The source of a file as a `libcst.Module`."""
    return cst.parse_module(pathlib.Path(path).read_text("utf-8"))


def statement_of(module, name):
    """The statement at the top of a module that defines a name, or None.

    Args:
        module: a `libcst.Module`.
        name: str.

    Returns:
        A `libcst` statement. For an import, it imports nothing but this name.
    """
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef) and statement.name.value == name:
            return statement
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        for part in statement.body:
            if isinstance(part, cst.Assign | cst.AnnAssign):
                targets = [part.target] if isinstance(part, cst.AnnAssign) else part.targets
                targets = [getattr(target, "target", target) for target in targets]
                if any(name in names_in(target) for target in targets):
                    return statement
            if isinstance(part, cst.Import | cst.ImportFrom) and not isinstance(
                part.names, cst.ImportStar
            ):
                for alias in part.names:
                    bound = alias.evaluated_alias or alias.evaluated_name.split(".")[0]
                    if bound == name:
                        alias = alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)
                        only = part.with_changes(names=[alias])
                        if isinstance(part, cst.ImportFrom):
                            only = only.with_changes(lpar=None, rpar=None)
                        return cst.SimpleStatementLine([only])
    return None


def origin(module_name, name):
    """Follows imports within the zoo to where a name is defined.

    Args:
        module_name: the name of a module.
        name: a name at its top.

    Returns:
        The name of the module that defines it, the name there, and the statement. The statement is an
        import for what comes from another package. For a module of the zoo the statement is None.
    """
    module = sys.modules.get(module_name) or importlib.import_module(module_name)
    value = getattr(module, name, None)
    if isinstance(value, types.ModuleType) and value.__name__.split(".")[0] == "zoo":
        return value.__name__, "", None
    statement = statement_of(parse(module.__file__), name)
    if statement is None and name in getattr(module, "FUNCTIONS", ()):  # imported on first use
        return origin(module.FUNCTIONS[name], name)
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.ImportFrom):
        part = statement.body[0]
        source = ".".join(dotted(part.module)) if part.module else ""
        if source.split(".")[0] == "zoo":
            importlib.import_module(source)
            return origin(source, part.names[0].evaluated_name)
    return module_name, name, statement


def resolve(module, chain):
    """Finds what a chain of names such as `zoo.text.normalize` means in a module.

    Args:
        module: the name of a module.
        chain: a list of str.

    Returns:
        The number of names in the chain that it takes, the name of the module that defines it, its name
        there, and the statement. None if the chain is not of the zoo.
    """
    for i, name in enumerate(chain, start=1):
        where, what, statement = origin(module, name)
        if what:
            return (i, where, what, statement) if statement is not None else None
        module = where  # a module of the zoo
    return None
