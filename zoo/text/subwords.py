"""Subwords: pieces of words, which SentencePiece learns."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

from zoo import resuming
from zoo.errors import InputError


def train_subwords(texts, vocabulary_size):
    """Learns a vocabulary of pieces of words, so that no word is unknown (Kudo 2018, unigram model).

    Args:
        texts: a list of str, from the training split only.
        vocabulary_size: the number of pieces. There are fewer if the texts are too short for so many.

    Returns:
        A `sentencepiece.SentencePieceProcessor`. Its `encode(text)` returns tokens without start and
        end, and `decode(tokens)` returns the text. Padding is 0, unknown is 1, start is 2, end is 3.

    Raises:
        ValueError: the texts have more characters than `vocabulary_size`, or no characters at all.

    Example:

    >>> pieces = train_subwords(["a dog runs", "two dogs run", "the dog ran"] * 9, 24)
    >>> tokens = pieces.encode("the dogs ran")
    >>> min(tokens) > 3, pieces.decode(tokens)
    (True, 'the dogs ran')
    """
    import sentencepiece  # of the extra "recipes"

    normalizer = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")
    if not any(normalizer.normalize(text).strip() for text in texts):
        # Without this check, sentencepiece ends the whole process.
        raise InputError("Subwords need a text with letters. Received: texts without any")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=max(vocabulary_size, 4),  # with fewer, the message is about something else
            hard_vocab_limit=False,
            character_coverage=1.0,
            max_sentence_length=2**30,  # else it skips texts of more than 4,192 bytes
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        needed = re.search(r"\d+ vs (\d+)", str(error))
        why = f"they need at least {needed[1]}, one for each character" if needed else error
        raise InputError(
            f"No vocabulary of {vocabulary_size} pieces can be made of these texts: {why}. Choose a "
            "larger vocabulary size."
        ) from None
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def seed_subwords(function, seed):
    """Makes a function that samples subwords repeatable.

    SentencePiece has random numbers of its own in each thread. So all calls run in the same thread,
    which starts from the seed.

    Args:
        function: calls `encode` of a `sentencepiece.SentencePieceProcessor` with `enable_sampling`.
        seed: int. The same seed gives the same sequence of results.

    Returns:
        A function with the same arguments and results.

    Example:

    >>> pieces = train_subwords(["a dog runs", "two dogs run", "the dog ran"] * 9, 24)
    >>> def cut(text):
    ...     return pieces.encode(text, enable_sampling=True, alpha=0.3, nbest_size=-1)
    >>> one, same = seed_subwords(cut, 7), seed_subwords(cut, 7)
    >>> all(one("the dogs ran") == same("the dogs ran") for _ in range(9))
    True
    """
    import sentencepiece  # of the extra "recipes"

    sentencepiece.set_random_generator_seed(seed)
    one_thread = ThreadPoolExecutor(1)
    return resuming.repeatable(lambda *args: one_thread.submit(function, *args).result())
