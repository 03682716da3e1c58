"""Simplifies functions by what is known about their variables."""

import functools

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.folding import fold, value_of
from zoo.copying.standalone.trees import (
    Nodes,
    code,
    count_names,
    find_all,
    names_in,
    removed,
    without_last_comma,
)

LONGEST = 30  # characters of a text that is written where it is read


@functools.lru_cache(maxsize=10_000)  # nodes never change
def simplify(node, is_of_recipe):
    """Puts known values in place of variables, and removes the variables that are not read.

    In a function of the zoo, they only served a check. In a recipe, what they got may have an effect.
    """
    if isinstance(node, cst.FunctionDef):
        simple = _drop_unread(_fold_constants(write_keywords(node)), is_of_recipe)
        simple = _return_at_once(fold(simple))
    else:
        simple = fold(node)
    return node if simple.deep_equals(node) else simple  # the same node, so that results are known


@functools.lru_cache(maxsize=10_000)  # nodes never change
def bindings(function):
    """A list of the names that the body of a function binds, as often as it does."""
    binders = m.AssignTarget() | m.AugAssign() | m.For() | m.CompFor() | m.NamedExpr()
    names = [name for one in find_all(function.body, binders) for name in names_in(one.target)]
    return names + [one.name.value for one in find_all(function, m.Param())]


def write_keywords(function):
    """Writes `f(**options)` as `f(a=1)`, if `options = {"a": 1}` is all there is of this name."""
    displays = {}
    pattern = m.Assign([m.AssignTarget(m.Name())], value=m.Dict())
    for found in find_all(function.body, pattern):
        displays[found.targets[0].target.value] = found.value
    bound = bindings(function)
    changed = {code(one.value) for one in find_all(function.body, m.AugAssign() | m.Subscript())}
    known = {
        name: display
        for name, display in displays.items()
        if bound.count(name) == 1 and name not in changed and _has_text_keys(display)
    }
    return function.visit(_KeywordWriter(known)) if known else function


def _has_text_keys(display):
    return all(m.matches(one, m.DictElement(key=m.SimpleString())) for one in display.elements)


class _KeywordWriter(Nodes, cst.CSTTransformer):
    def __init__(self, displays):
        super().__init__()
        self.displays = displays

    def leave_Call(self, original_node, updated_node):
        args, equal = [], cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        for arg in updated_node.args:
            display = self.displays.get(code(arg.value)) if arg.star == "**" else None
            elements = display.elements if display else []
            args += [cst.Arg(one.value, cst.Name(value_of(one.key)), equal) for one in elements]
            args += [] if display else [arg]
        if len(args) == len(updated_node.args):
            return updated_node
        return updated_node.with_changes(args=without_last_comma(args))


def _fold_constants(function):
    """Puts constants in place of variables that are assigned once.

    Numbers and texts stay if they are read more than once, or if they are long.
    """
    values = {}
    for found in find_all(function.body, m.Assign([m.AssignTarget()])):
        values |= dict(_pairs(found.targets[0].target, found.value))
    bound, mentions = bindings(function), count_names(function.body)
    known = {
        name: value
        for name, value in values.items()
        if bound.count(name) == 1 and _is_short(value_of(value), is_read_once=mentions[name] == 2)
    }
    if not known:
        return function
    return fold(function.visit(_AssignmentRemover(set(known))), names=known)


def _is_short(value, is_read_once):
    is_short = isinstance(value, str | int | float) and len(str(value)) < LONGEST
    return value in (None, True, False, -1) or (is_short and is_read_once)


def _return_at_once(function):
    """Writes `return f(x)` for `y = f(x)` and `return y`."""
    *before, last = function.body.body
    pattern = m.SimpleStatementLine([m.Return(value=m.Name())])
    if not before or not m.matches(last, pattern) or last.leading_lines:
        return function
    name = last.body[0].value.value
    pattern = m.SimpleStatementLine([m.Assign([m.AssignTarget(m.Name(name))])])
    if not m.matches(before[-1], pattern) or count_names(function.body)[name] != 2:
        return function
    result = before[-1].with_changes(body=[cst.Return(before[-1].body[0].value)])
    return function.with_changes(body=function.body.with_changes(body=[*before[:-1], result]))


def _pairs(target, value):
    """The names and values of `a = 1`, or of `a, b = 1, 2`."""
    if isinstance(target, cst.Name):
        return [(target.value, value)]
    if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        pairs = zip(target.elements, value.elements, strict=False)
        return [(a.value.value, b.value) for a, b in pairs if isinstance(a.value, cst.Name)]
    return []


# Functions without an effect but their result. Others may be called for what they do.
PURE = {"defaults", "tips", "choose_chord", "network_sha256", "learn_tokenizer", "load_tokenizer"}
PURE |= {"dict", "encode", "id_to_piece", "len", "list", "range", "set", "sorted", "str", "tuple"}


def _drop_unread(function, is_careful):
    """Removes assignments to variables that are never read."""
    names = count_names(function.body)
    # x = 1, x[0] = 1 and x |= y change a variable, but do not read it.
    changes, kept = [], {"_"}
    for found in find_all(function.body, m.Assign() | m.AugAssign()):
        targets = [one.target for one in getattr(found, "targets", [found])]
        changed = [name for one in targets for name in _changed(one)]
        changes += changed
        if is_careful and not all(_is_pure(call) for call in find_all(found.value, m.Call())):
            kept.update(changed)
    unread = {name for name in changes if names[name] == changes.count(name)} - kept
    return function.visit(_AssignmentRemover(unread)) if unread else function


def _changed(target):
    is_part = isinstance(target, cst.Subscript)
    while isinstance(target, cst.Subscript):  # as in card["preprocessing"]["max_length"] = 40
        target = target.value
    if is_part:
        return {target.value} if isinstance(target, cst.Name) else set()
    return names_in(target)


def _is_pure(call):
    return code(call.func).split("__")[0].split(".")[-1] in PURE


class _AssignmentRemover(Nodes, cst.CSTTransformer):
    """Removes assignments to some names, and changes of them."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if m.matches(updated_node, m.SimpleStatementLine([m.AugAssign(target=m.Name())])):
            is_gone = updated_node.body[0].target.value in self.names
            return removed(updated_node) if is_gone else updated_node
        if not m.matches(updated_node, m.SimpleStatementLine([m.Assign([m.AssignTarget()])])):
            return updated_node
        target = updated_node.body[0].targets[0].target
        if isinstance(target, cst.Subscript):
            is_gone = _changed(target) <= self.names and _changed(target)
            return removed(updated_node) if is_gone else updated_node
        names = names_in(target)
        if names and names <= self.names:
            return removed(updated_node)
        return _without_elements(updated_node, self.names)


def _without_elements(statement, names):
    """Writes `a = 1` for `a, b = 1, 2` if b is one of the names, and for `a, b = 1, b`."""
    assign = statement.body[0]
    target, value = assign.targets[0].target, assign.value
    if not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return statement
    pairs = [(a.value, b.value) for a, b in zip(target.elements, value.elements, strict=True)]
    kept = [(a, b) for a, b in pairs if not names_in(a) or not names_in(a) <= names]
    kept = [(a, b) for a, b in kept if code(a) != code(b)]
    if len(kept) == len(pairs):
        return statement
    if not kept:
        return removed(statement)
    target, value = kept[0]
    if len(kept) > 1:
        target, value = (
            cst.Tuple([*map(cst.Element, side)], [], []) for side in zip(*kept, strict=True)
        )
    assign = assign.with_changes(targets=[cst.AssignTarget(target)], value=value)
    return statement.with_changes(body=[assign])
