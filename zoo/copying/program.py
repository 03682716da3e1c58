"""Collects the code that a copy of a recipe needs from the zoo."""

import dataclasses
import inspect

import libcst as cst
import libcst.matchers as m

from zoo.copying import plain
from zoo.copying.folding import UNKNOWN, fold, literal, value_of
from zoo.copying.sources import bound_names, dotted, names_in, origin


@dataclasses.dataclass
class Part:
    """A function, class or constant of the copy."""

    module: str  # where it comes from
    name: str  # its name there
    node: cst.CSTNode
    flat: str = ""  # its name in the copy


def call_to(name, *args):
    return cst.Call(cst.Name(name), args)


class Program:
    """What a copy consists of.

    Args:
        attributes: the values of the config, see `zoo.copying.folding.fold`.
        calls: what to write in place of some calls: a dict of (module, name) to a function from the call
            to an expression, or to a list of statements.
    """

    def __init__(self, attributes, calls):
        self.attributes, self.calls = attributes, calls
        self.parts = {}  # (module, name) to Part, what others use first
        self.imports = {}  # the code of an import to None

    def finish(self, module, main):
        """Adds all that the main function uses, and simplifies everything.

        Args:
            module: the name of the module of the main function.
            main: its node.

        Returns:
            The simplified main function.
        """
        main = self.link(module, self.prepare(module, main))
        while True:
            before = [main, *self.nodes()]
            main = self._simplify(main)
            if all(a.deep_equals(b) for a, b in zip(before, [main, *self.nodes()], strict=False)):
                return self._inline(self._rename(main))

    def _inline(self, main):
        """Writes functions that are called once, by a statement of the main function, in its place."""
        for key, part in list(self.parts.items()):
            calls = _calls_of(part.flat, [main, *self.nodes()])
            if not isinstance(part.node, cst.FunctionDef) or calls is None or len(calls) != 1:
                continue
            others = {other.flat for other in self.parts.values()} - {part.flat}
            body = _inlined(main.body.body, part, others)
            if body:
                main = main.with_changes(body=main.body.with_changes(body=body))
                del self.parts[key]
        return main

    def _rename(self, main):
        """Gives each part a short name that means nothing else where it is used."""
        nodes, names = [main, *self.nodes()], {}
        for part in self.parts.values():
            users = [node for node in nodes if m.findall(node, m.Name(part.flat))]
            taken = set().union(*map(bound_names, users), bound_names(main), names.values())
            short = part.name.strip("_")
            if short in taken:
                short = f"{part.module.split('.')[-1]}_{short}"
            names[part.flat] = short
        renamer = _Renamer(names)
        for part in self.parts.values():
            part.node, part.flat = part.node.visit(renamer), names[part.flat]
        return main.visit(renamer)

    def nodes(self):
        return [part.node for part in self.parts.values()]

    def code(self):
        """The definitions as text. A statement that defines several names is there once."""
        return [*dict.fromkeys(cst.Module([]).code_for_node(node).strip() for node in self.nodes())]

    def _simplify(self, main):
        # Arguments that are the same in every call.
        for part in self.parts.values():
            if not isinstance(part.node, cst.FunctionDef):
                continue
            constants = _constant_arguments(part, [main, *self.nodes()])
            if constants:
                order = [parameter.name.value for parameter in _parameters(part.node)[0]]
                remover = _ArgumentRemover(part.flat, order, set(constants))
                part.node = fold(_without_parameters(part.node, constants), names=constants)
                main = main.visit(remover)
                for other in self.parts.values():
                    other.node = other.node.visit(remover)
        main = fold(_without_unused(_fold_locals(_with_keywords(main))))
        for part in self.parts.values():
            part.node = fold(part.node)
            if isinstance(part.node, cst.FunctionDef):
                part.node = _without_unused(_fold_locals(part.node))
        # Functions that do nothing any more.
        empty = {
            part.flat
            for part in self.parts.values()
            if isinstance(part.node, cst.FunctionDef) and _does_nothing(part.node)
        }
        main = main.visit(_CallRemover(empty))
        for part in self.parts.values():
            part.node = part.node.visit(_CallRemover(empty))
        # Parts that nothing uses any more.
        used, todo = set(), [main]
        while todo:
            names = {name.value for name in m.findall(todo.pop(), m.Name())}
            for part in self.parts.values():
                if part.flat in names and part.flat not in used:
                    used.add(part.flat)
                    todo.append(part.node)
        self.parts = {key: part for key, part in self.parts.items() if part.flat in used}
        return main

    def add(self, module, name, node):
        """Adds a definition and all that it uses. Returns its `Part`."""
        key = (module, name)
        if key in self.parts:
            return self.parts[key]
        flat = f"{name.strip('_')}__{module.replace('.', '_')}"  # until all names are known
        part = self.parts[key] = Part(module, name, node, flat)
        node = self.link(module, self.prepare(module, _shorten(node)))
        part.node = node
        del self.parts[key]  # what it uses comes first
        self.parts[key] = part
        return part

    def prepare(self, module, node):
        node = fold(node, self.attributes)
        node = node.visit(_Importer(self))
        return fold(node.visit(_Replacer(module, self.calls)))

    def link(self, module, node):
        """Replaces the names of the zoo in some code by their names in the copy, and adds these."""
        return node.visit(_Linker(self, module))

    def find(self, module, chain):
        """What a chain of names such as `zoo.text.normalize` means in a module.

        Returns:
            The number of names in the chain that it takes, and its name in the copy. Or None if the
            chain is not from the zoo.
        """
        found = resolve(module, chain)
        if not found:
            return None
        used, where, what, statement = found
        if is_import(statement):
            self.imports[cst.Module([statement]).code.strip()] = None
            return None
        if plain.REPLACES.get(what) == where:
            where, what, statement = origin(plain.__name__, what)
        return used, self.add(where, what, statement).flat


