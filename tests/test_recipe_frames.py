"""Videos with a class for each frame."""

import json

import clips
import numpy as np
import pytest
from pictures import assert_shows_data

import zoo
from zoo.datasets.videos import Clip

RECIPE = "many_to_many_video"
SMALL = [
    *("--no-augment", "--frame-step", "1", "--image-size", "8"),
    *("--units", "8", "--learning-rate", "0.01"),
    *("--window", "12"),
]


@pytest.mark.slow
def test_own_videos(run, tmp_path, ask):
    folder = clips.write_tagged(tmp_path / "videos")
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
    assert f"Read {folder}: 20 clips of 12 to 12 frames." in printed
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())["test"]
    network, baseline = metrics.values()
    assert network["accuracy"] > 0.9 and baseline["accuracy"] > 0.9
    assert_shows_data(tmp_path / "model" / "frames.png")
    (spans,) = ask("predict", tmp_path / "model", folder / "0")
    assert spans[0]["start"] == 0 and spans[-1]["end"] == 12
    assert {span["label"] for span in spans} <= {"left", "right"}
    (spans,) = zoo.load(tmp_path / "model").predict([np.zeros((30, 20, 20, 1), "uint8")])
    assert spans[-1]["end"] == 30


def test_clips_of_a_person_are_joined_in_random_order(recipe):
    rows = [
        Clip(np.full((n, 1, 1, 2), n, "uint8"), np.full(n, n), person, "")
        for person in ("ada", "bob")
        for n in range(1, 6)
    ]
    orders = set()
    for seed in range(4):
        videos = recipe["join"](rows, seed)
        assert len(videos) == 2
        for frames, labels in videos:
            assert sorted(labels.tolist()) == [n for n in range(1, 6) for _ in range(n)]
            np.testing.assert_array_equal(frames[..., 0].ravel(), (labels.astype("float32") + 1) / 256)
            jumps = np.diff(labels, prepend=labels[:1]).astype("float32") / 256  # from clip to clip
            np.testing.assert_allclose(frames[..., 1].ravel(), jumps)
            orders.add(tuple(labels))
        np.testing.assert_array_equal(videos[0][1], recipe["join"](rows, seed)[0][1])
    assert len(orders) > 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset digits", "has no clips with a label each"),
        ("--dataset {tmp}", "has no clip. Received: an empty folder"),
        ("--window 0", "argument --window: must be at least 1"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data_dir, tmp_path, assert_refused):
    (tmp_path / "empty").mkdir()
    words = words.format(tmp=tmp_path / "empty").split()
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words)
