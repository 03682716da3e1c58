"""Training, validation and test splits."""

import collections
import hashlib

from zoo.errors import InputError

SPLITS = ("train", "validation", "test")
FEWEST_ROWS = 10  # with fewer, a split may be empty
MOST_CUTS = 100  # other hashes to try
FEW_GROUPS = (
    40  # with fewer different texts, such as names of speakers, the best of all hashes is taken
)
SPLIT_NAMES = {  # names that other people use
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(
        ("validation", "valid", "val", "dev", "devel", "development", "testa"), "validation"
    ),
    **dict.fromkeys(("test", "testing", "tst", "testb"), "test"),
}


def split_by_hash(text, parts=10):
    """Chooses a split by the SHA-256 of a text.

    The same text is always in the same split, whatever else is in the data. So a text that occurs twice
    cannot be both in training and in test.

    Args:
        text: str.
        parts: validation and test each get one of this many parts: 10 parts mean 80/10/10, and 20 parts
            mean 90/5/5.

    Returns:
        `"train"`, `"validation"` or `"test"`.

    Example:

    >>> split_by_hash("dog bites man")
    'train'
    """
    part = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % parts
    return {parts - 2: "validation", parts - 1: "test"}.get(part, "train")


def sort_by_hash(rows, key=str):
    """Sorts rows by the SHA-256 of a text, so that their order does not depend on the file.

    Args:
        rows: a list of rows.
        key: a function that takes a row and returns a str. Rows that are equal in it stay in order.

    Returns:
        A new list.

    Example:

    >>> sort_by_hash(["a", "b", "c"]) == sort_by_hash(["c", "a", "b"])
    True
    """
    return sorted(rows, key=lambda row: hashlib.sha256(key(row).encode()).digest())


def fill_splits(name, rows, key):
    """Cuts the missing splits from the training split, 80/10/10, by a hash of each row.

    If a split would be nearly empty although there are ten rows or more, another hash cuts them, see
    `choose_salt`.

    If there is no test split, the validation split becomes the test split: other people train on the
    training split, so test rows must not come from it.

    Args:
        name: the name of the dataset, for the message.
        rows: a dict of split to a list of rows. It is changed in place.
        key: a function that takes a row and returns the text to hash.

    Raises:
        ValueError: there is no training split.
    """
    if "train" not in rows:
        raise InputError(
            f"{name} has no train split that can be used. Received: {', '.join(rows) or 'no split'}"
        )
    if "test" not in rows and "validation" in rows:
        rows["test"] = rows.pop("validation")
        print(f"{name} has no test split, so its validation split is used as the test split.")
    missing = [split for split in SPLITS if split not in rows]
    keys = [key(row) for row in rows["train"]]
    salt = choose_salt(keys, missing)
    parts = {split: [] for split in (*missing, "train")}
    for text, row in zip(keys, rows["train"], strict=True):
        split = split_by_hash(text + salt)
        parts[split if split in missing else "train"].append(row)
    rows.update(parts)


def choose_salt(keys, missing):
    """Chooses what to add to the texts that decide the splits, so that no split is nearly empty.

    The rows may come from a training split that was cut with the same hash. Then nearly all of them
    would be in training again. And if many rows have one text, such as the name of a speaker, all of
    them are in one split. Then the splits that are nearest to 80/10/10 are the best.

    Args:
        keys: a list of str, the text of each row.
        missing: the splits to cut from the training split.

    Returns:
        str, most often "".

    Example:

    >>> speakers = ["Ada"] * 90 + ["Bob"] * 6 + ["Cy"] * 4
    >>> salt = choose_salt(speakers, ["validation", "test"])
    >>> split_by_hash("Ada" + salt)
    'train'
    """
    if len(keys) < FEWEST_ROWS or not missing:
        return ""
    counts, shares = collections.Counter(keys), {split: 0.1 for split in missing}
    shares["train"] = 1 - sum(shares.values())
    in_groups = len(counts) < min(FEW_GROUPS, len(keys))
    best = best_rank = None
    for salt in ("", *map(str, range(10 * MOST_CUTS if in_groups else MOST_CUTS))):
        sizes = dict.fromkeys(shares, 0)
        for text, count in counts.items():
            split = split_by_hash(text + salt)
            sizes[split if split in missing else "train"] += count
        if not in_groups and min(sizes.values()) >= max(1, len(keys) // 40):  # a quarter of its share
            return salt
        distance = sum(abs(sizes[split] / len(keys) - shares[split]) for split in shares)
        rank = min(sizes.values()) == 0, distance  # the least is the best
        if best is None or rank < best_rank:
            best, best_rank = salt, rank
    return best


def check_filled(name, rows, what="rows"):
    """Raises an `InputError` if a split of `rows` is empty. `what` says what a row is called."""
    for split in SPLITS:
        if not rows[split]:
            raise InputError(
                f"The {split} split of {name} is empty: give more {what}, or a file or folder for each "
                f"split. Received: {', '.join(f'{len(rows[one])} {one}' for one in SPLITS)}"
            )


def note_shared(rows, key, what):
    """Says how many rows of the other splits are also in training.

    Args:
        rows: a dict of split to a list of rows.
        key: a function that takes a row and returns a text. Two rows with the same text are equal.
        what: what a row is called, for the message.

    Returns:
        A list of at most one sentence, without a period.

    Example:

    >>> note_shared({"train": ["a", "b"], "validation": ["c"], "test": ["a", "a", "d"]}, str, "texts")
    ['2 of 3 test texts are also in training, so the score may be too good']
    """
    seen = {key(row) for row in rows["train"]}
    counts = {split: sum(key(row) in seen for row in rows[split]) for split in rows if split != "train"}
    shared = [
        f"{count:,} of {len(rows[split]):,} {split} {what}" for split, count in counts.items() if count
    ]
    if not shared:
        return []
    are_many = any(20 * count > len(rows[split]) for split, count in counts.items())
    end = ", so the score may be too good" if are_many else ""
    return [f"{' and '.join(shared)} are also in training{end}"]


def check_variety(name, rows, what):
    """Raises an `InputError` if all training rows are the same.

    Args:
        name: the name of the dataset, for the message.
        rows: the texts of the training split, or its characters in a str.
        what: what a row is called, for the message.

    Example:

    >>> check_variety("mine.tsv", ["good", "good"], "texts")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: All texts of mine.tsv are the same, 'good'. There is nothing to learn.
    """
    if len(set(rows)) < 2:
        raise InputError(
            f"All {what} of {name} are the same, {rows[0]!r:.60}. There is nothing to learn."
        )


def check_labels(name, labels, what="label"):
    """Raises an `InputError` if the training split lacks a label, or has fewer than two.

    Args:
        name: the name of the dataset, for the messages.
        labels: a dict of split to the set of its labels.
        what: what a label is called, for the messages.

    Example:

    >>> check_labels("mine.conll", {"train": {"B-LOC", "O"}, "test": {"B-PER", "O"}}, "tag")
    Traceback (most recent call last):
    ...
    zoo.errors.InputError: The test split of mine.conll has a tag that the training split lacks, ...
    """
    seen = labels["train"]
    for split in labels:
        unseen = sorted(labels[split] - seen)
        if unseen:
            raise InputError(
                f"The {split} split of {name} has a {what} that the training split lacks, so a model "
                f"cannot learn it: {', '.join(unseen[:9])}. {what.capitalize()}s in training: "
                f"{', '.join(sorted(seen)[:9])}. Delete its rows, or move some of them to training."
            )
    if len(seen) < 2:
        raise InputError(f"{name} has only one {what}, {min(seen)!r}. There is nothing to learn.")
