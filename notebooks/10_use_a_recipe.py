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
# # Use a recipe
#
# In this notebook you train a network on your own texts. You copy a recipe of the zoo, give it your
# data, train, and read what it prints. Then you load the trained model, use it, and export it for
# other programs. Read notebook `03_five_types` first, which explains `many_to_one`. Install the
# package with `python -m pip install ".[recipes]"`.

# %%
import csv
import json
import os
import pathlib
import re
import runpy
import shlex
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.dummy import DummyClassifier
from sklearn.metrics import precision_score, recall_score

import zoo
from zoo import exercises

tf.get_logger().setLevel("ERROR")  # keeps TensorFlow quiet

# %% [markdown]
# Most of these commands are for a terminal. Here, a small function runs them for you. It runs a
# command in a temporary folder and shows what the command prints. The folder is deleted when you
# close the notebook. You do not need to read the function.

# %% jupyter={"source_hidden": true}
temporary = tempfile.TemporaryDirectory()
folder = pathlib.Path(temporary.name)
# The commands `zoo` and `python` come from the environment of this notebook.
os.environ["PATH"] = str(pathlib.Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]


def shell(command):
    """Runs a command in the folder. Returns what it prints, or its last line if it fails."""
    done = subprocess.run(shlex.split(command), cwd=folder, capture_output=True, text=True)
    if done.returncode:
        return f"{done.stderr.splitlines()[-1]}\n(exit status {done.returncode})"
    lines = re.sub(r"\x1b\[[\d;]*m", "", done.stdout).splitlines()  # without colors
    # Of the progress bars, keep the line that ends an epoch.
    lines = [line for line in lines if "/step" not in line or "val_loss" in line]
    return re.sub(r"\n\n(?=\d+/\d+ )", "\n", "\n".join(lines))


# %% [markdown]
# ## Which recipes are there?
#
# A recipe is one Python file that trains one network on one kind of data. `zoo recipes` lists them.
# Each name begins with the type of the network.

# %%
print(shell("zoo recipes"))

# %% [markdown]
# We want to sort messages from customers. Is the parcel late, is it damaged, or is everything fine?
# A text goes in, and one of three labels comes out. The sentiment recipe does the same with other
# labels (positive, negative).
#
# ## Copy it
#
# `zoo copy` puts the file into your current folder. From then on it is yours. Read it, run it,
# change it.

# %%
print(shell("zoo copy many_to_one_sentiment"))

# %% [markdown]
# `zoo copy` never overwrites a file. If we run it a second time, it stops with an error:

# %%
print(shell("zoo copy many_to_one_sentiment"))

# %% [markdown]
# Look into the file before you run it. The top says what the recipe does and what to expect. Then
# comes a list of settings. Each setting is also a flag: `max_length` is `--max-length`.

# %%
recipe = folder / "many_to_one_sentiment.py"
source = recipe.read_text("utf-8")
print(source[source.index("class Config") : source.index("def make_dataset")].rstrip())

# %% [markdown]
# ## Your own data
#
# The recipe reads a **TSV file**: each line has a label, a tab and a text. (CSV, JSON lines and a
# folder of texts for each label work too, see `help("zoo.datasets.load_texts")`.) We need an
# example, so we make up messages from nine patterns. For your own work, put your data in place of
# this cell.

# %%
THINGS = ["parcel", "letter", "lamp", "chair", "mirror", "vase", "book", "phone", "clock", "kettle"]
WHOSE = ["The", "My", "Our", "His", "Her", "Their", "This", "That"]
PATTERNS = {
    "late": [
        "{} {} was late but not damaged",
        "{} {} was not damaged but late",
        "{} {} took two weeks to get here",
    ],
    "damaged": [
        "{} {} was damaged but not late",
        "{} {} was not late but damaged",
        "{} {} came in pieces",
    ],
    "fine": [
        "{} {} was not late and not damaged",
        "{} {} was neither late nor damaged",
        "{} {} is just what was ordered",
    ],
}
rows = [
    (label, pattern.format(whose, thing))
    for label, patterns in PATTERNS.items()
    for pattern in patterns
    for whose in WHOSE
    for thing in THINGS
]
lines = ["label\ttext", *(f"{label}\t{text}" for label, text in rows)]
(folder / "mine.tsv").write_text("\n".join(lines) + "\n", "utf-8")
print(len(rows), "messages")
for line in lines[:4]:
    print(line)

# %% [markdown]
# Two patterns of "late" have exactly the same words as two of "damaged": "was late but not
# damaged", "was damaged but not late". They differ only in the order of the words. There, a model
# that counts words has to guess, but a network that reads the words in order does not. Remember
# this when you see the table below.

