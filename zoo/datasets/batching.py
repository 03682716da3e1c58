"""`batches` of rows of different lengths, with little padding; `streams` of one long text."""

import keras
import numpy as np
import tensorflow as tf

from zoo import arguments, lengths
from zoo.errors import InputError, one_line


def batches(rows, batch_size, seed=None, few_shapes=None):
    """Batches of rows, padded with 0 on the right to the longest of each batch, or a little more.

    Args:
        rows: a list of rows, each a nested structure (tuples, dicts) of arrays whose first axis is
            time, such as `(tokens, tags)`, or of numbers, such as `(tokens, label)`; or a function of a
            `numpy.random.Generator` that gives such a list, called anew for each epoch: it may change
            tokens, or cut words, at random, and always gives the same number of rows.
        batch_size: rows in a batch; the last one of a pass may have fewer.
        seed: None keeps the order of the rows, to predict. A batch then has fewer rows where one is so
            long that padding would fill the memory: rows times the longest length are 65,536 at most,
            and a longer row has a batch of its own. An integer shuffles the rows, to train. Rows of
            similar length share a batch. Rows and batches come in another order in each epoch. The
            longest rows are the last batch, which may be smaller.
        few_shapes: True rounds lengths that differ up to 8, 12, 16, 24, 32, 48, 64..., but not beyond
            the longest of all rows. Results do not change. XLA compiles once for each shape, so choose
            it with `compile(jit_compile=True)`. None means True on the jax backend, which always uses
            XLA.

    Returns:
        A `tf.data.Dataset` that knows its length, for `fit(..., shuffle=False)` on every backend.

    Numbers keep their value: if some rows have integers and others have floats, all become floats.

    Raises:
        ValueError: there are no rows; rows that differ in their structure, in their number of axes, or
            that mix texts and numbers; a batch_size or a seed that is no whole number in its range.

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
    draw = rows if callable(rows) else lambda rng: rows
    some_rows = draw(np.random.default_rng(seed))
    if not some_rows:
        raise InputError("There are no rows to make batches of.")
    dtypes = _common_dtypes(some_rows)
    if few_shapes is None:
        few_shapes = keras.backend.backend() == "jax"

    def longest(*arrays):  # in each axis; 0 where all are equal, or where nothing is to be rounded up
        shapes = [np.shape(array) for array in arrays]
        return np.max(shapes, axis=0) * (np.ptp(shapes, axis=0) > 0) * few_shapes

    limits = keras.tree.map_structure(longest, *some_rows)
    in_order = lengths.in_order(list(map(_length, some_rows)), batch_size) if seed is None else []

    def one_epoch():
        epoch = draw(rng)
        parts = in_order
        if seed is not None:
            # Equal lengths stay in the order of the shuffle, because Python's sort is stable.
            sizes = [[np.shape(x)[:1] for x in keras.tree.flatten(row)] for row in epoch]
            order = np.array(sorted(rng.permutation(len(epoch)), key=lambda i: sizes[i]))
            last = len(epoch) // batch_size * batch_size
            parts = [*rng.permutation(order[:last].reshape(-1, batch_size)), order[last:]]
        for part in parts:
            if not len(part):
                continue
            chosen = [epoch[i] for i in part]
            yield keras.tree.map_structure(
                lambda limit, dtype, *x: pad(*x, limit=limit, dtype=dtype), limits, dtypes, *chosen
            )

    signature = keras.tree.map_structure(
        lambda x, dtype: tf.TensorSpec([None] * (np.ndim(x) + 1), dtype), some_rows[0], dtypes
    )
    # Batches are made in NumPy: to hand over single rows took five times as long.
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    num_batches = len(in_order) or -(-len(some_rows) // batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(4)


def _length(row):
    """The longest first axis in a row, which is its time."""
    return max([1, *(np.shape(x)[0] for x in keras.tree.flatten(row) if np.ndim(x))])


def _common_dtypes(rows):
    """For each leaf of the rows a dtype that holds the numbers of all of them."""

    def common(*arrays):
        axes = {np.ndim(array) for array in arrays}
        if len(axes) > 1:
            raise InputError(f"Rows must have the same number of axes. Received: {sorted(axes)}")
        filled = {np.asarray(array).dtype for array in arrays if np.size(array)}
        filled = filled or {np.asarray(arrays[0]).dtype}
        kinds = {"numbers" if dtype.kind in "biuf" else dtype.kind for dtype in filled}
        if len(kinds) > 1 or not kinds <= {"numbers", "U", "S"}:
            raise InputError(
                "Rows must be numbers, or all of them texts. "
                f"Received: {', '.join(sorted(map(str, filled)))}"
            )
        return np.result_type(*filled)

    try:
        return keras.tree.map_structure(common, *rows)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"Rows must have the same structure. {one_line(error)}") from None


def pad(*arrays, limit=(), dtype=None):
    """Arrays as one batch, each with 0 after its end in every direction.

    Args:
        *arrays: with the same number of axes.
        limit: for each axis, up to where its length is rounded up by `zoo.lengths.few_lengths`.
        dtype: of the batch; that of the first array if None.

    Raises:
        ValueError: an array of floats for a dtype of integers.

    Example:

    >>> pad([5, 6], [7]).tolist()
    [[5, 6], [7, 0]]
    """
    shape = np.max([np.shape(array) for array in arrays], axis=0).astype(int)
    for axis, most in enumerate(limit):
        shape[axis] = max(shape[axis], min(lengths.few_lengths(shape[axis]), most))
    batch = np.zeros((len(arrays), *shape), dtype or np.asarray(arrays[0]).dtype)
    for i, array in enumerate(arrays):
        array = np.asarray(array)
        if array.size and not np.can_cast(array.dtype, batch.dtype, "same_kind"):
            raise InputError(f"A batch of {batch.dtype} cannot hold {array.dtype}.")
        batch[(i, *map(slice, array.shape))] = array
    return batch


def streams(tokens, batch_size, steps):
    """A long text in windows, each row of a window going on where it ended in the window before.

    The text is cut into streams of equal length, which are read side by side.

    Args:
        tokens: integers `[time]`, without padding.
        batch_size: number of streams; fewer if the text is too short to give each a whole window.
        steps: number of tokens of each stream in a window.

    Returns:
        Integers `[windows, streams, steps]`, and the tokens that follow each of them, of the same
        shape. After the end of a stream the targets are 0, so they add no loss. The inputs are 1,
        because cuDNN rejects a row that is all padding.

    Raises:
        ValueError: fewer than two tokens, of which none follows another; tokens that are no row of
            integers; a batch_size or steps that are no whole number from 1.

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
        raise InputError(f"A text must have two tokens at least. Received: {len(tokens)}")
    length = max(steps, -(-(len(tokens) - 1) // batch_size))  # of a stream
    num_streams = -(-(len(tokens) - 1) // length)

    def cut(tokens, filler):
        rows = np.full((num_streams, length), filler, "int32")
        rows.flat[: len(tokens)] = tokens
        rows = np.pad(rows, ((0, 0), (0, -length % steps)), constant_values=filler)
        return rows.reshape(num_streams, -1, steps).swapaxes(0, 1)

    return cut(tokens[:-1], 1), cut(tokens[1:], 0)
