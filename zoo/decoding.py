"""From next-token probabilities to whole sequences: greedy, sampling and beam search.

Each is one loop over a step function, `(tokens, states) -> (log_probabilities, states)`, with tokens
`[rows]`, log-probabilities `[rows, vocabulary]` and states a list of tensors whose first axis is rows.
They are written in keras.ops, so they run eagerly or compiled, on every backend, a whole batch at once.
`Generator.generate` compiles the loop together with the model.
"""

import inspect
import re

import keras
import numpy as np
from keras import ops

from zoo.errors import InputError, check_choice
from zoo.lengths import few_lengths

IMPOSSIBLE = -1e9  # a log-probability of what must not be; finite, so that differences stay numbers


def greedy(step, tokens, states, *, max_length, end_token=3):
    """Takes the most probable token at every step.

    Args:
        step: `(tokens, states) -> (log_probabilities, states)`, see above.
        tokens: the first token of each row `[batch]`, usually the start token.
        states: list of tensors, the first axis of each is batch.
        max_length: number of tokens at most.
        end_token: the token after which a row is finished.

    Returns:
        Integers `[batch, max_length]`: without the first token, with the end token, 0 after it.

    Raises:
        ValueError: max_length is not an integer above 0.

    Example: after token t comes t + 1, until the end token 7.

    >>> def step(tokens, states):
    ...     return ops.log(ops.one_hot(tokens + 1, 9) + 1e-9), states
    >>> ops.convert_to_numpy(greedy(step, ops.array([5, 2]), [], max_length=4, end_token=7))
    array([[6, 7, 0, 0],
           [3, 4, 5, 6]], dtype=int32)
    """

    def choose(log_p, t):
        return ops.argmax(log_p, axis=-1)

    return _one_by_one(choose, step, tokens, states, max_length, end_token)


def sample(
    step,
    tokens,
    states,
    *,
    max_length,
    end_token=3,
    temperature=1.0,
    top_k=None,
    top_p=1.0,
    seed=None,
):
    """Draws every token at random from the model's distribution.

    One uniform number a token picks from the sorted, cut and renormalised distribution (inverse
    transform sampling), so a seed gives the same text whatever is compiled.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`.
        temperature: divides the log-probabilities; below 1 the likely tokens become likelier.
        top_k: draws from the k most probable tokens only (Fan et al. 2018); None for all.
        top_p: draws from the fewest tokens that together have this probability (nucleus sampling,
            Holtzman et al. 2020), after temperature and top_k.
        seed: an integer, a `keras.random.SeedGenerator`, or None for another text each time.

    Returns:
        Integers `[batch, max_length]`, see `greedy`.

    Raises:
        ValueError: max_length, temperature, top_k or top_p out of range.

    Example: with half the probability kept, only the likeliest token remains.

    >>> def step(tokens, states):
    ...     return ops.log(ops.array([[0.1, 0.1, 0.1, 0.1, 0.6]])), states
    >>> ops.convert_to_numpy(sample(step, ops.array([2]), [], max_length=3, top_p=0.5, seed=0))
    array([[4, 4, 4]], dtype=int32)
    """
    _check_options(max_length, temperature=temperature, top_k=top_k, top_p=top_p)
    uniform = keras.random.uniform((ops.shape(tokens)[0], max_length), seed=seed)

    def choose(log_p, t):
        vocabulary_size = log_p.shape[-1]
        log_p, order = ops.top_k(log_p / temperature, min(top_k or vocabulary_size, vocabulary_size))
        p = ops.softmax(log_p, axis=-1)  # [batch, k], falling
        before = ops.cumsum(p, axis=-1) - p
        p = ops.where(before < top_p, p, 0.0)
        cumulative = ops.cumsum(p, axis=-1)
        threshold = ops.take(uniform, t, axis=1)[:, None] * cumulative[:, -1:]
        rank = ops.sum(ops.cast(cumulative <= threshold, "int32"), axis=-1)  # [batch]
        rank = ops.minimum(rank, ops.sum(ops.cast(p > 0, "int32"), axis=-1) - 1)  # against rounding
        return ops.take_along_axis(order, rank[:, None], axis=-1)[:, 0]

    return _one_by_one(choose, step, tokens, states, max_length, end_token)


