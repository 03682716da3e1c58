"""Folders of MIDI files: voices, grids, splits, and what is skipped."""

import mido
import needs
import numpy as np
import pytest

from zoo import InputError, datasets, music
from zoo.datasets.midi import read_midi

TICKS = 480  # in a beat


def tune(number):
    """A tune of 8 quarter notes, `[32, 1]`. Each number has other intervals."""
    return np.repeat(60 + np.random.default_rng(number).integers(0, 12, 8), 4)[:, None]


def messages(notes, channel=0):
    """The messages of a track, from tuples of pitch, first beat and number of beats."""
    events = []
    for pitch, first, beats in notes:
        events.append((round(first * TICKS), "note_on", pitch))
        events.append((round((first + beats) * TICKS), "note_off", pitch))
    track, now = mido.MidiTrack(), 0
    for tick, kind, pitch in sorted(events):  # a note ends before one begins
        track.append(mido.Message(kind, note=pitch, velocity=64, time=tick - now, channel=channel))
        now = tick
    return track


def write(path, *tracks, **options):
    file = mido.MidiFile(ticks_per_beat=TICKS, **options)
    file.tracks.extend(tracks)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(path)
    return path


def read(tmp_path, *tracks, **options):
    notes, _, dropped = read_midi(write(tmp_path / "one.mid", *tracks, **options))
    return notes, dropped


def test_tracks_are_voices_from_high_to_low(tmp_path):
    bass, melody = messages([(48, 0, 1)]), messages([(72, 0, 0.5), (74, 0.5, 0.5)])
    notes, dropped = read(tmp_path, bass, melody)
    assert notes.tolist() == [[72, 48], [72, 48], [74, 48], [74, 48]] and dropped == 0


def test_channels_of_one_track_are_voices(tmp_path):
    track = mido.MidiTrack([mido.Message("note_on", note=60, channel=3)])
    track.append(mido.Message("note_on", note=72, channel=0))
    track.append(mido.Message("note_off", note=60, channel=3, time=TICKS))
    track.append(mido.Message("note_on", note=72, channel=0, velocity=0))  # an end as well
    notes, _ = read(tmp_path, track, type=0)
    assert notes.tolist() == [[72, 60]] * 4


def test_chords_of_one_track_are_split_by_pitch(tmp_path):
    notes, dropped = read(tmp_path, messages([(60, 0, 0.5), (67, 0, 0.5), (64, 0, 0.25)]))
    assert notes.tolist() == [[67, 64, 60], [67, 60, 0]] and dropped == 0


def test_more_than_four_notes_at_once(tmp_path):
    chord = [(pitch, 0, 0.25) for pitch in (48, 52, 55, 60, 64, 67)]
    notes, dropped = read(tmp_path, messages(chord))
    assert notes.tolist() == [[67, 64, 60, 48]] and dropped == 2
    # The melody keeps its own voice; only the chords of the other track lose notes.
    notes, dropped = read(tmp_path, messages([(50, 0, 0.25)]), messages(chord[:4]))
    assert notes.tolist() == [[60, 55, 48, 50]] and dropped == 1
    notes, dropped = read(tmp_path, *(messages([note]) for note in chord))
    assert notes.tolist() == [[67, 64, 60, 48]] and dropped == 2


def test_notes_move_to_the_nearest_16th(tmp_path):
    notes, _ = read(tmp_path, messages([(60, 0.02, 0.45), (62, 0.53, 0.5), (64, 1.2, 0.3)]))
    assert notes[:, 0].tolist() == [60, 60, 62, 62, 0, 64]


def test_a_note_held_into_the_next_one_ends_there(tmp_path):
    notes, _ = read(tmp_path, messages([(60, 0, 0.75), (62, 0.5, 0.75), (64, 1, 0.5)]))
    assert notes.tolist() == [[60], [60], [62], [62], [64], [64]]
    notes, _ = read(tmp_path, messages([(60, 0, 1), (67, 0.25, 0.5)]))  # this is a chord
    assert notes.tolist() == [[60, 0], [67, 60], [67, 60], [60, 0]]


def test_very_short_notes(tmp_path):
    notes, dropped = read(tmp_path, messages([(60, 0, 0.05), (64, 0.25, 0.25), (66, 0.26, 0.02)]))
    assert notes.tolist() == [[60], [64]] and dropped == 1


