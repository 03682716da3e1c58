"""Reads one file that a user brings."""

import bz2
import codecs
import gzip
import lzma
import os
import pathlib
import re
import zlib

from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError, one_line
from zoo.text import normalize

SIGNATURES = {  # how files begin that are not texts
    b"PK\x03\x04": "a zip or Excel file. Unpack it, or save it as CSV",
    b"\x1f\x8b": "a gzip file. Let its name end with .gz",
    b"%PDF-": "a PDF file. Save it as text",
}
OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


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

    Only a byte order mark at the start is dropped, and every line ends with `\\n`. Before, it may have
    ended with `\\r\\n` or `\\r\\r\\n`, or all lines with `\\r`. Any other `\\r` becomes a space. A file
    whose name ends with `.gz`, `.bz2` or `.xz` is decompressed.
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
        raise InputError(
            f"The encoding must be one of text, such as utf-8 or latin-1. Received: {encoding!r}"
        ) from None
    if 4 * text.count("\0") > len(text):
        raise InputError(
            f"{path} is full of NUL characters. If it is UTF-16 text, add --encoding utf-16-le."
        )
    text = text.removeprefix("\ufeff")
    text = re.sub("\r+\n", "\n", text)
    return text.replace("\r", " " if text.count("\r") < text.count("\n") else "\n")


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
