"""The translation recipe: on Multi30k where it is in place, on a person's own pairs, on bad input."""

import json
import os
import pathlib
import re
import runpy

import pytest

import zoo

RECIPE = pathlib.Path(__file__).parent.parent / "recipes" / "encoder_decoder_translation.py"
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def run(*words):
    recipe = runpy.run_path(str(RECIPE))
    zoo.run(recipe["main"], recipe["Config"], "", list(map(str, words)))


def write_pairs(path):
    pairs = [(a, b, c) for a in NUMBERS for b in NUMBERS for c in NUMBERS[:3]]
    lines = [f"{a} and {b} {c}\t{c} {b} und {a}\tCC-BY 2.0 (France)\n" for a, b, c in pairs]
    path.write_text("".join(lines))
    return path


def test_own_pairs_and_the_same_seed_gives_the_same_numbers(tmp_path, capfd, ask):
    output = tmp_path / "model"
    words = ["--smoke", "--pairs", write_pairs(tmp_path / "mine.tsv"), "--output"]
    run(*words, output, "--baseline")
    printed = capfd.readouterr().out
    table = re.findall(r"^(copied source|attention .*?)  +([\d.]+) +[\d.]+$", printed, re.M)
    systems = [f"attention {a}, {d}" for a in ("additive", "none") for d in ("greedy", "beam of 5")]
    names = ["copied source", *systems]  # of validation, test, and test by length: all have 4 words
    assert [name for name, *_ in table] == 3 * names
    assert "|case:mixed|" in printed  # sacrebleu's signature
    task = json.loads((output / "task.json").read_text())
    assert f"{task['metrics']['test']['copied source']['BLEU']:.2f}" == table[5][1]
    assert table[5:10] == table[10:]
    assert (output / "attention.png").stat().st_size > 10_000

    text, translation = re.search(r"^source +(.*)\ntranslation +(.*)", printed, re.M).groups()
    assert ask("generate", output, text)[0].strip() == translation.strip()

    run(*words, tmp_path / "again")
    assert (output / "history.csv").read_text() == (tmp_path / "again" / "history.csv").read_text()


@pytest.mark.skipif("TFDS_DATA_DIR" not in os.environ, reason="TFDS_DATA_DIR is not set")
def test_multi30k_is_the_default(capfd):
    run("--smoke")
    printed = capfd.readouterr().out
    assert "200 train, 200 validation, 200 test pairs" in printed
    assert re.search(r"^attention additive, beam of 5 +[\d.]+", printed, re.M)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--pairs {tmp}/three.tsv", "three.tsv, line 2: expected a source, a tab and a target"),
        ("--pairs {tmp}/side.tsv", "side.tsv, line 1: expected a source, a tab and a target"),
        ("--pairs {tmp}/no.tsv", "No file or folder of that name"),
        ("--dataset movie_reviews", "is no translation dataset"),
        ("--pairs {tmp}/mine.tsv --source de", "The columns of"),
        ("--pairs {tmp}/mine.tsv --max-length 2", "No training pair has less than 2 tokens"),
        ("--pairs {tmp}/mine.tsv --vocabulary-size 5", "No vocabulary of 5 pieces"),
        ("--attention dott", "invalid choice: 'dott'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, data_dir, capfd):
    write_pairs(tmp_path / "mine.tsv")
    (tmp_path / "three.tsv").write_text("a\tb\na\tb\tc\n")
    (tmp_path / "side.tsv").write_text("a\t \n")
    with pytest.raises(SystemExit) as end:
        run("--data-dir", data_dir, *words.format(tmp=tmp_path).split())
    assert end.value.code == 2
    errors = capfd.readouterr().err.splitlines()
    assert len([line for line in errors if "error:" in line]) == 1
    assert message in errors[-1]