class _Renamer(cst.CSTTransformer):
    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_Name(self, original_node, updated_node):
        return updated_node.with_changes(value=self.names.get(updated_node.value, updated_node.value))


def is_import(statement):
    return m.matches(statement, m.SimpleStatementLine([m.Import() | m.ImportFrom()]))


def resolve(module, chain):
    """Finds what a chain of names such as `zoo.text.normalize` means in a module.

    Returns:
        The number of names in the chain that it takes, the name of the module that defines it, its name
        there, and the statement. Or None.
    """
    for i, name in enumerate(chain):
        where, what, statement = origin(module, name)
        if not what:  # a module of the zoo
            module = where
            continue
        return (i + 1, where, what, statement) if statement is not None else None
    return None


class _Importer(cst.CSTTransformer):
    """Moves imports from functions to the top."""

    def __init__(self, program):
        super().__init__()
        self.program = program

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if is_import(updated_node):
            bare = cst.SimpleStatementLine(updated_node.body)
            self.program.imports[cst.Module([bare]).code.strip()] = None
            return cst.RemoveFromParent()
        return updated_node


class _Replacer(cst.CSTTransformer):
    """Writes something else in place of some calls."""

    def __init__(self, module, calls):
        super().__init__()
        self.module, self.calls = module, calls

    def replacement(self, call):
        chain = dotted(call.func)
        if not chain:
            return None
        found = resolve(self.module, chain)
        key = found[1:3] if found and found[0] == len(chain) else ("", chain[-1])
        if key[0].startswith("zoo") and key[1].startswith("check"):  # of bad input
            return lambda call: []
        return self.calls.get(key)

    def leave_Call(self, original_node, updated_node):
        chain = dotted(original_node.func)
        found = chain and resolve(self.module, chain)
        if found and plain.REPLACES.get(found[2]) == found[1]:
            known = inspect.signature(getattr(plain, found[2])).parameters
            has_more = any(one.kind == one.VAR_KEYWORD for one in known.values())
            args = [
                a for a in updated_node.args if has_more or not a.keyword or a.keyword.value in known
            ]
            return updated_node.with_changes(args=_last_without_comma(args))
        write = self.replacement(original_node)
        written = write(updated_node) if write else updated_node
        return written if isinstance(written, cst.BaseExpression) else updated_node

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if m.matches(
            updated_node, m.SimpleStatementLine([m.Expr(m.Call()) | m.Assign(value=m.Call())])
        ):
            write = self.replacement(original_node.body[0].value)
            written = write(updated_node.body[0].value) if write else None
            if isinstance(written, list):
                if not written:
                    return cst.RemoveFromParent()
                first = written[0].with_changes(leading_lines=updated_node.leading_lines)
                return cst.FlattenSentinel([first, *written[1:]])
        return updated_node


