"""Clips: video files, folders of images, labels of frames, and the dataset of silhouettes."""

import wave

import clips
import needs
import numpy as np
import pytest
import scipy.io
from PIL import Image

from zoo import InputError, datasets, video
from zoo.datasets import load_tagged_videos, load_videos, video_folders
from zoo.datasets.builders import weizmann_actions
from zoo.datasets.video_files import is_clip
from zoo.datasets.video_folders import read_labels
from zoo.datasets.videos import Clip, leave_one_out

OPTIONS = {"image_size": 8, "center": False}
RNG = np.random.default_rng(0)


def write_video(path, frames, codec="mpeg4", pixels="yuv420p"):
    av = pytest.importorskip("av")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=10)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            rgb = np.repeat(frame[..., None], 3, axis=-1) if frame.ndim == 2 else frame
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        file.mux(stream.encode())


def kinds(splits):
    return {split: sorted({clip.label for clip in some}) for split, some in splits.items()}


def test_every_kind_of_clip_has_the_same_frames(tmp_path):
    frames = np.zeros((12, 48, 96), "uint8")
    for i in range(12):
        frames[i, 8:40, 6 * i : 6 * i + 20] = 255
    write_video(tmp_path / "a.mp4", frames)
    write_video(tmp_path / "a.avi", frames)
    clips.write_gif(tmp_path / "a.gif", frames)
    clips.write_folder(tmp_path / "a", frames)
    read = {}
    for name in ("a.mp4", "a.avi", "a.gif", "a"):
        read[name], seconds = video.read_video(tmp_path / name, image_size=24, center=False)
        assert read[name].shape == (12, 24, 24, 2)
        if name == "a":
            assert seconds is None
        else:
            np.testing.assert_allclose(seconds, np.arange(12) / 10, atol=1e-3)
        assert np.abs(read[name].astype(float) - read["a.mp4"]).mean() < 4, name
    steps, _ = video.read_video(tmp_path / "a", image_size=24, frame_step=5, center=False)
    np.testing.assert_array_equal(steps[..., 0], read["a"][::5, ..., 0])
    np.testing.assert_array_equal(steps[1:, ..., 1], steps[:-1, ..., 0])  # the frame before


def test_color_stays_color(tmp_path):
    frames = np.zeros((3, 16, 16, 3), "uint8")
    frames[..., 0] = 200
    write_video(tmp_path / "red.mp4", frames)
    read, _ = video.read_video(tmp_path / "red.mp4", image_size=4)
    assert read.shape == (3, 4, 4, 6) and read[..., ::3].min() > 150 and read[..., 1:3].max() < 50


def test_a_silhouette_is_followed_but_still_jumps():
    frames = np.zeros((2, 10, 30, 1), "uint8")
    frames[0, 4:8, 2:4] = frames[1, 1:5, 20:22] = 255  # to the right, and up
    followed = video.follow_silhouette(frames)
    assert followed.shape == (2, 7, 7, 1)
    for frame, top in zip(followed, (3, 0), strict=True):
        assert [*np.flatnonzero(frame.any(axis=(1, 2)))] == [*range(top, top + 4)]
        assert [*np.flatnonzero(frame.any(axis=(0, 2)))] == [3, 4]
    pairs = video.fit_frames(frames, image_size=7)  # what was there before, cut by the same square
    assert pairs[1, ..., 0].any() and not pairs[1, ..., 1].any()
    np.testing.assert_array_equal(pairs[0, ..., 0], pairs[0, ..., 1])
    gone = np.concatenate([frames[:1], np.zeros_like(frames[:1]), frames[1:]])
    assert video.follow_silhouette(gone).shape == (3, 7, 7, 1)  # one frame without it
    assert not video.is_silhouette(np.zeros((2, 4, 4, 1), "uint8"))
    assert not video.is_silhouette(RNG.integers(0, 255, (2, 9, 9, 1)))


