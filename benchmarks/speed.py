"""How fast is the zoo, compared with PyTorch and with a plain Keras script as in a textbook?

    python benchmarks/speed.py [--part PART] [--cell CELL]

The programs of a comparison take turns (A B C A B C) in one process on the CPU. First each program
runs once, to compile. Then there are five rounds. In each round a program runs for at least half a
second. A figure is the median over the rounds, with the least and the most. The ratio to the zoo is
computed round by round. Some programs can run in several ways: the zoo with or without XLA, PyTorch
with one thread or more. Before the rounds, each way is tried. The fastest one is measured, and the
column setting names it.

training    Training steps a second. There is one layer in one direction, with Adam and random tokens.
            The sequences are as long as those of real data: IMDb, cut to the last 200 words
            (many_to_one), CoNLL-2003 (many_to_many), and Multi30k (encoder_decoder without attention).
            We take a few batches of an epoch, from the shortest to the longest. The zoo and PyTorch
            read the same batches of sequences of similar length. "PyTorch packed" packs them, as is
            usual. "PyTorch padded" packs only the encoder's source, because its last states are needed.
            It is faster if there is little padding. The plain script pads everything to the longest
            sequence and has no mask. So it computes more, and its results are not the same. It compiles
            as Keras does by default, without XLA.
            The same rounds measure the peak of the processor, with a large product of two float32
            matrices on all cores. The share of the peak counts only the matrix products of our training
            at real tokens.
accuracy    Seconds of `fit`, including compiling, until the validation accuracy is reached, for each
            seed. The plain script pads to 200 on the left and has no mask, as in textbooks. Ours also
            clips gradients, as the recipes do.
generation  Seconds to translate a batch, greedily and with a beam. The model is as large as the one of
            the translation recipe. The weights are random, and the end token is impossible, so every
            translation has the full length. "predict" calls `predict` of the whole model once for each
            token. "textbook" does that for one sentence at a time. It is measured on two sentences and
            multiplied.
latency     Milliseconds to answer one sentence of 20 words. Ours is `predict_on_batch`.

Keras runs on the backend that KERAS_BACKEND names. The rows of a comparison are written to speed.csv
when the comparison is done. They replace older rows of the same comparison. All other rows stay.
tables.py makes the tables of the README files from it. PyTorch is optional: pip install ".[bench]".
Without PyTorch, its rows are left out.
"""

import dataclasses
import datetime
import functools
import importlib.metadata
import itertools
import os
import pathlib
import re
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# PyTorch multiplies with oneDNN on every CPU. By default, TensorFlow does so only with AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}  # all on the same processor

import keras
import numpy as np
import tensorflow as tf
from pytorch import TORCH, build_torch, make_adam, torch_batch, torch_logits, torch_loss
from run import SPEED, SPEED_CHECKS, machine, read_results, write_csv

import zoo

if TORCH:
    import torch

    THREADS = torch.get_num_threads()

PARTS = ("training", "accuracy", "generation", "latency")
TASKS = {"IMDb": "many_to_one", "CoNLL-2003": "many_to_many", "Multi30k": "encoder_decoder"}
LOSSES = dict.fromkeys(TASKS.values(), "sparse_categorical_crossentropy") | {
    "many_to_one": "binary_crossentropy"
}
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}  # products with the input and the state in a step
SETTINGS = {  # of each backend: whether batches have few shapes, and jit_compile
    "tensorflow": {"exact lengths": (False, False), "few shapes, XLA": (True, True)},
    "jax": {"few shapes, XLA": (True, True)},
    "torch": {"exact lengths": (False, False)},
}
KEY = ("part", "backend", "dataset", "cell", "units")  # rows that are replaced together
PLAIN = (32, 32)  # units and embedding_dim of the textbook's script
REVIEWS = "movie_reviews/imdb"
TEXTBOOK = "textbook, from 2 sentences"
MAX_WORDS, NUM_TAGS, SOURCE_LENGTH, SENTENCE_LENGTH = 200, 9, 20, 20


