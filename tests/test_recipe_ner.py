"""Named entities: from columns to marked sentences, scored as conlleval does."""

import json
import re

import edits
import keras
import needs
import pytest
from pictures import assert_shows_data

import zoo
from zoo.tasks import tagging

RECIPE = "many_to_many_ner"
NAMES = ("Ada", "Grace", "Alan", "Edsger")
SENTENCES = [  # in IOB1, as the files of CoNLL-2003 are
    f"{name} I-PER\n{name}son{i} I-PER\nsaw O\nNorth I-LOC\nSea{i} I-LOC\nLondon B-LOC\n. O\n"
    for i in range(60)
    for name in NAMES
]


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.conll").write_text("-DOCSTART- O\n\n" + "\n".join(SENTENCES))
    (tmp_path / "glove.txt").write_text("london 0.5 -0.5\nnever-seen 0.25 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        pytest.param("lstm", "--glove {tmp}/glove.txt --embedding-dim 2", marks=pytest.mark.slow),
        pytest.param(
            "gru",
            "--head softmax --no-characters --glove {tmp}/glove.txt --embedding-dim 2 "
            "--no-trainable-embeddings",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_own_columns(run, cell, words, own):
    words = words.format(tmp=own).split()
    printed = run(
        "--smoke", "--dataset", own / "own.conll", "--cell", cell, "--output", own / "model", *words
    )
    assert "['LOC', 'PER']" in printed
    head = "softmax" if "softmax" in words else "crf"
    rows = re.findall(rf"^({cell}, {head}|most frequent tag) +([01]\.\d+) +", printed, re.M)
    test = dict(rows[2:])
    assert len(rows) == 4 and len(test) == 2
    assert f"Read {own / 'own.conll'}: CoNLL columns, token in column 1, tag in column 2." in printed
    assert re.search(r"^--batch-size 8, because there are only \d+ training sentences$", printed, re.M)
    assert re.search(r"^First row, as the network sees it: \w+/B-PER \w+/E-PER saw/O ", printed, re.M)
    assert re.search(rf"^Verdict: {cell}, {head} .* most frequent tag", printed, re.M)
    # What is right is printed, as the prediction or below it.
    assert re.search(
        r"^[ !] \[(\w+) \1son\d+ PER\] saw \[North Sea\d+ LOC\] \[London LOC\] \.$", printed, re.M
    )
    task = json.loads((own / "model" / "task.json").read_text())
    metrics = json.loads((own / "model" / "metrics.json").read_text())
    assert {name: f"{row['all']:.4f}" for name, row in metrics["test"].items()} == test
    model = keras.saving.load_model(own / "model" / "model.keras")
    embedding = model.get_layer("embedding")
    assert embedding.input_dim == len(task["vocabulary"])
    if "--glove" in words:
        vectors = dict(zip(task["vocabulary"], embedding.get_weights()[0].tolist(), strict=True))
        assert vectors["never-seen"] == [0.25, 1]  # training never saw it
        is_frozen = "--no-trainable-embeddings" in words
        assert (vectors["london"] == [0.5, -0.5]) == is_frozen
    assert_shows_data(own / "model" / "f1_by_type.png")
    assert (own / "model" / "history.csv").read_text().splitlines()[0] == "epoch,loss,val_f1"


@pytest.mark.slow
def test_it_learns(run, own, ask):
    words = "--epochs 3 --units 16 --batch-size 8 --learning-rate 0.01 --dropout 0.2 --seed 7"
    folder = own / "model"
    printed = run("--dataset", own / "own.conll", *words.split(), "--output", folder)
    f1 = json.loads((folder / "metrics.json").read_text())["test"]
    # Half of each person's name is new, and so is half of each sea's.
    assert f1["lstm, crf"]["all"] > 0.9 and f1["lstm, crf"]["PER"] > 0.9
    assert f1["most frequent tag"]["PER"] == 0 and f1["most frequent tag"]["all"] < 0.7
    marked = re.findall(r"^  (\[.*)$", printed, re.M)[-1]
    sentence = re.sub(r"\[(.*?) [A-Z]+\]", r"\1", marked)
    (spans,) = ask("predict", folder, sentence)
    found = [f"[{span['text']} {span['label']}]" for span in spans]
    assert found == re.findall(r"\[.*?\]", marked)
    assert [span["text"] for span in spans] == [sentence[s["start"] : s["end"]] for s in spans]


@pytest.mark.slow
@needs.data
def test_wnut17_is_the_default(run):
    printed = run("--smoke")
    types = ["corporation", "creative-work", "group", "location", "person", "product"]
    assert f"200 train, 200 validation, 200 test {types}" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/ragged.conll", "ragged.conll, line 3: expected a token and its tag"),
        ("--dataset {tmp}/pos.conll", "pos.conll has no tags of names, such as B-PER, I-PER and O"),
        (
            "--dataset {tmp}/pos.conll --tag 2",
            "A tag of IOB2 is O, or B- or I- and a type. Received: 'NOUN'",
        ),
        ("--dataset {tmp}/own.conll --tag 3", "has no column '3' for --tag. It has column 1 ("),
        ("--dataset {tmp}/own.conll --encoding utf-16", "own.conll"),
        ("--dataset wnut18", "Did you mean 'wnut17'?"),
        ("--dataset {tmp}/own.conll --glove {tmp}/no.zip", "No file of word vectors"),
        ("--dataset {tmp}/own.conll --head crff", "invalid choice: 'crff'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    (own / "ragged.conll").write_text("Ada I-PER\nsaw O\nLondon\n")
    (own / "pos.conll").write_text("\n\n".join(f"dog{i} NOUN\nbites VERB" for i in range(60)))
    assert_refused(message, "--smoke", *words.format(tmp=own).split())


@pytest.mark.parametrize(
    ("num_sentences", "usual_epochs", "batch_size", "epochs"),
    [
        (3394, 20, 32, 20),  # wnut17
        (14041, 20, 32, 20),  # conll2003
        (12544, 10, 32, 10),  # en_ewt
        (40, 20, 8, 100),
        (500, 20, 8, 20),
        (2000, 10, 16, 10),
        (100_000, 20, 32, 3),
    ],
)
def test_settings_that_fit_the_data(num_sentences, usual_epochs, batch_size, epochs):
    chosen = tagging.defaults(num_sentences, usual_epochs)
    assert (chosen["batch_size"][0], chosen["epochs"][0]) == (batch_size, epochs)


def test_a_batch_size_of_the_user_changes_the_epochs():
    epochs, reason = tagging.defaults(500, 20, batch_size=50)["epochs"]
    assert (epochs, reason) == (100, "500 rows in batches of 50 then give 1,000 updates")


def test_nothing_found(capsys):
    tagging.note_empty([["O"], ["O", "B-PER"]])
    assert capsys.readouterr().out == ""


def test_mark():
    assert tagging.mark(["x", "y", "z"], ["O", "O", "O"]) == "x y z"
    tags = ["B-a", "I-a", "B-a", "I-b", "O", "I-a"]
    assert tagging.mark(list("uvwxyz"), tags) == "[u v a] [w a] [x b] y [z a]"


@pytest.mark.parametrize("edit", edits.some("another layer", "no recurrence"))
def test_a_changed_model(edit, run_changed_tagger, own):
    """The table names the head that the model has, even if --head is crf."""
    words = ["--dataset", own / "own.conll", "--no-characters", "--head", "crf"]
    printed = run_changed_tagger(edit, *words)
    assert re.search(rf"^{edits.CELLS[edit]}, softmax +[01]\.\d+", printed, re.M)


def test_a_model_without_characters_is_refused(own, monkeypatch, assert_refused):
    model = edits.make("sequential", 9, tokens=999, per_step=True)
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    message = "There are 2 inputs. Read all of them, or see --help to leave one out"
    assert_refused(message, "--smoke", "--dataset", own / "own.conll")
