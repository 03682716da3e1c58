"""A conditional random field: the tags of a sentence are chosen together."""

import types

import keras
import numpy as np
from keras import ops

from zoo.errors import InputError
from zoo.layers.per_step import PerStepModel

FORBIDDEN = -1e9  # in place of log 0, because infinities would give inf - inf = nan


def forbidden_transitions(tag_names):
    """What no sentence tagged in IOB2 or IOBES contains, such as I-PER after B-LOC.

    In both, I-X follows B-X or I-X alone. In IOBES the same holds for E-X, and one of the two must
    follow. Names with E- or S- among them are taken as IOBES. With what tag a sentence may end is left
    to what the CRF learns.

    Args:
        tag_names: the names of the tags in their order, such as `["O", "B-PER", "I-PER"]`.

    Returns:
        Pairs (i, j): tag j may not follow tag i, and with i = -1 may not be the first.

    Raises:
        ValueError: a name that is neither `O` nor begins with `B-`, `I-`, `E-` or `S-`.

    Example:

    >>> forbidden_transitions(["O", "B-PER", "I-PER", "B-LOC"])
    [(-1, 2), (0, 2), (3, 2)]
    """
    for name in tag_names:
        if name != "O" and name[:2] not in ("B-", "I-", "E-", "S-"):
            raise InputError(f"A tag is O, or B-, I-, E- or S- and a type. Received: {name!r}")
    is_iobes = any(name[0] in "ES" for name in tag_names)

    def is_forbidden(previous, name):
        goes_on = name[0] in "IE" and previous[0] in "BI" and name[1:] == previous[1:]
        return not goes_on and (name[0] in "IE" or (is_iobes and previous[0] in "BI"))

    return [
        (i, j)
        for i, previous in enumerate(["O", *tag_names], start=-1)  # a start is like an O
        for j, name in enumerate(tag_names)
        if is_forbidden(previous, name)
    ]


