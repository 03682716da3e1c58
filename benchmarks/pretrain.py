"""Trains the language models of the package on a GPU: one reads forward, the other reads backward.

    python benchmarks/pretrain.py tokens FOLDER                     reads and numbers the words
    KERAS_BACKEND=jax python benchmarks/pretrain.py train FOLDER    trains both, on the GPU
    python benchmarks/pretrain.py finish FOLDER                     writes FOLDER/forward and /backward

It trains what recipes/one_to_many_text.py trains with the flags in `FLAGS`. The recipe needs
TensorFlow, and hours on a CPU. `train` needs only keras, numpy and jax. From the same weights,
both compute the same losses: windows of a long text, states that are passed on, AdamW with clipped
gradients, and a learning rate that falls along a cosine. There are two differences. A last window that
is not full is left out. And there are as many epochs as fit into --seconds.

`finish` runs the recipe with the trained weights instead of its own training. So the scores, the
examples and the saved folder come from the recipe.
"""

import argparse
import json
import math
import pathlib
import sys
import time

if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent.parent
    sys.path[:0] = [str(folder), str(folder / "recipes")]  # the zoo need not be installed

import keras
import numpy as np

import zoo

FLAGS = {
    "dataset": "movie_reviews/imdb_texts",
    "level": "word",
    "max_tokens": 100_000_000,
    "vocabulary_size": 10000,
    "cell": "lstm",
    "embedding_dim": 320,
    "units": 320,
    "num_layers": 2,
    "tie_embeddings": True,
    "dropout": 0.15,
    "variational_dropout": True,
    "weight_dropout": 0.15,
    "bptt_steps": 70,
    "batch_size": 64,
    "learning_rate": 0.004,
    "weight_decay": 0.03,
}
MOST_EPOCHS = 20
DIRECTIONS = ("forward", "backward")


def read_tokens(folder):
    """Writes the tokens of the training split and the validation split, in both directions."""
    from zoo.tasks import language_model

    splits = zoo.datasets.load_corpus(FLAGS["dataset"], None, "utf-8")
    arrays = {}
    for direction in DIRECTIONS:
        tokenizer = language_model.learn_tokenizer(
            splits["train"], FLAGS["level"], FLAGS["vocabulary_size"], direction == "backward"
        )
        for split in ("train", "validation"):
            symbols = language_model.join(splits[split], tokenizer, None)
            tokens = language_model.encode(symbols, tokenizer)
            arrays[f"{direction} {split}"] = np.array(tokens, "uint16")
    np.savez_compressed(folder / "tokens.npz", **arrays)


def cut(tokens, num_streams, steps):
    """Cuts a text into windows like `zoo.datasets.streams`, but leaves out a last one that is not full.

    >>> inputs, targets = cut(np.arange(1, 14), num_streams=2, steps=3)
    >>> inputs.tolist()
    [[[1, 2, 3], [7, 8, 9]], [[4, 5, 6], [10, 11, 12]]]
    """
    length = (len(tokens) - 1) // num_streams // steps * steps  # of a stream
    both = tokens[:-1][: num_streams * length], tokens[1:][: num_streams * length]
    return [x.reshape(num_streams, -1, steps).swapaxes(0, 1) for x in both]


def build(embeddings=None):
    """The model of the recipe. Given token vectors stay, as with `--no-trainable-embeddings`."""
    names = ("cell", "vocabulary_size", "embedding_dim", "units", "num_layers", "tie_embeddings")
    options = {name: FLAGS[name] for name in FLAGS if name in names or "dropout" in name}
    is_new = embeddings is None
    vectors = {"embeddings": embeddings, "trainable_embeddings": is_new}
    return zoo.build("one_to_many", context_shape=None, **vectors, **options)


def make_passes(network, optimizer):
    """Compiles two functions that read all windows of a text. The first one learns.

    A whole epoch is one program, so that Python does not slow it down.
    """
    import jax

    def loss_of(trainable, others, states, window, training):
        inputs, targets = window  # [streams, steps]
        outputs, others = network.stateless_call(
            trainable, others, [inputs, *states], training=training
        )
        probabilities, *states = outputs
        losses = keras.losses.sparse_categorical_crossentropy(targets, probabilities)
        return losses.mean(), (others, states)

    def learn(carry, window):
        trainable, others, optimizer_state, states = carry
        *window, rate = window
        gradient = jax.value_and_grad(loss_of, has_aux=True)
        (loss, (others, states)), gradients = gradient(trainable, others, states, window, True)
        optimizer_state = [optimizer_state[0], rate, *optimizer_state[2:]]  # see `train`
        trainable, optimizer_state = optimizer.stateless_apply(optimizer_state, gradients, trainable)
        return (trainable, others, optimizer_state, states), loss

    def learn_all(carry, *data):
        carry, losses = jax.lax.scan(learn, carry, data)
        return carry, losses.mean()

    def evaluate_all(trainable, others, states, *data):
        def evaluate(states, window):
            loss, (_, states) = loss_of(trainable, others, states, window, False)
            return states, loss

        return jax.lax.scan(evaluate, states, data)[1].mean()

    return jax.jit(learn_all), jax.jit(evaluate_all)


