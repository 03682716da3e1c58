"""Series of numbers: those that packages carry, ETTh1, and a person's own CSV."""

import datetime
import gzip
import re

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import co2, elnino, sunspots

from zoo import datasets
from zoo.datasets import numbers


def sizes(parts):
    return [len(parts[split]) for split in ("train", "validation", "test")]


def values_of(series, column=0):
    return np.concatenate([series.parts[split] for split in ("train", "validation", "test")])[:, column]


def test_sunspots_are_those_of_statsmodels_in_order(data_dir):
    (series,), columns, others = datasets.load_many_series("sunspots", data_dir=data_dir)
    assert (columns, others, sizes(series.parts)) == (["sunspots"], [], [216, 31, 62])
    expected = sunspots.load_pandas().data["SUNACTIVITY"]
    np.testing.assert_allclose(values_of(series), expected, rtol=1e-6)
    assert str(series.step) == "year" and str(series.times[-1]).startswith("2008-01-01")
    rows = list(datasets.load("sunspots", "train", data_dir).as_numpy_iterator())
    assert [row["date"] for row in rows] == [str(year).encode() for year in range(1700, 2009)]


def test_a_week_without_a_measurement_of_co2_repeats_the_one_before(data_dir):
    parts, column = datasets.load_series("co2", "co2", data_dir)
    (series,), columns, _ = datasets.load_many_series("co2", "co2", data_dir)
    assert column == "co2" and parts["train"].tolist() == series.parts["train"][:, 0].tolist()
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
    (series,), columns, _ = datasets.load_many_series(path, "sales")
    assert columns == ["sales"] and sizes(series.parts) == [28, 4, 8]
    assert values_of(series).tolist() == list(range(1, 41))
    (series,), columns, _ = datasets.load_many_series(path)  # the last one if none is named
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
        datasets.load_many_series(str(path), "sales" if "sale" in str(content) else "")
    assert str(path) in str(error.value) and not re.search(r"\n", str(error.value))


def test_a_dataset_that_is_no_series(data_dir):
    with pytest.raises(ValueError, match=r"digits has no numbers in order of time\. Received: image"):
        datasets.load_many_series("digits", data_dir=data_dir)
    with pytest.raises(ValueError, match="Did you mean 'sunspots'"):
        datasets.load_many_series("sunspot", data_dir=data_dir)
    with pytest.raises(ValueError, match=r"column of sunspots.* Received: 'date'"):
        datasets.load_many_series("sunspots", "date", data_dir)


# In order of time


def load(tmp_path, header, rows, column="", **options):
    """All numbers of a CSV in the order in which they are trained and tested on."""
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (series,), _, _ = datasets.load_many_series(path, column, **options)
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
    "%Y%m%d:%H%M",
    "%a %b %d %Y %H:%M:%S GMT+0100 (Central European Standard Time)",
)


@pytest.mark.parametrize("form", FORMS)
def test_the_newest_first_is_turned_round(tmp_path, form):
    rows = days(form)
    assert load(tmp_path, "date,sales", rows) == list(range(60))
    assert load(tmp_path, "date,sales", rows[::-1]) == list(range(60))
    assert load(tmp_path, "when,sales", rows[::-1]) == list(range(60))  # found by what it has


@pytest.mark.every(3)
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
        with pytest.raises(ValueError, match=r"such as the sum of its rows.*--series-column NAME"):
            load(tmp_path, "date,sales", several)


@pytest.mark.parametrize("freq", ["h", "15min", "W", "MS", "ME", "QE", "YS", "BME", "WOM-3FRI", "2MS"])
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


