"""Tables: TSV, CSV and JSON as people have them, their headers and their columns."""

import bz2
import gzip
import json

import pytest

import zoo
from zoo.datasets.columns import choose_columns
from zoo.datasets.tables import read_table

LABEL_TEXT = ("label", "text")
PAIR = ("source", "target")
ROWS = [("neg" if i % 2 else "pos", f"this is{', say,' * (i % 2)} text {i}") for i in range(40)]
TSV = "".join(f"{label}\t{text}\n" for label, text in ROWS)
GZIP = gzip.compress(
    b"label,text\n", mtime=0
)  # without the time, which is a part of the name of a test
CSV = "".join(f'{i},"{text}",{label}\n' for i, (label, text) in enumerate(ROWS))
CODED = "".join(f"{i % 2},{i % 5},{text.replace(',', '')}\n" for i, (_, text) in enumerate(ROWS))
PAIRS = "".join(f"hello {i}\tbonjour {i}\n" for i in range(20))
SENTENCES = "".join(f"they say {'so ' * i} here\tils le {'disent ' * i} ici\n" for i in range(20))


@pytest.fixture
def read(tmp_path):
    def read(name, content, roles=LABEL_TEXT, encoding="utf-8", **chosen):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        table, columns, how = choose_columns(read_table(path, encoding), roles, chosen)
        return [tuple(row[columns[role]] for role in roles) for row in table.rows], how

    return read


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", TSV),
        ("a.txt", TSV),
        ("a.tsv", "label\ttext\n" + TSV),
        ("a.tsv", "sentiment\treview \n\n" + TSV),
        ("a.tsv", '"class"\t"document"\n' + TSV),
        ("a.tsv", "Kategorie\tNachricht\n" + TSV),  # one word above long texts
        ("a.tsv", "\ufefflabel\ttext\n" + TSV.replace("neg", "\ufefflabel\ttext\nneg", 1)),
        ("a.tsv", ("label\ttext\n" + TSV).replace("\n", "\r\n")),
        ("a.tsv", "".join(f"{text}\t{label}\n" for label, text in ROWS)),  # the other way round
        ("a.csv", CSV),
        ("a.csv", "id,text,label\n" + CSV),
        ("a.csv", "nr,inhalt,art\n" + CSV),
        ("a.csv", CSV.replace("\n", ",,\n")),  # commas at the end of each line
        ("a.csv", "sep=;\nlabel;text\n" + TSV.replace("\t", ";")),
        ("a.csv", TSV.replace("\t", ";")),
        ("a.csv", "label|text\n" + TSV.replace("\t", "|")),
        ("a.csv", "label\ttext\n" + TSV),
        ("a.csv", CSV.replace(',"', ', "')),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("a.tsv.bz2", bz2.compress(TSV.encode())),
        ("a.jsonl", "".join(json.dumps({"text": t, "label": c}) + "\n" for c, t in ROWS)),
        ("a.txt", "".join(json.dumps({"text": t, "label": c}) + "\n" for c, t in ROWS)),
        ("a.json", json.dumps([{"label": label, "sentence": text} for label, text in ROWS], indent=1)),
        ("a.json", json.dumps({"data": [{"class": c, "text": t} for c, t in ROWS]}, indent=1)),
        ("a.json", json.dumps({"data": [{"class": c, "text": t} for c, t in ROWS], "n": [40]})),
        ("a.txt", "#separator:tab\n#html:true\n" + TSV),  # from Anki
        ("a.csv", "review_id,body,rating\n" + CSV),
    ],
)  # fmt: skip
def test_the_same_rows_in_every_form(read, name, content):
    assert read(name, content)[0] == ROWS


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (TSV, "TSV without a header, label in column 1, text in column 2"),
        ("mood\tText\n" + TSV, "TSV with a header, label in column 'mood', text in column 'Text'"),
        ("pos\tgreat fun\n" + TSV, "TSV without a header, label in column 1, text in column 2"),
    ],
)
def test_it_says_how_the_table_was_read(read, content, how):
    assert read("a.tsv", content)[1] == how


