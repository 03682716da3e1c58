"""`load_speech`: recordings with what was said, from TFDS or from your own files."""

import hashlib
import os

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.audio_files import RATE, read_audio, resample
from zoo.datasets.caption_files import find_image_folder
from zoo.datasets.columns import choose_columns
from zoo.datasets.files import print_reading
from zoo.datasets.folders import find_splits
from zoo.datasets.loading import own_path, prepare, read_rows, split_names
from zoo.datasets.splitting import (
    SPLITS,
    check_filled,
    check_variety,
    fill_splits,
    note_shared,
    sort_by_hash,
)
from zoo.datasets.tables import TABLE_ENDINGS, read_table
from zoo.errors import InputError, counted
from zoo.text import normalize

ENDINGS = (".txt", *TABLE_ENDINGS)
COMMON_VOICE = (  # words in the names of its files without a split
    *("validated", "invalidated", "unvalidated", "other", "reported", "durations"),
)
SPEAKER = ("speaker", "speaker_id", "client_id", "spk", "speakers")  # names of a column


def load_speech(name, data_dir=None, encoding="utf-8"):
    """Reads recordings with what was said in them.

    `name` may be `"an4"`, a dataset of TFDS with audio and text, or a file or folder of your own:

    - TSV, CSV or JSON, with or without names of the columns. One column has the path of an audio file,
      the other one has the text.

          audio<tab>text
          clips/1.wav<tab>turn the light on
          clips/2.flac<tab>what time is it

      If a column is called speaker or client_id, as in Common Voice, all recordings of a speaker are
      in one split, unless there are fewer speakers than splits. Other columns are left out.

    - a folder with one such file for each split. Their names say the split: `train.tsv`, `test.tsv`.

    The paths are relative to the folder of the file, or to a folder in it, such as `clips`. The audio
    may be of any kind that `zoo.audio.read_audio` reads, such as WAV or FLAC, at any rate.

    A missing split is cut from the training split by a hash of the speaker, or of the samples
    (80/10/10), and never from the test split. If there is no test split, the validation split
    becomes the test split. Texts are normalized (see `zoo.text.normalize`), with one space between
    words. Recordings without a text are left out. So are damaged files, if they are at most a tenth of
    all. One printed line says how your files were read. If a dataset and a file have the same name, you
    get the dataset. Write `./name` to get the file.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.

    Returns:
        A dict with a pair (recordings, texts) for each of `"train"`, `"validation"` and `"test"`. A
        recording is integers of 16 bits `[samples]`, 16,000 a second. A text is a str.

    Raises:
        ValueError: the dataset is unknown or has no audio or no text. A file is missing, or more than a
            tenth of them are damaged; the message names the line. A split is empty.

    Example:

    >>> splits = load_speech("an4")  # doctest: +SKIP
    >>> {split: len(texts) for split, (_, texts) in splits.items()}  # doctest: +SKIP
    {'train': 846, 'validation': 102, 'test': 130}
    """
    path = own_path(name)
    rows = _read_tfds(name, data_dir) if path is None else _read_own(path, encoding)
    check_filled(name, rows, "recordings")
    check_variety(name, [text for _, _, text in rows["train"]], "texts")
    return {
        split: ([audio for _, audio, _ in rows[split]], [text for _, _, text in rows[split]])
        for split in SPLITS
    }


def _read_tfds(name, data_dir):
    """A dict of split to a list of rows: a key, the samples, and the text."""
    builder = prepare(name, data_dir)
    features = dict(builder.info.features)
    audio, text = builder.info.supervised_keys or ("audio", "text")
    is_audio = isinstance(features.get(audio), tfds.features.Audio) or name.split("/")[0] == "an4"
    if not is_audio or getattr(features.get(text), "np_dtype", None) != np.object_:
        raise InputError(f"{name} does not have audio and texts. Received: {', '.join(features)}")
    rate, rows = getattr(features[audio], "sample_rate", None) or RATE, {}
    for split, own_name in split_names(builder).items():
        read = read_rows(builder, builder.as_dataset(split=own_name))
        rows[split] = [
            (str(i), resample(row[audio].numpy(), rate), _clean(row[text].numpy().decode()))
            for i, row in enumerate(read)
        ]
    fill_splits(name, rows, key=lambda row: row[0])
    return rows


