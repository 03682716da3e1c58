"""The captioning recipe: on glyphs, on photographs where they are in place, on own images."""

import io
import json
import re

import keras
import needs
import numpy as np
import pytest
import tensorflow as tf
from pictures import assert_shows_data
from PIL import Image

import zoo
import zoo.tasks.captioning

RECIPE = "one_to_many_captioning"
WEIGHTS = needs.MANUAL / "mobilenet_v2_160_no_top.weights.h5"
SYSTEMS = ["most frequent caption", "nearest training image"] + [
    f"{name}, {how}" for name in ("attention", "no attention") for how in ("greedy", "beam search")
]


def read_table(text):
    """The rows of the table of scores: a list of names, and a list of lists of numbers."""
    table = text.split("\nTest ")[1].split("\n\n")[0].splitlines()[1:]
    rows = [re.fullmatch(r"(\S.*?)((?: +(?:\d+\.\d\d|-)){5})", line).groups() for line in table]
    return [name for name, _ in rows], [numbers.split() for _, numbers in rows]


def write_images(folder):
    """Plain images of four colours, each with two captions."""
    lines = []
    for i in range(80):
        color = ("red", "green", "blue", "black")[i % 4]
        file = io.BytesIO()
        Image.new("RGB", (30, 20), color).save(file, "PNG")
        (folder / f"{i}.png").write_bytes(file.getvalue())
        lines += [f"{i}.png\tA {color} field.\n", f"{i}.png\tAll is {color}!\n"]
    (folder / "mine.tsv").write_text("".join(lines))
    return folder / "mine.tsv"


def write_weights(path):
    keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None).save_weights(path)
    return path


@pytest.mark.exhaustive
def test_glyphs(run, data_dir, tmp_path, ask):
    output = tmp_path / "model"
    printed = run("--smoke", "--baseline", "--data-dir", data_dir, "--output", str(output))
    task = json.loads((output / "task.json").read_text())
    names, numbers = read_table(printed)
    assert names == SYSTEMS
    rows = task["metrics"]["test"].values()
    written = [["-" if x is None else f"{x:.2f}" for x in row.values()] for row in rows]
    assert written == numbers
    for picture in ("captions", "attention"):
        assert_shows_data(output / f"{picture}.png")

    rows = zoo.datasets.load("unicode_glyphs", "test[:60]", data_dir).as_numpy_iterator()
    caption, name = re.search(r"\ncaption +(.*)\nreference +(.*)", printed).groups()
    image = next(row["image"] for row in rows if row["name"].decode().lower() == name)
    Image.fromarray(image[..., 0]).save(tmp_path / "glyph.png")
    assert ask("generate", output, tmp_path / "glyph.png") == [caption]


@pytest.fixture
def brightness(monkeypatch):
    """In place of the features of MobileNetV2, which takes long, the brightness of each color."""

    def image_features(images, data_dir, weights):
        pixels = [tf.io.decode_image(image).numpy() for image in images.as_numpy_iterator()]
        return np.stack([np.resize(image[0, 0], (25, 1280)) for image in pixels]).astype("float16")

    monkeypatch.setattr(zoo.images, "image_features", image_features)
    monkeypatch.setattr(zoo.images, "network_sha256", lambda weights: "none")


def test_own_images(run, tmp_path, brightness):
    words = ["--dataset", write_images(tmp_path), "--cell", "lstm", "--no-attention"]
    printed = run("--smoke", *words, "--data-dir", tmp_path)
    assert "8 words; 100.0% of the test images have a caption of them" in printed
    names, numbers = read_table(printed)
    assert names == [*SYSTEMS[:2], *SYSTEMS[4:]]
    assert float(numbers[1][0]) > 90  # BLEU-1: the nearest training image has the same color
    assert [row[3] for row in numbers] == ["-"] * 4  # no caption has four words
    assert re.search("^Read .*: TSV without a header, .*, 160 captions of 80 images in ", printed, re.M)
    assert re.search(r"^First row, .* sees it: an image -> <s> a \w+ field </s>$", printed, re.M)
    assert "--min-count 1, because there are " in printed
    assert re.search(
        r"^Verdict: no attention, beam search .* the best baseline, nearest", printed, re.M
    )


