"""The files in a folder, and the split of each by its name."""

import re

from zoo.datasets.files import ABOUT, visible
from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError


def walk(folder):
    """Lists all files in a folder and its subfolders. `2.txt` comes before `10.txt`.

    Files that programs hide are left out, see `visible`.
    """
    children = visible(folder)
    files = [child for child in children if child.is_file()]
    files += [file for child in children if child.is_dir() for file in walk(child)]
    return sorted(files, key=lambda file: _natural(file.relative_to(folder).as_posix()))


def _natural(name):
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)
    ]


def splits_by_name(folder, files, use_file_names):
    """Finds the split of each file by the words in its name and in the names of its folders.

    Args:
        folder: a `pathlib.Path`. Its own name does not matter.
        files: the files in it.
        use_file_names: False looks only at the names of folders.

    Returns:
        A dict of file to split, without files such as `README`. It is empty unless the names tell of
        training and one more split.

    Raises:
        ValueError: some files have a split and others do not.

    Example:

    >>> import pathlib
    >>> root = pathlib.Path("wiki")
    >>> files = [root / f"wiki.{split}.tokens" for split in ("train", "valid")]
    >>> list(splits_by_name(root, files, use_file_names=True).values())
    ['train', 'validation']
    """
    found, others = {}, []
    for file in files:
        parts = file.relative_to(folder).parts
        words = re.findall("[a-z]+", " ".join(parts if use_file_names else parts[:-1]).lower())
        splits = [SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES]
        if splits:
            found[file] = splits[0]
        elif not ABOUT & {*words}:
            others.append(file)
    if len({*found.values()}) < 2 or "train" not in found.values():
        return {}
    if others:
        raise InputError(
            f"{others[0]} belongs to no split, although other files of {folder} have train, validation "
            "or test in their names. Name its split in the same way, or move it away."
        )
    return found
