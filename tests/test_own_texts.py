"""Users' own texts with labels: every format, every name of a split, every kind of damage."""

import gzip
import json

import numpy as np
import pytest

import zoo
from zoo.datasets import load_texts
from zoo.datasets.files import ending_of
from zoo.datasets.splitting import split_by_hash

ROWS = [(f"text, number {i}", ("bad", "good")[i % 2]) for i in range(60)]
TSV = "".join(f"{label}\t{text}\n" for text, label in ROWS)
CSV = "".join(f'{i},{label},"{text}"\n' for i, (text, label) in enumerate(ROWS))
LINES = "".join(f"{label} {text}\n" for text, label in ROWS)
FASTTEXT = "".join(f"__label__{label} {text}\n" for text, label in ROWS)
JSONL = "".join(json.dumps({"stars": label, "text": text}) + "\n" for text, label in ROWS)
DOCCANO = "".join(json.dumps({"data": text, "label": [label]}) + "\n" for text, label in ROWS)


def write(path, content, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def write_classes(folder, *names, ending=".txt", n=40):
    for name in names:
        for i in range(n):
            write(folder / name / f"{i}{ending}", f"text {i} of {name}\n")
    return folder


def counts(splits):
    return [len(texts) for texts, _ in splits.values()]


def pairs(splits, names):
    return [
        (split, text, names[label])
        for split, (texts, labels) in splits.items()
        for text, label in zip(texts, labels, strict=True)
    ]


# Formats


@pytest.fixture
def expected(tmp_path):
    return pairs(*load_texts(write(tmp_path / "expected.tsv", TSV)))


@pytest.mark.parametrize(
    ("name", "content", "how"),
    [
        ("a.tsv", TSV, "TSV without a header, label in column 1, text in column 2"),
        ("a.csv", CSV, "CSV without a header, label in column 2, text in column 3"),
        (
            "a.csv",
            f"nr,mood,review\n{CSV}",
            "CSV with a header, label in column 'mood', text in column",
        ),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0), "CSV without a header"),
        (
            "a.txt",
            "".join(f"{text};{label}\n" for text, label in ROWS),
            "CSV with semicolons without a",
        ),
        ("a.jsonl", JSONL, "JSON lines, label in 'stars', text in 'text'"),
        ("a.txt", LINES, "lines of a label, a space and a text"),
        ("a.txt", f"label text\n{LINES}", "lines of a label, a space and a text"),
        ("a.txt", LINES.replace("d ", "d: "), "lines of a label, a space and a text"),
        ("train_60.label", LINES, "lines of a label, a space and a text"),
        ("a.ft.txt", FASTTEXT, "lines of a label, a space and a text"),
        ("a.train", f"{LINES}good \n\n", "lines of a label, a space and a text. Skipped 1 empty text."),
        ("a.tsv", f"{TSV}bad\t \ngood\t\u200b\n", "Skipped 2 empty texts."),
        ("a.csv", f"nr,mood,review\n{CSV}60,,\n", "'review'. Skipped 1 empty text."),
        ("a.jsonl", DOCCANO, "JSON lines, label in 'label', text in 'data'"),
    ],
)
def test_the_format_does_not_change_rows_or_order(tmp_path, expected, capsys, name, content, how):
    assert pairs(*load_texts(write(tmp_path / name, content))) == expected
    (printed,) = capsys.readouterr().out.splitlines()
    assert printed.startswith(f"Read {tmp_path / name}: ") and how in printed


def test_folders_of_classes_have_the_same_rows_and_order(tmp_path, expected, capsys):
    for i, (text, label) in enumerate(ROWS):
        write(tmp_path / "all" / label / str(i), f"{text}\n")
    assert pairs(*load_texts(tmp_path / "all")) == expected
    assert "all: a folder for each of 2 classes.\n" in capsys.readouterr().out


def test_a_single_file_is_split_by_hash(expected):
    assert {text: label for _, text, label in expected} == dict(ROWS)
    assert all(split_by_hash(text) == split for split, text, _ in expected)


def test_equal_texts_with_other_labels_keep_their_order(tmp_path):
    rows = [*ROWS, *((text, "mixed") for text, _ in ROWS[::3])]
    both = []
    for some in (rows, rows[::-1]):
        lines = "".join(f"{label}\t{text}\n" for text, label in some)
        both.append(pairs(*load_texts(write(tmp_path / "a.tsv", lines))))
    assert both[0] == both[1] and len(both[0]) == 80


