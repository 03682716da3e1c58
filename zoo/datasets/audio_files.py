"""Reads audio files."""

import io
import math

import numpy as np

from zoo.datasets.files import read_bytes
from zoo.datasets.packages import import_extra
from zoo.errors import InputError, one_line

RATE = 16_000  # samples a second
SLOWEST, FASTEST = 1_000, 768_000  # rates of files
LOUDEST = 100  # a float of a loud recording may be a little above 1


def read_audio(path):
    """Reads an audio file: one channel, 16,000 samples a second.

    Args:
        path: the path of a WAV, FLAC, OGG or MP3 file, of any rate and number of channels. The
            channels are averaged.

    Returns:
        Integers of 16 bits `[samples]`.

    Raises:
        ValueError: the file is missing, is not audio, is damaged or is empty, or its floats are
            far above 1.

    Example:

    >>> import pathlib, soundfile, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, np.sin(np.arange(4410) / 10), 44_100)
    >>> read_audio(path).shape
    (1600,)
    """
    soundfile = import_extra("soundfile", "Audio files")
    content = read_bytes(path)
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        reason = getattr(error, "error_string", error)  # without the name of a file in memory
        raise InputError(
            f"{path} is not an audio file that can be read: WAV, FLAC, OGG or MP3. Convert other "
            f"kinds, as in ffmpeg -i mine.m4a mine.wav. {one_line(reason)}"
        ) from None
    if not len(samples):
        raise InputError(f"{path} is empty: it has no samples.")
    if not np.isfinite(samples).all():
        raise InputError(f"{path} is damaged: some of its samples are not numbers.")
    loudest = np.abs(samples).max()
    if loudest > LOUDEST:
        raise InputError(
            f"{path} must have floats from -1 to 1. If they are integers of 16 bits, divide them by "
            f"32,768. Received: {loudest:,.0f}"
        )
    if not SLOWEST <= rate <= FASTEST:
        raise InputError(
            f"{path} must have {SLOWEST:,} to {FASTEST:,} samples a second. Received: {rate:,}"
        )
    return resample(samples.mean(axis=1), rate)  # [samples, channels] -> [samples]


def resample(samples, rate):
    """Changes the rate of audio to 16,000 samples a second.

    Args:
        samples: floats `[samples]` from -1 to 1, or integers of 16 bits.
        rate: their number of samples a second.

    Returns:
        Integers of 16 bits `[samples]`.

    Example:

    >>> resample(np.zeros(8000), rate=8000).shape
    (16000,)
    """
    from scipy import signal  # of the extra "recipes"

    samples = np.asarray(samples)
    samples = samples / 32768 if samples.dtype.kind in "iu" else samples
    if rate != RATE:
        divisor = math.gcd(RATE, rate)
        samples = signal.resample_poly(samples, RATE // divisor, rate // divisor)
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("int16")
