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
# # Gates: LSTM and GRU
#
# A plain recurrent network forgets (notebook `06_vanishing_gradients`). LSTM and GRU have
# gates: numbers between 0 and 1 that say how much to keep, write and show. We write both cells in
# NumPy and see why they carry gradients further. Then we watch the gates of a trained network while
# it reads "not". At the end, we look at what the gates cost.

# %%
import logging
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo
from zoo import diagnostics, exercises

plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # hides warnings about its internals

# %% [markdown]
# ## The LSTM
#
# The plain cell has one state, $h_t$, and replaces all of it at every step. An LSTM has two states:
# the hidden state $h_t$, which other layers see, and the **cell state** $c_t$, which only the cell
# itself sees. With the input $x_t$:
#
# $$
# \begin{aligned}
# i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) && \text{input gate: how much is written} \\
# f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) && \text{forget gate: how much is kept} \\
# g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) && \text{candidate: what could be written} \\
# o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) && \text{output gate: how much is shown} \\
# c_t &= f_t \odot c_{t-1} + i_t \odot g_t && \text{the new cell state} \\
# h_t &= o_t \odot \tanh(c_t) && \text{the new hidden state}
# \end{aligned}
# $$
#
# $\sigma(a) = 1 / (1 + e^{-a})$ is between 0 and 1. $\odot$ multiplies number by number, so each
# unit has its own gates. $W$ is the kernel, $b$ the bias, and $U$ the recurrent kernel. ($U$ was
# called $W_h$ in the earlier notebooks. Now there are four.)
#
# Keras stores the four kernels side by side in one matrix, in the order $i, f, g, o$. (It calls the
# candidate $c$.) So one product computes all four parts, and `np.split` separates them. An input is
# a row, so we write the product as `x @ W`.


# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_step(x, h, c, weights):
    """Computes one step. The input is [features], the states are [units]."""
    W, U, b = weights  # [features, 4 * units], [units, 4 * units], [4 * units]
    i, f, g, o = np.split(x @ W + h @ U + b, 4)  # each [units]
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


# %% [markdown]
# Here is a Keras layer with 2 units for inputs of 3 numbers. We fill it with random weights, so
# that no bias is 0. Then we compute one step both ways and compare.

# %%
rng = np.random.default_rng(0)
lstm = keras.layers.LSTM(2, return_sequences=True)
lstm.build((None, None, 3))  # makes the weights
weights = [rng.normal(size=w.shape) for w in lstm.get_weights()]
lstm.set_weights(weights)
print("shapes of W, U, b:", [w.shape for w in weights])

x = rng.normal(size=(1, 6, 3)).astype("float32")  # [batch, time, features]
h, c = lstm_step(x[0, 0], np.zeros(2), np.zeros(2), weights)
print("h_1 by hand: ", h.round(6))
print("h_1 by Keras:", np.asarray(lstm(x[:, :1]))[0, 0])

# %% [markdown]
# A sequence repeats the same step with the same weights.


# %%
def lstm_by_hand(x, weights, units):
    h, c = np.zeros(units), np.zeros(units)
    states = []
    for x_t in x:
        h, c = lstm_step(x_t, h, c, weights)
        states.append(h)
    return np.array(states)  # [time, units]


by_hand = lstm_by_hand(x[0], weights, units=2)
by_keras = np.asarray(lstm(x))[0]
np.testing.assert_allclose(by_hand, by_keras, atol=1e-6)
print("greatest difference over 6 steps:", f"{np.abs(by_hand - by_keras).max():.0e}")

# %% [markdown]
# ## The GRU
#
# The GRU has one state and two gates. Keras writes it like this:
#
# $$
# \begin{aligned}
# z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z + d_z) && \text{update gate} \\
# r_t &= \sigma(W_r x_t + U_r h_{t-1} + b_r + d_r) && \text{reset gate} \\
# n_t &= \tanh(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + d_n)) && \text{candidate} \\
# h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot n_t && \text{the new state}
# \end{aligned}
# $$
#
# One gate does the work of two: the share that is kept ($z$) and the share that is written ($1 -
# z$) add up to 1. The reset gate says how much of the old state the candidate can see. The kernels
# are stored side by side in the order $z, r, n$. (Keras calls the candidate $h$.) There are two
# biases, $b$ and $d$. The reset gate acts after the product with $U_n$, so it acts on $d_n$ but not
# on $b_n$.