def _one_by_one(choose, step, tokens, states, max_length, end_token):
    """The loop of greedy and sampling: `choose(log_probabilities, t)` gives the tokens of step t."""
    _check_options(max_length)
    tokens = ops.cast(tokens, "int32")
    generated = ops.repeat(ops.zeros_like(tokens)[:, None], max_length, axis=1)  # [batch, time]
    is_done = ops.zeros_like(tokens, dtype="bool")

    def some_go_on(t, tokens, is_done, states, generated):
        return ops.logical_and(t < max_length, ops.logical_not(ops.all(is_done)))

    def one_token(t, tokens, is_done, states, generated):
        log_p, states = step(tokens, states)
        tokens = ops.where(is_done, 0, ops.cast(choose(log_p, t), "int32"))
        generated = ops.where(ops.arange(max_length) == t, tokens[:, None], generated)
        return t + 1, tokens, ops.logical_or(is_done, tokens == end_token), states, generated

    loop = (ops.array(0), tokens, is_done, list(states), generated)
    return ops.while_loop(some_go_on, one_token, loop)[-1]


def beam_search(
    step,
    tokens,
    states,
    *,
    max_length,
    end_token=3,
    beam_width=5,
    length_penalty=1.0,
    n_best=1,
):
    """Keeps the `beam_width` most probable prefixes of each row, instead of one.

    At every step each prefix is continued with every token. The best that end are finished
    hypotheses, the best that do not live on. A hypothesis y is ranked by

        score(y) = log p(y) / ((5 + length) / 6) ** length_penalty       Wu et al. 2016, equation 14

    with its end token counted in its length. The search stops when no living prefix can overtake
    the `n_best` finished ones, which changes nothing in the result; a hypothesis that `max_length`
    cuts off ranks with the others. As wide as there are hypotheses it is an exhaustive search; of
    width 1, without length penalty, it is greedy.

    Args:
        step, tokens, states, max_length, end_token: see `greedy`. `step` is called with
            `batch * beam_width` rows, those of one sentence next to each other.
        beam_width: number of prefixes and of finished hypotheses kept.
        length_penalty: 0 ranks by probability, which favours short ones; above 0 less so.
        n_best: number of hypotheses returned, at most `beam_width`.

    Returns:
        Integers `[batch, n_best, max_length]` as of `greedy`, best first, and their scores
        `[batch, n_best]`, below -1e8 where there are no more hypotheses.

    Raises:
        ValueError: max_length, beam_width, length_penalty or n_best out of range.

    Example: token 4 begins the best path though 5 is likelier at first.

    >>> p = np.full((6, 6), 1e-9)
    >>> p[2, 4], p[2, 5], p[4, 3], p[5, 4], p[5, 5] = 0.4, 0.6, 1.0, 0.5, 0.5
    >>> def step(tokens, states):
    ...     return ops.take(ops.array(np.log(p), "float32"), tokens, axis=0), states
    >>> best, scores = beam_search(step, ops.array([2]), [], max_length=2, beam_width=2)
    >>> ops.convert_to_numpy(best)
    array([[[4, 3]]], dtype=int32)
    """
    _check_options(max_length, beam_width=beam_width, length_penalty=length_penalty, n_best=n_best)

    def rank(log_p, length):
        return log_p / ((5.0 + ops.cast(length, "float32")) / 6.0) ** length_penalty

    def best_of(scores, sequences):  # of [batch, n] and [batch, n, time]
        scores, order = ops.top_k(scores, beam_width)
        return scores, ops.take_along_axis(sequences, order[:, :, None], axis=1)

    def some_go_on(t, tokens, states, live_log_p, live, scores, finished):
        can_reach = rank(live_log_p[:, 0], max_length)  # log p only falls, the divisor only grows
        return ops.logical_and(t < max_length, ops.any(can_reach > scores[:, n_best - 1]))

    def one_token(t, tokens, states, live_log_p, live, scores, finished):
        log_p, states = step(ops.reshape(tokens, (-1,)), states)
        vocabulary_size = log_p.shape[-1]
        log_p = ops.reshape(ops.cast(log_p, "float32"), (-1, beam_width, vocabulary_size))
        here = ops.arange(max_length) == t

        # Each prefix continued by each token but the end: the best of all live on. They are among
        # the beam_width best of each prefix, or one more if the end is among these.
        best, token = ops.top_k(log_p, min(beam_width + 1, vocabulary_size))
        best = ops.where(token == end_token, IMPOSSIBLE, best) + live_log_p[:, :, None]
        ended = log_p[:, :, end_token] + live_log_p  # [batch, beam_width]
        live_log_p, index = ops.top_k(ops.reshape(best, (-1, beam_width * best.shape[-1])), beam_width)
        parent = ops.cast(index, "int32") // best.shape[-1]
        token = ops.cast(ops.reshape(token, (-1, beam_width * best.shape[-1])), "int32")
        tokens = ops.take_along_axis(token, index, axis=1)  # [batch, beam_width]
        # Each prefix ended: finished, if it ranks among the beam_width best of both kinds.
        last, _ = ops.top_k(ops.concatenate([ended, live_log_p], axis=1), beam_width)
        ended = ops.where(ended >= last[:, -1:], rank(ended, t + 1), 2 * IMPOSSIBLE)
        scores, finished = best_of(
            ops.concatenate([scores, ended], axis=1),
            ops.concatenate([finished, ops.where(here, end_token, live)], axis=1),
        )
        live = ops.take_along_axis(live, parent[:, :, None], axis=1)
        live = ops.where(here, tokens[:, :, None], live)
        rows = ops.reshape(parent + beam_width * ops.arange(ops.shape(parent)[0])[:, None], (-1,))
        states = [ops.take(state, rows, axis=0) for state in states]
        return t + 1, tokens, states, live_log_p, live, scores, finished

    tokens = ops.repeat(ops.cast(tokens, "int32")[:, None], beam_width, axis=1)  # [batch, beam_width]
    live = ops.repeat(ops.zeros_like(tokens)[:, :, None], max_length, axis=2)
    # At first the beams of a row are equal: all but one are impossible.
    live_log_p = ops.zeros_like(tokens, dtype="float32")
    live_log_p += ops.where(ops.arange(beam_width) == 0, 0.0, IMPOSSIBLE)
    scores = ops.zeros_like(live_log_p) + 2 * IMPOSSIBLE
    states = [ops.repeat(state, beam_width, axis=0) for state in states]
    loop = (ops.array(0), tokens, states, live_log_p, live, scores, live)
    t, _, _, live_log_p, live, scores, finished = ops.while_loop(some_go_on, one_token, loop)
    scores, finished = best_of(  # those cut off count too
        ops.concatenate([scores, rank(live_log_p, t)], axis=1),
        ops.concatenate([finished, live], axis=1),
    )
    return finished[:, :n_best], scores[:, :n_best]


