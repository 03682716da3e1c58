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
# From a recipe of the zoo to a network for your own texts: copy the recipe, give it your data, train,
# read what it prints, load the result, ask it, hand it on. You need notebook `03_five_types` (what
# `many_to_one` is) and the package installed with its recipes:
# `python -m pip install ".[recipes]"`.

# %%
import csv
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import zoo

tf.get_logger().setLevel("ERROR")  # keeps TensorFlow quiet

# %% [markdown]
# Most of this notebook you would type in a terminal. Here a small function does it: it runs a command
# in a temporary folder, which is deleted at the end, and shows what the command prints. You need not
# read it.

# %% jupyter={"source_hidden": true}
temporary = tempfile.TemporaryDirectory()
folder = pathlib.Path(temporary.name)
# `zoo` and `python` are those of this notebook's environment.
os.environ["PATH"] = str(pathlib.Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]


def shell(command):
    """Runs a command in the folder; gives what it prints, or its last line if it fails."""
    done = subprocess.run(shlex.split(command), cwd=folder, capture_output=True, text=True)
    if done.returncode:
        return f"{done.stderr.splitlines()[-1]}\n(exit status {done.returncode})"
    lines = re.sub(r"\x1b\[[\d;]*m", "", done.stdout).splitlines()  # without colours
    # Of Keras's progress, the line that ends an epoch.
    lines = [line for line in lines if "/step" not in line or "val_loss" in line]
    return re.sub(r"\n\n(?=\d+/\d+ )", "\n", "\n".join(lines))


# %% [markdown]
# ## Which recipes are there?
#
# A recipe is one Python file that trains one network on one kind of data. `zoo recipes` lists them.
# The name begins with the type.

# %%
print(shell("zoo recipes"))

# %% [markdown]
# We want to sort messages from customers: is the parcel late, is it damaged, or is all fine? Text in,
# one of a few labels out: that is what the sentiment recipe does, with other labels.
#
# ## Copy it
#
# `zoo copy` puts the file into the folder where you are. From then on it is yours: read it, run it,
# change it.

# %%
print(shell("zoo copy many_to_one_sentiment"))

# %% [markdown]
# It never overwrites what you have changed. A second time it refuses:

# %%
print(shell("zoo copy many_to_one_sentiment"))

# %% [markdown]
# Look into the file before you run it. At the top it says what it does and what to expect. Then comes
# a list of settings. Each is a flag: `max_length` is `--max-length`.

# %%
recipe = folder / "many_to_one_sentiment.py"
source = recipe.read_text("utf-8")
print(source[source.index("class Config") : source.index("def make_dataset")].rstrip())

# %% [markdown]
# ## Your own data
#
# The recipe reads a **TSV file**: on each line a label, a tab and a text. (A folder of `.txt` files
# for each label does too, see `help("zoo.datasets.texts")`.) To have something to show, we make the
# messages up, from nine patterns. In your own work this cell is where your data come from.

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
# Two patterns of "late" have word for word the same words as two of "damaged": "was late but not
# damaged", "was damaged but not late". Only their order tells them apart. Whoever counts words has to
# guess there; a network that reads them in order need not. Remember that for the table below.

# %% [markdown]
# ## A first run
#
# The recipe ends with some sentences whose answers one can judge by eye. Its own are about food;
# since the file is ours, we put in two that fit. There is no piano in our data, so they are new to
# the network.

# %%
old = next(line for line in source.splitlines(keepends=True) if line.startswith("SENTENCES = ["))
new = 'SENTENCES = ["The piano was late but not damaged", "The piano was damaged but not late"]\n'
_ = recipe.write_text(source.replace(old, new), "utf-8")

# %% [markdown]
# Now run it, with few epochs and a small state, to see that everything works. In a terminal, without
# the quotes and the `shell`:

# %%
output = shell(
    "python many_to_one_sentiment.py --dataset mine.tsv --epochs 2 --units 32 --output my-model"
)
print(output)

# %% [markdown]
# What it says, from top to bottom:
#
# - How many texts are in each part. We gave it one file, so it cut it itself: about 80 % to train on,
#   10 % for validation, 10 % for the test. Then the labels that it found. Always check these two.
# - The network: its layers, and their parameters. `not_equal` makes the mask (notebook 02), dropout
#   hides features while training.
# - A line for each epoch. `accuracy` is the share of training texts it got right, `val_accuracy` that
#   of the validation texts, which it does not train on.
# - Two **baselines** that cannot see the order of words: the mean of the word vectors, and a bag of
#   words with logistic regression. They tell you what is easy about your data.
# - The test accuracy of all three, of all texts and by their length: "to 7 words" are those of up to
#   7 words, "to 8 words" those of 8.
# - The sentences, each with its likeliest label and how probable that is.
#
# ## A better run
#
# After two epochs the loss was still falling: the network had not finished learning. `val_accuracy`
# and `val_loss` are what you look at to choose settings. The recipe prints the test accuracy at each
# run, too; do not choose by it, or it is no test any more. With so few texts an epoch has few steps,
# so we allow more epochs and larger steps. Training stops by itself when `val_accuracy` has not risen
# for two epochs. Then the weights of the best epoch are taken, not those of the last.

# %%
output = shell(
    "python many_to_one_sentiment.py --dataset mine.tsv --epochs 20 --learning-rate 0.005 --units 32 "
    "--output my-model"
)
print(output[output.index("Epoch 1/") :])

# %% [markdown]
# The network can tell "late but not damaged" from "damaged but not late". The baselines cannot,
# whatever one sets: both sentences are the same bag of words.
#
# A warning about this result. The test messages are new, but they follow the same nine patterns as
# the training messages. So it says that the network has learnt the patterns, no more. Real messages
# are harder, and the accuracies in the recipe's docstring are those of real texts.
#
# ## What was written
#
# The folder holds all that is needed to use the network, and to say later how it was made. (The
# second run has replaced the first one.)

