"""The `zoo` command."""

import argparse
import contextlib
import os
import re
import sys

import zoo
from zoo.commands import (
    OPTIONS,
    chat,
    copy,
    generate,
    list_all,
    list_recipes,
    predict,
    print_code,
    show,
)
from zoo.console import ends_in_one_line, open_streams
from zoo.errors import InputError

MARK = "\0"  # cannot be in a word of the command line
EXAMPLES = """\
examples:
  zoo list                                             list types of networks and trained models
  zoo show sentiment-sst2-lstm                         describe a trained model
  zoo predict sentiment-sst2-lstm "The food is not good"
  cat texts.txt | zoo predict sentiment-sst2-lstm --json
  zoo generate pronunciation-cmudict-gru hello world
  zoo chat chatbot-english-gru                         hold a conversation; Ctrl-D ends it
  zoo copy many_to_one_sentiment                       copy a recipe into this folder
  zoo copy many_to_one_sentiment --notebook --cell lstm
  zoo copy many_to_one_sentiment --standalone          copy it as a file that runs without zoo
  zoo code many_to_one --cell gru --bidirectional      print a model as plain Keras
"""
NOT_FOR_CHAT = ("beats", "database", "cnn_weights")


def make_parser():
    options = {"epilog": EXAMPLES, "formatter_class": argparse.RawDescriptionHelpFormatter}
    description = "Recurrent networks on Keras 3: types of networks, recipes, and trained models."
    parser = argparse.ArgumentParser(prog="zoo", description=description, **options)
    parser.add_argument("--version", action="version", version=f"rnn-zoo {zoo.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name, function):
        line = function.__doc__.splitlines()[0]
        command = commands.add_parser(name, help=line, description=line, **options)
        command.set_defaults(function=function)
        if function not in (copy, print_code):
            command.add_argument(
                "--json", action="store_true", help="print JSON, an answer on each line"
            )
        return command

    command = add("list", list_all)
    command.add_argument("pattern", nargs="?", default="*", help="list only names like '*sentiment*'")
    trained_model = "a trained model, or a folder that a recipe's --output wrote"
    add("show", show).add_argument("name", help=trained_model)
    for name, function in (("predict", predict), ("generate", generate)):
        command = add(name, function)
        command.add_argument("name", help=trained_model)
        command.add_argument(
            "inputs", nargs="*", help="texts, files or numbers, by default each line of standard input"
        )
    command.add_argument("--output", help="for music: write the piece to this new MIDI file")
    for name, (type_, help_text) in OPTIONS.items():
        command.add_argument("--" + name.replace("_", "-"), type=type_, help=help_text)
    command = add("chat", chat)
    command.add_argument("name", help="a chatbot, or a folder that a recipe's --output wrote")
    for name in (name for name in OPTIONS if name not in NOT_FOR_CHAT):
        type_, help_text = OPTIONS[name]
        command.add_argument("--" + name.replace("_", "-"), type=type_, help=help_text)
    add("recipes", list_recipes)
    command = add("copy", copy)
    command.add_argument("recipe", help="name of a recipe; zoo recipes lists them")
    command.add_argument("--notebook", action="store_true", help="write a notebook for Jupyter")
    command.add_argument(
        "--standalone", action="store_true", help="write a file that runs without the package zoo"
    )
    command.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="DEST, FLAGS",
        help="folder or new file for the copy (default: this folder), and for a notebook or "
        "a standalone file, flags such as --cell lstm; zoo copy RECIPE --help lists them",
    )
    command = add("code", print_code)
    command.add_argument("name", help=f"a type, or {trained_model}")
    command.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="FLAGS",
        help="arguments of the type, such as --cell lstm; zoo code TYPE --help lists them",
    )
    return parser


def main(argv=None):
    """Runs the `zoo` command. See `zoo.console.ends_in_one_line` for the exit status.

    Args:
        argv: the words after `zoo`. None means the command line of this process.
    """
    is_closed = sys.stdout is None
    open_streams()
    parser = make_parser()
    words = _mark_numbers(sys.argv[1:] if argv is None else argv)
    arguments, rest = parser.parse_known_args(words)
    if rest:  # argparse does not accept inputs after a flag, as in: zoo predict NAME --json TEXT
        is_told = rest[0] == "--"  # everything after it is an input
        if "inputs" not in arguments or (not is_told and any(word.startswith("-") for word in rest)):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        arguments.inputs = [*arguments.inputs, *rest[is_told:]]
    if "inputs" in arguments:
        arguments.inputs = [word.removeprefix(MARK) for word in arguments.inputs]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_libraries(), ends_in_one_line(parser.prog):
        if is_closed:
            raise InputError("Standard output is closed, so no answer can be printed.")
        arguments.function(arguments)


def _mark_numbers(words):
    """Marks inputs such as -1.5,80, which argparse would read as flags."""
    if [*words[:1]] not in (["predict"], ["generate"]):
        return words
    before = ["", *words]  # the word before each word; after a flag other than --json it is its value
    return [
        MARK + word
        if re.match(r"-[\d.]", word) and (before[i] == "--json" or not before[i].startswith("--"))
        else word
        for i, word in enumerate(words)
    ]


@contextlib.contextmanager
def quiet_libraries():
    """Hides what TensorFlow's C++ code writes to standard error. Errors of Python are still shown."""
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