def test_quotes(read):
    minimal = 'label,text\npos,"say ""yes"", now"\nneg,"two\nlines"\n'
    assert read("a.csv", minimal)[0] == [("pos", 'say "yes", now'), ("neg", "two\nlines")]
    # In a TSV, quotes belong to the text unless they are those of CSV.
    assert read("a.tsv", 'pos\t"Fine film"\nneg\t"bad" one\n')[0][0] == ("pos", '"Fine film"')
    assert read("a.tsv", 'pos\t5" disk\nneg\t"not closed\n')[0][1] == ("neg", '"not closed')
    assert read("a.tsv", '"pos"\t"say ""yes"""\n"neg"\t"no"\n')[0][0] == ("pos", 'say "yes"')
    assert read("a.tsv", '"pos"\t "fine"\n"neg"\t "bad"\n')[0][0] == ("pos", "fine")
    assert read("a.tsv", 'pos\t"two\nlines"\nneg\tone\n')[0][0] == ("pos", "two\nlines")
    # A blank line changes none of this.
    assert read("a.tsv", '"pos"\t"fine"\n"neg"\t"bad"\n\n')[0] == [("pos", "fine"), ("neg", "bad")]
    assert read("a.tsv", 'pos\tfine\nneg\t"bad" one\n\n')[0][1] == ("neg", '"bad" one')


def test_tiny_tables(read):
    for rows in (ROWS[:3], [ROWS[0], ROWS[2]]):
        assert read("a.tsv", "".join(f"{text}\t{label}\n" for label, text in rows))[0] == rows
        with pytest.raises(zoo.InputError, match=r"are these the names|which column has the label"):
            read("a.tsv", "inhalt\tart\n" + "".join(f"{text}\t{label}\n" for label, text in rows))


def test_a_cell_may_be_longer_than_a_book(read):
    assert len(read("a.csv", f"{CSV}40,{'word ' * 200_000},pos\n")[0][-1][1]) == 1_000_000


def test_missing_values_of_json_are_empty(read):
    assert read("a.jsonl", '{"label": null, "text": NaN}\n')[0] == [("", "")]


def test_columns_that_the_user_chose(read):
    header = "title,body,stars,source\n"
    rows = "".join(
        f"Title number {i},This is body {i},{i % 5},{'web' if i % 3 else 'app'}\n" for i in range(30)
    )
    assert read("a.csv", header + rows, text="body", label="source")[0][1] == ("web", "This is body 1")
    assert read("a.csv", rows, text="2", label="3")[0][1] == ("1", "This is body 1")
    assert read("a.csv", header + rows, text="2", label="3")[0][0] == ("0", "This is body 0")
    unusual = header.replace("body", "Corps") + rows
    assert read("a.csv", unusual, text="corps", label="source")[0][0] == ("app", "This is body 0")
    with pytest.raises(
        zoo.InputError,
        match=r"no column 'review' for the text. Columns: 'title', 'body', .*--text-column",
    ):
        read("a.csv", header + rows, text="review", label="stars")
    with pytest.raises(
        zoo.InputError, match=r"which column has the text\? Columns: 'title'.* --text-column NAME"
    ):
        read("a.csv", header + rows)
    with pytest.raises(zoo.InputError, match="one column cannot be both"):
        read("a.csv", header + rows, text="body", label="body")


