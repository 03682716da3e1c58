"""Metrics that Keras lacks."""

import collections
import itertools
import re

import numpy as np

from zoo.databases import run_query


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

    rows = range(len(references)) if rows is None else rows
    some, right = [translations[i] for i in rows], [references[i] for i in rows]
    bleu = sacrebleu.corpus_bleu(some, [right]).score if has_long_references(references) else None
    return {"BLEU": bleu, "chrF": sacrebleu.corpus_chrf(some, [right]).score}


def has_long_references(references):
    """Whether a reference has four words, so that BLEU can be computed.

    Args:
        references: a list of str.

    Example:

    >>> has_long_references(["a dog", "a dog runs."]), has_long_references(["a dog runs"])
    (True, False)
    """
    import sacrebleu  # of the extra "recipes"

    tokenizer = sacrebleu.BLEU().tokenizer
    return any(len(tokenizer(text).split()) >= 4 for text in references)


def sacrebleu_signatures():
    """The settings of `score_translations`, as sacrebleu writes them.

    Example:

    >>> sacrebleu_signatures()[1]
    'chrF nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:...'
    """
    import sacrebleu  # of the extra "recipes"

    metrics = {"BLEU": sacrebleu.BLEU, "chrF": sacrebleu.CHRF}
    return [f"{name} {kind(references=[['a']]).get_signature()}" for name, kind in metrics.items()]


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


def judge_queries(database, queries, right):
    """Compares queries with the right ones, and their answers with the right answers.

    Two answers are the same if they have the same rows, in any order. The order counts if the right
    query ends with ORDER BY. An answer that cannot be computed is not the same as any other. But a
    query that is equal to the right one always counts as the same answer.

    Args:
        database: the path of an SQLite database. See `zoo.databases.run_query` for the limits.
        queries: a list of str.
        right: a list of str, one for each query. Names and keywords have small letters in both.

    Returns:
        A dict of two arrays of booleans `[queries]`: `"exact match"` and `"same answer"`.

    Example:

    >>> import pathlib, sqlite3, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "geography.sqlite"
    >>> with sqlite3.connect(path) as database:
    ...     _ = database.execute("create table city as select 'Austin' as name, 345496 as population")
    >>> queries = ["select name from city", "select max ( population ) from city"]
    >>> judged = judge_queries(path, queries, ["select name from city", "select population from city"])
    >>> {name: values.tolist() for name, values in judged.items()}
    {'exact match': [True, False], 'same answer': [True, True]}
    """
    answers = {query: run_query(database, query)[0] for query in {*queries, *right}}
    is_exact, is_same = [], []
    for query, true in zip(queries, right, strict=True):
        rows, true_rows = answers[query], answers[true]
        outside = re.sub(r"'[^']*'|\"[^\"]*\"", "", true)  # without texts and quoted names
        while "(" in outside and re.search(r"\([^()]*\)", outside):
            outside = re.sub(r"\([^()]*\)", "", outside)  # without queries in brackets
        if " order by " not in outside:
            rows, true_rows = (x and collections.Counter(x) for x in (rows, true_rows))
        is_exact.append(query == true)
        is_same.append(query == true or (rows is not None and rows == true_rows))
    return {"exact match": np.array(is_exact), "same answer": np.array(is_same)}


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


def score_text(nats, num_tokens, num_characters, num_words):
    """Computes four forms of the loss of a language model.

    To compare models with different tokens, divide the loss of the whole text by something that they
    share, such as its characters or its words. Each unknown word makes a text easier, because the model
    need not spell it. So models of words look better than they are.

    Args:
        nats: the mean of -log p over the tokens of a text.
        num_tokens: number of tokens of the text.
        num_characters: number of characters of the text.
        num_words: number of words of the text, and of the ends of texts.

    Returns:
        A dict with `"nats a token"`, `"bits per character"`, `"perplexity per token"` and `"perplexity
        per word"`. A perplexity is e to the power of the nats.

    Example: each of two words is one of four that are equally likely.

    >>> scores = score_text(np.log(4), num_tokens=2, num_characters=8, num_words=2)
    >>> {name: round(float(score), 3) for name, score in scores.items()}
    {'nats a token': 1.386, 'bits per character': 0.5, 'perplexity per token': 4.0,
     'perplexity per word': 4.0}
    """
    with np.errstate(over="ignore"):  # the perplexity of a network that has learned nothing is infinite
        return {
            "nats a token": nats,
            "bits per character": nats * num_tokens / num_characters / np.log(2),
            "perplexity per token": np.exp(nats),
            "perplexity per word": np.exp(nats * num_tokens / num_words),
        }


def score_transcripts(said, texts, rows=None):
    """Computes the share of wrong letters and of wrong words, as speech recognition does.

    Wrong are those to replace, remove and add to get the right text. Their number is divided by the
    number of letters or words in all right texts. Spaces count as letters.

    Args:
        said: a list of str, what a model heard.
        texts: a list of str, what was said. None is empty.
        rows: the indices of the texts to score. None means all.

    Returns:
        A dict of two numbers: `"CER"` and `"WER"`. Lower is better.

    Example:

    >>> score_transcripts(["GO NOW", "YES"], ["NO NOW", "YES"])
    {'CER': 0.1111111111111111, 'WER': 0.3333333333333333}
    """
    import jiwer  # of the extra "recipes"

    rows = range(len(texts)) if rows is None else rows
    right, said = [texts[i] for i in rows], [said[i] for i in rows]
    return {"CER": jiwer.cer(right, said), "WER": jiwer.wer(right, said)}
