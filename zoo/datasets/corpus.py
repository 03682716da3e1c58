"""`load_corpus`: texts without labels, from TFDS or from your own files."""

import re

import tensorflow_datasets as tfds

from zoo.datasets.files import OPENERS, decode, ending_of, print_reading, read_bytes
from zoo.datasets.folders import splits_by_name, walk
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits, sort_by_hash
from zoo.datasets.wrapping import unwrap
from zoo.errors import InputError, counted
from zoo.text import normalize

MARKUP = {"<!doctype html": "HTML", "<html": "HTML", "<?xml": "XML", "{\\rtf": "RTF", "%pdf": "PDF"}
TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ipynb", ".conllu", ".srt", ".vtt")  # more than a text
GUTENBERG = r"\*\*\* ?{} OF TH(?:E|IS) PROJECT GUTENBERG[^*]*\*\*\*"


def load_corpus(name, data_dir=None, encoding="utf-8"):
    """Reads texts for a language model.

    `name` may be a dataset of TFDS or of the zoo with one text in each row, such as
    `"tiny_shakespeare"` or `"movie_reviews/imdb"`. A missing split is cut from the training split, see
    `load_texts`. Or it may be your own plain text:

    - a file. The first 90 % of it is for training, the next 5 % for validation, the rest for testing.
      It is cut after the end of a line.

          It is a truth universally acknowledged, that a single man in possession
          of a good fortune, must be in want of a wife. However little known the
          feelings or views of such a man may be on his first entering a neighbourhood,

    - a folder of such files, also in subfolders. If the names of the files or subfolders contain train,
      valid (or validation, val, dev) and test, these are the splits, as in WikiText. Otherwise the
      texts are put in order by a hash and cut 90/5/5, so up to two texts are cut in two. A text that
      occurs twice is read once.

          wikitext-2/wiki.train.tokens
          wikitext-2/wiki.valid.tokens
          wikitext-2/wiki.test.tokens

    A file may have any ending. It may be compressed (`.gz`). Binary files, HTML, XML and RTF raise an
    error.

    Lines that are broken at a margin are joined into paragraphs (see `unwrap`). Verse, plays, code and
    tables stay as they are. The license at the beginning and the end of a file of Project Gutenberg is
    removed. One printed line says what was read and changed.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file. Texts are normalized (see `zoo.text.normalize`).

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.

    Returns:
        A dict with a list of str for each of `"train"`, `"validation"` and `"test"`.

    Raises:
        ValueError: the dataset is unknown or does not have one text. A file is empty, damaged or not
            plain text. Only some of the files in a folder have a split in their names. A split is
            empty.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_text("Once upon a time there was a king.")
    >>> load_corpus(path)
    Read ...mine.txt: plain text, 34 characters, split 90/5/5 in order.
    {'train': ['Once upon a time there was a k'], 'validation': ['in'], 'test': ['g.']}
    """
    path = own_path(name)
    if path:
        texts = _read_own(path, encoding)
    else:
        builder = prepare(name, data_dir)
        features = builder.info.features
        keys = [key for key, value in features.items() if isinstance(value, tfds.features.Text)]
        if len(keys) != 1:
            raise InputError(f"{name} does not have one text. Received: {', '.join(features)}")
        texts = {
            split: [normalize(text.decode()) for (text,) in rows]
            for split, rows in read_splits(builder, keys[0]).items()
        }
        fill_splits(name, texts, key=lambda text: text)
    texts = {split: [text for text in texts[split] if text.strip()] for split in SPLITS}
    check_filled(name, texts, "texts")
    check_variety(name, "".join(texts["train"]), "characters")
    return texts


