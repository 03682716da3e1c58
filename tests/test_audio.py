"""Audio files, and features against other programs' formulas."""

import io

import keras
import numpy as np
import pytest
import soundfile
import tensorflow_datasets as tfds

import zoo
from zoo import audio


def tone(hertz, rate=16_000, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def test_features_are_those_of_a_fourier_transform_by_its_definition():
    samples = np.random.default_rng(0).integers(-9000, 9000, 3000).astype("int16")
    padded = np.pad(samples / 32768, 256)  # frame t is centered at sample 160 t
    window = np.zeros(512)
    window[56:456] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.stack([padded[t * 160 : t * 160 + 512] * window for t in range(1 + 3000 // 160)])
    waves = np.exp(-2j * np.pi * np.outer(np.arange(512), np.arange(257)) / 512)
    power = abs(frames @ waves) ** 2  # [frames, frequencies]
    bands = keras.layers.MelSpectrogram(fft_length=512).linear_to_mel_weight_matrix(
        64, 257, 16_000, 20.0, 8000.0
    )  # Keras's own formula
    expected = np.log(power @ keras.ops.convert_to_numpy(bands) + 1e-10)
    expected = (expected - expected.mean(axis=0)) / (expected.std(axis=0) + 1e-3)
    np.testing.assert_allclose(audio.log_mel(samples), expected, atol=2e-3)


def test_mel_bands_are_those_of_keras():
    for num_mels in (23, 64, 80):
        layer = keras.layers.MelSpectrogram(fft_length=512)
        bands = layer.linear_to_mel_weight_matrix(num_mels, 257, 16_000, 20.0, 8000.0)
        bands = keras.ops.convert_to_numpy(bands)
        np.testing.assert_allclose(audio.mel_bands(num_mels), bands.T, atol=1e-4)


def test_a_tone_is_loudest_in_its_band():
    for hertz in (300, 1000, 4000):
        noise = 0.001 * np.random.default_rng(0).normal(size=8000)
        both = np.concatenate([noise, noise + tone(hertz)])  # silence, then the tone
        features = audio.log_mel(np.rint(both * 32767).astype("int16"))
        rise = features[60:90].mean(axis=0) - features[10:40].mean(axis=0)
        center = audio.mel_bands(64)[rise.argmax()].argmax() * 16_000 / 512
        assert center == pytest.approx(hertz, rel=0.2)


@pytest.mark.parametrize("length", [1, 100, 160, 399, 400, 401])
def test_short_recordings(length):
    features = audio.log_mel(np.arange(length).astype("int16"))
    assert features.shape == (1 + length // 160, 64) and np.isfinite(features).all()


def test_silence_has_features():
    assert abs(audio.log_mel(np.zeros(16_000, "int16"))).max() < 1e-3


def test_a_louder_recording_has_the_same_features():
    samples = np.random.default_rng(0).integers(-3000, 3000, 8000).astype("int16")
    np.testing.assert_allclose(audio.log_mel(samples), audio.log_mel(samples * 4), atol=1e-2)


@pytest.mark.parametrize(
    "samples", [np.zeros(9), np.zeros((9, 2), "int16"), np.zeros(0, "int16"), [1, 2], "a.wav"]
)
def test_other_samples_are_refused(samples):
    with pytest.raises(zoo.InputError, match="Samples must be integers of 16 bits"):
        audio.log_mel(samples)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100])
def test_files_of_any_rate(tmp_path, ending, rate):
    path = tmp_path / f"a.{ending}"
    both = np.stack([tone(440, rate), np.zeros(rate // 2)], axis=1)  # the mean has half of it
    soundfile.write(path, both, rate)
    samples = audio.read_audio(path)
    assert samples.dtype == np.int16 and abs(len(samples) - 8000) <= 1
    middle = slice(1000, 7000)
    difference = samples[middle] / 32768 - tone(440)[middle] / 2
    assert abs(difference).max() < 0.03


def test_a_file_of_16_bits_and_16_khz_is_read_as_it_is(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 999).astype("int16")
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    np.testing.assert_array_equal(audio.read_audio(tmp_path / "a.wav"), samples)
    np.testing.assert_array_equal(audio.resample(samples, 16_000), samples)


def wav(samples, rate=16_000, subtype=None):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an audio file that can be read"),
        (b"not audio at all", "is not an audio file that can be read"),
        (wav(np.zeros(99))[:30], "audio file|is empty"),
        (wav(np.zeros(0)), "is empty: it has no samples"),
        (wav(np.array([0.0, np.nan]), subtype="FLOAT"), "some of its samples are not numbers"),
        (wav(np.array([0.0, 9000.0]), subtype="FLOAT"), "floats from -1 to 1.* Received: 9,000"),
        (wav(np.zeros(99), rate=100), "must have 1,000 to 768,000 samples a second. Received: 100"),
    ],
    # The files differ by time.
    ids=["empty", "no audio", "cut off", "no samples", "not numbers", "too loud", "slow"],
)
def test_damaged_files(tmp_path, content, message):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(zoo.InputError, match=message) as error:
        audio.read_audio(tmp_path / "a.wav")
    assert "a.wav" in str(error.value) and "BytesIO" not in str(error.value)


@pytest.mark.parametrize("path", ["missing.wav", ".", "", None, "a\0b"])
def test_no_file(path):
    with pytest.raises(zoo.InputError):
        audio.read_audio(path)


def test_stretched_features_keep_their_shape_in_time():
    ramp = np.linspace(0, 1, 200)[:, None] * np.ones((1, 64))
    rng, lengths = np.random.default_rng(0), []
    for _ in range(50):
        changed = audio.stretch(ramp, rng, pitch=0.0)
        lengths.append(len(changed))
        np.testing.assert_allclose(changed[:, 5], np.linspace(0, 1, len(changed)), atol=1e-6)
    assert 170 <= min(lengths) < 185 and 215 < max(lengths) <= 230
    bands = np.ones((10, 1)) * np.arange(64.0)
    places = [audio.stretch(bands, rng, time=0.0)[0] for _ in range(50)]
    assert all((np.diff(one) >= 0).all() for one in places)
    assert min(one[40] for one in places) < 39 and max(one[40] for one in places) > 41
    assert audio.stretch(np.ones((1, 64)), rng).shape == (1, 64)


def test_hidden_parts():
    features, rng = np.ones((100, 64), "float32"), np.random.default_rng(0)
    for _ in range(50):
        hidden = audio.spec_augment(features, rng) == 0
        bands, frames = hidden.all(axis=0), hidden.all(axis=1)
        assert bands.sum() <= 20 and frames.sum() <= 30
        np.testing.assert_array_equal(hidden, bands[None] | frames[:, None])
    assert (features == 1).all()
    assert (audio.spec_augment(np.ones((3, 64)), rng) == 0).all(axis=1).sum() == 0


def test_spoken_digits_train_a_classifier_on_the_same_features():
    """A dataset of TFDS with audio and labels. Its rows are random here."""
    with tfds.testing.mock_data(num_examples=6):
        rows = [*zoo.datasets.load("spoken_digit", "train")]
    features = [audio.log_mel(audio.resample(row["audio"].numpy()[:4000], 8000)) for row in rows]
    pairs = [(x, int(row["label"])) for x, row in zip(features, rows, strict=True)]
    model = zoo.build(
        "many_to_one", cell="gru", num_features=64, mask_value=0.0, num_classes=10, units=4
    )
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    history = model.fit(zoo.datasets.batches(pairs, 3), epochs=2, verbose=0, shuffle=False).history
    assert history["loss"][1] < history["loss"][0]
    p = model.predict_on_batch(features[0][None])
    padded = np.pad(features[0], ((0, 9), (0, 0)))[None]
    np.testing.assert_allclose(model.predict_on_batch(padded), p, atol=1e-5)
