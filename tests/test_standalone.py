"""Recipes as files that do not need the zoo: they give the scores of the recipe, and pass ruff."""

import contextlib
import io
import json
import pathlib
import re
import runpy
import subprocess
import sys
import textwrap
import types

import atlas
import clips
import keras
import libcst as cst
import nbformat
import numpy as np
import pytest
import ruff
import soundfile
from nbclient import NotebookClient
from test_pretrained import save_language_model

import zoo
from zoo.copying import copy_recipe, find_recipes
from zoo.copying.standalone import known, plain, searching
from zoo.copying.standalone.folding import fold
from zoo.copying.standalone.inlining import inline_results
from zoo.copying.standalone.linking import Part, Program
from zoo.copying.standalone.sources import resolve
from zoo.copying.standalone.trees import code
from zoo.copying.standalone.unrolling import unroll
from zoo.example_cells.minimal_gated_unit import MinimalGatedUnit
from zoo.example_cells.zoneout import zoneout_lstm

PROGRAM = pathlib.Path(__file__).with_name("without_zoo.py")
SMALL = {"epochs": 2, "units": 8}


def write_table(path, rows, header=""):
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return str(path)


def reviews(folder):
    rng = np.random.default_rng(0)
    words = {"good": ["fine", "warm", "funny"], "bad": ["dull", "poor", "sad"]}
    rows = []
    for i in range(120):
        label = ["good", "bad"][i % 2]
        chosen = [*rng.choice(words[label], 2), *rng.choice(["film", "plot", "a", "it"], 3)]
        rows.append(f'"{" ".join(rng.permutation(chosen))}, {i}.",{label}')
    return write_table(folder / "reviews.csv", rows, "review,mood\n")


def sales(folder):
    days = np.datetime64("2024-01-01") + np.arange(160)
    rows = [f"{day},{100 + 10 * np.sin(i / 3) + i % 5:.2f}" for i, day in enumerate(days)]
    return write_table(folder / "sales.csv", rows, "date,sales\n")


def names(folder):
    rng = np.random.default_rng(0)
    rows = []
    for i in range(80):
        person, town = rng.choice(["Ada", "Bob", "Eve"]), rng.choice(["Rome", "Oslo"])
        rows += [f"{person} B-PER", "saw O", f"{town} B-LOC", f"in O\n19{i:02d} O\n"]
    return write_table(folder / "names.conll", rows)


def pairs(folder):
    rng = np.random.default_rng(0)
    english, german = (
        ["a", "dog", "cat", "runs", "sees", "two"],
        ["ein", "Hund", "Katze", "rennt", "sieht", "zwei"],
    )
    rows = []
    for i in range(150):
        chosen = rng.integers(0, 6, rng.integers(4, 8))
        pair = (" ".join(words[j] for j in chosen) for words in (english, german))
        rows.append(f" {i}\t".join(pair) + f" {i}")
    return write_table(folder / "pairs.tsv", rows)


def talks(folder):
    rng = np.random.default_rng(0)
    words = ["hello", "who", "are", "you", "fine", "thanks", "why", "not"]
    blocks = ["\n".join(" ".join(rng.choice(words, 4)) for _ in range(3)) for _ in range(150)]
    return write_table(folder / "talks.txt", [f"{block}\n" for block in blocks])


def words(folder):
    rng = np.random.default_rng(0)
    texts = {"".join(rng.choice(list("abcdeilnorst"), rng.integers(2, 6))) for _ in range(150)}
    return write_table(folder / "words.tsv", [f"{x}\t{' '.join(x.upper())}" for x in sorted(texts)])


def questions(folder):
    return str(atlas.write_questions(folder))


def novel(folder):
    rows = [f"The king had {i} sons. He was old, but she was {i % 7}." for i in range(900)]
    return write_table(folder / "novel.txt", rows)


def fairy_tale(folder):
    """A text with all words of the prompts of one_to_many_text."""
    path = novel(folder)
    text = pathlib.Path(path).read_text()
    pathlib.Path(path).write_text(f"Once upon a time the food is good.\n{text}")
    return path