def test_columns_that_the_user_chooses(tmp_path):
    lines = [f'{i % 4 + 1},"Title of {i}","The news of {i}, in full"\n' for i in range(60)]
    path = write(tmp_path / "news.csv", "".join(lines))
    with pytest.raises(zoo.InputError, match=r"which column has the text\? .*--text-column NAME"):
        load_texts(path)
    splits, names = load_texts(path, text_column="3", label_column="1")
    assert names == ["1", "2", "3", "4"] and sum(counts(splits)) == 60
    assert "The news of 0, in full" in [text for _, text, _ in pairs(splits, names)]
    path = write(tmp_path / "b.csv", "topic,title,body\n" + "".join(lines))
    splits, names = load_texts(path, text_column="title")
    assert names == ["1", "2", "3", "4"] and splits["train"][0][0].startswith("Title of")


def test_names_of_columns_may_be_empty(tmp_path, capsys):
    lines = [f"{'ham' if i % 3 else 'spam'},See you at {i},{'!' * (i == 9)},,\n" for i in range(60)]
    splits, names = load_texts(write(tmp_path / "spam.csv", "v1,v2,,,\n" + "".join(lines)))
    assert names == ["ham", "spam"] and sum(counts(splits)) == 60
    assert "label in column 'v1', text in column 'v2'.\n" in capsys.readouterr().out


def test_encodings(tmp_path):
    path = write(tmp_path / "a.tsv", TSV.replace("text", "café"), "latin-1")
    with pytest.raises(zoo.InputError, match=r"a.tsv, line 1: this is not utf-8 text.*--encoding"):
        load_texts(path)
    assert all(text.startswith("café") for text in load_texts(path, encoding="latin-1")[0]["train"][0])
    write_classes(tmp_path / "all", "good", "bad")
    write(tmp_path / "all" / "bad" / "x", "café", "latin-1")
    with pytest.raises(zoo.InputError, match=r"bad/x, line 1: this is not utf-8 text.*--encoding"):
        load_texts(tmp_path / "all")
    load_texts(tmp_path / "all", encoding="latin-1")


def test_texts_and_labels_are_normalized(tmp_path):
    body = "".join(f"{label}\tcafe\u0301\xa0{text}\n" for text, label in ROWS)
    other = "".join(f"{label}\u200b \tli\xadne {text}\x00\n" for text, label in ROWS)
    splits, names = load_texts(write(tmp_path / "a.tsv", f"\ufeff{body}\ufeff{other}"))
    assert names == ["bad", "good"]
    texts = {text for _, text, _ in pairs(splits, names)}
    assert texts == {f"{word} {text}" for text, _ in ROWS for word in ("café", "line")}


# Files of splits


@pytest.mark.parametrize(
    "names",
    [
        ("TRAIN.TSV", "validation.tsv", "test.tsv"),
        ("train.tsv", "Dev.Tsv", "test.tsv.gz"),
        ("reviews_train.csv", "reviews_val.csv", "reviews_test.csv"),
        ("train.csv", "valid.csv.gz", "test.jsonl"),
        ("stsa.binary.train", "stsa.binary.dev", "stsa.binary.test"),
        ("train_5500.label", "dev.label", "test.label"),
    ],
)
def test_names_of_the_splits(tmp_path, names):
    contents = {".csv": f"nr,stars,text\n{CSV}", ".jsonl": JSONL, ".tsv": f"stars\ttext\n{TSV}"}
    for name, n in zip(names, (60, 10, 6), strict=True):
        ending = ending_of(name)
        lines = contents.get(ending, LINES).splitlines(keepends=True)
        content = "".join(lines[: n + (ending in (".csv", ".tsv"))]).encode()
        write(tmp_path / name, gzip.compress(content) if name.endswith(".gz") else content)
    (tmp_path / "README.md").write_text("of no concern")
    assert counts(load_texts(tmp_path)[0]) == [60, 10, 6]


