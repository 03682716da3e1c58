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
# How does a recurrent network learn? We compute one gradient by hand, step by step. Then we get the
# same number in three other ways: by trying, by unrolling, and from Keras. After that, we cut the
# sum short, as is done in practice, and measure what that loses and what it gains. You need
# notebook 02 (the forward pass). You also need to know what a gradient is (how a loss changes with
# a weight) and what the chain rule is.

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
from zoo import diagnostics, exercises

plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # hides warnings about its internals

# %% [markdown]
# ## A network small enough
#
# Two units read four numbers, one at each time step. As in notebook 02:
#
# $$a_t = W x_t + W_h h_{t-1} + b, \qquad h_t = \tanh(a_t), \qquad h_0 = 0$$
#
# After the last step $T = 4$ the network answers with one number, $y = W_y h_T + b_y$. The right
# answer is 1. The loss says how far off the network is: $L = (y - 1)^2$. All numbers are made up.

# %%
W = np.array([0.5, -0.7])  # [units]: one number is read at a time
W_h = np.array([[0.7, 0.5], [-0.4, 0.6]])  # [units, units]: the recurrent kernel
b = np.array([0.1, -0.1])  # [units]
W_y = np.array([1.0, -1.5])  # [units]
b_y = 0.2
x = np.array([1.0, -0.5, -1.0, 0.5])  # [time]
target = 1.0


def forward(W_h):
    """Returns the states h_0 to h_T, [time + 1, units], and the answer y."""
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
# We pick one weight: the one in row 1 and column 2 of $W_h$, which is 0.5. It determines how unit 2
# at one step affects unit 1 at the next step. How does the loss change if we change this weight a
# little? That is its gradient, one entry of $\partial L / \partial W_h$.
#
# The difficulty: it is *one* weight, but it is *used* at every step. At step 4 it affects the
# answer directly. At step 1 it changes $h_1$, which changes $h_2$, which changes $h_3$, and so on
# to the loss. The chain rule says: look at each use separately, as if every use had its own weight,
# and **add up** the results:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T}
# \frac{\partial L}{\partial h_t} \, \frac{\partial h_t}{\partial W_h}$$
#
# - $\partial L / \partial h_t$ is the total effect of the state $h_t$ on the loss, through all
#   later steps.
# - $\partial h_t / \partial W_h$ is the effect on $h_t$ of the use at step $t$ *alone*. The
#   previous state, $h_{t-1}$, is kept fixed.
#
# The second factor is easy. $\tanh$ has the derivative $1 - \tanh^2$, here $1 - h_t^2$. The weight
# in row $i$, column $j$ is multiplied by number $j$ of $h_{t-1}$.
#
# ## Back from step to step
#
# We compute the first factor from the end to the beginning. At the end there is no later step:
#
# $$\frac{\partial L}{\partial h_T} = 2\,(y - 1)\, W_y$$
#
# From step $t$ back to step $t - 1$, the gradient is multiplied by a matrix, the **Jacobian** of
# the step. It says how each number of $h_t$ depends on each number of $h_{t-1}$.
#
# $$J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\, W_h,
# \qquad \frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \, J_t$$
#
# ($\operatorname{diag}$ makes a matrix with these numbers on the diagonal. We write a gradient as a
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
# This is **backpropagation through time**. First we go forward through all steps and keep the
# states. Then we go backward through all steps, and each step adds one term to the sum. Step 1 adds
# nothing, because $h_0 = 0$, so $W_h$ had nothing to act on.
#
# The terms have different signs. The uses at steps 2 and 3 ask for a smaller weight. (Their
# gradient is positive: the loss grows with the weight.) The use at step 4 asks for a larger one.
# The sum decides. If you looked only at the last step, you would change this weight in the wrong
# direction.

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
# You can always check a gradient without any theory. Make the weight a little larger, make it a
# little smaller, and compute the loss both times. Then divide the difference of the losses by the
# change of the weight.


