"""Makes batches from rows of different lengths, or from one long text."""

import keras
import numpy as np
import tensorflow as tf

from zoo import arguments, lengths, resuming
from zoo.errors import InputError, one_line


def batches(rows, batch_size, seed=None, few_shapes=None):
    """Makes batches of rows, padded with 0 on the right to the longest row of each batch.

    If some rows have integers and others have floats, all become floats.

    Args:
        rows: a list of rows. A row is a nested structure (tuples, dicts) of arrays whose first axis is
            time, such as `(tokens, tags)`, or of numbers, such as `(tokens, label)`. `rows` may also be
            a function that takes a `numpy.random.Generator` and returns such a list. It is called for
            each epoch, so it can change tokens at random. It must always return the same number of
            rows.
        batch_size: the number of rows in a batch. The last batch may have fewer.
        seed: None keeps the order of the rows, for prediction. A batch with a very long row then has
            fewer rows, to save memory: rows times the longest length is at most 65,536, and a longer
            row gets its own batch. An integer shuffles the rows, for training. Rows of similar length
            share a batch. The order of rows and batches changes in each epoch. The longest rows are in
            the last batch, which may be smaller.
        few_shapes: True rounds lengths up to 8, 12, 16, 24, 32, 48, 64..., but not beyond the longest
            of all rows. Results do not change. XLA compiles once for each shape, so use True with
            `compile(jit_compile=True)`. None means True on the jax backend, which always uses XLA.

    Returns:
        A `tf.data.Dataset` with a known length, for `fit(..., shuffle=False)` on every backend.

    Raises:
        ValueError: there are no rows. Rows differ in their structure or in their number of axes, or mix
            texts and numbers. batch_size or seed is not an integer in its range.

    Example:

    >>> rows = [(np.arange(1, n), np.arange(1, n)) for n in (4, 2, 3)]
    >>> for tokens, tags in batches(rows, batch_size=2).as_numpy_iterator():
    ...     print(tokens.tolist())
    [[1, 2, 3], [1, 0, 0]]
    [[1, 2]]
    """
    arguments.check("batch_size", batch_size)
    arguments.check("seed", seed)
    rng = np.random.default_rng(seed)
    if seed is not None:
        resuming.note_random(rng)
    draw = rows if callable(rows) else lambda rng: rows
    some_rows = draw(np.random.default_rng(seed))
    if not some_rows:
        raise InputError(
            "There are no rows to make batches of. Expected at least one. Received: 0 rows"
        )
    dtypes = _common_dtypes(some_rows)
    if few_shapes is None:
        few_shapes = keras.backend.backend() == "jax"

    def longest(*arrays):  # in each axis; 0 means do not round up
        shapes = [np.shape(array) for array in arrays]
        return np.max(shapes, axis=0) * (np.ptp(shapes, axis=0) > 0) * few_shapes

    limits = keras.tree.map_structure(longest, *some_rows)
    in_order = lengths.in_order(list(map(_length, some_rows)), batch_size) if seed is None else []

    def one_epoch():
        epoch = draw(rng)
        parts = in_order
        if seed is not None:
            # Python's sort is stable, so rows of equal length stay shuffled.
            sizes = [[np.shape(x)[:1] for x in keras.tree.flatten(row)] for row in epoch]
            order = np.array(sorted(rng.permutation(len(epoch)), key=lambda i: sizes[i]))
            last = len(epoch) // batch_size * batch_size
            parts = [*rng.permutation(order[:last].reshape(-1, batch_size)), order[last:]]
        for part in parts:
            if not len(part):
                continue
            chosen = [epoch[i] for i in part]
            yield keras.tree.map_structure(
                lambda limit, dtype, *x: lengths.pad(*x, limit=limit, dtype=dtype),
                limits,
                dtypes,
                *chosen,
            )

    signature = keras.tree.map_structure(
        lambda x, dtype: tf.TensorSpec([None] * (np.ndim(x) + 1), dtype), some_rows[0], dtypes
    )
    # Batches are made in NumPy. Padding single rows in TensorFlow takes five times as long.
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    num_batches = len(in_order) or -(-len(some_rows) // batch_size)
    # TensorFlow tunes a dataset in a thread that sleeps longer and longer, in the end for a minute.
    # Sometimes the thread does not notice that an epoch is over, and then the next one starts late.
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(4)
    return dataset.with_options(options)


def _length(row):
    """The length of a row: the longest first axis of its arrays."""
    return max([1, *(np.shape(x)[0] for x in keras.tree.flatten(row) if np.ndim(x))])


def _common_dtypes(rows):
    """For each array in a row, a dtype that holds the values of all rows."""

    def common(*arrays):
        axes = {np.ndim(array) for array in arrays}
        if len(axes) > 1:
            raise InputError(f"Rows must have the same number of axes. Received: {sorted(axes)}")
        filled = {np.asarray(array).dtype for array in arrays if np.size(array)}
        filled = filled or {np.asarray(arrays[0]).dtype}
        kinds = {"numbers" if dtype.kind in "biuf" else dtype.kind for dtype in filled}
        if len(kinds) > 1 or not kinds <= {"numbers", "U", "S"}:
            raise InputError(
                "Rows must be all numbers, or all texts. "
                f"Received: {', '.join(sorted(map(str, filled)))}"
            )
        return np.result_type(*filled)

    try:
        return keras.tree.map_structure(common, *rows)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"Rows must have the same structure. {one_line(error)}") from None


def streams(tokens, batch_size, steps):
    """Cuts a long text into windows, where each row continues the same row of the window before.

    The text is cut into streams of equal length, which are read side by side.

    Args:
        tokens: integers `[time]`, without padding.
        batch_size: the number of streams. There are fewer if the text is too short to fill a window of
            each stream.
        steps: the number of tokens of each stream in a window.

    Returns:
        Integers `[windows, streams, steps]`, and the next token after each of them, in the same shape.
        After the end of a stream the targets are 0, so they add no loss. The inputs there are 1,
        because cuDNN rejects a row that is all padding.

    Raises:
        ValueError: there are fewer than two tokens, or they are not one row of integers. batch_size or
            steps is not an integer of at least 1.

    Example:

    >>> inputs, targets = streams(np.arange(1, 14), batch_size=2, steps=4)
    >>> inputs.tolist()
    [[[1, 2, 3, 4], [7, 8, 9, 10]], [[5, 6, 1, 1], [11, 12, 1, 1]]]
    >>> targets[1].tolist()
    [[6, 7, 0, 0], [12, 13, 0, 0]]
    """
    arguments.check("batch_size", batch_size)
    arguments.check("steps", steps)
    tokens = np.asarray(tokens)
    if tokens.ndim != 1 or (tokens.size and tokens.dtype.kind not in "iu"):
        raise InputError(f"Tokens must be integers [time]. Received: {tokens.dtype} {tokens.shape}")
    if len(tokens) < 2:
        raise InputError(f"A text must have at least two tokens. Received: {len(tokens)}")
    length = max(steps, -(-(len(tokens) - 1) // batch_size))  # of a stream
    num_streams = -(-(len(tokens) - 1) // length)

    def cut(tokens, filler):
        rows = np.full((num_streams, length), filler, "int32")
        rows.flat[: len(tokens)] = tokens
        rows = np.pad(rows, ((0, 0), (0, -length % steps)), constant_values=filler)
        return rows.reshape(num_streams, -1, steps).swapaxes(0, 1)

    return cut(tokens[:-1], 1), cut(tokens[1:], 0)
