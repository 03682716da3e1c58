"""Reads folders of clips."""

import hashlib
import math

import numpy as np

from zoo.datasets.files import print_reading, read_bytes
from zoo.datasets.folders import find_splits, folders_in, list_folder, split_of, visible, walk
from zoo.datasets.tables import read_table
from zoo.datasets.video_files import is_clip, is_frame, read_video
from zoo.errors import InputError, counted
from zoo.text import normalize

SECONDS, FRAMES = ("start", "end", "label"), ("start_frame", "end_frame", "label")
NO_LABEL = "none"  # of frames that no row of the CSV names


def read_classes(path, options):
    """Reads the clips of a folder that has a folder of clips for each class.

    Args:
        path: the folder. It may also have such folders for train, validation and test.
        options: arguments of `read_video` after the path, without their names.

    Returns:
        A dict of split to rows. A row is a hash of the clip's files, its frames `[time, height, width,
        channels]`, the name of its class, and the path of the clip in the folder.

    Raises:
        ValueError: see `zoo.datasets.load_videos`.
    """
    if not path.is_dir():
        raise InputError(
            f"{path} is a file. Give a folder with a folder of clips for each class, such as "
            f"{path.parent / 'clips/walk/1.mp4'}."
        )
    found, skipped = [], []
    for split, folder in _find_splits(path, has_classes=True).items():
        classes = [child for child in folders_in(folder) if not is_clip(child)]
        skipped += _hidden(folder)
        loose = [child for child in visible(folder) if is_clip(child)]
        if not classes or loose:
            received = f"{loose[0].name}, which is in no class" if loose else list_folder(folder)
            raise InputError(
                f"{folder} must have a folder of clips for each class, such as "
                f"{folder / 'walk' / '1.mp4'}. Received: {received}"
            )
        for class_ in classes:
            clips = _find_clips(class_, skipped)
            if not clips:
                raise InputError(
                    f"{class_}, the folder of a class, has no clip. Delete it, or put clips there. "
                    f"Received: {list_folder(class_)}"
                )
            found += [(split, normalize(class_.name), clip) for clip in clips]
    names = {label for _, label, _ in found}
    if len(names) == 1:
        raise InputError(
            f"{path} has clips of only one class, {names.pop()!r}. Put the clips of each class into a "
            "folder with its name."
        )
    rows, how = _read_all(path, found, options, lambda frames, seconds, label: label)
    print_reading(path, f"{len(names)} classes, {how}{_describe(skipped)}")
    return rows


def read_tagged_clips(path, options, encoding="utf-8"):
    """Reads the clips of a folder that has a CSV with the labels of the frames next to each clip.

    Args:
        path: the folder. It may also have folders for train, validation and test.
        options: arguments of `read_video` after the path, without their names.
        encoding: the encoding of the CSV files.

    Returns:
        As `read_classes`, with an array of the labels of the frames in place of the class.

    Raises:
        ValueError: see `zoo.datasets.load_tagged_videos`.
    """
    if not path.is_dir():
        raise InputError(f"{path} is a file. Give a folder with clips, and a CSV next to each.")
    found, skipped = [], []
    for split, folder in _find_splits(path, has_classes=False).items():
        for clip in _find_clips(folder, skipped):
            table = clip.with_suffix(".csv") if clip.is_file() else clip.parent / f"{clip.name}.csv"
            table = next((t for t in (table, table.with_suffix(".CSV")) if t.is_file()), table)
            if not table.is_file():
                raise InputError(
                    f"{clip} has no CSV with the labels of its frames. Write {table} with the columns "
                    "start, end, label in seconds, or start_frame, end_frame, label in frames."
                )
            found.append((split, table, clip))
    if not found:
        raise InputError(f"{path} has no clip. Received: {list_folder(path)}")

    def label_frames(frames, seconds, table):
        return read_labels(table, len(frames), options[1], seconds, encoding)

    rows, how = _read_all(path, found, options, label_frames)
    skipped = [file for file in skipped if file not in {table for _, table, _ in found}]
    print_reading(path, how + _describe(skipped))
    return rows