# %%
def gru_step(x, h, weights):
    """Computes one step. The input is [features], the state is [units]."""
    W, U, biases = weights  # [features, 3 * units], [units, 3 * units], [2, 3 * units]
    z, r, n = np.split(x @ W + biases[0], 3)
    uz, ur, un = np.split(h @ U + biases[1], 3)
    z, r = sigmoid(z + uz), sigmoid(r + ur)
    n = np.tanh(n + r * un)
    return z * h + (1 - z) * n


def gru_by_hand(step, x, weights, units):
    h = np.zeros(units)
    states = []
    for x_t in x:
        h = step(x_t, h, weights)
        states.append(h)
    return np.array(states)  # [time, units]


gru = keras.layers.GRU(2, return_sequences=True)
gru.build((None, None, 3))
weights = [rng.normal(size=w.shape) for w in gru.get_weights()]
gru.set_weights(weights)
print("shapes of W, U, b and d:", [w.shape for w in weights])
by_keras = np.asarray(gru(x))[0]
np.testing.assert_allclose(gru_by_hand(gru_step, x[0], weights, units=2), by_keras, atol=1e-6)
print("equal")

# %% [markdown]
# ### The other way to write it
#
# Many textbooks and course notes swap the roles of $z$ and $1 - z$ in the last line:
#
# $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t$$
#
# There, $z = 1$ means "take the new". In Keras it means "keep the old". Is that a different cell?
# No. The gate only has a different meaning, because $1 - \sigma(a) = \sigma(-a)$. Change the sign
# of everything that makes $z$ (its kernel, its recurrent kernel, its biases), and one form becomes
# the other.


# %%
def textbook_gru_step(x, h, weights):
    """Like gru_step, except for the last line."""
    W, U, biases = weights
    z, r, n = np.split(x @ W + biases[0], 3)
    uz, ur, un = np.split(h @ U + biases[1], 3)
    z, r = sigmoid(z + uz), sigmoid(r + ur)
    n = np.tanh(n + r * un)
    return (1 - z) * h + z * n


sign = np.array([-1, -1, 1, 1, 1, 1])  # 2 units: z, z, r, r, n, n
textbook_weights = [w * sign for w in weights]
textbook_states = gru_by_hand(textbook_gru_step, x[0], textbook_weights, units=2)
np.testing.assert_allclose(textbook_states, by_keras, atol=1e-6)
print("the textbooks' GRU with negated weights of z = Keras's GRU")

# %% [markdown]
# A second difference is real. In many textbooks, the candidate is $\tanh(W_n x_t + U_n (r_t \odot
# h_{t-1}) + b_n)$: the reset gate acts **before** the product. Keras has that too,
# `GRU(reset_after=False)`, with one bias. The form above, `reset_after=True`, is the default. It
# needs only one product with $U$ for all three parts, and fast GPU code exists for it. You cannot
# use the weights of one form in the other.

# %% [markdown]
# ## Why gradients get through
#
# Look at this line of the LSTM again:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot g_t$$
#
# The old cell state is not multiplied by a matrix and not squashed by tanh. It is scaled by $f_t$,
# and something is **added**. If we keep $h_{t-1}$ fixed, the derivative is just the gate:
#
# $$\frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(f_t)$$
#
# To see it, we compute the whole Jacobian of a step for an LSTM of 8 units with random weights. Its
# state is $s_t = (h_t, c_t)$, which is 16 numbers. So the Jacobian $J_t = \partial s_t / \partial
# s_{t-1}$ has $16 \times 16$ numbers, in four blocks.

# %%
keras.utils.set_random_seed(0)
model = zoo.build("many_to_one", cell="lstm", num_features=3, units=8)
x = rng.normal(size=(1, 5, 3)).astype("float32")  # [batch, time, features]
J = diagnostics.jacobians(model, x)[0, -1]  # [16, 16], of the last step
f = diagnostics.gate_activations(model, x)["forget"][0, -1]  # [8]
np.testing.assert_allclose(J[8:, 8:], np.diag(f), atol=1e-6)
print("dc_t / dc_{t-1} is a diagonal matrix. On the diagonal:", np.diag(J[8:, 8:]).round(3))
print("forget gate:                                          ", f.round(3))

