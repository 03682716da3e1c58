"""`load_captions`: images with their captions, from TFDS or from your own files."""

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from zoo.datasets.caption_files import find_caption_files, find_image_folder, read_captions
from zoo.datasets.files import print_reading, read_bytes
from zoo.datasets.image_files import decode_image
from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.splitting import SPLITS, check_filled, fill_splits, note_shared, sort_by_hash
from zoo.errors import InputError, counted
from zoo.text import normalize


def load_captions(name, data_dir=None, encoding="utf-8"):
    """Reads images with one or more captions each.

    `name` may be a dataset of TFDS or of the zoo with one image and its captions, such as
    `"unicode_glyphs"`, `"flickr8k"` or `"coco_captions"` (without its split `restval`). Or it may be a
    file of your own. The first three have a column for the path of the image and one for its caption,
    with or without a line for the names of the columns. Other columns are left out:

    - TSV, as in Flickr8k's own `Flickr8k.token.txt`. An image with several captions has several lines.
      A `#0` at the end of the path is ignored.

          dogs/1.jpg#0<tab>A dog runs on the grass .
          dogs/1.jpg#1<tab>A brown dog plays outside .
          dogs/2.jpg#0<tab>Two dogs swim .

    - CSV, as in `captions.txt` of Kaggle's Flickr8k. The columns may be separated by `|`, as in
      `results.csv` of Flickr30k.

          image,caption
          1.jpg,A dog runs on the grass .
          2.jpg,"Two dogs swim , one barks ."

    - JSON with an object for each row, on a line each or in one list, as in `metadata.jsonl` of Hugging
      Face. The caption may be a list of captions.

          {"file_name": "1.jpg", "text": "A dog runs on the grass ."}
          {"file_name": "2.jpg", "text": "Two dogs swim ."}
          {"file_name": "3.jpg", "text": ["Snow .", "A snowy hill ."]}

    - JSON of COCO, such as `annotations/captions_train2017.json`. The files of Karpathy have the
      captions and the split of each image in `images`.

          {"images": [{"id": 7, "file_name": "1.jpg"}],
           "annotations": [{"image_id": 7, "caption": "A dog runs on the grass ."},
                           {"image_id": 7, "caption": "A brown dog plays outside ."}]}

    Or `name` may be a folder:

    - with one such file, or with a file for each split. Their names say the split: `train.tsv`,
      `test.tsv`, or `train/metadata.jsonl`, `test/metadata.jsonl`. COCO's folder `annotations` is
      found, and so are Flickr8k's own lists of its splits.

    The paths are relative to the folder of the file, or to a folder in it or beside it, such as
    `Images` or `train2017`. The folder with the most of the images is taken. The images may be of any
    kind that `zoo.images.decode_image` reads.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Captions are normalized (see `zoo.text.normalize`). Empty
    captions are left out. One printed line says how your own files were read.

    A missing split is cut from the training split by a hash of the image's name without its folder
    (80/10/10), and never from the test split. If there is no test split, the validation split becomes
    the test split. The images of your own files are sorted by this hash.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.

    Returns:
        A dict with a pair for each of `"train"`, `"validation"` and `"test"`: the images and their
        captions, in the same order. The images are a `tf.data.Dataset` of encoded images (for
        `zoo.images.decode_image`), which are read when they are needed. The captions are a list of
        lists of str.

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
    rows = {}
    for split, file in find_caption_files(path).items():
        images, how, lists = _read_own(file, encoding, look_beside=file.parent != path)
        print_reading(file, how)
        with ThreadPoolExecutor() as threads:  # several images are decoded at once
            for check in [threads.submit(_check_image, file, row) for row in images]:
                check.result()
        for row in images:
            rows.setdefault(lists.get(row[0], split), []).append(row)
    if "train" in rows:
        for note in note_shared(rows, lambda row: row[1], "images"):
            print(f"{note}.")
    fill_splits(name, rows, key=_key_of)
    check_filled(name, rows, "images")
    rows = {split: sort_by_hash(rows[split], _key_of) for split in SPLITS}
    return {
        split: (
            tf.data.Dataset.from_tensor_slices([image for _, image, _, _ in rows[split]]).map(
                tf.io.read_file, num_parallel_calls=tf.data.AUTOTUNE
            ),
            [captions for _, _, captions, _ in rows[split]],
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
                for batch in read_rows(builder, rows.map(texts).ragged_batch(1024))
                for some in batch.numpy()
            ],
        )
    return splits


def _is_text(feature):
    """Whether a feature is a text, a sequence of texts, or one of dicts with a text (coco_captions)."""
    feature = getattr(feature, "feature", feature)
    if isinstance(feature, tfds.features.FeaturesDict):
        feature = dict(feature).get("text")
    return getattr(feature, "np_dtype", None) == np.object_


def _key_of(row):
    return pathlib.PurePath(row[0]).name


def _read_own(path, encoding, look_beside):
    """The images of a file: name, path, captions, and where the first one is. And how it was read.

    Then a dict of the name of an image to its split. If it is not empty, images that it lacks are left
    out. Flickr8k has captions of two such images.
    """
    rows, how, lists = read_captions(path, encoding)
    captions, places = {}, {}  # for each image its captions, and the first place that names it
    unlisted = {image for _, image, _ in rows if lists and image not in lists}
    rows = [row for row in rows if row[1] not in unlisted]
    if not rows:
        raise InputError(
            f"{path} has captions of {counted(len(unlisted), 'image')}, but the lists of the splits "
            f"name none of them. Correct the lists, or delete them. Received: {min(unlisted)!r:.60}"
        )
    for where, image, caption in rows:
        places.setdefault(image, where)
        captions.setdefault(image, [])
        if caption:
            captions[image].append(caption)
    folder = find_image_folder(path, list(places), look_beside)
    missing = [image for image in places if not os.path.isfile(folder / image)]
    if missing:
        first = folder / missing[0]
        hint = " If the line has the names of the columns, delete it."
        advice = "They may be in the folder of this file, or in a folder in it"
        if len(missing) < len(places):
            advice = "Add them, or delete their lines"
        ending = "" if first.suffix else " Its name lacks an ending, such as .jpg."
        raise InputError(
            f"{path}, {places[missing[0]]}: there is no image {first}.{ending}"
            f"{hint * (places[missing[0]] == 'line 1')} {len(missing):,} of {len(places):,} images are "
            f"missing. {advice}."
        )
    empty = sum(not caption for _, _, caption in rows)
    how += f", {len(rows) - empty:,} captions of {len(places):,} images in {folder}"
    if empty:
        how += f". Skipped {counted(empty, 'empty caption')}"
    if unlisted:
        how += f". Skipped {counted(len(unlisted), 'image')} that no list of a split names"
    images = [(one, str(folder / one), some, places[one]) for one, some in captions.items() if some]
    return images, how, lists


def _check_image(path, row):
    """Decodes an image now, so that the error for a damaged one names its line."""
    _, image, _, where = row
    try:
        decode_image(read_bytes(image))
    except InputError as error:
        raise InputError(f"{path}, {where}: {image} {str(error).removeprefix('this ')}") from None
