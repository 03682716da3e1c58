"""What the commands of `zoo` do."""

import ast
import json
import pathlib
import re
import sys

import zoo
from zoo import conversation
from zoo.copying import copy_recipe, find_recipes, read_recipe, read_words
from zoo.errors import InputError
from zoo.flags import check_number
from zoo.storage.new_file import check_new_file, write_new_file

OPTIONS = {  # of `zoo generate`, and some of `zoo chat`
    "max_length": (int, "the largest number of tokens to generate"),
    "beats": (int, "length of a piece of music, in beats"),
    "strategy": (str, "how to choose tokens: greedy, sample or beam"),
    "beam_width": (int, "number of best outputs so far that beam search keeps"),
    "temperature": (float, "for sampling: below 1, likely tokens become more likely"),
    "top_k": (int, "sample from the k most likely tokens"),
    "top_p": (float, "sample from the most likely tokens that together have this probability"),
    "seed": (int, "for sampling: the same seed gives the same output"),
    "database": (str, "for questions: the SQLite database that answers them"),
    "cnn_weights": (str, "for photographs: imagenet, or the weights file that training used"),
}


def list_all(arguments):
    """Lists the types of networks and the trained models."""
    cards = {name: zoo.tasks.find(name)[1] for name in zoo.list_presets(arguments.pattern)}
    types = zoo.list_models(arguments.pattern)
    if arguments.json:
        print_json({"types": types, "presets": list(cards)})
        return
    print("Types, for zoo.build:", *types, sep="\n  ")
    print("\nTrained models, for zoo.load, zoo predict and zoo generate:")
    for name, card in cards.items():
        print(f"  {name:32s} {card['task']}, trained on {card['dataset']}")


def show(arguments):
    """Describes a trained model: its data, its scores and its layers."""
    folder, card = zoo.tasks.find(arguments.name)
    if arguments.json:
        print_json(card)
        return
    print(f"{arguments.name}: {card['task']} by {card.get('type')}, {card.get('cell')}\n")
    for name in ("dataset", "licence", "limits", "command", "parameters", "backend", "versions"):
        if name in card:
            print(f"{'license' if name == 'licence' else name:12s}{format_numbers(card[name])}")
    measured = (
        {"in the package, with weights of 16 bits": card["measured"]} if "measured" in card else {}
    )
    for split, rows in {**card.get("metrics", {}), **measured}.items():
        print(f"\n{split}:")
        for name, row in rows.items() if isinstance(rows, dict) else [("", rows)]:
            print(f"  {name:28s}  {format_numbers(row)}")
    print()
    zoo.load(folder).model.summary()


def print_json(content):
    """Prints one line of JSON. If the encoding of the output lacks a character, the line is ASCII.

    Bytes, which a database may hold, become pairs of digits, such as "00ff".
    """
    line = json.dumps(content, ensure_ascii=False, default=bytes.hex)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(content, default=bytes.hex)
    print(line)


def format_numbers(row):
    if not isinstance(row, dict):
        return f"{row:.4f}" if isinstance(row, float) else str(row)
    return ", ".join(f"{name} {format_numbers(value)}" for name, value in row.items())


def read_inputs(arguments):
    """The inputs on the command line. If there are none, the lines of standard input, in UTF-8.

    A line ends with a line feed, or with a carriage return and a line feed. Other separators, such as
    U+2028, may be part of a text.
    """
    if arguments.inputs:
        return arguments.inputs
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Give inputs on the command line, or as lines of standard input.")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"Standard input must be UTF-8: {error}") from None
    lines = re.split("\r?\n", text)
    return lines if lines[-1] else lines[:-1]


def predict(arguments):
    """Predicts the label of a text, image or video, the words in an audio file, or the next numbers."""
    inputs = read_inputs(arguments)
    task = zoo.load(arguments.name)
    if task.card["task"] == "forecasting":
        inputs = [zoo.tasks.forecasting.parse_words(task.card, inputs)]
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
    except ValueError:
        raise InputError(f"Give numbers. Received: {text!r:.60}") from None


