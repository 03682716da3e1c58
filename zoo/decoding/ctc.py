"""From the log-probabilities of CTC to labels, such as the letters of what somebody said.

In connectionist temporal classification (Graves et al. 2006) a model writes a label or nothing, the
blank, at each step. The labels of a way through the steps are found by keeping one of each run of equal
labels, and then leaving out the blanks. So `a a - a b` and `a - a b b` are both `a a b`.
"""

import functools

import numpy as np
from keras import ops

from zoo import arguments
from zoo.errors import InputError


def ctc_greedy(log_p):
    """Takes the likeliest label at each step: the best single way, and not always the best labels.

    Args:
        log_p: log-probabilities `[batch, time, labels]`. Label 0 is the blank.

    Returns:
        A list of lists of labels.

    Raises:
        ValueError: the log-probabilities have another shape, or are not numbers.

    Example:

    >>> best = np.array([[1, 1, 0, 1, 2, 2]])
    >>> ctc_greedy(np.log(0.01 + np.eye(3)[best]))
    [[1, 1, 2]]
    """
    best = _check(log_p, 3).argmax(axis=-1)  # [batch, time]
    return [
        [int(i) for i, last in zip(row, [0, *row], strict=False) if i != last and i] for row in best
    ]


def ctc_beam_search(log_p, *, beam_width=16, language_model=None, weight=1.0, bonus=0.0):
    """Adds up all ways to write the same labels, and keeps the best beginnings (prefix beam search).

    See Graves 2012, "Supervised Sequence Labelling with Recurrent Neural Networks", section 7.5, and
    Hannun et al. 2014, "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
    Recurrent DNNs", algorithm 1. The score of labels y is

        score(y) = log p(y) + weight * log p_language(y) + bonus * length of y

    With a beam as wide as the number of beginnings, this finds the labels with the best score of all.

    Args:
        log_p: log-probabilities of one sequence `[time, labels]`. Label 0 is the blank.
        beam_width: how many beginnings are kept at each step.
        language_model: a function. It takes a tuple of labels, and returns the log-probability of each
            label to come next `[labels]`. Label 0 stands for the end. None means no language model.
        weight: how much the language model counts.
        bonus: what each label adds to the score. A language model favors short texts, and a bonus makes
            up for it.

    Returns:
        A list of labels.

    Raises:
        ValueError: beam_width is out of range, or the log-probabilities have another shape or are not
            numbers.

    Example: the blank is the likeliest label at both steps. But three ways of probability 0.24, 0.24
    and 0.16 write label 1, and only one of 0.36 writes nothing.

    >>> p = np.array([[0.6, 0.4], [0.6, 0.4]])
    >>> ctc_greedy(np.log([p])), ctc_beam_search(np.log(p))
    ([[]], [1])
    """
    log_p = _check(log_p, 2)
    arguments.check("beam_width", beam_width)
    num_labels = log_p.shape[1]
    following = language_model and functools.cache(
        lambda labels: weight * np.asarray(language_model(labels), "float64")
    )
    beams = [()]
    # The log-probability of all ways that write a beginning, and end in a blank or in its last label.
    in_blank, in_label = np.array([0.0]), np.array([-np.inf])  # [beams]
    language = np.array([0.0])  # what the language model and the bonus add
    for here in log_p:
        last = np.array([labels[-1] if labels else 0 for labels in beams])
        both = np.logaddexp(in_blank, in_label)
        # A beginning stays as it is, or goes on with a label. The same label needs a blank before it.
        is_last = np.arange(num_labels) == last[:, None]
        longer = np.where(is_last, in_blank[:, None], both[:, None]) + here  # [beams, labels]
        longer[:, 0] = -np.inf
        in_blank, in_label = both + here[0], in_label + here[last]
        place = {labels: i for i, labels in enumerate(beams)}
        for i, labels in enumerate(beams):  # if a longer one is a beam already, its ways are added
            shorter = place.get(labels[:-1]) if labels else None
            if shorter is not None:
                in_label[i] = np.logaddexp(in_label[i], longer[shorter, labels[-1]])
                longer[shorter, labels[-1]] = -np.inf
        added = language[:, None] + bonus
        if following:
            added = added + np.stack([following(labels) for labels in beams])
        added = np.broadcast_to(added, longer.shape)
        scores = np.append(np.logaddexp(in_blank, in_label) + language, longer + added)
        kept = np.argsort(-scores, kind="stable")[:beam_width]
        kept = kept[scores[kept] > -np.inf]  # not the impossible ones, which may be there twice
        old, new = kept[kept < len(beams)], kept[kept >= len(beams)] - len(beams)
        parents, labels = np.divmod(new, num_labels)
        in_blank = np.append(in_blank[old], np.full(len(new), -np.inf))
        in_label = np.append(in_label[old], longer[parents, labels])
        language = np.append(language[old], added[parents, labels])
        beams = [beams[i] for i in old] + [
            (*beams[i], int(label)) for i, label in zip(parents, labels, strict=True)
        ]
    scores = np.logaddexp(in_blank, in_label) + language
    if following:
        scores += [following(labels)[0] for labels in beams]
    return list(beams[scores.argmax()])


def _check(log_p, axes):
    """The log-probabilities as a NumPy array with this number of axes."""
    log_p = ops.convert_to_numpy(log_p)
    if log_p.ndim != axes or not log_p.shape[-1] or log_p.dtype.kind != "f":
        expected = "[batch, time, labels]" if axes == 3 else "[time, labels]"
        raise InputError(f"Log-probabilities must be {expected}. Received: {log_p.dtype} {log_p.shape}")
    if np.isnan(log_p).any():
        raise InputError("The log-probabilities are not all numbers. Received: NaN")
    return log_p.astype("float64")