def read(step, tokens, states):
    """Steps through the beginning of a sequence, so that a strategy can go on with it.

    Args:
        step: see above.
        tokens: the known tokens `[batch, time]`, at least one in each row, 0 as padding on the right.
        states: the states before the first of them, a list of tensors whose first axis is batch.

    Returns:
        The last known token of each row `[batch]`, and the states before it.

    Example: a state that sums the tokens that it has read.

    >>> def step(tokens, states):
    ...     return None, [states[0] + ops.cast(tokens, "float32")[:, None]]
    >>> last, (total,) = read(step, ops.array([[2, 5, 6], [2, 8, 0]]), [ops.zeros((2, 1))])
    >>> ops.convert_to_numpy(last), ops.convert_to_numpy(total)[:, 0]
    (array([6, 8], dtype=int32), array([7., 2.], dtype=float32))
    """
    lengths = ops.sum(ops.cast(tokens != 0, "int32"), axis=1)  # [batch]

    def one_token(t, states):
        _, new_states = step(ops.take(tokens, t, axis=1), states)
        is_before_last = t < lengths - 1  # [batch]
        return t + 1, [
            ops.where(ops.reshape(is_before_last, (-1, *[1] * (len(old.shape) - 1))), new, old)
            for new, old in zip(new_states, states, strict=True)
        ]

    last = ops.max(lengths) - 1
    _, states = ops.while_loop(lambda t, states: t < last, one_token, (ops.array(0), list(states)))
    return ops.take_along_axis(tokens, lengths[:, None] - 1, axis=1)[:, 0], states


