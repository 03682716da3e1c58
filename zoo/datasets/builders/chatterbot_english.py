"""TFDS builder: English conversations for a chatbot, from a package, so without a download."""

import tensorflow_datasets as tfds

from zoo.datasets.packages import find_in_package, import_extra
from zoo.datasets.splitting import SPLITS, split_by_hash

PACKAGE, VERSION = "chatterbot-corpus", "1.3.3"
FOLDER = "chatterbot_corpus/data/english"
SHA256 = {  # of each file in this folder
    "ai": "620a65787a56641db4a03e1419a7578e813967218cf6721e3ea4ef90844916aa",
    "botprofile": "1a694c5288f3f8f87d027d2f98dae71d02efa88e28853a6e5d27e6dbce907294",
    "coding": "1726a8900a82ee32dad559809564f9ae97df9c52f42a8f1fcde84b1d54b1d260",
    "computers": "a222c5a432efe4289e6c5edf1c3d99fd26c48df99db0ff893d1d5ab569f5b750",
    "conversations": "1cf105b5802f377b2dc145f741f7df85629c9ca27e450538165286a75b5e3416",
    "emotion": "510a018938c1880dd0f67e1ae458e26878c91a570daef5a84fb83713c89f0989",
    "food": "68eab2497721d03044d520b70c27d8a0d8ba8e505b3265fb3a1ff3e1a64c7124",
    "gossip": "d6f1b1613ed70821fc1c427bdd00395f58b77ff57d76fbe4ab8cb2038cf15c9b",
    "greetings": "0dd7eb8dcee8e2a38cd1a137bcfbd7f3eb732cddfa1bd396fac5a24b063a4d55",
    "health": "eb88edc5302d688ca096374c7e3f5b9d7cd821f053a17d80204c4acdc20ea4f5",
    "history": "0ff4beeb6ef9b641dc12e1039a149c6a03eb8f2e183702fad2b0997fcc1d63e3",
    "humor": "d2aa03a63f0e8e054589f642788afbc41b8c76f5d734c50901a9a63b359ea06b",
    "literature": "9361ff1478273d811259ca307a1e6be23a5e08e776a5bc5d9524fb13deb886f1",
    "money": "2911d9766625ff5c2feb3d784f2951b2ebd5e9658547efce7568d0282c49274b",
    "movies": "075ca9d91a527206c635c88bf0353323826a25a6f2057be1bc71888af389f842",
    "politics": "c436d5efedea6f715a8a811423a8edf396097771eb11e43b1f0a43a6aee7c2f0",
    "psychology": "5047c211d35f715af4fbc3398f111135e99d34afcd0905a661c40bdeb1413a58",
    "science": "3c259799bba36c67a1601fc264ec01ab051e9e63950734ce1ef644e022081fe7",
    "sports": "8d1bcc632cad4058e3b8490daa15dcd7c2a51790a7b9140b252600b794590403",
    "tech_support": "8a87cdf32579c8efdd9c5f3ef166ae9fb76dcf271b958f5e2265b9246b430655",
    "trivia": "3a9de77e6d82803d1ea3eba48cf6543c884908f4c4f50501fed69f88112994dc",
}


class ChatterbotEnglish(tfds.core.GeneratorBasedBuilder):
    """898 short conversations in English, most of them a question and its answer."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Each row has the turns of a conversation, written by volunteers to train a chatbot: "
                "about computers, films, feelings, science and the chatbot itself. They come with the "
                f"package {PACKAGE}=={VERSION}. It has 2,025 conversations with 2,306 pairs of a turn "
                "and its reply, but more than half of the conversations are copies. Here each of them "
                "is there once. That leaves 898 conversations with 1,179 pairs, split 80/10/10 by a "
                "hash of the whole conversation. Conversations in different splits may have a question "
                "in common, with other answers. One entry of the package is no list of turns, because "
                "of a missing quote, and is left out."
            ),
            features=tfds.features.FeaturesDict(
                {"turns": tfds.features.Sequence(tfds.features.Text())}
            ),
            homepage="https://github.com/gunthercox/chatterbot-corpus",
            license="BSD",
            citation="Gunther Cox and others, ChatterBot Language Training Corpus",
        )

    def _split_generators(self, dl_manager):
        paths = [
            find_in_package(PACKAGE, VERSION, f"{FOLDER}/{name}.yml", sha256)
            for name, sha256 in SHA256.items()
        ]
        return {split: self._generate_examples(paths, split) for split in SPLITS}

    def _generate_examples(self, paths, split):
        yaml = import_extra("yaml", "Files of ChatterBot")
        conversations = {}  # without copies
        for path in paths:
            for turns in yaml.safe_load(path.read_text("utf-8"))["conversations"]:
                if isinstance(turns, list):  # a line in trivia.yml lacks quotes, and is one text
                    turns = [" ".join(turn.split()) for turn in turns]  # some have lines of code
                    conversations["\n".join(turns)] = turns
        for i, (text, turns) in enumerate(conversations.items()):
            if split_by_hash(text) == split:
                yield i, {"turns": turns}
