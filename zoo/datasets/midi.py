"""Reads a MIDI file onto a grid of 16th notes."""

import collections

import numpy as np

from zoo.datasets.packages import import_extra
from zoo.errors import InputError

LOWEST, HIGHEST = 21, 108  # keys of a piano
MOST_VOICES = 4
DRUMS = 9  # channel 10, because mido counts from 0
LONGEST = 100_000  # 16th notes, nearly two hours


def read_midi(path, stride=1):
    """Reads the notes of a MIDI file, at most four at once.

    See `load_music` for the rules.

    Args:
        path: the path of the file.
        stride: how many 16th notes a step has. What sounds only between steps is dropped.

    Returns:
        Integers `[steps, voices]`: MIDI pitches, or 0 for a voice that is silent. Then the number of
        notes in the file, and how many of them were dropped.

    Raises:
        ValueError: the file has no notes, or cannot be read. The message has only the reason.

    Example:

    >>> import pathlib, tempfile
    >>> from zoo import music
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.mid"
    >>> _ = path.write_bytes(music.to_midi(np.array([[72, 48], [74, 48]])))
    >>> notes, num_notes, num_dropped = read_midi(path)
    >>> notes.tolist(), num_notes, num_dropped
    ([[72, 48], [74, 48]], 3, 0)
    """
    sources = _read_tracks(path)
    num_notes = sum(map(len, sources))
    sources = [[note for note in source if LOWEST <= note[2] <= HIGHEST] for source in sources]
    sources = [source for source in sources if source]
    if not sources:
        raise InputError("without notes")
    notes = [note for source in sources for note in source]
    begin = min(first for first, _, _ in notes) // 4 * 4  # the beat on which the music begins
    notes_end = max(max(first + 1, end) for first, end, _ in notes)
    if notes_end - begin > LONGEST:
        raise InputError(f"longer than {LONGEST:,} 16th notes")
    chords = [_chords(source, begin, notes_end) for source in sources]
    # From high to low. What has the same mean pitch stays in order.
    chords.sort(key=lambda steps: -np.mean([pitch for step in steps for pitch in step]))
    if len(chords) > MOST_VOICES:
        chords = [[set().union(*step) for step in zip(*chords, strict=True)]]
    sizes = [max(map(len, steps)) for steps in chords]
    while sum(sizes) > MOST_VOICES:
        sizes[sizes.index(max(sizes))] -= 1
    voices = [
        [_outer(step, size) for step in steps] for steps, size in zip(chords, sizes, strict=True)
    ]  # each a list of lists of pitches
    grid = np.concatenate([np.array(rows, "int32") for rows in voices], axis=1)
    grid, kept = grid[::stride], 0
    for first, end, pitch in notes:
        steps = (-((begin - sixteenth) // stride) for sixteenth in (first, max(first + 1, end)))
        kept += pitch in grid[slice(*steps)]  # from the first step that is not before the note
    return grid, num_notes, num_notes - kept


def _outer(pitches, size):
    """So many pitches, from high to low. The lowest one stays, and 0 fills what is missing."""
    pitches = sorted(pitches, reverse=True)
    if len(pitches) > size:
        pitches = [*pitches[: size - 1], pitches[-1 if size > 1 else 0]]
    return pitches + [0] * (size - len(pitches))


def _read_tracks(path):
    """For each track and channel a list of notes: first 16th, the 16th after it, pitch."""
    mido = import_extra("mido", "MIDI files")
    try:
        file = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, LookupError, TypeError, mido.KeySignatureError) as error:
        reason = getattr(error, "strerror", None)
        raise InputError(f"not readable ({reason})" if reason else "damaged") from None
    if file.ticks_per_beat <= 0 or file.type == 2:
        raise InputError("without beats that all tracks share")
    notes = collections.defaultdict(list)
    for i, track in enumerate(file.tracks):
        now, begun, ended = 0, {}, set()  # sources in which notes end, and not only begin
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
                continue
            source, pitch = (i, message.channel), message.note
            if (source, pitch) in begun:  # a note that begins again ends first
                notes[source].append((begun.pop((source, pitch)), now, pitch))
            if message.type == "note_on" and message.velocity > 0:
                begun[source, pitch] = now
            else:
                ended.add(source)
        for (source, pitch), first in begun.items():
            notes[source].append((first, now, pitch))
        for source in [one for one in notes if one[0] == i and one not in ended]:
            begins = sorted({first for first, _, _ in notes[source]})
            following = dict(zip(begins, [*begins[1:], now], strict=True))
            notes[source] = [(first, following[first], pitch) for first, _, pitch in notes[source]]

    def step(tick):
        return (8 * tick + file.ticks_per_beat) // (2 * file.ticks_per_beat)  # the nearest 16th

    sources = []
    for source in notes.values():
        sources.append([(step(a), step(b), pitch) for a, b, pitch in source])
    return sources


def _chords(notes, begin, end):
    """The pitches that one track plays at each step, a list of sets.

    If it plays one note at a time, but holds each for a 16th note into the next, then each ends where
    the next begins.
    """
    notes = sorted(notes)
    apart = []
    for (first, last, pitch), (begins, ends, _) in zip(notes, [*notes[1:], notes[-1]], strict=True):
        is_held = first < begins == last - 1 and last < ends
        apart.append((first, begins if is_held else last, pitch))
    for some in (apart, notes):
        steps = [set() for _ in range(begin, end)]
        for first, last, pitch in some:
            for step in steps[first - begin : last - begin]:
                step.add(pitch)
        for first, last, pitch in some:
            if first == last and not steps[first - begin]:
                steps[first - begin].add(pitch)  # shorter than half a step
        if max(map(len, steps)) == 1:
            break
    return steps
