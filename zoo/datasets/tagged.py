"""`load_tagged`: sentences with a tag for each token, from TFDS or from your own files."""

import tensorflow_datasets as tfds

from zoo.datasets.chunks import are_chunks, to_iob2
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, fill_splits
from zoo.datasets.tagged_files import normalize_token, note_unseen_tags, read_own
from zoo.errors import InputError, check_choice


def load_tagged(name, feature, data_dir=None, encoding="utf-8"):
    """Reads sentences with a tag for each token, such as named entities or parts of speech.

    `name` may be a dataset of TFDS or of the zoo with `tokens` and a tag for each, such as `"wnut17"`
    and `"conll2003"` (feature `"ner"`) or `"universal_dependencies/en_ewt"` (feature `"upos"`). Or it
    may be a file of your own. The ending of its name does not matter:

    - CoNLL columns: a line for each token, and an empty line after each sentence. Between the columns
      are tabs or spaces. The first column may be the number of the token. There may be a line with
      names of columns, such as `token pos ner`, and comments that begin with `# `.

          EU NNP B-NP B-ORG
          rejects VBZ B-VP O
          German JJ B-NP B-MISC

    - CoNLL-U, the format of Universal Dependencies, with tabs between its ten columns. Joined words
      such as 1-2 and words that the writer left out such as 1.1 are dropped.

          1-2  don't  _   _     _    _  _  _       _  _
          1    do     do  AUX   VBP  _  3  aux     _  _
          2    n't    not PART  RB   _  3  advmod  _  _

    - CSV or TSV with names of columns, where a column numbers the sentences.

          Sentence #,Word,POS,Tag
          Sentence: 1,Thousands,NNS,O
          ,of,IN,O

    - JSON lines or a JSON list, as on Hugging Face. If the tags are numbers, a file `label.json` beside
      it has their names, such as `{"O": 0, "B-PER": 1}`.

          {"tokens": ["Ada", "saw", "London"], "ner_tags": ["B-PER", "O", "B-LOC"]}
          {"tokens": ["She", "left"], "ner_tags": ["O", "O"]}
          {"tokens": ["Ada"], "ner_tags": ["B-PER"]}

    - Texts with spans, as Doccano and spaCy write them. A text is split into words and punctuation
      marks (see `zoo.text.split_tokens`). A span must begin and end at the ends of words.

          {"text": "Ada saw London.", "label": [[0, 3, "PER"], [8, 14, "LOC"]]}
          {"text": "She left.", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
          ["Ada saw London.", {"entities": [[0, 3, "PER"], [8, 14, "LOC"]]}]

    Or `name` may be a folder:

    - with one such file for each split. Their names say the split: `en_ewt-ud-train.conllu`,
      `wnut17train.conll`, `dev.txt`, `test.txt`.

    The column of the tags is found by its name or by its contents. `"ner"` looks for tags of chunks,
    such as B-PER and O, and leaves out syntactic chunks, such as B-NP. `"upos"` and `"xpos"` look for
    other tags. In doubt an error lists the columns. One printed line says how it was read.

    If a dataset and a file have the same name, you get the dataset. Write `./name` or pass a
    `pathlib.Path` to get the file or folder. Tokens and tags are normalized (see `zoo.text.normalize`).
    An invisible token stays, because it has a tag. The rows of your own files are sorted by a hash of
    the sentence, so that their order does not depend on the format.

    A missing split is cut from the training split by a hash of the sentence (80/10/10), and never from
    the test split. If there is no test split, the validation split becomes the test split. Tags of
    chunks in any scheme (IOB1, IOB2, IOBES, BILOU, BMES) are converted to IOB2, see `to_iob2`. Tags
    without a type, such as B, get the type ENTITY. The language that WikiANN writes before each token,
    such as `en:`, is removed. Sentences without a token are left out.

    Args:
        name: see above.
        feature: which tags to read: `"ner"`, `"upos"`, `"xpos"`, or another feature of the dataset. Or
            a column of your own file: its name, or its number, counted from 1.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.

    Returns:
        A dict with a pair (sentences, tags) for each of `"train"`, `"validation"` and `"test"`. Both
        are lists of lists of str. And a sorted list of the names of the tags.

    Raises:
        ValueError: the dataset or the feature is unknown. A file is missing, empty or damaged; the
            message names the line. It is not clear which column has the tags. More than a few tags of
            your own files are unknown to the training split. A split is empty.

    Example:

    >>> splits, tag_names = load_tagged("wnut17", "ner")  # doctest: +SKIP
    >>> {split: len(sentences) for split, (sentences, _) in splits.items()}  # doctest: +SKIP
    {'train': 3394, 'validation': 1009, 'test': 1287}
    >>> sentences, tags = splits["validation"]  # doctest: +SKIP
    >>> list(zip(sentences[1], tags[1]))[-3:]  # doctest: +SKIP
    [('before', 'O'), ('Jesus', 'B-person'), ('.', 'O')]
    """
    path = own_path(name)
    rows = read_own(path, feature, encoding) if path else _read_tfds(name, feature, data_dir)
    fill_splits(name, rows, key=lambda row: " ".join(row[0]))
    check_filled(name, rows)
    if are_chunks({tag for split in SPLITS for _, tags in rows[split] for tag in tags}):
        rows = {split: [(tokens, to_iob2(tags)) for tokens, tags in rows[split]] for split in SPLITS}
    if path:
        note_unseen_tags(name, rows)
    tag_names = sorted({tag for split in SPLITS for _, tags in rows[split] for tag in tags})
    return {
        split: ([tokens for tokens, _ in rows[split]], [tags for _, tags in rows[split]])
        for split in SPLITS
    }, tag_names


def _read_tfds(name, feature, data_dir):
    builder = prepare(name, data_dir)
    kinds = {
        key: type(value.feature)
        for key, value in builder.info.features.items()
        if isinstance(value, tfds.features.Sequence)
    }
    if kinds.get("tokens") is not tfds.features.Text:
        raise InputError(
            f"{name} has no sentences of tokens. Received: {', '.join(builder.info.features)}"
        )
    labels = {key for key, kind in kinds.items() if kind is tfds.features.ClassLabel}
    labels |= {"xpos"} & {*kinds}  # texts in Universal Dependencies
    check_choice(f"feature of {name}", feature, sorted(labels))
    names = getattr(builder.info.features[feature].feature, "names", None)
    rows = {}
    head = ["head"] if "head" in kinds else []
    for split, sentences in read_splits(builder, "tokens", feature, *head).items():
        rows[split] = []
        for tokens, tags, *heads in sentences:
            # In Universal Dependencies, a token that is not a word of the sentence has no head.
            kept = [i for i in range(len(tokens)) if not heads or heads[0][i] != b"None"]
            if kept:
                words = [normalize_token(tokens[i].decode()) for i in kept]
                its_tags = [names[tags[i]] if names else tags[i].decode() for i in kept]
                rows[split].append((words, its_tags))
    return rows