# %%
def loss(W_h):
    return (forward(W_h)[1] - target) ** 2


change = np.zeros((2, 2))
change[0, 1] = 1e-6
by_trying = (loss(W_h + change) - loss(W_h - change)) / 2e-6
print(f"{by_trying:.6f}")
np.testing.assert_allclose(by_trying, by_sum[0, 1], rtol=1e-6)

# %% [markdown]
# This needs two forward passes for each weight, and a network has thousands of weights.
# Backpropagation gets all gradients in one backward pass. So trying is only for checking.
#
# ## The same number by unrolling
#
# We said "as if every use had its own weight". Now we do exactly that. We write the four steps one
# below the other, as a feed-forward network of four layers, and give each layer its own **copy** of
# $W_h$. TensorFlow's `GradientTape` records what is computed, and then goes back through it
# automatically.

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
# Finally, we use the network that `zoo.build` makes, with our numbers put in. Keras stores the
# matrices transposed (notebook 02). So our weight is in row 2, column 1, and `.T` turns the
# gradient back.

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
# `zoo.diagnostics.step_gradients` returns the terms of the sum for any model of the zoo, with any
# cell and any number of layers. It uses the loss from `model.compile`. Here it returns our four
# terms.

# %%
model.compile(loss="mse")
terms = diagnostics.step_gradients(model, inputs, targets)  # [time, units, units]
np.testing.assert_allclose(terms.swapaxes(1, 2), contributions, atol=1e-6)
print(terms[:, 1, 0].round(4))  # row 2, column 1: our weight

# %% [markdown]
# ## What the gradient is for
#
# The gradient points in the direction in which the loss grows. So training takes a small step the
# other way, $W_h \leftarrow W_h - \alpha \, \partial L / \partial W_h$, with a **learning rate**
# $\alpha$. All other weights are changed in the same way. Here we change only $W_h$.

# %%
print(f"loss before: {loss(W_h):.4f}")
for rate in (0.001, 0.01, 0.1, 0.3, 1.0):
    print(f"after one step with learning rate {rate:6.3f}: {loss(W_h - rate * by_sum):.4f}")

# %% [markdown]
# A small step helps a little, and a larger one helps more. A step that is too large does harm,
# because the gradient is only right close to where it was computed.
#
# ## A task that needs memory
#
# Now we look at trained networks. The task is the **adding problem** (Hochreiter & Schmidhuber
# 1997). At each step the network reads a random number and a mark. Two of the marks are 1, all
# others are 0. After the last step it must say the sum of the two marked numbers. To know the sum,
# it must remember the first marked number until the second comes, and both until the end. Here, one
# mark is in the first half and the other in the second half.


# %%
def adding(rows, length, rng):
    """Returns numbers and marks [rows, length, 2], and sums of the marked numbers [rows, 1]."""
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
# We train a GRU on sequences of 30 steps. (A GRU is a cell that remembers better than the plain
# one. Notebook 08 explains it.) We train it three times with different random starts (*seeds*), to
# see how much is luck. Always answering the mean, 1, gives a squared error of 1/6, about 0.167.

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
# All three networks have learned the task. (`global_clipnorm` shortens gradients that are too long.
# See notebook 07.)
#
# Which steps does the gradient of $W_h$ come from? `step_gradients` tells us, before and after
# training. The terms are matrices, so we plot their size: the norm, which is the square root of the
# sum of squares. But first we check this larger model: the sum over all steps should equal the
# gradient that Keras computes.

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
for name, color in (("untrained", "tab:gray"), ("trained", "tab:blue")):
    for seed in seeds:
        sizes = np.linalg.norm(terms[name][seed], axis=(1, 2))  # [time]
        label = name if seed == 0 else None
        axis.plot(range(1, 31), sizes / sizes.max(), color=color, linewidth=2, label=label)
axis.set(xlabel="step t", ylabel="norm of its term,\nshare of the largest", ylim=(0, None))
axis.set_title("adding problem, GRU: which steps make the gradient (3 seeds)")
axis.legend()
plt.show()

