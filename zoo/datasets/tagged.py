"""`load_tagged`: sentences with a tag for each token, from TFDS or from a person's own files."""

import itertools
import re

import tensorflow_datasets as tfds

from zoo.datasets.files import check_first_label, decode, is_header, read_files
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, fill_splits
from zoo.errors import InputError, check_choice
from zoo.text import normalize

CHUNKS = ("B-", "I-", "E-", "S-")  # how the tag of a chunk begins: begin, inside, end, single


def load_tagged(name, feature, data_dir=None):
    """Reads tagged sentences, for named entities or parts of speech.

    What `name` may be:

    - a dataset of TFDS or of `zoo.datasets` with `tokens` and a tag for each, such as `"wnut17"` and
      `"conll2003"` (feature `"ner"`) or `"universal_dependencies/en_ewt"` (feature `"upos"`);
    - a file in CoNLL columns: a line for each token, the token in the first column and its tag in the
      last, with tabs or else spaces between, and an empty line after each sentence. `-DOCSTART-`
      lines are skipped, and so are lines before a sentence that begin with `# `. A first line with
      the names of the columns is skipped if they are common ones, such as `token<tab>pos`. With other
      names it is refused;
    - a folder with `train.conll` and, if you like, `validation.conll` and `test.conll`.

    A name that is both a dataset and a file or folder here means the dataset: write `./name`, or give
    a `pathlib.Path`, for the file or folder. Tokens and tags are normalized, see `zoo.text.normalize`;
    a token that nobody can see stays as it is, because its tag counts.

    A split that is missing is cut from the training part by a hash of the sentence (80/10/10), never
    from the test part; without a test split the validation split becomes it. Tags of chunks (IOB1,
    IOB2 or IOBES) come out in IOB2, whatever they were; see `to_iob2`. Sentences without a token are
    left out, and so are the tokens of Universal Dependencies that are no words of the sentence: a
    joined "don't", whose words "do" and "n't" follow, and words that the writer left out.

    Args:
        name: see above.
        feature: which tags of a dataset; a file has one kind of tags, whatever the feature.
        data_dir: where TFDS keeps its files; its default if None.

    Returns:
        A dict of `"train"`, `"validation"` and `"test"`, each a pair (sentences, tags), both lists of
        lists of str, and the sorted list of the tags' names.

    Raises:
        ValueError: an unknown dataset or feature; a missing, empty or damaged file, with its line; a
            tag in a person's own files that training never sees; an empty split.

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
    if path:  # a benchmark may have a tag that its training split lacks, as conll2003's chunks do
        check_labels(name, seen, "tag")
    return {
        split: ([tokens for tokens, _ in rows[split]], [tags for _, tags in rows[split]])
        for split in SPLITS
    }, sorted(set().union(*seen.values()))


def to_iob2(tags):
    """The tags of one sentence in IOB2, where every chunk begins with B-.

    In IOB1, the scheme of the CoNLL-2003 files, a chunk begins with I-, and with B- only right after
    another chunk of its type (Tjong Kim Sang & Veenstra 1999, "Representing Text Chunks"). IOBES marks
    the last token of a chunk with E- and a chunk of one token with S-. What is IOB2 already stays as it
    is.

    Args:
        tags: a list of O, B-X, I-X, E-X and S-X.

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
    """The tags of one sentence, in IOB2, in IOBES.

    It tells where a chunk ends too, which a model learns a little better (Ratinov & Roth 2009, "Design
    Challenges and Misconceptions in Named Entity Recognition", where it is called BILOU).

    Args:
        tags: a list of O, B-X and I-X in IOB2.

    Returns:
        A list of the same length.

    Raises:
        ValueError: a tag that is none of these.

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
            # In Universal Dependencies, what is no word of the sentence has no head.
            kept = [i for i in range(len(tokens)) if not heads or heads[0][i] != b"None"]
            if kept:
                words = [_normalize_token(tokens[i].decode()) for i in kept]
                rows[split].append((words, [names[tags[i]] for i in kept]))
    return rows


def _normalize_token(token):
    return normalize(token).strip() or token


def _read_conll(path):
    rows, tokens, tags, width, header = [], [], [], 0, None
    # Lines are cut before they are normalized: a no-break space does not part two columns.
    for i, line in enumerate([*decode(path).split("\n"), ""], start=1):
        line = re.sub(r"^\ufeff(?![ \t])", "", line)  # at the start of a second file that was added
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
                f"{path} looks like CoNLL-U, where tokens and tags are in columns 2 and 4: write "
                f"these two alone, without the rows 1-2 of joined words. Received: {line[:60]!r}"
            )
        tokens.append(_normalize_token(columns[0]))
        tags.append(tag)
    if not rows:
        raise InputError(f"{path} is empty: expected lines of a token and its tag.")
    return rows
