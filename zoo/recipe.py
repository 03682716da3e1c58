"""What all recipes share: common flags, defaults that fit the data, printing scores, saving.

Keras and NumPy are imported on first use, because `import zoo` must be instant.
"""

import contextlib
import dataclasses
import functools
import numbers
import os
import tempfile

from zoo import flags
from zoo.errors import InputError, shown
from zoo.flags import flag
from zoo.registry import dtype_policy

CELL_HELP = "simple_rnn, lstm, gru, or the file and class of your own cell, as in my_cells.py:MyCell"


@dataclasses.dataclass(kw_only=True)
class Config:
    """The flags that every recipe has. A recipe's own Config adds its fields.

    The values are checked, see `zoo.flags.check`.

    Raises:
        InputError: a value is not allowed.

    Example:

    >>> @dataclasses.dataclass
    ... class Mine(Config):
    ...     units: int = flag(64, "size of the state")
    >>> config = Mine(units=8, smoke=True)
    >>> config.units, config.smoke, config.seed
    (8, True, 0)
    """

    data_dir: str = flag("", "folder for datasets, '' for the default of TFDS (TensorFlow Datasets)")
    output: str = flag("", "folder to write the trained model to, '' for none")
    resume: bool = flag(False, "after an interruption, the same command goes on; needs --output")
    seed: int = flag(0, "start of the random numbers; the same seed repeats a run")
    smoke: bool = flag(False, "quick test that everything runs: a few rows, one epoch")
    precision: str = flag(
        "float32",
        "number format of the layers; the mixed ones are for GPUs",
        choices=("float32", "mixed_float16", "mixed_bfloat16"),
    )
    distribute: bool = flag(False, "train on all GPUs of this machine, or with JAX on several machines")

    def __post_init__(self):
        flags.check(self)


def apply_config(main):
    """Decorates a recipe's `main(config)`, so that it honors `precision`, `distribute` and `resume`.

    With `precision="mixed_float16"` or `"mixed_bfloat16"`, the layers made in `main` compute in half
    precision. Their weights stay in float32. With `distribute=True`, training in `main` uses all
    devices. If there are several processes, only the first one prints. The others save to a temporary
    folder. With `resume=True`, a training that was interrupted goes on, see `zoo.resuming`.

    Args:
        main: function of one argument, a `Config`.

    Returns:
        A function of the same argument.

    Raises:
        InputError: the argument is not a `Config`, one of its values is not allowed, the backend cannot
            train on several devices, or the training cannot be resumed.

    Example:

    >>> import keras
    >>> @apply_config
    ... def main(config):
    ...     print(keras.layers.GRU(8).compute_dtype)
    >>> main(Config(precision="mixed_bfloat16"))
    bfloat16
    """

    @functools.wraps(main)
    def run_main(config):
        from zoo.distribution import all_devices

        if not isinstance(config, Config):
            raise InputError(f"Call main(Config(...)). Received: {shown(config)}")
        flags.check(config)  # a value may have changed since the config was made
        with contextlib.ExitStack() as stack:
            stack.enter_context(dtype_policy(config.precision))
            process = stack.enter_context(all_devices()) if config.distribute else 0
            if process > 0:
                nowhere = stack.enter_context(open(os.devnull, "w"))
                stack.enter_context(contextlib.redirect_stdout(nowhere))
            if config.resume:
                stack.enter_context(_resumable(config, writes=process == 0))
            if process > 0 and config.output:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                config = dataclasses.replace(config, output=os.path.join(folder, "model"))
            return main(config)

    return run_main


def _resumable(config, writes):
    """The context in which the trainings of a recipe go on after an interruption."""
    from zoo import resuming
    from zoo.tasks.cards import CARD_FILE
    from zoo.tasks.output import output_folder

    if not config.output:
        raise InputError("--resume needs --output FOLDER: the state is saved beside this folder.")
    output = output_folder(config.output)
    folder = output.with_name(f"{output.name}.resume")
    if (output / CARD_FILE).exists() and not resuming.list_states(folder):
        raise InputError(
            f"{output} already has a trained model. To train again, delete it, or choose another "
            "--output."
        )
    settings = {name: value for name, value in vars(config).items() if name not in ("output", "resume")}
    return resuming.resumable(folder, settings, writes)


def quarters_by_length(lengths, unit="word"):
    """Splits texts into four groups of about equal size, from short to long.

    There are fewer groups if many texts have the same length.

    Args:
        lengths: number of words, or other units, of each text, `[texts]`.
        unit: what they are, such as `"word"`.

    Returns:
        A dict from the name of a group, such as `"to 12 words"`, to the indices of its texts.

    Example:

    >>> quarters = quarters_by_length([3, 9, 1, 4, 2, 7, 8, 5])
    >>> {name: indices.tolist() for name, indices in quarters.items()}
    {'to 2 words': [2, 4], 'to 4 words': [0, 3], 'to 7 words': [5, 7], 'to 9 words': [1, 6]}
    """
    import numpy as np

    longest = np.unique(np.quantile(lengths, [0.25, 0.5, 0.75, 1.0], method="inverted_cdf"))
    group = np.searchsorted(longest, lengths)  # of each text
    return {f"to {n} {unit}s": np.flatnonzero(group == i) for i, n in enumerate(longest)}