def _read_own(path, encoding):
    files = [path] if path.is_file() else walk(path)
    named = {} if path.is_file() else splits_by_name(path, files, use_file_names=True)
    files = [file for file in files if file in named] if named else files
    found, num_joined, num_trimmed, num_empty = {}, 0, 0, 0
    for file in files:
        text = _read_plain(file, encoding)
        body = _trim(text)
        num_trimmed += body != text
        text, joined = unwrap(body)
        num_joined += joined
        num_empty += not text.strip()
        if text.strip():
            found[file] = text
    if not found:
        problem = "has no file with a text" if path.is_dir() else "is empty: expected a text"
        raise InputError(f"{path} {problem}.")

    texts = {split: [] for split in SPLITS if split in named.values()} or {"train": []}
    seen = set()
    for split in reversed(texts):  # test first, so that no test text is trained on
        for file, text in found.items():
            if named.get(file, "train") == split and text not in seen:
                seen.add(text)
                texts[split].append(text)
    if not named:
        texts = _cut(sort_by_hash(texts["train"]))
    fill_splits(path, texts, key=lambda text: text)

    kind = "plain text"
    if path.is_dir():
        kind = counted(len(found), "file of plain text", "files of plain text")
    order = "in order" if path.is_file() else "by hash"
    cut = "splits by their names" if named else f"split 90/5/5 {order}"
    notes = [f"{kind}, {counted(sum(map(len, seen)), 'character')}, {cut}"]
    if num_joined:
        notes.append(f"Joined {counted(num_joined, 'hard-wrapped line')} to the line before")
    if num_trimmed:
        notes.append(f"Removed the license of Project Gutenberg from {counted(num_trimmed, 'file')}")
    if num_copies := len(found) - len(seen):
        notes.append(f"Left out {counted(num_copies, 'copy of another text', 'copies of other texts')}")
    if num_empty:
        notes.append(f"Skipped {counted(num_empty, 'empty file')}")
    tables = [file for file in found if ending_of(file) in TABLES]
    if tables:
        name = tables[0].name
        notes.append(f"{name} was read with its labels and marks. To avoid that, save its texts alone")
    print_reading(path, ". ".join(notes))
    return texts


def _read_plain(path, encoding):
    """Reads and normalizes a file of plain text, and refuses others."""
    kind = None
    try:
        text = decode(path, encoding)
    except InputError:
        head = read_bytes(path)[:4096]
        is_binary = b"\0" in head or head.startswith((b"%PDF", b"PK"))
        if path.suffix.lower() in OPENERS or not is_binary:
            raise
        text, kind = "", "a binary file"
    head = text[:100].lstrip().lower()
    if text.count("\0") > len(text) / 20:
        kind = "a binary file"
    for beginning, name in MARKUP.items():
        kind = name if head.startswith(beginning) else kind
    if kind:
        advice = "" if kind in MARKUP.values() else " If it is UTF-16, add --encoding utf-16."
        raise InputError(
            f"{path} is {kind}: expected plain text. Save it as plain text, or move it away.{advice}"
        )
    return normalize(text)


def _trim(text):
    """Removes the license before and after a book of Project Gutenberg."""
    begin = re.search(GUTENBERG.format("START"), text)
    text = text[begin.end() :].lstrip("\n") if begin else text
    end = re.search(GUTENBERG.format("END"), text)
    return text[: end.start()].rstrip() + "\n" if end else text


def _cut(texts):
    """Cuts texts at 90 % and 95 % of all their characters, after the end of a line."""
    whole = "".join(texts)
    cuts = [0, len(whole) * 90 // 100, len(whole) * 95 // 100, len(whole)]
    for i in (1, 2):
        line_end = whole.find("\n", cuts[i] - 1, cuts[i] + len(whole) // 40)
        cuts[i] = line_end + 1 or cuts[i]  # -1 if no line ends there
    parts = {split: [] for split in SPLITS}
    for text in texts:
        for split, first, last in zip(SPLITS, cuts, cuts[1:], strict=False):
            parts[split].append(text[max(first, 0) : max(last, 0)])
        cuts = [cut - len(text) for cut in cuts]
    return parts
