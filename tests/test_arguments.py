import importlib
import inspect

import numpy as np
import pytest

import zoo
from zoo import arguments

WRONG = ("x", "", b"3", {}, {"a": 1}, 1j, object(), len, float("nan"), np.ones((2, 2)))
TABLES = ("embeddings", "source_embeddings", "target_embeddings")


def parameters():
    for name in zoo.list_models():
        module = importlib.import_module(f"zoo.architectures.{name}")
        for argument in inspect.signature(getattr(module, name)).parameters:
            yield name, argument


@pytest.mark.parametrize(("name", "argument"), [p for p in parameters() if p[1] not in TABLES])
def test_an_argument_of_another_type_is_named(name, argument):
    for value in WRONG:
        with pytest.raises(zoo.InputError) as error:
            zoo.build(name, **{argument: value})
        assert argument in str(error.value) and len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("argument", arguments.LEAST)
def test_a_count_is_an_integer_in_range(argument):
    for value in (arguments.LEAST[argument] - 1, -1, 1.5, True, None, 2**31, 10**12):
        if not (value is None and argument in arguments.MAY_BE_NONE):
            with pytest.raises(zoo.InputError, match=f"{argument} must be an integer from"):
                arguments.check(argument, value)
    arguments.check(argument, arguments.LEAST[argument])


@pytest.mark.parametrize(
    ("argument", "allowed", "refused"),
    [
        ("units", (1, np.int64(3)), (0, None)),
        ("dropout", (0, 0.5, np.float32(0.9)), (1, -0.1, None)),
        ("bidirectional", (True, np.bool_(False)), (1, None)),
        ("mask_value", (None, -1, 0.5, np.float32(2)), (float("inf"), True)),
        ("context_shape", (None, (3,), [4, 7]), ((), (0,), 3)),
        ("num_outputs", (None, 1), (0,)),
        ("forbidden_transitions", ((), [(0, 1)], {(-1, 2)}, np.array([[0, 1]])), ([(0,)], [0, 1])),
        ("an argument without a rule", (object(),), ()),
    ],
)
def test_what_is_allowed(argument, allowed, refused):
    def is_refused(value):
        try:
            arguments.check(argument, value)
        except zoo.InputError:
            return True
        return False

    assert not any(map(is_refused, allowed))
    assert all(map(is_refused, refused))


def test_numpy_numbers_build_the_same_model():
    plain = zoo.build("many_to_one", units=3, vocabulary_size=9, dropout=0.5, bidirectional=True)
    numpy = zoo.build(
        "many_to_one",
        units=np.int64(3),
        vocabulary_size=np.int32(9),
        dropout=np.float32(0.5),
        bidirectional=np.bool_(True),
    )
    assert zoo.registry.build_arguments(numpy) == zoo.registry.build_arguments(plain)
