"""Notes on a grid of time: as keys of a piano, by name, as a MIDI file, as a picture.

Everywhere notes are MIDI pitches `[steps, voices]`, 60 the middle C, 0 where a voice is silent.
"""

import io

import matplotlib.pyplot as plt
import mido
import numpy as np

LOWEST, NUM_KEYS = 21, 88  # the pitch of the first key of a piano, and how many there are
VOICES = {"S": "soprano", "A": "alto", "T": "tenor", "B": "bass"}
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def piano_roll(notes):
    """Which keys of a piano sound at each step.

    Args:
        notes: integers `[steps, voices]`, see above.

    Returns:
        Floats `[steps, 88]`, 1 for a key that sounds, else 0.

    Example:

    >>> roll = piano_roll(np.array([[60, 60], [64, 0], [0, 0]]))
    >>> roll.shape, roll.sum(axis=1).tolist(), int(roll[1].argmax()) + LOWEST
    ((3, 88), [1.0, 1.0, 0.0], 64)
    """
    roll = np.zeros((len(notes), NUM_KEYS), "float32")
    steps, voices = np.nonzero(notes)
    roll[steps, notes[steps, voices] - LOWEST] = 1
    return roll


def note_name(pitch):
    """A pitch as musicians write it, "-" for silence.

    Example:

    >>> note_name(60), note_name(70), note_name(0)
    ('C4', 'A#4', '-')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}" if pitch else "-"


def to_symbols(notes, shift=0):
    """Four voices as a sequence for a language model: a mark at each beat, then the notes of each step.

    Args:
        notes: integers `[steps, 4]`, four steps a beat; soprano, alto, tenor and bass.
        shift: semitones to move the notes by.

    Returns:
        A list of str: "|" at each beat, and for each note its voice and pitch; "S0" is silent.

    Example:

    >>> to_symbols(np.array([[72, 67, 64, 48], [72, 67, 0, 48]]), shift=2)
    ['|', 'S74', 'A69', 'T66', 'B50', 'S74', 'A69', 'T0', 'B50']
    """
    symbols = []
    for step, chord in enumerate(np.where(notes == 0, 0, notes + shift)):
        symbols += ["|"] if step % 4 == 0 else []
        symbols += [f"{voice}{pitch}" for voice, pitch in zip(VOICES, chord, strict=True)]
    return symbols


def from_symbols(symbols):
    """The notes that symbols tell: each "S" begins a chord, each "B" ends one, others are skipped.

    Args:
        symbols: list of str, see `to_symbols`.

    Returns:
        Integers `[steps, 4]`; 0 for a voice that a chord lacks.

    Example:

    >>> from_symbols(["[START]", "|", "S72", "A67", "B48", "S71", "A65"]).tolist()
    [[72, 67, 0, 48]]
    """
    chords, chord = [], {}
    for symbol in symbols:
        if symbol[:1] in VOICES:
            chord = chord if symbol[0] != "S" else {}
            chord[symbol[0]] = int(symbol[1:])
        if symbol[:1] == "B":
            chords.append([chord.get(voice, 0) for voice in VOICES])
    return np.array(chords, int).reshape(-1, 4)


def score(predicted, truth):
    """How well a network foresees chords, over all steps of all pieces.

    The negative log-likelihood of Boulanger-Lewandowski et al. 2012, as the code of Bai et al. 2018
    computes it: at each step the sum over the keys of -log p(key sounds, or not), and of that the mean.
    A grid of shorter notes, where most chords repeat the one before, gives far lower numbers, which do
    not compare.

    Args:
        predicted: for each piece the probability of each key at each step, floats `[steps, keys]`.
        truth: for each piece the keys that do sound, 1 or 0, of the same shapes.

    Returns:
        A dict of `"nats a step"` and `"notes right"`, the share of the four likeliest keys of each
        step that sound.

    Example: of two keys that are as likely as not, one sounds.

    >>> {name: round(float(number), 3) for name, number in score([[[0.5, 0.5]]], [[[1, 0]]]).items()}
    {'nats a step': 1.386, 'notes right': 0.5}
    """
    p = np.clip(np.concatenate(predicted).astype("float64"), 1e-7, 1 - 1e-7)
    y = np.concatenate(truth).astype("float64")  # [all steps, keys]
    likeliest = np.argsort(p, axis=1)[:, -4:]
    return {
        "nats a step": -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean(),
        "notes right": np.take_along_axis(y, likeliest, axis=1).mean(),
    }


def held_notes(notes):
    """Each note from where it begins to where it ends: equal ones in a row are one that is held.

    Args:
        notes: integers `[steps, voices]`.

    Returns:
        For each voice a list of (pitch, first step, number of steps).

    Example:

    >>> held_notes(np.array([[60], [60], [0], [62]]))
    [[(60, 0, 2), (62, 3, 1)]]
    """
    voices = []
    for pitches in np.transpose(notes).tolist():
        edges = [i for i in range(1, len(pitches)) if pitches[i] != pitches[i - 1]]
        spans = zip([0, *edges], [*edges, len(pitches)], strict=True)
        voices.append([(pitches[i], i, end - i) for i, end in spans if end > i and pitches[i]])
    return voices


def to_midi(notes, steps_a_beat=4, beats_a_minute=80):
    """A MIDI file with a track for each voice.

    Args:
        notes: integers `[steps, voices]`, of 15 voices at most.
        steps_a_beat: 1 on a grid of quarter notes, 4 on one of 16th notes.
        beats_a_minute: how fast it is played.

    Returns:
        The file as bytes.

    Example:

    >>> file = mido.MidiFile(file=io.BytesIO(to_midi(np.full((8, 4), 60), beats_a_minute=60)))
    >>> len(file.tracks), file.length
    (5, 2.0)
    """
    file = mido.MidiFile(type=1)
    tempo = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_a_minute))
    file.tracks.append(mido.MidiTrack([tempo]))
    step = file.ticks_per_beat // steps_a_beat
    for channel, voice in enumerate(held_notes(notes)):
        track, now = mido.MidiTrack(), 0
        for pitch, first, length in voice:
            note = {"note": pitch, "velocity": 80, "channel": channel}
            track.append(mido.Message("note_on", time=(first - now) * step, **note))
            track.append(mido.Message("note_off", time=length * step, **note))
            now = first + length
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def plot_piano_roll(notes, voice_names, steps_a_beat=4):
    """A picture of the notes: time to the right, pitch upwards, a colour for each voice.

    Args:
        notes: integers `[steps, voices]`.
        voice_names: list of str.
        steps_a_beat: see `to_midi`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = plot_piano_roll(np.array([[60, 48], [62, 48]]), ["soprano", "bass"])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['soprano', 'bass']
    """
    figure, axes = plt.subplots(figsize=(12, 4), layout="constrained")
    for i, (name, voice) in enumerate(zip(voice_names, held_notes(notes), strict=True)):
        for pitch, first, length in voice:
            span = [(first / steps_a_beat, length / steps_a_beat)]
            axes.broken_barh(span, (pitch - 0.4, 0.8), color=f"C{i}", edgecolor="white")
        axes.plot([], [], color=f"C{i}", linewidth=6, label=name)
    ticks = range(0, 128, 12)
    axes.set_yticks(ticks, [note_name(pitch) if pitch else "" for pitch in ticks])
    sounding = notes[notes > 0] if np.any(notes) else np.array([60])
    axes.set(xlabel="beats", ylim=(sounding.min() - 2, sounding.max() + 2))
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right")
    return figure
