"""Models whose losses and weights are those of sequences and their steps."""

import functools
import inspect

import keras
from keras import ops

from zoo.errors import InputError


class SequenceModel(keras.Model):
    """A functional model that refuses `class_weight`, because Keras would apply it wrongly.

    A subclass has `advice`: what to do instead.
    """

    @functools.wraps(keras.Model.fit)
    def fit(self, *args, **kwargs):
        given = inspect.signature(keras.Model.fit).bind(self, *args, **kwargs).arguments
        self._refuse(given.get("class_weight"))
        return super().fit(*args, **kwargs)

    @functools.wraps(keras.Model.train_on_batch)
    def train_on_batch(self, *args, **kwargs):
        given = inspect.signature(keras.Model.train_on_batch).bind(self, *args, **kwargs).arguments
        self._refuse(given.get("class_weight"))
        return super().train_on_batch(*args, **kwargs)

    def _refuse(self, class_weight):
        if class_weight is not None:
            raise InputError(f"{self.advice} Received: class_weight={class_weight!r:.100}")


@keras.saving.register_keras_serializable("zoo")
class PerStepModel(SequenceModel):
    """A functional model with outputs `[batch, time, ...]`. It weights sequences and steps correctly.

    - A `sample_weight` of shape `[batch]` weights whole sequences. Keras alone would multiply it with
      losses of shape `[batch, time]`. That is an error, or a wrong loss if batch and time are equal.
    - `class_weight` is refused. Keras would turn it into one weight for each sequence, and it would
      take the position of the largest tag for the class of the sequence.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("many_to_many", vocabulary_size=10, num_tags=2)
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> x, y = np.array([[5, 6], [7, 8]]), np.array([[0, 1], [1, 1]])
    >>> history = model.fit(x, y, sample_weight=np.where(y == 0, 5.0, 1.0), verbose=0)
    >>> model.fit(x, y, class_weight={0: 5.0, 1: 1.0})
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: class_weight cannot weight the steps of a sequence. Pass a weight for each...
    """

    advice = (
        "class_weight cannot weight the steps of a sequence. Pass a weight for each step: "
        "sample_weight=np.where(y == 0, 5.0, 1.0) counts class 0 five times."
    )

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, _of_steps(sample_weight, y_pred), training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred, _of_steps(sample_weight, y_pred))


@keras.saving.register_keras_serializable("zoo")
class CTCModel(SequenceModel):
    """A functional model for Keras's loss `"ctc"`, which gives one number for a whole sequence.

    - `sample_weight` has a weight for each sequence, `[batch]`.
    - `class_weight` is refused. Keras would take the position of the largest label in a text for the
      class of the sequence.

    Example:

    >>> import numpy as np, zoo
    >>> model = zoo.build("many_to_many", num_features=3, num_tags=5, head="ctc")
    >>> model.compile("adam", "ctc")
    >>> x, y = np.ones((2, 8, 3)), np.array([[1, 2, 3], [4, 0, 0]])
    >>> history = model.fit(x, y, sample_weight=np.array([1.0, 2.0]), verbose=0)
    >>> model.fit(x, y, class_weight={1: 5.0})
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: class_weight cannot weight the labels of a text. Pass a weight for each...
    """

    advice = (
        "class_weight cannot weight the labels of a text. Pass a weight for each text: "
        "sample_weight=np.where((y == 1).any(axis=1), 5.0, 1.0) counts texts with label 1 five times."
    )


def _of_steps(sample_weight, y_pred):
    """Repeats weights `[batch]` to `[batch, time]`, so that each counts for all steps."""
    if sample_weight is None or len(sample_weight.shape) > 1:
        return sample_weight
    steps = ops.ones_like(y_pred[:, :, 0])  # [batch, time]
    return ops.expand_dims(ops.cast(sample_weight, steps.dtype), -1) * steps
