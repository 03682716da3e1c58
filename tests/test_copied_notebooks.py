"""Recipes as notebooks: what is in their cells, and that they give the scores of the recipe."""

import ast
import builtins
import itertools
import json
import os
import pathlib
import re
import runpy
import shutil

import atlas
import clips
import nbformat
import numpy as np
import pytest
import soundfile

import zoo
from zoo.copying import copy_recipe, find_recipes
from zoo.copying.flat import flatten
from zoo.copying.notebook import to_notebook
from zoo.copying.settings import seen_from

RECIPE = "many_to_one_forecasting"  # of the fixture `run`
RECIPES = find_recipes()
SECTIONS = ["Data", "Model", "Training", "Baseline", "Scores", "Examples", "Saving"]
SEVERAL_MODELS = ("one_to_one_digits", "many_to_one_video", "many_to_many_video")  # in a dict
QUICK = ("many_to_one_forecasting", "many_to_one_sentiment")
each = pytest.mark.parametrize("name", RECIPES)


def read(path):
    """A notebook as a list of cells, after a check of its format."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook.cells


def headings(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


@each
def test_main_has_the_sections_in_order(name):
    found = re.findall(r"^    # ([A-Z]\w+): \S", RECIPES[name].read_text("utf-8"), re.MULTILINE)
    optional = [] if "Baseline" in found else ["Baseline"]
    assert found == [section for section in SECTIONS if section not in optional]


@each
def test_names_of_main_hide_nothing_that_the_flat_script_needs(name):
    body = ast.parse(RECIPES[name].read_text("utf-8")).body
    (main,) = (one for one in body if isinstance(one, ast.FunctionDef) and one.name == "main")
    (code,) = (
        x for x in compile(ast.Module([main], []), name, "exec").co_consts if hasattr(x, "co_name")
    )
    locals_of_main = {*code.co_varnames, *code.co_cellvars} - {"config"}
    others = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(ast.Module([node for node in body if node is not main], [])):
        if isinstance(node, ast.alias):
            others.add((node.asname or node.name).split(".")[0])
    for node in body:
        if isinstance(node, ast.Assign):
            others |= {ast.unparse(target) for target in node.targets}
    assert locals_of_main & others == set()
    names = {*dir(builtins)} - {"_"}  # which is there after a doctest that shows a value
    assert locals_of_main & names == set()


@each
def test_the_cells_of_a_notebook(name, tmp_path):
    path = copy_recipe(name, tmp_path, notebook=True, settings={"cell": "simple_rnn", "epochs": 2})
    assert path == tmp_path / f"{name}.ipynb"
    cells = read(path)
    source = RECIPES[name].read_text("utf-8")
    expected = [section for section in SECTIONS if f"    # {section}: " in source]
    assert headings(cells) == ["Setup", "Settings", *expected, "Now change it"]
    first, *code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert 'ADDRESS = ""' in first and "%pip install" in first
    for cell in code:
        ast.parse(cell)
    everything = "\n".join(code)
    assert 'cell="simple_rnn",' in everything and "epochs=2,  # " in everything
    assert "def main" not in everything and "zoo.run(" not in everything
    assert re.search(r"^\w.* = zoo\.build\(", everything, re.MULTILINE) or name in SEVERAL_MODELS
    assert "model.summary()" in everything
    # All lines of `main` are there, and all functions, and each only once.
    lines = {line.strip() for line in everything.splitlines()}
    missing = [line.strip() for line in source.split("config):\n", 1)[1].splitlines()]
    missing = [line for line in missing if line not in lines and not line.startswith("# ")]
    assert missing[-2:] == ['if __name__ == "__main__":', "zoo.run(main, Config, __doc__)"]
    for function in re.findall(r"^def (\w+)", source, re.MULTILINE):
        assert everything.count(f"\ndef {function}(") == (function != "main")
    # The text at the top is the docstring, with its picture.
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert texts[0].startswith("# ") and re.search(r"```text\n.*\^.*\n```", texts[0], re.DOTALL)
    words = ast.get_docstring(ast.parse(source)).split()
    assert texts[0].replace("&lt;", "<").split()[1:5] == words[:4]
    assert len(re.findall(r"^\d\. ", texts[-1], re.MULTILINE)) == 3
    assert texts[-1].count("*Hint:*") == 3


def test_the_settings_of_a_notebook(tmp_path):
    settings = {"dataset": 'a "b" \\ c.csv', "smoke": True, "pooling": "max", "dropout": 0.25}
    path = copy_recipe("many_to_one_sentiment", tmp_path / "x.ipynb", notebook=True, settings=settings)
    (call,) = (cell.source for cell in read(path) if cell.source.startswith("config = Config("))
    config = eval(call.removeprefix("config = "), {"Config": dict})
    assert config == {**config, **settings}
    assert config["units"] == 128 and config["epochs"] is None
    assert not {"distribute", "resume"} & {*config}
    assert "    units=128,  # size of the state\n" in call
    assert max(map(len, call.splitlines())) <= 104


def test_relative_paths_start_at_the_folder_of_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = pathlib.Path(zoo.__file__).parent / "example_cells" / "minimal_gated_unit.py"
    shutil.copy(example, "cells.py")
    (tmp_path / "mine.csv").write_text("text,label\n")
    for folder in ("copies", "text-imdb-lstm", "sunspots", "gru"):  # three have names of other things
        (tmp_path / folder).mkdir()
    files = {"cell": "cells.py:MinimalGatedUnit", "dataset": "mine.csv", "glove": str(tmp_path)}
    names = {"pretrained": "text-imdb-lstm", "encoding": "copies"}
    for settings, dest, expected in (
        (
            {**files, **names},
            "copies",
            {key: os.path.join("..", files[key]) for key in ("cell", "dataset")},
        ),
        ({**files, **names}, ".", {}),
        ({"dataset": "sunspots", "cell": "gru"}, "copies/x.ipynb", {}),
        ({"data_dir": "new"}, "copies/z.ipynb", {"data_dir": os.path.join("..", "new")}),
        ({"dataset": "./sunspots"}, "copies/y.ipynb", {"dataset": os.path.join("..", "sunspots")}),
    ):
        path = copy_recipe("many_to_one_sentiment", dest, notebook=True, settings=settings)
        (call,) = (cell.source for cell in read(path) if cell.source.startswith("config = Config("))
        config = eval(call.removeprefix("config = "), {"Config": dict})
        assert config == {**config, **settings, **expected}


def test_relative_paths_from_a_folder_behind_a_link(tmp_path, monkeypatch):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    (tmp_path / "mine.csv").write_text("text,label\n")
    monkeypatch.chdir(tmp_path)
    moved = seen_from("link", {"dataset": "mine.csv"})["dataset"]
    assert (tmp_path / "link" / moved).resolve() == (tmp_path / "mine.csv").resolve()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("one_to_one_digits --cell lstm", "A copy as it is takes its flags when you run it: python"),
        ("one_to_one_digits --notebook --cell gruu", "argument --cell: "),
        ("one_to_one_digits --notebook --units 0", "argument --units: must be at least 1. Received: 0"),
        ("one_to_one_digits --notebook --unitz 8", "unrecognized arguments: --unitz"),
        ("one_to_one_digits --notebook --distribute", "A notebook trains on one device."),
        ("one_to_one_digits --notebook --resume", "A notebook does not go on after an interruption."),
        ("one_to_one_digits --notebook {tmp}/x.py", "the new file ends with .ipynb"),
        ("one_to_one_digits {tmp}/x.ipynb", "the new file ends with .ipynb"),
        ("one_to_one_digits --notebook {tmp}/no/x.ipynb", "there is no folder {tmp}/no"),
        ("digits --notebook --cell gru", "Unknown recipe."),
    ],
)
def test_bad_words_are_one_line_and_status_2(words, message, tmp_path, zoo_command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output, errors = zoo_command("copy", *words.format(tmp=tmp_path).split())
    assert (status, output) == (2, "")
    assert message.format(tmp=tmp_path) in errors and errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        "many_to_one_sentiment --notebook",
        "--notebook many_to_one_sentiment --cell lstm",
        "many_to_one_sentiment --cell lstm --notebook many_to_one_sentiment.ipynb --no-smoke",
        "many_to_one_sentiment . --epochs 2 --notebook",
    ],
)
def test_words_may_have_any_order(words, tmp_path, zoo_command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output, errors = zoo_command("copy", *words.split())
    assert (status, errors) == (0, "") and output.startswith("Written to many_to_one_sentiment.ipynb.")
    text = "\n".join(cell.source for cell in read(tmp_path / "many_to_one_sentiment.ipynb"))
    assert f'cell="{"lstm" if "lstm" in words else "gru"}",' in text
    assert f"epochs={2 if '2' in words else None},  # " in text
    status, output, _ = zoo_command("copy", "many_to_one_sentiment", "--help")
    assert status == 0 and "--vocabulary-size" in output and "--notebook" in output
    assert "--distribute" not in output and "--resume" not in output  # a copy refuses these


STANDALONE = '''"""Which is larger? One-to-one.

      yes
       ^
      [h]

