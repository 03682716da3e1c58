"""Replaces parts of single functions: docstrings, imports, and some calls."""

import inspect
import re
import textwrap

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone import plain
from zoo.copying.standalone.sources import resolve
from zoo.copying.standalone.trees import code, dotted, is_import, removed

WIDTH = 90  # of a docstring


class ImportMover(cst.CSTTransformer):
    """Moves imports from functions to the top."""

    def __init__(self, imports):
        super().__init__()
        self.imports = imports

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if not is_import(updated_node):
            return updated_node
        self.imports[code(updated_node.with_changes(leading_lines=[])).split("  #")[0].strip()] = None
        return cst.RemoveFromParent()


class CallReplacer(cst.CSTTransformer):
    """Writes something else in place of some calls."""

    def __init__(self, module, calls, imports):
        super().__init__()
        self.module, self.calls, self.imports = module, calls, imports

    def find(self, call):
        chain = dotted(call.func)
        found = chain and resolve(self.module, chain)
        if found and found[1].startswith("zoo") and found[2].startswith("check"):  # of bad input
            return lambda call: []
        key = found[1:3] if found and found[0] == len(chain) else ("", (chain or [""])[-1])
        return self.calls.get(key)

    def leave_Call(self, original_node, updated_node):
        chain = dotted(original_node.func)
        found = chain and resolve(self.module, chain)
        if found and plain.REPLACES.get(found[2]) == found[1]:
            return _with_known_arguments(updated_node, getattr(plain, found[2]))
        write = self.find(original_node)
        written = write(updated_node) if write else updated_node
        return written if isinstance(written, cst.BaseExpression) else updated_node

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


def without_last_comma(args):
    """The arguments of a call, without a comma after the last one."""
    last = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in args[-1:]]
    return [*args[:-1], *last]


def shorten(node):
    """Keeps the first paragraph of each docstring, and removes decorators."""
    if not isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.with_changes(leading_lines=[])
    return node.visit(_Shortener()).with_changes(leading_lines=[], decorators=[])


class _Shortener(cst.CSTTransformer):
    def shorten(self, original_node, updated_node):
        text = original_node.get_docstring()
        if not text or not isinstance(updated_node.body, cst.IndentedBlock):
            return updated_node
        words = " ".join(text.split("\n\n")[0].split())
        sentence = re.match(r".*?[.?!](?=\s|$)|.*", words)[0]
        lines = textwrap.wrap(words if len(words) < WIDTH else sentence, WIDTH)
        quoted = '"""' + "\n    ".join(lines) + ("\n    " if len(lines) > 1 else "") + '"""'
        body = updated_node.body
        return updated_node.with_changes(
            body=body.with_changes(body=[cst.parse_statement(quoted), *body.body[1:]])
        )

    leave_FunctionDef = leave_ClassDef = shorten
