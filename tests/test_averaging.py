"""averaging.py averages the probabilities of classifiers."""

import pathlib
import runpy

import numpy as np
import pytest

import zoo

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "averaging.py"
WORDS = ["", "[UNK]", "good", "bad"]


@pytest.fixture
def script():
    return runpy.run_path(str(SCRIPT))


def save(folder, dataset, good, bad, labels=("neg", "pos"), task="text_classification", **config):
    """Saves a classifier of one word. The probability of pos is good or bad, as the word is."""
    model = zoo.build(
        "many_to_one", cell="gru", num_classes=2, units=2, vocabulary_size=4, embedding_dim=2
    )
    for layer in model.layers:
        layer.set_weights([np.zeros_like(x) for x in layer.get_weights()])
    kernel, recurrent, bias = model.get_layer("rnn_0").get_weights()
    kernel[:, 4] = (1, -1)  # the first unit of the candidate state: above 0 for good, below for bad
    model.get_layer("rnn_0").set_weights([kernel, recurrent, bias])
    model.get_layer("embedding").set_weights([np.array([[0, 0], [0, 0], [9, 0], [0, 9]])])
    logits = np.log([good / (1 - good), bad / (1 - bad)])
    state = 0.5  # half of the candidate state, which is 1 or -1
    slope, offset = (logits[0] - logits[1]) / (2 * state), logits.mean()
    model.layers[-1].set_weights([np.array([[slope], [0]]), np.array([offset])])
    card = {"task": task, "dataset": str(dataset), "config": config}
    card |= {"labels": list(labels), "vocabulary": WORDS, "preprocessing": {"keep_last": 5}}
    zoo.save(folder, model, task=card, metrics={}, history={}, figures={})
    return str(folder)


@pytest.fixture
def dataset(tmp_path):
    for split, number in (("train", 20), ("validation", 4), ("test", 8)):
        rows = [("pos\tgood\tup", "neg\tbad\tdown")[i % 2] for i in range(number)]
        (tmp_path / f"{split}.tsv").write_text("label\ttext\tmood\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_the_average_can_be_right_where_one_classifier_is_wrong(dataset, script, capsys):
    first = save(dataset / "first", dataset, good=0.9, bad=0.6)  # wrong about bad
    second = save(dataset / "second", dataset, good=0.45, bad=0.1)  # wrong about good
    (answer,) = zoo.load(first).predict(["good"])
    assert answer["pos"] == pytest.approx(0.9, abs=1e-3)
    found = script["average"]([first, second])
    assert found == {
        first: {"validation": 0.5, "test": 0.5},
        second: {"validation": 0.5, "test": 0.5},
        "average": {"validation": 1, "test": 1},
    }
    assert "validation" in capsys.readouterr().out


def test_another_column(dataset, script):
    options = {"labels": ("down", "up"), "label_column": "mood", "text_column": "", "encoding": "utf-8"}
    one = save(dataset / "one", dataset, good=0.9, bad=0.1, **options)
    assert script["average"]([one])["average"] == {"validation": 1, "test": 1}


def test_another_task(script):
    with pytest.raises(zoo.InputError, match=r"Give classifiers of texts, .* Received: digits-gru"):
        script["average"](["digits-gru"])


def test_other_labels(dataset, script):
    first = save(dataset / "first", dataset, good=0.9, bad=0.6)
    second = save(dataset / "second", dataset, good=0.9, bad=0.6, labels=("bad", "good"))
    with pytest.raises(
        zoo.InputError, match=r"must be those of .*, neg, pos\. Received: .* with bad, good"
    ):
        script["average"]([first, second])