# %% [markdown]
# ## A first run
#
# At the end, the recipe prints its answers to a few texts, so that you can judge them yourself.
# Some are texts of the test part. With the labels positive and negative, it also prints the answers
# to four sentences about moods. We change our copy: it shall print two sentences that fit our data,
# and print them with our labels. There is no piano in our data, so these sentences are new to the
# network.

# %%
new_lines = {
    "SENTENCES = ": '["The piano was late but not damaged", "The piano was damaged but not late"]',
    "MOODS = ": '(["damaged", "fine", "late"],)',
}
changed = source
for start, value in new_lines.items():
    old = next(line for line in source.splitlines() if line.startswith(start))
    changed = changed.replace(old, start + value)
_ = recipe.write_text(changed, "utf-8")

# %% [markdown]
# Now we run the recipe with few epochs and a small state, to check that everything works. (An epoch
# is one pass over the training texts.) In a terminal, type the command without the quotes and
# without `shell`:

# %%
output = shell(
    "python many_to_one_sentiment.py --dataset mine.tsv --epochs 2 --units 32 --output my-model"
)
print(output)

# %% [markdown]
# This is what it prints, from top to bottom:
#
# - How it read the file. It found out that the first line has the names of the columns.
# - Some settings that it chose because there are few texts, each with the reason. If you give such
#   a setting yourself, as we did with `--epochs`, your value counts.
# - The number of texts in each part. We gave it one file, so the recipe split it: about 80 % to
#   train on, 10 % for validation, 10 % for the test. Then come the labels that it found. Always
#   check both.
# - The first training text, as the network sees it, and its label.
# - The network: its layers and their parameters. The layer `not_equal` makes the mask (notebook
#   02). The dropout layers hide some numbers at random during training, so that the network does
#   not learn the texts by heart.
# - A line for each epoch. `accuracy` is the share of training texts that it got right.
#   `val_accuracy` is the same for the validation texts, which it does not train on.
# - Two **baselines** that cannot see the order of words: the mean of the word vectors, and a bag of
#   words with logistic regression. They show you how well a much simpler model does on your data.
# - The test accuracy of all three models, for all texts and by length. "to 7 words" is texts of up
#   to 7 words, and "to 8 words" is texts of exactly 8.
# - A verdict in one sentence: is the network better than the baselines? If not, it says what to try
#   first.
# - Six texts of the test part, some right and some wrong, and our two sentences. Each has its most
#   likely label and the probability of that label.
#
# ## A better run
#
# After two epochs the loss was still falling, so the network had not finished learning. We need
# better settings. Look at `val_accuracy` and `val_loss` to choose them. The recipe also prints the
# test accuracy in each run, but do not choose by it. If you do, it is no longer a test. With so few
# texts, an epoch has only a few updates of the weights. So we allow more epochs and larger updates
# (a higher learning rate). Training stops by itself when `val_accuracy` has not risen for a
# quarter of the epochs. Then the recipe keeps the weights of the best epoch, not the last.

# %%
output = shell(
    "python many_to_one_sentiment.py --dataset mine.tsv --epochs 20 --learning-rate 0.005 --units 32 "
    "--output my-model"
)
print(output[output.index("Epoch 1/") :])

# %% [markdown]
# The network can tell "late but not damaged" from "damaged but not late". The baselines cannot,
# with any settings, because both sentences have the same words.
#
# A warning about this result: the test messages are new, but they follow the same nine patterns as
# the training messages. So the result only says that the network has learned the patterns. Real
# messages are harder. The accuracies in the recipe's docstring are for real texts.
#
# ## What was written
#
# The folder has everything that you need to use the network, and to find out later how it was
# trained. (The second run has replaced the first one.)

# %%
for path in sorted((folder / "my-model").iterdir()):
    print(f"{path.name:24s}{path.stat().st_size / 1000:8.1f} kB")

# %% [markdown]
# `metrics.json` has the numbers of the table, for programs to read. `history.csv` has one line for
# each epoch:

# %%
metrics = json.loads((folder / "my-model" / "metrics.json").read_text())
for name, row in metrics["test_accuracy"].items():
    print(f"{name:24s}{row['all']:.3f}")

# %%
with open(folder / "my-model" / "history.csv") as file:
    history = list(csv.DictReader(file))