@dataclasses.dataclass
class Config:
    part: str = zoo.flag("all", "what to measure", choices=(*PARTS, "all"))
    cell: str = zoo.flag("all", "recurrent cell", choices=(*GATES, "all"))
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    smoke: bool = zoo.flag(False, "tiny sizes and random data, to see that everything runs")
    output: str = zoo.flag("", "CSV to write, '' for benchmarks/speed.csv (none with --smoke)")


@dataclasses.dataclass(frozen=True)
class Sizes:
    rounds: int = 5
    seconds: float = 0.5  # that a program runs in a round, at least
    models: tuple = ((128, 100), PLAIN)  # units and embedding_dim
    vocabulary_size: int = 10000
    batch_size: int = 64  # sequences in a batch, and sentences that are translated
    steps: int = 6  # number of batches to train on
    peak: int = 4096  # rows and columns of the large matrices
    accuracy: float = 0.85  # to reach on validation
    epochs: int = 4  # if it takes more, the accuracy counts as not reached
    seeds: int = 3  # number of training runs
    translator: tuple = (256, 5000)  # units (which is embedding_dim, too) and vocabulary_size
    max_length: int = 40  # tokens of each translation
    beam_width: int = 5


SMOKE = Sizes(
    rounds=2,
    seconds=0,
    models=((8, 6),),
    vocabulary_size=50,
    batch_size=4,
    steps=2,
    peak=256,
    epochs=2,
    seeds=1,
    translator=(16, 50),
    max_length=3,
    beam_width=2,
)


# Measuring


def choose(variants, sizes):
    """The fastest variant of each program, and the name of that variant."""
    flat = {(name, setting): run for name, some in variants.items() for setting, run in some.items()}
    for run in flat.values():
        run()  # compiles
    seconds = alternate(flat, 1, sizes.seconds)
    settings = {name: min(some, key=lambda x: seconds[name, x][0]) for name, some in variants.items()}
    return {name: variants[name][setting] for name, setting in settings.items()}, settings


def alternate(programs, rounds, least):
    """Seconds for a run of each program, `[rounds]`: the mean of the runs that fit into `least`."""
    seconds = {name: np.zeros(rounds) for name in programs}
    for i, (name, run) in itertools.product(range(rounds), programs.items()):
        if TORCH:
            torch.set_num_threads(getattr(run, "threads", THREADS))
        time.sleep(min(least, 0.1))  # the threads of the program before go on spinning for a while
        start, calls = time.perf_counter(), 0
        while not calls or time.perf_counter() - start < least:
            run()
            calls += 1
        seconds[name][i] = (time.perf_counter() - start) / calls
    return seconds


def as_text(values):
    """Median, least and most, as text. Infinity means that the accuracy was not reached."""
    return [f"{value:.4g}" for value in (np.median(values), np.min(values), np.max(values))]


def make_row(key, what, setting, unit, values, times=None):
    """A row of speed.csv, a dict of str. `times` says how many times as long as ours it takes."""
    part, *of = key
    times = ["", "", ""] if times is None else as_text(times)
    columns = ("median", "least", "most", "times ours", "times ours, least", "times ours, most")
    row = dict(zip(KEY, map(str, (part, keras.backend.backend(), *of)), strict=True))
    row |= {"what": what, "setting": setting, "unit": unit}
    row |= dict(zip(columns, (*as_text(values), *times), strict=True))
    print(" ".join(row[name] for name in KEY), "|", what, "|", end=" ")
    ratio = "{} ({} to {}) x ours | ".format(*times) if times[0] else ""
    print("{median} ({least} to {most}) {unit} | ".format(**row) + ratio + setting, flush=True)
    return row


def make_rows(key, unit, values, seconds, settings):
    """A row for each program that has values."""
    rows = []
    for name in values:
        times = seconds[name] / seconds["ours"]
        rows.append(make_row(key, name, settings[name], unit, values[name], times))
    return rows


# Data


