"""Placeholders for the texts of a database, in questions and in queries."""

import re
import unicodedata

MOST_WORDS = 8  # of a text of the database that is looked for in a question
ALONE = "\u3041-\u30ff\u3400-\u9fff"  # Chinese and Japanese have no spaces between words
MARKS = (  # punctuation marks: ASCII, ¿ and «, dashes and quotes, danda, Chinese and Japanese
    r"!-/:-@\[-`{-~\xa1-\xbf\u060c\u061b\u061f\u0964\u0965\u2010-\u205e\u3001-\u3003\u3008-\u3020"
    r"\uff01-\uff0f\uff1a-\uff20"
)
WORD = re.compile(rf"\d+\.\d+ | [{ALONE}] | [^\s{MARKS}{ALONE}]+ | \S", re.VERBOSE)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
QUERY_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/                               # comments
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\]   # texts and quoted names
    | x'[^']*' | 0x[0-9a-f]+                              # bytes, and a number with sixteen digits
    | (?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?              # numbers
    | [\w\x80-\U0010ffff]+(?:\.[\w\x80-\U0010ffff]+)*(?:\.\*)?   # names, such as state.area
    | ->>|->|<<|>>|<=|>=|<>|!=|==|\|\| | \S               # operators, brackets, commas""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def split_question(question):
    """Splits a question into words with small letters, and punctuation marks.

    Example:

    >>> split_question("How big is St. Louis?")
    ['how', 'big', 'is', 'st', '.', 'louis', '?']
    """
    question = re.sub("[\u2018\u2019\u02bc]", "'", question)  # O’Brien is O'Brien
    return WORD.findall(unicodedata.normalize("NFC", question.lower()))


def split_query(query):
    """Splits a query into tokens: names, numbers, texts and operators.

    Capital letters become small ones, except in quotes, because SQL does not distinguish them. It does
    in names with letters that ASCII lacks, so these stay. Comments and the semicolon at the end are
    left out.

    Example:

    >>> split_query("SELECT COUNT(city.name) FROM city WHERE state = 'New York';")
    ['select', 'count', '(', 'city.name', ')', 'from', 'city', 'where', 'state', '=', "'New York'"]
    """
    tokens = [token for token in QUERY_TOKEN.findall(query) if not token.startswith(("--", "/*"))]
    while tokens and tokens[-1] == ";":
        tokens.pop()
    return [token if token[0] in "'\"`[" or not token.isascii() else token.lower() for token in tokens]


def index_values(values):
    """Prepares the texts in a database to look for them in questions.

    Args:
        values: what `zoo.databases.read_values` returned.

    Returns:
        A dict from the words of a text, with a space between them, to a dict of text to its columns. It
        has several texts if the database spells one in several ways, such as "May" and "may". Columns
        that only repeat texts of another one are left out: if all texts of `city.state` are also in
        `state.name`, they are states. So all states have the same columns, and are one word for a
        network.

    Example:

    >>> index_values({"New York": ["city.state", "state.name"], "Iowa": ["state.name"]})
    {'new york': {'New York': ['state.name']}, 'iowa': {'Iowa': ['state.name']}}
    """
    index, repeated = {}, _repeated_columns(values)
    for text, columns in values.items():
        words = split_question(text)
        if 0 < len(words) <= MOST_WORDS:
            index.setdefault(" ".join(words), {})[text] = [c for c in columns if c not in repeated]
    return index


def _repeated_columns(values):
    """The columns whose texts are all in another one. Of equal columns, the shortest name is kept."""
    holders = {}  # for each column, those that have all of its texts
    for columns in values.values():
        for column in columns:
            holders[column] = holders.get(column, set(columns)) & set(columns)
    return {
        column
        for column, others in holders.items()
        if any(column not in holders[x] or (len(x), x) < (len(column), column) for x in others)
    }


def hide_values(question, index):
    """Replaces the texts of the database, and numbers, by placeholders.

    A network cannot learn every name. With placeholders it can write a query about a name that no
    training question has. The columns that have the text stand before its placeholder. Texts inside
    longer texts follow them, so that the network can choose.

    Args:
        question: str.
        index: what `index_values` returned.

    Returns:
        A list of words and placeholders, and a list of the texts behind the placeholders `[0]`, `[1]`
        and so on.

    Example:

    >>> index = index_values(
    ...     {"Ohio River": ["low"], "Ohio": ["river", "state"], "Red": ["river"], "Iowa": ["state"]}
    ... )
    >>> hide_values("How long is the Ohio River?", index)
    (['how', 'long', 'is', 'the', 'low', '[0]', 'river', 'state', '[1]', 'river', '?'],
     ['Ohio River', 'Ohio'])
    """
    words, found = split_question(question), []
    return _hide(words, index, found, MOST_WORDS), found


def _hide(words, index, found, most):
    """The words with placeholders for texts of up to `most` words. Adds the texts to `found`."""
    tokens, i = [], 0
    while i < len(words):
        keys = {n: " ".join(words[i : i + n]) for n in range(min(most, len(words) - i), 0, -1)}
        length = next((n for n, key in keys.items() if key in index or NUMBER.fullmatch(key)), 0)
        if not length:
            tokens.append(words[i])
            i += 1
            continue
        for text, columns in index.get(keys[length], {keys[length]: ["number"]}).items():
            if text not in found:
                found.append(text)
            tokens += [*columns, f"[{found.index(text)}]"]
        some = words[i : i + length]
        inside = _hide(some, index, found, length - 1)
        tokens += inside if inside != some else []
        i += length
    return tokens


def hide_in_query(query, found):
    """Splits a query into tokens, and replaces texts of its question by their placeholders.

    Args:
        query: str.
        found: the texts behind the placeholders, as `hide_values` returned them.

    Example:

    >>> hide_in_query("SELECT * FROM city WHERE name LIKE '%york%' AND area > 9", ["York", "8"])
    ['select', '*', 'from', 'city', 'where', 'name', 'like', "'%[0]%'", 'and', 'area', '>', '9']
    """
    places = {text.lower(): f"[{i}]" for i, text in enumerate(found)}
    places |= {text: f"[{i}]" for i, text in enumerate(found)}  # the same spelling counts first
    tokens = []
    for token in split_query(query):
        quote = token[:1] if token.startswith(("'", '"')) else ""
        inner = token[1:-1].replace(quote * 2, quote) if quote else token
        text = inner.strip("%")
        place = places.get(text, places.get(text.lower()))
        if place and (quote or NUMBER.fullmatch(token)):
            token = quote + inner.replace(text, place) + quote
        tokens.append(token)
    return tokens


def fill_query(tokens, found):
    """Puts the texts of a question into the tokens of a query. The opposite of `hide_in_query`.

    Args:
        tokens: a list of str.
        found: the texts behind the placeholders, as `hide_values` returned them.

    Returns:
        A query, a str. A placeholder without a text stays as it is.

    Example:

    >>> fill_query(["select", "area", "from", "state", "where", "name", "=", "'[0]'"], ["O'Brien"])
    "select area from state where name = 'O''Brien'"
    """

    def fill(token):
        quote = token[:1] if token.startswith(("'", '"')) else ""
        texts = {
            f"[{i}]": text.replace(quote, quote * 2) if quote else text for i, text in enumerate(found)
        }
        return re.sub(r"\[\d+\]", lambda match: texts.get(match[0], match[0]), token)

    return " ".join(map(fill, tokens))


def hide_pairs(questions, queries, index):
    """Replaces the texts of the database by placeholders, in questions and in their queries.

    Args:
        questions: a list of str.
        queries: a list of str, one for each question.
        index: what `index_values` returned.

    Returns:
        A list with a tuple for each question: its tokens, the tokens of its query, and the texts behind
        the placeholders.

    Example:

    >>> index = index_values({"iowa": ["state.name"]})
    >>> hide_pairs(["How big is Iowa?"], ["SELECT area FROM state WHERE name = 'iowa'"], index)
    [(['how', 'big', 'is', 'state.name', '[0]', '?'],
      ['select', 'area', 'from', 'state', 'where', 'name', '=', "'[0]'"], ['iowa'])]
    """
    rows = []
    for question, query in zip(questions, queries, strict=True):
        tokens, found = hide_values(question, index)
        rows.append((tokens, hide_in_query(query, found), found))
    return rows