def as_text(card, one, answer):
    """An answer of `predict` as one line."""
    if card["task"] == "next_chord":
        return ", ".join(f"{note} ({answer[note]:.2f})" for note in list(answer)[:4])
    if isinstance(answer, dict):
        label, p = next(iter(answer.items()))
        return f"{label} ({p:.2f})  {one}"
    if card["task"] == "forecasting":
        steps = [step if isinstance(step, list) else [step] for step in answer]
        return " ".join(",".join(f"{number:.6g}" for number in step) for step in steps)
    if card["task"] == "video_tagging":
        return ", ".join(f"{span['start']}-{span['end']} {span['label']}" for span in answer)
    if card["task"] == "tagging":  # [John PER] lives in [Paris LOC]
        for span in reversed(answer):
            inside = f"[{one[span['start'] : span['end']]} {span['label']}]"
            one = one[: span["start"]] + inside + one[span["end"] :]
        return one
    return answer


def read_options(arguments):
    """The options of `OPTIONS` that are on the command line: a dict."""
    options = {name: getattr(arguments, name, None) for name in OPTIONS}
    options = {name: value for name, value in options.items() if value is not None}
    for name, value in options.items():
        check_number(name, OPTIONS[name][0], value, default=0 if name == "seed" else 1)
    return options


def generate(arguments):
    """Generates a text, a pronunciation, a caption, a query or music for each input."""
    options = read_options(arguments)
    if arguments.output:
        check_new_file(pathlib.Path(arguments.output))
    inputs = read_inputs(arguments)
    task = zoo.load(arguments.name)
    is_music = task.card["task"] == "composition"
    if arguments.output and (not is_music or len(inputs) != 1 or arguments.json):
        raise InputError(
            "--output writes one piece of music as a MIDI file. Give it one chord, a model that "
            f"composes music, and no --json. Received: {len(inputs)} inputs for a model of "
            f"{task.card['task'].replace('_', ' ')}" + ", with --json" * bool(arguments.json)
        )
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
        elif task.card["task"] == "question_answering":
            print(answer["query"], *answer_lines(answer), sep="\n")
        else:
            print(answer)


def answer_lines(answer):
    """The lines of the answer to a question: at most 20 rows, or the reason why there is none."""
    if answer["answer"] is None:
        return [f"No answer: {answer['reason']}"]
    if not answer["answer"]:
        return ["The answer is empty."]
    lines = [", ".join(map(str, row)) for row in answer["answer"]]
    return lines[:20] + [f"... and {len(lines) - 20:,} more rows"] * (len(lines) > 20)


def chat(arguments):
    """Holds a conversation. An empty line begins a new one, and Ctrl-D ends it."""
    options = read_options(arguments)
    task = zoo.load(arguments.name)
    if task.card["task"] != "chat":
        command = f"zoo {zoo.tasks.names.TASKS[task.card['task']]}"
        raise InputError(
            f"{arguments.name} is no chatbot. Its task is {task.card['task']}: use {command}. The "
            "recipe encoder_decoder_chatbot trains chatbots."
        )
    conversation.hold(
        lambda turns: task.generate([turns], **options)[0],
        (lambda line, reply: print_json({"input": line, "output": reply})) if arguments.json else None,
    )


def list_recipes(arguments):
    """Lists the recipes and what each does."""
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
    """Copies a recipe, so that you can run it and change it."""
    source = read_recipe(arguments.recipe)
    options = read_words(arguments.recipe, source, arguments.words)
    for option in ("notebook", "standalone"):  # they may be before the name
        options[option] |= getattr(arguments, option)
    target = copy_recipe(arguments.recipe, **options)
    if options["notebook"]:
        print(f"Written to {target}. Open it in Jupyter or Colab, and run its cells in order.")
    elif options["standalone"]:
        folder = "" if target.parent == pathlib.Path() else f"cd {target.parent} && "
        print(f"Written to {target}. It runs without rnn-zoo: {folder}python {target.name}")
    else:
        print(f"Written to {target}. To run it, install rnn-zoo with its extra 'recipes'.")


def print_code(arguments):
    """Prints a type of network, or a trained model, as plain Keras."""
    from zoo.copying.code.flags import code_from_words  # imports Keras

    print(code_from_words(arguments.name, arguments.words), end="")
