"""Finds the source of functions and constants, with their comments, and the names that they use."""

import functools
import importlib
import pathlib
import sys
import types

import libcst as cst


@functools.cache
def parse(path):
    """The source of a file as a `libcst.Module`."""
    return cst.parse_module(pathlib.Path(path).read_text("utf-8"))


def bound_names(node):
    """The names that a function or a lambda binds itself: parameters, variables, inner functions.

    Args:
        node: a `libcst` node.

    Returns:
        A set of str.
    """
    names = set()

    class Collector(cst.CSTVisitor):
        def visit_Param(self, node):
            names.add(node.name.value)

        def visit_AssignTarget(self, node):
            names.update(names_in(node.target))

        def visit_AugAssign(self, node):
            names.update(names_in(node.target))

        def visit_AnnAssign(self, node):
            names.update(names_in(node.target))

        def visit_NamedExpr(self, node):
            names.update(names_in(node.target))

        def visit_For(self, node):
            names.update(names_in(node.target))

        def visit_CompFor(self, node):
            names.update(names_in(node.target))

        def visit_AsName(self, node):
            names.update(names_in(node.name))

        def visit_FunctionDef(self, node):
            names.add(node.name.value)

        def visit_ClassDef(self, node):
            names.add(node.name.value)

    node.visit(Collector())
    return names


def names_in(target):
    """The plain names in the target of an assignment. `x[0]` and `x.y` bind no name."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.Tuple | cst.List):
        return set().union(*(names_in(element.value) for element in target.elements))
    return set()


def dotted(node):
    """The name of an attribute chain such as `zoo.text.normalize` as a list of str, or None."""
    if isinstance(node, cst.Name):
        return [node.value]
    if isinstance(node, cst.Attribute):
        before = dotted(node.value)
        return before and [*before, node.attr.value]
    return None


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
    if statement is None and module_name == "zoo":  # imported on first use
        return module_name, name, None
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.ImportFrom):
        part = statement.body[0]
        source = ".".join(dotted(part.module)) if part.module else ""
        if source.split(".")[0] == "zoo":
            importlib.import_module(source)
            return origin(source, part.names[0].evaluated_name)
    return module_name, name, statement
