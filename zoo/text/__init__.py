"""Text processing: from raw text to tokens, and what else texts need.

`normalize` removes invisible differences. `standardize` prepares a text for splitting into words, and
`train_subwords` learns to split it into pieces of words. `split_tokens` finds words and punctuation
marks. `load_glove` reads pretrained word vectors. `ngram_losses`, `most_frequent_tags` and `nearest`
are baselines without a network. `count_ngrams` and `ngram_model` make a language model for beam search.
"""

from zoo.text.baselines import count_ngrams, most_frequent_tags, nearest, ngram_losses, ngram_model
from zoo.text.normalizing import JOINERS, MARKS, WORD, normalize, normalize_with_places
from zoo.text.subwords import seed_subwords, train_subwords
from zoo.text.tokens import TOKEN, separate_characters, split_tokens
from zoo.text.word_vectors import glove_vocabulary, load_glove
from zoo.text.words import (
    encode_words,
    frequent_words,
    hide_rare_words,
    normalize_word,
    separate_words,
    standardize,
)

__all__ = [
    "JOINERS",
    "MARKS",
    "TOKEN",
    "WORD",
    "count_ngrams",
    "encode_words",
    "frequent_words",
    "glove_vocabulary",
    "hide_rare_words",
    "load_glove",
    "most_frequent_tags",
    "nearest",
    "ngram_losses",
    "ngram_model",
    "normalize",
    "normalize_with_places",
    "normalize_word",
    "seed_subwords",
    "separate_characters",
    "separate_words",
    "split_tokens",
    "standardize",
    "train_subwords",
]
