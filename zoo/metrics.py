"""Metrics that Keras lacks."""

import itertools

import numpy as np


def score_captions(captions, references):
    """Computes BLEU (Papineni et al. 2002) and the share of exact matches.

    BLEU-n looks at the n-grams of 1 to n words. For each length it takes the share of n-grams that are
    also in a reference. The score is the geometric mean of these shares. If all captions together are
    shorter than the references, the score is reduced. It is computed for the whole corpus by sacrebleu,
    without smoothing. BLEU-n is None if all captions, or all references, have fewer than n words.

    Args:
        captions: a list of lists of words.
        references: for each caption, a list of one or more references, each a list of words.

    Returns:
        A dict of numbers from 0 to 100: `"BLEU-1"` to `"BLEU-4"`, and `"exact"`, the share of captions
        that are equal to one of their references. A score may be None.

    Example:

    >>> captions = ["a dog runs on the grass".split(), "two cats".split()]
    >>> references = [["a dog runs on grass".split()], ["a cat".split(), "two cats".split()]]
    >>> {name: round(float(score), 1) for name, score in score_captions(captions, references).items()}
    {'BLEU-1': 87.5, 'BLEU-2': 76.4, 'BLEU-3': 66.3, 'BLEU-4': 55.8, 'exact': 50.0}
    """
    import sacrebleu  # of the extra "recipes"

    longest = max(map(len, captions)), max(len(words) for some in references for words in some)
    lines = [" ".join(words) for words in captions]
    references = [[" ".join(words) for words in some] for some in references]
    streams = [*itertools.zip_longest(*references)]  # None if others have more references
    scores = {}
    for n in (1, 2, 3, 4):
        bleu = sacrebleu.BLEU(
            max_ngram_order=n, tokenize="none", smooth_method="none", force=True
        )  # the captions are tokenized, so force=True hides a warning
        score = bleu.corpus_score(lines, streams).score
        scores[f"BLEU-{n}"] = score if n <= min(longest) else None
    hits = [line in some for line, some in zip(lines, references, strict=True)]
    return scores | {"exact": 100 * np.mean(hits)}


def score_translations(translations, references, rows=None):
    """Computes BLEU (Papineni et al. 2002) and chrF (Popović 2015), as sacrebleu does by default.

    BLEU counts groups of one to four words. chrF counts groups of characters. Capitals count.

    Args:
        translations: a list of str.
        references: a list of str, one for each translation.
        rows: the indices of the texts to score. None means all.

    Returns:
        A dict of numbers from 0 to 100: `"BLEU"` and `"chrF"`. BLEU is None if no reference at all has
        four words. It is 0 if only references outside of `rows` have four words.

    Example:

    >>> scores = score_translations(["a dog runs on the grass"], ["a dog runs on grass"])
    >>> {name: round(score, 1) for name, score in scores.items()}
    {'BLEU': 53.7, 'chrF': 74.2}
    >>> score_translations(["a dog"], ["a cat"])["BLEU"] is None
    True
    """
    import sacrebleu  # of the extra "recipes"

    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    rows = range(len(references)) if rows is None else rows
    some, right = [translations[i] for i in rows], [references[i] for i in rows]
    has_four_words = any(len(bleu.tokenizer(text).split()) >= 4 for text in references)
    return {
        "BLEU": bleu.corpus_score(some, [right]).score if has_four_words else None,
        "chrF": chrf.corpus_score(some, [right]).score,
    }


def sacrebleu_signatures():
    """The settings of `score_translations`, as sacrebleu writes them.

    Example:

    >>> sacrebleu_signatures()[1]
    'chrF nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:...'
    """
    import sacrebleu  # of the extra "recipes"

    metrics = {"BLEU": sacrebleu.BLEU(), "chrF": sacrebleu.CHRF()}
    for metric in metrics.values():
        metric.corpus_score(["a"], [["a"]])  # counts the references of a text
    return [f"{name} {metric.get_signature()}" for name, metric in metrics.items()]


