"""Images with labels: folders and CSV files of users, and datasets of TFDS."""

import collections
import gzip
import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image, ImageOps

import zoo
from zoo.datasets import load_images

RNG = np.random.default_rng(0)
KINDS = ("png", "jpg", "gif", "bmp", "webp", "tiff")
SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def same_random_numbers():
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def make_image(size=(12, 10), mode="RGB"):
    pixels = RNG.integers(0, 255, (*size, 3)).astype("uint8")
    return Image.fromarray(pixels).convert(mode)


def write_class(folder, n=30, size=(12, 10), mode="RGB", kinds=("png",)):
    folder.mkdir(parents=True)
    for i in range(n):
        make_image(size, mode).save(folder / f"{i}.{kinds[i % len(kinds)]}")


def count(splits, names):
    """How many images each split has of each class."""
    return {split: collections.Counter(names[i] for i in splits[split][1].tolist()) for split in SPLITS}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_folder_for_each_class_with_every_kind_of_file(tmp_path, mode, capsys):
    kinds = ("png", "gif", "tiff") if mode == "RGBA" else KINDS
    kinds = [kind for kind in kinds if mode != "P" or kind != "jpg"]
    for name in ("cat", "dog"):
        write_class(tmp_path / name, mode=mode, kinds=kinds)
    splits, names, white = load_images(tmp_path)
    assert names == ["cat", "dog"] and white == 255
    assert sum(count(splits, names).values(), collections.Counter()) == {"cat": 30, "dog": 30}
    color = "gray" if mode in "L1" else "color"
    printed = f"Read {tmp_path}: 2 classes, 60 {color} images of 12 x 10 pixels.\n"
    assert capsys.readouterr().out == printed
    for images, labels in splits.values():
        assert images.shape == (len(labels), 12, 10, 1 if color == "gray" else 3)
        assert images.min() >= 0 and images.max() <= 255 and images.std() > 20


def test_images_of_different_sizes_become_squares(tmp_path, capsys):
    write_class(tmp_path / "cat", size=(10, 40))
    write_class(tmp_path / "dog", size=(20, 30), mode="L")
    images = load_images(str(tmp_path))[0]["train"][0]
    assert images.shape[1:] == (25, 25, 3)
    printed = capsys.readouterr().out
    assert "--image-size 25, because the median side of the images is 25 pixels\n" in printed
    assert "60 color images of 10 x 40 to 20 x 30 pixels, resized to 25 x 25." in printed
    images = load_images(str(tmp_path), image_size=7)[0]["train"][0]
    assert images.shape[1:] == (7, 7, 3)
    assert "--image-size" not in capsys.readouterr().out


@pytest.mark.parametrize(("most", "size"), [(100_000_000, 64), (60 * 3 * 400, 20)])
def test_large_images_are_made_smaller(tmp_path, capsys, monkeypatch, most, size):
    monkeypatch.setattr(zoo.datasets.images, "MOST_NUMBERS", most)
    for name in ("cat", "dog"):
        write_class(tmp_path / name, size=(80, 80))
    assert load_images(tmp_path)[0]["train"][0].shape[1:] == (size, size, 3)
    reason = f"is 80 pixels, and more than {size} would take long for 60 images"
    assert reason in capsys.readouterr().out


def test_the_same_images_in_any_folder_give_the_same_rows(tmp_path):
    for name in ("cat", "dog"):
        write_class(tmp_path / "a" / name)
        (tmp_path / "b" / "photos" / name / "more").mkdir(parents=True)
        for i, file in enumerate(sorted((tmp_path / "a" / name).iterdir())):
            folder = tmp_path / "b" / "photos" / name / ("more" if i % 2 else "")
            (folder / f"other {i * 7 % 30}").write_bytes(file.read_bytes())  # without an ending
    first, second = load_images(tmp_path / "a")[0], load_images(tmp_path / "b")[0]
    for split in SPLITS:
        for x, y in zip(first[split], second[split], strict=True):
            np.testing.assert_array_equal(x, y)


