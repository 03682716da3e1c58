"""`load_music`: notes on an even grid, from chorales by Bach or from your own MIDI files."""

import hashlib

import numpy as np

from zoo.datasets.files import print_reading
from zoo.datasets.folders import splits_by_name, walk
from zoo.datasets.loading import load, own_path
from zoo.datasets.midi import read_midi
from zoo.datasets.splitting import SPLITS, check_filled, fill_splits
from zoo.errors import InputError, counted

GRIDS = {"16th": 1, "quarter": 4}  # 16th notes in a step
ENDINGS = (".mid", ".midi", ".kar")  # the last one is for karaoke


def load_music(name, grid, data_dir=None):
    """Reads pieces of music as notes at even steps of time.

    `name` may be `"jsb_chorales"`, the chorales by Bach. Or it may be a folder of your own:

    - with MIDI files (`.mid`, `.midi` or `.kar`), also in subfolders. If the names of the subfolders
      contain train, valid (or validation, val, dev) and test, these are the splits. Otherwise the
      pieces are put in order by a hash of their notes and cut 80/10/10.

          tunes/polka.mid                one track, one note at a time: one voice
          tunes/hymns/hymn 1.mid         four tracks or channels with a note each: four voices
          tunes/piano/waltz.MIDI         one track with chords: a voice for each note of the chords

    The voices go from high to low. A voice is a track or a channel. Chords in one track are split by
    pitch, the highest note first. There are at most four voices. If more notes sound at once, the
    highest ones and the lowest one stay. Tempo, texts, drums (channel 10) and notes that a piano lacks
    are not read.

    Each note begins and ends at the nearest 16th note. A very short note lasts for one 16th if nothing
    else sounds then. On the grid `"quarter"` a step has the notes that sound on the beat. Silence at
    the beginning (whole beats) and at the end is cut.

    A piece that occurs twice is read once, and so is a copy that is only higher or lower. If it is in
    two splits, it stays in the test split. A file that is damaged or has no notes is skipped. One
    printed line says what was read, skipped and dropped.

    Args:
        name: see above.
        grid: `"16th"` or `"quarter"`, the length of a step.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.

    Returns:
        A dict with a list of pieces for each of `"train"`, `"validation"` and `"test"`. A piece is
        integers `[steps, voices]`: MIDI pitches, or 0 for a voice that is silent. All pieces have the
        same number of voices, from one to four.

    Raises:
        ValueError: the name is unknown. No MIDI file can be read. Only some of the files are in the
            folder of a split. A split is empty.

    Example:

    >>> import pathlib, tempfile
    >>> from zoo import music
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for pitch in range(60, 70):
    ...     tune = music.to_midi(np.array([[60]] * 4 + [[pitch]] * 4 + [[72]] * 4))
    ...     _ = (folder / f"{pitch}.mid").write_bytes(tune)
    >>> pieces = load_music(folder, "quarter")
    Read ...: 10 MIDI files, 1 voice.
    >>> {split: len(some) for split, some in pieces.items()}, pieces["train"][0].shape
    ({'train': 8, 'validation': 1, 'test': 1}, (3, 1))
    """
    if grid not in GRIDS:
        raise InputError(f"A grid must be one of {', '.join(GRIDS)}. Received: {grid!r}")
    path = own_path(name)
    if path:
        return _read_own(path, GRIDS[grid])
    if name != "jsb_chorales":
        raise InputError(
            f"No folder of that name. Give a folder of MIDI files, or jsb_chorales. Received: {name!r}"
        )
    splits = load(f"{name}/{grid}", data_dir=data_dir)
    return {
        split: [row["notes"] for row in splits[split].as_numpy_iterator()] for split in SPLITS
    }  # each [steps, 4]


def _read_own(path, stride):
    if path.is_file():
        raise InputError(f"{path} is a file: give a folder of MIDI files.")
    files = [file for file in walk(path) if file.suffix.lower() in ENDINGS]
    pieces, skipped, num_notes, num_dropped = {}, {}, 0, 0
    for file in files:
        try:
            notes, num, dropped = read_midi(file, stride)
            if len(notes) < 2 or not notes.any():
                raise InputError("shorter than two steps")
        except InputError as error:
            skipped[file] = f"{file.relative_to(path)} is {error}"
            continue
        pieces[file] = notes
        num_notes, num_dropped = num_notes + num, num_dropped + dropped
    if not pieces:
        reason = ", ".join([*skipped.values()][:3]) or "there is none"
        raise InputError(
            f"{path} must have MIDI files ({', '.join(ENDINGS)}) with notes, but {reason}."
        )

    named = splits_by_name(path, files, use_file_names=False)
    num_voices = max(notes.shape[1] for notes in pieces.values())
    rows = {split: [] for split in SPLITS if split in named.values()} or {"train": []}
    seen = set()
    for split in reversed(rows):  # test first, so that no test piece is trained on
        for file, notes in pieces.items():
            key = _key(notes)
            if named.get(file, "train") == split and key not in seen:
                seen.add(key)
                rows[split].append((key, np.pad(notes, ((0, 0), (0, num_voices - notes.shape[1])))))
    if not named:
        in_order = sorted(rows["train"], key=lambda row: row[0])
        n = max(1, round(len(in_order) / 10))
        rows = {"train": in_order[2 * n :], "validation": in_order[:n], "test": in_order[n : 2 * n]}
    fill_splits(path, rows, key=lambda row: row[0])

    notes = [f"{counted(len(pieces), 'MIDI file')}, {counted(num_voices, 'voice')}"]
    if num_copies := len(pieces) - len(seen):
        notes.append(
            f"Left out {counted(num_copies, 'copy of another piece', 'copies of other pieces')}"
        )
    if num_dropped:
        why = "too many at once, too short, or between the beats"
        why = why if stride > 1 else "too many at once, or too short"
        notes.append(f"Dropped {num_dropped:,} of {counted(num_notes, 'note')} ({why})")
    if skipped:
        names = ", ".join([*skipped.values()][:3])
        number = counted(len(skipped), "file")
        notes.append(f"Skipped {number} ({names}{', ...' * (len(skipped) > 3)})")
    print_reading(path, ". ".join(notes))
    check_filled(path, rows, "pieces")
    return {split: [notes for _, notes in rows[split]] for split in SPLITS}


def _key(notes):
    """The same text for the same piece, also where it is higher or lower."""
    lowest = notes[notes > 0].min()
    return hashlib.sha256(np.where(notes, notes - lowest + 1, 0).tobytes()).hexdigest()
