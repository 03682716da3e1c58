"""Writes a recipe as one file that does not need the zoo."""

import ast
import dataclasses
import importlib.util
import re
import sys
import textwrap

import libcst as cst
import libcst.matchers as m

import zoo
from zoo.copying.code import as_function
from zoo.copying.readers import reader_code
from zoo.copying.standalone.calls import drop_arguments, drop_empty, drop_unknown
from zoo.copying.standalone.folding import UNKNOWN, literal, value_of
from zoo.copying.standalone.formatting import WIDTH, clean
from zoo.copying.standalone.inlining import inline, inline_results
from zoo.copying.standalone.linking import Program
from zoo.copying.standalone.rehearsal import rehearse
from zoo.copying.standalone.sources import parse, statement_of
from zoo.copying.standalone.trees import SECTION, code, count_names, merge_headings
from zoo.copying.standalone.unrolling import look_up, unroll
from zoo.copying.standalone.variables import simplify, write_keywords
from zoo.errors import InputError


def write_standalone(name, path, settings):
    """Writes a recipe as one file that does not need the zoo.

    The recipe is run up to its training. Then its settings, the shape of its models and the format of
    its data are known. What this run does not need is left out: branches that it does not take, checks
    of bad input, and arguments that never change.

    Args:
        name: the name of the recipe.
        path: the path of the recipe.
        settings: a dict of fields of its `Config` to values.

    Returns:
        The source, a str. A dict of files that belong to it: name to bytes. And a list of sentences to
        print.

    Raises:
        ValueError: a setting is not allowed, or the data cannot be read.
    """
    recipe = _import(name, path)
    config, is_default = recipe.Config(**settings), not settings
    for key in ("distribute", "output", "precision", "smoke"):
        if getattr(config, key) != getattr(recipe.Config, key):
            raise InputError(
                f"A standalone copy has no --{key}: it runs on one device, in float32 and on all rows, "
                f"and it saves in the current folder. Leave out --{key}."
            )
    readers = {}

    def note_load(loader, arguments, result):
        names = {one: "DATASET" if one == "name" else one.upper() for one in arguments}
        readers[loader] = reader_code(loader, {**arguments, "names": names}, result), names, result

    config, builds = rehearse(recipe, config, note_load)
    ((loader, (reader, names, data)),) = readers.items()
    attributes, constants, helps = _read_settings(config)
    if "name" not in reader.settings:  # it reads this dataset and no other
        attributes["config.dataset"] = literal(config.dataset)
    is_file = f"def {loader}(path" in reader.code
    helps["DATASET"] = "your data; any of this format works" if is_file else "name of the dataset"
    program = Program(attributes, {})
    program.calls = _replaced_calls(name, config, program, loader, reader, data, builds)
    main = statement_of(parse(path), "main").with_changes(decorators=[])
    program.set_main(name, write_keywords(main))
    _shrink(program)
    reads = {names[key]: value for key, value in reader.settings.items()}
    used = set().union(*map(count_names, program.nodes()))
    settings = reads | constants | reads  # what the reader takes comes first, with its own values
    settings = {key: value for key, value in settings.items() if key in used}
    flags = {f"--{key.lower().replace('_', '-')}": key for key in settings}
    sections = re.sub(
        r"--[a-z-]+", lambda m: flags.get(m[0], m[0]), "\n".join(_write_sections(program))
    )
    source = [
        f"# Recipe {name} of rnn-zoo {zoo.__version__}, Apache-2.0. It does not need the zoo.",
        f'"""{_shorten(recipe.__doc__, has_scores=is_default)}"""\n',
        *program.imports,
        "# Settings: change them here.",
        *(_write_setting(key, value, helps.get(key, "")) for key, value in settings.items()),
        "",
        sections,
    ]
    return clean("\n".join(source)), reader.files, [reader.note] * bool(reader.note)


def _import(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{name} needs the package {error.name}: install rnn-zoo with its extra 'recipes'."
        ) from None
    return module


