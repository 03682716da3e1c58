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
# # Vanishing and exploding gradients
#
# On its way back through time a gradient is multiplied at every step (notebook 04). We see what
# multiplying again and again does to a number, to a matrix and to trained networks, what helps
# against it, and how long each cell remembers in two classic tests. You need notebook 04.

# %%
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import zoo
from zoo import diagnostics

tf.config.threading.set_intra_op_parallelism_threads(1)  # matrices are tiny here: several threads
tf.config.threading.set_inter_op_parallelism_threads(1)  # would only wait for each other
plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # it warns of its own workings
COLORS = {"simple_rnn": "tab:blue", "lstm": "tab:orange", "gru": "tab:green"}

# %% [markdown]
# ## A number, multiplied again and again
#
# The smallest recurrent network has one unit, no input and no tanh: $h_t = w\, h_{t-1}$. How much
# does the state after $n$ steps depend on the state at the beginning? By the chain rule a gradient
# goes back with the same factor.
#
# $$\frac{d h_n}{d h_0} = w \cdot w \cdots w = w^n$$

# %%
print("   w       w^4        w^20       w^100")
for w in (0.5, 0.9, 1.0, 1.1, 1.5):
    print(f"{w:4.1f}  {w**4:9.4f}  {w**20:10.2e}  {w**100:10.2e}")

# %% [markdown]
# With $w = 0.5$ a gradient is down to 1/16 after four steps and to a millionth after twenty: it
# **vanishes**. With $w = 1.5$ it is five times as large after four steps and more than three thousand
# times after twenty: it **explodes**. Between the two there is only $w = 1$, exactly.

# %%
steps = np.arange(101)
figure, axis = plt.subplots(figsize=(8, 4.5), layout="constrained")
for w in (1.5, 1.1, 1.0, 0.9, 0.5):
    axis.plot(steps, w**steps, linewidth=2.5, label=f"w = {w}")
axis.set(xlabel="steps n", ylabel="$w^n$", yscale="log")
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# The axis is logarithmic: each number on the left is a million times the one below. A straight
# line there is what is called exponential.
#
# ## A matrix, multiplied again and again
#
# A real network has many units, and $W_h$ is a matrix. How much a matrix stretches depends on the
# direction. The most is its largest **singular value** $\sigma_1$, the least its smallest one. An
# **eigenvalue** is the factor for a direction that the matrix does not turn: $W v = \lambda v$. (It
# may be complex; we take its absolute value.)
#
# An *orthogonal* matrix $Q$ only turns: all of its singular values are 1. So we can build matrices
# that stretch by 0.5, 1 or 1.5 in every direction. The fourth matrix below is another kind: 0.5 on
# the diagonal and a 2 above it.

# %%
rng = np.random.default_rng(0)
Q, _ = np.linalg.qr(rng.normal(size=(32, 32)))  # orthogonal
matrices = {
    "1.5 Q": 1.5 * Q,
    "Q": Q,
    "0.5 Q": 0.5 * Q,
    "0.5 with a 2 above": np.array([[0.5, 2.0], [0.0, 0.5]]),
}
print(" " * 20 + "largest singular value   largest |eigenvalue|")
for name, matrix in matrices.items():
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    radius = np.abs(np.linalg.eigvals(matrix)).max()
    print(f"{name:20s}{largest:22.2f}{radius:23.2f}")

# %%
figure, axis = plt.subplots(figsize=(8, 4.5), layout="constrained")
for name, matrix in matrices.items():
    powers = [np.linalg.norm(np.linalg.matrix_power(matrix, n), 2) for n in range(31)]
    axis.plot(range(31), powers, linewidth=2.5, label=name)
axis.axhline(1, color="grey", linestyle="dotted")
axis.set(xlabel="steps n", ylabel="most that $W^n$ stretches", yscale="log")
axis.legend()
plt.show()

