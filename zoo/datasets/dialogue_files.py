"""Reads one file of conversations."""

import itertools
import re

from zoo.datasets.files import decode, ending_of
from zoo.datasets.tables import TABLE_ENDINGS, read_table
from zoo.errors import InputError

ENDINGS = (".txt", *TABLE_ENDINGS)
NAMES = {  # of columns, in lower case, without digits and underscores at their ends
    "number": "conversation conversation_id dialogue dialogue_id dialog dialog_id conv conv_id id "
    "session session_id thread thread_id chat_id",
    "speaker": "speaker user author from who role sender name person",
    "turn": "turn text utterance message line sentence question answer reply response prompt input "
    "output source target context statement",
    "nothing": "unnamed index",  # the numbers of rows that pandas writes
}
BLOCKS = "an empty line separates conversations"
CONTENTS = ("content", "text", "value", "utterance", "message")  # of a turn that is a JSON object


def read_dialogues(path, encoding="utf-8"):
    """Reads the conversations of a file, see `load_dialogues` for what it may look like.

    Args:
        path: the path of the file.
        encoding: its encoding.

    Returns:
        A list of conversations, each a list of turns as they are in the file. And a text that says how
        the file was read.

    Raises:
        ValueError: the file is missing, damaged or empty, or leaves open what tells its conversations
            apart.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.tsv"
    >>> rows = "1\\tAda\\tHello.", "1\\tBob\\tHi.", "1\\tBob\\tHow are you?", "2\\tAda\\tBye."
    >>> _ = path.write_text("\\n".join(rows))
    >>> read_dialogues(path)
    ([['Hello.', 'Hi. How are you?'], ['Bye.']], 'TSV without a header, each row is a turn')
    """
    ending = ending_of(path)
    if ending not in (".tsv", ".tab", ".txt") and ending in TABLE_ENDINGS:
        table = read_table(path, encoding)
        if table.form == "lines":
            raise InputError(
                f"{path}, line {table.lines[0]}: expected columns, with a turn in each. "
                f"Received: {table.rows[0][0]!r:.60}"
            )
        return _read_rows(path, table.form, table.names, [table.rows])
    text = decode(path, encoding)
    lines = [line.rstrip() for line in text.split("\n")]
    blocks = [list(block) for filled, block in itertools.groupby(lines, bool) if filled]
    if not blocks:
        raise InputError(f"{path} is empty: expected conversations.")
    if ending in (".tsv", ".tab") or "\t" in blocks[0][0]:
        rows = [[line.split("\t") for line in block] for block in blocks]
        return _read_rows(path, "TSV", None, rows)
    if len(blocks) == 1:
        raise InputError(
            f"{path} has no empty line between conversations, so all of it would be one conversation. "
            "Put an empty line between two of them."
        )
    return blocks, f"text, {BLOCKS}"


