"""What is in this picture? One-to-many: an image in, a caption out, word by word.

              a      dog    runs   </s>
              ^      ^      ^      ^
    image -> [h] -> [h] -> [h] -> [h]
              ^      ^      ^      ^
             <s>     a      dog    runs

Data: by default unicode_glyphs, images of 6,700 characters in the DejaVu faces that matplotlib carries
(Bitstream Vera licence), with their Unicode names; no network is needed. The split is by character: the
test asks for names that training never saw, such as LATIN SMALL LETTER Y WITH DOT BELOW. Some nobody
can know, as the Latin A, the Greek Alpha and the Cyrillic A are one picture, or a word is in no other
name. Other choices: flickr8k, 8,000 photographs with five captions each (for research), coco_captions,
or your own photographs, listed in a TSV file of image and caption.

For glyphs a small convolutional network is trained along with the decoder. Photographs are described
by MobileNetV2 as it was trained on ImageNet (`--cnn-weights FILE` where there is no network): 1,280
numbers at each of 5 x 5 places, computed once and kept beside the datasets. The decoder attends to the
places while it writes, or has nothing but one vector, in its first state (`--no-attention`, or
`--baseline` to compare the two). Beside it two baselines without a recurrent network: the most frequent
caption, which needs no image, and that of the training image which is most alike, in its pixels or its
mean features.

BLEU-1 to 4 are sacrebleu's, against all captions of an image: words in lower case, with inner hyphens
and apostrophes and without punctuation, as is usual for captions. To expect, on one CPU core: for
glyphs in 6 minutes BLEU-4 45.3 and 15.5 % of the names exactly right, as the mean of three seeds; for
flickr8k with --learning-rate 0.001 in 11 minutes BLEU-4 18.1, by the features of the README.

The model is that of Vinyals et al. 2015, "Show and Tell", and with attention that of Xu et al. 2015,
"Show, Attend and Tell". Different here: a smaller convolutional network, whose features make the first
state instead of a first input; what is attended to goes into the output of the same step; gru.
"""

import collections
import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.neighbors import NearestNeighbors

import zoo

START, END = 2, 3
GLYPHS = "unicode_glyphs"
WORD = zoo.text.WORD  # letters and digits, with inner hyphens and apostrophes


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    dataset: str = zoo.flag(GLYPHS, "name of a dataset, or a TSV of image and caption")
    data_dir: str = zoo.flag("", "where TFDS keeps its files, '' for its default")
    cnn_weights: str = zoo.flag("imagenet", "of MobileNetV2, for photographs: imagenet, or a file")
    attention: bool = zoo.flag(True, "attend to the places of the image")
    baseline: bool = zoo.flag(False, "train the same model without attention too, to compare")
    min_count: int = zoo.flag(4, "words that training has less often are unknown")
    max_length: int = zoo.flag(24, "words of a caption at most, its end included")
    embedding_dim: int = zoo.flag(256, "size of a word's vector")
    units: int = zoo.flag(256, "size of the state")
    dropout: float = zoo.flag(0.4, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "of Adam, at its peak after the first epoch")
    epochs: int = zoo.flag(6, "passes over the training split; the best on validation is kept")
    batch_size: int = zoo.flag(64, "captions in a batch")
    precision: str = zoo.flag("float32", "of layers", ("float32", "mixed_float16", "mixed_bfloat16"))
    distribute: bool = zoo.flag(False, "train on all devices, and with JAX in all processes")
    beam_width: int = zoo.flag(5, "hypotheses that beam search keeps")
    seed: int = zoo.flag(0, "the same seed gives the same numbers")
    output: str = zoo.flag("", "folder to write the trained model to, '' for none")
    smoke: bool = zoo.flag(False, "a few rows and one epoch, to see that everything runs")


