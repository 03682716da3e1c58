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
# A gradient goes back through time, and at every step it is multiplied by something (notebook 04).
# What do many multiplications do to a number, to a matrix and to a trained network? What helps? And
# how long does each cell remember? We measure it in two classic tests. Read notebook 04 first.

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

# The matrices here are tiny. Several threads would only wait for each other.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
plt.rcParams["font.size"] = 13
logging.getLogger("tensorflow").setLevel("ERROR")  # hides warnings about its internals
COLORS = {"simple_rnn": "tab:blue", "lstm": "tab:orange", "gru": "tab:green"}

# %% [markdown]
# ## A number, multiplied again and again
#
# The smallest recurrent network has one unit, no input and no tanh: $h_t = w\, h_{t-1}$. How much
# does the state after $n$ steps depend on the state at the beginning? The chain rule gives the
# answer. A gradient that goes back over the same $n$ steps is multiplied by the same factor.
#
# $$\frac{d h_n}{d h_0} = w \cdot w \cdots w = w^n$$

# %%
print("   w       w^4        w^20       w^100")
for w in (0.5, 0.9, 1.0, 1.1, 1.5):
    print(f"{w:4.1f}  {w**4:9.4f}  {w**20:10.2e}  {w**100:10.2e}")

# %% [markdown]
# With $w = 0.5$, a gradient is down to 1/16 after four steps and to a millionth after twenty. It
# **vanishes**. With $w = 1.5$, it is five times as large after four steps and more than three
# thousand times as large after twenty. It **explodes**. Only $w = 1$ keeps the gradient as it is.

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
# The axis is logarithmic: each number on the left is a million times the one below it. A straight
# line on such an axis means exponential growth or decay.
#
# ## A matrix, multiplied again and again
#
# A real network has many units, and $W_h$ is a matrix. A matrix makes a vector longer or shorter.
# By which factor? That depends on the direction of the vector. The factors lie between the smallest
# and the largest **singular value** of the matrix. An **eigenvalue** is the factor for a direction
# that the matrix does not turn: $W v = \lambda v$. (It can be complex. We use its absolute value.)
#
# An *orthogonal* matrix $Q$ turns a vector but never changes its length, so all of its singular
# values are 1. This lets us build matrices that stretch by 0.5, 1 or 1.5 in every direction. The
# fourth matrix below is different. It has 0.5 on the diagonal and a 2 above it.

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
axis.axhline(1, color="gray", linestyle="dotted")
axis.set(xlabel="steps n", ylabel="most that $W^n$ stretches", yscale="log")
axis.legend()
plt.show()

# %% [markdown]
# The first three behave like the numbers. The fourth grows at first and still vanishes in the end.
# The textbook says that the largest singular value decides. More precisely:
#
# - If all singular values are below 1, every product shrinks. The gradient must vanish.
# - If the largest one is above 1, the product *can* grow, but it need not. It grows only if the
#   next step stretches the same direction that this step has stretched.
# - If the same matrix is used many times, the eigenvalue with the largest absolute value decides.
#   This value is called the *spectral radius*. It is 0.5 for the fourth matrix.
#
# In a network with tanh the matrix changes from step to step: $J_t = \operatorname{diag}(1 -
# h_t^2)\, W_h$. This matrix is called the Jacobian of the step. Since $1 - h_t^2$ is at most 1,
# tanh can only make a gradient smaller. How much smaller depends on the states. So it is not enough
# to look at $W_h$. We have to look at trained networks.
#
# ## A task: adding two numbers
#
# This is the adding problem of notebook 04. Each step shows a random number and a mark. Two of the
# marks are 1, one in the first half and one in the second half. After the last step, the network
# must answer with the sum of the two marked numbers. The longer the sequence, the longer the
# network must remember, while everything in between disturbs its memory. The mean of the sum is 1.
# A network that always answers 1 has a mean squared error of 1/6, the variance of the sum.