def read_lengths(dataset, sizes, data_dir):
    """The number of tokens in each training row `[rows, 1]`, for pairs `[rows, 2]`."""
    if sizes is SMOKE:
        return np.random.default_rng(0).integers(2, 9, (5 * sizes.batch_size, 2))
    if dataset == "IMDb":
        splits, _ = zoo.datasets.load_texts(REVIEWS, data_dir)
        texts = zoo.text.standardize(tf.constant(splits["train"][0])).numpy()
        return np.array([[min(len(text.split()), MAX_WORDS)] for text in texts])
    if dataset == "CoNLL-2003":
        splits, _ = zoo.datasets.load_tagged("conll2003", "ner", data_dir)
        return np.array([[len(sentence)] for sentence in splits["train"][0]])
    splits = zoo.datasets.load_pairs("multi30k", data_dir)
    pairs = zip(*splits["train"], strict=True)
    lengths = [[len(re.findall(r"\w+|[^\w\s]", text)) for text in pair] for pair in pairs]
    return np.array(lengths) + np.array([0, 1])  # the target begins or ends with one more


def make_data(kind, lengths, vocabulary_size):
    """Rows of random tokens to train on: (inputs, answers)."""
    rng = np.random.default_rng(0)

    def draw(n, most=vocabulary_size):
        return rng.integers(4 if most > NUM_TAGS else 0, most, n).astype("int32")

    if kind == "encoder_decoder":
        return [((draw(n), draw(m)), draw(m)) for n, m in lengths]
    if kind == "many_to_many":
        return [(draw(n), draw(n, NUM_TAGS)) for n, *_ in lengths]
    return [(draw(n), draw(1, 2)) for n, *_ in lengths]


def make_batches(rows, sizes, few_shapes):
    """Some of the full batches of an epoch, evenly from the shortest to the longest."""
    batches = zoo.datasets.batches(rows, sizes.batch_size, 0, few_shapes)
    full = [(x, y) for x, y in batches.as_numpy_iterator() if len(y) == sizes.batch_size]
    full.sort(key=lambda batch: sum((x != 0).sum() for x in keras.tree.flatten(batch[0])))
    places = (np.arange(sizes.steps) + 0.5) / sizes.steps * len(full)
    some = [full[int(place)] for place in places]
    return [(list(x) if isinstance(x, tuple) else x, y) for x, y in some]


def pad_left(kind, batches, lengths):
    """Pads the batches for the plain script: all become as long as the longest row of the data."""
    longest = lengths.max(axis=0)  # of pairs, source and target

    def pad(x, length):
        return np.pad(x, ((0, 0), (length - x.shape[1], 0)))

    def pad_all(x, y):
        columns = keras.tree.flatten(x)
        x = [
            pad(column, length) for column, length in zip(columns, longest[: len(columns)], strict=True)
        ]
        y = y if kind == "many_to_one" else pad(y, x[-1].shape[1])
        return (x if len(x) > 1 else x[0]), y

    return [pad_all(x, y) for x, y in batches]


# Models: ours and the plain script's; PyTorch's are in pytorch.py


def build_ours(kind, cell, units, embedding_dim, vocabulary_size):
    config = {"cell": cell, "units": units, "embedding_dim": embedding_dim, "bidirectional": False}
    if kind == "encoder_decoder":
        sizes = {f"{side}_vocabulary_size": vocabulary_size for side in ("source", "target")}
        return zoo.build(kind, attention="none", **config, **sizes)
    tags = {"num_tags": NUM_TAGS} if kind == "many_to_many" else {}
    return zoo.build(kind, vocabulary_size=vocabulary_size, **config, **tags)


def build_plain(kind, cell, units, embedding_dim, vocabulary_size):
    def rnn(**options):
        return zoo.cells.CELLS[cell](units, **options)

    tokens, target = (keras.Input((None,), dtype="int32") for _ in range(2))
    x = keras.layers.Embedding(vocabulary_size, embedding_dim)(tokens)
    if kind == "many_to_one":
        outputs = keras.layers.Dense(1, "sigmoid")(rnn()(x))
    elif kind == "many_to_many":
        outputs = keras.layers.Dense(NUM_TAGS, "softmax")(rnn(return_sequences=True)(x))
    else:
        _, *states = rnn(return_state=True)(x)
        y = keras.layers.Embedding(vocabulary_size, embedding_dim)(target)
        y = rnn(return_sequences=True)(y, initial_state=states)
        outputs = keras.layers.Dense(vocabulary_size, "softmax")(y)
    return keras.Model([tokens, target] if kind == "encoder_decoder" else tokens, outputs)


