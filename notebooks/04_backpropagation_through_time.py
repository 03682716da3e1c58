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
# # Backpropagation through time
#
# How does a recurrent network learn? We compute one gradient by hand, step by step, and find the same
# number by trying, by unrolling, and by Keras. Then we stop the sum early, as is done in practice,
# and measure what that loses and what it gains. You need notebook 02 (the forward pass), and to know
# that a gradient says how a loss changes with a weight, and what the chain rule is.

# %%
import logging
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import zoo
from zoo import diagnostics

plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of its own workings

# %% [markdown]
# ## A network small enough
#
# Two units read four numbers, one at each time step. As in notebook 02:
#
# $$a_t = W x_t + W_h h_{t-1} + b, \qquad h_t = \tanh(a_t), \qquad h_0 = 0$$
#
# After the last step $T = 4$ the network answers with one number, $y = W_y h_T + b_y$. The answer
# should have been 1, and the loss says how far off it is: $L = (y - 1)^2$. All numbers are made up.

# %%
W = np.array([0.5, -0.7])  # [units]: one number is read at a time
W_h = np.array([[0.7, 0.5], [-0.4, 0.6]])  # [units, units]: the recurrent kernel
b = np.array([0.1, -0.1])  # [units]
W_y = np.array([1.0, -1.5])  # [units]
b_y = 0.2
x = np.array([1.0, -0.5, -1.0, 0.5])  # [time]
target = 1.0


def forward(W_h):
    """The states h_0 to h_T, [time + 1, units], and the answer y."""
    states = [np.zeros(2)]
    for x_t in x:
        states.append(np.tanh(W * x_t + W_h @ states[-1] + b))
    return np.array(states), W_y @ states[-1] + b_y


h, y = forward(W_h)
print(h.round(3))
print(f"y = {y:.4f}, loss = {(y - target) ** 2:.4f}")

# %% [markdown]
# ## One weight, used four times
#
# Take one weight, the one in row 1 and column 2 of $W_h$: 0.5. It says how much unit 2 at one step
# does to unit 1 at the next. What does the loss do if we change it a little? That is its gradient,
# $\partial L / \partial W_h$ at this place.
#
# The trouble: it is *one* weight, but it is *used* at every step. At step 4 it acts on the answer at
# once. At step 1 it changes $h_1$, which changes $h_2$, which changes $h_3$, and so on to the loss.
# The chain rule says: follow each use by itself, as if the other uses had a weight of their own, and
# **add up**:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T}
# \frac{\partial L}{\partial h_t} \, \frac{\partial h_t}{\partial W_h}$$
#
# - $\partial L / \partial h_t$ is all that the state $h_t$ does to the loss, through all later steps.
# - $\partial h_t / \partial W_h$ is what the use at step $t$ *alone* does to $h_t$: the state before,
#   $h_{t-1}$, stands still.
#
# The second factor is easy. $\tanh$ has the derivative $1 - \tanh^2$, here $1 - h_t^2$, and the
# weight in row $i$, column $j$ is multiplied with number $j$ of $h_{t-1}$.
#
# ## Back from step to step
#
# The first factor is computed from the end to the beginning. At the end there is no later step:
#
# $$\frac{\partial L}{\partial h_T} = 2\,(y - 1)\, W_y$$
#
# From step $t$ back to step $t - 1$ the gradient is multiplied with a matrix, the **Jacobian** of the
# step: how each number of $h_t$ depends on each number of $h_{t-1}$.
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\, W_h,
# \qquad \frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \, J_t$$
#
# ($\operatorname{diag}$ makes a matrix with these numbers on the diagonal. A gradient is written as a
# row, so it stands on the left: `g @ J`.)

# %%
g = 2 * (y - target) * W_y  # dL/dh_T, [units]
contributions = np.zeros((4, 2, 2))  # of each step to dL/dW_h: [time, units, units]
print("step   dL/dh_t           adds to the gradient of our weight")
for t in (4, 3, 2, 1):  # backwards
    slope = 1 - h[t] ** 2  # of tanh
    contributions[t - 1] = np.outer(g * slope, h[t - 1])
    print(f"{t:4d}   {g.round(4)!s:18s}{contributions[t - 1, 0, 1]:8.4f}")
    J = np.diag(slope) @ W_h
    g = g @ J  # dL/dh of the step before

