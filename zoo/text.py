"""Text processing: normalization, words, characters and subwords."""

import collections
import io
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from zoo.baselines import most_frequent_tags, ngram_loss
from zoo.errors import InputError
from zoo.word_vectors import glove_vocabulary, load_glove

__all__ = [
    "JOINERS",
    "MARKS",
    "WORD",
    "encode_words",
    "frequent_words",
    "glove_vocabulary",
    "hide_rare_words",
    "load_glove",
    "most_frequent_tags",
    "ngram_loss",
    "normalize",
    "normalize_with_places",
    "normalize_word",
    "seed_subwords",
    "standardize",
    "train_subwords",
]


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

_CLEANING = (  # regular expressions for Python and for TensorFlow
    (r"\r\n?", "\n"),
    (f"[{_SPACES}]", " "),
    (f"[{_INVISIBLE}]", ""),
    (f"([{_NEVER_JOINED}]|^)[{JOINERS}]+", r"\1"),
    (f"[{JOINERS}]+([{_NEVER_JOINED}]|$)", r"\1"),
)
_TO_WORDS = (
    (r"<br\s*/?>", " "),
    ("’", "'"),
    (r"(n't|'(?:s|m|re|ve|ll|d))\b", r" \1 "),
    (rf"([^\pL\pM\pN\s'{JOINERS}])", r" \1 "),
    (r"'(\pL{3})", r" ' \1"),  # an opening quote
    (r"'(\s|$)", r" ' \1"),  # a closing quote
    (r"\s+", " "),
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
    for pattern, replacement in _CLEANING:
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


@keras.saving.register_keras_serializable("zoo")
def standardize(text):
    """Prepares raw text for `keras.layers.TextVectorization`, which then splits it at white space.

    The text is normalized (see `normalize`) and converted to lower case. Line-break tags are removed.
    Punctuation is separated from words. "n't", "'s" and so on become separate words, as in the Penn
    Treebank and in GloVe's vocabulary, because "not" can reverse the meaning of a sentence. A text
    without any word becomes one unknown word, because no row may be all padding.

    Inside a `tf.function`, and so in an exported model, letters and accents are not combined (NFC),
    because TensorFlow cannot do that. Pass combined letters to such a model.

    Args:
        text: a string tensor of any shape, or something that can be converted to one.

    Returns:
        A string tensor of the same shape.

    Example:

    >>> standardize(tf.constant("The food isn't good.<br />It's 'cold'!")).numpy().decode()
    "the food is n't good . it 's ' cold ' !"
    """
    if tf.executing_eagerly():
        text = tf.ragged.map_flat_values(_normalize_strings, text)
    else:
        for pattern, replacement in _CLEANING:
            text = tf.strings.regex_replace(text, pattern, replacement)
    text = tf.strings.lower(text, encoding="utf-8")
    for pattern, replacement in _TO_WORDS:
        text = tf.strings.regex_replace(text, pattern, replacement)
    text = tf.strings.strip(text)
    return tf.where(text == "", "[unk]", text)


def _normalize_strings(text):
    raw = np.asarray(tf.convert_to_tensor(text, tf.string).numpy(), object)
    clean = [normalize(one.decode(errors="replace")).encode() for one in raw.flat]
    return tf.reshape(tf.constant(clean, tf.string), raw.shape)


def normalize_word(word):
    """Converts a word for a lookup of its vector: lower case, all digits 0 (Lample et al. 2016).

    Args:
        word: str.

    Returns:
        str.

    Example:

    >>> normalize_word("A320neo")
    'a000neo'
    """
    return re.sub(r"\d", "0", word.lower())


def encode_words(sentence, vocabulary, characters):
    """Converts a sentence to tokens of its words and tokens of the characters of each word.

    Args:
        sentence: a list of str.
        vocabulary: a dict of each word, as `normalize_word` returns it, to its token.
        characters: a dict of each character to its token. Characters are not normalized.

    Returns:
        Integers `[time]` for the words and `[time, length]` for the characters. 1 is an unknown word or
        character, and 0 is padding on the right. Only the first 20 characters of a word are used,
        because most longer words are web addresses.

    Example:

    >>> tokens, letters = encode_words(["The", "zoo"], {"the": 2}, {"T": 2, "h": 3, "o": 4})
    >>> tokens.tolist(), letters.tolist()
    ([2, 1], [[2, 3, 1], [1, 4, 4]])
    """
    tokens = [vocabulary.get(normalize_word(word), 1) for word in sentence]
    letters = [[characters.get(character, 1) for character in word[:20]] for word in sentence]
    return np.array(tokens, "int32"), keras.utils.pad_sequences(letters, padding="post")


def hide_rare_words(tokens, is_rare, rng):
    """Replaces half of the rare words by [UNK], so that training learns a vector for unknown words.

    Args:
        tokens: integers `[time]`.
        is_rare: booleans `[vocabulary_size]`, for instance true for words that occur only once in
            training.
        rng: a `numpy.random.Generator`.

    Returns:
        Integers `[time]`, a new array.

    Example:

    >>> hide_rare_words(np.full(6, 2), np.array([False, False, True]), np.random.default_rng(0))
    array([2, 1, 1, 1, 2, 2])
    """
    return np.where(is_rare[tokens] & (rng.random(len(tokens)) < 0.5), 1, tokens)


def train_subwords(texts, vocabulary_size):
    """Learns a vocabulary of pieces of words, so that no word is unknown (Kudo 2018, unigram model).

    Args:
        texts: a list of str, from the training split only.
        vocabulary_size: the number of pieces. There are fewer if the texts are too short for so many.

    Returns:
        A `sentencepiece.SentencePieceProcessor`. Its `encode(text)` returns tokens without start and
        end, and `decode(tokens)` returns the text. Padding is 0, unknown is 1, start is 2, end is 3.

    Raises:
        ValueError: the texts have more characters than `vocabulary_size`.

    Example:

    >>> pieces = train_subwords(["a dog runs", "two dogs run", "the dog ran"] * 9, 24)
    >>> tokens = pieces.encode("the dogs ran")
    >>> min(tokens) > 3, pieces.decode(tokens)
    (True, 'the dogs ran')
    """
    import sentencepiece  # of the extra "recipes"

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=vocabulary_size,
            hard_vocab_limit=False,
            character_coverage=1.0,
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"No vocabulary of {vocabulary_size} pieces can be made of these texts: {error}"
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
    return lambda *args: one_thread.submit(function, *args).result()


def frequent_words(texts, min_count):
    """Finds the words that occur at least `min_count` times, for a vocabulary.

    Args:
        texts: the training texts, a list of lists of str.
        min_count: int.

    Returns:
        A list of str, the most frequent first. Of words that are equally frequent, the first one in the
        texts comes first.

    Raises:
        ValueError: there is no such word.

    Example:

    >>> frequent_words([["a", "dog", "and", "a", "cat"], ["a", "cat"]], 2)
    ['a', 'cat']
    """
    counts = collections.Counter(word for text in texts for word in text).most_common()
    frequent = [word for word, count in counts if count >= min_count]
    if not frequent:
        raise InputError(f"No word occurs {min_count} times in the training texts: lower min_count.")
    return frequent
