"""Trains three types for a few steps. The tests of distribution start it in processes of its own.

It prints one line of JSON with the losses of each epoch and the sums of the trained weights.
"""

import dataclasses
import json
import os
import sys

import keras
import numpy as np

import zoo


@dataclasses.dataclass
class Config(zoo.Config):
    dropout: float = zoo.flag(0.0, "share of features dropped")
    rows: int = zoo.flag(22, "to train on")
    output: str = zoo.flag("written", "a folder that is not used")


def train(model, rows, loss=None, **options):
    model.compile(
        keras.optimizers.Adam(0.01, global_clipnorm=1.0), loss, metrics=options.pop("metrics", None)
    )
    # A strategy of TensorFlow starts one more pass over the data, which would change the order.
    order = 0 if keras.backend.backend() == "jax" else None
    batches = zoo.datasets.batches(rows, 8, seed=order)
    history = model.fit(batches, epochs=2, shuffle=False, verbose=0, **options).history
    weights = [float(np.square(weight).sum()) for weight in model.get_weights() if weight.ndim > 1]
    return {"history": history, "weights": weights}


@zoo.apply_config
def main(config):
    keras.utils.set_random_seed(0)
    sizes = {"cell": "gru", "units": 6, "embedding_dim": 5, "dropout": config.dropout}
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, config.rows)
    tokens = [rng.integers(4, 20, n) for n in lengths]
    labels = [(row[:1] > 11).astype("float32") for row in tokens]  # [1]
    classifier = zoo.build("many_to_one", vocabulary_size=20, **sizes)
    tagger = zoo.build("many_to_many", head="crf", num_tags=3, vocabulary_size=20, **sizes)
    vocabularies = {"source_vocabulary_size": 20, "target_vocabulary_size": 20}
    translator = zoo.build("encoder_decoder", attention="dot", **vocabularies, **sizes)
    targets = [np.array([2, *row[::2], 3]) for row in tokens]
    pairs = [((row, y[:-1]), y[1:]) for row, y in zip(tokens, targets, strict=True)]
    texts = [*zip(tokens, labels, strict=True)]
    validation = {
        "metrics": ["accuracy"],
        "validation_data": zoo.datasets.batches(texts, 8),
        "callbacks": [keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)],
    }
    results = {
        "many_to_one": train(classifier, texts, "binary_crossentropy", **validation),
        "crf": train(tagger, [(row, row % 3) for row in tokens]),
        "encoder_decoder": train(translator, pairs[:16], "sparse_categorical_crossentropy"),
    }
    print(json.dumps(results))


if __name__ == "__main__":
    if "LOGICAL_DEVICES" in os.environ:
        import tensorflow as tf

        devices = [tf.config.LogicalDeviceConfiguration()] * int(os.environ["LOGICAL_DEVICES"])
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    zoo.run(main, Config, "", sys.argv[1:])