by_sum = contributions.sum(axis=0)
print(f"sum over time: {by_sum[0, 1]:.6f}")

# %% [markdown]
# This is **backpropagation through time**: forward through all steps and keep the states, then
# backward through all steps, with one more term of the sum at each. Step 1 adds nothing, because $h_0
# = 0$: there was nothing for $W_h$ to act on.
#
# The terms differ in sign. The uses at steps 2 and 3 ask for a smaller weight (a positive gradient:
# the loss grows with the weight), the use at step 4 asks for a larger one. The sum decides. Who looks
# at the last step only would change this weight in the wrong direction.

# %%
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
axis.bar(range(1, 5), contributions[:, 0, 1], label="one step")
axis.bar([5], by_sum[0, 1], color="tab:orange", label="sum over time")
axis.axhline(0, color="black", linewidth=1)
axis.set_xticks(range(1, 6), ["1", "2", "3", "4", "sum"])
axis.set(xlabel="step t", ylabel="gradient of one weight", title="what each use of the weight adds")
axis.legend()
plt.show()

# %% [markdown]
# ## The same number by trying
#
# A gradient can always be checked without any theory: make the weight a little larger, make it a
# little smaller, compute the loss both times, and divide the difference by the change.


# %%
def loss(W_h):
    return (forward(W_h)[1] - target) ** 2


change = np.zeros((2, 2))
change[0, 1] = 1e-6
by_trying = (loss(W_h + change) - loss(W_h - change)) / 2e-6
print(f"{by_trying:.6f}")
np.testing.assert_allclose(by_trying, by_sum[0, 1], rtol=1e-6)

# %% [markdown]
# That needs two forward passes for each weight, and a network has thousands of weights.
# Backpropagation finds all of them in one pass back. So trying is for checking only.
#
# ## The same number by unrolling
#
# "As if each use had a weight of its own" can be taken at its word. We write the four steps one below
# the other, as a feed-forward network of four layers, and give each layer a **copy** of $W_h$.
# TensorFlow's `GradientTape` writes down what is computed, and then goes back through it by itself.

# %%
copies = [tf.Variable(W_h) for _ in x]  # one for each step
with tf.GradientTape() as tape:
    h_t = tf.zeros(2, tf.float64)
    for x_t, copy in zip(x, copies, strict=True):
        h_t = tf.tanh(W * x_t + tf.linalg.matvec(copy, h_t) + b)
    unrolled_loss = (tf.tensordot(h_t, W_y, 1) + b_y - target) ** 2
by_copy = np.array(tape.gradient(unrolled_loss, copies))  # [time, units, units]

for t in range(4):
    print(f"gradient of the copy at step {t + 1}: {by_copy[t, 0, 1]:8.4f}")
print(f"sum: {by_copy[:, 0, 1].sum():.6f}")
np.testing.assert_allclose(by_copy, contributions)

# %% [markdown]
# Each copy gets exactly the term that we computed for its step. That is what "sum over time" means:
# the gradient of a shared weight is the sum of the gradients of its copies.
#
# ## The same number by Keras
#
# At last the network as `zoo.build` makes it, with our numbers put in. Keras keeps the matrices
# transposed (notebook 02), so our weight is in row 2, column 1, and `.T` turns the gradient back.

# %%
model = zoo.build("many_to_one", cell="simple_rnn", num_features=1, num_outputs=1, units=2)
model.set_weights([W[None, :], W_h.T, b, W_y[:, None], np.array([b_y])])
inputs = x.reshape(1, 4, 1).astype("float32")  # [batch, time, features]
targets = np.array([[target]], "float32")  # [batch, 1]
recurrent_kernel = model.get_layer("rnn_0").cell.recurrent_kernel  # W_h of the first layer, rnn_0

with tf.GradientTape() as tape:
    keras_loss = tf.reduce_mean((model(inputs) - targets) ** 2)
by_keras = tape.gradient(keras_loss, recurrent_kernel.value).numpy().T
np.testing.assert_allclose(by_keras, by_sum, rtol=1e-5)

print(f"by the sum over time  {by_sum[0, 1]:.6f}")
print(f"by trying             {by_trying:.6f}")
print(f"by unrolling          {by_copy[:, 0, 1].sum():.6f}")
print(f"by Keras              {by_keras[0, 1]:.6f}")

