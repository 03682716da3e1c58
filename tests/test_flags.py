import dataclasses
import pathlib

import pytest

import zoo


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
        ("--dropout nan", "argument --dropout: must be at least 0. Received: nan"),
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
