"""Simplifies source code in which some names have known values."""

import ast
import operator

import keras
import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.trees import Nodes, dotted, removed, without_last_comma

UNKNOWN = object()
ARITHMETIC = {cst.Subtract: operator.sub, cst.FloorDivide: operator.floordiv}
TOKENS = {"start_token": 2, "end_token": 3}  # of models that generate


def literal(value):
    """The expression for a constant, as a `libcst` node."""
    return cst.parse_expression(repr(value))


def value_of(node):
    """The value of a constant expression such as `None`, `"greedy"`, `-1` or `()`, or UNKNOWN."""
    if not m.matches(
        node,
        m.Name(value=m.MatchIfTrue(lambda name: name in ("None", "True", "False")))
        | m.SimpleString()
        | m.Integer()
        | m.Float()
        | m.UnaryOperation(m.Minus(), m.Integer() | m.Float())
        | m.Tuple(elements=[])
        | m.List(elements=[])
        | m.Dict(elements=[]),
    ):
        return UNKNOWN
    return ast.literal_eval(cst.Module([]).code_for_node(node).strip("() ") or "()")


def fold(node, attributes=None, names=None):
    """Replaces known values, and removes what then can never run and what only raises an error.

    Args:
        node: a `libcst` node.
        attributes: a dict of `config.x`, written as `"config.x"`, to its expression.
        names: a dict of a name to its expression.

    Returns:
        The simplified node.
    """
    return node.visit(_Folder(attributes or {}, names or {}))