def score_words(answers, listed, kind="phonemes", rows=None):
    """Computes the share of wrong words, and the share of wrong phonemes or characters.

    A word is right if the answer is equal to one of its listed answers. The wrong symbols are those to
    replace, remove and add to get the closest listed answer, divided by its length. Of two that are
    equally close, the shorter one counts.

    Args:
        answers: a list of answers, such as pronunciations, each a tuple of symbols.
        listed: a list of right answers for each of them.
        kind: what the symbols are called, such as `"phonemes"` or `"characters"`.
        rows: the indices of the words to score. None means all.

    Returns:
        A dict of two numbers: `"words"`, and the one of the symbols under `kind`. Lower is better.

    Example:

    >>> listed = [[("Z", "UW")], [("IY", "DH", "ER"), ("AY", "DH", "ER")]]
    >>> scores = score_words([("Z", "UW", "Z"), ("AY", "DH", "ER")], listed)
    >>> {name: float(score) for name, score in scores.items()}
    {'words': 0.5, 'phonemes': 0.2}
    """
    from rapidfuzz.distance import Levenshtein  # of the extra "recipes"

    edits = [
        min((Levenshtein.distance(answers[i], right), len(right)) for right in listed[i])
        for i in (range(len(answers)) if rows is None else rows)
    ]
    distances, lengths = np.transpose(edits)  # each [words]
    return {"words": (distances > 0).mean(), kind: distances.sum() / lengths.sum()}


def score_variety(texts):
    """Computes distinct-1 and distinct-2 (Li et al. 2016), which are low if texts repeat themselves.

    distinct-1 is the number of different words, divided by the number of all words. distinct-2 does the
    same for pairs of neighboring words. Capitals do not count, and punctuation belongs to its word.

    Args:
        texts: a list of str.

    Returns:
        A dict of numbers from 0 to 1: `"distinct-1"` and `"distinct-2"`. They are None if there is no
        word, or no pair.

    Example:

    >>> scores = score_variety(["I do not know.", "I do not.", "I do not know."])
    >>> {name: round(score, 2) for name, score in scores.items()}
    {'distinct-1': 0.45, 'distinct-2': 0.5}
    """
    rows = [text.lower().split() for text in texts]
    words = [word for row in rows for word in row]
    pairs = [pair for row in rows for pair in itertools.pairwise(row)]
    return {
        f"distinct-{n}": len(set(grams)) / len(grams) if grams else None
        for n, grams in ((1, words), (2, pairs))
    }


def score_entities(true, predicted, types):
    """Computes the F1 of named entities, of all of them and of each type.

    An entity is right if its type, its first word and its last word are right. conlleval, the script of
    CoNLL-2003, counts like this. nervaluate, which computes the scores, calls it "strict".

    Args:
        true: for each sentence a list of tags in IOB2.
        predicted: for each sentence a list of tags in IOB2.
        types: a list of the types of entities.

    Returns:
        A dict of numbers from 0 to 1: `"all"`, then each type.

    Example:

    >>> true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC"]]
    >>> predicted = [["B-PER", "I-PER", "O", "O"], ["B-LOC"]]
    >>> scores = score_entities(true, predicted, ["LOC", "PER"])
    >>> {name: round(score, 2) for name, score in scores.items()}
    {'all': 0.8, 'LOC': 0.67, 'PER': 1.0}
    """
    import nervaluate  # of the extra "recipes"

    results = nervaluate.Evaluator(true, predicted, tags=types, loader="list").evaluate()
    f1 = {name: result["strict"].f1 for name, result in results["entities"].items()}
    return {"all": results["overall"]["strict"].f1, **{name: f1.get(name, 0.0) for name in types}}


def score_text(nats, num_tokens, num_characters):
    """Computes three forms of the loss of a language model.

    Args:
        nats: the mean of -log p over the tokens of a text.
        num_tokens: number of tokens of the text.
        num_characters: number of characters of the text. The bits of all tokens are divided by it, so
            models with different tokens can be compared.

    Returns:
        A dict with `"nats a token"`, `"bits per character"` and `"perplexity"`, which is e to the power
        of the nats.

    Example: each of two words is one of four that are equally likely.

    >>> scores = score_text(np.log(4), num_tokens=2, num_characters=8)
    >>> {name: round(float(score), 3) for name, score in scores.items()}
    {'nats a token': 1.386, 'bits per character': 0.5, 'perplexity': 4.0}
    """
    return {
        "nats a token": nats,
        "bits per character": nats * num_tokens / num_characters / np.log(2),
        "perplexity": np.exp(nats),
    }
