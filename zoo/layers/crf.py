"""A conditional random field, which chooses the tags of a sentence together."""

import types

import keras
import numpy as np
from keras import ops

from zoo.errors import InputError
from zoo.layers.per_step import PerStepModel

FORBIDDEN = -1e9  # stands for log 0; it is finite, because inf - inf is NaN


def forbidden_transitions(tag_names):
    """Lists the transitions that IOB2 or IOBES does not allow, such as I-PER after B-LOC.

    In both schemes, I-X only follows B-X or I-X. In IOBES, E-X also only follows B-X or I-X, and after
    B-X or I-X there must be I-X or E-X. If a name begins with E- or S-, the scheme is IOBES. No rule
    says which tags may end a sentence, because the CRF learns that.

    Args:
        tag_names: the names of all tags in order, such as `["O", "B-PER", "I-PER"]`.

    Returns:
        Pairs (i, j). Tag j may not follow tag i. If i is -1, tag j may not be the first.

    Raises:
        ValueError: a name is not `O` and does not begin with `B-`, `I-`, `E-` or `S-`.

    Example:

    >>> forbidden_transitions(["O", "B-PER", "I-PER", "B-LOC"])
    [(-1, 2), (0, 2), (3, 2)]
    """
    for name in tag_names:
        if name != "O" and name[:2] not in ("B-", "I-", "E-", "S-"):
            raise InputError(f"A tag is O, or begins with B-, I-, E- or S-. Received: {name!r}")
    is_iobes = any(name[0] in "ES" for name in tag_names)

    def is_forbidden(previous, name):
        goes_on = name[0] in "IE" and previous[0] in "BI" and name[1:] == previous[1:]
        return not goes_on and (name[0] in "IE" or (is_iobes and previous[0] in "BI"))

    return [
        (i, j)
        for i, previous in enumerate(["O", *tag_names], start=-1)  # the start counts as O
        for j, name in enumerate(tag_names)
        if is_forbidden(previous, name)
    ]