def choose(config, choices):
    """Fills in the flags that the user left open, and prints each choice with its reason.

    Args:
        config: the recipe's `Config`. A field that is None is open.
        choices: a dict from the name of a field to its value and the reason for it, such as
            `{"epochs": (14, "about 1,200 updates for 5,452 rows")}`.

    Returns:
        A new config. Fields that the user set keep their values.

    Raises:
        InputError: a value is not allowed.

    Example:

    >>> @dataclasses.dataclass
    ... class Mine(Config):
    ...     units: int | None = flag(None, "size of the state")
    ...     epochs: int | None = flag(None, "passes over the data")
    >>> choices = {"units": (64, "there are only 900 rows"), "epochs": (14, "there are 900 rows")}
    >>> config = choose(Mine(epochs=3), choices)
    --units 64, because there are only 900 rows
    >>> config.units, config.epochs
    (64, 3)
    """
    chosen = {name: value for name, value in choices.items() if getattr(config, name) is None}
    for name, (value, reason) in chosen.items():
        print(f"{flags.name_of(name)} {value}, because {reason}")
    config = dataclasses.replace(config, **{name: value for name, (value, _) in chosen.items()})
    flags.check(config)
    return config


def epochs_for(num_rows, batch_size, updates, least=2, most=100):
    """The number of epochs that gives a network about this many updates of its weights.

    Args:
        num_rows: the number of training rows.
        batch_size: the rows of an update.
        updates: the number of updates to aim for.
        least: the smallest number of epochs.
        most: the largest number of epochs.

    Returns:
        The number of epochs, and the reason in words, for `choose`.

    Example:

    >>> epochs_for(5452, batch_size=64, updates=1200)
    (14, '5,452 rows in batches of 64 then give 1,204 updates')
    >>> epochs_for(200, batch_size=64, updates=1200, most=50)
    (50, '200 rows in batches of 64 then give 200 updates')
    """
    updates_per_epoch = -(-num_rows // batch_size)
    epochs = min(max(round(updates / updates_per_epoch), least), most)
    total = epochs * updates_per_epoch
    return epochs, f"{num_rows:,} rows in batches of {batch_size} then give {total:,} updates"


def pick_examples(is_right, number=6):
    """Chooses rows to show to a person: about half of them right and half of them wrong.

    Args:
        is_right: whether the network is right, for each row `[rows]`.
        number: how many rows to choose. There are fewer if there are not that many rows.

    Returns:
        The indices of the rows, in order.

    Example:

    >>> pick_examples([True, True, True, True, False, True, True, True], number=4)
    [0, 3, 4, 7]
    """
    import numpy as np

    is_right = np.asarray(is_right, bool)
    right, wrong = np.flatnonzero(is_right), np.flatnonzero(~is_right)
    num_wrong = min(len(wrong), max(number // 2, number - len(right)))
    num_right = min(len(right), number - num_wrong)
    spread = [
        rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
        for rows, count in ((right, num_right), (wrong, num_wrong))
        if count
    ]
    return sorted(int(i) for i in np.concatenate(spread)) if spread else []


def print_table(title, rows, number=".4f"):
    """Prints a table of scores, after an empty line.

    Args:
        title: text for the upper left corner.
        rows: a dict from the name of each row to a dict of column to value. Columns appear in the
            order in which they first occur. A value that is missing or None is printed as `-`.
        number: format of the values, such as `".2f"` or `".2%"`. A column in which all values are
            whole numbers has no decimals.

    Example:

    >>> print_table("Test", {"gru": {"F1": 0.5, "words": 1200}, "baseline": {"F1": 0.25}})
    <BLANKLINE>
    Test          F1  words
    gru       0.5000   1200
    baseline  0.2500      -
    """
    names = [title, *rows]
    width = max(map(len, names))
    lines = [name.ljust(width) for name in names]
    for column in dict.fromkeys(column for row in rows.values() for column in row):
        values = [row.get(column) for row in rows.values()]
        are_whole = all(isinstance(value, numbers.Integral | None) for value in values)
        style = "d" if are_whole else number
        cells = [column, *("-" if value is None else format(value, style) for value in values)]
        width = max(map(len, cells))
        lines = [f"{line}  {cell:>{width}}" for line, cell in zip(lines, cells, strict=True)]
    print("", *lines, sep="\n")


def flatten(metrics):
    """Joins scores by split and model into the rows of one table.

    Args:
        metrics: a dict from the name of a split to a dict from the name of a model to its scores.

    Returns:
        A dict from `"split, model"` to the scores.

    Example:

    >>> flatten({"validation": {"gru": {"F1": 0.6}}, "test": {"gru": {"F1": 0.5}}})
    {'validation, gru': {'F1': 0.6}, 'test, gru': {'F1': 0.5}}
    """
    return {
        f"{split}, {name}": scores for split, rows in metrics.items() for name, scores in rows.items()
    }


def save(config, model, card, *, metrics, history, figures=None, files=None):
    """Saves a trained model to `config.output` and says what was written.

    If `config.output` is empty, nothing is written, and a line says how to keep the model.

    Args:
        config: the recipe's `Config`.
        model: the trained `keras.Model`.
        card: a dict for `task.json`, with the task, the type, the dataset, preprocessing and
            vocabulary. The model's cells and the config are added.
        metrics: dict of scores, see `zoo.save`.
        history: dict of lists, see `zoo.save`.
        figures: dict of file names to figures, see `zoo.save`.
        files: dict of file names to bytes, see `zoo.save`.

    Example:

    >>> save(Config(), None, {}, metrics={}, history={})
    <BLANKLINE>
    Nothing was written. To save the trained model, add --output FOLDER.
    """
    if not config.output:
        print("\nNothing was written. To save the trained model, add --output FOLDER.")
        return
    from zoo import tasks
    from zoo.training import cells_of

    task = {**card, "cell": cells_of(model), "config": {**vars(config)}}
    results = {"metrics": metrics, "history": history, "figures": figures or {}, "files": files}
    tasks.save(config.output, model, task=task, **results)
    print(f"\nWritten to {config.output}: {', '.join(sorted(os.listdir(config.output)))}.")
