"""Small clips for tests: a bright bar that goes to the right or to the left."""

import numpy as np
from PIL import Image

SIZE = (12, 24)


def make_frames(goes_right, rng, num_frames=12):
    """Integers `[time, 12, 24]`: a white bar on black that goes around, so it is everywhere equally."""
    bar, first = np.zeros(SIZE, "uint8"), rng.integers(24)
    top = rng.integers(0, 4)
    bar[top : top + 8, :4] = 255
    step = 2 if goes_right else -2
    return np.stack([np.roll(bar, first + step * i, axis=1) for i in range(num_frames)])


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
    """Writes clips of two classes, as folders of images. Only their motion differs."""
    rng = np.random.default_rng(0)
    for i in range(number):
        for name in ("left", "right"):
            write_folder(folder / name / str(i), make_frames(name == "right", rng))
    return folder


def write_tagged(folder, number=20):
    """Writes clips whose bar goes to the right and back, with a CSV next to each."""
    rng = np.random.default_rng(0)
    for i in range(number):
        turn = int(rng.integers(4, 9))
        there, back = make_frames(True, rng, turn), make_frames(False, rng, 12 - turn)
        write_folder(folder / str(i), np.concatenate([there, back]))
        rows = f"start_frame,end_frame,label\n0,{turn},right\n{turn},12,left\n"
        (folder / f"{i}.csv").write_text(rows)
    return folder
