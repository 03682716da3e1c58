"""Reads the files of captions that users bring."""

import json
import os
import re

from zoo.datasets.columns import choose_columns
from zoo.datasets.files import decode, ending_of
from zoo.datasets.folders import find_splits, folders_in, list_folder, split_of, visible
from zoo.datasets.splitting import SPLIT_NAMES
from zoo.datasets.tables import JSON_ENDINGS, TABLE_ENDINGS, read_table
from zoo.errors import InputError
from zoo.text import normalize

ENDINGS = (".txt", *TABLE_ENDINGS)


def find_caption_files(path):
    """Finds the file with the captions of each split.

    Args:
        path: a `pathlib.Path` of a file or a folder. In a folder with several files, those with
            "caption" or "token" in their names count. The files may be in a folder of this folder, such
            as `annotations`, or in a folder for each split.

    Returns:
        A dict of split to path. A single file is the training split for now.

    Raises:
        ValueError: there is no such file, or it is not clear which one has the captions.
    """
    if path.is_file():
        return {"train": path}
    found = {folder: files for folder in (path, *folders_in(path)) if (files := _list_tables(folder))}
    by_split = {split_of(folder): files for folder, files in found.items()}
    are_splits = path not in found and "train" in by_split and None not in by_split
    if are_splits and len(by_split) == len(found) == sum(map(len, found.values())):
        return {split: files[0] for split, files in by_split.items()}
    for folder, files in found.items():
        splits = {split_of(file): file for file in files}
        if len(files) == 1:
            return {"train": files[0]}
        if "train" in splits and None not in splits and len(splits) == len(files):
            return splits
        if "train" in splits:
            return find_splits(folder, ENDINGS)  # says which file is in the way
        names = ", ".join(file.name for file in files[:4])
        names += f" and {len(files) - 4} more" * (len(files) > 4)
        raise InputError(
            f"{folder} has {len(files)} files that may have the captions: {names}. "
            f"Give the right one, such as {files[0]}."
        )
    raise InputError(
        f"{path} has no file with captions, such as captions.csv, captions.txt or train.tsv. "
        f"Received: {list_folder(path)}"
    )


def _list_tables(folder):
    """The files of a folder that may have captions."""
    files = [child for child in visible(folder) if child.is_file() and ending_of(child) in ENDINGS]
    if any(file.name.endswith("token.txt") for file in files):  # Flickr8k as its authors sent it
        files = [file for file in files if re.search(r"(?<!lemma)\.token\.txt$", file.name)]
    named = [file for file in files if re.search("caption|metadata|token", file.name.lower())]
    return named or files


def read_captions(path, encoding):
    """Reads the captions in a file.

    Args:
        path: a `pathlib.Path` of a table, or of a JSON file of COCO.
        encoding: its encoding.

    Returns:
        A list of rows: where the row is, in words, such as `"line 3"`; the name of the image; and the
        caption. How the file was read, in words. And a dict of the name of an image to its split, which
        is empty if the data do not say it.

    Raises:
        ValueError: the file is damaged, or has no captions.
    """
    if ending_of(path) in JSON_ENDINGS:
        try:
            whole = json.loads(decode(path, encoding))
        except json.JSONDecodeError:
            whole = None  # JSON lines
        if isinstance(whole, dict) and isinstance(whole.get("images"), list):
            return _read_coco(path, whole)
    table = read_table(path, encoding)
    if table.form == "lines":  # captions.txt of Kaggle is a CSV
        table = read_table(path, encoding, ending=".csv")
    table, columns, how = choose_columns(table, ("image", "caption"))
    rows = []
    for row, line in zip(table.rows, table.lines, strict=True):
        image, captions = row[columns["image"]], row[columns["caption"]]
        for caption in captions if isinstance(captions, list) else [captions]:
            if not isinstance(image, str) or not isinstance(caption, str):
                raise InputError(
                    f"{path}, line {line}: expected the path of an image and a caption. "
                    f"Received: {image!r:.40}, {caption!r:.60}"
                )
            name = re.sub(r"#\d+$", "", image.strip()).replace("\\", "/")  # as Windows writes paths
            rows.append((f"line {line}", name, caption))
    return _clean(path, rows), how, _read_image_lists(path)