def tunes(folder):
    (folder / "tunes").mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        notes = 60 + rng.integers(0, 5, (16, 1)).cumsum(axis=0) % 12 + np.array([[12, 7, 4, 0]])
        (folder / "tunes" / f"{i}.mid").write_bytes(zoo.music.to_midi(np.repeat(notes, 4, axis=0)))
    return str(folder / "tunes")


def speech(folder):
    rng, rows = np.random.default_rng(0), []
    for i in range(60):
        soundfile.write(folder / f"{i}.wav", 0.1 * rng.normal(size=8000 + 100 * i), 16_000)
        rows.append(f"{i}.wav\t{rng.choice(['yes', 'no', 'go home'])}")
    return write_table(folder / "speech.tsv", rows)


def videos(folder):
    return str(clips.write_classes(folder / "videos"))


def tagged_videos(folder):
    return str(clips.write_tagged(folder / "videos"))


def run_in_new_process(script, folder):
    """Runs a copy where zoo cannot be imported. Returns its scores and what it printed."""
    done = subprocess.run([sys.executable, PROGRAM, script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / f"{script.stem}.json").read_text()), done.stdout


def run(script, folder):
    """Does the same in this process, where it takes seconds less."""
    hidden = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "zoo"}
    printed = io.StringIO()
    sys.modules.update(dict.fromkeys(hidden))  # an import of one of them now fails
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.modules.update(hidden)
    return json.loads((folder / f"{script.stem}.json").read_text()), printed.getvalue()


def assert_same_scores(scores, expected):
    """Fails unless the scores are equal. A busy machine may round the last digits differently."""
    keras.tree.assert_same_structure(scores, expected)
    np.testing.assert_allclose(keras.tree.flatten(scores), keras.tree.flatten(expected), rtol=1e-6)


def run_recipe(name, settings, folder):
    """Runs the recipe. Returns its scores."""
    module = {"__name__": name}
    exec(compile(find_recipes()[name].read_text("utf-8"), name, "exec"), module)
    module["main"](module["Config"](**settings, output=str(folder / "model")))
    return json.loads((folder / "model" / "metrics.json").read_text())


RUNS = {  # a recipe -> its data, and settings
    "many_to_one_sentiment": (
        reviews,
        SMALL | {"cell": "lstm", "num_layers": 2, "pooling": "attention"},
    ),
    "many_to_one_forecasting": (sales, SMALL),
    "many_to_many_ner": (names, SMALL | {"head": "softmax"}),
    "encoder_decoder_translation": (pairs, SMALL | {"max_length": 40}),
    "one_to_many_text": (fairy_tale, {"epochs": 1, "units": 8}),
    "many_to_many_pos": (names, SMALL),
    "many_to_many_punctuation": (novel, SMALL),
    "many_to_many_speech": (speech, SMALL | {"num_layers": 1, "beam_width": 2}),
    "encoder_decoder_chatbot": (talks, SMALL | {"turns": 2, "beam_width": 2, "vocabulary_size": 80}),
    "encoder_decoder_pronunciation": (words, SMALL | {"beam_width": 2}),
    "encoder_decoder_questions": (questions, SMALL | {"beam_width": 2}),
    "one_to_many_music": (tunes, SMALL),
    "one_to_many_composer": (tunes, SMALL | {"beats": 4}),
    "one_to_one_digits": (None, SMALL),
    "many_to_one_video": (videos, SMALL | {"image_size": 8}),
    "many_to_many_video": (tagged_videos, SMALL | {"image_size": 8, "window": 8}),
}
FAST = ["many_to_one_forecasting"]
QUICK = (*FAST, "many_to_one_sentiment")
MORE = {  # other cells, layers and heads
    "many_to_many_ner": (names, SMALL | {"characters": False, "cell": "gru"}),  # with a CRF
    "encoder_decoder_translation": (
        pairs,
        SMALL | {"cell": "lstm", "attention": "none", "num_layers": 2},
    ),
    "one_to_many_text": (
        fairy_tale,
        {"epochs": 1, "units": 8, "level": "word", "cell": "gru", "prompt": "the king"},
    ),
}

