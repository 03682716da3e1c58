"""From raw input to an answer that a person can read: what a loaded task does with its model.

For each kind of task one function, named as the kind is in `task.json`. It gets the model, the content
of `task.json` and the other files of the folder as a dict of names to bytes. It gives the function that
answers: `predict` of the task for kinds that put something into classes or foresee numbers, `generate`
for those that write. What the card says has been checked before, see `zoo.cards`.
"""

import pathlib
import re

import keras
import numpy as np
import tensorflow as tf

from zoo import arguments, datasets, decoding, text
from zoo.compiling import compiled
from zoo.datasets import features
from zoo.datasets.batching import pad
from zoo.datasets.files import read_bytes
from zoo.errors import InputError
from zoo.lengths import by_length

_WORD = rf"\w+(?:[{text.MARKS}{text.JOINERS}]\w*)*"  # with combining marks, in any script
TEXT_TOKEN = re.compile(  # words as the Penn Treebank cuts them, numbers, addresses; marks
    rf"""(?:[^\W\d_][{text.MARKS}]*\.){{2,}}                           # U.S.
    | {_WORD}(?=n['’]t\b) | n['’]t\b | ['’](?:s|m|d|re|ve|ll)\b     # do n't, it 's
    | [@#]?{_WORD}(?:(?!['’](?:s|m|d|re|ve|ll)\b)
        (?:[-'’/@]|(?<=\d)[.,:](?=\d)|\.(?=[a-z])){_WORD})*
    | [^\w\s](?:[{text.MARKS}]|\u200d[^\w\s])*                     # a mark, or a whole emoji""",
    re.VERBOSE,
)


def _compiled(model):
    """The model as a compiled function of its inputs, which several threads may call."""

    def predict(*inputs):
        return model(inputs if len(inputs) > 1 else inputs[0], training=False)

    return compiled(model, predict, [tensor.shape for tensor in model.inputs])


def _answer(model, rows, batch_size=64):
    """The answer of a compiled model to each row, a tuple of arrays: similar lengths share a batch."""
    answers = [None] * len(rows)
    for batch in by_length([len(row[0]) for row in rows], batch_size):
        columns = [pad(*column) for column in zip(*(rows[i] for i in batch), strict=True)]
        for i, answer in zip(batch, _numbers(model(*columns)), strict=True):
            answers[i] = answer
    return answers


def _numbers(outputs):
    """The outputs of a model as NumPy, if all are numbers."""
    outputs = keras.ops.convert_to_numpy(outputs)
    if not np.isfinite(outputs).all():
        raise InputError(
            "The model's answers are not all numbers, because its weights are not: train it again, or "
            "load other weights."
        )
    return outputs


def _normalize_texts(texts):
    """The texts without what nobody can see, see `text.normalize`; an error if they are no texts."""
    if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
        raise InputError(f"Give a list of texts, such as ['one', 'two']. Received: {texts!r:.80}")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:  # what was read from a file of another encoding
        raise InputError(f"A text must be Unicode. Received: {error.object[:80]!r}") from None
    return [text.normalize(one) for one in texts]


def text_classification(model, task, files):
    """Texts -> for each a dict of label to probability, the likeliest first."""
    model = _compiled(model)
    index = {word.encode(): i for i, word in enumerate(task["vocabulary"])}
    length = task["preprocessing"]["keep_last"]

    def predict(texts):
        texts = _normalize_texts(texts)
        if not texts:
            return []
        words = [line.split() for line in text.standardize(texts).numpy()]
        rows = [(np.array([index.get(word, 1) for word in some[-length:]], "int32"),) for some in words]
        return [_by_label(p, task["labels"]) for p in _answer(model, rows)]

    return predict


def image_classification(model, task, files):
    """Images, files or arrays of numbers -> for each a dict of label to probability.

    An array has the numbers that the dataset has. A file is converted to the size, the channels and the
    range of values of the dataset.
    """
    model = _compiled(model)
    shape, brightest = task["preprocessing"]["shape"], task["preprocessing"]["divide_by"]

    def predict(images):
        rows = []
        for image in images:
            if isinstance(image, str | pathlib.Path):
                image = read_image(image, shape) / 255 * brightest
            if np.shape(image)[:2] != tuple(shape[:2]) or np.size(image) != np.prod(shape):
                raise InputError(f"An image must be {shape}. Received: an array of {np.shape(image)}")
            try:
                image = np.reshape(image, (shape[0], -1)).astype("float32") / brightest
            except (TypeError, ValueError):  # texts, None
                image = np.array(np.nan)
            if not np.isfinite(image).all():
                raise InputError(f"An image must be finite numbers. Received: image {len(rows)}")
            rows.append((image,))
        return [_by_label(p, task["labels"]) for p in _answer(model, rows)]

    return predict


