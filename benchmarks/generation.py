"""How fast is generation? One compiled loop against `model.predict` once a token, and beam search.

Each way translates the same 64 sentences with the same model of the translation recipe's size, in
alternation, after a warm-up that compiles. The weights are random and the end token is made impossible,
so every way has to write all of its tokens.
"""

import dataclasses
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import zoo

SOURCE_LENGTH = 20


@dataclasses.dataclass
class Config:
    cell: str = zoo.flag("gru", "recurrent cell", choices=("simple_rnn", "lstm", "gru"))
    attention: str = zoo.flag("additive", "its score", choices=("none", "dot", "additive"))
    vocabulary_size: int = zoo.flag(5000, "number of tokens of source and target")
    units: int = zoo.flag(256, "size of the state")
    sentences: int = zoo.flag(64, "sentences in the batch")
    max_length: int = zoo.flag(40, "tokens of each translation")
    beam_width: int = zoo.flag(5, "hypotheses that beam search keeps")
    rounds: int = zoo.flag(5, "times that each way is measured")
    seed: int = zoo.flag(0, "of the weights and the sentences")


def predict_once_a_token(model, source, max_length):
    """Greedy translation in the simple way: the whole model once a token, for a whole batch."""
    target = np.full((len(source), 1), model.start_token)
    for _ in range(max_length):
        p = model.predict([source, target], batch_size=len(source), verbose=0)
        p[:, :, 0] = 0  # padding is no token
        target = np.concatenate([target, p[:, -1].argmax(axis=-1)[:, None]], axis=1)
    return target[:, 1:]


def main(config):
    if config.vocabulary_size < 5:
        raise zoo.InputError(
            "The tokens 0 to 3 are special, so a vocabulary has 5 at least. "
            f"Received: --vocabulary-size {config.vocabulary_size}"
        )
    keras.utils.set_random_seed(config.seed)
    model = zoo.build(
        "encoder_decoder",
        cell=config.cell,
        attention=config.attention,
        source_vocabulary_size=config.vocabulary_size,
        target_vocabulary_size=config.vocabulary_size,
        units=config.units,
    )
    bias = np.zeros(config.vocabulary_size)
    bias[model.end_token] = -1e9
    model.get_layer("probabilities").bias.assign(bias)
    shape = (config.sentences, SOURCE_LENGTH)
    source = np.random.default_rng(config.seed).integers(4, config.vocabulary_size, shape)

    beam = f"beam of {config.beam_width}"
    ways = {
        "greedy": lambda: model.generate(source, config.max_length),
        beam: lambda: model.generate(source, config.max_length, "beam", beam_width=config.beam_width),
        "predict once a token": lambda: predict_once_a_token(model, source, config.max_length),
    }
    results = {way: translate() for way, translate in ways.items()}  # compiles
    same = (results["greedy"] == results["predict once a token"]).mean()
    seconds = {way: [] for way in ways}
    for _ in range(config.rounds):
        for way, translate in ways.items():
            start = time.perf_counter()
            translate()
            seconds[way].append(time.perf_counter() - start)

    print(f"{keras.backend.backend()}, {config.sentences} sentences of {config.max_length} tokens")
    print(f"{'':24s}{'median s':>10s}{'least':>10s}{'most':>10s}")
    for way, values in seconds.items():
        print(f"{way:24s}{np.median(values):10.3f}{min(values):10.3f}{max(values):10.3f}")
    ratios = {
        "predict once a token / greedy": ("predict once a token", "greedy"),
        f"{beam} / greedy": (beam, "greedy"),
    }
    for name, (slow, fast) in ratios.items():
        by_round = np.divide(seconds[slow], seconds[fast])
        print(f"{name:32s}{np.median(by_round):8.1f}  ({by_round.min():.1f} to {by_round.max():.1f})")
    print(f"tokens that both greedy ways agree on: {same:.1%}")


if __name__ == "__main__":
    zoo.run(main, Config, __doc__)
