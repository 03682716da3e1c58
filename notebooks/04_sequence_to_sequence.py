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
# # From sequence to sequence
#
# Two of the five types of recurrent networks read a sequence and write a sequence: many-to-many and
# the encoder-decoder. For each of them, this notebook has a picture, one call that builds it, and a
# count of its parameters by hand. Then we train it for a few seconds and test it on data that it
# never saw. You need the previous notebook, `03_five_types`, which has the other three types. Here
# is all that we use from it:
#
# - At each step a cell computes its next hidden state $h_t$ from the input $x_t$ and its previous
#   state $h_{t-1}$. If there is an output at a step, it is computed from the state of that step.
# - We use a GRU, a cell with a longer memory than the plain one. One layer with inputs of $n$
#   numbers and $u$ units has $3u\,(n + u + 2)$ parameters. Notebook `08_gates` explains this cell.
# - **Teacher forcing**: in training, a network that writes reads the right words so far and learns
#   to say the next one. On its own, it reads what it wrote.
# - Token 0 is padding, 1 is an unknown word, 2 is the start and 3 is the end.

# %%
import calendar
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # keeps TensorFlow quiet

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo
from zoo import exercises

# %% [markdown]
# **The pictures** read from bottom to top: inputs, hidden states, outputs. An arrow from state to
# state is the memory. A dashed arrow means that the network reads at the next step what it has just
# written. The next cell only defines how to draw. You can skip it.

# %% jupyter={"source_hidden": true}
COLORS = {"input": "#a6cee3", "state": "#fdbf6f", "decoder": "#ff9a76", "output": "#b2df8a"}


def box(axis, x, y, label, color):
    style = {"boxstyle": "round,pad=0.4", "facecolor": COLORS[color], "edgecolor": "black"}
    axis.text(x, y, label, fontsize=18, ha="center", va="center", bbox=style, zorder=2)


def arrow(axis, start, end, style="-|>", **more):
    line = {"arrowstyle": style, "linewidth": 2, "mutation_scale": 20, "color": "black"}
    line |= {"shrinkA": 20, "shrinkB": 20}  # room for the boxes
    axis.annotate("", end, start, arrowprops=line | more, zorder=1)


def draw(title, steps, memory="-|>", feedback=False):
    """Draws a network. `steps` has an input, a state and an output for each time step."""
    _, axis = plt.subplots(figsize=(1.8 * (len(steps) + 1.2), 4.2), layout="constrained")
    for y, label in enumerate(["inputs", "hidden states", "outputs"]):
        axis.text(-1.5, y, label, fontsize=15, va="center", color="dimgray")
    for t, (read, state, write) in enumerate(steps):
        is_decoder = state.startswith("$s")
        box(axis, t, 1, state, "decoder" if is_decoder else "state")
        if read:
            box(axis, t, 0, read, "input")
            arrow(axis, (t, 0), (t, 1))
        if write:
            box(axis, t, 2, write, "output")
            arrow(axis, (t, 1), (t, 2))
        if t > 0:
            arrow(axis, (t - 1, 1), (t, 1), "-|>" if is_decoder else memory)
            if feedback and steps[t - 1][2]:
                arrow(axis, (t - 1, 2), (t, 0), linestyle="dashed", color="gray", linewidth=1.5)
    axis.set(xlim=(-1.6, len(steps) - 0.4), ylim=(-0.4, 2.4))
    axis.set_title(title, fontsize=20)
    axis.axis("off")
    plt.show()


# %% [markdown]
# ## 4. Many-to-many: an answer at each step
#
# Here there are as many outputs as inputs. Is each word a person, a place, or neither (named
# entities)? Which part of speech is it? Input and output have the same length, and output $t$
# belongs to input $t$.
#
# If the whole sentence is known beforehand, there is no reason to read it in only one direction.
# Here two layers read it, one from each end, and each output sees both states. This is called
# **bidirectional**. We draw it as arrows with two heads.

