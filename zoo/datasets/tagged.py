"""`load_tagged`: sentences with a tag for each token, from TFDS or from your own files."""

import itertools
import re

import tensorflow_datasets as tfds

from zoo.datasets.files import check_first_label, decode, is_header, read_files
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, fill_splits
from zoo.errors import InputError, check_choice
from zoo.text import normalize

CHUNKS = ("B-", "I-", "E-", "S-")  # begin, inside, end, single


def load_tagged(name, feature, data_dir=None):
    """Reads sentences with a tag for each token, such as named entities or parts of speech.

    `name` may be:

    - a dataset of TFDS or of the zoo with `tokens` and a tag for each, such as `"wnut17"` and
      `"conll2003"` (feature `"ner"`) or `"universal_dependencies/en_ewt"` (feature `"upos"`).
    - a file in CoNLL columns. It has a line for each token and an empty line after each sentence. The
      first column is the token and the last column is its tag. Columns are separated by tabs, or by
      spaces if there is no tab. `-DOCSTART-` lines are skipped, and so are lines before a sentence that
      begin with `# `. A first line with the names of the columns is skipped if the names are common,
      such as `token<tab>pos`. Other names raise an error.
    - a folder with `train.conll`. It may also have `validation.conll` and `test.conll`.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Tokens and tags are normalized (see `zoo.text.normalize`).
    An invisible token stays, because it has a tag.

    A missing split is cut from the training split by a hash of the sentence (80/10/10), and never from
    the test split. If there is no test split, the validation split becomes the test split. Tags of
    chunks (IOB1, IOB2 or IOBES) are converted to IOB2, see `to_iob2`. Sentences without a token are
    left out. Universal Dependencies has tokens that are not words of the sentence: a joined "don't",
    followed by its words "do" and "n't", and words that the writer left out. Such tokens are dropped.

    Args:
        name: see above.
        feature: which tags of a dataset to read. A file has only one kind of tags, so it is ignored
            there.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a pair (sentences, tags) for each of `"train"`, `"validation"` and `"test"`. Both
        are lists of lists of str. And a sorted list of the names of the tags.

    Raises:
        ValueError: the dataset or the feature is unknown. A file is missing, empty or damaged; the
            message names the line. The training split of your own files lacks a tag. A split is empty.

    Example:

    >>> splits, tag_names = load_tagged("wnut17", "ner")  # doctest: +SKIP
    >>> {split: len(sentences) for split, (sentences, _) in splits.items()}  # doctest: +SKIP
    {'train': 3394, 'validation': 1009, 'test': 1287}
    >>> sentences, tags = splits["validation"]  # doctest: +SKIP
    >>> list(zip(sentences[1], tags[1]))[-3:]  # doctest: +SKIP
    [('before', 'O'), ('Jesus', 'B-person'), ('.', 'O')]
    """
    path = own_path(name)
    if path:
        rows = read_files(path, ".conll", _read_conll)
        tags = {split: list(itertools.chain(*(tags for _, tags in rows[split]))) for split in rows}
        if not tags["train"][0].startswith((*CHUNKS, "O")):
            check_first_label(path, tags, "token<tab>tag")
    else:
        rows = _read_tfds(name, feature, data_dir)
    fill_splits(name, rows, key=lambda row: " ".join(row[0]))
    check_filled(name, rows)
    names = set().union(*_tags(rows).values())
    if all(tag == "O" or tag.startswith(CHUNKS) for tag in names):
        rows = {split: [(tokens, to_iob2(tags)) for tokens, tags in rows[split]] for split in rows}
    seen = _tags(rows)
    if path:  # published data may have tags that training lacks, as the chunks of conll2003 do
        check_labels(name, seen, "tag")
    return {
        split: ([tokens for tokens, _ in rows[split]], [tags for _, tags in rows[split]])
        for split in SPLITS
    }, sorted(set().union(*seen.values()))


