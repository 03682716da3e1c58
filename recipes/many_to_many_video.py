"""What does the person do right now? Many-to-many: a class for each frame of a video.

    walk    walk    jump    jump
      ^       ^       ^       ^
     [h] <-> [h] <-> [h] <-> [h]
      ^       ^       ^       ^
     CNN     CNN     CNN     CNN
      ^       ^       ^       ^
    frame   frame   frame   frame

Data: by default weizmann_actions, silhouettes of nine people who walk, jump, wave and so on in 93 clips
(Gorelick et al. 2007; for research). The clips of each person are joined in random order to one long
video. One person after the other is left out: a network learns from the videos of all others, and is
tested on that of this person. So there are nine networks.

Your own videos: --dataset clips, a folder of video files (MP4, AVI, GIF and others) or of folders of
images, with a CSV next to each. It has the columns start, end and label in seconds, or start_frame,
end_frame and label in frames.

A small convolutional network (CNN) turns each frame, and its difference from the frame before, into a
vector. A recurrent layer reads the vectors in both directions. See Donahue et al. 2015, "Long-term
Recurrent Convolutional Networks for Visual Recognition and Description". Each epoch joins the training
clips in another order, cuts the videos into windows, and mirrors half of them.

Expect a test accuracy of 0.98 after 10 minutes on one CPU core. The baseline, logistic regression on
single frames, has 0.782.
"""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression

import zoo
from zoo.tasks import video_classification, video_tagging


@dataclasses.dataclass
class Config(zoo.Config):
    cell: str = zoo.flag("gru", zoo.recipe.CELL_HELP)
    dataset: str = zoo.flag("weizmann_actions", "name of a dataset, or path of your own videos")
    encoding: str = zoo.flag("utf-8", "encoding of your own CSV files")
    image_size: int = zoo.flag(32, "height and width of the frames in pixels")
    frame_step: int = zoo.flag(2, "2 keeps every second frame, and so on")
    center: bool = zoo.flag(True, "follow the silhouette, if the videos are white on black")
    num_folds: int | None = zoo.flag(None, "people to leave out, one after the other")
    validate: bool = zoo.flag(False, "to choose settings: score the validation split, not test")
    window: int = zoo.flag(48, "frames that the network sees at once in training")
    augment: bool = zoo.flag(True, "mirror half of the training windows, and move all a little")
    units: int = zoo.flag(64, "size of the state, in each direction")
    dropout: float = zoo.flag(0.3, "share of features dropped while training")
    learning_rate: float = zoo.flag(0.002, "initial learning rate; it falls to 0 along a cosine")
    epochs: int | None = zoo.flag(None, "passes over the training split; the last one is kept")
    batch_size: int = zoo.flag(8, "windows in a batch")


def build_encoder(shape, config):
    """The convolutional network that turns a frame and its motion into a vector."""
    x = frame = keras.Input(shape)  # [height, width, channels]
    for filters in (16, 32, 64):  # each halves the height and the width
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dropout(config.dropout)(layers.Flatten()(x))  # [frames, features]
    return keras.Model(frame, layers.Dense(64, activation="relu")(x), name="encoder")


def join(clips, seed):
    """Joins the clips of each person in random order: inputs `[time, height, ...]`, labels `[time]`."""
    rng, videos = np.random.default_rng(seed), []
    for person in dict.fromkeys(clip.person for clip in clips):
        some = [clip for clip in clips if clip.person == person]
        some = [some[i] for i in rng.permutation(len(some))]
        frames = np.concatenate([clip.frames for clip in some])
        starts = np.cumsum([len(clip.frames) for clip in some])[:-1]
        now, before = np.split(frames, 2, axis=-1)  # views: what is written here is in `frames`
        before[starts] = now[starts - 1]  # as in a film, where the picture jumps from clip to clip
        videos.append((zoo.video.scale(frames), np.concatenate([clip.label for clip in some])))
    return videos


def fit(model, clips, validation, config):
    """Trains a model on clips, and returns its history."""

    def draw(rng):  # called once for each epoch
        windows = []
        for frames, labels in join(clips, rng):
            for start in range(0, len(frames), config.window):
                part = frames[start : start + config.window]
                if config.augment:
                    part = np.roll(part, rng.integers(-2, 3), axis=2)[:, :, :: rng.choice([-1, 1])]
                windows.append((part, labels[start : start + config.window]))
        return windows

    train = zoo.datasets.batches(draw, config.batch_size, config.seed)
    if validation:
        validation = zoo.datasets.batches(join(validation, config.seed), 1)
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * len(train))
    adam = keras.optimizers.Adam(schedule, global_clipnorm=1.0)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"epochs": config.epochs, "callbacks": [zoo.training.RaiseOnNaN()]}
    options["shuffle"] = False  # the dataset shuffles by itself
    return model.fit(train, validation_data=validation, **options).history


