"""Music: chords in, the next chords out."""

import json
import re

import edits
import needs
import numpy as np
import pytest

import zoo

RECIPE = "one_to_many_music"
CHORDS = [[72, 67, 64, 48], [74, 67, 62, 55], [76, 67, 60, 48], [72, 65, 60, 53]]


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


def test_a_few_chorales(run, chorales, ask):
    output, cell = chorales / "model", "gru"
    printed = run("--smoke", "--cell", cell, "--data-dir", chorales, "--output", output)
    assert "20 train, 5 validation, 5 test pieces" in printed
    metrics = json.loads((output / "metrics.json").read_text())
    for split, rows in metrics.items():
        assert list(rows) == [cell, "last chord", "frequencies"]
        for name, row in rows.items():
            cells = re.search(rf"^{split}, {name} +(.*)$", printed, re.M).group(1).split()
            assert cells == [f"{value:.4f}" for value in row.values()]
    assert re.search(r"^Verdict: .*last chord|^Verdict: .*frequencies", printed, re.M)
    assert re.search(r"^First row, as the network sees it: .* -> .*[A-G]", printed, re.M)
    assert "--dropout 0.5, because there are 20 training pieces" in printed
    chords = {tuple(map(zoo.music.note_name, chord)) for chord in CHORDS}
    shown = re.findall(r"^(.{19}) {5}.{19}$", printed.split("most likely")[1], re.M)
    assert shown and {tuple(line.split()) for line in shown} <= chords
    task = json.loads((output / "task.json").read_text())
    assert task["labels"][0] == "A0" and task["labels"][-1] == "C8"
    short, long = ask("predict", output, "72,67,64,48", "72,67,64,48 74,67,62,55")
    assert len(short) == 88 and sorted(short.values(), reverse=True) == [*short.values()]
    roll = np.pad(zoo.music.piano_roll(np.array(CHORDS[:2])), ((0, 0), (0, 1)), constant_values=1)
    p = zoo.load(output).model.predict_on_batch(roll[None])[0, -1]
    np.testing.assert_allclose([long[name] for name in task["labels"]], p, rtol=1e-4)


@pytest.mark.slow
@needs.data
def test_real_chorales(run, tmp_path):
    run("--smoke", "--output", tmp_path / "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    # How often each key sounds in the first 20 chorales already says much.
    assert 11 < metrics["test"]["frequencies"]["nats a step"] < 14
    assert metrics["test"]["frequencies"]["nats a step"] < metrics["test"]["lstm"]["nats a step"]


@pytest.mark.slow
def test_tunes_of_one_voice(run, tmp_path, ask):
    for i in range(20):
        tune = np.random.default_rng(i).choice([60, 62, 64, 67], (12, 1))
        (tmp_path / f"{i}.mid").write_bytes(zoo.music.to_midi(tune, steps_a_beat=1))
    printed = run("--smoke", "--dataset", tmp_path, "--output", tmp_path / "model")
    assert f"Read {tmp_path}: 20 MIDI files, 1 voice." in printed
    likeliest = re.findall(r"^[A-G-]#?\d? +([A-G]#?\d) *$", printed.split("most likely")[1], re.M)
    assert likeliest
    (answer,) = ask("predict", tmp_path / "model", "60 62 64")
    assert len(answer) == 88


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset jsb", "Give a folder of MIDI files, or jsb_chorales. Received: 'jsb'"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, chorales, assert_refused):
    assert_refused(message, "--smoke", "--data-dir", chorales, *words.format(tmp=chorales).split())


@pytest.mark.exhaustive
@pytest.mark.parametrize("edit", ["sequential", "subclass", "no recurrence"])
def test_a_changed_model(edit, run, chorales, monkeypatch):
    def build(name, **options):
        sizes = {"features": options["num_features"], "per_step": True}
        return edits.make(edit, options["num_tags"], "sigmoid", **sizes)

    monkeypatch.setattr(zoo, "build", build)
    printed = run("--smoke", "--data-dir", chorales)
    assert re.search(rf"^test, {edits.CELLS[edit]} +\d+\.", printed, re.M)
