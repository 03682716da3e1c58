"""Every recipe runs from the command line, and says in one line what it cannot use."""

import json
import os
import pathlib
import re
import runpy
import subprocess
import sys

import keras
import pytest

import zoo


def run(path, *words, **kwargs):
    return subprocess.run(
        [sys.executable, str(path), *words], capture_output=True, text=True, timeout=300, **kwargs
    )


@pytest.fixture
def sentiment():
    return pathlib.Path(__file__).parent.parent / "recipes" / "many_to_one_sentiment.py"


def write_texts(folder, rows):
    lines = [f"{('bad', 'good', 'odd')[i % rows]}\ta text of number {i}\n" for i in range(90)]
    (folder / "mine.tsv").write_text("".join(lines))
    return folder / "mine.tsv"


def test_sentiment_on_real_reviews(sentiment, data_dir, tmp_path, ask):
    output, cell = tmp_path / "model", "gru"
    result = run(sentiment, "--smoke", "--data-dir", data_dir, "--output", str(output))
    assert result.returncode == 0, result.stderr
    table = re.findall(rf"^({cell}|mean of word vectors|bag of words) +(0\.\d+)", result.stdout, re.M)
    assert [name for name, _ in table] == [cell, "mean of word vectors", "bag of words"]
    task = json.loads((output / "task.json").read_text())
    assert f"{task['metrics']['test_accuracy'][cell]['all']:.4f}" == dict(table)[cell]
    printed = re.findall(r"^(\S.*\S) +(neg|pos) \((0\.\d\d)\)$", result.stdout, re.M)
    assert "The food is not good" in [text for text, *_ in printed]
    answers = ask("predict", output, *(text for text, *_ in printed))
    likeliest = [next(iter(answer.items())) for answer in answers]
    assert [(label, f"{p:.2f}") for label, p in likeliest] == [(label, p) for _, label, p in printed]
    assert (output / "accuracy_by_length.png").stat().st_size > 10_000


@pytest.mark.skipif("TFDS_DATA_DIR" not in os.environ, reason="TFDS_DATA_DIR is not set")
def test_sentiment_on_glue_is_scored_on_the_labelled_test_split(sentiment):
    result = run(sentiment, "--smoke", "--dataset", "glue/sst2")
    assert result.returncode == 0, result.stderr
    assert "200 train, 175 validation, 183 test ['negative', 'positive']" in result.stdout


def test_own_documents_of_three_classes_and_the_same_seed_gives_the_same_numbers(
    sentiment, tmp_path, capfd
):
    recipe = runpy.run_path(str(sentiment))
    words = ["--smoke", "--dataset", str(write_texts(tmp_path, 3)), "--cell", "lstm", "--seed", "7"]
    (tmp_path / "glove.txt").write_text("text 0.5 -0.5\nnever-seen 0.25 1\n")
    words += ["--glove", str(tmp_path / "glove.txt"), "--embedding-dim", "2"]
    for name in ("model", "again"):
        zoo.run(recipe["main"], recipe["Config"], "", [*words, "--output", str(tmp_path / name)])
    for name in ("history.csv", "metrics.json"):
        assert (tmp_path / "model" / name).read_text() == (tmp_path / "again" / name).read_text()
    assert (tmp_path / "model" / "accuracy_by_length.png").exists()  # all texts are of one length
    assert "['bad', 'good', 'odd']" in capfd.readouterr().out
    model = keras.saving.load_model(tmp_path / "model" / "model.keras")
    vocabulary = json.loads((tmp_path / "model" / "task.json").read_text())["vocabulary"]
    i = vocabulary.index("never-seen")  # of which training changes nothing
    assert model.get_layer("embedding").get_weights()[0][i].tolist() == [0.25, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cell gruu", "invalid choice: 'gruu'"),
        ("--dataset movie_review/imdb", "Did you mean 'movie_reviews'?"),
        ("--dataset {tmp}/column.tsv", "column.tsv, line 2: expected a label, a tab and a text"),
        ("--dataset {tmp}/empty.tsv", "empty.tsv is empty"),
        ("--dataset {tmp}/unseen", "has a label that the training split lacks"),
        ("--dataset {tmp}/nothing", "has no classes"),
        ("--dataset {tmp}/mine.tsv --glove {tmp}/no.zip", "No file of word vectors"),
        ("--units 0", "argument --units: must be at least 1"),
        ("--dataset {tmp}/mine.tsv --dropout 2", "rate=2.0"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(sentiment, words, message, tmp_path, capfd):
    write_texts(tmp_path, 2)
    (tmp_path / "column.tsv").write_text("good\tfine\nfine\n")
    (tmp_path / "empty.tsv").write_text("")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "unseen").mkdir()
    (tmp_path / "mine.tsv").rename(tmp_path / "unseen" / "train.tsv")
    write_texts(tmp_path, 2)
    (tmp_path / "unseen" / "test.tsv").write_text("mixed\thm\n")
    with pytest.raises(SystemExit) as end:
        recipe = runpy.run_path(str(sentiment))
        zoo.run(recipe["main"], recipe["Config"], "", words.format(tmp=tmp_path).split())
    assert end.value.code == 2
    errors = capfd.readouterr().err.splitlines()
    assert len([line for line in errors if "error:" in line]) == 1
    assert message in errors[-1]


def test_a_recipe_ends_with_status_2_and_no_traceback(sentiment, tmp_path):
    result = run(sentiment, "--dataset", str(tmp_path))
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("many_to_one_sentiment.py: error: ") and "has no classes" in last