class _Folder(Nodes, cst.CSTTransformer):
    def __init__(self, attributes, names):
        super().__init__()
        self.attributes, self.names, self.elifs = attributes, names, set()

    # Known values.

    def leave_Name(self, original_node, updated_node):
        return self.names.get(original_node.value, updated_node)

    def leave_Attribute(self, original_node, updated_node):
        chain = ".".join(dotted(original_node) or [])
        if chain in self.attributes:
            return self.attributes[chain]
        if original_node.attr.value in TOKENS:
            return literal(TOKENS[original_node.attr.value])
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node, updated_node):
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node, updated_node):
        return updated_node.with_changes(name=original_node.name)

    def leave_FunctionDef(self, original_node, updated_node):
        return updated_node.with_changes(name=original_node.name)

    def leave_NameItem(self, original_node, updated_node):
        return original_node

    # Expressions.

    def leave_UnaryOperation(self, original_node, updated_node):
        value = value_of(updated_node.expression)
        if isinstance(updated_node.operator, cst.Not) and value is not UNKNOWN:
            return literal(not value)
        return updated_node

    def leave_BooleanOperation(self, original_node, updated_node):
        value = value_of(updated_node.left)
        is_and = isinstance(updated_node.operator, cst.And)
        is_name = isinstance(updated_node.left, cst.Name)  # so nothing is lost without it
        if is_and and is_name and value_of(updated_node.right) is False:
            return updated_node.right
        if value is UNKNOWN:
            return updated_node
        return updated_node.right if bool(value) == is_and else updated_node.left

    def leave_Comparison(self, original_node, updated_node):
        if len(updated_node.comparisons) > 1:
            return updated_node
        left, (target,) = value_of(updated_node.left), updated_node.comparisons
        right, relation = value_of(target.comparator), target.operator
        is_filled = isinstance(updated_node.left, cst.List | cst.Dict | cst.Tuple | cst.Lambda)
        if isinstance(relation, cst.Is | cst.IsNot) and right is None and is_filled:
            return literal(isinstance(relation, cst.IsNot))
        if UNKNOWN in (left, right):
            return updated_node
        tests = {
            cst.Equal: lambda: left == right,
            cst.NotEqual: lambda: left != right,
            cst.Is: lambda: left is right,
            cst.IsNot: lambda: left is not right,
            cst.LessThan: lambda: left < right,
            cst.LessThanEqual: lambda: left <= right,
            cst.GreaterThan: lambda: left > right,
            cst.GreaterThanEqual: lambda: left >= right,
            cst.In: lambda: left in right,
            cst.NotIn: lambda: left not in right,
        }
        return literal(tests[type(relation)]())

    def leave_IfExp(self, original_node, updated_node):
        value = value_of(updated_node.test)
        if value is UNKNOWN:
            return updated_node
        return updated_node.body if value else updated_node.orelse

    def leave_BinaryOperation(self, original_node, updated_node):
        left, right = updated_node.left, updated_node.right
        if isinstance(updated_node.operator, cst.Multiply) and type(value_of(left)) is int:
            if value_of(left) == 1:
                return right
            if value_of(left) == -1:
                return cst.UnaryOperation(cst.Minus(), right)
        if isinstance(updated_node.operator, cst.Multiply):  # as in ["a tip"] * True
            texts = cst.List | cst.SimpleString | cst.FormattedString | cst.ConcatenatedString
            for some, times in ((left, value_of(right)), (right, value_of(left))):
                if isinstance(some, texts) and isinstance(times, bool):
                    return some if times else literal([] if isinstance(some, cst.List) else "")
        if isinstance(updated_node.operator, cst.Divide) and m.matches(right, m.Float("1.0")):
            return left
        numbers = [value_of(left), value_of(right)]
        if {*map(type, numbers)} == {int} and isinstance(updated_node.operator, tuple(ARITHMETIC)):
            return literal(ARITHMETIC[type(updated_node.operator)](*numbers))
        if isinstance(updated_node.operator, cst.Add):
            if value_of(right) in ([], (), ""):
                return left
            if value_of(left) in ([], (), ""):
                return right
        if isinstance(updated_node.operator, cst.BitOr) and value_of(left) == {}:
            return right
        return updated_node

    def leave_FormattedStringExpression(self, original_node, updated_node):
        value = value_of(updated_node.expression)
        if isinstance(value, str) and not updated_node.format_spec:
            text = value.replace("{", "{{").replace("}", "}}")
            return cst.FormattedStringText(text)
        return updated_node

    def leave_FormattedString(self, original_node, updated_node):
        parts = updated_node.parts
        if all(isinstance(part, cst.FormattedStringText) for part in parts):
            text = "".join(part.value for part in parts).replace("{{", "{").replace("}}", "}")
            return cst.SimpleString(f"{updated_node.start[1:]}{text}{updated_node.end}")
        return updated_node

    def leave_Call(self, original_node, updated_node):
        function = updated_node.func
        if dotted(function) == ["keras", "backend", "backend"]:
            return literal(keras.backend.backend())
        if (dotted(function) or [])[:2] == ["keras", "layers"]:  # a copy computes in float32
            kept = [arg for arg in updated_node.args if not _is_dtype(arg)]
            if len(kept) < len(updated_node.args):
                return updated_node.with_changes(args=without_last_comma(kept))
        no_limit = m.Call(m.Attribute(attr=m.Name("most_common")), args=[m.Arg(m.Name("None"))])
        if m.matches(updated_node, no_limit):
            return updated_node.with_changes(args=[])
        if dotted(function) == ["bool"] and value_of(updated_node.args[0].value) is not UNKNOWN:
            return literal(bool(value_of(updated_node.args[0].value)))
        if m.matches(updated_node, m.Call(m.Attribute(attr=m.Name("strip")), args=[])):
            text = value_of(function.value)
            return literal(text.strip()) if isinstance(text, str) else updated_node
        if isinstance(function, cst.Attribute) and function.attr.value in ("startswith", "endswith"):
            text = value_of(function.value)
            end = value_of(updated_node.args[0].value) if len(updated_node.args) == 1 else UNKNOWN
            if isinstance(text, str) and isinstance(end, str | tuple):
                return literal(getattr(text, function.attr.value)(end))
        return updated_node

    def leave_Subscript(self, original_node, updated_node):
        everything = m.SubscriptElement(m.Slice(lower=None, upper=None, step=None))
        is_all = all(m.matches(one, everything) for one in updated_node.slice)  # as in x[:, :]
        return updated_node.value if is_all and len(updated_node.slice) > 1 else updated_node

    def leave_Slice(self, original_node, updated_node):
        has_end = value_of(updated_node.upper) is not None if updated_node.upper else False
        return updated_node if has_end else updated_node.with_changes(upper=None)

    def leave_ListComp(self, original_node, updated_node):
        element = updated_node.elt  # [(a - b) for ...]
        is_sum = isinstance(element, cst.BinaryOperation)
        return (
            updated_node.with_changes(elt=element.with_changes(lpar=[], rpar=[]))
            if is_sum
            else (updated_node)
        )

    def leave_StarredElement(self, original_node, updated_node):
        inner = updated_node.value
        if isinstance(inner, cst.List | cst.Tuple):  # [*["a", "b"], "c"]
            return cst.FlattenSentinel(inner.elements)
        if m.matches(inner, m.Call(m.Name("list"), args=[m.Arg()])):  # [*list(text), "end"]
            return updated_node.with_changes(value=inner.args[0].value)
        return updated_node

    def leave_StarredDictElement(self, original_node, updated_node):
        return cst.RemoveFromParent() if value_of(updated_node.value) == {} else updated_node

    # Statements.

    def leave_SimpleStatementLine(self, original_node, updated_node):
        adds_nothing = m.AugAssign(operator=m.AddAssign(), value=m.List(elements=[]))
        is_empty = m.matches(updated_node, m.SimpleStatementLine([adds_nothing]))
        return removed(updated_node) if is_empty else updated_node

    def visit_If(self, node):
        if isinstance(node.orelse, cst.If):
            self.elifs.add(node.orelse)

    def leave_If(self, original_node, updated_node):
        value, rest = value_of(updated_node.test), updated_node.orelse
        is_check = _only_raises(updated_node.body)
        if value is UNKNOWN and not is_check:
            if isinstance(rest, cst.Else) and _is_empty(rest.body):
                rest = None
            if rest is None and _is_empty(updated_node.body):
                return cst.RemoveFromParent()
            return updated_node.with_changes(orelse=rest)
        if value is not UNKNOWN and value:
            rest = cst.Else(updated_node.body)
        if rest is None:
            return cst.RemoveFromParent()
        if isinstance(rest, cst.If):
            return rest.with_changes(leading_lines=updated_node.leading_lines)
        if original_node in self.elifs:
            return rest
        return splice(rest.body, updated_node.leading_lines)

    def leave_IndentedBlock(self, original_node, updated_node):
        leaves = m.SimpleStatementLine([m.Return() | m.Raise() | m.Continue() | m.Break()])
        for i, statement in enumerate(updated_node.body):
            if m.matches(statement, leaves):
                return updated_node.with_changes(body=updated_node.body[: i + 1])
        return updated_node

    def leave_Else(self, original_node, updated_node):
        return cst.RemoveFromParent() if _only_raises(updated_node.body) else updated_node

    def leave_Try(self, original_node, updated_node):
        handlers = updated_node.handlers
        if not updated_node.finalbody and all(_only_raises(handler.body) for handler in handlers):
            return splice(updated_node.body, updated_node.leading_lines)
        return updated_node

    def leave_For(self, original_node, updated_node):
        return cst.RemoveFromParent() if _is_empty(updated_node.body) else updated_node

    def leave_With(self, original_node, updated_node):
        return cst.RemoveFromParent() if _is_empty(updated_node.body) else updated_node


def _is_dtype(arg):
    """Whether an argument is `dtype="float32"`."""
    return m.matches(arg, m.Arg(keyword=m.Name("dtype"))) and value_of(arg.value) == "float32"


def _is_empty(body):
    return not [one for one in body.body if not m.matches(one, m.SimpleStatementLine([m.Pass()]))]


def _only_raises(body):
    """Whether a block does nothing but raise an error. Assignments for its message may come before."""
    if not body.body or not isinstance(body, cst.IndentedBlock):
        return False
    *before, last = body.body
    return m.matches(last, m.SimpleStatementLine([m.Raise()])) and all(
        m.matches(one, m.SimpleStatementLine([m.Assign()])) for one in before
    )


def splice(block, leading_lines):
    """The statements of a block, for the place of its `if`. The comment above the `if` stays."""
    first, *rest = block.body
    first = first.with_changes(leading_lines=[*leading_lines, *first.leading_lines])
    return cst.FlattenSentinel([first, *rest])
