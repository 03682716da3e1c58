"""Fonts that have the letters of a plot."""

import functools
import unicodedata
import warnings

NAMED = set()  # scripts that a printed line has named, because one line for each is enough


def with_letters(plot):
    """Decorates a function that returns a figure, so that the figure shows the letters of all scripts.

    See `find_letters`.

    Example:

    >>> import matplotlib.pyplot as plt
    >>> @with_letters
    ... def plot(title):
    ...     figure, axes = plt.subplots()
    ...     axes.set_title(title)
    ...     return figure
    >>> plot("price: $5 or $6").axes[0].title.get_parse_math()
    False
    """

    @functools.wraps(plot)
    def plot_with_letters(*args, **kwargs):
        figure = plot(*args, **kwargs)
        find_letters(figure)
        return figure

    return plot_with_letters


def find_letters(figure):
    """Makes a figure show the letters of all its texts.

    Where the font lacks a letter, an installed font that has it takes its place. If there is none, a
    line says which fonts to install, once for each script. A dollar sign is a dollar sign: it does not
    begin a formula.

    Args:
        figure: a `matplotlib.figure.Figure`. Its texts are changed in place.

    Example:

    >>> import matplotlib.pyplot as plt
    >>> figure, axes = plt.subplots()
    >>> title = axes.set_title("two dogs")
    >>> find_letters(figure)
    >>> title.get_fontfamily() == plt.rcParams["font.family"]
    True
    """
    from matplotlib.text import Text

    for axes in figure.axes:
        axes.get_xticklabels(), axes.get_yticklabels()  # matplotlib writes these only when asked
    texts = figure.findobj(Text)
    letters = {letter for text in texts for letter in text.get_text() if _is_visible(letter)}
    families, missing = _choose_families(frozenset(letters))
    for text in texts:
        text.set_parse_math(False)
        if families:
            text.set_fontfamily([*text.get_fontfamily(), *families])
    if missing:
        _print_missing(set(map(_script_of, missing)))
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the line has said it


def _is_visible(letter):
    kind = unicodedata.category(letter)
    return kind[0] not in "CZ" and not unicodedata.name(letter, "").startswith("VARIATION SELECTOR")


def _script_of(letter):
    """The name of a script, such as Devanagari, as its letters are named in Unicode."""
    name = unicodedata.name(letter, "").split(" ")[0]
    is_letter = unicodedata.category(letter)[0] in "LM"
    return name if name == "CJK" else name.capitalize() if is_letter else "symbols and emoji"


def _print_missing(scripts):
    if scripts - NAMED:
        print(
            f"Plots show boxes in place of {', '.join(sorted(scripts - NAMED))}, because no installed "
            "font has these letters. Install one, for instance from https://fonts.google.com/noto, "
            "and run this again."
        )
    NAMED.update(scripts)


@functools.cache
def _choose_families(letters):
    """The families of fonts that have letters which the usual font lacks, and letters that none has."""
    from matplotlib import font_manager

    missing = letters - _letters_of(font_manager.findfont(font_manager.FontProperties()))
    families = []
    for path, family in _list_fonts() if missing else ():
        found = missing & _letters_of(path)
        if found:
            families.append(family)
            missing -= found
        if not missing:
            break
    return families, missing


def _list_fonts():
    """Paths and families of all fonts, also of those that were installed since matplotlib looked."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {font.fname for font in manager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            manager.addfont(path)
        except Exception:  # the library that reads fonts may raise anything for a damaged one
            continue
    fonts = [font for font in manager.ttflist if not font.name.startswith("Last Resort")]  # boxes
    plain_first = sorted(fonts, key=lambda font: (font.style, font.weight) != ("normal", 400))
    return [(font.fname, font.name) for font in plain_first]


@functools.cache
def _letters_of(path):
    """The letters that a font can draw. A font of pictures, such as one of emoji, counts as empty."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
    except Exception:  # the library that reads fonts may raise anything for a damaged one
        return frozenset()
