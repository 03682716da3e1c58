"""What loaded tasks answer, and the errors for input that they cannot use."""

import os

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.tasks import language_model, running


class Says:
    """A model whose answer to each row of tokens is known."""

    def __init__(self, answer):
        self.answer, self.batches, self.inputs = answer, [], [None]

    def __call__(self, *inputs):
        inputs = inputs[0] if len(inputs) == 1 else inputs
        self.batches.append(inputs)
        return self.answer(inputs)


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch):
    """So that `Says` can take the place of a model."""
    compiled = running.compile_model
    monkeypatch.setattr(
        running, "compile_model", lambda model: model if isinstance(model, Says) else compiled(model)
    )


def test_rows_of_similar_length_share_a_batch_and_answers_keep_their_order():
    model = Says(lambda tokens: tokens.sum(axis=1))
    rows = [(np.arange(1, n + 1),) for n in (5, 1, 4, 2, 3)]
    assert running.predict_rows(model, rows, batch_size=2) == [15, 1, 10, 3, 6]
    assert [batch.shape for batch in model.batches] == [(2, 2), (2, 4), (1, 5)]


@pytest.mark.parametrize("texts", ["one text", [1, 2], [["a", "list"]], [None]])
def test_texts_are_a_list_of_texts(texts):
    task = {"vocabulary": ["", "[UNK]"], "labels": ["a", "b"], "preprocessing": {"keep_last": 5}}
    predict = zoo.tasks.text_classification.make_answer(Says(None), task, None)
    with pytest.raises(zoo.InputError, match="Give a list of texts"):
        predict(texts)


@pytest.mark.parametrize("backward", [False, True])
def test_labels_of_texts(backward):
    last = 0 if backward else -1  # the place of the last word of a text
    model = Says(lambda tokens: np.where(tokens[:, [last]] == 3, 0.9, 0.2))
    task = {
        "vocabulary": ["", "[UNK]", "not", "good"],
        "labels": ["negative", "positive"],
        "preprocessing": {"keep_last": 3, "backward": backward},
    }
    predict = zoo.tasks.text_classification.make_answer(model, task, None)
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
    predict = zoo.tasks.tagging.make_answer(model, task, None)
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
    assert zoo.text.TOKEN.findall(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी!", ["हिन्दी", "!"]),
        ("q\u0303uo isn't U.S. q\u0303.r.", ["q\u0303uo", "is", "n't", "U.S.", "q\u0303.r."]),
        ("❤\ufe0f 👨\u200d👩\u200d👧!", ["❤\ufe0f", "👨\u200d👩\u200d👧", "!"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("我在Paris。カナだ2日", ["我", "在", "Paris", "。", "カ", "ナ", "だ", "2", "日"]),
    ],
)
def test_words_keep_their_combining_marks(text, words):
    assert [word for word, *_ in zoo.text.split_tokens(text)[1]] == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In Orle\u0301ans.", ("Orle\u0301ans", 3, 11)),
        ("\ufeffIn\xa0Orléans\u200b.", ("Orléans", 4, 11)),
        ("In \x00Or\xadléans", ("Or\xadléans", 4, 12)),
        (["In", "\u200b", "Orle\u0301ans"], ("Orle\u0301ans", 5, 13)),
        (("In\u200b", "", "Orléans "), ("Orléans ", 5, 13)),
    ],
)
def test_spans_are_those_of_the_text_that_was_given(text, expected):
    task = {
        "vocabulary": ["", "[UNK]", "orléans"],
        "characters": ["", "[UNK]"],
        "labels": ["O", "LOC"],
        "config": {"characters": True},
        "preprocessing": {"tags": "one a word"},
    }
    model = Says(lambda x: np.eye(2)[(x[0] == 2).astype(int)])
    model.inputs = ["words", "characters"]
    (found,) = zoo.tasks.tagging.make_answer(model, task, None)([text])
    span = next(span for span in found if span["label"] == "LOC")
    assert (span["text"], span["start"], span["end"]) == expected
    assert (text if isinstance(text, str) else " ".join(text))[span["start"] : span["end"]] == span[
        "text"
    ]


def test_words_without_a_character_are_skipped():
    task = zoo.load("ner-conll2003-lstm")
    for empty in ([[""]], [["", "\u200b"]], [""], ["\x00\ufeff"], [[]]):
        assert task.predict(empty) == [[]]
    with_others = task.predict([["Paris", ""], ["\u200b", "Paris"]])
    assert [[span["text"] for span in spans] for spans in with_others] == [["Paris"], ["Paris"]]


