"""Clips: one class for each, or a class for each frame."""

import json
import re

import clips
import edits
import needs
import numpy as np
import pytest
import scipy.io
from pictures import assert_shows_data

import zoo
from zoo.tasks import video_classification, video_tagging

RECIPE = "many_to_one_video"
SMALL = [
    *("--no-augment", "--frame-step", "1", "--image-size", "8"),
    *("--units", "8", "--learning-rate", "0.01"),
]


@pytest.fixture
def silhouettes(tmp_path):
    """A data_dir with a file like that of weizmann_actions: three people, two actions."""
    rng, masks = np.random.default_rng(0), {}
    for person in ("ada", "bob", "eve"):
        for action in ("run", "wave1"):
            frames = np.zeros((144, 180, 6), "uint8")
            for i in range(6):
                frames[60:100, 20 + 5 * i : 30 + 5 * i, i] = 1
                frames[60 + rng.integers(0, 4), 10 + 5 * i : 40 + 5 * i, i] = action == "wave1"
            masks[f"{person}_{action}"] = frames
    (tmp_path / "data" / "downloads" / "manual").mkdir(parents=True)
    path = tmp_path / "data" / "downloads" / "manual" / "original_masks.mat"
    scipy.io.savemat(path, {"original_masks": masks})
    return tmp_path / "data"


def test_own_clips_of_two_classes(run, tmp_path, ask):
    folder = clips.write_classes(tmp_path / "clips")
    words = [
        "--dataset",
        folder,
        "--no-center",
        "--no-augment",
        "--frame-step",
        "1",
        "--epochs",
        "40",
        *SMALL,
    ]
    printed = run(*words, "--output", tmp_path / "model")
    assert f"Read {folder}: 2 classes, 24 clips of 12 to 12 frames." in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    network, baseline = metrics.values()
    assert network["accuracy"] == baseline["accuracy"] == 1
    assert_shows_data(tmp_path / "model" / "clips.png")
    for name in ("left", "right"):
        (answer,) = ask("predict", tmp_path / "model", folder / name / "0")
        assert next(iter(answer)) == name
    task = zoo.load(tmp_path / "model")
    (answer,) = task.predict([np.zeros((3, 20, 20, 1), "uint8")])
    assert sum(answer.values()) == pytest.approx(1)
    with pytest.raises(zoo.InputError, match="A clip must be a file"):
        task.predict([np.zeros((3, 20, 20))])
    with pytest.raises(zoo.InputError, match=r"no.mp4' cannot be read"):
        task.predict(["no.mp4"])


@pytest.mark.exhaustive
def test_people_who_are_left_out(run, silhouettes, tmp_path):
    words = ["--data-dir", silhouettes, "--epochs", "1", *SMALL]
    printed = run(*words, "--output", tmp_path / "model")
    assert re.findall(r"^(\w+): 4 train, 2 test$", printed, re.M) == ["ada", "bob", "eve"]
    assert re.findall(r"^Left out: (\w+)$", printed, re.M) == ["ada", "bob", "eve"]
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    assert list(metrics) == ["gru", "mean frame, logistic regression"]
    printed = run(*words, "--num-folds", "2", "--validate", "--output", tmp_path / "chosen")
    assert re.findall(r"^(\w+): 2 train, 2 validation, 2 test$", printed, re.M) == ["ada", "bob"]
    assert [*json.loads((tmp_path / "chosen" / "metrics.json").read_text())] == ["validation"]
    assert "val_accuracy" in (tmp_path / "chosen" / "history.csv").read_text()
    assert re.findall(r"^Left out: (\w+)$", printed, re.M) == ["ada", "bob"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset sunspots", "has no clips with a label each. Received: date, sunspots"),
        ("--dataset {tmp}", "must have a folder of clips for each class"),
        ("--frame-step 0", "argument --frame-step: must be at least 1"),
        ("--image-size 0", "argument --image-size: must be at least 1"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data_dir, tmp_path, assert_refused):
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.exhaustive
@pytest.mark.parametrize("edit", edits.CELLS)
def test_a_changed_model(edit, run, silhouettes, monkeypatch):
    def build(name, *, encoder, num_classes, mask_value, **others):
        import keras

        frames = keras.Input((None, *encoder.input_shape[1:]))
        x = zoo.layers.PerFrame(encoder, mask_value)(frames)
        return keras.Model(frames, edits.make(edit, num_classes, features=x.shape[-1])(x))

    monkeypatch.setattr(zoo, "build", build)
    assert "Verdict: " in run("--smoke", "--data-dir", silhouettes)


def test_defaults_that_fit_the_data():
    epochs = [video_classification.defaults(n, 8)["epochs"][0] for n in (20, 73, 5000)]
    assert epochs == sorted(epochs, reverse=True) and epochs[0] == 100 and epochs[-1] == 5


def test_frames_of_different_sizes_are_no_clip():
    preprocessing = {"shape": [4, 4, 2], "frame_step": 1, "center": False}
    frames = [np.zeros((6, 6, 1), "uint8"), np.zeros((8, 6, 1), "uint8")]
    with pytest.raises(zoo.InputError, match="frames of a clip must have the same size"):
        video_classification.encode(frames, preprocessing)


def test_spans_count_all_frames_of_the_file():
    spans = video_tagging.spans(["a", "a", "b"], frame_step=3)
    assert spans == [{"label": "a", "start": 0, "end": 6}, {"label": "b", "start": 6, "end": 9}]
    assert video_tagging.spans([]) == []


def test_a_gray_network_reads_a_clip_in_color():
    preprocessing = {"shape": [4, 4, 2], "frame_step": 1, "center": False}
    frames = np.full((2, 6, 6, 3), (200, 100, 0), "uint8")
    gray = video_classification.encode(frames, preprocessing)
    np.testing.assert_allclose(gray[..., :1], (0.299 * 200 + 0.587 * 100 + 1) / 256, atol=0.01)
    color = video_classification.encode(frames[..., :1], preprocessing | {"shape": [4, 4, 6]})
    assert color.shape == (2, 4, 4, 6) and np.ptp(color[..., :3]) == 0
    assert not gray[..., 1:].any() and not color[..., 3:].any()  # nothing moves


@pytest.mark.exhaustive
@needs.files(needs.MANUAL / "original_masks.mat")
def test_smoke_on_the_real_clips(run, tmp_path):
    assert "few: 16 train, 8 test" in run("--smoke", "--output", tmp_path / "model")
