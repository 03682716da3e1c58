"""Simplifies functions by the way they are called."""

import collections
import functools

import libcst as cst
import libcst.matchers as m

from zoo.copying.standalone.folding import UNKNOWN, fold, literal, value_of
from zoo.copying.standalone.trees import (
    Nodes,
    bound_names,
    code,
    count_names,
    find_all,
    is_docstring,
    without_last_comma,
)


def functions_of(program):
    """The parts of a program that are functions."""
    return [part for part in program.parts.values() if isinstance(part.node, cst.FunctionDef)]


def drop_arguments(program):
    """Drops arguments that have the same constant value in every call, or that are not read."""
    for part in functions_of(program):
        constants = _constant_arguments(part, program)
        if constants:
            parameters = [one.name.value for one in parameters_of(part.node)]
            part.node = fold(_without_parameters(part.node, constants), names=constants)
            _remove(program, _ArgumentRemover(part.flat, parameters, set(constants)))


def name_options(program):
    """Writes `**options` of a function as arguments, if all of its calls have the same ones."""
    for part in functions_of(program):
        star, calls = part.node.params.star_kwarg, calls_of(part.flat, program.nodes())
        if not star or not calls or any(arg.star for call in calls for arg in call.args):
            continue
        known = {one.name.value for one in parameters_of(part.node)}
        given = [
            [arg.keyword.value for arg in call.args if arg.keyword and arg.keyword.value not in known]
            for call in calls
        ]
        uses = find_all(part.node, m.Arg(m.Name(star.name.value), star="**"))
        if all(set(one) == set(given[0]) for one in given) and uses:
            part.node = part.node.visit(_OptionWriter(star.name.value, given[0]))
            params = part.node.params
            more = [cst.Param(cst.Name(name)) for name in given[0]]
            params = params.with_changes(
                star_kwarg=None,
                star_arg=cst.ParamStar(),
                kwonly_params=[*params.kwonly_params, *more],
            )
            part.node = part.node.with_changes(params=params)


class _OptionWriter(Nodes, cst.CSTTransformer):
    def __init__(self, options, names):
        super().__init__()
        self.options, self.names = options, names

    def leave_Call(self, original_node, updated_node):
        args, equal = [], cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        for arg in updated_node.args:
            is_star = m.matches(arg, m.Arg(m.Name(self.options), star="**"))
            named = [cst.Arg(cst.Name(name), cst.Name(name), equal) for name in self.names]
            args += named if is_star else [arg]
        return updated_node.with_changes(args=without_last_comma(args))


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


class _CallRemover(Nodes, cst.CSTTransformer):
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
    for call in find_all(node, m.Call(m.Name())):
        calls[call.func.value].append(call)
    return calls


def parameters_of(function):
    """The parameters of a function in order, as nodes."""
    return [*function.params.params, *function.params.kwonly_params]


def _constant_arguments(part, program):
    """A dict of parameters to the constant, or the function, that they have in every call."""
    functions = {one.flat for one in functions_of(program)}
    function, calls = part.node, calls_of(part.flat, program.nodes())
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
        nodes = [argument(call, i if i < num_by_position else None, parameter) for call in calls]
        values = [UNKNOWN if node is None else value_of(node) for node in nodes]
        same = all(type(value) is type(values[0]) and value == values[0] for value in values)
        is_known = same and UNKNOWN not in values
        is_function = {code(node) for node in nodes if node is not None} <= functions
        if (is_known or (is_function and len(calls) == 1)) and name not in assigned:
            constants[name] = nodes[0]
    return constants


def argument(call, position, parameter):
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


class _ArgumentRemover(Nodes, cst.CSTTransformer):
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