SUBWORDS = {"level": "subword", "vocabulary_size": 60, "backward": True, "use_ema": True}
TIED = {"tie_embeddings": True, "embedding_dim": 8, "weight_dropout": 0.2, "num_layers": 2}
TEXTS = {  # more flags of one_to_many_text
    "subwords": SUBWORDS | TIED,
    "frozen": {"trainable_embeddings": False, "variational_dropout": True, "dropout": 0.3},
    "pretrained": {"pretrained": "text-shakespeare-lstm", "max_tokens": 4000, "weight_dropout": 0.2},
}
BOTH = {"pretrained": "lm", "pretrained_backward": "back", "pretrained_rate": 0.5}
PRETRAINED = [  # recipes that start from language models
    ("many_to_one_sentiment", reviews, SMALL | {"pretrained": "lm"}),  # with subwords
    ("many_to_one_sentiment", reviews, SMALL | {"pretrained": "back", "dropout": 0.0}),
    ("many_to_many_ner", names, SMALL | BOTH | {"head": "softmax"}),  # with characters
    ("many_to_many_pos", names, SMALL | BOTH),
]


def save_language_models(settings, folder):
    """Writes the language models that settings name. Returns the settings with their paths."""
    texts = [" ".join(re.findall("[A-Za-z]+", pathlib.Path(settings["dataset"]).read_text()))]
    paths, source, level = {}, None, "word" if "pretrained_backward" in settings else "subword"
    for key in ("pretrained", "pretrained_backward"):
        if key in settings:
            paths[key], backward = str(folder / settings[key]), settings[key] == "back"
            sizes = {"num_layers": 2, "dropout": 0.1}
            source = save_language_model(paths[key], level, backward, texts, source, **sizes)
    return settings | paths


