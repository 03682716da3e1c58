"""Speech recognition: from recordings to texts."""

import json
import re

import keras
import numpy as np
import pytest
import soundfile
from pictures import assert_shows_data

import zoo
from zoo.tasks import speech_recognition

RECIPE = "many_to_many_speech"
TONES = {"a": 400, "b": 1000, "c": 2500}  # Hertz of a letter


def say(text, rng):
    """A recording in which each letter is a tone of about 0.15 seconds, with silence between them."""
    parts = [np.zeros(1600)]
    for letter in text:
        length = rng.integers(2000, 3000)
        parts += [np.sin(2 * np.pi * TONES[letter] * np.arange(length) / 16_000), np.zeros(1600)]
    samples = 0.3 * np.concatenate(parts)
    return samples + 0.01 * rng.normal(size=len(samples))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    rng, lines = np.random.default_rng(0), []
    for i in range(90):
        text = "".join(rng.choice(list(TONES), rng.integers(1, 4)))
        soundfile.write(folder / f"{i}.wav", say(text, rng), 16_000)
        lines.append(f"{i}.wav\t{text}\n")
    (folder / "own.tsv").write_text("".join(lines))
    return folder


@pytest.fixture(scope="module")
def trained(run, own):
    """The folder of a trained model, and what the recipe printed."""
    output = own / "model"
    return output, run("--smoke", "--dataset", own / "own.tsv", "--output", output)


def test_own_recordings(trained, own, ask):
    output, printed = trained
    assert "20 train, " in printed and "First row, as the network sees it: (" in printed
    rows = re.findall(r"^(validation|test), (gru|convolutions)(, beam search)? +\d", printed, re.M)
    assert len(rows) == 8
    task = json.loads((output / "task.json").read_text())
    assert task["labels"] == ["", "a", "b", "c"] and task["preprocessing"] == {"num_mels": 64}
    assert set(task["metrics"]["test"]["gru"]) == {"CER", "WER"}
    starts = json.loads((output / "ngrams.json").read_text())["0"]  # how many texts begin with a label
    assert sum(starts.values()) == 20 and set(starts) <= {"1", "2", "3"}
    assert_shows_data(output / "spikes.png")
    assert re.search(r"^Verdict: .*convolutions", printed, re.M)
    path = own / "0.wav"
    loaded = zoo.load(output)
    expected = loaded.predict([zoo.audio.read_audio(path), path])
    assert expected[0] == expected[1] and set(expected[0]) <= set("abc ")
    assert ask("predict", output, path) == expected[:1]
    assert loaded.predict([np.zeros(1, "int16"), np.zeros(16_000, "int16")])  # silence is no error


def test_answers_do_not_depend_on_the_others(trained, own):
    task = zoo.load(trained[0])
    for variable in task.model.trainable_variables:
        variable.assign(5 * variable)
    paths = [own / f"{i}.wav" for i in range(5)]
    assert task.predict(paths) == [task.predict([path])[0] for path in paths]


@pytest.mark.exhaustive
def test_it_learns(run, own, tmp_path):
    words = "--epochs 30 --units 16 --num-layers 1 --learning-rate 0.01 --dropout 0.1 --seed 7"
    folder = tmp_path / "model"
    run("--dataset", own / "own.tsv", *words.split(), "--output", folder)
    scores = json.loads((folder / "metrics.json").read_text())["test"]
    assert scores["gru"]["CER"] < 0.2 and scores["gru, beam search"]["CER"] < 0.2


@pytest.mark.exhaustive
def test_recordings_that_are_too_short_for_their_text(own, run, assert_refused):
    lines = (own / "own.tsv").read_text().splitlines()
    long = [f"{line}{'abc' * 200 * (i % 4 == 0)}" for i, line in enumerate(lines)]
    (own / "some.tsv").write_text("\n".join(long))
    printed = run("--smoke", "--dataset", own / "some.tsv", "--ngram", "1")
    assert re.search(
        r"\d+ of 20 train recordings are silent or too short for their text, and are left out", printed
    )
    (own / "all.tsv").write_text("\n".join(f"{line}{'abc' * 200}" for line in lines))
    message = "No train recording is long enough for its text."
    assert_refused(message, "--smoke", "--dataset", own / "all.tsv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/missing.tsv", "No file or folder of that name"),
        ("--dataset {tmp}/empty.tsv", "empty"),
        ("--subsampling 0", "argument --subsampling: must be"),
        ("--beam-width 0", "argument --beam-width: must be"),
        ("--cell gruu", "argument --cell: Unknown cell. Did you mean 'gru'?"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, own, assert_refused):
    (own / "empty.tsv").write_text("\n")
    assert_refused(message.format(tmp=own), "--smoke", *words.format(tmp=own).split())


def test_bad_recordings(trained):
    task = zoo.load(trained[0])
    for one in ("no.wav", 3, np.zeros(9), None, [[1], [2, 3]]):
        with pytest.raises(zoo.InputError):
            task.predict([one])


def test_a_model_without_log_probabilities_is_refused(own, monkeypatch, assert_refused):
    values = keras.Input((None, 64))
    model = keras.Model(values, keras.layers.Dense(4, "softmax")(values))
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    monkeypatch.setattr(keras.Model, "fit", None)
    message = "The outputs of the model must be log-probabilities."
    assert_refused(message, "--smoke", "--dataset", own / "own.tsv")


def test_silent_recordings_are_left_out_of_the_training(capsys):
    noise, silence = np.ones((99, 64)), zoo.audio.log_mel(np.zeros(24_000, "int16"))
    rows = [(noise, np.array([1])), (silence, np.array([1]))]
    assert len(speech_recognition.keep_fitting(rows, subsampling=3)) == 1
    assert "1 of 2 training recordings are silent or too short" in capsys.readouterr().out
    with pytest.raises(zoo.InputError, match="All validation recordings are silent"):
        speech_recognition.keep_fitting(2 * [(np.zeros((50, 64)), np.array([1]))], 1, "validation")


def test_the_bonus_counts_only_with_a_language_model():
    log_p = [np.log([[0.6, 0.4]])]  # one step
    assert speech_recognition.transcribe(log_p, ["", "a"], 8, bonus=0.5) == [""]
    model = zoo.text.ngram_model(zoo.text.count_ngrams([[1]], 2), 2)
    assert speech_recognition.transcribe(log_p, ["", "a"], 8, model, 0.0, bonus=0.5) == ["a"]


def test_texts_and_labels():
    letters = ["", " ", "a", "b"]
    index = {letter: i for i, letter in enumerate(letters)}
    labels = speech_recognition.encode("ab zb a", index)
    assert speech_recognition.decode(labels.tolist(), letters) == "ab b a"
    assert speech_recognition.fits(np.zeros((20, 64)), labels, 2)
    assert not speech_recognition.fits(np.zeros((13, 64)), labels, 2)