# %% [markdown]
# The first three are the numbers again. The fourth grows at first and vanishes all the same. The
# textbook says that the largest singular value decides. More exactly:
#
# - All singular values below 1: every product shrinks. The gradient must vanish.
# - The largest one above 1: the product *can* grow, but need not. It grows only if what one step
#   stretches is stretched by the next step again.
# - For one and the same matrix, in the long run, the largest absolute **eigenvalue** decides, also
#   called the *spectral radius*: 0.5 for the fourth matrix.
#
# In a network with tanh the matrix changes from step to step: $J_t = \operatorname{diag}(1 - h_t^2)\,
# W_h$. As $1 - h_t^2$ is at most 1, tanh can only shrink. It is not enough to look at $W_h$. We look
# at trained networks.
#
# ## A task: adding two numbers
#
# The adding problem of notebook 04: each step shows a random number and a mark. Two of the marks are
# 1, one in the first half and one in the second. After the last step the network says the sum of the
# two marked numbers. The longer the sequence, the longer it must remember, and everything in between
# is there to disturb. Who always says 1, the mean, has a squared error of 1/6: the variance of the
# sum.


# %%
def adding(rows, length, rng):
    """Numbers and marks [rows, length, 2], and the sums of the marked numbers [rows, 1]."""
    x = np.zeros((rows, length, 2), "float32")
    x[:, :, 0] = rng.random((rows, length))
    each, half = np.arange(rows), length // 2
    x[each, rng.integers(0, half, rows), 1] = 1
    x[each, rng.integers(half, length, rows), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def adder(cell):
    return zoo.build("many_to_one", cell=cell, num_features=2, num_outputs=1, units=32)


_, sums = adding(100_000, 20, np.random.default_rng(1))
print(f"variance of the sum: {sums.var():.4f}, 1/6 = {1 / 6:.4f}")

# %% [markdown]
# LSTM and GRU have **gates**: numbers between 0 (shut) and 1 (open), computed at each step by a
# sigmoid. An LSTM has a second state, the cell state $c_t$, which its *forget gate* $f$ multiplies: 1
# keeps all, 0 forgets all. In Keras's GRU the *update gate* $z$ multiplies the old state in the same
# way. Notebook 06 has the rest.
#
# Each cell learns from 600 batches of 32 fresh sequences, for three lengths, from three random
# beginnings (seeds) each. The learning rate of each cell is the better one of 0.003 and 0.01, tried
# beforehand with other seeds, for this task and for the one below.
#
# `train` compiles the model once, with XLA, TensorFlow's compiler (`jit_compile=True`: a few seconds,
# then training is faster; 50 updates are run at once). It trains it from each of several beginnings.
# Adam keeps means of earlier gradients: each beginning sets these back to 0.

# %%
RATES = {"simple_rnn": 0.003, "lstm": 0.01, "gru": 0.01}
SEEDS = (0, 1, 2)


def beginnings(build):
    """Random weights of a new model, one set for each seed."""
    weights = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        weights.append(build().get_weights())
    return weights


def train(model, beginnings, draw, rate, updates, loss):
    """Weights after training from each beginning, on fresh batches of draw(rows, rng)."""
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, loss, jit_compile=True, steps_per_execution=50)
    optimizer.build(model.trainable_variables)
    fresh = [variable.numpy() for variable in optimizer.variables]
    trained = []
    for number, weights in enumerate(beginnings):
        model.set_weights(weights)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        x, y, *asked = draw(32 * updates, np.random.default_rng(number))
        # asked, of the copy task below: 1 where a step counts for the loss, 0 where not.
        model.fit(x, y, sample_weight=asked[0] if asked else None, batch_size=32, verbose=0)
        trained.append(model.get_weights())
    return trained


def answers(model, weights, x):
    model.set_weights(weights)
    return np.asarray(model(x))


def train_adders(cell, length, updates):
    """Errors on test sequences, and weights, from each seed."""
    model = adder(cell)

    def draw(rows, rng):
        return adding(rows, length, rng)

    trained = train(model, beginnings(lambda: adder(cell)), draw, RATES[cell], updates, "mse")
    x, y = adding(1000, length, np.random.default_rng(100 + length))
    return [np.mean((answers(model, weights, x) - y) ** 2) for weights in trained], trained


lengths = (10, 20, 50)
errors, weights = {}, {}
print("mean squared error on test sequences, three seeds")
for cell in RATES:
    for length in lengths:
        errors[cell, length], weights[cell, length] = train_adders(cell, length, updates=600)
        text = "   ".join(f"{error:.4f}" for error in errors[cell, length])
        print(f"{cell:12s}{length:4d} steps:   {text}")