def load_contexts(images, config):
    """What a model reads of each image of a split: a glyph [32, 32, 1], or features [25, 1280]."""
    if config.dataset == GLYPHS:
        return np.stack([*images.map(tf.io.decode_png).as_numpy_iterator()])
    return zoo.images.image_features(images, config.data_dir, config.cnn_weights)


def build_encoder(name, config):
    """What is trained between the image and the decoder, to places or to one vector."""
    if config.dataset != GLYPHS:
        pooled = [keras.Input((25, 1280)), layers.GlobalAveragePooling1D()]
        return None if name == "attention" else keras.Sequential(pooled, name="encoder")
    image = keras.Input((32, 32, 1))
    x = layers.Rescaling(1 / 255)(image)
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.MaxPooling2D()(x)  # at last [batch, 4, 4, 128]
    x = layers.Reshape((16, 128))(x) if name == "attention" else layers.Flatten()(x)
    return keras.Model(image, x, name="encoder")


def make_batches(contexts, captions, vocabulary, config, seed=None):
    """Batches for teacher forcing: (context, words so far), and the words that come next."""
    index = {word: i for i, word in enumerate(vocabulary)}
    rows = []
    for i, of_image in enumerate(captions):
        for words in of_image:
            tokens = [START, *(index.get(word, 1) for word in words), END]
            tokens = np.array(tokens[: config.max_length + 1], "int32")  # [time]
            rows.append(((np.array([i]), tokens[:-1]), tokens[1:]))

    def look_up(inputs, targets):  # many captions share a context, which may lie on the disk
        i, so_far = inputs
        context = tf.numpy_function(lambda i: contexts[i].astype("float32"), [i[:, 0]], tf.float32)
        return (tf.ensure_shape(context, (None, *contexts.shape[1:])), so_far), targets

    return zoo.datasets.batches(rows, config.batch_size, seed).map(look_up).prefetch(2)


def train(name, contexts, captions, vocabulary, config):
    print(f"\nThe model with {name}:")
    keras.utils.set_random_seed(config.seed)
    train, validation = (
        make_batches(contexts[split], captions[split], vocabulary, config, seed)
        for split, seed in (("train", config.seed), ("validation", None))
    )
    model = zoo.build(
        "one_to_many",
        cell=config.cell,
        context_shape=(25, 1280),
        encoder=build_encoder(name, config),
        vocabulary_size=len(vocabulary),
        embedding_dim=config.embedding_dim,
        units=config.units,
        dropout=config.dropout,
    )
    zoo.training.check_model(model, validation, config.output, len(vocabulary), "generate")
    model.summary()
    learning_rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 10,
        decay_steps=max(1, (config.epochs - 1) * len(train)),
        warmup_target=config.learning_rate,
        warmup_steps=len(train),
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",  # the mean over words: the mask leaves padding out
    )
    best = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = model.fit(
        train,
        validation_data=validation,
        epochs=config.epochs,
        callbacks=[best, zoo.training.RaiseOnNaN()],
        shuffle=False,  # the dataset shuffles by itself
    ).history
    return model, history