# %% [markdown]
# In the untrained networks, nearly all of the gradient comes from the last few steps. The earlier
# steps do contribute, but very little. Notebook 06 explains why. The trained networks have learned
# to carry something through the whole sequence, and now the early steps count too.
#
# ## Truncated backpropagation
#
# A text of 10,000 characters means 10,000 steps forward with all states kept, and 10,000 steps
# back, for a single update of the weights. So in practice, we stop going back after $k$ steps. This
# is called **truncated backpropagation through time**. Textbooks recommend a $k$ of 5 to 10. The
# sum then loses its early terms. How much is that?
#
# `zoo.diagnostics.truncated_gradients` computes the gradient $G_k$ in which every path back stops
# after $k$ steps. For our small example, $G_1$ would be only the bar of step 4, which has the wrong
# sign. We compare $G_k$ with the full gradient $G$ by two numbers:
#
# - The *share* says how much of $G$ is left, measured in the direction of $G$. (It can be above 1
#   if the dropped terms had the opposite sign.)
# - The *cosine* says whether the direction is right. 1 is the same direction, 0 is a right angle.
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
for name, color in (("untrained", "tab:gray"), ("trained", "tab:blue")):
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
# Look at $k = 5$. In an untrained network, truncation seems to cost nothing: nearly everything is
# left. But that is not good news. It only says that the gradient does not reach far yet. In the
# trained network, which really uses its memory, five steps are a small part. The direction suffers
# less than the size.
#
# So the cost of truncation depends on the task and on how far training has come. Measure it on a
# trained network, not on a new one.
#
# ## A real language model
#
# The package includes a language model of characters. It is an LSTM of 512 units, trained on the
# plays of Shakespeare in windows of 100 characters. At each character it predicts the next one. How
# far back does its gradient reach? We let it read the beginning of a sonnet that was not in its
# training text.

# %%
task = zoo.load("text-shakespeare-lstm")
sonnet = "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n"
number_of = {character: i for i, character in enumerate(task.card["vocabulary"])}
tokens = np.array([[number_of[character] for character in sonnet]])
before, after = tokens[:, :-1], tokens[:, 1:]  # each [1, time]

task.model.compile(loss="sparse_categorical_crossentropy")
num_steps = [1, 2, 5, 10, 20, 40, before.shape[1]]  # the last one is all steps
found = diagnostics.truncated_gradients(task.model, before, after, num_steps)
print("   k   share   cosine")
for k, one in zip(num_steps, found, strict=True):
    share, cosine = compare(one, found[-1])
    print(f"{k:4d}   {share:5.2f}   {cosine:6.2f}")

# %% [markdown]
# One short text does not tell us about English in general, but it shows the pattern. What came just
# before matters most, because the next character depends first of all on the word that it is in.
# After that, the share grows slowly, and there is no clear point where it ends. The textbook's 5 to
# 10 steps are part of the gradient, not all of it.
#
# ## Training with windows
#
# In training, truncation is done with **windows**. We cut the text into pieces of $k$ steps. For
# each piece we go forward, go backward, and update the weights. The last *state* of a window is the
# first state of the next one, so the network can remember across the edge. But the *gradient* stops
# at the edge. For a text model of the zoo, `model.with_states()` returns a model whose states are
# inputs and outputs like any others.
#
# We make up a text in which we know how far back one must look. It has a letter, four dots, a
# question mark, and then the same letter again. Only the letter after "?" can be predicted, and
# only by a network that has kept the first letter.

# %%
vocabulary = ["", "[UNK]", "a", "b", "c", "d", ".", "?"]
DOT, ASK = 6, 7