# %%
figure, axis = plt.subplots(figsize=(7, 6), layout="constrained")
image = axis.imshow(J, cmap="RdBu_r", vmin=-0.8, vmax=0.8)
axis.axhline(7.5, color="black")
axis.axvline(7.5, color="black")
ticks = [3.5, 11.5]
axis.set_xticks(ticks, ["$h_{t-1}$", "$c_{t-1}$"])
axis.set_yticks(ticks, ["$h_t$", "$c_t$"])
axis.set(title="Jacobian of one step of an LSTM", xlabel="with respect to", ylabel="derivative of")
figure.colorbar(image, ax=axis)
plt.show()

# %% [markdown]
# The lower right block is the forget gate and nothing else. In the whole right half, each unit
# depends only on its own cell state. The left half is the other path from step to step: all gates
# look at $h_{t-1}$, through matrices, as in a plain network. (In a GRU, both paths are in the same
# state. The direct path from $h_{t-1}$ to $h_t$ is $\operatorname{diag}(z_t)$, and the other paths
# go through matrices.)
#
# Along the diagonal alone, a gradient that comes back over many steps is multiplied by $f_T f_{T-1}
# \cdots f_2$. This is the arithmetic of notebook 06 again. With the same gate at every step:

# %%
print(f"{'bias':>4}{'gate f':>9}{'f^10':>9}{'f^50':>9}{'f^100':>9}")
for bias in (0, 1, 3, 5):
    gate = sigmoid(bias)
    print(f"{bias:4}{gate:9.4f}{gate**10:9.1e}{gate**50:9.1e}{gate**100:9.1e}")

# %% [markdown]
# A gate of 0.5 forgets as fast as before. **The LSTM does not remember by itself. It can learn
# to.** It only needs a gate near 1, and a gate is near 1 for any large enough sum inside the
# sigmoid. A plain network would need a matrix whose products neither grow nor shrink, and tanh
# would still squash at every step.
#
# For the same reason, Keras starts the bias of the forget gate at 1, not at 0
# (`unit_forget_bias=True`). An LSTM that forgets everything at the start gets hardly any gradient
# that could teach it to remember.
#
# Now we look at whole Jacobians, with both paths together, before any training. Networks of 16
# units with Keras's random weights read 100 random inputs. The LSTMs differ only in the bias of the
# forget gate.

# %%
SETTINGS = {
    "SimpleRNN": ("simple_rnn", None),
    "GRU": ("gru", None),
    "LSTM, forget bias 0": ("lstm", 0),
    "LSTM, forget bias 1 (Keras)": ("lstm", 1),
    "LSTM, forget bias 3": ("lstm", 3),
    "LSTM, forget bias 5": ("lstm", 5),
}


def random_jacobians(cell, forget_bias, seed):
    keras.utils.set_random_seed(seed)
    model = zoo.build("many_to_one", cell=cell, num_features=8, units=16)
    if forget_bias is not None:
        layer = model.get_layer("rnn_0")
        W, U, b = layer.get_weights()
        b[16:32] = forget_bias  # i, f, g, o of 16 units each
        layer.set_weights([W, U, b])
    x = np.random.default_rng(seed).normal(size=(1, 100, 8)).astype("float32")
    return diagnostics.jacobians(model, x)[0]  # [time, state, state]


all_jacobians = {
    name: [random_jacobians(*setting, seed) for seed in range(3)] for name, setting in SETTINGS.items()
}
figure = diagnostics.plot_singular_values({name: runs[0] for name, runs in all_jacobians.items()})
plt.show()

# %% [markdown]
# The right picture shows the most that a gradient from the last step can still be worth at step
# $t$. Read it from right to left, as the gradient travels. Straight lines on a logarithmic axis are
# powers such as $f^{T-t}$. The LSTMs come in the same order as in the table. One picture is one
# draw of random weights. Here is the value at step 51, fifty steps back, for three draws:

# %%
for name, runs in all_jacobians.items():
    # [1]: the singular values of the products. [0, 50, 0]: the largest one, from step 51 on.
    values = [diagnostics.singular_values(jacobians[None])[1][0, 50, 0] for jacobians in runs]
    print(f"{name:30}", *(f"{value:9.1e}" for value in values))