# %%
figure, axis = plt.subplots(figsize=(9, 5), layout="constrained")
for cell, color in COLORS.items():
    values = np.array([errors[cell, length] for length in lengths])  # [lengths, seeds]
    axis.plot(lengths, values.mean(axis=1), color=color, linewidth=2.5, label=f"{cell}, mean")
    axis.plot(lengths, values, "o", color=color, alpha=0.6)
axis.axhline(1 / 6, color="grey", linestyle="--", label="always the mean")
axis.set(xlabel="length of the sequence, steps", ylabel="mean squared error", yscale="log")
axis.set_xticks(lengths, lengths)
axis.set_title("adding problem, 600 updates, three seeds")
axis.legend(loc=(1.02, 0.3))
plt.show()

# %% [markdown]
# With 10 steps the plain RNN learns something. With 20 it depends on luck, and with 50 it is no
# better than saying 1 every time. LSTM and GRU learn all three lengths. That is what the textbook
# says: a plain RNN remembers 10 to 20 steps.
#
# But is it "cannot", or "not yet"? The plain RNN once more, 20 steps, with four times as many
# updates:

# %%
longer, _ = train_adders("simple_rnn", 20, updates=2400)
print("600 updates: ", np.round(errors["simple_rnn", 20], 4))
print("2400 updates:", np.round(longer, 4))

# %% [markdown]
# It gets there, slowly. So at 20 steps the limit is not what a plain RNN can store. It learns slowly.
# One suspect is the message from the end to the beginning. Let us look at it.
#
# ## The Jacobians of trained networks
#
# `zoo.diagnostics.jacobians` gives $J_t$, the matrix of each step, and `plot_singular_values` shows
# the largest singular value of each (left) and of the product of all from step $t$ to the end
# (right): the most that can be left of a gradient from the end when it arrives there. (For an LSTM
# the state is both of its parts, $h_t$ and $c_t$.) We take the networks trained on 50 steps, first
# seed, and a new sequence.

# %%
x, _ = adding(1, 50, np.random.default_rng(7))
trained = {cell: adder(cell) for cell in RATES}
for cell, model in trained.items():
    model.set_weights(weights[cell, 50][0])
figure = diagnostics.plot_singular_values(
    {cell: diagnostics.jacobians(model, x)[0] for cell, model in trained.items()}
)
plt.show()

# %% [markdown]
# On the left, all three are near 1 or above it at every step, the plain RNN too. On the right they
# part. The product falls for the plain RNN, and stays up for LSTM and GRU. It is the picture of the
# fourth matrix: what one step stretches in one direction, the next one shrinks. The left picture
# alone would have misled us.
#
# ## Gradient norms, from 5 to 200 steps back
#
# The same question, asked with the loss: `zoo.diagnostics.gradient_norms` gives the size of $\partial
# L / \partial h_t$ for every step. We ask the networks on new sequences of 200 steps, before and
# after training, and divide by the size at the last step.

# %%
x, y = adding(4, 200, np.random.default_rng(8))


def norms_back(model):
    """The gradient's norm at 0, 1, ... steps before the last, 1 at the last: the median of the rows."""
    model.compile(loss="mse")
    norms = diagnostics.gradient_norms(model, x, y)  # [rows, time]
    return np.median(norms / norms[:, -1:], axis=0)[::-1]


back = {}
for cell in RATES:
    before, after = [], []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model = adder(cell)
        before.append(norms_back(model))
        model.set_weights(weights[cell, 50][seed])
        after.append(norms_back(model))
    back["untrained", cell], back["trained", cell] = np.array(before), np.array(after)

