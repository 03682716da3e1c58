"""`load_videos`, `load_tagged_videos`: clips with a label each, or with a label for each frame."""

import typing

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.splitting import SPLITS, check_filled, check_labels, fill_splits, sort_by_hash
from zoo.datasets.video_files import fit_frames
from zoo.datasets.video_folders import read_classes, read_tagged_clips
from zoo.errors import InputError, counted


class Clip(typing.NamedTuple):
    """A clip: its frames, its label or the label of each frame, and where it comes from."""

    frames: np.ndarray  # [time, image_size, image_size, 2 * channels], see `zoo.video.fit_frames`
    label: int | np.ndarray  # one, or integers [time]
    person: str  # who is in it; for other clips their name
    name: str  # for instance the path of the file


def load_videos(name, data_dir=None, image_size=32, frame_step=1, center=True):
    """Reads clips with a label each.

    `name` may be a dataset of TFDS or of the zoo with a video and a label, such as
    `"weizmann_actions"`. Or it may be a folder of your own, with a folder of clips for each class, or
    with such folders in train and test. A clip is a video file (MP4, AVI, GIF and others) or a folder
    of images, which are its frames:

        clips/walk/1.mp4
        clips/walk/2.avi
        clips/jump/3/0001.png
        clips/jump/3/0002.png

    If the dataset says which person is in each clip, the result has a fold for each person. A fold has
    this person's clips in the test split, those of the next person in the validation split, and all
    others in the training split. Other data have one fold. Of your own files, a missing split is cut
    from the training split by a hash of the file (80/10/10). One printed line says how they were read.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        image_size: see `zoo.video.read_video`.
        frame_step: see `zoo.video.read_video`.
        center: see `zoo.video.read_video`.

    Returns:
        A dict of folds, from the name of the person that is left out, or `"all"`. Each is a dict from
        `"train"`, `"validation"` and `"test"` to a list of `Clip`. And a list of the labels' names.

    Raises:
        ValueError: the dataset is unknown, or it has no clips with labels. A class has no clip. More
            than a tenth of the clips cannot be read. The training split lacks a label, or has only one.
            A split is empty.

    Example:

    >>> folds, names = load_videos("weizmann_actions")  # doctest: +SKIP
    >>> {split: len(clips) for split, clips in folds["daria"].items()}  # doctest: +SKIP
    {'train': 73, 'validation': 10, 'test': 10}
    """
    path, options = own_path(name), (image_size, frame_step, center)
    if path is None:
        splits, names = _read_tfds(name, data_dir, options)
    else:
        splits, names = _cut(name, read_classes(path, options))
    if {*splits} == {"person"}:
        return leave_one_out(splits["person"]), names
    return {"all": splits}, names


def load_tagged_videos(name, data_dir=None, image_size=32, frame_step=1, center=True, encoding="utf-8"):
    """Reads clips with a label for each frame.

    `name` may be a dataset as in `load_videos`: each frame gets the label of its clip. Or it may be a
    folder of your own, with a CSV next to each clip, or with such folders for train and test:

        clips/1.mp4
        clips/1.csv         start,end,label
                            0,2.5,walk
                            2.5,4,jump

    The CSV has seconds in the columns start and end, or numbers of frames in the columns start_frame
    and end_frame. Frames are counted from 0, and the end is not included. Frames that no row names get
    the label none.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        image_size: see `zoo.video.read_video`.
        frame_step: see `zoo.video.read_video`.
        center: see `zoo.video.read_video`.
        encoding: the encoding of your CSV files.

    Returns:
        As `load_videos`. The label of a `Clip` is an array of integers `[time]`.

    Raises:
        ValueError: see `load_videos`. Also if a clip has no CSV, or if a CSV is damaged.
    """
    path, options = own_path(name), (image_size, frame_step, center)
    if path is not None:
        splits, names = _cut(name, read_tagged_clips(path, options, encoding))
        return {"all": splits}, names
    folds, names = load_videos(name, data_dir, *options)
    return {
        fold: {
            split: [clip._replace(label=np.full(len(clip.frames), clip.label)) for clip in clips]
            for split, clips in splits.items()
        }
        for fold, splits in folds.items()
    }, names