def _read_rows(path, form, names, blocks):
    """Conversations from the rows of a table, in blocks that empty lines separate."""
    header = "" if form.startswith("JSON") else " with a header"
    if names is None and _is_header(blocks[0][0]):
        names, blocks = blocks[0][0], [blocks[0][1:], *blocks[1:]]
    elif names is None:
        header = " without a header"
    if names is not None:
        dropped = {i for i, name in enumerate(names) if _role(name) == "nothing"}
        names = [name for i, name in enumerate(names) if i not in dropped]
        blocks = [[_leave_out(row, dropped) for row in block] for block in blocks]
    rows = [row for block in blocks for row in block]
    if not rows:
        raise InputError(f"{path} has only a header, and no conversation.")
    lists = [i for i, cell in enumerate(rows[0]) if isinstance(cell, list)]
    if lists:
        turns = [_take_texts(path, row[lists[0]]) for row in rows]
        return turns, f"{form}, each row has a list of turns"
    for row in rows:
        if not all(isinstance(cell, str) for cell in row):
            raise InputError(f"{path}: expected texts, or a list of turns. Received: {row!r:.80}")
    if max(map(len, rows)) == 1:
        if len(blocks) > 1:
            return [[row[0] for row in block] for block in blocks], f"{form}{header}, {BLOCKS}"
        raise InputError(
            f"{path} has only one column: put a tab between the turns of a conversation, or the number "
            f"of the conversation before each turn. Received: {rows[0][0]!r:.60}"
        )
    roles = [_role(name) for name in names] if names else _guess(rows)
    number, speaker = (roles.index(role) if role in roles else None for role in ("number", "speaker"))
    if number is None and speaker is None:
        return rows, f"{form}{header}, each row is a conversation"
    if number is None and len(blocks) == 1:
        names = sorted({row[speaker] for row in rows})
        raise InputError(
            f"{path} has a column of speakers ({', '.join(names)[:60]}), but nothing tells its "
            "conversations apart. Put an empty line between two of them, or the number of the "
            "conversation into a column before the speaker."
        )
    skipped = {i for i in (number, speaker) if i is not None}
    for row in rows:
        if len(row) <= max(skipped):
            raise InputError(
                f"{path}: expected {len(roles)} columns, {', '.join(roles)}. Received: {row!r:.80}"
            )
    groups = {}  # the number of a conversation, or the place of its block -> its rows
    for i, block in enumerate(blocks):
        for row in block:
            groups.setdefault(i if number is None else row[number], []).append(row)
    conversations = []
    for group in groups.values():
        turns = []  # pairs of a speaker and a text
        for row in group:
            texts = _leave_out(row, skipped)
            who = row[speaker] if speaker is not None else None
            if who is not None and turns and turns[-1][0] == who:
                turns[-1] = who, " ".join([turns[-1][1], *texts])
            else:
                turns += [(who, text) for text in texts]
        conversations.append([text for _, text in turns])
    return conversations, f"{form}{header}, each row is a turn"


def _leave_out(row, places):
    return [cell for i, cell in enumerate(row) if i not in places]


def _role(name):
    """What a column holds by its name: a key of `NAMES`. "turn" if it is none of their names."""
    name = _simplify(name)
    if not name:
        return "nothing"
    return next((role for role, known in NAMES.items() if name in known.split()), "turn")


def _is_header(row):
    """Whether all cells of the first row are usual names of columns."""
    known = {name for names in NAMES.values() for name in names.split()}
    cells = [_simplify(cell) for cell in row if cell.strip()]
    return bool(cells) and all(cell in known for cell in cells)


def _simplify(name):
    """A name of a column in lower case, without digits and marks at its end."""
    return re.sub(r"[\W\d_]+$", "", name.strip().lower()).replace(" ", "_")


def _guess(rows):
    """The role of each column of a table without a header."""
    roles = ["turn"] * max(map(len, rows))
    columns = list(zip(*rows, strict=False))  # as many as the shortest row has
    place = 0
    if all(re.fullmatch(r"\S*\d\S*", cell.strip()) for cell in columns[0]):
        roles[0], place = "number", 1
    if len(columns) == len(roles) == place + 2:
        # Two columns are left: a speaker and a text, or two turns. Few different texts mean speakers.
        are_turns = place and len({*columns[0]}) < len(rows)
        if (2 if are_turns else 5) * len({*columns[place]}) <= len(rows):
            roles[place] = "speaker"
    return roles


def _take_texts(path, turns):
    """The texts of a JSON list of turns, which may be objects such as {"content": "Hi."}."""
    texts = []
    for turn in turns if isinstance(turns, list) else [turns]:
        if isinstance(turn, dict):
            turn = next((turn[name] for name in CONTENTS if name in turn), None)
        if not isinstance(turn, str):
            raise InputError(
                f"{path}: expected a list of turns, each a text or an object with a text under one of "
                f"{', '.join(CONTENTS)}. Received: {turns!r:.80}"
            )
        texts.append(turn)
    return texts
