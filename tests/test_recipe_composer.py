"""Composer: a chorale from one chord, as MIDI and as a picture."""

import io
import json
import re

import edits
import keras
import mido
import needs
import numpy as np
import pytest
from pictures import assert_shows_data

import zoo

RECIPE = "one_to_many_composer"
CHORDS = [[72, 67, 64, 48], [74, 67, 62, 55], [76, 67, 60, 48], [72, 65, 60, 53]]


def test_symbols_and_back():
    notes = np.array([*CHORDS, [72, 0, 64, 48]])
    symbols = zoo.music.to_symbols(notes, shift=2)
    assert symbols[:5] == ["|", "S74", "A69", "T66", "B50"]
    assert [i for i, symbol in enumerate(symbols) if symbol == "|"] == [
        0,
        zoo.tasks.composition.beat_size(4),
    ]
    assert symbols[-3] == "A0"  # silence is not moved
    expected = np.where(notes == 0, 0, notes + 2)
    np.testing.assert_array_equal(zoo.music.from_symbols(["[START]", *symbols, "[END]"]), expected)
    np.testing.assert_array_equal(zoo.music.from_symbols(symbols[:-1]), expected[:-1])
    assert zoo.music.from_symbols(["[START]", "[END]"]).shape == (0, 4)
    one_too_few = ["S72", "A67", "B48", "|", "S71", "A65", "T62", "B47"]  # no voice changes places
    assert zoo.music.from_symbols(one_too_few).tolist() == [[72, 67, 0, 48], [71, 65, 62, 47]]


def test_pieces_are_cut_and_moved_at_random(recipe):
    notes = np.array(CHORDS * 40)
    symbols = {s for shift in range(-4, 5) for s in zoo.music.to_symbols(notes, shift)}
    numbers = {symbol: i for i, symbol in enumerate([*recipe["SPECIAL"], *sorted(symbols - {"|"})])}
    names, rng = list(numbers), np.random.default_rng(0)
    first = set()
    for x, y in recipe["make_rows"]([notes] * 50, numbers, rng):
        assert len(x) == 16 * 17 and x[1:].tolist() == y[:-1].tolist() and min(x) > 1
        first.add(next(names[token] for token in x if names[token][0] == "S"))
    assert len(first) > 10
    (x, _), *_ = recipe["make_rows"]([notes[:4]], numbers, rng, shifts=[0])
    assert [names[token] for token in x] == ["[START]", *zoo.music.to_symbols(notes[:4])]


@pytest.mark.slow
def test_a_few_chorales(run, chorales, ask):
    output, cell = chorales / "model", "gru"
    words = ["--cell", cell, "--data-dir", chorales, "--chord", "74, 67,62,55"]
    printed = run("--smoke", *words, "--output", output)
    assert "20 train, 5 validation, 5 test pieces" in printed
    metrics = json.loads((output / "metrics.json").read_text())
    for split, rows in metrics.items():
        assert list(rows) == [cell, "6-gram"]
        for name, row in rows.items():
            (loss,) = row.values()
            assert re.search(rf"^{split}, {name} +{loss:.4f}$", printed, re.M)
        assert 3.5 < rows[cell]["nats a token"] < 5  # ln 134 = 4.9 if all symbols are alike
        # Each of the four chords lasts a beat, and then any of them follows: ln 4 in 17 tokens.
        assert np.log(4) / 17 < rows["6-gram"]["nats a token"] < 1
    assert re.search(r"^Verdict: .*6-gram", printed, re.M)
    assert "First row, as the network sees it: [START] | S" in printed
    assert re.search(r"^soprano +D5 ", printed, re.M) and re.search(r"^bass +G3 ", printed, re.M)
    task = json.loads((output / "task.json").read_text())
    assert {"|", "S74", "B48"} <= set(task["vocabulary"])
    assert len(mido.MidiFile(file=io.BytesIO((output / "chorale.mid").read_bytes())).tracks) == 5
    assert_shows_data(output / "chorale.png")
    options = ["--strategy", "sample", "--top-p", "0.95", "--seed", "0", "--beats", "4"]
    (notes,) = ask("generate", output, "74,67,62,55", options=options)
    assert zoo.music.to_midi(np.array(notes)) == (output / "chorale.mid").read_bytes()


@pytest.mark.exhaustive
@pytest.mark.parametrize("num_voices", [1, 3])
def test_fewer_voices(num_voices, run, tmp_path, ask):
    for i in range(20):
        tune = np.random.default_rng(i).choice([67, 71, 74], (8, 1)).repeat(4, axis=0)
        notes = tune - 12 * np.arange(num_voices)
        (tmp_path / f"{i}.mid").write_bytes(zoo.music.to_midi(notes))
    output = tmp_path / "model"
    printed = run("--smoke", "--dataset", tmp_path, "--output", output)
    assert "it is the first known chord of the test split" in printed
    voices = re.findall(r"^(soprano|alto|tenor|bass) ", printed, re.M)
    assert voices == ["soprano", "alto", "tenor"][:num_voices]
    assert len(mido.MidiFile(output / "chorale.mid").tracks) == 1 + num_voices
    chord = [71 - 12 * voice for voice in range(num_voices)]
    (notes,) = ask("generate", output, ",".join(map(str, chord)), options=["--beats", "4"])
    assert np.shape(notes)[1] == num_voices and notes[0] == chord
    with pytest.raises(zoo.InputError, match=f"must have {num_voices} MIDI pitch"):
        zoo.load(output).generate([[71, 59, 47, 35]])


@pytest.mark.slow
@needs.data
def test_real_chorales(run, tmp_path):
    run("--smoke", "--output", tmp_path / "model")
    losses = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    # What follows in the first 20 chorales already says much.
    assert losses["6-gram"]["nats a token"] < 2 < losses["lstm"]["nats a token"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--chord 72,67,64", "must have 4 MIDI pitches"),
        ("--chord 72,67,64,c", "must have 4 MIDI pitches"),
        ("--chord 72,67,64,120", "soprano, alto, tenor, bass. For example"),
        ("--dataset jsb", "Give a folder of MIDI files, or jsb_chorales. Received: 'jsb'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, chorales, assert_refused):
    assert_refused(message, "--smoke", "--data-dir", chorales, *words.format(tmp=chorales).split())


def test_a_model_that_cannot_write_is_refused(chorales, monkeypatch, assert_refused):
    def build(name, **options):
        return edits.make("sequential", options["vocabulary_size"], tokens=200, per_step=True)

    monkeypatch.setattr(zoo, "build", build)
    monkeypatch.setattr(keras.Model, "fit", None)  # because training must not start
    assert_refused("needs a model with the method generate()", "--smoke", "--data-dir", chorales)
