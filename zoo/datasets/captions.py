"""`load_captions`: images and what is said of them, from TFDS or from a person's own files."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from zoo.datasets.files import decode, is_header, read_bytes, read_files
from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.splitting import SPLITS, check_filled, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_captions(name, data_dir=None):
    """Reads images with one or more captions each.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` with one image and captions, such as
      `"unicode_glyphs"`, `"flickr8k"` or `"coco_captions"` (without its split `restval`);
    - a TSV file, each line an image, a tab and a caption: the path of a JPEG, PNG, GIF or BMP file
      from the folder of the TSV, with as many lines as it has captions (a `#0` at the end of the path,
      as in Flickr8k's own file, is skipped). A first line with the names of the columns is skipped if
      they are common ones, such as `image<tab>caption`, and no image has that name;
    - a folder with `train.tsv` and, if you like, `validation.tsv` and `test.tsv`.

    A name that is both a dataset and a file or folder here means the dataset: write `./name`, or give
    a `pathlib.Path`, for the file or folder. Captions are normalized, see `zoo.text.normalize`.

    A split that is missing is cut from the training part by a hash of the image's path (80/10/10), and
    never from the test part; without a test split the validation split becomes it.

    Args:
        name: see above.
        data_dir: where TFDS keeps its files; its default if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each a pair: the images, a `tf.data.Dataset`
        of encoded images (for `tf.io.decode_image`) that are read when they are needed, and their
        captions, a list of lists of str in the same order.

    Raises:
        ValueError: an unknown dataset; a missing, empty or damaged file, an image that is missing or
            cannot be read, with the line that names it; an empty split.

    Example:

    >>> splits = load_captions("flickr8k")  # doctest: +SKIP
    >>> {split: len(captions) for split, (_, captions) in splits.items()}  # doctest: +SKIP
    {'train': 6000, 'validation': 1000, 'test': 1000}
    """
    path = own_path(name)
    if path is None:
        return _read_tfds(name, data_dir)
    rows = read_files(path, ".tsv", _read_tsv)  # an image as the file names it, its path, captions
    fill_splits(name, rows, key=lambda row: row[0])
    check_filled(name, rows)
    return {
        split: (
            tf.data.Dataset.from_tensor_slices([image for _, image, _ in rows[split]]).map(
                tf.io.read_file, num_parallel_calls=tf.data.AUTOTUNE
            ),
            [captions for _, _, captions in rows[split]],
        )
        for split in SPLITS
    }


def _read_tfds(name, data_dir):
    builder = prepare(name, data_dir)
    features, names = dict(builder.info.features), split_names(builder)
    image, captions = builder.info.supervised_keys or ("image", "captions")
    if not isinstance(features.get(image), tfds.features.Image) or not _is_text(features.get(captions)):
        raise InputError(f"{name} has not images and their captions. Received: {', '.join(features)}")
    if set(names) != set(SPLITS):
        raise InputError(
            f"{name} needs {', '.join(SPLITS)}. Received: {', '.join(builder.info.splits)}"
        )

    def texts(row):
        value = row[captions]
        return tf.reshape(value["text"] if isinstance(value, dict) else value, (-1,))

    splits = {}
    for split in SPLITS:
        rows = builder.as_dataset(split=names[split], decoders={image: tfds.decode.SkipDecoding()})
        splits[split] = (
            rows.map(lambda row: row[image]),
            [
                [normalize(text.decode()) for text in some]
                for some in read_rows(builder, rows.map(texts).as_numpy_iterator())
            ],
        )
    return splits


def _is_text(feature):
    """Whether it is a text, some of them, or some dicts of a text and other things (coco_captions)."""
    feature = getattr(feature, "feature", feature)
    if isinstance(feature, tfds.features.FeaturesDict):
        feature = dict(feature).get("text")
    return getattr(feature, "np_dtype", None) == np.object_


def _read_tsv(path):
    images, header = {}, None  # of each image its captions, and the line that names it first
    for i, line in enumerate(decode(path).split("\n"), start=1):
        line = line.removeprefix("\ufeff")  # at the start of a second file that was added
        columns = line.split("\t")
        if not images and header is None and is_header(columns, "image", "caption"):
            header = line if not (path.parent / columns[0]).exists() else None
        if not line.strip() or line == header:
            continue
        captions = [normalize(column).strip() for column in columns[1:]]
        if len(columns) != 2 or not columns[0].strip() or not captions[0]:
            raise InputError(
                f"{path}, line {i}: expected an image, a tab and a caption. Received: {len(columns)} "
                f"column{'s' * (len(columns) != 1)}, {line[:60]!r}"
            )
        image = re.sub(r"#\d+$", "", columns[0])
        images.setdefault(image, ([], i))[0].extend(captions)
    if not images:
        raise InputError(f"{path} is empty: expected lines of an image, a tab and a caption.")
    with ThreadPoolExecutor() as threads:  # TensorFlow decodes in several at once
        checks = [threads.submit(_check_image, path, i, image) for image, (_, i) in images.items()]
    for check in checks:
        check.result()
    return [(image, str(path.parent / image), some) for image, (some, _) in images.items()]


def _check_image(path, i, image):
    """Decodes an image, so that a damaged one is told with the line that names it, and at once."""
    image = path.parent / image
    if not image.is_file():
        hint = " If the line has the names of the columns, delete it." if i == 1 else ""
        raise InputError(f"{path}, line {i}: there is no image {image}.{hint}")
    try:
        tf.io.decode_image(read_bytes(image), channels=3, expand_animations=False)
    except tf.errors.InvalidArgumentError:
        raise InputError(
            f"{path}, line {i}: {image} cannot be read as an image (JPEG, PNG, GIF or BMP)."
        ) from None
