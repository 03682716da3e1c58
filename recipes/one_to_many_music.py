"""Which notes sound next? One-to-many: a chord of a chorale by Bach in, the next chord out.

             chord 2   chord 3   chord 4
                ^         ^         ^
               [h]  ->   [h]  ->   [h]
                ^         ^         ^
             chord 1   chord 2   chord 3

Data: jsb_chorales, 382 chorales by Johann Sebastian Bach with a chord on each quarter note. They are
split 229/76/77 as in Boulanger-Lewandowski et al. 2012, "Modeling Temporal Dependencies in
High-Dimensional Sequences". The music is in the public domain. --dataset also takes a folder of your
own MIDI files (.mid or .midi) with one to four voices, see zoo.datasets.load_music.

The network reads one chord after another. For each of the 88 keys of a piano it predicts the
probability that the key sounds in the next chord. The loss is the negative log-likelihood in nats. It
is summed over the keys and averaged over all steps except the first of each chorale. This is how Bai et
al. 2018 measure it in the code of "An Empirical Evaluation of Generic Convolutional and Recurrent
Networks for Sequence Modeling". They report LSTM 8.45, GRU 8.43 and RNN 8.91 on the test split. Lower
is better. A second score is easier to read: the share of the four most likely keys that really sound.
One baseline sees only the last chord. Another counts how often each key sounds.

In the zoo this model is a `many_to_many`, because its output at each step is the next chord. It reads
forward only and ends in sigmoids. Expect a test score of 8.26 (mean of three seeds) after a few minutes
on one CPU core. It is not made to compose: notes chosen at random, independently of each other, make
bad chords. To compose, see one_to_many_composer.py.

Differences from the papers: dropout, Adam with a learning rate that falls along a cosine, and the epoch
with the best validation loss is kept.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import composition, next_chord

NUM_KEYS = zoo.music.NUM_KEYS


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("lstm", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("jsb_chorales", "jsb_chorales, or path of your own data")
    units: int = zoo.flag(256, "size of the state")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.01, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int = zoo.flag(8, "pieces of music in a batch")


def make_rows(pieces):
    """Pairs of chords `[steps - 1, 89]` and the keys that sound next `[steps - 1, 88]`."""
    return [(next_chord.encode(notes[:-1]), zoo.music.piano_roll(notes[1:])) for notes in pieces]


def nll(y, p):
    """The loss of each chord `[batch, time]`: the sum over the keys. (Keras takes the mean.)"""
    return NUM_KEYS * keras.losses.binary_crossentropy(y, p)


def train(model, data, config):
    """Trains a model, restores its best epoch, and returns its history."""
    num_steps = config.epochs * len(data["train"])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=1.0), nll)
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    return model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history


def predict(model, rows, batch_size):
    """The probabilities for each piece, a list of `[steps - 1, 88]`."""
    batches = zoo.datasets.batches(rows, batch_size)
    padded = []
    for x, y in batches.as_numpy_iterator():
        padded += [*model.predict_on_batch(x)[: len(y)]]
    return [p[: len(y)] for p, (_, y) in zip(padded, rows, strict=True)]


def names_of(keys):
    """The names of keys of the piano, the highest first."""
    return " ".join(f"{zoo.music.note_name(zoo.music.LOWEST + key):4s}" for key in sorted(keys)[::-1])


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)

    # Data: pieces of music on a grid of quarter notes.
    pieces = zoo.datasets.load_music(config.dataset, "quarter", config.data_dir or None)
    pieces = {split: pieces[split][: 20 if config.smoke else None] for split in pieces}
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    num_voices = pieces["train"][0].shape[1]  # of [steps, voices]
    print(", ".join(f"{len(pieces[split])} {split}" for split in pieces), "pieces")
    rows = {split: make_rows(pieces[split]) for split in pieces}
    first, following = (names_of(np.flatnonzero(keys[0, :NUM_KEYS])) for keys in rows["train"][0])
    print(f"First row, as the network sees it: {first.strip()} -> {following.strip()}")
    config = zoo.recipe.choose(config, composition.defaults(len(rows["train"]), config.batch_size))
    data = {
        split: zoo.datasets.batches(rows[split], config.batch_size, config.seed) for split in rows
    }  # chords [batch, time, 89] and the chords after them [batch, time, 88]

    # The network: chords -> states -> the keys of the next chord.
    model = zoo.build(
        "many_to_many",
        cell=config.cell,
        num_features=NUM_KEYS + 1,
        mask_value=0.0,
        num_tags=NUM_KEYS,
        head="sigmoid",
        bidirectional=False,
        units=config.units,
        dropout=config.dropout,
    )
    # The baseline without recurrence: the last chord -> the keys of the next chord.
    keys = keras.layers.Dense(NUM_KEYS, activation="sigmoid", dtype="float32")
    chords = keras.Input((None, NUM_KEYS + 1))
    last_chord = keras.Sequential([chords, keras.layers.Masking(0.0), keys])
    in_order = zoo.datasets.batches(rows["validation"], config.batch_size)
    zoo.training.check_model(model, in_order, config.output)

    model.summary()
    history = train(model, data, config)
    print("\nBaseline, only the last chord:")
    train(last_chord, data, config)

    # Score the validation split again, and the test split for the only time.
    cell = zoo.training.cells_of(model)
    frequencies = np.concatenate([y for _, y in rows["train"]]).mean(axis=0)  # [88]
    metrics = {}
    for split in ("validation", "test"):
        truth = [y for _, y in rows[split]]
        predicted = {
            cell: predict(model, rows[split], config.batch_size),
            "last chord": predict(last_chord, rows[split], config.batch_size),
            "frequencies": [np.broadcast_to(frequencies, y.shape) for y in truth],
        }
        metrics[split] = {name: zoo.music.score(p, truth, num_voices) for name, p in predicted.items()}
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))

    def score(name, some):
        parts = [[values[i] for i in some] for values in (predicted[name], truth)]
        return zoo.music.score(*parts)["nats a step"]

    options = {"history": history, "tips": composition.tips(config.dropout), "lower_is_better": True}
    zoo.print_verdict(cell, ["last chord", "frequencies"], score, len(truth), **options)

    # The first steps of a test piece: the keys that sound, and as many of the most likely ones.
    print(f"\nA piece of the test split:\n{'next chord':24s}most likely")
    for likely, sounds in zip(predicted[cell][0][:12], truth[0], strict=False):  # both [88]
        print(f"{names_of(np.flatnonzero(sounds)):24s}{names_of(np.argsort(likely)[-num_voices:])}")

    card = {
        "task": "next_chord",
        "type": "many_to_many",
        "dataset": config.dataset,
        "labels": [zoo.music.note_name(zoo.music.LOWEST + key) for key in range(NUM_KEYS)],
    }
    zoo.recipe.save(config, model, card, metrics=metrics, history=history)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