def test_a_folder_for_each_class(tmp_path, capsys):
    clips.write_classes(tmp_path / "clips")
    (tmp_path / "clips" / "left" / "notes.txt").write_text("mine")
    folds, names = load_videos(tmp_path / "clips", **OPTIONS)
    assert names == ["left", "right"] and list(folds) == ["all"]
    splits = folds["all"]
    assert sum(map(len, splits.values())) == 24 and all(splits.values())
    for clip in (clip for some in splits.values() for clip in some):
        assert clip.frames.shape == (12, 8, 8, 2) and names[clip.label] == clip.name.split("/")[0]
    printed = "2 classes, 24 clips of 12 to 12 frames. Skipped 1 other file (notes.txt)."
    assert f"Read {tmp_path / 'clips'}: {printed}\n" == capsys.readouterr().out


def test_splits_of_the_user_and_copies(tmp_path):
    for split in ("train", "val", "test"):
        clips.write_classes(tmp_path / split, 2)  # the same clips in each split
    with pytest.raises(InputError, match=r"The train split of .* is empty"):
        load_videos(tmp_path, **OPTIONS)
    for split, bright in (("train", 90), ("val", 190)):
        for file in (tmp_path / split).glob("*/*/*.png"):
            Image.fromarray(np.asarray(Image.open(file)) // 255 * np.uint8(bright)).save(file)
    folds, _ = load_videos(str(tmp_path), **OPTIONS)
    assert {split: len(some) for split, some in folds["all"].items()} == dict.fromkeys(
        ("train", "validation", "test"), 4
    )


def test_a_class_may_be_called_train(tmp_path):
    for file in ("train/1.gif", "plane/1.gif"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).touch()
    assert video_folders._find_splits(tmp_path, has_classes=True) == {"train": tmp_path}
    (tmp_path / "plane").rename(tmp_path / "test")
    splits = {name: tmp_path / name for name in ("train", "test")}
    assert video_folders._find_splits(tmp_path, has_classes=False) == splits


def test_a_folder_of_gifs_is_a_class_and_no_clip(tmp_path):
    pytest.importorskip("av")
    for i in range(10):
        for name in ("left", "right"):
            clips.write_gif(tmp_path / name / f"{i}.gif", clips.make_frames(name == "right", RNG))
    assert load_videos(tmp_path, **OPTIONS)[1] == ["left", "right"]


def test_videos_may_have_thumbnails_and_frames_a_preview(tmp_path):
    pytest.importorskip("av")
    frames = clips.make_frames(True, RNG)
    for i in range(3):
        clips.write_gif(tmp_path / "walk" / f"{i}.gif", frames)
    clips.write_folder(tmp_path / "jump" / "0", frames)
    clips.write_gif(tmp_path / "jump" / "0" / "preview.gif", frames)
    for i in range(2):
        Image.fromarray(frames[0]).save(tmp_path / "walk" / f"{i}.png")
    assert not is_clip(tmp_path / "walk") and is_clip(tmp_path / "jump" / "0")
    for folder in ("walk", "jump", "."):
        with pytest.raises(InputError, match="is no clip: expected the images of one clip"):
            video.read_video(tmp_path / folder, image_size=8)


def test_nothing_is_left_out_in_silence(tmp_path, capsys):
    clips.write_classes(tmp_path / "trn", 12)
    clips.write_classes(tmp_path / "tst", 1)
    clips.write_folder(tmp_path / "trn" / "_idle" / "0", clips.make_frames(True, RNG))
    (tmp_path / "trn" / "left" / "_1.mp4").touch()
    folds, names = load_videos(tmp_path, **OPTIONS)
    assert names == ["left", "right"] and len(folds["all"]["test"]) == 2
    printed = capsys.readouterr().out
    assert "Skipped 2 other files (_1.mp4, _idle)" in printed
    assert f"Left out 2 clips of {tmp_path} with a copy in a later split." in printed


def test_why_a_file_is_no_video(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "text.mp4").write_text("text" * 99)
    with pytest.raises(InputError, match=r"cannot be read as a video: Invalid data[^\[]*\.$"):
        video.read_video(tmp_path / "text.mp4", image_size=8)
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    (tmp_path / "sound.wav").rename(tmp_path / "sound.avi")
    with pytest.raises(InputError, match="cannot be read as a video: it has no pictures"):
        video.read_video(tmp_path / "sound.avi", image_size=8)


def test_labels_of_frames(tmp_path):
    clips.write_tagged(tmp_path)
    (tmp_path / "0.csv").rename(tmp_path / "0.CSV")
    folds, names = load_tagged_videos(tmp_path, **OPTIONS, frame_step=2)
    assert names == ["left", "right"]
    for clip in (clip for some in folds["all"].values() for clip in some):
        assert clip.frames.shape == (6, 8, 8, 2) and clip.label.shape == (6,)
        (table,) = tmp_path.glob(f"{clip.name}.[cC]*")
        turn = int(table.read_text().splitlines()[1].split(",")[1])
        assert clip.label.sum() == -(-turn // 2)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("start,end,label\n0,0.2,a\n0.2,0.4,b\n", "aabbnn"),
        ("label;start_frame;end_frame\na;1;3\nb;3;99\n", "naabbb"),
        ("start,end,label\n0,0.21,a\n", "aaannn"),
        ("start,end,label\n0,0.6,a\n0.6,9,b\n", "aaaaaa"),
    ],
)
def test_rows_of_labels(content, expected, tmp_path):
    (tmp_path / "1.csv").write_text(content)
    labels = read_labels(tmp_path / "1.csv", num_frames=6, seconds=np.arange(6) / 10)
    assert "".join(label[0] for label in labels) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("begin,stop,label\n0,1,a\n", "must have the columns start, end and label"),
        ("start,end,label\n0,1,a\n", "has seconds, but a folder of images has none"),
        ("start_frame,end_frame,label\n0,4,a\n3,5,b\n", "line 3: another row has these frames"),
        ("start_frame,end_frame,label\n4,2,a\n", "line 2: give a start, a later end, and a label"),
        ("start_frame,end_frame,label\n0,x,a\n", "line 2: give a start, a later end, and a label"),
        ("start_frame,end_frame,label\n0,3,\n", "line 2: give a start, a later end, and a label"),
        ("start_frame,end_frame,label\n0,6,a\n8,9,b\n", "line 3: the clip ends before .* at 5 frames"),
        ("start_frame,end_frame,label\n0,inf,a\n", "line 2: give a start, a later end, and a label"),
        ("", "1.csv"),
    ],
)
def test_damaged_rows_of_labels(content, message, tmp_path):
    (tmp_path / "1.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / "1.csv", num_frames=6)


def test_damaged_clips(tmp_path, capsys):
    pytest.importorskip("av")
    clips.write_classes(tmp_path)
    (tmp_path / "left" / "bad.mp4").write_bytes(b"no video")
    folds, _ = load_videos(tmp_path, **OPTIONS)
    assert sum(map(len, folds["all"].values())) == 24
    assert "Skipped 1 damaged clip: " in capsys.readouterr().out
    for i in range(3):
        (tmp_path / "right" / f"{i}.avi").write_bytes(b"")
    with pytest.raises(InputError, match=r"4 of 28 clips cannot be read\. Convert them"):
        load_videos(tmp_path, **OPTIONS)


@pytest.mark.parametrize(
    ("files", "load", "message"),
    [
        (["a.mp4"], load_videos, "must have a folder of clips for each class"),
        (["walk/a.mp4", "jump/a.txt"], load_videos, "jump, the folder of a class, has no clip"),
        (["walk/a.mp4"], load_videos, "has clips of only one class, 'walk'"),
        (["a.mp4"], load_tagged_videos, "a.mp4 has no CSV with the labels of its frames"),
        (["a.txt"], load_tagged_videos, "has no clip. Received: a.txt"),
    ],
)
def test_folders_that_are_no_data(files, load, message, tmp_path):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(InputError, match=message):
        load(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        load(tmp_path / files[0])


@pytest.mark.parametrize("name", ["no.mp4", ".", "empty.mp4", "text.gif"])
def test_paths_that_are_no_clip(name, tmp_path):
    pytest.importorskip("av")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.gif").write_text("text")
    with pytest.raises(InputError, match=r"cannot be read|is no clip"):
        video.read_video(tmp_path / name, image_size=8)


def test_each_person_is_left_out_once():
    rows = [Clip(None, 0, person, str(i)) for i, person in enumerate("abcabcd")]
    folds = leave_one_out(rows)
    assert list(folds) == [*"abcd"]
    with pytest.raises(InputError, match=r"three persons or more. Received: a, b$"):
        leave_one_out(rows[:2])
    for person, splits in folds.items():
        assert {clip.person for clip in splits["test"]} == {person}
        persons = [{clip.person for clip in some} for some in splits.values()]
        assert sum(map(len, persons)) == 4 and sum(map(len, splits.values())) == 7


# The dataset of silhouettes


def write_masks(path, names):
    """A file like that of the authors, with small silhouettes of 144 x 180 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    masks = np.zeros((144, 180, 3), "uint8")
    masks[40:80, 30:50] = 1
    scipy.io.savemat(path, {"original_masks": {name: masks for name in names}})


NAMES = [f"{person}_{action}" for person in ("ada", "bob", "eve") for action in ("run1", "wave2")]


@pytest.fixture
def small_weizmann(tmp_path):
    write_masks(tmp_path / "downloads" / "manual" / "original_masks.mat", NAMES)
    return str(tmp_path)


def test_weizmann_actions(small_weizmann):
    rows = list(datasets.load("weizmann_actions", "train", small_weizmann).as_numpy_iterator())
    assert sorted(row["id"].decode() for row in rows) == sorted(NAMES)
    assert all(row["video"].shape == (3, 144, 180, 1) for row in rows)
    assert {*np.unique(rows[0]["video"])} == {0, 255}
    folds, names = load_videos("weizmann_actions", small_weizmann, image_size=16)
    assert list(folds) == ["ada", "bob", "eve"] and len(names) == 10
    for splits in folds.values():
        assert {split: len(some) for split, some in splits.items()} == dict.fromkeys(splits, 2)
        for clip in splits["test"]:
            assert clip.frames.shape == (3, 16, 16, 2) and clip.frames[:, :, 8].min() > 200
            assert clip.name == f"{clip.person}_{'run1' if names[clip.label] == 'run' else 'wave2'}"
    tagged, _ = load_tagged_videos("weizmann_actions", small_weizmann, image_size=16)
    assert {len({*clip.label}) for clip in tagged["ada"]["train"]} == {1}


@pytest.mark.parametrize("content", ["text", "other clips"])
def test_a_file_that_is_not_that_of_weizmann_actions(content, tmp_path):
    path = tmp_path / "downloads" / "manual" / "classification_masks.mat"
    if content == "text":
        path.parent.mkdir(parents=True)
        path.write_text("text")
    else:
        write_masks(path, ["ada_swims"])
    with pytest.raises(InputError, match=r"classification_masks.mat is not the file of silhouettes"):
        datasets.load("weizmann_actions", data_dir=str(tmp_path))


def test_what_is_downloaded_is_checked(tmp_path, monkeypatch):
    write_masks(tmp_path / "got.mat", NAMES)
    manager = "tensorflow_datasets.download.DownloadManager.download"
    monkeypatch.setattr(manager, lambda *args: tmp_path / "got.mat")
    with pytest.raises(InputError, match=r"is damaged: .* Expected silhouettes with sha256 49a6"):
        datasets.load("weizmann_actions", data_dir=str(tmp_path))


@needs.files(needs.MANUAL / "original_masks.mat")
def test_weizmann_actions_as_published():
    clips_by_name = weizmann_actions._read(needs.MANUAL / "original_masks.mat")
    assert len(clips_by_name) == 93 and sum(map(len, clips_by_name.values())) == 5687


def test_other_datasets_are_refused(data_dir):
    with pytest.raises(InputError, match=r"digits has no clips with a label each. Received: image, la"):
        load_videos("digits", data_dir)
