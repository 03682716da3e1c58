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


def test_unknown_attribute():
    import zoo

    assert zoo.cells.CELLS.keys() == {"simple_rnn", "lstm", "gru"}
    try:
        zoo.nonsense  # noqa: B018
    except AttributeError as error:
        assert "nonsense" in str(error)
    else:
        raise AssertionError("an attribute that does not exist was found")
