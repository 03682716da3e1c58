"""The checks of the notebooks' exercises accept the solutions, and nothing else."""

import os
import pathlib
import re
import symtable

import jupytext
import matplotlib
import numpy as np
import pytest

from zoo import exercises

matplotlib.use("agg")
NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


def code_of(solution):
    """Returns the Python code in a folded solution."""
    return re.search(r"```python\n(.*?)```", solution, re.DOTALL)[1]


def names_in(code):
    """Returns the names that a cell defines, and those that it takes from other cells."""
    table = symtable.symtable(code, "cell", "exec")
    defined = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    used, tables = set(), [table]
    while tables:
        table = tables.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return defined, used - defined


def read(path):
    """Returns the exercises of a notebook: the code before them, the task, the check, the solution."""
    cells = jupytext.read(path).cells
    places = [i for i, cell in enumerate(cells) if "<summary>Solution</summary>" in cell.source]
    found = []
    for place in places:
        assert [cell.cell_type for cell in cells[place - 2 : place]] == ["code", "code"]
        before = [cell.source for cell in cells[: place - 2] if cell.cell_type == "code"]
        found.append((before, *(cell.source for cell in cells[place - 2 : place + 1])))
    return found


EXERCISES = {
    (path.stem[:2], number): exercise
    for path in sorted(NOTEBOOKS.glob("*.py"))
    for number, exercise in enumerate(read(path), start=1)
}


SHORT = {  # changes that make an exercise faster, from old text to new
    ("06", 3): {"SEEDS = (0, 1, 2)": "SEEDS = (0,)", "jit_compile=True": "jit_compile=False"},
    ("07", 3): {"for seed in (0, 1):": "for seed in (0,):"},
    ("11", 3): {"[:200]": "[:32]"},
}


def shorten(key):
    """Returns an exercise with its changes."""
    before, *others = EXERCISES[key]
    for old, new in SHORT.get(key, {}).items():
        assert any(old in cell for cell in (*before, *others))
        before = [cell.replace(old, new) for cell in before]
        others = [cell.replace(old, new) for cell in others]
    return before, *others


@pytest.fixture(autouse=True)
def print_options():
    """Puts back NumPy's options for printing, because a notebook changes them."""
    with np.printoptions():
        yield


def prepare(exercise):
    """Runs the imports of the notebook, and the cells before an exercise that define what it needs."""
    (imports, *before), task, check, solution = exercise
    needed, used = set(), []
    for code in (task, check, code_of(solution)):
        needed |= names_in(code)[1]
    for code in reversed(before):
        defined, taken = names_in(code)
        if needed & defined:
            needed = (needed - defined) | taken
            used.insert(0, code)
    scope = {"__name__": "__main__"}
    for code in (
        re.sub(r"tf\.config\.threading.*", "", imports),
        *used,
    ):  # TensorFlow has begun already
        exec(code, scope)
    return scope


@pytest.mark.parametrize(
    ("result", "expected", "said"),
    [
        (None, 1.0, "It returns None. Is a `return` missing?"),
        (np.ones((2, 1)), np.ones(2), "It returns the shape (2, 1), and (2,) is expected."),
        ([1, 2], [1, 3], "It returns [1, 2], and [1, 3] is expected."),
        (
            np.array([[1, 2], [3, 5]]),
            np.array([[1, 2], [3, 4]]),
            "It returns 5 at [1, 1], and 4 is exp",
        ),
        (np.array([1, np.nan]), np.ones(2), "It returns nan at [1], and 1 is expected."),
        ("abc", 1.0, "It returns something that is not an array of numbers: 'abc'"),
        ([[1], [1, 2]], np.ones(2), "It returns something that is not an array of numbers"),
        (np.ones(2), ["a"], "It returns [1.0, 1.0], and ['a'] is expected."),
        (np.ones(1), 1.0, "It returns the shape (1,), and a single number is expected."),
        (np.array(3), (1, 2), "It should return 2 things"),
        ((1.0, 2.0), (1.0, 3.0), "It returns 2, and 3 is expected. (This is about thing 2 of 2.)"),
        (1.0, (1.0, 3.0), "It should return 2 things, separated by commas."),
        (1.0, lambda result: f"is {result}", "It is 1.0"),
    ],
)
def test_what_is_said_about_a_wrong_result(result, expected, said, capsys):
    def answer(x):
        return result

    exercises.check(answer, [((np.zeros((3, 4)),), expected)])
    first, second = capsys.readouterr().out.splitlines()[:2]
    assert first == "Not right: answer(array of shape (3, 4))"
    assert second.startswith(said)


