"""Readers of pieces of music."""

from zoo.copying.readers.tfds_names import folder_of, with_folder

CHORALES = '''
def load_music(grid, DATA_DIR):
    """Reads chorales by Bach: {split: pieces}, each integers `[steps, 4]`: pitches, 0 for silence."""
    url = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/"
    path = fetch(f"{url}jsb-chorales-{grid}.json", DATA_DIR)
    chorales = json.loads(path.read_text())
    splits = {}
    for split, name in {"train": "train", "validation": "valid", "test": "test"}.items():
        rows = []
        for i, chorale in enumerate(chorales[name]):
            steps = [[int(pitch) for pitch in chord] for chord in chorale]
            notes = [chord + [0] * (4 - len(chord)) for chord in steps]  # [steps, 4]
            rows.append((i, np.array(notes, "int32")))
        splits[split] = [notes for _, notes in shuffled(rows, split)]
    return splits
'''


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    settings, data_dir = folder_of(arguments)
    if arguments["name"] == "jsb_chorales":
        yield with_folder(CHORALES, data_dir), {"grid": arguments["grid"], **settings}
