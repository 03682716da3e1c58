"""Which words name a person, a place, a product? Many-to-many: a tag for each word of a sentence.

    B-PER    E-PER       O      S-LOC
      ^        ^         ^        ^
     [h] <--> [h] <---> [h] <--> [h]
      ^        ^         ^        ^
     Ada    Lovelace    saw     London

Data: by default wnut17, 5,690 sentences from social media (Derczynski et al. 2017; CC BY 4.0), where
the test names do not occur in training. Or conll2003, 20,744 sentences of Reuters news (for research).
Or your own file or folder: CoNLL columns (a word and its tag on each line), CSV with numbers of
sentences, JSON lines with tokens and ner_tags, or texts with spans from Doccano or spaCy.

The network reads each word as a word vector (lower case, every digit as 0), and also letter by letter
through a recurrent layer. Unknown words share one vector, [UNK]. It replaces half of the words that
occur once, at random in each epoch. The last layer, a CRF, chooses all tags of a sentence together.
IOBES tags: B- begins a name, I- is inside, E- ends it, S- is a name of one word, O is no name.

Expect a test F1 of 0.22 on wnut17 after 7 minutes on one CPU core, or 0.34 with --glove.
The model is the LSTM-CRF of Lample et al. 2016, "Neural Architectures for Named Entity Recognition".
Differences: GloVe's vectors, 200 units, 50 for characters, batches, and Adam along a cosine.
"""

