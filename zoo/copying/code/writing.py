"""Writes a model as a program, or as a function."""

import contextlib
import json
import random
import typing

import keras

import zoo
from zoo import registry
from zoo.copying.code.classes import write_sources
from zoo.copying.code.greedy import write_generate
from zoo.copying.code.imports import Imports
from zoo.copying.code.layout import Group, fits, lines
from zoo.copying.code.objects import Objects
from zoo.copying.code.program import Different, Program
from zoo.copying.code.sizes import Sizes, change
from zoo.decoding import Generator
from zoo.errors import InputError, shown

TAKEN = {"keras", "layers", "ops", "np", "model", "generate"}  # variables may not have these names


class Parts(typing.NamedTuple):
    """The parts of the program that makes a model."""

    imports: Imports
    definitions: list  # str: classes and functions
    constants: dict  # the arguments of zoo.build that the lines use, with their values
    program: Program
    generate: str  # a function, or ""


def code(type_or_model, **config):
    """Writes a model as plain Keras, without the zoo.

    The program makes the same layers in the same order. So
    `model_of_the_program.set_weights(model.get_weights())` works, and with the same seed, both models
    start with the same weights. Only these things are missing: layers that do nothing, such as a
    dropout of 0; checks of bad input; and weights `[batch]` for models with an answer for each step.

    Types that generate also get a function `generate` for greedy decoding. A layer that Keras lacks,
    such as the CRF, is included with its source.

    Args:
        type_or_model: the name of a type, as for `zoo.build`. Or a functional `keras.Model`, which you
            may have changed.
        **config: the arguments of `zoo.build`, if you give a type.

    Returns:
        A str: a program that sets `model`.

    Raises:
        ValueError: see `zoo.build`. Or the model is not functional, or it has a layer that cannot be
            written, or you gave a model with a config.

    Example:

    >>> print(code("many_to_one", cell="gru", vocabulary_size=500, embedding_dim=32, units=32))
    import keras
    from keras import layers, ops
    <BLANKLINE>
    vocabulary_size = 500
    embedding_dim = 32
    units = 32
    <BLANKLINE>
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # [batch, time]
    # x: [batch, time, embedding_dim]
    x = layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True, name="embedding")(tokens)
    mask = ops.not_equal(tokens, 0)  # [batch, time]
    x = layers.GRU(units, name="rnn_0")(x, mask=mask)  # [batch, units]
    outputs = layers.Dense(1, "sigmoid", name="probabilities")(x)  # [batch, 1]
    model = keras.Model(tokens, outputs, name="many_to_one")
    <BLANKLINE>
    """
    is_model = isinstance(type_or_model, keras.Model)
    if is_model and config:
        raise InputError(f"A model takes no other arguments. Received: {shown(config)}")
    with same_seed():
        model = type_or_model if is_model else zoo.build(type_or_model, **config)
        record = registry.build_arguments(model) if is_model else _record(model)
        precision = record["precision"] if record else keras.config.dtype_policy().name
        with registry.dtype_policy(precision):
            parts = write(model, record)
    body = [line for name, value in parts.constants.items() for line in constant(name, value, parts)]
    body += ["", *parts.program.lines, *lines(["model = ", *parts.program.result()])]
    body += set_embeddings(parts.constants)
    if precision != "float32":
        body = [f'keras.config.set_dtype_policy("{precision}")', "", *body]
    return assemble(parts.imports, parts.definitions, body, parts.generate)


@contextlib.contextmanager
def same_seed():
    """Builds models in a `with` block without a change of the random numbers after it."""
    before = random.getstate()  # initializers and dropouts draw their seeds from it
    try:
        yield
    finally:
        random.setstate(before)


def _record(model):
    """The arguments of `zoo.build` that have just made a model. None for a builder of the user."""
    return json.loads(model._zoo_build) if hasattr(model, "_zoo_build") else None


def assemble(imports, definitions, body, generate=""):
    """Joins the parts of a program, with the blank lines that ruff wants."""
    body = "\n".join(body).strip("\n")
    functions = [one for one in (*definitions, body, generate) if one]
    for one in functions:
        imports.add_used(one)
    before = "\n\n" if functions[0].startswith(("def ", "class ", "@")) else "\n"
    return "\n".join(imports.lines()) + "\n" + before + "\n\n\n".join(functions) + "\n"


def constant(name, value, parts):
    """The lines that set an argument of `zoo.build`."""
    if name.endswith("embeddings"):
        rows = name.removesuffix("embeddings") + "vocabulary_size"
        return [f"{name} = np.zeros(({rows}, {value['zeros'][1]}))  # put your pretrained vectors here"]
    statement = [f"{name} = ", *literal(name, value)]
    if name == "forbidden_transitions" and not fits(statement):  # a line for each tag
        rows = [
            [f"{tag}: ", Group("[", [[str(j)] for i, j in value if i == tag], "]")]
            for tag in dict.fromkeys(i for i, _ in value)
        ]
        table = lines(["not_after = ", Group("{", rows, "}")])
        return [*table, f"{name} = [(i, j) for i, tags in not_after.items() for j in tags]"]
    return lines(statement)