def read_labels(path, num_frames, frame_step=1, seconds=None, encoding="utf-8"):
    """Reads the labels of the frames of a clip from a CSV.

    Args:
        path: the path of the CSV, see `zoo.datasets.load_tagged_videos`.
        num_frames: the number of frames that were kept.
        frame_step: 2 if every second frame was kept, and so on.
        seconds: when each frame begins `[num_frames]`. None if nobody knows.
        encoding: the encoding of the CSV.

    Returns:
        An array of str `[num_frames]`.

    Raises:
        ValueError: the CSV lacks a column, has seconds although the clip has none, or a row is damaged
            or begins after the end of the clip.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "1.csv"
    >>> _ = path.write_text("start,end,label\\n0,0.2,walk\\n0.3,9,jump\\n")
    >>> read_labels(path, num_frames=5, seconds=np.arange(5) / 10).tolist()
    ['walk', 'walk', 'none', 'jump', 'jump']
    """
    table = read_table(path, encoding)
    header, rows = [str(cell).strip().lower() for cell in table.rows[0]], table.rows[1:]
    columns = next((names for names in (SECONDS, FRAMES) if {*names} <= {*header}), None)
    if columns is None:
        raise InputError(
            f"{path} must have the columns start, end and label in seconds, or start_frame, end_frame "
            f"and label in frames. Received: {', '.join(header)[:100]}"
        )
    if columns is SECONDS and seconds is None:
        raise InputError(
            f"{path} has seconds, but a folder of images has none: use the columns start_frame, "
            "end_frame and label, which count frames from 0."
        )
    begins = seconds if columns is SECONDS else frame_step * np.arange(num_frames)
    labels = np.full(num_frames, NO_LABEL, dtype=object)
    for row, line in zip(rows, table.lines[1:], strict=True):
        start, end, label = (row[header.index(name)].strip() for name in columns)
        try:
            start, end = float(start), float(end)
        except ValueError:
            start, end = math.nan, math.nan
        if not 0 <= start < end < math.inf or not label:
            raise InputError(
                f"{path}, line {line}: give a start, a later end, and a label. Received: {row}"
            )
        if start > begins[-1] + max(1, frame_step):
            unit = "seconds" if columns is SECONDS else "frames"
            raise InputError(
                f"{path}, line {line}: the clip ends before this row begins. Its last frame is at "
                f"{begins[-1]:g} {unit}. Does this CSV belong to it, and count {unit}? Received: {row}"
            )
        # A frame belongs to a row if it begins in it. The small number is for rounded seconds.
        are_inside = (begins > start - 1e-3) & (begins < end - 1e-3)
        if (labels[are_inside] != NO_LABEL).any():
            raise InputError(f"{path}, line {line}: another row has these frames too. Received: {row}")
        labels[are_inside] = normalize(label)
    return labels.astype(str)


def _find_splits(path, has_classes):
    """The folder of each split. A folder without splits is the training split for now."""
    for child in folders_in(path):
        classes = [folder for folder in folders_in(child) if not is_clip(folder)]
        if split_of(child) == "train" and not is_clip(child) and (classes or not has_classes):
            return find_splits(path)
    return {"train": path}


def _find_clips(folder, skipped):
    """All clips in a folder and in the folders in it, in order. Other files are added to `skipped`."""
    clips = []
    skipped += _hidden(folder)
    for child in visible(folder):
        if is_clip(child):
            clips.append(child)
        elif child.is_dir():
            clips += _find_clips(child, skipped)
        else:
            skipped.append(child)
    return clips


def _hidden(folder):
    """What `visible` leaves out, such as a class called `_walk`."""
    return {*folder.iterdir()} - {*visible(folder)}


def _read_all(path, found, options, label_of):
    """The rows of each split, and how they were read, in words.

    Args:
        path: the folder, for messages.
        found: a list of the split, something about the label, and the path of a clip.
        options: see `read_classes`.
        label_of: a function that takes the frames, their times, and what `found` has.
    """
    rows, damaged, num_frames = {}, [], []
    for split, about, clip in found:
        some = rows.setdefault(split, [])
        try:
            frames, seconds = read_video(clip, *options)
        except InputError as error:
            damaged.append(error)
            continue
        label = label_of(frames, seconds, about)
        some.append((_hash(clip), frames, label, clip.relative_to(path).as_posix()))
        num_frames.append(len(frames))
    if 10 * len(damaged) > len(found):
        raise InputError(
            f"{len(damaged)} of {len(found)} clips cannot be read. Convert them, or move them away. "
            f"The first: {damaged[0]}"
        )
    how = f"{counted(len(num_frames), 'clip')} of {min(num_frames)} to {max(num_frames)} frames"
    if damaged:
        how += f". Skipped {counted(len(damaged), 'damaged clip')}: {damaged[0]}"
    return rows, how


def _hash(clip):
    files = [clip] if clip.is_file() else filter(is_frame, walk(clip))
    return hashlib.sha256(b"".join(map(read_bytes, files))).hexdigest()


def _describe(skipped):
    """The files that are no clips, as the end of a sentence."""
    if not skipped:
        return ""
    names = ", ".join(sorted(file.name for file in skipped)[:3])
    names += ", ..." * (len(skipped) > 3)
    return f". Skipped {counted(len(skipped), 'other file')} ({names})"