counts = (5, 10, 20, 50, 100, 199)
print(f"{'median of 3 seeds':22s}" + "".join(f"{f'{n} back':>10s}" for n in counts))
for (when, cell), values in back.items():
    print(f"{f'{when}, {cell}':22s}" + "".join(f"{np.median(values[:, n]):10.0e}" for n in counts))

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 5), sharey=True, layout="constrained")
for axis, when in zip(axes, ("untrained", "trained"), strict=True):
    for cell, color in COLORS.items():
        for seed in SEEDS:
            label = cell if seed == 0 else None
            axis.plot(back[when, cell][seed], color=color, linewidth=2, label=label)
    title = "untrained" if when == "untrained" else "trained on 50 steps"
    axis.set(title=title, xlabel="steps back from the end", yscale="log")
    axis.set_ylim(1e-12, 10)
    axis.grid(alpha=0.3)
axes[0].set_ylabel("gradient's norm, 1 at the end")
axes[0].legend(loc="upper right")
plt.show()

# %% [markdown]
# Two things here are not in every textbook.
#
# - **Before training, the gates do not help.** LSTM and GRU lose the gradient at least as fast as the
#   plain RNN. Their gates begin partly open: in the GRU $z$ is about 0.5, in the LSTM the forget gate
#   is about 0.73. So a good part of the state is lost at each step. (The measured gradient shrinks a
#   little less, because the state also acts through the other parts of the cell.)
# - **Training changes it.** LSTM and GRU learn to keep their gates so that what matters is kept, and
#   the gradient then reaches back over all of the 50 steps of the task, and far beyond. The plain RNN
#   has no gates to set. Its gradient is even weaker after training, and it has not learnt the task.
#   (0e+00 is too small for 32 bits.)
#
# So LSTM and GRU are not born with a long memory: they can *learn* one. How, with so weak a gradient
# at the beginning? Probably from the second mark, which is sometimes near the end: they learn to keep
# that one, and the same weights then let the gradient reach further.
#
# ## Exploding: a second task
#
# Sometimes the gradient grows instead, even if not as wildly as $1.5^n$. For that we take the second
# classic test, the **copy task**: three letters, each one of A, B, C, D, then a number of blanks (the
# *delay*, printed as `_`), then three times "now" (printed as `?`). At each "now" the network must
# give one of the letters back, in the order in which they came. Guessing is wrong three times out of
# four, with a loss of $\ln 4 \approx 1.39$.

# %%
NUM_LETTERS, NUM_SHOWN = 4, 3


def copying(rows, delay, rng):
    """Inputs [rows, time, 5], the letters [rows, time] and where they are asked for [rows, time]."""
    letters = rng.integers(0, NUM_LETTERS, (rows, NUM_SHOWN))
    x = np.zeros((rows, NUM_SHOWN + delay + NUM_SHOWN, NUM_LETTERS + 1), "float32")  # blanks are 0
    x[:, :NUM_SHOWN] = np.eye(NUM_LETTERS + 1)[letters]  # a letter: a single 1 at its place
    x[:, -NUM_SHOWN:, NUM_LETTERS] = 1  # "now": a 1 at the last place
    y, asked = np.zeros(x.shape[:2], "int32"), np.zeros(x.shape[:2], "float32")
    y[:, -NUM_SHOWN:], asked[:, -NUM_SHOWN:] = letters, 1
    return x, y, asked


def copier(cell):
    return zoo.build(
        "many_to_many",
        cell=cell,
        num_features=NUM_LETTERS + 1,
        num_tags=NUM_LETTERS,
        units=32,
        bidirectional=False,
    )


x, y, _ = copying(1, 8, np.random.default_rng(1))
print("reads: ", " ".join("ABCD?"[step.argmax()] if step.any() else "_" for step in x[0]))
print("writes:", " ".join("ABCD"[letter] for letter in y[0, -3:]).rjust(27))

# %% [markdown]
# ## Clipping
#
# We train the plain RNN on a delay of 20 by plain gradient descent, $W \leftarrow W - \alpha\, g$,
# and write down the loss and the norm of the gradient $g$ at every update. Once as it is, and once
# with **clipping**: a gradient longer than 1 is shortened to 1, and keeps its direction.
#
# $$g \leftarrow g \cdot \min\!\left(1, \frac{1}{\lVert g \rVert}\right)$$
#
# In Keras that is `global_clipnorm=1.0` of any optimizer: *global* means that the norm is that of all
# weights together.

# %%
model = copier("simple_rnn")


