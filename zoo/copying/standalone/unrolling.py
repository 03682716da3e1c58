"""Writes what is known of dicts: loops over a single entry, and look-ups of a known key."""

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.folding import UNKNOWN, fold, splice, value_of
from zoo.copying.standalone.trees import Nodes, code, count_names, find_all, removed
from zoo.copying.standalone.variables import bindings

ITEMS = m.Call(m.Attribute(attr=m.Name("items")), args=[])
PAIR = m.Tuple([m.Element(m.Name()), m.Element(m.Name())])
LOOP = m.For(target=PAIR, iter=ITEMS, orelse=None)


def unroll(main):
    """Writes the body of a loop `for key, value in some.items()` once, if there is one known entry.

    If it is known that there is none, the loop is left out. The dict is written in the loop, or it is a
    variable that is used for nothing else.
    """
    for loop in find_all(main.body, LOOP):
        if find_all(loop.body, m.Break() | m.Continue()):
            continue
        key, value = (one.value.value for one in loop.target.elements)
        some = loop.iter.func.value
        if isinstance(some, cst.Dict):
            entries, statements = _entries(some), []
        elif isinstance(some, cst.Name):
            entries, statements = _known_entries(main, some.value)
        else:
            continue
        if statements and not entries:  # an empty dict
            return main.visit(_LoopRemover(loop, None, statements, None))
        if len(entries) != 1 or {key, value} & set(bindings(loop)):
            continue
        its_key, its_value = entries[0]
        is_name = isinstance(its_value, cst.Name) and bindings(main).count(its_value.value) == 1
        if is_name or not statements:
            names, new = {key: its_key, value: its_value}, None
        elif bindings(main).count(value) == 1:
            names, target = {key: its_key}, cst.AssignTarget(cst.Name(value))
            new = cst.Assign([target], its_value)
        else:
            continue
        return main.visit(_LoopRemover(loop, names, statements, new))
    return main


def _entries(display):
    """The keys and values of a dict display. Empty if one is not known."""
    elements = display.elements
    return (
        [(one.key, one.value) for one in elements]
        if all(isinstance(one, cst.DictElement) for one in elements)
        else []
    )


def _known_entries(main, name):
    """The entries of a variable, and the statements that assign them. Empty if it is used elsewhere."""
    whole = m.SimpleStatementLine([m.Assign([m.AssignTarget(m.Name(name))], value=m.Dict())])
    part = m.AssignTarget(m.Subscript(m.Name(name), [m.SubscriptElement(m.Index(m.SimpleString()))]))
    one = m.SimpleStatementLine([m.Assign([part])])
    statements = [line for line in main.body.body if m.matches(line, whole | one)]
    if count_names(main.body)[name] != len(statements) + 1:
        return [], []
    entries = []
    for statement in statements:
        assign = statement.body[0]
        target = assign.targets[0].target
        if isinstance(target, cst.Name):
            entries += _entries(assign.value)
        else:
            entries.append((target.slice[0].slice.value, assign.value))
    return entries, statements


class _LoopRemover(Nodes, cst.CSTTransformer):
    def __init__(self, loop, names, statements, new):
        super().__init__()
        self.loop, self.names, self.statements, self.new = loop, names, statements, new

    def leave_For(self, original_node, updated_node):
        if original_node is not self.loop:
            return updated_node
        if self.names is None:
            return removed(updated_node)
        return splice(fold(updated_node.body, names=self.names), updated_node.leading_lines)

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if not any(original_node is one for one in self.statements):
            return updated_node
        is_last = original_node is self.statements[-1]
        return (
            updated_node.with_changes(body=[self.new])
            if is_last and self.new
            else removed(updated_node)
        )


def look_up(program):
    """Writes known constants in comparisons, and the known entries of constant dicts."""
    constants = {}
    for part in program.parts.values():
        if m.matches(part.node, m.SimpleStatementLine([m.Assign([m.AssignTarget(m.Name())])])):
            constants[part.flat] = part.node.body[0].value
    writer = _ConstantWriter(constants)  # nodes without a constant stay the same ones
    program.change(lambda n: fold(n.visit(writer)) if constants.keys() & count_names(n) else n)


class _ConstantWriter(Nodes, cst.CSTTransformer):
    def __init__(self, constants):
        super().__init__()
        self.constants = constants

    def leave_Comparison(self, original_node, updated_node):
        names = {
            name: value for name, value in self.constants.items() if value_of(value) is not UNKNOWN
        }
        return fold(updated_node, names=names)

    def leave_Subscript(self, original_node, updated_node):
        display = self.constants.get(code(updated_node.value))
        key = updated_node.slice[0].slice
        if not isinstance(display, cst.Dict) or not isinstance(key, cst.Index):
            return updated_node
        values = {value_of(one): value for one, value in _entries(display)}
        values.pop(UNKNOWN, None)
        key = value_of(key.value)
        return values.get(key, updated_node) if key is not UNKNOWN else updated_node