def test_files_that_would_not_be_read(tmp_path):
    write(tmp_path / "train.tsv", TSV)
    write(tmp_path / "extra.tsv", TSV)
    with pytest.raises(zoo.InputError, match=r"extra.tsv would not be read, because its name does not"):
        load_texts(tmp_path)
    (tmp_path / "extra.tsv").rename(tmp_path / "my_train.tsv")
    with pytest.raises(zoo.InputError, match=r"has the train split twice: my_train.tsv, train.tsv"):
        load_texts(tmp_path)


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("id,text\n1,what is this\n", "it has no column 'target'"),
        ("id,text,target\n1,what is this,\n2,and that,\n", "its labels are hidden"),
        ("id,text,target\n1,what is this,-1\n2,and that,-1\n", "its labels are hidden"),
        ("id,text,target\n1,what is this,NaN\n2,and that,?\n", "its labels are hidden"),
    ],
)
def test_a_test_file_without_labels_is_not_the_test_split(tmp_path, capsys, test, reason):
    write(tmp_path / "train.csv", f"id,target,text\n{CSV}")
    write(tmp_path / "test.csv", test)
    write(tmp_path / "sample_submission.csv", "id,target\n1,good\n")
    splits, names = load_texts(tmp_path)
    assert {text for _, text, _ in pairs(splits, names)} == {text for text, _ in ROWS}
    assert f"'text'. test.csv is not used, because {reason}.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("test.tsv", "what is this\n", r"test.tsv has no column 'target', as train.csv has"),
        ("dev.csv", "good,what is this\n", r"dev.csv has no column 'target', .* or move it out"),
    ],
)
def test_files_that_do_not_fit_the_training_file(tmp_path, name, content, message):
    write(tmp_path / "train.csv", f"id,target,text\n{CSV}")
    write(tmp_path / name, content)
    with pytest.raises(zoo.InputError, match=message):
        load_texts(tmp_path)


def test_texts_and_labels_in_two_files(tmp_path):
    for name in ("train_text.txt", "train_labels.txt", "mapping.txt"):
        write(tmp_path / name, "0\n")
    with pytest.raises(zoo.InputError, match=r"in two files.* train_labels.txt, train_text.txt"):
        load_texts(tmp_path)


def test_a_split_with_another_ending_is_not_ignored(tmp_path):
    for name in ("train.tsv", "test.txt"):
        (tmp_path / name).write_text("pos\tfine\nneg\tbad\n" * 20)
    with pytest.raises(zoo.InputError, match=r"test\.txt would not be read, because train\.tsv has"):
        load_texts(tmp_path)
    (tmp_path / "test.txt").rename(tmp_path / "greatest.tsv")  # no name of a split
    with pytest.raises(zoo.InputError, match=r"greatest\.tsv would not be read, because its name"):
        load_texts(tmp_path)


def test_a_file_of_unknown_split_is_not_ignored(tmp_path):
    for name in ("train_5500.label", "TREC_10.label"):
        write(tmp_path / name, LINES)
    with pytest.raises(zoo.InputError, match=r"TREC_10.label would not be read"):
        load_texts(tmp_path)


def test_it_says_that_validation_becomes_the_test_split(tmp_path, capsys):
    write(tmp_path / "train.tsv", TSV)
    write(tmp_path / "dev.tsv", "".join(f"good\tother {i}\n" for i in range(9)))
    splits, _ = load_texts(tmp_path)
    assert sorted(splits["test"][0]) == [f"other {i}" for i in range(9)]
    assert (
        "has no test split, so its validation split is used as the test split.\n"
        in capsys.readouterr().out
    )


def test_it_says_how_many_texts_are_in_two_splits(tmp_path, capsys):
    write(tmp_path / "train.tsv", TSV)
    write(tmp_path / "dev.tsv", "".join(f"good\tother {i}\n" for i in range(9)))
    write(tmp_path / "test.tsv", f"{''.join(TSV.splitlines(keepends=True)[:7])}bad\tnew\n")
    load_texts(tmp_path)
    assert "column 2. 7 of 8 test texts are also in training, so" in capsys.readouterr().out


def test_splits_of_other_formats(tmp_path):
    lines = LINES.splitlines(keepends=True)
    for name, some in {"train": lines[:40], "dev": lines[40:50], "test": lines[50:]}.items():
        content = "".join(some)
        write(tmp_path / f"{name}.txt", content.replace("d ", "d\t") if name == "dev" else content)
    assert counts(load_texts(tmp_path)[0]) == [40, 10, 10]


