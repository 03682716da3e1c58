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
# # Attention
#
# An encoder-decoder (notebook `04_sequence_to_sequence`) passes the whole source on in a single
# vector. We measure what that costs as sources get longer, with and without attention. Then we
# compute attention by hand, and look at where three networks look. You need notebook `08_gates`
# before this one.

# %%
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
import sentencepiece

import zoo
from zoo import exercises, plots

plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # hides warnings about its internals

# %% [markdown]
# ## One vector for everything
#
# The encoder reads a source of any length, and the decoder writes a target of any length. Between
# them is the encoder's last state, a vector of fixed size, say 64 numbers:
#
# $$x_1, \dots, x_S \;\longrightarrow\; h_S \;\longrightarrow\; y_1, \dots, y_T$$
#
# (If the encoder reads in both directions, a dense layer combines its two last states into one
# vector.) Whether the source has three words or thirty, everything that the decoder must know has
# to go through $h_S$. So we expect trouble with long sources.
#
# To see this, we need a task in which nothing can be guessed and every part of the source counts.
# Here is one: **reverse a string of random letters.** "kzqa" becomes "aqzk". No letter can be left
# out, and it does not help to know English.
#
# As everywhere in the zoo, token 0 is padding, 1 is unknown, 2 starts a target and 3 ends it. The
# letters are the tokens 4 to 29. During training, the decoder reads the correct target so far
# (**teacher forcing**). So a row has three parts: the source, what the decoder reads, and what it
# should write.

# %%
LETTERS = dict(enumerate("abcdefghijklmnopqrstuvwxyz", start=4))  # token -> letter
START, END = 2, 3


def make_row(source):
    reverse = source[::-1]
    return (source, np.array([START, *reverse])), np.array([*reverse, END])


def spell(tokens):
    return "".join(LETTERS[int(token)] for token in tokens)


rng = np.random.default_rng(1)
(source, read), written = make_row(rng.integers(4, 30, size=5))
print("source:       ", spell(source), source)
print("decoder reads:", " " + spell(read[1:]), read)
print("and writes:   ", spell(written[:-1]), written)

# %% [markdown]
# We train on 19,200 strings of 3 to 10 letters. For the test, we use 100 strings of each length
# that are not among them. We also test lengths that training does not have, 11 to 13.

# %%
sources = [rng.integers(4, 30, size=length) for length in rng.integers(3, 11, size=19200)]
train = [make_row(source) for source in sources]
seen = {spell(source) for source in sources}

lengths = range(3, 14)
test = {}  # length -> 100 sources
for length in lengths:
    candidates = rng.integers(4, 30, size=(200, length))
    test[length] = [source for source in candidates if spell(source) not in seen][:100]
    assert len(test[length]) == 100

# %% [markdown]
# We build two networks. Both are GRUs whose encoder reads in both directions. One has no attention.
# The other has `"dot"` attention, which we explain below. Attention needs weights of its own. So we
# give the first network more units, and both have about the same number of parameters.


# %%
UNITS = {"none": 75, "dot": 64}


def build(attention):
    return zoo.build(
        "encoder_decoder",
        cell="gru",
        source_vocabulary_size=30,
        target_vocabulary_size=30,
        embedding_dim=32,
        units=UNITS[attention],
        attention=attention,
    )


for attention in UNITS:
    print(f"attention {attention:5} {build(attention).count_params():,} parameters")

# %% [markdown]
# We train both networks on the same strings, one pass, 300 batches of 64. We train each three
# times, with different random weights and a different order, because a single run may be luck. Then
# the networks write. At each step they read their own letters so far (there is no teacher). For
# each length, we count how many of the 100 strings come out **completely** right. (The learning
# rate and the number of batches are the same for both networks. We chose them on other strings.)
# This cell takes most of the notebook's time.


