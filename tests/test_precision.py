"""Half precision: each type trains, what must be exact stays float32, and the quality is the same."""

import keras
import numpy as np
import pytest
import sklearn.datasets
from test_architectures import ALL_CELLS, PADDED, build, compile_model, make_data

import zoo

POLICIES = {"float32": 1e-6, "mixed_float16": 2e-3, "mixed_bfloat16": 2e-2}  # and what rounding does
HALF = ("mixed_bfloat16", "mixed_float16")
CASES = (
    *ALL_CELLS,
    "many_to_one, attention",
    "many_to_one, concat",
    "many_to_many, values",
    "encoder_decoder, dot",
    "one_to_many, tied",
)


@pytest.fixture(params=POLICIES)
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    keras.utils.set_random_seed(0)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.every(4)
@pytest.mark.parametrize(  # float32: test_architectures.py
    ("case", "policy"),
    [(case, HALF[i % 2]) for i, case in enumerate(CASES)],
    indirect=["policy"],
)
def test_each_type_trains_is_saved_and_padding_changes_nothing(case, policy, tmp_path):
    model = build(case, "gru")
    its_dtypes = {layer.compute_dtype for layer in model.layers if "rnn_" in layer.name}
    assert its_dtypes <= {policy.removeprefix("mixed_")}
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    compile_model(model, learning_rate=0.02, run_eagerly=True)  # compiling takes longer
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (policy == "mixed_float16")
    inputs, answers, mask = make_data(model)
    loss = [model.train_on_batch(inputs, answers)[0] for _ in range(4)]
    assert loss[-1] < 0.98 * loss[0]

    outputs = model.predict_on_batch(inputs)
    assert outputs.dtype == "float32"
    if "crf" not in case:  # whose tags are 0 and 1
        half = keras.ops.cast(outputs, policy.removeprefix("mixed_"))
        rounded = keras.ops.convert_to_numpy(keras.ops.cast(half, "float32"))
        assert (outputs != rounded).mean() > 0.5  # it was not computed in half precision
    if case not in ("many_to_one, bidirectional", "many_to_one, attention", "many_to_many, values"):
        total = outputs.sum(axis=-1)  # of a softmax
        np.testing.assert_allclose(total if "crf" not in case else total[mask > 0], 1.0, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    keras.config.set_dtype_policy("float32")  # as in another process
    reloaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    reloaded.run_eagerly = True
    np.testing.assert_array_equal(reloaded.predict_on_batch(inputs), outputs)
    if case in PADDED:
        padded_inputs, padded_answers, padded_mask = make_data(model, padding=2)
        padded = model.predict_on_batch(padded_inputs)
        if outputs.ndim == 3:
            outputs, padded = outputs[mask > 0], padded[padded_mask > 0]
        np.testing.assert_allclose(padded, outputs, atol=POLICIES[policy])
        losses = [
            model.test_on_batch(x, y)[0]
            for x, y in ((inputs, answers), (padded_inputs, padded_answers))
        ]
        np.testing.assert_allclose(*losses, rtol=POLICIES[policy])


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("case", "policy"),
    [("one_to_many, grid", "mixed_bfloat16"), ("encoder_decoder, additive", "mixed_float16")],
    indirect=["policy"],
)
def test_generated_sequences_are_those_of_float32(case, policy):
    model = build(case, "lstm")
    for variable in model.trainable_variables:  # so that tokens differ by more than rounding
        variable.assign(4 * variable)
    inputs, _, _ = make_data(model)
    best, scores = model.generate(inputs[0], 6, "beam", n_best=1)
    keras.config.set_dtype_policy("float32")
    exact = build(case, "lstm")
    exact.set_weights(model.get_weights())
    _, expected_scores = exact.generate(inputs[0], 6, "beam", n_best=1)
    assert scores.dtype == "float32"
    np.testing.assert_allclose(scores, expected_scores, atol=20 * POLICIES[policy])
    assert len({*map(str, best)}) > 1
    # Each token that greedy search took is the likeliest of float32, but for rounding.
    tokens = model.generate(inputs[0], 6)  # [batch, time]
    so_far = np.pad(tokens[:, :-1], ((0, 0), (1, 0)), constant_values=model.start_token)
    log_p = np.log(exact.predict_on_batch([inputs[0], so_far])[:, :, 2:])  # no padding, no [UNK]
    taken = np.take_along_axis(log_p, np.maximum(tokens - 2, 0)[:, :, None], axis=-1)[:, :, 0]
    assert (log_p.max(axis=-1) - taken)[tokens != 0].max() < 20 * POLICIES[policy]


@pytest.mark.exhaustive
def test_the_same_accuracy(policy):
    images, labels = sklearn.datasets.load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype("float32") / 16  # read row by row
    is_test = np.arange(len(images)) % 5 == 0
    model = zoo.build("many_to_one", cell="gru", num_features=8, num_classes=10, units=32)
    learning_rate = keras.optimizers.schedules.CosineDecay(0.01, 12 * 45)
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[~is_test], labels[~is_test], epochs=12, verbose=0)
    _, accuracy = model.evaluate(images[is_test], labels[is_test], verbose=0)
    assert abs(accuracy - 0.983) < 0.01
