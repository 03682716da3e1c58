"""Recordings with what was said: AN4, and files of your own."""

import hashlib
import io
import json
import tarfile

import needs
import numpy as np
import pytest
import soundfile

import zoo
from zoo.datasets import caption_files, load_speech, splitting
from zoo.datasets.builders import an4

TEXTS = ("turn the light on", "what time is it", "stop")


def write_audio(folder, name, seconds=0.1, rate=16_000, seed=0):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(-999, 999, int(rate * seconds)).astype("int16")
    soundfile.write(path, samples, rate)


@pytest.fixture
def own(tmp_path):
    """40 recordings of 10 speakers in the folder clips."""
    rows = []
    for i in range(40):
        name = f"{i}.{('wav', 'flac')[i % 2]}"
        write_audio(tmp_path / "clips", name, rate=(8000, 16_000, 44_100)[i % 3], seed=i)
        rows.append((name, TEXTS[i % 3], f"s{i % 10}"))
    return tmp_path, rows


def by_text(splits):
    return {
        split: sorted((text, len(samples)) for samples, text in zip(*some, strict=True))
        for split, some in splits.items()
    }


def test_forms_of_a_file(own):
    folder, rows = own
    forms = {
        "a.tsv": "".join(f"{name}\t{text}\n" for name, text, _ in rows),
        "b.tsv": "path\tsentence\n" + "".join(f"clips/{name}\t{text}\n" for name, text, _ in rows),
        "c.csv": "text,audio\n" + "".join(f'"{text}",{name}\n' for name, text, _ in rows),
        "d.jsonl": "".join(json.dumps({"file_name": n, "text": t}) + "\n" for n, t, _ in rows),
        "e.tsv": "".join(
            f"clips\\{name}\t {text.replace(' ', '  ')}\n" for name, text, _ in rows[::-1]
        ),
    }
    results = []
    for name, content in forms.items():
        (folder / name).write_text(content)
        splits = load_speech(folder / name)
        assert sum(len(texts) for _, texts in splits.values()) == 40
        for recordings, texts in splits.values():
            assert {*texts} <= {*TEXTS}
            assert all(len(one) == 1600 and one.dtype == np.int16 for one in recordings)
        results.append(by_text(splits))
    assert all(result == results[0] for result in results)


def test_speakers_stay_in_one_split(own, capsys):
    folder, rows = own
    table = "client_id\tpath\tsentence\n" + "".join(f"{s}\t{n}\t{t} {s}\n" for n, t, s in rows)
    (folder / "a.tsv").write_text(table)
    splits = load_speech(folder / "a.tsv")
    speakers = [{text.split()[-1] for text in texts} for _, texts in splits.values()]
    assert sum(map(len, speakers)) == 10 == len(set.union(*speakers)) and all(speakers)
    assert "with a speaker in one split only" in capsys.readouterr().out


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_few_speakers(own, number, capsys):
    folder, rows = own
    table = "speaker\taudio\ttext\n"
    table += "".join(
        f"s{i % number}\t{name}\t{t} {i % number}\n" for i, (name, t, _) in enumerate(rows)
    )
    (folder / "a.tsv").write_text(table)
    splits = load_speech(folder / "a.tsv")
    speakers = [{text.split()[-1] for text in texts} for _, texts in splits.values()]
    printed = capsys.readouterr().out
    if number < 3:
        assert all(speakers) and f", with {number} speaker" in printed and "too few" in printed
    else:
        assert sum(map(len, speakers)) == number and "in one split only" in printed


@pytest.mark.parametrize("sizes", [(90, 9, 1), (80, 2, 2, 2, 2, 2), (70, 10, 10, 10)])
def test_the_speaker_with_most_recordings_is_in_training(sizes):
    for letter in "abcdefgh":
        keys = [f"{letter}{i}" for i, size in enumerate(sizes) for _ in range(size)]
        salt = splitting.choose_salt(keys, ["validation", "test"])
        found = [splitting.split_by_hash(key + salt) for key in keys]
        assert found.count("train") >= sizes[0] - 20 and found[0] == "train"
        assert {*found} == {"train", "validation", "test"}


def test_copies_under_other_names_are_in_one_split(own):
    folder, rows = own
    for name, _, _ in rows:
        (folder / "clips" / f"copy{name}").write_bytes((folder / "clips" / name).read_bytes())
    names = [name for name, _, _ in rows] + [f"copy{name}" for name, _, _ in rows]
    (folder / "a.tsv").write_text("".join(f"{name}\t{TEXTS[i % 3]}\n" for i, name in enumerate(names)))
    found = [
        {one.tobytes() for one in recordings}
        for recordings, _ in load_speech(folder / "a.tsv").values()
    ]
    assert len(set.union(*found)) == sum(map(len, found)) == 40


