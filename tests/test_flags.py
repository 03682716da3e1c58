"""Flags: from a dataclass to a command line, and the one line with which a program ends."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time
import types

import pytest

import zoo

ROOT = pathlib.Path(__file__).parent.parent


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    batch_size: int = zoo.flag(64, "rows in a batch")
    dropout: float = zoo.flag(0.5, "100% is all")
    smoke: bool = zoo.flag(False, "a few rows")


def test_each_field_is_a_flag():
    seen = []
    words = ["--cell", "lstm", "--batch-size", "32", "--dropout", "0.1", "--smoke"]
    zoo.run(seen.append, Config, "A recipe.", words)
    assert seen == [Config("lstm", 32, 0.1, True)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cell gruu", "argument --cell: invalid choice: 'gruu' (choose from"),
        ("--batch-size many", "argument --batch-size: invalid int value: 'many'"),
        ("--batch-size 0", "argument --batch-size: must be at least 1. Received: 0"),
        (
            "--batch-size 99999999999999999999",
            "--batch-size: must be at most 4294967295. Received: 999",
        ),
        ("--dropout nan", "argument --dropout: must be a finite number. Received: nan"),
        ("--dropout inf", "argument --dropout: must be a finite number. Received: inf"),
        ("--dropout -inf", "argument --dropout: must be a finite number. Received: -inf"),
        ("--dropout -1e-3", "argument --dropout: must be at least 0. Received: -0.001"),
        ("--dropout=-1", "argument --dropout: must be at least 0. Received: -1.0"),
        ("--dropout 1.5", "argument --dropout: dropout must be"),
        ("--dropout 1", "argument --dropout: dropout must be"),
        ("--smoke -1", "argument --smoke/--no-smoke: ignored explicit argument '-1'"),
        ("--batchsize 3", "unrecognized arguments: --batchsize 3"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(words, message, capsys):
    with pytest.raises(SystemExit) as end:
        zoo.run(print, Config, "A recipe.", words.split())
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.count("\n") == 1
    assert message in error


@dataclasses.dataclass
class OddConfig:
    offset: float = zoo.flag(-1.0, "any number")
    shift: int = zoo.flag(-2, "any whole number")
    rate: float = zoo.flag(1, "a whole number as the default of others")
    units: int = zoo.flag(0, "0 for what suits the data")
    seed: int | None = zoo.flag(None, "None for another each time")
    label: str | None = zoo.flag(None, "a name")
    patience: int = 3


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("", {}),
        ("--offset -1e-3 --shift -7", {"offset": -0.001, "shift": -7}),
        ("--offset=-.5 --shift 3", {"offset": -0.5, "shift": 3}),
        ("--rate 0.5 --units 8", {"rate": 0.5, "units": 8}),
        ("--seed 0 --label -- --patience 1", None),
        ("--seed 4294967295 --label x --patience 1", {"seed": 2**32 - 1, "label": "x", "patience": 1}),
    ],
)
def test_defaults_say_what_is_allowed(words, changed):
    seen = []
    if changed is None:
        with pytest.raises(SystemExit):
            zoo.run(seen.append, OddConfig, "", words.split())
    else:
        zoo.run(seen.append, OddConfig, "", words.split())
        assert seen == [OddConfig(**changed)]


def test_a_field_of_another_type_is_a_mistake_of_the_program():
    @dataclasses.dataclass
    class Wrong:
        sizes: list[int] = None

    with pytest.raises(TypeError, match=r"bool, int, float or str. Received: sizes: list\[int\]"):
        zoo.run(print, Wrong, "", [])


def test_a_field_without_a_default_is_a_mistake_of_the_program():
    @dataclasses.dataclass
    class Wrong:
        units: int

    with pytest.raises(TypeError, match=r"needs a default value\. Received: Wrong\.units"):
        zoo.run(print, Wrong, "", ["--units", "8"])


def test_a_class_that_is_no_dataclass_is_a_mistake_of_the_program():
    class Mine(zoo.Config):
        units: int = zoo.flag(64, "size of the state")

    with pytest.raises(TypeError, match=r"@dataclasses\.dataclass above the class Mine"):
        Mine()


def test_choices_may_be_numbers():
    @dataclasses.dataclass
    class Config(zoo.Config):
        num_layers: int = zoo.flag(1, "number of layers", choices=(1, 2))

    assert Config(num_layers=2).num_layers == 2
    with pytest.raises(zoo.InputError, match=r"must be one of 1, 2\. Received: 3"):
        Config(num_layers=3)


PROGRAM = """
import dataclasses, os, pathlib, sys, time, zoo

@dataclasses.dataclass
class Config:
    what: str = zoo.flag("", "what to do")

def main(config):
    print("caf\u00e9 \U0001f600 \u2028", flush=config.what == "sleep")
    if config.what == "write":
        with open(sys.argv[-1] + ".txt", "w") as file:
            os.system("echo from outside; echo and errors >&2")
            print("printed")
            file.write("content")
    if config.what == "error":
        raise zoo.InputError("caf\u00e9 \U0001f600")
    time.sleep(30 if config.what == "sleep" else 0)

