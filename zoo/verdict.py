"""Says in one sentence how good a network is."""

from zoo.errors import InputError

PARTS = 10  # of the test split, for the spread


def print_verdict(
    network,
    baselines,
    score,
    num_rows,
    *,
    history=None,
    monitor="val_loss",
    tips=(),
    lower_is_better=False,
):
    """Prints whether a network beat its best baseline, and if not, what to try first.

    The difference is compared with its spread: how much it would change with other test rows. To
    estimate it, the test split is cut into ten parts, and the difference is computed in each. The
    spread is the standard error of their mean. A difference of less than twice the spread may be
    chance.

    Args:
        network: the name of the network.
        baselines: a list of the names of the models to compare with.
        score: a function that takes a name and the indices of test rows `[rows]`, and returns the score
            of that model on these rows.
        num_rows: the number of test rows. Rows that depend on each other, such as the windows of a
            series, should be neighbors.
        history: the history of the training, a dict of lists. If the last epoch was the best one, the
            first advice is to train longer. None leaves this advice out.
        monitor: the key of `history` that chooses the best epoch. More is better, unless its name ends
            with `loss`.
        tips: what else to try, the best advice first, such as
            `["--glove glove.6B.zip, for word vectors from more text"]`.
        lower_is_better: True if the score is an error or a loss.

    Example:

    >>> scores = {"gru": [1.0, 1.0, 0.0, 1.0] * 10, "bag of words": [1.0, 0.0, 0.0, 1.0] * 10}
    >>> def accuracy(name, rows):
    ...     return sum(scores[name][i] for i in rows) / len(rows)
    >>> print_verdict("gru", ["bag of words"], accuracy, 40)
    <BLANKLINE>
    Verdict: gru beats the best baseline, bag of words: 0.750 to 0.500. The difference of 0.250 is ...
    """
    import numpy as np

    if num_rows < 1:
        raise InputError(f"A verdict needs test rows. Received: {num_rows}")
    sign = -1 if lower_is_better else 1
    rows = np.arange(num_rows)
    totals = {name: float(score(name, rows)) for name in (network, *baselines)}
    best = max(baselines, key=lambda name: sign * totals[name])
    gain = sign * (totals[network] - totals[best])
    parts = [part for part in np.array_split(rows, PARTS) if len(part)]
    gains = [sign * (score(network, part) - score(best, part)) for part in parts]
    spread = float(np.std(gains, ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    if spread < 1e-9 * abs(gain):  # rounding errors
        spread = 0.0
    form = _format_for((totals[network], totals[best]))
    pair = f"{totals[network]:{form}} to {totals[best]:{form}}"
    size = f"The difference of {abs(gain):{form}} is"
    if not any(gains):
        size = "There is no difference, in any part of the test split."
    elif num_rows < PARTS:
        size = f"{size} measured on {num_rows} test rows only."
    elif abs(gain) < 2 * spread:
        size = f"{size} less than twice its spread ({spread:{form}}), so it may be chance."
    else:
        times = (
            f"{abs(gain) / spread:.1f} times its spread ({spread:{form}})"
            if spread
            else "the same in all parts"
        )
        size = f"{size} {times}."
    is_clear = gain != 0 and (abs(gain) >= 2 * spread or num_rows < PARTS)
    if gain > 0 and is_clear:
        verdict = f"{network} beats the best baseline, {best}: {pair}"
    elif not is_clear:
        verdict = f"{network} is about as good as the best baseline, {best}: {pair}"
    else:
        verdict = f"{network} does not beat the best baseline, {best}: {pair}"
    print(f"\nVerdict: {verdict}. {size}")
    if gain > 0 and is_clear:
        return
    values = (history or {}).get(monitor, [])
    by = min if monitor.endswith("loss") else max
    advice = list(tips)
    if values and values[-1] == by(values):
        advice.insert(0, f"--epochs {2 * len(values)}, because validation was still improving")
    if advice:
        print("Try first: " + ". Then: ".join(advice) + ".")


def _format_for(numbers):
    """The format in which the largest of some scores has three digits or more."""
    largest = max(map(abs, numbers))
    return ".3f" if 0.1 <= largest < 10 or not largest else ".2f" if 10 <= largest < 1e5 else ".3g"


def note_empty(answers, kind):
    """Says it if all answers of a model are empty.

    Args:
        answers: a list of texts, or of other sequences.
        kind: what they are, a noun in the plural.

    Example:

    >>> note_empty(["", ""], "translations")
    <BLANKLINE>
    All translations are empty. Train longer: give a larger --epochs.
    """
    if not any(answers):
        print(f"\nAll {kind} are empty. Train longer: give a larger --epochs.")