# %%
for path in sorted((folder / "my-model").iterdir()):
    print(f"{path.name:24s}{path.stat().st_size / 1000:8.1f} kB")

# %% [markdown]
# `metrics.json` is the table for programs, `history.csv` has a line for each epoch:

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
# The training texts look worse at first. That is because an epoch's number for them is a mean over
# the whole epoch, in which the network was still getting better, and because dropout disturbs it
# while it trains.
#
# ## Use it from Python
#
# `zoo.load` opens the folder, checks that no file was changed, and gives you an object that takes
# plain texts. Nobody has to remember how the texts were cut into words: that is in the folder.

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
# "piano" and "train" are not in the training texts. Unknown words are all one word to the network,
# `[UNK]`. The first two labels are right all the same, because the words that matter are known. The
# third message follows none of the nine patterns, and the last one has nothing to do with parcels.
# Yet they get a label, perhaps with a high probability: there is no label for "something else", and a
# network does not know what it was never shown.
#
# `task.model` is the Keras model, and `task.card` all that is known about it:

# %%
card = task.card
for name in ("type", "cell", "dataset", "licence", "labels", "command"):
    print(f"{name:10s}{card[name]}")

# %% [markdown]
# `command` is how to train it again. With the same data, seed and versions it gives the same numbers
# on the same machine.
#
# ## Use it from the command line
#
# The `zoo` command opens the folder as well. `--json` is for programs:

# %%
print(shell('zoo predict my-model "Their piano was damaged but not late" --json'))

# %% [markdown]
# `zoo show` prints the card: data, command, metrics; and the layers below it, which we leave out
# here.

# %%
print(shell("zoo show my-model").split("Model:")[0].rstrip())

# %% [markdown]
# ## When something is wrong
#
# Files that people write have mistakes in them. Here somebody typed a space where the tab should be:

# %%
lines[3] = lines[3].replace("\t", " ")
(folder / "bad.tsv").write_text("\n".join(lines) + "\n", "utf-8")
print(shell("python many_to_one_sentiment.py --dataset bad.tsv --output bad-model"))
print((folder / "bad-model").exists())

# %% [markdown]
# One line says which file, which line, what was expected and what is there. The recipe stops before
# it trains, and writes nothing. (In Python, `zoo.datasets.load_texts` raises a `ValueError` with the
# same message.)

# %% [markdown]
# ## Hand it on
#
# A program that serves answers to others should not need Keras or the zoo. `export` writes a
# **SavedModel**, which TensorFlow alone can run, for instance in TensorFlow Serving. For texts it has
# the endpoint `from_strings`: raw strings in, probabilities out, in the order of the labels.

# %%
zoo.exporting.export(task, folder / "served")
served = tf.saved_model.load(folder / "served")
p = served.from_strings(tf.constant(messages)).numpy()  # [messages, labels]
print(card["labels"])
print(p.round(3))

# %% [markdown]
# Always compare what you hand on with what you tested. Here they agree:

# %%
expected = [[answer[label] for label in card["labels"]] for answer in task.predict(messages)]
np.testing.assert_allclose(p, expected, atol=1e-5)
print("The same probabilities.")

# %% [markdown]
# `format="onnx"` and `format="litert"` write for ONNX Runtime and for phones, from numbers instead of
# strings; the README says which types they can hold.
#
# The other recipes work alike: sentences with a tag for each word in columns (CoNLL), pairs of texts
# in a TSV, numbers in a CSV with a named column, images with a file of captions, a plain text.
#
# At last the temporary folder goes:

# %%
temporary.cleanup()
print(folder.exists())

# %% [markdown]
# ## Questions
#
# **1.** The recipe decides by a hash of the text whether it belongs to training, validation or test,
# instead of by chance. What is that good for?
#
# <details><summary>Answer</summary>
#
# The same text always falls into the same part. If a text is in your file twice, it cannot be in
# training and in the test. And if you add texts tomorrow, those of today stay where they were: what
# was tested on is not trained on later, and results can be compared.
#
# </details>
#
# **2.** Which of our nine patterns can the bag of words get right, and what accuracy is the most it
# can hope for?
#
# <details><summary>Answer</summary>
#
# Five of nine have words of their own ("two weeks", "pieces", "neither", "ordered", and "and" in "not
# late and not damaged"). The other four all have the same words: two of them are "late", two are
# "damaged", and whatever it answers there, half is wrong. That makes $(5 + 2)/9 \approx 0.78$ if all
# patterns are equally frequent. In a small test part they are not quite, so it may be a little more,
# or less.
#
# </details>
#
# **3.** In your real data 95 of 100 messages are "fine". Your network has a test accuracy of 0.95. Is
# that good?
#
# <details><summary>Answer</summary>
#
# Whoever always says "fine" has 0.95 too, without reading. Compare with that first. Then look at the
# rare labels by themselves: how many of the damaged parcels were found, and how many of those called
# damaged were damaged.
#
# </details>
#
# ## Sources
#
# - The network of the recipe: A. M. Dai and Q. V. Le, "Semi-supervised Sequence Learning", 2015 (its
#   plain LSTM); the dropout: Y. Gal and Z. Ghahramani, "A Theoretically Grounded Application of
#   Dropout in Recurrent Neural Networks", 2016.
# - Early stopping: L. Prechelt, "Early Stopping - But When?", in *Neural Networks: Tricks of the
#   Trade*, 1998.
# - The recipe's own docstring, `help("zoo.datasets.texts")` and `help("zoo.exporting")`.
