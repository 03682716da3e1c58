"""Common names of the columns of tables."""

import collections
import re

from zoo.errors import InputError

LANGUAGES = (
    "arabic chinese czech danish deutsch dutch english español finnish français french german greek "
    "hebrew hindi hungarian italian italiano japanese korean norwegian persian polish portuguese "
    "português romanian russian spanish swedish turkish ukrainian vietnamese "
    "ar cs da de el en es fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh "
    "ara ces deu eng fas fin fra ger heb hin hun ita jpn kor nld pol por ron rus spa swe tur ukr vie "
    "latin roman devanagari cyrillic "  # scripts
    "zho anglais allemand français englisch deutsch inglés alemán inglese tedesco 英文 中文 日文 日本語"
)
COLUMN_NAMES = {  # common names of columns, in lower case
    "label": "label labels class category sentiment polarity topic target tag type rating score stars "
    "emotion intent genre y",
    "text": "text texts sentence sentences review reviews document content comment message tweet title "
    "headline body description phrase question utterance post article x",
    "token": "token tokens word words form text",
    "tag": "tag tags pos postag pos_tag pos_tags upos xpos ner ner_tag ner_tags label labels entity "
    "iob bio chunk class",
    "image": "image images image_id image_name image_path img file files filename file_name path photo "
    "picture",
    "caption": "caption captions text description sentence title comment",
    "audio": "audio wav flac file files filename file_name path audio_path audio_file "
    "audio_filepath filepath file_path wav_path wav_file wav_filename clip recording sound speech",
    "transcript": "text transcript transcription sentence utterance words normalized_text caption",
    "source": f"source src input original text sentence word question questions native "
    f"grapheme graphemes spelling {LANGUAGES}",
    "target": "target tgt trg output translation text sentence pronunciation phonemes answer "
    "pronunciations phoneme ipa arpabet transcription query sql sql_query "
    f"{LANGUAGES}",
}


def is_name(cell, kind):
    """Whether a cell is a common name of a column of this kind, a key of `COLUMN_NAMES`.

    Example:

    >>> is_name("Review_Text", "text"), is_name("review", "label")
    (True, False)
    """
    cell = cell.strip(" \"'#").lower()
    names = COLUMN_NAMES[kind].split()
    ends = "text|sentence|phrase|word|column" + "|language" * (kind in ("source", "target"))
    cell = re.sub(rf"(?<=.)([ _/]({ends})s?)+$", "", cell)  # "review_text", "English words/sentences"
    head, _, tail = cell.replace("-", "_").rpartition("_")
    has_language = len(tail) <= 4 and bool({head, tail} & {*LANGUAGES.split()})  # en_US, text_en
    return cell in names or (has_language and head in names)


def is_header(cells, *kinds):
    """Whether the first row of a file consists of common names of columns.

    Args:
        cells: list of str.
        *kinds: what each column holds, a key of `COLUMN_NAMES`.

    Example:

    >>> is_header(["Sentiment", '"review"'], "label", "text")
    True
    >>> is_header(["positive", "a good review"], "label", "text")
    False
    """
    return len(cells) == len(kinds) and all(map(is_name, cells, kinds))


def check_first_label(path, labels, names):
    """Raises an `InputError` if a file seems to begin with names of columns that `is_header` misses.

    That is the case if no other row has the label of the first row, while most labels repeat.

    Args:
        path: the path of the data, for the message.
        labels: a dict of split to a list of its labels.
        names: how the columns should be called.
    """
    others = collections.Counter()
    for some in labels.values():
        others.update(some[1:])
    for split, some in labels.items():
        if len(some) > 1 and some[0] not in others and 2 * len(others) <= others.total():
            raise InputError(
                f"The {split} part of {path} seems to begin with the names of its columns, because "
                f"no other row has the label {some[0]!r:.60}. Call them {names}, or delete the line. "
                "If it is a row of data, move it to another place in the file."
            )
