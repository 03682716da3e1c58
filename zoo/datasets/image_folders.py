"""Reads folders of images."""

import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zoo.datasets.files import read_bytes
from zoo.datasets.folders import folders_in, list_folder, visible
from zoo.datasets.image_files import decode_image, resize_image, to_gray
from zoo.errors import InputError, counted
from zoo.text import normalize

ENDINGS = {  # of images
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".dib", ".webp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
    *(".avif", ".heic", ".heif", ".jp2", ".tga", ".ico"),
}
NEARLY_GRAY = 8  # difference between red, green and blue, which lossy formats add to gray images
SAMPLE = 200  # images from which a size is chosen


def read_classes(folders, choose):
    """Reads the images of folders that have a folder for each class.

    Args:
        folders: a dict of split to the path of a folder.
        choose: a function that takes a list of shapes, of some of the images, and the number of all
            images. It returns a height and a width for all images.

    Returns:
        A dict of split to rows. A row is a hash of the file, the image `[height, width, channels]`,
        with floats from 0 to 255, and the name of its class. And how they were read, in words.

    Raises:
        ValueError: a folder has no classes, a class has no image, or more than a tenth of the images
            cannot be read.
    """
    files, hidden, others, damaged = [], [], [], []
    for split, folder in folders.items():
        classes = folders_in(folder)
        loose = [child for child in visible(folder) if is_image(child)]
        if not classes or loose:
            received = f"{loose[0].name}, which is in no class" if loose else list_folder(folder)
            raise InputError(
                f"{folder} must have a folder of images for each class, such as "
                f"{folder / 'cat' / '1.jpg'}. Received: {received}"
            )
        for class_ in classes:
            files += [(split, class_, file) for file in _walk(class_, hidden)]
        hidden += set(folder.iterdir()) - set(visible(folder))
        others += [child for child in visible(folder) if child.is_file()]
    with ThreadPoolExecutor() as threads:  # several images are decoded at once
        some = [file for *_, file in files if is_image(file)] or [file for *_, file in files]
        read = threads.map(_read, some[:: -(-len(some) // SAMPLE) or 1])
        shapes = [row[2] for row in read if row]
        size = choose(shapes, len(some)) if shapes else (1, 1)
        results = [*threads.map(lambda row: _read(row[2], size), files)]
    rows = {split: [] for split in folders}
    filled, shapes = set(), set()
    for (split, class_, file), row in zip(files, results, strict=True):
        if row is None:
            (damaged if is_image(file) else others).append(file)
            continue
        filled.add(class_)
        shapes.add(row[2])
        rows[split].append((*row[:2], normalize(class_.name)))
    num_images = sum(map(len, rows.values()))
    if 10 * len(damaged) > num_images + len(damaged):
        raise InputError(
            f"{len(damaged)} of {num_images + len(damaged)} images cannot be read. The first is "
            f"{damaged[0]}. Convert them to JPEG or PNG, or move them away."
        )
    for folder in folders.values():
        for class_ in folders_in(folder):
            if class_ not in filled:
                raise InputError(
                    f"{class_}, the folder of a class, has no image that can be read. Delete it, or "
                    f"put images there. Received: {list_folder(class_)}"
                )
    rows, color = _same_channels(rows)
    names = {class_.name for class_ in filled}
    if len(names) == 1:
        raise InputError(
            f"{next(iter(folders.values()))} has images of only one class, {names.pop()!r}. Put the "
            "images of each class into a folder with its name."
        )
    how = f"{len(names)} classes, {num_images:,} {color} images of {describe_sizes(shapes)} pixels"
    if any(shape[:2] != tuple(size) for shape in shapes):
        how += f", resized to {size[0]} x {size[1]}"
    skipped = [
        (others, "file without an image", "files without an image"),
        (damaged, "damaged image"),
        (hidden, "hidden file"),
    ]
    for some, *nouns in skipped:
        if some:
            names = ", ".join(sorted(file.name for file in some)[:3])
            how += f". Skipped {counted(len(some), *nouns)} ({names}{', ...' * (len(some) > 3)})"
    return rows, how


def is_image(file):
    """Whether the name of a file ends like that of an image."""
    return file.suffix.lower() in ENDINGS and file.is_file()


def _walk(folder, hidden):
    """All files of a folder and of the folders in it. What is hidden is added to `hidden`."""
    children, files = visible(folder), []
    hidden += set(folder.iterdir()) - set(children)
    for child in children:
        files += _walk(child, hidden) if child.is_dir() else [child]
    return files


def _read(file, size=None):
    """The hash of a file, its image, and the image's shape in the file. None if there is no image."""
    try:
        content = read_bytes(file)
        image = decode_image(content)
    except InputError:
        return None
    shape = image.shape
    colors = np.moveaxis(image, 2, 0)  # because image.max(axis=2) takes 40 times as long
    brightest, darkest = (functools.reduce(of, colors) for of in (np.maximum, np.minimum))
    if (brightest - darkest).max() <= NEARLY_GRAY:
        image = to_gray(image)
    image = image if size is None else resize_image(image, size)
    return hashlib.sha256(content).hexdigest(), image, (*shape[:2], image.shape[2])


def _same_channels(rows):
    """Gives gray images three channels if there are others in color. Says what they are now."""
    color = any(image.shape[2] == 3 for some in rows.values() for _, image, _ in some)
    if color:
        rows = {
            split: [
                (key, np.broadcast_to(image, (*image.shape[:2], 3)), label)
                for key, image, label in some
            ]
            for split, some in rows.items()
        }
    return rows, "color" if color else "gray"


def describe_sizes(shapes):
    """The sizes of images in words.

    Args:
        shapes: the shapes of images, height and width first.

    Example:

    >>> describe_sizes([(48, 64, 3), (100, 80, 1)])
    '48 x 64 to 100 x 80'
    """
    sizes = sorted({tuple(shape[:2]) for shape in shapes}, key=lambda size: size[0] * size[1])
    names = [f"{height} x {width}" for height, width in sizes]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