def to_iob2(tags):
    """Converts the tags of one sentence to IOB2, where every chunk begins with B-.

    In IOB1, the scheme of the CoNLL-2003 files, a chunk begins with I-. It begins with B- only right
    after another chunk of the same type (Tjong Kim Sang & Veenstra 1999, "Representing Text Chunks").
    IOBES marks the last token of a chunk with E-, and a chunk of one token with S-. Tags in IOB2 stay
    the same.

    Args:
        tags: a list of O, B-X, I-X, E-X and S-X, where X is the type of the chunk.

    Returns:
        A list of the same length.

    Example:

    >>> to_iob2(["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG"])
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'B-LOC', 'B-ORG']
    >>> to_iob2(["B-PER", "E-PER", "O", "S-LOC"])
    ['B-PER', 'I-PER', 'O', 'B-LOC']
    """
    without_ends = [{"S": "B", "E": "I"}.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    return [
        f"B-{tag[2:]}" if tag.startswith("I-") and last[1:] != tag[1:] else tag
        for last, tag in itertools.pairwise(["O", *without_ends])
    ]


def to_iobes(tags):
    """Converts the tags of one sentence from IOB2 to IOBES.

    IOBES also marks the end of each chunk, which makes models a little better (Ratinov & Roth 2009,
    "Design Challenges and Misconceptions in Named Entity Recognition", where it is called BILOU).

    Args:
        tags: a list of O, B-X and I-X, where X is the type of the chunk.

    Returns:
        A list of the same length.

    Raises:
        ValueError: there is another tag.

    Example:

    >>> to_iobes(["B-PER", "I-PER", "O", "B-LOC"])
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    for tag in tags:
        if tag != "O" and not tag.startswith(("B-", "I-")):
            raise InputError(f"A tag of IOB2 is O, or B- or I- and a type. Received: {tag!r}")
    last_of_chunk = {"B": "S", "I": "E", "O": "O"}
    return [
        tag if after == f"I-{tag[2:]}" else last_of_chunk[tag[0]] + tag[1:]
        for tag, after in itertools.pairwise([*tags, "O"])
    ]


def _tags(rows):
    return {split: {tag for _, tags in rows[split] for tag in tags} for split in rows}


def _read_tfds(name, feature, data_dir):
    builder = prepare(name, data_dir)
    kinds = {
        key: type(value.feature)
        for key, value in builder.info.features.items()
        if isinstance(value, tfds.features.Sequence)
    }
    if kinds.get("tokens") is not tfds.features.Text:
        raise InputError(
            f"{name} has no sentences of tokens. Received: {', '.join(builder.info.features)}"
        )
    labels = sorted(key for key, kind in kinds.items() if kind is tfds.features.ClassLabel)
    check_choice(f"feature of {name}", feature, labels)
    names = builder.info.features[feature].feature.names
    rows = {}
    head = ["head"] if "head" in kinds else []
    for split, sentences in read_splits(builder, "tokens", feature, *head).items():
        rows[split] = []
        for tokens, tags, *heads in sentences:
            # In Universal Dependencies, a token that is not a word of the sentence has no head.
            kept = [i for i in range(len(tokens)) if not heads or heads[0][i] != b"None"]
            if kept:
                words = [_normalize_token(tokens[i].decode()) for i in kept]
                rows[split].append((words, [names[tags[i]] for i in kept]))
    return rows


def _normalize_token(token):
    return normalize(token).strip() or token


def _read_conll(path):
    rows, tokens, tags, width, header = [], [], [], 0, None
    # Split the lines before they are normalized: a no-break space does not separate columns.
    for i, line in enumerate([*decode(path).split("\n"), ""], start=1):
        line = re.sub(r"^\ufeff(?![ \t])", "", line)  # of a second file that was appended
        if not line.strip() or line.startswith("-DOCSTART-"):
            if tokens:
                rows.append((tokens, tags))
                tokens, tags = [], []
            continue
        if line.startswith("# ") and not tokens:  # within a sentence it is the token "#"
            continue
        columns = re.split(" *\t *" if "\t" in line else " +", line.strip(" "))
        if not rows and not tokens and is_header([columns[0], columns[-1]], "token", "tag"):
            header = line
        if line == header:
            continue
        width = width or len(columns)
        tag = normalize(columns[-1]).strip()
        if len(columns) != width or width < 2 or not columns[0] or not tag:
            raise InputError(
                f"{path}, line {i}: expected a token and its tag, in as many columns as the first "
                f"row ({max(width, 2)}). Received: {len(columns)} column{'s' * (len(columns) != 1)}, "
                f"{line[:60]!r}"
            )
        if width == 10 and not rows and not tokens and columns[0].split("-")[0] == "1":
            raise InputError(
                f"{path} looks like CoNLL-U, where tokens and tags are in columns 2 and 4. Write only "
                f"these two, without the rows of joined words such as 1-2. Received: {line[:60]!r}"
            )
        tokens.append(_normalize_token(columns[0]))
        tags.append(tag)
    if not rows:
        raise InputError(f"{path} is empty: expected lines of a token and its tag.")
    return rows
