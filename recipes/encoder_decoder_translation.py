"""How do you say this in German? Encoder-decoder: a sentence in, a sentence of another length out.

                                       ein    Hund    </s>
                                        ^      ^       ^
    [h] <-> [h] <-> [h]  == states ==> [s] -> [s] ->  [s]
     ^       ^       ^                  ^      ^       ^
     a      dog      .                 <s>    ein     Hund

Data: by default Multi30k (CC BY-SA 4.0), 29,000 descriptions of photographs with their translations.
You can also use any translation dataset of TFDS, or a TSV file of source and target.

The tokens are subwords: short pieces of words. SentencePiece learns them from the training split, and
cuts each sentence differently in each epoch (Kudo 2018). The baseline copies the source. BLEU compares
a translation with the reference. Expect 32.2 BLEU (0 to 100, mean of three seeds) after 13 minutes.

The model is from Luong et al. 2015, with encoder and attention score of Bahdanau et al. 2015.
Differences: a GRU, 128 units, one layer, subwords, dropout, Adam, cosine decay, no input feeding.
"""

import dataclasses
import itertools
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import sacrebleu

import zoo

START, END = 2, 3
SCORES = {"BLEU": sacrebleu.BLEU(), "chrF": sacrebleu.CHRF()}


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag("multi30k", "name of a translation dataset")
    pairs: str = zoo.flag("", "your own pairs instead: a TSV of source and target")
    source: str = zoo.flag("", "language to translate from, '' for the dataset's own choice")
    target: str = zoo.flag("", "language to translate to, '' for the dataset's own choice")
    vocabulary_size: int = zoo.flag(3000, "number of subwords of each language")
    max_length: int = zoo.flag(64, "longest training sentence and longest translation, in tokens")
    embedding_dim: int = zoo.flag(128, "size of a subword's vector")
    units: int = zoo.flag(128, "size of the state")
    num_layers: int = zoo.flag(1, "number of recurrent layers in the encoder and in the decoder")
    attention: str = zoo.flag("additive", "how attention is computed", ("none", "dot", "additive"))
    baseline: bool = zoo.flag(False, "train the same model without attention too, to compare")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.003, "learning rate of Adam at its peak, after the first epoch")
    epochs: int = zoo.flag(5, "passes over the training split; the best on validation is kept")
    batch_size: int = zoo.flag(32, "pairs in a batch")
    beam_width: int = zoo.flag(5, "best translations so far that beam search keeps")


def encode(sources, targets, tokenizers, **options):
    """Rows for teacher forcing: (source, target so far), and the target shifted by one."""
    rows = []
    for texts in zip(sources, targets, strict=True):
        source, target = (t.encode(x, **options) for t, x in zip(tokenizers, texts, strict=True))
        target = np.array([START, *target, END], "int32")
        rows.append(((np.array(source, "int32"), target[:-1]), target[1:]))  # each [time]
    return rows