def test_an_image_that_occurs_twice_is_in_one_split(tmp_path):
    for name in ("cat", "dog"):
        write_class(tmp_path / name)
        for file in list((tmp_path / name).iterdir()):
            (tmp_path / name / f"copy of {file.name}").write_bytes(file.read_bytes())
    splits, _, _ = load_images(tmp_path)
    found = [{image.tobytes() for image in images} for images, _ in splits.values()]
    assert sum(map(len, found)) == len(set.union(*found)) == 60


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("seg_train/seg_train", "", "seg_test/seg_test"),
        ("Training", "dev", ""),
    ],
)
def test_a_folder_for_each_split(tmp_path, train, validation, test):
    sizes = {"train": 40, "validation": 5, "test": 6}
    for split, folder in {"train": train, "validation": validation, "test": test}.items():
        for name in ("cat", "dog", "bird") if folder else ():
            write_class(tmp_path / folder / name, sizes[split])
    splits, names, _ = load_images(tmp_path)
    assert names == ["bird", "cat", "dog"]
    found = {split: len(labels) for split, (_, labels) in splits.items()}
    if test and validation:
        assert found == {split: 3 * n for split, n in sizes.items()}
    elif test:
        assert found["test"] == 18 and found["train"] + found["validation"] == 120
    else:  # the validation split becomes the test split
        assert found["test"] == 15 and found["train"] + found["validation"] == 120


def test_transparent_parts_become_white(tmp_path):
    write_class(tmp_path / "cat")
    write_class(tmp_path / "dog")
    for i in range(9):
        Image.new("RGBA", (10, 12), (i, 0, 0, 0)).save(tmp_path / "dog" / f"clear {i}.png")
    images = np.concatenate([images for images, _ in load_images(tmp_path)[0].values()])
    assert (images == 255).all(axis=(1, 2, 3)).sum() == 9


