"""Reads files that have a line for each token, with its tags in columns."""

import re

from zoo.datasets.column_names import COLUMN_NAMES
from zoo.datasets.files import decode
from zoo.datasets.tables import has_quotes, read_table, without_quotes
from zoo.errors import InputError, counted

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
NUMBER = re.compile(r"\d+([-.]\d+)?")  # of a token; 1-2 and 1.1 in CoNLL-U
LONGEST = 200  # tokens of a sentence, if it is the only one
SENTENCE_NAMES = {"sentence", "sentence #", "sentence_#", "sentence_id", "sentence_idx", "sent_id"}
OTHER_NAMES = {  # of columns that are no token and no tag
    *("lemma", "lemmas", "id", "idx", "index", "feats", "head", "deprel", "deps", "misc"),
    *("no", "nr", "number", *SENTENCE_NAMES),
}


def read_columns(path, encoding="utf-8"):
    """Reads a file in CoNLL columns or in CoNLL-U.

    An empty line ends a sentence. So does the next number in a column with a name such as
    `sentence_id`. Columns are separated by tabs, or by spaces if there is no tab. Quotes around cells
    between tabs are removed, as in a TSV. `-DOCSTART-` lines are skipped. So are comments, which are
    lines before a sentence that begin with `# `, or with `#` and have another number of columns. A
    first line with common names of the columns is skipped too, and every copy of it.

    In CoNLL-U, joined words (`1-2`) and words that the writer left out (`1.1`) are dropped.

    Args:
        path: the path of the file.
        encoding: the encoding of the file.

    Returns:
        The names of the columns, a list of str in lower case, or None. A list of sentences. Each is a
        list of pairs: the number of a line and its columns, a list of str. And a dict from what was
        dropped to how often, with `{}` for the s of the plural.

    Raises:
        ValueError: the file is empty, a line has another number of columns than the first one, or the
            tokens of a sentence are not numbered one by one. The message names the line.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.conll"
    >>> _ = path.write_text("Ada B-PER\\nsaw O\\n\\nhim O\\n")
    >>> read_columns(path)
    (None, [[(1, ['Ada', 'B-PER']), (2, ['saw', 'O'])], [(4, ['him', 'O'])]], {})
    """
    names, header, sentences, rows = None, None, [], []
    # Split the lines before they are normalized: a no-break space does not separate columns.
    lines = [re.sub(r"^\ufeff(?![ \t])", "", line) for line in decode(path, encoding).split("\n")]
    certain = (line for line in lines if line.strip() and not line.startswith(("#", "-DOCSTART-")))
    first = next(certain, "")  # neither a comment nor a token that begins with #
    width = len(_split(first))
    for i, line in enumerate([*lines, ""], start=1):
        if not line.strip() or line.startswith("-DOCSTART-"):
            if rows:
                sentences.append(rows)
                rows = []
            continue
        columns = _split(line)
        is_first = not sentences and not rows and header is None
        if is_first and _is_header(columns):
            header, width = line, len(columns)
            names = [_clean(name) for name in columns]
        elif line.startswith("#") and not rows:  # within a sentence it is a token
            if line.startswith("# global.columns = "):
                names = line.split("=")[1].lower().split()
            is_spaced = line.startswith("# ") and "\t" not in first
            if is_spaced or len(columns) != width or ("\t" in first and "\t" not in line):
                continue
        if line == header:
            continue
        if len(columns) != width or width < 2:
            raise InputError(
                f"{path}, line {i}: expected a token and its tag, in as many columns as the first "
                f"row ({max(width, 2)}). Received: {counted(len(columns), 'column')}, "
                f"{line[:60]!r}"
            )
        rows.append((i, columns))
    if not sentences:
        raise InputError(f"{path} is empty: expected lines of a token and its tag.")
    if "\t" in first and has_quotes([columns for rows in sentences for _, columns in rows]):
        sentences = [[(i, [*map(without_quotes, row)]) for i, row in rows] for rows in sentences]
    names, sentences = _cut_at_numbers(names, sentences)
    if len(sentences) == 1 and len(sentences[0]) > LONGEST:
        raise InputError(
            f"{path} has {len(sentences[0]):,} tokens and no empty line between them. Put an empty "
            "line after each sentence."
        )
    return _drop_unreal(path, names, sentences)


