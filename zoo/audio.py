"""Audio: from samples to features, and small changes to them that make more of few recordings."""

import numpy as np

from zoo.datasets.audio_files import RATE, read_audio, resample
from zoo.errors import InputError, shown

__all__ = ["RATE", "log_mel", "read_audio", "resample", "spec_augment", "stretch"]

WINDOW, HOP, FFT = 400, 160, 512  # samples: 25 ms of sound, 10 ms later the next frame
LOWEST = 20.0  # Hertz


def log_mel(samples, num_mels=64):
    """Computes how loud each band of pitches is, every 10 ms.

    Each frame is 25 ms of sound under a Hann window. Its power spectrum is summed in bands that are
    even on the mel scale, mel = 2595 log10(1 + Hertz / 700) (O'Shaughnessy 1987). The triangles of
    neighboring bands overlap. The logarithm of each band then gets mean 0 and standard deviation 1 in
    the whole recording, so that microphones and voices differ less.

    scipy computes the spectrum. librosa would compute the bands too, but it needs numba and llvmlite,
    half a gigabyte, for these few lines.

    Args:
        samples: integers of 16 bits `[samples]`, 16,000 a second, see `read_audio` and `resample`.
        num_mels: number of bands.

    Returns:
        Floats `[frames, num_mels]`, 100 frames a second. The middle of frame t is at t * 10 ms.

    Raises:
        ValueError: there are no samples, or they are not integers of 16 bits.

    Example:

    >>> noise = np.random.default_rng(0).integers(-1000, 1000, 16_000).astype("int16")
    >>> features = log_mel(noise)
    >>> features.shape, float(abs(features.mean(axis=0)).max()) < 1e-5
    ((101, 64), True)
    """
    from scipy import signal  # of the extra "recipes"

    is_array = isinstance(samples, np.ndarray)
    if not is_array or samples.ndim != 1 or not samples.size or samples.dtype != np.int16:
        received = f"{samples.dtype} {samples.shape}" if is_array else shown(samples)
        raise InputError(
            "Samples must be integers of 16 bits [samples]. zoo.audio.resample makes them from floats, "
            f"and zoo.audio.read_audio from a file. Received: {received}"
        )
    num_frames = 1 + len(samples) // HOP
    samples = np.pad(samples, (0, max(0, WINDOW - len(samples)))) / 32768
    transform = signal.ShortTimeFFT(
        signal.windows.hann(WINDOW, sym=False), HOP, RATE, mfft=FFT, scale_to=None
    )
    power = transform.spectrogram(samples, p0=0, p1=num_frames)  # [frequencies, frames]
    features = np.log(mel_bands(num_mels) @ power + 1e-10).T  # [frames, num_mels]
    return ((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-3)).astype("float32")


def mel_bands(num_mels):
    """The weight of each frequency in each band: triangles on the mel scale.

    Args:
        num_mels: number of bands.

    Returns:
        Floats `[num_mels, frequencies]`.

    Example:

    >>> bands = mel_bands(64)
    >>> bands.shape, round(bands[10].argmax() * RATE / FFT)  # in Hertz
    ((64, 257), 406)
    """

    def mel(hertz):
        return 2595 * np.log10(1 + hertz / 700)

    edges = np.linspace(mel(LOWEST), mel(RATE / 2), num_mels + 2)[:, None]
    frequencies = mel(np.arange(FFT // 2 + 1) * RATE / FFT)
    up = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(up, down))


def stretch(features, rng, time=0.15, pitch=0.08):
    """Makes a recording faster or slower, and its voice higher or lower, at random.

    Speech of other people is faster or slower (Ko et al. 2015, "Audio Augmentation for Speech
    Recognition"), and comes from shorter or longer throats (Jaitly & Hinton 2013, "Vocal Tract Length
    Perturbation Improves Speech Recognition"). Here the features are interpolated, not the samples.

    Args:
        features: `[frames, num_mels]`.
        rng: a `numpy.random.Generator`.
        time: the largest change of the length, as a share of it.
        pitch: the largest change of the bands, as a share.

    Returns:
        `[new frames, num_mels]`.

    Example:

    >>> stretch(np.ones((100, 64), "float32"), np.random.default_rng(0)).shape
    (104, 64)
    """
    frames, bands = features.shape
    new_frames = max(1, round(frames * rng.uniform(1 - time, 1 + time)))
    features = _interpolate(features, np.linspace(0, frames - 1, new_frames))
    places = np.minimum(np.arange(bands) * rng.uniform(1 - pitch, 1 + pitch), bands - 1)
    return _interpolate(features.T, places).T.astype("float32")


def _interpolate(rows, places):
    """Rows at places between rows."""
    low = np.floor(places).astype(int)
    high, share = np.minimum(low + 1, len(rows) - 1), (places - low)[:, None]
    return (1 - share) * rows[low] + share * rows[high]


def spec_augment(features, rng, bands=10, frames=15):
    """Hides some bands and some frames, so that a network must use all of them.

    See Park et al. 2019, "SpecAugment: A Simple Data Augmentation Method for Automatic Speech
    Recognition". There are two masks of each kind, of a random length. Hidden parts become 0, the mean.

    Args:
        features: `[frames, num_mels]`.
        rng: a `numpy.random.Generator`.
        bands: the largest number of bands in a mask.
        frames: the largest number of frames in a mask. It hides at most a fifth of the recording.

    Returns:
        `[frames, num_mels]`, a copy.

    Example:

    >>> hidden = spec_augment(np.ones((100, 64)), np.random.default_rng(0)) == 0
    >>> print(hidden.all(axis=0).sum(), "bands", hidden.all(axis=1).sum(), "frames")
    12 bands 9 frames
    """
    features = features.copy()
    for _ in range(2):
        for axis, most in ((features.T, bands), (features, min(frames, len(features) // 5))):
            length = rng.integers(0, most + 1)
            start = rng.integers(0, len(axis) - length + 1)
            axis[start : start + length] = 0
    return features