def parameters():
    for runs in (RUNS, MORE):
        for name, (make, settings) in runs.items():
            marks = [pytest.mark.exhaustive] * (name not in QUICK or runs is not RUNS)
            label = name if runs is RUNS else f"{name}-more"
            yield pytest.param(name, make, settings, marks=marks, id=label)
    for name, make, settings in PRETRAINED:
        label = f"{name}-{settings['pretrained']}"
        yield pytest.param(name, make, settings, marks=pytest.mark.exhaustive, id=label)
    for label, flags in TEXTS.items():
        values = "one_to_many_text", novel, {"epochs": 1, "units": 8} | flags
        yield pytest.param(*values, marks=pytest.mark.exhaustive, id=f"one_to_many_text-{label}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "make", "settings"), [*parameters()])
def test_a_copy_gives_the_scores_of_the_recipe(name, make, settings, tmp_path):
    settings = settings | ({"dataset": make(tmp_path)} if make else {})
    if settings.get("pretrained") in ("lm", "back"):
        settings = save_language_models(settings, tmp_path)
    path = copy_recipe(name, tmp_path, standalone=True, settings=settings)
    source = path.read_text("utf-8")
    assert not re.search(r"\bzoo\.\w|import zoo|\bconfig\.| --[a-z]", source.split('"""', 2)[2])
    assert not re.search(r'"""\n\n+ +"""', source)  # two docstrings
    for command in ("check", "format --check"):
        line = [ruff.find_ruff_bin(), *command.split(), "--isolated", "--line-length=104", path]
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    scores, _ = (run_in_new_process if name in FAST else run)(path, tmp_path)
    assert_same_scores(scores, run_recipe(name, settings, tmp_path))
    layers = {f"Custom>{one}": getattr(zoo.layers, one) for one in zoo.layers.__all__}  # of the copy
    saved = tmp_path / f"{name}.keras"
    has_own_loss = name == "one_to_many_music"  # a function of the copy, which Keras cannot find
    model = keras.saving.load_model(saved, custom_objects=layers, compile=not has_own_loss)
    assert model.count_params() > 0


@pytest.mark.slow
def test_a_copy_survives_the_first_edits(tmp_path):
    """Another file, another layer and another optimizer."""
    settings = SMALL | {"dataset": reviews(tmp_path), "pooling": "last"}
    path = copy_recipe("many_to_one_sentiment", tmp_path, standalone=True, settings=settings)
    other = tmp_path / "other.csv"
    other.write_text((tmp_path / "reviews.csv").read_text().replace("film", "book"))
    source = path.read_text("utf-8")
    for old, new in (
        ("reviews.csv", "other.csv"),
        ("keras.optimizers.Adam(learning_rate", "keras.optimizers.RMSprop(learning_rate"),
        ('layers.GRU(units, name="rnn_0")(x', "layers.LSTM(units)(layers.Dense(units)(x)"),
    ):
        assert old in source
        source = source.replace(old, new)
    path.write_text(source)
    scores, printed = run(path, tmp_path)
    assert "LSTM" in printed and set(scores["test_accuracy"]) >= {"gru", "bag of words"}


@pytest.mark.slow
def test_a_standalone_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = SMALL | {"dataset": sales(tmp_path)}
    options = {"notebook": True, "standalone": True, "settings": settings}
    path = copy_recipe("many_to_one_forecasting", tmp_path, **options)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "import zoo" not in path.read_text()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    scores = json.loads((tmp_path / "many_to_one_forecasting.json").read_text())
    assert_same_scores(scores, run_recipe("many_to_one_forecasting", settings, tmp_path))


def test_a_pretrained_cell_with_another_cell_inside_is_refused(tmp_path):
    call = cst.parse_expression("zoo.transfer(source, model, target_vocabulary=words)")
    config = types.SimpleNamespace()
    for name, options in (("plain", {"weight_dropout": 0.1}), ("nested", {"cell": zoneout_lstm})):
        config.pretrained = str(tmp_path / name)
        save_language_model(config.pretrained, **options)
        if name == "plain":
            assert "transfer(PRETRAINED, model, words)" in code(known._write_transfer(call, config))
    with pytest.raises(zoo.InputError, match="cell that has other layers inside"):
        known._write_transfer(call, config)


def test_copies_share_the_same_data(tmp_path, monkeypatch):
    import zoo.copying.standalone as standalone

    def write_standalone(name, path, settings):
        return "x = 1\n", {"data.npz": settings["data"], "images/a.png": b"a"}, []

    monkeypatch.setattr(standalone, "write_standalone", write_standalone)
    paths = [tmp_path / f"{i}.py" for i in range(3)]
    for path in paths[:2]:
        copy_recipe("many_to_one_video", path, standalone=True, settings={"data": b"1"})
    with pytest.raises(zoo.InputError, match=r"data\.npz exists already"):
        copy_recipe("many_to_one_video", paths[2], standalone=True, settings={"data": b"2"})
    (tmp_path / "images" / "a.png").write_bytes(b"b")
    with pytest.raises(zoo.InputError, match=r"a\.png exists already"):
        copy_recipe("many_to_one_video", paths[2], standalone=True, settings={"data": b"1"})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["0.py", "1.py", "data.npz", "images"]
    assert (tmp_path / "data.npz").read_bytes() == b"1"


def test_a_copy_in_another_folder(tmp_path, monkeypatch, zoo_command):
    import zoo.copying.standalone as standalone

    def write_standalone(name, path, settings):
        return pathlib.Path(settings["dataset"]).read_text("utf-8"), {"data.npz": b"1"}, []

    monkeypatch.setattr(standalone, "write_standalone", write_standalone)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "copies").mkdir()
    (tmp_path / "mine.csv").write_text("x = 1\n")
    command = "copy many_to_one_sentiment copies/x.py --standalone --dataset mine.csv"
    status, output, _ = zoo_command(*command.split())
    assert status == 0 and "cd copies && python x.py" in output
    assert (tmp_path / "copies" / "x.py").read_text() == "x = 1\n"
    assert (tmp_path / "copies" / "data.npz").is_file()