# The parts


def count_flops(kind, cell, units, embedding_dim, vocabulary_size, batches):
    """Operations of training: matrix products of real tokens. The backward pass costs twice as much."""
    total = 0
    for x, y in batches:
        counts = [int((column != 0).sum()) for column in keras.tree.flatten(x)]
        answers = len(y) if kind == "many_to_one" else counts[-1]
        size = {"many_to_one": 1, "many_to_many": NUM_TAGS}.get(kind, vocabulary_size)
        total += sum(counts) * GATES[cell] * units * (embedding_dim + units) + answers * units * size
    return 3 * 2 * total  # a product and a sum for each pair of numbers


def train_keras(model, batches):
    for x, y in batches:
        model.train_on_batch(x, y)


def train_torch(kind, modules, optimizer, batches, packed):
    for *batch, y in batches:
        optimizer.zero_grad()
        torch_loss(kind, torch_logits(kind, modules, *batch, packed), y).backward()
        optimizer.step()


def by_threads(function, *arguments):
    """A PyTorch program with one thread, and with PyTorch's default number. `alternate` sets it."""
    runs = {}
    for n in sorted({1, THREADS}):
        runs[f"{n} threads"] = functools.partial(function, *arguments)
        runs[f"{n} threads"].threads = n
    return runs


def training_programs(arguments, batches, plain_batches, sizes):
    """The programs that train, ours first, and the peak, each in its fastest setting."""
    keras.backend.clear_session()
    kind, cell, *_ = arguments
    variants = {"ours": {}}
    for setting, (few_shapes, jit_compile) in SETTINGS[keras.backend.backend()].items():
        model = build_ours(*arguments)
        model.compile("adam", LOSSES[kind], jit_compile=jit_compile)
        train_keras(model, batches[few_shapes])  # the first batch compiles for its own length only
        variants["ours"][setting] = functools.partial(train_keras, model, batches[few_shapes])
    if TORCH:
        torch_batches = [torch_batch(kind, *batch) for batch in batches[False]]
        for packed in (True, False):
            modules = build_torch(build_ours(*arguments), cell)
            optimizer = make_adam(modules)
            name = "PyTorch packed" if packed else "PyTorch padded"
            variants[name] = by_threads(train_torch, kind, modules, optimizer, torch_batches, packed)
    plain = build_plain(*arguments)
    plain.compile("adam", LOSSES[kind])
    variants["plain script"] = {"as it is": functools.partial(train_keras, plain, plain_batches)}
    variants["peak"] = {f"{sizes.peak} x {sizes.peak}": multiply(sizes.peak)}
    return choose(variants, sizes)


def multiply(size):
    """A program that multiplies two matrices on all cores."""
    matrix = tf.random.normal((size, size))
    product = tf.function(lambda: tf.reduce_sum(matrix @ matrix))
    return lambda: product().numpy()


def training(cells, sizes, data_dir):
    """Measures training and the peak in the same rounds."""
    for dataset, kind in TASKS.items():
        lengths = read_lengths(dataset, sizes, data_dir)
        data = make_data(kind, lengths, sizes.vocabulary_size)
        batches = {few_shapes: make_batches(data, sizes, few_shapes) for few_shapes in (False, True)}
        plain_batches = pad_left(kind, batches[False], lengths)
        for cell, (units, embedding_dim) in itertools.product(cells, sizes.models):
            arguments = (kind, cell, units, embedding_dim, sizes.vocabulary_size)
            programs, settings = training_programs(arguments, batches, plain_batches, sizes)
            seconds = alternate(programs, sizes.rounds, sizes.seconds)
            key = (dataset, cell, units)
            speeds = {name: sizes.steps / seconds[name] for name in programs if name != "peak"}
            flops = count_flops(*arguments, batches[False])
            ours, peak = flops / seconds["ours"] / 1e9, 2e-9 * sizes.peak**3 / seconds["peak"]
            yield [
                *make_rows(("training", *key), "steps/s", speeds, seconds, settings),
                make_row(("peak", *key), "ours", settings["ours"], "GFLOP/s", ours),
                make_row(("peak", *key), "peak", settings["peak"], "GFLOP/s", peak),
                make_row(("peak", *key), "share", settings["ours"], "%", 100 * ours / peak),
            ]


