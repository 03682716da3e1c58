"""How do you say this in German? Encoder-decoder: a sentence in, a sentence of another length out.

                                       ein    Hund    </s>
                                        ^      ^       ^
    [h] <-> [h] <-> [h]  == states ==> [s] -> [s] ->  [s]
     ^       ^       ^                  ^      ^       ^
     a      dog      .                 <s>    ein     Hund

Data: by default Multi30k (CC BY-SA 4.0), 29,000 descriptions of photographs with their translations.
--dataset tatoeba_hin has 3,117 English sentences in Hindi (CC BY 2.0 FR). --dataset also takes any
translation dataset of TFDS, or a file or folder of your own: TSV or CSV, such as the files of Tatoeba;
JSON lines, with or without "translation"; parallel files such as train.en and train.fr. --source and
--target choose the language, the column or the ending.

The tokens are subwords: short pieces of words. SentencePiece learns them from the training split, and
cuts each sentence differently in each epoch (Kudo 2018). The baselines are the source itself, and the
translation of the most similar training sentence. Expect 32.2 BLEU (0 to 100) after 5 minutes on two
CPU cores.

The model is from Luong et al. 2015, with encoder and attention score of Bahdanau et al. 2015.
Differences: a GRU, 128 units, one layer, subwords, dropout, Adam, cosine decay, no input feeding.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo
from zoo.tasks import translation


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("multi30k", "name of a dataset, or path of your own data")
    source: str = zoo.flag("", "language or column to translate from, '' to find it")
    target: str = zoo.flag("", "language or column to translate to, '' to find it")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    vocabulary_size: int | None = zoo.flag(None, "number of subwords of each language")
    max_length: int = zoo.flag(64, "longest training sentence and longest translation, in tokens")
    embedding_dim: int = zoo.flag(128, "size of a subword's vector")
    units: int = zoo.flag(128, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    attention: str = zoo.flag("additive", "how attention is computed", ("none", "dot", "additive"))
    baseline: bool = zoo.flag(False, "train the same model without attention too, to compare")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.003, "learning rate of Adam at its peak, after the first epoch")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "pairs in a batch")
    beam_width: int = zoo.flag(5, "best translations so far that beam search keeps")


def fit(model, splits, tokenizers, config):
    """Trains a model, restores its best epoch, and returns its history."""

    def cut_anew(rng):  # called once for each epoch, so each has other subwords
        options = {"enable_sampling": True, "alpha": 0.3, "nbest_size": -1}
        return translation.encode(*splits["train"], tokenizers, **options)

    cut_anew = zoo.text.seed_subwords(cut_anew, config.seed)
    train = zoo.datasets.batches(cut_anew, config.batch_size, config.seed)
    validation_rows = translation.encode(*splits["validation"], tokenizers)
    validation = zoo.datasets.batches(validation_rows, config.batch_size)
    zoo.training.check_model(model, validation, config.output, len(tokenizers[1]), "generate")
    learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10,
        decay_steps=max(1, (config.epochs - 1) * len(train)),
        warmup_target=config.learning_rate,
        warmup_steps=len(train),
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over tokens, without padding
    )
    best = keras.callbacks.EarlyStopping(patience=max(3, config.epochs // 4), restore_best_weights=True)
    return model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, embedding_dim=8, vocabulary_size=300)

    # Data: the subwords come from the training split only.
    splits = zoo.datasets.load_pairs(
        config.dataset, config.data_dir or None, config.source, config.target, config.encoding
    )
    if config.smoke:
        splits = {split: tuple(texts[:200] for texts in pair) for split, pair in splits.items()}
    print(", ".join(f"{len(sources)} {split}" for split, (sources, _) in splits.items()), "pairs")
    config = zoo.recipe.choose(config, translation.defaults(*splits["train"], config.batch_size))
    tokenizers = translation.train_tokenizers(splits["train"], config.vocabulary_size)
    splits["train"] = translation.leave_out_long(splits["train"], tokenizers, config.max_length)
    pieces = [t.encode(x[0], out_type=str) for t, x in zip(tokenizers, splits["train"], strict=True)]
    print(f"First row, as the network sees it: {' -> '.join(map(' '.join, pieces))}")

    # Model: subwords -> vectors -> states in both directions => states that attend -> subwords.
    sizes = {
        "cell": config.cell,
        "source_vocabulary_size": len(tokenizers[0]),
        "target_vocabulary_size": len(tokenizers[1]),
        "embedding_dim": config.embedding_dim,
        "units": config.units,
        "num_layers": config.num_layers,
        "dropout": config.dropout,
    }
    keras.utils.set_random_seed(config.seed)
    model = zoo.build("encoder_decoder", attention=config.attention, **sizes)
    model.summary()

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    history = fit(model, splits, tokenizers, config)

    # Baseline: the same model without attention, if it is asked for.
    models = {f"attention {config.attention}": model}
    if config.baseline and config.attention != "none":
        keras.utils.set_random_seed(config.seed)
        models["attention none"] = zoo.build("encoder_decoder", attention="none", **sizes)
        fit(models["attention none"], splits, tokenizers, config)

    # Scores: the validation split again, and the test split for the only time.
    beam = f"beam of {config.beam_width}"
    decoding = {"greedy": {}, beam: {"strategy": "beam", "beam_width": config.beam_width}}
    metrics, known = {}, splits["train"][0][:30_000]  # more would take long to compare with
    for split in ("validation", "test"):
        sources, references = splits[split]
        tokens = tokenizers[0].encode(sources)
        found = zoo.text.nearest(sources, known)
        neighbors = [splits["train"][1][i] for i in found]
        systems = {"copied source": sources, "nearest sentence": neighbors}
        for name, translator in models.items():
            for how, options in decoding.items():
                rows = zoo.decoding.generate_in_batches(
                    translator, tokens, config.max_length, config.batch_size, **options
                )
                systems[f"{name}, {how}"] = tokenizers[1].decode(rows)
        parts = {split: range(len(sources))}
        if split == "test":  # also by the length of the source
            quarters = zoo.recipe.quarters_by_length([len(text.split()) for text in sources])
            parts |= {f"test, {quarter}": rows for quarter, rows in quarters.items()}
        for part, rows in parts.items():
            metrics[part] = {
                name: zoo.metrics.score_translations(texts, references, rows)
                for name, texts in systems.items()
            }
            zoo.recipe.print_table(part, metrics[part], ".2f")
    print(*zoo.metrics.sacrebleu_signatures(), sep="\n")
    network = f"attention {config.attention}, {beam}"
    translations = systems[network]  # of the test split
    zoo.verdict.note_empty(map(str.strip, translations), "translations")
    measure = "BLEU" if zoo.metrics.has_long_references(references) else "chrF"
    zoo.print_verdict(
        network,
        ["copied source", "nearest sentence"],
        lambda name, rows: zoo.metrics.score_translations(systems[name], references, rows)[measure],
        len(sources),
        history=history,
        tips=["more pairs", "--units 256 --embedding-dim 256, a larger network"],
    )

    # Examples: translations to judge by eye. Some are equal to the reference, the others are not.
    is_right = [text == right for text, right in zip(translations, references, strict=True)]
    for i in zoo.recipe.pick_examples(is_right):
        print(f"\nsource       {sources[i]}\ntranslation  {translations[i]}")
        print(f"reference    {references[i]}")
    figures = {}
    if config.attention != "none":  # a picture of two short test sentences
        shown = np.argsort([len(text) for text in sources], stable=True)[len(sources) // 4 :][:2]
        pair = ([texts[i] for i in shown] for texts in (sources, translations))
        rows = translation.encode(*pair, tokenizers)
        inputs = [[source[None], so_far[None]] for (source, so_far), _ in rows]
        labels = [
            [t.id_to_piece(x.tolist()) for t, x in zip(tokenizers, (source, target), strict=True)]
            for (source, _), target in rows
        ]
        figures["attention"] = zoo.plots.plot_attention(model, inputs, labels)

    # Saving: the trained model, and what is needed to use it.
    card = {"task": "translation", "type": "encoder_decoder", "dataset": config.dataset}
    card["preprocessing"] = {"tokenizer": "sentencepiece", "max_length": config.max_length}
    card["vocabulary"] = [[t.id_to_piece(i) for i in range(len(t))] for t in tokenizers]
    names = "source.spm", "target.spm"
    files = {n: t.serialized_model_proto() for n, t in zip(names, tokenizers, strict=True)}
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
