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
# # Vanishing gradients
#
# A gradient goes back through time, and at every step it is multiplied by something (notebook 05).
# What do many multiplications do to a number, to a matrix and to a trained network? And how long
# does each cell remember? We measure it in a classic test. The next notebook,
# `07_exploding_gradients`, has a second test and shows what helps. Read notebook 05 first.

# %%
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import zoo
from zoo import diagnostics, exercises

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
# This is the adding problem of notebook 05. Each step shows a random number and a mark. Two of the
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
# the old state in the same way. Notebook 08 explains the rest.
#
# Each cell learns from 600 batches of 32 new sequences. We do this for three lengths, and three
# times for each length, with different random starts (seeds). The learning rate is 0.003 or 0.01.
# Before this, we tried both for each cell with other seeds, on this task and on the second task
# of notebook 07. We use the better one.
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
        x, y = draw(32 * updates, np.random.default_rng(number))
        model.fit(x, y, batch_size=32, verbose=0)
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


# %%
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
# ## What to remember
#
# - On its way back, a gradient is multiplied by a Jacobian at each step. A product of many factors
#   usually becomes very small (vanishes) or very large (explodes).
# - If all singular values are below 1, the gradient must vanish. If some are above 1, it can
#   explode, but it need not. Look at the product, not at one step.
# - Gates do not provide a long memory. They make it easier to learn one when a lot happens in
#   between.
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
# **3.** A new LSTM has forget gates of 0.73. How much of a gradient is left after 20 steps, if we
# count only these gates? How far open must they be so that half is left?
#
# <details><summary>Answer</summary>
#
# $0.73^{20} \approx 0.002$. Half is left with a gate of $0.5^{1/20} \approx 0.966$. So a gate that
# is three quarters open is not nearly open enough.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: how many steps?
#
# At each step, a gradient is multiplied by a number $w$ between 0 and 1. Write the line that says
# how long it lasts.


# %%
def steps_until(w, share):
    """Returns after how many steps less than this share of the gradient is left, an integer."""
    raise NotImplementedError


# %%
# The check multiplies until less is left.
def multiply_until(w, share):
    left, steps = 1.0, 0
    while left >= share:
        left, steps = left * w, steps + 1
    return steps


some = [(0.5, 0.1), (0.9, 0.01), (0.99, 0.01), (0.3, 0.9), (0.999, 0.5)]
exercises.check(steps_until, [(arguments, multiply_until(*arguments)) for arguments in some])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def steps_until(w, share):
#     return int(np.ceil(np.log(share) / np.log(w)))
# ```
#
# </details>
#
# ### Task 2: what is left of a gradient?
#
# The right picture of `plot_singular_values` shows the most that can be left of a gradient from the
# last step when it arrives at the state before step $t$. This is the largest singular value of the
# product $J_T \cdots J_{t+1} J_t$. Write a function that computes it for all steps.


# %%
def most_left(jacobians):
    """Returns the largest singular value of J_T ... J_t for each step t, [time].

    Args:
        jacobians: J_1 to J_T in this order, [time, units, units].
    """
    raise NotImplementedError


# %%
# The check compares with `diagnostics.singular_values`.
cases = []
for seed, shape in enumerate([(1, 2, 2), (4, 3, 3), (30, 8, 8)]):
    some = np.random.default_rng(seed).normal(size=shape) / np.sqrt(shape[1])
    cases.append(((some,), diagnostics.singular_values(some[None])[1][0, :, 0]))
exercises.check(most_left, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def most_left(jacobians):
#     product = np.eye(jacobians.shape[1])
#     largest = []
#     for J in jacobians[::-1]:  # as the gradient travels: from the end to the beginning
#         product = product @ J
#         largest.append(np.linalg.svd(product, compute_uv=False)[0])
#     return np.array(largest[::-1])
# ```
#
# </details>
#
# ### Task 3: a start that vanishes
#
# An experiment. Keras starts $W_h$ with an orthogonal matrix, which neither stretches nor shrinks.
# What if it starts with a matrix that shrinks? Multiply the starting $W_h$ by 0.1, and train the
# plain RNN on the adding problem with 10 steps. Does it still learn?


# %%
def train_from(scale):
    """Trains the plain RNN from starting weights whose W_h is multiplied by `scale`.

    Use `adder`, `beginnings`, `adding` and `train`, with 10 steps, 600 updates and the learning rate
    `RATES["simple_rnn"]`. The weights of an adder are a list: W, W_h, b, and two for the answer.

    Returns:
        The starting weights and the trained weights: two lists with an item for each seed.
    """
    raise NotImplementedError


# %%
# The check measures the errors on test sequences. Always answering 1 has an error of 0.167.
test_x, test_y = adding(1000, 10, np.random.default_rng(110))
found = {}


def judge(scale):
    def has_learned(result):
        starts, trained = result
        for weights, first in zip(starts, beginnings(lambda: adder("simple_rnn")), strict=True):
            stretches = np.linalg.svd(weights[1], compute_uv=False)
            if not np.allclose(stretches, scale, atol=1e-4):
                return f"starts with a W_h that stretches by {stretches[0]:.3f}, not by {scale}."
            if not all(np.allclose(weights[i], first[i]) for i in (0, 2, 3, 4)):
                return "changes other starting weights than W_h."
        model = adder("simple_rnn")
        found[scale] = np.mean([np.mean((answers(model, w, test_x) - test_y) ** 2) for w in trained])
        print(f"W_h times {scale}: mean squared error {found[scale]:.3f}")
        if scale == 1 and found[1] > 0.06:
            return f"has an error of {found[1]:.3f}. With Keras's own start, it should learn the task."
        if scale == 0.1 and not 2 * found[1] < found[0.1] < 0.2:
            return f"has an error of {found[0.1]:.3f}. It should learn less than before, but something."
        return None

    return has_learned


exercises.check(train_from, [((scale,), judge(scale)) for scale in (1, 0.1)])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def train_from(scale):
#     starts = beginnings(lambda: adder("simple_rnn"))
#     for weights in starts:
#         weights[1] *= scale
#
#     def draw(rows, rng):
#         return adding(rows, 10, rng)
#
#     trained = train(adder("simple_rnn"), starts, draw, RATES["simple_rnn"], 600, "mse")
#     return starts, trained
# ```
#
# The gradient vanishes at first, so the network learns much more slowly. It does learn something,
# because the gradient of the last steps lets $W_h$ grow.
#
# </details>

# %% [markdown]
# ## Sources
#
# - Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU München;
#   Bengio, Simard and Frasconi 1994, "Learning Long-Term Dependencies with Gradient Descent is
#   Difficult", IEEE Transactions on Neural Networks 5: where the problem was found.
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
#   ICML: singular values, the conditions for vanishing and exploding.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9: the adding
#   problem.
