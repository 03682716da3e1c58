"""The files that users bring."""

import bz2
import codecs
import collections
import gzip
import lzma
import os
import pathlib
import re
import zlib

from zoo.datasets.splitting import SPLIT_NAMES, SPLITS
from zoo.errors import InputError, one_line
from zoo.text import normalize

LANGUAGES = (
    "arabic chinese czech danish deutsch dutch english español finnish français french german greek "
    "hebrew hindi hungarian italian italiano japanese korean norwegian persian polish portuguese "
    "português romanian russian spanish swedish turkish ukrainian vietnamese "
    "ar cs da de el en es fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh "
    "ara ces deu eng fas fin fra ger heb hin hun ita jpn kor nld pol por ron rus spa swe tur ukr vie "
    "zho anglais allemand français englisch deutsch inglés alemán inglese tedesco 英文 中文 日文 日本語"
)
SIGNATURES = {  # how files begin that are not texts
    b"PK\x03\x04": "a zip or Excel file. Unpack it, or save it as CSV",
    b"\x1f\x8b": "a gzip file. Let its name end with .gz",
    b"%PDF-": "a PDF file. Save it as text",
}
ABOUT = {  # words in the names of files that are not data
    *("readme", "license", "licence", "citation", "changelog", "copying", "label"),
    *("submission", "samplesubmission"),  # of Kaggle
}
OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
COLUMN_NAMES = {  # common names of columns, in lower case
    "label": "label labels class category sentiment polarity topic target tag type rating score stars "
    "emotion intent genre y",
    "text": "text texts sentence sentences review reviews document content comment message tweet title "
    "headline body description phrase question utterance post article x",
    "token": "token tokens word words form text",
    "tag": "tag tags pos postag pos_tag pos_tags upos xpos ner ner_tag ner_tags label labels entity "
    "iob bio chunk class",
    "image": "image images image_id image_name image_path img file files filename file_name path photo "
    "picture",
    "caption": "caption captions text description sentence title comment",
    "source": f"source src input original text sentence word question native "
    f"grapheme graphemes spelling {LANGUAGES}",
    "target": "target tgt trg output translation text sentence pronunciation phonemes answer "
    "pronunciations phoneme ipa arpabet transcription "
    f"{LANGUAGES}",
}


def read_bytes(path):
    """Reads a file.

    Args:
        path: the path of the file.

    Returns:
        bytes.

    Raises:
        ValueError: there is no such file, it cannot be read, or it is a folder, a device or a pipe.
    """
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise InputError(f"The path of a file cannot be read. Received: {path!r:.80}")
    path = pathlib.Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a file.")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is a device or a pipe: give a file.")
        return path.read_bytes()
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or "its name is not Unicode"
        raise InputError(f"{str(path)!r:.200} cannot be read: {reason}.") from None


def decode(path, encoding="utf-8"):
    """Reads a text file without changing its text.

    Only a byte order mark at the start is dropped, and every line ends with `\\n`. A file whose name
    ends with `.gz`, `.bz2` or `.xz` is decompressed.
    """
    content = read_bytes(path)
    opener = OPENERS.get(pathlib.Path(path).suffix.lower())
    try:
        content = opener(content) if opener else content
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{path} cannot be decompressed: {one_line(error)}.") from None
    for signature, what in SIGNATURES.items():
        if content.startswith(signature):
            raise InputError(f"{path} is not a text file. It looks like {what}.")
    has_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if has_mark and not re.search("16|32", encoding):
        raise InputError(f"{path} is not {encoding} text. Add --encoding utf-16.")
    try:
        text = content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError:
        raise InputError(
            f"Unknown encoding. Use a name that Python knows, such as latin-1, cp1252, utf-16, gbk or "
            f"shift_jis. Received: {encoding!r}"
        ) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        likely = "cp1252" if re.search(rb"[\x80-\x9f]", content) else "latin-1"
        raise InputError(
            f"{path}, line {line}: this is not {encoding} text: {one_line(error)}. Name the encoding "
            f"of the file with --encoding, such as --encoding {likely}, or repair the file."
        ) from None
    except ValueError:  # a codec that does not make text, such as base64
        raise InputError(f"{encoding} is not an encoding of text.") from None
    if 4 * text.count("\0") > len(text):
        raise InputError(
            f"{path} is full of NUL characters. If it is UTF-16 text, add --encoding utf-16-le."
        )
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path, encoding="utf-8"):
    """Reads a text file, with or without a byte order mark, and normalizes its text.

    See `zoo.text.normalize` for what changes.

    Args:
        path: the path of the file.
        encoding: the name of its encoding.

    Returns:
        str.

    Raises:
        ValueError: there is no such file, it cannot be read, or it is not in this encoding.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_bytes(b"caf\\xc3\\xa9")
    >>> read_text(path)
    'café'
    """
    return normalize(decode(path, encoding))