# %% [markdown]
# `zoo.diagnostics.step_gradients` gives the terms of the sum for any model of the zoo: any cell, any
# number of layers. It takes the loss from `model.compile`. Here it gives our four terms.

# %%
model.compile(loss="mse")
terms = diagnostics.step_gradients(model, inputs, targets)  # [time, units, units]
np.testing.assert_allclose(terms.swapaxes(1, 2), contributions, atol=1e-6)
print(terms[:, 1, 0].round(4))  # row 2, column 1: our weight

# %% [markdown]
# ## What the gradient is for
#
# The gradient points to where the loss grows. So training goes a small step the other way, $W_h
# \leftarrow W_h - \alpha \, \partial L / \partial W_h$, with a **learning rate** $\alpha$. (And the
# same for all other weights. Here $W_h$ alone.)

# %%
print(f"loss before: {loss(W_h):.4f}")
for rate in (0.001, 0.01, 0.1, 0.3, 1.0):
    print(f"after one step with learning rate {rate:6.3f}: {loss(W_h - rate * by_sum):.4f}")

# %% [markdown]
# A small step helps a little, a larger one more, and one that is too large does harm: the gradient is
# true only near the place where it was computed.
#
# ## A task that needs memory
#
# Now to networks that are trained. The **adding problem** (Hochreiter & Schmidhuber 1997): at each
# step the network reads a random number and a mark. Two of the marks are 1, all others 0. After the
# last step it must say the sum of the two marked numbers. It cannot know the sum without remembering
# the first of them until the second comes, and both until the end. Here one mark lies in the first
# half, the other in the second half.


# %%
def adding(rows, length, rng):
    """Numbers and marks [rows, length, 2], and the sums of the marked numbers [rows, 1]."""
    x = np.zeros((rows, length, 2), "float32")
    x[:, :, 0] = rng.random((rows, length))
    each, half = np.arange(rows), length // 2
    x[each, rng.integers(0, half, rows), 1] = 1
    x[each, rng.integers(half, length, rows), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


example, its_sum = adding(1, 8, np.random.default_rng(0))
print("numbers:", example[0, :, 0].round(2))
print("marks:  ", example[0, :, 1].astype(int))
print("sum:    ", its_sum[0].round(2))

# %% [markdown]
# We train a GRU (a cell that remembers better than the plain one; notebook 06 opens it) on sequences
# of 30 steps, three times with different random beginnings (*seeds*), so that we see what is luck.
# Who always says the mean, 1, has a squared error of 1/6, about 0.167.

# %%
length, seeds = 30, (0, 1, 2)
x_test, y_test = adding(200, length, np.random.default_rng(100))
untrained, trained = [], []
for seed in seeds:
    keras.utils.set_random_seed(seed)
    for models, updates in ((untrained, 0), (trained, 250)):
        model = zoo.build("many_to_one", cell="gru", num_features=2, num_outputs=1, units=24)
        model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), "mse")
        if updates:
            rows = adding(32 * updates, length, np.random.default_rng(seed))
            model.fit(*rows, batch_size=32, verbose=0)
        models.append(model)
    errors = [m.evaluate(x_test, y_test, verbose=0) for m in (untrained[-1], trained[-1])]
    print(f"seed {seed}: mean squared error untrained {errors[0]:.3f}, trained {errors[1]:.4f}")

# %% [markdown]
# All three have learnt it. (`global_clipnorm` shortens gradients that are too long: notebook 05.)
#
# Which steps does the gradient of $W_h$ come from? `step_gradients` tells, before and after training.
# The terms are matrices, so we plot their size: the norm, that is, the root of the sum of squares.
# And first the check on this larger model: the sum over all steps is what Keras computes.

# %%
terms = {
    "untrained": [diagnostics.step_gradients(m, x_test, y_test) for m in untrained],
    "trained": [diagnostics.step_gradients(m, x_test, y_test) for m in trained],
}  # three times [time, units, 3 * units] each: a GRU has three recurrent kernels side by side

with tf.GradientTape() as tape:
    test_loss = tf.reduce_mean((trained[0](x_test) - y_test) ** 2)
kernel = trained[0].get_layer("rnn_0").cell.recurrent_kernel
by_keras = tape.gradient(test_loss, kernel.value).numpy()
np.testing.assert_allclose(terms["trained"][0].sum(axis=0), by_keras, atol=1e-5)
print("sum over 30 steps = gradient of Keras, for", by_keras.size, "weights")

