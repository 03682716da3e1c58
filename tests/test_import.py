"""`import zoo` and `zoo.list_models()` import no other package, so they are instant."""

import json
import subprocess
import sys

import pytest


def test_keras_is_imported_on_first_use_only():
    program = (
        "import sys, zoo; zoo.list_models(); zoo.list_presets();"
        "print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.slow
def test_saved_models_open_in_a_new_process(tmp_path):
    """With `import keras, zoo` and nothing else; a compiled CRF goes on training."""
    import keras
    import numpy as np

    import zoo

    sizes = {"units": 4, "vocabulary_size": 9}
    models = {
        "crf": zoo.build("many_to_many", head="crf", num_tags=3, characters=True, **sizes),
        "one_to_many": zoo.build("one_to_many", context_shape=None, **sizes),
        "encoder_decoder": zoo.build("encoder_decoder", units=4, end_token=7),
    }
    models["crf"].compile("adam", run_eagerly=True)
    rng = np.random.default_rng(0)
    tokens, characters, tags = rng.integers(1, 9, (2, 5)), rng.integers(1, 9, (2, 5, 3)), np.eye(2, 5)
    np.savez(tmp_path / "data.npz", tokens=tokens, characters=characters, tags=tags)
    models["crf"].train_on_batch([tokens, characters], tags)  # so the optimizer has a state
    inputs = {"crf": [tokens, characters], "one_to_many": tokens, "encoder_decoder": [tokens, tokens]}
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    program = """if True:
        import keras, zoo, json, numpy as np
        data = np.load("data.npz")
        tokens, characters, tags = data["tokens"], data["characters"], data["tags"]
        names = ("crf", "one_to_many", "encoder_decoder")
        crf, one, pair = (keras.saving.load_model(f"{name}.keras") for name in names)
        crf.run_eagerly = True
        outputs = [crf([tokens, characters]), one(tokens), pair([tokens, tokens])]
        losses = [float(crf.train_on_batch([tokens, characters], tags)) for _ in range(2)]
        outputs = [keras.ops.convert_to_numpy(x).tolist() for x in outputs]
        print(json.dumps({"end_token": pair.end_token, "outputs": outputs, "losses": losses}))
    """
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["end_token"] == 7
    for (name, model), outputs in zip(models.items(), answer["outputs"], strict=True):
        expected = keras.ops.convert_to_numpy(model(inputs[name]))
        np.testing.assert_allclose(outputs, expected, atol=1e-6)
    losses = [float(models["crf"].train_on_batch([tokens, characters], tags)) for _ in range(2)]
    np.testing.assert_allclose(answer["losses"], losses, rtol=1e-4)


def test_unknown_attribute():
    import zoo

    assert zoo.cells.CELLS.keys() == {"simple_rnn", "lstm", "gru"}
    try:
        zoo.nonsense  # noqa: B018
    except AttributeError as error:
        assert "nonsense" in str(error)
    else:
        raise AssertionError("an attribute that does not exist was found")
