"""Writes something else in place of some calls."""

import inspect

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone import plain
from zoo.copying.standalone.sources import resolve
from zoo.copying.standalone.trees import Nodes, code, dotted, is_import, removed, without_last_comma


class CallReplacer(Nodes, cst.CSTTransformer):
    """Writes something else in place of some calls."""

    def __init__(self, module, calls, imports):
        super().__init__()
        self.module, self.calls, self.imports = module, calls, imports

    def find(self, call):
        chain = dotted(call.func)
        found = chain and resolve(self.module, chain)
        if found and found[1].startswith("zoo") and found[2].startswith(("check", "note")):
            return lambda call: []
        key = found[1:3] if found and found[0] == len(chain) else ("", (chain or [""])[-1])
        return self.calls.get(key)

    def leave_Call(self, original_node, updated_node):
        chain = dotted(original_node.func)
        found = chain and resolve(self.module, chain)
        if found and found[1:3] in plain.REPLACES:
            return _with_known_arguments(updated_node, plain.REPLACES[found[1:3]])
        write = self.find(original_node)
        written = write(updated_node) if write else updated_node
        return written if isinstance(written, cst.BaseExpression) else updated_node

    def leave_Dict(self, original_node, updated_node):
        """A copy finds the strategy of a search from the number of beams."""
        is_strategy = m.DictElement(key=m.SimpleString('"strategy"'))
        kept = [one for one in updated_node.elements if not m.matches(one, is_strategy)]
        return updated_node.with_changes(elements=kept)

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if not m.matches(
            original_node, m.SimpleStatementLine([m.Expr(m.Call()) | m.Assign(value=m.Call())])
        ):
            return updated_node
        before, now = original_node.body[0].value, updated_node.body[0].value
        write = self.find(before)
        is_replaced = not isinstance(now, cst.Call) or not now.func.deep_equals(before.func)
        written = write(now) if write and not is_replaced else None
        if not isinstance(written, list):
            return updated_node
        if not written:
            return removed(updated_node)
        for one in filter(is_import, written):
            self.imports[code(one).strip()] = None
        written = [one for one in written if not is_import(one)]
        first = written[0].with_changes(leading_lines=updated_node.leading_lines)
        return cst.FlattenSentinel([first, *written[1:]])


def _with_known_arguments(call, function):
    """Removes the arguments that the plain version of a function does not have."""
    known = inspect.signature(function).parameters
    has_any = any(one.kind == one.VAR_KEYWORD for one in known.values())
    args = [arg for arg in call.args if has_any or not arg.keyword or arg.keyword.value in known]
    return call.with_changes(args=without_last_comma(args))