@keras.saving.register_keras_serializable("zoo")
class CRF(keras.layers.Layer):
    """A linear-chain conditional random field (Lafferty et al. 2001).

    With P the scores `[time, num_tags]` of a sentence of n words and A the layer's transitions, tags y
    have (Lample et al. 2016, section 2.2)

        score(y) = sum over t of P[t, y_t] + sum over t < n of A[y_t, y_t+1] + start[y_1] + end[y_n]
        log p(y) = score(y) - log of the sum over all y' of exp(score(y'))

    The sum is the forward algorithm's, the best y is found by Viterbi's (Rabiner 1989, section III),
    each in n steps. Both compute in float32, under a policy of mixed precision too.

    Args:
        num_tags: number of tags.
        forbidden_transitions: pairs (i, j): tag j may not follow tag i, and with i = -1 may not be the
            first. Tags with such a pair have probability 0 and are never predicted; true tags with
            one have a loss of 1e9.

    Call arguments:
        scores: `[batch, time, num_tags]`, numbers of any size (logits, not probabilities).
        mask: booleans `[batch, time]`, true at words; None if all are words. Padding may be anywhere:
            words with padding between them are neighbors.

    Returns:
        The best tags, one-hot `[batch, time, num_tags]`, zeros at padding. No gradient passes through
        them: train with `negative_log_likelihood`, as `CRFTagger` does.

    Raises:
        ValueError: a pair with a tag that does not exist, or scores that are not of `num_tags` tags.

    Example:

    >>> crf = CRF(3, forbidden_transitions=[(-1, 2), (0, 2)])
    >>> scores = np.array([[[5, 0, 9], [0, 2, 3], [0, 0, 3]]])
    >>> np.argmax(crf(scores), axis=-1)
    array([[0, 1, 2]])
    """

    def __init__(self, num_tags, forbidden_transitions=(), dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.num_tags = num_tags
        self.forbidden_transitions = [[int(i), int(j)] for i, j in forbidden_transitions]
        self._is_forbidden = np.zeros((num_tags + 1, num_tags), bool)  # the last row is the start's
        for i, j in self.forbidden_transitions:
            if not (-1 <= i < num_tags and 0 <= j < num_tags):
                raise InputError(
                    "A forbidden transition is a pair of tags (i, j), i from -1 and j from 0 to "
                    f"{num_tags - 1}. Received: {(i, j)}"
                )
            self._is_forbidden[i, j] = True
        # The loss needs the scores, and a model gives its outputs alone. The scores cannot ride on them
        # as an attribute, because JAX's tracers take none, so the layer keeps them, as add_loss does.
        self.latest_call = None

    def build(self, input_shape):
        if input_shape[-1] != self.num_tags:
            raise InputError(
                f"The scores must be of num_tags={self.num_tags} tags: [batch, time, {self.num_tags}]. "
                f"Received: shape {tuple(input_shape)}"
            )
        n = self.num_tags
        self.transitions = self.add_weight(shape=(n, n), initializer="zeros", name="transitions")
        self.start_transitions = self.add_weight(
            shape=(n,), initializer="zeros", name="start_transitions"
        )
        self.end_transitions = self.add_weight(shape=(n,), initializer="zeros", name="end_transitions")

    def call(self, scores, mask=None):
        tags, _ = self.viterbi(scores, mask)
        outputs = ops.one_hot(tags, self.num_tags, dtype="float32")
        if mask is not None:
            outputs = ops.where(mask[:, :, None], outputs, 0.0)
        self.latest_call = types.SimpleNamespace(scores=scores, mask=mask, outputs=outputs)
        return outputs

    def negative_log_likelihood(self, scores, tags, mask=None):
        """-log p(tags).

        Args:
            scores: `[batch, time, num_tags]`.
            tags: integers `[batch, time]`, anything at padding.
            mask: booleans `[batch, time]`, true at words; None if all are words.

        Returns:
            `[batch]`, summed over the words of a sentence; 0 for a sentence without any, and not a
            number (NaN) for one with a tag out of range.

        Raises:
            ValueError: tags that are not `[batch, time]`.

        Example:

        >>> crf = CRF(2)
        >>> crf.build((None, None, 2))
        >>> loss = crf.negative_log_likelihood(np.zeros((1, 3, 2)), np.array([[0, 1, 1]]))
        >>> loss.numpy()  # 3 log 2: all 8 sequences are equally probable
        array([2.0794415], dtype=float32)
        """
        tags = ops.cast(tags, "int32")
        if len(tags.shape) != 2:
            raise InputError(f"Tags must be integers [batch, time]. Received: shape {tags.shape}")
        if mask is not None:
            order = _words_first(mask)
            tags = ops.take_along_axis(tags, order, axis=1)
            scores, mask = _reorder(scores, mask, order)
        mask, has_next, scores, transitions = self._prepare(scores, mask)
        is_in_range = ops.logical_and(tags >= 0, tags < self.num_tags)
        is_valid = ops.all(ops.logical_or(is_in_range, ~mask), axis=1)  # [batch]
        tags = ops.transpose(ops.where(ops.logical_and(mask, is_in_range), tags, 0))  # [time, batch]
        pairs = tags[:-1] * self.num_tags + tags[1:]
        of_pairs = ops.take(ops.reshape(transitions, (-1,)), pairs)  # [time - 1, batch]
        score = ops.sum(ops.take_along_axis(scores, tags[:, :, None], axis=-1), axis=(0, 2))
        score += ops.sum(ops.where(has_next[:-1, :, 0], of_pairs, 0.0), axis=0)

        # The derivative of the log of the sum by each score is the probability of what has that score.
        # So these probabilities, taken as constants, give the exact gradient of their product with the
        # scores, and nothing has to be differentiated through the steps of a loop.
        log_sum, p_tags, p_pairs = _forward_backward(
            ops.stop_gradient(scores), has_next, ops.stop_gradient(transitions)
        )
        expected = ops.sum(p_tags * scores, axis=(0, 2)) + ops.sum(p_pairs * transitions, axis=(1, 2))
        log_sum += expected - ops.stop_gradient(expected)
        loss = ops.where(is_valid, log_sum - score, float("nan"))
        return ops.where(mask[:, 0], loss, 0.0)

    def viterbi(self, scores, mask=None):
        """The tags of the highest score.

        Args:
            scores: `[batch, time, num_tags]`.
            mask: booleans `[batch, time]`, true at words; None if all are words.

        Returns:
            Tags, integers `[batch, time]` (0 at padding), and their score `[batch]`.

        Example:

        >>> crf = CRF(2, forbidden_transitions=[(1, 1)])
        >>> crf.build((None, None, 2))
        >>> tags, score = crf.viterbi(np.array([[[0, 2], [0, 1], [0, 2]]]))
        >>> tags.numpy(), score.numpy()
        (array([[1, 0, 1]], dtype=int32), array([4.], dtype=float32))
        """
        order = None
        if mask is not None:
            order = _words_first(mask)
            scores, mask = _reorder(scores, mask, order)
        mask, has_next, scores, transitions = self._prepare(scores, mask)
        scores, transitions = map(ops.stop_gradient, (scores, transitions))
        here, end = _forward(ops.max, scores, has_next, transitions)
        into = ops.transpose(transitions)  # [next tag, tag]

        def step(tag, x):
            here, has_next = x[:, :-1], x[:, -1] > 0
            before = ops.argmax(here + ops.take(into, tag, axis=0), axis=-1)
            tag = ops.where(has_next, ops.cast(before, "int32"), tag)
            return tag, tag

        last = ops.cast(ops.argmax(end, axis=-1), "int32")
        _, tags = ops.scan(step, last, _join(here, has_next), reverse=True)  # [time, batch]
        tags = ops.where(mask, ops.transpose(tags), 0)  # [batch, time]
        if order is not None:
            tags = ops.take_along_axis(tags, ops.argsort(order, axis=1), axis=1)
        return tags, ops.max(end, axis=-1)

    def _prepare(self, scores, mask):
        """The mask; whether a word follows; the scores of words, first and last; the transitions."""
        scores = ops.cast(scores, "float32")
        mask = ops.ones_like(scores[:, :, 0], "bool") if mask is None else ops.cast(mask, "bool")
        has_next = ops.concatenate([mask[:, 1:], ops.zeros_like(mask[:, :1])], axis=1)
        is_last = ops.logical_xor(mask, has_next)
        # As tensors, because JAX's `where` takes no variables.
        start, end, transitions = map(
            ops.convert_to_tensor, (self.start_transitions, self.end_transitions, self.transitions)
        )
        start = ops.where(self._is_forbidden[-1], FORBIDDEN, start)
        scores = ops.concatenate([scores[:, :1] + start, scores[:, 1:]], axis=1)
        scores += ops.where(is_last[:, :, None], end, 0.0)
        scores = ops.where(mask[:, :, None], scores, 0.0)
        return (
            mask,  # [batch, time]
            ops.transpose(has_next)[:, :, None],  # [time, batch, 1]
            ops.transpose(scores, (1, 0, 2)),  # [time, batch, num_tags]
            ops.where(self._is_forbidden[:-1], FORBIDDEN, transitions),
        )

    def compute_mask(self, scores, mask=None):
        return mask

    def compute_output_shape(self, scores_shape):
        return scores_shape

    def get_config(self):
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "forbidden_transitions": self.forbidden_transitions,
        }