import collections
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import language_model, tagging


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("lstm", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("wnut17", "wnut17, conll2003, or path of your own data")
    tag: str = zoo.flag("ner", "ner, or the column of the tags in your own file: a name or a number")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    glove: str = zoo.flag("", "file of pretrained word vectors to start from, such as glove.6B.zip")
    pretrained: str = zoo.flag("", "name or folder of a language model to start from, with its words")
    pretrained_backward: str = zoo.flag("", "another one that reads backward, for the other direction")
    pretrained_rate: float = zoo.flag(1.0, "factor on the learning rate of pretrained layers")
    head: str = zoo.flag("crf", "choose each tag alone, or all together", ("softmax", "crf"))
    characters: bool = zoo.flag(True, "read the characters of each word too")
    embedding_dim: int = zoo.flag(100, "size of a word vector")
    trainable_embeddings: bool = zoo.flag(True, "training changes the word vectors")
    units: int = zoo.flag(200, "size of the state, in each direction")
    dropout: float = zoo.flag(0.5, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the best one is kept")
    batch_size: int | None = zoo.flag(None, "sentences in a batch")


def encode(split, vocabulary, characters, tag_names, config):
    """Rows of words `[time]`, their characters `[time, length]` and tags in IOBES `[time]`."""
    rows = []
    for words, iob2 in zip(*split, strict=True):
        y = np.array([tag_names.index(tag) for tag in zoo.datasets.to_iobes(iob2)])
        x = zoo.text.encode_words(words, vocabulary, characters, separate=bool(config.pretrained))
        rows.append((*x, y))
    return rows


def make_dataset(rows, config, seed=None):
    """Batches: words `[batch, time]`, their characters `[batch, time, length]`, and the tags."""
    return zoo.datasets.batches(rows, config.batch_size, seed).map(
        lambda words, letters, tags: ((words, letters) if config.characters else words, tags)
    )


def predict(model, dataset, sentences, tag_names):
    """The predicted tags of each sentence, in IOB2."""
    batches = ((model.predict_on_batch(x), len(y)) for x, y in dataset.as_numpy_iterator())
    p = [row for outputs, size in batches for row in outputs[:size]]  # a list of [time, tags]
    return [
        zoo.datasets.to_iob2(tagging.decode(its_p[: len(words)], tag_names))
        for its_p, words in zip(p, sentences, strict=True)
    ]


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8)

    # Data: words and characters come from the training split only. Or the words of a language model.
    config, tokenizer, sources = language_model.open_pretrained(config, ("word",))
    folder = config.data_dir or None
    splits, iob2 = zoo.datasets.load_tagged(config.dataset, config.tag, folder, config.encoding)
    config = zoo.recipe.choose(config, tagging.defaults(len(splits["train"][0]), 20, config.batch_size))
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:
        splits = {split: (x[:200], y[:200]) for split, (x, y) in splits.items()}
    types = sorted({name[2:] for name in iob2 if name != "O"})
    tag_names = ["O", *(f"{prefix}-{name}" for name in types for prefix in "BIES")]
    print(", ".join(f"{len(sentences)} {split}" for split, (sentences, _) in splits.items()), types)
    words = [word for sentence in splits["train"][0] for word in sentence]
    counts = collections.Counter(map(zoo.text.normalize_word, words))
    names, vectors = tagging.list_words(counts, config.glove, config.embedding_dim, tokenizer)
    vocabulary = {word: i for i, word in enumerate(names)}
    characters = {c: i for i, c in enumerate(["", "[UNK]", *sorted(set("".join(words)))])}
    rows = {s: encode(splits[s], vocabulary, characters, tag_names, config) for s in splits}
    tagging.print_first_row(rows["train"][0], names, tag_names)
    is_rare = np.bincount(np.concatenate([x for x, *_ in rows["train"]]), minlength=len(names)) == 1

    def hide_some(rng):  # called once for each epoch, so other words are hidden in each
        return [(zoo.text.hide_rare_words(x, is_rare, rng), *others) for x, *others in rows["train"]]

    train = make_dataset(hide_some, config, config.seed)
    data = {split: make_dataset(rows[split], config) for split in ("validation", "test")}

    # Model: words and their characters -> vectors -> states in both directions -> tags.
    forbidden = zoo.layers.forbidden_transitions(tag_names) if config.head == "crf" else ()
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
        forbidden_transitions=forbidden,
    )
    if config.pretrained:
        report = zoo.transfer(**sources, target=model, target_vocabulary=names)
    zoo.training.check_model(model, data["validation"], config.output, num_classes=len(tag_names))
    model.summary()

    # Training: Adam. The epoch with the best F1 on the validation split is kept.
    is_crf = isinstance(model, zoo.layers.CRFTagger)
    row_name = f"{zoo.training.cells_of(model)}, {'crf' if is_crf else 'softmax'}"
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    loss = None if is_crf else "sparse_categorical_crossentropy"
    optimizer = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    if config.pretrained:
        optimizer = zoo.training.slow_down(optimizer, report["copied"], config.pretrained_rate)
    model.compile(optimizer, loss)

    def validation_f1():
        sentences, true = splits["validation"]
        predicted = predict(model, data["validation"], sentences, tag_names)
        return zoo.metrics.score_entities(true, predicted, types)["all"]

    best = keras.callbacks.EarlyStopping(
        "val_f1", mode="max", patience=config.epochs, restore_best_weights=True
    )
    f1 = zoo.training.AddScore("val_f1", validation_f1)
    callbacks = [f1, best, zoo.training.RaiseOnNaN()]
    # Without shuffle, because the dataset shuffles by itself.
    history = model.fit(train, epochs=config.epochs, callbacks=callbacks, shuffle=False).history

    # Baseline: it sees one word, and gives its most frequent tag in training, or O for a new word.
    tags = [tag for sentence in splits["train"][1] for tag in sentence]
    most_frequent = zoo.text.most_frequent_tags(words, tags)

    # Scores: the validation split again, and the test split for the only time.
    metrics = {}
    for split in ("validation", "test"):
        sentences, true = splits[split]
        baseline = [[most_frequent.get(word, "O") for word in one] for one in sentences]
        answers = predict(model, data[split], sentences, tag_names)
        predicted = {row_name: answers, "most frequent tag": baseline}
        metrics[split] = {n: zoo.metrics.score_entities(true, x, types) for n, x in predicted.items()}
        zoo.recipe.print_table(f"{split} F1", metrics[split])

    def score(name, rows):  # of the test split
        right, answers = ([tags[i] for i in rows] for tags in (true, predicted[name]))
        return zoo.metrics.score_entities(right, answers, types)["all"]

    tips = tagging.tips(config.glove or config.pretrained)
    monitor = {"history": history, "monitor": "val_f1"}
    zoo.print_verdict(row_name, ["most frequent tag"], score, len(true), **monitor, tips=tips)
    tagging.note_empty(predicted[row_name])
    figures = {"f1_by_type": zoo.plots.plot_scores(metrics["test"], config.dataset, "test F1")}

    # Examples: test sentences with entities, to judge by eye.
    examples = zip(sentences, true, predicted[row_name], strict=True)
    tagging.print_examples(tagging.mark, [row for row in examples if {*row[1], *row[2]} != {"O"}])

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "tagging", "type": "many_to_many", "dataset": config.dataset, "labels": tag_names}
    card["preprocessing"] = {"separate": bool(config.pretrained), "tags": "IOBES"}
    card |= {"vocabulary": list(vocabulary), "characters": list(characters)}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
