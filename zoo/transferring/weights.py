"""`transfer`: copies weights from a trained language model into another model."""

from zoo.errors import InputError, counted
from zoo.transferring.items import (
    difference,
    level_items,
    match_tokens,
    other_items,
    output_layer,
    token_items,
)
from zoo.transferring.networks import CELLS, kind_of, open_network, units_of


def transfer(source, target, *, backward=None, source_vocabulary=None, target_vocabulary=None):
    """Copies what fits from a trained language model into another model, and prints what it copied.

    A language model has learned from much text without labels. A classifier or tagger that starts from
    its weights needs fewer labels. See Dai & Le 2015, "Semi-supervised Sequence Learning", and Howard &
    Ruder 2018, "Universal Language Model Fine-tuning for Text Classification" (ULMFiT).

    - The token vectors are copied by token. A token that the source does not know keeps the vector that
      it has (ULMFiT takes the mean of all vectors). Without both vocabularies, all rows are copied by
      number if there are equally many, and none otherwise.
    - The recurrent layers are copied from the bottom, as long as the cells, their settings (such as the
      activation), the units and the sizes of the inputs are the same. Settings that only matter in
      training can differ, such as dropout. So can a layer without weights around the cell, such as
      `Zoneout`. Then a note says so.
    - A first layer that reads more numbers after a token vector, such as those of the characters
      of each word, gets the weights, too. The weights of the other numbers become 0. So at first it
      computes what it computed in the source.
    - In a bidirectional layer, the source fills the forward direction. The next layer reads both
      directions. So a source that reads in one direction fits the first layer only.
    - If both are language models and all their recurrent layers fit, the output layer is copied by
      token, too.

    Everything else in the target stays as it is, also the state of its optimizer. In a model with
    several inputs, such as an encoder and a decoder, the layers that read the first input get the
    weights.

    Args:
        source: the trained model, made by `zoo.build("one_to_many", context_shape=None, ...)`: a
            `keras.Model`, a task that `zoo.load` returned, or what `zoo.load` takes. Any functional
            model with an `Embedding` and recurrent layers works.
        target: the model that gets the weights, a `keras.Model` or a task.
        backward: a source that was trained on reversed texts, for the backward directions. The target
            has one table of token vectors, which comes from `source`. So train the backward model with
            the same vectors: `embeddings=..., trainable_embeddings=False`.
        source_vocabulary: the tokens of the source by number, a list of str with padding first, or a
            `sentencepiece.SentencePieceProcessor`. By default the vocabulary of the task, if it is one.
        target_vocabulary: the same for the target.

    Returns:
        What was printed, a dict of three lists. `"copied"` and `"new"` have all weights of the target,
        `"left_out"` those of the source that were not copied. Each item is a dict: the layers `target`
        and `source`, the number of `weights`, and a `note`. The items of `"copied"` also have the
        `variables` of the target that got the weights.

    Raises:
        ValueError: nothing fits; a model is not functional, is not built, or has no embedding that a
            recurrent layer reads; or a vocabulary does not have exactly one token for
            each vector.

    Example:

    >>> import zoo
    >>> sizes = {"cell": "gru", "embedding_dim": 4, "units": 8}
    >>> trained = zoo.build("one_to_many", context_shape=None, vocabulary_size=5, **sizes)
    >>> model = zoo.build("many_to_one", vocabulary_size=4, bidirectional=True, **sizes)
    >>> vocabularies = ["", "[UNK]", "[START]", "[END]", "good"], ["", "[UNK]", "good", "bad"]
    >>> report = zoo.transfer(
    ...     trained, model, source_vocabulary=vocabularies[0], target_vocabulary=vocabularies[1]
    ... )
              target           source         weights  note
    copied    embedding        embedding           12  3 of 4 tokens
    copied    rnn_0, forward   rnn_0              336
    new       embedding                             4  1 token not in the source
    new       rnn_0, backward                     336  needs a source for this direction
    new       probabilities                        17
    left out                   embedding            8  2 tokens not in the target
    left out                   probabilities       45
    >>> [item["target"] for item in report["copied"]]
    ['embedding', 'rnn_0, forward']
    """
    source = open_network("source", source, source_vocabulary)
    target = open_network("target", target, target_vocabulary)
    reverse = open_network("backward", backward) if backward is not None else None
    if reverse and not any(len(level) == 2 for level in target.levels):
        raise InputError(
            "backward needs a target that reads in both directions. Build it with bidirectional=True, "
            "or leave out backward. Received: a target that reads forward only"
        )
    rows, note = match_tokens(source, target)
    names = source.embedding.name, target.embedding.name
    items = token_items(names, ([source.table], [target.table]), rows, note)
    of_levels, is_whole = level_items(source, target, reverse)
    items += of_levels
    copied = [item.source for item in items if item.status == "copied"]
    if not copied:
        raise InputError(_nothing_fits("source", source, target, note))
    if reverse and not any(name.endswith(" of backward") for name in copied):
        raise InputError(_nothing_fits("backward", reverse, target, note))
    (its_end, its_weights), (end, weights) = output_layer(source), output_layer(target)
    if is_whole and its_weights and weights:
        items += token_items((its_end.name, end.name), (its_weights, weights), rows, note, axis=-1)
    items += other_items(source, target, reverse, items)
    for item in items:  # nothing was changed so far
        for variable, value in zip(item.variables, item.values, strict=False):
            variable.assign(value)
    return _report(items)


def _nothing_fits(argument, source, target, note):
    """The message of the error: what differs, and what to build."""
    texts, settings = [], []
    for network in (source, target):
        cell, count = network.levels[0][0].layer.cell, len(network.levels)
        kind, units, dim = kind_of(cell), units_of(cell), network.table.shape[1]
        layers = counted(count, f"{kind} layer")
        texts.append(f"{layers} of {units} units on token vectors of {dim} numbers")
        cell = repr(kind) if kind in CELLS else kind
        settings.append((f"cell={cell}", f"units={units}", f"embedding_dim={dim}"))
    message = f"Nothing fits. {argument} has {texts[0]}, the target has {texts[1]}"
    advice = [one for one, other in zip(*settings, strict=True) if one != other]
    if advice and argument == "source":
        return f"{message}: build the target with {', '.join(advice)}."
    if advice:  # the target fits the first source already
        theirs = [other for one, other in zip(*settings, strict=True) if one != other]
        return f"{message}: train backward with {', '.join(theirs)}."
    why = difference(source.levels[0][0], target.levels[0][0])
    return f"{message}. The layers: {why}: make them equal. The token vectors: {note}."


def _report(items):
    """Prints the items as a table, and returns them as a dict."""
    report = {"copied": [], "new": [], "left_out": []}
    for item in items:
        fields = {"target": item.target, "source": item.source, "weights": item.weights}
        fields = {key: value for key, value in fields.items() if value != ""}
        if item.status == "copied":
            fields["variables"] = list(item.variables)
        report[item.status].append({**fields, "note": item.note})
    rows = [("", "target", "source", "weights", "note")]
    for status, some in report.items():
        for item in some:
            names = (item.get(side, "") for side in ("target", "source"))
            rows.append((status.replace("_", " "), *names, f"{item['weights']:,}", item["note"]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        cells[3] = row[3].rjust(widths[3])
        print("  ".join(cells).rstrip())
    return report
