"""The layers of a model that read its tokens, called one step at a time."""

import inspect
import itertools

import keras
import numpy as np
from keras import ops

from zoo.errors import InputError


class Decoder:
    """The part of a functional model that depends on its tokens.

    A decoder has no layers of its own. It calls the layers of the model in the order in which the model
    calls them. So generation uses every layer that training uses, including a layer that you insert.
    Only two things are different:

    - Everything that does not depend on the tokens is computed once, by `begin`. That is the initial
      states and the memory: all other tensors that the layers read, such as the states of an encoder.
    - A recurrent layer takes its states from the caller and returns the new states.

    Args:
        model: a functional `keras.Model` from tokens `[batch, time]`, its last input, to probabilities
            `[batch, time, vocabulary]`.

    Raises:
        ValueError: the model cannot work step by step. See `check`.

    Example:

    >>> import zoo
    >>> model = zoo.build("one_to_many", cell="gru", context_shape=(7,), units=8)
    >>> decoder = Decoder(model)
    >>> states, memory = decoder.begin([np.zeros((1, 7)), np.array([[2]])])
    >>> p, states = decoder.run(np.array([[2]]), states, memory, one_step)
    >>> p.shape, states[0].shape
    (TensorShape([1, 1, 10000]), TensorShape([1, 8]))
    """

    def __init__(self, model):
        calls = []

        def record(layer, *args, **kwargs):
            # In Keras 3.10, an attention layer that has computed numbers keeps this switch on. Then it
            # cannot be called on symbolic inputs again.
            if hasattr(layer, "_return_attention_scores"):
                layer._return_attention_scores = False
            outputs = layer(*args, **kwargs)
            calls.append((layer, args, kwargs, keras.tree.flatten(outputs)))
            return outputs

        # Keras calls the same layers once more, on new symbolic inputs. That shows every call.
        graph = keras.models.clone_model(
            keras.Model(model.inputs, model.outputs),
            clone_function=lambda layer: layer,
            call_function=record,
        )
        *self.first_inputs, self.tokens = graph.inputs
        self.probabilities = graph.outputs[0]
        self.calls, self.initial_states, memory = [], [], {}
        depends_on_tokens = {id(self.tokens)}
        for layer, args, kwargs, outputs in calls:
            tensors = [x for x in keras.tree.flatten((args, kwargs)) if hasattr(x, "_keras_history")]
            if depends_on_tokens.isdisjoint(map(id, tensors)):
                continue
            self.calls.append((layer, args, kwargs, outputs))
            depends_on_tokens.update(map(id, outputs))
            given = []
            if isinstance(layer, keras.layers.RNN):
                given = _arguments(layer, args, kwargs).get("initial_state")
                given = [] if given is None else keras.tree.flatten(given)
                self.initial_states.append((layer, given))
            outside = {id(x): x for x in tensors if id(x) not in depends_on_tokens}
            memory |= {key: x for key, x in outside.items() if key not in set(map(id, given))}
        self.memory = list(memory.values())
        self.check(model)

    def check(self, model):
        """Checks that the model computes the same step by step as for all steps at once.

        Raises:
            ValueError: it does not, its outputs are not probabilities, or it has several outputs.
        """
        size = model.outputs[0].shape[-1]
        inputs = [np.ones([n or 3 for n in (2, *x.shape[1:])], x.dtype) for x in model.inputs]
        for x in inputs[:-1]:
            if x.dtype.kind == "i" and x.ndim == 2:
                x[0, -1] = 0  # padding
        tokens = np.array([[1, size - 1, size // 2]] * 2, "int32")
        inputs[-1] = tokens
        expected = model(inputs if len(inputs) > 1 else tokens)
        if not hasattr(expected, "shape"):
            raise InputError(
                "generate needs a model with one output, the probabilities. "
                f"Received: a {type(expected).__name__} of {len(expected)}"
            )
        expected = ops.convert_to_numpy(expected).astype("float32")
        if (abs(expected.sum(axis=-1) - 1) > 0.05).any():
            raise InputError(
                "generate needs a model of probabilities. Give its last layer activation='softmax'. "
                f"Received: outputs with the sum {expected[0, 0].sum():.3g}"
            )
        states, memory = self.begin(inputs)
        for t in range(3):
            p, states = self.run(tokens[:, t : t + 1], states, memory, one_step)
            both = np.stack([expected[:, t], ops.convert_to_numpy(p)[:, 0].astype("float32")])
            log_p = np.log(np.maximum(both, 1e-37))  # [2, batch, vocabulary]
            difference, largest = abs(log_p[0] - log_p[1]).max(), np.ptp(log_p)
            if difference > 0.001 + 0.02 * largest:  # the error of half precision is smaller
                raise InputError(
                    "generate needs a model that reads its tokens one at a time. Its recurrent layers "
                    "must go forward and return sequences. No other layer may combine several steps, "
                    "as Conv1D and Bidirectional do. Received: a model with layers "
                    f"{', '.join(layer.name for layer in model.layers)}"
                )

    def begin(self, inputs):
        """Computes everything that does not depend on the tokens.

        Args:
            inputs: the inputs of the model as a list, the tokens `[batch, time]` last.

        Returns:
            The states before the first token, a flat list of `[batch, units]`, and the memory, a tuple
            of tensors whose first axis is batch.
        """
        *first_inputs, tokens = inputs
        wanted = [*self.memory, *(x for _, given in self.initial_states for x in given)]
        if wanted:
            wanted = keras.tree.flatten(keras.Model(self.first_inputs, wanted)(first_inputs))
        memory, rest = tuple(wanted[: len(self.memory)]), iter(wanted[len(self.memory) :])
        states = []
        for rnn, given in self.initial_states:
            its_states = [next(rest) for _ in given]
            its_states = its_states or keras.tree.flatten(rnn.get_initial_state(ops.shape(tokens)[0]))
            states += [ops.cast(state, rnn.cell.compute_dtype) for state in its_states]
        return states, memory

    def run(self, tokens, states, memory, call_rnn):
        """Calls the layers that depend on the tokens.

        Args:
            tokens: integers `[batch, time]`, tensors or symbolic.
            states: as `begin` returns them.
            memory: as `begin` returns it.
            call_rnn: `(layer, inputs, mask, states) -> (outputs, states)`, which is `one_step` or
                `all_steps`.

        Returns:
            Probabilities `[batch, time, vocabulary]`, and the new states.
        """
        symbols = [self.tokens, *self.memory]
        values = dict(zip(map(id, symbols), [tokens, *memory], strict=True))
        states, new_states = iter(states), []
        for layer, args, kwargs, outputs in self.calls:
            args, kwargs = keras.tree.map_structure(lambda x: values.get(id(x), x), (args, kwargs))
            if isinstance(layer, keras.layers.RNN):
                given = _arguments(layer, args, kwargs)
                size = layer.state_size  # nested, if a layer has several cells
                its_states = list(itertools.islice(states, len(keras.tree.flatten(size))))
                its_states = keras.tree.pack_sequence_as(size, its_states)
                x, its_states = call_rnn(layer, given["sequences"], given.get("mask"), its_states)
                results = keras.tree.flatten([x, its_states])
                new_states += results[1:]
            else:
                results = keras.tree.flatten(layer(*args, **kwargs))
            # A recurrent layer has fewer outputs if it does not return its states.
            values.update(zip(map(id, outputs), results, strict=False))
        return values[id(self.probabilities)], new_states


def _arguments(layer, args, kwargs):
    return inspect.signature(layer.call).bind(*args, **kwargs).arguments


def one_step(rnn, x, mask, states):
    """Calls the cell of a recurrent layer once, on inputs `[batch, beams, features]`.

    With beam search each sequence has several rows of states next to each other, its beams. They take
    the place of the time steps, because all other layers treat each step by itself.
    """
    batch, beams = ops.shape(x)[:2]
    rows = ops.reshape(x, (-1, x.shape[-1]))  # [batch * beams, features]
    x, states = rnn.cell(rows, states, training=False)  # [batch * beams, units]
    return ops.reshape(x, (batch, beams, x.shape[-1])), states


def all_steps(rnn, x, mask, states):
    """Calls a recurrent layer on a whole window of inputs `[batch, time, features]`."""
    if not rnn.return_state:
        raise InputError(f"with_states needs return_state=True in the layer {rnn.name!r}.")
    x, *states = rnn(x, mask=mask, initial_state=states)  # [batch, time, units]
    return x, states