# %%
def exact_match(model):
    """Returns the share of strings that are reversed without an error, for each length."""
    sources = [source for some in test.values() for source in some]
    answers = zoo.decoding.generate_in_batches(model, sources, max_length=20, batch_size=1100)
    right = [
        list(answer) == list(source[::-1]) for answer, source in zip(answers, sources, strict=True)
    ]
    return np.reshape(right, (len(lengths), 100)).mean(axis=1)


models, shares = {}, {}
for attention in UNITS:
    model = build(attention)
    learning_rate = keras.optimizers.schedules.CosineDecay(0.008, decay_steps=300)  # falls to 0
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
    )
    runs = []
    for seed in range(3):
        # Start again without compiling: new weights, and Adam forgets the previous run.
        keras.utils.set_random_seed(seed)
        model.set_weights(build(attention).get_weights())
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        batches = zoo.datasets.batches(train, batch_size=64, seed=seed)
        model.fit(batches, shuffle=False, verbose=0)
        runs.append(exact_match(model))
    models[attention], shares[attention] = model, np.array(runs)  # the model of the last run

# %%
figure, axis = plt.subplots(figsize=(10, 5), layout="constrained")
for attention, color in (("dot", "tab:orange"), ("none", "tab:blue")):
    for run in shares[attention]:
        axis.plot(lengths, run, "o", color=color, alpha=0.5)
    axis.plot(
        lengths,
        shares[attention].mean(axis=0),
        color=color,
        linewidth=3,
        label=f"attention: {attention}",
    )
axis.axvspan(10.5, 13.5, color="0.9")
axis.text(12.2, 0.88, "longer than\nin training", ha="center")
axis.set(xlabel="letters in the string", ylabel="share reversed without an error")
axis.set(ylim=(-0.03, 1.03), xlim=(2.5, 13.5))
axis.legend(loc="center")
plt.show()

print("length           ", *(f"{length:5}" for length in lengths))
for attention, runs in shares.items():
    for seed, run in enumerate(runs):
        print(f"{attention:5} seed {seed}      ", *(f"{share:5.2f}" for share in run))

# %% [markdown]
# The line is the mean, and the points are the three runs.
#
# - **Without attention**, most of the shortest strings come out right. Every additional letter
#   makes it worse. In the longer half, hardly any string is right.
# - **With attention**, length matters much less, after the same training with as many parameters.
#   Most strings of the longest training length come out right, too.
# - **Beyond the training lengths**, from 11 letters on, fewer strings come out right with every
#   additional letter. Attention removes the bottleneck. It does not teach a network to count
#   further than it ever had to.
#
# The picture does not say that 75 numbers *could not* hold 10 letters. There is room: ten letters
# are about 47 bits. But the network must learn to pack everything into the vector and to unpack it.
# After this much training it has not. Question 1 suggests how to try more.
#
# Attention also helps on real sentences, and there it helps at every length. The README in the
# folder `recipes` has translation scores by the length of the sentence, with and without attention,
# after the same number of passes over the data.

# %% [markdown]
# ## The idea
#
# The encoder has a state at **every** letter, not only at the last one. Why throw these states
# away? We keep them all and call them the **memory** $m_1, \dots, m_S$. At each step, the decoder
# chooses where to look. With the decoder's state $s_t$:
#
# $$
# \begin{aligned}
# e_{tj} &= s_t \cdot W m_j && \text{score: how well does item } j \text{ fit what is needed now?} \\
# a_{tj} &= \frac{\exp(e_{tj})}{\sum_k \exp(e_{tk})} && \text{softmax: positive weights, sum 1} \\
# c_t &= \sum_j a_{tj}\, m_j && \text{context: the memory, mixed by these weights} \\
# \tilde{s}_t &= \tanh(C\, [c_t; s_t]) && \text{context and state together}
# \end{aligned}
# $$
#
# $[c_t; s_t]$ means that one vector follows the other. A softmax over the letters is computed from
# $\tilde{s}_t$, as before from $s_t$. The weights $a_{tj}$ are computed again at every step $t$.
# All of this can be differentiated. So the network learns where to look from the letters alone:
# **nobody tells it.**