def test_drums_texts_and_tempo_are_left_out(tmp_path):
    track = messages([(60, 0, 1)])
    track.insert(0, mido.MetaMessage("lyrics", text="la"))
    track.insert(1, mido.MetaMessage("set_tempo", tempo=100))
    names = mido.MidiTrack([mido.MetaMessage("track_name", name="Title")])
    notes, _ = read(tmp_path, names, messages([(36, 0, 4)], channel=9), track)
    assert notes.tolist() == [[60]] * 4


def test_silence_before_and_after(tmp_path):
    notes, _ = read(tmp_path, messages([(60, 9.5, 0.5), (62, 10.5, 0.5)]))
    assert notes[:, 0].tolist() == [0, 0, 60, 60, 0, 0, 62, 62]  # the beat stays where it was


def test_other_ticks_keys_and_notes_without_an_end(tmp_path):
    file = mido.MidiFile(ticks_per_beat=96)
    on = mido.Message("note_on", note=60)
    file.tracks.append(mido.MidiTrack([on, mido.MetaMessage("end_of_track", time=48)]))
    file.save(tmp_path / "96.mid")
    assert read_midi(tmp_path / "96.mid")[0].tolist() == [[60], [60]]
    notes, dropped = read(tmp_path, messages([(10, 0, 1), (120, 0, 1), (60, 0, 0.25)]))
    assert notes.tolist() == [[60]] and dropped == 2  # a piano has no such keys


def test_notes_that_only_begin_or_last_no_time(tmp_path):
    on = [mido.Message("note_on", note=pitch, time=240) for pitch in (60, 62, 60, 64)]
    notes, dropped = read(tmp_path, mido.MidiTrack(on))  # each lasts until the next one begins
    assert notes[:, 0].tolist() == [0, 0, 60, 60, 62, 62, 60, 60, 64] and dropped == 0
    both = [message for one in on for message in (one, mido.Message("note_off", note=one.note))]
    notes, dropped = read(tmp_path, mido.MidiTrack(both))
    assert notes[:, 0].tolist() == [0, 0, 60, 0, 62, 0, 60, 0, 64] and dropped == 0


def test_notes_between_the_beats_are_counted(tmp_path):
    track = messages([(60, 0, 0.5), (62, 0.5, 0.5), (64, 1.5, 1), (65, 2.5, 0.25)])
    notes, num_notes, dropped = read_midi(write(tmp_path / "one.mid", track), stride=4)
    assert notes[:, 0].tolist() == [60, 0, 64] and (num_notes, dropped) == (4, 2)


def test_a_folder_on_both_grids(tmp_path, capsys):
    for i in range(20):
        folder = tmp_path / ("a" if i % 2 else "b") / "c"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.{'MID' if i % 3 else 'kar'}").write_bytes(music.to_midi(tune(i)))
    (tmp_path / "README.txt").write_text("tunes")
    splits = datasets.load_music(tmp_path, "16th")
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 16,
        "validation": 2,
        "test": 2,
    }
    assert f"Read {tmp_path}: 20 MIDI files, 1 voice.\n" == capsys.readouterr().out
    pieces = [notes.tolist() for rows in splits.values() for notes in rows]
    assert sorted(pieces) == sorted(tune(i).tolist() for i in range(20))
    quarters = datasets.load_music(str(tmp_path), "quarter")
    pieces = [notes.tolist() for rows in quarters.values() for notes in rows]
    assert sorted(pieces) == sorted(tune(i)[::4].tolist() for i in range(20))


