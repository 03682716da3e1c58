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
# # A forward pass by hand
#
# Two words go through a recurrent network: text, tokens, numbers, vectors, hidden states. The
# numbers are small enough for pencil and paper. Then Keras does the same, and after that we look at
# a network of realistic size. You need notebook 01 (what a recurrent network is for), and you need
# to know how to multiply a matrix and a vector.

# %%
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import matplotlib.pyplot as plt
import numpy as np

import zoo
from zoo import exercises

np.set_printoptions(suppress=True)  # 0.00001 instead of 1e-05
plt.rcParams["font.size"] = 13

# %% [markdown]
# ## From text to tokens
#
# A network computes with numbers, so we first cut the text into pieces, the **tokens**. A program
# that does this is called a tokenizer. The simplest one converts everything to lower case and
# splits the text at spaces. (`zoo.text.standardize` also separates punctuation from words, and
# "n't" from "isn't".)

# %%
words = "This movie".lower().split()
print(words)

# %% [markdown]
# ## From tokens to numbers
#
# The **vocabulary** is the list of words that the network knows. The number of a word is its
# position in the list. Two positions are reserved. 0 is *padding*, which fills up short texts (see
# the end of this notebook). 1 is *unknown*, for every word that is not in the list.

# %%
vocabulary = ["", "[UNK]", "this", "movie", "was", "good", "bad"]
number_of = {word: i for i, word in enumerate(vocabulary)}


def encode(text):
    return [number_of.get(word, 1) for word in text.lower().split()]


print(encode("This movie"))
print(encode("This movie was splendid"))  # "splendid" is unknown: 1

# %% [markdown]
# ## From numbers to vectors: the embedding
#
# These numbers are only names: 3 is not "more" than 2. So each word gets a vector, which is one row
# of a table. The table is called the **embedding**. Here a vector has 4 numbers. The rows for
# "this" and "movie" are from the textbook's example. The other rows are made up, for later.
#
# A recurrent layer reads vectors, not words. The table can be learned before, from other texts
# (Word2Vec, GloVe). Or it is one more matrix that is trained together with the layer, as in
# notebook 01.

# %%
embedding = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],  # padding
        [0.1, 0.0, -0.1, 0.0],  # [UNK]
        [0.2, -0.1, 0.4, 0.6],  # this
        [0.7, 0.5, -0.3, 0.1],  # movie
        [0.1, 0.3, 0.2, -0.2],  # was
        [0.9, 0.8, 0.1, -0.9],  # good
        [-0.8, -0.9, 0.2, 0.8],  # bad
    ]
)  # [words in the vocabulary, 4]
x = embedding[encode("This movie")]  # [time, 4]
print(x)

# %% [markdown]
# Looking up a row is the same as multiplying the table by a *one-hot* vector, which has a 1 at the
# word's position and 0 elsewhere. That is why the table can be trained like any other matrix. In
# practice nobody computes this product, because looking up a row is much cheaper.

# %%
one_hot = np.eye(len(vocabulary))[encode("This movie")]
print(one_hot)
np.testing.assert_allclose(one_hot @ embedding, x)

# %% [markdown]
# ## The cell
#
# The network reads one vector at a time. Its memory is the **hidden state** $h_t$, here 3 numbers,
# one for each *unit*. At every **time step** $t$ it computes a new state from the word $x_t$ and
# the previous state:
#
# $$h_t = \tanh(W x_t + W_h h_{t-1} + b), \qquad h_0 = 0$$
#
# $W$ determines how a word changes the state. The **recurrent kernel** $W_h$ determines how the old
# state affects the new one. The **bias** $b$ is a constant added to each unit. The function $\tanh$
# squashes each number to between -1 and 1. A network learns $W$, $W_h$ and $b$. Here we use the
# numbers of the textbook's example.

# %%
W = np.array(
    [
        [0.1, 0.2, 0.0, -0.1],
        [-0.3, 0.0, 0.2, 0.1],
        [0.05, -0.2, 0.1, 0.2],
    ]
)  # [units, 4]: a row for each unit, a column for each number of a word
W_h = np.array(
    [
        [0.1, 0.0, 0.2],
        [0.0, 0.3, -0.1],
        [-0.2, 0.1, 0.0],
    ]
)  # [units, units]
b = np.array([0.01, -0.02, 0.03])  # [units]

