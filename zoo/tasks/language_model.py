"""Language models: the beginning of a text to the whole text."""

import collections
import dataclasses
import itertools
import re
import typing

import keras
import numpy as np

from zoo import cell_configs, decoding, flags, recipe, text
from zoo.errors import InputError
from zoo.tasks import checks, loading, running
from zoo.tasks.inputs import normalize_texts

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3; a text ends with [END]
PIECES_FILE = "subwords.spm"
LEVELS = ("character", "subword", "word")
SIZES = ("cell", "level", "embedding_dim", "units", "num_layers", "tie_embeddings")


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


class Tokenizer(typing.NamedTuple):
    """How a language model cuts texts, and the symbols that it knows.

    Attributes:
        level: `"character"`, `"subword"` or `"word"`. Words keep the space before them.
        vocabulary: list of str. The first four are `SPECIAL`.
        pieces: a `sentencepiece.SentencePieceProcessor` for subwords, else None.
        backward: whether the model reads each text from its end.
    """

    level: str
    vocabulary: list
    pieces: object = None
    backward: bool = False


def learn_tokenizer(texts, level, vocabulary_size, backward=False):
    """Collects the symbols of the training texts.

    Args:
        texts: list of str, from the training split only.
        level: see `Tokenizer`.
        vocabulary_size: the number of symbols for words and subwords. Of words, the most frequent are
            known, but none that occurs only once. Otherwise a small text would have no unknown word,
            and the model would not learn that there are such words. All characters are known.
        backward: see `Tokenizer`.

    Returns:
        A `Tokenizer`.

    Raises:
        ValueError: `vocabulary_size` is too small.

    Example:

    >>> learn_tokenizer(["Ah! A h"], "character", 10).vocabulary
    ['', '[UNK]', '[START]', '[END]', 'A', 'h', ' ', '!']
    >>> learn_tokenizer(["It is. It is!"], "word", 6).vocabulary
    ['', '[UNK]', '[START]', '[END]', ' it', ' is']
    """
    if level == "subword":
        pieces = text.train_subwords(texts, vocabulary_size)
        names = [pieces.id_to_piece(i) for i in range(len(SPECIAL), len(pieces))]
        return Tokenizer(level, [*SPECIAL, *names], pieces, backward)
    counts = collections.Counter()
    for i in range(0, len(texts), 100):
        for symbols in tokenize(texts[i : i + 100], Tokenizer(level, [], None, backward)):
            counts.update(symbols)
    known = counts.most_common()
    if level == "word":
        if vocabulary_size <= len(SPECIAL):
            raise InputError(
                f"The vocabulary has {len(SPECIAL)} special tokens, such as [UNK]. Choose a vocabulary "
                f"size of at least {len(SPECIAL) + 1}. Received: {vocabulary_size}"
            )
        often = [(symbol, count) for symbol, count in known if count > 1]
        known = (often or known)[: vocabulary_size - len(SPECIAL)]
    return Tokenizer(level, [*SPECIAL, *(symbol for symbol, _ in known)], None, backward)


def load_tokenizer(task):
    """The tokenizer of a trained language model.

    Args:
        task: what `zoo.load` returned.

    Returns:
        A `Tokenizer`.

    Raises:
        ValueError: the task is not a language model.
    """
    if task.card["task"] != "language_model":
        raise InputError(
            "The pretrained model must be a language model, from recipes/one_to_many_text.py. "
            f"Received: a model for {task.card['task']}"
        )
    return read_tokenizer(task.card, task.files)


