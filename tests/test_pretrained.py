"""Recipes that start from a language model: its weights arrive, and the saved model has its tokens."""

import contextlib
import hashlib
import io
import json
import re
import runpy

import keras
import numpy as np
import pytest
from conftest import RECIPES
from test_transfer import randomize

import zoo
from zoo.tasks import language_model

SIZES = {"cell": "lstm", "embedding_dim": 4, "units": 5, "num_layers": 1}
TEXTS = [f"Ada saw a good film of 1994. It isn't bad, but Grace saw {i}." for i in range(9)]
REVIEWS = [f"{('bad', 'good')[i % 2]}\tIt isn't a film of 1994, said Ada {i}.\n" for i in range(90)]
SENTENCES = [
    f"{name} B-PER\nsaw O\nOslo B-LOC\nin O\n1994 O\n,{i} O\n"
    for i in range(30)
    for name in ("Ada", "Grace", "Zoe")
]


def save_language_model(folder, level="word", backward=False, texts=TEXTS, source=None, **config):
    """Saves a language model with random weights, and with the token vectors of another if given."""
    tokenizer = language_model.learn_tokenizer(texts, level, 60)  # the same for both directions
    config = {**SIZES, **config}
    size = len(tokenizer.vocabulary)
    model = zoo.build("one_to_many", context_shape=None, vocabulary_size=size, **config)
    randomize(model, seed=int(backward))
    if source:
        model.get_layer("embedding").set_weights(source.get_layer("embedding").get_weights())
    card = {"task": "language_model", "type": "one_to_many", "dataset": "mine", "config": config}
    card["preprocessing"] = {"level": level, "backward": backward}
    card["vocabulary"] = tokenizer.vocabulary
    files = language_model.files_of(tokenizer)
    zoo.save(folder, model, task=card, metrics={}, history={}, figures={}, files=files)
    return model


@pytest.fixture
def data(tmp_path):
    (tmp_path / "reviews.tsv").write_text("".join(REVIEWS))
    (tmp_path / "names.conll").write_text("\n".join(SENTENCES))
    (tmp_path / "glove.txt").write_text("film 0.5 -0.5\n")
    return tmp_path


@pytest.fixture
def run(monkeypatch):
    """A function that runs a recipe. Returns what it prints, and the weights before training."""
    weights = {}
    check_model = zoo.training.check_model

    def note_weights(model, *args, **kwargs):
        for layer in model.layers:
            for direction in ("", "forward", "backward"):
                part = getattr(layer, f"{direction}_layer", None) if direction else layer
                if part is not None:
                    weights[f"{layer.name} {direction}".strip()] = part.get_weights()
        return check_model(model, *args, **kwargs)

    monkeypatch.setattr(zoo.training, "check_model", note_weights)

    def run(name, *words):
        recipe, printed = runpy.run_path(str(RECIPES / f"{name}.py")), io.StringIO()
        with contextlib.redirect_stdout(printed):
            zoo.run(recipe["main"], recipe["Config"], "", [str(word) for word in words])
        return printed.getvalue(), weights

    return run


def assert_same(some, others):
    keras.tree.map_structure(np.testing.assert_array_equal, some, others)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("level", "is_bidirectional", "backward"),
    [("word", True, False), ("subword", False, False), ("subword", False, True)],
)
def test_sentiment(level, is_bidirectional, backward, data, run, ask):
    source = save_language_model(data / "lm", level, backward)
    words = ["--pretrained", data / "lm"]
    if is_bidirectional:
        options = {"backward": True, "source": source}
        reverse = save_language_model(data / "back", level, **options)
        words += ["--pretrained-backward", data / "back", "--pretrained-rate", "0.5"]
    output = data / "model"
    words += ["--dataset", data / "reviews.tsv", "--output", output]
    printed, weights = run("many_to_one_sentiment", "--smoke", *words)

    sizes = "--cell lstm --embedding-dim 4 --units 5 --num-layers 1"
    assert f"As in {data / 'lm'}: {sizes}" in printed
    assert re.search(r"^--pooling concat, because ", printed, re.M)
    card = json.loads((output / "task.json").read_text())
    vocabulary = json.loads((data / "lm" / "task.json").read_text())["vocabulary"]
    if level == "word":
        vocabulary = [symbol.strip(" ") for symbol in vocabulary]
    assert card["vocabulary"] == vocabulary
    assert card["preprocessing"] == {"level": level, "keep_last": 400, "backward": backward}
    assert_same(weights["embedding"], source.get_layer("embedding").get_weights())
    rnn = source.get_layer("rnn_0").get_weights()
    if is_bidirectional:
        assert_same(weights["rnn_0 forward"], rnn)
        assert_same(weights["rnn_0 backward"], reverse.get_layer("rnn_0").get_weights())
    else:
        assert_same(weights["rnn_0"], rnn)
    assert re.search(rf"^Test accuracy +all +to \d+ {level}s", printed, re.M)
    seen = re.search(r"^First row, as the network sees it: (.*) -> (?:good|bad)$", printed, re.M)[1]
    assert ("1994" if level == "word" else "\u2581") in seen
    assert "[UNK]" in seen if level == "word" else "[UNK]" not in seen  # the number of the text
    assert "film" in "".join(seen.split()[:: -1 if backward else 1])

    answers = re.findall(r"^(It \S.*\S) +(bad|good) \((0\.\d\d)\)", printed, re.M)
    assert len(answers) == 6
    for folder in (output, *([] if level == "subword" else [as_before(output)])):
        found = [next(iter(one.items())) for one in ask("predict", folder, *(x for x, *_ in answers))]
        assert [(label, f"{p:.2f}") for label, p in found] == [(label, p) for _, label, p in answers]
    assert len(zoo.load(output).predict(["", "\u2603"])) == 2  # texts without a known token


