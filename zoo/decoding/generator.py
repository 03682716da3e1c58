"""The model class that generates sequences."""

import collections
import functools
import inspect
import threading

import numpy as np
from keras import ops

from zoo import arguments
from zoo.compiling import compiled
from zoo.decoding import beam, reading, sampling
from zoo.decoding.decoder import Decoder, one_step
from zoo.decoding.loops import IMPOSSIBLE, check_options
from zoo.errors import check_choice
from zoo.layers import PerStepModel, StartAndEnd

STRATEGIES = {"greedy": sampling.greedy, "sample": sampling.sample, "beam": beam.beam_search}
LOOPS = 6  # compiled functions that a model keeps; the least recently used one is dropped


class Generator(PerStepModel):
    """A functional model of next-token probabilities that generates sequences.

    It is the base class of the models that `encoder_decoder` and `one_to_many` build. Each of them
    checks its own inputs. Everything else follows from the layers of the model, see `Decoder`.

    Args:
        inputs, outputs, name: see `keras.Model`. The tokens are the last input.
        start_token: the token that every sequence begins with. If None, it is taken from the layer
            `StartAndEnd` of the model.
        end_token: the token that ends a sequence. It has the same default.
    """

    # Older versions of Keras need *args to make a functional model from its config.
    def __init__(self, *args, start_token=None, end_token=None, **kwargs):
        super().__init__(*args, **kwargs)
        for layer in self.layers:
            if isinstance(layer, StartAndEnd) and start_token is None:
                start_token, end_token = layer.start_token, layer.end_token
        self.start_token, self.end_token = start_token, end_token
        # Keras would track ordinary attributes.
        object.__setattr__(self, "_decoder", None)
        object.__setattr__(self, "_loops", collections.OrderedDict())
        object.__setattr__(self, "_loops_lock", threading.Lock())

    def get_config(self):
        return super().get_config() | {"start_token": self.start_token, "end_token": self.end_token}

    def check_inputs(self, inputs):
        """Returns the inputs of `generate` as a list of arrays. The tokens `[batch, time]` are last."""
        raise NotImplementedError

    def decoder(self):
        """Returns the `Decoder` of this model. The first call makes it, and checks the model."""
        with self._loops_lock:
            if self._decoder is None:
                object.__setattr__(self, "_decoder", Decoder(self))
            return self._decoder

    def step(self, tokens, states, memory=(), beams=1):
        """One step of the model, in the form that the strategies take.

        Args:
            tokens: integers `[rows]`.
            states: flat list of `[rows, units]`, layer by layer.
            memory: as `decoder().begin` returns it.
            beams: how many rows of tokens and states there are for each row of the memory. They are
                next to each other.

        Returns:
            Log-probabilities of the next token `[rows, vocabulary]` and the new states. Padding (0) and
            the unknown word (1) are impossible.
        """
        tokens = ops.reshape(tokens, (-1, beams))  # [batch, beams]
        p, states = self.decoder().run(tokens, states, memory, one_step)  # [batch, beams, vocabulary]
        p = ops.reshape(ops.cast(p, "float32"), (-1, p.shape[-1]))
        # Training never teaches the probability of padding, and nobody can read [UNK]. Log 0 is -inf.
        p *= ops.cast(ops.arange(p.shape[-1]) >= 2, "float32")
        log_p = ops.log(p) - ops.log(ops.sum(p, axis=-1, keepdims=True))
        return ops.maximum(log_p, IMPOSSIBLE), states

    def generate(self, inputs, max_length, strategy="greedy", **options):
        """Generates a sequence for each row of the inputs.

        The first call with a strategy compiles it, which takes seconds. The first call with another
        beam_width or top_k compiles it again. You may call this from several threads.

        Args:
            inputs: for encoder_decoder the source tokens. For one_to_many the context, the tokens so
                far, or `[context, tokens so far]`.
            max_length: the largest number of tokens, including the end token.
            strategy: `"greedy"`, `"sample"` or `"beam"`.
            **options: for `"sample"`: temperature, top_k and top_p, see `sample`, and seed, an integer.
                If seed is None, NumPy draws one (see `keras.utils.set_random_seed`). For `"beam"`:
                beam_width, length_penalty and n_best, see `beam_search`.

        Returns:
            An integer array `[batch, time]`, without the start token, with the end token, and with 0
            after it. The longest row sets the time. With `n_best`: the n best hypotheses of each row
            `[batch, n_best, time]`, best first, and their scores `[batch, n_best]`.

        Raises:
            ValueError: the strategy is unknown, an option does not belong to it or is out of range, the
                model cannot read the inputs, or the model does not work step by step (see `Decoder`).

        Example:

        >>> import zoo
        >>> model = zoo.build("encoder_decoder", cell="gru", units=16)
        >>> model.generate([[7, 8, 9], [5, 6, 0]], max_length=4, strategy="beam", beam_width=2).shape
        (2, 4)
        """
        check_choice("strategy", strategy, STRATEGIES)
        keywords = inspect.getfullargspec(STRATEGIES[strategy]).kwonlyargs
        allowed = [keyword for keyword in keywords if keyword not in ("max_length", "end_token")]
        for option in options:
            check_choice(f"option of strategy {strategy!r}", option, allowed or ["none"])
        check_options(max_length, **options)
        options = arguments.plain_numbers(options)
        max_length = int(max_length)
        *first_inputs, tokens = self.check_inputs(inputs)
        decoder = self.decoder()
        shapes = [(None, *tensor.shape[1:]) for tensor in self.inputs]
        begin = self._compiled("begin", lambda *inputs: decoder.begin(inputs), shapes)
        states, memory = begin(*first_inputs, tokens[:, :1])
        run = functools.partial(self._run, memory)
        tokens, states = reading.read_with(run, tokens, states)
        search = beam.search if strategy == "beam" else sampling.one_by_one
        if strategy == "greedy":
            options = {"top_k": 1, "seed": 0}  # a seed, so that none is drawn
        result = search(run, tokens, states, max_length, self.end_token, **options)
        tokens, scores = result if strategy == "beam" else (result, None)
        is_used = tokens.any(axis=tuple(range(tokens.ndim - 1)))  # [time]
        tokens = tokens[..., : np.flatnonzero(is_used)[-1] + 1]
        if scores is None:
            return tokens
        return (tokens, scores) if "n_best" in options else tokens[:, 0]

    def _run(self, memory, loop, *tensors, **fixed):
        """Calls the loop of a strategy, compiled with the step of this model."""

        def with_memory(*tensors):
            memory, tensors = tensors[:size], tensors[size:]
            return loop(lambda *now: self.step(*now, memory, beams), *tensors, **fixed)

        # A number, and not the size of a tensor, because `TimeDistributed` of Keras needs to know it.
        beams = fixed.get("beam_width", 1)
        size, shapes = len(memory), [x.shape for x in self.decoder().memory]
        name = " ".join(map(str, (loop.__name__, *fixed.items())))
        return self._compiled(name, with_memory, shapes)(*memory, *tensors)

    def _compiled(self, name, function, shapes):
        """Returns the function compiled, or the one that was compiled under this name before."""
        with self._loops_lock:
            loops = self._loops
            if name not in loops:
                loops[name] = compiled(self, function, shapes)
            loops.move_to_end(name)
            if len(loops) > LOOPS:
                loops.popitem(last=False)
            return loops[name]
