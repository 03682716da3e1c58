"""Writes a recipe as one file that does not need the zoo."""

import dataclasses
import importlib.util
import re
import subprocess
import sys

import libcst as cst
import libcst.matchers as m

import zoo
from zoo.copying.standalone.calls import drop_arguments, drop_empty, inline
from zoo.copying.standalone.folding import literal
from zoo.copying.standalone.linking import Program
from zoo.copying.standalone.rehearsal import rehearse
from zoo.copying.standalone.sources import parse, statement_of
from zoo.copying.standalone.trees import SECTION, code, count_names, merge_headings
from zoo.copying.standalone.variables import simplify


def standalone(name, settings):
    """Writes a recipe as one file.

    Args:
        name: the name of the recipe.
        settings: a dict of fields of its `Config` to values.

    Returns:
        str, the source.
    """
    from zoo.copying.recipes import find_recipes

    path = find_recipes()[name]
    spec = importlib.util.spec_from_file_location(name, path)
    recipe = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    config, loads, builds = rehearse(recipe, recipe.Config(**settings))

    attributes, constants = read_settings(config)
    main = statement_of(parse(path), "main").with_changes(decorators=[])
    program = Program(attributes, replaced_calls(name, config))
    program.set_main(name, main)
    shrink(program)
    program.main = program.main.with_changes(
        body=program.main.body.with_changes(body=merge_headings(program.main.body.body))
    )
    used = set().union(*map(count_names, program.nodes()))
    lines = [f"{key} = {value!r}  # {help}" for key, (value, help) in constants.items() if key in used]
    source = [*program.imports, "# Settings: change them here.", *lines, *write_sections(program)]
    return run_ruff("\n".join(source))


def shrink(program):
    """Simplifies a program until nothing changes any more, then gives its parts their names."""
    before = None
    while before is None or [*map(code, program.nodes())] != before:
        before = [*map(code, program.nodes())]
        drop_arguments(program)
        program.change(simplify)
        drop_empty(program)
        program.drop_unused()
        inline(program)
    program.rename()


def write_sections(program):
    """The sections of main, each after the definitions that it is the first to need."""
    written, texts = set(), []
    sections = [[]]
    for statement in program.main.body.body:
        if any(m.matches(line, SECTION) for line in statement.leading_lines):
            sections.append([])
        sections[-1].append(statement)
    for section in filter(None, sections):
        first = section[0]
        heading = [line for line in first.leading_lines if m.matches(line, SECTION)]
        rest = [line for line in first.leading_lines if not m.matches(line, SECTION)]
        section = [first.with_changes(leading_lines=rest), *section[1:]]
        parts = needed(section, program, written)
        definitions = [*dict.fromkeys(code(part.node).strip("\n") for part in parts)]
        texts += [code(line).strip() for line in heading]
        texts += definitions
        texts += [cst.Module(section).code + "\n"]
    return texts


def needed(section, program, written):
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


def read_settings(config):
    """The values of a config: which are known, and which become constants."""
    attributes, constants = {}, {}
    for field in dataclasses.fields(config):
        value, key = getattr(config, field.name), field.name.upper()
        is_choice = not value or isinstance(value, bool) or field.metadata.get("choices")
        is_number = type(value) in (int, float)
        attributes[f"config.{field.name}"] = cst.Name(key) if is_number or not is_choice else literal(value)
        if is_number or not is_choice:
            constants[key] = value, field.metadata["help"]
    attributes["config.output"] = literal("output")  # a copy always saves
    return attributes, constants


def replaced_calls(name, config):
    """What a copy does in place of some calls, see `Program`."""
    gone = [("zoo.recipe", "choose"), ("dataclasses", "replace")]
    loaders = {
        "texts": "load_texts",
        "series": "load_many_series",
        "tagged": "load_tagged",
        "pairs": "load_pairs",
        "corpus": "load_corpus",
        "pronunciations": "load_pronunciations",
        "images": "load_images",
        "captions": "load_captions",
        "music": "load_music",
    }

    def write(text):
        return lambda call: cst.parse_expression(text)

    return {
        **{key: lambda call: [] for key in gone},
        **{(f"zoo.datasets.{module}", loader): write("READ()") for module, loader in loaders.items()},
        ("zoo.registry", "build"): lambda call: call.with_changes(func=cst.Name("build_model")),
        ("zoo.training", "cells_of"): write(repr(config.cell)),
        ("zoo.training", "output_shape"): write("model.output_shape"),
        ("zoo.training", "RaiseOnNaN"): write("keras.callbacks.TerminateOnNaN()"),
        ("", "generate"): lambda call: _call_plain("generate", [cst.Arg(call.func.value), *call.args]),
        ("", "with_states"): lambda call: _call_plain("with_states", [cst.Arg(call.func.value)]),
        ("", "isinstance"): lambda call: _is_crf(call, config),
        ("zoo.recipe", "save"): lambda call: _write_saving(name, call),
    }


def _is_crf(call, config):
    is_asked = code(call.args[1].value) == "zoo.layers.CRFTagger"
    return literal(config.head == "crf") if is_asked else call


def _call_plain(function, args):
    return cst.Call(cst.parse_expression(f"zoo.copying.standalone.plain.{function}"), args)


def _write_saving(name, call):
    """Statements that save the model, its scores and its plots."""
    given = {arg.keyword.value: code(arg.value) for arg in call.args if arg.keyword}
    lines = [
        f'{code(call.args[1].value)}.save("{name}.keras")',
        f'pathlib.Path("{name}.json").write_text(json.dumps({given["metrics"]}, indent=2, default=float))',
    ]
    if "figures" in given:
        lines.append(
            f"for title, figure in {given['figures']}.items():\n"
            f"    figure.savefig(f'{name}-{{title}}.png')"
        )
    if "files" in given:
        lines.append(
            f"for title, content in {given['files']}.items():\n"
            f"    pathlib.Path(f'{name}-{{title}}').write_bytes(content)"
        )
    return [*map(cst.parse_statement, lines)]


def run_ruff(source):
    """Formats the source, sorts its imports, and removes the ones that are not used."""
    import ruff

    program = ruff.find_ruff_bin()
    options = ["--isolated", "--line-length=104", "--quiet", "--stdin-filename=copy.py", "-"]
    source = re.sub(r"^(# (?:Settings|Data): .*)", r"\n\1", source, flags=re.MULTILINE)
    for words in (["check", "--fix", "--select=I,F401", "--exit-zero"], ["format"]):
        done = subprocess.run([program, *words, *options], input=source, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"ruff: {done.stderr}\n{source}")
        source = done.stdout
    return source


if __name__ == "__main__":
    print(standalone(sys.argv[1], {}))
