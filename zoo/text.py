"""Text in: normalized text, words with their characters, subwords, n-grams, pretrained vectors."""

import collections
import contextlib
import io
import math
import pathlib
import re
import unicodedata
import zipfile
import zlib

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import InputError


def _ranges_of_marks():
    """The combining marks of Unicode, as ranges: Python's regular expressions have no class of them."""
    codes = [*range(0x300, 0x1E950), *range(0xE0100, 0xE01F0)]
    marks = [code for code in codes if unicodedata.category(chr(code)).startswith("M")]
    cuts = [i for i in range(1, len(marks)) if marks[i] != marks[i - 1] + 1]
    pairs = zip([0, *cuts], [*cuts, len(marks)], strict=True)
    return "".join(f"{chr(marks[first])}-{chr(marks[end - 1])}" for first, end in pairs)


# What stands between brackets in a regular expression.
MARKS = _ranges_of_marks()  # accents, vowel signs, variation selectors
JOINERS = "\u200c\u200d"  # they join and part letters in Persian and Hindi, and the parts of an emoji
_SPACES = "\\x0b\\x0c\\x1c-\\x1f\x80-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = (
    "\\x00-\\x08\\x0e-\\x1b\\x7f"
    "\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_NEVER_JOINED = "\\x00-\u058f\u1e00-\u200b\u200e-\u218f"  # Latin, Greek, Cyrillic; spaces, punctuation

# A word in any script: letters and digits with their combining marks, and single apostrophes and
# hyphens inside. It is for texts that `normalize` has seen.
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
_CLUSTER = re.compile(  # characters that `normalize` may make into one, and what joiners join
    rf"\r\n|.(?:[{_INVISIBLE}{JOINERS}]{{0,9}}"
    rf"(?:[{MARKS}\u1160-\u11ff]|[{JOINERS}][{_INVISIBLE}]{{0,9}}[^\r]))*",
    re.DOTALL,
)


def normalize(text):
    """A text without the differences that nobody can see. Training and prediction both call it.

    - A letter and its accent become one character where Unicode has one (NFC).
    - Every kind of space becomes a plain space: the no-break space, the ideographic space, the line
      separator, and the control characters U+0080 to U+009F, which in old texts stand for dashes and
      quotes. Line breaks become a plain newline. Newlines and tabs stay.
    - What has no width is removed: zero-width spaces, soft hyphens, byte order marks, marks of the
      direction of writing, NUL and other control characters.
    - The two joiners (U+200C, U+200D) stay where they matter, between letters of scripts such as
      Arabic or Devanagari and inside emoji, and are removed elsewhere.

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
    """A normalized text, and where each of its characters comes from.

    Args:
        text: str.

    Returns:
        The text as `normalize` gives it, and two lists as long as it: where each character begins and
        ends in the text that was given.

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
    """Prepares raw text to be split at white space, for `keras.layers.TextVectorization`.

    The text is normalized (see `normalize`) and set in lower case; line-break tags are removed;
    punctuation is set apart from words; "n't", "'s" and the like become words of their own, as in the
    Penn Treebank and in GloVe's vocabulary, because "not" decides what a sentence says. A text without
    any word becomes an unknown word: no row may be wholly padding.

    Inside a `tf.function`, and so in an exported model, one thing is left out: TensorFlow cannot
    compose letters and accents (NFC). Give such a model composed letters.

    Args:
        text: string tensor of any shape, or what can be made into one.

    Returns:
        String tensor of the same shape.

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
    """A word as its vector sees it: no capitals, and all digits as 0 (as in Lample et al. 2016).

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
    """A sentence as numbers: its words, and the characters of each, capitals and digits as they are.

    Args:
        sentence: list of str.
        vocabulary: dict of word, as `normalize_word` gives it, to its token.
        characters: dict of character to its token.

    Returns:
        Integers `[time]` and `[time, length]`, 1 for an unknown word or character. Of a word its first
        20 characters are read, as longer ones are mostly web addresses; 0 is padding on the right.

    Example:

    >>> tokens, letters = encode_words(["The", "zoo"], {"the": 2}, {"T": 2, "h": 3, "o": 4})
    >>> tokens.tolist(), letters.tolist()
    ([2, 1], [[2, 3, 1], [1, 4, 4]])
    """
    tokens = [vocabulary.get(normalize_word(word), 1) for word in sentence]
    letters = [[characters.get(character, 1) for character in word[:20]] for word in sentence]
    return np.array(tokens, "int32"), keras.utils.pad_sequences(letters, padding="post")


