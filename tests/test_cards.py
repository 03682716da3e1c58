"""A card that does not fit its model is refused when the folder is opened, not by the first answer."""

import contextlib
import copy
import functools
import json
import pathlib

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.tasks import TASKS, loading, punctuation, running, trained_models

SPM = trained_models.FOLDER / "translation-multi30k-en-de-gru"
WORDS = ["", "[UNK]", "one", "two", "three"]
SYMBOLS = ["", "[UNK]", "[START]", "[END]", "a", "b", " "]
CHORDS = ["", "[UNK]", "[START]", "[END]", "|", "S72", "A67", "T64", "B48"]
GENERATES = {"units": 4, "embedding_dim": 4}
GREEDY = {"strategy": "greedy", "max_length": 2}
EXAMPLES = {  # type and arguments of the model; the card; a question
    "text_classification": (
        ("many_to_one", {"vocabulary_size": 5, "num_classes": 3}),
        {"vocabulary": WORDS, "labels": ["a", "b", "c"], "preprocessing": {"keep_last": 4}},
        lambda task: task.predict(["one two four"]),
    ),
    "image_classification": (
        ("one_to_one", {"input_shape": (2, 3), "num_classes": 2}),
        {"labels": ["a", "b"], "preprocessing": {"shape": [2, 3, 1], "divide_by": 16.0}},
        lambda task: task.predict([np.ones((2, 3))]),
    ),
    "tagging": (
        (
            "many_to_many",
            {"vocabulary_size": 5, "num_tags": 5, "characters": True, "character_vocabulary_size": 6},
        ),
        {
            "vocabulary": WORDS,
            "characters": ["", "[UNK]", *"onet"],
            "labels": ["O", "B-X", "I-X", "E-X", "S-X"],
            "preprocessing": {"tags": "IOBES"},
        },
        lambda task: task.predict(["one two four"]),
    ),
    "punctuation": (
        ("many_to_many", {"vocabulary_size": 5, "num_tags": 2}),
        {
            "vocabulary": WORDS,
            "labels": [["lower", ""], ["Capital", "."]],
            "preprocessing": {"word": punctuation.PATTERNS[0]},
        },
        lambda task: task.predict(["one two four"]),
    ),
    "forecasting": (
        ("many_to_one", {"num_features": 4, "num_outputs": 3}),
        {
            "config": {"window": 4, "segment": 2},
            "columns": ["sales"],
            "inputs": ["price"],
            "series": ["north", "south"],
            "preprocessing": {"mean": [[1.0, 2.0], [1.0, 2.0]], "std": [[1.0, 2.0], [3.0, 2.0]]},
        },
        lambda task: task.predict(["south", *[[5.0, 1.0]] * 100]),
    ),
    "next_chord": (
        ("many_to_many", {"num_features": 89, "mask_value": 0.0, "num_tags": 88, "head": "sigmoid"}),
        {"labels": [f"key {i}" for i in range(88)]},
        lambda task: task.predict([[[72, 67, 64, 48]]]),
    ),
    "speech_recognition": (
        ("many_to_many", {"num_features": 5, "mask_value": 0.0, "num_tags": 3, "head": "ctc"}),
        {
            "labels": ["", "a", "b"],
            "preprocessing": {"num_mels": 5},
            "config": {"beam_width": 2, "ngram": 1, "weight": 0.5, "bonus": 1.0},
        },
        lambda task: task.predict([np.ones(999, "int16")]),
    ),
    "video_classification": (
        ("many_to_one", {"encoder": "image", "mask_value": 0.0, "num_classes": 3}),
        {
            "labels": ["a", "b", "c"],
            "preprocessing": {"shape": [4, 4, 2], "frame_step": 2, "center": True},
        },
        lambda task: task.predict([np.zeros((3, 8, 8, 1), "uint8")]),
    ),
    "video_tagging": (
        ("many_to_many", {"encoder": "image", "mask_value": 0.0, "num_tags": 3}),
        {
            "labels": ["a", "b", "c"],
            "preprocessing": {"shape": [4, 4, 2], "frame_step": 1, "center": False},
        },
        lambda task: task.predict([np.zeros((3, 8, 8, 1), "uint8")]),
    ),
    "translation": (
        (
            "encoder_decoder",
            {"source_vocabulary_size": 2500, "target_vocabulary_size": 2500, **GENERATES},
        ),
        {"config": {"max_length": 4, "beam_width": 2}},
        lambda task: task.generate(["a man"], **GREEDY),
    ),
    "chat": (
        (
            "encoder_decoder",
            {"source_vocabulary_size": 2500, "target_vocabulary_size": 2500, **GENERATES},
        ),
        {"config": {"turns": 2, "max_length": 4, "beam_width": 2}},
        lambda task: task.generate(["a man", ["hi", "a man"]], **GREEDY),
    ),
    "pronunciation": (
        ("encoder_decoder", {"source_vocabulary_size": 7, "target_vocabulary_size": 5, **GENERATES}),
        {"source_vocabulary": SYMBOLS, "target_vocabulary": WORDS, "config": {"beam_width": 2}},
        lambda task: task.generate(["ab"], **GREEDY),
    ),
    "question_answering": (
        ("encoder_decoder", {"source_vocabulary_size": 7, "target_vocabulary_size": 5, **GENERATES}),
        {
            "source_vocabulary": SYMBOLS,
            "target_vocabulary": WORDS,
            "database": "atlas.sqlite",
            "preprocessing": {"max_length": 4},
            "config": {"beam_width": 2, "dataset": "own.csv", "database": "", "data_dir": ""},
        },
        lambda task: task.generate(["how big is x"], **GREEDY),
    ),
    "transliteration": (
        ("encoder_decoder", {"source_vocabulary_size": 7, "target_vocabulary_size": 5, **GENERATES}),
        {"source_vocabulary": SYMBOLS, "target_vocabulary": WORDS, "config": {"beam_width": 2}},
        lambda task: task.generate(["ab"], **GREEDY),
    ),
    "captioning": (
        ("one_to_many", {"encoder": "image", "vocabulary_size": 5, **GENERATES}),
        {
            "vocabulary": WORDS,
            "preprocessing": {"context": [4, 4, 1], "network": None},
            "config": {"max_length": 4, "beam_width": 2},
        },
        lambda task: task.generate([IMAGE], **GREEDY),
    ),
    "language_model": (
        ("one_to_many", {"context_shape": None, "vocabulary_size": 7, **GENERATES}),
        {"vocabulary": SYMBOLS, "preprocessing": {"level": "character"}},
        lambda task: task.generate(["ab"], **GREEDY),
    ),
    "composition": (
        ("one_to_many", {"context_shape": None, "vocabulary_size": 9, **GENERATES}),
        {"vocabulary": CHORDS},
        lambda task: task.generate([[72, 67, 64, 48]], beats=1, strategy="greedy"),
    ),
}
IMAGE = pathlib.Path("image.png")
MISSING = object()
OTHERS = (None, True, 0, -1, 3, 2.5, float("nan"), float("inf"), 10**9, 10**400, "5", "", [], {}, [1])
OTHERS += (["a"], [["a"]], {"a": 1}, [None], [0, -1, 2], "\ud800", ["\ud800"] * 5)


