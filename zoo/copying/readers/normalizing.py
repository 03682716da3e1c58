"""The function `normalize` of a copy, with only the rules that its data need."""

import re
import unicodedata

from zoo.text.normalizing import CLEANING

RULES = ("[\ud800-\udfff]", "\ufffd"), *CLEANING
COMMENTS = {  # of the rules, in their order
    0: "Half of a surrogate pair, as in JSON that was cut off.",
    2: "Every kind of space becomes a plain one.",
    3: "Characters without a width are removed.",
    4: "Joiners stay only between letters of scripts such as Arabic.",
}
CLASSES = 2, 3  # the rules that are one class of characters, which may be narrower
COMPOSE = len(RULES)  # the number of the last rule: one character for a letter and its accent
ALL = {"all"}  # of a class
USUAL = {1: ALL, 2: ALL, 3: ALL, COMPOSE: ALL}  # what other files of the user may need
LONGEST = 72  # characters of a pattern in a line


def find_changes(code, loader, values):
    """Runs a reader, and finds the rules that change a text in its data.

    Args:
        code: the source of the reader.
        loader: the name of its main function.
        values: the arguments of that function.

    Returns:
        A dict of the number of a rule to the set of texts that it replaces. `COMPOSE` is the last one.
    """
    namespace, changes = {"__name__": "reader"}, {}

    def normalize(text):
        if text.isascii() and text.isprintable():
            return text
        for i, (pattern, replacement) in enumerate(RULES):
            new = re.sub(pattern, replacement, text)
            if new != text:
                changes.setdefault(i, set()).update(re.findall(pattern, text))
            text = new
        new = unicodedata.normalize("NFC", text)
        if new != text:
            changes[COMPOSE] = set()
        return new

    exec(compile(code, "<reader>", "exec"), namespace)
    namespace["normalize"] = normalize
    namespace[loader](*values)
    return changes


def shorten(source, changes):
    """Removes the calls of `normalize` from a source if no rule changes its data.

    Example:

    >>> shorten("[normalize(text.decode()) for text in texts]", {})
    '[text.decode() for text in texts]'
    """
    if changes:
        return source
    return re.sub(r"normalize\(((?:[^()]|\([^()]*\))*)\)", r"\1", source)


def write_normalize(changes=None):
    """Writes the function `normalize` with some rules. None means all of them.

    Args:
        changes: what `find_changes` returned, or None.

    Example:

    >>> print(write_normalize({COMPOSE: set()}))
    def normalize(text):
        \"\"\"Writes each letter and its accents as one character.\"\"\"
        return unicodedata.normalize("NFC", text)
    >>> print(write_normalize({2: {"\\xa0", "\\u2028"}}))
    def normalize(text):
        \"\"\"Every kind of space becomes a plain one.\"\"\"
        return re.sub(r"[\\xa0\\u2028]", " ", text)
    """
    if changes is not None and [*changes] == [COMPOSE]:
        what = "Writes each letter and its accents as one character."
        return f'def normalize(text):\n    """{what}"""\n    return unicodedata.normalize("NFC", text)'
    if changes is None:
        rules, compose = dict(enumerate(RULES)), True
    else:
        rules, compose = {i: RULES[i] for i in sorted(changes) if i < COMPOSE}, COMPOSE in changes
        for i in {*CLASSES} & {*rules}:
            if changes[i] is not ALL:
                rules[i] = f"[{''.join(sorted(changes[i]))}]", RULES[i][1]
    lines = []
    for i, (pattern, replacement) in rules.items():
        lines += [f"    # {COMMENTS[i]}"] if i in COMMENTS else []
        for piece in _cut(pattern):
            lines.append(f"    text = re.sub({_quote(piece)}, {_quote(replacement)}, text)")
    if compose:
        last = 'unicodedata.normalize("NFC", text)  # one character for a letter and its accents'
        lines.append(f"    return {last}")
    else:
        lines[-1] = lines[-1].replace("    text =", "    return")
    what = "Removes invisible differences between texts."
    if len(lines) == 2 and lines[0].startswith("    # "):  # one rule
        what = lines.pop(0).removeprefix("    # ")
    return "\n".join([f'def normalize(text):\n    """{what}"""', *lines])


def _cut(pattern):
    """Cuts a long class of characters into two, so that each is short enough for a line."""
    if len(_quote(pattern)) <= LONGEST or not re.fullmatch(r"\[[^\[\]]*\]", pattern):
        return [pattern]
    inner = re.findall(r"(?:\\x..|.)(?:-(?:\\x..|.))?", pattern[1:-1])
    half = len(inner) // 2
    return [*_cut(f"[{''.join(inner[:half])}]"), *_cut(f"[{''.join(inner[half:])}]")]


def _quote(text):
    """A text as it stands in code, with an escape for each character that cannot be seen."""
    escaped = "".join(map(_escape, text)).replace("\\x0b", "\\v").replace("\\x0c", "\\f")
    if text in ("\n", "\ufffd") or escaped.startswith("[\\ud"):
        return f'"{escaped}"'
    return f'r"{escaped}"' if "\\" in escaped else f'"{escaped}"'


def _escape(character):
    if character.isascii() and character.isprintable():
        return character
    if character == "\n":
        return "\\n"
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