# %% [markdown]
# ## Step 1, by hand: "this"
#
# There is no state yet: $h_0 = 0$, so the middle term is 0. Each unit multiplies its row of $W$
# with the word, number by number, and adds up the products. For the first unit:
#
# $$0.1 \cdot 0.2 + 0.2 \cdot (-0.1) + 0 \cdot 0.4 - 0.1 \cdot 0.6 = 0.02 - 0.02 + 0 - 0.06 = -0.06$$
#
# The same for all three units:

# %%
x_1, x_2 = x
for i in range(3):
    products = " + ".join(f"({w:g})({value:g})" for w, value in zip(W[i], x_1, strict=True))
    print(f"unit {i + 1}: {products} = {W[i] @ x_1:.2f}")

# %% [markdown]
# Then we add the bias and take tanh. Rounded to two digits, as on paper:

# %%
a_1 = W @ x_1 + b
h_1 = np.tanh(a_1)
print("before tanh:", a_1.round(2))
print("h_1:        ", h_1.round(2))

# %% [markdown]
# It looks as if tanh did nothing. For numbers so close to 0, this is almost true: $\tanh(a) \approx
# a - a^3/3$, and two digits do not show the difference. Larger numbers are squashed:

# %%
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
a = np.linspace(-3, 3, 200)
axis.plot(a, np.tanh(a), linewidth=2, label="tanh(a)")
axis.plot(a, a, linestyle="dotted", color="gray", label="a")
axis.plot(a_1, h_1, "o", markersize=8, label="our three units, step 1")
axis.set(xlabel="a, the sum before tanh", ylabel="state of the unit", ylim=(-1.2, 1.2))
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# ## Step 2, by hand: "movie"
#
# Now there is a memory. The sum has three parts: one from the word ($W x_2$), one from the previous
# state ($W_h h_1$), and the bias. On paper, we continue with $h_1$ rounded to two digits, as we
# wrote it down: $(-0.05, 0.06, 0.22)$.

# %%
h_1_rounded = h_1.round(2)
from_word = W @ x_2
from_state = W_h @ h_1_rounded
a_2 = from_word + from_state + b
h_2_by_hand = np.tanh(a_2).round(3)

print("unit    word   state    bias     sum     h_2")
for i in range(3):
    parts = (from_word[i], from_state[i], b[i], a_2[i], h_2_by_hand[i])
    print(f"{i + 1:4d}" + "".join(f"{part:8.3f}" for part in parts))

# %% [markdown]
# So $h_2 = (0.206, -0.277, -0.029)$. These three numbers are all that the network keeps of "this
# movie". In this example, the second word has more effect than the memory of the first word,
# because its part of the sum is larger.
#
# Every step is the same, so a short loop can read any number of words. From here on, we use all the
# digits that the computer has.


# %%
def forward(x, W, W_h, b):
    """Returns the hidden state after each step, [time, units]. x is [time, numbers of a word]."""
    h = np.zeros(len(b))
    states = []
    for x_t in x:
        h = np.tanh(W @ x_t + W_h @ h + b)
        states.append(h)
    return np.array(states)


print(forward(x, W, W_h, b).round(7))

# %% [markdown]
# ## The same in Keras
#
# Keras has both parts as layers: `Embedding` is the table and `SimpleRNN` is the loop. With
# `return_sequences=True` the layer returns the state after each step, otherwise only the last
# state. We put our numbers in with `set_weights`. Keras stores the matrices **transposed**, with
# rows and columns swapped. That is why there is a `.T` below. The reason follows in the section "A
# real size".

# %%
model = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),  # [batch, time]: any number of words
        keras.layers.Embedding(len(vocabulary), 4),  # -> [batch, time, 4]
        keras.layers.SimpleRNN(3, return_sequences=True),  # -> [batch, time, 3]
    ]
)
model.set_weights([embedding, W.T, W_h.T, b])
tokens = np.array([encode("This movie")])  # [1, 2]: a batch of one text
states = model.predict(tokens, verbose=0)[0]
np.testing.assert_allclose(states, forward(x, W, W_h, b), atol=1e-6)
print(states)