The picture shows <b>one</b> step.
"""

import keras
import numpy as np

# Settings: change them here.
EPOCHS = 2


# Data: random numbers.
def draw(size):
    """Numbers and whether they are positive."""
    x = np.random.default_rng(0).normal(size=(size, 1))
    return x, x > 0


x, y = draw(64)
print(len(x))
print(x.shape)

# Model: one layer.
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")])
model.summary()

# Training: gradient descent.
model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, validation_split=0.5, epochs=EPOCHS, verbose=0).history

# Scores: of the same numbers.
print(model.evaluate(x, y, verbose=0))
'''


def test_a_script_without_zoo_gets_copies_of_the_plots(tmp_path):
    text = to_notebook(STANDALONE, "one_to_one_digits", install="%pip install keras")
    (tmp_path / "x.ipynb").write_text(text, "utf-8")
    cells = read(tmp_path / "x.ipynb")
    expected = ["Setup", "Settings", "Data", "Model", "Training", "Scores", "Now change it"]
    assert headings(cells) == expected
    assert "```text\nyes\n ^\n[h]\n```" in cells[0].source
    assert "shows &lt;b>one&lt;/b> step." in cells[0].source
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert code[0] == "%pip install keras" and not any("zoo" in cell for cell in code)
    assert "print(len(x))\nprint(x.shape)" in "\n".join(code)
    names = {}
    for cell in code[1:]:
        exec(cell, names)
    boxes = [text.get_text() for text in names["picture"].axes[0].texts if text.get_text()]
    assert len(boxes) == 2 and "Dense (None, 1)" in "".join(boxes)
    assert {axes.get_ylabel() for axes in names["curves"].axes} == {"loss", "accuracy"}
    assert "draw" in names and max(len(cell.splitlines()) for cell in code) < 70


def test_a_flat_script_prints_what_its_recipe_prints(run, tmp_path, capsys, data_dir):
    printed = run("--smoke", "--data-dir", data_dir)
    script = flatten(RECIPES[RECIPE].read_text("utf-8"), {"smoke": True, "data_dir": data_dir})
    (tmp_path / "flat.py").write_text(script)
    runpy.run_path(str(tmp_path / "flat.py"))
    scores = [text[text.index("Test part") :] for text in (printed, capsys.readouterr().out)]
    assert scores[0] == scores[1] and "linear regression" in scores[0]


def write_data(name, folder):
    """Small files for the recipes whose data no package has, or whose data is large.

    Returns the recipe's `--dataset`.
    """
    own, rng = folder / "own.txt", np.random.default_rng(0)
    if name in ("many_to_many_ner", "many_to_many_pos"):
        tags = ("B-PER", "O", "B-LOC") if name.endswith("ner") else ("PROPN", "VERB", "NOUN")
        pairs = itertools.product(("Ada", "Grace", "Alan"), ("Oslo", "Rome", "Lima"), range(20))
        words = ([person, f"saw{i}", town] for person, town, i in pairs)
        sentences = ("".join(f"{w} {t}\n" for w, t in zip(some, tags, strict=True)) for some in words)
        own = folder / "own.conll"
        own.write_text("\n".join(sentences))
    elif name in ("many_to_many_punctuation", "one_to_many_text"):
        sentences = ("Is it good?", "Well, it's good.", "I saw NBC!")
        own.write_text("\n\n".join(" ".join(rng.choice(sentences, 30)) for _ in range(60)))
    elif name == "many_to_one_sentiment":
        moods = ("negative", "positive")
        own.write_text("".join(f"{moods[i % 2]} A text of number {i}.\n" for i in range(90)))
    elif name in ("encoder_decoder_translation", "encoder_decoder_pronunciation"):
        ends = itertools.product("bdkmst", "aeiou", "lnp", "ao")
        words = ["".join(letters) for letters in ends]
        rows = ((" ".join(words[i : i + 3]), " ".join(words[i : i + 3]).upper()) for i in range(170))
        if name.endswith("pronunciation"):
            rows = ((word, " ".join(word.upper())) for word in words)
        own = folder / "own.tsv"
        own.write_text("".join("\t".join(row) + "\n" for row in rows))
    elif name == "many_to_many_speech":
        own = folder / "own.tsv"
        for i in range(60):
            soundfile.write(folder / f"{i}.wav", 0.1 * rng.normal(size=16_000), 16_000)
        own.write_text("".join(f"{i}.wav\t{('yes', 'no', 'go home')[i % 3]}\n" for i in range(60)))
    elif name == "encoder_decoder_questions":
        own = atlas.write_questions(folder)
    elif name == "encoder_decoder_chatbot":
        words = ("hello", "who", "are", "you", "fine", "thanks")
        talks = ("\n".join(" ".join(rng.choice(words, 4)) for _ in range(3)) for _ in range(90))
        own.write_text("\n\n".join(talks))
    elif name in ("one_to_many_music", "one_to_many_composer"):
        own = folder / "midi"
        own.mkdir()
        for i in range(12):
            notes = rng.choice([48, 55, 60, 64, 67, 72], (24, 4))
            notes = np.repeat(-np.sort(-notes), 4, axis=0)  # the highest voice first
            (own / f"{i}.mid").write_bytes(zoo.music.to_midi(notes))
    elif name.endswith("_video"):
        write = clips.write_classes if name.startswith("many_to_one") else clips.write_tagged
        own = write(folder / "clips")
    else:  # its data comes with a package
        return {}
    return {"dataset": str(own)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.exhaustive) for name in RECIPES],
)
def test_a_notebook_gives_the_scores_of_its_recipe(name, tmp_path, data_dir, execute):
    """Each notebook runs from top to bottom. Then the same kernel runs the recipe.

    So the same seed gives the same numbers, whatever ran before.
    """
    settings = {"smoke": True, "seed": 3, "data_dir": data_dir, **write_data(name, tmp_path)}
    path = copy_recipe(name, tmp_path, notebook=True, settings={**settings, "output": "notebook"})
    shutil.copy(RECIPES[name], tmp_path / "recipe.py")
    notebook = nbformat.read(path, as_version=4)
    dataset = f"--dataset '{settings['dataset']}'" if "dataset" in settings else ""
    run = f"%run recipe.py --smoke --seed 3 --data-dir '{data_dir}' {dataset} --output recipe"
    notebook.cells.append(nbformat.v4.new_code_cell(run))
    execute(notebook, tmp_path)
    written = [path.name for path in (tmp_path / "recipe").iterdir()]
    for file in {"metrics.json", "history.csv", *{"samples.txt", "chorale.mid"} & {*written}}:
        assert (tmp_path / "recipe" / file).read_bytes() == (tmp_path / "notebook" / file).read_bytes()
    *cells, last = notebook.cells
    assert len(pictures([last])) == len(list((tmp_path / "recipe").glob("*.png")))
    assert len(pictures(cells)) == len(pictures([last])) + 2  # the model and the curves
    card = json.loads(pathlib.Path(tmp_path / "notebook" / "task.json").read_text())
    assert card["command"] == "in a notebook, with the config of this file"


def pictures(cells):
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output for output in outputs if "image/png" in output.get("data", {})]