# %% [markdown]
# There are three things to remember:
#
# - The forget gate decides, not the name of the cell. Here, an LSTM with a bias of 0 is worse than
#   the plain network. So is the GRU, whose update gate starts at 0.5.
# - A gate near 1 lets the gradient through, over 100 steps.
# - With a bias of 3 or 5, the product does not stay at 1 but grows, because the path through
#   $h_{t-1}$ and the matrices adds to it. It grows only a little here, but nothing in the equations
#   keeps it small. **Gates help against gradients that vanish, not against gradients that
#   explode.** You still need clipping.
#
# Does training find such gates? That is another question. Notebooks 06 and 07 measured it, on tasks
# that need a long memory.

# %% [markdown]
# ## Gates at work
#
# `zoo.load` opens an LSTM of 128 units. It was trained to tell whether a sentence from a film
# review is positive (the dataset SST-2). First we look at its accuracy on sentences that it never
# saw. We compare it with a model that averages word vectors and so cannot see word order:

# %%
task = zoo.load("sentiment-sst2-lstm")
accuracies = task.card["metrics"]["test_accuracy"]
for name in ("lstm", "mean of word vectors"):
    print(f"{name:22}{accuracies[name]['all']:.3f}")
for answer in task.predict(["The food is good", "The food is not good"]):
    print(answer)

# %% [markdown]
# We want to look inside, so we make its input ourselves: we split a sentence into words and look up
# their numbers in the vocabulary. The last layer turns the last hidden state into the probability
# of "positive". We can also apply this layer after **every** word. Then it answers as if the
# sentence ended there. (The training data has phrases as well as sentences, so the network has seen
# unfinished sentences.)

# %%
model = task.model
index = {word: i for i, word in enumerate(task.card["vocabulary"])}


def read(sentence):
    """Returns the words of a sentence, and their numbers [1, time]."""
    words = zoo.text.standardize(sentence).numpy().decode().split()
    return words, np.array([[index.get(word, 1) for word in words]])  # 1: unknown


def answers(states):
    """Turns hidden states [time, units] into probabilities of "positive" [time]."""
    return np.asarray(model.get_layer("probabilities")(states))[:, 0]


sentences = ["The food is good", "The food is not good", "The food is bad", "The food is not bad"]
figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharey=True, layout="constrained")
for axis, sentence in zip(axes.flat, sentences, strict=True):
    words, tokens = read(sentence)
    p = answers(diagnostics.hidden_states(model, tokens)[0])
    axis.bar(range(len(words)), p, color=np.where(p > 0.5, "tab:orange", "tab:blue"))
    axis.axhline(0.5, color="gray", linestyle="dotted")
    axis.set_xticks(range(len(words)), words)
    axis.set(ylim=(0, 1), title=sentence)
for axis in axes[:, 0]:
    axis.set_ylabel('probability of "positive"\nafter this word')

# %% [markdown]
# All four sentences begin alike, because the network reads from left to right and does not know
# what will come. "not" turns the answer around at once. Then "good", which without "not" makes the
# network sure of "positive", changes little. So the effect of "good" depends on the words before
# it. In a logistic regression on a bag of words, "good" counts the same everywhere.
#
# But look at the last picture: "not bad" is called negative, too. This network has not learned that
# "not" reverses what follows. So what has it learned? We look at the gates.

# %%
words, tokens = read("The food is not good")
gates = {name: values[0] for name, values in diagnostics.gate_activations(model, tokens).items()}
order = np.argsort(-gates["input"][words.index("not")])  # sorts the units for the picture
figure = diagnostics.plot_gates(
    {f"{name} gate": gates[name][:, order] for name in ("input", "forget", "output")}, words
)

# %% [markdown]
# Each row is one of the 128 units, and each column is a word. Black is 1, an open gate. We sorted
# the units by their input gate at "not". The order has no meaning, but it makes the picture easier
# to read. The input gate is open in many units at "not", and in few of them at "good". The network
# writes down "not", and then it writes down little of "good".
#
# Next come the hidden states, in the same order. We also print how far the state moves at each
# word: the norm of $h_t - h_{t-1}$. We compare with the sentence without "not".

# %%
figure = diagnostics.plot_states(diagnostics.hidden_states(model, tokens)[0][:, order], words)
figure.axes[0].set_title("hidden state")
figure.set_size_inches(8, 5)