def test_rare_labels_stay_in_training(tmp_path):
    lines = [f"rare{i}\ta single text {i}\n" for i in range(9)]
    splits, names = load_texts(write(tmp_path / "a.tsv", TSV + "".join(lines)))
    assert len(names) == 11 and set(splits["train"][1]) == set(range(11))
    write(tmp_path / "all" / "train.tsv", TSV + "".join(lines))
    write(tmp_path / "all" / "test.tsv", TSV)
    assert counts(load_texts(tmp_path / "all")[0])[2] == 60
    write(tmp_path / "all" / "test.tsv", TSV + "mixed\thm\n")
    with pytest.raises(zoo.InputError, match=r"test split .* mixed. Labels in training: bad, good"):
        load_texts(tmp_path / "all")


# Folders of classes


@pytest.mark.parametrize("train", ["train", "Train", "20news-bydate-train"])
@pytest.mark.parametrize("ending", ["", ".txt", ".TXT", ".md"])
def test_folders_of_the_splits(tmp_path, train, ending):
    for name in (train, train.replace("rain", "est").replace("T", "t")):
        write_classes(tmp_path / name, "alt.atheism", "sci.space", ending=ending, n=20)
    (tmp_path / "notes.txt").write_text("of no concern")
    splits, names = load_texts(tmp_path)
    assert names == ["alt.atheism", "sci.space"] and counts(splits)[2] == 40
    assert sum(counts(splits)) == 80
    write_classes(tmp_path / "extra", "good")
    with pytest.raises(zoo.InputError, match=r"extra would not be read"):
        load_texts(tmp_path)


def test_folders_that_are_no_classes(tmp_path):
    write_classes(tmp_path, "good", "bad", ".ipynb_checkpoints", ".git", "__MACOSX", "_old")
    write_classes(tmp_path, "mid", ending="")
    (tmp_path / "good" / ".ipynb_checkpoints").mkdir()
    for name in (".DS_Store", "Thumbs.db", "._1.txt", "desktop.ini"):
        (tmp_path / "good" / name).write_bytes(b"\xff")
    (tmp_path / "README").write_text("beside the classes")
    splits, names = load_texts(tmp_path)
    assert names == ["bad", "good", "mid"] and sum(counts(splits)) == 120


def test_reviews_without_a_label_are_no_class(tmp_path, capsys):
    write_classes(tmp_path / "train", "neg", "pos", "unsup")
    write_classes(tmp_path / "test", "neg", "pos")
    for name in ("labeledBow.feat", "urls_pos.txt"):
        (tmp_path / "train" / name).touch()
    splits, names = load_texts(tmp_path)
    assert names == ["neg", "pos"] and counts(splits)[2] == 80 and sum(counts(splits)) == 160
    assert "The texts in unsup have no label and are not used." in capsys.readouterr().out


def test_a_class_may_be_called_train(tmp_path):
    write_classes(tmp_path, "train", "bus")
    assert load_texts(tmp_path)[1] == ["bus", "train"]


def test_empty_files_are_skipped(tmp_path, capsys):
    write_classes(tmp_path, "good", "bad")
    write(tmp_path / "good" / "empty.txt", " \n")
    assert sum(counts(load_texts(tmp_path)[0])) == 80
    assert "2 classes. Skipped 1 empty text.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("good/more/1.txt", r"good/more is a folder inside the folder of a class. Expected only files"),
        ("empty/.keep", r"The folder of a class, .*empty, has no file"),
    ],
)
def test_what_would_not_be_read_of_a_class(tmp_path, name, message):
    write_classes(tmp_path, "good", "bad")
    write(tmp_path / name, "a text")
    with pytest.raises(zoo.InputError, match=message):
        load_texts(tmp_path)


def test_folders_of_splits_without_folders_of_classes(tmp_path):
    for split in ("train", "test"):
        write(tmp_path / split / "data.csv", CSV)
    with pytest.raises(zoo.InputError, match=r"a folder for each split, but .*train.csv"):
        load_texts(tmp_path)