def test_captions_longer_than_the_limit_are_said_to_be_cut(capsys):
    captions = {"train": [[["a", "red", "field"], ["red"]]], "test": [[["a", "field"]]]}
    zoo.tasks.captioning.print_words(captions, ["a", "red", "field"], max_length=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "First row, as the network sees it: an image -> <s> a red field"
    assert lines[2] == "Cut 1 caption after 3 words: see --max-length"


def test_a_network_that_writes_nothing(capsys):
    references = [[["a", "red", "dog"]]] * 12
    systems = {"gru": [[]] * 12, "most frequent caption": [["a", "red", "dog"]] * 12}
    score = zoo.tasks.captioning.make_score(systems, references)
    zoo.print_verdict("gru", ["most frequent caption"], score, 12)
    printed = capsys.readouterr().out
    assert "All captions of gru are empty. Train longer: give" in printed
    assert "Verdict: gru does not beat the best baseline, most frequent caption: 0.00 to " in printed


@pytest.mark.parametrize(
    ("num_captions", "expected"),
    [
        (37_607, {"batch_size": 64, "epochs": 6, "min_count": 4, "dropout": 0.4}),
        (500, {"batch_size": 16, "epochs": 40, "min_count": 1, "dropout": 0.5}),
    ],
)
def test_defaults_that_fit_the_data(num_captions, expected):
    choices = zoo.tasks.captioning.defaults(num_captions, are_photographs=False)
    chosen = {name: value for name, (value, _) in choices.items()}
    assert chosen == {**expected, "learning_rate": 0.002}


@pytest.mark.exhaustive
def test_features_of_own_images_are_kept(run, tmp_path):
    weights = write_weights(tmp_path / "random.weights.h5")
    words = ["--data-dir", tmp_path, "--cnn-weights", weights, "--dataset", write_images(tmp_path)]
    assert "Nothing was written" in run("--smoke", "--no-attention", *words)
    assert len(list((tmp_path / "image_features").glob("*.npy"))) == 3


@pytest.mark.exhaustive
@needs.files(WEIGHTS, needs.MANUAL / "Flickr8k_Dataset.zip")
def test_flickr8k(run, tmp_path):
    output = tmp_path / "model"
    words = ["--cnn-weights", str(WEIGHTS), "--output", str(output)]
    printed = run("--smoke", "--dataset", "flickr8k", *words)
    assert "60 train, 60 validation, 60 test images" in printed
    names, numbers = read_table(printed)
    assert names == SYSTEMS[:4]
    assert float(numbers[1][0]) > 20  # BLEU-1 of the nearest image's caption
    assert_shows_data(output / "attention.png")

    # An image goes in, and the printed caption comes out, with the network that it was trained with.
    caption, reference = re.search(r"\ncaption +(.*)\nreference +(.*)", printed).groups()
    images, captions = zoo.datasets.load_captions("flickr8k")["test"]
    firsts = [some[0].lower().rstrip(" .") for some in captions]
    image = next(x for x, first in zip(images, firsts, strict=True) if first == reference)
    (tmp_path / "photo.jpg").write_bytes(image.numpy())
    task = zoo.load(output)
    assert task.generate([tmp_path / "photo.jpg"], cnn_weights=str(WEIGHTS)) == [caption]
    with pytest.raises(zoo.InputError, match="other weights"):
        other = write_weights(tmp_path / "other.weights.h5")
        task.generate([tmp_path / "photo.jpg"], cnn_weights=str(other))


def test_words_are_those_of_captions_and_of_names():
    word = zoo.text.WORD
    assert re.findall(word, "a man 's tri-colored dog , isn't \" it \" ? -") == [
        *("a", "man", "s", "tri-colored", "dog", "isn't", "it")
    ]
    assert re.findall(word, "braille pattern dots-1235") == ["braille", "pattern", "dots-1235"]


def test_batches_hold_the_context_of_each_caption(recipe, tmp_path):
    contexts = np.lib.format.open_memmap(tmp_path / "c.npy", "w+", np.float16, (3, 25, 4))
    contexts[:] = np.arange(3)[:, None, None]
    captions = [[["a"]], [["b", "b"], ["b", "x"]], [["c"] * 9]]
    vocabulary = ["", "[UNK]", "<s>", "</s>", "a", "b", "c"]
    config = recipe["Config"](batch_size=2, max_length=5)
    for seed in (None, 0):
        batches = recipe["make_batches"](contexts, captions, vocabulary, config, seed)
        assert len(batches) == 2
        rows = []
        for (context, so_far), following in batches.as_numpy_iterator():
            assert context.shape[1:] == (25, 4) and context.dtype == "float32"
            assert (context == context[:, :1, :1]).all()
            rows += zip(context[:, 0, 0], so_far.tolist(), following.tolist(), strict=True)
        rows = sorted((int(i), *([t for t in x if t] for x in pair)) for i, *pair in rows)
        assert rows == [
            (0, [2, 4], [4, 3]),
            (1, [2, 5, 1], [5, 1, 3]),
            (1, [2, 5, 5], [5, 5, 3]),
            (2, [2, 6, 6, 6, 6], [6, 6, 6, 6, 6]),  # a long caption is cut, and has no end
        ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--dataset {tmp}/missing.tsv", r"missing.tsv, line 2: there is no image"),
        ("--dataset {tmp}/damaged.tsv", "damaged.tsv, line 1: "),
        ("--dataset {tmp}/empty.tsv", "empty.tsv is empty"),
        ("--dataset {tmp}/no.tsv", "No file or folder of that name"),
        ("--dataset movie_reviews", "does not have images and captions"),
        ("--dataset {tmp}/mine.tsv --cnn-weights no.h5", "No file of MobileNetV2's weights"),
        ("--dataset {tmp}/mine.tsv --cnn-weights {tmp}/mine.tsv", "weights cannot be read"),
        ("--attention dot", "unrecognized arguments: dot"),
        ("--output {tmp}", "holds something else"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, data_dir, assert_refused):
    write_images(tmp_path)
    (tmp_path / "missing.tsv").write_text("1.png\ta\n99.png\tb\n")
    (tmp_path / "damaged.tsv").write_text("mine.tsv\tthis is no image\n")
    (tmp_path / "empty.tsv").write_text("")
    assert_refused(message, "--smoke", "--data-dir", data_dir, *words.format(tmp=tmp_path).split())


@pytest.mark.parametrize("edit", ["sequential", "another layer", "subclass"])
def test_a_model_that_cannot_write_is_refused(edit, tmp_path, brightness, assert_needs_generate):
    assert_needs_generate(edit, "--dataset", write_images(tmp_path), "--data-dir", tmp_path)


def test_captions_without_words_are_refused(run, tmp_path, brightness, assert_refused):
    write_images(tmp_path)
    lines = (tmp_path / "mine.tsv").read_text().splitlines()
    (tmp_path / "mine.tsv").write_text("".join(line.split("\t")[0] + "\t!!!\n" for line in lines))
    words = ["--dataset", tmp_path / "mine.tsv", "--data-dir", tmp_path]
    assert_refused("No word occurs 1 times in the training texts", "--smoke", *words)