def read_reviews(sizes, data_dir):
    """Tokens of the last 200 words of each review, and labels, shuffled. The last fifth validates."""
    rng = np.random.default_rng(0)
    if sizes is SMOKE:  # the answer is which of two tokens is in the text
        labels = rng.integers(0, 2, 320)
        return [np.append(rng.integers(4, 50, rng.integers(1, 6)), 2 + y) for y in labels], labels
    splits, _ = zoo.datasets.load_texts(REVIEWS, data_dir)
    texts, labels = splits["train"]
    order = rng.permutation(len(texts))
    vectorizer = keras.layers.TextVectorization(
        sizes.vocabulary_size, standardize=zoo.text.standardize, ragged=True
    )
    training_texts = [texts[i] for i in order[: len(order) * 4 // 5]]
    vectorizer.adapt(tf.data.Dataset.from_tensor_slices(training_texts).batch(256))
    tokens = [row[-MAX_WORDS:] for row in vectorizer(tf.constant([texts[i] for i in order])).numpy()]
    return tokens, labels[order]


class Reach(keras.callbacks.Callback):
    """Stops training at a validation accuracy, and keeps the seconds that it took."""

    def __init__(self, accuracy):
        super().__init__()
        self.accuracy, self.best, self.seconds = accuracy, 0.0, np.inf

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.best = max(self.best, logs["val_accuracy"])
        if logs["val_accuracy"] >= self.accuracy:
            self.seconds = time.perf_counter() - self.start
            self.model.stop_training = True


def reach_ours(cell, tokens, labels, reach, sizes, seed):
    """Batches of similar length with a mask. XLA would take longer to compile than it saves."""
    few_shapes, jit_compile = next(iter(SETTINGS[keras.backend.backend()].values()))
    rows = [(row, label[None]) for row, label in zip(tokens, labels, strict=True)]
    train, validation = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
    validation.sort(key=lambda row: len(row[0]))
    model = zoo.build(
        "many_to_one",
        cell=cell,
        units=PLAIN[0],
        embedding_dim=PLAIN[1],
        vocabulary_size=sizes.vocabulary_size,
    )
    optimizer = keras.optimizers.Adam(global_clipnorm=1.0)  # as the recipes do
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], jit_compile=jit_compile)
    model.fit(
        zoo.datasets.batches(train, sizes.batch_size, seed, few_shapes),
        validation_data=zoo.datasets.batches(validation, sizes.batch_size, few_shapes=few_shapes),
        epochs=sizes.epochs,
        callbacks=[reach],
        shuffle=False,
        verbose=0,
    )


def reach_plain(cell, tokens, labels, reach, sizes, seed):
    model = build_plain("many_to_one", cell, *PLAIN, sizes.vocabulary_size)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(
        keras.utils.pad_sequences(tokens, MAX_WORDS),
        labels,
        batch_size=sizes.batch_size,
        validation_split=0.2,
        epochs=sizes.epochs,
        callbacks=[reach],
        verbose=0,
    )


def accuracy(cells, sizes, data_dir):
    tokens, labels = read_reviews(sizes, data_dir)
    ways = {"ours": reach_ours, "plain script": reach_plain}
    for cell in cells:
        reached = {name: [] for name in ways}
        for seed, (name, way) in itertools.product(range(sizes.seeds), ways.items()):
            keras.utils.set_random_seed(seed)
            keras.backend.clear_session()
            reached[name].append(Reach(sizes.accuracy))
            way(cell, tokens, labels, reached[name][-1], sizes, seed)
        seconds = {name: np.array([reach.seconds for reach in reached[name]]) for name in ways}
        settings = {
            name: f"{sizes.accuracy} in {sizes.epochs} epochs, best accuracies "
            + " ".join(f"{reach.best:.3f}" for reach in reached[name])
            for name in ways
        }
        key = ("accuracy", REVIEWS, cell, PLAIN[0])
        yield [make_row(key, name, settings[name], "s", seconds[name]) for name in ways]


