"""Texts without labels, from TFDS or from a person's own files."""

import gzip
import random
import textwrap

import needs
import pytest

from zoo import InputError, datasets
from zoo.datasets.splitting import split_by_hash
from zoo.datasets.wrapping import unwrap

WORDS = ["it", "was", "late", "when", "he", "came", "to", "the", "inn", "and", "rain", "stopped"]
RNG = random.Random(0)
SENTENCES = [
    " ".join(RNG.choices(WORDS, k=RNG.randint(4, 20))).capitalize() + ", well-known." for _ in range(99)
]
PARAGRAPHS = [" ".join(SENTENCES[i : i + i % 7 + 1]) for i in range(0, 90, 6)]
VERSE = """\
Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;
"""
CODE = """\
def walk(folder):
    for child in sorted(folder.iterdir()):
        if child.is_dir():
            yield from walk(child)
"""
CHAT = """\
[12:01] <anna> hi there, did you see the game last night?
[12:02] <bob> no, what happened
[12:02] <anna> they lost in the last minute, it was awful
"""
TABLE = "id,name,comment\n1,anna,the food was good and the place is nice\n2,bob,not my kind of food\n"
TABLE += "Alabama   12  13.5  yes  the first\nAlaska    13  14.5  no   the other\n"


def test_a_file_is_cut_where_it_stands(tmp_path):
    path = tmp_path / "mine.txt"
    text = "".join(f"líne {i}\r\n" for i in range(100))
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    splits = datasets.load_corpus(path)
    text = text.replace("\r\n", "\n")
    assert "".join(part for texts in splits.values() for part in texts) == text
    assert [len(texts) for texts in splits.values()] == [1, 1, 1]
    sizes = [len(texts[0]) / len(text) for texts in splits.values()]
    assert sizes == pytest.approx([0.9, 0.05, 0.05], abs=0.01)
    assert all(texts[0].startswith("líne") and texts[0].endswith("\n") for texts in splits.values())


def test_texts_of_a_dataset_with_labels(data_dir):
    splits = datasets.load_corpus("movie_reviews/rotten_tomatoes", data_dir)
    assert {split: len(texts) for split, texts in splits.items()} == {
        "train": 6834,
        "validation": 821,
        "test": 875,
    }
    assert split_by_hash(splits["test"][0]) == "test"


