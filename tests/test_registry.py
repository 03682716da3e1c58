"""Registering types, including one of the zoo's own files that was pasted into a notebook."""

import functools
import inspect
import json
import pathlib
import subprocess
import sys
import types
import warnings

import keras
import numpy as np
import pytest

import zoo
from zoo import registry

SIZES = {"units": 4, "embedding_dim": 3}
TOKENS = np.array([[5, 6, 7, 2], [8, 4, 0, 0]])
NEXT = np.array([[6, 7, 2, 3], [4, 3, 0, 0]])
CASES = {  # type: its arguments, inputs and targets
    "one_to_one": ({"units": 4}, np.ones((2, 8, 8), "float32"), np.array([3, 5])),
    "one_to_many": (
        {"context_shape": None, "vocabulary_size": 9, "end_token": 5, **SIZES},
        TOKENS,
        NEXT,
    ),
    "many_to_one": ({"vocabulary_size": 9, "num_classes": 3, **SIZES}, TOKENS, np.array([2, 1])),
    "many_to_many": ({"vocabulary_size": 9, "num_tags": 9, **SIZES}, TOKENS, NEXT),
    "encoder_decoder": (
        {"source_vocabulary_size": 9, "target_vocabulary_size": 9, "end_token": 5, **SIZES},
        [TOKENS, TOKENS],
        NEXT,
    ),
}
ARCHITECTURES = pathlib.Path(inspect.getfile(zoo.architectures)).parent


@pytest.fixture
def paste(monkeypatch):
    """A function that runs source code as a notebook does, and returns what the code has defined.

    After the test all registrations are gone.
    """
    before = dict(keras.saving.get_custom_objects())
    monkeypatch.setattr(registry, "_BUILDERS", dict(registry._BUILDERS))

    def paste(source, module="__main__"):
        notebook = types.ModuleType(module)
        exec(compile(source, "<cell>", "exec"), notebook.__dict__)
        return notebook

    yield paste
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(before)


def source_of(name):
    return (ARCHITECTURES / f"{name}.py").read_text(encoding="utf-8")


def outputs_of(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs))


def test_list_models():
    types = ["encoder_decoder", "many_to_many", "many_to_one", "one_to_many", "one_to_one"]
    assert set(types) <= set(zoo.list_models())
    assert zoo.list_models("*to_many") == ["many_to_many", "one_to_many"]
    assert zoo.list_models("nothing") == []


def test_a_pasted_file_replaces_the_type_and_says_so_once(paste):
    source = source_of("many_to_one").replace('name="many_to_one"', 'name="mine"')
    message = (
        r"zoo.build\('many_to_one'\) now calls your function in __main__, not the one in "
        r"zoo.architectures.many_to_one\."
    )
    with pytest.warns(UserWarning, match=message):
        paste(source)
    assert zoo.build("many_to_one", units=4).name == "mine"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paste(source.replace('"mine"', '"edited"'))  # runs the cell again
    assert zoo.build("many_to_one", units=4).name == "edited"
    assert zoo.list_models("many_to_one") == ["many_to_one"]
    with pytest.raises(zoo.InputError, match=r"argument of many_to_one\. Did you mean 'units'"):
        zoo.build("many_to_one", unit=4)


def test_a_type_of_another_module_is_replaced_in_the_same_way(paste):
    source = "import zoo\n@zoo.register\ndef mine(*, cell='lstm'): return cell + '1'"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paste(source, "my_types")
    with pytest.warns(UserWarning, match=r"function in __main__, not the one in my_types\."):
        paste(source.replace("1", "2"))
    assert zoo.build("mine", cell="gru") == "gru2"


def test_a_type_without_the_argument_cell(paste):
    paste("import zoo\n@zoo.register\ndef mine(*, units=4): return units")
    with pytest.raises(
        zoo.InputError, match=r"argument of mine\. Available: 'units'\. Received: 'cell'"
    ):
        zoo.build("mine")


@pytest.mark.parametrize("builder", ["many_to_one", functools.partial(print), lambda *, cell: cell])
def test_only_functions_with_a_name_are_registered(builder):
    with pytest.raises(zoo.InputError, match=r"takes a function that was made with def.* Received: "):
        zoo.register(builder)


@pytest.mark.filterwarnings("ignore:zoo.build")
def test_saved_models_of_the_zoo_never_use_the_pasted_function(paste):
    model = zoo.build("many_to_one", units=4)
    record = registry.build_arguments(model)
    paste(source_of("many_to_one").replace('name="many_to_one"', 'name="mine"'))
    assert registry.build_arguments(model) == record
    assert registry.rebuild(record).name == "many_to_one"
    assert registry.build_arguments(zoo.build("many_to_one", units=4)) is None
    task = zoo.load("sentiment-sst2-lstm")
    assert task.model.name == "many_to_one"
    assert next(iter(task.predict(["a very good film"])[0])) == "positive"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:zoo.build")
def test_pasted_types_train_and_are_loaded_in_a_program_that_lacks_them(paste, tmp_path):
    expected = {}
    for name, (arguments, inputs, targets) in CASES.items():
        for _ in range(2):  # a cell that runs twice
            notebook = paste(source_of(name).replace(f'name="{name}"', 'name="mine"'))
        model = zoo.build(name, cell="gru", **arguments)
        assert model.name == "mine"
        for thing in vars(notebook).values():
            if inspect.isclass(thing) and thing.__module__ == "__main__":
                assert type(model) is thing
        model.compile("adam", "sparse_categorical_crossentropy")
        before = outputs_of(model, inputs)
        assert np.isfinite(model.train_on_batch(inputs, targets))
        expected[name] = outputs_of(model, inputs)
        assert np.abs(expected[name] - before).max() > 0
        task = {"task": "image_classification", "dataset": "digits", "config": {}}
        task |= {"labels": list("0123456789"), "preprocessing": {"shape": [8, 8, 1], "divide_by": 16}}
        folder = tmp_path / name
        zoo.save(folder, model, task=task, metrics={}, history={}, figures={})
        assert json.loads((folder / "task.json").read_text())["build"] is None
        again = keras.saving.load_model(folder / "model.keras")
        assert type(again) is type(model)
        np.testing.assert_allclose(outputs_of(again, inputs), expected[name], atol=1e-6)
        if hasattr(model, "generate"):
            expected[f"{name} generates"] = model.generate(TOKENS[:, :1], max_length=4)
    program = """if True:
        import json, keras, numpy as np, zoo
        tokens, images = np.array([[5, 6, 7, 2], [8, 4, 0, 0]]), np.ones((2, 8, 8), "float32")
        answers = {}
        for name in zoo.list_models():
            model = keras.saving.load_model(f"{name}/model.keras")
            inputs = {"one_to_one": images, "encoder_decoder": [tokens, tokens]}.get(name, tokens)
            answers[name] = keras.ops.convert_to_numpy(model(inputs)).tolist()
            if hasattr(model, "generate"):
                answers[f"{name} generates"] = model.generate(tokens[:, :1], max_length=4).tolist()
        answers["task"] = zoo.load("one_to_one").predict(images)
        print(json.dumps(answers))
    """
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    answers = json.loads(result.stdout.splitlines()[-1])
    task = answers.pop("task")
    assert answers.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(answers[name], expected[name], atol=1e-6)
    p = outputs_of(zoo.load(str(tmp_path / "one_to_one")).model, CASES["one_to_one"][1] / 16)
    assert task[0]["3"] == pytest.approx(p[0, 3], abs=1e-6)
