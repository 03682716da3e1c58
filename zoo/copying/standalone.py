"""Writes a recipe as one file that does not need the zoo."""

import dataclasses
import functools
import importlib.util
import subprocess
import sys
import unittest.mock

import libcst as cst
import libcst.matchers as m

import zoo
from zoo.copying.folding import literal
from zoo.copying.program import Program, code
from zoo.copying.sources import parse, statement_of

END_TOKEN, START_TOKEN = "3", "2"  # of the models that generate


class _Rehearsed(Exception):
    """Ends a rehearsal before the training."""


def rehearse(recipe, config):
    """Runs a recipe up to the training, to learn its settings and its models.

    Args:
        recipe: the module of the recipe.
        config: its `Config`.

    Returns:
        The config with the settings that fit the data; the calls of loaders, a list of tuples (name of
        the loader, arguments by name, result); and the calls of `zoo.build`, a list of dicts.
    """
    configs, loads, builds = [config], [], []

    def record(function, calls):
        def call(*args, **kwargs):
            result = function(*args, **kwargs)
            calls.append((args, kwargs, result))
            return result

        return call

    def stop(*args, **kwargs):
        raise _Rehearsed

    chosen = []
    with (
        unittest.mock.patch.object(zoo.recipe, "choose", record(zoo.recipe.choose, chosen)),
        unittest.mock.patch.object(zoo, "build", record(zoo.build, builds)),
        unittest.mock.patch.object(zoo.training, "check_model", stop),
    ):
        try:
            recipe.main(config)
        except _Rehearsed:
            pass
    if chosen:
        config = chosen[-1][2]
    return config, loads, builds


def standalone(name, flags):
    """Writes a recipe as one file.

    Args:
        name: the name of the recipe.
        flags: a dict of fields of its `Config` to their values.

    Returns:
        str, the source.
    """
    from zoo.copying.recipes import find_recipes

    path = find_recipes()[name]
    spec = importlib.util.spec_from_file_location(name, path)
    recipe = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    config, loads, builds = rehearse(recipe, recipe.Config(**flags))

    attributes, constants = {}, {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        attributes[f"config.{field.name}"] = literal(value)
        if type(value) in (int, float) or (
            isinstance(value, str) and value and not field.metadata["choices"]
        ):
            attributes[f"config.{field.name}"] = cst.Name(field.name.upper())
            constants[field.name.upper()] = value, field.metadata["help"]
    attributes["config.output"] = literal("output")
    main = statement_of(parse(path), "main").with_changes(decorators=[])
    calls = {
        ("zoo.tasks.output", "check_output"): lambda call: [],
        ("zoo.training", "check_model"): lambda call: [],
        ("zoo.recipe", "choose"): lambda call: [],
        ("dataclasses", "replace"): lambda call: [],
        ("zoo.training", "cells_of"): lambda call: literal(config.cell),
        ("zoo.training", "output_shape"): lambda call: cst.parse_expression("model.output_shape"),
        ("zoo.training", "RaiseOnNaN"): lambda call: cst.parse_expression(
            "keras.callbacks.TerminateOnNaN()"
        ),
        **{
            ("zoo.datasets." + mod, "load_" + n): lambda call: cst.parse_expression("READ()")
            for n, mod in dict(
                texts="texts",
                many_series="series",
                tagged="tagged",
                pairs="pairs",
                corpus="corpus",
                pronunciations="pronunciations",
                images="images",
                captions="captions",
                music="music",
            ).items()
        },
        ("zoo.registry", "build"): lambda call: call.with_changes(func=cst.Name("build_model")),
        ("", "isinstance"): lambda call: (
            literal(config.head == "crf") if code(call.args[1].value).endswith("CRFTagger") else call
        ),
        ("zoo.recipe", "save"): functools.partial(write_saving, name),
        ("", "generate"): write_generate,
        ("", "with_states"): lambda call: call_to("with_states", [cst.Arg(call.func.value)]),
    }
    program = Program(attributes, calls)
    main = program.finish(name, main)
    used = set().union(*(names_read(node) for node in [main, *program.nodes()]))
    settings = [
        f"{key} = {value!r}  # {help}" for key, (value, help) in constants.items() if key in used
    ]
    source = [*program.imports, "", *settings]
    source += program.code()
    source += [cst.Module(main.body.body).code]
    return run_ruff("\n".join(source))


def call_to(name, args):
    return cst.Call(cst.parse_expression(f"zoo.copying.plain.{name}"), args)


def write_generate(call):
    return call_to("generate", [cst.Arg(call.func.value), *call.args])


def write_saving(name, call):
    """Statements that save the model, its scores and its plots."""
    given = {arg.keyword.value: code(arg.value) for arg in call.args if arg.keyword}
    lines = [f'{code(call.args[1].value)}.save("{name}.keras")']
    metrics = given.get("metrics", "metrics")
    lines += [f'pathlib.Path("{name}.json").write_text(json.dumps({metrics}, indent=2, default=float))']
    if "figures" in given:
        lines += [
            f"for title, figure in {given['figures']}.items():\n    figure.savefig(f'{name}-{{title}}.png')"
        ]
    if "files" in given:
        lines += [
            f"for title, content in {given['files']}.items():\n    pathlib.Path(f'{name}-{{title}}').write_bytes(content)"
        ]
    return [cst.parse_statement(line) for line in lines]


def run_ruff(source):
    """Formats the source, sorts its imports and removes the ones that are not used."""
    import ruff

    program = ruff.find_ruff_bin()
    options = ["--isolated", "--line-length=104", "--quiet", "--stdin-filename=copy.py"]
    check = [program, "check", *options, "--fix", "--select=I,F401", "--exit-zero", "-"]
    source = subprocess.run(check, input=source, capture_output=True, text=True).stdout
    format_ = [program, "format", *options, "-"]
    done = subprocess.run(format_, input=source, capture_output=True, text=True)
    return done.stdout or source + "\n# " + done.stderr


def names_read(node):
    """All names in some code."""
    return {name.value for name in m.findall(node, m.Name())}


if __name__ == "__main__":
    print(standalone(sys.argv[1], {}))
