"""Joins the lines of texts that were broken at a margin, as in the books of Project Gutenberg."""

import re

MARGINS = range(40, 121)  # characters
LEAST_WORDS = 5  # in a line of prose, on average
PROSE_ENDS = tuple(".?!:;,\"'”’»)।。…")
NEW_LINE = re.compile(r"\s|[-*+•>#|=_]|\d+[.)]\s|```")  # begins a list, a heading, a table or a quote


def unwrap(text):
    """Joins hard-wrapped lines into paragraphs, if the text consists of them.

    A text counts as hard-wrapped if most of its lines end only because the next word did not fit.
    Verse, plays, code, tables and logs do not, so they stay as they are. So do verse and headings in a
    hard-wrapped text. Paragraphs are separated by empty lines or by a first line that is indented.

    Args:
        text: str, with `\\n` between lines.

    Returns:
        The text, and how many lines were joined to the line before. It is 0 if nothing was changed.

    Example:

    >>> words = "It was late. The snow fell and fell, and no light was to be seen on the road to town. "
    >>> import textwrap
    >>> paragraph = (words * 5).strip()
    >>> wrapped = "CHAPTER I\\n\\n" + "\\n".join(textwrap.wrap(paragraph, 60)) + "\\n"
    >>> text, num_joined = unwrap(wrapped)
    >>> text == f"CHAPTER I\\n\\n{paragraph}\\n", num_joined
    (True, 7)
    >>> unwrap("Roses are red,\\nviolets are blue,\\nsugar is sweet,\\nand so are you.\\n" * 9)[1]
    0
    """
    lines = text.split("\n")
    # Whether each line may continue in the next one.
    goes_on = [
        bool(line.strip() and after.strip() and not NEW_LINE.match(after))
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    ]
    broken = [i for i, may in enumerate(goes_on) if may]
    if len(broken) < max(5, sum(1 for line in lines if line.strip()) / 4):  # few lines, or code
        return text, 0
    lengths = sorted(len(lines[i].rstrip()) for i in broken)
    margin = lengths[int(0.98 * (len(lengths) - 1))]

    def is_full(i):
        """Whether the first word of the next line did not fit into this line."""
        return len(lines[i].rstrip()) + 1 + len(lines[i + 1].split()[0]) > 0.9 * margin

    def share(test):
        return sum(map(test, broken)) / len(broken)

    is_wrapped = (
        margin in MARGINS
        and sum(len(lines[i].split()) for i in broken) >= LEAST_WORDS * len(broken)
        and share(is_full) > 0.75
        and share(lambda i: "   " in lines[i].strip()) < 0.2  # columns
        and share(lambda i: lines[i].rstrip().endswith(PROSE_ENDS)) < 0.4
        and share(lambda i: not lines[i + 1][0].isalpha() or lines[i + 1][0].isupper()) < 0.5
    )
    if not is_wrapped:
        return text, 0

    result, num_joined, first = [], 0, 0
    while first < len(lines):
        last = first
        while goes_on[last]:
            last += 1
        inner = range(first, last)
        is_prose = 2 * sum(map(is_full, inner)) > len(inner)
        result.append(lines[first])
        for i in inner:
            ends = not is_full(i) and lines[i].rstrip().endswith(PROSE_ENDS)
            if is_prose and not ends:
                before = result[-1].rstrip()
                result[-1] = before + " " * (not before.endswith("-")) + lines[i + 1]
                num_joined += 1
            else:
                result.append(lines[i + 1])
        first = last + 1
    return "\n".join(result), num_joined
