"""From texts to words, and from words to tokens."""

import collections
import re

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import InputError
from zoo.text.normalizing import CLEANING, JOINERS, normalize

_TO_WORDS = (
    (r"<br\s*/?>", " "),
    ("’", "'"),
    (r"(n't|'(?:s|m|re|ve|ll|d))\b", r" \1 "),
    (rf"([^\pL\pM\pN\s'{JOINERS}])", r" \1 "),
    (r"'(\pL{3})", r" ' \1"),  # an opening quote
    (r"'(\s|$)", r" ' \1"),  # a closing quote
    (r"\s+", " "),
)


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
        for pattern, replacement in CLEANING:
            text = tf.strings.regex_replace(text, pattern, replacement)
    return separate_words(text)


def separate_words(text):
    """Separates words and punctuation marks by spaces, in lower case.

    Args:
        text: a string tensor of any shape, or something that can be converted to one. It is normalized,
            see `normalize`.

    Returns:
        A string tensor of the same shape, see `standardize`.

    Example:

    >>> separate_words(["Not good."]).numpy()
    array([b'not good .'], dtype=object)
    """
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


def encode_words(sentence, vocabulary, characters, separate=False):
    """Converts a sentence to tokens of its words and tokens of the characters of each word.

    Args:
        sentence: a list of str.
        vocabulary: a dict of each word, as `normalize_word` returns it, to its token.
        characters: a dict of each character to its token. Characters are not normalized.
        separate: whether the words of the vocabulary are those of `separate_words`, as in a language
            model. A word that it would separate, such as "well-known", is unknown.

    Returns:
        Integers `[time]` for the words and `[time, length]` for the characters. 1 is an unknown word or
        character, and 0 is padding on the right. Only the first 20 characters of a word are used,
        because most longer words are web addresses.

    Example:

    >>> tokens, letters = encode_words(["The", "zoo"], {"the": 2}, {"T": 2, "h": 3, "o": 4})
    >>> tokens.tolist(), letters.tolist()
    ([2, 1], [[2, 3, 1], [1, 4, 4]])
    >>> encode_words(["N’T", "1994"], {"n't": 4, "1994": 5}, {}, separate=True)[0].tolist()
    [4, 5]
    """
    if separate:
        forms = [form.decode() for form in separate_words(sentence).numpy()]
    else:
        forms = [normalize_word(word) for word in sentence]
    tokens = [vocabulary.get(form, 1) for form in forms]
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
