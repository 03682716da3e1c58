"""Layers and models that Keras lacks.

Importing this package registers them with Keras, so that `keras.saving.load_model` finds them.
"""

from zoo.layers.crf import CRF, CRFTagger, forbidden_transitions
from zoo.layers.join_steps import JoinSteps
from zoo.layers.per_frame import PerFrame
from zoo.layers.per_step import CTCModel, PerStepModel
from zoo.layers.per_word import PerWord
from zoo.layers.start_and_end import StartAndEnd
from zoo.layers.tied_embedding import TiedEmbedding
from zoo.layers.weight_dropout import (
    WeightDropout,
    WeightDropoutGRU,
    WeightDropoutLSTM,
    WeightDropoutSimpleRNN,
)

__all__ = [
    "CRF",
    "CRFTagger",
    "CTCModel",
    "JoinSteps",
    "PerFrame",
    "PerStepModel",
    "PerWord",
    "StartAndEnd",
    "TiedEmbedding",
    "WeightDropout",
    "WeightDropoutGRU",
    "WeightDropoutLSTM",
    "WeightDropoutSimpleRNN",
    "forbidden_transitions",
]