for sentence in ("The food is good", "The food is not good"):
    words, tokens = read(sentence)
    states = diagnostics.hidden_states(model, tokens)[0]  # [time, units]
    moves = np.linalg.norm(np.diff(states, axis=0, prepend=0), axis=1)
    print("  ".join(f"{word} {move:.2f}" for word, move in zip(words, moves, strict=True)))

# %% [markdown]
# "not" moves the state more than any other word of its sentence. "good" still moves the state, but
# less than it does without "not" before it.

# %% [markdown]
# ### One sentence is no evidence
#
# So we take 14 adjectives, 6 of praise and 8 of blame, and three sentences for each. We include
# "very" for comparison. If any word in between closed the gate, "very" would close it as well. The
# picture shows the input gate at the adjective, averaged over the 128 units.

# %%
praise = ["good", "great", "funny", "beautiful", "fresh", "smart"]
blame = ["bad", "boring", "stupid", "dull", "awful", "slow", "ugly", "weak"]
templates = ["the film is {}", "the film is very {}", "the film is not {}"]
at_adjective = {
    (template, adjective): {
        name: values[0]
        for name, values in diagnostics.gate_activations(
            model, read(template.format(adjective))[1]
        ).items()
    }
    for template in templates
    for adjective in praise + blame
}

figure, axis = plt.subplots(figsize=(11, 5), layout="constrained")
for template, marker in zip(templates, "o^s", strict=True):
    means = [at_adjective[template, adjective]["input"][-1].mean() for adjective in praise + blame]
    axis.plot(praise + blame, means, marker, markersize=10, label=template.format("..."))
    print(f"{template:24}mean over the adjectives: {np.mean(means):.2f}")
axis.set(ylim=(0, 1), ylabel="input gate at the adjective\n(mean over units)")
axis.tick_params(axis="x", rotation=45)
axis.legend(loc="upper right")
plt.show()

# %% [markdown]
# After "not", the input gate is only about half as open, or even less, for every adjective. After
# "very", it is as open as in the plain sentence. The equations allow exactly this: $i_t$ depends on
# $x_t$ **and** on $h_{t-1}$, so it can depend on what the network has read before.
#
# ### Is the gate the cause?
#
# Two things that happen together need not be cause and effect. But here we can test it. We have the
# equations, so we compute the last step again by hand and put in a different input gate. We take
# the gate that the same word has in "the film is ...", without "not". Everything else remains
# unchanged.


# %%
def last_step_with(gates, **others):
    """Computes c = f * c + i * g and h = o * tanh(c) for the last word, with some parts replaced."""
    parts = {name: values[-1] for name, values in gates.items()} | others
    c = parts["forget"] * gates["cell_state"][-2] + parts["input"] * parts["candidate"]
    h = parts["output"] * np.tanh(c)
    return answers(h[None])[0]


print(f"{'probability of positive':24}{'is ...':>10}{'is not ...':>12}{'is not ..., gate open':>24}")
for adjective in praise + blame:
    plain, negated = (at_adjective[template, adjective] for template in (templates[0], templates[2]))
    opened = last_step_with(negated, input=plain["input"][-1])
    print(f"{adjective:24}{last_step_with(plain):10.2f}{last_step_with(negated):12.2f}{opened:24.2f}")

# %% [markdown]
# With the gate held open, the adjective counts in spite of "not". The words of praise rise, most of
# them to about one half or above. The words of blame fall to almost nothing. Is it this gate, or
# would any other part do the same? We replace each part in turn, and take means over the words of
# praise and of blame.

# %%
print(f"{'exchanged':14}{'not + praise':>14}{'not + blame':>14}")
for part in (None, "input", "forget", "output", "candidate"):
    means = []
    for adjectives in (praise, blame):
        values = []
        for adjective in adjectives:
            plain, negated = (
                at_adjective[template, adjective] for template in (templates[0], templates[2])
            )
            others = {part: plain[part][-1]} if part else {}
            values.append(last_step_with(negated, **others))
        means.append(np.mean(values))
    print(f"{part or 'nothing':14}{means[0]:14.2f}{means[1]:14.2f}")

