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
# # Exploding gradients, and what helps
#
# Gradients that go back over many steps can vanish (notebook 06). They can also explode. We watch
# them do it while a network learns the copy task, a classic test, and clip them. Then we look at
# the starting weights, which decide how much of a gradient arrives. At the end we measure how long
# each cell remembers in the copy task. Read notebook 06 first.

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
SEEDS = (0, 1, 2)  # each network is trained three times, from different random weights

# %% [markdown]
# ## A task: copying letters
#
# In notebook 06 the gradients became too small. Sometimes they grow instead, though not as wildly
# as $1.5^n$. To see this we use the **copy task**. The network reads three letters, each one of A,
# B, C, D. Then comes a number of blanks, printed as `_`. This number is the *delay*. Then comes
# "now" three times, printed as `?`. At each "now", the network must write one of the letters, in
# the order in which it read them. A network that guesses is wrong three times out of four. Its loss
# is $\ln 4 \approx 1.39$.

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
# With $0.5\,Q$, the product shrinks like $0.5^n$. With $Q$, about a third is left after 46 steps,
# in the best direction. So an untrained plain RNN starts well, as long as its input is small. (A
# large input makes the states large, and there tanh is flat.) With $1.5\,Q$ the product grows, but
# only to about 50. That is far less than $1.5^{46}$, which is about $10^8$. The states are so large
# that tanh shrinks most directions. The left picture hides this, because it shows only the best
# direction of each step.
#
# An LSTM has a second state, the cell state. At each step its **forget gate**, a number between 0
# and 1, multiplies this state: 1 keeps everything, 0 forgets everything. The gate is
# $\sigma(\ldots + b_f)$, so its bias $b_f$ determines how far it is open before training. With
# $b_f = 0$ it starts at 0.5. Keras starts with $b_f = 1$ (`unit_forget_bias=True`). With a larger
# bias, the gate is almost fully open. In a GRU, the update gate $z$ multiplies the old state in
# the same way, and its bias does the same. (Notebook 08 explains both cells.)

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


