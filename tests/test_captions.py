"""Images with captions: the dataset builders, and users' own files."""

import io
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
    (folder / "images").mkdir()
    for i in range(n):
        (folder / "images" / f"{i}.png").write_bytes(encode((i, 0, 0)))
    return [f"images/{i}.png\tred {i}\nimages/{i}.png\tthe red of {i}\n" for i in range(n)]


def test_a_file_keeps_the_captions_of_an_image_together(tmp_path):
    lines = write_images(tmp_path)
    (tmp_path / "mine.tsv").write_text("".join(lines))
    splits = datasets.load_captions(str(tmp_path / "mine.tsv"))
    found = []
    for split in SPLITS:
        images, captions = splits[split]
        for image, some in zip(read(images), captions, strict=True):
            red = image[0, 0, 0]
            assert some == [f"red {red}", f"the red of {red}"]
            assert split_by_hash(f"images/{red}.png") == split
            found.append(red)
    assert sorted(found) == list(range(40))


@pytest.mark.parametrize("header", ["image\tcaption", '"File_Name"\t"Text"', "path\tdescription"])
def test_names_of_columns_are_skipped(tmp_path, header):
    body = "".join(write_images(tmp_path))
    (tmp_path / "mine.tsv").write_text(f"{header}\n{body}\ufeff{header}\n\n")
    splits = datasets.load_captions(tmp_path / "mine.tsv")
    assert sum(len(captions) for _, captions in splits.values()) == 40
    (tmp_path / "image").write_bytes(encode("red"))  # now it names an image
    (tmp_path / "mine.tsv").write_text(f"image\tcaption\n{body}")
    splits = datasets.load_captions(tmp_path / "mine.tsv")
    assert sum(len(captions) for _, captions in splits.values()) == 41


def test_captions_are_normalized_and_names_of_images_are_not(tmp_path):
    write_images(tmp_path)
    lines = []
    for i in range(40):
        (tmp_path / f"cafe\u0301\xa0{i}.png").write_bytes(encode((i, 0, 0)))
        lines.append(f"cafe\u0301\xa0{i}.png\ta cafe\u0301\xa0in r\xaded\u200b\n")
    (tmp_path / "mine.tsv").write_text("".join(lines))
    for _, captions in datasets.load_captions(tmp_path / "mine.tsv").values():
        assert captions and {caption for some in captions for caption in some} == {"a café in red"}


def test_a_folder_and_the_numbers_of_flickr(tmp_path):
    lines = [line.replace(".png", ".png#1") for line in write_images(tmp_path)]
    (tmp_path / "train.tsv").write_text("".join(lines[:30]))
    (tmp_path / "test.tsv").write_text("".join(lines[30:]))
    splits = datasets.load_captions(str(tmp_path))
    assert [image[0, 0, 0] for image in read(splits["test"][0])] == list(range(30, 40))
    assert len(splits["train"][1]) + len(splits["validation"][1]) == 30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "mine.tsv is empty"),
        ("images/1.png\ta\nimages/0.png\n", r"mine.tsv, line 2: .* Received: 1 column, 'images/0"),
        ("images/1.png\t \n", "mine.tsv, line 1: expected an image"),
        ("images/1.png\ta\n\nimages/99.png\tb\n", r"mine.tsv, line 3: there is no image .*/99.png"),
        ("images/1.png\ta\nimages/text.png\tb\n", r"line 2: .*text.png cannot be read as an image"),
        ("images/half.png\tb\n", r"line 1: .*half.png cannot be read as an image"),
        ("images/half.jpg\tb\n", r"line 1: .*half.jpg cannot be read as an image"),
        ("images/none.png\tb\n", r"line 1: .*none.png cannot be read as an image"),
        ("images/1.png\ta\n", "split of .* is empty"),
        ("image_id\ta caption\n", r"line 1: there is no image .*image_id. If the line has the names"),
        ("images/1.png\t\u200b\n", "mine.tsv, line 1: expected an image"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, content, message):
    write_images(tmp_path, 2)
    (tmp_path / "images" / "text.png").write_text("no image")
    (tmp_path / "images" / "none.png").write_bytes(b"")
    for kind, ending in (("PNG", "png"), ("JPEG", "jpg")):
        noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3)).astype("uint8")
        Image.fromarray(noise).save(tmp_path / "whole", kind)
        half = (tmp_path / "whole").read_bytes()
        (tmp_path / "images" / f"half.{ending}").write_bytes(half[: len(half) // 2])
    (tmp_path / "mine.tsv").write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        datasets.load_captions(str(tmp_path / "mine.tsv"))
    assert "\n" not in str(error.value)
