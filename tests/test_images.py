"""Features of images, which are kept on disk."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo import images


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    network = keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(3 * np.ones(layer.gamma.shape))  # otherwise all outputs are 0
    network.save_weights(path)
    return str(path)


def as_images(*colors):
    sources = [Image.new("RGB", (50, 40), color) for color in colors]
    return tf.data.Dataset.from_tensor_slices([tf.io.encode_png(np.array(image)) for image in sources])


@pytest.mark.slow
def test_image_features_are_those_of_the_network(tmp_path, weights):
    noise = np.random.default_rng(0).integers(0, 255, (160, 160, 3)).astype("uint8")
    encoded = tf.data.Dataset.from_tensors(tf.io.encode_png(noise))
    result = images.image_features(encoded, tmp_path, weights)
    assert (result.shape, result.dtype) == ((1, 25, 1280), np.float16)
    network = keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None)
    network.load_weights(weights)
    expected = network.predict(noise[None] / 127.5 - 1, verbose=0)[0]  # [5, 5, 1280]
    assert expected.std() > 0.1
    np.testing.assert_allclose(result[0].reshape(5, 5, 1280), expected, rtol=2e-3, atol=1e-3)


def test_image_features_are_computed_once(tmp_path, weights, monkeypatch):
    first = images.image_features(as_images("red", "blue"), tmp_path, weights)
    compute, calls = images._compute, []
    monkeypatch.setattr(images, "_compute", lambda *args: calls.append(1) or compute(*args))
    again = images.image_features(as_images("red", "blue"), tmp_path, weights)
    assert not calls
    np.testing.assert_array_equal(first, again)
    other = images.image_features(as_images("blue", "red"), tmp_path, weights)  # another order
    # Kernels may round a row by its place in the batch, here to half precision.
    np.testing.assert_allclose(other, first[::-1], rtol=0.02, atol=0.002)
    assert not np.allclose(other, first, rtol=0.02, atol=0.002)
    images.image_features(as_images("red", "green"), tmp_path, weights)
    network = keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None)
    network.save_weights(tmp_path / "other.weights.h5")
    changed = images.image_features(
        as_images("red", "blue"), tmp_path, str(tmp_path / "other.weights.h5")
    )
    assert len(calls) == 3  # other images, other order, other weights
    assert not np.array_equal(changed, first)


def test_an_interruption_leaves_no_file(tmp_path, weights, monkeypatch):
    def break_off(network, encoded):
        yield np.zeros((1, 5, 5, 1280))
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "_compute", break_off)
    with pytest.raises(KeyboardInterrupt):
        images.image_features(as_images("red", "blue"), tmp_path, weights)
    assert not list((tmp_path / "image_features").iterdir())
    monkeypatch.undo()
    assert images.image_features(as_images("red", "blue"), tmp_path, weights)[1].any()


def test_weights_that_cannot_be_used(tmp_path, weights, monkeypatch):
    with pytest.raises(ValueError, match=r"No file of MobileNetV2's weights. Received: no\.h5"):
        images.image_features(as_images("red"), tmp_path, "no.h5")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save_weights(
        tmp_path / "dense.weights.h5"
    )
    (tmp_path / "text.weights.h5").write_text("no weights")
    for name in ("dense", "text"):
        with pytest.raises(ValueError, match="weights cannot be read: fetch it again") as error:
            images.image_features(as_images("red"), tmp_path, str(tmp_path / f"{name}.weights.h5"))
        assert "\n" not in str(error.value)

    def refuse(*args, **kwargs):
        raise Exception("URL fetch failure on https://storage.googleapis.com")

    monkeypatch.setattr(keras.applications, "MobileNetV2", refuse)
    with pytest.raises(ValueError, match=r"give the file of the weights\. URL fetch failure"):
        images.image_features(as_images("red"), tmp_path)
