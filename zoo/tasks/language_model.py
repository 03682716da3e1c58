"""Language models: the beginning of a text to the whole text."""

import itertools
import re

from zoo import decoding, recipe, text
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def defaults(num_tokens, bptt_steps, batch_size=None):
    """Chooses the flags of the recipe that depend on the length of the training text.

    Args:
        num_tokens: the length of the training text.
        bptt_steps: the tokens in a window.
        batch_size: the number of windows in a batch, if the user chose it.

    Returns:
        A dict from the name of a flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {name: value for name, (value, _) in defaults(1_003_855, 100).items()}
    {'batch_size': 32, 'dropout': 0.0, 'epochs': 4}
    >>> {name: value for name, (value, _) in defaults(20_000, 100).items()}
    {'batch_size': 8, 'dropout': 0.5, 'epochs': 50}
    """
    reason = f"training has {num_tokens:,} tokens"
    usual = 32 if num_tokens >= 500_000 else 16 if num_tokens >= 50_000 else 8
    batch_size = batch_size or usual
    dropout = 0.0 if num_tokens >= 500_000 else 0.5
    num_windows = -(-num_tokens // bptt_steps)
    epochs = recipe.epochs_for(num_windows, batch_size, 1250, most=50)
    return {"batch_size": (batch_size, reason), "dropout": (dropout, reason), "epochs": epochs}


def tips(dropout):
    """What to try if the network does not beat the baseline, for `zoo.print_verdict`.

    Example:

    >>> tips(dropout=0.2), tips(dropout=0.5)
    (['more text', '--dropout 0.5'], ['more text'])
    """
    return ["more text"] + ["--dropout 0.5"] * (dropout < 0.5)


def tokenize(one, level):
    """Splits a text into symbols: characters, or words with the space before them.

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


def join(texts, level, limit):
    """Splits texts into symbols and joins them, with [END] after each text.

    Args:
        texts: list of str.
        level: see `tokenize`.
        limit: how many symbols to keep.

    Returns:
        A list of str.

    Example:

    >>> join(["Ah!", "So."], "characters", 6)
    ['A', 'h', '!', '[END]', 'S', 'o']
    """
    symbols = ([*tokenize(one, level), "[END]"] for one in texts)
    return list(itertools.islice(itertools.chain.from_iterable(symbols), limit))


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


def pick_prompts(prompts, train, test):
    """Chooses beginnings of texts to continue.

    Args:
        prompts: list of str.
        train: the training texts, a list of str.
        test: the test texts, a list of str.

    Returns:
        The prompts, if all their words occur in the training texts. Otherwise as many beginnings of
        lines of the test texts.

    Example:

    >>> pick_prompts(["The food"], ["The food is good."], ["The wine is good, too."])
    ['The food']
    >>> pick_prompts(["Das Essen"], ["The food is good."], ["The wine is good, too."])
    ['The wine is']
    """
    words = set(re.findall(r"\w+", " ".join(train).lower()))
    if words.issuperset(re.findall(r"\w+", " ".join(prompts).lower())):
        return list(prompts)
    lines = [line.strip() for one in test for line in one.splitlines() if line.strip()]
    lines = lines[len(lines) > len(prompts) :]  # the first one may begin in the middle of a sentence
    chosen = lines[:: max(1, len(lines) // len(prompts))][: len(prompts)]
    return [" ".join(line.split()[:3])[:30] for line in chosen]


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
        running.check_options(options)
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