@pytest.mark.every(3)
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"]
)
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"])
def test_a_change_of_clocks_is_no_gap(tmp_path, zone, form):
    n = 24 * 200  # from fall to spring, and the other way round in Sydney
    rows = days(form, "h", n, "2023-10-01", zone)
    assert load(tmp_path, "date,sales", rows if "T" in form else rows[::-1]) == [*range(n)]
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
        ("date,hour,sales", "{0:%Y%m%d},{0.hour},{1}"),
        ("date,time,sales", "{0:%Y%m%d},{0:%H:%M},{1}"),
        ("date,time,sales", "{0:%Y-%m-%d},{0:%H%M},{1}"),
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
    "header",
    ["2024-01-10,10", "10", "1;5,2.5", "2024-01-10,-1e3", "2024-01-10,NaN", "2024-01-10,north,10"],
)
def test_a_csv_without_names(tmp_path, header):
    cells = ["2024-01-11", "south", "11"] if "north" in header else ["2024-01-11", "11"]
    rows = [",".join(cells[-1 - header.count(",") :])] * 40
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
        ("year,v", lambda i: f"{1900 + i if i < 59 else 'Mean'},{i}", "line 61.*Received: 'Mean'"),
        ("when,v", lambda i: f"{2024 + i // 12}-{i % 12 + 1 if i else 13},{i}", "line 2: if when.*13"),
    ],
)
def test_times_that_are_not_read_are_told(header, row, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([header, *map(row, range(60))]))
    with pytest.raises(ValueError, match=message):
        datasets.load_many_series(path)


@pytest.mark.parametrize(
    "cell", [lambda i: str(1 + (i + 4) % 12), lambda i: "abc"[i % 3], lambda i: str(i)]
)
def test_other_columns_do_not_matter(cell, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["month,v", *(f"{cell(i)},{i}" for i in range(60))]))
    assert datasets.load_many_series(path)[0][0].parts["train"][:, 0].tolist() == list(range(42))


def test_an_hour_of_utc_that_is_missing_is_no_change_of_clocks(tmp_path):
    path = tmp_path / "mine.csv"
    hours = [hour for hour in range(200) if hour != 100]
    start = np.datetime64("2023-03-01T22:00")  # the 100th hour is 2 o'clock on a Sunday
    rows = [f"{start + np.timedelta64(hour, 'h')}:00Z,{hour}\n" for hour in hours]
    path.write_text("date,v\n" + "".join(rows))
    with pytest.raises(ValueError, match="the usual step is 1 hour"):
        datasets.load_many_series(path)


# Formats


def rows_of_days(form="{0:%Y-%m-%d},{1}", n=60, freq="D"):
    return [
        form.format(time, i) for i, time in enumerate(pd.date_range("2024-01-01", periods=n, freq=freq))
    ]


@pytest.mark.parametrize(
    ("name", "header", "form"),
    [
        ("a.csv", "date,sales", "{0:%Y-%m-%d},{1}"),
        ("a.csv.gz", "date,sales", "{0:%Y-%m-%d},{1}"),
        ("a.tsv", "date\tsales", "{0:%Y-%m-%d}\t{1}"),
        ("a.csv", "Datum;Umsatz", "{0:%d.%m.%Y};{1},00"),
        ("a.csv", "date,sales", '{0:%Y-%m-%d},"${1}.00"'),
        ("a.csv", ",0", "{0:%Y-%m-%d},{1}"),  # as pandas writes a series
        ("a.jsonl", None, '{{"date": "{0:%Y-%m-%d}", "sales": {1}}}'),
    ],
)
def test_formats(tmp_path, name, header, form, capsys):
    text = "\n".join([*([header] if header else []), *rows_of_days(form)])
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "wt") as file:
        file.write(text)
    (series,), _, _ = datasets.load_many_series(tmp_path / name)
    assert values_of(series).tolist() == list(range(60))
    assert series.times[0] == np.datetime64("2024-01-01") and str(series.step) == "day"
    printed = capsys.readouterr().out
    assert printed.startswith(f"Read {tmp_path / name}: ") and printed.count("\n") == 1
    assert "one row every day, by" in printed and "--column names another" in printed
    assert ("with decimal commas" in printed) == (";" in str(header))


