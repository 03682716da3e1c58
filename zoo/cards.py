"""What `task.json` must say for each kind of task, so that a loaded task can answer."""

import math
import re

from zoo import arguments
from zoo.errors import InputError

NOTHING = object()
# What cards of punctuation say that a word is; the second is in older cards, and means the same.
WORDS = ("zoo.text.WORD", r"[^\W_]+(?:['-][^\W_]+)*")
CASES = ("lower", "Capital", "UPPER")


def check(card, model):
    """Refuses a card that does not fit its model, before the first prediction fails.

    What no answer depends on, such as the metrics, is not checked.

    Args:
        card: the content of `task.json`.
        model: the `keras.Model` it comes with. Shapes are compared as far as the model tells them.

    Raises:
        ValueError: a field is missing or is not what the kind of task needs. The message names it, and
            what is allowed.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((None, 1)), keras.layers.GRU(1)])
    >>> card = {"task": "forecasting", "config": {"window": 0}}
    >>> check(card, model)
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: config['window'] must be an integer from 1 to 2147483647. Received: 0
    """
    KINDS[card["task"]](card, model)


def _text_classification(card, model):
    _vocabulary(card, model, "vocabulary", "embedding")
    _whole(card, "preprocessing", "keep_last")
    _check_inputs(model, [(None, None)])
    _classes(card, model)


def _image_classification(card, model):
    shape = _shape(card, "preprocessing", "shape")
    if len(shape) != 3:
        _refuse(card, ("preprocessing", "shape"), "three integers")
    _number(card, "preprocessing", "divide_by", above=0)
    _check_inputs(model, [(None, shape[0], shape[1] * shape[2])])
    _classes(card, model)


def _tagging(card, model):
    _vocabulary(card, model, "vocabulary", "embedding")
    _check_inputs(model, [(None, None)], [(None, None), (None, None, None)])
    if len(getattr(model, "inputs", None) or []) == 2:
        _vocabulary(card, model, "characters", "character_embedding")
    else:
        _texts(card, "characters", (0, 1_000_000))
    labels = _labels(card, _last_size(model, 3))
    scheme = _get(card, "preprocessing", "tags")
    if scheme not in ("IOBES", "one a word"):
        _refuse(card, ("preprocessing", "tags"), "'IOBES' or 'one a word'")
    is_iobes = all(label == "O" or label[:2] in ("B-", "I-", "E-", "S-") for label in labels)
    if scheme == "IOBES" and not is_iobes:
        _refuse(card, ("labels",), "O, or B-, I-, E- or S- and a type")


def _punctuation(card, model):
    _vocabulary(card, model, "vocabulary", "embedding")
    _check_inputs(model, [(None, None)])
    labels = _get(card, "labels")
    is_list = isinstance(labels, list) and all(isinstance(pair, list) for pair in labels)
    is_pairs = is_list and all(
        len(pair) == 2 and pair[0] in CASES and isinstance(pair[1], str) for pair in labels
    )
    size = _last_size(model, 3)
    if not is_pairs or len(labels) != (size or len(labels)):
        _refuse(card, ("labels",), f"{size or 'some'} pairs of a case ({', '.join(CASES)}) and a mark")
    if _get(card, "preprocessing", "word") not in WORDS:
        _refuse(card, ("preprocessing", "word"), f"{WORDS[0]!r}, because no other pattern is run")


