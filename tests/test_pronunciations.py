"""Words with their phonemes: the dictionary of `load_pronunciations`."""

import json

import needs
import pytest

from zoo import datasets

WORDS = [f"{a}{b}{c}{d}" for a in "bdkmst" for b in "aeiou" for c in "lnp" for d in "ao"]


def write(path, lines, encoding="utf-8"):
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


def say(word):
    return tuple(f"{letter.upper()}H" if letter in "aeiou" else letter.upper() for letter in word)


def words_of(splits):
    return {word: listed for split in splits.values() for word, listed in split.items()}


def test_stress_marks_and_what_they_alone_tell_apart_are_dropped(tmp_path):
    rows = ["record\tR AH0 K AO1 R D", "record\tR EH1 K ER0 D", "record\tR EH2 K ER0 D"]
    rows += ["妈\tm a˥ x1", *(f"{word}\tX" for word in WORDS)]
    words = words_of(datasets.load_pronunciations(str(write(tmp_path / "own.tsv", rows))))
    assert words["record"] == [("R", "AH", "K", "AO", "R", "D"), ("R", "EH", "K", "ER", "D")]
    assert words["妈"] == [("m", "a˥", "x1")]


FORMS = {
    "wikipron.tsv": lambda word, said: f"{word}\t{said}",
    "own.csv": lambda word, said: f"{word},{said}",
    "header.csv": lambda word, said: f"{'word,ipa' + chr(10) if word == WORDS[0] else ''}{word},{said}",
    "more.tsv": lambda word, said: f"{word}\t0.99\t{said}",  # as in the dictionaries of MFA
    "own.jsonl": lambda word, said: json.dumps({"word": word, "pronunciation": said}),
    "cmudict-0.7b": lambda word, said: f"{word.upper()}  {said}",
    "cmudict.dict": lambda word, said: f"{word} {said} # a comment",
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_words_in_any_format_give_the_same_splits(name, tmp_path, capsys):
    lines = [FORMS[name](word, " ".join(say(word))) for word in WORDS]
    splits = datasets.load_pronunciations(write(tmp_path / name, lines))
    assert words_of(splits) == {word: [say(word)] for word in WORDS}
    assert "Spaces in a target separate phonemes." in capsys.readouterr().out
    others = datasets.load_pronunciations(
        write(tmp_path / "other.tsv", [f"{word}\t{' '.join(say(word))}" for word in WORDS[::-1]])
    )
    assert splits == others
    assert [list(words) for words in splits.values()] == [list(words) for words in others.values()]


def test_comments_and_second_pronunciations_of_cmudict(tmp_path):
    lines = [";;; # CMUdict", "## old comment", "", *(f"{word.upper()}  B IY1" for word in WORDS)]
    lines += [f"{word.upper()}({i})  B {i * 'B '}AH0" for word in WORDS for i in (1, 2)]
    splits = datasets.load_pronunciations(write(tmp_path / "cmudict-0.7b", lines))
    assert all(
        sorted(listed) == [("B", "B", "AH"), ("B", "B", "B", "AH"), ("B", "IY")]
        for listed in words_of(splits).values()
    )
    assert sum(map(len, splits.values())) == len(WORDS)  # no word in two splits


def test_targets_without_spaces_are_read_character_by_character(tmp_path, capsys):
    lines = [f"{word}\t{word.upper()}\t{i % 3}" for i, word in enumerate(WORDS)]
    path = write(tmp_path / "script.tsv", lines)
    words = words_of(datasets.load_pronunciations(path))
    assert words == {word: [tuple(word.upper())] for word in WORDS}
    assert "each of their characters counts" in capsys.readouterr().out
    words = words_of(datasets.load_pronunciations(path, source="2"))  # capital letters become small
    assert words == {word: [tuple(word)] for word in WORDS}


def test_pronunciations_between_slashes(tmp_path, capsys):
    lines = [f"{word}\t/x{word}/, /{word}y/" for word in WORDS]
    words = words_of(datasets.load_pronunciations(write(tmp_path / "ipa.txt", lines)))
    assert words == {word: [("x", *word), (*word, "y")] for word in WORDS}
    assert "Slashes are removed. Targets have no spaces" in capsys.readouterr().out
    lines = [f"{word}\t/{' '.join(word)}/" for word in WORDS]
    words = words_of(datasets.load_pronunciations(write(tmp_path / "ipa.txt", lines)))
    assert words == {word: [tuple(word)] for word in WORDS}
    assert "Slashes are removed. Spaces in a target separate" in capsys.readouterr().out


@pytest.mark.parametrize("header", ["latin,devanagari", "roman,hindi"])
def test_scripts_are_names_of_columns(header, tmp_path):
    path = write(tmp_path / "own.csv", [header, *(f"{word},{word.upper()}" for word in WORDS)])
    assert words_of(datasets.load_pronunciations(path)) == {
        word: [tuple(word.upper())] for word in WORDS
    }


def test_columns_that_repeat_are_not_the_words(tmp_path):
    rows = [
        {"id": f"hin{i}", "native word": word.upper(), "english word": word, "source": "Dakshina"}
        for i, word in enumerate(WORDS)
    ]
    path = write(tmp_path / "own.jsonl", map(json.dumps, rows))
    splits = datasets.load_pronunciations(path, source="english word", target="native word")
    assert words_of(splits) == {word: [tuple(word.upper())] for word in WORDS}
    assert {*words_of(datasets.load_pronunciations(path))} == {*WORDS}


def test_tabs_and_lines_in_words_become_spaces(tmp_path):
    rows = [{"word": f"{word}\t\n{word}", "ipa": f"{word[0]}\t {word[1]}"} for word in WORDS]
    path = write(tmp_path / "own.jsonl", map(json.dumps, rows))
    words = words_of(datasets.load_pronunciations(path))
    assert words == {f"{word} {word}": [tuple(word[:2])] for word in WORDS}


def test_a_folder_and_a_word_in_two_of_its_splits(tmp_path, capsys):
    lines = [f"{word} {' '.join(say(word))}" for word in WORDS]
    write(tmp_path / "own.train.dict", [*lines[:90], f"{WORDS[100].upper()} B"])
    write(tmp_path / "own.test.dict", lines[90:])
    splits = datasets.load_pronunciations(tmp_path)
    assert sorted(splits["test"]) == sorted(WORDS[90:])
    assert sorted([*splits["train"], *splits["validation"]]) == sorted(WORDS[:90])
    assert "Left out 1 pair of " in capsys.readouterr().out


def test_another_encoding(tmp_path):
    lines = [f"{word}é  B AH" for word in WORDS] + ["ZOO  Z UW"]
    path = write(tmp_path / "own.dict", lines, "latin-1")
    with pytest.raises(ValueError, match=r"line 1: .* --encoding"):
        datasets.load_pronunciations(path)
    assert f"{WORDS[0]}é" in words_of(datasets.load_pronunciations(path, encoding="latin-1"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("own.tsv", "zoo\tZ UW\nzoo\n", "line 2: expected 2 columns"),
        ("own.dict", "zoo Z UW\n\nzoo\n", "line 3: expected a word and its phonemes"),
        ("own.txt", "zoo,Z UW\nbee,B IY\n", "has commas between its columns: call it own.csv"),
        ("own.dict", ";;; comment\n", "is empty: expected lines of a word"),
        ("own.dict", "", "is empty"),
        ("own.tsv", "zoo\tZ UW\n", "split of .* is empty"),
        (
            "own.tsv",
            "".join(f"{word}\tX Y\n" for word in WORDS),
            "All pronunciations of .* are the same",
        ),
    ],
)
def test_a_file_that_cannot_be_used(name, content, message, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        datasets.load_pronunciations(tmp_path / name)


@pytest.mark.slow
@needs.files(needs.MANUAL / "hi.translit.sampled.train.tsv")
def test_the_files_of_dakshina(tmp_path, capsys):
    for split in ("train", "dev", "test"):
        name = f"hi.translit.sampled.{split}.tsv"
        (tmp_path / name).symlink_to(needs.MANUAL / name)
    splits = datasets.load_pronunciations(tmp_path)
    assert ("अ", "ं", "क", "न") in words_of(splits)["ankan"]
    words = [set(split) for split in splits.values()]
    assert sum(map(len, words)) == len(set.union(*words))
    assert "each of their characters counts" in capsys.readouterr().out
    splits = datasets.load_pronunciations(tmp_path, source="2", target="1")
    assert {split: len(words) for split, words in splits.items()} == {
        "train": 25_000,
        "validation": 2500,
        "test": 2500,
    }
    assert tuple("ankan") in words_of(splits)["अंकन"]


def test_cmudict_has_no_columns_to_choose():
    with pytest.raises(ValueError, match="choose columns or scripts"):
        datasets.load_pronunciations("cmudict", source="word")
