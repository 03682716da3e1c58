"""Adds trained models to the package, and measures them.

    python benchmarks/presets.py add FOLDER NAME --limits "What it cannot do."
    python benchmarks/presets.py measure NAME ...

FOLDER is a folder that a recipe wrote with --output. `add` rounds the weights to half precision. It
measures the rounded model on the whole test split and on its first rows, and puts it into zoo/presets.
A test repeats the measurement on the first rows. `measure` prints the scores on the whole test split.
Both call the loaded task as a user would. Only the likelihoods of text and music come from the
functions of the recipes.
"""

import argparse
import io
import json
import pathlib
import runpy
import shutil
import tempfile
import zipfile

import h5py
import keras
import numpy as np
import sacrebleu

import zoo
from zoo.storage.hashes import hash_of
from zoo.tasks import cards, placeholders, tagging, trained_models

ROOT = pathlib.Path(__file__).parent.parent
SAMPLE = 100  # number of rows that the test measures again


def halve(source, target):
    """Copies a `.keras` file, rounds its weights to float16 and compresses them."""

    def copy(group, copied):
        copied.attrs.update(group.attrs)
        for name, item in group.items():
            if isinstance(item, h5py.Group):
                copy(item, copied.create_group(name))
                continue
            values = np.asarray(item)
            if values.dtype == "float32":
                values = values.astype("float16")
            options = {"compression": "gzip", "shuffle": True} if values.size > 64 else {}
            copied.create_dataset(name, data=values, **options).attrs.update(item.attrs)

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "model.weights.h5":
                buffer = io.BytesIO()
                with h5py.File(io.BytesIO(content)) as file, h5py.File(buffer, "w") as copied:
                    copy(file, copied)
                content = buffer.getvalue()
            new.writestr(zipfile.ZipInfo(name), content)  # without a date: the same bytes each time


def measure(task, rows=None):
    """The scores of a task on the test split of its dataset, or on its first rows: a dict."""
    return globals()[f"measure_{task.card['task']}"](task, rows)


def recipe(task):
    """The functions of the recipe that trained a task: a dict."""
    command = task.card["command"].split()
    return runpy.run_path(str(ROOT / next(word for word in command if word.endswith(".py"))))


def measure_text_classification(task, rows):
    splits, names = zoo.datasets.load_texts(task.card["dataset"])
    texts, labels = (column[:rows] for column in splits["test"])
    likeliest = [next(iter(answer)) for answer in task.predict(texts)]
    return {"accuracy": np.mean([a == names[b] for a, b in zip(likeliest, labels, strict=True)])}


def measure_image_classification(task, rows):
    test = list(zoo.datasets.load(task.card["dataset"], "test").as_numpy_iterator())[:rows]
    answers = task.predict([row["image"] for row in test])
    hits = [int(next(iter(a))) == row["label"] for a, row in zip(answers, test, strict=True)]
    return {"accuracy": np.mean(hits)}


def measure_video_classification(task, rows):
    """Clips of the person that was left out, at the size at which the network reads them."""
    clips, names = _test_clips(task, zoo.datasets.load_videos)
    answers = task.predict([clip.frames for clip in clips[:rows]])
    hits = [next(iter(a)) == names[clip.label] for a, clip in zip(answers, clips, strict=False)]
    return {"accuracy": np.mean(hits)}


def measure_video_tagging(task, rows):
    """All clips of the person that was left out, joined in the order of the dataset."""
    clips, names = _test_clips(task, zoo.datasets.load_tagged_videos)
    frames = np.concatenate([clip.frames for clip in clips[:rows]])
    (spans,) = task.predict([frames])  # the clips have only the frames that the network reads
    step = task.card["preprocessing"]["frame_step"]
    labels = [span["label"] for span in spans for _ in range(span["start"], span["end"], step)]
    true = np.concatenate([clip.label for clip in clips[:rows]])
    return {"accuracy": np.mean([label == names[i] for label, i in zip(labels, true, strict=True)])}


def _test_clips(task, load):
    """The test clips of the first fold, and the names of the labels."""
    config = task.card["config"]
    options = {key: config[key] for key in ("image_size", "frame_step", "center")}
    folds, names = load(task.card["dataset"], **options)
    return next(iter(folds.values()))["test"], names


def measure_tagging(task, rows):
    """The F1 of whole entities: both ends and the type must be right."""
    splits, _ = zoo.datasets.load_tagged(task.card["dataset"], "ner")
    sentences, tags = (column[:rows] for column in splits["test"])
    found = [tagging.spans(*pair) for pair in zip(sentences, tags, strict=True)]
    pairs = list(zip(task.predict(sentences), found, strict=True))
    right = sum(span in true for spans, true in pairs for span in spans)
    return {"F1 of entities": 2 * right / sum(len(spans) + len(true) for spans, true in pairs)}


def measure_punctuation(task, rows):
    """Scores whole reviews. The recipe scores windows of words."""
    functions = recipe(task)
    texts = zoo.datasets.load_corpus(task.card["dataset"])["test"]
    texts = zoo.tasks.punctuation.to_paragraphs(texts)[:rows]
    true = [functions["take_tags_off"]([text]) for text in texts]
    restored = task.predict([" ".join(words) for words, _ in true])
    predicted = [functions["take_tags_off"]([text])[1] for text in restored]
    true = np.concatenate([tags for _, tags in true])
    accuracy, *scores = functions["score"](true, np.concatenate(predicted)).items()
    return dict([accuracy, *((f"F1 of {name}", score) for name, score in scores)])