def predict_once_a_token(model, source, max_length):
    """Greedy translation the simple way: runs the whole model once for each token of a batch."""
    target = np.full((len(source), 1), model.start_token)
    for _ in range(max_length):
        p = model.predict([source, target], batch_size=len(source), verbose=0)
        p[:, :, :2] = 0  # padding and the unknown word
        target = np.concatenate([target, p[:, -1].argmax(axis=-1)[:, None]], axis=1)
    return target[:, 1:]


def translate_torch(modules, scale, source, max_length):
    """Greedy translation in PyTorch, which keeps the states. `scale` is for additive attention."""
    with torch.inference_mode():
        memory, states = modules["encoder_0"](modules["source_embedding"](torch.tensor(source)))
        states = states if isinstance(states, tuple) else (states,)  # each [directions, batch, units]
        states = [
            torch.tanh(modules[f"bridge_{i}"](torch.cat([*state], dim=-1)))[None]
            for i, state in enumerate(states)
        ]
        states = tuple(states) if len(states) == 2 else states[0]
        keys = modules["attention_keys"](memory) if "attention_keys" in modules else None
        tokens = [torch.full((len(source), 1), 2)]
        for _ in range(max_length):
            x, states = modules["decoder_0"](modules["target_embedding"](tokens[-1]), states)
            if keys is not None:  # x: [batch, 1, units]
                query = modules["attention_query"](x) if scale is not None else x
                scores = (torch.tanh(query + keys) * scale if scale is not None else query * keys).sum(
                    -1
                )
                context = torch.softmax(scores, dim=-1)[:, None] @ memory
                x = torch.tanh(modules["attention_output"](torch.cat([context, x], dim=-1)))
            log_p = torch.log_softmax(modules["probabilities"](x), dim=-1)
            log_p[:, :, :2] = -1e9
            tokens.append(log_p.argmax(dim=-1))
        return torch.cat(tokens[1:], dim=1).numpy()


def generation(cells, sizes, data_dir):
    units, vocabulary_size = sizes.translator
    shape = (sizes.batch_size, SOURCE_LENGTH)
    source = np.random.default_rng(0).integers(4, vocabulary_size, shape)
    for cell in cells:
        keras.utils.set_random_seed(0)
        keras.backend.clear_session()
        model = zoo.build(
            "encoder_decoder",
            cell=cell,
            attention="additive",
            source_vocabulary_size=vocabulary_size,
            target_vocabulary_size=vocabulary_size,
            embedding_dim=units,
            units=units,
        )
        bias = np.zeros(vocabulary_size)
        bias[model.end_token] = -1e9
        model.get_layer("probabilities").bias.assign(bias)
        programs, settings = choose(translators(model, cell, source, sizes), sizes)
        tokens = programs["ours"]()
        for name in [name for name in programs if name != "ours" and not name.startswith("beam")]:
            some = programs[name]()
            share = (some == tokens[: len(some)]).mean()
            if share < 0.99:  # not 1, because two words may be equally probable
                raise RuntimeError(f"{name}: only {share:.1%} of the tokens are the same as ours")
        seconds = alternate(programs, sizes.rounds, sizes.seconds)
        seconds[TEXTBOOK] *= sizes.batch_size / 2
        key = ("generation", "additive attention", cell, units)
        yield make_rows(key, "s", seconds, seconds, settings)


def translators(model, cell, source, sizes):
    length = sizes.max_length

    def beam():
        return model.generate(source, length, "beam", beam_width=sizes.beam_width)

    def textbook():
        return np.concatenate([predict_once_a_token(model, row[None], length) for row in source[:2]])

    variants = {
        "ours": {"one loop, compiled": lambda: model.generate(source, length)},
        f"beam of {sizes.beam_width}": {"one loop, compiled": beam},
        "predict": {"once a token": lambda: predict_once_a_token(model, source, length)},
        TEXTBOOK: {"once a token and sentence": textbook},
    }
    if TORCH:
        attention = [layer for layer in model.layers if layer.name == "attention"]
        weights = attention[0].get_weights() if attention else []
        scale = torch.tensor(weights[0]) if weights else None
        variants["PyTorch"] = by_threads(
            translate_torch, build_torch(model, cell), scale, source, length
        )
    return variants


