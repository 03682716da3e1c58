import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory, worker_id):
    """Where datasets are prepared: once in each test process, outside a person's own folders."""
    root = tmp_path_factory.getbasetemp()
    return str((root if worker_id == "master" else root.parent) / f"data-{worker_id}")
