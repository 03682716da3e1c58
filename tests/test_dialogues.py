"""Conversations for a chatbot: what `load_dialogues` reads, and what it refuses."""

import json

import pytest

from zoo import InputError, datasets

TALKS = [[f"Hello {i}.", f"Hi, are you {i}?", "Yes."][: 2 + i % 2] for i in range(60)]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def all_of(splits):
    return sorted(turns for talks in splits.values() for turns in talks)


def numbered(separator, speakers=True):
    rows = []
    for i, turns in enumerate(TALKS):
        for j, turn in enumerate(turns):
            cells = [f"c{i}", *(["Ada", "Bob"][j % 2 : j % 2 + 1] if speakers else []), f'"{turn}"']
            rows.append(separator.join(cells))
    text = "\n".join(rows) + "\n"
    return text if separator == "," else text.replace('"', "")


def messages(turns):
    return {"messages": [{"role": "ab"[i % 2], "content": turn} for i, turn in enumerate(turns)]}


FORMS = {
    "talks.txt": "\n\n".join("\n".join(turns) for turns in TALKS),
    "more-space.txt": "\n\n" + "\r\n \r\n\r\n".join("\r\n".join(turns) for turns in TALKS) + "\n\n\n",
    "rows.tsv": "\n".join("\t".join(turns) for turns in TALKS),
    "quoted.tsv": "\n".join("\t".join(f'"{turn}"' for turn in turns) for turns in TALKS),
    "no-ending": "\n".join("\t".join(turns) for turns in TALKS),
    "rows.csv": "\n".join(",".join(f'"{t}"' for t in [*turns, ""][:3]) for turns in TALKS),
    "numbers.tsv": numbered("\t"),
    "numbers-alone.tsv": numbered("\t", speakers=False),
    "numbers.csv": "dialogue_id,speaker,text\n" + numbered(","),
    "speakers.tsv": "\n\n".join(
        "\n".join(f"{'AB'[i % 2]}\t{turn}" for i, turn in enumerate(turns)) for turns in TALKS
    ),
    "index.csv": ",turn 1,turn 2,turn 3\n"
    + "\n".join(",".join(f'"{t}"' for t in ["7", *turns, ""][:4]) for turns in TALKS),
    "lines.tsv": "\n\n".join("\n".join(turns) for turns in TALKS),
    "gaps.tsv": "\n\n".join("\t".join(turns) for turns in TALKS),
    "turns.jsonl": "\n".join(json.dumps({"id": 1, "turns": turns}) for turns in TALKS),
    "messages.jsonl": "\n".join(json.dumps(messages(turns)) for turns in TALKS),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_conversations_in_any_format_give_the_same_splits(name, tmp_path, capsys):
    splits = datasets.load_dialogues(write(tmp_path / name, FORMS[name]))
    assert all_of(splits) == sorted(TALKS)
    assert splits == datasets.load_dialogues(write(tmp_path / "again.txt", FORMS["talks.txt"]))
    assert all(splits.values())
    assert "60 conversations with 150 turns." in capsys.readouterr().out


def test_questions_and_answers_with_and_without_a_header(tmp_path, capsys):
    rows = "\n".join(f"Who is {i}?\tIt is {i}." for i in range(60))
    expected = sorted([f"Who is {i}?", f"It is {i}."] for i in range(60))
    for header, said in (("", "without a header"), ("question\tanswer\n", "with a header")):
        assert all_of(datasets.load_dialogues(write(tmp_path / "qa.tsv", header + rows))) == expected
        assert f"TSV {said}, each row is a conversation" in capsys.readouterr().out


TURNS = [
    (i, j, "AB"[j % 2], turn, 5 * i + j, f"2024-01-{1 + i % 28}")
    for i, turns in enumerate(TALKS)
    for j, turn in enumerate(turns)
]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("conversation_id,turn,speaker,text", (0, 1, 2, 3)),
        ("conversation_id,turn_id,text", (0, 1, 3)),
        ("turn_number,text,dialogue", (1, 3, 0)),
        ("id,time of,speaker,mood,text", (0, 1, 2, 1, 3)),
        ("", (0, 1, 2, 3)),
        ("id,conversation_id,speaker,text", (4, 0, 2, 3)),
        ("conversation_id,id,from,text", (0, 4, 2, 3)),
        ("conversation_id,speaker,role,text", (0, 2, 2, 3)),
        ("conversation_id,turn_id,line_id,from,text", (0, 1, 4, 2, 3)),
        ("Conversation ID,Role,Content", (0, 2, 3)),
        ("conversation_id,speaker,comment", (0, 2, 3)),
        ("conversation_id,role,content,created_at", (0, 2, 3, 5)),
        ("session_id,date,user,msg", (0, 5, 2, 3)),
        (
            "Sr No.,Utterance,Speaker,Mood,Dialogue_ID,Utterance_ID,Season,Episode",
            (4, 3, 2, 5, 0, 1, 5, 5),
        ),
        ("conv_id,utterance_idx,context,prompt,speaker_idx,utterance", (0, 1, 5, 5, 2, 3)),
    ],
)
def test_columns_that_hold_no_turns(header, columns, tmp_path, capsys):
    # Numbers of turns put them in order.
    in_order = any(name in header.lower() for name in ("turn", "utterance_i")) or not header
    rows = TURNS[::-1] if in_order else TURNS
    lines = [header.replace(",", "\t"), *("\t".join(str(row[i]) for i in columns) for row in rows)]
    splits = datasets.load_dialogues(write(tmp_path / "a.tsv", "\n".join(lines)))
    assert all_of(splits) == sorted(TALKS)
    assert ("Left out the columns time of, mood. 60" in capsys.readouterr().out) == ("time" in header)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("question,answer,category", ["How?", "So."]),
        ("instruction,input,output", ["How?", "So.", "x"]),
        ("user,bot,category", ["How?", "So."]),
        ("Patient,Doctor,", ["How?", "So."]),
        ("User,Chatbot,", ["How?", "So."]),
        ("Hello,Hi,Bye", ["How?", "So.", "x"]),
    ],
)
def test_headers_of_questions_and_answers(header, expected, tmp_path):
    rows = [f"How? {i},So. {i},x" for i in range(60)]
    names = header.split(",")
    objects = [json.dumps(dict(zip(names, row.split(","), strict=True))) for row in rows]
    for name, lines in (("a.csv", [header, *rows]), ("a.jsonl", objects)):
        splits = datasets.load_dialogues(write(tmp_path / name, "\n".join(lines)))
        talks = [talk for talk in all_of(splits) if talk != header.split(",")]
        assert {tuple(turn.rstrip(" 0123456789") for turn in talk) for talk in talks} == {(*expected,)}
        assert len(talks) == 60


