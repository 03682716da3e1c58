"""`load_images`: images with a label each, from TFDS or from your own files."""

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.files import ending_of, print_reading
from zoo.datasets.folders import find_splits, folders_in, list_folder, split_of, visible
from zoo.datasets.image_files import resize_image
from zoo.datasets.image_folders import describe_sizes, is_image, read_classes
from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.pixel_tables import read_pixels
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, fill_splits, sort_by_hash
from zoo.datasets.tables import TABLE_ENDINGS
from zoo.errors import InputError

LARGEST = 64  # pixels of a side, unless the user asks for more
MOST_NUMBERS = 100_000_000  # in all images together


def load_images(name, data_dir=None, image_size=None, encoding="utf-8"):
    """Reads images with a label each.

    `name` may be a dataset of TFDS or of the zoo with an image and a label, such as `"digits"`,
    `"mnist"` or `"cats_vs_dogs"`. If it has a test split, the last tenth of the training split is used
    for validation. Or it may be a folder of your own:

    - with a folder of images for each class, in which there may be more folders. The images may be of
      any kind that `zoo.images.decode_image` reads, and of different sizes.

          photos/cat/1.jpg
          photos/cat/more/2.png
          photos/dog/1.webp

    - with such a folder for each split.

          photos/train/cat/1.jpg
          photos/train/dog/1.jpg
          photos/test/cat/2.jpg

    - with a CSV of pixels for each split. `name` may also be one such CSV. It has a label and all
      pixels of an image in each row. Pixels are from 0 to 255, row by row. These images have 2 x 2:

          label,pixel0,pixel1,pixel2,pixel3
          7,0,255,255,0
          1,0,255,0,255

    If a dataset and a folder have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the folder. Hidden files and folders, files that are no images, and damaged
    images are left out. One printed line says how your own files were read, and what was left out.

    Transparent parts of an image become white. If all images are gray, they get one channel, otherwise
    three. Images of different sizes become squares of one size.

    A missing split is cut from the training split by a hash of the image (80/10/10), and never from the
    test split. If there is no test split, the validation split becomes the test split. The images of
    your own files are sorted by this hash. An image that is in two splits stays in the later one.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        image_size: the height and the width in pixels to which all images are resized. None keeps the
            size if all images have the same, small one. Otherwise it becomes the median of their sides,
            but at most 64, and less if there are very many images. Then a line is printed with the
            reason.
        encoding: the encoding of your own CSV of pixels.

    Returns:
        A dict with a pair for each of `"train"`, `"validation"` and `"test"`: the images, numbers
        `[images, height, width, channels]`, and the labels, integers `[images]`. A list of the labels'
        names. And the value of a white pixel, such as 255.

    Raises:
        ValueError: the dataset is unknown, or it has no images with labels. A class has no image. More
            than a tenth of the images cannot be read. A line of a CSV is damaged. The training split
            lacks a label, or has only one. A split is empty.

    Example:

    >>> splits, names, white = load_images("digits")  # doctest: +SKIP
    >>> {split: images.shape for split, (images, _) in splits.items()}  # doctest: +SKIP
    {'train': (1299, 8, 8, 1), 'validation': (144, 8, 8, 1), 'test': (354, 8, 8, 1)}
    """
    path = own_path(name)
    if path is None:
        return _read_tfds(name, data_dir, image_size)
    folder = _unpack(path)
    choose = _choose_size if image_size is None else lambda *_: (image_size, image_size)
    if folder.is_file() and ending_of(folder) not in TABLE_ENDINGS:
        raise InputError(
            f"{folder} is neither a folder of images nor a CSV of pixels. If it is an archive, unpack "
            "it."
        )
    if folder.is_file() or (_has_tables(folder) and not folders_in(folder)):
        rows, how = _read_tables(folder, choose, encoding)
    else:
        rows, how = read_classes(_find_splits(folder), choose)
    num_copies = _drop_copies(rows)
    if num_copies:
        how += f". Left out {num_copies} images that are also in a later split"
    print_reading(path, how)
    fill_splits(name, rows, key=lambda row: row[0])
    check_filled(name, rows, "images")
    check_labels(name, {split: {label for _, _, label in rows[split]} for split in SPLITS})
    names = sorted({label for _, _, label in rows["train"]})
    splits = {}
    for split in SPLITS:
        some = sort_by_hash(rows.pop(split), key=lambda row: row[0] + row[2])
        images = np.stack([image for _, image, _ in some])  # [images, height, width, channels]
        splits[split] = images, np.array([names.index(label) for _, _, label in some])
    return splits, names, 255.0


def _drop_copies(rows):
    """Drops images of training that are also in validation or test, and of validation in test.

    Returns how many they were.
    """
    later, before = set(), sum(map(len, rows.values()))
    for split in reversed([split for split in SPLITS if split in rows]):
        rows[split] = [row for row in rows[split] if row[0] not in later]
        later |= {key for key, _, _ in rows[split]}
    return before - sum(map(len, rows.values()))