def as_before(folder):
    """The folder as an earlier version wrote it, without the level."""
    card = json.loads((folder / "task.json").read_text())
    del card["preprocessing"]["level"]
    (folder / "task.json").write_text(json.dumps(card))
    return folder


def encode(words, vocabulary):
    return [vocabulary.index(word) if word in vocabulary else 1 for word in words]


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("many_to_many_pos", ["--tag", "2", "--pretrained-rate", "0.1"]),
        ("many_to_many_ner", ["--no-characters", "--head", "softmax"]),
    ],
)
def test_taggers(name, words, data, run):
    source, is_pos = save_language_model(data / "lm"), name == "many_to_many_pos"
    words = [*words, "--pretrained", data / "lm", "--dataset", data / "names.conll"]
    sources = {"forward": source}
    if is_pos:
        sources["backward"] = save_language_model(data / "back", backward=True, source=source)
        words += ["--pretrained-backward", data / "back"]
    printed, weights = run(name, "--smoke", *words, "--output", data / "model")

    assert f"As in {data / 'lm'}: --cell lstm --embedding-dim 4 --units 5" in printed
    assert_same(weights["embedding"], source.get_layer("embedding").get_weights())
    for direction, model in sources.items():
        kernel, *others = weights[f"rnn_0 {direction}"]
        theirs, *their_others = model.get_layer("rnn_0").get_weights()
        assert_same([kernel[:4], *others], [theirs, *their_others])
        assert (kernel[4:] == 0).all() and len(kernel) == (104 if is_pos else 4)
    row = re.search(r"^First row, as the network sees it: (.*)$", printed, re.M)[1]
    seen = [pair.split("/")[0] for pair in row.split()]
    assert seen[1:] == ["saw", "[UNK]", "[UNK]", "1994", "[UNK]"]

    task, theirs = (zoo.load(data / folder).card["vocabulary"] for folder in ("model", "lm"))
    assert task == [word.strip(" ") for word in theirs]
    task, sentence = zoo.load(data / "model"), ["Grace", "saw", "well-known", "Film", "1994"]
    forms = ["grace", "saw", "[UNK]", "film", "1994"]
    inputs = [np.array([encode(forms, task.card["vocabulary"])])]
    assert (inputs[0] > 1).sum() == 4
    if is_pos:
        letters = [encode(word, task.card["characters"]) for word in sentence]
        inputs.append(keras.utils.pad_sequences(letters, padding="post")[None])
    p = task.model.predict(inputs if is_pos else inputs[0], verbose=0)[0]  # [time, tags]
    tags = [task.card["labels"][i] for i in p.argmax(axis=-1)]
    (spans,) = task.predict([sentence])
    if not is_pos:
        tags = [label for *_, label in zoo.tasks.tagging.chunks(zoo.datasets.to_iob2(tags))]
    assert [span["label"] for span in spans] == tags


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--pretrained sentiment-imdb-gru", "must be a language model, from recipes/one_to_many_text"),
        ("--pretrained {tmp}/no", "{tmp}/no"),
        (
            "--pretrained {tmp}/back --pretrained-backward {tmp}/back",
            "--pretrained must be a language model that reads forward. Received: {tmp}/back, which "
            "reads backward",
        ),
        (
            "--pretrained {tmp}/lm --pretrained-backward {tmp}/lm",
            "--pretrained-backward must be a language model that reads backward. Received: {tmp}/lm",
        ),
        (
            "--pretrained {tmp}/lm --pretrained-backward {tmp}/back",
            "must have the same tokens and vectors as --pretrained. Train it with one_to_many_text "
            "--backward --pretrained {tmp}/lm --no-trainable-embeddings. Received: {tmp}/back with "
            "other vectors",
        ),
        ("--pretrained {tmp}/lm --pretrained-backward {tmp}/words", "{tmp}/words with other tokens"),
        (
            "--pretrained {tmp}/lm --pretrained-backward {tmp}/wide",
            "must have the same --units as --pretrained, 5. Received: {tmp}/wide with --units 7",
        ),
        ("--pretrained-backward {tmp}/back", "--pretrained-backward needs --pretrained"),
        ("--pretrained-rate 0.1", "Add --pretrained, or leave it out. Received: --pretrained-rate 0"),
        (
            "--pretrained {tmp}/lm --glove glove.txt",
            "Word vectors come from --glove or from --pretrained. Leave out one of them.",
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data, run, capsys):
    save_language_model(data / "lm")
    if "{tmp}/back" in words:
        save_language_model(data / "back", backward=True)
    if "{tmp}/wide" in words:
        save_language_model(data / "wide", backward=True, units=7)
    if "{tmp}/words" in words:
        save_language_model(data / "words", backward=True, texts=TEXTS[:1])
    refuse(message, "many_to_one_sentiment", words, data, run, capsys)