class _Linker(cst.CSTTransformer):
    def __init__(self, program, module):
        super().__init__()
        self.program, self.module, self.local = program, module, [set()]

    def visit_FunctionDef(self, node):
        self.local.append(self.local[-1] | bound_names(node))

    def leave_FunctionDef(self, original_node, updated_node):
        self.local.pop()
        return updated_node.with_changes(name=self.new_name(original_node.name))

    def leave_ClassDef(self, original_node, updated_node):
        return updated_node.with_changes(name=self.new_name(original_node.name))

    def leave_AssignTarget(self, original_node, updated_node):
        if not isinstance(original_node.target, cst.Name):
            return updated_node
        return updated_node.with_changes(target=self.new_name(original_node.target))

    def new_name(self, name):
        part = self.program.parts.get((self.module, name.value))
        return cst.Name(part.flat) if part and len(self.local) == 1 else name

    def visit_Lambda(self, node):
        self.local.append(self.local[-1] | bound_names(node))

    def leave_Lambda(self, original_node, updated_node):
        self.local.pop()
        return updated_node

    def visit_Attribute(self, node):
        return not dotted(node)  # the whole chain is treated at once

    def leave_Attribute(self, original_node, updated_node):
        chain = dotted(original_node)
        if not chain:
            return updated_node.with_changes(attr=original_node.attr)
        found = chain[0] not in self.local[-1] and self.program.find(self.module, chain)
        if not found:
            return updated_node
        used, name = found
        expression = cst.Name(name)
        for attribute in chain[used:]:
            expression = cst.Attribute(expression, cst.Name(attribute))
        return expression

    def leave_Name(self, original_node, updated_node):
        if original_node.value in self.local[-1]:
            return updated_node
        found = self.program.find(self.module, [original_node.value])
        return cst.Name(found[1]) if found else updated_node

    def leave_Arg(self, original_node, updated_node):
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node, updated_node):
        return updated_node.with_changes(name=original_node.name)


def _shorten(node):
    """Keeps the first paragraph of each docstring, and removes decorators of the zoo and of Keras."""
    if not isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.with_changes(leading_lines=[])
    node = node.visit(_Shortener())
    return node.with_changes(leading_lines=[cst.EmptyLine(), cst.EmptyLine()], decorators=[])


class _Shortener(cst.CSTTransformer):
    def shorten(self, node):
        text = node.get_docstring()
        if not text or not isinstance(node.body, cst.IndentedBlock):
            return node
        first = " ".join(text.split("\n\n")[0].split())
        line = cst.parse_statement(f'"""{first}"""')
        return node.with_changes(body=node.body.with_changes(body=[line, *node.body.body[1:]]))

    def leave_FunctionDef(self, original_node, updated_node):
        return self.shorten(updated_node)

    def leave_ClassDef(self, original_node, updated_node):
        return self.shorten(updated_node)


def _does_nothing(function):
    """Whether the body of a function is empty but for a docstring."""
    statements = function.body.body
    return all(
        m.matches(
            one, m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString()) | m.Pass()])
        )
        for one in statements
    )


