"""English to German. Encoder-decoder: a sequence in, another sequence of another length out.

                                       ein    Hund    </s>
                                        ^      ^       ^
    [h] <-> [h] <-> [h]  == states ==> [s] -> [s] ->  [s]
     ^       ^       ^                  ^      ^       ^
     a      dog      .                 <s>    ein     Hund

Data: by default Multi30k (CC BY-SA 4.0; Elliott et al. 2016), 29,000 descriptions of photographs with
their translations, tested on test_2016_flickr. You can also use any translation dataset of TFDS, or
`--pairs FILE`, a TSV file of source and target (the format of Tatoeba).

The tokens are subwords, because German has too many compounds ("Wasserskifahrer") for a list of words.
SentencePiece learns the subwords from the training split. In training it cuts every sentence
differently in each epoch (subword regularization, Kudo 2018), so that 29,000 pairs go further. The
decoder is trained on the true tokens so far (teacher forcing). When it translates, it reads its own
tokens.

One baseline copies the source, which shows how much names and numbers alone are worth. With --baseline
the same model is also trained without attention. It must then pass a whole sentence through one
vector, and learns far slower. Expect 32.2 BLEU on test_2016_flickr with a beam of 5 after 13 minutes
on one CPU core (mean of three seeds). More units and epochs help.

The model is from Luong et al. 2015 (global attention after the recurrent layer), with the additive
score and the bidirectional encoder of Bahdanau et al. 2015. Deviations from the papers: gru, 128
units, one layer, subwords, dropout, Adam with warm-up and cosine decay, no input feeding.
"""

import dataclasses
import itertools
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import sacrebleu
import sentencepiece

import zoo

START, END = 2, 3


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
    attention: str = zoo.flag("additive", "score of the attention", ("none", "dot", "additive"))
    baseline: bool = zoo.flag(False, "train the same model without attention too, to compare")
    dropout: float = zoo.flag(0.2, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.003, "learning rate of Adam at its peak, after the first epoch")
    epochs: int = zoo.flag(5, "passes over the training split; the best on validation is kept")
    batch_size: int = zoo.flag(32, "pairs in a batch")
    beam_width: int = zoo.flag(5, "hypotheses that beam search keeps")


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
    sentencepiece.set_random_generator_seed(config.seed)
    one_thread = ThreadPoolExecutor(1)  # because SentencePiece seeds each thread separately

    def cut_anew(rng):  # other subwords in each epoch
        options = {"enable_sampling": True, "alpha": 0.3, "nbest_size": -1}
        return one_thread.submit(encode, *splits["train"], tokenizers, **options).result()

    batches = zoo.datasets.batches(cut_anew, config.batch_size, seed=config.seed)
    rows = encode(*splits["validation"], tokenizers)
    validation = zoo.datasets.batches(rows, config.batch_size)
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