@pytest.mark.parametrize(
    ("cells", "form", "values"),
    [
        (["1.250,5", "12,25", "-3"], "CSV with semicolons", [1250.5, 12.25, -3]),
        (["1,250.5", "12.25", "\u22123"], "CSV", [1250.5, 12.25, -3]),
        (["1,250", "2,500"], "CSV", [1250, 2500]),
        (["1,250", "2,500"], "CSV with semicolons", [1.25, 2.5]),
        (["0,250", "2,500"], "CSV", [0.25, 2.5]),
        (["999", "1.012"], "CSV with semicolons", [999, 1012]),
        (["1.250", "1.012"], "CSV with semicolons", [1.25, 1.012]),
        (["1.234.567", "2.345.678"], "CSV with semicolons", [1234567, 2345678]),
        (["999", "1,000"], "TSV", [999, 1000]),
        (["1,250", "1,250.5"], "TSV", [1250, 1250.5]),
        (["100", "101.125", "99.875"], "JSON lines", [100, 101.125, 99.875]),
        (["100", "9.125"], "TSV", [100, 9.125]),
        (["1 250,5 €", "1\u00a0300"], "CSV", [1250.5, 1300]),
        (["1'250.5", "$7", "12.5%", "1e3"], "CSV", [1250.5, 7, 12.5, 1000]),
        (["True", "false"], "CSV", [1, 0]),
        (["5", "?", "NA", "6", "-999.9"], "CSV", [5, np.nan, np.nan, 6, np.nan]),
        (["-99", "-50", "3"], "CSV", [-99, -50, 3]),
    ],
)
def test_numbers_as_people_write_them(cells, form, values):
    read, _ = numbers.read_numbers("a.csv", pd.DataFrame({"v": cells}), form)
    np.testing.assert_allclose(read[:, 0], values)


def test_columns_of_whole_numbers_say_nothing_about_the_points_of_another_column():
    frame = pd.DataFrame({"sales": ["120", "130"], "price": ["9.125", "8.250"]})
    read, commas = numbers.read_numbers("a.csv", frame, "CSV with semicolons")
    assert read.tolist() == [[120, 9.125], [130, 8.25]] and not commas


def test_commas_that_may_be_decimal_are_refused():
    with pytest.raises(ValueError, match=r"a.tsv leaves open whether 1,250 means 1250 or 1.250"):
        numbers.read_numbers("a.tsv", pd.DataFrame({"v": ["1,250", "2,500"]}), "TSV")


def test_a_number_in_another_style_is_refused():
    with pytest.raises(ValueError, match=r"a.csv, line 1: expected a number in v. Received: '1.5'"):
        numbers.read_numbers("a.csv", pd.DataFrame({"v": ["2,75", "1.5"]}))


@pytest.mark.parametrize(
    ("header", "form", "freq", "step"),
    [
        ("Month,v", "{0:%b-%y},{1}", "MS", "month"),
        ("TIME_PERIOD,v", "{0:%Y}-Q{0.quarter},{1}", "QS", "quarter"),
        ("TIME_PERIOD,v", "{0:%G}-W{0:%V},{1}", "W-MON", "week"),
        ("year,period,v", "{0.year},M{0:%m},{1}", "MS", "month"),
        ("data source,ds,period,v", "a{1},{0:%Y-%m-%d},x,{1}", "D", "day"),
        ("year,quarter,v", "{0.year}.0,{0.quarter}.0,{1}", "QS", "quarter"),
        ("Date;Time;v", "{0:%d/%m/%Y};{0:%H.%M.%S};{1}", "h", "hour"),  # UCI's air quality
        ("No,year,month,day,hour,v", "{1},{0.year},{0.month},{0.day},{0.hour},{1}", "h", "hour"),
        ("date,hour,minute,v", "{0:%Y-%m-%d},{0.hour},{0.minute},{1}", "30min", "30 minutes"),
        ("year,month,day,hour,min,v", "{0:%Y,%m,%d,%H}:00,{0.minute},{1}", "15min", "15 minutes"),
        ("instant,dteday,yr,mnth,hr,v", "{1},{0:%Y-%m-%d},0,{0.month},{0.hour},{1}", "h", "hour"),
        ("Date,v", '"{0:%b %d, %Y}",{1}', "D", "day"),
        ("Date,v", "{0:%m/%d/%Y %I:%M %p},{1}", "15min", "15 minutes"),
        ("MTU,v", "{0:%d.%m.%Y %H:%M} - {0:%d.%m.%Y} 23:59,{1}", "h", "hour"),
        ("date,v", "{0:%Y%m%d%H},{1}", "h", "hour"),
    ],
)
def test_dates_of_public_files(tmp_path, header, form, freq, step):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, *rows_of_days(form, freq=freq)]))
    (series,), _, _ = datasets.load_many_series(path, "v")
    assert values_of(series).tolist() == list(range(60)) and str(series.step) == step
    expected = pd.date_range("2024-01-01", periods=60, freq=freq).to_numpy("datetime64[ms]")
    np.testing.assert_array_equal(series.times, expected)


