"""Readers of images with captions."""

import contextlib
import os

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS
from zoo.copying.readers.tables import is_utf8, plan_table, write_table
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets import captions as loader
from zoo.datasets.caption_files import find_caption_files, find_image_folder, read_captions
from zoo.datasets.columns import choose_columns
from zoo.datasets.loading import own_path
from zoo.datasets.tables import read_table

GLYPHS = '''
def draw(character, fonts):
    """Draws a character `[32, 32, 1]`, white on black, in the first font in which it fits."""
    for font in fonts:
        left, top, right, bottom = font.getbbox(character, anchor="ls")  # from the baseline
        if right - left <= 32 and top >= -25 and bottom <= 7:
            break
    image = Image.new("L", (32, 32))
    corner = ((32 - right - left) // 2, 25)
    ImageDraw.Draw(image).text(corner, character, fill=255, font=font, anchor="ls")
    return np.array(image)[:, :, None]


def load_captions():
    """Draws characters in many fonts: {split: (dataset of images in PNG, lists of captions)}."""
    rows = {split: [] for split in SPLITS}
    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    for face in sorted(folder.glob("DejaVu*.ttf")):
        layout = ImageFont.Layout.BASIC
        fonts = [ImageFont.truetype(face, size, layout_engine=layout) for size in (24, 18, 12, 8)]
        for code in TTFont(face).getBestCmap():
            name = unicodedata.name(chr(code), "")  # such as LATIN SMALL LETTER Y
            image = draw(chr(code), fonts)
            if name and image.any():
                image = tf.io.encode_png(image).numpy()
                rows[split_of(name)].append((f"{face.stem} {name}", image, [name]))
    splits = {}
    for split in SPLITS:
        _, images, captions = zip(*shuffled(rows[split], split), strict=True)
        splits[split] = tf.data.Dataset.from_tensor_slices(list(images)), list(captions)
    return splits
'''
FLICKR8K = '''
def load_captions(DATA_DIR):
    """Reads photographs: {split: (dataset of images in JPEG, lists of five captions)}."""
    url = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/Flickr8k_"
    photos = zipfile.ZipFile(fetch(url + "Dataset.zip", DATA_DIR))
    texts = zipfile.ZipFile(fetch(url + "text.zip", DATA_DIR))
    captions = collections.defaultdict(list)
    for line in texts.read("Flickr8k.token.txt").decode().splitlines():
        key, caption = line.split("\\t")
        captions[key.split("#")[0]].append(normalize(caption))  # the key ends in "#0" to "#4"
    splits = {}
    for split, name in {"train": "train", "validation": "dev", "test": "test"}.items():
        names = texts.read(f"Flickr_8k.{name}Images.txt").decode().split()
        names = [name for (name,) in shuffled(zip(names, strict=True), split)]
        images = [photos.read(f"Flicker8k_Dataset/{name}") for name in names]  # spelled like this
        splits[split] = tf.data.Dataset.from_tensor_slices(images), [captions[name] for name in names]
    return splits
'''
TFDS = '''
def load_captions(name, DATA_DIR):
    """Reads a dataset of TFDS: {split: (dataset of encoded images, lists of captions)}."""
    parts = PARTS
    decoders = {"IMAGE": tfds.decode.SkipDecoding()}
    tables = tfds.load(name, split=[*parts.values()], decoders=decoders, data_dir=DATA_DIR)
    splits = {}
    for split, table in zip(parts, tables, strict=True):
        images = table.map(lambda row: row["IMAGE"])
        texts = table.map(lambda row: row["CAPTIONS"]).as_numpy_iterator()
        captions = [[normalize(text.decode()) for text in some] for some in texts]
        splits[split] = images, captions
    return splits
'''