def _clean(text):
    return " ".join(normalize(text).split())


def find_files(path):
    """A dict of split to the file with its recordings, of a file or a folder of the user."""
    return find_splits(path, ENDINGS, COMMON_VOICE) if path.is_dir() else {"train": path}


def _read_own(path, encoding):
    """The same for a file or a folder of the user. The key is the speaker, or a hash of the samples."""
    files = find_files(path)
    rows, notes, empty, by = {}, [], 0, ""
    for split, file in files.items():
        table, how, speakers = _read_table(file, encoding)
        folder = find_image_folder(file, [audio for _, audio, _ in table], look_beside=False)
        missing = [(line, audio) for line, audio, _ in table if not os.path.isfile(folder / audio)]
        if missing:
            line, audio = missing[0]
            hint = "The first column must be that of the audio files. " if len(missing) > 1 else ""
            hint += "If the line has the names of the columns, call them audio<tab>text. " * (line == 1)
            raise InputError(
                f"{file}, line {line}: there is no audio file {folder / audio!s:.300}. {hint}"
                f"{len(missing):,} of {len(table):,} are missing. Paths are relative to the folder of "
                "this file, or to a folder in it."
            )
        keys = [None] * len(table)
        if split == "train" and speakers and len(files) < len(SPLITS):
            number = len({*speakers})
            if number + len(files) > len(SPLITS):
                keys = speakers
                # Of a file for validation or test nothing is known.
                by = ", with a speaker in one split only" if len(files) == 1 else ""
            else:
                by = f", with {counted(number, 'speaker')}, too few for a split of their own"
        filled = [row for row in zip(table, keys, strict=True) if _clean(row[0][2])]
        empty += len(table) - len(filled)
        if not filled:
            raise InputError(f"{file} has no text: expected lines of an audio file and its text.")
        # The rows are sorted, so that their order in the file does not matter.
        filled = sort_by_hash(filled, key=lambda row: row[0][1])
        rows[split], damaged = [], []
        for (line, audio, text), key in filled:
            try:
                samples = read_audio(folder / audio)
            except InputError as error:
                damaged.append((line, f"{file}, line {line}: {error}"))
                if 10 * len(damaged) > len(filled):
                    raise InputError(min(damaged)[1]) from None
                continue
            key = key or hashlib.sha256(samples).hexdigest()
            rows[split].append((key, samples, _clean(text)))
        if damaged:
            files_of = counted(len(damaged), "damaged audio file")
            notes.append(f"Skipped {files_of}: {min(damaged)[1].removesuffix('.')}")
    notes += [f"Skipped {counted(empty, 'recording')} without a text"] if empty else []
    if len(rows) > 1:
        notes += note_shared(rows, lambda row: hashlib.sha256(row[1]).hexdigest(), "recordings")
    fill_splits(path, rows, key=lambda row: row[0])
    print_reading(path, ". ".join([how + by, *notes]))
    return rows


def _read_table(path, encoding):
    """The rows of a table: line, path of the audio and text. How it was read, and the speakers."""
    table = read_table(path, encoding)
    if table.form == "lines":
        raise InputError(
            f"{path}, line {table.lines[0]}: expected an audio file and its text with a tab between "
            f"them. Received: {table.rows[0][0]!r:.60}"
        )
    table, columns, how = choose_columns(table, ("audio", "transcript"))
    rows = []
    for row, line in zip(table.rows, table.lines, strict=True):
        audio, text = row[columns["audio"]], row[columns["transcript"]]
        if not isinstance(audio, str) or not isinstance(text, str) or not audio.strip():
            raise InputError(
                f"{path}, line {line}: expected the path of an audio file and a text. "
                f"Received: {audio!r:.40}, {text!r:.60}"
            )
        rows.append((line, audio.strip().replace("\\", "/"), text))
    names = [str(name).strip().lower() for name in table.names or []]
    place = next((names.index(name) for name in SPEAKER if name in names), None)
    speakers = [] if place is None else [str(row[place]).strip() for row in table.rows]
    return rows, how, speakers
