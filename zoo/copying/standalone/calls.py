"""Simplifies functions by the way they are called."""

import collections
import functools

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.folding import UNKNOWN, fold, literal, value_of
from zoo.copying.standalone.trees import (
    bound_names,
    code,
    count_names,
    is_docstring,
    names_in,
    without_last_comma,
)


def functions_of(program):
    """The parts of a program that are functions."""
    return [part for part in program.parts.values() if isinstance(part.node, cst.FunctionDef)]


def drop_arguments(program):
    """Drops arguments that have the same constant value in every call, or that are not read."""
    for part in functions_of(program):
        constants = _constant_arguments(part, program.nodes())
        if constants:
            parameters = [one.name.value for one in parameters_of(part.node)]
            part.node = fold(_without_parameters(part.node, constants), names=constants)
            _remove(program, _ArgumentRemover(part.flat, parameters, set(constants)))


def drop_unknown(program):
    """Drops the arguments of functions `build_model` that these do not have."""
    for part in functions_of(program):
        if part.name.startswith("build_model"):
            known = {one.name.value for one in parameters_of(part.node)}
            calls = calls_of(part.flat, program.nodes()) or []
            given = {arg.keyword.value for call in calls for arg in call.args if arg.keyword}
            _remove(program, _ArgumentRemover(part.flat, [], given - known))


def _remove(program, remover):
    """Removes arguments from the nodes that call the function. The others stay as they are."""
    program.change(lambda n: n.visit(remover) if remover.function in count_names(n) else n)


def drop_empty(program):
    """Drops functions that do nothing any more, and the statements that call them."""
    empty = {part.flat for part in functions_of(program) if all(map(_is_nothing, part.node.body.body))}
    if empty:
        program.change(lambda node: node.visit(_CallRemover(empty)))


def _is_nothing(statement):
    return is_docstring(statement) or m.matches(statement, m.SimpleStatementLine([m.Pass()]))


class _CallRemover(cst.CSTTransformer):
    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_SimpleStatementLine(self, original_node, updated_node):
        call = m.Call(m.Name(value=m.MatchIfTrue(lambda name: name in self.names)))
        is_call = m.matches(updated_node, m.SimpleStatementLine([m.Expr(call)]))
        return cst.RemoveFromParent() if is_call else updated_node


def calls_of(name, nodes):
    """All calls of a function. None if it is also used in another way, such as passed on."""
    users = [node for node in nodes if name in count_names(node)]
    calls = [call for node in users for call in _calls_in(node)[name]]
    mentions = sum(count_names(node)[name] for node in users)
    return calls if mentions == len(calls) + 1 else None  # one is the name of the function itself


@functools.lru_cache(maxsize=10_000)  # nodes never change
def _calls_in(node):
    """The calls in some code, as a dict of the name of a function to its calls."""
    calls = collections.defaultdict(list)
    for call in m.findall(node, m.Call(m.Name())):
        calls[call.func.value].append(call)
    return calls


def parameters_of(function):
    """The parameters of a function in order, as nodes."""
    return [*function.params.params, *function.params.kwonly_params]


def _constant_arguments(part, nodes):
    """A dict of parameters to the constant that they have in every call."""
    function, calls = part.node, calls_of(part.flat, nodes)
    if not calls or isinstance(function.params.star_arg, cst.Param) or function.params.star_kwarg:
        return {}
    if any(arg.star for call in calls for arg in call.args):
        return {}
    assigned = bound_names(function.body)
    read = count_names(function.body)
    constants, num_by_position = {}, len(function.params.params)
    for i, parameter in enumerate(parameters_of(function)):
        name = parameter.name.value
        if name not in read:
            constants[name] = literal(None)
            continue
        nodes = [_argument(call, i if i < num_by_position else None, parameter) for call in calls]
        values = [UNKNOWN if node is None else value_of(node) for node in nodes]
        same = all(type(value) is type(values[0]) and value == values[0] for value in values)
        if same and UNKNOWN not in values and name not in assigned:
            constants[name] = nodes[0]
    return constants


def _argument(call, position, parameter):
    """The value of a parameter in a call, as a node. None if it has none."""
    for arg in call.args:
        if arg.keyword and arg.keyword.value == parameter.name.value:
            return arg.value
    by_position = [arg.value for arg in call.args if not arg.keyword]
    if position is not None and position < len(by_position):
        return by_position[position]
    return parameter.default


def _without_parameters(function, names):
    def keep(parameters):
        kept = [one for one in parameters if one.name.value not in names]
        return [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in kept]

    params = function.params
    kwonly = keep(params.kwonly_params)
    star = params.star_arg if kwonly else cst.MaybeSentinel.DEFAULT
    return function.with_changes(
        params=params.with_changes(params=keep(params.params), kwonly_params=kwonly, star_arg=star)
    )


class _ArgumentRemover(cst.CSTTransformer):
    """Removes arguments from all calls of a function."""

    def __init__(self, function, parameters, names):
        super().__init__()
        self.function, self.parameters, self.names = function, parameters, names

    def leave_Call(self, original_node, updated_node):
        if not m.matches(original_node.func, m.Name(self.function)):
            return updated_node
        kept, position = [], 0
        for arg in updated_node.args:
            if arg.keyword or arg.star:
                name = arg.keyword and arg.keyword.value
            else:
                name, position = self.parameters[position], position + 1
            if name not in self.names:
                kept.append(arg)
        return updated_node.with_changes(args=without_last_comma(kept))


def inline(program):
    """Writes the body of a function in place of its only call, if this is a statement of `main`."""
    for key, part in list(program.parts.items()):
        calls = calls_of(part.flat, program.nodes())
        is_own = part.module == program.module or part.name == "build_model"
        if is_own and isinstance(part.node, cst.FunctionDef) and calls and len(calls) == 1:
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
    function = part.node
    *body, last = [one for one in function.body.body if not is_docstring(one)]
    has_result = m.matches(last, m.SimpleStatementLine([m.Return(value=m.DoNotCare())]))
    outside = [one for one in function.body.body if not isinstance(one, cst.FunctionDef)]
    exits = [found for one in outside for found in m.findall(one, m.Return() | m.Yield())]
    if not places or len(exits) != has_result:
        return None
    place = places[0]
    statement = statements[place].body[0]
    target = statement.targets[0].target if isinstance(statement, cst.Assign) else None
    if any(arg.star for arg in statement.value.args) or (target is None and has_result):
        return None
    values = {
        one.name.value: _argument(statement.value, i, one)
        for i, one in enumerate(parameters_of(function))
    }
    assigned = bound_names(function.body, inside=False)
    direct = {
        name: value
        for name, value in values.items()
        if name not in assigned and (value_of(value) is not UNKNOWN or code(value).isupper())
    }
    given = {name: code(value) for name, value in values.items() if name not in direct}
    given = {name: value for name, value in given.items() if name != value}
    returned = last.body[0].value if has_result else None
    kept = names_in(target) if target and returned and code(target) == code(returned) else set()
    in_main = {name for one in statements for name in bound_names(one, inside=False)}
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
