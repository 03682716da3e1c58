"""`load_pronunciations`: words with their phonemes, or in another script, from a dataset or a file."""

import re
import statistics

from zoo.datasets.files import decode, ending_of, print_reading
from zoo.datasets.loading import load, own_path
from zoo.datasets.pairs import load_pairs, read_own_pairs, read_pairs
from zoo.datasets.splitting import check_filled, check_variety
from zoo.datasets.tables import TABLE_ENDINGS
from zoo.errors import InputError
from zoo.text import normalize


def load_pronunciations(name, data_dir=None, source=None, target=None, encoding="utf-8"):
    """Reads a dictionary of pronunciations, or of words in two scripts.

    `name` may be `"cmudict"`, `"dakshina_hin"`, another dataset that `load_pairs` reads, or a file or
    folder of your own:

    - TSV, CSV or JSON, as `load_pairs` reads them, such as the files of WikiPron. There are spaces
      between the phonemes.

          accent<tab>æ k s ə n t
          accents<tab>æ k s ə n t s
          accept<tab>ə k s ɛ p t

    - such a file whose answers have no spaces. Then every character counts as a phoneme. So this reads
      words in two scripts, such as the files of Dakshina. Columns of numbers are left out. So are the
      slashes around a pronunciation, as in ipa-dict.

          ankganit<tab>अंकगणित<tab>3
          uncle<tab>अंकल<tab>4
          ankita<tab>अंकिता<tab>3

    - lines of a word and its phonemes with spaces between them, as in CMUdict's own file. Lines with
      `;;;` are comments, and so is what comes after `#`.

          ;;; # CMUdict
          EITHER  IY1 DH ER0
          EITHER(2)  AY1 DH ER0

    A word may have several lines. Capital letters in words become small ones. Stress marks of ARPAbet
    are removed: `AH0` becomes `AH`. Pronunciations of a word that are then equal become one. Splits are
    cut and kept apart as in `load_pairs`. One printed line says how your file was read.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        source: the column or the script with the words, see `load_pairs`. Not for cmudict.
        target: the column or the script with the answers.
        encoding: the encoding of your own files.

    Returns:
        A dict with a dict for each of `"train"`, `"validation"` and `"test"`. Each has a list of
        pronunciations for every word. A pronunciation is a tuple of phonemes.

    Raises:
        ValueError: see `load_pairs`.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "own.tsv"
    >>> lines = [f"{a}{b}{c}\\tX {a} {b}\\n" for a in "bdkmst" for b in "aeiou" for c in "lnp"]
    >>> _ = path.write_text("".join(lines) + "zoo\\tZ UW1\\nzoo\\tZ OW1\\nzoo\\tZ UW0\\n")
    >>> splits = load_pronunciations(path)
    Read ...own.tsv: TSV without a header, source in column 1, target in column 2. ...
    >>> [listed["zoo"] for listed in splits.values() if "zoo" in listed]
    [[('Z', 'UW'), ('Z', 'OW')]]
    """
    if name == "cmudict":
        if source or target:
            raise InputError(
                "source and target choose columns or scripts, and cmudict has only one of each. "
                f"Received: {source=}, {target=}"
            )
        splits = {split: _pairs(rows) for split, rows in load(name, data_dir=data_dir).items()}
        return {split: _make_dictionary(rows, _cut_at_spaces) for split, rows in splits.items()}
    path = own_path(name)
    if path is None:
        splits = load_pairs(name, data_dir, source, target)
        cut, _ = _choose_cut(splits["train"][1])
        rows = {
            split: [(word.lower(), said) for word, said in zip(*columns, strict=True)]
            for split, columns in splits.items()
        }
        return {split: _make_dictionary(rows[split], cut) for split in rows}
    chosen = {"source": source, "target": target}

    def read_file(file):
        is_table = ending_of(file) in TABLE_ENDINGS or any(chosen.values())
        if is_table or "\t" in (text := decode(file, encoding)):
            pairs, how = read_pairs(file, chosen, encoding)
        else:
            pairs, how = _read_spaced(file, text)
        # A second pronunciation of "either" may be that of "either(2)".
        words = [re.sub(r"(?<=.)\(\d+\)$", "", " ".join(word.split())).lower() for word, _ in pairs]
        said = [" ".join(answer.split()) for _, answer in pairs]
        return list(zip(words, said, strict=True)), how

    rows, how = read_own_pairs(path, source, target, encoding, read_file)
    cut, what = _choose_cut([target for pairs in rows.values() for _, target in pairs])
    print_reading(path, f"{how}. {what}")
    check_filled(name, rows)
    check_variety(name, [target for _, target in rows["train"]], "pronunciations")
    return {split: _make_dictionary(pairs, cut) for split, pairs in rows.items()}


def _make_dictionary(pairs, cut):
    dictionary = {}
    for word, pronunciation in pairs:
        for phonemes in cut(pronunciation):
            if phonemes not in dictionary.setdefault(word, []):
                dictionary[word].append(phonemes)
    return dictionary


def _cut_at_spaces(pronunciation):
    return [tuple(re.sub(r"(?<=[A-Z])[012]\b", "", pronunciation).split())]  # no stress


def _cut_into_characters(pronunciation):
    return [tuple(pronunciation.strip())]


def _choose_cut(pronunciations):
    """Returns the function that cuts these texts into phonemes, and a text that says how."""
    longer = [one.strip() for one in pronunciations if len(one.strip()) > 1]
    if longer and all(re.fullmatch(r"/[^/]+/(, ?/[^/]+/)*", one) for one in longer):
        find = re.compile(r"/([^/]+)/").findall
        cut, how = _choose_cut(find(" ".join(longer)))
        return lambda text: [cut(part)[0] for part in find(text)], f"Slashes are removed. {how}"
    num_spaced = sum(" " in one for one in longer)
    piece_lengths = [len(piece) for one in longer for piece in one.split()]
    if 2 * num_spaced < len(longer):
        return _cut_into_characters, "Targets have no spaces, so each of their characters counts"
    if statistics.mean(piece_lengths or [1]) > 3:
        return _cut_into_characters, "Spaces separate long pieces, so each character counts"
    return _cut_at_spaces, "Spaces in a target separate phonemes"


def _read_spaced(path, text):
    """Reads lines of a word and its phonemes, with spaces between them."""
    pairs = []
    for i, line in enumerate(text.split("\n"), start=1):
        line = re.sub(r"\s#.*|^;;;.*|^##.*", "", normalize(line)).strip()
        word, _, pronunciation = line.partition(" ")
        if line and not pronunciation:
            raise InputError(
                f"{path}, line {i}: expected a word and its phonemes, with a tab after the word and "
                f"spaces between the phonemes. Received: {line!r:.60}"
            )
        if line:
            pairs.append((word, pronunciation.strip()))
    if pairs and all("," in word for word, _ in pairs):
        raise InputError(f"{path} has commas between its columns: call it {path.stem}.csv.")
    if not pairs:
        raise InputError(f"{path} is empty: expected lines of a word and its phonemes.")
    return pairs, "each line has a word and its phonemes, with spaces between them"


def _pairs(rows):
    """Yields each word of cmudict with each of its pronunciations."""
    for batch in rows.ragged_batch(1024):  # row by row takes three times as long
        columns = batch["word"].numpy(), batch["pronunciations"].numpy()
        for word, pronunciations in zip(*columns, strict=True):
            for pronunciation in pronunciations:
                yield word.decode(), pronunciation.decode()
