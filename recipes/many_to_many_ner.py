"""Which words name a person, a place, a product? Many-to-many: a tag for each word of a sentence.

    B-PER    I-PER       O      B-LOC
      ^        ^         ^        ^
     [h] <--> [h] <---> [h] <--> [h]
      ^        ^         ^        ^
     Ada    Lovelace    saw     London

Data: by default wnut17, 5,690 sentences of social media, tested on names that training never saw
(Derczynski et al. 2017; CC BY 4.0). Other choices: conll2003, 20,744 sentences of Reuters news (Tjong
Kim Sang & De Meulder 2003; for research), or your own files in CoNLL columns (see
`zoo.datasets.load_tagged`).

A word goes in twice: as a vector of its own, without capitals and with all digits as 0, and letter by
letter through a recurrent layer, which sees capitals, digits and endings of words that training never
saw. Such a word still has its vector with --glove, if GloVe knows it; the others share [UNK], which is
trained by putting it, in each epoch, in place of half of the words seen once. A CRF chooses all tags of
a sentence together. While training they are in IOBES, which marks the ends of entities, too.

What to expect on one CPU core: wnut17 in 7 minutes a test F1 of 0.22, as the mean of three seeds, with
GloVe's vectors 0.34 (the systems of the shared task had 0.26 to 0.42); conll2003 with --glove,
--no-trainable-embeddings and --epochs 40 in 53 minutes 0.903 (Lample et al. 0.909). The most frequent
tag of each word has 0.06 and 0.55.

The model is the LSTM-CRF of Lample et al. 2016, "Neural Architectures for Named Entity Recognition".
Different here: GloVe's vectors instead of their own, 200 units, 50 for characters, batches, Adam with a
falling learning rate.
"""

import collections
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import matplotlib.pyplot as plt
import nervaluate
import numpy as np

import zoo


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("wnut17", "wnut17, conll2003, or path of your own CoNLL columns")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    glove: str = zoo.flag("", "glove.6B.zip or a .txt of word vectors to start from")
    head: str = zoo.flag("crf", "each tag by itself, or all together", choices=("softmax", "crf"))
    characters: bool = zoo.flag(True, "read the characters of each word too")
    embedding_dim: int = zoo.flag(100, "size of a word vector")
    trainable_embeddings: bool = zoo.flag(True, "training changes the word vectors")
    units: int = zoo.flag(200, "size of the state, in each direction")
    dropout: float = zoo.flag(0.5, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "of Adam, at first; it falls to 0 along a cosine")
    epochs: int = zoo.flag(20, "passes over the training split; the best on validation is kept")
    batch_size: int = zoo.flag(32, "sentences in a batch")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "train on all devices, and with JAX in all processes")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a few rows and one epoch, to see that everything runs")


def encode(sentences, tags, vocabulary, characters, tag_names):
    """Rows of words `[time]`, their characters `[time, length]` and tags in IOBES `[time]`."""
    rows = []
    for words, iob2 in zip(sentences, tags, strict=True):
        y = np.array([tag_names.index(tag) for tag in zoo.datasets.to_iobes(iob2)])
        rows.append((*zoo.text.encode_words(words, vocabulary, characters), y))
    return rows


def make_dataset(rows, config, seed=None):
    """Batches: words `[batch, time]`, their characters `[batch, time, length]`, and the tags."""
    return zoo.datasets.batches(rows, config.batch_size, seed).map(
        lambda words, letters, tags: ((words, letters) if config.characters else words, tags)
    )


def predict(model, dataset, sentences, tag_names):
    """The tags of each sentence, in IOB2."""
    best = []
    for x, y in dataset.as_numpy_iterator():
        best += [*model.predict_on_batch(x)[: len(y)].argmax(axis=-1)]
    return [
        zoo.datasets.to_iob2([tag_names[i] for i in row[: len(words)]])
        for row, words in zip(best, sentences, strict=True)
    ]


def score(true, predicted, types):
    """F1 of whole entities, all and of each type: both ends and the type must be right.

    Counted as conlleval, the script of CoNLL-2003, does; nervaluate calls it "strict".
    """
    results = nervaluate.Evaluator(true, predicted, tags=types, loader="list").evaluate()
    f1 = {name: result["strict"].f1 for name, result in results["entities"].items()}
    return {"all": results["overall"]["strict"].f1, **{name: f1.get(name, 0.0) for name in types}}


def mark(words, tags):
    """The sentence with its entities in brackets: "[Ada Lovelace PER] saw [London LOC]"."""
    text, last = "", "O"
    for word, tag in zip([*words, ""], [*tags, "O"], strict=True):
        inside = tag.startswith("I-") and tag[2:] == last[2:]
        text += f" {last[2:]}]" if last != "O" and not inside else ""
        text += " [" if tag != "O" and not inside else " "
        text, last = text + word, tag
    return text.strip()


