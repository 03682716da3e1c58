"""Readers of sentences with a tag for each token."""

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_cut, write_reading
from zoo.copying.readers.tables import is_utf8, plan_table, write_table
from zoo.copying.readers.tfds_names import find_splits, folder_of, with_folder
from zoo.datasets import tagged_files
from zoo.datasets.conll import SENTENCE_NAMES
from zoo.datasets.files import decode
from zoo.datasets.folders import find_splits as find_files
from zoo.datasets.json_files import read_entries
from zoo.datasets.loading import own_path
from zoo.datasets.tables import read_table
from zoo.datasets.tag_columns import choose_tag_columns

WNUT17 = '''
def load_tagged(DATA_DIR):
    """Reads sentences with a tag for each token: {split: (sentences, tags)}, names of the tags."""
    url = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/"
    files = "wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"
    splits, tag_names = {}, set()
    for split, file in zip(("train", "validation", "test"), files, strict=True):
        text = fetch(url + file, DATA_DIR).read_text(encoding="utf-8").replace("\\n\\t\\n", "\\n\\n")
        rows = []
        for i, sentence in enumerate(re.split("\\n\\n+", text.strip("\\n"))):
            columns = [line.split("\\t") for line in sentence.split("\\n")]
            tokens = [normalize(token) for token, _ in columns]
            rows.append((i, tokens, [tag for _, tag in columns]))
        # TFDS shuffles a dataset in this way.
        rows.sort(key=lambda row: hashlib.md5(f"{split}{row[0]}".encode()).digest())
        splits[split] = [tokens for _, tokens, _ in rows], [tags for _, _, tags in rows]
        tag_names.update(*splits[split][1])
    return splits, sorted(tag_names)
'''
TFDS = '''
def load_tagged(name, feature, DATA_DIR):
    """Reads a dataset of TFDS: {split: (sentences, tags)}, and the names of the tags."""
    parts = PARTS
    tables, info = tfds.load(name, split=[*parts.values()], with_info=True, data_dir=DATA_DIR)
    NAMES
    splits = {}
    for split, table in zip(parts, tables, strict=True):
        rows = []
        for batch in table.ragged_batch(1024):  # faster than row by row
            columns = COLUMNS
            for tokens, numbers in zip(*columns, strict=True):
                KEEP
                tokens = [normalize(token.decode()) for token in tokens]
                rows.append((tokens, TAGS))
        splits[split] = ROWS
    CUT
    tag_names = sorted({tag for rows in splits.values() for _, tags in rows for tag in tags})
    for split, rows in splits.items():
        splits[split] = [tokens for tokens, _ in rows], [tags for _, tags in rows]
    return splits, tag_names
'''
OWN = '''
def load_tagged(pathPARAMETERS):
    """Reads sentences with a tag for each token: {split: (sentences, tags)}, names of the tags."""
    READ
    tag_names = sorted({tag for rows in splits.values() for _, tags in rows for tag in tags})
    for split, rows in splits.items():
        splits[split] = [tokens for tokens, _ in rows], [tags for _, tags in rows]
    return splits, tag_names
'''
SORT = """
    # The rows are sorted by a hash, so that their order in the file does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256(" ".join(row[0]).encode()).digest())
"""
COLUMNS = """
    rows, tokens, tags = [], [], []
    with open(path, encoding=ENCODING) as file:
        for line in [*file, "\\n"]:
            columns = SPLIT
            SKIP
            if line.strip()END:
                token = columns[TOKEN]
                tokens.append(normalize(token).strip() or token)
                tags.append(columns[feature])
            elif tokens:  # an empty line ends a sentence
                rows.append((tokens, TAGS))
                tokens, tags = [], []
"""
JSON = """
    NAMES
    rows = []
    with open(path, encoding=ENCODING) as file:
        for row in ROWS:
            tokens = [normalize(token).strip() or token for token in row[TOKEN]]
            tags = TAG
            if tokens:
                rows.append((tokens, TAGS))
"""
NUMBERS = """
    numbers = json.loads(pathlib.Path(path).with_name("label.json").read_text(encoding="utf-8"))
    names = {number: name for name, number in numbers.items()}
"""
TABLE = """
    table = READ
    number = table[SENTENCE].replace("", None).ffill()  # it may stand in the first row only
    rows = []
    for _, sentence in table.groupby(number, sort=False):
        tokens = [normalize(token).strip() or token for token in sentence[TOKEN]]
        tags = sentence[feature].tolist()
        rows.append((tokens, TAGS))
"""
TO_IOB2 = '''
def to_iob2(tags):
    """Writes tags of chunks in IOB2, where each chunk begins with B-."""
    parts = {"S": "B", "U": "B", "E": "I", "L": "I", "M": "I"}  # of IOBES, BILOU and BMES
    tags = [parts.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    return [
        f"B-{tag[2:]}" if tag.startswith("I-") and last[1:] != tag[1:] else tag
        for last, tag in itertools.pairwise(["O", *tags])
    ]


'''.lstrip()


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield from _drafts_own(path, arguments, result)
    elif name == "wnut17":
        yield with_folder(WNUT17, data_dir), settings
    else:
        settings = {"name": name, "feature": arguments["feature"], **settings}
        for draft in _drafts_tfds(name, arguments):
            yield with_folder(draft, data_dir), settings