def test_a_table_with_an_id_a_user_a_question_and_an_answer(tmp_path):
    rows = [f"{i}\tuser{i % 7}\tWhy {i}?\tSo {i}." for i in range(60)]
    path = write(tmp_path / "a.tsv", "\n".join(["id\tuser\tquestion\tanswer", *rows]))
    assert all_of(datasets.load_dialogues(path)) == sorted([f"Why {i}?", f"So {i}."] for i in range(60))


def test_the_list_with_the_turns_is_found(tmp_path):
    rows = [{"act": [1, 2], "dialog": turns, "tags": ["a", "b"]} for turns in TALKS]
    rows.insert(0, {"act": [], "dialog": None})
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert all_of(datasets.load_dialogues(path)) == sorted(TALKS)
    path = write(tmp_path / "b.jsonl", path.read_text().replace("dialog", "talk"))
    with pytest.raises(InputError, match=r"several lists in a row: act, talk, tags\. Call"):
        datasets.load_dialogues(path)


def test_what_the_system_says_is_no_turn(tmp_path):
    rows = [messages(turns) for turns in TALKS]
    for row in rows:
        row["messages"].insert(0, {"role": "system", "content": "You are kind."})
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert all_of(datasets.load_dialogues(path)) == sorted(TALKS)


