"""What Keras lacks: a conditional random field, and a layer that reads each word's characters.

Importing this package registers its layers with Keras, so that `keras.saving.load_model` finds them.
"""

from zoo.layers.crf import CRF, CRFTagger, forbidden_transitions
from zoo.layers.per_word import PerWord

__all__ = ["CRF", "CRFTagger", "PerWord", "forbidden_transitions"]