def test_a_copy_has_the_prompts_that_fit_the_text(monkeypatch):
    call = cst.parse_expression("language_model.pick_prompts(PROMPTS, train, test, PROMPT)")
    monkeypatch.setitem(sys.modules, "mine", types.SimpleNamespace(PROMPTS=["It is"]))
    for train, prompt, expected in (
        ("It is so.", "", "PROMPTS"),
        ("It is so.", "a king", "[*PROMPTS, PROMPT]"),
        ("A king.", "", code(call)),
    ):
        config, data = types.SimpleNamespace(prompt=prompt), {"train": [train], "test": ["A king."]}
        assert code(known._known_prompts("mine", call, config, data)) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("one_to_one_digits --standalone --precision mixed_bfloat16", "Leave out --precision"),
        ("one_to_one_digits --standalone --resume", "Leave out --resume"),
        ("one_to_one_digits --standalone --smoke", "A standalone copy has no --smoke"),
        ("one_to_one_digits --standalone --output my-model", "Leave out --output"),
        ("one_to_one_digits --standalone --epochs 0", "argument --epochs: must be at least 1"),
        ("many_to_one_sentiment --standalone --dataset no.csv", "no.csv"),
    ],
)
def test_bad_words(words, message, zoo_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, errors = zoo_command("copy", *words.split())
    assert status == 2 and message in errors and "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("rows[: 6 // 2]", "rows[: 3]"),
        ("{10 - 2: 'validation'}", "{8: 'validation'}"),
        ("keras.layers.Dense(1, dtype='float32')(x)", "keras.layers.Dense(1)(x)"),
        ("keras.layers.Dense(1, dtype=dtype)(x)", "keras.layers.Dense(1, dtype=dtype)(x)"),
        ("[prompt] * bool(''.strip())", "[]"),
        ("[*list(text), 'end']", "[*text, 'end']"),
        ("order[:, :None] / 1.0", "order"),
        ("order[:None]", "order[:]"),
        ("counts.most_common(None)", "counts.most_common()"),
        ("[1 * (a - b) for a, b in pairs]", "[a - b for a, b in pairs]"),
        ("{} | files", "files"),
        ("files and 1 > 2", "False"),
        ("read() and 1 > 2", "read() and False"),
    ],
)
def test_fold(source, expected):
    assert code(fold(cst.parse_expression(source))) == expected


@pytest.mark.parametrize(
    ("end", "is_kept"), [("except OSError:\n    raise Error", False), ("finally:\n    close()", True)]
)
def test_fold_try(end, is_kept):
    source = f"try:\n    run()\n{end}\n"
    assert fold(cst.parse_module(source)).code == (source if is_kept else "run()\n")


def test_functions_that_are_imported_on_first_use():
    assert resolve("zoo", ["zoo", "nothing"]) is None
    assert resolve("zoo", ["transfer"])[:3] == (1, "zoo.transferring.weights", "transfer")


def main_of(body):
    return cst.parse_module("def _():\n" + textwrap.indent(textwrap.dedent(body), "    ")).body[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            """
            model = make()
            models = {"gru": model}
            for name, one in models.items():
                print(name, one)
            """,
            """
            model = make()
            print("gru", model)
            """,
        ),
        (
            """
            figures = {}
            figures["curve"] = plot()
            for title, picture in figures.items():
                picture.savefig(title)
            """,
            """
            picture = plot()
            picture.savefig("curve")
            """,
        ),
        (
            """
            files = {}
            for title, content in files.items():
                write(title, content)
            print("done")
            """,
            """
            print("done")
            """,
        ),
    ],
)
def test_unroll(before, after):
    assert code(unroll(main_of(before))).split() == code(main_of(after)).split()


def test_a_dict_that_is_used_elsewhere_keeps_its_loop():
    main = main_of("some = {'a': x}\nprint(some)\nfor key, value in some.items():\n    print(key)\n")
    assert unroll(main) is main


def inlined(main, function):
    """A main function in which the results of another function are written."""
    program = Program({}, {})
    program.main = main_of(main)
    node = cst.parse_module(function).body[0]
    name = node.name.value
    program.parts = {("module", name): Part("module", name, node, name)}
    inline_results(program)
    return code(program.main).split("\n", 1)[1].strip()