class _CallRemover(cst.CSTTransformer):
    """Removes statements that only call one of some functions."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_SimpleStatementLine(self, original_node, updated_node):
        call = m.Call(m.Name(value=m.MatchIfTrue(lambda name: name in self.names)))
        if m.matches(updated_node, m.SimpleStatementLine([m.Expr(call)])):
            return cst.RemoveFromParent()
        return updated_node


# Arguments that never change.


def _calls_of(name, nodes):
    """All calls of a function. None if it is also used in another way, such as passed on."""
    calls = [call for node in nodes for call in m.findall(node, m.Call(m.Name(name)))]
    is_read = [one for node in nodes for one in m.findall(node, m.Name(name))]
    defined = sum(isinstance(node, cst.FunctionDef) and node.name.value == name for node in nodes)
    return calls if len(is_read) == len(calls) + defined else None


def _parameters(function):
    """The parameters in order, and how many may be given by position."""
    params = function.params
    return [*params.params, *params.kwonly_params], len(params.params)


def _constant_arguments(part, nodes):
    """A dict of the parameters that have the same constant value in every call."""
    function = part.node
    if isinstance(function.params.star_arg, cst.Param) or function.params.star_kwarg:
        return {}
    calls = _calls_of(part.flat, nodes)
    if not calls:
        return {}
    parameters, num_by_position = _parameters(function)
    assigned, read = _assigned(function.body), {one.value for one in m.findall(function.body, m.Name())}
    constants = {}
    for i, parameter in enumerate(parameters):
        if parameter.name.value not in read:
            constants[parameter.name.value] = literal(None)
            continue
        values = []
        for call in calls:
            if any(arg.star for arg in call.args):
                return {}
            given = [
                arg for arg in call.args if arg.keyword and arg.keyword.value == parameter.name.value
            ]
            by_position = [arg for arg in call.args if not arg.keyword]
            if not given and i < min(num_by_position, len(by_position)):
                given = [by_position[i]]
            values.append(given[0].value if given else parameter.default)
        known = [UNKNOWN if node is None else value_of(node) for node in values]
        same = all(type(one) is type(known[0]) and one == known[0] for one in known)
        if UNKNOWN not in known and same and parameter.name.value not in assigned:
            constants[parameter.name.value] = values[0]
    return constants


def _assigned(body):
    """The names that are assigned in a block."""
    targets = [found.target for found in m.findall(body, m.AssignTarget())]
    targets += [found.target for found in m.findall(body, m.AugAssign() | m.NamedExpr() | m.For())]
    return set().union(*map(names_in, targets))


def _without_parameters(function, names):
    def keep(params):
        kept = [param for param in params if param.name.value not in names]
        return [param.with_changes(comma=cst.MaybeSentinel.DEFAULT) for param in kept]

    params = function.params
    kwonly = keep(params.kwonly_params)
    star = params.star_arg if kwonly else cst.MaybeSentinel.DEFAULT
    params = params.with_changes(params=keep(params.params), kwonly_params=kwonly, star_arg=star)
    return function.with_changes(params=params)


class _ArgumentRemover(cst.CSTTransformer):
    """Removes arguments from all calls of a function."""

    def __init__(self, function, order, names):
        super().__init__()
        self.function, self.order, self.names = function, order, names

    def leave_Call(self, original_node, updated_node):
        if not m.matches(original_node.func, m.Name(self.function)):
            return updated_node
        kept, position = [], 0
        for arg in updated_node.args:
            if arg.keyword:
                name = arg.keyword.value
            else:
                name, position = self.order[position], position + 1
            if name not in self.names:
                kept.append(arg)
        return updated_node.with_changes(args=_last_without_comma(kept))


def _last_without_comma(args):
    last = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in args[-1:]]
    return [*args[:-1], *last]


# Functions that are called once.


def _inlined(statements, part, others):
    """The statements with the body of a function in the place of its only call. None if that fails."""
    function = part.node
    body = [one for one in function.body.body if not _is_docstring(one)]
    returns = m.findall(function.body, m.Return())
    last = body[-1] if body else None
    ends = m.matches(last, m.SimpleStatementLine([m.Return()]))
    if (
        not body
        or len(returns) != ends
        or m.findall(function.body, m.Yield() | m.Nonlocal() | m.Global())
    ):
        return None
    call = m.Call(m.Name(part.flat))
    for i, statement in enumerate(statements):
        if not m.matches(statement, m.SimpleStatementLine([m.Expr(call) | m.Assign(value=call)])):
            continue
        before, used = statements[:i], statement.body[0].value
        targets = statement.body[0].targets if isinstance(statement.body[0], cst.Assign) else []
        if len(targets) > 1 or any(arg.star for arg in used.args):
            return None
        result = code(targets[0].target) if targets else ""
        parameters, _ = _parameters(function)
        given = {
            p.name.value: arg for p, arg in zip(parameters, used.args, strict=False) if not arg.keyword
        }
        given |= {arg.keyword.value: arg for arg in used.args if arg.keyword}
        values = {
            p.name.value: given[p.name.value].value if p.name.value in given else p.default
            for p in parameters
        }
        same = {name for name, value in values.items() if code(value) == name}
        direct = {
            name: value
            for name, value in values.items()
            if name not in _assigned(function.body)
            and (value_of(value) is not UNKNOWN or _is_constant(value))
        }
        others = others | {name for one in statements for name in bound_names(one)}
        mine = bound_names(function) - set(values) - (names_in(targets[0].target) if targets else set())
        mine |= set(values) - same - set(direct)
        if mine & others:
            return None
        lines = [
            cst.parse_statement(f"{name} = {code(value)}")
            for name, value in values.items()
            if name not in same and name not in direct
        ]
        lines += [fold(one, names=direct) for one in body]
        if ends:
            returned = code(last.body[0].value)
            lines = lines[:-1] + (
                [cst.parse_statement(f"{result} = {returned}")] if result != returned else []
            )
        above = statement.leading_lines or [cst.EmptyLine(comment=None)]
        lines[0] = lines[0].with_changes(leading_lines=[*above])
        return [*before, *lines, *statements[i + 1 :]]
    return None


def _is_docstring(statement):
    return m.matches(
        statement, m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString())])
    )


def _is_constant(node):
    return isinstance(node, cst.Name) and node.value.isupper()


def code(node):
    """The code of a node as text."""
    return cst.Module([]).code_for_node(node)


# Variables that never change.


def _with_keywords(function):
    """Writes `f(**options)` as `f(a=1)` if `options = {"a": 1}` is the only dict of this name."""
    displays = {}
    for found in m.findall(function.body, m.Assign(targets=[m.AssignTarget(m.Name())], value=m.Dict())):
        displays.setdefault(found.targets[0].target.value, []).append(found.value)
    targets = m.findall(function.body, m.AssignTarget() | m.For() | m.CompFor())
    bound = [name for one in targets for name in names_in(one.target)]

    class Writer(cst.CSTTransformer):
        def leave_Call(self, original_node, updated_node):
            args = []
            for arg in updated_node.args:
                name = arg.value.value if arg.star == "**" and isinstance(arg.value, cst.Name) else ""
                is_only = len(displays.get(name, [])) == bound.count(name) == 1
                if not is_only or not _has_text_keys(displays[name][0]):
                    args.append(arg)
                    continue
                for element in displays[name][0].elements:
                    key = cst.Name(value_of(element.key))
                    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
                    args.append(cst.Arg(element.value, key, equal))
            if args:
                args[-1] = args[-1].with_changes(comma=updated_node.args[-1].comma)
            return updated_node.with_changes(args=args)

    return function.visit(Writer())


def _has_text_keys(display):
    return all(
        isinstance(one, cst.DictElement) and isinstance(value_of(one.key), str)
        for one in display.elements
    )


def _fold_locals(function):
    """Puts constants in the place of variables that are assigned once."""
    counts, values = {}, {}
    for found in m.findall(function.body, m.Assign()):
        for target in found.targets:
            for name in names_in(target.target):
                counts[name] = counts.get(name, 0) + 1
        if len(found.targets) == 1:
            values |= dict(_pairs(found.targets[0].target, found.value))
    others = [
        one.target
        for one in m.findall(function.body, m.AugAssign() | m.For() | m.CompFor() | m.NamedExpr())
    ]
    others += [one.name for one in m.findall(function, m.Param())]
    loose = set().union(*map(names_in, others))
    known = {
        name: value
        for name, value in values.items()
        if counts[name] == 1 and name not in loose and value_of(value) in (None, True, False)
    }
    if not known:
        return function
    function = function.visit(_AssignmentRemover(set(known)))
    return fold(function, names=known)


def _pairs(target, value):
    """The names and values of `a = 1`, or of `a, b = 1, 2`."""
    if isinstance(target, cst.Name):
        return [(target.value, value)]
    if isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        pairs = zip(target.elements, value.elements, strict=False)
        return [
            (one.value.value, other.value) for one, other in pairs if isinstance(one.value, cst.Name)
        ]
    return []


class _AssignmentRemover(cst.CSTTransformer):
    """Removes assignments to some names."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if m.matches(updated_node, m.SimpleStatementLine([m.Assign()])):
            targets = [target.target for target in updated_node.body[0].targets]
            names = set().union(*map(names_in, targets))
            if names and names <= self.names:
                return cst.RemoveFromParent()
            return _without_elements(updated_node, self.names)
        return updated_node


def _without_elements(statement, names):
    """Writes `a = 1` for `a, b = 1, 2` if b is one of the names."""
    assign = statement.body[0]
    target, value = assign.targets[0].target, assign.value
    if len(assign.targets) > 1 or not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return statement
    pairs = [*zip(target.elements, value.elements, strict=True)]
    kept = [
        (a.value, b.value) for a, b in pairs if not names_in(a.value) or not names_in(a.value) <= names
    ]
    if len(kept) == len(pairs):
        return statement
    target, value = kept[0]
    if len(kept) > 1:
        target, value = (
            cst.Tuple([cst.Element(x) for x in side], [], []) for side in zip(*kept, strict=True)
        )
    assign = assign.with_changes(targets=[cst.AssignTarget(target)], value=value)
    return statement.with_changes(body=[assign])


def _without_unused(function):
    """Removes assignments to variables that are never read."""
    read = [name.value for name in m.findall(function.body, m.Name())]
    assigned = [
        name for found in m.findall(function.body, m.AssignTarget()) for name in names_in(found.target)
    ]
    unused = {name for name in assigned if read.count(name) == assigned.count(name) and name != "_"}
    return function.visit(_AssignmentRemover(unused))