def build(name, arguments):
    if arguments.get("encoder") == "image":
        import keras

        image = keras.Input((4, 4, 2 if name.startswith("many") else 1))  # a frame and its motion
        arguments = arguments | {"encoder": keras.Model(image, keras.layers.Flatten()(image))}
    return zoo.build(name, cell="gru", **{"units": 4} | arguments)


@pytest.fixture(scope="module")
def model_of():
    """A function that builds the model of a task, once."""
    keras.utils.set_random_seed(0)
    return functools.cache(lambda task_name: build(*EXAMPLES[task_name][0]))


def check(card, model):
    getattr(zoo.tasks, card["task"]).check_card(card, model)


def changes(value):
    """Other values in place of one, and of all that is in it."""
    yield from (MISSING, *OTHERS)
    if isinstance(value, dict):
        for name in value:
            for other in changes(value[name]):
                rest = {key: one for key, one in value.items() if key != name}
                yield rest if other is MISSING else rest | {name: other}
    elif isinstance(value, list):
        yield from (value[:-1], value[:1], value + value[:1], [*value, "more"], [value], value[::-1])
        yield from ([*value[:-1], None], [*value[:-1], 7], value * 1000)
    elif isinstance(value, int | float):
        yield from (value + 1, 2 * value, float(value), str(value))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "image.png"
    Image.new("L", (4, 4), 255).save(path)
    return path


