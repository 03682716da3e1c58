"""Small helpers for source code as a tree of `libcst`."""

import collections
import dataclasses
import functools
import re

import libcst as cst
import libcst.matchers as m

SECTIONS = "Data|Model|Training|Baseline|Scores|Examples|Saving"
SECTION = m.EmptyLine(comment=m.Comment(value=m.MatchRegex(rf"# ({SECTIONS}): .*")))


class Nodes:
    """Visits nodes alone. To look for methods for each attribute of a node takes `libcst` long."""

    def on_visit_attribute(self, node, attribute):
        pass

    def on_leave_attribute(self, original_node, attribute):
        pass


@functools.cache
def _fields(node_class):
    names = [field.name for field in dataclasses.fields(node_class)]
    return [name for name in names if not re.match("whitespace|.*_lines|[lr]par|comma", name)]


def children(node):
    """The nodes in a node, without layout and comments. `node.children` would first copy them."""
    values = [getattr(node, name) for name in _fields(type(node))]
    groups = [value if isinstance(value, list | tuple) else [value] for value in values]
    return [one for group in groups for one in group if isinstance(one, cst.CSTNode)]


def find_all(node, pattern):
    """Does what `m.findall` does, except for layout and comments. That one copies each node it sees."""
    names = {type(one).__name__ for one in getattr(pattern, "options", [pattern])}
    found, todo = [], [node]
    while todo:
        one = todo.pop()
        if type(one).__name__ in names and m.matches(one, pattern):
            found.append(one)
        todo += reversed(children(one))
    return found


def code(node):
    """The code of a node as text."""
    return cst.Module([]).code_for_node(node)


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


def defined_names(statement):
    """The names that a statement at the top of a module defines."""
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        return [statement.name.value]
    assigns = [one for one in getattr(statement, "body", []) if isinstance(one, cst.Assign)]
    return [
        name for one in assigns for target in one.targets for name in sorted(names_in(target.target))
    ]


def imported_names(statement):
    """The names that an import binds."""
    aliases = statement.body[0].names
    return {alias.evaluated_alias or alias.evaluated_name.split(".")[0] for alias in aliases}


def is_import(statement):
    """Whether a statement imports something."""
    return m.matches(statement, m.SimpleStatementLine([m.Import() | m.ImportFrom()]))


def is_docstring(statement):
    """Whether a statement is only a text."""
    text = m.SimpleString() | m.ConcatenatedString()
    return m.matches(statement, m.SimpleStatementLine([m.Expr(text)]))


def without_last_comma(args):
    """The arguments of a call, without a comma after the last one."""
    last = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in args[-1:]]
    return [*args[:-1], *last]


def removed(statement):
    """What to put in the place of a statement that is not needed. It keeps the heading of a section."""
    if not any(m.matches(line, SECTION) for line in statement.leading_lines):
        return cst.RemoveFromParent()
    return cst.SimpleStatementLine([cst.Pass()], leading_lines=statement.leading_lines)


def merge_headings(statements):
    """Moves the headings of sections from the statements that `removed` left to the next ones."""
    merged, lines = [], []
    for statement in statements:
        if m.matches(statement, m.SimpleStatementLine([m.Pass()])):
            lines += statement.leading_lines
            continue
        if lines:
            statement = statement.with_changes(leading_lines=[*lines, *statement.leading_lines])
        merged, lines = [*merged, statement], []
    return merged


@functools.lru_cache(maxsize=10_000)  # nodes never change
def bound_names(node, inside=True):
    """The names that some code binds: parameters, variables, functions.

    Args:
        node: a `libcst` node.
        inside: whether to look into inner functions and comprehensions.

    Returns:
        A frozenset of str.
    """
    collector = _Collector(inside)
    node.visit(collector)
    return frozenset(collector.names)


class _Collector(Nodes, cst.CSTVisitor):
    def __init__(self, inside):
        super().__init__()
        self.names, self.inside, self.is_top = set(), inside, True

    def add(self, node):
        self.names |= names_in(node.target)

    visit_AssignTarget = visit_AugAssign = visit_AnnAssign = visit_NamedExpr = add
    visit_For = add

    def visit_CompFor(self, node):
        if self.inside:
            self.add(node)
        return self.inside

    def visit_Param(self, node):
        self.names.add(node.name.value)

    def visit_AsName(self, node):
        self.names |= names_in(node.name)

    def visit_Lambda(self, node):
        return self.inside

    def visit_FunctionDef(self, node):
        if self.is_top:
            self.is_top = False
            return True
        self.names.add(node.name.value)
        return self.inside

    def visit_ClassDef(self, node):
        self.names.add(node.name.value)


@functools.lru_cache(maxsize=10_000)  # nodes never change
def count_names(node):
    """Counts the names in some code, without those of attributes and of keywords.

    Args:
        node: a `libcst` node.

    Returns:
        A `collections.Counter`.
    """
    counts, todo = collections.Counter(), [node]
    while todo:
        one = todo.pop()
        if isinstance(one, cst.Name):
            counts[one.value] += 1
        else:
            todo += [one.value] if isinstance(one, cst.Attribute | cst.Arg) else children(one)
    return counts