def find_splits(folder, endings=None):
    """Finds the file or the folder of each split in a folder.

    A name belongs to a split if one of its words is train, validation or test, or another name of them
    in `zoo.datasets.splitting.SPLIT_NAMES`, such as dev. Words consist of letters, and capitals do not
    matter. So `en_ewt-ud-dev.conllu`, `wnut17train.conll` and `20news-bydate-test` have a split. So has
    `engtrain.bio`, where a word ends with train.

    Args:
        folder: a `pathlib.Path`.
        endings: the endings of the files, for instance `(".tsv", ".csv")`, with or without `.gz` after
            it. None finds folders instead of files.

    Returns:
        A dict of split to path.

    Raises:
        ValueError: there is no training split, a split has two files, or a file has no split in its
            name, so that it would not be read. Files such as `README` and `LICENSE` do not count.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("reviews_train.csv", "reviews-dev.csv", "README.md"):
    ...     (folder / name).touch()
    >>> {split: path.name for split, path in find_splits(folder, (".csv", ".tsv")).items()}
    {'train': 'reviews_train.csv', 'validation': 'reviews-dev.csv'}
    """
    found, others = {}, []
    for child in visible(folder):
        is_right = (
            child.is_dir() if endings is None else child.is_file() and ending_of(child) in endings
        )
        if not is_right:
            continue
        split = split_of(child)
        if split is None:
            others += [child] * (not {*re.findall("[a-z]+", child.stem.lower())} & ABOUT)
            continue
        if split in found:
            raise InputError(
                f"{folder} has the {split} split twice: {found[split].name}, {child.name}. "
                "Keep one of them there."
            )
        found[split] = child
    what = "folder" if endings is None else f"file ({', '.join(endings)})"
    if "train" not in found:
        or_file = " Or give a file instead of the folder." if endings else ""
        raise InputError(
            f"{folder} has no {what} with train in its name.{or_file} Received: {list_folder(folder)}"
        )
    if others:
        raise InputError(
            f"{others[0]} would not be read, because its name does not say the split: write train, "
            f"validation or test into it, or move it out of {folder}."
        )
    return {split: found[split] for split in SPLITS if split in found}


def split_of(path):
    """The split that the name of a file or folder says, see `find_splits`. None if it says none.

    If no word of a file's name is a split, a word may also begin or end with one.

    Example:

    >>> split_of(pathlib.Path("captions_val2017.json")), split_of(pathlib.Path("engtrain.bio"))
    ('validation', 'train')
    >>> split_of(pathlib.Path("latest.csv"))
    """
    words = _words_in(path)
    splits = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    if not splits and not path.is_dir():
        joined = re.compile(r"(train|valid|dev|test)(?:set|data|a|b)|[a-z]{2,4}(train|dev|test)")
        matches = [joined.fullmatch(word) for word in words if word not in ("latest", "contest")]
        splits = {SPLIT_NAMES[match[1] or match[2]] for match in matches if match}
    return splits.pop() if len(splits) == 1 else None


def _words_in(path):
    return re.findall("[a-z]+", path.name.lower())


def ending_of(path):
    """The ending of a file's name in lower case, without that of a compressed file.

    The name of a split is no ending, so `sst.train` has none.

    Example:

    >>> ending_of(pathlib.Path("Train.CSV.gz"))
    '.csv'
    """
    endings = [ending.lower() for ending in pathlib.Path(path).suffixes]
    while endings and endings[-1] in OPENERS:
        endings.pop()
    return endings[-1] if endings and endings[-1][1:] not in SPLIT_NAMES else ""


def print_reading(path, how):
    """Prints how a file or a folder was read, in one line.

    Example:

    >>> print_reading("a.csv", "CSV with a header, label in column 'mood', text in column 'review'")
    Read a.csv: CSV with a header, label in column 'mood', text in column 'review'.
    """
    print(f"Read {path}: {how}.")


def visible(folder):
    """Lists a folder in order, without the files that programs hide there, such as `.git`."""
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from None
    hidden = ("thumbs.db", "desktop.ini", "lost+found", "system volume information", "node_modules")
    return [
        child
        for child in children
        if not child.name.startswith((".", "_", "$")) and child.name.lower() not in hidden
    ]


def list_folder(folder):
    """The first names in a folder, for a message."""
    return ", ".join(sorted(child.name for child in folder.iterdir())[:5]) or "an empty folder"


def is_header(cells, *kinds):
    """Whether the first row of a file consists of common names of columns.

    Args:
        cells: list of str.
        *kinds: what each column holds, a key of `COLUMN_NAMES`.

    Example:

    >>> is_header(["Sentiment", '"review"'], "label", "text")
    True
    >>> is_header(["positive", "a good review"], "label", "text")
    False
    """

    return len(cells) == len(kinds) and all(map(is_name, cells, kinds))


def is_name(cell, kind):
    """Whether a cell is a common name of a column of this kind, a key of `COLUMN_NAMES`.

    Example:

    >>> is_name("Review_Text", "text"), is_name("review", "label")
    (True, False)
    """
    cell = cell.strip(" \"'#").lower()
    names = COLUMN_NAMES[kind].split()
    ends = "text|sentence|phrase|word|column" + "|language" * (kind in ("source", "target"))
    cell = re.sub(rf"(?<=.)([ _/]({ends})s?)+$", "", cell)  # "review_text", "English words/sentences"
    head, _, tail = cell.replace("-", "_").rpartition("_")
    has_language = len(tail) <= 4 and bool({head, tail} & {*LANGUAGES.split()})  # en_US, text_en
    return cell in names or (has_language and head in names)


def check_first_label(path, labels, names):
    """Raises an `InputError` if a file seems to begin with names of columns that `is_header` misses.

    That is the case if no other row has the label of the first row, while most labels repeat.

    Args:
        path: the path of the data, for the message.
        labels: a dict of split to a list of its labels.
        names: how the columns should be called.
    """
    others = collections.Counter()
    for some in labels.values():
        others.update(some[1:])
    for split, some in labels.items():
        if len(some) > 1 and some[0] not in others and 2 * len(others) <= others.total():
            raise InputError(
                f"The {split} part of {path} seems to begin with the names of its columns, because "
                f"no other row has the label {some[0]!r:.60}. Call them {names}, or delete the line. "
                "If it is a row of data, move it to another place in the file."
            )
