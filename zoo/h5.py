"""Lets `keras.saving.load_model` open a model of the zoo in Keras's old format, a file `.h5`.

That format names classes without their package, and Keras does not find its own operations in it. So
both are registered by their plain names. Names that Keras's layers have too, such as `Multiply`, cannot
be: `zoo.build("many_to_one", pooling="attention")` opens by `load_weights` alone, or as `.keras`.
"""

import keras
from keras import ops

from zoo.architectures.encoder_decoder import EncoderDecoder
from zoo.architectures.one_to_many import OneToMany
from zoo.layers import CRF, CRFTagger, PerStepModel, PerWord, StartAndEnd

_x = keras.Input((1,), name="x")
_made = [ops.not_equal(_x, 0), ops.expand_dims(_x, 1), ops.any(_x), ops.sum(_x), ops.where(_x, _x, 0)]
_operations = keras.Model(_x, _made, name="operations").operations[1:]
_classes = (CRF, CRFTagger, PerStepModel, PerWord, StartAndEnd, EncoderDecoder, OneToMany)
_classes += (*map(type, _operations),)
for _one in _classes:
    keras.saving.get_custom_objects().setdefault(_one.__name__, _one)
