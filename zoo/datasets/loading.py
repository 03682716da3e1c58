"""`load`: TFDS and the zoo's own builders, and a clear word when there is no network."""

import difflib
import importlib
import pathlib

import tensorflow_datasets as tfds
from requests.exceptions import RequestException
from tensorflow_datasets.core.download import downloader
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
from tensorflow_datasets.core.download.util import DownloadError

from zoo.datasets.splitting import SPLITS
from zoo.errors import InputError

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


def register_builders():
    """Makes TFDS know the builders: importing one registers it."""
    for module in BUILDERS:
        importlib.import_module(f"zoo.datasets.{module}")


def prepare(name, data_dir=None):
    """The TFDS builder of a dataset, downloaded and prepared unless it was before.

    Args and errors: see `load`.

    Returns:
        A `tfds.core.DatasetBuilder`, for its `info` and `as_dataset`.
    """
    register_builders()
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        names = tfds.list_builders(with_community_datasets=False)
        nearest = difflib.get_close_matches(name.split("/")[0], names, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InputError(
            f"Unknown dataset, and no file or folder of that name.{hint} Available: what TFDS lists "
            f"and {', '.join(BUILDERS)}. Received: {name!r}"
        ) from None
    except (ValueError, TypeError, AssertionError, ImportError) as error:  # its config or version
        if str(error).startswith("Parsing builder name"):
            raise InputError(
                f"No file or folder of that name, and no name of a dataset. Received: {name!r}"
            ) from None
        raise InputError(f"{' '.join(str(error).split())} Received: {name!r}") from error
    retries = downloader.MAX_RETRIES
    downloader.MAX_RETRIES = 1  # 10 retries would take 200 s to tell that there is no network
    try:
        # Not from TFDS's own cloud copies: one way to get a file, whose sha256 is checked.
        config = tfds.download.DownloadConfig(try_download_gcs=False)
        builder.download_and_prepare(download_config=config)
    except RequestException as error:
        url = error.request.url if error.request is not None else "its server"
        raise InputError(_how_to_get(builder, url)) from error
    except (DownloadError, AssertionError, ImportError) as error:  # a dead link, a missing package
        raise InputError(f"{name} cannot be prepared: {' '.join(str(error).split())}") from error
    except NonMatchingChecksumError as error:
        raise InputError(
            f"A file of {name} is not the one that its builder knows (its sha256 differs): delete "
            f"it and fetch it again. {' '.join(str(error).split())}"
        ) from None
    finally:
        downloader.MAX_RETRIES = retries
    return builder


def licence(name):
    """The licence of a dataset, as its builder states it, if it does.

    Example:

    >>> licence("multi30k"), licence("mnist")
    ('CC BY-SA 4.0', 'not stated by its builder')
    """
    register_builders()
    try:
        return tfds.builder(name).info.redistribution_info.license or "not stated by its builder"
    except (ValueError, TypeError, AssertionError, ImportError):  # a path, or another name
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
    ours = {"dev": "validation", "val": "validation"}
    names = {ours.get(split, split): split for split in builder.info.splits}
    return {split: name for split, name in names.items() if split in SPLITS}


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
        batches = [[x.numpy() for x in batch] for batch in rows.ragged_batch(1024)]
        splits[split] = [row for batch in batches for row in zip(*batch, strict=True)]
    return splits


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
        ValueError: an unknown name or split; a file whose sha256 is wrong; or no network, told
            within seconds, with the URL, what to put where, and the recipes that need no download.

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
