"""The `zoo` command: what is there, what a trained model says, and recipes to copy."""

import argparse
import ast
import contextlib
import json
import os
import pathlib
import re
import sys

import zoo
from zoo.console import ends_in_one_line, open_streams
from zoo.errors import InputError, check_choice
from zoo.flags import check_number

EXAMPLES = """\
examples:
  zoo list                                             types and trained models
  zoo show sentiment-sst2-lstm                         its card and its layers
  zoo predict sentiment-sst2-lstm "The food is not good"
  cat texts.txt | zoo predict sentiment-sst2-lstm --json
  zoo generate pronunciation-cmudict-gru hello world
  zoo copy many_to_one_sentiment                       a recipe, into this folder
"""
OPTIONS = {  # of `generate`
    "max_length": (int, "tokens at most"),
    "beats": (int, "of music"),
    "strategy": (str, "greedy, sample or beam"),
    "beam_width": (int, "hypotheses that beam search keeps"),
    "temperature": (float, "of sampling: below 1 the likely becomes likelier"),
    "top_k": (int, "sample from the k likeliest tokens"),
    "top_p": (float, "sample from the likeliest tokens that together have this probability"),
    "seed": (int, "of sampling: the same seed gives the same text"),
    "cnn_weights": (str, "for photographs: imagenet, or the file that the model was trained with"),
}


def list_all(arguments):
    """Types and trained models."""
    presets = {name: zoo.tasks.find(name)[1] for name in zoo.list_presets(arguments.pattern)}
    types = zoo.list_models(arguments.pattern)
    if arguments.json:
        print_json({"types": types, "presets": list(presets)})
        return
    print("Types, for zoo.build:", *types, sep="\n  ")
    print("\nTrained models, for zoo.load and zoo predict or generate:")
    for name, card in presets.items():
        print(f"  {name:32s} {card['task']}, trained on {card['dataset']}")


def show(arguments):
    """What a trained model is: its card, and its layers."""
    folder, card = zoo.tasks.find(arguments.name)
    if arguments.json:
        print_json(card)
        return
    print(f"{arguments.name}: {card['task']} by {card.get('type')}, {card.get('cell')}\n")
    for name in ("dataset", "licence", "limits", "command", "parameters", "backend", "versions"):
        if name in card:
            print(f"{name:12s}{format_numbers(card[name])}")
    measured = {"as it comes": card["measured"]} if "measured" in card else {}
    for split, rows in {**card.get("metrics", {}), **measured}.items():
        print(f"\n{split}:")
        for name, row in rows.items() if isinstance(rows, dict) else [("", rows)]:
            print(f"  {name:30s}{format_numbers(row)}")
    print()
    zoo.load(folder).model.summary()