@pytest.mark.every(4)
@pytest.mark.parametrize("task_name", EXAMPLES)
def test_a_changed_card_is_refused_or_works(task_name, image, model_of, monkeypatch):
    monkeypatch.setitem(globals(), "IMAGE", image)
    # The model stays the same, and to compile it for each card takes long.
    monkeypatch.setattr(running, "compile_model", functools.cache(running.compile_model))
    _, fields, ask = EXAMPLES[task_name]
    assert set(EXAMPLES) == set(TASKS)
    model = model_of(task_name)
    files = {name: (SPM / name).read_bytes() for name in ("source.spm", "target.spm")}
    files["values.json"] = b'{"x": ["city.name"]}'
    files["turns.spm"] = files["source.spm"]
    ask(loading._make(model, {"task": task_name, **fields}, files))
    refused = 0
    for changed in changes(fields):
        if changed is MISSING or not isinstance(changed, dict):
            continue
        try:
            task = loading._make(model, copy.deepcopy({"task": task_name, **changed}), files)
        except (zoo.InputError, UnicodeEncodeError):  # which `load` makes an InputError
            refused += 1
            continue
        with contextlib.suppress(zoo.InputError):  # such as of letters that it does not know now
            ask(task)
    assert refused > 30


@pytest.mark.parametrize(
    ("task_name", "changed", "message"),
    [
        ("forecasting", {"config": {}}, "config['window'] must be an integer"),
        (
            "forecasting",
            {"config": {"window": 5, "segment": 2}},
            "a multiple of the segment, which is 2",
        ),
        ("forecasting", {"config": {"window": 3, "segment": 1}}, "must take inputs of the shape"),
        (
            "forecasting",
            {"preprocessing": {"mean": [0, 0, 0, 0], "std": [1, 1, 1, 0]}},
            "['std'] must be a number above 0",
        ),
        (
            "forecasting",
            {"preprocessing": {"mean": [0, 1], "std": 1}},
            "['mean'] must be a number for each column of each series",
        ),
        (
            "forecasting",
            {"columns": ["sales", "returns"], "inputs": []},
            "outputs for 2 columns. Received: 3 outputs",
        ),
        (
            "forecasting",
            {"series": ["north"]},
            "['mean'] must be a number for each column of each series",
        ),
        ("text_classification", {"labels": ["a", "b"]}, "labels must have 3 texts"),
        ("text_classification", {"labels": ["a", "b", "a"]}, "labels must be different"),
        ("text_classification", {"vocabulary": [*WORDS, "four"]}, "vocabulary must have 2 to 5 texts"),
        ("text_classification", {"preprocessing": {"keep_last": "5"}}, "Received: '5'"),
        (
            "text_classification",
            {"preprocessing": {"keep_last": 5, "backward": "no"}},
            "['backward'] must be true or false. Received: 'no'",
        ),
        (
            "language_model",
            {"preprocessing": {"level": "word", "backward": 1}},
            "['backward'] must be true or false. Received: 1",
        ),
        ("tagging", {"labels": ["O", "X", "I-X", "E-X", "S-X"]}, "labels must be O, or B-"),
        ("punctuation", {"labels": [["lower", ""], ["Title", "."]]}, "2 pairs of a case"),
        ("punctuation", {"preprocessing": {"word": r"(\w+)+$"}}, "because no other pattern is run"),
        ("pronunciation", {"target_vocabulary": WORDS[:-1]}, "target_vocabulary must have 5 texts"),
        ("language_model", {"preprocessing": {"level": "letters"}}, "'character', 'subword' or 'word'"),
        (
            "composition",
            {"vocabulary": [*CHORDS[:-1], "Sx"]},
            "vocabulary must be symbols of zoo.music",
        ),
        ("captioning", {"config": {"max_length": 9, "beam_width": 5000}}, "from 1 to 1000"),
    ],
)
def test_what_is_said_of_a_card(task_name, changed, message, model_of):
    card = {"task": task_name, **EXAMPLES[task_name][1], **changed}
    with pytest.raises(zoo.InputError) as caught:
        check(card, model_of(task_name))
    assert message in str(caught.value)


