"""Short versions of the generation of tokens, for copies of recipes that run without the zoo.

They generate the same tokens as `zoo.decoding`. Token 0 is padding, 1 is [UNK], 2 is the start, and 3
is the end.
"""

import keras
import numpy as np

# From a source or a context. The whole row is read anew at each step.


def beam_search(states, last, sources, max_length, beam_width, n_best=1):
    """Keeps the most probable beginnings (Wu et al. 2016, equation 14). One beam is greedy search.

    Args:
        states: a model without its last layer. Its inputs are sources, and tokens `[rows, time]`.
        last: the last layer, which gives the probabilities of the next token.
        sources: a batch of what the model reads first, `[rows, ...]`.

    Returns:
        The new tokens `[rows, n_best, max_length]`, with 0 after the end of a row.
    """
    log_p = np.full((len(sources), beam_width), -np.inf)
    log_p[:, 0] = 0  # at first, all beams of a row are equal
    sources = np.repeat(sources, beam_width, axis=0)  # [rows * beams, ...]
    beams = np.zeros((*log_p.shape, max_length + 1), "int32")
    beams[:, :, 0] = 2  # the start token
    best, best_score = beams[:, :n_best], np.full((len(log_p), n_best), -np.inf)

    def keep_best(beams, score):
        both, scores = np.hstack([best, beams]), np.hstack([best_score, score])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n_best]
        return np.take_along_axis(both, order[:, :, None], 1), np.take_along_axis(scores, order, 1)

    for t in range(max_length):
        tokens = beams.reshape(len(sources), -1)[:, : t // 16 * 16 + 16]  # few different lengths
        x = states.predict_on_batch([sources, tokens])[:, t]  # [rows * beams, units]
        p = keras.ops.convert_to_numpy(last(x))  # [rows * beams, vocabulary]
        step = np.log(p + 1e-37) - np.log(p[:, 2:].sum(axis=-1, keepdims=True))
        step[:, :2] = -np.inf  # never padding or [UNK]
        total = log_p[:, :, None] + step.reshape(*log_p.shape, -1)  # [rows, beams, vocabulary]
        ended = total[:, :, 3].copy()  # [rows, beams]
        total[:, :, 3] = -np.inf
        order = np.argsort(-total.reshape(len(log_p), -1), kind="stable")[:, :beam_width]
        parent, token = np.divmod(order, total.shape[-1])  # [rows, beams]
        log_p = np.take_along_axis(total.reshape(len(log_p), -1), order, axis=-1)
        worst = np.sort(np.hstack([ended, log_p]))[:, -beam_width, None]
        score = np.where(ended < worst, -np.inf, ended) / ((6 + t) / 6)
        best, best_score = keep_best(beams, score)
        beams = np.take_along_axis(beams, parent[:, :, None], axis=1)
        beams[:, :, t + 1] = token
        if beam_width == 1:  # greedy search: the first end of a row is its end
            log_p[best_score > -np.inf] = -np.inf
        if (log_p[:, 0] / ((5 + max_length) / 6) <= best_score[:, -1]).all():
            break  # no beam can become better than the best that have ended
    best, _ = keep_best(beams, log_p / ((6 + t) / 6))
    return best[:, :, 1:]


def generate_in_batches(model, sources, max_length, batch_size=64, beam_width=1, n_best=None):
    """Generates tokens for any number of sources, with sources of similar length in one batch.

    With `n_best`, it returns so many lists of tokens for each source, the best one first.
    """
    last = model.get_layer("probabilities")  # is slow, and only needed for the newest token
    states = keras.Model(model.inputs, last.input)
    generated = [[]] * len(sources)
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        if isinstance(sources, np.ndarray):  # contexts, which all have the same shape
            padded = sources[batch]
        else:
            padded = keras.utils.pad_sequences([sources[i] for i in batch], padding="post")
        beams = beam_search(states, last, padded, max_length, beam_width, n_best or 1)
        for i, rows in zip(batch, beams.tolist(), strict=True):
            rows = [[token for token in row if token] for row in rows]
            generated[i] = rows if n_best else rows[0]
    return generated


# From a beginning. The states of the network are passed on, so each token is read once.


def with_states(model):
    """A network of the same layers whose states are inputs and outputs."""
    tokens = keras.Input((None,), dtype="int32")
    mask, x, inputs, outputs = keras.ops.not_equal(tokens, 0), tokens, [], []
    for layer in model.layers[1:]:
        if isinstance(layer, keras.layers.RNN):
            states = [keras.Input(state.shape[1:]) for state in layer.get_initial_state(1)]
            cell, options = layer.cell, layer.get_config() | {"return_state": True}
            options |= {"cell": cell} if "cell" in options else {}  # a cell of your own
            layer = type(layer)(**options)
            layer.cell = cell  # both networks share it, and with it the weights
            x, *new_states = layer(x, mask=mask, initial_state=states)  # [batch, time, units]
            inputs, outputs = inputs + states, outputs + new_states
        elif isinstance(layer, keras.layers.Activation):  # tied to the embedding
            x = layer(model.get_layer("embedding")(x, reverse=True))  # [batch, time, vocabulary]
        else:
            x = layer(x)
    return keras.Model([tokens, *inputs], [x, *outputs])


def next_log_p(network, tokens, states):
    """The log-probabilities `[rows, vocabulary]` of the token after some tokens, and the states."""
    p, *states = network.predict_on_batch([tokens, *states])
    p = p[:, -1]  # at padding, a network repeats what it said at the last token
    log_p = np.log(p + 1e-37) - np.log(p[:, 2:].sum(axis=-1, keepdims=True))
    log_p[:, :2] = -np.inf  # never padding or [UNK]
    return log_p, states


def sample(network, tokens, states, max_length, temperature=1.0, top_k=None, top_p=1.0, seed=0):
    """Draws one token after the other.

    With `top_k=1`, it takes the likeliest one.
    """
    rng, new = np.random.default_rng(seed), np.zeros((len(tokens), max_length), "int32")
    for t in range(max_length):
        if t % 32 == 0:
            uniform = rng.random((len(tokens), 32), "float32")
        log_p, states = next_log_p(network, tokens, states)
        order = np.argsort(-log_p, axis=-1, kind="stable")[:, :top_k]  # the likeliest first
        log_p = np.take_along_axis(log_p, order, axis=-1) / temperature
        p = np.exp(log_p - log_p[:, :1])
        p /= p.sum(axis=-1, keepdims=True)
        p[p.cumsum(axis=-1) - p >= top_p] = 0
        total = p.cumsum(axis=-1)  # [rows, k]
        rank = (total <= uniform[:, t % 32, None] * total[:, -1:]).sum(axis=-1, keepdims=True)
        rank = np.minimum(rank, (p > 0).sum(axis=-1, keepdims=True) - 1)
        drawn = np.take_along_axis(order, rank, axis=-1)[:, 0]
        new[:, t] = np.where((new == 3).any(axis=1), 0, drawn)  # nothing after the end token
        tokens = new[:, t : t + 1]
        if not tokens.any():
            break
    return new


def search_beams(network, tokens, states, max_length, beam_width=5):
    """Keeps the most probable beginnings, its beams, instead of one (Wu et al. 2016, equation 14)."""
    log_p = np.full((len(tokens), beam_width), -np.inf)
    log_p[:, 0] = 0  # at first, all beams of a row are equal
    tokens, *states = (np.repeat(x, beam_width, axis=0) for x in (tokens, *states))
    beams = np.zeros((*log_p.shape, max_length), "int32")
    best, best_score = np.zeros_like(beams[:, 0]), np.full(len(log_p), -np.inf)
    for t in range(max_length):
        step, states = next_log_p(network, tokens, states)  # [rows * beams, vocabulary]
        total = log_p[:, :, None] + step.reshape(*log_p.shape, -1)  # [rows, beams, vocabulary]
        ended = total[:, :, 3].copy()  # [rows, beams]
        total[:, :, 3] = -np.inf
        order = np.argsort(-total.reshape(len(log_p), -1), kind="stable")[:, :beam_width]
        parent, token = np.divmod(order, total.shape[-1])  # [rows, beams]
        log_p = np.take_along_axis(total.reshape(len(log_p), -1), order, axis=-1)
        worst = np.sort(np.hstack([ended, log_p]))[:, -beam_width, None]
        score = np.where(ended < worst, -np.inf, ended) / ((6 + t) / 6)
        is_better = score.max(axis=1) > best_score
        best[is_better] = beams[is_better, score.argmax(axis=1)[is_better]]
        best_score = np.maximum(score.max(axis=1), best_score)
        beams = np.take_along_axis(beams, parent[:, :, None], axis=1)
        beams[:, :, t] = token
        if (log_p[:, 0] / ((5 + max_length) / 6) <= best_score).all():
            break  # no beam can become better than the best that has ended
        place = (parent + beam_width * np.arange(len(parent))[:, None]).ravel()  # of the beams
        tokens, states = token.reshape(-1, 1), [x[place] for x in states]
    is_better = log_p[:, 0] / ((6 + t) / 6) > best_score
    best[is_better] = beams[is_better, 0]
    return best


def generate(model, inputs, max_length, strategy="greedy", beam_width=5, top_k=None, **options):
    """Continues each row of `inputs`: tokens `[rows, time]` with padding on the right."""
    network, tokens = with_states(model), np.array(inputs)
    states = [np.zeros((len(tokens), *x.shape[1:]), "float32") for x in network.inputs[1:]]
    if strategy == "beam":
        return search_beams(network, tokens, states, max_length, beam_width)
    k = 1 if strategy == "greedy" else top_k
    return sample(network, tokens, states, max_length, top_k=k, **options)