def _check_options(
    max_length,
    *,
    temperature=1.0,
    top_k=None,
    top_p=1.0,
    seed=None,
    beam_width=5,
    length_penalty=1.0,
    n_best=1,
):
    numbers = {"max_length": max_length, "top_k": top_k, "beam_width": beam_width, "n_best": n_best}
    for name, number in numbers.items():
        if not (name == "top_k" and number is None) and (number < 1 or number % 1):
            raise InputError(f"{name} must be an integer above 0. Received: {name}={number}")
    if temperature <= 0:
        raise InputError(f"temperature must be above 0 (greedy is its limit). Received: {temperature}")
    if not 0 < top_p <= 1:
        raise InputError(f"top_p must be above 0 and at most 1. Received: top_p={top_p}")
    if length_penalty < 0:
        raise InputError(f"length_penalty must not be negative. Received: {length_penalty}")
    if n_best > beam_width:
        raise InputError(
            f"n_best is at most beam_width. Received: n_best={n_best}, beam_width={beam_width}"
        )


STRATEGIES = {"greedy": greedy, "sample": sample, "beam": beam_search}


def check_tokens(tokens, vocabulary_size, what="tokens"):
    """The tokens as an int32 array `[batch, time]`, if an embedding can read them.

    Args:
        tokens: integers `[batch, time]`, 0 as padding on the right.
        vocabulary_size: what all tokens are below.
        what: their name in an error.

    Returns:
        The same as a NumPy array of int32.

    Raises:
        ValueError: no rows, rows of different lengths, no integers, a token out of range, a row
            without a token, or padding before a token.

    Example:

    >>> check_tokens([[2, 9]], vocabulary_size=9)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: tokens must be from 0 to 8 (the vocabulary has 9). Received: 9
    """
    try:
        tokens = np.asarray(tokens)
    except ValueError:
        raise InputError(
            f"The rows of {what} must have one length: keras.utils.pad_sequences(rows, padding='post') "
            f"pads them. Received: {len(tokens)} rows of different lengths"
        ) from None
    if tokens.ndim != 2 or not tokens.size or not np.issubdtype(tokens.dtype, np.integer):
        raise InputError(
            f"{what} must be integers [batch, time]. Received: {tokens.dtype}, shape {tokens.shape}"
        )
    wrong = tokens[(tokens < 0) | (tokens >= vocabulary_size)]
    if wrong.size:
        raise InputError(
            f"{what} must be from 0 to {vocabulary_size - 1} (the vocabulary has {vocabulary_size}). "
            f"Received: {wrong[0]}"
        )
    is_token = tokens != 0
    for row in np.flatnonzero(
        ~is_token[:, :1].any(axis=1) | (is_token[:, 1:] > is_token[:, :-1]).any(1)
    ):
        raise InputError(
            f"Each row of {what} must begin with a token and have its padding (0) on the right. "
            f"Received: row {row}: {tokens[row][:10].tolist()}"
        )
    return tokens.astype("int32")