def hide_rare_words(tokens, is_rare, rng):
    """[UNK] in place of half of the rare words, so that training learns a vector for the unknown.

    Args:
        tokens: integers `[time]`.
        is_rare: booleans `[vocabulary_size]`, such as true for words that training has once.
        rng: a `numpy.random.Generator`.

    Returns:
        Integers `[time]`, a new array.

    Example:

    >>> hide_rare_words(np.full(6, 2), np.array([False, False, True]), np.random.default_rng(0))
    array([2, 1, 1, 1, 2, 2])
    """
    return np.where(is_rare[tokens] & (rng.random(len(tokens)) < 0.5), 1, tokens)


def train_subwords(texts, vocabulary_size):
    """Learns pieces of words, so that no text has an unknown word (Kudo 2018, unigram model).

    Args:
        texts: list of str, of the training split alone.
        vocabulary_size: number of pieces; fewer if the texts have fewer.

    Returns:
        A `sentencepiece.SentencePieceProcessor`: `encode(text)` gives tokens without start and end,
        `decode(tokens)` the text. Padding is 0, unknown 1, start 2, end 3.

    Raises:
        ValueError: there are more characters than pieces.

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


def ngram_loss(train, texts, n, vocabulary_size):
    """How well counts alone predict each token of some texts: an interpolated n-gram model.

    With c the last k tokens, and d the last k - 1,

        p(t | c) = (count(c t) + kinds(c) p(t | d)) / (count(c) + kinds(c))

    where kinds(c) is how many different tokens followed c; below k = 0 every token is as probable
    (Witten & Bell 1991, "The Zero-Frequency Problem"). It is evaluated up to k = n - 1, or to the
    longest c that training has.

    Args:
        train: the training texts, a list of lists of integers.
        texts: the texts to predict, a list of lists of integers. The first token of each is given.
        n: how many tokens are counted together.
        vocabulary_size: number of tokens that there are.

    Returns:
        The mean of -log p, in nats.

    Example:

    >>> round(ngram_loss([[5, 6, 5, 6, 5]], [[6, 5, 6]], n=2, vocabulary_size=10), 3)
    0.23
    """
    counts = collections.defaultdict(collections.Counter)
    for text in train:
        for k in range(n):
            for i in range(k, len(text)):
                counts[tuple(text[i - k : i])][text[i]] += 1
    totals = {context: counter.total() for context, counter in counts.items()}
    losses = []
    for text in texts:
        for i in range(1, len(text)):
            p = 1 / vocabulary_size
            for k in range(min(n, i + 1)):
                context = tuple(text[i - k : i])
                if context not in counts:
                    break
                kinds = len(counts[context])
                p = (counts[context][text[i]] + kinds * p) / (totals[context] + kinds)
            losses.append(-math.log(p))
    return float(np.mean(losses))


def most_frequent_tags(words, tags):
    """The tag that each word has most often, a baseline for tagging.

    Args:
        words: the words of the training texts, a list of str.
        tags: their tags, a list of the same length.

    Returns:
        A dict of word to tag. Of two tags that are equally frequent, the first one counts.

    Example:

    >>> most_frequent_tags(["the", "can", "can", "can"], ["DET", "AUX", "NOUN", "AUX"])
    {'the': 'DET', 'can': 'AUX'}
    """
    tags_of = collections.defaultdict(collections.Counter)
    for word, tag in zip(words, tags, strict=True):
        tags_of[word][tag] += 1
    return {word: counter.most_common(1)[0][0] for word, counter in tags_of.items()}


def load_glove(path, vocabulary, dim=100):
    """Reads pretrained word vectors for a vocabulary (Pennington et al. 2014).

    Args:
        path: a text file in GloVe's format (a word and its numbers on each line), or a zip that has
            one ending in `.<dim>d.txt`, such as `glove.6B.zip`.
        vocabulary: list of words; the first is padding.
        dim: size of the vectors.

    Returns:
        Floats `[len(vocabulary), dim]`, and how many of the words were found. Padding gets zeros;
        words not found get small random vectors (normal, with the standard deviation of those found,
        always the same).

    Raises:
        ValueError: no such file, no vectors of that size in it, a damaged line, or no word found.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
    >>> _ = path.write_text("good 0.5 1.5\\nbad -0.5 -1.5\\n")
    >>> vectors, found = load_glove(path, ["", "[UNK]", "bad"], dim=2)
    >>> vectors[2], found
    (array([-0.5, -1.5], dtype=float32), 1)
    """
    index = {word.encode(): i for i, word in enumerate(vocabulary) if i > 0}
    vectors = np.zeros((len(vocabulary), dim), "float32")
    found = np.zeros(len(vocabulary), bool)
    for number, (word, *values) in enumerate(_read_vectors(path, dim), start=1):
        if word not in index:
            continue
        try:
            vector = np.array(values, "float32")
        except ValueError:
            vector = np.array(np.nan)
        if vector.shape != (dim,) or not np.isfinite(vector).all():
            raise InputError(
                f"{path}, line {number}: expected a word and {dim} numbers. Received: "
                f"{len(values)} values after {word.decode(errors='replace')!r}"
            )
        vectors[index[word]] = vector
        found[index[word]] = True
    if not found.any():
        raise InputError(
            f"{path} has a vector of {dim} numbers for none of the {len(vocabulary)} words: is that "
            "the size of its vectors?"
        )
    missing = ~found
    missing[0] = False
    random = np.random.default_rng(0).normal(scale=vectors[found].std(), size=(missing.sum(), dim))
    vectors[missing] = random
    return vectors, int(found.sum())


def glove_vocabulary(path, words, dim=100):
    """A vocabulary of the training words and of all words with a pretrained vector, with the vectors.

    So words that training never saw have a vector of their own instead of that of [UNK].

    Args:
        path: see `load_glove`.
        words: the words of the training split, each once.
        dim: size of the vectors.

    Returns:
        The vocabulary, a sorted list with padding (0) and unknown (1) first; floats
        `[len(vocabulary), dim]` as `load_glove` gives them; and how many of the words were found.

    Raises:
        ValueError: as `load_glove`.

    Example:

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.txt"
    >>> _ = path.write_text("good 0.5 1.5\\nbad -0.5 -1.5\\n")
    >>> vocabulary, vectors, found = glove_vocabulary(path, ["ugly", "good"], dim=2)
    >>> vocabulary, vectors.shape, found
    (['', '[UNK]', 'bad', 'good', 'ugly'], (5, 2), 1)
    """
    _, found = load_glove(path, ["", *words], dim)  # refuses vectors of another size
    lines = _read_vectors(path, dim)
    known = {word.decode(errors="replace") for word, *values in lines if len(values) == dim}
    vocabulary = ["", "[UNK]", *sorted({*words, *known})]
    return vocabulary, load_glove(path, vocabulary, dim)[0], found


def _read_vectors(path, dim):
    """Yields each line as a list: the word, then its numbers, all as bytes."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"No file of word vectors. Received: {path}")
    try:
        with contextlib.ExitStack() as stack:
            if path.suffix != ".zip":
                file = stack.enter_context(open(path, "rb"))
            else:
                archive = stack.enter_context(zipfile.ZipFile(path))
                names = [name for name in archive.namelist() if name.endswith(f".{dim}d.txt")]
                if not names:
                    raise InputError(
                        f"{path} has no vectors of {dim} numbers. "
                        f"Received: {', '.join(archive.namelist())}"
                    )
                file = stack.enter_context(archive.open(names[0]))
            for line in file:
                yield line.rstrip().rsplit(b" ", dim)  # a word may have spaces in it
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"{path} is not a whole zip file: fetch it again. {error}") from None
