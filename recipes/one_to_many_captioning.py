"""What is in this picture? One-to-many: an image in, a caption out, word by word.

              a      dog    runs   </s>
              ^      ^      ^      ^
    image -> [h] -> [h] -> [h] -> [h]
              ^      ^      ^      ^
             <s>     a      dog    runs

Data: by default unicode_glyphs, pictures of 6,700 characters with their Unicode names, in the fonts of
matplotlib (Bitstream Vera license). --dataset also takes flickr8k, coco_captions or your own images: a
TSV, a CSV (as on Kaggle), JSON lines or a JSON file of COCO, with the path of an image and a caption in
each row, or its folder. Expect 45 BLEU-4 after 5 minutes on two cores. The nearest image has 38.

The decoder attends to places in the image. For photographs they come from MobileNetV2. The model is
from Vinyals et al. 2015, and with attention from Xu et al. 2015. Differences: a smaller convolutional
network, image features in the first state, attention in the output of the step, a GRU.
"""

import collections
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import zoo
from zoo.tasks import captioning

GLYPHS = "unicode_glyphs"


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag(GLYPHS, "name of a dataset, or path of your own data")
    encoding: str = zoo.flag("utf-8", "encoding of your own files")
    cnn_weights: str = zoo.flag(
        "imagenet", "weights of MobileNetV2 for photographs: imagenet, or a file"
    )
    attention: bool = zoo.flag(True, "attend to places in the image")
    baseline: bool = zoo.flag(False, "train the same model without attention too, to compare")
    min_count: int | None = zoo.flag(None, "words that occur less often than this become [UNK]")
    max_length: int = zoo.flag(24, "longest caption, in words, including its end")
    embedding_dim: int = zoo.flag(256, "size of a word's vector")
    units: int = zoo.flag(256, "size of the state")
    dropout: float | None = zoo.flag(None, "share of features dropped while training")
    learning_rate: float | None = zoo.flag(None, "learning rate at its peak, after the first epoch")
    epochs: int | None = zoo.flag(None, "at most this many passes over the data; the best one is kept")
    batch_size: int | None = zoo.flag(None, "captions in a batch")
    beam_width: int = zoo.flag(5, "best captions so far that beam search keeps")


def load_contexts(images, config):
    """The model's input for each image of a split: a glyph [32, 32, 1], or features [25, 1280]."""
    if config.dataset == GLYPHS:
        return np.concatenate([*images.map(tf.io.decode_png).batch(1024).as_numpy_iterator()])
    return zoo.images.image_features(images, config.data_dir, config.cnn_weights)


def build_encoder(name, config):
    """The layers between the image and the decoder. Their output is places, or one vector."""
    if config.dataset != GLYPHS:
        pooled = [keras.Input((25, 1280)), layers.GlobalAveragePooling1D()]
        return None if name == "attention" else keras.Sequential(pooled, name="encoder")
    image = keras.Input((32, 32, 1))
    x = layers.Rescaling(1 / 255)(image)
    for filters in (32, 64, 128):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
        x = layers.ReLU()(layers.BatchNormalization()(x))  # after the loop [batch, 4, 4, 128]
    x = layers.Reshape((16, 128))(x) if name == "attention" else layers.Flatten()(x)
    return keras.Model(image, x, name="encoder")


def make_batches(contexts, captions, vocabulary, config, seed=None):
    """Batches for teacher forcing: (context, words so far), and the words shifted by one."""
    index = {word: i for i, word in enumerate(vocabulary)}
    rows = []
    for i, of_image in enumerate(captions):
        for words in of_image:
            tokens = captioning.encode(words, index, config.max_length)  # [time]
            rows.append(((np.array([i]), tokens[:-1]), tokens[1:]))
    return zoo.images.look_up(contexts, zoo.datasets.batches(rows, config.batch_size, seed))