class Generator(keras.Model):
    """A functional model of next-token probabilities that generates sequences.

    The types that generate are built of it, see `zoo.architectures.encoder_decoder` and `one_to_many`:
    they say how a sequence begins and how the layers are named that go on with it.

    Args:
        inputs, outputs, name: as of a functional `keras.Model`.
        start_token: the token that every sequence begins with.
        end_token: the token that ends one.
    """

    embedding_name = rnn_name = None

    # With *args, because older versions of Keras make a functional model from its config only then.
    def __init__(self, *args, start_token=2, end_token=3, **kwargs):
        super().__init__(*args, **kwargs)
        self.start_token, self.end_token = start_token, end_token
        # Compiled loops by their options; Keras would track them as layers if it saw the attribute.
        object.__setattr__(self, "_loops", {})

    def get_config(self):
        return super().get_config() | {"start_token": self.start_token, "end_token": self.end_token}

    def check_inputs(self, inputs):
        """The inputs of `generate` as arrays, with the batch as first axis."""
        raise NotImplementedError

    def begin(self, inputs):
        """The known tokens `[batch, time]`, the states before them, and the memory to attend to."""
        raise NotImplementedError

    def step(self, tokens, states, memory=None):
        """One step of the model, in the form that the functions of this module take.

        Args:
            tokens: integers `[rows]`.
            states: flat list of `[rows, units]`, layer by layer.
            memory: what to attend to, from `begin`: None, or the items `[batch, items, features]`,
                their keys `[batch, items, units]` and their mask `[batch, items]` (None if all are
                real). With beams there are several rows for each of the batch, next to each other.

        Returns:
            Log-probabilities of the next token `[rows, vocabulary]`, of all but padding (0) and the
            unknown word (1), and the new states.
        """
        embedding = self.get_layer(self.embedding_name)
        x = ops.take(embedding.embeddings, tokens, axis=0)  # [rows, embedding_dim]
        x = ops.cast(x, embedding.compute_dtype)
        rnns = self.numbered_layers(self.rnn_name)
        num_states = len(states) // len(rnns)
        new_states = []
        for i, rnn in enumerate(rnns):
            x, state = rnn.cell(x, states[i * num_states : (i + 1) * num_states])  # [rows, units]
            new_states += state
        if memory is not None:
            x = self._attend(x, *memory)
        head = self.get_layer("probabilities")
        # Padding is no token, training never teaches its probability; and nobody can read [UNK].
        bias = ops.where(ops.arange(head.units) < 2, IMPOSSIBLE, ops.convert_to_tensor(head.bias))
        logits = ops.matmul(ops.cast(x, "float32"), head.kernel) + bias  # [rows, vocabulary]
        return ops.log_softmax(logits), new_states

    def _attend(self, x, items, keys, mask):
        """`zoo.cells.attend` for one step: the rows of one batch entry are its queries."""
        query = ops.reshape(x, (ops.shape(items)[0], -1, x.shape[-1]))  # [batch, beams, units]
        additive = any(layer.name == "attention_query" for layer in self.layers)
        scored = self.get_layer("attention_query")(query) if additive else query
        if mask is not None:
            mask = ops.expand_dims(mask, 1)  # [batch, 1, items]
        context, _ = self.get_layer("attention")(
            [scored, items, keys], mask=[None, mask], return_attention_scores=True
        )
        x = self.get_layer("attention_output")(ops.concatenate([context, query], axis=-1))
        return ops.reshape(x, (-1, x.shape[-1]))

    def numbered_layers(self, prefix):
        """The layers named `prefix_0`, `prefix_1`, ... in this order."""
        found = [layer for layer in self.layers if re.fullmatch(rf"{prefix}_\d+", layer.name)]
        return sorted(found, key=lambda layer: int(layer.name.rsplit("_", 1)[1]))

    def generate(self, inputs, max_length, strategy="greedy", **options):
        """Generates a sequence for each row of the inputs.

        The first call with new options compiles one loop, which takes seconds.

        Args:
            inputs: what the sequences are made from: the source tokens of encoder_decoder; of
                one_to_many the context, the tokens so far, or `[context, tokens so far]`.
            max_length: number of tokens at most, the end token included.
            strategy: `"greedy"`, `"sample"` or `"beam"`.
            **options: of `"sample"`: temperature, top_k, top_p, see `sample`, and seed, an integer, or
                None to go on with NumPy's (see `keras.utils.set_random_seed`); of `"beam"`:
                beam_width, length_penalty and n_best, see `beam_search`.

        Returns:
            An integer array `[batch, time]`, without the start token, with the end token, 0 after it;
            time is that of the longest row. If `n_best` is given: the n best hypotheses of each row
            `[batch, n_best, time]`, best first, and their scores `[batch, n_best]`.

        Raises:
            ValueError: an unknown strategy, an option that it does not take or that is out of range, or
                inputs that the model cannot read.

        Example:

        >>> import zoo
        >>> model = zoo.build("encoder_decoder", cell="gru", units=16)
        >>> model.generate([[7, 8, 9], [5, 6, 0]], max_length=4, strategy="beam", beam_width=2).shape
        (2, 4)
        """
        check_choice("strategy", strategy, STRATEGIES)
        keywords = inspect.getfullargspec(STRATEGIES[strategy]).kwonlyargs
        allowed = [keyword for keyword in keywords if keyword not in ("max_length", "end_token")]
        for option in options:
            check_choice(f"option of strategy {strategy!r}", option, allowed or ["none"])
        _check_options(max_length, **options)
        inputs = self.check_inputs(inputs)
        seed = options.pop("seed", None)  # handed over as a variable: another seed compiles nothing
        seed = np.random.randint(2**31) if seed is None else seed
        key = (strategy, max_length, *sorted(options.items()))
        if key not in self._loops:
            self._loops[key] = _Loop(self, STRATEGIES[strategy], {"max_length": max_length, **options})
        loop = self._loops[key]
        loop.seed_generator.state.assign([seed, 0])
        rows = len(keras.tree.flatten(inputs)[0])
        # Each replica of a strategy of TensorFlow answers, see `zoo.fit`: the first is enough.
        result = keras.tree.map_structure(lambda x: x[:rows], loop.predict_on_batch(inputs))
        tokens, scores = result if strategy == "beam" else (result, None)
        is_used = tokens.any(axis=tuple(range(tokens.ndim - 1)))  # [time]
        if not is_used.any():
            raise InputError("The model gives no probabilities: its weights are not all numbers.")
        tokens = tokens[..., : np.flatnonzero(is_used)[-1] + 1]
        if scores is None:
            return tokens
        return (tokens, scores) if "n_best" in options else tokens[:, 0]