# %%
figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
for name, color in (("untrained", "tab:grey"), ("trained", "tab:blue")):
    for seed in seeds:
        sizes = np.linalg.norm(terms[name][seed], axis=(1, 2))  # [time]
        label = name if seed == 0 else None
        axis.plot(range(1, 31), sizes / sizes.max(), color=color, linewidth=2, label=label)
axis.set(xlabel="step t", ylabel="norm of its term,\nshare of the largest", ylim=(0, None))
axis.set_title("adding problem, GRU: which steps make the gradient (3 seeds)")
axis.legend()
plt.show()

# %% [markdown]
# In the untrained networks nearly all of the gradient comes from the last few steps. What is said of
# earlier steps is there, but tiny: notebook 05 is about that. The trained networks have learnt to
# carry something through the whole sequence, and now the early steps count too.
#
# ## Truncated backpropagation
#
# A text of 10,000 characters means 10,000 steps forward, all states kept, and 10,000 steps back, for
# a single update of the weights. So in practice the way back is cut off after $k$ steps: **truncated
# backpropagation through time**. Textbooks name $k$ of 5 to 10. The sum loses its early terms. How
# much is that?
#
# `zoo.diagnostics.truncated_gradients` computes the gradient $G_k$ with every way back cut off after
# $k$ steps. For our example $G_1$ would be the bar of step 4 alone, with the wrong sign. Two numbers
# compare it with the full gradient $G$. The *share* says how much of $G$ is left, measured in the
# direction of $G$ (it can be above 1 where dropped terms had the other sign). The *cosine* says
# whether the direction is right: 1 is the same direction, 0 a right angle.
#
# $$\text{share} = \frac{G_k \cdot G}{G \cdot G}, \qquad
# \text{cosine} = \frac{G_k \cdot G}{\lVert G_k \rVert \, \lVert G \rVert}$$

# %%
num_steps = [1, 2, 5, 10, 20, 30]


def compare(truncated, full):
    dot = (truncated * full).sum()
    return dot / (full * full).sum(), dot / (np.linalg.norm(truncated) * np.linalg.norm(full))


comparisons = {}
print("share of the full gradient, three seeds")
print(" " * 12 + "".join(f"k = {k:<16d}" for k in num_steps))
for name, models in (("untrained", untrained), ("trained", trained)):
    rows = []
    for model in models:
        found = diagnostics.truncated_gradients(model, x_test, y_test, num_steps)
        rows.append([compare(one, found[-1]) for one in found])
    comparisons[name] = np.array(rows)  # [seeds, k, 2]
    shares = comparisons[name][:, :, 0].T
    print(f"{name:12s}" + "".join(f"{' '.join(f'{s:.2f}' for s in row):20s}" for row in shares))

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
for name, color in (("untrained", "tab:grey"), ("trained", "tab:blue")):
    for i, axis in enumerate(axes):
        for seed in seeds:
            label = name if seed == 0 else None
            values = comparisons[name][seed, :, i]
            axis.plot(num_steps, values, color=color, marker="o", linewidth=2, label=label)
axes[0].set(title="how much is left?", ylabel="share of the full gradient")
axes[1].set(title="does it point the same way?", ylabel="cosine")
for axis in axes:
    axis.set(xlabel="steps back, k (of 30)", ylim=(0, 1.2))
    axis.grid(alpha=0.3)
axes[0].legend()
plt.show()

# %% [markdown]
# Look at $k = 5$. In an untrained network truncation looks free: nearly everything is left. That is
# no good news: it only says that the gradient does not reach far yet. In the trained network, which
# really uses its memory, five steps are a small part. The direction suffers less than the size.
#
# So the cost of truncation depends on the task and on how far training has come. Measure it where it
# matters, not on a new network.
#
# ## A real language model
#
# The package has a language model of characters, an LSTM of 512 units trained on the plays of
# Shakespeare in windows of 100 characters. At each character it predicts the next. How far back does
# its gradient reach? We let it read the beginning of a sonnet, which was not in its training text.

# %%
task = zoo.load("text-shakespeare-lstm")
sonnet = "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
number_of = {character: i for i, character in enumerate(task.card["vocabulary"])}
tokens = np.array([[number_of[character] for character in sonnet]])
before, after = tokens[:, :-1], tokens[:, 1:]  # each [1, time]

