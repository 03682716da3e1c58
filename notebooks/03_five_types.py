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
# # The five types
#
# A recurrent network can read one thing or many, and write one thing or many. That gives five
# types. This notebook is about the three that read one thing or write one thing. The next one,
# `04_sequence_to_sequence`, is about the two that read and write sequences. For each type there is
# a picture, one call that builds it, and a count of its parameters by hand. Then we train the
# network for a few seconds and test it on data that it never saw. You need the previous notebook,
# `02_forward_pass_by_hand`.

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # keeps TensorFlow quiet

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo
from zoo import exercises

print(zoo.list_models())

# %% [markdown]
# All five types use the cell that you know from notebook 02. At each time step $t$ a cell reads an
# input $x_t$ and its own previous hidden state $h_{t-1}$. It computes the next hidden state $h_t$:
#
# $$h_t = \tanh(W x_t + W_h h_{t-1} + b), \qquad h_0 = 0$$
#
# $W$ is the **kernel**, $W_h$ the **recurrent kernel** and $b$ the bias. If there is an output at a
# step, it is computed from the state of that step: $W_y h_t + b_y$. To get probabilities, a
# **softmax** follows. It takes the exponential of each number and divides by their sum, so that the
# results add up to 1. The types differ mainly in **where inputs come in and where outputs go out**.
#
# Two more things before we begin.
#
# **The cell** can be `"simple_rnn"` (the formula above), `"gru"` or `"lstm"`. The last two remember
# longer. Notebook `08_gates` explains them. Here you only need to know how many parameters one
# layer of each has, with inputs of $n$ numbers and $u$ units (the state has $u$ numbers):
#
# | cell | parameters of one layer | why |
# |---|---|---|
# | `simple_rnn` | $u\,(n + u + 1)$ | kernel $u \times n$, recurrent kernel $u \times u$, bias $u$ |
# | `lstm` | $4u\,(n + u + 1)$ | four such sets: three gates and a candidate |
# | `gru` | $3u\,(n + u + 2)$ | three such sets, with two biases each |
#
# The number of time steps is not in these formulas, because the same weights are used at every
# step.
#
# **The pictures** read from bottom to top: inputs, hidden states, outputs. An arrow from state to
# state is the memory. A dashed arrow means that the network reads at the next step what it has just
# written. The next cell only defines how to draw. You can skip it.

# %% jupyter={"source_hidden": true}
COLORS = {"input": "#a6cee3", "state": "#fdbf6f", "output": "#b2df8a"}


def box(axis, x, y, label, color):
    style = {"boxstyle": "round,pad=0.4", "facecolor": COLORS[color], "edgecolor": "black"}
    axis.text(x, y, label, fontsize=18, ha="center", va="center", bbox=style, zorder=2)


def arrow(axis, start, end, **more):
    line = {"arrowstyle": "-|>", "linewidth": 2, "mutation_scale": 20, "color": "black"}
    line |= {"shrinkA": 20, "shrinkB": 20}  # room for the boxes
    axis.annotate("", end, start, arrowprops=line | more, zorder=1)


def draw(title, steps, context=None, feedback=False):
    """Draws a network. `steps` has an input, a state and an output for each time step."""
    left = 1.8 if context else 1.2
    _, axis = plt.subplots(figsize=(1.8 * (len(steps) + left), 4.2), layout="constrained")
    for y, label in enumerate(["inputs", "hidden states", "outputs"]):
        axis.text(-left - 0.3, y, label, fontsize=15, va="center", color="dimgray")
    if context:
        box(axis, -0.7, 1, context, "input")
        arrow(axis, (-0.7, 1), (0, 1))
    for t, (read, state, write) in enumerate(steps):
        box(axis, t, 1, state, "state")
        if read:
            box(axis, t, 0, read, "input")
            arrow(axis, (t, 0), (t, 1))
        if write:
            box(axis, t, 2, write, "output")
            arrow(axis, (t, 1), (t, 2))
        if t > 0:
            arrow(axis, (t - 1, 1), (t, 1))
            if feedback:
                arrow(axis, (t - 1, 2), (t, 0), linestyle="dashed", color="gray", linewidth=1.5)
    axis.set(xlim=(-left - 0.4, len(steps) - 0.4), ylim=(-0.4, 2.4))
    axis.set_title(title, fontsize=20)
    axis.axis("off")
    plt.show()