def descend(rate, clip, updates=200):
    """Loss and norm of the gradient at each update, from each seed: [seeds, updates] each."""
    optimizer = keras.optimizers.SGD(rate, global_clipnorm=clip)

    @tf.function(jit_compile=True)
    def update(x, letters):
        with tf.GradientTape() as tape:
            p = model(x)[:, -NUM_SHOWN:]  # [batch, 3, letters]
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(letters, p))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)  # clips them, if told so
        return loss, tf.linalg.global_norm(gradients)  # as they were

    history = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        model.set_weights(copier("simple_rnn").get_weights())
        rng = np.random.default_rng(seed)
        batches = [copying(32, 20, rng) for _ in range(updates)]
        history.append([update(x, y[:, -NUM_SHOWN:]) for x, y, _ in batches])
    return np.array(history).transpose(2, 0, 1)


runs = {
    "not clipped, rate 0.1": descend(0.1, None),
    "clipped, rate 0.1": descend(0.1, 1.0),
    "not clipped, rate 0.03": descend(0.03, None),
}
print(f"{'':26s}loss of the last 50 updates   largest norm, three seeds")
for name, (losses, norms) in runs.items():
    text = "  ".join(f"{loss:.2f}" for loss in losses[:, -50:].mean(axis=1))
    print(f"{name:26s}{text:30s}{'  '.join(f'{norm:.1f}' for norm in norms.max(axis=1))}")

# %%
figure, axes = plt.subplots(2, 3, figsize=(13, 7), sharex=True, sharey="row", layout="constrained")
for (name, (losses, norms)), column in zip(runs.items(), axes.T, strict=True):
    column[0].plot(losses.T, linewidth=1.5)
    column[0].axhline(np.log(4), color="grey", linestyle="--")
    column[1].plot(norms.T, linewidth=1.5)
    column[0].set_title(name)
    column[1].set(xlabel="update", yscale="log")
axes[0, 0].set_ylabel("loss (dashed: guessing)")
axes[1, 0].set_ylabel("gradient's norm")
plt.show()

# %% [markdown]
# Each line is a seed. Without clipping, at the rate of 0.1, the loss falls at first. Then come
# gradients several times as long as the first ones, each step overshoots, and the loss jumps back to
# that of guessing, again and again. With clipping the same rate works.
#
# To be fair: with a rate of 0.03 it works without clipping as well. Here the norm is above 1 at
# nearly every update, so clipping works mostly like a smaller rate that adapts itself. In practice it
# is also a cheap insurance against one bad batch. It does nothing against vanishing: a short gradient
# stays as it is.
#
# ## Initialisation
#
# The gradient depends on the weights, so it matters how they begin. Keras starts $W_h$ with a random
# *orthogonal* matrix, which stretches nothing and shrinks nothing. Here is what becomes of it with
# half and with one and a half of that, in a plain RNN of 32 units on the copy task with a delay of
# 40, untrained.

# %%
x = copying(1, 40, np.random.default_rng(2))[0]
found = {}
for scale in (0.5, 1.0, 1.5):
    keras.utils.set_random_seed(0)
    model = copier("simple_rnn")
    kernel = model.get_layer("rnn_0").cell.recurrent_kernel
    kernel.assign(scale * kernel)
    found[f"{scale} Q"] = diagnostics.jacobians(model, x)[0]
figure = diagnostics.plot_singular_values(found)
plt.show()

# %% [markdown]
# With 0.5 it is $0.5^n$. With 1 about a third is left after 46 steps, in the best direction: an
# untrained plain RNN starts well, if there is little input that drives its states to where tanh is
# flat. With 1.5 it grows, but to about 50, not to $1.5^{46} \approx 10^8$: the states are so large
# that tanh shrinks most directions. The left picture hides that: it shows only the best direction of
# each step.
#
# In an LSTM the forget gate is what multiplies the cell state. It is $\sigma(\ldots + b_f)$, so its
# bias $b_f$ says how it begins: 0.5 with $b_f = 0$. Keras starts with $b_f = 1$
# (`unit_forget_bias=True`). For larger biases it is almost always open, and in a GRU the bias of $z$
# does the same.

