"""Chat: the turns of a conversation so far to the reply."""

import collections

import numpy as np

from zoo import recipe
from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts

START, END = 2, 3


def defaults(num_pairs, texts, batch_size=None):
    """Chooses settings that fit the training pairs.

    Args:
        num_pairs: the number of pairs of turns and their reply in the training split.
        texts: a list of str, the turns. There are more subwords than different characters.
        batch_size: the number of pairs in a batch, if the user chose it.

    Returns:
        A dict of flag to its value and the reason, for `zoo.recipe.choose`.

    Example:

    >>> {flag: value for flag, (value, _) in defaults(955, ["Hello."]).items()}
    {'vocabulary_size': 500, 'dropout': 0.5, 'batch_size': 16, 'epochs': 40}
    >>> defaults(955, [chr(i) for i in range(0x4E00, 0x4E00 + 400)])["vocabulary_size"]
    (800, 'the turns have 400 different characters')
    """
    count = reason = f"there are {num_pairs:,} pairs"
    vocabulary_size = min(max(num_pairs // 4, 500), 5000)
    num_characters = len(set("".join(texts)))
    if vocabulary_size < 2 * num_characters:
        vocabulary_size = 2 * num_characters
        reason = f"the turns have {num_characters:,} different characters"
    batch_size = batch_size or (64 if num_pairs >= 20_000 else 16)
    return {
        "vocabulary_size": (vocabulary_size, reason),
        "dropout": (0.2 if num_pairs >= 20_000 else 0.5, count),
        "batch_size": (batch_size, count),
        "epochs": recipe.epochs_for(num_pairs, batch_size, 100_000 / batch_size, most=40),
    }


def make_pairs(conversations, num_turns):
    """Pairs each turn of a conversation, from the second on, with the turns before it.

    Args:
        conversations: a list of lists of str.
        num_turns: the most turns before a reply that are kept.

    Returns:
        A list of tuples: a list of 1 to `num_turns` turns, and the reply to the last of them.

    Example:

    >>> make_pairs([["Hello.", "Hi.", "Who are you?"]], num_turns=2)
    [(['Hello.'], 'Hi.'), (['Hello.', 'Hi.'], 'Who are you?')]
    """
    return [
        (turns[max(0, i - num_turns) : i], turns[i])
        for turns in conversations
        for i in range(1, len(turns))
    ]


def encode_turns(turns, tokenizer, **options):
    """Converts turns to the tokens that the network reads, with an end token between two turns.

    Args:
        turns: a list of str.
        tokenizer: a `sentencepiece.SentencePieceProcessor`, see `zoo.text.train_subwords`.
        **options: of its `encode`.

    Returns:
        A list of integers.

    Example:

    >>> from zoo.text import train_subwords
    >>> tokenizer = train_subwords(["a dog runs", "two dogs run"] * 9, 24)
    >>> tokens = encode_turns(["a dog", "two dogs"], tokenizer)
    >>> tokens.count(END), tokenizer.decode(tokens[tokens.index(END) + 1 :])
    (1, 'two dogs')
    """
    tokens = []
    for turn in turns:
        tokens += [END, *tokenizer.encode(turn, **options)]
    return tokens[1:]


def encode(pairs, tokenizer, **options):
    """Converts pairs to rows for teacher forcing.

    Args:
        pairs: what `make_pairs` returned.
        tokenizer: a `sentencepiece.SentencePieceProcessor`.
        **options: of its `encode`.

    Returns:
        A list of rows: (turns, reply so far), and the reply shifted by one. All are integers `[time]`.
    """
    rows = []
    for turns, reply in pairs:
        source = np.array(encode_turns(turns, tokenizer, **options), "int32")
        target = np.array([START, *tokenizer.encode(reply, **options), END], "int32")
        rows.append(((source, target[:-1]), target[1:]))
    return rows


def leave_out_long(pairs, tokenizer, max_length):
    """Leaves out the training pairs whose turns, or whose reply, have `max_length` or more tokens.

    Args:
        pairs: what `make_pairs` returned.
        tokenizer: a `sentencepiece.SentencePieceProcessor`.
        max_length: a number of tokens.

    Returns:
        The pairs that are left. It prints how many were left out, if any.

    Raises:
        ValueError: nothing is left.
    """
    lengths = [
        max(len(encode_turns(turns, tokenizer)), len(tokenizer.encode(reply))) for turns, reply in pairs
    ]
    short = [pair for pair, length in zip(pairs, lengths, strict=True) if length < max_length]
    if len(short) < len(pairs):
        print(f"Left out training pairs of {max_length} or more tokens: {len(pairs) - len(short):,}")
    if not short:
        raise InputError(
            f"No training pair has fewer than {max_length} tokens: give a larger --max-length."
        )
    return short


def describe(replies, known):
    """Says how often a chatbot repeats itself, and how often it repeats the training split.

    Args:
        replies: its replies to the turns of the test split, a list of str.
        known: the replies of the training split, a list of str.

    Returns:
        A text of two or three sentences.

    Example:

    >>> describe(["I am software.", "I am software.", "No.", "It is."], ["I am software.", "No."])
    "Of 4 replies, 3 are different. The most frequent one, 'I am software.', answers 2 turns. 3 replies
    are copied word for word from training."
    """
    ((reply, count),) = collections.Counter(replies).most_common(1)
    known = set(known)
    num_copied = sum(reply in known for reply in replies)
    sentences = [f"Of {len(replies)} replies, {len(set(replies))} are different."]
    if count > 1:
        sentences.append(f"The most frequent one, {reply!r:.80}, answers {count} turns.")
    sentences.append(f"{num_copied} replies are copied word for word from training.")
    return " ".join(sentences)


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None), (None, None)])
    checks.check_integer(card, "config", "turns")
    checks.check_integer(card, "config", "max_length")
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that replies. It takes a list of conversations and returns a reply to each.

    A conversation is a str, or a list of its turns so far. The reply is to the last turn. The model
    reads as many of the last turns as it was trained with.

    Options: max_length, and others of `zoo.decoding.Generator.generate`.
    """
    import sentencepiece  # of the extra "recipes"

    if "turns.spm" not in files:
        raise InputError(f"sha256 must name turns.spm. Received: {', '.join(files) or 'none'}")
    tokenizer = sentencepiece.SentencePieceProcessor(model_proto=files["turns.spm"])
    for name in ("source_embedding", "target_embedding"):
        size = model.get_layer(name).input_dim
        if len(tokenizer) != size:
            raise InputError(
                f"turns.spm must have {size} tokens, as the model has. Received: {len(tokenizer)}"
            )

    def answer(conversations, /, **options):
        rows = []
        for turns in conversations:
            if not isinstance(turns, str | list | tuple):
                raise InputError(f"Give a text, or a list of turns. Received: {turns!r:.80}")
            turns = normalize_texts([turns] if isinstance(turns, str) else turns)
            rows.append(encode_turns(turns[-card["config"]["turns"] :], tokenizer))
        options = {"max_length": card["config"]["max_length"], **options}
        return tokenizer.decode(
            running.generate_rows(model, rows, card["config"]["beam_width"], options)
        )

    return answer