# %% [markdown]
# Keras and our loop agree to about seven digits. (Keras uses 32 bits for a number, NumPy uses 64.)
#
# ## What rounding by hand costs
#
# By hand, we rounded $h_1$ to two digits before we computed $h_2$. Let us compare with the exact
# result. We also keep more digits of $h_1$, to see how many are enough:

# %%
exact = forward(x, W, W_h, b)
print("digits of h_1 kept   h_2, three digits")
for digits in (1, 2, 3, 4):
    h_2 = np.tanh(W @ x_2 + W_h @ exact[0].round(digits) + b)
    print(f"{digits:11d}          {h_2.round(3)}")
print(f"        all          {exact[1].round(3)}")
print()
print("error of the rounded h_1:      ", np.abs(h_1_rounded - exact[0]).round(5))
print("error that it leaves in h_2:   ", np.abs(np.tanh(a_2) - exact[1]).round(5))

# %% [markdown]
# With two digits, the last digit of the first two units is off by one: 0.206 instead of 0.205, and
# -0.277 instead of -0.276. The third unit, -0.029, is right. Rounding moves a number by up to half
# a unit of the last digit that we keep. Here it moved one by 0.0035 (0.2165 became 0.22), and $W_h$
# passes this error to the next state. So on paper, keep at least as many digits as you want in the
# result. One more is better.
#
# Here the error became smaller on its way through $W_h$, because the numbers in $W_h$ are small.
# For the same reason, the network forgets what it has read. Gradients shrink in the same way. That
# is the subject of notebook 06.
#
# ## From the state to an answer
#
# Suppose the question has a yes-or-no answer, such as "is this review positive?" One more layer
# turns the last state into a probability:
#
# $$y = \sigma(W_y h_T + b_y), \qquad \sigma(a) = \frac{1}{1 + e^{-a}}$$
#
# Here $T$ is the last step, and $\sigma$ is the **sigmoid**, which squashes any number to between 0
# and 1.
#
# The textbook's example ends before this point, so this $W_y$ is made up. Nothing is trained here.
# The answer shows how to compute it, not what the words mean.

# %%
W_y = np.array([[4.0, -3.0, 2.0]])  # [1, units]
b_y = np.array([-0.5])


def answer(h):
    return 1 / (1 + np.exp(-(W_y @ h + b_y)))


for text in ("this movie", "this movie was good", "this movie was bad"):
    last = forward(embedding[encode(text)], W, W_h, b)[-1]
    print(f"{text:22s} h_T = {last.round(3)}   y = {answer(last)[0]:.3f}")

# %% [markdown]
# ## How the state moves, word by word
#
# Each column is the state after one word. Red is above 0 and blue is below 0. A column is computed
# only from the new word and the column before it.

# %%
text = "this movie was good"
figure = zoo.diagnostics.plot_states(forward(embedding[encode(text)], W, W_h, b), text.split())
figure.axes[0].set_yticks(range(3), [1, 2, 3])
plt.show()

# %% [markdown]
# ## Folded and unfolded
#
# There are two ways to draw this network. The *folded* picture has one cell, whose state goes back
# into itself. The *unfolded* picture shows this cell once for each time step. Both are the same
# network, and arrows of the same color are the same matrix. (The next cell only draws. You can skip
# its code.)


# %%
def arrow(axis, start, end, label, color, at, **style):
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 2.5, "mutation_scale": 22, **style}
    axis.annotate("", end, start, arrowprops=style)
    axis.text(*at, label, color=color, fontsize=19, ha="center", va="center")


def node(axis, place, label, color="white"):
    box = {"boxstyle": "circle,pad=0.35", "facecolor": color, "edgecolor": "black", "linewidth": 1.5}
    axis.text(*place, label, fontsize=19, ha="center", va="center", bbox=box)


def column(axis, i, x_label, h_label, y_label):
    arrow(axis, (i, 0.3), (i, 0.72), "$W$", "tab:blue", (i - 0.16, 0.48))
    arrow(axis, (i, 1.28), (i, 1.7), "$W_y$", "tab:green", (i - 0.18, 1.48))
    node(axis, (i, 0), x_label)
    node(axis, (i, 1), h_label, "gold")
    node(axis, (i, 2), y_label)