@pytest.mark.parametrize(
    ("call", "function", "expected"),
    [
        ("y = f(a[0], B)", "def f(x, k):\n    return [k * i for i in x]", "y = [B * i for i in a[0]]"),
        ("y = 2 * f(a)", "def f(x):\n    return x + 1", "y = 2 * (a + 1)"),
        ("y = f(a + 1)", "def f(x):\n    return x.b", "y = (a + 1).b"),
        # A call that would be repeated, a name that means something else, and what is used twice.
        ("y = f(g())", "def f(x):\n    return [x for i in z]", None),
        ("y = f(i)", "def f(x):\n    return [x + i for i in z]", None),
        ("y = f(a) + f(b)", "def f(x):\n    return some_function(x, another_name)", None),
        ("y = f(*a)", "def f(x):\n    return x + 1", None),
        ("y = f(a)", "def f(x):\n    # This is why.\n    return x + 1", None),
    ],
)
def test_inline_results(call, function, expected):
    assert inlined(call, function) == (expected or call)


# The short versions of functions of the zoo.


def sharpen(model):
    """Larger weights, so that the most probable token changes from step to step."""
    for weight in model.trainable_variables:
        weight.assign(3 * keras.ops.convert_to_numpy(weight))
    return model


@pytest.mark.slow
def test_plain_generation_of_sources():
    sizes = {"source_vocabulary_size": 40, "target_vocabulary_size": 30, "embedding_dim": 16}
    model = sharpen(zoo.build("encoder_decoder", cell="gru", units=16, **sizes))
    rng = np.random.default_rng(0)
    sources = [rng.integers(4, 40, rng.integers(1, 9)).tolist() for _ in range(20)]
    for options in ({}, {"beam_width": 2}, {"beam_width": 5}):
        strategy = "beam" if options else "greedy"
        expected = zoo.decoding.generate_in_batches(model, sources, 12, 8, strategy, **options)
        assert searching.generate_in_batches(model, sources, 12, 8, **options) == expected
    for max_length in (3, 12):
        beams = {"beam_width": 4, "n_best": 4}
        expected = zoo.decoding.generate_in_batches(model, sources, max_length, 8, "beam", **beams)
        assert searching.generate_in_batches(model, sources, max_length, 8, **beams) == expected


def test_plain_generation_from_contexts():
    model = sharpen(zoo.build("one_to_many", context_shape=(7,), vocabulary_size=30, units=16))
    contexts = np.random.default_rng(0).normal(size=(10, 7)).astype("float32")
    for options in ({}, {"beam_width": 3}):
        strategy = "beam" if options else "greedy"
        expected = zoo.decoding.generate_in_batches(model, contexts, 8, 4, strategy, **options)
        assert searching.generate_in_batches(model, contexts, 8, 4, **options) == expected


def test_plain_generation_of_texts():
    model = zoo.build("one_to_many", context_shape=None, vocabulary_size=30, units=16, embedding_dim=16)
    beginnings = [[5, 6, 7], [8, 0, 0]]
    sharpen(model)
    for strategy, options in [
        ("greedy", {}),
        ("sample", {"seed": 3}),
        ("sample", {"temperature": 0.7, "seed": 1}),
        ("sample", {"top_k": 4, "seed": 2}),
        ("sample", {"top_p": 0.7, "seed": 2}),
        ("beam", {"beam_width": 5}),
    ]:
        expected = model.generate(beginnings, 40, strategy, **options)
        found = searching.generate(model, beginnings, 40, strategy, **options)
        expected, found = (np.where(x == 3, 0, x) for x in (expected, found))  # without the end token
        np.testing.assert_array_equal(found[:, : expected.shape[1]], expected)
        assert not found[:, expected.shape[1] :].any()