task.model.compile(loss="sparse_categorical_crossentropy")
num_steps = [1, 2, 5, 10, 20, 40, before.shape[1]]  # the last: all
found = diagnostics.truncated_gradients(task.model, before, after, num_steps)
print("   k   share   cosine")
for k, one in zip(num_steps, found, strict=True):
    share, cosine = compare(one, found[-1])
    print(f"{k:4d}   {share:5.2f}   {cosine:6.2f}")

# %% [markdown]
# One short text is not a measurement of English, but it shows the pattern. What came just before
# matters most: the next character depends first of all on the word it is in. After that the share
# grows slowly and without a sharp end. The textbook's 5 to 10 steps are a part of the gradient, not
# all of it.
#
# ## Training with windows
#
# In training, truncation is done with **windows**. The text is cut into pieces of $k$ steps. For each
# piece: forward, backward, update. The last *state* of a window is the first state of the next, so
# the network can remember across the edge. But the *gradient* stops at the edge. In the zoo a model
# of text does that with `model.with_states()`: states are inputs and outputs like any others.
#
# We make up a text where we know how far back one must look. A letter, four dots, a question mark,
# and then the same letter again. Only the letter after "?" can be known, and only by who has kept it.

# %%
vocabulary = ["", "[UNK]", "a", "b", "c", "d", ".", "?"]
DOT, ASK = 6, 7


