"""Pronunciation: dictionaries are read and scored as the recipe says, and letters become phonemes."""

import itertools
import json
import re

import keras
import pytest
from pictures import assert_shows_data

RECIPE = "encoder_decoder_pronunciation"
SOUNDS = {letter: letter.upper() for letter in "bdklmnpstz"}
SOUNDS |= {"a": "AH0", "e": "EH1", "i": "IH2", "o": "OW1", "u": "UW0"}
WORDS = ["".join(letters) for letters in itertools.product("bdkmstz", "aeiou", "lnp", "ao")]


@pytest.fixture
def own(tmp_path):
    rows = [f"{word}\t{' '.join(SOUNDS[letter] for letter in word)}\n" for word in WORDS]
    (tmp_path / "own.tsv").write_text("".join(rows))
    return tmp_path


@pytest.mark.parametrize(
    ("cell", "attention"),
    [
        ("gru", "dot"),
        pytest.param("lstm", "additive", marks=pytest.mark.slow),
        pytest.param("simple_rnn", "none", marks=pytest.mark.slow),
    ],
)
def test_own_dictionary(run, cell, attention, own):
    folder = own / "model"
    words = ["--cell", cell, "--attention", attention, "--words", "zolla, dott"]
    printed = run("--smoke", "--dataset", own / "own.tsv", "--output", folder, *words)
    table = re.findall(r"^(\w+), ([\w ]+?) +(\d+\.\d\d)% +(\d+\.\d\d)%$", printed, re.M)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [row[:2] for row in table] == [
        (split, name) for split in ("validation", "test") for name in (cell, "nearest spelling")
    ]
    for split, name, *rates in table:
        assert rates == [f"{100 * rate:.2f}" for rate in metrics[split][name].values()]
    assert re.findall(r"^(zolla|dott) ", printed, re.M) == ["zolla", "dott"]
    # The words it gets wrong: all of them in the file, each beside what is right.
    header, *wrong = (folder / "wrong_words.tsv").read_text().splitlines()
    num_test = int(re.search(r"(\d+) test words", printed)[1])
    assert header.split("\t") == ["word", "said", "listed"]
    assert len(wrong) / num_test == metrics["test"][cell]["words"]
    for word, said, listed in (line.split("\t") for line in wrong):
        assert listed == " ".join(SOUNDS[letter].rstrip("012") for letter in word) != said
    task = json.loads((folder / "task.json").read_text())
    assert task["source_vocabulary"] == ["", "[UNK]", *sorted(SOUNDS)]
    assert task["target_vocabulary"][:4] == ["", "[UNK]", "[START]", "[END]"]
    model = keras.saving.load_model(folder / "model.keras")
    assert model.get_layer("source_embedding").input_dim == len(task["source_vocabulary"])
    assert model.get_layer("probabilities").units == len(task["target_vocabulary"])
    if attention == "none":
        assert not (folder / "attention.png").exists()
    else:
        assert_shows_data(folder / "attention.png")


@pytest.mark.slow
def test_it_learns_and_the_same_seed_gives_the_same_numbers(assert_same_numbers, own, ask):
    words = "--epochs 8 --batch-size 16 --units 32 --learning-rate 0.01 --seed 3 --words zola,dot"
    folder, printed, _ = assert_same_numbers("--dataset", own / "own.tsv", *words.split())
    rates = json.loads((folder / "metrics.json").read_text())["test"]
    assert rates["gru"]["words"] <= 0.1 < 0.9 < rates["nearest spelling"]["words"]
    assert rates["gru"]["phonemes"] <= 0.03 < rates["nearest spelling"]["phonemes"]
    printed = dict(re.findall(r"^(zola|dot) +(.*)$", printed, re.M))
    assert ask("generate", folder, "Zola", "dot") == [printed["zola"], printed["dot"]]


@pytest.mark.slow
def test_cmudict_needs_no_network(run, data_dir):
    printed = run("--smoke", "--data-dir", data_dir)
    assert "200 train, 196 validation, 195 test words" in printed
    assert re.search(r"^brexit ", printed, re.M)


def test_a_word_is_right_if_it_matches_any_listed_pronunciation(recipe):
    dictionary = {
        "either": [("IY", "DH", "ER"), ("AY", "DH", "ER")],
        "zoo": [("Z", "UW")],
        "ox": [("AA", "K", "S", "S"), ("K",)],  # as far from both: the shorter one counts
    }
    said = [("AY", "DH", "ER"), ("Z", "UW", "Z"), ("AA", "K")]
    rates = recipe["error_rates"](said, dictionary)
    assert rates == {"words": 2 / 3, "phonemes": (0 + 1 + 1) / (3 + 2 + 1)}


def test_the_baseline_is_the_first_pronunciation_of_the_nearest_spelling(recipe):
    train = {"zoom": [("Z", "UW", "M"), ("X",)], "book": [("B", "UH", "K")]}
    words = ["zoo", "books", "look"] * 50
    said = recipe["say_nearest"](words, train)
    assert said == [("Z", "UW", "M"), ("B", "UH", "K"), ("B", "UH", "K")] * 50


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--words zola,olé", "Words may have the characters abd"),
        ("--dataset cmudic", "Did you mean 'cmudict'?"),
        ("--dataset {tmp}/column.tsv", "column.tsv, line 2: expected a source, a tab and a target"),
        ("--attention dott", "invalid choice: 'dott'"),
        ("--dropout 2", "argument --dropout: dropout must be"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    (own / "column.tsv").write_text("zoo\tZ UW\nzoo\n")
    assert_refused(message, "--smoke", "--dataset", own / "own.tsv", *words.format(tmp=own).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, own, assert_needs_generate):
    assert_needs_generate(edit, "--dataset", own / "own.tsv")