# %% [markdown]
# The input gate has by far the largest effect, in both directions. The candidate comes second, for
# words of praise only. The forget gate and the output gate do little here.
#
# So in these sentences, the network has not learned "not reverses the meaning". It has learned
# something more like "**not** is bad, and pay little attention to what comes next". The input gate
# explains most of this, but not all: when we replace it, praise does not come all the way back. For
# "not good" this rule gives the right answer, and for "not bad" the wrong one. The accuracy on the
# test sentences did not tell us that.
#
# ### How long is "not" remembered?
#
# The network must keep "not" to the end of the sentence. On the direct path, the share that is left
# of what a unit held after "not" is the product of its forget gates at all later words. Here it is
# for a longer sentence, with the 128 units sorted:

# %%
words, tokens = read("This is not a good film and nobody in the cast had any fun with it")
forget = diagnostics.gate_activations(model, tokens)["forget"][0]  # [time, units]
at = words.index("not")
kept = np.prod(forget[at + 1 :], axis=0)  # [units]

figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
axis.plot(np.sort(kept)[::-1], linewidth=3)
axis.set(xlabel="unit, sorted", ylabel="share kept", ylim=(0, 1))
axis.set_title(f'How much is left {len(words) - at - 1} words after "not"')
print(f"{(kept > 0.5).sum()} units keep more than half, {(kept < 0.05).sum()} less than a twentieth")
p = answers(diagnostics.hidden_states(model, tokens)[0])
print("answers:", "  ".join(f"{word} {one:.2f}" for word, one in zip(words, p, strict=True)))

# %% [markdown]
# Some units keep most of it to the end. About half of them have dropped nearly everything and are
# free for other things. Long and short memory exist side by side in one layer. That is why each
# unit has its own gate. (The curve shows all units, whether or not they responded to "not".) The
# answer stays negative from "not" on. The word "nobody" may help.

# %% [markdown]
# ## What it costs
#
# With $n$ inputs and $u$ units, one layer has
#
# | cell | parameters | |
# |---|---|---|
# | SimpleRNN | $u (n + u + 1)$ | one kernel, one recurrent kernel, one bias |
# | LSTM | $4 u (n + u + 1)$ | four of each |
# | GRU | $3 u (n + u + 2)$ | three of each, and a second bias |
#
# For word vectors of 100 numbers and 128 units, by formula and counted by Keras:

# %%
n, u = 100, 128
formulas = {"simple_rnn": u * (n + u + 1), "lstm": 4 * u * (n + u + 1), "gru": 3 * u * (n + u + 2)}
models = {
    cell: zoo.build("many_to_one", cell=cell, num_features=n, units=u, num_outputs=1)
    for cell in formulas
}
for cell, formula in formulas.items():
    counted = models[cell].get_layer("rnn_0").count_params()
    assert counted == formula
    print(f"{cell:12}{formula:8,} by formula, {counted:8,} counted")

# %% [markdown]
# Time is another matter. We measure a training step (forward, backward, update) for batches of 32
# sequences. Other programs may run at the same time. So the cells take turns for 15 rounds, and we
# take the median. The columns are the lengths of the sequences.

# %%
for one in models.values():
    one.compile(optimizer="adam", loss="mse")

lengths = (25, 50, 100)
seconds = {(cell, length): [] for cell in models for length in lengths}
y = rng.normal(size=(32, 1)).astype("float32")
for round_number in range(17):
    for length in lengths:
        x = rng.normal(size=(32, length, n)).astype("float32")
        for cell, one in models.items():
            start = time.perf_counter()
            one.train_on_batch(x, y)
            if round_number > 1:  # Keras compiles in the first two
                seconds[cell, length].append(time.perf_counter() - start)

print("milliseconds a step, median (quartiles)")
print(f"{'':12}" + "".join(f"{f'length {length}':>24}" for length in lengths))
for cell in models:
    row = [np.array(seconds[cell, length]) * 1000 for length in lengths]
    quartiles = [np.percentile(ms, (50, 25, 75)) for ms in row]
    texts = ["{:.0f} ({:.0f} to {:.0f})".format(*three) for three in quartiles]
    print(f"{cell:12}" + "".join(f"{text:>24}" for text in texts))