def _read_tfds(name, data_dir, image_size):
    builder = prepare(name, data_dir)
    features = dict(builder.info.features)
    keys = builder.info.supervised_keys or ("image", "label")
    image, label = (features.get(key) if isinstance(key, str) else None for key in keys[:2])
    if not isinstance(image, tfds.features.Image) or getattr(label, "shape", None) != ():
        raise InputError(f"{name} has no images with a label each. Received: {', '.join(features)}")
    parts = split_names(builder)
    if "test" in parts:
        parts = {"train": "train[:90%]", "validation": "train[90%:]", "test": parts["test"]}
    elif "validation" in parts:
        parts = {"train": "train[:90%]", "validation": "train[90%:]", "test": parts["validation"]}
    else:
        parts = {"train": "train[:80%]", "validation": "train[80%:90%]", "test": "train[90%:]"}
    size = None if image_size is None else (image_size, image_size)
    if size is None and None in image.shape:
        first = builder.as_dataset(split="train[:1%]").take(200).as_numpy_iterator()
        num_rows = sum(split.num_examples for split in builder.info.splits.values())
        size = _choose_size([row[keys[0]].shape for row in first], num_rows)
    splits = {}
    for split, part in parts.items():
        images, labels = [], []
        for row in read_rows(builder, builder.as_dataset(split=part).as_numpy_iterator()):
            images.append(resize_image(row[keys[0]], size) if size else row[keys[0]])
            labels.append(row[keys[1]])
        splits[split] = np.array(images), np.array(labels)
    num_classes = 1 + max(int(labels.max()) for _, labels in splits.values())
    names = getattr(label, "names", None) or [str(i) for i in range(num_classes)]
    return splits, names[: max(num_classes, 2)], float(splits["train"][0].max()) if not size else 255.0


def _unpack(path):
    """The folder inside, if a folder has only one folder in it, as unpacked archives often have."""
    while path.is_dir() and len(visible(path)) == 1:
        (child,) = visible(path)
        if not child.is_dir() or not (folders_in(child) or _has_tables(child)) or _has_images(child):
            break  # a file, or the only class
        path = child
    return path


def _find_splits(folder):
    """The folder of each split. A folder without splits is the training split for now."""
    splits = {}
    if any("train" in child.name.lower() and folders_in(child) for child in folders_in(folder)):
        splits = find_splits(folder)
    folders = folders_in(folder)
    are_splits = folders and all(map(split_of, folders))  # and no classes
    for child in splits.values() or (folders if are_splits else []):
        if not folders_in(child):
            raise InputError(
                f"{child} has no folder for each class, so its images have no labels. Put the images "
                f"of each class into a folder, or move {child.name} out of {folder}. "
                f"Received: {list_folder(child)}"
            )
    return {split: _unpack(child) for split, child in splits.items()} or {"train": folder}


def _has_images(folder):
    return any(map(is_image, visible(folder)))


def _has_tables(folder):
    return any(ending_of(child) == ".csv" for child in visible(folder))


def _read_tables(path, choose, encoding):
    files = {"train": path}
    if path.is_dir():
        tables = [child for child in visible(path) if ending_of(child) == ".csv"]
        files = find_splits(path, (".csv",)) if len(tables) > 1 else {"train": tables[0]}
    rows = {split: read_pixels(file, encoding) for split, file in files.items()}
    shapes = {image.shape for some in rows.values() for _, image, _ in some}
    if len(shapes) > 1:
        raise InputError(f"{path} has images of different sizes: {describe_sizes(shapes)}.")
    num_rows = sum(map(len, rows.values()))
    size = choose([*shapes], num_rows)
    rows = {
        split: [(key, resize_image(image, size), label) for key, image, label in some]
        for split, some in rows.items()
    }
    return rows, f"CSV of pixels, {num_rows:,} images of {describe_sizes(shapes)} pixels"


def _choose_size(shapes, num_images):
    """The height and width for images of these shapes. Prints them if they are not those of all."""
    sides = [side for shape in shapes for side in shape[:2]]
    channels = max(shape[2] for shape in shapes)
    most = int((MOST_NUMBERS / max(1, num_images) / channels) ** 0.5)
    most = max(8, min(LARGEST, most))
    if len({tuple(shape[:2]) for shape in shapes}) == 1 and max(sides) <= most:
        return tuple(shapes[0][:2])
    median = int(np.median(sides))
    size = max(2, min(median, most))
    reason = f"the median side of the images is {median} pixels"
    if size < median:
        reason += f", and more than {most} would take long for {num_images:,} images"
    print(f"--image-size {size}, because {reason}")
    return size, size