# %%
def adding(rows, length, rng):
    """Returns numbers and marks [rows, length, 2], and sums of the marked numbers [rows, 1]."""
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
# LSTM and GRU have **gates**: numbers between 0 (closed) and 1 (open), computed at each step by a
# sigmoid. An LSTM has a second state, the cell state $c_t$. Its *forget gate* $f$ multiplies this
# state: 1 keeps everything, 0 forgets everything. In Keras's GRU the *update gate* $z$ multiplies
# the old state in the same way. Notebook 06 explains the rest.
#
# Each cell learns from 600 batches of 32 new sequences. We do this for three lengths, and three
# times for each length, with different random starts (seeds). The learning rate is 0.003 or 0.01.
# Before this, we tried both for each cell with other seeds, on this task and on the second task
# below. We use the better one.
#
# (You can skip this paragraph. `train` compiles the model once, with TensorFlow's compiler XLA
# (`jit_compile=True`). This takes a few seconds, but then training is faster. Keras runs 50 updates
# at a time. The same model is then trained from each random start. Adam keeps averages of earlier
# gradients, so `train` sets them back to 0 at each start.)

# %%
RATES = {"simple_rnn": 0.003, "lstm": 0.01, "gru": 0.01}
SEEDS = (0, 1, 2)


def beginnings(build):
    """Returns the random weights of new models, one set for each seed."""
    weights = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        weights.append(build().get_weights())
    return weights


def train(model, beginnings, draw, rate, updates, loss):
    """Trains from each beginning on new batches of draw(rows, rng). Returns the trained weights."""
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
        # Only the copy task below has asked: 1 where a step counts for the loss, else 0.
        model.fit(x, y, sample_weight=asked[0] if asked else None, batch_size=32, verbose=0)
        trained.append(model.get_weights())
    return trained


def answers(model, weights, x):
    model.set_weights(weights)
    return np.asarray(model(x))


def train_adders(cell, length, updates):
    """Returns the errors on test sequences, and the weights, one for each seed."""
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
axis.axhline(1 / 6, color="gray", linestyle="--", label="always the mean")
axis.set(xlabel="length of the sequence, steps", ylabel="mean squared error", yscale="log")
axis.set_xticks(lengths, lengths)
axis.set_title("adding problem, 600 updates, three seeds")
axis.legend(loc=(1.02, 0.3))
plt.show()

# %% [markdown]
# With 10 steps, the plain RNN learns something. With 20 steps it depends on luck. With 50 steps it
# is no better than always answering 1. LSTM and GRU learn all three lengths. This agrees with the
# textbook: a plain RNN remembers 10 to 20 steps.
#
# But is 20 steps too long for a plain RNN, or does it only need more training? We train it on 20
# steps once more, with four times as many updates:

# %%
longer, _ = train_adders("simple_rnn", 20, updates=2400)
print("600 updates: ", np.round(errors["simple_rnn", 20], 4))
print("2400 updates:", np.round(longer, 4))

# %% [markdown]
# It learns the task, only slowly. So at 20 steps, the problem is not how much a plain RNN can
# store. The problem is that it learns slowly. Perhaps little is left of the gradient when it
# arrives at the beginning. Let us look at it.
#
# ## The Jacobians of trained networks
#
# `zoo.diagnostics.jacobians` returns $J_t$, the matrix of each step. `plot_singular_values` draws
# two pictures. The left one shows the largest singular value of each step. The right one shows the
# largest singular value of the product of all steps from $t$ to the end. This is the most that can
# be left of a gradient from the end when it arrives at step $t$. (For an LSTM the state is both of
# its parts, $h_t$ and $c_t$.) We use the networks trained on 50 steps with the first seed, and a
# new sequence.

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
# On the left, all three are above 1 at every step, even the plain RNN. On the right they differ.
# Read this picture from right to left, as the gradient travels. For the plain RNN, the product
# falls to about a thousandth. For LSTM and GRU, it stays between 0.2 and 5. This is like the fourth
# matrix: what one step stretches, the next step shrinks. The left picture alone would have misled
# us.
#
# ## Gradient norms, from 5 to 200 steps back
#
# We ask the same question about the loss. `zoo.diagnostics.gradient_norms` returns the size of
# $\partial L / \partial h_t$ for every step. We use new sequences of 200 steps, before and after
# training. We divide by the size at the last step.

