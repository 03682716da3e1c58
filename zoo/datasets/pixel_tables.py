"""Reads tables of pixels."""

import hashlib
import io
import re

import numpy as np

from zoo.datasets.column_names import is_name
from zoo.datasets.files import decode
from zoo.datasets.packages import import_extra
from zoo.errors import InputError, counted


def read_pixels(path, encoding="utf-8"):
    """Reads a CSV with a label and all pixels of an image in each row.

    The first line may have the names of the columns. Then the label is in the column `label`, or in one
    with another common name of it. Otherwise it is in the first column.

    Args:
        path: a `pathlib.Path`.
        encoding: its encoding.

    Returns:
        A list of rows. A row is a hash of the pixels, the image `[height, width, channels]`, with
        integers from 0 to 255, and the label.

    Raises:
        ValueError: a cell is no pixel, there is no label, or the pixels are not those of a square.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = path.write_text("label,p0,p1,p2,p3\\n7,0,255,255,0\\n")
    >>> [(label, image[..., 0].tolist()) for _, image, label in read_pixels(path)]
    [('7', [[0, 255], [255, 0]])]
    """
    pd = import_extra("pandas", "Tables")
    text = decode(path, encoding)
    first = text.partition("\n")[0].split(",")
    has_names = not all(re.fullmatch(r"\s*\d*\.?\d*\s*", cell) for cell in first[1:])
    named = [i for i, cell in enumerate(first) if has_names and is_name(cell, "label")]
    if has_names and len(named) != 1:
        raise InputError(
            f"{path}, line 1: expected a column label, and a column for each pixel. If the file has no "
            f"labels, move it away. Received: {', '.join(first)[:80]}"
        )
    column = named[0] if named else 0
    try:
        header = 0 if has_names else None
        types = {column: str}  # by its number, and "NA" is a label, too
        frame = pd.read_csv(io.StringIO(text), header=header, dtype=types, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path} cannot be read as a CSV: {str(error).strip()}") from None
    if frame.shape[1] < 2:
        raise InputError(
            f"{path}: expected a label and the pixels of an image in each row, with commas between "
            f"them. Received: {text.strip()[:60]!r}"
        )
    labels = frame.iloc[:, column].astype(str).str.strip()
    empty = np.flatnonzero(labels == "")
    if len(empty):
        raise InputError(
            f"{path}, line {empty[0] + 1 + has_names}: the label is empty. Write one, or delete the "
            f"line ({len(empty):,} of {len(labels):,} labels are empty)."
        )
    pixels = frame.drop(columns=frame.columns[column]).apply(pd.to_numeric, errors="coerce").to_numpy()
    is_right = (pixels >= 0) & (pixels <= 255) & (pixels % 1 == 0)
    wrong = np.argwhere(~is_right)  # [wrong cells, 2]
    if len(wrong):
        row, i = wrong[0]
        received = str(frame.drop(columns=frame.columns[column]).iloc[row, i])
        raise InputError(
            f"{path}, line {row + 1 + has_names}: expected whole numbers from 0 to 255, one in each "
            f"column. Received: {received!r:.60} as pixel {i}"
        )
    sizes = {channels: round((pixels.shape[1] / channels) ** 0.5) for channels in (1, 3)}
    fitting = [(n, n, c) for c, n in sizes.items() if c * n * n == pixels.shape[1] > 0]
    if not fitting or not len(frame):
        raise InputError(
            f"{path} has {counted(len(frame), 'row')} of {pixels.shape[1]} pixels. Expected a square, "
            "such as 784 pixels for 28 x 28 in gray, or 2,352 in color."
        )
    images = pixels.astype("uint8").reshape(-1, *fitting[0])
    keys = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    return [*zip(keys, images, labels, strict=True)]
