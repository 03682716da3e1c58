"""Series of numbers: those that packages carry, ETTh1, and a person's own CSV."""

import re

import numpy as np
import pytest
from statsmodels.datasets import co2, sunspots

from zoo import datasets


def sizes(parts):
    return [len(parts[split]) for split in ("train", "validation", "test")]


def test_sunspots_are_those_of_statsmodels_in_order(data_dir):
    parts, column = datasets.load_series("sunspots", data_dir=data_dir)
    assert column == "sunspots" and sizes(parts) == [216, 31, 62]
    expected = sunspots.load_pandas().data["SUNACTIVITY"]
    np.testing.assert_allclose(np.concatenate(list(parts.values())), expected, rtol=1e-6)
    rows = list(datasets.load("sunspots", "train", data_dir).as_numpy_iterator())
    assert [row["date"] for row in rows] == [str(year).encode() for year in range(1700, 2009)]


def test_a_week_without_a_measurement_of_co2_repeats_the_one_before(data_dir):
    parts, column = datasets.load_series("co2", "co2", data_dir)
    assert column == "co2" and sum(sizes(parts)) == 2284
    expected = co2.load_pandas().data["co2"]
    assert expected.isna().sum() == 59
    np.testing.assert_allclose(np.concatenate(list(parts.values())), expected.ffill(), rtol=1e-6)


def write(path, values, ending="\n"):
    rows = [f"{i:03d},{value},{-value}" for i, value in enumerate(values)]
    path.write_text(ending.join(["day, sales ,returns", *rows, ""]), encoding="utf-8-sig")
    return str(path)


@pytest.mark.parametrize("ending", ("\n", "\r\n"))
def test_own_columns_are_cut_in_order_of_time(tmp_path, ending):
    path = write(tmp_path / "mine.csv", range(1, 41), ending)
    parts, column = datasets.load_series(path, "sales")
    assert column == "sales" and sizes(parts) == [28, 4, 8]
    assert np.concatenate(list(parts.values())).tolist() == list(range(1, 41))
    parts, column = datasets.load_series(path)  # the last one if none is named
    assert column == "returns" and parts["test"][-1] == -40


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("day,sales\n", "is empty"),
        ("day,sales\n1,2\n2,\n3,4\n", "line 3: sales has a gap.* Received: ''"),
        ("day,sales\n1,2\n2, NaN\n", "line 3: sales has a gap.* Received: 'NaN'"),
        ("day,sales\n1,2\n\n3,4\n", "line 3: expected 2 columns, as in line 1. Received: 0"),
        ("day,sales\n1,few\n", "line 2: expected a number in sales. Received: 'few'"),
        ('day,sales\n1,"2,5"\n', "line 2: expected a number in sales. Received: '2,5'"),
        ("day,sales\n1,inf\n", "line 2: expected a number in sales. Received: 'inf'"),
        ("day,sales\n1,2,3\n", "line 2: expected 2 columns, as in line 1. Received: 3"),
        ('day,sales\n1,"2\n', "this is no CSV"),
        ("day,sale\n1,2\n", "Did you mean 'sale'.*Received: 'sales'"),
        (b"day,caf\xe9\n", "not UTF-8"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "mine.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_series(str(path), "sales" if "sale" in str(content) else "")
    assert str(path) in str(error.value) and not re.search(r"\n", str(error.value))


def test_a_dataset_that_is_no_series(data_dir):
    with pytest.raises(ValueError, match=r"cmudict has no numbers in order of time. Received: word"):
        datasets.load_series("cmudict", data_dir=data_dir)
    with pytest.raises(ValueError, match="Did you mean 'sunspots'"):
        datasets.load_series("sunspot", data_dir=data_dir)
    with pytest.raises(ValueError, match=r"column of sunspots.* Received: 'date'"):
        datasets.load_series("sunspots", "date", data_dir)
