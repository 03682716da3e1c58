"""Plots of scores, series, attention weights and captions."""

import io
import itertools

import keras
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.text import Text

import zoo
import zoo.fonts


@pytest.mark.parametrize("attention", ["dot", "additive"])
def test_attention_is_drawn_as_the_model_weighs(attention):
    keras.utils.set_random_seed(0)
    model = zoo.build("encoder_decoder", attention=attention, units=6)
    inputs = [np.array([[7, 8, 9, 0]]), np.array([[2, 5, 6]])]
    labels = (["a", "dog", ".", "pad"], ["ein", "Hund", "end"])
    figure = zoo.plots.plot_attention(model, [inputs, inputs], [labels, labels])
    first, second = figure.axes[:2]
    for axis in (first, second):
        assert [label.get_text() for label in axis.get_xticklabels()] == labels[0]
        assert [label.get_text() for label in axis.get_yticklabels()] == labels[1]
    weights = np.asarray(first.images[0].get_array())  # [step, item]
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(weights[:, 3], 0, atol=1e-6)  # padding gets no attention
    assert (weights[:, :3] > 0).all()
    np.testing.assert_array_equal(weights, second.images[0].get_array())


def test_captions_stand_over_their_images():
    images = [np.full((8, 8, 1), i) for i in range(5)]
    texts = [f"caption {i}" for i in range(5)]
    figure = zoo.plots.plot_captions(images, texts, ["a person's"] * 5)
    axes = figure.axes
    assert [axis.get_title() for axis in axes[:5]] == [f"{text}\n(a person's)" for text in texts]
    assert [axis.images[0].get_array().max() for axis in axes[:5]] == list(range(5))
    assert len(axes) == 8 and not axes[5].images


def test_attention_over_images_is_that_of_the_model():
    model = zoo.build("one_to_many", context_shape=(9, 4), vocabulary_size=7, units=8)
    contexts = np.random.default_rng(0).normal(size=(2, 9, 4)).astype("float32")
    words = ["", "[UNK]", "<s>", "</s>", "a", "dog", "runs"]
    captions = [["a", "dog", "runs"], ["dog"]]
    images = [np.zeros((30, 20, 3))] * 2
    figure = zoo.plots.plot_attention_over_images(model, contexts, images, captions, words)
    titles = ["a", "dog", "runs", "</s>", "dog", "</s>", "", ""]
    assert [axis.get_title() for axis in figure.axes] == titles
    weights = keras.Model(model.inputs, model.get_layer("attention").output[1])
    expected = weights.predict([contexts[:1], np.array([[2, 4, 5, 6]])], verbose=0)[0]
    for axis, grid in zip(figure.axes, expected, strict=False):  # of one row at first
        np.testing.assert_allclose(axis.images[1].get_array(), grid.reshape(3, 3), rtol=1e-5)
    with pytest.raises(zoo.InputError, match=r"a square grid\. Received: 8 places"):
        model = zoo.build("one_to_many", context_shape=(8, 4), units=8)
        zoo.plots.plot_attention_over_images(model, contexts, images, captions, words)


def test_scores_are_drawn_by_row_and_column():
    rows = {"gru": {"short": 0.9, "long": 0.8}, "baseline": {"short": 0.7, "long": 0.6}}
    (axes,) = zoo.plots.plot_scores(rows, "reviews", "accuracy", style="o-").axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.9, 0.8], [0.7, 0.6]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["short", "long"]
    assert (axes.get_title(), axes.get_ylabel()) == ("reviews", "accuracy")


def test_series_are_drawn_over_each_other():
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], "datetime64[D]")
    lines = {"truth": [1, 2, 3], "gru": [1, 3]}
    first, second = zoo.plots.plot_series({"spots": (None, lines), "sales": (days, lines)}, "year").axes
    for axes in (first, second):
        assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2, 3], [1, 3]]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["truth", "gru"]
    assert list(first.lines[0].get_xdata()) == [0, 1, 2]
    assert list(second.lines[1].get_xdata()) == list(days[:2])
    assert (first.get_ylabel(), second.get_ylabel(), second.get_xlabel()) == ("spots", "sales", "year")


