"""Finds the header of a table and the columns with the data."""

import collections
import re
import statistics

from zoo.datasets.column_names import is_name
from zoo.errors import InputError, counted

FLAGS = {  # the flag that chooses the column of a role
    "text": "--text-column",
    "label": "--label-column",
    "source": "--source",
    "target": "--target",
    "tag": "--tag",
}
WORD = re.compile(r"[\w-]{2,}")  # without a period, as a name of a column is


def choose_columns(table, roles, chosen=None):
    """Says whether the first row of a table has names, and which columns have the data.

    What the user chose counts first. Then common names of columns count, such as `text` and `label`
    (see `zoo.datasets.column_names.COLUMN_NAMES`), and then what the cells look like. In a table of as
    many columns as roles, the order of `roles` counts if the cells leave it open. In doubt it raises an
    error that asks.

    Args:
        table: a `zoo.datasets.tables.Table`.
        roles: what the columns hold, keys of `COLUMN_NAMES`, such as `("label", "text")`.
        chosen: a dict of role to the name of a column. A number counts columns from 1. If all that is
            chosen are numbers, the first row is data, unless it has common names. Empty values mean
            that nothing was chosen.

    Returns:
        The table without its header, where `names` is None if it has none. A dict of role to the
        index of its column. And a text for `print_reading`.

    Raises:
        ValueError: there is no such column, or there is more than one way to read the table. The
            message lists the columns and names the flags.

    Example:

    >>> from zoo.datasets.tables import Table
    >>> rows = [["id", "Review", "label"], ["1", "so good", "pos"], ["2", "too long", "neg"]]
    >>> table = Table("a.csv", "CSV", None, rows, [1, 2, 3])
    >>> table, columns, how = choose_columns(table, ("label", "text"))
    >>> columns, len(table.rows)
    ({'label': 2, 'text': 1}, 2)
    >>> how
    "CSV with a header, label in column 'label', text in column 'Review'"
    """
    chosen = {role: str(name) for role, name in (chosen or {}).items() if str(name or "").strip()}
    width = len(table.rows[0])
    if width < len(roles):
        raise InputError(
            f"{table.path}, line {table.lines[0]}: expected a column for each of {', '.join(roles)}. "
            f"Received: {counted(width, 'column')}, {table.rows[0][0]!r:.60}. Add what is missing, or "
            "leave this file out."
        )
    names = table.names
    if names is None and _has_header(table, roles, chosen):
        names = [cell.strip(" \"'") for cell in table.rows[0]]
        kept = [i for i, row in enumerate(table.rows) if row != table.rows[0]]  # and all its copies
        table = table._replace(rows=[table.rows[i] for i in kept], lines=[table.lines[i] for i in kept])
        if not kept:
            raise InputError(
                f"{table.path} has a line with the names of the columns, and no other row."
            )
    table = table._replace(names=names)
    columns = {role: _find_chosen(table, role, chosen[role]) for role in chosen}
    for role in roles:
        if role not in columns:
            columns[role] = _find_column(table, role, roles, columns)
    if len({*columns.values()}) < len(columns):
        raise InputError(
            f"{table.path}: one column cannot be both {' and '.join(columns)}. "
            f"{_list_columns(table)}. {_ask(roles)}"
        )
    columns = {role: columns[role] for role in roles}
    return table, columns, _describe(table, columns)


def _describe(table, columns):
    """How the table was read, such as "TSV without a header, label in column 1, text in column 2"."""
    header = "" if table.form.startswith("JSON") else " with a header"
    if table.names is None:
        header = " without a header"
    places = (
        f"{role} in {'column ' * (not table.form.startswith('JSON'))}{_name(table, i)}"
        for role, i in columns.items()
    )
    return f"{table.form}{header}, {', '.join(places)}"


def _name(table, i):
    return str(i + 1) if table.names is None else repr(table.names[i])


def _list_columns(table):
    """The columns of a table, for a message."""
    if table.names is not None:
        return f"Columns: {', '.join(f'{name!r:.40}' for name in table.names[:20])}"
    cells = (f"{i} ({cell!r:.30})" for i, cell in enumerate(table.rows[0][:20], start=1))
    return f"Columns of the first row: {', '.join(cells)}"


def _ask(roles):
    """Says which flags choose the columns."""
    flags = [f"{FLAGS[role]} NAME" for role in roles if role in FLAGS]
    names = "<tab>".join(roles)
    if not flags:
        return f"Call the columns {names}"
    return f"Choose with {' and '.join(flags)} (or a number: 1 is the first column)"


def _has_header(table, roles, chosen):
    """Whether the first row has the names of the columns."""
    first = [cell.strip(" \"'") for cell in table.rows[0]]
    wanted = {name.strip().lower() for name in chosen.values() if not name.strip().isdecimal()}
    if wanted & {cell.lower() for cell in first}:
        return True
    others = [row for row in table.rows if row != table.rows[0]]  # a header may occur again
    filled = [cell for cell in first if cell]
    may_be_names = len({*filled}) == len(filled) and all(len(cell) <= 40 for cell in filled)
    is_known = [{role for role in roles if is_name(cell, role)} for cell in first]
    # A known name that also occurs further down, such as the label "text", is data.
    repeats = [any(row[i].strip() == cell for row in others) for i, cell in enumerate(first)]
    is_known = [set() if again else known for known, again in zip(is_known, repeats, strict=True)]
    found = set().union(*is_known)
    if may_be_names and len(found) == len(roles) <= sum(map(bool, is_known)):
        return True
    if not others:
        return False
    are_numbers = all(name.strip().isdigit() for name in chosen.values()) and chosen
    if are_numbers:
        return False
    doubt = _doubt(roles, first, others, is_known, repeats) if may_be_names else ""
    if doubt == "names":
        return True
    if doubt:
        raise InputError(
            f"{table.path}, line {table.lines[0]}: are these the names of the columns, or is this "
            f"a row of data? {doubt} {_list_columns(table)}. If they are names, delete the line, or "
            f"call the columns {'<tab>'.join(roles)}. If it is data, move the line further down. "
            f"{_ask(roles)}."
        )
    return False


