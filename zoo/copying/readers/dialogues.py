"""Readers of conversations."""

from zoo.copying.readers.splits import SALTS
from zoo.copying.readers.tables import is_utf8
from zoo.datasets.files import decode
from zoo.datasets.loading import own_path

CHATTERBOT = '''
def load_dialogues():
    """Reads conversations from a package: {split: conversations, each a list of turns}."""
    package = importlib.metadata.distribution("chatterbot-corpus")
    folder = pathlib.Path(package.locate_file("chatterbot_corpus/data/english"))
    conversations = {}  # each of them once
    for path in sorted(folder.glob("*.yml")):
        for turns in yaml.safe_load(path.read_text("utf-8"))["conversations"]:
            if isinstance(turns, list):  # a line without quotes is one text
                turns = [" ".join(turn.split()) for turn in turns]
                conversations["\\n".join(turns)] = turns
    splits = {split: [] for split in SPLITS}
    order = sorted(conversations, key=lambda text: hashlib.sha256(normalize(text).encode()).digest())
    for text in order:
        splits[split_of(text)].append([normalize(turn) for turn in conversations[text]])
    return splits
'''
LINES = '''
def load_dialogues(PARAMETERS):
    """Reads conversations, with an empty line between two: {split: lists of turns}."""
    with open(path, encoding=ENCODING) as file:
        groups = itertools.groupby(file, lambda line: line.strip() != "")
        conversations = [[*lines] for filled, lines in groups if filled]
    REST
'''
ROWS = '''
def load_dialogues(PARAMETERS):
    """Reads conversations, one on each line, with tabs between turns: {split: lists of turns}."""
    with open(path, encoding=ENCODING) as file:
        conversations = [line.split("\\t") for line in file]
    REST
'''
REST = """
    rows = {}  # each conversation once
    for turns in conversations:
        turns = [" ".join(normalize(turn).split()) for turn in turns]
        turns = [turn for turn in turns if turn]
        if len(turns) > 1:
            rows["\\n".join(turns)] = turns
    # The rows are sorted by a hash, so that their order in the file does not matter.
    order = sorted(rows, key=lambda text: hashlib.sha256(text.encode()).digest())
    return {split: [rows[text] for text in order if SPLIT == split] for split in SPLITS}
"""


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    if name == "chatterbot_english":
        yield CHATTERBOT, {}
    if path is None or not path.is_file() or path.suffix not in (".txt", ".tsv", ".tab"):
        return
    encoding = arguments.get("encoding") or "utf-8"
    settings = {"name": str(path)} | ({} if is_utf8(encoding) else {"encoding": encoding})
    source = ROWS if "\t" in decode(path, encoding) else LINES
    source = source.replace("    REST\n", REST.lstrip("\n"))
    source = source.replace("PARAMETERS", "path" if is_utf8(encoding) else "path, encoding")
    source = source.replace("ENCODING", '"utf-8-sig"' if is_utf8(encoding) else "encoding")
    for salt in SALTS:
        text = f'text + "{salt}"' if salt else "text"
        yield source.replace("SPLIT ==", f"split_of({text}) =="), settings