BAD = ([None], [1.5], [["Paris", None]], [[1]], ["\ud800"], [b"x"], ["a", None])


@pytest.mark.parametrize("name", ["sentiment-sst2-lstm", "ner-conll2003-lstm", "punctuation-imdb-gru"])
@pytest.mark.parametrize("inputs", BAD)
def test_what_is_no_text(name, inputs):
    with pytest.raises(zoo.InputError, match="Received: ") as error:
        zoo.load(name).predict(inputs)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name", ["translation-multi30k-en-de-gru", "pronunciation-cmudict-gru", "text-shakespeare-lstm"]
)
def test_what_is_no_text_to_generate_from(name):
    task = zoo.load(name)
    for inputs in BAD:
        with pytest.raises(zoo.InputError, match="Received: ") as error:
            task.generate(inputs)
        assert "\n" not in str(error.value)


def test_the_same_text_has_the_same_answer_however_it_is_encoded():
    sentiment = zoo.load("sentiment-sst2-lstm")
    plain, *others = sentiment.predict(
        ["a clichéd not good film", "a\xa0cliche\u0301d no\x00t go\xadod film"]
    )
    assert others == [plain]
    translation = zoo.load("translation-multi30k-en-de-gru")
    texts = ["a dog in a café", "\ufeffa\xa0dog in a cafe\u0301\x00", "a dog in a ca\u200bfé"]
    assert len(set(translation.generate(texts, max_length=8))) == 1
    pronunciation = zoo.load("pronunciation-cmudict-gru")
    assert len(set(pronunciation.generate(["hello", " Hel\xadlo\xa0", "\u200bhello"]))) == 1
    language = zoo.load("text-shakespeare-lstm")
    prompts = ["To be", "To\xa0be", "T\u200bo be"]
    answers = language.generate(prompts, max_length=5, strategy="greedy")
    assert all(answer.startswith(prompt) for answer, prompt in zip(answers, prompts, strict=True))
    assert len({answer[-5:] for answer in answers}) == 1
    with pytest.raises(zoo.InputError, match="must have a character"):
        language.generate(["\u200b"])


def test_a_prompt_of_words_has_a_word():
    tokenizer = language_model.Tokenizer("word", [*language_model.SPECIAL, " it"])
    with pytest.raises(zoo.InputError, match=r"must have a word\. Received: ' '"):
        language_model.encode_prompts(["it", " "], tokenizer)
    card = {"task": "language_model", "preprocessing": {"level": "word"}, "vocabulary": ["", " it"]}
    with pytest.raises(zoo.InputError, match=r"must have a word\. Received: ' '"):
        language_model.make_answer(None, card, {})([" "])


def test_forecast_is_in_the_units_of_the_series():
    task = {
        "config": {"window": 4, "segment": 2},
        "preprocessing": {"mean": 100.0, "std": 10.0},
    }
    model = Says(lambda x: np.array([[1.0, -0.5]]))
    forecast = zoo.tasks.forecasting.make_answer(model, task, None)([0, 0, 90, 100, 110, 120])
    assert forecast == pytest.approx([130, 115])  # from 120, one up, and half of one down
    np.testing.assert_allclose(model.batches[0], [[[-3, -2], [-1, 0]]])
    for numbers in ([1, 2, 3], [[1, 2, 3, 4]], [1, 2, 3, np.nan], [None] * 4, ["a"] * 4, [[1], [2, 3]]):
        with pytest.raises(zoo.InputError, match="Give 4 numbers or more"):
            zoo.tasks.forecasting.make_answer(model, task, None)(numbers)


def test_images_as_arrays_and_as_files(tmp_path):
    task = {"labels": ["dark", "light"], "preprocessing": {"shape": [4, 4, 1], "divide_by": 16}}
    model = Says(lambda x: np.stack([1 - x.mean(axis=(1, 2)), x.mean(axis=(1, 2))], axis=1))
    predict = zoo.tasks.image_classification.make_answer(model, task, None)
    Image.new("RGB", (9, 7), (255, 255, 255)).save(tmp_path / "white.png")
    answers = predict([np.full((4, 4, 1), 4), tmp_path / "white.png"])
    assert answers[0] == {"dark": 0.75, "light": 0.25}
    assert answers[1] == {"light": pytest.approx(1), "dark": pytest.approx(0)}
    with pytest.raises(zoo.InputError, match="An image must be"):
        predict([np.zeros((5, 4))])
    for image in (1.5, None):
        with pytest.raises(zoo.InputError, match="An image must be"):
            predict([image])
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing.png", "", "a\x00b"):
        with pytest.raises(zoo.InputError, match=r"folder|pipe|cannot be read"):
            predict([path])
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(zoo.InputError, match="cannot be read as an image"):
        predict([tmp_path / "text.png"])


