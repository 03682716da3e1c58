"""What all recipes share: started as a program, one ends with one line about bad input."""

import pathlib
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_recipe_ends_with_status_2_and_no_traceback(tmp_path):
    recipe = pathlib.Path(__file__).parent.parent / "recipes" / "many_to_one_sentiment.py"
    command = [sys.executable, recipe, "--dataset", tmp_path]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("many_to_one_sentiment.py: error: ") and "has no classes" in last
