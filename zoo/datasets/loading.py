"""`load`: TFDS and the zoo's own builders, and a clear word when there is no network."""

import difflib
import importlib
import os
import pathlib
import re
import sys

import filelock
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format
from requests.exceptions import RequestException
from tensorflow_datasets.core import constants
from tensorflow_datasets.core.download import downloader
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
from tensorflow_datasets.core.download.util import DownloadError

from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError, one_line

BUILDERS = (  # each a module here
    "cmudict",
    "co2",
    "digits",
    "etth1",
    "flickr8k",
    "jsb_chorales",
    "movie_reviews",
    "multi30k",
    "sst_binary",
    "sunspots",
    "unicode_glyphs",
    "wnut17",
)
OFFLINE_RECIPES = (
    "many_to_one_sentiment (movie_reviews/imdb)",
    "many_to_one_forecasting (sunspots, co2)",
    "many_to_many_punctuation (movie_reviews/imdb)",
    "encoder_decoder_pronunciation (cmudict)",
    "one_to_many_captioning (unicode_glyphs)",
    "one_to_many_text (movie_reviews/imdb)",
    "one_to_one_digits (digits)",
)
DAMAGED_INFO = (json_format.ParseError, RuntimeError)  # from TFDS, for a damaged dataset_info.json


def register_builders():
    """Makes TFDS know the builders: importing one registers it."""
    for module in BUILDERS:
        importlib.import_module(f"zoo.datasets.{module}")


def own_path(name):
    """The path of a person's own data, or None if `name` is that of a dataset.

    A name that is both means the dataset, so that a folder that a recipe has written, such as
    `sunspots`, is not taken for it. `./sunspots` or a `pathlib.Path` means the folder.

    Args:
        name: what a loader was given.

    Returns:
        A `pathlib.Path` of a file or a folder, or None.

    Raises:
        ValueError: nothing that can be a name or a path; a path that cannot be read; a device or a
            pipe.
    """
    if not isinstance(name, str | os.PathLike) or not str(name).strip():
        raise InputError(
            f"Give the name of a dataset, or the path of your own data. Received: {name!r}"
        )
    path = pathlib.Path(name)
    try:
        exists = path.exists()
    except OSError as error:
        raise InputError(f"{str(name)[:200]} cannot be read: {error.strerror}.") from None
    if not exists and not isinstance(name, str):
        raise InputError(f"No file or folder of that name. Received: {path}")
    if not exists or (isinstance(name, str) and _is_dataset(name)):
        return None
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is a device or a pipe: give a file or a folder.")
    return path


def _is_dataset(name):
    match = re.fullmatch(r"(\w+)(?:/([\w.+-]+))?(?::[\w.*]+)?", name)
    if not match:
        return False
    register_builders()
    try:
        builder = tfds.builder_cls(match[1])
    except tfds.core.DatasetNotFoundError:
        return False
    return match[2] is None or match[2] in builder.builder_configs


def prepare(name, data_dir=None):
    """The TFDS builder of a dataset, downloaded and prepared unless it was before.

    Of several processes that need the same dataset, one prepares it and the others wait.

    Args and errors: see `load`.

    Returns:
        A `tfds.core.DatasetBuilder`, for its `info` and `as_dataset`.
    """
    register_builders()
    builder = _find_builder(name, data_dir)
    if not builder.data_path.exists():
        lock = _make_lock(builder)
        try:
            lock.acquire(timeout=1)
        except filelock.Timeout:
            print(f"Waiting until another process has prepared {name}...", file=sys.stderr)
            lock.acquire()
        try:
            builder = _find_builder(name, data_dir)  # reads what another process may have written
            _download_and_prepare(name, builder)
        finally:
            lock.release()
    _check_files(builder)
    return builder


def _find_builder(name, data_dir):
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        names = tfds.list_builders(with_community_datasets=False)
        nearest = difflib.get_close_matches(name.split("/")[0], names, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InputError(
            f"Unknown dataset, and no file or folder of that name.{hint} Available: what TFDS lists "
            f"and {', '.join(BUILDERS)}. Received: {name!r}"
        ) from None
    except (ValueError, TypeError, AssertionError, ImportError, *DAMAGED_INFO) as error:
        # Its config or version; or what the folder says of itself cannot be read.
        if isinstance(error, DAMAGED_INFO) or "DatasetInfo" in str(error):
            folder = pathlib.Path(data_dir or constants.DATA_DIR).expanduser() / name.split(":")[0]
            raise InputError(
                f"{name} cannot be read: its files in {folder} are damaged. Delete that folder and run "
                f"this again. {one_line(error)[-200:]}"
            ) from None
        if str(error).startswith("Parsing builder name"):
            raise InputError(
                f"No file or folder of that name, and no name of a dataset. Received: {name!r}"
            ) from None
        raise InputError(f"{one_line(error)} Received: {name!r}") from error


def _make_lock(builder):
    """A lock that only one process can hold; it is free again when that process has ended, anyhow."""
    folder = pathlib.Path(builder._data_dir_root).expanduser()
    path = folder / f".{builder.info.full_name.replace('/', '-')}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise InputError(
            f"{builder.name} is not prepared, and {folder} cannot be written to: {error.strerror}. "
            "Give another data_dir."
        ) from None
    return filelock.FileLock(path)