# %% [markdown]
# ## One step by hand
#
# We take the trained network with attention and a string that it never saw. We need the memory and
# the decoder's states. To check our result, we also need the outputs of the attention layers. We
# build a model that has the same inputs and returns all of these. (`model.summary()` lists the
# layers and their names.)

# %%
model = models["dot"]


def as_inputs(source):
    """Returns what the model reads if the decoder has made no mistake: a batch of one."""
    (source, read), _ = make_row(source)
    return [source[None], read[None]]


inside = keras.Model(
    model.inputs,
    {
        "memory": model.get_layer("encoder_0").output[0],  # [batch, source time, 2 * units]
        "states": model.get_layer("decoder_0").output[0],  # [batch, target time, units]
        "context": model.get_layer("attention").output[0],  # [batch, target time, 2 * units]
        "weights": model.get_layer("attention").output[1],  # [batch, target time, source time]
        "joined": model.get_layer("attention_output").output,  # [batch, target time, units]
    },
)
source = test[8][0]
parts = {name: values[0] for name, values in inside.predict_on_batch(as_inputs(source)).items()}
for name, values in parts.items():
    print(f"{name:8} {values.shape}")

# %% [markdown]
# At step 2 (arrays count from 0) the decoder has written two letters. Now it needs the third letter
# from the end.


# %%
def softmax(scores):
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the same result, no overflow
    return scores / scores.sum(axis=-1, keepdims=True)


# %%
t = 2
print(f"source {spell(source)}, written so far {spell(source[::-1][:t])}")

W = model.get_layer("attention_keys").get_weights()[0]  # [2 * units, units]
C = model.get_layer("attention_output").get_weights()[0]  # [3 * units, units]
s, memory = parts["states"][t], parts["memory"]  # [units], [source time, 2 * units]
scores = memory @ W @ s  # [source time]
weights = softmax(scores)  # [source time], with the sum 1
context = weights @ memory  # [2 * units]
joined = np.tanh(np.concatenate([context, s]) @ C)  # [units]

for letter, score, weight in zip(spell(source), scores, weights, strict=True):
    print(f"{letter}   score {score:7.2f}   weight {weight:.3f}")

np.testing.assert_allclose(weights, parts["weights"][t], atol=1e-5)
np.testing.assert_allclose(context, parts["context"][t], atol=1e-4)
np.testing.assert_allclose(joined, parts["joined"][t], atol=1e-4)
print("weights, context and output: equal to the layers'")

# %% [markdown]
# Softmax turns differences of scores into ratios of weights: an item whose score is larger by 3
# gets $e^3 \approx 20$ times the weight. The state says, in the network's own terms, "I am at the
# third letter from the end". The item that fits best gets the most weight.
#
# The last layer turns the result into a letter:

# %%
V, b = model.get_layer("probabilities").get_weights()  # [units, letters], [letters]
p = softmax(joined @ V + b)  # [letters]
best = int(p.argmax())
print(f"third letter written: {LETTERS[best]}, with probability {p[best]:.3f}")

# %% [markdown]
# ## Where it looks
#
# The weights of all steps make a picture. It has a row for each letter that the network writes and
# a column for each letter of the source. It is dark where the network looks. Here are two test
# strings, of 8 and of 10 letters:

# %%
shown = [test[8][0], test[10][0]]
figure = plots.plot_attention(
    model,
    [as_inputs(source) for source in shown],
    [(list(spell(source)), [*spell(source[::-1]), "end"]) for source in shown],
)

# %% [markdown]
# The dark squares run from the upper right to the lower left: the first letter written comes from
# the last letter of the source, and so on. Nobody told the network that. It found this out by
# itself.
#
# How exact is it? We use the 100 test strings of 10 letters. Is the position with the largest
# weight the position of the letter that is written? If not, how far off is it?