def _shorten(docstring, has_scores):
    """The docstring of a recipe without the paragraphs about flags and about your own data.

    If settings were given, it also says that its scores are those of other settings.
    """
    paragraphs = docstring.rstrip().split("\n\n")
    kept = [one for one in paragraphs[1:] if not re.search(r"--|[Yy]our\s+own", one)]
    for i, one in enumerate(kept):
        if "Expect " in one and not has_scores:
            one = one.replace("Expect ", "With the settings of the recipe, expect ")
            kept[i] = textwrap.fill(one, WIDTH)
    return "\n\n".join([paragraphs[0], *kept]) + "\n"


def _shrink(program):
    """Simplifies a program until nothing changes any more, then gives its parts their names."""
    before = None
    while before is None or [*map(code, program.nodes())] != before:
        before = [*map(code, program.nodes())]
        drop_unknown(program)
        drop_arguments(program)
        look_up(program)
        program.simplify(simplify)
        program.main = unroll(program.main)
        drop_empty(program)
        program.drop_unused()
        inline(program)
        if [*map(code, program.nodes())] == before:
            inline_results(program)
    program.rename()
    program.change(lambda node: node.visit(_GapRemover()))
    statements = merge_headings(program.main.body.body)
    program.main = program.main.with_changes(body=program.main.body.with_changes(body=statements))


class _GapRemover(cst.CSTTransformer):
    """Removes the empty lines below a docstring. There was an import, or a check."""

    def leave_FunctionDef(self, original_node, updated_node):
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock) or not updated_node.get_docstring():
            return updated_node
        text, *rest = body.body
        if rest:
            comments = [line for line in rest[0].leading_lines if line.comment]
            rest[0] = rest[0].with_changes(leading_lines=comments)
        return updated_node.with_changes(body=body.with_changes(body=[text, *rest]))


def _write_sections(program):
    """The sections of main as text. A definition stands in the first section that needs it."""
    sections, written, texts = [[]], set(), []
    for statement in program.main.body.body:
        if any(m.matches(line, SECTION) for line in statement.leading_lines):
            sections.append([])
        sections[-1].append(statement)
    for section in filter(None, sections):
        lines = section[0].leading_lines
        headings = [line.comment.value for line in lines if m.matches(line, SECTION)]
        rest = [line for line in lines if not m.matches(line, SECTION)]
        section[0] = section[0].with_changes(leading_lines=rest)
        parts = _needed(section, program, written)
        definitions = dict.fromkeys(code(part.node).strip("\n") for part in parts)
        texts += [*headings[-1:], *definitions, cst.Module(section).code.strip("\n") + "\n"]
    return texts


def _needed(section, program, written):
    """The parts that a section uses and that are not written yet, in the order to write them."""
    used, todo = set(), [*section]
    while todo:
        names = count_names(todo.pop())
        for part in program.parts.values():
            if part.flat in names and part.flat not in used | written:
                used.add(part.flat)
                todo.append(part.node)
    written |= used
    return [part for part in program.parts.values() if part.flat in used]


def _read_settings(config):
    """The values of a config: a dict for `fold`, a dict of constants, and a dict of their help."""
    attributes, constants, helps = {}, {}, {}
    for field in dataclasses.fields(config):
        value, key = getattr(config, field.name), field.name.upper()
        helps[key] = re.sub(r"[;,] ([^;,]*--|'' ).*", "", field.metadata["help"])  # what is gone
        is_open = type(value) in (int, float) or (isinstance(value, str) and value != "")
        if is_open and not field.metadata.get("choices") and field.name != "cell":
            attributes[f"config.{field.name}"] = cst.Name(key)
            constants[key] = value
        else:
            attributes[f"config.{field.name}"] = literal(value)
    attributes["config.output"] = literal("output")  # a copy always saves
    return attributes, constants, helps


def _write_setting(key, value, help):
    """A constant, with its help behind it or, if that is too long, above it."""
    line, comment = f"{key} = {value!r}", f"# {help}" if help else ""
    fits = len(line) + 2 + len(comment) <= WIDTH
    return f"{line}  {comment}" if fits else f"{comment}\n{line}"


