"""The chatbot: scores and conversations as the recipe says, and `zoo chat` with what it saves."""

import json
import os
import pty
import re
import sys

import numpy as np
import pytest

import zoo
from zoo.tasks import chat

RECIPE = "encoder_decoder_chatbot"
NAMES = ["Ada", "Bob", "Eve", "Max", "Ida", "Tom", "Ann", "Leo", "Kim", "Sue"]
PROGRAM = [sys.executable, "-c", "from zoo.cli import main; main()", "chat"]


@pytest.fixture
def own(tmp_path):
    talks = [f"Who is {a}?\n{a} is with {b}.\nAnd who is {b}?\nA friend." for a in NAMES for b in NAMES]
    (tmp_path / "own.txt").write_text("\n\n".join(talks))
    return tmp_path


@pytest.fixture(scope="module")
def bot(tmp_path_factory):
    """A chatbot that was never trained, so it replies with nonsense. It reads two turns."""
    tokenizer = zoo.text.train_subwords(["who are you", "a dog", "two dogs"] * 9, 24)
    sizes = {"source_vocabulary_size": len(tokenizer), "target_vocabulary_size": len(tokenizer)}
    model = zoo.build("encoder_decoder", cell="gru", embedding_dim=4, units=4, **sizes)
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    task = {"task": "chat", "type": "encoder_decoder", "cell": "gru", "dataset": "mine"}
    task["config"] = {"turns": 2, "max_length": 4, "beam_width": 2}
    folder = tmp_path_factory.mktemp("saved") / "bot"
    files = {"turns.spm": tokenizer.serialized_model_proto()}
    zoo.save(folder, model, task=task, metrics={}, history={}, figures={}, files=files)
    return folder


def test_own_conversations(run, own, ask):
    folder = own / "model"
    words = ["--turns", "2", "--vocabulary-size", "60"]
    printed = run("--smoke", "--dataset", own / "own.txt", "--output", folder, *words)
    assert "text, an empty line separates conversations. 100 conversations with 400 turns" in printed
    table = re.findall(r"^(\w+), ([\w -]+?) +([\d.-]+) +([\d.-]+) +([\d.-]+)$", printed, re.M)
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = ["gru, greedy", "gru, beam of 5", "3-gram", "nearest question", "people"]
    assert list(metrics["test"]) == rows
    for split, name, *scores in table:
        found = metrics[split][name]
        found = [found.get(key) for key in ("nats a token", "distinct-1", "distinct-2")]
        assert scores == ["-" if one is None else f"{one:.4f}" for one in found]
    assert re.search(r"^Verdict: gru .* the best baseline, 3-gram: ", printed, re.M)
    assert re.search(r"^Of \d+ replies, \d+ are different\..* are copied word for word", printed, re.M)
    # The network gets both turns, so the answer of the saved model is the printed one.
    turns, reply = re.findall(r"^((?:turn {6}.*\n)+)gru {7}(.*)$", printed, re.M)[1]
    turns = re.findall(r"^turn {6}(.*)$", turns, re.M)
    assert zoo.load(folder).generate([turns]) == [reply]
    assert json.loads((folder / "task.json").read_text())["config"]["turns"] == 2


@pytest.mark.slow
def test_it_learns(run, own):
    words = "--epochs 20 --units 32 --learning-rate 0.01 --seed 3 --vocabulary-size 60 --dropout 0"
    folder = own / "model"
    run("--dataset", own / "own.txt", *words.split(), "--output", folder)
    scores = json.loads((folder / "metrics.json").read_text())["test"]
    assert scores["gru, greedy"]["nats a token"] < scores["3-gram"]["nats a token"]


@pytest.mark.exhaustive
def test_the_default_needs_no_network(run, data_dir):
    printed = run("--smoke", "--data-dir", data_dir)
    assert "733 train, 93 validation, 72 test conversations" in printed
    assert "person    Do you like pizza?" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/one.txt", "has no empty line between conversations"),
        ("--dataset digits", "digits has no conversations"),
        ("--dataset {tmp}/own.txt --max-length 2", "No training pair has fewer than 2 tokens"),
        ("--dataset {tmp}/own.txt --turns 0", "argument --turns: must be at least 1"),
        ("--dataset {tmp}/own.txt --vocabulary-size 5", "No vocabulary of 5 pieces"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, data_dir, assert_refused):
    (own / "one.txt").write_text("Hello.\nHi.\n")
    assert_refused(message, "--data-dir", data_dir, *words.format(tmp=own).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, own, assert_needs_generate):
    words = "--dataset", own / "own.txt", "--vocabulary-size", "60"
    assert_needs_generate(edit, *words)