def adding(rows, length, rng):
    """Returns numbers and marks [rows, length, 2], and sums of the marked numbers [rows, 1]."""
    x = np.zeros((rows, length, 2), "float32")
    x[:, :, 0] = rng.random((rows, length))
    each, half = np.arange(rows), length // 2
    x[each, rng.integers(0, half, rows), 1] = 1
    x[each, rng.integers(half, length, rows), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


x, y = adding(8, 50, np.random.default_rng(9))
norms = {}
for cell, biases in (("lstm", (0, 1, 3, 5)), ("gru", (0, 3, 5))):
    for bias in biases:
        keras.utils.set_random_seed(0)
        model = zoo.build("many_to_one", cell=cell, num_features=2, num_outputs=1, units=32)
        open_gates(model, bias).compile(loss="mse")
        one = diagnostics.gradient_norms(model, x, y)  # [rows, time]
        norms[f"{cell}, bias {bias}"] = np.median(one / one[:, -1:], axis=0)
figure = diagnostics.plot_gradient_norms(norms)
figure.axes[0].set_ylabel("gradient's norm, 1 at the end")
plt.show()

# %% [markdown]
# These are untrained networks on 50 steps of the adding problem (notebook 06): two of many numbers
# are marked, and the network has to say their sum. The picture shows the size of $\partial L /
# \partial h_t$ at each step. The further the gate is open at the start, the more of the gradient
# reaches the first step. This needs no training, only another number as the bias. More of the
# gradient arrives than the table says. The table counts only the gate, but the gradient has other
# paths too.
#
# ## What each cell remembers: the copy task
#
# Now we use the copy task with growing delays $d$. We train each cell as Keras initializes it. We
# also train an LSTM whose forget gate is opened by a bias of $\ln d$. Then the gate is $\sigma(\ln
# d) = d / (d + 1)$, and after $d$ steps about $1/e$, a third, is left. So the bias is chosen to fit
# the delay.
#
# (You can skip this paragraph. `train` compiles the model once, with TensorFlow's compiler XLA
# (`jit_compile=True`). This takes a few seconds, but then training is faster. Keras runs 50 updates
# at a time. The same model is then trained from each random start. Adam keeps averages of earlier
# gradients, so `train` sets them back to 0 at each start. We tried the learning rates 0.003 and
# 0.01 for each cell with other seeds, on this task and on the adding problem. We use the better
# one.)
#
# Two dotted lines in the figure help to judge the errors. Guessing is wrong in 3 of 4 cases. And a
# network that knows *which* letters were shown, but not in which order, has this error:

# %%
every = np.stack(np.meshgrid(*[np.arange(NUM_LETTERS)] * NUM_SHOWN), axis=-1).reshape(-1, NUM_SHOWN)
most_frequent = [np.bincount(letters).max() for letters in every]  # right with the best letter
without_order = 1 - np.mean(most_frequent) / NUM_SHOWN
print(f"{len(every)} triples, error without order: {without_order:.4f}")


# %%
RATES = {"simple_rnn": 0.003, "lstm": 0.01, "gru": 0.01}


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
        x, y, asked = draw(32 * updates, np.random.default_rng(number))
        # asked is 1 where a step counts for the loss, else 0.
        model.fit(x, y, sample_weight=asked, batch_size=32, verbose=0)
        trained.append(model.get_weights())
    return trained


def answers(model, weights, x):
    model.set_weights(weights)
    return np.asarray(model(x))


def train_copiers(cell, delay, beginnings):
    """Returns the share of wrong letters on test sequences, for each beginning."""
    model = copier(cell)

    def draw(rows, rng):
        return copying(rows, delay, rng)

    trained = train(model, beginnings, draw, RATES[cell], 400, "sparse_categorical_crossentropy")
    x, y, _ = copying(1000, delay, np.random.default_rng(200 + delay))
    said = [answers(model, weights, x).argmax(axis=-1) for weights in trained]  # [rows, time] each
    return [np.mean(one[:, -NUM_SHOWN:] != y[:, -NUM_SHOWN:]) for one in said]


# %%
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
# Most textbooks do not mention this result. The plain RNN was the worst in the adding problem
# (notebook 06), but it is the **best** here. The likely reason: a blank is all zeros, so nothing is
# added to the state. And an orthogonal $W_h$ only turns the state, without changing its length. So
# the letters are carried along through all of the blanks, and the gradient finds its way back.
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
# - Against exploding gradients, clipping usually helps. Against vanishing gradients, you need other
#   starting weights or another cell.
# - A plain RNN starts well with an orthogonal $W_h$, as long as its input is small.
# - Start an LSTM with its forget gate open. A bias of $\ln d$ fits a delay of $d$ steps.
# - How long a cell remembers depends on the task. Gates help when a lot happens in between.
#
# ## Questions
#
# **1.** A gradient is $(30, 40)$. What does clipping to length 1 make of it? Someone clips each
# number to between -1 and 1 instead. What is the difference?
#
# <details><summary>Answer</summary>
#
# Its norm is $\sqrt{30^2 + 40^2} = 50$, so it becomes $(0.6, 0.8)$, which points in the same
# direction. Clipping each number gives $(1, 1)$, which points in another direction.
#
# </details>
#
# **2.** You expect that an LSTM must remember over 100 steps. Which bias of the forget gate do you
# choose, and how much is left after 100 steps?
#
# <details><summary>Answer</summary>
#
# $\ln 100 \approx 4.6$. The gate is $100/101 \approx 0.990$, and $0.990^{100} \approx 0.37$ is
# left.
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

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: a bias for the forget gate
#
# A forget gate starts at $\sigma(b_f)$, where $\sigma(a) = 1 / (1 + e^{-a})$. After $n$ steps,
# $\sigma(b_f)^n$ is left. Write the line that chooses the bias.


# %%
def bias_for(steps, share):
    """Returns the bias of a forget gate that leaves this share after so many steps, a number."""
    raise NotImplementedError


# %%
# The check puts the bias into the sigmoid again.
def leaves(steps, share):
    def is_left(bias):
        left = (1 / (1 + np.exp(-bias))) ** steps
        return None if np.isclose(left, share) else f"leaves {left:.4f}, and it should leave {share}."

    return is_left


some = [(1, 0.5), (20, 0.5), (50, 0.1), (100, 0.9), (7, 0.01)]
exercises.check(bias_for, [(arguments, leaves(*arguments)) for arguments in some])

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def bias_for(steps, share):
#     return -np.log(share ** (-1 / steps) - 1)
# ```
#
# </details>
#
# ### Task 2: clip a gradient by hand
#
# A model has several weights, and each of them has a gradient. Clip all of them together: if the
# norm of all their numbers is above the limit, multiply them by the same factor, so that it becomes
# the limit. Otherwise leave them as they are.


# %%
def clip(gradients, limit):
    """Returns the clipped gradients, a list of arrays with the same shapes.

    Args:
        gradients: a list of arrays of any shapes. All of them can be 0.
        limit: the largest norm that is allowed, above 0.
    """
    raise NotImplementedError


# %%
# The check compares with TensorFlow.
cases = []
for seed, shapes in enumerate([[(3,)], [(2, 3), (3, 3), (3,)], [(4, 1), (1,)]]):
    rng = np.random.default_rng(seed)
    for size in (10.0, 0.01, 0.0):
        some = [size * rng.normal(size=shape) for shape in shapes]
        expected = tf.clip_by_global_norm([tf.constant(one) for one in some], 1.5)[0]
        cases.append(((some, 1.5), tuple(one.numpy() for one in expected)))
exercises.check(clip, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def clip(gradients, limit):
#     norm = np.sqrt(sum((g**2).sum() for g in gradients))
#     factor = limit / norm if norm > limit else 1.0
#     return [g * factor for g in gradients]
# ```
#
# </details>
#
# ### Task 3: train with your own rule
#
# An experiment. Write gradient descent for the copy task in which a rule of your choice changes the
# gradients before each update. Then compare rules. The check tries three: multiply them by 0.001,
# leave them as they are, and clip them. You can try other rules, such as one that clips each number
# by itself.


# %%
def descend_with(change, seed):
    """Trains a plain RNN on the copy task with a delay of 20. Returns its weights.

    Args:
        change: a function from the gradients, a list of arrays, to the changed gradients.
        seed: for `keras.utils.set_random_seed` before `copier("simple_rnn")`, and for the batches.

    Returns:
        `get_weights()` after 200 updates, each with a batch of 32 from `copying` and a learning rate of
        0.1. The loss counts only the last NUM_SHOWN steps of the outputs, as in `descend`.
    """
    raise NotImplementedError


# %%
# The check measures the loss on test sequences. Guessing has a loss of 1.39. With gradients times 0.001
# the weights hardly move, so all updates together are about 200 times one update.
test_x, test_y, _ = copying(3000, 20, np.random.default_rng(300))
found = {}


def test_loss(model):
    p = model(test_x)[:, -NUM_SHOWN:]
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(test_y[:, -NUM_SHOWN:], p))


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def moves_a_little(seed):
    def compare(weights):
        keras.utils.set_random_seed(seed)
        model = copier("simple_rnn")
        with tf.GradientTape() as tape:
            loss = test_loss(model)
        one = -0.1 * 0.001 * flat(tape.gradient(loss, model.trainable_variables))  # an update
        moved = flat(weights) - flat(model.get_weights())
        norm = np.linalg.norm(moved)
        if not (norm > 0 and moved @ one / norm / np.linalg.norm(one) > 0.98):
            return "does not move the weights against the gradient of the loss of the last steps."
        times = norm / np.linalg.norm(one)
        return (
            None if 170 < times < 230 else f"moves the weights {times:.0f} times as far as one update."
        )

    return compare


def learns(name):
    def compare(weights):
        model = copier("simple_rnn")
        model.set_weights(weights)
        found[name] = float(test_loss(model))
        print(f"{name}: loss {found[name]:.2f}")
        if name == "clipped" and found["clipped"] > min(1.0, found["unchanged"] - 0.2):
            return f"has a loss of {found[name]:.2f}. Without clipping it is {found['unchanged']:.2f}."
        return None

    return compare


def clip_to_1(gradients):
    return tf.clip_by_global_norm(gradients, 1.0)[0]


def make_small(gradients):
    return [0.001 * gradient for gradient in gradients]


cases = []
for seed in (0, 1):
    rules = (
        (make_small, moves_a_little(seed)),
        (list, learns("unchanged")),
        (clip_to_1, learns("clipped")),
    )
    cases += [((rule, seed), judge) for rule, judge in rules]
exercises.check(descend_with, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def descend_with(change, seed):
#     keras.utils.set_random_seed(seed)
#     model = copier("simple_rnn")
#     optimizer = keras.optimizers.SGD(0.1)
#
#     @tf.function
#     def update(x, letters):
#         with tf.GradientTape() as tape:
#             p = model(x)[:, -NUM_SHOWN:]  # [batch, 3, letters]
#             loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(letters, p))
#         gradients = tape.gradient(loss, model.trainable_variables)
#         optimizer.apply(change(gradients), model.trainable_variables)
#
#     rng = np.random.default_rng(seed)
#     for _ in range(200):
#         x, y, _ = copying(32, 20, rng)
#         update(x, y[:, -NUM_SHOWN:])
#     return model.get_weights()
# ```
#
# (Inside `@tf.function` the gradients are TensorFlow's tensors. To use a `change` in NumPy, leave
# `@tf.function` out. Then it takes longer.)
#
# </details>

# %% [markdown]
# ## Sources
#
# - Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
#   ICML: clipping by the norm.
# - Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", Neural Computation 9: tasks like the
#   copy task.
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