def _words_first(mask):
    """The order of the steps `[batch, time]` that puts the words of each sentence before its padding.

    A chain needs its words side by side. `keras.utils.pad_sequences` puts padding on the left.
    """
    places = ops.arange(ops.shape(mask)[1])
    return ops.argsort(ops.where(mask, places, places + ops.shape(mask)[1]), axis=1)


def _reorder(scores, mask, order):
    scores = ops.take_along_axis(scores, order[:, :, None], axis=1)
    return scores, ops.take_along_axis(mask, order, axis=1)


def _join(x, has_next):
    """One tensor for `ops.scan`: on TensorFlow it takes several only if their length is known."""
    return ops.concatenate([x, ops.cast(has_next, "float32")], axis=-1)


def _forward(reduce, scores, has_next, transitions):
    """For each word and tag, the log of the sum (or the maximum) over all that may come before.

    Returns:
        The sums `[time, batch, num_tags]`, the score at that word included, and those of the last word
        `[batch, num_tags]`.
    """

    def step(state, x):
        here = state + x[:, :-1]
        state = reduce(here[:, :, None] + transitions, axis=1)  # [batch, tag, next tag] -> next tag
        return ops.where(x[:, -1:] > 0, state, here), here

    end, here = ops.scan(step, ops.zeros_like(scores[0]), _join(scores, has_next))
    return here, end