def generate_in_batches(model, sources, max_length, batch_size=64, strategy="greedy", **options):
    """`model.generate` for any number of sources, those of similar length together.

    Args:
        model: what `encoder_decoder` or `one_to_many` builds.
        sources: a list of lists of tokens, without padding; for `one_to_many` an array of contexts.
        max_length, strategy, options: see `Generator.generate`; without `n_best`.
        batch_size: number of sources that are generated from at once.

    Returns:
        A list of lists of tokens in the order of the sources, without the end token.

    Raises:
        ValueError: as `Generator.generate`, and a source without tokens.

    Example:

    >>> import zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> len(generate_in_batches(model, [[7, 8], [5], [9, 6, 4]], max_length=3, batch_size=2))
    3
    """
    if "n_best" in options:
        raise InputError("n_best needs model.generate, which gives scores too.")
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))  # contexts are of one length
    if order and not len(sources[order[0]]):
        raise InputError(f"A source must have a token. Received: source {order[0]}: no tokens")
    generated = [[]] * len(sources)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        if options.get("seed") is not None:
            options = {**options, "seed": options["seed"] + 1}  # each batch has its own
        if isinstance(sources, np.ndarray):
            source = sources[batch]
        else:
            rows = [sources[i] for i in batch]
            length = max(map(len, rows))
            if keras.backend.backend() == "jax":  # it compiles a loop for each length
                length = few_lengths(length)
            source = keras.utils.pad_sequences(rows, maxlen=length, padding="post")
        tokens = model.generate(source, max_length, strategy, **options)  # [batch, time]
        for i, row in zip(batch, tokens.tolist(), strict=True):
            generated[i] = [token for token in row if token not in (0, model.end_token)]
    return generated


class _Loop(keras.Model):
    """A whole generation as a model of its own, so that Keras compiles it on every backend."""

    def __init__(self, model, strategy, options):
        super().__init__(name="generation", dtype="float32")  # layers keep their own
        self.model, self.strategy, self.options = model, strategy, options
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        tokens, states, memory = self.model.begin(inputs)

        def step(tokens, states):
            return self.model.step(tokens, states, memory)

        options = {**self.options, "end_token": self.model.end_token}
        if self.strategy is sample:
            options["seed"] = self.seed_generator
        tokens, states = read(step, tokens, states)
        return self.strategy(step, tokens, states, **options)
