"""Reads sentences with tags from a user's own files."""

import collections
import re

from zoo.datasets.annotations import is_json, name_numbers, read_annotations
from zoo.datasets.chunks import CHUNK
from zoo.datasets.column_names import check_first_label
from zoo.datasets.conll import CONLLU, read_columns, read_csv
from zoo.datasets.files import ending_of, print_reading
from zoo.datasets.folders import find_splits, split_of, visible
from zoo.datasets.splitting import note_shared, sort_by_hash
from zoo.datasets.tag_columns import choose_tag_columns, has_chunks, is_bare
from zoo.errors import InputError
from zoo.text import normalize

OTHER_CHUNK = re.compile(r"[BIESLUM][_:./ ].+|.+[-_:.][BIESLUM]|[bi]-.+")  # B_PER, PER-B, b-per
NO_DATA = (".md", ".py", ".sh", ".ipynb", ".log", ".html", ".xml", ".pdf", ".zip", ".tar", ".png")


def read_own(path, feature, encoding="utf-8"):
    """Reads the sentences of each split, and prints how.

    Args:
        path: a `pathlib.Path` of a file, or of a folder with a file for each split.
        feature: which tags to read, see `zoo.datasets.load_tagged`.
        encoding: the encoding of the files.

    Returns:
        A dict with a list of rows for each split that exists. A row is a pair of lists of str: the
        tokens and their tags.

    Raises:
        ValueError: see `zoo.datasets.load_tagged`.
    """
    files = find_splits(path, _endings_in(path)) if path.is_dir() else {"train": path}
    read = {split: _read_file(file, encoding) for split, file in files.items()}
    form, names, sentences, _ = read["train"]
    token, tag = choose_tag_columns(files["train"], names, sentences, feature)
    for split, (_, its_names, its_sentences, _) in read.items():
        (line, columns), *_ = its_sentences[0]
        if len(columns) != len(sentences[0][0][1]) or (names and its_names not in (None, names)):
            raise InputError(
                f"{files[split]}, line {line}: expected the same columns as in {files['train']}. "
                f"Received: {len(columns)}, {', '.join(its_names or columns)}"
            )
    counts = collections.Counter(columns[tag] for sentence in sentences for _, columns in sentence)
    prefix = _find_prefix([columns[token] for sentence in sentences for _, columns in sentence])
    complete, notes = _choose_completion(path, counts, feature)
    are_chunks, rows = has_chunks(counts), {}
    for split, (_, _, its_sentences, _) in read.items():
        pairs = [_take(files[split], one, token, tag, are_chunks, prefix) for one in its_sentences]
        rows[split] = [(tokens, [*map(complete, tags)]) for tokens, tags in pairs]
    if names is None:
        _check_header(path, sentences, rows, token)
    skipped = sum(
        (collections.Counter(dropped) for *_, dropped in read.values()), start=collections.Counter()
    )
    how = f"{form}, token in column {_say(names, token)}, tag in column {_say(names, tag)}"
    if prefix:
        notes.append(f"Removed {prefix!r} before each token")
    if skipped:
        counted = [f"{number:,} {what.format('s' * (number > 1))}" for what, number in skipped.items()]
        notes.append(f"Skipped {', '.join(counted)}")
    notes += note_shared(rows, lambda row: " ".join(row[0]), "sentences")
    print_reading(path, ". ".join([how, *notes]))
    return {split: sort_by_hash(rows[split], key=lambda row: " ".join(row[0])) for split in rows}


def _endings_in(folder):
    """The endings of the files with sentences. CoNLL-U comes first: its texts may lie beside it."""
    files = [child for child in visible(folder) if child.is_file() and split_of(child)]
    endings = dict.fromkeys(map(ending_of, files))
    if ".conllu" in endings:
        return (".conllu",)
    return tuple(ending for ending in endings if ending not in NO_DATA) or (".conll",)


def _read_file(path, encoding):
    """The format, the names of the columns, the sentences, and what was dropped."""
    if ending_of(path) == ".csv":
        return "CSV", *read_csv(path, encoding)
    if is_json(path, encoding):
        names, sentences, dropped = read_annotations(path, encoding)
        return "JSON", names, name_numbers(path, names, sentences), dropped
    names, sentences, dropped = read_columns(path, encoding)
    return "CoNLL-U" if names == [*CONLLU] else "CoNLL columns", names, sentences, dropped