def leave_one_out(clips):
    """Makes a fold for each person: test on one, validate on the next, train on all others.

    Args:
        clips: a list of `Clip`, of three persons or more.

    Returns:
        A dict of person to a dict of split to a list of `Clip`.

    Raises:
        ValueError: there are fewer than three persons.

    Example:

    >>> clips = [Clip(None, 0, person, "") for person in ("ada", "bob", "eve", "ada")]
    >>> folds = leave_one_out(clips)
    >>> {split: [clip.person for clip in some] for split, some in folds["ada"].items()}
    {'train': ['eve'], 'validation': ['bob'], 'test': ['ada', 'ada']}
    """
    persons = sorted({clip.person for clip in clips})
    if len(persons) < 3:
        raise InputError(
            "To leave one person out, there must be clips of three persons or more. "
            f"Received: {', '.join(persons)}"
        )
    folds = {}
    for person, following in zip(persons, persons[1:] + persons[:1], strict=True):
        splits = {split: [] for split in SPLITS}
        for clip in clips:
            split = {person: "test", following: "validation"}.get(clip.person, "train")
            splits[split].append(clip)
        folds[person] = splits
    return folds


def _read_tfds(name, data_dir, options):
    """A dict of split to clips, or {"person": all clips}. And the names of the labels."""
    image_size, frame_step, center = options
    builder = prepare(name, data_dir)
    features = dict(builder.info.features)
    keys = builder.info.supervised_keys or ("video", "label")
    video, label = (features.get(key) if isinstance(key, str) else None for key in keys[:2])
    if not isinstance(video, tfds.features.Video) or not isinstance(label, tfds.features.ClassLabel):
        raise InputError(f"{name} has no clips with a label each. Received: {', '.join(features)}")
    splits = {}
    for split, part in split_names(builder).items():
        rows = read_rows(builder, builder.as_dataset(split=part).as_numpy_iterator())
        splits[split] = []
        for i, row in enumerate(rows):
            frames = fit_frames(row[keys[0]][::frame_step], image_size, center)
            key = row["id"].decode() if "id" in row else f"{split} {i}"
            person = row["person"].decode() if "person" in row else key
            splits[split].append(Clip(frames, int(row[keys[1]]), person, key))
    frames = _same_channels([clip.frames for clips in splits.values() for clip in clips])
    for split, clips in splits.items():
        splits[split] = [clip._replace(frames=next(frames)) for clip in clips]
    if "person" in features and {*splits} == {"train"}:
        clips = sorted(splits["train"], key=lambda clip: clip.name)  # TFDS has shuffled them
        return {"person": clips}, label.names
    fill_splits(name, splits, key=lambda clip: clip.name)
    check_filled(name, splits, "clips")
    return {split: splits[split] for split in SPLITS}, label.names


def _cut(name, rows):
    """Fills the splits of the user's own clips, and turns the names of labels into integers.

    Args:
        name: for messages.
        rows: a dict of split to rows. A row is a hash of the files, the frames, the name of the label
            or of each frame's label, and the name of the clip.
    """
    later, num_clips = set(), sum(map(len, rows.values()))
    for split in reversed([split for split in SPLITS if split in rows]):  # no clip is in two splits
        rows[split] = [row for row in rows[split] if row[0] not in later]
        later |= {row[0] for row in rows[split]}
    num_copies = num_clips - sum(map(len, rows.values()))
    if num_copies:
        print(f"Left out {counted(num_copies, 'clip')} of {name} with a copy in a later split.")
    fill_splits(name, rows, key=lambda row: row[0])
    check_filled(name, rows, "clips")
    labels = {split: {str(x) for row in rows[split] for x in np.ravel(row[2])} for split in SPLITS}
    check_labels(name, labels)
    names = sorted(labels["train"])
    splits = {split: [] for split in SPLITS}
    rows = {split: sort_by_hash(rows[split], key=lambda row: row[0] + row[3]) for split in SPLITS}
    same = _same_channels([row[1] for split in SPLITS for row in rows[split]])
    for split, clips in splits.items():
        for _, _, label, key in rows[split]:
            frames = next(same)
            label = np.searchsorted(names, label)
            clips.append(Clip(frames, label if np.ndim(label) else int(label), key, key))
    return splits, names


def _same_channels(clips):
    """Yields the frames of each clip. If some clips are in color, gray ones get the same channels."""
    channels = max((frames.shape[-1] for frames in clips), default=0)
    for frames in clips:
        yield np.repeat(frames, 3, axis=-1) if frames.shape[-1] < channels else frames
