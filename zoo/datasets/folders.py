"""Finds the files in a folder that a user brings, and their splits."""

import re

from zoo.datasets.files import ending_of
from zoo.datasets.splitting import SPLIT_NAMES, SPLITS
from zoo.errors import InputError

ABOUT = {  # words in the names of files that are not data
    *("readme", "license", "licence", "citation", "changelog", "copying", "label"),
    *("submission", "samplesubmission"),  # of Kaggle
}
NO_SPLITS = {  # words that end with the name of a split and say none
    *(
        "latest",
        "greatest",
        "shortest",
        "fastest",
        "hottest",
        "fittest",
        "smartest",
        "lightest",
        "cutest",
    ),
    *("contest", "protest", "attest", "detest", "retrain", "constrain", "restrain"),
}


def visible(folder):
    """Lists a folder in order, without the files that programs hide there, such as `.git`."""
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from None
    hidden = ("thumbs.db", "desktop.ini", "lost+found", "system volume information", "node_modules")
    hidden += ("@eadir", "#recycle")  # of network disks
    return [
        child
        for child in children
        if not child.name.startswith((".", "_", "$")) and child.name.lower() not in hidden
    ]


def folders_in(folder):
    """Lists the folders in a folder, in order. See `visible`."""
    return [child for child in visible(folder) if child.is_dir()]


def list_folder(folder):
    """The first names in a folder, for a message."""
    return ", ".join(sorted(child.name for child in folder.iterdir())[:5]) or "an empty folder"


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
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in re.split(r"(\d+)", name)
    ]


def find_splits(folder, endings=None, others=()):
    """Finds the file or the folder of each split in a folder.

    A name belongs to a split if one of its words is train, validation or test, or another name of them
    in `zoo.datasets.splitting.SPLIT_NAMES`, such as dev. Words consist of letters, and capitals do not
    matter. So `en_ewt-ud-dev.conllu`, `wnut17train.conll` and `20news-bydate-test` have a split. So has
    `engtrain.bio`, where a word ends with train.

    Args:
        folder: a `pathlib.Path`.
        endings: the endings of the files, for instance `(".tsv", ".csv")`, with or without `.gz` after
            it. None finds folders instead of files.
        others: words in the names of more files that are not read, besides `README` and the like.

    Returns:
        A dict of split to path.

    Raises:
        ValueError: there is no training split, a split has two files, or a file has no split in its
            name, so that it would not be read. Files such as `README` and `LICENSE` do not count.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("reviews_train.csv", "reviews-dev.csv", "README.md"):
    ...     (folder / name).touch()
    >>> {split: path.name for split, path in find_splits(folder, (".csv", ".tsv")).items()}
    {'train': 'reviews_train.csv', 'validation': 'reviews-dev.csv'}
    """
    found, unnamed = {}, []
    for child in visible(folder):
        is_right = (
            child.is_dir() if endings is None else child.is_file() and ending_of(child) in endings
        )
        if not is_right:
            continue
        split = split_of(child)
        if split is None:
            if not {*ABOUT, *others} & {*_words_in(child.stem)}:
                unnamed.append(child)
            continue
        if split in found:
            raise InputError(
                f"{folder} has the {split} split twice: {found[split].name}, {child.name}. "
                "Keep one of them there."
            )
        found[split] = child
    what = "folder" if endings is None else f"file ({', '.join(endings)})"
    if "train" not in found:
        or_file = " Or give a file instead of the folder." if endings else ""
        raise InputError(
            f"{folder} has no {what} with train in its name.{or_file} Received: {list_folder(folder)}"
        )
    if unnamed:
        refuse_unnamed(unnamed[0], folder)
    return {split: found[split] for split in SPLITS if split in found}


def split_of(path):
    """The split that the name of a file or folder says, see `find_splits`. None if it says none.

    If no word of a file's name is a split, a word may also begin or end with one.

    Example:

    >>> import pathlib
    >>> split_of(pathlib.Path("captions_val2017.json")), split_of(pathlib.Path("engtrain.bio"))
    ('validation', 'train')
    >>> split_of(pathlib.Path("latest.csv"))
    """
    splits = {*splits_in(path.name)}
    if not splits and not path.is_dir():
        joined = re.compile(r"(train|valid|dev|test)(?:set|data|a|b)|[a-z]{2,4}(train|dev|test)")
        matches = [joined.fullmatch(word) for word in _words_in(path.name) if word not in NO_SPLITS]
        splits = {SPLIT_NAMES[match[1] or match[2]] for match in matches if match}
    return splits.pop() if len(splits) == 1 else None


def splits_in(name):
    """The splits that the words of a name say, in order.

    Example:

    >>> splits_in("train/reviews-dev.csv")
    ['train', 'validation']
    """
    return [SPLIT_NAMES[word] for word in _words_in(name) if word in SPLIT_NAMES]


def _words_in(name):
    return re.findall("[a-z]+", name.lower())


def refuse_unnamed(file, folder):
    """Raises an `InputError` about a file without a split in its name, while others have one."""
    raise InputError(
        f"{file} would not be read, because its name does not say the split: write train, validation "
        f"or test into it, or move it out of {folder}."
    )


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
        name = " ".join(parts if use_file_names else parts[:-1])
        splits = splits_in(name)
        if splits:
            found[file] = splits[0]
        elif not ABOUT & {*_words_in(name)}:
            others.append(file)
    if len({*found.values()}) < 2 or "train" not in found.values():
        return {}
    if others:
        refuse_unnamed(others[0], folder)
    return found
