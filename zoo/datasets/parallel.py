"""Parallel files: line n of one file is the translation of line n of the other."""

import re

from zoo.datasets.files import decode
from zoo.datasets.folders import refuse_unnamed, splits_in, visible
from zoo.datasets.splitting import SPLIT_NAMES
from zoo.errors import InputError
from zoo.text import normalize

NO_LANGUAGES = (  # other last words of names, with spaces between them
    "tsv tab csv json jsonl ndjson md rst pdf html xml sgm ids log py sh zip tar tgz model vocab codes "
    "dict spm bin npz npy xlsx doc docx license readme"
)
DATABASE = re.compile(r".*\.(sqlite3?|db3?|sql)(-(wal|shm|journal))?")
LANGUAGE = r"(?<=\.)(?!(?:dev|val|trn|tst)[-_])[a-z]{2,3}[-_][a-z]{2,4}|[^\W_]*"  # pt_BR, or a word


def find_parallel(folder, source="", target=""):
    """Finds the two files of each split in a folder of parallel files.

    The language is the last word of a file's name, before `.txt` and `.gz`. The split is another word
    of it. So `train.en` and `train.fr` belong together, and `news.train.en.txt.gz` and
    `news.train.fr.txt.gz`. A folder may also have just one pair of files, of any name.

    Args:
        folder: a `pathlib.Path`.
        source: the language to translate from. None or "" means that the names decide: the first one in
            `europarl.de-en.de`, or else the first in the order of the alphabet.
        target: the language to translate to. None or "" means the other one.

    Returns:
        A dict of split to a pair of paths. It is empty if the folder has no parallel files.

    Raises:
        ValueError: a file or a language is missing, a split is there twice, or there are more than two
            languages and none was chosen. The message lists what is there.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("train.en", "train.fr", "dev.en", "dev.fr"):
    ...     _ = (folder / name).write_text("...")
    >>> found = find_parallel(folder, source="fr")
    >>> {split: [path.name for path in pair] for split, pair in found.items()}
    {'validation': ['dev.fr', 'dev.en'], 'train': ['train.fr', 'train.en']}
    """
    groups = {}  # the rest of the name -> language -> path
    for path in visible(folder):
        name = re.sub(r"\.(gz|bz2|xz)$", "", path.name.lower())
        name = re.sub(r"^(src|tgt)[-_.](.*?)(\.txt)?$", r"\2.\1", name)  # as in OpenNMT
        match = re.fullmatch(rf"(.*?)[\W_]*({LANGUAGE})", name.removesuffix(".txt"))
        stem, language = match.groups()
        is_language = language and language not in (*SPLIT_NAMES, *NO_LANGUAGES.split())
        is_data = not DATABASE.fullmatch(name)
        if path.is_file() and is_data and is_language and (stem or name.endswith(".txt")):
            others = groups.setdefault(stem, {})
            if language in others:
                raise InputError(f"{folder} has a file twice: {others[language].name} and {path.name}.")
            others[language] = path
    wanted = [name.lower() for name in (source, target) if name]
    groups = {stem: files for stem, files in groups.items() if len(files) > 1 or {*wanted} & {*files}}
    languages = sorted(set().union(*groups.values()))
    if not languages:
        return {}
    if len(languages) == 1:
        raise InputError(
            f"{folder} has files whose names end in {languages[0]!r}, but not their other side."
        )
    for name in wanted:
        if name not in languages:
            raise InputError(
                f"{folder} has no files whose names end in {name!r}. Received: {', '.join(languages)}"
            )
    named = re.findall(r"(?:^|[\W_])([^\W_]{2,3})-([^\W_]{2,3})(?=[\W_]|$)", " ".join(groups))
    named = [pair for pair in named if {*pair} <= {*languages}]
    candidates = list(named[0]) if named else languages
    candidates.sort(key=lambda name: name in ("input", "question", "source", "src"), reverse=True)
    if len({*candidates, *wanted}) > 2 and len(wanted) < 2:
        raise InputError(
            f"{folder} has files of more than two languages: choose with --source and --target. "
            f"Received: {', '.join(languages)}"
        )
    source = source.lower() if source else next(c for c in candidates if c not in wanted)
    target = target.lower() if target else next(c for c in candidates if c != source)
    if source == target:
        raise InputError(f"source and target must differ. Received: {source!r} and {target!r}")
    found = {}
    for stem, files in groups.items():
        missing = [name for name in (source, target) if name not in files]
        if len(missing) == 2:
            continue
        splits = {*splits_in(stem)}
        if len(splits) != 1 and len(groups) > 1:
            refuse_unnamed(files.get(source) or files[target], folder)
        split = splits.pop() if len(splits) == 1 else "train"  # just one pair of files
        if missing:
            raise InputError(
                f"{folder} has {', '.join(path.name for path in files.values())}, but no file of the "
                f"same name that ends in {missing[0]!r}."
            )
        if split in found:
            raise InputError(
                f"{folder} has the {split} split twice: {found[split][0].name}, {files[source].name}. "
                "Move one of them out of the folder, or call it train, validation or test."
            )
        found[split] = files[source], files[target]
    return found


def read_parallel(paths, encoding="utf-8"):
    """Reads two parallel files.

    Args:
        paths: the paths of the two files.
        encoding: the name of their encoding.

    Returns:
        A list of pairs of str. A side may be empty.

    Raises:
        ValueError: the files have unequal numbers of lines, or cannot be read.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> paths = folder / "train.en", folder / "train.fr"
    >>> for path, text in zip(paths, ("Hello.\\nThanks.\\n", "Bonjour.\\nMerci.\\n")):
    ...     _ = path.write_text(text)
    >>> read_parallel(paths)
    [('Hello.', 'Bonjour.'), ('Thanks.', 'Merci.')]
    """
    texts = [decode(path, encoding).removesuffix("\n").split("\n") for path in paths]
    one, other = map(len, texts)
    if one != other:
        raise InputError(
            f"{paths[0]} has {one} lines and {paths[1].name} has {other}. Line n of one must be the "
            "translation of line n of the other."
        )
    sides = ([normalize(line).strip() for line in lines] for lines in texts)
    return [*zip(*sides, strict=True)]
