"""Short versions of functions of the zoo, for copies of recipes that run without it.

Batches and generated tokens are those of the functions that they replace. Tables, verdicts and the
choice of examples are simpler.
"""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

REPLACES = {  # the module of the function of the same name
    "batches": "zoo.datasets.batching",
    "embed": "zoo.cells",
    "generate_in_batches": "zoo.decoding.batches",
    "pick_examples": "zoo.recipe",
    "print_table": "zoo.recipe",
    "print_verdict": "zoo.verdict",
}


def next_log_p(model, first_inputs, tokens, lengths):
    """The log-probabilities `[rows, vocabulary]` of the token after `lengths` tokens of each row."""
    rows = np.arange(len(tokens))
    p = np.array(model.predict_on_batch([*first_inputs, tokens]), "float32")[rows, lengths - 1]
    p[:, :2] = 0  # never padding or [UNK]
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p) - np.log(p.sum(axis=-1, keepdims=True)), -1e9)


def sample(model, first_inputs, tokens, max_length, temperature=1.0, top_k=None, top_p=1.0, seed=0):
    """Draws one token after the other.

    Args:
        model: a model of next-token probabilities.
        first_inputs: a list of its inputs `[rows, ...]` before the tokens.
        tokens: the tokens so far `[rows, time]`, padded with 0 on the right.

    Returns:
        The new tokens `[rows, max_length]`, with 0 after the end token.
    """
    rng, lengths, rows = np.random.default_rng(seed), (tokens != 0).sum(axis=1), np.arange(len(tokens))
    tokens = np.pad(tokens, ((0, 0), (0, max_length)))
    new, is_done = np.zeros((len(rows), max_length), "int32"), np.zeros(len(rows), bool)
    for t in range(max_length):
        if t % 32 == 0:
            uniform = rng.random((len(rows), 32), "float32")
        log_p = next_log_p(model, first_inputs, tokens, lengths)
        log_p = np.where(log_p > -5e8, log_p / np.float32(temperature), -1e9)
        order = np.argsort(-log_p, axis=-1, kind="stable")[:, :top_k]  # the likeliest first
        p = np.exp(np.take_along_axis(log_p - log_p.max(axis=-1, keepdims=True), order, axis=-1))
        p /= p.sum(axis=-1, keepdims=True)
        p[p.cumsum(axis=-1) - p >= top_p] = 0
        total = p.cumsum(axis=-1)  # [rows, k]
        rank = (total <= uniform[:, t % 32, None] * total[:, -1:]).sum(axis=-1)
        rank = np.minimum(rank, (p > 0).sum(axis=-1) - 1)
        new[:, t] = np.where(is_done, 0, order[rows, rank])
        tokens[rows, lengths] = new[:, t]
        lengths, is_done = lengths + ~is_done, is_done | (new[:, t] == 3)
        if is_done.all():
            break
    return new


def greedy(model, first_inputs, tokens, max_length):
    """Takes the most probable token at every step.

    Args and result: see `sample`.
    """
    lengths, rows = (tokens != 0).sum(axis=1), np.arange(len(tokens))
    tokens = np.pad(tokens, ((0, 0), (0, max_length)))
    new, is_done = np.zeros((len(rows), max_length), "int32"), np.zeros(len(rows), bool)
    for t in range(max_length):
        best = next_log_p(model, first_inputs, tokens, lengths + t).argmax(axis=-1)  # [rows]
        new[:, t] = tokens[rows, lengths + t] = np.where(is_done, 0, best)
        is_done |= best == 3  # the end token
        if is_done.all():
            break
    return new


