"""How does the chorale go on? One-to-many: a first chord in, four voices out, in the manner of Bach.

             chord 2   chord 3   chord 4
                ^         ^         ^
               [h]  ->   [h]  ->   [h]
                ^         ^         ^
             chord 1   chord 2   chord 3

Data: jsb_chorales, 382 chorales by Johann Sebastian Bach, split 229/76/77 as in Boulanger-Lewandowski
et al. 2012, "Modeling Temporal Dependencies in High-Dimensional Sequences" (the music is in the public
domain). Two networks are trained on it.

The first is scored as in papers: on a grid of quarter notes it reads each chord and gives, for each of
the 88 keys of a piano, the probability that it sounds in the next one. Negative log-likelihood is the
sum over the keys, averaged over the steps of all chorales but their first, as in the code of Bai et al.
2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling"
(test: LSTM 8.45, GRU 8.43, RNN 8.91). Easier to read: the share of the four likeliest keys that do
sound. For the zoo it is a `many_to_many` of values with sigmoids that reads forward only: what it
answers at each step is the next chord. The baselines know the one chord before, or nothing at all. To
expect: 8.25 in 7 minutes on one CPU core, of which the most goes into the second network.

Keys drawn one by one make no good chords, so a second network composes: a `one_to_many` language model
of notes, soprano, alto, tenor and bass in turn, on a grid of 16th notes with a mark at each beat. Each
note is drawn given those that sound with it. It is trained on pieces of chorales, moved up or down by a
few semitones at random, and goes on from --chord.

Different from the papers: dropout, Adam with a falling learning rate, the best epoch on validation.
The composer is BachBot (Liang et al. 2017, "Automatic Stylistic Composition of Bach Chorales with Deep
LSTM") with one layer, without fermatas.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo

SPECIAL = ["", "[UNK]", "[START]", "[END]", "|"]  # tokens 0 to 4; "|" comes before each beat
SHIFTS = range(-4, 5)  # semitones
BEAT = 17  # tokens: a mark and 4 steps of 4 notes each
NUM_KEYS = zoo.music.NUM_KEYS


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("jsb_chorales", "name of the dataset", choices=("jsb_chorales",))
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    chord: str = zoo.flag("72,67,64,48", "first notes of soprano, alto, tenor and bass, MIDI pitches")
    beats: int = zoo.flag(48, "quarter notes to compose")
    units: int = zoo.flag(256, "size of the state")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.01, "of Adam, at first; it falls to 0 along a cosine")
    epochs: int = zoo.flag(60, "passes over the training chorales; the best on validation is kept")
    batch_size: int = zoo.flag(8, "chorales in a batch")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "train on all devices, and with JAX in all processes")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a few rows and one epoch, to see that everything runs")


def make_rows(chorales):
    """Rows of chords and the chords after them. A last feature is 1: padding, 0, is no silent chord."""
    rolls = [zoo.music.piano_roll(notes) for notes in chorales]  # each [steps, 88]
    return [(np.pad(roll[:-1], ((0, 0), (0, 1)), constant_values=1), roll[1:]) for roll in rolls]


def nll(y, p):
    """Of each chord `[batch, time]`: the sum over the keys, where Keras takes the mean."""
    return NUM_KEYS * keras.losses.binary_crossentropy(y, p)


def predict(model, rows, batch_size):
    """The probabilities for each chorale, a list of `[steps, 88]`."""
    batches = zoo.datasets.batches(rows, batch_size)
    padded = []
    for x, y in batches.as_numpy_iterator():
        padded += [*model.predict_on_batch(x)[: len(y)]]
    return [p[: len(y)] for p, (_, y) in zip(padded, rows, strict=True)]


def make_pieces(chorales, numbers, rng, shifts=SHIFTS):
    """16 beats of each chorale, cut and moved at random: rows of tokens and of those that follow."""
    rows = []
    for notes in chorales:
        symbols = ["[START]", *zoo.music.to_symbols(notes, rng.choice(shifts)), "[END]"]
        begin = rng.integers(max(1, len(symbols) - 16 * BEAT))
        piece = np.array([numbers.get(s, 1) for s in symbols[begin : begin + 16 * BEAT + 1]])
        rows.append((piece[:-1], piece[1:]))
    return rows


def train(model, loss, data, config):
    num_steps = config.epochs * len(data["train"])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=1.0), loss)
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    return model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history


def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, beats=4)

    # Data: the same chorales on two grids.
    grids = {}
    for grid in ("quarter", "16th"):
        splits = zoo.datasets.load(f"{config.dataset}/{grid}", data_dir=config.data_dir or None)
        grids[grid] = {
            split: [row["notes"] for row in rows.take(20 if config.smoke else -1).as_numpy_iterator()]
            for split, rows in splits.items()
        }  # each [steps, 4]
    keras.utils.set_random_seed(config.seed)  # now: preparing a dataset draws random numbers
    print(", ".join(f"{len(notes)} {split}" for split, notes in grids["quarter"].items()), "chorales")
    chords = np.unique(np.concatenate(grids["16th"]["train"]), axis=0)
    sung = set().union(*(zoo.music.to_symbols(chords, shift) for shift in SHIFTS))
    vocabulary = [*SPECIAL, *sorted(sung - set(SPECIAL))]
    numbers = {symbol: i for i, symbol in enumerate(vocabulary)}
    pitches = config.chord.replace(" ", "").split(",")
    first = ["|", *map("".join, zip(zoo.music.VOICES, pitches, strict=False))]
    if len(pitches) != 4 or not set(first) <= set(numbers):
        raise zoo.InputError(
            "--chord must be four MIDI pitches that soprano, alto, tenor and bass sing in training, "
            f"such as 72,67,64,48. Received: {config.chord!r}"
        )

    # The network that is scored: chords -> states -> the keys of the next chord; and a baseline.
    rows = {split: make_rows(chorales) for split, chorales in grids["quarter"].items()}
    data = {
        split: zoo.datasets.batches(rows[split], config.batch_size, config.seed) for split in rows
    }  # chords [batch, time, 89] and those after them [batch, time, 88]
    listener = zoo.build(
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
    keys = keras.layers.Dense(NUM_KEYS, activation="sigmoid", dtype="float32")
    chords = keras.Input((None, NUM_KEYS + 1))
    last_chord = keras.Sequential([chords, keras.layers.Masking(0.0), keys])

    # The network that composes: notes -> vectors -> states -> the next note.
    pieces = {
        "train": zoo.datasets.batches(
            lambda rng: make_pieces(grids["16th"]["train"], numbers, rng),
            config.batch_size,
            config.seed,
        )
    }  # tokens [batch, time] and those after them
    for split in ("validation", "test"):
        cut = make_pieces(grids["16th"][split], numbers, np.random.default_rng(0), shifts=[0])
        pieces[split] = zoo.datasets.batches(cut, config.batch_size)
    composer = zoo.build(
        "one_to_many",
        cell=config.cell,
        context_shape=None,
        vocabulary_size=len(vocabulary),
        embedding_dim=64,
        units=config.units,
        dropout=config.dropout,
    )
    zoo.training.check_model(listener, zoo.datasets.batches(rows["validation"], config.batch_size))
    zoo.training.check_model(composer, pieces["validation"], config.output, len(vocabulary), "generate")

    listener.summary()
    train(listener, nll, data, config)
    print("\nBaseline, the chord before alone:")
    train(last_chord, nll, data, config)

    # The validation split again and the test split, once.
    frequencies = np.concatenate([y for _, y in rows["train"]]).mean(axis=0)  # [88]
    metrics = {}
    print(f"\n{'':24s}{'nats a step':>14s}{'notes right':>14s}")
    for split in ("validation", "test"):
        truth = [y for _, y in rows[split]]
        predicted = {
            zoo.training.cells_of(listener): predict(listener, rows[split], config.batch_size),
            "last chord": predict(last_chord, rows[split], config.batch_size),
            "frequencies": [np.broadcast_to(frequencies, y.shape) for y in truth],
        }
        metrics[split] = {name: zoo.music.score(p, truth) for name, p in predicted.items()}
        for name, row in metrics[split].items():
            cells = "".join(f"{value:14.4f}" for value in row.values())
            print(f"{f'{split}, {name}':24s}{cells}")

    composer.summary()
    history = train(composer, "sparse_categorical_crossentropy", pieces, config)
    print("\nThe composer, nats a token (a note or a beat's mark):")
    for split in ("validation", "test"):
        metrics[split]["composer"] = {"nats a token": composer.evaluate(pieces[split], verbose=0)}
        print(f"{split:24s}{metrics[split]['composer']['nats a token']:14.4f}")
    tokens = composer.generate(
        [[numbers[symbol] for symbol in ("[START]", *first)]],
        max_length=config.beats * BEAT - len(first),
        strategy="sample",
        top_p=0.95,  # no unlikely note; with less, chords are held longer than by Bach
        seed=config.seed,
    )[0]
    notes = zoo.music.from_symbols([*first, *(vocabulary[token] for token in tokens)])  # [steps, 4]
    print(f"\nComposed {len(notes) / 4:.1f} beats, at first:")
    for name, voice in zip(zoo.music.VOICES.values(), notes[::4].T, strict=True):
        print(f"{name:8s}" + "".join(f"{zoo.music.note_name(pitch):>5s}" for pitch in voice[:16]))

    if not config.output:
        print("\nNothing was written; --output DIR keeps the composer and its chorale.")
        return
    task = {
        "task": "composition",
        "type": "one_to_many",
        "cell": zoo.training.cells_of(composer),
        "dataset": config.dataset,
        "preprocessing": {"symbols": "zoo.music.to_symbols"},
        "config": dataclasses.asdict(config),
        "vocabulary": vocabulary,
    }
    figures = {"chorale": zoo.music.plot_piano_roll(notes, zoo.music.VOICES.values())}
    results = {"metrics": metrics, "history": history, "figures": figures}
    files = {"chorale.mid": zoo.music.to_midi(notes)}
    zoo.save(config.output, composer, task=task, files=files, **results)
    print(f"\nWritten to {config.output}: model, metrics, history, chorale.mid and its picture.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