@zoo.apply_config
def main(config):
    zoo.tasks.check_output(config.output)
    if config.smoke:
        config = dataclasses.replace(config, epochs=1, units=8, image_size=8)

    # Data: clips, in a fold for each person that is left out, or in one fold.
    about = config.data_dir or None, config.image_size, config.frame_step, config.center
    folds, label_names = zoo.datasets.load_tagged_videos(config.dataset, *about, config.encoding)
    folds = {name: folds[name] for name in [*folds][: config.num_folds]}
    if config.smoke:
        folds = {"few": {split: clips[:8] for split, clips in next(iter(folds.values())).items()}}
    scored = "validation" if config.validate else "test"
    for name, splits in folds.items():
        if not config.validate:
            splits["train"] = splits["train"] + splits.pop("validation")
        print(f"{name}:", ", ".join(f"{len(clips)} {split}" for split, clips in splits.items()))
    first = next(iter(folds.values()))
    num_frames, *shape = np.concatenate([clip.frames for clip in first["train"]]).shape
    print(f"{num_frames} frames for training, as the network sees them: {shape}")
    defaults = video_tagging.defaults(num_frames, config.window, config.batch_size)
    config = zoo.recipe.choose(config, defaults)

    # Model: frames -> CNN -> vectors -> states in both directions -> classes. One for each fold.
    keras.utils.set_random_seed(config.seed)  # after loading, which may draw random numbers
    sizes = {"num_tags": len(label_names), "units": config.units, "dropout": config.dropout}
    network = {"cell": config.cell, "mask_value": 0.0}
    models = {
        name: zoo.build("many_to_many", encoder=build_encoder(shape, config), **network, **sizes)
        for name in folds
    }
    model = next(iter(models.values()))
    data = zoo.datasets.batches(join(first[scored], config.seed), 1)
    zoo.training.check_model(model, data, config.output, num_classes=len(label_names))
    model.summary()

    # Training: Adam. The last epoch is kept, when the learning rate has fallen to 0.
    histories = {}
    for name, splits in folds.items():
        print(f"\nLeft out: {name}")
        histories[name] = fit(models[name], splits["train"], splits.get("validation"), config)
    history = next(iter(histories.values()))

    # Baseline: logistic regression on single frames, without recurrence.
    regressions = {}
    for name, splits in folds.items():
        pixels = np.concatenate([zoo.video.pixels(clip.frames) for clip in splits["train"]])
        labels = np.concatenate([clip.label for clip in splits["train"]])
        regression = LogisticRegression(max_iter=300, tol=1e-3)
        regressions[name] = regression.fit(pixels.reshape(len(pixels), -1), labels)

    # Scores: the test split of each fold, used once. Or the validation split.
    cell, baseline = zoo.training.cells_of(model), "single frames, logistic regression"
    hits, shown = {cell: [], baseline: []}, []
    for name, splits in folds.items():
        for frames, truth in join(splits[scored], config.seed):  # [time, ...], [time]
            p = models[name](frames[None], training=False)[0]  # [time, classes]
            predicted = keras.ops.convert_to_numpy(p).argmax(axis=-1)
            pixels = np.split(frames, 2, axis=-1)[0]
            alone = regressions[name].predict(pixels.reshape(len(pixels), -1))
            hits[cell].append(predicted == truth)
            hits[baseline].append(alone == truth)
            shown.append((pixels, {"true": truth, "predicted": predicted}))
    metrics = {}
    for name, its_hits in hits.items():
        each, accuracy = [one.mean() for one in its_hits], np.concatenate(its_hits).mean()
        metrics[name] = {"accuracy": accuracy, "lowest": min(each), "spread": np.std(each)}
    zoo.recipe.print_table(f"{scored.capitalize()} frames", metrics)

    def score(name, rows):
        return np.concatenate([hits[name][i] for i in rows]).mean()

    options = {"history": history, "tips": video_classification.TIPS}
    zoo.print_verdict(cell, [baseline], score, len(shown), **options)

    # Examples: the first test video, as spans of frames with the same class.
    frames, labels = shown[0]
    print()
    for name, its_labels in labels.items():
        spans = video_tagging.spans([label_names[i] for i in its_labels])
        print(f"{name}:", ", ".join(f"{one['start']}-{one['end']} {one['label']}" for one in spans))

    # Saving: the first model, which has never seen the first person, and what is needed to use it.
    preprocessing = {"shape": shape, "frame_step": config.frame_step, "center": config.center}
    card = {"task": "video_tagging", "type": "many_to_many", "dataset": config.dataset}
    card |= {"labels": label_names, "preprocessing": preprocessing}
    figures = {"frames": zoo.plots.plot_labels(frames, labels, label_names)}
    zoo.recipe.save(config, model, card, metrics={scored: metrics}, history=history, figures=figures)


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