def test_a_model_that_does_not_fit_the_task():
    model = build("many_to_one", {"vocabulary_size": 5})
    for task_name in ("translation", "language_model"):
        with pytest.raises(zoo.InputError, match=r"The model must generate, .* a Functional"):
            check({"task": task_name, **EXAMPLES[task_name][1]}, model)
    with pytest.raises(zoo.InputError, match="one output of 3 axes"):
        check({"task": "punctuation", **EXAMPLES["punctuation"][1]}, model)


def test_a_model_of_one_length_cannot_read_texts():
    import keras

    tokens = keras.Input((400,))
    outputs = keras.layers.Dense(3)(keras.layers.Embedding(5, 3)(tokens)[:, 0])
    with pytest.raises(zoo.InputError, match=r"of the shape \(None, None\). Received: \(None, 400\)"):
        card = {"task": "text_classification", **EXAMPLES["text_classification"][1]}
        check(card, keras.Model(tokens, outputs))


def test_a_model_made_by_hand_may_know_more_words_than_the_card():
    model = build("many_to_one", {"vocabulary_size": 9, "num_classes": 3})
    model.get_layer("embedding").name = "mine"
    card = {"task": "text_classification", **EXAMPLES["text_classification"][1]}
    (answer,) = loading._make(model, card, {}).predict(["one five"])
    assert sorted(answer) == ["a", "b", "c"]


def test_tokenizers_of_another_size():
    model = build("encoder_decoder", {"source_vocabulary_size": 2500, "target_vocabulary_size": 9})
    card = {"task": "translation", **EXAMPLES["translation"][1]}
    files = {name: (SPM / name).read_bytes() for name in ("source.spm", "target.spm")}
    with pytest.raises(zoo.InputError, match=r"target.spm must have 9 tokens.* Received: 2500"):
        loading._make(model, card, files)
    card |= {"task": "chat", "config": {"turns": 1, "max_length": 4, "beam_width": 2}}
    with pytest.raises(zoo.InputError, match=r"turns.spm must have 9 tokens.* Received: 2500"):
        loading._make(model, card, {"turns.spm": files["source.spm"]})
    with pytest.raises(zoo.InputError, match=r"sha256 must name turns.spm. Received: source.spm"):
        loading._make(model, card, {"source.spm": b""})
    card["task"] = "translation"
    with pytest.raises(zoo.InputError, match=r"sha256 must name source.spm and target.spm"):
        loading._make(model, card, {"source.spm": b""})


def test_the_counts_of_a_language_model_must_be_a_dict():
    (name, arguments), fields, _ = EXAMPLES["speech_recognition"]
    card, model = {"task": "speech_recognition", **fields}, build(name, arguments)
    card["config"] = {**card["config"], "ngram": 2, "beam_width": 2}
    for content in (
        b"",
        b"[]",
        b'{"x": {"1": 2}}',
        b'{"1": 2}',
        b'{"1": {"99": 2}}',
        b'{"1": {"1": 0}}',
    ):
        with pytest.raises(zoo.InputError, match=r"ngrams.json must be a dict of contexts"):
            loading._make(model, card, {"ngrams.json": content})
    with pytest.raises(zoo.InputError, match=r"the model lacks ngrams.json"):
        loading._make(model, card, {})
    loading._make(model, card, {"ngrams.json": b'{"": {"1": 2}}'})


def test_the_names_of_a_database_must_be_a_dict():
    (name, arguments), fields, _ = EXAMPLES["question_answering"]
    card, model = {"task": "question_answering", **fields}, build(name, arguments)
    for content in (b"", b"[]", b'{"x": "city"}', b'{"x": [1]}', b"\xff"):
        with pytest.raises(zoo.InputError, match=r"values.json must be a dict of texts"):
            loading._make(model, card, {"values.json": content})
    with pytest.raises(zoo.InputError, match=r"sha256 must name values.json"):
        loading._make(model, card, {})


def test_cards_of_presets_are_json_without_nan():
    for name in zoo.list_presets():
        folder, _ = zoo.tasks.find(name)
        constants = []  # NaN, Infinity or -Infinity
        json.loads((folder / "task.json").read_text("utf-8"), parse_constant=constants.append)
        assert constants == [], name