figure, (folded, unfolded) = plt.subplots(
    1, 2, figsize=(14, 5), width_ratios=(1, 3.3), layout="constrained"
)
column(folded, 0, "$x_t$", "$h_t$", "$y_t$")
loop = "arc,angleA=0,angleB=0,armA=60,armB=60,rad=30"
arrow(folded, (0.14, 1.22), (0.14, 0.78), "$W_h$", "tab:red", (0.75, 1), connectionstyle=loop)
for i, word in enumerate(["this", "movie", "was", "good"], start=1):
    column(unfolded, i, f"$x_{i}$", f"$h_{i}$", f"$y_{i}$")
    unfolded.text(i, -0.5, f"“{word}”", fontsize=17, ha="center")
    arrow(unfolded, (i - 0.77, 1), (i - 0.23, 1), "$W_h$", "tab:red", (i - 0.5, 1.17))
node(unfolded, (0, 1), "$h_0$", "lightgray")
folded.set(title="folded", xlim=(-0.7, 1.1), ylim=(-0.6, 2.4))
unfolded.set(title="unfolded over four time steps", xlim=(-0.4, 4.4), ylim=(-0.6, 2.4))
for axis in (folded, unfolded):
    axis.title.set_fontsize(18)
    axis.axis("off")
plt.show()

# %% [markdown]
# The picture shows an answer $y_t$ at every step. A network that answers once, as above, uses only
# the last one. Notebook 03 is about these types.
#
# ## A real size
#
# In textbooks, a typical word vector has 300 numbers and a network has 128 units. States of 100 to
# 512 units are common. `zoo.build` builds such a network. With `num_features=300` it reads vectors
# of 300 numbers, so it needs no embedding.

# %%
big = zoo.build("many_to_one", cell="simple_rnn", num_features=300, units=128)
names = ("W", "W_h", "b", "W_y", "b_y")
print("on paper   in Keras")
for name, weight in zip(names, big.weights, strict=True):
    print(f"{name:10s} {weight.name:17s} {tuple(weight.shape)!s:11s} {np.prod(weight.shape):6,d}")
print(f"\ntogether: {big.count_params():,}")

# %% [markdown]
# On paper $W$ is 128 x 300 (one row per unit), $W_h$ is 128 x 128, $W_y$ is 1 x 128, and $b$ has
# 128 numbers. Keras stores the transposes, 300 x 128 and 128 x 1. Why? On paper, a word is a
# column, and we compute $W x_t$. Keras processes many texts (a batch) at once, and each *row* is
# one word of one text. So the matrix must be on the right:
#
# $$\underbrace{X_t}_{\text{batch} \times 300}\; \underbrace{W^T}_{300 \times 128}
# \qquad\text{because}\qquad (W x)^T = x^T W^T$$
#
# We count the weights by hand:
#
# $$\underbrace{128 \cdot 300}_{W} + \underbrace{128 \cdot 128}_{W_h} + \underbrace{128}_{b} +
# \underbrace{128 + 1}_{W_y,\ b_y} = 38\,400 + 16\,384 + 128 + 129 = 55\,041$$

# %%
assert big.count_params() == 128 * 300 + 128 * 128 + 128 + 128 + 1

# %% [markdown]
# ## The same weights at every step: lengths 5 and 50
#
# The length of the text does not appear in this count. A layer uses the same matrices for 5 words
# or for 50 words. It uses them 5 times or 50 times. We check this with random vectors instead of
# words, against our own loop.

# %%
keras.utils.set_random_seed(0)  # the same random numbers at every run
layer = keras.layers.SimpleRNN(128, return_sequences=True)
long = np.random.default_rng(0).normal(size=(1, 50, 300)).astype("float32")  # [batch, time, 300]
short = long[:, :5]  # its first five steps

states_of_short = layer(short).numpy()  # [1, 5, 128]
states_of_long = layer(long).numpy()  # [1, 50, 128]
print(states_of_short.shape, states_of_long.shape, f"{layer.count_params():,} weights")

