import pytest

import zoo
from zoo.registry import register


def test_list_models():
    types = ["encoder_decoder", "many_to_many", "many_to_one", "one_to_many", "one_to_one"]
    assert set(types) <= set(zoo.list_models())
    assert zoo.list_models("*to_many") == ["many_to_many", "one_to_many"]
    assert zoo.list_models("nothing") == []


def test_a_name_is_registered_once():
    def many_to_one(*, cell="lstm"):
        return cell

    with pytest.raises(ValueError, match="Received: 'many_to_one'"):
        register(many_to_one)
