"""Converts notes to piano keys, names, symbols, MIDI files and plots.

Notes are always MIDI pitches `[steps, voices]`. 60 is middle C, and 0 is a silent voice.
"""

import io

import numpy as np

LOWEST, NUM_KEYS = 21, 88  # of the keys of a piano
VOICES = {"S": "soprano", "A": "alto", "T": "tenor", "B": "bass"}
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def piano_roll(notes):
    """Converts notes to the keys of a piano that sound at each step.

    Args:
        notes: integers `[steps, voices]`.

    Returns:
        Floats `[steps, 88]`: 1 for a key that sounds, 0 for one that does not.

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
    """Converts a pitch to its name, or to "-" for silence.

    Args:
        pitch: a MIDI pitch, an integer. 0 is silence.

    Returns:
        str.

    Example:

    >>> note_name(60), note_name(70), note_name(0)
    ('C4', 'A#4', '-')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}" if pitch else "-"


def to_symbols(notes, shift=0):
    """Converts the voices of a piece to a sequence of symbols for a language model.

    Args:
        notes: integers `[steps, voices]`, with four steps in a beat. The voices are soprano, alto,
            tenor and bass, or only the first ones of these.
        shift: the number of semitones by which the notes are moved up.

    Returns:
        A list of str: "|" at each beat, and the voice and pitch of each note. "S0" is a silent soprano.

    Example:

    >>> to_symbols(np.array([[72, 67, 64, 48], [72, 67, 0, 48]]), shift=2)
    ['|', 'S74', 'A69', 'T66', 'B50', 'S74', 'A69', 'T0', 'B50']
    >>> to_symbols(np.array([[72], [74]]))
    ['|', 'S72', 'S74']
    """
    symbols = []
    for step, chord in enumerate(np.where(notes == 0, 0, notes + shift)):
        symbols += ["|"] if step % 4 == 0 else []
        symbols += [f"{voice}{pitch}" for voice, pitch in zip(VOICES, chord, strict=False)]
    return symbols


def from_symbols(symbols, num_voices=4):
    """Converts symbols to notes. Each "S" begins a chord, the last voice ends it, others are skipped.

    Args:
        symbols: a list of str, see `to_symbols`.
        num_voices: the number of voices, from one to four. With four, "B" is the last one.

    Returns:
        Integers `[steps, voices]`, with 0 for a voice that is missing in a chord.

    Example:

    >>> from_symbols(["[START]", "|", "S72", "A67", "B48", "S71", "A65"]).tolist()
    [[72, 67, 0, 48]]
    """
    voices = [*VOICES][:num_voices]
    chords, chord = [], {}
    for symbol in symbols:
        if symbol[:1] in voices:
            chord = chord if symbol[0] != "S" else {}
            chord[symbol[0]] = int(symbol[1:])
            if symbol[0] == voices[-1]:
                chords.append([chord.get(voice, 0) for voice in voices])
    return np.array(chords, int).reshape(-1, num_voices)


def score(predicted, truth, num_voices=4):
    """Computes how well a network predicts chords, over all steps of all pieces.

    The loss is the negative log-likelihood of Boulanger-Lewandowski et al. 2012, computed as in the
    code of Bai et al. 2018: the sum over the keys of -log p(key sounds, or not) at each step, and then
    the mean over the steps. Compare it only between data with steps of the same length. With shorter
    steps most chords repeat the one before, so the loss is far lower.

    Args:
        predicted: for each piece, the probability of each key at each step, floats `[steps, keys]`.
        truth: for each piece, 1 for a key that sounds and 0 for one that does not, in the same shapes.
        num_voices: the largest number of keys that sound at once.

    Returns:
        A dict with `"nats a step"`, the loss, and `"notes right"`: of the most likely keys at each
        step, as many as there are voices, the share that sounds.

    Example: two keys have probability 0.5, and one of them sounds.

    >>> {name: round(float(number), 3) for name, number in score([[[0.5, 0.5]]], [[[1, 0]]]).items()}
    {'nats a step': 1.386, 'notes right': 0.5}
    """
    p = np.clip(np.concatenate(predicted).astype("float64"), 1e-7, 1 - 1e-7)
    y = np.concatenate(truth).astype("float64")  # [all steps, keys]
    likeliest = np.argsort(p, axis=1)[:, -num_voices:]
    return {
        "nats a step": -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean(),
        "notes right": np.take_along_axis(y, likeliest, axis=1).mean(),
    }


def held_notes(notes):
    """Joins equal notes that follow each other to one held note.

    Args:
        notes: integers `[steps, voices]`.

    Returns:
        For each voice, a list of (pitch, first step, number of steps).

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
    """Makes a MIDI file with a track for each voice.

    Args:
        notes: integers `[steps, voices]`, with at most 15 voices.
        steps_a_beat: 1 if a step is a quarter note, 4 if it is a 16th note.
        beats_a_minute: the speed.

    Returns:
        The content of the file, bytes.

    Example:

    >>> import mido
    >>> file = mido.MidiFile(file=io.BytesIO(to_midi(np.full((8, 4), 60), beats_a_minute=60)))
    >>> len(file.tracks), file.length
    (5, 2.0)
    """
    import mido  # of the extra "recipes"

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
    """Plots notes over time, with a color for each voice.

    Args:
        notes: integers `[steps, voices]`.
        voice_names: a list of str.
        steps_a_beat: see `to_midi`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = plot_piano_roll(np.array([[60, 48], [62, 48]]), ["soprano", "bass"])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['soprano', 'bass']
    """
    import matplotlib.pyplot as plt

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
