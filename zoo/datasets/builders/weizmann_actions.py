"""TFDS builder: short clips of people who do simple actions, as silhouettes."""

import hashlib
import re

import numpy as np
import tensorflow_datasets as tfds

from zoo.errors import InputError, one_line

FOLDER = "https://www.wisdom.weizmann.ac.il/~vision/VideoAnalysis/Demos/SpaceTimeActions/DB/"
FILE = "classification_masks.mat"
FILES = {FOLDER + FILE: FILE}  # accepted in downloads/manual without a check
SHA256 = "49a64c7a0e1969b2a9d06e4e0466207aeef70e98a62ca7a10d035c0b28c37e63"  # of all silhouettes
ACTIONS = ["bend", "jack", "jump", "pjump", "run", "side", "skip", "walk", "wave1", "wave2"]


class WeizmannActions(tfds.core.GeneratorBasedBuilder):
    """Weizmann actions: 93 clips of nine people, each doing ten actions such as walking or waving."""

    VERSION = tfds.core.Version("1.0.0")
    taken_as_they_are = FILES

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Clips of 28 to 146 silhouettes of 144 x 180 pixels, white on black. There is one "
                "split, because the usual test leaves one person out. Copies of the file are packed in "
                "different ways. So a file that you put into downloads/manual is not checked. It may "
                "also be named original_masks.mat. Of a downloaded file, the SHA-256 of all "
                "silhouettes is checked."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "video": tfds.features.Video(shape=(None, 144, 180, 1)),
                    "label": tfds.features.ClassLabel(names=ACTIONS),
                    "person": tfds.features.Text(),
                    "id": tfds.features.Text(),
                }
            ),
            supervised_keys=("video", "label"),
            homepage="https://www.wisdom.weizmann.ac.il/~vision/SpaceTimeActions.html",
            license="not stated; for research",
            citation=(
                "Gorelick et al. 2007, Actions as Space-Time Shapes, IEEE Transactions on Pattern "
                "Analysis and Machine Intelligence"
            ),
        )

    def _split_generators(self, dl_manager):
        manual = dl_manager.download_dir / "manual"
        own = [manual / name for name in (FILE, "original_masks.mat") if (manual / name).exists()]
        path = own[0] if own else dl_manager.download(FOLDER + FILE)
        clips = _read(path)
        received = hashlib.sha256(b"".join(clips[name].tobytes() for name in sorted(clips)))
        received = received.hexdigest()
        if not own and received != SHA256:
            raise InputError(
                f"{path}, downloaded from {FOLDER + FILE}, is damaged: delete it, and fetch it again. "
                f"Expected silhouettes with sha256 {SHA256}. Received: {received}"
            )
        return {"train": self._generate_examples(clips)}

    def _generate_examples(self, clips):
        for name, clip in clips.items():
            person, action = name.split("_")
            label = action if action in ACTIONS else action.rstrip("12")  # such as walk1
            frames = np.uint8(255) * clip[..., None]  # [time, 144, 180, 1]
            yield name, {"video": frames, "label": label, "person": person, "id": name}


def _read(path):
    """The clips by name: booleans `[time, 144, 180]`, true where the person is."""
    import scipy.io

    try:
        masks = scipy.io.loadmat(path, variable_names=["original_masks"])["original_masks"][0, 0]
        clips = {name: np.moveaxis(masks[name] > 0, 2, 0) for name in masks.dtype.names}
        shapes = {clip.shape[1:] for clip in clips.values()}
        names = re.compile(rf"[a-z]+_({'|'.join(ACTIONS)})[12]?")  # such as lena_walk1
        if shapes != {(144, 180)} or not all(map(names.fullmatch, clips)):
            raise ValueError(f"it has the clips {', '.join(clips)[:60]}... of {shapes} pixels")
    except Exception as error:  # SciPy raises many kinds
        raise InputError(f"{path} is not the file of silhouettes: {one_line(error, 200)}") from None
    return clips