def text(length, rng):
    """Returns tokens [length]. The text may begin anywhere in the pattern."""
    letters = rng.integers(2, 6, (length // 7 + 2, 1))
    dots, ask = np.full((len(letters), 4), DOT), np.full((len(letters), 1), ASK)
    tokens = np.concatenate([letters, dots, ask, letters], axis=1).ravel()
    start = rng.integers(0, 7)
    return tokens[start : start + length]


print("".join(vocabulary[token] for token in text(50, np.random.default_rng(0))))

# %% [markdown]
# The network reads the letter five steps before the "?". A gradient from the answer reaches it if
# both are in the same window, so $k$ must be at least 6. With a smaller $k$, no gradient ever says
# "keep this letter", although the state is passed on.
#
# To be fair to all $k$, each update reads the same number of characters, 640. That is 640 texts
# side by side with windows of 1, or 16 texts with windows of 40, and so on. Each $k$ gets 400
# updates. The loss is the cross-entropy, measured in nats (computed with the natural logarithm). It
# is 0 for a network that is sure and right. It is $\ln 4 \approx 1.39$ for a network that guesses
# among four letters.


# %%
def make_update(network, optimizer):
    @tf.function  # compiles it
    def update(inputs, targets, states):
        with tf.GradientTape() as tape:  # records one window: the states come from outside
            probabilities, *states = network([inputs, *states])  # [texts, k, vocabulary]
            losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
            loss = tf.reduce_mean(losses)
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return states, losses

    return update


def train(k, seed, updates=400, characters=640, units=32):
    """Trains with windows of k.

    Returns the loss at the answers in the last 100 windows, and the milliseconds per update.
    """
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
        losses = losses.numpy()  # on a window that is new to the network
        times.append(time.perf_counter() - begin)
        if i >= updates - 100:
            at_answers.append(losses[window[:, :-1] == ASK])
    return np.concatenate(at_answers).mean(), 1000 * np.quantile(times, 0.1)


windows = [1, 5, 6, 10, 20, 40]
results = np.array([[train(k, seed) for seed in seeds] for k in windows])  # [k, seeds, 2]
print("window k   loss at the answers, three seeds   ms an update, median of seeds")
for k, row in zip(windows, results, strict=True):
    print(f"{k:8d}   {row[:, 0].round(3)!s:33s}  {np.median(row[:, 1]):6.1f}")
print(f"guessing among 4 letters: {np.log(4):.3f}")

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
axes[0].axhline(np.log(4), color="gray", linestyle="--", label="guessing")
axes[0].axvline(6, color="tab:red", linestyle="dotted", linewidth=2, label="k = 6")
axes[0].set(title="what is lost", ylabel="loss at the answers, nats")
axes[1].set(title="what is gained", ylabel="time for an update, ms")
axes[0].legend(loc=(0.03, 0.25))
plt.show()

# %% [markdown]
# **What we lose** is everything that needs more than $k$ steps back. With windows shorter than 6,
# no gradient asks the network to keep the letter. It can only use what its state happens to
# contain. After 400 updates it guesses, or it knows a little by the luck of its seed. From 10 on,
# all seeds learn it. (Letter and question are not always in the same window. That depends on where
# the edge falls. With $k = 6$ they rarely are, and 400 updates are not enough for every seed. With
# $k = 10$ they are often enough, and the weights learned there also work across edges.)
#
# **What we gain** is time. Each update reads the same 640 characters, but windows of 20 and 40 take
# longer than windows of 1. The steps of a sequence must be computed one after the other, while many
# short texts can be computed side by side. We also gain memory. All states of a window are kept for
# the backward pass. So for the same number of texts, a window ten times as long needs ten times the
# memory.
#
# Real texts are in between. There is no sharp limit, but the gain gets smaller and smaller as $k$
# grows. The recipe `one_to_many_text` has a flag `--bptt-steps` to try this on Shakespeare.
#
# ## What to remember
#
# - The gradient of a shared weight is the sum over time of what each use adds.
# - On the way back, the gradient is multiplied by a Jacobian at every step. In a plain RNN it is
#   $J_t = \operatorname{diag}(1 - h_t^2)\, W_h$.
# - Truncation after $k$ steps drops terms of the sum. Then no gradient asks the network to keep
#   something for more than $k$ steps. It may still do so if it learned this at shorter distances.
# - Passing on the states lets the network remember across windows, but it does not teach it to
#   remember.
#
# ## Questions
#
# **1.** In the example, the use of $W_h$ at step 1 added nothing to the gradient. Is that also true
# for $W$, the kernel of the inputs?
#
# <details><summary>Answer</summary>
#
# No. At step 1, $W$ is multiplied by $x_1 = 1$, not by $h_0 = 0$. Its term at step $t$ is $\partial
# L / \partial h_t$ times $(1 - h_t^2)$ times $x_t$. The term of $W_h$ has $h_{t-1}$ instead of
# $x_t$, and $h_0 = 0$.
#
# </details>
#
# **2.** A network reads 100 steps and has one loss at the end. With truncation after $k = 5$ steps,
# can a word at step 20 still change the answer? Can the network learn that it should?
#
# <details><summary>Answer</summary>
#
# It can change the answer. The forward pass is not cut, so the state travels from step 20 to the
# end. But no gradient goes from the loss to the steps before 96. So the network is not taught to
# store the word at step 20, or to keep it. It may do so by luck, or because the same weights
# learned it in places where the distance was shorter.
#
# </details>
#
# **3.** Why was the share of $k = 5$ so high before training? Is that a reason to train with $k =
# 5$?
#
# <details><summary>Answer</summary>
#
# In the untrained network the gradient shrinks quickly on its way back. The terms beyond 5 steps
# are small, so leaving them out changes little. But these are the terms from which the network
# learns to remember. In the trained network they are most of the gradient. So it is not a reason.
# With $k = 5$, no gradient asks the network to keep the first number for so long.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: the Jacobian
#
# Write the line that returns the Jacobian of a step of a plain RNN.


# %%
def jacobian(h, W_h):
    """Returns dh_t / dh_{t-1}, [units, units]. Row i has the derivatives of number i of h_t.

    Args:
        h: the state after the step, h_t, [units].
        W_h: the recurrent kernel, [units, units].
    """
    raise NotImplementedError


# %%
# The check finds the Jacobian by trying: it changes each number of h_{t-1} a little.
cases = []
for seed, units in enumerate([1, 2, 5]):
    rng = np.random.default_rng(seed)
    matrix, rest, h_before = rng.normal(size=(units, units)), rng.normal(size=units), rng.random(units)
    small = 1e-6 * np.eye(units)  # row j changes number j
    changes = [
        np.tanh(matrix @ (h_before + one) + rest) - np.tanh(matrix @ (h_before - one) + rest)
        for one in small
    ]
    cases.append(((np.tanh(matrix @ h_before + rest), matrix), np.stack(changes, axis=1) / 2e-6))
exercises.check(jacobian, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def jacobian(h, W_h):
#     return np.diag(1 - h**2) @ W_h
# ```
#
# </details>
#
# ### Task 2: the other gradients
#
# We computed the gradient of $W_h$. Write backpropagation through time for $W$ and $b$. Question 1
# says what changes.


# %%
def gradients(x, W, W_h, b, W_y, b_y, target):
    """Returns the gradients of the loss for W and for b, each [units].

    Args:
        x: what is read, [time]: one number at a time.
        W, W_h, b: [units], [units, units], [units].
        W_y, b_y: the answer is W_y @ h_T + b_y. W_y is [units].
        target: the right answer. The loss is (answer - target) ** 2.
    """
    raise NotImplementedError


# %%
# The check finds the gradients by trying.
def loss_of(x, W, W_h, b, W_y, b_y, target):
    h = np.zeros(len(b))
    for x_t in x:
        h = np.tanh(W * x_t + W_h @ h + b)
    return (W_y @ h + b_y - target) ** 2


def find_by_trying(x, W, W_h, b, *rest):
    of_W, of_b = [], []
    for one in 1e-6 * np.eye(len(b)):  # changes one number
        more, less = loss_of(x, W + one, W_h, b, *rest), loss_of(x, W - one, W_h, b, *rest)
        of_W.append((more - less) / 2e-6)
        more, less = loss_of(x, W, W_h, b + one, *rest), loss_of(x, W, W_h, b - one, *rest)
        of_b.append((more - less) / 2e-6)
    return np.array(of_W), np.array(of_b)


cases = []
for seed, (steps, units) in enumerate([(1, 2), (4, 2), (6, 5)]):
    rng = np.random.default_rng(seed)
    sizes = (steps, units, (units, units), units, units)
    arguments = (*(rng.normal(size=size) for size in sizes), 0.3, 1.0)
    cases.append((arguments, find_by_trying(*arguments)))
exercises.check(gradients, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def gradients(x, W, W_h, b, W_y, b_y, target):
#     h = [np.zeros(len(b))]
#     for x_t in x:
#         h.append(np.tanh(W * x_t + W_h @ h[-1] + b))
#     g = 2 * (W_y @ h[-1] + b_y - target) * W_y  # dL/dh_T
#     of_W, of_b = np.zeros(len(b)), np.zeros(len(b))
#     for t in reversed(range(len(x))):
#         before_tanh = g * (1 - h[t + 1] ** 2)
#         of_W += before_tanh * x[t]
#         of_b += before_tanh
#         g = before_tanh @ W_h  # one step back
#     return of_W, of_b
# ```
#
# </details>
#
# ### Task 3: how far back must it go?
#
# An experiment. How many of the last steps do you need for 90 % of the gradient of $W_h$? Measure
# it with `diagnostics.step_gradients`, which returns the term of each step. The check asks about
# three untrained networks, whose $W_h$ has been multiplied by 0.3, 0.8 and 1.2. What do you expect?


# %%
def steps_needed(model, x, y, share):
    """Returns the smallest k for which the last k steps have at least this share of the gradient.

    Args:
        model: a model of the zoo, compiled, with one recurrent layer and a loss at the last step.
        x, y: inputs and targets.
        share: such as 0.9. It is measured as in the section "Truncated backpropagation".
    """
    raise NotImplementedError


# %%
# The check computes all truncated gradients.
def with_scale(scale):
    keras.utils.set_random_seed(0)
    model = zoo.build("many_to_one", cell="simple_rnn", num_features=2, num_outputs=1, units=8)
    model.compile(loss="mse")
    kernel = model.get_layer("rnn_0").cell.recurrent_kernel
    kernel.assign(scale * kernel)
    return model


some_x, some_y = adding(20, 20, np.random.default_rng(0))
cases = []
for scale in (0.3, 0.8, 1.2):
    one = with_scale(scale)
    by_k = diagnostics.truncated_gradients(one, some_x, some_y, list(range(1, 21)))
    shares = (by_k * by_k[-1]).sum(axis=(1, 2)) / (by_k[-1] ** 2).sum()  # [k]
    for share in (0.5, 0.9):
        cases.append(((one, some_x, some_y, share), int(np.argmax(shares >= share)) + 1))
exercises.check(steps_needed, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def steps_needed(model, x, y, share):
#     terms = diagnostics.step_gradients(model, x, y)  # [time, units, units]
#     full = terms.sum(axis=0)
#     for k in range(1, len(terms) + 1):
#         last = terms[-k:].sum(axis=0)
#         if (last * full).sum() / (full * full).sum() >= share:
#             return k
# ```
#
# The more the products of Jacobians shrink, the fewer steps have nearly all of the gradient.
#
# </details>

# %% [markdown]
# ## Sources
#
# - Werbos 1990, "Backpropagation Through Time: What It Does and How to Do It", Proceedings of the
#   IEEE 78.
# - Williams and Peng 1990, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent
#   Network Trajectories", Neural Computation 2: truncation.
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
#   ICML, equations 3 to 5: the sum over time, as here.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9, section 5.4:
#   the adding problem (with other numbers and marks).
# - Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2.