def test_turns_of_one_speaker_in_a_row_are_one_turn(tmp_path):
    rows = [f"{i}\tAda\tHi.\n{i}\tAda\tI am {i}.\n{i}\tBob\tHello {i}." for i in range(60)]
    splits = datasets.load_dialogues(write(tmp_path / "a.tsv", "\n".join(rows)))
    assert all_of(splits) == sorted([f"Hi. I am {i}.", f"Hello {i}."] for i in range(60))
    lists = []
    for i in range(60):
        said = ("Ada", "Hi."), ("Ada", f"I am {i}."), ("Bob", f"Hello {i}.")
        lists.append({"conversations": [{"from": who, "value": one} for who, one in said]})
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lists)))
    assert all_of(datasets.load_dialogues(path)) == all_of(splits)


def test_copies_and_single_turns_are_left_out_and_spaces_do_not_matter(tmp_path, capsys):
    text = FORMS["talks.txt"] + "\n\nalone\n\nHello  0.\nHi,\u00a0are you 0?\n"
    assert all_of(datasets.load_dialogues(write(tmp_path / "a.txt", text))) == sorted(TALKS)
    printed = capsys.readouterr().out
    assert "Left out 1 conversation with fewer than two turns. Left out 1 copy of another" in printed


def test_a_folder_keeps_its_splits_and_a_copy_stays_in_test(tmp_path):
    blocks = FORMS["talks.txt"].split("\n\n")
    write(tmp_path / "train.txt", "\n\n".join(blocks[:50]))
    write(tmp_path / "test.txt", "\n\n".join(blocks[45:]))
    splits = datasets.load_dialogues(tmp_path)
    assert sorted(splits["test"]) == sorted(TALKS[45:])
    assert sorted(splits["train"] + splits["validation"]) == sorted(TALKS[:45])


def test_another_encoding(tmp_path):
    path = write(tmp_path / "a.txt", FORMS["talks.txt"].replace("Hello", "Olá"), "latin-1")
    with pytest.raises(InputError, match=r"--encoding"):
        datasets.load_dialogues(path)
    assert all_of(datasets.load_dialogues(path, encoding="latin-1"))[0][0].startswith("Olá")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", "is empty"),
        ("a.txt", "Hello.\nHi.\nBye.\n", "has no empty line between conversations"),
        ("a.txt", "Hello.\n\nHi.\n\nBye.\n", "train split of .* is empty"),
        ("a.txt", "Hi.\nHo.\n\nHa.\nHo.\n", "split of .* is empty"),
        ("a.tsv", "Hello.\nHi.\n", "has only one column"),
        ("a.csv", "question,answer\n", "only a header|names of the columns"),
        ("a.tsv", "".join(f"{'AB'[i % 2]}\tturn {i}\n" for i in range(30)), "nothing tells its conv"),
        ("a.tsv", "id\ttext\n1\tHi.\n1\tHo.\n2\tHa.\n\n3\n", "a.tsv: expected|is empty"),
        ("a.jsonl", '{"turns": [1, 2]}\n{"turns": []}\n', "expected a list of turns"),
        ("a.jsonl", '{"a": {"b": "c"}, "d": "e"}\n{"a": "b", "d": "e"}\n', "expected texts"),
        ("a.txt", "\n\n".join(f"Hello {i}.\nYes." for i in range(60)), "All replies .* are the same"),
    ],
)
def test_bad_files_are_refused(name, text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        datasets.load_dialogues(write(tmp_path / name, text))


def test_other_datasets_are_refused(data_dir):
    with pytest.raises(InputError, match="has no conversations: expected a list of turns"):
        datasets.load_dialogues("digits", data_dir)
    with pytest.raises(InputError, match="Did you mean 'chatterbot_english'"):
        datasets.load_dialogues("chatterbot_englsh", data_dir)
