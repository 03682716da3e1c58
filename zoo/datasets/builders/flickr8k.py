"""TFDS builder: photographs, each with captions by five people."""

import collections
import hashlib
import io
import zipfile

import tensorflow_datasets as tfds

from zoo.errors import InputError

URL = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/"
MD5 = {
    "Flickr8k_Dataset.zip": "f18a1e2920de5bd84dae7cf08ec78978",
    "Flickr8k_text.zip": "bf6c1abcb8e4a833b7f922104de18627",
}
FILES = {URL + file: file for file in MD5}  # accepted in downloads/manual without a check
SPLITS = {"train": "train", "validation": "dev", "test": "test"}


class Flickr8k(tfds.core.GeneratorBasedBuilder):
    """Flickr8k: 8,000 photographs of people and dogs doing things, five captions each."""

    VERSION = tfds.core.Version("1.0.0")
    taken_as_they_are = FILES

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Photographs (6,000/1,000/1,000) with five captions each, as tokens separated by "
                "spaces. The authors no longer offer the files, and copies of the photographs are "
                "encoded in different ways. So files that you put into downloads/manual are not "
                "checked. Downloaded files are checked by their MD5."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "captions": tfds.features.Sequence(tfds.features.Text()),
                    "id": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "captions"),
            homepage="https://hockenmaier.cs.illinois.edu/8k-pictures.html",
            license="for research; the photographs belong to their authors",
            citation=(
                "Hodosh et al. 2013, Framing Image Description as a Ranking Task: Data, Models and "
                "Evaluation Metrics, Journal of Artificial Intelligence Research"
            ),
        )

    def _split_generators(self, dl_manager):
        paths = [_find(dl_manager, file) for file in MD5]
        return {split: self._generate_examples(*paths, split) for split in SPLITS}

    def _generate_examples(self, image_path, text_path, split):
        try:
            with zipfile.ZipFile(image_path) as images, zipfile.ZipFile(text_path) as texts:
                captions = collections.defaultdict(list)
                for line in texts.read("Flickr8k.token.txt").decode().splitlines():
                    key, caption = line.split("\t")  # the key ends in "#0" to "#4"
                    captions[key.split("#")[0]].append(caption)
                names = texts.read(f"Flickr_8k.{SPLITS[split]}Images.txt").decode().split()
                for name in names:
                    image = images.read(
                        f"Flicker8k_Dataset/{name}"
                    )  # spelled like this; checks its CRC-32
                    row = {"image": io.BytesIO(image), "captions": captions[name], "id": name}
                    yield name, row
        except (zipfile.BadZipFile, KeyError) as error:
            raise InputError(
                f"{image_path} and {text_path} are not the two whole files of Flickr8k: {error}"
            ) from None


def _find(dl_manager, file):
    path = dl_manager.download_dir / "manual" / file
    if path.exists():
        return path
    path = dl_manager.download(URL + file)
    with open(path, "rb") as opened:
        received = hashlib.file_digest(opened, "md5").hexdigest()
    if received != MD5[file]:
        raise InputError(
            f"{path}, downloaded from {URL + file}, is damaged: delete it, and fetch it again. "
            f"Expected md5 {MD5[file]}. Received: {received}"
        )
    return path