def test_decimal_years_as_r_writes_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "\n".join(["rownames,time,v", *(f"{i},{1949 + i / 12:.6f},{i}" for i in range(60))])
    )
    (series,), _, _ = datasets.load_many_series(path)
    assert str(series.step) == "month" and series.times[13] == np.datetime64("1950-02")


def test_years_of_two_digits_are_not_in_the_future(tmp_path):
    path = tmp_path / "a.csv"
    months = pd.date_range("1954", periods=144, freq="MS")
    path.write_text("\n".join(["Month,v", *(f"{month:%b-%y},{i}" for i, month in enumerate(months))]))
    (series,), _, _ = datasets.load_many_series(path)
    assert series.times[0] == np.datetime64("1954-01")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_seconds_since_1970_in_a_column_of_any_name(tmp_path, unit):
    path = tmp_path / "a.csv"
    hours = pd.date_range("2024", periods=60, freq="h").to_numpy(f"datetime64[{unit}]").astype("int64")
    path.write_text("\n".join(["opened,v", *(f"{hour},{i}" for i, hour in enumerate(hours))]))
    (series,), _, _ = datasets.load_many_series(path)
    assert str(series.step) == "hour" and series.times[1] == np.datetime64("2024-01-01T01")


def test_a_column_with_one_date_has_no_times(tmp_path):
    rows = rows_of_days("15/01/24 23:00:00,{0:%Y-%m},{1}", freq="MS")
    assert load(tmp_path, "LAST UPDATE,TIME_PERIOD,v", rows[::-1]) == list(range(60))


@pytest.mark.parametrize(
    "above",
    [
        ["Category: All categories", "", ""],  # Google Trends
        ["# USE OF NOAA DATA", "# free to the public, and", '# Contact: "Xin"', "#"],
        ["Sales report,,", ",,"],  # a spreadsheet
        ["https://www.example.com"],
    ],
)
def test_lines_above_the_names_are_left_out(tmp_path, above, capsys):
    rows = rows_of_days("{0:%Y-%m-%d},{1},x")
    assert load(tmp_path, "\n".join([*above, "date,sales,note"]), rows) == list(range(60))
    number = f"{len(above)} line{'s' * (len(above) > 1)}"
    assert f"Left out {number} above the names of the columns." in capsys.readouterr().out
    with pytest.raises(ValueError, match=rf"line {len(above) + 5}: expected a number in sales"):
        load(
            tmp_path, "\n".join([*above, "date,sales,note"]), [*rows[:3], "2024-01-04,?4,x", *rows[4:]]
        )


def test_data_are_not_left_out_as_lines_above(tmp_path):
    rows = rows_of_days("{0:%Y-%m-%d},1,{1}")  # one column has no name
    with pytest.raises(ValueError, match=r"line 2: expected 2 columns, as in the first row"):
        load(tmp_path, "date,sales", rows)
    with pytest.raises(ValueError, match=r"line 1: expected the names of the columns"):
        load(tmp_path, rows[0], rows[1:])


def test_a_column_that_never_changes_is_not_forecast(tmp_path):
    rows = rows_of_days("{0:%Y-%m-%d},{1},0.0")
    assert load(tmp_path, "Date,Close,Splits", rows) == list(range(60))
    assert load(tmp_path, "Date,Close,Splits", rows, "Splits") == [0] * 60


def test_columns_between_spaces(tmp_path):
    with pytest.raises(
        ValueError, match=r"only one column.* separated by spaces, write commas: pandas"
    ):
        load(tmp_path, "# comment\n#    date   value", rows_of_days("{0:%Y-%m-%d}   {1}"))


