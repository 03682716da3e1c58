"""What Keras lacks: a conditional random field, models with an answer for each step, and a layer that
reads each word's characters.

Importing this package registers its layers with Keras, so that `keras.saving.load_model` finds them.
"""

from zoo.layers.crf import CRF, CRFTagger, forbidden_transitions
from zoo.layers.per_step import PerStepModel
from zoo.layers.per_word import PerWord

__all__ = ["CRF", "CRFTagger", "PerStepModel", "PerWord", "forbidden_transitions"]