# %% [markdown]
# You can rely on this:
#
# - The plain cell is the cheapest, but not by as much as its parameters suggest. Each step is a
#   series of small operations, and their number matters as much as their size.
# - The GRU has three quarters of the LSTM's parameters, but it need not take three quarters of the
#   time. On a CPU the two are often close, and either one can be ahead. "The GRU is faster" is
#   something to measure on your machine, for your sizes.
# - Longer sequences take longer, for all three cells. Step $t$ needs $h_{t-1}$, so the steps must
#   be done one after the other, and more processors do not change that. Only the work inside a step
#   can be done in parallel: the rows of a batch, and the numbers of a product.

# %% [markdown]
# ## Questions
#
# **1.** A unit of an LSTM has $f_t = 1$ and $i_t = 0$ at all steps. What does it do, and what
# happens to a gradient on the direct path through it?
#
# <details><summary>Answer</summary>
#
# $c_t = 1 \cdot c_{t-1} + 0 \cdot g_t = c_{t-1}$. It keeps its number forever, whatever it reads.
# On this path, the gradient is multiplied by 1 at each step, so it neither vanishes nor explodes.
# But the unit also stores nothing new. To store something, the input gate must open at the right
# step and then close again.
#
# </details>
#
# **2.** You copy the weights of a GRU from a program that computes $h_t = (1 - z_t) h_{t-1} + z_t
# n_t$ into Keras's layer, without any change. The shapes fit. What goes wrong?
#
# <details><summary>Answer</summary>
#
# Where that program keeps the old state, Keras takes the candidate, and the other way around. There
# is no error message, only wrong numbers. Negate the kernel, the recurrent kernel and the bias of
# $z$. Also check the order of the gates in the matrix, and whether the reset gate acts before or
# after the product.
#
# </details>
#
# **3.** The network calls "not bad" negative. Could an LSTM get this right at all? What would you
# do?
#
# <details><summary>Answer</summary>
#
# It could. After "not" the state is different, and all gates and the candidate depend on the state.
# So "bad" can be written with the opposite sign. Nothing in the equations rules it out. What is
# missing is a reason to learn it: enough training sentences in which a negated word of blame is
# praise. So look for such sentences in the training data and add more of them. And count the errors
# on negated sentences separately, because one accuracy over all sentences hides them.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: the reset gate before the product
#
# In many textbooks the reset gate of a GRU acts before the product with $U_n$. Then the candidate is
# $\tanh(W_n x_t + b_n + U_n (r_t \odot h_{t-1}))$. Write the line that computes it.


# %%
def candidate(from_x, r, h, U_n):
    """Returns the candidate, [units].

    Args:
        from_x: W_n x_t + b_n, [units].
        r: the reset gate, [units].
        h: the state before the step, [units].
        U_n: the recurrent kernel of the candidate, [units, units], stored as in Keras: `h @ U_n`.
    """
    raise NotImplementedError


# %%
# The check compares with one step of Keras's GRU(reset_after=False). There, z is made 0.
cases = []
for seed, units in enumerate([1, 3, 6]):
    rng = np.random.default_rng(seed)
    x_1, h_1 = rng.normal(size=(2, units)).astype("float32")
    W, U = rng.normal(size=(2, units, 3 * units)).astype("float32")
    b = np.concatenate([np.full(units, -100.0), rng.normal(size=2 * units)])  # z, r, n
    cell = keras.layers.GRUCell(units, reset_after=False)
    cell.build((1, units))
    cell.set_weights([W, U, b])
    new_h, _ = cell(x_1[None], [h_1[None]])
    _, r, from_x = np.split(x_1 @ W + b, 3)
    r = sigmoid(r + h_1 @ U[:, units : 2 * units])
    cases.append(((from_x, r, h_1, U[:, 2 * units :]), new_h[0]))