def print_json(content):
    """Prints one line of JSON, in ASCII if the output's encoding lacks a character."""
    line = json.dumps(content, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(content)
    print(line)


def format_numbers(row):
    if not isinstance(row, dict):
        return f"{row:.4f}" if isinstance(row, float) else str(row)
    return ", ".join(f"{name} {format_numbers(value)}" for name, value in row.items())


def read_inputs(arguments):
    """The words of the command line, or the lines of standard input, in UTF-8.

    Only a line feed ends a line, or a carriage return and a line feed, as in files of own data. A text
    may contain other separators, such as U+2028.
    """
    if arguments.inputs:
        return arguments.inputs
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Give something to read, as words of the command or lines of standard input.")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"Standard input must be UTF-8: {error}") from None
    lines = re.split("\r?\n", text)
    return lines if lines[-1] else lines[:-1]


def predict(arguments):
    """What a trained model says of each input: a text, an image file; or of one series of numbers."""
    inputs = read_inputs(arguments)
    task = zoo.load(arguments.name)
    if task.card["task"] == "forecasting":
        if any(re.search(r"\d,\d", word) for word in inputs):  # 1,234 or 30,5 or two columns?
            raise InputError("Write 30.5 for a number with decimals, and a space between two numbers.")
        inputs = [parse_numbers(" ".join(inputs), float)]
        answers = [task.predict(*inputs)]
    elif task.card["task"] == "next_chord":
        inputs = [[parse_numbers(chord, int) for chord in piece.split()] for piece in inputs]
        answers = task.predict(inputs)
    else:
        answers = task.predict(inputs)
    for one, answer in zip(inputs, answers, strict=True):
        if arguments.json:
            print_json({"input": one, "output": answer})
        else:
            print(as_text(task.card, one, answer))


def parse_numbers(text, type_):
    try:
        return [type_(number) for number in text.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(f"Give numbers. Received: {error}") from None


def as_text(card, one, answer):
    """An answer of `predict` in one line."""
    if card["task"] == "next_chord":
        return ", ".join(f"{note} ({answer[note]:.2f})" for note in list(answer)[:4])
    if isinstance(answer, dict):
        label, p = next(iter(answer.items()))
        return f"{label} ({p:.2f})  {one}"
    if card["task"] == "forecasting":
        return " ".join(f"{number:.6g}" for number in answer)
    if card["task"] == "tagging":  # [John PER] lives in [Paris LOC]
        for span in reversed(answer):
            inside = f"[{one[span['start'] : span['end']]} {span['label']}]"
            one = one[: span["start"]] + inside + one[span["end"] :]
        return one
    return answer


def generate(arguments):
    """What a trained model writes for each input: a text, a word, an image file, a first chord."""
    options = {name: getattr(arguments, name) for name in OPTIONS}
    options = {name: value for name, value in options.items() if value is not None}
    for name, value in options.items():
        check_number(name, OPTIONS[name][0], value, default=0 if name == "seed" else 1)
    if arguments.output:
        check_new_file(pathlib.Path(arguments.output))
    inputs = read_inputs(arguments)
    task = zoo.load(arguments.name)
    is_music = task.card["task"] == "composition"
    if arguments.output and (not is_music or len(inputs) != 1 or arguments.json):
        raise InputError("--output is for the MIDI file of one piece of music, without --json.")
    if is_music:
        inputs = [parse_numbers(chord, int) for chord in inputs]
    for one, answer in zip(inputs, task.generate(inputs, **options), strict=True):
        if arguments.output:
            write_new_file(pathlib.Path(arguments.output), zoo.music.to_midi(answer))
            print(f"Written to {arguments.output}.")
        elif arguments.json:
            answer = answer.tolist() if is_music else answer
            print_json({"input": one, "output": answer})
        elif is_music:
            voices = answer[::4].T  # [voices, beats]
            print(*(" ".join(f"{zoo.music.note_name(n):3s}" for n in v) for v in voices), sep="\n")
        else:
            print(answer)


def check_new_file(path):
    """Raises an `InputError` unless a file of this name can be made."""
    if path.exists():
        raise InputError(f"{path} exists already: name another file or folder.")
    if not path.parent.is_dir():
        raise InputError(f"Cannot write {path}: there is no folder {path.parent}. Create it first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {path}: no permission in {path.parent}.")


def write_new_file(path, content):
    """Writes bytes to a file, whole or not at all."""
    part = path.with_name(f".zoo-{os.getpid()}")
    try:
        part.write_bytes(content)
        check_new_file(path)  # again: it may have been made since
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def find_recipes():
    """The recipes by name: in the installed package, or beside it in a checkout."""
    package = pathlib.Path(zoo.__file__).parent
    folder = package / "recipes"
    folder = folder if folder.is_dir() else package.parent / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.py"))}


def list_recipes(arguments):
    """The recipes and what they answer."""
    lines = {
        name: ast.get_docstring(ast.parse(path.read_text("utf-8"))).splitlines()[0]
        for name, path in find_recipes().items()
    }
    if arguments.json:
        print_json(lines)
        return
    for name, line in lines.items():
        print(f"{name:32s} {line}")


def copy(arguments):
    """Copies a recipe out of the package, to run and to change."""
    recipes = find_recipes()
    check_choice("recipe", arguments.recipe, recipes)
    target = pathlib.Path(arguments.dest)
    if target.is_dir() or arguments.dest.endswith(os.sep):
        target = target / f"{arguments.recipe}.py"
    check_new_file(target)
    stamp = f"# Recipe {arguments.recipe} of rnn-zoo {zoo.__version__}, Apache-2.0.\n"
    write_new_file(target, stamp.encode() + recipes[arguments.recipe].read_bytes())
    print(f"Written to {target}. It needs rnn-zoo with its extra 'recipes'.")


def make_parser():
    options = {"epilog": EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    description = "Recurrent networks on Keras 3: builders, recipes, trained models."
    parser = argparse.ArgumentParser(prog="zoo", description=description, **options)
    parser.add_argument("--version", action="version", version=f"rnn-zoo {zoo.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name, function):
        line = function.__doc__.splitlines()[0]
        command = commands.add_parser(name, help=line, description=line, **options)
        command.set_defaults(function=function)
        if function is not copy:
            command.add_argument("--json", action="store_true", help="for programs, a line an answer")
        return command

    command = add("list", list_all)
    command.add_argument("pattern", nargs="?", default="*", help="such as '*sentiment*'")
    command = add("show", show)
    command.add_argument("name", help="a trained model, or a folder that --output wrote")
    command = add("predict", predict)
    command.add_argument("name", help="a trained model, or a folder that --output wrote")
    command.add_argument("inputs", nargs="*", help="the lines of standard input if there are none")
    command = add("generate", generate)
    command.add_argument("name", help="a trained model, or a folder that --output wrote")
    command.add_argument("inputs", nargs="*", help="the lines of standard input if there are none")
    command.add_argument("--output", help="write one piece of music to this MIDI file")
    for name, (type_, help_text) in OPTIONS.items():
        command.add_argument("--" + name.replace("_", "-"), type=type_, help=help_text)
    add("recipes", list_recipes)
    command = add("copy", copy)
    command.add_argument("recipe", help="see zoo recipes")
    command.add_argument("dest", nargs="?", default=".", help="a folder, or a new file")
    return parser


def main(argv=None):
    """The command line. Ends with status 0; 2 for what cannot be used, 130 or 141 if cut off."""
    is_closed = sys.stdout is None
    open_streams()
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest:  # argparse takes no inputs after a flag: zoo predict NAME --json TEXT
        is_told = rest[0] == "--"  # what follows are inputs, whatever they look like
        if "inputs" not in arguments or (not is_told and any(word.startswith("-") for word in rest)):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        arguments.inputs = [*arguments.inputs, *rest[is_told:]]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_libraries(), ends_in_one_line(parser.prog):
        if is_closed:
            raise InputError("Standard output is closed, so that no answer can be printed.")
        arguments.function(arguments)


@contextlib.contextmanager
def quiet_libraries():
    """Drops what TensorFlow's C++ writes to standard error; Python's own errors still arrive there."""
    before, copy_of_2 = sys.stderr, os.dup(2)
    with (
        os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as sys.stderr,
        open(os.devnull, "w") as nowhere,
    ):
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(copy_of_2, 2)
            os.close(copy_of_2)
            sys.stderr = before
