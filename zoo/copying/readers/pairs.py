"""Readers of pairs of texts, for translation."""

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_cut, write_reading
from zoo.copying.readers.tables import is_utf8, plan_table, write_table
from zoo.copying.readers.tfds_names import find_splits, folder_of, with_folder
from zoo.datasets import pairs as loader
from zoo.datasets.columns import choose_columns
from zoo.datasets.folders import find_splits as find_files
from zoo.datasets.loading import own_path
from zoo.datasets.parallel import find_parallel
from zoo.datasets.tables import read_table

MULTI30K = '''
def load_pairs(source, target, DATA_DIR):
    """Reads descriptions of photographs in English and German: {split: (sources, targets)}."""
    url = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"
    splits = {}
    for split, name in {"train": "train", "validation": "val", "test": "test_2016_flickr"}.items():
        sides = []
        for language in (source, target):
            path = fetch(f"{url}{name}.{language}.gz", DATA_DIR)
            with gzip.open(path, "rt", encoding="utf-8") as file:
                sides.append([normalize(line.rstrip("\\n")) for line in file])
        rows = [*enumerate(zip(*sides, strict=True))]
        # TFDS shuffles a dataset in this way.
        rows.sort(key=lambda row: hashlib.md5(f"{split}{row[0]}".encode()).digest())
        splits[split] = [pair[0] for _, pair in rows], [pair[1] for _, pair in rows]
    return splits
'''
TATOEBA_HIN = '''
def load_pairs(source, target, DATA_DIR):
    """Reads English sentences with Hindi translations: {split: (sources, targets)}."""
    splits = {split: [] for split in SPLITS}
    with open(fetch("hin.txt", DATA_DIR), encoding="utf-8-sig") as file:  # of manythings.org/anki
        for i, line in enumerate(file, start=1):
            english, hindi, _ = line.split("\\t")  # the third column names the authors
            sides = {"en": normalize(english), "hi": normalize(hindi)}
            splits[split_of(fold(english))].append((i, sides[source], sides[target]))
    for split in SPLITS:
        rows = shuffled(splits[split], split)
        splits[split] = [row[1] for row in rows], [row[2] for row in rows]
    return splits
'''
TFDS = '''
def load_pairs(name, source, target, DATA_DIR):
    """Reads a dataset of TFDS: {split: (sources, targets)}."""
    parts = PARTS
    tables = tfds.load(name, split=[*parts.values()], batch_size=-1, data_dir=DATA_DIR)
    splits = {}
    for split, table in zip(parts, tables, strict=True):
        sides = [[normalize(text.decode()) for text in table[key].numpy()] for key in (source, target)]
        splits[split] = [row for row in zip(*sides, strict=True) if row[0].strip() and row[1].strip()]
    CUT
    for split, rows in splits.items():
        splits[split] = [row[0] for row in rows], [row[1] for row in rows]
    return splits
'''
OWN = '''
def load_pairs(pathPARAMETERS):
    """Reads pairs of texts: {split: (sources, targets)}."""
    READ
    for split, rows in splits.items():
        splits[split] = [row[0] for row in rows], [row[1] for row in rows]
    return splits
'''
APART = """
    later = set()
    for split in reversed(SPLITS):  # no source is in two splits
        splits[split] = [row for row in splits[split] if fold(row[0]) not in later]
        later |= {fold(row[0]) for row in splits[split]}
"""
BODY = """
    table = READ
    rows = zip(table[source].map(normalize), table[target].map(normalize), strict=True)
    rows = [(one.strip(), other.strip()) for one, other in rows if one.strip() and other.strip()]
    # The rows are sorted by a hash, so that their order in the file does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256("\\t".join(row).encode()).digest())
"""
PARALLEL = """
    with open(one, encoding=ENCODING) as sources, open(other, encoding=ENCODING) as targets:
        rows = zip(map(normalize, sources), map(normalize, targets), strict=True)
        rows = [(one.strip(), other.strip()) for one, other in rows if one.strip() and other.strip()]
    # The rows are sorted by a hash, so that their order in the file does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256("\\t".join(row).encode()).digest())
"""
PACKED = PARALLEL.replace(
    "    with open(one, encoding=ENCODING) as sources, open(other, encoding=ENCODING) as targets:\n",
    """    with (
        gzip.open(one, "rt", encoding=ENCODING) as sources,
        gzip.open(other, "rt", encoding=ENCODING) as targets,
    ):
""",
)


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if path is not None:
        yield from drafts_own(path, arguments)
        return
    folder, data_dir = folder_of(arguments)
    builder, parts = find_splits(name, arguments.get("data_dir"))
    languages = builder.info.supervised_keys or list(builder.info.features)
    source, target = arguments.get("source"), arguments.get("target")
    source = source or next(one for one in languages if one != target)
    target = target or next(one for one in languages if one != source)
    sides = {"source": source, "target": target}
    if name == "multi30k":
        yield with_folder(MULTI30K, data_dir), sides | folder
    elif name == "tatoeba_hin":
        yield with_folder(TATOEBA_HIN, data_dir), sides | folder
    else:
        draft = TFDS.replace("PARTS", write_value(parts, 12))
        for salt in SALTS:
            cut = in_order(draft.replace("    CUT\n", write_cut(parts, "row[0]", salt)), parts)
            yield with_folder(cut, data_dir), {"name": name, **sides, **folder}


def drafts_own(path, arguments):
    """The drafts for a file or folder of the user's own."""
    encoding = arguments.get("encoding") or "utf-8"
    chosen = {role: arguments[role] for role in ("source", "target") if arguments.get(role)}
    settings = {"name": str(path)}
    files = find_parallel(path, **chosen) if path.is_dir() else {}
    body = PACKED if any(file.suffix == ".gz" for pair in files.values() for file in pair) else PARALLEL
    if not files:
        files = find_files(path, loader.ENDINGS) if path.is_dir() else {"train": path}
        plans = [plan_pairs(file, chosen, encoding) for file in files.values()]
        if any(plan != plans[0] for plan in plans):
            raise ValueError("the files differ")
        call, columns = plans[0]
        settings |= columns
        body = BODY.replace("    table = READ\n", write_table(call))
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    body = body.lstrip("\n").replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    files, parameters = choose_parts(files), "".join(f", {name}" for name in [*settings][1:])
    for salt in SALTS:
        reader, lines = write_reading(path, files, body, "fold(row[0])", parameters, salt)
        lines += APART.lstrip("\n") if len(files) > 1 else ""
        source = OWN.lstrip().replace("    READ\n", lines).replace("PARAMETERS", parameters)
        yield reader + in_order(source, files), settings


def plan_pairs(path, chosen, encoding):
    """How pandas reads a file of pairs, and the columns of its source and target."""

    def choose(table):
        table, columns = loader._choose_texts(loader._open_translations(table), chosen)
        return choose_columns(table, ("source", "target"), columns)[:2]

    call, columns = plan_table(path, encoding, choose)
    names = read_table(path, encoding).names
    if names is not None and columns["source"] not in names:
        call = f'pd.DataFrame({call.replace(", dtype=str", "")}["translation"].tolist())'
    return call, columns