@pytest.mark.parametrize("expected", [2.0, np.array(2), (2.0,), lambda result: None])
def test_a_right_result(expected, capsys):
    exercises.check(lambda: [2.00001] if isinstance(expected, tuple) else 2, [((), expected)])
    assert capsys.readouterr().out.startswith("Right: ")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ((3, 4), [3, 4]),
        (np.array([3, 4]), [3, 4]),
        ([np.array(3), np.float32(4)], [3, 4]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        (np.eye(2, dtype="float32"), (np.array([1.0, 0.0]), np.array([0.0, 1.0]))),
        ([[1, 2], [3, 4]], np.array([[1.0, 2.0], [3.0, 4.0]])),
    ],
)
def test_a_right_result_in_another_form(result, expected, capsys):
    exercises.check(lambda: result, [((), expected)])
    assert capsys.readouterr().out.startswith("Right: ")


def test_an_answer_that_raises(capsys):
    exercises.check(lambda x: x[5], [(([1],), 1)])
    assert "\nIt raises IndexError: list index out of range" in capsys.readouterr().out


# For each exercise, mistakes that a student could make: texts in the solution, and what replaces them.
MISTAKES = {
    ("01", 1): [
        ("pairwise(words)", "combinations(words, 2)"),
        ('f"{first} {second}"', "first + second"),
    ],
    ("01", 2): [
        ("1 + np.log((1 +", "np.log((1 +"),
        ("(counts > 0).sum", "counts.sum"),
        (", axis=1, keepdims=True)", ")"),
    ],
    ("01", 3): [
        ("change(text) for text in test_texts", "text for text in test_texts"),
        ("change(text) for text in train_texts", "text for text in train_texts"),
    ],
    ("02", 1): [(" if is_word else h", ""), ("else h", "else 0 * h"), (" + b)", ")")],
    ("02", 2): [("h @ W_h.T", "h @ W_h"), (" + b)", ")"), ("axis=1)  # [batch, time", "axis=0)  #")],
    ("02", 3): [
        (".max()", ".mean()"),
        ("scale * W_h @ h + b", "scale * W_h @ h"),
        ("np.abs(good - bad).max()", "np.linalg.norm(good - bad)"),
        ("0.01", "0.02"),
    ],
    ("03", 1): [("axis=-1, keepdims=True", ""), ("np.exp(scores) /", "scores /")],
    ("03", 2): [
        ("2 + int(np.argmax(p[2:]))", "int(np.argmax(p))"),
        (" and tokens[-1] != 3", ""),
        ("<= max_length", "< max_length"),
        ("[0, -1]", "[0, 0]"),
    ],
    ("03", 3): [(" * std + mean", ""), ("[second:]", "[first:]")],
    ("04", 1): [("backward(x[::-1])[::-1]", "backward(x[::-1])"), ("x[::-1]", "x")],
    ("04", 2): [("p_right[is_word]", "p_right"), ("-np.log", "np.log")],
    ("04", 3): [("bidirectional=bidirectional", "bidirectional=True"), (".argmax(axis=-1)", "")],
    ("05", 1): [
        ("1 - h**2", "1 - h"),
        ("@ W_h", "@ W_h.T"),
        ("np.diag(1 - h**2) @ W_h", "W_h * (1 - h**2)"),
    ],
    ("05", 2): [
        ("g = before_tanh @ W_h", "g = before_tanh @ W_h.T"),
        ("before_tanh = g * (1 - h[t + 1] ** 2)", "before_tanh = g"),
        ("reversed(range(len(x)))", "[len(x) - 1]"),
    ],
    ("05", 3): [
        ("terms[-k:]", "terms[:k]"),
        ("return k", "return k - 1"),
        ("full).sum() >=", "full).sum() ** 2 >="),
    ],
    ("06", 1): [("np.ceil", "np.floor"), ("np.log(share)", "share")],
    ("06", 2): [("[::-1]:  #", ":  #"), ("product @ J", "J @ product"), ("[0])", "[-1])")],
    ("06", 3): [("weights[1] *=", "weights[0] *="), ("600", "6")],
    ("07", 1): [("-np.log", "np.log"), ("-1 / steps", "1 / steps")],
    ("07", 2): [
        ("np.sqrt(sum((g**2).sum() for g in gradients))", "sum((g**2).sum() for g in gradients)"),
        (" if norm > limit else 1.0", ""),
        ("[g * factor for g in gradients]", "[np.clip(g, -limit, limit) for g in gradients]"),
        ("g * factor for g", "g * min(1, limit / (np.linalg.norm(g) + 1e-9)) for g"),
    ],
    ("07", 3): [
        ("change(gradients)", "gradients"),
        ("SGD(0.1)", "SGD(0.3)"),
        ("[:, -NUM_SHOWN:]", ""),
        ("copying(32, 20", "copying(32, 10"),
    ],
    ("08", 1): [("(r * h) @ U_n", "r * (h @ U_n)"), ("np.tanh", "")],
    ("08", 2): [
        ("i, f, g, o =", "f, i, g, o ="),
        (" + b, 4", ", 4"),
        ("sigmoid(i) * np.tanh(g)", "sigmoid(i) * g"),
        ("np.where(is_word, new_c, c)", "new_c"),
        ("return np.where(is_word, new_h, h), np.where(is_word, new_c, c)", "return new_c, new_h"),
    ],
    ("08", 3): [('["input"]', '["forget"]'), ("[0, -1]", "[0]")],
    ("09", 1): [("-1e9", "0"), ("np.where(is_letter, scores, -1e9)", "scores * is_letter")],
    ("09", 2): [
        ("if END in tokens", "if False"),
        (", reverse=True", ""),
        ("score + value", "value"),
        ("candidates[:beam_width]", "candidates[:1]"),
    ],
    ("09", 3): [
        ("np.where(written > 0, np.log(p_written), 0)", "np.log(p_written)"),
        ("written[:, :-1]", "written[:, 1:]"),
    ],
    ("10", 1): [
        ("max(train_labels, key=train_labels.count)", "max(train_labels)"),
        ("max(train_labels, key=train_labels.count)", "max(test_labels, key=test_labels.count)"),
    ],
    ("10", 2): [
        ("both / said if said else 0.0", "both / len(right)"),
        ("said, there =", "there, said ="),
    ],
    ("10", 3): [
        ("(1 - f) * h + f * n", "f * h + (1 - f) * n"),
        ("return h, [h]", "return n, [h]"),
        ("(f * h) @ U_n", "f * (h @ U_n)"),
        ("x_f, x_n = keras", "x_n, x_f = keras"),
    ],
    ("11", 1): [("-np.log(p)", "np.log(p)"), (".mean()", ".sum()"), ("np.exp", "")],
    ("11", 2): [(".copy()", "* 0"), ("source_table[source_words.index(word)]", "source_table[i]")],
    ("11", 3): [("model.layers[:-1]", "model.layers[:1]"), ("a != b", "a == b")],
}
SLOW = [key for key in EXERCISES if key[1] == 3 and key not in {("02", 3)}]
each = pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, marks=[pytest.mark.exhaustive] * (key in SLOW), id="-".join(map(str, key)))
        for key in EXERCISES
    ],
)