def test_half_a_surrogate_pair(tmp_path):
    path = write(tmp_path / "a.jsonl", JSONL + '{"stars": "good", "text": "cut \\ud83d"}\n')
    texts = {text for _, text, _ in pairs(*load_texts(path))}
    assert "cut \ufffd" in texts and len(texts) == 61


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.tsv", TSV)
    assert load_texts("~/a.tsv")[1] == ["bad", "good"]
    with pytest.raises(zoo.InputError, match=r"no file or folder of that name. Available"):
        load_texts("data/nope.csv")


def test_a_folder_without_classes(tmp_path):
    with pytest.raises(zoo.InputError, match=r"has no classes: .* Received: an empty folder"):
        load_texts(tmp_path)
    write(tmp_path / "reviews.csv", CSV)
    with pytest.raises(zoo.InputError, match=r"Or give a file.* Received: reviews.csv"):
        load_texts(tmp_path)


def test_rows_of_a_training_split_are_cut_again(tmp_path):
    texts = [text for text, _ in ROWS if split_by_hash(text) == "train"]
    write(tmp_path / "a.tsv", "".join(f"{i % 2}\t{text}\n" for i, text in enumerate(texts)))
    splits, names = load_texts(tmp_path / "a.tsv")
    assert min(counts(splits)) > 0
    assert sum(counts(splits)) == len(texts)
    write(
        tmp_path / "b.tsv", "".join(f"{i % 2}\t{text}\n" for i, text in reversed([*enumerate(texts)]))
    )
    assert pairs(*load_texts(tmp_path / "b.tsv")) == pairs(splits, names)


# Damage


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", "a.tsv is empty"),
        ("a.tsv", "\n\n", "a.tsv is empty"),
        ("a.tsv", "good\t \nbad\t\n", "a.tsv is empty: it has no text to train with"),
        ("a.tsv", "good\tfine\nno tab here\n", "line 2: expected 2 columns.* 'no tab here'"),
        ("a.tsv", "text\nfine\n", "line 1: expected a column for each of label, text"),
        ("a.csv", f"id,label,text\n1,,fine\n{CSV}", "line 2: a text without a label. Received: 'fine'"),
        ("a.tsv", "good\tfine\n", "split of .* is empty"),
        ("a.tsv", TSV.replace("bad", "good"), "has only one label, 'good'"),
        ("a.txt", "good\nbad\n", "no text to train"),
        ("a.txt", f"{FASTTEXT}good text\n", "line 61: expected one __label__ and a text"),
        ("a.txt", f"__label__x {FASTTEXT}", "line 1: expected one __label__ and a text"),
        ("a.txt", "(3 (2 It) (4 works))\n(1 (2 It) (0 fails))\n", "line 1: .* Received a tree"),
        ("a.txt", f"mood words\n{LINES}", "no other row has the label 'mood'"),
        ("a.txt", "".join(f"w{i % 40} and so on\n" for i in range(50)), "do not look like labels"),
        ("a.jsonl", JSONL + '{"stars": ["a", "b"], "text": "hm"}\n', "line 61: expected one text"),
        ("a.csv", "".join(f'{i},"word {i} here"\n' for i in range(50)), "Almost every row of"),
        ("a.xlsx", b"PK\x03\x04", "a.xlsx cannot be read, because it is a .xlsx file. Save it as CSV"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(zoo.InputError, match=message) as error:
        load_texts(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["the same text"] * 60, "All texts of .* are the same, 'the same text'"),
        (["." * i for i in range(1, 61)], "have no word of two letters"),
        (["😀" * i for i in range(1, 61)], "have no word of two letters"),
        (["a b " * i for i in range(1, 61)], "have no word of two letters"),
    ],
)
def test_texts_from_which_nothing_can_be_learned(tmp_path, texts, message):
    for split in ("train", "validation", "test"):
        lines = "".join(f"{label}\t{text}\n" for text, (_, label) in zip(texts, ROWS, strict=True))
        write(tmp_path / f"{split}.tsv", f"label\ttext\n{lines}")
    with pytest.raises(zoo.InputError, match=message):
        load_texts(tmp_path)


def test_labels_are_integers(tmp_path):
    splits, _ = load_texts(write(tmp_path / "a.tsv", TSV))
    assert all(np.issubdtype(labels.dtype, np.integer) for _, labels in splits.values())