exercises.check(candidate, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def candidate(from_x, r, h, U_n):
#     return np.tanh(from_x + (r * h) @ U_n)
# ```
#
# </details>
#
# ### Task 2: an LSTM step in NumPy
#
# Write a step of an LSTM for a batch of texts with a mask. First try it without looking at
# `lstm_step`, only with the equations. Where the mask is False, the text is over, and both states
# stay as they are.


# %%
def masked_lstm_step(x, mask, h, c, weights):
    """Computes one step. Returns the new states h and c, each [batch, units].

    Args:
        x: what is read, [batch, features].
        mask: False where there is padding, [batch].
        h, c: the states before the step, [batch, units].
        weights: W [features, 4 * units], U [units, 4 * units] and b [4 * units], each with the parts
            i, f, g, o side by side.
    """
    raise NotImplementedError


# %%
# The check compares with one step of Keras's LSTM.
cases = []
for seed, (batch_size, features, units) in enumerate([(2, 3, 2), (5, 1, 4), (3, 6, 1)]):
    rng = np.random.default_rng(seed)
    x_1 = rng.normal(size=(batch_size, features)).astype("float32")
    h_1, c_1 = rng.normal(size=(2, batch_size, units)).astype("float32")
    mask = np.arange(batch_size) % 2 == 0
    layer = keras.layers.LSTM(units, return_state=True)
    layer.build((None, None, features))
    its_weights = [rng.normal(size=w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(its_weights)
    _, *states = layer(x_1[:, None], initial_state=[h_1, c_1], mask=mask[:, None])
    cases.append(((x_1, mask, h_1, c_1, its_weights), tuple(np.asarray(state) for state in states)))
exercises.check(masked_lstm_step, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def masked_lstm_step(x, mask, h, c, weights):
#     W, U, b = weights
#     i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)  # each [batch, units]
#     new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
#     new_h = sigmoid(o) * np.tanh(new_c)
#     is_word = mask[:, None]  # [batch, 1]
#     return np.where(is_word, new_h, h), np.where(is_word, new_c, c)
# ```
#
# </details>
#
# ### Task 3: which words close the gate?
#
# An experiment. "not" closes the input gate at the next adjective, and "very" does not. Measure it
# for any word. Then try others: "never", "hardly", "really", "the".


# %%
def gate_after(word):
    """Returns how far the input gate is open at an adjective after a word, a number.

    It is the mean over the adjectives in `praise` and `blame`, and over all units, of the input gate at
    the adjective in "the film is WORD ADJECTIVE". Use `model`, `read` and `diagnostics`.
    """
    raise NotImplementedError


# %%
# The check computes the gates from the weights, with `lstm_step`.
def gate_by_hand(word):
    table = model.get_layer("embedding").get_weights()[0]
    W, U, b = model.get_layer("rnn_0").get_weights()
    gates = []
    for adjective in praise + blame:
        h, c = np.zeros(len(U)), np.zeros(len(U))
        for token in read(f"the film is {word} {adjective}")[1][0]:
            gate = sigmoid(table[token] @ W + h @ U + b)[: len(U)]
            h, c = lstm_step(table[token], h, c, (W, U, b))
        gates.append(gate)  # of the last word
    return np.mean(gates)


some = ["not", "very", "never"]
exercises.check(gate_after, [((word,), gate_by_hand(word)) for word in some])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def gate_after(word):
#     gates = []
#     for adjective in praise + blame:
#         _, tokens = read(f"the film is {word} {adjective}")
#         gates.append(diagnostics.gate_activations(model, tokens)["input"][0, -1].mean())
#     return np.mean(gates)
# ```
#
# </details>

# %% [markdown]
# ## Sources
#
# - Sepp Hochreiter, Jürgen Schmidhuber, 1997, "Long Short-Term Memory", Neural Computation 9(8):
#   the cell state that is added to.
# - Felix Gers, Jürgen Schmidhuber, Fred Cummins, 2000, "Learning to Forget: Continual Prediction
#   with LSTM", Neural Computation 12(10): the forget gate.
# - Kyunghyun Cho and others, 2014, "Learning Phrase Representations using RNN Encoder-Decoder for
#   Statistical Machine Translation", section 2.3: the GRU, with $z$ as in Keras.
# - Junyoung Chung and others, 2014, "Empirical Evaluation of Gated Recurrent Neural Networks on
#   Sequence Modeling": LSTM and GRU compared, with $z$ as in many textbooks.
# - Rafal Jozefowicz, Wojciech Zaremba, Ilya Sutskever, 2015, "An Empirical Exploration of Recurrent
#   Network Architectures": start the bias of the forget gate at 1.
# - Razvan Pascanu, Tomas Mikolov, Yoshua Bengio, 2013, "On the difficulty of training Recurrent
#   Neural Networks".
# - Richard Socher and others, 2013, "Recursive Deep Models for Semantic Compositionality Over a
#   Sentiment Treebank": the sentences of SST-2.