def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, embedding_dim=8, batch_size=16)

    # Data: the vocabulary is that of the training split alone.
    splits = zoo.datasets.load_captions(config.dataset, config.data_dir or None)
    if config.smoke:
        splits = {split: (images.take(60), texts[:60]) for split, (images, texts) in splits.items()}
    print(", ".join(f"{len(texts)} {split}" for split, (_, texts) in splits.items()), "images")
    contexts = {split: load_contexts(images, config) for split, (images, _) in splits.items()}
    network = None
    if config.output and config.dataset != GLYPHS:  # now, while a missing file loses nothing
        network = zoo.images.network_sha256(config.cnn_weights)
    captions = {
        split: [[WORD.findall(text.lower()) for text in of_image] for of_image in texts]
        for split, (_, texts) in splits.items()
    }
    counts = collections.Counter(w for of_image in captions["train"] for c in of_image for w in c)
    words = [word for word, count in counts.most_common() if count >= config.min_count]
    if not words:
        raise zoo.InputError(f"No word is in {config.min_count} training captions: lower --min-count.")
    vocabulary = ["", "[UNK]", "<s>", "</s>", *words]
    can_be_told = [any(map(set(words).issuperset, of_image)) for of_image in captions["test"]]
    print(f"{len(words)} words; {np.mean(can_be_told):.1%} of the test images have a caption of these")

    # The model, or the same without attention, or both.
    names = ["attention", "no attention"] if config.baseline else ["attention"]
    names = names if config.attention else ["no attention"]
    trained = {name: train(name, contexts, captions, vocabulary, config) for name in names}

    # Each system describes the test images once.
    firsts = [of_image[0] for of_image in captions["train"]]
    most_frequent = list(collections.Counter(map(tuple, firsts)).most_common(1)[0][0])
    flat = {
        split: x.reshape(len(x), -1) if config.dataset == GLYPHS else x.mean(axis=1, dtype="float32")
        for split, x in contexts.items()
    }  # [images, pixels or features]
    neighbours = NearestNeighbors(n_neighbors=1, metric="cosine").fit(flat["train"])
    (nearest,) = neighbours.kneighbors(flat["test"], return_distance=False).T
    systems = {
        "most frequent caption": [most_frequent] * len(nearest),
        "nearest training image": [firsts[i] for i in nearest],
    }
    beam = {"strategy": "beam", "beam_width": config.beam_width}
    for name, (model, _) in trained.items():
        for how, options in (("greedy", {}), ("beam search", beam)):
            rows = zoo.decoding.generate_in_batches(
                model, contexts["test"], config.max_length, config.batch_size, **options
            )
            systems[f"{name}, {how}"] = [[vocabulary[token] for token in row] for row in rows]
    metrics = {}
    print(f"\n{'Test':26s}  BLEU-1  BLEU-2  BLEU-3  BLEU-4   exact")
    for system, described in systems.items():
        metrics[system] = zoo.metrics.score_captions(described, captions["test"])
        print(f"{system:26s}" + "".join(f"{value:8.2f}" for value in metrics[system].values()))

    # A few captions to judge by eye: right ones, if there are any, and wrong ones.
    described = systems[f"{names[0]}, beam search"]  # of the test images
    is_right = np.array([c in some for c, some in zip(described, captions["test"], strict=True)])
    shown = sorted([*np.flatnonzero(is_right)[:4], *np.flatnonzero(~is_right)[:4]])
    texts = [" ".join(described[i]) for i in shown]
    references = [" ".join(captions["test"][i][0]) for i in shown]
    for text, reference in zip(texts, references, strict=True):
        print(f"\ncaption    {text}\nreference  {reference}")

    if not config.output:
        print("\nNothing was written; --output DIR keeps the model.")
        return
    model, history = trained[names[0]]
    encoded = [image for i, image in enumerate(splits["test"][0]) if i in shown]
    images = [tf.io.decode_image(image, 3, expand_animations=False) for image in encoded]
    figures = {"captions": zoo.plots.plot_captions(images, texts, references)}
    if config.attention:
        looked = [contexts["test"][shown], images, [described[i] for i in shown], vocabulary]
        figures["attention"] = zoo.plots.plot_attention_over_images(model, *looked)
    task = {
        "task": "captioning",
        "type": "one_to_many",
        "cell": zoo.training.cells_of(model),
        "dataset": config.dataset,
        "preprocessing": {
            "words": "zoo.text.WORD",
            "context": contexts["test"].shape[1:],
            "network": network,
        },
        "config": dataclasses.asdict(config),
        "vocabulary": vocabulary,
    }
    results = {"metrics": {"test": metrics}, "history": history, "figures": figures}
    zoo.save(config.output, model, task=task, **results)
    print(f"\nWritten to {config.output}: model, vocabulary, metrics, history and plots.")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