def fit(model, contexts, captions, vocabulary, config):
    """Trains a model, restores its best epoch, and returns its history."""
    train = make_batches(contexts["train"], captions["train"], vocabulary, config, config.seed)
    validation = make_batches(contexts["validation"], captions["validation"], vocabulary, config)
    zoo.training.check_model(model, validation, config.output, len(vocabulary), "generate")
    learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10,
        decay_steps=max(1, (config.epochs - 1) * len(train)),
        warmup_target=config.learning_rate,
        warmup_steps=len(train),
    )
    adam = keras.optimizers.Adam(learning_rate, global_clipnorm=1.0)
    model.compile(adam, "sparse_categorical_crossentropy")  # the mean over words, without padding
    best = keras.callbacks.EarlyStopping(patience=2 + config.epochs // 10, restore_best_weights=True)
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
        config = dataclasses.replace(config, epochs=1, units=8, embedding_dim=8, batch_size=16)

    # Data: the vocabulary comes from the training split only.
    splits = zoo.datasets.load_captions(config.dataset, config.data_dir or None, config.encoding)
    if config.smoke:
        splits = {split: (images.take(60), texts[:60]) for split, (images, texts) in splits.items()}
    print(", ".join(f"{len(texts)} {split}" for split, (_, texts) in splits.items()), "images")
    contexts = {split: load_contexts(images, config) for split, (images, _) in splits.items()}
    captions = {split: captioning.split_words(texts) for split, (_, texts) in splits.items()}
    flat = [words for some in captions["train"] for words in some]
    data = len(flat), config.dataset != GLYPHS, config.batch_size
    config = zoo.recipe.choose(config, captioning.defaults(*data))
    words = zoo.text.frequent_words(flat, config.min_count)
    vocabulary = ["", "[UNK]", "<s>", "</s>", *words]
    captioning.print_words(captions, words, config.max_length)

    # Model: the image -> places in it -> states that attend to them -> the next word.
    keras.utils.set_random_seed(config.seed)
    name = "attention" if config.attention else "no attention"
    sizes = {"vocabulary_size": len(vocabulary), "units": config.units, "dropout": config.dropout}
    decoder = {"cell": config.cell, "context_shape": (25, 1280), "embedding_dim": config.embedding_dim}
    model = zoo.build("one_to_many", encoder=build_encoder(name, config), **sizes, **decoder)
    model.summary()

    # Training: Adam, stopped early. The epoch with the best validation loss is kept.
    history = fit(model, contexts, captions, vocabulary, config)

    # Baseline: the same model without attention, if it is asked for.
    models = {name: model}
    if config.baseline and config.attention:
        keras.utils.set_random_seed(config.seed)
        encoder = build_encoder("no attention", config)
        models["no attention"] = zoo.build("one_to_many", encoder=encoder, **sizes, **decoder)
        fit(models["no attention"], contexts, captions, vocabulary, config)

    # Scores: each system describes the test images once.
    firsts = [of_image[0] for of_image in captions["train"]]
    most_frequent = list(collections.Counter(map(tuple, firsts)).most_common(1)[0][0])
    nearest = zoo.images.find_nearest(contexts["train"], contexts["test"])  # [test images]
    systems = {"most frequent caption": [most_frequent] * len(nearest)}
    systems["nearest training image"] = [firsts[i] for i in nearest]
    beam = {"strategy": "beam", "beam_width": config.beam_width}
    for system, its_model in models.items():
        for how, options in (("greedy", {}), ("beam search", beam)):
            rows = zoo.decoding.generate_in_batches(
                its_model, contexts["test"], config.max_length, config.batch_size, **options
            )
            systems[f"{system}, {how}"] = [captioning.decode(row, vocabulary) for row in rows]
    metrics = {name: zoo.metrics.score_captions(x, captions["test"]) for name, x in systems.items()}
    zoo.recipe.print_table("Test", metrics, ".2f")
    best = f"{name}, beam search"
    described = systems[best]
    score = captioning.make_score(systems, captions["test"])
    zoo.print_verdict(best, [*systems][:2], score, len(nearest), history=history, tips=captioning.TIPS)

    # Examples: captions to judge by eye, right ones and wrong ones.
    is_right = [words in some for words, some in zip(described, captions["test"], strict=True)]
    shown = zoo.recipe.pick_examples(is_right, 8)
    texts = [" ".join(described[i]) for i in shown]
    references = [" ".join(captions["test"][i][0]) for i in shown]
    for text, reference in zip(texts, references, strict=True):
        print(f"\ncaption    {text}\nreference  {reference}")
    images = zoo.images.pick(splits["test"][0], shown)
    figures = {"captions": zoo.plots.plot_captions(images, texts, references)}
    if config.attention:
        figures["attention"] = zoo.plots.plot_attention_over_images(
            model, contexts["test"][shown], images, [described[i] for i in shown], vocabulary
        )

    # Saving: the trained model, and what is needed to use it.
    network = zoo.images.network_sha256(config.cnn_weights) if config.dataset != GLYPHS else None
    image_shape = contexts["test"].shape[1:]
    card = {
        "task": "captioning",
        "type": "one_to_many",
        "dataset": config.dataset,
        "preprocessing": {"words": "zoo.text.WORD", "context": image_shape, "network": network},
        "vocabulary": vocabulary,
    }
    zoo.recipe.save(config, model, card, metrics={"test": metrics}, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