def _read_coco(path, whole):
    """Rows of COCO's own files, or of those of Karpathy, where an image has its captions with it."""
    rows, names, splits = [], {}, {}
    try:
        for i, image in enumerate(whole["images"], start=1):
            names[image.get("id", i)] = name = image.get("file_name") or image["filename"]
            name = os.path.join(image.get("filepath", ""), name)
            split = {"restval": "train"}.get(image.get("split"), SPLIT_NAMES.get(image.get("split")))
            splits |= {name: split} if split else {}
            for sentence in image.get("sentences", []):
                rows.append((f"image {i}", name, sentence["raw"]))
        for i, annotation in enumerate(whole.get("annotations", []), start=1):
            if annotation["image_id"] not in names:
                raise InputError(
                    f"{path}, annotation {i}: there is no image with the id {annotation['image_id']!r}."
                )
            rows.append((f"annotation {i}", names[annotation["image_id"]], annotation["caption"]))
    except (KeyError, TypeError, AttributeError) as error:
        problem = f"It lacks {error}" if isinstance(error, KeyError) else "An entry has another form"
        raise InputError(
            f"{path} is not a file of captions as COCO has it: expected images with id and file_name, "
            f"and annotations with image_id and caption. {problem}. The names of COCO's files of "
            "captions begin with captions_."
        ) from None
    for where, _, caption in rows:
        if not isinstance(caption, str):
            raise InputError(f"{path}, {where}: expected a caption. Received: {caption!r:.60}")
    how = "JSON of COCO" + ", with its own splits" * bool(splits)
    return _clean(path, rows), how, splits


def _clean(path, rows):
    """Normalizes the captions. The caller leaves out the empty ones and says how many they were."""
    rows = [(where, image, normalize(caption).strip()) for where, image, caption in rows]
    if not any(caption for _, _, caption in rows):
        raise InputError(f"{path} has no captions: expected lines of an image and a caption.")
    return rows


def find_image_folder(path, names, look_beside):
    """Finds the folder that has the images which a file names.

    Args:
        path: a `pathlib.Path` of a file of captions.
        names: a list of the names of images, or of their paths in that folder.
        look_beside: whether the images may be in a folder beside that of the file.

    Returns:
        The first folder that has the most of these images: the folder of the file, a folder in it or
        in a folder in it. If they have none, a folder beside that of the file.
    """
    some = names[:: -(-len(names) // 100)]  # at most 100
    near = [child for folder in _readable(path.parent) for child in (folder, *_readable(folder))]
    parent = path.parent.resolve().parent
    beside = [path.parent.parent / child.name for child in _readable(parent)] if look_beside else []

    def count(place):  # `os.path.isfile`, because a text in place of a name may be too long for a path
        return sum(os.path.isfile(place / name) for name in some)

    best = max([path.parent, *near], key=count)
    return best if count(best) else max([best, *beside], key=count)


def _readable(folder):
    """The folders in a folder. There are none if it belongs to somebody else."""
    try:
        return folders_in(folder)
    except InputError:
        return []


def _read_image_lists(path):
    """Reads which images are in which split, from Flickr8k's own lists beside its captions.

    Args:
        path: a `pathlib.Path` of the file of captions, `Flickr8k.token.txt`.

    Returns:
        A dict of the name of an image to its split. Empty if there are no such lists.
    """
    splits = {}
    if path.name.endswith("token.txt"):
        for child in visible(path.parent):
            match = re.search(r"(train|dev|test)Images\.txt$", child.name)
            if match:
                split = {"dev": "validation"}.get(match[1], match[1])
                splits |= dict.fromkeys(decode(child).split("\n"), split)
    return splits