def test_pairs_have_the_turns_before_the_reply():
    pairs = chat.make_pairs([list("abcd"), list("xy")], 2)
    assert pairs == [(["a"], "b"), (["a", "b"], "c"), (["b", "c"], "d"), (["x"], "y")]


def test_more_padding_changes_no_loss(recipe):
    tokenizer = zoo.text.train_subwords(["who are you", "a dog", "two dogs"] * 9, 24)
    sizes = {"source_vocabulary_size": len(tokenizer), "target_vocabulary_size": len(tokenizer)}
    model = zoo.build("encoder_decoder", cell="gru", embedding_dim=4, units=4, **sizes)
    pairs = [(["a dog"], "who"), (["two dogs", "who are you"], "two dogs are two dogs")]
    rows = chat.encode(pairs, tokenizer)
    together = recipe["measure"](model, rows, 2)
    alone = [losses for row in rows for losses in recipe["measure"](model, [row], 1)]
    assert [len(losses) for losses in together] == [len(target) for _, target in rows]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


# zoo chat


def test_chat_passes_the_last_turns_and_an_empty_line_begins_anew(bot, zoo_command, monkeypatch):
    given, encode_turns = [], chat.encode_turns
    monkeypatch.setattr(
        chat, "encode_turns", lambda turns, t: given.append(turns) or encode_turns(turns, t)
    )
    status, output, errors = zoo_command("chat", bot, stdin="who\na dog\n\ntwo dogs")
    assert (status, errors) == (0, "")
    replies = output.split("\n")
    assert given == [["who"], [replies[0], "a dog"], ["two dogs"]]
    assert len(replies) == 4 and replies[-1] == ""
    _, output, _ = zoo_command("chat", bot, "--json", stdin="who\r\na dog\r\n")
    rows = [json.loads(line) for line in output.splitlines()]
    assert rows == [{"input": "who", "output": replies[0]}, {"input": "a dog", "output": replies[1]}]


def test_options_of_chat(bot, zoo_command):
    words = "--strategy", "sample", "--seed", "3", "--temperature", "2", "--max-length", "3"
    first, second = (zoo_command("chat", bot, *words, stdin="who\n")[1] for _ in range(2))
    assert first == second
    (reply,) = zoo.load(bot).generate(["who"], strategy="sample", seed=3, temperature=2.0, max_length=3)
    assert first == f"{reply}\n"


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        ("{bot}", b"caf\xe9\n", "Standard input must be UTF-8"),
        ("digits-gru", b"hi\n", "digits-gru is no chatbot. Its task is image_classification"),
        ("no-bot", b"hi\n", "Unknown trained model"),
        ("{bot} --strategy beem", b"hi\n", "beem"),
        ("{bot} --max-length 0", b"hi\n", "--max-length: must be at least 1"),
        ("{bot} hello", b"", "unrecognized arguments: hello"),
    ],
)
def test_chat_refuses(words, stdin, message, bot, zoo_command):
    status, output, errors = zoo_command("chat", *words.format(bot=bot).split(), stdin=stdin)
    assert (status, output) == (2, "")
    assert message in errors and "Traceback" not in errors


def test_nothing_said_is_no_error(bot, zoo_command):
    assert zoo_command("chat", bot) == (0, "", "")


@pytest.mark.slow
@pytest.mark.parametrize(("key", "status"), [(b"\x04", 0), (b"\x03", 130)])  # Ctrl-D and Ctrl-C
def test_a_conversation_in_a_terminal(key, status, bot):
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [*PROGRAM, str(bot)])
    shown = b""
    for said, times in ((b"who\n", 1), (key, 2)):
        while shown.count(b"you: ") < times:
            shown += os.read(terminal, 1000)
        os.write(terminal, said)
    assert b"bot: " in shown and b"Ctrl-D ends the program" in shown
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == status
    os.close(terminal)


def test_what_is_no_conversation_is_refused(bot):
    with pytest.raises(zoo.InputError, match=r"a list of turns\. Received: 5"):
        zoo.load(bot).generate([5])
    with pytest.raises(zoo.InputError, match="Give a list of texts"):
        zoo.load(bot).generate([["who", 5]])
    assert zoo.load(bot).generate([""]) == [""]
