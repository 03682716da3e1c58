"""Sentences with a tag for each token: from TFDS, and from a person's own files."""

import pytest
import tensorflow_datasets as tfds

from zoo import datasets
from zoo.datasets.splitting import split_by_hash
from zoo.datasets.tagged import to_iob2, to_iobes

SENTENCES = [(["dog", "bites", f"man{i}"], ["NOUN", "VERB", "NOUN"]) for i in range(60)]


def write_conll(path, rows, separator="\t", extra=""):
    lines = [
        "".join(f"{token}{separator}{extra}{tag}\n" for token, tag in zip(tokens, tags, strict=True))
        for tokens, tags in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("iob1", "iob2"),
    [
        ([], []),
        (["O", "I-LOC", "I-LOC", "O"], ["O", "B-LOC", "I-LOC", "O"]),
        (["I-LOC", "B-LOC", "I-LOC", "B-LOC"], ["B-LOC", "B-LOC", "I-LOC", "B-LOC"]),
        (["I-LOC", "I-PER", "I-PER"], ["B-LOC", "B-PER", "I-PER"]),
        (["B-PER", "I-LOC", "I-LOC", "I-PER"], ["B-PER", "B-LOC", "I-LOC", "B-PER"]),
        (["B-a-b", "I-a-b", "O", "B-a-b"], ["B-a-b", "I-a-b", "O", "B-a-b"]),  # was IOB2
    ],
)
def test_to_iob2(iob1, iob2):
    assert to_iob2(iob1) == iob2
    assert to_iob2(iob2) == iob2
    assert to_iob2(to_iobes(iob2)) == iob2


@pytest.mark.parametrize(
    ("iob2", "iobes"),
    [
        ([], []),
        (["B-a"], ["S-a"]),
        (["B-a", "I-a", "I-a", "B-a"], ["B-a", "I-a", "E-a", "S-a"]),
        (["O", "B-a", "I-a", "O", "B-b", "B-b", "I-b"], ["O", "B-a", "E-a", "O", "S-b", "B-b", "E-b"]),
    ],
)
def test_to_iobes(iob2, iobes):
    assert to_iobes(iob2) == iobes


# From TFDS


class SmallTreebank(tfds.core.GeneratorBasedBuilder):
    """As TFDS has its treebanks: a split named dev, rows that are no words, and an empty sentence."""

    VERSION = tfds.core.Version("1.0.0")
    ROWS = (  # tokens, their tags, their heads
        (("don't", "do", "n't", "None"), ("_", "A", "B", "A"), ("None", "0", "1", "1")),
        ((), (), ()),
        (("so",), ("_",), ("None",)),
        (("left out", "é"), ("A", "B"), ("None", "0")),
    )

    def _info(self):
        text, label = tfds.features.Text(), tfds.features.ClassLabel(names=["A", "B", "C", "_"])
        features = {"tokens": text, "head": text, "upos": label, "xpos": label}
        features = {key: tfds.features.Sequence(feature) for key, feature in features.items()}
        features = tfds.features.FeaturesDict({"idx": text, **features})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in ("train", "dev", "test")}

    def _generate_examples(self, split):
        for i, (tokens, tags, heads) in enumerate(self.ROWS):
            xpos = ["C" if split == "dev" else "A"] * len(tags)
            yield i, {"idx": split, "tokens": tokens, "head": heads, "upos": tags, "xpos": xpos}


def test_from_tfds(tmp_path):
    splits, tag_names = datasets.load_tagged("small_treebank", "upos", str(tmp_path))
    assert tag_names == ["A", "B"]
    assert list(splits) == ["train", "validation", "test"]
    for sentences, tags in splits.values():
        rows = sorted(zip(sentences, tags, strict=True))
        assert rows == [(["do", "n't", "None"], ["A", "B", "A"]), (["é"], ["B"])]
    _, tag_names = datasets.load_tagged("small_treebank", "xpos", str(tmp_path))
    assert "C" in tag_names  # of the validation split alone
    for feature in ("head", "idx", "up"):
        with pytest.raises(ValueError, match=rf"Available: 'upos', 'xpos'. Received: '{feature}'"):
            datasets.load_tagged("small_treebank", feature, str(tmp_path))