def _by_label(p, labels):
    p = [1 - p[0], p[0]] if len(p) == 1 else p  # one output is the probability of the second label
    pairs = zip(labels, map(float, p), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def read_image(path, shape):
    """A file as an array `shape`, [height, width, channels], of 0 to 255."""
    try:
        image = tf.io.decode_image(read_bytes(path), channels=shape[2], expand_animations=False)
    except tf.errors.InvalidArgumentError:
        raise InputError(f"{path} cannot be read as an image (JPEG, PNG, GIF or BMP).") from None
    if image.shape[:2] == tuple(shape[:2]):
        return image.numpy().astype("float32")
    return tf.image.resize(image, shape[:2], antialias=True).numpy()


def tagging(model, task, files):
    """Texts -> for each a list of spans, dicts of text, label, and where it starts and ends.

    A text is cut into words and punctuation marks; a list of words is taken as it is, and then its
    places are those in the words with a space between. Text and places of a span are those of the
    text that was given, not of the normalized one. A word without a visible character is skipped.
    """
    vocabulary, characters = (
        {name: i for i, name in enumerate(task[part])} for part in ("vocabulary", "characters")
    )
    reads_characters, is_iobes = len(model.inputs) > 1, task["preprocessing"]["tags"] == "IOBES"
    model = _compiled(model)

    def predict(texts):
        for one in texts:
            if not isinstance(one, str | list | tuple | np.ndarray):
                raise InputError(
                    f"Give a list of texts, or of lists of words. Received: {one!r:.80} in it"
                )
            _normalize_texts([one] if isinstance(one, str) else one)  # refuses what is no text
        cut = [_cut(one)[1] for one in texts]
        filled = [i for i, words in enumerate(cut) if words]
        rows = []
        for i in filled:
            words = [word.replace("’", "'") for word, *_ in cut[i]]
            encoded = text.encode_words(words, vocabulary, characters)
            rows.append(encoded if reads_characters else encoded[:1])
        answers = [[] for _ in cut]
        for i, p in zip(filled, _answer(model, rows), strict=True):
            tags = [task["labels"][best] for best in p[: len(cut[i])].argmax(axis=-1)]
            labels = datasets.to_iob2(tags) if is_iobes else [f"B-{tag}" for tag in tags]
            answers[i] = spans(texts[i], labels)
        return answers

    return predict


def _cut(one):
    """The whole text, and of each word in it the normalized word and its (start, end) in the text."""
    if isinstance(one, str):
        clean, starts, ends = one, range(len(one)), range(1, len(one) + 1)
        if text.normalize(one) != one:
            clean, starts, ends = text.normalize_with_places(one)
        matches = TEXT_TOKEN.finditer(clean)
        return one, [(m.group(), starts[m.start()], ends[m.end() - 1]) for m in matches]
    ends = np.cumsum([len(word) + 1 for word in one]) - 1
    words = [
        (text.normalize(word).strip(), int(end) - len(word), int(end))
        for word, end in zip(one, ends, strict=True)
    ]
    return " ".join(one), [word for word in words if word[0]]


def spans(one, iob2):
    """What tags in IOB2 mark in a text, or in a list of words: dicts of text, label, start, end.

    Example:

    >>> spans(["In", "New", "York"], ["O", "B-LOC", "I-LOC"])
    [{'text': 'New York', 'label': 'LOC', 'start': 3, 'end': 11}]
    """
    found = []
    whole, words = _cut(one)
    for (_, start, end), tag in zip(words, iob2, strict=True):
        if tag.startswith("I-"):  # goes on where the last one ended
            found[-1]["end"] = end
        elif tag != "O":
            found.append({"text": "", "label": tag[2:], "start": start, "end": end})
    for span in found:
        span["text"] = whole[span["start"] : span["end"]]
    return found


def punctuation(model, task, files):
    """Texts in any case -> their words with capitals and marks; other marks than these are dropped."""
    model = _compiled(model)
    index = {word: i for i, word in enumerate(task["vocabulary"])}
    cases = {"lower": str.lower, "Capital": str.capitalize, "UPPER": str.upper}

    def predict(texts):
        words = [text.WORD.findall(one.replace("’", "'")) for one in _normalize_texts(texts)]
        filled = [i for i, some in enumerate(words) if some]
        rows = [(np.array([index.get(word.lower(), 1) for word in words[i]], "int32"),) for i in filled]
        answers = [""] * len(words)
        for i, p in zip(filled, _answer(model, rows), strict=True):
            tags = [task["labels"][best] for best in p[: len(words[i])].argmax(axis=-1)]
            pairs = zip(words[i], tags, strict=True)
            answers[i] = " ".join(cases[case](word) + mark for word, (case, mark) in pairs)
        return answers

    return predict


def next_chord(model, task, files):
    """Pieces -> for each a dict of note, such as "C5", to the probability that it sounds next.

    A piece is a list of chords on a grid of quarter notes. A chord is a list of MIDI pitches, 0 for a
    silent voice. The most likely note comes first.
    """
    from zoo import music  # needs packages of the extra "recipes"

    model = _compiled(model)

    def predict(pieces):
        rows = []
        for piece in pieces:
            try:
                notes = np.asarray(piece)
            except ValueError:  # chords of different sizes
                notes = np.array(())
            is_piece = notes.ndim == 2 and notes.size and notes.dtype.kind in "iu"
            if not is_piece or not np.isin(notes, [0, *range(21, 109)]).all():
                raise InputError(
                    "A piece is a list of chords, such as [[72, 67, 64, 48]]. All chords must have the "
                    "same number of MIDI pitches, which are from 21 to 108, or 0 for a silent voice. "
                    f"Received: {piece!r:.80}"
                )
            roll = music.piano_roll(notes)  # [steps, 88]
            rows.append((np.pad(roll, ((0, 0), (0, 1)), constant_values=1),))
        answers = _answer(model, rows)  # for each [padded steps, 88]
        return [_by_label(p[len(x) - 1], task["labels"]) for p, (x,) in zip(answers, rows, strict=True)]

    return predict


def forecasting(model, task, files):
    """Numbers in order of time, at least a window of them -> the numbers that follow."""
    model = _compiled(model)
    config, scale = task["config"], task["preprocessing"]
    window, segment = config["window"], config["segment"]

    def predict(numbers):
        try:
            values = np.asarray(numbers, "float64")
        except (OverflowError, TypeError, ValueError):  # a text, None, lists of different lengths
            values = np.array(np.nan)
        if values.ndim != 1 or len(values) < window or not np.isfinite(values).all():
            raise InputError(
                f"Give {window} numbers or more, the newest last. Received: {numbers!r:.200}"
            )
        values = (values[-window:] - scale["mean"]) / scale["std"]
        inputs = (values - values[-1]).reshape(1, -1, segment)  # [1, steps, segment]
        if not (np.abs(inputs) < 1e30).all():
            raise InputError(
                "The numbers are too far from those of the series that the model was trained on. "
                f"Received: {np.abs(numbers).max():.3g}"
            )
        ahead = _numbers(model(inputs.astype("float32")))[0] + values[-1]
        return (ahead * scale["std"] + scale["mean"]).tolist()

    return predict


def _generate(model, task, sources, options):
    """Tokens for each source, none for an empty one: by beam search unless told otherwise."""
    options = {"strategy": "beam", **options}
    if options["strategy"] == "beam":
        options = {"beam_width": task["config"]["beam_width"], **options}
    filled = [i for i, source in enumerate(sources) if len(source)]
    answers = [[] for _ in sources]
    if filled:
        if not isinstance(sources, np.ndarray):  # of contexts
            sources = [sources[i] for i in filled]
        rows = decoding.generate_in_batches(model, sources, **options)
        for i, row in zip(filled, rows, strict=True):
            answers[i] = row
    return answers


def translation(model, task, files):
    """Texts -> translations. Options: max_length and others of `Generator.generate`."""
    import sentencepiece  # of the extra "recipes"

    names = ("source.spm", "target.spm")
    if not set(names) <= set(files):
        raise InputError(
            f"sha256 must name {' and '.join(names)}. Received: {', '.join(files) or 'none'}"
        )
    source, target = (sentencepiece.SentencePieceProcessor(model_proto=files[name]) for name in names)
    for name, processor in zip(names, (source, target), strict=True):
        size = model.get_layer(f"{name.removesuffix('.spm')}_embedding").input_dim
        if len(processor) != size:
            raise InputError(
                f"{name} must have {size} tokens, as the model. Received: {len(processor)}"
            )

    def generate(texts, /, **options):
        texts = _normalize_texts(texts)
        options = {"max_length": task["config"]["max_length"], **options}
        return target.decode(_generate(model, task, source.encode(texts), options))

    return generate


def pronunciation(model, task, files):
    """Words -> phonemes, spaces between. Options: max_length and others of `Generator.generate`."""
    letters = {letter: i for i, letter in enumerate(task["source_vocabulary"])}

    def generate(words, /, **options):
        words = [word.strip().lower() for word in _normalize_texts(words)]
        unknown = sorted(set("".join(words)) - set(letters))
        if unknown:
            known = "".join(task["source_vocabulary"][2:])
            raise InputError(f"Words may have the characters {known}. Received: {''.join(unknown)!r}")
        sources = [[letters[letter] for letter in word] for word in words]
        rows = _generate(model, task, sources, {"max_length": 40, **options})
        return [" ".join(task["target_vocabulary"][token] for token in row) for row in rows]

    return generate


def captioning(model, task, files):
    """Image files -> captions.

    Options: cnn_weights, for photographs, "imagenet" or the file that the recipe was given; max_length
    and others of `Generator.generate`.
    """
    shape, network = task["preprocessing"]["context"], task["preprocessing"]["network"]

    def generate(images, /, cnn_weights="imagenet", **options):
        if network is None:
            contexts = [read_image(image, shape) for image in images]
        else:
            contents = [read_bytes(image) for image in images]
            contexts = features.describe(contents, cnn_weights, network)
        options = {"max_length": task["config"]["max_length"], **options}
        rows = _generate(model, task, np.array(contexts), options)
        return [" ".join(task["vocabulary"][token] for token in row) for row in rows]

    return generate


def language_model(model, task, files):
    """Beginnings of texts -> the texts, gone on with.

    Options: max_length, in characters or words (200); strategy ("sample") and those of
    `Generator.generate`, such as temperature and seed.
    """
    index = {symbol: i for i, symbol in enumerate(task["vocabulary"])}

    def cut(prompt):
        if task["preprocessing"]["level"] == "characters":
            return list(prompt)
        return [f" {word}" for word in text.standardize(prompt).numpy().decode().split()]

    def generate(prompts, /, max_length=200, strategy="sample", **options):
        clean = _normalize_texts(prompts)
        if not all(clean):
            raise InputError("A text to go on with must have a character. Received: ''")
        rows = [[index.get(symbol, 1) for symbol in cut(one)] for one in clean]
        answers = decoding.generate_in_batches(model, rows, max_length, strategy=strategy, **options)
        return [
            prompt + "".join(task["vocabulary"][token] for token in row)
            for prompt, row in zip(prompts, answers, strict=True)
        ]

    return generate


def composition(model, task, files):
    """First chords -> pieces, integers `[steps, 4]` for `zoo.music`, 0 where a voice is silent.

    A chord is a list of four MIDI pitches, soprano, alto, tenor and bass. Options: beats (48); strategy
    ("sample", with top_p=0.95) and others of `Generator.generate`, but no max_length.
    """
    from zoo import music  # needs packages of the extra "recipes"

    index = {symbol: i for i, symbol in enumerate(task["vocabulary"])}

    def generate(chords, /, beats=48, **options):
        arguments.check("beats", beats)
        if "max_length" in options:
            raise InputError("The length of music is beats, not max_length.")
        firsts = []
        for chord in chords:
            is_chord = np.shape(chord) == (4,) and np.asarray(chord).dtype.kind in "iu"
            known = is_chord and music.to_symbols(np.array([chord]))
            if not known or not set(known) <= set(index):
                raise InputError(
                    "A chord is four MIDI pitches that soprano, alto, tenor and bass sing in training, "
                    f"such as [72, 67, 64, 48]. Received: {chord!r:.80}"
                )
            firsts.append(known)  # a mark and four notes
        options = {"strategy": "sample", **options}
        if options["strategy"] == "sample":
            options = {"top_p": 0.95, **options}
        beginnings = [[model.start_token, *(index[symbol] for symbol in first)] for first in firsts]
        tokens = decoding.generate_in_batches(model, beginnings, beats * 17 - 5, **options)
        return [
            music.from_symbols([*first, *(task["vocabulary"][token] for token in row)])
            for first, row in zip(firsts, tokens, strict=True)
        ]

    return generate


PREDICT = (
    *(text_classification, image_classification, tagging, punctuation, forecasting),
    next_chord,
)
GENERATE = (translation, pronunciation, captioning, language_model, composition)
PIPELINES = {function.__name__: function for function in PREDICT + GENERATE}
