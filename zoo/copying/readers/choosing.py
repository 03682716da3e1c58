"""`reader_code`: a short plain reader for exactly the data that a loader of the zoo has read."""

import contextlib
import importlib
import io
import pathlib
import re
import tempfile
import typing

from zoo.copying.readers import normalizing, plain_files
from zoo.copying.readers.comparing import same
from zoo.copying.readers.pieces import assemble
from zoo.datasets import builders

MODULES = {  # of the loaders, in this package
    "load_texts": "texts",
    "load_tagged": "tagged",
    "load_pairs": "pairs",
    "load_pronunciations": "pronunciations",
    "load_questions": "questions",
    "load_images": "images",
    "load_captions": "captions",
    "load_corpus": "corpus",
    "load_dialogues": "dialogues",
    "load_music": "music",
    "load_speech": "speech",
    "load_many_series": "series",
    "load_videos": "videos",
    "load_tagged_videos": "videos",
}


class Reader(typing.NamedTuple):
    """A reader as plain source, and what goes with it."""

    code: str  # imports, constants and functions; one has the name of the loader
    call: str  # how to call it, such as "load_texts(DATASET, TEXT_COLUMN, LABEL_COLUMN)"
    settings: dict  # the arguments of this call and their values in the copy, in this order
    files: dict  # name to bytes: what to write next to the copy
    note: str  # a sentence to print if there are such files, or ""


def reader_code(loader, arguments, result):
    """Writes a short plain reader for the data that a loader of the zoo has read.

    The reader needs no zoo. It is run once and must return what the loader returned. If no plain reader
    does that, the rows are written to a new file, and the reader reads this file. (The tuples of
    `load_many_series` have no step, because no model needs it.)

    Args:
        loader: the name of a loader, such as `"load_texts"`.
        arguments: a dict of the arguments of its call. The entry `"names"`, if there is one, is a dict
            of an argument to the name of the constant that has its value in the copy.
        result: what the loader returned.

    Returns:
        A `Reader`.

    Example:

    >>> import tempfile
    >>> from zoo.datasets import load_texts
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> lines = [f"{word} film {i},{word}\\n" for i in range(40) for word in ("good", "bad")]
    >>> _ = path.write_text("review,label\\n" + "".join(lines))
    >>> result = load_texts(path)
    Read ...
    >>> reader = reader_code("load_texts", {"name": path, "names": {"name": "DATASET"}}, result)
    >>> reader.call
    "load_texts(DATASET, 'review', 'label')"
    >>> reader.code.splitlines()[:3]
    ['import hashlib', 'import re', 'import unicodedata']
    """
    arguments = dict(arguments)
    names = arguments.pop("names", {})
    if isinstance(arguments["name"], str):
        arguments["name"] = re.sub(r":[\d.*]+$", "", arguments["name"])  # the version of a dataset
    module = importlib.import_module(f"zoo.copying.readers.{MODULES[loader]}")
    for source, settings in _drafts(module, arguments, result):
        code = _check(loader, source, settings, result)
        if code:
            return Reader(code, _call(loader, settings, names), settings, {}, "")
    for source, file, content in plain_files.write(loader, arguments, result):
        with _write_file(file, content) as path:
            code = _check(loader, source, {"name": path}, result)
        if code:
            settings = {"name": file}
            note = (
                f"No short reader reads {arguments['name']} as the zoo does: its rows are in {file}, "
                "next to the copy."
            )
            return Reader(code, _call(loader, settings, names), settings, {file: content}, note)
    raise AssertionError(f"No plain file has what {loader} has read from {arguments['name']}")


def _drafts(module, arguments, result):
    """The drafts of a module, until it raises an error because the data are of another kind."""
    drafts = module.drafts(arguments, result)
    while True:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                draft = next(drafts)
        except StopIteration:
            return
        except Exception:  # a file that it does not expect
            return
        yield draft


def _check(loader, source, settings, result):
    """The whole code of a draft, or None if it does not return the same result."""
    if "tfds.load(" in source and re.split("[/:]", settings["name"])[0] in builders.__all__:
        return None  # only the zoo has this dataset
    code = assemble(source)
    values = list(settings.values())
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if "normalize" in code:
                changes = normalizing.find_changes(code, loader, values)
                if re.search(rf"def {loader}\(path", source):  # other files may need more
                    changes |= normalizing.USUAL
                code = assemble(normalizing.shorten(source, changes), changes)
            namespace = {"__name__": "reader"}
            exec(compile(code, "<reader>", "exec"), namespace)
            return code if same(namespace[loader](*values), result) else None
    except Exception:  # the data are not what the draft expects
        return None


def _call(loader, settings, names):
    values = [names.get(argument) or repr(value) for argument, value in settings.items()]
    return f"{loader}({', '.join(values)})"


@contextlib.contextmanager
def _write_file(file, content):
    """The path of a temporary file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / file
        path.write_bytes(content)
        yield str(path)
