"""`load_dialogues`: conversations for a chatbot, from a dataset or from your own files."""

import tensorflow_datasets as tfds

from zoo.datasets.dialogue_files import ENDINGS, read_dialogues
from zoo.datasets.files import print_reading
from zoo.datasets.folders import find_splits
from zoo.datasets.loading import own_path, prepare, read_splits
from zoo.datasets.splitting import SPLITS, check_filled, check_variety, fill_splits, sort_by_hash
from zoo.errors import InputError, counted
from zoo.text import normalize


def load_dialogues(name, data_dir=None, encoding="utf-8"):
    """Reads conversations.

    `name` may be a dataset whose rows have a list of turns, such as `"chatterbot_english"`. Or it may
    be a file of your own:

    - plain text with a turn on each line, and an empty line between two conversations.

          Hello.
          Hi, how are you?
          Fine, thanks.

    - TSV in which each row is a conversation and each cell is a turn. Rows may have different numbers
      of turns.

          Hello.<tab>Hi, how are you?<tab>Fine, thanks.
          Who are you?<tab>I am a chatbot.
          Are you sure?<tab>No.<tab>Why not?

    - TSV in which each row is a turn, after the number of its conversation. A column with the speaker
      may be between them. Then the turns of one speaker in a row become one turn. So may a column that
      numbers the turns of a conversation. Then their order in the file does not matter.

          1<tab>Ada<tab>Hello.
          1<tab>Bob<tab>Hi, how are you?
          2<tab>Ada<tab>Who are you?

    - CSV of one of these two kinds. Both may have a header, such as `question,answer`, or
      `conversation,speaker,text`. Then columns with other names, such as `category`, are left out.

          question,answer
          Who are you?,I am a chatbot.
          "No, really?","Yes, really."

    - JSON lines, with such names, or with a list of turns. What the role `system` says is left out.

          {"turns": ["Hello.", "Hi, how are you?", "Fine, thanks."]}
          {"turns": ["Who are you?", "I am a chatbot."]}
          {"messages": [{"role": "user", "content": "Hi."}, {"role": "bot", "content": "Hello."}]}

    Or it may be a folder with such a file for each split, such as `train.tsv` and `test.tsv`.

    A conversation stays in one split. A missing split is cut from the training split by a hash of the
    whole conversation, 80/10/10, see `load_pairs`. Conversations of one turn and copies of others are
    left out. One printed line says how the file was read, and how many were left out. Texts are
    normalized (see `zoo.text.normalize`), and each turn becomes one line.

    Args:
        name: see above.
        data_dir: the folder where TFDS keeps its files. None means TFDS's default.
        encoding: the encoding of your own files.

    Returns:
        A dict with a list of conversations for each of `"train"`, `"validation"` and `"test"`. A
        conversation is a list of two or more turns. A turn is a str.

    Raises:
        ValueError: the dataset is unknown or has no turns. A file is missing, empty or damaged, or it
            leaves open what tells its conversations apart. A split is empty.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.txt"
    >>> _ = path.write_text("".join(f"Hello {i}.\\nHi, are you {i}?\\nYes.\\n\\n" for i in range(50)))
    >>> splits = load_dialogues(path)
    Read ...mine.txt: text, an empty line separates conversations. 50 conversations with 150 turns.
    >>> splits["train"][0]
    ['Hello 25.', 'Hi, are you 25?', 'Yes.']
    """
    path = own_path(name)
    if path is None:
        rows, how = _read_tfds(name, data_dir), ""
    else:
        files = find_splits(path, ENDINGS) if path.is_dir() else {"train": path}
        read = {split: read_dialogues(file, encoding) for split, file in files.items()}
        rows, how = {split: found for split, (found, _) in read.items()}, read["train"][1]
    rows = {split: [_clean(turns) for turns in rows[split]] for split in rows}
    filled = {split: [turns for turns in rows[split] if len(turns) > 1] for split in rows}
    kept, seen = {}, set()
    for split in reversed([split for split in SPLITS if split in filled]):  # a copy is kept in test
        kept[split] = []
        for turns in sort_by_hash(filled[split], _join):
            if _join(turns) not in seen:
                seen.add(_join(turns))
                kept[split].append(turns)
    if path is not None:
        print_reading(path, ". ".join([how, *_count(rows, filled, kept)]))
    fill_splits(name, kept, key=_join)
    check_filled(name, kept, "conversations")
    check_variety(name, [turn for turns in kept["train"] for turn in turns[1:]], "replies")
    return {split: kept[split] for split in SPLITS}


def _read_tfds(name, data_dir):
    builder = prepare(name, data_dir)
    features = builder.info.features
    if "turns" not in features or not isinstance(features["turns"], tfds.features.Sequence):
        raise InputError(
            f"{name} has no conversations: expected a list of turns in each row. "
            f"Received: {', '.join(features)}"
        )
    return {
        split: [[turn.decode() for turn in turns] for (turns,) in rows]
        for split, rows in read_splits(builder, "turns").items()
    }


def _clean(turns):
    turns = [" ".join(normalize(turn).split()) for turn in turns]
    return [turn for turn in turns if turn]


def _join(turns):
    return "\n".join(turns)


def _count(rows, filled, kept):
    """Says how many conversations there are, and how many were left out."""
    total, long, different = (sum(map(len, splits.values())) for splits in (rows, filled, kept))
    num_turns = sum(len(turns) for found in kept.values() for turns in found)
    notes = [f"{counted(different, 'conversation')} with {counted(num_turns, 'turn')}"]
    if total - long:
        notes.append(f"Left out {counted(total - long, 'conversation')} with fewer than two turns")
    if long - different:
        copies = counted(long - different, "copy of another one", "copies of others")
        notes.append(f"Left out {copies}")
    return notes
