"""Writes functions in place of their only call."""

import re

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.calls import argument, calls_of, parameters_of
from zoo.copying.standalone.folding import UNKNOWN, fold, value_of
from zoo.copying.standalone.formatting import format_code
from zoo.copying.standalone.trees import (
    Nodes,
    bound_names,
    code,
    count_names,
    find_all,
    is_docstring,
    names_in,
)

TINY = 25  # characters of a result that is written in place of several calls
LONGEST = 6  # statements of a function of the zoo that are written in `main`
LENGTH = m.Call(m.Name("len"), args=[m.Arg(m.Name())])
COMPREHENSION = m.ListComp() | m.SetComp() | m.GeneratorExp()
CLOSED = m.Name() | m.Attribute() | m.Call() | m.Subscript() | m.Integer() | m.Float()
CLOSED |= m.SimpleString() | m.FormattedString() | m.List() | m.Dict() | m.Set() | m.DictComp()
CLOSED |= COMPREHENSION  # what needs no parentheses


def inline(program):
    """Writes the body of a function in place of its only call, if this is a statement of `main`.

    A long function of the zoo stays, because its name and its docstring explain it.
    """
    for key, part in list(program.parts.items()):
        if not isinstance(part.node, cst.FunctionDef):
            continue
        calls = calls_of(part.flat, program.nodes())
        is_own = part.module == program.module or part.name == "build_model"
        is_short = len(code(part.node.body).strip().splitlines()) <= LONGEST + 1  # with its docstring
        if (is_own or is_short) and calls and len(calls) == 1:
            names = {other.flat for other in program.parts.values()} - {part.flat}
            body = _inlined(program.main.body.body, part, names)
            if body:
                block = program.main.body.with_changes(body=body)
                program.main = program.main.with_changes(body=block)
                del program.parts[key]


def _inlined(statements, part, names):
    """The statements of `main` with the body of a function. None if there would be a conflict."""
    call = m.Call(m.Name(part.flat))
    pattern = m.SimpleStatementLine([m.Expr(call) | m.Assign([m.AssignTarget()], value=call)])
    places = [i for i, one in enumerate(statements) if m.matches(one, pattern)]
    in_main = {name for one in statements for name in bound_names(one, inside=False)}
    function = part.node
    if part.name == "build_model":
        function = _with_other_inputs(function, in_main)
    first, *rest = [one for one in function.body.body if not is_docstring(one)]
    comments = [line for line in first.leading_lines if line.comment]
    *body, last = first.with_changes(leading_lines=comments), *rest
    has_result = m.matches(last, m.SimpleStatementLine([m.Return(value=m.DoNotCare())]))
    outside = [one for one in function.body.body if not isinstance(one, cst.FunctionDef)]
    exits = [found for one in outside for found in find_all(one, m.Return() | m.Yield())]
    if not places or len(exits) != has_result:
        return None
    place = places[0]
    statement = statements[place].body[0]
    target = statement.targets[0].target if isinstance(statement, cst.Assign) else None
    is_lambda = has_result and isinstance(last.body[0].value, cst.Lambda)
    if any(arg.star for arg in statement.value.args) or (target is None and has_result) or is_lambda:
        return None
    values = {
        one.name.value: argument(statement.value, i, one)
        for i, one in enumerate(parameters_of(function))
    }
    assigned = bound_names(function.body, inside=False)
    direct = {
        name: value
        for name, value in values.items()
        if name not in assigned
        and (
            _is_fixed(value, bound_names(function.body))
            or (m.matches(value, LENGTH) and count_names(function.body)[name] == 1)
        )
    }
    given = {name: code(value) for name, value in values.items() if name not in direct}
    given = {name: value for name, value in given.items() if name != value}
    returned = last.body[0].value if has_result else None
    kept = names_in(target) if target and returned and code(target) == code(returned) else set()
    if ((assigned - kept) | set(given)) & (names | in_main):
        return None
    lines = [cst.parse_statement(f"{name} = {value}") for name, value in given.items()]
    lines += [fold(one, names=direct) for one in body]
    if not has_result:
        lines.append(fold(last, names=direct))
    elif code(target) != code(returned):
        result = fold(last, names=direct).body[0].value
        lines.append(cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(target)], result)]))
    above = statements[place].leading_lines
    lines[0] = lines[0].with_changes(leading_lines=[*above, *lines[0].leading_lines])
    return [*statements[:place], *lines, *statements[place + 1 :]]