def _doubt(roles, first, others, is_known, repeats):
    """Whether a first row could be names: "names" if it must be, a reason to ask, or "" for data."""
    one_word = [len(cell.split()) == 1 for cell in first]
    is_wordy = [
        statistics.mean(len(row[i].split()) for row in others[:1000]) > 3 for i in range(len(first))
    ]
    # A short word on top of a column of whole sentences is its name.
    above_texts = any(one and wordy for one, wordy in zip(one_word, is_wordy, strict=True))
    if any(is_known):
        if above_texts or (len(first) > len(roles) and not any(map(str.isdecimal, first))):
            return "names"
        if all(one_word):
            name = next(cell for cell, known in zip(first, is_known, strict=True) if known)
            return f"{name!r} is a common name of a column."
    if "label" in roles or "tag" in roles:
        for i in range(len(first)):
            counts = collections.Counter(row[i].strip() for row in others)
            if not repeats[i] and len(others) > 1 and 2 * len(counts) <= len(others):
                if above_texts:
                    return "names"
                return f"No other row has {first[i]!r} in column {i + 1}, where most cells repeat."
    if {"text", "source"} & {*roles} and not any(repeats) and all(map(WORD.fullmatch, first)):
        wordy = [i for i in range(len(first)) if is_wordy[i]]
        if wordy and not any(all(len(row[i].split()) == 1 for i in wordy) for row in others):
            return f"No other row has just one word in column {wordy[0] + 1}."
        for i in range(len(first)):
            if (
                len(others) > 9
                and not _has_digit(first[i])
                and all(_has_digit(row[i]) for row in others)
            ):
                return f"All other rows have digits in column {i + 1}."
    return ""


def _has_digit(cell):
    return any(map(str.isdigit, cell))


def _find_chosen(table, role, name):
    """The index of the column that the user chose."""
    name = name.strip()
    names = [] if table.names is None else table.names
    if names.count(name) == 1:
        return names.index(name)
    same = [i for i, one in enumerate(names) if one.lower() == name.lower()]
    if len(same) == 1:
        return same[0]
    if len(same) > 1:
        raise InputError(f"{table.path} has several columns with the name {name!r}: rename one.")
    if name.isdecimal() and 1 <= int(name) <= len(table.rows[0]):
        return int(name) - 1
    raise InputError(
        f"{table.path} has no column {name!r} for the {role}. {_list_columns(table)}. {_ask((role,))}."
    )


def _find_column(table, role, roles, taken):
    """The index of the column for a role, from names or contents."""
    free = [i for i in range(len(table.rows[0])) if i not in taken.values()]
    if table.names is not None:
        named = [i for i in free if is_name(table.names[i], role)]
        if role == "text":  # but not the number of a text
            named = [i for i in named if not _are_dates([str(row[i]) for row in table.rows])]
        # "text" is the usual name of the text, "title" is one of many.
        usual = [i for i in named if table.names[i].lower() == role]
        named = usual if len(usual) == 1 else named
        others = [other for other in roles if other != role and other not in taken]
        # A name that fits two roles is left to the other role.
        alone = [i for i in named if not any(is_name(table.names[i], other) for other in others)]
        named = alone if len(alone) == 1 else named
        if len(named) == 1:
            return named[0]
        free = named or free
    looks = LOOKS.get(role)
    if looks is not None:
        cells = {i: [str(row[i]) for row in table.rows] for i in free}
        fitting = [i for i in free if looks(cells[i])]
        if len(fitting) == 1:
            return fitting[0]
        rest = [i for i in free if role != "label" or not _is_text(cells[i])]
        if not fitting and table.names is None and len(rest) == 1:  # all labels are the same
            return rest[0]
        free = fitting if len(fitting) > 1 or table.names is not None else free
    in_order = [i for i in range(len(table.rows[0])) if i not in taken.values()]
    if len(table.rows[0]) == len(roles) and in_order and roles.index(role) in free:
        return roles.index(role)
    raise InputError(
        f"{table.path}: which column has the {role}? {_list_columns(table)}. {_ask(roles)}."
    )


def _is_label(cells):
    """Whether cells look like labels: short, seldom empty, and most of them occur several times."""
    counts = collections.Counter(cell for cell in cells if cell.strip())
    most = len(cells) / 2 if len(cells) > 9 else len(cells) - 1  # in a tiny table, some do
    if not 1 < len(counts) <= most or 2 * counts.total() < len(cells):
        return False
    return statistics.mean(len(cell.split()) for cell in counts) <= 4


def _is_text(cells):
    """Whether cells look like texts: several words, and most of them different."""
    words = statistics.mean(len(cell.split()) for cell in cells)
    return words >= 2 and len({*cells}) > len(cells) / 3 and not _are_dates(cells)


def _are_dates(cells):
    """Whether cells are mostly digits, such as dates and times."""
    characters = "".join(cells[:100])
    return 2 * sum(map(str.isdigit, characters)) > len(characters)


LOOKS = {"label": _is_label, "text": _is_text}
