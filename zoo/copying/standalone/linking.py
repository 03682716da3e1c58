"""Collects the functions and constants that some code uses, under names of its own."""

import dataclasses
import re
import textwrap

import libcst as cst

from zoo.copying.standalone import plain
from zoo.copying.standalone.folding import fold
from zoo.copying.standalone.replacing import CallReplacer
from zoo.copying.standalone.sources import origin, resolve
from zoo.copying.standalone.trees import (
    Nodes,
    bound_names,
    code,
    count_names,
    defined_names,
    dotted,
    imported_names,
    is_import,
)

WIDTH = 94  # of a docstring


@dataclasses.dataclass
class Part:
    """A function, class or constant of the copy."""

    module: str  # where it comes from
    name: str  # its name there
    node: cst.CSTNode
    flat: str  # its name in the copy


class Program:
    """A main function, and all that it uses.

    Args:
        attributes: the values of the config, see `zoo.copying.standalone.folding.fold`.
        calls: what to write in place of some calls: a dict of (module, name) to a function. It takes
            the call, and returns an expression, or a list of statements.
    """

    def __init__(self, attributes, calls):
        self.attributes, self.calls = attributes, calls
        self.main, self.module, self.parts, self.imports = None, "", {}, {}

    def set_main(self, module, main):
        """Sets the main function, a node, and adds all that it uses."""
        self.module = module
        self.main = self.link(module, main.with_changes(name=cst.Name("_")))

    def nodes(self):
        """The main function and all parts, as nodes."""
        return [self.main, *(part.node for part in self.parts.values())]

    def change(self, function):
        """Replaces each node by what a function makes of it."""
        self.main = function(self.main)
        for part in self.parts.values():
            part.node = function(part.node)

    def simplify(self, function):
        """Does what `change` does. The function also gets whether a node is from the recipe."""
        self.main = function(self.main, True)
        for part in self.parts.values():
            part.node = function(part.node, part.module == self.module)

    def add(self, module, name, node):
        """Adds a definition and all that it uses. Returns its name."""
        key = (module, name)
        if key not in self.parts:
            flat = f"{name.strip('_')}__{module.replace('.', '_')}"  # until all names are known
            part = self.parts[key] = Part(module, name, node, flat)
            part.node = self.link(module, _shorten(node))
            self.parts[key] = self.parts.pop(key)  # what it uses comes first
        return self.parts[key].flat

    def add_code(self, module, source, expression):
        """Adds the definitions of some source that does not need the zoo.

        Args:
            module: a name for the source, for the case that it shares names with other parts.
            source: imports and definitions.
            expression: what to call, as text.

        Returns:
            The expression with the names of the copy.
        """
        statements = cst.parse_module(source).body
        self.imports |= {code(one).strip(): None for one in statements if is_import(one)}
        definitions = [one for one in statements if not is_import(one)]
        names = {name: f"{name}__{module}" for one in definitions for name in defined_names(one)}
        renamer = _Renamer(names)
        for one in definitions:
            for name in defined_names(one):
                node = one.with_changes(leading_lines=[]).visit(renamer)
                self.parts[module, name] = Part(module, name, node, names[name])
        return cst.parse_expression(expression).visit(renamer)

    def link(self, module, node):
        """Replaces the names of the zoo in some code by their names in the copy, and adds these."""
        node = fold(node, self.attributes).visit(_ImportMover(self.imports))
        node = fold(node.visit(CallReplacer(module, self.calls, self.imports)))
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
            self.imports[code(statement).strip()] = None
            return None
        if (where, what) in plain.REPLACES:
            function = plain.REPLACES[where, what]
            where, what, statement = origin(function.__module__, function.__name__)
        return used, self.add(where, what, statement)

    def drop_unused(self):
        """Drops the parts that nothing uses any more."""
        used, todo = set(), [self.main]
        while todo:
            names = count_names(todo.pop())
            for part in self.parts.values():
                if part.flat in names and part.flat not in used:
                    used.add(part.flat)
                    todo.append(part.node)
        self.parts = {key: part for key, part in self.parts.items() if part.flat in used}

    def rename(self):
        """Gives each part a short name that means nothing else where it is used."""
        names = {}
        for part in self.parts.values():
            users = [node for node in self.nodes() if part.flat in count_names(node)]
            taken = set().union(*map(bound_names, [self.main, *users]), names.values())
            short = part.name.strip("_")
            names[part.flat] = f"{part.module.split('.')[-1]}_{short}" if short in taken else short
        modules = set().union(*map(imported_names, map(cst.parse_statement, self.imports)))
        hidden = bound_names(self.main) & modules  # variables that would hide a module
        self.main = self.main.visit(_Renamer({name: f"{name}_" for name in hidden}))
        self.change(lambda node: node.visit(_Renamer(names)))
        for part in self.parts.values():
            part.flat = names[part.flat]


class _Renamer(Nodes, cst.CSTTransformer):
    def __init__(self, names):
        super().__init__()
        self.names = names

    def leave_Name(self, original_node, updated_node):
        return updated_node.with_changes(value=self.names.get(updated_node.value, updated_node.value))

    def leave_Attribute(self, original_node, updated_node):
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node, updated_node):
        return updated_node.with_changes(keyword=original_node.keyword)


class _ImportMover(Nodes, cst.CSTTransformer):
    """Moves imports from functions to the top."""

    def __init__(self, imports):
        super().__init__()
        self.imports = imports

    def leave_SimpleStatementLine(self, original_node, updated_node):
        if not is_import(updated_node):
            return updated_node
        self.imports[code(updated_node.with_changes(leading_lines=[])).split("  #")[0].strip()] = None
        return cst.RemoveFromParent()


class _Linker(Nodes, cst.CSTTransformer):
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
        target = original_node.target
        if isinstance(target, cst.Tuple):
            elements = [
                one.with_changes(value=self.new_name(one.value))
                if isinstance(one.value, cst.Name)
                else one
                for one in target.elements
            ]
            return updated_node.with_changes(target=target.with_changes(elements=elements))
        if isinstance(target, cst.Name):
            return updated_node.with_changes(target=self.new_name(target))
        return updated_node

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
    """Keeps the first paragraph of each docstring, and removes decorators."""
    if not isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.with_changes(leading_lines=[])
    return node.visit(_Shortener()).with_changes(leading_lines=[], decorators=[])


class _Shortener(Nodes, cst.CSTTransformer):
    def shorten(self, original_node, updated_node):
        text = original_node.get_docstring()
        if not text or not isinstance(updated_node.body, cst.IndentedBlock):
            return updated_node
        words = " ".join(text.split("\n\n")[0].split())
        sentence = re.match(r".*?(?<! al)[.?!](?=\s|$)|.*", words)[0]
        lines = textwrap.wrap(words if len(words) <= WIDTH else sentence, WIDTH)
        quoted = '"""' + "\n    ".join(lines) + ("\n    " if len(lines) > 1 else "") + '"""'
        body = updated_node.body
        return updated_node.with_changes(
            body=body.with_changes(body=[cst.parse_statement(quoted), *body.body[1:]])
        )

    leave_FunctionDef = leave_ClassDef = shorten