epochs = [int(row["epoch"]) for row in history]
_, axis = plt.subplots(figsize=(8, 4.5), layout="constrained")
for name, label in (("accuracy", "training texts"), ("val_accuracy", "validation texts")):
    values = [float(row[name]) for row in history]
    axis.plot(epochs, values, marker="o", linewidth=2, label=label)
axis.set_xlabel("epoch", fontsize=14)
axis.set_ylabel("accuracy", fontsize=14)
axis.set_xticks(epochs)
axis.tick_params(labelsize=12)
axis.grid(alpha=0.3)
axis.legend(fontsize=14)
plt.show()

# %% [markdown]
# At first, the accuracy on the training texts is lower than on the validation texts. There are two
# reasons. First, the training accuracy is a mean over the whole epoch, and the network was worse at
# the start of the epoch. Second, dropout disturbs the network while it trains.
#
# ## Use it from Python
#
# `zoo.load` opens the folder, checks that no file was changed, and returns an object that takes
# plain texts. You do not have to cut the texts into words yourself. The folder says how to do it,
# and `zoo.load` does it.

# %%
task = zoo.load(folder / "my-model")
messages = [
    "Our piano was not late but damaged",
    "Our piano was not damaged but late",
    "The train was late",
    "What a lovely day",
]
for message, answer in zip(messages, task.predict(messages), strict=True):
    print(message, {label: round(p, 3) for label, p in answer.items()})

# %% [markdown]
# "piano" and "train" are not in the training texts. All unknown words are the same word to the
# network, `[UNK]`. The first two labels are still right, because the network knows the words that
# matter. The third message follows none of the nine patterns, and the last one has nothing to do
# with parcels. Yet they get a label too, perhaps with a high probability. There is no label for
# "something else", so the network has to choose one of its three labels.
#
# `task.model` is the Keras model. `task.card` is a dictionary with information about it:

# %%
card = task.card
for name in ("type", "cell", "dataset", "licence", "labels", "command"):
    print(f"{name:10s}{card[name]}")

# %% [markdown]
# `command` trains it again. With the same data, seed and versions of the packages, you get the same
# numbers on the same machine.
#
# ## Use it from the command line
#
# You can also use the folder with the `zoo` command. With `--json`, other programs can read the
# answer:

# %%
print(shell('zoo predict my-model "Their piano was damaged but not late" --json'))

# %% [markdown]
# `zoo show` prints the card: data, command and metrics. It also prints the layers, which we leave
# out here.

# %%
print(shell("zoo show my-model").split("Model:")[0].rstrip())

# %% [markdown]
# ## When something is wrong
#
# Files that people write have mistakes in them. Here someone typed a space instead of the tab:

# %%
lines[3] = lines[3].replace("\t", " ")
(folder / "bad.tsv").write_text("\n".join(lines) + "\n", "utf-8")
print(shell("python many_to_one_sentiment.py --dataset bad.tsv --output bad-model"))
print((folder / "bad-model").exists())

# %% [markdown]
# The message names the file and the line. It says what was expected there and what was found. The
# recipe stops before the training and writes nothing. (In Python, `zoo.datasets.load_texts` raises
# a `ValueError` with the same message.)

# %% [markdown]
# ## Export it
#
# Suppose you want to use the network in another program, such as a web server, without Keras and
# the zoo. `export` writes a **SavedModel**, a file format that TensorFlow alone can run. For texts,
# it has a function `from_strings`. Its input is a list of texts. Its output is the probabilities,
# in the order of the labels.

# %%
zoo.exporting.export(task, folder / "served")
served = tf.saved_model.load(folder / "served")
p = served.from_strings(tf.constant(messages)).numpy()  # [messages, labels]
print(card["labels"])
print(p.round(3))

# %% [markdown]
# Always compare what you export with what you tested. Here they agree:

# %%
expected = [[answer[label] for label in card["labels"]] for answer in task.predict(messages)]
np.testing.assert_allclose(p, expected, atol=1e-5)
print("The same probabilities.")

