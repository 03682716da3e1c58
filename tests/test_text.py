import math
import random
import unicodedata
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from zoo.errors import InputError
from zoo.text import (
    WORD,
    encode_words,
    glove_vocabulary,
    hide_rare_words,
    load_glove,
    ngram_losses,
    normalize,
    normalize_with_places,
    normalize_word,
    standardize,
    train_subwords,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("The food is GOOD", "the food is good"),
        ("I wasn't, we'll see", "i was n't , we 'll see"),
        ("I wasn’t", "i was n't"),
        ("wo n't it 's", "wo n't it 's"),  # Penn Treebank tokens stay as they are
        ("Great.<br /><br />Really!!", "great . really ! !"),
        ("a 'quoted' word", "a ' quoted ' word"),
        ("Äpfel & Öl für 3€", "äpfel & öl für 3 €"),
        ("हिन्दी!", "हिन्दी !"),  # with combining marks
        ("  ", "[unk]"),
        ("<br />", "[unk]"),
    ],
)
def test_standardize(raw, expected):
    assert standardize(tf.constant(raw)).numpy().decode() == expected
    assert standardize(tf.constant([raw, "x"])).shape == (2,)


PLAIN = "the food is not good, says Zoë."
LOOK_LIKE_IT = {
    "no-break spaces": PLAIN.replace(" ", "\xa0"),
    "ideographic space": PLAIN.replace("is not", "is\u3000not"),
    "thin space, line separator": PLAIN.replace("is not good", "is\u2009not\u2028good"),
    "zero-width space": PLAIN.replace("not", "not\u200b"),
    "zero width inside": PLAIN.replace("good", "go\u2060o\ufeffd"),
    "soft hyphen": PLAIN.replace("good", "go\xadod"),
    "byte order mark": "\ufeff" + PLAIN,
    "NUL": PLAIN.replace("not", "n\x00ot\x00"),
    "control characters": PLAIN.replace("not", "\x01no\x08t\x7f"),
    "dash of an old code page": PLAIN.replace(" not", "\x97not"),
    "decomposed": unicodedata.normalize("NFD", PLAIN),
    "decomposed, with a soft hyphen": PLAIN.replace("ë", "e\xad\u0308"),
    "marks of direction": PLAIN.replace("good", "\u202agood\u202c\u200f"),
    "joiners in Latin": PLAIN.replace("good", "go\u200cod\u200d"),
}


@pytest.mark.parametrize("text", LOOK_LIKE_IT.values(), ids=LOOK_LIKE_IT)
def test_what_nobody_can_see_changes_no_word(text):
    assert normalize(text) == PLAIN
    assert standardize([text]).numpy().tolist() == standardize([PLAIN]).numpy().tolist()
    in_graph = tf.function(standardize)(tf.constant([unicodedata.normalize("NFC", text)]))
    if "\xad\u0308" not in text:  # TensorFlow cannot compose letters
        assert in_graph.numpy().tolist() == standardize([PLAIN]).numpy().tolist()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "Zeile\n\tzwei “Anführung” \u2013 3 €",
        "می\u200cروم",  # Persian, "I go": the joiner keeps two letters apart
        "क्\u200dष",  # Hindi: the joiner asks for the half form
        "👨\u200d👩\u200d👧 ❤\ufe0f",
        "한국어",
        "",
    ],
)
def test_what_can_be_seen_stays(text):
    assert normalize(text) == text
    assert normalize_with_places(text)[0] == text


def test_line_breaks_are_newlines():
    assert normalize("a\r\nb\rc\nd\te\x85f") == "a\nb\nc\nd\te f"


