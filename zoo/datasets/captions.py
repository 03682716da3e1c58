"""`load_captions`: images with their captions, from TFDS or from your own files."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from zoo.datasets.files import decode, read_bytes, read_files, read_tsv
from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.splitting import SPLITS, check_filled, fill_splits
from zoo.errors import InputError
from zoo.text import normalize


def load_captions(name, data_dir=None):
    """Reads images with one or more captions each.

    `name` may be:

    - a dataset of TFDS or of the zoo with one image and its captions, such as `"unicode_glyphs"`,
      `"flickr8k"` or `"coco_captions"` (without its split `restval`).
    - a TSV file. Each line has an image, a tab and a caption. The image is the path of a JPEG, PNG, GIF
      or BMP file, relative to the folder of the TSV. An image with several captions has several lines.
      A `#0` at the end of the path, as in Flickr8k's own file, is ignored. A first line with the names
      of the columns is skipped if the names are common, such as `image<tab>caption`, and if no image
      has that name.
    - a folder with `train.tsv`. It may also have `validation.tsv` and `test.tsv`.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Captions are normalized (see `zoo.text.normalize`).

    A missing split is cut from the training split by a hash of the image's path (80/10/10), and never
    from the test split. If there is no test split, the validation split becomes the test split.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a pair for each of `"train"`, `"validation"` and `"test"`: the images and their
        captions, in the same order. The images are a `tf.data.Dataset` of encoded images (for
        `tf.io.decode_image`), which are read when they are needed. The captions are a list of lists of
        str.

    Raises:
        ValueError: the dataset is unknown. A file is missing, empty or damaged, or an image is missing
            or cannot be read; the message names the line. A split is empty.

    Example:

    >>> splits = load_captions("flickr8k")  # doctest: +SKIP
    >>> {split: len(captions) for split, (_, captions) in splits.items()}  # doctest: +SKIP
    {'train': 6000, 'validation': 1000, 'test': 1000}
    """
    path = own_path(name)
    if path is None:
        return _read_tfds(name, data_dir)
    rows = read_files(path, ".tsv", _read_tsv)  # image as in the file, path, captions
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
        raise InputError(f"{name} does not have images and captions. Received: {', '.join(features)}")
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
    """Whether a feature is a text, a sequence of texts, or one of dicts with a text (coco_captions)."""
    feature = getattr(feature, "feature", feature)
    if isinstance(feature, tfds.features.FeaturesDict):
        feature = dict(feature).get("text")
    return getattr(feature, "np_dtype", None) == np.object_


def _read_tsv(path):
    def is_data(columns):
        return (path.parent / columns[0]).exists()

    _, rows = read_tsv(path, decode(path), "image", "caption", is_data)
    captions, lines = {}, {}  # for each image its captions, and the first line that names it
    for line, image, caption in rows:
        image = re.sub(r"#\d+$", "", image)
        captions.setdefault(image, []).append(normalize(caption).strip())
        lines.setdefault(image, line)
    with ThreadPoolExecutor() as threads:  # TensorFlow decodes several images at once
        checks = [threads.submit(_check_image, path, lines[image], image) for image in captions]
    for check in checks:
        check.result()
    return [(image, str(path.parent / image), some) for image, some in captions.items()]


def _check_image(path, i, image):
    """Decodes an image now, so that the error for a damaged one names its line."""
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