def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)

    # Data: words and characters are learnt from the training split alone.
    splits, iob2 = zoo.datasets.load_tagged(config.dataset, "ner", config.data_dir or None)
    keras.utils.set_random_seed(config.seed)  # now: preparing a dataset draws random numbers
    if config.smoke:
        splits = {split: (x[:200], y[:200]) for split, (x, y) in splits.items()}
    types = sorted({name[2:] for name in iob2 if name != "O"})
    tag_names = ["O", *(f"{prefix}-{name}" for name in types for prefix in "BIES")]
    print(", ".join(f"{len(sentences)} {split}" for split, (sentences, _) in splits.items()), types)
    words = [word for sentence in splits["train"][0] for word in sentence]
    counts = collections.Counter(map(zoo.text.normalize_word, words))
    names, vectors = ["", "[UNK]", *sorted(counts)], None
    if config.glove:  # then words that training never saw have their vectors, too
        names, vectors, found = zoo.text.glove_vocabulary(config.glove, counts, config.embedding_dim)
        print(f"pretrained vectors for {found} of {len(counts)} training words")
    vocabulary = {word: i for i, word in enumerate(names)}
    characters = {c: i for i, c in enumerate(["", "[UNK]", *sorted(set("".join(words)))])}
    rows = {split: encode(*splits[split], vocabulary, characters, tag_names) for split in splits}
    is_rare = np.array([counts[word] == 1 for word in vocabulary])

    def hide_some(rng):  # other words in each epoch
        return [(zoo.text.hide_rare_words(x, is_rare, rng), *others) for x, *others in rows["train"]]

    train = make_dataset(hide_some, config, config.seed)
    data = {split: make_dataset(rows[split], config) for split in ("validation", "test")}

    # The model: words and their characters -> vectors -> states in both directions -> tags.
    crf = {"forbidden_transitions": zoo.layers.forbidden_transitions(tag_names)}
    model = zoo.build(
        "many_to_many",
        cell=config.cell,
        vocabulary_size=len(vocabulary),
        num_tags=len(tag_names),
        embedding_dim=config.embedding_dim,
        embeddings=vectors,
        trainable_embeddings=config.trainable_embeddings,
        units=config.units,
        dropout=config.dropout,
        characters=config.characters,
        character_vocabulary_size=len(characters),
        character_units=50,
        head=config.head,
        **(crf if config.head == "crf" else {}),
    )
    zoo.training.check_model(model, data["validation"], config.output, num_classes=len(tag_names))
    model.summary()
    is_crf = isinstance(model, zoo.layers.CRFTagger)
    row_name = f"{zoo.training.cells_of(model)}, {'crf' if is_crf else 'softmax'}"
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss=None if is_crf else "sparse_categorical_crossentropy",
    )

    def add_f1(epoch, logs):  # the next callback and the history see it
        predicted = predict(model, data["validation"], splits["validation"][0], tag_names)
        logs["val_f1"] = score(splits["validation"][1], predicted, types)["all"]

    best = keras.callbacks.EarlyStopping(
        "val_f1", mode="max", patience=config.epochs, restore_best_weights=True
    )
    history = model.fit(
        train,
        epochs=config.epochs,
        callbacks=[
            keras.callbacks.LambdaCallback(on_epoch_end=add_f1),
            best,
            zoo.training.RaiseOnNaN(),
        ],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # A baseline that sees one word at a time: its most frequent tag, O if it is unknown.
    tags_of = collections.defaultdict(collections.Counter)
    for sentence, tags in zip(*splits["train"], strict=True):
        for word, tag in zip(sentence, tags, strict=True):
            tags_of[word][tag] += 1
    most_frequent = {word: counter.most_common(1)[0][0] for word, counter in tags_of.items()}

    # The validation split again, and the test split, once.
    predicted, metrics = {}, {}
    for split in data:
        sentences, true = splits[split]
        predicted[split] = predict(model, data[split], sentences, tag_names)
        baseline = [[most_frequent.get(word, "O") for word in words] for words in sentences]
        metrics[split] = {
            row_name: score(true, predicted[split], types),
            "most frequent tag": score(true, baseline, types),
        }
        print(f"\n{split + ' F1':18s}" + "".join(f"{name:>14s}" for name in ["all", *types]))
        for name, row in metrics[split].items():
            print(f"{name:18s}" + "".join(f"{value:14.4f}" for value in row.values()))

    # Sentences of the test split that have entities, to judge by eye; after !, what is right.
    print()
    all_of_test = zip(*splits["test"], predicted["test"], strict=True)
    shown = [row for row in all_of_test if set(row[1]) != {"O"}]
    for words, right, tags in shown[:: len(shown) // 8 + 1]:
        print("  " + mark(words, tags))
        if tags != right:
            print("! " + mark(words, right))

    if not config.output:
        print("\nNothing was written; --output DIR keeps the model.")
        return
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for name, row in metrics["test"].items():
        axes.plot(list(row), list(row.values()), "o", label=name)
    axes.set(ylabel="test F1", ylim=(0, 1), title=config.dataset)
    axes.legend()
    task = {
        "task": "tagging",
        "type": "many_to_many",
        "cell": zoo.training.cells_of(model),
        "dataset": config.dataset,
        "labels": tag_names,
        "preprocessing": {"words": "zoo.text.encode_words", "tags": "IOBES"},
        "config": dataclasses.asdict(config),
        "vocabulary": list(vocabulary),
        "characters": list(characters),
    }
    results = {"metrics": metrics, "history": history, "figures": {"f1_by_type": figure}}
    zoo.save(config.output, model, task=task, **results)
    print(f"\nWritten to {config.output}: model, vocabulary, metrics, history and a plot.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