# %%
x, y = adding(4, 200, np.random.default_rng(8))


def norms_back(model):
    """Returns the norm of the gradient at 0, 1, ... steps before the last.

    Norms are divided by the norm at the last step. Returns the median of the rows.
    """
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
# Two results here are not in every textbook.
#
# - **Before training, the gates do not help.** LSTM and GRU lose the gradient at least as fast as
#   the plain RNN. Their gates start partly open: $z$ is about 0.5 in the GRU, and the forget gate
#   is about 0.73 in the LSTM. So a good part of the state is lost at each step. (The measured
#   gradient shrinks a little less, because the state also acts through the other parts of the
#   cell.)
# - **Training changes this.** LSTM and GRU learn to set their gates so that they keep what matters.
#   Then the gradient reaches back over all 50 steps of the task, and far beyond. The plain RNN has
#   no gates to set. Its gradient is even weaker after training, and it has not learned the task.
#   (In the table, 0e+00 is a number that is too small for 32 bits.)
#
# So LSTM and GRU do not start with a long memory. They can *learn* one. How do they learn it, if
# the gradient is so weak before training? Here is a likely answer. The second mark is sometimes
# close to the end, so its gradient is not weak. The network learns to keep this number. The same
# weights then let the gradient reach further back.
#
# ## Exploding: a second task
#
# Sometimes the gradient grows instead, though not as wildly as $1.5^n$. To see this we use the
# second classic test, the **copy task**. The network reads three letters, each one of A, B, C, D.
# Then comes a number of blanks, printed as `_`. This number is the *delay*. Then comes "now" three
# times, printed as `?`. At each "now", the network must write one of the letters, in the order in
# which it read them. A network that guesses is wrong three times out of four. Its loss is $\ln 4
# \approx 1.39$.

# %%
NUM_LETTERS, NUM_SHOWN = 4, 3


def copying(rows, delay, rng):
    """Returns inputs [rows, time, 5], letters and where they are asked for, both [rows, time]."""
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
# We train the plain RNN on a delay of 20 by plain gradient descent, $W \leftarrow W - \alpha\, g$.
# At every update we record the loss and the norm of the gradient $g$. We do this without clipping
# and with **clipping**. Clipping shortens a gradient longer than 1 to length 1 and keeps its
# direction.
#
# $$g \leftarrow g \cdot \min\!\left(1, \frac{1}{\lVert g \rVert}\right)$$
#
# In Keras, every optimizer has `global_clipnorm=1.0` for this. *Global* means that the norm is
# taken over all weights together.

# %%
model = copier("simple_rnn")


def descend(rate, clip, updates=200):
    """Returns the loss and the norm of the gradient at each update, [seeds, updates] each."""
    optimizer = keras.optimizers.SGD(rate, global_clipnorm=clip)

    @tf.function(jit_compile=True)
    def update(x, letters):
        with tf.GradientTape() as tape:
            p = model(x)[:, -NUM_SHOWN:]  # [batch, 3, letters]
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(letters, p))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)  # clips them if clip is set
        return loss, tf.linalg.global_norm(gradients)  # before clipping

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
    column[0].axhline(np.log(4), color="gray", linestyle="--")
    column[1].plot(norms.T, linewidth=1.5)
    column[0].set_title(name)
    column[1].set(xlabel="update", yscale="log")
axes[0, 0].set_ylabel("loss (dashed: guessing)")
axes[1, 0].set_ylabel("gradient's norm")
plt.show()