def _download_and_prepare(name, builder):
    retries = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = 1  # 10 retries would take 200 s to tell that there is no network
    try:
        # Not from TFDS's own cloud copies: one way to get a file, whose sha256 is checked.
        config = tfds.download.DownloadConfig(try_download_gcs=False)
        builder.download_and_prepare(download_config=config)
    except RequestException as error:
        url = error.request.url if error.request is not None else "its server"
        raise InputError(_how_to_get(builder, url)) from error
    except (DownloadError, AssertionError, ImportError, OSError) as error:
        # A dead link, a missing package, a full disk.
        raise InputError(f"{name} cannot be prepared: {one_line(error)}") from error
    except NonMatchingChecksumError as error:
        raise InputError(
            f"A file of {name} is not the one that its builder knows (its sha256 differs): delete "
            f"it and fetch it again. {one_line(error)}"
        ) from None
    finally:
        downloader.MAX_RETRIES = retries


def _check_files(builder):
    """Raises an `InputError` if a file of a prepared dataset is gone or has lost its end."""
    if not builder.data_path.exists():  # a mock of `tfds.testing`
        return
    if not builder.info.splits:
        raise _damage(builder, "It has no split.")
    for split in builder.info.splits.values():
        for path in map(pathlib.Path, split.filepaths):
            if not path.is_file():
                raise _damage(builder, f"{path.name} is missing.")
        size = sum(os.path.getsize(path) for path in split.filepaths)
        if size < split.num_bytes:
            raise _damage(builder, f"The files of {split.name} are too short.")


def _damage(builder, reason):
    return InputError(
        f"{builder.info.full_name} cannot be read: its files in {builder.data_dir} are damaged. Delete "
        f"that folder and run this again. {reason}"
    )


def licence(name):
    """The licence of a dataset, as its builder states it, if it does.

    Example:

    >>> licence("multi30k"), licence("mnist")
    ('CC BY-SA 4.0', 'not stated by its builder')
    """
    register_builders()
    try:
        return tfds.builder(name).info.redistribution_info.license or "not stated by its builder"
    except (ValueError, TypeError, AssertionError, ImportError, *DAMAGED_INFO):  # a path, another name
        return "not stated: your own data"


def _how_to_get(builder, url):
    files = {known: info.filename for known, info in (builder.url_infos or {}).items()}
    file = (files | getattr(builder, "taken_as_they_are", {})).get(url)
    manual = pathlib.Path(builder._data_dir_root).expanduser() / "downloads" / "manual"
    if file:
        what_to_do = f"put the file into {manual} as {file}"
    else:  # TFDS takes a file from that folder only if it knows the file's name
        what_to_do = (
            "prepare the dataset where there is a network (tfds build) and copy it to "
            f"{builder.data_dir}"
        )
    return (
        f"{builder.info.full_name} is not on this machine and {url} cannot be reached: "
        f"{what_to_do}. Recipes that need no download: {', '.join(OFFLINE_RECIPES)}."
    )


def split_names(builder):
    """What a prepared dataset calls its splits, by what we call them: `dev`, `val` for validation."""
    return {SPLIT_NAMES[name]: name for name in builder.info.splits if name in SPLIT_NAMES}


def read_splits(builder, *keys):
    """Some features of a prepared dataset as NumPy.

    Args:
        builder: of TFDS.
        *keys: names of features: numbers, texts, or sequences of them.

    Returns:
        A dict of split to a list of rows, tuples of the features in the order of `keys`.
    """
    splits = {}
    for split, name in split_names(builder).items():
        rows = builder.as_dataset(split=name).map(lambda row: tuple(row[key] for key in keys))
        # In batches, because reading row by row takes about four times as long.
        batches = [[x.numpy() for x in batch] for batch in read_rows(builder, rows.ragged_batch(1024))]
        splits[split] = [row for batch in batches for row in zip(*batch, strict=True)]
    return splits


def read_rows(builder, dataset):
    """Yields what a dataset that the builder has opened gives; an `InputError` if a file is damaged."""
    try:
        yield from dataset
    except (
        tf.errors.DataLossError,
        tf.errors.NotFoundError,
        tf.errors.FailedPreconditionError,
    ) as error:
        reason = re.sub(r"\{\{.*?\}\} ?|\[Op:.*", "", error.message)
        raise _damage(builder, " ".join(reason.split())[-200:]) from None


def load(name, split=None, data_dir=None):
    """Reads a dataset as `tfds.load` does, the zoo's own builders included.

    Args:
        name: a name of TFDS (`"imdb_reviews"`, `"glue/sst2"`) or of this package
            (`"movie_reviews/imdb"`, `"sst_binary"`).
        split: for instance `"train"` or `"train[:10%]"`; None for a dict of all splits.
        data_dir: where TFDS keeps its files; its default (`TFDS_DATA_DIR`, else
            `~/tensorflow_datasets`) if None.

    Returns:
        A `tf.data.Dataset` of dicts, or a dict of them.

    Raises:
        ValueError: an unknown name or split; a file whose sha256 is wrong; a prepared dataset whose
            files are missing or cut off, with the folder to delete; or no network, told within
            seconds, with the URL, what to put where, and the recipes that need no download.

    Example:

    >>> load("move_reviews")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: ... Did you mean 'movie_reviews'? ...
    """
    builder = prepare(name, data_dir)
    try:
        return builder.as_dataset(split=split)
    except ValueError as error:
        raise InputError(f"{name}: {str(error).splitlines()[0]} Received: split={split!r}") from None