# %%
draw(
    "many_to_many",
    [
        ("John", "$h_1$", "PERSON"),
        ("lives", "$h_2$", "-"),
        ("in", "$h_3$", "-"),
        ("Paris", "$h_4$", "PLACE"),
    ],
    memory="<|-|>",
)

# %% [markdown]
# We make sentences from patterns. P stands for a person and L for a place (a location). A is a word
# that describes a place, F is a word that describes a person, and S is a season. Eight names can be
# either a person or a place: Paris is a city and also a first name. A model that tags each word by
# itself has to guess these names.

# %%
BOTH = ["Paris", "Florence", "Austin", "Jordan", "Sydney", "Chelsea", "Georgia", "Madison"]
FILL = {
    "P": ["John", "Mary", "Anna", "Peter", *BOTH],
    "L": ["London", "Rome", "India", "Berlin", *BOTH],
    "A": ["cold", "quiet", "old", "lovely"],
    "S": ["spring", "summer", "autumn", "winter"],
    "F": ["tired", "hungry", "happy", "polite"],
}
PATTERNS = ["P lives in L", "P flew to L", "L is near L", "P knows P", "L is A in S", "P is A and F"]
TAGS = ["-", "PERSON", "PLACE"]


def make_sentence(rng):
    pattern = rng.choice(PATTERNS).split()
    sentence = tuple(str(rng.choice(FILL[part])) if part in FILL else part for part in pattern)
    return sentence, [{"P": 1, "L": 2}.get(part, 0) for part in pattern]


rng = np.random.default_rng(1)
sentences = dict(make_sentence(rng) for _ in range(1200))  # the same sentence twice counts once
for sentence, tags in list(sentences.items())[:3]:
    print(" ".join(sentence), [TAGS[tag] for tag in tags])

# %% [markdown]
# Now we turn words and tags into numbers and pad them on the right to the same length. A fifth of
# the sentences is for the test.

# %%
vocabulary = ["", "[UNK]", *sorted({word for sentence in sentences for word in sentence})]
tokens = keras.utils.pad_sequences(
    [[vocabulary.index(word) for word in sentence] for sentence in sentences], padding="post"
)  # [sentences, 5]
tags = keras.utils.pad_sequences(list(sentences.values()), padding="post")  # [sentences, 5]
cut = len(tokens) * 4 // 5
print(len(tokens), "sentences,", len(vocabulary), "tokens")
print(tokens[0], tags[0])

# %%
keras.utils.set_random_seed(0)
model = zoo.build(
    "many_to_many",
    cell="gru",
    vocabulary_size=len(vocabulary),
    num_tags=len(TAGS),
    embedding_dim=16,
    units=16,
)
print(model.input_shape, model.output_shape)  # an output for each time step

# %%
by_hand = (
    len(vocabulary) * 16  # the embedding
    + 2 * 3 * 16 * (16 + 16 + 2)  # two GRUs, one for each direction
    + (2 * 16 + 1) * 3  # from both states to three tags, the same weights at each step
)
print("by hand:", by_hand, " Keras:", model.count_params())
assert by_hand == model.count_params()

# %%
model.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
model.fit(tokens[:cut], tags[:cut], epochs=8, verbose=0)
guess = model(tokens[cut:]).numpy().argmax(axis=-1)  # [sentences, 5]

# %% [markdown]
# We compare with the best that is possible word by word: the tag that each word had most often in
# the training part. We only look at the names that can be both.

# %%
counts = np.zeros((len(vocabulary), len(TAGS)))  # how often each word had each tag
np.add.at(counts, (tokens[:cut], tags[:cut]), 1)
word_by_word = counts.argmax(axis=1)[tokens[cut:]]  # [sentences, 5]
is_both = np.isin(tokens[cut:], [vocabulary.index(name) for name in BOTH])
shares = [(some == tags[cut:])[is_both].mean() for some in (guess, word_by_word)]
result = "{:.1%} of the ambiguous names right (word by word: {:.1%})".format(*shares)
results = {"many_to_many": (model.count_params(), result)}
print(f"{is_both.sum()} ambiguous names in the test sentences: {result}")