def test_a_dataset_without_tokens(data_dir):
    with pytest.raises(ValueError, match=r"has no sentences of tokens. Received: text, label"):
        datasets.load_tagged("movie_reviews/rotten_tomatoes", "ner", data_dir)


# A person's own files


@pytest.mark.parametrize("separator", ("\t", " ", "    "))
def test_a_file_is_split_by_hash(tmp_path, separator):
    path = write_conll(tmp_path / "mine.conll", SENTENCES, separator, extra=f"x{separator}")
    splits, tag_names = datasets.load_tagged(str(path), "upos")
    assert tag_names == ["NOUN", "VERB"]
    rows = [row for pairs in splits.values() for row in zip(*pairs, strict=True)]
    assert sorted(rows) == sorted(SENTENCES)
    for split, (sentences, _) in splits.items():
        assert {split_by_hash(" ".join(tokens)) for tokens in sentences} == {split}
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert datasets.load_tagged(str(path), "upos") == (splits, tag_names)


def test_a_folder(tmp_path):
    write_conll(tmp_path / "train.conll", SENTENCES[:50])
    write_conll(tmp_path / "test.conll", SENTENCES[50:])
    (tmp_path / "notes.txt").write_text("of no concern")
    splits, _ = datasets.load_tagged(str(tmp_path), "upos")
    assert list(zip(*splits["test"], strict=True)) == SENTENCES[50:]
    assert len(splits["train"][0]) + len(splits["validation"][0]) == 50
    write_conll(tmp_path / "validation.conll", SENTENCES[:3])
    splits, _ = datasets.load_tagged(str(tmp_path), "upos")
    assert [len(tags) for _, tags in splits.values()] == [50, 3, 10]
    write_conll(tmp_path / "validation.conll", [(["a"], ["ADJ"])])
    with pytest.raises(ValueError, match=r"The validation split .* tag .* lacks.*: ADJ. Tags in .*"):
        datasets.load_tagged(str(tmp_path), "upos")


def read_rows(tmp_path, content):
    """What a training file of this content is read as."""
    for split in ("train", "validation", "test"):
        (tmp_path / f"{split}.conll").write_bytes(content.encode())
    splits, _ = datasets.load_tagged(str(tmp_path), "ner")
    assert splits["train"] == splits["test"]
    return list(zip(*splits["train"], strict=True))


def test_what_is_no_token_is_skipped(tmp_path):
    content = (
        "\ufeff-DOCSTART- -X- O\n\n# a comment\n# O O\nEU NNP I-ORG\n# # O\n. . O\n\n \n\t\n\n"
        "-DOCSTART- -X- O\nLeeds NNP I-LOC\n-DOCSTART- -X- O\n\nBonn\u2028 NNP I-LOC  "
    )
    assert read_rows(tmp_path, content) == [
        (["EU", "#", "."], ["B-ORG", "O", "O"]),
        (["Leeds"], ["B-LOC"]),
        (["Bonn"], ["B-LOC"]),
    ]


def test_tabs_keep_spaces_within_a_token(tmp_path):
    content = "New York\tI-LOC\n#\tO \n\n#\t O\n1\xa0000\tI-LOC"
    assert read_rows(tmp_path, content) == [
        (["New York", "#"], ["B-LOC", "O"]),
        (["#", "1 000"], ["O", "B-LOC"]),
    ]


