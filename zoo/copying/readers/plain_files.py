"""Plain files for data that no short reader reads: the rows as the zoo read them."""

import io
import json
import pathlib
import re

import numpy as np

from zoo.copying.readers import corpus, questions
from zoo.datasets.splitting import SPLITS

TEXTS = '''
def load_texts(path):
    """Reads texts with labels from lines of JSON: {split: (texts, labels)}, names of the labels."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    label_names = sorted({row["label"] for row in rows})
    splits = {}
    for split in SPLITS:
        some = [row for row in rows if row["split"] == split]
        labels = [label_names.index(row["label"]) for row in some]
        splits[split] = [row["text"] for row in some], np.array(labels)
    return splits, label_names
'''
TAGGED = '''
def load_tagged(path):
    """Reads tagged sentences from lines of JSON: {split: (sentences, tags)}, names of the tags."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    splits = {}
    for split in SPLITS:
        some = [row for row in rows if row["split"] == split]
        splits[split] = [row["tokens"] for row in some], [row["tags"] for row in some]
    return splits, sorted({tag for row in rows for tag in row["tags"]})
'''
PAIRS = '''
def load_pairs(path):
    """Reads pairs of texts from lines of JSON: {split: (sources, targets)}."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    splits = {}
    for split in SPLITS:
        some = [row for row in rows if row["split"] == split]
        splits[split] = [row["source"] for row in some], [row["target"] for row in some]
    return splits
'''
PRONUNCIATIONS = '''
def load_pronunciations(path):
    """Reads words from lines of JSON: {split: {word: its pronunciations, tuples of phonemes}}."""
    splits = {}
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            words = splits.setdefault(row["split"], {})
            words[row["word"]] = [tuple(phonemes) for phonemes in row["pronunciations"]]
    return splits
'''
CORPUS = '''
def load_corpus(path):
    """Reads texts from lines of JSON: {split: texts}."""
    splits = {split: [] for split in SPLITS}
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            splits[row["split"]].append(row["text"])
    return splits
'''
DIALOGUES = '''
def load_dialogues(path):
    """Reads conversations from lines of JSON: {split: conversations, each a list of turns}."""
    splits = {split: [] for split in SPLITS}
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            splits[row["split"]].append(row["turns"])
    return splits
'''
MUSIC = '''
def load_music(path):
    """Reads pieces of music from lines of JSON: {split: pieces}, each integers `[steps, voices]`."""
    splits = {split: [] for split in SPLITS}
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            splits[row["split"]].append(np.array(row["notes"], "int32"))
    return splits
'''
SPEECH = '''
def load_speech(path):
    """Reads {split: (recordings, each integers of 16 bits `[samples]`, and their texts)}."""
    data, splits = np.load(path), {}
    for split in SPLITS:
        names = [name for name in data if name.startswith(f"{split} recording ")]
        splits[split] = [data[name] for name in names], json.loads(str(data[f"{split} texts"]))
    return splits
'''
IMAGES = '''
def load_images(path):
    """Reads images with labels: {split: (images, labels)}, names of the labels, value of white."""
    data = np.load(path)
    splits = {split: (data[f"{split} images"], data[f"{split} labels"]) for split in SPLITS}
    return splits, data["label_names"].tolist(), float(data["white"])
'''
CAPTIONS = '''
def load_captions(path):
    """Reads images and captions: {split: (dataset of encoded images, lists of captions)}."""
    data, splits = np.load(path), {}
    for split in SPLITS:
        names = [name for name in data if name.startswith(f"{split} image ")]
        images = tf.data.Dataset.from_tensor_slices([data[name].tobytes() for name in names])
        splits[split] = images, json.loads(str(data[f"{split} captions"]))
    return splits
'''
SERIES = '''
def load_many_series(path):
    """Reads series of numbers: a list of them, the columns to forecast, and the other columns."""
    with open(path, encoding="utf-8") as file:
        outputs, others, *rows = map(json.loads, file)
    series = []
    for row in rows:
        parts = {split: np.array(part, "float64") for split, part in row["parts"].items()}
        times = None if row["times"] is None else np.array(row["times"], row["type"])
        series.append(Series(row["name"], parts, times))
    return series, outputs, others
'''
VIDEOS = '''
def LOADER(path):
    """Reads clips with labels: {fold: {split: clips}}, names of the labels."""
    data = np.load(path)
    clips = [
        Clip(data[f"frames {i}"], LABEL, *about) for i, about in enumerate(data["about"].tolist())
    ]
    folds = {
        person: {split: [clips[i] for i in some] for split, some in splits.items()}
        for person, splits in json.loads(str(data["folds"])).items()
    }
    return folds, data["label_names"].tolist()
'''