# %% [markdown]
# ## 1. One-to-one: the type without a sequence
#
# One input, one output, one time step: an image in, its class out. Lists of the types begin with
# this one. But this is not what a recurrent network is for, and we will see why.

# %%
draw("one_to_one", [("image", "$h_1$", "class")])

# %% [markdown]
# The data are images of handwritten digits with 8 x 8 pixels. Pixels are numbers from 0 to 16, so
# we divide them by 16. There are two parts: one to learn from and one to test with. We never train
# on the test part, here and in the rest of this notebook.
#
# (We chose the sizes and epochs of this notebook while looking at results. For the digits, we
# looked at these very test images. For the made-up data, we looked at other random draws. The
# recipes use a validation part for such choices.)

# %%
digits = {}
for split in ("train", "test"):
    rows = next(zoo.datasets.load("digits", split).batch(2000).as_numpy_iterator())  # all of them
    digits[split] = rows["image"].reshape(-1, 8, 8) / 16, rows["label"]  # [images, 8, 8], [images]
images, labels = digits["train"]
test_images, test_labels = digits["test"]
print(images.shape, test_images.shape)

# %% [markdown]
# `zoo.build` takes the type, the cell and some sizes, and returns a Keras model. The 8 x 8 image
# becomes **one** input vector of 64 numbers.

# %%
keras.utils.set_random_seed(0)  # the same random numbers each time this cell runs
model = zoo.build("one_to_one", cell="simple_rnn", input_shape=(8, 8), num_classes=10, units=32)
print(model.input_shape, model.output_shape)  # None: any number of images

# %% [markdown]
# How many parameters does it have? (Parameters are the numbers that it learns, called weights in
# notebook 02.) We count by hand. First comes the cell, with $n = 64$ and $u = 32$. Then a **dense
# layer**, which is a matrix and a bias, leads from the 32 numbers of the state to each of the 10
# classes.

# %%
by_hand = 32 * (64 + 32 + 1) + (32 + 1) * 10
print("by hand:", by_hand, " Keras:", model.count_params())
assert by_hand == model.count_params()

# %% [markdown]
# The docstring of every builder has such a formula: `help("zoo.architectures.one_to_one")`.
#
# Now we train it. `compile` says what to minimize: the cross-entropy, which is small when the right
# class has a high probability. "Sparse" means that the classes are given as numbers, 0 to 9. `fit`
# goes through the training part 20 times (20 epochs), 32 images at a time (a batch). After each
# batch, it changes the parameters a little. `"adam"` is the rule for how much. Then we call the
# model like a function.

# %%
model.compile("adam", loss="sparse_categorical_crossentropy")
model.fit(images, labels, epochs=20, verbose=0)
p = model(test_images).numpy()  # [images, 10], probabilities
accuracy = (p.argmax(axis=1) == test_labels).mean()
results = {"one_to_one": (model.count_params(), f"{accuracy:.1%} of the test images right")}
print(results["one_to_one"][1])

# %% [markdown]
# It works. But look at its recurrent kernel $W_h$, which has $32 \times 32 = 1024$ of the
# parameters. At the only step, it is multiplied by $h_0 = 0$. So it does nothing. To prove it, we
# put random numbers there and ask again:

# %%
layer = model.get_layer("rnn_0")
kernel, recurrent_kernel, bias = layer.get_weights()
layer.set_weights([kernel, np.random.default_rng(0).normal(size=(32, 32)), bias])
np.testing.assert_allclose(model(test_images).numpy(), p)
print("The probabilities are the same.")

# %% [markdown]
# What is left is an ordinary network with one hidden layer. Here it is in NumPy, without any
# recurrence. (`model.summary()` lists the layers and their names.)

# %%
hidden = np.tanh(test_images.reshape(-1, 64) @ kernel + bias)  # [images, 32]
to_classes, class_bias = model.get_layer("probabilities").get_weights()
scores = np.exp(hidden @ to_classes + class_bias)  # [images, 10]
np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), p, rtol=1e-3, atol=1e-6)
print("The same again.")

