"""Short versions of functions of the zoo, for copies of recipes that run without it.

Batches, scores and generated tokens are those of the functions that they replace. Tables, verdicts,
pictures and the choice of examples are simpler.
"""

import collections
import io
import json
import pathlib
import re
import zipfile

import h5py
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf

from zoo.copying.standalone.searching import generate_in_batches
from zoo.tasks.language_model import PIECES_FILE, Tokenizer


def batches(rows, batch_size, seed=None):
    """Makes batches, padded with 0 on the right. With a seed, rows of similar length share a batch.

    Args:
        rows: a list of rows, or a function of a random generator that returns it anew for each epoch.
    """
    rng = np.random.default_rng(seed)
    draw = rows if callable(rows) else lambda rng: rows  # a function makes new rows for each epoch
    some_rows = draw(np.random.default_rng(seed))

    def pad(*arrays):
        shape = np.max([np.shape(array) for array in arrays], axis=0).astype(int)
        batch = np.zeros((len(arrays), *shape), np.asarray(arrays[0]).dtype)
        for i, array in enumerate(arrays):
            batch[(i, *map(slice, np.shape(array)))] = array
        return batch

    def one_epoch():
        epoch, order = draw(rng), np.arange(len(some_rows))
        if seed is not None:  # Python's sort is stable, so rows of equal length stay shuffled
            lengths = [[np.shape(x)[:1] for x in keras.tree.flatten(row)] for row in epoch]
            order = sorted(rng.permutation(order), key=lambda i: lengths[i])
        *full, rest = np.split(order, range(batch_size, len(order) + 1, batch_size))
        full = full if seed is None else rng.permutation(full)
        for part in (*full, rest) if len(rest) else full:
            yield keras.tree.map_structure(pad, *[epoch[i] for i in part])

    first = keras.tree.map_structure(pad, some_rows[0])
    signature = keras.tree.map_structure(lambda x: tf.TensorSpec([None] * x.ndim, x.dtype), first)
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    num_batches = -(-len(some_rows) // batch_size)
    options = tf.data.Options()
    options.autotune.enabled = False  # it would let epochs start late
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(4)
    return dataset.with_options(options)


def ngram_losses(train, texts, n, vocabulary_size):
    """Computes how well an n-gram model, which counts tokens, predicts texts (Witten & Bell 1991).

    Args and result: see `zoo.text.ngram_losses`.
    """
    p = [[1 / vocabulary_size] * (len(text) - 1) for text in texts]  # of the tokens after the first
    for k in range(n):  # from no token before each token to n - 1 of them
        counts, totals, kinds = (collections.Counter() for _ in range(3))
        for text in train:
            counts.update(zip(*(text[i:] for i in range(k + 1)), strict=False))
        for gram, count in counts.items():
            totals[gram[:-1]] += count
            kinds[gram[:-1]] += 1
        for its_p, text in zip(p, texts, strict=True):
            for i in range(max(1, k), len(text)):
                gram = tuple(text[i - k : i + 1])
                total, kind = totals[gram[:-1]], kinds[gram[:-1]]
                if total:
                    its_p[i - 1] = (counts[gram] + kind * its_p[i - 1]) / (total + kind)
    return [-np.log(its_p) for its_p in p]


def plot_attention(model, inputs, labels):
    """Plots the attention weights of a model as heat maps, one for each example."""
    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    figure, axes = plt.subplots(1, len(inputs), figsize=(14, 5), squeeze=False, layout="constrained")
    for axis, one, (items, steps) in zip(axes[0], inputs, labels, strict=True):
        axis.imshow(weights.predict_on_batch(one)[0], cmap="Greys", vmin=0, vmax=1)
        axis.set_xticks(range(len(items)), items, rotation=90)
        axis.set_yticks(range(len(steps)), steps)
        axis.set(xlabel="attended to", ylabel="steps of the output, downwards")
    return figure


def print_table(title, rows, number=".4f"):
    """Prints a table of scores. `rows` is a dict of a name to a dict of column to score."""
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(columns=title)
    print("", table.to_string(float_format=lambda x: format(x, number), na_rep="-"), sep="\n")


def plot_losses(history, baselines, title, ylabel="loss"):
    """Plots losses after each epoch, with a dashed line for each baseline."""
    table = pd.DataFrame(history, index=range(1, len(history["loss"]) + 1))
    axes = table.plot(marker="o", grid=True, xlabel="epoch", ylabel=ylabel, title=title)
    for name, value in baselines.items():
        axes.axhline(value, color="grey", linestyle="--", label=name)
    axes.legend()
    return axes.figure


def plot_scores(rows, title, ylabel, style="o"):
    """Plots a table of scores: the columns from left to right, and a color for each row."""
    return pd.DataFrame(rows).plot(style=style, grid=True, ylabel=ylabel, title=title).figure


def mark(words, tags):
    """Puts the chunks of a sentence in brackets. The tags are IOB2."""
    marked = []
    for word, tag, next_tag in zip(words, tags, [*tags[1:], "O"], strict=True):
        word = f"[{word}" if tag.startswith("B-") else word
        marked.append(f"{word} {tag[2:]}]" if next_tag[:2] != "I-" and tag != "O" else word)
    return " ".join(marked)


def pick_examples(is_right, number=6):
    """The indices of a few rows, half of them right and half of them wrong if there are that many."""
    right, wrong = np.flatnonzero(is_right), np.flatnonzero(~np.array(is_right, bool))
    return sorted([*right[: max(number // 2, number - len(wrong))], *wrong[: number // 2]])


def print_verdict(network, baselines, score, num_rows, lower_is_better=False):
    """Prints whether a network beat its best baseline.

    The spread says how much the difference would change with other test rows. It is estimated from ten
    parts of the test split. `score(name, rows)` is the score of a model on some of its rows.
    """
    sign, rows = -1 if lower_is_better else 1, np.arange(num_rows)
    best = max(baselines, key=lambda name: sign * score(name, rows))
    gain = sign * (score(network, rows) - score(best, rows))
    parts = np.array_split(rows, min(10, num_rows))
    gains = [sign * (score(network, part) - score(best, part)) for part in parts]
    spread = np.std(gains, ddof=1) / len(gains) ** 0.5
    words = "beats" if gain > 2 * spread else "does not beat" if gain < -2 * spread else "is as good as"
    print(f"\nVerdict: {network} {words} the best baseline, {best}: {gain:+.2g} (spread {spread:.2g}).")


def embed(tokens, vocabulary_size, embedding_dim, embeddings=None):
    """A vector for each token, and the mask `[batch, time]`, true where there is a token."""
    layer = keras.layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True)
    x = layer(tokens)  # [batch, time, embedding_dim]
    if embeddings is not None:
        layer.set_weights([embeddings])
    return x, layer.compute_mask(tokens)


def load_tokenizer(folder, level, backward):
    """Reads the tokens of a trained language model from its folder."""
    import sentencepiece  # of the extra "recipes"

    folder, pieces = pathlib.Path(folder), None
    vocabulary = json.loads((folder / "task.json").read_text("utf-8"))["vocabulary"]
    if level == "subword":
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / PIECES_FILE))
    return Tokenizer(level, vocabulary, pieces, backward)


def load_words(folder, level, backward):
    """Reads the tokens of a trained language model. Its words have no space before them here."""
    tokenizer = load_tokenizer(folder, level, backward)
    if level == "word":
        words = [symbol.removeprefix(" ") for symbol in tokenizer.vocabulary]
        tokenizer = tokenizer._replace(vocabulary=words)
    return tokenizer


def read_weights(folder):
    """Reads the weights of each layer of a trained model from its folder."""
    weights = {}
    with zipfile.ZipFile(pathlib.Path(folder) / "model.keras") as archive:
        file = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    for layer in file["layers"].values():
        values = layer.get("cell", layer)["vars"]  # a recurrent layer keeps them in its cell
        weights[layer["vars"].attrs["name"]] = [values[str(i)][()] for i in range(len(values))]
    return weights


def transfer(folder, model, vocabulary=None, backward=""):
    """Copies the weights of a trained language model, from the bottom up to what does not fit.

    Args:
        folder: the folder of the trained model.
        model: the new model. Its layers have the names that `zoo.build` gives them.
        vocabulary: its tokens, if they are other ones than those of the trained model.
        backward: the folder of a second one that reads backward, with the same token vectors.

    Returns:
        A dict with the list `"copied"`, of dicts with the `"variables"` that got the weights.
    """
    folder, weights, copied = pathlib.Path(folder), read_weights(folder), {}
    if vocabulary is not None:  # each token that both have keeps its vector
        known = json.loads((folder / "task.json").read_text("utf-8"))["vocabulary"]
        index = {token.replace("\u2581", " "): i for i, token in enumerate(known)}
        names = [token.replace("\u2581", " ") for token in vocabulary]
        rows = [index.get(name) for name in names]
        if not any(name.startswith(" ") for name in names):
            # A language model of words or subwords keeps the space before a word.
            rows = [index.get(name and f" {name}", row) for name, row in zip(names, rows, strict=True)]
        ((table,), (vectors,)) = model.get_layer("embedding").get_weights(), weights["embedding"]
        if table.shape[1] == vectors.shape[1]:
            for i, row in enumerate(rows):
                if row is not None:
                    table[i] = vectors[row]
            weights["embedding"] = [table]
    layers = {layer.name: layer for layer in model.layers}
    number = sum(re.fullmatch(r"rnn_\d+", name) is not None for name in weights)
    for name in ["embedding", *(f"rnn_{i}" for i in range(number)), "probabilities"]:
        layer = layers.get(name)
        one, is_first = getattr(layer, "forward_layer", layer), name == "rnn_0"
        if not copy_weights(weights[name], one, is_first):
            break
        copied[name] = one.weights
        if one is not layer:
            values = read_weights(backward)[name] if backward else None
            if backward and copy_weights(values, layer.backward_layer, is_first):
                copied[f"{name}, backward"] = layer.backward_layer.weights
            break  # the next layer reads both directions, so no weights fit
    print(f"Copied from {folder}: {', '.join(copied) or 'nothing, because the sizes differ'}")
    return {"copied": [{"variables": variables} for variables in copied.values()]}


def copy_weights(values, layer, is_first):
    """Copies the weights of a layer if they fit. Says whether they do.

    The first recurrent layer may also read other numbers, such as those of characters. Their weights
    become 0. This is only for Keras's cells.
    """
    if layer is None:
        return False
    if is_first and isinstance(layer, keras.layers.SimpleRNN | keras.layers.LSTM | keras.layers.GRU):
        wider = len(layer.get_weights()[0]) - len(values[0])
        values = [np.pad(values[0], ((0, max(0, wider)), (0, 0))), *values[1:]]
    if [x.shape for x in layer.get_weights()] != [x.shape for x in values]:
        return False
    layer.set_weights(values)
    return True


REPLACES = {  # the module and the name of a function of the zoo
    ("zoo.cells", "embed"): embed,
    ("zoo.datasets.batching", "batches"): batches,
    ("zoo.decoding.batches", "generate_in_batches"): generate_in_batches,
    ("zoo.plots.attention", "plot_attention"): plot_attention,
    ("zoo.plots.scores", "plot_losses"): plot_losses,
    ("zoo.plots.scores", "plot_scores"): plot_scores,
    ("zoo.recipe", "pick_examples"): pick_examples,
    ("zoo.recipe", "print_table"): print_table,
    ("zoo.tasks.tagging", "mark"): mark,
    ("zoo.text.baselines", "ngram_losses"): ngram_losses,
    ("zoo.verdict", "print_verdict"): print_verdict,
}
