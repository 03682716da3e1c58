"""Lets `keras.saving.load_model` open a model of the zoo from a `.h5` file, the old format of Keras.

A `.h5` file stores the names of classes without their package. Keras does not find the classes of the
zoo by these names, nor its own operations. So both are registered here under their plain names.

This is not possible where an operation and a Keras layer have the same name, such as `Multiply` and
`Concatenate`. So models from `zoo.build("many_to_one", pooling="attention")` and
`zoo.build("many_to_many", head="ctc")` cannot be opened from a `.h5` file. Use `load_weights`, or save
them as `.keras`.
"""

import keras
from keras import ops

from zoo.architectures.encoder_decoder import EncoderDecoder
from zoo.architectures.one_to_many import OneToMany
from zoo.layers import CRF, CRFTagger, PerFrame, PerStepModel, PerWord, StartAndEnd

_x = keras.Input((1,), name="x")
_made = [ops.not_equal(_x, 0), ops.expand_dims(_x, 1), ops.any(_x), ops.sum(_x), ops.where(_x, _x, 0)]
_made += [ops.cast(_x, "int32"), ops.cumsum(_x), ops.argmax(_x), _x[:, 0], *ops.split(_x, 1, axis=1)]
_made += [ops.take_along_axis(_x, _x, axis=1), ops.squeeze(_x, axis=1)]
_operations = keras.Model(_x, _made, name="operations").operations[1:]
_classes = (CRF, CRFTagger, PerFrame, PerStepModel, PerWord, StartAndEnd, EncoderDecoder, OneToMany)
_classes += (*map(type, _operations),)
for _one in _classes:
    keras.saving.get_custom_objects().setdefault(_one.__name__, _one)
