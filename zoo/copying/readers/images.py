"""Readers of images with labels."""

import tensorflow_datasets as tfds

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_reading
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets import images as loader
from zoo.datasets.column_names import is_name
from zoo.datasets.loading import own_path, split_names

DIGITS = '''
def load_images():
    """Reads digits: {split: (images `[images, 8, 8, 1]`, labels)}, names of labels, value of white."""
    package = importlib.metadata.distribution("scikit-learn")
    path = package.locate_file("sklearn/datasets/data/digits.csv.gz")
    rows = {"train": [], "test": []}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for i, (*pixels, label) in enumerate(csv.reader(file)):
            is_test = split_of(",".join(pixels), parts=5) == "test"
            image = np.array(pixels, "float").astype("uint8").reshape(8, 8, 1)
            rows["test" if is_test else "train"].append((i, image, int(float(label))))
    rows = {split: shuffled(some, split) for split, some in rows.items()}
    cut = round(0.9 * len(rows["train"]))  # the last tenth becomes the validation split
    rows["train"], rows["validation"] = rows["train"][:cut], rows["train"][cut:]
    splits = {}
    for split in SPLITS:
        _, images, labels = zip(*rows[split], strict=True)
        splits[split] = np.array(images), np.array(labels)
    return splits, [str(digit) for digit in range(10)], float(splits["train"][0].max())
'''
TFDS = '''
def load_images(nameSIZE, DATA_DIR):
    """Reads a dataset of TFDS: {split: (images, labels)}, names of labels, value of white."""
    parts = PARTS
    every = [*parts.values()]
    tables, info = tfds.load(name, split=every, BATCHwith_info=True, data_dir=DATA_DIR)
    splits = {}
    for split, table in zip(parts, tables, strict=True):
        READ
    return splits, info.features["LABEL"].names, WHITE
'''
ALL = 'splits[split] = table["IMAGE"].numpy(), table["LABEL"].numpy()\n'
RESIZED = """images, labels = [], []
        for row in tfds.as_numpy(table):
            image = tf.image.resize(row["IMAGE"], (SIDE, SIDE), antialias=True)
            images.append(image.numpy())
            labels.append(row["LABEL"])
        splits[split] = np.array(images), np.array(labels)
"""
OWN = '''
def load_images(path):
    """Reads images with labels: {split: (images, labels)}, names of labels, value of white."""
    READ
    label_names = sorted({label for _, _, label in splits["train"]})
    for split, rows in splits.items():
        images = np.stack([image for _, image, _ in rows])  # [images, height, width, channels]
        splits[split] = images, np.array([label_names.index(label) for _, _, label in rows])
    return splits, label_names, 255.0
'''
APART = """
    later = set()
    for split in reversed(SPLITS):  # no image is in two splits
        splits[split] = [row for row in splits[split] if row[0] not in later]
        later |= {row[0] for row in splits[split]}
"""
FOLDER = """
    rows = []
    for file in pathlib.Path(path).glob("[!._]*/**/[!._]*"):  # label/1.jpg, or label/more/1.jpg
        if file.is_file():
            content = file.read_bytes()
            image = tf.io.decode_image(content, CHANNELS, expand_animations=False)
            image = tf.image.resize(image, (HEIGHT, WIDTH), antialias=True).numpy()
            label = file.relative_to(path).parts[0]
            rows.append((hashlib.sha256(content).hexdigest(), image, label))
    # The rows are sorted by a hash, so that their order in the folder does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256((row[0] + row[2]).encode()).digest())
"""
PIXELS = """
    table = pd.read_csv(pathHEADER, keep_default_na=False)
    labels = table.pop(LABEL).astype(str)
    images = table.to_numpy("uint8").reshape(-1, SHAPE)  # [images, height, width, channels]
    keys = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    RESIZE
    rows = list(zip(keys, images.astype("float32"), labels, strict=True))
    # The rows are sorted by a hash, so that their order in the file does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256((row[0] + row[2]).encode()).digest())
"""


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if path is not None:
        yield from _drafts_own(path, arguments, result)
    elif name == "digits" and not arguments.get("image_size"):
        yield DIGITS, {}
    else:
        yield _draft_tfds(name, arguments, result)


def _draft_tfds(name, arguments, result):
    settings, data_dir = folder_of(arguments)
    builder = tfds.builder(name, data_dir=arguments.get("data_dir"))
    image, label = builder.info.supervised_keys or ("image", "label")
    names = split_names(builder)
    last = names.get("test") or names.get("validation")
    parts = {"train": "train[:80%]", "validation": "train[80%:90%]", "test": "train[90%:]"}
    if last:
        parts = {"train": "train[:90%]", "validation": "train[90%:]", "test": last}
    side = result[0]["train"][0].shape[1]
    is_whole = not arguments.get("image_size") and None not in builder.info.features[image].shape
    source = TFDS.replace("PARTS", write_value(parts, 12))
    if is_whole:
        source = source.replace("READ\n", ALL).replace("BATCH", "batch_size=-1, ")
        source = source.replace("WHITE", 'float(splits["train"][0].max())').replace("SIZE", "")
        settings = {"name": name, **settings}
    else:
        source = source.replace("READ\n", RESIZED).replace("BATCH", "").replace("SIDE", "image_size")
        source = source.replace("WHITE", "255.0").replace("SIZE", ", image_size")
        settings = {"name": name, "image_size": side, **settings}
    return with_folder(source.replace("IMAGE", image).replace("LABEL", label), data_dir), settings


def _drafts_own(path, arguments, result):
    height, width, channels = result[0]["train"][0].shape[1:]
    folder = loader._unpack(path)
    if folder.is_file() or loader._has_tables(folder):
        files = {"train": path}
        if path.is_dir():
            files = loader.find_splits(folder, (".csv",))
        with open(files["train"], encoding="utf-8") as file:
            first = file.readline().rstrip("\n").split(",")
        has_names = not first[1].strip().isdecimal()
        label = (
            next((f'"{name}"' for name in first if is_name(name, "label")), "0") if has_names else "0"
        )
        body = PIXELS.replace("HEADER", "" if has_names else ", header=None").replace("LABEL", label)
        side = int(((len(first) - 1) / channels) ** 0.5)
        body = body.replace("SHAPE", f"{side}, {side}, {channels}")
        resize = f"    images = tf.image.resize(images, ({height}, {width}), antialias=True).numpy()\n"
        body = body.replace("    RESIZE\n", "" if side == height else resize)
    else:
        files = loader._find_splits(folder)
        body = FOLDER.replace("CHANNELS", f"channels={channels}")
        body = body.replace("HEIGHT", str(height)).replace("WIDTH", str(width))
    files = choose_parts(files)
    settings = {"name": str(folder)}
    for salt in SALTS:
        reader, lines = write_reading(folder, files, body.lstrip("\n"), "row[0]", "", salt)
        lines += APART.lstrip("\n") if len(files) > 1 else ""
        source = OWN.lstrip().replace("    READ\n", lines)
        yield reader + in_order(source, files), settings
