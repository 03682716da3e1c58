"""Sentiment: from texts with labels to a table of accuracies and a saved model."""

import json
import re

import keras
import needs
import pytest
from pictures import assert_shows_data

RECIPE = "many_to_one_sentiment"


def write_texts(folder, num_classes):
    lines = [f"{('bad', 'good', 'odd')[i % num_classes]}\ta text of number {i}\n" for i in range(90)]
    (folder / "mine.tsv").write_text("".join(lines))
    return folder / "mine.tsv"


def test_own_documents_of_three_classes(run, tmp_path, ask):
    folder = tmp_path / "model"
    (tmp_path / "glove.txt").write_text("text 0.5 -0.5\nnever-seen 0.25 1\n")
    words = ["--dataset", write_texts(tmp_path, 3), "--cell", "lstm"]
    words += ["--glove", tmp_path / "glove.txt", "--embedding-dim", "2"]
    printed = run("--smoke", *words, "--output", folder)
    assert "['bad', 'good', 'odd']" in printed
    table = re.findall(r"^(lstm|mean of word vectors|bag of words) +(0\.\d+)", printed, re.M)
    assert [name for name, _ in table] == ["lstm", "mean of word vectors", "bag of words"]
    task = json.loads((folder / "task.json").read_text())
    for name, accuracy in table:
        assert f"{task['metrics']['test_accuracy'][name]['all']:.4f}" == accuracy
    assert (folder / "accuracy_by_length.png").exists()  # all texts are of one length
    answers = re.findall(r"^(\S.*\S) +(bad|good|odd) \((0\.\d\d)\)$", printed, re.M)
    assert "The food is not good" in [text for text, *_ in answers]
    likeliest = [
        next(iter(answer.items())) for answer in ask("predict", folder, *(text for text, *_ in answers))
    ]
    assert [(label, f"{p:.2f}") for label, p in likeliest] == [(label, p) for _, label, p in answers]
    model = keras.saving.load_model(folder / "model.keras")
    i = task["vocabulary"].index("never-seen")  # of which training changes nothing
    assert model.get_layer("embedding").get_weights()[0][i].tolist() == [0.25, 1]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(assert_same_numbers, tmp_path):
    assert_same_numbers("--smoke", "--seed", "7", "--dataset", write_texts(tmp_path, 3))


@pytest.mark.slow
def test_real_reviews(run, data_dir, tmp_path, ask):
    folder = tmp_path / "model"
    printed = run("--smoke", "--data-dir", data_dir, "--output", folder)
    assert re.findall(r"^(gru|mean of word vectors|bag of words) +0\.\d+", printed, re.M)
    printed = re.findall(r"^(\S.*\S) +(neg|pos) \((0\.\d\d)\)$", printed, re.M)
    answers = ask("predict", folder, *(text for text, *_ in printed))
    likeliest = [next(iter(answer.items())) for answer in answers]
    assert [(label, f"{p:.2f}") for label, p in likeliest] == [(label, p) for _, label, p in printed]
    assert_shows_data(folder / "accuracy_by_length.png")


@pytest.mark.slow
@needs.data
def test_glue_is_scored_on_the_labelled_test_split(run):
    printed = run("--smoke", "--dataset", "glue/sst2")
    assert "200 train, 175 validation, 183 test ['negative', 'positive']" in printed


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
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, assert_refused):
    (tmp_path / "column.tsv").write_text("good\tfine\nfine\n")
    (tmp_path / "empty.tsv").write_text("")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "unseen").mkdir()
    write_texts(tmp_path, 2).rename(tmp_path / "unseen" / "train.tsv")
    write_texts(tmp_path, 2)
    (tmp_path / "unseen" / "test.tsv").write_text("mixed\thm\n")
    assert_refused(message, "--smoke", *words.format(tmp=tmp_path).split())