def measure_forecasting(task, rows):
    parts, _ = zoo.datasets.load_series(task.card["dataset"], "", None)
    values, horizon = np.concatenate(list(parts.values())), task.card["config"]["horizon"]
    first = len(values) - len(parts["test"])
    ends = range(first, len(values) - horizon + 1)[:rows]
    errors = [np.abs(task.predict(values[:end]) - values[end : end + horizon]) for end in ends]
    return {"MAE": np.mean(errors)}


def measure_translation(task, rows):
    sources, targets = (
        column[:rows] for column in zoo.datasets.load_pairs(task.card["dataset"])["test"]
    )
    return {"BLEU": sacrebleu.corpus_bleu(task.generate(sources), [targets]).score}


def measure_pronunciation(task, rows):
    test = zoo.datasets.load_pronunciations(task.card["dataset"])["test"]
    test = dict(list(test.items())[:rows])
    kind = zoo.tasks.pronunciation.kind_of(task.card["target_vocabulary"])
    answers = task.generate(list(test))
    answers = [tuple(one.split() if kind == "phonemes" else one) for one in answers]
    rates = zoo.metrics.score_words(answers, list(test.values()), kind)
    return {f"wrong {what}": rate for what, rate in rates.items()}


def measure_speech_recognition(task, rows):
    recordings, texts = (
        column[:rows] for column in zoo.datasets.load_speech(task.card["dataset"])["test"]
    )
    return zoo.metrics.score_transcripts(task.predict(recordings), texts)


def measure_question_answering(task, rows):
    splits, database = zoo.datasets.load_questions(task.card["dataset"])
    questions, queries = (column[:rows] for column in splits["test"])
    said = [answer["query"] for answer in task.generate(questions)]
    right = [" ".join(placeholders.split_query(query)) for query in queries]
    judged = zoo.metrics.judge_queries(database, said, right)
    return {score: float(hits.mean()) for score, hits in judged.items()}


measure_transliteration = measure_pronunciation


def measure_chat(task, rows):
    """distinct-1 and distinct-2 of the replies."""
    splits = zoo.datasets.load_dialogues(task.card["dataset"])
    pairs = zoo.tasks.chat.make_pairs(splits["test"], task.card["config"]["turns"])[:rows]
    return zoo.metrics.score_variety(task.generate([turns for turns, _ in pairs]))


def measure_captioning(task, rows):
    images, captions = zoo.datasets.load_captions(task.card["dataset"])["test"]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, image in enumerate(images.take(rows or -1).as_numpy_iterator()):
            paths.append(pathlib.Path(folder) / str(i))
            paths[-1].write_bytes(image)
        described = [caption.split() for caption in task.generate(paths)]
    true = [[caption.lower().split() for caption in some] for some in captions[: len(paths)]]
    return zoo.metrics.score_captions(described, true)


def measure_language_model(task, rows):
    """Nats a token. `rows` is a number of windows of one stream, not of texts."""
    functions, config = recipe(task), task.card["config"]
    texts = zoo.datasets.load_corpus(task.card["dataset"])["test"]
    tokenizer = zoo.tasks.language_model.load_tokenizer(task)
    symbols = zoo.tasks.language_model.join(texts, tokenizer, config["max_tokens"] // 10)
    tokens = zoo.tasks.language_model.encode(symbols, tokenizer)
    steps = config["bptt_steps"]
    inputs, targets = zoo.datasets.streams(tokens[: rows and rows * steps], config["batch_size"], steps)
    network = task.model.with_states()
    step = functions["make_step"](network)
    return {"nats a token": functions["read"](step, network, inputs, targets)[0]}


def measure_composition(task, rows):
    """Nats a token, on the same 16 beats of each chorale as in the recipe."""
    functions = runpy.run_path(str(ROOT / "recipes" / "one_to_many_composer.py"))
    chorales = zoo.datasets.load("jsb_chorales/16th", "test").as_numpy_iterator()
    index = {symbol: i for i, symbol in enumerate(task.card["vocabulary"])}
    pieces = [row["notes"] for row in chorales][:rows]
    pieces = functions["make_rows"](pieces, index, np.random.default_rng(0), shifts=[0])
    task.model.compile(loss="sparse_categorical_crossentropy")
    return {"nats a token": task.model.evaluate(zoo.datasets.batches(pieces, 8), verbose=0)}


def add(folder, name, limits, licence):
    """Makes a folder that a recipe wrote one of the trained models of the package."""
    folder, card = zoo.tasks.find(folder)
    new = pathlib.Path(tempfile.mkdtemp()) / name
    new.mkdir()
    needed = [file for file in card["sha256"] if file.endswith((".keras", ".spm", ".txt", ".json"))]
    for file in needed:
        shutil.copy(folder / file, new)
    halve(folder / "model.keras", new / "model.keras")
    card["sha256"] = {file: hash_of(new / file) for file in needed}
    card |= {"limits": limits, "precision of the weights": "float16"}
    card["licence"] = licence or card["licence"]
    card.pop("also_written", None)  # these files are not copied
    cards.write_card(new, card)
    task = zoo.load(new)
    measured = {"test": measure(task), f"first {SAMPLE} rows of test": measure(task, SAMPLE)}
    card["measured"] = cards.plain("measured", measured)
    cards.write_card(new, card)
    target = trained_models.FOLDER / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(new, target)
    print(json.dumps(card["measured"], indent=1))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("add")
    command.add_argument("folder")
    command.add_argument("name")
    command.add_argument("--limits", required=True)
    command.add_argument("--licence", help="license of the dataset, if its builder does not state it")
    command = commands.add_parser("measure")
    command.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "add":
        add(arguments.folder, arguments.name, arguments.limits, arguments.licence)
    else:
        for name in arguments.names:
            print(name, json.dumps(measure(zoo.load(name)), default=float))


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    main()