def _forecasting(card, model):
    window, segment = _whole(card, "config", "window"), _whole(card, "config", "segment")
    if window % segment:
        _refuse(card, ("config", "window"), f"a multiple of the segment, which is {segment}")
    _number(card, "preprocessing", "mean")
    _number(card, "preprocessing", "std", above=0)
    _check_inputs(model, [(None, window // segment, segment)])


def _next_chord(card, model):
    _check_inputs(model, [(None, None, 89)])
    _labels(card, 88)
    if _last_size(model, 3) not in (None, 88):
        raise InputError(f"The model must give 88 keys. Received: {_last_size(model, 3)}")


def _translation(card, model):
    _check_generator(model, [(None, None), (None, None)])
    _whole(card, "config", "max_length")
    _whole(card, "config", "beam_width")


def _pronunciation(card, model):
    _check_generator(model, [(None, None), (None, None)])
    _vocabulary(card, model, "source_vocabulary", "source_embedding")
    _vocabulary(card, model, "target_vocabulary", "target_embedding", _last_size(model, 3))
    _whole(card, "config", "beam_width")


def _captioning(card, model):
    shape = _shape(card, "preprocessing", "context")
    network = _get(card, "preprocessing", "network")
    if network is not None and not (isinstance(network, str) and re.fullmatch("[0-9a-f]{64}", network)):
        _refuse(card, ("preprocessing", "network"), "the SHA-256 of a network, or null")
    if len(shape) != (3 if network is None else 2):
        _refuse(card, ("preprocessing", "context"), "three integers, or two of a network's features")
    _check_generator(model, [(None, *shape), (None, None)])
    _vocabulary(card, model, "vocabulary", "embedding", _last_size(model, 3))
    _whole(card, "config", "max_length")
    _whole(card, "config", "beam_width")


def _language_model(card, model):
    _check_generator(model, [(None, None)])
    _vocabulary(card, model, "vocabulary", "embedding", _last_size(model, 3))
    if _get(card, "preprocessing", "level") not in ("characters", "words"):
        _refuse(card, ("preprocessing", "level"), "'characters' or 'words'")


def _composition(card, model):
    _check_generator(model, [(None, None)])
    symbols = _vocabulary(card, model, "vocabulary", "embedding", _last_size(model, 3))
    if not all(re.fullmatch(r"[SATB]\d{1,3}|(?![SATB]).*", symbol, re.DOTALL) for symbol in symbols):
        _refuse(card, ("vocabulary",), "symbols of zoo.music, such as S72")


KINDS = {
    function.__name__.removeprefix("_"): function
    for function in (
        *(_text_classification, _image_classification, _tagging, _punctuation, _forecasting),
        *(_next_chord, _translation, _pronunciation, _captioning, _language_model, _composition),
    )
}


def _get(card, *names):
    """What a card has in a field, or in a field of a field."""
    for name in names:
        card = card.get(name, NOTHING) if isinstance(card, dict) else NOTHING
    return card


def _refuse(card, names, allowed):
    field = names[0] + "".join(f"[{name!r}]" for name in names[1:])
    value = _get(card, *names)
    received = "nothing" if value is NOTHING else f"{value!r:.80}"
    raise InputError(f"{field} must be {allowed}. Received: {received}")


def _whole(card, *names):
    value = _get(card, *names)
    most = arguments.MOST.get(names[-1], arguments.LARGEST)
    if not arguments.is_integer(value, 1, most):
        _refuse(card, names, f"an integer from 1 to {most}")
    return value


def _number(card, *names, above=-math.inf):
    value = _get(card, *names)
    if not arguments.is_number(value) or not -1e300 < value < 1e300 or value <= above:
        _refuse(card, names, "a number" + (f" above {above}" if math.isfinite(above) else ""))


def _shape(card, *names):
    value = _get(card, *names)
    if not isinstance(value, list) or not value or not all(arguments.is_integer(n, 1) for n in value):
        _refuse(card, names, "a list of integers")
    return value


def _texts(card, name, number):
    """A field that is a list of texts; `number` says how many are allowed, as (least, most)."""
    value, (least, most) = _get(card, name), number
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        _refuse(card, (name,), "a list of texts")
    if not least <= len(value) <= most:
        raise InputError(
            f"{name} must have {least if least == most else f'{least} to {most}'} texts, as the model "
            f"has. Received: {len(value)} texts"
        )
    return value


def _vocabulary(card, model, name, embedding, num_outputs=2):
    """The vocabulary: at most a text for each row of the embedding, at least one for each output."""
    import keras

    sizes = {one.name: one.input_dim for one in model.layers if isinstance(one, keras.layers.Embedding)}
    # A model made by hand may have other names.
    most = sizes.get(embedding, max(sizes.values(), default=1_000_000))
    return _texts(card, name, (min(num_outputs or 2, most), most))


def _labels(card, number):
    """Names of classes or tags, as many as the model has."""
    labels = _texts(card, "labels", (number or 1, number or 1_000_000))
    if len(set(labels)) < len(labels):
        _refuse(card, ("labels",), "different from each other")
    return labels


def _classes(card, model):
    number = _last_size(model, 2)
    _labels(card, 2 if number == 1 else number)  # one output is the probability of the second


def _last_size(model, rank):
    """The size of the last axis of the model's output, None if it does not tell."""
    outputs = getattr(model, "outputs", None) or []
    shapes = [tuple(output.shape) for output in outputs]
    if shapes and (len(shapes) > 1 or len(shapes[0]) != rank):
        raise InputError(f"The model must have one output of {rank} axes. Received: {_show(shapes)}")
    return shapes[0][-1] if shapes else None


def _check_inputs(model, *allowed):
    """The inputs must fit one of the lists of shapes, in which None is an axis of any size."""

    def fits(shape, other):
        return len(shape) == len(other) and all(map(lambda n, m: n in (None, m), shape, other))

    shapes = [tuple(x.shape) for x in getattr(model, "inputs", None) or []]
    for some in allowed:
        if len(shapes) in (0, len(some)) and all(map(fits, shapes, some)):
            return
    expected = " or ".join(map(_show, allowed))
    raise InputError(f"The model must take inputs of the shape {expected}. Received: {_show(shapes)}")


def _check_generator(model, inputs):
    from zoo.decoding import Generator

    if not isinstance(model, Generator):
        raise InputError(
            "The model must generate, as those of one_to_many and encoder_decoder do. "
            f"Received: a {type(model).__name__}"
        )
    _check_inputs(model, inputs)


def _show(shapes):
    return " and ".join(map(str, shapes)) or "nothing"
