"""How many people live in Texas? Encoder-decoder: a question in, the SQL query that answers it out.

                                     select   area    end
                                        ^      ^       ^
    [h] <-> [h] <-> [h]  == states ==> [s] -> [s] ->  [s]
     ^       ^       ^                  ^      ^       ^
    how     big     [0]               start  select   area

Data: by default GeoQuery (no license stated, for research), 877 questions about the geography of the
USA, their SQL queries, and the SQLite database. geoquery splits them by questions, and geoquery/query
by queries, so that no test query occurs in training. --dataset also takes a file or folder of your own:
TSV, CSV or JSON of questions and queries, or the JSON files of Spider, BIRD and text2sql-data.
--database takes your own SQLite database.

A name in a question, such as Texas, becomes the placeholder [0], after the columns that have this name
(but not those that only repeat another one). So the network can write queries about names that it never
saw. The names come from the database, never from the queries of the test split. SQLite runs each query,
read-only and with a time limit. What counts is whether its answer is that of the right query. The
baselines take the query of the most similar training question, as it is or with the names of this
question. Expect the same answer for 77 % of the test questions after 4 to 5 minutes on one CPU core.

The model follows Dong & Lapata 2016, "Language to Logical Form with Neural Attention". Differences:
SQL instead of logical forms, a GRU that reads the question in both directions, Adam, and beam search.
"""

import dataclasses
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import placeholders, question_answering

