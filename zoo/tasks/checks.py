"""Checks that a card fits its model.

Each task has a function `check_card(card, model)`, which calls these functions. It runs when a model is
opened, so a wrong card is found before the first answer. Fields that no answer depends on, such as the
metrics, are not checked.
"""

import math

import keras

from zoo import arguments
from zoo.decoding import Generator
from zoo.errors import InputError

NOTHING = object()


def get(card, *names):
    """The value of a field, or of a field inside a field. `NOTHING` if it is missing.

    Example:

    >>> get({"config": {"window": 3}}, "config", "window")
    3
    """
    for name in names:
        card = card.get(name, NOTHING) if isinstance(card, dict) else NOTHING
    return card


def refuse(card, names, allowed):
    """Raises an `InputError` about a field.

    Args:
        card: the content of `task.json`.
        names: the names that lead to the field, such as `("config", "window")`.
        allowed: what the field must be, in words.

    Example:

    >>> refuse({"config": {"window": 0}}, ("config", "window"), "above 0")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: config['window'] must be above 0. Received: 0
    """
    field = names[0] + "".join(f"[{name!r}]" for name in names[1:])
    value = get(card, *names)
    received = "nothing" if value is NOTHING else f"{value!r:.80}"
    raise InputError(f"{field} must be {allowed}. Received: {received}")


def check_integer(card, *names):
    """The value of a field that must be an integer above 0."""
    value = get(card, *names)
    most = arguments.MOST.get(names[-1], arguments.LARGEST)
    if not arguments.is_integer(value, 1, most):
        refuse(card, names, f"an integer from 1 to {most}")
    return value


def check_number(card, *names, above=-math.inf):
    """Raises an `InputError` unless a field is a number above a limit."""
    value = get(card, *names)
    if not arguments.is_number(value) or not -1e300 < value < 1e300 or value <= above:
        refuse(card, names, "a number" + (f" above {above}" if math.isfinite(above) else ""))


def check_shape(card, *names):
    """The value of a field that must be a list of integers above 0."""
    value = get(card, *names)
    if not isinstance(value, list) or not value or not all(arguments.is_integer(n, 1) for n in value):
        refuse(card, names, "a list of integers")
    return value


def check_texts(card, name, least, most):
    """The value of a field that must be a list of `least` to `most` texts."""
    value = get(card, name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        refuse(card, (name,), "a list of texts")
    if not least <= len(value) <= most:
        raise InputError(
            f"{name} must have {least if least == most else f'{least} to {most}'} texts, as the model "
            f"has. Received: {len(value)} texts"
        )
    return value


def check_vocabulary(card, model, name, embedding, num_outputs=2):
    """Returns the vocabulary in a field, if its size fits the model.

    Args:
        card: the content of `task.json`.
        model: a `keras.Model`.
        name: name of the field.
        embedding: name of the embedding layer. The vocabulary has at most one text for each row of it.
        num_outputs: number of outputs of the model. The vocabulary has at least one text for each.
    """
    sizes = {one.name: one.input_dim for one in model.layers if isinstance(one, keras.layers.Embedding)}
    # In a model that was made by hand, the layers may have other names.
    most = sizes.get(embedding, max(sizes.values(), default=1_000_000))
    return check_texts(card, name, min(num_outputs or 2, most), most)


def check_labels(card, number):
    """Returns the labels, if there are `number` of them and all differ. None allows any number."""
    labels = check_texts(card, "labels", number or 1, number or 1_000_000)
    if len(set(labels)) < len(labels):
        refuse(card, ("labels",), "different from each other")
    return labels


def check_classes(card, model):
    """Raises an `InputError` unless the labels fit a model that outputs class probabilities."""
    number = output_size(model, 2)
    check_labels(card, 2 if number == 1 else number)  # one output is the probability of label 1


def output_size(model, rank):
    """The size of the last axis of the model's output. None if the model does not tell.

    Args:
        model: a `keras.Model`.
        rank: how many axes the output must have.
    """
    outputs = getattr(model, "outputs", None) or []
    shapes = [tuple(output.shape) for output in outputs]
    if shapes and (len(shapes) > 1 or len(shapes[0]) != rank):
        raise InputError(f"The model must have one output of {rank} axes. Received: {_show(shapes)}")
    return shapes[0][-1] if shapes else None


def check_inputs(model, *allowed):
    """Raises an `InputError` unless the inputs of a model fit one of some lists of shapes.

    Args:
        model: a `keras.Model`.
        *allowed: lists of shapes, with a shape for each input. None is an axis of any size.
    """

    def fits(shape, other):
        return len(shape) == len(other) and all(map(lambda n, m: n in (None, m), shape, other))

    shapes = [tuple(x.shape) for x in getattr(model, "inputs", None) or []]
    for some in allowed:
        if len(shapes) in (0, len(some)) and all(map(fits, shapes, some)):
            return
    expected = " or ".join(map(_show, allowed))
    raise InputError(f"The model must take inputs of the shape {expected}. Received: {_show(shapes)}")


def check_generator(model, inputs):
    """Raises an `InputError` unless a model generates, and its inputs have these shapes."""
    if not isinstance(model, Generator):
        raise InputError(
            "The model must generate, as models of one_to_many and encoder_decoder do. "
            f"Received: a {type(model).__name__}"
        )
    check_inputs(model, inputs)


def _show(shapes):
    return " and ".join(map(str, shapes)) or "nothing"