# %% [markdown]
# Each line is one seed. Without clipping, at a rate of 0.1, the loss falls at first. Then come
# gradients that are several times as long as the first ones. The update of the weights is too
# large, and the loss jumps back to the level of guessing. This happens again and again. With
# clipping, the same rate works.
#
# To be fair, a rate of 0.03 works without clipping as well. In the middle pictures, the norm is
# above 1 at most updates. So clipping mostly works like a smaller learning rate that adapts itself.
# In practice, clipping also protects against a single bad batch, and it costs almost nothing. It
# does not help against vanishing gradients, because it does not change a short gradient.
#
# ## Initialization
#
# The gradient depends on the weights, so their starting values matter. Keras starts $W_h$ with a
# random *orthogonal* matrix, which neither stretches nor shrinks. We compare this matrix $Q$ with
# $0.5\,Q$ and $1.5\,Q$. The network is an untrained plain RNN of 32 units on the copy task with a
# delay of 40.

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
# With $0.5\,Q$, the product shrinks like $0.5^n$. With $Q$, about a third is left after 46 steps, in
# the best direction. So an untrained plain RNN starts well, as long as its input is small. (A large
# input makes the states large, and there tanh is flat.) With $1.5\,Q$ the product grows, but only to
# about 50. That is far less than $1.5^{46}$, which is about $10^8$. The states are so large that tanh
# shrinks most directions. The left picture hides this, because it shows only the best direction of
# each step.
#
# In an LSTM, the forget gate multiplies the cell state. The gate is $\sigma(\ldots + b_f)$, so its
# bias $b_f$ determines how far it is open before training. With $b_f = 0$ it starts at 0.5. Keras
# starts with $b_f = 1$ (`unit_forget_bias=True`). With a larger bias, the gate is almost fully
# open. In a GRU, the bias of $z$ does the same.

# %%
print("bias   gate    after 20 steps   after 50 steps")
for bias in (0, 1, 3, 5):
    gate = 1 / (1 + np.exp(-bias))
    print(f"{bias:4d}   {gate:.3f}   {gate**20:12.1e}   {gate**50:14.1e}")


# %%
def open_gates(model, bias):
    """Sets the bias of the forget gate of an LSTM, or of the update gate of a GRU."""
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
# These are untrained networks on 50 steps of the adding problem. The further the gate is open at
# the start, the more of the gradient reaches the first step. This needs no training, only another
# number as the bias. More of the gradient arrives than the table says. The table counts only the
# gate, but the gradient has other paths too.
#
# ## What each cell remembers: the copy task
#
# Now we use the copy task with growing delays $d$. We train each cell as Keras initializes it. We
# also train an LSTM whose forget gate is opened by a bias of $\ln d$. Then the gate is $\sigma(\ln
# d) = d / (d + 1)$, and after $d$ steps about $1/e$, a third, is left. So the bias is chosen to fit
# the delay.
#
# Two dotted lines in the figure help to judge the errors. Guessing is wrong in 3 of 4 cases. And a
# network that knows *which* letters were shown, but not in which order, has this error:

# %%
every = np.stack(np.meshgrid(*[np.arange(NUM_LETTERS)] * NUM_SHOWN), axis=-1).reshape(-1, NUM_SHOWN)
most_frequent = [np.bincount(letters).max() for letters in every]  # right with the best letter
without_order = 1 - np.mean(most_frequent) / NUM_SHOWN
print(f"{len(every)} triples, error without order: {without_order:.4f}")


# %%
def train_copiers(cell, delay, beginnings):
    """Returns the share of wrong letters on test sequences, for each beginning."""
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
axis.axhline(0.75, color="gray", linestyle="dotted", label="guessing")
axis.axhline(without_order, color="black", linestyle="dotted", label="without order")
axis.set(xlabel="delay, blanks", ylabel="share of wrong letters", ylim=(-0.03, 0.85))
axis.set_xticks(delays, delays)
axis.set_title("copy task, 400 updates, three seeds")
axis.legend(loc=(1.02, 0.3))
plt.show()