# %% [markdown]
# `format="onnx"` is for ONNX Runtime and `format="litert"` is for phones. Both read numbers instead
# of strings. `help("zoo.exporting")` says which models you can export to each format.
#
# All other recipes also read your own files. `recipes/README.md` has a table of the
# formats.
#
# ## Questions
#
# **1.** A text belongs to training, validation or test. The recipe does not decide this at random.
# It computes a hash of the text, a number that depends only on the text, and this number decides.
# What is the advantage?
#
# <details><summary>Answer</summary>
#
# The same text always goes into the same part. If a text is in your file twice, it cannot be both
# in training and in the test. And if you add texts tomorrow, today's texts stay in the same part.
# So you never train on a text that you used for a test before.
#
# </details>
#
# **2.** Which of our nine patterns can the bag of words get right, and what is the highest accuracy
# that it can hope for?
#
# <details><summary>Answer</summary>
#
# Five of the nine have words of their own ("two weeks", "pieces", "neither", "ordered", and "and"
# in "not late and not damaged"). The other four all have the same words. Two of them are "late" and
# two are "damaged", so whatever it answers there, half is wrong. That makes $(5 + 2)/9 \approx
# 0.78$ if all patterns occur equally often. In a small test part, some patterns occur more often
# than others, so it may be a little more or less.
#
# </details>
#
# **3.** In your real data, 95 of 100 messages are "fine". Your network has a test accuracy of 0.95.
# Is that good?
#
# <details><summary>Answer</summary>
#
# No. A model that always says "fine" also gets 0.95, without reading anything. Your network must be
# better than that. Also look at the rare labels separately. How many of the damaged parcels did the
# network find? And how many of the parcels that it called damaged were really damaged?
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: always the same answer
#
# Question 3 compares a network with a model that always gives the most frequent label of the training
# part. Write the line that computes the accuracy of this model.


# %%
def accuracy_of_most_frequent(train_labels, test_labels):
    """Returns the share of test labels that are the most frequent training label. Both are lists."""
    raise NotImplementedError


# %%
# The check compares with scikit-learn.
cases = []
for seed, sizes in enumerate([(9, 5), (50, 20), (200, 100)]):
    rng = np.random.default_rng(seed)
    train = rng.choice(["late", "damaged", "fine"], sizes[0], p=[0.1, 0.2, 0.7])
    test = rng.choice(["late", "damaged", "fine"], sizes[1], p=[0.5, 0.2, 0.3])
    by_sklearn = DummyClassifier(strategy="most_frequent").fit(train[:, None], train)
    cases.append(((train.tolist(), test.tolist()), by_sklearn.score(test[:, None], test)))