# %%
print("bias   gate    after 20 steps   after 50 steps")
for bias in (0, 1, 3, 5):
    gate = 1 / (1 + np.exp(-bias))
    print(f"{bias:4d}   {gate:.3f}   {gate**20:12.1e}   {gate**50:14.1e}")


# %%
def open_gates(model, bias):
    """The model, with the bias of its LSTM's forget gate, or of its GRU's update gate, set."""
    cell = model.get_layer("rnn_0").cell
    values = cell.bias.numpy()
    if isinstance(cell, keras.layers.LSTMCell):
        values[cell.units : 2 * cell.units] = bias  # i, f, candidate, o
    else:
        values[0, : cell.units] = bias  # z, r, candidate
    cell.bias.assign(values)
    return model


x, y = adding(8, 50, np.random.default_rng(9))
norms = {}
for cell, biases in (("lstm", (0, 1, 3, 5)), ("gru", (0, 3, 5))):
    for bias in biases:
        keras.utils.set_random_seed(0)
        model = open_gates(adder(cell), bias)
        norms[f"{cell}, bias {bias}"] = norms_back(model)[::-1]
figure = diagnostics.plot_gradient_norms(norms)
figure.axes[0].set_ylabel("gradient's norm, 1 at the end")
plt.show()

# %% [markdown]
# Untrained networks on 50 steps of the adding problem: the wider the gate is open at the beginning,
# the more of the gradient arrives at the first step. No training was needed for it, one number was.
# More arrives than the table says, because the table counts the gate alone and the gradient has other
# ways too.
#
# ## What each cell remembers: the copy task
#
# Now the copy task at growing delays $d$, for each cell as Keras starts it, and for an LSTM with its
# forget gate opened by a bias of $\ln d$. Then the gate is $\sigma(\ln d) = d / (d + 1)$, and after
# $d$ steps about $1/e$, a third, is left: made to measure.
#
# Two lines help to read the errors. Who guesses is wrong in 3 of 4. And who knows *which* letters
# were shown, but not in which order, is wrong in:

# %%
every = np.stack(np.meshgrid(*[np.arange(NUM_LETTERS)] * NUM_SHOWN), axis=-1).reshape(-1, NUM_SHOWN)
most_frequent = [np.bincount(letters).max() for letters in every]  # the best to say at each place
without_order = 1 - np.mean(most_frequent) / NUM_SHOWN
print(f"{len(every)} triples, error without order: {without_order:.4f}")


# %%
def train_copiers(cell, delay, beginnings):
    """Share of wrong letters on test sequences, from each beginning."""
    model = copier(cell)

    def draw(rows, rng):
        return copying(rows, delay, rng)

    trained = train(model, beginnings, draw, RATES[cell], 400, "sparse_categorical_crossentropy")
    x, y, _ = copying(1000, delay, np.random.default_rng(200 + delay))
    said = [answers(model, weights, x).argmax(axis=-1) for weights in trained]  # [rows, time] each
    return [np.mean(one[:, -NUM_SHOWN:] != y[:, -NUM_SHOWN:]) for one in said]


delays = (10, 20, 40)
copy_errors = {}
for delay in delays:
    for cell in RATES:
        starts = beginnings(lambda cell=cell: copier(cell))
        if cell == "lstm":
            starts += beginnings(lambda delay=delay: open_gates(copier("lstm"), np.log(delay)))
        wrong = train_copiers(cell, delay, starts)
        copy_errors[cell, delay] = wrong[:3]
        if cell == "lstm":
            copy_errors["lstm, opened", delay] = wrong[3:]

print("share of wrong letters on test sequences, three seeds")
for (name, delay), values in copy_errors.items():
    print(f"{name:14s}{delay:4d} blanks:   {'   '.join(f'{value:.3f}' for value in values)}")

# %%
figure, axis = plt.subplots(figsize=(9, 5), layout="constrained")
for name in dict.fromkeys(name for name, _ in copy_errors):
    values = np.array([copy_errors[name, delay] for delay in delays])  # [delays, seeds]
    style = "--" if name.endswith("opened") else "-"
    color = COLORS[name.split(",")[0]]
    axis.plot(delays, values.mean(axis=1), style, color=color, linewidth=2.5, label=name)
    axis.plot(delays, values, "o", color=color, alpha=0.5)