kernel, recurrent_kernel, bias = layer.get_weights()
by_loop = forward(long[0], kernel.T, recurrent_kernel.T, bias)
np.testing.assert_allclose(states_of_long[0], by_loop, atol=1e-4)
np.testing.assert_allclose(states_of_short[0], by_loop[:5], atol=1e-4)

# %% [markdown]
# The first five states are the same in both, because a state depends only on what came before it.
#
# Compare this with a layer without memory: `Dense` in Keras, a *feed-forward* layer. It gets all
# words side by side in one long vector. So it needs a weight for each number of each word at each
# position. It grows with the text. It cannot read a text longer than the one it was built for. And
# it has to learn separately at each position what "good" means:

# %%
for steps in (5, 50):
    dense = keras.layers.Dense(128)
    dense.build((None, steps * 300))  # all words in one vector
    print(f"{steps:2d} words: Dense {dense.count_params():9,d}, SimpleRNN {layer.count_params():,}")

# %% [markdown]
# ## Padding, and the mask
#
# A network processes texts in batches. A batch is one array, so all of its rows must have the same
# length. Short texts are filled up with token 0, the **padding**. Here we put it on the right
# (`"post"`).

# %%
texts = ["this movie was good", "this movie"]
batch = keras.utils.pad_sequences([encode(text) for text in texts], padding="post")
print(batch)  # [batch, time]

# %% [markdown]
# In our table, the vector of the padding is all 0. (In a trained table it may be something else.)
# So does padding change anything? Look at the second text. Its last word is at step 2, and after
# that there is nothing to read.

# %%
print(model.predict(batch, verbose=0)[1].round(3))  # [time, units] of "this movie"

# %% [markdown]
# The state keeps changing. Step 3 computes $\tanh(W \cdot 0 + W_h h_2 + b)$, which is not $h_2$.
# Every padded step multiplies the memory by $W_h$ once more and adds the bias, as if it had read
# something. The answer comes from the state after the last step, and that is no longer the state
# after the last word.
#
# The solution is a **mask**: true or false for each step. Where it is false, the layer leaves the
# state unchanged. In Keras, `Embedding(..., mask_zero=True)` makes the mask and passes it to the
# next layer.

# %%
with_mask = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(len(vocabulary), 4, mask_zero=True),
        keras.layers.SimpleRNN(3, return_sequences=True),
    ]
)
with_mask.set_weights(model.get_weights())
print("mask:", with_mask.layers[0].compute_mask(batch)[1].numpy())
states = with_mask.predict(batch, verbose=0)[1]
print(states.round(3))
np.testing.assert_allclose(states[[2, 3]], states[[1, 1]])  # steps 3 and 4 are step 2

# %% [markdown]
# Why must padding not change the state? The amount of padding depends on which other texts happen
# to be in the batch. The answer to a text must not depend on that. And the error is not small. Here
# are the answers for two texts, one ending in "good" and one in "bad", with more and more padding:

# %%
paddings = np.arange(11)
figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
for name, network, line in (("with a mask", with_mask, "-"), ("without", model, "--")):
    for text, color in (("this movie was good", "tab:orange"), ("this movie was bad", "tab:blue")):
        answers = []
        for n in paddings:
            padded = np.array([encode(text) + [0] * n])  # [1, 4 + n]
            h = network(padded).numpy()[0, -1]  # the state after the last step
            answers.append(answer(h)[0])
        axis.plot(
            paddings,
            answers,
            line,
            color=color,
            linewidth=2.5,
            label=f"“... {text[-4:].strip()}”, {name}",
        )
axis.set(xlabel="padded steps after the last word", ylabel="answer y", ylim=(0, 1))
axis.grid(alpha=0.3)
axis.legend(loc=(0.6, 0.47))
plt.show()

# %% [markdown]
# Without the mask, both texts soon get the same answer. The network has forgotten what it read, and
# only the effect of $W_h$ and $b$ is left. Training can hardly learn from a state that has
# forgotten its words. A missing or lost mask is a common mistake with recurrent layers, and it
# raises no error. (Here $W_h$ is small, so a few steps are enough. With a larger $W_h$ it takes
# longer.)
#
# There is one more trap. `pad_sequences` pads on the **left** by default, and many tutorials leave
# it that way. Then the words come last and are not lost. But without a mask, the state is no longer
# 0 when the first word comes. In this project, padding is always on the right and always masked.

