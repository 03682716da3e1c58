"""What recipes share: flags, precision and devices, tables of scores, saving."""

import dataclasses
import json
import pathlib
import re

import keras
import numpy as np
import pytest

import zoo


@dataclasses.dataclass
class Config(zoo.Config):
    units: int = zoo.flag(64, "size of the state")
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dropout: float = zoo.flag(0.5, "share of features dropped")
    glove: str | None = zoo.flag("glove.zip", "word vectors")


def test_help_lists_own_flags_first_and_shared_ones_last(capsys):
    with pytest.raises(SystemExit):
        zoo.run(print, Config, "", ["--help"])
    flags = re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.M)
    shared = ["--data-dir", "--output", "--resume", "--seed", "--smoke", "--precision", "--distribute"]
    assert flags == ["--units", "--cell", "--dropout", "--glove", *shared]


def test_a_config_in_python(tmp_path):
    config = Config(8, "lstm", dropout=0, glove=None, output=tmp_path, seed=np.int64(3))
    assert (config.units, config.dropout, config.seed, config.smoke) == (8, 0, 3, False)
    assert dataclasses.replace(config, units=9).units == 9


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"units": 0}, "argument --units: must be at least 1. Received: 0"),
        ({"units": 8.5}, "argument --units: must be a whole number. Received: 8.5"),
        ({"units": True}, "argument --units: must be a whole number. Received: True"),
        ({"units": None}, "argument --units: must be a whole number. Received: None"),
        ({"dropout": 1.0}, "argument --dropout: dropout must be a number from 0 to below 1"),
        ({"dropout": "0.1"}, "argument --dropout: must be a number. Received: '0.1'"),
        ({"dropout": float("nan")}, "argument --dropout: must be a finite number. Received: nan"),
        ({"cell": "gruu"}, "argument --cell: must be one of simple_rnn, lstm, gru. Received: 'gruu'"),
        ({"output": None}, "argument --output: must be a text. Received: None"),
        ({"seed": -1}, "argument --seed: must be at least 0. Received: -1"),
        ({"seed": 2**32}, "argument --seed: must be at most 4294967295. Received: 4294967296"),
        ({"smoke": 1}, "argument --smoke: must be True or False. Received: 1"),
        (
            {"precision": "float16"},
            "argument --precision: must be one of float32, mixed_float16, mixed",
        ),
    ],
)
def test_values_in_python_are_checked_like_flags(wrong, message):
    with pytest.raises(zoo.InputError, match=re.escape(message)):
        Config(**wrong)


def test_main_honors_precision_from_the_command_line_and_from_python():
    seen = []

    @zoo.apply_config
    def main(config):
        seen.append(zoo.build("one_to_one").get_layer("rnn_0").compute_dtype)
        if config.precision == "mixed_bfloat16":
            raise ArithmeticError

    zoo.run(main, Config, "", [])
    zoo.run(main, Config, "", ["--precision", "mixed_float16"])
    main(Config(precision="mixed_float16"))
    with pytest.raises(ArithmeticError):
        main(Config(precision="mixed_bfloat16"))
    assert seen == ["float32", "float16", "float16", "bfloat16"]
    assert keras.config.dtype_policy().name == "float32"
    with pytest.raises(SystemExit):
        zoo.run(main, Config, "", ["--precision", "float16"])


@pytest.mark.parametrize("argument", [None, {"units": 8}, Config])
def test_main_needs_a_config(argument):
    main = zoo.apply_config(lambda config: "trained")
    assert main(Config()) == "trained"
    with pytest.raises(zoo.InputError, match=r"Call main\(Config\(\.\.\.\)\)\. Received: "):
        main(argument)


def test_main_checks_values_that_were_changed_later():
    config = Config()
    config.precision = "float16"
    with pytest.raises(zoo.InputError, match="argument --precision: must be one of"):
        zoo.apply_config(lambda config: "trained")(config)


def test_main_honors_distribute_from_python():
    seen = []

    @zoo.apply_config
    def main(config):
        model = zoo.build("one_to_one")
        seen.append(type(model.distribute_strategy).__name__)

    if keras.backend.backend() == "tensorflow":
        main(Config(distribute=True))
        main(Config())
        assert "MirroredStrategy" in seen[0] and "MirroredStrategy" not in seen[1]
    elif keras.backend.backend() == "torch":
        with pytest.raises(zoo.InputError, match="--distribute needs"):
            main(Config(distribute=True))


