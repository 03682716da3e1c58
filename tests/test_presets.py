"""The trained models that come with the package are what their cards say."""

import functools
import os
import pathlib
import runpy
import shlex

import matplotlib
import needs
import pytest
import sklearn.datasets
import tensorflow_datasets as tfds
from PIL import Image, ImageFont

import zoo
from zoo.datasets.builders import unicode_glyphs
from zoo.tasks import running

ROOT = pathlib.Path(__file__).parent.parent
NAMES = zoo.list_presets()
WITHOUT_NETWORK = {"sunspots", "digits"}  # their data comes with a package and is ready in a second
load = functools.cache(zoo.load)
each = pytest.mark.parametrize("name", NAMES)
LONG = (  # take seconds to measure
    "captioning",
    "chatbot",
    "pronunciation",
    "questions",
    "speech",
    "text-imdb",
    "translation",
    "transliteration",
)


def test_there_is_one_of_each_type():
    assert {zoo.tasks.find(name)[1]["type"] for name in NAMES} == set(zoo.list_models())
    assert zoo.list_presets("*sentiment*") == ["sentiment-imdb-gru", "sentiment-sst2-lstm"]


@each
def test_card(name):
    folder, card = zoo.tasks.find(name)
    task = load(name)  # compares the SHA-256 of each file
    assert set(card["sha256"]) == {path.name for path in folder.iterdir()} - {"task.json"}
    counted = sum(weights.numpy().size for weights in task.model.weights)
    assert counted == card["parameters"]
    most = 10_000_000 if card["task"] == "language_model" else 4_000_000
    assert sum(path.stat().st_size for path in folder.iterdir()) <= most
    assert {"dataset", "licence", "limits", "metrics", "measured", "versions"} <= set(card)
    program, recipe, *flags = shlex.split(card["command"])
    assert program == "python" and (ROOT / recipe).is_file()
    assert flags[-2:] == ["--output", name]
    for value in (*flags, *card["config"].values()):
        assert not pathlib.PurePath(str(value)).is_absolute()


@pytest.mark.every(4)
@needs.tensorflow_backend  # the training step of one_to_many_text, which measures too, is TensorFlow's
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.exhaustive) if name.startswith(LONG) else name
        for name in NAMES
    ],
)
def test_measured_again_on_its_first_rows(name, data_dir, monkeypatch):
    task = load(name)
    if "TFDS_DATA_DIR" not in os.environ:
        if task.card["dataset"] not in WITHOUT_NETWORK:
            pytest.skip(needs.NO_DATA)
        monkeypatch.setattr(tfds.core.constants, "DATA_DIR", data_dir)
    try:
        zoo.datasets.loading.prepare(task.card["dataset"])
    except zoo.InputError:
        pytest.skip(needs.NO_DATA)
    presets = runpy.run_path(str(ROOT / "benchmarks" / "presets.py"))
    again = presets["measure"](task, presets["SAMPLE"])
    card = task.card["measured"][f"first {presets['SAMPLE']} rows of test"]
    assert again == pytest.approx(card, rel=0.02)  # other processors round otherwise


def test_one_answer_is_one_call_of_the_model_without_padding(monkeypatch):
    calls, compiled = [], running.compile_model

    def spied(model):
        call = compiled(model)
        return lambda x: calls.append(x) or call(x)

    monkeypatch.setattr(running, "compile_model", spied)
    task = zoo.load("sentiment-sst2-lstm")
    task.predict(["The food is not good"])
    assert [x.shape for x in calls] == [(1, 5)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sentiment-sst2-lstm", "The food is not good", {"negative": 0.8136028, "positive": 0.1863972}),
        ("sentiment-imdb-gru", "What a waste of time.", {"neg": 0.9722303, "pos": 0.0277697}),
    ],
)
def test_probabilities_are_those_of_training(name, text, expected):
    """On whatever backend and version of Keras the tests run."""
    (answer,) = load(name).predict([text])
    assert answer == pytest.approx(expected, abs=1e-4) and list(answer) == list(expected)


def test_numbers_and_classes_are_those_of_training():
    (follows,) = load("forecasting-sunspots-gru").predict([30.0 + 5 * i for i in range(33)])
    assert follows == pytest.approx(188.28468589, abs=1e-2)  # numbers of around 50, to 1e-4
    (answer,) = load("digits-gru").predict([sklearn.datasets.load_digits().images[7]])
    assert next(iter(answer.items())) == ("7", pytest.approx(0.99728286, abs=1e-4))


def test_tags_are_those_of_training():
    (spans,) = load("ner-conll2003-lstm").predict(["John lives in Paris"])
    assert [(span["text"], span["label"]) for span in spans] == [("John", "PER"), ("Paris", "LOC")]
    (text,) = load("punctuation-imdb-gru").predict(["it was great but is it good"])
    assert text == "it was great, but is it good"


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("name", "given", "options", "expected"),
    [
        ("pronunciation-cmudict-gru", "hello", {}, "HH EH L OW"),
        ("translation-multi30k-en-de-gru", "A man is riding a bicycle.", {}, "Ein Mann fährt Fahrrad."),
        ("translation-tatoeba-en-hi-gru", "I am reading a book.", {}, "मैं किताब पढ़ रहा हूँ।"),
        ("transliteration-hindi-gru", "namaste", {}, "नमस्ते"),
        (
            "text-shakespeare-lstm",
            "ROMEO:",
            {"strategy": "greedy", "max_length": 30},
            "ROMEO:\nI will not stay the state of ",
        ),
    ],
)
def test_generated_texts_are_those_of_training(name, given, options, expected):
    assert load(name).generate([given], **options) == [expected]


def test_a_query_is_that_of_training():
    (answer,) = load("questions-geoquery-gru").generate(["how many people live in texas"])
    state = "from state as statealias0 where statealias0.state_name = 'texas'"
    assert answer["query"] == f"select statealias0.population {state}"
    assert answer["answer"] in (None, [(14_229_000,)])  # with and without the database


def test_a_caption_and_a_chorale_are_those_of_training(tmp_path):
    faces = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    fonts = [ImageFont.truetype(str(faces), size) for size in unicode_glyphs.FONT_SIZES]
    Image.fromarray(unicode_glyphs.draw("é", fonts)[..., 0]).save(tmp_path / "glyph.png")
    (caption,) = load("captioning-glyphs-gru").generate([tmp_path / "glyph.png"])
    assert caption == "latin small letter e with acute"
    chord = [72, 67, 64, 48]
    (notes,) = load("music-chorales-lstm").generate([chord], strategy="greedy", beats=2)
    assert notes.tolist() == [chord] * 8