def test_places_are_those_of_the_text():
    pieces = ["a", "e", "\u0301", "\u0327", "\r", "\n", " ", "\xa0", "\x00", "\u200b", "\xad", "!", "É"]
    pieces += [
        "क",
        "\u094d",
        "ष",
        "\u200d",
        "\u200c",
        "👨",
        "\ufe0f",
        "\u1100",
        "\u1161",
        "\u11a8",
        "한",
    ]
    rng = random.Random(0)
    for _ in range(2000):
        text = "".join(rng.choices(pieces, k=rng.randint(1, 12)))
        clean, starts, ends = normalize_with_places(text)
        assert clean == normalize(text)
        assert sorted(starts) == starts and sorted(ends) == ends
        for character, start, end in zip(clean, starts, ends, strict=True):
            assert character in normalize(text[start:end])


def test_places_of_a_long_text_are_found_in_time():
    for character in ("\u200b", "\u0301", "\u200d", "e\u0301", "क\u200d"):
        assert len(normalize_with_places(character * 5000)[0]) <= 10000


def test_tensors_of_all_shapes_are_standardized():
    assert standardize([]).shape == (0,)
    assert standardize([["A\xa0b"], ["c\x00"]]).numpy().tolist() == [[b"a b"], [b"c"]]
    ragged = tf.ragged.constant([["A\xa0b"], [], ["c", "d"]])
    assert standardize(ragged).to_list() == [[b"a b"], [], [b"c", b"d"]]
    assert standardize("\u200b").numpy() == b"[unk]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("mother-in-law's don't -- a_b 'x'", ["mother-in-law's", "don't", "a", "b", "x"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("q\u0303 3.5", ["q\u0303", "3", "5"]),  # Unicode has no such letter with a tilde
    ],
)
def test_words_with_their_marks(text, words):
    assert WORD.findall(text) == words


def test_words_are_encoded_with_their_characters():
    vocabulary, characters = {"año": 2, "0-0": 3}, {"a": 2, "A": 3, "1": 4}
    tokens, letters = encode_words(["Año", "1-7", "b" * 99], vocabulary, characters)
    assert tokens.tolist() == [2, 3, 1] and normalize_word("1-7") == "0-0"
    assert letters.shape == (3, 20)  # no more than 20 characters of a word
    assert letters[:2, :4].tolist() == [[3, 1, 1, 0], [4, 1, 1, 0]]


def test_half_of_the_rare_words_are_hidden_anew_each_time():
    tokens, rng = np.array([2, 3] * 500), np.random.default_rng(0)
    is_rare = np.array([False, False, True, False])
    hidden = [hide_rare_words(tokens, is_rare, rng) for _ in range(2)]
    assert all((row[1::2] == 3).all() and 200 < (row == 1).sum() < 300 for row in hidden)
    assert (hidden[0] != hidden[1]).any() and (tokens[::2] == 2).all()


VOCABULARY = ["", "[UNK]", "good", "zyzzyva", "bad"]


@pytest.fixture
def glove(tmp_path):
    lines = "good 1 2\nthe 0 0\n. . . 5 5\nbad -1 -2\n"
    (tmp_path / "vectors.txt").write_text(lines)
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.9B.50d.txt", "good" + " 1" * 50)
        archive.writestr("glove.9B.2d.txt", lines)
    return tmp_path


def test_glove_vocabulary_knows_the_words_of_both(glove):
    (glove / "word2vec.txt").write_text("2 2\ngood 1 2\nthe 0 0\n")  # its first line is a header
    vocabulary, vectors, found = glove_vocabulary(glove / "word2vec.txt", ["good", "ugly"], dim=2)
    assert vocabulary == ["", "[UNK]", "good", "the", "ugly"] and found == 1
    np.testing.assert_array_equal(vectors[[0, 2, 3]], [[0, 0], [1, 2], [0, 0]])


@pytest.mark.parametrize("name", ("vectors.txt", "glove.zip"))
def test_load_glove(glove, name):
    vectors, found = load_glove(glove / name, VOCABULARY, dim=2)
    assert found == 2
    assert vectors.shape == (5, 2)
    np.testing.assert_array_equal(vectors[[0, 2, 4]], [[0, 0], [1, 2], [-1, -2]])
    assert np.all(vectors[[1, 3]] != 0)
    np.testing.assert_array_equal(load_glove(glove / name, VOCABULARY, dim=2)[0], vectors)


