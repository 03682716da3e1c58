import keras
import numpy as np
import pytest

import zoo


@pytest.mark.parametrize("attention", ["dot", "additive"])
def test_attention_is_drawn_as_the_model_weighs(attention):
    keras.utils.set_random_seed(0)
    model = zoo.build("encoder_decoder", attention=attention, units=6)
    inputs = [np.array([[7, 8, 9, 0]]), np.array([[2, 5, 6]])]
    labels = (["a", "dog", ".", "pad"], ["ein", "Hund", "end"])
    figure = zoo.diagnostics.plot_attention(model, [inputs, inputs], [labels, labels])
    first, second = figure.axes[:2]
    for axis in (first, second):
        assert [label.get_text() for label in axis.get_xticklabels()] == labels[0]
        assert [label.get_text() for label in axis.get_yticklabels()] == labels[1]
    weights = np.asarray(first.images[0].get_array())  # [step, item]
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(weights[:, 3], 0, atol=1e-6)  # padding gets no attention
    assert (weights[:, :3] > 0).all()
    np.testing.assert_array_equal(weights, second.images[0].get_array())
