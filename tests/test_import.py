"""`import zoo` and `zoo.list_models()` are instant."""

import subprocess
import sys


def test_keras_is_imported_on_first_use_only():
    program = (
        "import time; start = time.perf_counter(); import zoo; zoo.list_models();"
        "print(time.perf_counter() - start);"
        "import sys; print(*{'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    seconds, *modules = min(run.stdout for run in runs).split()
    assert modules == []
    assert float(seconds) < 0.3


def test_saved_models_open_in_a_new_process(tmp_path):
    import zoo

    models = {
        "crf": zoo.build("many_to_many", head="crf", characters=True, units=4),
        "encoder_decoder": zoo.build("encoder_decoder", units=4, end_token=7),
        "one_to_many": zoo.build("one_to_many", units=4),
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    program = (
        "import keras, zoo, sys; "
        "models = [keras.saving.load_model(path) for path in sys.argv[1:]];"
        "print(*(model.count_params() for model in models), models[1].end_token)"
    )
    paths = [tmp_path / f"{name}.keras" for name in models]
    command = [sys.executable, "-c", program, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [*(str(model.count_params()) for model in models.values()), "7"]


def test_unknown_attribute():
    import zoo

    assert zoo.cells.CELLS.keys() == {"simple_rnn", "lstm", "gru"}
    try:
        zoo.nonsense  # noqa: B018
    except AttributeError as error:
        assert "nonsense" in str(error)
    else:
        raise AssertionError("an attribute that does not exist was found")
