"""How does the chorale go on? One-to-many: a first chord in, music for four voices out.

               A67    T64    B48    ...
                ^      ^      ^      ^
               [h] -> [h] -> [h] -> [h]
                ^      ^      ^      ^
               S72    A67    T64    B48

Data: jsb_chorales, 382 chorales by Johann Sebastian Bach in steps of 16th notes, split 229/76/77. The
music is in the public domain.

A chorale becomes a sequence of tokens. Each step has the notes of soprano, alto, tenor and bass, in
this order. In the picture, S72 is MIDI pitch 72 in the soprano. A mark "|" comes before each beat (a
quarter note). The network is a language model of these tokens: it predicts the next one. It draws each
note after it has seen the notes that already sound, so the voices fit together. For training, the
recipe cuts 16 beats out of each chorale at random and moves them up or down by up to 4 semitones. At
the end the network continues from the chord given by --chord.

The score is the loss in nats a token on one piece of each chorale. Lower is better. The baseline is a
6-gram model. It counts which token followed the last five, and these always include the last note of
the same voice. Expect about 0.46 after five minutes on one CPU core.

Differences from BachBot (Liang et al. 2017, "Automatic Stylistic Composition of Bach Chorales with Deep
LSTM"): one layer, no fermatas (held notes), dropout, Adam with a learning rate that falls along a
cosine, and the epoch with the best validation loss is kept.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import composition

SPECIAL = ["", "[UNK]", "[START]", "[END]", "|"]  # tokens 0 to 4; "|" comes before each beat
START, END = 2, 3
SHIFTS = range(-4, 5)  # semitones
PIECE = 16 * composition.BEAT  # tokens in 16 beats
N = 6  # n of the n-gram baseline


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("jsb_chorales", "name of the dataset", choices=("jsb_chorales",))
    chord: str = zoo.flag("72,67,64,48", "first notes of soprano, alto, tenor and bass, MIDI pitches")
    beats: int = zoo.flag(48, "quarter notes to compose")
    units: int = zoo.flag(256, "size of the state")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.01, "initial learning rate; it falls to 0 along a cosine")
    epochs: int = zoo.flag(60, "passes over the training chorales; the best on validation is kept")
    batch_size: int = zoo.flag(8, "chorales in a batch")


def encode(notes, index, shift):
    """The tokens of a chorale, moved by some semitones, between [START] and [END]."""
    return [START, *composition.encode(notes, index, shift), END]


def make_pieces(chorales, index, rng, shifts=SHIFTS):
    """16 beats of each chorale, cut and moved at random: pairs of tokens and the tokens after them."""
    rows = []
    for notes in chorales:
        tokens = encode(notes, index, rng.choice(shifts))
        begin = rng.integers(max(1, len(tokens) - PIECE))
        piece = np.array(tokens[begin : begin + PIECE + 1])
        rows.append((piece[:-1], piece[1:]))
    return rows


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, beats=4)

    # Data: chorales on a grid of 16th notes, as tokens.
    splits = zoo.datasets.load(f"{config.dataset}/16th", data_dir=config.data_dir or None)
    chorales = {
        split: [row["notes"] for row in rows.take(20 if config.smoke else -1).as_numpy_iterator()]
        for split, rows in splits.items()
    }  # each [steps, 4]
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    print(", ".join(f"{len(notes)} {split}" for split, notes in chorales.items()), "chorales")
    chords = np.unique(np.concatenate(chorales["train"]), axis=0)
    sung = set().union(*(zoo.music.to_symbols(chords, shift) for shift in SHIFTS))
    vocabulary = [*SPECIAL, *sorted(sung - set(SPECIAL))]
    index = {symbol: i for i, symbol in enumerate(vocabulary)}
    pitches = config.chord.replace(" ", "").split(",")
    chord = [int(pitch) if pitch.isdecimal() else pitch for pitch in pitches]
    composition.check_chord(chord, index)
    rows = {
        split: make_pieces(chorales[split], index, np.random.default_rng(0), shifts=[0])
        for split in ("validation", "test")
    }
    data = {split: zoo.datasets.batches(rows[split], config.batch_size) for split in rows}
    data["train"] = zoo.datasets.batches(
        lambda rng: make_pieces(chorales["train"], index, rng), config.batch_size, config.seed
    )  # tokens [batch, time] and the tokens after them [batch, time]

    # The network: tokens -> vectors -> states -> the next token.
    model = zoo.build(
        "one_to_many",
        cell=config.cell,
        context_shape=None,
        vocabulary_size=len(vocabulary),
        embedding_dim=64,
        units=config.units,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, data["validation"], config.output, len(vocabulary), "generate")
    model.summary()
    num_steps = config.epochs * len(data["train"])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    model.compile(adam, "sparse_categorical_crossentropy")
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    history = model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # Score the validation split again, and the test split for the only time.
    shifted = [encode(notes, index, shift) for notes in chorales["train"] for shift in SHIFTS]
    metrics = {}
    for split in ("validation", "test"):
        pieces = [[x[0], *y] for x, y in rows[split]]
        losses = {
            zoo.training.cells_of(model): model.evaluate(data[split], verbose=0),
            f"{N}-gram": zoo.text.ngram_loss(shifted, pieces, N, len(vocabulary)),
        }
        metrics[split] = {name: {"nats a token": loss} for name, loss in losses.items()}
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))

    # Compose a chorale.
    first = composition.encode(np.array([chord]), index)  # the mark of a beat and four notes
    tokens = model.generate(
        [[START, *first]],
        max_length=config.beats * composition.BEAT - len(first),
        strategy="sample",
        top_p=0.95,  # never an unlikely note; with a lower value, chords last longer than Bach's
        seed=config.seed,
    )[0]
    notes = composition.decode([*first, *tokens], vocabulary)  # [steps, 4]
    print(f"\nComposed {len(notes) / 4:.1f} beats. The first ones:")
    for name, voice in zip(zoo.music.VOICES.values(), notes[::4].T, strict=True):
        print(f"{name:8s}" + "".join(f"{zoo.music.note_name(pitch):>5s}" for pitch in voice[:16]))

    card = {
        "task": "composition",
        "type": "one_to_many",
        "dataset": config.dataset,
        "preprocessing": {"symbols": "zoo.music.to_symbols"},
        "vocabulary": vocabulary,
    }
    zoo.recipe.save(
        config,
        model,
        card,
        metrics=metrics,
        history=history,
        figures={"chorale": zoo.music.plot_piano_roll(notes, zoo.music.VOICES.values())},
        files={"chorale.mid": zoo.music.to_midi(notes)},
    )


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