# %%
print(keras.utils.pad_sequences([encode(text) for text in texts]))  # the default: on the left
left = keras.utils.pad_sequences([encode("this movie")], maxlen=4)
print(model(left).numpy()[0].round(3))  # without a mask
print("h_1 and h_2 without padding:", forward(x, W, W_h, b).round(3).tolist())

# %% [markdown]
# ## What to remember
#
# - Text → tokens → numbers → vectors → states → answer. Each step is a look-up or a matrix product
#   whose result is squashed.
# - $h_t = \tanh(W x_t + W_h h_{t-1} + b)$, with the same $W$, $W_h$ and $b$ at every step, for any
#   length.
# - Keras stores the transposes of the textbook's matrices.
# - If you round along the way, you lose digits at the end.
# - A padded step must not change the state, so mask it.
#
# ## Questions
#
# **1.** A `SimpleRNN` reads word vectors of 300 numbers and has 256 units. How many weights does it
# have? How many if the texts have 200 words instead of 20?
#
# <details><summary>Answer</summary>
#
# $256 \cdot 300 + 256 \cdot 256 + 256 = 76\,800 + 65\,536 + 256 = 142\,592$. The length of the
# texts changes nothing, because the same weights are used at every step. Doubling the units more
# than doubles the weights, because $W_h$ grows with the square of the number of units.
#
# </details>
#
# **2.** Someone puts a different $W_h$ into the worked example. Which of $h_1$ and $h_2$ change?
# What if $W_h$ is all 0?
#
# <details><summary>Answer</summary>
#
# Only $h_2$ changes. In the first step, $W_h$ is multiplied by $h_0 = 0$. If $W_h$ is all 0, no
# state contains anything about the words before. The network reads each word by itself, and $h_2$
# is the same for "this movie" and for "good movie".
#
# </details>
#
# **3.** A classifier of reviews is trained in batches with padding on the right and without a mask.
# On long reviews it does well. On short ones it guesses. Why?
#
# <details><summary>Answer</summary>
#
# A short review next to long ones gets a lot of padding. At each padded step its state is
# multiplied by $W_h$ again, until nothing is left of the words. The longest review of a batch has
# no padding, so its last state is right. With a mask, both work. Putting reviews of similar length
# into the same batch saves the time that padding costs.
#
# </details>

# %% [markdown]
# ## Now you write it
#
# Here are three tasks: a line, a function and a small experiment. Run the notebook from the top
# first. Then replace `raise NotImplementedError` with your code, run the cell, and run the check
# below it. The check says what is wrong, if anything is. Each solution is folded.
#
# ### Task 1: a step with a mask
#
# Write the line that computes the state after one step. A padded step must leave the state as it
# is.


# %%
def masked_step(x_t, is_word, h, W, W_h, b):
    """Returns the state after a step, [units].

    Args:
        x_t: what is read, [features]. is_word: False if it is padding.
        h: the state before the step, [units].
        W, W_h, b: [units, features], [units, units], [units].
    """
    raise NotImplementedError


# %%
# The check compares with Keras.
cases = []
for seed, (features, units) in enumerate([(4, 3), (2, 5), (6, 2)]):
    for is_word in (True, False):
        rng = np.random.default_rng(seed)
        x_t, h, W_1, W_h_1, b_1 = (
            rng.normal(size=shape).astype("float32")
            for shape in (features, units, (units, features), (units, units), units)
        )
        layer = keras.layers.SimpleRNN(units, return_state=True)
        layer.build((1, 1, features))
        layer.set_weights([W_1.T, W_h_1.T, b_1])
        mask = np.array([[is_word]])  # [batch, time]
        _, states = layer(x_t[None, None], initial_state=[h[None]], mask=mask)  # [batch, units]
        cases.append(((x_t, is_word, h, W_1, W_h_1, b_1), states[0]))
