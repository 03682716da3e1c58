"""Recurrent layers that drop some of their recurrent weights while training."""

import keras


class WeightDropout(keras.layers.RNN):
    """Drops recurrent weights in training, the same in all steps of a batch (Merity et al. 2018).

    It is what `WeightDropoutSimpleRNN`, `WeightDropoutLSTM` and `WeightDropoutGRU` share. In training,
    each call draws which weights of the recurrent kernel are 0, for all steps and all sequences of the
    batch. The others become larger, so that the mean of each weight stays the same. The rest is the
    layer of Keras, and may use cuDNN. See Merity et al. 2018, "Regularizing and Optimizing LSTM
    Language Models", section 2, and Wan et al. 2013, who call it DropConnect.

    `recurrent_dropout` of Keras's layers is something else: it drops numbers of the state, other ones
    in each sequence, and never uses cuDNN.

    Args:
        units: size of the state.
        weight_dropout: share of the recurrent weights that is dropped.
        **kwargs: other arguments of Keras's layer, such as `return_sequences`.
    """

    def __init__(self, units, weight_dropout=0.0, **kwargs):
        super().__init__(units, **kwargs)
        self.weight_dropout = weight_dropout

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not training or not self.weight_dropout:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        whole, attributes = self.cell.recurrent_kernel, vars(self.cell)
        # Not setattr, because Keras would track the tensor as a weight of the cell.
        attributes["recurrent_kernel"] = keras.random.dropout(
            keras.ops.convert_to_tensor(whole), self.weight_dropout, seed=self.cell.seed_generator
        )
        try:
            return super().inner_loop(sequences, initial_state, mask, training=True)
        finally:
            attributes["recurrent_kernel"] = whole

    def get_config(self):
        return super().get_config() | {"weight_dropout": self.weight_dropout}


@keras.saving.register_keras_serializable("zoo")
class WeightDropoutSimpleRNN(WeightDropout, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` that drops recurrent weights in training, see `WeightDropout`.

    Example:

    >>> import numpy as np
    >>> WeightDropoutSimpleRNN(8, weight_dropout=0.5)(np.zeros((2, 3, 5)), training=True).shape
    TensorShape([2, 8])
    """


@keras.saving.register_keras_serializable("zoo")
class WeightDropoutLSTM(WeightDropout, keras.layers.LSTM):
    """`keras.layers.LSTM` that drops recurrent weights in training, see `WeightDropout`.

    Example:

    >>> import numpy as np
    >>> WeightDropoutLSTM(8, weight_dropout=0.5)(np.zeros((2, 3, 5)), training=True).shape
    TensorShape([2, 8])
    """


@keras.saving.register_keras_serializable("zoo")
class WeightDropoutGRU(WeightDropout, keras.layers.GRU):
    """`keras.layers.GRU` that drops recurrent weights in training, see `WeightDropout`.

    Example:

    >>> import numpy as np
    >>> WeightDropoutGRU(8, weight_dropout=0.5)(np.zeros((2, 3, 5)), training=True).shape
    TensorShape([2, 8])
    """