def text(length, rng):
    """Tokens [length], beginning anywhere."""
    letters = rng.integers(2, 6, (length // 7 + 2, 1))
    dots, ask = np.full((len(letters), 4), DOT), np.full((len(letters), 1), ASK)
    tokens = np.concatenate([letters, dots, ask, letters], axis=1).ravel()
    start = rng.integers(0, 7)
    return tokens[start : start + length]


print("".join(vocabulary[token] for token in text(50, np.random.default_rng(0))))

# %% [markdown]
# The letter is read five steps before the "?". A gradient from the answer reaches it if both are in
# the same window, so $k$ must be 6 at least. Below that no gradient ever says "keep this letter",
# although the state is handed on.
#
# To be fair to all $k$, each update reads the same number of characters, 640: 640 texts side by side
# with windows of 1, or 16 texts with windows of 40, and so on. All make 400 updates. The loss is the
# cross-entropy, in nats (computed with the natural logarithm): 0 for who is sure and right, $\ln 4
# \approx 1.39$ for who guesses among four letters.


# %%
def make_update(network, optimizer):
    @tf.function  # compiles it
    def update(inputs, targets, states):
        with tf.GradientTape() as tape:  # it sees one window: the states come from outside
            probabilities, *states = network([inputs, *states])  # [texts, k, vocabulary]
            losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
            loss = tf.reduce_mean(losses)
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return states, losses

    return update


def train(k, seed, updates=400, characters=640, units=32):
    """Trains with windows of k; the loss at answers in the last 100 windows, ms for an update."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    num_texts = characters // k
    texts = np.stack([text(updates * k + 1, rng) for _ in range(num_texts)]).astype("int32")
    config = {"vocabulary_size": 8, "embedding_dim": 8, "units": units}
    model = zoo.build("one_to_many", cell="simple_rnn", context_shape=None, **config)
    network = model.with_states()
    update = make_update(network, keras.optimizers.Adam(0.01, global_clipnorm=1.0))
    states = [tf.zeros((num_texts, units))]
    at_answers, times = [], []
    for i in range(updates):
        window = texts[:, i * k : (i + 1) * k + 1]
        begin = time.perf_counter()
        inputs, targets = tf.constant(window[:, :-1]), tf.constant(window[:, 1:])
        states, losses = update(inputs, targets, states)
        losses = losses.numpy()  # of a window not seen before
        times.append(time.perf_counter() - begin)
        if i >= updates - 100:
            at_answers.append(losses[window[:, :-1] == ASK])
    return np.concatenate(at_answers).mean(), 1000 * np.quantile(times, 0.1)


windows = [1, 5, 6, 10, 20, 40]
results = np.array([[train(k, seed) for seed in seeds] for k in windows])  # [k, seeds, 2]
print("window k   loss at the answers, three seeds   ms an update, median of seeds")
for k, row in zip(windows, results, strict=True):
    print(f"{k:8d}   {row[:, 0].round(3)!s:33s}  {np.median(row[:, 1]):6.1f}")
print(f"who knows nothing guesses among 4 letters: {np.log(4):.3f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
for axis, values in zip(axes, results.transpose(2, 0, 1), strict=True):  # values: [k, seeds]
    axis.plot(
        windows, np.median(values, axis=1), color="tab:blue", linewidth=2, label="median of seeds"
    )
    axis.plot(windows, values, "o", color="tab:blue", alpha=0.5)
    axis.set(xlabel="window, k steps", xscale="log", ylim=(0, None))
    axis.set_xticks(windows, windows)
    axis.minorticks_off()
    axis.grid(alpha=0.3)
axes[0].axhline(np.log(4), color="grey", linestyle="--", label="guessing")
axes[0].axvline(6, color="tab:red", linestyle="dotted", linewidth=2, label="k = 6")
axes[0].set(title="what is lost", ylabel="loss at the answers, nats")
axes[1].set(title="what is gained", ylabel="time for an update, ms")
axes[0].legend(loc=(0.03, 0.25))
plt.show()

# %% [markdown]
# **What is lost**: whatever needs a longer way back than $k$. With windows shorter than 6 no gradient
# asks the network to keep the letter. It can only use what its state happens to hold: after 400 updates
# it guesses, or knows a little by the luck of its seed. From 10 on all seeds learn it.
# (Windows do not always hold letter and question together, depending on where the edge falls. With 6
# that is rare, and 400 updates are hardly enough: not for each seed. With 10 it is often enough, and
# then the weights work everywhere.)
#
# **What is gained**: time. Although each update reads the same 640 characters, windows of 20 and 40
# take longer than windows of 1, because the steps of a sequence must be computed one after the other,
# and many short texts can be computed side by side. And memory: all states of a window are kept for
# the way back, so for the same number of texts ten times the window needs ten times the memory.
#
# Real texts lie between the two: no sharp edge, but a gain that becomes smaller and smaller with $k$.
# The recipe `one_to_many_text` has a flag `--bptt-steps` to try it on Shakespeare.
#
# ## What to take along
#
# - The gradient of a shared weight is the sum over time of what each use adds.
# - On the way back the gradient is multiplied with a Jacobian at every step, $J_t =
#   \operatorname{diag}(1 - h_t^2)\, W_h$ in a plain RNN.
# - Truncation after $k$ steps drops terms of the sum. Nothing then teaches the network to
#   keep something for more than $k$ steps.
# - States that are handed on remember across windows, but they do not teach.
#
# ## Questions
#
# **1.** In the example the use of $W_h$ at step 1 added nothing to the gradient. Does that hold for
# $W$, the kernel of the inputs, too?
#
# <details><summary>Answer</summary>
#
# No. $W$ is multiplied with $x_1 = 1$ at step 1, not with $h_0 = 0$. Its term at step $t$ is
# $\partial L / \partial h_t$ times $(1 - h_t^2)$ times $x_t$. The term of $W_h$ has $h_{t-1}$ in
# place of $x_t$, and $h_0 = 0$.
#
# </details>
#
# **2.** A network reads 100 steps and has one loss at the end. With truncation after $k = 5$ steps,
# can a word at step 20 still change the answer? Can the network learn that it should?
#
# <details><summary>Answer</summary>
#
# It can change the answer: the forward pass is not cut, and the state goes from step 20 to the end.
# But no gradient goes from the loss to the steps before 96. The network does not learn to write down
# the word at step 20, or to keep it. It may do so by luck, or because the same weights learnt it
# where the way was shorter.
#
# </details>
#
# **3.** Why was the share of $k = 5$ so high before training, and is that a reason to train with $k =
# 5$?
#
# <details><summary>Answer</summary>
#
# In the untrained network the gradient shrinks quickly on its way back, so terms beyond 5 steps are
# small, and to leave them out changes little. They are the terms, though, from which the network
# learns to remember. In the trained network they are most of the gradient. So it is no reason: with
# $k = 5$ no gradient asks for the first number to be kept for so long.
#
# </details>
#
# ## Sources
#
# - Werbos 1990, "Backpropagation Through Time: What It Does and How to Do It", Proceedings of the
#   IEEE 78.
# - Williams and Peng 1990, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent
#   Network Trajectories", Neural Computation 2: truncation.
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks", ICML,
#   equations 3 to 5: the sum over time, as here.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9, section 5.4: the
#   adding problem (there with other numbers and marks).
# - Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2.