axis.axhline(0.75, color="grey", linestyle="dotted", label="guessing")
axis.axhline(without_order, color="black", linestyle="dotted", label="without order")
axis.set(xlabel="delay, blanks", ylabel="share of wrong letters", ylim=(-0.03, 0.85))
axis.set_xticks(delays, delays)
axis.set_title("copy task, 400 updates, three seeds")
axis.legend(loc=(1.02, 0.3))
plt.show()

# %% [markdown]
# That is not what most textbooks say. The plain RNN, the worst in the adding problem, is the **best**
# here. The likely reason: blanks bring no input, and an orthogonal $W_h$ only turns the state, so
# what was shown is carried along through all of the blanks and the gradient finds its way back. In
# the adding problem something is read at every step, and all of it is mixed into the state: there a
# network must learn to let most of it pass, and that is what gates are for. LSTM and GRU pay for
# their gates at the beginning: the forget gate (in the GRU $z$) lets only a part of the state
# through, so they forget during the blanks. They must first learn to open it. With the forget gate
# opened from the start the LSTM is better at every delay.
#
# (400 updates are few. We see who learns *sooner*, not who can never learn it.)
#
# So "how many steps does a plain RNN remember?" has no single answer. It depends on how its weights
# begin, on what happens in between, and on how long it is trained.
#
# ## What to take along
#
# - On its way back a gradient is multiplied with a Jacobian at each step. Products of many factors
#   vanish or explode, with little in between.
# - Singular values below 1 make it vanish for certain. Above 1 it can explode, but need not: look at
#   the product, not at one step.
# - Exploding is the easy half: clip. Vanishing needs other weights at the beginning, or another cell.
# - Gates do not give a long memory. They make it easier to learn one when much happens in between.
#   Begin with the forget gate open.
# - A gradient that does not arrive does not make a memory impossible. It makes it slow to learn.
#
# ## Questions
#
# **1.** A gradient is multiplied with 0.9 at each step. After how many steps is a hundredth left?
# And with 0.99?
#
# <details><summary>Answer</summary>
#
# $0.9^n = 0.01$ gives $n = \ln 0.01 / \ln 0.9 \approx 44$. With 0.99 it is $\ln 0.01 / \ln 0.99
# \approx 458$. A small change of the factor changes the reach tenfold.
#
# </details>
#
# **2.** All of the singular values of $W_h$ are 1.2. Must the gradient of a plain RNN explode?
#
# <details><summary>Answer</summary>
#
# No. The Jacobian is $\operatorname{diag}(1 - h_t^2)\, W_h$. Where states are large, $1 - h_t^2$ is
# small, and the product may even vanish. If all of them were below 1, it would have to vanish,
# because tanh never stretches.
#
# </details>
#
# **3.** Why does clipping not help an LSTM that has forgotten the first word of a sentence?
#
# <details><summary>Answer</summary>
#
# Clipping shortens gradients that are too long. The gradient that should reach the first word is too
# short, and stays so. What helps is a forget gate that is open: by a larger bias at the beginning, or
# because training opens it.
#
# </details>
#
# ## Sources
#
# - Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU München;
#   Bengio, Simard and Frasconi 1994, "Learning Long-Term Dependencies with Gradient Descent is
#   Difficult", IEEE Transactions on Neural Networks 5: where the problem was found.
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks", ICML:
#   singular values, the conditions for both, clipping by the norm.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9: the adding
#   problem and tasks like the copy task.
# - Gers, Schmidhuber and Cummins 2000, "Learning to Forget: Continual Prediction with LSTM", Neural
#   Computation 12: the forget gate, and that it should begin open.
# - Jozefowicz, Zaremba and Sutskever 2015, "An Empirical Exploration of Recurrent Network
#   Architectures", ICML: a bias of 1.
# - Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", ICLR: the bias from the
#   logarithm of the delay.
# - Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep
#   linear neural networks", ICLR: orthogonal weights at the beginning.
# - Henaff, Szlam and LeCun 2016, "Recurrent Orthogonal Networks and Long-Memory Tasks", ICML: why
#   orthogonal weights suit the copy task and not the adding problem.