def beam_search(model, first_inputs, tokens, max_length, beam_width=5):
    """Keeps the most probable beginnings, its beams, instead of one (Wu et al. 2016, equation 14).

    Args and result: see `sample`.
    """
    rows = np.arange(len(tokens))
    first_inputs = [np.repeat(x, beam_width, axis=0) for x in first_inputs]  # [rows * beams, ...]
    lengths = np.repeat((tokens != 0).sum(axis=1), beam_width)
    known = np.pad(np.repeat(tokens, beam_width, axis=0), ((0, 0), (0, max_length)))
    new = np.zeros((len(rows), beam_width, max_length), "int32")
    log_p = np.where(np.arange(beam_width) == 0, 0.0, np.full((len(rows), 1), -1e9))  # all are equal
    best, best_score = np.zeros((len(rows), max_length), "int32"), np.full(len(rows), -2e9)
    for t in range(max_length):
        step = next_log_p(model, first_inputs, known, lengths + t).reshape(len(rows), beam_width, -1)
        ended = step[:, :, 3] + log_p  # the end token ends a beam  [rows, beams]
        step[:, :, 3] = -1e9
        total = (step + log_p[:, :, None]).reshape(len(rows), -1)
        order = np.argsort(-total, axis=-1, kind="stable")[:, :beam_width]
        parent, token = np.divmod(order, step.shape[-1])  # [rows, beams]
        log_p = np.take_along_axis(total, order, axis=-1)
        worst = np.sort(np.concatenate([ended, log_p], axis=1))[:, -beam_width]
        ended[ended < worst[:, None]] = -2e9
        score, beam = ended.max(axis=1) / ((6 + t) / 6), ended.argmax(axis=1)  # [rows]
        is_better, best_score = score > best_score, np.maximum(score, best_score)
        best[is_better] = new[rows, beam][is_better]
        best[is_better, t] = 3
        new = np.take_along_axis(new, parent[:, :, None], axis=1)
        new[:, :, t] = token
        known[np.arange(len(known))[:, None], lengths[:, None] + np.arange(t + 1)] = new.reshape(
            len(known), -1
        )[:, : t + 1]
        if (log_p[:, 0] / ((5 + max_length) / 6) <= best_score).all():
            break  # no beam can become better than the best that has ended
    is_better = log_p[:, 0] / ((6 + t) / 6) > best_score
    best[is_better] = new[is_better, 0]
    return best


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
        epoch = draw(rng)
        parts = np.split(np.arange(len(epoch)), range(batch_size, len(epoch), batch_size))
        if seed is not None:
            # Python's sort is stable, so rows of equal length stay shuffled.
            sizes = [[np.shape(x)[:1] for x in keras.tree.flatten(row)] for row in epoch]
            order = np.array(sorted(rng.permutation(len(epoch)), key=lambda i: sizes[i]))
            last = len(epoch) // batch_size * batch_size
            parts = [*rng.permutation(order[:last].reshape(-1, batch_size)), order[last:]]
        for part in parts:
            if len(part):
                yield keras.tree.map_structure(pad, *[epoch[i] for i in part])

    first = keras.tree.map_structure(pad, some_rows[0])
    signature = keras.tree.map_structure(lambda x: tf.TensorSpec([None] * x.ndim, x.dtype), first)
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    num_batches = -(-len(some_rows) // batch_size)
    options = tf.data.Options()
    options.autotune.enabled = False  # it would let epochs start late
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(4)
    return dataset.with_options(options)


def print_table(title, rows, number=".4f"):
    """Prints a table of scores. `rows` is a dict of a name to a dict of column to score."""
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(columns=title)
    print("", table.to_string(float_format=lambda x: format(x, number), na_rep="-"), sep="\n")


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
    pair = f"{score(network, rows):.4g} to {score(best, rows):.4g}"
    print(f"\nVerdict: {network} {words} the best baseline, {best}: {pair} (spread {spread:.2g}).")


def generate(
    model,
    inputs,
    max_length,
    strategy="greedy",
    beam_width=5,
    temperature=1.0,
    top_k=None,
    top_p=1.0,
    seed=0,
):
    """Continues each row of `inputs`: tokens `[rows, time]` with padding on the right."""
    tokens = np.array(inputs)
    if strategy == "beam":
        return beam_search(model, [], tokens, max_length, beam_width)
    k = 1 if strategy == "greedy" else top_k
    return sample(model, [], tokens, max_length, temperature, k, top_p, seed)


def generate_in_batches(model, sources, max_length, batch_size, strategy="greedy", beam_width=5):
    """Generates tokens for any number of sources, with sources of similar length in one batch."""
    generated = [[]] * len(sources)
    is_context = isinstance(sources, np.ndarray)  # all contexts have the same shape
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        source = [sources[i] for i in batch]
        source = np.array(source) if is_context else keras.utils.pad_sequences(source, padding="post")
        tokens = np.full((len(batch), 1), 2)  # the start token
        if strategy == "greedy":
            new = greedy(model, [source], tokens, max_length)
        else:
            new = beam_search(model, [source], tokens, max_length, beam_width)
        for i, row in zip(batch, new.tolist(), strict=True):
            generated[i] = [token for token in row if token not in (0, 3)]
    return generated


def with_states(model):
    """A network of the same layers whose states are inputs and outputs."""
    tokens = keras.Input((None,), dtype="int32")
    x, inputs, outputs = tokens, [], []
    for layer in model.layers[1:]:
        if isinstance(layer, keras.layers.RNN):
            states = [keras.Input(state.shape[1:]) for state in layer.get_initial_state(1)]
            layer = keras.layers.RNN(layer.cell, return_sequences=True, return_state=True)
            x, *new_states = layer(x, initial_state=states)  # [batch, time, units], [batch, units]
            inputs, outputs = inputs + states, outputs + new_states
        else:
            x = layer(x)
    return keras.Model([tokens, *inputs], [x, *outputs])


def embed(tokens, vocabulary_size, embedding_dim, embeddings=None):
    """A vector for each token, and the mask `[batch, time]`, true where there is a token."""
    layer = keras.layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True)
    x = layer(tokens)  # [batch, time, embedding_dim]
    if embeddings is not None:
        layer.set_weights([embeddings])
    return x, layer.compute_mask(tokens)
