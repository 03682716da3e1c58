"""A cell in a file: what is found in it, and the one line about each mistake."""

import dataclasses
import inspect
import json
import shutil
import warnings

import keras
import pytest
from other_backend import TASK

import zoo
from zoo import cell_configs, cell_files, own_cells

CELL = """
import keras

@keras.saving.register_keras_serializable("test_cell_files")
class {name}(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def call(self, x, states):
        h = {number} * states[0]
        return h, [h]
"""


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name="mine.py", class_name="Mine", number=1.0, more=""):
    with open(name, "w") as file:
        file.write(CELL.format(name=class_name, number=number) + more)


def test_a_class_is_found_with_or_without_its_name(folder):
    write()
    mine = cell_files.load("mine.py:Mine")
    assert mine is cell_files.load("mine.py") is cell_files.load(f"{folder / 'mine.py'}:Mine")
    assert mine is own_cells.find("mine.py:Mine")
    assert "h = 1.0 * states[0]" in inspect.getsource(mine)
    assert cell_files.source_of(mine) == folder / "mine.py"
    assert cell_configs.text_of(mine) == "mine.py:Mine"


def test_a_file_that_was_changed_is_read_again():
    write()
    before = cell_files.load("mine.py:Mine")
    write(number=2.0)
    after = cell_files.load("mine.py:Mine")
    assert after is not before and "h = 2.0 * states[0]" in inspect.getsource(after)


def test_a_change_that_is_taken_back_gives_the_class_that_keras_knows():
    for number in (1.0, 2.0, 1.0):
        write(number=number)
        mine = cell_files.load("mine.py:Mine")
    assert keras.saving.get_registered_object("test_cell_files>Mine") is mine
    assert "h = 1.0 * states[0]" in inspect.getsource(mine)


def test_the_name_of_another_module_is_not_taken_away(folder):
    write("json.py")
    mine = cell_files.load("json.py:Mine")
    assert json.loads("1") == 1 and mine.__module__ != "json"
    assert cell_files.source_of(mine) == folder / "json.py"
    (folder / "sub").mkdir()
    write("other.py")
    write("sub/other.py", number=3.0)
    pair = [cell_files.load(name) for name in ("other.py", "sub/other.py")]
    assert [cell_files.source_of(one) for one in pair] == [folder / "other.py", folder / "sub/other.py"]


def test_a_file_may_import_from_its_own_folder_and_name_an_object(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "numbers_of_mine.py").write_text("half = 0.5")
    write("sub/mine.py", more="from numbers_of_mine import half\nready = Mine(1)\n")
    ready = cell_files.load("sub/mine.py:ready")
    assert isinstance(ready, keras.layers.Layer)
    model = zoo.build("many_to_one", cell="sub/mine.py:ready", units=4, embedding_dim=3)
    assert model.get_layer("rnn_0").cell.units == 4


def test_example_cells_are_found_from_everywhere_and_a_copy_comes_first(folder):
    name = "minimal_gated_unit.py"
    cell = cell_files.load(f"{name}:MinimalGatedUnit")
    assert cell_files.source_of(cell) == cell_files.EXAMPLES / name
    shutil.copy(cell_files.EXAMPLES / name, folder)
    assert cell_files.source_of(cell_files.load(name)) == folder / name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no.py:Mine", "Cannot read the file of the cell, no.py: No such file"),
        ("no.py:Mine", "Example cells: layer_norm_lstm.py, minimal_gated_unit.py, peephole_lstm.py"),
        (".:Mine", "Name a Python file and a class in it"),
        ("mine.py:", "Name a Python file and a class in it"),
        ("mine.py:a b", "Name a Python file and a class in it"),
        ("mine:Mine", "Name a Python file and a class in it, such as my_cells.py:MyCell"),
        ("folder.py:Mine", "Cannot read the file of the cell, folder.py: Is a directory"),
        (
            "mine.py:Yours",
            "There is no Yours in mine.py. Classes of layers in this file: Mine, Second.",
        ),
        ("mine.py", "Say which class in mine.py is the cell, such as mine.py:Mine."),
        ("empty.py", "Classes of layers in this file: none."),
        ("syntax.py:Mine", "cannot be run, line 2: SyntaxError: "),
        ("raises.py:Mine", "cannot be run, line 3: ZeroDivisionError: division by zero"),
        ("imports.py:Mine", "cannot be run, line 1: ModuleNotFoundError: No module named 'no_such'"),
        ("exits.py:Mine", "cannot be run, line 1: SystemExit: 3"),
        ("bytes.py:Mine", "cannot be run"),
        ("mine.py:keras", "Unknown cell"),
        ("mine.py:number", "A cell of your own must be a class of layers"),
        ("\0.py:Mine", "Cannot read the file of the cell"),
        (f"{'a' * 300}.py:Mine", "Cannot read the file of the cell"),
        ("~no_such_user/mine.py:Mine", "Cannot read the file of the cell"),
        ("gruu", "Unknown cell. Did you mean 'gru'?"),
        ("gruu", "For a cell of your own, give its file and class, such as my_cells.py:MyCell."),
    ],
)
def test_each_mistake_is_one_line(text, message, folder, capsys):
    write(more="number = 3\n\nclass Second(Mine):\n    pass\n")
    (folder / "folder.py").mkdir()
    (folder / "empty.py").write_text("")
    (folder / "syntax.py").write_text("x = 1\ndef (:\n")
    (folder / "raises.py").write_text("def f():\n    pass\n1 / 0\n")
    (folder / "imports.py").write_text("import no_such\n")
    (folder / "exits.py").write_text("raise SystemExit(3)\n")
    (folder / "bytes.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(zoo.InputError) as error:
        Config(cell=text)
    assert message in str(error.value)
    assert str(error.value).startswith("argument --cell: ") and "\n" not in str(error.value)
    with pytest.raises(SystemExit) as end:
        zoo.run(print, Config, "A recipe.", ["--cell", text])
    assert end.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_a_file_that_has_changed_since_the_training_is_a_warning(folder):
    write()
    model = zoo.build("many_to_one", cell="mine.py", num_features=1, num_outputs=1, units=3)
    zoo.save("model", model, task=TASK, metrics={}, history={}, figures={})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        zoo.load("model")
    write(number=3.0)
    cell_files.load("mine.py")
    with pytest.warns(UserWarning, match=r"mine\.py has changed since Mine was trained"):
        zoo.load("model")


def test_a_recipe_takes_names_texts_classes_and_objects():
    write()
    mine = cell_files.load("mine.py")
    for cell in ("gru", "mine.py:Mine", mine, mine(1), keras.layers.LSTMCell):
        assert Config(cell=cell).cell is cell
    with pytest.raises(zoo.InputError, match="argument --cell: Unknown cell"):
        Config(cell=3)
    with pytest.raises(zoo.InputError, match="argument --cell: Dense is not a cell"):
        Config(cell=keras.layers.Dense(3))
