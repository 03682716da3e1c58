"""Writes a functional model as statements of plain Keras."""

import collections
import inspect
import re

import keras

from zoo.copying.code.graph import calls_of, order_of_weights, shapes_of, tensors_in
from zoo.copying.code.layout import Group, call, fits, lines, quoted
from zoo.copying.code.variables import Variables, candidates, identifier, is_numbered, roles
from zoo.layers import CRFTagger, StartAndEnd
from zoo.layers.per_step import SequenceModel

DROPOUT = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
MODEL = "functional|sequential|model"  # names that Keras gives to models


class Different(Exception):
    """Two models do not have the same layers."""


class Program:
    """The statements that make a model.

    Args:
        model: a functional `keras.Model`.
        other: the same model with other sizes, or the model itself.
        objects: an `Objects`, which writes the layers.
        taken: names that mean something else.
        indent: number of spaces before each line.

    Attributes:
        lines: list of str.
        functions: list of str, the functions that make the models inside this model.
    """

    def __init__(self, model, other, objects, taken, indent=0):
        self.model, self.objects, self.sizes, self.indent = model, objects, objects.sizes, indent
        self.lines, self.functions, self.taken = [], [], taken
        calls, others = calls_of(model), calls_of(other)
        if [type(one.operation) for one in calls] != [type(one.operation) for one in others]:
            raise Different
        axes = [{name: pair[i] for name, pair in self.sizes.axes.items()} for i in (0, 1)]
        shapes, other_shapes = shapes_of(model, calls, axes[0]), shapes_of(other, others, axes[1])
        tensors = [*model.inputs, *(x for one in calls for x in one.outputs)]
        other_tensors = [*other.inputs, *(x for one in others for x in one.outputs)]
        self.shapes = {
            id(x): (shapes[id(x)], other_shapes[id(y)])
            for x, y in zip(tensors, other_tensors, strict=True)
        }
        # A layer that does nothing is left out, if that does not change the order of the weights.
        self.same_as = {}
        order = order_of_weights(calls, model.outputs, {})
        for one in calls:
            layer = one.operation
            if isinstance(layer, StartAndEnd) or (type(layer) in DROPOUT and layer.rate == 0):
                same_as = self.same_as | {id(one.outputs[0]): self.resolve(one.args[0])}
                if order_of_weights(calls, model.outputs, same_as) == order:
                    self.same_as = same_as
        self.calls = [
            (one, its_other)
            for one, its_other in zip(calls, others, strict=True)
            if id(one.outputs[0]) not in self.same_as
        ]
        self.results = {id(self.resolve(x)) for x in model.outputs}
        self.find_readers()
        self.expressions, self.shared = {}, {}
        self.write()

    def resolve(self, x):
        """The tensor in the program that has the value of a tensor of the model."""
        return self.same_as.get(id(x), x)

    def find_readers(self):
        """Finds the calls that read each tensor, and the operations that can stand inside of others."""
        self.readers = collections.defaultdict(list)
        for i, (one, _) in enumerate(self.calls):
            for x in tensors_in((one.args, one.kwargs)):
                self.readers[id(self.resolve(x))].append(i)
        is_operation = [not isinstance(one.operation, keras.layers.Layer) for one, _ in self.calls]
        statement = list(range(len(self.calls)))  # the statement that each call is in
        self.is_inside = [False] * len(self.calls)
        for i, (one, _) in reversed(list(enumerate(self.calls))):
            readers = self.readers[id(one.outputs[0])]
            is_read_once = (
                len(one.outputs) == len(readers) == 1 and id(one.outputs[0]) not in self.results
            )
            if is_operation[i] and is_read_once and is_operation[readers[0]]:
                statement[i], self.is_inside[i] = statement[readers[0]], True
        last_use = {key: max(statement[i] for i in some) for key, some in self.readers.items() if some}
        last_use |= {id(x): len(self.calls) for x in self.model.inputs} | dict.fromkeys(
            self.results, len(self.calls)
        )
        self.variables = Variables(last_use, self.taken)

    def write(self):
        inputs = {id(x): x for x in self.model.inputs}
        for x in self.model.inputs:
            self.variables.name(x, self.input_names(x), -1)
        for one, other in self.calls:  # first, as in a program that passes an encoder to zoo.build
            model, its_other = (getattr(x.operation, "layer", x.operation) for x in (one, other))
            if isinstance(model, keras.Model) and id(model) not in self.shared:
                name = self.write_function(model, its_other)
                self.define(model, name, [f"build_{name}()"])
        times = collections.Counter(id(one.operation) for one, _ in self.calls)
        for i, (one, other) in enumerate(self.calls):
            for x in map(self.resolve, tensors_in((one.args, one.kwargs))):
                if inputs.pop(id(x), None) is not None:
                    self.write_input(x)
            if isinstance(one.operation, keras.layers.Layer):
                self.write_layer(i, one, other, is_shared=times[id(one.operation)] > 1)
                continue
            expression = self.objects.operation(one, other, self.expression)
            if self.is_inside[i]:
                self.expressions[id(one.outputs[0])] = expression
            else:
                self.add(self.targets(i, one.outputs), expression, self.comment(one.outputs))
        for x in inputs.values():  # which nothing reads
            self.write_input(x)

    def input_names(self, x):
        name = x._keras_history.operation.name
        if not is_automatic(name, "input_layer"):
            return [identifier(name)]
        return self.roles_of(x)[:1] or ["inputs"]

    def write_input(self, x):
        shape, other_shape = x.shape, self.shapes[id(x)][1]
        start = 1 if shape[0] is None else 0
        sizes = [
            ["None"] if one is None else self.objects.value(one, other)
            for one, other in zip(shape, other_shape, strict=True)
        ][start:]
        whole = self.sizes.text(list(shape[start:]), list(other_shape[start:]))
        arguments = [("" if start else "batch_shape", [whole] if whole else [Group("(", sizes, ")")])]
        if x.dtype != keras.config.floatx():
            arguments.append(("dtype", [quoted(x.dtype)]))
        name = x._keras_history.operation.name
        if not is_automatic(name, "input_layer"):
            arguments.append(("name", [quoted(name)]))
        if self.lines and "= keras.Input(" not in self.lines[-1]:
            self.lines.append("")
        self.add([self.variables[x]], call(["keras.Input"], arguments), self.comment([x]))

    def write_layer(self, i, one, other, is_shared):
        layer, outputs = one.operation, one.outputs
        is_used = [bool(self.readers[id(x)]) or id(x) in self.results for x in outputs]
        name, made_with = "", []
        if id(layer) in self.shared:
            maker = [self.shared[id(layer)]]
        else:
            changes = {}
            if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional) and not is_shared:
                changes |= {} if any(is_used[1:]) else {"return_state": False}
                changes |= {} if is_used[0] else {"return_sequences": False}
            outputs = outputs[:1] if "return_state" in changes else outputs
            # Beside conv2d_1, the name conv2d is a choice of Keras too, and would be there twice.
            numbered = re.compile(rf"{re.escape(layer.name)}_\d+")
            is_first = any(numbered.fullmatch(x.name) and is_numbered(x) for x in self.model.layers)
            keep_name = bool(layer.weights) or layer.name == "attention"
            keep_name = keep_name and not is_numbered(layer) and not is_first
            inner = self.shared.get(id(getattr(layer, "layer", None)))
            if inner:  # a model that was defined before, in a layer that applies it to each frame
                changes["layer"] = keras.saving.serialize_keras_object(keras.layers.Identity())
            name, made_with = self.objects.layer(layer, other.operation, keep_name, changes)
            made_with = [("", [inner]), *made_with[1:]] if inner else made_with
            maker = call([name], made_with)
        arguments = [("", self.expression(*pair)) for pair in zip(one.args, other.args, strict=True)]
        arguments += [
            (name, self.expression(value, other.kwargs[name]))
            for name, value in one.kwargs.items()
            if value is not None and not (name == "training" and not value)
        ]
        targets = self.targets(i, outputs)
        if is_shared and id(layer) not in self.shared:
            maker = self.define(layer, identifier(re.sub(r"_\d+$", "", layer.name)), maker)
        if not fits([", ".join(targets), " = ", *call(maker, arguments)], self.indent):
            for k, (keyword, value) in enumerate(made_with):
                if keyword.endswith("_initializer") and len(value) > 1:
                    variable = self.variables.name(value, ["init"], i)
                    self.add([variable], value)
                    parameters = list(inspect.signature(type(layer)).parameters)
                    is_next = not any(word for word, _ in made_with[:k]) and parameters[k] == keyword
                    made_with[k] = ("" if is_next else keyword, [variable])
            maker = call([name], made_with) if made_with else maker
        comment = self.comment(outputs)
        if type(layer) in DROPOUT and layer.rate == 0:
            comment += ", drops nothing, but keeps the order of the weights"
        self.add(targets, call(maker, arguments), comment)

    def define(self, layer, name, maker):
        """Makes a variable for a layer. Returns its name, as an expression."""
        self.shared[id(layer)] = self.variables.name(layer, [name], -1)
        self.variables.last_use[id(layer)] = len(self.calls)
        self.add([self.shared[id(layer)]], maker)
        return [self.shared[id(layer)]]

    def write_function(self, model, other):
        """Writes the function that makes a model inside this model. Returns the name of the model."""
        name = "encoder" if is_automatic(model.name, MODEL) else identifier(model.name)
        inner = Program(model, other, self.objects, self.taken, indent=4)
        made = lines(["return ", *inner.result()], 4)
        self.functions += [*inner.functions, "\n".join([f"def build_{name}():", *inner.lines, *made])]
        return name

    def add(self, targets, expression, comment=""):
        """Adds the statement `targets = expression  # comment`."""
        statement = [", ".join(targets), " = ", *expression]
        if (
            comment
            and fits(statement, self.indent)
            and not fits(statement, self.indent, f"  # {comment}")
        ):
            self.lines.append(
                " " * self.indent + f"# {', '.join(t for t in targets if t != '_')}: {comment}"
            )
            comment = ""
        self.lines += lines(statement, self.indent, f"  # {comment}" if comment else "")

    def targets(self, i, outputs):
        """The variables that a call sets."""
        return [
            self.variables.name(x, self.names(i, k, x), i)
            if self.readers[id(x)] or id(x) in self.results
            else "_"
            for k, x in enumerate(outputs)
        ]

    def names(self, i, k, x):
        one = self.calls[i][0]
        if x is self.resolve(self.model.outputs[0]):
            return ["outputs"]
        read = {id(self.resolve(y)) for y in tensors_in((one.args, one.kwargs))}
        inputs = [self.variables[y] for y in self.model.inputs if id(y) in read]
        return candidates(one, k, x, inputs, self.roles_of(x))

    def roles_of(self, x):
        """What the calls that read a tensor take it for."""
        found = [roles(self.calls[i][0], self.resolve).get(id(x)) for i in self.readers[id(x)]]
        return [role for role in found if role]

    def comment(self, outputs):
        """The shapes of the outputs of a call."""
        read = [self.readers[id(x)] or id(x) in self.results for x in outputs]
        shown = [
            self.sizes.comment(*self.shapes[id(x)])
            for x, is_read in zip(outputs, read, strict=True)
            if is_read
        ]
        return ", ".join(dict.fromkeys(shown))

    def expression(self, one, other):
        """The expression of an argument. Tensors become variables."""
        if isinstance(one, keras.KerasTensor):
            x = self.resolve(one)
            return self.expressions.get(id(x)) or [self.variables[x]]
        if isinstance(one, list | tuple):
            items = [self.expression(*pair) for pair in zip(one, other, strict=True)]
            brackets = "[]" if isinstance(one, list) or tensors_in(one) else "()"
            return [Group(brackets[0], items, brackets[1])]
        if isinstance(one, dict):
            items = [[quoted(key), ": ", *self.expression(one[key], other[key])] for key in one]
            return [Group("{", items, "}")]
        return self.objects.value(one, other)

    def result(self):
        """The expression that makes the model from its inputs and outputs."""
        ends = self.model.inputs, self.model.outputs
        ends = [x[0] if len(x) == 1 else x for x in ends]
        if not isinstance(self.model, keras.Sequential):
            ends = self.model.input, self.model.output  # which may be a dict
        arguments = [("", self.expression(x, x)) for x in ends]
        if not is_automatic(self.model.name, MODEL):
            arguments.append(("name", [quoted(self.model.name)]))
        its_class = type(self.model)
        # The others only add checks, and weights of whole sequences.
        is_plain = issubclass(its_class, SequenceModel) and not issubclass(its_class, CRFTagger)
        if is_plain or its_class.__module__.split(".")[0] == "keras":
            return call(["keras.Model"], arguments)
        self.objects.own[its_class.__name__] = its_class
        return call([its_class.__name__], arguments)


def is_automatic(name, pattern):
    """Whether Keras has chosen the name of an input, a layer or a model."""
    return bool(re.fullmatch(rf"({pattern})(_\d+)?", name))
