"""Pronunciation: dictionaries are read and scored as the recipe says, and letters become phonemes."""

import itertools
import json
import re

import keras
import pytest
from pictures import assert_shows_data

import zoo
from zoo.tasks import pronunciation

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
        pytest.param("simple_rnn", "none", marks=pytest.mark.exhaustive),
    ],
)
def test_own_dictionary(run, cell, attention, own):
    folder = own / "model"
    words = ["--cell", cell, "--attention", attention, "--words", "zolla, d\u200bott"]
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
    assert header.split("\t") == ["word", "answer", "right"]
    assert len(wrong) / num_test == metrics["test"][cell]["words"]
    for word, answer, right in (line.split("\t") for line in wrong):
        assert right == " ".join(SOUNDS[letter].rstrip("012") for letter in word) != answer
    task = json.loads((folder / "task.json").read_text())
    assert task["task"] == "pronunciation"
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
def test_it_learns(run, own, ask):
    words = "--epochs 8 --batch-size 16 --units 32 --learning-rate 0.01 --seed 3 --words zola,dot"
    folder = own / "model"
    printed = run("--dataset", own / "own.tsv", *words.split(), "--output", folder)
    rates = json.loads((folder / "metrics.json").read_text())["test"]
    assert rates["gru"]["words"] <= 0.1 < 0.9 < rates["nearest spelling"]["words"]
    assert rates["gru"]["phonemes"] <= 0.03 < rates["nearest spelling"]["phonemes"]
    printed = dict(re.findall(r"^(zola|dot) +(.*)$", printed, re.M))
    assert ask("generate", folder, "Zola", "dot") == [printed["zola"], printed["dot"]]


@pytest.mark.exhaustive
def test_cmudict_needs_no_network(run, data_dir):
    printed = run("--smoke", "--data-dir", data_dir)
    assert "200 train, 196 validation, 195 test words" in printed
    assert re.search(r"^brexit ", printed, re.M)


@pytest.mark.exhaustive
def test_letters_of_another_script_are_joined_again(run, own, ask):
    lines = [f"{''.join(SOUNDS[letter][0] for letter in word)}\t{word}\t1\n" for word in WORDS]
    (own / "script.tsv").write_text("".join(lines))
    words = ["--source", "2", "--words", "zolla,BADO", "--epochs", "1", "--output", own / "model"]
    printed = run("--smoke", "--dataset", own / "script.tsv", *words)
    assert "source in column 2, target in column 1. Targets have no spaces" in printed
    assert re.search(r"^Error rates +words +characters$", printed, re.M)
    assert re.search(
        r"^First row, as the network sees it: (\w ){3}\w -> ([A-Z] ){3}[A-Z]$", printed, re.M
    )
    said = dict(re.findall(r"^(zolla|bado) +([A-Z]*)$", printed, re.M))
    assert json.loads((own / "model" / "task.json").read_text())["task"] == "transliteration"
    assert ask("generate", own / "model", "zolla", "BADO") == list(said.values())


def test_defaults_fit_the_words():
    few, many = (
        {name: value for name, (value, _) in pronunciation.defaults(number).items()}
        for number in (2000, 121_444)
    )
    assert many["epochs"] == 3
    assert few["epochs"] > many["epochs"]
    assert few["dropout"] > many["dropout"]
    assert few["units"] < many["units"]


@pytest.mark.exhaustive
def test_the_fixed_words_are_for_english_letters(run, own):
    printed = run("--smoke", "--dataset", own / "own.tsv")  # these letters cannot spell them
    assert "brexit" not in printed
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [f"{a}{b}\t{a.upper()} {b.upper()}\n" for a in letters for b in letters]
    (own / "english.tsv").write_text("".join(rows))
    printed = run("--smoke", "--dataset", own / "english.tsv", "--units", "4", "--batch-size", "200")
    assert re.search(r"^brexit +", printed, re.M)


@pytest.mark.exhaustive
def test_the_examples_are_right_and_wrong_words_of_the_test_split(run, own, monkeypatch):
    def spell(model, sources, *args, **options):  # right if the word begins with b, wrong otherwise
        return [[4] if source[0] == 3 else [] for source in sources]

    monkeypatch.setattr(zoo.decoding, "generate_in_batches", spell)
    rows = [f"{word}\t{'A' if word[0] == 'b' else 'Z X'}\n" for word in WORDS]
    (own / "two.tsv").write_text("".join(rows))
    printed = run("--smoke", "--dataset", own / "two.tsv")
    assert re.search(r"^b\w+ +A +right$", printed, re.M)
    assert re.search(r"^[^b]\w+ +not ZX$", printed, re.M)
    assert re.search(r"^Verdict: gru .* the best baseline, nearest spelling: ", printed, re.M)

    def answer_nothing(model, sources, *args, **options):
        return [[] for _ in sources]

    monkeypatch.setattr(zoo.decoding, "generate_in_batches", answer_nothing)
    printed = run("--smoke", "--dataset", own / "two.tsv")
    assert "All answers are empty. Train longer" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--words zola,olé", "Words may have the characters abd"),
        ("--dataset cmudic", "Did you mean 'cmudict'?"),
        ("--dataset {tmp}/column.tsv", "column.tsv, line 2: expected 2 columns, as in the first row"),
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