def write(loader, arguments, result):
    """Writes the rows that a loader has read.

    Args:
        loader: the name of the loader.
        arguments: its arguments.
        result: what it returned.

    Yields:
        Ways to do it, the simplest one first: the source of a reader, the name of the file, and its
        content in bytes.

    Example:

    >>> rows = {"train": (["So", "good"], np.array([1, 0])), "validation": ([], []), "test": ([], [])}
    >>> ((_, file, content),) = write("load_texts", {"name": "mine.docx"}, (rows, ["bad", "good"]))
    >>> file, content.decode().splitlines()[0]
    ('mine-plain.jsonl', '{"split": "train", "text": "So", "label": "good"}')
    """
    name = re.sub(r"[^\w.-]+", "_", pathlib.Path(str(arguments["name"])).name.split(".")[0]) or "data"
    if loader == "load_corpus" and all(len(texts) == 1 for texts in result.values()):
        text = "".join(texts[0] for texts in result.values())
        yield corpus.write_file(), f"{name}-plain.txt", text.encode()
    source, rows = FORMS[loader](result)
    if isinstance(rows, bytes):
        yield source, f"{name}-plain.npz", rows
    else:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        yield source, f"{name}-plain.jsonl", lines.encode()


def _write_texts(result):
    splits, names = result
    return TEXTS, [
        {"split": split, "text": text, "label": names[label]}
        for split, (texts, labels) in splits.items()
        for text, label in zip(texts, labels, strict=True)
    ]


def _write_tagged(result):
    return TAGGED, [
        {"split": split, "tokens": tokens, "tags": tags}
        for split, columns in result[0].items()
        for tokens, tags in zip(*columns, strict=True)
    ]


def _write_pairs(result):
    return PAIRS, [
        {"split": split, "source": source, "target": target}
        for split, columns in result.items()
        for source, target in zip(*columns, strict=True)
    ]


def _write_pronunciations(result):
    return PRONUNCIATIONS, [
        {"split": split, "word": word, "pronunciations": said}
        for split, words in result.items()
        for word, said in words.items()
    ]


def _write_corpus(result):
    return CORPUS, [{"split": split, "text": text} for split, texts in result.items() for text in texts]


def _write_dialogues(result):
    rows = [{"split": split, "turns": turns} for split, found in result.items() for turns in found]
    return DIALOGUES, rows


def _write_music(result):
    return MUSIC, [
        {"split": split, "notes": notes.tolist()}
        for split, pieces in result.items()
        for notes in pieces
    ]


def _write_images(result):
    splits, names, white = result
    arrays = {"label_names": np.array(names), "white": white}
    for split, (images, labels) in splits.items():
        arrays |= {f"{split} images": images, f"{split} labels": labels}
    return IMAGES, _pack(arrays)


def _write_captions(result):
    arrays = {}
    for split in SPLITS:
        images, captions = result[split]
        for i, image in enumerate(images.as_numpy_iterator()):
            arrays[f"{split} image {i}"] = np.frombuffer(image, "uint8")
        arrays[f"{split} captions"] = np.array(json.dumps(captions))
    return CAPTIONS, _pack(arrays)


def _write_series(result):
    series, outputs, others = result
    rows = [outputs, others]
    for one in series:
        times = {"times": None, "type": ""}
        if one.times is not None:
            is_date = one.times.dtype.kind == "M"
            times["times"] = one.times.astype(str).tolist() if is_date else one.times.tolist()
            times["type"] = str(one.times.dtype)
        parts = {split: part.tolist() for split, part in one.parts.items()}
        rows.append({"name": one.name, "parts": parts, **times})
    return SERIES, rows


def _write_speech(result):
    arrays = {}
    for split, (recordings, texts) in result.items():
        arrays |= {f"{split} recording {i}": samples for i, samples in enumerate(recordings)}
        arrays[f"{split} texts"] = np.array(json.dumps(texts, ensure_ascii=False))
    return SPEECH, _pack(arrays)


def _write_videos(result):
    folds, names = result
    clips = {id(clip): clip for splits in folds.values() for some in splits.values() for clip in some}
    numbers = {key: i for i, key in enumerate(clips)}
    folds = {
        fold: {split: [numbers[id(clip)] for clip in some] for split, some in splits.items()}
        for fold, splits in folds.items()
    }
    clips = [*clips.values()]
    arrays = {"label_names": np.array(names), "folds": np.array(json.dumps(folds))}
    arrays["about"] = np.array([(clip.person, clip.name) for clip in clips])
    arrays |= {f"frames {i}": clip.frames for i, clip in enumerate(clips)}
    if np.ndim(clips[0].label):
        arrays |= {f"labels {i}": clip.label for i, clip in enumerate(clips)}
        source = VIDEOS.replace("LOADER", "load_tagged_videos").replace("LABEL", 'data[f"labels {i}"]')
    else:
        arrays["labels"] = np.array([clip.label for clip in clips])
        source = VIDEOS.replace("LOADER", "load_videos").replace("LABEL", 'int(data["labels"][i])')
    return source, _pack(arrays)


def _pack(arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


FORMS = {
    "load_texts": _write_texts,
    "load_tagged": _write_tagged,
    "load_pairs": _write_pairs,
    "load_pronunciations": _write_pronunciations,
    "load_questions": questions.write_plain,
    "load_images": _write_images,
    "load_captions": _write_captions,
    "load_corpus": _write_corpus,
    "load_dialogues": _write_dialogues,
    "load_music": _write_music,
    "load_speech": _write_speech,
    "load_many_series": _write_series,
    "load_videos": _write_videos,
    "load_tagged_videos": _write_videos,
}