def _forward_backward(scores, has_next, transitions):
    """The log of the sum over all tags of a sentence, and the probabilities of tags and of pairs.

    Returns:
        `[batch]`, `[time, batch, num_tags]` (anything at padding), and summed over time `[batch,
        num_tags, num_tags]`.
    """
    here, end = _forward(ops.logsumexp, scores, has_next, transitions)
    log_sum = ops.logsumexp(end, axis=-1)

    def step(state, x):
        after = ops.logsumexp(state[:, None, :] + transitions, axis=2)
        after = ops.where(x[:, -1:] > 0, after, 0.0)
        return x[:, :-1] + after, after

    _, after = ops.scan(step, ops.zeros_like(end), _join(scores, has_next), reverse=True)
    p_tags = ops.exp(here + after - log_sum[:, None])
    pairs = here[:-1, :, :, None] + transitions + (scores + after)[1:, :, None, :]
    p_pairs = ops.exp(pairs - log_sum[:, None, None])  # [time - 1, batch, tag, next tag]
    p_pairs = ops.where(has_next[:-1, :, :, None], p_pairs, 0.0)
    return log_sum, p_tags, ops.sum(p_pairs, axis=0)


@keras.saving.register_keras_serializable("zoo")
class CRFTagger(PerStepModel):
    """A functional model whose output is that of a `CRF`, trained by its negative log-likelihood.

    The loss is summed over the words of all sentences of a batch and divided by the number of words,
    as the masked cross-entropy of a softmax is, so that the same learning rate suits both. It has no
    name: `model.compile("adam", weighted_metrics=["accuracy"])`. `sample_weight` may have a weight for
    each sentence, or for each word, of which the mean over a sentence's words counts.

    Example:

    >>> scores = keras.Input((None, 3))
    >>> model = CRFTagger(scores, CRF(3)(scores))
    >>> model.compile("sgd")
    >>> loss = model.evaluate(np.zeros((1, 5, 3)), np.zeros((1, 5), int), verbose=0)
    >>> bool(np.isclose(loss, np.log(3)))
    True
    """

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        if loss is not None:
            raise InputError(
                "A CRF has its own loss, the negative log-likelihood: compile without one, such as "
                f'compile("adam", weighted_metrics=["accuracy"]). Received: loss={loss!r}'
            )
        super().compile(optimizer, **kwargs)

    def compile_from_config(self, config):
        # Keras leaves this to a model that has its own `compile`.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        crf = next(layer for layer in self.layers if isinstance(layer, CRF))
        call = crf.latest_call
        if call is None or call.outputs is not y_pred:
            raise ValueError("The loss is that of the model's latest output: call the model first.")
        losses = crf.negative_log_likelihood(call.scores, y, call.mask)  # [batch]
        mask = ops.ones(ops.shape(y)) if call.mask is None else ops.cast(call.mask, "float32")
        if sample_weight is not None:
            weight = ops.reshape(sample_weight, (ops.shape(mask)[0], -1))  # [batch, 1 or time]
            weight = ops.sum(ops.cast(weight, "float32") * mask, axis=1)
            losses *= weight / ops.maximum(ops.sum(mask, axis=1), 1.0)
        loss = ops.sum(losses) / ops.maximum(ops.sum(mask), 1.0)
        # As Keras adds up its losses: those of regularizers too, each for its share of the devices.
        return sum(self._aggregate_additional_loss(one) for one in (loss, *self.losses))