def test_a_few_damaged_files_are_skipped(own, capsys):
    folder, rows = own
    (folder / "clips" / "0.wav").write_bytes(b"no audio")
    (folder / "a.tsv").write_text("".join(f"{name}\t{text}\n" for name, text, _ in rows))
    assert sum(len(texts) for _, texts in load_speech(folder / "a.tsv").values()) == 39
    printed = capsys.readouterr().out
    assert "Skipped 1 damaged audio file: " in printed and "a.tsv, line 1: " in printed
    assert "0.wav is not an audio file" in printed


def test_a_folder_that_cannot_be_listed_does_not_matter(own, monkeypatch):
    folder, rows = own
    (folder / "a.tsv").write_text("".join(f"{name}\t{text}\n" for name, text, _ in rows))
    (folder / "a-private").mkdir()
    listed = caption_files.folders_in

    def folders_in(path):
        if path.name == "a-private":
            raise zoo.InputError(f"{path} cannot be read: Permission denied.")
        return listed(path)

    monkeypatch.setattr(caption_files, "folders_in", folders_in)
    assert all(texts for _, texts in load_speech(folder / "a.tsv").values())


def test_files_of_one_name_in_many_folders(tmp_path):
    for i in range(20):
        write_audio(tmp_path / str(i), "audio.wav", seed=i)
    table = "".join(f"{i}/audio.wav\t{TEXTS[i % 3]}\n" for i in range(20))
    (tmp_path / "a.tsv").write_text(table)
    assert all(texts for _, texts in load_speech(tmp_path / "a.tsv").values())


def test_a_manifest_of_nemo(own):
    folder, rows = own
    lines = [{"audio_filepath": f"clips/{n}", "duration": 0.1, "text": t} for n, t, _ in rows]
    (folder / "a.json").write_text("\n".join(map(json.dumps, lines)))
    assert sum(len(texts) for _, texts in load_speech(folder / "a.json").values()) == 40


def test_a_folder_with_a_file_for_each_split(own, capsys):
    folder, rows = own
    nothing = [(name, " ", "s") for name, *_ in rows[:2]]
    parts = {
        "train": [*rows[:30], *nothing],
        "dev": rows[30:35],
        "test": [*rows[34:], ("0.wav", "  ", "s")],
    }
    for split, some in parts.items():
        (folder / f"{split}.tsv").write_text("".join(f"{n}\t{t}\n" for n, t, _ in some))
    splits = load_speech(folder)
    assert [len(texts) for _, texts in splits.values()] == [30, 5, 6]
    printed = capsys.readouterr().out
    assert "Skipped 3 recordings without a text" in printed
    for name in ("validated", "invalidated", "other", "reported", "clip_durations"):  # of Common Voice
        (folder / f"{name}.tsv").write_text("client_id\tpath\n")
    assert [len(texts) for _, texts in load_speech(folder).values()] == [30, 5, 6]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.tsv": ""}, "is empty"),
        ({"a.tsv": "0.wav\n1.flac\n"}, "expected a column for each of audio, transcript"),
        ({"a.txt": "0.wav yes\n1.flac no\n"}, "expected an audio file and its text with a tab"),
        ({"a.tsv": "0.wav\tyes\nno.wav\tno\n"}, "line 2: there is no audio file"),
        ({"a.tsv": "0.wav\tyes\nbad.wav\tno\n"}, "line 2: .*bad.wav is not an audio file"),
        ({"a.tsv": "yes\t0.wav\nno\t1.flac\n"}, "The first column must be that of the audio files"),
        ({"a.tsv": "0.wav\t\n1.flac\t \n"}, "is empty|expected"),
        ({"a.tsv": "audio\ttext\n0.wav\t\n1.flac\t \n"}, "a.tsv has no text: expected lines"),
        ({"a.tsv": "0.wav\tyes\n1.flac\tyes\n2.wav\tno\n"}, "split of .* is empty|are the same"),
        (
            {"a.jsonl": '{"audio": ["0.wav"], "text": "yes"}\n' * 2},
            "expected the path of an audio file",
        ),
        ({"train.tsv": "0.wav\tyes\n", "notes.tsv": "1.flac\tno\n"}, "notes.tsv"),
    ],
)
def test_bad_files(own, files, message):
    folder, _ = own
    (folder / "clips" / "bad.wav").write_bytes(b"no audio")
    for name, content in files.items():
        (folder / name).write_text(content)
    with pytest.raises(zoo.InputError, match=message):
        load_speech(folder if len(files) > 1 else folder / next(iter(files)))