exercises.check(masked_step, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def masked_step(x_t, is_word, h, W, W_h, b):
#     return np.tanh(W @ x_t + W_h @ h + b) if is_word else h
# ```
#
# </details>
#
# ### Task 2: a whole batch at once
#
# `forward` above reads one text. Write a function that reads a batch of texts of the same length,
# as Keras does: with a loop over the steps, but no loop over the texts. There, each text is a row.


# %%
def forward_batch(x, W, W_h, b):
    """Returns the states after each step of each text, [batch, time, units].

    Args:
        x: what is read, [batch, time, features].
        W, W_h, b: [units, features], [units, units], [units], as on paper.
    """
    raise NotImplementedError


# %%
# The check compares with Keras.
cases = []
for seed, (batch_size, time, features, units) in enumerate([(2, 3, 4, 3), (5, 1, 2, 4), (1, 6, 3, 2)]):
    rng = np.random.default_rng(seed)
    x_1, W_1, W_h_1, b_1 = (
        rng.normal(size=shape).astype("float32")
        for shape in ((batch_size, time, features), (units, features), (units, units), units)
    )
    layer = keras.layers.SimpleRNN(units, return_sequences=True)
    layer.build(x_1.shape)
    layer.set_weights([W_1.T, W_h_1.T, b_1])
    cases.append(((x_1, W_1, W_h_1, b_1), layer(x_1)))
exercises.check(forward_batch, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def forward_batch(x, W, W_h, b):
#     h = np.zeros((len(x), len(b)))  # [batch, units]
#     states = []
#     for t in range(x.shape[1]):
#         h = np.tanh(x[:, t] @ W.T + h @ W_h.T + b)  # [batch, units]
#         states.append(h)
#     return np.stack(states, axis=1)  # [batch, time, units]
# ```
#
# </details>
#
# ### Task 3: how fast does a network forget?
#
# An experiment. Without a mask, padding made our network forget whether it had read "good" or
# "bad". Measure how many padded steps that takes, if $W_h$ is multiplied by some scale. The check
# tries scales from 0.5 to 3. What do you expect?


# %%
def padding_until_alike(scale):
    """Returns after how many padded steps "this movie was good" and "... was bad" are alike.

    Two texts are alike if no number of their states differs by 0.01 or more. Use `forward`, `encode`,
    `embedding`, W, b, and W_h multiplied by `scale`. The vector of the padding is all 0.
    """
    raise NotImplementedError


# %%
# The check lets a layer of Keras read 100 padded steps.
cases = []
for scale in (0.5, 1, 2, 3):
    layer = keras.layers.SimpleRNN(3, return_sequences=True)
    layer.build((None, None, 4))
    layer.set_weights([W.T, scale * W_h.T, b])
    padded = [encode(f"this movie was {word}") + [0] * 100 for word in ("good", "bad")]
    good, bad = layer(embedding[padded].astype("float32")).numpy()[:, 3:]  # from the last word on
    cases.append(((scale,), np.argmax(np.abs(good - bad).max(axis=1) < 0.01)))
exercises.check(padding_until_alike, cases)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def padding_until_alike(scale):
#     good, bad = (
#         forward(embedding[encode(f"this movie was {word}")], W, scale * W_h, b)[-1]
#         for word in ("good", "bad")
#     )
#     steps = 0
#     while np.abs(good - bad).max() >= 0.01:
#         good, bad = (np.tanh(scale * W_h @ h + b) for h in (good, bad))
#         steps += 1
#     return steps
# ```
#
# `print([padding_until_alike(scale) for scale in (0.5, 1, 2, 3)])` shows that the network forgets
# more slowly with a larger $W_h$. With a scale of 3 it takes many more steps.
#
# </details>

# %% [markdown]
# ## Sources
#
# - The worked example ("this movie", 4 numbers per word, 3 units) and the sizes 300 and 128 are
#   from the course notes that this project follows, here called the textbook. The rows of the
#   embedding for other words, and $W_y$, are made up.
# - Elman 1990, "Finding Structure in Time", Cognitive Science 14: the network itself.
# - Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.1 (folded and unfolded
#   graphs) and 10.2.
# - Keras's guide "Understanding masking & padding" (keras.io).
