"""From raw input to readable output, and what is said of input that cannot be used."""

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import pipelines


class Says:
    """A model whose answer to each row of tokens is known."""

    def __init__(self, answer):
        self.answer, self.batches, self.inputs = answer, [], [None]

    def predict_on_batch(self, inputs):
        self.batches.append(inputs)
        return self.answer(inputs)


def test_rows_of_similar_length_share_a_batch_and_answers_keep_their_order():
    model = Says(lambda tokens: tokens.sum(axis=1))
    rows = [(np.arange(1, n + 1),) for n in (5, 1, 4, 2, 3)]
    assert pipelines._answer(model, rows, batch_size=2) == [15, 1, 10, 3, 6]
    assert [batch.shape for batch in model.batches] == [(2, 2), (2, 4), (1, 5)]


@pytest.mark.parametrize("texts", ["one text", [1, 2], [["a", "list"]], [None]])
def test_texts_are_a_list_of_texts(texts):
    task = {"vocabulary": ["", "[UNK]"], "labels": ["a", "b"], "preprocessing": {"keep_last": 5}}
    predict = pipelines.text_classification(Says(None), task, None)
    with pytest.raises(zoo.InputError, match="Give a list of texts"):
        predict(texts)


def test_labels_of_texts():
    model = Says(lambda tokens: np.where(tokens[:, -1:] == 3, 0.9, 0.2))
    task = {
        "vocabulary": ["", "[UNK]", "not", "good"],
        "labels": ["negative", "positive"],
        "preprocessing": {"keep_last": 3},
    }
    predict = pipelines.text_classification(model, task, None)
    first, second = predict(["It is really GOOD", "so, is it: not?"])
    assert list(first) == ["positive", "negative"] and list(second) == ["negative", "positive"]
    assert first["positive"] == pytest.approx(0.9) and sum(second.values()) == pytest.approx(1)
    assert all(batch.shape[1] == 3 for batch in model.batches)  # the last three words
    assert predict([]) == []


def test_spans_have_the_places_of_words():
    tags = ["O", "S-LOC", "B-PER", "I-PER", "E-PER"]
    numbers = {"Ada": 2, "King": 3, "Lovelace": 4, "Paris": 1}
    vocabulary = ["", "[UNK]", *(word.lower() for word in numbers)]
    task = {
        "vocabulary": vocabulary,
        "characters": ["", "[UNK]"],
        "labels": tags,
        "config": {"characters": False},
        "preprocessing": {"tags": "IOBES"},
    }
    answer = {vocabulary.index(word.lower()): number for word, number in numbers.items()}
    model = Says(lambda x: np.eye(5)[[[answer.get(token, 0) for token in row] for row in x]])
    predict = pipelines.tagging(model, task, None)
    text = "Ada  King Lovelace, in Paris."
    assert predict([text, "", "nobody"]) == [
        [
            {"text": "Ada  King Lovelace", "label": "PER", "start": 0, "end": 18},
            {"text": "Paris", "label": "LOC", "start": 23, "end": 28},
        ],
        [],
        [],
    ]
    (spans,) = predict([["In", "Paris", "."]])
    assert spans == [{"text": "Paris", "label": "LOC", "start": 3, "end": 8}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("John lives in Paris.", ["John", "lives", "in", "Paris", "."]),
        ("@ann: 3,500 #zoo (x-ray)!", ["@ann", ":", "3,500", "#zoo", "(", "x-ray", ")", "!"]),
        (
            "Germany's U.S. trade isn’t e.g. 9:30.It",
            ["Germany", "'s", "U.S.", "trade", "is", "n’t", "e.g.", "9:30", ".", "It"],
        ),
        ("Go to London.She can't.", ["Go", "to", "London", ".", "She", "ca", "n't", "."]),
        ("", []),
    ],
)
def test_words_of_a_text(text, words):
    assert pipelines.TEXT_TOKEN.findall(text) == words


def test_forecast_is_in_the_units_of_the_series():
    task = {
        "config": {"window": 4, "segment": 2},
        "preprocessing": {"mean": 100.0, "std": 10.0},
    }
    model = Says(lambda x: np.array([[1.0, -0.5]]))
    forecast = pipelines.forecasting(model, task, None)([0, 0, 90, 100, 110, 120])
    assert forecast == pytest.approx([130, 115])  # from 120, one up, and half of one down
    np.testing.assert_allclose(model.batches[0], [[[-3, -2], [-1, 0]]])
    for numbers in ([1, 2, 3], [[1, 2, 3, 4]], [1, 2, 3, np.nan]):
        with pytest.raises(zoo.InputError, match="Give 4 numbers or more"):
            pipelines.forecasting(model, task, None)(numbers)


def test_images_as_arrays_and_as_files(tmp_path):
    task = {"labels": ["dark", "light"], "preprocessing": {"shape": [4, 4, 1], "divide_by": 16}}
    model = Says(lambda x: np.stack([1 - x.mean(axis=(1, 2)), x.mean(axis=(1, 2))], axis=1))
    predict = pipelines.image_classification(model, task, None)
    Image.new("RGB", (9, 7), (255, 255, 255)).save(tmp_path / "white.png")
    answers = predict([np.full((4, 4, 1), 4), tmp_path / "white.png"])
    assert answers[0] == {"dark": 0.75, "light": 0.25}
    assert answers[1] == {"light": pytest.approx(1), "dark": pytest.approx(0)}
    with pytest.raises(zoo.InputError, match="An image must be"):
        predict([np.zeros((5, 4))])
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(zoo.InputError, match="cannot be read as an image"):
        predict([tmp_path / "text.png"])


def test_punctuation_keeps_words_and_order():
    task = {
        "vocabulary": ["", "[UNK]", "no", "yes"],
        "labels": [["lower", ""], ["Capital", ","], ["UPPER", "!"]],
        "preprocessing": {"word": r"\w+"},
    }
    model = Says(lambda x: np.eye(3)[np.clip(x - 1, 0, 2)])
    predict = pipelines.punctuation(model, task, None)
    assert predict(["no, yes maybe", "...", "YES"]) == ["No, YES! maybe", "", "YES!"]


@pytest.mark.parametrize("name", ["translation-multi30k-en-de-gru", "pronunciation-cmudict-gru"])
def test_empty_sources_and_options_of_generating(name):
    task = zoo.load(name)
    assert task.generate([]) == []
    whole, empty = task.generate(["dog", ""])
    assert whole and empty == ""
    (short,) = task.generate(["dog"], max_length=1)
    assert len(short.split()) <= 1
    with pytest.raises(zoo.InputError, match="Unknown option"):
        task.generate(["dog"], strategy="greedy", temperature=2.0)


def test_music_is_sampled_whatever_else_is_said():
    task = zoo.load("music-chorales-lstm")
    (notes,) = task.generate([[72, 67, 64, 48]], beats=2, seed=1)
    assert notes.shape[1] == 4 and len(notes) <= 8
    for options in ({"beats": 0}, {"beats": 1.5}, {"max_length": 5}):
        with pytest.raises(zoo.InputError, match="The length of music is beats"):
            task.generate([[72, 67, 64, 48]], **options)