def start(config, texts):
    """Chooses the tokens of a language model: new ones, or those of `--pretrained`.

    Args:
        config: the recipe's `Config`.
        texts: list of str, from the training split only.

    Returns:
        The config, the `Tokenizer`, and the task of the pretrained model or None. The config has the
        sizes of the pretrained model, so that its weights fit.

    Raises:
        ValueError: the pretrained model is not a language model, or it reads backward and
            `config.backward` is false. Or the backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "The training step of this recipe needs TensorFlow. Set KERAS_BACKEND=tensorflow. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    if not config.pretrained:
        tokens = config.level, config.vocabulary_size
        return config, learn_tokenizer(texts, *tokens, config.backward), None
    task = loading.load(config.pretrained)
    tokenizer = load_tokenizer(task)
    if tokenizer.backward and not config.backward:
        raise InputError(
            f"--pretrained {config.pretrained} reads each text from its end. Add --backward, so that "
            "the new model does so, too."
        )
    return adopt_sizes(config, task), tokenizer._replace(backward=config.backward), task


def adopt_sizes(config, task):
    """Sets the sizes of a recipe to those of a trained language model, so that its weights fit.

    Args:
        config: the recipe's `Config`. Only the fields that it has are set.
        task: what `zoo.load` returned.

    Returns:
        A new config. It prints what is set.
    """
    theirs = {"tie_embeddings": False} | task.card["config"]  # older models are not tied
    sizes = {name: theirs[name] for name in SIZES if name in theirs and hasattr(config, name)}
    cells = cell_configs.text_of(config.cell), str(sizes.get("cell"))
    if len({cell.split(":")[-1] for cell in cells}) == 1:
        sizes["cell"] = config.cell  # the same class, but its file can be in another place
    texts = {name: cell_configs.text_of(x) if name == "cell" else x for name, x in sizes.items()}
    words = (f"{flags.name_of(name)} {x}" for name, x in texts.items())
    print(f"As in {config.pretrained}: {' '.join(words)}")
    return dataclasses.replace(config, **sizes)


def open_pretrained(config, levels, either_way=False):
    """Opens the language models that a classifier or tagger starts from.

    Args:
        config: the recipe's `Config`: `--pretrained`, and `--pretrained-backward` for one that reads
            backward.
        levels: the levels of a `Tokenizer` that the recipe can use.
        either_way: whether `--pretrained` alone may read backward. Then the recipe must reverse texts.

    Returns:
        The config with the sizes of the language model. Its `Tokenizer`, whose words have no space
        before them, or None without `--pretrained`. And the arguments source and backward of
        `zoo.transfer`, a dict of tasks.

    Raises:
        ValueError: a model is not such a language model, the two have different tokens, or there are
            other word vectors, too.
    """
    names = {"source": config.pretrained, "backward": config.pretrained_backward}
    if not config.pretrained:
        if config.pretrained_backward:
            raise InputError(
                "--pretrained-backward needs --pretrained, a language model that reads forward."
            )
        if config.pretrained_rate != 1.0:
            raise InputError(
                "--pretrained-rate is for the layers of a language model. Add --pretrained, or leave "
                f"it out. Received: --pretrained-rate {config.pretrained_rate}"
            )
        return config, None, {}
    if config.glove:
        raise InputError(
            "Word vectors come from --glove or from --pretrained. Leave out one of them. "
            f"Received: --glove {config.glove} --pretrained {config.pretrained}"
        )
    sources = {role: loading.load(name) for role, name in names.items() if name}
    tokenizers = {role: load_tokenizer(task) for role, task in sources.items()}
    for role, one in tokenizers.items():
        if one.backward != (role == "backward") and not (either_way and len(sources) == 1):
            right, wrong = ("forward", "backward") if one.backward else ("backward", "forward")
            flag = "--pretrained" if role == "source" else "--pretrained-backward"
            raise InputError(
                f"{flag} must be a language model that reads {right}. "
                f"Received: {names[role]}, which reads {wrong}"
            )
    tokenizer = tokenizers["source"]
    if tokenizer.level not in levels:
        raise InputError(
            f"The tokens of --pretrained must be {' or '.join(f'{level}s' for level in levels)}. Train "
            f"it with one_to_many_text --level {' or '.join(levels)}. "
            f"Received: {config.pretrained}, whose tokens are {tokenizer.level}s"
        )
    if "backward" in sources:
        _check_pair(config, sources, tokenizers)
    config = adopt_sizes(config, sources["source"])
    if "backward" in sources and hasattr(config, "bidirectional"):
        config = dataclasses.replace(config, bidirectional=True)
    if tokenizer.level == "word":
        words = [symbol.removeprefix(" ") for symbol in tokenizer.vocabulary]
        tokenizer = tokenizer._replace(vocabulary=words)
    return config, tokenizer, sources


def _check_pair(config, sources, tokenizers):
    """Raises an `InputError` unless two models have the same sizes, tokens and token vectors."""
    one, other = (task.card["config"] for task in sources.values())
    for name in ("cell", "units", "embedding_dim"):
        if one.get(name) != other.get(name):
            flag = flags.name_of(name)
            raise InputError(
                f"--pretrained-backward must have the same {flag} as --pretrained, {one.get(name)}. "
                f"Received: {config.pretrained_backward} with {flag} {other.get(name)}"
            )
    tables, symbols = [], []
    for role, task in sources.items():
        layers = (x for x in task.model.layers if isinstance(x, keras.layers.Embedding))
        tables.append(next(layers).get_weights()[0])
        level, vocabulary, *_ = tokenizers[role]
        symbols.append((level, vocabulary, files_of(tokenizers[role])))
    if symbols[0] != symbols[1] or not np.array_equal(*tables):
        what = "vectors" if symbols[0] == symbols[1] else "tokens"
        raise InputError(
            f"--pretrained-backward must have the same tokens and vectors as --pretrained. Train it "
            f"with one_to_many_text --backward --pretrained {config.pretrained} "
            f"--no-trainable-embeddings. Received: {config.pretrained_backward} with other {what}"
        )


def read_tokenizer(card, files):
    """The tokenizer that a trained model was saved with.

    Args:
        card: the content of `task.json`. Without a level, the tokens are words.
        files: dict of file names to bytes.

    Returns:
        A `Tokenizer`.

    Raises:
        ValueError: the file of the subwords is missing.

    Example:

    >>> read_tokenizer({"preprocessing": {}, "vocabulary": ["", "[UNK]", "good"]}, {})
    Tokenizer(level='word', vocabulary=['', '[UNK]', 'good'], pieces=None, backward=False)
    """
    options, pieces = card["preprocessing"], None
    level = options.get("level", "word")
    if level == "subword":
        import sentencepiece  # of the extra "recipes"

        if PIECES_FILE not in files:
            raise InputError(f"sha256 must name {PIECES_FILE}. Received: {', '.join(files) or 'none'}")
        pieces = sentencepiece.SentencePieceProcessor(model_proto=files[PIECES_FILE])
    return Tokenizer(level, card["vocabulary"], pieces, options.get("backward", False))


def files_of(tokenizer):
    """The files that the folder of a trained model needs beside `task.json`: a dict of names to bytes.

    Example:

    >>> files_of(Tokenizer("character", []))
    {}
    """
    if tokenizer.level == "subword":
        return {PIECES_FILE: tokenizer.pieces.serialized_model_proto()}
    return {}


def tokenize(texts, tokenizer):
    """Splits texts into symbols, in the order in which the model reads them.

    Args:
        texts: list of str.
        tokenizer: a `Tokenizer`. `zoo.text.standardize` separates words. So words are in lower case.

    Returns:
        A list of lists of str.

    Example:

    >>> tokenize(["Ah!", "So"], Tokenizer("character", []))
    [['A', 'h', '!'], ['S', 'o']]
    >>> tokenize(["It is."], Tokenizer("word", []))
    [[' it', ' is', ' .']]
    """
    if tokenizer.level == "word":
        lines = text.standardize(texts).numpy() if texts else []
        symbols = [[f" {word}" for word in line.decode().split()] for line in lines]
    elif tokenizer.level == "subword":
        symbols = tokenizer.pieces.encode(texts, out_type=str)
    else:
        symbols = [*map(list, texts)]
    return [one[::-1] for one in symbols] if tokenizer.backward else symbols


def join(texts, tokenizer, limit):
    """Splits texts into symbols and joins them, with [END] after each text.

    Args:
        texts: list of str.
        tokenizer: see `tokenize`.
        limit: how many symbols to keep, None for all.

    Returns:
        A list of str.

    Example:

    >>> join(["Ah!", "So."], Tokenizer("character", []), 6)
    ['A', 'h', '!', '[END]', 'S', 'o']
    """
    groups = (texts[i : i + 100] for i in range(0, len(texts), 100))
    symbols = ([*one, "[END]"] for group in groups for one in tokenize(group, tokenizer))
    return list(itertools.islice(itertools.chain.from_iterable(symbols), limit))


def join_splits(splits, tokenizer, max_tokens):
    """Splits and joins the texts of each split. Prints how long they are, and the first row.

    For words, it also prints how many are unknown. Chinese, for example, has no spaces between words,
    so most of its words would be unknown.

    Args:
        splits: dict of split to a list of str.
        tokenizer: a `Tokenizer`.
        max_tokens: how many symbols of the training split to keep. Of other splits it is a tenth.

    Returns:
        A dict of split to a list of str, see `join`.

    Raises:
        ValueError: a split has fewer than two symbols.

    Example:

    >>> splits = {"train": ["Ah! So."], "validation": ["Oh!"]}
    >>> tokenizer = learn_tokenizer(splits["train"], "character", 10)
    >>> join_splits(splits, tokenizer, max_tokens=20)["validation"]
    8 train, 2 validation (cut, see --max-tokens), 11 different
    First row, as the network sees it: 'Ah! So.[END]' -> 'h! So.[END]'
    ['O', 'h']
    """
    symbols, sizes = {}, []
    for split, texts in splits.items():
        limit = max_tokens // (1 if split == "train" else 10)
        symbols[split] = join(texts, tokenizer, limit)
        if len(symbols[split]) < 2:
            raise InputError(
                f"The {split} split must have at least two tokens. Give more text, or raise "
                f"--max-tokens. Received: {len(symbols[split])}"
            )
        cut = " (cut, see --max-tokens)" if len(symbols[split]) == limit else ""
        sizes.append(f"{len(symbols[split])} {split}{cut}")
    print(*sizes, f"{len(tokenizer.vocabulary)} different", sep=", ")
    if tokenizer.level == "word":
        known = set(tokenizer.vocabulary)
        shares = {s: np.mean([word not in known for word in symbols[s]]) for s in symbols}
        print("Unknown words:", ", ".join(f"{share:.1%} of {s}" for s, share in shares.items()))
        if max(shares.values()) > 0.5:
            print("Most words of a split are unknown. Use subwords or characters instead of words.")
    first = ["".join(symbols["train"][i : i + 20]) for i in (0, 1)]
    print("First row, as the network sees it: {!r} -> {!r}".format(*first))
    return symbols


def encode(symbols, tokenizer):
    """Converts symbols to tokens.

    Args:
        symbols: list of str, see `tokenize`.
        tokenizer: a `Tokenizer`.

    Returns:
        A list of integers, 1 for an unknown symbol.

    Example:

    >>> encode([" it", " rains"], Tokenizer("word", [*SPECIAL, " it"]))
    [4, 1]
    """
    index = {symbol: i for i, symbol in enumerate(tokenizer.vocabulary)}
    return [index.get(symbol, 1) for symbol in symbols]


def encode_prompts(prompts, tokenizer):
    """Converts beginnings of texts to tokens.

    Args:
        prompts: list of str. For a model that reads backward, they are ends of texts.
        tokenizer: a `Tokenizer`.

    Returns:
        Integers `[prompts, time]`, with 0 as padding on the right.

    Raises:
        ValueError: a prompt has no token, or is not Unicode.

    Example:

    >>> encode_prompts(["It rains", "it"], Tokenizer("word", [*SPECIAL, " it", " rains"])).tolist()
    [[4, 5], [4, 0]]
    """
    rows = _encode_all(prompts, tokenizer)
    return keras.utils.pad_sequences(rows, padding="post")


def _encode_all(prompts, tokenizer):
    """The tokens of each text, a list of lists. Raises an `InputError` if a text has none."""
    texts = normalize_texts(prompts)
    rows = [encode(symbols, tokenizer) for symbols in tokenize(texts, tokenizer)]
    for prompt, clean, row in zip(prompts, texts, rows, strict=True):
        if not row or (tokenizer.level == "word" and not clean.strip()):
            raise InputError(
                f"The beginning of a text must have a {tokenizer.level}. Received: {prompt!r}"
            )
    return rows


def decode(symbols, tokenizer):
    """Joins symbols to a text.

    Args:
        symbols: list of str, in the order in which the model reads them.
        tokenizer: a `Tokenizer`.

    Returns:
        str.

    Example:

    >>> decode([" .", " is", " it"], Tokenizer("word", [], backward=True))
    ' it is .'
    """
    joined = "".join(symbols[::-1] if tokenizer.backward else symbols)
    return joined.replace("\u2581", " ") if tokenizer.level == "subword" else joined


def complete(prompt, tokens, tokenizer):
    """Joins the beginning of a text and what the model wrote. If it reads backward, that comes first.

    Args:
        prompt: str.
        tokens: integers, what the model wrote.
        tokenizer: a `Tokenizer`.

    Returns:
        str.

    Example:

    >>> tokenizer = Tokenizer("word", [*SPECIAL, " it", " rains"])
    >>> complete("Today", [4, 5, 3], tokenizer)
    'Today it rains'
    >>> complete("rains", [4, 3], tokenizer._replace(backward=True))
    'it rains'
    """
    written = decode([tokenizer.vocabulary[i] for i in tokens if i >= len(SPECIAL)], tokenizer)
    if not tokenizer.backward:
        return prompt + written
    space = "" if tokenizer.level == "character" or not written else " "
    return f"{written.lstrip()}{space}{prompt}"


def count_symbols(symbols, tokenizer):
    """Counts what the loss of a text is divided by: its symbols, its characters and its words.

    Words are the same for all levels: those that `zoo.text.standardize` separates, and the end of each
    text. A Chinese or Japanese character is a word, too. For words and subwords, the characters are
    those of the tokens. For example, each word and each punctuation mark has a space before it.
    `zoo.metrics.score_text` takes these numbers.

    Args:
        symbols: list of str, see `join`.
        tokenizer: a `Tokenizer`.

    Returns:
        The numbers of symbols, of characters and of words.

    Example:

    >>> tokenizer = Tokenizer("character", [])
    >>> count_symbols(join(["It's so."], tokenizer, 99), tokenizer)
    (9, 8, 5)
    """
    ends = symbols.count("[END]")
    whole = decode(["\n" if symbol == "[END]" else symbol for symbol in symbols], tokenizer)
    num_words = len(text.standardize(text.separate_characters(whole)).numpy().split())
    return len(symbols), len(whole) - ends, num_words + ends


def pick_prompts(prompts, train, test, own=""):
    """Chooses beginnings of texts to continue.

    Args:
        prompts: list of str.
        train: the training texts, a list of str.
        test: the test texts, a list of str.
        own: one more prompt, from the user. It is taken in any case, unless it is empty.

    Returns:
        The prompts, if all their words occur in the training texts. Otherwise as many beginnings of
        lines of the test texts. Then your own.

    Example:

    >>> pick_prompts(["The food"], ["The food is good."], ["The wine is good, too."])
    ['The food']
    >>> pick_prompts(["Das Essen"], ["The food is good."], ["The wine is good, too."])
    ['The wine is']
    """
    more = [own] * bool(own.strip())
    words = set(re.findall(r"\w+", " ".join(train).lower()))
    if words.issuperset(re.findall(r"\w+", " ".join(prompts).lower())):
        return [*prompts, *more]
    lines = [line.strip() for one in test for line in one.splitlines() if line.strip()]
    lines = lines[len(lines) > len(prompts) :]  # the first one may begin in the middle of a sentence
    chosen = lines[:: max(1, len(lines) // len(prompts))][: len(prompts)]
    return [" ".join(line.split()[:3])[:30] for line in chosen] + more


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None)])
    checks.check_vocabulary(card, model, "vocabulary", "embedding", checks.output_size(model, 3))
    if checks.get(card, "preprocessing", "level") not in LEVELS:
        checks.refuse(card, ("preprocessing", "level"), "'character', 'subword' or 'word'")
    check_backward(card)


def check_backward(card):
    """Raises an `InputError` unless the card says yes or no about reading backward, or nothing."""
    value = checks.get(card, "preprocessing", "backward")
    if value is not checks.NOTHING and not isinstance(value, bool):
        checks.refuse(card, ("preprocessing", "backward"), "true or false")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of beginnings and returns the whole texts.

    A model that reads backward takes the ends of texts.

    Options: max_length in tokens (200); strategy ("sample"); and the options of
    `zoo.decoding.Generator.generate`, such as temperature and seed.
    """
    tokenizer = read_tokenizer(card, files)

    def answer(prompts, /, max_length=200, strategy="sample", **options):
        running.check_options(options)
        rows = _encode_all(prompts, tokenizer)
        generated = decoding.generate_in_batches(model, rows, max_length, strategy=strategy, **options)
        return [
            complete(prompt, row, tokenizer) for prompt, row in zip(prompts, generated, strict=True)
        ]

    return answer