# %%
inputs = [np.concatenate(column) for column in zip(*map(as_inputs, test[10]), strict=True)]
weights = keras.Model(model.inputs, model.get_layer("attention").output[1]).predict_on_batch(inputs)
looked_at = weights[:, :10].argmax(axis=-1)  # [strings, letters]; the end is left out
right_place = np.arange(10)[::-1]
for offset, count in zip(*np.unique(looked_at - right_place, return_counts=True), strict=True):
    print(f"{offset:+d}: {count / looked_at.size:.1%}")

# %% [markdown]
# +0 is the letter itself, and -1 is its neighbor on the left. In this run, the network nearly
# always looks at the letter itself. Another run may look next door. Each state of the memory has
# read what is around it, from both sides, so it could also carry the letter next to it. A network
# that looks at neighbors can be just as right. So be careful with such pictures. **The weights say
# which states were used, not which letters, and not why.**

# %% [markdown]
# ## Real words
#
# The trained model `pronunciation-cmudict-gru` spells English words as sounds, in the code of the
# CMU dictionary. (`AY` is the vowel of "my", and `JH` is the first sound of "judge".) It may have
# learned from these very words. That does not matter here, because we look at where it looks, not
# at how good it is. Letters and sounds do not match one to one, so attention has something to find
# out.

# %%
task = zoo.load("pronunciation-cmudict-gru")
words = ["phoenix", "knight", "psychology"]
sounds = [answer.split() for answer in task.generate(words)]
letters = {letter: i for i, letter in enumerate(task.card["source_vocabulary"])}
phonemes = {phoneme: i for i, phoneme in enumerate(task.card["target_vocabulary"])}
figure = plots.plot_attention(
    task.model,
    [
        [
            np.array([[letters[letter] for letter in word]]),
            np.array([[START, *(phonemes[sound] for sound in said)]]),
        ]
        for word, said in zip(words, sounds, strict=True)
    ],
    [(list(word), [*said, "end"]) for word, said in zip(words, sounds, strict=True)],
)

# %% [markdown]
# The network moves through the word from left to right. It finds that "ph", "kn" and "ps" are one
# sound each. It finds that the "x" of "phoenix" is two sounds, K and S, and looks at it for both.
# And here it looks at neighbors: in "kn" and "ps" it looks at the first letter, the silent one. The
# state there knows the next letter, because the encoder also reads from the right.
#
# ## Sentences
#
# The trained model `translation-multi30k-en-de-gru` translates captions of photographs from English
# to German. Its tokens are pieces of words. The library SentencePiece cuts them, using two lists in
# the model's folder. `▁` marks the beginning of a word.

# %%
task = zoo.load("translation-multi30k-en-de-gru")
folder, _ = zoo.tasks.find("translation-multi30k-en-de-gru")
english, german = (
    sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.spm"))
    for side in ("source", "target")
)
texts = [
    "A little girl is playing with a dog in the snow.",
    "A man in a red shirt is riding a bicycle.",
]
translations = task.generate(texts)
for text, translation in zip(texts, translations, strict=True):
    print(text, "->", translation)
pairs = list(zip(texts, translations, strict=True))
figure = plots.plot_attention(
    task.model,
    [
        [np.array([english.encode(text)]), np.array([[START, *german.encode(said)]])]
        for text, said in pairs
    ],
    [
        (english.encode(text, out_type=str), [*german.encode(said, out_type=str), "end"])
        for text, said in pairs
    ],
)

# %% [markdown]
# Most words are found clearly: "Mädchen" looks at "girl", "Hund" at "dog", "Schnee" at "snow". The
# period and the end look at the period. "is" gets hardly any weight, because "is playing" is a
# single word in German, "spielt". Sometimes the weight is spread over several words. Then the
# decoder either needs all of them or already knows enough. The picture does not say which.

# %% [markdown]
# ## Dot and additive
#
# There is more than one way to compute a score. The zoo has two:
#
# $$
# \begin{aligned}
# \texttt{"dot"} \quad e_{tj} &= s_t \cdot W m_j \\
# \texttt{"additive"} \quad e_{tj} &= v \cdot \tanh(W m_j + Q s_t)
# \end{aligned}
# $$
#
# The additive score (Bahdanau and others) is older. It is a small network with one hidden layer
# that looks at both vectors. The dot product (Luong and others) only asks how far they point in the
# same direction, after $W$ has translated the memory into the terms of the state. Softmax and
# context are the same in both. Here they are in NumPy, next to Keras's layers:

# %%
S, T, units = 6, 4, 5
states, keys = rng.normal(size=(T, units)), rng.normal(size=(S, units))  # s_t (or Q s_t), and W m_j
v = rng.normal(size=units)

dot = states @ keys.T  # [T, S]: one product of matrices
additive = np.tanh(states[:, None, :] + keys[None, :, :]) @ v  # [T, S], by way of [T, S, units]

layers = {"dot": keras.layers.Attention(), "additive": keras.layers.AdditiveAttention()}
for (name, layer), scores in zip(layers.items(), (dot, additive), strict=True):
    layer.build([(1, T, units), (1, S, units), (1, S, units)])
    if name == "additive":
        layer.set_weights([v])
    _, weights = layer(
        [states[None].astype("float32"), keys[None].astype("float32")], return_attention_scores=True
    )
    np.testing.assert_allclose(softmax(scores), np.asarray(weights)[0], atol=1e-5)
    print(f"{name:8} equal to Keras's layer {type(layer).__name__}")

# %% [markdown]
# The dot score is one product of two matrices. The additive score needs a tanh of `units` numbers
# for each pair of step and item. With $u$ units and a memory of size $m$, the dot score has only
# $W$ as weights, $m u$ numbers. The additive score has $W$, $Q$ and $v$, which are $m u + u^2 + u$
# numbers. In exchange, the additive score can be any function of the two vectors that a small
# network can learn. Measure on your task which one is better. The zoo has both, as
# `attention="dot"` and `attention="additive"`.

# %% [markdown]
# ## What it costs, and what comes next
#
# - Every step of the decoder looks at every item, so there are $S \times T$ scores. If both sides
#   are twice as long, there are four times as many. That is little for sentences, but not for
#   books.
# - The network must not look at padding. The zoo passes the mask of the source to the layer. The
#   layer subtracts a huge number from the scores of the padding, so that its weights are 0.
# - Encoder and decoder still read and write step by step. But look at the formulas of attention
#   again: they do not need the previous step. All $e_{tj}$ can be computed at once. A
#   **transformer** keeps attention and drops the recurrence.

# %% [markdown]
# ## Questions
#
# **1.** Could a larger state or longer training do the same as attention?
#
# <details><summary>Answer</summary>
#
# Up to some length, probably. Try it: 256 units instead of 75, or four times as many strings (and
# `decay_steps`). Expect the blue curve to move to the right, and the training to take several times
# as long. But for any size and any amount of training there are longer sources, and the vector must
# hold them completely. With attention, the memory grows with the source: $S$ items, not one.
#
# </details>
#
# **2.** What would happen if the padding of the source were not masked?
#
# <details><summary>Answer</summary>
#
# Softmax gives every item a positive weight. The states at the padding would get some of it, and
# more padding would get more. The answer for a string would then depend on how long the other
# strings in its batch are.
#
# </details>
#
# **3.** Attention adds up the memory with weights, and a sum has no order. So how does the network
# know which letter is the third from the end? And what must a network with attention and no
# recurrence add?
#
# <details><summary>Answer</summary>
#
# The order is in the items. Each item is the state of a recurrent network that has counted while
# reading, from the left and from the right. So it contains both the position and the letter.
# Without recurrence, an item would only be the vector of a letter, and "ab" and "ba" would be the
# same set. So a transformer adds a vector to each item that says what its position is.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: attention with a mask
#
# Write the line that computes the weights of attention, if some places of the source are padding.
# They must get no weight.


# %%
def masked_weights(scores, is_letter):
    """Returns the weights of the source's places. They add up to 1, and padding has the weight 0.

    Args:
        scores: [..., source time].
        is_letter: False where there is padding, [..., source time]. There is at least one letter.
    """
    raise NotImplementedError


