"""The translation recipe: on Multi30k where it is in place, on a person's own pairs, on bad input."""

import json
import re

import needs
import pytest
from pictures import assert_shows_data

import zoo
from zoo.tasks import translation

RECIPE = "encoder_decoder_translation"

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def write_pairs(path):
    pairs = [(a, b, c) for a in NUMBERS for b in NUMBERS for c in NUMBERS[:3]]
    lines = [f"{a} and {b} {c}\t{c} {b} und {a}\tCC-BY 2.0 (France)\n" for a, b, c in pairs]
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize(
    ("attentions", "flags"),
    [
        (["additive"], ()),
        pytest.param(["additive", "none"], ("--baseline",), marks=pytest.mark.exhaustive),
    ],
)
def test_own_pairs(attentions, flags, run, tmp_path, ask):
    output = tmp_path / "model"
    printed = run(
        "--smoke", "--dataset", write_pairs(tmp_path / "mine.tsv"), "--output", output, *flags
    )
    table = re.findall(
        r"^(copied source|nearest sentence|attention .*?)  +([\d.]+) +[\d.]+$", printed, re.M
    )
    systems = [f"attention {a}, {d}" for a in attentions for d in ("greedy", "beam of 5")]
    names = [
        "copied source",
        "nearest sentence",
        *systems,
    ]  # of validation, test, and test by length: all have 4 words
    assert [name for name, *_ in table] == 3 * names
    n = len(names)
    assert "|case:mixed|" in printed  # sacrebleu's signature
    assert "TSV without a header, source in column 1, target in column 2." in printed
    assert re.search(r"^First row, as the network sees it: ▁.+ -> ▁.+$", printed, re.M)
    assert re.search(r"^The texts are too short for 300 subwords: \d+ for the source, ", printed, re.M)
    assert re.search(r"^--dropout 0.4, because there are only 200 pairs$", printed, re.M)
    assert re.search(r"^Verdict: attention .*, beam of 5 .* nearest sentence: ", printed, re.M)
    task = json.loads((output / "task.json").read_text())
    assert f"{task['metrics']['test']['copied source']['BLEU']:.2f}" == table[n][1]
    assert table[n : 2 * n] == table[2 * n :]
    assert_shows_data(output / "attention.png")

    text, translation = re.search(r"^source +(.*)\ntranslation +(.*)", printed, re.M).groups()
    assert ask("generate", output, text)[0].strip() == translation.strip()


@pytest.mark.slow
@needs.data
def test_multi30k_is_the_default(run):
    printed = run("--smoke")
    assert "200 train, 200 validation, 200 test pairs" in printed
    assert re.search(r"^attention additive, beam of 5 +[\d.]+", printed, re.M)


@pytest.mark.exhaustive
@needs.data
@needs.files(needs.MANUAL / "hin.txt")
def test_english_to_hindi(run):
    printed = run("--smoke", "--dataset", "tatoeba_hin", "--vocabulary-size", "400")
    assert "200 train, 200 validation, 200 test pairs" in printed
    assert re.search(r"^reference +.*[\u0900-\u097f]", printed, re.M)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/three.tsv", "three.tsv, line 2: expected 2 columns, as in the first row"),
        ("--dataset {tmp}/latin.tsv", "latin.tsv, line 1: this is not utf-8 text"),
        ("--dataset {tmp}/no.tsv", "No file or folder of that name"),
        ("--dataset movie_reviews", "is not a translation dataset"),
        ("--dataset {tmp}/mine.tsv --source de", "mine.tsv has no column 'de' for the source"),
        ("--dataset {tmp}/mine.tsv --max-length 2", "No training pair has fewer than 2 tokens"),
        ("--dataset {tmp}/mine.tsv --vocabulary-size 5", "No vocabulary of 5 pieces"),
        ("--attention dott", "invalid choice: 'dott'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, data_dir, assert_refused):
    write_pairs(tmp_path / "mine.tsv")
    (tmp_path / "three.tsv").write_text("a\tb\na\tb\tc\n")
    (tmp_path / "latin.tsv").write_bytes(b"caf\xe9\ta\n")
    assert_refused(message, "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, tmp_path, assert_needs_generate):
    assert_needs_generate(edit, "--dataset", write_pairs(tmp_path / "mine.tsv"))


@pytest.mark.exhaustive
def test_short_texts_have_no_bleu_and_empty_translations_are_named(run, tmp_path, monkeypatch):
    def answer_nothing(model, sources, *args, **options):
        return [[] for _ in sources]

    monkeypatch.setattr(zoo.decoding, "generate_in_batches", answer_nothing)
    lines = [f"{a} {b}\t{b} {a}\n" for a in NUMBERS for b in NUMBERS]
    (tmp_path / "mine.tsv").write_text("".join(lines))
    printed = run("--smoke", "--dataset", tmp_path / "mine.tsv")
    assert re.search(r"^attention additive, beam of 5 +- +0\.00$", printed, re.M)
    assert re.search(r"^copied source +- +\d+\.\d\d$", printed, re.M)
    assert "All translations are empty. Train longer" in printed
    assert "does not beat the best baseline" in printed


def test_defaults_fit_the_pairs():
    def values(*pair):
        return {name: value for name, (value, _) in translation.defaults(*pair).items()}

    published = values(["a dog runs"] * 29_000, ["ein Hund rennt"] * 29_000)
    assert published["vocabulary_size"] == 3000
    few = values(["a dog runs"] * 300, ["ein Hund rennt"] * 300)
    assert few["vocabulary_size"] < 300
    assert few["dropout"] > published["dropout"]
    assert few["epochs"] > published["epochs"]
    chinese = ["".join(chr(0x4E00 + i) for i in range(2500))]  # each character needs a subword
    assert values(["a dog runs"] * 300, chinese * 300)["vocabulary_size"] > 2500