def _replaced_calls(name, config, program, loader, reader, data, builds):
    """What a copy does in place of some calls, see `Program`."""

    def write(text):
        return lambda call: cst.parse_expression(text)

    def read(call):
        return program.add_code("reader", reader.code, reader.call)

    def call_plain(function):
        plain = f"zoo.copying.standalone.searching.{function}"
        return lambda call: cst.Call(
            cst.parse_expression(plain), [cst.Arg(call.func.value), *call.args]
        )

    return {
        ("zoo.recipe", "choose"): lambda call: [],
        (getattr(zoo.datasets, loader).__module__, loader): read,
        ("zoo.registry", "build"): lambda call: _write_build(call, program, builds),
        ("zoo.training", "cells_of"): write(repr(zoo.training.cells_of(builds[0]["model"]))),
        ("zoo.metrics", "has_long_references"): lambda call: _has_long_references(call, data),
        ("zoo.training", "AddScore"): _write_score,
        ("zoo.training", "output_shape"): write("model.output_shape"),
        ("zoo.training", "RaiseOnNaN"): write("keras.callbacks.TerminateOnNaN()"),
        ("", "generate"): call_plain("generate"),
        ("", "with_states"): call_plain("with_states"),
        ("", "isinstance"): lambda call: _is_crf(call, config),
        ("zoo.recipe", "save"): lambda call: _write_saving(name, call),
    }


def _write_build(call, program, builds):
    """A call of a function that makes the model of `zoo.build`."""
    type_, *args = call.args
    type_ = ast.literal_eval(code(type_.value))
    arguments = next((one["arguments"] for one in builds if one["name"] == type_), {})
    fixed = {arg.keyword.value: value_of(arg.value) for arg in args if arg.keyword}
    arguments = arguments | {key: value for key, value in fixed.items() if value is not UNKNOWN}
    number = sum(part.name.startswith("build_") for part in program.parts.values())
    name = "build_model" if not number else f"build_model_{number + 1}"
    imports, source, _, values = as_function(type_, arguments, name)
    head = re.compile(rf"^def {name}\(.*?\):\n", re.DOTALL | re.MULTILINE)  # after layers of its own
    source = head.sub(r'\g<0>    """The network, layer by layer."""\n', source)
    function = program.add_code(name, "\n".join([*imports, source]), name)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    given = {code(arg.keyword) for arg in args if arg.keyword}
    has_more = any(arg.star for arg in args)  # which are written as keywords later
    more = [] if has_more else [key for key in values if key not in given]
    args = [*args, *(cst.Arg(literal(values[key]), cst.Name(key), equal) for key in more)]
    return cst.Call(function, args)


def _write_score(call):
    """A callback that adds a score to the results of an epoch."""
    name, score = ast.literal_eval(code(call.args[0].value)), code(call.args[1].value)
    update = f"lambda epoch, logs: logs.update({name}={score}())"
    return cst.parse_expression(f"keras.callbacks.LambdaCallback(on_epoch_end={update})")


def _has_long_references(call, data):
    """True if this is known of the references of both splits that are scored."""
    is_known = all(zoo.metrics.has_long_references(data[split][1]) for split in ("validation", "test"))
    return cst.Name("True") if is_known else call


def _is_crf(call, config):
    is_asked = code(call.args[1].value) == "zoo.layers.CRFTagger"
    return literal(config.head == "crf") if is_asked else call


def _write_saving(name, call):
    """Statements that save the model, its scores, and its plots and files if it has some."""
    given = {arg.keyword.value: code(arg.value) for arg in call.args if arg.keyword}
    lines = [
        f'{code(call.args[1].value)}.save("{name}.keras")',
        f"text = json.dumps({given['metrics']}, indent=2, default=float)",
        f'pathlib.Path("{name}.json").write_text(text)',
    ]
    save = {"figures": "picture.savefig(f'{0}-{{title}}.png')"}
    save["files"] = "pathlib.Path(f'{0}-{{title}}').write_bytes(content)"
    for kind, variable in (("figures", "picture"), ("files", "content")):
        if kind in given:
            loop = f"for title, {variable} in {given[kind]}.items():"
            lines.append(f"{loop}\n    {save[kind].format(name)}")
    return [*map(cst.parse_statement, ["import json", "import pathlib", *lines])]
