"""Lines of readers that read a file for each split, or cut the splits that are missing."""

from zoo.copying.readers.pieces import write_value
from zoo.datasets.splitting import SPLITS

SALTS = "", "0", "1", "2"  # the first hashes that `fill_splits` tries


def choose_parts(parts):
    """Takes the validation split as the test split if there is no other. Sorts them.

    Args:
        parts: a dict of the name of a split to anything.

    Example:

    >>> choose_parts({"validation": "dev.csv", "train": "train.csv"})
    {'train': 'train.csv', 'test': 'dev.csv'}
    """
    parts = dict(parts)
    if "test" not in parts and "validation" in parts:
        parts["test"] = parts.pop("validation")
    return {split: parts[split] for split in SPLITS if split in parts}


def write_cut(parts, text, salt=""):
    """Lines that cut the missing splits from `splits["train"]` by a hash.

    Args:
        parts: the splits that are there.
        text: the text of `row`, as code.
        salt: what `fill_splits` adds to the text.

    Returns:
        Lines with an indent of four, or "" if no split is missing.

    Example:

    >>> print(write_cut(["train", "test"], "row[0]"))
        train = splits["train"]  # a tenth of it becomes the validation split
        splits["train"] = [row for row in train if split_of(row[0]) != "validation"]
        splits["validation"] = [row for row in train if split_of(row[0]) == "validation"]
    <BLANKLINE>
    """
    call = f"split_of({text} + {salt!r})".replace("'", '"') if salt else f"split_of({text})"
    missing = [split for split in SPLITS if split not in parts]
    if not missing:
        return ""
    if len(missing) == 2:
        return (
            '    train = splits["train"]\n'
            "    for split in SPLITS:  # 80/10/10\n"
            f"        splits[split] = [row for row in train if {call} == split]\n"
        )
    return (
        f'    train = splits["train"]  # a tenth of it becomes the {missing[0]} split\n'
        f'    splits["train"] = [row for row in train if {call} != "{missing[0]}"]\n'
        f'    splits["{missing[0]}"] = [row for row in train if {call} == "{missing[0]}"]\n'
    )


def in_order(source, parts):
    """Sorts the splits that a source returns, if one of three was cut."""
    if len(parts) != 2:
        return source
    return source.replace("    return splits", "    return {split: splits[split] for split in SPLITS}")


def write_reading(path, files, body, text, parameters, salt=""):
    """A function that reads one file of rows, and lines that call it for each split.

    Args:
        path: the path that the user gave.
        files: a dict of split to a path, or to a pair of paths of parallel files.
        body: the lines that read the file `path`. The last one is `return` and the rows.
        text: the text of `row` for `write_cut`.
        parameters: the names of the other parameters, as in `", encoding"`.
        salt: see `write_cut`.

    Returns:
        The source of a function, or "", and lines with an indent of four. They make `splits`, a dict of
        split to rows.
    """
    if files["train"] == path:
        body = body.replace("    return sorted(rows, ", "    rows.sort(")
        call = write_cut(["train"], text, salt).splitlines()[2].split(" = ", 1)[1]
        return "", f"{body}    splits = {{split: {call} for split in SPLITS}}\n".replace(
            "in train", "in rows"
        )
    if isinstance(files["train"], tuple):
        names = {split: tuple(file.name for file in pair) for split, pair in files.items()}
        variables, values = "one, other", '(f"{path}/{one}", f"{path}/{other}"'
        loop = "split, (one, other)"
    else:
        names = {split: file.name for split, file in files.items()}
        variables, values, loop = "path", '(f"{path}/{file}"', "split, file"
    lines = (
        f"    files = {write_value(names, 12)}\n"
        "    splits = {}\n"
        f"    for {loop} in files.items():\n"
        f"        splits[split] = read_rows{values}{parameters})\n"
    )
    head = f'def read_rows({variables}{parameters}):\n    """Reads the rows of one split."""\n'
    return f"{head}{body}\n\n", lines + write_cut(files, text, salt)