def _drafts_tfds(name, arguments):
    builder, parts = find_splits(name, arguments.get("data_dir"))
    features = builder.info.features
    source = TFDS.replace("PARTS", write_value(parts, 12))
    if "head" in features:  # of Universal Dependencies
        lines = (
            'words = heads != b"None"  # not parts of a word, such as 1.1\n'
            "                tokens, numbers = tokens[words], numbers[words]"
        )
        columns = '(batch[key].numpy() for key in ("tokens", feature, "head"))'
        source = source.replace("KEEP", lines).replace("COLUMNS", columns)
        source = source.replace("tokens, numbers in", "tokens, numbers, heads in")
    else:
        source = source.replace("                KEEP\n", "")
        source = source.replace("COLUMNS", 'batch["tokens"].numpy(), batch[feature].numpy()')
    if getattr(features[arguments["feature"]].feature, "names", None):
        source = source.replace("NAMES", "names = info.features[feature].feature.names")
        tags = "[names[number] for number in numbers]"
    else:
        source = source.replace("    NAMES\n", "").replace("numbers", "tags")
        source = source.replace("tables, info =", "tables =").replace(", with_info=True", "")
        tags = "[tag.decode() for tag in tags]"
    for piece, its_tags in (("", tags), (TO_IOB2, f"to_iob2({tags})")):
        for rows in ("rows", "[row for row in rows if row[0]]  # some have no token"):
            for salt in SALTS:
                draft = source.replace("TAGS", its_tags).replace("ROWS", rows)
                draft = draft.replace("    CUT\n", write_cut(parts, '" ".join(row[0])', salt))
                yield piece + in_order(draft, parts).lstrip()
                if len(parts) == 3:
                    break


def _drafts_own(path, arguments, result):
    encoding = arguments.get("encoding") or "utf-8"
    files = {"train": path}
    if path.is_dir():
        files = find_files(path, tagged_files._endings_in(path))
    form, names, sentences, _ = tagged_files._read_file(files["train"], encoding)
    token, tag = choose_tag_columns(files["train"], names, sentences, arguments["feature"])
    if form == "CSV":
        body, feature = _write_table(files["train"], encoding, names, token, tag)
    elif form == "JSON":
        body, feature = _write_json(files["train"], encoding, names, token, tag)
    else:
        body, feature = _write_columns(files, encoding, form, names, token), tag
    prefix = tagged_files._find_prefix([row[token] for rows in sentences for _, row in rows])
    if prefix:
        body = body.replace(
            "token = columns[TOKEN]", f'token = columns[TOKEN].removeprefix("{prefix}")'
        )
    body = body.replace("TOKEN", str(token))
    if files["train"].suffix == ".gz":
        body = body.replace("open(path,", 'gzip.open(path, "rt",')
    settings = {"name": str(path), "feature": feature}
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    body = body.replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    body = (body + SORT.lstrip("\n")).lstrip("\n")
    files, parameters = choose_parts(files), "".join(f", {name}" for name in [*settings][1:])
    for tags, piece in (("tags", ""), ("to_iob2(tags)", TO_IOB2)):
        for salt in SALTS:
            full = body.replace("TAGS", tags)
            reader, lines = write_reading(path, files, full, '" ".join(row[0])', parameters, salt)
            source = OWN.lstrip().replace("    READ\n", lines).replace("PARAMETERS", parameters)
            yield piece + reader + in_order(source, files), settings


def _write_columns(files, encoding, form, names, token):
    lines = [line for file in files.values() for line in decode(file, encoding).split("\n")]
    filled = [line for line in lines if line.strip()]
    first = next(line for line in filled if not line.startswith(("#", "-DOCSTART-")))
    source = COLUMNS.replace(
        "SPLIT",
        'line.rstrip("\\n").split("\\t")' if "\t" in first else 're.split(" +", line.strip(" \\n"))',
    )
    skip = []
    if form == "CoNLL-U":
        skip.append("line.strip() and not columns[0].isdecimal()")  # comments, too
    elif any(line.startswith("#") for line in filled):
        skip.append('line.startswith("#") and not tokens')
    if names and form != "CoNLL-U":
        header = first.split("\t") if "\t" in first else first.split()
        skip.append(f"columns == {write_value(header, 0)}")
    if skip:
        source = source.replace("SKIP", f"if {' or '.join(skip)}:\n                continue")
    else:
        source = source.replace("            SKIP\n", "")
    has_documents = any(line.startswith("-DOCSTART-") for line in filled)
    return source.replace("END", ' and not line.startswith("-DOCSTART-")' if has_documents else "")


def _write_json(path, encoding, names, token, tag):
    form, entries = read_entries(path, decode(path, encoding), bool)
    keys = [*entries[0][1]]
    tokens, tags = (next(key for key in keys if key.lower() == names[i]) for i in (token, tag))
    are_numbers = isinstance(entries[0][1][tags][0], int)
    source = JSON.replace("    NAMES\n", NUMBERS.lstrip("\n") if are_numbers else "")
    source = source.replace(
        "TAG\n", "[names[number] for number in row[feature]]\n" if are_numbers else "row[feature]\n"
    )
    lines = "[json.loads(line) for line in file if line.strip()]"
    rows = lines if form == "JSON lines" else "json.load(file)"
    return source.replace("ROWS", rows).replace("TOKEN", write_value(tokens, 0)), tags


def _write_table(path, encoding, names, token, tag):
    table = read_table(path, encoding)
    header = table.rows[0]
    lower = [cell.strip().lower() for cell in header]
    sentence = next(name for name in lower if name in SENTENCE_NAMES)
    columns = {"sentence": sentence, "token": names[token], "tag": names[tag]}
    places = {role: lower.index(name) for role, name in columns.items()}

    def choose(table):
        return table._replace(names=header, rows=table.rows[1:]), places

    call, columns = plan_table(path, encoding, choose)
    source = TABLE.replace("    table = READ\n", write_table(call))
    for role in ("sentence", "token"):
        source = source.replace(role.upper(), write_value(columns[role], 0))
    return source, columns["tag"]