def test_midnight_without_a_time(tmp_path):
    rows = [row.replace(" 00:00,", ",") for row in rows_of_days("{0:%d.%m.%Y %H:%M},{1}", freq="h")]
    assert load(tmp_path, "date,v", rows) == list(range(60))


def test_a_month_in_each_column(tmp_path):
    frame = elnino.load_pandas().data
    frame.to_csv(tmp_path / "a.csv", index=False)
    (series,), columns, _ = datasets.load_many_series(tmp_path / "a.csv")
    assert columns == ["value"] and str(series.step) == "month"
    np.testing.assert_allclose(values_of(series), frame.iloc[:, 1:].to_numpy().ravel())
    with (tmp_path / "a.csv").open("a") as file:
        file.write(f"mean{',1' * 12}\n")
    with pytest.raises(ValueError, match=r"line 63: expected a year in the first .* Received: 'mean'"):
        datasets.load_many_series(tmp_path / "a.csv")
    with pytest.raises(
        ValueError, match=r"times as names of columns: 1990, 1991, .*melt\(\['country'\]"
    ):
        load(tmp_path, f"country,{','.join(map(str, range(1990, 2010)))}", [f"A{',1' * 20}"])
    names = ",".join(f"d_{i}" for i in range(1, 21))
    with pytest.raises(ValueError, match=r"no times, and its steps as names of columns: d_1.*melt"):
        load(tmp_path, f"id,{names}", [f"A{i}{',1' * 20}" for i in range(9)])
    assert load(tmp_path, f"date,{names}", rows_of_days("{0:%Y-%m-%d}" + ",{1}" * 20))[-1] == 59


# Gaps


@pytest.mark.parametrize(
    ("fill", "values"),
    [("interpolate", [10, 11, 12]), ("previous", [9, 9, 9]), ("zero", [0, 0, 0])],
)
def test_gaps_are_filled_on_request(tmp_path, fill, values, capsys):
    rows = rows_of_days()
    rows = [*rows[:10], *rows[11:12], "2024-01-13,", *rows[13:]]  # a row is missing, and a value
    rows[10] = rows[10].replace(",11", ",NA")
    with pytest.raises(
        ValueError, match=r"line 12: sales has a gap, the first of 2.*--fill interpolate"
    ):
        load(tmp_path, "date,sales", rows)
    filled = load(tmp_path, "date,sales", rows, fill=fill)
    assert filled[10:13] == values and filled[:10] + filled[13:] == [*range(10), *range(13, 60)]
    assert f"Filled 3 missing values, --fill {fill}" in capsys.readouterr().out
    assert load(tmp_path, "date,sales", ["2023-12-31,", *rows_of_days()], fill="previous")[0] == 0
    assert "Left out 1 step before the first value" in capsys.readouterr().out


def test_codes_for_missing_values_are_told(tmp_path):
    rows = [f"{i},{-200 if i in (7, 9) else i}" for i in range(60)]
    with pytest.raises(
        ValueError, match=r"line 9.*Received: '-200', which seems to stand for a missing"
    ):
        load(tmp_path, "t,v", rows)


def test_times_beside_the_grid(tmp_path):
    times = [
        pd.Timestamp("2024-01-01") + pd.Timedelta(minutes=5 * i, seconds=i * i % 7) for i in range(60)
    ]
    rows = [f"{time},{i}" for i, time in enumerate(times)]
    with pytest.raises(ValueError, match=r"lines 2 and 3: .* usual step is 5 minutes.*--fill"):
        load(tmp_path, "time,v", rows)
    assert load(tmp_path, "time,v", rows, fill="zero") == list(range(60))
    with pytest.raises(ValueError, match=r"one row for each step, such as the sum of each day"):
        load(tmp_path, "time,v", [f"{time * 1000},{i}" for i, time in enumerate([1, 5, 6, 20, 90, 91])])