def literal(name, value):
    """The expression of an argument of `zoo.build`."""
    if not isinstance(value, list):
        return [repr(value)]
    brackets = "[]" if name == "forbidden_transitions" else "()"
    return [Group(brackets[0], [literal("", one) for one in value], brackets[1])]


def set_embeddings(constants):
    """The lines that give pretrained vectors to the layers of a model."""
    return [
        f'model.get_layer("{name.removesuffix("s")}").set_weights([{name}])'
        for name in constants
        if name.endswith("embeddings")
    ]


def write(model, record, change_model=lambda model: model, indent=0):
    """Writes the parts of the program that makes a model.

    Args:
        model: a functional `keras.Model`.
        record: the arguments of `zoo.build`, as `zoo.registry.build_arguments` returns them, or None.
        change_model: a function that made the model from the one of `zoo.build`.
        indent: number of spaces before each line of the program.

    Returns:
        `Parts`.
    """
    own = {type(layer).__name__: type(layer) for layer in model._flatten_layers()}
    own = {name: one for name, one in own.items() if not one.__module__.startswith("keras.")}
    with keras.saving.custom_object_scope(own):  # also classes that are not registered with Keras
        if record:
            config = record["arguments"]
            changed = change(config)
            with contextlib.suppress(Different, ValueError):  # a builder or cell of the user may refuse
                other = change_model(registry.rebuild(record | {"arguments": changed}))
                return _write(model, other, Sizes(config, changed), config, indent)
        return _write(model, model, Sizes({}, {}), {}, indent)


def _write(model, other, sizes, config, indent):
    objects = Objects(sizes)
    program = Program(model, other, objects, TAKEN | sizes.names(), indent)
    program.result()  # which may need the class of the model
    imports = Imports()
    definitions = [*write_sources(objects.own, imports), *program.functions]
    constants = {name: value for name, value in config.items() if name in sizes.used}
    generate = ""
    if isinstance(model, Generator) and len(model.inputs) <= 2:
        names = [program.variables[x] for x in model.inputs]
        vocabulary = program.comment(model.outputs).rstrip("]").split(", ")[-1]
        generate = write_generate(names, model.start_token, model.end_token, vocabulary)
    return Parts(imports, definitions, constants, program, generate)


def as_function(type_, config, name="build_model", change_model=lambda model: model):
    """Writes a model as a function of its sizes, for a longer program.

    Args:
        type_: the name of a type, as for `zoo.build`.
        config: the arguments of `zoo.build`, a dict.
        name: the name of the function.
        change_model: a function that turns the model of `zoo.build` into another one, such as
            `lambda model: model.with_states()`.

    Returns:
        `(imports, source, generate, arguments)`. The imports are a list of lines. The source has the
        definitions and the function. `generate` is the source of a function, or `""`. The arguments are
        a dict: what to call the function with to get this model. They are arguments of `zoo.build`, and
        all are keywords.

    Raises:
        ValueError: see `zoo.build`.

    Example:

    >>> imports, source, _, arguments = as_function("one_to_one", {"cell": "gru"})
    >>> print(source)
    def build_model(*, input_shape, num_classes, units):
        inputs = keras.Input(input_shape, name="inputs")  # [batch, rows, columns]
        x = layers.Reshape((1, -1))(inputs)  # [batch, 1, rows * columns]
        x = layers.GRU(units, name="rnn_0")(x)  # [batch, units]
        outputs = layers.Dense(num_classes, "softmax", name="probabilities")(x)  # [batch, num_classes]
        return keras.Model(inputs, outputs, name="one_to_one")
    >>> imports, arguments
    (['import keras', 'from keras import layers'],
     {'input_shape': (8, 8), 'num_classes': 10, 'units': 64})
    """
    with same_seed():
        model = zoo.build(type_, **config)
        parts = write(change_model(model), _record(model), change_model, indent=4)
    embeddings = set_embeddings(parts.constants)
    made = ["model = " if embeddings else "return ", *parts.program.result()]
    after = [*embeddings, "return model"] if embeddings else []
    head = lines([f"def {name}", Group("(", [["*"], *([one] for one in parts.constants)], ")"), ":"])
    body = [*head, *parts.program.lines, *lines(made, 4), *(f"    {line}" for line in after)]
    source = "\n\n\n".join([*parts.definitions, "\n".join(body)])
    parts.imports.add_used(source)
    if parts.generate:
        parts.imports.add_used(parts.generate)
    given = {one: config.get(one, _as_tuple(value)) for one, value in parts.constants.items()}
    return parts.imports.lines(), source, parts.generate, given


def _as_tuple(value):
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
