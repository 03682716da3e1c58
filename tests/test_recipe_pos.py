"""Parts of speech: from columns to tags, right ones counted over all and over unseen words."""

import json
import re

import edits
import keras
import needs
import pytest
from pictures import assert_shows_data

import zoo

RECIPE = "many_to_many_pos"
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara")
SENTENCES = [f"{name} PROPN\nsees VERB\nthe DET\ncat{i} NOUN\n" for i in range(60) for name in NAMES]


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.conll").write_text("\n".join(SENTENCES))
    (tmp_path / "glove.txt").write_text("sees 0.5 -0.5\nnever-seen 0.25 1\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("lstm", "--glove {tmp}/glove.txt --embedding-dim 2"),
        pytest.param("gru", "--head crf --no-characters", marks=pytest.mark.exhaustive),
    ],
)
def test_own_columns(run, cell, words, own):
    words = words.format(tmp=own).split()
    (own / "data").mkdir()
    names = {
        "train": SENTENCES,
        "validation": SENTENCES[:200:7],
        "test": ["Ada PROPN\nSees NOUN\n"] * 9,
    }
    for split, sentences in names.items():
        (own / "data" / f"{split}.conll").write_text("\n".join(sentences))
    printed = run(
        "--smoke", "--dataset", own / "data", "--cell", cell, "--output", own / "model", *words
    )
    assert "200 train of 800 words" in printed and "9 test of 18 words" in printed
    head = "crf" if "crf" in words else "softmax"
    rows = re.findall(rf"^{cell}, {head} +(.*)$", printed, re.M)
    metrics = json.loads((own / "model" / "metrics.json").read_text())
    for row, split in zip(rows, ("validation", "test"), strict=True):
        values = metrics[split][f"{cell}, {head}"].values()
        assert row.split() == [f"{value:.4f}" for value in values]
    assert metrics["validation"]["most frequent tag"] == {"all": 1}
    # "Sees" was never seen with a capital, and gets the first of four tags that are equally frequent.
    assert metrics["test"]["most frequent tag"] == {"all": 0.5, "unseen": 0}
    history = (own / "model" / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,val_accuracy"
    best = metrics["validation"][f"{cell}, {head}"]["all"]
    assert float(history[1].split(",")[-1]) == best
    assert f"Read {own / 'data'}: CoNLL columns, token in column 1, tag in column 2." in printed
    assert re.search(
        r"^First row, as the network sees it: \w+/PROPN sees/VERB the/DET cat", printed, re.M
    )
    assert re.search(rf"^Verdict: {cell}, {head} .* most frequent tag", printed, re.M)
    assert re.search(r"^[ !] Ada/PROPN Sees/NOUN$", printed, re.M)
    task = json.loads((own / "model" / "task.json").read_text())
    embedding = keras.saving.load_model(own / "model" / "model.keras").get_layer("embedding")
    assert embedding.input_dim == len(task["vocabulary"])
    if "--glove" in words:
        i = task["vocabulary"].index("never-seen")
        assert embedding.get_weights()[0][i].tolist() == [0.25, 1]
    assert_shows_data(own / "model" / "confusion.png")


@pytest.mark.slow
def test_it_learns(run, own, ask):
    words = "--epochs 3 --units 16 --batch-size 8 --learning-rate 0.01 --dropout 0.2 --seed 7"
    folder = own / "model"
    printed = run("--dataset", own / "own.conll", *words.split(), "--output", folder)
    accuracy = json.loads((folder / "metrics.json").read_text())["test"]
    assert accuracy["lstm, softmax"]["all"] > 0.95
    line = re.findall(r"^  (\w+/\w+ sees/\w+ .*)$", printed, re.M)[-1]
    pairs = [pair.rsplit("/", 1) for pair in line.split()]
    (spans,) = ask("predict", folder, " ".join(word for word, _ in pairs))
    assert [[span["text"], span["label"]] for span in spans] == pairs


@pytest.mark.slow
@needs.data
def test_en_ewt_is_the_default(run):
    printed = run("--smoke")
    assert "'ADJ', 'ADP', 'ADV', 'AUX', 'CCONJ'" in printed
    *_, (of_all, of_unseen) = re.findall(r"^most frequent tag +([.\d]+) +([.\d]+)$", printed, re.M)
    assert 0.6 < float(of_all) < 0.9 and float(of_unseen) < 0.5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/ragged.conll", "ragged.conll, line 3: expected a token and its tag"),
        ("--dataset {tmp}/empty.conll", "empty.conll is empty"),
        ("--dataset universal_dependency/en_ewt", "Did you mean 'universal_dependencies'?"),
        ("--dataset {tmp}/own.conll --glove {tmp}/no.zip", "No file of word vectors"),
        ("--dataset {tmp}/own.conll --head crff", "invalid choice: 'crff'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    (own / "ragged.conll").write_text("Ada PROPN\nsees VERB\ncats\n")
    (own / "empty.conll").write_text("\n")
    assert_refused(message, "--smoke", *words.format(tmp=own).split())


@pytest.mark.exhaustive
@pytest.mark.parametrize("edit", ["sequential with input", "own layer", "own cell"])
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
