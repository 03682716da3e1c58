"""Series of numbers: those that packages carry, ETTh1, and a person's own CSV."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import co2, sunspots

from zoo import datasets


def sizes(parts):
    return [len(parts[split]) for split in ("train", "validation", "test")]


def values_of(series, column=0):
    return np.concatenate([series.parts[split] for split in ("train", "validation", "test")])[:, column]


def test_sunspots_are_those_of_statsmodels_in_order(data_dir):
    (series,), columns, others = datasets.load_series("sunspots", data_dir=data_dir)
    assert (columns, others, sizes(series.parts)) == (["sunspots"], [], [216, 31, 62])
    expected = sunspots.load_pandas().data["SUNACTIVITY"]
    np.testing.assert_allclose(values_of(series), expected, rtol=1e-6)
    assert str(series.step) == "year" and str(series.times[-1]).startswith("2008-01-01")
    rows = list(datasets.load("sunspots", "train", data_dir).as_numpy_iterator())
    assert [row["date"] for row in rows] == [str(year).encode() for year in range(1700, 2009)]


def test_a_week_without_a_measurement_of_co2_repeats_the_one_before(data_dir):
    (series,), columns, _ = datasets.load_series("co2", "co2", data_dir)
    assert columns == ["co2"] and sum(sizes(series.parts)) == 2284 and str(series.step) == "week"
    expected = co2.load_pandas().data["co2"]
    assert expected.isna().sum() == 59
    np.testing.assert_allclose(values_of(series), expected.ffill(), rtol=1e-6)


def write(path, values, ending="\n"):
    rows = [f"{i:03d},{value},{-value}" for i, value in enumerate(values)]
    path.write_text(ending.join(["day, sales ,returns", *rows, ""]), encoding="utf-8-sig")
    return str(path)


@pytest.mark.parametrize("ending", ("\n", "\r\n"))
def test_own_columns_are_cut_in_order_of_time(tmp_path, ending):
    path = write(tmp_path / "mine.csv", range(1, 41), ending)
    (series,), columns, _ = datasets.load_series(path, "sales")
    assert columns == ["sales"] and sizes(series.parts) == [28, 4, 8]
    assert values_of(series).tolist() == list(range(1, 41))
    (series,), columns, _ = datasets.load_series(path)  # the last one if none is named
    assert columns == ["returns"] and values_of(series)[-1] == -40


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("day,sales\n", "is empty"),
        ("day,sales\n1,2\n2,\n3,4\n", "line 3: sales has a gap.* Received: ''"),
        ("day,sales\n1,2\n2, NaN\n", "line 3: sales has a gap.* Received: 'NaN'"),
        ("day,sales\n1,2\n\n3,4\n4,5\n5,6\n", "lines 2 and 4: day goes from '1' to '3', but the usual"),
        ("day,sales\n1,few\n", "line 2: expected a number in sales. Received: 'few'"),
        ("day,sales\n1,inf\n", "line 2: expected a number in sales. Received: 'inf'"),
        ("day,sales\n1,2,3\n", "line 2: expected 2 columns, as in the first row. Received: 3"),
        ('day,sales\n1,"2\n', "line 2: a quote opens a cell and never closes"),
        ("day,sales,sales\n1,2,3\n", "has 2 columns with the name 'sales': rename"),
        ("day,sale\n1,2\n", "Did you mean 'sale'.*Received: 'sales'"),
        (b"day,caf\xe9\n", "line 1: this is not utf-8 text.*--encoding"),
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


# In order of time


def load(tmp_path, header, rows, column="", **options):
    """All numbers of a CSV in the order in which they are trained and tested on."""
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (series,), _, _ = datasets.load_series(path, column, **options)
    return values_of(series).tolist()


def days(form="%Y-%m-%d", freq="D", n=60, start="2023-12-01", tz=None):
    times = pd.date_range(start, periods=n, freq=freq, tz=tz)
    return [f"{time.strftime(form)},{i}" for i, time in enumerate(times)]


FORMS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%Y%m%d",
    "%d-%b-%y",
    "%d %B %Y",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S.%f",
)


@pytest.mark.parametrize("form", FORMS)
def test_the_newest_first_is_turned_round(tmp_path, form):
    rows = days(form)
    assert load(tmp_path, "date,sales", rows) == list(range(60))
    assert load(tmp_path, "date,sales", rows[::-1]) == list(range(60))
    assert load(tmp_path, "when,sales", rows[::-1]) == list(range(60))  # found by what it has


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_are_missing_twice_or_out_of_order(tmp_path, form, capsys):
    rows = days(form)
    first, last = (rows[i].split(",")[0] for i in (29, 33))
    for some, lines in (
        (rows[:30] + rows[33:], "31 and 32"),
        ((rows[:30] + rows[33:])[::-1], "28 and 29"),
    ):
        with pytest.raises(ValueError, match=rf"lines {lines}: .*the usual step is 1 day\.") as error:
            load(tmp_path, "date,sales", some)
        assert repr(first) in str(error.value) and repr(last) in str(error.value)
    with pytest.raises(ValueError, match=r"lines 32 and 62: date is .* in both\..*--fill previous"):
        load(tmp_path, "date,sales", [*rows, rows[30]])
    assert load(tmp_path, "date,sales", [*rows, rows[30]], fill="previous") == list(range(60))
    swapped = [*rows[:30], rows[31], rows[30], *rows[32:]]
    assert load(tmp_path, "date,sales", swapped) == list(range(60))
    assert "Sorted the rows by date, because line 33 is older than the one" in capsys.readouterr().out
    for several in (rows * 2, [row for row in rows for _ in range(3)]):
        with pytest.raises(ValueError, match=r"seems to have several series.*--series-column NAME"):
            load(tmp_path, "date,sales", several)


@pytest.mark.parametrize(
    "freq", ["h", "15min", "W", "MS", "ME", "QE", "YS", "BME", "WOM-3FRI", "2MS"]
)
def test_steps_of_the_calendar_are_even(tmp_path, freq):
    rows = days("%Y-%m-%d %H:%M", freq)
    for some in (rows, rows[::-1]):
        assert load(tmp_path, "date,sales", some) == list(range(60))
    with pytest.raises(ValueError, match=r"lines 41 and 42: date goes from"):
        load(tmp_path, "date,sales", rows[:40] + rows[42:])


def test_the_same_day_of_each_month_is_even(tmp_path):
    for day in (1, 15, 31):
        months = [pd.Timestamp(2023, 1, day) + pd.DateOffset(months=i) for i in range(40)]
        for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"):
            rows = [f"{time.strftime(form)},{i}" for i, time in enumerate(months)]
            assert load(tmp_path, "date,sales", rows) == list(range(40))
    for form in ("%Y-%m", "%Y%m", "%b %Y", "%m/%Y"):
        assert load(tmp_path, "month,sales", days(form, "MS")[::-1]) == list(range(60))
    quarters = [f"{2000 + i // 4}Q{i % 4 + 1},{i}" for i in range(40)]
    assert load(tmp_path, "date,sales", quarters[::-1]) == list(range(40))


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"]
)
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"])
def test_a_change_of_clocks_is_no_gap(tmp_path, zone, form):
    rows = days(form, "h", 24 * 366, tz=zone)
    for some in (rows, rows[::-1]):
        assert load(tmp_path, "date,sales", some) == list(range(24 * 366))
    with pytest.raises(ValueError, match=r"lines 3001 and 3002: .* the usual step is 1 hour\."):
        load(tmp_path, "date,sales", rows[:3000] + rows[3001:])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("year,month,sales", "{0.year},{0.month},{1}"),
        ("Year,Month,sales", "{0:%Y,%b},{1}"),
        ("year,month,day,sales", "{0:%Y,%m,%d},{1}"),
        ("date,time,sales", "{0:%d/%m/%Y,%H:%M},{1}"),
        ("date,hour,sales", "{0:%Y-%m-%d},{0.hour},{1}"),
        ("date,month,sales", "{0:%Y-%m-%d %H:%M},{0.month},{1}"),
    ],
)
def test_parts_of_a_date_in_columns_of_their_own(tmp_path, header, row):
    freq = "h" if "{0.hour}" in row or "%H" in row else "D" if "day" in header else "MS"
    times = pd.date_range("2023-11-01", periods=60, freq=freq)
    rows = [row.format(time, i) for i, time in enumerate(times)]
    assert load(tmp_path, header, rows[::-1]) == list(range(60))
    with pytest.raises(ValueError, match=r"lines 41 and 42: .* the usual step is 1 (month|day|hour)"):
        load(tmp_path, header, rows[:40] + rows[41:])


@pytest.mark.parametrize(
    ("header", "times"),
    [
        ("year,sales", range(1950, 2010)),
        ("Jahr,sales", range(1950, 2010)),
        ("Rok,sales", range(1950, 2010)),  # a name that is not known: years in the first column
        ("t,sales", np.arange(60) / 10),
        (",sales", range(60)),
        ("timestamp,sales", range(1_700_000_000, 1_700_000_000 + 60 * 3600, 3600)),
    ],
)
def test_years_and_step_numbers(tmp_path, header, times):
    rows = [f"{time},{i}" for i, time in enumerate(times)]
    for some in (rows, rows[::-1]):
        assert load(tmp_path, header, some) == list(range(60))
    if "Rok" not in header:
        with pytest.raises(ValueError, match=r"lines 41 and 42: .* the usual step is"):
            load(tmp_path, header, rows[:40] + rows[41:])
        with pytest.raises(ValueError, match="in both"):
            load(tmp_path, header, [*rows, rows[0]])


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("hour,sales", lambda i: i % 24),
        ("month,sales", lambda i: i % 12 + 1),
        ("temperature,sales", lambda i: i * i % 7),
        ("shop,sales", lambda i: f"A{i % 5}"),
    ],
)
def test_other_columns_are_no_times(tmp_path, header, cell):
    assert load(tmp_path, header, [f"{cell(i)},{i}" for i in range(60)]) == list(range(60))


@pytest.mark.parametrize("bad", ["", "2024-13-45", "soon", "12"])
def test_a_time_that_cannot_be_read(tmp_path, bad):
    rows = days()
    with pytest.raises(ValueError, match=rf"line 22: cannot read the time in date.* Received: '{bad}'"):
        load(tmp_path, "date,sales", [*rows[:20], f"{bad},20", *rows[21:]])
    with pytest.raises(ValueError, match=r"line 2: cannot read the time in date.* Received: 'Week 0'"):
        load(tmp_path, "date,sales", [f"Week {i},{i}" for i in range(60)])


def test_lines_are_those_of_the_file(tmp_path):
    rows = [f'{day},"a\nb",{i}' for i, (day, i) in enumerate(row.split(",") for row in days())]
    with pytest.raises(ValueError, match="lines 40 and 42"):  # each row has two
        load(tmp_path, "date,note,sales", rows[:20] + rows[21:])


def test_dates_without_pandas(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    rows = [f"{datetime.date(2024, 1, 1) + datetime.timedelta(i)},{i}" for i in range(60)]
    with pytest.raises(
        ValueError, match="need the package pandas: install rnn-zoo with its extra 'recipes'"
    ):
        load(tmp_path, "date,sales", rows)


# Names of columns


def test_the_last_column_of_two_with_one_name(tmp_path):
    rows = [f"{i},{i},{1000 + i}" for i in range(40)]
    assert load(tmp_path, "day,value,value", rows)[0] == 1000
    assert load(tmp_path, "day,day,value", rows)[0] == 1000


def test_commas_at_the_end_of_each_line(tmp_path):
    rows = [f"{i},{i},," for i in range(40)]
    assert load(tmp_path, "day,value,,", rows) == list(range(40))
    assert load(tmp_path, "day,value,,", rows, "value") == list(range(40))
    with pytest.raises(ValueError, match=r"The last column of .* has no name"):
        load(tmp_path, "day,", [f"{i},x" for i in range(40)])


@pytest.mark.parametrize(
    "header", ["2024-01-10,10", "10", "1;5,2.5", "2024-01-10,-1e3", "2024-01-10,NaN"]
)
def test_a_csv_without_names(tmp_path, header):
    rows = [",".join(["2024-01-11", "11"][-1 - header.count(",") :])] * 40
    with pytest.raises(ValueError, match=r"line 1: expected the names of the columns"):
        load(tmp_path, header, rows)


def test_a_year_as_the_name_of_a_column(tmp_path):
    assert len(load(tmp_path, "date,2024", days(), "2024")) == 60


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("Monat,v", lambda i: f"Dezember {2019 - i},{i}", "if monat has the times of the rows"),
        ("id,v", lambda i: f"{100 - i},{i}", "id falls from each row to the next"),
        ("MESS_DATUM,v", lambda i: f"{2024013123 - i},{i}", "falls from each row to the next"),
        ("store,week,v", lambda i: f"{'AB'[i // 30]},{1 + i % 30},{i}", "several series"),
    ],
)
def test_times_that_are_not_read_are_told(header, row, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([header, *map(row, range(60))]))
    with pytest.raises(ValueError, match=message):
        datasets.load_series(path)


@pytest.mark.parametrize(
    "cell", [lambda i: str(1 + (i + 4) % 12), lambda i: "abc"[i % 3], lambda i: str(i)]
)
def test_other_columns_do_not_matter(cell, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["month,v", *(f"{cell(i)},{i}" for i in range(60))]))
    assert datasets.load_series(path)[0][0].parts["train"][:, 0].tolist() == list(range(42))


def test_an_hour_of_utc_that_is_missing_is_no_change_of_clocks(tmp_path):
    path = tmp_path / "mine.csv"
    hours = [hour for hour in range(200) if hour != 100]
    start = np.datetime64("2023-03-01T22:00")  # the 100th hour is 2 o'clock on a Sunday
    rows = [f"{start + np.timedelta64(hour, 'h')}:00Z,{hour}\n" for hour in hours]
    path.write_text("date,v\n" + "".join(rows))
    with pytest.raises(ValueError, match="the usual step is 1 hour"):
        datasets.load_series(path)
