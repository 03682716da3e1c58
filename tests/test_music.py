"""Notes as MIDI, as a picture and as keys, and the score that papers report."""

import io

import mido
import numpy as np
import pytest

from zoo import music


def read_midi(content):
    """Each track's notes as (pitch, first tick, ticks), read by mido."""
    tracks = []
    for track in mido.MidiFile(file=io.BytesIO(content)).tracks[1:]:
        now, begun, notes = 0, {}, []
        for message in track:
            now += message.time
            if message.type == "note_on":
                begun[message.note] = now
            elif message.type == "note_off":
                notes.append((message.note, begun[message.note], now - begun.pop(message.note)))
        assert not begun
        tracks.append(notes)
    return tracks


def test_midi_has_every_note_where_it_sounds():
    notes = np.random.default_rng(0).choice([0, 60, 62], (40, 4))
    tracks = read_midi(music.to_midi(notes))
    assert len(tracks) == 4
    sounding = np.zeros_like(notes)
    for voice, track in enumerate(tracks):
        for pitch, first, ticks in track:
            assert first % 120 == ticks % 120 == 0  # a 16th of 480 ticks a beat
            steps = sounding[first // 120 : (first + ticks) // 120, voice]
            assert (steps == 0).all()
            steps[:] = pitch
    np.testing.assert_array_equal(sounding, notes)
    assert read_midi(music.to_midi(np.array([[60]]), steps_a_beat=1)) == [[(60, 0, 480)]]
    assert read_midi(music.to_midi(np.zeros((0, 2), int))) == [[], []]


def test_a_piano_roll_has_the_keys_of_a_piano():
    roll = music.piano_roll(np.array([[21, 108, 0, 0], [60, 60, 64, 0]]))
    assert roll.shape == (2, 88)
    assert [np.flatnonzero(step).tolist() for step in roll] == [[0, 87], [39, 43]]


def test_the_score_is_that_of_published_code():
    """The sum over keys of -trace(y log p + (1 - y) log(1 - p)), over all steps of all pieces."""
    rng = np.random.default_rng(0)
    predicted = [rng.uniform(0.01, 0.99, (steps, 88)) for steps in (3, 10)]
    truth = [rng.integers(0, 2, (steps, 88)) for steps in (3, 10)]
    total = sum(
        -np.trace(y @ np.log(p).T + (1 - y) @ np.log(1 - p).T)
        for p, y in zip(predicted, truth, strict=True)
    )
    assert music.score(predicted, truth)["nats a step"] == pytest.approx(total / 13)


def test_notes_right():
    p = np.zeros((2, 88))
    p[:, 10:14] = 0.9  # of these two sound at the first step, all at the second
    y = np.zeros((2, 88))
    y[0, 10:12] = y[0, 40:42] = y[1, 10:14] = 1
    scores = music.score([p], [y])
    assert scores["notes right"] == (0.5 + 1) / 2
    assert np.isfinite(scores["nats a step"])  # though keys of probability 0 do sound


def test_the_picture_shows_each_held_note_once():
    notes = np.array([[60, 48], [60, 48], [62, 0], [60, 48]])
    figure = music.plot_piano_roll(notes, ["soprano", "bass"])
    bars = [path for bar in figure.axes[0].collections for path in bar.get_paths()]
    assert len(bars) == 5
    assert music.plot_piano_roll(np.zeros((4, 2), int), ["a", "b"]).axes[0].get_ylim()[0] < 60