OWN = '''
def load_captions(pathPARAMETERS):
    """Reads images and captions: {split: (dataset of encoded images, lists of captions)}."""
    captions = {}  # name of an image -> its captions
    READ
    folder = pathlib.Path(path).parentFOLDER
    keys = {name: pathlib.PurePath(name).name for name in captions}
    # The images are sorted by a hash, so that their order in the file does not matter.
    names = sorted(keys, key=lambda name: hashlib.sha256(keys[name].encode()).digest())
    splits = {}
    for split in SPLITS:
        some = [name for name in names if split_of(keys[name]) == split]
        paths = tf.data.Dataset.from_tensor_slices([str(folder / name) for name in some])
        splits[split] = paths.map(tf.io.read_file), [captions[name] for name in some]
    return splits
'''
TABLE = """
    table = READ
    for name, caption in zip(table[IMAGE], table[CAPTION], strict=True):
        captions.setdefault(NAME, []).append(normalize(caption).strip())
"""
LISTS = """
    table = READ
    for name, some in zip(table[IMAGE], table[CAPTION], strict=True):
        captions[name] = [normalize(caption).strip() for caption in some]
"""
COCO = """
    data = json.loads(pathlib.Path(path).read_text(encoding=ENCODING))
    names = {image["id"]: image["file_name"] for image in data["images"]}
    for row in data["annotations"]:
        name = names[row["image_id"]]
        captions.setdefault(name, []).append(normalize(row["caption"]).strip())
"""


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield from _drafts_own(path, arguments, result)
    elif name == "unicode_glyphs":
        yield GLYPHS, {}
    elif name == "flickr8k":
        yield with_folder(FLICKR8K, data_dir), settings
    else:
        yield with_folder(_draft_tfds(name, arguments), data_dir), {"name": name, **settings}


def _draft_tfds(name, arguments):
    builder = loader.prepare(name, arguments.get("data_dir"))
    names = loader.split_names(builder)
    image, captions = builder.info.supervised_keys or ("image", "captions")
    parts = {split: names[split] for split in ("train", "validation", "test")}
    return (
        TFDS.replace("PARTS", write_value(parts, 12))
        .replace("IMAGE", image)
        .replace("CAPTIONS", captions)
    )


def _drafts_own(path, arguments, result):
    encoding = arguments.get("encoding") or "utf-8"
    ((_, file),) = find_caption_files(path).items()  # one file, without splits of its own
    rows, _, lists = read_captions(file, encoding)
    if lists:
        return
    folder = find_image_folder(file, [*dict.fromkeys(name for _, name, _ in rows)], file.parent != path)
    inner = os.path.relpath(folder, file.parent).replace(os.sep, "/")
    inner = "" if inner == "." else f' / "{inner}"'
    settings = {"name": str(file)} | ({} if is_utf8(encoding) else {"encoding": encoding})
    source = OWN.replace("FOLDER", inner)
    source = source.replace("PARAMETERS", "" if is_utf8(encoding) else ", encoding")
    for read in (COCO, *_plan_tables(file, encoding)):
        read = read.lstrip("\n").replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
        for split in SALTS:
            call = f'split_of(keys[name] + "{split}")' if split else "split_of(keys[name])"
            yield source.replace("    READ\n", read).replace("split_of(keys[name])", call), settings


def _plan_tables(file, encoding):
    """Lines that read a table of images and captions."""
    ending = None
    with contextlib.suppress(ValueError):  # not a table
        ending = ".csv" if read_table(file, encoding).form == "lines" else None  # as Kaggle calls it
    try:
        call, columns = plan_table(
            file, encoding, lambda table: choose_columns(table, ("image", "caption"))[:2], ending
        )
    except ValueError:
        return
    columns = {role: write_value(name, 0) for role, name in columns.items()}
    for lines in (TABLE, LISTS):
        call = call if lines is TABLE else call.replace(", dtype=str", "")
        lines = lines.replace("    table = READ\n", write_table(call))
        lines = lines.replace("IMAGE", columns["image"]).replace("CAPTION", columns["caption"])
        for name in ("name", 're.sub(r"#\\d+$", "", name)'):
            yield lines.replace("NAME", name)