def translate(model, texts, tokenizers, config, **options):
    """Translations of texts. Options are those of `model.generate`."""
    sources = tokenizers[0].encode(texts)
    tokens = zoo.decoding.generate_in_batches(
        model, sources, config.max_length, config.batch_size, **options
    )
    return tokenizers[1].decode(tokens)


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(
            config, epochs=1, units=8, embedding_dim=8, vocabulary_size=300, batch_size=32
        )

    # Data: the subwords come from the training split only.
    languages = {"source": config.source or None, "target": config.target or None}
    own = pathlib.Path(config.pairs) if config.pairs else None
    splits = zoo.datasets.load_pairs(own or config.dataset, config.data_dir or None, **languages)
    if config.smoke:
        splits = {split: tuple(texts[:200] for texts in pair) for split, pair in splits.items()}
    print(", ".join(f"{len(sources)} {split}" for split, (sources, _) in splits.items()), "pairs")
    tokenizers = [zoo.text.train_subwords(texts, config.vocabulary_size) for texts in splits["train"]]
    tokens = [t.encode(texts) for t, texts in zip(tokenizers, splits["train"], strict=True)]
    is_short = [max(map(len, pair)) < config.max_length for pair in zip(*tokens, strict=True)]
    if not all(is_short):
        print(f"Left out {is_short.count(False)} training pairs of {config.max_length} or more tokens")
    if not any(is_short):
        raise zoo.InputError(
            f"No training pair has fewer than {config.max_length} tokens: give a larger --max-length."
        )
    splits["train"] = [list(itertools.compress(texts, is_short)) for texts in splits["train"]]

    # The model, and the same model without attention.
    models = {}
    name = f"attention {config.attention}"
    models[name], history = fit(config.attention, splits, tokenizers, config)
    if config.baseline and config.attention != "none":
        models["attention none"], _ = fit("none", splits, tokenizers, config)

    # The validation split again, and the test split. Each system translates it once.
    systems = {"copied source": {split: splits[split][0] for split in ("validation", "test")}}
    beam = f"beam of {config.beam_width}"
    decoding = {"greedy": {}, beam: {"strategy": "beam", "beam_width": config.beam_width}}
    for model_name, model in models.items():
        for how, options in decoding.items():
            systems[f"{model_name}, {how}"] = {
                split: translate(model, splits[split][0], tokenizers, config, **options)
                for split in ("validation", "test")
            }
    # BLEU and chrF of whole texts with capitals, on the test split also by length of the source.
    scores = {"BLEU": sacrebleu.BLEU(), "chrF": sacrebleu.CHRF()}
    parts = {split: (split, range(len(splits[split][0]))) for split in ("validation", "test")}
    quarters = zoo.recipe.quarters_by_length([len(text.split()) for text in splits["test"][0]])
    parts |= {f"test, {quarter}": ("test", rows) for quarter, rows in quarters.items()}
    metrics = {part: {system: {} for system in systems} for part in parts}
    for part, (split, rows) in parts.items():
        references = [[splits[split][1][i] for i in rows]]
        for system, translations in systems.items():
            texts = [translations[split][i] for i in rows]
            for score_name, score in scores.items():
                metrics[part][system][score_name] = score.corpus_score(texts, references).score
    for part, rows in metrics.items():
        zoo.recipe.print_table(part, rows, ".2f")
    for score_name, score in scores.items():
        print(f"{score_name} {score.get_signature()}")

    # A few translations to judge by eye.
    sources, references = splits["test"]
    translations = systems[f"{name}, {beam}"]["test"]
    for i in range(0, len(sources), len(sources) // 5 + 1):
        print(f"\nsource       {sources[i]}\ntranslation  {translations[i]}")
        print(f"reference    {references[i]}")

    figures = {}
    if config.output and config.attention != "none":  # of two short test sentences
        shown = np.argsort([len(text) for text in sources], stable=True)[len(sources) // 4 :][:2]
        rows = encode([sources[i] for i in shown], [translations[i] for i in shown], tokenizers)
        inputs = [[source[None], so_far[None]] for (source, so_far), _ in rows]
        labels = [
            [t.id_to_piece(x.tolist()) for t, x in zip(tokenizers, (source, target), strict=True)]
            for (source, _), target in rows
        ]
        figures["attention"] = zoo.plots.plot_attention(models[name], inputs, labels)
    card = {
        "task": "translation",
        "type": "encoder_decoder",
        "dataset": config.pairs or config.dataset,
        "preprocessing": {"tokenizer": "sentencepiece", "max_length": config.max_length},
        "vocabulary": [[t.id_to_piece(i) for i in range(len(t))] for t in tokenizers],
    }
    files = {
        f"{side}.spm": tokenizer.serialized_model_proto()
        for side, tokenizer in zip(languages, tokenizers, strict=True)
    }
    zoo.recipe.save(
        config, models[name], card, metrics=metrics, history=history, figures=figures, files=files
    )


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