def train(folder, direction, seconds, embeddings=None):
    """Trains one model, and writes its weights, its learning curve and the seconds.

    Returns:
        Its token vectors.
    """
    import jax

    begin, texts = time.perf_counter(), np.load(folder / "tokens.npz")
    size = FLAGS["batch_size"], FLAGS["bptt_steps"]
    data = {
        split: [jax.numpy.asarray(x, "int32") for x in cut(texts[f"{direction} {split}"], *size)]
        for split in ("train", "validation")
    }
    keras.utils.set_random_seed(0)
    model = build(embeddings)
    network = model.with_states()
    optimizer = keras.optimizers.AdamW(
        FLAGS["learning_rate"], FLAGS["weight_decay"], global_clipnorm=1.0
    )
    optimizer.build(network.trainable_variables)
    assert optimizer.variables[1].path.endswith("learning_rate")
    learn_all, evaluate_all = make_passes(network, optimizer)
    zeros = [jax.numpy.zeros((len(data["train"][0][0]), x.shape[-1])) for x in network.inputs[1:]]
    groups = (network.trainable_variables, network.non_trainable_variables, optimizer.variables)
    state = [[variable.value for variable in group] for group in groups]
    num_windows, epochs, epoch = len(data["train"][0]), MOST_EPOCHS, 0
    history, best = {"loss": [], "val_loss": []}, None
    while epoch < epochs:
        steps = epoch * num_windows + np.arange(num_windows)
        cosine = (1 + np.cos(math.pi * steps / (epochs * num_windows))) / 2
        rates = jax.numpy.asarray(FLAGS["learning_rate"] * cosine, "float32")
        (*state, _), loss = learn_all((*state, zeros), *data["train"], rates)
        history["loss"].append(float(loss))
        history["val_loss"].append(float(evaluate_all(*state[:2], zeros, *data["validation"])))
        if not math.isfinite(sum(history["loss"])):
            sys.exit(f"The loss of epoch {epoch + 1} is {loss}. Try a smaller learning rate.")
        if history["val_loss"][-1] == min(history["val_loss"]):
            best = [np.asarray(x) for x in state[0]]
        took, epoch = time.perf_counter() - begin, epoch + 1
        if epoch == 1:
            first = took  # with compiling
        if epoch == 2:
            epochs = min(MOST_EPOCHS, max(3, int((seconds - first) / (took - first)) + 1))
        print(f"{direction} {epoch}/{epochs}:", {k: round(x[-1], 4) for k, x in history.items()})
    for variable, value in zip(network.trainable_variables, best, strict=True):
        variable.assign(value)
    weights = {f"weight_{i}": x for i, x in enumerate(model.get_weights())}
    report = {"history": history, "seconds": took, "device": jax.devices()[0].device_kind}
    np.savez(folder / f"{direction}.npz", report=json.dumps(report), **weights)
    return model.get_layer("embedding").get_weights()[0]


def finish(folder, direction):
    """Runs the recipe, with the trained weights instead of its own training."""
    import one_to_many_text as recipe

    saved = np.load(folder / f"{direction}.npz")
    history = json.loads(str(saved["report"]))["history"]
    weights = [saved[f"weight_{i}"] for i in range(len(saved.files) - 1)]

    def epochs(number, network, optimizer, its_history, its_best):
        its_history.update(history)
        its_best.update(epoch=int(np.argmin(history["val_loss"])), weights=weights)
        return ()

    zoo.resuming.epochs = epochs
    flags = {**FLAGS, "epochs": len(history["loss"]), "output": str(folder / direction)}
    if direction == "backward":
        flags |= {"backward": True, "pretrained": str(folder / "forward")}
        flags |= {"trainable_embeddings": False}
    recipe.main(recipe.Config(**flags))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("tokens", "train", "finish"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=90.0, help="for each model (default: 90)")
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.what == "tokens":
        read_tokens(options.folder)
    elif options.what == "train":
        # Keras uses cuDNN on JAX only without a mask. Here nothing is padded.
        lstm = keras.src.backend.lstm
        keras.src.backend.lstm = lambda x, h, c, mask, **more: lstm(x, h, c, None, **more)
        vectors = train(options.folder, "forward", options.seconds)
        train(options.folder, "backward", options.seconds, vectors)
    else:
        for direction in DIRECTIONS:
            finish(options.folder, direction)


if __name__ == "__main__":
    main()