@pytest.mark.parametrize("names", [("train", "valid", "test"), ("Train", "validation", "jsb-test")])
def test_folders_of_splits(tmp_path, names):
    for i in range(12):
        folder = tmp_path / "archive" / names[min(2, i // 4)]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.mid").write_bytes(music.to_midi(tune(i)))
    splits = datasets.load_music(tmp_path, "16th")
    assert [[x.tolist() for x in rows] for rows in splits.values()] == [
        [tune(i).tolist() for i in range(first, first + 4)] for first in (0, 4, 8)
    ]


def test_a_tune_is_in_one_split_only(tmp_path, capsys):
    for i in range(10):
        for name, shift in (("x", 0), ("y", 0), ("higher", 3)):
            (tmp_path / f"{i}{name}.mid").write_bytes(music.to_midi(tune(i) + shift))
    splits = datasets.load_music(tmp_path, "16th")
    assert sum(map(len, splits.values())) == 10
    assert "30 MIDI files, 1 voice. Left out 20 copies of other pieces." in capsys.readouterr().out
    for i in range(6):
        for split in ("train", "test") if i == 3 else ("train",) if i % 2 else ("test",):
            path = tmp_path / "parts" / split / f"{i}.mid"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(music.to_midi(tune(i)))
    for i in range(20, 60):
        (tmp_path / "parts" / "train" / f"{i}.mid").write_bytes(music.to_midi(tune(i)))
    splits = datasets.load_music(tmp_path / "parts", "16th")
    assert len(splits["test"]) == 4 and len(splits["train"]) + len(splits["validation"]) == 42


def test_pieces_with_fewer_voices_than_others(tmp_path):
    for i in range(4):
        notes = np.repeat(tune(i), i + 1, axis=1) - 12 * np.arange(i + 1)
        write_to = tmp_path / f"{i}.mid"
        write_to.write_bytes(music.to_midi(notes))
    splits = datasets.load_music(tmp_path, "16th")
    pieces = [notes for rows in splits.values() for notes in rows]
    assert {notes.shape for notes in pieces} == {(32, 4)}
    assert sorted((notes[0] > 0).sum() for notes in pieces) == [1, 2, 3, 4]


def test_damaged_and_empty_files_are_skipped_and_named(tmp_path, capsys):
    for i in range(5):
        (tmp_path / f"{i}.mid").write_bytes(music.to_midi(tune(i)))
    content = (tmp_path / "1.mid").read_bytes()
    (tmp_path / "half.mid").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.mid").write_text("no music")
    (tmp_path / "zero.mid").write_bytes(b"")
    write(tmp_path / "drums.mid", messages([(36, 0, 1)], channel=9))
    splits = datasets.load_music(tmp_path, "16th")
    assert sum(map(len, splits.values())) == 5
    printed = capsys.readouterr().out
    assert "Skipped 4 files (drums.mid is without notes, half.mid is damaged, text.mid is" in printed
    assert printed.count("\n") == 1


def test_noise_is_an_error_and_no_traceback(tmp_path):
    rng = np.random.default_rng(0)
    content = bytearray(music.to_midi(tune(1)))
    for _ in range(100):
        changed = content.copy()
        for i in rng.integers(0, len(content), 3):
            changed[i] = rng.integers(0, 256)
        (tmp_path / "noise.mid").write_bytes(changed)
        try:
            notes, _, _ = read_midi(tmp_path / "noise.mid")
        except InputError:
            continue
        assert notes.shape[1] <= 4 and notes.any()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "must have MIDI files .* but there is none"),
        ({"a.mp3": b"x"}, "there is none"),
        ({"a.mid": b"x", "b.mid": b""}, "but a.mid is damaged, b.mid is damaged"),
        ({"one.mid": music.to_midi(tune(1))}, "split of .* is empty: give more pieces"),
        (
            {f"{s}{i}.mid": music.to_midi(tune(i)) for i, s in enumerate(("train/", "test/", ""))},
            "2.mid would not be read",
        ),
    ],
)
def test_a_folder_that_cannot_be_used(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        datasets.load_music(tmp_path, "16th")
    assert "\n" not in str(error.value)


def test_what_is_no_folder(tmp_path):
    (tmp_path / "one.mid").write_bytes(music.to_midi(tune(1)))
    with pytest.raises(InputError, match="is a file: give a folder of MIDI files"):
        datasets.load_music(tmp_path / "one.mid", "16th")
    with pytest.raises(InputError, match="Give a folder of MIDI files, or jsb_chorales"):
        datasets.load_music("digits", "16th")
    with pytest.raises(InputError, match="A grid must be one of 16th, quarter"):
        datasets.load_music("jsb_chorales", "8th")


@pytest.mark.exhaustive
@needs.data
@pytest.mark.parametrize(("grid", "steps"), [("quarter", 1), ("16th", 4)])
def test_chorales_as_midi_files_are_the_chorales(tmp_path, grid, steps):
    """The same rows in the same order, so the same score."""
    chorales = datasets.load_music("jsb_chorales", grid)
    for split, pieces in chorales.items():
        (tmp_path / split).mkdir()
        for i, notes in enumerate(pieces):
            (tmp_path / split / f"{i}.mid").write_bytes(music.to_midi(notes, steps_a_beat=steps))
    for split, pieces in datasets.load_music(tmp_path, grid).items():
        for mine, theirs in zip(pieces, chorales[split], strict=True):
            if grid == "16th":
                np.testing.assert_array_equal(mine, theirs)
            np.testing.assert_array_equal(music.piano_roll(mine), music.piano_roll(theirs))
