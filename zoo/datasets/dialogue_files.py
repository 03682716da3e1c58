"""Reads one file of conversations."""

import itertools
import re

from zoo.datasets.files import decode, ending_of
from zoo.datasets.tables import TABLE_ENDINGS, WELL_QUOTED, read_table, without_quotes
from zoo.errors import InputError

ENDINGS = (".txt", *TABLE_ENDINGS)
NAMES = {  # of columns, in lower case, without digits and underscores at their ends
    "number": "conversation conversation_id dialogue dialogue_id dialog dialog_id conv conv_id id "
    "session session_id thread thread_id chat_id",
    "speaker": "speaker user author from who role sender name person speaker_id user_id author_id "
    "speaker_idx",
    "turn": "text utterance message content body msg value turn sentence line question answer reply "
    "response prompt input output source target context statement instruction human assistant bot ai "
    "customer agent patient doctor chatbot",
    "place": "turn_id turn_number turn_no turn_index turn_idx utterance_id utterance_number "
    "utterance_idx message_id message_number line_id line_number position order sequence step",
    "nothing": "unnamed index",  # the numbers of rows that pandas writes
}
LISTS = "turns messages utterances conversation conversations dialog dialogue dialogues dialogs"
BLOCKS = "an empty line separates conversations"
SINGLE = NAMES["turn"].split()[:10]  # the text of one turn, the likeliest name first
NAME = re.compile(r"[^\W\d][\w./-]*( [\w./-]+)?")  # one or two words
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
        cells = [cell for block in rows for row in block for cell in row if cell]
        if all(map(WELL_QUOTED.fullmatch, cells)):  # some programs put quotes around every cell
            rows = [[[*map(without_quotes, row)] for row in block] for block in rows]
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
    if names is None and _is_header(*itertools.chain(*blocks)):
        names, blocks = blocks[0][0], [blocks[0][1:], *blocks[1:]]
    elif names is None:
        header = " without a header"
    rows = [row for block in blocks for row in block]
    if not rows:
        raise InputError(f"{path} has only a header, and no conversation.")
    lists = sorted({i for row in rows for i, cell in enumerate(row) if isinstance(cell, list)})
    if lists:
        i = _choose_list(path, names, lists)
        turns = [_take_texts(path, row[i]) for row in rows]
        return turns, f"{form}, each row has a list of turns, {names[i]!r}"
    roles, note = _roles_by_name(names, rows) if names else (None, "")
    if roles:
        dropped = {i for i, role in enumerate(roles) if role in ("nothing", "other")}
        roles = [role for i, role in enumerate(roles) if i not in dropped]
        blocks = [[_leave_out(row, dropped) for row in block] for block in blocks]
        rows = [row for block in blocks for row in block]
    for row in rows:
        if not all(isinstance(cell, str) for cell in row):
            raise InputError(f"{path}: expected texts, or a list of turns. Received: {row!r:.80}")
    if max(map(len, rows)) <= 1:
        if len(blocks) > 1:
            return [[row[0] for row in block] for block in blocks], f"{form}{header}, {BLOCKS}"
        raise InputError(
            f"{path} has only one column: put a tab between the turns of a conversation, or the number "
            f"of the conversation before each turn. Received: {rows[0][0]!r:.60}"
        )
    roles = roles or _guess(rows)
    number, speaker, place = (
        roles.index(role) if role in roles else None for role in ("number", "speaker", "place")
    )
    skipped = {i for i in (number, speaker, place) if i is not None}
    if number is None and speaker is None:
        turns = [_leave_out(row, skipped) for row in rows]
        return turns, f"{form}{header}, each row is a conversation{note}"
    if number is None and len(blocks) == 1:
        names = sorted({row[speaker] for row in rows})
        raise InputError(
            f"{path} has a column of speakers ({', '.join(names)[:60]}), but nothing tells its "
            "conversations apart. Put an empty line between two of them, or the number of the "
            "conversation into a column before the speaker."
        )
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
    in_order = place is not None and all(row[place].strip().isdecimal() for row in rows)
    for group in groups.values():
        if in_order:
            group.sort(key=lambda row: int(row[place]))
        turns = []  # pairs of a speaker and a text
        for row in group:
            texts = _leave_out(row, skipped)
            who = row[speaker] if speaker is not None else None
            if who is not None and turns and turns[-1][0] == who:
                turns[-1] = who, " ".join([turns[-1][1], *texts])
            else:
                turns += [(who, text) for text in texts]
        conversations.append([text for _, text in turns])
    return conversations, f"{form}{header}, each row is a turn{note}"


def _leave_out(row, places):
    return [cell for i, cell in enumerate(row) if i not in places]


def _role(name):
    """What a column holds by its name: a key of `NAMES`. "other" if it is none of their names."""
    name = _simplify(name)
    if not name:
        return "nothing"
    return next((role for role, known in NAMES.items() if name in known.split()), "other")


