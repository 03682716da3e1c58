"""TFDS builder: images of characters with their Unicode names, drawn with fonts from a package."""

import pathlib
import unicodedata

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets.splitting import SPLITS, split_by_hash
from zoo.errors import InputError

SIZE, BASELINE = 32, 25  # pixels; the baseline is counted from the top
FONT_SIZES = (24, 18, 12, 8)  # pixels per em; the smaller ones are for glyphs that would not fit


class UnicodeGlyphs(tfds.core.GeneratorBasedBuilder):
    """47,000 images of 6,700 characters in up to 14 faces of DejaVu, each with the character's name."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                f"Each row has an image of {SIZE}x{SIZE} gray values, white on black, of a character "
                "drawn in one of the DejaVu faces (sans, serif and mono, bold and italic) of the "
                "package matplotlib, and the character's Unicode name, such as LATIN SMALL LETTER Y "
                "WITH DOT BELOW. Split 80/10/10 by a hash of the name, so all images of a character "
                "are in one split. Glyphs that a face lacks and blank glyphs are left out. All glyphs "
                "have the same baseline and size, but a few that would not fit are smaller."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 1), encoding_format="png"),
                    "name": tfds.features.Text(),
                    "character": tfds.features.Text(),
                    "face": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "name"),
            homepage="https://dejavu-fonts.github.io",
            license="Bitstream Vera license (the fonts); Unicode license (the names)",
            citation="DejaVu fonts 2.37; The Unicode Standard, as in Python's module unicodedata",
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split):
        import matplotlib  # of the extra "recipes", with the two packages below
        from fontTools.ttLib import TTFont
        from PIL import ImageFont

        folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
        faces = sorted(folder.glob("DejaVu*.ttf"))
        if not faces:
            raise InputError(f"No DejaVu fonts in {folder}: reinstall it with: pip install matplotlib")
        for face in faces:
            fonts = [
                ImageFont.truetype(str(face), size, layout_engine=ImageFont.Layout.BASIC)
                for size in FONT_SIZES
            ]
            for code in TTFont(face).getBestCmap():
                character = chr(code)
                name = unicodedata.name(character, "")
                if not name or split_by_hash(name) != split:
                    continue
                image = draw(character, fonts)
                if image.any():
                    row = {"image": image, "name": name, "character": character, "face": face.stem}
                    yield f"{face.stem} {name}", row


def draw(character, fonts):
    """Draws a character `[SIZE, SIZE, 1]` in the middle, in the first font in which it fits."""
    from PIL import Image, ImageDraw

    for font in fonts:
        left, top, right, bottom = font.getbbox(character, anchor="ls")  # from the baseline
        if right - left <= SIZE and top >= -BASELINE and bottom <= SIZE - BASELINE:
            break
    image = Image.new("L", (SIZE, SIZE))
    corner = ((SIZE - right - left) // 2, BASELINE)
    ImageDraw.Draw(image).text(corner, character, fill=255, font=font, anchor="ls")
    return np.array(image)[:, :, None]