SPECIAL = ["", "[UNK]", "[START]", "[END]"]  # tokens 0 to 3


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("geoquery", "geoquery, geoquery/query, or path of your own data")
    database: str = zoo.flag("", "your own SQLite database, '' for the one beside your data")
    source: str = zoo.flag("", "name or number of the column with the questions, '' to find it")
    target: str = zoo.flag("", "name or number of the column with the queries, '' to find it")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    attention: str = zoo.flag("dot", "how attention is computed", choices=("none", "dot", "additive"))
    embedding_dim: int = zoo.flag(64, "size of the vector of a word or a token of a query")
    units: int = zoo.flag(128, "size of the state; the encoder has this many in each direction")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    dropout: float = zoo.flag(0.4, "share of features dropped while training")
    beam_width: int = zoo.flag(5, "best queries so far that beam search keeps")
    learning_rate: float = zoo.flag(0.003, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split")
    batch_size: int | None = zoo.flag(None, "questions in a batch")


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=16)

    # Data: questions and queries with placeholders. The vocabularies come from the training split only.
    columns = config.source, config.target, config.encoding
    splits, database = zoo.datasets.load_questions(
        config.dataset, config.database, config.data_dir or None, *columns
    )
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    if config.smoke:
        splits = {split: tuple(texts[:50] for texts in pair) for split, pair in splits.items()}
    print(", ".join(f"{len(texts)} {split}" for split, (texts, _) in splits.items()), "questions")
    values = zoo.databases.read_values(database)
    index = placeholders.index_values(values)
    pairs = {s: placeholders.hide_pairs(*splits[s], index) for s in splits}
    seen = {word for question, _, _ in pairs["train"] for word in question}
    written = {token for _, query, _ in pairs["train"] for token in query}
    words = {word: i for i, word in enumerate([*SPECIAL[:2], *sorted(seen)])}
    tokens = {token: i for i, token in enumerate([*SPECIAL, *sorted(written)])}
    max_length = max(len(query) for _, query, _ in pairs["train"]) + 20
    choices = question_answering.defaults(len(pairs["train"]), config.batch_size)
    config = zoo.recipe.choose(config, choices)
    print(f"First row, as the network sees it: {' -> '.join(map(' '.join, pairs['train'][0][:2]))}")
    rows = {split: question_answering.make_rows(pairs[split], words, tokens) for split in pairs}
    is_rare = np.bincount(np.concatenate([question for (question, _), _ in rows["train"]])) == 1

    def hide_rare_words(rng):  # called once for each epoch, so that the network learns about [UNK]
        return [
            ((zoo.text.hide_rare_words(question, is_rare, rng), so_far), query)
            for (question, so_far), query in rows["train"]
        ]

    train = zoo.datasets.batches(hide_rare_words, config.batch_size, config.seed)
    validation = zoo.datasets.batches(rows["validation"], config.batch_size)

    # Model: words -> vectors -> states in both directions => states that attend -> tokens of SQL.
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        source_vocabulary_size=len(words),
        target_vocabulary_size=len(tokens),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        attention=config.attention,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(tokens), "generate")
    model.summary()

    # Training: Adam. The last epoch is kept: queries still improve when the loss no longer does.
    cell = zoo.training.cells_of(model)
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over tokens, without padding
    )
    history = model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history

    # Scores: the validation split again, and the test split for the only time.
    names, metrics = list(tokens), {}
    known = [" ".join(question) for question, _, _ in pairs["train"]]
    for split in ("validation", "test"):
        questions, queries = splits[split]
        sources = [question for (question, _), _ in rows[split]]
        beams = {"strategy": "beam", "beam_width": config.beam_width, "n_best": config.beam_width}
        generated = zoo.decoding.generate_in_batches(model, sources, max_length, 100, **beams)
        nearest = zoo.text.nearest(questions, splits["train"][0])
        hidden = zoo.text.nearest([" ".join(question) for question, _, _ in pairs[split]], known)
        systems = {
            cell: [[[names[token] for token in row] for row in some] for some in generated],
            "nearest question": [[placeholders.split_query(splits["train"][1][i])] for i in nearest],
            "nearest question, its names replaced": [[pairs["train"][i][1]] for i in hidden],
        }
        right = [" ".join(placeholders.split_query(query)) for query in queries]
        found = [texts for _, _, texts in pairs[split]]
        judged, metrics[split] = {}, {}
        for name, rows_of in systems.items():  # one or more queries for each question, best first
            systems[name] = []
            for some, texts in zip(rows_of, found, strict=True):
                filled = [placeholders.fill_query(query, texts) for query in some]
                systems[name].append(question_answering.choose_query(filled, database))
            judged[name] = zoo.metrics.judge_queries(database, systems[name], right)
            metrics[split][name] = {score: hits.mean() for score, hits in judged[name].items()}
    zoo.recipe.print_table("Share of questions", zoo.recipe.flatten(metrics), ".1%")
    if not any(systems[cell]):
        print("\nAll queries are empty. Train longer: give a larger --epochs.")
    zoo.print_verdict(
        cell,
        [name for name in systems if name != cell],
        lambda name, rows: judged[name]["same answer"][rows].mean(),
        len(questions),
        history=history,
        tips=["more questions", "--units 256 --dropout 0.5, a larger network"],
    )

    # Examples: questions of the test split, with the answers of the network's queries.
    is_right = judged[cell]["same answer"]
    for i in zoo.recipe.pick_examples(is_right):
        print(f"\nquestion  {questions[i]}\nquery     {systems[cell][i]}")
        answer, reason = zoo.databases.run_query(database, systems[cell][i])
        print(f"answer    {reason or answer!s:.90}")
        print("right" if is_right[i] else f"not       {right[i]}")
    figures = {}
    if config.attention != "none":  # a picture of two test questions
        figures["attention"] = zoo.plots.plot_attention(
            model,
            inputs=[[tokens[None] for tokens in inputs] for inputs, _ in rows["test"][:2]],
            labels=[(question, [*query, "end"]) for question, query, _ in pairs["test"][:2]],
        )

    # Saving: the trained model, and what is needed to use it.
    card = {
        "task": "question_answering",
        "type": "encoder_decoder",
        "dataset": config.dataset,
        "database": os.path.basename(database),
        "source_vocabulary": list(words),
        "target_vocabulary": names,
        "preprocessing": {"names": "placeholders", "max_length": max_length},
    }
    files = {"values.json": json.dumps(values, ensure_ascii=False).encode()}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