def test_load_glove_refuses_what_it_cannot_use(glove):
    with pytest.raises(ValueError, match=r"No file of word vectors. Received: .*nowhere"):
        load_glove(glove / "nowhere", VOCABULARY)
    with pytest.raises(ValueError, match=r"no vectors of 300 numbers. Received: glove.9B.50d.txt"):
        load_glove(glove / "glove.zip", VOCABULARY, dim=300)
    with pytest.raises(ValueError, match=r"line 1: expected a word and 3 numbers. Received: 2"):
        load_glove(glove / "vectors.txt", VOCABULARY, dim=3)
    with pytest.raises(ValueError, match=r"no vector of 2 numbers for any of the 2 words"):
        load_glove(glove / "vectors.txt", ["", "unheard"], dim=2)
    with pytest.raises(ValueError, match=r"no vector of 1 numbers for any of the"):
        glove_vocabulary(glove / "vectors.txt", ["good"], dim=1)
    (glove / "word2vec.txt").write_text("2 2\nbad 1\n")
    with pytest.raises(ValueError, match=r"line 2: expected a word and 2 numbers. Received: 1"):
        load_glove(glove / "word2vec.txt", VOCABULARY, dim=2)
    whole = bytearray((glove / "glove.zip").read_bytes())
    whole[whole.index(b"bad -1")] ^= 1  # the zip's own checksum no longer fits
    (glove / "bad.zip").write_bytes(whole)
    with pytest.raises(ValueError, match="not a complete zip file"):
        load_glove(glove / "bad.zip", VOCABULARY, dim=2)
    (glove / "half.zip").write_bytes((glove / "glove.zip").read_bytes()[:100])
    with pytest.raises(ValueError, match="not a complete zip file"):
        load_glove(glove / "half.zip", VOCABULARY)


def ngram_loss(*args):
    return np.concatenate(ngram_losses(*args)).mean()


@pytest.mark.parametrize("texts", [[], [""], [" ", "\n"], ["\u200b"]])
def test_subwords_need_letters(texts):
    with pytest.raises(InputError, match="Subwords need a text with letters"):
        train_subwords(texts, 20)


@pytest.mark.parametrize("vocabulary_size", [1, 4, 8])
def test_too_few_subwords_are_refused_with_the_number_that_is_enough(vocabulary_size):
    with pytest.raises(InputError, match="they need at least 9, one for each character"):
        train_subwords(["abc", "d"], vocabulary_size)
    assert len(train_subwords(["abc", "d"], 9)) == 9


def test_ngrams_are_distributions_that_learn():
    rng = np.random.default_rng(0)
    train = rng.integers(4, 9, 300).tolist()
    for n in (1, 2, 4):
        beginning = train[:10]  # all tokens that may follow it share one probability of 1
        losses = [ngram_loss([train], [[*beginning, t]], n, 12) for t in range(12)]
        known = ngram_loss([train], [beginning], n, 12) * 9
        assert sum(math.exp(known - 10 * loss) for loss in losses) == pytest.approx(1)
    again = [[5, 6, 7, 8] * 50]
    assert ngram_loss(again, again, 1, 12) > 1.3 and ngram_loss(again, again, 3, 12) < 0.1


def test_an_ngram_by_hand():
    # After 6 came 5, twice; below it 5 is 3 of 5 tokens; below that one of 10.
    unigram = (3 + 2 * 0.1) / (5 + 2)
    bigram = (2 + unigram) / (2 + 1)
    assert ngram_loss([[5, 6, 5, 6, 5]], [[6, 5]], 2, 10) == pytest.approx(-math.log(bigram))
    # If all training texts are short, longer n-grams add nothing.
    assert ngram_loss([[5, 6]], [[4, 6, 6]], 5, 10) == ngram_loss([[5, 6]], [[4, 6, 6]], 2, 10)