def test_pairs_need_not_have_a_header(read):
    assert len(read("a.tsv", PAIRS, PAIR)[0]) == 20
    assert len(read("a.tsv", "english\tfrench\n" + PAIRS, PAIR)[0]) == 20
    assert len(read("a.tsv", "en\tfr\n" + PAIRS, PAIR)[0]) == 20
    header = "English words/sentences\tFrench words/sentences\n"
    assert len(read("a.tsv", header + PAIRS, PAIR)[0]) == 20
    for pairs in (SENTENCES, PAIRS):  # one word above sentences, or above texts with numbers
        with pytest.raises(zoo.InputError, match="line 1: are these the names of the columns"):
            read("a.tsv", "human\tmachine\n" + pairs, PAIR)
        assert len(read("a.tsv", "human\tmachine\n" + pairs, PAIR, source="human")[0]) == 20
        assert len(read("a.tsv", "human\tmachine\n" + pairs, PAIR, source="1")[0]) == 21
    swapped, how = read("a.tsv", "en\tfr\n" + PAIRS, PAIR, source="fr", target="en")
    assert swapped[0] == ("bonjour 0", "hello 0")
    assert how == "TSV with a header, source in column 'fr', target in column 'en'"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "label,text\n", "a.csv has a line with the names of the columns, and no other row"),
        ("a.csv", "label,text\npos,good, really\n", "line 2: expected 2 columns.*Received: 3.*quotes"),
        ("a.csv", 'label,text\npos,fine\npos,"good\nneg,bad\n', "line 3: a quote opens a cell"),
        ("a.csv", 'label,text\npos,"Great" movie\nneg,bad\n', "line 2: text follows the quote.*Great"),
        ("a.tsv", "pos\tgood\n\nneg\npos\tfine\n", "line 3: expected 2 columns.*Received: 1, 'neg'"),
        ("a.tsv", "kind\tmy words\n" + TSV, "line 1: are these the names of the columns.*'kind'"),
        ("a.jsonl", '{"text": "a"}\n{"text": b}\n', "line 2: this is not JSON"),
        ("a.jsonl", '{"text": "a"}\n["b"]\n', "line 2: expected a JSON object"),
        ("a.json", '[\n{"text": "a"},\n"b"]\n', "line 3: expected a JSON object"),
        ("a.json", '[\n{"text": "a"},\n{"text": b}]\n', "line 3: this is not JSON"),
        ("a.json", "[]", "line 1: expected a JSON object"),
        ("a.csv", "label,text\npos,caf\xe9\n".encode("latin-1"), "line 2: this is not utf-8.*--enc"),
        ("a.csv.gz", b"label,text\n", "cannot be decompressed"),
        ("a.txt", "pos good\nneg bad\n", "line 1: expected a column for each of label, text"),
        ("a.csv", "# from 2020\nlabel,text\n" + TSV, "line 1: .* as in line 2, 'label,text'.* delete"),
        ("a.csv", "A title,,\nid,text,label\n" + CSV, "line 1: are these the names.*'A title'"),
        ("a.csv", ",,\n,,\n", "a.csv is empty: it has only separators"),
        ("a.csv", "5,So nice,class\n" + CSV, "line 1: are these the names of the columns.*'class'"),
        ("a.csv", "label-coarse,label-fine,text\n" + CODED, "which column has the label"),
        ("a.csv", "label,text\npos,b\n".encode("utf-16"), "is not utf-8 text. Add --encoding utf-16"),
        ("a.csv", "label,text\npos,b\n".encode("utf-16-le"), "full of NUL characters.*--encoding"),
        ("a.csv", "label,text\npos,it\x92s\n".encode("latin-1"), "line 2: .* --encoding cp1252"),
        ("a.csv", b"PK\x03\x04\xff", "not a text file. It looks like a zip or Excel file"),
        ("a.txt", GZIP, "looks like a gzip file. Let its name end with .gz"),
        ("a.tar.gz", GZIP, "is an archive. Unpack it"),
        ("a.json", '{"text": ["a", "b"], "label": [1, 2]}', "only one JSON object, .* 'text', 'label'"),
        ("a.json", '{"text": {"0": "a"}, "label": {"0": 1}}', "only one JSON object"),
        ("a.json", '[{"text": "a"},\n\n["b"]]', "line 3: expected a JSON object"),
        ("a.json", "[" * 99999, "line 1: this is not JSON"),
        ("a.json", "{}", "a.json is empty"),
        ("a.jsonl", '{"text": "a", "label": ' + "1" * 5000 + "}", "line 1: this is not JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(read, name, content, message):
    with pytest.raises(zoo.InputError, match=message):
        read(name, content)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "UTF-8", "utf-8-sig"])
def test_encodings(read, encoding):
    content = "label,text\npos,café crème\nneg,thé\n".encode(encoding)
    assert read("a.csv", content, encoding=encoding)[0][0] == ("pos", "café crème")


@pytest.mark.parametrize("encoding", ["nope", "base64", ""])
def test_unknown_encodings(read, encoding):
    with pytest.raises(zoo.InputError, match=r"[Uu]nknown encoding|not an encoding"):
        read("a.csv", "label,text\npos,b\n", encoding=encoding)