def _is_fixed(value, assigned):
    """Whether an argument means the same at each place of a function that binds some names."""
    is_constant = value_of(value) is not UNKNOWN or code(value).isupper()
    return is_constant or (isinstance(value, cst.Name) and value.value not in assigned)


def _with_other_inputs(function, taken):
    """Gives the inputs of a model other names, if `main` has such variables."""
    inputs = m.Assign([m.AssignTarget(m.Name())], value=m.Call(m.Attribute(attr=m.Name("Input"))))
    variables = {found.targets[0].target.value for found in find_all(function, inputs)}
    return fold(function, names={name: cst.Name(f"{name}_input") for name in variables & taken})


def inline_results(program):
    """Writes the result of a function in place of its call, if this makes the program shorter.

    The function must do nothing but return its result. It has one call, or its result is tiny.
    """
    for key, part in list(program.parts.items()):
        result = _only_result(part.node)
        users = [
            one for one in program.nodes() if one is not part.node and part.flat in count_names(one)
        ]
        calls = calls_of(part.flat, program.nodes()) if result is not None and users else None
        if not calls or (len(calls) > 1 and len(code(result)) > TINY):
            continue
        written = [_with_arguments(part.node, result, call) for call in calls]
        if None in written:
            continue
        writer = _ResultWriter(part.flat, dict(zip(map(code, calls), written, strict=True)))
        new = {user: user.visit(writer) for user in users}
        before, after = (sum(map(_num_lines, nodes)) for nodes in (new, new.values()))
        if after <= before + 2:  # a function has a docstring, and empty lines around it
            del program.parts[key]
            program.change(lambda node, new=new: new.get(node, node))


def _num_lines(node):
    """The number of lines of some code, with short names. The lines of `main` have no indentation."""
    is_main = isinstance(node, cst.FunctionDef) and node.name.value == "_"
    text = cst.Module(node.body.body).code if is_main else code(node)
    return format_code(re.sub(r"(?<=\w)__\w+", "", text)).count("\n")


def _only_result(node):
    """The result of a function that does nothing else. None if there is more, such as a comment."""
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
        return None
    statements = [one for one in node.body.body if not is_docstring(one)]
    has_star = isinstance(node.params.star_arg, cst.Param) or node.params.star_kwarg
    is_result = m.SimpleStatementLine([m.Return(value=m.DoNotCare())])
    if has_star or node.decorators or len(statements) != 1 or not m.matches(statements[0], is_result):
        return None
    return None if m.findall(statements[0], m.Comment()) else statements[0].body[0].value


def _with_arguments(function, result, call):
    """The result of a call as an expression. None if it would mean something else."""
    values = {one.name.value: argument(call, i, one) for i, one in enumerate(parameters_of(function))}
    if any(arg.star for arg in call.args) or None in values.values():
        return None
    bound = bound_names(result)
    repeated = set()  # what a comprehension reads again and again
    for one in find_all(result, COMPREHENSION | m.DictComp() | m.Lambda()):
        first = [] if isinstance(one, cst.Lambda) else [one.for_in.iter]
        repeated |= set(count_names(one) - sum(map(count_names, first), type(count_names(one))()))
    for name, value in values.items():
        is_once = count_names(result)[name] <= 1 and name not in repeated
        if name in bound or set(count_names(value)) & bound or not (is_once or _is_fixed(value, bound)):
            return None
    return fold(result, names={name: _closed(value) for name, value in values.items()})


def _closed(value):
    """An expression, in parentheses if it needs them."""
    if m.matches(value, CLOSED) or value.lpar:
        return value
    return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


class _ResultWriter(Nodes, cst.CSTTransformer):
    """Writes expressions in place of the calls of a function."""

    def __init__(self, function, expressions):
        super().__init__()
        self.function, self.expressions = function, expressions

    def leave_Call(self, original_node, updated_node):
        if not m.matches(updated_node.func, m.Name(self.function)):
            return updated_node
        return _closed(self.expressions[code(original_node)])

    def open(self, original_node, updated_node):
        if not m.matches(original_node.value, m.Call(m.Name(self.function))):
            return updated_node
        return updated_node.with_changes(value=self.expressions[code(original_node.value)])

    leave_Arg = leave_Assign = leave_Return = leave_Element = leave_DictElement = open