@pytest.mark.parametrize("odd", ("L-LOC", "X-LOC", "LOC", "_"))
def test_tags_of_another_kind_stay_as_they_are(tmp_path, odd):
    rows = [(["a", "b", "c", "d"], ["I-LOC", "O", odd, "I-LOC"])]
    assert read_rows(tmp_path, write_conll(tmp_path / "x", rows).read_text()) == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("-DOCSTART- O\n\n# text = none\n", "is empty"),
        ("a\tO\n\nb\n", r"line 3: .* first row \(2\). Received: 1 column, 'b'"),
        ("a x O\nb O\n", r"line 2: .* first row \(3\). Received: 2 columns"),
        ("a O\nb x O\n", r"line 2: .* first row \(2\). Received: 3 columns"),
        ("a\nb\n", r"line 1: .* first row \(2\). Received: 1 column, 'a'"),
        ("a\tO\n\tO\n", r"line 2: expected a token"),
        ("a\tO\nb\t\n", r"line 2: expected a token"),
        (b"a\tO\ncaf\xe9\tO\n", "not UTF-8"),
        ("a\tO\n", "split of .* is empty"),
        ("".join(f"{i}\tO\n\n" for i in range(60)), "has only one tag, 'O'"),
        ("# text = a\n1\ta" + "\t_" * 8 + "\n", "looks like CoNLL-U"),
        ("1-2\ta" + "\t_" * 8 + "\n", "looks like CoNLL-U"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "mine.conll"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_tagged(str(path), "ner")
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_tag_that_training_never_sees(tmp_path):
    write_conll(tmp_path / "train.conll", SENTENCES)
    write_conll(tmp_path / "test.conll", [(["hm"], ["INTJ"])])
    with pytest.raises(ValueError, match=r"test split .* INTJ. Tags in training: NOUN, VERB"):
        datasets.load_tagged(str(tmp_path), "upos")


def test_a_folder_without_a_training_file(tmp_path):
    with pytest.raises(ValueError, match=r"has no train.conll. Received: an empty folder"):
        datasets.load_tagged(str(tmp_path), "ner")
    write_conll(tmp_path / "test.conll", SENTENCES)
    with pytest.raises(ValueError, match=r"has no train.conll. Received: test.conll"):
        datasets.load_tagged(str(tmp_path), "ner")


@pytest.mark.parametrize(
    "header", ["token\tpos", "Word\tTag", "#word\tupos", "FORM\tNER", '"token"\t"label"']
)
def test_names_of_columns_are_skipped(tmp_path, header):
    path = write_conll(tmp_path / "mine.conll", SENTENCES)
    expected = datasets.load_tagged(path, "upos")
    body = path.read_text()
    for content in (f"{header}\n{body}", f"{header}\n\n{body}", f"{header}\n{body}\n\ufeff{header}\n"):
        path.write_text(content)
        assert datasets.load_tagged(path, "upos") == expected


def test_names_of_columns_that_are_not_known(tmp_path):
    path = write_conll(tmp_path / "mine.conll", [(["mot"], ["étiquette"]), *SENTENCES])
    with pytest.raises(
        ValueError, match=r"no other row has the label 'étiquette'.* Call them token<tab>tag"
    ):
        datasets.load_tagged(path, "upos")
    write_conll(
        path,
        [
            (["Oslo", "is"], ["B-LOC", "O"]),
            *[(["it", "is", f"x{i}"], ["O", "O", "O"]) for i in range(60)],
        ],
    )
    path.rename(tmp_path / "train.conll")
    (tmp_path / "test.conll").write_text("it\tO\n")
    assert datasets.load_tagged(tmp_path, "ner")[1] == ["B-LOC", "O"]  # a chunk is no name of a column


def test_tokens_and_tags_are_normalized(tmp_path):
    content = "cafe\u0301\u200b\tNOUN\xa0\n\u200b\tPUNCT\nOr\xadleans\tNO\u200bUN\n"
    assert read_rows(tmp_path, content) == [(["café", "\u200b", "Orleans"], ["NOUN", "PUNCT", "NOUN"])]