# %% [markdown]
# So the words around a name decide, and the network uses them. Sometimes these words come later.
# Then a network that reads only from left to right cannot know the answer yet. We need no training
# to see that. If two sentences begin alike, a network that only reads forward gives the same first
# answer, whatever its weights are. A network that reads both ways can give different ones.

# %%
pair = [["Paris", "is", "cold", "in", "winter"], ["Paris", "is", "cold", "and", "tired"]]
pair = np.array([[vocabulary.index(word) for word in sentence] for sentence in pair])  # [2, 5]
forward_only = zoo.build("many_to_many", vocabulary_size=len(vocabulary), bidirectional=False)
first_answers = forward_only(pair).numpy()[:, 0]  # [2, tags]
np.testing.assert_allclose(first_answers[0], first_answers[1])
print("forward only: the same for both; our network says of Paris:")
print([TAGS[tag] for tag in model(pair).numpy()[:, 0].argmax(axis=-1)])

# %% [markdown]
# ## 5. Encoder-decoder: a sequence in, another one out
#
# In a translation, input and output have different lengths, and word 3 of one need not belong to
# word 3 of the other. So there are two networks. The **encoder** reads the whole source, here from
# both ends, and writes nothing. Its last states set the first state of the **decoder**, which then
# writes as in one-to-many: it reads its own words. So an encoder-decoder is a many-to-one whose
# answer is the context of a one-to-many.

# %%
draw(
    "encoder_decoder",
    [
        ("I", "$h_1$", None),
        ("like", "$h_2$", None),
        ("to", "$h_3$", None),
        ("read", "$h_4$", None),
        ("start", "$s_1$", "ich"),
        ("ich", "$s_2$", "lese"),
        ("lese", "$s_3$", "gern"),
        ("gern", "$s_4$", "end"),
    ],
    memory="<|-|>",
    feedback=True,
)

# %% [markdown]
# Our task is small, but it has all of these features. The input is a date as people write it. The
# output is the same date as computers write it, character by character. "3 May 1987" and "May 3,
# 1987" both become "1987-05-03". The year comes last in the source and first in the target.


# %%
def make_date(rng):
    year, month, day = rng.integers(1900, 2100), rng.integers(1, 13), rng.integers(1, 29)
    name = calendar.month_name[month]
    source = rng.choice([f"{day} {name} {year}", f"{name} {day}, {year}"])
    return f"{year}-{month:02d}-{day:02d}", str(source)


rng = np.random.default_rng(1)
dates = dict(make_date(rng) for _ in range(2500))  # each day occurs only once, so test days are unseen
for target, source in list(dates.items())[:3]:
    print(source, "->", target)

# %%
characters = ["", "[UNK]", "<start>", "<end>", *sorted(set("".join([*dates.values(), *dates])))]
sources = keras.utils.pad_sequences(
    [[characters.index(c) for c in source] for source in dates.values()], padding="post"
)  # [dates, 18]
targets = np.array([[2, *(characters.index(c) for c in target), 3] for target in dates])  # [dates, 12]
train, test = slice(0, 2000), slice(2000, None)
print(
    len(characters), "characters,", len(sources), "dates,", len(sources[test]), "of them for the test"
)

# %% [markdown]
# In the picture, the source passes through a single state. The network that we train has one more
# part, **attention**. At each step the decoder can look at all states of the encoder, not only at
# the last ones. That needs two more matrices. Notebook `09_attention` explains attention, and shows
# how far one state gets without it.

