"""How long does a training step with a CRF head take, compared with a softmax head?

The model is the tagger for named entities of Lample et al. 2016. Word vectors have 100 dimensions, and
character vectors have 25. An LSTM of 25 units in each direction reads the characters. Then an LSTM of
100 units in each direction reads the words. The batches are random sentences of CoNLL-2003. The two
heads take turns: each trains for one epoch on the same batches. The first epoch does not count. The
figure is the median over the rounds. Metrics are computed as in training, so the time of the CRF
includes decoding every batch.
"""

import dataclasses
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import zoo


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("lstm", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    data_dir: str = zoo.flag("", "where TFDS keeps conll2003, '' for its default")
    steps: int = zoo.flag(15, "batches in an epoch")
    rounds: int = zoo.flag(21, "timed epochs of each head")
    batch_size: int = zoo.flag(32, "sentences in a batch")
    units: int = zoo.flag(100, "size of the state of the word layer, in each direction")
    characters: bool = zoo.flag(True, "read the characters of each word too")
    seed: int = zoo.flag(0, "the same seed gives the same batches")


def make_dataset(sentences, config):
    """Batches of inputs [tokens, characters], tags and weights. Tokens are hashes of the words."""

    def encode(words, tags):
        tokens = 1 + tf.strings.to_hash_bucket_fast(words, 9999)  # [time]
        characters = tf.minimum(tf.strings.unicode_decode(words, "UTF-8"), 127).to_tensor()
        inputs = (tokens, characters) if config.characters else tokens
        return inputs, tags, tf.ones_like(tags, "float32")

    signature = (tf.TensorSpec((None,), "string"), tf.TensorSpec((None,), "int64"))
    dataset = tf.data.Dataset.from_generator(lambda: sentences, output_signature=signature).map(encode)
    dataset = dataset.padded_batch(config.batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(config.steps)).cache()


def main(config):
    rows = zoo.datasets.load("conll2003", "train", config.data_dir or None).as_numpy_iterator()
    sentences = [(row["tokens"], row["ner"]) for row in rows if len(row["tokens"])]
    rng = np.random.default_rng(config.seed)
    chosen = rng.choice(len(sentences), config.steps * config.batch_size)
    dataset = make_dataset([sentences[i] for i in chosen], config)
    lengths = [len(sentences[i][0]) for i in chosen]
    print(f"{keras.backend.backend()}: {config.steps} batches of {config.batch_size} sentences of")
    print(f"{np.mean(lengths):.1f} words on average, {max(lengths)} at most")

    models = {}
    for head in ("softmax", "crf"):
        keras.utils.set_random_seed(config.seed)
        models[head] = zoo.build(
            "many_to_many",
            cell=config.cell,
            units=config.units,
            head=head,
            characters=config.characters,
            dropout=0.5,
        )
        loss = "sparse_categorical_crossentropy" if head == "softmax" else None
        models[head].compile("adam", loss, weighted_metrics=["accuracy"])
    seconds = {head: [] for head in models}
    for _ in range(config.rounds + 1):
        for head, model in models.items():
            start = time.perf_counter()
            model.fit(dataset, shuffle=False, verbose=0)
            seconds[head].append((time.perf_counter() - start) / config.steps)

    print("milliseconds a step, and the ratio round by round: median (10 % below, 10 % above)")
    milliseconds = {head: 1000 * np.array(values[1:]) for head, values in seconds.items()}
    ratio = {"crf / softmax": milliseconds["crf"] / milliseconds["softmax"]}
    for name, values in (milliseconds | ratio).items():
        low, median, high = np.percentile(values, (10, 50, 90))
        print(f"{name:14s} {median:8.2f} ({low:.2f}, {high:.2f})")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
