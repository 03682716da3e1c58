"""Functions that several readers need, as source, and how a reader is put together from them."""

import json
import re

from zoo.copying.readers import normalizing

IMPORTS = (  # of the standard library first
    *("collections", "csv", "gzip", "hashlib", "importlib.metadata", "io", "itertools", "json", "math"),
    *("os", "pathlib", "re", "tarfile", "typing", "unicodedata", "zipfile"),
)
LIBRARIES = (
    "keras",
    "matplotlib",
    "numpy as np",
    "pandas as pd",
    "soundfile",
    "statsmodels.api as sm",
    "tensorflow as tf",
    "tensorflow_datasets as tfds",
    "yaml",
)
NAMES = {  # what is imported by name
    "TTFont": "from fontTools.ttLib import TTFont",
    "ImageFont": "from PIL import Image, ImageDraw, ImageFont",
    "signal.": "from scipy import signal",
}
SPLITS = 'SPLITS = ("train", "validation", "test")'
PIECES = {
    "split_of": '''
def split_of(text, parts=10):
    """Chooses a split by a hash, so that copies of a text are in one split. 10 parts mean 80/10/10."""
    number = int(hashlib.sha256(text.encode()).hexdigest(), 16) % parts
    return {parts - 2: "validation", parts - 1: "test"}.get(number, "train")
''',
    "shuffled": '''
def shuffled(rows, split):
    """Sorts rows by a hash of their key, which comes first."""
    # TFDS shuffles a dataset in this way.
    return sorted(rows, key=lambda row: hashlib.md5(f"{split}{row[0]}".encode()).digest())
''',
    "fetch": '''
def fetch(url, data_dir=None):
    """The path of a file. It is downloaded, unless it is where TFDS looks for files that you bring."""
    folder = pathlib.Path(data_dir or os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets"))
    path = folder.expanduser() / "downloads" / "manual" / url.split("/")[-1]
    return path if path.exists() else keras.utils.get_file(origin=url, cache_subdir="rnn-zoo")
''',
    "Series": '''
class Series(typing.NamedTuple):
    """One series of numbers, in order of time."""

    name: str
    parts: dict  # "train", "validation" and "test" to floats [steps, columns]
    times: np.ndarray | None  # of all steps
''',
    "Clip": '''
class Clip(typing.NamedTuple):
    """A clip: its frames, its label or the label of each frame, and where it comes from."""

    frames: np.ndarray  # integers [time, image_size, image_size, channels], from 0 to 255
    label: int | np.ndarray  # one, or integers [time]
    person: str  # who is in it; for other clips their name
    name: str
''',
    "cut_series": '''
def cut_series(values, split):
    """Cuts the values of a series in order of time into three parts. `split` has their shares."""
    shares = np.cumsum([float(share) for share in split.split(",")])
    cuts = [int(len(values) * share + 1e-9) for share in shares[:2]]
    return dict(zip(SPLITS, np.split(values, cuts), strict=True))
''',
    "fold": '''
def fold(text):
    """A text without capital letters, and with one space between its words."""
    return " ".join(text.casefold().split())
''',
}


def assemble(source, changes=None):
    """Puts a reader together: its imports, constants, helpers, and itself at the end.

    Args:
        source: the source of its own functions, without imports.
        changes: the rules of `normalize` that its data need, see `normalizing`. None means all.

    Returns:
        str. It is formatted and ends with a newline.

    Example:

    >>> print(assemble("def load():\\n    return [*map(split_of, np.unique(['a']))]"))
    import hashlib
    <BLANKLINE>
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def split_of(text, parts=10):
        ...
    <BLANKLINE>
    <BLANKLINE>
    def load():
        return [*map(split_of, np.unique(['a']))]
    <BLANKLINE>
    """
    pieces = {name: code.strip() for name, code in PIECES.items()}
    pieces["normalize"] = "" if changes == {} else normalizing.write_normalize(changes)
    parts = [source.strip()]
    for name in ["normalize", *reversed(PIECES)]:  # a piece needs only those before it
        if any(re.search(rf"\b{name}[(,)]", part) for part in parts):
            parts.insert(0, pieces[name])
    code = "\n\n\n".join(parts)
    if re.search(r"\bSPLITS\b", code):
        code = f"{SPLITS}\n\n\n{code}"
    names = [line for name, line in NAMES.items() if name in code]
    blocks = [_imports(IMPORTS, code), "\n".join([*_imports(LIBRARIES, code).splitlines(), *names])]
    gap = "\n\n" if code.startswith(("SPLITS", "CLEANING")) else "\n\n\n"
    return "\n\n".join(filter(None, blocks)) + gap + code + "\n"


def _imports(modules, code):
    """The lines that import those of the modules that the code uses."""
    used = []
    for module in modules:
        name = module.split(" as ")[-1].split(".")[0]
        if re.search(rf"(?<![\w.]){name}\.\w", re.sub(r'"""[^"]*"""', "", code)):
            used.append(f"import {module}")
    return "\n".join(used)


def write_value(value, indent):
    """Writes a dict, tuple or list of short values, in one line or with a line for each of them.

    Args:
        value: the dict, tuple or list.
        indent: the number of characters before it, in a line with an indent of four.

    Example:

    >>> print(write_value({"train": "a.csv", "test": ("b.csv",)}, 12))
    {"train": "a.csv", "test": ("b.csv",)}
    """
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        if '"' in value and "'" not in value:
            return "'" + quoted[1:-1].replace('\\"', '"') + "'"
        return quoted
    if not isinstance(value, dict | tuple | list):
        return repr(value)
    if isinstance(value, dict):
        parts, ends = (
            [f"{write_value(key, 0)}: {write_value(one, 0)}" for key, one in value.items()],
            "{}",
        )
    else:
        parts, ends = [write_value(one, 0) for one in value], "()" if isinstance(value, tuple) else "[]"
    line = f"{ends[0]}{', '.join(parts)}{',' * (ends == '()' and len(parts) == 1)}{ends[1]}"
    if indent + len(line) <= 90 or not indent:
        return line
    lines = "".join(f"        {part},\n" for part in parts)
    return f"{ends[0]}\n{lines}    {ends[1]}"