exercises.check(accuracy_of_most_frequent, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def accuracy_of_most_frequent(train_labels, test_labels):
#     return test_labels.count(max(train_labels, key=train_labels.count)) / len(test_labels)
# ```
#
# </details>
#
# ### Task 2: precision and recall
#
# For a rare label, accuracy says little. **Recall** is the share of the texts with this label that
# the network has found. **Precision** is the share of the texts that it gave this label that really
# have it. Write a function that returns both.


# %%
def precision_and_recall(answers, right, label):
    """Returns precision and recall of a label, two numbers.

    Args:
        answers: what the network said, a list of labels.
        right: the right labels, a list of the same length.
        label: the label that we look at. If no answer is this label, the precision is 0. If no text
            has this label, the recall is 0.
    """
    raise NotImplementedError


# %%
# The check compares with scikit-learn.
cases = []
for seed, size in enumerate([4, 20, 100]):
    rng = np.random.default_rng(seed)
    answers, right = rng.choice(["late", "damaged", "fine"], (2, size), p=[0.2, 0.2, 0.6]).tolist()
    for label in ("late", "damaged", "fine", "lost"):
        options = {"labels": [label], "average": "macro", "zero_division": 0}
        expected = precision_score(right, answers, **options), recall_score(right, answers, **options)
        cases.append(((answers, right, label), expected))
exercises.check(precision_and_recall, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def precision_and_recall(answers, right, label):
#     both = sum(a == r == label for a, r in zip(answers, right))
#     said, there = answers.count(label), right.count(label)
#     return both / said if said else 0.0, both / there if there else 0.0
# ```
#
# </details>
#
# ### Task 3: your own cell in the recipe
#
# An experiment. Write a cell of your own and train it with the recipe. The minimal gated unit (Zhou et
# al. 2016) is a GRU with one gate, $f_t$, which does the work of both:
#
# $$
# \begin{aligned}
# f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
# n_t &= \tanh(W_n x_t + U_n (f_t \odot h_{t-1}) + b_n) \\
# h_t &= (1 - f_t) \odot h_{t-1} + f_t \odot n_t
# \end{aligned}
# $$
#
# The weights are given. Write the step, with functions of `keras.ops`. The check compares it with
# NumPy, and then runs the recipe with your cell, which takes less than a minute. (In a terminal, put
# the class into a file `my_cells.py`, and add `--cell my_cells.py:MinimalGatedUnit` to the command.)


# %%
@keras.saving.register_keras_serializable("my_cells")
class MinimalGatedUnit(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    def build(self, input_shape):
        size = 2 * self.units  # first the columns of f, then those of n
        self.W = self.add_weight(shape=(input_shape[-1], size), name="W")
        self.U = self.add_weight(shape=(self.units, size), initializer="orthogonal", name="U")
        self.b = self.add_weight(shape=(size,), initializer="zeros", name="b")

    def call(self, x, states):
        """Computes one step. x is [batch, features]. states is a list of one state [batch, units].

        Returns the new state, and a list that contains it.
        """
        raise NotImplementedError


def run_recipe(**settings):
    """Runs the recipe on our messages. Returns what `zoo.load` opens."""
    shell("zoo copy many_to_one_sentiment")  # only if it is not there yet
    recipe = runpy.run_path(str(folder / "many_to_one_sentiment.py"))
    files = {"dataset": str(folder / "mine.tsv"), "output": str(folder / "my-cell")}
    recipe["main"](recipe["Config"](**files, epochs=12, learning_rate=0.01, units=32, **settings))
    return zoo.load(folder / "my-cell")


# %%
# The check compares a step with NumPy. Then it runs the recipe, and looks at the messages in which the
# order of the words decides.
def is_step(cell):
    rng = np.random.default_rng(cell.units)
    x, h = (rng.normal(size=(3, size)).astype("float32") for size in (4, cell.units))
    cell.build((3, 4))
    weights = [rng.normal(size=w.shape).astype("float32") for w in cell.get_weights()]
    cell.set_weights(weights)
    output, (state,) = cell(x, [h])
    (W_f, W_n), (U_f, U_n), (b_f, b_n) = (np.split(w, 2, axis=-1) for w in weights)
    f = 1 / (1 + np.exp(-(x @ W_f + h @ U_f + b_f)))
    expected = (1 - f) * h + f * np.tanh(x @ W_n + (f * h) @ U_n + b_n)
    for name, found in (("first thing", output), ("state in the list", state)):
        if found.shape != expected.shape:
            return f"returns a {name} of shape {found.shape}, and {expected.shape} is expected."
        difference = np.abs(np.asarray(found) - expected).max()
        if difference > 1e-4:
            return f"returns a {name} that is wrong by up to {difference:.3f}."
    return None


def tells_order(cell):
    task = run_recipe(cell=type(cell))
    asked = [(label, text) for label, text in rows if " but " in text]
    answers = task.predict([text for _, text in asked])
    right = [max(p, key=p.get) == label for p, (label, _) in zip(answers, asked, strict=True)]
    print(f"The order decides in {len(asked)} messages. Right: {np.mean(right):.1%}")
    return None if np.mean(right) > 0.9 else "gets too few of these messages right."


cases = [((1,), is_step), ((2,), is_step), ((5,), is_step), ((32,), tells_order)]
exercises.check(MinimalGatedUnit, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# @keras.saving.register_keras_serializable("my_cells")
# class MinimalGatedUnit(keras.layers.Layer):
#     def __init__(self, units, **kwargs):
#         super().__init__(**kwargs)
#         self.units = self.state_size = units
#
#     def get_config(self):
#         return {**super().get_config(), "units": self.units}
#
#     def build(self, input_shape):
#         size = 2 * self.units  # first the columns of f, then those of n
#         self.W = self.add_weight(shape=(input_shape[-1], size), name="W")
#         self.U = self.add_weight(shape=(self.units, size), initializer="orthogonal", name="U")
#         self.b = self.add_weight(shape=(size,), initializer="zeros", name="b")
#
#     def call(self, x, states):
#         (h,) = states
#         x_f, x_n = keras.ops.split(x @ self.W + self.b, 2, axis=-1)
#         U_f, U_n = keras.ops.split(self.U, 2, axis=-1)
#         f = keras.ops.sigmoid(x_f + h @ U_f)
#         n = keras.ops.tanh(x_n + (f * h) @ U_n)
#         h = (1 - f) * h + f * n
#         return h, [h]
# ```
#
# </details>

# %% [markdown]
# ## Sources
#
# - The network of the recipe: A. M. Dai and Q. V. Le, "Semi-supervised Sequence Learning", 2015
#   (its plain LSTM); the dropout: Y. Gal and Z. Ghahramani, "A Theoretically Grounded Application
#   of Dropout in Recurrent Neural Networks", 2016.
# - Early stopping: L. Prechelt, "Early Stopping - But When?", in *Neural Networks: Tricks of the
#   Trade*, 1998.
# - The recipe's own docstring, `help("zoo.datasets.load_texts")` and `help("zoo.exporting")`.
