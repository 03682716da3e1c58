"""Generating for any number of sources."""

import keras
import numpy as np

from zoo import arguments
from zoo.decoding import loops
from zoo.errors import InputError
from zoo.lengths import by_length


def generate_in_batches(
    model, sources, max_length, batch_size=64, strategy="greedy", n_best=None, **options
):
    """Calls `model.generate` for any number of sources, with sources of similar length in one batch.

    Args:
        model: a `zoo.decoding.Generator`, such as `encoder_decoder` or `one_to_many` builds.
        sources: a list of lists of tokens, without padding. For `one_to_many` an array of contexts is
            allowed too.
        max_length, strategy, options: see `Generator.generate`.
        batch_size: the number of sources in a batch.
        n_best: with strategy "beam", how many hypotheses each source gets, at most `beam_width`. None
            means the best one, and no list around it.

    Returns:
        A list of lists of tokens in the order of the sources, without the end token. With `n_best`, a
        list of such lists for each source, the best one first.

    Raises:
        ValueError: a source has no tokens, or see `Generator.generate`.

    Example:

    >>> import zoo
    >>> model = zoo.build("encoder_decoder", units=8)
    >>> len(generate_in_batches(model, [[7, 8], [5], [9, 6, 4]], max_length=3, batch_size=2))
    3
    """
    arguments.check("batch_size", batch_size)
    is_context = isinstance(sources, np.ndarray)  # all contexts have the same shape
    if not is_context:
        sources = list(sources)
        _check_rows(sources)
    lengths = [1 if is_context else len(source) for source in sources]
    generated = [[]] * len(sources)
    if n_best is not None:
        options = options | {"n_best": n_best}
    for number, batch in enumerate(by_length(lengths, batch_size)):
        if is_context:
            source = sources[batch]
        else:
            source = keras.utils.pad_sequences([sources[i] for i in batch], padding="post")
        if options.get("seed") is not None and number:  # each batch gets a seed of its own
            options = options | {"seed": options["seed"] + 1}
        tokens = model.generate(source, max_length, strategy, **options)
        if n_best is not None:
            tokens, scores = tokens  # [batch, n_best, time], [batch, n_best]
            for i, rows, its_scores in zip(batch, tokens, scores, strict=True):
                rows = rows[its_scores > loops.IMPOSSIBLE / 1000]  # there may be fewer
                generated[i] = [_without_end(row, model) for row in rows]
        else:
            for i, row in zip(batch, tokens, strict=True):  # [batch, time]
                generated[i] = _without_end(row, model)
    return generated


def _without_end(row, model):
    return [token for token in row.tolist() if token not in (0, model.end_token)]


def _check_rows(sources):
    for i, source in enumerate(sources):
        tokens = np.array(source, object)
        if tokens.shape == (0,):
            raise InputError(f"A source must have a token. Received: source {i}: no tokens")
        if tokens.ndim != 1 or not all(arguments.is_integer(token, 0) for token in tokens):
            raise InputError(
                f"A source must be a list of integers from 0. Received: source {i}: {source!r:.80}"
            )