def test_working_days_with_holidays(tmp_path, capsys):
    days = pd.bdate_range("2023-01-02", periods=300).delete([10, 50, 51, 150])
    rows = [f"{time:%m/%d/%Y},{i}" for i, time in enumerate(days)]
    assert load(tmp_path, "Date,Close", rows) == list(range(296))
    assert "one row every working day" in (printed := capsys.readouterr().out)
    assert (
        "Left out 4 working days without a row as holidays, the first one after 01/13/2023" in printed
    )
    filled = load(tmp_path, "Date,Close", rows, fill="previous")
    assert len(filled) == 300 and filled[49:53] == [48, 48, 48, 49]
    days = days.delete(range(100, 120))  # no holidays
    with pytest.raises(ValueError, match="the usual step is 1 working day"):
        load(tmp_path, "Date,Close", [f"{time:%m/%d/%Y},{i}" for i, time in enumerate(days)])


# Several columns and series


STORES = [
    f"{t:%Y-%m-%d},{s},{i + 100 * j},{i % 2}"
    for i, t in enumerate(pd.date_range("2024", periods=50))
    for j, s in enumerate(("north", "south"))
]


def test_several_columns_and_series(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["date,store,sales,promo", *STORES]))
    with pytest.raises(ValueError, match=r"lines 2 and 3: .*--series-column store"):
        datasets.load_many_series(path)
    series, columns, inputs = datasets.load_many_series(
        path, "sales", inputs="promo", series_column="store", split="0.5,0.3,0.2"
    )
    assert (columns, inputs) == (["sales"], ["promo"]) and [one.name for one in series] == [
        "north",
        "south",
    ]
    for i, one in enumerate(series):
        assert sizes(one.parts) == [25, 15, 10]  # each is split by itself
        assert values_of(one).tolist() == [n + 100 * i for n in range(50)]
        assert values_of(one, 1).tolist() == [n % 2 for n in range(50)]
    assert "2 series by store" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"Use load_many_series\. Received: 2 series of 1 columns"):
        datasets.load_series(path, "sales", series_column="store")
    _, columns, _ = datasets.load_many_series(path, "promo, sales", series_column="store")
    assert columns == ["promo", "sales"]
    path.write_text("\n".join(["date,store,sales,promo", *STORES[:60], *STORES[61::2]]))  # one ends
    with pytest.raises(ValueError, match=r"lines 2 and 3: .*--series-column store"):
        datasets.load_many_series(path, fill="previous")
    path.write_text("\n".join(["date,store,store,sales", *STORES]))
    with pytest.raises(ValueError, match="--series-column store, or"):  # two columns with one name
        datasets.load_many_series(path)
    items = [f"{row},{item}" for row in STORES for item in "xy"]
    path.write_text("\n".join(["date,store,sales,promo,item", *items]))
    with pytest.raises(ValueError, match="--series-column store,item"):
        datasets.load_many_series(path, "sales")
    assert len(datasets.load_many_series(path, "sales", series_column="store,item")[0]) == 4
    path.write_text("\n".join(["date,store,sales,promo", *STORES[:40], *STORES[42:]]))
    with pytest.raises(ValueError, match=r"series north, lines 40 and 42: date goes from"):
        datasets.load_many_series(path, "sales", series_column="store")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": "promos"}, "Did you mean 'promo'.*Received: 'promos'"),
        ({"series_column": "stores"}, "Did you mean 'store'"),
        ({"inputs": "store"}, "line 2: expected a number in store. Received: 'north'"),
        ({"fill": "linear"}, "Unknown --fill. Available: 'interpolate', 'previous', 'zero'"),
        ({"split": "0.8,0.1"}, "--split must be the shares .* Received: '0.8,0.1'"),
        ({"split": "0.8,0.1,0.2"}, "which add up to 1"),
    ],
)
def test_flags_that_do_not_fit(tmp_path, options, message):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["date,store,sales,promo", *STORES]))
    with pytest.raises(ValueError, match=message):
        datasets.load_many_series(path, "sales", **{"series_column": "store"} | options)


def test_a_part_that_would_be_empty(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("date,sales\n" + "".join(f"2024-01-0{day},{day}\n" for day in range(1, 4)))
    with pytest.raises(ValueError, match=r"validation part has 0 of 3 steps.*--split"):
        datasets.load_many_series(path)
    (series,), _, _ = datasets.load_many_series(path, split="0.34,0.33,0.33")
    assert [len(part) for part in series.parts.values()] == [1, 1, 1]
