"""Removes invisible differences from texts."""

import re
import unicodedata


def _ranges_of_marks():
    """The combining marks of Unicode as ranges, because Python's `re` has no class for them."""
    codes = [*range(0x300, 0x1E950), *range(0xE0100, 0xE01F0)]
    marks = [code for code in codes if unicodedata.category(chr(code)).startswith("M")]
    cuts = [i for i in range(1, len(marks)) if marks[i] != marks[i - 1] + 1]
    pairs = zip([0, *cuts], [*cuts, len(marks)], strict=True)
    return "".join(f"{chr(marks[first])}-{chr(marks[end - 1])}" for first, end in pairs)


# For use between brackets in a regular expression.
MARKS = _ranges_of_marks()  # accents, vowel signs, variation selectors
JOINERS = "\u200c\u200d"  # they join or separate letters in Persian and Hindi, and parts of emoji
_SPACES = "\\x0b\\x0c\\x1c-\\x1f\x80-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = (
    "\\x00-\\x08\\x0e-\\x1b\\x7f"
    "\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_NEVER_JOINED = "\\x00-\u058f\u1e00-\u200b\u200e-\u218f"  # Latin, Greek, Cyrillic; spaces, punctuation

# A word in any script: letters and digits with their combining marks. Single apostrophes and hyphens
# may be inside. Call `normalize` on the text first.
_PART = rf"[^\W_]+(?:[{MARKS}{JOINERS}][^\W_]*)*"
WORD = re.compile(rf"{_PART}(?:['-]{_PART})*")

CLEANING = (  # regular expressions for Python and for TensorFlow
    (r"\r\n?", "\n"),
    (f"[{_SPACES}]", " "),
    (f"[{_INVISIBLE}]", ""),
    (f"([{_NEVER_JOINED}]|^)[{JOINERS}]+", r"\1"),
    (f"[{JOINERS}]+([{_NEVER_JOINED}]|$)", r"\1"),
)
_CLUSTER = re.compile(  # characters that `normalize` may combine, and sequences with joiners
    rf"\r\n|.(?:[{_INVISIBLE}{JOINERS}]{{0,9}}"
    rf"(?:[{MARKS}\u1160-\u11ff]|[{JOINERS}][{_INVISIBLE}]{{0,9}}[^\r]))*",
    re.DOTALL,
)


def normalize(text):
    """Removes invisible differences from a text. Training and prediction both call this.

    - A letter and its accent become one character, if Unicode has one (NFC).
    - Every kind of space becomes a plain space. Examples are the no-break space, the ideographic space
      and the line separator. So do the control characters U+0080 to U+009F, which old texts use for
      dashes and quotes. Line breaks become a plain newline. Newlines and tabs stay.
    - Characters without a width are removed: zero-width spaces, soft hyphens, byte order marks, marks
      for the direction of writing, NUL and other control characters.
    - The two joiners (U+200C, U+200D) stay between letters of scripts such as Arabic or Devanagari, and
      inside emoji. They are removed elsewhere.
    - Half of a surrogate pair, as in JSON that was cut off, becomes U+FFFD. No file could hold it.

    Args:
        text: str.

    Returns:
        str.

    Example:

    >>> normalize("not\\u200b\\xa0go\\xadod, cafe\\u0301\\x00")
    'not good, café'
    """
    if text.isascii() and text.isprintable():
        return text
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    for pattern, replacement in CLEANING:
        text = re.sub(pattern, replacement, text)
    return unicodedata.normalize("NFC", text)


def normalize_with_places(text):
    """Normalizes a text, and finds where each character comes from.

    Args:
        text: str.

    Returns:
        The normalized text (see `normalize`), and two lists of the same length: where each character
        begins in the original text, and where it ends.

    Example:

    >>> normalize_with_places("\\ufeffcafe\\u0301!")
    ('café!', [1, 2, 3, 4, 6], [2, 3, 4, 6, 7])
    """
    pieces, starts, ends = [], [], []
    for match in _CLUSTER.finditer(text):
        piece = normalize(match.group())
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return "".join(pieces), starts, ends
