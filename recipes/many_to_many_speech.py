"""What did they say? Many-to-many: frames of sound in, a letter or nothing at each step out.

      -      Y      -      E      S      -
      ^      ^      ^      ^      ^      ^
     [h] <> [h] <> [h] <> [h] <> [h] <> [h]
      ^      ^      ^      ^      ^      ^
     30 ms  30 ms  30 ms  30 ms  30 ms  30 ms

Data: by default an4, 1,078 recordings (48 minutes) of 84 people who spell names, and say numbers, dates
and commands (CMU's AN4; BSD-like license). No speaker is in two splits. --dataset also takes a file of
your own: TSV, CSV or JSON lines of audio file and text. The audio may be WAV, FLAC, OGG or MP3.

The features say how loud each of 64 bands of pitches is, every 10 ms. Three of these frames become one
step. The network reads the steps in both directions. At each step it writes a letter, or nothing: "-".
Nobody needs to know when a letter was said: the loss (CTC) adds up all ways to write the text. In
training, recordings are made faster, slower, higher and lower, and parts of them are hidden.

CER is the share of wrong letters, WER that of wrong words: those to replace, remove and add. The
baseline is the same network with convolutions in place of the recurrent layers. "beam search" keeps
several beginnings, and a language model that counts letters in the training texts helps to choose.

Expect a WER of 9 % with beam search, after 80 minutes on one CPU core on JAX. From Graves et al. 2006
(CTC) and Graves & Jaitly 2014, "Towards End-To-End Speech Recognition with Recurrent Neural Networks".
Differences: a GRU, 3 layers of 128 units, joined frames, dropout, changed recordings, and Adam.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers, ops

import zoo
from zoo.tasks import speech_recognition

NUM_MELS = 64  # bands of pitches


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("an4", "an4, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    subsampling: int = zoo.flag(3, "frames of 10 ms in a step")
    units: int = zoo.flag(128, "size of the state, in each direction")
    num_layers: int = zoo.flag(3, "number of recurrent layers")
    dropout: float = zoo.flag(0.3, "share of features dropped while training")
    augment: bool = zoo.flag(True, "change the recordings at random while training")
    beam_width: int = zoo.flag(16, "beginnings of a text that beam search keeps")
    ngram: int = zoo.flag(6, "letters in an n-gram of the language model, 1 for no language model")
    weight: float = zoo.flag(0.5, "how much the language model counts")
    bonus: float = zoo.flag(0.5, "what a letter adds to the score of a text in beam search")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int | None = zoo.flag(None, "recordings in a batch")


def make_convolutions(num_labels, units, num_layers, subsampling, dropout):
    """The same network with convolutions over 5 steps in place of the recurrent layers."""
    values = keras.Input((None, NUM_MELS))
    is_sound = ops.cast(ops.any(ops.not_equal(values, 0.0), axis=-1, keepdims=True), "float32")
    comes = ops.flip(ops.cumsum(ops.flip(is_sound, axis=1), axis=1), axis=1) > 0  # now or later
    mask = ops.cast(comes[:, ::subsampling], "float32")  # [batch, time, 1]
    x = layers.ZeroPadding1D((0, subsampling - 1))(values)
    x = layers.Conv1D(2 * units, subsampling, subsampling)(x)  # [batch, time, 2 * units]
    for _ in range(num_layers):
        x = layers.Conv1D(2 * units, 5, padding="same", activation="relu")(x * mask)
        x = layers.Dropout(dropout)(x)
    scores = layers.Dense(num_labels, dtype="float32")(x)
    letters = ops.where(mask > 0, scores[:, :, 1:], -1e9)  # at padding, the blank is certain
    outputs = ops.log_softmax(ops.concatenate([scores[:, :, :1], letters], axis=-1), axis=-1)
    return keras.Model(values, outputs)


def train(model, data, config):
    """Trains a model, restores its best epoch, and returns its history."""
    num_steps = config.epochs * len(data["train"])
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(keras.optimizers.Adam(learning_rate, global_clipnorm=1.0), "ctc")
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    return model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history


def predict(model, features, batch_size):
    """The log-probabilities of each recording, a list of `[time, labels]`."""
    batches = zoo.datasets.batches(features, batch_size).as_numpy_iterator()
    return [one for x in batches for one in model.predict_on_batch(x)[: len(x)]]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, num_layers=1, beam_width=2)

    # Data: the letters come from the training split only. 0 is the blank.
    splits = zoo.datasets.load_speech(config.dataset, config.data_dir or None, config.encoding)
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:
        splits = {split: (some[:20], texts[:20]) for split, (some, texts) in splits.items()}
    print(", ".join(f"{len(texts)} {split}" for split, (_, texts) in splits.items()), "recordings")
    letters = ["", *sorted(set("".join(splits["train"][1])))]
    index, rows = {letter: i for i, letter in enumerate(letters)}, {}
    for split, (recordings, texts) in splits.items():
        features = [zoo.audio.log_mel(samples, NUM_MELS) for samples in recordings]  # [frames, bands]
        labels = [speech_recognition.encode(text, index) for text in texts]
        rows[split] = list(zip(features, labels, strict=True))
    used = ("train", "validation")  # the score of the test split counts all of its recordings
    fitting = {s: speech_recognition.keep_fitting(rows[s], config.subsampling, s) for s in used}
    choices = speech_recognition.defaults(len(fitting["train"]), config.batch_size)
    config = zoo.recipe.choose(config, choices)
    print(f"First row, as the network sees it: {rows['train'][0][0].shape} -> {splits['train'][1][0]}")
    longest = max(len(y) for _, y in fitting["train"])

    def change_all(rng):  # called once for each epoch, so each one has other changes
        def change(x):
            return zoo.audio.spec_augment(zoo.audio.stretch(x, rng), rng) if config.augment else x

        return [(change(x), np.pad(y, (0, longest - len(y)))) for x, y in fitting["train"]]

    data = {
        "train": zoo.datasets.batches(change_all, config.batch_size, config.seed),
        "validation": zoo.datasets.batches(fitting["validation"], config.batch_size),
    }  # features [batch, time, NUM_MELS] and labels [batch, letters]

    # Model: frames -> joined frames -> states in both directions -> a letter or a blank.
    model = zoo.build(
        "many_to_many",
        cell=config.cell,
        num_features=NUM_MELS,
        mask_value=0.0,
        num_tags=len(letters),
        head="ctc",
        subsampling=config.subsampling,
        units=config.units,
        num_layers=config.num_layers,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, data["validation"], config.output, len(letters), None, True)
    model.summary()

    # Training: Adam. The epoch with the best validation loss is kept.
    history = train(model, data, config)

    # Baseline: no recurrence, convolutions in its place.
    sizes = (config.units, config.num_layers, config.subsampling, config.dropout)
    convolutions = make_convolutions(len(letters), *sizes)
    print("\nBaseline, convolutions:")
    train(convolutions, data, config)

    # Scores: the validation split again, and the test split for the only time.
    cell, language_model, metrics = zoo.training.cells_of(model), None, {}
    ngrams = zoo.text.count_ngrams([y.tolist() for _, y in rows["train"]], config.ngram)
    if config.ngram > 1:
        language_model = zoo.text.ngram_model(ngrams, len(letters))
    beam = (config.beam_width, language_model, config.weight, config.bonus)
    for split in ("validation", "test"):
        truth, said = splits[split][1], {}
        features = [x for x, _ in rows[split]]
        for name, network in ((cell, model), ("convolutions", convolutions)):
            log_p = predict(network, features, config.batch_size)
            said[name] = speech_recognition.transcribe(log_p, letters, 1)
            said[f"{name}, beam search"] = speech_recognition.transcribe(log_p, letters, *beam)
        metrics[split] = {name: zoo.metrics.score_transcripts(said[name], truth) for name in said}
    zoo.recipe.print_table("Error rates", zoo.recipe.flatten(metrics), ".2%")
    zoo.print_verdict(
        cell,
        ["convolutions"],
        lambda name, rows: zoo.metrics.score_transcripts(said[name], truth, rows)["WER"],
        len(truth),
        history=history,
        tips=["more recordings", "more --epochs"],
        lower_is_better=True,
    )

    # Examples: recordings of the test split.
    speech_recognition.print_examples(truth, said[f"{cell}, beam search"])
    shown = zoo.recipe.pick_examples([len(text) < 25 for text in truth], 2)
    some, titles = [features[i] for i in shown], [truth[i] for i in shown]
    log_p = predict(model, some, len(shown))
    figures = {"spikes": zoo.plots.plot_spikes(some, log_p, letters, titles, config.subsampling)}

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "speech_recognition", "type": "many_to_many", "dataset": config.dataset}
    card["labels"], card["preprocessing"] = letters, {"num_mels": NUM_MELS}
    files = {"ngrams.json": speech_recognition.write_ngrams(ngrams)}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