@keras.saving.register_keras_serializable("zoo")
class CRF(keras.layers.Layer):
    """A linear-chain conditional random field (Lafferty et al. 2001).

    Let P be the scores `[time, num_tags]` of a sentence of n words, and A the transitions of the layer.
    Then tags y have (Lample et al. 2016, section 2.2)

        score(y) = sum over t of P[t, y_t] + sum over t < n of A[y_t, y_t+1] + start[y_1] + end[y_n]
        log p(y) = score(y) - log of the sum over all y' of exp(score(y'))

    The forward algorithm computes the sum, and the Viterbi algorithm finds the best y (Rabiner 1989,
    section III). Each takes n steps. Both compute in float32, also with mixed precision.

    Args:
        num_tags: number of tags.
        forbidden_transitions: pairs (i, j). Tag j may not follow tag i. If i is -1, tag j may not be
            the first tag. Sequences with such a pair have probability 0 and are never predicted. If the
            true tags have such a pair, their loss is 1e9.

    Call arguments:
        scores: `[batch, time, num_tags]`, any numbers (logits, not probabilities).
        mask: booleans `[batch, time]`, true at words. None if all steps are words. Padding may be
            anywhere. Words with only padding between them are neighbors.

    Returns:
        The best tags, one-hot `[batch, time, num_tags]`, with zeros at padding. They have no gradient.
        Train with `negative_log_likelihood`, as `CRFTagger` does.

    Raises:
        ValueError: a tag in a pair does not exist, or the scores do not have `num_tags` tags.

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
        self._is_forbidden = np.zeros((num_tags + 1, num_tags), bool)  # last row: the start
        for i, j in self.forbidden_transitions:
            if not (-1 <= i < num_tags and 0 <= j < num_tags):
                raise InputError(
                    "A forbidden transition is a pair of tags (i, j), i from -1 and j from 0 to "
                    f"{num_tags - 1}. Received: {(i, j)}"
                )
            self._is_forbidden[i, j] = True
        # The loss needs the scores, but a model only returns its outputs. JAX's tracers take no new
        # attributes, so the outputs cannot carry the scores. So the layer stores them here.
        self.latest_call = None

    def build(self, input_shape):
        if input_shape[-1] != self.num_tags:
            raise InputError(
                f"With num_tags={self.num_tags} the scores must be [batch, time, {self.num_tags}]. "
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
        """Computes -log p(tags).

        Args:
            scores: `[batch, time, num_tags]`.
            tags: integers `[batch, time]`, anything at padding.
            mask: booleans `[batch, time]`, true at words. None if all steps are words.

        Returns:
            `[batch]`, the sum over the words of each sentence. It is 0 for a sentence without words. It
            is NaN for a sentence with a tag out of range.

        Raises:
            ValueError: the tags do not have the shape `[batch, time]`.

        Example:

        >>> crf = CRF(2)
        >>> crf.build((None, None, 2))
        >>> loss = crf.negative_log_likelihood(np.zeros((1, 3, 2)), np.array([[0, 1, 1]]))
        >>> loss.numpy()  # 3 log 2, because all 8 sequences are equally probable
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

        # The gradient of log_sum with respect to a score is the probability of that tag or pair. So
        # the sum of all scores, weighted with constant probabilities, has the same gradient. This way
        # no gradient must go through the steps of a loop.
        log_sum, p_tags, p_pairs = _forward_backward(
            ops.stop_gradient(scores), has_next, ops.stop_gradient(transitions)
        )
        expected = ops.sum(p_tags * scores, axis=(0, 2)) + ops.sum(p_pairs * transitions, axis=(1, 2))
        log_sum += expected - ops.stop_gradient(expected)
        loss = ops.where(is_valid, log_sum - score, float("nan"))
        return ops.where(mask[:, 0], loss, 0.0)

    def viterbi(self, scores, mask=None):
        """Finds the tags with the highest score.

        Args:
            scores: `[batch, time, num_tags]`.
            mask: booleans `[batch, time]`, true at words. None if all steps are words.

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
        """Returns the mask, whether a word follows, the scores, and the transitions."""
        scores = ops.cast(scores, "float32")
        mask = ops.ones_like(scores[:, :, 0], "bool") if mask is None else ops.cast(mask, "bool")
        has_next = ops.concatenate([mask[:, 1:], ops.zeros_like(mask[:, :1])], axis=1)
        is_last = ops.logical_xor(mask, has_next)
        # JAX's `where` takes tensors only, and no variables.
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
    """Returns the order of the steps `[batch, time]` that puts all words before the padding.

    The words of a chain must be side by side, but `keras.utils.pad_sequences` puts padding on the left.
    """
    places = ops.arange(ops.shape(mask)[1])
    return ops.argsort(ops.where(mask, places, places + ops.shape(mask)[1]), axis=1)


def _reorder(scores, mask, order):
    scores = ops.take_along_axis(scores, order[:, :, None], axis=1)
    return scores, ops.take_along_axis(mask, order, axis=1)


def _join(x, has_next):
    """Joins two tensors. On TensorFlow, `ops.scan` takes several only if their length is known."""
    return ops.concatenate([x, ops.cast(has_next, "float32")], axis=-1)


def _forward(reduce, scores, has_next, transitions):
    """Computes the log of the sum (or the maximum) over all tags before a word, for each tag.

    Returns:
        The sums `[time, batch, num_tags]`, including the score at that word, and the sums at the last
        word `[batch, num_tags]`.
    """

    def step(state, x):
        here = state + x[:, :-1]
        state = reduce(here[:, :, None] + transitions, axis=1)  # [batch, tag, next tag] -> next tag
        return ops.where(x[:, -1:] > 0, state, here), here

    end, here = ops.scan(step, ops.zeros_like(scores[0]), _join(scores, has_next))
    return here, end


def _forward_backward(scores, has_next, transitions):
    """Computes the log of the sum over all sequences of tags, and the probabilities of tags and pairs.

    Returns:
        The log of the sum `[batch]`, the probabilities of tags `[time, batch, num_tags]` (anything at
        padding), and the probabilities of pairs, summed over time, `[batch, num_tags, num_tags]`.
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
    """A functional model that ends with a `CRF` and trains with the negative log-likelihood.

    The loss is the sum over all words of a batch, divided by the number of words. The masked
    cross-entropy of a softmax is scaled the same way, so the same learning rate suits both. Compile the
    model without a loss: `model.compile("adam", weighted_metrics=["accuracy"])`. `sample_weight` has a
    weight for each sentence or for each word. A sentence counts with the mean weight of its words.

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
                "A CRF has its own loss, the negative log-likelihood. Compile without a loss, such as "
                f'compile("adam", weighted_metrics=["accuracy"]). Received: loss={loss!r}'
            )
        super().compile(optimizer, **kwargs)

    def compile_from_config(self, config):
        # A model that has its own `compile` needs this, too.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        crf = next(layer for layer in self.layers if isinstance(layer, CRF))
        call = crf.latest_call
        if call is None or call.outputs is not y_pred:
            raise ValueError(
                "The loss belongs to the latest output of the model. Call the model first."
            )
        losses = crf.negative_log_likelihood(call.scores, y, call.mask)  # [batch]
        mask = ops.ones(ops.shape(y)) if call.mask is None else ops.cast(call.mask, "float32")
        if sample_weight is not None:
            weight = ops.reshape(sample_weight, (ops.shape(mask)[0], -1))  # [batch, 1 or time]
            weight = ops.sum(ops.cast(weight, "float32") * mask, axis=1)
            losses *= weight / ops.maximum(ops.sum(mask, axis=1), 1.0)
        loss = ops.sum(losses) / ops.maximum(ops.sum(mask), 1.0)
        # Like Keras, add the losses of regularizers, and give each device its share.
        return sum(self._aggregate_additional_loss(one) for one in (loss, *self.losses))