def test_punctuation_keeps_words_and_order():
    task = {
        "vocabulary": ["", "[UNK]", "no", "yes"],
        "labels": [["lower", ""], ["Capital", ","], ["UPPER", "!"]],
        "preprocessing": {},
    }
    model = Says(lambda x: np.eye(3)[np.clip(x - 1, 0, 2)])
    predict = zoo.tasks.punctuation.make_answer(model, task, None)
    assert predict(["no, yes maybe", "...", "YES"]) == ["No, YES! maybe", "", "YES!"]


def test_punctuation_keeps_the_letters():
    task = {
        "vocabulary": ["", "[UNK]"],
        "labels": [["lower", ""], ["Capital", "."]],
        "preprocessing": {},
    }
    model = Says(lambda x: np.eye(2)[x])
    predict = zoo.tasks.punctuation.make_answer(model, task, None)
    texts = ["İstanbul", "cafe\u0301 हिन्दी", "don’t", "ZO\xadË\x00"]
    assert predict(texts) == ["İstanbul.", "Café. हिन्दी.", "Don't.", "Zoë."]


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
    with pytest.raises(zoo.InputError, match="The length of music is counted in beats"):
        task.generate([[72, 67, 64, 48]], max_length=5)
    for beats in (0, 1.5, 8.0, None, "8", True):
        with pytest.raises(zoo.InputError, match="beats must be an integer from 1"):
            task.generate([[72, 67, 64, 48]], beats=beats)
    with pytest.raises(zoo.InputError, match="n_best"):
        task.generate([[72, 67, 64, 48]], beats=2, strategy="beam", n_best=2)


def test_weights_that_are_no_numbers_are_named():
    model = Says(lambda tokens: np.full((len(tokens), 1), np.nan))
    with pytest.raises(zoo.InputError, match="not all numbers"):
        running.predict_rows(model, [(np.array([5]),)])
    task = {"config": {"window": 2, "segment": 1}, "preprocessing": {"mean": 0.0, "std": 1.0}}
    with pytest.raises(zoo.InputError, match="not all numbers"):
        zoo.tasks.forecasting.make_answer(model, task, None)([1.0, 2.0])


def test_a_long_row_has_a_batch_of_its_own():
    model = Says(lambda tokens: tokens.sum(axis=1))
    rows = [(np.ones(n),) for n in (3, 20000, 2, 400)]
    assert running.predict_rows(model, rows) == [3, 20000, 2, 400]
    assert [batch.shape for batch in model.batches] == [(3, 400), (1, 20000)]


def test_numbers_of_the_input_are_not_blamed_on_the_weights():
    model = Says(lambda x: np.zeros((1, 2)))
    task = {"config": {"window": 2, "segment": 1}, "preprocessing": {"mean": 0.0, "std": 1.0}}
    with pytest.raises(zoo.InputError, match="too far from the series"):
        zoo.tasks.forecasting.make_answer(model, task, None)([1e300, 1.0])
    task = {"preprocessing": {"shape": [1, 2, 1], "divide_by": 1.0}, "labels": ["a", "b"]}
    for wrong in ([[np.nan, 0.0]], [["a", "b"]], [[None, 1]]):
        with pytest.raises(zoo.InputError, match="An image must have finite numbers only"):
            zoo.tasks.image_classification.make_answer(model, task, None)([np.array(wrong)])


def test_a_piece_must_be_chords_of_one_size():
    model = zoo.build("many_to_many", num_features=89, mask_value=0.0, num_tags=88, head="sigmoid")
    labels = [zoo.music.note_name(21 + key) for key in range(88)]
    predict = zoo.tasks.next_chord.make_answer(model, {"labels": labels}, {})
    (short,), (long,) = predict([[[60]]]), predict([[[60], [0], [62]]])
    assert set(short) == set(long) == set(labels) and predict([]) == []
    for wrong in ([60, 62], [[60], [62, 64]], [[60.5]], [["C4"]], [], [[109]], [[-1]], 5, None, "60"):
        with pytest.raises(zoo.InputError, match="All chords must have the same number"):
            predict([wrong])