def test_each_notebook_has_three_exercises():
    names = sorted(path.stem[:2] for path in NOTEBOOKS.glob("*.py"))
    assert list(EXERCISES) == [(name, number) for name in names for number in (1, 2, 3)]
    assert list(MISTAKES) == list(EXERCISES)


@each
def test_check(key, capsys, monkeypatch, data_dir):
    """The stub is not yet right, the solution is right, and each mistake is not right."""
    monkeypatch.setenv("TFDS_DATA_DIR", os.environ.get("TFDS_DATA_DIR", data_dir))
    calls = []

    def check_and_note(function, cases, **options):
        calls.append((function.__name__, cases, options))
        check(function, cases, **options)

    check = exercises.check
    monkeypatch.setattr(exercises, "check", check_and_note)
    exercise = shorten(key)
    scope, (_, task, check_cell, solution) = prepare(exercise), exercise
    capsys.readouterr()
    exec(task, scope)
    exec(check_cell, scope)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and "ight: " not in said
    [(name, cases, options)] = calls

    def said_about(answer):
        exec(answer, scope)
        check(scope[name], cases, **options)
        return f"\n{capsys.readouterr().out}"

    right = code_of(solution)
    said = said_about(right)
    assert "\nRight: " in said and "\nNot " not in said
    for old, new in MISTAKES[key]:
        assert old in right
        said = said_about(right.replace(old, new))
        assert "\nNot right: " in said and "\nRight: " not in said, new