# %% [markdown]
# So use a dense layer for single inputs, and a recurrent network for sequences. From here on there
# are several steps, and the recurrent kernel has something to do.

# %% [markdown]
# ## 2. One-to-many: one thing in, a sequence out
#
# For example: an image in, a sentence about it out (captioning). Or a first note in, a melody out.
# Here we use numbers: 247 goes in, "two hundred and forty seven" comes out.
#
# The one thing is called the **context**. It sets the state before the first step, $h_0$, which is
# then no longer zero. After that, the network reads its own words. At each step the previous word
# goes in, and the probabilities of the next word come out. The first input is a special word,
# *start*. The network stops when it writes another special word, *end*.

# %%
draw(
    "one_to_many",
    [
        ("start", "$h_1$", "twenty"),
        ("twenty", "$h_2$", "one"),
        ("one", "$h_3$", "end"),
    ],
    context="21",
    feedback=True,
)

# %% [markdown]
# We make the data ourselves. Words become whole numbers: their positions in a vocabulary. In the
# zoo the first four positions are always the same. 0 is padding (it fills up short rows), 1 is an
# unknown word, 2 is the start and 3 is the end.

# %%
ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
ONES += ["twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
words = ["", "[UNK]", "<start>", "<end>", *ONES, *TENS, "hundred", "and"]


def spell(number):
    hundreds, rest = divmod(number, 100)
    text = [ONES[hundreds - 1], "hundred"] if hundreds else []
    text += ["and"] if hundreds and rest else []
    if rest >= 20:
        text, rest = [*text, TENS[rest // 10 - 2]], rest % 10
    return [*text, ONES[rest - 1]] if rest else text


print(len(words), "words;", 21, spell(21), 417, spell(417))

# %% [markdown]
# We take all numbers from 1 to 999 in random order: 800 to learn from, the other 199 to test with.
# The context is the three digits. Each digit is ten numbers, one of which is 1 and the rest 0
# ("one-hot"). That makes 30 numbers.

# %%
numbers = np.random.default_rng(1).permutation(np.arange(1, 1000))
digits_of = np.stack([numbers // 100, numbers // 10 % 10, numbers % 10], axis=1)  # [numbers, 3]
contexts = np.eye(10)[digits_of].reshape(-1, 30)  # [numbers, 30]
rows = [[2, *(words.index(word) for word in spell(number)), 3] for number in numbers]
print(numbers[0], rows[0])

# %%
keras.utils.set_random_seed(0)
model = zoo.build(
    "one_to_many",
    cell="gru",
    context_shape=(30,),
    vocabulary_size=len(words),
    embedding_dim=16,
    units=64,
)
print(model.input_shape)  # the context, and the words so far
print(model.output_shape)  # probabilities of each word at each step

# %%
by_hand = (
    len(words) * 16  # the embedding: 16 numbers for each word
    + 3 * 64 * (16 + 64 + 2)  # the GRU
    + (30 + 1) * 64  # from the context to h_0
    + (64 + 1) * len(words)  # from the state to the probabilities of the words
)
print("by hand:", by_hand, " Keras:", model.count_params())
assert by_hand == model.count_params()

# %% [markdown]
# How does it learn? We know the right words. So at each step we feed in the right word instead of
# the network's own, and ask for the next one. This is called **teacher forcing**. The target is the
# input shifted by one step. Rows have different lengths, so `pad_sequences` fills them up with
# padding on the right. (Padding is printed as an empty string.)

# %%
inputs = keras.utils.pad_sequences([row[:-1] for row in rows], padding="post")  # [numbers, 6]
targets = keras.utils.pad_sequences([row[1:] for row in rows], padding="post")  # [numbers, 6]
which = list(numbers).index(21)
print("in: ", [words[token] for token in inputs[which]])
print("out:", [words[token] for token in targets[which]])

# %% [markdown]
# Where there is padding, there is nothing to predict, so the loss skips these steps. Words are
# classes, just like the digits before, so the loss is the same.

# %%
train, test = slice(0, 800), slice(800, None)
model.compile(keras.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy")
history = model.fit([contexts[train], inputs[train]], targets[train], epochs=25, verbose=0)
losses = history.history["loss"]
print(f"loss: {losses[0]:.2f} in the first epoch, {losses[-1]:.2f} in the last")

# %% [markdown]
# When the network writes on its own, there is no teacher. `generate` feeds each word back as the
# next input, until *end* comes. The default is "greedy": it takes the most probable word at each
# step.

# %%
written = model.generate(contexts[test], max_length=6)  # [numbers, 6]
for number, row in list(zip(numbers[test], written, strict=True))[:5]:
    print(number, "->", " ".join(words[token] for token in row if token > 3))

# %% [markdown]
# A number counts as right only if all of its words are right. None of these numbers was in the
# training part. The network has to combine what it learned about each digit.

# %%
right = (written == targets[test]).all(axis=1).mean()
results["one_to_many"] = model.count_params(), f"{right:.1%} of the unseen numbers spelled right"
print(results["one_to_many"][1])

# %% [markdown]
# Without a context (`context_shape=None`), the same type is a **language model**: you begin a text
# and it continues.

# %% [markdown]
# ## 3. Many-to-one: a sequence in, one answer out
#
# For example: a review in, its sentiment out. Or thirty days of sales in, the next day out. The
# network reads everything and answers once, from its last state. That state has to hold everything
# that matters.

# %%
draw(
    "many_to_one",
    [
        ("year 1", "$h_1$", None),
        ("year 2", "$h_2$", None),
        ("...", "...", None),
        ("year 22", "$h_{22}$", "year 23"),
    ],
)

# %% [markdown]
# The data is the sunspot number, a yearly mean from 1700 to 2008. It is an index: the number of
# spots seen on the sun plus ten times the number of groups of spots. It goes up and down, with
# about eleven years from one peak to the next. `load_series` cuts the years in order of time. We
# learn from the oldest years, make choices on the years after that (validation), and test on the
# newest.

# %%
parts, _ = zoo.datasets.load_series("sunspots")
mean, std = parts["train"].mean(), parts["train"].std()
values = (np.concatenate(list(parts.values())) - mean) / std  # numbers near 0 are easier to learn
print({split: len(part) for split, part in parts.items()})

# %% [markdown]
# The network reads 22 years, which is about two cycles, one number at each step. Then it forecasts
# the next year.

# %%
windows = np.lib.stride_tricks.sliding_window_view(values, 23)  # [287, 23], each a year later
x, y = windows[:, :22, None], windows[:, 22:]  # [windows, 22, 1] and [windows, 1]
first = len(parts["train"]) - 22  # the first window whose target is in the validation part
second = first + len(parts["validation"])
print(x.shape, y.shape)

# %%
keras.utils.set_random_seed(0)
model = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=16)
print(model.input_shape, model.output_shape)  # the second None: any number of steps

# %%
by_hand = 3 * 16 * (1 + 16 + 2) + (16 + 1) * 1  # the GRU; from the last state to one number
print("by hand:", by_hand, " Keras:", model.count_params())
assert by_hand == model.count_params()

# %% [markdown]
# A number is not a class, so the loss is the mean squared error, `"mse"`. We keep the weights of
# the epoch that did best on the validation years.

# %%
model.compile(keras.optimizers.Adam(0.005), loss="mse")
best = keras.callbacks.EarlyStopping(patience=40, restore_best_weights=True)  # all 40 epochs
model.fit(
    x[:first],
    y[:first],
    validation_data=(x[first:second], y[first:second]),
    epochs=40,
    callbacks=[best],
    verbose=0,
)
forecast = model(x[second:]).numpy() * std + mean  # [years, 1]
truth, year_before = y[second:] * std + mean, x[second:, -1] * std + mean

# %%
years = range(2009 - len(truth), 2009)
_, axis = plt.subplots(figsize=(10, 4.5), layout="constrained")
axis.plot(years, truth, color="black", linewidth=2, label="observed")
axis.plot(
    years, forecast, color="tab:red", linewidth=2, linestyle="dashed", label="forecast a year ahead"
)
axis.set_xlabel("year", fontsize=14)
axis.set_ylabel("sunspot number", fontsize=14)
axis.tick_params(labelsize=12)
axis.legend(fontsize=14)
plt.show()

# %% [markdown]
# The forecast follows the ups and downs. Is it good? We compare it with the simplest possible
# forecast: next year is like this year. MAE is the mean absolute error. This is a low bar. The
# README in the folder `recipes` also has a linear regression.

# %%
mae = np.abs(forecast - truth).mean()
mae_year_before = np.abs(year_before - truth).mean()
print(f"MAE of the network: {mae:.1f}, of the year before: {mae_year_before:.1f}")
results["many_to_one"] = model.count_params(), f"MAE {mae:.1f} (the year before: {mae_year_before:.1f})"

# %% [markdown]
# ## The three side by side
#
# These are the results on data that none of the networks had seen. This is one training each, with
# seed 0. Another seed gives other digits.

# %%
for name, (parameters, result) in results.items():
    print(f"{name:16s}{parameters:6d} parameters   {result}")

# %% [markdown]
# The digits and sunspots are real, but small. The spelled numbers were made by rules, so a network
# can get all of them right. The results show that each type can learn a task of its shape. How well
# it does on real language and real images is what the recipes measure.
#
# ## Questions
#
# **1.** In `one_to_one` the recurrent kernel does nothing. Does training change it?
#
# <details><summary>Answer</summary>
#
# No. Training changes a weight according to its *gradient*, which says how much the loss changes
# with the weight (notebook 05). The gradient for $W_h$ at a step has $h_{t-1}$ as a factor. There
# is only one step, and its $h_{t-1}$ is $h_0 = 0$. So the gradient is 0, and the matrix keeps its
# random starting values.
#
# </details>
#
# **2.** With teacher forcing the network reads the right words. On its own it reads what it wrote.
# When does that matter?
#
# <details><summary>Answer</summary>
#
# When it makes a mistake. From then on it reads a beginning that it never saw in training, and one
# mistake can lead to the next. So a small training loss does not guarantee good sequences. That is
# why we measured what `generate` wrote, not the loss.
#
# </details>
#
# **3.** The sunspot network reads 22 years. How many parameters would it have if it read 44 years?
# And how many with two numbers for each year, such as sunspots and temperature?
#
# <details><summary>Answer</summary>
#
# With 44 years it has as many as before, because all steps share the same weights. With two numbers
# for each year, $n$ is 2 instead of 1. So the GRU has $3 \cdot 16 \cdot (2 + 16 + 2) = 960$
# parameters instead of 912, which are 48 more.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: softmax
#
# Write the line that turns scores into probabilities.


# %%
def softmax(scores):
    """Returns the softmax over the last axis. The result has the shape of `scores`: [..., classes]."""
    raise NotImplementedError


# %%
# The check compares with Keras.
some_scores = [np.random.default_rng(seed).normal(size=size) for seed, size in enumerate([4, (3, 5)])]
some_scores.append(np.random.default_rng(2).normal(size=(2, 3, 4)))
cases = [((scores,), keras.ops.softmax(scores.astype("float32"))) for scores in some_scores]
exercises.check(softmax, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def softmax(scores):
#     return np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
# ```
#
# (For large scores, subtract their maximum first. The result is the same, and nothing overflows.)
#
# </details>
#
# ### Task 2: write greedily
#
# Write what `generate` does. Begin with the start token. At each step, ask the model for the
# probabilities of the next token and take the most probable one. Stop after the end token, or after
# `max_length` tokens.


# %%
def write(model, context, max_length):
    """Returns the tokens that a one_to_many model writes, as a list of integers.

    Args:
        model: reads a batch of contexts [batch, features] and of tokens so far [batch, t]. It returns
            the probabilities of the next token at each step, [batch, t, vocabulary].
        context: one context, [features].
        max_length: the largest number of tokens.

    Returns:
        The tokens without the start token (2), and with the end token (3) if it was written. Tokens 0
        and 1 (padding and unknown) are never written, even if they are the most probable.
    """
    raise NotImplementedError


# %%
# The check compares with `generate`, for networks with random weights.
cases = []
for seed, (features, vocabulary_size) in enumerate([(3, 6), (4, 9)]):
    keras.utils.set_random_seed(seed)
    model = zoo.build(
        "one_to_many", context_shape=(features,), vocabulary_size=vocabulary_size, units=8
    )
    model.set_weights([4 * weight for weight in model.get_weights()])
    contexts = np.random.default_rng(seed).normal(size=(4, features)).astype("float32")
    for context, row in zip(contexts, model.generate(contexts, max_length=7), strict=True):
        cases.append(((model, context, 7), [int(token) for token in row if token > 0]))
exercises.check(write, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def write(model, context, max_length):
#     tokens = [2]
#     while len(tokens) <= max_length and tokens[-1] != 3:
#         p = model([context[None], np.array([tokens])])[0, -1]  # [vocabulary]
#         tokens.append(2 + int(np.argmax(p[2:])))
#     return tokens[1:]
# ```
#
# This reads all tokens again at each step. `generate` keeps the state instead, which is faster.
#
# </details>
#
# ### Task 3: how many years must it read?
#
# An experiment. The network read 22 years of sunspots. Does it need them? Train it again with other
# numbers of years, and forecast the same test years. The check compares 22 years with a single year.


# %%
def forecast_from(num_years):
    """Trains a network that reads `num_years` sunspot numbers. Returns its forecasts.

    Use `values`, `parts`, and the network and the training from section 3 (a GRU of 16 units, seed 0,
    the weights of the best epoch).

    Returns:
        A sunspot number for each year of `parts["test"]`, in order, [years]. It is a forecast from the
        `num_years` years before that year. It is not scaled.
    """
    raise NotImplementedError


# %%
# The check computes the mean absolute error of the forecasts.
found = {}


def judge(num_years):
    def has_error_of(forecast):
        if np.shape(forecast) != parts["test"].shape:
            return f"returns the shape {np.shape(forecast)}, and {parts['test'].shape} is expected."
        found[num_years] = np.abs(np.ravel(forecast) - np.ravel(parts["test"])).mean()
        if num_years == 22 and found[22] > 0.9 * found[1]:
            return f"has an error of {found[22]:.1f}. With one year it is {found[1]:.1f}."
        low, high = (15, 35) if num_years == 1 else (8, 20)
        if not low < found[num_years] < high:
            return f"has a mean absolute error of {found[num_years]:.1f}. We expect {low} to {high}."
        return None

    return has_error_of


exercises.check(forecast_from, [((num_years,), judge(num_years)) for num_years in (1, 22)])
for num_years, error in found.items():
    print(f"years read: {num_years:2d}, error: {error:.1f}")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def forecast_from(num_years):
#     windows = np.lib.stride_tricks.sliding_window_view(values, num_years + 1)
#     x, y = windows[:, :-1, None], windows[:, -1:]  # [windows, num_years, 1], [windows, 1]
#     first = len(parts["train"]) - num_years
#     second = first + len(parts["validation"])
#     keras.utils.set_random_seed(0)
#     model = zoo.build("many_to_one", cell="gru", num_features=1, num_outputs=1, units=16)
#     model.compile(keras.optimizers.Adam(0.005), loss="mse")
#     model.fit(
#         x[:first],
#         y[:first],
#         validation_data=(x[first:second], y[first:second]),
#         epochs=40,
#         callbacks=[keras.callbacks.EarlyStopping(patience=40, restore_best_weights=True)],
#         verbose=0,
#     )
#     return model(x[second:]).numpy()[:, 0] * std + mean
# ```
#
# One year does not say whether the sunspots rise or fall, so the network needs more than one.
#
# </details>

# %% [markdown]
# ## Sources
#
# - The list of types: A. Karpathy, "The Unreasonable Effectiveness of Recurrent Neural Networks",
#   2015; and I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016, chapter 10.
# - One-to-many: O. Vinyals et al., "Show and Tell: A Neural Image Caption Generator", 2015; T.
#   Mikolov et al., "Recurrent neural network based language model", 2010.
# - Teacher forcing: R. J. Williams and D. Zipser, "A Learning Algorithm for Continually Running
#   Fully Recurrent Neural Networks", 1989.
# - Data: scikit-learn's digits (from the UCI repository) and the sunspot numbers from the package
#   statsmodels.