def fit(attention, splits, tokenizers, config):
    """Builds and trains a model, and returns it with its history."""
    keras.utils.set_random_seed(config.seed)

    def cut_anew(rng):  # called once for each epoch, so each has other subwords
        return encode(*splits["train"], tokenizers, enable_sampling=True, alpha=0.3, nbest_size=-1)

    cut_anew = zoo.text.seed_subwords(cut_anew, config.seed)
    batches = zoo.datasets.batches(cut_anew, config.batch_size, config.seed)
    validation = zoo.datasets.batches(encode(*splits["validation"], tokenizers), config.batch_size)
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        source_vocabulary_size=len(tokenizers[0]),
        target_vocabulary_size=len(tokenizers[1]),
        embedding_dim=config.embedding_dim,
        units=config.units,
        num_layers=config.num_layers,
        attention=attention,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(tokenizers[1]), "generate")
    model.summary()
    learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10,
        decay_steps=max(1, (config.epochs - 1) * len(batches)),
        warmup_target=config.learning_rate,
        warmup_steps=len(batches),
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over tokens, without padding
    )
    best = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    history = model.fit(
        batches,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history
    return model, history


def score(translations, references, rows):
    """Scores some of the translations, as whole texts with capitals."""
    texts, right = [translations[i] for i in rows], [references[i] for i in rows]
    return {name: metric.corpus_score(texts, [right]).score for name, metric in SCORES.items()}


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, embedding_dim=8, vocabulary_size=300)

    # Data: the subwords come from the training split only.
    data = pathlib.Path(config.pairs) if config.pairs else config.dataset
    splits = zoo.datasets.load_pairs(data, config.data_dir or None, config.source, config.target)
    if config.smoke:
        splits = {split: tuple(texts[:200] for texts in pair) for split, pair in splits.items()}
    print(", ".join(f"{len(sources)} {split}" for split, (sources, _) in splits.items()), "pairs")
    tokenizers = [zoo.text.train_subwords(texts, config.vocabulary_size) for texts in splits["train"]]
    tokens = [t.encode(texts) for t, texts in zip(tokenizers, splits["train"], strict=True)]
    is_short = [max(map(len, pair)) < config.max_length for pair in zip(*tokens, strict=True)]
    print(f"Left out {is_short.count(False)} training pairs of {config.max_length} or more tokens")
    if not any(is_short):
        raise zoo.InputError(
            f"No training pair has fewer than {config.max_length} tokens: give a larger --max-length."
        )
    splits["train"] = [list(itertools.compress(texts, is_short)) for texts in splits["train"]]

    # The model, and the same model without attention.
    model, history = fit(config.attention, splits, tokenizers, config)
    models = {f"attention {config.attention}": model}
    if config.baseline and config.attention != "none":
        models["attention none"], _ = fit("none", splits, tokenizers, config)

    # Score the validation split again, and the test split for the only time.
    beam = f"beam of {config.beam_width}"
    decoding = {"greedy": {}, beam: {"strategy": "beam", "beam_width": config.beam_width}}
    metrics = {}
    for split in ("validation", "test"):
        sources, references = splits[split]
        tokens = tokenizers[0].encode(sources)
        systems = {"copied source": sources}
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
            metrics[part] = {name: score(texts, references, rows) for name, texts in systems.items()}
            zoo.recipe.print_table(part, metrics[part], ".2f")
    for name, metric in SCORES.items():
        print(f"{name} {metric.get_signature()}")

    # A few translations to judge by eye.
    translations = systems[f"attention {config.attention}, {beam}"]  # of the test split
    for i in range(0, len(sources), len(sources) // 5 + 1):
        print(
            f"\nsource       {sources[i]}\ntranslation  {translations[i]}\nreference    {references[i]}"
        )

    figures = {}
    if config.output and config.attention != "none":  # of two short test sentences
        shown = np.argsort([len(text) for text in sources], stable=True)[len(sources) // 4 :][:2]
        rows = encode([sources[i] for i in shown], [translations[i] for i in shown], tokenizers)
        inputs = [[source[None], so_far[None]] for (source, so_far), _ in rows]
        labels = [
            [t.id_to_piece(x.tolist()) for t, x in zip(tokenizers, (source, target), strict=True)]
            for (source, _), target in rows
        ]
        figures["attention"] = zoo.plots.plot_attention(model, inputs, labels)
    card = {
        "task": "translation",
        "type": "encoder_decoder",
        "dataset": str(data),
        "preprocessing": {"tokenizer": "sentencepiece", "max_length": config.max_length},
        "vocabulary": [[t.id_to_piece(i) for i in range(len(t))] for t in tokenizers],
    }
    learned = [tokenizer.serialized_model_proto() for tokenizer in tokenizers]
    files = dict(zip(("source.spm", "target.spm"), learned, strict=True))
    zoo.recipe.save(config, model, card, metrics=metrics, history=history, figures=figures, files=files)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