zoo.run(main, Config, "Alum\u00e4e \U0001f600", sys.argv[1:-1])
"""


def start(*words, shell='exec "$@"', **environment):
    """The program above in a process of its own, started by a line of a shell."""
    return subprocess.Popen(
        ["bash", "-c", shell, "-", sys.executable, "-c", PROGRAM, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "ascii:strict"])
def test_an_output_that_is_not_unicode(encoding):
    e = "?" if "ascii" in encoding else "é"
    codec = encoding.split(":")[0]
    process = start("--what", "error", "x", PYTHONIOENCODING=encoding)
    output, errors = (stream.decode(codec) for stream in process.communicate())
    assert process.returncode == 2
    assert output == f"caf{e} ? ?\n"
    assert errors.endswith("\\U0001f600\n") and errors.count("\n") == 1
    process = start("--help", "x", PYTHONIOENCODING=encoding)
    assert process.communicate()[0] and process.returncode == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed(closed, tmp_path):
    """Nothing that is printed, also by other programs, ends up in a file that is opened then."""
    process = start("--what", "write", tmp_path / "x", shell=f'exec "$@" {closed}')
    process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "x.txt").read_text() == "content"


def test_an_output_that_takes_no_more():
    process = start("x", shell='exec "$@" > /dev/full')
    _, errors = process.communicate()
    assert process.returncode == 2
    assert errors.decode().splitlines() == ["-c: error: [Errno 28] No space left on device"]
    process = start("x", shell='set -o pipefail; "$@" | true')
    assert process.communicate()[1] == b"" and process.returncode in (0, 141)


def test_ctrl_c_is_one_line_and_status_130():
    process = start("--what", "sleep", "x")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    begin = time.perf_counter()
    _, errors = process.communicate(timeout=20)
    assert time.perf_counter() - begin < 10
    assert (process.returncode, errors) == (130, b"-c: interrupted\n")


def test_an_input_error_is_one_line_and_any_other_keeps_its_traceback(capsys):
    def main(config):
        if config.batch_size == 1:
            pathlib.Path("no/such/file").read_text()
        raise zoo.InputError("No such file.\nReceived: 'x'") if config.smoke else KeyError("a bug")

    with pytest.raises(SystemExit) as end:
        zoo.run(main, Config, "A recipe.", ["--smoke"])
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith("error: No such file. Received: 'x'\n")
    with pytest.raises(SystemExit) as end:
        zoo.run(main, Config, "A recipe.", ["--batch-size", "1"])
    assert end.value.code == 2
    assert "No such file or directory: 'no/such/file'" in capsys.readouterr().err
    with pytest.raises(KeyError):
        zoo.run(main, Config, "A recipe.", [])


def test_help_tells_the_defaults(capsys):
    with pytest.raises(SystemExit) as end:
        zoo.run(print, Config, "What it does.", ["--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert "What it does." in text
    assert "rows in a batch (default: 64)" in text
    assert "100% is all (default: 0.5)" in text


@pytest.fixture
def ipython(monkeypatch):
    """A shell of IPython seems to run this process."""
    shell = types.SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", shell)


KERNEL = "jupyter/runtime/kernel-c-1.json"


@pytest.mark.parametrize(
    "argv",
    [
        ["ipykernel_launcher.py", "-f", KERNEL],
        ["ipykernel_launcher.py", f"--f={KERNEL}"],  # as VS Code does
        ["colab_kernel_launcher.py", "-f", KERNEL],
        ["ipykernel_launcher.py", "--IPKernelApp.quiet=True", "-f", "C:\\Jane Doe\\kernel-3.json"],
        ["ipython"],
    ],
)
def test_a_pasted_recipe_has_its_defaults(argv, ipython, monkeypatch):
    monkeypatch.setattr(sys, "argv", argv)
    seen = []
    zoo.run(seen.append, Config, "A recipe.")
    zoo.run(seen.append, Config, "A recipe.", ["--cell", "lstm"])
    assert seen == [Config(), Config(cell="lstm")]


def test_the_words_that_started_ipython_are_not_those_of_a_recipe(ipython, monkeypatch):
    from traitlets.config import Application

    app = types.SimpleNamespace(argv=["--no-banner", "--cell", "lstm"])
    monkeypatch.setattr(Application, "initialized", lambda: True)
    monkeypatch.setattr(Application, "instance", lambda: app)
    monkeypatch.setattr(sys, "argv", ["ipython", *app.argv])
    seen = []
    zoo.run(seen.append, Config, "A recipe.")
    monkeypatch.setattr(sys, "argv", ["recipe.py", "--cell", "lstm"])  # as %run does
    zoo.run(seen.append, Config, "A recipe.")
    assert seen == [Config(), Config(cell="lstm")]


def test_in_a_notebook_an_error_is_one_line_and_ends_nothing(ipython, monkeypatch, capsys):
    def fail(config):
        raise {"lstm": OSError("the disk\nis full"), "gru": KeyboardInterrupt()}[config.cell]

    monkeypatch.setattr(sys, "argv", ["recipe.py"])
    for words, error, line in (
        (["--cell", "lstm"], OSError, "recipe.py: error: the disk is full"),
        (["--cell", "gru"], KeyboardInterrupt, "recipe.py: interrupted"),
        (["--cells", "2"], zoo.InputError, "recipe.py: error: unrecognized arguments: --cells 2"),
    ):
        with pytest.raises(error) as raised:
            zoo.run(fail, Config, "A recipe.", words)
        assert raised.value._render_traceback_() == [line]
    zoo.run(fail, Config, "What it does.", ["--help"])
    assert "What it does." in capsys.readouterr().out
    assert zoo.InputError("one\nline")._render_traceback_() == ["InputError: one line"]