@needs.data
def test_tiny_shakespeare():
    splits = datasets.load_corpus("tiny_shakespeare")
    assert {split: [len(text) for text in texts] for split, texts in splits.items()} == {
        "train": [1003854],
        "validation": [55770],
        "test": [55770],
    }
    assert splits["train"][0].startswith(
        "First Citizen:\nBefore we proceed any further, hear me speak."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: expected a text"),
        (b" \n\n", "is empty: expected a text"),
        (b"a few", "The validation split of .* is empty"),
        (b"caf\xe9", "line 1: this is not utf-8 text.*--encoding"),
        (b"a line\nand \x00\x01\x02\xff\xfe", "is a binary file: expected plain text"),
        ("a few words".encode("utf-16"), "If it is UTF-16, add --encoding utf-16"),
        (b"%PDF-1.7\n\xe2\xe3", "is a binary file"),
        (b"<!DOCTYPE html>\n<p>Once", "is HTML: expected plain text"),
        (b"\n<?xml version='1.0'?><a/>", "is XML: expected plain text"),
        (b"{\\rtf1 Once}", "is RTF: expected plain text"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_corpus(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_dataset_without_texts(data_dir):
    with pytest.raises(ValueError, match=r"digits does not have one text. Received: image, label"):
        datasets.load_corpus("digits", data_dir)


def test_a_text_is_normalized(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("\ufeffOnce\xa0upon a ti\xadme, in a cafe\u0301\x00\r\n\tthere\u200b was\n" * 9)
    texts = datasets.load_corpus(path)
    text = "".join(part for some in texts.values() for part in some)
    assert text == "Once upon a time, in a café\n\tthere was\n" * 9


def test_a_text_of_one_character(tmp_path):
    (tmp_path / "mine.txt").write_text("a" * 1000)
    with pytest.raises(ValueError, match=r"All characters of .* are the same, 'a'"):
        datasets.load_corpus(tmp_path / "mine.txt")


def test_other_encodings_and_compressed_files(tmp_path):
    text = "Es grünt so grün, " * 20
    (tmp_path / "a.txt").write_bytes(text.encode("latin-1"))
    (tmp_path / "b.txt").write_bytes(text.encode("utf-16"))
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(text.encode()))
    splits = [
        datasets.load_corpus(tmp_path / name, encoding=encoding)
        for name, encoding in (("a.txt", "latin-1"), ("b.txt", "utf-16"), ("c.txt.gz", "utf-8"))
    ]
    assert splits[0] == splits[1] == splits[2]
    assert "".join(part for texts in splits[0].values() for part in texts) == text
    (tmp_path / "c.txt.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"c\.txt\.gz cannot be decompressed"):
        datasets.load_corpus(tmp_path / "c.txt.gz")


def test_files_of_splits_as_in_wikitext(tmp_path, capsys):
    for split in ("train", "valid", "test"):
        (tmp_path / f"wiki.{split}.tokens").write_text(f" = A heading of {split} = \n")
    (tmp_path / "README.txt").write_text("not a split")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    splits = datasets.load_corpus(tmp_path)
    assert splits == {
        split: [f" = A heading of {name} = \n"]
        for split, name in (("train", "train"), ("validation", "valid"), ("test", "test"))
    }
    line = f"Read {tmp_path}: 3 files of plain text, 74 characters, splits by their names.\n"
    assert capsys.readouterr().out == line
    (tmp_path / "wiki.test.tokens").unlink()  # validation becomes test
    (tmp_path / "train").mkdir()
    for i in range(60):
        (tmp_path / "train" / f"{i}.txt").write_text(f"text {i}")
    splits = datasets.load_corpus(tmp_path)
    assert splits["test"] == [" = A heading of valid = \n"] and len(splits["train"]) > 40
    (tmp_path / "more.txt").write_text("more")
    with pytest.raises(InputError, match=r"more\.txt would not be read"):
        datasets.load_corpus(tmp_path)


def test_a_folder_is_cut_like_one_text(tmp_path, capsys):
    for i in range(100):
        folder = tmp_path / f"part{i % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"{i}.md").write_text(f"This is text number {i:02d}.\n")
    (tmp_path / "a copy").write_text("This is text number 07.\n")
    (tmp_path / "empty.txt").write_text("\n")
    splits = datasets.load_corpus(tmp_path)
    assert {split: len(texts) for split, texts in splits.items()} == {
        "train": 90,
        "validation": 5,
        "test": 5,
    }
    texts = [text for some in splits.values() for text in some]
    assert sorted(texts) == [f"This is text number {i:02d}.\n" for i in range(100)]
    assert texts != sorted(texts)
    printed = capsys.readouterr().out
    assert "split 90/5/5 by hash. Left out 1 copy of another text. Skipped 1 empty file." in printed
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\0")
    with pytest.raises(InputError, match=r"photo\.jpg is a binary file"):
        datasets.load_corpus(tmp_path)


def test_hard_wrapped_lines_are_joined(tmp_path, capsys):
    for width in (60, 72, 100):
        wrapped = "\n\n".join(textwrap.fill(one, width, break_long_words=False) for one in PARAGRAPHS)
        (tmp_path / "book.txt").write_text(f"THE INN\n\n{wrapped}\n\n{VERSE}")
        texts = datasets.load_corpus(tmp_path / "book.txt")
        text = "".join(part for some in texts.values() for part in some)
        assert text == "\n\n".join(["THE INN", *PARAGRAPHS, VERSE])
        num_joined = wrapped.count("\n") - 2 * (len(PARAGRAPHS) - 1)
        line = f"Joined {num_joined} hard-wrapped lines to the line before.\n"
        assert capsys.readouterr().out.endswith(line)


def test_paragraphs_that_begin_with_an_indented_line():
    wrapped = "\n".join("  " + textwrap.fill(one, 70) for one in PARAGRAPHS)
    expected = "\n".join("  " + one for one in PARAGRAPHS)
    assert unwrap(wrapped)[0] == expected


@pytest.mark.parametrize("text", [VERSE, CODE, CHAT, TABLE, "one sentence on a line.\n"])
def test_what_is_not_prose_stays_as_it_is(text):
    assert unwrap(text * 20) == (text * 20, 0)


def test_a_table_is_read_as_it_stands_and_this_is_said(tmp_path, capsys):
    for name in ("mine.csv", "mine.txt"):
        (tmp_path / name).write_text("label,text\n" + "good,I like it\n" * 20)
        texts = datasets.load_corpus(tmp_path / name)
        assert "".join(texts["train"]).startswith("label,text\ngood")
        assert ("mine.csv was read with its labels" in capsys.readouterr().out) == ("csv" in name)


def test_the_license_of_project_gutenberg_is_removed(tmp_path, capsys):
    book = "Once upon a time.\n" * 30
    around = "*** {} OF THE PROJECT GUTENBERG EBOOK TALES ***"
    content = f"Terms.\n{around.format('START')}\n\n{book}\n{around.format('END')}\nLicense.\n"
    (tmp_path / "tales.txt").write_text(content)
    texts = datasets.load_corpus(tmp_path / "tales.txt")
    assert "".join(part for some in texts.values() for part in some) == book
    assert "Removed the license of Project Gutenberg from 1 file." in capsys.readouterr().out