def test_datasets_without_audio_are_refused(data_dir):
    with pytest.raises(zoo.InputError, match="digits does not have audio and texts"):
        load_speech("digits", data_dir)
    with pytest.raises(zoo.InputError, match="Did you mean 'an4'"):
        load_speech("an")


def write_an4(path, speakers, damage=None):
    """A small archive in the form of AN4: four utterances of each speaker."""
    with tarfile.open(path, "w:gz") as archive:

        def add(name, content):
            info = tarfile.TarInfo(f"an4/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        for part, some in speakers.items():
            folder = {"train": "an4_clstk", "test": "an4test_clstk"}[part]
            ids = [(speaker, f"an{i}-{speaker}-b") for speaker in some for i in range(4)]
            names = [f"{folder}/{speaker}/{key}" for speaker, key in ids]
            words = ("<s> {} </s> ({})", "{} ({})")[part == "test"]
            lines = [words.format(f"YES {speaker.upper()}", key) for speaker, key in ids]
            add(f"etc/an4_{part}.fileids", "\n".join(names).encode())
            add(f"etc/an4_{part}.transcription", "\n".join(lines).encode())
            for i, name in enumerate(names):
                if damage != name:
                    add(f"wav/{name}.raw", np.arange(i, i + 300, dtype=">i2").tobytes())


@pytest.fixture
def small_an4(tmp_path, monkeypatch):
    speakers = {"train": [f"f{a}{b}" for a in "abcdef" for b in "xyz"] + ["fax2"], "test": ["mtst"]}
    (tmp_path / "downloads" / "manual").mkdir(parents=True)
    path = tmp_path / "downloads" / "manual" / "an4_raw.bigendian.tar.gz"
    write_an4(path, speakers)
    monkeypatch.setattr(an4, "NUM_UTTERANCES", {"train": 76, "test": 4})
    return tmp_path, path, speakers


def test_an4_is_split_by_speaker(small_an4):
    folder, _, _ = small_an4
    splits = load_speech("an4", folder)
    said = {split: {text.split()[1] for text in texts} for split, (_, texts) in splits.items()}
    assert said["test"] == {"MTST"} and len(said["train"] | said["validation"]) == 19
    assert not said["train"] & said["validation"]
    initials = [{name.rstrip("2") for name in said[split]} for split in ("train", "validation")]
    assert not initials[0] & initials[1] and len(initials[1]) == 8
    order = sorted(set.union(*initials), key=lambda s: hashlib.sha256(s.lower().encode()).digest())
    assert initials[1] == {*order[:8]}
    recordings, _ = splits["test"]
    assert sorted(one.tolist() for one in recordings) == [list(range(i, i + 300)) for i in range(4)]


@pytest.mark.parametrize("damage", ["cut", "lacks a file", "has other utterances", "no archive"])
def test_a_damaged_archive_of_an4(small_an4, monkeypatch, damage):
    folder, path, speakers = small_an4
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-2000])
    elif damage == "lacks a file":
        write_an4(path, speakers, damage="an4_clstk/faz/an2-faz-b")
    elif damage == "no archive":
        path.write_bytes(b"<html>not found</html>")
    else:
        monkeypatch.setattr(an4, "NUM_UTTERANCES", {"train": 948, "test": 130})
    with pytest.raises(zoo.InputError, match="is not the whole archive of AN4"):
        load_speech("an4", folder)


@pytest.mark.slow
@needs.files(needs.MANUAL / "an4_raw.bigendian.tar.gz")
def test_the_real_an4():
    splits = load_speech("an4")
    assert {split: len(texts) for split, (_, texts) in splits.items()} == {
        "train": 846,
        "validation": 102,
        "test": 130,
    }
    assert "RUBOUT G M E F THREE NINE" in splits["test"][1]
    seconds = sum(len(one) for recordings, _ in splits.values() for one in recordings) / 16_000
    assert 47 < seconds / 60 < 49
    letters = {letter for _, texts in splits.values() for letter in "".join(texts)}
    assert letters == {*" ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    loudness = np.concatenate(splits["train"][0][:50]).astype(float).std()
    assert loudness < 5000  # with the bytes in the wrong order it would be noise