# %% [markdown]
# Most textbooks do not mention this result. The plain RNN was the worst in the adding problem, but
# it is the **best** here. The likely reason: a blank is all zeros, so nothing is added to the
# state. And an orthogonal $W_h$ only turns the state, without changing its length. So the letters
# are carried along through all of the blanks, and the gradient finds its way back.
#
# In the adding problem, the network reads something at every step, and all of it is mixed into the
# state. So the network must learn to ignore most of its input, and that is what gates are for.
#
# In the copy task, the gates of LSTM and GRU are a disadvantage at the beginning. The forget gate
# ($z$ in the GRU) keeps only a part of the state, so they forget during the blanks. They must first
# learn to open it. When the forget gate is open from the start, the LSTM is better at every delay.
#
# (400 updates are few. This shows which cell learns the task *sooner*. It does not show that a cell
# can never learn it.)
#
# So "how many steps does a plain RNN remember?" has no single answer. It depends on the starting
# weights, on what happens in between, and on how long the network is trained.
#
# ## What to remember
#
# - On its way back, a gradient is multiplied by a Jacobian at each step. A product of many factors
#   usually becomes very small (vanishes) or very large (explodes).
# - If all singular values are below 1, the gradient must vanish. If some are above 1, it can
#   explode, but it need not. Look at the product, not at one step.
# - Against exploding gradients, clipping is enough. Against vanishing gradients, you need other
#   starting weights or another cell.
# - Gates do not provide a long memory. They make it easier to learn one when a lot happens in
#   between. Start with the forget gate open.
# - If little of the gradient arrives, a network can still learn to remember. It only learns slowly.
#
# ## Questions
#
# **1.** A gradient is multiplied by 0.9 at each step. After how many steps is a hundredth left? And
# with 0.99?
#
# <details><summary>Answer</summary>
#
# $0.9^n = 0.01$ means $n = \ln 0.01 / \ln 0.9 \approx 44$. With 0.99 it is $\ln 0.01 / \ln 0.99
# \approx 458$. The factor changes little, but the gradient reaches ten times as far.
#
# </details>
#
# **2.** All singular values of $W_h$ are 1.2. Must the gradient of a plain RNN explode?
#
# <details><summary>Answer</summary>
#
# No. The Jacobian is $\operatorname{diag}(1 - h_t^2)\, W_h$. Where the states are large, $1 -
# h_t^2$ is small, and the product may even vanish. If all singular values were below 1, the
# gradient would have to vanish, because tanh never stretches.
#
# </details>
#
# **3.** Why does clipping not help an LSTM that has forgotten the first word of a sentence?
#
# <details><summary>Answer</summary>
#
# Clipping shortens gradients that are too long. The gradient that should reach the first word is
# too short, and it remains too short. What helps is an open forget gate, either through a larger
# bias at the start or because training opens it.
#
# </details>
#
# ## Sources
#
# - Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU München;
#   Bengio, Simard and Frasconi 1994, "Learning Long-Term Dependencies with Gradient Descent is
#   Difficult", IEEE Transactions on Neural Networks 5: where the problem was found.
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
#   ICML: singular values, the conditions for both, clipping by the norm.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9: the adding
#   problem and tasks like the copy task.
# - Gers, Schmidhuber and Cummins 2000, "Learning to Forget: Continual Prediction with LSTM", Neural
#   Computation 12: the forget gate, and why it should start open.
# - Jozefowicz, Zaremba and Sutskever 2015, "An Empirical Exploration of Recurrent Network
#   Architectures", ICML: a bias of 1.
# - Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", ICLR: the bias from the
#   logarithm of the delay.
# - Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in
#   deep linear neural networks", ICLR: orthogonal starting weights.
# - Henaff, Szlam and LeCun 2016, "Recurrent Orthogonal Networks and Long-Memory Tasks", ICML: why
#   orthogonal weights suit the copy task and not the adding problem.
