"""How does the chorale go on? One-to-many: a first chord in, music for four voices out.

               A67    T64    B48    ...
                ^      ^      ^      ^
               [h] -> [h] -> [h] -> [h]
                ^      ^      ^      ^
               S72    A67    T64    B48

Data: jsb_chorales, 382 chorales by Johann Sebastian Bach in steps of 16th notes, split 229/76/77. The
music is in the public domain. --dataset also takes a folder of your own MIDI files (.mid or .midi) with
one to four voices, see zoo.datasets.load_music.

A chorale becomes a sequence of tokens. Each step has the notes of soprano, alto, tenor and bass, in
this order. In the picture, S72 is MIDI pitch 72 in the soprano. A mark "|" comes before each beat (a
quarter note). The network is a language model of these tokens: it predicts the next one. It chooses
each note after it has seen the notes that already sound, so the voices fit together. For training, the
recipe cuts 16 beats out of each chorale at random and moves them up or down by up to 4 semitones. At
the end the network continues from the chord given by --chord.

The score is the loss in nats a token on one piece of each chorale. Lower is better. The baseline is a
6-gram model. It counts which token followed the last five, and these always include the last note of
the same voice. Expect about 0.47 after 6 minutes on one CPU core.

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
N = 6  # n of the n-gram baseline


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("lstm", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("jsb_chorales", "jsb_chorales, or path of your own data")
    chord: str | None = zoo.flag(None, "first note of each voice, MIDI pitches, such as 72,67,64,48")
    beats: int = zoo.flag(48, "quarter notes to compose")
    units: int = zoo.flag(256, "size of the state")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.01, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int = zoo.flag(8, "pieces of music in a batch")


def encode_piece(notes, index, shift):
    """The tokens of a chorale, moved by some semitones, between [START] and [END]."""
    return [START, *composition.encode(notes, index, shift), END]


def make_rows(pieces, index, rng, shifts=SHIFTS):
    """16 beats of each piece, cut and moved at random: pairs of tokens and the tokens after them."""
    length = 16 * composition.beat_size(pieces[0].shape[1])
    rows = []
    for notes in pieces:
        tokens = encode_piece(notes, index, rng.choice(shifts))
        begin = rng.integers(max(1, len(tokens) - length))
        part = np.array(tokens[begin : begin + length + 1])
        rows.append((part[:-1], part[1:]))
    return rows


def token_losses(model, rows, batch_size):
    """The nats of each token, a list of `[time]`."""
    losses = []
    for x, y in zoo.datasets.batches(rows, batch_size).as_numpy_iterator():
        p = np.take_along_axis(model.predict_on_batch(x), y[..., None], axis=-1)  # [batch, time, 1]
        losses += [*-np.log(np.maximum(p[..., 0], 1e-7))]
    return [loss[: len(y)] for loss, (_, y) in zip(losses, rows, strict=True)]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, beats=4)

    # Data: pieces of music on a grid of 16th notes, as tokens.
    pieces = zoo.datasets.load_music(config.dataset, "16th", config.data_dir or None)
    pieces = {split: pieces[split][: 20 if config.smoke else None] for split in pieces}
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    print(", ".join(f"{len(pieces[split])} {split}" for split in pieces), "pieces")
    chords = np.unique(np.concatenate(pieces["train"]), axis=0)  # [different chords, voices]
    sung = set().union(*(zoo.music.to_symbols(chords, shift) for shift in SHIFTS))
    vocabulary = [*SPECIAL, *sorted(sung - set(SPECIAL))]
    index = {symbol: i for i, symbol in enumerate(vocabulary)}
    first = [vocabulary[token] for token in encode_piece(pieces["train"][0], index, 0)[:12]]
    print(f"First row, as the network sees it: {' '.join(first)} ...")
    choices = composition.defaults(len(pieces["train"]), config.batch_size)
    choices["chord"] = composition.choose_chord(pieces["test"], vocabulary)
    config = zoo.recipe.choose(config, choices)
    pitches = config.chord.replace(" ", "").split(",")
    chord = [int(pitch) if pitch.isdecimal() else pitch for pitch in pitches]
    composition.check_chord(chord, vocabulary)
    rows = {
        split: make_rows(pieces[split], index, np.random.default_rng(0), shifts=[0])
        for split in ("validation", "test")
    }
    data = {split: zoo.datasets.batches(rows[split], config.batch_size) for split in rows}
    data["train"] = zoo.datasets.batches(
        lambda rng: make_rows(pieces["train"], index, rng), config.batch_size, config.seed
    )  # tokens [batch, time] and the tokens after them [batch, time]

    # Model: tokens -> vectors -> states -> the next token.
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

    # Training: Adam. The epoch with the best validation loss is kept.
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

    # Scores: the validation split again, and the test split for the only time.
    shifted = [encode_piece(notes, index, shift) for notes in pieces["train"] for shift in SHIFTS]
    counted = [[x[0], *y] for split in rows for x, y in rows[split]]
    counted = zoo.text.ngram_losses(shifted, counted, N, len(vocabulary))  # a list of [time]
    n = len(rows["validation"])
    ngram = {"validation": counted[:n], "test": counted[n:]}
    cell, baseline, metrics = zoo.training.cells_of(model), f"{N}-gram", {}
    for split in ("validation", "test"):
        loss = model.evaluate(data[split], verbose=0)
        means = {cell: loss, baseline: float(np.concatenate(ngram[split]).mean())}
        metrics[split] = {name: {"nats a token": mean} for name, mean in means.items()}
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))
    losses = {cell: token_losses(model, rows["test"], config.batch_size), baseline: ngram["test"]}

    def score(name, some):
        return np.concatenate([losses[name][i] for i in some]).mean()

    options = {"history": history, "tips": composition.tips(config.dropout), "lower_is_better": True}
    zoo.print_verdict(cell, [baseline], score, len(rows["test"]), **options)

    # Examples: a new piece of music, from the first chord on.
    first = composition.encode(np.array([chord]), index)  # the mark of a beat and the notes
    tokens = model.generate(
        [[START, *first]],
        max_length=config.beats * composition.beat_size(len(chord)) - len(first),
        strategy="sample",
        top_p=0.95,  # never an unlikely note; with a lower value, chords last longer than Bach's
        seed=config.seed,
    )[0]
    notes = composition.decode([*first, *tokens], vocabulary)  # [steps, 4]
    voices = [*zoo.music.VOICES.values()][: len(chord)]
    print(f"\nComposed {len(notes) / 4:.1f} beats. The first ones:")
    for name, voice in zip(voices, notes[::4].T, strict=True):
        print(f"{name:8s}" + "".join(f"{zoo.music.note_name(pitch):>5s}" for pitch in voice[:16]))
    figure = zoo.music.plot_piano_roll(notes, voices)

    # Saving: the trained model, and what is needed to use it.
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
        figures={"chorale": figure},
        files={"chorale.mid": zoo.music.to_midi(notes)},
    )


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
