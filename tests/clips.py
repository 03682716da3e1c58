"""Small clips for tests: a bright bar that moves in the left or in the right half."""

import numpy as np
from PIL import Image

SIZE = (12, 24)


def make_frames(is_right, rng, num_frames=12):
    """Integers `[time, 12, 24]`: a white bar on black."""
    frames = np.zeros((num_frames, *SIZE), "uint8")
    top = rng.integers(0, 4)
    for frame, left in zip(frames, rng.integers(0, 8, num_frames) + 12 * is_right, strict=True):
        frame[top : top + 8, left : left + 4] = 255
    return frames


def write_folder(path, frames):
    """Writes the frames of a clip as images in a folder."""
    path.mkdir(parents=True)
    for i, frame in enumerate(frames):
        Image.fromarray(frame).save(path / f"{i}.png")


def write_gif(path, frames):
    """Writes the frames of a clip as a GIF, ten a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=rest, duration=100, loop=0, disposal=1)


def write_classes(folder, number=12):
    """Writes clips of two classes, as folders of images."""
    rng = np.random.default_rng(0)
    for i in range(number):
        for name in ("left", "right"):
            write_folder(folder / name / str(i), make_frames(name == "right", rng))
    return folder


def write_tagged(folder, number=20):
    """Writes clips whose bar is first in the right half, with a CSV next to each."""
    rng = np.random.default_rng(0)
    for i in range(number):
        turn = int(rng.integers(4, 9))
        right, left = make_frames(True, rng, turn), make_frames(False, rng, 12 - turn)
        write_folder(folder / str(i), np.concatenate([right, left]))
        rows = f"start_frame,end_frame,label\n0,{turn},right\n{turn},12,left\n"
        (folder / f"{i}.csv").write_text(rows)
    return folder
