"""Readers of recordings with what was said."""

import os

from zoo.copying.readers.pieces import write_value
from zoo.copying.readers.splits import SALTS, choose_parts, in_order, write_reading
from zoo.copying.readers.tables import is_utf8, plan_table, write_table
from zoo.copying.readers.tfds_names import folder_of, with_folder
from zoo.datasets import speech as loader
from zoo.datasets.caption_files import find_image_folder
from zoo.datasets.columns import choose_columns
from zoo.datasets.loading import own_path
from zoo.datasets.splitting import SPLITS, choose_salt

AN4 = '''
def load_speech(DATA_DIR):
    """Reads AN4: {split: (recordings, each integers of 16 bits `[samples]`, and their texts)}."""
    url = "http://www.speech.cs.cmu.edu/databases/an4/an4_raw.bigendian.tar.gz"
    rows = {split: [] for split in SPLITS}
    with tarfile.open(fetch(url, DATA_DIR)) as archive:
        for part in ("train", "test"):
            names, lines = (
                archive.extractfile(f"an4/etc/an4_{part}.{kind}").read().decode().splitlines()
                for kind in ("fileids", "transcription")
            )
            speakers = {name.split("/")[1].rstrip("0123456789") for name in names}
            order = sorted(speakers, key=lambda one: hashlib.sha256(one.encode()).digest())
            for name, line in zip(names, lines, strict=True):
                _, speaker, key = name.split("/")
                text = re.sub(r"</?s>|\\(.*", "", line).strip()
                content = archive.extractfile(f"an4/wav/{name}.raw").read()
                samples = np.frombuffer(content, ">i2").astype("int16")  # big-endian
                is_validation = part == "train" and speaker.rstrip("0123456789") in order[:8]
                rows["validation" if is_validation else part].append((key, samples, text))
    splits = {}
    for split in SPLITS:
        _, recordings, texts = zip(*shuffled(rows[split], split), strict=True)
        splits[split] = list(recordings), list(texts)
    return splits
'''
READ_AUDIO = '''
def read_audio(path):
    """Reads an audio file: integers of 16 bits `[samples]`, 16,000 a second."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples.mean(axis=1)  # of all channels
    if rate != 16_000:
        divisor = math.gcd(16_000, rate)
        samples = signal.resample_poly(samples, 16_000 // divisor, rate // divisor)
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("int16")


'''
OWN = '''
def load_speech(pathPARAMETERS):
    """Reads {split: (recordings, each integers of 16 bits `[samples]`, and their texts)}."""
    READ
    for split, rows in splits.items():
        splits[split] = [samples for _, samples, _ in rows], [text for _, _, text in rows]
    return splits
'''
TABLE = """
    table = READ
    rows = []
    # The rows are sorted by a hash, so that their order in the file does not matter.
    order = sorted(table.index, key=lambda i: hashlib.sha256(table[AUDIO][i].encode()).digest())
    for i in order:
        file = pathlib.Path(path).parentFOLDER / table[AUDIO][i]
        text = " ".join(normalize(table[TRANSCRIPT][i]).split())
        samples = read_audio(file)
        rows.append((KEY, samples, text))
    return rows
"""


def drafts(arguments, result):
    """Yields drafts of a reader: its source, and a dict of its arguments and their values."""
    name, path = arguments["name"], own_path(arguments["name"])
    settings, data_dir = folder_of(arguments)
    if path is not None:
        yield from _drafts_own(path, arguments)
    elif name == "an4":
        yield with_folder(AN4, data_dir), settings


def _drafts_own(path, arguments):
    encoding = arguments.get("encoding") or "utf-8"
    files = loader.find_files(path)
    file = files["train"]
    call, columns = plan_table(
        file, encoding, lambda table: choose_columns(table, ("audio", "transcript"))[:2]
    )
    table, _, speakers = loader._read_table(file, encoding)
    folder = find_image_folder(file, [audio for _, audio, _ in table], look_beside=False)
    inner = os.path.relpath(folder, file.parent).replace(os.sep, "/")
    columns = {role: write_value(name, 0) for role, name in columns.items()}
    settings = {"name": str(path)} | ({} if is_utf8(encoding) else {"encoding": encoding})
    parameters = "".join(f", {name}" for name in [*settings][1:])
    body = TABLE.lstrip("\n").replace("    table = READ\n", write_table(call))
    body = body.replace("FOLDER", "" if inner == "." else f' / "{inner}"')
    body = body.replace("AUDIO", columns["audio"]).replace("TRANSCRIPT", columns["transcript"])
    key, salts = "hashlib.sha256(samples).hexdigest()", SALTS
    if speakers:
        header = loader.read_table(file, encoding).rows[0]
        names = [str(name).strip().lower() for name in header]
        place = next(names.index(name) for name in loader.SPEAKER if name in names)
        key = f"table[{write_value(header[place], 0)}][i].strip()"
        rows = zip(table, speakers, strict=True)
        filled = [speaker for (_, _, text), speaker in rows if loader._clean(text)]
        salts = [choose_salt(filled, [split for split in SPLITS if split not in choose_parts(files)])]
    body, files = body.replace("KEY", key), choose_parts(files)
    for salt in salts:
        reader, lines = write_reading(path, files, body, "row[0]", parameters, salt)
        lines = lines.replace("    return rows\n", "")
        source = OWN.lstrip().replace("    READ\n", lines).replace("PARAMETERS", parameters)
        yield READ_AUDIO.lstrip("\n") + reader + in_order(source, files), settings