def latency(cells, sizes, data_dir):
    shape = (1, SENTENCE_LENGTH)
    tokens = np.random.default_rng(0).integers(4, sizes.vocabulary_size, shape).astype("int32")
    units, embedding_dim = sizes.models[0]
    for cell in cells:
        keras.backend.clear_session()
        model = build_ours("many_to_one", cell, units, embedding_dim, sizes.vocabulary_size)
        programs, settings = choose(answerers(model, cell, tokens), sizes)
        seconds = alternate(programs, sizes.rounds, sizes.seconds)
        milliseconds = {name: 1000 * seconds[name] for name in seconds}
        key = ("latency", f"{SENTENCE_LENGTH} words", cell, units)
        yield make_rows(key, "ms", milliseconds, seconds, settings)


def answerers(model, cell, tokens):
    variants = {
        "ours": {"predict_on_batch": lambda: model.predict_on_batch(tokens)},
        "predict": {"": lambda: model.predict(tokens, verbose=0)},
        "eager": {"": lambda: keras.ops.convert_to_numpy(model(tokens))},
    }
    if keras.backend.backend() == "tensorflow":
        plain, xla = tf.function(model), tf.function(model, jit_compile=True)
        variants["tf.function"] = {
            "without XLA": lambda: plain(tf.constant(tokens)).numpy(),
            "XLA": lambda: xla(tf.constant(tokens)).numpy(),
        }
    if TORCH:
        variants["PyTorch"] = by_threads(answer_torch, build_torch(model, cell), tokens)
    return variants


def answer_torch(modules, tokens):
    with torch.inference_mode():
        _, states = modules["rnn_0"](modules["embedding"](torch.from_numpy(tokens)))
        states = states[0] if isinstance(states, tuple) else states
        return torch.sigmoid(modules["probabilities"](states[-1])).numpy()


# What is written


def describe(config):
    """Returns the columns that say how the rows were measured."""
    flags = [
        f"--{name} {getattr(config, name)}"
        for name in ("part", "cell")
        if getattr(config, name) != "all"
    ]
    backend = keras.backend.backend()
    packages = ["keras", backend, "tensorflow", *(["torch"] if TORCH else [])]
    return {
        "versions": ", ".join(
            f"{name} {importlib.metadata.version(name)}" for name in dict.fromkeys(packages)
        ),
        "machine": f"{machine()}, {len(os.sched_getaffinity(0))} cores",
        "command": " ".join(
            [f"KERAS_BACKEND={backend} python benchmarks/speed.py", *flags, *["--smoke"] * config.smoke]
        ),
        "date": datetime.date.today().isoformat(),
    }


def write(rows, path):
    """Writes the rows into a CSV. Rows of other comparisons stay."""
    path, key = pathlib.Path(path), lambda row: [row[name] for name in KEY]
    new = [key(row) for row in rows]
    orders = {"part": ("training", "peak", *PARTS[1:]), "backend": [*SETTINGS], "cell": [*GATES]}
    checks = SPEED_CHECKS | {name: order.index for name, order in orders.items()}
    rows = [row for row in read_results(path, checks) if key(row) not in new] + rows
    columns = ("part", "backend", "dataset", "cell")
    rows.sort(key=lambda row: [orders[c].index(row[c]) if c in orders else row[c] for c in columns])
    write_csv(path, rows[0], rows)


def main(config):
    sizes = SMOKE if config.smoke else Sizes()
    keras.utils.set_random_seed(0)
    about = describe(config)
    print(f"{about['versions']}; {about['machine']}; Keras on {keras.backend.backend()}")
    if not TORCH:
        print("PyTorch is not installed, so its rows are left out.")
    output = config.output or ("" if config.smoke else SPEED)
    cells = list(GATES) if config.cell == "all" else [config.cell]
    for part in (training, accuracy, generation, latency):
        if config.part not in ("all", part.__name__):
            continue
        start = time.perf_counter()
        for rows in part(cells, sizes, config.data_dir or None):
            if output:
                write([row | about for row in rows], output)
        print(f"{part.__name__}: {time.perf_counter() - start:.0f} s in total", flush=True)
    if output:
        print(f"Written to {output}.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
