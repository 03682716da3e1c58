"""What a copy does in place of some calls."""

import ast
import re
import sys

import keras
import libcst as cst

import zoo
from zoo.copying.code import as_function
from zoo.copying.standalone.folding import UNKNOWN, literal, value_of
from zoo.copying.standalone.trees import code

MOST_PAIRS = 5e7  # of texts that are compared at once


def known_calls(name, config, program, loader, reader, data, builds):
    """What a copy does in place of some calls, see `Program`.

    Args:
        name: the name of the recipe.
        config: its `Config`.
        program: the `Program`.
        loader: the name of the function that loads the data.
        reader: what the copy has in its place, see `zoo.copying.readers.reader_code`.
        data: what the loader returned.
        builds: the calls of `zoo.build`, see `rehearse`.
    """

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
        ("zoo.text.baselines", "nearest"): lambda call: _nearest(program, call, data),
        ("zoo.tasks.language_model", "start"): lambda call: _write_tokens(call, config),
        ("zoo.tasks.language_model", "open_pretrained"): lambda call: _write_its_tokens(config),
        ("zoo.transferring.weights", "transfer"): lambda call: _write_transfer(call, config),
        ("zoo.training", "cells_of"): write(repr(zoo.training.cells_of(builds[0]["model"]))),
        ("zoo.datasets.image_files", "decode_image"): lambda call: _decode_glyph(call, config),
        ("zoo.metrics", "has_long_references"): lambda call: _has_long_references(call, data),
        ("zoo.resuming", "epochs"): lambda call: cst.Call(cst.Name("range"), [call.args[0]]),
        ("zoo.resuming", "repeatable"): lambda call: call.args[0].value,
        ("zoo.training", "AddScore"): _write_score,
        ("zoo.training", "output_shape"): write("model.output_shape"),
        ("zoo.training", "RaiseOnNaN"): write("keras.callbacks.TerminateOnNaN()"),
        ("", "generate"): call_plain("generate"),
        ("", "with_states"): call_plain("with_states"),
        ("", "isinstance"): lambda call: _known_instance(call, config, builds),
        ("zoo.tasks.language_model", "pick_prompts"): lambda call: _known_prompts(
            name, call, config, data
        ),
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
    update = f"lambda _, logs: logs.update({name}={score}())"
    return cst.parse_expression(f"keras.callbacks.LambdaCallback(on_epoch_end={update})")


def _has_long_references(call, data):
    """True if this is known of the references of both splits that are scored."""
    is_known = all(zoo.metrics.has_long_references(data[split][1]) for split in ("validation", "test"))
    return cst.Name("True") if is_known else call


def tokens_of(config):
    """What a token of the language model is, such as `"word"`, and whether it reads backward.

    Without such a model it is (None, False).
    """
    if hasattr(config, "level"):
        return config.level, config.backward
    if not config.pretrained:
        return None, False
    tokenizer = zoo.tasks.language_model.load_tokenizer(zoo.load(config.pretrained))
    return tokenizer.level, tokenizer.backward


def _write_tokens(call, config):
    """The tokens of a language model. There is no config, and the model to start from is a folder."""
    texts = code(call.args[1].value)
    if config.pretrained:
        plain = "zoo.copying.standalone.plain.load_tokenizer"
        tokens = f"{plain}(PRETRAINED, {config.level!r}, {config.backward})"
    else:
        plain = "zoo.tasks.language_model.learn_tokenizer"
        tokens = f"{plain}({texts}, {config.level!r}, VOCABULARY_SIZE, {config.backward})"
    return cst.parse_expression(f"(None, {tokens}, {bool(config.pretrained)})")


def _write_its_tokens(config):
    """The tokens of the language model that a classifier or a tagger starts from, if there is one."""
    tokens = None
    if config.pretrained:
        level, backward = tokens_of(config)
        tokens = f"zoo.copying.standalone.plain.load_words(PRETRAINED, {level!r}, {backward})"
    return cst.parse_expression(f"(None, {tokens}, {{}})")


def _write_transfer(call, config):
    """The weights come from the folder of the model. A language model also has its tokens."""
    names = config.pretrained, getattr(config, "pretrained_backward", "")
    for layer in (layer for name in names if name for layer in zoo.load(name).model.layers):
        if isinstance(layer, keras.layers.RNN) and [*layer.cell._flatten_layers(include_self=False)]:
            raise zoo.InputError(
                "A standalone copy cannot read the weights of a cell that has other layers inside. "
                "Leave out --standalone or --pretrained. "
                f"Received: a model of {type(layer.cell).__name__}"
            )
    _, model, vocabulary = (code(arg.value) for arg in call.args)
    more = "" if hasattr(config, "level") else f", {vocabulary}"
    if getattr(config, "pretrained_backward", ""):
        more += ", PRETRAINED_BACKWARD"
    return cst.parse_expression(f"zoo.copying.standalone.plain.transfer(PRETRAINED, {model}{more})")


def _known_instance(call, config, builds):
    """Whether the model has a CRF or tied embeddings, and whether what it reads is a context."""
    kind = code(call.args[1].value)
    if kind == "keras.layers.Activation" and not getattr(config, "tie_embeddings", False):
        return cst.Name("False")
    if kind == "zoo.layers.CRFTagger":
        return literal(config.head == "crf")
    return literal(builds[0]["name"] == "one_to_many") if kind == "np.ndarray" else call


def _decode_glyph(call, config):
    """Characters are images that the copy itself has encoded, so they need no care."""
    if config.dataset != "unicode_glyphs":
        return call
    image = code(call.args[0].value)
    return cst.parse_expression(f"tf.io.decode_png({image}, channels=3).numpy()")


def _nearest(program, call, data):
    """All texts are compared at once, if there are not too many."""
    is_of_texts = isinstance(data, dict) and all(isinstance(some, tuple) for some in data.values())
    if not is_of_texts or len(call.args) > 2:
        return call
    if len(data["train"][0]) * len(data["test"][0]) > MOST_PAIRS:
        return call
    program.imports["from rapidfuzz import distance, process"] = None
    texts, known = (code(arg.value) for arg in call.args)
    distances = f"process.cdist({texts}, {known}, scorer=distance.Indel.distance, workers=-1)"
    return cst.parse_expression(f"{distances}.argmin(axis=1)")


def _known_prompts(name, call, config, data):
    """The prompts themselves, if they fit the data."""
    prompts = sys.modules[name].PROMPTS
    chosen = zoo.tasks.language_model.pick_prompts(prompts, data["train"], data["test"])
    ours = "[*PROMPTS, PROMPT]" if config.prompt.strip() else "PROMPTS"
    return cst.parse_expression(ours) if chosen == prompts else call


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
