"""What do you answer? Encoder-decoder: the last turns of a conversation in, a reply out.

                                     fine    thanks   </s>
                                      ^        ^       ^
    [h] <-> [h] <-> [h] == states => [s] ->  [s] ->   [s]
     ^       ^       ^                ^        ^       ^
    how     are     you              <s>     fine    thanks

Data: by default chatterbot_english, 898 short conversations that volunteers wrote for a chatbot, in the
package chatterbot-corpus (BSD), so no download is needed. Each conversation stays in one of the splits
(80/10/10). --dataset also takes your own conversations: a text file with a turn on each line and an
empty line between two conversations; TSV, CSV or JSON lines of turns; or a folder with such a file for
each split. With --turns 3, the network reads the last three turns, not only the last one.

The tokens are subwords: short pieces of words. SentencePiece learns them from the training split, and
cuts each turn differently in each epoch (Kudo 2018). The baselines are an n-gram model of the replies,
which knows nothing of the question, and the reply to the most similar training question.

Do not expect much: it learns from 955 pairs in about 5 minutes on one CPU core, and is then about as
good as the n-gram model. Most replies answer something else, and some of its words do not exist.

The idea is from Vinyals & Le 2015, "A Neural Conversational Model", and distinct-1 and distinct-2 are
from Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models".
Differences: attention, a GRU of 128 units, one layer, subwords, dropout, Adam, cosine decay, and far
fewer conversations.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import chat

LINES = (  # of a person, for a conversation after the training
    *("Hello", "What is your name?", "Do you like pizza?", "Why not?", "My computer is slow."),
    *("Tell me a joke", "Goodbye"),
)


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("chatterbot_english", "name of a dataset, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    turns: int = zoo.flag(1, "how many of the last turns the network reads")
    vocabulary_size: int | None = zoo.flag(None, "number of subwords")
    max_length: int = zoo.flag(64, "longest training turns and longest reply, in tokens")
    embedding_dim: int = zoo.flag(128, "size of a subword's vector")
    units: int = zoo.flag(128, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    attention: str = zoo.flag("additive", "how attention is computed", ("none", "dot", "additive"))
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.003, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "pairs in a batch")
    beam_width: int = zoo.flag(5, "best replies so far that beam search keeps")


def measure(model, rows, batch_size):
    """-log p of each token of each reply, in nats: a list of floats `[time]`."""
    losses = []
    for (source, so_far), target in zoo.datasets.batches(rows, batch_size).as_numpy_iterator():
        p = model.predict_on_batch([source, so_far])  # [batch, time, vocabulary]
        p = np.take_along_axis(p, target[..., None], axis=-1)[..., 0]  # [batch, time]
        p = np.maximum(p, 1e-7)  # as in Keras's loss
        losses += [-np.log(row[tokens != 0]) for row, tokens in zip(p, target, strict=True)]
    return losses


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, embedding_dim=8, vocabulary_size=200)

    # Data: the subwords come from the training split only.
    splits = zoo.datasets.load_dialogues(config.dataset, config.data_dir or None, config.encoding)
    print(", ".join(f"{len(splits[split])} {split}" for split in splits), "conversations")
    pairs = {split: chat.make_pairs(splits[split], config.turns) for split in splits}
    if config.smoke:
        pairs = {split: pairs[split][:100] for split in pairs}
    print(", ".join(f"{len(pairs[split])} {split}" for split in pairs), "pairs of turns and reply")
    texts = [turn for turns in splits["train"] for turn in turns]
    config = zoo.recipe.choose(config, chat.defaults(len(pairs["train"]), texts, config.batch_size))
    tokenizer = zoo.text.train_subwords(texts, config.vocabulary_size)
    pairs["train"] = chat.leave_out_long(pairs["train"], tokenizer, config.max_length)
    turns, reply = pairs["train"][0]
    pieces = [" ".join(tokenizer.encode(text, out_type=str)) for text in (turns[-1], reply)]
    print(f"First row, as the network sees it: {' -> '.join(pieces)}")
    rows = {split: chat.encode(pairs[split], tokenizer) for split in pairs}

    def cut_anew(rng):  # called once for each epoch, so each has other subwords
        options = {"enable_sampling": True, "alpha": 0.3, "nbest_size": -1}
        return chat.encode(pairs["train"], tokenizer, **options)

    cut_anew = zoo.text.seed_subwords(cut_anew, config.seed)
    train = zoo.datasets.batches(cut_anew, config.batch_size, config.seed)
    validation = zoo.datasets.batches(rows["validation"], config.batch_size)

    # Model: subwords -> vectors -> states in both directions => states that attend -> subwords.
    keras.utils.set_random_seed(config.seed)
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        source_vocabulary_size=len(tokenizer),
        target_vocabulary_size=len(tokenizer),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        attention=config.attention,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(tokenizer), "generate")
    model.summary()

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    cell = zoo.training.cells_of(model)
    num_steps = config.epochs * len(train)
    learning_rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, num_steps)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over tokens, without padding
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
    beam = f"beam of {config.beam_width}"
    decoding = {"greedy": {}, beam: {"strategy": "beam", "beam_width": config.beam_width}}
    questions = [turns[-1] for turns, _ in pairs["train"]]
    known, metrics = [[2, *target] for _, target in rows["train"]], {}
    for split in ("validation", "test"):
        sources = [source for (source, _), _ in rows[split]]
        losses = {cell: measure(model, rows[split], config.batch_size)}
        targets = [[2, *target] for _, target in rows[split]]
        losses["3-gram"] = zoo.text.ngram_losses(known, targets, 3, len(tokenizer))
        nats = {name: float(np.concatenate(losses[name]).mean()) for name in losses}
        similar = zoo.text.nearest([turns[-1] for turns, _ in pairs[split]], questions)
        replies = {"nearest question": [pairs["train"][i][1] for i in similar]}
        for how, options in decoding.items():
            found = zoo.decoding.generate_in_batches(
                model, sources, config.max_length, config.batch_size, **options
            )
            replies[how] = tokenizer.decode(found)
        metrics[split] = {
            f"{cell}, {how}": {"nats a token": nats[cell], **zoo.metrics.score_variety(replies[how])}
            for how in decoding
        }
        metrics[split]["3-gram"] = {"nats a token": nats["3-gram"]}
        metrics[split]["nearest question"] = zoo.metrics.score_variety(replies["nearest question"])
        metrics[split]["people"] = zoo.metrics.score_variety([reply for _, reply in pairs[split]])
    zoo.recipe.print_table("", zoo.recipe.flatten(metrics))
    zoo.print_verdict(
        cell,
        ["3-gram"],
        lambda name, i: np.concatenate([losses[name][j] for j in i]).mean(),
        len(pairs["test"]),
        history=history,
        tips=["more conversations", "--dropout 0.3"],
        lower_is_better=True,
    )

    # Examples: turns of the test split, what goes wrong, and a conversation.
    for i in np.linspace(0, len(pairs["test"]) - 1, 6).astype(int):
        turns, reply = pairs["test"][i]
        print("", *(f"turn      {turn}" for turn in turns), sep="\n")
        print(f"{cell:9s} {replies[beam][i]}\nnearest   {replies['nearest question'][i]}")
        print(f"person    {reply}")
    print(f"\n{chat.describe(replies[beam], [reply for _, reply in pairs['train']])}\n")
    are_known = set("".join(texts)).issuperset("".join(LINES))
    lines = LINES if are_known else [turns[0] for turns in splits["test"][:6]]
    turns = []
    for line in lines:
        turns.append(line)
        source = chat.encode_turns(turns[-config.turns :], tokenizer)
        found = zoo.decoding.generate_in_batches(model, [source], config.max_length, **decoding[beam])
        turns.append(tokenizer.decode(found[0]))
        print(f"person    {line}\n{cell:9s} {turns[-1]}")

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "chat", "type": "encoder_decoder", "dataset": config.dataset}
    card["preprocessing"] = {"tokenizer": "sentencepiece", "max_length": config.max_length}
    card["vocabulary"] = [tokenizer.id_to_piece(i) for i in range(len(tokenizer))]
    files = {"turns.spm": tokenizer.serialized_model_proto()}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
