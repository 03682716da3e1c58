"""Language models: the beginning of a text to the whole text."""

from zoo import decoding, text
from zoo.errors import InputError
from zoo.tasks import checks
from zoo.tasks.inputs import normalize_texts


def tokenize(one, level):
    """Splits a text into characters, or into words with the space before them.

    Args:
        one: str.
        level: `"characters"` or `"words"`. `zoo.text.standardize` separates words.

    Returns:
        A list of str.

    Example:

    >>> tokenize("Ah!", "characters"), tokenize("It is.", "words")
    (['A', 'h', '!'], [' it', ' is', ' .'])
    """
    if level == "words":
        return [f" {word}" for word in text.standardize(one).numpy().decode().split()]
    return list(one)


def encode(symbols, index):
    """Converts characters or words to tokens.

    Args:
        symbols: list of str, see `tokenize`.
        index: dict of symbol to token.

    Returns:
        A list of integers, 1 for an unknown symbol.

    Example:

    >>> encode(["A", "h"], {"h": 4})
    [1, 4]
    """
    return [index.get(symbol, 1) for symbol in symbols]


def decode(tokens, vocabulary):
    """Converts tokens to text.

    Args:
        tokens: list of integers.
        vocabulary: list of symbols.

    Returns:
        str.

    Example:

    >>> decode([5, 4], ["", "[UNK]", "[START]", "[END]", "h", "A"])
    'Ah'
    """
    return "".join(vocabulary[token] for token in tokens)


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None)])
    checks.check_vocabulary(card, model, "vocabulary", "embedding", checks.output_size(model, 3))
    if checks.get(card, "preprocessing", "level") not in ("characters", "words"):
        checks.refuse(card, ("preprocessing", "level"), "'characters' or 'words'")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of beginnings and returns the whole texts.

    Options: max_length in characters or words (200); strategy ("sample"); and the options of
    `zoo.decoding.Generator.generate`, such as temperature and seed.
    """
    index = {symbol: i for i, symbol in enumerate(card["vocabulary"])}
    level = card["preprocessing"]["level"]

    def answer(prompts, /, max_length=200, strategy="sample", **options):
        clean = normalize_texts(prompts)
        if not all(clean):
            raise InputError("The beginning of a text must have a character. Received: ''")
        rows = [encode(tokenize(one, level), index) for one in clean]
        generated = decoding.generate_in_batches(model, rows, max_length, strategy=strategy, **options)
        return [
            prompt + decode(row, card["vocabulary"])
            for prompt, row in zip(prompts, generated, strict=True)
        ]

    return answer