def test_what_is_skipped_is_said(tmp_path, capsys):
    for name in ("cat", "dog"):
        write_class(tmp_path / name)
        write_class(tmp_path / name / ".ipynb_checkpoints", 2)
    write_class(tmp_path / "__MACOSX" / "cat", 2)
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "cat" / "notes.txt").write_text("These are cats.")
    (tmp_path / "labels.csv").write_text("a,b\n")
    (tmp_path / "dog" / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    splits, names, _ = load_images(tmp_path)
    assert sum(count(splits, names).values(), collections.Counter()) == {"cat": 30, "dog": 30}
    assert capsys.readouterr().out == (
        f"Read {tmp_path}: 2 classes, 60 color images of 12 x 10 pixels. Skipped 2 files "
        "without an image (labels.csv, notes.txt). Skipped 1 damaged image (half.jpg). "
        "Skipped 4 hidden files (.ipynb_checkpoints, .ipynb_checkpoints, Thumbs.db, ...).\n"
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"must have a folder of images for each class, such as .*cat.1.jpg. Received: an empty"),
        ({"1.png": "image", "2.png": "image"}, "must have a folder of images for each class"),
        ({"cat/1.png": "image", "2.png": "image"}, r"Received: 2.png, which is in no class"),
        ({"cat/1.png": "image", "dog/notes.txt": "text"}, "dog, the folder of a class, has no image"),
        (
            {"cat/1.png": "text", "cat/2.png": "image"},
            r"1 of 2 images cannot be read. The first is .*1",
        ),
        (
            {"cat/1.png": "image", "dog/a/1.png": "image"},
            "is empty: give more images, .* Received: [012] train",
        ),
        ({"train/cat/1.png": "image", "test/1.png": "image"}, "test has no folder for each class"),
        ({"train/cat.1.png": "image", "test1/1.png": "image"}, "test1 has no folder for each class"),
        ({"train/a/1.png": "image", "other/a/1.png": "image"}, "other would not be read"),
        ({"train/a/1.png": "image", "test/b/1.png": "image"}, "is empty|a label that the training"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if content == "image":
            make_image().save(tmp_path / name)
        else:
            (tmp_path / name).write_text(content)
    with pytest.raises(zoo.InputError, match=message) as error:
        load_images(tmp_path)
    assert "\n" not in str(error.value)


def test_one_class_is_too_few(tmp_path):
    write_class(tmp_path / "photos" / "cat", 60)
    for folder in (tmp_path, tmp_path / "photos"):
        with pytest.raises(
            zoo.InputError, match=r"has images of only one class, 'cat'.*a folder with its name"
        ):
            load_images(folder)


def test_an_archive_is_told_from_a_csv(tmp_path):
    (tmp_path / "cats.zip").write_bytes(b"PK\3\4\xff")
    with pytest.raises(zoo.InputError, match=r"neither a folder of images nor a CSV.*unpack it"):
        load_images(tmp_path / "cats.zip")


def test_an_image_of_two_splits_stays_in_the_later_one(tmp_path, capsys):
    for name in ("cat", "dog"):
        write_class(tmp_path / "train" / name)
        write_class(tmp_path / "test" / name, 5)
    for i in range(3):
        copy = tmp_path / "train" / "cat" / f"copy {i}.png"
        copy.write_bytes((tmp_path / "test" / "cat" / f"{i}.png").read_bytes())
    found = {split: len(labels) for split, (_, labels) in load_images(tmp_path)[0].items()}
    assert found["test"] == 10 and found["train"] + found["validation"] == 60
    assert "Left out 3 images that are also in a later split." in capsys.readouterr().out


# CSV of pixels


def write_csv(path, header="label", n=60, side=3, channels=1, label=lambda i: i % 2):
    rows = [RNG.integers(0, 255, side * side * channels).tolist() for _ in range(n)]
    names = [f"pixel{i}" for i in range(len(rows[0]))]
    lines = [[label(i), *row] for i, row in enumerate(rows)]
    lines = [[header, *names], *lines] if header else lines
    text = "".join(",".join(map(str, line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return rows


@pytest.mark.parametrize("header", ["label", "class", ""])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_csv_of_pixels(tmp_path, header, channels, capsys):
    rows = write_csv(tmp_path / "mine.csv", header, channels=channels)
    splits, names, white = load_images(tmp_path / "mine.csv")
    assert (names, white) == (["0", "1"], 255)
    found = {
        (int(label), *image.ravel().astype(int).tolist())
        for images, labels in splits.values()
        for image, label in zip(images, labels, strict=True)
    }
    assert found == {(i % 2, *row) for i, row in enumerate(rows)}
    assert splits["train"][0].shape[1:] == (3, 3, channels)
    assert "CSV of pixels, 60 images of 3 x 3 pixels.\n" in capsys.readouterr().out
    assert load_images(tmp_path / "mine.csv", image_size=5)[0]["test"][0].shape[1:3] == (5, 5)


def test_a_csv_whose_labels_look_like_missing_values(tmp_path):
    write_csv(tmp_path / "mine.csv", label=lambda i: ("NA", "null")[i % 2])
    assert load_images(tmp_path / "mine.csv")[1] == ["NA", "null"]


def test_a_csv_in_another_encoding(tmp_path):
    write_csv(tmp_path / "mine.csv", label=lambda i: ("bébé", "chien")[i % 2])
    text = (tmp_path / "mine.csv").read_text("utf-8")
    (tmp_path / "mine.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(zoo.InputError, match="Name the encoding of the file with --encoding"):
        load_images(tmp_path / "mine.csv")
    _, names, _ = load_images(tmp_path / "mine.csv", encoding="latin-1")
    assert names == ["bébé", "chien"]


def test_a_csv_for_each_split(tmp_path):
    write_csv(tmp_path / "fashion-mnist_train.csv", n=80)
    write_csv(tmp_path / "fashion-mnist_test.csv.gz", n=8, label=lambda i: 1)
    splits, _, _ = load_images(tmp_path)
    assert splits["test"][1].tolist() == [1] * 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n", "line 1: expected a column label.*no labels, move"),
        (
            "label,a,b,c,d\n1,2,3,4,5\n1,2,3,400,5\n",
            r"line 3: expected whole numbers .*'400' as pixel 2",
        ),
        ("label,a,b,c,d\n1,2,3,4,5\n1,2,3,x,5\n", r"line 3: expected whole numbers .*'x' as pixel 2"),
        ("label,a,b,c,d\n1,2,3,4,5\n1,2,3\n", r"line 3: expected whole numbers .*'' as pixel 2"),
        ("label,a,b,c,d\n1,2,3,4,5\n1,2,3,4,5,6\n", "cannot be read as a CSV"),
        ("label,a,b,c,d,e\n1,2,3,4,5,6\n", "1 row of 5 pixels. Expected a square"),
        ("label;a;b;c;d\n1;2;3;4;5\n", r"expected a label .* commas between them\. Received: 'label;a"),
        ("label,a,b,c,d\n1,0.2,0.3,0.4,0.5\n", r"line 2: expected whole numbers .*'0.2' as pixel 0"),
        ("label,text\npos,good fun\n", "line 2: expected whole numbers"),
        ("label,a\n1,2\n,3\n", r"line 3: the label is empty\. .* \(1 of 2 labels are empty\)"),
        ("label,a,b,c,d\n", "has 0 rows"),
        ("", "cannot be read as a CSV"),
    ],
)
def test_csv_files_that_cannot_be_used(tmp_path, content, message):
    (tmp_path / "mine.csv").write_text(content)
    with pytest.raises(zoo.InputError, match=message) as error:
        load_images(tmp_path / "mine.csv")
    assert "\n" not in str(error.value)


# TFDS


def test_digits_are_as_in_the_package(data_dir):
    splits, names, white = load_images("digits", data_dir)
    assert names == list("0123456789") and white == 16
    shapes = {split: images.shape for split, (images, _) in splits.items()}
    assert shapes == {"train": (1299, 8, 8, 1), "validation": (144, 8, 8, 1), "test": (354, 8, 8, 1)}
    assert load_images("digits", data_dir, image_size=4)[0]["test"][0].shape == (354, 4, 4, 1)


@pytest.mark.parametrize(
    ("dataset", "shape"),
    [("cifar10", (32, 32, 3)), ("patch_camelyon", (96, 96, 3)), ("cats_vs_dogs", None)],
)
def test_other_images_of_tfds(tmp_path, dataset, shape):
    with tfds.testing.mock_data(num_examples=40):
        splits, names, _ = load_images(dataset, str(tmp_path))
    for images, labels in splits.values():
        assert len(labels) and labels.max() < len(names)
        if shape is None:  # of any size
            assert images.shape[1] == images.shape[2] <= 64
        else:
            assert images.shape[1:] == shape


def test_a_dataset_without_images(data_dir):
    with pytest.raises(zoo.InputError, match=r"no images with a label each\. Received: date, sunspots"):
        load_images("sunspots", data_dir)


# Decoding


def test_images_that_tensorflow_cannot_read(tmp_path):
    deep = Image.fromarray(np.full((4, 5), 25700, "uint16"))
    files = {kind: io.BytesIO() for kind in ("TIFF", "WEBP")}
    deep.save(files["TIFF"], "TIFF")
    assert (zoo.images.decode_image(files["TIFF"].getvalue()) == 100).all()
    Image.new("RGBA", (5, 4), (0, 0, 0, 0)).save(files["WEBP"], "WEBP")
    assert (zoo.images.decode_image(files["WEBP"].getvalue(), channels=1) == 255).all()
    with pytest.raises(zoo.InputError, match="this cannot be read as an image: it is no image"):
        zoo.images.decode_image(b"text")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_is_turned_as_the_camera_was_held(kind):
    colors = np.zeros((16, 32, 3), "uint8")  # four fields of different colors
    colors[:8, 16:, 0] = colors[8:, :16, 1] = colors[8:, 16:, 2] = 255
    for orientation in range(1, 9):
        exif, file = Image.Exif(), io.BytesIO()
        exif[0x0112] = orientation
        Image.fromarray(colors).save(file, kind, exif=exif)
        expected = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB"))
        found = zoo.images.decode_image(file.getvalue())
        assert found.shape == ((16, 32, 3) if orientation < 5 else (32, 16, 3))
        assert np.abs(found.astype(int) - expected)[4::8, 4::8].max() < 20


def test_a_gray_image_saved_in_color_has_the_same_pixels():
    gray = RNG.integers(0, 255, (9, 9, 1)).astype("uint8")
    for kind in ("PNG", "BMP"):
        file = io.BytesIO()
        Image.fromarray(np.repeat(gray, 3, axis=2)).save(file, kind)
        np.testing.assert_array_equal(zoo.images.decode_image(file.getvalue(), channels=1), gray)
