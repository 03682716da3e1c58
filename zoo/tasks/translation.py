"""Translation: texts to texts in another language.

There is no `encode` and `decode` here. The two SentencePiece tokenizers of a model do both, see
`zoo.text.train_subwords`.
"""

from zoo.errors import InputError
from zoo.tasks import checks, running
from zoo.tasks.inputs import normalize_texts


def check_card(card, model):
    """Raises an `InputError` unless the card fits the model."""
    checks.check_generator(model, [(None, None), (None, None)])
    checks.check_integer(card, "config", "max_length")
    checks.check_integer(card, "config", "beam_width")


def make_answer(model, card, files):
    """Makes the function that answers. It takes a list of texts and returns their translations.

    Options: max_length, and others of `zoo.decoding.Generator.generate`.
    """
    import sentencepiece  # of the extra "recipes"

    names = ("source.spm", "target.spm")
    if not set(names) <= set(files):
        raise InputError(
            f"sha256 must name {' and '.join(names)}. Received: {', '.join(files) or 'none'}"
        )
    source, target = (sentencepiece.SentencePieceProcessor(model_proto=files[name]) for name in names)
    for name, processor in zip(names, (source, target), strict=True):
        size = model.get_layer(f"{name.removesuffix('.spm')}_embedding").input_dim
        if len(processor) != size:
            raise InputError(
                f"{name} must have {size} tokens, as the model has. Received: {len(processor)}"
            )

    def answer(texts, /, **options):
        tokens = source.encode(normalize_texts(texts))
        options = {"max_length": card["config"]["max_length"], **options}
        return target.decode(
            running.generate_rows(model, tokens, card["config"]["beam_width"], options)
        )

    return answer
