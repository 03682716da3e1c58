"""What the tests ask of a plot: that it shows something."""

import numpy as np
from PIL import Image


def assert_shows_data(path):
    """A PNG has colors or large gray areas. Empty axes have neither: only a frame, ticks and words."""
    pixels = np.asarray(Image.open(path).convert("RGB"), int).reshape(-1, 3)
    is_colored = np.ptp(pixels, axis=1) > 40
    is_gray = pixels.max(axis=1) < 250
    assert is_colored.mean() > 0.001 or is_gray.mean() > 0.05
