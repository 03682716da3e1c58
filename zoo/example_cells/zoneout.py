"""Zoneout around any cell: in training, some numbers of each state keep their earlier value.

Krueger et al. 2017, "Zoneout: Regularizing RNNs by randomly preserving hidden activations", ICLR,
section 3. Let s_t be a state of the cell after step t, and T_t the state that the cell computes from
x_t and s_{t-1}. Then

    s_t = d_t * s_{t-1} + (1 - d_t) * T_t      in training, where each number of d_t is 1 with a
                                               probability of `rate`, else 0, and is drawn at each step
    s_t = rate * s_{t-1} + (1 - rate) * T_t    otherwise, which is the expected value

Dropout would set the numbers to 0 instead. For an LSTM the paper has one rate for h and one for c.

`Zoneout(keras.layers.LSTMCell(1), [0.05, 0.5])` is a template: the zoo sets the number of units in the
cell inside. `zoneout_lstm` below is one that the flag --cell can name.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class Zoneout(keras.layers.Layer):
    """A cell with zoneout.

    Args:
        cell: a cell whose output is its first state.
        rate: the probability to keep a number, from 0 to below 1, or a list with one for each state.
        seed: an integer for the random numbers, or None for another one each time.

    Call arguments:
        inputs: `[batch, features]`.
        states: a list of the states of the cell.
        training: whether states are kept at random.

    Returns:
        The output, which is the new first state, and a list of the new states.

    Example:

    >>> layer = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(8), [0.05, 0.5]))
    >>> layer(keras.Input((None, 5))).shape
    (None, 8)
    """

    def __init__(self, cell, rate=0.1, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.cell, self.rate, self.seed = cell, rate, seed
        self.state_size = cell.state_size
        sizes = keras.tree.flatten(cell.state_size)
        self.rates = list(rate) if isinstance(rate, (list, tuple)) else [rate] * len(sizes)
        if len(self.rates) != len(sizes) or not all(0 <= one < 1 for one in self.rates):
            raise ValueError(
                "rate must be a number from 0 to below 1, or a list with one for each of the "
                f"{len(sizes)} states. Received: rate={rate}"
            )
        self.seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self):
        cell = keras.saving.serialize_keras_object(self.cell)
        return {**super().get_config(), "cell": cell, "rate": self.rate, "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})

    def build(self, input_shape):
        if not self.cell.built:
            self.cell.build(input_shape)

    def call(self, inputs, states, training=False):
        output, new_states = self.cell(inputs, states, training=training)
        new_states = keras.tree.flatten(new_states)
        if output is not new_states[0]:
            raise ValueError(
                "The cell must return the same tensor as its output and as its first state: "
                f"return h, [h, c]. In a stack, wrap each cell. Received: {type(self.cell).__name__}"
            )
        kept = self.rates  # the share that is kept of each state
        if training:
            noise = self.draw(new_states)
            kept = [ops.cast(u < rate, u.dtype) for u, rate in zip(noise, kept, strict=True)]
        triples = zip(kept, states, new_states, strict=True)
        states = [d * old + (1 - d) * new for d, old, new in triples]
        return states[0], states

    def draw(self, states):
        """Random numbers from 0 to 1 in the shapes of the states, other ones at each step."""
        if keras.backend.backend() != "jax":
            return self._uniform(states)
        # JAX calls the cell once and repeats the step by itself. So no seed can count the steps. But
        # the states differ at each step and in each batch, so their last digits serve as a seed.
        total = sum(ops.sum(ops.sin(1000.0 * ops.cast(state, "float32"))) for state in states)
        digits = ops.cast(total % 1 * 2**24, "uint32")
        seed = self.seed_generator.state + ops.stack([ops.cast(0, "uint32"), digits])
        with keras.StatelessScope(state_mapping=[(self.seed_generator.state, seed)]):
            return self._uniform(states)

    def _uniform(self, states):
        return [
            keras.random.uniform(ops.shape(state), dtype=state.dtype, seed=self.seed_generator)
            for state in states
        ]


zoneout_lstm = Zoneout(keras.layers.LSTMCell(1), [0.05, 0.5])