def _check_header(path, sentences, rows, token):
    """Raises an `InputError` if the first row seems to have unknown names of columns."""
    (_, first), *others = [row for sentence in sentences for row in sentence]
    tags = {split: [tag for _, its_tags in rows[split] for tag in its_tags] for split in rows}
    is_like_others = any(
        cell == columns[i] for _, columns in others for i, cell in enumerate(first) if i != token
    )
    if not is_like_others and not CHUNK.fullmatch(tags["train"][0]):
        check_first_label(path, tags, "token<tab>tag")


def _say(names, i):
    return f"{i + 1} ({names[i]})" if names else f"{i + 1}"


def _find_prefix(tokens):
    """The language that WikiANN writes before each token, such as `en:`."""
    prefix = re.match(r"([a-z]{2,3}:)?", tokens[0]).group()
    return prefix if all(token.startswith(prefix) for token in tokens) else ""


def _choose_completion(path, counts, feature):
    """Returns a function that adds the type or the part that a tag lacks, and a list of notes."""
    if is_bare(counts):
        return lambda tag: tag if tag == "O" else f"{tag}-ENTITY", ["B has no type, so it is B-ENTITY"]
    if feature != "ner" or has_chunks(counts) or not counts["O"]:
        return lambda tag: tag, []
    others = [tag for tag in counts if OTHER_CHUNK.fullmatch(tag)]
    if others and all(CHUNK.fullmatch(tag) or tag in others for tag in counts):
        raise InputError(
            f"{path}: expected tags such as B-PER, I-PER and O. Received: {', '.join(others[:5])}"
        )
    return lambda tag: tag if tag == "O" else f"I-{tag}", []


def _take(path, sentence, token, tag, are_chunks, prefix):
    """The tokens and the tags of a sentence."""
    tokens, tags = [], []
    for line, columns in sentence:
        tokens.append(normalize_token(columns[token].removeprefix(prefix)))
        tags.append(normalize(columns[tag]).strip())
        if not tokens[-1] or not tags[-1]:
            raise InputError(
                f"{path}, line {line}: expected a token and its tag. Received: {columns[token]!r:.60} "
                f"and {columns[tag]!r:.60}"
            )
        if are_chunks and not CHUNK.fullmatch(tags[-1]):
            raise InputError(
                f"{path}, line {line}: expected O, or a tag such as B-PER, as in the other lines. "
                f"Received: {tags[-1]!r:.60}. Delete the line if it has the names of the columns."
            )
    return tokens, tags


def normalize_token(token):
    """Normalizes a token, see `zoo.text.normalize`. An invisible token stays, because it has a tag."""
    return normalize(token).strip() or token


def note_unseen_tags(name, rows):
    """Says which tags the training split lacks. They count as mistakes.

    Args:
        name: the name of the data, for the messages.
        rows: a dict of split to a list of pairs (tokens, tags).

    Raises:
        ValueError: these are more than a twentieth of the tags of a split, without O. Or the training
            split has only one tag.
    """
    counts = {
        split: collections.Counter(tag for _, tags in rows[split] for tag in tags) for split in rows
    }
    seen = {*counts["train"]}
    for split, its_counts in counts.items():
        unseen = {tag: number for tag, number in its_counts.items() if tag not in seen}
        if not unseen:
            continue
        tags, number = ", ".join(sorted(unseen)[:9]), sum(unseen.values())
        if 20 * number > its_counts.total() - its_counts["O"]:
            raise InputError(
                f"The {split} split of {name} has tags that the training split lacks, so a model "
                f"cannot learn them: {tags}. Tags in training: {', '.join(sorted(seen)[:9])}. Correct "
                "the tags, or move some of their sentences to training."
            )
        print(
            f"The {split} split has tags that do not occur in training, so they count as mistakes: "
            f"{tags} ({number:,} in all)."
        )
    if len(seen) < 2:
        raise InputError(f"{name} has only one tag, {min(seen)!r}. There is nothing to learn.")