def refuse(message, name, words, data, run, capsys):
    with pytest.raises(SystemExit) as end:
        run(name, *words.format(tmp=data).split())
    assert end.value.code == 2
    assert message.format(tmp=data) in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "level", "message"),
    [
        ("many_to_one_sentiment", "character", "must be words or subwords. Train it with "),
        ("many_to_many_ner", "subword", "must be words. Train it with one_to_many_text --level word"),
        ("many_to_many_pos", "character", "{tmp}/lm, whose tokens are characters"),
    ],
)
def test_levels(name, level, message, data, run, capsys):
    save_language_model(data / "lm", level)
    refuse(message, name, "--pretrained {tmp}/lm", data, run, capsys)


@pytest.mark.parametrize("name", ["many_to_many_ner", "many_to_many_pos"])
def test_a_tagger_reads_forward(name, data, run, capsys):
    save_language_model(data / "back", backward=True)
    refuse(
        "must be a language model that reads forward",
        name,
        "--pretrained {tmp}/back",
        data,
        run,
        capsys,
    )


def test_a_cell_that_is_an_object(data):
    cell = keras.layers.LSTMCell(1, use_bias=False)
    save_language_model(data / "lm", cell=cell)
    card = json.loads((data / "lm" / "task.json").read_text())
    assert card["config"]["cell"] == "LSTMCell"
    recipe = runpy.run_path(str(RECIPES / "many_to_one_sentiment.py"))
    config = recipe["Config"](cell=cell, pretrained=str(data / "lm"), dataset=str(data / "reviews.tsv"))
    config, *_ = language_model.open_pretrained(config, ("word",))
    assert config.cell is cell and config.units == 5


def test_subwords_with_other_pieces(data, run, capsys):
    """The vocabularies are the same, but texts are cut in other ways."""
    source = save_language_model(data / "lm", "subword")
    save_language_model(data / "back", "subword", backward=True, source=source)
    path = data / "back" / "subwords.spm"
    card = json.loads((data / "back" / "task.json").read_text())
    other = language_model.learn_tokenizer(TEXTS[::-1] * 3, "subword", 60).pieces
    path.write_bytes(other.serialized_model_proto())
    card["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (data / "back" / "task.json").write_text(json.dumps(card))
    words = "--pretrained {tmp}/lm --pretrained-backward {tmp}/back"
    refuse("{tmp}/back with other tokens", "many_to_one_sentiment", words, data, run, capsys)


def test_a_notebook_has_the_language_model(zoo_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, *_ = zoo_command("copy", "many_to_many_ner", "--notebook", "--pretrained", "my-lm")
    assert status == 0
    assert 'pretrained=\\"my-lm\\",' in (tmp_path / "many_to_many_ner.ipynb").read_text()