def test_dates_below_a_series_do_not_overlap():
    days = np.arange("2013-06-10", "2013-07-15", dtype="datetime64[D]")
    figure = zoo.plots.plot_series({"sales": (days, {"truth": range(35)})}, "day")
    figure.canvas.draw()
    labels = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) > 3
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_a_confusion_matrix_has_the_shares_of_each_true_class():
    truth, predicted = np.array(["a", "b", "b", "b"]), np.array(["a", "b", "c", "c"])
    parts = [(truth, predicted, ["a", "b", "c"]), (predicted, truth, ["a", "b", "c"])]
    first, second = zoo.plots.plot_confusion(parts).axes
    shares = ["100%", "0%", "0%", "0%", "33%", "67%", "0%", "0%", "0%"]
    assert [text.get_text() for text in first.texts] == shares
    shares = ["100%", "0%", "0%", "0%", "100%", "0%", "0%", "100%", "0%"]
    assert [text.get_text() for text in second.texts] == shares


def make_font(folder, letters):
    """A font with these letters, which are squares."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in sorted(set(letters)))]
    font = FontBuilder(1000)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(letter): f"uni{ord(letter):04X}" for letter in letters})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (900, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800)
    font.setupPost()
    font.save(folder / "squares.ttf")
    return str(folder / "squares.ttf")


def draw_all(words):
    """Draws every kind of plot with these words, as a file."""
    first, second = words
    figures = [
        zoo.plots.plot_captions([np.zeros((8, 8, 1))], [first], [second]),
        zoo.plots.plot_spikes([np.zeros((4, 8))], [np.zeros((2, 2))], ["", "x"], [first + second], 2),
        zoo.plots.plot_scores({first: {first: 1.0, second: 2.0}}, first, second),
        zoo.plots.plot_series({first: (None, {first: [1, 2], second: [1, 2]})}, second),
        zoo.plots.plot_losses({first: [1, 2]}, {second: 1}, first, second),
        zoo.plots.plot_confusion([(np.array(words), np.array(words), words)]),
    ]
    model = zoo.build("encoder_decoder", units=6)
    inputs = [np.array([[7, 8]]), np.array([[2, 5]])]
    figures.append(zoo.plots.plot_attention(model, [inputs], [(words, words)]))
    for figure in figures:
        figure.savefig(io.BytesIO())
    return figures


@pytest.fixture
def fonts(monkeypatch):
    """Forgets what was found and printed, and lets a test add fonts that no later test sees."""
    manager = font_manager.fontManager
    monkeypatch.setattr(manager, "ttflist", [*manager.ttflist])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    monkeypatch.setattr(zoo.fonts, "NAMED", set())
    zoo.fonts._choose_families.cache_clear()
    yield monkeypatch
    zoo.fonts._choose_families.cache_clear()


@pytest.mark.filterwarnings("error:Glyph")
def test_letters_that_the_usual_font_lacks_come_from_an_installed_one(fonts, tmp_path, capsys):
    path = make_font(tmp_path, "कुत्ता狗")
    fonts.setattr(font_manager, "findSystemFonts", lambda: [path])  # matplotlib does not know it yet
    for figure in draw_all(["कुत्ता", "a 狗"]):
        assert any("Squares" in text.get_fontfamily() for text in figure.findobj(Text))
    assert capsys.readouterr().out == ""


def test_one_line_names_the_scripts_that_no_font_has(fonts, capsys, recwarn):
    draw_all(["कुत्ता", "狗 \U0001faf6\ufe0f"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 and not any("Glyph" in str(one.message) for one in recwarn)
    assert "in place of CJK, Devanagari, symbols and emoji, because no installed font" in lines[0]
    assert "fonts.google.com/noto" in lines[0]


@pytest.mark.filterwarnings("error:Glyph")
def test_letters_of_the_usual_font_and_dollars_need_nothing(fonts, capsys):
    for figure in draw_all(["$5 and $x_{", "café “é” ☺"]):
        assert all(len(text.get_fontfamily()) == 1 for text in figure.findobj(Text))
    assert capsys.readouterr().out == ""


def read_boxes(figure):
    """The names in the boxes of a picture of a model, from top to bottom, and the number of arrows."""
    (axes,) = figure.axes
    boxes = [text for text in axes.texts if text.get_text()]
    boxes.sort(key=lambda text: (-text.get_position()[1], text.get_position()[0]))
    return [text.get_text().split("\n") for text in boxes], len(axes.texts) - len(boxes)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("one_to_one", {}),
        ("many_to_one", {"bidirectional": True, "pooling": "attention", "num_layers": 2}),
        ("many_to_one", {"num_features": 3}),
        ("many_to_many", {"characters": True, "head": "crf"}),
        ("many_to_many", {"num_features": 3, "mask_value": 0.0, "head": "sigmoid"}),
        ("one_to_many", {"context_shape": None}),
        ("one_to_many", {"context_shape": (9, 4)}),
        ("encoder_decoder", {"num_layers": 2}),
        ("encoder_decoder", {"attention": "none", "cell": "gru"}),
    ],
)
def test_a_picture_of_a_model_has_all_its_layers(name, arguments):
    model = zoo.build(name, units=6, **arguments)
    boxes, arrows = read_boxes(zoo.plots.plot_model(model))
    assert sorted(box[0] for box in boxes) == sorted(layer.name for layer in model.layers)
    assert boxes[-1][0] == model.layers[-1].name  # the output is at the bottom
    assert boxes[0][1].startswith("InputLayer (None, ")
    joins = len(model.inputs)  # without them, all layers but the inputs have an arrow
    assert arrows >= len(boxes) - joins
    height = {box[0]: i for i, box in enumerate(boxes)}
    if name == "encoder_decoder":
        assert height["source"] < height["encoder_0"] < height["decoder_0"]
        assert ["encoder_0", f"Bidirectional of {'GRU' if 'cell' in arguments else 'LSTM'}"] == [
            boxes[height["encoder_0"]][0],
            boxes[height["encoder_0"]][1].split(" (")[0],
        ]


def test_pictures_of_models_that_people_write():
    class Slow(keras.layers.Layer):
        state_size = output_size = 6

        def call(self, x, states):
            return states[0], states

    inputs = keras.Input((None, 6))
    shared = keras.layers.Dense(6)
    x = shared(shared(inputs)) + inputs  # a layer that is used twice, and an operation
    output = keras.layers.Dense(1)(keras.layers.RNN(Slow())(x))
    boxes, arrows = read_boxes(zoo.plots.plot_model(keras.Model(inputs, output)))
    assert [box[1].split(" (")[0] for box in boxes] == [
        *("InputLayer", "Dense", "Dense", "RNN of Slow", "Dense")
    ]
    assert arrows == 5

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = keras.layers.LSTM(4), keras.layers.Dense(1)

        def call(self, x):
            return self.last(self.first(x))

    model = Own()
    model(np.zeros((1, 2, 3)))
    boxes, arrows = read_boxes(zoo.plots.plot_model(model))
    assert sorted(box[1] for box in boxes) == ["Dense", "LSTM"] and arrows == 0
    layers = [keras.layers.Embedding(9, 4), keras.layers.GRU(4), keras.layers.Dense(1)]
    boxes, arrows = read_boxes(zoo.plots.plot_model(keras.Sequential(layers)))  # not yet built
    assert [box[1] for box in boxes] == ["Embedding", "GRU", "Dense"] and arrows == 0


def test_curves_of_a_training():
    history = {"loss": [2, 1], "accuracy": [0.1, 0.2], "val_loss": [3, 2], "val_f1": [0.5, 0.6]}
    loss, accuracy, f1 = zoo.plots.plot_history(history).axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[2, 1], [3, 2]]
    assert [list(line.get_xdata()) for line in f1.lines] == [[1, 2]]
    legends = [
        [text.get_text() for text in one.get_legend().get_texts()] for one in (loss, accuracy, f1)
    ]
    assert legends == [["training", "validation"], ["training"], ["validation"]]