def read_csv(path, encoding="utf-8"):
    """Reads a CSV with a row for each token, where a column numbers the sentences.

    The number may be in each row, or only in the first row of a sentence. If there is no such column,
    an empty line ends a sentence.

    Args:
        path: the path of the file.
        encoding: the encoding of the file.

    Returns:
        The same as `read_columns`, without the column of the numbers.

    Raises:
        ValueError: see `zoo.datasets.tables.read_table`. Or the first row does not have the names of
            the columns, or there is only one sentence.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("Sentence #,Word,Tag\\n1,Ada,B-PER\\n,saw,O\\n2,him,O\\n")
    >>> read_csv(path)
    (['word', 'tag'], [[(2, ['Ada', 'B-PER']), (3, ['saw', 'O'])], [(4, ['him', 'O'])]], {})
    """
    table = read_table(path, encoding)
    names = [_clean(name) for name in table.rows[0]]
    sentences, last_line = [], 0
    for line, row in zip(table.lines[1:], table.rows[1:], strict=True):
        if not sentences or (line != last_line + 1 and not SENTENCE_NAMES & {*names}):
            sentences.append([])
        sentences[-1].append((line, row))
        last_line = line
    names, sentences = _cut_at_numbers(names, sentences)
    if not _is_header(table.rows[0]) or len(sentences) < 2:
        raise InputError(
            f"{path}, line {table.lines[0]}: a CSV of tagged sentences begins with the names of its "
            "columns. Below it is a row for each token. One column numbers the sentences, such as "
            f"Sentence #,Word,Tag. Received: {', '.join(table.rows[0])[:80]!r}, with "
            f"{counted(len(sentences), 'sentence')} below it"
        )
    return names, sentences, {}


def _cut_at_numbers(names, sentences):
    """Begins a sentence at each new number, if there is a column of their numbers, and drops it."""
    number = next((i for i, name in enumerate(names or []) if name in SENTENCE_NAMES), None)
    if number is None:
        return names, sentences
    cut = []
    for rows in sentences:
        last = None
        for line, row in rows:
            if last is None or row[number] not in ("", last):
                cut.append([])
            last = row[number] or last or ""
            cut[-1].append((line, row[:number] + row[number + 1 :]))
    return names[:number] + names[number + 1 :], cut


def _split(line):
    return re.split(" *\t *" if "\t" in line else " +", line.strip(" "))


def _clean(name):
    return name.strip(" \"'#").lower()


def _is_header(columns):
    """Whether these are common names of a token, of tags and of other columns."""
    cells = [_clean(cell) for cell in columns]
    tokens, tags = COLUMN_NAMES["token"].split(), {*COLUMN_NAMES["tag"].split(), *OTHER_NAMES}
    return (
        any(
            cell in tokens
            and all(other.replace(" ", "_") in tags for other in (*cells[:i], *cells[i + 1 :]))
            for i, cell in enumerate(cells)
        )
        and len({*cells}) == len(cells) > 1
    )


def _drop_unreal(path, names, sentences):
    """Checks the numbers of the tokens, and drops those that are not words of the sentence."""
    dropped = {}
    if not all(NUMBER.fullmatch(columns[0]) for rows in sentences for _, columns in rows):
        if len(sentences[0][0][1]) == 10 and str(path).lower().removesuffix(".gz").endswith(".conllu"):
            line = next(
                line for rows in sentences for line, row in rows if not NUMBER.fullmatch(row[0])
            )
            raise InputError(
                f"{path}, line {line}: the first column of CoNLL-U must be the number of the token. "
                "Repair the line. If this is not CoNLL-U, give the file another ending, such as .conll."
            )
        return names, sentences, dropped
    if names is None and len(sentences[0][0][1]) == len(CONLLU):
        names = [*CONLLU]
    kept = []
    for rows in sentences:
        real, last = [], None
        for line, columns in rows:
            number = columns[0]
            if not number.isdecimal():
                what = "joined word{} such as 1-2" if "-" in number else "left-out word{} such as 1.1"
                dropped[what] = dropped.get(what, 0) + 1
                continue
            if last is not None and int(number) != last + 1:
                raise InputError(
                    f"{path}, line {line}: the number of the token goes from {last} to {number}. If a "
                    "sentence begins here, put an empty line before it."
                )
            last = int(number)
            real.append((line, columns))
        if real:
            kept.append(real)
        else:
            dropped["empty sentence{}"] = dropped.get("empty sentence{}", 0) + 1
    if names == [*CONLLU] and all(columns[1] == "_" for rows in kept for _, columns in rows):
        raise InputError(f"{path} has no words, only '_'. Its license probably does not allow them.")
    return names, kept, dropped