# %%
# The check compares with Keras.
cases = []
for seed, shape in enumerate([(4,), (3, 5), (2, 3, 6)]):
    rng = np.random.default_rng(seed)
    some, is_letter = 5 * rng.normal(size=shape), rng.random(shape) < 0.6
    is_letter[..., 0] = True
    cases.append(((some, is_letter), keras.layers.Softmax()(some.astype("float32"), mask=is_letter)))
exercises.check(masked_weights, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def masked_weights(scores, is_letter):
#     return softmax(np.where(is_letter, scores, -1e9))
# ```
#
# </details>
#
# ### Task 2: from greedy search to beam search
#
# Greedy search takes the most probable token at each step. This need not lead to the most probable
# sequence. **Beam search** keeps several beginnings. At each step it continues each of them with
# every token, and keeps the best. Turn one into the other.


# %%
def greedy_search(log_p, max_length):
    """Returns a list of tokens. It ends with END, or it has max_length tokens.

    Args:
        log_p: a function. It takes the list of tokens so far, and returns the log-probability of each
            possible next token, an array [vocabulary].
        max_length: the largest number of tokens.
    """
    tokens = []
    while len(tokens) < max_length and END not in tokens:
        tokens = [*tokens, int(np.argmax(log_p(tokens)))]
    return tokens


def beam_search(log_p, max_length, beam_width):
    """Like greedy_search, but it keeps the `beam_width` best beginnings. Returns the best at the end.

    The score of a beginning is the sum of the log-probabilities of its tokens. A beginning that ends
    with END is not continued. It keeps its score and stays among the others, as long as it is one of
    the `beam_width` best.
    """
    raise NotImplementedError


# %%
# The check makes up probabilities that depend on the previous token. A beam of 1 is greedy search. With
# an endless beam, the result is the best of all sequences. Where no sequence ends early, a beam in
# between finds the same as zoo.decoding.
def made_up(seed, vocabulary_size, end=True):
    p = np.random.default_rng(seed).dirichlet(np.full(vocabulary_size, 0.5), vocabulary_size)
    p[:, END] = p[:, END] if end else 1e-12
    table = np.log(p / p.sum(axis=1, keepdims=True) + 1e-12)  # [previous token, next token]
    return table, lambda tokens: table[tokens[-1] if tokens else START]


def all_sequences(vocabulary_size, max_length, tokens=()):
    if len(tokens) == max_length or END in tokens:
        return [list(tokens)]
    more = [all_sequences(vocabulary_size, max_length, (*tokens, i)) for i in range(vocabulary_size)]
    return [sequence for some in more for sequence in some]


def sum_of(log_p, tokens):
    return sum(log_p(tokens[:t])[token] for t, token in enumerate(tokens))


cases = []
for seed in range(5):
    _, log_p = made_up(seed, 5)
    cases.append(((log_p, 6, 1), greedy_search(log_p, 6)))
    every = all_sequences(5, 4)
    cases.append(((log_p, 4, len(every)), max(every, key=lambda tokens, f=log_p: sum_of(f, tokens))))
    table, log_p = made_up(seed, 7, end=False)

    def step(tokens, states, table=table):
        return keras.ops.take(table.astype("float32"), tokens, axis=0), states

    found, _ = zoo.decoding.beam_search(
        step, np.array([START]), [], max_length=6, beam_width=2, length_penalty=0
    )
    cases.append(((log_p, 6, 2), found[0, 0].tolist()))
exercises.check(beam_search, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def beam_search(log_p, max_length, beam_width):
#     beams = [(0.0, [])]  # score and tokens
#     for _ in range(max_length):
#         candidates = []
#         for score, tokens in beams:
#             if END in tokens:
#                 candidates.append((score, tokens))
#             else:
#                 for token, value in enumerate(log_p(tokens)):
#                     candidates.append((score + value, [*tokens, token]))
#         candidates.sort(key=lambda candidate: candidate[0], reverse=True)
#         beams = candidates[:beam_width]
#     return beams[0][1]
# ```
#
# </details>
#
# ### Task 3: what a wider beam finds
#
# An experiment. Let the trained model of pronunciations write with beams of different widths. How
# probable is what it writes? The model and the function that reads a word are given.

# %%
speller = zoo.load("pronunciation-cmudict-gru")
letter_to_token = {letter: i for i, letter in enumerate(speller.card["source_vocabulary"])}


def read_words(words):
    """Returns the tokens of words, padded on the right, [words, time]."""
    rows = [[letter_to_token[letter] for letter in word] for word in words]
    return keras.utils.pad_sequences(rows, padding="post")


def mean_log_p(words, beam_width):
    """Returns the mean log-probability of what the model writes for the words, a number.

    `speller.model.generate(..., strategy="beam", beam_width=beam_width, length_penalty=0)` writes at
    most 20 tokens for each word: a row [time], with END, and with 0 after it. Then call `speller.model`
    with what it reads, as in training: the sources and, for each row, START and all tokens but the
    last. It returns the probabilities of all tokens [words, time, tokens]. Look up those that were
    written. Padding does not count.
    """
    raise NotImplementedError


# %%
# The check asks `generate` itself for its scores.
some_words = ["phoenix", "knight", "psychology", "through", "queue", "colonel", "choir", "rhythm"]
cases = []
for chosen, beam_width in ((some_words, 1), (some_words, 5), (some_words[:3], 2)):
    options = {"strategy": "beam", "beam_width": beam_width, "length_penalty": 0, "n_best": 1}
    _, scores = speller.model.generate(read_words(chosen), 20, **options)  # [words, 1]
    cases.append(((chosen, beam_width), scores.mean()))
exercises.check(mean_log_p, cases, tolerance=0.01)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def mean_log_p(words, beam_width):
#     sources = read_words(words)
#     written = speller.model.generate(
#         sources, 20, strategy="beam", beam_width=beam_width, length_penalty=0
#     )  # [words, time]
#     read = np.concatenate([np.full((len(words), 1), START), written[:, :-1]], axis=1)
#     p = speller.model([sources, read]).numpy()  # [words, time, tokens]
#     p_written = np.take_along_axis(p, written[:, :, None], axis=2)[:, :, 0]  # [words, time]
#     return np.where(written > 0, np.log(p_written), 0).sum(axis=1).mean()
# ```
#
# Compare `mean_log_p(some_words, 1)` and `mean_log_p(some_words, 5)`. The wider beam finds
# sequences that are more probable, or the same. Whether they are also better pronunciations is
# another question.
#
# </details>

# %% [markdown]
# ## Sources
#
# - Ilya Sutskever, Oriol Vinyals, Quoc Le, 2014, "Sequence to Sequence Learning with Neural
#   Networks": everything through one vector; section 3.3 reverses the source, which helps.
# - Kyunghyun Cho, Bart van Merriënboer, Dzmitry Bahdanau, Yoshua Bengio, 2014, "On the Properties
#   of Neural Machine Translation: Encoder-Decoder Approaches": translations get worse as sentences
#   get longer.
# - Dzmitry Bahdanau, Kyunghyun Cho, Yoshua Bengio, 2015, "Neural Machine Translation by Jointly
#   Learning to Align and Translate": additive attention, section 3; quality against length, figure
#   2.
# - Minh-Thang Luong, Hieu Pham, Christopher Manning, 2015, "Effective Approaches to Attention-based
#   Neural Machine Translation": section 3.1. The dot score here is the one they call "general".
# - Shubham Toshniwal, Karen Livescu, 2016, "Jointly Learning to Align and Convert Graphemes to
#   Phonemes with Neural Attention Models": from spelling to sounds.
# - Sarthak Jain, Byron Wallace, 2019, "Attention is not Explanation": why to be careful with the
#   pictures.
# - Ashish Vaswani and others, 2017, "Attention Is All You Need": what comes next.
