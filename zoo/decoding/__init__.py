"""From next-token probabilities to whole sequences.

Each strategy calls a step function again and again, `(tokens, states) -> (log_probabilities, states)`.
Tokens are `[rows]`, and log-probabilities are `[rows, vocabulary]`. States are a list of tensors whose
first axis is rows. The loop is written in keras.ops and handles a whole batch at once.
`Generator.generate` compiles it together with the model.

One call of the loop takes at most `loops.CHUNK` steps. Python is in control between two calls. So
Ctrl-C stops a long generation, and the time grows in proportion to the length.

`ctc_greedy` and `ctc_beam_search` are for models with `head="ctc"`. They need no step function, because
such a model returns the log-probabilities of all steps at once.
"""

from zoo.decoding.batches import generate_in_batches
from zoo.decoding.beam import beam_search
from zoo.decoding.ctc import ctc_beam_search, ctc_greedy
from zoo.decoding.generator import STRATEGIES, Generator
from zoo.decoding.loops import IMPOSSIBLE
from zoo.decoding.reading import read
from zoo.decoding.sampling import greedy, sample
from zoo.decoding.tokens import check_tokens

__all__ = [
    "IMPOSSIBLE",
    "STRATEGIES",
    "Generator",
    "beam_search",
    "check_tokens",
    "ctc_beam_search",
    "ctc_greedy",
    "generate_in_batches",
    "greedy",
    "read",
    "sample",
]
