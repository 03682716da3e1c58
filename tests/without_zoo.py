"""Runs a Python file in a process that cannot import zoo: python tests/without_zoo.py FILE"""

import runpy
import sys

import matplotlib
import tensorflow as tf

if __name__ == "__main__":
    sys.modules["zoo"] = None  # an import of it, or of a part of it, now fails
    matplotlib.use("Agg")
    # As in conftest.py, because the graph optimizer changes the last digits of scores.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    runpy.run_path(sys.argv[1], run_name="__main__")