# %%
keras.utils.set_random_seed(0)
model = zoo.build(
    "encoder_decoder",
    cell="gru",
    source_vocabulary_size=len(characters),
    target_vocabulary_size=len(characters),
    embedding_dim=16,
    units=48,
    attention="dot",
)
print(model.input_shape)  # the source, and the target so far
print(model.output_shape)  # probabilities of each character at each step of the target

# %%
by_hand = (
    2 * len(characters) * 16  # two embeddings, of the source and of the target
    + 2 * 3 * 48 * (16 + 48 + 2)  # the encoder: two GRUs, one for each direction
    + (2 * 48 + 1) * 48  # from their last states to the decoder's state before its first step
    + 3 * 48 * (16 + 48 + 2)  # the decoder: a GRU
    + 2 * 48 * 48  # attention: to compare the encoder's states with the decoder's
    + (2 * 48 + 48) * 48  # attention: to join what was found to the decoder's state
    + (48 + 1) * len(characters)  # from there to the probabilities of the characters
)
print("by hand:", by_hand, " Keras:", model.count_params())
assert by_hand == model.count_params()

# %% [markdown]
# We use teacher forcing again: the target so far goes in, the next character comes out.

# %%
model.compile(keras.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy")
history = model.fit([sources[train], targets[train, :-1]], targets[train, 1:], epochs=16, verbose=0)
losses = history.history["loss"]
print(f"loss: {losses[0]:.2f} in the first epoch, {losses[-1]:.2f} in the last")

# %% [markdown]
# Now the network writes on its own. `generate` gets only the source.

# %%
written = model.generate(sources[test], max_length=11)  # [dates, 11]
for source, row in list(zip(list(dates.values())[test], written, strict=True))[:5]:
    print(f"{source:20s} -> {''.join(characters[token] for token in row if token > 3)}")

# %% [markdown]
# A date counts as right only if all of its characters are right.

# %%
right = (written == targets[test, 1:]).all(axis=1).mean()
results["encoder_decoder"] = model.count_params(), f"{right:.1%} of the unseen dates right"
print(results["encoder_decoder"][1])

# %% [markdown]
# ## Both side by side
#
# These are the results on data that the networks had not seen. This is one training each, with seed
# 0. Another seed gives other digits.

# %%
for name, (parameters, result) in results.items():
    print(f"{name:16s}{parameters:6d} parameters   {result}")

# %% [markdown]
# Both data were made by rules, so a network can get everything right. The results show that each
# type can learn a task of its shape. How well it does on real language is what the recipes measure.
#
# ## All five types
#
# The tables below sum up the types of this notebook and the previous one. *Values* are numbers
# instead of tokens. *Features* is how many numbers there are at each step.
#
# | type | inputs | outputs | for what |
# |---|---|---|---|
# | `one_to_one` | one vector or image | one class | nothing: a dense network does it |
# | `one_to_many` | a context, and the tokens so far | the next token | captions, music, text |
# | `many_to_one` | tokens or values | one class | sentiment, document classes |
# | | tokens or values | numbers | forecasts |
# | `many_to_many` | tokens or values | a tag at each step | entities, parts of speech |
# | `encoder_decoder` | a source, and the target so far | the next token | translation, answers |
#
# | type | shape of the inputs | shape of the outputs | loss |
# |---|---|---|---|
# | `one_to_one` | `[batch, ...]` | `[batch, classes]` | sparse |
# | `one_to_many` | `[batch, features]`, `[batch, t]` | `[batch, t, vocabulary]` | sparse, next token |
# | `many_to_one` | `[batch, t]` or `[batch, t, features]` | `[batch, classes]` | sparse |
# | | the same, two classes | `[batch, 1]` | binary |
# | | the same, numbers | `[batch, numbers]` | mse |
# | `many_to_many` | `[batch, t]` or `[batch, t, features]` | `[batch, t, tags]` | sparse |
# | `encoder_decoder` | `[batch, s]`, `[batch, t]` | `[batch, t, vocabulary]` | sparse, next token |
#
# Here `t` is the number of time steps and `s` is the number of steps in a source. The losses are:
#
# - *sparse*: `"sparse_categorical_crossentropy"`
# - *binary*: `"binary_crossentropy"`, with one output, the probability of the second class
# - *mse*: the mean squared error
# - "next token" means that the targets are the tokens shifted by one step.
#
# ## Questions
#
# **1.** You want to tag each frame of a film while it is being shown. Many-to-many fits. Which
# argument of `zoo.build` must you change, and what do you lose?
#
# <details><summary>Answer</summary>
#
# `bidirectional=False`, because the later frames are not there yet. You lose what they would have
# told you. After "Paris is cold" nobody can tell whether a person or a place is meant.
#
# </details>
#
# **2.** Why is many-to-many not enough for translation? And could an encoder-decoder tag words?
#
# <details><summary>Answer</summary>
#
# Many-to-many writes exactly one output for each input, and output $t$ belongs to input $t$. A
# translation can be shorter or longer than its source, and in another order. An encoder-decoder
# could tag words: it would write the tags one after the other. But it would have to learn which tag
# belongs to which word, and that there are as many tags as words. In many-to-many both are given.
#
# </details>
#
# **3.** A network writes each character of a date correctly with a probability of 0.99. Which share
# of the dates, with 10 characters and the end, would you expect to be completely right?
#
# <details><summary>Answer</summary>
#
# About $0.99^{11} \approx 0.90$ if the mistakes are independent of each other. So the share of
# right sequences can be far below the share of right characters. Always say which of the two you
# report.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: both directions
#
# One network reads a sentence from the left, another one reads it from the right. Write the line that
# puts both states of each step side by side.


# %%
def both_ways(forward, backward, x):
    """Returns the states of both networks at each step of x, [time, 2 * units].

    Args:
        forward, backward: two networks. Each is a function that reads an array [time, features] from
            its first row to its last, and returns its states in the order of reading, [time, units].
        x: what is read, [time, features].

    Returns:
        In row t: first the state of `forward` after it has read x[t], then the state of `backward`
        after it has read x[t]. `forward` begins at the first row of x, and `backward` at the last.
    """
    raise NotImplementedError


# %%
# The check compares with Keras's layer Bidirectional.
def reader(layer):
    return lambda x: layer(np.array(x)[None])[0].numpy()


cases = []
for seed, (time, features, units) in enumerate([(4, 3, 2), (1, 2, 3), (6, 1, 4)]):
    keras.utils.set_random_seed(seed)
    from_left, from_right, both = (keras.layers.GRU(units, return_sequences=True) for _ in range(3))
    both = keras.layers.Bidirectional(both)
    x = np.random.default_rng(seed).normal(size=(time, features)).astype("float32")
    expected = both(x[None])[0]
    for layer, weights in ((from_left, both.get_weights()[:3]), (from_right, both.get_weights()[3:])):
        layer.build((None, None, features))
        layer.set_weights(weights)
    cases.append(((reader(from_left), reader(from_right), x), expected))
exercises.check(both_ways, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def both_ways(forward, backward, x):
#     return np.concatenate([forward(x), backward(x[::-1])[::-1]], axis=1)
# ```
#
# </details>
#
# ### Task 2: a loss that skips padding
#
# The loss of a step is $-\ln p$, where $p$ is the probability of the right tag. Write the mean over
# all steps of all rows that are not padding.


# %%
def masked_loss(p, targets, is_word):
    """Returns the mean loss of the steps that are not padding, a number.

    Args:
        p: probabilities, [rows, time, tags].
        targets: the right tags, integers [rows, time].
        is_word: False where there is padding, [rows, time].
    """
    raise NotImplementedError


# %%
# The check takes the losses of all steps from Keras, and averages those that count.
cases = []
for seed, (rows, time, num_tags) in enumerate([(2, 3, 4), (5, 6, 3), (3, 1, 7)]):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(num_tags), (rows, time)).astype("float32")
    targets = rng.integers(0, num_tags, (rows, time))
    is_word = np.arange(time) < rng.integers(1, time + 1, (rows, 1))
    losses = keras.losses.sparse_categorical_crossentropy(targets, p).numpy()  # [rows, time]
    counted = [losses[row, t] for row in range(rows) for t in range(time) if is_word[row, t]]
    cases.append(((p, targets, is_word), sum(counted) / len(counted)))
exercises.check(masked_loss, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def masked_loss(p, targets, is_word):
#     p_right = np.take_along_axis(p, targets[:, :, None], axis=2)[:, :, 0]  # [rows, time]
#     return -np.log(p_right[is_word]).mean()
# ```
#
# </details>
#
# ### Task 3: what the second direction is worth
#
# An experiment. Train the network of section 4 once more, but let it read only from left to right.
# Which of the ambiguous names does it get wrong? The check counts them at the first place of a
# sentence and at later places.


# %%
def tags_by(bidirectional):
    """Trains the network of section 4 on `tokens[:cut]` and `tags[:cut]`. Tags the test sentences.

    Args:
        bidirectional: False if it shall read only from left to right.

    Returns:
        The most probable tag of each word of the sentences `tokens[cut:]`, [sentences, 5].
    """
    raise NotImplementedError


# %%
# The check counts the ambiguous names that are right.
is_name = np.isin(tokens[cut:], [vocabulary.index(name) for name in BOTH])  # [sentences, 5]


def judge(bidirectional):
    def counts(guess):
        if np.shape(guess) != tags[cut:].shape:
            return f"returns the shape {np.shape(guess)}, and {tags[cut:].shape} is expected."
        right = np.asarray(guess) == tags[cut:]
        first, later = right[:, :1][is_name[:, :1]].mean(), right[:, 1:][is_name[:, 1:]].mean()
        print(f"bidirectional={bidirectional}: {first:.1%} right at the first place, {later:.1%} later")
        if later < 0.9 or (bidirectional and first < 0.9):
            return "gets too few names right. At least 90 % are possible."
        if not bidirectional and first > 0.9:
            return "gets the first name right too often for a network that cannot see what follows."
        return None

    return counts


exercises.check(tags_by, [((bidirectional,), judge(bidirectional)) for bidirectional in (True, False)])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def tags_by(bidirectional):
#     keras.utils.set_random_seed(0)
#     model = zoo.build(
#         "many_to_many",
#         cell="gru",
#         vocabulary_size=len(vocabulary),
#         num_tags=len(TAGS),
#         embedding_dim=16,
#         units=16,
#         bidirectional=bidirectional,
#     )
#     model.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
#     model.fit(tokens[:cut], tags[:cut], epochs=8, verbose=0)
#     return model(tokens[cut:]).numpy().argmax(axis=-1)
# ```
#
# From left to right, the first word comes with no hint. The best that the network can do is the more
# frequent tag.
#
# </details>

# %% [markdown]
# ## Sources
#
# - Many-to-many in both directions: M. Schuster and K. Paliwal, "Bidirectional Recurrent Neural
#   Networks", 1997; A. Graves and J. Schmidhuber, "Framewise Phoneme Classification with
#   Bidirectional LSTM and Other Neural Network Architectures", 2005.
# - Encoder-decoder: I. Sutskever, O. Vinyals, Q. V. Le, "Sequence to Sequence Learning with Neural
#   Networks", 2014; K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
#   Statistical Machine Translation", 2014; attention as used here: M.-T. Luong, H. Pham, C. D.
#   Manning, "Effective Approaches to Attention-based Neural Machine Translation", 2015.
# - Teacher forcing: R. J. Williams and D. Zipser, "A Learning Algorithm for Continually Running
#   Fully Recurrent Neural Networks", 1989.
