"""Images with captions: the dataset builders, and users' own files."""

import gzip
import io
import json
import pathlib
import unicodedata
import zipfile

import needs
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image, ImageFont
from requests.exceptions import ConnectionError as NoConnection

from zoo import datasets
from zoo.datasets.builders import flickr8k, unicode_glyphs
from zoo.datasets.image_files import decode_image
from zoo.datasets.splitting import split_by_hash

SPLITS = ("train", "validation", "test")


def encode(color, kind="PNG", size=(20, 12)):
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, kind)
    return file.getvalue()


def read(images):
    return [tf.io.decode_image(image, expand_animations=False).numpy() for image in images]


# Glyphs, from a package


@pytest.fixture(scope="module")
def glyphs(data_dir):
    rows = datasets.load("unicode_glyphs", data_dir=data_dir)
    return {split: list(dataset.as_numpy_iterator()) for split, dataset in rows.items()}


@pytest.mark.slow
def test_unicode_glyphs(glyphs):
    assert {split: len(rows) for split, rows in glyphs.items()} == {
        "train": 37607,
        "validation": 4796,
        "test": 4603,
    }
    rows = [row for split in SPLITS for row in glyphs[split]]
    assert len({(row["face"], row["name"]) for row in rows}) == len(rows)
    assert len({row["face"] for row in rows}) == 14
    for split in SPLITS:  # no name is in two splits
        assert {split_by_hash(row["name"].decode()) for row in glyphs[split]} == {split}
    for row in rows[:: len(rows) // 500]:
        assert unicodedata.name(row["character"].decode()).encode() == row["name"]
    assert all(row["image"].any() for row in rows)
    drawn = {row["name"]: row["image"] for row in rows if row["face"] == b"DejaVuSans"}
    assert not any(name.startswith(b"CJK UNIFIED IDEOGRAPH") for name in drawn)  # it has none of them
    assert b"SPACE" not in drawn
    small, capital = drawn[b"LATIN SMALL LETTER O"], drawn[b"LATIN CAPITAL LETTER O"]
    rows_of_ink = [np.flatnonzero(image.max(axis=(1, 2))) for image in (small, capital)]
    assert abs(rows_of_ink[0][-1] - rows_of_ink[1][-1]) <= 1  # on one baseline
    assert rows_of_ink[0][0] - rows_of_ink[1][0] >= 3  # and of their own height
    assert np.array_equal(capital, drawn[b"GREEK CAPITAL LETTER OMICRON"])


def test_a_glyph_that_would_not_fit_is_drawn_smaller():
    import matplotlib

    face = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    fonts = [ImageFont.truetype(str(face), size) for size in unicode_glyphs.FONT_SIZES]
    for character in ("o", "\ufdfa", "\u2a0c"):  # a letter, a long ligature, a quadruple integral
        image = unicode_glyphs.draw(character, fonts)
        assert image.shape == (32, 32, 1)
        assert not image[[0, -1]].any() or not image[:, [0, -1]].any()
        columns = np.flatnonzero(image.max(axis=(0, 2)))
        assert abs(columns[0] - (31 - columns[-1])) <= 2  # in the middle


@pytest.mark.slow
def test_load_captions_of_glyphs(data_dir, glyphs):
    splits = datasets.load_captions("unicode_glyphs", data_dir)
    assert list(splits) == list(SPLITS)
    images, captions = splits["test"]
    assert len(images) == len(captions) == 4603
    pairs = {(row["image"].tobytes(), row["name"].decode()) for row in glyphs["test"]}
    for image, some in zip(read(images.take(50)), captions, strict=False):
        assert image.shape == (32, 32, 1)
        assert (image.tobytes(), *some) in pairs


# Photographs, from small files in the place of the real ones


@pytest.fixture
def small_flickr(tmp_path):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    names = ["1_a.jpg", "2_b.jpg", "3_c.jpg", "4_d.jpg"]
    splits = {"train": names[:2], "dev": names[2:3], "test": names[3:]}
    with zipfile.ZipFile(manual / "Flickr8k_Dataset.zip", "w") as file:
        for i, name in enumerate(names):
            file.writestr(f"Flicker8k_Dataset/{name}", encode((60 * i, 0, 0), "JPEG"))
    with zipfile.ZipFile(manual / "Flickr8k_text.zip", "w") as file:
        for split, some in splits.items():
            file.writestr(f"Flickr_8k.{split}Images.txt", "\n".join(some) + "\n")
        lines = [f"{n}#{i}\tCaption {i} of {n} .\n" for n in names for i in range(5)]
        file.writestr("Flickr8k.token.txt", "".join([*lines, "5_e.jpg.1#0\tno image\n"]))
    return tmp_path


def test_flickr8k_takes_files_in_place(small_flickr):
    splits = datasets.load_captions("flickr8k", str(small_flickr))
    assert {split: len(captions) for split, (_, captions) in splits.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    (image,), captions = splits["test"]
    assert captions == [[f"Caption {i} of 4_d.jpg ." for i in range(5)]]
    assert image.numpy() == encode((180, 0, 0), "JPEG")  # byte for byte, not encoded anew


def test_flickr8k_without_an_image_or_with_half_a_file(small_flickr):
    path = small_flickr / "downloads" / "manual" / "Flickr8k_Dataset.zip"
    content = path.read_bytes()
    for changed in (content.replace(b"4_d.jpg", b"4_x.jpg"), content[:300]):
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r"Flickr8k_Dataset.zip .*not the two whole files"):
            datasets.load("flickr8k", data_dir=str(small_flickr))


def test_flickr8k_checks_what_it_downloads(tmp_path, monkeypatch):
    (tmp_path / "got").write_bytes(b"not it")
    monkeypatch.setattr(tfds.download.DownloadManager, "download", lambda *args: tmp_path / "got")
    with pytest.raises(ValueError, match=r"is damaged: .* Expected md5 f18a.* Received: [0-9a-f]{32}"):
        datasets.load("flickr8k", data_dir=str(tmp_path))


def test_flickr8k_without_a_network(tmp_path, monkeypatch):
    def refuse(session, request, **kwargs):
        raise NoConnection("no network", request=request)

    monkeypatch.setattr("requests.Session.send", refuse)
    with pytest.raises(ValueError) as error:
        datasets.load("flickr8k", data_dir=str(tmp_path))
    message = str(error.value)
    assert flickr8k.URL in message and "one_to_many_captioning" in message
    assert f"{tmp_path / 'downloads' / 'manual'} as Flickr8k_" in message


@pytest.mark.slow
@needs.files(needs.MANUAL / "Flickr8k_text.zip")
def test_flickr8k_as_published():
    splits = datasets.load_captions("flickr8k")
    assert [len(captions) for _, captions in splits.values()] == [6000, 1000, 1000]
    assert all(len(some) == 5 for _, captions in splits.values() for some in captions)
    captions = [caption for some in splits["test"][1] for caption in some]
    assert "A boy in his blue swim shorts at the beach ." in captions


def test_coco_captions(tmp_path, monkeypatch):
    """The builder of TFDS, with a few images in the place of those that it would download."""

    def rows(split):
        for i in range(3):
            captions = [{"text": f"{split} {i} {j}", "id": j} for j in range(5)]
            image = np.full((8, 9, 3), i, "uint8")
            others = {"image/filename": f"{i}.jpg", "image/id": i, "objects": []}
            yield i, {"image": image, "captions": captions, **others}

    splits = ("train", "val", "test", "restval")
    builder = tfds.builder_cls("coco_captions")
    monkeypatch.setattr(builder, "_split_generators", lambda *args: {s: rows(s) for s in splits})
    splits = datasets.load_captions("coco_captions", str(tmp_path))
    assert list(splits) == list(SPLITS)
    for split, name in zip(SPLITS, ("train", "val", "test"), strict=True):
        images, captions = splits[split]
        for image, some in zip(read(images), captions, strict=True):
            assert some == [f"{name} {image.mean():.0f} {j}" for j in range(5)]


def test_a_dataset_without_captions(tmp_path):
    refused = pytest.raises(ValueError, match=r"does not have images and captions\. Received: ")
    with tfds.testing.mock_data(num_examples=1), refused:
        datasets.load_captions("mnist", str(tmp_path))
    with pytest.raises(ValueError, match="Did you mean 'flickr8k'"):
        datasets.load_captions("flickr8", str(tmp_path))


# A person's own images


def write_images(folder, n=40):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        (folder / f"{i}.png").write_bytes(encode((i, 0, 0)))
    return [(f"{i}.png", text) for i in range(n) for text in (f"red {i}", f"the red, of {i}")]


def as_tsv(rows, header=""):
    return header + "".join(f"{image}\t{text}\n" for image, text in rows)


def as_csv(rows, header="image,caption\n"):
    return header + "".join(f'{image},"{text}"\n' for image, text in rows)


def as_coco(rows, first=0):
    images = list(dict.fromkeys(image for image, _ in rows))
    annotations = [{"image_id": first + images.index(image), "caption": text} for image, text in rows]
    files = [{"id": first + i, "file_name": image} for i, image in enumerate(images)]
    return json.dumps({"info": {}, "images": files, "annotations": annotations}, indent=1)


def assert_rows(splits, n=40):
    """Each image is there once, with its captions, in the split that its name belongs to."""
    found = []
    for split in SPLITS:
        images, captions = splits[split]
        for image, some in zip(read(images), captions, strict=True):
            red = image[0, 0, 0]
            assert some == [f"red {red}", f"the red, of {red}"]
            assert split_by_hash(f"{red}.png") == split
            found.append(red)
    assert sorted(found) == list(range(n))


def as_pipes(rows):
    lines = [f"{image}| {i}| {text}\n" for i, (image, text) in enumerate(rows)]
    return "image_name| comment_number| comment\n" + "".join(lines)


def as_json_lines(rows):
    return "".join(json.dumps({"file_name": image, "text": text}) + "\n" for image, text in rows)


def as_lists(rows):
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "".join(
        json.dumps({"image": image, "captions": [first, second]}) + "\n"
        for (image, first), (_, second) in pairs
    )


def as_karpathy(rows):
    pairs = zip(rows[::2], rows[1::2], strict=True)
    images = [
        {"filename": image, "split": "train", "sentences": [{"raw": first}, {"raw": second}]}
        for (image, first), (_, second) in pairs
    ]
    return json.dumps({"images": images, "dataset": "flickr8k"})


@pytest.mark.parametrize(
    ("file", "write", "images", "form"),
    [
        ("mine.tsv", as_tsv, ".", "TSV without a header, image in column 1, caption in column 2"),
        ("captions.txt", as_csv, "Images", "CSV with a header, image in column 'image', caption in"),
        (
            "results.csv",
            as_pipes,
            "flickr/images",
            "CSV with | with a header, image in column 'image_n",
        ),
        ("metadata.jsonl", as_json_lines, ".", "JSON lines, image in 'file_name', caption in 'text'"),
        ("mine.jsonl", as_lists, "images", "JSON lines, image in 'image', caption in 'captions'"),
        ("mine.json", as_coco, "val2017", "JSON of COCO"),
        ("dataset.json", as_karpathy, "images", "JSON of COCO"),
        ("annotations/captions_train2017.json", as_coco, "train2017", "JSON of COCO"),
        ("text/captions.csv.gz", as_csv, "photos", "CSV with a header"),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path, file, write, images, form, capsys):
    rows = write_images(tmp_path / images)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    content = write(rows).encode()
    (tmp_path / file).write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
    first = datasets.load_captions(tmp_path / file)
    assert_rows(first)
    printed = capsys.readouterr().out
    assert printed.startswith(f"Read {tmp_path / file}: {form}") and printed.count("\n") == 1
    assert printed.endswith(f"80 captions of 40 images in {tmp_path / images}.\n")
    if "/" not in file:
        second = datasets.load_captions(str(tmp_path))
        assert [captions for _, captions in first.values()] == [some for _, some in second.values()]


@pytest.mark.parametrize("header", ["image\tcaption", '"File_Name"\t"Text"', "path\tdescription"])
def test_names_of_columns_are_skipped(tmp_path, header):
    body = as_tsv(write_images(tmp_path))
    (tmp_path / "mine.tsv").write_text(f"{header}\n{body}\ufeff{header}\n\n")
    assert_rows(datasets.load_captions(tmp_path / "mine.tsv"))


def test_captions_are_normalized_and_names_of_images_are_not(tmp_path):
    lines = []
    for i in range(40):
        (tmp_path / f"cafe\u0301\xa0{i}.png").write_bytes(encode((i, 0, 0)))
        lines.append(f"cafe\u0301\xa0{i}.png\ta cafe\u0301\xa0in r\xaded\u200b\n")
    (tmp_path / "mine.tsv").write_text("".join(lines))
    for _, captions in datasets.load_captions(tmp_path / "mine.tsv").values():
        assert captions and {caption for some in captions for caption in some} == {"a café in red"}


def test_an_encoding(tmp_path):
    rows = [(image, f"café {image}") for image, _ in write_images(tmp_path / "images")[::2]]
    (tmp_path / "mine.csv").write_bytes(as_csv(rows).encode("latin-1"))
    with pytest.raises(ValueError, match=r"line 2: this is not utf-8 text.* with --encoding"):
        datasets.load_captions(tmp_path / "mine.csv")
    splits = datasets.load_captions(tmp_path / "mine.csv", encoding="latin-1")
    assert all(caption.startswith("café ") for _, some in splits.values() for (caption,) in some)


def test_a_file_for_each_split(tmp_path, capsys):
    rows = write_images(tmp_path / "images")
    rows = [(f"{image}#{i % 2}", text) for i, (image, text) in enumerate(rows)]  # as in Flickr8k
    (tmp_path / "train.tsv").write_text(as_tsv(rows[:60]))
    (tmp_path / "test.tsv").write_text(as_tsv(rows[60:]))
    splits = datasets.load_captions(str(tmp_path))
    assert sorted(image[0, 0, 0] for image in read(splits["test"][0])) == list(range(30, 40))
    assert len(splits["train"][1]) + len(splits["validation"][1]) == 30
    assert "also in training" not in capsys.readouterr().out

    (tmp_path / "test.tsv").write_text(as_tsv(rows[58:]))
    datasets.load_captions(str(tmp_path))
    assert "1 of 11 test images are also in training, so the score" in capsys.readouterr().out


def test_the_folder_of_coco(tmp_path, capsys):
    rows = write_images(tmp_path / "train2017")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    for image, _ in rows[60::2]:
        (tmp_path / "train2017" / image).rename(tmp_path / "val2017" / image)
    for part, some in (("train", rows[:60]), ("val", rows[60:])):
        (tmp_path / "annotations" / f"captions_{part}2017.json").write_text(as_coco(some, first=7))
        (tmp_path / "annotations" / f"instances_{part}2017.json").write_text("{}")
    splits = datasets.load_captions(tmp_path)
    assert {red for image in read(splits["test"][0]) for red in image[0, 0, :1]} == set(range(30, 40))
    assert f"20 captions of 10 images in {tmp_path / 'val2017'}.\n" in capsys.readouterr().out


def test_a_folder_for_each_split(tmp_path):
    for split, first in {"train": 0, "test": 30}.items():
        rows = write_images(tmp_path / split)
        (tmp_path / split / "metadata.jsonl").write_text(as_json_lines(rows[2 * first :]))
    splits = datasets.load_captions(tmp_path)
    assert sorted(image[0, 0, 0] for image in read(splits["test"][0])) == list(range(30, 40))
    assert len(splits["train"][1]) + len(splits["validation"][1]) == 40


def test_the_splits_in_a_file_of_karpathy(tmp_path, capsys):
    whole = json.loads(as_karpathy(write_images(tmp_path / "images")))
    for i, image in enumerate(whole["images"]):
        image["split"] = ("train", "restval", "val", "test")[i % 4]
    (tmp_path / "dataset.json").write_text(json.dumps(whole))
    splits = datasets.load_captions(tmp_path / "dataset.json")
    assert {image[0, 0, 0] % 4 for image in read(splits["test"][0])} == {3}
    assert [len(captions) for _, captions in splits.values()] == [20, 10, 10]
    assert "JSON of COCO, with its own splits, 80 captions" in capsys.readouterr().out


def test_images_of_other_datasets_are_not_taken(tmp_path):
    rows = write_images(tmp_path / "mine" / "images", 4)
    write_images(tmp_path / "other")
    (tmp_path / "mine" / "captions.csv").write_text(as_csv([*rows, ("9.png", "red")]))
    for path in ("mine", "mine/captions.csv"):
        with pytest.raises(ValueError, match=r"there is no image .*mine.images.9\.png\. 1 of 5 images"):
            datasets.load_captions(tmp_path / path)
    (tmp_path / "mine" / "captions.csv").write_text(as_csv([("9.png", "red")]))
    with pytest.raises(ValueError, match=r"there is no image .*mine.9\.png\."):
        datasets.load_captions(tmp_path / "mine")


def test_the_folder_of_flickr8k(tmp_path, capsys):
    rows = write_images(tmp_path / "Flicker8k_Dataset")
    text = tmp_path / "Flickr8k_text"
    text.mkdir()
    lines = [f"{image}#{i % 2}\t{caption}\n" for i, (image, caption) in enumerate(rows)]
    (text / "Flickr8k.token.txt").write_text("".join([*lines, "9.jpg.1#0\tno image\n"]))
    (text / "Flickr8k.lemma.token.txt").write_text("other words")
    for split, numbers in {"train": range(30), "dev": range(30, 34), "test": range(34, 39)}.items():
        (text / f"Flickr_8k.{split}Images.txt").write_text("".join(f"{i}.png\n" for i in numbers))
    splits = datasets.load_captions(tmp_path)
    assert [len(captions) for _, captions in splits.values()] == [30, 4, 5]
    assert "Skipped 2 images that no list of a split names.\n" in capsys.readouterr().out
    for file in text.glob("*Images.txt"):
        file.write_text("other.png\n")
    with pytest.raises(ValueError, match=r"of 41 images, but the lists .* none of them"):
        datasets.load_captions(tmp_path)


def test_other_kinds_of_images_and_empty_captions(tmp_path, capsys):
    rows = []
    for i in range(60):
        kind = ("webp", "tiff", "gif", "bmp")[i % 4]
        Image.new("RGB", (9, 9), (i, 0, 0)).save(tmp_path / f"{i}.{kind}")
        rows += [(f"{i}.{kind}", f"red {i}"), (f"{i}.{kind}", " ")]
    (tmp_path / "mine.csv").write_text(as_csv(rows))
    splits = datasets.load_captions(tmp_path / "mine.csv")
    assert capsys.readouterr().out.endswith(
        f"60 captions of 60 images in {tmp_path}. Skipped 60 empty captions.\n"
    )
    images, captions = splits["train"]
    for image, (caption,) in zip(images.as_numpy_iterator(), captions, strict=True):
        assert abs(int(decode_image(image)[0, 0, 0]) - int(caption.split()[1])) <= 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "mine.tsv is empty"),
        ("1.png\ta\n0.png\n", r"mine.tsv, line 2: expected 2 columns.* Received: 1, '0.png'"),
        ("1.png\t \n", "mine.tsv has no captions"),
        ("1.png\t\u200b\n", "mine.tsv has no captions"),
        ("1.png\ta\n\n99.png\tb\n", r"mine.tsv, line 3: there is no image .*/99.png. 1 of 2 images"),
        ("1.png\ta\ntext.png\tb\n", r"line 2: .*text.png cannot be read as an image"),
        ("half.png\tb\n", r"line 1: .*half.png cannot be read as an image"),
        ("half.jpg\tb\n", r"line 1: .*half.jpg cannot be read as an image"),
        ("none.png\tb\n", r"line 1: .*none.png cannot be read as an image"),
        ("1.png\ta\n", "split of .* is empty"),
        ("9\ta\n8\tb\n", r"there is no image .*9. Its name lacks an ending, such as .jpg"),
        ("image_id\ta caption\n", r"line 1: there is no image .*image_id.*If the line has the names"),
        ("1.png\t0\ta\n0.png\t1\tb\n", "which column has the image"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, content, message):
    write_images(tmp_path, 2)
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "none.png").write_bytes(b"")
    for kind, ending in (("PNG", "png"), ("JPEG", "jpg")):
        noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3)).astype("uint8")
        Image.fromarray(noise).save(tmp_path / "whole", kind)
        half = (tmp_path / "whole").read_bytes()
        (tmp_path / f"half.{ending}").write_bytes(half[: len(half) // 2])
    (tmp_path / "mine.tsv").write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_captions(str(tmp_path / "mine.tsv"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": [{"id": 1}], "annotations": []}, "It lacks 'filename'"),
        ({"images": [3], "annotations": []}, "An entry has another form"),
        (
            {"images": [{"file_name": "1.png", "sentences": [{"raw": None}]}]},
            "image 1: expected a caption. Received: None",
        ),
        ({"images": [{"id": 1, "file_name": "1.png"}]}, "has no captions"),
        (
            {"images": [], "annotations": [{"image_id": 5, "caption": "a"}]},
            "annotation 1: there is no image with the id 5",
        ),
        (
            {"images": [{"id": 1, "file_name": "1.png"}], "annotations": [{"image_id": 1}]},
            "It lacks 'caption'",
        ),
        ([1, 2], "expected a JSON object"),
    ],
)
def test_json_that_cannot_be_used(tmp_path, content, message):
    write_images(tmp_path, 2)
    (tmp_path / "mine.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        datasets.load_captions(tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "has no file with captions, such as captions.csv.* Received: an empty folder"),
        (["a.csv", "b.csv"], "2 files that may have the captions: a.csv, b.csv. Give the right one"),
        (["train.csv", "other.csv"], "other.csv would not be read"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, files, message):
    for file in files:
        (tmp_path / file).write_text("1.png,a\n")
    with pytest.raises(ValueError, match=message):
        datasets.load_captions(tmp_path)