def test_only_the_first_process_prints_and_writes(monkeypatch, capsys, tmp_path):
    import contextlib

    @contextlib.contextmanager
    def all_devices():
        yield 1

    monkeypatch.setattr(zoo.distribution, "all_devices", all_devices)
    outputs = []

    @zoo.apply_config
    def main(config):
        print("from process 1")
        outputs.append(config.output)
        pathlib.Path(config.output).mkdir()

    main(Config(distribute=True, output=str(tmp_path / "model")))
    assert not (tmp_path / "model").exists() and not pathlib.Path(outputs[0]).exists()
    assert capsys.readouterr().out == ""


def test_groups_by_length():
    lengths = np.random.default_rng(0).integers(1, 50, 1000)
    quarters = zoo.recipe.quarters_by_length(lengths)
    assert sorted(np.concatenate([*quarters.values()])) == list(range(1000))
    assert all(abs(len(rows) - 250) < 30 for rows in quarters.values())
    for name, rows in quarters.items():
        assert name == f"to {lengths[rows].max()} words"
    assert [len(rows) for rows in zoo.recipe.quarters_by_length([5] * 8 + [6]).values()] == [8, 1]


def test_a_table(capsys):
    rows = {
        "a": {"x": np.float32(0.123456), "n": np.int64(7), "y": 0},
        "longer name": {"n": 12, "z": None, "y": 0.5},
    }
    zoo.recipe.print_table("Test", rows, ".2%")
    assert capsys.readouterr().out.splitlines() == [
        "",
        "Test              x   n       y  z",
        "a            12.35%   7   0.00%  -",
        "longer name       -  12  50.00%  -",
    ]


def test_saving(tmp_path, capsys):
    card = {"task": "image_classification", "type": "one_to_one", "dataset": "digits"}
    model, results = zoo.build("one_to_one", units=4), {"metrics": {}, "history": {"loss": [1.0]}}
    zoo.recipe.save(Config(), model, card, **results)
    assert "To save the trained model, add --output FOLDER." in capsys.readouterr().out
    folder = tmp_path / "model"
    config = Config(units=4, output=str(folder))
    zoo.recipe.save(config, model, card, **results, files={"notes.txt": b"x"})
    written = "history.csv, metrics.json, model.keras, notes.txt, task.json"
    assert capsys.readouterr().out == f"\nWritten to {folder}: {written}.\n"
    card = json.loads((folder / "task.json").read_text())
    assert (card["cell"], card["config"]["seed"], card["config"]["units"]) == ("lstm", 0, 4)


def test_choices_that_fit_the_data(capsys):
    @dataclasses.dataclass
    class Mine(zoo.Config):
        epochs: int | None = zoo.flag(None, "passes over the data")
        dropout: float | None = zoo.flag(None, "share of features dropped")

    choices = {"epochs": (14, "there are few rows"), "dropout": (0.5, "there are few rows")}
    config = zoo.recipe.choose(Mine(dropout=0.1), choices)
    assert (config.epochs, config.dropout) == (14, 0.1)
    assert capsys.readouterr().out == "--epochs 14, because there are few rows\n"
    for wrong in ({"epochs": 0}, {"epochs": 1.5}, {"dropout": 1.0}):
        with pytest.raises(zoo.InputError, match="argument --"):
            Mine(**wrong)
    with pytest.raises(SystemExit):
        zoo.run(print, Mine, "A recipe.", ["--help"])
    assert "passes over the data (default: from the data)" in " ".join(capsys.readouterr().out.split())


def test_examples_are_right_and_wrong():
    assert zoo.recipe.pick_examples([True] * 50 + [False] * 50, 4) == [0, 49, 50, 99]
    assert zoo.recipe.pick_examples([False] * 5, 4) == [0, 1, 3, 4]
    assert zoo.recipe.pick_examples([True, False], 6) == [0, 1]
    assert zoo.recipe.pick_examples([]) == []
