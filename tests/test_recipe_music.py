"""Music: chords in, the next chords out; and a chorale from one chord, as MIDI and as a picture."""

import io
import json
import re

import edits
import keras
import mido
import needs
import numpy as np
import pytest
import tensorflow_datasets as tfds
from pictures import assert_shows_data

import zoo
from zoo.datasets import jsb_chorales

RECIPE = "one_to_many_music"
CHORDS = [[72, 67, 64, 48], [74, 67, 62, 55], [76, 67, 60, 48], [72, 65, 60, 53]]


@pytest.fixture
def chorales(tmp_path, monkeypatch):
    """A data_dir with a few chorales in the place of the real ones."""
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    rng, infos = np.random.default_rng(0), {}
    for grid, repeats in (("quarter", 1), ("16th", 4)):
        splits = {
            split: [
                [CHORDS[i] for i in rng.integers(0, 4, size) for _ in range(repeats)]
                for size in rng.integers(6, 30, num_rows)
            ]
            for split, num_rows in (("train", 24), ("valid", 5), ("test", 5))
        }
        file = manual / f"jsb-chorales-{grid}.json"
        file.write_text(json.dumps(splits))
        infos[jsb_chorales.URL + file.name] = tfds.core.download.checksums.compute_url_info(file)
    monkeypatch.setattr(jsb_chorales.JsbChorales, "url_infos", infos)
    return tmp_path


def test_rows_are_chords_and_those_after_them(recipe):
    (x, y), *_ = recipe["make_rows"]([np.array(CHORDS), np.array(CHORDS[:2])])
    assert x.shape == (3, 89) and y.shape == (3, 88)
    assert np.flatnonzero(x[0]).tolist() == [48 - 21, 64 - 21, 67 - 21, 72 - 21, 88]
    np.testing.assert_array_equal(x[1:, :88], y[:-1])
    silent, _ = recipe["make_rows"]([np.zeros((2, 4), int)])[0]
    assert silent[0].tolist() == [0] * 88 + [1]  # which padding is not


def test_the_loss_is_the_sum_over_the_keys(recipe):
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, (2, 5, 88)).astype("float32"), rng.uniform(0.1, 0.9, (2, 5, 88))
    loss = np.mean(recipe["nll"](y, p.astype("float32")))
    assert loss == pytest.approx(zoo.music.score(p, y)["nats a step"], rel=1e-5)


def test_symbols_and_back(recipe):
    notes = np.array([*CHORDS, [72, 0, 64, 48]])
    symbols = zoo.music.to_symbols(notes, shift=2)
    assert symbols[:5] == ["|", "S74", "A69", "T66", "B50"]
    assert [i for i, symbol in enumerate(symbols) if symbol == "|"] == [0, recipe["BEAT"]]
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
    for x, y in recipe["make_pieces"]([notes] * 50, numbers, rng):
        assert len(x) == 16 * recipe["BEAT"] and x[1:].tolist() == y[:-1].tolist() and min(x) > 1
        first.add(next(names[token] for token in x if names[token][0] == "S"))
    assert len(first) > 10
    (x, _), *_ = recipe["make_pieces"]([notes[:4]], numbers, rng, shifts=[0])
    assert [names[token] for token in x] == ["[START]", *zoo.music.to_symbols(notes[:4])]


def test_a_few_chorales(run, chorales, ask):
    output, cell = chorales / "model", "gru"
    words = ["--cell", cell, "--data-dir", chorales, "--chord", "74, 67,62,55"]
    printed = run("--smoke", *words, "--output", output)
    assert "20 train, 5 validation, 5 test chorales" in printed
    metrics = json.loads((output / "metrics.json").read_text())
    for split, rows in metrics.items():
        assert list(rows) == [cell, "last chord", "frequencies", "composer"]
        (loss,) = rows.pop("composer").values()
        assert re.search(rf"^{split} +{loss:.4f}$", printed, re.M)
        assert 3.5 < loss < 5  # ln 134 = 4.9 if all symbols are alike
        for name, row in rows.items():
            cells = re.search(rf"^{split}, {name} +(.*)$", printed, re.M).group(1).split()
            assert cells == [f"{value:.4f}" for value in row.values()]
    assert re.search(r"^soprano +D5 ", printed, re.M) and re.search(r"^bass +G3 ", printed, re.M)
    task = json.loads((output / "task.json").read_text())
    assert {"|", "S74", "B48"} <= set(task["vocabulary"])
    assert len(mido.MidiFile(file=io.BytesIO((output / "chorale.mid").read_bytes())).tracks) == 5
    assert_shows_data(output / "chorale.png")
    options = ["--strategy", "sample", "--top-p", "0.95", "--seed", "0", "--beats", "4"]
    (notes,) = ask("generate", output, "74,67,62,55", options=options)
    assert zoo.music.to_midi(np.array(notes)) == (output / "chorale.mid").read_bytes()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(assert_same_numbers, chorales):
    files = ("history.csv", "metrics.json", "chorale.mid")
    assert_same_numbers("--smoke", "--cell", "lstm", "--seed", "3", "--data-dir", chorales, files=files)


@pytest.mark.slow
@needs.data
def test_real_chorales(run, tmp_path):
    run("--smoke", "--output", tmp_path / "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    # How often each key sounds in the first 20 chorales already says much.
    assert 11 < metrics["test"]["frequencies"]["nats a step"] < 14
    assert metrics["test"]["frequencies"]["nats a step"] < metrics["test"]["lstm"]["nats a step"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--chord 72,67,64", "must be four MIDI pitches"),
        ("--chord 72,67,64,c", "must be four MIDI pitches"),
        ("--chord 72,67,64,120", "sing in training, such as 72,67,64,48. Received: '72,67,64,120'"),
        ("--dataset jsb", "invalid choice: 'jsb'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, chorales, assert_refused):
    assert_refused(message, "--smoke", "--data-dir", chorales, *words.format(tmp=chorales).split())


@pytest.mark.parametrize("edit", edits.ONE)
def test_a_changed_listener(edit, run, chorales, monkeypatch):
    build = zoo.build

    def build_other(name, **options):
        if name == "one_to_many":
            return build(name, **options)
        sizes = {"features": options["num_features"], "per_step": True}
        return edits.make(edit, options["num_tags"], "sigmoid", **sizes)

    monkeypatch.setattr(zoo, "build", build_other)
    printed = run("--smoke", "--data-dir", chorales)
    assert re.search(rf"^test, {edits.CELLS[edit]} +\d+\.", printed, re.M)


def test_a_composer_that_cannot_write_is_refused_before_the_listener_learns(
    chorales, monkeypatch, assert_refused
):
    build = zoo.build

    def build_other(name, **options):
        if name == "many_to_many":
            return build(name, **options)
        return edits.make("sequential", options["vocabulary_size"], tokens=200, per_step=True)

    monkeypatch.setattr(zoo, "build", build_other)
    monkeypatch.setattr(keras.Model, "fit", None)
    assert_refused("needs a model with the method generate()", "--smoke", "--data-dir", chorales)