def _roles_by_name(names, rows):
    """The role of each named column, and a text about those that are left out.

    Columns with unusual names hold turns, unless others have a usual name of turns.
    """
    roles = [_role(name) for name in names]
    columns = [[row[i] for row in rows if i < len(row)] for i in range(len(names))]
    kinds = [len(set(map(str, cells))) for cells in columns]  # of each column, how many different cells
    for i, name in enumerate(names):
        may_count = _simplify(name) in ("turn", "utterance", "message", "line", "sentence")
        if may_count and roles.count("turn") > 1 and _are_numbers(columns[i]):
            roles[i] = "place"
    if "turn" not in roles:
        roles = ["turn" if role == "other" else role for role in roles]
    for i, role in enumerate(roles):
        has_texts = 2 * sum(len(str(cell).split()) > 3 for cell in columns[i]) > len(columns[i])
        is_new = "number" not in roles and 5 * kinds[i] > max(len(rows), 9)
        if role == "speaker" and (has_texts or is_new):
            roles[i] = "turn"  # such as {"user": "Hello.", "bot": "Hi."}
    # A number of a conversation repeats on each of its turns, while an id may be that of a row.
    _keep_one(roles, "number", key=lambda i: (kinds[i], _simplify(names[i]) == "id"))
    _keep_one(roles, "speaker", key=lambda i: i)
    _keep_one(roles, "place", key=lambda i: i)
    if "speaker" in roles and roles.count("turn") > 1:
        places = {_simplify(name): i for i, name in enumerate(names) if roles[i] == "turn"}
        found = [places[name] for name in SINGLE if name in places]
        if found:
            _keep_one(roles, "turn", key=lambda i: i != found[0])
        else:  # such as {"user": "Ada", "question": "Why?", "answer": "Because."}
            roles = ["other" if role == "speaker" else role for role in roles]
    others = ", ".join(name for name, role in zip(names, roles, strict=True) if role == "other")
    return roles, f". Left out the columns {others}" if others else ""


def _keep_one(roles, role, key):
    """Sets all columns of a role to "other", except the one with the least key."""
    places = [i for i, one in enumerate(roles) if one == role]
    for i in sorted(places, key=key)[1:]:
        roles[i] = "other"


def _are_numbers(cells):
    return all(isinstance(cell, str) and cell.strip().isdecimal() for cell in cells)


def _choose_list(path, names, lists):
    """The column with the lists of turns, of the columns `lists`, which have lists."""
    usual = [i for i in lists if _simplify(names[i]) in LISTS.split()]
    chosen = usual if len(usual) == 1 else lists
    if len(chosen) > 1:
        raise InputError(
            f"{path} has several lists in a row: {', '.join(names[i] for i in lists)}. Call the one of "
            "the conversation turns."
        )
    return chosen[0]


def _is_header(first, *rows):
    """Whether the cells of the first row are names of columns: all, half, or two of them usual ones."""
    cells = [cell for cell in first if cell.strip()]
    roles = [_role(cell) for cell in cells]
    if not cells or "other" not in roles:
        return bool(cells)
    return (
        ("turn" in roles or {"number", "speaker"} <= {*roles})
        and (2 * roles.count("other") <= len(roles) or len(roles) - roles.count("other") >= 2)
        and len({*cells}) == len(cells)
        and all(NAME.fullmatch(cell.strip()) for cell in cells)
        and not any(cell in (row[i] for row in rows if i < len(row)) for i, cell in enumerate(first))
    )


def _simplify(name):
    """A name of a column in lower case, without digits and marks at its end."""
    return re.sub(r"[\W\d_]+$", "", name.strip().lower()).replace(" ", "_")


def _guess(rows):
    """The role of each column of a table without a header."""
    roles = ["turn"] * max(map(len, rows))
    columns = list(zip(*rows, strict=False))  # as many as the shortest row has
    start = 0
    if all(re.fullmatch(r"\S*\d\S*", cell.strip()) for cell in columns[0]):
        roles[0], start = "number", 1
        if len(columns) > 2 and _are_numbers(columns[1]):
            roles[1], start = "place", 2
    if len(columns) == len(roles) == start + 2:
        # Two columns are left: a speaker and a text, or two turns. Few different texts mean speakers.
        are_turns = start and len({*columns[0]}) < len(rows)
        if (2 if are_turns else 5) * len({*columns[start]}) <= len(rows):
            roles[start] = "speaker"
    return roles


def _take_texts(path, turns):
    """The texts of a JSON list of turns, which may be objects such as {"content": "Hi."}.

    What the role "system" says is no turn: it tells a chatbot how to behave. What one speaker says in a
    row is one turn.
    """
    texts, previous = [], None
    for turn in turns if isinstance(turns, list) else [turns]:
        text, who = turn, None
        if isinstance(turn, dict):
            who = next((turn[name] for name in NAMES["speaker"].split() if name in turn), None)
            if who == "system":
                continue
            text = next((turn[name] for name in CONTENTS if name in turn), None)
        if not isinstance(text, str):
            raise InputError(
                f"{path}: expected a list of turns, each a text or an object with a text under one of "
                f"{', '.join(CONTENTS)}. Received: {turn!r:.80}"
            )
        if who is not None and who == previous:
            texts[-1] = f"{texts[-1]} {text}"
        else:
            texts.append(text)
        previous = who
    return texts