def test_plain_ngram_losses():
    rng = np.random.default_rng(0)
    train, texts = ([rng.integers(0, 5, n).tolist() for n in (30, 1, 20)] for _ in range(2))
    for n in (1, 2, 4):
        expected, found = (
            losses(train, texts, n, 7) for losses in (zoo.text.ngram_losses, plain.ngram_losses)
        )
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("seed", "number"), [(None, 50), (0, 50), (0, 48), (0, 3)])
def test_plain_batches(seed, number):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 20, number)
    rows = [((rng.integers(1, 9, n), rng.random((n, 2))), n % 3) for n in lengths]
    expected, found = (make(rows, 8, seed) for make in (zoo.datasets.batches, plain.batches))
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tie_embeddings": True, "embedding_dim": 4, "num_layers": 2},
        {"weight_dropout": 0.5},
        {"cell": MinimalGatedUnit},
    ],
)
def test_plain_network_with_states(options):
    sizes = {"context_shape": None, "vocabulary_size": 9, "units": 4}
    model = sharpen(zoo.build("one_to_many", **sizes | options))
    expected = model.with_states()
    found = searching.with_states(keras.Model(model.inputs, model.outputs))
    inputs = [np.array([[5, 6, 7]]), *(np.ones((1, 4), "float32") for _ in expected.inputs[1:])]
    for a, b in zip(expected(inputs), found(inputs), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    shares = {id(x) for x in found.trainable_variables}
    assert shares == {id(x) for x in model.trainable_variables}
    is_other = not np.allclose(found(inputs)[0], found(inputs, training=True)[0])
    assert is_other == ("weight_dropout" in options)
    assert np.allclose(found(inputs)[0], expected(inputs)[0])  # the whole weights are back


WORDS = ["", "[UNK]", "[START]", "[END]", " the", " king", " said"]
PIECES = ["", "[UNK]", "[START]", "[END]", "\u2581the", "the", "king", "\u2581"]
SAME_SIZES = {"cell": "gru", "embedding_dim": 6, "units": 5}


@pytest.mark.parametrize(
    ("tokens", "type_", "options", "vocabulary"),
    [
        (WORDS, "one_to_many", {"context_shape": None, "num_layers": 2, "weight_dropout": 0.3}, None),
        (WORDS, "many_to_one", {"num_layers": 2}, ["", "[UNK]", "king", "queen", "the"]),
        (WORDS, "many_to_one", {}, ["", "[UNK]", "said"]),
        (PIECES, "many_to_one", {"num_classes": 8}, ["", "[UNK]", "king", "the", "said"]),
        (WORDS, "many_to_many", {"bidirectional": True, "num_layers": 2}, ["", "[UNK]", "the", "a"]),
        (WORDS, "many_to_many", {"characters": True}, ["", "[UNK]", "the", "a"]),
    ],
)
def test_plain_transfer(tokens, type_, options, vocabulary, tmp_path):
    """It copies what `zoo.transfer` copies."""
    sizes = SAME_SIZES | {"num_layers": 2, "vocabulary_size": len(tokens)}
    source = sharpen(zoo.build("one_to_many", context_shape=None, **sizes))
    card = {"task": "language_model", "dataset": "mine", "config": {}, "vocabulary": tokens}
    card |= {"preprocessing": {"level": "subword" if tokens is PIECES else "word"}}
    history = {"history": {}, "metrics": {}, "figures": {}}
    zoo.save(tmp_path / "model", source, task=card, **history)
    options = SAME_SIZES | options | {"vocabulary_size": len(vocabulary or tokens)}
    model = zoo.build(type_, **options)
    before, known = model.get_weights(), {"source_vocabulary": tokens}
    zoo.transfer(source, model, **known, target_vocabulary=vocabulary or tokens)
    expected = model.get_weights()
    model.set_weights(before)
    plain.transfer(tmp_path / "model", model, vocabulary)
    for one, other in zip(expected, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(not np.array_equal(old, new) for old, new in zip(before, expected, strict=True))


def test_plain_mark():
    words, tags = ["Ada", "Lovelace", "saw", "Rome", "Oslo"], ["B-PER", "I-PER", "O", "B-LOC", "B-LOC"]
    assert plain.mark(words, tags) == zoo.tasks.tagging.mark(words, tags)
