"""Writes a recipe as one file that does not need the zoo."""

import dataclasses
import importlib.util
import re
import sys
import textwrap

import libcst as cst
import libcst.matchers as m

import zoo
from zoo.copying.readers import reader_code
from zoo.copying.standalone.calls import drop_arguments, drop_empty, drop_unknown, name_options
from zoo.copying.standalone.folding import literal
from zoo.copying.standalone.formatting import WIDTH, clean
from zoo.copying.standalone.inlining import inline, inline_results
from zoo.copying.standalone.known import known_calls, tokens_of
from zoo.copying.standalone.linking import Program
from zoo.copying.standalone.rehearsal import rehearse
from zoo.copying.standalone.sources import parse, statement_of
from zoo.copying.standalone.trees import SECTION, Nodes, code, count_names, merge_headings
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
        The source, a str. A dict of files that belong to it: name, or folder/name, to bytes. And a list
        of sentences to print.

    Raises:
        ValueError: a setting is not allowed, or the data cannot be read.
    """
    recipe = _import(name, path)
    config, is_default = recipe.Config(**settings), not settings
    has_crf = getattr(config, "head", "crf") == "crf"
    for key in ("distribute", "output", "precision", "resume", "smoke"):
        if getattr(config, key) != getattr(recipe.Config, key):
            raise InputError(
                f"A standalone copy has no --{key}: it runs on one device, in float32, on all rows and "
                f"from the beginning, and it saves in the current folder. Leave out --{key}."
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
    level, backward = tokens_of(config) if hasattr(config, "pretrained") else (None, False)
    if level:
        attributes |= {"tokenizer.level": literal(level), "tokenizer.backward": literal(backward)}
        attributes["config.pretrained"] = literal(bool(config.pretrained))  # the path is a setting
    is_file = f"def {loader}(path" in reader.code
    helps["DATASET"] = "your data; any of this format works" if is_file else "name of the dataset"
    program = Program(attributes, {})
    program.calls = known_calls(name, config, program, loader, reader, data, builds)
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
        f'"""{_shorten(recipe.__doc__, is_default, has_crf)}"""\n',
        *program.imports,
        "# Settings: change them here.",
        *(_write_setting(key, value, helps.get(key, "")) for key, value in settings.items()),
        "",
        sections,
    ]
    files, notes = reader.files, [reader.note] * bool(reader.note)
    models = {getattr(config, key, "") for key in ("pretrained", "pretrained_backward")}
    for model in sorted(models.intersection(zoo.list_presets())):
        folder, card = zoo.tasks.find(model)
        names = ["task.json", *card["sha256"]]
        files = files | {f"{model}/{one}": (folder / one).read_bytes() for one in names}
        notes.append(f"The trained model is in the folder {model} next to the copy.")
    return clean("\n".join(source)), files, notes


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


def _shorten(docstring, has_scores, has_crf):
    """The docstring of a recipe without the paragraphs about flags and about your own data.

    If settings were given, it also says that its scores are those of other settings.
    """
    paragraphs = docstring.rstrip().split("\n\n")
    kept = [one for one in paragraphs[1:] if not re.search(r"--[a-z]|[Yy]our\s+own", one)]
    for i, one in enumerate(kept):
        sentences = re.split(r"(?<=\.)\s+(?=[A-Z])", one)
        without = [sentence for sentence in sentences if has_crf or "CRF" not in sentence]
        if len(without) < len(sentences):
            kept[i] = textwrap.fill(" ".join(without), WIDTH)
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
        name_options(program)
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


class _GapRemover(Nodes, cst.CSTTransformer):
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
